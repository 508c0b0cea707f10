import type { TransactionStatus } from '../codec/backend.ts';
import { Names, type Portal, type Prepared } from '../names.ts';
import { Pipeline } from './pipeline.ts';
import { OutQueue } from './pipeline-out.ts';
import type { PgExchange } from '../exchange.ts';

/** What both directions of one session know. No I/O here. */
export class SessionState {
  readonly statements = new Names<Prepared>();
  readonly portals = new Names<Portal>();
  readonly pipeline = new Pipeline();
  readonly toClient = new OutQueue();
  readonly toServer = new OutQueue();
  /** The server's last word, and what the commands since then make of it. */
  status: TransactionStatus = 'I';
  /** Stands for the open transaction, and for the next one while something is in flight. */
  transaction: object = {};
  /** Counts Syncs and Queries: what was sent between two of them fails together. */
  segment = 0;
  /** Something of the current segment went upstream, so its implicit transaction may be open. */
  segmentSent = false;
  /** An error was told or is on its way: the client's messages up to its Sync are skipped, as the server skips them. */
  skipping = false;
  /** A Query message is being sent statement by statement: the client hears what it would hear of a Query. */
  quiet = false;
  /** The server waits for COPY data. */
  copyIn = false;
  /** In flight is something that changes what the next statement means (names, settings, schema): it has to be over first. */
  barrier = false;
  /** The same from the next Sync on: BEGIN and COMMIT are predicted within their segment only. */
  barrierAtSync = false;
  /** The search path may have changed since it was read. */
  searchPathDirty = false;
  /** It was changed in the open transaction, so a rollback may change it back. */
  searchPathDirtyInTransaction = false;
  /** `current_schemas(true)`. The same object as long as neither it nor the role has changed. */
  searchPath: readonly string[] = [];
  /** `CURRENT_USER`, when the path was read. */
  role = '';
  /** Of the catalog when the path was read: a schema that somebody made since may have come into it (`"$user"`). */
  searchPathEpoch = -1;
  /** What waits for a human, so that a cancel request finds it. */
  held: PgExchange | undefined;
  /** The last exchange that reached upstream: what comes late (an error at Sync, a notice) still falls under its obligations. */
  last: PgExchange | undefined;
}
