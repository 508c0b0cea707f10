import { SallyportError } from '../../../contract/errors.ts';
import { serverTag } from '../codec/backend.ts';
import type { Frame } from '../codec/frames.ts';
import { encodeClientMessage } from '../codec/frontend.ts';
import { type Expected, unexpected } from './pipeline.ts';
import { columnsOfRow, PgRows } from '../results/results.ts';

const own = 'sallyport own';

/** One row for each schema, in the order of search (`pg_catalog` at least), and in each the role whose privileges apply: `$user` in the path follows it. */
export const searchPathQuery = 'SELECT s, CURRENT_USER FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) s';

/** By what a session's names are found, and as whom. */
export interface Standing {
  readonly searchPath: readonly string[];
  readonly role: string;
}

/** @param rows what `searchPathQuery` brought */
export function standingOf(rows: readonly (readonly (string | null)[])[]): Standing {
  return { searchPath: rows.map(([schema]) => schema ?? ''), role: rows[0]?.[1] ?? '' };
}

/** Asks under names that nobody else uses: a simple Query would drop the client's unnamed statement and end its implicit transaction. */
export function ownQuery(text: string): Buffer {
  return Buffer.concat([
    encodeClientMessage({ type: 'parse', statement: own, text, parameterTypes: [] }),
    encodeClientMessage({
      type: 'bind',
      portal: own,
      statement: own,
      parameterFormats: [],
      parameters: [],
      resultFormats: [],
    }),
    encodeClientMessage({ type: 'execute', portal: own, maxRows: 0 }),
    encodeClientMessage({ type: 'close', what: 'portal', name: own }),
    encodeClientMessage({ type: 'close', what: 'statement', name: own }),
  ]);
}

export const readPath = ownQuery(searchPathQuery);

type Own = Expected & { readonly kind: 'own' };

/**
 * Rows of a query that the gateway asked for itself.
 * @throws SallyportError `protocol-violation` for a row that is not what its length says: a target that lies to us is left
 */
export function takeOwnRows({ rows: taken }: Own, frame: Frame, rows: number): void {
  try {
    const batch = new PgRows(columnsOfRow(frame, []), frame.buffer, frame.start, frame.end, rows);
    for (const row of batch.texts(Number.MAX_SAFE_INTEGER)) taken.push([...row]);
  } catch (cause) {
    throw new SallyportError('protocol-violation', 'the target sent a row that is none', { cause });
  }
}

/** What else answers such a query. @returns whether the answer is over by it; that to one with a Sync of its own is over by ReadyForQuery */
export function takeOwnAnswer(own: Own, frame: Frame): boolean {
  switch (frame.tag) {
    case serverTag.parseComplete:
    case serverTag.bindComplete:
    case serverTag.commandComplete:
      return false;
    case serverTag.closeComplete:
      return --own.closes <= 0 && !own.synced;
    default:
      throw unexpected(frame, 'the answer to the gateway’s own query');
  }
}
