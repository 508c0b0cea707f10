/**
 * What is stored of a row, and can fail by what stands in it: entries of indexes, expressions of statistics, and the row itself, which has to fit in a
 * page. Which row fails tells of all values that it is made of together, of labelled ones beside those that somebody writes.
 * https://www.postgresql.org/docs/current/limits.html; `_bt_check_third_page` in src/backend/access/nbtree/nbtutils.c
 */
export interface EntryRule {
  readonly kind: 'entry';
  /** All that it is made of. */
  readonly columns: readonly string[];
  /** Columns whose values stand in it and may be as long as somebody likes. */
  readonly long: readonly string[];
  /** Of each expression that may fail: its columns. */
  readonly computed: readonly (readonly string[])[];
  /** Columns by which there is an entry or none. */
  readonly chosen: readonly string[];
  /** What stands in it is made of other rows as well. */
  readonly shared?: true;
}

const classOf = (table: string): string => `'pg_catalog.${table}'::pg_catalog.regclass`;

/** A text of which 256 letters fit at most, or what is never longer: some hundred bytes less say nothing of values that are not very long themselves. */
const isShort = `(t.typlen > 0 OR a.atttypid IN (650, 869, 3904, 3908, 3910, 3912, 3926)
         OR b.type IN (1042, 1043) AND b.limit BETWEEN 0 AND 260 OR b.type IN (1560, 1562) AND b.limit BETWEEN 0 AND 4096 OR b.type = 1700 AND b.limit > 0)`;
/** Columns of the table `tab`, with what their domains are over. */
const columnsOf = (tab: string): string => `pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END) b(type, "limit")
     WHERE a.attrelid = ${tab} AND a.attnum > 0 AND NOT a.attisdropped`;
const keyText = 'pg_catalog.pg_get_indexdef(i.indexrelid, k.n::pg_catalog.int4, true)';
const attributes = `pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(att, n)`;
/** The whole of it is one column, or that in capital or small letters. */
const isFoldedColumn = (
  a: string,
): string => `${keyText} IN (pg_catalog.format('lower(%I)', ${a}.attname), pg_catalog.format('lower(%I::text)', ${a}.attname),
           pg_catalog.format('upper(%I)', ${a}.attname), pg_catalog.format('upper(%I::text)', ${a}.attname))`;

/** Bytes of a row that cannot be stored elsewhere, at most: of a value that can, what stands in its place. Of others there may be any number. */
const leastRoom = `SELECT 24 + pg_catalog.count(*) / 8 + pg_catalog.sum(CASE WHEN t.typlen > 0 THEN t.typlen + 8
         WHEN a.attstorage <> 'p' THEN 32 WHEN ${isShort} THEN 1100 ELSE 1000000 END) FROM ${columnsOf('c.oid')}`;

/**
 * Rows: table, `entry`, attribute numbers of the columns in it, the table again where it is shared, numbers of those that may be long, and JSON:
 * the expressions that may fail, the condition, and whether that calls somebody's functions.
 */
export const entriesQuery = `
  SELECT i.indrelid, 'entry',
         (-1::pg_catalog.int2 || ARRAY(SELECT k.att FROM ${attributes} WHERE k.att <> 0
          UNION SELECT a.attnum FROM ${attributes} JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum > 0 WHERE k.att = 0 AND ${isFoldedColumn('a')}))::pg_catalog.text,
         CASE WHEN m.amname IN ('brin', 'gist', 'spgist') THEN i.indrelid END,
         (-1::pg_catalog.int2 || ARRAY(SELECT a.attnum FROM ${columnsOf('i.indrelid')} AND NOT ${isShort} AND m.amname NOT IN ('gin', 'hash', 'bloom')
           AND EXISTS (SELECT FROM ${attributes} LEFT JOIN pg_catalog.pg_opclass o ON o.oid = (i.indclass::pg_catalog.oid[])[k.n - 1]
                        WHERE (k.att = a.attnum OR k.att = 0 AND ${isFoldedColumn('a')}) AND COALESCE(o.opcname !~ '(trgm|bloom)', true))))::pg_catalog.text,
         pg_catalog.json_build_array(
           (SELECT pg_catalog.json_agg(${keyText}) FROM ${attributes}
             WHERE k.att = 0 AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND ${isFoldedColumn('a')})),
           pg_catalog.pg_get_expr(i.indpred, i.indrelid),
           EXISTS (SELECT FROM pg_catalog.pg_depend f WHERE f.classid = ${classOf('pg_class')} AND f.objid = i.indexrelid
                      AND f.refclassid IN (${classOf('pg_proc')}, ${classOf('pg_operator')})))::pg_catalog.text
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid AND x.relkind = 'i' AND x.relnamespace <> 'pg_toast'::pg_catalog.regnamespace
    JOIN pg_catalog.pg_am m ON m.oid = x.relam
   WHERE i.indrelid >= 16384 AND (i.indnatts > 1 OR i.indpred IS NOT NULL OR i.indexprs IS NOT NULL OR m.amname IN ('brin', 'gist', 'spgist'))
  UNION ALL
  SELECT s.stxrelid, 'entry', '{-1}', NULL, '{-1}', pg_catalog.json_build_array(
           (SELECT pg_catalog.json_agg(u.e) FROM pg_catalog.unnest(pg_catalog.pg_get_statisticsobjdef_expressions(s.oid)) u(e)), NULL, true)::pg_catalog.text
    FROM pg_catalog.pg_statistic_ext s WHERE s.stxexprs IS NOT NULL
  UNION ALL
  SELECT c.oid, 'entry', (ARRAY(SELECT a.attnum FROM ${columnsOf('c.oid')}))::pg_catalog.text, NULL, (ARRAY(SELECT a.attnum FROM ${columnsOf('c.oid')}))::pg_catalog.text, '[null, null, false]'
    FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND c.oid >= 16384 AND (${leastRoom}) > 8160`;

/**
 * @param stored names of columns that stand in it as they are
 * @param all names of all columns of the table
 * @param json what the query says of expressions
 * @returns undefined where no value stands beside another
 */
export function entryOf(
  stored: readonly string[],
  long: readonly string[],
  all: readonly string[],
  json: string,
  isShared: boolean,
): EntryRule | undefined {
  // Made so by the query.
  const [expressions, condition, callsSomebodys] = JSON.parse(json) as [string[] | null, string | null, boolean];
  const named = (sql: string): readonly string[] => all.filter((name) => mentions(sql, name));
  const made = (expressions ?? []).map(named);
  const chosen = condition === null ? [] : named(condition);
  const computed = condition === null || (!callsSomebodys && isCalm(condition)) ? made : [...made, chosen];
  const columns = [...new Set([...stored, ...made.flat(), ...chosen])];
  // What a value is alone, whoever writes it knows.
  if (columns.length < 2 && !isShared) return undefined;
  return {
    kind: 'entry',
    columns,
    long: [...new Set([...long, ...made.flat()])],
    computed,
    chosen,
    ...(isShared && { shared: true }),
  };
}

/** More than those that are meant, but none less: the server writes each by its name. */
function mentions(sql: string, column: string): boolean {
  if (sql.includes('.*') || sql.includes(`"${column.replaceAll('"', '""')}"`)) return true;
  return /^[a-z_][a-z0-9_]*$/.test(column) && new RegExp(`(?<![\\w$"])${column}(?![\\w$"])`).test(sql);
}

const constants = /'(?:[^']|'')*'(?:::[a-z][a-z0-9_ ]*(?:\(\d+(?:,\d+)?\))?(?:\[\])?)?/g;
const words = /"(?:[^"]|"")*"|\b[A-Za-z_][\w$]*\b(?! ?\()|\b(?:AND|OR|NOT|ANY|ALL)\b(?= ?\()/g;
const calm = /::(?:text|character varying|bpchar)(?:\[\])?/g;

/** A condition that is true or not of any row, and cannot fail: columns and constants, compared. No function, no arithmetic, no cast but to text. */
function isCalm(condition: string): boolean {
  const left = condition.replace(constants, '0').replace(calm, '').replace(words, '0');
  return /^(?:[\s(),[\].]|\d|[<>=]|<>)*$/.test(left);
}
