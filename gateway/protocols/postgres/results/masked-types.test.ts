import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maskMethods, type MaskMethod } from '../../../contract/decision.ts';
import { MaskImpossible } from '../../../contract/result.ts';
import { Search } from '../../../enforce/detectors/search.ts';
import { openMasks } from '../../../enforce/masking/masks.ts';
import { ownTypes, readStandIns } from '../../../facts/sql/catalog/types.ts';
import { catalogQueries } from '../../../facts/sql/index.ts';
import { ask, askable } from '../../../testing/ask.ts';
import { startPostgres18, type TestPostgres } from '../../../testing/postgres.ts';
import { encodeDataRow } from '../codec/backend.ts';
import type { Format } from '../codec/frontend.ts';
import { PgRows } from './results.ts';
import { shapeOf } from '../types/types.ts';
import type { Upstream } from '../login/upstream.ts';

/** Every common type, under every method, in text and in binary: what leaves is read by the server as a value of the same type. */
let server: TestPostgres;
let upstream: Upstream;
/** As a target's catalog says them. */
let standIns: ReadonlyMap<number, number>;
const masks = openMasks({ secret: Buffer.alloc(32, 5) });

beforeAll(async () => {
  server = await startPostgres18();
  upstream = await askable(server);
  await upstream.simpleQuery(
    "create type mood as enum ('sad', 'happy'); create type pair as (a int, b text); create domain zip as text; create domain zips as zip[]; create type span as range (subtype = text); create domain address as inet; create extension hstore; create domain tags as hstore",
    AbortSignal.timeout(10_000),
  );
  const { rows } = await upstream.simpleQuery(catalogQueries.types, AbortSignal.timeout(10_000));
  standIns = readStandIns(rows);
});
afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

/** The first value of a run of one row. */
function valueOf(rows: PgRows): Buffer | null {
  const wire = rows.wire();
  return wire.readInt32BE(7) < 0 ? null : wire.subarray(11);
}

async function masked(type: string, literal: string, method: MaskMethod, format: Format): Promise<string | null> {
  const { typeOid: said, value } = await ask(upstream, `select '${literal.replaceAll("'", "''")}'::${type}`, format);
  const typeOid = standIns.get(said) ?? said;
  const wire = encodeDataRow([value]);
  const rows = new PgRows([{ typeOid, format }], wire, 0, wire.length, 1);
  const out = valueOf(rows.masked([masks.cellMask(method, 'pii.thing', shapeOf(typeOid))]));
  const back = await ask(upstream, `select $1::${type}`, 0, { value: out, format });
  return back.value?.toString() ?? null;
}

const types: readonly (readonly [type: string, literal: string])[] = [
  ['boolean', 't'], ['int2', '1234'], ['int4', '123456'], ['int8', '123456789012'], ['oid', '4123456789'],
  ['numeric', '12345.6789'], ['float4', '1234.5'], ['float8', '123456.789'],
  ['text', 'some secret'], ['varchar(20)', 'some secret'], ['char(11)', 'some secret'], ['name', 'some_secret'],
  ['bytea', '\\xdeadbeef'], ['uuid', '00112233-4455-6677-8899-aabbccddeeff'], ['json', '{"a": [1, "x"]}'], ['jsonb', '{"a": [1, "x"]}'],
  ['date', '1984-05-06'], ['timestamp', '1984-05-06 07:08:09'], ['timestamptz', '1984-05-06 07:08:09+00'], ['time', '07:08:09'], ['timetz', '07:08:09+02'],
  ['text[]', '{one secret,"two ,\\"{}\\\\ secrets",NULL,"null"}'], ['varchar[]', '{{abcdef,ghijkl},{mnopqr,stuvwx}}'], ['int4[]', '[0:1]={123456,654321}'],
  ['int8[]', '{}'], ['date[]', '{1984-05-06,NULL}'], ['numeric[]', '{12345.5}'], ['uuid[]', '{00112233-4455-6677-8899-aabbccddeeff}'],
  ['jsonb[]', '{"{\\"a\\": 1}"}'], ['bytea[]', '{"\\\\xdead"}'], ['timestamptz[]', '{"1984-05-06 07:08:09+00"}'], ['boolean[]', '{t,f}'],
  ['zip', '90210-1234'],
  ['interval', '1 year 2 mons -3 days 04:05:06.789'], ['inet', '10.1.2.3'], ['inet', '2001:db8:1:2::3/64'], ['inet', '::ffff:10.1.2.3'], ['cidr', '10.1.2.128/25'], ['cidr', '2001:db8::/32'],
  ['macaddr', '08:00:2b:01:02:03'], ['macaddr8', '08:00:2b:01:02:03:04:05'], ['xml', '<a>secret</a>'], ['address', '10.1.2.3'],
  ['interval[]', '{"3 days",NULL}'], ['inet[]', '{10.1.2.3,::1}'], ['cidr[]', '{10.0.0.0/8}'], ['macaddr[]', '{08:00:2b:01:02:03}'], ['xml[]', '{<a>secret</a>}'],
  ['numeric(5,2)', '999.99'], ['numeric(3,3)', '0.010'],
]; // prettier-ignore
const cases = types.flatMap(([type, literal]) => maskMethods.map((method) => ({ type, literal, method })));

describe('a masked value is one of its type, the same in text and in binary', () => {
  test.each(cases)('$type $literal by $method', async ({ type, literal, method }) => {
    const [text, binary] = [await masked(type, literal, method, 0), await masked(type, literal, method, 1)];
    // A digest over a document is one over its bytes, and the server writes the same bytes in both forms.
    expect(binary).toBe(text);
    expect(text === null).toBe(method === 'null');
    const plain = (await ask(upstream, `select '${literal.replaceAll("'", "''")}'::${type}`, 0)).value?.toString();
    expect(text === plain && !/^(boolean.*|int8\[\])$/.test(type)).toBe(false);
  });

  test.each([
    ['redact', '{}'],
    ['partial', '{o***,"t***",NULL,***}'],
  ] as const)('elements of an array by %s', async (method, expected) => {
    const literal = '{one secret,"two ,\\"{}\\\\ secrets",NULL,"null"}';
    expect(await masked('text[]', literal, method, 0)).toBe(expected.replaceAll('"', ''));
    expect(await masked('text[]', literal, method, 1)).toBe(expected.replaceAll('"', ''));
  });

  test('bounds and dimensions of an array stay, and the same element is the same token', async () => {
    expect(await masked('int4[]', '[2:3]={123456,123456}', 'tokenize', 1)).toMatch(/^\[2:3\]=\{(\d{6}),\1\}$/);
    expect(await masked('text[]', '{{a,b},{c,NULL}}', 'redact', 0)).toBe('{}');
    expect(await masked('text[]', '{{aaaaa,b},{c,NULL}}', 'partial', 0)).toBe('{{a***,***},{***,NULL}}');
  });
});

test('an array is searched by detectors element by element', () => {
  const [search] = new Search(new Map([['card', 'redact'] as const])).masksOf([{ name: 'x', shape: 'text' }]);
  const wire = encodeDataRow([Buffer.from('{plain,4242424242424242,NULL}')]);
  const rows = new PgRows([{ typeOid: 1009, format: 0 }], wire, 0, wire.length, 1).masked([search]);
  expect(rows.texts(100)).toEqual([['{plain,***,NULL}']]);
});

/** What leaves, by every method but `null`, and whatever the value was. */
const constants: readonly (readonly [type: string, literal: string, left: string])[] = [
  ['money', '12.50', '$0.00'], ['bit(4)', '1010', '0000'], ['bit(19)', '1010101010101010101', '0000000000000000000'], ['varbit', '10101', ''],
  ['int4range', '[1,5)', 'empty'], ['numrange', '[1.5,2]', 'empty'], ['tstzrange', '[2000-01-01,)', 'empty'], ['daterange', 'empty', 'empty'], ['span', '[secret,t)', 'empty'],
  ['datemultirange', '{[2000-01-01,2000-02-01)}', '{}'], ['span_multirange', '{[secret,t)}', '{}'],
  ['hstore', '"a"=>"secret", "b"=>NULL', ''], ['tags', 'a=>1', ''], ['pair', '(1,x)', '(,)'], ['pair', '(,"two, ""quoted"" \\\\ (x) ")', '(,)'],
]; // prettier-ignore

test.each(
  constants.flatMap(([type, literal, left]) =>
    maskMethods.map((method) => ({ type, literal, method, left: method === 'null' ? null : left })),
  ),
)('of $type $literal nothing but $left is left, by $method', async ({ type, literal, method, left }) => {
  expect(await masked(type, literal, method, 0)).toBe(left);
  expect(await masked(type, literal, method, 1)).toBe(left);
});

test('elements of arrays of composites and ranges leave as they do by themselves', async () => {
  for (const format of [0, 1] as const) {
    expect(await masked('pair[]', '{"(1,x)",NULL}', 'hash', format)).toBe('{"(,)",NULL}');
    expect(await masked('int4range[]', '{"[1,5)"}', 'tokenize', format)).toBe('{empty}');
    expect(await masked('pair[]', '{"(1,x)",NULL}', 'redact', format)).toBe('{}');
  }
});

test.each([
  ['no composite', 0, 'secret'],
  ['something behind it', 0, '(a)secret'],
  ['something before it', 0, 'secret(a)'],
  ['quotes that do not end', 0, '("secret)'],
  ['a backslash at its end', 0, '(secret\\'],
  ['nothing', 0, ''],
  ['binary with a negative count', 1, 'ffffffff'],
  ['binary with more fields than it has', 1, '00000002 00000019 ffffffff'],
  ['binary with a field longer than itself', 1, '00000001 00000019 00000009 61'],
  ['binary with something behind it', 1, '00000001 00000019 ffffffff 61'],
] as const)('a composite that is %s is refused', (_, format, written) => {
  const value = format === 0 ? Buffer.from(written) : Buffer.from(written.replaceAll(' ', ''), 'hex');
  const wire = encodeDataRow([value]);
  const rows = new PgRows([{ typeOid: ownTypes.row, format }], wire, 0, wire.length, 1);
  expect(() => rows.masked([masks.cellMask('partial', 'pii.x', 'row')])).toThrow(MaskImpossible);
});

const others: readonly (readonly [type: string, literal: string])[] = [
  ['mood', 'happy'], ['mood[]', '{happy}'], ['point', '(1,2)'], ['tsvector', 'secret'], ['jsonpath', '$.secret'], ['pg_lsn', '16/B374D848'],
]; // prettier-ignore

test.each(others.flatMap(([type, literal]) => maskMethods.map((method) => ({ type, literal, method }))))(
  'of $type only NULL is left, by $method',
  async ({ type, literal, method }) => {
    expect(await masked(type, literal, method, 0)).toBeNull();
    expect(await masked(type, literal, method, 1)).toBeNull();
  },
);

test.each([
  ['no array', 0, 'secret'],
  ['one brace too few', 0, '{{a}'],
  ['something behind it', 0, '{a}secret'],
  ['quotes that do not end', 0, '{"secret}'],
  ['nothing', 0, ''],
  ['binary with a negative count of dimensions', 1, 'ffffffff 00000000 00000019'],
  ['binary with seven dimensions', 1, `00000007 00000000 00000019 ${'0000000100000001'.repeat(7)}`],
  ['binary with an element longer than itself', 1, '00000001 00000000 00000019 00000001 00000001 00000009 61'],
  ['binary with half a length', 1, '00000001 00000000 00000019 00000001 00000001 0000'],
  ['binary that ends in its head', 1, '00000001 00'],
] as const)('an array that is %s is refused', (_, format, written) => {
  const value = format === 0 ? Buffer.from(written) : Buffer.from(written.replaceAll(' ', ''), 'hex');
  const wire = encodeDataRow([value]);
  const rows = new PgRows([{ typeOid: 1009, format }], wire, 0, wire.length, 1);
  expect(() => rows.masked([masks.cellMask('partial', 'pii.x', 'text')])).toThrow(MaskImpossible);
});

test('what a database makes itself stands for the type that its values are written as, and an enum for nothing', () => {
  const found = readStandIns([
    ['20000', 'd', 'zip', '25', '0', null],
    ['20001', 'b', '_zip', '0', '20000', null],
    ['20002', 'd', 'zips', '20001', '0', null],
    ['20003', 'b', 'citext', '0', '0', 'citext'],
    ['20004', 'b', '_citext', '0', '20003', 'citext'],
    ['20005', 'b', 'citext', '0', '0', null],
    ['20006', 'b', 'hstore', '0', '0', 'hstore'],
    ['20007', 'b', '_hstore', '0', '20006', 'hstore'],
    ['20008', 'd', 'tags', '20006', '0', null],
    ['20009', 'b', 'hstore', '0', '0', null],
    ['20010', 'c', 'pair', '0', '0', null],
    ['20011', 'b', '_pair', '0', '20010', null],
    ['20012', 'r', 'span', '0', '0', null],
    ['20013', 'm', 'spans', '0', '0', null],
    ['20014', 'd', 'limits', '20012', '0', null],
    ['20015', 'b', '_span', '0', '20012', null],
    ['20016', 'e', 'mood', '0', '0', null],
  ]);
  const { row, rows, hstore, hstores } = ownTypes;
  expect(Object.fromEntries(found)).toEqual({
    ...{ 20000: 25, 20001: 1009, 20002: 1009, 20003: 25, 20004: 1009, 20006: hstore, 20007: hstores, 20008: hstore },
    ...{ 20010: row, 20011: rows, 20012: 3904, 20013: 4451, 20014: 3904, 20015: 3905 },
  });
});
