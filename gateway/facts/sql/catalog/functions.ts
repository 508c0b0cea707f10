import type { FunctionCategory, FunctionFact, PostgresEffect } from '../../../contract/command-postgres.ts';
import { aggregateFunctions, castTypes, pureFunctions, volatileFunctions } from './builtin-functions.ts';
import type { CatalogFunction } from './catalog.ts';
import { isCounter, type Told } from './counters.ts';

/** What a function is, or what it tells as a counter: counters.ts. */
type Is = FunctionCategory | Told;

export interface CalledFunction extends FunctionFact {
  /** What it tells, where it is a counter. */
  readonly told: readonly Told[];
}

/** Built-in functions that do more than compute. First match wins; what no row names is what pg_proc says it is. */
const special: readonly (readonly [pattern: RegExp, ...is: Is[]])[] = [
  // SQL as text in an argument: https://www.postgresql.org/docs/current/functions-xml.html#FUNCTIONS-XML-MAPPING
  [/^(query|table|schema|database|cursor)_to_xml(schema|_and_xmlschema)?$/, 'dynamic_sql'],
  [/^ts_stat$|^ts_rewrite$/, 'dynamic_sql'],
  [/^lo_(import|export)$/, 'large_object', 'file'],
  [/^lo_|^loread$|^lowrite$/, 'large_object'],
  // https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-GENFILE
  [
    /^pg_(read_(binary_)?file(_old)?|stat_file|ls_\w+|current_logfile|hba_file_rules|ident_file_mappings|show_all_file_settings|rotate_logfile(_old)?)$/,
    'file',
  ],
  [/^set_config$/, 'set_config'],
  [/^pg_notify$/, 'notify'],
  [/^pg_(try_)?advisory_/, 'lock'],
  [/^(nextval|setval|currval|lastval)$/, 'sequence'],
  // These return values of columns, or other sessions' statements.
  [/^pg_stat_get_(activity|backend_activity)$|^pg_mcv_list_items$/, 'statistics'],
  [/^pg_logical_slot_|^pg_logical_emit_message$/, 'statistics', 'admin'],
  // What the server counts of its own work. https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-BACKUP
  [/^pg_current_wal_(insert_|flush_)?lsn$|^pg_last_wal_(receive|replay)_lsn$/, 'writing'],
  [/^pg_(create_restore_point|switch_wal|backup_start|backup_stop|log_standby_snapshot)$/, 'writing', 'admin'],
  [/^pg_replication_origin_(session_)?progress$/, 'writing', 'admin'],
  [/^pg_control_(checkpoint|recovery)$/, 'writing'],
  [/^pg_(get_wal_summarizer_state|available_wal_summaries|wal_summary_contents)$/, 'writing'],
  [/^pg_(get_replication_slots|show_replication_origin_status)$/, 'writing'],
  // https://www.postgresql.org/docs/current/monitoring-stats.html
  [/^pg_stat_get_(wal|backend_wal|wal_senders|wal_receiver|subscription|archiver|recovery_prefetch)$/, 'writing'],
  [/^pg_stat_get_(io|backend_io|dead_tuples)$/, 'writing'],
  [/^pg_stat_get_(xact_)?(blocks_(fetched|hit)|tuples_(hot|newpage)_updated|tuples_returned)$/, 'writing'],
  [/^pg_stat_get_db_(blocks_(fetched|hit)|tuples_returned)$/, 'writing'],
  [/^pg_stat_get_(buf_\w+|bgwriter_(buf|max)\w+|checkpointer_buffers_written)$/, 'writing'],
  [/^pg_stat_get_(xact_)?numscans$/, 'distinct'],
  [/^pg_stat_get_db_temp_(bytes|files)$/, 'room'],
  [/^pg_stat_get_(progress_info|replication_slot)$/, 'room'],
  [/^pg_get_backend_memory_contexts$/, 'room'],
  [/^gin_clean_pending_list$/, 'room', 'admin'],
  // The `ctid` of a row.
  [/^currtid2$/, 'writing'],
  [/^(pg_(cancel|terminate)_backend|pg_reload_conf|pg_promote|pg_nextoid)$/, 'admin'],
  [
    /^pg_(backup|wal_replay|replication|create|drop|copy|sync|import|log|export|clear|restore|stop|extension_config)_/,
    'admin',
  ],
  [/^pg_stat_(reset|clear|force)|^brin_(de)?summarize|^pg_sync_replication_slots$/, 'admin'],
];

/** Extensions whose functions and operators only compute. */
const computing: ReadonlySet<string> = new Set(
  `pg_trgm citext hstore unaccent fuzzystrmatch uuid-ossp pgcrypto intarray ltree cube earthdistance isn seg btree_gin btree_gist bloom
   tsm_system_rows tsm_system_time dict_int dict_xsyn intagg sslinfo postgis vector`.split(/\s+/),
);

const extensionFunctions: readonly (readonly [extension: string, name: RegExp, ...is: Is[]])[] = [
  ['dblink', /./, 'network', 'dynamic_sql'],
  ['tablefunc', /^normal_rand$/, 'volatile'],
  ['tablefunc', /./, 'dynamic_sql'],
  ['xml2', /^xpath_table$/, 'dynamic_sql'],
  ['xml2', /./, 'pure'],
  ['adminpack', /./, 'file'],
  ['lo', /./, 'large_object'],
  ['pageinspect', /./, 'statistics'],
  ['pg_walinspect', /./, 'statistics'],
  ['pgrowlocks', /./, 'statistics'],
  // How many bytes rows take, and which pages of an index a write touched.
  ['pgstattuple', /./, 'room'],
  // Which pages a write touched.
  ['pg_visibility', /./, 'writing'],
  ['pg_buffercache', /./, 'writing'],
  ['pg_stat_statements', /./, 'statistics'],
  ['postgres_fdw', /./, 'network'],
  // How far values of a column reach, from its statistics or its index: https://postgis.net/docs/ST_EstimatedExtent.html
  ['postgis', /^(st_(estimated_?extent|find_?extent)|_postgis_.*|postgis_.*_extent)$/i, 'statistics'],
];

/** What the categories do to the world. */
export function functionEffects(name: string, categories: readonly FunctionCategory[]): readonly PostgresEffect[] {
  const effects: PostgresEffect[] = [];
  for (const category of categories) {
    switch (category) {
      case 'unknown':
      case 'dynamic_sql':
      case 'network':
        effects.push('opaque');
        break;
      case 'large_object':
        // Reading one is reading; everything else makes, changes or removes one.
        effects.push(/^(lo_get|loread|lo_open|lo_close|lo_lseek(64)?|lo_tell(64)?)$/.test(name) ? 'read' : 'opaque');
        break;
      case 'file':
      case 'program':
        effects.push('program');
        break;
      case 'set_config':
        effects.push('set');
        break;
      case 'notify':
        effects.push('notify');
        break;
      case 'lock':
        effects.push('lock');
        break;
      case 'admin':
        effects.push('maintenance');
        break;
      case 'sequence':
        // A sequence moves on as if a row had been inserted; setval writes it.
        if (name === 'nextval') effects.push('insert');
        if (name === 'setval') effects.push('update');
        break;
      case 'aggregate':
      case 'pure':
      case 'volatile':
      case 'statistics':
      case 'counter':
        break;
      default:
        category satisfies never;
    }
  }
  return effects;
}

/** Why nobody can say what a call brings out; undefined when it only computes with its arguments. */
export function functionReason(fact: FunctionFact): string | undefined {
  const name = fact.schema === 'pg_catalog' || fact.schema === '' ? fact.name : `${fact.schema}.${fact.name}`;
  for (const category of fact.categories) {
    switch (category) {
      case 'unknown':
        return `function ${name} cannot be seen through`;
      case 'dynamic_sql':
        return `function ${name} runs SQL from its arguments`;
      case 'network':
        return `function ${name} reaches another server`;
      case 'statistics':
        return `function ${name} returns stored values or statements of others`;
      case 'large_object':
        return `function ${name} reaches large objects`;
      case 'file':
      case 'program':
        return `function ${name} reaches the server's files`;
      default:
    }
  }
  return undefined;
}

/**
 * @param candidates functions outside pg_catalog that the call could mean. PostgreSQL picks among all of them and the built-in ones by
 * argument types, which the parser does not know: the worst that could be meant is what counts.
 */
export function classifyFunction(parts: readonly string[], candidates: readonly CatalogFunction[]): CalledFunction {
  const name = parts.at(-1) ?? '';
  const schema = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  const categories = new Set<FunctionCategory>();
  const told = new Set<Told>();
  const builtIn = ['', 'pg_catalog', 'information_schema'].includes(schema) ? builtInCategories(schema, name) : [];
  for (const is of [builtIn, ...candidates.map(candidateCategories)].flat()) {
    categories.add(isCounter(is) ? 'counter' : is);
    if (isCounter(is)) told.add(is);
  }
  if (categories.size === 0) categories.add('unknown');
  const first = candidates[0];
  return {
    schema: builtIn.length > 0 || !first ? schema || (builtIn.length > 0 ? 'pg_catalog' : '') : first.schema,
    name,
    categories: [...categories],
    told: [...told],
  };
}

/** What the information schema's views compute with; drivers call it too. */
const ofInformationSchema: ReadonlySet<string> = new Set(
  `_pg_expandarray _pg_index_position _pg_truetypid _pg_truetypmod _pg_char_max_length _pg_char_octet_length _pg_numeric_precision
   _pg_numeric_precision_radix _pg_numeric_scale _pg_datetime_precision _pg_interval_type`.split(/\s+/),
);

function builtInCategories(schema: string, name: string): readonly Is[] {
  if (schema === 'information_schema') return ofInformationSchema.has(name) ? ['pure'] : [];
  const known = aggregateFunctions.has(name)
    ? 'aggregate'
    : pureFunctions.has(name) || castTypes.has(name)
      ? 'pure'
      : volatileFunctions.has(name)
        ? 'volatile'
        : undefined;
  if (!known) return [];
  for (const [pattern, ...is] of special) if (pattern.test(name)) return is;
  return [known];
}

function candidateCategories(candidate: CatalogFunction): readonly Is[] {
  const { extension, language, name } = candidate;
  // What it does is read where it is called.
  if (candidate.body) return [candidate.volatility === 'volatile' ? 'volatile' : 'pure'];
  // An extension's function may have been replaced by one in a language that anybody writes.
  if (extension === null || !['c', 'internal', 'sql'].includes(language)) return ['unknown'];
  for (const [of, pattern, ...is] of extensionFunctions) if (of === extension && pattern.test(name)) return is;
  if (computing.has(extension))
    return [candidate.kind === 'aggregate' ? 'aggregate' : candidate.volatility === 'volatile' ? 'volatile' : 'pure'];
  return ['unknown'];
}

/** Whether an operator of this extension only computes. */
export function computesOnly(extension: string | null): boolean {
  return extension !== null && (computing.has(extension) || extension === 'xml2');
}
