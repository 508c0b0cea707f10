import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { leakCatalog, leakLabels, searchPath } from '../fixtures/leak-database.ts';
import { openSqlAnalyzer, type StatementFacts } from '../index.ts';

const analyzer = openSqlAnalyzer();
analyzer.setCatalog('leak', leakCatalog(readFileSync(new URL('../fixtures/catalog.jsonl', import.meta.url), 'utf8')));
analyzer.setLabels('leak', leakLabels, '1');
afterAll(() => analyzer[Symbol.asyncDispose]());

async function only(sql: string): Promise<StatementFacts> {
  const answer = await analyzer.analyze({ target: 'leak', text: Buffer.from(sql), major: 18, searchPath });
  const [facts, more] = answer.ok ? answer.statements : [];
  if (!facts || more) throw new Error(`not one statement: ${sql}`);
  return facts;
}
const fingerprint = async (sql: string): Promise<string> => (await only(sql)).command.fingerprint;

describe('one fingerprint have', () => {
  test.each([
    ['literals', "select id from customers where name = 'x' and id < 5", "select id from customers where name = 'it''s' and id < 6.5e3"],
    ['kinds of literals', "select 'x', E'a\\n', $$y$$, B'01', U&'a'", "select 1, .5, 'x', null, true"],
    ['parameters', 'select id from customers where id = $1', 'select id from customers where id = 7'],
    ['lists of literals', 'select id from customers where id in (1)', 'select id from customers where id in (1, -2, null)'],
    ['lists of parameters', 'select id from customers where id in ($1::int8)', 'select id from customers where id in ($1::int8,$2::int8)'],
    ['arrays', 'select id from customers where id = any(array[1])', 'select id from customers where id = any(array[1,2,3])'],
    ['rows', "insert into scratch(a, b) values (1, 'x')", "insert into scratch(a, b) values (2, 'y'), (-3, 'z'), (null, '')"],
    ['rows with calls', 'insert into scratch(a, b) values ($1, now())', 'insert into scratch(a, b) values ($1, now()), ($2, now())'],
    ['case, blanks and comments', 'select id,name from customers', ' SELECT  Id, /* all */ name\nFROM "customers" -- done'.replaceAll('"', '')],
    ['savepoints', 'savepoint sa_savepoint_1', 'savepoint "SA 2"'],
    ['returns to them', 'rollback to sa_savepoint_1', 'ROLLBACK TO sa_savepoint_12'],
    ['cursors', 'declare c_1 cursor for select id from customers', 'declare "c""2" cursor for select id from customers'],
    ['rows of cursors', 'fetch 10 from c_1', 'fetch 200 from c_2'],
    ['prepared statements', 'prepare p1 as select id from customers', 'prepare p2 as select id from customers'],
    ['ends of them', 'deallocate pdo_stmt_00000001', 'deallocate "Pdo"'],
    ['numbers that are not parsed again', 'select id from customers where id = 1', 'select id from customers where id = 22'],
  ])('%s', async (_what, one, other) => {
    expect(await fingerprint(one)).toBe(await fingerprint(other));
  }); // prettier-ignore
});

test('what is prepared under two names is executed under one fingerprint', async () => {
  const inner = async (sql: string): Promise<unknown> => {
    const { handle } = await only(sql);
    return 'inner' in handle ? handle.inner.command.fingerprint : undefined;
  };
  const first = await inner('prepare p1(int) as select id from customers where id = $1');
  expect(first).toMatch(/^[0-9a-f]{16}$/);
  expect(await inner('prepare p2(int) as select id from customers where id = $1')).toBe(first);
});

test('no two of these have one', async () => {
  const texts = [
    'select id from customers',
    'select name from customers',
    'select "Id" from customers',
    'select "id " from customers',
    'select id from customers limit 1',
    'select id from customers where id = 1',
    'select id from customers where id <> 1',
    'select id from customers where name = 1',
    'select id from customers where id in (1, 2)',
    'select id from customers where id in (1, id)',
    'select id from customers where id is null',
    'select id from customers where id is not null',
    'select id from customers union all select id from customers',
    'select id from orders',
    'select id, name from customers',
    'delete from customers',
    'delete from customers where id = 1',
    'savepoint a',
    'rollback to a',
    'fetch 1 from a',
    'fetch all from a',
    'prepare a as select id from customers',
    'prepare a as select name from customers',
  ];
  const prints = await Promise.all(texts.map(fingerprint));
  expect(prints.length).toBe(new Set(prints).size);
});

test('what even the lexer does not read has one that says nothing', async () => {
  const answer = await analyzer.analyze({ target: 'leak', text: Buffer.from('select 123abc'), major: 15, searchPath });
  const facts = answer.ok ? answer.statements[0] : undefined;
  expect(facts?.command.fingerprint).toMatch(/^[0-9a-f]{16}$/);
  expect(facts?.outline).toBe('(not shown: it may hold a secret)');
});
