import { type CatalogSnapshot, readCatalog } from '../../../facts/sql/index.ts';
import { SallyportError } from '../../../contract/errors.ts';
import { catalogRows } from './reader.ts';
import { stateOfShared, stateOfTemporary } from './state.ts';

/** Asks over a session's own connection, inside of its transaction. */
export interface AskOwn {
  /** @throws SallyportError `catalog-unavailable` where it fails: then the transaction has failed as well */
  (text: string): Promise<readonly (readonly (string | null)[])[]>;
  /** A transaction block: savepoints can be made in it. */
  readonly inBlock: boolean;
}

/** The catalog's own bookkeeping, as the open transaction sees it. */
export interface StateWithin {
  /** Of what all can see, as the catalog's reader asks for it. */
  readonly shared: string;
  /** With the session's temporary tables. */
  readonly all: string;
  /** It has some. */
  readonly temporary: boolean;
}

export interface ReadWithin {
  readonly snapshot: CatalogSnapshot;
  readonly state: StateWithin;
}

const savepoint = '"sallyport own"';
/** As `CatalogPatience`: behind a lock that somebody else holds. */
const lockTimeout = '3s';
/** Readings that somebody else's changes fall into, one after the other. */
const maxTries = 5;

/**
 * The whole catalog, as the open transaction sees it: by the same queries as the catalog's reader.
 * @param keeps what was read before, if it is that
 * @param nextVersion for a snapshot; no two may be the same
 * @returns undefined where what is read is not what the server itself goes by: a transaction may keep to one snapshot
 */
export function readWithin(
  ask: AskOwn,
  keeps: (state: StateWithin) => CatalogSnapshot | undefined,
  nextVersion: () => number,
): Promise<ReadWithin | undefined> {
  return apart(ask, async () => {
    for (let tries = 0; tries < maxTries; tries++) {
      const [row = []] = await ask(stateQuery);
      const state = stateOf(row);
      if (row[3] !== 'read committed') return undefined;
      const kept = keeps(state);
      if (kept) return { snapshot: kept, state };
      const snapshot = readCatalog(await catalogRows(ask), nextVersion());
      const [after = []] = await ask(stateQuery);
      if (stateOf(after).all === state.all) return { snapshot, state };
    }
    throw new SallyportError('catalog-unavailable', 'the catalog changes faster than it can be read');
  });
}

const stateQuery = `SELECT ${stateOfShared}, ${stateOfTemporary},
  EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema()),
  pg_catalog.current_setting('transaction_isolation')`;

function stateOf([shared, temporary, has]: readonly (string | null)[]): StateWithin {
  return { shared: shared ?? '', all: `${shared ?? ''} ${temporary ?? ''}`, temporary: has !== 'f' };
}

/**
 * With an empty search path, where no operator can be somebody else's. Making definitions into text locks the tables in them: in a transaction block a
 * savepoint gives the locks back, and the path.
 */
async function apart<T>(ask: AskOwn, work: () => Promise<T>): Promise<T> {
  if (ask.inBlock) {
    await ask(`SAVEPOINT ${savepoint}`);
    await ask(settingsQuery('', lockTimeout));
    const done = await work();
    await ask(`ROLLBACK TO SAVEPOINT ${savepoint}`);
    await ask(`RELEASE SAVEPOINT ${savepoint}`);
    return done;
  }
  const [[path = '', timeout = ''] = []] = await ask(
    `SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_setting('lock_timeout')`,
  );
  await ask(settingsQuery('', lockTimeout));
  const done = await work();
  await ask(settingsQuery(path ?? '', timeout ?? ''));
  return done;
}

/** Until the end of the transaction: what the session has set comes back then. */
function settingsQuery(path: string, timeout: string): string {
  const [pathText, timeoutText] = [literal(path), literal(timeout)];
  return `SELECT pg_catalog.set_config('search_path', ${pathText}, true), pg_catalog.set_config('lock_timeout', ${timeoutText}, true)`;
}

/** `standard_conforming_strings` is pinned to on. */
function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
