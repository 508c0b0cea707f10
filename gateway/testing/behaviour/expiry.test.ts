import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { endOf, openSession, otto } from '../live-session.ts';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';
import { settled } from '../settled.ts';
import { addPlainTarget } from './plain-target.ts';

/**
 * A session ends with its token whatever goes on in it: while it is idle, while a statement runs, in the middle of a COPY, and while a
 * statement waits for people. Each has a principal and a token of its own, and they wait for its end together.
 */
const lifetimeS = 20;
const expired = 'session ended: the token has expired; log in again';
const cancelled = `${expired}; what ran was cancelled`;
const people = ['idle', 'busy', 'loading', 'waiting', 'leaver'] as const;

let rig: Rig;
let admin: pg.Client;
beforeAll(async () => {
  const principals = people.map((name) => ({ name, kind: 'human', groups: ['dba'] }) as const);
  rig = await startRig({ crm: false, principals: [...rigPrincipals, ...principals] });
  await addPlainTarget(rig);
  admin = new pg.Client(rig.postgres.url);
  await admin.connect();
  await admin.query('create table loaded (a text)');
}, 180_000);
afterAll(async () => {
  await admin.end();
  await rig[Symbol.asyncDispose]();
});

interface Session {
  readonly client: pg.Client;
  readonly id: string;
  /** The last error of the connection, once it is over. */
  readonly told: Promise<Error | undefined>;
}

async function connected(who: string, token: Promise<string>, target: 'plain' | 'crm' = 'plain'): Promise<Session> {
  const at = { host: '127.0.0.1', port: rig.port, user: 'postgres', database: target };
  const client = new pg.Client({ ...at, password: await token });
  let last: Error | undefined;
  client.on('error', (error) => void (last ??= error));
  const told = new Promise<Error | undefined>((resolve) => client.once('end', () => resolve(last)));
  await client.connect();
  return { client, id: await openSession(rig, who), told };
}

function briefly(who: (typeof people)[number], target?: 'plain' | 'crm'): Promise<Session> {
  return connected(who, rig.idp.token(who, { lifetimeS }), target);
}

/** Whether a statement that looks like this still runs at the database, or its transaction goes on. */
async function isThere(like: string): Promise<boolean> {
  const text = `select 1 from pg_stat_activity where query like $1 and pid <> pg_backend_pid()`;
  return (await admin.query(text, [like])).rows.length > 0;
}

/** The driver's own says that it has no data. */
class Loading extends pg.Query {
  handleCopyInResponse(): void {}
}

const sleeping = 'select pg_sleep(600)%';
const failure = (query: Promise<unknown>): Promise<unknown> => query.catch((error: unknown) => error);

describe.concurrent('with its token ends', { timeout: 180_000 }, () => {
  test('an idle session, in a transaction: what it changed is rolled back', async () => {
    const { client, id, told } = await briefly('idle');
    await client.query('begin');
    await client.query(`insert into loaded values ('not committed')`);
    expect(await told).toMatchObject({ severity: 'FATAL', code: '57P01', message: expired, detail: undefined });
    expect(await endOf(rig, id)).toBe(expired);
    await vi.waitUntil(async () => !(await isThere('insert into loaded%')), settled);
    expect((await admin.query(`select a from loaded where a = 'not committed'`)).rows).toEqual([]);
  });

  test('a statement that runs: it is cancelled at the database, and the client reads why', async () => {
    const { client, id } = await briefly('busy');
    const failed = failure(client.query('select pg_sleep(600)'));
    await vi.waitUntil(() => isThere(sleeping), settled);
    expect(await failed).toMatchObject({ severity: 'FATAL', code: '57P01', message: expired });
    expect(await failed).toHaveProperty('detail', expect.stringContaining('It was cancelled'));
    await vi.waitUntil(async () => !(await isThere(sleeping)), settled);
    expect(await endOf(rig, id)).toBe(cancelled);
  });

  test('a COPY whose client goes on sending: nothing of it is kept', async () => {
    const { client, id } = await briefly('loading');
    const loading = client.query(new Loading('copy loaded from stdin'));
    const failed = new Promise((resolve) => loading.once('error', resolve));
    await vi.waitUntil(() => isThere('copy loaded%'), settled);
    const wire = client.connection.stream;
    const row = Buffer.from('d\0\0\0\x08row\n');
    const sending = setInterval(() => wire.writable && wire.write(row), 50);
    try {
      expect(await failed).toMatchObject({ severity: 'FATAL', code: '57P01', message: expired });
      expect(await endOf(rig, id)).toBe(cancelled);
    } finally {
      clearInterval(sending);
    }
    await vi.waitUntil(async () => !(await isThere('copy loaded%')), settled);
    expect((await admin.query(`select a from loaded where a = 'row'`)).rows).toEqual([]);
  });

  test('a statement that waits for people: the hold is over, and says why', async () => {
    const { client, id } = await briefly('waiting', 'crm');
    const failed = failure(client.query('create table held (a int)'));
    expect(await failed).toMatchObject({ severity: 'FATAL', code: '57P01', message: expired });
    expect(await endOf(rig, id)).toBe(expired);
    const over = { session: id, status: 'cancelled', reason: expired, resolved_by: [] };
    expect(await otto(rig).approvals.list()).toMatchObject({ ok: true, value: [over] });
    const logged = { effect: 'cancelled', detail: { by: [], reason: expired } };
    const entries = await otto(rig).audit.query({ type: 'hold.resolved', session: id });
    expect(entries).toMatchObject({ ok: true, value: [logged] });
  });
});

test('a session that policy no longer admits is broken off as well', { timeout: 180_000 }, async () => {
  const { client, id } = await connected('leaver', rig.token('leaver'));
  const failed = failure(client.query('select pg_sleep(600)'));
  await vi.waitUntil(() => isThere(sleeping), settled);
  await rig.publish([`${import.meta.dirname}/who-left`]);
  expect(await failed).toMatchObject({ code: '57P01', message: 'session ended: policy no longer admits it' });
  await vi.waitUntil(async () => !(await isThere(sleeping)), settled);
  expect(await endOf(rig, id)).toBe('session ended: policy no longer admits it; what ran was cancelled');
});
