import { ownTypes } from './catalog-types.ts';

/**
 * What functions and tests make of a value beyond its text. `t` text, `u` UUID. `.` any other type of which only the text is made: numbers, dates, bytes,
 * enums. `j` json, which jsonb may refuse. `c` a row, which IS NULL asks about each of its fields, or a type of which we know nothing. `x` a type with a
 * life of its own (arrays, ranges, bit strings, documents): `lower` of a range is one of its bounds, `||` of two arrays may fail.
 */
export type ValueKind = 't' | 'u' | '.' | 'j' | 'c' | 'x';

/** By OID, src/include/catalog/pg_type.dat; 0 where nobody said. */
const kinds: ReadonlyMap<number, ValueKind> = new Map([
  ...[25, 1043, 1042].map((oid) => [oid, 't'] as const),
  [2950, 'u'],
  // boolean, bytea, "char", name, integers and oid, floats, numeric, money, dates and times, interval, addresses
  ...[0, 16, 17, 18, 19, 20, 21, 23, 26, 700, 701, 1700, 790, 1082, 1083, 1266, 1114, 1184, 1186].map(
    (oid) => [oid, '.'] as const,
  ),
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
