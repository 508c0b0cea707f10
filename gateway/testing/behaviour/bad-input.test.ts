import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runProgram } from '../clients/walk.ts';
import { type Rig, startRig } from '../rig.ts';
import { audited, filesWith } from './audited.ts';
import { addPlainTarget } from './plain-target.ts';
import {
  bind,
  errorsOf,
  errorText,
  execute,
  logIn,
  parse,
  query,
  raw,
  rowsOf,
  startup,
  sync,
  Wire,
  wireThrough,
} from './wire.ts';

/** The bad-input table, row by row, against the whole gateway. What takes the database away comes last. */
let rig: Rig;
let auditDir: string;
/** Somebody whom none of this may disturb. */
let bystander: Wire;
const tokens: string[] = [];

beforeAll(async () => {
  rig = await startRig({ crm: false, config: { limits: { unauthenticated_ms: 2_500 } } });
  await addPlainTarget(rig);
  auditDir = join(rig.dir, 'audit');
  bystander = await wireThrough(await loginOf('dora'));
});

afterAll(() => rig[Symbol.asyncDispose]());

async function undisturbed(): Promise<void> {
  expect(rowsOf(await bystander.query('select 42'))).toEqual([['42']]);
}

describe('before anybody is known', () => {
  const half = startup({ user: 'postgres', database: 'plain' }).subarray(0, 20);
  const tooLong = Buffer.alloc(8);
  tooLong.writeInt32BE(20_000, 0);
  tooLong.writeInt32BE(196_608, 4);

  test.each([
    ['garbage', Buffer.from('\x07\xff\x13garbage that goes on for a while\r\n')],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['a start-up packet longer than any', tooLong],
    ['protocol 2', startup({ user: 'postgres' }, 131_072)],
    ['replication', startup({ user: 'postgres', database: 'plain', replication: 'database' })],
    ['a start-up packet without a user', startup({ database: 'plain' })],
  ])('%s is closed and recorded', async (_name, bytes) => {
    const before = (await audited(auditDir, { type: 'login.refused' }, 0)).length;
    await using wire = await plainWire();
    wire.send(bytes);
    await wire.toTheEnd();
    expect(await audited(auditDir, { type: 'login.refused' }, before + 1)).toHaveLength(before + 1);
    await undisturbed();
  });

  test('half a start-up packet and then nothing more is closed at the limit', async () => {
    await using wire = await plainWire();
    wire.send(half);
    await wire.toTheEnd();
    await undisturbed();
  });

  test('silence, and a token that never comes, are closed at the limit', async () => {
    await using silent = await plainWire();
    await using tokenless = await plainWire();
    tokenless.send(startup({ user: 'postgres', database: 'plain' }));
    await Promise.all([silent.toTheEnd(), tokenless.toTheEnd()]);
    await undisturbed();
  });

  test('TLS that is not meant for PostgreSQL is not answered with one', async () => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: rig.port,
      ca: rig.ca,
      servername: 'localhost',
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    const ended = await Promise.race([
      once(socket, 'close').then(() => 'closed'),
      once(socket, 'secureConnect').then(() => 'open'),
    ]).catch(() => 'closed');
    // Either the handshake fails, or what it leads to is closed before anything is said in it.
    if (ended === 'open') {
      socket.write('GET / HTTP/1.1\r\n\r\n');
      await once(socket, 'close').catch(() => undefined);
    }
    socket.destroy();
    await undisturbed();
  });
});

describe('tokens', () => {
  interface Forged {
    readonly name: string;
    readonly make: () => Promise<string> | string;
  }
  const forged: readonly Forged[] = [
    { name: 'signed by somebody else', make: () => signed({}) },
    { name: 'signed by somebody else under a key id of their own', make: () => signed({ kid: 'mine' }) },
    { name: 'of another issuer', make: () => signed({ issuer: 'https://issuer.example' }) },
    { name: 'for another audience', make: () => signed({ audience: 'other' }) },
    { name: 'that is over', make: () => rig.idp.token('dora', { lifetimeS: -3_600 }) },
    {
      name: 'without a signature (alg none)',
      make: async () => `${encoded({ alg: 'none', typ: 'JWT' })}.${(await rig.token('dora')).split('.')[1] ?? ''}.`,
    },
    { name: 'signed by HMAC with the public key', make: () => hmacByPublicKey() },
    { name: 'whose claims were changed', make: async () => changed(await rig.token('ana')) },
    { name: 'that is none', make: () => 'correct horse battery staple' },
    { name: 'that is empty', make: () => '' },
  ];

  test.each(forged)('a token $name is refused in words to act on, and recorded without it', async ({ make }) => {
    const token = await make();
    if (token.length > 20) tokens.push(token);
    const before = (await audited(auditDir, { type: 'login.refused' }, 0)).length;
    const refusal = await logIn({ ...(await loginOf('dora')), password: token }).then(() => 'let in', String);
    expect(refusal).toMatch(/S=FATAL .*C=28(P01|000) M=.{10,}/);
    expect(refusal).not.toContain(token === '' ? 'nothing' : token);
    const [entry] = (await audited(auditDir, { type: 'login.refused' }, before + 1)).slice(before);
    expect(entry?.identity).toBe('-');
    await undisturbed();
  });

  test('a good token for another audience than the gateway’s is refused', async () => {
    const other = await rig.idp.token('dora', { claims: {} });
    // The identity provider signs for its own audience only, so the gateway is given another one.
    const settings = { ...(rig.idp.settings as { readonly issuer: string }), audience: 'elsewhere' };
    await using elsewhere = await startRig({ crm: false, config: { identity: { issuers: [settings] } } });
    const refusal = await logIn({ port: elsewhere.port, user: 'postgres', database: 'crm', password: other }).then(
      () => 'let in',
      String,
    );
    expect(refusal).toMatch(/C=28(P01|000) M=.*audience/);
  });

  test.each([
    ['a target that is not there', { database: 'nosuch' }, /C=3D000/],
    ['a database that the target does not offer', { database: 'plain/secret' }, /C=3D000/],
    ['a login that the gateway has no credential for', { user: 'nobody' }, /C=28000/],
    ['another role by options', { options: '-c role=postgres' }, /C=42501/],
    ['another encoding', { client_encoding: 'SJIS' }, /C=(22023|0A000|42501)/],
    ['string escapes', { options: '-c standard_conforming_strings=off' }, /C=(22023|0A000|42501)/],
  ])('%s is refused with its own code', async (_name, settings, wanted) => {
    const login = { ...(await loginOf('dora')), ...settings };
    const { user, database, port, password: _token, ...more } = login;
    const refusal = await logIn({ port, user, database, password: await rig.token('dora') }, more).then(
      () => 'let in',
      String,
    );
    expect(refusal).toMatch(wanted);
    await undisturbed();
  });

  test('somebody without a group that may connect is told so', async () => {
    const refusal = await logIn(await loginOf('eve')).then(() => 'let in', String);
    expect(refusal).toMatch(/C=28000/);
  });
});

describe('statements', () => {
  test.each([
    ['one that is too long', `select '${'x'.repeat(300_000)}'`, '54000'],
    ['one that is too deep', `select ${'('.repeat(20_000)}1${')'.repeat(20_000)}`, '54001'],
    ['one that does not parse', 'selec 1', '42601'],
    ['one with a broken letter', Buffer.from("select '\xff\xfe'", 'latin1'), '22021'],
  ])('%s is refused by Query and by Parse, recorded, and the session lives on', async (_name, text, sqlstate) => {
    await using wire = await wireThrough(await loginOf('dora'));
    const before = (await audited(auditDir, { type: 'refused' }, 0)).length;
    const sql = Buffer.concat([Buffer.from(text), Buffer.from([0])]);
    wire.send(raw('Q', sql));
    expect(errorsOf(await wire.readies())).toEqual([sqlstate]);
    expect(rowsOf(await wire.query('select 1'))).toEqual([['1']]);
    wire.send(raw('P', Buffer.concat([Buffer.from([0]), sql, Buffer.from([0, 0])])), bind('', ''), sync);
    expect(errorsOf(await wire.readies())).toEqual([sqlstate]);
    expect(rowsOf(await wire.query('select 2'))).toEqual([['2']]);
    const [entry] = (await audited(auditDir, { type: 'refused' }, before + 1)).slice(before);
    expect(entry).toMatchObject({ identity: 'dora', effect: 'refused' });
    // What no parser has read may hold anything: the log has its digest.
    expect(entry?.command).toMatch(/^sha256:/);
  });
});

describe('messages', () => {
  test.each([
    ['an unknown message', raw('!', 'x')],
    ['a password after the log-in', raw('p', 'again\0')],
    ['a length that is too small', raw('Q', '', 3)],
    ['a negative length', raw('Q', '', -1)],
    ['a length beyond every limit', raw('Q', '', 0x7fffffff)],
    ['a message of 17 MiB', raw('Q', '', 17 << 20)],
    ['a Sync with a body', raw('S', 'x')],
    ['a Sync that claims a megabyte', raw('S', '', 1 << 20)],
    ['a Query without its end', raw('Q', 'select 1')],
    ['a Query with two ends', raw('Q', 'select 1\0select 2\0')],
    ['a Parse that counts too many types', Buffer.concat([raw('P', 's\0select 1\0\0\x09')])],
    ['a Bind with a format that is none', raw('B', '\0\0\0\x01\0\x02\0\0\0\0')],
    [
      'a Bind whose value is longer than the message',
      raw('B', Buffer.from([0, 0, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff, 0, 0])),
    ],
    ['a Describe of neither', raw('D', 'Xname\0')],
    ['a start-up packet again', startup({ user: 'postgres' })],
    ['a cancel key in the middle', raw('K', Buffer.alloc(8))],
  ])('%s ends the session with 08P01, and is recorded', async (_name, bytes) => {
    await using wire = await wireThrough(await loginOf('dora'));
    const before = (await audited(auditDir, { type: 'refused' }, 0)).length;
    wire.send(bytes);
    const heard = await wire.toTheEnd();
    expect(errorsOf(heard)).toEqual(['08P01']);
    expect(errorText(heard)).toContain('FATAL');
    expect(await audited(auditDir, { type: 'refused' }, before + 1)).toHaveLength(before + 1);
    await undisturbed();
  });

  test('anything but COPY data during COPY ends the session, and the COPY is not half done', async () => {
    await using wire = await wireThrough(await loginOf('dora'));
    await wire.query('create table half (a int)');
    wire.send(query('copy half from stdin'));
    await wire.until(({ tag }) => tag === 'G');
    wire.send(raw('d', '1\n'), query('select 1'));
    expect(errorsOf(await wire.toTheEnd())).toEqual(['08P01']);
    expect(rowsOf(await bystander.query('select count(*) from half'))).toEqual([['0']]);
  });

  test('a client that hangs up in the middle of a message leaves nothing open', async () => {
    await using wire = await wireThrough(await loginOf('dora'));
    wire.send(query("set application_name = 'hang'"), raw('Q', 'select', 100));
    await wire.readies();
    wire.destroy();
    const [ended] = (await audited(auditDir, { type: 'session.end' })).slice(-1);
    expect(ended?.identity).toBe('dora');
    await undisturbed();
  });
});

describe('bundles', () => {
  test.each([
    ['older than the running one', async (file: string, older: Buffer) => writeFile(file, older), 'rollback'],
    ['that is no bundle', async (file: string) => writeFile(file, 'not a bundle'), 'invalid'],
    ['whose bytes were changed', async (file: string, older: Buffer) => writeFile(file, flipped(older)), ''],
  ])('one %s is not taken: the running one stays, loudly', async (_name, put, why) => {
    const file = join(rig.dir, 'bundle.tar.gz');
    const first = await readFile(file);
    await rig.publish([]);
    const running = (await audited(auditDir, { type: 'bundle.activated' })).at(-1)?.revision;
    const before = (await audited(auditDir, { type: 'bundle.refused' }, 0)).length;
    const good = await readFile(file);
    await put(file, first);
    await rig.gateway.refreshPolicy().catch(() => undefined);
    const [refused] = (await audited(auditDir, { type: 'bundle.refused' }, before + 1)).slice(before);
    expect(JSON.stringify(refused)).toContain(why);
    expect(rig.log.join('')).toContain('bundle');
    expect((await audited(auditDir, { type: 'bundle.activated' })).at(-1)?.revision).toBe(running);
    await undisturbed();
    await writeFile(file, good);
  });

  test.each([
    ['no bundle at all', async (_file: string) => undefined],
    [
      'a bundle that nobody trusted has signed',
      async (file: string) => writeFile(file, flipped(await readFile(join(rig.dir, 'bundle.tar.gz')))),
    ],
  ])('the gateway refuses to start with %s', async (_name, put) => {
    const bundle = join(rig.dir, `other-${String(Math.random())}.tar.gz`);
    await put(bundle);
    const file = join(rig.dir, 'no-bundle.yaml');
    const text = (await readFile(rig.configFile, 'utf8'))
      .replaceAll(join(rig.dir, 'bundle.tar.gz'), bundle)
      .replaceAll(join(rig.dir, 'state'), join(rig.dir, 'state2'))
      .replaceAll(join(rig.dir, 'audit'), join(rig.dir, 'audit2'))
      .replaceAll(join(rig.dir, 'recordings'), join(rig.dir, 'recordings2'));
    await cp(join(rig.dir, 'audit.key'), join(rig.dir, 'audit2.key'));
    await writeFile(file, text);
    const { code, stdout, stderr } = await runProgram(process.execPath, [cli, 'serve', '--config', file]);
    expect(code).not.toBe(0);
    expect(code).not.toBeNull();
    expect(stdout + stderr).toMatch(/bundle/);
  });
});

test('a configuration that is wrong in three places is told all three, with line and column', async () => {
  const file = join(rig.dir, 'wrong.yaml');
  const text = (await readFile(rig.configFile, 'utf8'))
    .replace(/^state_dir:/m, 'stat_dir:')
    .replace(/^( *)protocol: postgres$/m, '$1protocol: mysql')
    .replace(/^( *)level: debug$/m, '$1level: chatty');
  await writeFile(file, text);
  const { code, stderr } = await runProgram(process.execPath, [cli, 'config', 'check', '--config', file]);
  expect(code).toBe(2);
  for (const word of ['stat_dir', 'protocol', 'level'])
    expect(stderr).toMatch(new RegExp(`wrong\\.yaml:\\d+:\\d+.*${word}|\\d+:\\d+.*${word}`));
});

test('a token stands in no file and on no line of the log', async () => {
  const good = await rig.token('dora');
  await using wire = await wireThrough({ ...(await loginOf('dora')), password: good });
  await wire.query('select 1');
  const pieces = [...tokens, good]
    .flatMap((token) => [token, token.split('.')[2] ?? ''])
    .filter((piece) => piece.length > 20);
  expect(await filesWith(rig.dir, pieces)).toEqual([]);
  for (const piece of pieces) expect(rig.log.join('')).not.toContain(piece);
});

describe('a target that is lost', () => {
  test('in the middle of a result: 08006, and no half answer looks like a whole one', async () => {
    await using wire = await wireThrough(await loginOf('dora'));
    wire.send(
      parse('', "select g, repeat('x', 500), pg_sleep(0.00005) from generate_series(1, 200000) g"),
      bind('', ''),
      execute(),
      sync,
    );
    await wire.until(({ tag }) => tag === 'D');
    await rig.postgres.crash();
    const heard = await wire.toTheEnd();
    const tags = heard.map(({ tag }) => tag).filter((tag) => tag !== 'D');
    expect(tags).not.toContain('C');
    expect(tags).not.toContain('Z');
    // The server's own last word may come first.
    expect(errorsOf(heard).at(-1)).toMatch(/^(08006|57P0[12])$/);
    expect(
      (await audited(auditDir, { type: 'refused' })).some(({ detail }) =>
        JSON.stringify(detail).includes('upstream-lost'),
      ),
    ).toBe(true);
  });

  test('before the log-in: 08001, and the gateway waits for it', async () => {
    const refusal = await logIn(await loginOf('dora')).then(() => 'let in', String);
    expect(refusal).toMatch(/C=(08001|08006)/);
  });
});

// --- makers -------------------------------------------------------------------------------------------------------------------------

const cli = join(import.meta.dirname, '../../cli/main.ts');

async function loginOf(principal: string) {
  return { port: rig.port, user: 'postgres', database: 'plain', password: await rig.token(principal) };
}

async function plainWire(): Promise<Wire> {
  const socket = connectTcp({ host: '127.0.0.1', port: rig.port, noDelay: true });
  await once(socket, 'connect');
  return new Wire(socket);
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** A token that has everything but the right key. */
function signed({ kid = 'demo', issuer = rig.idp.issuer, audience = rig.idp.audience }): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new SignJWT({ groups: ['dba'], kind: 'human' })
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
    .setIssuer(issuer)
    .setSubject('dora')
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(privateKey);
}

const jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())).min(1) });

/** RS256 taken for HS256: the attacker signs with what everybody may know. */
async function hmacByPublicKey(): Promise<string> {
  const { keys } = jwks.parse(await (await fetch(`${rig.idp.issuer}/jwks`)).json());
  const pem = createPublicKey({ key: keys[0] as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' }); // a JWKS holds JWKs
  const body = `${encoded({ alg: 'HS256', kid: 'demo', typ: 'at+jwt' })}.${(await rig.token('dora')).split('.')[1] ?? ''}`;
  return `${body}.${createHmac('sha256', pem).update(body).digest('base64url')}`;
}

function changed(token: string): string {
  const [head = '', body = '', signature = ''] = token.split('.');
  const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
  return `${head}.${encoded({ ...(claims as object), groups: ['dba'] })}.${signature}`; // a token's claims are an object
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(copy.length / 2);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}
