import type { PathFact } from '../../../contract/command-postgres.ts';
import { flowsOf, placeName } from './table-rules.ts';
import { columnNames, type LeanCatalog, type LeanRelation } from './catalog.ts';

/** Labels by `schema.relation.column`, in the catalog's own spelling (no quotes); a path of a JSON document may follow behind a dot. */
export type ColumnLabels = ReadonlyMap<string, readonly string[]>;

/** Labels by relation and column name. */
export type SpreadLabels = ReadonlyMap<number, ReadonlyMap<string, readonly string[]>>;

/**
 * Carries labels through inheritance and partitions, in both directions and by column name: reading a parent reads its children's rows, and
 * a child holds what its parent's column was labelled for. And to where values turn up by themselves: `flowsOf`.
 */
export function spreadLabels(catalog: LeanCatalog, labels: ColumnLabels): SpreadLabels {
  const spread = new Map<number, Map<string, readonly string[]>>();
  if (labels.size === 0) return spread;
  const family = families(catalog);
  const byName = relationsByName(catalog);
  const byOid = new Map(catalog.relations.map((relation) => [relation.oid, relation]));
  const flows = flowsOf(catalog);
  const give = (relation: LeanRelation, column: string, own: readonly string[]): void => {
    for (const member of family(relation)) {
      if (!columnNames(member).includes(column) || !add(spread, member.oid, column, own)) continue;
      for (const to of flows.get(placeName(member.oid, column)) ?? []) {
        const next = byOid.get(to.relation);
        if (next) give(next, to.column, own);
      }
    }
  };
  for (const [key, own] of labels)
    for (const [relation, column] of columnsNamed(key, byName)) give(relation, column, own);
  return spread;
}

/** Labelled paths of columns of which nothing else is labelled, by relation and column name. */
export type SpreadPaths = ReadonlyMap<number, ReadonlyMap<string, readonly PathFact[]>>;

/** The same for labels of parts of a column's documents. A column that carries a label as a whole has no parts. */
export function spreadPaths(catalog: LeanCatalog, labels: ColumnLabels): SpreadPaths {
  const spread = new Map<number, Map<string, readonly PathFact[]>>();
  const whole = new Set<string>();
  const byName = relationsByName(catalog);
  let family: ReturnType<typeof families> | undefined;
  for (const [key, own] of labels) {
    for (const [relation, column, path] of columnsNamed(key, byName)) {
      family ??= families(catalog);
      for (const { oid } of family(relation)) {
        const columns = spread.get(oid) ?? new Map<string, readonly PathFact[]>();
        spread.set(oid, columns);
        if (path === undefined) whole.add(`${oid} ${column}`);
        else columns.set(column, [...(columns.get(column) ?? []), { path, labels: own }]);
      }
    }
  }
  for (const [oid, columns] of spread)
    for (const column of columns.keys()) if (whole.has(`${oid} ${column}`)) columns.delete(column);
  return spread;
}

/** In the place of a column: all of them, also those that are added later. */
export const anyColumn = '*';

/** Names may hold dots themselves: every way to read the key that the catalog knows counts. */
function* columnsNamed(
  key: string,
  byName: ReadonlyMap<string, readonly LeanRelation[]>,
): Generator<readonly [relation: LeanRelation, column: string, path: string | undefined]> {
  for (let dot = key.indexOf('.'); dot !== -1; dot = key.indexOf('.', dot + 1)) {
    const rest = key.slice(dot + 1);
    for (const relation of byName.get(key.slice(0, dot)) ?? []) {
      const columns = columnNames(relation);
      if (columns.includes(rest)) yield [relation, rest, undefined];
      else if (rest === anyColumn) for (const column of columns) yield [relation, column, undefined];
      for (let end = rest.indexOf('.'); end !== -1; end = rest.indexOf('.', end + 1)) {
        const column = rest.slice(0, end);
        if (columns.includes(column)) yield [relation, column, rest.slice(end + 1)];
      }
    }
  }
}

/** A temporary table goes by the schema `pg_temp`, whichever session’s it is. */
export function labelledName({ schema, name }: Pick<LeanRelation, 'schema' | 'name'>): string {
  return `${labelledSchema(schema)}.${name}`;
}

export function labelledSchema(schema: string): string {
  return /^pg_temp_\d+$/.test(schema) ? 'pg_temp' : schema;
}

function relationsByName(catalog: LeanCatalog): ReadonlyMap<string, readonly LeanRelation[]> {
  const byName = new Map<string, LeanRelation[]>();
  for (const relation of catalog.relations) {
    const name = labelledName(relation);
    const same = byName.get(name);
    if (same) same.push(relation);
    else byName.set(name, [relation]);
  }
  return byName;
}

/** @returns whether that was new */
function add(
  spread: Map<number, Map<string, readonly string[]>>,
  oid: number,
  column: string,
  more: readonly string[],
): boolean {
  const columns = spread.get(oid) ?? new Map<string, readonly string[]>();
  const known = columns.get(column) ?? [];
  const all = [...new Set([...known, ...more])].sort();
  columns.set(column, all);
  spread.set(oid, columns);
  return all.length > known.length;
}

/** Everything that hangs together with a relation by inheritance, itself included. */
function families(catalog: LeanCatalog): (of: LeanRelation) => readonly LeanRelation[] {
  const byOid = new Map(catalog.relations.map((relation) => [relation.oid, relation]));
  const near = new Map<number, number[]>();
  const link = (a: number, b: number): void => {
    near.set(a, [...(near.get(a) ?? []), b]);
  };
  for (const child of catalog.relations) {
    for (const parent of child.inherits) {
      link(child.oid, parent);
      link(parent, child.oid);
    }
  }
  return (of) => {
    const seen = new Set([of.oid]);
    for (const oid of seen) for (const next of near.get(oid) ?? []) seen.add(next);
    return [...seen].flatMap((oid) => byOid.get(oid) ?? []);
  };
}
