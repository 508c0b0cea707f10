import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CatalogSnapshot, SqlAnalyzer, StatementFacts } from './index.ts';
import { openSqlAnalyzer } from './index.ts';
import { leakCatalog, leakLabels, searchPath } from './fixtures/leak-database.ts';

const text = 25;
const domainOverText = 70_001;
const columns = {
  // citext and domains stand for text by their number.
  plain: text, short: 1043, padded: 1042, domain: domainOverText, id: 2950,
  number: 23, amount: 1700, born: 1082, seen: 1184, area: 603, sure: 16, name: 19, tags: 1009, profile: text, clear: text, initial: text,
}; // prettier-ignore

const keyedColumns = {
  id: 23,
  name: text,
  email: text,
  phone: 1043,
  code: 2950,
  number: 23,
  profile: text,
  initial: text,
};

/** A table `people` with a labelled column of every sort, one whose documents are labelled in part, and a table of another server. */
function withPeople(catalog: CatalogSnapshot): CatalogSnapshot {
  const relation = (oid: number, name: string, kind: 'table' | 'foreign_table') => ({
    ...{ oid, schema: 'public', name, kind, inherits: [], hasRules: false, hasTriggers: false },
    columns: Object.entries(columns).map(([column, typeOid], i) => ({
      ...{ name: column, attnum: i + 1, typeOid, typeName: 'text' },
    })),
  });
  const keyed = (oid: number, name: string) => ({
    ...relation(oid, name, 'table'),
    columns: Object.entries(keyedColumns).map(([column, typeOid], i) => ({ name: column, attnum: i + 1, typeOid, typeName: 'text' })),
  }); // prettier-ignore
  const unique = (relation: number, over: 'alone' | 'columns' | 'computed', ...columns: readonly string[]) => ({
    ...{ relation, rule: { kind: 'unique', columns, over } as const },
  });
  const folded = (relation: number, columns: readonly string[], folded: { readonly whileNull?: string }) => ({
    ...{ relation, rule: { kind: 'unique', columns, over: 'computed', folded } as const },
  });
  const people = [
    relation(90_001, 'people', 'table'),
    relation(90_002, 'elsewhere', 'foreign_table'),
    keyed(90_003, 'members'),
    keyed(90_004, 'clubs'),
    keyed(90_005, 'linked'),
    keyed(90_006, 'logins'),
    keyed(90_008, 'seats'),
    keyed(90_009, 'halls'),
    keyed(90_010, 'mails'),
    keyed(90_011, 'posts'),
    keyed(90_012, 'dated'),
    { ...keyed(90_007, 'v_members'), kind: 'view' as const, definition: ` SELECT ${Object.keys(keyedColumns).join(', ')} FROM public.members` },
  ]; // prettier-ignore
  return {
    ...catalog,
    relations: [...catalog.relations, ...people],
    standIns: new Map([[domainOverText, text]]),
    rules: [
      { relation: 90_001, rule: { kind: 'stored', column: 'initial', columns: ['plain'], sql: '"left"(plain, 1)' } },
      ...['email', 'phone', 'code', 'number', 'profile'].map((column) => unique(90_003, 'alone', column)),
      unique(90_003, 'alone', 'email'),
      { relation: 90_003, rule: { kind: 'stored', column: 'initial', columns: ['phone'], sql: '"left"(phone, 1)' } },
      unique(90_003, 'alone', 'initial'),
      unique(90_004, 'columns', 'email'),
      unique(90_004, 'columns', 'name', 'phone'),
      unique(90_004, 'computed', 'code'),
      unique(90_005, 'alone', 'email'),
      { relation: 90_006, rule: { kind: 'foreign', columns: ['name'], to: { relation: 90_005, columns: ['email'] } } },
      { relation: 90_006, rule: { kind: 'primary', columns: ['email'], over: 'alone' } },
      unique(90_006, 'columns', 'email', 'name'),
      { relation: 90_008, rule: { kind: 'primary', columns: ['name', 'email'], over: 'alone' } },
      unique(90_008, 'alone', 'id'),
      unique(90_008, 'alone', 'code', 'phone'),
      { relation: 90_009, rule: { kind: 'stored', column: 'profile', columns: ['name'], sql: 'upper(name)' } },
      unique(90_009, 'alone', 'profile', 'email'),
      folded(90_010, ['email', 'name'], { whileNull: 'name' }),
      folded(90_011, ['email'], {}),
      folded(90_011, ['phone', 'code'], { whileNull: 'phone' }),
      folded(90_012, ['email', 'name'], { whileNull: 'name' }),
      { relation: 90_012, rule: { kind: 'default', column: 'name', sql: 'public.first_name()' } },
    ],
  };
}

let analyzer: SqlAnalyzer;
beforeAll(() => {
  analyzer = openSqlAnalyzer();
  const catalog = withPeople(leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8')));
  const named = Object.keys(columns).filter((column) => !['profile', 'clear', 'initial'].includes(column));
  const labels = new Map([
    ...leakLabels,
    ...['people', 'elsewhere'].flatMap((table) =>
      named.map((column) => [`public.${table}.${column}`, ['pii.x']] as const),
    ),
    ['public.people.profile.phone', ['pii.phone']] as const,
    ...['members', 'clubs', 'linked', 'logins', 'seats', 'halls', 'mails', 'posts', 'dated'].flatMap((table) =>
      ['email', 'phone', 'code', 'number'].map((column) => [`public.${table}.${column}`, ['pii.x']] as const),
    ),
    ['public.members.profile.phone', ['pii.phone']] as const,
  ]);
  const equals = { schema: 'public', name: '=', extension: null };
  const own = { language: 'plpgsql', volatility: 'volatile', kind: 'function', extension: null } as const;
  const targets = {
    leak: catalog,
    coercing: { ...catalog, coerces: true },
    equals: { ...catalog, operators: [...catalog.operators, equals] },
    lower: { ...catalog, functions: [...catalog.functions, { schema: 'public', name: 'lower', ...own }] },
  };
  for (const [name, snapshot] of Object.entries(targets)) {
    analyzer.setCatalog(name, snapshot);
    analyzer.setLabels(name, labels, '1');
  }
});
afterAll(() => analyzer[Symbol.asyncDispose]());

async function one(sql: string, target = 'leak'): Promise<StatementFacts> {
  const answer = await analyzer.analyze({ target, text: Buffer.from(sql), major: 18, searchPath });
  if (!answer.ok) throw new Error(`${answer.why}: ${answer.message}`);
  const [first] = answer.statements;
  if (!first) throw new Error('no statement');
  return first;
}

const uses = ({ command }: StatementFacts): readonly string[] =>
  command.filters.map((filter) => `${filter.column.replace('public.', '')} ${filter.use}`).sort();

const told = (facts: StatementFacts): readonly [number, readonly string[]] => [facts.command.lookups, uses(facts)];

describe('one value that the client gives, in a condition that has to hold', () => {
  test.each([
    ["SELECT id, name FROM customers WHERE email = 'x'", ['customers.email equality']],
    ['SELECT id, name FROM customers WHERE email = $1', ['customers.email equality']],
    ["SELECT id FROM customers WHERE 'x' = email", ['customers.email equality']],
    ["SELECT id FROM customers WHERE email = ''", ['customers.email equality']],
    ['SELECT id FROM customers c WHERE c.email = $1::text AND c.id < 5 AND (c.name > $2 OR c.id = 1)', ['customers.email equality']],
    ["SELECT id FROM customers WHERE email = 'x'::varchar(20)", ['customers.email equality']],
    ["SELECT id FROM customers WHERE email = CAST($1 AS pg_catalog.varchar)::text", ['customers.email equality']],
    ['SELECT id FROM customers WHERE email IN ($1)', ['customers.email equality']],
    ['SELECT id FROM customers WHERE id = 1 AND (id = 2 AND email OPERATOR(pg_catalog.=) $1)', ['customers.email equality']],
    ['SELECT id FROM customers WHERE lower(email) = lower($1)', ['customers.email equality']],
    ["SELECT id FROM customers WHERE upper($1::text) = pg_catalog.upper(email)", ['customers.email equality']],
    ["SELECT id FROM customers WHERE lower(email) = 'x'", ['customers.email equality']],
    ['SELECT count(*) FROM customers WHERE email = $1', ['customers.email equality']],
    ['SELECT o.id FROM payments o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 ORDER BY o.id LIMIT 1', ['customers.email equality']],
    ['SELECT id FROM v_contact WHERE contact = $1', ['v_contact.contact equality']],
    ['SELECT s.id FROM (SELECT id, email AS e FROM customers) s WHERE s.e = $1', ['customers.email equality']],
    ['WITH s AS (SELECT * FROM customers) SELECT id FROM s WHERE email = $1', ['customers.email equality']],
    ['SELECT id FROM people WHERE short = $1', ['people.short equality']],
    ['SELECT id FROM people WHERE padded = $1', ['people.padded equality']],
    ['SELECT id FROM people WHERE domain = $1', ['people.domain equality']],
    ['SELECT clear FROM people WHERE id = $1::uuid', ['people.id equality']],
    ['DECLARE c CURSOR FOR SELECT id FROM customers WHERE email = $1', ['customers.email equality']],
  ])('%s', async (sql, expected) => {
    expect(told(await one(sql))).toEqual([1, expected]);
  }); // prettier-ignore

  test('each comparison counts', async () => {
    const sql = 'SELECT id FROM customers WHERE email = $1 AND email = $2 AND ssn = $3';
    expect(told(await one(sql))).toEqual([3, ['customers.email equality', 'customers.ssn equality']]);
  });

  test('a column that is also used otherwise has both uses', async () => {
    const sql = "SELECT id FROM customers WHERE email = $1 AND email LIKE 'a%' ORDER BY email";
    expect(uses(await one(sql))).toEqual([
      'customers.email equality',
      'customers.email order',
      'customers.email where',
    ]);
  });

  test('the value stays out of the record, as any that meets a labelled column does', async () => {
    const { recordText, secretParams } = await one("SELECT id FROM customers WHERE email = 'a@b.example'");
    expect([recordText, secretParams]).toEqual([`SELECT id FROM customers WHERE email = '…'`, 'all']);
  });

  test('a function on either side is a fact', async () => {
    const { command } = await one('SELECT id FROM customers WHERE lower(email) = upper($1)');
    expect(command.functions.map(({ name }) => name)).toEqual(['lower', 'upper']);
  });

  test('what is not labelled is no look-up', async () => {
    expect(told(await one("SELECT id FROM customers WHERE name = 'x'"))).toEqual([0, []]);
  });

  test('PREPARE looks nothing up, and what it names does', async () => {
    const facts = await one('PREPARE q AS SELECT id FROM customers WHERE email = $1');
    expect(told(facts)).toEqual([0, ['customers.email equality']]);
    expect(facts.handle.op === 'prepare' && told(facts.handle.inner)).toEqual([1, ['customers.email equality']]);
  });
});

describe('a value that the client gives, written into a column whose values are there once', () => {
  const email = ['members.email equality'];
  test.each<[sql: string, lookups: number, uses: readonly string[]]>([
    ["INSERT INTO members (id, email) VALUES (1, 'x')", 1, email],
    ['INSERT INTO members (email, id) VALUES ($1, 1)', 1, email],
    ["INSERT INTO members VALUES (1, 'n', 'x')", 1, [...email, 'members.code key', 'members.number key', 'members.phone key', 'members.initial key', 'members.profile key']],
    ['INSERT INTO members (email, code) VALUES (lower($1), $2::uuid) RETURNING id, email', 2, ['members.code equality', ...email]],
    // Each row is a value of its own.
    ["INSERT INTO members (email) VALUES ('x'), ($1), (upper('y')), ('z'::text)", 4, email],
    ["INSERT INTO members (email) VALUES ('x'), ('y') ON CONFLICT DO NOTHING", 2, email],
    ['INSERT INTO members (email) VALUES ($1) ON CONFLICT (email) DO NOTHING', 1, email],
    ['INSERT INTO members (email) VALUES ($1) ON CONFLICT (id) DO NOTHING RETURNING id', 1, email],
    ['WITH s AS (SELECT 1) INSERT INTO members (email) VALUES ($1)', 1, email],
    ['UPDATE members SET email = $1 WHERE id = 5', 1, email],
    ["UPDATE members m SET name = 'n', email = 'x', code = $2 FROM scratch s WHERE s.id = m.id RETURNING m.email", 2, ['members.code equality', ...email]],
    ['UPDATE members SET name = $1 WHERE id = 5', 0, []],
    ['INSERT INTO members (id, name) VALUES (1, $1)', 0, []],
    // A key over others as well, which are given too, or which the row keeps.
    ["INSERT INTO seats (name, email) VALUES ('n', 'x'), ($1, $2)", 2, ['seats.email equality']],
    ['INSERT INTO seats (email, name) VALUES ($1, 5::text) ON CONFLICT (name, email) DO NOTHING RETURNING id', 1, ['seats.email equality']],
    ['UPDATE seats SET email = $1 WHERE id = 5', 1, ['seats.email equality']],
    ["UPDATE seats SET email = $1, name = 'n', id = 2 + number_of FROM (SELECT 1 AS number_of) s WHERE id = 5", 1, ['seats.email equality']],
    ['INSERT INTO seats (code, phone) VALUES ($1, $2)', 2, ['seats.code equality', 'seats.phone equality']],
    ['UPDATE seats SET phone = $1, code = $2 WHERE id = 5', 2, ['seats.code equality', 'seats.phone equality']],
    ['UPDATE halls SET email = $1 WHERE id = 5', 1, ['halls.email equality']],
    // A key in which small and capital letters are alike, and one over rows that are not deleted, which a row may leave.
    ['INSERT INTO posts (email) VALUES (lower($1))', 1, ['posts.email equality']],
    ['INSERT INTO mails (email, id) VALUES ($1, 7)', 1, ['mails.email equality']],
    ['INSERT INTO mails (email, name) VALUES ($1, NULL), ($2, $3)', 2, ['mails.email equality']],
    ["INSERT INTO mails (id, name) VALUES (7, 'gone')", 0, []],
    ['UPDATE mails SET email = $1 WHERE id = 5', 1, ['mails.email equality']],
    ['UPDATE mails SET email = $1, name = NULL WHERE id = 5', 1, ['mails.email equality']],
    ['UPDATE mails SET id = 6 WHERE id = 5', 0, []],
    ["UPDATE mails SET name = 'gone' WHERE id = 5", 0, []],
    ['UPDATE mails SET name = now(), initial = NULL WHERE id = 5 RETURNING id', 0, []],
    ['UPDATE mails SET name = CURRENT_TIMESTAMP WHERE id = 5', 0, []],
    // Not a key: nothing is told.
    ["INSERT INTO customers (id, email) VALUES (1, 'x')", 0, []],
  ])('%s', async (sql, lookups, expected) => {
    expect(told(await one(sql))).toEqual([lookups, [...expected].sort()]);
  }); // prettier-ignore

  test('PREPARE looks nothing up, and what it names does', async () => {
    const facts = await one('PREPARE q AS INSERT INTO members (email) VALUES ($1), ($2)');
    expect(facts.command.lookups).toBe(0);
    expect(facts.handle.op === 'prepare' && told(facts.handle.inner)).toEqual([2, email]);
  });

  const key = ['members.email key'];
  test.each<[sql: string, ...uses: readonly string[]]>([
    // not a value of the client's, or not in every row
    ["INSERT INTO members (email) VALUES ('x'), (DEFAULT)", ...key],
    ["INSERT INTO members (email) VALUES ('x'), (NULL)", ...key],
    ["INSERT INTO members (email) VALUES ('x' || 'y')", ...key],
    ['INSERT INTO members (email) VALUES (5)', ...key],
    ["INSERT INTO members (email) VALUES (current_setting('my.x'))", ...key],
    ['INSERT INTO members (email) VALUES ((SELECT name FROM members LIMIT 1))', ...key],
    ["INSERT INTO members (email) VALUES (initcap('x'))", ...key],
    ['INSERT INTO members DEFAULT VALUES', ...key, 'members.code key', 'members.initial key', 'members.number key', 'members.phone key', 'members.profile key'],
    ['INSERT INTO members (email) SELECT $1', ...key],
    ["INSERT INTO members (email) SELECT 'u' || n FROM generate_series(1, 1000) n", ...key],
    ["INSERT INTO members (email) SELECT * FROM (VALUES ('x')) v", ...key],
    ["INSERT INTO members (email) VALUES ('x') UNION VALUES ('y')", ...key],
    ['INSERT INTO members (email) SELECT unnest($1::text[])', ...key],
    ['UPDATE members SET email = name WHERE id = 5', ...key],
    ['UPDATE members SET email = DEFAULT WHERE id = 5', ...key],
    ["UPDATE members m SET email = 'u' || n FROM generate_series(1, 9) n WHERE m.id = n", ...key],
    ["UPDATE members SET email = CASE WHEN id = 5 THEN 'x' ELSE 'y' END", ...key],
    ['UPDATE members SET (email, name) = ($1, $2) WHERE id = 5', ...key],
    ['UPDATE members SET (email) = (SELECT $1) WHERE id = 5', ...key],
    // a star moves the values into other columns
    ["INSERT INTO members (id, name, email) VALUES ((SELECT r FROM (SELECT 1, 'a', 'u' || 5) r).*, 'x', 'y')", ...key],
    ["INSERT INTO members (name, email) VALUES ((SELECT r FROM (SELECT) r).*, 'x')", ...key],
    // a row that is there already is changed
    ['INSERT INTO members (email) VALUES ($1) ON CONFLICT (email) DO UPDATE SET name = $2', ...key],
    ['INSERT INTO members (id, email) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET email = excluded.email', ...key],
    ['INSERT INTO members (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET email = $1', ...key],
    ['INSERT INTO members (id) VALUES (1) ON CONFLICT (email) DO NOTHING', ...key],
    // not the outermost statement, or one that goes on
    ['WITH w AS (INSERT INTO members (email) VALUES ($1) RETURNING id) SELECT id FROM w', ...key],
    ['WITH w AS (UPDATE members SET email = $1 WHERE id = 5 RETURNING id) SELECT id FROM w', ...key],
    ['EXPLAIN (COSTS OFF) INSERT INTO members (email) VALUES ($1)', ...key],
    ['EXPLAIN (ANALYZE, COSTS OFF) UPDATE members SET email = $1 WHERE id = 5', ...key],
    ['COPY (INSERT INTO members (email) VALUES ($1) RETURNING id) TO STDOUT', ...key],
    ['COPY members (email) FROM STDIN', ...key],
    ['MERGE INTO members m USING scratch s ON m.id = s.id WHEN MATCHED THEN UPDATE SET email = $1', ...key],
    ['MERGE INTO members m USING scratch s ON m.id = s.id WHEN NOT MATCHED THEN INSERT (email) VALUES ($1)', ...key],
    // a key that tells something else
    ['INSERT INTO clubs (email) VALUES ($1)', 'clubs.email key'],
    ['UPDATE clubs SET phone = $1 WHERE id = 5', 'clubs.phone key'],
    ['UPDATE clubs SET code = $1 WHERE id = 5', 'clubs.code key'],
    ['INSERT INTO clubs (email) VALUES ($1) ON CONFLICT (email) DO NOTHING', 'clubs.email key'],
    ['UPDATE linked SET email = $1 WHERE id = 5', 'linked.email equality', 'linked.email key', 'logins.name key'],
    ['INSERT INTO logins (email) VALUES ($1)', 'logins.email equality', 'logins.email key', 'logins.name key'],
    ["INSERT INTO logins (name) VALUES ('x')", 'linked.email key', 'logins.email key', 'logins.name key'],
    ['UPDATE members SET phone = $1 WHERE id = 5', 'members.initial key', 'members.phone equality'],
    // a key over others, of which one is not the client's to say, or labelled and not given: it compares rows with each other
    ['INSERT INTO seats (email) VALUES ($1)', 'seats.email key'],
    ["INSERT INTO seats (email, name) VALUES ($1, 'n'), ($2, DEFAULT)", 'seats.email key'],
    ["INSERT INTO seats (email, name) VALUES ($1, 'n' || 5)", 'seats.email key'],
    ['INSERT INTO seats (email, name) VALUES ($1, (SELECT name FROM scratch LIMIT 1))', 'seats.email key'],
    ['INSERT INTO seats (email, name) VALUES ($1, $2) ON CONFLICT (name, email) DO UPDATE SET id = 5', 'seats.email key'],
    ["INSERT INTO seats (email, name) SELECT $1, 'n'", 'seats.email key'],
    ["UPDATE seats SET name = 'n' WHERE id = 5", 'seats.email key'],
    ['UPDATE seats SET email = $1, name = name WHERE id = 5', 'seats.email key'],
    ["UPDATE seats SET email = $1, name[1] = 'n' WHERE id = 5", 'seats.email key'],
    ['UPDATE seats SET email = $1, (name, id) = ($2, 3) WHERE id = 5', 'seats.email key'],
    ['UPDATE seats SET email = $1, name = DEFAULT WHERE id = 5', 'seats.email key'],
    ['UPDATE seats SET phone = $1 WHERE id = 5', 'seats.code key', 'seats.phone key'],
    ['INSERT INTO seats (phone) VALUES ($1)', 'seats.code key', 'seats.phone key'],
    ["UPDATE halls SET email = $1, name = 'n' WHERE id = 5", 'halls.email key'],
    ["INSERT INTO halls (email, name) VALUES ($1, 'n')", 'halls.email key'],
    // a row that may come back under the key: it is compared with others by the value that it has
    ['UPDATE mails SET name = NULL WHERE id = 5', 'mails.email key'],
    ['UPDATE mails SET name = $1 WHERE id = 5', 'mails.email key'],
    ['UPDATE mails SET name = initial WHERE id = 5', 'mails.email key'],
    ["UPDATE mails SET name = 'gone'::text WHERE id = 5", 'mails.email key'],
    ["UPDATE mails SET name[1] = 'gone' WHERE id = 5", 'mails.email key'],
    ["UPDATE mails SET name = upper('gone') WHERE id = 5", 'mails.email key'],
    ['UPDATE mails SET name = CURRENT_USER WHERE id = 5', 'mails.email key'],
    ["UPDATE mails SET name = public.now() WHERE id = 5", 'mails.email key'],
    ['UPDATE mails SET name = DEFAULT WHERE id = 5', 'mails.email key'],
    ["UPDATE mails SET name = 'gone', email = email WHERE id = 5", 'mails.email key', 'mails.email set'],
    ["WITH w AS (UPDATE mails SET name = 'gone' WHERE id = 5 RETURNING id) SELECT id FROM w", 'mails.email key'],
    ['INSERT INTO mails (email, name) VALUES ($1, DEFAULT)', 'mails.email key'],
    ['INSERT INTO mails (email, name) VALUES ($1, (SELECT name FROM scratch LIMIT 1))', 'mails.email key'],
    ["INSERT INTO mails (email) SELECT $1", 'mails.email key'],
    ['INSERT INTO dated (email) VALUES ($1)', 'dated.email key'],
    ['INSERT INTO posts (code) VALUES ($1)', 'posts.code key', 'posts.phone key'],
    ['INSERT INTO posts (code, phone) VALUES ($1, $2)', 'posts.code key', 'posts.phone key'],
    // values of which equality is not sameness, and documents of which a part is labelled
    ["INSERT INTO members (number) VALUES ('5')", 'members.number key'],
    ['INSERT INTO members (number) VALUES ($1)', 'members.number key'],
    ["INSERT INTO members (code) VALUES ('x'::text)", 'members.code key'],
    ["INSERT INTO members (profile) VALUES ('{}')", 'members.profile key'],
    // which column of the table a view's column writes is not asked
    ['UPDATE v_members SET email = $1 WHERE id = 5', ...key, 'members.code key', 'members.initial key', 'members.number key', 'members.phone key', 'members.profile key'],
    // and every other use beside it is one
    ['UPDATE members SET email = $1 WHERE email = $2', 'members.email equality', 'members.email where'],
    ["UPDATE members SET email = $1 WHERE id = 5 RETURNING email = 'x'", 'members.email equality', 'members.email expression'],
  ])('or else it is a key like any other: %s', async (sql, ...expected) => {
    const { command } = await one(sql);
    expect(uses({ command } as StatementFacts).filter((use) => !use.startsWith('v_'))).toEqual([...expected].sort());
  }); // prettier-ignore

  test('a parameter whose type is the client’s to say', async () => {
    expect(uses(await one('UPDATE members SET email = $1 WHERE id = 5', 'coercing'))).toEqual(key);
    expect(uses(await one('UPDATE members SET email = $1::text WHERE id = 5', 'coercing'))).toEqual(email);
  });

  test('the value stays out of the record', async () => {
    const { recordText, secretParams } = await one("INSERT INTO members (email) VALUES ('a@b.example')");
    expect([recordText, secretParams]).toEqual([`INSERT INTO members (email) VALUES ('…')`, 'all']);
  });
});

describe('whatever is not surely that is a condition like any other', () => {
  const email = ['customers.email where'];
  test.each([
    // not one of the conditions that all have to hold
    ["SELECT id FROM customers WHERE email = 'x' OR id = 1", email],
    ["SELECT id FROM customers WHERE NOT email = 'x'", email],
    ["SELECT id FROM customers WHERE (email = 'x') IS NOT TRUE", email],
    ["SELECT id FROM customers WHERE (email = 'x') = (id = 1)", email],
    ["SELECT id FROM customers WHERE CASE WHEN email = 'x' THEN 1/0 = 1 ELSE true END", email],
    ["SELECT id FROM customers WHERE coalesce(email = 'x', true)", email],
    // not the same for every row, or not what the client gives
    ['SELECT id FROM customers WHERE email = name', email],
    ["SELECT id FROM customers WHERE email = 'a' || id", email],
    ['SELECT id FROM customers WHERE email = substr(ssn, 1, 3)', [...email, 'customers.ssn where']],
    ['SELECT c.id FROM customers c, employees e WHERE c.email = e.email', [...email, 'employees.email where']],
    ['SELECT id FROM customers WHERE email = (SELECT email FROM employees LIMIT 1)', [...email, 'employees.email where']],
    ["SELECT id FROM customers WHERE email = (SELECT 'x')", email],
    ['SELECT c.id FROM customers c, generate_series(1, 1000) n WHERE c.email = n::text', email],
    ["SELECT c.id FROM customers c, (VALUES ('x'), ('y')) AS v(e) WHERE c.email = v.e", email],
    ['SELECT id FROM customers WHERE email = random()::text', email],
    ["SELECT id FROM customers WHERE email = concat('a', 'b')", email],
    ["SELECT id FROM customers WHERE email = 'a' || 'b'", email],
    ['SELECT id FROM customers WHERE email = lower(name)', email],
    ["SELECT id FROM customers WHERE email = current_setting('my.x')", email],
    ["SELECT id FROM customers WHERE email = NULLIF($1, 'x')", email],
    // several values
    ["SELECT id FROM customers WHERE email IN ('x', 'y')", email],
    ["SELECT id FROM customers WHERE email NOT IN ('x')", email],
    ['SELECT id FROM customers WHERE email = ANY ($1)', email],
    ["SELECT id FROM customers WHERE email = ANY ('{x}')", email],
    ["SELECT id FROM customers WHERE email = ALL ('{x}')", email],
    ['SELECT id FROM customers WHERE email IN (SELECT a FROM scratch)', email],
    ["SELECT id FROM customers WHERE (email, ssn) = ('x', 'y')", [...email, 'customers.ssn where']],
    ["SELECT id FROM customers c WHERE c = ROW(1, 'a', 'b', 'c', 'd', 'e')", [
      'customers.card_number where', 'customers.email where', 'customers.notes where', 'customers.ssn where']],
    // another comparison
    ["SELECT id FROM customers WHERE email <> 'x'", email],
    ["SELECT id FROM customers WHERE email > 'x'", email],
    ["SELECT id FROM customers WHERE email LIKE 'x'", email],
    ["SELECT id FROM customers WHERE email ~~ 'x%'", email],
    ["SELECT id FROM customers WHERE email SIMILAR TO 'x'", email],
    ["SELECT id FROM customers WHERE email BETWEEN 'x' AND 'x'", email],
    ["SELECT id FROM customers WHERE email IS NOT DISTINCT FROM 'x'", email],
    ["SELECT id FROM customers WHERE email IS DISTINCT FROM 'x'", email],
    ["SELECT id FROM customers WHERE NULLIF(email, 'x') IS NULL", email],
    ["SELECT id FROM customers WHERE email OPERATOR(public.=) 'x'", email],
    ["SELECT id FROM customers WHERE email COLLATE \"C\" = 'x'", email],
    ["SELECT id FROM customers WHERE email = 'x' COLLATE \"und-x-icu\"", email],
    // of something else than the column
    ["SELECT id FROM customers WHERE left(email, 1) = 'x'", email],
    ["SELECT id FROM customers WHERE md5(email) = 'x'", email],
    ["SELECT id FROM customers WHERE email::varchar(1) = 'x'", email],
    ["SELECT id FROM customers WHERE lower(left(email, 1)) = 'x'", email],
    ["SELECT id FROM customers WHERE lower(lower(email)) = 'x'", email],
    ["SELECT id FROM customers WHERE substr(email, 1, 1) || 'x' = 'xx'", email],
    ["SELECT clear FROM people WHERE initial = 'x'", ['people.initial where']],
    ["SELECT s.id FROM (SELECT id, left(email, 1) AS e FROM customers) s WHERE s.e = 'x'", email],
    ["SELECT s.id FROM (SELECT id, email COLLATE \"C\" AS e FROM customers) s WHERE s.e = 'x'", email],
    ["SELECT s.e FROM (SELECT email AS e FROM customers UNION ALL SELECT email FROM employees) s WHERE s.e = 'x'", [
      'customers.email where', 'employees.email where']],
    ["SELECT 1 FROM customers JOIN employees USING (email) WHERE email = 'x'", [
      'customers.email join', 'customers.email where', 'employees.email join', 'employees.email where']],
    ["SELECT id FROM v_masked WHERE ssn = 'x'", ['v_masked.ssn where']],
    // a value that is more than a value
    ['SELECT id FROM customers WHERE email = 5', email],
    ['SELECT id FROM customers WHERE email = true', email],
    ["SELECT id FROM customers WHERE email = B'1'", email],
    ['SELECT id FROM customers WHERE email = NULL', email],
    ["SELECT id FROM customers WHERE email = 'x'::name", email],
    ["SELECT id FROM customers WHERE email = 'x'::public.text", email],
    ["SELECT id FROM customers WHERE email = '{x}'::text[]", email],
    ["SELECT id FROM customers WHERE email = $1::int::text", email],
    ["SELECT id FROM customers WHERE email = '1'::regclass::text", email],
    ["SELECT clear FROM people WHERE id = 'x'::text", ['people.id where']],
    // values of which equality is not sameness, or is tested after a conversion
    ['SELECT id FROM people WHERE number = 5', ['people.number where']],
    ['SELECT id FROM people WHERE number = $1', ['people.number where']],
    ["SELECT id FROM people WHERE number = '5'", ['people.number where']],
    ['SELECT id FROM people WHERE amount = $1', ['people.amount where']],
    ['SELECT id FROM people WHERE born = $1', ['people.born where']],
    ["SELECT id FROM people WHERE seen = '2026-01-01'", ['people.seen where']],
    ["SELECT id FROM people WHERE area = '(1,1),(0,0)'", ['people.area where']],
    ["SELECT id FROM people WHERE sure = 't'", ['people.sure where']],
    ["SELECT id FROM people WHERE name = 'x'", ['people.name where']],
    ["SELECT id FROM people WHERE tags = '{x}'", ['people.tags where']],
    ["SELECT clear FROM people WHERE profile = '{}'", ['people.profile where']],
    ["SELECT clear FROM elsewhere WHERE plain = 'x'", ['elsewhere.plain where']],
    // not the outermost SELECT, or one that goes on
    ["SELECT id FROM (SELECT id FROM customers WHERE email = 'x') s", email],
    ["SELECT 1 FROM scratch WHERE EXISTS (SELECT FROM customers WHERE email = 'x')", email],
    ["SELECT (SELECT id FROM customers WHERE email = 'x' LIMIT 1)", email],
    ["SELECT n FROM generate_series(1, 9) n, LATERAL (SELECT FROM customers WHERE email = 'x') s", email],
    ["WITH s AS (SELECT id FROM customers WHERE email = 'x') SELECT id FROM s", email],
    ["SELECT id FROM customers WHERE email = 'x' UNION SELECT id FROM customers WHERE email = 'y'", email],
    ["SELECT id FROM customers WHERE email = 'x' UNION ALL SELECT 1", email],
    ["SELECT id FROM customers WHERE email = 'x' FOR UPDATE", email],
    ["SELECT id INTO made FROM customers WHERE email = 'x'", email],
    ["CREATE TABLE made AS SELECT id FROM customers WHERE email = 'x'", email],
    ["CREATE VIEW made AS SELECT id FROM customers WHERE email = 'x'", email],
    ["COPY (SELECT id FROM customers WHERE email = 'x') TO STDOUT", email],
    ["INSERT INTO scratch (a) SELECT name FROM customers WHERE email = 'x'", email],
    ["UPDATE customers SET name = 'y' WHERE email = 'x'", email],
    ["UPDATE customers SET name = 'y' WHERE email = 'x' RETURNING id", email],
    ["DELETE FROM customers WHERE email = 'x'", email],
    ["DELETE FROM scratch USING customers c WHERE c.email = 'x'", email],
    ["EXPLAIN SELECT id FROM customers WHERE email = 'x'", email],
    ["EXPLAIN (COSTS OFF) SELECT id FROM customers WHERE email = 'x'", email],
    ["EXPLAIN (ANALYZE, COSTS OFF) SELECT id FROM customers WHERE email = 'x'", email],
    // not in WHERE
    ["SELECT c.id FROM customers c JOIN scratch s ON c.email = 'x'", ['customers.email join']],
    ["SELECT count(*) FILTER (WHERE email = 'x') FROM customers", ['customers.email function']],
    ["SELECT email = 'x' FROM customers", ['customers.email expression']],
    ["SELECT id FROM customers ORDER BY email = 'x'", ['customers.email order']],
    ["SELECT 1 FROM customers GROUP BY email = 'x'", ['customers.email group']],
    ["SELECT count(*) FROM customers HAVING bool_or(email = 'x')", ['customers.email having']],
    ["SELECT id FROM customers LIMIT (SELECT 1 FROM customers WHERE email = 'x')", email],
  ])('%s', async (sql, expected) => {
    expect(told(await one(sql))).toEqual([0, [...new Set(expected)].sort()]);
  }); // prettier-ignore
});

describe('what somebody defined may stand behind the signs', () => {
  test('an operator: it could be any function of both sides', async () => {
    const facts = await one("SELECT id FROM customers WHERE email = 'x'", 'equals');
    expect([told(facts), facts.command.analysis.complete]).toEqual([[0, ['customers.email where']], false]);
  });

  test('a function', async () => {
    const facts = await one('SELECT id FROM customers WHERE lower(email) = lower($1)', 'lower');
    expect([told(facts), facts.command.analysis.complete]).toEqual([[0, ['customers.email where']], false]);
  });

  test.each([
    ['SELECT id FROM customers WHERE email = $1', 'where'],
    ['SELECT id FROM customers WHERE email = lower($1)', 'where'],
    ['SELECT id FROM customers WHERE email = $1::text', 'equality'],
    ['SELECT id FROM customers WHERE email = lower($1::text)', 'equality'],
    ["SELECT id FROM customers WHERE email = 'x'", 'equality'],
  ])('a cast, where the type of a parameter is the client’s to say: %s', async (sql, use) => {
    expect(uses(await one(sql, 'coercing'))).toEqual([`customers.email ${use}`]);
  });
});
