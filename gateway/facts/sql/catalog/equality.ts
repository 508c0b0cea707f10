import { builtInArrays } from './types.ts';

/**
 * What values of a type share when they are equal: `i` are the same whole number, `.` are the same. `n` may be written with more digits or fewer (1.0, 1.00), but
 * their sum is the same in any order; `f` is a float, whose sum is not. `v` is any other type, of which nobody knows.
 */
export type Equality = 'i' | '.' | 'n' | 'f' | 'v';

/** By OID, src/include/catalog/pg_type.dat: bool, bytea, "char", name, oid, text, varchar, addresses, money, dates and times, bits, UUIDs. */
const alike = [16, 17, 18, 19, 26, 25, 1043, 650, 869, 829, 774, 790, 1082, 1083, 1114, 1184, 1266, 1560, 1562, 2950];
const equalities: ReadonlyMap<number, Equality> = new Map([
  ...[20, 21, 23].map((oid) => [oid, 'i'] as const),
  ...alike.map((oid) => [oid, '.'] as const),
  ...[20, 21, 23, ...alike].flatMap((oid) => {
    const array = builtInArrays.get(oid);
    return array === undefined ? [] : [[array, '.'] as const];
  }),
  [1700, 'n'],
  [700, 'f'],
  [701, 'f'],
]);

/** @param oid of the type itself: a domain, or citext, is none of these @param folds whether its collation takes texts for equal that are not the same */
export function equalityOf(oid: number, isEnum: boolean, folds: boolean): Equality {
  if (folds) return 'v';
  return isEnum ? '.' : (equalities.get(oid) ?? 'v');
}
