/** Arrays of built-in types, by the element's OID (src/include/catalog/pg_type.dat). */
export const builtInArrays: ReadonlyMap<number, number> = new Map([
  [16, 1000], [17, 1001], [19, 1003], [20, 1016], [21, 1005], [23, 1007], [25, 1009], [26, 1028], [114, 199], [142, 143],
  [650, 651], [700, 1021], [701, 1022], [869, 1041], [1042, 1014], [1043, 1015], [1082, 1182], [1083, 1183],
  [1114, 1115], [1184, 1185], [1266, 1270], [1700, 1231], [2950, 2951], [3802, 3807],
]); // prettier-ignore

/** First OID that is not the server's own: src/include/access/transam.h, FirstNormalObjectId. */
const firstUserOid = 16_384;
const textOid = 25;

/**
 * Types that are written as a built-in one, in text and in binary: domains, citext, and arrays of them.
 * A type that is not in the answer is its own kind: nobody may assume anything of its values.
 * @param rows the answer to `catalogQueries.types`: OID, typtype, name, base type, element type, extension
 */
export function readStandIns(rows: readonly (readonly (string | null)[])[]): ReadonlyMap<number, number> {
  const types = new Map(rows.map(([oid, ...rest]) => [Number(oid), rest] as const));
  const standIn = (oid: number): number | undefined => {
    if (oid < firstUserOid) return oid;
    const [kind, name, base, element, extension] = types.get(oid) ?? [];
    // A domain is made of what was there before it, and an array of its element: no circles.
    if (kind === 'd') return standIn(Number(base));
    if (name === 'citext' && extension === 'citext') return textOid;
    if (!element || element === '0') return undefined;
    const of = standIn(Number(element));
    return of === undefined ? undefined : builtInArrays.get(of);
  };
  const found = new Map<number, number>();
  for (const oid of types.keys()) {
    const builtIn = standIn(oid);
    if (builtIn !== undefined) found.set(oid, builtIn);
  }
  return found;
}
