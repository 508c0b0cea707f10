import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Decision } from '../contract/decision.ts';
import type { AuditEvent } from '../contract/event.ts';
import type { AdmissionRequest } from '../contract/gate.ts';
import { asId, type Revision, type SessionId } from '../contract/ids.ts';
import { settled } from '../testing/settled.ts';
import { type AdmissionPorts, openAdmission } from './admission.ts';
import { openIds } from './request-id.ts';

const base = { revision: asId<Revision>('r1'), masks: {}, approval: null, limits: {} };
const allow: Decision = { ...base, effect: 'allow', findings: [] };
const deny: Decision = {
  ...base,
  effect: 'deny',
  findings: [{ kind: 'deny', id: 'SE-1', msg: 'not from here', hint: 'Use the VPN.' }],
};
const hold: Decision = {
  ...base,
  effect: 'require_approval',
  findings: [],
  approval: { rules: ['SE-2'], groups: ['dba'], quorum: 1, ttl_s: 60, scope: 'once' },
};

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

/** Admission with every port watched. */
function setUp(over: Partial<AdmissionPorts> = {}) {
  const audit: AuditEvent[] = [];
  const state = { decision: allow, openSessions: 0, recordings: 0 };
  const ports: AdmissionPorts = {
    targets: (name) => (name === 'crm' ? { name, protocol: 'postgres', labels: {} } : undefined),
    policy: {
      openSession: () => {
        state.openSessions++;
        return { decide: () => state.decision, minuteMs: 0, [Symbol.dispose]: () => void state.openSessions-- };
      },
    },
    audit: {
      append(event) {
        audit.push(event);
        return undefined;
      },
    },
    recordings: {
      async open() {
        state.recordings++;
        const close = async () => void state.recordings--;
        return {
          command: () => undefined,
          result: () => undefined,
          end: () => undefined,
          hold: () => undefined,
          close,
        };
      },
    },
    approvals: { open: () => Promise.reject(new Error('nothing is held here')) },
    masks: { cellMask: () => ({ method: 'redact', room: (n) => n, write: () => -1 }) },
    notify: { send: () => undefined },
    clock: { now: () => Date.now() },
    nextId: openIds(() => Date.now()),
    decided: () => undefined,
    fault: (error) => {
      throw error;
    },
    endWithToken: true,
    totalMs: 86_400_000,
    ...over,
  };
  return { admission: openAdmission(ports), ports, audit, state };
}

function request(target = 'crm', livesMs = 3_600_000): AdmissionRequest {
  const auth = { method: 'jwt', at: '' } as const;
  return {
    id: asId<SessionId>('s1'),
    login: {
      principal: { id: 'ana', kind: 'human', issuer: 'i', groups: [], claims: {}, acts_for: [], auth },
      expiresAtMs: Date.now() + livesMs,
    },
    protocol: 'postgres',
    target,
    user: 'app',
    client: { ip: '127.0.0.1', application: 'psql' },
  };
}

async function admitted(admission: ReturnType<typeof openAdmission>, livesMs?: number) {
  const answer = await admission.admit(request('crm', livesMs));
  if (!answer.ok) throw new Error(answer.message);
  return answer.gate;
}

describe('who gets a session', () => {
  test('a yes is in the log before there is a session, and a recording is open', async () => {
    const { admission, audit, state } = setUp();
    const gate = await admitted(admission);
    expect(audit).toMatchObject([{ type: 'session.start', effect: 'allow', identity: 'ana', target: 'crm' }]);
    expect(state).toMatchObject({ openSessions: 1, recordings: 1 });
    await gate.end('client left');
    expect(audit.at(-1)).toMatchObject({ type: 'session.end', detail: { reason: 'client left' } });
    expect(state).toMatchObject({ openSessions: 0, recordings: 0 });
    expect(admission.sessions.size).toBe(0);
  });

  test('whom policy would admit can be asked, and opens nothing and is on no record', () => {
    const { admission, audit, state } = setUp();
    const { login, ...asked } = request();
    const forecast = { ...asked, principal: login.principal };
    expect(admission.admits(forecast)).toBe(true);
    expect(admission.admits({ ...forecast, target: 'other' })).toBe(false);
    state.decision = deny;
    expect(admission.admits(forecast)).toBe(false);
    state.decision = hold;
    expect(admission.admits(forecast)).toBe(false);
    expect(audit).toEqual([]);
    expect(state).toMatchObject({ openSessions: 0, recordings: 0 });
    expect(admission.sessions.size).toBe(0);
  });

  test('a no says which rule and what to do, and is in the log', async () => {
    const { admission, audit, state } = setUp();
    state.decision = deny;
    const answer = await admission.admit(request());
    expect(answer).toMatchObject({ ok: false, code: 'denied', hint: 'Use the VPN.' });
    expect(answer).toHaveProperty('message', expect.stringContaining('not from here [SE-1]'));
    expect(audit).toMatchObject([{ type: 'login.refused', effect: 'deny', findings: ['SE-1'] }]);
    expect(state).toMatchObject({ openSessions: 0, recordings: 0 });
  });

  test('nobody logs in to wait for an approval: it is a no', async () => {
    const { admission, audit, state } = setUp();
    state.decision = hold;
    expect(await admission.admit(request())).toMatchObject({ ok: false, code: 'denied' });
    expect(audit).toMatchObject([{ type: 'login.refused', effect: 'deny' }]);
  });

  test('a target that does not exist is refused and logged under the name that was asked for', async () => {
    const { admission, audit } = setUp();
    expect(await admission.admit(request('nosuch'))).toMatchObject({ ok: false, code: 'no_target' });
    expect(audit).toMatchObject([{ type: 'login.refused', target: 'nosuch', identity: 'ana' }]);
  });

  test.each([
    ['the log', { audit: { append: () => Promise.reject(new Error('disk full')) } }],
    ['the recording', { recordings: { open: () => Promise.reject(new Error('disk full')) } }],
  ] as const)('when %s cannot be written, there is no session', async (_what, over) => {
    const { admission, state } = setUp(over);
    expect(await admission.admit(request())).toMatchObject({ ok: false, code: 'unavailable' });
    expect(admission.sessions.size).toBe(0);
    expect(state.openSessions).toBe(0);
  });

  test('a login that failed is logged with its reason and without an identity', () => {
    const { admission, audit } = setUp();
    admission.refusedLogin('postgres', { ip: '192.0.2.1', application: 'psql' }, 'signature does not match');
    expect(audit).toMatchObject([
      { type: 'login.refused', identity: '-', detail: { why: 'signature does not match', ip: '192.0.2.1' } },
    ]);
  });
});

describe('how a session ends', () => {
  test('with its token, to the millisecond and not before', async () => {
    const { admission } = setUp();
    const gate = await admitted(admission, 90_000);
    await vi.advanceTimersByTimeAsync(89_999);
    expect(gate.ending.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(gate.ending.reason).toContain('token has expired');
    expect(admission.sessions.size).toBe(0);
  });

  test('with its token even when that lives longer than a timer can count', async () => {
    const { admission } = setUp();
    const days = 86_400_000;
    const gate = await admitted(admission, 30 * days);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(gate.ending.aborted).toBe(false);
    // A suspended machine: the clock has jumped, the timers have not.
    vi.setSystemTime(Date.now() + 31 * days);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(gate.ending.aborted).toBe(true);
  });

  test('outlives its token only where the configuration says so', async () => {
    const { admission } = setUp({ endWithToken: false });
    const gate = await admitted(admission, 1_000);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(gate.ending.aborted).toBe(false);
    await gate.end('client left');
  });

  test('when it has lasted as long as one may, with all that runs, and the log says which limit that is', async () => {
    const { admission, audit } = setUp({ totalMs: 90_000 });
    const gate = await admitted(admission);
    await vi.advanceTimersByTimeAsync(89_999);
    expect(gate.ending.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const why = 'session ended: it has lasted 90 s, the longest that one may (sessions.total_s); connect again';
    expect(gate.ending.reason).toBe(why);
    await gate.end(why);
    expect(audit.at(-1)).toMatchObject({ type: 'session.end', detail: { reason: why } });
  });

  test('one that is over waits for nothing any more', async () => {
    const { admission } = setUp();
    const gate = await admitted(admission);
    await vi.advanceTimersByTimeAsync(1);
    await gate.end('client left');
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    ['denies', deny],
    ['wants an approval', hold],
  ])('when policy, asked again, %s', async (_what, decision) => {
    const { admission, audit, state } = setUp();
    const gate = await admitted(admission);
    admission.recheck();
    expect(gate.ending.aborted).toBe(false);
    state.decision = decision;
    admission.recheck();
    expect(gate.ending.reason).toContain('no longer admits');
    const { effect, findings } = decision;
    expect(audit.find(({ type }) => type === 'decision')).toMatchObject({
      action: 'connect',
      effect: 'deny',
      detail: { judged: { principal: { id: 'ana' }, facts: { user: 'app' }, decision: { effect, findings } } },
    });
  });

  test('when policy, asked again, says no and the log cannot be written: the fault is told, and the session ends', async () => {
    const faults: unknown[] = [];
    const { admission, state, ports } = setUp({ fault: (error) => void faults.push(error) });
    const gate = await admitted(admission);
    ports.audit.append = () => {
      throw new Error('disk full');
    };
    state.decision = deny;
    admission.recheck();
    expect(gate.ending.reason).toContain('no longer admits');
    await vi.waitFor(() => expect(faults).toMatchObject([{ message: 'disk full' }]), settled);
  });

  test('one that is over is not asked about again', async () => {
    const { admission, state } = setUp();
    const gate = await admitted(admission);
    await gate.end('client left');
    state.decision = deny;
    admission.recheck();
    expect(gate.ending.reason).toBe('client left');
  });
});
