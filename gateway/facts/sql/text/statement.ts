import type { PostgresCommand } from '../../../contract/command-postgres.ts';
import type { CopyLayout } from './copy-options.ts';

/** What the text alone decides of a command. The session adds the text itself, its transaction, its batch and its parameters. */
export type CommandFacts = Omit<PostgresCommand, 'text' | 'transaction' | 'batch' | 'params'>;

/** Everything known of one statement of a message. */
export interface StatementFacts {
  readonly command: CommandFacts;
  /**
   * Names these facts for the decision cache: equal keys promise equal `command`.
   * Covers text, grammar, catalog version, labels version and search path.
   */
  readonly key: string;
  /** Where the statement stands in the message, in UTF-8 bytes, without the semicolon and what surrounds it. */
  readonly location: { readonly start: number; readonly length: number };
  /** The statement as log and recording may have it: secrets, and literals that meet labelled columns, are blanked. */
  readonly recordText: string;
  /** What stands in the recording in place of fields of `command` that hold secrets; nearly always nothing. */
  readonly recordInstead: Partial<Pick<CommandFacts, 'set'>>;
  /** The statement with every literal and comment blanked. */
  readonly outline: string;
  /** Numbers of the `$n` that must be blanked in log and recording. */
  readonly secretParams: readonly number[] | 'all';
  /** Some relation that the statement names has labelled columns, so errors, notices and estimates may hold their values. */
  readonly touchesLabels: boolean;
  readonly transaction: TransactionVerb;
  /** How the rows of COPY TO STDOUT are written, where a mask can be put on them. */
  readonly copyLayout?: CopyLayout;
  /** What the statement does to the names a session keeps: prepared statements and cursors. */
  readonly handle: Handle;
  /** Relations, types, functions or columns may be different after it: read the catalog again. */
  readonly changesSchema: boolean;
  /** The search path may be different after it (SET, RESET, DISCARD, set_config, a role change, opaque code). */
  readonly changesSearchPath: boolean;
  /**
   * Relations that the catalog does not know, or whose columns the statement contradicts, as written (`name` or `schema.name`).
   * Read the catalog again and ask once more; what stays here does not exist, and the facts stay incomplete.
   */
  readonly unknownRelations: readonly string[];
}

/** What a statement does to the transaction. `prepare`, `commit_prepared` and `rollback_prepared` are two-phase commit. */
export type TransactionVerb =
  | { readonly verb: 'none' }
  | { readonly verb: 'begin' | 'prepare' | 'commit_prepared' | 'rollback_prepared' }
  | { readonly verb: 'commit' | 'rollback'; readonly chain: boolean }
  | { readonly verb: 'savepoint' | 'release' | 'rollback_to'; readonly name: string };

/**
 * SQL-level prepared statements and cursors. For `execute` and `fetch` the statement's own `command` is opaque and incomplete:
 * the session knows what stands behind the name and puts those facts in its place.
 */
export type Handle =
  | { readonly op: 'none' }
  | { readonly op: 'prepare'; readonly name: string; readonly inner: StatementFacts }
  /** An argument that is no constant is `null` here, and `computed` is set. */
  | {
      readonly op: 'execute';
      readonly name: string;
      readonly args: readonly (string | null)[];
      readonly computed: boolean;
    }
  /** `null` means all of them. */
  | { readonly op: 'deallocate' | 'close'; readonly name: string | null }
  | {
      readonly op: 'declare';
      readonly name: string;
      readonly binary: boolean;
      readonly hold: boolean;
      readonly inner: StatementFacts;
    }
  | { readonly op: 'fetch'; readonly name: string; readonly move: boolean };
