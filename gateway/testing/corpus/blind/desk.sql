--- analyst: tickets by day and priority
select opened_at::date as day, priority, count(*) from tickets group by 1, 2 order by 1, 2 limit 60

--- analyst: backlog over time
select d::date as day, count(*) filter (where t.opened_at < d + interval '1 day' and (t.solved_at is null or t.solved_at >= d + interval '1 day')) as backlog from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-01-20Z', interval '1 day') d cross join tickets t group by d order by d

--- analyst: breaches of the SLA
select n.plan, s.priority, count(*) as n, count(*) filter (where s.breached) as breached, percentile_cont(0.9) within group (order by extract(epoch from s.reply_time)) as p90 from sla s join tenants n on n.id = s.tenant_id group by rollup (n.plan, s.priority) order by 1 nulls last, 2 nulls last

--- analyst: solved per agent
select u.id, u.role, count(*) filter (where t.state = 'solved') as solved, count(*) as assigned, ntile(3) over (order by count(*) desc, u.id) as third from users u join tickets t on t.assignee_id = u.id group by u.id order by assigned desc, u.id

--- analyst: leaderboard with names
select u.display_name, avg(c.score)::numeric(3,2) as csat, count(*) as answers from csat c join tickets t on t.id = c.ticket_id join users u on u.id = t.assignee_id group by u.id, u.display_name order by csat desc, answers desc, u.id

--- analyst: CSAT by week with trend
with w as (select date_trunc('week', at)::date as week, avg(score) as score, count(*) as n from csat group by 1) select week, round(score, 2) as score, n, round(score - lag(score) over (order by week), 2) as diff, regr_slope(score, extract(epoch from week)) over () is not null as has_trend from w order by week

--- analyst: remarks left
select score, count(*) as n, count(remark) as with_remark, round(100.0 * count(remark) / count(*)) as pct from csat group by score order by score

--- analyst: common tags together
select a.tag, b.tag as other, count(*) from tickets t, unnest(t.tags) a(tag), unnest(t.tags) b(tag) where a.tag < b.tag group by 1, 2 order by 3 desc

--- analyst: seats used against bought
select n.slug, n.plan, n.seats, count(u.id) filter (where u.deactivated_at is null) as used, n.seats - count(u.id) filter (where u.deactivated_at is null) as free from tenants n left join users u on u.tenant_id = n.id group by n.id order by free, n.slug

--- analyst: active users by week
select date_trunc('week', at)::date as week, count(distinct user_id) as wau, count(distinct tenant_id) as tenants from events where name <> 'login' group by 1 order by 1

--- analyst: retention of tenants
with f as (select tenant_id, min(at)::date as first from events group by tenant_id) select (e.at::date - f.first) / 7 as week, count(distinct e.tenant_id) as tenants from events e join f using (tenant_id) group by 1 order by 1

--- analyst: funnel of a session
select count(*) as opened, count(v.ticket_id) as viewed, count(r.ticket_id) as replied from (select distinct ticket_id from events where name = 'ticket.opened') o left join (select distinct ticket_id from events where name = 'ticket.viewed') v using (ticket_id) left join (select distinct ticket_id from events where name = 'reply.sent') r using (ticket_id)

--- analyst: latency by browser
select props->>'browser' as browser, percentile_disc(0.95) within group (order by (props->>'ms')::int) as p95, avg((props->>'ms')::int)::int as avg from events where props ? 'ms' group by 1 order by 1

--- analyst: distinct addresses per tenant
--- refused PG-010
--- tells how many different addresses a tenant comes from
select tenant_id, count(distinct ip) as addresses from events group by tenant_id order by addresses desc, tenant_id

--- analyst: usage against the month before
select slug, metric, this, before, round(100.0 * (this - before) / nullif(before, 0), 1) as pct from (select n.slug, d.metric, sum(d.value) filter (where d.day >= '2026-01-16') as this, sum(d.value) filter (where d.day < '2026-01-16') as before from usage_daily d join tenants n on n.id = d.tenant_id group by n.slug, d.metric) x order by pct desc nulls last, slug, metric

--- analyst: replies until solved
select t.priority, avg(r.n)::numeric(4,2) as replies, max(r.n) from tickets t join lateral (select count(*) as n from replies r where r.ticket_id = t.id and not r.internal) r on true where t.state = 'solved' group by t.priority order by t.priority

--- analyst: length of conversations
select ticket_id, count(*) as n, max(created_at) - min(created_at) as span, bool_or(author_id is null) as from_contact from replies group by ticket_id having count(*) > 2 order by span desc, ticket_id limit 15

--- analyst: size of the replies
--- refused PG-010
--- tells how long replies are
select internal, avg(char_length(body))::int as chars, sum(jsonb_array_length(attachments)) as files from replies group by internal order by 1

--- analyst: contacts by company and tier
select company, custom->>'tier' as tier, count(*) as n, count(email) as reachable from contacts group by 1, 2 order by 1, 2

--- analyst: articles read by language
select lang, sum(views) as views, count(*) filter (where published) as published, max(updated_at)::date as fresh, round(avg(length(body))) as chars from articles group by lang order by views desc

--- analyst: product by severity heat map
select custom->>'product' as product, count(*) filter (where custom->'severity' = '0') as s0, count(*) filter (where custom->'severity' = '1') as s1, count(*) filter (where (custom->>'severity')::int >= 2) as s2 from tickets group by 1 order by 1

--- support: the queue of a tenant
select id, number, subject, priority, assignee, requester from queue where tenant_id = '30000000-0000-4000-8000-000000000002' order by priority desc, opened_at limit 15

--- support: ticket by its number
select t.*, c.full_name, c.email from tickets t left join contacts c on c.id = t.contact_id where t.tenant_id = '30000000-0000-4000-8000-000000000003' and t.number = 44

--- support: the conversation
select r.created_at, coalesce(u.display_name, 'contact') as author, r.internal, r.body from replies r left join users u on u.id = r.author_id where r.ticket_id = 15 order by r.created_at, r.id

--- support: search of subjects
--- refused PG-010
--- tells which subjects hold a word
select id, number, subject from tickets where subject ilike '%order 12%' order by id

--- support: search of replies for a word
--- refused PG-010
--- tells which replies hold a word
select distinct t.id, t.number from tickets t join replies r on r.ticket_id = t.id where r.body ~* '\msecret\M' and t.state = 'open' order by t.id limit 5

--- support: user cannot sign in
select id, tenant_id, login, role, mfa, last_login_at, deactivated_at from users where lower(login) = 'thaddeus7@staffmail.example'

--- support: is the user locked
select role, mfa, deactivated_at is not null as locked, last_login_at from users where id = '40000000-0000-4000-8000-000000000015'

--- support: assign to the least busy
update tickets set assignee_id = (select u.id from users u where u.tenant_id = tickets.tenant_id and u.role = 'agent' and u.deactivated_at is null order by u.open_count, u.id limit 1), updated_at = timestamptz '2026-03-01Z' where id = 45 returning id, assignee_id

--- support: tags and untags
update tickets set tags = array_append(array_remove(tags, 'bug'), 'escalated'), priority = 'urgent' where id in (4, 7, 10) returning id, tags, priority

--- support: closes what is stale
with stale as (select id from tickets where state = 'pending' and updated_at < '2026-01-10' for update skip locked) update tickets t set state = 'solved', solved_at = timestamptz '2026-03-01Z' from stale s where t.id = s.id returning t.id

--- support: merges two contacts
begin; update tickets set contact_id = 3 where contact_id = 9; delete from contacts where id = 9 returning id; select count(*) from tickets where contact_id = 3; rollback

--- support: why a webhook fails
--- masked secret
select w.id, w.url, w.topics, w.failures, w.disabled_at, left(w.secret, 6) as secret from webhooks w join tenants n on n.id = w.tenant_id where n.slug = 'acme2'

--- support: rotates a key
update tenants set api_key = 'sk_live_' || replace('0c0ffee0-0000-4000-8000-000000000001', '-', '') where slug = 'acme4' returning slug

--- support: settings of a tenant
select slug, settings->>'sla_hours' as sla, settings->'domains'->>0 as domain, (settings->>'sso')::boolean as sso, suspended_at from tenants where slug in ('acme1', 'acme2')

--- support: what happened to a ticket
select e.at, e.name, e.props->>'browser' as browser, u.role from events e left join users u on u.id = e.user_id where e.ticket_id = 21 union all select r.created_at, 'reply', null, null from replies r where r.ticket_id = 21 order by 1, 2

--- support: unsuspend
update tenants set suspended_at = null where slug = 'acme6' returning slug, suspended_at is null as active

--- support: contact of a company
--- refused PG-010
--- tells in which order names stand
select id, full_name, email, phone from contacts where company = 'Client 4' and tenant_id = '30000000-0000-4000-8000-000000000005' order by full_name

--- support: knows an account number
select id, company, custom->>'tier' as tier from contacts where custom->>'account_no' = 'ACC17'

--- application: Prisma tickets with assignee through json aggregation
SELECT "t1"."id", "t1"."number", "t1"."state", "T_a"."__prisma_data__" AS "assignee" FROM "desk"."tickets" AS "t1" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t3"."id", 'role', "t3"."role", 'locale', "t3"."locale") AS "__prisma_data__" FROM (SELECT "t2".* FROM "desk"."users" AS "t2" WHERE "t1"."assignee_id" = "t2"."id" LIMIT 1) AS "t3") AS "T_a" ON TRUE WHERE "t1"."state" = 'open' ORDER BY "t1"."id" ASC LIMIT 8

--- application: Prisma replies of tickets as a list
SELECT "t1"."id", "T_r"."__prisma_data__" AS "replies" FROM "desk"."tickets" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t4"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t3"."id", 'body', "t3"."body", 'createdAt', "t3"."created_at") AS "__prisma_data__", "t3"."created_at", "t3"."id" AS sid FROM (SELECT "t2".* FROM "desk"."replies" AS "t2" WHERE "t1"."id" = "t2"."ticket_id") AS "t3") AS "t4" ORDER BY "t4"."created_at" ASC, "t4".sid) AS "t5") AS "T_r" ON TRUE WHERE "t1"."id" = 12

--- application: Prisma findUnique by tenant and login
--- with ["30000000-0000-4000-8000-000000000002", "Thaddeus1@staffmail.example", "1", "0"]
SELECT "desk"."users"."id", "desk"."users"."role", "desk"."users"."password_hash" FROM "desk"."users" WHERE ("desk"."users"."tenant_id" = $1::uuid AND "desk"."users"."login" = $2) LIMIT $3 OFFSET $4

--- application: Prisma update many
--- with ["solved", "pending", "3"]
UPDATE "desk"."tickets" SET "state" = $1 WHERE ("desk"."tickets"."state" = $2 AND "desk"."tickets"."contact_id" = $3)

--- application: Prisma groupBy
SELECT COUNT(*) AS "_count._all", "desk"."tickets"."tenant_id", "desk"."tickets"."state" FROM "desk"."tickets" WHERE 1=1 GROUP BY "desk"."tickets"."tenant_id", "desk"."tickets"."state" ORDER BY "desk"."tickets"."tenant_id" ASC, 3 ASC OFFSET 0

--- application: ActiveRecord sets the tenant and reads canned answers
begin; set local app.tenant = '30000000-0000-4000-8000-000000000002'; SELECT "canned"."id", "canned"."title", "canned"."body" FROM "canned" ORDER BY "canned"."title" ASC, "canned"."id" ASC LIMIT 5; commit

--- application: ActiveRecord where with tags any
SELECT "tickets"."id", "tickets"."tags" FROM "tickets" WHERE (tags && ARRAY['vip','bug']::text[]) AND "tickets"."state" != 'solved' ORDER BY "tickets"."updated_at" DESC, "tickets"."id" DESC LIMIT 10

--- application: ActiveRecord creates a reply and touches the ticket
begin; INSERT INTO "replies" ("ticket_id", "author_id", "internal", "body", "created_at") VALUES (33, '40000000-0000-4000-8000-000000000004', FALSE, 'We have looked into it', '2026-03-01 10:00:00') RETURNING "id"; UPDATE "tickets" SET "updated_at" = '2026-03-01 10:00:00', "lock_version" = 1 WHERE "tickets"."id" = 33 AND "tickets"."lock_version" = 0; rollback

--- application: ActiveRecord find_or_create contact
--- with ["30000000-0000-4000-8000-000000000001", "new@clientbox.example", "Newton Clementine"]
INSERT INTO "contacts" ("tenant_id","email","full_name") VALUES ($1, $2, $3) ON CONFLICT ("tenant_id","email") DO NOTHING RETURNING "id"

--- application: ActiveRecord in batches
SELECT "events"."id" FROM "events" WHERE "events"."tenant_id" = '30000000-0000-4000-8000-000000000004' AND "events"."id" > 100 ORDER BY "events"."id" ASC LIMIT 100

--- application: Django session user
SELECT "users"."id", "users"."tenant_id", "users"."login", "users"."display_name", "users"."role", "users"."locale", "users"."settings" FROM "users" WHERE "users"."id" = '40000000-0000-4000-8000-000000000008'::uuid LIMIT 21

--- application: Django last login
UPDATE "users" SET "last_login_at" = '2026-03-01T08:00:00+00:00'::timestamptz WHERE "users"."id" = '40000000-0000-4000-8000-000000000008'::uuid

--- application: Django json key transform filter
SELECT "tickets"."id", "tickets"."number" FROM "tickets" WHERE (("tickets"."custom" #>> '{product}') = 'api' AND ("tickets"."custom" -> 'severity') > '1'::jsonb) ORDER BY "tickets"."id" ASC LIMIT 10

--- application: Django full text search with rank
SELECT "articles"."id", "articles"."slug", ts_rank("articles"."tsv", plainto_tsquery('english', 'reset settings')) AS "rank" FROM "articles" WHERE ("articles"."published" AND "articles"."tsv" @@ (plainto_tsquery('english', 'reset settings'))) ORDER BY "rank" DESC, "articles"."id" ASC

--- application: Hibernate subselect with projections
select t1_0.state,count(t1_0.id),min(t1_0.opened_at) from tickets t1_0 where t1_0.tenant_id='30000000-0000-4000-8000-000000000002' and t1_0.assignee_id in ((select u1_0.id from users u1_0 where u1_0.deactivated_at is null)) group by t1_0.state having count(t1_0.id)>0 order by 1

--- application: Hibernate batch of inserts
INSERT INTO usage_daily (day,metric,tenant_id,value) VALUES ('2026-02-02','api_calls','30000000-0000-4000-8000-000000000001',55),('2026-02-02','api_calls','30000000-0000-4000-8000-000000000002',20)

--- application: counts an API call
--- with ["30000000-0000-4000-8000-000000000003", "2026-01-30", "api_calls", "5"]
insert into usage_daily as u (tenant_id, day, metric, value) values ($1, $2, $3, $4) on conflict (tenant_id, day, metric) do update set value = u.value + excluded.value returning value

--- application: SQLAlchemy joined load of contacts
SELECT tickets.id, tickets.number, tickets.subject, contacts_1.id AS id_1, contacts_1.full_name, contacts_1.company FROM tickets LEFT OUTER JOIN contacts AS contacts_1 ON contacts_1.id = tickets.contact_id WHERE tickets.assignee_id = '40000000-0000-4000-8000-000000000005'::UUID ORDER BY tickets.id LIMIT 10

--- application: SQLAlchemy server side number
INSERT INTO tickets (tenant_id, number, subject, opened_at) VALUES ('30000000-0000-4000-8000-000000000002', desk.next_number('30000000-0000-4000-8000-000000000002'), 'printer on fire', '2026-03-02T10:00:00Z') RETURNING tickets.id, tickets.number

--- application: API key check
--- with ["sk_live_0000"]
--- refused PG-010
--- tells whether somebody has a key
select id, slug, plan from tenants where api_key = $1 and suspended_at is null

--- application: sqlc dashboard numbers
-- name: Dashboard :one
select (select count(*) from tickets where state = 'open') as open, (select count(*) from tickets where priority = 'urgent' and state <> 'solved') as urgent, (select coalesce(avg(score), 0)::float from csat) as csat, (select count(*) from contacts where created_at > '2025-07-15') as fresh

--- application: jOOQ search with optional filters
select t.id, t.number, t.priority, count(*) over () as total_rows from desk.tickets as t where (true and t.state = any (cast(array['open','pending'] as text[])) and t.priority >= cast('high' as desk.priority)) order by t.priority desc nulls last, t.id offset 0 rows fetch next 10 rows only

--- BI: Metabase question on tickets by plan
SELECT "Tenants"."plan" AS "Tenants__plan", COUNT(*) AS "count", SUM(CASE WHEN "desk"."tickets"."solved_at" IS NOT NULL THEN 1 ELSE 0.0 END) AS "count-where" FROM "desk"."tickets" LEFT JOIN "desk"."tenants" AS "Tenants" ON "desk"."tickets"."tenant_id" = "Tenants"."id" GROUP BY "Tenants"."plan" ORDER BY "Tenants"."plan" ASC

--- BI: Metabase drills to the rows
SELECT "desk"."tickets"."id" AS "id", "desk"."tickets"."subject" AS "subject", "desk"."tickets"."state" AS "state", "Contacts"."full_name" AS "Contacts__full_name" FROM "desk"."tickets" LEFT JOIN "desk"."contacts" AS "Contacts" ON "desk"."tickets"."contact_id" = "Contacts"."id" WHERE "desk"."tickets"."priority" = CAST('urgent' AS "desk"."priority") ORDER BY "desk"."tickets"."id" LIMIT 20

--- BI: Grafana logins with a time filter
SELECT date_bin('6 hours', at, timestamptz '2026-01-01Z') AS "time", count(*) AS logins FROM events WHERE name = 'login' AND at >= '2026-01-05T00:00:00Z' AND at < '2026-01-12T00:00:00Z' GROUP BY 1 ORDER BY 1

--- BI: Grafana variable of tenants
SELECT slug AS __text, id AS __value FROM tenants WHERE suspended_at IS NULL ORDER BY 1

--- BI: Superset distinct users
SELECT COUNT(DISTINCT user_id) AS "COUNT_DISTINCT(user_id)", name AS name FROM desk.events WHERE at >= TO_DATE('2026-01-01', 'YYYY-MM-DD') GROUP BY name ORDER BY 1 DESC, 2 LIMIT 50000

--- BI: Tableau relation with level of detail
SELECT "t0"."plan" AS "plan", AVG("t1"."x") AS "avg" FROM "desk"."tenants" "t0" LEFT JOIN (SELECT "tickets"."tenant_id" AS "tenant_id", COUNT("tickets"."id") AS "x" FROM "desk"."tickets" "tickets" GROUP BY 1) "t1" ON ("t0"."id" IS NOT DISTINCT FROM "t1"."tenant_id") GROUP BY 1 ORDER BY 1

--- BI: Power BI distinct count of a slicer
select count(distinct "rows"."company") + max(case when "rows"."company" is null then 1 else 0 end) as "a0" from (select "company" from "desk"."contacts") "rows"

--- BI: Looker derived table
WITH agent_facts AS (SELECT assignee_id, COUNT(*) AS lifetime_tickets, MIN(opened_at) AS first_ticket FROM desk.tickets GROUP BY 1) SELECT CASE WHEN agent_facts.lifetime_tickets < 4 THEN 'Below 4' WHEN agent_facts.lifetime_tickets >= 4 AND agent_facts.lifetime_tickets < 8 THEN '4 to 7' ELSE '8 or Above' END AS "tier", COUNT(DISTINCT users.id) AS "users.count" FROM desk.users AS users LEFT JOIN agent_facts ON users.id = agent_facts.assignee_id GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 500

--- BI: Superset filters the word in the subject
--- refused PG-010
--- tells how many subjects hold a word
SELECT date_trunc('day', opened_at) AS d, count(*) AS n FROM desk.tickets WHERE subject ILIKE '%refund%' GROUP BY 1 ORDER BY 1

--- agent: reads the definition of a view
select definition from pg_views where schemaname = 'desk' and viewname = 'sla'

--- agent: indexes of a table
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'desk' AND tablename = 'tickets' ORDER BY indexname

--- agent: looks at some tickets
SELECT t.id, t.subject, t.state, t.priority, array_length(t.tags, 1) AS tag_count FROM tickets t ORDER BY t.opened_at DESC LIMIT 5

--- agent: tenants at risk
WITH m AS (SELECT tenant_id, AVG(value) FILTER (WHERE day >= '2026-01-24') AS recent, AVG(value) FILTER (WHERE day < '2026-01-24') AS earlier FROM usage_daily WHERE metric = 'api_calls' GROUP BY tenant_id), s AS (SELECT t.tenant_id, AVG(c.score) AS score FROM csat c JOIN tickets t ON t.id = c.ticket_id GROUP BY t.tenant_id) SELECT n.slug, n.company, ROUND(m.recent, 1) AS recent, ROUND(m.earlier, 1) AS earlier, ROUND(s.score, 2) AS csat, CASE WHEN m.recent < m.earlier * 0.9 OR s.score < 2.5 THEN 'at risk' ELSE 'fine' END AS verdict FROM tenants n LEFT JOIN m ON m.tenant_id = n.id LEFT JOIN s ON s.tenant_id = n.id ORDER BY verdict, n.slug

--- agent: which contacts write most
SELECT c.id, c.full_name, c.email, COUNT(t.id) AS ticket_count FROM contacts c JOIN tickets t ON t.contact_id = c.id GROUP BY c.id, c.full_name, c.email ORDER BY ticket_count DESC, c.id LIMIT 5

--- agent: classifies replies by regex
--- refused PG-010
--- tells how many replies hold a word
SELECT CASE WHEN body ~* 'refund|money' THEN 'billing' WHEN body ~* 'secret' THEN 'privacy' ELSE 'other' END AS topic, COUNT(*) FROM replies GROUP BY 1

--- agent: finds duplicates of contacts
--- refused PG-010
--- tells which contacts have one address
SELECT lower(email) AS email, COUNT(*) AS n, array_agg(id ORDER BY id) AS ids FROM contacts WHERE email IS NOT NULL GROUP BY lower(email) HAVING COUNT(*) > 1

--- agent: number of rows of each table
SELECT 'tickets' AS t, count(*) FROM tickets UNION ALL SELECT 'replies', count(*) FROM replies UNION ALL SELECT 'users', count(*) FROM users UNION ALL SELECT 'contacts', count(*) FROM contacts ORDER BY 1

--- admin: settings that matter
select name, setting, unit from pg_settings where name in ('shared_buffers', 'max_connections', 'server_version_num') order by name

--- admin: long running statements
--- varies in number
--- refused PG-001
--- tells what others look for
select pid, usename, state, left(query, 60) as query, clock_timestamp() - query_start as runs from pg_stat_activity where state <> 'idle' order by query_start

--- admin: drops an old partition
--- as owner
--- refused PG-010
begin; alter table events detach partition events_2026_01; drop table events_2026_01; rollback

--- admin: vacuums
--- as owner
--- outside
vacuum (analyze) tickets

--- migration: renames and keeps a view
--- as owner
begin; alter table tickets rename column custom to fields; create view tickets_v1 as select id, tenant_id, number, fields as custom from tickets; rollback

--- migration: moves a member to a column
--- as owner
--- refused PG-002
begin; alter table tickets add column product text; update tickets set product = custom->>'product', custom = custom - 'product'; alter table tickets alter column product set not null; rollback

--- migration: trigger that keeps updated_at
--- as owner
--- refused PG-001
begin; create or replace function keep_updated() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$; create trigger keep_updated before update on articles for each row execute function keep_updated(); rollback

--- migration: index without a lock
--- as owner
--- outside
create index concurrently if not exists replies_author on replies (author_id) where author_id is not null

--- odd: prepares and executes by hand
prepare by_state (text, int) as select id, number from tickets where state = $1 order by id limit $2; execute by_state('pending', 3); deallocate by_state

--- odd: a graph of who answered whose tickets
select p.role, q.locale, count(*) from tickets t join replies r on r.ticket_id = t.id join users p on p.id = r.author_id left join users q on q.id = t.assignee_id where p.id is distinct from q.id group by p.role, q.locale order by 1, 2

--- odd: rows as json for an export
select row_to_json(x) from (select n.slug, n.plan, (select json_agg(json_build_object('number', t.number, 'state', t.state) order by t.number) from tickets t where t.tenant_id = n.id and t.priority = 'urgent') as urgent from tenants n order by n.slug limit 2) x

--- odd: copies articles out
copy desk.articles (slug, title, lang, views) to stdout with (format csv, force_quote (title))
