import { ownTypes } from './types.ts';

/**
 * What functions and tests make of a value beyond its text. `t` text, `u` UUID. `.` any other type of which only the text is made: numbers, dates, bytes,
 * enums. `b` bigint, `n` numeric, `d` date, `s` timestamp without a zone: the same, but the server may make them another type by itself, in which not each
 * of their values fits. `j` json, which jsonb may refuse. `c` a row, which IS NULL asks about each of its fields, or a type of which we know nothing. `x` a type with a
 * life of its own (arrays, ranges, bit strings, documents): `lower` of a range is one of its bounds, `||` of two arrays may fail.
 */
export type ValueKind = 't' | 'u' | '.' | Narrowed | 'j' | 'c' | 'x';
export type Narrowed = 'b' | 'n' | 'd' | 's';

/** Kinds of which one kind is one type. */
export const narrowed: ReadonlySet<ValueKind> = new Set(['b', 'n', 'd', 's']);
/** Kinds that go into no type that cannot hold each of their values, unless somebody says CAST. Implicit casts: src/include/catalog/pg_cast.dat. */
export const steady: ReadonlySet<ValueKind> = new Set(['t', 'u', '.', 'j']);

/** By OID, src/include/catalog/pg_type.dat; 0 where nobody said. */
const kinds: ReadonlyMap<number, ValueKind> = new Map([
  ...[25, 1043, 1042].map((oid) => [oid, 't'] as const),
  [2950, 'u'],
  // boolean, bytea, "char", name, small integers and oid, floats, money, times, interval, addresses
  ...[0, 16, 17, 18, 19, 21, 23, 26, 700, 701, 790, 1083, 1266, 1184, 1186].map((oid) => [oid, '.'] as const),
  [20, 'b'],
  [1700, 'n'],
  [1082, 'd'],
  [1114, 's'],
  ...[650, 774, 829, 869].map((oid) => [oid, '.'] as const),
  // json, and arrays of it
  [114, 'j'],
  [199, 'j'],
  [ownTypes.row, 'c'],
  [ownTypes.rows, 'c'],
]);
const firstUserOid = 16_384;

/** @param oid of the type, or of the one that stands in for it */
export function valueKind(oid: number, isEnum: boolean): ValueKind {
  if (isEnum) return '.';
  return kinds.get(oid) ?? (oid >= firstUserOid ? 'c' : 'x');
}
