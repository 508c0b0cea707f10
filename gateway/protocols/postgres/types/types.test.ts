import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CellMask } from '../../../contract/mask.ts';
import { MaskImpossible } from '../../../contract/result.ts';
import { ask, askable } from '../../../testing/ask.ts';
import { startPostgres18, type TestPostgres } from '../../../testing/postgres.ts';
import { encodeDataRow } from '../codec/backend.ts';
import { PgRows } from '../results/results.ts';
import { codecOf, shapeOf, valueText } from './types.ts';
import type { Upstream } from '../login/upstream.ts';

let server: TestPostgres;
let upstream: Upstream;

beforeAll(async () => {
  server = await startPostgres18();
  upstream = await askable(server);
});
afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

const values: readonly (readonly [type: string, ...literals: string[]])[] = [
  ['boolean', 'true', 'false'],
  ['int2', '0', '-32768', '32767'],
  ['int4', '0', '-2147483648', '2147483647'],
  ['int8', '0', '-9223372036854775808', '9223372036854775807'],
  ['oid', '0', '4294967295'],
  [
    'numeric',
    '0',
    '0.00',
    '1',
    '-1',
    '10000',
    '0.0001',
    '0.00000001',
    '-12345.6789',
    '99999999999999999999.000100',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e30',
    '100000000',
    '0.5',
  ],
  ['numeric(10,2)', '1', '12345678.9', '-0.01'],
  [
    'float4',
    '0',
    '-0',
    '1',
    '0.1',
    '1e6',
    '1234567',
    '1e-5',
    '3.4028235e38',
    '1e-45',
    'NaN',
    'Infinity',
    '-Infinity',
    '123456',
    '0.0001',
  ],
  [
    'float8',
    '0',
    '-0',
    '1',
    '0.1',
    '1e15',
    '1e14',
    '123456789012345',
    '1e-5',
    '0.0001',
    '1.7976931348623157e308',
    '5e-324',
    'NaN',
    '-Infinity',
    '3.14159',
  ],
  ['text', '', 'plain', 'ünïcödé 💥'],
  ['varchar(20)', 'x'],
  ['char(5)', 'ab'],
  ['name', 'pg_class'],
  ['json', '{"a": [1, 2]}'],
  ['jsonb', '{"a": [1, 2]}'],
  ['bytea', '\\x', '\\x00ff10'],
  ['uuid', '00112233-4455-6677-8899-aabbccddeeff'],
  [
    'date',
    '2000-01-01',
    '1999-12-31',
    '2024-02-29',
    '0001-01-01',
    '0001-12-31 BC',
    '4713-01-01 BC',
    '294276-12-31',
    'infinity',
    '-infinity',
    '1970-01-01',
    '1900-03-01',
  ],
  ['time', '00:00:00', '24:00:00', '12:34:56.789', '23:59:59.999999'],
  ['timetz', '12:00:00+05:30', '00:00:00-08', '23:59:59.5+00'],
  [
    'timestamp',
    '2000-01-01 00:00:00',
    '1999-12-31 23:59:59.999999',
    '0044-03-15 12:00:00 BC',
    '294276-12-31 23:59:59',
    'infinity',
    '-infinity',
    '2024-02-29 01:02:03.5',
  ],
  ['bit(4)', '1010'],
  ['varbit', '', '1', '10101010', '101010101'],
  ['macaddr', '08:00:2b:01:02:03'],
  ['macaddr8', '08:00:2b:01:02:03:04:05'],
  ['interval', '00:00:00', '123:04:05'],
  ['inet', '10.0.0.1', '10.0.0.0/8', 'fd01:1:2:3:4:5:6:7', '2001:db8:1::/48', '::/48'],
  ['cidr', '0.0.0.0/0', 'fd01:1:2:3:4:5:6:7/128', '10.1.2.0/24'],
  ['timestamptz', '2000-01-01 00:00:00+00', '1969-07-20 20:17:40+02', '0044-03-15 12:00:00+00 BC', 'infinity'],
];

const readOnly: readonly (readonly [type: string, ...literals: string[]])[] = [
  [
    'inet',
    '10.0.0.1',
    '10.0.0.0/8',
    '::1',
    '2001:db8::1/64',
    '::',
    '1:0:0:2:0:0:0:3',
    '::ffff:1.2.3.4',
    '::1.2.3.4',
    '::2:1.2.3.4',
  ],
  ['cidr', '10.0.0.0/8', '2001:db8::/32'],
  [
    'interval',
    '00:00:00',
    '1 year 2 mons 3 days 04:05:06.789',
    '-1 mons',
    '1 mon -1 days',
    '-1 days +00:00:01',
    '1 day -100:00:00.5',
    '-14 mons 1 day',
    'infinity',
    '-infinity',
  ],
  ['int4[]', '{}', '{1,2,NULL}', '{{1,2},{3,4}}', '[0:1]={5,6}'],
  ['text[]', '{a,"b c","",NULL,"null","q\\"\\\\","{x}"}', '{"ü,é"}'],
  ['timestamptz[]', '{"2000-01-01 00:00:00+00"}'],
];

/** Of these only what masks write is known. */
const writeOnly: typeof values = [
  ['int4range', 'empty'],
  ['tstzrange', 'empty'],
  ['datemultirange', '{}'],
];

const rows = (list: typeof values): [string, string][] =>
  list.flatMap(([type, ...literals]) => literals.map((literal): [string, string] => [type, literal]));
const quote = (literal: string): string => `'${literal.replaceAll("'", "''")}'`;

describe('binary and text', () => {
  test.each([...rows(values), ...rows(readOnly)])(
    '%s %s reads in binary as the server prints it',
    async (type, literal) => {
      const binary = await ask(upstream, `select ${quote(literal)}::${type}`, 1);
      const text = await ask(upstream, `select ${quote(literal)}::${type}`, 0);
      expect(valueText(binary.value ?? Buffer.alloc(0), 1, binary.typeOid)).toBe(text.value?.toString());
    },
  );

  test.each([...rows(values), ...rows(writeOnly)])(
    '%s %s written in binary is what the server sends',
    async (type, literal) => {
      const { typeOid, value } = await ask(upstream, `select ${quote(literal)}::${type}`, 1);
      const text = await ask(upstream, `select ${quote(literal)}::${type}`, 0);
      expect(codecOf(typeOid)?.encode?.(text.value?.toString() ?? '')).toEqual(value);
    },
  );

  test('a value of an unknown type, or one that does not fit its type, shows as hex', () => {
    expect(valueText(Buffer.from([1, 2]), 1, 999_999)).toBe('\\x0102');
    expect(valueText(Buffer.from([1, 2]), 1, 23)).toBe('\\x0102');
  });
});

test.each([
  ['two thousand million empty rows', '00000002 00000000 00000017 7fffffff 00000001 00000000 00000001'],
  ['more elements than it has', '00000001 00000000 00000017 00000002 00000001 ffffffff'],
  ['fewer elements than it has', '00000001 00000000 00000017 00000001 00000001 ffffffff ffffffff'],
  ['arrays as elements', '00000001 00000000 000003ef 00000001 00000001 00000000'],
  ['a negative size', '00000001 00000000 00000017 ffffffff 00000001'],
])('an array that claims %s shows as hex', (_, hex) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  expect(valueText(bytes, 1, 1007)).toBe(`\\x${hex.replaceAll(' ', '')}`);
});

/** As the masking room writes them: fixed texts that are of the column's shape. */
function fixed(text: string): CellMask {
  const bytes = Buffer.from(text);
  return {
    method: 'redact',
    room: () => bytes.length,
    write: (_source, _start, _end, target, at) => bytes.copy(target, at),
  };
}

test.each<[string, string, string]>([
  ['int2', '123', '0'],
  ['int4', '123', '0'],
  ['int8', '9007199254740993', '0'],
  ['numeric(10,2)', '1234.50', '0.00'],
  ['float8', '1.5', '0'],
  ['text', 'secret', '[redacted]'],
  ['jsonb', '{"ssn": 1}', '"[redacted]"'],
  ['bytea', '\\xdeadbeef', '\\x'],
  ['date', '1980-05-05', '0001-01-01'],
  ['timestamptz', '1980-05-05 10:00:00+00', '0001-01-01 00:00:00+00'],
  ['uuid', '00112233-4455-6677-8899-aabbccddeeff', '00000000-0000-0000-0000-000000000000'],
  ['boolean', 'true', 'f'],
])('a masked %s means the same to the server in text and in binary', async (type, literal, mask) => {
  for (const format of [0, 1] as const) {
    const { typeOid, value } = await ask(upstream, `select ${quote(literal)}::${type}`, format);
    const wire = encodeDataRow([value]);
    const masked = new PgRows([{ typeOid, format }], wire, 0, wire.length, 1).masked([fixed(mask)]);
    expect(masked.texts(1000)).toEqual([[mask]]);
    // What was written is given to the server, which must read the mask's text out of it.
    const back = await ask(upstream, `select $1::${type}`, 0, { value: masked.wire().subarray(11), format });
    expect(back.value?.toString()).toBe(mask);
  }
});

test('a mask that does not fit a binary type refuses the row', async () => {
  const { typeOid, value } = await ask(upstream, 'select 1::int2', 1);
  const wire = encodeDataRow([value]);
  const batch = new PgRows([{ typeOid, format: 1 }], wire, 0, wire.length, 1);
  expect(() => batch.masked([fixed('99999')])).toThrow(MaskImpossible);
  expect(() => batch.masked([fixed('[redacted]')])).toThrow(MaskImpossible);
});

test('a binary type without a codec can only become NULL', async () => {
  const { typeOid, value } = await ask(upstream, "select '(1,2)'::point", 1);
  expect(shapeOf(typeOid)).toBe('other');
  const wire = encodeDataRow([value]);
  const batch = new PgRows([{ typeOid, format: 1 }], wire, 0, wire.length, 1);
  expect(() => batch.masked([fixed('x')])).toThrow(MaskImpossible);
  const nothing: CellMask = { method: 'null', room: () => 0, write: () => -1 };
  expect(batch.masked([nothing]).texts(100)).toEqual([[null]]);
});
