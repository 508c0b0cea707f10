/** What a generated statement can speak of: the leak corpus' database and what `extraSetup` adds to it. */
export const types = [
  ...(['int', 'text', 'numeric', 'time', 'bool', 'json'] as const),
  ...(['date', 'texts', 'range', 'bytes', 'bits'] as const),
] as const;
export type Type = (typeof types)[number];

export interface ColumnSpec {
  readonly name: string;
  readonly type: Type;
  /** Carries a label, of its own or by what it is made of. */
  readonly labelled: boolean;
}

export interface TableSpec {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  /** Rows can be written. */
  readonly writable: boolean;
}

/** `id int, ssn text*`: a star marks what is labelled. */
function table(name: string, columns: string, writable = true): TableSpec {
  return {
    name,
    writable,
    columns: columns.split(', ').map((column) => {
      const [word = '', type = ''] = column.split(' ');
      const known = types.find((each) => each === type.replace('*', ''));
      if (known === undefined) throw new Error(`no type ${type}`);
      return { name: word, type: known, labelled: type.endsWith('*') };
    }),
  };
}

export const tables: readonly [TableSpec, ...TableSpec[]] = [
  table('customers', 'id int, name text, email text*, ssn text*, card_number text*, notes text*'),
  table('payments', 'id int, customer_id int, amount numeric, card_number text*, iban text*, created_at time'),
  table('employees', 'id int, name text, email text*, salary numeric*, ssn text*, manager_id int, password_hash text*'),
  table('scratch', 'id int, a text, b text'),
  table('vip_customers', 'id int, name text, email text*, ssn text*, card_number text*, notes text*, tier text'),
  table('v_contact', 'id int, name text, contact text*', false),
  table('v_masked', 'id int, ssn text*', false),
  table('v_nested', 'id int, c2 text*, tax_ref text*', false),
  table('mv_customers', 'id int, e text*, ssn_hash text*', false),
  table('customers_audit', 'at time, op text, old_row json*'),
  table('v_counts', 'name text, n int', false),
  table('v_both', 'id int, who text*', false),
  table('mv_typed', 'id int, born date*, tags texts*, span range*, raw bytes*, marks bits*, mail text*', false),
  table('typed', 'id int, day date, words texts, reach range, body bytes, flags bits'),
];

/** Rows with NULLs in labelled columns, and views of kinds that the corpus has none of. */
export const extraSetup = `
INSERT INTO customers VALUES (4,'Dora Dill',NULL,'536-90-4399',NULL,NULL),(5,'Alice Adams','eve.eads@corp.test',NULL,'4111111111111111',NULL);
INSERT INTO payments(id,customer_id,amount,card_number,iban) VALUES (13,4,10.00,NULL,NULL),(14,1,0.00,'378282246310005',NULL);
INSERT INTO employees VALUES (102,'Dan Dole',NULL,NULL,NULL,100,NULL);
INSERT INTO scratch(a,b) VALUES ('one','x'),('two',NULL);
CREATE VIEW v_counts AS SELECT name, count(*)::int AS n FROM customers GROUP BY name;
CREATE VIEW v_both AS SELECT id, email AS who FROM customers UNION ALL SELECT id, email FROM employees;
CREATE DOMAIN mail_address AS text CHECK (value <> '');
CREATE MATERIALIZED VIEW mv_typed AS SELECT id, date '2000-01-01' + ascii(ssn) AS born, ARRAY[email, ssn] AS tags,
  int4range(ascii(ssn), ascii(ssn) + 5) AS span, convert_to(email, 'UTF8') AS raw, ascii(ssn)::bit(16)::varbit AS marks, email::mail_address AS mail FROM customers;
CREATE TABLE typed (id serial PRIMARY KEY, day date DEFAULT '2024-05-06', words text[], reach int4range, body bytea, flags varbit);
INSERT INTO typed (words, reach, body, flags) VALUES ('{a,b}', '[1,4)', 'abc', '101'), ('{x,NULL}', 'empty', '', ''), (NULL, '[2,)', NULL, '0');
UPDATE customers_audit SET at = '2026-01-01';
REFRESH MATERIALIZED VIEW mv_customers;
ANALYZE;
`;
