-- What Metabase, Superset and Tableau send for charts, filters, previews and joins that a person clicked together.

--- metabase count by
SELECT "public"."customers"."country" AS "country", COUNT(*) AS "count" FROM "public"."customers" GROUP BY "public"."customers"."country" ORDER BY "public"."customers"."country" ASC

--- metabase table preview
SELECT "public"."customers"."id" AS "id", "public"."customers"."name" AS "name", "public"."customers"."email" AS "email", "public"."customers"."ssn" AS "ssn", "public"."customers"."card_number" AS "card_number", "public"."customers"."phone" AS "phone", "public"."customers"."city" AS "city", "public"."customers"."country" AS "country", "public"."customers"."notes" AS "notes", "public"."customers"."created_at" AS "created_at" FROM "public"."customers" LIMIT 2000

--- metabase by month
SELECT CAST(DATE_TRUNC('month', "public"."orders"."created_at") AS date) AS "created_at", SUM("public"."orders"."total") AS "sum" FROM "public"."orders" WHERE ("public"."orders"."created_at" >= CAST(CAST('2024-01-01' AS date) AS timestamp)) GROUP BY CAST(DATE_TRUNC('month', "public"."orders"."created_at") AS date) ORDER BY CAST(DATE_TRUNC('month', "public"."orders"."created_at") AS date) ASC

--- metabase implicit join
SELECT "customers__via__customer_id"."country" AS "customers__via__customer_id__country", AVG("public"."orders"."total") AS "avg" FROM "public"."orders" LEFT JOIN "public"."customers" AS "customers__via__customer_id" ON "public"."orders"."customer_id" = "customers__via__customer_id"."id" GROUP BY "customers__via__customer_id"."country" ORDER BY "avg" DESC, "customers__via__customer_id"."country" ASC

--- metabase binning
SELECT (FLOOR(("public"."orders"."total" / 100.0)) * 100.0) AS "total", COUNT(*) AS "count" FROM "public"."orders" GROUP BY (FLOOR(("public"."orders"."total" / 100.0)) * 100.0) ORDER BY (FLOOR(("public"."orders"."total" / 100.0)) * 100.0) ASC

--- metabase nested question
SELECT "source"."status" AS "status", COUNT(*) AS "count" FROM (SELECT "public"."orders"."id" AS "id", "public"."orders"."status" AS "status", "public"."orders"."total" AS "total" FROM "public"."orders") AS "source" WHERE "source"."total" > 100 GROUP BY "source"."status" ORDER BY "source"."status" ASC

--- metabase filter values
SELECT "public"."customers"."city" AS "city" FROM "public"."customers" GROUP BY "public"."customers"."city" ORDER BY "public"."customers"."city" ASC LIMIT 1000

--- metabase fingerprint
SELECT SUBSTRING("public"."customers"."name", 1, 1234) AS "substring1", "public"."customers"."city" AS "city", SUBSTRING("public"."customers"."notes", 1, 1234) AS "substring2" FROM "public"."customers" LIMIT 10000

--- metabase count if
SELECT COUNT(*) AS "count", SUM(CASE WHEN "public"."orders"."status" = 'refunded' THEN 1 ELSE 0.0 END) AS "refunded", COUNT(DISTINCT "public"."orders"."customer_id") AS "buyers" FROM "public"."orders"

--- metabase distinct of a labelled column
--- refused PG-010
SELECT COUNT(DISTINCT "public"."customers"."email") AS "count" FROM "public"."customers"

--- superset chart
SELECT status AS status, DATE_TRUNC('week', created_at) AS __timestamp, SUM(total) AS "SUM(total)" FROM public.orders JOIN (SELECT status AS status__, SUM(total) AS mme_inner__ FROM public.orders WHERE created_at >= '2025-01-01 00:00:00.000000' GROUP BY status ORDER BY mme_inner__ DESC LIMIT 3) AS series_limit ON status = status__ WHERE created_at >= '2025-01-01 00:00:00.000000' GROUP BY status, DATE_TRUNC('week', created_at) ORDER BY "SUM(total)" DESC LIMIT 10000

--- superset virtual dataset
SELECT country AS country, sum(spent) AS "sum" FROM (SELECT c.country, o.total AS spent FROM customers c JOIN orders o ON o.customer_id = c.id
) AS virtual_table GROUP BY country ORDER BY "sum" DESC LIMIT 1000

--- superset samples
SELECT id AS id, name AS name, email AS email, country AS country FROM reporting.customer_directory LIMIT 1000 OFFSET 0

--- superset row count
SELECT COUNT(*) AS rowcount FROM (SELECT id AS id, name AS name, email AS email FROM public.customers LIMIT 10000) AS rowcount_qry

--- superset percentiles
SELECT status AS status, percentile_cont(0.5) WITHIN GROUP (ORDER BY total) AS median, stddev_samp(total) AS sd FROM public.orders GROUP BY status ORDER BY status

--- tableau connect
SELECT 1

--- tableau encodings
SELECT "customers"."country" AS "country", SUM("orders"."total") AS "sum:total:ok" FROM "public"."customers" "customers" INNER JOIN "public"."orders" "orders" ON ("customers"."id" = "orders"."customer_id") WHERE ("orders"."status" IN ('paid', 'shipped')) GROUP BY 1

--- tableau level of detail
SELECT "t0"."country" AS "country", AVG("t0"."x") AS "avg" FROM ( SELECT "customers"."country" AS "country", "customers"."id" AS "id", SUM("orders"."total") AS "x" FROM "public"."customers" "customers" LEFT JOIN "public"."orders" "orders" ON ("customers"."id" = "orders"."customer_id") GROUP BY 1, 2 ) "t0" GROUP BY 1 ORDER BY 1

--- tableau date parts
SELECT CAST(EXTRACT(YEAR FROM "orders"."created_at") AS INTEGER) AS "yr", CAST(EXTRACT(QUARTER FROM "orders"."created_at") AS INTEGER) AS "qr", COUNT(1) AS "n" FROM "public"."orders" "orders" GROUP BY 1, 2 ORDER BY 1, 2

--- tableau top n
SELECT "customers"."name" AS "name", SUM("orders"."total") AS "total" FROM "public"."orders" "orders" INNER JOIN "public"."customers" "customers" ON ("orders"."customer_id" = "customers"."id") GROUP BY "customers"."id", 1 ORDER BY 2 DESC, 1 LIMIT 10

--- tableau metadata
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name

--- grafana time series
SELECT floor(extract(epoch from at)/604800)*604800 AS "time", kind AS metric, count(*) AS value FROM events WHERE at BETWEEN '2025-02-01T00:00:00Z' AND '2025-06-01T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2

--- dashboards over a materialized view
SELECT month, revenue, lag(revenue) OVER (ORDER BY month) AS before, round(100 * revenue / nullif(lag(revenue) OVER (ORDER BY month), 0), 1) AS pct FROM reporting.revenue_by_month ORDER BY month
