import pg from 'pg';
import { expect, test } from 'vitest';
import { maskMethods } from '../../contract/decision.ts';
import type { ValueShape } from '../../contract/mask.ts';
import { startPostgres15 } from '../../testing/postgres.ts';
import { openMasks } from './masks.ts';

/** Values as the server itself prints them, for each type that has a shape. */
const types: readonly { readonly type: string; readonly shape: ValueShape; readonly values: string }[] = [
  { type: 'text', shape: 'text', values: `select md5(i::text) || ' ' || chr(200 + i) from generate_series(1, 200) i` },
  {
    type: 'int2',
    shape: 'integer',
    values: `select (i * 327)::int2 from generate_series(-100, 100) i union values ('-32768'::int2), ('32767')`,
  },
  {
    type: 'int4',
    shape: 'integer',
    values: `select (i * 21474836)::int4 from generate_series(-100, 100) i union values (-2147483648), (2147483647)`,
  },
  {
    type: 'int8',
    shape: 'integer',
    values: `select (i * 92233720368547758)::int8 from generate_series(-100, 100) i union values (-9223372036854775808), (9223372036854775807)`,
  },
  {
    type: 'oid',
    shape: 'integer',
    values: `select (i * 21474836::bigint)::oid from generate_series(0, 200) i union values (4294967295::oid)`,
  },
  {
    type: 'numeric',
    shape: 'decimal',
    values: `select i * 12345.6789 from generate_series(-100, 100) i union select 'NaN'::numeric union select 1e40`,
  },
  {
    type: 'numeric(5,2)',
    shape: 'decimal',
    values: `select (i * 9.99)::numeric(5,2) from generate_series(-100, 100) i`,
  },
  {
    type: 'numeric(2,2)',
    shape: 'decimal',
    values: `select (i / 100.0)::numeric(2,2) from generate_series(-99, 99) i`,
  },
  {
    type: 'numeric(2,4)',
    shape: 'decimal',
    values: `select (i / 10000.0)::numeric(2,4) from generate_series(-99, 99) i`,
  },
  {
    type: 'numeric(2,-3)',
    shape: 'decimal',
    values: `select (i * 1000)::numeric(2,-3) from generate_series(-99, 99) i`,
  },
  {
    type: 'numeric(1,0)',
    shape: 'decimal',
    values: `select i::numeric(1,0) from generate_series(-9, 9) i union select 'NaN'`,
  },
  {
    type: 'float4',
    shape: 'decimal',
    values: `select (3.3e38 / i)::float4 from generate_series(1, 200) i union select '-Infinity' union select 1.5e-40::float4`,
  },
  {
    type: 'float8',
    shape: 'decimal',
    values: `select 1.7e308::float8 / i from generate_series(1, 200) i union select 'NaN' union select 4.9e-320::float8`,
  },
  { type: 'bool', shape: 'boolean', values: `select true union select false` },
  {
    type: 'date',
    shape: 'date',
    values: `select date '0044-03-15 BC' + i * 9999 from generate_series(1, 200) i union select 'infinity' union select date '5874897-12-31'`,
  },
  {
    type: 'timestamp',
    shape: 'timestamp',
    values: `select timestamp '2024-05-06 07:08:09.123' + i * interval '1 year 13 hours' from generate_series(-2100, 200) i union select '-infinity'`,
  },
  {
    type: 'timestamptz',
    shape: 'timestamp',
    values: `select timestamptz '2024-05-06 07:08:09.123' + i * interval '1 year 13 hours' from generate_series(-2100, 200) i union select 'infinity'`,
  },
  {
    type: 'time',
    shape: 'time',
    values: `select time '00:00' + i * interval '7 minutes 7.77 seconds' from generate_series(1, 200) i union select '24:00'`,
  },
  {
    type: 'timetz',
    shape: 'time',
    values: `select timetz '00:00+05:30' + i * interval '7 minutes 7.77 seconds' from generate_series(1, 200) i`,
  },
  { type: 'uuid', shape: 'uuid', values: `select gen_random_uuid() from generate_series(1, 50)` },
  { type: 'json', shape: 'json', values: `select json_build_object('a', i) from generate_series(1, 50) i` },
  { type: 'jsonb', shape: 'json', values: `values ('{}'::jsonb), ('[1]'), ('"x"'), ('-1.5'), ('true'), ('null')` },
  { type: 'bytea', shape: 'bytes', values: `select decode(repeat('ab', i), 'hex') from generate_series(0, 50) i` },
];

test('PostgreSQL reads every masked value as the type that it was', async (context) => {
  await using server = await startPostgres15({ auth: 'trust', settings: { timezone: 'Asia/Kolkata' } });
  if (!server) return context.skip('Debian’s postgresql-15 is not installed');
  const { host, port, user, database } = server;
  const client = new pg.Client({ host, port, user, database });
  await client.connect();
  const masks = openMasks({ secret: Buffer.alloc(32, 3) });
  try {
    for (const { type, shape, values } of types) {
      const answer = await client.query<[string]>({
        text: `select v::text from (${values}) as all_values(v)`,
        rowMode: 'array',
      });
      for (const label of ['pii.any', 'pci.pan']) {
        for (const method of maskMethods) {
          const mask = masks.cellMask(method, label, shape);
          const masked = answer.rows.map(([value]) => {
            const source = Buffer.from(value);
            const target = Buffer.alloc(mask.room(source.length));
            const bytes = mask.write(source, 0, source.length, target, 0);
            return bytes < 0 ? null : target.toString('utf8', 0, bytes);
          });
          // The cast is the test: the server refuses what is not of the type.
          const read = await client.query<{ n: string }>(
            `select count(v::${type}::text) as n from unnest($1::text[]) v`,
            [masked],
          );
          expect(Number(read.rows[0]?.n), `${method} ${label} ${type}`).toBe(masked.filter((v) => v !== null).length);
        }
      }
    }
  } finally {
    await client.end();
  }
});
