import type { RelationFact } from '../../../contract/command-postgres.ts';
import type { Json } from '../../../contract/principal.ts';
import { copyInto, copyNew } from '../lineage/copies.ts';
import type { LeanRelation } from '../catalog/catalog.ts';
import { flag, isList, isNode, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import { leavesLabelsAlone, namesTable, plainPartitionOf, referredBy } from './plain-definition.ts';
import { intoName } from '../lineage/query.ts';
import { blur, emptyScope, type Item, type Scope, type Walk } from '../lineage/scope.ts';
import { scanOrders } from '../catalog/scan-orders.ts';
import { readSetting } from '../lineage/settings.ts';
import type { Base } from '../catalog/world.ts';
import { readRuleUses } from './rule-uses.ts';
import { readTarget } from './write.ts';

/** Fields that hold the relation a statement is about to make. */
const makes: ReadonlyMap<string, readonly [field: string, kind: RelationFact['kind']]> = new Map([
  ['CreateStmt', ['relation', 'table']],
  ['ViewStmt', ['view', 'view']],
  ['CreateSeqStmt', ['sequence', 'sequence']],
  ['CompositeTypeStmt', ['typevar', 'unknown']],
]);

/**
 * A statement that defines something. Every relation it names counts as written, every labelled column of one as used: a definition can
 * copy a column, rename it, or bring it out later. Expressions and queries in it are read like any other.
 */
export function readDefinition(walk: Walk, tag: string, body: Node): void {
  walk.ledger.changesSchema = true;
  const made = makes.get(tag);
  const target = made ? node(body, made[0]) : undefined;
  if (made && target) createRelation(walk, target, made[1]);
  const about = made ? undefined : (node(body, 'relation') ?? node(body, 'table'));
  const items = about && text(about, 'relname') !== '' ? rowsOf(walk, about) : [];
  // Parameters, columns that are being made, and the like: names that mean nothing yet.
  const unknown: Item = { name: undefined, columns: [], more: new Set<Base>(), bare: true };
  const scope: Scope = { ...emptyScope, items: [...items, unknown] };
  const dealtWith = made?.[0] ?? (leavesLabelsAlone(walk.ledger, tag, body) ? namesTable(tag) : undefined);
  const parent = plainPartitionOf(walk.ledger, tag, body);
  if (parent) readTarget(walk, parent);
  const rest = Object.fromEntries(
    Object.entries(body).filter(([field]) => field !== dealtWith && !(parent && field === 'inhRelations')),
  );
  readPart(walk, rest, scope);
}

/** The table itself, and its row as rules and triggers call it. */
function rowsOf(walk: Walk, about: Node): readonly Item[] {
  const { item } = readTarget(walk, about);
  return [item, { ...item, name: 'old', bare: false }, { ...item, name: 'new', bare: false }];
}

function createRelation(walk: Walk, target: Node, kind: RelationFact['kind']): void {
  const [schema, name] = splitName(intoName(walk, target), text(target, 'relname'));
  walk.ledger.creates(schema, name, kind);
  if (text(target, 'relpersistence') === 't') walk.ledger.changesSearchPath = true;
}

function splitName(full: string, name: string): readonly [schema: string, name: string] {
  return [full === name ? '' : full.slice(0, full.length - name.length - 1), name];
}

function readPart(walk: Walk, tree: Json | undefined, scope: Scope): void {
  if (isList(tree)) {
    for (const part of tree) readPart(walk, part, scope);
    return;
  }
  if (!isNode(tree)) return;
  if (typeof tree['relname'] === 'string') {
    readNamed(walk, tree);
    return;
  }
  for (const tag in tree) {
    const body = tree[tag];
    switch (tag) {
      case 'SelectStmt':
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        blur(walk.ledger, walk.query(tree, { items: [], outer: scope, queries: scope.queries }), 'view');
        break;
      case 'ColumnRef':
      case 'FuncCall':
      case 'A_Expr':
      case 'A_Indirection':
      case 'SubLink':
      case 'TypeCast':
      case 'CaseExpr':
        walk.expression(tree, scope, 'expression');
        break;
      case 'Constraint':
        if (isNode(body)) readConstraint(walk, body, scope);
        break;
      case 'IndexElem':
        readIndexed(walk, body, scope, 'name');
        break;
      case 'StatsElem':
        readIndexed(walk, body, scope, 'name');
        break;
      case 'VariableSetStmt':
      case 'setstmt':
        if (isNode(body)) readSetting(walk.ledger, body);
        break;
      case 'TypeName':
      case 'typeName':
      case 'ofTypename':
        break;
      default:
        readPart(walk, body, scope);
    }
  }
}

/** What a foreign key does with the values of its own columns follows from what they refer to. */
function readConstraint(walk: Walk, body: Node, scope: Scope): void {
  const { pktable, ...rest } = body;
  if (isNode(pktable)) readNamed(walk, pktable, body);
  readPart(walk, rest, scope);
}

function readIndexed(walk: Walk, body: Json | undefined, scope: Scope, field: string): void {
  if (!isNode(body)) return;
  const name = text(body, field);
  walk.expression(name === '' ? body['expr'] : { ColumnRef: { fields: [{ String: { sval: name } }] } }, scope, 'key');
}

/**
 * ALTER COLUMN ... TYPE ... USING: the column is filled anew, from any column of its row. Keys, checks and foreign keys that it stands in are held against
 * what it becomes, as by an UPDATE that writes it in every row.
 */
export function readRetyped(walk: Walk, body: Node): void {
  const { relation, item } = readTarget(walk, node(body, 'relation') ?? {});
  if (!relation) return;
  for (const entry of nodes(body, 'cmds')) {
    const command = only(entry, 'AlterTableCmd') ?? {};
    if (text(command, 'subtype') !== 'AT_AlterColumnType') continue;
    const sources = new Set<Base>();
    const using = only(node(command, 'def'), 'ColumnDef')?.['raw_default'];
    walk.expression(using, { ...emptyScope, items: [item] }, 'expression', sources);
    copyInto(walk.ledger, { relation, schema: '', name: '' }, text(command, 'name'), sources);
    readRuleUses(walk.ledger, relation, 'update', [text(command, 'name')]);
  }
}

/** A relation that a definition names. @param constraint the foreign key that refers to it */
function readNamed(walk: Walk, body: Node, constraint?: Node): void {
  const { relation } = readTarget(walk, body);
  if (!relation) return;
  const isMeant = constraint ? referredBy(walk.ledger, relation, constraint) : () => true;
  for (const base of walk.ledger.world.labelled(relation)) if (isMeant(base.name)) walk.ledger.touch(base, 'other');
}

/** TRUNCATE fires triggers of its own. */
export function readTruncated(walk: Walk, body: Node): void {
  readWhole(walk, body);
  for (const entry of nodes(body, 'relations')) {
    const named = only(entry, 'RangeVar') ?? {};
    const relation = walk.ledger.world.relation(text(named, 'schemaname'), text(named, 'relname'), walk.ledger.path);
    if (relation) walk.ledger.runsCode(relation, 'write');
  }
}

const asksValues: ReadonlySet<string> = new Set(['C', 'V', 'O']);

/** A check or NOT NULL that a domain gets is asked of every value of every column of it: whether it holds tells of them. */
export function readAlteredDomain({ ledger }: Walk, body: Node): void {
  if (asksValues.has(text(body, 'subtype'))) ledger.touchAll(ledger.world.inDomains(), 'rule');
}

/** Relations that are worked on as a whole: TRUNCATE, LOCK, VACUUM, REINDEX. Nothing of what they hold comes out. */
export function readWhole(walk: Walk, tree: Json | undefined): void {
  if (isList(tree)) {
    for (const part of tree) readWhole(walk, part);
  } else if (isNode(tree)) {
    if (typeof tree['relname'] === 'string') readTarget(walk, tree);
    else for (const field in tree) readWhole(walk, tree[field]);
  }
}

/** VACUUM and ANALYZE: what they say tells how many versions of rows there were, and so which updates left indexes alone. */
export function readVacuumed(walk: Walk, body: Node): void {
  const named = nodes(body, 'rels').map((entry) => node(only(entry, 'VacuumRelation') ?? {}, 'relation') ?? {});
  if (named.length === 0) walk.ledger.changesAnyRows();
  for (const each of named) changesRowsOf(walk, each);
}

function changesRowsOf(walk: Walk, named: Node): LeanRelation | undefined {
  const { relation } = readTarget(walk, named);
  if (relation) walk.ledger.changesRows(relation);
  return relation;
}

/**
 * REINDEX asks the functions of indexes anew: of a table, or of an index, schema or database, whatever is in it. What they say of its rows, in notices and
 * errors, may quote them.
 */
export function readReindexed(walk: Walk, body: Node): void {
  readWhole(walk, body);
  const { ledger } = walk;
  const named = text(body, 'kind') === 'REINDEX_OBJECT_TABLE' ? node(body, 'relation') : undefined;
  const about = named && ledger.world.relation(text(named, 'schemaname'), text(named, 'relname'), ledger.path);
  const worked = about ? new Set(ledger.world.rules.storedIn(about.oid)) : undefined;
  if (!worked) ledger.runsAllCode();
  for (const oid of ledger.world.rules.withCode()) {
    const relation = worked?.has(oid) === false ? undefined : ledger.world.byOid(oid);
    if (relation) ledger.changesRows(relation);
  }
}

/**
 * REFRESH MATERIALIZED VIEW fills it anew: its keys are held against the rows, and the functions of its indexes asked of them. What either says may quote
 * them.
 */
export function readRefreshed(walk: Walk, body: Node): void {
  const relation = changesRowsOf(walk, node(body, 'relation') ?? {});
  if (!relation) return;
  readRuleUses(walk.ledger, relation, 'update', undefined);
}

/** CLUSTER writes rows in the order of an index, whichever it names: after it, reading the table brings them so. Without a table, it does so to any. */
export function readClustered(walk: Walk, body: Node): void {
  const { ledger } = walk;
  const named = node(body, 'relation');
  if (!named) return ledger.incomplete('CLUSTER does not say which table');
  const relation = changesRowsOf(walk, named);
  for (const { labelled } of relation ? scanOrders(ledger.world, relation) : [])
    ledger.touchAll(labelled, 'index_order');
}

const droppedRelations: ReadonlySet<string> = new Set(
  'OBJECT_TABLE OBJECT_VIEW OBJECT_MATVIEW OBJECT_SEQUENCE OBJECT_INDEX OBJECT_FOREIGN_TABLE'.split(' '),
);

export function readDrop(walk: Walk, body: Node): void {
  walk.ledger.changesSchema = true;
  if (text(body, 'removeType') === 'OBJECT_SCHEMA') walk.ledger.changesSearchPath = true;
  if (!droppedRelations.has(text(body, 'removeType'))) return;
  // With IF EXISTS a name that means nothing is dropped as well. CASCADE could take along what hangs on one that somebody has just made.
  const mayBeAbsent = flag(body, 'missing_ok') && text(body, 'behavior') !== 'DROP_CASCADE';
  for (const object of nodes(body, 'objects')) {
    const parts = nameParts(nodes(only(object, 'List') ?? {}, 'items'));
    const [schemaname, relname] = [parts.at(-2) ?? '', parts.at(-1) ?? ''];
    if (mayBeAbsent && !walk.ledger.world.relation(schemaname, relname, walk.ledger.path))
      walk.ledger.absentRelation(schemaname, relname);
    else readTarget(walk, { schemaname, relname });
  }
}

/** GRANT and REVOKE: who may name something, which decides what the search path finds. Nothing of what it holds comes out. */
export function readGrant(walk: Walk, body: Node): void {
  walk.ledger.changesSchema = true;
  walk.ledger.changesSearchPath = true;
  readWhole(walk, body);
}

/** CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW: a copy of what the query brings. */
export function readTableAs(walk: Walk, body: Node): void {
  const { ledger } = walk;
  const target = node(node(body, 'into') ?? {}, 'rel') ?? {};
  const query = node(body, 'query') ?? {};
  ledger.effect('ddl');
  ledger.changesSchema = true;
  ledger.into = intoName(walk, target);
  createRelation(walk, target, text(body, 'objtype') === 'OBJECT_MATVIEW' ? 'materialized_view' : 'table');
  if ('ExecuteStmt' in query) {
    ledger.effect('opaque');
    ledger.incomplete('the prepared statement behind EXECUTE is not known here');
    copyNew(ledger, ledger.into, [], [{ name: '*', sources: new Set([ledger.world.anything]), wild: true }]);
    return;
  }
  const columns = walk.query(query, emptyScope);
  blur(ledger, columns, 'copy');
  // A materialized view is looked through by its definition.
  if (text(body, 'objtype') === 'OBJECT_MATVIEW') return;
  copyNew(ledger, ledger.into, nameParts(nodes(node(body, 'into') ?? {}, 'colNames')), columns);
}
