/** Arrays of built-in types, by the element's OID (src/include/catalog/pg_type.dat). */
export const builtInArrays: ReadonlyMap<number, number> = new Map([
  [16, 1000], [17, 1001], [19, 1003], [20, 1016], [21, 1005], [23, 1007], [25, 1009], [26, 1028], [114, 199], [142, 143],
  [650, 651], [700, 1021], [701, 1022], [869, 1041], [1042, 1014], [1043, 1015], [1082, 1182], [1083, 1183],
  [1114, 1115], [1184, 1185], [1266, 1270], [1700, 1231], [2950, 2951], [3802, 3807],
  [774, 775], [790, 791], [829, 1040], [1186, 1187], [1560, 1561], [1562, 1563],
  [3904, 3905], [3906, 3907], [3908, 3909], [3910, 3911], [3912, 3913], [3926, 3927],
  [4451, 6150], [4532, 6151], [4533, 6152], [4534, 6153], [4535, 6155], [4536, 6157],
]); // prettier-ignore

/** First OID that is not the server's own: src/include/access/transam.h, FirstNormalObjectId. */
const firstUserOid = 16_384;
const textOid = 25;
const int4rangeOid = 3904;
const int4multirangeOid = 4451;

/** Types that every database numbers for itself, and their arrays, by numbers that no type has. */
export const ownTypes = { row: -1, rows: -2, hstore: -3, hstores: -4 } as const;

const arrays: ReadonlyMap<number, number> = new Map([
  ...builtInArrays,
  [ownTypes.row, ownTypes.rows],
  [ownTypes.hstore, ownTypes.hstores],
]);

/**
 * Types that are written as one that we know, in text and in binary: domains, citext, hstore, composites, ranges (as another range: of one nothing
 * but that it is empty is ever written), and arrays of them.
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
    if (kind === 'r') return int4rangeOid;
    if (kind === 'm') return int4multirangeOid;
    if (kind === 'c') return ownTypes.row;
    if (name === 'citext' && extension === 'citext') return textOid;
    if (name === 'hstore' && extension === 'hstore') return ownTypes.hstore;
    if (!element || element === '0') return undefined;
    const of = standIn(Number(element));
    return of === undefined ? undefined : arrays.get(of);
  };
  const found = new Map<number, number>();
  for (const oid of types.keys()) {
    const builtIn = standIn(oid);
    if (builtIn !== undefined) found.set(oid, builtIn);
  }
  return found;
}
