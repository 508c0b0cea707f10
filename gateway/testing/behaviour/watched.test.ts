import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { endOf, openSession, runCli } from '../live-session.ts';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';
import { settled } from '../settled.ts';
import { addPlainTarget } from './plain-target.ts';

/** An open session of PostgreSQL, watched and ended by people at the command line. */
let rig: Rig;
beforeAll(async () => {
  const principals = [...rigPrincipals, { name: 'olga', kind: 'human', groups: ['operators'] } as const];
  rig = await startRig({ crm: false, principals });
  await addPlainTarget(rig);
}, 180_000);
afterAll(() => rig[Symbol.asyncDispose]());

async function connected(): Promise<pg.Client> {
  const password = await rig.token('dora');
  const client = new pg.Client({ host: '127.0.0.1', port: rig.port, user: 'postgres', database: 'plain', password });
  await client.connect();
  return client;
}

test('an auditor sees statements and results as they come, and the command ends with the session', async () => {
  const client = await connected();
  await client.query(`select 'before' as told`);
  const watch = await runCli(rig, 'otto', ['sessions', 'watch', await openSession(rig, 'dora')]);
  await watch.sees(`select 'before' as told`);
  await client.query(`select 'after' as told`);
  await watch.sees(`select 'after' as told`);
  await client.end();
  expect(await watch.ended).toMatchObject({ code: 0, err: '' });
});

test('an operator ends a session: the driver reads who did, and why, and so does the log', async () => {
  const client = await connected();
  const session = await openSession(rig, 'dora');
  const watch = await runCli(rig, 'otto', ['sessions', 'watch', session, '--json']);
  await watch.sees('"type":"header"');
  const gone = new Promise<void>((resolve) => client.once('end', () => resolve()));
  const told: string[] = [];
  client.on('error', ({ message }) => told.push(message));
  await client.query(`select 'before' as told`);
  await watch.sees(`'before' as told`);
  const kill = await runCli(rig, 'olga', ['sessions', 'kill', session, '--reason', 'wrong database']);
  expect(await kill.ended).toMatchObject({ code: 0, err: `session ${session} is ended\n` });
  await gone;
  expect(told.join('\n')).toContain('session ended by olga: wrong database');
  expect(await endOf(rig, session)).toBe('session ended by olga: wrong database');
  expect(await watch.ended).toMatchObject({ code: 0 });
  const again = await runCli(rig, 'olga', ['sessions', 'kill', session]);
  expect(await again.ended).toMatchObject({ code: 1, out: '' });
});

test('what runs is broken off, at the database too', async () => {
  const client = await connected();
  const session = await openSession(rig, 'dora');
  const told: string[] = [];
  client.on('error', ({ message }) => told.push(message));
  const gone = new Promise<void>((resolve) => client.once('end', () => resolve()));
  const running = client.query('select pg_sleep(600)').catch(({ message }: Error) => told.push(message));
  const other = await connected();
  const sleeping = async (): Promise<number> => {
    const text = `select count(*)::int as n from pg_stat_activity where query like '%pg_sleep(' || '600%' and state = 'active'`;
    const { rows } = await other.query<{ n: number }>(text);
    return rows[0]?.n ?? 0;
  };
  await vi.waitUntil(async () => (await sleeping()) === 1, settled);
  const kill = await runCli(rig, 'olga', ['sessions', 'kill', session, '--reason', 'runs too long']);
  expect(await kill.ended).toMatchObject({ code: 0 });
  await Promise.all([running, gone]);
  expect(told.join('\n')).toContain('session ended by olga: runs too long');
  expect(await endOf(rig, session)).toBe('session ended by olga: runs too long; what ran was cancelled');
  await vi.waitUntil(async () => (await sleeping()) === 0, settled);
  await other.end();
});

test('who may do neither is told so, and the session goes on', async () => {
  const client = await connected();
  const session = await openSession(rig, 'dora');
  for (const args of [
    ['watch', session],
    ['kill', session],
  ]) {
    const ran = await runCli(rig, 'ana', ['sessions', ...args]);
    expect(await ran.ended).toMatchObject({ code: 1, out: '' });
  }
  expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
  await client.end();
});
