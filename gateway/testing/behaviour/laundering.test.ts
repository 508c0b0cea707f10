import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/index.ts';
import { startGateway } from '../../main.ts';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';
import { reconfigure } from './plain-target.ts';
import { bind, errorsOf, execute, parse, query, rowsOf, run, sync, type Wire, wireThrough } from './wire.ts';

/**
 * Ada may read everything, and copies it to where no label stands. Ana may not, and reads it there. Whatever the way, no labelled value may
 * reach her: the label follows, from the moment at which the copy is released.
 */
let rig: Rig;
let admin: pg.Client;
let ada: Wire;
let canaries: readonly Buffer[];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

beforeAll(async () => {
  rig = await startRig({
    policies: [here('rules')],
    principals: [...rigPrincipals, { name: 'ada', kind: 'human', groups: ['dba', 'everything'] }],
  });
  // Schema changes need an approval in production only.
  await reconfigure(rig, (targets) => targets.map((target) => ({ ...target, labels: { env: 'dev' } })));
  admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  const { rows } = await admin.query<{ readonly v: string }>(
    'select unnest(array[ssn, email, card_number]) as v from customers where id <= 20',
  );
  canaries = rows.map(({ v }) => Buffer.from(v));
  ada = await wireThrough(await loginOf('ada', 'postgres'));
  await admin.query('create table notes (id int primary key, body text, more text); grant select on notes to app');
});

afterAll(async () => {
  await ada[Symbol.asyncDispose]();
  await admin.end();
  await rig[Symbol.asyncDispose]();
});

const rows20 = 'from customers where id <= 20';
const open = (table: string): string => `grant select on ${table} to app`;

const launderings: readonly (readonly [name: string, steps: readonly string[], look: string])[] = [
  ['CREATE TABLE AS', [`create table l1 as select id, ssn as x ${rows20}`, open('l1')], 'select x from l1'],
  [
    'CREATE TABLE AS with names',
    [`create table l2 (a, b) as select id, ssn ${rows20}`, open('l2')],
    'select b from l2',
  ],
  ['SELECT INTO', [`select id, email into l3 ${rows20}`, open('l3')], 'select * from l3'],
  ['a copy of a copy', ['create table l4 as select x as y from l1', open('l4')], 'select y from l4'],
  ['a view of a copy', ['create view l5 as select x as z from l1', open('l5')], 'select z from l5'],
  ['a materialized view', [`create materialized view l6 as select ssn as m ${rows20}`, open('l6')], 'select m from l6'],
  ['a view', [`create view l7 as select ssn as v ${rows20}`, open('l7')], 'select v from l7'],
  ['INSERT SELECT', [`insert into notes (id, body) select id, ssn ${rows20}`], 'select body from notes'],
  [
    'UPDATE',
    [`update notes set more = (select card_number from customers c where c.id = notes.id) where id <= 20`],
    'select more from notes',
  ],
  [
    'a table that others inherit from',
    [
      'create table l8 (like l1)',
      'create table l9 () inherits (l8)',
      'insert into l9 (x) select x from l1',
      open('l8'),
    ],
    'select x from l8',
  ],
  ['RENAME of a copied column', ['alter table l1 rename column x to name'], 'select name from l1'],
  ['RENAME of a copy', ['alter table l1 rename to renamed'], 'select name from renamed'],
  [
    'another schema',
    ['create schema aside', 'grant usage on schema aside to app', 'alter table renamed set schema aside'],
    'select name from aside.renamed',
  ],
  ['RENAME of that schema', ['alter schema aside rename to beside'], 'select name from beside.renamed'],
  [
    'all of it in one transaction',
    [
      `begin; create table t1 as select id, ssn as s ${rows20}`,
      'alter table t1 rename to t2',
      'alter table t2 rename column s to t',
      'create table t3 (a int, b text)',
      'insert into t3 select id, t from t2',
      `commit; ${open('t2')}; ${open('t3')}`,
    ],
    'select t from t2 union all select b from t3',
  ],
  [
    'ALTER TYPE USING',
    [
      'create table l10 as select id, name, ssn from customers',
      'alter table l10 alter name type text using ssn',
      open('l10'),
    ],
    'select name from l10',
  ],
  [
    'a child that leaves its parent',
    [
      'create table l11 () inherits (l10)',
      'insert into l11 select * from only l10',
      'alter table l11 no inherit l10',
      open('l11'),
    ],
    'select ssn from l11',
  ],
  [
    'MERGE',
    [
      'create table l12 (id int, v text)',
      `merge into l12 using (select id, email ${rows20}) c on l12.id = c.id when not matched then insert values (c.id, c.email)`,
      open('l12'),
    ],
    'select v from l12',
  ],
  [
    'a data-modifying WITH',
    [
      'create table l13 (v text)',
      `with w as (insert into l13 select ssn ${rows20} returning v) select count(*) from w`,
      open('l13'),
    ],
    'select v from l13',
  ],
  [
    'PREPARE and EXECUTE',
    ['create table l14 (v text)', `prepare cp as insert into l14 select ssn ${rows20}`, 'execute cp', open('l14')],
    'select v from l14',
  ],
  [
    'a view that is written through',
    [
      'create table l15 (id int, v text); create view l16 as select id as i, v as w from l15',
      `insert into l16 select id, ssn ${rows20}`,
      open('l15'),
    ],
    'select v from l15',
  ],
];

test.each(launderings.map(([name, steps, look]) => ({ name, steps, look })))(
  '$name: the label follows',
  async ({ steps, look }) => {
    for (const step of steps) expect(errorsOf(await ada.query(step))).toEqual([]);
    const clear = await admin.query({ text: look, rowMode: 'array' });
    const shown = JSON.stringify(clear.rows);
    expect(
      canaries.some((canary) => shown.includes(canary.toString())),
      'the secret is there',
    ).toBe(true);
    await using ana = await wireThrough(await loginOf('ana'));
    const heard = await ana.query(look);
    expect(leaks(ana)).toEqual([]);
    // It is masked, and not merely refused, where nothing but the column is asked for.
    expect(rowsOf(heard).length).toBeGreaterThan(0);
    await ana.query(look.replace(/select (\S+) from/, 'select upper($1::text) from'));
    expect(leaks(ana)).toEqual([]);
  },
);

test('by Execute as by Query', async () => {
  expect(errorsOf(await ada.query('create table x1 (v text); grant select on x1 to app'))).toEqual([]);
  ada.send(run(`insert into x1 select ssn ${rows20}`), sync);
  expect(errorsOf(await ada.readies())).toEqual([]);
  await using ana = await wireThrough(await loginOf('ana'));
  expect(rowsOf(await ana.query('select v from x1')).length).toBe(20);
  expect(leaks(ana)).toEqual([]);
});

test('a statement that was prepared before the copy', async () => {
  expect(errorsOf(await ada.query('create table x2 (v text); grant select on x2 to app'))).toEqual([]);
  await using ana = await wireThrough(await loginOf('ana'));
  ana.send(parse('s', 'select upper(v) from x2'), bind('', 's'), execute(), sync);
  expect(errorsOf(await ana.readies())).toEqual([]);
  expect(errorsOf(await ada.query(`insert into x2 select ssn ${rows20}`))).toEqual([]);
  ana.send(bind('', 's'), execute(), sync);
  expect(rowsOf(await ana.readies())).toHaveLength(20);
  expect(leaks(ana)).toEqual([]);
});

test.each(['select v from x3', "select v || '!' from x3"])(
  'a statement that was released before the copy, and waits for it: %s',
  async (look) => {
    const fresh = 'drop table if exists x3; create table x3 (v text); grant select on x3 to app';
    expect(errorsOf(await ada.query(fresh))).toEqual([]);
    await using ana = await wireThrough(await loginOf('ana'));
    expect(errorsOf(await ana.query(look))).toEqual([]);
    expect(errorsOf(await ada.query('begin; lock table x3'))).toEqual([]);
    ana.send(query(look));
    for (;;) {
      const waiting = "select from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'";
      if ((await admin.query(waiting)).rowCount) break;
    }
    expect(errorsOf(await ada.query(`insert into x3 select ssn ${rows20}`))).toEqual([]);
    expect(errorsOf(await ada.query('commit'))).toEqual([]);
    expect(rowsOf(await ana.readies())).toHaveLength(20);
    expect(leaks(ana)).toEqual([]);
  },
);

test('a copy that fails or is rolled back takes no label off, and one that stands later carries it', async () => {
  expect(errorsOf(await ada.query('create table x4 (v text not null); grant select on x4 to app'))).toEqual([]);
  expect(errorsOf(await ada.query(`begin; insert into x4 select ssn ${rows20}; savepoint a`))).toEqual([]);
  expect(errorsOf(await ada.query('insert into x4 values (null)'))).toEqual(['23502']);
  expect(errorsOf(await ada.query('rollback to a; commit'))).toEqual([]);
  await using ana = await wireThrough(await loginOf('ana'));
  expect(rowsOf(await ana.query('select v from x4'))).toHaveLength(20);
  expect(leaks(ana)).toEqual([]);
});

describe('what somebody renames behind the gateway’s back', () => {
  test.each([
    [
      'a column',
      'alter table payments rename column iban to account',
      'select account from payments where account is not null limit 20',
    ],
    ['a table', 'alter table payments rename to paid', 'select account from paid where account is not null limit 20'],
    [
      'a schema',
      'create schema s; grant usage on schema s to app; alter table paid set schema s',
      'select account from s.paid where account is not null limit 20',
    ],
    [
      'and a new one in its place',
      'create table payments (id int, iban text)',
      'select account from s.paid where account is not null limit 20',
    ],
  ])('%s', async (_name, change, look) => {
    await admin.query(change);
    const { rows } = await admin.query<{ readonly account: string }>(look);
    await using ana = await wireThrough(await loginOf('ana'));
    // The gateway looks once a second; a name that it does not know makes it look at once.
    expect(rowsOf(await ana.query(look))).toHaveLength(20);
    expect(rows.filter(({ account }) => ana.heard.includes(account))).toEqual([]);
  });
});

test('each is an entry of the log, before the copy runs', async () => {
  const answer = await fetch(
    `http://127.0.0.1:${rig.gateway.addresses.admin.port}/v1/audit?type=label.followed&limit=1000`,
    {
      headers: { authorization: `Bearer ${await rig.token('otto')}` },
    },
  );
  const text = await answer.text();
  expect(answer.status).toBe(200);
  expect(text).toContain('public.notes.body');
  expect(text).toContain('public.customers.ssn');
  expect(canaries.filter((canary) => text.includes(canary.toString()))).toEqual([]);
});

// The last tests of this file: they stop the gateway.

test('a gateway that is started again knows what followed, and what was renamed while it was down', async () => {
  await rig.gateway.close();
  await admin.query('alter table beside.renamed rename column name to called; alter table x1 rename to x5');
  const loaded = await loadConfig(rig.configFile);
  if (!loaded.ok) throw new Error('the configuration is as it was');
  await using again = await startGateway(loaded.config, { sink: { write: () => undefined } });
  await using ana = await wireThrough({ ...(await loginOf('ana')), port: again.addresses.postgres.port });
  for (const look of ['select called from beside.renamed', 'select v from x5', 'select body, more from notes'])
    expect(rowsOf(await ana.query(look)).length).toBeGreaterThan(0);
  expect(leaks(ana)).toEqual([]);
});

test('what followed is listed, and taken off by hand alone', async () => {
  const labels = (...args: readonly string[]) =>
    sallyport('labels', ...args, '--target', 'crm', '--config', rig.configFile);
  const listed = await labels('followed', '--format', 'json');
  expect(JSON.parse(listed.out)).toContainEqual(
    expect.objectContaining({ target: 'crm/crm', column: 'public.notes.body', label: 'pii.ssn', identity: 'ada' }),
  );
  expect((await labels('followed')).out).toMatch(/public\.notes\.body +pii\.ssn +public\.customers\.ssn +ada/);
  expect(await labels('forget', 'public.notes.body')).toMatchObject({ code: 0 });
  expect(await labels('forget', 'public.notes.body')).toMatchObject({ code: 1 });
  expect((await labels('followed')).out).not.toContain('public.notes.body');
});

interface Ran {
  readonly code: number;
  readonly out: string;
}

function sallyport(...args: readonly string[]): Promise<Ran> {
  const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
  return new Promise((done) => {
    const child = execFile(process.execPath, [main, ...args], (_error, out) =>
      done({ code: child.exitCode ?? -1, out }),
    );
  });
}

async function loginOf(principal: string, user = 'app') {
  return { port: rig.port, user, database: 'crm', password: await rig.token(principal) };
}

function leaks(wire: Wire): readonly string[] {
  const { heard } = wire;
  return canaries.filter((canary) => heard.includes(canary)).map((canary) => canary.toString());
}
