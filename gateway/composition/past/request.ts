import type { AuditEvent } from '../../contract/event.ts';
import type { JudgedCommand } from '../../contract/judged.ts';
import { recordingFiles, recordingOf } from '../../recordings/files.ts';
import { closingDigests, logged, ReadRecording, type Vouching } from './recordings.ts';

/** One decision of the past, as the recording and the log have it. */
export interface PastDecision {
  readonly judged: JudgedCommand;
  /** The log's entry; undefined where there is no log. */
  readonly entry: AuditEvent | undefined;
  readonly recording: { readonly path: string; readonly vouching: Vouching };
}
export type FoundDecision =
  { readonly ok: true; readonly past: PastDecision } | { readonly ok: false; readonly why: string };

/** Finds a decision by its request. @param log the log's directory, if there is one */
export async function findDecision(
  request: string,
  log: string | undefined,
  recordings: string,
): Promise<FoundDecision> {
  const entries = await logged(log, { request });
  const entry = entries?.find((one) => one.type === 'decision');
  if (entries && !entry) return no(withoutDecision(request, entries));
  for (const path of await candidates(recordings, entry)) {
    const recording = new ReadRecording(path);
    let judged: JudgedCommand | undefined;
    for await (const one of recording.judgements()) {
      const id = one.ok ? one.judged.requestId : one.requestId;
      if (id !== request) continue;
      if (!one.ok) return no(`request ${request} cannot be decided again: ${one.why}`);
      judged = one.judged;
    }
    if (!judged) continue;
    const closed = await logged(log, { type: 'recording.closed', session: judged.frame.id });
    const digest = closed && closingDigests(closed).get(judged.frame.id);
    return { ok: true, past: { judged, entry, recording: { path, vouching: recording.vouching(digest, log) } } };
  }
  const where = entry ? `the recording of session ${entry.session} is not below` : 'no recording has it below';
  return no(`request ${request}: ${where} ${recordings}`);
}

/** How the log's entry and the recording contradict each other; nothing where they agree. */
export function contradictions({ judged, entry }: PastDecision): readonly string[] {
  if (!entry) return [];
  const { decision, frame, text, action } = judged;
  const own = entry.detail['own_effect'] ?? entry.effect;
  const pairs: readonly (readonly [what: string, log: unknown, recording: unknown])[] = [
    ['effect', own, decision.effect],
    ['revision', entry.revision, decision.revision],
    ['findings', entry.findings.join(' '), decision.findings.map(({ id }) => id).join(' ')],
    ['session', entry.session, frame.id],
    ['identity', entry.identity, frame.principal.id],
    ['target', entry.target, frame.target.name],
    ['action', entry.action, action],
    ['command', entry.command, text],
  ];
  // An entry that would have been too long says which of its fields are not whole.
  const cut = Object.keys(entry.detail['cut'] ?? {});
  return pairs.flatMap(([what, log, recording]) =>
    log === recording || cut.includes(what === 'effect' ? 'detail' : what)
      ? []
      : [`${what}: the log has ${String(log)}, the recording ${String(recording)}`],
  );
}

async function candidates(recordings: string, entry: AuditEvent | undefined): Promise<readonly string[]> {
  if (!entry) return recordingFiles(recordings);
  const path = await recordingOf(recordings, entry.session, Date.parse(entry.time));
  return path === undefined ? [] : [path];
}

function withoutDecision(request: string, entries: readonly AuditEvent[]): string {
  const [first] = entries;
  if (!first) return `the log has no request ${request}`;
  return `request ${request} is no command: the log has it as ${first.type}, of which only the entry is kept`;
}

function no(why: string): FoundDecision {
  return { ok: false, why };
}
