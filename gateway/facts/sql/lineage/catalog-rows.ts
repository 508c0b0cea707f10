import { columnNames } from '../catalog/catalog.ts';
import { isBuiltIn } from './expression.ts';
import { conjuncts, equated } from './look-up.ts';
import { chosenBy } from './row-choice.ts';
import { literal, nameParts, node, nodes, only, type Node } from '../text/node.ts';
import { referenceParts, resolve, type Column, type Item, type Scope, type Walk } from './scope.ts';
import type { World } from '../catalog/world.ts';

/**
 * What the output columns of a SELECT see, where its WHERE leaves only rows of the catalog that hold nothing of others: statistics of columns without labels
 * by their names, and one's own session. Conditions see more rows than they leave, so to them those columns are what they are elsewhere.
 * @param whole whether the SELECT is the whole statement
 */
export function rowsLeft(walk: Walk, body: Node, scope: Scope, whole: boolean): Scope {
  if (!scope.items.some(({ table }) => table?.kind === 'catalog' && readable.has(table.name))) return scope;
  const conditions = conjuncts(node(body, 'whereClause'));
  const items = scope.items.map((item) => {
    switch (item.table?.kind === 'catalog' ? item.table.name : '') {
      case 'pg_stats':
        return isUnlabelled(walk, conditions, item, scope) ? cleared(item) : item;
      case 'pg_stat_activity':
        if (!whole || scope.items.length > 1 || !isOwnSession(walk, conditions, item, scope)) return item;
        walk.ledger.showsOwnText = true;
        return walk.ledger.alone ? cleared(item) : item;
      default:
        return item;
    }
  });
  return { ...scope, items };
}

/** Columns that hold nothing of others in such rows. `correlation` tells in which order rows stand, which follows from labelled values as well. */
const readable: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['pg_stat_activity', new Set(['query'])],
  [
    'pg_stats',
    new Set(
      `null_frac avg_width n_distinct most_common_vals most_common_freqs histogram_bounds most_common_elems most_common_elem_freqs
       elem_count_histogram range_length_histogram range_empty_frac range_bounds_histogram`.split(/\s+/),
    ),
  ],
]);

function cleared(item: Item): Item {
  const names = readable.get(item.table?.name ?? '');
  const clear = (column: Column): Column => {
    const [base, ...more] = column.sources;
    if (!base || more.length > 0 || names?.has(base.name) !== true) return column;
    return { ...column, sources: new Set([{ ...base, ofNobody: true as const }]) };
  };
  return { ...item, columns: item.columns.map(clear) };
}

/** What a column of the item is made equal to, in one of the conditions. */
function equals(walk: Walk, conditions: readonly Node[], item: Item, scope: Scope, name: string): Node | undefined {
  for (const condition of conditions) {
    const [left, right] = equated(walk, condition) ?? [];
    if (!left || !right) continue;
    if (isColumn(left, item, scope, name)) return right;
    if (isColumn(right, item, scope, name)) return left;
  }
  return undefined;
}

function isColumn(tree: Node, item: Item, scope: Scope, name: string): boolean {
  const reference = only(tree, 'ColumnRef');
  if (!reference) return false;
  const parts = referenceParts(reference);
  const here = resolve(parts, { ...scope, items: [item], outer: undefined });
  const found = resolve(parts, scope);
  if (here?.kind !== 'column' || found?.kind !== 'column' || here.column !== found.column) return false;
  const [base, ...more] = found.column.sources;
  return more.length === 0 && base?.name === name;
}

function isOwnSession(walk: Walk, conditions: readonly Node[], item: Item, scope: Scope): boolean {
  const call = only(equals(walk, conditions, item, scope, 'pid'), 'FuncCall');
  if (!call || nodes(call, 'args').length > 0) return false;
  const parts = nameParts(nodes(call, 'funcname'));
  return parts.at(-1) === 'pg_backend_pid' && isBuiltIn(walk, parts);
}

/** Whether the statistics are of a table, or of one column of it, that the catalog knows and that has no label. */
function isUnlabelled(walk: Walk, conditions: readonly Node[], item: Item, scope: Scope): boolean {
  const given = (name: string): string | undefined => literal(equals(walk, conditions, item, scope, name));
  const [schema, table, column] = ['schemaname', 'tablename', 'attname'].map(given);
  return schema !== undefined && table !== undefined && holdsNoLabel(walk.ledger.world, schema, table, column);
}

function holdsNoLabel(world: World, schema: string, table: string, column: string | undefined): boolean {
  const relation = schema === '' ? undefined : world.relation(schema, table, []);
  if (!relation) return false;
  // An index has statistics of what it computes, and a catalog's are of all that it keeps.
  if (relation.kind !== 'table' && relation.kind !== 'materialized_view') return false;
  if (chosenBy(world, relation).length > 0) return false;
  if (column === undefined) return world.labelled(relation).length === 0;
  return columnNames(relation).includes(column) && world.labelled(relation, [column]).length === 0;
}
