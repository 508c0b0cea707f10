/** The system catalogs that `catalogQueries` read from, with what of each is left out. */
const watched: readonly (readonly [table: string, where?: string])[] = [
  ['pg_namespace', `nspname !~ '^pg_(toast_)?temp_'`],
  ['pg_rewrite'],
  ['pg_policy'],
  ['pg_trigger', 'NOT tgisinternal'],
  ['pg_event_trigger'],
  ['pg_inherits'],
  ['pg_proc'],
  ['pg_operator'],
  ['pg_cast'],
  ['pg_amop'],
  ['pg_amproc'],
  ['pg_enum'],
  // Of the others the relations and enums that they belong to say it.
  ['pg_type', `typtype IN ('d', 'r', 'm') OR typname IN ('text', 'varchar', 'bpchar')`],
  ['pg_language'],
  ['pg_extension'],
  ['pg_depend', `deptype = 'e'`],
];

/** Those that have rows of temporary tables as well, and by what. Those of others come and go with every report; nobody but their own session can name them. */
const ofRelations: readonly (readonly [table: string, relation: string])[] = [
  ['pg_class', 'oid'],
  ['pg_attribute', 'attrelid'],
  ['pg_attrdef', 'adrelid'],
  ['pg_index', 'indrelid'],
  ['pg_constraint', 'conrelid'],
  ['pg_partitioned_table', 'partrelid'],
  ['pg_statistic_ext', 'stxrelid'],
];

/** What all sessions can see. */
export const stateOfShared = together([
  ...watched.map(([table, where]) => stateOf(table, where)),
  ...ofRelations.map(([table, relation]) =>
    stateOf(table, `${relation} NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')`),
  ),
]);

/** The session's own temporary tables. */
export const stateOfTemporary = together(
  ofRelations.map(([table, relation]) =>
    stateOf(
      table,
      `${relation} IN (SELECT oid FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema())`,
    ),
  ),
);

function together(states: readonly string[]): string {
  return `pg_catalog.concat_ws(' ', ${states.join(', ')})`;
}

function stateOf(table: string, where = 'true'): string {
  return `(SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(pg_catalog.hashtid(ctid)::pg_catalog.int8))
            FROM pg_catalog.${table} WHERE ${where})`;
}

/**
 * A row that is changed gets another place (ctid) in its table, so number and places of the rows tell whether anything was changed:
 * https://www.postgresql.org/docs/current/ddl-system-columns.html. Rewriting a catalog (VACUUM FULL) changes them as well, which costs one
 * reading. Nothing is locked, and no definition has to be made into text.
 */
export const catalogState = {
  /** Two equal answers: no transaction has ended in between that could have changed anything. */
  seen: 'SELECT pg_catalog.pg_current_snapshot()::pg_catalog.text',
  state: `SELECT ${stateOfShared}`,
} as const;
