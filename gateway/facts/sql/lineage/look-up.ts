import { classifyCall, isBuiltIn } from './expression.ts';
import { flag, nameParts, node, nodes, only, tagged, text, type Node } from '../text/node.ts';
import { referenceParts, resolve, type Scope, type Walk } from './scope.ts';
import type { ValueKind } from '../catalog/value-kind.ts';
import type { Base } from '../catalog/world.ts';

/** Whether the SELECT `body` may look rows up: it is the whole statement, and what it chooses is for its answer alone. */
export function mayLookUp(body: Node, { outermost }: Scope): boolean {
  if (outermost !== true) return false;
  if (node(body, 'intoClause')) return false;
  if (nodes(body, 'lockingClause').length > 0) return false;
  return true;
}

/**
 * WHERE of such a SELECT. A labelled column may be looked up there: one of the conditions that all have to hold is that it equals one value,
 * which the client gives and which is the same for every row. Then the answer follows from unlabelled data and from which rows have that
 * value, and from nothing else. Whatever is not surely so is a condition like any other.
 */
export function readChosen(walk: Walk, condition: Node | undefined, scope: Scope): void {
  for (const each of conjuncts(condition)) {
    const found = lookUpIn(walk, each, scope);
    if (found) walk.ledger.lookUp(found.base);
    else walk.expression(each, scope, 'where');
    for (const name of found?.calls ?? []) walk.ledger.call(classifyCall(walk, name));
  }
}

/** Conditions that all have to hold. */
export function conjuncts(condition: Node | undefined): readonly Node[] {
  const all = only(condition, 'BoolExpr');
  if (all && text(all, 'boolop') === 'AND_EXPR') return nodes(all, 'args').flatMap(conjuncts);
  return condition ? [condition] : [];
}

interface LookUp {
  readonly base: Base;
  /** Names of functions on either side. */
  readonly calls: readonly (readonly string[])[];
}

function lookUpIn(walk: Walk, tree: Node, scope: Scope): LookUp | undefined {
  const [left, right] = equated(walk, tree) ?? [];
  return left && right && (lookUpOf(walk, left, right, scope) ?? lookUpOf(walk, right, left, scope));
}

function lookUpOf(walk: Walk, columnSide: Node, valueSide: Node, scope: Scope): LookUp | undefined {
  const column = folded(walk, columnSide);
  const value = folded(walk, valueSide);
  const base = labelledColumn(column.tree, scope);
  const compared = base && comparedAs(base);
  if (!compared) return undefined;
  if (!isValue(walk, value.tree, compared)) return undefined;
  return { base, calls: [...column.calls, ...value.calls] };
}

/** Whether what is written into the column is one value that the client gives, as one that the column is compared with. */
export function isGiven(walk: Walk, base: Base, tree: Node): boolean {
  const compared = comparedAs(base);
  if (!compared) return false;
  if (base.paths) return false;
  return isValue(walk, folded(walk, tree).tree, compared);
}

/** Both sides of `a = b`, or of `a IN (b)`, which the server makes `a = b` of: transformAExprIn in parse_expr.c. */
export function equated(walk: Walk, tree: Node): readonly [Node | undefined, Node | undefined] | undefined {
  const body = only(tree, 'A_Expr') ?? {};
  const kind = text(body, 'kind');
  if (kind !== 'AEXPR_OP' && kind !== 'AEXPR_IN') return undefined;
  const name = nameParts(nodes(body, 'name'));
  if (name.at(-1) !== '=') return undefined;
  if (name.length > 1 && name[0] !== 'pg_catalog') return undefined;
  // One that somebody defined could be any function of both sides.
  if (walk.ledger.world.operator('=') !== undefined) return undefined;
  return [node(body, 'lexpr'), kind === 'AEXPR_IN' ? onlyItem(body) : node(body, 'rexpr')];
}

/** A list of values is as many look-ups. */
function onlyItem(body: Node): Node | undefined {
  const items = nodes(only(node(body, 'rexpr'), 'List') ?? {}, 'items');
  if (items.length !== 1) return undefined;
  return items[0];
}

const callOptions = 'agg_order agg_filter over agg_within_group agg_star agg_distinct func_variadic'.split(' ');

/** What stands in `lower(...)` or `upper(...)`: applications look addresses up by it. Such a call cannot fail. */
function folded(walk: Walk, tree: Node): { readonly tree: Node; readonly calls: LookUp['calls'] } {
  const body = only(tree, 'FuncCall') ?? {};
  const name = nameParts(nodes(body, 'funcname'));
  const [argument, ...more] = nodes(body, 'args');
  const folds = ['lower', 'upper'].includes(name.at(-1) ?? '') && isBuiltIn(walk, name);
  const alone = more.length === 0 && !callOptions.some((option) => option in body);
  return argument && folds && alone ? { tree: argument, calls: [name] } : { tree, calls: [] };
}

/** A column of a table, or of a view or query that only hands it on. */
function labelledColumn(tree: Node, scope: Scope): Base | undefined {
  const reference = only(tree, 'ColumnRef');
  const found = reference && resolve(referenceParts(reference), scope);
  if (found?.kind !== 'column') return undefined;
  if (found.column.form !== 'plain') return undefined;
  const [base, ...more] = found.column.sources;
  if (more.length > 0) return undefined;
  if (base?.labels.length === 0) return undefined;
  // What another server makes of a comparison is not known.
  if (base?.relation.kind === 'foreign_table') return undefined;
  // Of a document of which parts are labelled nobody should learn the whole.
  if (base?.paths) return undefined;
  return base;
}

/**
 * Columns whose `=` tells whether two values are the same, whatever type the other side has: nothing is made of the column's value on the way.
 * That cannot be said of numbers and times, which may be compared as another number or time, rounded or out of range; and `=` of a box
 * compares areas.
 */
const compares: Partial<Readonly<Record<ValueKind, { readonly casts: readonly string[] }>>> = {
  t: { casts: ['text', 'varchar', 'bpchar'] },
  u: { casts: ['uuid'] },
};
type Compared = NonNullable<(typeof compares)[ValueKind]>;

function comparedAs({ kind }: Base): Compared | undefined {
  return compares[kind];
}

/** Something that the client gives: a literal, or a parameter. Casts of it concern no row. */
function isValue(walk: Walk, tree: Node, compared: Compared): boolean {
  const [tag, body] = tagged(tree);
  if (tag === 'TypeCast') {
    if (!isCastTo(body, compared.casts)) return false;
    const inner = node(body, 'arg') ?? {};
    return only(inner, 'ParamRef') !== undefined || isValue(walk, inner, compared);
  }
  if (tag !== 'A_Const' && tag !== 'ParamRef') return false;
  // Any other constant has a type of its own, and the server may make the column fit that.
  if (tag === 'A_Const' && !('sval' in body)) return false;
  // And the type of a parameter is the client's to say.
  if (tag === 'ParamRef' && walk.ledger.world.coerces) return false;
  return true;
}

function isCastTo(body: Node, types: readonly string[]): boolean {
  const type = node(body, 'typeName') ?? {};
  const names = nameParts(nodes(type, 'names'));
  if (names.length > 1 && names[0] !== 'pg_catalog') return false;
  if (nodes(type, 'arrayBounds').length > 0 || flag(type, 'setof')) return false;
  return types.includes(names.at(-1) ?? '');
}
