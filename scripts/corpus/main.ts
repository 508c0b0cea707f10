import { Command } from 'commander';
import { Progress } from '../../gateway/cli/progress.ts';
import { countDirectLeaks, runHonestLines, runLeakCorpus, scanWritten } from '../../gateway/testing/leak/corpus.ts';
import { benignLines, leakLines } from '../../gateway/testing/leak/lines.ts';
import { startLeakWorld } from '../../gateway/testing/leak/world.ts';
import { isGood, renderReport, type CorpusReport } from './report.ts';

/** `npm run corpus`: what tries to get labelled values out, and what honest people send. Exit code 1 on a leak or too many refusals. */
const flags = new Command('corpus')
  .description('Runs the leak corpus and the honest corpus through a real gateway before real databases.')
  .option('--json', 'the result as JSON on standard output')
  .option('--leak <file>', 'another leak corpus, one case a line: `statements -- L001 what it is`')
  .option('--honest <file>', 'another honest corpus, in the same form')
  .addHelpText('after', '\nExamples:\n  npm run corpus\n  npm run corpus -- --json > corpus.json\n')
  .parse()
  .opts<{ readonly json?: true; readonly leak?: string; readonly honest?: string }>();

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort(new Error('stopped')));
try {
  const report = await runCorpora(stopping.signal);
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : renderReport(report));
  process.exitCode = isGood(report) ? 0 : 1;
} catch (error) {
  process.stderr.write(`corpus: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

async function runCorpora(signal: AbortSignal): Promise<CorpusReport> {
  const lines = leakLines(flags.leak);
  process.stderr.write('corpus: starting two databases, an identity provider and a gateway\n');
  await using world = await startLeakWorld();
  using progress = new Progress('runs');
  const show = (note: string) => (done: number, total: number) => progress.show(done, total, note);
  const runs = await runLeakCorpus(world, lines, { signal, onRun: show('leak corpus') });
  const honest = await runHonestLines(world, benignLines(flags.honest), show('honest corpus'));
  const direct = await countDirectLeaks(world, lines);
  const written = await scanWritten(world, lines);
  return { at: new Date().toISOString(), leak: { statements: lines.length, runs, direct, written }, honest };
}
