/** A function that somebody wrote, and that the server calls where a value becomes one of a type or is compared, though no statement names it. */
export interface TypeCode {
  readonly schema: string;
  readonly name: string;
  /** Whose it is, for a person to read: `the cast from integer to public.address`. */
  readonly of: string;
}

const classOf = (table: string): string => `'pg_catalog.${table}'::pg_catalog.regclass`;
const typeOf = (oid: string): string => `pg_catalog.format_type(${oid}, NULL)`;

/**
 * Functions of casts, of the checks of domains, of ranges, and of operator classes, by which ORDER BY, DISTINCT and indexes compare.
 * https://www.postgresql.org/docs/current/sql-createcast.html, sql-createdomain.html, sql-createtype.html, xindex.html
 */
const functionsOfTypes = `
  SELECT c.castfunc AS fn, pg_catalog.concat('the cast from ', ${typeOf('c.castsource')}, ' to ', ${typeOf('c.casttarget')}) AS what
    FROM pg_catalog.pg_cast c
  UNION
  SELECT COALESCE(o.oprcode::pg_catalog.oid, d.refobjid), pg_catalog.concat('the domain ', ${typeOf('k.contypid')})
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_depend d ON d.classid = ${classOf('pg_constraint')} AND d.objid = k.oid AND d.refclassid IN (${classOf('pg_proc')}, ${classOf('pg_operator')})
    LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = ${classOf('pg_operator')} AND o.oid = d.refobjid
   WHERE k.contypid <> 0
  UNION
  SELECT u.fn, pg_catalog.concat('the range ', ${typeOf('r.rngtypid')})
    FROM pg_catalog.pg_range r CROSS JOIN LATERAL (VALUES (r.rngcanonical::pg_catalog.oid), (r.rngsubdiff::pg_catalog.oid)) u(fn)
  UNION
  SELECT a.amproc::pg_catalog.oid, pg_catalog.concat('how ', ${typeOf('a.amproclefttype')}, ' is compared') FROM pg_catalog.pg_amproc a
  UNION
  SELECT o.oprcode::pg_catalog.oid, pg_catalog.concat('how ', ${typeOf('a.amoplefttype')}, ' is compared')
    FROM pg_catalog.pg_amop a JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr`;

/** OIDs of functions that types call by themselves, the server's own among them. */
export const functionsCalledByTypes = `SELECT u.fn FROM (${functionsOfTypes}) u`;

/** Rows: schema, function, whose it is. */
export const typeCodeQuery = `
  SELECT n.nspname, p.proname, pg_catalog.min(u.what)
    FROM (${functionsOfTypes}) u
    JOIN pg_catalog.pg_proc p ON p.oid = u.fn
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
   WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal')
   GROUP BY n.nspname, p.proname ORDER BY n.nspname, p.proname`;
