import { SallyportError } from '../../contract/errors.ts';
import { connectUpstream, type UpstreamTarget } from '../../protocols/postgres/index.ts';
import type { DatabaseLogin } from '../lines/postgres-live.ts';
import { DocumentPaths, type OpenPath } from './document-paths.ts';
import { count, emptyTally, type ValueTally } from './evidence.ts';

export interface SampleBounds {
  /** Rows of each table at most. */
  readonly rows: number;
  /** For each question to the server, in milliseconds. */
  readonly timeoutMs: number;
}

export const usualBounds: SampleBounds = { rows: 200, timeoutMs: 5_000 };

/** What is known of a column beyond the catalog that statements are read by. */
export interface ColumnNote {
  readonly comment: string | undefined;
  /** `format_type` without modifier; of a domain the type below it. */
  readonly type: string;
}

/** A table as far as choosing a sample goes. */
export interface TableNote {
  /** By the server's estimate; -1 where it has none. */
  readonly rows: number;
  /** A plain table, of which single blocks can be read. */
  readonly inBlocks: boolean;
  readonly columns: ReadonlyMap<string, ColumnNote>;
}

export interface TableName {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

export interface WantedSample extends TableName {
  readonly columns: readonly string[];
}

/** A database being read for samples. Values are counted and dropped: none is kept, said or part of an error. */
export interface Sampler extends AsyncDisposable {
  readonly tables: ReadonlyMap<number, TableNote>;
  /** Counts by column; or the SQLSTATE with which the server refused, and nothing is known of the table's values. */
  sample(wanted: WantedSample): Promise<ReadonlyMap<string, ValueTally> | Refused>;
  /** Paths in the documents of a column that these do not cover; none for a column that holds no JSON. */
  openPaths(table: TableName, column: string, decided: readonly string[]): Promise<readonly OpenPath[] | Refused>;
}

export interface Refused {
  /** SQLSTATE. */
  readonly refused: string;
}

/** Enough to recognise something, little enough to hold for a moment. */
const longestValue = 400;
/** Half a document is none: longer ones are not looked at. */
const longestDocument = 65_536;
const columnsAtOnce = 40;
const answerMaxBytes = 256 * 1024 * 1024;
/** From so many rows on, blocks are drawn; a smaller table is read from its beginning. */
const largeRows = 20_000;
/** Blocks are drawn by chance, and some are empty: this many times the rows that are wanted. */
const spare = 20;

const notes = `
  SELECT a.attrelid, a.attname, pg_catalog.col_description(a.attrelid, a.attnum),
         pg_catalog.format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END, NULL),
         c.reltuples, c.relkind
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f')
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** @throws SallyportError `upstream-refused`, `upstream-auth`, `upstream-lost` */
export async function openSampler(
  target: UpstreamTarget,
  login: DatabaseLogin,
  bounds: SampleBounds,
  signal: AbortSignal,
): Promise<Sampler> {
  await using opening = new AsyncDisposableStack();
  const upstream = opening.use(await connectUpstream(target, login, signal));
  const ask = async (text: string) => (await upstream.simpleQuery(text, signal, answerMaxBytes)).rows;
  // No name is looked up where somebody could have put another of the same name, and nothing can be written.
  await ask(`SET search_path = ''; SET default_transaction_read_only = on; SET row_security = on`);
  await ask(`SET statement_timeout = ${String(bounds.timeoutMs)}; SET lock_timeout = ${String(bounds.timeoutMs)}`);
  const tables = tablesIn(await ask(notes));
  const kept = opening.move();
  return {
    tables,
    sample: (wanted) => {
      const tallies = new Map(wanted.columns.map((column) => [column, emptyTally()] as const));
      return orRefused(async () => {
        for (let i = 0; i < wanted.columns.length; i += columnsAtOnce) {
          const columns = wanted.columns.slice(i, i + columnsAtOnce);
          const found = columns.map((column) => tallies.get(column) ?? emptyTally());
          const texts = columns.map(startOf);
          for (const row of await ask(sampleQuery(wanted, columns, texts, tables.get(wanted.oid), bounds.rows)))
            for (const [n, tally] of found.entries()) count(tally, row[n] ?? null);
        }
        return tallies;
      });
    },
    openPaths: (table, column, decided) => {
      const paths = new DocumentPaths(decided);
      const note = tables.get(table.oid);
      return orRefused(async () => {
        if (!isDocument(note?.columns.get(column)?.type)) return [];
        for (const [text] of await ask(sampleQuery(table, [column], [documentOf(column)], note, bounds.rows)))
          paths.add(text ?? null);
        return paths.open();
      });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function orRefused<T>(work: () => Promise<T>): Promise<T | Refused> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'upstream-refused')
      return { refused: /\((\w{5})\)$/.exec(error.message)?.[1] ?? 'unknown' };
    throw error;
  }
}

function isDocument(type: string | undefined): boolean {
  return type === 'json' || type === 'jsonb';
}

function startOf(column: string): string {
  return `pg_catalog."left"(${identifier(column)}::pg_catalog.text, ${String(longestValue)})`;
}

function documentOf(column: string): string {
  const text = `${identifier(column)}::pg_catalog.text`;
  return `CASE WHEN pg_catalog.octet_length(${text}) <= ${String(longestDocument)} THEN ${text} END`;
}

/** One read-only transaction each, by the setting above: a SELECT of text and nothing else. */
function sampleQuery(
  { schema, name }: TableName,
  columns: readonly string[],
  texts: readonly string[],
  table: TableNote | undefined,
  rows: number,
): string {
  const isLarge = table?.inBlocks === true && table.rows > largeRows;
  const share = isLarge ? Math.min(100, Math.max(0.001, (100 * spare * rows) / table.rows)) : 100;
  const drawn = isLarge ? ` TABLESAMPLE SYSTEM (${share.toFixed(4)})` : '';
  // Rows that say something in the first place: a column that is mostly NULL would else look like one that is empty.
  const someValue = columns.map((column) => `${identifier(column)} IS NOT NULL`).join(' OR ');
  return `SELECT ${texts.join(', ')} FROM ${identifier(schema)}.${identifier(name)}${drawn} WHERE ${someValue} LIMIT ${String(rows)}`;
}

function tablesIn(rows: readonly (readonly (string | null)[])[]): ReadonlyMap<number, TableNote> {
  const tables = new Map<number, { rows: number; inBlocks: boolean; columns: Map<string, ColumnNote> }>();
  for (const [oid, column, comment, type, tuples, kind] of rows) {
    const key = Number(oid);
    const table = tables.get(key) ?? { rows: Number(tuples), inBlocks: kind === 'r', columns: new Map() };
    tables.set(key, table);
    table.columns.set(column ?? '', { comment: comment ?? undefined, type: type ?? '' });
  }
  return tables;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
