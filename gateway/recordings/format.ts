import { z } from 'zod';
import { effects, maskMethods } from '../contract/decision.ts';
import type { SessionFrame } from '../contract/ports.ts';

/**
 * A recording is NDJSON: a header, then events in the order in which they happened. Times `t` are milliseconds since the session began.
 * Texts, decisions and column lists stand there once and are referred to by number `n`: most commands of a session repeat.
 */
export const recordingVersion = 1;

const t = z.number().min(0);
const n = z.int().min(1);
const text = z.string();
const cell = z.string().nullable();

const header = z.object({
  type: z.literal('header'),
  v: z.literal(recordingVersion),
  session: text,
  principal: z.object({
    id: text,
    kind: z.enum(['human', 'agent']),
    issuer: text,
    groups: z.array(text),
    acts_for: z.array(text),
    auth: z.object({ method: text, at: text }),
  }),
  target: z.object({ name: text, protocol: text, labels: z.record(text, text) }),
  client: z.object({ ip: text, application: text }),
  /** RFC 3339. */
  started_at: text,
  /** Origin of the audit log that has this recording's digest. */
  audit: text,
});

const decision = z.object({
  effect: z.enum(effects),
  revision: text,
  findings: z.array(z.object({ kind: text, id: text, msg: text, hint: text.optional() })),
  masks: z.record(text, z.enum(maskMethods)),
  limits: z.object({ rows: z.number().optional(), bytes: z.number().optional() }),
});

/** `command` numbers the commands of the recording, from 1. */
const event = z.discriminatedUnion('type', [
  header,
  z.object({ type: z.literal('text'), n, text }),
  z.object({ type: z.literal('decision'), n, decision }),
  z.object({ type: z.literal('fields'), n, names: z.array(text) }),
  z.object({
    type: z.literal('command'),
    t,
    command: n,
    request: text,
    text: z.union([n, text]),
    params: z.array(cell).optional(),
    action: text,
    decision: n,
  }),
  z.object({ type: z.literal('columns'), t, command: n, fields: n }),
  z.object({ type: z.literal('rows'), t, command: n, rows: z.array(z.array(cell)) }),
  z.object({
    type: z.literal('message'),
    t,
    /** None: it came by itself, like a notification. */
    command: n.optional(),
    severity: z.enum(['error', 'notice', 'notification']),
    code: text,
    text,
    detail: text.optional(),
    hint: text.optional(),
  }),
  /** Rows past the size that is kept: how many, and the SHA-256 of their wire bytes as they were sent, masked. */
  z.object({ type: z.literal('omitted'), t, command: n, rows: z.number(), bytes: z.number(), sha256: text }),
  z.object({
    type: z.literal('end'),
    t,
    command: n,
    ok: z.boolean(),
    /** Of one that went well. */
    tag: text.optional(),
    code: text.optional(),
    text: text.optional(),
    rows: z.number(),
    bytes: z.number(),
  }),
  z.object({
    type: z.literal('hold'),
    t,
    command: n,
    hold: text,
    resolution: text.optional(),
    by: z.array(text).optional(),
  }),
  z.object({ type: z.literal('close'), t, reason: text }),
]);

export type RecordingEvent = z.infer<typeof event>;
export type RecordingHeader = z.infer<typeof header>;

/** @returns undefined when the line is no event: the end of a recording that a crash cut off, or a file that is none */
export function parseRecordingLine(line: string): RecordingEvent | undefined {
  try {
    return event.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** What a recording says of its session. Claims stay out: nobody who replays needs them. */
export function recordingHeader(frame: SessionFrame, audit: string): RecordingHeader {
  const { id, kind, issuer, groups, acts_for, auth } = frame.principal;
  return {
    type: 'header',
    v: recordingVersion,
    session: frame.id,
    principal: { id, kind, issuer, groups: [...groups], acts_for: [...acts_for], auth },
    target: { name: frame.target.name, protocol: frame.target.protocol, labels: frame.target.labels },
    client: frame.client,
    started_at: new Date(frame.startedAtMs).toISOString(),
    audit,
  };
}
