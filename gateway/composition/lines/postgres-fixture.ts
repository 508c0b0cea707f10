import type { CatalogRule, CatalogSnapshot, FunctionBody } from '../../facts/sql/index.ts';
import { fixtureFormat, type WrittenPostgresFixture } from './postgres.ts';
import { isSpelled, writtenMoved, writtenType } from './postgres-types.ts';
import { otherTable, writtenRule } from './postgres-rules.ts';

type Relation = CatalogSnapshot['relations'][number];
type WrittenRelations = NonNullable<WrittenPostgresFixture['relations']>;
type WrittenFunctions = NonNullable<WrittenPostgresFixture['functions']>;
type WrittenFunction = Extract<WrittenFunctions[string], readonly unknown[]>[number];
/** The name of a table; undefined where the fixture does not have it. */
type TableOf = (oid: number) => string | undefined;

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
 * @param schemas only these, and what their relations inherit from and refer to; all but the system's when empty
 */
export function fixtureOf({ snapshot, major, searchPath }: LiveCatalog, schemas: readonly string[]): CatalogFixture {
  // Other sessions' temporary tables are in schemas called pg_temp_3 and the like.
  const isWanted = (schema: string): boolean =>
    !schema.startsWith('pg_') && schema !== 'information_schema' && (schemas.length === 0 || schemas.includes(schema));
  const byOid = new Map(snapshot.relations.map((relation) => [relation.oid, relation]));
  const rules = Map.groupBy(snapshot.rules ?? [], ({ relation }) => relation);
  const relations = withOthers(
    snapshot.relations.filter(({ schema, kind }) => isWanted(schema) && isReadByName(kind)),
    byOid,
    rules,
  );
  const functions = snapshot.functions.filter(({ schema }) => isWanted(schema));
  const operators = snapshot.operators.filter(({ schema }) => isWanted(schema));
  const canBeNamed = ({ schema, name }: { readonly schema: string; readonly name: string }): boolean =>
    !schema.includes('.') && !name.includes('.');
  const written = new Set(relations.filter(canBeNamed).map(({ oid }) => oid));
  const otherOf: TableOf = (oid) => {
    const other = byOid.get(oid);
    return other && written.has(oid) ? nameOf(other) : undefined;
  };
  const typeNames = new Set(
    relations.flatMap(({ columns }) => columns.map(({ typeName }) => typeName.replaceAll('"', ''))),
  );
  const enums = snapshot.enums.filter((one) => canBeNamed(one) && typeNames.has(nameOf(one))).map(nameOf);
  const ownTypes = (snapshot.types ?? []).filter((one) => isWanted(one.schema) && canBeNamed(one)).map(nameOf);
  const moved = writtenMoved(snapshot, relations);
  const typeCode = (snapshot.typeCode ?? []).filter(canBeNamed);
  const parts: Parts = { byOid, rules, otherOf, standIns: snapshot.standIns ?? new Map() };
  return {
    section: {
      format: fixtureFormat,
      major,
      search_path: [...searchPath],
      relations: sortedByName(
        relations.filter(canBeNamed).map((relation) => [nameOf(relation), writtenRelation(relation, parts)] as const),
      ),
      ...(snapshot.coerces === true && { coerces: true }),
      ...(snapshot.converts === true && { converts: true }),
      ...(enums.length > 0 && { enums: enums.sort() }),
      ...(ownTypes.length > 0 && { own_types: ownTypes.sort() }),
      ...(moved.length > 0 && { moved }),
      ...(typeCode.length > 0 && { type_code: writtenTypeCode(typeCode, snapshot.functions) }),
      ...(functions.length > 0 && { functions: writtenFunctions(functions.filter(canBeNamed), otherOf) }),
      ...(operators.length > 0 && {
        operators: writtenOperators(operators.filter(canBeNamed)),
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

type RulesByTable = ReadonlyMap<number, readonly CatalogRule[]>;

/** Labels come down from parents and along foreign keys: a table without those others would lose some. */
function withOthers(
  relations: readonly Relation[],
  byOid: ReadonlyMap<number, Relation>,
  rules: RulesByTable,
): readonly Relation[] {
  const found = new Set(relations);
  // A set that grows while it is walked: parents of parents as well.
  for (const { oid, inherits } of found) {
    const others = (rules.get(oid) ?? []).map(({ rule }) => otherTable(rule) ?? 0);
    for (const each of [...inherits, ...others]) {
      const other = byOid.get(each);
      if (other !== undefined && isReadByName(other.kind)) found.add(other);
    }
  }
  return [...found];
}

interface Parts {
  readonly byOid: ReadonlyMap<number, Relation>;
  readonly rules: RulesByTable;
  readonly otherOf: TableOf;
  readonly standIns: ReadonlyMap<number, number>;
}

function writtenRelation(relation: Relation, { byOid, rules, otherOf, standIns }: Parts): WrittenRelations[string] {
  const { kind, definition, hasTriggers, hasRules } = relation;
  const columns = relation.columns.map(({ name }) => name);
  const inherits = relation.inherits.flatMap((oid) => {
    const parent = byOid.get(oid);
    return parent === undefined ? [] : [nameOf(parent)];
  });
  const types = relation.columns.flatMap((column) => {
    const type = writtenType(column, standIns);
    return type === 'text' ? [] : [[column.name, type] as const];
  });
  const spelled = relation.columns.filter((column) => isSpelled(column, standIns)).map(({ name }) => name);
  const own = (rules.get(relation.oid) ?? []).flatMap(({ rule }) => writtenRule(rule, otherOf) ?? []);
  const more = {
    ...(types.length > 0 && { types: Object.fromEntries(types) }),
    ...(spelled.length > 0 && { spelled }),
    ...(own.length > 0 && { by_itself: inOneOrder(own) }),
    ...(kind !== 'table' && isWrittenKind(kind) && { kind }),
    ...(inherits.length > 0 && { inherits }),
    ...(hasTriggers && { triggers: true }),
    ...(hasRules && { rules: true }),
    ...(definition !== undefined && { definition: definition.trim() }),
  };
  return Object.keys(more).length === 0 ? columns : { columns, ...more };
}

/** Whatever order the server answered in. */
function inOneOrder<T>(list: readonly T[]): T[] {
  const byText = new Map(list.map((one) => [JSON.stringify(one), one]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function isWrittenKind(kind: Relation['kind']): kind is 'view' | 'materialized_view' | 'foreign_table' | 'sequence' {
  return kind !== 'table' && isReadByName(kind);
}

/** Functions of one name are a list: a call could mean any of them. Those that a fixture cannot tell apart are one. */
function writtenFunctions(functions: CatalogSnapshot['functions'], tableOf: TableOf): WrittenFunctions {
  const byName = Map.groupBy(functions, nameOf);
  return sortedByName(
    [...byName].map(([name, overloads]) => {
      const texts = overloads.map(({ language, volatility, kind, extension, scalar, body }) =>
        JSON.stringify({ language, volatility, kind, extension, scalar, body: body && writtenBody(body, tableOf) }),
      );
      const all = [...new Set(texts)].sort().map((text) => JSON.parse(text) as WrittenFunction); // just written
      const [first] = all;
      return [name, all.length === 1 && first !== undefined ? first : all] as const;
    }),
  );
}

function writtenBody({ rowTypes = [], ...body }: FunctionBody, tableOf: TableOf): WrittenFunction['body'] {
  const rows = rowTypes.map((oid) => tableOf(oid) ?? null);
  return rows.some((table) => table !== null) ? { ...body, rows } : body;
}

/** Where functions of one name are several, what one of them names all may. */
function writtenTypeCode(
  typeCode: NonNullable<CatalogSnapshot['typeCode']>,
  functions: CatalogSnapshot['functions'],
): NonNullable<WrittenPostgresFixture['type_code']> {
  return sortedByName(
    typeCode.map((one) => {
      const called = functions.filter((fn) => nameOf(fn) === nameOf(one));
      const names = [...new Set(called.flatMap((fn) => fn.names ?? []))].sort();
      const isRead = called.length > 0 && called.every((fn) => fn.names);
      return [nameOf(one), { of: one.of, ...(isRead && { names }) }] as const;
    }),
  );
}

/** Of one name, each that an extension of its own has, or nobody's. */
function writtenOperators(operators: CatalogSnapshot['operators']): Record<string, string | null | (string | null)[]> {
  const byName = Map.groupBy(operators, nameOf);
  return sortedByName(
    [...byName].map(([name, same]) => {
      const extensions = inOneOrder(same.map(({ extension }) => extension));
      const [first = null] = extensions;
      return [name, extensions.length === 1 ? first : extensions] as const;
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
