--- analyst: revenue by week and category
select date_trunc('week', o.placed_at)::date as week, c.path, sum(l.amount) as revenue from orders o join order_lines l on l.order_id = o.id join products p on p.id = l.product_id join categories c on c.id = p.category_id where o.state in ('paid','shipped','delivered') group by 1, 2 order by 1, 2

--- analyst: average order value moving
with d as (select placed_at::date as day, avg(total) as aov, count(*) as n from orders where placed_at is not null group by 1) select day, n, round(avg(aov) over (order by day range between interval '6 days' preceding and current row), 2) as aov7 from d order by day

--- analyst: cohort retention of buyers
with first as (select buyer_id, date_trunc('month', min(placed_at)) as cohort from orders where placed_at is not null group by buyer_id) select f.cohort::date, (extract(year from age(date_trunc('month', o.placed_at), f.cohort)) * 12 + extract(month from age(date_trunc('month', o.placed_at), f.cohort)))::int as month, count(distinct o.buyer_id) as buyers from first f join orders o on o.buyer_id = f.buyer_id and o.placed_at is not null group by 1, 2 order by 1, 2

--- analyst: RFM segments
with r as (select buyer_id, max(placed_at) as last_at, count(*) as freq, sum(total) as money from orders where state not in ('cart','refunded') group by buyer_id), s as (select buyer_id, ntile(5) over (order by last_at, buyer_id) as r, ntile(5) over (order by freq, buyer_id) as f, ntile(5) over (order by money, buyer_id) as m from r) select r, f, m, count(*) from s group by r, f, m order by 4 desc, 1, 2, 3 limit 20

--- analyst: basket pairs
select least(a.product_id, b.product_id) as p1, greatest(a.product_id, b.product_id) as p2, count(*) from order_lines a join order_lines b on b.order_id = a.order_id and b.line_no > a.line_no group by 1, 2 order by 3 desc, 1, 2 limit 10

--- analyst: funnel of views
--- refused PG-010
--- tells which page views are of one token
select count(distinct session_token) filter (where path = '/') as home, count(distinct session_token) filter (where path = '/product') as product, count(distinct session_token) filter (where path = '/cart') as cart, count(distinct session_token) filter (where path = '/checkout') as checkout from page_views

--- analyst: funnel by day and referrer
select at::date as day, coalesce(referrer, 'none') as referrer, count(*) filter (where path = '/cart') as carts, count(*) filter (where path = '/checkout') as checkouts from page_views group by 1, 2 order by 1, 2

--- analyst: slow pages
select path, count(*), percentile_disc(0.95) within group (order by ms) as p95, max(ms) from page_views group by path having count(*) > 100 order by p95 desc, path

--- analyst: session length
select user_agent, count(*) as n, avg(ended_at - started_at) as length, avg(events)::numeric(6,2) as events from sessions where ended_at is not null group by user_agent order by user_agent

--- analyst: sessions to buyers
select date_trunc('day', s.started_at)::date as day, count(*) as sessions, count(s.buyer_id) as logged_in, count(distinct s.buyer_id) as buyers from sessions s group by 1 order by 1

--- analyst: views per session through the token
--- refused PG-010
--- tells which sessions and page views have one token
select s.user_agent, avg(v.n) from sessions s join (select session_token, count(*) as n from page_views group by session_token) v on v.session_token = s.token group by s.user_agent order by 1

--- analyst: buyers by mail provider
--- refused PG-010
--- tells the domain of addresses
select split_part(email, '@', 2) as provider, count(*) from buyers group by 1 order by 2 desc

--- analyst: buyers by locale and opt-in
select locale, marketing, count(*), count(phone) as with_phone from buyers where deleted_at is null group by locale, marketing order by locale, marketing

--- analyst: pareto of sellers
select seller_id, revenue, round(100 * sum(revenue) over (order by revenue desc, seller_id) / sum(revenue) over (), 2) as cumulative from (select seller_id, sum(amount) as revenue from order_lines group by seller_id) s order by revenue desc, seller_id

--- analyst: stars distribution
select p.category_id, array_agg(n order by stars) as histogram from (select product_id, stars, count(*) as n from product_reviews group by 1, 2) r join products p on p.id = r.product_id group by p.category_id order by 1

--- analyst: words of the reviews
--- refused PG-001
select word, ndoc from ts_stat('select to_tsvector(''english'', body) from market.product_reviews where body is not null') order by ndoc desc, word limit 10

--- analyst: price by colour
select attributes->>'colour' as colour, count(*), round(avg(price), 2) as avg, min(price), max(price) from products where attributes @> '{"eco": true}' group by 1 order by 1

--- analyst: tags
select t, count(*) from products, unnest(tags) t where deleted_at is null group by t order by 2 desc, t

--- analyst: orders by country
select ship_to->>'country' as country, count(*), sum(total) from orders where state <> 'cart' group by 1 order by 1

--- analyst: orders by city through the address table
select a.country, a.city, count(distinct o.id) from orders o join addresses a on a.buyer_id = o.buyer_id and a.is_default group by rollup (a.country, a.city) order by 1 nulls last, 2 nulls last

--- analyst: share of gifts
select count(gift_note) as gifts, count(*) as orders, round(100.0 * count(gift_note) / count(*), 1) as pct from orders

--- analyst: time to second order
select percentile_cont(0.5) within group (order by placed_at - prev) as median from (select buyer_id, placed_at, lag(placed_at) over (partition by buyer_id order by placed_at) as prev, row_number() over (partition by buyer_id order by placed_at) as n from orders where placed_at is not null) o where n = 2

--- analyst: best seller per category
select distinct on (c.path) c.path, p.sku, s.sold from product_stats s join products p on p.id = s.product_id join categories c on c.id = p.category_id order by c.path, s.sold desc, p.sku

--- analyst: coupons used
select c.code, c.percent, count(o.id) as orders, sum(o.total) as total from coupons c left join orders o on o.coupon = c.code and c.valid @> o.placed_at group by c.code order by c.code

--- analyst: answered messages
select count(*) filter (where from_buyer) as questions, avg(answered - sent_at) as answer_time from (select m.from_buyer, m.sent_at, (select min(r.sent_at) from messages r where r.order_id = m.order_id and not r.from_buyer and r.sent_at > m.sent_at) as answered from messages m where m.from_buyer) q

--- support: buyer by e-mail, case-blind
select id, name, email, locale, created_at from buyers where lower(email) = lower('Buyer33@webmail0.example') and deleted_at is null

--- support: buyer by e-mail
--- with ["Buyer34@webmail1.example"]
select id, name, email from buyers where email = $1

--- support: order by number
select o.*, b.name, b.email from orders o join buyers b on b.id = o.buyer_id where o.number = 77

--- support: order history
select number, state, placed_at, total, currency, ship_to->>'city' as city from orders where buyer_id = 40 order by placed_at desc nulls last, number desc limit 10

--- support: lines of an order
select l.line_no, p.sku, p.title, l.qty, l.unit_price, l.amount, s.shop_name from order_lines l join products p on p.id = l.product_id join sellers s on s.id = l.seller_id where l.order_id = '10000000-0000-4000-8000-000000000033' order by l.line_no

--- support: thread of messages
select m.id, case when m.from_buyer then 'buyer' else 'seller' end as who, m.body, m.sent_at from messages m where m.order_id = '10000000-0000-4000-8000-000000000034' order by m.sent_at

--- support: unread threads
select m.order_id, o.number, count(*) as unread, max(m.sent_at) as last_at from messages m join orders o on o.id = m.order_id where m.read_at is null group by m.order_id, o.number order by last_at desc limit 20

--- support: refund
update orders set state = 'refunded', version = version + 1 where number = 78 and state in ('paid','shipped','delivered') returning id, number, state, total

--- support: correct the shipping street
--- masked ship_to
update orders set ship_to = jsonb_set(ship_to, '{street}', '"9 Corrected Road"') where number = 80 returning number, ship_to

--- support: change the default address
update addresses set is_default = (id = 420) where buyer_id = 21 returning id, is_default

--- support: new e-mail for a buyer
--- masked email
update buyers set email = 'fresh@webmail9.example' where id = 50 returning id, email

--- support: addresses of a buyer
select id, recipient, street, zip, city, country from addresses where buyer_id = 51 order by is_default desc, id

--- support: order summary from the view
select * from order_summary where number between 90 and 92 order by number

--- support: what did the buyer look at
--- refused PG-010
--- tells which sessions and page views have one token
select v.at, v.path, p.title from sessions s join page_views v on v.session_token = s.token left join products p on p.id = v.product_id where s.buyer_id = 52 order by v.at limit 20

--- support: sessions of a buyer
select ip, user_agent, started_at, ended_at from sessions where buyer_id = 53 order by started_at desc

--- support: seller's details
select id, shop_name, legal_name, tax_no, payout_iban, country from sellers where shop_name = 'Shop 12'

--- support: soft delete of a buyer
update buyers set deleted_at = now(), name = null, phone = null where id = 54 and deleted_at is null returning id

--- support: orders that ship to a zip
--- refused PG-010
--- tells which orders go to this code: no look-up is granted on its label
select number, state, placed_at from orders where ship_to->>'zip' = 'QZ00100'

--- support: buyers that look double
--- refused PG-010
--- tells which buyers have one telephone number
select phone, count(*), array_agg(id order by id) as ids from buyers where phone is not null group by phone having count(*) > 1

--- support: search in the notes for gifts
select number, gift_note from orders where gift_note is not null and placed_at > timestamptz '2026-03-01Z' order by number

--- app: Laravel paginate
--- with ["2"]
select count(*) as aggregate from "market"."products" where "deleted_at" is null and "category_id" = $1

--- app: Laravel page
--- with ["2"]
select * from "market"."products" where "deleted_at" is null and "category_id" = $1 order by "updated_at" desc, "id" desc limit 15 offset 0

--- app: Laravel login
--- with ["Buyer61@webmail1.example"]
select * from "market"."buyers" where "email" = $1 and "deleted_at" is null limit 1

--- app: Laravel touch last seen
--- with ["2026-04-01 10:00:00","62"]
update "market"."buyers" set "last_seen_at" = $1, "login_count" = "login_count" + 1 where "id" = $2

--- app: Laravel queue reserve
--- with ["tokabc"]
--- refused PG-010
--- tells whose token it is: no look-up is granted on its label
update market.sessions set events = events + 1 where token = $1 returning buyer_id

--- app: full-text search with rank
--- with ["oak bowl -spoon"]
select p.id, p.sku, p.title, ts_rank_cd(p.search, q) as rank, ts_headline('english', p.description, q, 'MaxWords=8,MinWords=3') as snippet from live_products p, websearch_to_tsquery('english', $1) q where p.search @@ q order by rank desc, p.id limit 10

--- app: facets
select 'colour' as facet, attributes->>'colour' as value, count(*) from live_products where category_id = 2 group by 2 union all select 'eco', attributes->>'eco', count(*) from live_products where category_id = 2 group by 2 order by 1, 2

--- app: keyset page of products
--- with ["20","100"]
select id, sku, title, gross from live_products where (price, id) > ($1, $2) order by price, id limit 12

--- app: reserve stock
--- with ["130","2"]
update products set stock = stock - $2, updated_at = now() where id = $1 and stock >= $2 returning id, stock

--- app: cart upsert
insert into order_lines (order_id, line_no, product_id, seller_id, qty, unit_price) values ('10000000-0000-4000-8000-000000000008', 1, 60, 21, 1, 9.50) on conflict (order_id, line_no) do update set qty = order_lines.qty + excluded.qty returning line_no, qty, amount

--- app: place the order
--- with ["10000000-0000-4000-8000-000000000016","1"]
update orders set state = 'placed', placed_at = now(), version = version + 1, total = (select coalesce(sum(amount), 0) from order_lines l where l.order_id = orders.id) where id = $1 and state = 'cart' and version = $2 returning number, total

--- app: order with lines as JSON
--- with ["10000000-0000-4000-8000-000000000033"]
select o.id, o.number, o.total, o.ship_to, (select coalesce(jsonb_agg(jsonb_build_object('sku', p.sku, 'qty', l.qty) order by l.line_no), '[]') from order_lines l join products p on p.id = l.product_id where l.order_id = o.id) as lines from orders o where o.id = $1

--- app: new order from the default address
--- with ["70"]
insert into orders (buyer_id, state, ship_to) select a.buyer_id, 'cart', jsonb_build_object('city', a.city, 'country', a.country) from addresses a where a.buyer_id = $1 and a.is_default limit 1 returning state, ship_to

--- app: new buyer
--- with ["brand.new@webmail5.example","Brand New","$argon2id$x","en"]
insert into buyers (email, name, password_digest, locale) values ($1, $2, $3, $4) returning id, created_at is not null as created

--- app: start a session
--- with ["tok-new-1","71","192.0.2.9","Chrome"]
--- refused PG-010
--- tells whether the token is there already: no look-up is granted on its label
insert into sessions (token, buyer_id, ip, user_agent, started_at) values ($1, $2, $3, $4, now())

--- app: page views in a batch
--- with ["[{\"session_token\":\"tok-new-1\",\"path\":\"/\",\"at\":\"2026-04-01T00:00:00Z\",\"ms\":20}]"]
insert into page_views (session_token, path, product_id, at, ms, referrer) select * from json_to_recordset($1) as x(session_token text, path text, product_id bigint, at timestamptz, ms int, referrer text)

--- app: seller sees only his notes
select set_config('app.seller_id', '7', true); select id, text from seller_notes order by id

--- app: seller's orders to ship
--- with ["9"]
select o.number, o.placed_at, o.ship_to, array_agg(p.title || ' x ' || l.qty order by l.line_no) as items from orders o join order_lines l on l.order_id = o.id join products p on p.id = l.product_id where l.seller_id = $1 and o.state = 'paid' group by o.id order by o.placed_at, o.number limit 20

--- app: TypeORM find with relations
--- with ["paid","shipped"]
SELECT "o"."id" AS "o_id", "o"."number" AS "o_number", "o"."state" AS "o_state", "b"."id" AS "b_id", "b"."email" AS "b_email", "b"."name" AS "b_name" FROM "market"."orders" "o" LEFT JOIN "market"."buyers" "b" ON "b"."id"="o"."buyer_id" WHERE "o"."state" IN ($1, $2) ORDER BY "o"."number" DESC LIMIT 10

--- app: node-pg mark read
--- with ["10000000-0000-4000-8000-000000000040"]
update messages set read_at = now() where order_id = $1 and from_buyer and read_at is null returning id

--- app: helpful vote
update product_reviews set helpful = helpful + 1 where id = 5 returning helpful

--- app: product with seller by function
select p.id, p.title, seller_of(p) as seller from products p where p.id in (1, 2, 3) order by p.id

--- app: categories below
select c.id, c.path, t.depth from category_tree(1) t join categories c on c.id = t.id order by c.path

--- app: prepared then executed
prepare by_sku (text) as select id, title, price from market.products where sku = $1; execute by_sku('SKU-00042'); deallocate by_sku

--- app: coupon redeemed once
--- with ["VIP"]
update coupons set uses = uses + 1 where code = $1 and valid @> now() and (max_uses is null or uses < max_uses) returning percent

--- app: temp table for an import
create temp table import_prices (sku text primary key, price numeric) on commit drop; insert into import_prices values ('SKU-00001', 9.99), ('SKU-00002', 19.99); update market.products p set price = i.price from import_prices i where i.sku = p.sku

--- bi: Metabase orders joined
SELECT "Buyers"."locale" AS "Buyers__locale", DATE_TRUNC('month', "market"."orders"."placed_at") AS "placed_at", SUM("market"."orders"."total") AS "sum" FROM "market"."orders" LEFT JOIN "market"."buyers" AS "Buyers" ON "market"."orders"."buyer_id" = "Buyers"."id" WHERE "market"."orders"."state" <> 'cart' GROUP BY "Buyers"."locale", DATE_TRUNC('month', "market"."orders"."placed_at") ORDER BY "Buyers"."locale" ASC, DATE_TRUNC('month', "market"."orders"."placed_at") ASC

--- bi: Metabase raw orders
SELECT "market"."orders"."id" AS "id", "market"."orders"."number" AS "number", "market"."orders"."buyer_id" AS "buyer_id", "market"."orders"."ship_to" AS "ship_to", "market"."orders"."gift_note" AS "gift_note", ("market"."orders"."ship_to"#>>array['country']::text[]) AS "ship_to → country" FROM "market"."orders" WHERE "market"."orders"."placed_at" >= timestamp with time zone '2026-04-01 00:00:00.000Z' LIMIT 2000

--- bi: Metabase field values of names
--- refused PG-010
--- tells which buyers have one name, and how names sort
SELECT "market"."buyers"."name" AS "name" FROM "market"."buyers" GROUP BY "market"."buyers"."name" ORDER BY "market"."buyers"."name" ASC LIMIT 1000

--- bi: Superset timeseries by top n
SELECT DATE_TRUNC('day', at) AS __timestamp, path AS path, COUNT(*) AS count FROM market.page_views JOIN (SELECT path AS path__, COUNT(*) AS mme_inner__ FROM market.page_views GROUP BY path ORDER BY mme_inner__ DESC LIMIT 3) AS series_limit ON path = path__ GROUP BY path, DATE_TRUNC('day', at) ORDER BY 1, 2 LIMIT 10000

--- bi: Superset virtual dataset with a join
SELECT country AS country, avg(total) AS "AVG(total)" FROM (SELECT o.total, a.country, a.zip, b.email FROM market.orders o JOIN market.buyers b ON b.id = o.buyer_id JOIN market.addresses a ON a.buyer_id = b.id AND a.is_default) AS virtual_table GROUP BY country ORDER BY "AVG(total)" DESC LIMIT 10000

--- bi: Looker PDT-like derived table
WITH buyer_facts AS (SELECT buyer_id, MIN(placed_at) AS first_order, COUNT(*) AS lifetime_orders, SUM(total) AS lifetime_total FROM market.orders GROUP BY 1) SELECT CASE WHEN buyer_facts.lifetime_orders >= 5 THEN '5+' ELSE buyer_facts.lifetime_orders::text END AS "tier", COUNT(DISTINCT buyers.id) AS "buyers.count", AVG(buyer_facts.lifetime_total) AS "avg" FROM market.buyers AS buyers LEFT JOIN buyer_facts ON buyers.id = buyer_facts.buyer_id GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 500

--- bi: Grafana variable
SELECT DISTINCT shop_name FROM market.sellers ORDER BY 1

--- bi: Power BI folded
select "_"."state" as "c1", cast(sum("_"."total") as decimal) as "a0" from (select "t"."number", "t"."state", "t"."total", "t"."gift_note" from "market"."orders" as "t") "_" where "_"."state" is not null group by "_"."state" limit 1000001

--- bi: Tableau metadata
SELECT "order_summary".* FROM "market"."order_summary" LIMIT 0

--- bi: Tableau quick filter with counts
SELECT "buyers"."locale" AS "locale", CAST(SUM(CASE WHEN ("buyers"."phone" IS NULL) THEN 1 ELSE 0 END) AS BIGINT) AS "sum:no phone" FROM "market"."buyers" "buyers" GROUP BY 1 ORDER BY 1

--- agent: overview of the schema
select c.relname, c.relkind, c.relrowsecurity, obj_description(c.oid) as comment, (select count(*) from pg_attribute a where a.attrelid = c.oid and attnum > 0) as columns from pg_class c where c.relnamespace = 'market'::regnamespace and relkind in ('r','v','m') order by 1

--- agent: first rows of orders
SELECT * FROM market.orders ORDER BY created_at DESC LIMIT 5

--- agent: cardinality of columns
select count(distinct state) as states, count(distinct coupon) as coupons, count(distinct buyer_id) as buyers, count(distinct currency) as currencies, min(placed_at), max(placed_at) from market.orders

--- agent: completeness of buyers
select round(100.0 * count(name) / count(*), 1) as name_pct, round(100.0 * count(phone) / count(*), 1) as phone_pct, round(100.0 * count(last_seen_at) / count(*), 1) as seen_pct from market.buyers

--- agent: uniqueness of e-mails
--- refused PG-010
--- tells which addresses are the same
select count(*) as n, count(distinct lower(email)) as distinct_emails from market.buyers

--- agent: shape of the JSON
--- refused PG-010
select k.key, jsonb_typeof(ship_to->k.key) as type, count(*) from market.orders, jsonb_object_keys(ship_to) as k(key) group by 1, 2 order by 1, 2

--- agent: functions of the schema
select p.proname, pg_get_function_arguments(p.oid) as args, pg_get_function_result(p.oid) as result, l.lanname from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace = 'market'::regnamespace order by 1

--- agent: orphaned rows
select count(*) from market.page_views v left join market.products p on p.id = v.product_id where v.product_id is not null and p.id is null

--- agent: policies
select tablename, policyname, cmd, qual from pg_policies where schemaname = 'market'

--- agent: plan before running
--- varies
explain select o.number, o.total from market.orders o where o.buyer_id = 12 and o.state = 'paid'

--- dba: cache hit by table
--- varies
select relname, heap_blks_read, heap_blks_hit, round(100.0 * heap_blks_hit / nullif(heap_blks_hit + heap_blks_read, 0), 1) as hit_pct from pg_statio_user_tables where schemaname = 'market' order by heap_blks_read desc limit 5

--- dba: refresh concurrently
--- as owner
refresh materialized view concurrently market.product_stats

--- dba: locks held
--- varies in number
select l.locktype, l.mode, l.granted, c.relname, a.usename from pg_locks l join pg_stat_activity a using (pid) left join pg_class c on c.oid = l.relation where a.datname = current_database() order by l.granted, c.relname limit 20

--- dba: replication
--- varies
select application_name, state, sync_state, replay_lag from pg_stat_replication

--- dba: size of the toast
--- varies
select c.relname, pg_size_pretty(pg_relation_size(c.reltoastrelid)) as toast from pg_class c where c.relnamespace = 'market'::regnamespace and c.reltoastrelid <> 0 order by 1

--- migration: generated column and index
--- as owner
alter table market.products add column eco boolean generated always as (coalesce((attributes->>'eco')::boolean, false)) stored; create index on market.products (eco)

--- migration: drop a default, not null
--- as owner
alter table market.coupons alter column max_uses set default 1, alter column uses drop not null

--- migration: a join table with a composite key
--- as owner
create table market.wishlists (buyer_id bigint not null references market.buyers on delete cascade, product_id bigint not null references market.products, added_at timestamptz not null default now(), primary key (buyer_id, product_id)); create index on market.wishlists (product_id)

--- migration: comment and grant
--- as owner
comment on column market.orders.coupon is 'code of the coupon'; grant select on market.product_stats to app

--- migration: backfill of a new column from another
--- as owner
update market.products set updated_at = published_at where published_at is not null and updated_at > published_at
