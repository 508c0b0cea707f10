import pg from 'pg';
import { startPostgres18, type TestPostgres } from '../../gateway/testing/postgres.ts';
import { type CatalogPlace, readerOf, tables } from './catalog-place.ts';
import { startChild, untilSettled } from './child.ts';
import type { Row, Section } from './result.ts';
import type { Effort } from './rounds.ts';
import { spreadOf } from './statistics.ts';
import { gatewayFlags } from './world.ts';

const columns = Array.from({ length: 20 }, (_, i) => (i === 0 ? 'ssn text' : `c${String(i)} text`)).join(', ');

/** Reading and watching the catalog of a database with many tables. */
export async function measureCatalog(effort: Effort, signal: AbortSignal): Promise<Section> {
  await using postgres = await startPostgres18();
  await makeTables(postgres, signal);
  const full: CatalogPlace = { port: postgres.port, password: postgres.password, database: 'postgres' };
  const reads: number[] = [];
  const looks: number[] = [];
  const idleLooks: number[] = [];
  for (let round = 0; round <= effort.rounds; round++) {
    await using reader = readerOf(full);
    reads.push(await timed(() => reader.read(undefined, signal)));
    idleLooks.push(await timed(() => reader.isUnchanged(signal)));
    await write(postgres);
    looks.push(await timed(() => reader.isUnchanged(signal)));
  }
  const bytes = (await memoryOf(full)) - (await memoryOf({ ...full, database: 'template1' }));
  // The first round warms up the server.
  const row = (measure: string, unit: Row['unit'], each: readonly number[]): Row => ({
    measure,
    unit,
    spread: spreadOf(each),
  });
  return {
    title: 'The catalog of a database with 10,000 tables',
    method:
      `${tables.toLocaleString('en')} tables of 20 columns. Reading: all of it, as at the start and after a change. A look: whether anything was ` +
      'changed by others, once a second while statements come. Memory: of a process that knows the catalog, against one that knows an empty one.',
    rows: [
      { ...row('reading it', 'ms', reads.slice(1)), target: { kind: 'below', value: 5_000, of: 'max' } },
      { ...row('memory', 'MiB', [bytes / 2 ** 20]), target: { kind: 'below', value: 100, of: 'max' } },
    ],
    figures: [
      row('a look, when transactions have written since the last', 'ms', looks.slice(1)),
      row('a look, when none has', 'ms', idleLooks.slice(1)),
    ],
    skipped: [],
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function makeTables({ url }: TestPostgres, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Each table holds locks until its transaction ends: not too many at once.
    for (let from = 0; from < tables; from += 500) {
      signal.throwIfAborted();
      await client.query(`DO $$ BEGIN FOR i IN ${String(from)}..${String(from + 499)} LOOP
        EXECUTE format('CREATE TABLE t_%s (${columns})', i); END LOOP; END $$`);
    }
    await client.query('CREATE TABLE written (n int); ANALYZE pg_class; ANALYZE pg_attribute');
  } finally {
    await client.end();
  }
}

async function write({ url }: TestPostgres): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('INSERT INTO written VALUES (1)');
  } finally {
    await client.end();
  }
}

async function memoryOf({ port, password, database }: CatalogPlace): Promise<number> {
  await using child = await startChild('catalog-process.ts', [String(port), password, database], gatewayFlags);
  await untilSettled(child);
  return (await child.memory()).rss;
}
