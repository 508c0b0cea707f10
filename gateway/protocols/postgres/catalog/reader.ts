import { createHash } from 'node:crypto';
import { catalogQueries, type CatalogRows, type CatalogSnapshot, readCatalog } from '../../../facts/sql/index.ts';
import { catalogState } from './state.ts';
import type { CatalogReader } from './catalog.ts';
import type { TextRows, Upstream } from '../login/upstream.ts';

/** A connection that nobody has needed for so long is given back. */
const idleMs = 60_000;
const maxBytes = 512 * 1024 * 1024;

/**
 * How long the server itself goes on with what the catalog's connection asks. Whoever asked may be gone by then, and the server does not notice.
 * Definitions are made into text under a lock of each table in them, kept until the transaction ends: behind a lock that is waited for
 * without an end, a migration of another table would wait, and behind it all who use that table.
 */
export interface CatalogPatience {
  /** For one lock: a table that a migration holds, a catalog that VACUUM FULL holds. */
  readonly lockMs: number;
  readonly statementMs: number;
  /** Between two queries of one reading: a gateway that has stopped holds no locks for longer. */
  readonly idleMs: number;
}

const usualPatience: CatalogPatience = { lockMs: 3_000, statementMs: 30_000, idleMs: 30_000 };

/**
 * Reads a target's catalog over a connection of the gateway's own: nothing a client does to its session can reach it.
 * @param connect logs in with the target's own credentials
 */
export function catalogReader(
  connect: (signal: AbortSignal) => Promise<Upstream>,
  patience: CatalogPatience = usualPatience,
): CatalogReader {
  return new UpstreamCatalog(connect, patience);
}

class UpstreamCatalog implements CatalogReader {
  readonly #connect: (signal: AbortSignal) => Promise<Upstream>;
  readonly #patience: CatalogPatience;
  #upstream: Upstream | undefined;
  #idle: NodeJS.Timeout | undefined;
  #digest = '';
  #state = '';
  /** Transactions that `#state` has seen. */
  #seen = '';

  constructor(connect: (signal: AbortSignal) => Promise<Upstream>, patience: CatalogPatience) {
    this.#connect = connect;
    this.#patience = patience;
  }

  /** The same answer gives the same snapshot, so that nothing is computed again for it. */
  async read(previous: CatalogSnapshot | undefined, signal: AbortSignal): Promise<CatalogSnapshot> {
    return this.#with(signal, async (ask) => {
      // One snapshot of the database for all queries: a relation without its columns would be a relation without labels.
      await ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await ask(catalogQueries.setup);
      const rows = await catalogRows(ask);
      const seen = one(await ask(catalogState.seen));
      const state = one(await ask(catalogState.state));
      await ask('COMMIT');
      const digest = digestOf(rows);
      const same = previous && digest === this.#digest;
      const snapshot = same ? previous : readCatalog(rows, (previous?.version ?? 0) + 1);
      this.#digest = digest;
      this.#state = state;
      this.#seen = seen;
      return snapshot;
    });
  }

  get state(): string {
    return this.#state;
  }

  async isUnchanged(signal: AbortSignal): Promise<boolean> {
    return this.#with(signal, async (ask) => {
      const seen = one(await ask(catalogState.seen));
      if (seen === this.#seen) return true;
      // Asked after `seen`: what comes in between is counted as not seen, and looked for again the next time.
      if (one(await ask(catalogState.state)) !== this.#state) return false;
      this.#seen = seen;
      return true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#idle);
    const upstream = this.#upstream;
    this.#upstream = undefined;
    await upstream?.[Symbol.asyncDispose]();
  }

  async #open(signal: AbortSignal): Promise<Upstream> {
    const upstream = await this.#connect(signal);
    try {
      await upstream.simpleQuery(patienceOf(this.#patience), signal);
      return upstream;
    } catch (error) {
      upstream.socket.destroy();
      throw error;
    }
  }

  async #with<T>(
    signal: AbortSignal,
    work: (ask: (text: string) => Promise<TextRows['rows']>) => Promise<T>,
  ): Promise<T> {
    clearTimeout(this.#idle);
    const kept = this.#upstream;
    const upstream = kept && !kept.socket.destroyed && kept.socket.readable ? kept : await this.#open(signal);
    this.#upstream = upstream;
    upstream.socket.ref();
    try {
      const done = await work(async (text) => (await upstream.simpleQuery(text, signal, maxBytes)).rows);
      this.#idle = setTimeout(() => void this[Symbol.asyncDispose](), idleMs).unref();
      upstream.socket.unref();
      return done;
    } catch (error) {
      // Whatever transaction it was in, the next one starts anew.
      this.#upstream = undefined;
      upstream.socket.destroy();
      throw error;
    }
  }
}

/** After the log-in and not in it: a pooler refuses start-up settings that it does not know. */
function patienceOf({ lockMs, statementMs, idleMs: between }: CatalogPatience): string {
  const settings = {
    lock_timeout: lockMs,
    statement_timeout: statementMs,
    idle_in_transaction_session_timeout: between,
  };
  return Object.entries(settings)
    .map(([name, ms]) => `SET ${name} = ${String(ms)}`)
    .join('; ');
}

function one(rows: TextRows['rows']): string {
  return rows[0]?.[0] ?? '';
}

/** Asks for all of it. The search path has to be empty. */
export async function catalogRows(ask: (text: string) => Promise<TextRows['rows']>): Promise<CatalogRows> {
  const { setup: _, ...queries } = catalogQueries;
  const rows: [string, TextRows['rows']][] = [];
  for (const [name, text] of Object.entries(queries)) rows.push([name, await ask(text)]);
  // One entry for each query, by construction above.
  return Object.fromEntries(rows) as CatalogRows;
}

function digestOf(rows: CatalogRows): string {
  const hash = createHash('sha256');
  for (const [name, table] of Object.entries(rows)) {
    hash.update(`${name} ${table.length}\n`);
    for (const row of table) hash.update(JSON.stringify(row));
  }
  return hash.digest('base64');
}
