import { leanCatalog, spreadLabels, type CatalogSnapshot } from '../../facts/sql/index.ts';
import { wholeRelation } from '../../policy/labels.ts';

/** Which columns of a target somebody has decided about, and which nobody has looked at. */
export interface Coverage {
  readonly columns: number;
  /** Labelled or declared clean. */
  readonly decided: number;
  readonly labelled: number;
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
}

type Relation = CatalogSnapshot['relations'][number];

/**
 * Counts the columns that hold rows: tables and foreign tables. A view's columns carry what they are made of, so nobody decides about
 * them. A decision holds for the same column of parents, children and partitions, as a label does.
 * @param entries `schema.relation.column`, or `schema.relation.*` for the rest of a relation, to labels
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
  for (const [entry, labels] of Object.entries(entries)) columns.set(entry, labels);
  const decided = spreadLabels(catalog, columns);
  const relations = snapshot.relations
    .filter((relation) => holdsRows(relation) && isWanted(relation, schemas))
    .map((relation) => relationCoverage(relation, decided.get(relation.oid)))
    .toSorted((a, b) => (a.relation < b.relation ? -1 : 1));
  const count = (of: (one: RelationCoverage) => number) => relations.reduce((sum, one) => sum + of(one), 0);
  const all = count((one) => one.columns);
  return {
    columns: all,
    decided: all - count((one) => one.undecided.length),
    labelled: count((one) => Object.keys(one.labelled).length),
    relations,
    missing: Object.keys(entries).filter((entry) => !names(entry, byName)),
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

function relationCoverage(
  relation: Relation,
  decided: ReadonlyMap<string, readonly string[]> = new Map(),
): RelationCoverage {
  const labelled = relation.columns.flatMap(({ name }) => {
    const labels = decided.get(name) ?? [];
    return labels.length > 0 ? [[name, labels] as const] : [];
  });
  return {
    relation: nameOf(relation),
    columns: relation.columns.length,
    labelled: Object.fromEntries(labelled),
    undecided: relation.columns.map(({ name }) => name).filter((name) => !decided.has(name)),
  };
}

/** Names may hold dots themselves: any way to read the entry will do. */
function names(entry: string, byName: ReadonlyMap<string, Relation>): boolean {
  if (byName.has(wholeRelation(entry) ?? '')) return true;
  for (let dot = entry.indexOf('.'); dot !== -1; dot = entry.indexOf('.', dot + 1)) {
    const column = entry.slice(dot + 1);
    if (byName.get(entry.slice(0, dot))?.columns.some(({ name }) => name === column)) return true;
  }
  return false;
}

function nameOf(relation: Relation | undefined): string {
  return relation ? `${relation.schema}.${relation.name}` : '';
}
