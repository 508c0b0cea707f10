import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { startPostgres15, startPostgres18, type TestPostgres } from '../../../testing/postgres.ts';
import { counting, countingFunctions } from '../fixtures/counting.ts';
import { isCounter, told } from './counters.ts';
import { classifyFunction } from './functions.ts';
import { storedIn, storedValues } from './stored-values.ts';

describe.each([
  ['18', startPostgres18],
  ['15', startPostgres15],
])('of PostgreSQL %s', (_, start) => {
  test('every column and function that counts is known by what it tells', async (context) => {
    await using server = await start();
    if (!server) return context.skip('Debian’s postgresql-15 is not installed');
    const columns = await rows(
      server,
      `select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'v' and a.attnum > 0 order by c.relname, a.attnum`,
    );
    const views = columns.filter(([view]) => /^pg_stat(io)?_/.test(view));
    expect(views.length).toBeGreaterThan(300);
    const unknown = views.filter(([view, column]) => !told(view, column) && !storedIn(view, column));
    expect(unknown).toEqual([]);

    const alike = (view: string): string => view.replace(/_(sys|user)_/, '_all_');
    const found = columns.filter(([view, column]) => isCounter(told(view, column) ?? ''));
    const expected = columns.filter(([view, column]) =>
      Object.entries(counting).some(([name, list]) => name === alike(view) && list.split(' ').includes(column)),
    );
    expect(found).toEqual(expected);

    const functions = await rows(
      server,
      `select distinct proname, '' from pg_proc where pronamespace = 'pg_catalog'::regnamespace
          and (proname ~ '^pg_stat_get_|^pg_stat_have|_wal_.*lsn$' or proname = any ($1)) order by 1`,
      [countingFunctions],
    );
    const named = functions.map(([name]) => name);
    const is = (name: string): readonly string[] => classifyFunction(['pg_catalog', name], []).categories;
    expect(named.filter((name) => is(name).includes('unknown'))).toEqual([]);
    expect(named.filter((name) => is(name).includes('counter'))).toEqual(
      named.filter((name) => countingFunctions.includes(name)),
    );
  });
});

test.each(['pg_stat_io.new', 'pg_stat_new.count', 'pg_statio_all_tables.new', 'pg_stat_activity.new'])(
  'what a later server counts is not known: %s',
  (written) => {
    const [view = '', column = ''] = written.split('.');
    expect(told(view, column)).toBeUndefined();
  },
);

test('texts of others are no counter', () => {
  expect(told('pg_stat_activity', 'query')).toBeUndefined();
  expect(storedIn('pg_stat_activity', 'query')).toBe('statements of others');
  expect(storedValues('pg_stat_statements', 'read')).toBe('statements of others');
});

async function rows(
  { host, port, user, password, database }: TestPostgres,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly (readonly [string, string])[]> {
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    // Two columns of names.
    return (await client.query<[string, string]>({ text, values: [...values], rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}
