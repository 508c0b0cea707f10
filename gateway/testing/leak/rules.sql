SELECT ssn_upper FROM accounts; -- L301 stored generated column
SELECT ssn_size FROM accounts; -- L302 virtual generated column
SELECT s FROM v_generated; -- L303 a generated column through a view
SELECT id FROM accounts WHERE ssn_upper > 'x'; -- L304 a condition on a generated column
COPY accounts (id, ssn_upper) TO STDOUT; -- L305 COPY of a generated column
BEGIN; UPDATE accounts SET risk = 'low' WHERE id = 1; ROLLBACK; -- L306 whether a CHECK holds
BEGIN; UPDATE accounts SET name = 'B' WHERE id = 2; ROLLBACK; -- L307 whether a row keeps a CHECK that was never validated
BEGIN; INSERT INTO accounts (id, ssn) VALUES (9, '457-55-5462'); ROLLBACK; -- L308 a unique violation
BEGIN; UPDATE accounts SET ssn = '457-55-5462' WHERE id = 2; ROLLBACK; -- L309 a unique violation by UPDATE
BEGIN; INSERT INTO accounts (id, ssn) VALUES (9, '457-55-5462') ON CONFLICT DO NOTHING; ROLLBACK; -- L310 how many rows went in
BEGIN; INSERT INTO accounts (id, name, card_number) VALUES (9, 'Bob', '5555555555554444'); ROLLBACK; -- L311 a unique index over an expression
BEGIN; UPDATE accounts SET risk = 'high' WHERE id IN (1, 3); ROLLBACK; -- L312 a unique index with a condition
BEGIN; INSERT INTO refs VALUES (9, '457-55-5462', 'b'); ROLLBACK; -- L313 a foreign key
BEGIN; UPDATE refs SET ssn = '457-55-5462' WHERE id = 1; ROLLBACK; -- L314 a foreign key by UPDATE
SELECT ssn FROM refs; -- L315 a column that refers to a labelled one
BEGIN; DELETE FROM accounts WHERE id = 1; ROLLBACK; -- L316 a row that is referred to
SET app.me = 'alice.adams'; SELECT id FROM vaults; -- L317 row-level security
SET app.me = 'alice.adams'; UPDATE vaults SET tag = 'z' WHERE id = 1; -- L318 row-level security decides what is written
SELECT count(*) FROM vaults; -- L319 counts under row-level security
SELECT tableoid::regclass, v FROM parts ORDER BY id, 1; -- L320 which partition a row is in
SELECT v FROM parts_a; -- L321 a partition by a labelled key
SELECT count(*) FROM ONLY parts_rest; -- L322 how many rows a partition has
BEGIN; INSERT INTO parts (id, key) VALUES (7, 'zebracanary') RETURNING tableoid::regclass; ROLLBACK; -- L323 routing
BEGIN; INSERT INTO slots VALUES (9, 'zebracanary'); ROLLBACK; -- L324 an exclusion constraint
SELECT id, name FROM v_barrier; -- L325 a security barrier view chooses by a labelled column
BEGIN; UPDATE ruled SET a = 'y' WHERE id = 1; ROLLBACK; -- L326 a rule that asks
SELECT quiet_path(); -- L328 a function with a search_path of its own
BEGIN; INSERT INTO defaulted (id) VALUES (9) RETURNING a; ROLLBACK; -- L329 a default that calls a function
EXPLAIN (GENERIC_PLAN) SELECT * FROM customers WHERE ssn = $1; -- L330 a generic plan
EXPLAIN (SETTINGS, COSTS OFF) SELECT ssn FROM customers; -- L331 settings in a plan
EXPLAIN (COSTS OFF, SUMMARY OFF, MEMORY) SELECT ssn FROM customers; -- L332 memory of planning
EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT ssn FROM customers; -- L333 ANALYZE
EXPLAIN (COSTS OFF, SERIALIZE TEXT, ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT ssn FROM customers; -- L334 how many bytes a result has
SET client_min_messages = 'debug5'; SELECT ssn FROM customers; -- L335 what the server says beside
SET client_min_messages = 'log'; SET debug_print_plan = on; SELECT id FROM customers; -- L336 plans as messages
SET client_min_messages = 'log'; SET debug_print_parse = on; UPDATE customers SET ssn = ssn WHERE id = 1; -- L338 the parse tree
LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET client_min_messages = 'log'; SELECT ssn FROM customers; -- L339 auto_explain
SET client_min_messages = 'log'; SET trace_sort = on; SELECT ssn FROM customers ORDER BY id; -- L340 sorting
SELECT id FROM customers WHERE CASE WHEN ssn LIKE '0%' THEN pg_sleep(0) IS NOT NULL END; -- L341 sleeping
UPDATE customers SET name = name WHERE ssn LIKE '0%'; -- L342 how many rows a condition meets
BEGIN; UPDATE customers SET name = name WHERE id = 1 RETURNING old.ssn, new.ssn; ROLLBACK; -- L343 old and new
BEGIN; MERGE INTO accounts a USING customers c ON a.id = c.id WHEN MATCHED AND c.ssn LIKE '0%' THEN UPDATE SET name = 'm' RETURNING merge_action(), a.id; ROLLBACK; -- L344 MERGE by a value
BEGIN; MERGE INTO accounts a USING customers c ON a.id = c.id WHEN MATCHED THEN UPDATE SET name = 'm' RETURNING c.ssn, old.ssn, a.*; ROLLBACK; -- L345 MERGE RETURNING
BEGIN; DECLARE c CURSOR FOR SELECT id FROM customers WHERE ssn > '1'; MOVE ALL FROM c; ROLLBACK; -- L346 how far a cursor goes
SELECT id FROM customers WHERE ssn > '1' FOR UPDATE SKIP LOCKED; -- L347 locks by a value
BEGIN; LOCK TABLE customers; SELECT count(*) FROM pg_locks WHERE relation = 'customers'::regclass AND mode = 'AccessExclusiveLock'; ROLLBACK; -- L348 locks
SELECT pg_advisory_lock(hashtext(ssn)) FROM customers; SELECT objid FROM pg_locks WHERE locktype = 'advisory'; -- L349 advisory locks
SELECT name FROM customers TABLESAMPLE BERNOULLI ((SELECT length(ssn) FROM customers WHERE id = 1)) REPEATABLE (1); -- L350 a sample by a value
SELECT setval('scratch_id_seq', length(ssn)) FROM customers; SELECT last_value FROM scratch_id_seq; -- L353 a sequence
SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SELECT id FROM customers WHERE id = 1; -- L354 plans
SET DateStyle = 'German, DMY'; SELECT id, ssn FROM accounts; -- L355 how dates are written
SET bytea_output = 'escape'; SELECT ssn::bytea FROM customers; -- L356 bytes
SELECT (SELECT ssn FROM customers WHERE id = 1) IS DISTINCT FROM '078-05-1120'; -- L357 distinct
SELECT pg_column_size(c.*), pg_column_compression(ssn) FROM customers c; -- L358 sizes
SELECT id FROM customers WHERE ssn OPERATOR(pg_catalog.=) '078-05-1120'; -- L359 an operator by its schema
BEGIN; ALTER TABLE accounts VALIDATE CONSTRAINT late; ROLLBACK; -- L360 whether a constraint holds
BEGIN; CREATE UNIQUE INDEX ON customers (name, left(ssn, 1)); ROLLBACK; -- L361 whether an index can be unique
BEGIN; ALTER TABLE customers ADD UNIQUE (ssn); ROLLBACK; -- L362 whether values are unique
BEGIN; CREATE TABLE refs2 (ssn text REFERENCES accounts (ssn)); INSERT INTO refs2 VALUES ('457-55-5462'); ROLLBACK; -- L363 a foreign key of one's own
BEGIN; CREATE TABLE t5 (a text CHECK (a <> get_ssn(1))); INSERT INTO t5 VALUES ('078-05-1120'); ROLLBACK; -- L364 a constraint that asks
SELECT GREATEST(ssn, '5') FROM customers; -- L365 greatest
CREATE TEMP TABLE pg_class (relname text); SELECT relname FROM pg_class LIMIT 1; DROP TABLE pg_temp.pg_class; -- L366 a temporary table before the catalog
CREATE TEMP TABLE customers (ssn text); SELECT ssn FROM customers; DROP TABLE pg_temp.customers; -- L367 a temporary table of the same name
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'accounts'::regclass AND false; -- L368 expressions of the catalog
SELECT length(pg_get_functiondef('triggered_fn'::regproc)) IS NULL; -- L373 functions
SELECT attname, n_distinct FROM pg_stats WHERE tablename = 'accounts'; -- L375 how many values there are
SELECT stadistinct FROM pg_statistic WHERE starelid = 'accounts'::regclass; -- L376 the same, below
SELECT correlation FROM pg_stats WHERE tablename = 'customers'; -- L377 how values are ordered
SELECT pg_relation_size('accounts_card') >= 0; -- L378 sizes of an index
SELECT name, statement FROM pg_prepared_statements; -- L379 statements of the session
SELECT query FROM pg_stat_statements; -- L380 statements of all
EXPLAIN (COSTS OFF) SELECT * FROM v_barrier; -- L382 a plan shows what a view asks
EXPLAIN (COSTS OFF) UPDATE vaults SET tag = 'q'; -- L383 a plan shows what a policy asks
EXPLAIN (COSTS OFF) SELECT v FROM parts WHERE key = 'zebracanary'; -- L384 which partitions a plan reads
SELECT id FROM accounts ORDER BY ssn_size; -- L385 an order by a generated column
BEGIN; UPDATE accounts SET name = 'Bob' WHERE id = 1 RETURNING ssn_upper; ROLLBACK; -- L386 RETURNING of a generated column
BEGIN; SET CONSTRAINTS ALL DEFERRED; INSERT INTO refs VALUES (9, '457-55-5462', 'b'); COMMIT; DELETE FROM refs WHERE id = 9; -- L387 a foreign key that is checked later
BEGIN; TRUNCATE accounts; ROLLBACK; -- L388 TRUNCATE of what is referred to
SELECT id, ssn FROM customers GROUP BY id, ssn; -- L389 groups that a key tells apart
SELECT c.ssn, c.id, count(*) FROM customers c JOIN payments p ON p.customer_id = c.id GROUP BY c.ssn, c.id, p.amount; -- L390 the same over a join
SELECT DISTINCT ssn, id FROM employees ORDER BY id; -- L391 rows that a key tells apart
SELECT DISTINCT ssn, id FROM employees; -- L392 in the order of what they hash to
SELECT ssn, id FROM accounts GROUP BY ssn, id; -- L393 groups of a table that no other inherits from
SELECT a.card_number, a.id, count(r.id) FROM accounts a LEFT JOIN refs r ON r.id = a.id GROUP BY a.card_number, a.ssn, a.id; -- L394 the same over a join
SELECT array_agg(ssn ORDER BY id) FROM accounts; -- L395 an array of values
SELECT ARRAY(SELECT ssn FROM accounts ORDER BY id); -- L396 an array of a query
SET enable_seqscan = off; SELECT id FROM indexed; -- L397 an index orders rows that nobody asked to be ordered
SET enable_seqscan = off; SELECT id, ssn FROM indexed; -- L398 the same beside the masked values
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT id FROM indexed WHERE tenant = 1; -- L399 an index whose first column is asked for
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT filler FROM indexed WHERE ssn IS NOT NULL; -- L400 an index by which NULLs are found
SET enable_seqscan = off; SELECT array_agg(id) FROM indexed; -- L401 an array in the order of an index
SET enable_seqscan = off; SELECT id, row_number() OVER () FROM indexed ORDER BY id; -- L402 numbers in the order of an index
SET enable_seqscan = off; SELECT sum(id) FROM (SELECT id FROM indexed LIMIT 1) x; -- L403 the first row in the order of an index
SET enable_seqscan = off; SELECT id FROM v_indexed; -- L404 the same through a view
SET enable_seqscan = off; WITH x AS (SELECT id FROM indexed) SELECT id FROM x; -- L405 the same through WITH
SET enable_seqscan = off; COPY (SELECT id FROM indexed) TO STDOUT; -- L406 the same by COPY
BEGIN; CLUSTER indexed USING indexed_ssn; SELECT filler, id FROM indexed; ROLLBACK; -- L407 CLUSTER writes rows in the order of an index
BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; UPDATE indexed SET filler = 'z' WHERE tenant = 1; SELECT ctid, id FROM indexed ORDER BY id; ROLLBACK; -- L408 and so does UPDATE
BEGIN; SET LOCAL enable_seqscan = off; CREATE TEMP TABLE t6 AS SELECT id FROM indexed; SELECT ctid, id FROM t6 ORDER BY id; ROLLBACK; -- L409 and a copy
SELECT id, v FROM parts; -- L410 partitions come one after the other
SET enable_seqscan = off; SELECT id FROM indexed ORDER BY id; -- L411 rows in the order of their key
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT tenant, count(*) FROM indexed WHERE tenant = 1 GROUP BY tenant; -- L412 groups
SET enable_seqscan = off; SELECT DISTINCT id FROM indexed; -- L413 rows told apart
SET enable_seqscan = off; SELECT id FROM indexed UNION SELECT id + 1 FROM indexed; -- L414 rows of two queries told apart
SET enable_seqscan = off; SELECT id, rank() OVER (ORDER BY tenant) FROM indexed ORDER BY id; -- L415 ranks of rows that are alike
SELECT lower(during) FROM typed; -- L416 a bound of a range, NULL where it is empty
SELECT id FROM typed WHERE home IS NULL; -- L417 whether all fields of a row are NULL
SELECT count(*) FILTER (WHERE home IS NOT NULL) FROM typed; -- L418 the same in a count
SELECT tags || '{x}'::text[] FROM typed; -- L419 arrays that do not fit
SELECT tags || 'x'::text FROM typed; -- L420 an element that does not fit
SELECT jsonb_agg(doc) FROM typed; -- L421 what jsonb refuses
SELECT to_jsonb(t) FROM (SELECT id, doc FROM typed) t; -- L422 the same in a row
SELECT substring(bits, 1, 2) FROM typed; -- L423 bits as long as they are
ALTER DOMAIN code ADD CONSTRAINT guess CHECK (VALUE <> '078-05-1120'); ALTER DOMAIN code DROP CONSTRAINT guess; -- L424 a check of a domain
ALTER DOMAIN code ADD CONSTRAINT guess CHECK (VALUE <> '078-05-1120') NOT VALID; ALTER DOMAIN code VALIDATE CONSTRAINT guess; ALTER DOMAIN code DROP CONSTRAINT IF EXISTS guess; -- L425 the same in two steps
CREATE DOMAIN public.text AS pg_catalog.text CHECK (VALUE <> '078-05-1120'); SET search_path = public, pg_catalog; SELECT ssn::text FROM customers; DROP DOMAIN public.text; -- L426 what is called text
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (VALUE <> '078-05-1120'); SELECT ssn::text FROM customers; -- L427 the same for one session
CREATE OR REPLACE VIEW v_under AS SELECT id, name AS contact FROM customers; SELECT contact FROM mv_over; -- L428 a materialized view keeps what the old view below it brought
BEGIN; UPDATE deferred SET a = 'bad' WHERE id = 1; COMMIT; -- L429 what a trigger says when the transaction ends
BEGIN; UPDATE deferred SET a = 'bad' WHERE id = 1; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK; -- L430 or when its constraint is asked
UPDATE deferred SET a = 'good' WHERE id = 1; SELECT 1; -- L431 or behind the last statement of a message
BEGIN; UPDATE deferred SET a = 'bad' WHERE id = 1; PREPARE TRANSACTION 'told'; ROLLBACK; -- L432 or when it is prepared
UPDATE quoting SET a = 'z' WHERE id = 1; -- L433 a trigger quotes another table
UPDATE quoting SET b = 'z' WHERE id = 1; -- L434 in an error
UPDATE v_quoting SET a = 'z' WHERE id = 1; -- L435 through a view
WITH u AS (UPDATE quoting SET a = 'z' WHERE id = 1 RETURNING id) SELECT id FROM u; -- L436 in WITH
MERGE INTO quoting q USING (SELECT 1 AS id) s ON q.id = s.id WHEN MATCHED THEN UPDATE SET a = 'z'; -- L437 by MERGE
COPY quoting FROM STDIN; -- L438 by COPY
BEGIN; TRUNCATE quoting; ROLLBACK; -- L439 by TRUNCATE
BEGIN; DELETE FROM over_quoting WHERE id = 5; ROLLBACK; -- L440 by a foreign key that deletes
BEGIN; INSERT INTO by_domain (id) VALUES (9) RETURNING a; ROLLBACK; -- L441 a default of a domain
BEGIN; UPDATE taken SET a = excluded.a FROM (SELECT id, ssn AS a FROM accounts) excluded WHERE taken.id = excluded.id RETURNING taken.a; ROLLBACK; -- L442 a table that is called as the row of ON CONFLICT
BEGIN; MERGE INTO taken USING (SELECT id, ssn AS a FROM accounts) excluded ON taken.id = excluded.id WHEN MATCHED THEN UPDATE SET a = excluded.a RETURNING taken.a; ROLLBACK; -- L443 the same by MERGE
SELECT COALESCE(num, 1.5::float8) FROM far; -- L444 a number that is too large for the common type
SELECT CASE WHEN id = 1 THEN num ELSE 1::float4 END FROM far; -- L445 the same in CASE
SELECT num FROM far UNION ALL SELECT 1::float8; -- L446 the same in UNION ALL
SELECT (SELECT num FROM far UNION ALL SELECT 1::float8 LIMIT 1); -- L447 the same in a sub-query
SELECT COALESCE(day, timestamp '2000-01-01') FROM far; -- L448 a date that is too far away for a time stamp
SELECT day FROM far UNION ALL SELECT now(); -- L449 the same in UNION ALL
SELECT COALESCE(big, 'pg_class'::regclass) FROM far; -- L450 a number that is no object's
SELECT big FROM far UNION ALL SELECT 5::oid; -- L451 the same in UNION ALL
SELECT COALESCE(num, 0), COALESCE(day, '2000-01-01'), COALESCE(big, 1.5) FROM far; -- L452 constants make nothing else of it
SELECT num FROM far UNION ALL SELECT num FROM far; -- L453 two of a type
EXPLAIN (ANALYZE, WAL, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) UPDATE accounts SET card_number = '4111111111111111' WHERE id = 1; -- L454 how much an update writes
BEGIN; UPDATE indexed SET ssn = '078-05-1120' WHERE id = 1; SELECT pg_stat_get_xact_tuples_hot_updated('indexed'::regclass); ROLLBACK; -- L455 whether an update changed an index
BEGIN; UPDATE indexed SET ssn = '078-05-1120' WHERE id = 1; SELECT n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'indexed'; ROLLBACK; -- L456 the same by a view
BEGIN; SELECT pg_current_wal_insert_lsn() - '0/0' AS before; UPDATE accounts SET card_number = '4111111111111111' WHERE id = 1; SELECT pg_current_wal_insert_lsn() - '0/0' AS behind; ROLLBACK; -- L457 how far the log of changes goes
SELECT bits FROM far; -- L458 bits of no length of their own
SELECT at, day FROM far; -- L459 dates that are no day
COPY far TO STDOUT; -- L460 both by COPY
BEGIN; ALTER TABLE indexed ADD COLUMN more int DEFAULT 1 CHECK (ssn <> '078-05-1120'); ROLLBACK; -- L461 a check that comes with a new column
BEGIN; ALTER TABLE indexed ADD COLUMN more text DEFAULT '078-05-1120' REFERENCES accounts (ssn); ROLLBACK; -- L462 a foreign key that comes with one
BEGIN; ALTER TABLE indexed ADD COLUMN more text DEFAULT get_ssn(1); SELECT more FROM indexed; ROLLBACK; -- L463 a default that calls a function
BEGIN; ALTER TABLE indexed ADD UNIQUE (tenant) INCLUDE (ssn); ROLLBACK; -- L464 a key that has a labelled column behind it
BEGIN; ALTER TABLE indexed ADD COLUMN more int NOT NULL DEFAULT 1 UNIQUE; ROLLBACK; -- L465 a key over what every row has
BEGIN; CREATE UNIQUE INDEX ON indexed (tenant); ROLLBACK; -- L466 an index that says which value is there twice
BEGIN; CREATE INDEX ON indexed (id) WHERE ssn > '2'; SELECT pg_relation_size('indexed_id_idx'); ROLLBACK; -- L467 an index over chosen rows
BEGIN; ALTER TABLE indexed ADD COLUMN more int DEFAULT 1; CREATE INDEX ON indexed (more, id); ROLLBACK; -- L468 a column and an index of it
ALTER TABLE accounts ADD COLUMN more timestamptz NOT NULL DEFAULT clock_timestamp(); ALTER TABLE accounts DROP COLUMN more; -- L469 a table that is written anew
SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid(); -- L470 statements of others
SELECT count(*) > 0 FROM pg_stat_activity WHERE state IS NOT NULL; -- L471 states of others
SELECT count(*) FROM v_barrier; -- L472 how many rows a view chose by a labelled column
SELECT 'there is one' FROM v_barrier LIMIT 1; -- L473 whether it chose any
SELECT count(*) FROM v_pieces; -- L474 how many rows a view makes of a labelled value
SELECT id FROM v_pieces ORDER BY id; -- L475 how often each
VACUUM VERBOSE worn; -- L501 [session: UPDATE worn SET ssn = '078-05-1120' WHERE id = 1; UPDATE worn SET ssn = '078-05-1120' WHERE id = 1] what VACUUM says of indexes and versions of rows
BEGIN; INSERT INTO worn (id) VALUES (9) RETURNING ctid; SELECT ctid, id FROM worn ORDER BY id; ROLLBACK; -- L502 [session: UPDATE worn SET ssn = '078-05-1120' WHERE id = 4; UPDATE worn SET ssn = '078-05-1120' WHERE id = 4] where rows stand that came behind an update
SET client_min_messages = 'log'; SET log_temp_files = 0; SET work_mem = '64kB'; BEGIN; DECLARE c CURSOR FOR SELECT ssn, repeat('x', 1000) FROM customers, generate_series(1, 200) g ORDER BY g, id; FETCH 1 FROM c; CLOSE c; COMMIT; -- L503 the size of a file that rows were sorted in, when it is let go
SET client_min_messages = 'log'; SET log_temp_files = 0; SET work_mem = '64kB'; BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT ssn, repeat('x', 1000) FROM customers, generate_series(1, 200) g ORDER BY g, id; COMMIT; CLOSE c; -- L504 the same behind the transaction
SET client_min_messages = 'log'; SET trace_sort = on; BEGIN; DECLARE c CURSOR FOR SELECT ssn, repeat('x', 1000) FROM customers, generate_series(1, 200) g ORDER BY g, id; FETCH 1 FROM c; CLOSE c; COMMIT; -- L505 the memory that a sort took
BEGIN; DECLARE c CURSOR FOR SELECT ssn, repeat('x', 1000) FROM customers, generate_series(1, 200) g ORDER BY g, id; FETCH 1 FROM c; SELECT used_bytes FROM pg_backend_memory_contexts WHERE name LIKE '%sort%'; ROLLBACK; -- L506 the same by a view
BEGIN; UPDATE indexed SET ssn = '078-05-1120' WHERE id = 1; SELECT hits FROM pg_stat_get_backend_io(pg_backend_pid()) WHERE context = 'normal'; ROLLBACK; -- L507 how many blocks an update touched
BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; UPDATE indexed SET ssn = '078-05-1120' WHERE id = 1; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT id FROM indexed WHERE id = 1; ROLLBACK; -- L508 how many entries of an index a plan met
BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; UPDATE indexed SET ssn = '078-05-1120' WHERE id = 1; SELECT tenant FROM indexed WHERE id = 1; SELECT pg_stat_get_xact_tuples_returned('indexed_pkey'::regclass); ROLLBACK; -- L509 the same by a counter
SELECT body ->> 'kind', body #>> '{list,1}' FROM docs ORDER BY id; -- L510 members of a document beside a labelled one
SELECT body -> 0 ->> 'kind', body #> '{secret,ssn}' FROM docs; -- L511 an element, and the labelled one
SELECT body ->> 'Secret', body -> 'kind' -> 'a' FROM docs; -- L512 a labelled one in another case
SELECT k, count(*) FROM (SELECT body ->> 'kind' AS k FROM docs) d GROUP BY k ORDER BY k; -- L513 groups by a member
SELECT id FROM docs WHERE body ->> 'kind' = 'k1' OR body ->> 'secret' > '0'; -- L514 a condition on both
SELECT (body ->> 'kind')::int FROM docs; -- L515 a member that is no number
EXPLAIN SELECT body ->> 'kind' FROM docs ORDER BY id; -- L516 a plan over documents
BEGIN; UPDATE docs SET id = id + 10 WHERE body ->> 'kind' = 'k1' RETURNING body ->> 'kind', body; ROLLBACK; -- L517 rows that are chosen by a member
CREATE TABLE kinds AS SELECT body -> 'kind' AS kind FROM docs; DROP TABLE kinds; -- L518 a copy of a member
SELECT body ? 'kind', body @> '{"kind": "k1"}', body - 'secret' FROM docs; -- L519 what asks the document as a whole
SELECT id FROM docs WHERE body @> '{"kind": "k1"}' OR body @? '$.list[*] ? (@ > 2)' ORDER BY id; -- L520 what documents hold beside a labelled member
SELECT id FROM docs WHERE body @> '{"secret": {"ssn": "078-05-1120"}}' ORDER BY id; -- L521 whether they hold a labelled one
SELECT id FROM docs WHERE body ? '078-05-1120' ORDER BY id; -- L522 whether a document is a string
SELECT id, jsonb_path_query(body, '$.kind'), body['list'][1] FROM docs ORDER BY id; -- L523 members by a JSON path and a subscript
SELECT id, jsonb_path_query(body, '$.list.keyvalue().id') FROM docs ORDER BY id; -- L524 where a member stands
SELECT jsonb_path_query(jsonb_build_object('a', body, 'b', '{"c": 1}'::jsonb), '$.b.keyvalue().id') FROM docs; -- L525 the same in a document made of it
SELECT id FROM docs WHERE body @? '$.kind ? (@ < $.secret.ssn)' ORDER BY id; -- L526 a JSON path that begins anew
SELECT id, body ->> 'secret', body ->> 'Secret' FROM docs ORDER BY id; -- L527 labelled members as text
SELECT id, body ->> 'secret' > '0' FROM docs ORDER BY id; -- L528 what is made of one
SELECT id, body - 'secret' FROM docs WHERE id < 90 ORDER BY id; -- L529 what is left of documents
SELECT body - 'secret' FROM docs; -- L530 the same, where one is a single value
SELECT id, body - '078-05-1120' FROM docs WHERE id <> 92 ORDER BY id; -- L531 what is left without a string
SELECT count(a), count(a.*), count(d) FROM accounts a LEFT JOIN docs d ON d.id = a.id + 1; -- L532 how many rows there are
SELECT count(DISTINCT a) FROM accounts a; -- L533 how many are different
SELECT id, a::text, ARRAY[ssn, 'x'], format('%s <%s>', id, ssn) FROM accounts a ORDER BY id; -- L534 rows, arrays and formats with a value in them
SELECT id, format('%*s', left(ssn, 1)::int, 'x') FROM accounts ORDER BY id; -- L535 a width that is a value
SELECT max(a) FROM accounts a; -- L536 the greatest row
SET ENABLE_HASHAGG = off; SELECT id FROM stands GROUP BY id, ssn; -- L706 groups by a unique column that stands for the row
SET ENABLE_HASHAGG = off; SELECT ssn, id, count(*) FROM stands GROUP BY 1, 2 ORDER BY count(*); -- L707 the same in an order that leaves some alike
BEGIN; INSERT INTO given (id) VALUES (9); ROLLBACK; -- L708 a value that a new row has by default
BEGIN; INSERT INTO given (id) VALUES (9) ON CONFLICT DO NOTHING; ROLLBACK; -- L709 the same, left out where it is there
UPDATE redundant SET ssn = '078-05-1120' WHERE id = 1; -- L710 an update that is left out where nothing changes
BEGIN; UPDATE mixed SET base = 3 WHERE id = 1; ROLLBACK; -- L711 a generated column that may fail
BEGIN; UPDATE mixed SET pre = repeat('x', 27) WHERE id = 1; ROLLBACK; -- L712 one that may be too long
BEGIN; UPDATE mixed SET pre = 'abc' WHERE id = 1; ROLLBACK; -- L713 one that may be NULL
SELECT max(home) FROM compared; -- L714 the greatest row of a type of rows
SELECT words FROM texts WHERE id = 1; -- L715 words that a trigger of the server made of a value
SELECT id FROM texts WHERE words @@ to_tsquery('simple', 'zebracanary'); -- L716 a search among them
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(*) FROM spelled WHERE tenant = 1 AND CASE id WHEN 1 THEN 1 / (id - 1) > 0 WHEN 2 THEN (id || 'x')::int > 0 ELSE true END; -- L717 which row fails first
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT EXISTS (SELECT FROM spelled WHERE tenant = 1 AND CASE id WHEN 1 THEN true WHEN 2 THEN 1 / (id - 2) > 0 ELSE false END); -- L718 whether one fails before another fits
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT setseed(0.5); SELECT sum(id * (random() * 100)::int) FROM spelled WHERE tenant = 1; -- L719 numbers that are given in turn
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(set_config('app.last', id::text, false)) FROM spelled WHERE tenant = 1; SHOW app.last; -- L720 which row comes last
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT max(CASE id WHEN 1 THEN clock_timestamp() END) > max(CASE id WHEN 2 THEN clock_timestamp() END) FROM spelled WHERE tenant = 1; -- L721 which of two comes earlier
SET enable_seqscan = off; SET enable_bitmapscan = off; BEGIN; DELETE FROM spelled WHERE tenant = 1 AND set_config('app.last', id::text, false) = ''; SHOW app.last; ROLLBACK; -- L722 the last row that a DELETE looks at
SELECT num || '{1}'::float8[], '{}'::float8[] || num FROM far; -- L723 a number that is too large for the elements of an array
SELECT ARRAY[ssn, card_number]::int[] FROM accounts; -- L537 an array that may fail
SELECT id, greeting_of(a) FROM accounts a ORDER BY id; -- L820 a function of a row that reads nothing labelled
SELECT id, ssn_in(a), a.name FROM accounts a ORDER BY id; -- L821 one that brings a labelled value
SELECT ssn_in(x) FROM accounts x(id, ssn, risk, name) ORDER BY id; -- L822 of a row whose columns have other names
SELECT id, size_in(a) FROM accounts a ORDER BY id; -- L823 one that measures a value
SELECT id FROM accounts a WHERE size_in(a) > 10 ORDER BY id; -- L824 in a condition
SELECT id, like_in(a) FROM accounts a ORDER BY id; -- L825 one that joins by a value
SELECT atomic_in(a) FROM accounts a ORDER BY id; -- L826 a body that the server has read
BEGIN; UPDATE accounts a SET name = 'x' WHERE id = 2 RETURNING ssn_in(a), size_in(a); ROLLBACK; -- L827 of a row that is changed
SELECT (1).get_ssn; -- L701 a function that is written as a field
SELECT count(*) FROM scratch WHERE (1::int).get_ssn > '1'; -- L702 in a condition
SELECT u.get_ssn FROM unnest(ARRAY[1]) u; -- L703 a field of what may be a row
CREATE TABLE t7 (a text DEFAULT (1).get_ssn); INSERT INTO t7 DEFAULT VALUES RETURNING a; DROP TABLE t7; -- L704 in a default
SELECT (1).get_ssn.upper, upper((id).get_ssn) FROM scratch; -- L705 a field of a field
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT max(price) FROM spelled WHERE tenant = 1; -- L801 which of several equal numbers is the greatest
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT DISTINCT price FROM spelled WHERE tenant = 1; -- L802 which of them stands for all
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT price FROM spelled WHERE tenant = 1 GROUP BY price; -- L803 the same of a group
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT price FROM spelled WHERE tenant = 1 UNION SELECT 2; -- L804 and of a set
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT sum(score) FROM spelled WHERE tenant = 1; -- L805 a sum of floats in the order of an index
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT string_agg(price::text, ',' ORDER BY price) FROM spelled WHERE tenant = 1; -- L806 an order that does not tell all rows apart
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT sum(price), count(DISTINCT price), array_agg(DISTINCT id), string_agg(id::text, ',' ORDER BY id::text) FROM spelled WHERE tenant = 1; -- L807 what is the same in any order
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM spelled WHERE tenant = 1; -- L808 a plan of which no row comes
BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; UPDATE indexed SET ssn = '078-05-1120' WHERE id = 1; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT id FROM v_indexed WHERE id = 1; ROLLBACK; -- L641 how many entries an index has, through a view
BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; INSERT INTO crowded SELECT n, '078-05-1120', n FROM generate_series(10000, 12000) n; SELECT count(*) FROM crowded WHERE tenant = 5; SELECT pg_stat_get_xact_numscans('crowded_at'::regclass); ROLLBACK; -- L642 how many different values an index has
BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; INSERT INTO crowded SELECT n, '078-05-1120', n FROM generate_series(10000, 12000) n; SELECT count(*) FROM crowded WHERE tenant = 5; SELECT idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'crowded'; ROLLBACK; -- L643 the same by a view
BEGIN; CREATE TEMP TABLE customers (id int, ssn text, email text); SELECT upper(ssn) FROM customers; ROLLBACK; SELECT id, upper(ssn) FROM customers WHERE id = 1; -- L651 a shadow that is gone, in one message
BEGIN; CREATE TEMP TABLE laid AS SELECT id, ssn AS s FROM customers; SELECT s FROM laid; ROLLBACK; -- L652 a copy, read in the same message
BEGIN; CREATE SCHEMA beside; CREATE TABLE beside.customers (id int, ssn text); SET LOCAL search_path = beside, public; SELECT upper(ssn) FROM customers; ROLLBACK; SELECT id, upper(ssn) FROM customers WHERE id = 1; -- L653 a path that is gone
SELECT set_config('search_path', 'pg_catalog', false), get_ssn(1); -- L654 a path that changes while a function is called
RESET search_path; -- L655 back
BEGIN; ALTER TABLE indexed RENAME COLUMN ssn TO plain; SELECT upper(plain) FROM indexed; ROLLBACK; -- L656 a labelled column under another name
SELECT null_frac, avg_width, n_distinct, most_common_vals FROM pg_stats WHERE schemaname = 'public' AND tablename = 'indexed' AND attname = 'tenant'; -- L661 statistics of a column without labels
SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid(); -- L662 the text of one's own session
SELECT correlation FROM pg_stats WHERE schemaname = 'public' AND tablename = 'indexed' AND attname = 'tenant'; -- L663 in which order rows stand
SELECT n_distinct, avg_width FROM pg_stats WHERE schemaname = 'public' AND tablename = 'indexed' AND attname IN ('tenant', 'ssn'); -- L664 statistics of two columns
SELECT n_distinct FROM pg_stats WHERE schemaname = 'public' AND tablename = 'indexed_ssn'; -- L665 of an index
SELECT id, k FROM docs, jsonb_object_keys(body) k WHERE id < 90 ORDER BY id, k; -- L811 names of members
SELECT jsonb_object_keys(body) FROM docs; -- L812 the same, where a document has none
SELECT id, e.key, e.value FROM docs, jsonb_each_text(body) e WHERE id < 90 ORDER BY id, e.key; -- L813 members as text
SELECT id, e.key FROM docs, jsonb_each(body) e WHERE id < 90 AND e.value > '0' ORDER BY id, e.key; -- L814 members that are compared
SELECT id, JSON_VALUE(body, '$.kind'), JSON_EXISTS(body, '$.list'), JSON_QUERY(body, '$.list[*]' WITH WRAPPER) FROM docs ORDER BY id; -- L815 members by SQL/JSON
SELECT id, JSON_VALUE(body, '$.secret.ssn') FROM docs ORDER BY id; -- L816 a labelled one
SELECT id, t.kind, t.n FROM docs, JSON_TABLE(body, '$' COLUMNS (kind text PATH '$.kind', NESTED PATH '$.list[*]' COLUMNS (n text PATH '$'))) t ORDER BY id, t.n; -- L817 a table of members
SELECT id, t.kind FROM docs, JSON_TABLE(body, '$' COLUMNS (kind text PATH '$.kind', x int PATH '$.secret.ssn' ERROR ON ERROR)) t ORDER BY id; -- L818 one that fails beside them
SELECT id, body -> 'secret' ->> 'ssn', upper(body ->> 'secret'), body -> 'secret' IS NULL FROM docs ORDER BY id; -- L819 labelled members as text, and whether they are there
SELECT id, r.kind FROM docs, jsonb_to_record(body) r (kind text) WHERE id < 90 ORDER BY id; -- L820 a record of members
SELECT s FROM spelled s; -- L821 whole rows
SELECT s, d FROM spelled s LEFT JOIN docs d ON d.id = s.id; -- L822 of two tables
SELECT max(x) FROM (SELECT a AS x FROM accounts a) t; -- L823 the greatest of them
SELECT DISTINCT id, ssn FROM accounts ORDER BY 1; -- L824 rows that their key tells apart
SELECT DISTINCT name, ssn FROM accounts ORDER BY 1; -- L825 rows that it does not
SELECT id, body -> 'person', body #> '{person}', jsonb_build_object('p', body -> 'person') FROM papers ORDER BY id; -- L901 a member that labels are in
SELECT to_jsonb(a) - 'ssn' - ARRAY['name'] FROM accounts a ORDER BY id; -- L902 a row without some of its columns
BEGIN; UPDATE papers SET body = jsonb_set(body, '{person,ssn}', '"1"') WHERE id = 1 RETURNING id, body; UPDATE papers SET body = body || '{"kind": "x"}' #- '{person,city}' WHERE id = 2 RETURNING id, body; SELECT id, body FROM papers ORDER BY id; ROLLBACK; -- L903 documents that are changed in a part
BEGIN; UPDATE papers SET body = jsonb_set(body, '{person,ssn}', '"1"') WHERE id = 91; ROLLBACK; -- L904 where there is a list
BEGIN; UPDATE papers SET body = jsonb_set(body, '{person,ssn}', '"1"') WHERE id = 92; ROLLBACK; -- L905 where there is a list in it
BEGIN; UPDATE papers SET body = jsonb_set(body, '{person,ssn,x}', '1') WHERE id = 1; ROLLBACK; -- L906 through a labelled member
BEGIN; UPDATE papers SET body = body - 'zebracanary' WHERE id = 91; SELECT body FROM papers WHERE id = 91; ROLLBACK; -- L907 whether a list holds a string
BEGIN; UPDATE checked_papers SET body = body || '{"checked": 1}' WHERE id = 1; ROLLBACK; -- L908 whether what is left keeps a CHECK
BEGIN; UPDATE checked_papers SET body['checked'] = '1' WHERE id = 1; ROLLBACK; -- L909 the same by a subscript
BEGIN; INSERT INTO checked_papers VALUES (1) ON CONFLICT (id) DO UPDATE SET body = checked_papers.body || '{"checked": 1}'; ROLLBACK; -- L910 the same by an upsert
BEGIN; MERGE INTO checked_papers c USING papers p ON p.id = c.id AND p.id = 1 WHEN MATCHED THEN UPDATE SET body = c.body || '{"checked": 1}'; ROLLBACK; -- L911 the same by MERGE
BEGIN; CREATE VIEW v_tenants AS SELECT tenant, count(id) AS n FROM indexed GROUP BY tenant; SELECT tenant, n FROM v_tenants ORDER BY tenant; ROLLBACK; -- L912 a view that counts
BEGIN; CREATE VIEW v_first AS SELECT id FROM indexed WHERE tenant = 1 LIMIT 1; SELECT id FROM v_first; ROLLBACK; -- L913 a view that shows the first of its rows
BEGIN; CREATE TABLE ranged_far PARTITION OF ranged FOR VALUES FROM (900) TO (999); INSERT INTO ranged VALUES (901, '078-05-1120'); SELECT id, ssn FROM ranged_far; ROLLBACK; -- L914 a partition by a key without labels
BEGIN; CREATE TABLE ranged_far PARTITION OF ranged FOR VALUES FROM (900) TO (999); INSERT INTO ranged VALUES (901, '078-05-1120'); SELECT id FROM ranged_far WHERE ssn = '078-05-1120'; ROLLBACK; -- L915 a condition on what is in it
BEGIN; CREATE TABLE ranged_near PARTITION OF ranged FOR VALUES FROM (1) TO (3); ROLLBACK; -- L916 one whose rows stand elsewhere
BEGIN; CREATE TEMP TABLE patterns (p text); INSERT INTO pg_temp.patterns VALUES ('078-05-1120'); UPDATE checked SET name = 'b' WHERE id = 1; ROLLBACK; -- L830 a temporary table with the name of one that a check's function reads
BEGIN; CREATE TEMP TABLE patterns (p text); INSERT INTO pg_temp.patterns VALUES ('078-05-1120'); UPDATE checked_sql SET name = 'b' WHERE id = 1; ROLLBACK; -- L831 the same of a function in SQL
BEGIN; CREATE TEMP TABLE patterns (p text); INSERT INTO pg_temp.patterns VALUES ('078-05-1120'); UPDATE hashed SET name = 'b' WHERE id = 1; ROLLBACK; -- L832 of a function of an index
BEGIN; CREATE TEMP TABLE patterns (p text); INSERT INTO pg_temp.patterns VALUES ('078-05-1120'); UPDATE whened SET name = 'b' WHERE id = 1; ROLLBACK; -- L833 of a function of a trigger's condition
BEGIN; CREATE TEMP TABLE patterns (p text); INSERT INTO pg_temp.patterns VALUES ('078-05-1120'); SELECT id FROM seen_by ORDER BY id; ROLLBACK; -- L834 of a function of a policy
BEGIN; CREATE TEMP TABLE patterns (p text); INSERT INTO pg_temp.patterns VALUES ('078-05-1120'); SELECT id FROM v_seen_by ORDER BY id; ROLLBACK; -- L835 the same through a view
BEGIN; CREATE TEMP TABLE patterns (p text); INSERT INTO pg_temp.patterns VALUES ('078-05-1120'); MERGE INTO checked c USING (SELECT 1 AS id) s ON c.id = s.id WHEN MATCHED THEN UPDATE SET name = 'b'; ROLLBACK; -- L836 by MERGE
BEGIN; CREATE TEMP TABLE patterns (p text); INSERT INTO pg_temp.patterns VALUES ('078-05-1120'); ANALYZE hashed; REINDEX TABLE hashed; ROLLBACK; -- L837 by what works on a table as a whole
BEGIN; CREATE TABLE aside.patterns (p text); INSERT INTO aside.patterns VALUES ('078-05-1120'); SET LOCAL search_path = aside, public; UPDATE checked SET name = 'b' WHERE id = 1; ROLLBACK; -- L838 a table of a schema that the path finds first
BEGIN; CREATE DOMAIN pg_temp.kind AS text CHECK (VALUE <> '078-05-1120'); UPDATE hashed SET name = 'b' WHERE id = 1; ROLLBACK; -- L839 a type with the name of one that a function of an index names
SET search_path = public, pg_temp; BEGIN; CREATE TEMP TABLE kept (x text); UPDATE keeping SET name = 'b' WHERE id = 1; SELECT x FROM pg_temp.kept; ROLLBACK; -- L840 a trigger's own path, on which what is temporary comes first
BEGIN; CREATE TEMP TABLE others (p text); UPDATE checked SET name = 'b' WHERE id = 1; UPDATE hashed SET name = 'b' WHERE id = 1; UPDATE keeping SET name = 'b' WHERE id = 1; ROLLBACK; -- L841 a temporary table that nobody's function names
SELECT a.id, a.greeting_of, a.ssn_in FROM accounts a ORDER BY a.greeting_of, a.id; -- L951 functions of a row that are called like its fields
SELECT a.id, a.size_in FROM accounts a ORDER BY id; -- L952 one that measures a value
SELECT a.id FROM accounts a WHERE a.like_in > 1 OR EXISTS (SELECT WHERE a.ssn_in LIKE '0%') ORDER BY id; -- L953 in a condition
SELECT a.ssn_in, count(*) FROM accounts a GROUP BY a.ssn_in; -- L954 to group by
BEGIN; UPDATE accounts a SET name = 'x' WHERE id = 2 RETURNING a.ssn_in, a.size_in; ROLLBACK; -- L955 of a row that is changed
SELECT count(*) FROM (SELECT i.id, i.turn_of FROM indexed i WHERE tenant = 1) x; SELECT last_value FROM scratch_id_seq; -- L956 one that counts its calls
SELECT EXISTS (SELECT FROM indexed i WHERE tenant = 1 AND i.inverse_of > 0); -- L957 one that fails for one of the rows
BEGIN; UPDATE entered SET tag = noise(50) WHERE id = 1; ROLLBACK; -- L931 how long an entry of an index gets
BEGIN; UPDATE entered SET tag = 'x', n = 5, kind = 'y' WHERE id = 1; ROLLBACK; -- L932 an entry that stays short
BEGIN; INSERT INTO entered VALUES (9, noise(41), 1, 'k', 'y'); ROLLBACK; -- L933 an entry of one's own values
BEGIN; UPDATE entered_by SET n = 1 WHERE id = 1; ROLLBACK; -- L934 an expression of an index that fails
BEGIN; UPDATE entered_by SET tag = noise(5) WHERE id = 1; ROLLBACK; -- L935 a column that it is not made of
BEGIN; UPDATE entered_if SET tag = noise(150) WHERE id = 1; ROLLBACK; -- L936 whether there is an entry
BEGIN; UPDATE sorted_by SET kind = 'on' WHERE id = 1; ROLLBACK; -- L937 an entry that is there for the first time
BEGIN; INSERT INTO ranges_of VALUES (9, noise(180), 1, 'k', 'y'); ROLLBACK; -- L938 an entry of several rows
BEGIN; UPDATE spread SET q = (SELECT string_agg('abc' || g, '|')::tsquery FROM generate_series(1, 262) g) WHERE id = 1; ROLLBACK; -- L939 a row that gets too long for a page
BEGIN; UPDATE surveyed SET n = 5 WHERE id = 1; ANALYZE surveyed; ROLLBACK; -- L940 an expression of statistics that fails
BEGIN; UPDATE homes SET tenant = 5 WHERE id = 1; ROLLBACK; -- L941 a foreign key of two columns, of which one stays
BEGIN; UPDATE homes SET id = 5 WHERE id = 1; ROLLBACK; -- L942 a column beside it
SET enable_seqscan = off; SET enable_bitmapscan = off; BEGIN; DELETE FROM gone WHERE tenant = 1; SELECT id FROM gone_log ORDER BY n; ROLLBACK; -- L943 what a trigger does with each row that is deleted
SET enable_seqscan = off; SET enable_bitmapscan = off; BEGIN; DELETE FROM gone_over WHERE tenant = 1; SELECT id FROM gone_log ORDER BY n; ROLLBACK; -- L944 with each that refers to it through another
BEGIN; DELETE FROM gone WHERE id = 1; DELETE FROM gone_over WHERE id = 1; ROLLBACK; -- L945 one row
BEGIN; DELETE FROM far_over WHERE id = 5; ROLLBACK; -- L946 what a trigger quotes at the end of two foreign keys
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(*) FROM spelled WHERE tenant = 1 AND CASE id WHEN 1 THEN ('nope' || id)::regclass IS NULL WHEN 2 THEN ('nope' || id)::regtype IS NULL ELSE true END; -- L947 which row fails first, by other errors
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(*) FROM spelled WHERE tenant = 1 AND CASE id WHEN 1 THEN (SELECT g FROM generate_series(1, 2) g) = id WHEN 2 THEN repeat('x', id * 1000000000) IS NULL ELSE true END; -- L948 the same by a sub-query
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(*) FROM spelled WHERE tenant = 1 AND CASE id WHEN 1 THEN to_tsvector('simple', repeat('a', 3000 + id)) IS NULL WHEN 2 THEN repeat('x', id * 1000000000) IS NULL ELSE true END; -- L949 notices before it
SELECT public.accounts.ssn_in, accounts.greeting_of, public.accounts.size_in FROM public.accounts; -- L958 by the table's name and its schema
SELECT public.accounts.ssn_in, accounts.greeting_of FROM public.accounts ORDER BY accounts.id; -- L959 the same without what measures
BEGIN; REINDEX TABLE saying; ROLLBACK; -- L961 what the function of an index says of its rows when it is built anew
BEGIN; REINDEX INDEX saying_made; ROLLBACK; -- L962 the same by the index
BEGIN; ALTER TABLE saying ADD COLUMN x float DEFAULT random(); ROLLBACK; -- L963 the same by a column that every row is written anew for
BEGIN; ALTER TABLE saying ADD COLUMN x bigserial; ROLLBACK; -- L964 the same by a number for each row
BEGIN; ALTER TABLE saying ADD COLUMN x int GENERATED ALWAYS AS IDENTITY; ROLLBACK; -- L965 the same by an identity
BEGIN; ALTER TABLE saying ALTER amount TYPE bigint; ROLLBACK; -- L966 the same by another type of a column beside it
BEGIN; ALTER TABLE saying ADD COLUMN x int, ADD COLUMN y text NOT NULL DEFAULT 'x'; SELECT id, y FROM saying ORDER BY id; ROLLBACK; -- L967 columns for which no row is written anew
BEGIN; ALTER TABLE retyped ALTER name TYPE text USING '078-05-1120'; ROLLBACK; -- L968 whether values of another type keep a CHECK
BEGIN; ALTER TABLE retyped ALTER amount TYPE int USING length(ssn); SELECT id, amount FROM retyped ORDER BY id; ROLLBACK; -- L969 a type by a labelled value
BEGIN; ALTER TABLE retyped ALTER amount TYPE text USING 'n' || amount; SELECT id, amount FROM retyped ORDER BY id; ROLLBACK; -- L970 another type of a column beside it
BEGIN; REFRESH MATERIALIZED VIEW said_of; ROLLBACK; -- L971 what the function of an index says of rows that a view is filled with
BEGIN; INSERT INTO retyped VALUES (901, 1, 'a', '078-05-1120'); REFRESH MATERIALIZED VIEW kept_once; ROLLBACK; -- L972 whether a row is there already, by the key of a view
BEGIN; REFRESH MATERIALIZED VIEW kept_plain; SELECT id, amount, ssn FROM kept_plain ORDER BY id; ROLLBACK; -- L973 a view whose key has no label
SET app.no = '078-05-1120'; UPDATE steered SET name = 'b' WHERE id = 1; -- L850 a check that asks what the session has set
SET DateStyle = 'German, DMY'; UPDATE styled SET name = 'b' WHERE id = 1; -- L851 or writes a day as the session does
SET TimeZone = 'Asia/Tokyo'; UPDATE styled SET name = 'b' WHERE id = 1; -- L852 or takes the day where the session is
UPDATE born SET name = 'b' WHERE id = 1; -- L853 a check that a day has come
BEGIN; DELETE FROM owned WHERE id = 1; ROLLBACK; -- L854 a check of what refers to a row that is gone
BEGIN; UPDATE owned SET id = 4 WHERE id = 2; ROLLBACK; -- L855 or that has another key
BEGIN; DELETE FROM above_owned WHERE id = 1; ROLLBACK; -- L856 the same, two tables away
BEGIN; DELETE FROM lent WHERE id = 3; SELECT id, p FROM unowning ORDER BY id; ROLLBACK; -- L857 a key compares no row in which it leaves NULL
BEGIN; UPDATE entered_by SET tag = repeat('x', 1600) WHERE id = 1; SELECT pg_column_size(tag) FROM entered_by WHERE id = 1; ROLLBACK; -- L981 how a column beside a long value is stored
BEGIN; UPDATE entered_by SET tag = repeat('x', 1600) WHERE id = 1; SELECT id FROM entered_by WHERE pg_column_compression(tag) IS NULL ORDER BY id; ROLLBACK; -- L982 the same in a condition
SELECT id FROM said_by_policy ORDER BY id; -- L1001 a policy's function quotes another table
UPDATE said_by_check SET a = 'x' WHERE id = 1; -- L1002 a check's function
INSERT INTO said_by_index VALUES (9, 'x'); DELETE FROM said_by_index WHERE id = 9; -- L1003 an index's function
REINDEX TABLE said_by_index; -- L1004 the same, asked again
ANALYZE said_by_index; -- L1005 for statistics of the index
ANALYZE said_by_statistics; -- L1006 for statistics of an expression
BEGIN; ALTER TABLE said_by_index ALTER a TYPE varchar(10); ROLLBACK; -- L1007 where rows are written anew
CLUSTER said_by_index USING said_by_index_pkey; -- L1008 the same by CLUSTER
BEGIN; ALTER TABLE said_by_index ADD b int; ROLLBACK; -- L1009 where nothing of it runs
