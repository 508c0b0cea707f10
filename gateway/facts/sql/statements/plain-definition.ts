import type { LeanRelation } from '../catalog/catalog.ts';
import type { Ledger } from '../lineage/ledger.ts';
import { isNode, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';

/**
 * Definitions that leave a table's labelled columns what they are, and look at none: a migration adds a column, a default, an index or a key over other
 * columns. Whatever expressions they hold is read like any other, so only what names columns by themselves is looked at here. What is not listed
 * counts as a use of every labelled column of the table.
 * https://www.postgresql.org/docs/current/sql-altertable.html
 */
export function leavesLabelsAlone(ledger: Ledger, tag: string, body: Node): boolean {
  if (!plainTags.has(tag)) return false;
  const [first = {}, second] = nodes(body, 'relations').map((entry) => only(entry, 'RangeVar') ?? {});
  const named = node(body, 'relation') ?? (second ? {} : first);
  const relation = ledger.world.relation(text(named, 'schemaname'), text(named, 'relname'), ledger.path);
  // Of tables that hold its rows other columns may be labelled.
  if (!relation || relation.kind !== 'table' || ledger.world.rules.storedIn(relation.oid).length > 1) return false;
  const isClear = clearColumns(ledger, relation);
  if (tag === 'IndexStmt')
    return [...nodes(body, 'indexParams'), ...nodes(body, 'indexIncludingParams')].every((entry) => {
      const element = only(entry, 'IndexElem') ?? {};
      return isNode(element['expr']) || isClear(text(element, 'name'));
    });
  if (tag === 'CreateStatsStmt')
    return nodes(body, 'exprs').every((entry) => isClear(text(only(entry, 'StatsElem') ?? {}, 'name')));
  if (tag === 'RenameStmt') return text(body, 'renameType') === 'OBJECT_COLUMN' && isClear(text(body, 'subname'));
  const isValid = (): boolean => onlyClearChecks(ledger, relation, isClear);
  // What builds the indexes anew has their functions say again what they say of a row, in notices and errors.
  const isQuiet = !ledger.world.rules.of(relation.oid).some(({ kind }) => kind === 'called');
  return nodes(body, 'cmds').every((entry) => {
    const command = only(entry, 'AlterTableCmd') ?? {};
    return (isQuiet || !mayRewrite(command)) && isPlain(command, isClear, isValid);
  });
}

/**
 * Whether the command may write the table anew, and with it all of its indexes. A column that is added without a default does not, nor with one that is a
 * constant: https://www.postgresql.org/docs/current/sql-altertable.html, Notes. A type that is not known to be the server's own may be a domain, whose check does.
 */
function mayRewrite(command: Node): boolean {
  const subtype = text(command, 'subtype');
  if (subtype !== 'AT_AddColumn') return subtype === 'AT_AlterColumnType';
  const column = only(node(command, 'def') ?? {}, 'ColumnDef') ?? {};
  if (!plainTypes.has(nameParts(nodes(node(column, 'typeName') ?? {}, 'names')).at(-1) ?? '')) return true;
  return nodes(column, 'constraints').some((entry) => {
    const constraint = only(entry, 'Constraint') ?? {};
    const type = text(constraint, 'contype');
    if (type === 'CONSTR_NOTNULL' || type === 'CONSTR_NULL') return false;
    return type !== 'CONSTR_DEFAULT' || !('A_Const' in (node(constraint, 'raw_expr') ?? {}));
  });
}

const plainTypes: ReadonlySet<string> = new Set(
  'bool int2 int4 int8 float4 float8 numeric text varchar bpchar date timestamp timestamptz json jsonb uuid'.split(' '),
);

/**
 * `CREATE TABLE ... PARTITION OF ... FOR VALUES`: an empty table whose columns carry the labels of the parent's, once it is known. Of rows that are there, those of the default partition
 * are compared with the bounds, by nothing but the parent's partition key.
 * https://www.postgresql.org/docs/current/sql-createtable.html
 * @returns the parent, where that key has no labelled column and nothing else is said of the new table
 */
export function plainPartitionOf({ world, path }: Ledger, tag: string, body: Node): Node | undefined {
  const [parent, ...others] = nodes(body, 'inhRelations').map((entry) => only(entry, 'RangeVar') ?? {});
  if (tag !== 'CreateStmt' || !parent || others.length > 0 || !node(body, 'partbound')) return undefined;
  if (node(body, 'partspec') || nodes(body, 'tableElts').length > 0 || nodes(body, 'constraints').length > 0)
    return undefined;
  const relation = world.relation(text(parent, 'schemaname'), text(parent, 'relname'), path);
  const keys = relation ? world.rules.of(relation.oid).filter((rule) => rule.kind === 'partition') : [];
  if (!relation || keys.length === 0) return undefined;
  return keys.every(({ columns }) => world.labelled(relation, columns).length === 0) ? parent : undefined;
}

const plainTags: ReadonlySet<string> = new Set(['AlterTableStmt', 'IndexStmt', 'CreateStatsStmt', 'RenameStmt']);

/** The field in which a definition names the table that it leaves alone. */
export function namesTable(tag: string): string {
  return tag === 'CreateStatsStmt' ? 'relations' : 'relation';
}

/** Whichever constraint is meant by its name: none that may not hold yet is about a labelled column, so whether it holds tells of none. */
function onlyClearChecks({ world }: Ledger, { oid }: LeanRelation, isClear: IsClear): boolean {
  const open = world.rules
    .of(oid)
    .flatMap((rule) => (rule.kind === 'unchecked' || rule.kind === 'foreign' ? [rule] : []));
  // Of one that is not known, somebody may have made it a moment ago.
  return open.length > 0 && open.every(({ columns }) => columns.every(isClear));
}

type IsClear = (column: string) => boolean;

/** A name that is not known is none: somebody else may have made it a moment ago. */
function clearColumns({ world }: Ledger, relation: LeanRelation): IsClear {
  const clear = new Set<string>();
  for (const { name, labels } of world.columns(relation)) if (labels.length === 0) clear.add(name);
  return (column) => clear.has(column);
}

function isPlain(command: Node, isClear: IsClear, isValid: () => boolean): boolean {
  const definition = node(command, 'def') ?? {};
  switch (text(command, 'subtype')) {
    case 'AT_AddColumn':
      return true;
    case 'AT_ColumnDefault':
    case 'AT_SetNotNull':
    case 'AT_DropNotNull':
    case 'AT_SetStatistics':
    case 'AT_AddIdentity':
    case 'AT_SetIdentity':
    case 'AT_DropIdentity':
    // What becomes of its values, and what that makes of keys and checks, is read where it is retyped.
    case 'AT_AlterColumnType':
      return isClear(text(command, 'name'));
    case 'AT_DropColumn':
      return text(command, 'behavior') !== 'DROP_CASCADE' && isClear(text(command, 'name'));
    case 'AT_ValidateConstraint':
      return isValid();
    case 'AT_AddConstraint':
      return isPlainConstraint(only(definition, 'Constraint') ?? {}, isClear);
    case 'AT_SetRelOptions':
      return nodes(node(definition, 'List') ?? {}, 'items').every((entry) =>
        text(only(entry, 'DefElem') ?? {}, 'defname').startsWith('autovacuum_'),
      );
    default:
      return false;
  }
}

/** Not by an index that is there already, nor by exclusion: what those compare is not said here. */
function isPlainConstraint(body: Node, isClear: IsClear): boolean {
  if (text(body, 'indexname') !== '') return false;
  switch (text(body, 'contype')) {
    case 'CONSTR_CHECK':
      return true;
    case 'CONSTR_UNIQUE':
    case 'CONSTR_PRIMARY':
    case 'CONSTR_NOTNULL':
      return [...nameParts(nodes(body, 'keys')), ...nameParts(nodes(body, 'including'))].every(isClear);
    case 'CONSTR_FOREIGN':
      return nameParts(nodes(body, 'fk_attrs')).every(isClear);
    default:
      return false;
  }
}

/**
 * A foreign key compares with the columns that it refers to: those it names, or else the primary key. Of a table whose key is not known, with any.
 */
export function referredBy({ world }: Ledger, relation: LeanRelation, constraint: Node): (column: string) => boolean {
  const named = nameParts(nodes(constraint, 'pk_attrs'));
  const columns = new Set(named.length > 0 ? named : world.rules.keyOf(relation.oid));
  return columns.size === 0 ? () => true : (column) => columns.has(column);
}
