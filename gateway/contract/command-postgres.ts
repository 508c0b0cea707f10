import type { CommandFrame } from './command-frame.ts';

/**
 * Effects of a statement, strongest first: the published order that picks `action`.
 * `opaque` is code we cannot see into (DO, CALL of an unknown procedure, unknown functions), hence the strongest.
 */
export const postgresEffects = [
  'opaque', // runs code that the parser cannot see
  'program', // starts a program or touches the server's files (COPY PROGRAM, COPY to a file, LOAD, file functions)
  'grant', // roles, privileges, ownership, security labels
  'ddl', // changes the schema
  'truncate',
  'delete',
  'update',
  'merge',
  'insert',
  'maintenance', // VACUUM, ANALYZE, REINDEX, CLUSTER, CHECKPOINT, REFRESH
  'lock', // LOCK TABLE, SELECT FOR UPDATE, advisory locks
  'notify', // NOTIFY, LISTEN, UNLISTEN
  'set', // SET, RESET, set_config
  'read',
  'explain', // a plan without running it
  'transaction', // BEGIN, COMMIT, SAVEPOINT ...
  'session', // SHOW, DISCARD, DEALLOCATE, CLOSE, empty query
] as const;
export type PostgresEffect = (typeof postgresEffects)[number];

/**
 * What a labelled column was used for, other than leaving in an output column.
 * `null_test`: only whether it is NULL (IS NULL, count(column)), which a mask other than `null` shows as well.
 * `equality`: a look-up, which chooses rows of an outermost SELECT by one value that the client gives: it tells which rows have that value. So does
 * such a value that INSERT or UPDATE writes into a column whose values are there once.
 * `key`: in an index by name, or where the table itself asks for any other value whether it is there already (unique, exclusion, foreign key).
 * `rule`: by a check, by row-level security, or by what decides in which partition a row is.
 * `index_order`: rows may come in the order of an index over it, because the statement says no other.
 */
export const columnUses = [
  'null_test',
  'equality',
  'where',
  'join',
  'group',
  'order',
  'distinct',
  'having',
  'limit',
  'expression',
  'set',
  'returning',
  'copy',
  'view',
  'function',
  'key',
  'rule',
  'index_order',
  'other',
] as const;
export type ColumnUse = (typeof columnUses)[number];

export const functionCategories = [
  'aggregate',
  'pure',
  'volatile',
  'file',
  'network',
  'program',
  'dynamic_sql',
  'large_object',
  'set_config',
  'notify',
  'lock',
  'admin',
  'sequence',
  'statistics',
  'counter',
  'unknown',
] as const;
export type FunctionCategory = (typeof functionCategories)[number];

/** One SQL statement. Field names are those of the policy input; flat on purpose: rules read `input.command.relations`. */
export interface PostgresCommand extends CommandFrame {
  readonly protocol: 'postgres';
  readonly action: PostgresEffect;
  readonly effects: readonly PostgresEffect[];
  /** The outer statement: PostgreSQL's parse node in snake case without `_stmt` (`select`, `insert`, `alter_table`, `copy` ...). */
  readonly kind: string;
  readonly relations: readonly RelationFact[];
  readonly output: readonly OutputFact[];
  /** Labelled columns used in any way but leaving as a plain output column, one entry for each use. */
  readonly filters: readonly FilterFact[];
  /** Look-ups that running it makes: values that a labelled column is compared with where its use is `equality`; of an INSERT, one for each row. */
  readonly lookups: number;
  readonly functions: readonly FunctionFact[];
  /** Labelled values that it stores, or calls by another name, where their labels do not stand yet. Released, it takes the labels along. */
  readonly copies: readonly CopiedFact[];
  /** What it reads that holds no labelled value and may tell something of one all the same. */
  readonly measures: readonly MeasureFact[];
  /** Labels of what code of the database may quote that runs by itself (triggers, policies, checks), in a notice or an error: nothing of it is in results. */
  readonly quotes: readonly string[];
  /** A write (update, delete, merge) whose condition is absent or always true. */
  readonly unfiltered: boolean;
  /** Rows at most by the statement's own constant LIMIT/FETCH; null without one. */
  readonly limit: number | null;
  /** SELECT INTO / CREATE TABLE AS target as `schema.name`; null otherwise. */
  readonly into: string | null;
  readonly copy: CopyFact | null;
  /** SET, RESET, set_config, ALTER ROLE/DATABASE ... SET: what changes. */
  readonly set: readonly SettingFact[];
  readonly transaction: { readonly in: boolean; readonly failed: boolean };
  /** Place in the Query message it came with, from 0. */
  readonly batch: { readonly index: number; readonly count: number };
  /** Bind parameters as text; null is SQL NULL. Binary values come as `\x` hex where their type has no text codec. */
  readonly params: readonly (string | null)[];
  /** 16 hex digits: the same for statements that differ in literals, parameters and how many of them a list has. Nothing of a literal is in it. */
  readonly fingerprint: string;
}

export interface SettingFact {
  readonly name: string;
  /** Null: back to its default, or computed by the server. */
  readonly value: string | null;
  /** It is that already: SET ROLE to the role whose privileges apply. Absent where it is not, or where nobody knows. */
  readonly same?: true | undefined;
}

export const copyFormats = ['text', 'csv', 'binary', 'other'] as const;

export interface CopyFact {
  readonly direction: 'in' | 'out';
  readonly to: 'client' | 'file' | 'program';
  /** `other`: one that the gateway does not read. */
  readonly format: (typeof copyFormats)[number];
  /** Why no mask can be put on what this COPY brings out, as words for its sender; null where one can. */
  readonly unmaskable: string | null;
}

export interface RelationFact {
  readonly schema: string;
  readonly name: string;
  readonly kind:
    'table' | 'view' | 'materialized_view' | 'foreign_table' | 'sequence' | 'index' | 'catalog' | 'unknown';
  readonly access: 'read' | 'write';
  /** Columns the statement names or that `*` stands for; for a write, those it writes. */
  readonly columns: readonly string[];
  readonly labels: readonly string[];
}

export interface OutputFact {
  readonly name: string;
  /** `schema.relation.column` of each source. */
  readonly sources: readonly string[];
  /**
   * `plain`: the column itself. `derived`: made of it by functions that neither fail nor become NULL by what it holds, so that a mask
   * over the result hides all of it. `expression`: computed in any other way. `unknown`: not seen through.
   */
  readonly transform: 'plain' | 'derived' | 'expression' | 'unknown';
  readonly labels: readonly string[];
  /** Where in a JSON document its labels are; absent where they are about the whole value. */
  readonly paths?: readonly PathFact[] | undefined;
}

/** Labels of a part of a JSON document. */
export interface PathFact {
  /** Names with dots between them: `address.phone`; `*` for any member or element. */
  readonly path: string;
  readonly labels: readonly string[];
}

export interface FilterFact {
  /** `schema.relation.column`. */
  readonly column: string;
  readonly use: ColumnUse;
  readonly labels: readonly string[];
}

/** One column that comes to hold labelled values. */
export interface CopiedFact {
  /** `schema.relation.column`; `schema.relation.*` where it may be any column of it. A temporary table’s schema is `pg_temp`. */
  readonly column: string;
  readonly labels: readonly string[];
  /** `schema.relation.column` of each labelled column that the values are made of. */
  readonly sources: readonly string[];
}

/**
 * `writing`: how much was written, and so how alike old and new values are. `room`: how much room values take, and so how long they are. `distinct`: how many
 * different ones there are.
 */
export const measureTells = ['writing', 'room', 'distinct'] as const;
export type MeasureTells = (typeof measureTells)[number];

/** Of its own work the server counts things that follow from labelled values. */
export interface MeasureFact {
  /** `counter`: a column or a function that says what the server has counted. `plan`: what EXPLAIN shows beside the shape of a plan. */
  readonly what: 'counter' | 'plan';
  /** Of a counter `relation.column`, or the function; of a plan `costs`, which are estimated, or `work`, what was done. */
  readonly name: string;
  readonly tells: MeasureTells;
}

export interface FunctionFact {
  readonly schema: string;
  readonly name: string;
  readonly categories: readonly FunctionCategory[];
}
