import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeClientMessage } from '../../protocols/postgres/codec/frontend.ts';
import { endOf, openSession, otto } from '../live-session.ts';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';
import { settled } from '../settled.ts';
import { addPlainTarget } from './plain-target.ts';
import { query, run, sync, type Wire, wireThrough } from './wire.ts';

/** Who hangs up leaves nothing running, and what reached them until then is on record. Each test has a principal of its own. */
const people = ['sleeper', 'piper', 'polite', 'hasty', 'loader', 'reader', 'drinker'] as const;
const terminate = encodeClientMessage({ type: 'terminate' });
const cancelled = '; what ran was cancelled';

let rig: Rig;
let admin: pg.Client;
beforeAll(async () => {
  const principals = people.map((name) => ({ name, kind: 'human', groups: ['dba'] }) as const);
  rig = await startRig({ crm: false, principals: [...rigPrincipals, ...principals] });
  await addPlainTarget(rig);
  admin = new pg.Client(rig.postgres.url);
  await admin.connect();
  await admin.query('create table kept (a text)');
}, 180_000);
afterAll(async () => {
  await admin.end();
  await rig[Symbol.asyncDispose]();
});

async function connected(who: (typeof people)[number]): Promise<{ readonly wire: Wire; readonly id: string }> {
  const password = await rig.token(who);
  const wire = await wireThrough({ port: rig.port, user: 'postgres', database: 'plain', password });
  return { wire, id: await openSession(rig, who) };
}

/** How many statements that look like this run at the database. */
async function running(like: string): Promise<number> {
  const text = `select 1 from pg_stat_activity where query like $1 and state = 'active' and pid <> pg_backend_pid()`;
  return (await admin.query(text, [like])).rows.length;
}

const runs = (like: string) => vi.waitUntil(async () => (await running(like)) === 1, settled);
const isQuiet = (like: string) => vi.waitUntil(async () => (await running(like)) === 0, settled);

/** Its commands as the recording has them ended. */
async function endsOf(session: string): Promise<readonly unknown[]> {
  const recording = await otto(rig).sessions.recording(session);
  if (!recording.ok) throw new Error(recording.problem.detail);
  const ends: unknown[] = [];
  for await (const line of recording.value) if (line.startsWith('{"type":"end"')) ends.push(JSON.parse(line));
  return ends;
}

describe('who hangs up', { timeout: 180_000 }, () => {
  test('in the middle of a statement has it cancelled, and the record says so', async () => {
    const { wire, id } = await connected('sleeper');
    wire.send(query('select pg_sleep(601)'));
    await runs('select pg_sleep(601)%');
    wire.destroy();
    expect(await endOf(rig, id)).toBe(`client hung up${cancelled}`);
    expect(await running('select pg_sleep(601)%')).toBe(0);
    const text = `broken off: client hung up${cancelled}`;
    expect(await endsOf(id)).toMatchObject([{ ok: false, code: 'broken', text, rows: 0 }]);
  });

  test('leaves nothing of what was sent behind it either', async () => {
    const { wire, id } = await connected('piper');
    const asleep = query('select pg_sleep(602)');
    wire.send(asleep, asleep, run('select pg_sleep(602)'), sync, asleep);
    await runs('select pg_sleep(602)%');
    wire.destroy();
    expect(await endOf(rig, id)).toBe(`client hung up${cancelled}`);
    expect(await running('select pg_sleep(602)%')).toBe(0);
  });

  test('says goodbye first and waits for it: what was sent before it runs to its end', async () => {
    const { wire, id } = await connected('polite');
    wire.send(query(`insert into kept select 'polite' from pg_sleep(0.3)`), terminate, query('drop table kept'));
    const heard = await wire.toTheEnd();
    expect(heard.map(({ tag }) => tag)).toEqual(['C', 'Z']);
    expect(await endOf(rig, id)).toBe('client left');
    expect((await admin.query('select a from kept')).rows).toEqual([{ a: 'polite' }]);
    expect(await endsOf(id)).toMatchObject([{ ok: true }]);
  });

  test('says goodbye and does not wait: it is cancelled as well', async () => {
    const { wire, id } = await connected('hasty');
    wire.send(query('select pg_sleep(603)'), terminate);
    await runs('select pg_sleep(603)%');
    wire.destroy();
    expect(await endOf(rig, id)).toBe(`client hung up${cancelled}`);
    await isQuiet('select pg_sleep(603)%');
  });

  test('in the middle of COPY FROM has loaded nothing, with a goodbye or without', async () => {
    for (const bye of [[], [terminate]]) {
      const { wire, id } = await connected('loader');
      wire.send(query('copy kept from stdin'));
      await wire.until(({ tag }) => tag === 'G');
      wire.send(Buffer.from('d\0\0\0\x08row\n'), ...bye);
      if (bye.length === 0) wire.destroy();
      expect(await endOf(rig, id)).toContain(cancelled);
      expect(await endsOf(id)).toMatchObject([{ ok: false, code: 'broken', rows: 0 }]);
    }
    expect((await admin.query(`select a from kept where a = 'row'`)).rows).toEqual([]);
  });

  test.each([
    ['COPY TO', 'reader', 'copy (select g, pg_sleep(0.01) from generate_series(1, 90000) g) to stdout', 'd'],
    ['a SELECT', 'drinker', 'select g, pg_sleep(0.01) from generate_series(1, 90000) g', 'D'],
  ] as const)('in the middle of %s has read the rows that the record counts', async (_, who, text, row) => {
    const { wire, id } = await connected(who);
    wire.send(query(text));
    let read = 0;
    await wire.until(({ tag }) => tag === row && ++read === 50);
    wire.destroy();
    expect(await endOf(rig, id)).toBe(`client hung up${cancelled}`);
    const shown = await otto(rig).sessions.show(id);
    const rows = shown.ok ? shown.value.rows : null;
    expect(rows).toBeGreaterThanOrEqual(50);
    expect(await endsOf(id)).toMatchObject([{ ok: false, code: 'broken', rows }]);
    const logged = await otto(rig).audit.query({ type: 'session.end', session: id });
    expect(logged).toMatchObject({ ok: true, value: [{ detail: { rows_returned: rows } }] });
  });
});
