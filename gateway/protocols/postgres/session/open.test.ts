import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { SallyportError } from '../../../contract/errors.ts';
import type { Admitted, Gate } from '../../../contract/gate.ts';
import { CancelKeys } from './cancel.ts';
import { openSession, type PgTarget } from './open.ts';

const startup = {
  minor: 0,
  agreedMinor: 0,
  user: 'app',
  database: 'crm',
  application: 'psql',
  settings: new Map<string, string>(),
  unknownOptions: [],
  replication: undefined,
} as const;
const principal = { id: 'ana', kind: 'human', issuer: 'https://i', groups: [], claims: {}, acts_for: [] } as const;
const login = {
  principal: { ...principal, auth: { method: 'jwt', at: '2026-11-21T09:00:00.000Z' } },
  expiresAtMs: Infinity,
} as const;
// A session that does not come about ends its gate and asks nothing else of it, nor of the catalog.
const gate = { end: () => Promise.resolve() } as unknown as Gate;
const targetThat = (connect: PgTarget['connect']): PgTarget => ({ catalog: {} as PgTarget['catalog'], connect });

async function opened(admitted: Admitted, target: PgTarget | undefined) {
  const log: object[] = [];
  const never = new AbortController().signal;
  using socket = disposable(new Socket());
  const report = await openSession(
    { kind: 'client', socket: socket.value, startup, login, encrypted: true },
    '127.0.0.1',
    {
      admission: { admit: () => Promise.resolve(admitted), refusedLogin: () => undefined },
      nextId: () => '01M80AN509G0CG6GYS9FKT5X4R',
      target: () => target,
      cancelKeys: new CancelKeys(),
      limits: { maxMessageBytes: 1_024, maxBufferBytes: 1_024, keepAliveMs: 1_000 },
      log: (message, { error: _error, ...about }) => void log.push({ message, ...about }),
    },
    { signal: never, draining: never },
  );
  return { report, log };
}

function disposable(value: Socket) {
  return { value, [Symbol.dispose]: () => void value.destroy() };
}

test.each<readonly [string, Admitted, PgTarget | undefined, string, RegExp]>([
  [
    'a target that is none',
    { ok: false, code: 'no_target', message: 'there is no target "crm" for postgres' },
    undefined,
    'there is no target "crm" for postgres',
    /name of a target, or TARGET\/DATABASE/,
  ],
  [
    'a policy that says no',
    { ok: false, code: 'denied', message: 'denied by policy: no rule allows this', hint: 'Ask for access.' },
    undefined,
    'denied by policy: no rule allows this',
    /^Ask for access\.$/,
  ],
  [
    'a database that the target has not',
    { ok: true, gate },
    undefined,
    'target "crm" has no database ""',
    /name of a target, or TARGET\/DATABASE/,
  ],
  [
    'a login that the target has not',
    { ok: true, gate },
    targetThat(() => Promise.resolve(undefined)),
    'the gateway has no login "app" for target "crm"',
    /login of the target, not your own name/,
  ],
  [
    'a target that cannot be reached',
    { ok: true, gate },
    targetThat(() => Promise.reject(new SallyportError('upstream-refused', 'db7.internal: ECONNREFUSED'))),
    'cannot connect to the target',
    /log of the gateway says why, under this session/,
  ],
  [
    'a target that does not answer',
    { ok: true, gate },
    targetThat(() => Promise.reject(new SallyportError('upstream-timeout', 'db7.internal: nothing within 10 s'))),
    'the target did not let the gateway in in time: it may be down, or too busy; try again later',
    /log of the gateway says why, under this session/,
  ],
])('%s is told with the session’s number and what to do next', async (_what, admitted, target, message, hint) => {
  const { report } = await opened(admitted, target);
  expect(report).toMatchObject({ severity: 'FATAL', message, detail: 'session 01M80AN509G0CG6GYS9FKT5X4R' });
  expect(report?.hint).toMatch(hint);
  expect(JSON.stringify(report)).not.toContain('db7.internal');
});

test('the log of a session that did not come about says which target and which login', async () => {
  const refused = targetThat(() =>
    Promise.reject(new SallyportError('upstream-auth', 'password authentication failed')),
  );
  const { log } = await opened({ ok: true, gate }, refused);
  expect(log).toEqual([
    { message: 'session failed', session: '01M80AN509G0CG6GYS9FKT5X4R', target: 'crm', user: 'app' },
  ]);
});
