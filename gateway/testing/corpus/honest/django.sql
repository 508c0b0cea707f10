-- What Django 5.2.19 sends for ordinary models, queries and introspection, as the server logged it.

--- django
SELECT "customers"."id", "customers"."name", "customers"."email", "customers"."ssn", "customers"."card_number", "customers"."phone", "customers"."city", "customers"."country", "customers"."notes", "customers"."created_at" FROM "customers" WHERE "customers"."id" = 9 LIMIT 21

--- django
SELECT "customers"."id", "customers"."name", "customers"."email", "customers"."ssn", "customers"."card_number", "customers"."phone", "customers"."city", "customers"."country", "customers"."notes", "customers"."created_at" FROM "customers" ORDER BY "customers"."id" ASC LIMIT 3

--- django
SELECT "customers"."id", "customers"."name", "customers"."city" FROM "customers" WHERE "customers"."country" = 'France' ORDER BY "customers"."id" ASC LIMIT 4

--- django
SELECT "orders"."id", "orders"."customer_id", "orders"."status", "orders"."total", "orders"."created_at", "customers"."id", "customers"."name", "customers"."email", "customers"."ssn", "customers"."card_number", "customers"."phone", "customers"."city", "customers"."country", "customers"."notes", "customers"."created_at" FROM "orders" INNER JOIN "customers" ON ("orders"."customer_id" = "customers"."id") WHERE "orders"."status" = 'paid' ORDER BY "orders"."id" DESC LIMIT 4

--- django
SELECT "customers"."id", "customers"."name", "customers"."email", "customers"."ssn", "customers"."card_number", "customers"."phone", "customers"."city", "customers"."country", "customers"."notes", "customers"."created_at" FROM "customers" WHERE "customers"."city" = 'Porto' ORDER BY "customers"."id" ASC LIMIT 3

--- django
SELECT "orders"."id", "orders"."customer_id", "orders"."status", "orders"."total", "orders"."created_at" FROM "orders" WHERE "orders"."customer_id" IN (18, 26, 27)

--- django
SELECT "customers"."country" AS "country", COUNT("customers"."id") AS "n" FROM "customers" GROUP BY 1 ORDER BY 2 DESC, 1 ASC

--- django
SELECT "customers"."id" AS "id", "customers"."name" AS "name", SUM("orders"."total") AS "spent" FROM "customers" LEFT OUTER JOIN "orders" ON ("customers"."id" = "orders"."customer_id") GROUP BY 1 HAVING SUM("orders"."total") > 2000 ORDER BY 3 DESC, 1 ASC LIMIT 5

--- django
SELECT DATE_TRUNC('month', "orders"."created_at" AT TIME ZONE 'America/Chicago') AS "month", SUM("orders"."total") AS "revenue" FROM "orders" GROUP BY 1 ORDER BY 1 ASC

--- django
SELECT AVG("orders"."total") AS "total__avg", MAX("orders"."total") AS "total__max" FROM "orders"

--- django
SELECT COUNT(*) AS "__count" FROM "customers" WHERE ("customers"."city" = 'Graz' OR "customers"."country" IN ('Spain', 'France'))

--- django
SELECT 1 AS "a" FROM "customers" WHERE "customers"."email" = 'nobody@example.com' LIMIT 1

--- django
SELECT 1 AS "a" FROM "orders" WHERE "orders"."customer_id" = 1 LIMIT 1

--- django
SELECT "customers"."id" AS "id", "customers"."name" AS "name" FROM "customers" WHERE EXISTS(SELECT 1 AS "a" FROM "orders" U0 WHERE (U0."customer_id" = ("customers"."id") AND U0."status" = 'refunded') LIMIT 1) ORDER BY 1 ASC LIMIT 5

--- django
SELECT "customers"."id" AS "id", "customers"."email" AS "email", (SELECT U0."total" AS "total" FROM "orders" U0 WHERE U0."customer_id" = ("customers"."id") ORDER BY U0."created_at" DESC LIMIT 1) AS "last" FROM "customers" ORDER BY 1 ASC LIMIT 3

--- django
SELECT * FROM ( SELECT "orders"."id" AS "id", ROW_NUMBER() OVER (PARTITION BY "orders"."customer_id" ORDER BY "orders"."total" DESC) AS "rn" FROM "orders" ORDER BY 1 ASC ) "qualify" WHERE "rn" = 1 ORDER BY 1 ASC LIMIT 5

--- django
SELECT CASE WHEN "orders"."total" > 500 THEN 'large' ELSE 'small' END AS "size", COUNT(*) AS "n" FROM "orders" GROUP BY 1 ORDER BY 1 ASC

--- django
SELECT "products"."sku" AS "sku" FROM "products" WHERE ("products"."attributes" -> 'colour') = '"red"'::jsonb ORDER BY 1 ASC

--- django
SELECT "customers"."name" AS "name" FROM "customers" WHERE UPPER("customers"."name"::text) LIKE UPPER('%ana%') ORDER BY 1 ASC, "customers"."id" ASC LIMIT 5

--- django
SELECT (COALESCE("customers"."name", '') || COALESCE((COALESCE(' <', '') || COALESCE((COALESCE("customers"."email", '') || COALESCE('>', '')), '')), '')) AS "label" FROM "customers" ORDER BY "customers"."id" ASC LIMIT 3

--- django
SELECT DISTINCT "customers"."city" AS "city" FROM "customers" ORDER BY 1 ASC

--- django
SELECT DISTINCT DATE_TRUNC('year', "orders"."created_at" AT TIME ZONE 'America/Chicago') AS "datefield" FROM "orders" WHERE "orders"."created_at" IS NOT NULL ORDER BY 1 ASC

--- django
INSERT INTO "orders" ("customer_id", "status", "total", "created_at") VALUES (1, 'paid', 3, '2026-11-21 17:43:29.690079+00:00'::timestamptz) RETURNING "orders"."id"

--- django
UPDATE "orders" SET "status" = 'shipped', "total" = ("orders"."total" + 1) WHERE "orders"."id" = 9008

--- django
UPDATE "orders" SET "customer_id" = 1, "status" = 'x', "total" = 3, "created_at" = '2026-11-21 17:43:29.690079+00:00'::timestamptz WHERE "orders"."id" = 9008

--- django
DELETE FROM "payments" WHERE "payments"."order_id" IN (9008)

--- django
DELETE FROM "orders" WHERE "orders"."id" IN (9008)

--- django
INSERT INTO "orders" ("customer_id", "status", "total", "created_at") SELECT * FROM UNNEST(('{1,2}'::int2[])::integer[], ('{paid,paid}')::text[], ('{3,4}'::numeric[])::numeric[], ('{"2026-11-21 17:43:29.720423+00:00","2026-11-21 17:43:29.720450+00:00"}'::timestamptz[])::timestamp with time zone[]) RETURNING "orders"."id"

--- django
SELECT "products"."sku", "products"."title", "products"."unit_price", "products"."attributes" FROM "products" WHERE "products"."sku" = 'SKU-002' LIMIT 21 FOR UPDATE

--- django
UPDATE "products" SET "title" = 'T', "unit_price" = 3, "attributes" = '{}'::jsonb WHERE "products"."sku" = 'SKU-002'

--- django
SELECT "customers"."id", "customers"."name", "customers"."email", "customers"."ssn", "customers"."card_number", "customers"."phone", "customers"."city", "customers"."country", "customers"."notes", "customers"."created_at" FROM "customers" WHERE "customers"."id" = 5 FOR UPDATE

--- django
SELECT "customers"."ssn" AS "ssn" FROM "customers" WHERE "customers"."id" = 5 ORDER BY "customers"."id" ASC LIMIT 1

--- django
            SELECT
                c.relname,
                CASE
                    WHEN c.relispartition THEN 'p'
                    WHEN c.relkind IN ('m', 'v') THEN 'v'
                    ELSE 't'
                END,
                obj_description(c.oid, 'pg_class')
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)

--- django
            SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation,
                a.attidentity != '' AS is_autofield,
                col_description(a.attrelid, a.attnum) AS column_comment
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'customers'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)

--- django
SELECT * FROM "customers" LIMIT 1

--- django
            SELECT
                c.conname,
                array(
                    SELECT attname
                    FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
                    JOIN pg_attribute AS ca ON cols.colid = ca.attnum
                    WHERE ca.attrelid = c.conrelid
                    ORDER BY cols.arridx
                ),
                c.contype,
                (SELECT fkc.relname || '.' || fka.attname
                FROM pg_attribute AS fka
                JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
                WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]),
                cl.reloptions
            FROM pg_constraint AS c
            JOIN pg_class AS cl ON c.conrelid = cl.oid
            WHERE cl.relname = 'orders' AND pg_catalog.pg_table_is_visible(cl.oid)

--- django
            SELECT
                indexname,
                array_agg(attname ORDER BY arridx),
                indisunique,
                indisprimary,
                array_agg(ordering ORDER BY arridx),
                amname,
                exprdef,
                s2.attoptions
            FROM (
                SELECT
                    c2.relname as indexname, idx.*, attr.attname, am.amname,
                    CASE
                        WHEN idx.indexprs IS NOT NULL THEN
                            pg_get_indexdef(idx.indexrelid)
                    END AS exprdef,
                    CASE am.amname
                        WHEN 'btree' THEN
                            CASE (option & 1)
                                WHEN 1 THEN 'DESC' ELSE 'ASC'
                            END
                    END as ordering,
                    c2.reloptions as attoptions
                FROM (
                    SELECT *
                    FROM
                        pg_index i,
                        unnest(i.indkey, i.indoption)
                            WITH ORDINALITY koi(key, option, arridx)
                ) idx
                LEFT JOIN pg_class c ON idx.indrelid = c.oid
                LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid
                LEFT JOIN pg_am am ON c2.relam = am.oid
                LEFT JOIN
                    pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key
                WHERE c.relname = 'orders' AND pg_catalog.pg_table_is_visible(c.oid)
            ) s2
            GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions;

--- django
            SELECT a1.attname, c2.relname, a2.attname
            FROM pg_constraint con
            LEFT JOIN pg_class c1 ON con.conrelid = c1.oid
            LEFT JOIN pg_class c2 ON con.confrelid = c2.oid
            LEFT JOIN
                pg_attribute a1 ON c1.oid = a1.attrelid AND a1.attnum = con.conkey[1]
            LEFT JOIN
                pg_attribute a2 ON c2.oid = a2.attrelid AND a2.attnum = con.confkey[1]
            WHERE
                c1.relname = 'orders' AND
                con.contype = 'f' AND
                c1.relnamespace = c2.relnamespace AND
                pg_catalog.pg_table_is_visible(c1.oid)

--- django
            SELECT
                s.relname AS sequence_name,
                a.attname AS colname
            FROM
                pg_class s
                JOIN pg_depend d ON d.objid = s.oid
                    AND d.classid = 'pg_class'::regclass
                    AND d.refclassid = 'pg_class'::regclass
                JOIN pg_attribute a ON d.refobjid = a.attrelid
                    AND d.refobjsubid = a.attnum
                JOIN pg_class tbl ON tbl.oid = d.refobjid
                    AND tbl.relname = 'orders'
                    AND pg_catalog.pg_table_is_visible(tbl.oid)
            WHERE
                s.relkind = 'S';
