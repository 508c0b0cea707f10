/** The system catalogs that `catalogQueries` read from, with what of each is left out. */
const watched: readonly (readonly [table: string, where?: string])[] = [
  ['pg_namespace', `nspname !~ '^pg_(toast_)?temp_'`],
  // Temporary tables of others come and go with every report; nobody but their own session can name them.
  ['pg_class', `relpersistence <> 't'`],
  ['pg_attribute', `attrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')`],
  ['pg_attrdef', `adrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')`],
  ['pg_rewrite'],
  ['pg_index', `indrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')`],
  ['pg_constraint', `conrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')`],
  ['pg_policy'],
  ['pg_trigger', 'NOT tgisinternal'],
  ['pg_partitioned_table', `partrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')`],
  ['pg_inherits'],
  ['pg_proc'],
  ['pg_operator'],
  ['pg_cast'],
  ['pg_enum'],
  // Of the others the relations and enums that they belong to say it.
  ['pg_type', `typtype IN ('d', 'r', 'm') OR typname IN ('text', 'varchar', 'bpchar')`],
  ['pg_language'],
  ['pg_extension'],
  ['pg_depend', `deptype = 'e'`],
];

/**
 * A row that is changed gets another place (ctid) in its table, so number and places of the rows tell whether anything was changed:
 * https://www.postgresql.org/docs/current/ddl-system-columns.html. Rewriting a catalog (VACUUM FULL) changes them as well, which costs one
 * reading. Nothing is locked, and no definition has to be made into text.
 */
export const catalogState = {
  /** Two equal answers: no transaction has ended in between that could have changed anything. */
  seen: 'SELECT pg_catalog.pg_current_snapshot()::pg_catalog.text',
  state: `SELECT pg_catalog.concat_ws(' ', ${watched.map(([table, where]) => stateOf(table, where)).join(', ')})`,
} as const;

function stateOf(table: string, where = 'true'): string {
  return `(SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(pg_catalog.hashtid(ctid)::pg_catalog.int8))
            FROM pg_catalog.${table} WHERE ${where})`;
}
