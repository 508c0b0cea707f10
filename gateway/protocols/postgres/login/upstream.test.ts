import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startPostgres15,
  startPostgres18,
  type PostgresOptions,
  type TestPostgres,
} from '../../../testing/postgres.ts';
import { tlsPair } from '../../../testing/tls.ts';
import { encodeAuthentication } from '../codec/backend.ts';
import { encodeQuery } from '../codec/frontend.ts';
import { connectUpstream, type UpstreamTarget } from './upstream.ts';
import type { UpstreamAuthentication } from './upstream-login.ts';
import type { UpstreamTls } from './upstream-socket.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres18({ ssl: true });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

function target(over: Partial<UpstreamTarget> & { tls: UpstreamTls }): UpstreamTarget {
  const { host, port, database } = server;
  return { host, port, database, application: 'sallyport-test', connectTimeoutMs: 8000, ...over };
}
const soon = (): AbortSignal => AbortSignal.timeout(10_000);
const code = (name: string): unknown => expect.objectContaining({ code: name });

async function ask(to: UpstreamTarget, sql: string, password = server.password): Promise<string | null | undefined> {
  await using upstream = await connectUpstream(to, { user: 'postgres', password }, soon());
  return (await upstream.simpleQuery(sql, soon())).rows[0]?.[0];
}

describe('the way to a target', () => {
  const encrypted = 'select ssl::text from pg_stat_ssl where pid = pg_backend_pid()';

  test('verify-full takes the server whose certificate is for its name, and logs in bound to the channel', async () => {
    const tls = { mode: 'verify-full', ca: server.ca ?? '' } as const;
    expect(await ask(target({ tls, authentication: { channelBinding: 'require' } }), encrypted)).toBe('true');
    expect(await ask(target({ tls, host: 'localhost' }), encrypted)).toBe('true');
  });

  test('direct TLS works where the server has it', async () => {
    const tls = { mode: 'verify-full', ca: server.ca ?? '', negotiation: 'direct' } as const;
    expect(await ask(target({ tls }), encrypted)).toBe('true');
  });

  test.each<[string, () => UpstreamTls]>([
    ['verify-full refuses another authority', () => ({ mode: 'verify-full', ca: tlsPair().ca })],
    ['verify-full refuses the system’s trust alone', () => ({ mode: 'verify-full' })],
    [
      'verify-full refuses another name',
      () => ({ mode: 'verify-full', ca: server.ca ?? '', serverName: 'db.example' }),
    ],
    ['verify-ca refuses another authority', () => ({ mode: 'verify-ca', ca: tlsPair().ca })],
  ])('%s', async (_, tls) => {
    await expect(ask(target({ tls: tls() }), 'select 1')).rejects.toThrow(code('upstream-refused'));
  });

  test('a server that nobody vouches for is refused with the setting that names who does', async () => {
    const tls = { mode: 'verify-full', ca: tlsPair().ca } as const;
    await expect(ask(target({ tls }), 'select 1')).rejects.toThrow(/name the one that does in tls\.ca of the target/);
  });

  test('verify-ca takes any name, require any certificate, disable none', async () => {
    expect(
      await ask(target({ tls: { mode: 'verify-ca', ca: server.ca ?? '', serverName: 'db.example' } }), encrypted),
    ).toBe('true');
    expect(await ask(target({ tls: { mode: 'require' } }), encrypted)).toBe('true');
    expect(await ask(target({ tls: { mode: 'disable' } }), encrypted)).toBe('false');
  });

  test('a wrong password, a wrong database and a closed port say what they are', async () => {
    const tls = { mode: 'disable' } as const;
    await expect(ask(target({ tls }), 'select 1', 'wrong')).rejects.toThrow(code('upstream-auth'));
    await expect(ask(target({ tls, database: 'nowhere' }), 'select 1')).rejects.toThrow(code('upstream-refused'));
    await expect(ask(target({ tls, port: 1 }), 'select 1')).rejects.toThrow(code('upstream-refused'));
  });

  test('channel binding that is required and cannot be had is a no', async () => {
    const to = target({ tls: { mode: 'disable' }, authentication: { channelBinding: 'require' } });
    await expect(ask(to, 'select 1')).rejects.toThrow(code('upstream-auth'));
  });
});

describe('a session with a target', () => {
  test('is pinned to UTF-8 and plain backslashes, whatever the client’s settings say', async () => {
    const settings = new Map([
      ['client_encoding', 'LATIN1'],
      ['standard_conforming_strings', 'off'],
      ['search_path', 'pg_catalog'],
    ]);
    const to = target({ tls: { mode: 'disable' }, settings });
    expect(await ask(to, 'show client_encoding')).toBe('UTF8');
    expect(await ask(to, 'show standard_conforming_strings')).toBe('on');
    expect(await ask(to, 'show search_path')).toBe('pg_catalog');
    expect(await ask(to, 'show application_name')).toBe('sallyport-test');
  });

  test.each(['user', 'options', 'database', 'replication', '_pq_.x', 'User', 'a b'])(
    'is not opened with a setting by the name of %s',
    async (name) => {
      const to = target({ tls: { mode: 'disable' }, settings: new Map([[name, 'x']]) });
      await expect(ask(to, 'select 1')).rejects.toThrow(code('protocol-violation'));
    },
  );

  test('answers queries of our own, says the server’s no, and lives on', async () => {
    await using upstream = await connectUpstream(target({ tls: { mode: 'disable' } }), server, soon());
    expect(upstream.parameters.get('server_version')).toMatch(/^18/);
    await expect(upstream.simpleQuery('select 1/0', soon())).rejects.toThrow('division by zero (22012)');
    expect(await upstream.simpleQuery("select 1 as a, null as b; select 'x' as c", soon())).toEqual({
      columns: ['c'],
      rows: [['x']],
    });
  });

  test('an answer over its limit ends the session: half of it is not taken for the whole', async () => {
    await using upstream = await connectUpstream(target({ tls: { mode: 'disable' } }), server, soon());
    await expect(upstream.simpleQuery('select generate_series(1, 100000)', soon(), 10_000)).rejects.toThrow(
      code('frame-too-large'),
    );
    expect(upstream.socket.destroyed).toBe(true);
  });

  test('closes with an answer still on the wire', async () => {
    const upstream = await connectUpstream(target({ tls: { mode: 'disable' } }), server, soon());
    upstream.socket.write(encodeQuery('select repeat($$x$$, 1000) from generate_series(1, 10000)'));
    await upstream[Symbol.asyncDispose]();
    expect(upstream.socket.destroyed).toBe(true);
  });

  test.each<UpstreamTls['mode']>(['disable', 'require'])('can be cancelled over %s', async (mode) => {
    await using upstream = await connectUpstream(target({ tls: { mode } }), server, soon());
    await using other = await connectUpstream(target({ tls: { mode: 'disable' } }), server, soon());
    const sleeping = upstream.simpleQuery('select pg_sleep(60)', soon()).catch((error: unknown) => error);
    const active = `select count(*) from pg_stat_activity where pid = ${upstream.key.processId} and wait_event = 'PgSleep'`;
    while ((await other.simpleQuery(active, soon())).rows[0]?.[0] !== '1');
    await upstream.cancel(soon());
    expect(await sleeping).toMatchObject({ message: 'canceling statement due to user request (57014)' });
  });
});

async function withServer(options: PostgresOptions, run: (other: TestPostgres) => Promise<void>): Promise<boolean> {
  await using other = await startPostgres15(options);
  if (!other) return false;
  await run(other);
  return true;
}

test.each<[NonNullable<PostgresOptions['auth']>, UpstreamAuthentication]>([
  ['md5', { md5: true }],
  ['password', { cleartext: true }],
])('a server that asks for %s gets it only where that is configured', async (auth, allowed) => {
  const found = await withServer({ auth }, async (other) => {
    const to = target({ tls: { mode: 'disable' }, port: other.port });
    await expect(ask(to, 'select 1', other.password)).rejects.toThrow(code('upstream-auth'));
    expect(await ask({ ...to, authentication: allowed }, 'select 1', other.password)).toBe('1');
    await expect(ask({ ...to, authentication: allowed }, 'select 1', 'wrong')).rejects.toThrow(code('upstream-auth'));
  });
  if (!found) process.stdout.write('not run: Debian’s postgresql-15 is not installed\n');
});

describe('a false target', () => {
  async function falseTarget(behave: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
    const sockets = new Set<Socket>();
    const listener = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      behave(socket);
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo; // a TCP listener has no other kind
    return {
      port,
      [Symbol.asyncDispose]: async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => listener.close(resolve));
      },
    };
  }
  const says = (...replies: readonly (Buffer | string)[]) => {
    return (socket: Socket): void => {
      const left = [...replies];
      socket.on('data', () => {
        const next = left.shift();
        if (next === undefined) socket.end();
        else socket.write(next);
      });
    };
  };
  const sasl = (mechanisms: readonly string[]): Buffer => encodeAuthentication({ request: 'sasl', mechanisms });
  const ok = encodeAuthentication({ request: 'ok' });
  const open = { mode: 'disable' } as const;

  test.each<[string, UpstreamTls, UpstreamAuthentication, string, readonly (Buffer | string)[]]>([
    ['says N to TLS', { mode: 'require' }, {}, 'upstream-refused', ['N']],
    ['sends more than S before TLS', { mode: 'require' }, {}, 'upstream-refused', [`S${'x'.repeat(9)}`]],
    ['answers TLS with an error', { mode: 'require' }, {}, 'upstream-refused', ['E']],
    ['says yes in the middle of SCRAM', open, {}, 'upstream-auth', [sasl(['SCRAM-SHA-256']), ok]],
    ['offers channel binding without TLS', open, {}, 'upstream-auth', [sasl(['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'])]],
    ['offers only what we do not have', open, {}, 'upstream-auth', [sasl(['OAUTHBEARER'])]],
    ['asks for the password', open, {}, 'upstream-auth', [encodeAuthentication({ request: 'cleartext' })]],
    ['asks for Kerberos', open, {}, 'upstream-auth', [Buffer.from('520000000800000007', 'hex')]],
    ['is ready before a login', open, {}, 'protocol-violation', [Buffer.from('5a0000000549', 'hex')]],
    [
      'asks twice',
      open,
      { md5: true },
      'upstream-auth',
      [Buffer.from('520000000c0000000501020304520000000c0000000501020304', 'hex')],
    ],
    ['speaks HTTP', open, {}, 'frame-too-large', ['HTTP/1.1 400 Bad Request\r\n']],
    ['hangs up', open, {}, 'upstream-lost', []],
    [
      'lets us in with another encoding',
      open,
      {},
      'upstream-refused',
      [Buffer.concat([ok, Buffer.from('4b0000000c0000000100000002', 'hex'), Buffer.from('5a0000000549', 'hex')])],
    ],
  ])('that %s is refused and never sees the password', async (_, tls, authentication, expected, replies) => {
    let heard = '';
    await using fake = await falseTarget((socket) => {
      socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
      says(...replies)(socket);
    });
    const to = target({ tls, port: fake.port, authentication });
    await expect(ask(to, 'select 1', 'the-password')).rejects.toThrow(code(expected));
    expect(heard).not.toContain('the-password');
  });

  test('that says nothing is given up on', async () => {
    await using fake = await falseTarget(() => undefined);
    const to = target({ tls: { mode: 'require' }, port: fake.port, connectTimeoutMs: 50 });
    for (const tls of [to.tls, open])
      await expect(ask({ ...to, tls }, 'select 1')).rejects.toMatchObject({
        code: 'upstream-timeout',
        message: `127.0.0.1:${fake.port} did not let the gateway in within 0.05 s`,
      });
  });

  test('that keeps its certificate’s key but not the password is found out by its signature', async () => {
    const first = 'r=NONCEx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
    await using fake = await falseTarget((socket) => {
      let step = 0;
      socket.on('data', (chunk) => {
        step++;
        if (step === 1) socket.write(sasl(['SCRAM-SHA-256']));
        if (step === 2) {
          const nonce = /r=(.*)$/.exec(chunk.toString('latin1'))?.[1] ?? '';
          socket.write(
            encodeAuthentication({ request: 'saslContinue', bytes: Buffer.from(first.replace('NONCE', nonce)) }),
          );
        }
        if (step === 3) {
          const bytes = Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`);
          socket.write(Buffer.concat([encodeAuthentication({ request: 'saslFinal', bytes }), ok]));
        }
      });
    });
    await expect(ask(target({ tls: open, port: fake.port }), 'select 1')).rejects.toThrow('its signature is wrong');
  });
});
