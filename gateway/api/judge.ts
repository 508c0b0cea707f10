import type { AdminAction, AdminCommand } from '../contract/command.ts';
import type { Decided } from '../contract/decided.ts';
import type { Decision } from '../contract/decision.ts';
import type { AuditEffect, AuditEvent, AuditType, Durability } from '../contract/event.ts';
import type { RequestId, SessionId } from '../contract/ids.ts';
import { keptJudgement, keptUnder } from '../contract/kept.ts';
import { asId } from '../contract/ids.ts';
import type { SessionFrame } from '../contract/ports.ts';
import type { Client, Json, Login, Principal } from '../contract/principal.ts';
import type { ApiPorts } from './ports.ts';
import { problem } from './problem.ts';
import type { Problem } from './problem.ts';

/** One call of one proven caller. */
export interface Call {
  readonly principal: Principal;
  /** The proof of it, with its end. */
  readonly login: Login;
  readonly client: Client;
  readonly requestId: RequestId;
  /** Method, path and query, for policy and log. */
  readonly text: string;
}

/** What a call is about. */
export interface Subject {
  readonly kind: 'approval' | 'session' | 'audit' | 'policy' | 'ssh_key' | 'ssh_code' | 'target';
  /** `*` for a list. */
  readonly id: string;
  /** Whose hold or session it is; empty for what is nobody's. */
  readonly owner: string;
  /** The session it belongs to, if any: the log finds it by that. */
  readonly session?: string;
}

export interface Released {
  readonly ok: true;
  /** How many entries an answer may have at most, if policy says so. */
  readonly maxRows: number;
}

/**
 * Puts one call before policy and into the log, in that order, and only then says go on. Administrators get no other way.
 * @throws SallyportError `audit-unwritable`: then the call must not be made
 */
export async function judge(
  ports: ApiPorts,
  call: Call,
  action: AdminAction,
  subject: Subject,
  durability: Durability,
): Promise<Released | Problem> {
  const decided = decide(ports, call, action, subject);
  const { decision } = decided;
  const refusal = refusalOf(decision, action, call.principal.id);
  const detail = { [keptUnder]: keptJudgement(decided) };
  const event = eventOf(ports, call, action, subject, { effect: refusal ? 'deny' : 'allow', decision, detail });
  await ports.audit.append(event, durability);
  ports.decided?.({ ...decided, effect: refusal ? 'deny' : 'allow' });
  for (const { kind, channel } of decision.findings) {
    if (kind === 'notify' && channel !== undefined) ports.notify?.send(channel, event);
  }
  return refusal ?? { ok: true, maxRows: decision.limits.rows ?? Infinity };
}

/** Logs that a released call came to nothing: the room it was for said no. */
export async function logRefused(
  ports: ApiPorts,
  call: Call,
  action: AdminAction,
  subject: Subject,
  why: string,
): Promise<void> {
  await ports.audit.append(eventOf(ports, call, action, subject, { effect: 'refused', detail: { why } }), 'written');
}

/** A token that was not believed, for the log. Nothing of the token is in it. */
export async function logStranger(ports: ApiPorts, client: Client, requestId: RequestId, why: string): Promise<void> {
  await ports.audit.append(
    {
      type: 'login.refused',
      time: new Date(ports.clock.now()).toISOString(),
      identity: '-',
      session: '',
      request: requestId,
      target: ports.target.name,
      action: 'api',
      effect: 'refused',
      command: '',
      revision: '',
      findings: [],
      detail: { why, ip: client.ip },
    },
    'written',
  );
}

function decide(
  ports: ApiPorts,
  call: Call,
  action: AdminAction,
  { kind, id, owner }: Subject,
): Omit<Decided, 'effect'> {
  const nowMs = ports.clock.now();
  const command: AdminCommand = {
    protocol: 'admin',
    action,
    effects: [action],
    text: call.text,
    labels: [],
    analysis: { complete: true, reasons: [] },
    resource: { kind, id, owner },
  };
  // A call is a session of its own: no state of one call bears on the next.
  const frame: SessionFrame = {
    id: asId<SessionId>(call.requestId),
    principal: call.principal,
    target: ports.target,
    client: call.client,
    startedAtMs: nowMs,
  };
  const started_at = new Date(nowMs).toISOString();
  const facts = { id: frame.id, started_at, commands: 0, rows_returned: 0, denials: 0, labels_read: [], lookups: 0 };
  const key = JSON.stringify(command);
  const { requestId } = call;
  using session = ports.policy.openSession(frame);
  const startMs = performance.now();
  const decision = session.decide(command, key, requestId, facts);
  const tookMs = performance.now() - startMs;
  const texts = { text: command.text, params: [], outline: command.text };
  const around = { session: facts, minuteMs: session.minuteMs, approval: undefined };
  return { frame, requestId, command, key, around, decision, texts, atMs: nowMs, tookMs };
}

/** Only a plain allow lets a call through: the API can mask nothing, hold nothing and cut no bytes. */
function refusalOf(decision: Decision, action: AdminAction, who: string): Problem | undefined {
  const { effect, findings, limits } = decision;
  if (effect !== 'allow') {
    const finding = findings.find(({ kind }) => kind === 'deny' || kind === 'approve');
    if (finding) return problem('denied', `denied by policy: ${finding.msg} [${finding.id}]`, finding.hint);
    const hint = 'Ask for access, or for a rule in rules.admin that allows it.';
    return problem('denied', `denied by policy: no rule allows ${who} to do this (${action})`, hint);
  }
  const impossible = Object.keys(decision.masks).length > 0 || limits.bytes !== undefined;
  return impossible
    ? problem('denied', 'denied: policy asks for a mask or a limit that this call cannot carry')
    : undefined;
}

function eventOf(
  ports: ApiPorts,
  call: Call,
  action: AdminAction,
  subject: Subject,
  end: {
    readonly effect: AuditEffect;
    readonly decision?: Decision;
    readonly detail: { readonly [key: string]: Json };
  },
): AuditEvent {
  const { kind, id, owner, session = '' } = subject;
  const isReading = action === 'sessions.replay' || action === 'sessions.watch';
  const type: AuditType = isReading ? 'recording.read' : 'admin';
  return {
    type,
    time: new Date(ports.clock.now()).toISOString(),
    identity: call.principal.id,
    session,
    request: call.requestId,
    target: ports.target.name,
    action,
    effect: end.effect,
    command: call.text,
    revision: end.decision?.revision ?? '',
    findings: end.decision?.findings.map((finding) => finding.id) ?? [],
    detail: { kind, id, owner, ip: call.client.ip, ...end.detail },
  };
}
