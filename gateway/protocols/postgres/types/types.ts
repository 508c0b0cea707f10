import type { ValueShape } from '../../../contract/mask.ts';
import { builtInArrays, ownTypes } from '../../../facts/sql/index.ts';
import { readUtf8 } from '../codec/bytes.ts';
import type { Format } from '../codec/frontend.ts';
import type { ValueCodec } from './codec.ts';
import { decodeArray } from './array.ts';
import { bigint, boolean, float4, float8, integer, numeric, oid, smallint } from './number.ts';
import { bits, emptyOne, emptyRange, hex, money } from './other.ts';
import { cidr, inet, macaddr, macaddr8 } from './network.ts';
import { date, interval, time, timestamp, timestamptz, timetz } from './time.ts';

/** What a mask may assume of a column, or of an array's elements: `other` for every type not listed, where only NULL is safe. @param typeModifier -1 for none */
export function shapeOf(typeOid: number, typeModifier = 0): ValueShape {
  // Bits without a number: as many zeros as there are would tell how many there are.
  if (typeOid === 1560 && typeModifier === -1) return 'varbit';
  return types.get(typeOid)?.shape ?? 'other';
}

/** The type of an array's elements, where they can be masked one by one. */
export function elementOf(typeOid: number): number | undefined {
  return shapeOf(typeOid) === 'other' ? undefined : elements.get(typeOid);
}

/** Undefined where a type's binary form is unknown to us. */
export function codecOf(typeOid: number): ValueCodec | undefined {
  return types.get(typeOid)?.codec;
}

/** Whether the binary form is the text form. */
export function isTextual(typeOid: number): boolean {
  return types.get(typeOid)?.codec === textual;
}

/**
 * One value as facts and recordings show it: its text, or `\x` and hex where a binary value's type is unknown or does not fit.
 * @throws SallyportError `protocol-violation` for text that is not UTF-8
 */
export function valueText(bytes: Buffer, format: Format, typeOid: number): string {
  if (format === 0) return readUtf8(bytes, 0, bytes.length, 'a value');
  try {
    return codecOf(typeOid)?.decode(bytes) ?? hex(bytes);
  } catch (error) {
    if (error instanceof RangeError) return hex(bytes);
    throw error;
  }
}

/** Whether a value has fields, which are masked instead of it. */
export function isRow(typeOid: number): boolean {
  return typeOid === ownTypes.row;
}

const textual: ValueCodec = {
  decode(bytes) {
    return readUtf8(bytes, 0, bytes.length, 'a value');
  },
  encode(text) {
    return Buffer.from(text);
  },
};

const bytea: ValueCodec = {
  decode: hex,
  encode(text) {
    if (!/^\\x([0-9a-f]{2})*$/i.test(text)) throw new RangeError('not a bytea');
    return Buffer.from(text.slice(2), 'hex');
  },
};

/** A version byte of 1 and the text. */
const jsonb: ValueCodec = {
  decode(bytes) {
    if (bytes[0] !== 1) throw new RangeError('not a jsonb of version 1');
    return readUtf8(bytes, 1, bytes.length, 'a jsonb');
  },
  encode(text) {
    return Buffer.concat([Buffer.from([1]), Buffer.from(text)]);
  },
};

const uuid: ValueCodec = {
  decode(bytes) {
    if (bytes.length !== 16) throw new RangeError('not a uuid');
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  },
  encode(text) {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw new RangeError('not a uuid');
    return Buffer.from(text.replaceAll('-', ''), 'hex');
  },
};

/** For reading: masks go element by element (`results/array.ts`). */
const array: ValueCodec = {
  decode(bytes) {
    // An array's element is never an array: one inside of the other is one with more dimensions.
    return decodeArray(bytes, (elementOid) => (elements.has(elementOid) ? undefined : codecOf(elementOid)));
  },
};

/** Element types by the array's OID. */
const elements: ReadonlyMap<number, number> = new Map([
  ...[...builtInArrays].map(([element, array]) => [array, element] as const),
  [ownTypes.rows, ownTypes.row],
  [ownTypes.hstores, ownTypes.hstore],
]);

interface ValueType {
  readonly shape: ValueShape;
  readonly codec: ValueCodec | undefined;
}

/** int4, num, ts, tstz, date, int8. */
const ranges = [3904, 3906, 3908, 3910, 3912, 3926];
const multiranges = [4451, 4532, 4533, 4534, 4535, 4536];

/** OIDs from src/include/catalog/pg_type.dat; built-in types never change theirs. */
const scalars: readonly (readonly [oid: number, type: ValueType])[] = [
  [16, { shape: 'boolean', codec: boolean }],
  [17, { shape: 'bytes', codec: bytea }],
  [19, { shape: 'text', codec: textual }], // name
  [20, { shape: 'integer', codec: bigint }],
  [21, { shape: 'integer', codec: smallint }],
  [23, { shape: 'integer', codec: integer }],
  [25, { shape: 'text', codec: textual }],
  [26, { shape: 'integer', codec: oid }],
  [114, { shape: 'json', codec: textual }],
  [142, { shape: 'xml', codec: textual }],
  [650, { shape: 'network', codec: cidr }],
  [700, { shape: 'decimal', codec: float4 }],
  [701, { shape: 'decimal', codec: float8 }],
  [705, { shape: 'text', codec: textual }], // unknown
  [774, { shape: 'macaddr', codec: macaddr8 }],
  [790, { shape: 'money', codec: money }],
  [829, { shape: 'macaddr', codec: macaddr }],
  [869, { shape: 'network', codec: inet }],
  [1042, { shape: 'text', codec: textual }], // bpchar
  [1043, { shape: 'text', codec: textual }], // varchar
  [1082, { shape: 'date', codec: date }],
  [1083, { shape: 'time', codec: time }],
  [1114, { shape: 'timestamp', codec: timestamp }],
  [1184, { shape: 'timestamptz', codec: timestamptz }],
  [1186, { shape: 'interval', codec: interval }],
  [1266, { shape: 'timetz', codec: timetz }],
  [1560, { shape: 'bit', codec: bits }],
  [1562, { shape: 'varbit', codec: bits }],
  [1700, { shape: 'decimal', codec: numeric }],
  [2950, { shape: 'uuid', codec: uuid }],
  [3802, { shape: 'json', codec: jsonb }],
  ...ranges.map((oid) => [oid, { shape: 'range', codec: emptyRange }] as const),
  ...multiranges.map((oid) => [oid, { shape: 'multirange', codec: emptyOne('{}') }] as const),
  [ownTypes.hstore, { shape: 'hstore', codec: emptyOne('') }],
];

const types: ReadonlyMap<number, ValueType> = new Map([
  [ownTypes.row, { shape: 'row', codec: undefined }],
  [ownTypes.rows, { shape: 'row', codec: undefined }],
  [ownTypes.hstores, { shape: 'hstore', codec: array }],
  ...scalars,
  ...scalars.flatMap(([oid, { shape }]) => {
    const arrayOid = builtInArrays.get(oid);
    return arrayOid === undefined ? [] : [[arrayOid, { shape, codec: array }] as const];
  }),
]);
