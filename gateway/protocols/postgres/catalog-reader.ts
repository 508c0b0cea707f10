import { createHash } from 'node:crypto';
import { catalogQueries, type CatalogRows, type CatalogSnapshot, readCatalog } from '../../facts/sql/index.ts';
import type { CatalogReader } from './catalog.ts';
import type { Upstream } from './upstream.ts';

/**
 * Reads a target's catalog over a connection of its own each time: nothing a client does to its session can reach it.
 * The same answer gives the same snapshot, so that nothing is computed again for it.
 * @param connect logs in with the target's own credentials
 */
export function catalogReader(connect: (signal: AbortSignal) => Promise<Upstream>): CatalogReader {
  let lastDigest = '';
  return async (previous, signal): Promise<CatalogSnapshot> => {
    await using upstream = await connect(signal);
    const ask = async (text: string) => (await upstream.simpleQuery(text, signal, 512 * 1024 * 1024)).rows;
    // One snapshot of the database for all queries: a relation without its columns would be a relation without labels.
    await ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await ask(catalogQueries.setup);
    const { setup: _, ...queries } = catalogQueries;
    const rows: [string, CatalogRows[keyof CatalogRows]][] = [];
    for (const [name, text] of Object.entries(queries)) rows.push([name, await ask(text)]);
    const digest = digestOf(rows);
    if (previous && digest === lastDigest) return previous;
    const snapshot = readCatalog(
      Object.fromEntries(rows) as CatalogRows, // one entry for each query, by construction above
      (previous?.version ?? 0) + 1,
    );
    lastDigest = digest;
    return snapshot;
  };
}

function digestOf(rows: readonly (readonly [string, CatalogRows[keyof CatalogRows]])[]): string {
  const hash = createHash('sha256');
  for (const [name, table] of rows) {
    hash.update(`${name} ${table.length}\n`);
    for (const row of table) hash.update(JSON.stringify(row));
  }
  return hash.digest('base64');
}
