import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CatalogSnapshot, openSqlAnalyzer, type SqlAnalyzer } from '../../../facts/sql/index.ts';
import { quietCatalog } from '../../../testing/quiet-catalog.ts';
import { startPostgres15, startPostgres18, type TestPostgres } from '../../../testing/postgres.ts';
import { type CatalogPatience, catalogReader } from './reader.ts';
import { type CatalogReader, TargetCatalog } from './catalog.ts';
import { connectUpstream } from '../login/upstream.ts';

const patience = AbortSignal.timeout(120_000);
let analyzer: SqlAnalyzer;
let postgres: TestPostgres;
let admin: pg.Client;

beforeAll(async () => {
  analyzer = openSqlAnalyzer();
  postgres = await startPostgres18();
  admin = await prepared(postgres);
});

afterAll(async () => {
  await admin.end();
  await postgres[Symbol.asyncDispose]();
  await analyzer[Symbol.asyncDispose]();
});

async function prepared({ url }: TestPostgres): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`
    create schema side;
    create table people (id int primary key, name text, ssn text);
    create table parent (id int, secret text); create table child (id int, secret text);
    create view seen as select id, name as shown from people;
    create materialized view kept as select id, name as shown from people;
    create function f() returns int language sql as 'select 1';
    create type mood as enum ('good');
    insert into people select i, 'name ' || i, 'ssn ' || i from generate_series(1, 100) i`);
  return client;
}

function readerOf({ port, user, password, database }: TestPostgres, limits?: CatalogPatience): CatalogReader {
  const target = { host: '127.0.0.1', port, database, application: 'reader', connectTimeoutMs: 30_000 } as const;
  return catalogReader(
    (signal) => connectUpstream({ ...target, tls: { mode: 'disable' } }, { user, password }, signal),
    limits,
  );
}

const changes = [
  'alter table people rename column name to between_us',
  'alter table people rename column between_us to name',
  'alter table people rename to persons',
  'alter table persons rename to people',
  'alter table people set schema side',
  'alter table side.people set schema public',
  'alter table people add column note text',
  'alter table people drop column note',
  'alter table people alter column ssn type varchar(100)',
  'alter table people alter column ssn type text using name',
  'alter table people add column twin text generated always as (ssn) stored',
  'create or replace view seen as select id, ssn as shown from people',
  'drop view seen; create view seen as select id, name as shown from people',
  'alter view seen rename to looked_at',
  'alter view looked_at rename column shown to seen',
  'drop materialized view kept; create materialized view kept as select id, ssn as shown from people',
  'create unique index people_name on people (name)',
  'alter table people add constraint short check (id > 0) not valid',
  'alter table people validate constraint short',
  'create statistics lengths on (length(name)) from people',
  'drop statistics lengths',
  "create function h() returns event_trigger language plpgsql as 'begin perform 1; end'",
  'create event trigger watched_all on ddl_command_end execute function h()',
  'alter event trigger watched_all disable',
  'drop event trigger watched_all',
  'create policy own on people using (ssn = current_user)',
  'alter table people enable row level security',
  "create function g() returns trigger language plpgsql as 'begin return new; end'",
  'create trigger watch before update on people for each row execute function g()',
  'alter policy own on people using (name = current_user)',
  'alter table people alter column id set default f()',
  'alter table child add unique (id)',
  'alter table parent add foreign key (id) references child (id)',
  'alter table child inherit parent',
  'alter table child no inherit parent',
  "create or replace function f() returns int language sql as 'select 2'",
  'alter function f() volatile',
  'create function side.upper(text) returns text language sql as $$ select $1 $$',
  'create operator public.|| (leftarg = int, rightarg = int, function = int4pl)',
  'create cast (text as int) with inout as implicit',
  "alter type mood add value 'bad'",
  'create domain code as text',
  'alter domain code set default f()::text',
  'drop domain code',
  'alter schema side rename to aside',
  'create rule r as on insert to people do also select 1',
  'drop table people cascade',
] as const;

const unlike = [
  "insert into people values (1000, 'n', 's')",
  "update people set name = 'x' where id = 1",
  'delete from people where id = 2',
  'analyze people',
  'vacuum people',
  'create temp table t (id int); insert into t values (1); drop table t',
  'begin; alter table people rename column name to gone; rollback',
] as const;

describe('what somebody else changes', () => {
  test.each(unlike)('%s: the catalog is what it was', async (sql) => {
    await using reader = readerOf(postgres);
    await reader.read(undefined, patience);
    // One statement each: VACUUM runs in no transaction.
    for (const one of sql.split('; ')) await admin.query(one);
    expect(await reader.isUnchanged(patience)).toBe(true);
    expect(await reader.isUnchanged(patience)).toBe(true);
  });

  test('is noticed, each time, and reading brings it', async () => {
    await seesAll(postgres, admin);
  });

  test('is noticed on PostgreSQL 15', async ({ skip }) => {
    await using older = await startPostgres15();
    if (!older) return skip('PostgreSQL 15 is not installed (Debian: postgresql-15)');
    const client = await prepared(older);
    try {
      await seesAll(older, client);
    } finally {
      await client.end();
    }
  });

  async function seesAll(server: TestPostgres, client: pg.Client): Promise<void> {
    await using reader = readerOf(server);
    let snapshot: CatalogSnapshot | undefined = await reader.read(undefined, patience);
    expect(snapshot.coerces).toBe(false);
    const missed: string[] = [];
    for (const sql of changes) {
      await client.query(sql);
      if (await reader.isUnchanged(patience)) missed.push(sql);
      snapshot = await reader.read(snapshot, patience);
      if (!(await reader.isUnchanged(patience))) missed.push(`still, ${sql}`);
    }
    expect(missed).toEqual([]);
    expect(snapshot.relations.some(({ name }) => name === 'people')).toBe(false);
    expect(snapshot.coerces).toBe(true);
  }

  test('what may stand for text by its name is noticed', async () => {
    await using reader = readerOf(postgres);
    await admin.query('create schema names; create table names.text (a int)');
    expect(await reader.read(undefined, patience)).toMatchObject({ converts: true });
    await admin.query('drop schema names cascade');
  });

  test.each([
    ['create cast (int8 as text) with function to_hex(int8)', 'int8 as text', { converts: true }],
    ['create cast (date as varchar) with inout', 'date as varchar', { converts: true }],
    ['create cast (int8 as interval) with inout as implicit', 'int8 as interval', { converts: false }],
    ['create cast (bool as int2) with inout as implicit', 'bool as int2', { converts: false }],
    ['create cast (money as int8) with inout as implicit', 'money as int8', { converts: false, moved: new Set([790]) }],
    ['create cast (uuid as bytea) with inout as implicit', 'uuid as bytea', { coerces: true, converts: true }],
  ])(
    'and casts by which a value becomes text, or one of several types of a category: %s',
    async (make, cast, found) => {
      await using reader = readerOf(postgres);
      await admin.query(`drop cast if exists (text as int); ${make}`);
      try {
        expect(await reader.read(undefined, patience)).toMatchObject({ coerces: false, ...found });
      } finally {
        await admin.query(`drop cast (${cast})`);
      }
    },
  );

  test('a cast from text to a type of another kind is one of comparisons only, as that of PostGIS from text to geometry', async () => {
    await using reader = readerOf(postgres);
    await admin.query('drop cast if exists (text as int); create cast (text as point) with inout as implicit');
    try {
      expect(await reader.read(undefined, patience)).toMatchObject({ coerces: true, converts: false });
    } finally {
      await admin.query('drop cast (text as point)');
    }
  });

  test('of a function in SQL, which arguments are rows of a table', async () => {
    await using reader = readerOf(postgres);
    await admin.query(`
      create table guests (id int);
      create domain guest as guests;
      create function rows_of(n int, g guests, list guests[], d guest) returns int language sql as 'select n'`);
    const { functions, relations } = await reader.read(undefined, patience);
    await admin.query('drop function rows_of; drop domain guest; drop table guests');
    const guests = relations.find(({ name }) => name === 'guests')?.oid;
    expect(functions.find(({ name }) => name === 'rows_of')?.body?.rowTypes).toEqual([0, guests, 0, 0]);
  });

  test('of a trigger’s function, every name in its text', async () => {
    await using reader = readerOf(postgres);
    await admin.query(
      `create function named() returns trigger language plpgsql as 'begin perform "Odd ""One" from PEOPLE; return new; end'`,
    );
    const { functions } = await reader.read(undefined, patience);
    await admin.query('drop function named()');
    expect(functions.find(({ name }) => name === 'named')?.names).toEqual(
      expect.arrayContaining(['Odd "One', 'people', 'perform', 'return']),
    );
  });
});

const ruling = `
  create table acts (id int primary key, a text, b text, c text unique,
    g text generated always as (upper(c)) stored, d int default f(), e int default 1, check (a <> b), unique (a, id) include (b));
  alter table acts add check (c <> 'x') not valid;
  create unique index on acts (b, lower(c)) where a <> 'x';
  create table points (id int, to_c text references acts (c));
  alter table points enable row level security;
  create policy p on points using (id = 1 and exists (select from acts where acts.a = 'x'));
  create table keyed (id uuid primary key, a text unique deferrable, b text, unique (b) include (id), c text unique nulls not distinct, d varchar(9) unique,
    e text, f char(4), h text, exclude using btree (h with =));
  create unique index on keyed (e collate "C");
  create unique index on keyed (f bpchar_pattern_ops);
  create index on keyed (h, lower(a));
  create index on keyed (c) where a is null;
  create index on keyed using hash (h);
  create index on keyed using brin (d);
  create function row_of(points) returns int immutable language sql as 'select 1';
  create index on points (row_of(points));
  create table secured (c text unique);
  alter table secured enable row level security;
  create table watched (c text unique);
  create function watch() returns trigger language plpgsql as 'begin return new; end';
  create trigger t before update on watched for each row execute function watch();
  create domain code as text default f()::text;
  create domain named as code;
  create table coded (a code, b code default 'x', c named, d int);
  create table above (c text unique);
  create table below (c text unique) inherits (above);
  create table whole (c text unique) partition by list (c);
  create table part partition of whole default;
  create table sleeps (id int);
  create policy p on sleeps using (id = 1);
  create table split_key (id int primary key);
  create extension pg_trgm;
  create extension btree_gin;
  create table split (id int, k text) partition by list (lower(k));
  create table letters (id int, a text, b varchar(9), "C" text, gone timestamptz, n name);
  create unique index on letters (lower(a)) where gone is null;
  create unique index on letters (id, upper(b));
  create unique index on letters (lower("C"));
  create unique index on letters (id) where gone is null;
  create unique index on letters (lower(a), id) where gone is not null;
  create unique index on letters (lower(a) collate "C", b);
  create unique index on letters (lower(b) text_pattern_ops);
  create unique index on letters (lower(a || 'x'));
  create unique index on letters (md5("C"), id);
  create function lower(name) returns text immutable language sql as 'select 1::text';
  create unique index on letters (public.lower(n));
  create unique index on letters (lower("C"), gone) nulls not distinct;
  create unique index on letters (lower("C"), b) where id is null and gone is null;
  create table spotted (a text);
  create unique index on spotted (lower(a));
  create trigger t before update on spotted for each row execute function watch();
  create domain brief as varchar(9);
  create table stored (id int references split_key on delete set null, a text, b brief, c numeric, d numeric(9, 2), e jsonb);
  create index on stored (id, b, d);
  create index on stored (b, c);
  create index on stored using gin (a, e);
  create index on stored using gin (e) where a = any (array['x', 'it''s']) and b <> 'y' and not (d > 1.5 or c is not null);
  create index on stored (id) where a::int > 1;
  create index on stored using gist (a gist_trgm_ops, b gist_trgm_ops);
  create statistics survey on (length(a) / id), id from stored;
  create function size_of(text) returns int immutable language sql as 'select 1';
  create statistics measured on (size_of(a)), id from acts;
  create trigger t before update on stored for each row execute function watch();
  create table long_rows (id int, q tsquery);
  create trigger t after delete on long_rows for each row execute function watch();
  create trigger u before insert or update on split_key for each row execute function watch();
  create trigger v after delete on split_key execute function watch();
  create function announce() returns event_trigger language plpgsql as 'begin perform 1; end';
  create event trigger announced on ddl_command_end execute function announce();
  create event trigger silent on ddl_command_end execute function announce();
  create function hushed() returns event_trigger language plpgsql as 'begin perform 1; end';
  create event trigger hushed on sql_drop execute function hushed();
  alter event trigger hushed disable;`;

describe('what tables do by themselves is read', () => {
  const rulesOf = async (server: TestPostgres): Promise<ReadonlySet<string>> => {
    await using reader = readerOf(server);
    const { relations, rules = [] } = await reader.read(undefined, patience);
    const names = new Map(relations.map(({ oid, name }) => [oid, name]));
    const own = new Set([
      'acts',
      'points',
      'sleeps',
      'split',
      'keyed',
      'secured',
      'watched',
      'coded',
      'above',
      'below',
      'whole',
      'part',
      'letters',
      'spotted',
      'stored',
      'long_rows',
      'split_key',
      'no table',
    ]);
    const found = rules.flatMap(({ relation, rule }) => {
      const table = relation === 0 ? 'no table' : (names.get(relation) ?? '');
      if (!own.has(table)) return [];
      if (rule.kind === 'index' && ['letters', 'spotted', 'stored'].includes(table)) return [];
      const named = JSON.stringify(rule, (key, value: unknown) =>
        key === 'relation' && typeof value === 'number' ? names.get(value) : value,
      );
      return [`${table} ${named}`];
    });
    return new Set(found);
  };
  const expected = [
    'acts {"kind":"primary","columns":["id"],"over":"alone"}',
    'acts {"kind":"unique","columns":["c"],"over":"alone","nulls":true}',
    'acts {"kind":"unique","columns":["id","a"],"over":"own","nulls":true}',
    'acts {"kind":"unique","columns":["a","b","c"],"over":"computed"}',
    'acts {"kind":"check","columns":["a","b"]}',
    'acts {"kind":"unchecked","columns":["c"]}',
    'acts {"kind":"stored","columns":["c"],"column":"g","sql":"upper(c)"}',
    'acts {"kind":"default","column":"d","sql":"public.f()"}',
    'acts {"kind":"filled","columns":["d","e"]}',
    'acts {"kind":"called","calls":"public.size_of"}',
    'points {"kind":"foreign","columns":["to_c"],"to":{"relation":"acts","columns":["c"]}}',
    'points {"kind":"policy","reads":{"relation":"points","columns":["id"]}}',
    'points {"kind":"policy","reads":{"relation":"acts","columns":["a"]}}',
    'split {"kind":"partition","columns":["k"]}',
    // Other orders that rows may be read in than those of plain keys.
    'acts {"kind":"index","keys":["a","b","c"],"covers":["b"]}',
    'acts {"kind":"index","keys":["id","a"],"covers":["id","a","b"],"own":true}',
    'keyed {"kind":"index","keys":["b"],"covers":["id","b"],"own":true}',
    'keyed {"kind":"index","keys":["h"],"covers":["h"],"own":true}',
    'keyed {"kind":"index","keys":["a","h"],"covers":["h"]}',
    'keyed {"kind":"index","keys":["a","c"],"covers":["c"]}',
    'points {"kind":"index","keys":["id","to_c"],"covers":[]}',
    // What a key of one column tells beside whether a value is there.
    'keyed {"kind":"primary","columns":["id"],"over":"alone"}',
    'keyed {"kind":"unique","columns":["d"],"over":"alone","nulls":true}',
    'keyed {"kind":"unique","columns":["c"],"over":"own"}',
    ...['a', 'b', 'e', 'f', 'h'].map(
      (column) =>
        `keyed {"kind":"unique","columns":["${column}"],"over":"${'ef'.includes(column) ? 'columns' : 'own'}","nulls":true}`,
    ),
    ...['secured', 'watched', 'above', 'below', 'whole', 'part'].map(
      (table) => `${table} {"kind":"unique","columns":["c"],"over":"own","nulls":true}`,
    ),
    // What one tells in which letters are small or capital ones alike, or only rows count that are not deleted.
    'letters {"kind":"unique","columns":["a","gone"],"over":"computed","folded":{"whileNull":"gone"}}',
    'letters {"kind":"unique","columns":["id","gone"],"over":"computed","folded":{"whileNull":"gone"}}',
    'letters {"kind":"unique","columns":["id","b"],"over":"computed","folded":{}}',
    'letters {"kind":"unique","columns":["C"],"over":"computed","folded":{}}',
    ...[
      ['id', 'a', 'gone'],
      ['a', 'b'],
      ['b'],
      ['a'],
      ['id', 'C'],
      ['C', 'gone'],
      ['id', 'b', 'C', 'gone'],
      // By somebody's function: what that makes of a row nobody knows.
      ['id', 'a', 'b', 'C', 'gone', 'n'],
    ].map((columns) => `letters {"kind":"unique","columns":${JSON.stringify(columns)},"over":"computed"}`),
    'spotted {"kind":"unique","columns":["a"],"over":"computed"}',
    'spotted {"kind":"trigger","calls":"public.watch"}',
    // Functions that they call with what stands in their rows.
    'letters {"kind":"called","calls":"public.lower"}',
    'points {"kind":"called","calls":"public.row_of"}',
    'whole {"kind":"partition","columns":["c"]}',
    // What is stored of rows, where values stand beside others.
    ...[
      'acts {"kind":"entry","columns":["b","c","a"],"long":["b","c"],"computed":[],"chosen":["a"]}',
      'acts {"kind":"entry","columns":["id","a","b"],"long":["a","b"],"computed":[],"chosen":[]}',
      'keyed {"kind":"entry","columns":["a","h"],"long":["a","h"],"computed":[],"chosen":[]}',
      'keyed {"kind":"entry","columns":["c","a"],"long":["c"],"computed":[],"chosen":["a"]}',
      'keyed {"kind":"entry","columns":["d"],"long":[],"computed":[],"chosen":[],"shared":true}',
      'keyed {"kind":"entry","columns":["id","b"],"long":["b"],"computed":[],"chosen":[]}',
      'letters {"kind":"entry","columns":["C","gone"],"long":["C"],"computed":[],"chosen":[]}',
      'letters {"kind":"entry","columns":["a","b"],"long":["a"],"computed":[],"chosen":[]}',
      'letters {"kind":"entry","columns":["a","gone"],"long":["a"],"computed":[],"chosen":["gone"]}',
      'letters {"kind":"entry","columns":["b","C","id","gone"],"long":["C"],"computed":[],"chosen":["id","gone"]}',
      'letters {"kind":"entry","columns":["id","C"],"long":["C"],"computed":[["C"]],"chosen":[]}',
      'letters {"kind":"entry","columns":["id","a","gone"],"long":["a"],"computed":[],"chosen":["gone"]}',
      'letters {"kind":"entry","columns":["id","b"],"long":[],"computed":[],"chosen":[]}',
      'letters {"kind":"entry","columns":["id","gone"],"long":[],"computed":[],"chosen":["gone"]}',
      'points {"kind":"entry","columns":["id","to_c"],"long":["id","to_c"],"computed":[["id","to_c"]],"chosen":[]}',
      'stored {"kind":"entry","columns":["id","b","d"],"long":[],"computed":[],"chosen":[]}',
      'stored {"kind":"entry","columns":["b","c"],"long":["c"],"computed":[],"chosen":[]}',
      'stored {"kind":"entry","columns":["a","e"],"long":[],"computed":[],"chosen":[]}',
      'stored {"kind":"entry","columns":["e","a","b","c","d"],"long":[],"computed":[],"chosen":["a","b","c","d"]}',
      'stored {"kind":"entry","columns":["id","a"],"long":[],"computed":[["a"]],"chosen":["a"]}',
      'stored {"kind":"entry","columns":["a","b"],"long":[],"computed":[],"chosen":[],"shared":true}',
      'stored {"kind":"entry","columns":["id","a"],"long":["id","a"],"computed":[["id","a"]],"chosen":[]}',
      'long_rows {"kind":"entry","columns":["id","q"],"long":["id","q"],"computed":[],"chosen":[]}',
    ],
    'stored {"kind":"foreign","columns":["id"],"to":{"relation":"split_key","columns":["id"]},"follows":{"delete":"null"}}',
    'stored {"kind":"domain","columns":["b"]}',
    'split_key {"kind":"primary","columns":["id"],"over":"own"}',
    // Rows that a trigger works on one after the other, when they or what they refer to are deleted.
    'stored {"kind":"each"}',
    'long_rows {"kind":"each"}',
    ...['stored', 'long_rows', 'split_key'].map((table) => `${table} {"kind":"trigger","calls":"public.watch"}`),
    'watched {"kind":"trigger","calls":"public.watch"}',
    'no table {"kind":"trigger","calls":"public.announce"}',
    'coded {"kind":"domain","columns":["a","b","c"]}',
    'coded {"kind":"default","column":"a","sql":"(public.f())::text"}',
    'coded {"kind":"default","column":"c","sql":"(public.f())::text"}',
  ];

  test('on PostgreSQL 18, columns that are made when they are read included', async () => {
    await using server = await startPostgres18();
    const client = await prepared(server);
    await client.query(ruling);
    await client.query('alter table acts add column v text generated always as (lower(c)) virtual');
    await client.end();
    const virtual = 'acts {"kind":"virtual","columns":["c"],"column":"v","sql":"lower(c)"}';
    expect(await rulesOf(server)).toEqual(new Set([...expected, virtual]));
  });

  test('on PostgreSQL 15', async ({ skip }) => {
    await using server = await startPostgres15();
    if (!server) return skip('PostgreSQL 15 is not installed');
    const client = await prepared(server);
    await client.query(ruling);
    await client.end();
    expect(await rulesOf(server)).toEqual(new Set(expected));
  });
});

describe('the gateway’s view of it', () => {
  const searchPath = ['pg_catalog', 'public'];
  const request = (sql: string) => ({ text: Buffer.from(sql), major: 18, searchPath });

  async function labelsOf(catalog: TargetCatalog, sql: string): Promise<readonly string[] | undefined> {
    const analysis = await catalog.analyze(request(sql), patience);
    if (!analysis.ok) throw new Error(analysis.message);
    const [facts] = analysis.statements;
    return facts?.command.analysis.complete ? facts.command.labels : undefined;
  }

  function openCatalog(
    clock: { ms: number },
    looks: string[],
    inner = readerOf(postgres),
    unread: string[] = [],
  ): TargetCatalog {
    const catalog = new TargetCatalog({
      target: `t${Math.random()}`,
      analyzer,
      reader: {
        read: (previous, signal) => (looks.push('read'), inner.read(previous, signal)),
        get state() {
          return inner.state;
        },
        isUnchanged: (signal) => (looks.push('look'), inner.isUnchanged(signal)),
        [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
      },
      ...quietCatalog,
      now: () => clock.ms,
      maxAgeMs: 1_000,
      onUnreadable: (why) => unread.push(why),
    });
    catalog.setLabels(new Map([['public.folk.ssn', ['pii.ssn']]]), '1');
    return catalog;
  }

  beforeAll(async () => {
    await admin.query(
      'create table folk (id int, name text, ssn text); create view v as select id, name as c from folk',
    );
  });

  test('is not used for longer than a second without a look, which reads only what has changed', async () => {
    const [clock, looks] = [{ ms: 0 }, [] as string[]];
    await using catalog = openCatalog(clock, looks);
    expect(await labelsOf(catalog, 'select upper(c) from v')).toEqual([]);
    expect(looks.splice(0)).toEqual(['read']);
    clock.ms += 1_000;
    expect(await labelsOf(catalog, 'select upper(c) from v')).toEqual([]);
    expect(looks.splice(0)).toEqual([]);
    clock.ms += 1;
    expect(await labelsOf(catalog, 'select upper(c) from v')).toEqual([]);
    expect(looks.splice(0)).toEqual(['look']);
    await admin.query('create or replace view v as select id, ssn as c from folk');
    clock.ms += 1_001;
    expect(catalog.known(request('select upper(c) from v'))).toBeUndefined();
    expect(await labelsOf(catalog, 'select upper(c) from v')).toEqual(['pii.ssn']);
    expect(looks.splice(0)).toEqual(['look', 'read']);
  });

  test('is looked at behind the back of a busy session before it is too old', async () => {
    const [clock, looks] = [{ ms: 0 }, [] as string[]];
    await using catalog = openCatalog(clock, looks);
    await labelsOf(catalog, 'select id from folk');
    clock.ms += 501;
    expect(catalog.known(request('select id from folk'))).toBeDefined();
    expect(looks.splice(0)).toEqual(['read', 'look']);
  });

  test('looks before it calls a relation or a column unknown', async () => {
    const [clock, looks] = [{ ms: 0 }, [] as string[]];
    await using catalog = openCatalog(clock, looks);
    expect(await labelsOf(catalog, 'select id from newcomer')).toBeUndefined();
    await admin.query('create table newcomer (id int)');
    expect(await labelsOf(catalog, 'select id from newcomer')).toEqual([]);
    await admin.query('alter table newcomer add column more int');
    expect(await labelsOf(catalog, 'select more from newcomer')).toEqual([]);
  });

  test('is not relied on when nobody can look', async () => {
    const clock = { ms: 0 };
    let broken = false;
    const inner = readerOf(postgres);
    await using catalog = new TargetCatalog({
      target: 'broken',
      analyzer,
      reader: {
        read: (previous, signal) => (broken ? Promise.reject(new Error('broken')) : inner.read(previous, signal)),
        get state() {
          return inner.state;
        },
        isUnchanged: (signal) => (broken ? Promise.reject(new Error('broken')) : inner.isUnchanged(signal)),
        [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
      },
      ...quietCatalog,
      now: () => clock.ms,
      maxAgeMs: 1_000,
    });
    expect(await labelsOf(catalog, 'select id from folk')).toEqual([]);
    broken = true;
    clock.ms += 1_001;
    await expect(labelsOf(catalog, 'select id from folk')).rejects.toThrow('broken');
    expect(catalog.fresh).toBe(false);
  });

  describe('while somebody holds a lock in the target', () => {
    const waiting = `select count(*)::int as n from pg_stat_activity where application_name = 'reader' and wait_event_type = 'Lock'`;

    beforeAll(async () => {
      await admin.query('create table locked (id int, name text); create view over_locked as select name from locked');
    });

    test.each([
      ['of a table under a view', 'locked'],
      ['of a system catalog', 'pg_catalog.pg_policy'],
    ])('%s, no statement is judged by what may not be so, and nobody waits in the target', async (_of, relation) => {
      const [clock, looks, unread] = [{ ms: 0 }, [] as string[], [] as string[]];
      const limits = { lockMs: 200, statementMs: 30_000, idleMs: 30_000 };
      await using catalog = openCatalog(clock, looks, readerOf(postgres, limits), unread);
      const locker = new pg.Client({ connectionString: postgres.url });
      await locker.connect();
      try {
        expect(await labelsOf(catalog, 'select id from folk')).toEqual([]);
        await admin.query('alter table folk add column more int');
        await locker.query(`begin; lock table ${relation} in access exclusive mode`);
        clock.ms += 1_001;
        await expect(labelsOf(catalog, 'select id from folk')).rejects.toMatchObject({
          code: 'catalog-unavailable',
          message: expect.stringContaining('lock timeout') as string,
        });
        expect(catalog.fresh).toBe(false);
        expect(catalog.known(request('select id from folk'))).toBeUndefined();
        expect(unread).toEqual(['canceling statement due to lock timeout (55P03)']);
        expect((await admin.query<{ n: number }>(waiting)).rows[0]?.n).toBe(0);
        await locker.query('rollback');
        expect(await labelsOf(catalog, 'select more from folk')).toEqual([]);
        expect(catalog.fresh).toBe(true);
        expect(unread).toHaveLength(1);
      } finally {
        await locker.end();
        await admin.query('alter table folk drop column if exists more');
      }
    });

    test('what has not changed is judged on, without waiting for the lock', async () => {
      const [clock, looks] = [{ ms: 0 }, [] as string[]];
      await using catalog = openCatalog(clock, looks);
      const locker = new pg.Client({ connectionString: postgres.url });
      await locker.connect();
      try {
        await labelsOf(catalog, 'select id from folk');
        await locker.query('begin; lock table locked in access exclusive mode');
        clock.ms += 1_001;
        expect(await labelsOf(catalog, 'select upper(name) from over_locked')).toEqual([]);
        expect(looks).toEqual(['read', 'look']);
      } finally {
        await locker.end();
      }
    });

    test('a change whose transaction is open is looked for, and not waited for', async () => {
      const [clock, looks] = [{ ms: 0 }, [] as string[]];
      await using catalog = openCatalog(clock, looks);
      const migration = new pg.Client({ connectionString: postgres.url });
      await migration.connect();
      try {
        await labelsOf(catalog, 'select id from folk');
        catalog.suspect();
        expect(catalog.known(request('select id from folk'))).toBeUndefined();
        await migration.query('begin; alter table locked add column more int');
        expect(await labelsOf(catalog, 'select id from folk')).toEqual([]);
        expect(looks.splice(0)).toEqual(['read', 'look']);
        await migration.query('commit');
        catalog.suspect();
        expect(await labelsOf(catalog, 'select more from locked')).toEqual([]);
        expect(looks).toEqual(['look', 'read']);
      } finally {
        await migration.end();
        await admin.query('alter table locked drop column if exists more');
      }
    });
  });

  test('a query that does not end is ended by the server', async () => {
    const reader = readerOf(postgres, { lockMs: 0, statementMs: 200, idleMs: 30_000 });
    await using _ = reader;
    await reader.read(undefined, patience);
    const locker = new pg.Client({ connectionString: postgres.url });
    await locker.connect();
    try {
      await locker.query('begin; lock table pg_catalog.pg_policy in access exclusive mode');
      await expect(reader.read(undefined, patience)).rejects.toThrow('statement timeout');
    } finally {
      await locker.end();
    }
  });
});
