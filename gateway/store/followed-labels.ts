import { DatabaseSync } from 'node:sqlite';
import { SallyportError } from '../contract/errors.ts';
import type { FollowedBy, FollowedLabels, LabelAnchor, LabelKeeper } from '../contract/followed.ts';
import { inTransaction } from './transaction.ts';

/** One followed label, as it is listed. */
export interface FollowedRow extends Omit<FollowedLabels, 'labels'>, FollowedBy {
  /** `target/database`. */
  readonly target: string;
  readonly label: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/**
 * Labels that followed labelled values into other columns. A file of its own: it is flushed at each commit, because the copy that it speaks of
 * is in the target to stay when the power fails, and a statement waits for it.
 */
export class FollowedLabelStore implements Disposable {
  readonly #sqlite: DatabaseSync;
  readonly #now: () => number;

  /** @throws SallyportError `store-unavailable` */
  constructor(path: string, now: () => number) {
    this.#now = now;
    try {
      this.#sqlite = new DatabaseSync(path);
      this.#sqlite.exec(schema);
    } catch (error) {
      throw new SallyportError('store-unavailable', `cannot open the labels that followed, ${path}`, { cause: error });
    }
  }

  /** @param target `target/database`: what followed in one database means nothing in another */
  of(target: string): LabelKeeper {
    return {
      followed: () => this.list(target).map(({ column, label, sources }) => ({ column, labels: [label], sources })),
      follow: (more, by) => inTransaction(this.#sqlite, () => this.#insert(target, more, by)),
      anchors: () => ({ version: this.#anchorVersion(target), anchors: this.#anchors(target) }),
      anchor: (version, anchors) => inTransaction(this.#sqlite, () => this.#replace(target, version, anchors)),
    };
  }

  /** In the order of their names. */
  list(target?: string): readonly FollowedRow[] {
    const where = target === undefined ? '' : 'WHERE target = ?';
    const rows = this.#sqlite
      .prepare(`SELECT * FROM followed ${where} ORDER BY target, column_name, label`)
      .all(...(target === undefined ? [] : [target]));
    return rows.map((row) => ({
      target: String(row['target']),
      column: String(row['column_name']),
      label: String(row['label']),
      sources: JSON.parse(String(row['sources'])) as readonly string[], // written by #insert
      session: String(row['session']),
      identity: String(row['identity']),
      request: String(row['request']),
      atMs: Number(row['at_ms']),
    }));
  }

  /**
   * For whoever has looked and found nothing of the kind there. While a gateway runs, it would write down again what it knows.
   * @returns how many labels were taken off
   */
  forget(target: string, column: string): number {
    const done = this.#sqlite.prepare('DELETE FROM followed WHERE target = ? AND column_name = ?').run(target, column);
    this.#sqlite.prepare('DELETE FROM anchors WHERE target = ? AND column_name = ?').run(target, column);
    return Number(done.changes);
  }

  [Symbol.dispose](): void {
    this.#sqlite.close();
  }

  #insert(target: string, more: readonly FollowedLabels[], { session, identity, request }: FollowedBy): void {
    const insert = this.#sqlite.prepare(`
      INSERT INTO followed (target, column_name, label, sources, session, identity, request, at_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
    for (const { column, labels, sources } of more)
      for (const label of labels)
        insert.run(target, column, label, JSON.stringify(sources), session, identity, request, this.#now());
  }

  #anchorVersion(target: string): string {
    const row = this.#sqlite.prepare('SELECT version FROM anchored WHERE target = ?').get(target);
    return String(row?.['version'] ?? '');
  }

  #anchors(target: string): readonly LabelAnchor[] {
    return this.#sqlite
      .prepare('SELECT * FROM anchors WHERE target = ?')
      .all(target)
      .map((row) => ({
        relation: Number(row['relation']),
        attnum: Number(row['attnum']),
        column: String(row['column_name']),
        labels: JSON.parse(String(row['labels'])) as readonly string[], // written by #replace
      }));
  }

  #replace(target: string, version: string, anchors: readonly LabelAnchor[]): void {
    this.#sqlite.prepare('DELETE FROM anchors WHERE target = ?').run(target);
    const insert = this.#sqlite.prepare('INSERT INTO anchors VALUES (?, ?, ?, ?, ?)');
    for (const { relation, attnum, column, labels } of anchors)
      insert.run(target, relation, attnum, column, JSON.stringify(labels));
    this.#sqlite
      .prepare('INSERT INTO anchored VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version')
      .run(target, version);
  }
}

const schema = `
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA trusted_schema = OFF;
  CREATE TABLE IF NOT EXISTS followed (
    target TEXT NOT NULL,
    column_name TEXT NOT NULL,
    label TEXT NOT NULL,
    sources TEXT NOT NULL,
    session TEXT NOT NULL,
    identity TEXT NOT NULL,
    request TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (target, column_name, label)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS anchors (
    target TEXT NOT NULL,
    relation INTEGER NOT NULL,
    attnum INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    labels TEXT NOT NULL,
    PRIMARY KEY (target, relation, attnum)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS anchored (target TEXT PRIMARY KEY, version TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;
