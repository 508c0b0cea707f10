--- analyst: occupancy by property and week
select property, date_trunc('week', day)::date as week, sum(sold) as sold, sum(available) as available, round(100.0 * sum(sold) / nullif(sum(available), 0), 1) as pct from occupancy group by 1, 2 order by 1, 2

--- analyst: RevPAR by month
with nights as (select s.property, d::date as day, s.rate from stays s cross join lateral generate_series(lower(s.nights)::timestamp, (upper(s.nights) - 1)::timestamp, interval '1 day') d where s.state in ('checked_in','checked_out','confirmed')), cap as (select property, count(*) as rooms from rooms where not out_of_order group by property) select n.property, to_char(n.day, 'YYYY-MM') as month, sum(n.rate) as revenue, round(sum(n.rate) / (max(c.rooms) * count(distinct n.day)), 2) as revpar from nights n join cap c using (property) group by 1, 2 order by 1, 2

--- analyst: average length of stay per channel
select channel, count(*) as n, avg(upper(nights) - lower(nights))::numeric(5,2) as alos, percentile_cont(0.5) within group (order by upper(nights) - lower(nights)) as median from stays where state <> 'cancelled' group by channel order by n desc, channel

--- analyst: cancellation rate by lead time
select width_bucket(lower(nights) - booked_at::date, 0, 120, 6) as bucket, count(*) as n, count(*) filter (where state = 'cancelled') as cancelled, round(avg((state = 'cancelled')::int), 3) as rate from stays group by 1 order by 1

--- analyst: guests by nationality and tier
select nationality, loyalty_tier, count(*), sum(points) as points from guests where merged_into is null group by cube (nationality, loyalty_tier) order by nationality nulls last, loyalty_tier nulls last

--- analyst: repeat guests
select times, count(*) as guests from (select guest_id, count(*) filter (where state = 'checked_out') as times from stays group by guest_id) t group by times order by times

--- analyst: spend per stay with share of the spa
select s.property, round(avg(f.total), 2) as avg_total, round(sum(f.spa) / nullif(sum(f.total), 0) * 100, 1) as spa_pct from stays s join (select stay_id, sum(gross) as total, coalesce(sum(gross) filter (where kind = 'spa'), 0) as spa from folio_items group by stay_id) f on f.stay_id = s.id group by s.property order by s.property

--- analyst: NPS by property
select s.property, count(*) as answers, (100.0 * (count(*) filter (where f.score >= 9) - count(*) filter (where f.score <= 6)) / count(*))::int as nps from feedback f join stays s on s.id = f.stay_id group by s.property order by nps desc, s.property

--- analyst: topics of the feedback
select topic, count(*) as n, round(avg(score), 2) as score from feedback cross join unnest(topics) as topic group by topic having count(*) > 3 order by n desc, topic

--- analyst: how many left a comment
select date_trunc('month', at)::date as month, count(comment) as with_comment, count(*) as n from feedback group by 1 order by 1

--- analyst: answers of the questionnaire
select (answers->>'clean')::int as clean, count(*) as n, bool_or((answers->>'return')::boolean) as any_return, jsonb_agg(distinct answers->'tags'->0) as first_tags from feedback group by 1 order by 1

--- analyst: guests older than sixty by property
--- refused PG-010
--- tells how many guests are older than sixty
select s.property, count(distinct g.id) from guests g join stays s on s.guest_id = g.id where age(timestamp '2026-03-01', g.birth_date) > interval '60 years' group by s.property order by 1

--- analyst: pickup by day
select booked_at::date as day, count(*) as bookings, sum(count(*)) over (order by booked_at::date) as cumulative, sum(rate * (upper(nights) - lower(nights))) as value from stays group by 1 order by 1 limit 40

--- analyst: seasonal rates against realised
select rp.property, rp.season, rp.factor, count(s.id) as stays, avg(s.rate)::numeric(8,2) as adr from rate_plans rp left join stays s on s.property = rp.property and s.nights && rp.during and s.state <> 'cancelled' group by rp.property, rp.season, rp.factor order by rp.property, rp.factor desc

--- analyst: best guests by spend
select g.id, g.loyalty_no, g.loyalty_tier, sum(f.gross) as spent, rank() over (order by sum(f.gross) desc) as place from guests g join stays s on s.guest_id = g.id join folio_items f on f.stay_id = s.id group by g.id order by place, g.id fetch first 10 rows with ties

--- analyst: best guests with names
select g.given_name, g.family_name, g.email, t.spent from (select s.guest_id, sum(f.gross) as spent from stays s join folio_items f on f.stay_id = s.id group by s.guest_id) t join guests g on g.id = t.guest_id order by t.spent desc, g.id limit 5

--- analyst: gap between two stays of a guest
select loyalty_tier, avg(gap)::numeric(6,1) as days from (select g.loyalty_tier, lower(s.nights) - lag(upper(s.nights)) over (partition by s.guest_id order by lower(s.nights), s.id) as gap from stays s join guests g on g.id = s.guest_id where s.state = 'checked_out') x where gap is not null group by loyalty_tier order by 1

--- analyst: housekeeping minutes by person
select done_by, task, count(*) as n, avg(extract(epoch from finished_at - started_at) / 60)::numeric(5,1) as minutes from housekeeping where finished_at is not null group by grouping sets ((done_by, task), (done_by), ()) order by done_by nulls last, task nulls last

--- analyst: pillows preferred
select prefs->>'pillow' as pillow, prefs->>'floor' as floor, count(*) as n, count(*) filter (where (prefs->>'newsletter')::boolean) as newsletter from guests group by 1, 2 order by 1, 2

--- analyst: payments by method pivoted
select date_trunc('month', paid_at)::date as month, sum(amount) filter (where method = 'card') as card, sum(amount) filter (where method = 'cash') as cash, sum(amount) filter (where method = 'transfer') as transfer, count(*) filter (where refunded) as refunds from payments group by 1 order by 1

--- analyst: stays with special requests by board
--- refused PG-010
--- tells how many requests hold a word
select board, count(*) filter (where requests is not null) as with_requests, count(*) filter (where requests ilike '%allerg%') as allergies from stays group by board order by board

--- support: find a booking by its reference
select s.*, r.number from stays s left join rooms r on r.id = s.room_id where s.ref = 'R000042'

--- support: guest of a booking
select g.id, g.given_name || ' ' || g.family_name as guest, g.email, g.mobile, s.state, s.nights from stays s join guests g on g.id = s.guest_id where s.ref = 'R000017'

--- support: guest by family name
--- refused PG-010
--- tells which names begin with a text
select id, given_name, family_name, email from guests where family_name like 'Trauttmansdorff1%' order by family_name

--- support: guest by e-mail
select id, loyalty_no, loyalty_tier from guests where lower(email) = lower('Traut8@briefkasten2.example')

--- support: guest by loyalty number
--- masked birth_date
select * from guests where loyalty_no = 'L000012'

--- support: bill of a stay
select f.day, f.kind, f.amount, f.vat, f.gross, f.note from folio_items f join stays s on s.id = f.stay_id where s.ref = 'R000031' order by f.day, f.id

--- support: open balance of a stay
select s.ref, stay_total(s.id) as total, coalesce((select sum(p.amount) from payments p where p.stay_id = s.id and not p.refunded), 0) as paid, stay_total(s.id) - coalesce((select sum(p.amount) from payments p where p.stay_id = s.id and not p.refunded), 0) as due from stays s where s.id between 20 and 30 order by s.id

--- support: arrivals of a day
select * from arrivals where property = 'H1' and arrives between '2026-01-02' and '2026-01-12' order by arrives, id

--- support: departures without payment
select s.ref, s.property, upper(s.nights) as leaves from stays s where s.state = 'checked_out' and not exists (select 1 from payments p where p.stay_id = s.id) order by leaves desc, s.ref

--- support: which card was used
--- masked last4
select method, right(card_number, 4) as last4, card_holder, amount, paid_at from payments where stay_id = 3

--- support: move a guest to another room
update stays set room_id = (select id from free_rooms('H2', daterange('2026-07-01','2026-07-03')) order by id limit 1), version = version + 1 where ref = 'R000020' and state = 'confirmed' returning id, room_id, version

--- support: correct the phone of a guest
--- varies
update guests set mobile = '+43 664 5550001' where id = 9 returning id, mobile, updated_at

--- support: free rooms tonight
select fr.number, fr.floor, rt.name, rt.base_rate from free_rooms('H3', daterange('2026-02-01','2026-02-02')) fr join room_types rt on rt.id = fr.type_id order by fr.number

--- support: duplicates of one guest
--- refused PG-010
--- tells which guests have one name and one birth date
select a.id, b.id as other from guests a join guests b on b.family_name = a.family_name and b.birth_date = a.birth_date and b.id > a.id

--- support: merge a duplicate
begin; update stays set guest_id = 5 where guest_id = 6; update guests set merged_into = 5, points = 0 where id = 6; update guests set points = points + 822 where id = 5; select id, points, merged_into from guests where id in (5, 6) order by id; rollback

--- support: low scores with their comments
select f.id, s.ref, f.score, f.comment from feedback f join stays s on s.id = f.stay_id where f.score <= 3 order by f.at desc limit 10

--- support: last stay of each gold guest
select distinct on (g.id) g.id, g.loyalty_no, s.ref, lower(s.nights) as arrived, s.property from guests g join stays s on s.guest_id = g.id where g.loyalty_tier = 'gold' order by g.id, lower(s.nights) desc, s.id desc

--- support: diet of arriving guests
--- refused PG-010
--- tells of a document that is a list or a text, and so is masked, whether it holds the word
select a.ref, a.room, g.prefs->>'diet' as diet from arrivals a join stays s on s.id = a.id join guests g on g.id = s.guest_id where g.prefs ? 'diet' order by a.ref limit 8

--- application: Hibernate loads a stay with its guest
--- with ["17"]
select s1_0.id,s1_0.adults,s1_0.board,s1_0.booked_at,s1_0.channel,g1_0.id,g1_0.email,g1_0.family_name,g1_0.given_name,g1_0.loyalty_tier,s1_0.ref,s1_0.state,s1_0.version from stays s1_0 join guests g1_0 on g1_0.id=s1_0.guest_id where s1_0.id=$1

--- application: Hibernate page of stays
--- with ["H1", "checked_out", "0", "20"]
select s1_0.id,s1_0.ref,s1_0.rate,s1_0.state from stays s1_0 where s1_0.property=$1 and s1_0.state=cast($2 as stay_state) order by s1_0.booked_at desc,s1_0.id offset $3 rows fetch first $4 rows only

--- application: Hibernate count query of the page
--- with ["H1"]
select count(s1_0.id) from stays s1_0 where s1_0.property=$1

--- application: Hibernate optimistic update
--- with ["2", "0", "40", "0"]
update stays set adults=$1,children=$2,version=version+1 where id=$3 and version=$4

--- application: Hibernate inserts a stay
--- with ["R900001", "3", "H1", "[2027-01-04,2027-01-06)", "confirmed", "99.5", "web", "2026-03-01T10:00:00Z"]
insert into stays (ref,guest_id,property,nights,state,rate,channel,booked_at) values ($1,$2,$3,$4,$5,$6,$7,$8) returning id

--- application: Django list of guests in the admin
SELECT "guests"."id", "guests"."given_name", "guests"."family_name", "guests"."loyalty_no", "guests"."vip", "guests"."created_at" FROM "hotel"."guests" WHERE "guests"."merged_into" IS NULL ORDER BY "guests"."id" DESC LIMIT 25

--- application: Django search in the admin
--- refused PG-010
--- tells how many names and addresses hold a text
SELECT COUNT(*) AS "__count" FROM "guests" WHERE (UPPER("guests"."family_name"::text) LIKE UPPER('%traut%') OR UPPER("guests"."email"::text) LIKE UPPER('%traut%'))

--- application: Django prefetch of payments
SELECT "payments"."id", "payments"."stay_id", "payments"."method", "payments"."amount", "payments"."paid_at" FROM "payments" WHERE "payments"."stay_id" IN (1, 2, 3, 4, 5) ORDER BY "payments"."paid_at" ASC

--- application: Django annotates and filters
SELECT "rooms"."id", "rooms"."number", COUNT("stays"."id") AS "n", MAX(UPPER("stays"."nights")) AS "last" FROM "rooms" LEFT OUTER JOIN "stays" ON ("rooms"."id" = "stays"."room_id") WHERE "rooms"."property" = 'H2' GROUP BY "rooms"."id" HAVING COUNT("stays"."id") > 2 ORDER BY "n" DESC, "rooms"."id" ASC

--- application: ActiveRecord find_by e-mail at sign in
--- with ["traut10@briefkasten1.example", "1"]
--- masked birth_date
SELECT "guests".* FROM "guests" WHERE (lower(email) = $1) LIMIT $2

--- application: ActiveRecord exists
--- with ["12", "1"]
SELECT 1 AS one FROM "stays" WHERE "stays"."guest_id" = $1 AND "stays"."state" IN ('confirmed', 'checked_in') LIMIT $2

--- application: ActiveRecord increments points
--- with ["50", "2026-03-01T00:00:00Z", "8"]
UPDATE "guests" SET "points" = COALESCE("points", 0) + $1, "updated_at" = $2 WHERE "guests"."id" = $3

--- application: ActiveRecord creates a guest
--- with ["Walburga", "Nepomuk", "nepo@briefkasten.example", "AT"]
INSERT INTO "guests" ("given_name", "family_name", "email", "nationality") VALUES ($1, $2, $3, $4) RETURNING "id"

--- application: Prisma findMany with relation
--- with ["5", "0"]
SELECT "t0"."id", "t0"."ref", "t0_guest"."__prisma_data__" AS "guest" FROM "hotel"."stays" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'familyName', "t1"."family_name", 'tier', "t1"."loyalty_tier") AS "__prisma_data__" FROM (SELECT "g".* FROM "hotel"."guests" AS "g" WHERE "t0"."guest_id" = "g"."id" LIMIT 1) AS "t1") AS "t0_guest" ON TRUE ORDER BY "t0"."id" ASC LIMIT $1 OFFSET $2

--- application: Prisma upsert of a housekeeping task
--- with ["3", "2026-02-07", "clean", "ida"]
INSERT INTO "hotel"."housekeeping" ("room_id","day","task","done_by") VALUES ($1,$2,$3,$4) ON CONFLICT ("room_id","day","task") DO UPDATE SET "done_by" = excluded."done_by" RETURNING "room_id", "day", "task", "done_by"

--- application: SQLAlchemy selectinload
SELECT stays_1.guest_id AS stays_1_guest_id, stays_1.id AS stays_1_id, stays_1.ref AS stays_1_ref, stays_1.nights AS stays_1_nights FROM stays AS stays_1 WHERE stays_1.guest_id IN (1, 2, 3) ORDER BY stays_1.guest_id, stays_1.id

--- application: SQLAlchemy insert many values
INSERT INTO folio_items (stay_id, day, kind, amount, posted_by) SELECT p0::BIGINT, p1::DATE, p2::VARCHAR, p3::NUMERIC, p4::VARCHAR FROM (VALUES (10, '2026-01-20', 'minibar', 7.5, 'rec1', 0), (10, '2026-01-20', 'spa', 45, 'rec1', 1)) AS imp_sen(p0, p1, p2, p3, p4, sen_counter) ORDER BY sen_counter RETURNING folio_items.kind, folio_items.gross

--- application: sqlc lists the folio
--- with ["25"]
-- name: ListFolio :many
SELECT id, stay_id, day, kind, amount, vat, gross, posted_by FROM folio_items WHERE stay_id = $1 ORDER BY day, id

--- application: jOOQ nested multiset
select s.ref, (select coalesce(jsonb_agg(jsonb_build_array(t.v0, t.v1) order by t.v0), jsonb_build_array()) from (select f.kind as v0, sum(f.amount) as v1 from hotel.folio_items as f where f.stay_id = s.id group by f.kind) as t) as items from hotel.stays as s where s.id in (1, 2, 3) order by s.id

--- application: claims a cleaning task
with next as (select room_id, day, task from housekeeping where done_by is null order by day, room_id, task limit 1 for update skip locked) update housekeeping h set done_by = 'jan', started_at = timestamptz '2026-02-05 09:00Z' from next n where h.room_id = n.room_id and h.day = n.day and h.task = n.task returning h.room_id, h.day, h.task

--- application: merges rates of a channel manager
merge into rate_plans rp using (values ('H1','winter',1.35),('H2','winter',1.28)) v(property, season, factor) on rp.property = v.property and rp.season = v.season when matched and rp.factor <> v.factor then update set factor = v.factor when not matched then do nothing returning merge_action(), rp.property, rp.factor

--- application: keyset page of the guest book
--- with ["2025-06-01T08:00:00Z", "30"]
select id, loyalty_no, created_at from guests where (created_at, id) > ($1::timestamptz, $2::bigint) order by created_at, id limit 10

--- BI: Metabase occupancy by month
SELECT CAST(DATE_TRUNC('month', "source"."day") AS date) AS "day", "source"."property" AS "property", SUM("source"."sold") AS "sum" FROM (SELECT "hotel"."occupancy"."property" AS "property", "hotel"."occupancy"."day" AS "day", "hotel"."occupancy"."sold" AS "sold" FROM "hotel"."occupancy") AS "source" GROUP BY CAST(DATE_TRUNC('month', "source"."day") AS date), "source"."property" ORDER BY CAST(DATE_TRUNC('month', "source"."day") AS date) ASC, "source"."property" ASC

--- BI: Metabase scans the values of a field
SELECT "hotel"."guests"."loyalty_tier" AS "loyalty_tier" FROM "hotel"."guests" GROUP BY "hotel"."guests"."loyalty_tier" ORDER BY "hotel"."guests"."loyalty_tier" ASC LIMIT 1000

--- BI: Metabase fingerprints a table
--- masked birth_date
SELECT SUBSTRING("hotel"."guests"."given_name", 1, 1234) AS "substring1", "hotel"."guests"."birth_date" AS "birth_date", "hotel"."guests"."points" AS "points" FROM "hotel"."guests" LIMIT 10000

--- BI: Tableau extract
SELECT CAST("stays"."channel" AS TEXT) AS "channel", DATE_PART('YEAR', "stays"."booked_at")::INTEGER AS "yr:booked_at:ok", SUM("stays"."rate") AS "sum:rate:ok", COUNT(DISTINCT "stays"."guest_id") AS "ctd:guest_id:ok" FROM "hotel"."stays" "stays" INNER JOIN "hotel"."properties" "properties" ON ("stays"."property" = "properties"."code") GROUP BY 1, 2 HAVING (COUNT(1) > 0) ORDER BY 1, 2

--- BI: Power BI folded preview
select "_"."property", "_"."kind", "_"."a0" from (select "r"."property" as "property", "f"."kind" as "kind", sum("f"."amount") as "a0" from "hotel"."folio_items" "f" left outer join "hotel"."stays" "r" on ("f"."stay_id" = "r"."id") group by "r"."property", "f"."kind") "_" where not "_"."a0" is null order by 1, 2 limit 1000

--- BI: Superset time grain
SELECT DATE_TRUNC('week', paid_at) AS __timestamp, method AS method, sum(amount) AS "SUM(amount)" FROM hotel.payments WHERE paid_at >= TO_TIMESTAMP('2026-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND paid_at < TO_TIMESTAMP('2026-03-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('week', paid_at), method ORDER BY "SUM(amount)" DESC, 1 LIMIT 10000

--- BI: Grafana series of bookings
SELECT floor(extract(epoch from booked_at)/86400)*86400 AS "time", channel AS metric, count(*) AS value FROM stays WHERE booked_at BETWEEN '2025-11-01T00:00:00Z' AND '2025-12-31T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2

--- BI: Superset histogram of spend by guest age
--- refused PG-010
--- tells in which decade guests were born
SELECT (date_part('year', age(date '2026-03-01', g.birth_date))::int / 10) * 10 AS age_band, round(avg(f.gross), 2) AS avg_item FROM guests g JOIN stays s ON s.guest_id = g.id JOIN folio_items f ON f.stay_id = s.id GROUP BY 1 ORDER BY 1

--- BI: Tableau reads one row of the shape
SELECT * FROM "hotel"."stays" "stays" LIMIT 0

--- agent: explores the schema
select c.table_name, c.column_name, c.data_type, c.is_nullable from information_schema.columns c where c.table_schema = 'hotel' and c.table_name in ('guests','stays') order by c.table_name, c.ordinal_position

--- agent: samples a table
--- masked birth_date
SELECT * FROM guests LIMIT 3

--- agent: samples the documents
select jsonb_object_keys(prefs) as key, count(*) from guests group by 1 order by 2 desc, 1

--- agent: which guests booked but never came
WITH booked AS (SELECT guest_id, COUNT(*) AS n FROM stays WHERE state = 'no_show' GROUP BY guest_id), came AS (SELECT DISTINCT guest_id FROM stays WHERE state IN ('checked_in', 'checked_out')) SELECT b.guest_id, b.n FROM booked b LEFT JOIN came c ON c.guest_id = b.guest_id WHERE c.guest_id IS NULL ORDER BY b.n DESC, b.guest_id

--- agent: revenue of properties in one country
SELECT p.title, p.city, SUM(f.gross) AS revenue, COUNT(DISTINCT s.id) AS stays FROM properties p JOIN stays s ON s.property = p.code JOIN folio_items f ON f.stay_id = s.id WHERE p.country ILIKE 'ch' GROUP BY p.title, p.city ORDER BY revenue DESC

--- agent: completeness of the guests
SELECT COUNT(*) AS total, COUNT(email) AS has_email, COUNT(mobile) AS has_mobile, ROUND(100.0 * COUNT(birth_date) / COUNT(*), 1) AS pct_birth_date, COUNT(DISTINCT nationality) AS nationalities FROM guests

--- agent: explains its own slow query
EXPLAIN (FORMAT JSON, COSTS OFF) SELECT s.ref FROM stays s JOIN guests g ON g.id = s.guest_id WHERE g.vip AND s.nights && daterange('2026-01-01','2026-02-01')

--- agent: stays that overlap a festival
select s.property, s.channel, count(*) as n, string_agg(s.ref, ', ' order by s.ref) as refs from stays s where s.nights && daterange('2026-01-20', '2026-01-24', '[]') and s.state not in ('cancelled', 'no_show') group by s.property, s.channel order by n desc, 1, 2

--- admin: sizes of the tables
--- varies
select relname, pg_size_pretty(pg_total_relation_size(oid)) as size, reltuples::bigint as rows from pg_class where relnamespace = 'hotel'::regnamespace and relkind in ('r','m') order by pg_total_relation_size(oid) desc, relname

--- admin: unused indexes
--- refused PG-017
--- tells by how often an index was read, how many different values there are
select s.relname, s.indexrelname, i.indisunique from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid where s.schemaname = 'hotel' and s.idx_scan >= 0 order by 1, 2

--- admin: refreshes the occupancy
--- as owner
refresh materialized view concurrently occupancy

--- admin: analyzes after a load
--- as owner
analyze verbose folio_items

--- migration: adds a column with a default and an index
--- as owner
begin; alter table stays add column source_code text not null default 'legacy'; create index stays_source on stays (source_code) where source_code <> 'legacy'; comment on column stays.source_code is 'who sent the booking'; rollback

--- migration: backfills in batches
--- as owner
with batch as (select id from stays where board = 'room_only' and id > 0 order by id limit 50) update stays s set board = 'breakfast' from batch b where s.id = b.id and s.channel = 'ota'

--- migration: splits the name
--- as owner
--- refused PG-010
--- tells names, in a column that nobody labelled
begin; alter table guests add column full_name text generated always as (given_name || ' ' || family_name) stored; alter table guests add constraint mobile_shape check (mobile ~ '^\+') not valid; rollback

--- migration: adds a value to an enum
--- as owner
alter type stay_state add value if not exists 'waitlisted' after 'enquiry'

--- odd: a cursor over the arrivals
begin; declare a scroll cursor for select id, property, arrives from arrivals order by arrives, id; fetch 3 from a; move forward 5 in a; fetch backward 2 from a; close a; commit

--- odd: copies out a query
copy (select property, day, sold from occupancy where day < '2026-01-05' order by 1, 2) to stdout with (format csv, header)

--- odd: overlaps with the operator of the standard
select a.ref, b.ref from stays a, stays b where a.room_id = b.room_id and a.id < b.id and (lower(a.nights), upper(a.nights)) overlaps (lower(b.nights), upper(b.nights)) order by 1, 2 limit 10

--- odd: a temporary table of codes
begin; create temp table wanted (code text) on commit drop; insert into wanted values ('H1'), ('H3'); select p.code, p.title, array_to_string(p.facilities, ';') as facilities from properties p join wanted w using (code) order by p.code; commit
