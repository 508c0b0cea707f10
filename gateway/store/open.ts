import type { Kysely } from 'kysely';
import { openDatabase } from './database.ts';
import { HoldStore } from './holds.ts';
import type { Schema } from './schema.ts';
import { SessionStore } from './sessions.ts';

/** The gateway's own state: what is waiting and what went on. Not the truth about either: that is the audit log. */
export interface Store extends AsyncDisposable {
  readonly holds: HoldStore;
  readonly sessions: SessionStore;
  /** @throws when the database does not answer */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param path a file that this gateway alone writes; `:memory:` for tests
 * @throws SallyportError `store-unavailable`
 */
export async function openStore(path: string): Promise<Store> {
  const db = openDatabase(path);
  await ping(db); // kysely closes only what it has used
  const close = () => db.destroy();
  return {
    holds: new HoldStore(db),
    sessions: new SessionStore(db),
    check: () => ping(db),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function ping(db: Kysely<Schema>): Promise<void> {
  await db.selectFrom('holds').select('id').limit(1).execute();
}
