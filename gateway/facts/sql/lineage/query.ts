import type { ColumnUse } from '../../../contract/command-postgres.ts';
import { rowsLeft } from './catalog-rows.ts';
import { columnType, typeOf, unfitting } from './common-type.ts';
import { copyNew } from './copies.ts';
import { readRow } from './derived.ts';
import { areSameColumns } from './equal-values.ts';
import { lookUp, readOperator } from './expression.ts';
import { withFieldCalls } from './field-calls.ts';
import { mayLookUp, readChosen } from './look-up.ts';
import { distinctByKey, groupedByKey, partsOf } from './key-order.ts';
import { flag, integer, isNode, isSetOperation, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import { impliedName } from '../text/output-names.ts';
import { settleOrder } from './settled-order.ts';
import {
  blur,
  referenceParts,
  sourcesOf,
  starColumns,
  type Column,
  type Item,
  type Scope,
  type Walk,
} from './scope.ts';
import { readWith } from './with.ts';
import { labelsOf, weaker, type Base } from '../catalog/world.ts';

/** SELECT, VALUES, TABLE and their set operations. `outer` holds no items of its own: its level is this query's. */
export function readSelect(walk: Walk, body: Node, outer: Scope): readonly Column[] {
  const { result, loose } = walk.ledger.rows.apart(() => readSelectApart(walk, body, outer));
  walk.ledger.rows.keeps(loose);
  return result;
}

function readSelectApart(walk: Walk, body: Node, outer: Scope): readonly Column[] {
  const queries = readWith(walk, node(body, 'withClause'), outer);
  const scope = { items: [], outer: outer.outer, queries };
  const into = node(body, 'intoClause');
  // The VALUES of an INSERT read nothing.
  if (!('valuesLists' in body)) walk.ledger.effect('read');
  const columns = isSetOperation(body)
    ? readSetOperation(walk, body, scope)
    : 'valuesLists' in body
      ? readValues(walk, body, scope)
      : readPlainSelect(walk, body, scope, outer);
  for (const field of ['limitCount', 'limitOffset']) {
    if (field in body) walk.ledger.rows.tells();
    walk.expression(body[field], scope, 'limit');
  }
  if (nodes(body, 'lockingClause').length > 0) walk.ledger.effect('lock');
  if (into) {
    walk.ledger.effect('ddl');
    const target = node(into, 'rel') ?? {};
    walk.ledger.into = intoName(walk, target);
    walk.ledger.changesSchema = true;
    blur(walk.ledger, columns, 'copy');
    copyNew(walk.ledger, walk.ledger.into, [], columns);
  }
  return columns;
}

/** `schema.name` of a table about to be made. */
export function intoName(walk: Walk, target: Node): string {
  const temporary = text(target, 'relpersistence') === 't';
  const first = walk.ledger.path.find((schema) => schema !== 'pg_catalog' && !schema.startsWith('pg_temp')) ?? '';
  const schema = text(target, 'schemaname') || (temporary ? 'pg_temp' : first);
  return schema === '' ? text(target, 'relname') : `${schema}.${text(target, 'relname')}`;
}

function readPlainSelect(walk: Walk, written: Node, scope: Scope, outer: Scope): readonly Column[] {
  const items: Item[] = [];
  for (const entry of nodes(written, 'fromClause')) items.push(...walk.from(entry, items, scope));
  const inside = { ...scope, items };
  const body = withFieldCalls(walk, written, inside);
  const looksUp = mayLookUp(body, outer);
  const left = rowsLeft(walk, body, inside, looksUp);
  const list = nodes(body, 'targetList');
  const columns = outer.outermost ? readShown(walk, body, list, left) : walk.targets(list, left);
  if (looksUp) readChosen(walk, node(body, 'whereClause'), inside);
  else walk.expression(body['whereClause'], inside, 'where');
  walk.expression(body['havingClause'], inside, 'having');
  for (const window of nodes(body, 'windowClause')) walk.expression(window, inside, 'order');
  const idle = groupedByKey(walk, body, inside);
  for (const item of nodes(body, 'groupClause')) {
    const base = idle.get(item);
    if (base) walk.ledger.touch(base);
    else readGroupItem(walk, item, inside, columns);
  }
  for (const item of nodes(body, 'distinctClause')) {
    if (Object.keys(item).length === 0 && distinctByKey(walk, body, inside)) continue;
    if (Object.keys(item).length === 0) blur(walk.ledger, columns, 'distinct');
    else readByOutput(walk, item, inside, columns, 'distinct');
  }
  readSorted(walk, body, inside, columns);
  settleOrder(walk, body, inside, columns);
  return columns;
}

/** ORDER BY and DISTINCT ON: a bare name is an output column first, a number is a position. */
function readByOutput(walk: Walk, item: Node, scope: Scope, columns: readonly Column[], use: ColumnUse): void {
  if (positioned(walk, item, columns, use)) return;
  const name = bareName(item);
  const named = name === undefined ? [] : columns.filter((column) => column.name === name && !column.wild);
  if (named.length > 0) {
    blur(walk.ledger, named, use);
    return;
  }
  if (name !== undefined)
    blur(
      walk.ledger,
      columns.filter((column) => column.wild),
      use,
    );
  walk.expression(item, scope, use);
}

/** GROUP BY: a bare name is an input column first, then an output column. */
function readGroupItem(walk: Walk, item: Node, scope: Scope, columns: readonly Column[]): void {
  const set = only(item, 'GroupingSet');
  if (set) {
    for (const content of nodes(set, 'content')) readGroupItem(walk, content, scope, columns);
    return;
  }
  if (positioned(walk, item, columns, 'group')) return;
  const name = bareName(item);
  const here = scope.items.some(
    (each) => each.bare && (each.more || each.columns.some((column) => column.name === name)),
  );
  const named = name === undefined ? [] : columns.filter((column) => column.name === name || column.wild);
  if (named.length > 0) blur(walk.ledger, here ? [] : named, 'group');
  if (here || named.length === 0) walk.expression(item, scope, 'group');
  // A function's row in FROM may or may not have the name: then both count.
  if (here && scope.items.some((each) => each.more)) blur(walk.ledger, named, 'group');
}

function positioned(walk: Walk, item: Node, columns: readonly Column[], use: ColumnUse): boolean {
  const number = only(only(item, 'A_Const'), 'ival');
  if (!number) return false;
  const wild = columns.some((column) => column.wild);
  const column = columns[integer(number, 'ival') - 1];
  blur(walk.ledger, wild || !column ? columns : [column], use);
  return true;
}

function bareName(item: Node): string | undefined {
  const reference = only(item, 'ColumnRef');
  const parts = reference ? nameParts(nodes(reference, 'fields')) : [];
  return parts.length === 1 ? parts[0] : undefined;
}

function readValues(walk: Walk, body: Node, scope: Scope): readonly Column[] {
  const made: Set<Base>[] = [];
  for (const list of nodes(body, 'valuesLists')) {
    nodes(only(list, 'List') ?? {}, 'items').forEach((value, i) => {
      const sources = (made[i] ??= new Set());
      walk.expression(value, scope, 'expression', sources);
    });
  }
  const columns = made.map((sources, i) => ({ name: `column${i + 1}`, sources }));
  readSetOrder(walk, body, scope, columns);
  return columns;
}

function readSetOperation(walk: Walk, body: Node, scope: Scope): readonly Column[] {
  const appends = flag(body, 'all') && text(body, 'op') === 'SETOP_UNION';
  const arms = (): readonly (readonly Column[])[] =>
    ['larg', 'rarg'].map((arm) => readSelect(walk, node(body, arm) ?? {}, scope));
  const [left = [], right = []] = appends ? arms() : readCompared(walk, arms);
  const columns = joinedArms(walk, left, right, appends);
  readSetOrder(walk, body, scope, columns);
  return columns;
}

/** Rows that are compared with each other come sorted or hashed by all that stands in them. Of those that are equal, the first is there. */
function readCompared(walk: Walk, read: () => readonly (readonly Column[])[]): readonly (readonly Column[])[] {
  const { rows } = walk.ledger;
  return rows.hidden(() => {
    const columns = read();
    if (rows.loose.size > 0 && !areSameColumns(walk, columns.flat())) rows.tells();
    return columns;
  });
}

function joinedArms(walk: Walk, left: readonly Column[], right: readonly Column[], all: boolean): readonly Column[] {
  const wild = left.some((column) => column.wild) || right.some((column) => column.wild);
  if (all && !wild)
    return left.map((column, i) => (addsNothing(column, right[i]) ? column : stacked(walk, column, right[i])));
  const everything = blur(walk.ledger, [...left, ...right], all ? 'expression' : 'distinct');
  if (wild) {
    const columns = left.map((column) => ({
      name: column.name,
      sources: everything,
      ...(column.wild ? { wild: column.wild } : {}),
    }));
    return columns.some((column) => column.wild)
      ? columns
      : [...columns, { name: '*', sources: everything, wild: true }];
  }
  return left.map((column, i) => {
    const arms = right[i] ? [column, right[i]] : [column];
    return { name: column.name, sources: sourcesOf(arms), made: { arms } };
  });
}

/** Whether the right arm's column is what the arms to its left have been `stacked` to: those of a long UNION mostly read the same. */
function addsNothing(left: Column, right: Column | undefined): boolean {
  if (!right || left.sources !== right.sources || left.form !== 'plain' || right.form !== 'plain') return false;
  return left.type !== undefined && left.type === columnType(right);
}

/**
 * One column of UNION ALL: the values of each arm, as they are. Values that carry other labels, or none, would go through the same mask:
 * whoever chooses them could compare what a keyed mask makes of both, so the column counts as computed.
 */
function stacked(walk: Walk, left: Column, right: Column | undefined): Column {
  const arms = right ? [left, right] : [left];
  const labels = arms.map(({ sources }) => labelsOf(sources));
  const labelled = arms.filter((_, i) => labels[i]?.length !== 0);
  for (const { sources, form } of labelled) walk.ledger.touchAll(sources, form ? undefined : 'expression');
  const types = arms.map(columnType);
  const failing = unfitting(
    walk,
    arms.map(({ sources }, i) => ({ sources, type: types[i] })),
  );
  walk.ledger.touchAll(failing, 'expression');
  const form = failing.length > 0 ? undefined : weaker(labelled.map((column) => column.form));
  const [type] = types;
  const alike = labels.every((each) => sameLabels(each, labels[0] ?? []));
  return {
    name: left.name,
    sources: sourcesOf(arms),
    made: { arms },
    ...(form ? { form: alike ? form : 'derived' } : {}),
    ...(type && types.every((each) => each === type) ? { type } : {}),
  };
}

function sameLabels(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((label, i) => label === other[i]));
}

function readSetOrder(walk: Walk, body: Node, scope: Scope, columns: readonly Column[]): void {
  const items = [{ name: undefined, columns: columns.filter((column) => !column.wild), bare: true }];
  readSorted(walk, body, { ...scope, items }, columns);
}

function readSorted(walk: Walk, body: Node, scope: Scope, columns: readonly Column[]): void {
  for (const entry of nodes(body, 'sortClause')) {
    const item = only(entry, 'SortBy') ?? {};
    readOperator(walk, nameParts(nodes(item, 'useOp')));
    readByOutput(walk, node(item, 'node') ?? {}, scope, columns, 'order');
  }
}

/** See `Walk.targets`. */
export function readTargets(walk: Walk, list: readonly Node[], scope: Scope): readonly Column[] {
  return list.flatMap((entry) => {
    const target = only(entry, 'ResTarget') ?? {};
    const value = node(target, 'val') ?? {};
    const named = text(target, 'name');
    const reference = only(value, 'ColumnRef');
    if (reference) return readTargetReference(walk, reference, named, scope);
    const sources = new Set<Base>();
    const form = walk.value(value, scope, sources);
    const indirection = nodes(only(value, 'A_Indirection') ?? {}, 'indirection');
    if (indirection.some((part) => 'A_Star' in part)) return [{ name: '*', sources, wild: true as const }];
    // What is made of nothing is a constant.
    const type = typeOf(value, scope);
    const made = {
      ...{ name: named || impliedName(value), sources, made: { tree: value, scope } },
      ...(type ? { type } : {}),
    };
    return [form && sources.size > 0 ? { ...made, form } : made];
  });
}

/**
 * The target list of a statement whose rows go to the client, and nowhere else: a whole row may stand there, which leaves redacted. Anywhere else it has no form: what compares
 * rows goes on by what stands in them, up to a type that cannot be compared.
 */
function readShown(walk: Walk, body: Node, list: readonly Node[], scope: Scope): readonly Column[] {
  const compares = ['distinctClause', 'groupClause', 'sortClause', 'intoClause'].some((clause) => clause in body);
  if (compares) return walk.targets(list, scope);
  return list.flatMap((entry) => {
    const target = only(entry, 'ResTarget') ?? {};
    const value = node(target, 'val') ?? {};
    const sources = new Set<Base>();
    const isStar = partsOf(value)?.at(-1) === '*';
    const form = isStar ? undefined : readRow(walk, value, scope, sources);
    if (!form) return walk.targets([entry], scope);
    return [{ name: text(target, 'name') || impliedName(value), sources, form }];
  });
}

function readTargetReference(walk: Walk, reference: Node, named: string, scope: Scope): readonly Column[] {
  const parts = referenceParts(reference);
  const last = parts.at(-1) ?? '';
  if (parts.length === 1 && last === '*') return touched(walk, starColumns(scope.items));
  const found = lookUp(walk, parts, scope);
  if (!found) return [{ name: named || last, sources: new Set() }];
  if (found.kind === 'column') return touched(walk, [named === '' ? found.column : { ...found.column, name: named }]);
  if (last === '*') return touched(walk, found.columns);
  walk.ledger.touchAll(found.sources, found.field === undefined ? 'expression' : 'function');
  return [{ name: named || last, sources: found.sources }];
}

/** Columns that leave as they are: read, and not used. */
function touched(walk: Walk, columns: readonly Column[]): readonly Column[] {
  for (const column of columns)
    for (const base of column.sources) walk.ledger.touch(base, column.form ? undefined : 'expression');
  return columns;
}

/** The outermost query's constant LIMIT, in rows. WITH TIES may bring more. */
export function constantLimit(body: Node): number | null {
  if (text(body, 'limitOption') === 'LIMIT_OPTION_WITH_TIES') return null;
  const value = only(node(body, 'limitCount'), 'A_Const');
  const rows = value ? node(value, 'ival') : undefined;
  return isNode(rows) ? integer(rows, 'ival') : null;
}
