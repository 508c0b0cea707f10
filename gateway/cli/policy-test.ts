import { watch } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import type { BundleSources } from '../policy/build/interface.ts';
import { ownFolders } from '../policy/build/pack.ts';
import type { RegoTarget } from '../policy/lines/rego-tests.ts';
import type { TestRun } from '../policy/lines/report.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, say } from './output.ts';
import { definitionOption, choiceOf, namedSources, policiesOption, testDataOption } from './policy-sources.ts';

interface TestFlags {
  readonly policies?: readonly string[];
  readonly definition?: string;
  readonly testData?: readonly string[];
  readonly target: string;
  readonly format: string;
  readonly filter?: string;
  readonly watch?: true;
  readonly failUnder?: number;
}

const examples = `
Examples:
  sallyport policy test
  sallyport policy test policy-tests --target wasm --format junit > report.xml
  sallyport policy test --filter customers --watch
`;
/** Editors write a file in several steps: one run for all of them. */
const settleMs = 100;

export function addPolicyTest(policy: Command): void {
  policy
    .command('test')
    .argument('[dir...]', 'directories of *_test.rego and of lines in YAML; as defined in bundles/, or policy-tests')
    .description('run Rego tests, and lines that people type, against policies')
    .option(...policiesOption)
    .option(...definitionOption)
    .option(...testDataOption)
    .option(
      '--target <name>',
      'topdown; wasm runs the Rego tests on WebAssembly too. Lines always run on what ships',
      'topdown',
    )
    .option('--format <name>', 'pretty, json, junit, tap', 'pretty')
    .option('--filter <text>', 'only tests with this in their name')
    .option('--fail-under <percent>', 'fail when tests of both kinds together cover less of the policies', percent)
    .option('--watch', 'run again whenever a file changes')
    .addHelpText('after', examples)
    .action(test);
}

async function test(dirs: readonly string[], flags: TestFlags): Promise<void> {
  const target = choiceOf('--target', flags.target, ['topdown', 'wasm']);
  const targets: readonly RegoTarget[] = target === 'wasm' ? ['topdown', 'wasm'] : ['topdown'];
  const { sources } = await namedSources({ ...flags, tests: dirs.length === 0 ? undefined : dirs });
  if (flags.failUnder !== undefined && flags.filter !== undefined) {
    throw new CliError(exitCodes.usage, '--fail-under is about all tests: leave --filter out');
  }
  if (flags.watch !== true) return once(sources, targets, flags);
  const watched = [...ownFolders(sources.policies), ...sources.tests, ...(sources.testData ?? [])];
  for await (const _change of changes(watched)) {
    // A mistake in a file is what the next change is for.
    await once(sources, targets, flags).catch((error: unknown) =>
      say(error instanceof Error ? error.message : String(error)),
    );
    say('waiting for changes');
  }
}

async function once(sources: BundleSources, targets: readonly RegoTarget[], flags: TestFlags): Promise<void> {
  const { reportFormats, reportOf, isGreen } = await import('../policy/lines/report.ts');
  const format = choiceOf('--format', flags.format, reportFormats);
  const run = await runAll(sources, targets, flags.filter);
  const text = reportOf(run, format);
  print(format === 'pretty' ? text.split('\n').map(shown).join('\n') : text);
  const ran = run.cases.filter(({ status }) => status !== 'skipped').length;
  if (ran === 0) throw new CliError(exitCodes.refused, 'nothing ran: an untested policy does not ship');
  const failed = run.cases.filter(({ status }) => status === 'failed').length;
  if (!isGreen(run)) throw new CliError(exitCodes.refused, `${String(failed)} of ${String(ran)} tests failed`);
  const reached = run.coverage?.percent ?? 0;
  if (flags.failUnder === undefined || reached >= flags.failUnder) return;
  throw new CliError(exitCodes.refused, `tests cover ${reached.toFixed(1)} %, less than ${String(flags.failUnder)} %`);
}

async function runAll(
  sources: BundleSources,
  targets: readonly RegoTarget[],
  filter: string | undefined,
): Promise<TestRun> {
  const [{ findOpa }, { runRegoTests }, { coverageOf }, { openJudge }, { runLines }, { openLines }] = await Promise.all(
    [
      import('../policy/build/opa.ts'),
      import('../policy/lines/rego-tests.ts'),
      import('../policy/lines/coverage.ts'),
      import('../policy/lines/judge.ts'),
      import('../policy/lines/run.ts'),
      import('./policy-lines.ts'),
    ],
  );
  const opa = await findOpa(process.env);
  await using opened = await openLines(sources, opa);
  const { suite, rules, own } = opened;
  const rego = await runRegoTests(sources, targets, opa, filter);
  const lines =
    suite.cases.length === 0 ? undefined : await runLines(suite, await openJudge(sources, opa), rules, filter);
  const cases = [...rego.cases, ...(lines?.cases ?? [])];
  const coverage = rego.coverage && coverageOf(rego.coverage, lines?.fired ?? new Set(), own);
  return { cases, coverage };
}

/** Once at the start, and then after each change below these directories. */
async function* changes(folders: readonly string[]): AsyncGenerator<void, void> {
  let changed = Promise.withResolvers<void>();
  for (const folder of folders) void follow(folder, () => changed.resolve());
  for (;;) {
    yield;
    await changed.promise;
    await sleep(settleMs);
    changed = Promise.withResolvers<void>();
  }
}

async function follow(folder: string, onChange: () => void): Promise<void> {
  for await (const _event of watch(folder, { recursive: true })) onChange();
}

/** Lines are somebody's text: no escape sequence of them reaches the terminal. */
function shown(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return `${indent}${printable(line)}`;
}

function percent(text: string): number {
  const n = Number(text);
  if (text.trim() === '' || !(n >= 0 && n <= 100)) throw new InvalidArgumentError('expected a number from 0 to 100');
  return n;
}
