import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CellMask, ColumnMasks } from '../../../contract/mask.ts';
import { MaskImpossible } from '../../../contract/result.ts';
import { openMasks } from '../../../enforce/masking/masks.ts';
import { encodeDataRow } from '../codec/backend.ts';
import { CopyOut } from './copy.ts';
import { inColumns } from './columns.ts';
import { PgRows } from './results.ts';
import { codecOf, shapeOf } from '../types/types.ts';

const masks = openMasks({ secret: Buffer.alloc(32, 5) });

/** The same mask for those who know nothing of columns. */
function oneByOne({ method, room, write }: CellMask): CellMask {
  return { method, room, write };
}

const ssn = fc.oneof(fc.stringMatching(/^\d{3}-\d\d-\d{4}$/), fc.string({ unit: 'grapheme', maxLength: 90 }));
const clean = (text: string): string => text.replaceAll('\0', '');
const rows = fc.array(
  fc.tuple(fc.string(), fc.option(ssn), fc.option(fc.integer()), fc.option(fc.array(ssn, { maxLength: 3 })), ssn),
  { maxLength: 40 },
);
const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** A text, a text under mask, an int4, an array, and a text of the same label as the first. */
const columns = [25, 25, 23, 1009, 25];
const methods = fc.array(fc.constantFrom('hash', 'tokenize', 'partial', undefined), { minLength: 5, maxLength: 5 });

describe('a column that is masked at once is what it is when it is masked cell by cell', () => {
  test('in rows, whatever their format', () => {
    fc.assert(
      fc.property(rows, methods, fc.constantFrom(0, 1), (list, wanted, format) => {
        const frames = list.map(([plain, text, number, array, last]) => {
          const int4 = number === null ? null : String(number);
          return encodeDataRow([
            Buffer.from(clean(plain)),
            text === null ? null : Buffer.from(clean(text)),
            int4 === null ? null : format === 0 ? Buffer.from(int4) : (codecOf(23)?.encode?.(int4) ?? null),
            array && Buffer.from(`{${array.map((item) => quoted(clean(item))).join(',')}}`),
            Buffer.from(clean(last)),
          ]);
        });
        const wire = Buffer.concat(frames);
        const described = columns.map((typeOid, i) => ({ typeOid, format: i === 2 ? format : (0 as const) }));
        const batch = new PgRows(described, wire, 0, wire.length, list.length);
        const given: ColumnMasks = wanted.map(
          (method, i) => method && masks.cellMask(method, 'pii.ssn', shapeOf(columns[i] ?? 0)),
        );
        const slow = given.map((mask) => mask && oneByOne(mask));
        expect(batch.masked(given).wire()).toEqual(batch.masked(slow).wire());
      }),
    );
  });

  test('in COPY, escapes and quotes included', () => {
    const layouts = [
      { format: 'text', delimiter: '\t', nullText: '\\N', quote: '"', escape: '"', header: false, forceQuote: [] },
      { format: 'csv', delimiter: ',', nullText: '', quote: '"', escape: '"', header: true, forceQuote: [] },
    ] as const;
    const line = fc.stringMatching(/^[a-z0-9 -]{1,30}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(line, line), { maxLength: 30 }), fc.constantFrom(...layouts), (list, layout) => {
        const isText = layout.format === 'text';
        const field = (text: string): string => (isText ? `${text}\\n` : `"${text}"",\n"`);
        const head = layout.header ? ['a,b\n'] : [];
        const payloads = [...head, ...list.map(([a, b]) => `${a}${layout.delimiter}${field(b)}\n`)];
        const frames = payloads.map((text) => {
          const bytes = Buffer.from(text);
          const frame = Buffer.alloc(5 + bytes.length, 'd');
          frame.writeInt32BE(4 + bytes.length, 1);
          bytes.copy(frame, 5);
          return frame;
        });
        const buffer = Buffer.concat(frames);
        const shape = { layout: { ...layout }, columns: ['a', 'b'].map((name) => ({ name, typeOid: 25 })) };
        const run = () => new CopyOut(shape).next({ tag: 0x64, buffer, start: 0, end: buffer.length }, payloads.length);
        const given = ['hash', 'tokenize'].map((method) => masks.cellMask(method as 'hash', 'pii.ssn', 'text'));
        expect(run().masked(given).wire()).toEqual(run().masked(given.map(oneByOne)).wire());
      }),
    );
  });
});

describe('rows that are not the same the second time are refused', () => {
  const mask = masks.cellMask('hash', 'pii.ssn', 'text');
  const say = (given: ColumnMasks, ...values: readonly string[]): void => {
    for (const value of values) {
      const bytes = Buffer.from(value);
      given[0]?.write(bytes, 0, bytes.length, Buffer.alloc(100), 0);
    }
  };
  test.each([
    ['another length', ['abc'], ['abcd']],
    ['one more', ['abc'], ['abc', 'abc']],
    ['one less', ['abc', 'abc'], ['abc']],
  ])('%s', (_, first, second) => {
    const masked = () =>
      inColumns(
        [mask],
        (given) => say(given, ...first),
        (given) => say(given, ...second),
      );
    expect(masked).toThrow(MaskImpossible);
  });
});
