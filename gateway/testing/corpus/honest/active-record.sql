-- What ActiveRecord 8 sends for ordinary models, by its source and logs.

--- activerecord find
--- with ["4", "1"]
SELECT "customers".* FROM "customers" WHERE "customers"."id" = $1 LIMIT $2

--- activerecord first
--- with ["1"]
SELECT "customers".* FROM "customers" ORDER BY "customers"."id" ASC LIMIT $1

--- activerecord find_by email
--- with ["nobody@example.com", "1"]
SELECT "customers".* FROM "customers" WHERE "customers"."email" = $1 LIMIT $2

--- activerecord exists?
--- with ["paid", "1"]
SELECT 1 AS one FROM "orders" WHERE "orders"."status" = $1 LIMIT $2

--- activerecord includes
SELECT "orders".* FROM "orders" WHERE "orders"."customer_id" IN (4, 5, 6)

--- activerecord eager_load
--- with ["Leeds"]
SELECT "customers"."id" AS t0_r0, "customers"."name" AS t0_r1, "customers"."city" AS t0_r2, "orders"."id" AS t1_r0, "orders"."status" AS t1_r1 FROM "customers" LEFT OUTER JOIN "orders" ON "orders"."customer_id" = "customers"."id" WHERE "customers"."city" = $1 ORDER BY "customers"."id" ASC, "orders"."id" ASC

--- activerecord group count
SELECT COUNT(*) AS "count_all", "orders"."status" AS "orders_status" FROM "orders" GROUP BY "orders"."status"

--- activerecord pluck
SELECT "customers"."id", "customers"."email" FROM "customers" WHERE "customers"."country" = 'Czechia' ORDER BY "customers"."id" ASC

--- activerecord create
--- with ["3", "paid", "12.5", "2026-05-01 10:00:00"]
--- varies
INSERT INTO "orders" ("customer_id", "status", "total", "created_at") VALUES ($1, $2, $3, $4) RETURNING "id"

--- activerecord touch
--- with ["shipped", "77"]
UPDATE "orders" SET "status" = $1 WHERE "orders"."id" = $2

--- activerecord upsert_all
INSERT INTO "products" ("sku","title","unit_price") VALUES ('SKU-004', 'Lamp', 4) ON CONFLICT ("sku") DO UPDATE SET "title"=excluded."title","unit_price"=excluded."unit_price" RETURNING "sku"

--- activerecord columns
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment,
       attidentity AS identity,
       attgenerated as attgenerated
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"orders"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

--- activerecord type map
SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype
FROM pg_type as t
LEFT JOIN pg_range as r ON oid = rngtypid
WHERE
  t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool')
