BEGIN; CREATE TABLE made_now (id int); ROLLBACK; -- L1010 what event triggers say of a table that is made
BEGIN; ALTER TABLE unlabelled ADD COLUMN b int; ROLLBACK; -- L1011 or changed
BEGIN; DROP TABLE unlabelled CASCADE; ROLLBACK; -- L1012 or dropped
BEGIN; CREATE TABLE made_now AS SELECT id FROM unlabelled; ROLLBACK; -- L1013 or made of a query
BEGIN; SELECT id INTO made_now FROM unlabelled; ROLLBACK; -- L1014 the same by SELECT
BEGIN; CREATE INDEX ON unlabelled (a); ROLLBACK; -- L1015 of an index
BEGIN; COMMENT ON TABLE unlabelled IS 'x'; ROLLBACK; -- L1016 of a comment
BEGIN; GRANT SELECT ON unlabelled TO app; ROLLBACK; -- L1017 of a privilege
BEGIN; REFRESH MATERIALIZED VIEW seen_of; ROLLBACK; -- L1018 of a view that is filled anew
BEGIN; CREATE TEMP TABLE made_now (id int); DROP TABLE made_now; ROLLBACK; -- L1019 of a temporary table
REINDEX TABLE unlabelled; -- L1020 of an index that is built anew
