import type { PastBundles } from '../composition/past/bundles.ts';
import { counted } from '../policy/backtest/report.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printJson, say, table } from './output.ts';
import type { PastPlaces } from './past.ts';
import { Progress } from './progress.ts';

/** The most of what is wrong that is listed. */
const maxListed = 50;

/** A rate over fewer says how long it took to start. */
const worthARate = 1_000;

/** Every decision of a range, each by the bundle of its time. */
export async function replayMany(
  { log, recordings }: PastPlaces,
  bundles: PastBundles,
  flags: { readonly json?: true },
): Promise<void> {
  const { sweep } = await import('../composition/past/sweep.ts');
  const started = performance.now();
  using progress = new Progress('recordings');
  const onRecording = (done: number, total: number) => progress.show(done, total);
  const { decisions, recordings: read, entries, wrong } = await sweep({ log, recordings, onRecording }, bundles);
  progress[Symbol.dispose]();
  const { same, masked, differs, unreadable } = decisions;
  const all = same + masked + differs + unreadable;
  const listed = wrong.slice(0, maxListed);
  if (flags.json) printJson({ decisions, recordings: read, entries, wrong: listed });
  else {
    if (wrong.length > 0) {
      const rows = listed.map(({ request, session, what }) => [request, session, what]);
      print(table(['request', 'session', 'what'], rows));
    }
    const over = masked === 0 ? '' : `, ${String(masked)} by rules that read what is blanked in the recording`;
    const counts = `${String(same)} the same to the bit${over}, ${String(differs)} different, ${String(unreadable)} that cannot be decided again`;
    const kept = entries === 0 ? '' : ` and of the log (${entries.toLocaleString('en')})`;
    print(`${counted(all, 'decision')} of ${counted(read.read, 'recording')}${kept}: ${counts}`);
    if (all >= worthARate)
      say(`${Math.round((all * 1000) / (performance.now() - started)).toLocaleString('en')} decisions a second`);
  }
  if (all === 0) throw new CliError(exitCodes.refused, `there is no decision in ${recordings.dir} in that time`);
  if (wrong.length > 0) throw new CliError(exitCodes.refused, `${String(wrong.length)} not as they were`);
}
