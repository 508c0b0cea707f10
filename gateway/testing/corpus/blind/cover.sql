--- analyst: book of business by line
select line, status, count(*) as policies, sum(premium_year) as premium, sum(sum_insured) as exposure, round(avg(deductible), 2) as deductible from policies group by line, status order by line, status

--- analyst: loss ratio by line and year
select l.line, l.year, l.incurred, l.claims, round(l.incurred / nullif(p.earned, 0), 3) as ratio from loss_ratio l left join (select line, sum(premium_year) as earned from policies group by line) p on p.line = l.line order by l.line, l.year

--- analyst: claims triangle
with t as (select extract(year from c.occurred_on)::int as origin, (extract(year from p.paid_on) - extract(year from c.occurred_on))::int as dev, p.amount from claim_payments p join claims c on c.id = p.claim_id) select origin, sum(amount) filter (where dev = 0) as d0, sum(amount) filter (where dev <= 1) as d1 from t group by origin order by origin

--- analyst: frequency per hundred policies
select p.line, round(100.0 * count(c.id) / count(distinct p.id), 1) as frequency from policies p left join claims c on c.policy_id = p.id group by p.line order by frequency desc, 1

--- analyst: severity percentiles
select p.line, percentile_disc(array[0.25, 0.5, 0.75, 0.95]) within group (order by cp.amount) as quantiles, max(cp.amount) from claim_payments cp join claims c on c.id = cp.claim_id join policies p on p.id = c.policy_id group by p.line order by p.line

--- analyst: days from report to decision
select l.became, avg(l.at - c.reported_at) as took, count(*) from status_log l join claims c on c.id = l.claim_id where l.was is not null group by l.became order by 1

--- analyst: causes of claims
select coalesce(cause, 'unknown') as cause, count(*) as n, sum(reserve) as reserve, round(100 * sum(reserve) / sum(sum(reserve)) over (), 1) as share from claims group by cause order by reserve desc, 1

--- analyst: dunning by quarter
select date_trunc('quarter', due_on)::date as quarter, count(*) filter (where paid_on is null) as open, sum(amount) filter (where paid_on is null) as owed, avg(paid_on - due_on)::numeric(5,1) as days_to_pay from premiums group by rollup (1) order by 1 nulls last

--- analyst: commission of agents
select a.code, a.office, round(sum(p.premium_year * a.commission_pct / 100), 2) as commission, dense_rank() over (partition by a.office order by sum(p.premium_year * a.commission_pct / 100) desc) as place from agents a join policies p on p.agent_id = a.id and p.status = 'active' group by a.id order by a.office, place, a.code

--- analyst: league of agents with names
select a.agent_name, count(p.id) as sold from agents a left join policies p on p.agent_id = a.id group by a.id order by sold desc, a.id limit 5

--- analyst: lapse rate by vintage
select date_trunc('quarter', starts_on)::date as vintage, count(*), avg((status in ('lapsed','cancelled'))::int)::numeric(4,3) as lapse from policies group by 1 order by 1

--- analyst: holders with several lines
select lines, count(*) as holders from (select holder_id, count(distinct line) as lines from policies where status = 'active' group by holder_id) x group by lines order by lines desc

--- analyst: riders sold
select r, count(*) as n, avg(premium_year)::numeric(8,2) as premium from policies p left join lateral unnest(p.riders) as r on true group by r order by n desc, r

--- analyst: instalments and bonus classes
select (terms->>'instalments')::int as instalments, terms->'bonus' as bonus, count(*) from policies where terms @> '{"cover":["glass"]}' group by 1, 2 order by 1, 2

--- analyst: smokers by risk class
select risk_class, count(*) filter (where (attributes->>'smoker')::bool) as smokers, count(*) as n from holders where deleted_at is null group by risk_class order by 1

--- analyst: holders by town and segment
select town, attributes->>'segment' as segment, count(*) as n, count(*) filter (where marketing_ok) as marketing from holders group by grouping sets ((town, attributes->>'segment'), (town)) order by town, segment nulls first

--- analyst: premium by age band
--- refused PG-010
--- tells in which decade a holder was born
select width_bucket(extract(year from age(date '2026-01-01', h.birth_date))::int, 20, 80, 6) as band, avg(p.premium_year)::numeric(8,2) from policies p join holders h on h.id = p.holder_id group by 1 order by 1

--- analyst: vehicles by make and age
select make, count(*), round(avg(2026 - model_year), 1) as age, corr(kw, p.premium_year)::numeric(4,2) as corr from vehicles v join policies p on p.id = v.policy_id group by make order by make

--- analyst: claims with injuries
select date_trunc('quarter', occurred_on)::date as q, count(*) filter (where diagnosis is not null) as injuries, count(*) from claims group by 1 order by 1

--- analyst: attachments per claim
select d->>'type' as type, count(*) as n, sum((d->>'size')::int) as bytes, avg(jsonb_array_length(c.documents))::numeric(3,1) as per_claim from claims c, jsonb_array_elements(c.documents) d group by 1 order by 1

--- analyst: tariff factor by band
select line, lower(band) as from_age, factor, factor / first_value(factor) over w as relative, lead(factor) over w as next from tariff window w as (partition by line order by lower(band)) order by line, from_age

--- support: policy by its number
select * from policy_register where policy_no = 'P-000033'

--- support: file of a claim
select c.claim_no, c.status, c.cause, c.description, c.reserve, h.legal_name, h.phone from claims c join policies p on p.id = c.policy_id join holders h on h.id = p.holder_id where c.claim_no = 'C000014'

--- support: policies of a holder
select p.id, p.policy_no, p.line, p.status, p.premium_year from policies p where p.holder_id = 12 order by p.starts_on desc

--- support: holder by national number
--- refused PG-010
--- tells whose a national number is, of which policy allows no look-up
select id, legal_name, town from holders where national_id = 'BSN000081230'

--- support: holder by postcode and house
--- refused PG-010
--- tells who lives at a place
select id, legal_name, street, postcode from holders where postcode = '1012 QX' and street like '12 %'

--- support: car by its plate
--- refused PG-010
--- tells whose car has a plate, of which policy allows no look-up
select p.policy_no, p.status, v.make from vehicles v join policies p on p.id = v.policy_id where v.plate = 'ZD-148-Q'

--- support: open premiums of a policy
select due_on, amount, dunning, current_date - due_on > 14 as late from premiums where policy_id = 14 and paid_on is null order by due_on

--- support: where the money of a claim went
--- masked iban
select payee, left(iban, 4) || '****' || right(iban, 4) as iban, amount, paid_on from claim_payments where claim_id = 10

--- support: history of a claim
select l.at, coalesce(l.was::text, '-') || ' -> ' || l.became as change, l.by_user from status_log l join claims c on c.id = l.claim_id where c.claim_no = 'C000025' order by l.at, l.id

--- support: set a claim to assessing
update claims set status = 'assessing', handler = 'mei' where claim_no = 'C000012' and status = 'reported' returning claim_no, status, handler

--- support: change of address
update holders set street = '7 Lindegracht', postcode = '1015 AA', town = 'Assen' where id = 22 returning id, town

--- support: new bank account
update holders set bank_account = 'NL02RABO0123456789' where id = 15

--- support: who handles how much
select handler, count(*) filter (where status = 'reported') as new, count(*) filter (where status = 'assessing') as busy, min(reported_at) filter (where status in ('reported','assessing')) as oldest from claims group by handler order by handler

--- support: letters not sent
select id, holder_id, template, queued_at, attempts, vars->>'lang' as lang from letters where sent_at is null and attempts < 3 order by queued_at limit 10

--- support: reprint a letter
select l.template, l.vars, l.body from letters l where l.id = 12

--- support: requeue letters
update letters set sent_at = null, attempts = 0 where id between 40 and 45 and sent_at is not null returning id, template

--- support: find claims about hail
select claim_no, cause, ts_rank(search, q) as rank from claims, websearch_to_tsquery('english', 'hail roof') q where search @@ q order by rank desc, claim_no limit 10

--- support: claims of an agent in assessment
select c.claim_no, c.reported_at, p.policy_no, p.line from claims c join policies p on p.id = c.policy_id join agents a on a.id = p.agent_id where a.code = 'AG007' and c.status in ('assessing','reported') order by c.reported_at

--- application: Hibernate loads a policy with collections
--- with ["9"]
select p1_0.id,p1_0.agent_id,p1_0.deductible,p1_0.ends_on,p1_0.holder_id,p1_0.line,p1_0.lock_version,p1_0.policy_no,p1_0.premium_year,p1_0.starts_on,p1_0.status,p1_0.terms,c1_0.policy_id,c1_0.id,c1_0.claim_no,c1_0.status from policies p1_0 left join claims c1_0 on p1_0.id=c1_0.policy_id where p1_0.id=$1 order by c1_0.id

--- application: Hibernate updates a holder whole
--- with ["person", "Ludovicus Oosterhout3", "oost3@postvak0.example", "+31 6 00000003", "2", "3"]
update holders set kind=$1,legal_name=$2,email=$3,phone=$4,risk_class=$5 where id=$6

--- application: Hibernate pessimistic lock
--- with ["31"]
select c1_0.id,c1_0.claim_no,c1_0.policy_id,c1_0.reserve,c1_0.status from claims c1_0 where c1_0.id=$1 for no key update

--- application: Hibernate criteria with in and like
--- with ["motor", "home", "P-0000%"]
select p1_0.id,p1_0.policy_no,p1_0.line from policies p1_0 where p1_0.line in ($1::product_line,$2::product_line) and p1_0.policy_no like $3 escape '' order by p1_0.policy_no limit 15

--- application: Hibernate sequence
select nextval('holders_id_seq') is not null as got

--- application: Django aggregate over related
SELECT "agents"."id", "agents"."code", COALESCE(SUM("policies"."premium_year"), 0) AS "volume", COUNT("policies"."id") FILTER (WHERE "policies"."status" = 'active') AS "active" FROM "agents" LEFT OUTER JOIN "policies" ON ("agents"."id" = "policies"."agent_id") WHERE "agents"."active" GROUP BY "agents"."id" ORDER BY 3 DESC, 1 ASC LIMIT 10

--- application: Django exists subquery annotation
SELECT "policies"."id", "policies"."policy_no", EXISTS(SELECT 1 AS "a" FROM "claims" U0 WHERE (U0."policy_id" = ("policies"."id") AND U0."status" IN ('reported', 'assessing')) LIMIT 1) AS "has_open" FROM "policies" WHERE "policies"."line" = 'home' ORDER BY "policies"."id" ASC LIMIT 21

--- application: Django get_or_create by e-mail
SELECT "holders"."id", "holders"."kind", "holders"."legal_name", "holders"."email" FROM "holders" WHERE "holders"."email" = 'oost10@postvak1.example' LIMIT 21

--- application: Django bulk update
UPDATE "policies" SET "status" = (CASE WHEN ("policies"."id" = 10) THEN 'lapsed' WHEN ("policies"."id" = 11) THEN 'cancelled' ELSE NULL END)::text WHERE "policies"."id" IN (10, 11)

--- application: Django values list of distinct towns
SELECT DISTINCT "holders"."town" AS "town" FROM "holders" WHERE NOT ("holders"."deleted_at" IS NOT NULL) ORDER BY 1 ASC

--- application: ActiveRecord eager load
SELECT "claims"."id" AS t0_r0, "claims"."claim_no" AS t0_r1, "claims"."status" AS t0_r2, "claim_payments"."id" AS t1_r0, "claim_payments"."amount" AS t1_r1, "claim_payments"."paid_on" AS t1_r2 FROM "claims" LEFT OUTER JOIN "claim_payments" ON "claim_payments"."claim_id" = "claims"."id" WHERE "claims"."id" IN (4, 5, 10, 11) ORDER BY "claims"."id" ASC

--- application: ActiveRecord uniqueness validation
--- with ["BSN000008123", "1"]
--- refused PG-010
--- tells whether somebody has a national number
SELECT 1 AS one FROM "holders" WHERE "holders"."national_id" = $1 LIMIT $2

--- application: ActiveRecord pluck of a document
SELECT "policies"."id", terms->'zone' FROM "policies" WHERE (terms->>'zone')::int > 2 ORDER BY "policies"."id" ASC LIMIT 12

--- application: ActiveRecord touch
--- with ["2026-03-03T00:00:00Z", "17"]
UPDATE "policies" SET "updated_at" = $1, "lock_version" = COALESCE("lock_version", 0) + 1 WHERE "policies"."id" = $2

--- application: Prisma aggregate
SELECT COUNT(*) AS "_count._all", AVG("reserve") AS "_avg.reserve", MAX("reported_at") AS "_max.reported_at" FROM (SELECT "cover"."claims"."reserve", "cover"."claims"."reported_at" FROM "cover"."claims" WHERE ("cover"."claims"."status"::text <> 'closed' AND "cover"."claims"."handler" = 'han') OFFSET 0) AS "sub"

--- application: Prisma create many
INSERT INTO "cover"."letters" ("holder_id","template","vars","queued_at") VALUES (3,'reminder','{"amount": 40, "lang": "nl"}','2026-03-10Z'),(4,'reminder','{"amount": 45, "lang": "en"}','2026-03-10Z') ON CONFLICT DO NOTHING

--- application: SQLAlchemy core with bind and label
SELECT date_trunc('month', claims.reported_at) AS month, count(claims.id) AS reported, sum(CASE WHEN (claims.status = 'closed') THEN 1 ELSE 0 END) AS closed FROM claims WHERE claims.reported_at >= '2025-06-01' GROUP BY date_trunc('month', claims.reported_at) ORDER BY month

--- application: SQLAlchemy insert returning a claim
--- with ["C900001", "8", "2026-02-01", "2026-02-02T10:00:00Z", "water leak", "the boiler burst at night"]
INSERT INTO claims (claim_no, policy_id, occurred_on, reported_at, cause, description) VALUES ($1::VARCHAR, $2::BIGINT, $3::DATE, $4::TIMESTAMP WITH TIME ZONE, $5::VARCHAR, $6::VARCHAR) RETURNING claims.id, claims.status, claims.reserve

--- application: sqlc quote of a premium
--- with ["motor", "34", "400"]
-- name: Quote :one
select tariff_factor($1::product_line, $2::int) as factor, round($3::numeric * tariff_factor($1::product_line, $2::int), 2) as premium

--- application: jOOQ upsert of a tariff
insert into cover.tariff as t (line, band, factor, valid_from) values (cast('motor' as cover.product_line), '[0,20)', 1.25, date '2025-01-01') on conflict (line, band, valid_from) do update set factor = excluded.factor where t.factor is distinct from excluded.factor returning t.line, t.band, t.factor

--- application: books the payments of a bank file
merge into premiums p using (select * from json_to_recordset('[{"policy":14,"due":"2026-04-01","on":"2026-04-03"},{"policy":15,"due":"2026-04-01","on":"2026-04-04"}]') as f(policy bigint, due date, "on" date)) f on p.policy_id = f.policy and p.due_on = f.due when matched and p.paid_on is null then update set paid_on = f."on", dunning = 0 when matched then do nothing returning p.policy_id, p.due_on, p.paid_on, p.dunning

--- application: renews policies that end
with ending as (select id, holder_id, agent_id, line, premium_year, sum_insured, deductible, terms, riders, ends_on from policies where ends_on between '2026-06-01' and '2026-06-30' and status = 'active'), renewed as (insert into policies (policy_no, holder_id, agent_id, line, starts_on, premium_year, sum_insured, deductible, terms, riders) select 'N-' || lpad(id::text, 6, '0'), holder_id, agent_id, line, ends_on, round(premium_year * 1.03, 2), sum_insured, deductible, jsonb_set(terms, '{bonus}', to_jsonb(least((terms->>'bonus')::int + 1, 10))), riders from ending returning policy_no, premium_year) select * from renewed order by policy_no

--- BI: Metabase count of claims by status
SELECT "cover"."claims"."status" AS "status", COUNT(*) AS "count" FROM "cover"."claims" LEFT JOIN "cover"."policies" AS "Policies" ON "cover"."claims"."policy_id" = "Policies"."id" WHERE "Policies"."line" = CAST('motor' AS "cover"."product_line") GROUP BY "cover"."claims"."status" ORDER BY "cover"."claims"."status" ASC

--- BI: Metabase filter widget of towns
SELECT "cover"."holders"."town" AS "town" FROM "cover"."holders" WHERE LOWER("cover"."holders"."town") LIKE '%u%' GROUP BY "cover"."holders"."town" ORDER BY "cover"."holders"."town" ASC LIMIT 100

--- BI: Tableau custom SQL
SELECT SUM("t0"."incurred") AS "sum:incurred:ok", "t0"."line" AS "line" FROM (select * from cover.loss_ratio) "t0" GROUP BY 2 ORDER BY 2

--- BI: Tableau map of claims
--- refused PG-010
--- tells where on the average accidents were
SELECT "h"."town" AS "town", COUNT(DISTINCT "c"."id") AS "cnt", AVG("c"."location"[0]) AS "avg:lon", AVG("c"."location"[1]) AS "avg:lat" FROM "cover"."claims" "c" INNER JOIN "cover"."policies" "p" ON ("c"."policy_id" = "p"."id") INNER JOIN "cover"."holders" "h" ON ("p"."holder_id" = "h"."id") GROUP BY 1 ORDER BY 1

--- BI: Power BI import of the policies
select "$Table"."id" as "id", "$Table"."policy_no" as "policy_no", "$Table"."holder_id" as "holder_id", "$Table"."line"::text as "line", "$Table"."premium_year" as "premium_year" from "cover"."policies" "$Table" order by 1 limit 200

--- BI: Power BI import of the holders
select "$Table"."id" as "id", "$Table"."legal_name" as "legal_name", "$Table"."town" as "town", "$Table"."risk_class" as "risk_class" from "cover"."holders" "$Table" order by "$Table"."id" limit 50

--- BI: Superset big number with comparison
SELECT sum(case when paid_on >= date '2025-09-01' then amount else 0 end) AS "this", sum(case when paid_on < date '2025-09-01' then amount else 0 end) AS "before" FROM cover.claim_payments

--- BI: Superset table with a virtual dataset
SELECT office, sum(premium) AS "SUM(premium)" FROM (SELECT a.office, p.line, p.premium_year AS premium FROM cover.policies p JOIN cover.agents a ON a.id = p.agent_id WHERE p.status = 'active') AS virtual_table WHERE line IN ('motor', 'life') GROUP BY office ORDER BY "SUM(premium)" DESC LIMIT 1000

--- BI: Grafana open claims over time
select d as "time", (select count(*) from claims c where c.reported_at <= d and not exists (select from status_log l where l.claim_id = c.id and l.became <> 'reported' and l.at <= d)) as open from generate_series(timestamptz '2025-06-01Z', timestamptz '2025-08-01Z', interval '1 week') d order by d

--- agent: lists foreign keys
SELECT tc.table_name, kcu.column_name, ccu.table_name AS foreign_table FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kcu ON tc.constraint_name = kcu.constraint_name AND tc.table_schema = kcu.table_schema JOIN information_schema.constraint_column_usage ccu ON ccu.constraint_name = tc.constraint_name WHERE tc.constraint_type = 'FOREIGN KEY' AND tc.table_schema = 'cover' ORDER BY 1, 2, 3

--- agent: tables with comments and rough counts
select c.relname, c.reltuples >= -1 as has_stats, obj_description(c.oid) as comment, (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'cover' and c.relkind in ('r','p','v') order by 1

--- agent: holders with more than two claims in a year
SELECT p.holder_id, COUNT(*) AS claim_count, SUM(c.reserve) AS total_reserve FROM claims c JOIN policies p ON c.policy_id = p.id WHERE c.occurred_on >= DATE '2025-03-01' AND c.occurred_on < DATE '2026-03-01' GROUP BY p.holder_id HAVING COUNT(*) > 2 ORDER BY claim_count DESC, total_reserve DESC

--- agent: suspicious payees
--- refused PG-010
--- tells which payments went to one account
SELECT cp.payee, cp.iban, COUNT(*) AS n FROM claim_payments cp GROUP BY cp.payee, cp.iban HAVING COUNT(*) > 1 ORDER BY n DESC

--- agent: profile of a column
SELECT MIN(premium_year), MAX(premium_year), AVG(premium_year)::numeric(8,2), STDDEV(premium_year)::numeric(8,2), COUNT(DISTINCT premium_year), SUM(CASE WHEN premium_year IS NULL THEN 1 ELSE 0 END) AS nulls FROM policies

--- agent: latest claim of each policy with the holder
WITH ranked AS (SELECT c.*, ROW_NUMBER() OVER (PARTITION BY c.policy_id ORDER BY c.reported_at DESC, c.id) AS rn FROM claims c) SELECT r.claim_no, r.status, r.reserve, pol.policy_no, h.legal_name FROM ranked r JOIN policies pol ON pol.id = r.policy_id JOIN holders h ON h.id = pol.holder_id WHERE r.rn = 1 ORDER BY r.reserve DESC, r.id LIMIT 10

--- agent: verifies a hypothesis
SELECT CASE WHEN deductible = 0 THEN 'none' ELSE 'some' END AS ded, ROUND(AVG(CASE WHEN c.id IS NOT NULL THEN 1.0 ELSE 0 END), 3) AS claim_rate FROM policies p LEFT JOIN LATERAL (SELECT id FROM claims WHERE policy_id = p.id LIMIT 1) c ON TRUE GROUP BY 1 ORDER BY 1

--- agent: summarizes a claim as a document
SELECT jsonb_build_object('claim', c.claim_no, 'status', c.status, 'docs', jsonb_path_query_array(c.documents, '$[*].type'), 'paid', (SELECT COALESCE(SUM(amount), 0) FROM claim_payments WHERE claim_id = c.id)) FROM claims c WHERE c.id IN (4, 5) ORDER BY c.id

--- admin: who waits for whom
--- varies in number
select a.pid, a.state, a.wait_event_type, pg_blocking_pids(a.pid) as blockers, now() - a.xact_start as age from pg_stat_activity a where a.backend_type = 'client backend' and a.datname = current_database()

--- admin: partitions and their bounds
select c.relname, pg_get_expr(c.relpartbound, c.oid) as bound from pg_class c join pg_inherits i on i.inhrelid = c.oid where i.inhparent = 'cover.premiums'::regclass order by c.relname

--- admin: grants on a table
select grantee, privilege_type from information_schema.role_table_grants where table_schema = 'cover' and table_name = 'claims' and grantee = 'app' order by 2

--- admin: plan of a hot query
explain (costs off) select * from premiums where paid_on is null and due_on < date '2026-01-01'

--- migration: new table with keys
--- as owner
begin; create table claim_notes (id bigint generated always as identity primary key, claim_id bigint not null references claims on delete cascade, body text not null, created_at timestamptz not null default now()); create index claim_notes_claim on claim_notes (claim_id, created_at desc); grant select, insert on claim_notes to app; rollback

--- migration: widens a type and adds a check
--- as owner
begin; alter table premiums alter column amount type numeric(12,2); alter table policies add constraint ends_after_start check (ends_on is null or ends_on > starts_on) not valid; alter table policies validate constraint ends_after_start; rollback

--- migration: attaches a partition
--- as owner
begin; create table premiums_2027 (like premiums including defaults including constraints); alter table premiums attach partition premiums_2027 for values from ('2027-01-01') to ('2028-01-01'); rollback

--- migration: normalizes phones
--- as owner
--- refused PG-010
--- tells how many phones begin with a prefix
update holders set phone = replace(phone, ' ', '') where phone like '+31 %'

--- odd: recursive agents with a path and cycle check
with recursive t as (select id, code, manager_id from agents where manager_id is null union all select a.id, a.code, a.manager_id from agents a join t on a.manager_id = t.id) cycle id set looped using path select code, looped, array_length(path, 1) as depth from t order by depth, code

--- odd: table of json
select c.claim_no, j.* from claims c, json_table(c.documents, '$[*]' columns (n for ordinality, kind text path '$.type', bytes int path '$.size' default 0 on empty)) j where c.id < 4 order by c.id, j.n

--- odd: crosstab by hand over all columns
select e.key, count(*) filter (where e.value = 'null'::jsonb) as nulls, count(*) as n from policies p, jsonb_each(to_jsonb(p)) e group by e.key order by e.key

--- odd: table command and values with offset
(table tariff) except (select line, band, factor, valid_from from tariff where line <> 'home') order by band offset 1
