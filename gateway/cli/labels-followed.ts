import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { configOrExit, defaultConfig } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, table } from './output.ts';
import { choiceOf } from './policy-sources.ts';

interface FollowedFlags {
  readonly config: string;
  readonly target?: string;
  readonly format: string;
}

const formats = ['pretty', 'json'] as const;
const file = 'labels.sqlite';
const examples = `
A label follows when labelled values are copied into another column, or when a labelled column gets another name. The bundle does not know of
it: give the column a label there as well, and it is no matter any more whether it followed. "forget" is for a column of which you know that it
holds nothing of the kind, or that is not there any more. It asks for a gateway that is stopped.

Examples:
  sallyport labels followed --target crm
  sallyport labels forget --target crm public.report.customer
`;

export function addLabelsFollowed(labels: Command): void {
  labels
    .command('followed')
    .description('columns that carry labels because labelled values were copied there, or because they were renamed')
    .option('-c, --config <file>', 'configuration file that names the state directory', defaultConfig)
    .option('--target <name>', 'only of this target, or of one of its databases: target/database')
    .option('--format <name>', formats.join(', '), 'pretty')
    .addHelpText('after', examples)
    .action(followed);
  labels
    .command('forget')
    .description('take the labels that followed off a column')
    .argument('<column>', 'schema.relation.column, as "followed" lists it')
    .requiredOption('--target <name>', 'its target, or target/database where that is not the target’s own')
    .option('-c, --config <file>', 'configuration file that names the state directory', defaultConfig)
    .addHelpText('after', examples)
    .action(forget);
}

async function followed(flags: FollowedFlags): Promise<void> {
  const format = choiceOf('--format', flags.format, formats);
  const { state_dir: dir } = await configOrExit(flags.config);
  const { FollowedLabelStore } = await import('../store/followed-labels.ts');
  // Nothing has followed yet where no gateway has run.
  using store = existsSync(join(dir, file)) ? new FollowedLabelStore(join(dir, file), Date.now) : undefined;
  const wanted = flags.target;
  const isWanted = (target: string): boolean =>
    wanted === undefined || target === wanted || target.startsWith(`${wanted}/`);
  const rows = (store?.list() ?? []).filter(({ target }) => isWanted(target));
  if (format === 'json')
    return printJson(rows.map(({ atMs, ...row }) => ({ ...row, at: new Date(atMs).toISOString() })));
  const columns = ['target', 'column', 'label', 'from', 'by', 'at'];
  const cells = rows.map(({ target, column, label, sources, identity, atMs }) => [
    ...[target, printable(column), label, printable(sources.join(', ')), identity, new Date(atMs).toISOString()],
  ]);
  print(table(columns, cells));
}

async function forget(column: string, flags: { readonly config: string; readonly target: string }): Promise<void> {
  const { state_dir: dir, targets } = await configOrExit(flags.config);
  const named = targets.find(({ name }) => name === flags.target);
  const target = named?.protocol === 'postgres' ? `${named.name}/${named.database}` : flags.target;
  const [{ FollowedLabelStore }, { holdLock }] = await Promise.all([
    import('../store/followed-labels.ts'),
    import('../store/lock.ts'),
  ]);
  if (!existsSync(join(dir, file))) throw new CliError(exitCodes.refused, `no label has followed in ${dir}`);
  using _lock = lockOrExit(() => holdLock(join(dir, 'labels.lock')));
  using store = new FollowedLabelStore(join(dir, file), Date.now);
  const count = store.forget(target, column);
  if (count === 0)
    throw new CliError(exitCodes.refused, `no label has followed into ${printable(column)} of ${target}`);
  print(`${printable(column)} of ${target}: ${String(count)} taken off`);
}

function lockOrExit(hold: () => Disposable): Disposable {
  try {
    return hold();
  } catch {
    throw new CliError(exitCodes.refused, 'the gateway runs: what it knows it would write down again', 'stop it first');
  }
}
