import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CatalogFunction, FunctionBody } from '../catalog/catalog.ts';
import type { SqlAnalyzer, StatementFacts } from '../index.ts';
import { openSqlAnalyzer } from '../index.ts';
import { leakCatalog, leakLabels, searchPath } from '../fixtures/leak-database.ts';

const sql = (name: string, text: string, more: Partial<FunctionBody> = {}): CatalogFunction => ({
  schema: 'public',
  name,
  language: 'sql',
  volatility: 'stable',
  kind: 'function',
  extension: null,
  body: { sql: text, atomic: false, parameters: [], defaults: null, returns: 'other', ...more },
});
const opaque: CatalogFunction = {
  schema: 'public',
  name: 'opaque',
  language: 'plpgsql',
  volatility: 'immutable',
  kind: 'function',
  extension: null,
};
const text = { returns: 'text' } as const;
/** In `catalog.jsonl`. */
const customersOid = 16_387;

/** Functions that somebody else made; under masks nobody makes one. */
const functions: readonly CatalogFunction[] = [
  sql('with_tax', 'select round($1 * 1.2, 2)'),
  sql('paid', 'RETURN (SELECT sum(amount) FROM public.payments WHERE (customer_id = paid.customer))', {
    atomic: true,
    parameters: ['customer'],
  }),
  sql('paid_twice', 'select paid($1) + public.paid($1)'),
  sql('payments_of', 'select id, amount from payments where customer_id = $1', { returns: 'row' }),
  sql(
    'mail_of',
    'BEGIN ATOMIC\n SELECT customers.email FROM public.customers WHERE (customers.id = mail_of.customer);\nEND',
    {
      atomic: true,
      parameters: ['customer'],
      ...text,
    },
  ),
  sql('label_of', `select name || ' <' || mail_of(id) || '>' from customers where id = $1`, text),
  sql('shadowed', 'select ssn from customers where id = id and name = name', {
    parameters: ['id', 'name', 'ssn'],
    ...text,
  }),
  sql('echo', 'select $1', text),
  sql('other_ssn', 'select nullif(ssn, $2) from customers where id = $1', text),
  sql('salary_of', 'select salary from employees where id = $1'),
  sql('small_salary_of', 'select salary from employees where id = $1', { returns: 'other' }),
  sql('has_ssn', 'select id from customers where ssn = $1'),
  sql('nth_ssn', 'select ssn from customers order by ssn limit 1 offset $1', text),
  sql('two_of', 'select email, ssn from customers where id = $1', { returns: 'row' }),
  sql('clean', 'select 1'),
  { ...opaque, name: 'clean' },
  opaque,
  // Of whole rows.
  sql('greeting_of', `select 'Dear ' || c.name`, { parameters: ['c'], ...text, rowTypes: [customersOid] }),
  sql('older_than', 'select c.id > n', { parameters: ['c', 'n'], rowTypes: [customersOid, 0] }),
  sql('ssn_in', 'select c.ssn', { parameters: ['c'], ...text, rowTypes: [customersOid] }),
  sql('size_in', 'select length(c.ssn)', { parameters: ['c'], rowTypes: [customersOid] }),
  sql('whole_in', 'select c', { parameters: ['c'], returns: 'row', rowTypes: [customersOid] }),
  sql('count_in', 'select count(*) from payments p where p.customer_id = c.id', {
    parameters: ['c'],
    rowTypes: [customersOid],
  }),
  sql('shadowed_in', 'select c.email from employees c where c.id = 1', {
    parameters: ['c'],
    ...text,
    rowTypes: [customersOid],
  }),
  sql('numbered_in', 'select ($1).ssn', { parameters: ['c'], rowTypes: [customersOid] }),
  sql('through_in', 'select size_in(c)', { parameters: ['c'], rowTypes: [customersOid] }),
  sql('again_in', 'select again_in(c)', { parameters: ['c'], rowTypes: [customersOid] }),
  sql('typeless', 'select c.id', { parameters: ['c'] }),
  sql('twice_named', 'select c.id', { parameters: ['c'], rowTypes: [customersOid] }),
  sql('twice_named', 'select n', { parameters: ['n'], rowTypes: [0] }),
  sql('same_in', 'select c.id', { parameters: ['c', 'c'], rowTypes: [customersOid, customersOid] }),
  sql('own_in', 'select own_in.id', { parameters: ['own_in'], rowTypes: [customersOid] }),
  sql('unnamed_in', 'select 1', { parameters: [''], rowTypes: [customersOid] }),
  sql('lower', 'select c.id', { parameters: ['c'], rowTypes: [customersOid] }),
  sql('through', 'select opaque($1)'),
  sql('again', 'select again($1 - 1)'),
  sql('one', 'select two($1)'),
  sql('two', 'select one($1)'),
  sql('makes', 'create table t (a int); select 1'),
  sql('sets', 'set search_path = evil; select 1'),
  sql('tells', `select pg_notify('a', $1)`),
  sql('sets_config', `select set_config('role', 'app', false)`),
  sql('reads_file', 'select pg_read_file($1)'),
  sql('broken', 'select from where'),
  sql('clears', 'delete from scratch; select 1'),
  sql('adds', 'insert into scratch(a) values ($1) returning id'),
  sql('copies', 'insert into scratch(a) select ssn from customers where id = $1 returning id'),
  sql('by_default', 'select $1 || $2', { defaults: 'get_ssn(1)', ...text }),
  sql('nowhere', 'select a from nowhere'),
  { ...sql('replaced', 'select 1'), schema: 'other' },
];

let analyzer: SqlAnalyzer;
beforeAll(() => {
  const catalog = leakCatalog(readFileSync(new URL('../fixtures/catalog.jsonl', import.meta.url), 'utf8'));
  analyzer = openSqlAnalyzer();
  const relations = catalog.relations.map((relation) =>
    relation.name === 'v_masked'
      ? { ...relation, definition: `SELECT id, ssn FROM public.customers WHERE (public.mail_of(id) ~~ 'a%'::text)` }
      : relation,
  );
  analyzer.setCatalog('leak', { ...catalog, relations, functions: [...catalog.functions, ...functions] });
  analyzer.setLabels('leak', leakLabels, '1');
});
afterAll(() => analyzer[Symbol.asyncDispose]());

async function one(statement: string): Promise<StatementFacts['command']> {
  const answer = await analyzer.analyze({ target: 'leak', text: Buffer.from(statement), major: 18, searchPath });
  if (!answer.ok) throw new Error(answer.message);
  const [first] = answer.statements;
  if (!first) throw new Error('no statement');
  return first.command;
}
const uses = async (statement: string): Promise<readonly string[]> =>
  (await one(statement)).filters.map(({ column, use }) => `${column.replace('public.', '')} ${use}`).sort();

describe('a function in SQL is what its body does', () => {
  test.each([
    'SELECT with_tax(amount) FROM payments',
    'SELECT paid(1)',
    'SELECT public.paid_twice(id) FROM customers WHERE paid(id) > 3 ORDER BY paid(id)',
    'SELECT p.amount FROM payments_of(1) p',
    'SELECT c.name, p.amount FROM customers c, payments_of(c.id) p',
    "SELECT echo('a')",
  ])('nothing labelled, nothing used: %s', async (statement) => {
    const { analysis, filters, output, effects } = await one(statement);
    expect({ analysis, filters, effects }).toEqual({
      analysis: { complete: true, reasons: [] },
      filters: [],
      effects: ['read'],
    });
    expect(output.flatMap((column) => column.labels)).toEqual([]);
  });

  test.each([
    ['SELECT mail_of(1)', 'pii.email'],
    ["SELECT 'to ' || mail_of(id) FROM scratch", 'pii.email'],
    ['SELECT label_of(1)', 'pii.email'],
    ['SELECT get_ssn(1)', 'pii.ssn'],
    ['SELECT x FROM (SELECT get_ssn(id) FROM scratch) t(x)', 'pii.ssn'],
    ['SELECT shadowed(1, 2, 3)', 'pii.ssn'],
  ])('text made of %s leaves redacted', async (statement, label) => {
    const { analysis, filters, output } = await one(statement);
    expect({ complete: analysis.complete, filters }).toEqual({ complete: true, filters: [] });
    expect(output).toMatchObject([{ transform: 'derived', labels: [label] }]);
  });

  test('what it reads is read by the statement', async () => {
    const { relations } = await one('SELECT paid_twice(1)');
    expect(relations).toMatchObject([{ schema: 'public', name: 'payments', access: 'read' }]);
  });

  test.each([
    ['SELECT clears()', 'delete', true],
    ['SELECT adds($1)', 'insert', false],
    ['SELECT tells($1)', 'notify', false],
    ['SELECT sets_config()', 'set', false],
    ['SELECT reads_file($1)', 'program', false],
    ['EXPLAIN SELECT clears()', 'explain', false],
  ])('%s does what the body does: %s', async (statement, action, unfiltered) => {
    expect(await one(statement)).toMatchObject({ action, unfiltered });
  });
});

describe('every way for a labelled value through a function is a use', () => {
  test.each([
    // As an argument: whatever the body makes of it.
    ['SELECT echo(ssn) FROM customers', ['customers.ssn function']],
    ['SELECT with_tax(salary) FROM employees', ['employees.salary function']],
    ['SELECT paid(c.id) FROM customers c WHERE echo(c.ssn) IS NOT NULL', ['customers.ssn where']],
    ['SELECT p.* FROM customers c, payments_of(c.ssn::int) p', ['customers.ssn expression', 'customers.ssn join']],
    // By the value that it chooses its rows by.
    ["SELECT has_ssn('078-05-1120')", ['customers.ssn where']],
    ['SELECT nth_ssn(3)', ['customers.ssn order']],
    // The type of the result could fail to take the value.
    ['SELECT salary_of(100)', ['employees.salary function']],
    ['SELECT small_salary_of(100)', ['employees.salary function']],
    // Text, and yet NULL by the value.
    ["SELECT other_ssn(1, 'x')", ['customers.ssn expression', 'customers.ssn function']],
    // Used where it is called.
    ["SELECT 1 WHERE mail_of(1) LIKE 'a%'", ['customers.email where']],
    ['SELECT length(get_ssn(1))', ['customers.ssn function']],
    ['SELECT get_ssn(1)::int', ['customers.ssn function']],
    ['SELECT id FROM scratch ORDER BY get_ssn(id)', ['customers.ssn order']],
    [
      'SELECT * FROM two_of(1)',
      ['customers.email expression', 'customers.email join', 'customers.ssn expression', 'customers.ssn join'],
    ],
    ['SELECT t.email FROM two_of(1) t', expect.arrayContaining(['customers.email join'])],
    ["SELECT * FROM find_customers('A%')", expect.arrayContaining(['customers.ssn join'])],
    ['SELECT (two_of(1)).ssn', expect.arrayContaining(['customers.ssn function'])],
    ['SELECT copies(1)', ['customers.ssn set']],
    // A view that chooses its rows by it.
    ['SELECT id FROM v_masked', ['v_masked.* view', 'v_masked.id view']],
    ["SELECT by_default('a')", ['customers.ssn function']],
  ])('%s', async (statement, expected) => {
    expect(await uses(statement)).toEqual(expected);
  });
});

describe('a row that a function gets whole is what its body names of it', () => {
  test.each([
    ['SELECT greeting_of(c) FROM customers c', []],
    ['SELECT c.id FROM customers c WHERE older_than(c, 3) ORDER BY older_than(c, 3), c.id', []],
    ['SELECT count_in(customers) FROM customers', []],
    ['SELECT c.id, count_in(c) FROM customers c JOIN payments p ON p.customer_id = c.id', []],
    ['SELECT ssn_in(c) FROM customers c', []],
    ['SELECT shadowed_in(c) FROM customers c', []],
    ['SELECT unnamed_in(c) FROM customers c', []],
    // What it makes of a labelled value is a use, as it would be here.
    ['SELECT size_in(c) FROM customers c', ['customers.ssn function']],
    ['SELECT through_in(c) FROM customers c', ['customers.ssn function']],
    ['SELECT id FROM customers c WHERE ssn_in(c) = $1', ['customers.ssn where']],
    ['SELECT older_than(c, length(c.ssn)) FROM customers c', ['customers.ssn function']],
  ])('%s', async (statement, expected) => {
    expect(await uses(statement)).toEqual(expected);
  });

  // `c.f` is `f(c)` where the row has no such column.
  test.each([
    ['SELECT c.greeting_of FROM customers c', []],
    ['SELECT c.id, c.count_in + 1 FROM customers c WHERE c.count_in > 2 ORDER BY c.count_in, c.id', []],
    ['SELECT customers.count_in, count(*) FROM customers GROUP BY customers.count_in', []],
    ['SELECT (SELECT c.count_in) FROM customers c', []],
    ['UPDATE scratch SET a = (SELECT c.id FROM customers c ORDER BY c.count_in, c.id LIMIT 1) WHERE a = 1', []],
    ['SELECT "public"."customers"."count_in" FROM "public"."customers" WHERE "public"."customers"."count_in" > 2', []],
    ['SELECT public.customers.size_in FROM customers', ['customers.ssn function']],
    ["UPDATE customers c SET name = 'x' WHERE id = 1 RETURNING c.count_in, c.ssn_in", []],
    ['DELETE FROM customers WHERE id = 1 RETURNING customers.size_in', ['customers.ssn function']],
    ['SELECT c.ssn_in FROM customers c', []],
    ['SELECT c.size_in FROM customers c', ['customers.ssn function']],
    ['SELECT c.through_in FROM customers c', ['customers.ssn function']],
    ['SELECT id FROM customers c WHERE c.ssn_in = $1', ['customers.ssn where']],
    ['SELECT count(*) FROM customers c GROUP BY c.ssn_in', ['customers.ssn group']],
    ['SELECT id FROM customers c ORDER BY c.ssn_in', ['customers.ssn order']],
    ['SELECT DISTINCT c.ssn_in FROM customers c', ['customers.ssn distinct']],
  ])('also where it is called like a field: %s', async (statement, expected) => {
    const { analysis, filters } = await one(statement);
    expect(analysis.reasons).toEqual([]);
    expect(filters.map(({ column, use }) => `${column.replace('public.', '')} ${use}`).sort()).toEqual(expected);
  });

  test('and leaves under the name of the field, redacted', async () => {
    const { output } = await one('SELECT c.ssn_in FROM customers c');
    expect(output).toMatchObject([{ name: 'ssn_in', transform: 'derived', labels: ['pii.ssn'] }]);
  });

  test.each([
    ['SELECT c.opaque FROM customers c', /opaque cannot be seen through/],
    ['SELECT c.again_in FROM customers c', /again_in calls itself/],
    ['SELECT c.text FROM customers c', /c\.text cannot be resolved/],
    ['SELECT c.nothing FROM customers c', /c\.nothing cannot be resolved/],
    // The row's name is a column's as well.
    ['SELECT id.count_in FROM customers id', /id\.count_in cannot be resolved/],
    ['SELECT other.customers.count_in FROM customers', /other\.customers\.count_in cannot be resolved/],
    ['SELECT crm.public.customers.count_in FROM customers', /count_in cannot be resolved/],
    // Where nobody has written down how it is read.
    ['SELECT 1 FROM customers c JOIN payments p ON c.count_in = p.id', /c\.count_in cannot be resolved/],
    ['DELETE FROM customers c WHERE c.count_in = 0', /c\.count_in cannot be resolved/],
  ])('%s is refused: %s', async (statement, reason) => {
    expect((await one(statement)).analysis.reasons.join('\n')).toMatch(reason);
  });

  test.each(['SELECT ssn_in(c) FROM customers c', 'SELECT shadowed_in(c) FROM customers c'])(
    'text that it brings leaves redacted: %s',
    async (statement) => {
      const { output } = await one(statement);
      expect(output).toMatchObject([{ transform: 'derived', labels: [expect.stringMatching(/^pii\.(ssn|email)$/)] }]);
    },
  );

  test.each([
    ['SELECT whole_in(c) FROM customers c', 'customers.ssn'],
    // By other names, of another type, by a number, by which of two functions, and what may be the server's own.
    ['SELECT ssn_in(c) FROM customers c(id, ssn, name)', 'customers.ssn'],
    ['SELECT greeting_of(e) FROM employees e', 'employees.ssn'],
    ['SELECT greeting_of(v) FROM v_contact v', 'v_contact.contact'],
    ['SELECT greeting_of(ROW(c.*)) FROM customers c', 'customers.ssn'],
    ['SELECT numbered_in(c) FROM customers c', 'customers.ssn'],
    ['SELECT typeless(c) FROM customers c', 'customers.ssn'],
    ['SELECT twice_named(c) FROM customers c', 'customers.ssn'],
    ['SELECT same_in(c, c) FROM customers c', 'customers.ssn'],
    ['SELECT own_in(c) FROM customers c', 'customers.ssn'],
    ['SELECT lower(c) FROM customers c', 'customers.ssn'],
    ['SELECT greeting_of(c => c) FROM customers c', 'customers.ssn'],
    ['SELECT greeting_of(VARIADIC c) FROM customers c', 'customers.ssn'],
    ['SELECT greeting_of(c, 1) FROM customers c', 'customers.ssn'],
  ])('and what is not surely that is read whole: %s', async (statement, column) => {
    expect(await uses(statement)).toContain(`${column} function`);
  });

  test('that calls itself is not seen through', async () => {
    expect((await one('SELECT again_in(c) FROM customers c')).analysis.reasons.join()).toMatch(/again_in calls itself/);
  });
});

test.each([
  ['SELECT opaque(1)', /opaque cannot be seen through/],
  ['SELECT through(1)', /opaque cannot be seen through/],
  // Which of two is meant follows from types that the text does not show.
  ['SELECT clean()', /clean cannot be seen through/],
  ['SELECT again(3)', /again calls itself/],
  ['SELECT one(3)', /calls itself/],
  ['SELECT makes()', /makes runs CreateStmt/],
  ['SELECT sets()', /sets runs VariableSetStmt/],
  ['SELECT broken()', /broken has a body that does not parse/],
  ['SELECT nowhere()', /relation nowhere is not known/],
  ['SELECT replaced()', /function replaced cannot be seen through/],
  ['SELECT * FROM find_customers($1) WHERE opaque(1)', /opaque cannot be seen through/],
])('a body that cannot be seen through makes the statement incomplete: %s', async (statement, reason) => {
  const { analysis } = await one(statement);
  expect(analysis.complete).toBe(false);
  expect(analysis.reasons.join('\n')).toMatch(reason);
});

test('however often functions call one another, each body is read once', async () => {
  const catalog = leakCatalog(readFileSync(new URL('../fixtures/catalog.jsonl', import.meta.url), 'utf8'));
  const tower = Array.from({ length: 40 }, (_, i) =>
    sql(`f${i}`, i === 0 ? 'select 1' : `select f${i - 1}() + f${i - 1}()`),
  );
  const onRows = tower.map((fn, i) =>
    sql(`r${i}`, i === 0 ? 'select 1' : `select r${i - 1}(c) + r${i - 1}(c)`, {
      parameters: ['c'],
      rowTypes: [customersOid],
    }),
  );
  analyzer.setCatalog('tower', { ...catalog, functions: [...tower, ...onRows] });
  for (const asked of ['SELECT f39()', 'SELECT r39(c) FROM customers c']) {
    const answer = await analyzer.analyze({ target: 'tower', text: Buffer.from(asked), major: 18, searchPath });
    expect(answer.ok && answer.statements[0]?.command.analysis.complete).toBe(true);
  }
});
