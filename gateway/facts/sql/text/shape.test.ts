import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlAnalysis, SqlAnalyzer, SqlRequest } from '../index.ts';
import { openSqlAnalyzer } from '../index.ts';
import { leakCatalog, leakLabels, searchPath } from '../fixtures/leak-database.ts';
import { shapeOf } from './shape.ts';

const read = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const catalog = leakCatalog(read('catalog.jsonl'));

/** One that is asked for everything it says, and one that has to read every text. */
let quick: SqlAnalyzer;
let thorough: SqlAnalyzer;
beforeAll(() => {
  [quick, thorough] = [open(), open()];
});
afterAll(async () => {
  await Promise.all([quick[Symbol.asyncDispose](), thorough[Symbol.asyncDispose]()]);
});

function open(): SqlAnalyzer {
  const analyzer = openSqlAnalyzer();
  analyzer.setCatalog('leak', catalog);
  analyzer.setLabels('leak', leakLabels, '1');
  return analyzer;
}

const request = (text: string, major = 18): SqlRequest => ({
  target: 'leak',
  text: Buffer.from(text),
  major,
  searchPath,
});

/** Names another text: no two texts may share it. */
const withoutKeys = (analysis: SqlAnalysis): unknown =>
  analysis.ok ? { ...analysis, statements: analysis.statements.map((facts) => ({ ...facts, key: '' })) } : analysis;

describe('a text with other numbers needs no parser', () => {
  test.each([
    ['SELECT id FROM customers WHERE id = 5', 'SELECT id FROM customers WHERE id = 2146999999'],
    ['SELECT id FROM customers WHERE id = 5;', 'SELECT id FROM customers WHERE id = 0;'],
    [
      '  select ssn, id from customers where (id>=1) and id <10 ',
      '  select ssn, id from customers where (id>=77) and id <8 ',
    ],
    ['SELECT * FROM customers WHERE id = 1 LIMIT 10', 'SELECT * FROM customers WHERE id = 900 LIMIT 10'],
    [
      'SELECT count(*) FROM customers WHERE id <> 1 ORDER BY 1',
      'SELECT count(*) FROM customers WHERE id <> 12 ORDER BY 1',
    ],
  ])('%s', async (text, other) => {
    const model = await quick.analyze(request(text));
    const known = quick.known(request(other));
    expect(known && withoutKeys(known)).toEqual(withoutKeys(await thorough.analyze(request(other))));
    const [one, two] = [model, known].map((each) => (each?.ok ? each.statements[0] : undefined));
    expect(two?.key).not.toBe(one?.key);
  });

  test('until catalog or labels change', async () => {
    await using analyzer = open();
    await analyzer.analyze(request('SELECT ssn FROM customers WHERE id = 1'));
    const other = request('SELECT ssn FROM customers WHERE id = 2');
    expect(analyzer.known(other)).toBeDefined();
    expect(analyzer.known({ ...other, searchPath: ['public'] })).toBeUndefined();
    expect(analyzer.known({ ...other, major: 17 })).toBeUndefined();
    analyzer.setLabels('leak', new Map(), '2');
    expect(analyzer.known(other)).toBeUndefined();
  });

  test('and not by an answer that was on its way when they changed', async () => {
    await using analyzer = open();
    const asked = analyzer.analyze(request('SELECT ssn FROM customers WHERE id = 1'));
    analyzer.setLabels('leak', new Map(), '2');
    await asked;
    expect(analyzer.known(request('SELECT ssn FROM customers WHERE id = 2'))).toBeUndefined();
  });
});

/** With `#` for the number. */
test.each([
  ['it stands in no comparison', 'SELECT id FROM customers LIMIT #'],
  ['it is a position', 'SELECT id, ssn FROM customers ORDER BY #'],
  ['it is compared with a labelled column, and the record must not have it', 'SELECT id FROM customers WHERE ssn = #'],
  ['it changes a setting', 'SET statement_timeout = #'],
  ['something is changed', 'DELETE FROM customers WHERE id = #'],
  ['a condition may always be true', 'UPDATE customers SET plan = plan WHERE 1 = #'],
  ['rows are locked', 'SELECT id FROM customers WHERE id = # FOR UPDATE'],
  ['a table is made', 'SELECT id INTO copy FROM customers WHERE id = #'],
  ['a plan is shown', 'EXPLAIN SELECT id FROM customers WHERE id = #'],
  ['it is prepared', 'PREPARE p AS SELECT id FROM customers WHERE id = #'],
  ['there is another statement', 'SELECT id FROM customers WHERE id = #; SELECT 1'],
  ['the relation is not known', 'SELECT id FROM nowhere WHERE id = #'],
  ['there is a comment', 'SELECT id FROM customers WHERE id = # -- x'],
  ['there is a quote', `SELECT id FROM customers WHERE plan = 'a' AND id = #`],
  ['there is a quoted name', 'SELECT "id" FROM customers WHERE id = #'],
  ['there is a dollar', 'SELECT id FROM customers WHERE plan = $1 AND id = #'],
  ['the number goes on', 'SELECT id FROM customers WHERE id = #.5'],
  ['the number has an exponent', 'SELECT id FROM customers WHERE id = #e3'],
  ['the number is cast', 'SELECT id FROM customers WHERE id = #::int2'],
  ['the number is a sum', 'SELECT id FROM customers WHERE id = #+1'],
  ['the number is negative', 'SELECT id FROM customers WHERE id = -#'],
  ['it does not parse', 'SELECT id FROM customers WHERE id = # #'],
])('a text is read anew where %s', async (_, text) => {
  await quick.analyze(request(text.replaceAll('#', '1')));
  expect(quick.known(request(text.replaceAll('#', '2')))).toBeUndefined();
});

test('what is no int4 to the lexer has no shape', () => {
  for (const number of ['2147483648', '2147483647', '00000000001', '1_000', '0x1f', '0b1', '0o7', '1a', '12345678901'])
    expect(shapeOf(`SELECT 1 WHERE 1 = ${number}`)).toBeUndefined();
  for (const number of ['0', '007', '999999999', '2146999999'])
    expect(shapeOf(`SELECT 1 WHERE 1 = ${number}`)).toBe('SELECT 1 WHERE 1 = \0');
});

const numbers = fc.oneof(fc.constantFrom(0, 1, 2, 7, 24, 53), fc.nat(2_146_999_999));

/** Whatever a text looks like, with whatever numbers: when an answer is given without reading it, reading it gives the same. */
test('no answer for other numbers differs from what the parser says', async () => {
  const sample = read('regress-sample.jsonl')
    .trim()
    .split('\n')
    // The sample's own form: { sql, error, tags }.
    .map((line) => (JSON.parse(line) as { readonly sql: string }).sql);
  const corpus = [read('leak.sql'), read('benign.sql')].flatMap((file) => file.split('\n'));
  const ours = ['customers', 'orders o JOIN customers c ON o.customer_id = c.id', 'cust_v'].flatMap((from) => [
    `SELECT * FROM ${from} WHERE 1 = 5`,
    `SELECT count(*) FROM ${from} WHERE (1 <5) OR 3 >= 7`,
    `SELECT f(x => 5) FROM ${from} GROUP BY 1 HAVING 1 = 1`,
    `SELECT 1 FROM ${from} WHERE 5 = 5 AND 1 = 1 LIMIT 5 OFFSET 2`,
    `SELECT CASE WHEN 1 = 5 THEN 2 END FROM ${from} ORDER BY 1 = 5`,
    `SELECT EXISTS (SELECT 1 FROM ${from} WHERE 1 = 5) WHERE 1 =5`,
    `WITH w AS (SELECT 1 AS a FROM ${from}) SELECT a FROM w WHERE a = 5 UNION SELECT 2 WHERE 1 < 3`,
  ]);
  // Statements that compare with no number are given one.
  const texts = [...sample, ...corpus, ...ours].flatMap((sql) => [sql, `${sql.replace(/;\s*$/, '')} WHERE 1 = 5`]);
  const shaped = texts.filter((sql) => shapeOf(sql) !== undefined);
  expect(shaped.length).toBeGreaterThan(300);
  let given = 0;
  const cases = shaped.flatMap((sql, i) => {
    const [values] = fc.sample(fc.array(numbers, { minLength: 20, maxLength: 20 }), { numRuns: 1, seed: i });
    let at = 0;
    const other = sql.replace(
      /([=<>] *)\d{1,10}(?![^ \t\r\n);])/g,
      (_, before: string) => `${before}${values?.[at++ % 20] ?? 0}`,
    );
    return other === sql ? [] : [{ sql, other, major: [15, 16, 17, 18][i % 4] ?? 18 }];
  });
  await Promise.all(
    cases.map(async ({ sql, other, major }) => {
      await quick.analyze(request(sql, major));
      const known = quick.known(request(other, major));
      if (!known) return;
      given++;
      expect(withoutKeys(known)).toEqual(withoutKeys(await thorough.analyze(request(other, major))));
    }),
  );
  expect(given).toBeGreaterThan(40);
});
