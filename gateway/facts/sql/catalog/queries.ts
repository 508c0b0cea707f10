import { functionsOfRows, readRules, rulesQuery } from './rules.ts';
import { functionsCalledByTypes, typeCodeQuery } from './type-code.ts';
import { readStandIns } from './types.ts';
import type { CatalogColumn, CatalogFunction, CatalogKind, CatalogRelation, CatalogSnapshot } from './catalog.ts';

/** Bits without a number are as many as they like, like those of `bit varying`. */
function written(type: string, modifier: string): string {
  return `CASE WHEN ${type} = 1560 AND ${modifier} = -1 THEN 1562 ELSE ${type}::pg_catalog.int8 END`;
}

/**
 * What to ask a target, PostgreSQL 15 to 18, with its own credentials, all in one connection and in text format.
 * `setup` comes first: with an empty search path `pg_get_viewdef` and `format_type` qualify every name.
 */
export const catalogQueries = {
  setup: `SELECT pg_catalog.set_config('search_path', '', false)`,
  relations: `
    SELECT c.oid, n.nspname, c.relname, c.relkind,
           EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1'),
           c.relhastriggers,
           CASE WHEN c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                THEN pg_catalog.pg_get_viewdef(c.oid) END
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname !~ '^pg_toast' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I', 'c')`,
  columns: `
    SELECT a.attrelid, pg_catalog.json_agg(pg_catalog.json_build_array(
             a.attname, a.attnum, ${written('a.atttypid', 'a.atttypmod')}, pg_catalog.format_type(a.atttypid, NULL),
             a.attgenerated <> '', NOT l.collisdeterministic) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
     WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname !~ '^pg_toast'
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
     GROUP BY a.attrelid ORDER BY a.attrelid`,
  inherits: `SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits`,
  functions: `
    SELECT n.nspname, p.proname, l.lanname, p.provolatile, p.prokind, e.extname,
           CASE WHEN l.lanname = 'sql' AND p.prokind = 'f' AND e.extname IS NULL AND p.proconfig IS NULL
                THEN COALESCE(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) END,
           p.prosqlbody IS NOT NULL, COALESCE(pg_catalog.array_to_json(p.proargnames)::pg_catalog.text, '[]'),
           pg_catalog.pg_get_expr(p.proargdefaults, 0::pg_catalog.oid),
           CASE WHEN p.prorettype = 25 THEN 'text' WHEN p.prorettype = 2249 OR t.typtype = 'c' THEN 'row' ELSE 'other' END,
           CASE WHEN l.lanname IN ('plpgsql', 'sql') AND (p.prorettype IN (2279, 3838) OR p.oid IN (${functionsOfRows}) OR p.oid IN (${functionsCalledByTypes}))
                THEN COALESCE(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) END,
           p.proretset,
           CASE WHEN l.lanname = 'sql' AND p.prokind = 'f' THEN (SELECT pg_catalog.json_agg(COALESCE(r.typrelid, 0)::pg_catalog.int8 ORDER BY u.n)
              FROM pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) WITH ORDINALITY u(type, n) LEFT JOIN pg_catalog.pg_type r ON r.oid = u.type AND r.typtype = 'c') END,
           (SELECT pg_catalog.substr(s.setting, 13) FROM pg_catalog.unnest(p.proconfig) s(setting) WHERE s.setting LIKE 'search\\_path=%')
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_type t ON t.oid = p.prorettype
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
      LEFT JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
      LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
     WHERE n.nspname <> 'information_schema' AND (n.nspname <> 'pg_catalog' OR p.oid >= 16384)`,
  operators: `
    SELECT DISTINCT n.nspname, o.oprname, e.extname
      FROM pg_catalog.pg_operator o
      JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      LEFT JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND d.objid = o.oid AND d.deptype = 'e'
      LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
     WHERE o.oid >= 16384`,
  // `compares`: a text or UUID is made something else on its way into a comparison. `converts`: something is on its way into text, or a text or UUID into the type that
  // several have together, which is one of the same category. `moves`: so is another type. citext is text by another name; a type that is called like text is what
  // `::text` may mean.
  casts: `
    SELECT 'converts', t.oid
      FROM pg_catalog.pg_type t
     WHERE t.oid >= 16384 AND t.typname IN ('text', 'varchar', 'bpchar')
    UNION
    SELECT k.kind, c.castsource
      FROM pg_catalog.pg_cast c
      JOIN pg_catalog.pg_type t ON t.oid = c.castsource
      JOIN pg_catalog.pg_type o ON o.oid = c.casttarget
      LEFT JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
      LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      CROSS JOIN (VALUES ('compares'), ('converts'), ('moves')) k(kind)
     WHERE c.oid >= 16384 AND e.extname IS DISTINCT FROM 'citext'
       AND CASE k.kind
           WHEN 'compares' THEN c.castcontext = 'i' AND (t.oid IN (25, 1042, 1043, 2950) OR t.typname = 'citext')
           WHEN 'converts' THEN e.extname IS NULL AND o.oid IN (25, 114, 1042, 1043)
             OR c.castcontext = 'i' AND t.oid IN (25, 1042, 1043, 2950) AND t.typcategory = o.typcategory
           ELSE c.castcontext = 'i' AND t.oid < 16384 AND t.oid NOT IN (25, 1042, 1043, 2950) AND t.typcategory = o.typcategory END`,
  rules: rulesQuery,
  types: `
    SELECT t.oid, t.typtype, t.typname, ${written('t.typbasetype', 't.typtypmod')}, CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END, x.extname, n.nspname
      FROM pg_catalog.pg_type t
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
      LEFT JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'
      LEFT JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
      LEFT JOIN pg_catalog.pg_class r ON r.oid = CASE WHEN t.typtype = 'c' THEN t.typrelid ELSE e.typrelid END AND r.oid <> 0
     WHERE t.oid >= 16384 AND t.typtype IN ('b', 'd', 'r', 'm', 'c') AND (r.oid IS NULL OR r.relkind = 'c')`,
  enums: `
    SELECT n.nspname, t.typname, e.enumlabel
      FROM pg_catalog.pg_enum e
      JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
     ORDER BY t.oid, e.enumsortorder`,
  typeCode: typeCodeQuery,
} as const;

/** Rows as text, the way the simple protocol brings them. */
export type TextRows = readonly (readonly (string | null)[])[];
export type CatalogRows = { readonly [query in Exclude<keyof typeof catalogQueries, 'setup'>]: TextRows };

type ColumnRow = readonly [
  name: string,
  attnum: number,
  typeOid: number,
  typeName: string,
  isGenerated?: boolean,
  folds?: boolean | null,
];

/** @param version see `CatalogSnapshot.version` */
export function readCatalog(rows: CatalogRows, version: number): CatalogSnapshot {
  const intern = interner();
  const column = columnInterner(intern);
  const columns = new Map<number, readonly CatalogColumn[]>();
  for (const [relation, list] of rows.columns) {
    const each = JSON.parse(list ?? '[]') as readonly ColumnRow[]; // made so by the query
    columns.set(Number(relation), each.map(column));
  }
  const inherits = new Map<number, number[]>();
  for (const [child, parent] of rows.inherits) {
    inherits.set(Number(child), [...(inherits.get(Number(child)) ?? []), Number(parent)]);
  }
  return {
    version,
    relations: rows.relations.map(
      ([oid, schema, name, relkind, hasRules, hasTriggers, definition]): CatalogRelation => ({
        oid: Number(oid),
        schema: intern(schema),
        name: intern(name),
        kind: kindOf(schema ?? '', relkind ?? ''),
        columns: columns.get(Number(oid)) ?? [],
        inherits: inherits.get(Number(oid)) ?? [],
        hasRules: hasRules !== 'f',
        hasTriggers: hasTriggers !== 'f',
        ...(typeof definition === 'string' ? { definition } : {}),
      }),
    ),
    functions: rows.functions.map(
      ([schema, name, language, volatility, kind, extension, ...body]): CatalogFunction => ({
        schema: intern(schema),
        name: intern(name),
        language: intern(language),
        volatility: volatility === 'i' ? 'immutable' : volatility === 's' ? 'stable' : 'volatile',
        kind: kind === 'p' ? 'procedure' : kind === 'a' ? 'aggregate' : kind === 'w' ? 'window' : 'function',
        extension: extension ?? null,
        ...(body.at(6) === 'f' ? { scalar: true as const } : {}),
        ...bodyOf(body),
      }),
    ),
    operators: rows.operators.map(([schema, name, extension]) => ({
      schema: intern(schema),
      name: intern(name),
      extension: extension ?? null,
    })),
    rules: readRules(rows.rules, columns),
    typeCode: rows.typeCode.map(([schema, name, of]) => ({
      schema: intern(schema),
      name: intern(name),
      of: of ?? '',
    })),
    standIns: readStandIns(rows.types),
    coerces: rows.casts.some(([kind]) => kind === 'compares'),
    converts: rows.casts.some(([kind]) => kind === 'converts'),
    moved: new Set(rows.casts.flatMap(([kind, oid]) => (kind === 'moves' ? [Number(oid)] : []))),
    enums: readEnums(rows.enums),
    types: rows.types.flatMap(([, typtype, name, , element, , schema]) =>
      typtype === 'c' || (element ?? '0') !== '0' ? [] : [{ schema: intern(schema), name: intern(name) }],
    ),
  };
}

function bodyOf([sql, atomic, parameters, defaults, returns, source, , rowTypes, path]: TextRows[number]): Pick<
  CatalogFunction,
  'body' | 'names' | 'path'
> {
  const own = {
    ...(typeof source === 'string' ? { names: namesIn(source) } : {}),
    ...(typeof path === 'string' ? { path: schemasIn(path) } : {}),
  };
  if (typeof sql !== 'string') return own;
  return {
    ...own,
    body: {
      sql,
      atomic: atomic === 't',
      // An array of names, as the query asks for it.
      parameters: JSON.parse(parameters ?? '[]') as readonly string[],
      defaults: defaults ?? null,
      returns: returns === 'text' || returns === 'row' ? returns : 'other',
      // And of numbers.
      rowTypes: JSON.parse(rowTypes ?? '[]') as readonly number[],
    },
  };
}

/** Quoted or not, and those in literals and comments as well: more than it can name. An escaped name may be any: U&"..." is one of the names. */
function namesIn(source: string): readonly string[] {
  const plain = source.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? [];
  const quoted = [...source.matchAll(/"((?:[^"]|"")+)"/g)].map(([, name = '']) => name.replaceAll('""', '"'));
  return [...new Set([...plain, ...quoted, ...(/u&"/i.test(source) ? ['execute'] : [])])].sort();
}

/** `search_path` as the server keeps it: `a, "B", "$user"`. */
function schemasIn(path: string): readonly string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].flatMap(([plain, quoted]) => {
    const name = quoted === undefined ? plain.toLowerCase() : quoted.replaceAll('""', '"');
    return name === '' ? [] : [name];
  });
}

function kindOf(schema: string, relkind: string): CatalogKind {
  if (schema === 'pg_catalog' || schema === 'information_schema') return 'catalog';
  switch (relkind) {
    case 'v':
      return 'view';
    case 'm':
      return 'materialized_view';
    case 'f':
      return 'foreign_table';
    case 'S':
      return 'sequence';
    case 'i':
    case 'I':
      return 'index';
    case 'c':
      return 'composite_type';
    default:
      return 'table';
  }
}

function readEnums(rows: TextRows): CatalogSnapshot['enums'] {
  const enums = new Map<string, { schema: string; name: string; values: string[] }>();
  for (const [schema, name, value] of rows) {
    const key = `${schema}.${name}`;
    const known = enums.get(key) ?? { schema: schema ?? '', name: name ?? '', values: [] };
    known.values.push(value ?? '');
    enums.set(key, known);
  }
  return [...enums.values()];
}

/** Names repeat: 200,000 columns share a few thousand. */
function interner(): (text: string | null | undefined) => string {
  const seen = new Map<string, string>();
  return (text) => {
    const key = text ?? '';
    const known = seen.get(key);
    if (known !== undefined) return known;
    seen.set(key, key);
    return key;
  };
}

/** And so do columns: those of one name, place and type are one object. */
function columnInterner(intern: (text: string) => string): (row: ColumnRow) => CatalogColumn {
  const seen = new Map<string, CatalogColumn>();
  return ([name, attnum, typeOid, typeName, isGenerated, folds]) => {
    const key = `${attnum} ${typeOid} ${isGenerated === true} ${folds === true} ${name}`;
    const known = seen.get(key);
    if (known) return known;
    const made = {
      name: intern(name),
      attnum,
      typeOid,
      typeName: intern(typeName),
      ...(isGenerated === true ? { isGenerated } : {}),
      ...(folds === true ? { folds } : {}),
    };
    seen.set(key, made);
    return made;
  };
}
