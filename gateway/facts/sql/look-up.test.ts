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

/** A table `people` with a labelled column of every sort, one whose documents are labelled in part, and a table of another server. */
function withPeople(catalog: CatalogSnapshot): CatalogSnapshot {
  const relation = (oid: number, name: string, kind: 'table' | 'foreign_table') => ({
    ...{ oid, schema: 'public', name, kind, inherits: [], hasRules: false, hasTriggers: false },
    columns: Object.entries(columns).map(([column, typeOid], i) => ({
      ...{ name: column, attnum: i + 1, typeOid, typeName: 'text' },
    })),
  });
  const people = [relation(90_001, 'people', 'table'), relation(90_002, 'elsewhere', 'foreign_table')];
  return {
    ...catalog,
    relations: [...catalog.relations, ...people],
    standIns: new Map([[domainOverText, text]]),
    rules: [
      { relation: 90_001, rule: { kind: 'stored', column: 'initial', columns: ['plain'], sql: '"left"(plain, 1)' } },
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
