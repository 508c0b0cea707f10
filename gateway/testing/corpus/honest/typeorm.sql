--- find with a relation
--- with ["1"]
SELECT "Order"."id" AS "Order_id", "Order"."customer_id" AS "Order_customer_id", "Order"."total" AS "Order_total", "Order__Order_customer"."id" AS "Order__Order_customer_id", "Order__Order_customer"."name" AS "Order__Order_customer_name", "Order__Order_customer"."email" AS "Order__Order_customer_email" FROM "orders" "Order" LEFT JOIN "customers" "Order__Order_customer" ON "Order__Order_customer"."id" = "Order"."customer_id" WHERE (("Order"."customer_id" = $1)) ORDER BY "Order"."id" ASC

--- find and count
SELECT COUNT(DISTINCT("Ticket"."id")) AS "cnt" FROM "tickets" "Ticket" WHERE "Ticket"."state" IN ('open', 'waiting')

--- skip and take over a join
SELECT DISTINCT "distinctAlias"."Customer_id" AS "ids_Customer_id" FROM (SELECT "Customer"."id" AS "Customer_id", "Customer"."name" AS "Customer_name", "Customer"."email" AS "Customer_email", "t"."id" AS "t_id" FROM "customers" "Customer" LEFT JOIN "tickets" "t" ON "t"."customer_id" = "Customer"."id") "distinctAlias" ORDER BY "Customer_id" ASC LIMIT 10

--- insert returning
--- varies
--- with ["7", "Late"]
INSERT INTO "tickets"("customer_id", "subject", "opened_on") VALUES ($1, $2, '2026-02-03') RETURNING "id", "state"

--- soft filter
SELECT "e"."id", "e"."kind", "e"."payload" FROM "events" "e" WHERE "e"."kind" = 'visit' AND "e"."payload" ->> 'page' IS NOT NULL ORDER BY "e"."id" LIMIT 5

--- sequelize include
SELECT "Order"."id", "Order"."total", "customer"."id" AS "customer.id", "customer"."name" AS "customer.name", "customer"."email" AS "customer.email", "customer"."phone" AS "customer.phone" FROM "public"."orders" AS "Order" INNER JOIN "public"."customers" AS "customer" ON "Order"."customer_id" = "customer"."id" ORDER BY "Order"."id" LIMIT 20

--- sequelize findAndCountAll
SELECT count(*) AS "count" FROM "public"."customers" AS "Customer" WHERE "Customer"."country" = 'DE'

--- knex paginate
select "customers"."id", "customers"."name", "customers"."email" from "customers" where "customers"."country" = 'DE' order by "customers"."id" asc limit 10 offset 10

--- drizzle relational query
select "o"."id", "o"."total", "o_customer"."data" as "customer" from "orders" "o" left join lateral (select json_build_array("o_customer"."id", "o_customer"."name", "o_customer"."email") as "data" from (select * from "customers" "o_customer" where "o_customer"."id" = "o"."customer_id" limit 1) "o_customer") "o_customer" on true order by "o"."id" limit 5

--- version
SELECT version()

--- typeorm current schema
SELECT * FROM current_schema()
