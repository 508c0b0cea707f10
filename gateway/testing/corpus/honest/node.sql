-- What Sequelize 6.37.8, TypeORM 1.1.1 and Drizzle 0.45.4 send, as the server logged it.

--- sequelize
WITH ranges AS (  SELECT pg_range.rngtypid, pg_type.typname AS rngtypname,         pg_type.typarray AS rngtyparray, pg_range.rngsubtype    FROM pg_range LEFT OUTER JOIN pg_type ON pg_type.oid = pg_range.rngtypid)SELECT pg_type.typname, pg_type.typtype, pg_type.oid, pg_type.typarray,       ranges.rngtypname, ranges.rngtypid, ranges.rngtyparray  FROM pg_type LEFT OUTER JOIN ranges ON pg_type.oid = ranges.rngsubtype WHERE (pg_type.typtype IN('b', 'e'));

--- sequelize
SELECT "id", "name", "email", "ssn", "phone", "city", "country" FROM "customers" AS "customer" WHERE "customer"."id" = 4;

--- sequelize
SELECT "customer".*, "orders"."id" AS "orders.id", "orders"."customer_id" AS "orders.customer_id", "orders"."status" AS "orders.status", "orders"."total" AS "orders.total", "orders"."created_at" AS "orders.created_at" FROM (SELECT "customer"."id", "customer"."name", "customer"."email", "customer"."ssn", "customer"."phone", "customer"."city", "customer"."country" FROM "customers" AS "customer" WHERE "customer"."country" = 'Italy' AND ( SELECT "customer_id" FROM "orders" AS "orders" WHERE ("orders"."customer_id" = "customer"."id") LIMIT 1 ) IS NOT NULL ORDER BY "customer"."id" ASC LIMIT 2) AS "customer" INNER JOIN "orders" AS "orders" ON "customer"."id" = "orders"."customer_id" ORDER BY "customer"."id" ASC;

--- sequelize
SELECT count("order"."id") AS "count" FROM "orders" AS "order" LEFT OUTER JOIN "customers" AS "customer" ON "order"."customer_id" = "customer"."id" WHERE "order"."status" = 'paid';

--- sequelize
SELECT "order"."id", "order"."customer_id", "order"."status", "order"."total", "order"."created_at", "customer"."id" AS "customer.id", "customer"."name" AS "customer.name", "customer"."email" AS "customer.email", "customer"."ssn" AS "customer.ssn", "customer"."phone" AS "customer.phone", "customer"."city" AS "customer.city", "customer"."country" AS "customer.country" FROM "orders" AS "order" LEFT OUTER JOIN "customers" AS "customer" ON "order"."customer_id" = "customer"."id" WHERE "order"."status" = 'paid' ORDER BY "order"."id" ASC LIMIT 2 OFFSET 1;

--- sequelize
SELECT "status", COUNT("id") AS "n" FROM "orders" AS "order" GROUP BY "status" ORDER BY "order"."status";

--- sequelize
--- with ["paid", "3"]
UPDATE "orders" SET "status"=$1 WHERE "id" = $2 RETURNING "id","customer_id","status","total","created_at"

--- sequelize
SELECT "id", "name", "email", "ssn", "phone", "city", "country" FROM "customers" AS "customer" WHERE "customer"."email" = 'x@example.com' LIMIT 1;

--- sequelize
SELECT sum("total") AS "sum" FROM "orders" AS "order" WHERE "order"."customer_id" = 3;

--- typeorm
SELECT version()

--- typeorm
SELECT * FROM current_schema()

--- typeorm
--- with ["6"]
SELECT DISTINCT "distinctAlias"."Customer_id" AS "ids_Customer_id" FROM (SELECT "Customer"."id" AS "Customer_id", "Customer"."name" AS "Customer_name", "Customer"."email" AS "Customer_email", "Customer"."ssn" AS "Customer_ssn", "Customer"."city" AS "Customer_city", "Customer"."country" AS "Customer_country", "Customer__Customer_orders"."id" AS "Customer__Customer_orders_id", "Customer__Customer_orders"."status" AS "Customer__Customer_orders_status", "Customer__Customer_orders"."total" AS "Customer__Customer_orders_total", "Customer__Customer_orders"."customer_id" AS "Customer__Customer_orders_customer_id" FROM "customers" "Customer" LEFT JOIN "orders" "Customer__Customer_orders" ON "Customer__Customer_orders"."customer_id"="Customer"."id" WHERE (("Customer"."id" = $1))) "distinctAlias" ORDER BY "Customer_id" ASC LIMIT 1

--- typeorm
--- with ["6"]
SELECT "Customer"."id" AS "Customer_id", "Customer"."name" AS "Customer_name", "Customer"."email" AS "Customer_email", "Customer"."ssn" AS "Customer_ssn", "Customer"."city" AS "Customer_city", "Customer"."country" AS "Customer_country", "Customer__Customer_orders"."id" AS "Customer__Customer_orders_id", "Customer__Customer_orders"."status" AS "Customer__Customer_orders_status", "Customer__Customer_orders"."total" AS "Customer__Customer_orders_total", "Customer__Customer_orders"."customer_id" AS "Customer__Customer_orders_customer_id" FROM "customers" "Customer" LEFT JOIN "orders" "Customer__Customer_orders" ON "Customer__Customer_orders"."customer_id"="Customer"."id" WHERE ( (("Customer"."id" = $1)) ) AND ( "Customer"."id" IN (6) )

--- typeorm
--- with ["paid"]
SELECT DISTINCT "distinctAlias"."Order_id" AS "ids_Order_id", "distinctAlias"."Order_id" FROM (SELECT "Order"."id" AS "Order_id", "Order"."status" AS "Order_status", "Order"."total" AS "Order_total", "Order"."customer_id" AS "Order_customer_id", "Order__Order_customer"."id" AS "Order__Order_customer_id", "Order__Order_customer"."name" AS "Order__Order_customer_name", "Order__Order_customer"."email" AS "Order__Order_customer_email", "Order__Order_customer"."ssn" AS "Order__Order_customer_ssn", "Order__Order_customer"."city" AS "Order__Order_customer_city", "Order__Order_customer"."country" AS "Order__Order_customer_country" FROM "orders" "Order" LEFT JOIN "customers" "Order__Order_customer" ON "Order__Order_customer"."id"="Order"."customer_id" WHERE (("Order"."status" = $1))) "distinctAlias" ORDER BY "distinctAlias"."Order_id" ASC, "Order_id" ASC LIMIT 2

--- typeorm
--- with ["paid"]
SELECT "Order"."id" AS "Order_id", "Order"."status" AS "Order_status", "Order"."total" AS "Order_total", "Order"."customer_id" AS "Order_customer_id", "Order__Order_customer"."id" AS "Order__Order_customer_id", "Order__Order_customer"."name" AS "Order__Order_customer_name", "Order__Order_customer"."email" AS "Order__Order_customer_email", "Order__Order_customer"."ssn" AS "Order__Order_customer_ssn", "Order__Order_customer"."city" AS "Order__Order_customer_city", "Order__Order_customer"."country" AS "Order__Order_customer_country" FROM "orders" "Order" LEFT JOIN "customers" "Order__Order_customer" ON "Order__Order_customer"."id"="Order"."customer_id" WHERE ( (("Order"."status" = $1)) ) AND ( "Order"."id" IN (1, 3) ) ORDER BY "Order"."id" ASC

--- typeorm
SELECT "o"."status" AS "status", SUM("o"."total") AS "sum" FROM "orders" "o" GROUP BY "o"."status" ORDER BY "o"."status" ASC

--- typeorm
--- with ["Spain"]
SELECT "Customer"."id" AS "Customer_id", "Customer"."name" AS "Customer_name", "Customer"."email" AS "Customer_email", "Customer"."ssn" AS "Customer_ssn", "Customer"."city" AS "Customer_city", "Customer"."country" AS "Customer_country" FROM "customers" "Customer" WHERE (("Customer"."country" = $1)) ORDER BY "Customer"."id" ASC LIMIT 2

--- typeorm
--- with ["Spain"]
SELECT COUNT(1) AS "cnt" FROM "customers" "Customer" WHERE (("Customer"."country" = $1))

--- drizzle
--- with ["8"]
select "id", "name", "email", "city" from "customers" where "customers"."id" = $1

--- drizzle
--- with ["3"]
select "customers"."name", count("orders"."id") from "customers" left join "orders" on "orders"."customer_id" = "customers"."id" group by "customers"."id" order by count("orders"."id") desc, "customers"."id" limit $1

--- drizzle
--- with ["2"]
select "customers"."id", "customers"."name", "customers"."email", "customers"."city", "customers_orders"."data" as "orders" from "customers" "customers" left join lateral (select coalesce(json_agg(json_build_array("customers_orders"."id", "customers_orders"."customer_id", "customers_orders"."status", "customers_orders"."total")), '[]'::json) as "data" from "orders" "customers_orders" where "customers_orders"."customer_id" = "customers"."id") "customers_orders" on true order by "customers"."id" limit $1

--- drizzle
--- with ["1", "5", "1"]
select "orders"."id", "orders"."customer_id", "orders"."status", "orders"."total", "orders_customer"."data" as "customer" from "orders" "orders" left join lateral (select json_build_array("orders_customer"."id", "orders_customer"."name", "orders_customer"."email", "orders_customer"."city") as "data" from (select * from "customers" "orders_customer" where "orders_customer"."id" = "orders"."customer_id" limit $1) "orders_customer") "orders_customer" on true where "orders"."id" = $2 limit $3
