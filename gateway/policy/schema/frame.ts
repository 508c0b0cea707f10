import { z } from 'zod';
import type { ApprovalFact, NowFacts, SessionFacts } from '../../contract/command.ts';
import type { Client, Json, Principal, Target } from '../../contract/principal.ts';

/**
 * The frame of every policy input, the same for each entrypoint (design.md section 4). These schemas mirror the contract's types;
 * `Same` makes the compiler prove that they do. From them come the JSON Schemas against which `opa check` holds every rule.
 */
export const jsonValue: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(jsonValue).readonly(),
    z.record(z.string(), jsonValue),
  ]),
);

export const strings = z.array(z.string()).readonly();

/** How somebody logged in: the contract's `LoginMethod`. */
export const loginMethod = z.enum(['jwt', 'oauthbearer', 'certificate', 'key', 'code', 'device']);

export const principal = z.strictObject({
  id: z.string(),
  kind: z.enum(['human', 'agent']),
  issuer: z.string(),
  groups: strings,
  claims: z.record(z.string(), jsonValue),
  acts_for: strings,
  auth: z.strictObject({ method: loginMethod, at: z.string() }),
});

export const target = z.strictObject({
  name: z.string(),
  protocol: z.enum(['postgres', 'ssh']),
  labels: z.record(z.string(), z.string()),
});

export const client = z.strictObject({ ip: z.string(), application: z.string() });

export const session = z.strictObject({
  id: z.string(),
  started_at: z.string(),
  commands: z.int().min(0),
  rows_returned: z.int().min(0),
  denials: z.int().min(0),
  labels_read: strings,
  lookups: z.int().min(0),
});

export const now = z.strictObject({
  unix_ms: z.int().min(0),
  rfc3339: z.string(),
  weekday: z.enum(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']),
  minute_of_day: z.int().min(0).max(1439),
});

export const approval = z.strictObject({
  id: z.string(),
  rules: strings,
  approvers: strings,
  scope: z.enum(['once', 'session']),
});

export const analysis = z.strictObject({ complete: z.boolean(), reasons: strings });

/** What every command says of itself. */
export const commandFrame = { text: z.string(), labels: strings, analysis };

/** The whole input of one entrypoint. */
export function inputOf<C extends z.ZodType>(command: C) {
  return z.strictObject({
    v: z.literal(1),
    request_id: z.string(),
    now,
    principal,
    client,
    target,
    session,
    command,
    approval: approval.optional(),
  });
}

/** True when each type may stand for the other; anything else does not compile where `proven` is called. */
export type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
export function proven<T extends true>(..._claims: readonly T[]): void {}

proven<Same<z.infer<typeof principal>, Principal>>();
proven<Same<z.infer<typeof target>, Target>>();
proven<Same<z.infer<typeof client>, Client>>();
proven<Same<z.infer<typeof session>, SessionFacts>>();
proven<Same<z.infer<typeof now>, NowFacts>>();
proven<Same<z.infer<typeof approval>, ApprovalFact>>();
