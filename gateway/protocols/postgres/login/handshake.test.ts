import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { tlsPair } from '../../../testing/tls.ts';
import { encodeBare, encodeGreeting, encodeReady, parseServerMessage, serverLimit } from '../codec/backend.ts';
import { Framer } from '../codec/frames.ts';
import { acceptClient, type Arrival } from './handshake.ts';
import type { HandshakeOptions } from './handshake-terms.ts';
import { readFrame } from '../codec/socket-input.ts';
import { encodeCancelRequest, encodeSslRequest, encodeStartup } from './startup.ts';

const run = promisify(execFile);
const pair = tlsPair();
const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const login = {
  principal: {
    id: 'alice',
    kind: 'human' as const,
    issuer: 'https://idp.example',
    groups: [],
    claims: {},
    acts_for: [],
    auth: { method: 'jwt' as const, at: '2026-01-01T00:00:00Z' },
  },
  expiresAtMs: 1,
};

interface Gateway extends AsyncDisposable {
  readonly port: number;
  readonly arrivals: readonly Arrival[];
  readonly tokens: readonly string[];
  /** The next arrival that has not been asked for. */
  arrival(): Promise<Arrival>;
}

/** A listener that accepts clients and answers every Query with an empty result. */
async function gateway(over: Partial<HandshakeOptions> = {}, stop = new AbortController()): Promise<Gateway> {
  const tokens: string[] = [];
  const arrivals: Arrival[] = [];
  const waiting: PromiseWithResolvers<Arrival>[] = [];
  const slot = (i: number): PromiseWithResolvers<Arrival> => (waiting[i] ??= Promise.withResolvers<Arrival>());
  const options: HandshakeOptions = {
    tls: createSecureContext({ cert: pair.cert, key: pair.key }),
    allowCleartextOnLoopback: false,
    mechanism: 'cleartext',
    stepMs: 5000,
    turnAway: () => undefined,
    authenticate: (sent) => {
      tokens.push(sent);
      return Promise.resolve(
        sent === token
          ? { ok: true, login }
          : { ok: false, message: 'token is for another audience', hint: 'Log in again.' },
      );
    },
    ...over,
  };
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    void acceptClient(socket, options, stop.signal).then((arrival) => {
      slot(arrivals.push(arrival) - 1).resolve(arrival);
      if (arrival.kind === 'client') serve(arrival.socket);
      if (arrival.kind === 'cancel') arrival.socket.end();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo; // a TCP listener has no other kind
  let asked = 0;
  return {
    port,
    arrivals,
    tokens,
    arrival: () => slot(asked++).promise,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function serve(socket: Socket): void {
  const key = { processId: 42, secret: Buffer.from('0badcafe', 'hex') };
  socket.write(
    encodeGreeting(
      [
        ['server_version', '18.0'],
        ['client_encoding', 'UTF8'],
      ],
      key,
      'I',
    ),
  );
  const framer = new Framer(() => 1000);
  socket.on('data', (chunk) => {
    framer.push(chunk);
    while (framer.next())
      if (framer.tag === 0x51) socket.write(Buffer.concat([encodeBare('emptyQuery'), encodeReady('I')]));
  });
  socket.resume();
}

/** Everything that a raw client gets until the gateway hangs up. */
async function talk(port: number, ...sends: readonly (Buffer | string)[]): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => parts.push(chunk));
  for (const bytes of sends) socket.write(bytes);
  await closed(socket);
  return Buffer.concat(parts);
}

/** Resolves when the socket is closed, by an error or not. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

const startup = encodeStartup([['user', 'alice']]);
const password = (text: string): Buffer => framed(0x70, Buffer.from(`${text}\0`));
const closedLoop = { allowCleartextOnLoopback: true };

function framed(tag: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head[0] = tag;
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

async function psql(port: number, settings: string, env: Record<string, string> = {}): Promise<string> {
  const args = ['-X', '-w', '-c', '', `host=localhost port=${port} user=alice dbname=shop ${settings}`];
  const result = await run('psql', args, {
    env: { PATH: '/usr/bin:/bin', PGPASSWORD: token, LC_ALL: 'C', ...env },
  }).catch((error: { stderr?: string }) => ({ stderr: error.stderr ?? '' }));
  return result.stderr;
}
const hasPsql = await run('psql', ['--version']).then(
  () => true,
  () => false,
);
if (!hasPsql) process.stdout.write('psql is not installed: its rows are not run\n');

describe.runIf(hasPsql)('psql', () => {
  test('logs in with its token as the password, over TLS that it has verified', async () => {
    await using gate = await gateway();
    await using ca = await caFile();
    expect(await psql(gate.port, `sslmode=verify-full sslrootcert=${ca.path}`)).toBe('');
    expect(await gate.arrival()).toMatchObject({
      kind: 'client',
      encrypted: true,
      login,
      startup: { user: 'alice', database: 'shop' },
    });
  });

  test('without TLS is turned away before it sends its token', async () => {
    await using gate = await gateway();
    expect(await psql(gate.port, 'sslmode=disable gssencmode=disable')).toContain('takes no connection without TLS');
    expect(gate.tokens).toEqual([]);
  });

  test('that hangs up to ask its user for a password is no failed login', async () => {
    await using gate = await gateway(closedLoop);
    expect(await psql(gate.port, 'sslmode=disable', { PGPASSWORD: '' })).toContain('no password supplied');
    expect(await gate.arrival()).toMatchObject({ kind: 'gone' });
  });

  test('reads why its token was refused', async () => {
    await using gate = await gateway(closedLoop);
    const said = await psql(gate.port, 'sslmode=disable', { PGPASSWORD: 'x.y.z' });
    expect(said).toContain('token is for another audience');
    expect(said).toContain('HINT:  Log in again.');
    expect(await gate.arrival()).toMatchObject({ kind: 'refused', startup: { user: 'alice' } });
  });

  test('with another encoding is told so', async () => {
    await using gate = await gateway(closedLoop);
    expect(await psql(gate.port, 'sslmode=disable client_encoding=LATIN1')).toContain('client_encoding must be UTF8');
  });

  test('is turned away when there are too many', async () => {
    const report = { severity: 'FATAL', sqlstate: '53300', message: 'too many connections for alice' } as const;
    await using gate = await gateway({ ...closedLoop, turnAway: () => report });
    expect(await psql(gate.port, 'sslmode=disable')).toContain('too many connections for alice');
    expect(gate.tokens).toEqual([]);
  });
});

async function caFile(): Promise<AsyncDisposable & { readonly path: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-ca-'));
  const path = join(dir, 'ca.pem');
  await writeFile(path, pair.ca);
  return { path, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}

test('node’s pg logs in over TLS and runs a query', async () => {
  await using gate = await gateway();
  const client = new pg.Client({
    host: 'localhost',
    port: gate.port,
    user: 'alice',
    database: 'shop',
    password: token,
    ssl: { ca: pair.ca },
  });
  await client.connect();
  expect((await client.query('')).rows).toEqual([]);
  await client.end();
});

describe('direct TLS', () => {
  test('is taken with ALPN postgresql', async () => {
    await using gate = await gateway();
    const socket = connectTls({
      port: gate.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: pair.ca,
      ALPNProtocols: ['postgresql'],
    });
    await once(socket, 'secureConnect');
    socket.write(Buffer.concat([startup, password(token)]));
    expect(await gate.arrival()).toMatchObject({ kind: 'client', encrypted: true });
    socket.destroy();
  });

  test.each([[[]], [['http/1.1']]])('with ALPN %j is refused', async (ALPNProtocols) => {
    await using gate = await gateway();
    const socket = connectTls({
      port: gate.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: pair.ca,
      ALPNProtocols,
    });
    socket.on('error', () => undefined);
    expect(await gate.arrival()).toMatchObject({ kind: 'refused' });
    await closed(socket);
    expect(gate.tokens).toEqual([]);
  });
});

describe('a client that', () => {
  const gss = Buffer.from('0000000804d21630', 'hex');

  test.each<[string, Partial<HandshakeOptions>, readonly (Buffer | string)[], string]>([
    ['speaks HTTP', {}, ['GET / HTTP/1.1\r\nHost: x\r\n\r\n'], '08P01'],
    ['sends garbage', {}, [Buffer.from('ffffffffff', 'hex')], '08P01'],
    ['sends bytes before TLS', {}, [Buffer.concat([encodeSslRequest(), startup])], '08P01'],
    ['asks for TLS twice', { tls: undefined as never }, [encodeSslRequest(), encodeSslRequest()], '08P01'],
    ['asks for GSS twice', {}, [gss, gss], '08P01'],
    ['speaks protocol 2', {}, [Buffer.from('0000000800020000', 'hex')], '0A000'],
    [
      'wants replication',
      closedLoop,
      [
        encodeStartup([
          ['user', 'a'],
          ['replication', 'database'],
        ]),
      ],
      '0A000',
    ],
    [
      'turns plain backslashes off',
      closedLoop,
      [
        encodeStartup([
          ['user', 'a'],
          ['options', '-c standard-conforming-strings=off'],
        ]),
      ],
      '22023',
    ],
    ['sends an empty token', closedLoop, [startup, password('')], '28P01'],
    ['sends a Query instead of its token', closedLoop, [startup, framed(0x51, Buffer.from('select 1\0'))], '08P01'],
    ['sends a token over the limit', closedLoop, [startup, password('x'.repeat(10_240))], '08P01'],
    ['sends a token with a NUL inside', closedLoop, [startup, password('a\0b')], '08P01'],
    ['claims a token of 2 GiB', closedLoop, [startup, Buffer.from('707fffffff', 'hex')], '08P01'],
    ['sends megabytes where its token belongs', closedLoop, [startup, Buffer.alloc(4 << 20, 0x70)], '08P01'],
    ['stops in the middle', { stepMs: 100, ...closedLoop }, [startup.subarray(0, 9)], '57014'],
    ['is silent', { stepMs: 100 }, [], '57014'],
    ['sends no token', { stepMs: 100, ...closedLoop }, [startup], '57014'],
  ])('%s is closed with an error of the protocol, and nobody asks about a token', async (_, over, sends, sqlstate) => {
    await using gate = await gateway(over);
    const pieces = sends.length > 1 ? sends : [sends[0] ?? ''];
    const answer = await talkInTurn(gate.port, pieces);
    expect(answer.toString('latin1')).toContain(`C${sqlstate}\0`);
    expect(await gate.arrival()).toMatchObject({ kind: 'refused' });
    expect(gate.tokens).toEqual([]);
  });

  test('dribbles its bytes does not get more time than one that sends none', async () => {
    await using gate = await gateway({ ...closedLoop, stepMs: 200 });
    const socket = connect(gate.port, '127.0.0.1');
    socket.on('error', () => undefined);
    let at = 0;
    const drip = setInterval(() => socket.writable && socket.write(startup.subarray(at, ++at)), 30);
    expect(await gate.arrival()).toMatchObject({ kind: 'refused', why: 'the login took too long' });
    clearInterval(drip);
    socket.destroy();
  });

  test('cuts its bytes anywhere logs in all the same', async () => {
    await using gate = await gateway(closedLoop);
    const socket = connect(gate.port, '127.0.0.1').setNoDelay(true);
    for (const byte of Buffer.concat([startup, password(token)])) {
      socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    expect(await gate.arrival()).toMatchObject({ kind: 'client', encrypted: false });
    socket.destroy();
  });

  test('is not in yet when the gateway stops is told so', async () => {
    const stop = new AbortController();
    const turnAway = (): undefined => {
      stop.abort();
    };
    await using gate = await gateway({ ...closedLoop, turnAway }, stop);
    expect((await talk(gate.port, startup)).toString('latin1')).toContain('C57P01\0');
    expect(await gate.arrival()).toMatchObject({ kind: 'gone' });
  });

  test('hangs up before it says a word was nobody', async () => {
    await using gate = await gateway();
    connect(gate.port, '127.0.0.1').end();
    expect(await gate.arrival()).toMatchObject({ kind: 'gone' });
  });

  test('sends its first query along with its token has it answered', async () => {
    await using gate = await gateway(closedLoop);
    const socket = connect(gate.port, '127.0.0.1');
    socket.write(Buffer.concat([startup, password(token), framed(0x51, Buffer.from('\0'))]));
    const framer = new Framer(serverLimit(1000));
    const types: string[] = [];
    while (
      types.filter((type) => type === 'ready').length < 2 &&
      (await readFrame(socket, framer, AbortSignal.timeout(5000)))
    )
      types.push(parseServerMessage(framer).type);
    expect(types.slice(-3)).toEqual(['ready', 'emptyQuery', 'ready']);
    socket.destroy();
  });

  test('asks for protocol 3.9999 with options that nobody knows is answered in 3.2', async () => {
    await using gate = await gateway({ ...closedLoop, turnAway: () => undefined });
    const grease = Buffer.from(
      encodeStartup([
        ['user', 'a'],
        ['_pq_.grease', 'x'],
      ]),
    );
    grease.writeInt32BE((3 << 16) | 9999, 4);
    const answer = await talk(gate.port, grease, password('bad'));
    const framer = new Framer(serverLimit(1000));
    framer.push(answer);
    framer.next();
    expect(parseServerMessage(framer)).toEqual({
      type: 'negotiateVersion',
      version: 0x30002,
      unknownOptions: ['_pq_.grease'],
    });
  });

  test('wants something cancelled is handed over with its key', async () => {
    await using gate = await gateway();
    const key = { processId: 7, secret: Buffer.alloc(32, 3) };
    await talk(gate.port, encodeCancelRequest(key));
    expect(await gate.arrival()).toMatchObject({ kind: 'cancel', key });
  });
});

/** Sends each piece once the gateway has answered the one before. */
async function talkInTurn(port: number, sends: readonly (Buffer | string)[]): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  const left = [...sends];
  const parts: Buffer[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    parts.push(chunk);
    const next = left.shift();
    if (next !== undefined) socket.write(next);
  });
  socket.write(left.shift() ?? '');
  await closed(socket);
  return Buffer.concat(parts);
}

describe('OAUTHBEARER', () => {
  const discovery = {
    configurationUrl: 'https://idp.example/.well-known/openid-configuration',
    scope: 'openid groups',
  };
  const oauth = { ...closedLoop, mechanism: 'oauth', discovery } as const;
  const initial = (message: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(message.length);
    return framed(0x70, Buffer.concat([Buffer.from('OAUTHBEARER\0'), length, Buffer.from(message)]));
  };
  const bearer = (sent: string): Buffer => initial(`n,,\x01auth=Bearer ${sent}\x01\x01`);

  test('takes a token', async () => {
    await using gate = await gateway(oauth);
    const socket = connect(gate.port, '127.0.0.1');
    socket.write(Buffer.concat([startup, bearer(token)]));
    expect(await gate.arrival()).toMatchObject({ kind: 'client' });
    socket.destroy();
  });

  test('tells a client without a token where to get one, and that is no failed login', async () => {
    await using gate = await gateway(oauth);
    const answer = await talkInTurn(gate.port, [
      startup,
      initial('n,,\x01auth=\x01\x01'),
      framed(0x70, Buffer.from('\x01')),
    ]);
    expect(answer.toString('latin1')).toContain(discovery.configurationUrl);
    expect(answer.toString('latin1')).toContain('C28000\0');
    expect(await gate.arrival()).toMatchObject({ kind: 'gone' });
    expect(gate.tokens).toEqual([]);
  });

  test('is there for a client that asks by its options', async () => {
    await using gate = await gateway({ ...closedLoop, discovery });
    const asking = encodeStartup([
      ['user', 'alice'],
      ['options', '-c sallyport.auth=oauth'],
    ]);
    const socket = connect(gate.port, '127.0.0.1');
    socket.write(Buffer.concat([asking, bearer(token)]));
    expect(await gate.arrival()).toMatchObject({ kind: 'client' });
    socket.destroy();
  });

  test.each<[string, string, string]>([
    ['an authzid', `n,a=root,\x01auth=Bearer ${token}\x01\x01`, '08P01'],
    ['channel binding', `p=tls-unique,,\x01auth=Bearer ${token}\x01\x01`, '08P01'],
    ['two tokens', `n,,\x01auth=Bearer ${token}\x01auth=Bearer x\x01\x01`, '08P01'],
    ['no end', `n,,\x01auth=Bearer ${token}\x01`, '08P01'],
    ['another scheme', `n,,\x01auth=Basic ${token}\x01\x01`, '08P01'],
    ['a token with a space', `n,,\x01auth=Bearer a b\x01\x01`, '08P01'],
    ['nothing', '', '08P01'],
  ])('with %s is refused', async (_, message, sqlstate) => {
    await using gate = await gateway(oauth);
    const answer = await talkInTurn(gate.port, [startup, initial(message)]);
    expect(answer.toString('latin1')).toContain(`C${sqlstate}\0`);
    expect(answer.toString('latin1')).not.toContain(token);
    expect(gate.tokens).toEqual([]);
  });

  test('refuses a bad token with the reason, behind the challenge', async () => {
    await using gate = await gateway(oauth);
    const answer = await talkInTurn(gate.port, [startup, bearer('x.y.z'), framed(0x70, Buffer.from('\x01'))]);
    expect(answer.toString('latin1')).toContain('invalid_token');
    expect(answer.toString('latin1')).toContain('token is for another audience');
    expect(await gate.arrival()).toMatchObject({ kind: 'refused' });
  });
});
