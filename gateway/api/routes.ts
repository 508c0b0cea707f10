import { z } from 'zod';
import { auditEffects, auditTypes } from '../contract/event.ts';
import type { AdminAction } from '../contract/command.ts';
import { holdStatuses } from '../contract/hold.ts';

/** One entry of the API reference. The server is built from this table and the documentation is printed from it. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** Hono's pattern: `:id` is a part of the path. */
  readonly path: string;
  readonly summary: string;
  /** What policy is asked (`rules.admin`); null: open to anybody who reaches the port. */
  readonly action: AdminAction | null;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
}

const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
/** Path parameters: every `:id` is a ULID. */
export const idParameter = z.object({ id: z.string().regex(ulid) });

const text = z.string().min(1).max(512);
const limit = z.coerce.number().int().min(1).max(1_000).describe('1 to 1000, default 100').default(100);
/** RFC 3339 in, milliseconds out. */
const time = z.iso
  .datetime({ offset: true })
  .transform((value) => Date.parse(value))
  .describe('RFC 3339');
/** It is shown on the requester's terminal, so no control characters. */
const reason = z
  .string()
  .max(1_000)
  .regex(/^\P{Cc}*$/u);

export const approvalsQuery = z.strictObject({ status: z.enum(holdStatuses).optional(), limit });
export const approveBody = z.strictObject({
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('the digest that "show" gave: what is approved is what was seen'),
  reason: reason.default(''),
});
export const denyBody = z.strictObject({ reason: reason.default('') });
export const killBody = z.strictObject({ reason: reason.default('') });
export const sessionsQuery = z.strictObject({
  principal: text.optional(),
  target: text.optional(),
  open: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
  since: time.optional(),
  until: time.optional(),
  limit,
});
export const auditQuery = z.strictObject({
  since: time.optional(),
  until: time.optional(),
  identity: text.optional(),
  action: text.optional(),
  effect: z.enum(auditEffects).optional(),
  type: z.enum(auditTypes).optional(),
  target: text.optional(),
  session: text.optional(),
  request: text.optional(),
  limit,
  order: z.enum(['asc', 'desc']).default('desc'),
});

export const sshKeyBody = z.strictObject({
  public_key: z.string().min(1).max(12_000).describe('a line as ssh-keygen writes it: `ssh-ed25519 AAAA...`'),
});

export const sshCodeBody = z.strictObject({ target: text.describe('the SSH target that it is for') });

export const sshForgetBody = z.strictObject({
  principal: text.optional().describe('whose keys; the caller’s own unless given'),
});

export const targetsQuery = z.strictObject({
  all: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .default(false)
    .describe('`true`: every target, with its address and state, whomever policy admits'),
  limit,
});

export const shadowQuery = z.strictObject({ limit });

export const routes = {
  healthz: { method: 'GET', path: '/healthz', action: null, summary: '200 while the process answers.' },
  readyz: {
    method: 'GET',
    path: '/readyz',
    action: null,
    summary: '200 when commands can be served, else 503; with each check.',
  },
  metrics: { method: 'GET', path: '/metrics', action: null, summary: 'Metrics in the Prometheus text format.' },
  approvalsList: {
    method: 'GET',
    path: '/v1/approvals',
    action: 'approvals.list',
    summary: 'Holds, newest first.',
    query: approvalsQuery,
  },
  approvalsShow: { method: 'GET', path: '/v1/approvals/:id', action: 'approvals.show', summary: 'One hold.' },
  approvalsApprove: {
    method: 'POST',
    path: '/v1/approvals/:id/approve',
    action: 'approvals.decide',
    summary: 'Approves a hold. Counts towards its quorum; nobody approves their own.',
    body: approveBody,
  },
  approvalsDeny: {
    method: 'POST',
    path: '/v1/approvals/:id/deny',
    action: 'approvals.decide',
    summary: 'Refuses a hold. The waiting client is told the reason.',
    body: denyBody,
  },
  sessionsList: {
    method: 'GET',
    path: '/v1/sessions',
    action: 'sessions.list',
    summary: 'Sessions, newest first.',
    query: sessionsQuery,
  },
  sessionsShow: { method: 'GET', path: '/v1/sessions/:id', action: 'sessions.show', summary: 'One session.' },
  recording: {
    method: 'GET',
    path: '/v1/sessions/:id/recording',
    action: 'sessions.replay',
    summary: 'The recording of a session as NDJSON, streamed. Reading it is itself an entry in the audit log.',
  },
  sessionsWatch: {
    method: 'GET',
    path: '/v1/sessions/:id/watch',
    action: 'sessions.watch',
    summary:
      'The recording of an open session as NDJSON, and then each line as it is written, until the session ends. Watching is an entry in the audit log. Whoever reads too slowly is let go before the line `close`.',
  },
  sessionsKill: {
    method: 'POST',
    path: '/v1/sessions/:id/kill',
    action: 'sessions.kill',
    summary: 'Ends an open session at once: what runs in it is told who ended it, and why.',
    body: killBody,
  },
  auditQuery: {
    method: 'GET',
    path: '/v1/audit',
    action: 'audit.query',
    summary: 'Entries of the audit log.',
    query: auditQuery,
  },
  policyStatus: {
    method: 'GET',
    path: '/v1/policy',
    action: 'policy.status',
    summary: 'The bundle in force, and the last one that was refused.',
  },
  policyShadow: {
    method: 'GET',
    path: '/v1/policy/shadow',
    action: 'policy.shadow',
    summary: 'What the shadow bundle would have decided otherwise. 404 where none is configured.',
    query: shadowQuery,
  },
  targetsList: {
    method: 'GET',
    path: '/v1/targets',
    action: 'targets.list',
    summary: 'The targets that policy would admit the caller to now, and by which of their logins; or all of them.',
    query: targetsQuery,
  },
  sshKeysRegister: {
    method: 'POST',
    path: '/v1/ssh/keys',
    action: 'ssh.keys.register',
    summary:
      'Lets a key log in over SSH as whoever registers it, until their token ends. 404 where nothing listens for SSH.',
    body: sshKeyBody,
  },
  sshCodesIssue: {
    method: 'POST',
    path: '/v1/ssh/codes',
    action: 'ssh.codes.issue',
    summary:
      'A one-time code: the password of one login to one SSH target within five minutes. 404 where nothing listens for SSH.',
    body: sshCodeBody,
  },
  sshKeysForget: {
    method: 'POST',
    path: '/v1/ssh/keys/forget',
    action: 'ssh.keys.forget',
    summary:
      'Lets registered keys and their certificates log nobody in any more; sessions that are open go on. 404 where nothing listens for SSH.',
    body: sshForgetBody,
  },
} as const satisfies { readonly [name: string]: Route };
