import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { SallyportError } from '../contract/errors.ts';
import { inTransaction } from './transaction.ts';

/** What an entry is found by. */
export const indexedFields = ['session', 'identity', 'target', 'type', 'action', 'effect'] as const;
export type IndexedField = (typeof indexedFields)[number];

/** Entries of one bundle that agree in all indexed fields: one row, however many they are. */
export interface IndexGroup {
  readonly bundle: number;
  readonly words: { readonly [field in IndexedField]: string };
  /** Time of the earliest and the latest, milliseconds since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface IndexQuery {
  readonly words: { readonly [field in IndexedField]?: string };
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly order: 'newest' | 'oldest';
}

/**
 * Which bundles of the audit log hold entries of a kind. Never the truth: it is made from the log, and may be deleted at any time.
 * It speaks of bundles, not of entries, so that 256 like entries cost one row and writing it keeps up with the log.
 */
export class AuditIndex implements Disposable {
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #wordIds = new Map<string, number>();

  /** @throws SallyportError `store-unavailable` */
  constructor(path: string) {
    try {
      this.#sqlite = openIndex(path);
    } catch (error) {
      throw new SallyportError('store-unavailable', `cannot open the audit index ${path}`, { cause: error });
    }
  }

  /** Entries that are indexed: all before this one. */
  get next(): number {
    return Number(this.#prepare('SELECT next FROM progress').get()?.['next']);
  }

  /** Adds groups, together with how far they reach. Adding a group again changes nothing. */
  add(groups: readonly IndexGroup[], next: number): void {
    this.#transaction(() => {
      for (const { bundle, words, firstMs, lastMs } of groups) {
        const ids = indexedFields.map((field) => this.#wordId(words[field]));
        this.#prepare(insertGroup).run(bundle, ...ids, firstMs, lastMs);
      }
      this.#prepare('UPDATE progress SET next = ?').run(next);
    });
  }

  /** Empties it, to be made anew. */
  reset(): void {
    this.#transaction(() => this.#sqlite.exec('DELETE FROM groups; DELETE FROM words; UPDATE progress SET next = 0'));
  }

  /**
   * One page of bundles that have an entry like that, in order.
   * @param after the last bundle of the page before
   */
  bundles(query: IndexQuery, after: number | undefined, limit: number): readonly number[] {
    const where: string[] = [];
    const values: number[] = [];
    for (const field of indexedFields) {
      const word = query.words[field];
      if (word === undefined) continue;
      const id = this.#prepare('SELECT id FROM words WHERE word = ?').get(word)?.['id'];
      if (id === undefined) return [];
      where.push(`${field} = ?`);
      values.push(Number(id));
    }
    const add = (condition: string, value: number | undefined) => {
      if (value === undefined) return;
      where.push(condition);
      values.push(value);
    };
    add('last_ms >= ?', query.sinceMs);
    add('first_ms < ?', query.untilMs);
    add(query.order === 'newest' ? 'bundle < ?' : 'bundle > ?', after);
    const condition = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
    const direction = query.order === 'newest' ? 'DESC' : 'ASC';
    const sql = `SELECT DISTINCT bundle FROM groups ${condition} ORDER BY bundle ${direction} LIMIT ?`;
    return this.#prepare(sql)
      .all(...values, limit)
      .map((row) => Number(row['bundle']));
  }

  close(): void {
    this.#sqlite.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #wordId(word: string): number {
    const known = this.#wordIds.get(word);
    if (known !== undefined) return known;
    this.#prepare('INSERT INTO words (word) VALUES (?) ON CONFLICT DO NOTHING').run(word);
    const id = Number(this.#prepare('SELECT id FROM words WHERE word = ?').get(word)?.['id']);
    if (this.#wordIds.size >= maxCachedWords) this.#wordIds = new Map();
    this.#wordIds.set(word, id);
    return id;
  }

  #prepare(sql: string): StatementSync {
    const prepared = this.#statements.get(sql) ?? this.#sqlite.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }

  #transaction(run: () => void): void {
    try {
      inTransaction(this.#sqlite, run);
    } catch (error) {
      this.#wordIds = new Map();
      throw error;
    }
  }
}

function openIndex(path: string): DatabaseSync {
  const sqlite = new DatabaseSync(path);
  try {
    sqlite.exec(schema);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

const maxCachedWords = 10_000;

/** Words stand in a table of their own: a group is then some twenty bytes, in each of its indexes. */
const schema = `
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA trusted_schema = OFF;
  CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO progress (one, next) VALUES (1, 0);
  CREATE TABLE IF NOT EXISTS words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS groups (
    bundle INTEGER NOT NULL,
    session INTEGER NOT NULL,
    identity INTEGER NOT NULL,
    target INTEGER NOT NULL,
    type INTEGER NOT NULL,
    action INTEGER NOT NULL,
    effect INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (bundle, session, identity, target, type, action, effect)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS groups_session ON groups (session, bundle);
  CREATE INDEX IF NOT EXISTS groups_identity ON groups (identity, bundle);
  CREATE INDEX IF NOT EXISTS groups_type ON groups (type, bundle);
  CREATE INDEX IF NOT EXISTS groups_action ON groups (action, bundle);
  CREATE INDEX IF NOT EXISTS groups_effect ON groups (effect, bundle);
`;

const insertGroup = `
  INSERT INTO groups (bundle, session, identity, target, type, action, effect, first_ms, last_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)
`;
