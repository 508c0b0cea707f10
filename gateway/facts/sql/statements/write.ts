import { withBehind } from '../catalog/behind.ts';
import { columnNames } from '../catalog/catalog.ts';
import { copyColumns, copyInto, type Destination } from '../lineage/copies.ts';
import { withFieldCalls } from '../lineage/field-calls.ts';
import { documentChange, isPutIn, noteChange, type DocumentChange } from '../lineage/document-change.ts';
import { aliasOf, tableItem } from '../lineage/from.ts';
import { nothingGiven, valuesAssigned, valuesInserted, type GivenValues } from '../lineage/given-values.ts';
import { anywhere, isNode, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import { readRuleUses, type RowChange } from './rule-uses.ts';
import { blur, emptyScope, isSystemColumn, type Column, type Item, type Scope, type Walk } from '../lineage/scope.ts';
import { settleRows } from '../lineage/settled-order.ts';
import { choosesNothing } from '../text/unfiltered.ts';
import { readWith } from '../lineage/with.ts';
import type { Base } from '../catalog/world.ts';

export interface Target extends Destination {
  readonly item: Item;
  /** The columns of this name, or a note that there is none. */
  write(name: string): void;
}

export function readInsert(walk: Walk, body: Node, outer: Scope): readonly Column[] {
  const scope = levelOf(walk, body, outer);
  walk.ledger.effect('insert');
  const target = readWritten(walk, node(body, 'relation') ?? {});
  const names = nodes(body, 'cols').map((entry) => text(only(entry, 'ResTarget') ?? {}, 'name'));
  if (names.length > 0) names.forEach(target.write);
  else writeAll(walk, target);
  const all = target.relation ? columnNames(target.relation) : [];
  const given = valuesInserted(walk, body, target.relation, names.length > 0 ? names : all, outer);
  const lookedUp = readRules(walk, target, 'insert', names.length > 0 ? names : undefined, given);
  readDefaults(walk, target, named(body, names));
  const source = node(body, 'selectStmt');
  if (source) {
    const columns = walk.ledger.rows.shown(() => walk.query(source, scope));
    blur(walk.ledger, columns, 'set');
    copyColumns(walk.ledger, target, names.length > 0 ? names : target.relation && all, columns);
  }
  const conflict = node(body, 'onConflictClause');
  if (conflict) readConflict(walk, conflict, target, scope, lookedUp);
  return readReturning(walk, body, { ...scope, items: [target.item] }, target.item);
}

/** @param lookedUp names of columns that it may name: their keys have been read, and others it does not mean */
function readConflict(walk: Walk, body: Node, target: Target, outer: Scope, lookedUp: ReadonlySet<string>): void {
  const scope = { ...outer, items: [target.item, { ...target.item, name: 'excluded', bare: false }] };
  const infer = node(body, 'infer') ?? {};
  for (const entry of nodes(infer, 'indexElems')) {
    const element = only(entry, 'IndexElem') ?? {};
    if (lookedUp.has(text(element, 'name'))) continue;
    readIndexElement(walk, element, scope);
  }
  walk.expression(infer['whereClause'], scope, 'where');
  if (text(body, 'action') === 'ONCONFLICT_UPDATE') {
    walk.ledger.effect('update');
    changesRows(walk, target);
    readRules(walk, target, 'update', assigned(body), keptBy(walk, body, target, scope));
  }
  readAssignments(walk, nodes(body, 'targetList'), target, scope, isExcluded);
  walk.expression(body['whereClause'], scope, 'where');
}

/** A column or expression of an index. */
export function readIndexElement(walk: Walk, body: Node, scope: Scope): void {
  const name = text(body, 'name');
  if (name === '') walk.expression(body['expr'], scope, 'key');
  else walk.expression({ ColumnRef: { fields: [{ String: { sval: name } }] } }, scope, 'key');
}

export function readUpdate(walk: Walk, body: Node, outer: Scope): readonly Column[] {
  const scope = levelOf(walk, body, outer);
  walk.ledger.effect('update');
  const target = readWritten(walk, node(body, 'relation') ?? {});
  changesRows(walk, target);
  const items = [target.item];
  for (const entry of nodes(body, 'fromClause')) items.push(...walk.from(entry, items, scope));
  const inside = { ...scope, items };
  const given = valuesAssigned(walk, body, target.relation, outer);
  readRules(walk, target, 'update', assigned(body), keptBy(walk, body, target, inside, given));
  readAssignments(walk, nodes(body, 'targetList'), target, inside);
  readCondition(walk, node(body, 'whereClause'), target, inside);
  readInTurn(walk, target, node(body, 'whereClause'), inside);
  return readReturning(walk, body, inside, target.item);
}

export function readDelete(walk: Walk, body: Node, outer: Scope): readonly Column[] {
  const scope = levelOf(walk, body, outer);
  walk.ledger.effect('delete');
  const target = readWritten(walk, node(body, 'relation') ?? {});
  changesRows(walk, target);
  readRules(walk, target, 'delete', undefined);
  const items = [target.item];
  for (const entry of nodes(body, 'usingClause')) items.push(...walk.from(entry, items, scope));
  const inside = { ...scope, items };
  readCondition(walk, node(body, 'whereClause'), target, inside);
  readInTurn(walk, target, node(body, 'whereClause'), inside);
  // What a trigger does shows which row came first.
  if (firesForEach(walk, target)) walk.ledger.rows.tells();
  return readReturning(walk, body, inside, target.item);
}

function firesForEach({ ledger: { world } }: Walk, { relation }: Target): boolean {
  const written = relation ? withBehind(world, relation) : [];
  return written.some(({ oid }) =>
    [...world.rules.followedBy(oid)].some((each) => world.rules.of(each).some(({ kind }) => kind === 'each')),
  );
}

export function readMerge(walk: Walk, body: Node, outer: Scope): readonly Column[] {
  const scope = levelOf(walk, body, outer);
  walk.ledger.effect('merge');
  const target = readWritten(walk, node(body, 'relation') ?? {});
  changesRows(walk, target);
  const items = [target.item, ...walk.from(node(body, 'sourceRelation') ?? {}, [], scope)];
  const inside = { ...scope, items };
  walk.expression(body['joinCondition'], inside, 'join');
  readInTurn(walk, target, undefined, inside);
  const always = choosesNothing(node(body, 'joinCondition'));
  for (const entry of nodes(body, 'mergeWhenClauses')) {
    const clause = only(entry, 'MergeWhenClause') ?? {};
    const condition = node(clause, 'condition');
    walk.expression(condition, inside, 'where');
    const action = text(clause, 'commandType');
    const unmatched = text(clause, 'matchKind') === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE';
    if ((action === 'CMD_UPDATE' || action === 'CMD_DELETE') && (always || unmatched) && choosesNothing(condition)) {
      walk.ledger.unfiltered = true;
    }
    const list = assigned(clause);
    if (action === 'CMD_UPDATE') {
      walk.ledger.effect('update');
      readRules(walk, target, 'update', list, keptBy(walk, clause, target, inside));
    }
    if (action === 'CMD_DELETE') {
      walk.ledger.effect('delete');
      readRules(walk, target, 'delete', undefined);
    }
    if (action === 'CMD_INSERT') {
      walk.ledger.effect('insert');
      if (list.length === 0) writeAll(walk, target);
      readRules(walk, target, 'insert', list.length > 0 ? list : undefined);
      readDefaults(walk, target, named(clause, list));
    }
    readAssignments(walk, nodes(clause, 'targetList'), target, inside);
    const values = nodes(clause, 'values').map((value) => {
      const sources = new Set<Base>();
      walk.expression(value, inside, 'set', sources);
      return { name: '', sources };
    });
    const all = target.relation && columnNames(target.relation);
    if (values.length > 0) copyColumns(walk.ledger, target, list.length > 0 ? list : all, values);
  }
  return readReturning(walk, body, inside, target.item);
}

/** Rows are changed in the order in which they are found, and changed rows stand in the table in the order in which they were changed. */
function readInTurn(walk: Walk, { relation, item }: Target, condition: Node | undefined, scope: Scope): void {
  if (relation) walk.ledger.rows.reads(walk.ledger.world, relation, item);
  settleRows(walk, condition, scope);
}

function levelOf(walk: Walk, body: Node, outer: Scope): Scope {
  return { items: [], outer: outer.outer, queries: readWith(walk, node(body, 'withClause'), outer) };
}

/** The relation whose rows a statement writes, with what else that writes. */
function readWritten(walk: Walk, body: Node): Target {
  const target = readTarget(walk, body);
  const { relation } = target;
  if (!relation) return target;
  if (relation.hasRules) {
    walk.ledger.effect('opaque');
    walk.ledger.incomplete(`rules of ${relation.schema}.${relation.name} rewrite the statement`);
  }
  // A write to a view writes what the view is made of.
  for (const behind of walk.ledger.world.view(relation)?.relations ?? []) walk.ledger.relation(behind, 'write');
  return target;
}

/** The relation a statement names as its target. A name made by WITH cannot be written. */
export function readTarget(walk: Walk, body: Node): Target {
  const { ledger } = walk;
  const name = text(body, 'relname');
  const schema = text(body, 'schemaname');
  const alias = aliasOf(body);
  const relation = ledger.world.relation(schema, name, ledger.path);
  if (!relation) {
    ledger.unknownRelation(schema, name, 'write');
    return {
      ...{ relation, schema, name },
      item: { name: alias.name ?? name, columns: [], more: new Set(), bare: true },
      write: () => undefined,
    };
  }
  ledger.relation(relation, 'write');
  ledger.runsCode(relation, 'keep');
  const bases = ledger.world.columns(relation);
  const write = (column: string): void => {
    const base = bases.find((each) => each.name === column);
    if (base) ledger.write(base);
    else ledger.contradiction(`column ${column} of ${schema === '' ? name : `${schema}.${name}`}`, [relation]);
  };
  return { relation, schema, name, item: tableItem(walk, relation, alias), write };
}

function changesRows({ ledger }: Walk, { relation }: Target): void {
  if (!relation) return;
  for (const each of withBehind(ledger.world, relation)) ledger.changesRows(each);
}

/** What the table itself makes of the change. Which column of a table a view's column writes is not asked. */
export function readRules(
  { ledger }: Walk,
  { relation }: Destination,
  change: RowChange,
  written: readonly string[] | undefined,
  given?: GivenValues,
): ReadonlySet<string> {
  if (!relation) return new Set();
  ledger.runsCode(relation, 'write');
  for (const behind of ledger.world.view(relation)?.relations ?? []) readRuleUses(ledger, behind, change, undefined);
  const names = change === 'insert' ? (written ?? columnNames(relation)) : written;
  return readRuleUses(ledger, relation, change, names, given);
}

/** Names of the columns that are assigned to. */
function assigned(body: Node): readonly string[] {
  return nodes(body, 'targetList').map((each) => text(only(each, 'ResTarget') ?? {}, 'name'));
}

/** Columns that surely get a value; none where some of them may get their default. */
function named(body: Node, names: readonly string[]): readonly string[] {
  return anywhere(body, (tag) => tag === 'SetToDefault') ? [] : names;
}

/** Defaults that call somebody's functions put what these bring into the row. */
export function readDefaults(walk: Walk, target: Destination, given: readonly string[]): void {
  const { world } = walk.ledger;
  const { relation } = target;
  const written = relation ? withBehind(world, relation) : [];
  for (const rule of written.flatMap(({ oid }) => world.rules.whereStored(oid))) {
    if (rule.kind !== 'default' || given.includes(rule.column)) continue;
    const columns = (world.parsed(rule.sql) ?? []).flatMap((tree) => walk.query(tree, emptyScope));
    blur(walk.ledger, columns, 'set');
    for (const { sources } of columns) copyInto(walk.ledger, target, rule.column, sources);
  }
}

function writeAll(walk: Walk, target: Target): void {
  if (target.relation) for (const base of walk.ledger.world.columns(target.relation)) walk.ledger.write(base);
}

/** @param isRead whether what is assigned was read where it came from */
function readAssignments(
  walk: Walk,
  list: readonly Node[],
  target: Target,
  scope: Scope,
  isRead: (assignment: Node) => boolean = () => false,
): void {
  for (const entry of list) {
    const assignment = only(entry, 'ResTarget') ?? {};
    const name = text(assignment, 'name');
    target.write(name);
    readPlace(walk, assignment, target, scope);
    const value = node(assignment, 'val') ?? {};
    if ('SetToDefault' in value) readDefaults(walk, target, without(target, name));
    if (isRead(assignment)) continue;
    const sources = new Set<Base>();
    const change = changeOf(walk, assignment, target, scope);
    if (change) noteChange(walk, change);
    for (const each of change?.given ?? [value]) walk.expression(each, scope, 'set', sources);
    copyInto(walk.ledger, target, name, sources);
  }
}

function changeOf(walk: Walk, assignment: Node, { item }: Target, scope: Scope): DocumentChange | undefined {
  if ('indirection' in assignment) return undefined;
  return documentChange(walk, node(assignment, 'val') ?? {}, item, text(assignment, 'name'), scope);
}

/** `SET tags[3] = ...` goes into the value that is there, or fails by what that is. */
function readPlace(walk: Walk, assignment: Node, target: Target, scope: Scope): void {
  const indirection = nodes(assignment, 'indirection');
  walk.expression(indirection, scope, 'set');
  // A field of a row takes its new value whatever the others are.
  if (!target.relation || indirection.every((entry) => 'String' in entry)) return;
  for (const base of walk.ledger.world.labelled(target.relation, [text(assignment, 'name')]))
    walk.ledger.touch(base, isPutIn(walk.ledger.world, base, indirection) ? undefined : 'set');
}

/** Adds the columns that are changed in a part. */
function keptBy(walk: Walk, body: Node, target: Target, scope: Scope, given = nothingGiven): GivenValues {
  const assignments = nodes(body, 'targetList').map((entry) => only(entry, 'ResTarget') ?? {});
  const kept = assignments.filter((each) => 'indirection' in each || changeOf(walk, each, target, scope));
  return { ...given, kept: new Set(kept.map((each) => text(each, 'name'))) };
}

function without({ relation }: Target, name: string): readonly string[] {
  return relation ? columnNames(relation).filter((each) => each !== name) : [];
}

/**
 * `SET x = excluded.x`, the usual upsert: the row that was to be inserted, whose values were read there. Elsewhere than in ON CONFLICT the name may be
 * any table's.
 */
function isExcluded(assignment: Node): boolean {
  const parts = nameParts(nodes(only(node(assignment, 'val'), 'ColumnRef') ?? {}, 'fields'));
  return parts.length === 2 && parts[0] === 'excluded' && parts[1] === text(assignment, 'name');
}

/** WHERE of UPDATE and DELETE. One that names no column of the target, in a sub-query neither, chooses none of its rows. */
function readCondition(walk: Walk, condition: Node | undefined, target: Target, scope: Scope): void {
  let named = !target.relation || target.item.columns.length === 0;
  const watched = watchedItem(target.item, () => {
    named = true;
  });
  const items = scope.items.map((item) => (item === target.item ? watched : item));
  walk.expression(condition, { ...scope, items }, 'where');
  if (choosesNothing(condition) || (!named && !namesRow(condition))) walk.ledger.unfiltered = true;
}

/** The same item, which tells when one of its columns is looked at. */
function watchedItem(item: Item, onSeen: () => void): Item {
  const watch = (column: Column): Column => ({
    ...column,
    get sources() {
      onSeen();
      return column.sources;
    },
  });
  return { ...item, columns: item.columns.map(watch) };
}

/** WHERE CURRENT OF, or a system column such as ctid. */
function namesRow(condition: Node | undefined): boolean {
  return anywhere(condition, (tag, body) => {
    if (tag === 'CurrentOfExpr') return true;
    return tag === 'ColumnRef' && isNode(body) && isSystemColumn(nameParts(nodes(body, 'fields')).at(-1) ?? '');
  });
}

/** RETURNING, with the `old` and `new` rows of PostgreSQL 18. */
function readReturning(walk: Walk, body: Node, scope: Scope, target: Item): readonly Column[] {
  const clause = node(body, 'returningClause');
  const list = clause ? nodes(clause, 'exprs') : nodes(body, 'returningList');
  if (list.length === 0) return [];
  walk.ledger.effect('read');
  const options = nodes(clause ?? {}, 'options').map((entry) => only(entry, 'ReturningOption') ?? {});
  const row = (option: string, usual: string): Item => {
    const renamed = options.find((each) => text(each, 'option') === option);
    return { ...target, name: renamed ? text(renamed, 'value') : usual, bare: false };
  };
  const rows = clause ? [row('RETURNING_OPTION_OLD', 'old'), row('RETURNING_OPTION_NEW', 'new')] : [];
  const inside = { ...scope, items: [...scope.items, ...rows] };
  return walk.targets(nodes(withFieldCalls(walk, { targetList: list }, inside), 'targetList'), inside);
}
