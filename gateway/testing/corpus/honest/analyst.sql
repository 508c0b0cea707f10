-- What an analyst types into psql or a notebook.

--- columns as they are
SELECT id, name, email, phone FROM customers WHERE country = 'Spain' ORDER BY id LIMIT 20

--- everything of one customer
SELECT * FROM customers WHERE id = 42

--- table
TABLE employees

--- orders with their customer
SELECT o.id, o.total, c.name, c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.total > 880 ORDER BY o.total DESC, o.id

--- left join and null test
SELECT c.id, c.name FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL ORDER BY c.id

--- using
SELECT customer_id, p.amount, o.status FROM payments p JOIN orders o USING (customer_id) WHERE p.id = 17 ORDER BY 3, 2

--- natural join of unlabelled columns
SELECT order_id, line, amount, title FROM order_items NATURAL JOIN (SELECT sku, title FROM products) p WHERE order_id < 4 ORDER BY order_id, line

--- grouping sets
SELECT country, city, count(*) FROM customers GROUP BY GROUPING SETS ((country, city), (country), ()) ORDER BY country NULLS LAST, city NULLS LAST

--- rollup with filter
SELECT status, count(*), count(*) FILTER (WHERE total > 500) AS large FROM orders GROUP BY ROLLUP (status) ORDER BY status NULLS LAST

--- how many have a phone
SELECT count(*) AS all, count(phone) AS with_phone, count(*) FILTER (WHERE notes IS NOT NULL) AS with_notes FROM customers

--- without a phone
SELECT id, name FROM customers WHERE phone IS NULL ORDER BY id LIMIT 10

--- whether they have notes
SELECT id, notes IS NOT NULL AS has_notes FROM customers ORDER BY id LIMIT 10

--- cohorts
WITH first AS (SELECT customer_id, min(created_at) AS at FROM orders GROUP BY customer_id), m AS (SELECT date_trunc('quarter', at AT TIME ZONE 'UTC')::date AS cohort, customer_id FROM first) SELECT m.cohort, count(DISTINCT m.customer_id) AS customers, round(sum(o.total), 0) AS revenue FROM m JOIN orders o USING (customer_id) GROUP BY m.cohort ORDER BY m.cohort

--- running total
SELECT id, created_at, sum(total) OVER (PARTITION BY customer_id ORDER BY created_at ROWS UNBOUNDED PRECEDING) AS running FROM orders WHERE customer_id IN (1, 2, 3) ORDER BY customer_id, created_at

--- ranks beside labelled columns
SELECT c.name, c.email, sum(o.total) AS spent, rank() OVER (ORDER BY sum(o.total) DESC) AS place FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY spent DESC, c.id LIMIT 10

--- latest order of each, by lateral
SELECT c.id, c.email, last.total FROM customers c CROSS JOIN LATERAL (SELECT total FROM orders o WHERE o.customer_id = c.id ORDER BY created_at DESC LIMIT 1) last WHERE c.id < 20 ORDER BY c.id

--- latest order of each, by distinct on
SELECT DISTINCT ON (o.customer_id) o.customer_id, o.id, o.total, c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.customer_id < 10 ORDER BY o.customer_id, o.created_at DESC

--- distinct of unlabelled
SELECT DISTINCT country, city FROM customers ORDER BY 1, 2

--- management chain
WITH RECURSIVE chain AS (SELECT id, name, manager_id, 0 AS depth FROM employees WHERE id = 90 UNION ALL SELECT e.id, e.name, e.manager_id, depth + 1 FROM employees e JOIN chain ON e.id = chain.manager_id) SELECT depth, name FROM chain ORDER BY depth

--- management chain with addresses
WITH RECURSIVE chain(id, email, manager_id, depth) AS (SELECT id, email, manager_id, 0 FROM employees WHERE id = 90 UNION ALL SELECT e.id, e.email, e.manager_id, depth + 1 FROM employees e JOIN chain ON e.id = chain.manager_id) SELECT depth, email FROM chain ORDER BY depth

--- management chain without cycles
WITH RECURSIVE chain AS (SELECT id, manager_id FROM employees WHERE id = 90 UNION SELECT e.id, e.manager_id FROM employees e JOIN chain ON e.id = chain.manager_id) CYCLE id SET looped USING path SELECT id, looped FROM chain ORDER BY id

--- calendar
SELECT d::date AS day, count(t.id) AS opened FROM generate_series(date '2025-02-01', date '2025-02-10', interval '1 day') d LEFT JOIN tickets t ON t.opened_on = d::date GROUP BY d ORDER BY d

--- both kinds of people
SELECT 'customer' AS kind, name, email FROM customers WHERE id < 4 UNION ALL SELECT 'employee', name, email FROM employees WHERE id < 4 ORDER BY 1, 2

--- who has ordered and never paid
SELECT customer_id FROM orders WHERE customer_id < 50 EXCEPT SELECT customer_id FROM payments ORDER BY 1

--- inherited contacts
SELECT tableoid::regclass AS source, id, email FROM contacts ORDER BY id

--- partitions
SELECT kind, count(*), min(at), max(at) FROM events WHERE at >= '2025-12-01' GROUP BY kind ORDER BY kind

--- inside a document
SELECT payload ->> 'page' AS page, avg((payload ->> 'ms')::int) AS ms FROM events GROUP BY 1 ORDER BY 1

--- document by path
SELECT sku, attributes #>> '{colour}' AS colour, jsonb_path_query_first(attributes, '$.weight_g') AS weight FROM products WHERE attributes @> '{"colour": "red"}' ORDER BY sku

--- documents exploded
SELECT p.sku, e.key, e.value FROM products p, jsonb_each_text(p.attributes) AS e(key, value) WHERE p.sku < 'SKU-004' ORDER BY 1, 2

--- arrays
SELECT tag, count(*) FROM products, unnest(tags) AS tag GROUP BY tag ORDER BY tag

--- generated column and domain
SELECT order_id, sum(amount) AS amount, max(unit_price) AS dearest FROM order_items WHERE order_id <= 10 GROUP BY order_id ORDER BY order_id

--- enum
SELECT state, count(*), avg(closed_on - opened_on) AS days FROM tickets GROUP BY state ORDER BY state

--- view
SELECT country, sum(amount) FROM reporting.order_lines GROUP BY country ORDER BY country

--- security barrier view
SELECT id, subject, name, phone FROM reporting.open_tickets WHERE opened_on < '2025-01-20' ORDER BY id

--- function of a number
SELECT id, total, with_tax(total) AS gross, with_tax(total, 0.07) AS reduced FROM orders WHERE id < 6 ORDER BY id

--- function that reads
SELECT id, order_amount(id) FROM orders WHERE id < 6 ORDER BY id

--- function that returns rows
SELECT t.id, t.subject FROM open_tickets_of(5) t ORDER BY t.id

--- function that brings an address
SELECT id, contact_of(id) AS contact FROM tickets t WHERE id < 4 ORDER BY id

--- case on unlabelled beside labelled
SELECT id, email, CASE WHEN country IN ('Spain', 'Portugal') THEN 'Iberia' ELSE 'elsewhere' END AS region FROM customers ORDER BY id LIMIT 8

--- labelled or a word
SELECT id, coalesce(phone, 'none') AS phone FROM customers ORDER BY id LIMIT 30

--- labelled if
SELECT id, CASE WHEN country = 'Spain' THEN email ELSE 'not shown' END AS email FROM customers ORDER BY id LIMIT 30

--- first letters
SELECT id, upper(left(name, 1)) AS initial, split_part(name, ' ', 2) AS family FROM customers ORDER BY id LIMIT 8

--- row to json
SELECT row_to_json(o) FROM orders o WHERE id = 4

--- customer as a document
SELECT row_to_json(c) AS customer FROM customers c WHERE id = 4

--- chosen fields as a document
SELECT jsonb_build_object('id', c.id, 'email', c.email) AS contact FROM customers c WHERE id = 4

--- list as a document
SELECT json_agg(json_build_object('id', id, 'phone', phone) ORDER BY id) AS list FROM customers WHERE id < 5

--- orders of each as a list
SELECT c.id, c.email, array_agg(o.id ORDER BY o.id) AS orders, json_agg(o ORDER BY o.id) AS documents FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id < 6 GROUP BY c.id ORDER BY c.id

--- addresses as an array
SELECT country, array_agg(email ORDER BY id) AS addresses FROM customers WHERE id < 30 GROUP BY country ORDER BY country

--- quartiles
SELECT percentile_disc(array[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY total) FROM orders

--- average salary
--- refused PG-010
SELECT title, avg(salary) FROM employees GROUP BY title

--- values
SELECT v.label, count(o.id) FROM (VALUES ('small', 0, 100), ('large', 100, 10000)) AS v(label, low, high) LEFT JOIN orders o ON o.total >= v.low AND o.total < v.high GROUP BY v.label ORDER BY v.label

--- sample
SELECT count(*) > 0 AS some FROM orders TABLESAMPLE SYSTEM (100)

--- plan
--- varies
EXPLAIN SELECT count(*) FROM orders WHERE customer_id = 7

--- plan with times
--- varies
EXPLAIN (ANALYZE, BUFFERS) SELECT status, count(*) FROM orders GROUP BY status

--- sizes
SELECT relname, pg_total_relation_size(oid) > 0 AS stored FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname

--- who am I
SELECT current_user, current_database(), current_setting('server_version_num')::int > 150000 AS new

--- copy of unlabelled columns
COPY (SELECT country, count(*) FROM customers GROUP BY country ORDER BY country) TO STDOUT WITH (FORMAT csv, HEADER)

--- orphans
DELETE FROM tickets t WHERE t.state = 'closed' AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = t.customer_id)

--- orphans by the other table alone
DELETE FROM payments WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = payments.order_id)

--- move rows
WITH closed AS (DELETE FROM tickets WHERE state = 'closed' AND opened_on < '2025-02-01' RETURNING id, subject) SELECT count(*) FROM closed

--- update from another table
UPDATE orders o SET status = 'delivered' FROM payments p WHERE p.order_id = o.id AND o.id = 3 RETURNING o.id, o.status

--- merge
MERGE INTO products p USING (VALUES ('SKU-001', 3.5), ('SKU-900', 4.5)) AS v(sku, price) ON p.sku = v.sku WHEN MATCHED THEN UPDATE SET unit_price = v.price WHEN NOT MATCHED THEN INSERT (sku, title, unit_price) VALUES (v.sku, 'new', v.price)

--- customer with a new address
--- masked email
UPDATE customers SET email = 'new@example.com' WHERE id = 8 RETURNING id, name, email

--- each customer once
SELECT DISTINCT c.* FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.total > 890 ORDER BY c.id

--- grouped by everything that is shown
SELECT c.id, c.name, c.email, count(o.id) AS orders FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE c.id < 10 GROUP BY c.id, c.name, c.email ORDER BY c.id

--- a whole row
--- masked c
SELECT c FROM customers c WHERE c.id = 7

--- each customer once, by position
--- masked email
SELECT DISTINCT c.id, c.email FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.total > 890 ORDER BY 1

--- members of a document and their names
SELECT k.key, count(*) FROM billing.events e, jsonb_each(e.payload) k GROUP BY k.key ORDER BY k.key

--- what a document holds beside labelled members
SELECT JSON_VALUE(payload, '$.source') AS source, count(*) FILTER (WHERE JSON_EXISTS(payload, '$.items')) FROM billing.events GROUP BY 1 ORDER BY 1

--- a table of members
SELECT e.id, t.source, t.ms FROM billing.events e, JSON_TABLE(e.payload, '$' COLUMNS (source text PATH '$.source', ms int PATH '$.ms')) t WHERE e.id < 5 ORDER BY e.id

--- member beside a labelled one
SELECT id, address #>> '{city}' AS city, address -> 'street' IS NULL AS nowhere FROM clinic.patients WHERE id < 5 ORDER BY id

--- labelled member in capitals
--- masked email
SELECT id, upper(payload ->> 'email') AS email FROM billing.events WHERE id < 5 ORDER BY id
