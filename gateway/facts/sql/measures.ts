/**
 * What tells how much the server wrote. Of an updated row only that goes to the log of changes in which the new one differs from the old (`log_heap_update`
 * in src/backend/access/heap/heapam.c), and an index is left alone where its columns stay the same: whoever may write a labelled column could try values
 * and see by this how much of one was right.
 */

/** Functions, by name. https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-BACKUP, https://www.postgresql.org/docs/current/monitoring-stats.html */
export const measuresWrites =
  /^pg_(current_wal_(insert_|flush_)?lsn|create_restore_point|switch_wal|backup_start|backup_stop|log_standby_snapshot|control_checkpoint|get_replication_slots|stat_get_(wal|backend_wal|wal_senders|wal_receiver|(xact_)?(blocks_(fetched|hit)|tuples_(hot|newpage)_updated)))$/;

/** Columns of the catalog's own relations. */
const columns = /_lsn$|^wal_(records|fpi|bytes)$|^n_tup_(hot|newpage)_upd$|^(t?idx)_blks_(read|hit)$/;

/** @returns why a column of the catalog is not read under masks; undefined where it tells nothing of the kind */
export function writesMeasuredBy(relation: string, column: string): string | undefined {
  if (!columns.test(column)) return undefined;
  return `${relation}.${column} tells how much was written, and so how alike old and new values are: name other columns`;
}
