import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fixtureText } from '../composition/lines/fixture-text.ts';
import { fixtureOf, type LiveCatalog } from '../composition/lines/postgres-fixture.ts';
import { readLiveCatalog } from '../composition/lines/postgres-live.ts';
import { openPostgresLines, postgresFixture, snapshotOf } from '../composition/lines/postgres.ts';
import type { PostgresCommand } from '../contract/command-postgres.ts';
import {
  leanCatalog,
  openSqlAnalyzer,
  type CatalogSnapshot,
  type FunctionBody,
  type TableRule,
} from '../facts/sql/index.ts';
import { root, temporaryFolder, unordered } from '../policy/fixtures.ts';
import { startPostgres18, type TestPostgres } from '../testing/postgres.ts';

const setUp = `
  create role stranger login password 'pw';
  create table people (id int primary key, name text, ssn text);
  create table orders (id int primary key, person int references people);
  create view shown as select id, name as called, ssn from people;
  create materialized view counted as select count(*) as n from orders;
  create schema other;
  create table other.base (ssn text);
  create table child (more int) inherits (other.base);
  create table "dotted.name" (x int);
  create table "Größe: 1" ("a, b" int);
  create sequence numbers;
  create function twice(int) returns int language sql as 'select 2 * $1';
  create function twice(text) returns text language plpgsql as 'begin return $1 || $1; end';
  create operator ~~~ (leftarg = int, rightarg = int, function = int4pl);
  insert into people values (1, 'Alma', 'a-secret-that-is-a-row');
  grant usage on schema other to stranger;
  alter role stranger set search_path = public, other;
  revoke all on all tables in schema public from public;`;

/** Tables that do by themselves all that a table can. */
const ruled = `
  create extension citext;
  create schema aside;
  create table aside.numbers (ssn text unique);
  create domain short as varchar(20);
  create collation near (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create function code(text) returns text language plpgsql as 'begin return $1; end';
  create table acts (
    id int primary key, ref uuid, ssn text unique references aside.numbers (ssn), name citext, nick short, born date, secret text,
    upper_ssn text generated always as (upper(ssn)) stored, made text default code('x'), check (ssn <> secret)
  );
  alter table acts add check (secret <> 'y') not valid;
  create unique index on acts (lower(secret)) where id > 0;
  create table letters (id int primary key, email text, gone timestamptz, near text collate near);
  create unique index on letters (lower(email)) where gone is null;
  create function initial(letters, int) returns text language sql as 'select left($1.email, 1)';
  alter table acts enable row level security;
  create policy seen on acts using (exists (select from aside.numbers n where n.ssn = acts.ssn));
  create policy mine on acts using (secret = current_user);
  create table split (id int, ssn text) partition by list (lower(ssn));
  create table split_x partition of split for values in ('x');`;
const ruledLabels = new Map([
  ...['ref', 'ssn', 'name', 'nick', 'born', 'secret', 'id'].map((name) => [`public.acts.${name}`, ['pii.x']] as const),
  ['public.split.ssn', ['pii.x']],
]);

/** A column of each kind of type that there is, and a cast by which one of them becomes another. */
const typed = `
  create extension citext;
  create extension hstore;
  create type mood as enum ('glad', 'sad');
  create type "Odd mood" as enum ('glad');
  create type pair as (a text, b int);
  create domain number as int;
  create domain numbers as int[];
  create domain code as varchar(9);
  create domain later as mood;
  create function is_code(text) returns boolean language plpgsql as 'begin return $1 <> (select ''x''); end';
  create domain checked_code as text check (is_code(value));
  create type span as range (subtype = date);
  create cast (money as int8) with inout as implicit;
  create cast (xml as int8) with inout as implicit;
  create table kinds (
    a text, b varchar(3), c char(3), d uuid, e boolean, f bytea, g "char", h name, i smallint, j int, k bigint, l real, m float8, n numeric(9, 2),
    o money, p time, q timetz, r timestamp, s timestamptz, t date, u interval, v inet, w cidr, x macaddr, y macaddr8, z json, aa jsonb, ab json[],
    ac int[], ad text[], ae point, af bit(3), ag int4range, ah daterange, ai int4multirange, aj tsvector, ak xml, al oid, am regclass,
    an citext, ao citext[], ap hstore, aq mood, ar mood[], at "Odd mood", au pair, av pair[], aw number, ax numbers, ay code, az later, ba span,
    bb money[], bc int generated always as (j + 1) stored
  );
  create view kinds_view as select * from kinds;`;

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let postgres: TestPostgres;
let url: string;
beforeAll(async () => {
  [home, postgres] = await Promise.all([temporaryFolder(), startPostgres18()]);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(setUp);
  await client.query('create database ruled');
  await client.query('create database typed');
  await client.end();
  for (const [database, script] of [
    ['ruled', ruled],
    ['typed', typed],
  ] as const) {
    const other = new pg.Client({ connectionString: postgres.url.replace(/[^/]*$/, database) });
    await other.connect();
    await other.query(script);
    await other.end();
  }
  url = `postgres://stranger@127.0.0.1:${String(postgres.port)}/postgres`;
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function catalog(args: readonly string[], env: NodeJS.ProcessEnv = { PGPASSWORD: 'pw' }): Promise<Ran> {
  const command = [join(root, 'gateway/cli/main.ts'), 'policy', 'catalog', ...args];
  return new Promise((done) => {
    const options = { cwd: home.path, env: { ...process.env, ...env } };
    const child = execFile(process.execPath, command, options, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
    child.stdin?.end();
  });
}

function live(database = 'postgres'): Promise<LiveCatalog> {
  const tls = { mode: 'disable' } as const;
  const where = { host: '127.0.0.1', port: postgres.port, database, tls };
  const login = { user: 'stranger', password: 'pw' };
  return readLiveCatalog(
    { ...where, application: 'test', connectTimeoutMs: 60_000 },
    login,
    new AbortController().signal,
  );
}

test('somebody who may read no table writes a fixture of all of them, without a row', async () => {
  const { code, out, err } = await catalog(['--url', url]);
  expect(code).toBe(0);
  expect(err).toContain('left out, for the dot in its name: public dotted.name');
  expect(out).not.toContain('a-secret-that-is-a-row');
  expect(out).toContain('    other.base: [ssn]\n');
  expect(parse(out)).toEqual({
    protocol: 'postgres',
    labels: {},
    postgres: {
      format: 4,
      major: 18,
      search_path: ['public', 'other'],
      relations: {
        'other.base': ['ssn'],
        'public.Größe: 1': { columns: ['a, b'], types: { 'a, b': 'integer' } },
        'public.child': { columns: ['ssn', 'more'], types: { more: 'integer' }, inherits: ['other.base'] },
        'public.counted': expect.objectContaining({ kind: 'materialized_view', columns: ['n'] }) as object,
        'public.numbers': {
          columns: ['last_value', 'log_cnt', 'is_called'],
          types: { last_value: 'bigint', log_cnt: 'bigint', is_called: 'boolean' },
          kind: 'sequence',
        },
        'public.orders': {
          columns: ['id', 'person'],
          types: { id: 'integer', person: 'integer' },
          by_itself: [
            { kind: 'foreign', columns: ['person'], to: 'public.people', to_columns: ['id'] },
            { kind: 'primary', columns: ['id'], over: 'alone' },
          ],
          triggers: true,
        },
        'public.people': {
          columns: ['id', 'name', 'ssn'],
          types: { id: 'integer' },
          by_itself: [{ kind: 'primary', columns: ['id'], over: 'alone' }],
          triggers: true,
        },
        'public.shown': expect.objectContaining({
          definition: expect.stringContaining('FROM public.people') as string,
        }) as object,
      },
      functions: {
        'public.twice': [
          expect.objectContaining({ language: 'plpgsql' }) as object,
          expect.objectContaining({ language: 'sql' }) as object,
        ],
      },
      operators: { 'public.~~~': null },
    },
  });
});

test('the order in which the server answers changes nothing', async () => {
  const { snapshot, ...rest } = await live();
  const wanted = JSON.stringify(fixtureOf({ snapshot, ...rest }, []));
  const shuffled = <T>(all: readonly T[]) => fc.shuffledSubarray([...all], { minLength: all.length });
  const anyOrder = fc.record({
    relations: shuffled(snapshot.relations),
    functions: shuffled(snapshot.functions),
    operators: shuffled(snapshot.operators),
  });
  fc.assert(
    fc.property(anyOrder, (order) => {
      expect(JSON.stringify(fixtureOf({ snapshot: { ...snapshot, ...order }, ...rest }, []))).toBe(wanted);
    }),
    { numRuns: 25 },
  );
});

/** What lines are read by, without OIDs: of which a fixture has its own. */
function readBy(snapshot: CatalogSnapshot) {
  const lean = leanCatalog(snapshot);
  const nameOf = (oid: number): string => {
    const found = lean.relations.find((relation) => relation.oid === oid);
    return `${found?.schema}.${found?.name}`;
  };
  const tables = ['table', 'view', 'materialized_view', 'foreign_table', 'sequence'];
  return {
    ...lean,
    version: 0,
    functions: distinct(lean.functions.map((one) => (one.body ? { ...one, body: withRows(one.body, nameOf) } : one))),
    operators: distinct(lean.operators),
    types: distinct(lean.types ?? []),
    rules: distinct((lean.rules ?? []).map(({ relation, rule }) => [nameOf(relation), named(rule, nameOf)])),
    relations: Object.fromEntries(
      lean.relations
        .filter(({ kind, name }) => tables.includes(kind) && !name.includes('.'))
        .map(({ definition, inherits, ...rest }) => [
          `${rest.schema}.${rest.name}`,
          { ...rest, oid: 0, inherits: inherits.map(nameOf), definition: definition?.trim() },
        ]),
    ),
  };
}

function withRows({ rowTypes = [], ...body }: FunctionBody, nameOf: (oid: number) => string) {
  return rowTypes.some((oid) => oid > 0)
    ? { ...body, rows: rowTypes.map((oid) => (oid > 0 ? nameOf(oid) : null)) }
    : body;
}

function named(rule: TableRule, nameOf: (oid: number) => string) {
  switch (rule.kind) {
    case 'foreign':
      return { ...rule, to: { ...rule.to, relation: nameOf(rule.to.relation) } };
    case 'policy':
      return { ...rule, reads: { ...rule.reads, relation: nameOf(rule.reads.relation) } };
    default:
      return rule;
  }
}

/** Overloads that a fixture cannot tell apart are one. */
function distinct(list: readonly unknown[]): readonly string[] {
  return [...new Set(list.map((one) => JSON.stringify(unordered(one))))].sort();
}

test.each(['postgres', 'ruled', 'typed'])(
  'nothing by which lines are read is lost in a fixture: database %s',
  async (database) => {
    const there = await live(database);
    const text = fixtureText({ protocol: 'postgres', labels: {}, postgres: fixtureOf(there, []).section });
    const { postgres: section } = parse(text) as { postgres: unknown };
    expect(readBy(snapshotOf(postgresFixture.parse(section)))).toEqual(readBy(there.snapshot));
  },
);

test('lines read by the fixture have the facts that they have in the database', async () => {
  const section = postgresFixture.parse(fixtureOf(await live(), ['public']).section);
  await using lines = openPostgresLines();
  const target = { name: 'x', protocol: 'postgres', labels: {} } as const;
  const labels = new Map([
    ['public.people.ssn', ['pii.ssn']],
    ['other.base.ssn', ['pii.ssn']],
  ]);
  const commandOf = async (text: string) => {
    const read = await lines.commandsOf({ text, params: [] }, { target, section, labels });
    return read.ok ? read.commands[0]?.command : read.why;
  };
  // Through the view's query, down from a parent in a schema that nobody asked for, and by an operator that hides a function.
  expect(await commandOf('select ssn from shown')).toMatchObject({ labels: ['pii.ssn'] });
  expect(await commandOf('select ssn from child')).toMatchObject({ labels: ['pii.ssn'] });
  expect(await commandOf('select 1 ~~~ 2')).toMatchObject({ analysis: { complete: false } });
  expect(await commandOf('select twice(1)')).toMatchObject({
    functions: [{ schema: 'public', categories: ['unknown', 'volatile'] }],
  });
  expect(await commandOf('select "a, b" from "Größe: 1"')).toMatchObject({ analysis: { complete: true } });
});

describe('of tables that do something by themselves', () => {
  const target = { name: 'x', protocol: 'postgres', labels: {} } as const;
  let ruledCatalog: LiveCatalog;
  beforeAll(async () => void (ruledCatalog = await live('ruled')));
  /** By the live catalog, as the gateway does; by the fixture; and by what a fixture of format 1 says of it. */
  async function seenBy(sql: string): Promise<readonly [gateway: unknown, fixture: unknown, older: unknown]> {
    const { section } = fixtureOf(ruledCatalog, ['public']);
    await using analyzer = openSqlAnalyzer();
    analyzer.setCatalog('live', ruledCatalog.snapshot);
    analyzer.setLabels('live', ruledLabels, '1');
    const searchPath = ['pg_catalog', ...ruledCatalog.searchPath];
    const analysis = await analyzer.analyze({ target: 'live', text: Buffer.from(sql), major: 18, searchPath });
    if (!analysis.ok) throw new TypeError(analysis.message);
    const [gateway] = analysis.statements;
    await using lines = openPostgresLines();
    const usesIn = async (written: unknown): Promise<unknown> => {
      const read = await lines.commandsOf(
        { text: sql, params: [] },
        { target, section: postgresFixture.parse(written), labels: ruledLabels },
      );
      const command = read.ok ? read.commands[0]?.command : undefined;
      return command?.protocol === 'postgres' ? usesOf(command) : read;
    };
    const relations = Object.entries(section.relations ?? {}).map(([name, described]) => {
      const { types: _, by_itself: __, ...rest } = Array.isArray(described) ? { columns: described } : described;
      return [name, rest] as const;
    });
    const { format: ___, ...unmarked } = section;
    return [
      gateway && usesOf(gateway.command),
      await usesIn(section),
      await usesIn({ ...unmarked, relations: Object.fromEntries(relations) }),
    ];
  }
  // What a rule of a table shows comes in the order of the rules, and that is the server's own.
  const usesOf = ({
    filters,
    output,
    labels,
    analysis,
  }: Pick<PostgresCommand, 'filters' | 'output' | 'labels' | 'analysis'>) => ({
    filters: filters.map((filter) => JSON.stringify(filter)).sort(),
    output,
    labels,
    analysis,
  });

  test.each([
    "select ref from acts where born = '2000-01-01'",
    "select ref from acts where id = 1 and ref = 'b5b5b5b5-0000-0000-0000-000000000000'::uuid",
    'select id, name from acts group by id',
    'select upper_ssn from acts',
    "insert into acts (id, ssn) values (1, 'x') on conflict do nothing",
    "update acts set secret = 'x' where id = 1",
    'copy acts to stdout',
  ])('%s has the uses that it has in the gateway, and had others in fixtures before', async (sql) => {
    const [gateway, fixture, older] = await seenBy(sql);
    expect(fixture).toEqual(gateway);
    expect(older).not.toEqual(gateway);
  });
  test.each([
    "select ref from acts where name = 'x'",
    "select ref from acts where nick = 'x'",
    'select made from acts',
    'select ssn from aside.numbers',
    "insert into split values (1, 'x')",
  ])('%s has the uses that it has in the gateway', async (sql) => {
    const [gateway, fixture] = await seenBy(sql);
    expect(fixture).toEqual(gateway);
  });
  test('a fixture of them is written one rule to a line, and reads as what it was', async () => {
    const { section } = fixtureOf(ruledCatalog, ['public']);
    const text = fixtureText({ protocol: 'postgres', labels: {}, postgres: section });
    expect(text).toContain('\n        - {kind: stored, column: upper_ssn, columns: [ssn], sql: upper(ssn)}\n');
    expect(text).toContain('\n        - {kind: policy, reads: aside.numbers, columns: [ssn]}\n');
    expect(text).toContain('types: {id: integer, ref: uuid, nick: character varying, born: date}');
    expect((parse(text) as { postgres: unknown }).postgres).toEqual(section);
    expect(postgresFixture.parse(section)).toMatchObject({ format: 4, relations: { 'aside.numbers': {} } });
  });
  test('a rule about a table that is not there is refused', () => {
    const rule = { kind: 'foreign', columns: ['a'], to: 'public.nobody', to_columns: ['a'] };
    const read = postgresFixture.safeParse({ relations: { 'public.t': { columns: ['a'], by_itself: [rule] } } });
    expect(read.error?.message).toContain('there is no relation public.nobody');
  });
  test('--check says that a fixture is of an older format', async () => {
    const file = join(home.path, 'older.yaml');
    await writeFile(file, 'protocol: postgres\npostgres: { relations: { other.base: [ssn] } }\n');
    const args = ['--url', url, '--schema', 'other', '--out', 'older.yaml'];
    const said = expect.stringContaining('its format is an older one') as string;
    expect(await catalog([...args, '--check'])).toMatchObject({ code: 1, err: said });
    expect(await catalog(args)).toMatchObject({ code: 0 });
    await writeFile(file, (await readFile(file, 'utf8')).replace('[ssn]', '[ssm]'));
    expect(await catalog([...args, '--check'])).toMatchObject({
      code: 1,
      err: expect.not.stringContaining('format') as string,
    });
  });
});

test('a fixture that is there keeps its labels, and is compared where told to', async () => {
  await mkdir(join(home.path, 'fixtures'), { recursive: true });
  const file = join(home.path, 'fixtures/shop.yaml');
  await writeFile(file, 'protocol: postgres\nlabels: { env: prod }\n');
  const args = ['--url', url, '--schema', 'other', '--out', 'fixtures/shop.yaml'];
  expect(await catalog([...args, '--check'])).toMatchObject({ code: 1 });
  expect(await readFile(file, 'utf8')).not.toContain('relations');
  expect(await catalog(args)).toMatchObject({ code: 0, out: 'fixtures/shop.yaml\n' });
  const written: unknown = parse(await readFile(file, 'utf8'));
  expect(written).toMatchObject({ labels: { env: 'prod' }, postgres: { relations: { 'other.base': ['ssn'] } } });
  expect(written).not.toHaveProperty(['postgres', 'functions']);
  expect(await catalog([...args, '--check'])).toMatchObject({ code: 0 });
});

test('a file that is no fixture is not written over', async () => {
  await writeFile(join(home.path, 'notes.yaml'), 'to do: {');
  const ran = await catalog(['--url', url, '--out', 'notes.yaml']);
  expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('notes.yaml is no fixture') as string });
  expect(await readFile(join(home.path, 'notes.yaml'), 'utf8')).toBe('to do: {');
});

test.each<readonly [string, () => readonly string[], NodeJS.ProcessEnv, number, string]>([
  ['no database', () => [], {}, 2, 'which database?'],
  ['a password for all to see', () => ['--url', url.replace('stranger', 'stranger:pw')], {}, 2, 'seen by everybody'],
  ['a wrong password', () => ['--url', url], { PGPASSWORD: 'no' }, 1, 'password authentication failed'],
  ['nobody there', () => ['--url', 'postgres://a@127.0.0.1:1/b'], { PGPASSWORD: 'pw' }, 3, 'ECONNREFUSED'],
  [
    'a schema of nobody',
    () => ['--url', url, '--schema', 'nowhere'],
    { PGPASSWORD: 'pw' },
    1,
    'there are other, public',
  ],
  ['--check without a file', () => ['--url', url, '--check'], {}, 2, '--check needs --out'],
])('%s ends with a word on what to do', async (_what, args, env, code, said) => {
  expect(await catalog(args(), env)).toMatchObject({ code, err: expect.stringContaining(said) as string });
});
