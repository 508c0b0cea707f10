import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maskMethods, type MaskMethod } from '../../contract/decision.ts';
import { MaskImpossible } from '../../contract/result.ts';
import { Search } from '../../enforce/detectors/search.ts';
import { openMasks } from '../../enforce/masking/masks.ts';
import { readStandIns } from '../../facts/sql/catalog-types.ts';
import { startPostgres18, type TestPostgres } from '../../testing/postgres.ts';
import { encodeDataRow, parseServerMessage, serverLimit } from './backend.ts';
import { Framer } from './frames.ts';
import { encodeClientMessage, type Format } from './frontend.ts';
import { PgRows } from './results.ts';
import { readFrame } from './socket-input.ts';
import { shapeOf } from './types.ts';
import { connectUpstream, type Upstream } from './upstream.ts';

/** Every common type, under every method, in text and in binary: what leaves is read by the server as a value of the same type. */
let server: TestPostgres;
let upstream: Upstream;
const masks = openMasks({ secret: Buffer.alloc(32, 5) });

beforeAll(async () => {
  server = await startPostgres18();
  const settings = new Map([['timezone', 'UTC']]);
  const about = {
    ...server,
    tls: { mode: 'disable' },
    application: 'test',
    connectTimeoutMs: 10_000,
    settings,
  } as const;
  upstream = await connectUpstream(about, server, AbortSignal.timeout(10_000));
  await upstream.simpleQuery(
    "create type mood as enum ('sad', 'happy'); create type pair as (a int, b text); create domain zip as text; create domain zips as zip[]",
    AbortSignal.timeout(10_000),
  );
});
afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

interface Answer {
  readonly typeOid: number;
  readonly value: Buffer | null;
}

async function ask(
  sql: string,
  format: Format,
  parameter?: { readonly value: Buffer | null; readonly format: Format },
) {
  const { socket } = upstream;
  socket.write(
    Buffer.concat([
      encodeClientMessage({ type: 'parse', statement: '', text: sql, parameterTypes: [] }),
      encodeClientMessage({
        type: 'bind',
        portal: '',
        statement: '',
        parameterFormats: parameter ? [parameter.format] : [],
        parameters: parameter ? [parameter.value] : [],
        resultFormats: [format],
      }),
      encodeClientMessage({ type: 'describe', what: 'portal', name: '' }),
      encodeClientMessage({ type: 'execute', portal: '', maxRows: 0 }),
      encodeClientMessage({ type: 'sync' }),
    ]),
  );
  const framer = new Framer(serverLimit(1 << 20));
  const answer: { typeOid: number; value: Buffer | null } = { typeOid: 0, value: null };
  let failure = '';
  while (await readFrame(socket, framer, AbortSignal.timeout(10_000))) {
    const message = parseServerMessage(framer);
    if (message.type === 'rowDescription') answer.typeOid = message.columns[0]?.typeOid ?? 0;
    if (message.type === 'dataRow') answer.value = message.values[0] ?? null;
    if (message.type === 'error') failure = message.fields.get('M') ?? '';
    if (message.type === 'ready') break;
  }
  if (failure !== '') throw new Error(`${sql}: ${failure}`);
  return answer satisfies Answer;
}

/** The first value of a run of one row. */
function valueOf(rows: PgRows): Buffer | null {
  const wire = rows.wire();
  return wire.readInt32BE(7) < 0 ? null : wire.subarray(11);
}

async function masked(type: string, literal: string, method: MaskMethod, format: Format): Promise<string | null> {
  const { typeOid, value } = await ask(`select '${literal.replaceAll("'", "''")}'::${type}`, format);
  const wire = encodeDataRow([value]);
  const rows = new PgRows([{ typeOid, format }], wire, 0, wire.length, 1);
  const out = valueOf(rows.masked([masks.cellMask(method, 'pii.thing', shapeOf(typeOid))]));
  const back = await ask(`select $1::${type}`, 0, { value: out, format });
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
]; // prettier-ignore
const cases = types.flatMap(([type, literal]) => maskMethods.map((method) => ({ type, literal, method })));

describe('a masked value is one of its type, the same in text and in binary', () => {
  test.each(cases)('$type $literal by $method', async ({ type, literal, method }) => {
    const [text, binary] = [await masked(type, literal, method, 0), await masked(type, literal, method, 1)];
    // A digest over a document is one over its bytes, and the server writes the same bytes in both forms.
    expect(binary).toBe(text);
    expect(text === null).toBe(method === 'null');
    const plain = (await ask(`select '${literal.replaceAll("'", "''")}'::${type}`, 0)).value?.toString();
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

const others: readonly (readonly [type: string, literal: string])[] = [
  ['mood', 'happy'], ['pair', '(1,x)'], ['mood[]', '{happy}'], ['pair[]', '{"(1,x)"}'], ['int4range', '[1,5)'], ['datemultirange', '{[2000-01-01,2000-02-01)}'],
  ['interval', '3 days'], ['money', '12.50'], ['bit(4)', '1010'], ['varbit', '10101'], ['inet', '10.1.2.3'], ['cidr', '10.0.0.0/8'], ['macaddr', '08:00:2b:01:02:03'],
  ['point', '(1,2)'], ['tsvector', 'secret'], ['xml', '<a>secret</a>'], ['int4range[]', '{"[1,5)"}'], ['inet[]', '{10.1.2.3}'],
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

test('domains, citext and arrays of them stand for the type they are made of; what is made of others stands for nothing', () => {
  const standIns = readStandIns([
    ['20000', 'd', 'zip', '25', '0', null],
    ['20001', 'b', '_zip', '0', '20000', null],
    ['20002', 'd', 'zips', '20001', '0', null],
    ['20003', 'b', 'citext', '0', '0', 'citext'],
    ['20004', 'b', '_citext', '0', '20003', 'citext'],
    ['20005', 'b', 'citext', '0', '0', null],
    ['20006', 'b', 'hstore', '0', '0', 'hstore'],
    ['20007', 'b', '_hstore', '0', '20006', 'hstore'],
    ['20008', 'd', 'tags', '20006', '0', null],
  ]);
  expect(Object.fromEntries(standIns)).toEqual({ 20000: 25, 20001: 1009, 20002: 1009, 20003: 25, 20004: 1009 });
});
