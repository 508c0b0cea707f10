import type { CatalogSnapshot } from '../../facts/sql/index.ts';
import type { WrittenPostgresFixture } from './postgres.ts';

type Relation = CatalogSnapshot['relations'][number];
type WrittenRelations = NonNullable<WrittenPostgresFixture['relations']>;
type WrittenFunctions = NonNullable<WrittenPostgresFixture['functions']>;

/** A live database as far as its lines are read by it. */
export interface LiveCatalog {
  readonly snapshot: CatalogSnapshot;
  readonly major: number;
  /** Without `pg_catalog`, as the login that read it has it. */
  readonly searchPath: readonly string[];
}

export interface CatalogFixture {
  readonly section: WrittenPostgresFixture;
  /** What a fixture cannot name: a dot in a name stands for something else there. */
  readonly leftOut: readonly string[];
}

/**
 * The section `postgres` of a fixture, by name and in one order whatever order the server answered in.
 * @param schemas only these, and what their relations inherit from; all but the system's when empty
 */
export function fixtureOf({ snapshot, major, searchPath }: LiveCatalog, schemas: readonly string[]): CatalogFixture {
  // Other sessions' temporary tables are in schemas called pg_temp_3 and the like.
  const isWanted = (schema: string): boolean =>
    !schema.startsWith('pg_') && schema !== 'information_schema' && (schemas.length === 0 || schemas.includes(schema));
  const byOid = new Map(snapshot.relations.map((relation) => [relation.oid, relation]));
  const relations = withParents(
    snapshot.relations.filter(({ schema, kind }) => isWanted(schema) && isReadByName(kind)),
    byOid,
  );
  const functions = snapshot.functions.filter(({ schema }) => isWanted(schema));
  const operators = snapshot.operators.filter(({ schema }) => isWanted(schema));
  const canBeNamed = ({ schema, name }: { readonly schema: string; readonly name: string }): boolean =>
    !schema.includes('.') && !name.includes('.');
  return {
    section: {
      major,
      search_path: [...searchPath],
      relations: sortedByName(
        relations.filter(canBeNamed).map((relation) => [nameOf(relation), writtenRelation(relation, byOid)] as const),
      ),
      ...(functions.length > 0 && { functions: writtenFunctions(functions.filter(canBeNamed)) }),
      ...(operators.length > 0 && {
        operators: sortedByName(
          operators.filter(canBeNamed).map((operator) => [nameOf(operator), operator.extension] as const),
        ),
      }),
    },
    leftOut: [...relations, ...functions, ...operators]
      .filter((one) => !canBeNamed(one))
      .map(({ schema, name }) => `${schema} ${name}`)
      .sort(),
  };
}

function isReadByName(kind: Relation['kind']): boolean {
  switch (kind) {
    case 'table':
    case 'view':
    case 'materialized_view':
    case 'foreign_table':
    case 'sequence':
      return true;
    case 'index':
    case 'catalog':
    case 'composite_type':
      return false;
    default:
      return kind satisfies never;
  }
}

/** Labels come down from parents: a table without its parent would lose some. */
function withParents(relations: readonly Relation[], byOid: ReadonlyMap<number, Relation>): readonly Relation[] {
  const found = new Set(relations);
  // A set that grows while it is walked: parents of parents as well.
  for (const { inherits } of found) {
    for (const oid of inherits) {
      const parent = byOid.get(oid);
      if (parent !== undefined) found.add(parent);
    }
  }
  return [...found];
}

function writtenRelation(relation: Relation, byOid: ReadonlyMap<number, Relation>): WrittenRelations[string] {
  const { kind, definition, hasTriggers, hasRules } = relation;
  const columns = relation.columns.map(({ name }) => name);
  const inherits = relation.inherits.flatMap((oid) => {
    const parent = byOid.get(oid);
    return parent === undefined ? [] : [nameOf(parent)];
  });
  const more = {
    ...(kind !== 'table' && isWrittenKind(kind) && { kind }),
    ...(inherits.length > 0 && { inherits }),
    ...(hasTriggers && { triggers: true }),
    ...(hasRules && { rules: true }),
    ...(definition !== undefined && { definition: definition.trim() }),
  };
  return Object.keys(more).length === 0 ? columns : { columns, ...more };
}

function isWrittenKind(kind: Relation['kind']): kind is 'view' | 'materialized_view' | 'foreign_table' | 'sequence' {
  return kind !== 'table' && isReadByName(kind);
}

/** Functions of one name are a list: a call could mean any of them. Those that a fixture cannot tell apart are one. */
function writtenFunctions(functions: CatalogSnapshot['functions']): WrittenFunctions {
  const byName = Map.groupBy(functions, nameOf);
  return sortedByName(
    [...byName].map(([name, overloads]) => {
      const texts = overloads.map(({ language, volatility, kind, extension, body }) =>
        JSON.stringify({ language, volatility, kind, extension, body }),
      );
      const all = [...new Set(texts)].sort().map((text) => JSON.parse(text) as CatalogSnapshot['functions'][number]); // just written
      const [first] = all;
      return [name, all.length === 1 && first !== undefined ? first : all] as const;
    }),
  );
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}

/** By code units: the same on every machine, whatever its language. */
function sortedByName<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
