import { hasKept } from '../../contract/kept.ts';
import { replayJudged, type Replayed, type Verdict } from '../../policy/replay/replay.ts';
import { recordingFiles } from '../../recordings/files.ts';
import type { RecordedJudgement } from '../../recordings/judged.ts';
import type { AuditEvent } from '../../contract/event.ts';
import type { PastBundles } from './bundles.ts';
import { judgedOf } from './entry.ts';
import { closingDigests, logged, ReadRecording } from './recordings.ts';

/** Decisions and recordings of which something is not as it was. */
export interface NotAsItWas {
  /** Empty when it is the whole recording. */
  readonly request: string;
  readonly session: string;
  readonly what: string;
}

export interface Sweep {
  readonly decisions: Readonly<Record<Verdict | 'unreadable', number>>;
  /** `changed`: not the one whose digest is in the log. `open`: the log has no digest of it. */
  readonly recordings: { readonly read: number; readonly changed: number; readonly open: number };
  /** Entries of the log that keep their decision: admission, and calls of the API. */
  readonly entries: number;
  readonly wrong: readonly NotAsItWas[];
}

export interface SweepOptions {
  readonly log: string | undefined;
  readonly recordings: { readonly dir: string; readonly sinceMs: number; readonly untilMs: number };
  /** Called after each recording. */
  readonly onRecording: (done: number, total: number) => void;
}

/** Decides every decision of a range again, each by the bundle of its time. */
export async function sweep({ log, recordings, onRecording }: SweepOptions, bundles: PastBundles): Promise<Sweep> {
  const { dir, sinceMs, untilMs } = recordings;
  const closed = await logged(log, { type: 'recording.closed' });
  const digests = closed && closingDigests(closed);
  const files = await recordingFiles(dir, sinceMs);
  const decisions: Record<Verdict | 'unreadable', number> = { same: 0, masked: 0, differs: 0, unreadable: 0 };
  const found = { read: 0, changed: 0, open: 0 };
  const wrong: NotAsItWas[] = [];
  const decide = async (one: RecordedJudgement, session: string, request: string) => {
    const again = await decidedAgain(one, bundles);
    decisions[again.ok ? again.replay.verdict : 'unreadable'] += 1;
    const what = whatIsWrong(again);
    if (what !== undefined) wrong.push({ request, session, what });
  };
  for (const [i, path] of files.entries()) {
    const recording = new ReadRecording(path);
    const { session } = recording;
    let isUsed = false;
    for await (const one of recording.judgements()) {
      const { requestId: request, atMs } = one.ok ? one.judged : one;
      if (atMs < sinceMs || atMs >= untilMs) continue;
      isUsed = true;
      await decide(one, session, request);
    }
    onRecording(i + 1, files.length);
    if (!isUsed) continue;
    found.read += 1;
    const vouching = recording.vouching(digests?.get(session), log);
    if (vouching === 'open') found.open += 1;
    if (vouching !== 'changed') continue;
    found.changed += 1;
    wrong.push({ request: '', session, what: 'the recording is not the one whose digest is in the log' });
  }
  let entries = 0;
  for (const entry of await keptEntries(log, sinceMs, untilMs)) {
    entries += 1;
    await decide(judgedOf(entry), entry.session, entry.request);
  }
  return { decisions, recordings: found, entries, wrong };
}

/** The kinds of entry in which a decision is kept whole; of `decision` itself, those on admission. */
const kinds = [
  { type: 'session.start' },
  { type: 'login.refused' },
  { type: 'decision', action: 'connect' },
  { type: 'admin' },
  { type: 'recording.read' },
] as const;

/** In order of time, so that few bundles have to be open at once. */
async function keptEntries(log: string | undefined, sinceMs: number, untilMs: number): Promise<readonly AuditEvent[]> {
  const found: AuditEvent[] = [];
  for (const kind of kinds) {
    const entries = await logged(log, { ...kind, sinceMs, untilMs });
    // One that had to be cut has lost what it kept, and is not passed over for that.
    found.push(...(entries ?? []).filter((entry) => hasKept(entry) || entry.detail['cut'] !== undefined));
  }
  return found.sort((a, b) => (a.time < b.time ? -1 : 1));
}

async function decidedAgain(one: RecordedJudgement, bundles: PastBundles): Promise<Replayed> {
  if (!one.ok) return one;
  const { judged } = one;
  const found = await bundles.of(judged.decision.revision, judged.atMs);
  return found.ok ? replayJudged(judged, found.policy.judging) : found;
}

function whatIsWrong(again: Replayed): string | undefined {
  if (!again.ok) return again.why;
  const { verdict, change } = again.replay;
  if (verdict === 'same' || (verdict === 'masked' && change.direction === 'same')) return undefined;
  const what = [...change.loosened, ...change.tightened].join(', ') || 'the findings differ';
  return verdict === 'masked' ? `${what} (a rule reads what the recording blanks)` : what;
}
