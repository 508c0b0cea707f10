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
GRANT ALL ON ALL TABLES IN SCHEMA public TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app;
ANALYZE;
