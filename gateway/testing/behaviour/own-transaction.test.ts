import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, startRig } from '../rig.ts';
import { reconfigure } from './plain-target.ts';
import { bind, errorsOf, execute, parse, query, rowsOf, run, sync, type Wire, wireThrough } from './wire.ts';

/**
 * What a transaction has changed of the schema is seen by its own connection only: the gateway asks there. Ben is under masks and may change the schema.
 */
let rig: Rig;
let admin: pg.Client;
let canaries: readonly Buffer[];

beforeAll(async () => {
  rig = await startRig();
  // Schema changes need an approval in production only.
  await reconfigure(rig, (targets) => targets.map((target) => ({ ...target, labels: { env: 'dev' } })));
  admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  const { rows } = await admin.query<{ readonly v: string }>(
    'select unnest(array[ssn, email, card_number]) as v from customers',
  );
  canaries = rows.map(({ v }) => Buffer.from(v));
  await admin.query(
    'create table staff (id int primary key, boss int references staff (id) deferrable initially deferred)',
  );
  await admin.query('grant all on staff to owner');
  await admin.query(`
    create table kept (id int, was text); grant all on kept to owner;
    create function keep() returns trigger language plpgsql as 'begin insert into kept values (old.id, old.card_number); return new; end';
    create trigger keep before update on customers for each row execute function keep();
    create schema aside; create table aside.kept (id int, was text); grant all on schema aside to owner; grant all on all tables in schema aside to owner;
    create schema clean; create table clean.customers (id int, ssn text, email text);
    create schema app; create table app.customers (id int, ssn text, email text);
    grant usage on schema clean, app to owner, app; grant select on clean.customers, app.customers to owner, app; grant app to owner`);
});

afterAll(async () => {
  await admin?.end();
  await rig?.[Symbol.asyncDispose]();
});

async function loginOf(user = 'owner') {
  return { port: rig.port, user, database: 'crm', password: await rig.token('ben') };
}

function leaks({ heard }: Wire): readonly string[] {
  return canaries.filter((canary) => heard.includes(canary)).map((canary) => canary.toString());
}

const look = "select ssn, 'x' || ssn as y, email from customers where id = 1";
const shadow = 'create temp table customers (id int, ssn text, email text)';
const prepared = [parse('s', look), sync];
const again = [bind('', 's'), execute(), sync];

/** Each inner list is one write, whose answers are awaited before the next. */
const ways: readonly (readonly [name: string, packets: readonly (readonly (Buffer | string)[])[]])[] = [
  ['ROLLBACK', [['begin'], [shadow], [look], ['rollback'], [look]]],
  ['ROLLBACK in one message', [[`begin; ${shadow}; rollback; ${look}`]]],
  ['ROLLBACK of the implicit transaction', [[`${shadow}; ${look}; rollback; ${look}`]]],
  ['ROLLBACK sent along', [['begin', shadow, 'rollback', look]]],
  ['ROLLBACK TO', [['begin'], ['savepoint a'], [shadow], [look], ['rollback to a'], [look]]],
  ['ROLLBACK TO in one message', [['begin'], [`savepoint a; ${shadow}; rollback to a; ${look}`]]],
  [
    'ROLLBACK TO, after which other things are made in the same places',
    [
      ['begin'],
      ['savepoint a'],
      [shadow],
      [look],
      ['rollback to a'],
      ['create temp table others (id int, ssn text, email text)'],
      [look],
    ],
  ],
  [
    'RELEASE of what was rolled back',
    [['begin'], ['savepoint a'], ['savepoint b'], [shadow], [look], ['rollback to b'], ['release a'], [look]],
  ],
  ['DROP of the shadow', [['begin'], [shadow], [look], ['drop table pg_temp.customers'], [look]]],
  ['RENAME of the shadow', [['begin'], [shadow], [look], ['alter table pg_temp.customers rename to others'], [look]]],
  ['a message that fails', [[`${shadow}; select 1 / 0`], [look]]],
  ['a segment that fails', [[run(shadow), run('select 1 / 0'), sync, run(look), sync]]],
  [
    'a segment that fails, after the shadow was read',
    [[run(shadow), run(look), run('select 1 / 0'), sync, run(look), sync]],
  ],
  ['a COMMIT that fails', [['begin'], [shadow], ['insert into staff values (1, 7)'], [look], ['commit', look], [look]]],
  ['a Sync that fails', [[run('insert into staff values (1, 7)'), run(shadow), run(look), sync, run(look), sync]]],
  [
    'COMMIT AND CHAIN of a shadow that goes with it',
    [['begin'], [`${shadow.replace(')', ') on commit drop')}`], [look], ['commit and chain'], [look], ['rollback']],
  ],
  ['ON COMMIT DROP in one message', [[`begin; ${shadow} on commit drop; commit; ${look}`]]],
  ['a statement prepared by the shadow', [['begin'], [shadow], prepared, again, ['rollback'], again]],
  [
    'a statement prepared by the shadow, ROLLBACK sent along',
    [['begin'], [shadow], prepared, [query('rollback'), ...again]],
  ],
  [
    'a statement prepared by PREPARE',
    [['begin'], [shadow], [`prepare q as ${look}`], ['execute q'], ['rollback'], ['execute q']],
  ],
  ['a statement prepared before', [prepared, ['begin'], [shadow], again, ['rollback'], again]],
  [
    'a cursor over the table, fetched when it is shadowed',
    [
      ['create temp table t (a int)'],
      ['begin'],
      [`declare c cursor for ${look}`],
      [shadow],
      [look],
      ['fetch all from c'],
    ],
  ],
  [
    'a cursor that outlives its transaction',
    [['create temp table t (a int)'], [`declare c cursor with hold for ${look}`], [shadow], ['fetch all from c']],
  ],
  [
    'a portal over the table, run when it is shadowed',
    [
      ['create temp table t (a int)'],
      ['begin'],
      [parse('s', look), bind('p', 's'), sync],
      [shadow],
      [look],
      [execute('p'), sync],
    ],
  ],
  [
    'a view over the table, replaced',
    [
      ['begin'],
      ['create temp view v as select id from customers'],
      [`create or replace temp view v as select id, 'x' || ssn as ssn from customers`],
      ['select * from v'],
    ],
  ],
  [
    'a table that keeps to one snapshot',
    [['begin isolation level repeatable read'], ['select 1'], [shadow], ['rollback'], [look]],
  ],
  ['a copy', [['begin'], ['create temp table t as select id, ssn as other from customers'], ['select other from t']]],
  [
    'a copy by INSERT',
    [['begin'], ['create temp table t (a text)'], ['insert into t select ssn from customers'], ['select a from t']],
  ],
  [
    'a column that is computed',
    [
      ['begin'],
      ["alter table customers add column leak text generated always as ('x' || ssn) stored"],
      ['select leak from customers'],
    ],
  ],
  [
    'a default that tells',
    [
      ['begin'],
      ['create temp table t (a text)'],
      ['create function pg_temp.f() returns text language sql as $$ select ssn from public.customers where id = 1 $$'],
      ['select pg_temp.f()'],
    ],
  ],
  ['a statement prepared by the shadow, DISCARD TEMP', [[shadow], prepared, again, ['discard temp'], again]],
  ['a statement prepared by the shadow, DROP', [[shadow], prepared, again, ['drop table pg_temp.customers'], again]],
  [
    'EXECUTE of one prepared by the shadow, DISCARD TEMP sent along',
    [[shadow], [`prepare q as ${look}`], ['execute q'], ['discard temp', 'execute q']],
  ],
  ['DISCARD ALL', [[shadow], ['set search_path = clean'], [look], ['discard all', look], [look]]],
  [
    'DISCARD ALL, and the name of a statement again',
    [['set search_path = clean'], prepared, again, ['discard all'], prepared, again],
  ],
  [
    'a path that COMMIT AND CHAIN takes back',
    [['begin'], ['set local search_path = clean'], prepared, again, ['commit and chain'], again, [look], ['rollback']],
  ],
  [
    'a path that ROLLBACK TO takes back',
    [
      ['begin'],
      ['savepoint a'],
      ['set search_path = clean'],
      prepared,
      again,
      [query('rollback to a'), ...again],
      again,
      [look],
    ],
  ],
  [
    'a path that a denied statement takes back',
    [['begin'], ['set search_path = clean'], prepared, again, ['select pg_read_file($$x$$)'], ['rollback'], again],
  ],
  [
    'a role whose schema goes with it',
    [['set role app'], prepared, again, [look], ['reset role'], again, [look], ['set role none', look]],
  ],
  [
    'a role for a transaction',
    [['begin'], ['set local role app'], prepared, again, [`prepare q as ${look}`], ['commit'], again, ['execute q']],
  ],
  ['a role, in one segment', [[run('set role app'), run(look), run('reset role'), run(look), sync], ['discard all']]],
  ['DO', [['begin'], [shadow], [`do $$ begin drop table pg_temp.customers; end $$`], [look]]],
];

describe('a table that shadows a labelled one, and then does not', () => {
  test.each(ways)('%s', async (_name, packets) => {
    await using ben = await wireThrough(await loginOf());
    for (const packet of packets) {
      const messages = packet.map((each) => (typeof each === 'string' ? query(each) : each));
      ben.send(...messages);
      await ben.readies(messages.filter((bytes) => bytes[0] === 0x51 || bytes.equals(sync)).length);
    }
    expect(leaks(ben)).toEqual([]);
    // The session lives, and what it reads in the end is masked.
    await ben.query('rollback');
    await ben.query('discard temp');
    expect(rowsOf(await ben.query('select id, ssn from public.customers where id = 1'))).toHaveLength(1);
    expect(leaks(ben)).toEqual([]);
  });
});

test('who takes the names that the gateway uses sees nothing more', async () => {
  await using ben = await wireThrough(await loginOf());
  await ben.query('begin');
  await ben.query(shadow);
  ben.send(parse('sallyport own', look), bind('sallyport own', 'sallyport own'), sync);
  await ben.readies();
  await ben.query('savepoint "sallyport own"');
  expect(errorsOf(await ben.query('drop table pg_temp.customers'))).not.toEqual([]);
  await ben.query('rollback');
  await ben.query(look);
  expect(leaks(ben)).toEqual([]);
});

describe('a role', () => {
  const prepareRole = [parse('r', "set role 'owner'"), sync];
  test.each([
    ['as a name', ['set role owner']],
    ['as text, which Flyway sends behind each migration', ["SET ROLE 'owner'"]],
    ['for a transaction', ['begin', 'set local role owner', 'select id from customers where id = 1', 'commit']],
    ['by a statement that was prepared', [prepareRole, [bind('', 'r'), execute(), sync]]],
  ])('that it is already may be said: %s', async (_name, packets) => {
    await using ben = await wireThrough(await loginOf());
    for (const packet of packets) {
      ben.send(...(typeof packet === 'string' ? [query(packet)] : packet));
      await ben.readies(1);
    }
    expect(ben.heard.includes('denied by policy')).toBe(false);
    expect(rowsOf(await ben.query('select current_user'))).toEqual([['owner']]);
  });

  test.each([
    'set role app',
    `set role "Owner"`,
    "select set_config('role', 'owner', false)",
    "alter role app set role = 'owner'",
    "create function f() returns int set role = 'owner' language sql as 'select 1'",
    'set session authorization owner',
    'begin; set local role app; set role owner',
  ])('is not changed: %s', async (statement) => {
    await using ben = await wireThrough(await loginOf());
    expect(errorsOf(await ben.query(statement))).not.toEqual([]);
    expect(ben.heard.includes('denied by policy')).toBe(true);
  });
});

const change = 'update customers set name = name where id = 1';

test.each([
  ['a temporary table', ['create temp table kept (id int, was text)', change, 'select was from pg_temp.kept']],
  [
    'one of the open transaction',
    ['begin', 'create temp table kept (id int, was text)', change, 'select was from pg_temp.kept'],
  ],
  ['a table of another schema', ['set search_path = aside, public', change, 'select was from aside.kept']],
  [
    'one of another schema, for a transaction',
    ['begin', 'set local search_path = aside, public', change, 'select was from aside.kept'],
  ],
])('a trigger does not write to %s what it is to write elsewhere', async (_name, statements) => {
  await using ben = await wireThrough(await loginOf());
  for (const statement of statements) await ben.query(statement);
  await ben.query('rollback');
  expect(leaks(ben)).toEqual([]);
  expect((await admin.query('select from aside.kept')).rowCount).toBe(0);
  expect(errorsOf(await ben.query('discard temp; reset search_path'))).toEqual([]);
  expect(errorsOf(await ben.query(change))).toEqual([]);
});

describe('what a transaction has made is known in it', () => {
  const goes: readonly (readonly [
    name: string,
    statements: readonly string[],
    last: readonly (readonly (string | null)[])[],
  ])[] = [
    [
      'a table',
      ['begin', 'create table made (a int, b text)', "insert into made values (1, 'one')", 'select a, b from made'],
      [['1', 'one']],
    ],
    [
      'a column',
      [
        'begin',
        "alter table customers add column tier text default 'free'",
        'update customers set tier = $$gold$$ where id = 1',
        'select tier from customers where id = 1',
      ],
      [['gold']],
    ],
    ['a view', ['begin', 'create view seen as select id from customers', 'select id from seen where id = 1'], [['1']]],
    [
      'a temporary table',
      [
        'begin',
        'create temp table wanted (id int)',
        'insert into wanted values (2)',
        'select c.id from customers c join wanted w on w.id = c.id',
      ],
      [['2']],
    ],
    [
      'a function',
      [
        'begin',
        'create table made (a int)',
        'insert into made values (3)',
        'alter table made rename column a to z',
        'savepoint s',
        'alter table made rename to m',
        'rollback to s',
        'select z from made',
      ],
      [['3']],
    ],
    [
      'a comment and a grant',
      ["comment on column customers.name is 'who'; grant select on customers to app; select 7"],
      [['7']],
    ],
    [
      'what Ecto sends',
      [
        "create table if not exists made (version varchar(255) primary key, at timestamp(0) default now()); insert into made (version) values ('1'); select version from made",
        'drop table made; select 8',
      ],
      [['8']],
    ],
    [
      'prices that are imported',
      [
        "create temp table prices (id int primary key, name text) on commit drop; insert into prices values (1, 'Ann'); update customers c set name = p.name from prices p where p.id = c.id; select name from customers where id = 1",
      ],
      [['Ann']],
    ],
    [
      'a check that is validated later',
      [
        "alter table customers add constraint sane check (name <> '') not valid; alter table customers validate constraint sane; select 9",
      ],
      [['9']],
    ],
    [
      'a table that may be there',
      ['drop table if exists made; create table made (a int); drop table if exists made; select 10'],
      [['10']],
    ],
    [
      'one message',
      [
        'create table made (a int); insert into made values (1); alter table made add b int; update made set b = 2 where a = 1; select a, b from made',
        'drop table made; select 5',
      ],
      [['5']],
    ],
    [
      'a block in one message',
      [
        'begin; create table made (a int); insert into made values (1); commit; select a from made',
        'select a from made',
        'drop table made; select 6',
      ],
      [['6']],
    ],
  ];

  test.each(goes)('%s', async (_name, statements, last) => {
    await using ben = await wireThrough(await loginOf());
    let heard: Parameters<typeof rowsOf>[0] = [];
    for (const statement of statements) {
      heard = await ben.query(statement);
      expect([statement, ...errorsOf(heard)]).toEqual([statement]);
    }
    expect(rowsOf(heard)).toEqual(last);
    await ben.query('rollback');
    expect(leaks(ben)).toEqual([]);
  });

  test('by Execute in one segment, and no other session knows it', async () => {
    await using ben = await wireThrough(await loginOf());
    await using other = await wireThrough(await loginOf());
    ben.send(
      run('begin'),
      run('create table made (a int)'),
      run('insert into made values ($1)', ['4']),
      run('select a from made'),
      sync,
    );
    const heard = await ben.readies();
    expect(errorsOf(heard)).toEqual([]);
    expect(rowsOf(heard)).toEqual([['4']]);
    expect(errorsOf(await other.query('select a from made'))).toEqual(['42501']);
    ben.send(run('commit'), sync);
    expect(errorsOf(await ben.readies())).toEqual([]);
    expect(rowsOf(await other.query('select a from made'))).toEqual([['4']]);
    expect(errorsOf(await ben.query('drop table made'))).toEqual([]);
  });

  test('the client hears of a message that is sent in parts what it would hear of a whole one', async () => {
    await using ben = await wireThrough(await loginOf());
    const heard = await ben.query(
      'create temp table m (a int); insert into m values (1), (2); select a from m; select 1 / 0; select 2',
    );
    expect(heard.map(({ tag }) => tag).join('')).toBe('CCTDDCEZ');
    expect(errorsOf(await ben.query('select a from m'))).toEqual(['42501']);
  });

  test('a statement of it that is denied takes all of it back', async () => {
    await using ben = await wireThrough(await loginOf());
    const heard = await ben.query(
      'create table half (a int); insert into half values (1); select upper(ssn) from customers order by ssn',
    );
    expect(errorsOf(heard)).toEqual(['42501']);
    expect((await admin.query("select to_regclass('half') as found")).rows).toEqual([{ found: null }]);
    expect(leaks(ben)).toEqual([]);
  });

  test('it ends while somebody else’s change commits under its locks', async () => {
    await using ben = await wireThrough(await loginOf());
    await admin.query(
      'create table busy (id int); create view busy_list as select id from busy; alter table busy owner to owner; alter view busy_list owner to owner',
    );
    expect(errorsOf(await ben.query('begin'))).toEqual([]);
    expect(errorsOf(await ben.query('alter table busy add column more int'))).toEqual([]);
    await admin.query('create table elsewhere (id int)');
    expect(rowsOf(await ben.query('select count(more) from busy'))).toEqual([['0']]);
    expect(errorsOf(await ben.query('commit'))).toEqual([]);
  });
});
