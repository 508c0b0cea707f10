import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fixtureOf, type LiveCatalog } from '../composition/lines/postgres-fixture.ts';
import { readLiveCatalog } from '../composition/lines/postgres-live.ts';
import { openPostgresLines, postgresFixture } from '../composition/lines/postgres.ts';
import { root, temporaryFolder } from '../policy/fixtures.ts';
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

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let postgres: TestPostgres;
let url: string;
beforeAll(async () => {
  [home, postgres] = await Promise.all([temporaryFolder(), startPostgres18()]);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(setUp);
  await client.end();
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

function live(): Promise<LiveCatalog> {
  const tls = { mode: 'disable' } as const;
  const where = { host: '127.0.0.1', port: postgres.port, database: 'postgres', tls };
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
      major: 18,
      search_path: ['public', 'other'],
      relations: {
        'other.base': ['ssn'],
        'public.Größe: 1': ['a, b'],
        'public.child': { columns: ['ssn', 'more'], inherits: ['other.base'] },
        'public.counted': expect.objectContaining({ kind: 'materialized_view', columns: ['n'] }) as object,
        'public.numbers': { columns: ['last_value', 'log_cnt', 'is_called'], kind: 'sequence' },
        'public.orders': { columns: ['id', 'person'], triggers: true },
        'public.people': { columns: ['id', 'name', 'ssn'], triggers: true },
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
