import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { SqliteDatabase } from 'kysely';
import { SallyportError } from '../contract/errors.ts';
import { migrations } from './migrations.ts';
import type { Schema } from './schema.ts';

/**
 * Opens the state database, creates it when it is new and brings an older one up to date.
 *
 * Commits are not flushed one by one (WAL with `synchronous=NORMAL`): they survive kill -9. What has to survive
 * power loss is in the audit log; a hold that is lost with its row is a clean refusal.
 *
 * @throws SallyportError `store-unavailable` when the file cannot be opened, is damaged, or is newer than this gateway
 */
export function openDatabase(path: string): Kysely<Schema> {
  try {
    const sqlite = new DatabaseSync(path);
    try {
      prepareDatabase(sqlite);
    } catch (error) {
      sqlite.close();
      throw error;
    }
    return new Kysely<Schema>({ dialect: new SqliteDialect({ database: adaptToKysely(sqlite) }) });
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    throw new SallyportError('store-unavailable', `cannot open the state database ${path}`, { cause: error });
  }
}

function prepareDatabase(sqlite: DatabaseSync): void {
  sqlite.exec(`
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
  `);
  const [check] = sqlite.prepare('PRAGMA quick_check(1)').all();
  if (check?.['quick_check'] !== 'ok') {
    throw new SallyportError('store-unavailable', `the state database is damaged: ${String(check?.['quick_check'])}`);
  }
  migrate(sqlite);
}

/** `user_version` counts the migrations that were run. */
function migrate(sqlite: DatabaseSync): void {
  sqlite.exec('BEGIN IMMEDIATE');
  try {
    const done = Number(sqlite.prepare('PRAGMA user_version').get()?.['user_version']);
    if (done > migrations.length) {
      const versions = `version ${done}, this gateway knows ${migrations.length}`;
      throw new SallyportError('store-unavailable', `the state database was written by a newer gateway: ${versions}`);
    }
    for (const sql of migrations.slice(done)) sqlite.exec(sql);
    sqlite.exec(`PRAGMA user_version = ${migrations.length}`);
    sqlite.exec('COMMIT');
  } catch (error) {
    sqlite.exec('ROLLBACK');
    throw error;
  }
}

/** Kysely's SQLite dialect asks for the shape of another driver; this is `node:sqlite` in that shape. */
function adaptToKysely(sqlite: DatabaseSync): SqliteDatabase {
  return {
    close: () => sqlite.close(),
    prepare(sql) {
      const statement = sqlite.prepare(sql);
      // Kysely passes on what the query builder was given, and Schema allows only strings, numbers and null.
      const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}
