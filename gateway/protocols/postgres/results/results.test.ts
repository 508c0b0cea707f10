import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CellMask } from '../../../contract/mask.ts';
import { MaskImpossible } from '../../../contract/result.ts';
import { encodeDataRow } from '../codec/backend.ts';
import { PgRows } from './results.ts';
import type { RowColumns } from './results.ts';

const stars: CellMask = {
  method: 'redact',
  room: () => 3,
  write: (_source, _start, _end, target, at) => target.write('***', at),
};
const longer: CellMask = {
  method: 'hash',
  room: (inputBytes) => inputBytes * 10,
  write: (source, start, end, target, at) => {
    for (let i = 0; i < 10; i++) source.copy(target, at + i * (end - start), start, end);
    return 10 * (end - start);
  },
};
const nothing: CellMask = { method: 'null', room: () => 0, write: () => -1 };
const masksByName = { stars, longer, nothing, none: undefined };

function columns(count: number): RowColumns {
  return Array.from({ length: count }, () => ({ typeOid: 25, format: 0 as const }));
}

function batch(rows: readonly (readonly (Buffer | null)[])[], count: number, before = 3): PgRows {
  const wire = Buffer.concat(rows.map((row) => encodeDataRow(row)));
  const chunk = Buffer.concat([Buffer.alloc(before, 0xee), wire, Buffer.from('tail')]);
  return new PgRows(columns(count), chunk, before, before + wire.length, rows.length);
}

const cell = fc.option(
  fc.uint8Array({ maxLength: 90 }).map((bytes) => Buffer.from(bytes)),
  { nil: null },
);
const shape = fc.integer({ min: 0, max: 5 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    rows: fc.array(fc.array(cell, { minLength: count, maxLength: count }), { maxLength: 8 }),
    masks: fc.array(fc.constantFrom('stars' as const, 'longer' as const, 'nothing' as const, 'none' as const), {
      minLength: count,
      maxLength: count,
    }),
  }),
);

function expected(value: Buffer | null, mask: keyof typeof masksByName): Buffer | null {
  if (value === null || mask === 'none') return value;
  if (mask === 'nothing') return null;
  return mask === 'stars' ? Buffer.from('***') : Buffer.concat(Array.from({ length: 10 }, () => value));
}

describe('a masked run of rows', () => {
  test('is what the same rows would be if each cell had been written anew', () => {
    fc.assert(
      fc.property(shape, ({ count, rows, masks }) => {
        const source = batch(rows, count);
        const before = Buffer.from(source.wire());
        const masked = source.masked(masks.map((name) => masksByName[name]));
        const anew = rows.map((row) => encodeDataRow(row.map((value, i) => expected(value, masks[i] ?? 'none'))));
        expect(masked.wire().toString('hex')).toBe(Buffer.concat(anew).toString('hex'));
        expect(masked.rows).toBe(rows.length);
        expect(source.wire().equals(before)).toBe(true);
      }),
    );
  });

  test('without a mask is the run itself', () => {
    const source = batch([[Buffer.from('a')]], 1);
    expect(source.masked([undefined])).toBe(source);
  });

  test('holds no byte of what was masked', () => {
    const secret = Buffer.from('123-45-6789');
    const masked = batch(
      [
        [secret, Buffer.from('ok')],
        [secret, null],
      ],
      2,
    ).masked([stars, undefined]);
    expect(masked.wire().includes(secret)).toBe(false);
  });

  const header = (length: number, count: number): string => `44${hex(length, 8)}${hex(count, 4)}`;
  const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');
  test.each([
    ['one column too few', header(6, 0), 1],
    ['one column too many', `${header(14, 2)}ffffffffffffffff`, 1],
    ['a value longer than the row', `${header(10, 1)}00000005`, 1],
    ['a value of length -2', `${header(10, 1)}fffffffe`, 1],
    ['a row that ends inside a length', `${header(8, 1)}0000`, 1],
    ['bytes behind the last column', `${header(12, 1)}ffffffff0000`, 1],
    ['a row longer than the run', `${header(99, 1)}ffffffff`, 1],
    ['a header cut short', '4400', 1],
    ['one row fewer than promised', `${header(10, 1)}ffffffff`, 2],
  ])('with %s is refused', (_, bytes, rows) => {
    const wire = Buffer.from(bytes, 'hex');
    expect(() => new PgRows(columns(1), wire, 0, wire.length, rows).masked([stars])).toThrow(MaskImpossible);
  });

  test('with more or fewer masks than columns is refused', () => {
    expect(() => batch([[null]], 1).masked([undefined, stars])).toThrow(MaskImpossible);
  });
});

test('the first rows of a run are its first bytes', () => {
  const source = batch([[Buffer.from('a')], [Buffer.from('bb')], [null]], 1);
  expect(source.first(2).texts(100)).toEqual([['a'], ['bb']]);
  expect(source.first(2).bytes).toBe(25);
  expect(source.first(0).wire()).toHaveLength(0);
  expect(source.first(9)).toBe(source);
});

test('texts of bytes that are no UTF-8 still show what can be shown', () => {
  expect(batch([[Buffer.from([0x66, 0xfc, 0x72])]], 1).texts(100)).toEqual([['f\uFFFDr']]);
});

test('texts of a row with other columns than promised are refused', () => {
  expect(() => new PgRows(columns(2), encodeDataRow([null]), 0, 11, 1).texts(100)).toThrow(MaskImpossible);
  const wire = Buffer.from('440000000a0001000000ff', 'hex');
  expect(() => new PgRows(columns(1), wire, 0, wire.length, 1).texts(100)).toThrow(MaskImpossible);
});

test('texts stop once they have used up their bytes', () => {
  const source = batch(
    Array.from({ length: 100 }, () => [Buffer.alloc(10, 0x61)]),
    1,
  );
  expect(source.texts(35)).toHaveLength(4);
});
