import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { endOf, openSession } from '../live-session.ts';
import { type Rig, startRig } from '../rig.ts';
import { settled } from '../settled.ts';
import { addPlainTarget } from './plain-target.ts';

/** Long enough to get into a session and begin something, on a machine that does a lot else. */
const totalS = 12;
const why = `session ended: it has lasted ${totalS} s, the longest that one may (sessions.total_s); connect again`;

describe('the longest that a session of PostgreSQL may last', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ crm: false, config: { sessions: { total_s: totalS } } });
    await addPlainTarget(rig);
  }, 180_000);
  afterAll(() => rig[Symbol.asyncDispose]());

  async function connected(principal: string, database: string) {
    const password = await rig.token(principal);
    const client = new pg.Client({ host: '127.0.0.1', port: rig.port, user: 'postgres', database, password });
    const told: string[] = [];
    client.on('error', (error: Error & { code?: string }) => told.push(`${error.code ?? ''} ${error.message}`));
    const gone = new Promise<void>((resolve) => client.once('end', () => resolve()));
    await client.connect();
    return { client, told, gone, session: await openSession(rig, principal) };
  }

  test('is long over for one that says nothing, and the driver and the log are told which limit it was', async () => {
    const { told, gone, session } = await connected('ana', 'plain');
    await gone;
    expect(told).toContain(`57P01 ${why}`);
    expect(await endOf(rig, session)).toBe(why);
  });

  test('ends what runs, at the database too', async () => {
    const { client, told, gone, session } = await connected('dora', 'plain');
    const running = client
      .query('select pg_sleep(600)')
      .catch((error: Error & { code?: string }) => told.push(`${error.code ?? ''} ${error.message}`));
    const other = new pg.Client(rig.postgres.url);
    await other.connect();
    const sleeping = async (): Promise<number> => {
      const text = `select count(*)::int as n from pg_stat_activity where query like '%pg_sleep(' || '600%' and state = 'active'`;
      const { rows } = await other.query<{ n: number }>(text);
      return rows[0]?.n ?? 0;
    };
    await vi.waitUntil(async () => (await sleeping()) === 1, settled);
    await Promise.all([running, gone]);
    expect(told).toContain(`57P01 ${why}`);
    expect(await endOf(rig, session)).toBe(`${why}; what ran was cancelled`);
    await vi.waitUntil(async () => (await sleeping()) === 0, settled);
    await other.end();
  });

  test('ends a wait for an approval, and nobody can give it any more', async () => {
    const { client, told, gone, session } = await connected('ben', 'crm');
    const notices: string[] = [];
    client.on('notice', ({ message = '' }) => notices.push(message));
    const refused = client.query('create table late (id int)').then(
      () => 'it ran',
      ({ message }: Error) => message,
    );
    await Promise.all([refused, gone]);
    expect(notices.join('\n')).toContain('waiting for approval');
    expect([...told, await refused].join('\n')).toContain(why);
    expect(await endOf(rig, session)).toBe(why);
    const { rows } = await rowsOf(rig, `select count(*)::int as n from pg_class where relname = 'late'`);
    expect(rows).toEqual([{ n: 0 }]);
  });
});

async function rowsOf(rig: Rig, text: string) {
  const client = new pg.Client(rig.postgres.url);
  await client.connect();
  try {
    return await client.query<{ n: number }>(text);
  } finally {
    await client.end();
  }
}
