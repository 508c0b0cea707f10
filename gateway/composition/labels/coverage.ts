import {
  leanCatalog,
  spreadLabels,
  spreadPaths,
  type CatalogSnapshot,
  type SpreadLabels,
  type SpreadPaths,
} from '../../facts/sql/index.ts';
import { wholeRelation } from '../../policy/labels.ts';

/** Which columns of a target somebody has decided about, and which nobody has looked at. */
export interface Coverage {
  readonly columns: number;
  /** Labelled or declared clean. */
  readonly decided: number;
  readonly labelled: number;
  /** Parts of whose JSON documents are decided, and the rest is not: not counted as decided. */
  readonly partly: number;
  readonly relations: readonly RelationCoverage[];
  /** Entries of the data that name nothing in this catalog: a protection that is not there. */
  readonly missing: readonly string[];
}

export interface RelationCoverage {
  /** `schema.relation`. */
  readonly relation: string;
  readonly columns: number;
  readonly labelled: Readonly<Record<string, readonly string[]>>;
  readonly undecided: readonly string[];
  /** Columns of which only paths are decided: column to path to labels. */
  readonly partly: Readonly<Record<string, DecidedPaths>>;
}

/** A path of a column's documents (`address.phone`) to its labels; to none where it is declared clean. */
export type DecidedPaths = Readonly<Record<string, readonly string[]>>;

type Relation = CatalogSnapshot['relations'][number];

/**
 * Counts the columns that hold rows: tables and foreign tables. A view's columns carry what they are made of, so nobody decides about
 * them. A decision holds for the same column of parents, children and partitions, as a label does.
 * @param entries `schema.relation.column`, `schema.relation.*` for the rest of a relation, or `schema.relation.column.path`, to labels
 * @param schemas only these; all but the system's when empty
 */
export function coverageOf(
  snapshot: CatalogSnapshot,
  entries: Readonly<Record<string, readonly string[]>>,
  schemas: readonly string[],
): Coverage {
  const catalog = leanCatalog(snapshot);
  const byName = new Map(snapshot.relations.map((relation) => [nameOf(relation), relation]));
  const columns = new Map<string, readonly string[]>();
  for (const [entry, labels] of Object.entries(entries)) {
    const whole = byName.get(wholeRelation(entry) ?? '');
    for (const { name } of whole?.columns ?? []) columns.set(`${nameOf(whole)}.${name}`, labels);
  }
  // What is said of one column goes before what is said of all.
  const parts = new Map<string, readonly string[]>();
  const missing: string[] = [];
  for (const [entry, labels] of Object.entries(entries)) {
    const named = namedBy(entry, byName);
    if (named === 'columns') columns.set(entry, labels);
    else if (named === 'path') parts.set(entry, labels);
    else missing.push(entry);
  }
  const decided: Decided = {
    all: spreadLabels(catalog, new Map([...columns, ...parts])),
    whole: spreadLabels(catalog, columns),
    paths: spreadPaths(catalog, parts),
  };
  const relations = snapshot.relations
    .filter((relation) => holdsRows(relation) && isWanted(relation, schemas))
    .map((relation) => relationCoverage(relation, decided))
    .toSorted((a, b) => (a.relation < b.relation ? -1 : 1));
  const count = (of: (one: RelationCoverage) => number) => relations.reduce((sum, one) => sum + of(one), 0);
  const all = count((one) => one.columns);
  return {
    columns: all,
    decided: all - count((one) => one.undecided.length + Object.keys(one.partly).length),
    labelled: count((one) => Object.keys(one.labelled).length),
    partly: count((one) => Object.keys(one.partly).length),
    relations,
    missing,
  };
}

/** A table whose rows are its own or somebody else's, not computed: partitioned tables are tables. */
export function holdsRows({ kind }: Relation): boolean {
  return kind === 'table' || kind === 'foreign_table';
}

/** Other sessions' temporary tables are in schemas called pg_temp_3 and the like. */
export function isWanted({ schema }: Relation, schemas: readonly string[]): boolean {
  return schemas.length === 0 ? !schema.startsWith('pg_') && schema !== 'information_schema' : schemas.includes(schema);
}

interface Decided {
  readonly all: SpreadLabels;
  /** What is said of whole columns alone. */
  readonly whole: SpreadLabels;
  readonly paths: SpreadPaths;
}

function relationCoverage(relation: Relation, { all, whole, paths }: Decided): RelationCoverage {
  const { oid } = relation;
  const names = relation.columns.map(({ name }) => name);
  const partly = names.flatMap((name) => {
    const found = whole.get(oid)?.has(name) === true ? undefined : paths.get(oid)?.get(name);
    return found ? [[name, Object.fromEntries(found.map(({ path, labels }) => [path, labels]))] as const] : [];
  });
  const isPartly = new Set(partly.map(([name]) => name));
  const labelled = names.flatMap((name) => {
    const labels = isPartly.has(name) ? [] : (all.get(oid)?.get(name) ?? []);
    return labels.length > 0 ? [[name, labels] as const] : [];
  });
  return {
    relation: nameOf(relation),
    columns: names.length,
    labelled: Object.fromEntries(labelled),
    undecided: names.filter((name) => all.get(oid)?.has(name) !== true),
    partly: Object.fromEntries(partly),
  };
}

/** What an entry is about. Names may hold dots themselves: any way to read it will do, that of a column before that of a path. */
function namedBy(entry: string, byName: ReadonlyMap<string, Relation>): 'columns' | 'path' | undefined {
  if (byName.has(wholeRelation(entry) ?? '')) return 'columns';
  let found: 'path' | undefined;
  for (let dot = entry.indexOf('.'); dot !== -1; dot = entry.indexOf('.', dot + 1)) {
    const rest = entry.slice(dot + 1);
    for (const { name } of byName.get(entry.slice(0, dot))?.columns ?? []) {
      if (name === rest) return 'columns';
      if (rest.startsWith(`${name}.`)) found = 'path';
    }
  }
  return found;
}

function nameOf(relation: Relation | undefined): string {
  return relation ? `${relation.schema}.${relation.name}` : '';
}
