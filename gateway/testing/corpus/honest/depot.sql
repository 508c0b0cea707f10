--- analyst: partition by name
select tableoid::regclass as part, count(*), min(at), max(at) from movements group by tableoid order by 1
--- analyst: composite attribute access
select sku, (size).l, (size).w * (size).h as face, volume_cm3(size) as cm3 from products order by cm3 desc, sku limit 10
--- analyst: tags in a hierarchy
select tag, count(*), avg(price) from products cross join unnest(tags) as tag group by rollup (tag) order by tag nulls last
--- analyst: bins inside a box
select id, aisle, shelf from bins where pos && box '((0,0),(20,20))' order by id
--- analyst: ranges
select sensor, range_agg(during) as seen, min(lower(during)), max(upper(during)) from readings group by sensor order by sensor
--- analyst: basket pairs
select a.sku, b.sku as with_sku, count(*) from shipment_lines a join shipment_lines b on a.shipment_id = b.shipment_id and a.sku < b.sku group by 1, 2 order by 3 desc, 1, 2 limit 20
--- analyst: set-returning function
select state, count(*) from parcels_of(2) group by state order by state
--- analyst: hops between hubs
select hub, next, count(*) from (select hub, lead(hub) over (partition by shipment_id order by at) as next from scans) x where next is not null group by 1, 2 order by 1, 2
--- analyst: best couriers with their names
select c.id, c.full_name, count(*) as n, rank() over (order by count(*) desc) from couriers c join shipments s on s.courier_id = c.id group by c.id order by n desc, c.id limit 10
--- analyst: best couriers grouped by name
--- refused PG-010
select c.full_name, count(*) as n from couriers c join shipments s on s.courier_id = c.id group by c.full_name order by n desc limit 10
--- analyst: recursion over movements with a cycle clause
with recursive g(a, b) as (select id, id + 1 from warehouses union select g.a, w.id from g join warehouses w on w.id = g.b + 1) cycle b set is_cycle using path select a, b, is_cycle from g order by a, b
--- analyst: rows from
select * from rows from (generate_series(1, 3), unnest(array['a','b'])) with ordinality as t(n, s, o)
--- analyst: shipments by city
select city, country, count(*), sum(weight_g) / 1000.0 as kg from shipments group by city, country order by 3 desc, 1
--- analyst: distinct recipients per city
--- refused PG-010
select city, count(distinct recipient) from shipments group by city order by city
--- analyst: number of the house
--- refused PG-010
select city, substring(street from '^\d+')::int as house from shipments limit 5
--- support: shipment by tracking number
select * from shipments where tracking_no = 'TRK000007907'
--- support: view columns by name with paging
select id, tracking_no, recipient, courier, state from open_shipments order by id offset 40 fetch next 20 rows only
--- support: correct an address
--- with ["9 Willow Court", "Ghent", "77"]
--- masked street
update shipments set street = $1, city = $2 where id = $3 returning id, street, city
--- support: insert in the default partition
insert into movements (at, warehouse_id, sku, delta, reason) values ('2027-01-01Z', 2, 'P-0010', -1, 'damage') returning tableoid::regclass::text, delta
--- support: by phone
--- refused PG-010
select id from shipments where recipient_phone = '+32 9 0000077'
--- support: initial of the recipient
--- masked initial
select id, substring(recipient, 1, 1) || '.' as initial, city from shipments where id between 1 and 4 order by id
--- support: address as an array
--- masked lines
select id, array[recipient, street, city] as lines from shipments where id = 77
--- support: lateral last scan
select s.id, s.recipient, l.hub, l.at from shipments s left join lateral (select hub, at from scans x where x.shipment_id = s.id order by at desc limit 1) l on true where s.warehouse_id = 1 and s.state = 'in_transit' order by s.id limit 10
--- support: swap of bins
update stock a set bin_id = b.bin_id from stock b where a.warehouse_id = 1 and b.warehouse_id = 2 and a.sku = b.sku and a.sku = 'P-0003' returning a.warehouse_id, a.bin_id
--- support: active couriers by name
--- refused PG-010
select id, full_name, vehicle from couriers where active order by full_name
--- support: couriers near a warehouse
--- refused PG-010
select c.id from couriers c, warehouses w where w.id = 1 and c.home <-> w.location < 60 order by 1
--- support: does the courier have a licence
select id, licence_no is not null as licensed, device from couriers order by id limit 5
--- support: union that removes doubles, with names
--- refused PG-010
select full_name from couriers where id < 3 union select recipient from shipments where id < 3
--- app: insert returning all
--- with ["TRK-NEW-2", "ORD-9", "1", "New One", "1 New Street", "Ghent", "BE", "500"]
--- masked recipient, street
insert into shipments (tracking_no, order_no, warehouse_id, recipient, street, city, country, weight_g) values ($1, $2, $3, $4, $5, $6, $7, $8) returning id, tracking_no, recipient, street, state
--- app: reserve stock atomically
--- with ["2", "1", "P-0020"]
update stock set reserved = reserved + $1 where warehouse_id = $2 and sku = $3 and free >= $1 returning free
--- app: bytes and inet
--- with ["5"]
select id, hub, scanner, raw, encode(raw, 'hex') as hex from scans where shipment_id = $1 order by id
--- app: composite in where
--- with ["(2,2,2)"]
select sku from products where size = $1::dims
--- app: reading upsert with exclusion of overlaps
--- with ["S9", "[2026-07-01 00:00Z,2026-07-01 01:00Z)", "{1.5,2.5}"]
insert into readings (sensor, during, temps) values ($1, $2, $3) on conflict do nothing
--- app: array position order
--- with ["{3,1,2}"]
select id, full_name from couriers where id = any($1::int[]) order by array_position($1::int[], id)
--- app: window paging
--- with ["21", "30"]
select * from (select s.id, s.tracking_no, s.recipient, row_number() over (order by s.created_at desc, s.id) as rn from shipments s where s.country = 'BE') t where rn between $1 and $2 order by rn
--- app: whole row of a join
--- masked s
select s, c.vehicle from shipments s join couriers c on c.id = s.courier_id where s.id = 77
--- app: natural key join with USING
select warehouse_id, sku, title, free from stock join products using (sku) where warehouse_id = 1 and free > 20 order by sku limit 10
--- app: begin read only snapshot
set transaction isolation level repeatable read; select count(*) from shipments
--- app: application name
set application_name = 'depot-api'
--- app: temp table of ids
create temporary table wanted (id bigint) on commit drop; insert into wanted values (1), (2); select s.id, s.city from shipments s join wanted using (id) order by 1
--- bi: Metabase raw table
SELECT "depot"."shipments"."id" AS "id", "depot"."shipments"."tracking_no" AS "tracking_no", "depot"."shipments"."recipient" AS "recipient", "depot"."shipments"."street" AS "street", "depot"."shipments"."city" AS "city" FROM "depot"."shipments" ORDER BY "depot"."shipments"."id" ASC LIMIT 1048575
--- bi: Superset column values
SELECT DISTINCT city AS city FROM depot.shipments LIMIT 1000
--- bi: Superset group by a labelled column of a view
--- refused PG-010
SELECT courier AS courier, count(*) AS count FROM depot.open_shipments GROUP BY courier ORDER BY count DESC LIMIT 50
--- bi: Grafana table
SELECT at AS "time", hub AS metric, count(*) AS value FROM depot.scans WHERE at >= '2026-03-02Z' AND at < '2026-03-03Z' GROUP BY at, hub ORDER BY at
--- bi: Tableau distinct of a join with names
--- masked full_name
SELECT DISTINCT "couriers"."id" AS "id", "couriers"."full_name" AS "full_name" FROM "depot"."couriers" "couriers" ORDER BY 1
--- bi: count over a wrapped query
SELECT COUNT(*) AS rowcount FROM (SELECT s.id, s.recipient, c.full_name FROM depot.shipments s LEFT JOIN depot.couriers c ON c.id = s.courier_id WHERE s.state = 'new') AS rowcount_qry
--- agent: columns by pg_attribute
select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated from pg_attribute a where a.attrelid = 'depot.stock'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
--- agent: sample of shipments
select * from shipments order by id desc limit 3
--- agent: sample of couriers as text
--- masked c
select c::text from couriers c limit 2
--- agent: explain of a view with labels
explain (costs off) select id from open_shipments where city = 'Lyon'
--- agent: view columns
select table_name, view_definition is not null as has from information_schema.views where table_schema = 'depot' order by 1
--- agent: duplicates by key
select tracking_no, count(*) from shipments group by tracking_no having count(*) > 1
--- agent: length range of a labelled column
--- refused PG-010
select min(length(licence_no)), max(length(licence_no)) from couriers
--- agent: routine definition
select pg_get_functiondef('depot.volume_cm3'::regproc)
--- dba: grants
select grantee, table_name, string_agg(privilege_type, ',' order by privilege_type) from information_schema.role_table_grants where table_schema = 'depot' group by 1, 2 order by 1, 2
--- dba: progress
--- varies
select pid, phase, heap_blks_total from pg_stat_progress_vacuum
--- dba: database statistics
--- refused PG-017
--- varies
select datname, xact_commit, xact_rollback, deadlocks, temp_files from pg_stat_database where datname = current_database()
--- app: schema of the tenant by search_path
set search_path to depot, public
--- dba: pg_dump empties the search path
SELECT pg_catalog.set_config('search_path', '', false)
--- app: local search_path in a transaction
set local search_path = depot; select id, state from shipments where id = 5
