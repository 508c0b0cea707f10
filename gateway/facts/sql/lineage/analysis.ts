import type { CatalogSnapshot } from '../catalog/catalog.ts';
import type { ColumnLabels } from '../catalog/labels.ts';
import type { StatementFacts } from '../text/statement.ts';

export interface SqlAnalyzerOptions {
  /** Threads that parse. Default 1. */
  readonly threads?: number;
  /** Longest message, in bytes. Default 256 KiB. */
  readonly maxBytes?: number;
  /** Longest time that one message may take, in milliseconds. Default 1,000. */
  readonly deadlineMs?: number;
  /** Messages that may wait at once; more are refused. Default 10,000. */
  readonly maxWaiting?: number;
  /** Answers kept for `known`. Default 2,048. */
  readonly maxKnown?: number;
}

export interface SqlRequest {
  /** Whose catalog and labels to read by. */
  readonly target: string;
  /** One Query or Parse message's text, without the final NUL. */
  readonly text: Buffer;
  /** The server's major version: which grammar reads it. */
  readonly major: number;
  /** `current_schemas(true)` of the session: temp schema and `pg_catalog` included, in the order of search. */
  readonly searchPath: readonly string[];
}

/** Why a statement of a message is not understood: it has to be read again when those before it have run. */
export const behindChange = 'an earlier statement of the message changes what names mean';

export type SqlAnalysis =
  | { readonly ok: true; readonly statements: readonly StatementFacts[] }
  /** The server's own message. `position` counts characters from 1; undefined where the server gives none. */
  | {
      readonly ok: false;
      readonly why: 'syntax';
      readonly message: string;
      readonly position: number | undefined;
      readonly sqlstate: string;
    }
  | {
      readonly ok: false;
      readonly why: 'too-long' | 'too-deep' | 'deadline' | 'crashed' | 'encoding' | 'grammar' | 'busy';
      readonly message: string;
    };

/** Parses and explains statements in threads of its own. Never rejects for what a client sent. */
export interface SqlAnalyzer extends AsyncDisposable {
  setCatalog(target: string, snapshot: CatalogSnapshot): void;
  /** @param version changes whenever `labels` do. */
  setLabels(target: string, labels: ColumnLabels, version: string): void;
  /** Forgets a target. */
  drop(target: string): void;
  /** The answer at once, if this very text was analysed before under the same catalog, labels and path. */
  known(request: SqlRequest): SqlAnalysis | undefined;
  /** An empty text gives zero statements. @throws SallyportError `parser-crashed` after disposal only */
  analyze(request: SqlRequest): Promise<SqlAnalysis>;
}
