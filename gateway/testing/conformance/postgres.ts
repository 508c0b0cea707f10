import { once } from 'node:events';
import { quietCatalog } from '../quiet-catalog.ts';
import { connect as tcp, type Socket } from 'node:net';
import { connect as tls, createSecureContext, type ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { openSqlAnalyzer } from '../../facts/sql/index.ts';
import type { Answer, Samples, Subject } from '../../protocols/conformance-subject.ts';
import { encodeQuery } from '../../protocols/postgres/codec/frontend.ts';
import {
  catalogReader,
  connectUpstream,
  openPostgres,
  TargetCatalog,
  type UpstreamTarget,
} from '../../protocols/postgres/index.ts';
import { encodeSslRequest, encodeStartup } from '../../protocols/postgres/login/startup.ts';
import type { TestPostgres } from '../postgres.ts';
import { tlsPair } from '../tls.ts';
import { openDoor } from './door.ts';
import { PgWire } from './postgres-wire.ts';
import { openRecordingProxy } from './recording-proxy.ts';
import { ana, openWorld } from './world.ts';

const token = 'token-of-ana';
const label = 'pii.ssn';
const secret = '078-05-1120';
const maxMessageBytes = 1024 * 1024;

/** What the samples speak of. Run once for each server. */
export async function prepareDatabase(postgres: TestPostgres): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`
    CREATE TABLE people (name text, ssn text);
    INSERT INTO people VALUES ('Ann', '${secret}');
    CREATE FUNCTION shout(what text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'heard %', what; RETURN what; END $$;
  `);
  await client.end();
}

const samples: Samples = {
  plain: { text: "SELECT 'a plain answer'", answer: 'a plain answer' },
  others: ['SELECT 2', 'SELECT name FROM people'],
  denied: { text: 'CREATE TABLE must_not_be AS SELECT 1', mark: 'must_not_be' },
  masked: {
    secret,
    value: 'SELECT name, ssn FROM people',
    error: 'SELECT ssn::int FROM people',
    notice: 'SELECT shout(ssn) FROM people',
  },
  large: { text: "SELECT repeat('x', 1000) FROM generate_series(1, 64000)", bytes: 64_000_000 },
  endless: 'SELECT pg_sleep(3600)',
  unknown: [
    { name: 'a message type that does not exist', bytes: message('!', 'must_not_be'), mark: 'must_not_be' },
    { name: 'a function call past the parser', bytes: message('F', '\0\0\0\x05must_not_be'), mark: 'must_not_be' },
    { name: 'a password in the middle of a session', bytes: message('p', 'must_not_be\0'), mark: 'must_not_be' },
    {
      name: 'a second statement behind the end of the text',
      bytes: message('Q', 'SELECT 1\0DROP TABLE must_not_be\0'),
      mark: 'must_not_be',
    },
    { name: 'a statement without an end', bytes: message('Q', 'DROP TABLE must_not_be'), mark: 'must_not_be' },
    { name: 'a length below its own', bytes: Buffer.from('Q\0\0\0\x03must_not_be\0'), mark: 'must_not_be' },
    { name: 'a count that lies', bytes: message('P', '\0DROP TABLE must_not_be\0\x7f\xff'), mark: 'must_not_be' },
  ],
  tooLong: Buffer.concat([Buffer.from('Q'), uint32(2 * maxMessageBytes), Buffer.from('SELECT')]),
};

/** The adapter, enforcement and a real PostgreSQL behind a proxy that sees what arrives. */
export async function openPostgresSubject(postgres: TestPostgres): Promise<Subject> {
  await using opening = new AsyncDisposableStack();
  const { user, password, database } = postgres;
  const proxy = opening.use(await openRecordingProxy(postgres.port));
  const at = (port: number): UpstreamTarget => ({
    ...{ host: '127.0.0.1', port, database, application: 'conformance' },
    ...{ tls: { mode: 'disable' }, connectTimeoutMs: 10_000 },
  });
  const analyzer = opening.use(openSqlAnalyzer());
  const catalog = opening.use(
    new TargetCatalog({
      target: 'crm',
      analyzer,
      // Past the proxy: what the gateway asks for itself is not what a client sent.
      reader: catalogReader((signal) => connectUpstream(at(postgres.port), { user, password }, signal)),
      ...quietCatalog,
    }),
  );
  catalog.setLabels(new Map([['public.people.ssn', [label]]]), '1');
  const { world, admission, nextId } = openWorld('crm', label);
  const certificate = tlsPair();
  const protocol = openPostgres({
    tls: createSecureContext({ cert: certificate.cert, key: certificate.key }),
    allowCleartextOnLoopback: true,
    mechanism: 'cleartext',
    discovery: undefined,
    stepMs: 10_000,
    authenticate: async (given) => {
      if (given !== token) return { ok: false, message: 'who?' };
      return { ok: true, login: { principal: ana, expiresAtMs: Date.now() + 3_600_000 } };
    },
    admission,
    nextId,
    target: () => ({
      catalog,
      connect: (_user, _application, signal) => connectUpstream(at(proxy.port), { user, password }, signal),
    }),
    limits: { maxMessageBytes, maxBufferBytes: 256 * 1024, keepAliveMs: 20 },
    log: () => undefined,
  });
  const listener = opening.use(await openDoor(protocol, 10_000));
  const { port } = listener;
  const opened = opening.move();
  return {
    world,
    samples,
    target: {
      received: () => proxy.received(),
      hasRun: () => exists(postgres, samples.denied.mark),
      get sentBytes() {
        return proxy.sentBytes;
      },
      crash: () => proxy.crash(),
      idle: () => proxy.idle(),
    },
    connect: () => PgWire.open(port, 'crm', 'app', token),
    native: (texts) => askByDriver(port, texts),
    encryptions: encryptions(port, certificate.ca),
    drain: () => void listener.drain(5_000),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** `pg`, unchanged, as most programs in JavaScript use it. */
async function askByDriver(port: number, texts: readonly string[]): Promise<readonly Answer[]> {
  const client = new pg.Client({ host: '127.0.0.1', port, database: 'crm', user: 'app', password: token });
  await client.connect();
  const answers: Answer[] = [];
  for (const text of texts) {
    try {
      const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
      answers.push({ ok: true, text: rows.flat().join(' ') });
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const { severity, code, message, detail, hint } = error;
      answers.push({ ok: false, text: [severity, code, message, detail, hint].join('\n') });
    }
  }
  await client.end();
  return answers;
}

async function exists(postgres: TestPostgres, table: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rowCount } = await client.query('SELECT FROM pg_class WHERE relname = $1', [table]);
  await client.end();
  return rowCount !== 0;
}

// --- every way to ask for encryption ----------------------------------------------------------------------------------------------

const gssRequest = Buffer.concat([uint32(8), uint32(80_877_104)]);
const startup = encodeStartup([
  ['user', 'app'],
  ['database', 'crm'],
]);

/** How a TLS ClientHello begins: a handshake record of TLS 1.0, as every version sends it. */
const hello = Buffer.from([0x16, 3, 1]);

function encryptions(port: number, ca: string): Subject['encryptions'] {
  const ssl = encodeSslRequest();
  const upgrade = () => upgraded(port, ssl, { ca });
  const direct = async (protocols: string[]) => secured(await dial(port), { ca }, protocols);
  return [
    { name: 'SSLRequest', bytes: ssl, attempt: async () => runOver(await upgrade()) },
    { name: 'SSLRequest twice', bytes: ssl, attempt: async () => again(await upgrade()) },
    { name: 'a start-up packet behind SSLRequest', bytes: ssl, attempt: () => answered(port, ssl, 'E', startup) },
    { name: 'direct TLS', bytes: hello, attempt: async () => runOver(await direct(['postgresql'])) },
    { name: 'direct TLS without ALPN', bytes: hello, attempt: async () => runOver(await direct([])) },
    { name: 'GSSENCRequest', bytes: gssRequest, attempt: () => answered(port, gssRequest, 'N') },
    { name: 'a ClientHello in the session', bytes: hello, attempt: () => helloInSession(port) },
  ];
}

type Outcome = Awaited<ReturnType<Subject['encryptions'][number]['attempt']>>;

/** `terminated` when a command comes back in the clear from the gateway's own end of the tunnel. */
async function runOver(socket: Socket | undefined): Promise<Outcome> {
  const wire = socket && (await PgWire.login(socket, 'crm', 'app', token).catch(() => undefined));
  if (!wire) return 'refused';
  await using _ = wire;
  wire.write(encodeQuery(samples.plain.text));
  return (await wire.answer()).text === samples.plain.answer ? 'terminated' : 'passed';
}

/** `refused` when the answer begins with this byte and the server stays out of it. */
async function answered(port: number, request: Buffer, byte: string, behind?: Buffer): Promise<Outcome> {
  const socket = await dial(port);
  socket.write(behind ? Buffer.concat([request, behind]) : request);
  const first = await firstBytes(socket);
  socket.destroy();
  return first.toString('latin1', 0, 1) === byte ? 'refused' : 'passed';
}

async function again(socket: Socket | undefined): Promise<Outcome> {
  if (!socket) return 'passed';
  socket.write(encodeSslRequest());
  const first = await firstBytes(socket);
  socket.destroy();
  return first[0] === 0x45 || first.length === 0 ? 'refused' : 'passed';
}

async function helloInSession(port: number): Promise<Outcome> {
  await using wire = await PgWire.open(port, 'crm', 'app', token);
  wire.write(Buffer.concat([hello, Buffer.from([0, 5, 1, 0, 0, 1, 0])]));
  return (await wire.answer()).ok ? 'passed' : 'refused';
}

async function upgraded(port: number, request: Buffer, options: ConnectionOptions): Promise<Socket | undefined> {
  const socket = await dial(port);
  socket.write(request);
  const first = await firstBytes(socket);
  return first.toString('latin1') === 'S' ? secured(socket, options, []) : undefined;
}

async function secured(socket: Socket, options: ConnectionOptions, protocols: string[]): Promise<Socket | undefined> {
  const secure = tls({ ...options, socket, ALPNProtocols: protocols, servername: 'localhost' });
  secure.on('error', () => undefined);
  const opened = Promise.withResolvers<Socket | undefined>();
  secure.once('secureConnect', () => opened.resolve(secure)).once('close', () => opened.resolve(undefined));
  return opened.promise;
}

async function dial(port: number): Promise<Socket> {
  const socket = tcp({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What comes first; empty when the connection is closed instead. */
async function firstBytes(socket: Socket): Promise<Buffer> {
  const first = Promise.withResolvers<Buffer>();
  socket.once('data', (chunk: Buffer) => {
    socket.pause();
    first.resolve(chunk);
  });
  socket.once('close', () => first.resolve(Buffer.alloc(0)));
  return first.promise;
}

function message(tag: string, body: string): Buffer {
  return Buffer.concat([Buffer.from(tag, 'latin1'), uint32(4 + body.length), Buffer.from(body, 'latin1')]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
