-- What an AI agent with the groups of a reader sends while it answers a question about the shop.

--- which tables
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2

--- which columns
SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = 'customers' ORDER BY ordinal_position

--- which keys
SELECT tc.table_name, kcu.column_name, ccu.table_name AS foreign_table_name, ccu.column_name AS foreign_column_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE tc.constraint_type = 'FOREIGN KEY' ORDER BY 1, 2

--- how many rows
SELECT relname, n_live_tup >= 0 AS counted FROM pg_stat_user_tables ORDER BY relname

--- a look
SELECT * FROM customers LIMIT 5

--- a look at payments
SELECT * FROM payments ORDER BY id LIMIT 5

--- best customers
SELECT c.id, c.name, c.country, COUNT(o.id) AS order_count, SUM(o.total) AS total_spent FROM customers c JOIN orders o ON c.id = o.customer_id WHERE o.status NOT IN ('cancelled', 'refunded') GROUP BY c.id, c.name, c.country ORDER BY total_spent DESC, c.id LIMIT 10

--- share of each state
SELECT status, COUNT(*) AS n, ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 2) AS percentage FROM orders GROUP BY status ORDER BY n DESC, status

--- growth
WITH monthly AS (SELECT DATE_TRUNC('month', created_at) AS month, SUM(total) AS revenue FROM orders GROUP BY 1) SELECT month, revenue, revenue - LAG(revenue) OVER (ORDER BY month) AS change FROM monthly ORDER BY month

--- paid by what
SELECT CASE WHEN card_number IS NOT NULL THEN 'card' WHEN iban IS NOT NULL THEN 'bank' ELSE 'unknown' END AS method, COUNT(*), SUM(amount) FROM payments GROUP BY 1 ORDER BY 1

--- contact list
SELECT name, email, phone FROM customers WHERE city = 'Porto' ORDER BY name, id LIMIT 15

--- who is late
SELECT t.id, t.subject, c.name, c.email, CURRENT_DATE - t.opened_on > 30 AS late FROM tickets t JOIN customers c ON c.id = t.customer_id WHERE t.state = 'open' ORDER BY t.opened_on, t.id LIMIT 10

--- address domains
--- refused PG-010
SELECT split_part(email, '@', 2) AS domain, COUNT(*) FROM customers GROUP BY 1 ORDER BY 2 DESC

--- by name
SELECT id, name, email FROM customers WHERE name ILIKE '%garc%' ORDER BY id LIMIT 5

--- label for a letter
SELECT name || ' <' || email || '>' AS recipient FROM customers WHERE id IN (1, 2, 3) ORDER BY id

--- hidden digits
--- masked card
SELECT id, 'card ending in ' || right(card_number, 4) AS card FROM payments WHERE card_number IS NOT NULL ORDER BY id LIMIT 5
