import { InvalidArgumentError, type Command } from 'commander';
import type { BundleDiff, Changes, NamedChange } from '../policy/bundle/diff.ts';
import { archiveAt } from './bundle-files.ts';
import { defaultConfig } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, table } from './output.ts';
import type { BacktestFlags } from './policy-backtest.ts';

const examples = `
Without --recordings it compares what the bundles say of themselves. With it, recorded commands are judged under both: the facts as they
were recorded, or, with --reparse, their texts by the parser and the labels of today. Without an old bundle the decisions as they were
made are compared with the new one's. No gateway is asked, and nothing is verified: neither bundle takes effect anywhere.

Exit code 1: there was no command to judge, or --fail-on found what it looks for.

Examples:
  sallyport policy diff yesterday.tar.gz bundle.tar.gz
  sallyport policy diff --old yesterday.tar.gz --new bundle.tar.gz --recordings 7d..
  sallyport policy diff --new bundle.tar.gz --recordings /mnt/copy/recordings --fail-on loosened --format markdown > comment.md
`;

interface DiffFlags extends Omit<BacktestFlags, 'new' | 'recordings' | 'format'> {
  readonly new?: string;
  readonly recordings?: string;
  readonly format?: string;
  readonly json?: true;
}

export function addPolicyDiff(policy: Command): void {
  policy
    .command('diff')
    .argument('[old]', 'a bundle')
    .argument('[new]', 'another')
    .description(
      'what differs between two bundles; with --recordings, what that would have done to commands of the past',
    )
    .option('--old <bundle>', 'the same as the first argument')
    .option('--new <bundle>', 'the same as the second')
    .option('--recordings <range>', 'FROM..TO, such as 7d.. or 2026-11-14..2026-11-21, or a directory of recordings')
    .option('-c, --config <file>', 'configuration file that says where the recordings are', defaultConfig)
    .option('--reparse', 'judge recorded texts, not recorded facts')
    .option('--tests <dir...>', 'for --reparse: directories with fixtures/<target>.yaml', ['policy-tests'])
    .option('--examples <n>', 'kept of commands that change in the same way', wholeNumber, 2)
    .option('--fail-on <what>', 'loosened, changed: exit with 1 when a command would be')
    .option('--format <name>', 'pretty, json, markdown; pretty unless given')
    .option('--json', 'the same as --format json')
    .addHelpText('after', examples)
    .action(diff);
}

async function diff(first: string | undefined, second: string | undefined, flags: DiffFlags): Promise<void> {
  const [old, after] = bundlesOf(first, second, flags);
  if (after === undefined)
    throw new CliError(exitCodes.usage, 'two bundles are compared: name them, or --old and --new');
  const { recordings, format = flags.json ? 'json' : 'pretty' } = flags;
  if (recordings !== undefined) {
    const { backtest } = await import('./policy-backtest.ts');
    const { old: _old, ...rest } = flags;
    return backtest({ ...rest, ...(old === undefined ? {} : { old }), new: after, recordings, format });
  }
  const misplaced = (['failOn', 'reparse'] as const).find((flag) => flags[flag] !== undefined);
  if (misplaced !== undefined) {
    throw new CliError(
      exitCodes.usage,
      `--${misplaced === 'failOn' ? 'fail-on' : misplaced} is about commands: name --recordings`,
    );
  }
  if (old === undefined) throw new CliError(exitCodes.usage, 'an old bundle is missing: --old, or two arguments');
  if (format === 'markdown') throw new CliError(exitCodes.usage, '--format markdown is for --recordings');
  return compare(old, after, { ...(format === 'json' ? { json: true } : {}) });
}

/** Each is named once: as an argument or by its flag. One argument alone is the new bundle of a trial. */
function bundlesOf(
  first: string | undefined,
  second: string | undefined,
  flags: DiffFlags,
): readonly [old: string | undefined, after: string | undefined] {
  const named = [first, second].filter((one) => one !== undefined);
  if (named.length > 0 && (flags.old !== undefined || flags.new !== undefined)) {
    throw new CliError(exitCodes.usage, 'bundles are named by arguments or by --old and --new, not by both');
  }
  if (named.length === 1) return [undefined, first];
  return [first ?? flags.old, second ?? flags.new];
}

function wholeNumber(text: string): number {
  const n = Number(text);
  if (Number.isSafeInteger(n) && n >= 0 && n <= 1_000) return n;
  throw new InvalidArgumentError('expected a whole number from 0 to 1000');
}

async function compare(before: string, after: string, flags: { readonly json?: true }): Promise<void> {
  const [{ inspectBundle }, { diffBundles, isEmptyDiff }] = await Promise.all([
    import('../policy/bundle/inspect.ts'),
    import('../policy/bundle/diff.ts'),
  ]);
  const [old, now] = [inspectBundle(await archiveAt(before)), inspectBundle(await archiveAt(after))];
  const found = diffBundles(old, now);
  if (flags.json) return printJson(found);
  print(isEmptyDiff(found) ? 'the same rules, labels, columns, data, reads and packs' : differences(found));
}

function differences(found: BundleDiff): string {
  const rules = eachChange(found.rules).map(([how, r]) => [
    how,
    r.id,
    r.title || r.name,
    `${r.file}:${String(r.line)}`,
  ]);
  const named = (what: string, changes: Changes<NamedChange>) =>
    eachChange(changes).map(([how, { name, before, after }]) => [how, what, name, short(before), short(after)]);
  const others = [
    ...named('label', found.labels),
    ...named('column', found.columns),
    ...named('data', found.data),
    ...named('reads', found.reads),
    ...named('pack', found.packs),
  ];
  return [
    `${printable(found.from)} -> ${printable(found.to)}`,
    ...(rules.length > 0 ? [table(['', 'rule', 'title', 'where'], rules)] : []),
    ...(others.length > 0 ? [table(['', 'what', 'name', 'before', 'after'], others)] : []),
    `policy.wasm: ${found.compiled}`,
  ].join('\n\n');
}

function eachChange<T>({ added, removed, changed }: Changes<T>): readonly (readonly [string, T])[] {
  return [
    ...added.map((one) => ['+', one] as const),
    ...removed.map((one) => ['-', one] as const),
    ...changed.map((one) => ['~', one] as const),
  ];
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
