/**
 * Catalog relations that hold column values, other people's statements, or credentials. Whoever reads one may read a labelled value that no
 * label names: https://www.postgresql.org/docs/current/catalogs.html, https://www.postgresql.org/docs/current/views.html
 */
const storing: ReadonlyMap<string, string> = new Map([
  ['pg_statistic', 'values of columns'],
  ['pg_stats', 'values of columns'],
  ['pg_statistic_ext_data', 'values of columns'],
  ['pg_stats_ext', 'values of columns'],
  ['pg_stats_ext_exprs', 'values of columns'],
  ['pg_largeobject', 'large objects'],
  ['pg_stat_activity', 'statements of others'],
  ['pg_stat_statements', 'statements of others'],
  ['pg_authid', 'password hashes'],
  ['pg_shadow', 'password hashes'],
  ['pg_user_mapping', 'credentials'],
  ['pg_user_mappings', 'credentials'],
  ['_pg_user_mappings', 'credentials'],
  ['user_mapping_options', 'credentials'],
  ['pg_subscription', 'credentials'],
  ['pg_hba_file_rules', 'server files'],
  ['pg_ident_file_mappings', 'server files'],
  ['pg_file_settings', 'server files'],
]);

/** Where it is one column that holds it. */
const within: ReadonlyMap<string, string> = new Map([
  ['pg_stat_activity', 'query'],
  ['pg_authid', 'rolpassword'],
  ['pg_shadow', 'passwd'],
  ['pg_user_mapping', 'umoptions'],
  ['pg_user_mappings', 'umoptions'],
  ['_pg_user_mappings', 'umoptions'],
  ['user_mapping_options', 'option_value'],
  ['pg_subscription', 'subconninfo'],
]);

/** Columns that hold none of it: what there are statistics of. */
const without: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['pg_stats', new Set(['schemaname', 'tablename', 'attname', 'inherited'])],
]);

/** What a catalog relation stores that nobody labelled, in this column of it; undefined when it is only metadata. */
export function storedIn(name: string, column: string): string | undefined {
  if (without.get(name)?.has(column) === true) return undefined;
  return (within.get(name) ?? column) === column ? storing.get(name) : undefined;
}

/** The same of the relation. @param access where it is read, and not all columns hold it, the column says so */
export function storedValues(name: string, access: 'read' | 'write'): string | undefined {
  return access === 'read' && (within.has(name) || without.has(name)) ? undefined : storing.get(name);
}
