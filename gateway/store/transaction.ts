import type { DatabaseSync } from 'node:sqlite';

/** All of it or nothing: what `run` throws undoes what it wrote, and is thrown on. */
export function inTransaction(sqlite: DatabaseSync, run: () => void): void {
  sqlite.exec('BEGIN IMMEDIATE');
  try {
    run();
    sqlite.exec('COMMIT');
  } catch (error) {
    sqlite.exec('ROLLBACK');
    throw error;
  }
}
