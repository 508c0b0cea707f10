import { z } from 'zod';
import { effects, limitDimensions, maskMethods, type Effect } from '../../contract/decision.ts';
import type { Client, LoginMethod, Principal, Protocol } from '../../contract/principal.ts';
import { jsonValue, loginMethod } from '../schema/frame.ts';

/** The files of `policy-tests/` as people write them: `docs/reference/policy-test-format.md`. */

/** Parsed, judged; or `refused`: no command of its protocol, so policy was not even asked. */
export const outcomes = [...effects, 'refused'] as const;
export type LineEffect = Effect | 'refused';

const texts = z.array(z.string());

/** Where a line comes from unless it says: an address that nobody has (RFC 5737). */
export const somewhere: Client = { ip: '192.0.2.1', application: 'sallyport' };

const moment = z.iso.datetime({ offset: true });

const person = z.strictObject({
  id: z.string().min(1).optional(),
  kind: z.enum(['human', 'agent']).default('human'),
  issuer: z.string().default('https://id.example'),
  groups: texts.default([]),
  claims: z.record(z.string(), jsonValue).default({}),
  acts_for: texts.default([]),
  auth: z.strictObject({ method: loginMethod.optional(), at: moment.optional() }).default({}),
});
export type Person = z.infer<typeof person>;

/** `fixtures/people.yaml`: people by the name that cases call them. */
export const peopleFile = z.record(z.string(), person);

const who = z.union([z.string(), person]);

const expectation = z.strictObject({
  effect: z.enum(outcomes),
  /** By output column or by label; all of them. */
  masks: z.record(z.string(), z.enum(maskMethods)).optional(),
  /** Ids that have to be among the findings. */
  findings: texts.optional(),
  /** Ids that must not be. */
  without: texts.optional(),
  limits: z.partialRecord(z.enum(limitDimensions), z.int()).optional(),
  approval: z
    .strictObject({ groups: texts.optional(), quorum: z.int().optional(), rules: texts.optional() })
    .optional(),
  /** What the client reads: a part of a finding's msg or hint, or of why the line was refused. */
  says: z.string().optional(),
});
export type Expectation = z.infer<typeof expectation>;

const session = z.strictObject({
  commands: z.int().min(0).default(0),
  rows_returned: z.int().min(0).default(0),
  denials: z.int().min(0).default(0),
  labels_read: texts.default([]),
  lookups: z.int().min(0).default(0),
});

const client = z.strictObject({
  ip: z.union([z.ipv4(), z.ipv6()]).default(somewhere.ip),
  application: z.string().default(somewhere.application),
});

const lineCase = z.strictObject({
  /** Empty: what people type who give no command. */
  run: z.string(),
  as: who.optional(),
  client: client.optional(),
  params: z.array(z.union([z.string(), z.null()])).default([]),
  /** Rules whose demand an approval has satisfied. */
  approved: texts.default([]),
  now: moment.optional(),
  session: session.optional(),
  /** Why this case is here; part of its name. */
  note: z.string().optional(),
  expect: expectation,
});

export const lineFile = z.strictObject({
  target: z.string().min(1),
  as: who.optional(),
  client: client.optional(),
  now: moment.default('2026-01-05T12:00:00Z'),
  cases: z.array(lineCase).min(1, 'a file without cases tests nothing'),
});
export type LineFile = z.infer<typeof lineFile>;

/** `fixtures/<target>.yaml`, but for the section of its protocol. */
export const fixtureFile = z.looseObject({
  protocol: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
});

export type Session = z.infer<typeof session>;

/** One case with everything around it filled in. */
export interface LineCase {
  readonly file: string;
  readonly line: number;
  readonly run: string;
  readonly note: string | undefined;
  readonly target: string;
  readonly principal: Principal;
  readonly client: Client;
  readonly params: readonly (string | null)[];
  readonly approved: readonly string[];
  readonly nowMs: number;
  readonly session: Session;
  readonly expect: Expectation;
}

export const freshSession: Session = { commands: 0, rows_returned: 0, denials: 0, labels_read: [], lookups: 0 };

/** How people log in who follow the how-tos. */
const usual: Readonly<Record<Protocol, LoginMethod>> = { postgres: 'jwt', ssh: 'certificate' };

/** @param name stands for the id where none is given @param protocol the target's */
export function principalOf(name: string, { id = name, auth, ...rest }: Person, protocol: Protocol): Principal {
  const { method = usual[protocol], at = '2026-01-01T00:00:00Z' } = auth;
  return { id, ...rest, auth: { method, at } };
}

/** A person written as JSON on a command line. */
export function readPerson(
  text: string,
): { readonly ok: true; readonly person: Person } | { readonly ok: false; readonly why: string } {
  try {
    const read = person.safeParse(JSON.parse(text));
    return read.success ? { ok: true, person: read.data } : { ok: false, why: z.prettifyError(read.error) };
  } catch {
    return { ok: false, why: 'not JSON' };
  }
}
