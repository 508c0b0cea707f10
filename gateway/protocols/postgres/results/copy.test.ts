import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CellMask, ColumnMasks } from '../../../contract/mask.ts';
import { MaskImpossible } from '../../../contract/result.ts';
import { openSqlAnalyzer, type CopyLayout, type SqlAnalyzer } from '../../../facts/sql/index.ts';
import { startPostgres18, type TestPostgres } from '../../../testing/postgres.ts';
import { parseServerMessage, serverLimit, serverTag } from '../codec/backend.ts';
import { Framer } from '../codec/frames.ts';
import { encodeClientMessage, encodeQuery } from '../codec/frontend.ts';
import { CopyOut } from './copy.ts';
import type { CopyShape } from './copy-shape.ts';
import { readFrame } from '../codec/socket-input.ts';
import { connectUpstream, type Upstream } from '../login/upstream.ts';

let server: TestPostgres;
let upstream: Upstream;
let analyzer: SqlAnalyzer;

beforeAll(async () => {
  server = await startPostgres18();
  analyzer = openSqlAnalyzer();
  const about = { ...server, tls: { mode: 'disable' }, application: 'test', connectTimeoutMs: 10_000 } as const;
  upstream = await connectUpstream(about, server, AbortSignal.timeout(10_000));
  await ask('create table cells (n serial, a text, b text, c text); create table back (n int, a text, b text, c text)');
});
afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await analyzer?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

interface Answer {
  readonly rows: readonly (readonly (string | null)[])[];
  /** CopyData messages, whole. */
  readonly copied: readonly Buffer[];
}

/** @param copyIn payloads for COPY FROM STDIN */
async function ask(sql: string, copyIn: readonly Buffer[] = []): Promise<Answer> {
  const { socket } = upstream;
  socket.write(encodeQuery(sql));
  const framer = new Framer(serverLimit(1 << 24));
  const rows: (string | null)[][] = [];
  const copied: Buffer[] = [];
  let failure = '';
  while (await readFrame(socket, framer, AbortSignal.timeout(20_000))) {
    const message = parseServerMessage(framer);
    if (message.type === 'dataRow') rows.push(message.values.map((value) => value && value.toString()));
    if (message.type === 'copyData') copied.push(Buffer.from(framer.buffer.subarray(framer.start, framer.end)));
    if (message.type === 'copyInResponse')
      socket.write(
        Buffer.concat([
          ...copyIn.map((bytes) => encodeClientMessage({ type: 'copyData', bytes })),
          encodeClientMessage({ type: 'copyDone' }),
        ]),
      );
    if (message.type === 'error') failure = message.fields.get('M') ?? '';
    if (message.type === 'ready') break;
  }
  if (failure !== '') throw new Error(`${sql}: ${failure}`);
  return { rows, copied };
}

async function layoutOf(sql: string): Promise<CopyLayout | undefined> {
  const analysis = await analyzer.analyze({ target: 't', text: Buffer.from(sql), major: 18, searchPath: ['public'] });
  if (!analysis.ok) throw new Error(analysis.message);
  return analysis.statements[0]?.copyLayout;
}

/** Says the value once more, backwards, between what every format has to escape. */
const framed = (value: string): string => `,"\\\n\t'${Array.from(value).reverse().join('')}|\r.`;
const turned: CellMask = {
  method: 'hash',
  room: (bytes) => bytes + 64,
  write: (source, from, to, target, at) => target.write(framed(source.toString('utf8', from, to)), at),
};
const same: CellMask = {
  method: 'partial',
  room: (bytes) => bytes,
  write: (source, from, to, target, at) => source.copy(target, at, from, to),
};
const fixed = (text: string): CellMask => ({
  method: 'redact',
  room: () => Buffer.byteLength(text),
  write: (_source, _from, _to, target, at) => target.write(text, at),
});
const nothing: CellMask = { method: 'null', room: () => 0, write: () => -1 };
const masks = {
  turned,
  same,
  stars: fixed('***'),
  nul: fixed('\\N'),
  empty: fixed(''),
  dot: fixed('\\.'),
  nothing,
} as const;
const said: { readonly [name in keyof typeof masks]: (value: string) => string | null } = {
  turned: framed,
  same: (value) => value,
  stars: () => '***',
  nul: () => '\\N',
  empty: () => '',
  dot: () => '\\.',
  nothing: () => null,
};
type MaskName = keyof typeof masks;

const text = { typeOid: 25 } as const;
const shape = (layout: CopyLayout | undefined, names = ['n', 'a', 'b', 'c']): CopyShape => ({
  layout,
  columns: names.map((name) => ({ name, ...text })),
});

/** The messages as the network may bring them: in runs of any length. */
function masked(messages: readonly Buffer[], cuts: readonly number[], of: CopyShape, by: ColumnMasks): Buffer {
  const copy = new CopyOut(of);
  const out: Buffer[] = [];
  let left = [...messages];
  for (let i = 0; left.length > 0; i++) {
    const run = left.slice(0, Math.max(1, cuts[i] ?? left.length));
    left = left.slice(run.length);
    // Not at the buffer's beginning, and with something behind.
    const bytes = Buffer.concat([Buffer.from('before'), ...run, Buffer.from('behind')]);
    const frame = { tag: serverTag.copyData, buffer: bytes, start: 6, end: bytes.length - 6 };
    const source = Buffer.from(bytes);
    out.push(Buffer.from(copy.next(frame, run.length).masked(by).wire()));
    expect(bytes.equals(source)).toBe(true);
  }
  return Buffer.concat(out);
}

function payloads(wire: Buffer): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at < wire.length;) {
    const next = at + 1 + wire.readUInt32BE(at + 1);
    list.push(wire.subarray(at + 5, next));
    at = next;
  }
  return list;
}

const nasty = [
  '',
  '\\N',
  '\\.',
  'NULL',
  ',',
  '"',
  '\\',
  '\n',
  '\r',
  '\t',
  '\b\f\v',
  "'",
  '""',
  '\\"',
  'é💥',
  ' ',
  '|',
  '\x01',
  'A',
  '078-05-1120',
];
const cell = fc.option(
  fc
    .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ maxLength: 4 })), { maxLength: 4 })
    .map((parts) => parts.join('').replaceAll('\0', '')),
  { nil: null },
);
const options = fc.constantFrom(
  '',
  "delimiter '|'",
  'header',
  "delimiter ',', header true",
  "delimiter 'A'",
  "null '\\X'",
  'format csv',
  'format csv, header',
  "format csv, delimiter E'\\t', null 'NULL'",
  "format csv, quote '''', escape '\\'",
  "format csv, quote '|', escape ',', delimiter ';'",
  "format csv, force_quote *, null '\\N'",
  'format csv, force_quote (a, c), header',
  "format csv, delimiter '|', escape '|'",
  "format csv, encoding 'utf-8'",
  'format binary',
);

describe('what COPY TO STDOUT says, masked, is read back by the server as the masked values', () => {
  test('in every format, whatever the values, wherever the network cut', async () => {
    const cases = fc.record({
      rows: fc.array(fc.tuple(cell, cell, cell), { maxLength: 6 }),
      options,
      by: fc.tuple(
        ...[0, 1, 2].map(() => fc.option(fc.constantFrom(...(Object.keys(masks) as MaskName[])), { nil: undefined })),
      ),
      cuts: fc.array(fc.integer({ min: 1, max: 3 })),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, options: written, by, cuts }) => {
        const quote = (value: string | null): string => (value === null ? 'null' : `'${value.replaceAll("'", "''")}'`);
        const values = rows.map((row, i) => `(${i}, ${row.map(quote).join(', ')})`).join(', ');
        await ask(`truncate cells, back; ${values === '' ? '' : `insert into cells values ${values}`}`);
        const sql = `copy cells to stdout${written === '' ? '' : ` with (${written})`}`;
        const layout = await layoutOf(sql);
        expect(layout).toBeDefined();
        const { copied } = await ask(sql);
        const wire = masked(copied, cuts, shape(layout), [undefined, ...by.map((name) => name && masks[name])]);
        const options = written.replace(/(, )?force_quote (\*|\(.*?\))/, '');
        await ask(`copy back from stdin${options === '' ? '' : ` with (${options})`}`, payloads(wire));
        const { rows: back } = await ask('select a, b, c from back order by n');
        expect(back).toEqual(
          rows.map((row) => row.map((value, i) => (value === null || !by[i] ? value : said[by[i]](value)))),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('as it was, where no column is masked', async () => {
    const { copied } = await ask("copy (select 1, 'x') to stdout");
    const copy = new CopyOut(shape(undefined, ['a', 'b']));
    const [only = Buffer.alloc(0)] = copied;
    const batch = copy.next({ tag: serverTag.copyData, buffer: only, start: 0, end: only.length }, 1);
    expect(batch.masked([undefined, undefined])).toBe(batch);
  });

  test('in binary with the types of the columns', async () => {
    const select = "select 7::int8, date '1984-05-06', 'x'::text, 1.5::numeric, array[1]";
    const { copied } = await ask(`copy (${select}) to stdout (format binary)`);
    const columns = [20, 1082, 25, 1700, 0].map((typeOid, i) => ({ name: `c${i}`, typeOid }));
    const by = [fixed('0'), fixed('1970-01-01'), fixed('***'), fixed('0'), nothing];
    const wire = masked(copied, [], { layout: { format: 'binary' }, columns }, by);
    await ask('create temp table types (a int8, b date, c text, d numeric, e int4[])');
    await ask('copy types from stdin (format binary)', payloads(wire));
    expect((await ask('select * from types')).rows).toEqual([['0', '1970-01-01', '***', '0', null]]);
  });
});

test('quotes tell nothing of what was masked, and names in a header are the statement’s', async () => {
  const { copied } = await ask("copy (select 'a,b' as x union all select 'ab') to stdout (format csv, header)");
  const layout = await layoutOf('copy cells to stdout (format csv, header)');
  const wire = masked(copied, [], shape(layout, ['ours']), [fixed('***')]);
  expect(payloads(wire).map(String)).toEqual(['ours\n', '***\n', '***\n']);
});

test('a row recorded in binary is hex, in text its line', async () => {
  const { copied } = await ask("copy (select 'x') to stdout");
  const [only = Buffer.alloc(0)] = copied;
  const frame = { tag: serverTag.copyData, buffer: only, start: 0, end: only.length };
  expect(new CopyOut(shape(undefined)).next(frame, 1).texts(100)).toEqual([['x']]);
  expect(new CopyOut(shape({ format: 'binary' })).next(frame, 1).texts(100)).toEqual([['\\x780a']]);
});

const csv = {
  format: 'csv',
  delimiter: ',',
  nullText: '',
  quote: '"',
  escape: '"',
  header: false,
  forceQuote: [],
} as const;
const lines = { ...csv, format: 'text', delimiter: '\t', nullText: '\\N' } as const;
const signature = '5047434f50590aff0d0a00 00000000 00000000';
const latin = (written: string): string => Buffer.from(written, 'latin1').toString('hex');

describe('a message of another form than promised lets nothing out', () => {
  test.each<[string, CopyLayout, string]>([
    ['a line too few columns', lines, latin('a\n')],
    ['a line with too many columns', lines, latin('a\tb\tc\n')],
    ['a line that does not end', lines, latin('a\tb')],
    ['an escaped end of line', lines, latin('a\tb\\\n')],
    ['two lines', lines, latin('a\nb\tc\n')],
    ['an escape that nobody knows', lines, latin('a\\x41\tb\n')],
    ['an empty message', lines, ''],
    ['an empty CSV message', csv, ''],
    ['a CSV line with too few columns', csv, latin('a\n')],
    ['a CSV line with too many columns', csv, latin('a,b,c\n')],
    ['a CSV line that does not end', csv, latin('a,b')],
    ['quotes that do not end', csv, latin('a,"b\n')],
    ['something behind the quotes', csv, latin('a,"b"c\n')],
    ['quotes inside', csv, latin('a,b"c"\n')],
    ['two CSV lines', csv, latin('a\nb,c\n')],
    ['another signature', { format: 'binary' }, '5047434f50590aff0d0a01 00000000 00000000 0002 ffffffff ffffffff'],
    ['flags', { format: 'binary' }, '5047434f50590aff0d0a00 00010000 00000000 0002 ffffffff ffffffff'],
    ['an extension', { format: 'binary' }, '5047434f50590aff0d0a00 00000000 00000001 00 0002 ffffffff ffffffff'],
    ['no header', { format: 'binary' }, '0002 ffffffff ffffffff'],
    ['one field too few', { format: 'binary' }, `${signature} 0001 ffffffff`],
    ['a field longer than its row', { format: 'binary' }, `${signature} 0002 ffffffff 00000009 61`],
    ['a negative length', { format: 'binary' }, `${signature} 0002 ffffffff fffffffe`],
    ['a row that ends inside a length', { format: 'binary' }, `${signature} 0002 ffffffff ffff`],
    ['bytes behind the last field', { format: 'binary' }, `${signature} 0002 ffffffff ffffffff 61`],
    ['bytes behind the trailer', { format: 'binary' }, `${signature} ffff 61`],
    ['half a count', { format: 'binary' }, `${signature} 00`],
  ])('%s', (_, layout, hex) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const message = Buffer.concat([Buffer.from([serverTag.copyData, 0, 0, 0, 0]), bytes]);
    message.writeUInt32BE(bytes.length + 4, 1);
    expect(() => masked([message], [], shape(layout, ['a', 'b']), [fixed('***'), undefined])).toThrow(MaskImpossible);
  });

  test('a copy whose layout nobody knows, and masks for other columns', () => {
    const message = Buffer.from('6400000008610962 0a'.replaceAll(' ', ''), 'hex');
    expect(() => masked([message], [], shape(undefined, ['a', 'b']), [fixed('*'), undefined])).toThrow(MaskImpossible);
    expect(() => masked([message], [], shape(lines, ['a', 'b']), [fixed('*')])).toThrow(MaskImpossible);
  });
});
