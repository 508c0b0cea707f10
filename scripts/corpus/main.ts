import { Command, InvalidArgumentError } from 'commander';
import { Progress } from '../../gateway/cli/progress.ts';
import { honestPolicies, isBlind, readBlind, readHonest } from '../../gateway/testing/corpus/honest.ts';
import { runHonest } from '../../gateway/testing/corpus/run-honest.ts';
import { countDirectLeaks, runHonestLines, runLeakCorpus, scanWritten } from '../../gateway/testing/leak/corpus.ts';
import { runGenerator } from '../../gateway/testing/leak/generator/run.ts';
import { extraSetup } from '../../gateway/testing/leak/generator/schema.ts';
import { benignLines, leakLines } from '../../gateway/testing/leak/lines.ts';
import { startLeakWorld } from '../../gateway/testing/leak/world.ts';
import { startRig } from '../../gateway/testing/rig.ts';
import { allMutants, runMutants, type MutantResult } from './mutate.ts';
import { isGood, renderGenerated, renderMutants, renderReport, type BlindRun, type CorpusReport } from './report.ts';

/** `npm run corpus`: what tries to get labelled values out, and what honest people send. Exit code 1 on a leak or too many refusals. */
const flags = new Command('corpus')
  .description('Runs the leak corpus and the honest corpus through a real gateway before real databases.')
  .option('--json', 'the result as JSON on standard output')
  .option('--leak <file>', 'another leak corpus, one case a line: `statements -- L001 what it is`')
  .option('--honest <file>', 'another honest corpus, in the same form, on the same database')
  .option('--generate <time>', 'statements made up for so long instead: 90s, 10m, 1h', milliseconds)
  .option('--lookups', 'with --generate: policy lets labelled values be looked up')
  .option('--seed <number>', 'where making them up begins', Number, Date.now() % 1_000_000_000)
  .option(
    '--mutate [part]',
    'each rule of the analysis is switched off in turn, and the tests have to notice; `2/3`: the second third of them',
  )
  .addHelpText(
    'after',
    '\nExamples:\n  npm run corpus\n  npm run corpus -- --json > corpus.json\n  npm run corpus -- --generate 1h\n  npm run corpus -- --mutate\n',
  )
  .parse()
  .opts<{
    readonly json?: true;
    readonly leak?: string;
    readonly honest?: string;
    readonly generate?: number;
    readonly lookups?: true;
    readonly mutate?: string | true;
    readonly seed: number;
  }>();

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort(new Error('stopped')));
try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`corpus: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

/** @returns whether all is well */
function run(): Promise<boolean> {
  if (flags.mutate !== undefined) return mutated(flags.mutate);
  return flags.generate === undefined ? corpora() : generated(flags.generate);
}

async function corpora(): Promise<boolean> {
  const report = await runCorpora(stopping.signal);
  print(report, renderReport);
  return isGood(report);
}

async function runCorpora(signal: AbortSignal): Promise<CorpusReport> {
  const lines = leakLines(flags.leak);
  saidStarting();
  await using world = await startLeakWorld();
  using progress = new Progress('runs');
  const show = (note: string) => (done: number, total: number) => progress.show(done, total, note);
  const runs = await runLeakCorpus(world, lines, { signal, onRun: show('leak corpus') });
  const lineRuns = await runHonestLines(world, benignLines(flags.honest), show('honest corpus'));
  // A corpus of somebody else's is judged alone.
  const atWork = flags.honest === undefined ? await runAtWork(show('honest corpus at work')) : [];
  const direct = await countDirectLeaks(world, lines);
  const written = await scanWritten(world, lines);
  return {
    at: new Date().toISOString(),
    leak: { statements: lines.length, runs, direct, written },
    honest: [...lineRuns, ...atWork.filter(({ blind }) => !blind)],
    blind: atWork.filter(({ blind }) => blind),
  };
}

/** What tools and people send at work, over the shop's database and those of the blind sets: their rows are compared with the database's own. */
async function runAtWork(
  show: (done: number, total: number) => void,
): Promise<readonly (BlindRun & { readonly blind: boolean })[]> {
  await using rig = await startRig({ policies: [honestPolicies], env: 'test' });
  const honest = (await readHonest()).filter(({ over }) => over === 'shop');
  const statements = [...honest, ...(await readBlind())];
  let done = 0;
  const results = await runHonest(rig, statements, () => show((done += 1), statements.length));
  return results.map((result) => ({
    ...{
      id: result.statement.id,
      text: result.statement.sql,
      tells: result.statement.tells,
      blind: isBlind(result.statement),
    },
    outcome: result.outcome === 'refused' ? 'denied' : result.outcome === 'wrong' ? 'failed' : 'allowed',
    reason: result.outcome === 'allowed' ? '' : result.reason,
  }));
}

/** @param part all of them, or `2/3` */
async function mutated(part: string | true): Promise<boolean> {
  const [, nth = '1', of = '1'] = (part === true ? undefined : /^(\d+)\/(\d+)$/.exec(part)) ?? [];
  const mutants = (await allMutants()).filter((_, i) => i % Number(of) === Number(nth) - 1);
  using progress = new Progress('rules');
  let survived = 0;
  const results = await runMutants(
    mutants,
    ({ verdict }: MutantResult, done) => {
      if (verdict === 'survived') survived += 1;
      progress.show(done, mutants.length, `${String(survived)} missed`);
    },
    stopping.signal,
  );
  print(results.map(({ mutant: { file, line, rule }, verdict }) => ({ file, line, rule, verdict })), renderMutants); // prettier-ignore
  return survived === 0;
}

async function generated(budgetMs: number): Promise<boolean> {
  saidStarting();
  await using world = await startLeakWorld({ extra: extraSetup, lengths: 'same', lookups: flags.lookups === true });
  using progress = new Progress('seconds');
  const result = await runGenerator(world, {
    seed: flags.seed,
    budgetMs,
    signal: stopping.signal,
    onRun: (spentMs, ofMs, statements) =>
      progress.show(Math.floor(spentMs / 1000), Math.floor(ofMs / 1000), `${String(statements)} statements`),
  });
  print({ seed: flags.seed, ...result }, renderGenerated);
  return result.findings.length === 0;
}

function print<T>(result: T, render: (result: T) => string): void {
  process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : render(result));
}

function saidStarting(): void {
  process.stderr.write('corpus: starting two databases, an identity provider and a gateway\n');
}

function milliseconds(time: string): number {
  const [, number = '', unit = ''] = /^(\d+)([smh])$/.exec(time) ?? [];
  if (number === '') throw new InvalidArgumentError('expected a time such as 90s, 10m or 1h');
  return Number(number) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : 1_000);
}
