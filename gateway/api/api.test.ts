import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AdminCommand, Command } from '../contract/command.ts';
import type { Decision, Finding } from '../contract/decision.ts';
import { SallyportError } from '../contract/errors.ts';
import type { AuditEvent } from '../contract/event.ts';
import { asId } from '../contract/ids.ts';
import type { HoldId, RequestId, Revision, SessionId } from '../contract/ids.ts';
import type { HoldRecord } from '../contract/hold.ts';
import type { SessionFrame } from '../contract/ports.ts';
import { frame as readerFrame } from '../testing/commands.ts';
import type { Principal } from '../contract/principal.ts';
import { ShadowTally } from '../policy/shadow/report.ts';
import type { ShadowReport } from '../policy/shadow/shadow.ts';
import { policyStatus } from '../testing/policy-status.ts';
import { tlsPair } from '../testing/tls.ts';
import { apiClient } from './client.ts';
import type { ApiPorts, Session, TargetOnList } from './ports.ts';
import { routes } from './routes.ts';
import { openApi } from './server.ts';
import type { Api } from './server.ts';

const nowMs = Date.UTC(2026, 5, 1);
const id = '01J00000000000000000000000';
const unknownId = '01J00000000000000000000001';
const digest = 'd'.repeat(64);

const dora: Principal = {
  id: 'dora',
  kind: 'human',
  issuer: 'https://idp',
  groups: ['dba'],
  claims: {},
  acts_for: [],
  auth: { method: 'jwt', at: '2026-06-01T00:00:00.000Z' },
};
const frame: SessionFrame = {
  ...readerFrame({ ...dora, id: 'bot', kind: 'agent', acts_for: ['ana'], claims: { secret: 'claim' } }),
  id: asId<SessionId>(id),
  startedAtMs: nowMs,
};
const hold: HoldRecord = {
  id: asId<HoldId>(id),
  frame,
  requestId: 'R1',
  actions: ['ddl'],
  texts: ['drop table customers'],
  messages: ['schema change [PG-100]'],
  digest,
  terms: { rules: ['PG-100'], groups: ['dba'], quorum: 1, ttl_s: 600, scope: 'once' },
  revision: 'r1',
  openedAtMs: nowMs,
  expiresAtMs: nowMs + 600_000,
  status: 'open',
  approvals: [],
  resolvedAtMs: null,
  resolvedBy: [],
  reason: '',
};
const session: Session = {
  id: frame.id,
  frame,
  startedAtMs: nowMs,
  endedAtMs: null,
  endReason: null,
  counts: { commands: 2, denials: 1, rows: 3 },
  recordingDigest: null,
  recordingBytes: null,
};
const allowed: Decision = {
  effect: 'allow',
  revision: asId<Revision>('r1'),
  findings: [],
  masks: {},
  approval: null,
  limits: {},
};
const shadowed: ShadowReport = {
  state: 'judging',
  revision: 'r2',
  against: 'r1',
  labels_differ: false,
  label_changes: [],
  refused: '',
  stopped: '',
  counts: new ShadowTally(nowMs).counts(10),
};
const event: AuditEvent = {
  type: 'decision',
  time: '2026-06-01T00:00:00.000Z',
  identity: 'bot',
  session: id,
  request: 'R1',
  target: 'crm',
  action: 'ddl',
  effect: 'deny',
  command: 'drop table customers',
  revision: 'r1',
  findings: ['PG-100'],
  detail: {},
};

const listed: readonly TargetOnList[] = [
  {
    ...{
      name: 'crm',
      protocol: 'postgres',
      labels: { env: 'prod' },
      address: 'db:5432',
      databases: ['crm', 'crm/old'],
    },
    ...{ logins: ['app', 'owner'], defaultLogin: undefined, sessions: 2, lastConnect: { atMs: nowMs, ok: false } },
  },
  {
    ...{ name: 'web1', protocol: 'ssh', labels: {}, address: '[::1]:22', databases: [], logins: ['deploy'] },
    ...{ defaultLogin: 'deploy', sessions: 0, lastConnect: undefined },
  },
];

let decision: Decision;
let judged: Command[];
/** What happened, in order: log entries and deeds. */
let happened: string[];
let logged: AuditEvent[];
let ports: ApiPorts;
let api: Api;

beforeEach(async () => {
  decision = allowed;
  judged = [];
  happened = [];
  logged = [];
  let ids = 0;
  ports = {
    verify: async (token) =>
      token === 'dora'
        ? { ok: true, login: { principal: dora, expiresAtMs: nowMs + 1 } }
        : token === 'late'
          ? { ok: true, login: { principal: dora, expiresAtMs: nowMs } }
          : { ok: false, why: 'malformed', message: 'that is not a token' },
    policy: {
      openSession: () => ({
        decide: (command) => (judged.push(command), decision),
        minuteMs: 0,
        [Symbol.dispose]() {},
      }),
    },
    target: { name: 'gateway', protocol: 'postgres', labels: {} },
    audit: {
      append(entry, durability) {
        logged.push(entry);
        happened.push(`${entry.type} ${entry.action} ${entry.effect} ${durability}`);
        return undefined;
      },
    },
    approvals: {
      list: async () => (happened.push('list'), [hold]),
      show: async (wanted) => (wanted === id ? hold : undefined),
      approve: async (...args) => (
        happened.push(`approve ${args[1].id} ${args[3]}`),
        { ok: true, status: 'approved', approvals: 1, quorum: 1 }
      ),
      deny: async (...args) => (
        happened.push(`deny ${args[1].id} ${args[2]}`),
        { ok: true, status: 'refused', approvals: 0, quorum: 1 }
      ),
    },
    sessions: {
      list: async () => (happened.push('sessions'), [session]),
      get: async (wanted) => (wanted === id ? session : undefined),
    },
    readRecording: async () => (happened.push('read'), chunks('{"a":1}\n{"b"', ':2}\n')),
    watchRecording: async () => (happened.push('watch'), chunks('{"a":1}\n')),
    endSession: (id, why) => happened.push(`end ${id} ${why}`) > 0,
    targets: () => (happened.push('targets'), listed),
    admits: (principal, { ip }, target, login) =>
      `${principal.id} ${ip} ${target.name} ${login}` === 'dora 127.0.0.1 crm app',
    queryAudit: async (filter) => (happened.push(`query ${JSON.stringify(filter)}`), [{ index: 7, event }]),
    policyStatus: () => policyStatus,
    readyPolicy: () => ({ revision: 'r1', activated_at: policyStatus.activated_at, refused: null }),
    registerSshKey: (line, login) => (
      happened.push(`register ${line} ${login.principal.id}`),
      line === 'bad'
        ? 'it is no key'
        : {
            fingerprint: 'SHA256:x',
            certificate: 'cert AAAA',
            hostKey: 'ssh-ed25519 AAAA',
            authority: 'ssh-ed25519 BBBB',
          }
    ),
    issueSshCode: (target, login) => (
      happened.push(`code for ${target} to ${login.principal.id}`),
      target === 'gone' ? 'there is no such target' : { code: 'AAAAA', expiresAtMs: nowMs }
    ),
    forgetSshKeys: (principal, issuer) => (happened.push(`forget ${principal} of ${issuer ?? 'any'}`), 2),
    shadowReport: () => shadowed,
    readiness: async () => ({ policy: true, audit: true }),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    newRequestId: () => asId<RequestId>(`R${(ids += 1)}`),
    clock: { now: () => nowMs },
    log: { info() {}, warn() {}, error() {} },
  };
  api = await openApi({ host: '127.0.0.1', port: 0 }, ports);
});
afterEach(() => api[Symbol.asyncDispose]());

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function collect<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

const url = () => `http://127.0.0.1:${api.address.port}`;
const client = (token = 'dora') => apiClient({ url: url(), token: async () => token });

type Sent = Omit<RequestInit, 'headers'> & {
  readonly token?: string;
  readonly headers?: { readonly [name: string]: string };
};
function send(path: string, { token = 'dora', headers = {}, ...init }: Sent = {}) {
  return fetch(`${url()}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...headers } });
}
const json = { 'content-type': 'application/json' };
const approve = (body: unknown, headers: Record<string, string> = json) =>
  send(`/v1/approvals/${id}/approve`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  });

const bodies: { readonly [path: string]: object } = {
  '/v1/approvals/:id/approve': { digest },
  '/v1/ssh/codes': { target: 'web1' },
  '/v1/ssh/keys': { public_key: 'ssh-ed25519 AAAA' },
};
const guarded = Object.values(routes).filter((route) => route.action !== null);
const call = (route: (typeof guarded)[number], token: string) =>
  send(route.path.replace(':id', id), {
    method: route.method,
    token,
    ...(route.method === 'POST' && {
      headers: json,
      body: JSON.stringify(bodies[route.path] ?? {}),
    }),
  });

describe.each(guarded)('$method $path', (route) => {
  test('is refused without a token that is believed, and logged without it', async () => {
    const response = await call(route, 'forged-token');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    expect(await response.json()).toMatchObject({ code: 'unauthenticated', detail: 'that is not a token' });
    expect(happened).toEqual(['login.refused api refused written']);
    expect(JSON.stringify(logged)).not.toContain('forged-token');
    expect(judged).toEqual([]);
  });

  test('is refused to a token at its end', async () => {
    expect((await call(route, 'late')).status).toBe(401);
    expect(judged).toEqual([]);
  });

  test('asks policy about its action, and logs before it does anything', async () => {
    const response = await call(route, 'dora');
    expect(response.status).toBe(200);
    await response.text();
    expect(judged).toMatchObject([{ protocol: 'admin', action: route.action }]);
    expect(happened[0]).toMatch(/^(admin|recording\.read) .* allow (written|flushed)$/);
  });

  test.each<readonly [string, Partial<Decision>]>([
    ['denies', { effect: 'deny' }],
    ['masks', { effect: 'mask' }],
    ['asks for approval', { effect: 'require_approval' }],
    ['allows with a mask', { masks: { pii: 'redact' } }],
    ['allows with a limit of bytes', { limits: { bytes: 10 } }],
  ])('does nothing but log it when policy %s', async (_, change) => {
    const finding: Finding = { kind: 'deny', id: 'AD-001', msg: 'not you', hint: 'ask' };
    decision = { ...allowed, findings: [finding], ...change };
    const response = await call(route, 'dora');
    expect(response.status).toBe(403);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(happened).toHaveLength(1);
    expect(logged).toMatchObject([{ effect: 'deny', identity: 'dora', findings: ['AD-001'], action: route.action }]);
  });

  test('is not made when it cannot be logged', async () => {
    vi.spyOn(ports.audit, 'append').mockImplementation(() => {
      throw new SallyportError('audit-unwritable', 'disk full');
    });
    const response = await call(route, 'dora');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'not_recorded' });
    expect(happened).toEqual([]);
  });
});

test('a denial that no rule speaks for says who may not do what, and where a rule for it goes', async () => {
  decision = { ...allowed, effect: 'deny', findings: [] };
  const reply = await client().sessions.list();
  expect(reply).toMatchObject({
    ok: false,
    problem: {
      code: 'denied',
      detail: 'denied by policy: no rule allows dora to do this (sessions.list)',
      hint: 'Ask for access, or for a rule in rules.admin that allows it.',
    },
  });
});

test('a question about an effect that no entry can have is refused, and gets no empty answer', async () => {
  const reply = await client().audit.query({ effect: 'denied' });
  expect(reply).toMatchObject({ ok: false, problem: { code: 'bad_request' } });
  expect(reply).toHaveProperty('problem.detail', expect.stringContaining('"require_approval"'));
});

describe('an approval', () => {
  test('is judged with its requester as owner, flushed to the log, and then given', async () => {
    const reply = await client().approvals.approve(id, digest, 'fine');
    expect(reply).toEqual({ ok: true, value: { status: 'approved', approvals: 1, quorum: 1 } });
    expect(judged).toMatchObject([{ action: 'approvals.decide', resource: { kind: 'approval', id, owner: 'bot' } }]);
    expect(happened).toEqual(['admin approvals.decide allow flushed', 'approve dora fine']);
    expect(logged).toMatchObject([
      { session: id, request: 'R1', command: `POST /v1/approvals/${id}/approve`, detail: { id, ip: '127.0.0.1' } },
    ]);
  });

  test.each([
    ['own_request', 403, 'denied'],
    ['not_in_group', 403, 'denied'],
    ['not_a_person', 403, 'denied'],
    ['already_resolved', 409, 'conflict'],
    ['already_approved', 409, 'conflict'],
    ['digest_mismatch', 409, 'conflict'],
    ['not_found', 404, 'not_found'],
  ] as const)('that the room refuses (%s) is answered with %i and logged', async (why, status, code) => {
    vi.spyOn(ports.approvals, 'approve').mockResolvedValueOnce({ ok: false, why, message: 'no' });
    const reply = await client().approvals.approve(id, digest, '');
    expect(reply).toMatchObject({ ok: false, problem: { status, code, detail: 'no' } });
    expect(logged.at(-1)).toMatchObject({ effect: 'refused', detail: { why } });
  });

  test.each<readonly [string, unknown, Record<string, string>]>([
    ['no JSON', '{', json],
    ['no digest', {}, json],
    ['a digest of another form', { digest: 'D'.repeat(64) }, json],
    ['an unknown member', { digest, force: true }, json],
    ['a long reason', { digest, reason: 'x'.repeat(1_001) }, json],
    ['an escape sequence as reason', { digest, reason: '\u001b[2J' }, json],
    ['a form', `digest=${digest}`, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a type that browsers send unasked', JSON.stringify({ digest }), { 'content-type': 'text/plain' }],
  ])('with %s is a bad request', async (_, body, headers) => {
    expect((await approve(body, headers)).status).toBe(400);
    expect(happened).toEqual([]);
  });

  test('with a body over 16 KiB is refused unread', async () => {
    expect((await approve({ digest, reason: 'x'.repeat(17_000) })).status).toBe(413);
  });
});

describe('reading', () => {
  test('a hold shows what waits and nothing of the claims', async () => {
    const reply = await client().approvals.show(id);
    expect(reply).toMatchObject({
      ok: true,
      value: {
        id,
        digest,
        requester: { id: 'bot', kind: 'agent', acts_for: ['ana'] },
        texts: ['drop table customers'],
      },
    });
    expect(JSON.stringify(reply)).not.toContain('claim');
  });

  test('lists gives views of each', async () => {
    expect(await client().approvals.list({ status: 'open', limit: 5 })).toMatchObject({ ok: true, value: [{ id }] });
    expect(await client().sessions.list({ target: 'crm', open: true })).toMatchObject({
      ok: true,
      value: [{ id, commands: 2 }],
    });
    expect(await client().sessions.show(id)).toMatchObject({
      ok: true,
      value: { id, recording: null, ended_at: null },
    });
    expect(await client().policy.status()).toEqual({ ok: true, value: policyStatus });
    expect(await client().policy.shadow(5)).toEqual({ ok: true, value: shadowed });
  });

  test('targets are those that would admit the caller, with those logins and without addresses', async () => {
    const labels = { env: 'prod' };
    const mine = { name: 'crm', protocol: 'postgres', labels, databases: ['crm', 'crm/old'], logins: ['app'] };
    expect(await client().targets.list(false)).toEqual({
      ok: true,
      value: [{ ...mine, default_login: null, state: null }],
    });
    expect(judged).toMatchObject([{ action: 'targets.list', resource: { kind: 'target', id: '*', owner: 'dora' } }]);
  });

  test('all targets are another question to policy, and have addresses and what became of the last connection', async () => {
    const reply = await client().targets.list(true);
    expect(judged).toMatchObject([{ resource: { kind: 'target', id: '*', owner: '' } }]);
    expect(reply).toMatchObject({
      ok: true,
      value: [
        {
          name: 'crm',
          logins: ['app', 'owner'],
          state: { address: 'db:5432', sessions: 2, last_connect: { at: '2026-06-01T00:00:00.000Z', ok: false } },
        },
        { name: 'web1', default_login: 'deploy', state: { address: '[::1]:22', sessions: 0, last_connect: null } },
      ],
    });
    decision = { ...allowed, limits: { rows: 1 } };
    expect(await client().targets.list(true)).toMatchObject({ ok: true, value: [{ name: 'crm' }] });
  });

  test('a session that is over can be neither watched nor ended, and the answer says where it can be seen', async () => {
    vi.spyOn(ports.sessions, 'get').mockResolvedValue({ ...session, endedAtMs: nowMs });
    vi.spyOn(ports, 'watchRecording').mockResolvedValue(undefined);
    vi.spyOn(ports, 'endSession').mockReturnValue(false);
    const over = {
      ok: false,
      problem: { status: 404, detail: 'this session is over', hint: `What it was: sallyport sessions replay ${id}` },
    };
    expect(await client().sessions.watch(id)).toMatchObject(over);
    expect(await client().sessions.kill(id, '')).toMatchObject(over);
  });

  test('a look at an open session does not outlive the token of whoever looks', async () => {
    const now = vi.spyOn(ports.clock, 'now').mockReturnValue(nowMs);
    const left = vi.fn<() => void>();
    async function* lines() {
      try {
        yield Buffer.from('{"seen":1}\n');
        now.mockReturnValue(nowMs + 1);
        yield Buffer.from('{"unseen":1}\n');
        yield Buffer.from('{"unseen":2}\n');
      } finally {
        left();
      }
    }
    vi.spyOn(ports, 'watchRecording').mockResolvedValue(lines());
    const reply = await client().sessions.watch(id);
    if (!reply.ok) throw new Error(reply.problem.detail);
    const seen: string[] = [];
    for await (const line of reply.value) seen.push(line);
    expect(seen).toEqual(['{"seen":1}']);
    expect(left).toHaveBeenCalledOnce();
  });

  test('an open session that this gateway does not count has no counts', async () => {
    vi.spyOn(ports.sessions, 'get').mockResolvedValueOnce({ ...session, counts: null });
    expect(await client().sessions.show(id)).toMatchObject({ ok: true, value: { commands: null, rows: null } });
  });

  test('the log takes every filter', async () => {
    const filter = {
      since: '2026-06-01T00:00:00Z',
      identity: 'bot',
      type: 'decision',
      limit: 10,
      order: 'asc',
    } as const;
    expect(await client().audit.query(filter)).toEqual({ ok: true, value: [{ index: 7, ...event }] });
    expect(happened.at(-1)).toBe(
      'query {"identity":"bot","type":"decision","order":"asc","sinceMs":1780272000000,"limit":10}',
    );
  });

  test('a recording streams its lines, after an entry that says who read whose', async () => {
    const reply = await client().sessions.recording(id);
    const lines = reply.ok ? await collect(reply.value) : [];
    expect(lines).toEqual(['{"a":1}', '{"b":2}']);
    expect(happened).toEqual(['recording.read sessions.replay allow flushed', 'read']);
    expect(logged).toMatchObject([{ identity: 'dora', session: id, detail: { owner: 'bot' } }]);
  });

  test('a recording ends its source when the reader hangs up', async () => {
    const ended = Promise.withResolvers<void>();
    vi.spyOn(ports, 'readRecording').mockResolvedValueOnce(
      (async function* () {
        try {
          for (;;) yield Buffer.alloc(64 * 1024, '\n');
        } finally {
          ended.resolve();
        }
      })(),
    );
    const hangUp = new AbortController();
    const response = await send(`/v1/sessions/${id}/recording`, { signal: hangUp.signal });
    expect(response.status).toBe(200);
    hangUp.abort();
    await ended.promise;
  });

  test('what is not there is 404, and for whom policy denies 403 as if it were', async () => {
    expect((await send(`/v1/approvals/${unknownId}`)).status).toBe(404);
    expect((await send(`/v1/sessions/${unknownId}/recording`)).status).toBe(404);
    decision = { ...allowed, effect: 'deny' };
    expect((await send(`/v1/approvals/${unknownId}`)).status).toBe(403);
    expect((await send(`/v1/approvals/${id}`)).status).toBe(403);
  });

  test("policy's row limit shortens a list", async () => {
    const list = vi.spyOn(ports.approvals, 'list');
    decision = { ...allowed, limits: { rows: 3 } };
    await client().approvals.list();
    expect(list).toHaveBeenCalledWith(undefined, 3);
    expect((await send(`/v1/sessions/${id}/recording`)).status).toBe(403);
  });

  test.each([
    '/v1/audit?limit=1001',
    '/v1/audit?limit=0',
    '/v1/audit?type=nothing',
    '/v1/audit?since=yesterday',
    '/v1/audit?sinse=2026-06-01T00:00:00Z',
    '/v1/audit?identity=a&identity=b',
    '/v1/sessions?open=maybe',
    '/v1/policy?x=1',
    '/v1/approvals/x',
    '/v1/approvals/..%2F..%2Fsessions',
    `/v1/sessions/${id}%00/recording`,
  ])('%s is a bad request', async (path) => {
    expect((await send(path)).status).toBe(400);
    expect(happened).toEqual([]);
  });
});

describe('the server', () => {
  test('answers health, readiness and metrics to anybody', async () => {
    expect(await (await fetch(`${url()}/healthz`)).json()).toEqual({ ok: true });
    expect(await (await fetch(`${url()}/readyz`)).json()).toEqual({
      ready: true,
      checks: { policy: true, audit: true },
      policy: { revision: 'r1', activated_at: policyStatus.activated_at, refused: null },
    });
    expect(await (await fetch(`${url()}/metrics`)).text()).toBe('up 1\n');
    vi.spyOn(ports, 'readiness').mockResolvedValueOnce({ policy: false });
    expect((await fetch(`${url()}/readyz`)).status).toBe(503);
  });

  test.each(['/', '/v1', '/v1/approvals/', '//v1/policy', '/v1/nothing'])('knows no %s', async (path) => {
    const response = await send(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ type: 'urn:sallyport:problem:not_found', request_id: 'R1' });
  });

  test('lets no other origin read an answer', async () => {
    const response = await send('/v1/policy', { headers: { origin: 'https://evil.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('says nothing of why it broke', async () => {
    vi.spyOn(ports.approvals, 'list').mockRejectedValueOnce(new Error('password=hunter2'));
    const response = await send('/v1/approvals');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
  });

  test.each([
    'GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    '\u0016\u0003\u0001garbage\r\n\r\n',
  ])('closes on %j', async (bytes) => {
    const socket = connect(api.address.port, '127.0.0.1').end(bytes, 'latin1');
    const answer = (await collect<Buffer>(socket)).join('');
    expect(answer).toMatch(/^HTTP\/1.1 400/);
  });

  test('refuses to carry tokens in the clear over a network', async () => {
    await expect(openApi({ host: '0.0.0.0', port: 0 }, ports)).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('speaks TLS, and the client checks whom it speaks to', async () => {
    const { ca, cert, key } = tlsPair();
    await using secure = await openApi({ host: '127.0.0.1', port: 0, tls: { cert, key } }, ports);
    const at = { url: `https://127.0.0.1:${secure.address.port}`, token: async () => 'dora' };
    expect(await apiClient({ ...at, ca }).policy.status()).toMatchObject({ ok: true });
    expect(await apiClient(at).policy.status()).toMatchObject({ ok: false, problem: { code: 'unreachable' } });
  });

  test('that is gone is unreachable, and no exception', async () => {
    const gone = client();
    await api.close(new AbortController().signal);
    expect(await gone.policy.status()).toMatchObject({ ok: false, problem: { code: 'unreachable', status: 0 } });
    api = await openApi({ host: '127.0.0.1', port: 0 }, ports);
  });

  test('notifies whom a finding names', async () => {
    const send = vi.fn<(channel: string, event: AuditEvent) => void>();
    Object.assign(ports, { notify: { send } });
    decision = { ...allowed, findings: [{ kind: 'notify', id: 'AD-1', msg: 'm', channel: 'secops' }] };
    await client().policy.status();
    expect(send).toHaveBeenCalledWith('secops', logged[0]);
    expect((judged[0] as AdminCommand).resource).toEqual({ kind: 'policy', id: 'active', owner: '' }); // the API sends no others
  });
});
