import { CliError, exitCodes } from './exit.ts';
import { print, printable, printableLines, printJson, say } from './output.ts';
import { placesOf, type PastFlags } from './past.ts';

/** Why a decision of the past came out as it did: from its recording, by the bundle that made it. */
export async function explainRequest(request: string, flags: PastFlags, format: 'pretty' | 'json'): Promise<void> {
  const places = await placesOf(flags);
  const [{ PastBundles }, { logged }, { findDecision }, { commandOf }, { explainPast }, { explanationText }] =
    await Promise.all([
      import('../composition/past/bundles.ts'),
      import('../composition/past/recordings.ts'),
      import('../composition/past/request.ts'),
      import('../policy/replay/judging.ts'),
      import('../policy/explain/past.ts'),
      import('../policy/explain/explain.ts'),
    ]);
  const found = await findDecision(request, places.log, places.recordings.dir);
  if (!found.ok) throw new CliError(exitCodes.refused, found.why);
  const { judged, entry, recording } = found.past;
  const read = commandOf(judged);
  if (!read.ok) throw new CliError(exitCodes.refused, `request ${request}: ${read.why}`);
  const { decision, frame, atMs, text, erased } = judged;
  using bundles = new PastBundles({ ...places, activations: await logged(places.log, { type: 'bundle.activated' }) });
  const bundle = await bundles.of(decision.revision, atMs);
  const rules = bundle.ok ? (bundle.policy.bundle.manifest.metadata.rules ?? []) : [];
  if (!bundle.ok) say(`rules cannot be named: ${bundle.why}`);
  if (recording?.vouching === 'changed') say(`${recording.path} is NOT the recording whose digest is in the log`);
  const explanation = explainPast(read.command, decision, rules);
  const effect = recording ? (entry?.effect ?? decision.effect) : decision.effect;
  const about = {
    request,
    session: frame.id,
    at: new Date(atMs).toISOString(),
    identity: frame.principal.id,
    target: frame.target.name,
    command: text,
    revision: decision.revision,
    took_effect: effect,
    blanked: erased,
  };
  if (format === 'json') return printJson({ ...about, ...explanation });
  print(printable(`${about.at}: ${about.identity} on ${about.target}, judged by revision ${decision.revision}`));
  print(`${printable(text || judged.action)}\n`);
  print(printableLines(explanationText(explanation)));
  if (effect !== decision.effect)
    print(
      `\nWhat took effect is ${effect}: another command that travelled with it got that, and the strongest counts.`,
    );
}
