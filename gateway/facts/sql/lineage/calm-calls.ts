import type { Json } from '../../../contract/principal.ts';
import { addsAlike, isSame } from './equal-values.ts';
import { classifyCall, isBuiltIn } from './expression.ts';
import { flag, integer, isList, isNode, nameParts, node, nodes, only, shape, text, type Node } from '../text/node.ts';
import type { Scope, Walk } from './scope.ts';

/** A call that sees many rows. */
export interface Call {
  /** It makes one row of all. */
  readonly aggregates: boolean;
  /** What it brings depends on which row comes before which. */
  readonly inTurn: boolean;
  /** The order it asks for itself. */
  readonly order: readonly Node[];
}

const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));
/** Make the same of the same rows in any order. */
const calm = words(
  'bit_and bit_or bit_xor bool_and bool_or count cume_dist dense_rank every percent_rank rank regr_count',
);
/** So do these where equal values are the same. */
const choosing = words('max min mode percentile_cont percentile_disc range_agg range_intersect_agg');
/** And these where the sum of values is, which those of floats are not. */
const adding = words('avg stddev stddev_pop stddev_samp sum var_pop var_samp variance');

/** FRAMEOPTION_NONDEFAULT of src/include/nodes/parsenodes.h: without it, rows that are alike in the window's order are taken together. */
const ownFrame = 1;

/** Constants and places are not looked at: alike.ts. What a query of its own calls, sees its rows. */
const withoutCalls: ReadonlySet<string> = new Set(['location', 'A_Const', 'SubLink', 'ColumnRef']);

/** The calls that see many rows of the SELECT `body`. */
export function callsOf(walk: Walk, body: Node, scope: Scope): readonly Call[] {
  const calls: Call[] = [];
  for (const field of ['targetList', 'havingClause', 'sortClause']) addCalls(walk, body, scope, body[field], calls);
  return calls;
}

function addCalls(walk: Walk, body: Node, scope: Scope, tree: Json | undefined, calls: Call[]): void {
  if (isList(tree)) for (const item of tree) addCalls(walk, body, scope, item, calls);
  if (!isNode(tree)) return;
  for (const tag in tree) {
    if (withoutCalls.has(tag)) continue;
    const value = tree[tag];
    addCalls(walk, body, scope, value, calls);
    if (!isNode(value)) continue;
    // JSON_ARRAYAGG, JSON_OBJECTAGG
    if (tag === 'JsonAggConstructor') calls.push(callOf(body, value, true, false));
    if (tag !== 'FuncCall') continue;
    const parts = nameParts(nodes(value, 'funcname'));
    const aggregates = classifyCall(walk, parts).categories.includes('aggregate');
    if (aggregates || 'over' in value) calls.push(callOf(body, value, aggregates, isCalm(walk, parts, value, scope)));
  }
}

function isCalm(walk: Walk, parts: readonly string[], call: Node, scope: Scope): boolean {
  if (!isBuiltIn(walk, parts)) return false;
  const name = parts.at(-1) ?? '';
  if (calm.has(name)) return true;
  const args = nodes(call, 'args');
  const order = nodes(call, 'agg_order').map((entry) => node(only(entry, 'SortBy') ?? {}, 'node') ?? {});
  const areSame = [...args, ...order].every((each) => isSame(walk, each, scope));
  if (choosing.has(name)) return areSame;
  // What it sees are then values that stand in their own order.
  if (areSame && (flag(call, 'agg_distinct') || isSorted(args, order))) return true;
  return adding.has(name) && !flag(call, 'agg_distinct') && args.every((each) => addsAlike(walk, each, scope));
}

/** Whether rows that come one after the other in any order are the same to the call. */
function isSorted(args: readonly Node[], order: readonly Node[]): boolean {
  const sorted = new Set(order.map(shape));
  return order.length > 0 && args.every((each) => 'A_Const' in each || sorted.has(shape(each)));
}

function callOf(body: Node, call: Node, aggregates: boolean, isCalmCall: boolean): Call {
  const over = node(call, 'over');
  if (!over) return { aggregates, inTurn: !isCalmCall, order: nodes(call, 'agg_order') };
  const window = text(over, 'name') === '' ? over : windowNamed(body, text(over, 'name'));
  const frame = (integer(window, 'frameOptions') & ownFrame) !== 0;
  return { aggregates: false, inTurn: !isCalmCall || frame, order: nodes(window, 'orderClause') };
}

function windowNamed(body: Node, name: string): Node {
  const windows = nodes(body, 'windowClause').map((entry) => only(entry, 'WindowDef') ?? {});
  return windows.find((window) => text(window, 'name') === name) ?? {};
}
