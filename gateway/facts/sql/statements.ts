import type { PostgresCommand, PostgresEffect } from '../../contract/command-postgres.ts';
import type { CopyLayout } from './copy-options.ts';
import { readCopy } from './copy.ts';
import { copyRenamed } from './copies.ts';
import { readDefinition, readDrop, readRetyped, readTableAs, readWhole } from './definition.ts';
import { classifyCall } from './expression.ts';
import {
  anywhere,
  constant,
  flag,
  integer,
  isNode,
  nameParts,
  node,
  nodes,
  only,
  tagged,
  text,
  type Node,
} from './node.ts';
import { constantLimit } from './query.ts';
import { emptyScope, outermostScope, type Column, type Walk } from './scope.ts';
import { isOn, readSetting, setting } from './settings.ts';
import type { TransactionVerb } from './statement.ts';

/** A handle as the tree says it; the statement inside is not read yet. */
export type NamedHandle =
  | { readonly op: 'prepare'; readonly name: string; readonly query: Node }
  | {
      readonly op: 'declare';
      readonly name: string;
      readonly binary: boolean;
      readonly hold: boolean;
      readonly query: Node;
    }
  | {
      readonly op: 'execute';
      readonly name: string;
      readonly args: readonly (string | null)[];
      readonly computed: boolean;
    }
  | { readonly op: 'deallocate' | 'close'; readonly name: string | null }
  | { readonly op: 'fetch'; readonly name: string; readonly move: boolean };

/** What a statement brings beside what stands in the ledger. */
export interface Outcome {
  readonly columns?: readonly Column[];
  readonly limit?: number | null;
  readonly copy?: PostgresCommand['copy'];
  readonly copyLayout?: CopyLayout;
  readonly transaction?: TransactionVerb;
  readonly handle?: NamedHandle;
}

type Reader = (walk: Walk, body: Node, tag: string) => Outcome | undefined;

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
  return (walk, body) => {
    walk.ledger.effect(...effects);
    readWhole(walk, body);
    return undefined;
  };
}

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
  return defines('ddl')(walk, body, tag);
};

const readRename: Reader = (walk, body, tag) => {
  copyRenamed(walk.ledger, tag, body);
  return defines('ddl')(walk, body, tag);
};

const readExplain: Reader = (walk, body) => {
  const options = nodes(body, 'options').map((entry) => only(entry, 'DefElem') ?? {});
  const query = node(body, 'query') ?? {};
  // The last of several counts. https://www.postgresql.org/docs/current/sql-explain.html
  const asked = (name: string): Node | undefined => options.findLast((option) => text(option, 'defname') === name);
  const analyze = asked('analyze');
  const costs = asked('costs');
  const run = (): void => {
    const { handle } = readStatement(walk, query);
    if (handle) walk.ledger.incomplete('the statement behind the name is not known here');
  };
  walk.ledger.explains();
  if (analyze && isOn(analyze)) run();
  else walk.ledger.planned(run);
  // Widths are estimated from samples of the values; how much memory a sort took, ANALYZE measures on the values themselves.
  // What planning takes of memory and buffers follows from the samples themselves.
  const loud = ['analyze', 'memory', 'buffers', 'serialize'].some((name) => {
    const option = asked(name);
    return option && isOn(option);
  });
  const quiet = costs && !isOn(costs) && !loud;
  if (!quiet && walk.ledger.relations.some(({ access, labels }) => access === 'read' && labels.length > 0))
    walk.ledger.incomplete(
      'a plan tells how long labelled values are: say EXPLAIN (COSTS OFF), without ANALYZE, MEMORY, BUFFERS',
    );
  return { columns: [{ name: 'QUERY PLAN', sources: new Set() }] };
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

/** The command stands for what it names: its own facts are those of the statement inside. */
const readPrepare: Reader = (walk, body) => {
  const query = node(body, 'query') ?? {};
  const inner = readStatement(walk, query);
  return { ...inner, handle: { op: 'prepare', name: text(body, 'name'), query } };
};

const readDeclare: Reader = (walk, body) => {
  const query = node(body, 'query') ?? {};
  const inner = readStatement(walk, query);
  const options = integer(body, 'options');
  // CURSOR_OPT_BINARY, CURSOR_OPT_HOLD: src/include/nodes/parsenodes.h
  return {
    ...inner,
    handle: {
      op: 'declare',
      name: text(body, 'portalname'),
      binary: (options & 1) !== 0,
      hold: (options & 32) !== 0,
      query,
    },
  };
};

const readExecute: Reader = (walk, body) => {
  const name = text(body, 'name');
  walk.ledger.effect('opaque');
  walk.ledger.incomplete(`what ${name} executes is known to the session only`);
  walk.expression(body['params'], emptyScope, 'expression');
  const args = nodes(body, 'params').map((arg) => constant(arg));
  return { handle: { op: 'execute', name, args: args.map((arg) => arg ?? null), computed: args.includes(undefined) } };
};

const readFetch: Reader = (walk, body) => {
  const name = text(body, 'portalname');
  walk.ledger.effect('opaque');
  walk.ledger.incomplete(`what ${name} fetches is known to the session only`);
  return { handle: { op: 'fetch', name, move: flag(body, 'ismove') } };
};

/** PL/pgSQL's own statements never reach a server as SQL. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].map(
    (tag) => [tag, readQueryStatement] as const,
  ),
  ['CopyStmt', (walk, body) => readCopy(walk, body)],
  ['ExplainStmt', readExplain],
  ['PrepareStmt', readPrepare],
  ['ExecuteStmt', readExecute],
  ['DeclareCursorStmt', readDeclare],
  ['FetchStmt', readFetch],
  [
    'DeallocateStmt',
    (walk, body) => {
      walk.ledger.effect('session');
      return {
        handle: {
          op: 'deallocate',
          name: flag(body, 'isall') || text(body, 'name') === '' ? null : text(body, 'name'),
        },
      };
    },
  ],
  [
    'ClosePortalStmt',
    (walk, body) => {
      walk.ledger.effect('session');
      return { handle: { op: 'close', name: text(body, 'portalname') === '' ? null : text(body, 'portalname') } };
    },
  ],
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
  ['TruncateStmt', works('truncate')],
  ...['VacuumStmt', 'ReindexStmt', 'ClusterStmt', 'CheckPointStmt', 'RefreshMatViewStmt'].map(
    (tag) => [tag, works('maintenance')] as const,
  ),

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
      return undefined;
    },
  ],
  ['AlterTableStmt', readAlterTable],
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
  ...['GrantStmt', 'AlterDefaultPrivilegesStmt', 'AlterOwnerStmt', 'ReassignOwnedStmt', 'SecLabelStmt'].map(
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
  ...`AlterCollationStmt AlterDatabaseRefreshCollStmt AlterDatabaseStmt AlterDomainStmt AlterEnumStmt AlterEventTrigStmt
    AlterExtensionContentsStmt AlterObjectDependsStmt AlterOpFamilyStmt AlterOperatorStmt AlterPublicationStmt
    AlterSeqStmt AlterStatsStmt AlterTSConfigurationStmt AlterTSDictionaryStmt AlterTableMoveAllStmt AlterTableSpaceOptionsStmt AlterTypeStmt
    CommentStmt CompositeTypeStmt CreateAmStmt CreateCastStmt CreateConversionStmt CreateDomainStmt CreateEnumStmt CreateEventTrigStmt
    CreateForeignTableStmt CreateOpClassStmt CreateOpFamilyStmt CreatePublicationStmt CreateRangeStmt CreateSeqStmt CreateStatsStmt CreateStmt
    CreateTableSpaceStmt CreateTransformStmt CreateTrigStmt CreatedbStmt DefineStmt DropSubscriptionStmt DropTableSpaceStmt DropUserMappingStmt
    DropdbStmt ImportForeignSchemaStmt IndexStmt RuleStmt ViewStmt`
    .split(/\s+/)
    .map((tag) => [tag, defines('ddl')] as const),
]);

/** Every statement of the grammar that is classified. */
export const knownStatements: ReadonlySet<string> = new Set(readers.keys());
