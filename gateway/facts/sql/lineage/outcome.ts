import type { PostgresCommand } from '../../../contract/command-postgres.ts';
import type { CopyLayout } from '../text/copy-options.ts';
import type { Node } from '../text/node.ts';
import type { Column, Walk } from './scope.ts';
import type { TransactionVerb } from '../text/statement.ts';

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

export type Reader = (walk: Walk, body: Node, tag: string) => Outcome | undefined;
/** Reads a statement inside of another. */
export type StatementReader = (walk: Walk, tree: Node) => Outcome;
