import type { ConnectCommand } from '../contract/command.ts';
import type { Decided, Witness } from '../contract/decided.ts';
import type { AuditEvent } from '../contract/event.ts';
import type { Admission, AdmissionRequest, Admitted } from '../contract/gate.ts';
import { asId, type RequestId, type SessionId } from '../contract/ids.ts';
import { keptJudgement, keptUnder } from '../contract/kept.ts';
import type {
  Approvals,
  Audit,
  Clock,
  Masks,
  Notify,
  Policy,
  PolicySession,
  Recordings,
  SessionFrame,
} from '../contract/ports.ts';
import type { Client, Principal, Protocol, Target } from '../contract/principal.ts';
import { denialOf } from './denials.ts';
import { findingIds, sessionEvents, timestamp } from './events.ts';
import { SessionGate } from './gate.ts';
import { LookUps } from './look-ups.ts';
import { SessionTally } from './session-tally.ts';

export interface AdmissionPorts {
  readonly targets: (name: string, protocol: Protocol) => Target | undefined;
  readonly policy: Policy;
  readonly audit: Audit;
  readonly recordings: Recordings;
  readonly approvals: Approvals;
  readonly masks: Masks;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly nextId: () => RequestId;
  readonly decided: Witness;
  /** Told of an entry that could not be written after its session was ended. For the log. */
  readonly fault: (error: unknown) => void;
  /** False only where the configuration says, loudly, that a session may outlive its token. */
  readonly endWithToken: boolean;
  /** No session lasts longer, from its admission on. */
  readonly totalMs: number;
}

/** A log-in says nothing but the names that its audit entry has. */
const noTexts = { text: '', params: [], outline: '' };

/** What the log has of an answer of `rules.session`: all that it was made of, because no recording has it. */
function connectEntry(answer: Decided, about: AuditEvent['detail']): Partial<AuditEvent> {
  const { requestId, effect, decision } = answer;
  const fields = { request: requestId, action: 'connect', effect, revision: decision.revision };
  return { ...fields, findings: findingIds(decision), detail: { ...about, [keptUnder]: keptJudgement(answer) } };
}

/** Admission, and what is asked of it from outside the doors. */
export interface OpenAdmission extends Admission {
  /** Whether policy would admit them now. Nothing is opened, and nothing is on record: it is a forecast. */
  admits(request: Forecast): boolean;
  /** Asks again about every session: policy has changed. */
  recheck(): void;
  readonly sessions: ReadonlySet<SessionGate>;
}

interface Forecast extends Pick<AdmissionRequest, 'protocol' | 'target' | 'user' | 'client'> {
  readonly principal: Principal;
}

/** Opens and closes the first door: who may have a session on which target, and for how long. */
export function openAdmission(ports: AdmissionPorts): OpenAdmission {
  const lookUps = new LookUps();
  const sessions = new Set<SessionGate>();
  const rechecks = new Map<SessionGate, () => void>();
  return { admit, admits, refusedLogin, recheck, sessions };

  async function admit(request: AdmissionRequest): Promise<Admitted> {
    const startedAtMs = ports.clock.now();
    const target = ports.targets(request.target, request.protocol);
    const { client } = request;
    const { principal } = request.login;
    const named: Target = target ?? { name: request.target, protocol: request.protocol, labels: {} };
    const frame: SessionFrame = { id: request.id, principal, target: named, client, startedAtMs };
    const event = sessionEvents(frame, () => ports.clock.now());
    if (!target) {
      const detail = { why: 'no such target', ip: client.ip };
      await ports.audit.append(event('login.refused', { action: 'connect', effect: 'refused', detail }), 'written');
      return {
        ok: false,
        code: 'no_target',
        message: `there is no target "${request.target}" for ${request.protocol}`,
      };
    }
    const policy = ports.policy.openSession(frame);
    let admitted = false;
    try {
      const answer = decideConnect(policy, frame, request.user);
      const { decision, requestId } = answer;
      const { issuer, auth } = principal;
      const about = { user: request.user, ip: client.ip, application: client.application, issuer, method: auth.method };
      const entry = connectEntry(answer, about);
      await ports.audit.append(event(answer.effect === 'allow' ? 'session.start' : 'login.refused', entry), 'written');
      ports.decided(answer);
      if (answer.effect === 'deny') {
        const no = denialOf(decision, requestId);
        const refusal = { ok: false, code: 'denied', message: no.message } as const;
        return no.hint === undefined ? refusal : { ...refusal, hint: no.hint };
      }
      const recorder = await ports.recordings.open(frame);
      const gate = new SessionGate(frame, { ...ports, policy, recorder, lookUps });
      admitted = true;
      watch(gate, request, policy);
      return { ok: true, gate };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { ok: false, code: 'unavailable', message: `no session: ${why}` };
    } finally {
      if (!admitted) policy[Symbol.dispose]();
    }
  }

  function admits({ principal, client, user, ...to }: Forecast): boolean {
    const target = ports.targets(to.target, to.protocol);
    if (!target) return false;
    const id = asId<SessionId>(ports.nextId());
    const frame: SessionFrame = { id, principal, target, client, startedAtMs: ports.clock.now() };
    using policy = ports.policy.openSession(frame);
    return decideConnect(policy, frame, user).effect === 'allow';
  }

  function decideConnect(policy: PolicySession, frame: SessionFrame, user: string): Decided {
    const command: ConnectCommand = {
      protocol: 'session',
      action: 'connect',
      effects: ['connect'],
      text: '',
      labels: [],
      analysis: { complete: true, reasons: [] },
      user,
    };
    const requestId = ports.nextId();
    const key = `connect ${user}`;
    const session = new SessionTally(frame, lookUps).facts;
    const atMs = ports.clock.now();
    const startMs = performance.now();
    const decision = policy.decide(command, key, requestId, session);
    const tookMs = performance.now() - startMs;
    const around = { session, minuteMs: policy.minuteMs, approval: undefined };
    const effect = decision.effect === 'allow' ? 'allow' : 'deny';
    return { frame, requestId, decision, effect, command, key, around, texts: noTexts, atMs, tookMs };
  }

  /** A session ends when its token does, when policy, asked again after a change, no longer admits it, and when its time is up. */
  function watch(gate: SessionGate, request: AdmissionRequest, policy: PolicySession): void {
    sessions.add(gate);
    const expiry = ports.endWithToken
      ? at(request.login.expiresAtMs, () => gate.terminate('session ended: the token has expired; log in again'))
      : undefined;
    const { totalMs } = ports;
    const why = `session ended: it has lasted ${totalMs / 1_000} s, the longest that one may (sessions.total_s); connect again`;
    const total = at(gate.frame.startedAtMs + totalMs, () => gate.terminate(why));
    rechecks.set(gate, () => {
      const answer = decideConnect(policy, gate.frame, request.user);
      if (answer.effect === 'allow') return;
      const entry = sessionEvents(gate.frame, () => ports.clock.now())('decision', connectEntry(answer, {}));
      // Written before this returns; and if it cannot be, the session ends all the same.
      const written = async () => ports.audit.append(entry, 'written');
      written().catch(ports.fault);
      gate.terminate('session ended: policy no longer admits it');
      ports.decided(answer);
    });
    gate.ending.addEventListener('abort', () => {
      expiry?.[Symbol.dispose]();
      total[Symbol.dispose]();
      sessions.delete(gate);
      rechecks.delete(gate);
    });
  }

  function at(atMs: number, act: () => void): Disposable {
    // A timer holds at most 2^31-1 ms, and a suspended machine wakes late: look at the clock, do not trust the timer.
    const longestMs = 60_000;
    let timer: NodeJS.Timeout;
    const check = () => {
      const leftMs = atMs - ports.clock.now();
      if (leftMs <= 0) act();
      else timer = setTimeout(check, Math.min(leftMs, longestMs)).unref();
    };
    timer = setTimeout(check, 0).unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  }

  function recheck(): void {
    for (const again of [...rechecks.values()]) again();
  }

  function refusedLogin(protocol: Protocol, client: Client, why: string): void {
    const wait = ports.audit.append(
      {
        type: 'login.refused',
        time: timestamp(ports.clock.now()),
        identity: '-',
        session: '',
        request: '',
        target: '',
        action: 'login',
        effect: 'refused',
        command: '',
        revision: '',
        findings: [],
        detail: { why, ip: client.ip, application: client.application, protocol },
      },
      'written',
    );
    // 'written' has happened when append returns; a promise would only add the flush.
    void wait;
  }
}
