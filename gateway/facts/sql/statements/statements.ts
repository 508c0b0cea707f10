import type { PostgresEffect } from '../../../contract/command-postgres.ts';
import { readCopy } from './copy.ts';
import { copyRenamed } from '../lineage/copies.ts';
import {
  readAlteredDomain,
  readClustered,
  readRefreshed,
  readReindexed,
  readDefinition,
  readDrop,
  readGrant,
  readRetyped,
  readTableAs,
  readTruncated,
  readVacuumed,
  readWhole,
} from './definition.ts';
import { classifyCall } from '../lineage/expression.ts';
import {
  anywhere,
  constant,
  flag,
  isNode,
  nameParts,
  node,
  nodes,
  only,
  tagged,
  text,
  type Node,
} from '../text/node.ts';
import type { Outcome, Reader } from '../lineage/outcome.ts';
import { readExplain } from '../lineage/explain.ts';
import { readClose, readDeallocate, readDeclare, readExecute, readFetch, readPrepare } from '../lineage/handles.ts';
import { readCascade, readParting, readReplaced } from './partings.ts';
import { constantLimit } from '../lineage/query.ts';
import { emptyScope, outermostScope, type Walk } from '../lineage/scope.ts';
import { readSetting, setting } from '../lineage/settings.ts';
import type { TransactionVerb } from '../text/statement.ts';

/** @param tree a tagged statement. One that the table does not list is opaque. */
export function readStatement(walk: Walk, tree: Node): Outcome {
  const [tag, body] = tagged(tree);
  const reader = readers.get(tag);
  if (reader) return reader(walk, body, tag) ?? {};
  walk.ledger.effect('opaque');
  walk.ledger.incomplete(`statement ${tag || 'without a name'} is not known`);
  walk.ledger.changesSchema = true;
  walk.ledger.changesSearchPath = true;
  return {};
}

export const readQueryStatement: Reader = (walk, body, tag) => {
  const columns = walk.query({ [tag]: body }, walk.ledger.plans ? emptyScope : outermostScope);
  if (tag !== 'SelectStmt') return { columns };
  walk.ledger.effect('read');
  return { columns: node(body, 'intoClause') ? [] : columns, limit: constantLimit(body) };
};

/** Defines something: expressions, queries and relations in it are read. */
function defines(...effects: readonly PostgresEffect[]): Reader {
  return (walk, body, tag) => {
    walk.ledger.effect(...effects);
    readDefinition(walk, tag, body);
    return undefined;
  };
}

/** Works on whole relations and brings nothing out. */
function works(...effects: readonly PostgresEffect[]): Reader {
  return worksBy(readWhole, ...effects);
}

function worksBy(read: PartReader, ...effects: readonly PostgresEffect[]): Reader {
  return (walk, body) => {
    walk.ledger.effect(...effects);
    read(walk, body);
    return undefined;
  };
}

/** Defines something of which more is read first: what was there before it, or what it asks of stored rows. */
function definesAfter(read: PartReader, ...effects: readonly PostgresEffect[]): Reader {
  const then = defines(...effects);
  return (walk, body, tag) => {
    read(walk, body);
    return then(walk, body, tag);
  };
}

type PartReader = (walk: Walk, body: Node) => void;

/** Defines something with a secret in its options. */
function definesSecret(...effects: readonly PostgresEffect[]): Reader {
  return (walk, body, tag) => {
    walk.ledger.secret = true;
    return defines(...effects)(walk, body, tag);
  };
}

const readFunctionDefinition: Reader = (walk, body, tag) => {
  const options = nodes(body, 'options').map((entry) => only(entry, 'DefElem') ?? {});
  const language = options.find((option) => text(option, 'defname') === 'language');
  const name = constant(node(language ?? {}, 'arg') ?? {}) ?? '';
  if (/^(c|internal)$/i.test(name)) walk.ledger.effect('program');
  readReplaced(walk, body);
  if (tag === 'CreateFunctionStmt') walk.ledger.incomplete('the body of a function is not read');
  if (holdsPassword(body)) walk.ledger.secret = true;
  return defines('ddl')(walk, body, tag);
};

function holdsPassword(body: Node): boolean {
  return anywhere(body, (tag, value) => tag === 'String' && isNode(value) && /passw/i.test(text(value, 'sval')));
}

const readRole: Reader = (walk, body) => {
  walk.ledger.effect('grant');
  if (nodes(body, 'options').some((entry) => text(only(entry, 'DefElem') ?? {}, 'defname') === 'password'))
    walk.ledger.secret = true;
  return undefined;
};

const owning: ReadonlySet<string> = new Set(
  'AT_ChangeOwner AT_EnableRowSecurity AT_DisableRowSecurity AT_ForceRowSecurity AT_NoForceRowSecurity'.split(' '),
);

const readAlterTable: Reader = (walk, body, tag) => {
  const commands = nodes(body, 'cmds').map((entry) => text(only(entry, 'AlterTableCmd') ?? {}, 'subtype'));
  if (commands.some((command) => owning.has(command))) walk.ledger.effect('grant');
  if (commands.includes('AT_AlterColumnType')) readRetyped(walk, body);
  readParting(walk, body);
  return defines('ddl')(walk, body, tag);
};

/** No row of it comes yet: what order its rows show is asked of every statement that reads it. */
const readView: Reader = (walk, body, tag) =>
  walk.ledger.rows.planned(() => definesAfter(readReplaced, 'ddl')(walk, body, tag));

const readRename: Reader = (walk, body, tag) => {
  copyRenamed(walk.ledger, tag, body);
  return defines('ddl')(walk, body, tag);
};

const readOpaque: Reader = (walk, body) => {
  walk.ledger.effect('opaque');
  walk.ledger.incomplete('the body of DO is not read');
  walk.ledger.changesSchema = true;
  walk.ledger.changesSearchPath = true;
  if (holdsPassword(body)) walk.ledger.secret = true;
  return undefined;
};

const readCallStatement: Reader = (walk, body) => {
  const call = node(body, 'funccall') ?? {};
  walk.ledger.effect('opaque');
  walk.ledger.call(classifyCall(walk, nameParts(nodes(call, 'funcname'))));
  walk.ledger.incomplete('what a procedure does is not read');
  walk.ledger.changesSchema = true;
  walk.ledger.changesSearchPath = true;
  walk.expression(call['args'], emptyScope, 'function');
  return { columns: [{ name: '*', sources: new Set(), wild: true }] };
};

const readVariableSet: Reader = (walk, body) => {
  readSetting(walk.ledger, body);
  walk.ledger.effect(text(body, 'kind') === 'VAR_SET_MULTI' ? 'transaction' : 'set');
  return undefined;
};

/** A parameter that a client made up shows what it parked there; parking a labelled value is a use, and refused when it happens. */
const readShow: Reader = (walk, body) => {
  walk.ledger.effect('session');
  const name = text(body, 'name');
  return {
    columns: (name === 'all' ? ['name', 'setting', 'description'] : [name]).map((each) => ({
      name: each,
      sources: new Set(),
    })),
  };
};

const readDiscard: Reader = (walk, body) => {
  const target = text(body, 'target');
  walk.ledger.effect('session');
  if (target === 'DISCARD_ALL') {
    walk.ledger.effect('set');
    setting(walk.ledger, '*', null);
  }
  if (target === 'DISCARD_ALL' || target === 'DISCARD_TEMP') walk.ledger.changesSchema = true;
  return target === 'DISCARD_ALL' ? { handle: { op: 'deallocate', name: null } } : undefined;
};

const readTransaction: Reader = (walk, body) => {
  walk.ledger.effect('transaction');
  return { transaction: transactionVerb(body) };
};

function transactionVerb(body: Node): TransactionVerb {
  const chain = flag(body, 'chain');
  const name = text(body, 'savepoint_name');
  switch (text(body, 'kind')) {
    case 'TRANS_STMT_COMMIT':
      return { verb: 'commit', chain };
    case 'TRANS_STMT_ROLLBACK':
      return { verb: 'rollback', chain };
    case 'TRANS_STMT_SAVEPOINT':
      return { verb: 'savepoint', name };
    case 'TRANS_STMT_RELEASE':
      return { verb: 'release', name };
    case 'TRANS_STMT_ROLLBACK_TO':
      return { verb: 'rollback_to', name };
    case 'TRANS_STMT_PREPARE':
      return { verb: 'prepare' };
    case 'TRANS_STMT_COMMIT_PREPARED':
      return { verb: 'commit_prepared' };
    case 'TRANS_STMT_ROLLBACK_PREPARED':
      return { verb: 'rollback_prepared' };
    default:
      return { verb: 'begin' };
  }
}

/** PL/pgSQL's own statements never reach a server as SQL. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].map(
    (tag) => [tag, readQueryStatement] as const,
  ),
  ['CopyStmt', (walk, body) => readCopy(walk, body)],
  ['ExplainStmt', (walk, body) => readExplain(walk, body, readStatement)],
  ['PrepareStmt', (walk, body) => readPrepare(walk, body, readStatement)],
  ['ExecuteStmt', readExecute],
  ['DeclareCursorStmt', (walk, body) => readDeclare(walk, body, readStatement)],
  ['FetchStmt', readFetch],
  ['DeallocateStmt', readDeallocate],
  ['ClosePortalStmt', readClose],
  ['TransactionStmt', readTransaction],
  [
    'ConstraintsSetStmt',
    (walk) => {
      walk.ledger.effect('transaction');
      return undefined;
    },
  ],
  ['VariableSetStmt', readVariableSet],
  ['VariableShowStmt', readShow],
  ['DiscardStmt', readDiscard],
  ['DoStmt', readOpaque],
  ['CallStmt', readCallStatement],
  ['LoadStmt', works('program')],
  ...['ListenStmt', 'UnlistenStmt', 'NotifyStmt'].map((tag) => [tag, works('notify')] as const),
  ['LockStmt', works('lock')],
  ['TruncateStmt', worksBy(readTruncated, 'truncate')],
  ['AlterDomainStmt', definesAfter(readAlteredDomain, 'ddl')],
  ['VacuumStmt', worksBy(readVacuumed, 'maintenance')],
  ['ReindexStmt', worksBy(readReindexed, 'maintenance')],
  ['CheckPointStmt', works('maintenance')],
  ['RefreshMatViewStmt', worksBy(readRefreshed, 'maintenance')],
  ['ClusterStmt', worksBy(readClustered, 'maintenance')],
  [
    'CreateTableAsStmt',
    (walk, body) => {
      readTableAs(walk, body);
      return undefined;
    },
  ],
  [
    'DropStmt',
    (walk, body) => {
      walk.ledger.effect('ddl');
      readDrop(walk, body);
      readCascade(walk, body);
      return undefined;
    },
  ],
  ['AlterTableStmt', readAlterTable],
  ['ViewStmt', readView],
  ...['RenameStmt', 'AlterObjectSchemaStmt'].map((tag) => [tag, readRename] as const),
  ...['CreateFunctionStmt', 'AlterFunctionStmt'].map((tag) => [tag, readFunctionDefinition] as const),
  [
    'CreateSchemaStmt',
    (walk, body) => {
      walk.ledger.effect('ddl');
      walk.ledger.changesSchema = true;
      walk.ledger.changesSearchPath = true;
      for (const element of nodes(body, 'schemaElts')) readStatement(walk, element);
      return undefined;
    },
  ],
  // An extension's script runs whatever it says.
  ...['CreateExtensionStmt', 'AlterExtensionStmt', 'CreatePLangStmt'].map(
    (tag) => [tag, defines('opaque', 'ddl')] as const,
  ),
  [
    'AlterSystemStmt',
    (walk, body, tag) => {
      walk.ledger.effect('program', 'set');
      readDefinition(walk, tag, body);
      return undefined;
    },
  ],
  ...['AlterDatabaseSetStmt'].map((tag) => [tag, defines('ddl', 'set')] as const),
  ['AlterRoleSetStmt', defines('grant', 'set')],
  ...['CreateRoleStmt', 'AlterRoleStmt'].map((tag) => [tag, readRole] as const),
  ...['DropRoleStmt', 'GrantRoleStmt'].map((tag) => [tag, works('grant')] as const),
  ['GrantStmt', worksBy(readGrant, 'grant')],
  ...['AlterDefaultPrivilegesStmt', 'AlterOwnerStmt', 'ReassignOwnedStmt', 'SecLabelStmt'].map(
    (tag) => [tag, defines('grant')] as const,
  ),
  ...['DropOwnedStmt', 'CreatePolicyStmt', 'AlterPolicyStmt'].map((tag) => [tag, defines('grant', 'ddl')] as const),
  ...[
    'CreateUserMappingStmt',
    'AlterUserMappingStmt',
    'CreateForeignServerStmt',
    'AlterForeignServerStmt',
    'CreateSubscriptionStmt',
    'AlterSubscriptionStmt',
    'CreateFdwStmt',
    'AlterFdwStmt',
  ].map((tag) => [tag, definesSecret('ddl')] as const),
  ...`AlterCollationStmt AlterDatabaseRefreshCollStmt AlterDatabaseStmt AlterEnumStmt AlterEventTrigStmt
    AlterExtensionContentsStmt AlterObjectDependsStmt AlterOpFamilyStmt AlterOperatorStmt AlterPublicationStmt
    AlterSeqStmt AlterStatsStmt AlterTSConfigurationStmt AlterTSDictionaryStmt AlterTableMoveAllStmt AlterTableSpaceOptionsStmt AlterTypeStmt
    CommentStmt CompositeTypeStmt CreateAmStmt CreateCastStmt CreateConversionStmt CreateDomainStmt CreateEnumStmt CreateEventTrigStmt
    CreateForeignTableStmt CreateOpClassStmt CreateOpFamilyStmt CreatePublicationStmt CreateRangeStmt CreateSeqStmt CreateStatsStmt CreateStmt
    CreateTableSpaceStmt CreateTransformStmt CreateTrigStmt CreatedbStmt DefineStmt DropSubscriptionStmt DropTableSpaceStmt DropUserMappingStmt
    DropdbStmt ImportForeignSchemaStmt IndexStmt RuleStmt`
    .split(/\s+/)
    .map((tag) => [tag, defines('ddl')] as const),
]);

/** Every statement of the grammar that is classified. */
export const knownStatements: ReadonlySet<string> = new Set(readers.keys());
