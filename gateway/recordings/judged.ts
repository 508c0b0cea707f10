import { asId, type RequestId, type Revision, type SessionId } from '../contract/ids.ts';
import type { JudgedCommand } from '../contract/judged.ts';
import type { Decision } from '../contract/decision.ts';
import type { SessionFrame } from '../contract/ports.ts';
import type { RecordedDecision, RecordingEvent, RecordingHeader } from './format.ts';
import { readRecording } from './reader.ts';

/** A command of a recording. One that cannot be judged again says why. */
export type RecordedJudgement =
  | { readonly ok: true; readonly judged: JudgedCommand }
  | { readonly ok: false; readonly requestId: RequestId; readonly atMs: number; readonly why: string };

type Of<T extends RecordingEvent['type']> = Extract<RecordingEvent, { readonly type: T }>;

/** Results are most of a recording, and say nothing about decisions. */
const wanted = /^\{"type":"(header|text|decision|facts|around|command)"/;

/** The decisions of a recording with what they were made of, in order. Equal facts are one object. */
export async function* readJudged(ndjson: AsyncIterable<Uint8Array>): AsyncGenerator<RecordedJudgement> {
  const reader = new JudgedReader();
  for await (const event of readRecording(ndjson, wanted)) {
    const read = reader.take(event);
    if (read) yield read;
  }
}

class JudgedReader {
  readonly #texts = new Map<number, string>();
  readonly #decisions = new Map<number, Decision>();
  readonly #facts = new Map<number, object>();
  readonly #around = new Map<number, Of<'around'>>();
  #frame: SessionFrame | undefined;
  #startedAtMs = 0;

  take(event: RecordingEvent): RecordedJudgement | undefined {
    switch (event.type) {
      case 'header':
        this.#frame = frameOf(event);
        this.#startedAtMs = Date.parse(event.started_at);
        return undefined;
      case 'text':
        this.#texts.set(event.n, event.text);
        return undefined;
      case 'decision':
        this.#decisions.set(event.n, decisionOf(event.decision));
        return undefined;
      case 'facts':
        this.#facts.set(event.n, event.facts);
        return undefined;
      case 'around':
        this.#around.set(event.n, event);
        return undefined;
      case 'command':
        return this.#command(event);
      default:
        return undefined;
    }
  }

  #command(event: Of<'command'>): RecordedJudgement {
    const requestId = asId<RequestId>(event.request);
    const atMs = this.#startedAtMs + event.t;
    const frame = this.#frame;
    if (event.facts === undefined || event.around === undefined || event.session === undefined || !frame) {
      return { ok: false, requestId, atMs, why: 'it was recorded by a version that kept no facts' };
    }
    const text = typeof event.text === 'string' ? event.text : this.#texts.get(event.text);
    const decision = this.#decisions.get(event.decision);
    const facts = this.#facts.get(event.facts);
    const around = this.#around.get(event.around);
    if (text === undefined || !decision || !facts || !around) {
      return { ok: false, requestId, atMs, why: 'the recording refers to something that is not in it' };
    }
    const [commands, rows_returned, denials, lookups = 0] = event.session;
    const started_at = new Date(frame.startedAtMs).toISOString();
    const { labels_read } = around;
    const session = { id: frame.id, started_at, commands, rows_returned, denials, labels_read, lookups };
    return {
      ok: true,
      judged: {
        frame,
        requestId,
        atMs,
        text,
        params: event.params ?? [],
        action: event.action,
        facts,
        place: around.place,
        erased: around.erased,
        // One number, one set of facts: as good a name as the one that the gateway had.
        key: `${String(event.facts)} ${text}`,
        decision,
        around: { session, minuteMs: around.minute, approval: event.approval },
      },
    };
  }
}

/** @returns undefined for a header without claims: policy may have read them */
function frameOf({ session, principal, target, client, started_at }: RecordingHeader): SessionFrame | undefined {
  if (principal.claims === undefined) return undefined;
  return {
    id: asId<SessionId>(session),
    principal: principal as SessionFrame['principal'], // JSON of one; whoever judges with it reads it by its schema
    target: target as SessionFrame['target'], // likewise
    client,
    startedAtMs: Date.parse(started_at),
  };
}

/** The decision that a file has. */
export function decisionOf(decision: RecordedDecision): Decision {
  const { revision, approval = null, ...rest } = decision;
  return { ...rest, revision: asId<Revision>(revision), approval } as Decision; // the schema is Decision's but for its brands
}
