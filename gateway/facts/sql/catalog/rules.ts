import { entriesQuery, entryOf, type EntryRule } from './entry-rules.ts';

/**
 * What a table does by itself with the values of its columns: by it a value shows that nobody asked for. Columns are names, in no order.
 * https://www.postgresql.org/docs/current/ddl.html
 */
export type TableRule =
  /**
   * A unique index or an exclusion constraint: whether a row fits tells whether its values are there already. `nulls`: several rows may have NULL in it.
   */
  | { readonly kind: 'primary' | 'unique'; readonly columns: readonly string[]; readonly over: KeyExtent; readonly nulls?: boolean | undefined; readonly folded?: Folded }
  /** `unchecked`: rows that are there may break it. Nobody has looked (NOT VALID), or it asks what the session has set, or the time. */
  | { readonly kind: 'check' | 'unchecked'; readonly columns: readonly string[] }
  /** `follows`: what the server does to the rows that refer to one, when that one is deleted or gets another key. */
  | { readonly kind: 'foreign'; readonly columns: readonly string[]; readonly to: Columns; readonly follows?: Follows }
  /** What a policy of row-level security reads, of the table itself or of another. */
  | { readonly kind: 'policy'; readonly reads: Columns }
  | { readonly kind: 'partition'; readonly columns: readonly string[] }
  /**
   * In whose order rows may be read, as they may in that of a key. `keys`: what that order, or which rows stand in it, follows from; `covers`: columns whose values stand in it
   * themselves; `own`: it is of columns only, and compares them as they are compared with `=`.
   */
  | { readonly kind: 'index'; readonly keys: readonly string[]; readonly covers: readonly string[]; readonly own?: true }
  /** A generated column, and what it is made of. `limited`: not each value fits, by a length or a precision, or because NULL does not. */
  | { readonly kind: 'stored' | 'virtual'; readonly column: string; readonly columns: readonly string[]; readonly sql: string; readonly limited?: boolean | undefined }
  /** Columns of keys that have a value where a new row is given none. */
  | { readonly kind: 'filled'; readonly columns: readonly string[] }
  /** An update that leaves a row as it was is left out, and not counted: `suppress_redundant_updates_trigger`. */
  | { readonly kind: 'redundant' }
  /** A trigger works on each row that is deleted, or that loses what it refers to, one after the other. */
  | { readonly kind: 'each' }
  /** The default of a column, where it calls a function that somebody wrote. */
  | { readonly kind: 'default'; readonly column: string; readonly sql: string }
  /** A column whose type is a domain: a check that the domain gets is asked of every value. */
  | { readonly kind: 'domain'; readonly columns: readonly string[] }
  /** A trigger that somebody wrote calls `schema.name`. */
  | { readonly kind: 'trigger'; readonly calls: string }
  | EntryRule
  /** A function that somebody wrote, `schema.name`, is called with what stands in rows: by a check, an index, a generated column or a trigger's condition when one is written, by a policy whenever it is read. */
  | { readonly kind: 'called' | 'asked'; readonly calls: string }; // prettier-ignore

/**
 * `computed`: an expression, or some rows only; its columns are all that this is made of. `own`: columns, compared as they are with `=`. `alone`: columns whose values are there together
 * once by the columns' own equality, checked at once, in a table whose rows stand there as they were given and are all seen. Then whether a
 * row fits tells whether a row with its values is there, and nothing else.
 */
export type KeyExtent = 'alone' | 'own' | 'columns' | 'computed';

/**
 * Of a computed key that is like one that is `alone`, but that letters count as small or capital ones, as in `lower(email)`, and that only rows count of which
 * the column `whileNull` is NULL: `WHERE deleted_at IS NULL`.
 */
export interface Folded {
  readonly whileNull?: string;
}

/** `null`: the columns that refer become NULL; `update`: they become something else; absent: nothing, or the statement fails. */
export interface Follows {
  readonly delete?: 'delete' | 'null' | 'update';
  readonly update?: 'null' | 'update';
}

interface Columns {
  /** OID of the table. */
  readonly relation: number;
  readonly columns: readonly string[];
}

/** No table has this OID: https://www.postgresql.org/docs/current/datatype-oid.html. A trigger of it is an event trigger. */
export const ofNoTable = 0;

export interface CatalogRule {
  /** OID of the table whose rule it is, or `ofNoTable`. */
  readonly relation: number;
  readonly rule: TableRule;
}

const classOf = (table: string): string => `'pg_catalog.${table}'::pg_catalog.regclass`;
/** Columns of a table that an object depends on; 0 is the whole row. */
const dependsOn = (objectClass: string, object: string, table: string): string =>
  `SELECT d.refobjsubid FROM pg_catalog.pg_depend d WHERE d.classid = ${classOf(objectClass)} AND d.objid = ${object}
     AND d.refclassid = ${classOf('pg_class')} AND d.refobjid = ${table}`;
const numbers = (query: string): string => `(ARRAY(${query}))::pg_catalog.text`;
const expression = 'pg_catalog.pg_get_expr(f.adbin, f.adrelid)';

/** In the order of the columns' own equality: the default operator class of a B-tree, and the columns' collations. @param isColumn whether the key `k` is the column `a` */
const ownEquality = (isColumn: string): string => `NOT EXISTS (
      SELECT FROM ROWS FROM (pg_catalog.unnest(i.indkey::pg_catalog.int2[]), pg_catalog.unnest(i.indclass::pg_catalog.oid[]), pg_catalog.unnest(i.indcollation::pg_catalog.oid[]))
             WITH ORDINALITY k(att, class, coll, n)
       WHERE k.n <= i.indnkeyatts AND (NOT EXISTS (SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
                          WHERE o.oid = k.class AND o.opcdefault AND m.amname = 'btree')
          OR NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND ${isColumn} AND a.attcollation = k.coll)))`;
/** Of columns only. What is included is in no order. */
const comparesAsColumns = `i.indexprs IS NULL AND i.indpred IS NULL AND ${ownEquality('a.attnum = k.att')}`;

/**
 * See `KeyExtent`. What a trigger makes of a row is its author's to say, and
 * row-level security may hide the row that has the value.
 */
const onePlace = `i.indisunique AND NOT i.indisexclusion AND i.indimmediate AND i.indisvalid AND NOT i.indnullsnotdistinct
    AND i.indnatts = i.indnkeyatts AND c.relkind = 'r' AND NOT c.relhassubclass AND NOT c.relrowsecurity
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)`;
const isAlone = `${onePlace} AND ${comparesAsColumns}`;

/** The whole expression, as the server writes it with nothing in its search path: any other function of that name has its schema before it. */
const foldedColumn = `k.att = 0 AND pg_catalog.pg_get_indexdef(i.indexrelid, k.n::pg_catalog.int4, true) IN (
             pg_catalog.format('lower(%I)', a.attname), pg_catalog.format('lower(%I::text)', a.attname),
             pg_catalog.format('upper(%I)', a.attname), pg_catalog.format('upper(%I::text)', a.attname))`;
/** See `Folded`: the number of the column that has to be NULL. */
const whileNull = `SELECT a.attnum FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND pg_catalog.pg_get_expr(i.indpred, i.indrelid) = pg_catalog.format('(%I IS NULL)', a.attname)`;
const isFolded = `${onePlace} AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND (i.indpred IS NULL OR EXISTS (${whileNull}))
    AND ${ownEquality(`(a.attnum = k.att OR ${foldedColumn})`)}`;

/** An index without plain columns depends on the table as a whole, too: only its text says whether it is made of whole rows. */
const readsWholeRow = `pg_catalog.concat(pg_catalog.pg_get_expr(i.indexprs, i.indrelid), pg_catalog.pg_get_expr(i.indpred, i.indrelid)) LIKE '%.*%'`;
const computedFrom = `${dependsOn('pg_class', 'i.indexrelid', 'i.indrelid')} AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
             AND (d.refobjsubid <> 0 OR ${readsWholeRow}`;
/** What somebody's function makes of a row is its author's to say. */
const callsSomebodys = `EXISTS (SELECT FROM pg_catalog.pg_depend f WHERE f.classid = ${classOf('pg_class')} AND f.objid = i.indexrelid
                           AND f.refclassid IN (${classOf('pg_proc')}, ${classOf('pg_operator')}))`;

/** What is computed of rows by itself: table, kind of the rule, class and OID of what depends on the functions that it calls. */
const computedOfRows = `
  SELECT k.conrelid, 'called', ${classOf('pg_constraint')}, k.oid FROM pg_catalog.pg_constraint k WHERE k.contype = 'c' AND k.conrelid >= 16384
  UNION ALL
  SELECT i.indrelid, 'called', ${classOf('pg_class')}, i.indexrelid FROM pg_catalog.pg_index i WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND i.indrelid >= 16384
  UNION ALL
  SELECT s.stxrelid, 'called', ${classOf('pg_statistic_ext')}, s.oid FROM pg_catalog.pg_statistic_ext s WHERE s.stxexprs IS NOT NULL
  UNION ALL
  SELECT p.partrelid, 'called', ${classOf('pg_class')}, p.partrelid FROM pg_catalog.pg_partitioned_table p WHERE p.partexprs IS NOT NULL
  UNION ALL
  SELECT f.adrelid, 'called', ${classOf('pg_attrdef')}, f.oid
    FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum AND a.attgenerated <> ''
  UNION ALL
  SELECT t.tgrelid, 'called', ${classOf('pg_trigger')}, t.oid FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgqual IS NOT NULL
  UNION ALL
  SELECT p.polrelid, 'asked', ${classOf('pg_policy')}, p.oid FROM pg_catalog.pg_policy p`;
/** Functions that it calls, those behind its operators and in the checks of domains that it casts to among them: table, kind of the rule, function. */
const calledOfRows = `
  SELECT r.tab, r.kind, COALESCE(o.oprcode::pg_catalog.oid, d.refobjid) AS fn
    FROM (WITH computed(tab, kind, class, obj) AS (${computedOfRows})
          SELECT * FROM computed
          UNION ALL
          SELECT c.tab, c.kind, ${classOf('pg_constraint')}, k.oid
            FROM computed c
            JOIN pg_catalog.pg_depend d ON d.classid = c.class AND d.objid = c.obj AND d.refclassid = ${classOf('pg_type')}
            JOIN pg_catalog.pg_constraint k ON k.contypid = d.refobjid AND d.refobjid <> 0) r
    JOIN pg_catalog.pg_depend d ON d.classid = r.class AND d.objid = r.obj AND d.refclassid IN (${classOf('pg_proc')}, ${classOf('pg_operator')})
    LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = ${classOf('pg_operator')} AND o.oid = d.refobjid`;

/** What is made of the same values is the same whenever and by whomever it is asked. */
const steadyCalls = `NOT EXISTS (
      SELECT FROM pg_catalog.regexp_matches(k.conbin::pg_catalog.text, ':(funcid|opno) (\\d+)', 'g') m(found)
        LEFT JOIN pg_catalog.pg_operator o ON m.found[1] = 'opno' AND o.oid = m.found[2]::pg_catalog.oid
        JOIN pg_catalog.pg_proc p ON p.oid = COALESCE(o.oprcode::pg_catalog.oid, m.found[2]::pg_catalog.oid)
       WHERE p.provolatile <> 'i')
    AND k.conbin::pg_catalog.text !~ '\\{(COERCEVIAIO|COERCETODOMAIN|SQLVALUEFUNCTION|XMLEXPR|JSONEXPR|JSONCONSTRUCTOREXPR|NEXTVALUEEXPR) '`;
/** A day that has come stays one that has: `born <= CURRENT_DATE`, beside plain comparisons, which nothing denies or compares with another. */
const pastOnly = `(SELECT e.said <> t.rest AND t.rest !~ '[^\\w\\s()<>="]|\\w\\(|CURRENT|LOCAL|NOT \\(|\\) [<>=]|[<>=] \\('
      FROM (SELECT pg_catalog.pg_get_expr(k.conbin, k.conrelid)) e(said),
           LATERAL (SELECT pg_catalog.regexp_replace(pg_catalog.regexp_replace(e.said, '[\\w"]+ <=? (CURRENT_DATE|CURRENT_TIMESTAMP|LOCALTIMESTAMP|now\\(\\))', '', 'g'),
             '''[^'']*''::(date|text)', '', 'g')) t(rest))`;
const isSteady = `(${steadyCalls} OR ${pastOnly})`;

/** OIDs of functions that tables call by themselves. */
export const functionsOfRows = `SELECT u.fn FROM (${calledOfRows}) u`;

/** Rows: table, kind, attribute numbers (`{1,2}`), another table, its attribute numbers or the number of one attribute, text (`alone` or `own` of a key or index, `expressions` of an index without columns). */
export const rulesQuery = `
  SELECT i.indrelid, CASE WHEN i.indisprimary AND i.indimmediate THEN 'primary' WHEN i.indexprs IS NULL AND i.indpred IS NULL THEN 'unique' ELSE 'computed' END,
         ${numbers(`SELECT u.k FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY u(k, n) WHERE u.k <> 0 AND u.n <= i.indnkeyatts
           UNION ${computedFrom} OR ${callsSomebodys})`)},
         CASE WHEN NOT i.indnullsnotdistinct AND EXISTS (
           SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::pg_catalog.int2[]) AND NOT a.attnotnull)
         THEN i.indrelid END, ${numbers(whileNull)},
         CASE WHEN ${isAlone} THEN 'alone' WHEN ${comparesAsColumns} THEN 'own' WHEN ${isFolded} THEN CASE WHEN i.indpred IS NULL THEN 'folded' ELSE 'folded while null' END END
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relkind <> 't'
   WHERE (i.indisunique OR i.indisexclusion) AND i.indrelid >= 16384
  UNION ALL
  SELECT i.indrelid, 'index',
         ${numbers(`SELECT u.k FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY u(k, n) WHERE u.k <> 0 AND u.n <= i.indnkeyatts
           UNION ${computedFrom})`)},
         i.indrelid, ${numbers(`SELECT u.k FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) u(k) WHERE u.k <> 0`)},
         CASE WHEN 0 = ALL (i.indkey::pg_catalog.int2[]) THEN 'expressions' WHEN ${comparesAsColumns} THEN 'own' END
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relkind <> 't'
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname NOT IN ('hash', 'gin', 'brin')
   WHERE i.indrelid >= 16384 AND x.relkind = 'i'
     AND NOT (i.indisunique AND i.indnatts = i.indnkeyatts AND i.indexprs IS NULL AND i.indpred IS NULL)
  UNION ALL
  SELECT k.conrelid, CASE WHEN k.convalidated AND (k.contype <> 'c' OR ${isSteady}) THEN 'check' ELSE 'unchecked' END, COALESCE(k.conkey::pg_catalog.text, '{}'), NULL, NULL, NULL
    FROM pg_catalog.pg_constraint k WHERE (k.contype = 'c' OR k.contype = 'n' AND NOT k.convalidated) AND k.conrelid >= 16384
  UNION ALL
  SELECT k.conrelid, 'foreign', k.conkey::pg_catalog.text, k.confrelid, k.confkey::pg_catalog.text, pg_catalog.concat(k.confdeltype, k.confupdtype)
    FROM pg_catalog.pg_constraint k WHERE k.contype = 'f'
  UNION ALL
  SELECT p.polrelid, 'policy', '{}', d.refobjid, pg_catalog.array_agg(DISTINCT d.refobjsubid)::pg_catalog.text, NULL
    FROM pg_catalog.pg_policy p
    JOIN pg_catalog.pg_class c ON c.oid = p.polrelid AND c.relrowsecurity
    JOIN pg_catalog.pg_depend d ON d.classid = ${classOf('pg_policy')} AND d.objid = p.oid AND d.refclassid = ${classOf('pg_class')} AND d.deptype = 'n'
   GROUP BY p.oid, p.polrelid, d.refobjid
  UNION ALL
  SELECT p.partrelid, 'partition',
         ${numbers(`SELECT u.k FROM pg_catalog.unnest(p.partattrs::pg_catalog.int2[]) u(k) WHERE u.k <> 0
           UNION SELECT d.objsubid FROM pg_catalog.pg_depend d WHERE p.partexprs IS NOT NULL AND d.classid = ${classOf('pg_class')} AND d.objid = p.partrelid
             AND d.refclassid = ${classOf('pg_class')} AND d.refobjid = p.partrelid AND d.objsubid > 0`)},
         NULL, NULL, NULL
    FROM pg_catalog.pg_partitioned_table p
  UNION ALL
  SELECT f.adrelid, CASE a.attgenerated WHEN 'v' THEN 'virtual' ELSE 'stored' END,
         ${numbers(dependsOn('pg_attrdef', 'f.oid', 'f.adrelid'))},
         CASE WHEN a.attnotnull OR a.atttypmod <> -1 AND a.attgenerated <> 'v' THEN f.adrelid END, a.attnum::pg_catalog.text, ${expression}
    FROM pg_catalog.pg_attrdef f
    JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
   WHERE a.attgenerated <> ''
  UNION ALL
  SELECT f.adrelid, 'default', '{}', NULL, f.adnum::pg_catalog.text, ${expression}
    FROM pg_catalog.pg_attrdef f
    JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
   WHERE a.attgenerated = '' AND EXISTS (SELECT FROM pg_catalog.pg_depend p WHERE p.classid = ${classOf('pg_attrdef')} AND p.objid = f.oid AND p.refclassid = ${classOf('pg_proc')})
  UNION ALL
  SELECT a.attrelid, 'filled', pg_catalog.array_agg(a.attnum)::pg_catalog.text, NULL, NULL, NULL
    FROM (SELECT a.attrelid, a.attnum FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
           WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
             AND (a.atthasdef OR a.attidentity <> '' OR t.typdefaultbin IS NOT NULL)
          OFFSET 0) a -- First: of all columns of all tables these are few.
   WHERE (EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND (i.indisunique OR i.indisexclusion)
                     AND (a.attnum = ANY (i.indkey::pg_catalog.int2[]) OR i.indexprs IS NOT NULL))
       OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND a.attnum = ANY (k.conkey)))
   GROUP BY a.attrelid
  UNION ALL
  SELECT DISTINCT t.tgrelid, 'redundant', '{}', NULL::pg_catalog.oid, NULL, NULL
    FROM pg_catalog.pg_trigger t WHERE t.tgfoid = 'pg_catalog.suppress_redundant_updates_trigger'::pg_catalog.regproc
  UNION ALL
  SELECT DISTINCT t.tgrelid, 'each', '{}', NULL::pg_catalog.oid, NULL, NULL
    FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgtype & 1 = 1
     AND (t.tgtype & 8 = 8 OR t.tgtype & 16 = 16 AND EXISTS (
           SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = t.tgrelid AND k.contype = 'f' AND k.confdeltype IN ('n', 'd')))
  UNION ALL
  SELECT t.tgrelid, 'stored',
         ${numbers('SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.tgrelid AND a.attname = ANY (g.args[3:])')},
         NULL, a.attnum::pg_catalog.text, 'pg_catalog.to_tsvector(NULL)'
    FROM pg_catalog.pg_trigger t
   CROSS JOIN LATERAL (SELECT pg_catalog.string_to_array(pg_catalog.encode(t.tgargs, 'escape'), '\\000')) g(args)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.tgrelid AND a.attname = g.args[1] AND a.attnum > 0
   WHERE t.tgfoid IN ('pg_catalog.tsvector_update_trigger'::pg_catalog.regproc, 'pg_catalog.tsvector_update_trigger_column'::pg_catalog.regproc)
  UNION ALL
  SELECT a.attrelid, 'domain', pg_catalog.array_agg(a.attnum)::pg_catalog.text, NULL, NULL, NULL
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'd' AND t.oid >= 16384
   WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
   GROUP BY a.attrelid
  UNION ALL
  SELECT a.attrelid, 'default', '{}', NULL, a.attnum::pg_catalog.text, pg_catalog.pg_get_expr(t.typdefaultbin, 0::pg_catalog.oid)
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'd' AND t.typdefaultbin IS NOT NULL
   WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.atthasdef
     AND EXISTS (SELECT FROM pg_catalog.pg_depend p WHERE p.classid = ${classOf('pg_type')} AND p.objid = t.oid AND p.refclassid = ${classOf('pg_proc')})
  UNION ALL
  SELECT DISTINCT t.tab, 'trigger', '{}', NULL::pg_catalog.oid, NULL, pg_catalog.concat(n.nspname, '.', p.proname)
    FROM (SELECT tgrelid, tgfoid FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
          UNION ALL SELECT ${ofNoTable}, evtfoid FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D') t(tab, fn)
    JOIN pg_catalog.pg_proc p ON p.oid = t.fn
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
   WHERE l.lanname NOT IN ('c', 'internal')
  UNION ALL
  SELECT DISTINCT u.tab, u.kind, '{}', NULL::pg_catalog.oid, NULL, pg_catalog.concat(n.nspname, '.', p.proname)
    FROM (${calledOfRows}) u
    JOIN pg_catalog.pg_proc p ON p.oid = u.fn
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
   WHERE l.lanname NOT IN ('c', 'internal') AND p.oid >= 16384
  UNION ALL
  ${entriesQuery}`;

type Row = readonly (string | null)[];

/** @param columns of each table, by OID */
export function readRules(
  rows: readonly Row[],
  columns: ReadonlyMap<number, readonly { readonly name: string; readonly attnum: number }[]>,
): readonly CatalogRule[] {
  const named = (table: number, list: string | null | undefined): readonly string[] => {
    const all = columns.get(table) ?? [];
    const attnums = (list?.match(/-?\d+/g) ?? []).map(Number);
    // The whole row, or a list that says nothing: any column may be meant.
    const chosen =
      attnums.length === 0 || attnums.includes(0) ? all : all.filter(({ attnum }) => attnums.includes(attnum));
    return chosen.map(({ name }) => name);
  };
  return rows.flatMap(([table, kind, own, other, others, sql]) => {
    const relation = Number(table);
    const rule = ruleOf(kind, named(relation, own), () => ({
      to: { relation: Number(other), columns: named(Number(other), others) },
      column: named(relation, others)[0] ?? '',
      columns: named(relation, others),
      all: (columns.get(relation) ?? []).map(({ name }) => name),
      sql: sql ?? '',
      marked: other !== null,
    }));
    return rule ? [{ relation, rule }] : [];
  });
}

interface Rest {
  readonly to: Columns;
  readonly column: string;
  readonly columns: readonly string[];
  /** Of the table. */
  readonly all: readonly string[];
  readonly sql: string;
  /** Where the fourth column says something. */
  readonly marked: boolean;
}

function extentOf(said: string): KeyExtent {
  return said === 'alone' || said === 'own' ? said : 'columns';
}

function ruleOf(kind: string | null | undefined, columns: readonly string[], rest: () => Rest): TableRule | undefined {
  switch (kind) {
    case 'primary':
    case 'unique':
      return { kind, columns, over: extentOf(rest().sql), ...(rest().marked && { nulls: true }) };
    case 'computed':
      return { kind: 'unique', columns, over: 'computed', ...foldedOf(rest()) };
    case 'check':
    case 'unchecked':
    case 'partition':
    case 'domain':
    case 'filled':
      return { kind, columns };
    case 'redundant':
    case 'each':
      return { kind };
    case 'trigger':
    case 'called':
    case 'asked':
      return { kind, calls: rest().sql };
    case 'index': {
      const { to, sql } = rest();
      const covers = sql === 'expressions' ? [] : to.columns;
      return { kind, keys: columns, covers, ...(sql === 'own' ? { own: true } : {}) };
    }
    case 'entry': {
      const { columns: long, all, sql, marked } = rest();
      return entryOf(columns, long, all, sql, marked);
    }
    case 'foreign':
      return { kind, columns, to: rest().to, ...followsOf(rest()) };
    case 'policy':
      return { kind, reads: rest().to };
    case 'stored':
    case 'virtual': {
      const { column, sql, marked } = rest();
      // It depends on its own column, too.
      return {
        kind,
        columns: columns.filter((each) => each !== column),
        column,
        sql,
        ...(marked && { limited: true }),
      };
    }
    case 'default': {
      const { column, sql } = rest();
      return { kind, column, sql };
    }
    default:
      return undefined;
  }
}

/** `pg_constraint.confdeltype` and `confupdtype`, a letter each. */
function followsOf({ sql }: Rest): { readonly follows?: Follows } {
  const changes = { n: 'null', d: 'update', c: 'update' } as const;
  const [onDelete = '', onUpdate = ''] = sql;
  const isChange = (letter: string): letter is keyof typeof changes => letter in changes;
  const follows: Follows = {
    ...(isChange(onDelete) && { delete: onDelete === 'c' ? 'delete' : changes[onDelete] }),
    ...(isChange(onUpdate) && { update: changes[onUpdate] }),
  };
  return Object.keys(follows).length > 0 ? { follows } : {};
}

function foldedOf({ column, sql }: Rest): { readonly folded?: Folded } {
  switch (sql) {
    case 'folded':
      return { folded: {} };
    case 'folded while null':
      return { folded: { whileNull: column } };
    default:
      return {};
  }
}
