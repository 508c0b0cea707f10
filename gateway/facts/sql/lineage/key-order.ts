import { integer, nameParts, node, nodes, only, type Node } from '../text/node.ts';
import type { Item, Scope, Walk } from './scope.ts';
import type { Base } from '../catalog/world.ts';

/** A column of a table that stands in FROM itself. */
export interface Owned {
  readonly item: Item;
  readonly base: Base;
}

/**
 * Items of GROUP BY that make no difference, because a primary key of their table stands beside them: the server drops them before it groups
 * (remove_useless_groupby_columns in src/backend/optimizer), so neither groups nor their order follow from their values.
 * @param body of a SelectStmt
 * @returns by item of the clause: the column that it is
 */
export function groupedByKey(walk: Walk, body: Node, scope: Scope): ReadonlyMap<Node, Base> {
  const items = nodes(body, 'groupClause');
  if (items.length === 0) return none;
  const idle = new Map<Node, Base>();
  const owned = items.map((item) => ownedBy(groupReference(item, body), scope));
  // Sets of groups are kept apart by what stands in them.
  if (items.some((item) => 'GroupingSet' in item)) return idle;
  const keyed = keyedItems(walk, owned);
  const sorted = keyedItems(walk, sortedBy(body, outputsOf(body, scope), scope));
  const isIdle = (item: Item): boolean => keyed.has(item) && (sorted.has(item) || !isGroupedByOther(walk, item, owned));
  items.forEach((item, i) => {
    const column = owned[i];
    if (column && isIdle(column.item)) idle.set(item, column.base);
  });
  return idle;
}

const none: ReadonlyMap<Node, Base> = new Map();

/**
 * Since PostgreSQL 18 any unique index may stand for the row, and the shortest does: where labelled columns are in it, groups come as these sort or hash, and
 * the primary key's are what is dropped. Unless ORDER BY sorts them by that.
 */
function isGroupedByOther({ ledger }: Walk, item: Item, owned: readonly (Owned | undefined)[]): boolean {
  const oid = item.table?.oid;
  if (oid === undefined) return true;
  const { rules } = ledger.world;
  const names = owned.flatMap((column) => (column?.item === item ? [column.base] : []));
  const named = (name: string): boolean => names.some((base) => base.name === name);
  const primary = rules.keyOf(oid) ?? [];
  return rules.of(oid).some((rule) => {
    if (
      rule.kind !== 'unique' ||
      rule.nulls === true ||
      rule.columns.length > primary.length ||
      !rule.columns.every(named)
    )
      return false;
    return names.some(({ name, labels }) => labels.length > 0 && rule.columns.includes(name));
  });
}

/**
 * Whether DISTINCT tells nothing by its rows: each column is one of a table whose primary key orders the rows. Without an order, rows would come as the values
 * of all columns hash or sort.
 */
export function distinctByKey(walk: Walk, body: Node, scope: Scope): boolean {
  const outputs = outputsOf(body, scope);
  const keyed = keyedItems(walk, sortedBy(body, outputs, scope));
  return outputs.every((output) => output?.columns.every(({ item }) => keyed.has(item)));
}

function outputsOf(body: Node, scope: Scope): readonly (Output | undefined)[] {
  return nodes(body, 'targetList').map((entry) => outputOf(only(entry, 'ResTarget') ?? {}, scope));
}

/** Columns by which ORDER BY sorts. A bare name is an output column first. */
function sortedBy(body: Node, outputs: readonly (Output | undefined)[], scope: Scope): readonly (Owned | undefined)[] {
  const named = (name: string): readonly (Owned | undefined)[] =>
    outputs.flatMap((output) => output?.columns.filter(({ base }) => (output.name ?? base.name) === name) ?? []);
  return nodes(body, 'sortClause').map((entry) => {
    const item = node(only(entry, 'SortBy') ?? {}, 'node') ?? {};
    const parts = groupReference(item, body);
    if (!('ColumnRef' in item)) return ownedBy(parts, scope);
    const [found, ...more] = parts?.length === 1 ? named(parts[0] ?? '') : [ownedBy(parts, scope)];
    return more.length === 0 ? found : undefined;
  });
}

interface Output {
  /** Of one column, where it has another name. */
  readonly name: string | undefined;
  readonly columns: readonly Owned[];
}

function outputOf(target: Node, scope: Scope): Output | undefined {
  const parts = partsOf(node(target, 'val'));
  if (!parts) return undefined;
  const alias = typeof target['name'] === 'string' ? target['name'] : undefined;
  if (parts.at(-1) !== '*') {
    const column = ownedBy(parts, scope);
    return column && { name: alias ?? parts.at(-1), columns: [column] };
  }
  const items = parts.length === 1 ? scope.items.filter(({ bare }) => bare) : named(parts.slice(0, -1), scope);
  const columns = items.map((item) => item.columns.map((column) => owner(item, column.name)));
  const all = columns.flat();
  return items.length > 0 && all.every((column) => column !== undefined)
    ? { name: undefined, columns: all }
    : undefined;
}

/** A reference, or a position in the target list that is one. */
function groupReference(item: Node, body: Node): readonly string[] | undefined {
  const position = node(only(item, 'A_Const') ?? {}, 'ival');
  if (!position) return partsOf(item);
  const targets = nodes(body, 'targetList').map((entry) => partsOf(node(only(entry, 'ResTarget') ?? {}, 'val')));
  const at = integer(position, 'ival') - 1;
  return targets.slice(0, at).some((parts) => parts?.at(-1) === '*') ? undefined : targets[at];
}

export function partsOf(tree: Node | undefined): readonly string[] | undefined {
  const reference = only(tree, 'ColumnRef');
  return reference && nameParts(nodes(reference, 'fields'));
}

export function ownedBy(parts: readonly string[] | undefined, scope: Scope): Owned | undefined {
  const name = parts?.at(-1);
  if (parts === undefined || name === undefined) return undefined;
  if (parts.length > 1) {
    const [item, ...more] = named(parts.slice(0, -1), scope);
    return item && more.length === 0 ? owner(item, name) : undefined;
  }
  const bare = scope.items.filter((item) => item.bare);
  const [item, ...more] = bare.filter((each) => each.more ?? each.columns.some((column) => column.name === name));
  return item && more.length === 0 ? owner(item, name) : undefined;
}

function named(qualifier: readonly string[], { items }: Scope): readonly Item[] {
  const schema = qualifier.at(-2);
  return items.filter((item) => item.name === qualifier.at(-1) && (schema === undefined || item.schema === schema));
}

/** The column of this name, where the item is a table and the name is its alone. */
function owner(item: Item, name: string): Owned | undefined {
  const [column, ...more] = item.columns.filter((each) => each.name === name);
  const [base, ...others] = column?.sources ?? [];
  if (!item.table || item.more || !base || more.length > 0 || others.length > 0) return undefined;
  return base.relation.oid === item.table.oid ? { item, base } : undefined;
}

/** Items of whose table the whole primary key is among the columns. */
function keyedItems({ ledger }: Walk, columns: readonly (Owned | undefined)[]): ReadonlySet<Item> {
  const names = new Map<Item, Set<string>>();
  for (const column of columns) {
    if (!column) continue;
    const known = names.get(column.item) ?? new Set();
    names.set(column.item, known.add(column.base.name));
  }
  const keyed = [...names].filter(([{ table }, given]) => {
    const key = table && ledger.world.rules.keyOf(table.oid);
    return key && key.length > 0 && key.every((name) => given.has(name));
  });
  return new Set(keyed.map(([item]) => item));
}
