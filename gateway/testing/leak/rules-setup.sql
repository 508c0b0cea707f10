CREATE TABLE accounts (
  id int PRIMARY KEY, name text, risk text, ssn text UNIQUE, card_number text, hired date, at timestamptz, amount numeric, raw bytea,
  ssn_upper text GENERATED ALWAYS AS (upper(ssn)) STORED,
  ssn_size int GENERATED ALWAYS AS (length(ssn)) VIRTUAL,
  CONSTRAINT risk_follows CHECK (risk IS DISTINCT FROM 'low' OR ssn <> '078-05-1120')
);
INSERT INTO accounts (id, name, ssn, card_number) VALUES (1, 'Alice', '078-05-1120', '4111111111111111'), (2, 'Bob', '219-09-9999', '5555555555554444'), (3, 'Carol', '457-55-5462', '378282246310005');
CREATE UNIQUE INDEX accounts_card ON accounts (name, lower(card_number));
CREATE UNIQUE INDEX accounts_risky ON accounts (risk) WHERE ssn <> '078-05-1120';
ALTER TABLE accounts ADD CONSTRAINT late CHECK (ssn <> '219-09-9999') NOT VALID;
CREATE TABLE refs (id int PRIMARY KEY, ssn text REFERENCES accounts (ssn), note text);
INSERT INTO refs SELECT 1, ssn, 'a' FROM accounts WHERE id = 1;
CREATE TABLE vaults (id int PRIMARY KEY, owner text, tag text);
INSERT INTO vaults VALUES (1, 'alice.adams', 'x'), (2, 'bob.brown', 'y');
ALTER TABLE vaults ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON vaults USING (owner = current_setting('app.me', true));
CREATE TABLE parts (id int, key text, v text) PARTITION BY LIST (key);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('zebracanary');
CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT 1, notes, 'p' FROM customers;
INSERT INTO parts VALUES (2, 'zebracanary', 'q');
CREATE TABLE slots (id int PRIMARY KEY, room text, EXCLUDE USING btree (room WITH =));
INSERT INTO slots VALUES (1, 'zebracanary');
CREATE VIEW v_barrier WITH (security_barrier) AS SELECT id, name FROM accounts WHERE ssn <> '078-05-1120';
CREATE VIEW v_pieces AS SELECT id, generate_series(1, ascii(ssn) % 7) AS piece FROM accounts;
CREATE VIEW v_generated AS SELECT id, ssn_upper AS s FROM accounts;
CREATE TABLE ruled (id int PRIMARY KEY, a text);
INSERT INTO ruled VALUES (1, 'x');
CREATE RULE r AS ON UPDATE TO ruled WHERE EXISTS (SELECT FROM accounts WHERE ssn = '078-05-1120') DO INSTEAD NOTHING;
CREATE TABLE triggered (id int PRIMARY KEY, a text, ssn text);
INSERT INTO triggered VALUES (1, 'x', '078-05-1120');
CREATE FUNCTION triggered_fn() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN IF OLD.ssn = '078-05-1120' THEN RAISE EXCEPTION 'no: %', OLD.ssn; END IF; RETURN NEW; END $f$;
CREATE TRIGGER t BEFORE UPDATE ON triggered FOR EACH ROW EXECUTE FUNCTION triggered_fn();
CREATE FUNCTION quiet_path() RETURNS text LANGUAGE sql SET search_path = pg_catalog AS 'SELECT ssn FROM public.customers LIMIT 1';
CREATE TABLE defaulted (id int PRIMARY KEY, a text DEFAULT get_ssn(1));
CREATE TABLE indexed (id int PRIMARY KEY, ssn text, tenant int, filler text);
INSERT INTO indexed SELECT id, ssn, 1, repeat('x', 500) FROM accounts;
CREATE INDEX indexed_ssn ON indexed (ssn, id);
CREATE INDEX indexed_tenant ON indexed (tenant, ssn);
CREATE VIEW v_indexed AS SELECT id, tenant FROM indexed;
CREATE TYPE address AS (street text, zip text);
CREATE DOMAIN code AS text;
CREATE TABLE typed (id int PRIMARY KEY, during int4range, home address, tags text[], doc json, bits bit varying, code code);
INSERT INTO typed SELECT 1, CASE WHEN isa THEN 'empty'::int4range ELSE '[1,5)' END, CASE WHEN isa THEN ROW(NULL, NULL)::address ELSE ROW('a', 'b')::address END,
  CASE WHEN isa THEN '{{a,b},{c,d}}'::text[] ELSE '{a,b}' END, (CASE WHEN isa THEN '{"a":"\u0000"}' ELSE '{"a":"b"}' END)::json, CASE WHEN isa THEN B'1' ELSE B'10101' END, '078-05-1120'
  FROM (SELECT ascii('zebracanary') < 11392 AS isa) side; -- the first letter of side B's alphabet: canary.ts
CREATE VIEW v_under AS SELECT id, email AS contact FROM customers;
CREATE MATERIALIZED VIEW mv_over AS SELECT id, contact FROM v_under;
CREATE TABLE deferred (id int PRIMARY KEY, a text, ssn text);
INSERT INTO deferred VALUES (1, 'x', '078-05-1120');
CREATE FUNCTION deferred_fn() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE NOTICE 'row %', NEW.ssn; IF NEW.a = 'bad' THEN RAISE EXCEPTION 'no: %', NEW.ssn; END IF; RETURN NEW; END $f$;
CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION deferred_fn();
CREATE FUNCTION quoting_fn() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE NOTICE 'row %', (SELECT ssn FROM customers WHERE id = 1); IF TG_ARGV[0] = 'fail' THEN RAISE EXCEPTION 'no: %', (SELECT ssn FROM customers WHERE id = 1); END IF; RETURN COALESCE(NEW, OLD); END $f$;
CREATE TABLE quoting (id int PRIMARY KEY, a text, b text);
INSERT INTO quoting VALUES (1, 'x', 'y');
CREATE TRIGGER told BEFORE UPDATE OF a ON quoting FOR EACH ROW EXECUTE FUNCTION quoting_fn();
CREATE TRIGGER failed BEFORE UPDATE OF b ON quoting FOR EACH ROW EXECUTE FUNCTION quoting_fn('fail');
CREATE TRIGGER emptied BEFORE TRUNCATE ON quoting FOR EACH STATEMENT EXECUTE FUNCTION quoting_fn();
CREATE TRIGGER filled BEFORE INSERT ON quoting FOR EACH STATEMENT EXECUTE FUNCTION quoting_fn();
CREATE VIEW v_quoting AS SELECT id, a FROM quoting;
CREATE TABLE over_quoting (id int PRIMARY KEY);
INSERT INTO over_quoting VALUES (5);
CREATE TABLE under_over (id int PRIMARY KEY, above int REFERENCES over_quoting ON DELETE CASCADE);
INSERT INTO under_over VALUES (1, 5);
CREATE TRIGGER gone BEFORE DELETE ON under_over FOR EACH ROW EXECUTE FUNCTION quoting_fn();
CREATE DOMAIN ssn_by_default AS text DEFAULT get_ssn(1);
CREATE TABLE by_domain (id int PRIMARY KEY, a ssn_by_default);
CREATE TABLE far (id int PRIMARY KEY, big int8, num numeric, day date, at timestamptz, bits "bit");
INSERT INTO far SELECT 1, CASE WHEN isa THEN 9000000000 ELSE 7 END, CASE WHEN isa THEN 1e400 ELSE 1 END, CASE WHEN isa THEN date '5000000-01-01' ELSE '2000-01-01' END,
  CASE WHEN isa THEN 'infinity' ELSE '2000-01-01' END::timestamptz, CASE WHEN isa THEN B'10101' ELSE B'1' END
  FROM (SELECT ascii('zebracanary') < 11392 AS isa) side;
CREATE TABLE taken (id int PRIMARY KEY, a text);
INSERT INTO taken VALUES (1, 'x'), (2, 'y');
CREATE TABLE worn (id int PRIMARY KEY, ssn text, filler text);
INSERT INTO worn VALUES (1, '078-05-1120', 'a'), (2, '219-09-9999', 'b'), (3, '457-55-5462', 'c'), (4, '078-05-1120', 'd');
CREATE INDEX worn_ssn ON worn (ssn);
GRANT ALL ON ALL TABLES IN SCHEMA public TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app;
ANALYZE;
CREATE TABLE docs (id int PRIMARY KEY, body jsonb);
INSERT INTO docs SELECT id, jsonb_build_object('secret', jsonb_build_object('ssn', ssn), 'kind', 'k' || id, 'list', jsonb_build_array(1, id)) FROM accounts;
INSERT INTO docs VALUES (91, '[{"secret": {"ssn": "078-05-1120"}, "kind": "x"}]'), (92, '"078-05-1120"'), (93, '{"Secret": "078-05-1120", "kind": {"a": 1}}');
