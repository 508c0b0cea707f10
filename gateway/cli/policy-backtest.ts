import type { Trial } from '../composition/backtest/run.ts';
import { counted } from '../policy/backtest/report.ts';
import { archiveAt } from './bundle-files.ts';
import { configOrExit } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printableLines, printJson, say } from './output.ts';
import { parseRange } from './past.ts';
import { choiceOf } from './policy-sources.ts';
import { Progress } from './progress.ts';

export interface BacktestFlags {
  readonly old?: string;
  readonly new: string;
  readonly recordings: string;
  readonly config: string;
  readonly reparse?: true;
  readonly tests: readonly string[];
  readonly examples: number;
  readonly failOn?: string;
  readonly format: string;
}

/** A rate over fewer says how long it took to start. */
const worthARate = 1_000;

/** What a change would have done: commands of the past, judged by two bundles. */
export async function backtest(flags: BacktestFlags): Promise<void> {
  const format = choiceOf('--format', flags.format, ['pretty', 'json', 'markdown'] as const);
  const failOn =
    flags.failOn === undefined ? undefined : choiceOf('--fail-on', flags.failOn, ['loosened', 'changed'] as const);
  const range = parseRange(flags.recordings);
  const dir = range.dir ?? (await configOrExit(flags.config)).recordings.dir;
  const [{ tryOnRecordings }, { trialText, trialMarkdown }] = await Promise.all([
    import('../composition/backtest/run.ts'),
    import('../policy/backtest/report.ts'),
  ]);
  const started = performance.now();
  using progress = new Progress('recordings');
  const { report, about } = await tryOnRecordings({
    old: flags.old === undefined ? undefined : await archiveAt(flags.old),
    new: await archiveAt(flags.new),
    recordings: { ...range, dir },
    reparse: flags.reparse && flags.tests,
    examples: flags.examples,
    onProgress: (done, of, commands) => progress.show(done, of, `${commands.toLocaleString('en')} commands`),
  });
  progress[Symbol.dispose]();
  const seconds = (performance.now() - started) / 1000;
  if (format === 'json') printJson({ ...about, ...report });
  else if (format === 'markdown') print(trialMarkdown(report, about));
  else print(printableLines(trialText(report, about)));
  const { commands } = report;
  if (commands === 0) {
    throw new CliError(
      exitCodes.refused,
      `nothing was tried: there is no command in ${dir} in that time that can be judged`,
    );
  }
  if (commands >= worthARate) say(`${Math.round(commands / seconds).toLocaleString('en')} commands a second`);
  failIf(failOn, report);
}

function failIf(failOn: 'loosened' | 'changed' | undefined, { directions, commands }: Trial['report']): void {
  const { loosened, mixed, same, reworded } = directions;
  const count = failOn === 'loosened' ? loosened + mixed : failOn === 'changed' ? commands - same - reworded : 0;
  if (count === 0) return;
  const what = failOn === 'loosened' ? 'loosened' : 'decided otherwise';
  throw new CliError(
    exitCodes.refused,
    `${count.toLocaleString('en')} of ${counted(commands, 'command')} would be ${what}`,
  );
}
