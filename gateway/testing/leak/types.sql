SELECT 1::int::place; -- L861 a cast that somebody wrote
SELECT (1::place).street; -- L862 a field of what it makes
SELECT street_of(1); -- L863 an argument
BEGIN; INSERT INTO places VALUES (1, 1) RETURNING home; ROLLBACK; -- L864 a column that is written
BEGIN; INSERT INTO places VALUES (1, 1); SELECT (home).street FROM places; ROLLBACK; -- L865 and read again
BEGIN; INSERT INTO places (id) VALUES (1); UPDATE places SET home = id WHERE id = 1 RETURNING home; ROLLBACK; -- L866 by UPDATE
BEGIN; MERGE INTO places h USING (SELECT 1 AS id) s ON h.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.id) RETURNING h.home; ROLLBACK; -- L867 by MERGE
PREPARE p (place) AS SELECT $1; EXECUTE p (1); -- L868 a parameter
SELECT '078-05-1120'::guarded; -- L869 a domain whose check reads
SELECT '{078-05-1120}'::guarded[]; -- L870 an array of it
SELECT ROW('078-05-1120', 1)::holder; -- L871 a row with it
SELECT '(078-05-1120,1)'::holder; -- L872 the same as text
SELECT jsonb_populate_record(null::guards, '{"g": "078-05-1120"}'); -- L873 a row made of a document
SELECT * FROM jsonb_to_record('{"g": "078-05-1120"}') AS x(g guarded); -- L874 a record of one
SELECT JSON_VALUE('{"g": "078-05-1120"}'::jsonb, '$.g' RETURNING guarded); -- L875 a member of one
SELECT * FROM JSON_TABLE('{"g": "078-05-1120"}'::jsonb, '$' COLUMNS (g guarded PATH '$.g')) t; -- L876 a table of one
SELECT * FROM XMLTABLE('/a' PASSING '<a>078-05-1120</a>' COLUMNS g guarded PATH '.') t; -- L877 of XML
SELECT pg_input_is_valid('078-05-1120', 'guarded'); -- L878 whether a text is one
BEGIN; INSERT INTO guards (id, g) VALUES (1, '078-05-1120'); ROLLBACK; -- L879 a column that is written
BEGIN; INSERT INTO guards (id, gs[1]) VALUES (1, '078-05-1120'); ROLLBACK; -- L880 an element of one
BEGIN; INSERT INTO guards (id, h.g) VALUES (1, '078-05-1120'); ROLLBACK; -- L881 a field of one
PREPARE p (guarded) AS SELECT 1; EXECUTE p ('078-05-1120'); -- L882 a parameter
SELECT populate_record(null::holder, hstore('g', '078-05-1120')); -- L883 by an extension
