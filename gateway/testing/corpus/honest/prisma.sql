-- What Prisma 7.10.0 sends by its adapter for pg, as the server logged it.

--- prisma
--- with ["3", "1", "0"]
SELECT "public"."customers"."id", "public"."customers"."name", "public"."customers"."email", "public"."customers"."ssn", "public"."customers"."card_number", "public"."customers"."phone", "public"."customers"."city", "public"."customers"."country", "public"."customers"."notes", "public"."customers"."created_at" FROM "public"."customers" WHERE ("public"."customers"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3

--- prisma
--- with ["3", "0"]
SELECT "public"."customers"."id", "public"."customers"."name", "public"."customers"."email", "public"."customers"."ssn", "public"."customers"."card_number", "public"."customers"."phone", "public"."customers"."city", "public"."customers"."country", "public"."customers"."notes", "public"."customers"."created_at" FROM "public"."customers" WHERE 1=1 ORDER BY "public"."customers"."id" ASC LIMIT $1 OFFSET $2

--- prisma
--- with ["Spain", "A", "0"]
SELECT "public"."customers"."id", "public"."customers"."name", "public"."customers"."email" FROM "public"."customers" WHERE ("public"."customers"."country" = $1 AND "public"."customers"."name"::text LIKE ($2 || '%')) ORDER BY "public"."customers"."id" ASC OFFSET $3

--- prisma
--- with ["paid", "3", "2"]
SELECT "public"."orders"."id", "public"."orders"."customer_id", "public"."orders"."status", "public"."orders"."total", "public"."orders"."created_at" FROM "public"."orders" WHERE "public"."orders"."status" = $1 ORDER BY "public"."orders"."total" DESC, "public"."orders"."id" ASC LIMIT $2 OFFSET $3

--- prisma
--- with ["118", "27", "3185", "0"]
SELECT "public"."customers"."id", "public"."customers"."name", "public"."customers"."email", "public"."customers"."ssn", "public"."customers"."card_number", "public"."customers"."phone", "public"."customers"."city", "public"."customers"."country", "public"."customers"."notes", "public"."customers"."created_at" FROM "public"."customers" WHERE "public"."customers"."id" IN ($1,$2,$3) OFFSET $4

--- prisma
--- with ["850", "2", "0"]
SELECT "public"."customers"."id", "public"."customers"."name", "public"."customers"."email", "public"."customers"."ssn", "public"."customers"."card_number", "public"."customers"."phone", "public"."customers"."city", "public"."customers"."country", "public"."customers"."notes", "public"."customers"."created_at" FROM "public"."customers" WHERE EXISTS(SELECT "t0"."customer_id" FROM "public"."orders" AS "t0" WHERE ("t0"."total" > $1 AND ("public"."customers"."id") = ("t0"."customer_id") AND "t0"."customer_id" IS NOT NULL)) ORDER BY "public"."customers"."id" ASC LIMIT $2 OFFSET $3

--- prisma
--- with ["3", "27", "0"]
SELECT "public"."orders"."id", "public"."orders"."customer_id", "public"."orders"."status", "public"."orders"."total", "public"."orders"."created_at" FROM "public"."orders" WHERE "public"."orders"."customer_id" IN ($1,$2) OFFSET $3

--- prisma
--- with ["Graz", "Porto", "0"]
SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."customers"."id" FROM "public"."customers" WHERE "public"."customers"."city" IN ($1,$2) OFFSET $3) AS "sub"

--- prisma
--- with ["0"]
SELECT COUNT(*) AS "_count$_all", SUM("public"."orders"."total") AS "_sum$total", "public"."orders"."status" FROM "public"."orders" WHERE 1=1 GROUP BY "public"."orders"."status" ORDER BY "public"."orders"."status" ASC OFFSET $1

--- prisma
--- with ["100", "0"]
SELECT AVG("total") AS "_avg$total", MAX("total") AS "_max$total" FROM (SELECT "public"."orders"."total" FROM "public"."orders" WHERE "public"."orders"."customer_id" < $1 OFFSET $2) AS "sub"

--- prisma
--- with ["nobody@example.com", "1", "0"]
SELECT "public"."customers"."id", "public"."customers"."name", "public"."customers"."email", "public"."customers"."ssn", "public"."customers"."card_number", "public"."customers"."phone", "public"."customers"."city", "public"."customers"."country", "public"."customers"."notes", "public"."customers"."created_at" FROM "public"."customers" WHERE "public"."customers"."email" = $1 LIMIT $2 OFFSET $3

--- prisma
--- with ["{garden}", "colour", "\"red\"", "0"]
SELECT "public"."products"."sku", "public"."products"."title", "public"."products"."unit_price", "public"."products"."tags", "public"."products"."attributes" FROM "public"."products" WHERE ("public"."products"."tags" @> $1 AND ("public"."products"."attributes"#>ARRAY[$2]::text[])::jsonb::jsonb = $3) ORDER BY "public"."products"."sku" ASC OFFSET $4

--- prisma
--- with ["0"]
SELECT "public"."customers"."id", "public"."customers"."country" FROM "public"."customers" WHERE 1=1 ORDER BY "public"."customers"."country" ASC OFFSET $1

--- prisma
--- with ["1", "paid", "5", "2026-11-21 17:42:49.996+00"]
INSERT INTO "public"."orders" ("customer_id","status","total","created_at") VALUES ($1,$2,$3,$4) RETURNING "public"."orders"."id", "public"."orders"."customer_id", "public"."orders"."status", "public"."orders"."total", "public"."orders"."created_at"

--- prisma
--- with ["paid", "4"]
UPDATE "public"."orders" SET "status" = $1 WHERE ("public"."orders"."id" = $2 AND 1=1) RETURNING "public"."orders"."id", "public"."orders"."customer_id", "public"."orders"."status", "public"."orders"."total", "public"."orders"."created_at"

--- prisma
--- with ["1", "4"]
UPDATE "public"."orders" SET "total" = ("public"."orders"."total" + $1) WHERE "public"."orders"."id" = $2

--- prisma
--- with ["SKU-003", "x", "1.00", "{}", "x", "SKU-003"]
INSERT INTO "public"."products" ("sku","title","unit_price","attributes") VALUES ($1,$2,$3,$4) ON CONFLICT ("sku") DO UPDATE SET "title" = $5 WHERE ("public"."products"."sku" = $6 AND 1=1) RETURNING "public"."products"."sku", "public"."products"."title", "public"."products"."unit_price", "public"."products"."tags", "public"."products"."attributes"

--- prisma
--- with ["1", "paid", "5", "2026-11-21 17:42:50.017+00", "2", "paid", "5", "2026-11-21 17:42:50.017+00"]
INSERT INTO "public"."orders" ("customer_id","status","total","created_at") VALUES ($1,$2,$3,$4), ($5,$6,$7,$8)

--- prisma
--- with ["8999", "nowhere"]
DELETE FROM "public"."orders" WHERE ("public"."orders"."id" > $1 AND "public"."orders"."status" = $2)

--- prisma
SELECT 1
