import type { AuditEvent } from '../../contract/event.ts';
import type { JudgedCommand } from '../../contract/judged.ts';
import { hasKept } from '../../contract/kept.ts';
import { recordingFiles, recordingOf } from '../../recordings/files.ts';
import { judgedOf } from './entry.ts';
import { closingDigests, logged, ReadRecording, type Vouching } from './recordings.ts';

/** One decision of the past, as the recording and the log have it, or the log alone. */
export interface PastDecision {
  readonly judged: JudgedCommand;
  /** The log's entry; undefined where there is no log. */
  readonly entry: AuditEvent | undefined;
  /** Undefined for admission and calls of the API: the entry itself has what they were decided from. */
  readonly recording: { readonly path: string; readonly vouching: Vouching } | undefined;
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
  const whole = entries?.find(hasKept);
  if (whole) {
    const one = judgedOf(whole);
    if (!one.ok) return no(`request ${request} cannot be decided again: ${one.why}`);
    return { ok: true, past: { judged: one.judged, entry: whole, recording: undefined } };
  }
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
export function contradictions({ judged, entry, recording }: PastDecision): readonly string[] {
  if (!entry) return [];
  const { decision, frame, text, action } = judged;
  const own = entry.detail['own_effect'] ?? entry.effect;
  const recorded: readonly Pair[] = [
    ['effect', own, decision.effect],
    ['session', entry.session, frame.id],
    ['action', entry.action, action],
    ['command', entry.command, text],
  ];
  const pairs: readonly Pair[] = [
    ['revision', entry.revision, decision.revision],
    ['findings', entry.findings.join(' '), decision.findings.map(({ id }) => id).join(' ')],
    ['identity', entry.identity, frame.principal.id],
    ['target', entry.target, frame.target.name],
    ...(recording ? recorded : withinEntry(entry, judged)),
  ];
  // An entry that would have been too long says which of its fields are not whole.
  const cut = Object.keys(entry.detail['cut'] ?? {});
  return pairs.flatMap(([what, log, other]) =>
    log === other || cut.includes(what === 'effect' ? 'detail' : what)
      ? []
      : [
          `${what}: the log has ${String(log)}, ${recording ? 'the recording' : 'what is kept with it'} ${String(other)}`,
        ],
  );
}

type Pair = readonly [what: string, log: unknown, other: unknown];

/** What an entry says outside must be what it keeps within. Such a decision takes effect as a plain allow, or as a deny. */
function withinEntry({ effect, action }: AuditEvent, { decision, facts }: JudgedCommand): readonly Pair[] {
  const released = decision.effect === 'allow' || effect === 'deny' ? effect : 'deny';
  return [
    ['effect', effect, released],
    ['action', action, 'action' in facts ? facts.action : undefined],
  ];
}

async function candidates(recordings: string, entry: AuditEvent | undefined): Promise<readonly string[]> {
  if (!entry) return recordingFiles(recordings);
  const path = await recordingOf(recordings, entry.session, Date.parse(entry.time));
  return path === undefined ? [] : [path];
}

function withoutDecision(request: string, entries: readonly AuditEvent[]): string {
  const [first] = entries;
  if (!first) return `the log has no request ${request}`;
  return `request ${request}: the log has it as ${first.type}, without a decision that could be made again`;
}

function no(why: string): FoundDecision {
  return { ok: false, why };
}
