/**
 * What the server counts of its own work, where a count follows from labelled values.
 *
 * How much it wrote: of an updated row only that goes to the log of changes in which the new one differs from the old (`log_heap_update`
 * in src/backend/access/heap/heapam.c), and an index is left alone where its columns stay the same. Whoever may write a labelled column could try values
 * and see by this how much of one was right. How much room values took in memory, in files for sorting, and on the way to a client: that is how long they are.
 */

/** Functions, by name. https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-BACKUP, https://www.postgresql.org/docs/current/monitoring-stats.html */
const writing = [
  'current_wal_(insert_|flush_)?lsn',
  'last_wal_(receive|replay)_lsn',
  'create_restore_point|switch_wal|backup_start|backup_stop|log_standby_snapshot',
  'control_(checkpoint|recovery)',
  'get_wal_summarizer_state|available_wal_summaries|wal_summary_contents',
  'get_replication_slots|show_replication_origin_status|replication_origin_(session_)?progress',
  'stat_get_(wal|backend_wal|wal_senders|wal_receiver|subscription|archiver|io|backend_io)',
  'stat_get_(xact_)?(blocks_(fetched|hit)|tuples_(hot|newpage)_updated|tuples_returned)|stat_get_dead_tuples',
  'stat_get_db_(blocks_(fetched|hit)|tuples_returned)',
];
const room = [
  'stat_get_db_temp_(bytes|files)',
  'stat_get_(progress_info|replication_slot)',
  'get_backend_memory_contexts',
];
/** `currtid2` is the `ctid` of a row. */
const writingFunctions = new RegExp(`^pg_(${writing.join('|')})$|^currtid2$`);
const roomFunctions = new RegExp(`^pg_(${room.join('|')})$|^gin_clean_pending_list$`);
/** Of both kinds. */
export const measures = new RegExp(`${writingFunctions.source}|${roomFunctions.source}`);

/** Columns of the catalog's own relations, as `relation.column`. */
const writingColumns = new RegExp(
  [
    String.raw`\.\w+_lsn$`,
    String.raw`\.wal_(records|fpi|bytes|buffers_full|write|sync)$`,
    String.raw`\.safe_wal_size$`,
    // Pruning counts those as gone that no index leads to; a scan of an index reads its entries for old versions as well.
    String.raw`\.(n_tup_(hot|newpage)_upd|n_dead_tup|idx_tup_read)$`,
    String.raw`\.(t?idx|toast)_blks_(read|hit)$`,
    String.raw`^pg_stat_database\.(blks_(read|hit)|tup_returned)$`,
    String.raw`^pg_stat_io\.(reads|writes|writebacks|extends|hits|evictions|reuses|fsyncs|\w+_bytes)$`,
    String.raw`^pg_stat_archiver\.(archived_count|last_archived_wal|failed_count|last_failed_wal)$`,
    String.raw`^pg_stat_progress_vacuum\.(\w*dead\w*|index\w*)$`,
  ].join('|'),
);
const roomColumns = new RegExp(
  [
    String.raw`^pg_stat_database\.temp_(files|bytes)$`,
    String.raw`^pg_stat_progress_copy\.bytes_\w+$`,
    String.raw`^pg_stat_replication_slots\.\w+_(count|txns|bytes)$`,
    String.raw`^pg_backend_memory_contexts\.(total_bytes|total_nblocks|free_bytes|free_chunks|used_bytes)$`,
  ].join('|'),
);

const tells = {
  writing: 'tells how much was written, and so how alike old and new values are',
  room: 'tells how much room values take, and so how long they are',
};

/** @returns why a function is not called under masks; undefined where it counts nothing of the kind */
export function measuredBy(name: string): string | undefined {
  if (writingFunctions.test(name)) return `function ${name} ${tells.writing}`;
  if (roomFunctions.test(name)) return `function ${name} ${tells.room}`;
  return undefined;
}

/** @returns why a column of the catalog is not read under masks; undefined where it tells nothing of the kind */
export function measuredIn(relation: string, column: string): string | undefined {
  const written = `${relation}.${column}`;
  if (writingColumns.test(written)) return `${written} ${tells.writing}: name other columns`;
  if (roomColumns.test(written)) return `${written} ${tells.room}: name other columns`;
  return undefined;
}
