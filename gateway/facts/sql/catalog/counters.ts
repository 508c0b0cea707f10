import { measureTells, type MeasureTells } from '../../../contract/command-postgres.ts';

/**
 * Every column of the server's views of its own work, by what it tells. Three kinds of it follow from labelled values.
 *
 * `writing`: of an updated row only that goes to the log of changes in which the new one differs from the old (`log_heap_update`
 * in src/backend/access/heap/heapam.c), and an index is left alone where its columns stay the same. Whoever may write a labelled column could try values
 * and see by this how much of one was right. `room`: what values took in memory, in files for sorting, and on the way to a client is how long they are. `distinct`: a scan of an
 * index that has no condition on its first columns begins anew for each of their values (a skip scan, from PostgreSQL 18), and counts as so many.
 */
export type Told = MeasureTells;

/**
 * The others do not. `name`: objects, processes, settings, states. `rows`: how many rows, statements, sessions, runs there were, whatever stands in them.
 * `clock`: when something was and how long it took, which is out of reach. `disk`: how large a table or an index is, which is out of reach as well.
 */
type Harmless = 'name' | 'rows' | 'clock' | 'disk';

/** https://www.postgresql.org/docs/current/monitoring-stats.html, of PostgreSQL 13 to 18. The first row that names a column decides. */
const views: readonly (readonly [views: RegExp, tells: Told | Harmless, columns: string])[] = [
  [/^pg_stat/, 'name', 'relid indexrelid schemaname relname indexrelname datid datname pid leader_pid funcid funcname'],
  [/^pg_stat/, 'clock', 'stats_reset'],
  [/^pg_stat_.*_tables$/, 'rows', 'seq_scan seq_tup_read idx_tup_fetch n_tup_ins n_tup_upd n_tup_del'],
  [/^pg_stat_.*_tables$/, 'rows', 'n_live_tup n_mod_since_analyze n_ins_since_vacuum'],
  [/^pg_stat_.*_tables$/, 'rows', 'vacuum_count autovacuum_count analyze_count autoanalyze_count'],
  [/^pg_stat_.*_tables$/, 'clock', 'last_seq_scan last_idx_scan'],
  [/^pg_stat_.*_tables$/, 'clock', 'last_vacuum last_autovacuum last_analyze last_autoanalyze'],
  [/^pg_stat_.*_tables$/, 'clock', 'total_vacuum_time total_autovacuum_time total_analyze_time total_autoanalyze_time'],
  // Pruning counts those as gone that no index leads to; a scan of an index reads its entries for old versions as well.
  [/^pg_stat_.*_tables$/, 'writing', 'n_tup_hot_upd n_tup_newpage_upd n_dead_tup'],
  [/^pg_stat_.*_(tables|indexes)$/, 'distinct', 'idx_scan'],
  [/^pg_stat_.*_indexes$/, 'rows', 'idx_tup_fetch'],
  [/^pg_stat_.*_indexes$/, 'clock', 'last_idx_scan'],
  [/^pg_stat_.*_indexes$/, 'writing', 'idx_tup_read'],
  [/^pg_stat_.*_functions$/, 'rows', 'calls'],
  [/^pg_stat_.*_functions$/, 'clock', 'total_time self_time'],
  [/^pg_statio_.*_tables$/, 'disk', 'heap_blks_read heap_blks_hit'],
  [/^pg_statio_/, 'writing', 'idx_blks_read idx_blks_hit toast_blks_read toast_blks_hit tidx_blks_read tidx_blks_hit'],
  [/^pg_statio_.*_sequences$/, 'rows', 'blks_read blks_hit'],
  [/^pg_stat_activity$/, 'name', 'usesysid usename application_name client_addr client_hostname client_port'],
  [/^pg_stat_activity$/, 'name', 'wait_event_type wait_event state backend_xid backend_xmin query_id backend_type'],
  [/^pg_stat_activity$/, 'clock', 'backend_start xact_start query_start state_change'],
  [
    /^pg_stat_database$/,
    'rows',
    'numbackends xact_commit xact_rollback tup_fetched tup_inserted tup_updated tup_deleted',
  ],
  [/^pg_stat_database$/, 'rows', 'conflicts deadlocks checksum_failures sessions'],
  [/^pg_stat_database$/, 'rows', 'sessions_abandoned sessions_fatal sessions_killed'],
  [/^pg_stat_database$/, 'rows', 'parallel_workers_to_launch parallel_workers_launched'],
  [/^pg_stat_database$/, 'clock', 'checksum_last_failure blk_read_time blk_write_time'],
  [/^pg_stat_database$/, 'clock', 'session_time active_time idle_in_transaction_time'],
  [/^pg_stat_database$/, 'writing', 'blks_read blks_hit tup_returned'],
  [/^pg_stat_database$/, 'room', 'temp_files temp_bytes'],
  [/^pg_stat_database_conflicts$/, 'rows', 'confl_tablespace confl_lock confl_snapshot confl_bufferpin confl_deadlock'],
  [/^pg_stat_database_conflicts$/, 'rows', 'confl_active_logicalslot'],
  [/^pg_stat_archiver$/, 'clock', 'last_archived_time last_failed_time'],
  [/^pg_stat_archiver$/, 'writing', 'archived_count last_archived_wal failed_count last_failed_wal'],
  // An update that leaves indexes alone leaves fewer blocks to be written.
  [/^pg_stat_bgwriter$/, 'writing', 'buffers_checkpoint buffers_clean maxwritten_clean buffers_backend'],
  [/^pg_stat_bgwriter$/, 'writing', 'buffers_backend_fsync buffers_alloc'],
  [/^pg_stat_bgwriter$/, 'rows', 'checkpoints_timed checkpoints_req'],
  [/^pg_stat_bgwriter$/, 'clock', 'checkpoint_write_time checkpoint_sync_time'],
  [/^pg_stat_checkpointer$/, 'writing', 'buffers_written'],
  [/^pg_stat_checkpointer$/, 'rows', 'num_timed num_requested num_done slru_written'],
  [/^pg_stat_checkpointer$/, 'rows', 'restartpoints_timed restartpoints_req restartpoints_done'],
  [/^pg_stat_checkpointer$/, 'clock', 'write_time sync_time'],
  [/^pg_stat_io$/, 'name', 'backend_type object context op_bytes'],
  [/^pg_stat_io$/, 'clock', 'read_time write_time writeback_time extend_time fsync_time'],
  [/^pg_stat_io$/, 'writing', 'reads writes writebacks extends hits evictions reuses fsyncs'],
  [/^pg_stat_io$/, 'writing', 'read_bytes write_bytes extend_bytes'],
  [/^pg_stat_slru$/, 'rows', 'name blks_zeroed blks_hit blks_read blks_written blks_exists flushes truncates'],
  [/^pg_stat_wal$/, 'clock', 'wal_write_time wal_sync_time'],
  [/^pg_stat_wal$/, 'writing', 'wal_records wal_fpi wal_bytes wal_buffers_full wal_write wal_sync'],
  [/^pg_stat_recovery_prefetch$/, 'writing', 'prefetch hit skip_init skip_new skip_fpw skip_rep'],
  [/^pg_stat_recovery_prefetch$/, 'writing', 'wal_distance block_distance io_depth'],
  [/^pg_stat_replication$/, 'name', 'usesysid usename application_name client_addr client_hostname client_port'],
  [/^pg_stat_replication$/, 'name', 'backend_xmin state sync_priority sync_state'],
  [/^pg_stat_replication$/, 'clock', 'backend_start write_lag flush_lag replay_lag reply_time'],
  [/^pg_stat_replication_slots$/, 'name', 'slot_name'],
  [/^pg_stat_replication_slots$/, 'room', 'spill_txns spill_count spill_bytes stream_txns stream_count stream_bytes'],
  [/^pg_stat_replication_slots$/, 'room', 'total_txns total_bytes'],
  // The server shows no password in `conninfo`.
  [
    /^pg_stat_wal_receiver$/,
    'name',
    'status receive_start_tli received_tli slot_name sender_host sender_port conninfo',
  ],
  [/^pg_stat_subscription$/, 'name', 'subid subname worker_type'],
  [/^pg_stat_(wal_receiver|subscription)$/, 'clock', 'last_msg_send_time last_msg_receipt_time latest_end_time'],
  [/^pg_stat_subscription_stats$/, 'name', 'subid subname'],
  [
    /^pg_stat_subscription_stats$/,
    'rows',
    'apply_error_count sync_error_count confl_insert_exists confl_update_exists',
  ],
  [/^pg_stat_subscription_stats$/, 'rows', 'confl_update_origin_differs confl_update_missing confl_delete_missing'],
  [/^pg_stat_subscription_stats$/, 'rows', 'confl_delete_origin_differs confl_multiple_unique_conflicts'],
  [/^pg_stat_ssl$/, 'name', 'ssl version cipher bits client_dn client_serial issuer_dn'],
  [/^pg_stat_gssapi$/, 'name', 'gss_authenticated principal encrypted credentials_delegated'],
  [/^pg_stat_progress_/, 'name', 'phase command type'],
  [/^pg_stat_progress_/, 'clock', 'delay_time'],
  [/^pg_stat_progress_analyze$/, 'disk', 'sample_blks_total sample_blks_scanned'],
  [/^pg_stat_progress_analyze$/, 'rows', 'ext_stats_total ext_stats_computed child_tables_total child_tables_done'],
  [/^pg_stat_progress_analyze$/, 'name', 'current_child_table_relid'],
  [/^pg_stat_progress_basebackup$/, 'disk', 'backup_total backup_streamed'],
  [/^pg_stat_progress_basebackup$/, 'rows', 'tablespaces_total tablespaces_streamed'],
  [/^pg_stat_progress_cluster$/, 'name', 'cluster_index_relid'],
  [/^pg_stat_progress_cluster$/, 'rows', 'heap_tuples_scanned heap_tuples_written index_rebuild_count'],
  [/^pg_stat_progress_(cluster|vacuum)$/, 'disk', 'heap_blks_total heap_blks_scanned heap_blks_vacuumed'],
  [/^pg_stat_progress_copy$/, 'rows', 'tuples_processed tuples_excluded tuples_skipped'],
  [/^pg_stat_progress_copy$/, 'room', 'bytes_processed bytes_total'],
  [/^pg_stat_progress_create_index$/, 'name', 'index_relid current_locker_pid'],
  [/^pg_stat_progress_create_index$/, 'rows', 'lockers_total lockers_done tuples_total tuples_done'],
  [/^pg_stat_progress_create_index$/, 'rows', 'partitions_total partitions_done'],
  [/^pg_stat_progress_create_index$/, 'disk', 'blocks_total blocks_done'],
  [/^pg_stat_progress_vacuum$/, 'writing', 'index_vacuum_count indexes_total indexes_processed max_dead_tuples'],
  [/^pg_stat_progress_vacuum$/, 'writing', 'num_dead_tuples max_dead_tuple_bytes dead_tuple_bytes num_dead_item_ids'],
  [/^pg_replication_slots$/, 'writing', 'safe_wal_size'],
  [/^pg_backend_memory_contexts$/, 'room', 'total_bytes total_nblocks free_bytes free_chunks used_bytes'],
];

/** Views of which each column has to be known: what a later server counts there may follow from values, or hold them. */
const closed = /^pg_stat(io)?_/;
/** A position in the log of changes, wherever it stands. */
const position = /_lsn$/;

/** By `relation.column`. */
const known = new Map<string, Told | Harmless | undefined>();

/** @returns what a column of the catalog's own relations tells; undefined where nobody knows it, which is nothing to be read */
export function told(relation: string, column: string): Told | Harmless | undefined {
  const key = `${relation}.${column}`;
  if (!known.has(key)) known.set(key, lookedUp(relation, column));
  return known.get(key);
}

function lookedUp(relation: string, column: string): Told | Harmless | undefined {
  const row = views.find(([names, , columns]) => names.test(relation) && columns.split(' ').includes(column));
  if (row) return row[1];
  if (position.test(column)) return 'writing';
  return closed.test(relation) ? undefined : 'name';
}

const counted: ReadonlySet<string> = new Set(measureTells);

export function isCounter(tells: string): tells is Told {
  return counted.has(tells);
}
