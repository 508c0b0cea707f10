--- flyway looks for its table
SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relname = 'flyway_schema_history' AND c.relkind IN ('r', 'p'))

--- flyway puts back the role that it found
--- as owner
SET ROLE 'owner'

--- alembic and rails give a column another type
--- as owner
ALTER TABLE employees ALTER COLUMN title TYPE VARCHAR(200)

--- knex gives a column another type
--- as owner
alter table "payments" alter column "created_at" type timestamptz(3) using ("created_at"::timestamptz(3))

--- hibernate gives a key another type
--- as owner
alter table if exists payments alter column amount set data type numeric(38,2)

--- flyway locks
--- varies
SELECT pg_try_advisory_xact_lock(77431708279161)

--- liquibase reads tables
SELECT c.relname AS table_name, CASE WHEN c.relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END AS type FROM pg_class c JOIN pg_namespace n ON c.relnamespace = n.oid WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v') ORDER BY 1

--- liquibase reads foreign keys
SELECT con.conname, src.relname AS from_table, dst.relname AS to_table FROM pg_constraint con JOIN pg_class src ON con.conrelid = src.oid JOIN pg_class dst ON con.confrelid = dst.oid WHERE con.contype = 'f' AND con.connamespace = 'public'::regnamespace ORDER BY 1

--- liquibase reads unique constraints
SELECT c.conname, string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) WHERE c.contype IN ('u', 'p') AND c.connamespace = 'public'::regnamespace GROUP BY c.conname ORDER BY 1

--- alembic checks defaults
SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attrelid = 'tickets'::regclass ORDER BY a.attnum

--- goose asks for sequences
SELECT s.relname, n.nspname FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace WHERE s.relkind = 'S' AND n.nspname = 'public' ORDER BY 1

--- dbeaver opens a table
--- masked ctid
SELECT x.*, x.ctid FROM public.customers x ORDER BY x.id LIMIT 20

--- dbeaver counts rows
SELECT COUNT(*) FROM (SELECT * FROM public.customers x) AS "dbvrcnt"

--- dbeaver describes columns
SELECT c.relname, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) AS def_value, dsc.description FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid = c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid = ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid) WHERE NOT a.attisdropped AND c.oid = 'orders'::regclass ORDER BY a.attnum

--- pgadmin shows a table's triggers
SELECT t.oid, t.tgname AS name, pg_catalog.pg_get_triggerdef(t.oid, true) AS def FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgrelid = 'orders'::regclass ORDER BY t.tgname

--- pgadmin shows row counts
--- varies
SELECT relname, n_live_tup FROM pg_catalog.pg_stat_user_tables ORDER BY relname

--- pgadmin shows dead rows
--- refused PG-017
SELECT relname, n_dead_tup FROM pg_catalog.pg_stat_user_tables ORDER BY relname

--- a worker takes a job
--- varies
UPDATE tickets SET state = 'waiting' WHERE id = (SELECT id FROM tickets WHERE state = 'open' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, subject

--- ranges of unlabelled columns
SELECT id, lower(span), upper(span), NOT isempty(span) FROM (SELECT id, daterange(opened_on, closed_on) AS span FROM tickets) t ORDER BY id LIMIT 10

--- arrays of unlabelled columns
SELECT sku, tags || 'sale'::text AS tags, tags || '{a,b}'::text[] AS more FROM products ORDER BY sku LIMIT 5
