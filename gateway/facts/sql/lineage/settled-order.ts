import type { Json } from '../../../contract/principal.ts';
import { classifyCall } from './expression.ts';
import { ownedBy, partsOf } from './key-order.ts';
import { equated } from './look-up.ts';
import { integer, isList, isNode, nameParts, node, nodes, only, tagged, text, type Node } from '../text/node.ts';
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
  const calls: Call[] = [];
  for (const field of ['targetList', 'havingClause', 'sortClause']) addCalls(walk, body, body[field], calls);
  const [distinct] = nodes(body, 'distinctClause');
  const picks = distinct !== undefined && Object.keys(distinct).length > 0;
  const gathers = calls.some((call) => call.aggregates) || nodes(body, 'groupClause').length > 0;
  const sorted = sortedBy(nodes(body, 'sortClause'), scope, columns);
  const hides = gathers || (distinct !== undefined && !picks) || comeOutAlike(body);
  for (const [item, oid] of rows.loose) {
    const isSorted = (by: readonly Named[]): boolean =>
      isWithin(walk.ledger.world.rules.keyOf(oid) ?? [], namesOf(walk, item, oid, by));
    if (calls.some((call) => call.inTurn && !isSorted(sortedBy(call.order, scope)))) rows.tells([oid]);
    if (picks && !isSorted(sorted)) rows.tells([oid]);
    if (hides || isSorted(sorted)) rows.settles(item);
  }
}

/** `SELECT 1 FROM ...`, as ORMs ask whether there is a row. */
function comeOutAlike(body: Node): boolean {
  return nodes(body, 'targetList').every((entry) => isConstant(node(only(entry, 'ResTarget') ?? {}, 'val') ?? {}));
}

/** Settles what the condition is met by one row of at most: its key equals values that are the same for every row. */
export function settleRows(walk: Walk, condition: Node | undefined, scope: Scope): void {
  const { rows, world } = walk.ledger;
  if (rows.loose.size === 0) return;
  const given = fixed(walk, condition, scope);
  if (given.length === 0) return;
  for (const [item, oid] of rows.loose) {
    const names = namesOf(walk, item, oid, given);
    if (world.rules.keysOf(oid).some((key) => isWithin(key, names))) rows.settles(item);
  }
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
  const all = only(condition, 'BoolExpr');
  if (all)
    return text(all, 'boolop') === 'AND_EXPR' ? nodes(all, 'args').flatMap((each) => fixed(walk, each, scope)) : [];
  const [left, right] = (condition && equated(walk, condition)) ?? [];
  if (!left || !right) return [];
  return isConstant(right) ? itself(left, scope) : isConstant(left) ? itself(right, scope) : [];
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

/** A call that sees many rows. */
interface Call {
  /** It makes one row of all. */
  readonly aggregates: boolean;
  /** What it brings depends on which row comes before which. */
  readonly inTurn: boolean;
  /** The order it asks for itself. */
  readonly order: readonly Node[];
}

/** Make the same of the same rows in any order. */
const calm: ReadonlySet<string> = new Set(
  `avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist dense_rank every max min mode percent_rank percentile_cont
   percentile_disc range_agg range_intersect_agg rank regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
   stddev stddev_pop stddev_samp sum var_pop var_samp variance`.split(/\s+/),
);

/** FRAMEOPTION_NONDEFAULT of src/include/nodes/parsenodes.h: without it, rows that are alike in the window's order are taken together. */
const ownFrame = 1;

/** Constants and places are not looked at: alike.ts. What a query of its own calls, sees its rows. */
const withoutCalls: ReadonlySet<string> = new Set(['location', 'A_Const', 'SubLink', 'ColumnRef']);

/** Adds the calls in `tree`, a part of the SELECT `body`, to `calls`. */
function addCalls(walk: Walk, body: Node, tree: Json | undefined, calls: Call[]): void {
  if (isList(tree)) for (const item of tree) addCalls(walk, body, item, calls);
  if (!isNode(tree)) return;
  for (const tag in tree) {
    if (withoutCalls.has(tag)) continue;
    const value = tree[tag];
    addCalls(walk, body, value, calls);
    if (!isNode(value)) continue;
    // JSON_ARRAYAGG, JSON_OBJECTAGG
    if (tag === 'JsonAggConstructor') calls.push(callOf(body, value, true, false));
    if (tag !== 'FuncCall') continue;
    const parts = nameParts(nodes(value, 'funcname'));
    const aggregates = classifyCall(walk, parts).categories.includes('aggregate');
    if (aggregates || 'over' in value) calls.push(callOf(body, value, aggregates, calm.has(parts.at(-1) ?? '')));
  }
}

function callOf(body: Node, call: Node, aggregates: boolean, isCalm: boolean): Call {
  const over = node(call, 'over');
  if (!over) return { aggregates, inTurn: !isCalm, order: nodes(call, 'agg_order') };
  const window = text(over, 'name') === '' ? over : windowNamed(body, text(over, 'name'));
  const frame = (integer(window, 'frameOptions') & ownFrame) !== 0;
  return { aggregates: false, inTurn: !isCalm || frame, order: nodes(window, 'orderClause') };
}

function windowNamed(body: Node, name: string): Node {
  const windows = nodes(body, 'windowClause').map((entry) => only(entry, 'WindowDef') ?? {});
  return windows.find((window) => text(window, 'name') === name) ?? {};
}
