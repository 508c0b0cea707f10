import { z } from 'zod';
import { auditTypes } from '../contract/event.ts';
import { effects } from '../contract/decision.ts';
import { type HoldRecord, holdStatuses } from '../contract/hold.ts';
import { directions } from '../policy/compare/compare.ts';
import { outcomes } from '../policy/shadow/report.ts';
import type { AuditEntry, Session, TargetOnList } from './ports.ts';

/** What the API answers. The server writes these shapes and the client reads them; times are RFC 3339. */
const time = z.iso.datetime();

const who = z.object({ id: z.string(), kind: z.enum(['human', 'agent']), acts_for: z.array(z.string()) });

export const holdView = z.object({
  id: z.string(),
  status: z.enum(holdStatuses),
  requester: who,
  target: z.string(),
  session: z.string(),
  request: z.string(),
  actions: z.array(z.string()),
  /** The commands, with secrets and labelled literals blanked. */
  texts: z.array(z.string()),
  /** Why it is held. */
  messages: z.array(z.string()),
  digest: z.string(),
  rules: z.array(z.string()),
  groups: z.array(z.string()),
  quorum: z.number(),
  scope: z.enum(['once', 'session']),
  revision: z.string(),
  opened_at: time,
  expires_at: time,
  approvals: z.array(z.object({ by: z.string(), reason: z.string(), at: time })),
  resolved_at: time.nullable(),
  resolved_by: z.array(z.string()),
  reason: z.string(),
});
export type HoldView = z.infer<typeof holdView>;

export const decidedView = z.object({
  status: z.enum(['open', 'approved', 'refused']),
  approvals: z.number(),
  quorum: z.number(),
});
export type DecidedView = z.infer<typeof decidedView>;

export const sessionView = z.object({
  id: z.string(),
  principal: who,
  target: z.string(),
  protocol: z.string(),
  client: z.object({ ip: z.string(), application: z.string() }),
  started_at: time,
  ended_at: time.nullable(),
  end_reason: z.string().nullable(),
  /** So far, while it is open; null where this gateway does not know. */
  commands: z.number().nullable(),
  denials: z.number().nullable(),
  rows: z.number().nullable(),
  /** The closed recording; null while it is open. */
  recording: z.object({ digest: z.string(), bytes: z.number() }).nullable(),
});
export const sessionEndedView = z.object({ session: z.string() });
export type SessionView = z.infer<typeof sessionView>;

export const targetView = z.object({
  name: z.string(),
  protocol: z.string(),
  /** What policy goes by. */
  labels: z.record(z.string(), z.string()),
  /** What clients give as database: the target's name, or one of its databases; empty for hosts. */
  databases: z.array(z.string()),
  /** Those that would admit the caller; every one of all targets. */
  logins: z.array(z.string()),
  /** The login of clients that name none; null where they have to. */
  default_login: z.string().nullable(),
  /** Where it is and how it does: of all targets only, null otherwise. */
  state: z
    .object({
      address: z.string(),
      /** Open on this gateway. */
      sessions: z.number(),
      /** How the gateway's last connection to it went; null before the first. */
      last_connect: z.object({ at: time, ok: z.boolean() }).nullable(),
    })
    .nullable(),
});
export type TargetView = z.infer<typeof targetView>;

export const auditEntryView = z.object({
  index: z.number(),
  type: z.enum(auditTypes),
  time: z.string(),
  identity: z.string(),
  session: z.string(),
  request: z.string(),
  target: z.string(),
  action: z.string(),
  effect: z.string(),
  command: z.string(),
  revision: z.string(),
  findings: z.array(z.string()),
  detail: z.record(z.string(), z.json()),
});
export type AuditEntryView = z.infer<typeof auditEntryView>;

export const shadowReportView = z.object({
  state: z.enum(['waiting', 'judging', 'stopped']),
  revision: z.string(),
  against: z.string(),
  labels_differ: z.boolean(),
  label_changes: z.array(
    z.object({ target: z.string(), column: z.string(), from: z.array(z.string()), to: z.array(z.string()) }),
  ),
  refused: z.string(),
  stopped: z.string(),
  counts: z.object({
    since: time,
    outcomes: z.record(z.enum(outcomes), z.number()),
    seconds: z.number(),
    failure: z.string(),
    groups: z.array(
      z.object({
        change: z.enum(directions),
        from: z.enum(effects),
        to: z.enum(effects),
        loosened: z.array(z.string()),
        tightened: z.array(z.string()),
        rules: z.array(z.string()),
        principal: z.string(),
        target: z.string(),
        fingerprint: z.string(),
        count: z.number(),
        first: time,
        last: time,
        /** Texts with what may hold a labelled value blanked. */
        examples: z.array(z.object({ request: z.string(), session: z.string(), text: z.string() })),
      }),
    ),
    ungrouped: z.number(),
  }),
});
export type ShadowReportView = z.infer<typeof shadowReportView>;

export const problemView = z.object({
  code: z.string(),
  detail: z.string(),
  hint: z.string().optional(),
  status: z.number(),
  request_id: z.string(),
});

export function viewHold(hold: HoldRecord): HoldView {
  const { frame, terms } = hold;
  return {
    id: hold.id,
    status: hold.status,
    requester: viewWho(frame),
    target: frame.target.name,
    session: frame.id,
    request: hold.requestId,
    actions: [...hold.actions],
    texts: [...hold.texts],
    messages: [...hold.messages],
    digest: hold.digest,
    rules: [...terms.rules],
    groups: [...terms.groups],
    quorum: terms.quorum,
    scope: terms.scope,
    revision: hold.revision,
    opened_at: iso(hold.openedAtMs),
    expires_at: iso(hold.expiresAtMs),
    approvals: hold.approvals.map(({ approver, reason, atMs }) => ({ by: approver, reason, at: iso(atMs) })),
    resolved_at: hold.resolvedAtMs === null ? null : iso(hold.resolvedAtMs),
    resolved_by: [...hold.resolvedBy],
    reason: hold.reason,
  };
}

export const sshKeyView = z.object({
  fingerprint: z.string(),
  principal: z.string(),
  expires_at: z.string(),
  /** A certificate over the key, as `id_ed25519-cert.pub` has it. */
  certificate: z.string(),
  /** What the gateway itself is known by: a line of known_hosts without the name. */
  host_key: z.string(),
  /** The key that vouches for every host key of the gateway, and for the certificate. */
  authority: z.string(),
});
export type SshKeyView = z.infer<typeof sshKeyView>;

export const sshCodeView = z.object({
  code: z.string(),
  target: z.string(),
  principal: z.string(),
  expires_at: z.string(),
});

export const sshKeysForgottenView = z.object({ principal: z.string(), forgotten: z.number() });

export function viewSession(session: Session): SessionView {
  const { frame, recordingDigest: digest, recordingBytes: bytes } = session;
  return {
    id: session.id,
    principal: viewWho(frame),
    target: frame.target.name,
    protocol: frame.target.protocol,
    client: { ...frame.client },
    started_at: iso(session.startedAtMs),
    ended_at: session.endedAtMs === null ? null : iso(session.endedAtMs),
    end_reason: session.endReason,
    ...(session.counts ?? { commands: null, denials: null, rows: null }),
    recording: digest === null || bytes === null ? null : { digest, bytes },
  };
}

/** @param state whether the caller may see where it is */
export function viewTarget(target: TargetOnList, logins: readonly string[], state: boolean): TargetView {
  const { lastConnect } = target;
  return {
    name: target.name,
    protocol: target.protocol,
    labels: { ...target.labels },
    databases: [...target.databases],
    logins: [...logins],
    default_login: target.defaultLogin ?? null,
    state: state
      ? {
          address: target.address,
          sessions: target.sessions,
          last_connect: lastConnect ? { at: iso(lastConnect.atMs), ok: lastConnect.ok } : null,
        }
      : null,
  };
}

export function viewAuditEntry({ index, event }: AuditEntry): { readonly index: number } & AuditEntry['event'] {
  return { index, ...event };
}

function viewWho({ principal }: HoldRecord['frame']): HoldView['requester'] {
  return { id: principal.id, kind: principal.kind, acts_for: [...principal.acts_for] };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
