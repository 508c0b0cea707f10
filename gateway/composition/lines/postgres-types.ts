import {
  builtInArrays,
  equalityOf,
  ownTypes,
  type CatalogRelation,
  type CatalogSnapshot,
} from '../../facts/sql/index.ts';

/**
 * Built-in types, as `format_type` calls them, of which analysis knows more than that they have a text (`facts/sql/value-kind.ts`); OIDs are those of
 * src/include/catalog/pg_type.dat. Any other built-in type has a life of its own.
 */
const single: ReadonlyMap<string, number> = new Map([
  ...([['text', 25], ['character varying', 1043], ['character', 1042], ['uuid', 2950], ['boolean', 16], ['bytea', 17]] as const),
  ...([['"char"', 18], ['name', 19], ['smallint', 21], ['integer', 23], ['oid', 26], ['real', 700], ['double precision', 701]] as const),
  ...([['money', 790], ['time without time zone', 1083], ['time with time zone', 1266], ['interval', 1186]] as const),
  ...([['timestamp with time zone', 1184], ['timestamp without time zone', 1114], ['date', 1082], ['bigint', 20]] as const),
  ...([['numeric', 1700], ['inet', 869], ['cidr', 650], ['macaddr', 829], ['macaddr8', 774]] as const),
  ...([['bit', 1560], ['bit varying', 1562], ['json', 114], ['record', ownTypes.row], ['record[]', ownTypes.rows]] as const),
  ...([['int4range', 3904], ['int4multirange', 4451]] as const),
]); // prettier-ignore
const builtIn: ReadonlyMap<string, number> = new Map(
  [...single].flatMap(([name, oid]) => {
    const array = builtInArrays.get(oid);
    return [[name, oid] as const, ...(array === undefined ? [] : [[`${name}[]`, array] as const])];
  }),
);
const names: ReadonlyMap<number, string> = new Map([...builtIn].map(([name, oid]) => [oid, name]));
/** A database's own, with their schema: src/include/access/transam.h, FirstNormalObjectId. */
const firstUserOid = 16_384;
/** What stands for a type that is built in and has no name above: nothing else is called so. */
const other = 'anyarray';

/** What a fixture calls the type of a column: by the name of the built-in one that stands in for it, where one does. */
export function writtenType(
  { typeOid, typeName }: CatalogRelation['columns'][number],
  standIns: CatalogSnapshot['standIns'],
) {
  const standIn = standIns?.get(typeOid);
  return names.get(standIn ?? typeOid) ?? (standIn === undefined ? typeName : other);
}

/** Whether equal values of the column may be written in several ways, though those of the type that a fixture says it has are not. */
export function isSpelled(
  { typeOid, folds }: CatalogRelation['columns'][number],
  standIns: CatalogSnapshot['standIns'],
): boolean {
  const standIn = standIns?.get(typeOid) ?? typeOid;
  return folds === true || (standIn !== typeOid && equalityOf(standIn, false, false) !== 'v');
}

/** What a fixture calls the built-in types that casts make others of, as far as these columns have them. */
export function writtenMoved({ moved, standIns }: CatalogSnapshot, relations: readonly CatalogRelation[]): string[] {
  const columns = relations.flatMap((relation) => relation.columns);
  const found = columns.filter(({ typeOid }) => moved?.has(standIns?.get(typeOid) ?? typeOid));
  return [...new Set(found.map((column) => writtenType(column, standIns)))].sort();
}

/** The OID of each type that a fixture names: made up where only that it is another one matters. */
export function typeOids(): (name: string) => number {
  const more = new Map<string, number>();
  return (name) => {
    const known = builtIn.get(name) ?? more.get(name);
    if (known !== undefined) return known;
    const isOwn = name.includes('.');
    const oid = isOwn ? firstUserOid + more.size : -1_000 - more.size;
    more.set(name, oid);
    return oid;
  };
}
