import type { ColumnUse } from '../../../contract/command-postgres.ts';
import type { Json } from '../../../contract/principal.ts';
import { setFunctions } from '../catalog/builtin-functions.ts';
import type { CatalogFunction } from '../catalog/catalog.ts';
import {
  askedMember,
  clearMembers,
  clearMembersOfCall,
  clearMembersOfQuery,
  clearMembersOfSubscript,
  type Members,
} from './document-member.ts';
import { readBody } from './function-body.ts';
import { rowArguments, type RowArguments } from './row-arguments.ts';
import { classifyFunction } from '../catalog/functions.ts';
import { constant, flag, isList, isNode, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import {
  referenceParts,
  resolve,
  sourcesOf,
  type Column,
  type Item,
  type Reference,
  type Scope,
  type Walk,
} from './scope.ts';
import { mayFail } from './failing.ts';
import { readStoredForm } from './stored-form.ts';
import type { Base } from '../catalog/world.ts';

/** See `Walk.expression`. What is not named here is looked through: every reference at any depth counts. */
export function readExpression(
  walk: Walk,
  tree: Json | undefined,
  scope: Scope,
  use: ColumnUse,
  into?: Set<Base>,
): void {
  if (isList(tree)) {
    for (const item of tree) readExpression(walk, item, scope, use, into);
    return;
  }
  if (!isNode(tree)) return;
  for (const tag in tree) {
    // Nothing follows from where something stands, and whoever looks is taken to depend on it: alike.ts.
    if (tag === 'location') continue;
    const body = tree[tag];
    if (typeof body !== 'object' || body === null) continue;
    if (!isNode(body)) {
      readExpression(walk, body, scope, use, into);
      continue;
    }
    switch (tag) {
      case 'ColumnRef':
        readReference(walk, body, scope, use, into);
        break;
      case 'FuncCall':
        readCall(walk, body, scope, use, into);
        break;
      case 'NullTest':
        if (isRow(node(body, 'arg') ?? {}, scope)) readExpression(walk, body['arg'], scope, use, into);
        else readNullTest(walk, node(body, 'arg') ?? {}, scope, use, into);
        break;
      case 'A_Expr':
        readOperators(walk, body);
        if (readMembers(walk, clearMembers(walk.ledger.world, body, scope), use, into)) break;
        readExpression(walk, body['lexpr'], scope, use, into);
        readExpression(walk, body['rexpr'], scope, use, into);
        break;
      case 'SortBy':
        readOperator(walk, nameParts(nodes(body, 'useOp')));
        readExpression(walk, body['node'], scope, use, into);
        break;
      case 'CaseExpr':
        if ('arg' in body) readOperator(walk, ['=']);
        readExpression(walk, body, scope, use, into);
        break;
      case 'JsonFuncExpr':
        readExpression(
          walk,
          readMembers(walk, clearMembersOfQuery(walk.ledger.world, body, scope), use, into)
            ? { ...body, context_item: null }
            : body,
          scope,
          use,
          into,
        );
        break;
      case 'A_Indirection':
        if (!readMembers(walk, clearMembersOfSubscript(body, scope), use, into))
          readExpression(walk, body['arg'], scope, use, into);
        readFields(walk, nodes(body, 'indirection'), use, into);
        readExpression(walk, body['indirection'], scope, use, into);
        break;
      case 'SubLink':
        // `IN (SELECT ...)` names none.
        readOperator(walk, 'testexpr' in body && !('operName' in body) ? ['='] : nameParts(nodes(body, 'operName')));
        readExpression(walk, body['testexpr'], scope, use, into);
        readSubLink(walk, text(body, 'subLinkType'), node(body, 'subselect') ?? {}, scope, use, into);
        break;
      case 'SelectStmt':
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        walk.ledger.rows.shown(() => readNested(walk, tree, scope, use, into));
        break;
      // Modifiers of a type look like references: geometry(Point).
      case 'typeName':
      case 'TypeName':
      case 'A_Const':
      case 'String':
        break;
      case 'CollateClause':
        readExpression(walk, body['arg'], scope, use, into);
        break;
      default:
        readExpression(walk, body, scope, use, into);
    }
  }
}

/** @returns whether they are members of documents that hold nothing labelled */
export function readMembers(
  walk: Walk,
  found: Members | undefined,
  use: ColumnUse,
  into: Set<Base> | undefined,
): found is Members {
  if (!found) return false;
  walk.ledger.touchPart(found.document, use);
  addAll(
    into,
    found.names.map((name) => walk.ledger.world.clearPart(found.document, name)),
  );
  return true;
}

/** Its rows are a set, or one at most; only those of an array stand in an order. */
function readSubLink(
  walk: Walk,
  kind: string,
  tree: Node,
  scope: Scope,
  use: ColumnUse,
  into: Set<Base> | undefined,
): void {
  const read = (): void =>
    kind === 'EXISTS_SUBLINK' ? readExists(walk, tree, scope, into) : readNested(walk, tree, scope, use, into);
  // EXISTS, IN and ANY end at the first row that decides.
  const ends = kind !== 'EXPR_SUBLINK' && mayFail(tree, (parts) => isBuiltIn(walk, parts));
  if (kind === 'ARRAY_SUBLINK' || ends) walk.ledger.rows.shown(read);
  else walk.ledger.rows.hidden(read);
}

/** Everything a query inside an expression brings out is used by the expression. */
function readNested(walk: Walk, tree: Node, scope: Scope, use: ColumnUse, into: Set<Base> | undefined): void {
  const sources = sourcesOf(walk.query(tree, { items: [], outer: scope, queries: scope.queries }));
  walk.ledger.touchAll(sources, use);
  addAll(into, sources);
}

/** Whether there is a row: what the query chose its rows by is written down where it chose them, and no value of theirs counts. */
function readExists(walk: Walk, tree: Node, scope: Scope, into: Set<Base> | undefined): void {
  const columns = walk.query(tree, { items: [], outer: scope, queries: scope.queries });
  addAll(into, sourcesOf(columns.filter((column) => column.form === undefined)));
}

/**
 * Whether a column is NULL shows in the masked column too, so it is a use of its own. It tells nothing else: what it yields is not made of
 * the column's values, but a condition with it does choose rows of that table.
 */
function readNullTest(walk: Walk, arg: Node, scope: Scope, use: ColumnUse, into: Set<Base> | undefined): void {
  if (readMembers(walk, askedMember(walk.ledger.world, arg, scope), use, into)) return;
  const reference = only(arg, 'ColumnRef');
  const found = reference && resolve(referenceParts(reference), scope);
  if (found?.kind !== 'column' || !found.column.form) return readExpression(walk, arg, scope, use, into);
  walk.ledger.touchAll(found.column.sources, 'null_test');
  if (use === 'expression' || use === 'function') return;
  walk.ledger.searchesNull(found.column.sources);
  addAll(into, found.column.sources);
}

/** IS NULL of a row asks whether each of its fields is NULL, which the masked row does not show. */
function isRow(arg: Node, scope: Scope): boolean {
  const reference = only(arg, 'ColumnRef');
  const found = reference && resolve(referenceParts(reference), scope);
  if (found?.kind !== 'column') return false;
  return [...found.column.sources].some(({ kind }) => kind === 'c');
}

function readReference(walk: Walk, body: Node, scope: Scope, use: ColumnUse, into: Set<Base> | undefined): void {
  const parts = referenceParts(body);
  const found = lookUp(walk, parts, scope);
  if (!found) return;
  const sources = found.kind === 'row' ? found.sources : found.column.sources;
  walk.ledger.touchAll(sources, found.kind === 'row' && found.field !== undefined ? 'function' : use);
  addAll(into, sources);
}

/** Resolves a reference and writes down what stands in the way when nothing fits. */
export function lookUp(walk: Walk, parts: readonly string[], scope: Scope): Reference | undefined {
  const found = resolve(parts, scope);
  if (!found) {
    walk.ledger.contradiction(`reference ${parts.join('.')}`, tablesOf(scope));
  } else if (found.kind === 'row' && found.field !== undefined) {
    walk.ledger.call(classifyCall(walk, [found.field]));
    walk.ledger.contradiction(`reference ${parts.join('.')}`, tablesOf(scope));
  } else if (found.kind === 'column' && found.mayCall !== undefined) {
    const sources = new Set<Base>();
    readCalledField(walk, found.mayCall, 'function', sources);
    if (sources.size > 0)
      return {
        kind: 'column',
        column: { name: found.mayCall, sources: new Set([...found.column.sources, ...sources]) },
      };
  }
  return found;
}

/**
 * `(x).f` is the function `f` called with `x` where `x` has no such field, and `x` may be of any type.
 * https://www.postgresql.org/docs/current/xfunc-sql.html#XFUNC-SQL-COMPOSITE-FUNCTIONS
 */
function readFields(walk: Walk, indirection: readonly Node[], use: ColumnUse, into: Set<Base> | undefined): void {
  for (const part of indirection) {
    const name = text(only(part, 'String') ?? {}, 'sval');
    if (name !== '') readCalledField(walk, name, use, into);
  }
}

/** Nothing where no function has the name: then it can only be a field. */
function readCalledField(walk: Walk, name: string, use: ColumnUse, into: Set<Base> | undefined): void {
  const called = calledFunctions(walk, [name]);
  const fact = classifyFunction([name], called);
  if (called.length === 0 && fact.categories.includes('unknown')) return;
  walk.ledger.call(fact);
  const own = new Set<Base>();
  for (const { sources } of readBodies(walk, [name]).flat()) {
    walk.ledger.touchAll(sources, use === 'expression' ? 'function' : use);
    addAll(own, sources);
  }
  if (makesRows(walk, [name])) walk.ledger.multiplies(own);
  addAll(into, own);
}

function tablesOf(scope: Scope): readonly NonNullable<Item['table']>[] {
  const tables = scope.items.flatMap((item) => item.table ?? []);
  return scope.outer ? [...tables, ...tablesOf(scope.outer)] : tables;
}

function readCall(walk: Walk, body: Node, scope: Scope, use: ColumnUse, into: Set<Base> | undefined): void {
  const parts = nameParts(nodes(body, 'funcname'));
  walk.ledger.call(classifyCall(walk, parts));
  if (parts.at(-1) === 'set_config') readSetConfig(walk, body);
  const inside = use === 'expression' ? 'function' : use;
  const own = new Set<Base>();
  const given = argumentsOf(walk, parts, body, scope);
  for (const column of readBodies(walk, parts, given.rows).flat()) {
    walk.ledger.touchAll(column.sources, inside);
    addAll(own, column.sources);
  }
  const [first, ...more] = nodes(body, 'args');
  const countsNulls = parts.at(-1) === 'count' && first && more.length === 0 && !flag(body, 'agg_distinct');
  if (countsNulls && isBuiltIn(walk, parts)) readCounted(walk, first, scope, inside, own);
  else if (!isBuiltIn(walk, parts) || !readMembers(walk, membersOfCall(walk, parts, body, scope), inside, own))
    readExpression(walk, given.others, scope, inside, own);
  readTurns(walk, body, scope, inside, own);
  if (makesRows(walk, parts)) walk.ledger.multiplies(own);
  readStoredForm(walk, parts.at(-1) ?? '', own, inside);
  addAll(into, own);
}

/** `count(c)` of a table's row counts rows: one that an outer join brings is NULL, and none is by what stands in it. */
function readCounted(walk: Walk, arg: Node, scope: Scope, use: ColumnUse, into: Set<Base>): void {
  const reference = only(arg, 'ColumnRef');
  const found = reference && resolve(referenceParts(reference), scope);
  const isRows = found?.kind === 'row' && found.field === undefined && found.columns.every(({ is }) => is);
  if (isRows) walk.ledger.touchAll(found.sources);
  else readNullTest(walk, arg, scope, use, into);
}

function membersOfCall(walk: Walk, parts: readonly string[], body: Node, scope: Scope): Members | undefined {
  return clearMembersOfCall(walk.ledger.world, parts.at(-1) ?? '', nodes(body, 'args'), scope);
}

/** `SELECT id, unnest(list)`: each row is there as often as the function has something to say of it. */
function makesRows(walk: Walk, parts: readonly string[]): boolean {
  return setFunctions.has(parts.at(-1) ?? '') || calledFunctions(walk, parts).some((fn) => fn.scalar !== true);
}

/** What decides over which rows, and in what order, a call works. */
export function readTurns(walk: Walk, call: Node, scope: Scope, use: ColumnUse, into?: Set<Base>): void {
  const sources = new Set<Base>();
  for (const field of ['agg_order', 'agg_filter', 'over']) readExpression(walk, call[field], scope, use, sources);
  walk.ledger.sorts(sources);
  addAll(into, sources);
}

export function classifyCall(walk: Walk, parts: readonly string[]): ReturnType<typeof classifyFunction> {
  return classifyFunction(parts, calledFunctions(walk, parts));
}

/** User-defined functions that a call may mean. */
export function calledFunctions({ ledger }: Walk, parts: readonly string[]): readonly CatalogFunction[] {
  return ledger.world.functions(schemaOf(parts), parts.at(-1) ?? '', ledger.path);
}

/** The results of every function in SQL that a call may mean. */
export function readBodies(
  walk: Walk,
  parts: readonly string[],
  rows?: RowArguments['rows'],
): readonly (readonly Column[])[] {
  return calledFunctions(walk, parts).flatMap((fn) => {
    const columns = fn.body && readBody(walk, fn, rows);
    return columns ? [columns] : [];
  });
}

/** What a call gives to functions: rows that their bodies name the columns of, and what is read here. */
export function argumentsOf(walk: Walk, parts: readonly string[], call: Node, scope: Scope): RowArguments {
  const called = calledFunctions(walk, parts);
  const isAlsoBuiltIn = called.length > 0 && !classifyFunction(parts, []).categories.includes('unknown');
  return rowArguments(walk, call, called, isAlsoBuiltIn, scope) ?? { rows: new Map(), others: nodes(call, 'args') };
}

/** Somebody else's function of the same name could be what is meant. */
export function isBuiltIn(walk: Walk, parts: readonly string[]): boolean {
  return ['', 'pg_catalog'].includes(schemaOf(parts)) && calledFunctions(walk, parts).length === 0;
}

function schemaOf(parts: readonly string[]): string {
  return parts.length > 1 ? (parts.at(-2) ?? '') : '';
}

/** set_config is SET by another name. A name that is computed can be any. */
function readSetConfig(walk: Walk, body: Node): void {
  const args = nodes(body, 'args').map((arg) => (node(arg, 'NamedArgExpr') ? undefined : constant(arg)));
  const [name, value] = args;
  walk.ledger.settings.push({ name: typeof name === 'string' ? name.toLowerCase() : '*', value: value ?? null });
  if (typeof name !== 'string' || ['search_path', 'role', 'session_authorization'].includes(name.toLowerCase())) {
    walk.ledger.changesSearchPath = true;
  }
}

/** BETWEEN stands for operators that it does not name. */
function readOperators(walk: Walk, body: Node): void {
  const between = text(body, 'kind').includes('BETWEEN');
  for (const name of between ? ['<', '<=', '>', '>='] : []) readOperator(walk, [name]);
  if (!between) readOperator(walk, nameParts(nodes(body, 'name')));
}

/** An operator that somebody defined is a call of a function that somebody wrote. */
export function readOperator(walk: Walk, parts: readonly string[]): void {
  const name = parts.at(-1);
  if (name === undefined || (parts.length > 1 && parts[0] === 'pg_catalog')) return;
  const schema = walk.ledger.world.operator(name);
  if (schema !== undefined) walk.ledger.call({ schema, name: `operator ${name}`, categories: ['unknown'] });
}

export function addAll(into: Set<Base> | undefined, sources: Iterable<Base>): void {
  if (into) for (const base of sources) into.add(base);
}
