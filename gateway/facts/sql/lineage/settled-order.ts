import { callsOf } from './calm-calls.ts';
import { areSameColumns, isSame, isSameColumn } from './equal-values.ts';
import { distinctByKey, groupedByKey, ownedBy, partsOf } from './key-order.ts';
import { conjuncts, equated } from './look-up.ts';
import { scanOrders } from '../catalog/scan-orders.ts';
import { integer, node, nodes, only, tagged, text, type Node } from '../text/node.ts';
import { isBuiltIn } from './expression.ts';
import { mayFail } from './failing.ts';
import { countsTurns } from './turns.ts';
import { resolve, type Column, type Item, type Scope, type Walk } from './scope.ts';
import type { Base } from '../catalog/world.ts';

/**
 * What a SELECT says about the order of the rows it reads: there is one of a table at most, they are sorted by the table's primary key, they
 * come out alike, or what is made of them all does not depend on their order.
 */
export function settleOrder(walk: Walk, body: Node, scope: Scope, columns: readonly Column[]): void {
  const { rows } = walk.ledger;
  settleRows(walk, node(body, 'whereClause'), scope);
  if (rows.loose.size === 0) return;
  if (countsTurns(walk, body)) rows.tells();
  const calls = callsOf(walk, body, scope);
  const [distinct] = nodes(body, 'distinctClause');
  const picks = distinct !== undefined && Object.keys(distinct).length > 0;
  const groups = nodes(body, 'groupClause');
  const gathers = calls.some((call) => call.aggregates) || groups.length > 0;
  const one = distinct !== undefined && !picks;
  // Which of several that are equal stands for all of them is a question of which came first.
  if (
    (groups.length > 0 && !areGroupsSame(walk, body, scope, columns)) ||
    (one && !areSameColumns(walk, columns) && !distinctByKey(walk, body, scope))
  )
    rows.tells();
  const sorted = sortedBy(nodes(body, 'sortClause'), scope, columns);
  const hides = gathers || one || (comeOutAlike(body) && !mayFail(body, (parts) => isBuiltIn(walk, parts)));
  for (const [item, oid] of rows.loose) {
    const isSorted = (by: readonly Named[]): boolean =>
      isWithin(walk.ledger.world.rules.keyOf(oid) ?? [], namesOf(walk, item, oid, by));
    if (calls.some((call) => call.inTurn && !isSorted(sortedBy(call.order, scope)))) rows.tells([oid]);
    if (picks && !isSorted(sorted)) rows.tells([oid]);
    if (hides || isSorted(sorted)) rows.veils(item);
  }
}

/** Beside a key of its table a column has one value in each group. */
function areGroupsSame(walk: Walk, body: Node, scope: Scope, columns: readonly Column[]): boolean {
  const idle = groupedByKey(walk, body, scope);
  const isOne = (item: Node): boolean => {
    const inside = only(item, 'GroupingSet') ?? only(item, 'RowExpr');
    if (inside) return [...nodes(inside, 'content'), ...nodes(inside, 'args')].every(isOne);
    if (idle.has(item)) return true;
    // A column of the query's own comes before one of the output.
    const parts = partsOf(item);
    const own = parts && resolve(parts, { ...scope, outer: undefined });
    const output = own ? undefined : ofOutput(item, columns);
    return output ? isSameColumn(walk, output) : isSame(walk, item, scope);
  };
  return nodes(body, 'groupClause').every(isOne);
}

/** `SELECT 1 FROM ...`, as ORMs ask whether there is a row. */
function comeOutAlike(body: Node): boolean {
  return nodes(body, 'targetList').every((entry) => isConstant(node(only(entry, 'ResTarget') ?? {}, 'val') ?? {}));
}

/**
 * Settles what the condition is met by one row of at most, whose key equals values that are the same for every row; and where each labelled column that
 * could order the rows does: in an index they stand one beside the other, as they stand in the table.
 */
export function settleRows(walk: Walk, condition: Node | undefined, scope: Scope): void {
  const { rows, world } = walk.ledger;
  if (rows.loose.size === 0) return;
  const given = fixed(walk, condition, scope);
  if (given.length === 0) return;
  for (const [item, oid] of rows.loose) {
    const names = namesOf(walk, item, oid, given);
    if (world.rules.keysOf(oid).some((key) => isWithin(key, names)) || areAlike(walk, oid, names)) rows.settles(item);
  }
}

/** Of texts and UUIDs: numbers and times may be compared as others than they are, and of those that are equal then one may come before the other. */
function areAlike({ ledger: { world } }: Walk, oid: number, names: readonly string[]): boolean {
  const relation = world.byOid(oid);
  if (!relation) return false;
  const isOne = ({ name, kind }: Base): boolean => names.includes(name) && (kind === 't' || kind === 'u');
  return scanOrders(world, relation).every(({ own, labelled }) => own && labelled.every(isOne));
}

/** Names of those columns that are of the rows that are meant. */
function namesOf({ ledger }: Walk, item: object, oid: number, columns: readonly Named[]): readonly string[] {
  const once = ledger.rows.isOnce(oid);
  return columns.flatMap((column) =>
    column.item === item || (once && column.base.relation.oid === oid) ? [column.base.name] : [],
  );
}

function isWithin(key: readonly string[], names: readonly string[]): boolean {
  return key.length > 0 && key.every((name) => names.includes(name));
}

/** Columns that have to equal a constant or a parameter. */
function fixed(walk: Walk, condition: Node | undefined, scope: Scope): readonly Named[] {
  return conjuncts(condition).flatMap((each) => {
    const [left, right] = equated(walk, each) ?? [];
    if (!left || !right) return [];
    return isConstant(right) ? itself(left, scope) : isConstant(left) ? itself(right, scope) : [];
  });
}

/** A literal or a parameter, or a cast of one. */
export function isConstant(tree: Node): boolean {
  const [tag, body] = tagged(tree);
  if (tag === 'TypeCast') return isConstant(node(body, 'arg') ?? {});
  return tag === 'A_Const' || tag === 'ParamRef';
}

/** A column of a table that an expression is, and not only made of. */
interface Named {
  /** Of this query's own FROM, if it is surely that one's. */
  readonly item?: Item;
  readonly base: Base;
}

function itself(tree: Node | undefined, scope: Scope): readonly Named[] {
  const parts = partsOf(tree);
  if (!parts) return [];
  const owned = ownedBy(parts, scope);
  if (owned) return [owned];
  // What is around the query says nothing about its rows.
  const found = resolve(parts, { ...scope, outer: undefined });
  return found?.kind === 'column' && found.column.is ? [{ base: found.column.is }] : [];
}

/** @param columns of the output, where the list may name them */
function sortedBy(list: readonly Node[], scope: Scope, columns: readonly Column[] = []): readonly Named[] {
  return list.flatMap((entry) => {
    const item = only(entry, 'SortBy') ?? {};
    const tree = node(item, 'node');
    if (text(item, 'sortby_dir') === 'SORTBY_USING') return [];
    const column = ofOutput(tree, columns);
    if (!column) return itself(tree, scope);
    return column.is ? [{ base: column.is }] : [];
  });
}

/** A number is a position, and a bare name an output column first. */
function ofOutput(tree: Node | undefined, columns: readonly Column[]): Column | undefined {
  const position = only(only(tree, 'A_Const'), 'ival');
  if (position) return columns[integer(position, 'ival') - 1];
  const parts = partsOf(tree);
  return parts?.length === 1 ? columns.find((column) => column.name === parts[0]) : undefined;
}
