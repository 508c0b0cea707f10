import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlAnalyzer, StatementFacts } from './index.ts';
import { openSqlAnalyzer } from './index.ts';
import { leakCatalog, leakLabels, searchPath } from './fixtures/leak-database.ts';

let analyzer: SqlAnalyzer;
beforeAll(() => {
  analyzer = openSqlAnalyzer();
  const catalog = leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8'));
  const elsewhere = { name: 'a', attnum: 1, typeOid: 23, typeName: 'integer' };
  const foreign = {
    oid: 99_999,
    schema: 'public',
    name: 'elsewhere',
    kind: 'foreign_table',
    columns: [elsewhere],
  } as const;
  const made = { columns: [{ ...elsewhere, name: 'id' }], inherits: [], hasRules: false, hasTriggers: false };
  const view = (oid: number, name: string, definition: string) =>
    ({ ...made, oid, schema: 'public', name, kind: 'view', definition }) as const;
  const relations = [
    ...catalog.relations,
    { ...foreign, inherits: [], hasRules: false, hasTriggers: false },
    view(99_998, 'v_plain', ' SELECT customers.id FROM public.customers'),
    view(99_997, 'v_counted', ' SELECT pg_stat_user_tables.n_dead_tup AS id FROM pg_stat_user_tables'),
    { ...made, oid: 99_996, schema: 'public', name: 'policed', kind: 'table' as const },
    { ...made, oid: 99_995, schema: 'pg_catalog', name: 'pg_stat_tomorrow', kind: 'catalog' as const },
  ];
  const customers = catalog.relations.find(({ name }) => name === 'customers')?.oid ?? 0;
  const policy = { kind: 'policy', reads: { relation: customers, columns: ['id'] } } as const;
  const rules = [...(catalog.rules ?? []), { relation: 99_996, rule: policy }];
  analyzer.setCatalog('leak', { ...catalog, relations, rules });
  analyzer.setLabels('leak', leakLabels, '1');
});
afterAll(() => analyzer[Symbol.asyncDispose]());

async function all(sql: string, major = 18): Promise<readonly StatementFacts[]> {
  const answer = await analyzer.analyze({ target: 'leak', text: Buffer.from(sql), major, searchPath });
  if (!answer.ok) throw new Error(`${answer.why}: ${answer.message}`);
  return answer.statements;
}

async function one(sql: string, major = 18): Promise<StatementFacts> {
  const [first] = await all(sql, major);
  if (!first) throw new Error('no statement');
  return first;
}

const uses = ({ command }: StatementFacts): readonly string[] =>
  command.filters.map((filter) => `${filter.column.replace('public.', '')} ${filter.use}`).sort();

describe('the strongest effect is the action, whatever the outer keyword', () => {
  test.each([
    ['WITH x AS (DELETE FROM scratch RETURNING *) SELECT * FROM x', 'delete'],
    ['WITH x AS NOT MATERIALIZED (DELETE FROM scratch RETURNING *) SELECT * FROM x', 'delete'],
    ['WITH x AS (WITH y AS (UPDATE scratch SET a = 1 RETURNING a) SELECT * FROM y) SELECT * FROM x', 'update'],
    ['WITH x AS (DELETE FROM scratch) SELECT 1', 'delete'],
    ['INSERT INTO scratch(a) WITH x AS (DELETE FROM payments RETURNING id) SELECT id FROM x', 'delete'],
    ['EXPLAIN ANALYZE DELETE FROM scratch', 'delete'],
    ['EXPLAIN (ANALYZE) DELETE FROM scratch', 'delete'],
    ['EXPLAIN (COSTS OFF, ANALYZE 1) DELETE FROM scratch', 'delete'],
    ['EXPLAIN (ANALYZE TRUE) DELETE FROM scratch', 'delete'],
    ['EXPLAIN (ANALYZE OFF, ANALYZE ON) DELETE FROM scratch', 'delete'],
    ['EXPLAIN (ANALYZE OFF) DELETE FROM scratch', 'explain'],
    ['EXPLAIN (ANALYZE 0) DELETE FROM scratch', 'explain'],
    ["EXPLAIN (ANALYZE 'false') DELETE FROM scratch", 'explain'],
    ['EXPLAIN DELETE FROM scratch', 'explain'],
    ['EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1', 'ddl'],
    ['EXPLAIN ANALYZE EXECUTE q', 'opaque'],
    ["COPY (SELECT 1) TO PROGRAM 'id'", 'program'],
    ["COPY scratch FROM PROGRAM 'id'", 'program'],
    ["COPY scratch TO '/tmp/x'", 'program'],
    ['COPY (DELETE FROM scratch RETURNING *) TO STDOUT', 'delete'],
    ['COPY scratch FROM STDIN', 'insert'],
    ['COPY scratch TO STDOUT', 'read'],
    ['SELECT * INTO t FROM scratch', 'ddl'],
    ['SELECT 1 AS x INTO TEMP t UNION SELECT 2', 'ddl'],
    ['CREATE TABLE t AS SELECT 1', 'ddl'],
    ['CREATE TABLE t AS EXECUTE q', 'opaque'],
    ['CREATE MATERIALIZED VIEW m AS SELECT 1', 'ddl'],
    ['MERGE INTO scratch s USING payments p ON s.id = p.id WHEN MATCHED THEN DELETE', 'delete'],
    ['MERGE INTO scratch s USING payments p ON s.id = p.id WHEN MATCHED THEN UPDATE SET a = 1', 'update'],
    ['MERGE INTO scratch s USING payments p ON s.id = p.id WHEN NOT MATCHED THEN INSERT (a) VALUES (1)', 'merge'],
    ['INSERT INTO scratch(id) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 2', 'update'],
    ["DO $$ BEGIN EXECUTE 'DROP TABLE x'; END $$", 'opaque'],
    ['CALL proc_out(1, NULL)', 'opaque'],
    ['PREPARE q AS DELETE FROM scratch', 'delete'],
    ['EXECUTE q', 'opaque'],
    ['FETCH c', 'opaque'],
    ['DECLARE c CURSOR FOR SELECT id FROM scratch FOR UPDATE', 'lock'],
    ['SELECT id FROM scratch FOR SHARE', 'lock'],
    ['SELECT 1 FROM (SELECT id FROM scratch FOR UPDATE) x', 'lock'],
    ['TRUNCATE scratch', 'truncate'],
    ['TRUNCATE TABLE ONLY scratch', 'truncate'],
    ['DROP OWNED BY app', 'grant'],
    ['ALTER TABLE scratch OWNER TO app', 'grant'],
    ['ALTER TABLE customers DISABLE ROW LEVEL SECURITY', 'grant'],
    ['CREATE POLICY p ON customers USING (true)', 'grant'],
    ['ALTER ROLE app SUPERUSER', 'grant'],
    ["ALTER SYSTEM SET archive_command = 'id'", 'program'],
    ['CREATE EXTENSION plperlu', 'opaque'],
    ["LOAD 'x'", 'program'],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'", 'program'],
    ["SELECT set_config('a.b', 'c', false)", 'set'],
    ["SELECT pg_catalog.set_config('a.b', 'c', false)", 'set'],
    ["SELECT pg_read_file('PG_VERSION')", 'program'],
    ["SELECT lo_import('/etc/passwd')", 'opaque'],
    ['SELECT lo_unlink(1)', 'opaque'],
    ["SELECT pg_notify('a', 'b')", 'notify'],
    ['SELECT pg_advisory_lock(1)', 'lock'],
    ["SELECT nextval('scratch_id_seq')", 'insert'],
    ['SELECT pg_terminate_backend(1)', 'maintenance'],
    ["SELECT * FROM run_sql('select 1') AS t(a int)", 'opaque'],
    ["SELECT 1 WHERE EXISTS (SELECT 1 FROM run_sql('select 1') AS t(a int))", 'opaque'],
    ["SELECT query_to_xml('drop table x', true, false, '')", 'opaque'],
    ["SELECT dblink('host=x', 'drop table x')", 'opaque'],
    ["EXPLAIN SELECT * FROM run_sql('select 1') AS t(a int)", 'opaque'],
    ['LISTEN x', 'notify'],
    ['VACUUM FULL scratch', 'maintenance'],
    ['LOCK TABLE scratch', 'lock'],
    ['SET ROLE app', 'set'],
    ['SET TRANSACTION READ ONLY', 'transaction'],
    ['DISCARD ALL', 'set'],
    ['SHOW ALL', 'session'],
    ['SELECT CASE WHEN true THEN 1 END AS delete', 'read'],
    ["SELECT 'drop table x'", 'read'],
    ['(((SELECT 1)))', 'read'],
    ['TABLE scratch', 'read'],
    ['VALUES (1)', 'read'],
  ])('%s is %s', async (sql, action) => {
    expect((await one(sql)).command.action).toBe(action);
  });
});

describe('what the server reads differently from other parsers is read as the server does', () => {
  test('a line separator does not end a comment', async () => {
    const facts = await all("SELECT 1 + --\u2028 '\n 2; CREATE TABLE pwned(); --'");
    expect(facts.map(({ command }) => command.action)).toEqual(['read', 'ddl']);
  });
  test('comments nest', async () => {
    const facts = await all("SELECT 1 + /* /* */ ' */ 2; CREATE TABLE pwned(); -- '");
    expect(facts.map(({ command }) => command.action)).toEqual(['read', 'ddl']);
  });
  test('a carriage return ends a comment', async () => {
    expect((await one('SELECT 1 --\r, ssn FROM customers')).command.labels).toEqual(['pii.ssn']);
  });
  test('Unicode escapes in a name are a name', async () => {
    expect((await one('SELECT U&"s\\0073n" FROM customers')).command.labels).toEqual(['pii.ssn']);
  });
  test('a backslash ends nothing', async () => {
    const facts = await all(`SELECT 'a\\' || ' ; DELETE FROM staging; -- '`);
    expect(facts.map(({ command }) => command.action)).toEqual(['read']);
  });
  test('ONLY is no table', async () => {
    expect((await one('SELECT ssn FROM ONLY (customers)')).command.relations).toMatchObject([{ name: 'customers' }]);
  });
});

describe('a labelled column that leaves as it is stays plain', () => {
  test.each([
    'SELECT ssn FROM customers',
    'SELECT ssn AS name FROM public.customers',
    'SELECT c.ssn FROM customers c WHERE id = 1 ORDER BY name LIMIT 3',
    'SELECT d FROM customers AS t(a, b, c, d)',
    'SELECT v FROM (SELECT ssn FROM customers) AS x(v)',
    'WITH x(v) AS (SELECT ssn FROM customers), y AS (SELECT v AS w FROM x) SELECT w FROM y',
    'SELECT c.ssn FROM payments p LEFT JOIN customers c ON c.id = p.customer_id',
    'SELECT z.ssn FROM payments p, LATERAL (SELECT c.ssn FROM customers c WHERE c.id = p.customer_id) z',
    'UPDATE customers SET name = $1 WHERE id = 1 RETURNING ssn',
    'SELECT ssn FROM vip_customers',
  ])('%s', async (sql) => {
    const facts = await one(sql);
    expect(uses(facts)).toEqual([]);
    expect(facts.command.output).toMatchObject([{ transform: 'plain', labels: ['pii.ssn'] }]);
    expect(facts.command.analysis.complete).toBe(true);
  });

  test('a star stands for the columns in their order', async () => {
    const { command } = await one('SELECT * FROM customers');
    expect(command.output.map((column) => `${column.name} ${column.labels.join()}`)).toEqual([
      'id ',
      'name ',
      'email pii.email',
      'ssn pii.ssn',
      'card_number pii.card',
      'notes pii.notes',
    ]);
  });
});

describe('where a row stands tells how long its values are, and which of them an update left as they were', () => {
  const all = 'pii.card,pii.email,pii.notes,pii.ssn';
  test.each<[sql: string, transform: string, labels: string]>([
    ['SELECT ctid FROM customers', 'derived', all],
    ['SELECT c.ctid FROM customers c ORDER BY id', 'derived', all],
    ["INSERT INTO customers (id, name) VALUES (9, 'x') RETURNING ctid", 'derived', all],
    ["UPDATE customers SET name = 'x' WHERE id = 1 RETURNING old.ctid", 'derived', all],
    ['SELECT x FROM (SELECT ctid AS x FROM customers) t', 'derived', all],
    ['SELECT max(ctid) FROM customers', 'derived', all],
    ['SELECT xmin FROM customers', 'expression', ''],
    ['SELECT ctid FROM scratch', 'expression', ''],
  ])('%s', async (sql, transform, labels) => {
    const { command } = await one(sql);
    expect([command.output[0]?.transform, command.output[0]?.labels.join()]).toEqual([transform, labels]);
    expect(command.filters).toEqual([]);
  });
  test.each<[sql: string, use: string]>([
    ["SELECT id FROM customers WHERE ctid < '(0,2)'", 'where'],
    ['SELECT id FROM customers ORDER BY ctid', 'order'],
    ['SELECT id, row_number() OVER (ORDER BY ctid) FROM customers', 'function'],
    ["SELECT ctid = '(0,1)' FROM customers", 'expression'],
    ['SELECT count(ctid) FROM customers', 'null_test'],
    ["DELETE FROM customers WHERE ctid = '(0,1)'", 'where'],
  ])('%s', async (sql, use) => {
    expect(uses(await one(sql))).toContain(`customers.ssn ${use}`);
  });
});

describe('a column is as far from its source as the weakest step on the way', () => {
  const last = async (sql: string): Promise<readonly string[]> => {
    const facts = await one(sql);
    const output = facts.command.output.at(-1);
    return [output?.transform ?? 'none', ...(output?.labels ?? []), ...uses(facts)];
  };
  test.each([
    'SELECT (ssn) FROM customers',
    'SELECT x FROM (SELECT ssn FROM customers) t(x)',
    'WITH a AS (SELECT * FROM customers), b(x) AS (SELECT ssn FROM a) SELECT x FROM b',
    'SELECT ssn FROM customers UNION ALL SELECT ssn FROM employees',
    'SELECT ssn FROM ((SELECT ssn FROM customers UNION ALL SELECT ssn FROM employees) UNION ALL SELECT ssn FROM customers) t',
    'SELECT (SELECT ssn FROM customers LIMIT 1)',
    'SELECT (SELECT c.ssn FROM customers c WHERE c.id = p.customer_id) FROM payments p',
    'SELECT (SELECT ssn FROM generate_series(1, 2) g LIMIT 1) FROM customers',
    'SELECT t.tax_ref FROM v_nested t',
    'UPDATE customers SET name = 1 WHERE id = 1 RETURNING old.ssn',
    'SELECT e.ssn FROM employees m LEFT JOIN employees e ON e.id = m.manager_id',
  ])('plain: %s', async (sql) => {
    expect(await last(sql)).toEqual(['plain', 'pii.ssn']);
  });
  test.each([
    "SELECT ssn || '' FROM customers",
    "SELECT '<' || name || ' ' || ssn || '>' FROM customers",
    'SELECT upper(ssn) FROM customers',
    'SELECT pg_catalog.upper(ssn) FROM customers',
    'SELECT trim(ssn) FROM customers',
    'SELECT substring(ssn from 1 for 3) FROM customers',
    'SELECT substring(ssn, 2) FROM customers',
    'SELECT substr(ssn, 2, 0) FROM customers',
    'SELECT left(ssn, 3) FROM customers',
    'SELECT ssn::text FROM customers',
    'SELECT CAST(ssn AS varchar(3)) FROM customers',
    "SELECT coalesce(ssn, 'none') FROM customers",
    'SELECT concat(id, name, ssn) FROM customers',
    "SELECT concat_ws(',', name, ssn) FROM customers",
    'SELECT md5(reverse(ssn)) FROM customers',
    'SELECT ssn COLLATE "C" FROM customers',
    'SELECT max(ssn) FROM customers GROUP BY name',
    "SELECT string_agg(ssn, ',') FROM customers",
    'SELECT array_agg(ssn) FROM customers',
    'SELECT array_agg(ssn)::text FROM customers',
    "SELECT ARRAY[name, ssn, 'x', NULL] FROM customers",
    'SELECT ARRAY[ssn]::text FROM customers',
    "SELECT format('100 %% %s <%s>', name, ssn) FROM customers",
    "SELECT upper(format('%s', ssn)) FROM customers",
    'SELECT x::text FROM (SELECT id, ssn FROM customers) x',
    'SELECT upper(x.*::varchar(5)) FROM (SELECT id, ssn FROM customers) x',
    'SELECT array_agg(c.ssn ORDER BY id) FILTER (WHERE id > 1) FROM customers c GROUP BY name',
    'SELECT ARRAY(SELECT ssn FROM customers)',
    'SELECT ARRAY(SELECT c.ssn FROM customers c WHERE c.id = p.id) FROM payments p',
    'SELECT upper(x) FROM (SELECT lower(ssn) FROM customers) t(x)',
    'SELECT x FROM (SELECT lower(ssn) FROM customers) t(x)',
    'SELECT ssn FROM v_masked',
    'SELECT ssn_hash FROM mv_customers',
    'WITH RECURSIVE b AS (SELECT v || 1 FROM a), a AS (SELECT ssn AS v FROM customers) SELECT * FROM b',
    'UPDATE customers SET name = 1 WHERE id = 1 RETURNING old.ssn || 1',
    'UPDATE customers SET name = 1 WHERE id = 1 RETURNING WITH (OLD AS o) upper(o.ssn)',
    // The conditions read nothing labelled; whether a value is NULL shows anyway.
    "SELECT CASE WHEN id > 1 THEN ssn ELSE 'x' END FROM customers",
    'SELECT CASE id WHEN 1 THEN ssn WHEN 2 THEN upper(ssn) END FROM customers',
    "SELECT CASE WHEN name IS NULL THEN 'x' WHEN id IN (SELECT id FROM scratch) THEN ssn END FROM customers",
    // Documents: what is made of them is an object, a list or a row, whatever stands in it.
    "SELECT json_build_object('id', id, 'ssn', ssn) FROM customers",
    "SELECT jsonb_build_object('a', json_build_array(id, upper(ssn))) FROM customers",
    'SELECT json_build_object(name, ssn) FROM customers',
    'SELECT json_agg(ssn ORDER BY id) FILTER (WHERE id > 2) FROM customers',
    'SELECT jsonb_agg(x) FROM (SELECT ssn FROM customers) x',
    'SELECT row_to_json(x) FROM (SELECT id, ssn FROM customers) x',
    'SELECT row_to_json(x, true) FROM (SELECT id, ssn FROM customers) x',
    'SELECT to_jsonb(x) FROM (SELECT id, upper(ssn) FROM customers) AS x(a, b)',
    'SELECT json_object_agg(id, ssn) FROM customers',
    "SELECT json_build_object('all', (SELECT json_agg(ssn) FROM customers)) FROM scratch",
    // Another row's value, by an order that says nothing.
    'SELECT lag(ssn) OVER (PARTITION BY name ORDER BY id) FROM customers',
    'SELECT first_value(ssn) OVER w FROM customers WINDOW w AS (ORDER BY id)',
    "SELECT string_agg(ssn, ',' ORDER BY id) FROM customers",
    'SELECT max(ssn) OVER (PARTITION BY id) FROM customers',
    'SELECT max(ssn) FILTER (WHERE id > 3) FROM customers',
    // A keyed mask over both would show whether they are the same.
    "SELECT ssn FROM customers UNION ALL SELECT '078-05-1120'",
    'SELECT name FROM customers UNION ALL SELECT ssn FROM customers',
    'WITH RECURSIVE r(x, n) AS (SELECT ssn, 1 FROM customers UNION ALL SELECT name, n + 1 FROM scratch JOIN r USING (id)) SELECT x FROM r',
  ])('derived: %s', async (sql) => {
    const [form, label] = await last(sql);
    expect([form, label]).toEqual(['derived', 'pii.ssn']);
  });
  test.each([
    // Fails by the value.
    'SELECT ssn::int FROM customers',
    'SELECT upper(ssn)::int FROM customers',
    'SELECT ssn::text[] FROM customers',
    "SELECT '{' || ssn::int || '}' FROM customers",
    "SELECT 1 / (ssn <> '1')::int FROM customers",
    'SELECT left(name, ssn::int) FROM customers',
    "SELECT coalesce((SELECT 1 / (ssn = 'x')::int)::text, 'a') FROM customers",
    // Fails where there is a value.
    'SELECT substr(ssn, 2, -1) FROM customers',
    'SELECT substring(ssn FROM 2 FOR -1) FROM customers',
    // NULL says what the value is.
    "SELECT nullif(ssn, '078-05-1120') FROM customers",
    "SELECT upper(nullif(ssn, '1')) FROM customers",
    "SELECT substring(ssn from '^0') FROM customers",
    "SELECT substring(ssn, '^0') FROM customers",
    'SELECT substring(ssn, $1) FROM customers',
    "SELECT (regexp_match(ssn, '^0'))[1] FROM customers",
    "SELECT CASE WHEN ssn = '1' THEN 1 ELSE 1/0 END FROM customers",
    "SELECT CASE WHEN ssn = '1' THEN 'a' ELSE 'b' END FROM customers",
    "SELECT CASE ssn WHEN '1' THEN 'a' ELSE 'b' END FROM customers",
    'SELECT CASE id WHEN length(ssn) THEN name END FROM customers',
    'SELECT CASE WHEN id = 1 THEN ssn::int END FROM customers',
    'SELECT CASE WHEN EXISTS (SELECT 1 FROM scratch WHERE a = ssn) THEN name ELSE ssn END FROM customers',
    "SELECT CASE WHEN id = 1 THEN nullif(ssn, '1') END FROM customers",
    // How long the rest is tells the characters: too long a text fails.
    "SELECT trim(both '-' from ssn) FROM customers",
    "SELECT ltrim(ssn, '0') || repeat('x', 1073741800) FROM customers",
    'SELECT rtrim(ssn, $1) FROM customers',
    // A key fails where it is NULL, and its text shows in the error. The kind of a single value shows.
    'SELECT json_build_object(ssn, 1) FROM customers',
    'SELECT json_build_object(nullif(ssn, name), 1) FROM customers',
    'SELECT jsonb_object_agg(ssn, id) FROM customers',
    'SELECT json_object_agg(ssn, ssn) FROM customers',
    'SELECT to_json(ssn) FROM customers',
    'SELECT to_jsonb((SELECT ssn FROM customers LIMIT 1)) FROM scratch',
    "SELECT json_build_object('a', ssn::int) FROM customers",
    "SELECT json_build_object('a', CASE WHEN ssn > '5' THEN 1 END) FROM customers",
    "SELECT json_build_object(VARIADIC ARRAY['a', ssn]) FROM customers",
    "SELECT json_build_object('a', ssn) ->> 'a' FROM customers",
    "SELECT json_build_object('a', ssn)::text = '{}' FROM customers",
    'SELECT jsonb_agg(DISTINCT ssn) FROM customers',
    'SELECT json_agg(id ORDER BY ssn) FROM customers',
    "SELECT json_agg(id) FILTER (WHERE ssn > '5') FROM customers",
    'SELECT row_to_json(x) FROM (SELECT ssn::int FROM customers) x',
    'SELECT row_to_json(x) FROM (SELECT DISTINCT ssn FROM customers) x',
    'SELECT jsonb_strip_nulls(to_jsonb(c)) FROM customers c',
    "SELECT count(*) FROM customers c, json_each_text(row_to_json(c)) e WHERE e.value > '5'",
    'SELECT row_to_json(s) FROM customers, unnest(ARRAY[ssn]) s',
    'SELECT json_populate_record(c, $1) FROM customers c',
    // Which row comes, or where a row stands, follows from the value.
    'SELECT lag(name) OVER (ORDER BY ssn) FROM customers',
    'SELECT row_number() OVER (ORDER BY ssn) FROM customers',
    'SELECT first_value(id) OVER (PARTITION BY ssn) FROM customers',
    'SELECT lag(ssn, id) OVER (ORDER BY id) FROM customers',
    'SELECT lag(ssn, 1, ssn::int::text) OVER (ORDER BY id) FROM customers',
    'SELECT nth_value(id, ssn::int) OVER (ORDER BY id) FROM customers',
    'SELECT max(ssn) OVER w FROM customers WINDOW w AS (ORDER BY ssn)',
    "SELECT max(id) FILTER (WHERE ssn = '1') FROM customers",
    "SELECT concat_ws(ssn, 'a', 'b') FROM customers",
    // Too long a result fails.
    "SELECT replace(ssn, '1', 'xxx') FROM customers",
    'SELECT repeat(ssn, 3) FROM customers',
    "SELECT lpad(name, ssn::int, 'x') FROM customers",
    // How many rows there are, and which.
    "SELECT regexp_split_to_table(ssn, '') FROM customers",
    'SELECT generate_series(1, length(ssn)) FROM customers',
    'SELECT max(ssn) OVER (ORDER BY ssn) FROM customers',
    "SELECT string_agg(name, ',' ORDER BY ssn) FROM customers",
    "SELECT string_agg(DISTINCT ssn, ',') FROM customers",
    // Somebody else's function, a whole row, a pattern.
    'SELECT public.upper(ssn) FROM customers',
    'SELECT cust_label(c) FROM customers c',
    'SELECT c::text[] FROM customers c',
    'SELECT c::text > $1 FROM customers c',
    'SELECT x FROM (SELECT ssn::int AS n FROM customers) c, LATERAL (SELECT c::text) t(x)',
    'SELECT max(c) FROM customers c',
    'SELECT concat(c) FROM customers c',
    'SELECT concat(VARIADIC ARRAY[ssn]) FROM customers',
    "SELECT ssn LIKE '0%' FROM customers",
    // A width may be a value, a name may not be NULL, and a format may be anything.
    "SELECT format('%*s', ssn, name) FROM customers",
    "SELECT format('%1$*2$s', name, ssn) FROM customers",
    "SELECT format('%I', ssn) FROM customers",
    "SELECT format('%%%I', ssn) FROM customers",
    "SELECT format('%-5s', ssn) FROM customers",
    'SELECT format($1, ssn) FROM customers',
    'SELECT format(name, ssn) FROM customers',
    'SELECT format(ssn, name) FROM customers',
    "SELECT format('%s', VARIADIC ARRAY[ssn]) FROM customers",
    "SELECT format('%s', nullif(ssn, name)) FROM customers",
    // Arrays of different lengths fail to be one, and nobody can tell from here whether they are arrays.
    'SELECT array_agg(upper(ssn)) FROM customers',
    'SELECT array_agg(salary) FROM employees',
    'SELECT array_agg(old_row) FROM customers_audit',
    'SELECT array_agg(DISTINCT ssn) FROM customers',
    'SELECT array_agg(ssn ORDER BY ssn) FROM customers',
    'SELECT array_agg(ARRAY[ssn]) FROM customers',
    'SELECT ARRAY[array_agg(ssn), array_agg(name)] FROM customers',
    'SELECT ARRAY[[ssn], [name]] FROM customers',
    'SELECT ARRAY[upper(ssn)] FROM customers',
    'SELECT ARRAY[ssn::int] FROM customers',
    'SELECT ARRAY[salary] FROM employees',
    'SELECT ARRAY[name, c::text] FROM customers c',
    'SELECT ARRAY[ssn]::int[] FROM customers',
    'SELECT (ARRAY[ssn])[1] FROM customers',
    'SELECT ssn = ANY (ARRAY[ssn, name]) FROM customers',
    'SELECT array_agg(c) FROM customers c',
    'SELECT (array_agg(ssn))[1] FROM customers',
    'SELECT ARRAY(SELECT upper(ssn) FROM customers)',
    'SELECT ARRAY(SELECT salary FROM employees)',
    'SELECT ARRAY(SELECT ssn FROM customers ORDER BY ssn)',
    'SELECT ARRAY(SELECT c FROM customers c)',
    "SELECT split_part(ssn, '-', 1) FROM customers",
    'SELECT (SELECT ssn FROM customers WHERE ssn > $1 LIMIT 1)',
  ])('neither, so it is denied: %s', async (sql) => {
    const { command } = await one(sql);
    expect(command.filters.some(({ use }) => use !== 'null_test') || !command.analysis.complete).toBe(true);
  });
  test('a row of which a column has no form has none either', async () => {
    const [computed] = await last('SELECT c::text FROM (SELECT length(ssn) AS n FROM customers) c');
    const [made] = await last('SELECT c::text FROM (SELECT upper(ssn) AS n FROM customers) c');
    expect([computed, made]).toEqual(['expression', 'derived']);
  });
  test('what is used further on is used', async () => {
    expect(uses(await one("SELECT 1 FROM (SELECT upper(ssn) AS x FROM customers) t WHERE x LIKE '0%'"))).toEqual([
      'customers.ssn where',
    ]);
    expect(uses(await one('SELECT upper(ssn) AS x FROM customers ORDER BY x'))).toEqual(['customers.ssn order']);
    expect(uses(await one('SELECT DISTINCT upper(ssn) FROM customers'))).toEqual(['customers.ssn distinct']);
    expect(uses(await one('INSERT INTO scratch(a) SELECT upper(ssn) FROM customers'))).toEqual(['customers.ssn set']);
    expect(uses(await one('CREATE TABLE t AS SELECT upper(ssn) FROM customers'))).toEqual(['customers.ssn copy']);
  });
});

test('a function that is called like a field, where it is not read as a call, is named beside what is not understood', async () => {
  const { command } = await one("UPDATE customers c SET name = 'x' WHERE c.get_ssn IS NULL");
  expect(command.functions.map(({ name }) => name)).toContain('get_ssn');
  expect(command.analysis.reasons).toEqual(['reference c.get_ssn cannot be resolved']);
});

describe('every other use of a labelled column is named', () => {
  test.each([
    ["SELECT id FROM customers WHERE ssn > '1'", ['customers.ssn where']],
    ["SELECT id FROM customers WHERE ssn = '1'", ['customers.ssn equality']],
    ['SELECT id FROM customers c JOIN employees e ON c.ssn = e.ssn', ['customers.ssn join', 'employees.ssn join']],
    ['SELECT c.id FROM customers c JOIN employees e USING (ssn)', ['customers.ssn join', 'employees.ssn join']],
    [
      'SELECT 1 FROM (SELECT ssn FROM customers) a NATURAL JOIN (SELECT ssn FROM employees) b',
      ['customers.ssn join', 'employees.ssn join'],
    ],
    // How one column is stored follows from how long the others of its row are.
    ['SELECT pg_column_size(id) FROM payments', ['payments.card_number function', 'payments.iban function']],
    [
      'SELECT max(pg_column_compression(lower(x))) FROM (SELECT name AS x FROM v_contact) q',
      [
        ...'card_number email notes ssn'.split(' ').map((name) => `customers.${name} function`),
        'v_contact.contact function',
      ],
    ],
    [
      'SELECT id FROM payments WHERE pg_column_toast_chunk_id(customer_id) IS NULL',
      ['payments.card_number where', 'payments.iban where'],
    ],
    ['SELECT pg_column_size(s), pg_column_size(now()) FROM scratch s, employees', []],
    ["SELECT ('{1,2,3}'::int[])[length(ssn)] FROM customers", ['customers.ssn function']],
    ["SELECT ('{1,2,3}'::int[])[1:length(ssn)] FROM customers", ['customers.ssn function']],
    // A function that is written as a field.
    ['SELECT (1).get_ssn', ['customers.ssn function']],
    ['SELECT (id).get_ssn.upper FROM scratch', ['customers.ssn function']],
    ["SELECT id FROM scratch WHERE (id).get_ssn > '1'", ['customers.ssn where']],
    ['SELECT u.get_ssn FROM unnest(ARRAY[1]) u', ['customers.ssn expression', 'customers.ssn function']],
    ['CREATE TABLE t (a text DEFAULT (1).get_ssn)', ['customers.ssn function']],
    ['SELECT (c.p).a, (c.p).lower FROM (SELECT ROW(name, id)::email_pair AS p FROM customers) c', []],
    ['SELECT id FROM customers ORDER BY ssn', ['customers.ssn order']],
    ['SELECT ssn AS x FROM customers ORDER BY x', ['customers.ssn order']],
    ['SELECT ssn FROM customers ORDER BY 1', ['customers.ssn order']],
    ['SELECT id AS ssn FROM customers ORDER BY ssn', []],
    ['SELECT ssn FROM customers GROUP BY ssn', ['customers.ssn group']],
    ['SELECT ssn FROM customers GROUP BY 1', ['customers.ssn group']],
    ['SELECT ssn AS x FROM customers GROUP BY ROLLUP (x)', ['customers.ssn group']],
    ['SELECT id AS ssn FROM customers GROUP BY ssn', ['customers.ssn group']],
    ['SELECT DISTINCT ssn FROM customers', ['customers.ssn distinct']],
    ['SELECT DISTINCT ON (ssn) id FROM customers', ['customers.ssn distinct']],
    ["SELECT count(*) FROM customers GROUP BY name HAVING max(ssn) > '3'", ['customers.ssn having']],
    [
      'SELECT id FROM customers LIMIT (SELECT length(ssn) FROM customers LIMIT 1)',
      ['customers.ssn function', 'customers.ssn limit'],
    ],
    ['SELECT ssn::int FROM customers', ['customers.ssn expression']],
    ['SELECT (ssn) FROM customers', []],
    ['SELECT ARRAY[ssn] FROM customers', []],
    ['SELECT id FROM customers WHERE ARRAY[ssn] > $1', ['customers.ssn where']],
    ['SELECT count(*) FILTER (WHERE ssn IS NULL) FROM customers', ['customers.ssn null_test']],
    ["SELECT count(*) FILTER (WHERE ssn = '1') FROM customers", ['customers.ssn function']],
    ['SELECT id FROM customers WHERE ssn IS NOT NULL', ['customers.ssn null_test']],
    ['SELECT count(ssn) FROM customers', ['customers.ssn null_test']],
    ['SELECT count(DISTINCT ssn) FROM customers', ['customers.ssn function']],
    ["SELECT count(nullif(ssn, '1')) FROM customers", ['customers.ssn function']],
    ['SELECT count(upper(ssn)) FROM customers', ['customers.ssn function']],
    ["SELECT nullif(ssn, '1') IS NULL FROM customers", ['customers.ssn expression']],
    ['SELECT (c).ssn IS NULL FROM customers c', expect.arrayContaining(['customers.ssn expression'])],
    ['SELECT c IS NULL FROM customers c', expect.arrayContaining(['customers.ssn expression'])],
    ['SELECT count(c) FROM customers c', []],
    ['SELECT count(e.*) FROM customers c LEFT JOIN employees e ON e.id = c.id GROUP BY c.id', []],
    ['SELECT count(DISTINCT c) FROM customers c', expect.arrayContaining(['customers.ssn function'])],
    ['SELECT count(c) FILTER (WHERE ssn IS NOT NULL) FROM customers c', ['customers.ssn null_test']],
    [
      'SELECT count(x) FROM (SELECT nullif(ssn, name) FROM customers) x',
      ['customers.ssn expression', 'customers.ssn function'],
    ],
    ['SELECT count(ROW(c.*)) FROM customers c', expect.arrayContaining(['customers.ssn function'])],
    ["SELECT id FROM v_contact WHERE contact = 'x'", ['v_contact.contact equality']],
    ['SELECT id FROM v_contact ORDER BY contact', ['v_contact.contact order']],
    ["SELECT pg_notify('a', ssn) FROM customers", ['customers.ssn function']],
    ["SELECT pg_notify('a', upper(ssn)) FROM customers", ['customers.ssn function']],
    ["SELECT pg_notify('a', (SELECT ssn FROM customers LIMIT 1))", ['customers.ssn function']],
    ["SELECT set_config('a.b', ssn, false) FROM customers", ['customers.ssn function']],
    ['SELECT rank() OVER (PARTITION BY ssn) FROM customers', ['customers.ssn function']],
    ['SELECT rank() OVER w FROM customers WINDOW w AS (ORDER BY ssn)', ['customers.ssn order']],
    // Nothing but whether there is a row comes out of EXISTS.
    ['SELECT 1 WHERE EXISTS (SELECT ssn FROM customers)', []],
    ['SELECT id FROM scratch s WHERE EXISTS (SELECT * FROM customers c WHERE c.id = s.id)', []],
    ["SELECT 1 WHERE EXISTS (SELECT ssn FROM customers WHERE ssn = '1')", ['customers.ssn where']],
    ['SELECT EXISTS (SELECT ssn FROM customers GROUP BY ssn HAVING count(*) > 1)', ['customers.ssn group']],
    ['SELECT EXISTS (SELECT ssn FROM customers INTERSECT SELECT a FROM scratch)', ['customers.ssn distinct']],
    ["SELECT EXISTS (SELECT 1 / (ssn = '1')::int FROM customers)", ['customers.ssn expression']],
    [
      'SELECT EXISTS (SELECT FROM customers c JOIN employees e ON c.ssn = e.ssn)',
      ['customers.ssn join', 'employees.ssn join'],
    ],
    ['SELECT 1 FROM scratch WHERE a IN (SELECT ssn FROM customers)', ['customers.ssn where']],
    ['SELECT 1 FROM scratch WHERE a = ANY (SELECT ssn FROM customers)', ['customers.ssn where']],
    ['SELECT 1 FROM scratch WHERE a = (SELECT ssn FROM customers LIMIT 1)', ['customers.ssn where']],
    ['SELECT ssn FROM customers EXCEPT SELECT name FROM customers', ['customers.ssn distinct']],
    ['INSERT INTO scratch(a) SELECT ssn FROM customers', ['customers.ssn set']],
    ['UPDATE scratch SET a = c.ssn FROM customers c WHERE c.id = scratch.id', ['customers.ssn set']],
    ['UPDATE scratch SET (a, b) = (SELECT ssn, name FROM customers LIMIT 1)', ['customers.ssn set']],
    ['INSERT INTO customers(id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = customers.ssn', ['customers.ssn set']],
    ['INSERT INTO customers(id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = excluded.ssn', ['customers.ssn set']],
    ["INSERT INTO customers(id, ssn) VALUES (1, '2') ON CONFLICT (id) DO UPDATE SET ssn = excluded.ssn", []],
    // Elsewhere it is a name like any other.
    [
      'UPDATE scratch SET a = excluded.a FROM (SELECT id, ssn AS a FROM customers) excluded WHERE excluded.id = scratch.id',
      ['customers.ssn set'],
    ],
    [
      'MERGE INTO scratch s USING (SELECT id, ssn AS a FROM customers) excluded ON s.id = excluded.id WHEN MATCHED THEN UPDATE SET a = excluded.a',
      ['customers.ssn set'],
    ],
    // What stands behind is evaluated where the value is NULL.
    ["SELECT coalesce(ssn, 'x', name, $1) FROM customers", []],
    ['SELECT coalesce(ssn, (1 / 0)::text) FROM customers', ['customers.ssn null_test']],
    ['SELECT coalesce(ssn, pg_sleep(1)::text) FROM customers', ['customers.ssn null_test']],
    ["SELECT coalesce(name, ssn, nextval('scratch_id_seq')::text) FROM customers", ['customers.ssn null_test']],
    ["SELECT 'x' || coalesce(upper(ssn), (SELECT a FROM scratch)) FROM customers", ['customers.ssn null_test']],
    ['INSERT INTO customers(id) VALUES (1) ON CONFLICT (ssn) DO NOTHING', ['customers.ssn key']],
    [
      'MERGE INTO scratch s USING customers c ON s.id = c.id WHEN NOT MATCHED THEN INSERT (a) VALUES (c.ssn)',
      ['customers.ssn set'],
    ],
    ['COPY customers (id, ssn) TO STDOUT', []],
    ['COPY (SELECT ssn FROM customers) TO STDOUT', []],
    ['COPY (SELECT ssn FROM customers ORDER BY ssn) TO STDOUT', ['customers.ssn order']],
    ["COPY customers (id, ssn) TO '/tmp/x'", ['customers.ssn copy']],
    ["COPY customers (id, ssn) TO PROGRAM 'cat'", ['customers.ssn copy']],
    ["COPY customers (id, ssn) TO STDOUT (NULL '078-05-1120')", ['customers.ssn copy']],
    ["COPY customers (id, ssn) TO STDOUT (ENCODING 'SJIS')", ['customers.ssn copy']],
    ["COPY (SELECT upper(ssn) FROM customers) TO STDOUT (NULL '')", ['customers.ssn copy']],
    ['CREATE TABLE t AS SELECT ssn FROM customers', ['customers.ssn copy']],
    ['SELECT ssn INTO t FROM customers', ['customers.ssn copy']],
    ['CREATE VIEW v AS SELECT ssn FROM customers', ['customers.ssn view']],
    ['SELECT id FROM v_masked', []],
    ['CREATE INDEX ON payments (iban)', expect.arrayContaining(['payments.iban key'])],
    ['CREATE INDEX ON payments (lower(iban))', expect.arrayContaining(['payments.iban key'])],
    ['ALTER TABLE payments RENAME iban TO x', expect.arrayContaining(['payments.iban other'])],
    ['CREATE TABLE k (LIKE payments)', expect.arrayContaining(['payments.iban other'])],
    ['CREATE TABLE k () INHERITS (payments)', expect.arrayContaining(['payments.iban other'])],
    [
      'CREATE TABLE k (a text DEFAULT (SELECT iban FROM payments))',
      expect.arrayContaining(['payments.iban expression']),
    ],
    [
      'CREATE RULE r AS ON INSERT TO scratch DO INSTEAD SELECT iban FROM payments',
      expect.arrayContaining(['payments.iban view']),
    ],
    [
      'CREATE FUNCTION f() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT iban FROM payments; END',
      expect.arrayContaining(['payments.iban view']),
    ],
    [
      'WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL SELECT 2 FROM r), t AS (SELECT ssn FROM customers ORDER BY ssn) SELECT 1 FROM t',
      ['customers.ssn order'],
    ],
    [
      'WITH RECURSIVE r(i, p) AS (SELECT 1, ssn FROM customers UNION ALL SELECT i, p FROM r) SEARCH DEPTH FIRST BY p SET o SELECT o FROM r',
      ['customers.ssn expression'],
    ],
    ["SELECT (SELECT ssn FROM jsonb_each('{}') g LIMIT 1) FROM customers", ['customers.ssn expression']],
    [
      'SELECT * FROM generate_series(1, (SELECT length(ssn) FROM customers LIMIT 1))',
      ['customers.ssn expression', 'customers.ssn function', 'customers.ssn join'],
    ],
    ['DELETE FROM scratch USING customers c WHERE c.ssn = scratch.a', ['customers.ssn where']],
    [
      "SELECT x.s FROM customers c, XMLTABLE('/a' PASSING (c.notes::xml) COLUMNS s text PATH '.') x",
      expect.arrayContaining(['customers.notes join']),
    ],
    [
      'SELECT c.id FROM customers c TABLESAMPLE SYSTEM ((SELECT length(ssn) FROM customers LIMIT 1))',
      ['customers.ssn function', 'customers.ssn limit'],
    ],
    ['EXPLAIN SELECT id FROM customers WHERE ssn > $1', ['customers.ssn where']],
    ['PREPARE q AS SELECT id FROM customers WHERE ssn = $1', ['customers.ssn equality']],
    ['DECLARE c CURSOR FOR SELECT id FROM customers ORDER BY ssn', ['customers.ssn order']],
  ])('%s', async (sql, expected) => {
    expect(uses(await one(sql))).toEqual(expected);
  });

  test.each([
    'SELECT c FROM customers c',
    'SELECT x.c AS y FROM (SELECT id, ssn FROM customers) c, LATERAL (SELECT 1 AS c) x',
    'DECLARE d CURSOR FOR SELECT c FROM customers c WHERE id = 1 LIMIT 5',
    'SELECT customers FROM customers',
  ])('a whole row that goes to the client and nowhere else leaves redacted: %s', async (sql) => {
    const facts = await one(sql);
    expect(uses(facts)).toEqual([]);
    const transform = sql.includes('LATERAL') ? 'expression' : 'derived';
    expect(facts.command.output).toMatchObject([{ transform }]);
  });

  test.each([
    'SELECT c FROM customers c ORDER BY c',
    'SELECT DISTINCT c FROM customers c',
    'SELECT c FROM customers c GROUP BY c.id',
    'SELECT c FROM customers c UNION SELECT c FROM customers c',
    'SELECT c FROM customers c UNION ALL SELECT c FROM customers c',
    'SELECT min(x) FROM (SELECT c AS x FROM customers c) t',
    'SELECT x IS NULL FROM (SELECT c AS x FROM customers c) t',
    'SELECT c INTO t FROM customers c',
    'INSERT INTO scratch (b) SELECT c FROM customers c',
    'WITH x AS (SELECT c FROM customers c) SELECT * FROM x',
    'SELECT ARRAY(SELECT c FROM customers c)',
    'EXPLAIN SELECT c FROM customers c',
    'SELECT c.*::text::text[] FROM customers c',
    'SELECT (c).ssn FROM customers c',
    'SELECT (c).* FROM customers c',
    'SELECT ROW(c.*) FROM customers c',
    'SELECT jsonb_each(to_jsonb(c)) FROM customers c',
    'SELECT hstore(c) FROM customers c',
    'SELECT ROW(c) FROM customers c',
    'SELECT count(DISTINCT c) FROM customers c',
    'SELECT ssn(c) FROM customers c',
    'SELECT c.text FROM customers c',
    'SELECT id FROM customers c WHERE c IS NOT NULL',
    'SELECT t.x FROM (SELECT c AS x FROM customers c) t',
    'DELETE FROM payments p USING customers c WHERE c.id = p.customer_id RETURNING c',
    "SELECT *, ssn FROM customers, jsonb_each('{}')",
  ])('a whole row uses all its columns: %s', async (sql) => {
    const { command } = await one(sql);
    expect(command.filters.map((filter) => filter.column)).toContain('public.customers.ssn');
    expect(command.filters.map((filter) => filter.column)).toContain('public.customers.email');
  });
});

describe('what a migration does beside the labelled columns of a table', () => {
  test.each([
    'ALTER TABLE payments ADD COLUMN seen timestamptz NOT NULL DEFAULT now()',
    'ALTER TABLE payments ADD COLUMN IF NOT EXISTS size int CHECK (size > 0), ADD COLUMN key text UNIQUE',
    'ALTER TABLE payments ADD COLUMN of int REFERENCES employees (id), ADD COLUMN next int REFERENCES payments (id)',
    "ALTER TABLE payments ALTER amount SET DEFAULT 'x', ALTER amount SET NOT NULL, ALTER amount SET STATISTICS 500",
    'ALTER TABLE payments ALTER amount DROP NOT NULL, ALTER amount DROP DEFAULT',
    "ALTER TABLE payments ADD CONSTRAINT c CHECK (amount <> '') NOT VALID, ADD UNIQUE (amount, id), ADD CONSTRAINT n NOT NULL amount",
    'ALTER TABLE payments ADD FOREIGN KEY (id) REFERENCES customers (id) ON DELETE CASCADE',
    'ALTER TABLE payments SET (autovacuum_vacuum_scale_factor = 0.05)',
    "CREATE INDEX CONCURRENTLY ON payments (amount, lower(amount)) INCLUDE (id) WHERE amount <> ''",
    'CREATE TABLE k (id int, of int REFERENCES payments (id) ON DELETE CASCADE, FOREIGN KEY (id) REFERENCES employees (id))',
    'ALTER TABLE payments DROP COLUMN amount',
    'ALTER TABLE payments RENAME COLUMN amount TO sum',
    'ALTER TABLE payments ALTER amount TYPE int USING amount::int, ALTER id SET DATA TYPE bigint',
    'ALTER TABLE payments ALTER id ADD GENERATED ALWAYS AS IDENTITY',
    'ALTER TABLE payments ALTER id SET GENERATED BY DEFAULT RESTART 100, ALTER id DROP IDENTITY IF EXISTS',
    'CREATE STATISTICS (dependencies) ON amount, id FROM payments',
    'GRANT SELECT, INSERT ON payments TO app',
    'REVOKE SELECT (iban) ON payments FROM app',
    'DROP TABLE IF EXISTS nowhere, nothing.at_all',
    'DROP INDEX IF EXISTS nowhere',
  ])('uses none of them: %s', async (sql) => {
    const { command } = await one(sql);
    expect(command.analysis.reasons).toEqual([]);
    expect(command.filters).toEqual([]);
    expect(command.labels).toEqual([]);
  });
  test.each([
    ["ALTER TABLE payments ADD COLUMN x int DEFAULT 1 CHECK (iban <> '1')", 'payments.iban expression'],
    ['ALTER TABLE payments ADD COLUMN x text GENERATED ALWAYS AS (upper(iban)) STORED', 'payments.iban function'],
    ['ALTER TABLE payments ADD COLUMN x int CHECK (payments IS NOT NULL)', 'payments.iban expression'],
    ['ALTER TABLE payments ADD COLUMN x int, DROP COLUMN iban', 'payments.iban other'],
    ['ALTER TABLE payments ADD COLUMN x int, ALTER iban SET NOT NULL', 'payments.iban other'],
    ["ALTER TABLE payments ADD COLUMN x text DEFAULT '1' REFERENCES payments (iban)", 'payments.iban other'],
    ["ALTER TABLE payments ALTER iban SET DEFAULT '1'", 'payments.iban other'],
    ['ALTER TABLE payments ALTER iban DROP NOT NULL', 'payments.iban other'],
    ['ALTER TABLE payments ALTER iban SET STATISTICS 0', 'payments.iban other'],
    ['ALTER TABLE payments ALTER iban SET STORAGE external', 'payments.iban other'],
    ['ALTER TABLE payments ALTER amount TYPE int USING length(iban)', 'payments.iban function'],
    ['ALTER TABLE payments ALTER iban TYPE varchar(40)', 'payments.iban other'],
    ['ALTER TABLE payments ALTER amount TYPE int USING 1, ALTER iban TYPE text', 'payments.iban other'],
    ['ALTER TABLE payments ALTER nothing TYPE int', 'payments.iban other'],
    ['ALTER TABLE customers ALTER name TYPE varchar(40)', 'customers.ssn other'],
    ['ALTER TABLE payments ALTER nothing SET NOT NULL', 'payments.iban other'],
    ['ALTER TABLE payments ADD UNIQUE (iban)', 'payments.iban other'],
    ['ALTER TABLE payments ADD UNIQUE (id) INCLUDE (iban)', 'payments.iban other'],
    ['ALTER TABLE payments ADD PRIMARY KEY USING INDEX made_before', 'payments.iban other'],
    ['ALTER TABLE payments ADD CONSTRAINT n NOT NULL iban', 'payments.iban other'],
    ['ALTER TABLE payments ADD EXCLUDE USING gist (amount WITH =)', 'payments.iban other'],
    ['ALTER TABLE payments ADD FOREIGN KEY (iban) REFERENCES payments (id)', 'payments.iban other'],
    ['ALTER TABLE payments VALIDATE CONSTRAINT c', 'payments.iban other'],
    ['ALTER TABLE payments DROP COLUMN amount CASCADE', 'payments.iban other'],
    ['ALTER TABLE payments DROP COLUMN nothing', 'payments.iban other'],
    ['ALTER TABLE payments RENAME COLUMN iban TO x', 'payments.iban other'],
    ['ALTER TABLE payments RENAME COLUMN nothing TO x', 'payments.iban other'],
    ['ALTER TABLE payments RENAME TO x', 'payments.iban other'],
    ['ALTER TABLE payments RENAME CONSTRAINT a TO b', 'payments.iban other'],
    ['ALTER TABLE payments ALTER iban ADD GENERATED ALWAYS AS IDENTITY', 'payments.iban other'],
    ['CREATE STATISTICS ON amount, iban FROM payments', 'payments.iban other'],
    ['CREATE STATISTICS ON amount, (iban IS NULL) FROM payments', 'payments.iban other'],
    ['CREATE STATISTICS ON nothing, id FROM payments', 'payments.iban other'],
    ['ALTER TABLE payments SET (toast_tuple_target = 128)', 'payments.iban other'],
    ['ALTER TABLE payments SET (autovacuum_enabled = off, fillfactor = 10)', 'payments.iban other'],
    ['ALTER TABLE payments DISABLE TRIGGER ALL', 'payments.iban other'],
    ['CREATE INDEX ON payments (amount) INCLUDE (iban)', 'payments.iban key'],
    ['CREATE INDEX ON payments (amount) WHERE iban IS NULL', 'payments.iban expression'],
    ['CREATE INDEX ON payments ((payments IS NULL))', 'payments.iban key'],
    ['CREATE INDEX ON payments (nothing)', 'payments.iban other'],
    ['CREATE TABLE k (a text REFERENCES payments (iban))', 'payments.iban other'],
    ['CREATE TABLE k (a int, b text, FOREIGN KEY (a, b) REFERENCES payments (id, iban))', 'payments.iban other'],
    ['ALTER TABLE scratch ADD COLUMN x text REFERENCES payments (iban)', 'payments.iban other'],
    // Of a table that others inherit from.
    ['ALTER TABLE customers ADD COLUMN x int', 'customers.ssn other'],
    ['CREATE INDEX ON customers (name)', 'customers.ssn other'],
    // The catalog of these tests says no key of it.
    ['CREATE TABLE k (a int REFERENCES payments)', 'payments.iban other'],
    ['CREATE TABLE k (LIKE payments, a int REFERENCES payments)', 'payments.iban other'],
  ])('%s', async (sql, use) => {
    expect(uses(await one(sql))).toContain(use);
  });
});

test('a name that may be absent is looked for once more', async () => {
  expect((await one('DROP VIEW IF EXISTS nowhere')).unknownRelations).toEqual(['nowhere']);
});

describe('what cannot be seen through is said', () => {
  test.each([
    ['DROP TABLE nowhere', /relation nowhere is not known/],
    ['DROP TABLE IF EXISTS nowhere CASCADE', /relation nowhere is not known/],
    ['SELECT * FROM nowhere', /relation nowhere is not known/],
    ['SELECT nothing FROM customers', /reference nothing cannot be resolved/],
    ['SELECT * FROM pg_toast.pg_toast_1', /not known/],
    ['SELECT most_common_vals FROM pg_stats', /holds values of columns/],
    ['SELECT id FROM pg_stat_tomorrow', /what pg_stat_tomorrow.id tells is not known here/],
    ['SELECT t FROM pg_stat_tomorrow t', /what pg_stat_tomorrow.id tells is not known here/],
    ['SELECT pg_stat_get_tomorrow(1)', /pg_stat_get_tomorrow cannot be seen through/],
    ['SELECT query FROM pg_stat_activity', /holds statements of others/],
    ['SELECT passwd FROM pg_catalog.pg_shadow', /holds password hashes/],
    ["SELECT * FROM ts_stat('select 1')", /runs SQL from its arguments/],
    ["SELECT * FROM crosstab('select 1') AS c(a int)", /runs SQL from its arguments/],
    ['SELECT cust_label(c) FROM customers c', /reference c.name cannot be resolved/],
    ['SELECT c.cust_label FROM customers c', /reference c.ssn cannot be resolved/],
    ["SELECT * FROM run_sql('select 1') AS t(a int)", /run_sql cannot be seen through/],
    ["SELECT get_raw_page('customers', 0)", /returns stored values/],
    ['DO $$ BEGIN END $$', /body of DO is not read/],
    ['CALL proc_out(1, NULL)', /what a procedure does is not read/],
    ['SELECT * FROM pg_statistic', /pg_statistic holds values of columns/],
    ['SELECT * FROM pg_stats_ext', /pg_stats_ext holds values of columns/],
    ['SELECT x.most_common_vals FROM (SELECT * FROM pg_catalog.pg_stats) x', /pg_stats holds values of columns/],
    ['SELECT 1 WHERE EXISTS (SELECT 1 FROM pg_statistic WHERE stavalues1 IS NOT NULL)', /holds values of columns/],
    ['SELECT * FROM pg_stat_get_activity(NULL)', /pg_stat_get_activity returns stored values or statements of others/],
    ['SELECT data FROM pg_largeobject', /pg_largeobject holds large objects/],
    ['SELECT lo_get(1)', /lo_get reaches large objects/],
    ["SELECT lo_import('/etc/passwd')", /lo_import reaches large objects/],
    ["SELECT pg_read_file('PG_VERSION')", /pg_read_file reaches the server's files/],
    ["SELECT pg_read_binary_file('PG_VERSION')", /reaches the server's files/],
    ["SELECT pg_ls_dir('.')", /pg_ls_dir reaches the server's files/],
    ['SELECT * FROM pg_hba_file_rules', /holds server files/],
    ["SELECT dblink('host=x', 'select 1')", /dblink reaches another server/],
    ["SELECT * FROM dblink('host=x', 'select 1') AS t(a int)", /dblink reaches another server/],
    ["SELECT table_to_xml('customers', true, false, '')", /table_to_xml runs SQL from its arguments/],
    ["SELECT schema_to_xml('public', true, false, '')", /schema_to_xml runs SQL/],
    ["SELECT database_to_xml(true, false, '')", /database_to_xml runs SQL/],
    ["SELECT cursor_to_xml('c', 1, true, false, '')", /cursor_to_xml runs SQL/],
    ["SELECT xpath_table('id', 'a', 'b', 'c', 'd')", /xpath_table runs SQL/],
    ["SELECT * FROM pg_logical_slot_get_changes('s', NULL, NULL)", /pg_logical_slot_get_changes returns stored values/],
    ["SELECT pg_logical_emit_message(false, 'a', 'b')", /pg_logical_emit_message returns stored values/],
    ['SELECT umoptions FROM pg_user_mappings', /holds credentials/],
    ['SELECT * FROM elsewhere', /public.elsewhere is a table of another server/],
    ['SELECT count(*) FROM customers c JOIN elsewhere e ON e.a = c.id', /is a table of another server/],
    ['SELECT public.upper(name) FROM customers', /public.upper cannot be seen through/],
    ["SELECT ('PG_VERSION'::text).pg_read_file", /pg_read_file reaches the server's files/],
    ["SELECT id FROM scratch ORDER BY ('select 1'::text).run_sql", /run_sql cannot be seen through/],
    ['SELECT (16400::oid).lo_get', /lo_get reaches large objects/],
    ["SELECT ('select 1').ts_stat", /runs SQL from its arguments/],
    ['SELECT j.run_sql FROM json_each($1) j', /run_sql cannot be seen through/],
  ])('%s', async (sql, reason) => {
    const { command } = await one(sql);
    expect(command.analysis.complete).toBe(false);
    expect(command.analysis.reasons.join('\n')).toMatch(reason);
  });

  test.each([
    'CREATE OR REPLACE VIEW v_contact AS SELECT 1; SELECT id FROM v_contact',
    'SET search_path = evil; SELECT id FROM scratch',
    "SELECT set_config('search_path', 'evil', false); SELECT id FROM scratch",
    'DO $$ BEGIN END $$; SELECT id FROM scratch',
  ])('what stands behind a change of names was not read by it: %s', async (sql) => {
    expect((await all(sql)).at(-1)?.command.analysis.complete).toBe(false);
  });

  test('an unknown relation is reported, so that the catalog can be read again', async () => {
    expect((await one('SELECT * FROM a JOIN x.b ON true')).unknownRelations).toEqual(['a', 'x.b']);
  });
});

describe('a plan tells how long labelled values are', () => {
  const measured = async (sql: string): Promise<readonly string[]> =>
    (await one(sql)).command.measures.map(({ what, name, tells }) => `${what} ${name} ${tells}`);
  test.each([
    'EXPLAIN SELECT ssn FROM customers',
    'EXPLAIN SELECT * FROM customers WHERE id = 1',
    'EXPLAIN (COSTS ON) SELECT contact FROM v_contact',
    'EXPLAIN (COSTS OFF, COSTS ON) SELECT ssn FROM customers',
    'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT ssn FROM customers, generate_series(1, 1000) ORDER BY id',
    'EXPLAIN (ANALYZE, SERIALIZE, COSTS OFF) SELECT ssn FROM customers',
    'EXPLAIN DELETE FROM customers RETURNING ssn',
    'EXPLAIN (COSTS OFF, MEMORY) SELECT ssn FROM customers',
    'EXPLAIN (COSTS OFF, BUFFERS) SELECT ssn FROM customers',
    'EXPLAIN (COSTS OFF, SERIALIZE) SELECT ssn FROM customers',
    // So does what is written.
    "EXPLAIN (ANALYZE, WAL, COSTS OFF, TIMING OFF, BUFFERS OFF) UPDATE customers SET ssn = '1' WHERE id = 1",
    "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) UPDATE customers SET ssn = '1' WHERE id = 1",
    // And how many entries of an index there are for one row, after an update.
    'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT id FROM customers WHERE id = 1',
    'EXPLAIN (ANALYZE, BUFFERS) SELECT name, count(*) FROM customers GROUP BY name',
    // Behind a view, or a policy of row-level security, that shows no labelled column.
    'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT id FROM v_plain WHERE id = 1',
    'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT id FROM policed WHERE id = 1',
  ])('which is said of %s', async (sql) => {
    expect(await measured(sql)).not.toEqual([]);
  });
  test.each([
    ['EXPLAIN SELECT ssn FROM customers', ['plan costs room']],
    ['EXPLAIN (COSTS OFF, MEMORY) SELECT ssn FROM customers', ['plan work room', 'plan work writing']],
    ['EXPLAIN (ANALYZE) SELECT ssn FROM customers', ['plan costs room', 'plan work room', 'plan work writing']],
    ['EXPLAIN (ANALYZE) SELECT id FROM customers WHERE id = 1', ['plan work writing']],
    ["EXPLAIN (ANALYZE, COSTS OFF) UPDATE customers SET name = 'x' WHERE id = 1", ['plan work writing']],
  ])('and what it is: %s', async (sql, measures) => {
    expect(await measured(sql)).toEqual(measures);
    expect((await one(sql)).command.analysis.reasons).toEqual([]);
  });
  test.each([
    'EXPLAIN (COSTS OFF) SELECT ssn FROM customers',
    'EXPLAIN (COSTS OFF, VERBOSE, ANALYZE OFF) SELECT * FROM customers',
    'EXPLAIN SELECT id, name FROM customers WHERE id = 1',
    'EXPLAIN (ANALYZE, BUFFERS) SELECT a, count(*) FROM scratch GROUP BY a',
    "EXPLAIN UPDATE customers SET name = 'x' WHERE id = 1",
  ])('which nothing in it shows: %s', async (sql) => {
    expect(await measured(sql)).toEqual([]);
    expect((await one(sql)).command.analysis.complete).toBe(true);
  });
});

test.each([
  'SELECT id FROM v_counted',
  'SELECT count(*) FROM v_counted',
  'CREATE VIEW v AS SELECT id FROM v_counted',
  'WITH c AS (SELECT n_dead_tup FROM pg_stat_all_tables) SELECT 1 FROM c',
  'INSERT INTO scratch (a) SELECT n_dead_tup FROM pg_stat_all_tables',
])('what is counted stays so behind a view and a name: %s', async (sql) => {
  expect((await one(sql)).command.measures).toMatchObject([{ what: 'counter', tells: 'writing' }]);
});

describe('a write whose condition chooses nothing is unfiltered', () => {
  test.each([
    ['DELETE FROM scratch', true],
    ['DELETE FROM scratch WHERE true', true],
    ['DELETE FROM scratch WHERE 1 = 1', true],
    ["DELETE FROM scratch WHERE 'a' = 'a'", true],
    ['DELETE FROM scratch WHERE id = id', true],
    ['DELETE FROM scratch WHERE id >= id', true],
    ['DELETE FROM scratch WHERE id = 1 OR true', true],
    ['DELETE FROM scratch WHERE id = 1 OR 1 = 1', true],
    ['DELETE FROM scratch WHERE NOT false', true],
    ['DELETE FROM scratch WHERE id IS NULL OR id IS NOT NULL', true],
    ["DELETE FROM scratch WHERE a LIKE '%'", true],
    ['DELETE FROM scratch WHERE $1', true],
    ['DELETE FROM scratch WHERE random() < 2', true],
    ['DELETE FROM scratch WHERE EXISTS (SELECT 1)', true],
    ['DELETE FROM scratch USING payments p WHERE p.id = 1', true],
    ['DELETE FROM scratch WHERE id IN (id)', true],
    ['DELETE FROM scratch WHERE true AND (1 = 1)', true],
    ['UPDATE scratch SET a = 1', true],
    ['WITH x AS (DELETE FROM scratch RETURNING *) SELECT * FROM x WHERE id = 1', true],
    ['MERGE INTO scratch s USING payments p ON true WHEN MATCHED THEN DELETE', true],
    ['DELETE FROM scratch WHERE id = 1', false],
    ['DELETE FROM scratch WHERE id = 1 OR false', false],
    ['DELETE FROM scratch WHERE id = 1 AND true', false],
    ["DELETE FROM scratch WHERE ctid = '(0,1)'", false],
    ['DELETE FROM scratch WHERE CURRENT OF c', false],
    ['DELETE FROM scratch USING payments p WHERE p.id = scratch.id', false],
    ['DELETE FROM scratch WHERE EXISTS (SELECT 1 FROM payments p WHERE p.id = scratch.id)', false],
    ['DELETE FROM scratch s WHERE NOT EXISTS (SELECT 1 FROM payments WHERE customer_id = s.id)', false],
    ['DELETE FROM scratch WHERE 1 IN (SELECT p.id FROM payments p WHERE p.id = scratch.id)', false],
    ['DELETE FROM scratch WHERE EXISTS (SELECT 1 FROM payments p WHERE p.id = 1)', true],
    ['DELETE FROM scratch WHERE EXISTS (SELECT * FROM scratch s WHERE s.id = 1)', true],
    ['DELETE FROM scratch WHERE EXISTS (SELECT 1 FROM scratch)', true],
    ['DELETE FROM scratch WHERE 1 = (SELECT max(id) FROM payments)', true],
    ['UPDATE scratch SET a = 1 WHERE EXISTS (SELECT 1 FROM payments p WHERE p.customer_id = 1)', true],
    ['EXPLAIN DELETE FROM scratch', false],
    ['MERGE INTO scratch s USING payments p ON s.id = p.id WHEN MATCHED THEN DELETE', false],
  ])('%s: %s', async (sql, unfiltered) => {
    expect((await one(sql)).command.unfiltered).toBe(unfiltered);
  });
});

describe('every way to change a setting is seen', () => {
  test.each([
    ['SET standard_conforming_strings = off', 'standard_conforming_strings', 'off'],
    ['SET LOCAL Standard_Conforming_Strings TO off', 'standard_conforming_strings', 'off'],
    ["SET NAMES 'sjis'", 'client_encoding', 'sjis'],
    ['RESET client_encoding', 'client_encoding', null],
    ['RESET ALL', '*', null],
    ['DISCARD ALL', '*', null],
    ["SELECT set_config('Search_Path', 'evil', true)", 'search_path', 'evil'],
    ["SELECT set_config('search' || '_path', 'evil', true)", '*', 'evil'],
    ["SELECT set_config(setting_name => 'search_path', new_value => 'x', is_local => true)", '*', null],
    ["SELECT 1 WHERE set_config('a.b', name, true) = ''", 'a.b', null],
    ['ALTER ROLE app SET search_path = evil', 'search_path', 'evil'],
    ['ALTER DATABASE leak SET client_encoding = sjis', 'client_encoding', 'sjis'],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = evil AS 'SELECT 1'", 'search_path', 'evil'],
    ['ALTER FUNCTION f() SET search_path = evil', 'search_path', 'evil'],
    ["ALTER SYSTEM SET archive_command = 'x'", 'archive_command', 'x'],
    ['SET ROLE app', 'role', 'app'],
    ['SET SESSION AUTHORIZATION app', 'session_authorization', 'app'],
    ["SET SCHEMA 'evil'", 'search_path', 'evil'],
    ["SET TIME ZONE 'UTC'", 'timezone', 'UTC'],
    ['SET search_path = a, b', 'search_path', 'a, b'],
  ])('%s', async (sql, name, value) => {
    expect((await one(sql)).command.set).toContainEqual({ name, value });
  });
});

describe('secrets stay out of the record', () => {
  test.each([
    ["ALTER ROLE app PASSWORD 'hunter2'", "ALTER ROLE app PASSWORD '…'"],
    [
      "CREATE USER MAPPING FOR app SERVER s OPTIONS (password 'hunter2')",
      "CREATE USER MAPPING FOR app SERVER s OPTIONS (password '…')",
    ],
    ["SELECT id FROM customers WHERE ssn = '078-05-1120' -- 078-05-1120", "SELECT id FROM customers WHERE ssn = '…'"],
    ['INSERT INTO customers(id, ssn) VALUES (7, $$078-05-1120$$)', "INSERT INTO customers(id, ssn) VALUES (0, '…')"],
    ["SELECT 'é', id FROM customers WHERE ssn = U&'078'", "SELECT '…', id FROM customers WHERE ssn = '…'"],
    ["SELECT crypt('hunter2', 'x')", "SELECT crypt('…', '…')"],
    ["DO $$ BEGIN ALTER ROLE app PASSWORD 'hunter2'; END $$", "DO '…'"],
    ["SELECT id FROM customers WHERE name = 'x'", "SELECT id FROM customers WHERE name = 'x'"],
  ])('%s', async (sql, recorded) => {
    const facts = await one(sql);
    expect(facts.recordText).toBe(recorded);
    expect(JSON.stringify({ ...facts.command, ...facts.recordInstead })).not.toMatch(/hunter2|078/);
  });

  test.each([
    ["SET my.secret_key = 'hunter2'", [{ name: 'my.secret_key', value: '[masked]' }]],
    [
      "SELECT set_config('my.word', 'hunter2', false) FROM customers WHERE ssn = '078'",
      [{ name: 'my.word', value: '[masked]' }],
    ],
  ])('a setting of %s keeps its name and loses its value', async (sql, set) => {
    const { command, recordInstead } = await one(sql);
    expect(command.set[0]?.value).toBe('hunter2');
    expect(recordInstead).toEqual({ set });
  });

  // The fingerprint of pg_query is made of these, so a short one could be guessed from the log.
  test.each([
    (word: string) => `ALTER ROLE app PASSWORD '${word}'`,
    (word: string) => `CREATE USER MAPPING FOR app SERVER s OPTIONS (password '${word}')`,
    (word: string) => `CREATE SUBSCRIPTION s CONNECTION 'password=${word}' PUBLICATION p`,
    (word: string) => `COMMENT ON TABLE customers IS '${word}'`,
    (word: string) => `NOTIFY c, $$${word}$$`,
    (word: string) => `CREATE TYPE t AS ENUM ('${word}')`,
    (word: string) => `INSERT INTO customers(ssn) VALUES (E'\\x41${word}') -- ${word}`,
  ])('no literal is in the fingerprint (%#)', async (say) => {
    const [hunter, digits] = [await one(say('hunter2')), await one(say('0785'))];
    expect(hunter.command.fingerprint).toBe(digits.command.fingerprint);
  });

  test('a setting without a secret stays', async () => {
    expect((await one("SET work_mem = '1MB'")).recordInstead).toEqual({});
  });
});

describe('what a session needs to know', () => {
  test('statements are found by bytes', async () => {
    const text = "  SELECT 'é' ;; /* ü */ SELECT 2 ; ";
    const facts = await all(text);
    const bytes = Buffer.from(text);
    expect(
      facts.map(({ location }) => bytes.toString('utf8', location.start, location.start + location.length)),
    ).toEqual(["SELECT 'é'", 'SELECT 2']);
  });
  test('an empty text has no statement', async () => {
    expect(await all('')).toEqual([]);
    expect(await all(' ; -- x')).toEqual([]);
  });
  test('a syntax error comes with its place, in characters', async () => {
    const answer = await analyzer.analyze({
      target: 'leak',
      text: Buffer.from("SELECT 'é' FORM x"),
      major: 18,
      searchPath,
    });
    expect(answer).toMatchObject({
      ok: false,
      why: 'syntax',
      message: 'syntax error at or near "x"',
      position: 17,
      sqlstate: '42601',
    });
  });
  test('a prepared statement and a cursor carry the facts of what is inside', async () => {
    const prepared = await one('PREPARE q(int) AS SELECT ssn FROM customers WHERE id = $1');
    expect(prepared.handle).toMatchObject({
      op: 'prepare',
      name: 'q',
      inner: { command: { kind: 'select', action: 'read' } },
    });
    const cursor = await one('DECLARE c BINARY CURSOR WITH HOLD FOR SELECT ssn FROM customers');
    expect(cursor.handle).toMatchObject({
      op: 'declare',
      name: 'c',
      binary: true,
      hold: true,
      inner: { command: { kind: 'select' } },
    });
    expect((await one("EXECUTE q(1, 'a', NULL, -2, now())")).handle).toEqual({
      op: 'execute',
      name: 'q',
      args: ['1', 'a', null, '-2', null],
      computed: true,
    });
    expect((await one('CLOSE ALL')).handle).toEqual({ op: 'close', name: null });
    expect((await one('DEALLOCATE q')).handle).toEqual({ op: 'deallocate', name: 'q' });
    expect((await one('MOVE 3 FROM c')).handle).toEqual({ op: 'fetch', name: 'c', move: true });
  });
  test('transaction verbs', async () => {
    const facts = await all('BEGIN; SAVEPOINT s; ROLLBACK TO s; RELEASE s; COMMIT AND CHAIN; ROLLBACK');
    expect(facts.map(({ transaction }) => transaction)).toEqual([
      { verb: 'begin' },
      { verb: 'savepoint', name: 's' },
      { verb: 'rollback_to', name: 's' },
      { verb: 'release', name: 's' },
      { verb: 'commit', chain: true },
      { verb: 'rollback', chain: false },
    ]);
  });
});

describe('COPY to the client says how its rows are written, or why nobody can tell', () => {
  const text = {
    format: 'text',
    delimiter: '\t',
    nullText: '\\N',
    quote: '"',
    escape: '"',
    header: false,
    forceQuote: [],
  };
  const csv = { ...text, format: 'csv', delimiter: ',', nullText: '' };
  test.each([
    ['COPY customers TO STDOUT', text],
    ['COPY customers TO STDOUT (FORMAT text)', text],
    ["COPY customers TO STDOUT WITH DELIMITER AS '|'", { ...text, delimiter: '|' }],
    ["COPY customers TO STDOUT (NULL '\\X', HEADER)", { ...text, nullText: '\\X', header: true }],
    ['COPY customers TO STDOUT CSV HEADER', { ...csv, header: true }],
    ["COPY customers TO STDOUT CSV NULL 'x' FORCE QUOTE *", { ...csv, nullText: 'x', forceQuote: ['*'] }],
    ['COPY customers TO STDOUT (FORMAT csv, FORCE_QUOTE (id, ssn))', { ...csv, forceQuote: ['id', 'ssn'] }],
    ['COPY customers TO STDOUT (FORMAT csv, FORCE_QUOTE *)', { ...csv, forceQuote: ['*'] }],
    ["COPY customers TO STDOUT (FORMAT csv, QUOTE '''')", { ...csv, quote: "'", escape: "'" }],
    ["COPY customers TO STDOUT (FORMAT csv, ESCAPE E'\\\\', HEADER off)", { ...csv, escape: '\\' }],
    ["COPY customers TO STDOUT (FORMAT csv, ENCODING 'UTF-8', HEADER 1)", { ...csv, header: true }],
    ['COPY customers TO STDOUT (FORMAT binary)', { format: 'binary' }],
    ['COPY BINARY customers TO STDOUT', { format: 'binary' }],
  ])('%s', async (sql, layout) => {
    const { copyLayout, command } = await one(sql);
    expect(copyLayout).toEqual(layout);
    expect(command.copy).toEqual({ direction: 'out', to: 'client', format: layout.format, unmaskable: null });
  });
  test.each([
    ["COPY customers TO STDOUT (NULL '078-05-1120')", 'its NULL could also be a value'],
    ["COPY customers TO STDOUT (NULL '')", 'its NULL could also be a value'],
    ["COPY customers TO STDOUT (NULL '\\t')", 'its NULL could also be a value'],
    ["COPY customers TO STDOUT (NULL '\\N', DELIMITER 'N')", 'its DELIMITER, QUOTE and NULL are not told apart'],
    ["COPY customers TO STDOUT (FORMAT csv, NULL '\"')", 'its DELIMITER, QUOTE and NULL are not told apart'],
    ["COPY customers TO STDOUT (FORMAT csv, DELIMITER '\"')", 'its DELIMITER, QUOTE and NULL are not told apart'],
    ["COPY customers TO STDOUT (ENCODING 'LATIN1')", 'its ENCODING is not UTF8'],
    ["COPY customers TO STDOUT (FORMAT binary, ENCODING 'SJIS')", 'its ENCODING is not UTF8'],
    ["COPY customers TO STDOUT (FORMAT 'json')", 'its format is not one of text, csv and binary'],
    ["COPY customers TO STDOUT (FORMAT 'CSV')", 'its format is not one of text, csv and binary'],
    ['COPY customers TO STDOUT (FORMAT csv, FORMAT text)', 'its option format is not one that masking reads'],
    ['COPY customers TO STDOUT (HEADER, HEADER false)', 'its option header is not one that masking reads'],
    ['COPY customers TO STDOUT (SECRET_NEW_OPTION)', 'its option secret_new_option is not one that masking reads'],
    ['COPY customers TO STDOUT (HEADER match)', 'its HEADER is neither on nor off'],
    ["COPY customers TO STDOUT (DELIMITER '||')", 'is not one byte'],
    ["COPY customers TO STDOUT (FORMAT csv, QUOTE 'é')", 'is not one byte'],
    ["COPY customers TO '/tmp/x'", 'its data goes to a file of the server'],
    ["COPY customers TO PROGRAM 'cat'", 'its data goes to a program of the server'],
  ])('%s: %s', async (sql, why) => {
    const { copyLayout, command } = await one(sql);
    expect(copyLayout).toBeUndefined();
    expect(command.copy?.unmaskable).toContain(why);
  });
  test('what it brings out has the columns of the table or the query, in their order', async () => {
    const labels = async (sql: string) => (await one(sql)).command.output.map((column) => column.labels.join());
    expect(await labels('COPY customers (ssn, id, email) TO STDOUT')).toEqual(['pii.ssn', '', 'pii.email']);
    expect(await labels('COPY (SELECT id, ssn FROM customers) TO STDOUT')).toEqual(['', 'pii.ssn']);
    expect(await labels('COPY (UPDATE customers SET name = $1 WHERE id = 1 RETURNING ssn) TO STDOUT')).toEqual([
      'pii.ssn',
    ]);
  });
  test('without a list it leaves generated columns out, as the server does', async () => {
    const rows = [
      ['relations', ['9', 'public', 'made', 'r', 'f', 'f', null]],
      ['columns', ['9', '[["a", 1, 25, "text", false], ["g", 2, 25, "text", true], ["b", 3, 25, "text", false]]']],
    ];
    analyzer.setCatalog('generated', leakCatalog(rows.map((row) => JSON.stringify(row)).join('\n')));
    analyzer.setLabels('generated', new Map([['public.made.b', ['pii.b']]]), '1');
    const read = async (sql: string) => {
      const answer = await analyzer.analyze({ target: 'generated', text: Buffer.from(sql), major: 18, searchPath });
      return answer.ok ? answer.statements[0]?.command.output.map(({ name, labels }) => [name, ...labels]) : undefined;
    };
    expect(await read('COPY made TO STDOUT')).toEqual([['a'], ['b', 'pii.b']]);
    expect(await read('COPY (TABLE made) TO STDOUT')).toEqual([['a'], ['g'], ['b', 'pii.b']]);
  });
});

describe('labels on paths of a JSON document', () => {
  const rows = [
    ['relations', ['9', 'public', 'people', 'r', 'f', 'f', null]],
    [
      'columns',
      [
        '9',
        '[["id", 1, 23, "integer"], ["profile", 2, 3802, "jsonb"], ["a.b", 3, 3802, "jsonb"], ["text", 4, 114, "json"], ["list", 5, 3807, "jsonb[]"]]',
      ],
    ],
    ['relations', ['10', 'public', 'shown', 'v', 'f', 'f', ' SELECT people.profile FROM public.people']],
    ['columns', ['10', '[["profile", 1, 3802, "jsonb"]]']],
  ];
  beforeAll(() => {
    analyzer.setCatalog('json', leakCatalog(rows.map((row) => JSON.stringify(row)).join('\n')));
    const labels = new Map([
      ['public.people.profile.address.phone', ['pii.phone']],
      ['public.people.profile.contacts.*.email', ['pii.email']],
      ['public.people.a.b.c', ['pii.c']],
      ['public.people.text.address', ['pii.phone', 'pii.email']],
      ['public.shown.profile.x', ['pii.x']],
    ]);
    analyzer.setLabels('json', labels, '1');
  });
  const command = async (sql: string) => {
    const answer = await analyzer.analyze({ target: 'json', text: Buffer.from(sql), major: 18, searchPath });
    if (!answer.ok || !answer.statements[0]) throw new Error('no statement');
    return answer.statements[0].command;
  };
  const paths = [
    { path: 'address.phone', labels: ['pii.phone'] },
    { path: 'contacts.*.email', labels: ['pii.email'] },
  ];

  test.each([
    'SELECT profile FROM people',
    'SELECT p.profile AS x FROM (SELECT * FROM people) p',
    'COPY people (profile) TO STDOUT',
    'UPDATE people SET id = 1 WHERE id = 2 RETURNING profile',
  ])('the column itself says where they are: %s', async (sql) => {
    expect((await command(sql)).output).toMatchObject([
      { transform: 'plain', labels: ['pii.email', 'pii.phone'], paths },
    ]);
  });
  test('names may hold dots', async () => {
    expect((await command('SELECT "a.b" FROM people')).output).toMatchObject([
      { paths: [{ path: 'c', labels: ['pii.c'] }] },
    ]);
  });
  test.each([
    ['a view', 'SELECT profile FROM shown'],
    ['several documents', 'SELECT profile FROM people UNION ALL SELECT "a.b" FROM people'],
    ['text made of it', 'SELECT profile::text FROM people'],
    ['a part of it', "SELECT profile -> 'address' FROM people"],
    ['a part of it by another case', "SELECT profile ->> 'ADDRESS' FROM people"],
    ['a part of it by a letter that folds', "SELECT profile ->> 'aᵈdress' FROM people"],
    ['a part whose name is given', 'SELECT profile ->> $1 FROM people'],
    ['a part whose name is read', 'SELECT profile ->> id::text FROM people'],
    ['an element', 'SELECT profile -> 0 FROM people'],
    ['an element by a path', "SELECT profile #>> '{0,name}' FROM people"],
    ['a path with quotes', 'SELECT profile #>> \'{"name"}\' FROM people'],
    ['a path of a name that is read', "SELECT profile #> ARRAY['name', id::text]::text[] FROM people"],
    ['a path of another type', "SELECT profile #> ARRAY['name']::name[] FROM people"],
    ['a name of another type', "SELECT profile -> 'name'::jsonb FROM people"],
    ['whether there is a part', "SELECT profile ? 'name' FROM people"],
    ['whether it holds a part', `SELECT profile @> '{"address": "x"}' FROM people`],
    ['whether it holds a part in another case', `SELECT profile @> '{"name": 1, "Address": {}}' FROM people`],
    ['whether it holds a list', `SELECT profile @> '[{"name": "x"}]' FROM people`],
    ['whether it holds a string', `SELECT profile @> '"name"' FROM people`],
    ['whether it holds nothing', `SELECT profile @> '{}' FROM people`],
    ['whether it holds what is given', 'SELECT profile @> $1 FROM people'],
    ['whether it holds what is made', `SELECT profile @> ('{"name": "' || id || '"}')::jsonb FROM people`],
    ['whether it is in something', `SELECT profile <@ '{"name": "x"}' FROM people`],
    ['whether there is one of some parts', "SELECT profile ?| ARRAY['name'] FROM people"],
    ['where a part stands in the whole', "SELECT jsonb_path_query(profile, '$.name.keyvalue().id') FROM people"],
    ['the same with a space', "SELECT jsonb_path_query(profile, '$.name.KeyValue ()') FROM people"],
    ['the same with a comment', "SELECT jsonb_path_query(profile, '$.name.keyvalue/**/()') FROM people"],
    ['a path that begins anew', "SELECT profile @? '$.name ? (@ == $.address)' FROM people"],
    ['a path by an escape', "SELECT profile @? '$.name\\u0024' FROM people"],
    ['a path to a longer name', "SELECT jsonb_path_query(profile, '$.nameé') FROM people"],
    ['a path to all', "SELECT jsonb_path_query(profile, '$.*') FROM people"],
    ['a path to any depth', "SELECT jsonb_path_query(profile, '$.**.name') FROM people"],
    ['a strict path', "SELECT jsonb_path_query(profile, 'strict $.name') FROM people"],
    ['a path to an element', "SELECT jsonb_path_query(profile, '$[0].name') FROM people"],
    ['a path with variables', `SELECT jsonb_path_query(profile, '$.name', profile) FROM people`],
    ['a path that may be one of texts', "SELECT profile @@ '$.name == 1' FROM people"],
    ['a subscript that counts', 'SELECT profile[0] FROM people'],
    ['a slice', "SELECT profile['name':'x'] FROM people"],
    ['a labelled part that is gone into', "SELECT profile -> 'address' ->> 'phone' FROM people"],
    ['a part by a list of names', "SELECT jsonb_extract_path(profile, VARIADIC ARRAY['name']) FROM people"],
    ['what is left without a part', "SELECT profile - 'address' FROM people"],
    ['a part and the rest', "SELECT profile - (profile ->> 'name') FROM people"],
    ['a part of json', "SELECT text ->> 'name' FROM people"],
    ['a part of what may be one of two', "SELECT coalesce(profile, list) ->> 'name' FROM people"],
    ['a path in it', "SELECT profile #> '{address,phone}' FROM people"],
    ['a subscript', "SELECT profile['address'] FROM people"],
    ['a query into it', "SELECT jsonb_path_query(profile, '$.address') FROM people"],
    ['it in another document', "SELECT jsonb_build_object('x', profile) FROM people"],
    ['a set of its members', 'SELECT e.value FROM people, jsonb_each(profile) e'],
    ['a set of its members as text', 'SELECT e.value FROM people, jsonb_each_text(profile) e'],
    ['a path past a star', "SELECT profile #>> '{contacts,name,first}' FROM people"],
    ['a JSON path past a star', "SELECT jsonb_path_query(profile, '$.contacts.name.first') FROM people"],
    ['a JSON path behind an element', "SELECT jsonb_path_query(profile, '$.contacts[*].name') FROM people"],
    ['a labelled value', "SELECT JSON_VALUE(profile, '$.address.phone') FROM people"],
    ['a value of a strict path', "SELECT JSON_VALUE(profile, 'strict $.name') FROM people"],
    ['a value of what is made of it', "SELECT JSON_VALUE(jsonb_build_array(profile), '$.name') FROM people"],
    [
      'a value beside another',
      "SELECT JSON_VALUE(profile, '$.name' DEFAULT profile ->> 'address' ON EMPTY) FROM people",
    ],
    [
      'a table with a labelled value',
      "SELECT t.a FROM people, JSON_TABLE(profile, '$' COLUMNS (a text PATH '$.name', b text PATH '$.address')) t",
    ],
    [
      'a table by names alone',
      "SELECT t.name FROM people, JSON_TABLE(profile, '$' COLUMNS (name text, address text)) t",
    ],
    [
      'a table below',
      "SELECT t.a FROM people, JSON_TABLE(profile, '$' COLUMNS (a text PATH '$.name', NESTED PATH '$.contacts[*]' COLUMNS (b text PATH '$.name'))) t",
    ],
    ['a record', 'SELECT r.name FROM people, jsonb_to_record(profile) r (name text, address jsonb)'],
    ['names of what is labelled', "SELECT jsonb_object_keys(profile -> 'address' -> 'phone') FROM people"],
    ['names of an element', "SELECT jsonb_object_keys(profile -> 'contacts' -> 0) FROM people"],
    ['names of json', 'SELECT json_object_keys(text) FROM people'],
    ['several sets side by side', 'SELECT e.key FROM people, ROWS FROM (jsonb_each(profile), generate_series(1, 2)) e'],
    [
      'a record side by side',
      'SELECT r.name FROM people, ROWS FROM (jsonb_to_record(profile) AS (name text, address jsonb)) r',
    ],
  ])('of %s the labels are about all', async (_, sql) => {
    const { output, labels } = await command(sql);
    expect(output[0]?.paths).toBeUndefined();
    expect(output[0]?.labels).toEqual(expect.arrayContaining(['pii.phone', 'pii.email']));
    expect(labels).toEqual(expect.arrayContaining(['pii.phone', 'pii.email']));
  });
  test.each([
    ['a text', "SELECT profile ->> 'name' FROM people"],
    ['a document', "SELECT (profile -> 'work'::text) -> 0 ->> 'address' FROM people"],
    ['a path', "SELECT profile #>> '{work,0,address}' FROM people"],
    ['a document by a path', "SELECT profile #> '{work}' FROM people"],
    ['a subscript', "SELECT profile['work'][0]['address'] FROM people"],
    ['a call', "SELECT jsonb_extract_path_text(profile, 'work', 'address') FROM people"],
    ['a JSON path', "SELECT jsonb_path_query(profile, 'lax $.work[*] ? (@.address > 1)'::jsonpath) FROM people"],
    ['whether there is one', "SELECT profile @? '$.work' FROM people"],
    ['what it holds', `SELECT '{"work": [{"address": 1}]}'::jsonb <@ profile FROM people`],
    ['a path as a list', "SELECT (p.profile #>> ARRAY['work', 'place']::text[])::int FROM people p"],
    ['beside a labelled one', "SELECT profile -> 'work' -> 'place' ->> 'address' FROM people"],
    ['a value', "SELECT JSON_VALUE(profile, '$.name' RETURNING int DEFAULT 0 ON ERROR) FROM people"],
    ['a query', "SELECT JSON_QUERY(profile, '$.work[*] ? (@.address > 1)' WITH WRAPPER) FROM people"],
    ['whether there is a value', "SELECT JSON_EXISTS(profile, '$.work') FROM people"],
    ['a table of values', "SELECT t.a FROM people, JSON_TABLE(profile, '$' COLUMNS (a int PATH '$.name')) t"],
    [
      'a table below',
      "SELECT t.a FROM people, JSON_TABLE(profile, '$.work' COLUMNS (n FOR ORDINALITY, NESTED PATH '$.list[*]' COLUMNS (a int PATH '$.name'))) t",
    ],
    ['a record', 'SELECT r.name FROM people, jsonb_to_record(profile) r (name text, work jsonb)'],
    ['through a query', "SELECT x OPERATOR(pg_catalog.->>) 'name' FROM (SELECT profile AS x FROM people) y"],
  ])('of a member that no path leads into nothing is labelled: %s', async (_, sql) => {
    const { output, filters, labels } = await command(sql);
    expect(output).toMatchObject([
      { sources: [expect.stringMatching(/^public\.people\.profile\.(name|work)$/)], labels: [] },
    ]);
    expect(filters).toEqual([]);
    // The server's words and plans may be about the whole document.
    expect(labels).toEqual(['pii.email', 'pii.phone']);
  });
  test.each([
    ['SELECT jsonb_object_keys(profile) FROM people', '(names)'],
    ["SELECT DISTINCT jsonb_object_keys(profile -> 'address') FROM people", 'address.(names)'],
    ["SELECT k FROM people, jsonb_object_keys(profile -> 'contacts') k WHERE k > 'a'", 'contacts.(names)'],
    ['SELECT e.key FROM people, jsonb_each(profile) e GROUP BY e.key', '(names)'],
    [
      "SELECT e.key FROM people, jsonb_each(profile -> 'address') WITH ORDINALITY e ORDER BY ordinality",
      'address.(names)',
    ],
    ['SELECT k FROM people CROSS JOIN LATERAL jsonb_each(profile) e (k, v)', '(names)'],
    ["SELECT profile -> 'address' IS NULL FROM people", '(names)'],
    ["SELECT profile -> 'address' -> 'phone' IS NOT NULL FROM people", 'address.(names)'],
    ["SELECT profile -> 'address' ->> 'street' FROM people", 'address.street'],
    ["SELECT profile #>> '{address,street,0}' FROM people", 'address.street'],
  ])('names of members are no labelled values, nor is what stands beside one: %s', async (sql, member) => {
    const { output, filters } = await command(sql);
    expect(output).toMatchObject([{ sources: [`public.people.profile.${member}`], labels: [] }]);
    expect(filters).toEqual([]);
  });
  test('what opens a document is called', async () => {
    const { functions } = await command('SELECT e.key FROM people, jsonb_each(profile) e');
    expect(functions).toMatchObject([{ name: 'jsonb_each', categories: ['pure'] }]);
  });
  test('what is handed to the paths of a table of a document is read', async () => {
    const { filters } = await command(
      "SELECT t.a FROM people, JSON_TABLE(profile, '$' PASSING (SELECT text FROM people LIMIT 1) AS x COLUMNS (a text PATH '$.name')) t",
    );
    expect(filters.map(({ use }) => use)).toEqual(['join']);
  });
  test.each([
    "SELECT count(*) FROM people WHERE profile ->> 'name' LIKE 'a%' GROUP BY profile -> 'work' ORDER BY max(profile ->> 'age')",
    "SELECT e.value FROM people, jsonb_array_elements(profile -> 'work') e",
    `SELECT count(*) FROM people WHERE profile @> '{"name": "x", "work": {"address": 1}}'`,
    "SELECT e FROM people, jsonb_path_query(profile, '$.work[*]') e WHERE jsonb_path_exists(profile, '$.name ? (@ == \"x\")')",
    "SELECT a.id FROM people a JOIN people b ON a.profile ->> 'name' = b.profile ->> 'name'",
  ])('and it is used like any column: %s', async (sql) => {
    expect((await command(sql)).filters).toEqual([]);
  });
  test.each([
    ["SELECT id FROM people WHERE profile ->> 'name' = profile ->> 'address'", 'where'],
    ["SELECT id FROM people ORDER BY profile ->> 'name', profile", 'order'],
    ["SELECT profile ->> 'name', profile::text > 'x' FROM people", 'expression'],
  ])('beside it the rest counts: %s', async (sql, use) => {
    expect((await command(sql)).filters.map((filter) => filter.use)).toContain(use);
  });
  test.each([
    ["SELECT profile ->> 'address' FROM people", ['null_test']],
    ["SELECT profile -> 'address' ->> 'phone' FROM people", ['null_test']],
    ["SELECT upper(profile ->> 'address') FROM people", ['null_test']],
    ["SELECT concat('x', profile -> 'address' ->> 'phone') FROM people", ['null_test']],
    ['SELECT e.value FROM people, jsonb_each_text(profile) e', ['null_test']],
    ["SELECT profile - 'address' - 'contacts' FROM people", []],
    ["SELECT profile - ARRAY['address', 'contacts'] FROM people", []],
    ["SELECT profile -> 'address' FROM people", []],
    ["SELECT profile #> '{address}' FROM people", []],
    ["SELECT jsonb_build_object('a', profile -> 'address') FROM people", []],
  ])('a labelled part as text, and what is left without some, leave redacted: %s', async (sql, uses) => {
    const { output, filters } = await command(sql);
    expect(output).toMatchObject([{ transform: 'derived', labels: ['pii.email', 'pii.phone'] }]);
    expect(output[0]?.paths).toBeUndefined();
    expect(filters.map(({ use }) => use)).toEqual(uses);
  });
  test.each([
    "SELECT profile -> 'contacts' FROM people",
    "SELECT profile #> '{address,phone}' FROM people",
    "SELECT profile #>> '{address,phone}' FROM people",
    "SELECT profile #>> '{contacts,3}' FROM people",
    "SELECT (profile ->> 'address')::int FROM people",
    'SELECT profile - 0 FROM people',
    'SELECT profile - $1 FROM people',
    "SELECT profile - 'address' ->> 'contacts' FROM people",
    "SELECT profile #- '{address,phone}' FROM people",
    "SELECT text ->> 'address' FROM people",
    'SELECT e.value FROM people, jsonb_each(profile) e',
    "SELECT profile -> 'address' -> 'phone' ->> 'home' FROM people",
    'SELECT (e.value)::int FROM people, jsonb_each_text(profile) e',
    "SELECT (profile -> 'address') = '{}' FROM people",
  ])('but not what tells more than that: %s', async (sql) => {
    expect((await command(sql)).filters.map(({ use }) => use)).toContain('expression');
  });
  test("a whole row as a document leaves redacted as well: to_jsonb(c) - 'email'", async () => {
    const { command } = await one("SELECT to_jsonb(c) - 'email' - '{ssn,notes}'::text[] AS c FROM customers c");
    expect(command.output).toMatchObject([{ name: 'c', transform: 'derived' }]);
    expect(command.filters).toEqual([]);
  });
  test.each([
    ['by a number', 'SELECT to_jsonb(c) - 0 FROM customers c'],
    ['by a name that is read', 'SELECT to_jsonb(c) - c.name FROM customers c'],
    ['of one value', "SELECT to_jsonb(ssn) - 'a' FROM customers"],
    ['of a list', "SELECT jsonb_agg(ssn) - 'a' FROM customers"],
    ['of what json makes of it', "SELECT row_to_json(c)::jsonb - 'email' FROM customers c"],
    ['of json', "SELECT row_to_json(c) - 'email' FROM customers c"],
    ['as something to choose by', "SELECT id FROM customers c ORDER BY to_jsonb(c) - 'email'"],
  ])('but not %s', async (_, sql) => {
    expect(uses(await one(sql)).some((use) => use.startsWith('customers.ssn '))).toBe(true);
  });
  test.each(['UPDATE ruled SET doc = doc || \'{"a": 1}\'', "UPDATE ruled SET doc['a'] = '1'"])(
    'what a table makes of a document decides whether it is taken: %s',
    async (sql) => {
      const rule = (...columns: readonly (string | null)[]): readonly [string, unknown] => [
        'rules',
        ['11', ...columns],
      ];
      const used = async (...rules: readonly (readonly [string, unknown])[]): Promise<readonly string[]> => {
        const table = [
          ['relations', ['11', 'public', 'ruled', 'r', 'f', 'f', null]],
          ['columns', ['11', '[["id", 1, 23, "integer"], ["doc", 2, 3802, "jsonb"], ["made", 3, 25, "text"]]']],
          ...rules,
        ];
        analyzer.setCatalog('ruled json', leakCatalog(table.map((row) => JSON.stringify(row)).join('\n')));
        analyzer.setLabels('ruled json', new Map([['public.ruled.doc.a.b', ['pii.b']]]), '1');
        const answer = await analyzer.analyze({ target: 'ruled json', text: Buffer.from(sql), major: 18, searchPath });
        if (!answer.ok || !answer.statements[0]) throw new Error('no statement');
        return uses(answer.statements[0]);
      };
      expect(await used()).toEqual([]);
      expect(await used(rule('check', '{1}', null, null, null))).toEqual([]);
      expect(await used(rule('check', '{2}', null, null, null))).toEqual(['ruled.doc rule']);
      expect(await used(rule('stored', '{2,3}', '11', '3', 'doc::text'))).toEqual(['ruled.doc rule']);
      expect(await used(rule('index', '{2}', null, '{2}', 'own'))).toEqual(['ruled.doc set']);
      expect(await used(rule('domain', '{2}', null, null, null))).toEqual(['ruled.doc set']);
      const below = ['relations', ['12', 'public', 'below', 'r', 'f', 'f', null]] as const;
      expect(await used(below, ['inherits', ['12', '11']])).toEqual(['ruled.doc set']);
    },
  );
  test.each([
    `UPDATE people SET profile = jsonb_set(profile, '{address,phone}', '"1"') WHERE id = 1`,
    "UPDATE people p SET profile = jsonb_set(p.profile, ARRAY['address', 'street'], to_jsonb($1::text), true) WHERE id = 1",
    "UPDATE people SET profile = jsonb_set(profile, '{address}', $1) RETURNING id, profile",
    "UPDATE people SET profile = jsonb_set(profile #- '{address,phone}', '{work,place}', profile -> 'name')",
    `UPDATE people SET profile = profile || '{"address": {"phone": "1"}}' WHERE id = 1`,
    "UPDATE people SET profile = profile || $1::jsonb || jsonb_build_object('id', id)",
    "UPDATE people SET profile = profile #- '{contacts}'",
    "UPDATE people SET profile['address']['phone'] = '1', profile['work'] = '{}'",
    "INSERT INTO people (id, profile) VALUES (1, '{}') ON CONFLICT (id) DO UPDATE SET profile = people.profile || '{\"a\": 1}'",
  ])('a part of a document is changed where it stands: %s', async (sql) => {
    const { filters, copies, analysis, functions, relations } = await command(sql);
    expect({ filters, copies, analysis }).toEqual({
      filters: [],
      copies: [],
      analysis: { complete: true, reasons: [] },
    });
    expect(functions.some(({ name }) => name === 'jsonb_set')).toBe(sql.includes('jsonb_set'));
    const read = relations.filter(({ access }) => access === 'read').flatMap(({ columns }) => columns ?? []);
    expect(read).toContain('profile');
  });
  test.each([
    ['through what is labelled', "UPDATE people SET profile = jsonb_set(profile, '{address,phone,home}', '1')"],
    ['the same in another case', "UPDATE people SET profile = jsonb_set(profile, '{Address,Phone,home}', '1')"],
    ['past a star', "UPDATE people SET profile = jsonb_set(profile, '{contacts,a}', '1')"],
    ['an element', "UPDATE people SET profile = jsonb_set(profile, '{address,0}', '1')"],
    ['where a parameter says', "UPDATE people SET profile = jsonb_set(profile, $1, '1')"],
    ['with a labelled value', "UPDATE people SET profile = jsonb_set(profile, '{name}', profile -> 'address')"],
    [
      'where a labelled value says',
      "UPDATE people SET profile = jsonb_set(profile, '{name}', '1', profile @> '{\"address\": 1}')",
    ],
    ['a string of a list', "UPDATE people SET profile = profile - 'address'"],
    ['what may be there', "UPDATE people SET profile = jsonb_insert(profile, '{name}', '1')"],
    ['through what is labelled, away', "UPDATE people SET profile = profile #- '{address,phone,home}'"],
    ['beside an array', 'UPDATE people SET profile = profile || id'],
    ['of json', "UPDATE people SET text = jsonb_set(text::jsonb, '{name}', '1')"],
    ['of another row', "UPDATE people p SET profile = jsonb_set(o.profile, '{name}', '1') FROM people o"],
    [
      'of the row that was to be',
      'INSERT INTO people VALUES (1) ON CONFLICT (id) DO UPDATE SET profile = excluded.profile || \'{"a": 1}\'',
    ],
    ['of another column', `UPDATE people SET "a.b" = jsonb_set(profile, '{name}', '1')`],
    ['of what a query brings', "UPDATE people p SET profile = (SELECT jsonb_set(p.profile, '{name}', '1'))"],
    ['by a subscript into what is labelled', "UPDATE people SET profile['address']['phone']['home'] = '1'"],
    ['by a subscript that counts', "UPDATE people SET profile['address'][0] = '1'"],
  ])('but not %s', async (_, sql) => {
    const { filters } = await command(sql);
    expect(filters.map(({ use }) => use)).toContain('set');
  });
  test.each(["EXPLAIN SELECT profile ->> 'name' FROM people", "EXPLAIN ANALYZE SELECT profile ->> 'name' FROM people"])(
    'a plan tells how long the whole document is: %s',
    async (sql) => {
      expect((await command(sql)).measures).toContainEqual({ what: 'plan', name: 'costs', tells: 'room' });
    },
  );
  test('a label for the whole column is about all of it', async () => {
    analyzer.setLabels(
      'json',
      new Map([
        ['public.people.profile.x', ['pii.x']],
        ['public.people.profile', ['pii.all']],
      ]),
      '2',
    );
    const [column] = (await command('SELECT profile FROM people')).output;
    expect(column).toEqual({
      name: 'profile',
      sources: ['public.people.profile'],
      transform: 'plain',
      labels: ['pii.all', 'pii.x'],
    });
  });
});

describe('what a table does by itself tells of labelled values', () => {
  const made = (
    oid: number,
    name: string,
    columns: readonly string[],
    kind = 'r',
  ): readonly (readonly [string, unknown])[] => [
    ['relations', [String(oid), 'public', name, kind, 'f', 'f', null]],
    ['columns', [String(oid), JSON.stringify(columns.map((column, i) => [column, i + 1, 25, 'text', false]))]],
  ];
  const rule = (table: number, ...rest: readonly (string | null)[]): readonly [string, unknown] => [
    'rules',
    [String(table), ...rest],
  ];
  const rows = [
    ...made(1, 'keyed', ['id', 'name', 'ssn']),
    rule(1, 'primary', '{1}', null, null, null),
    rule(1, 'unique', '{3}', '1', null, null),
    ...made(151, 'stands', ['id', 'name', 'ssn']),
    rule(151, 'primary', '{1}', null, null, null),
    rule(151, 'unique', '{3}', null, null, null),
    ...made(152, 'given', ['id', 'name', 'ssn']),
    rule(152, 'unique', '{3}', '152', null, null),
    rule(152, 'filled', '{1,3}', null, null, null),
    ...made(153, 'redundant', ['id', 'name', 'ssn']),
    rule(153, 'redundant', '{}', null, null, null),
    ...made(154, 'mixed', ['id', 'name', 'ssn', 'long', 'failing', 'whole', 'required', 'asked']),
    rule(154, 'stored', '{2,3,4}', '154', '4', 'name || ssn'),
    rule(154, 'stored', '{1,3,5}', null, '5', 'id::integer / ssn::integer'),
    rule(154, 'stored', '{2,3,6}', null, '6', 'name || ssn'),
    rule(154, 'virtual', '{2,3,7}', '154', '7', 'NULLIF(name, ssn)'),
    rule(154, 'virtual', '{1,3,8}', null, '8', 'id || ssn'),
    rule(154, 'check', '{8}', null, null, null),
    ...made(2, 'computed', ['id', 'name', 'ssn']),
    rule(2, 'computed', '{2,3}', null, null, null),
    ...made(3, 'checked', ['id', 'name', 'ssn']),
    rule(3, 'check', '{2,3}', null, null, null),
    ...made(4, 'unchecked', ['id', 'name', 'ssn']),
    rule(4, 'unchecked', '{3}', null, null, null),
    ...made(5, 'refers', ['id', 'note', 'to_ssn']),
    rule(5, 'foreign', '{3}', '1', '{3}', null),
    ...made(6, 'secured', ['id', 'tag', 'owner']),
    rule(6, 'policy', '{}', '6', '{3}', null),
    ...made(7, 'asks', ['id', 'tag']),
    rule(7, 'policy', '{}', '1', '{3}', null),
    ...made(8, 'divided', ['id', 'ssn']),
    rule(8, 'partition', '{2}', null, null, null),
    ...made(9, 'part', ['id', 'ssn']),
    ['inherits', ['9', '8']],
    ...made(10, 'made', ['id', 'ssn', 'upper', 'size', 'is_null', 'late']),
    rule(10, 'stored', '{2,3}', null, '3', 'upper(ssn)'),
    rule(10, 'stored', '{2,4}', null, '4', 'length(ssn)'),
    rule(10, 'stored', '{1,5}', null, '5', 'upper(id)'),
    rule(10, 'virtual', '{2,6}', null, '6', '(ssn)::integer'),
    rule(10, 'unique', '{3}', null, null, null),
    ...made(11, 'filled', ['id', 'a', 'b']),
    rule(11, 'default', '{}', null, '2', 'public.first_ssn()'),
    ['functions', ['public', 'first_ssn', 'sql', 's', 'f', null, 'SELECT ssn FROM public.keyed LIMIT 1', 'f', '[]', null, 'text']],
    ...made(12, 'v_keyed', ['id', 'ssn'], 'v').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT keyed.id, keyed.ssn FROM public.keyed')] : [query, row],
    ),
    ...made(13, 'above', ['id', 'name', 'ssn']),
    rule(13, 'primary', '{1}', null, null, null),
    ...made(14, 'below', ['id', 'name', 'ssn']),
    ['inherits', ['14', '13']],
    rule(14, 'check', '{2,3}', null, null, null),
    ...made(15, 'whole', ['id', 'name', 'ssn']),
    rule(15, 'check', '{0}', null, null, null),
    ['functions', ['public', 'first_code', 'sql', 's', 'f', null, 'SELECT id FROM public.codes', 'f', '[]', null, 'other']],
    // Called like fields of their rows.
    ...[['turn_of', 'v', "SELECT nextval('scratch_id_seq')"], ['inverse_of', 'i', 'SELECT 1 / a.id']].map(([name, volatility, body]): readonly [string, unknown] =>
      ['functions', ['public', name, 'sql', volatility, 'f', null, body, 'f', '["a"]', null, 'other', body, 'f', '[51]', null]],
    ),
    ...made(16, 'people', ['id', 'tenant', 'name', 'ssn']),
    rule(16, 'primary', '{1}', null, null, null),
    rule(16, 'index', '{2,4}', '16', '{2,4}', 'own'),
    ...made(17, 'codes', ['id', 'ssn', 'note']),
    rule(17, 'primary', '{1}', null, null, null),
    rule(17, 'unique', '{3}', null, null, 'alone'),
    rule(17, 'index', '{2}', '17', '{2,1}', null),
    ...made(18, 'folded', ['id', 'ssn']),
    rule(18, 'index', '{2}', '18', '{}', 'expressions'),
    ...made(23, 'keys', ['id', 'tenant', 'ssn', 'note']),
    rule(23, 'primary', '{1}', null, null, null),
    rule(23, 'unique', '{2,3}', null, null, null),
    ...made(19, 'pairs', ['id', 'ssn', 'other']),
    rule(19, 'index', '{2,3}', '19', '{2,3}', null),
    // Of an index that compares in its own way, of several, and of partitions nobody knows in which order equal values stand.
    ...made(50, 'patterns', ['id', 'tenant', 'ssn']),
    rule(50, 'primary', '{1}', null, null, null),
    rule(50, 'index', '{2,3}', '50', '{2,3}', null),
    rule(50, 'index', '{3,2}', '50', '{2,3}', 'own'),
    // Of types whose equal values do not look alike.
    ...made(51, 'amounts', []).map(([query, row]): readonly [string, unknown] =>
      query === 'columns' ? [query, ['51', JSON.stringify([
        ['id', 1, 23, 'integer', false], ['tenant', 2, 23, 'integer', false], ['ssn', 3, 25, 'text', false], ['price', 4, 1700, 'numeric', false],
        ['score', 5, 701, 'double precision', false], ['nick', 6, 25, 'text', false, true], ['day', 7, 1082, 'date', false], ['note', 8, 25, 'text', false, false],
        ['owner', 9, 99999, 'public.citext', false], ['took', 10, 1186, 'interval', false],
      ])]] : [query, row],
    ),
    rule(51, 'primary', '{1}', null, null, null),
    rule(51, 'index', '{2,3}', '51', '{2,3}', 'own'),
    ...made(20, 'v_codes', ['id', 'note', 'twice'], 'v').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT codes.id, codes.note, codes.id + codes.id FROM public.codes')] : [query, row],
    ),
    ...made(21, 'v_first', ['id'], 'v').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT codes.id FROM public.codes LIMIT 1')] : [query, row],
    ),
    ...made(22, 'v_tenant', ['id'], 'v').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT people.id FROM public.people WHERE people.tenant = 1')] : [query, row],
    ),
    // Triggers: one that reads a table, one that does not, one that runs texts, one that writes where another is, one in another language.
    ...made(24, 'told', ['id', 'a']),
    rule(24, 'trigger', '{}', null, null, 'public.reads_keyed'),
    ...made(25, 'touched', ['id', 'a']),
    rule(25, 'trigger', '{}', null, null, 'public.touches'),
    ...made(26, 'dynamic', ['id', 'a']),
    rule(26, 'trigger', '{}', null, null, 'public.runs'),
    ...made(27, 'writes', ['id', 'a']),
    rule(27, 'trigger', '{}', null, null, 'public.writes_told'),
    ...made(28, 'perl', ['id', 'a']),
    rule(28, 'trigger', '{}', null, null, 'public.in_perl'),
    ...made(29, 'over_told', ['id', 'a']),
    ...made(30, 'under_over', ['id', 'above']),
    rule(30, 'foreign', '{2}', '29', '{1}', null),
    rule(30, 'trigger', '{}', null, null, 'public.reads_keyed'),
    ...made(31, 'v_told', ['id', 'a'], 'v').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT told.id, told.a FROM public.told')] : [query, row],
    ),
    ...made(32, 'calls', ['id', 'a']),
    rule(32, 'trigger', '{}', null, null, 'public.calls_code'),
    ...made(33, 'dumps', ['id', 'a']),
    rule(33, 'trigger', '{}', null, null, 'public.dumps'),
    // What a policy asks, and what a check, an index or statistics are made by.
    ...made(90, 'asking', ['id', 'a']),
    rule(90, 'asked', '{}', null, null, 'public.reads_keyed'),
    ...made(91, 'calling', ['id', 'a']),
    rule(91, 'called', '{}', null, null, 'public.reads_keyed'),
    ...made(92, 'calm', ['id', 'a']),
    rule(92, 'asked', '{}', null, null, 'public.touches'),
    rule(92, 'called', '{}', null, null, 'public.touches'),
    ...made(93, 'coded', ['id', 'ssn']),
    rule(93, 'called', '{}', null, null, 'public.touches'),
    ...([
      ['reads_keyed', 'plpgsql', `BEGIN RAISE NOTICE '%', (SELECT "ssn" FROM KEYED); RETURN NEW; END`],
      ['touches', 'plpgsql', 'BEGIN NEW.a := pg_catalog.upper(now()::text); RETURN NEW; END'],
      ['runs', 'plpgsql', 'BEGIN EXECUTE NEW.a; RETURN NEW; END'],
      ['writes_told', 'plpgsql', 'BEGIN INSERT INTO public.told VALUES (1); RETURN NEW; END'],
      ['calls_code', 'plpgsql', 'BEGIN NEW.a := first_code(); RETURN NEW; END'],
      ['dumps', 'plpgsql', 'BEGIN NEW.a := database_to_xml(true, true, NEW.a); RETURN NEW; END'],
      ['in_perl', 'plperl', null],
    ] as const).map(([name, language, source]): readonly [string, unknown] => [
      'functions', ['public', name, language, 'v', 'f', null, null, 'f', '[]', null, 'other', source],
    ]),
    // What labels come by, and what can be taken away.
    ...made(34, 'mv_keyed', ['id', 'x'], 'm').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT v_keyed.id, v_keyed.ssn FROM public.v_keyed')] : [query, row],
    ),
    ...made(60, 'mv_unique', ['id', 'x'], 'm').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT keyed.id, keyed.ssn FROM public.keyed')] : [query, row],
    ),
    rule(60, 'unique', '{2}', null, null, null),
    ...made(36, 'v_some', ['id', 'a'], 'v').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT filled.id, filled.a FROM public.filled WHERE EXISTS (SELECT FROM public.keyed WHERE keyed.ssn = filled.a)')] : [query, row],
    ),
    ...made(37, 'v_over_some', ['n'], 'v').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT count(*) AS n FROM public.v_some')] : [query, row],
    ),
    ...([
      ['v_parts', ['id', 'part'], 'unnest(string_to_array(keyed.ssn, keyed.name)) AS part'],
      ['v_split', ['id', 'part'], `upper(regexp_split_to_table(keyed.ssn, '-'::text)) AS part`],
      ['v_rows', ['id', 'n'], 'public.rows_of(keyed.ssn) AS n'],
      ['v_one', ['id', 'n'], 'public.one_of(keyed.ssn) AS n'],
      ['v_words', ['id', 'word'], 'unnest(string_to_array(keyed.name, keyed.id)) AS word'],
    ] as const).flatMap(([name, columns, last], i) => made(40 + i, name, columns, 'v').map(([query, row]): readonly [string, unknown] =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ` SELECT keyed.id, ${last} FROM public.keyed`)] : [query, row],
    )),
    ...(['rows_of', 'one_of'] as const).map((name): readonly [string, unknown] => [
      'functions', ['public', name, 'sql', 'i', 'f', null, 'SELECT length($1)', 'f', '[]', null, 'other', null, name === 'rows_of' ? 't' : 'f'],
    ]),
    ...made(36, 'ranged', ['id', 'ssn']),
    rule(36, 'partition', '{1}', null, null, null),
    // What is stored of a row and may fail.
    ...made(161, 'entered', ['id', 'tag', 'kind', 'ssn', 'other']),
    rule(161, 'entry', '{2,4}', null, '{2,4}', '[null,null,false]'),
    rule(161, 'entry', '{3,4}', null, '{4}', '[null,null,false]'),
    rule(161, 'entry', '{2,3}', null, '{2}', '[null,null,false]'),
    rule(161, 'entry', '{2}', null, '{2}', '[null,null,false]'),
    ...made(162, 'entered_by', ['id', 'tag', 'Kind', 'ssn', 'other']),
    rule(162, 'entry', '{1}', null, '{-1}', JSON.stringify([['(100 / length(ssn))'], `("Kind" = 'on'::text)`, false])),
    rule(162, 'entry', '{1}', null, '{-1}', JSON.stringify([['(length(tag) / length(ssn))'], null, false])),
    ...made(163, 'entered_if', ['id', 'tag', 'kind', 'ssn', 'other']),
    rule(163, 'entry', '{1}', null, '{-1}', JSON.stringify([null, `((kind = 'on'::text) AND (ssn > 'f'::text))`, false])),
    ...made(164, 'entered_if_failing', ['id', 'tag', 'kind', 'ssn', 'other']),
    rule(164, 'entry', '{1}', null, '{-1}', JSON.stringify([null, `((kind)::integer = length(ssn))`, false])),
    ...made(165, 'entered_if_own', ['id', 'tag', 'kind', 'ssn', 'other']),
    rule(165, 'entry', '{1}', null, '{-1}', JSON.stringify([null, '(kind = ssn)', true])),
    ...made(166, 'ranges_of', ['id', 'tag', 'kind', 'ssn', 'other']),
    rule(166, 'entry', '{2,4}', '166', '{2}', '[null,null,false]'),
    ...made(167, 'rows_of', ['id', 'tag', 'kind', 'ssn', 'other']),
    rule(167, 'entry', '{1}', null, '{-1}', JSON.stringify([['f(rows_of.*)'], null, false])),
    ...made(168, 'homes', ['id', 'tenant', 'ssn']),
    rule(168, 'foreign', '{2,3}', '176', '{1,2}', null),
    ...made(176, 'regions', ['tenant', 'country']),
    ...made(169, 'gone', ['id', 'tenant', 'ssn']),
    rule(169, 'index', '{2,3}', '169', '{2,3}', 'own'),
    rule(169, 'each', '{}', null, null, null),
    ...made(170, 'gone_over', ['id', 'tenant', 'ssn']),
    rule(170, 'index', '{2,3}', '170', '{2,3}', 'own'),
    ...made(171, 'gone_mid', ['id']),
    rule(171, 'foreign', '{1}', '170', '{1}', 'cc'),
    ...made(172, 'gone_under', ['id']),
    rule(172, 'foreign', '{1}', '171', '{1}', 'cc'),
    rule(172, 'each', '{}', null, null, null),
    ...made(173, 'stays', ['id', 'tenant', 'ssn']),
    rule(173, 'index', '{2,3}', '173', '{2,3}', 'own'),
    ...made(174, 'refuses', ['id']),
    rule(174, 'foreign', '{1}', '173', '{1}', null),
    rule(174, 'each', '{}', null, null, null),
    ...made(175, 'v_gone', ['id', 'tenant'], 'v').map(([query, row]) =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT gone.id, gone.tenant FROM public.gone')] : [query, row],
    ),
    ...made(200, 'owned', ['id']),
    ...made(201, 'owning', ['id', 'p', 'ssn']),
    rule(201, 'foreign', '{2}', '200', '{1}', 'nc'),
    rule(201, 'check', '{2,3}', null, null, null),
    rule(201, 'unique', '{2,3}', '201', null, null),
    ...made(202, 'between', ['id', 'a']),
    rule(202, 'foreign', '{2}', '203', '{1}', 'ca'),
    ...made(203, 'topmost', ['id']),
    ...made(204, 'lowest', ['id', 'b', 'ssn']),
    rule(204, 'foreign', '{2}', '202', '{1}', 'da'),
    rule(204, 'check', '{2,3}', null, null, null),
    ...made(205, 'tree', ['id', 'up', 'ssn']),
    rule(205, 'foreign', '{2}', '205', '{1}', 'nd'),
    rule(205, 'unique', '{2,3}', null, null, null),
    ...made(206, 'folder', ['id']),
    ...made(207, 'filed', ['id', 'f', 'ssn']),
    rule(207, 'foreign', '{2}', '206', '{1}', 'na'),
    rule(207, 'unique', '{2,3}', '207', null, null),
    ...made(211, 'v_filed', ['id', 'f'], 'v').map(([query, row]): readonly [string, unknown] =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(6, ' SELECT filed.id, filed.f FROM public.filed')] : [query, row],
    ),
    ...made(208, 'looping', ['id', 'up', 'ssn']),
    rule(208, 'foreign', '{2}', '208', '{1}', 'cc'),
    ...made(209, 'shelf', ['id']),
    ...made(210, 'shelved', ['id', 's', 'ssn']),
    rule(210, 'foreign', '{2}', '209', '{1}', 'na'),
    rule(210, 'computed', '{2,3}', '210', null, null),
    ...made(35, 'in_domain', ['id', 'ssn']),
    rule(35, 'domain', '{1,2}', null, null, null),
    rule(35, 'default', '{}', null, '1', 'public.first_ssn()'),
  ]; // prettier-ignore
  const labelled =
    'coded in_domain ranged keyed stands given redundant mixed computed checked unchecked divided made above whole people codes folded pairs keys patterns amounts entered entered_by entered_if entered_if_failing entered_if_own ranges_of rows_of homes gone gone_over stays owning lowest tree filed looping shelved'
      .split(' ')
      .map((name) => `${name}.ssn`);
  beforeAll(() => {
    analyzer.setCatalog('ruled', leakCatalog(rows.map((row) => JSON.stringify(row)).join('\n')));
    const labels = [...labelled, 'secured.owner', 'pairs.other'].map(
      (column) => [`public.${column}`, ['pii.ssn']] as const,
    );
    analyzer.setLabels('ruled', new Map(labels), '1');
  });
  const ruled = async (sql: string): Promise<StatementFacts> => {
    const answer = await analyzer.analyze({ target: 'ruled', text: Buffer.from(sql), major: 18, searchPath });
    if (!answer.ok || !answer.statements[0]) throw new Error('no statement');
    expect(answer.statements[0].command.analysis.reasons).toEqual([]);
    return answer.statements[0];
  };

  test('a view that counts beside a labelled column is about no label', async () => {
    const { command } = await ruled('CREATE VIEW v AS SELECT id, count(*) AS n FROM divided GROUP BY id');
    expect(command.labels).toEqual([]);
    const read = await ruled('SELECT id, count(*) AS n FROM divided GROUP BY id');
    expect(read.command.labels).toEqual(['pii.ssn']);
  });
  test.each<[sql: string, ...used: readonly string[]]>([
    // A value that has to be unique: whether it is there already.
    ["INSERT INTO keyed VALUES (1, 'a', '1')", 'keyed.ssn key'],
    ["INSERT INTO keyed (id, ssn) VALUES (1, '1')", 'keyed.ssn key'],
    ["INSERT INTO keyed (id, ssn) VALUES (1, '1') ON CONFLICT DO NOTHING", 'keyed.ssn key'],
    ["INSERT INTO keyed (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET ssn = '1'", 'keyed.ssn key', 'refers.to_ssn key'],
    ['COPY keyed FROM STDIN', 'keyed.ssn key'],
    ["UPDATE keyed SET ssn = '1' WHERE id = 1", 'keyed.ssn key', 'refers.to_ssn key'],
    ["UPDATE v_keyed SET ssn = '1' WHERE id = 1", 'keyed.ssn key', 'refers.to_ssn key'],
    ["MERGE INTO keyed k USING filled a ON k.id = a.id WHEN MATCHED THEN UPDATE SET ssn = '1'", 'keyed.ssn key', 'refers.to_ssn key'],
    ["MERGE INTO keyed k USING filled a ON k.id = a.id WHEN NOT MATCHED THEN INSERT (id, ssn) VALUES (1, '1')", 'keyed.ssn key'],
    ['MERGE INTO keyed k USING filled a ON k.id = a.id WHEN MATCHED THEN DELETE', 'keyed.ssn key', 'refers.to_ssn key'],
    ['INSERT INTO keyed (id) VALUES (1)'],
    ["INSERT INTO keyed (id, name) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET name = 'b'"],
    ["UPDATE keyed SET name = 'a' WHERE id = 1"],
    ["UPDATE computed SET name = 'a' WHERE id = 1", 'computed.ssn key'],
    ["INSERT INTO computed (name) VALUES ('a')", 'computed.ssn key'],
    ["UPDATE computed SET id = '1' WHERE id = '2'"],
    ["UPDATE made SET ssn = '1' WHERE id = '1'", 'made.upper key'],
    // A check over what is written and what stands there.
    ["UPDATE checked SET name = 'a' WHERE id = 1", 'checked.ssn rule'],
    ["UPDATE checked SET name = 'a', ssn = '1' WHERE id = 1"],
    ["UPDATE checked SET id = '1' WHERE id = '2'"],
    ["INSERT INTO checked (name, ssn) VALUES ('a', '1')"],
    ["UPDATE unchecked SET name = 'a' WHERE id = 1", 'unchecked.ssn rule'],
    ["INSERT INTO unchecked (name, ssn) VALUES ('a', '1')"],
    ["UPDATE above SET name = 'a' WHERE id = 1", 'above.ssn rule'],
    ["UPDATE whole SET name = 'a' WHERE id = 1", 'whole.ssn rule'],
    // An entry of an index, which has a length that it may not exceed.
    ["UPDATE entered SET tag = $1 WHERE id = '1'", 'entered.ssn rule'],
    ["UPDATE entered SET tag = upper('a') WHERE id = '1'", 'entered.ssn rule'],
    [`UPDATE entered SET tag = '${'a'.repeat(65)}' WHERE id = '1'`, 'entered.ssn rule'],
    [`UPDATE entered SET tag = '${'a'.repeat(64)}' WHERE id = '1'`],
    [`UPDATE entered SET tag = 1${'0'.repeat(70)} WHERE id = '1'`, 'entered.ssn rule'],
    ["UPDATE entered SET tag = B'1' WHERE id = '1'", 'entered.ssn rule'],
    ['UPDATE entered SET tag = 1, kind = $1 WHERE id = $2'],
    ["INSERT INTO entered VALUES ('1') ON CONFLICT (id) DO UPDATE SET tag = 'a'", 'entered.ssn rule'],
    ['UPDATE entered SET tag = $1, ssn = $2 WHERE id = $3'],
    ['UPDATE entered SET other = $1 WHERE id = $2'],
    ['INSERT INTO entered (id, tag, ssn) VALUES ($1, $2, $3)'],
    ['DELETE FROM entered WHERE id = $1'],
    // What is computed of values together, or for the first time.
    ['UPDATE entered_by SET tag = $1 WHERE id = $2', 'entered_by.ssn rule'],
    ["UPDATE entered_by SET tag = 'a' WHERE id = $2", 'entered_by.ssn rule'],
    [`UPDATE entered_by SET "Kind" = 'a' WHERE id = $2`, 'entered_by.ssn rule'],
    ['UPDATE entered_by SET tag = $1, "Kind" = $2, ssn = $3 WHERE id = $4'],
    ['UPDATE entered_by SET id = $1, other = $2 WHERE id = $3'],
    ['UPDATE rows_of SET other = $1 WHERE id = $2', 'rows_of.ssn rule'],
    // A condition of an index that cannot fail tells nothing where what stands in it is short.
    ['UPDATE entered_if SET kind = $1, id = $2 WHERE id = $3'],
    ['UPDATE entered_if_failing SET kind = $1 WHERE id = $2', 'entered_if_failing.ssn rule'],
    ['UPDATE entered_if_failing SET id = $1 WHERE id = $2'],
    ['UPDATE entered_if_own SET kind = $1 WHERE id = $2', 'entered_if_own.ssn rule'],
    // One that is made of several rows.
    ['INSERT INTO ranges_of (id, tag) VALUES ($1, $2)', 'ranges_of.ssn rule'],
    ['UPDATE ranges_of SET tag = $1, ssn = $2 WHERE id = $3', 'ranges_of.ssn rule'],
    ['INSERT INTO ranges_of (id, ssn) VALUES ($1, $2)'],
    // A foreign key of which a column stays.
    ['UPDATE homes SET tenant = $1 WHERE id = $2', 'homes.ssn key'],
    ['UPDATE homes SET tenant = $1, ssn = $2 WHERE id = $3'],
    ['UPDATE homes SET id = $1 WHERE id = $2'],
    ['INSERT INTO homes VALUES ($1, $2, $3)'],
    // What a trigger does with one row after the other.
    ['DELETE FROM gone WHERE tenant = $1', 'gone.ssn index_order'],
    ['DELETE FROM v_gone WHERE tenant = $1', 'gone.ssn index_order'],
    ['DELETE FROM gone_over WHERE tenant = $1', 'gone_over.ssn index_order'],
    ['DELETE FROM stays WHERE tenant = $1'],
    ['DELETE FROM gone WHERE id = $1'],
    ["SELECT count(*) FROM stays WHERE tenant = $1 AND to_tsvector(id) @@ to_tsquery('a')", 'stays.ssn index_order'],
    ["SELECT count(*) FROM stays WHERE tenant = $1 AND id::tsvector @@ to_tsquery('a')"],
    // A value that has to exist, or must not be referred to.
    ["INSERT INTO refers (to_ssn) VALUES ('1')", 'keyed.ssn key'],
    ["UPDATE refers SET to_ssn = '1' WHERE id = 1", 'keyed.ssn key'],
    ["UPDATE refers SET note = '1' WHERE id = 1"],
    ['DELETE FROM keyed WHERE id = 1', 'keyed.ssn key', 'refers.to_ssn key'],
    ['DELETE FROM refers WHERE id = 1'],
    // What follows from a foreign key is a change of the rows that refer.
    ['DELETE FROM owned WHERE id = 1', 'owning.ssn rule'],
    ["UPDATE owned SET id = '2' WHERE id = '1'", 'owning.ssn key', 'owning.ssn rule'],
    ['INSERT INTO owned VALUES (1)'],
    ['DELETE FROM topmost WHERE id = 1', 'lowest.ssn rule'],
    ["UPDATE topmost SET id = '2' WHERE id = '1'"],
    ['DELETE FROM tree WHERE id = 1', 'tree.ssn key'],
    ["UPDATE tree SET ssn = '2' WHERE id = '1'", 'tree.ssn key'],
    ['DELETE FROM looping WHERE id = 1'],
    ["UPDATE looping SET id = '2' WHERE id = '1'"],
    ['DELETE FROM shelf WHERE id = 1', 'shelved.ssn key'],
    ['DELETE FROM folder WHERE id = 1'],
    ["UPDATE v_filed SET f = '2' WHERE id = '1'", 'filed.ssn key'],
    ["UPDATE folder SET id = '2' WHERE id = '1'"],
    // Rows that are there, or are shown, by a value.
    ['SELECT id FROM secured', 'secured.owner rule'],
    ['SELECT count(*) FROM secured', 'secured.owner rule'],
    ["UPDATE secured SET tag = 'a'", 'secured.owner rule'],
    ["INSERT INTO secured (id) VALUES (1)", 'secured.owner rule'],
    ['COPY secured (id) TO STDOUT', 'secured.owner rule'],
    ['SELECT id FROM asks', 'keyed.ssn rule'],
    ['SELECT id FROM part', 'part.ssn rule'],
    ['DELETE FROM ONLY part', 'part.ssn rule'],
    ['SELECT id FROM divided', 'divided.ssn index_order'],
    ['SELECT count(*) FROM divided'],
    ['CREATE TABLE p PARTITION OF ranged FOR VALUES FROM (1) TO (2)'],
    ['CREATE TABLE p PARTITION OF ranged DEFAULT'],
    ['CREATE TABLE p PARTITION OF ranged (ssn DEFAULT 1) FOR VALUES FROM (1) TO (2)', 'ranged.ssn other'],
    ['CREATE TABLE p PARTITION OF ranged FOR VALUES FROM (1) TO (2) PARTITION BY LIST (ssn)', 'ranged.ssn other'],
    ['CREATE TABLE p () INHERITS (ranged)', 'ranged.ssn other'],
    ['ALTER TABLE ranged ATTACH PARTITION part FOR VALUES FROM (1) TO (2)', 'part.ssn other', 'part.ssn rule', 'ranged.ssn other'],
    // A partition by a labelled key: whether the default one holds such rows.
    ["CREATE TABLE p PARTITION OF divided FOR VALUES IN ('a')", 'divided.ssn other'],
    // Written anew, a key is held against what comes out.
    ['ALTER TABLE keys ALTER tenant TYPE bigint', 'keys.ssn key'],
    ['ALTER TABLE keys ALTER note TYPE varchar(40)'],
    ['REFRESH MATERIALIZED VIEW mv_unique', 'mv_unique.x key'],
    ['REFRESH MATERIALIZED VIEW mv_keyed'],
    // Written anew as a whole, functions of its indexes say again what they say of a row.
    ['ALTER TABLE coded ADD COLUMN x int NOT NULL DEFAULT 1, ADD COLUMN y text NULL'],
    ['ALTER TABLE coded ADD COLUMN x timestamptz DEFAULT clock_timestamp()', 'coded.ssn other'],
    ["ALTER TABLE coded ADD COLUMN x color DEFAULT 'red'", 'coded.ssn other'],
    ['ALTER TABLE coded ALTER id TYPE bigint', 'coded.ssn other'],
    // Of a table that is divided by nothing that is known, by whatever it may be.
    ["CREATE TABLE p PARTITION OF keyed FOR VALUES IN ('a')", 'keyed.ssn other'],
    // What a trigger, a rule or a policy does to whole rows is not looked at here.
    ['CREATE TRIGGER t AFTER UPDATE ON ranged FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()', 'ranged.ssn other'],
    ['CREATE RULE r AS ON DELETE TO ranged DO NOTHING', 'ranged.ssn other'],
    ['CREATE POLICY p ON ranged', 'ranged.ssn other'],
    // A view tells its rows to nobody yet; what reads it does.
    ['CREATE VIEW v AS SELECT id, count(*) AS n FROM divided GROUP BY id'],
    ['CREATE OR REPLACE VIEW v AS SELECT id FROM divided LIMIT 1'],
    ['CREATE VIEW v AS SELECT id FROM divided WHERE ssn IS NULL', 'divided.ssn null_test'],
    ['CREATE MATERIALIZED VIEW v AS SELECT id FROM divided', 'divided.ssn index_order'],
    ['CREATE TABLE v AS SELECT id FROM divided', 'divided.ssn index_order'],
    ['SELECT tableoid, id FROM divided', 'divided.ssn expression', 'divided.ssn index_order'],
    ['SELECT d.tableoid FROM divided d', 'divided.ssn expression', 'divided.ssn index_order'],
    ['SELECT count(*) FROM divided WHERE tableoid = 9', 'divided.ssn where'],
    ['SELECT ctid FROM divided', 'divided.ssn index_order'],
    ['SELECT tableoid FROM keyed'],
    // A view that chose them so tells by how many they are, whether or not a column of it is named.
    ['SELECT count(*) FROM v_some', 'v_some.* view'],
    ['SELECT 1 FROM v_some', 'v_some.* view'],
    ['SELECT id FROM filled WHERE EXISTS (SELECT FROM v_some)', 'v_some.* view'],
    ["DELETE FROM v_some WHERE now() > '2000-01-01'", 'keyed.ssn key', 'refers.to_ssn key', 'v_some.* view'],
    ["INSERT INTO v_some VALUES (1, 'a')", 'keyed.ssn index_order', 'keyed.ssn key', 'keyed.ssn set', 'v_some.* view'],
    ['SELECT n FROM v_over_some', 'v_over_some.* view', 'v_over_some.n view'],
    ['SELECT count(*) FROM v_over_some', 'v_over_some.* view'],
    ['SELECT count(*) FROM v_keyed'],
    // One that has a row more for each piece of a value tells by how often the others are there.
    ['SELECT count(*) FROM v_parts', 'v_parts.* view'],
    ['SELECT id FROM v_parts', 'v_parts.* view', 'v_parts.id view'],
    ['SELECT count(*) FROM v_split', 'v_split.* view'],
    ['SELECT count(*) FROM v_rows', 'v_rows.* view'],
    ['SELECT count(*) FROM v_one'],
    ['SELECT id FROM v_one'],
    ['SELECT id, word FROM v_words'],
    // What is generated from a value.
    ["SELECT id FROM made WHERE upper > 'A'", 'made.upper where'],
    ['SELECT id FROM made ORDER BY size', 'made.size view'],
    ['SELECT id FROM made ORDER BY is_null'],
    ['SELECT late FROM made', 'made.late view'],
    // Groups and rows that a primary key tells apart already.
    ['SELECT id, ssn FROM keyed GROUP BY id, ssn'],
    ['SELECT k.id, k.ssn, count(*) FROM keyed k JOIN filled f ON f.id = k.id GROUP BY k.id, k.name, k.ssn, f.a'],
    ['SELECT id, name, ssn, count(*) FROM keyed GROUP BY 1, 2, 3'],
    // A unique index of columns that are never NULL stands for the row as well as the primary key.
    ['SELECT id, ssn FROM stands GROUP BY id, ssn', 'stands.ssn group'],
    ['SELECT ssn, id, name FROM stands GROUP BY 1, 2, 3 ORDER BY name', 'stands.ssn group'],
    ['SELECT s.id, s.ssn, k.id FROM stands s JOIN keyed k ON k.id = s.id GROUP BY s.id, s.ssn, k.id', 'stands.ssn group'],
    ['SELECT id, ssn FROM stands GROUP BY id, ssn ORDER BY name, id'],
    ['SELECT id, name FROM stands GROUP BY id, name'],
    // A value that nobody gave is one nonetheless.
    ['INSERT INTO given (id) VALUES (1)', 'given.ssn key'],
    ['INSERT INTO given (id) VALUES (1) ON CONFLICT DO NOTHING', 'given.ssn key'],
    ['COPY given (id) FROM STDIN', 'given.ssn key'],
    // An update of what is so already is none.
    ["UPDATE redundant SET ssn = '1' WHERE id = 1", 'redundant.ssn rule'],
    ["UPDATE redundant SET name = '1' WHERE id = 1"],
    // What a generated column is made of: what is given, and what is there.
    ["UPDATE mixed SET name = 'a' WHERE id = '1'", 'mixed.ssn rule'],
    ["UPDATE mixed SET id = '2' WHERE id = '1'", 'mixed.asked rule', 'mixed.ssn rule'],
    ["UPDATE mixed SET name = 'a', id = '2', ssn = '1' WHERE id = '1'"],
    ["INSERT INTO mixed (id, name) VALUES ('1', 'a')"],
    ['SELECT id, ssn FROM keyed GROUP BY name, ssn', 'keyed.ssn group'],
    ['SELECT k.id, k.ssn FROM keyed k JOIN keyed l ON l.id = k.id GROUP BY l.id, k.ssn', 'keyed.ssn group'],
    ['SELECT id, ssn FROM keyed GROUP BY GROUPING SETS ((id), (ssn))', 'keyed.ssn group'],
    ['SELECT id, ssn FROM keyed GROUP BY ROLLUP (id, ssn)', 'keyed.ssn group'],
    ['SELECT id, upper(ssn) FROM keyed GROUP BY id, upper(ssn)', 'keyed.ssn group'],
    ['SELECT id, ssn FROM (SELECT id, ssn FROM keyed) k GROUP BY id, ssn', 'keyed.ssn group'],
    ['SELECT id, ssn FROM above GROUP BY id, ssn', 'above.ssn group'],
    ['SELECT name AS id, ssn FROM keyed k(name, id, ssn) GROUP BY id, ssn', 'keyed.ssn group'],
    ['SELECT DISTINCT k.* FROM keyed k JOIN filled f ON f.id = k.id ORDER BY k.id'],
    ['SELECT DISTINCT id, ssn FROM keyed ORDER BY id'],
    ['SELECT DISTINCT ssn, id AS x FROM keyed ORDER BY x DESC'],
    ['SELECT DISTINCT id, ssn FROM keyed', 'keyed.ssn distinct'],
    ['SELECT DISTINCT id, ssn FROM keyed ORDER BY id, ssn', 'keyed.ssn order'],
    ['SELECT DISTINCT k.id, k.ssn, f.a FROM keyed k JOIN filled f ON f.id = k.id ORDER BY k.id', 'keyed.ssn distinct'],
    ['SELECT DISTINCT name AS id, ssn FROM keyed ORDER BY id', 'keyed.ssn distinct'],
    ['SELECT DISTINCT id, upper(ssn) FROM keyed ORDER BY id', 'keyed.ssn distinct'],
    ['SELECT DISTINCT l.id, k.ssn FROM keyed k JOIN keyed l ON l.id = k.id ORDER BY l.id', 'keyed.ssn distinct'],
    ['SELECT DISTINCT ON (ssn) id FROM keyed ORDER BY id', 'keyed.ssn distinct'],
    // What a default brings.
    ['INSERT INTO filled (id) VALUES (1)', 'keyed.ssn index_order', 'keyed.ssn set'],
    ['INSERT INTO filled VALUES (1, DEFAULT)', 'keyed.ssn index_order', 'keyed.ssn set'],
    ['INSERT INTO filled (id, a) VALUES (1, DEFAULT)', 'keyed.ssn index_order', 'keyed.ssn set'],
    ['UPDATE filled SET a = DEFAULT', 'keyed.ssn index_order', 'keyed.ssn set'],
    ['MERGE INTO filled f USING refers r ON f.id = r.id WHEN NOT MATCHED THEN INSERT (id) VALUES (1)', 'keyed.ssn index_order', 'keyed.ssn set'],
    ['COPY filled (id) FROM STDIN', 'keyed.ssn index_order', 'keyed.ssn set'],
    ["INSERT INTO filled (id, a) VALUES (1, 'x')"],
    ["UPDATE filled SET a = 'x'"],
  ])('%s', async (sql, ...used) => {
    expect(uses(await ruled(sql)).filter((use) => !use.startsWith('v_keyed'))).toEqual(used);
  }); // prettier-ignore

  const ordered = async (sql: string): Promise<readonly string[]> =>
    uses(await ruled(sql)).filter((use) => use.endsWith(' index_order'));

  test.each([
    // A plan may go along (tenant, ssn), and does where the tenant is asked for.
    'SELECT id FROM people WHERE tenant = 1',
    'SELECT id FROM people WHERE tenant = 1 LIMIT 5',
    'SELECT id FROM people ORDER BY tenant',
    'SELECT ctid FROM people WHERE tenant = 1',
    'SELECT 1, id FROM people WHERE tenant = 1',
    'SELECT id FROM people WHERE tenant = 1 ORDER BY name',
    'SELECT name AS id FROM people WHERE tenant = 1 ORDER BY id',
    'SELECT id FROM people WHERE tenant = 1 ORDER BY id USING <',
    'SELECT id FROM people WHERE tenant = 1 AND id > 5',
    'SELECT id FROM people WHERE tenant = 1 OR id = 5',
    'SELECT id FROM people WHERE tenant = 1 AND id = length(name)',
    'SELECT p.id FROM people p JOIN filled f ON f.id = p.tenant',
    'SELECT p.id FROM people p, filled f WHERE f.id = p.tenant AND f.id = 5',
    // Along (ssn) that holds the id too, where nothing else is read.
    'SELECT id FROM codes',
    'SELECT id, ssn FROM codes',
    'SELECT id + 1 AS id FROM codes ORDER BY id',
    'SELECT note FROM codes WHERE ssn IS NOT NULL',
    'SELECT c.id FROM codes c JOIN codes d ON c.id = d.id ORDER BY c.id',
    'SELECT id FROM codes UNION ALL SELECT 1',
    'SELECT id FROM (SELECT id + 0 AS id FROM codes) c ORDER BY id',
    'WITH c AS (SELECT id FROM codes) SELECT id FROM c',
    'WITH c AS (SELECT id FROM codes) SELECT count(*) FROM c UNION ALL SELECT id FROM c',
    'SELECT note FROM keys WHERE tenant = 1',
    // By a key, and not by that of these rows.
    'SELECT ARRAY(SELECT c.id FROM codes c ORDER BY o.id) FROM codes o ORDER BY o.id',
    'SELECT ARRAY(SELECT c.id FROM codes c WHERE o.id = 1) FROM codes o ORDER BY o.id',
    'SELECT c.id FROM codes c, (SELECT id FROM codes ORDER BY id) d ORDER BY d.id',
    'WITH c AS (SELECT id FROM codes) SELECT c.id FROM c, (SELECT id FROM c ORDER BY id) d ORDER BY d.id',
    'WITH c AS (SELECT id FROM codes) SELECT c.id FROM c, c d ORDER BY d.id',
    'WITH c AS (SELECT id FROM codes) SELECT c.id FROM (SELECT id FROM c ORDER BY id) d, c',
    'SELECT v.id FROM v_codes v, v_codes w ORDER BY w.id',
    'SELECT id FROM v_codes',
    'SELECT twice FROM v_codes ORDER BY twice',
    'SELECT sum(id) FROM v_first',
    'SELECT id FROM v_tenant',
    // Which row comes first, or before which, shows in what is made of them.
    'SELECT array_agg(id) FROM codes',
    'SELECT array_agg(c.id ORDER BY f.a) FROM codes c, filled f',
    'SELECT JSON_ARRAYAGG(id) FROM codes',
    "SELECT string_agg(name, ',') FROM people WHERE tenant = 1 GROUP BY name",
    'SELECT row_number() OVER (), id FROM codes ORDER BY id',
    'SELECT row_number() OVER w, id FROM people WINDOW w AS (ORDER BY tenant) ORDER BY id',
    'SELECT sum(id) OVER (ORDER BY tenant ROWS 1 PRECEDING), id FROM people ORDER BY id',
    'SELECT array_agg(id ORDER BY tenant) FROM people',
    "SELECT string_agg(name, ',' ORDER BY tenant) FROM people",
    'SELECT sum(c.id) FROM (SELECT id FROM codes LIMIT 1) c',
    'SELECT sum(c.id) FROM (SELECT id FROM codes OFFSET 1) c',
    'SELECT (SELECT id FROM codes LIMIT 1)',
    'SELECT a FROM filled WHERE id IN (SELECT id FROM codes LIMIT 1)',
    'SELECT ARRAY(SELECT id FROM codes)',
    'SELECT 1 WHERE ARRAY(SELECT id FROM codes) IS NULL',
    'SELECT JSON_ARRAY(SELECT id FROM codes)',
    'SELECT first_code()',
    'SELECT DISTINCT ON (tenant) name FROM people',
    'SELECT count(*) FROM (SELECT DISTINCT ON (tenant) name FROM people) p',
    // Rows are written in the order in which they are found.
    "UPDATE people SET name = 'x' WHERE tenant = 1",
    'UPDATE filled SET b = c.id FROM codes c',
    'DELETE FROM people WHERE tenant = 1 RETURNING id',
    "MERGE INTO people p USING filled f ON p.tenant = f.id WHEN MATCHED THEN UPDATE SET name = 'x'",
    'INSERT INTO filled (a, b) SELECT id, id FROM codes',
    'CREATE TABLE t AS SELECT id FROM codes',
    'COPY (SELECT id FROM codes) TO STDOUT',
    'CLUSTER people USING people_tenant',
    // Equal values stand beside one another, but not in every index.
    "SELECT id FROM patterns WHERE tenant = 1 AND ssn = 'x'",
    "SELECT p.id FROM people p JOIN people o ON o.tenant = p.tenant WHERE p.ssn = 'x'",
    "SELECT id FROM people WHERE tenant = 1 AND lower(ssn) = 'x'",
    "SELECT id FROM people WHERE tenant = 1 AND (ssn = 'x' OR ssn = 'y')",
    "SELECT id FROM people WHERE tenant = 1 AND ssn IN ('x', 'y')",
    "SELECT id FROM people WHERE tenant = 1 AND ssn = name",
    "SELECT id FROM people WHERE tenant = 1 AND ssn = 'x' COLLATE \"de-x-icu\"",
    // Which of several that are equal is shown: 1.0 or 1.00, one spelling or another.
    'SELECT max(price) FROM amounts WHERE tenant = 1',
    'SELECT mode() WITHIN GROUP (ORDER BY price) FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT price FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT nick FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT owner FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT lower(nick) FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT nick::text FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT note::numeric FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT price * 1 FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT tenant + 1.0 * id FROM amounts WHERE tenant = 1',
    "SELECT DISTINCT note COLLATE \"de-x-icu\" FROM amounts WHERE tenant = 1",
    'SELECT DISTINCT to_jsonb(price) FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT ROW(price) FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT coalesce(price, 0) FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT CASE WHEN id = 1 THEN price END FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT p FROM (SELECT price AS p FROM amounts WHERE tenant = 1) a',
    'SELECT DISTINCT p FROM (SELECT price + 1 AS p FROM amounts WHERE tenant = 1) a',
    'SELECT DISTINCT p FROM (SELECT price AS p FROM amounts WHERE tenant = 1 UNION ALL SELECT 1) a',
    'SELECT DISTINCT * FROM (SELECT price FROM amounts WHERE tenant = 1) a JOIN filled f ON f.id = price',
    'SELECT price FROM amounts WHERE tenant = 1 GROUP BY price',
    'SELECT price AS p FROM amounts WHERE tenant = 1 GROUP BY p',
    'SELECT price FROM amounts WHERE tenant = 1 GROUP BY 1',
    'SELECT price AS id FROM amounts WHERE tenant = 1 GROUP BY 1, amounts.id % 2',
    'SELECT note, price FROM amounts WHERE tenant = 1 GROUP BY ROLLUP (note, price)',
    'SELECT note, price FROM amounts WHERE tenant = 1 GROUP BY GROUPING SETS ((note, price), CUBE (note))',
    'SELECT sum(id) FROM amounts WHERE tenant = 1 GROUP BY price',
    'SELECT a.id FROM filled a WHERE a.b IN (SELECT max(price)::text FROM amounts WHERE tenant = 1)',
    'SELECT (SELECT DISTINCT price FROM amounts WHERE tenant = 1)',
    'SELECT price FROM amounts WHERE tenant = 1 UNION SELECT 1',
    'SELECT price FROM amounts WHERE tenant = 1 EXCEPT SELECT 1',
    'SELECT price, id FROM amounts WHERE tenant = 1 INTERSECT SELECT 1, 1',
    "SELECT string_agg(DISTINCT nick, ',') FROM amounts WHERE tenant = 1",
    'SELECT array_agg(DISTINCT price) FROM amounts WHERE tenant = 1',
    'SELECT sum(DISTINCT price) FROM amounts WHERE tenant = 1',
    'SELECT array_agg(price ORDER BY price) FROM amounts WHERE tenant = 1',
    "SELECT string_agg(price::text, ',' ORDER BY price) FROM amounts WHERE tenant = 1",
    "SELECT string_agg(note, ',' ORDER BY day) FROM amounts WHERE tenant = 1",
    "SELECT string_agg(note, nick ORDER BY note) FROM amounts WHERE tenant = 1",
    'SELECT sum(score) FROM amounts WHERE tenant = 1',
    'SELECT avg(score * 2) FROM amounts WHERE tenant = 1',
    'SELECT sum(id::float) FROM amounts WHERE tenant = 1',
    'SELECT sum(sqrt(id)) FROM amounts WHERE tenant = 1',
    'SELECT sum(CASE WHEN id = 1 THEN score ELSE 0 END) FROM amounts WHERE tenant = 1',
    'SELECT sum(score) OVER (), id FROM amounts WHERE tenant = 1 ORDER BY id',
    'SELECT corr(id, tenant) FROM amounts WHERE tenant = 1',
    'SELECT max(took) FROM amounts WHERE tenant = 1',
    'SELECT sum(id ^ 2) FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT note::text[] FROM amounts WHERE tenant = 1',
    // What each row is given in its turn, and what the last one leaves.
    'SELECT sum(id * (random() * 100)::int) FROM amounts WHERE tenant = 1',
    "SELECT count(set_config('app.last', note, false)) FROM amounts WHERE tenant = 1",
    'SELECT id FROM amounts WHERE tenant = 1 AND clock_timestamp() > day ORDER BY id',
    "SELECT count(*) FROM (SELECT id, nextval('scratch_id_seq') AS n FROM amounts WHERE tenant = 1) a",
    'WITH a AS MATERIALIZED (SELECT id, random() AS n FROM amounts WHERE tenant = 1) SELECT id FROM a ORDER BY id',
    "DELETE FROM amounts WHERE tenant = 1 AND set_config('app.last', note, false) = ''",
    'SELECT count(*) FROM (SELECT m.id, m.turn_of FROM amounts m WHERE tenant = 1) x',
    'SELECT count(*) FROM filled f WHERE f.id IN (SELECT m.id FROM amounts m WHERE tenant = 1 AND m.turn_of > 0)',
    'SELECT count(*) FROM amounts m WHERE tenant = 1 AND (SELECT max(f.id) FROM filled f WHERE m.turn_of > 0) IS NULL',
    // A search ends where it finds: what fails behind that does not.
    'SELECT EXISTS (SELECT FROM amounts WHERE tenant = 1 AND 1 / id > 0)',
    'SELECT EXISTS (SELECT FROM amounts m WHERE tenant = 1 AND m.inverse_of > 0)',
    'SELECT EXISTS (SELECT FROM amounts m WHERE tenant = 1 AND EXISTS (SELECT FROM filled WHERE m.inverse_of = 1))',
    'SELECT 1 WHERE 5 IN (SELECT id::int FROM amounts WHERE tenant = 1)',
    'SELECT 1 WHERE 5 = ANY (SELECT abs(id) FROM amounts WHERE tenant = 1)',
    'SELECT 1 FROM amounts WHERE tenant = 1 AND 1 / id > 0',
    'SELECT EXISTS (SELECT FROM amounts WHERE tenant = 1 AND note LIKE nick)',
    'SELECT EXISTS (SELECT FROM amounts WHERE tenant = 1 AND id = (SELECT f.id FROM filled f))',
    // Of what planning runs already, the plan shows the result.
    'EXPLAIN SELECT first_code()',
  ])('rows may come in the order of a labelled column: %s', async (sql) => {
    const table = /people|v_tenant/.test(sql) ? 'people' : (/keys|patterns|amounts/.exec(sql)?.[0] ?? 'codes');
    expect(await ordered(sql)).toEqual([`${table}.ssn index_order`]);
  }); // prettier-ignore

  test.each([
    // No plan has a reason to go that way.
    'SELECT id FROM people',
    "SELECT id FROM people WHERE name = 'x'",
    'SELECT * FROM codes',
    'SELECT id FROM v_codes WHERE note IS NULL AND twice = 2',
    'SELECT ssn FROM folded',
    'SELECT id FROM folded',
    'SELECT id, ssn IS NULL FROM people',
    // Sorted by what tells all rows apart.
    'SELECT id FROM people WHERE tenant = 1 ORDER BY id',
    'SELECT name, id FROM people WHERE tenant = 1 ORDER BY 2 DESC',
    'SELECT p.name FROM people p WHERE p.tenant = 1 ORDER BY p.name, p.id LIMIT 5 OFFSET 5',
    'SELECT p.id FROM people p JOIN filled f ON f.id = p.tenant ORDER BY f.a, p.id',
    'SELECT id FROM (SELECT id FROM codes) c ORDER BY id LIMIT 3',
    'WITH c AS (SELECT id FROM codes) SELECT id FROM c ORDER BY id',
    'SELECT id FROM v_codes ORDER BY id',
    'SELECT c.id FROM codes c JOIN codes d ON c.id = d.id ORDER BY c.id, d.id',
    'SELECT c.id FROM codes c WHERE c.id IN (SELECT id FROM codes) ORDER BY c.id',
    'SELECT count(*) FROM (SELECT DISTINCT ON (id) id FROM codes ORDER BY id) c',
    // One row at most.
    'SELECT name FROM people WHERE tenant = 1 AND id = 5',
    'SELECT name FROM people WHERE tenant = $1 AND $2 = id LIMIT 1',
    'SELECT name FROM people WHERE tenant = $1 AND id = $2::text',
    "SELECT id FROM codes WHERE ssn IS NULL AND note = 'x'",
    "UPDATE people SET name = 'x' WHERE tenant = 1 AND id = 5",
    'DELETE FROM people WHERE tenant = 1 AND id = 5 RETURNING name',
    // Rows that look all the same.
    'SELECT 1 AS a FROM people WHERE tenant = 1 LIMIT 1',
    "SELECT 'x'::text, $1 FROM people WHERE tenant = 1",
    // Made of all rows alike.
    'SELECT count(*), sum(id), max(name) FROM people WHERE tenant = 1',
    'SELECT tenant, count(*) FROM people GROUP BY tenant LIMIT 5',
    'SELECT name FROM people WHERE tenant = 1 GROUP BY name',
    'SELECT DISTINCT name FROM people WHERE tenant = 1',
    'SELECT array_agg(id ORDER BY id) FROM codes',
    'SELECT rank() OVER (ORDER BY tenant), count(*) OVER (), id FROM people ORDER BY id',
    'SELECT row_number() OVER (ORDER BY tenant, id), id FROM people ORDER BY id',
    'SELECT row_number() OVER w, id FROM people WINDOW w AS (ORDER BY id) ORDER BY id',
    'SELECT count(*) FROM (SELECT id FROM codes) c',
    'SELECT a FROM filled WHERE EXISTS (SELECT FROM people WHERE tenant = 1)',
    'SELECT a FROM filled WHERE id IN (SELECT id FROM codes)',
    "SELECT EXISTS (SELECT FROM amounts WHERE tenant = 1 AND note LIKE 'a%' AND lower(note) BETWEEN 'a' AND 'b')",
    'SELECT (SELECT name FROM people WHERE tenant = 1)',
    'SELECT id FROM codes UNION SELECT 1',
    'SELECT id FROM codes EXCEPT ALL SELECT 1',
    'WITH c AS (SELECT id FROM codes) SELECT 1',
    'DELETE FROM people WHERE tenant = 1',
    'CLUSTER filled USING filled_pkey',
    'VACUUM people',
    // Rows whose labelled values are all the same.
    "SELECT id, name FROM people WHERE tenant = 1 AND ssn = 'x'",
    'SELECT p.id FROM people p JOIN filled f ON f.id = p.tenant WHERE p.ssn = $1',
    // Equal values are the same, or it does not matter which.
    'SELECT sum(price), avg(price), count(DISTINCT price), max(id), min(day), sum(id * price), sum(coalesce(price, 0) - 1.5) FROM amounts WHERE tenant = 1',
    'SELECT sum(CASE WHEN price > 1 THEN 1 ELSE 0 END), bool_or(score > 1) FROM amounts WHERE tenant = 1',
    'SELECT max(round(price, 2)), max(length(nick)), max(date_part($1, day)), max(score > 0) FROM amounts WHERE tenant = 1',
    'SELECT DISTINCT id / 10, note || day, day, upper(note), price::numeric(9, 2), price::text, score::int, nick = note FROM amounts WHERE tenant = 1',
    'SELECT extract(year FROM day) AS y, count(*) FROM amounts WHERE tenant = 1 GROUP BY y',
    "SELECT date_trunc('month', day), CASE WHEN price > 1 THEN 'a' ELSE 'b' END FROM amounts WHERE tenant = 1 GROUP BY 1, 2",
    'SELECT note, day, sum(price) FROM amounts WHERE tenant = 1 GROUP BY GROUPING SETS ((note, day), ROLLUP (note))',
    'SELECT id, price, score FROM amounts GROUP BY id, price, score, tenant HAVING tenant = 1 ORDER BY id',
    'SELECT DISTINCT id, price FROM amounts WHERE tenant = 1 ORDER BY id',
    'SELECT y, count(*) FROM (SELECT extract(year FROM day) AS y FROM amounts WHERE tenant = 1 UNION ALL SELECT extract(month FROM day) FROM amounts) a GROUP BY y',
    "SELECT string_agg(DISTINCT note, ','), array_agg(DISTINCT day ORDER BY day), string_agg(id::text, ',' ORDER BY id::text) FROM amounts WHERE tenant = 1",
    'SELECT note FROM amounts WHERE tenant = 1 UNION SELECT note FROM amounts WHERE id = 2',
    'SELECT id FROM filled WHERE EXISTS (SELECT DISTINCT note FROM amounts WHERE tenant = 1)',
    // No row comes.
    'EXPLAIN SELECT id FROM people WHERE tenant = 1',
    'EXPLAIN (VERBOSE, COSTS OFF) SELECT p.id FROM people p JOIN filled f ON f.id = p.tenant LIMIT 5',
  ])('rows come in no order of a labelled column: %s', async (sql) => {
    expect(await ordered(sql)).toEqual([]);
  });

  const ofExtension = (['rank', 'upper'] as const).map((name) => ({
    ...({ schema: 'public', name, language: 'c', volatility: 'immutable', extension: 'postgis' } as const),
    kind: name === 'rank' ? ('window' as const) : ('function' as const),
  }));
  test.each([
    ['an operator', { operators: [{ schema: 'public', name: '+', extension: null }] }, 'DISTINCT id + 1'],
    ['a cast to text', { converts: true }, 'DISTINCT note::text'],
    ['a function', {}, 'DISTINCT public.upper(note)'],
    ['an aggregate', {}, 'public.rank() OVER (ORDER BY tenant)'],
    ['an aggregate of an extension', { functions: ofExtension }, 'public.rank() OVER (ORDER BY tenant)'],
    ['a function of an extension', { functions: ofExtension }, 'DISTINCT public.upper(note)'],
  ] as const)('what %s of somebody’s brings nobody knows', async (_, more, what) => {
    const catalog = leakCatalog(rows.map((row) => JSON.stringify(row)).join('\n'));
    analyzer.setCatalog('own', { ...catalog, ...more });
    analyzer.setLabels('own', new Map([['public.amounts.ssn', ['pii.ssn']]]), '1');
    const text = Buffer.from(`SELECT ${what} FROM amounts WHERE tenant = 1 ORDER BY id`);
    const answer = await analyzer.analyze({ target: 'own', text, major: 18, searchPath });
    expect(answer).toMatchObject({ statements: [{ command: { filters: [{ column: 'public.amounts.ssn', use: 'index_order' }] } }] });
  }); // prettier-ignore

  test.each([
    ['a temporary table', 'pg_temp_3', 'pg_temp'],
    ['one of a schema that the path has first', 'aside', 'aside'],
  ])('a trigger may find another table by its name: %s', async (_, schema, told) => {
    const shadow = made(60, 'keyed', ['id', 'ssn']).map(([query, row]): readonly [string, unknown] =>
      query === 'relations' && Array.isArray(row) ? [query, row.with(1, schema)] : [query, row],
    );
    analyzer.setCatalog('aside', leakCatalog([...rows, ...shadow].map((row) => JSON.stringify(row)).join('\n')));
    analyzer.setLabels('aside', new Map([['public.keyed.ssn', ['pii.ssn']]]), '1');
    const reasons = async (path: readonly string[]): Promise<readonly string[]> => {
      const text = Buffer.from("UPDATE told SET a = 'x' WHERE id = '1'");
      const answer = await analyzer.analyze({ target: 'aside', text, major: 18, searchPath: path });
      return answer.ok ? (answer.statements[0]?.command.analysis.reasons ?? []) : [];
    };
    expect(await reasons([schema, ...searchPath])).toEqual([
      `a trigger of public.told may find ${told}.keyed by a name that means another`,
    ]);
    expect(await reasons(searchPath)).toEqual([]);
  });

  test.each<[sql: string, withheld: boolean]>([
    ['SELECT count(*) FROM amounts WHERE tenant = 1 AND 1 / id > 0', true],
    ['SELECT note FROM amounts WHERE tenant = 1 ORDER BY id', true],
    ['SELECT EXISTS (SELECT FROM amounts WHERE tenant = 1)', true],
    ['SELECT note FROM amounts WHERE id = 1', false],
    ['SELECT count(*) FROM amounts', false],
  ])('which row fails first tells in what order they came: the error of %s is withheld: %s', async (sql, withheld) => {
    const { command } = await ruled(sql);
    const labels = command.relations.flatMap((relation) => relation.labels);
    expect([labels.length > 0, command.filters]).toEqual([withheld, []]);
  });

  test('CLUSTER is maintenance, and of no table in particular it may order any', async () => {
    const { command } = await ruled('CLUSTER filled USING filled_pkey');
    expect(command).toMatchObject({ action: 'maintenance', relations: [{ name: 'filled' }] });
    const any = await analyzer.analyze({ target: 'ruled', text: Buffer.from('CLUSTER'), major: 18, searchPath });
    expect(any).toMatchObject({
      statements: [{ command: { analysis: { reasons: ['CLUSTER does not say which table'] } } }],
    });
  });

  test('of two labelled columns, what is looked up has one value and orders nothing', async () => {
    expect(uses(await ruled("SELECT id FROM pairs WHERE ssn = 'x'"))).toEqual([
      'pairs.other index_order',
      'pairs.ssn equality',
    ]);
  });

  test.each([
    ['SELECT upper FROM made', 'derived', 'pii.ssn'],
    ['SELECT * FROM (SELECT id, upper AS x FROM made) t', 'derived', 'pii.ssn'],
    ['SELECT is_null FROM made', 'plain'],
    ['SELECT to_ssn FROM refers', 'plain', 'pii.ssn'],
    ["SELECT count(*) FILTER (WHERE ssn > '1') FROM people", 'expression', 'pii.ssn'],
  ])('%s leaves %s', async (sql, transform, ...labels) => {
    expect((await ruled(sql)).command.output.at(-1)).toMatchObject({ transform, labels });
  });

  test.each<[sql: string, ...labels: readonly string[]]>([
    ["UPDATE told SET a = 'x' WHERE id = '1'", 'pii.ssn'],
    ["INSERT INTO told VALUES ('1', 'x')", 'pii.ssn'],
    ["DELETE FROM told WHERE id = '1'", 'pii.ssn'],
    ['TRUNCATE told', 'pii.ssn'],
    ['COPY told FROM STDIN', 'pii.ssn'],
    ["UPDATE v_told SET a = 'x' WHERE id = '1'", 'pii.ssn'],
    ["MERGE INTO told t USING filled f ON t.id = f.id WHEN MATCHED THEN UPDATE SET a = 'x'", 'pii.ssn'],
    ["UPDATE dynamic SET a = 'x' WHERE id = '1'", 'pii.ssn'],
    ["UPDATE writes SET a = 'x' WHERE id = '1'", 'pii.ssn'],
    ["UPDATE perl SET a = 'x' WHERE id = '1'", 'pii.ssn'],
    ["DELETE FROM over_told WHERE id = '1'", 'pii.ssn'],
    ["UPDATE calls SET a = 'x' WHERE id = '1'", 'pii.ssn'],
    ["UPDATE dumps SET a = 'x' WHERE id = '1'", 'pii.ssn'],
    ["UPDATE touched SET a = 'x' WHERE id = '1'"],
    ['SELECT a FROM told'],
    ['SELECT a FROM asking', 'pii.ssn'],
    ["INSERT INTO asking VALUES ('1', 'x')", 'pii.ssn'],
    ["UPDATE calling SET a = 'x' WHERE id = '1'", 'pii.ssn'],
    ['ANALYZE calling', 'pii.ssn'],
    ['REINDEX TABLE calling', 'pii.ssn'],
    ['REINDEX TABLE calm'],
    ['CLUSTER calling USING calling_pkey', 'pii.ssn'],
    ['ALTER TABLE calling ALTER a TYPE int', 'pii.ssn'],
    ['SELECT a FROM calling'],
    ['SELECT a FROM calm'],
    ["UPDATE calm SET a = 'x' WHERE id = '1'"],
    ['ANALYZE calm'],
  ])('code that runs by itself may quote what it reads: %s', async (sql, ...labels) => {
    const { command, touchesLabels } = await ruled(sql);
    expect(command.quotes).toEqual(labels);
    // No value of another table is in what it brings, or stays in what it changes.
    expect(command.labels).toEqual([]);
    expect(touchesLabels).toBe(labels.length > 0);
  });

  test.each<[sql: string, labels: readonly string[], quotes: readonly string[]]>([
    ['REINDEX TABLE coded', ['pii.ssn'], []],
    ['REINDEX SCHEMA public', ['pii.ssn'], ['pii.ssn']],
    ['REINDEX TABLE calm', [], []],
  ])(
    'what functions of indexes say of their own rows is withheld, when they are made anew: %s',
    async (sql, labels, quotes) => {
      const { command, touchesLabels } = await ruled(sql);
      expect(command).toMatchObject({ labels, quotes });
      expect(touchesLabels).toBe(labels.length > 0);
    },
  );

  test.each<[sql: string, ...labels: readonly string[]]>([
    ['CREATE TABLE t (id int)', 'pii.ssn'],
    ['CREATE TABLE t AS SELECT a FROM told', 'pii.ssn'],
    ['SELECT a INTO t FROM told', 'pii.ssn'],
    ['ALTER TABLE told ADD COLUMN b int', 'pii.ssn'],
    ['CREATE INDEX ON told (a)', 'pii.ssn'],
    ['DROP TABLE told', 'pii.ssn'],
    ["COMMENT ON TABLE told IS 'x'", 'pii.ssn'],
    ['GRANT SELECT ON told TO app', 'pii.ssn'],
    ['REINDEX TABLE told', 'pii.ssn'],
    ['SELECT a FROM told'],
    ['BEGIN'],
    ["SET application_name = 'x'"],
  ])('an event trigger may quote what it reads, where the schema changes: %s', async (sql, ...labels) => {
    const quotes = async (...calls: readonly string[]): Promise<readonly string[]> => {
      const events = calls.map((name) => rule(0, 'trigger', '{}', null, null, name));
      analyzer.setCatalog('events', leakCatalog([...rows, ...events].map((row) => JSON.stringify(row)).join('\n')));
      analyzer.setLabels('events', new Map([['public.keyed.ssn', ['pii.ssn']]]), '1');
      const answer = await analyzer.analyze({ target: 'events', text: Buffer.from(sql), major: 18, searchPath });
      return answer.ok ? answer.statements.flatMap(({ command }) => command.quotes) : ['refused'];
    };
    expect(await quotes('public.reads_keyed')).toEqual(labels);
    expect(await quotes('public.runs')).toEqual(labels);
    // By a trigger of a table that it writes.
    expect(await quotes('public.writes_told')).toEqual(labels);
    expect(await quotes('public.touches')).toEqual([]);
    expect(await quotes()).toEqual([]);
  });

  test.each<[sql: string, ...used: readonly string[]]>([
    ["ALTER DOMAIN d ADD CHECK (VALUE <> '1')", 'in_domain.ssn rule'],
    ['ALTER DOMAIN d VALIDATE CONSTRAINT c', 'in_domain.ssn rule'],
    ['ALTER DOMAIN d SET NOT NULL', 'in_domain.ssn rule'],
    ['ALTER DOMAIN d DROP NOT NULL'],
    ["ALTER DOMAIN d SET DEFAULT 'x'"],
  ])('a check of a domain is asked of its columns: %s', async (sql, ...used) => {
    expect(uses(await ruled(sql))).toEqual(used);
  });

  test('the default of a domain is read like one of the column', async () => {
    const { command } = await ruled("INSERT INTO in_domain (ssn) VALUES ('1')");
    expect(command.copies).toMatchObject([{ column: 'public.in_domain.id', labels: ['pii.ssn'] }]);
  });

  test.each<[sql: string, ...columns: readonly string[]]>([
    ['CREATE OR REPLACE VIEW v_keyed AS SELECT id, id AS ssn FROM filled', 'mv_keyed.x'],
    ['CREATE VIEW v_keyed AS SELECT id, id AS ssn FROM filled'],
    ['CREATE OR REPLACE VIEW v_told AS SELECT 1'],
    ['ALTER TABLE part NO INHERIT divided', 'part.ssn'],
    ['ALTER TABLE divided DETACH PARTITION part', 'part.ssn'],
    ['ALTER TABLE made ALTER upper DROP EXPRESSION', 'made.late', 'made.size', 'made.upper'],
    ['ALTER TABLE refers DROP CONSTRAINT c', 'refers.to_ssn'],
    ['ALTER TABLE keyed DROP CONSTRAINT c CASCADE', 'refers.to_ssn'],
    ['ALTER TABLE keyed DROP COLUMN ssn CASCADE', 'refers.to_ssn'],
    ['DROP TABLE keyed CASCADE', 'refers.to_ssn'],
    ['DROP SCHEMA public CASCADE', 'refers.to_ssn'],
    ['DROP TABLE keyed'],
    ['ALTER TABLE refers ADD COLUMN x int'],
  ])('a label stays where what it came by goes: %s', async (sql, ...columns) => {
    const { command } = await ruled(sql);
    expect(command.copies.map(({ column }) => column.replace('public.', '')).sort()).toEqual(columns);
  });

  test('a foreign key that names no columns refers to the primary key', async () => {
    expect(uses(await ruled('CREATE TABLE k (a text REFERENCES keyed)'))).toEqual([]);
    expect(uses(await ruled('CREATE TABLE k (a text REFERENCES keyed (ssn))'))).toEqual(['keyed.ssn other']);
  });

  test('a column that a key makes idle is read all the same', async () => {
    const { command } = await ruled('SELECT id FROM keyed GROUP BY id, ssn');
    expect(command.relations).toMatchObject([{ name: 'keyed', columns: ['id', 'ssn'], labels: ['pii.ssn'] }]);
  });

  test('what a default brings is a copy', async () => {
    const { command } = await ruled('INSERT INTO filled (id) VALUES (1)');
    expect(command.copies).toMatchObject([{ column: 'public.filled.a', labels: ['pii.ssn'] }]);
  });
});

describe('what is true of texts is not true of every type', () => {
  const types: readonly (readonly [column: string, oid: number, type: string])[] = [
    ['id', 23, 'integer'],
    ['during', 3912, 'daterange'],
    ['many', 4451, 'int4multirange'],
    ['tags', 1009, 'text[]'],
    ['bits', 1562, 'bit varying'],
    ['doc', 114, 'json'],
    ['docs', 199, 'json[]'],
    ['docb', 3802, 'jsonb'],
    ['home', 20_001, 'public.address'],
    ['homes', 20_002, 'public.address[]'],
    ['row', 20_003, 'public.other'],
    ['mood', 20_004, 'public.mood'],
    ['cash', 790, 'money'],
    ['span', 20_005, 'public.span'],
    ['born', 1082, 'date'],
    ['pay', 1700, 'numeric'],
    ['bytes', 17, 'bytea'],
  ];
  const columns = types.map(([name, oid, type], i) => [name, i + 1, oid, type, false]);
  const rows = [
    ['relations', ['1', 'public', 'typed', 'r', 'f', 'f', null]],
    ['columns', ['1', JSON.stringify(columns)]],
    ['types', ['20001', 'c', 'address', '0', '0', null]],
    ['types', ['20002', 'b', '_address', '0', '20001', null]],
    ['types', ['20005', 'd', 'span', '3904', '0', null]],
    ['enums', ['public', 'mood', 'sad']],
    // Somebody has a cast from it, which the server applies by itself.
    ['casts', ['moves', '790']],
  ];
  beforeAll(() => {
    analyzer.setCatalog('typed', leakCatalog(rows.map((row) => JSON.stringify(row)).join('\n')));
    const labels = types.slice(1).map(([name]) => [`public.typed.${name}`, ['pii.typed']] as const);
    analyzer.setLabels('typed', new Map(labels), '1');
  });
  const typed = async (sql: string): Promise<StatementFacts> => {
    const answer = await analyzer.analyze({ target: 'typed', text: Buffer.from(sql), major: 18, searchPath });
    if (!answer.ok || !answer.statements[0]) throw new Error('no statement');
    expect(answer.statements[0].command.analysis.reasons).toEqual([]);
    return answer.statements[0];
  };

  test.each([
    // A bound of a range, NULL where it has none.
    'lower(during)',
    'upper(many)',
    'lower(span)',
    'lower(coalesce(during, during))',
    // Arrays of different dimensions do not go together.
    "tags || '{x}'::text[]",
    "tags || 'x'::text",
    "'{x}'::text[] || tags",
    'lag(tags) OVER (ORDER BY id) || tags',
    // As long as the value is.
    'substring(bits, 1, 2)',
    // jsonb refuses what json may hold.
    'jsonb_agg(doc)',
    'to_jsonb(typed)',
    "jsonb_build_object('a', doc)",
    'jsonb_build_array(docs)',
    'jsonb_object_agg(id, json_build_array(doc))',
    'jsonb_agg(home)',
    'max(home)',
    'min(homes) OVER ()',
    "docb || '{}'",
    // Whether each field is NULL.
    'home IS NULL',
    'row IS NOT NULL',
    'homes IS NULL',
    'coalesce(home, home) IS NULL',
    'count(*) FILTER (WHERE home IS NULL)',
    'CASE WHEN home IS NULL THEN 1 END',
    // The server makes one type of all arms, in which not every value may fit.
    'coalesce(pay, 1.5::float8)',
    'coalesce(pay, $1)',
    'coalesce(pay, (SELECT 1.5::float8))',
    'coalesce(lag(pay) OVER (ORDER BY id), 1.5::float8)',
    'CASE WHEN id = 1 THEN pay ELSE 1::float4 END',
    'CASE WHEN id = 1 THEN 1::float4 ELSE pay END',
    "coalesce(born, timestamp '2000-01-01')",
    'coalesce(born, now())',
    "coalesce(tags, '{}'::varchar[])",
    'coalesce(home, row)',
    'coalesce(cash, 1::int8)',
    // Beside an array it becomes an element.
    "pay || '{1}'::float8[]",
    "pay || '{1}'::text[]",
    "'{}'::float8[] || born",
    'pay || (SELECT array_agg(1.5::float8))',
  ])('denied: SELECT %s', async (expression) => {
    const { command } = await typed(`SELECT ${expression} FROM typed`);
    expect(command.filters.some(({ use }) => use !== 'null_test')).toBe(true);
  });
  test.each([
    'SELECT pay FROM typed UNION ALL SELECT 1::float8',
    'SELECT 1::float8 UNION ALL SELECT pay FROM typed',
    'SELECT born FROM typed UNION ALL SELECT now()',
    'SELECT tags FROM typed UNION ALL SELECT NULL::varchar[]',
    'SELECT pay FROM typed UNION ALL SELECT pay FROM typed UNION ALL SELECT 1::float8',
    'SELECT lag(pay) OVER (ORDER BY id) FROM typed UNION ALL SELECT 1::float8',
    'WITH x AS (SELECT 1::float8 AS a) SELECT pay FROM typed UNION ALL SELECT a FROM x',
    'WITH RECURSIVE r(a, n) AS (SELECT pay, 1 FROM typed UNION ALL SELECT 1::float8, n + 1 FROM r WHERE n < 3) SELECT a FROM r',
  ])('nor is it in UNION ALL: %s', async (sql) => {
    const { command } = await typed(sql);
    expect(command.filters.some(({ use }) => use === 'expression')).toBe(true);
    expect(command.output[0]?.transform).toBe('expression');
  });
  test.each([
    'SELECT pay FROM typed UNION ALL SELECT 0',
    'SELECT pay FROM typed UNION ALL SELECT NULL',
    'SELECT pay FROM typed UNION ALL SELECT pay FROM typed',
    'SELECT pay FROM typed UNION ALL SELECT pay FROM typed UNION ALL SELECT 1',
    'SELECT pay FROM typed UNION ALL SELECT 1::numeric',
    "SELECT pay::text FROM typed UNION ALL SELECT concat(born, 'x') FROM typed UNION ALL SELECT 'x'",
    'SELECT tags FROM typed UNION ALL SELECT tags FROM typed',
  ])('one of its own type in UNION ALL is: %s', async (sql) => {
    expect(uses(await typed(sql))).toEqual([]);
  });
  test('nor are rows chosen by it', async () => {
    expect(uses(await typed('SELECT id FROM typed WHERE home IS NOT NULL'))).toEqual(['typed.home where']);
    expect(uses(await typed('SELECT EXISTS (SELECT 1 FROM typed WHERE home IS NULL)'))).toEqual(['typed.home where']);
  });

  test.each([
    ['concat(during, home)', 'derived'],
    ['during', 'plain'],
    ['lag(home) OVER (ORDER BY id)', 'derived'],
    ['coalesce(tags, tags)', 'derived'],
    ['max(during)', 'derived'],
    ['json_agg(doc)', 'derived'],
    ["json_build_object('a', home)", 'derived'],
    ['row_to_json(typed)', 'derived'],
    ['jsonb_agg(tags)', 'derived'],
    ["jsonb_build_object('a', during, 'b', docb, 'c', pay)", 'derived'],
    ["mood || ''", 'derived'],
    ["born || ''", 'derived'],
    ['left(pay::text, 2)', 'derived'],
    ['substring(bytes, 1, 2)', 'derived'],
    ['coalesce(pay, 0)', 'derived'],
    ['coalesce(pay, 1.5, NULL)', 'derived'],
    ['coalesce(pay, pay)', 'derived'],
    ['coalesce(pay, 0::numeric)', 'derived'],
    ["coalesce(born, '2000-01-01')", 'derived'],
    ["coalesce(born, date '2000-01-01')", 'derived'],
    ["coalesce(pay::text, born::text, 'none')", 'derived'],
    ['CASE WHEN id = 1 THEN pay ELSE 0 END', 'derived'],
    ['CASE WHEN id = 1 THEN pay END', 'derived'],
    ["coalesce(tags, '{}')", 'derived'],
    ["coalesce(mood, 'sad')", 'derived'],
  ])('a mask hides it: SELECT %s', async (expression, transform) => {
    const facts = await typed(`SELECT ${expression} FROM typed`);
    expect(facts.command.filters.filter(({ use }) => use !== 'null_test')).toEqual([]);
    expect(facts.command.output.at(-1)).toMatchObject({ transform, labels: ['pii.typed'] });
  });
  test.each(['mood IS NULL', 'tags IS NULL', 'count(home)', 'during IS NOT NULL'])(
    'a NULL that shows anyway: SELECT %s',
    async (expression) => {
      const { command } = await typed(`SELECT ${expression} FROM typed`);
      expect(command.filters.map(({ use }) => use)).toEqual(['null_test']);
    },
  );
});

describe('somebody may have defined how a value becomes text', () => {
  beforeAll(() => {
    const catalog = leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8'));
    analyzer.setCatalog('converting', { ...catalog, converts: true });
    analyzer.setLabels('converting', leakLabels, '1');
  });
  const last = async (sql: string): Promise<string | undefined> => {
    const answer = await analyzer.analyze({ target: 'converting', text: Buffer.from(sql), major: 18, searchPath });
    return answer.ok ? answer.statements[0]?.command.output.at(-1)?.transform : undefined;
  };
  test.each([
    'SELECT ssn::text FROM customers',
    'SELECT salary::text FROM employees',
    "SELECT salary || 'x' FROM employees",
    'SELECT coalesce(ssn, upper(name)) FROM customers',
    'SELECT ssn FROM customers UNION ALL SELECT upper(name) FROM customers',
  ])('which is not seen through: %s', async (sql) => {
    expect(await last(sql)).toBe('expression');
  });
  test.each([
    "SELECT ssn || 'x' FROM customers",
    "SELECT coalesce(ssn, 'x') FROM customers",
    'SELECT concat(salary) FROM employees',
    'SELECT ssn FROM customers UNION ALL SELECT name FROM customers',
  ])('and not asked: %s', async (sql) => {
    expect(await last(sql)).toBe('derived');
  });
});

describe('labels have to follow what is stored or renamed', () => {
  const copied = ({ command }: StatementFacts): readonly string[] =>
    command.copies.map(({ column, labels, sources }) => {
      const from = sources.map((source) => source.replace('public.', ''));
      return `${column.replace('public.', '')}: ${labels.join(' ')} of ${from.join(' ')}`;
    });

  test.each<[sql: string, ...copies: readonly string[]]>([
    ['CREATE TABLE t AS SELECT id, ssn FROM customers', 't.ssn: pii.ssn of customers.ssn'],
    ['CREATE TABLE t (a, b) AS SELECT id, ssn FROM customers', 't.b: pii.ssn of customers.ssn'],
    ['CREATE TABLE t (a) AS SELECT id, ssn FROM customers', 't.ssn: pii.ssn of customers.ssn'],
    ['CREATE TABLE other.t AS SELECT upper(ssn) AS x FROM customers', 'other.t.x: pii.ssn of customers.ssn'],
    ['CREATE TEMP TABLE t AS SELECT ssn FROM customers', 'pg_temp.t.ssn: pii.ssn of customers.ssn'],
    ['SELECT ssn AS x INTO t FROM customers', 't.x: pii.ssn of customers.ssn'],
    ['SELECT ssn AS x INTO TEMP t FROM customers UNION SELECT 1', 'pg_temp.t.x: pii.ssn of customers.ssn'],
    [
      'CREATE TABLE t AS SELECT length(ssn) + 1 AS n, notes FROM customers',
      't.n: pii.ssn of customers.ssn',
      't.notes: pii.notes of customers.notes',
    ],
    ['INSERT INTO scratch (a, b) SELECT id, ssn FROM customers', 'scratch.b: pii.ssn of customers.ssn'],
    ['INSERT INTO scratch (b) VALUES ((SELECT min(ssn) FROM customers))', 'scratch.b: pii.ssn of customers.ssn'],
    ['UPDATE scratch SET b = ssn FROM customers c WHERE c.id = 1', 'scratch.b: pii.ssn of customers.ssn'],
    ['UPDATE scratch SET b = (SELECT ssn FROM customers LIMIT 1)', 'scratch.b: pii.ssn of customers.ssn'],
    [
      "UPDATE scratch SET b = CASE WHEN c.ssn LIKE '1%' THEN 'y' END FROM customers c",
      'scratch.b: pii.ssn of customers.ssn',
    ],
    ['UPDATE scratch SET b = c.ssn IS NULL FROM customers c', 'scratch.b: pii.ssn of customers.ssn'],
    // Through a view, into whichever column of what it is made of.
    ['UPDATE v_contact SET name = c.ssn FROM customers c WHERE c.id = 1', 'customers.*: pii.ssn of customers.ssn'],
    ['INSERT INTO scratch SELECT 1, ssn FROM customers', 'scratch.a: pii.ssn of customers.ssn'],
    [
      'INSERT INTO scratch (nope) SELECT ssn FROM customers',
      ...['id', 'a', 'b'].map((name) => `scratch.${name}: pii.ssn of customers.ssn`),
    ],
    [
      'CREATE TABLE t AS SELECT (c).* FROM customers c',
      't.*: pii.card pii.email pii.notes pii.ssn of customers.email customers.ssn customers.card_number customers.notes',
    ],
    ['UPDATE customers SET name = ssn', 'customers.name: pii.ssn of customers.ssn'],
    ['WITH x AS (UPDATE scratch SET b = ssn FROM customers) SELECT 1', 'scratch.b: pii.ssn of customers.ssn'],
    [
      'MERGE INTO scratch s USING customers c ON s.id = c.id WHEN MATCHED THEN UPDATE SET b = c.ssn WHEN NOT MATCHED THEN INSERT (b) VALUES (c.notes)',
      'scratch.b: pii.notes pii.ssn of customers.ssn customers.notes',
    ],
    [
      'INSERT INTO scratch (id, b) SELECT 1, ssn FROM customers ON CONFLICT (id) DO UPDATE SET a = excluded.b::int',
      'scratch.b: pii.ssn of customers.ssn',
      'scratch.a: pii.ssn of customers.ssn',
    ],
    ['ALTER TABLE customers RENAME COLUMN ssn TO x', 'customers.x: pii.ssn of customers.ssn'],
    [
      'ALTER TABLE payments RENAME TO paid',
      'paid.card_number: pii.card of payments.card_number',
      'paid.iban: pii.iban of payments.iban',
    ],
    [
      'ALTER TABLE payments SET SCHEMA other',
      'other.payments.card_number: pii.card of payments.card_number',
      'other.payments.iban: pii.iban of payments.iban',
    ],
    [
      'ALTER TABLE scratch ALTER b TYPE text USING (SELECT ssn FROM customers LIMIT 1)',
      'scratch.b: pii.ssn of customers.ssn',
    ],
    ['PREPARE p AS INSERT INTO scratch (b) SELECT ssn FROM customers', 'scratch.b: pii.ssn of customers.ssn'],
    ['EXPLAIN ANALYZE UPDATE scratch SET b = ssn FROM customers', 'scratch.b: pii.ssn of customers.ssn'],
    // Nothing of it happens, or nothing of it is labelled, or the label stands there already.
    ['EXPLAIN UPDATE scratch SET b = ssn FROM customers'],
    ['CREATE TABLE t AS SELECT id, name FROM customers'],
    ["UPDATE customers SET ssn = '1', name = 'x'"],
    ['UPDATE customers SET ssn = upper(ssn)'],
    ['INSERT INTO customers (id, email) SELECT id, email FROM employees'],
    ['ALTER TABLE customers RENAME COLUMN name TO x'],
    ['CREATE MATERIALIZED VIEW m AS SELECT ssn FROM customers'],
    // What chose the rows is no copy.
    ["CREATE TABLE t AS SELECT id FROM customers WHERE ssn = '1'"],
  ])('%s', async (sql, ...copies) => {
    expect(copied(await one(sql))).toEqual(copies);
  });

  test('of a schema that is renamed, every relation', async () => {
    expect(copied(await one('ALTER SCHEMA public RENAME TO old'))).toContain(
      'old.customers.ssn: pii.ssn of customers.ssn',
    );
  });

  test('whatever a prepared statement may bring', async () => {
    const [copy] = (await one('CREATE TABLE t AS EXECUTE p')).command.copies;
    expect(copy?.column).toBe('public.t.*');
    expect(copy?.labels).toEqual([...new Set([...leakLabels.values()].flat())].sort());
  });

  test('a function that is replaced may be what a materialized view was filled by', async () => {
    const { command } = await one("CREATE OR REPLACE FUNCTION md5(text) RETURNS text LANGUAGE sql AS 'SELECT 1'");
    expect(command.copies.map(({ column }) => column)).toEqual([
      'public.mv_customers.e',
      'public.mv_customers.ssn_hash',
    ]);
  });

  describe('into and out of a table that only its own transaction sees', () => {
    beforeAll(() => {
      const followed = new Map([
        ...leakLabels,
        ['public.made.x', ['pii.ssn']] as const,
        ['pg_temp.made.y', ['pii.iban']] as const,
      ]);
      analyzer.setLabels('leak', followed, '2');
    });
    afterAll(() => analyzer.setLabels('leak', leakLabels, '1'));

    test.each<[sql: string, ...copies: readonly string[]]>([
      ['INSERT INTO made (a) SELECT ssn FROM customers', 'made.a: pii.ssn of customers.ssn'],
      ['INSERT INTO made SELECT ssn FROM customers', 'made.*: pii.ssn of customers.ssn'],
      ['CREATE TABLE t AS SELECT * FROM made', 't.*: pii.ssn of made.*'],
      ['CREATE TABLE t AS SELECT a FROM public.made', 't.a: pii.ssn of made.*'],
      ['UPDATE scratch SET b = made.b FROM made', 'scratch.b: pii.ssn of made.*'],
      ['ALTER TABLE made RENAME TO t', 't.*: pii.ssn of made.*'],
      ['ALTER TABLE made RENAME COLUMN x TO z', 'made.*: pii.ssn of made.*'],
      ['CREATE TABLE t AS SELECT * FROM pg_temp.made', 't.*: pii.iban of pg_temp.made.*'],
      ['CREATE TABLE t AS SELECT * FROM nobody'],
    ])('%s', async (sql, ...copies) => {
      expect(copied(await one(sql))).toEqual(copies);
    });

    test('what is read of it carries its labels', async () => {
      expect((await one('SELECT x FROM made')).command.output).toMatchObject([{ labels: ['pii.ssn'] }]);
    });
  });
});

describe('what somebody wrote for a type runs in any statement', () => {
  const of = 'the domain public.code';
  /** @param text of the function in PL/pgSQL that a domain's check calls */
  const withCheck = async (text: string, sql: string, labels = leakLabels): Promise<readonly string[]> => {
    const lines = [
      readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8').trim(),
      JSON.stringify(['functions', ['public', 'is_code', 'plpgsql', 'i', 'f', null, null, 'f', '[]', null, 'other', text, 'f', null, null]]),
      JSON.stringify(['typeCode', ['public', 'is_code', of]]),
    ]; // prettier-ignore
    analyzer.setCatalog('coded', leakCatalog(lines.join('\n')));
    analyzer.setLabels('coded', labels, text + String(labels.size));
    const answer = await analyzer.analyze({ target: 'coded', text: Buffer.from(sql), major: 18, searchPath });
    if (!answer.ok || !answer.statements[0]) throw new Error('no statement');
    return answer.statements[0].command.analysis.reasons;
  };
  const reason = `${of} runs public.is_code, which may read labelled columns`;
  const reads = 'BEGIN RETURN NOT EXISTS (SELECT FROM customers c WHERE c.ssn = value); END';
  const computes = "BEGIN RETURN value ~ '^[A-Z]+$' AND NOT EXISTS (SELECT FROM scratch s WHERE s.a = value); END";

  test.each([
    ['SELECT 1', reads],
    ["SELECT 'x'::code", reads],
    ["INSERT INTO scratch (a) VALUES ('x')", reads],
    ['PREPARE p (code) AS SELECT 1', reads],
    ['SELECT id FROM payments', 'BEGIN EXECUTE value; RETURN true; END'],
    ['SELECT id FROM payments', "BEGIN RETURN query_to_xml(value, true, true, '') IS NULL; END"],
    ['SELECT id FROM payments', 'BEGIN RETURN get_ssn(1) <> value; END'],
  ])('%s is not seen through where it reads %s', async (sql, text) => {
    expect(await withCheck(text, sql)).toContain(reason);
  });
  test.each([
    ['SELECT 1', computes],
    ["INSERT INTO scratch (a) VALUES ('x')", computes],
    ['BEGIN', reads],
    ["SET work_mem = '1MB'", reads],
    ['SHOW work_mem', reads],
    ['DEALLOCATE ALL', reads],
  ])('%s is, where it reads nothing labelled or no value is made', async (sql, text) => {
    expect(await withCheck(text, sql)).toEqual([]);
  });
  test('nothing follows where nothing is labelled', async () => {
    expect(await withCheck(reads, 'SELECT 1', new Map())).toEqual([]);
  });
});
