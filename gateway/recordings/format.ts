import { z } from 'zod';
import { effects, limitDimensions, maskMethods } from '../contract/decision.ts';
import { directions } from '../contract/result.ts';
import type { SessionFrame } from '../contract/ports.ts';

/**
 * A recording is NDJSON: a header, then events in the order in which they happened. Times `t` are milliseconds since the session began.
 * Texts, decisions, facts and column lists stand there once and are referred to by number `n`: most commands of a session repeat.
 * Version 1 had no facts, no claims and only a part of each decision: it can be played, and not judged again.
 */
export const recordingVersion = 2;

const t = z.number().min(0);
const n = z.int().min(1);
const text = z.string();
const cell = z.string().nullable();

const header = z.object({
  type: z.literal('header'),
  v: z.union([z.literal(1), z.literal(recordingVersion)]),
  session: text,
  principal: z.object({
    id: text,
    kind: z.enum(['human', 'agent']),
    issuer: text,
    groups: z.array(text),
    /** Those that the configuration passes to policy. */
    claims: z.record(text, z.unknown()).optional(),
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

/** A whole decision, as recordings and the entries of the log have it. */
export const decisionRecord = z.object({
  effect: z.enum(effects),
  revision: text,
  findings: z.array(
    z.object({
      kind: z.enum(['allow', 'deny', 'approve', 'mask', 'limit', 'notify']),
      id: text,
      msg: text,
      hint: text.optional(),
      severity: z.enum(['low', 'medium', 'high', 'critical']).optional(),
      controls: z.array(text).readonly().optional(),
      channel: text.optional(),
    }),
  ),
  masks: z.record(text, z.enum(maskMethods)),
  approval: z
    .object({
      rules: z.array(text).readonly(),
      groups: z.array(text).readonly(),
      quorum: z.number(),
      ttl_s: z.number(),
      scope: z.enum(['once', 'session']),
    })
    .nullable()
    .optional(),
  limits: z.partialRecord(z.enum(limitDimensions), z.number()),
});

/** `command` numbers the commands of the recording, from 1. */
const event = z.discriminatedUnion('type', [
  header,
  z.object({ type: z.literal('text'), n, text }),
  z.object({ type: z.literal('decision'), n, decision: decisionRecord }),
  z.object({ type: z.literal('fields'), n, names: z.array(text) }),
  /** What policy reads of a command, but for its text, parameters and place. */
  z.object({ type: z.literal('facts'), n, facts: z.record(text, z.unknown()) }),
  /** What it went by beside the command: `minute` is `input.now.unix_ms`, `erased` names fields of the command that are blanked here. */
  z.object({
    type: z.literal('around'),
    n,
    minute: z.int(),
    place: z.record(text, z.unknown()),
    labels_read: z.array(text),
    erased: z.array(text),
  }),
  z.object({
    type: z.literal('command'),
    t,
    command: n,
    request: text,
    text: z.union([n, text]),
    params: z.array(cell).optional(),
    action: text,
    decision: n,
    facts: n.optional(),
    around: n.optional(),
    /** Commands, rows, denials and look-ups of the session before this one; no look-ups are left out. */
    session: z.tuple([z.int(), z.int(), z.int(), z.int().optional()]).optional(),
    approval: z
      .object({ id: text, rules: z.array(text), approvers: z.array(text), scope: z.enum(['once', 'session']) })
      .optional(),
  }),
  z.object({ type: z.literal('columns'), t, command: n, fields: n }),
  z.object({ type: z.literal('rows'), t, command: n, rows: z.array(z.array(cell)) }),
  /** What a program printed: `text` where it is UTF-8, base64 otherwise. Colours and the like are in it as they came. */
  z.object({
    type: z.literal('bytes'),
    t,
    command: n,
    stream: z.enum(['stdout', 'stderr']),
    text: text.optional(),
    base64: z.base64().optional(),
  }),
  /** The terminal that a program prints on, from here on. */
  z.object({ type: z.literal('screen'), t, command: n, cols: n, rows: n, term: text }),
  z.object({
    type: z.literal('message'),
    t,
    /** None: it came by itself, like a notification. */
    command: n.optional(),
    severity: z.enum(['error', 'notice', 'log', 'notification']),
    code: text,
    text,
    detail: text.optional(),
    hint: text.optional(),
  }),
  /** Rows past the size that is kept: how many, and the SHA-256 of their wire bytes as they were sent, masked. */
  z.object({ type: z.literal('omitted'), t, command: n, rows: z.number(), bytes: z.number(), sha256: text }),
  /**
   * What a program was given on standard input: how much, and its SHA-256. Of it no byte is kept: passwords go this way. From a terminal there is
   * no digest either: what was echoed is in the output, so that a password would be all that is left to guess.
   */
  z.object({ type: z.literal('input'), t, command: n, bytes: z.number(), sha256: text.optional() }),
  /** What went of a file in one piece: how much, from where on, and its SHA-256. No byte of it is kept. */
  z.object({
    type: z.literal('content'),
    t,
    command: n,
    direction: z.enum(directions),
    offset: z.number(),
    bytes: z.number(),
    sha256: text,
    scattered: z.boolean(),
  }),
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
    /** Places that left hidden, by the mask that found them; where masks by detector and pattern found some. */
    hidden: z.record(text, z.number()).optional(),
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
export type RecordedDecision = z.infer<typeof decisionRecord>;

/** @returns undefined when the line is no event: the end of a recording that a crash cut off, or a file that is none */
export function parseRecordingLine(line: string): RecordingEvent | undefined {
  try {
    return event.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** What a program printed, as it came. */
export function printedBytes({ text, base64 }: Extract<RecordingEvent, { type: 'bytes' }>): Buffer {
  return text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text);
}

/** What a recording says of its session: all that policy knows of it. */
export function recordingHeader(frame: SessionFrame, audit: string): RecordingHeader {
  const { id, kind, issuer, groups, claims, acts_for, auth } = frame.principal;
  return {
    type: 'header',
    v: recordingVersion,
    session: frame.id,
    principal: { id, kind, issuer, groups: [...groups], claims, acts_for: [...acts_for], auth },
    target: { name: frame.target.name, protocol: frame.target.protocol, labels: frame.target.labels },
    client: frame.client,
    started_at: new Date(frame.startedAtMs).toISOString(),
    audit,
  };
}
