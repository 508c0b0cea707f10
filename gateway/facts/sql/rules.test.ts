import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leanCatalog } from './catalog/catalog.ts';
import { leakCatalog, leakLabels, searchPath } from './fixtures/leak-database.ts';
import { isCounter, told } from './catalog/counters.ts';
import { counting, countingFunctions } from './fixtures/counting.ts';
import { classifyFunction } from './catalog/functions.ts';
import type { SqlAnalyzer, StatementFacts } from './index.ts';
import { openSqlAnalyzer } from './index.ts';
import { Ledger } from './lineage/ledger.ts';
import type { Node } from './text/node.ts';
import { emptyScope, type Walk } from './lineage/scope.ts';
import { readStatement } from './statements/statements.ts';
import { newWalk } from './statements/walk.ts';
import { noColumns, World } from './catalog/world.ts';

/**
 * One row for each rule of the analysis whose absence no attack in bypass.test.ts shows: `npm run corpus -- --mutate` switches each off, and
 * one that nothing notices belongs here, or there.
 */
let analyzer: SqlAnalyzer;
beforeAll(() => {
  analyzer = openSqlAnalyzer();
  const catalog = leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8'));
  analyzer.setCatalog('leak', catalog);
  analyzer.setLabels('leak', leakLabels, '1');
});
afterAll(() => analyzer[Symbol.asyncDispose]());

async function one(sql: string): Promise<StatementFacts> {
  const answer = await analyzer.analyze({ target: 'leak', text: Buffer.from(sql), major: 18, searchPath });
  if (!answer.ok) throw new Error(`${answer.why}: ${answer.message}`);
  const [first] = answer.statements;
  if (!first) throw new Error('no statement');
  return first;
}

const uses = ({ command }: StatementFacts): readonly string[] =>
  command.filters.map((filter) => `${filter.column.replace('public.', '')} ${filter.use}`).sort();
const columns = (of: (i: number) => string, from = 0): string =>
  Array.from({ length: 24 - from }, (_, i) => of(i + from)).join(', ');
const functions = ({ command }: StatementFacts): readonly string[] => command.functions.map(({ name }) => name);

describe('a statement carries the labels of all that its columns are made of, or nothing would be masked', () => {
  test.each([
    'SELECT upper(ssn) FROM customers',
    "SELECT 'x' || ssn FROM customers",
    'SELECT coalesce(ssn, name) FROM customers',
    'SELECT CASE WHEN id > 1 THEN ssn END FROM customers',
    'SELECT (SELECT ssn FROM customers LIMIT 1)',
    'SELECT row_to_json(x) FROM (SELECT id, ssn FROM customers) x',
    'SELECT max(ssn) FROM customers',
    'SELECT ssn FROM customers UNION ALL SELECT name FROM customers',
    'UPDATE customers SET name = 1 WHERE id = 1 RETURNING upper(ssn)',
    "SELECT EXISTS (SELECT nullif(ssn, '1') FROM customers)",
  ])('%s', async (sql) => {
    const { command } = await one(sql);
    expect(command.labels).toContain('pii.ssn');
    expect(command.output.at(-1)?.labels).toContain('pii.ssn');
  });

  test('of rows that are counted all columns are read, and none shows in the count', async () => {
    const { command } = await one('SELECT count(e) FROM employees e');
    expect(command.labels).toEqual(expect.arrayContaining(['pii.email', 'pii.salary', 'pii.ssn']));
    expect(command.output).toMatchObject([{ labels: [] }]);
  });

  test('a column of a condition counts as an ingredient of what the condition chooses', async () => {
    const { command } = await one("SELECT CASE WHEN ssn = '1' THEN name END FROM customers");
    expect(command.output).toMatchObject([{ transform: 'expression', labels: ['pii.ssn'] }]);
  });
});

describe('functions are facts, whatever becomes of their arguments', () => {
  test.each([
    ['SELECT upper(ssn) FROM customers', ['upper']],
    ['SELECT get_ssn(1)', ['get_ssn']],
    // On a row, as a column of it would be written.
    ['SELECT c.cust_label FROM customers c', ['cust_label']],
    ['SELECT lag(name) OVER (ORDER BY lower(name)) FROM customers', ['lag', 'lower']],
    ['COPY scratch FROM STDIN WHERE get_ssn(id) > a', ['get_ssn']],
    ["CALL proc_out(length('x'), NULL)", ['proc_out', 'length']],
    ['EXECUTE q(get_ssn(1))', ['get_ssn']],
  ])('%s', async (sql, expected) => {
    expect(functions(await one(sql))).toEqual(expected);
  });
});

describe('what stored code or a name hides is said', () => {
  test.each([
    ['CREATE TABLE t AS EXECUTE q', /behind EXECUTE/],
    ['EXECUTE q', /known to the session/],
    ['FETCH c', /known to the session/],
    ['CALL proc_out(1, NULL)', /procedure/],
    ['DO $$ BEGIN END $$', /body of DO/],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", /body of a function/],
    ['EXPLAIN EXECUTE q', /behind the name/],
    // A value that takes more rounds to arrive than anybody waits for.
    [
      `WITH RECURSIVE r(${columns((i) => `c${String(i)}`)}) AS (SELECT ssn, ${columns(() => '1', 1)} FROM customers UNION ALL SELECT 1, ${columns((i) => `c${String(i - 1)}`, 1)} FROM r) SELECT * FROM r`,
      /is too deep/,
    ],
    ['SELECT c.upper FROM customers c', /reference c.upper cannot be resolved/],
    ['UPDATE scratch SET nope = 1 WHERE id = 1', /column nope of scratch cannot be resolved/],
    ['INSERT INTO public.scratch (nope) VALUES (1)', /column nope of public.scratch cannot be resolved/],
    [
      'SELECT 1 FROM (SELECT (c).* FROM customers c) a NATURAL JOIN (SELECT ssn FROM employees) b',
      /NATURAL JOIN over columns that are not known/,
    ],
    ['WITH RECURSIVE r AS (SELECT * FROM r) SELECT * FROM r', /refers to itself/],
  ])('%s', async (sql, reason) => {
    expect((await one(sql)).command.analysis.reasons.join('\n')).toMatch(reason);
  });
});

describe('what changes the schema, or what names mean, makes the session look again', () => {
  test.each([
    'CREATE TABLE t (a int)',
    'SELECT 1 AS a INTO TEMP t UNION SELECT 2',
    'CREATE TABLE t AS SELECT 1',
    'SELECT 1 AS a INTO t',
    'CREATE VIEW v AS SELECT 1',
    'CREATE MATERIALIZED VIEW v AS SELECT 1',
    'CREATE SCHEMA x',
    'DROP TABLE scratch',
    'DROP FUNCTION get_ssn',
    'ALTER TABLE scratch ADD c int',
    'ALTER TABLE scratch RENAME TO other',
    'DO $$ BEGIN END $$',
    'CALL proc_out(1, NULL)',
    'DISCARD ALL',
    'DISCARD TEMP',
    'GRANT SELECT ON scratch TO app',
    'REVOKE USAGE ON SCHEMA public FROM app',
  ])('%s', async (sql) => {
    expect((await one(sql)).changesSchema).toBe(true);
  });
  test.each([
    'DO $$ BEGIN END $$',
    'CALL proc_out(1, NULL)',
    'CALL now()',
    "SELECT set_config('search_path', 'x', false)",
    'SELECT set_config(a, b, false) FROM scratch',
    'SET search_path = x',
    'SET ROLE app',
    'RESET ALL',
    'CREATE SCHEMA x',
    'DROP SCHEMA x',
    'GRANT SELECT ON scratch TO app',
    'REVOKE USAGE ON SCHEMA public FROM app',
  ])('%s', async (sql) => {
    expect((await one(sql)).changesSearchPath).toBe(true);
  });
});

describe('every effect is told, and not the strongest alone', () => {
  test.each<[sql: string, effects: readonly string[]]>([
    ["COPY scratch TO '/tmp/x'", ['program', 'read']],
    ["COPY scratch TO PROGRAM 'id'", ['program', 'read']],
    ['COPY scratch FROM STDIN', ['insert']],
    ['COPY scratch TO STDOUT', ['read']],
    ['SELECT 1', ['read']],
    ['VALUES (1)', ['read']],
    ['SELECT id FROM scratch FOR UPDATE', ['lock', 'read']],
    ['SELECT 1 AS x INTO t', ['ddl', 'read']],
    ['CREATE TABLE t AS SELECT 1', ['ddl', 'read']],
    ['CREATE TABLE t AS EXECUTE q', ['opaque', 'ddl']],
    ['INSERT INTO scratch (a) SELECT ssn FROM customers RETURNING id', ['insert', 'read']],
    ['INSERT INTO scratch (id) VALUES (1) RETURNING id', ['insert', 'read']],
    ['INSERT INTO scratch (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1', ['update', 'insert']],
    ['UPDATE scratch SET a = 1 WHERE id = 1 RETURNING id', ['update', 'read']],
    ['DELETE FROM scratch WHERE id = 1', ['delete']],
    ['MERGE INTO scratch s USING payments p ON s.id = p.id WHEN MATCHED THEN UPDATE SET a = 1', ['update', 'merge']],
    ['MERGE INTO scratch s USING payments p ON s.id = p.id WHEN MATCHED THEN DELETE', ['delete', 'merge']],
    [
      'MERGE INTO scratch s USING payments p ON s.id = p.id WHEN NOT MATCHED THEN INSERT (a) VALUES (1)',
      ['merge', 'insert'],
    ],
    ['SHOW ALL', ['session']],
    ['DISCARD ALL', ['set', 'session']],
    ['DISCARD TEMP', ['session']],
    ['DISCARD PLANS', ['session']],
    ['SET a.b = 1', ['set']],
    ['SET TRANSACTION READ ONLY', ['transaction']],
    ['SET CONSTRAINTS ALL DEFERRED', ['transaction']],
    ['BEGIN', ['transaction']],
    ['EXECUTE q', ['opaque']],
    ['FETCH c', ['opaque']],
    ['DEALLOCATE q', ['session']],
    ['CLOSE c', ['session']],
    ['DO $$ BEGIN END $$', ['opaque']],
    ['CALL proc_out(1, NULL)', ['opaque']],
    ['DROP TABLE scratch', ['ddl']],
    ['CREATE SCHEMA x', ['ddl']],
    ["ALTER SYSTEM SET a.b = 'c'", ['program', 'set']],
    ['CREATE EXTENSION hstore', ['opaque', 'ddl']],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'", ['program', 'ddl']],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", ['ddl']],
    ['ALTER ROLE app SUPERUSER', ['grant']],
    ['EXPLAIN SELECT 1', ['explain']],
    ['EXPLAIN ANALYZE SELECT 1', ['read', 'explain']],
    ['SELECT * FROM v_contact', ['read']],
    ['TABLE scratch', ['read']],
    ['SELECT 1 UNION SELECT 2', ['read']],
    ['CREATE TABLE t (a int)', ['ddl']],
    ['ALTER TABLE scratch OWNER TO app', ['grant', 'ddl']],
    ['COPY (SELECT 1) TO STDOUT', ['read']],
    ['COPY (DELETE FROM scratch RETURNING id) TO STDOUT', ['delete', 'read']],
    ['CALL now()', ['opaque']],
  ])('%s: %j', async (sql, effects) => {
    expect((await one(sql)).command.effects).toEqual(effects);
  });
});

describe('every clause is read', () => {
  test.each([
    [
      "UPDATE scratch SET a[(SELECT length(ssn) FROM customers LIMIT 1)] = 'x' WHERE id = 1",
      expect.arrayContaining(['customers.ssn set']),
    ],
    [
      'SELECT g FROM customers c, generate_series(1, (c.ssn IS NULL)::int) g',
      ['customers.ssn expression', 'customers.ssn join', 'customers.ssn null_test'],
    ],
    [
      'SELECT 1 FROM (SELECT (c).* FROM customers c) a NATURAL JOIN (SELECT ssn FROM employees) b',
      expect.arrayContaining(['customers.ssn join', 'employees.ssn join']),
    ],
    [
      'SELECT EXISTS (SELECT ssn FROM customers INTERSECT SELECT ssn FROM employees)',
      expect.arrayContaining(['customers.ssn distinct', 'employees.ssn distinct']),
    ],
    ['SELECT EXISTS (SELECT DISTINCT ssn FROM customers OFFSET 2)', expect.arrayContaining(['customers.ssn distinct'])],
    [
      "SELECT EXISTS (SELECT regexp_matches(ssn, '^0') FROM customers)",
      expect.arrayContaining(['customers.ssn function']),
    ],
    [`SELECT id FROM customers WHERE ssn COLLATE "C" > 'a'`, ['customers.ssn where']],
    ['SELECT JSON_ARRAY(SELECT ssn FROM customers)', expect.arrayContaining(['customers.ssn expression'])],
    ['SELECT name FROM customers WHERE id = 1 OR (ssn, id) = (SELECT a, id FROM scratch)', ['customers.ssn where']],
    ["COPY customers FROM STDIN WHERE ssn > 'x'", ['customers.ssn where']],
    ['SELECT id FROM customers ORDER BY upper(ssn)', ['customers.ssn order']],
    ['SELECT count(*) FROM customers GROUP BY upper(ssn)', ['customers.ssn group']],
    [
      'SELECT id FROM customers LIMIT (SELECT length(max(ssn)) FROM customers)',
      expect.arrayContaining(['customers.ssn limit']),
    ],
    [
      'SELECT id FROM customers OFFSET (SELECT length(max(ssn)) FROM customers)',
      expect.arrayContaining(['customers.ssn limit']),
    ],
    ['SELECT lag(id) OVER w FROM customers WINDOW w AS (ORDER BY ssn)', ['customers.ssn order']],
    ['SELECT id FROM customers c WHERE id = ANY (ARRAY[length(c.ssn)])', ['customers.ssn where']],
    ['SELECT id FROM customers WHERE (ssn, id) IN (SELECT a, id FROM scratch)', ['customers.ssn where']],
    ['SELECT id FROM scratch WHERE a IN (SELECT ssn FROM customers)', expect.arrayContaining(['customers.ssn where'])],
    ['MERGE INTO scratch s USING customers c ON s.a = c.ssn WHEN MATCHED THEN DELETE', ['customers.ssn join']],
    [
      'MERGE INTO scratch s USING customers c ON s.id = c.id WHEN MATCHED AND c.ssn > s.a THEN DELETE',
      ['customers.ssn where'],
    ],
    [
      'MERGE INTO scratch s USING customers c ON s.id = c.id WHEN NOT MATCHED THEN INSERT (a) VALUES (c.ssn)',
      ['customers.ssn set'],
    ],
    [
      "INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'y' WHERE customers.ssn > 'a'",
      ['customers.ssn where'],
    ],
    [
      "INSERT INTO customers (id, name) VALUES (1, 'x') ON CONFLICT (id) WHERE ssn > 'a' DO NOTHING",
      ['customers.ssn where'],
    ],
    ['INSERT INTO customers (id) VALUES (1) ON CONFLICT (lower(ssn)) DO NOTHING', ['customers.ssn key']],
    ['INSERT INTO customers (id) VALUES (1) ON CONFLICT (ssn) DO NOTHING', ['customers.ssn key']],
    ['CREATE INDEX i ON customers (ssn)', expect.arrayContaining(['customers.ssn key'])],
    ['CREATE INDEX i ON customers (lower(ssn))', expect.arrayContaining(['customers.ssn key'])],
  ])('%s', async (sql, expected) => {
    expect(uses(await one(sql))).toEqual(expected);
  });
});

describe('relations that store values, statements or credentials', () => {
  test.each([
    'pg_statistic', 'pg_stats', 'pg_statistic_ext_data', 'pg_stats_ext', 'pg_stats_ext_exprs', 'pg_largeobject', 'pg_stat_activity',
    'pg_authid', 'pg_shadow', 'pg_user_mapping', 'pg_user_mappings', 'information_schema._pg_user_mappings',
    'information_schema.user_mapping_options', 'pg_subscription', 'pg_hba_file_rules', 'pg_ident_file_mappings', 'pg_file_settings',
  ])('%s', async (name) => {
    const { command } = await one(`SELECT * FROM ${name}`);
    expect(command.analysis.reasons.join('\n')).toMatch(new RegExp(`${name.replace(/.*\./, '')} holds `));
  }); // prettier-ignore
  test.each([
    'SELECT subname, subowner, subenabled FROM pg_subscription',
    'SELECT umid, srvname, usename FROM pg_catalog.pg_user_mappings',
    'SELECT rolname, rolsuper FROM pg_authid',
    'SELECT usename FROM pg_shadow',
    'SELECT pid, state, wait_event FROM pg_stat_activity WHERE state <> $$idle$$',
    'SELECT count(*) FROM pg_stat_activity',
    'SELECT umuser FROM pg_user_mapping',
    'SELECT foreign_server_name FROM information_schema._pg_user_mappings',
    'SELECT option_name FROM information_schema.user_mapping_options',
  ])('other columns of those that keep a secret in one are read: %s', async (sql) => {
    expect((await one(sql)).command.analysis.reasons).toEqual([]);
  });
  test.each([
    'SELECT count(subconninfo) FROM pg_subscription',
    'SELECT s FROM pg_subscription s',
    'SELECT 1 FROM pg_authid WHERE rolpassword IS NULL',
    'SELECT 1 FROM pg_stat_activity a WHERE a::text > $$x$$',
    'SELECT pid FROM pg_stat_activity ORDER BY query',
    "UPDATE pg_authid SET rolname = 'x' WHERE oid = 10",
    'COPY pg_authid TO STDOUT',
  ])('the one that keeps it is not, and nothing is written: %s', async (sql) => {
    expect((await one(sql)).command.analysis.reasons.join()).toMatch(
      / holds (credentials|password hashes|statements of others)/,
    );
  });
});

test.each(Object.entries(counting))('what is counted there follows from values: %s: %s', (view, columns) => {
  expect(columns.split(' ').filter((column) => !isCounter(told(view, column) ?? ''))).toEqual([]);
});

test.each(countingFunctions)('and by the function: %s', (name) => {
  expect(classifyFunction(['pg_catalog', name], []).categories).toContain('counter');
});

const nothing = "schemaname = 'public' AND tablename = 'scratch'";
describe('rows of a catalog that hold nothing of others', () => {
  test.each([
    'SELECT query, state FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    'SELECT * FROM pg_stat_activity a WHERE pg_catalog.pg_backend_pid() = a.pid AND state IS NOT NULL',
    `SELECT attname, n_distinct FROM pg_stats WHERE ${nothing}`,
    `SELECT s.most_common_vals, histogram_bounds FROM pg_stats s WHERE ${nothing} AND attname = 'a'`,
    "SELECT null_frac FROM pg_stats WHERE schemaname = 'public' AND tablename = 'customers' AND attname = 'id'",
    `SELECT x.n FROM (SELECT n_distinct AS n FROM pg_catalog.pg_stats WHERE ${nothing}) x ORDER BY n`,
    'SELECT schemaname, tablename, attname FROM pg_stats WHERE inherited',
  ])('are read: %s', async (sql) => {
    expect((await one(sql)).command.analysis.reasons).toEqual([]);
  });
  test.each([
    'SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
    'SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() OR true',
    'SELECT query FROM pg_stat_activity WHERE NOT pid = pg_backend_pid()',
    'SELECT query FROM pg_stat_activity WHERE leader_pid = pg_backend_pid()',
    'SELECT query FROM pg_stat_activity WHERE pid = 5',
    'SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid(1)',
    'SELECT query FROM pg_stat_activity WHERE pid = evil.pg_backend_pid()',
    "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() AND query > 'x'",
    'SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() ORDER BY pg_stat_activity.query',
    'SELECT b.query FROM pg_stat_activity a, pg_stat_activity b WHERE a.pid = pg_backend_pid()',
    'SELECT b.query FROM pg_stat_activity a JOIN pg_stat_activity b USING (pid) WHERE a.pid = pg_backend_pid()',
    'SELECT (SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid())',
    'SELECT query FROM (SELECT * FROM pg_stat_activity) a WHERE pid = pg_backend_pid()',
    'SELECT query INTO kept FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    'SELECT query, (SELECT ssn FROM customers LIMIT 1) FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    'SELECT query FROM pg_stat_activity a (pid, datname, leader) WHERE a.pid = pg_backend_pid()',
    `SELECT correlation FROM pg_stats WHERE ${nothing}`,
    `SELECT * FROM pg_stats WHERE ${nothing}`,
    `SELECT n_distinct FROM pg_stats WHERE ${nothing} AND n_distinct > 1`,
    `SELECT n_distinct FROM pg_stats WHERE ${nothing} OR true`,
    "SELECT n_distinct FROM pg_stats WHERE tablename = 'scratch'",
    "SELECT n_distinct FROM pg_stats WHERE schemaname = 'public' AND attname = 'a'",
    "SELECT n_distinct FROM pg_stats WHERE schemaname = 'public' AND tablename = 'customers'",
    "SELECT n_distinct FROM pg_stats WHERE schemaname = 'public' AND tablename = 'customers' AND attname = 'ssn'",
    "SELECT n_distinct FROM pg_stats WHERE schemaname = 'public' AND tablename = 'customers' AND attname <> 'ssn'",
    "SELECT n_distinct FROM pg_stats WHERE schemaname = 'public' AND tablename = 'customers' AND attname = 'nothing'",
    "SELECT n_distinct FROM pg_stats WHERE schemaname = 'public' AND tablename = 'customers_pkey' AND attname = 'id'",
    "SELECT n_distinct FROM pg_stats WHERE schemaname = 'pg_catalog' AND tablename = 'pg_authid' AND attname = 'rolname'",
    "SELECT n_distinct FROM pg_stats WHERE schemaname = 'public' AND tablename = $1",
    "SELECT n_distinct FROM pg_stats WHERE schemaname = '' AND tablename = 'scratch'",
    `SELECT t.n_distinct FROM pg_stats s, pg_stats t WHERE s.schemaname = 'public' AND s.tablename = 'scratch'`,
    `SELECT s FROM pg_stats s WHERE ${nothing}`,
    `SELECT most_common_vals FROM pg_stats_ext WHERE ${nothing}`,
  ])('the others are not: %s', async (sql) => {
    expect((await one(sql)).command.analysis.complete).toBe(false);
  });
  test('nor are those of a table that shows its rows by labelled values', async () => {
    const catalog = leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8'));
    const oidOf = (table: string): number => catalog.relations.find(({ name }) => name === table)?.oid ?? 0;
    const policy = { kind: 'policy', reads: { relation: oidOf('customers'), columns: ['ssn'] } } as const;
    analyzer.setCatalog('shows', {
      ...catalog,
      rules: [...(catalog.rules ?? []), { relation: oidOf('scratch'), rule: policy }],
    });
    analyzer.setLabels('shows', leakLabels, '1');
    const text = Buffer.from(`SELECT n_distinct FROM pg_stats WHERE ${nothing} AND attname = 'a'`);
    const answer = await analyzer.analyze({ target: 'shows', text, major: 18, searchPath });
    expect(answer).toMatchObject({ statements: [{ command: { analysis: { complete: false } } }] });
  });
  test.each([
    'SELECT 1; SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    'PREPARE q AS SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    'DECLARE c CURSOR FOR SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()',
  ])('nor the text of what it came with: %s', async (sql) => {
    const answer = await analyzer.analyze({ target: 'leak', text: Buffer.from(sql), major: 18, searchPath });
    const last = answer.ok ? answer.statements.at(-1) : undefined;
    const facts = last && 'inner' in last.handle ? last.handle.inner : last;
    expect(facts?.command.analysis.complete).toBe(false);
    const alone = await one('SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()');
    expect(facts?.key).not.toBe(alone.key);
  });
});

describe('upkeep says how many versions of rows there were', () => {
  test.each([
    'VACUUM customers',
    'VACUUM (VERBOSE, ANALYZE) public.customers, scratch',
    'ANALYZE VERBOSE customers (id)',
    'CLUSTER VERBOSE customers USING customers_pkey',
    'VACUUM',
    'ANALYZE VERBOSE',
  ])('%s', async (sql) => {
    const { command } = await one(sql);
    expect(command.labels).toContain('pii.ssn');
    expect(command.analysis.reasons).toEqual([]);
  });
  test.each(['VACUUM VERBOSE scratch', 'ANALYZE scratch', 'REINDEX TABLE customers'])('%s says none', async (sql) => {
    expect((await one(sql)).command.labels).toEqual([]);
  });
});

describe('how much was written tells how alike old and new values are', () => {
  test.each([
    'SELECT pg_current_wal_insert_lsn()',
    'SELECT pg_current_wal_lsn()',
    'SELECT pg_current_wal_flush_lsn()',
    "SELECT pg_create_restore_point('a')",
    'SELECT pg_switch_wal()',
    "SELECT pg_stat_get_xact_tuples_hot_updated('scratch'::regclass)",
    "SELECT pg_stat_get_tuples_newpage_updated('scratch'::regclass)",
    "SELECT pg_stat_get_xact_blocks_hit('scratch'::regclass)",
    'SELECT * FROM pg_stat_get_wal()',
    'SELECT wal_bytes FROM pg_stat_wal',
    'SELECT * FROM pg_stat_user_tables',
    'SELECT n_tup_hot_upd FROM pg_stat_xact_user_tables',
    'SELECT x.h FROM (SELECT n_tup_hot_upd AS h FROM pg_stat_all_tables) x',
    'SELECT idx_blks_hit FROM pg_statio_user_indexes',
    'SELECT sent_lsn FROM pg_stat_replication',
    'SELECT confirmed_flush_lsn FROM pg_replication_slots',
    'SELECT idx_tup_read FROM pg_stat_user_indexes',
    "SELECT pg_stat_get_xact_tuples_returned('scratch'::regclass)",
    'SELECT tup_returned FROM pg_stat_database',
    'SELECT pg_stat_get_db_tuples_returned(1)',
    'SELECT safe_wal_size FROM pg_replication_slots',
    'SELECT wal_buffers_full FROM pg_stat_wal',
    'SELECT n_dead_tup FROM pg_stat_user_tables',
    'SELECT buffers_checkpoint FROM pg_stat_bgwriter',
    'SELECT pg_stat_get_checkpointer_buffers_written()',
    'SELECT pg_stat_get_buf_alloc()',
    'SELECT * FROM pg_stat_get_recovery_prefetch()',
    "SELECT pg_stat_get_dead_tuples('scratch'::regclass)",
    'SELECT toast_blks_hit FROM pg_statio_user_tables',
    'SELECT blks_hit FROM pg_stat_database',
    'SELECT pg_stat_get_db_blocks_hit(1)',
    'SELECT * FROM pg_stat_get_io()',
    'SELECT * FROM pg_stat_get_backend_io(1)',
    'SELECT * FROM pg_stat_get_archiver()',
    'SELECT last_archived_wal FROM pg_stat_archiver',
    'SELECT * FROM pg_get_wal_summarizer_state()',
    'SELECT * FROM pg_available_wal_summaries()',
    'SELECT pg_last_wal_replay_lsn()',
    'SELECT pg_replication_origin_session_progress(false)',
    'SELECT * FROM pg_stat_get_subscription()',
    'SELECT * FROM pg_control_recovery()',
    'SELECT num_dead_tuples FROM pg_stat_progress_vacuum',
    "SELECT currtid2('scratch', '(0,1)')",
  ])('%s', async (sql) => {
    const { analysis, measures } = (await one(sql)).command;
    expect(measures.map(({ what, tells }) => `${what} ${tells}`)).toContain('counter writing');
    expect(analysis.reasons).toEqual([]);
  });
  test.each([
    'SELECT temp_bytes FROM pg_stat_database',
    'SELECT pg_stat_get_db_temp_bytes(1)',
    'SELECT bytes_processed FROM pg_stat_progress_copy',
    "SELECT * FROM pg_stat_get_progress_info('COPY')",
    'SELECT spill_bytes FROM pg_stat_replication_slots',
    "SELECT * FROM pg_stat_get_replication_slot('a')",
    'SELECT used_bytes FROM pg_backend_memory_contexts',
    'SELECT * FROM pg_get_backend_memory_contexts()',
    "SELECT gin_clean_pending_list('i')",
  ])('and how much room they take, how long they are: %s', async (sql) => {
    const { analysis, measures } = (await one(sql)).command;
    expect(measures.map(({ what, tells }) => `${what} ${tells}`)).toContain('counter room');
    expect(analysis.reasons).toEqual([]);
  });
  test.each([
    'SELECT relname, n_live_tup, n_tup_upd, last_vacuum FROM pg_stat_user_tables',
    'SELECT idx_tup_fetch FROM pg_stat_user_indexes',
    'SELECT numbackends, xact_commit, tup_fetched FROM pg_stat_database',
    'SELECT tuples_processed FROM pg_stat_progress_copy',
    'SELECT phase, heap_blks_total FROM pg_stat_progress_vacuum',
    'SELECT blks_hit FROM pg_stat_slru',
    'SELECT name, level FROM pg_backend_memory_contexts',
    'SELECT heap_blks_hit FROM pg_statio_user_tables',
    'SELECT client_addr, state FROM pg_stat_replication',
    "SELECT pg_wal_lsn_diff('0/2', '0/1')",
  ])('which these do not: %s', async (sql) => {
    const { analysis, measures } = (await one(sql)).command;
    expect([...analysis.reasons, ...measures]).toEqual([]);
  });
  test.each([
    ['SELECT idx_scan FROM pg_stat_user_indexes', 'pg_stat_user_indexes.idx_scan distinct'],
    ['SELECT idx_scan FROM pg_stat_xact_user_tables', 'pg_stat_xact_user_tables.idx_scan distinct'],
    ["SELECT pg_stat_get_xact_numscans('i'::regclass)", 'pg_stat_get_xact_numscans distinct'],
    ['SELECT n_dead_tup FROM pg_stat_user_tables', 'pg_stat_user_tables.n_dead_tup writing'],
    ['SELECT t FROM pg_stat_database t', 'pg_stat_database.temp_bytes room'],
    ['SELECT 1 FROM pg_stat_wal WHERE wal_fpi > 5', 'pg_stat_wal.wal_fpi writing'],
    ['SELECT pg_stat_get_db_temp_bytes(1)', 'pg_stat_get_db_temp_bytes room'],
    ['CREATE TEMP TABLE kept AS SELECT blks_hit FROM pg_stat_database', 'pg_stat_database.blks_hit writing'],
    ['COPY pg_stat_wal TO STDOUT', 'pg_stat_wal.wal_bytes writing'],
    ['PREPARE q AS SELECT wal_bytes FROM pg_stat_wal', 'pg_stat_wal.wal_bytes writing'],
    ['DECLARE c CURSOR FOR SELECT wal_bytes FROM pg_stat_wal', 'pg_stat_wal.wal_bytes writing'],
  ])('the fact says which: %s: %s', async (sql, written) => {
    const { command, handle } = await one(sql);
    const inner = 'inner' in handle ? handle.inner.command.measures : [];
    const all = [...command.measures, ...inner].map(({ name, tells }) => `${name} ${tells}`);
    expect(all).toContain(written);
  });
});

describe('what functions are known to do', () => {
  const own = (extension: string, name: string) =>
    classifyFunction([name], [
      { schema: 'public', name, language: 'c', volatility: 'volatile', kind: 'function', extension },
    ]).categories; // prettier-ignore
  test.each([
    ['query_to_xml', ['dynamic_sql']],
    ['ts_stat', ['dynamic_sql']],
    ['lo_import', ['large_object', 'file']],
    ['lo_get', ['large_object']],
    ['pg_read_file', ['file']],
    ['set_config', ['set_config']],
    ['pg_notify', ['notify']],
    ['pg_advisory_lock', ['lock']],
    ['nextval', ['sequence']],
    ['pg_stat_get_activity', ['statistics']],
    ['pg_logical_emit_message', ['statistics', 'admin']],
    ['pg_switch_wal', ['counter', 'admin']],
    ['pg_backup_start', ['counter', 'admin']],
    ['pg_current_wal_lsn', ['counter']],
    ['gin_clean_pending_list', ['counter', 'admin']],
    ['pg_terminate_backend', ['admin']],
    ['pg_create_logical_replication_slot', ['admin']],
    ['pg_stat_reset', ['admin']],
  ])('%s: %j', (name, categories) => {
    expect(classifyFunction([name], []).categories).toEqual(categories);
  });
  test.each([
    ['dblink', 'dblink_exec', ['network', 'dynamic_sql']],
    ['tablefunc', 'crosstab', ['dynamic_sql']],
    ['xml2', 'xpath_table', ['dynamic_sql']],
    ['adminpack', 'pg_file_write', ['file']],
    ['lo', 'lo_oid', ['large_object']],
    ['pageinspect', 'heap_page_items', ['statistics']],
    ['pgstattuple', 'pgstattuple', ['counter']],
    ['pg_buffercache', 'pg_buffercache_pages', ['counter']],
    ['pg_visibility', 'pg_visibility_map', ['counter']],
    ['pg_walinspect', 'pg_get_wal_records_info', ['statistics']],
    ['pgrowlocks', 'pgrowlocks', ['statistics']],
    ['postgis', 'st_estimatedextent', ['statistics']],
    ['postgis', '_postgis_index_extent', ['statistics']],
    ['pg_stat_statements', 'pg_stat_statements', ['statistics']],
    ['postgres_fdw', 'postgres_fdw_get_connections', ['network']],
    ['nobody_knows', 'it', ['unknown']],
  ])('%s: %s: %j', (extension, name, categories) => {
    expect(own(extension, name)).toEqual(categories);
  });
});

describe('what a grammar of tomorrow may say is refused', () => {
  const reading = (read: (walk: Walk, tree: Node) => unknown): Ledger => {
    const catalog = leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8'));
    const views = () => ({ ...noColumns, reasons: [] });
    const world = new World(leanCatalog(catalog), leakLabels, views, () => undefined);
    const ledger = new Ledger(world, searchPath);
    read(newWalk(ledger), { NewThing: {} });
    return ledger;
  };
  test('as a statement', () => {
    const ledger = reading(readStatement);
    expect(ledger.reasons).toEqual(['statement NewThing is not known']);
    expect([ledger.changesSchema, ledger.changesSearchPath, ledger.effects]).toEqual([true, true, ['opaque']]);
  });
  test('in FROM', () => {
    const { reasons } = reading((walk, tree) => walk.from(tree, [], emptyScope));
    expect(reasons).toEqual(['NewThing in FROM cannot be seen through']);
  });
  test('in place of a query', () => {
    const { reasons, effects } = reading((walk, tree) => walk.query(tree, emptyScope));
    expect(reasons).toEqual(['NewThing where a query stands cannot be seen through']);
    expect(effects).toEqual(['opaque']);
  });
});

describe('an operator that somebody defined is a call', () => {
  test.each([
    'SELECT id <<>> 1 FROM scratch',
    'SELECT id FROM scratch WHERE id <<>> ANY (SELECT id FROM payments)',
    'SELECT id FROM scratch WHERE (id, 1) <<>> (SELECT id, 1 FROM payments)',
  ])('%s', async (sql) => {
    const catalog = leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8'));
    const operators = [...catalog.operators, { schema: 'public', name: '<<>>', extension: null }];
    analyzer.setCatalog('own', { ...catalog, version: 2, operators });
    const answer = await analyzer.analyze({ target: 'own', text: Buffer.from(sql), major: 18, searchPath });
    expect(answer).toMatchObject({ statements: [{ command: { functions: [{ name: 'operator <<>>' }] } }] });
    expect(answer).toMatchObject({ statements: [{ command: { analysis: { complete: false } } }] });
  });
});

describe('one that is not named is called all the same', () => {
  test.each([
    ['=', 'SELECT CASE a WHEN 1 THEN 2 END FROM scratch'],
    ['=', 'SELECT id FROM scratch WHERE CASE a WHEN 1 THEN true END'],
    ['=', 'SELECT s.id FROM scratch s JOIN payments p USING (id)'],
    ['=', 'SELECT 1 FROM scratch s NATURAL JOIN payments p'],
    ['=', 'SELECT id FROM scratch WHERE id IN (SELECT id FROM payments)'],
    ['=', 'SELECT NULLIF(a, 1), a IS DISTINCT FROM 2, a IN (1, 2) FROM scratch'],
    ['>=', 'SELECT a BETWEEN 1 AND 2 FROM scratch'],
    ['<', 'SELECT a NOT BETWEEN 1 AND 2 FROM scratch'],
    ['<=', 'SELECT a BETWEEN SYMMETRIC 1 AND 2 FROM scratch'],
    ['<', 'SELECT id FROM scratch ORDER BY a USING <'],
    ['<', 'SELECT id FROM scratch UNION SELECT id FROM payments ORDER BY id USING <'],
    ['<', 'SELECT array_agg(a ORDER BY a USING <) FROM scratch'],
  ])('%s in %s', async (name, sql) => {
    const catalog = leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8'));
    for (const [version, operators] of [[], [{ schema: 'public', name, extension: null }]].entries()) {
      analyzer.setCatalog('own', { ...catalog, version: 3 + version, operators });
      const answer = await analyzer.analyze({ target: 'own', text: Buffer.from(sql), major: 18, searchPath });
      if (!answer.ok) throw new Error(answer.message);
      const called = answer.statements[0]?.command.functions.map((each) => each.name);
      expect(called?.includes(`operator ${name}`)).toBe(version === 1);
    }
  });
});

describe('a write is a write of all that it changes', () => {
  const written = ({ command }: StatementFacts) =>
    command.relations.filter(({ access }) => access === 'write').map(({ name, labels }) => [name, ...labels].join(' '));
  const all = 'customers pii.card pii.email pii.notes pii.ssn';
  test.each([
    ['INSERT INTO v_contact (id) VALUES (1)', ['v_contact', 'customers']],
    ["UPDATE v_contact SET name = 'x' WHERE id = 1", ['v_contact pii.email', all]],
    ['DELETE FROM v_contact WHERE id = 1', ['v_contact pii.email', all]],
    ['MERGE INTO v_contact v USING scratch s ON v.id = s.id WHEN MATCHED THEN DELETE', ['v_contact pii.email', all]],
  ])('through a view: %s', async (sql, expected) => {
    expect(written(await one(sql))).toEqual(expected);
  });

  test.each([
    'INSERT INTO scratch (a) VALUES (1)',
    'UPDATE scratch SET a = 1 WHERE id = 1',
    'DELETE FROM scratch WHERE id = 1',
    'MERGE INTO scratch s USING payments p ON s.id = p.id WHEN MATCHED THEN DELETE',
  ])('and of what a rule on the table makes of it, which nobody sees: %s', async (sql) => {
    const catalog = leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8'));
    const relations = catalog.relations.map((each) => (each.name === 'scratch' ? { ...each, hasRules: true } : each));
    analyzer.setCatalog('ruled', { ...catalog, relations });
    const answer = await analyzer.analyze({ target: 'ruled', text: Buffer.from(sql), major: 18, searchPath });
    if (!answer.ok) throw new Error(answer.message);
    const [facts] = answer.statements;
    expect(facts?.command.effects).toContain('opaque');
    expect(facts?.command.analysis.reasons).toEqual(['rules of public.scratch rewrite the statement']);
  });
});

test.each([
  "INSERT INTO employees VALUES (1, 'x')",
  'INSERT INTO employees SELECT * FROM scratch',
  'MERGE INTO employees e USING scratch s ON e.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.a)',
])('where no column is named, every one is written: %s', async (sql) => {
  const [target] = (await one(sql)).command.relations.filter(({ access }) => access === 'write');
  expect(target?.columns).toEqual(['id', 'name', 'email', 'salary', 'ssn', 'manager_id', 'password_hash']);
});

test('a whole row that leaves as a document is read in all its columns', async () => {
  expect((await one('SELECT row_to_json(c) FROM customers c')).command.relations).toEqual([
    expect.objectContaining({
      columns: ['id', 'name', 'email', 'ssn', 'card_number', 'notes'],
      labels: ['pii.card', 'pii.email', 'pii.notes', 'pii.ssn'],
    }),
  ]);
});

test('a relation that is written and not known is looked up', async () => {
  expect((await one('INSERT INTO nowhere VALUES (1)')).unknownRelations).toEqual(['nowhere']);
});

test.each([
  "UPDATE customers SET name = 'x' WHERE id = 1",
  "INSERT INTO customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x'",
])('a change of rows carries the labels of whole rows, for an error on the way quotes them: %s', async (sql) => {
  expect((await one(sql)).command.labels).toContain('pii.ssn');
});

test('a condition on whether a column is NULL chooses rows', async () => {
  expect((await one('DELETE FROM customers WHERE ssn IS NULL')).command.unfiltered).toBe(false);
});

test('without a catalog nothing is complete', async () => {
  const answer = await analyzer.analyze({ target: 'nobody', text: Buffer.from('SELECT 1'), major: 18, searchPath });
  expect(answer).toMatchObject({
    statements: [{ command: { analysis: { complete: false, reasons: [expect.stringMatching(/catalog/)] } } }],
  });
});
