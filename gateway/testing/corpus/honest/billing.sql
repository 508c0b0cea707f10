--- analyst: funnel by min times
with f as (select user_id, min(at) filter (where type = 'signup') as signed, min(at) filter (where type = 'project_created') as built from events group by user_id) select count(signed) as signed, count(built) filter (where built > signed) as built, percentile_cont(0.5) within group (order by extract(epoch from built - signed)) filter (where built > signed) as median_s from f
--- analyst: source in the payload
select payload->>'source' as source, count(*), avg((payload->>'ms')::int) as ms from events group by 1 order by 1
--- analyst: nested items expanded
select i->>'sku' as sku, sum((i->>'qty')::int) as qty from events e, jsonb_array_elements(e.payload->'items') i group by 1 order by 1
--- analyst: jsonb_to_recordset
select r.sku, count(*), sum(r.qty) from events e cross join lateral jsonb_to_recordset(e.payload->'items') as r(sku text, qty int) group by r.sku order by r.sku
--- analyst: jsonpath exists
select count(*) from events where payload @? '$.items[*] ? (@.qty > 2)'
--- analyst: containment of an unlabelled member
select type, count(*) from events where payload @> '{"source": "ads"}' group by type order by type
--- analyst: payload keys
select k, count(*) from events, jsonb_object_keys(payload) k group by k order by k
--- analyst: payload whole
select id, type, payload from events where id <= 3 order by id
--- analyst: distinct IPs per tenant
--- refused PG-010
select tenant_id, count(distinct payload->>'ip') as ips from events group by tenant_id order by 1 limit 10
--- analyst: payments matched
select date_trunc('week', p.attempted_at)::date as wk, count(*) filter (where p.state = 'failed') * 100.0 / count(*) as failed_pct, m.brand from payments p left join payment_methods m on m.id = p.method_id group by 1, 3 order by 1, 3
--- analyst: rollup with having
select currency, status, sum(total_cents), grouping(status) from invoices group by rollup (currency, status) having sum(total_cents) > 0 order by currency nulls last, status nulls last
--- analyst: users with domain of the address
--- refused PG-010
select split_part(email, '@', 2) as domain, count(*) from users group by 1 order by 2 desc
--- analyst: users by tenant with roles
select t.slug, count(u.id) as users, count(*) filter (where u.role = 'owner') as owners, bool_or(u.last_seen_at is null) as never_seen, string_agg(distinct u.role, ',' order by u.role) from tenants t left join users u on u.tenant_id = t.id group by t.slug order by t.slug
--- analyst: duplicated addresses across tenants
--- refused PG-010
select email, count(*) from users group by email having count(*) > 1
--- analyst: week over week with lead
select wk, n, lead(n) over (order by wk), n::float / nullif(first_value(n) over (order by wk), 0) from (select date_trunc('week', at) as wk, count(*) as n from events group by 1) x order by wk
--- analyst: words of subjects
--- refused PG-001
select word, ndoc, nentry from ts_stat('select search from billing.tickets') order by nentry desc, ndoc desc, word limit 10
--- analyst: time to close
select priority, avg(closed_at - opened_at) as mean, max(closed_at - opened_at), count(*) from tickets where closed_at is not null group by priority order by priority
--- analyst: intersect and union
(select tenant_id from invoices where status = 'open' intersect select tenant_id from tickets where state = 'open') union select tenant_id from subscriptions where status = 'past_due' order by 1
--- analyst: array ops
select prefix, 'read' = any(scopes) as can_read, cardinality(scopes), scopes || array['x'] from api_keys order by prefix limit 5
--- analyst: last four digits
--- masked last4
select id, brand, right(pan, 4) as last4 from payment_methods order by id limit 5
--- analyst: regexp on unlabelled url
select regexp_replace(url, '^https?://([^/]+).*$', '\1') as host, status_code, count(*) from webhook_deliveries group by 1, 2 order by 1, 2
--- support: user by e-mail
--- with ["usr7@corp7.example"]
--- masked full_name
select u.id, u.full_name, u.role, t.slug from users u join tenants t on t.id = u.tenant_id where u.email = $1
--- support: user by id
select * from users where id = '20000000-0000-4000-8000-000000000007'
--- support: tickets of an address
select id, subject from tickets where requester_email = 'usr7@corp7.example' order by id
--- support: ticket joined to its user by address
--- refused PG-010
select k.id, u.id as user_id from tickets k join users u on u.email = k.requester_email and u.tenant_id = k.tenant_id order by k.id limit 5
--- support: invoice with its lines
select i.number, l.line_no, l.description, l.amount_cents from invoices i join invoice_lines l on l.invoice_id = i.id where i.number = 'INV-000042' order by l.line_no
--- support: void an invoice
update invoices set status = 'void' where number = 'INV-000043' returning id, number, status
--- support: change an e-mail
--- with ["new@corp7.example", "20000000-0000-4000-8000-000000000007"]
update users set email = $1 where id = $2 returning id
--- support: revoke keys
update api_keys set revoked_at = now() where tenant_id = '10000000-0000-4000-8000-000000000008' and revoked_at is null returning prefix
--- support: keyset page of events, newest first
--- with ["10000000-0000-4000-8000-000000000008", "2026-05-01T00:00:00Z", "2000"]
select id, type, at, payload->>'source' as source from events where tenant_id = $1 and (at, id) < ($2, $3) order by at desc, id desc limit 10
--- support: events of a user with payload
--- masked payload
select at, type, payload - 'email' - 'ip' as payload from events where user_id = '20000000-0000-4000-8000-000000000009' order by at
--- support: one member of the payload
--- masked email
select at, payload->>'email' as email, payload->'ms' as ms from events where user_id = '20000000-0000-4000-8000-000000000009' order by at
--- support: webhook body
select id, body, jsonb_pretty(body), body->'event' from webhook_deliveries where id = 5
--- support: users never seen
select u.id, u.email from users u where u.last_seen_at is null order by u.id limit 10 offset 10
--- support: search a customer by part of the address
--- refused PG-010
select id, email from users where email ilike '%corp7%' limit 10
--- support: users by several addresses
--- refused PG-010
select id from users where email in ('usr7@corp7.example', 'usr8@corp8.example')
--- support: mask by hand
--- refused PG-010
select id, substr(email, 1, 2) || '***' as shown, length(full_name) as len from users where role = 'owner' order by id limit 5
--- support: full name or address
--- refused PG-010
select id, coalesce(nullif(full_name, ''), email) as display from users order by id limit 5
--- support: name or a dash
--- masked upper
select id, coalesce(full_name, '-') as display, upper(full_name) from users order by id limit 5
--- app: read under row-level security
set local app.tenant = '10000000-0000-4000-8000-000000000008'; select id, title from projects order by position
--- app: current user
--- with ["20000000-0000-4000-8000-000000000007"]
SELECT "User"."id" AS "User_id", "User"."tenant_id" AS "User_tenant_id", "User"."email" AS "User_email", "User"."full_name" AS "User_full_name", "User"."role" AS "User_role", "User"."preferences" AS "User_preferences" FROM "users" "User" WHERE (("User"."id" = $1)) LIMIT 1
--- app: touch
--- with ["203.0.113.9", "20000000-0000-4000-8000-000000000007"]
update users set last_seen_at = now(), last_ip = $1 where id = $2
--- app: sign-up
--- with ["10000000-0000-4000-8000-000000000008", "fresh@corp1.example", "Fresh Person", "$2b$12$x"]
--- varies
insert into users (tenant_id, email, full_name, password_hash) values ($1, $2, $3, $4) returning id, role, version
--- app: sign-up, on conflict nothing
--- with ["10000000-0000-4000-8000-000000000008", "usr7@corp7.example", "x"]
insert into users (tenant_id, email, password_hash) values ($1, $2, $3) on conflict (tenant_id, email) do nothing
--- app: create an event
--- with ["10000000-0000-4000-8000-000000000008", "login", "{\"source\":\"ads\"}"]
insert into events (tenant_id, type, at, payload) values ($1, $2, '2026-06-01Z', $3::jsonb) returning id
--- app: upsert of a plan
--- with ["team", "Team", "3100"]
insert into plans (code, title, price_cents, interval_months) values ($1, $2, $3, 1) on conflict (code) do update set price_cents = excluded.price_cents, title = excluded.title returning code, price_cents
--- app: TypeORM distinct ids, then rows
--- with ["10000000-0000-4000-8000-000000000008"]
SELECT DISTINCT "distinctAlias"."User_id" AS "ids_User_id" FROM (SELECT "User"."id" AS "User_id", "User"."email" AS "User_email", "Tenant"."id" AS "Tenant_id" FROM "users" "User" LEFT JOIN "tenants" "Tenant" ON "Tenant"."id"="User"."tenant_id" WHERE "User"."tenant_id" = $1) "distinctAlias" ORDER BY "User_id" ASC LIMIT 10
--- app: Prisma _count
SELECT t.id, COALESCE(aggr."_aggr_count_users", 0) AS "_aggr_count_users" FROM billing.tenants AS t LEFT JOIN (SELECT u.tenant_id, COUNT(*) AS "_aggr_count_users" FROM billing.users AS u WHERE 1=1 GROUP BY u.tenant_id) AS aggr ON (t.id = aggr.tenant_id) WHERE 1=1 ORDER BY t.id LIMIT 5
--- app: GORM
--- with ["10000000-0000-4000-8000-000000000008"]
SELECT * FROM "payment_methods" WHERE tenant_id = $1 AND is_default ORDER BY "payment_methods"."id" LIMIT 1
--- app: cursor-like reading
declare c no scroll cursor for select id, email from users order by id; fetch 5 from c
--- app: sequence
select nextval(pg_get_serial_sequence('billing.events', 'id')) > 0 as ok
--- bi: Metabase segment
SELECT "source"."plan" AS "plan", "source"."region" AS "region", COUNT(*) AS "count", SUM("source"."total_cents") AS "sum" FROM (SELECT "billing"."invoices"."total_cents" AS "total_cents", "Tenants"."plan" AS "plan", "Tenants"."settings"#>>array['region']::text[] AS "region" FROM "billing"."invoices" LEFT JOIN "billing"."tenants" AS "Tenants" ON "billing"."invoices"."tenant_id" = "Tenants"."id") AS "source" GROUP BY "source"."plan", "source"."region" ORDER BY "source"."plan" ASC, "source"."region" ASC
--- bi: Metabase JSON unfolding of a payload
SELECT ("billing"."events"."payload"#>>array['source']::text[])::text AS "payload → source", COUNT(*) AS "count" FROM "billing"."events" GROUP BY ("billing"."events"."payload"#>>array['source']::text[])::text ORDER BY 1
--- bi: Metabase fingerprint of a labelled column
SELECT SUBSTRING("billing"."users"."email", 1, 1234) AS "substring1", SUBSTRING("billing"."users"."full_name", 1, 1234) AS "substring2" FROM "billing"."users" LIMIT 10000
--- bi: Metabase scan of field values of a labelled column
--- refused PG-010
SELECT "billing"."users"."full_name" AS "full_name" FROM "billing"."users" GROUP BY "billing"."users"."full_name" ORDER BY "billing"."users"."full_name" ASC LIMIT 1000
--- bi: Superset table chart of rows
SELECT number AS number, issued_on AS issued_on, total_cents AS total_cents, billing_address AS billing_address FROM billing.invoices WHERE status IN ('open') ORDER BY issued_on DESC, number LIMIT 100
--- bi: Grafana variable query
SELECT DISTINCT slug AS "__text", id AS "__value" FROM billing.tenants ORDER BY 1
--- bi: Power BI top
select "_"."id", "_"."tenant_id", "_"."email", "_"."full_name", "_"."role" from "billing"."users" "_" limit 1000
--- bi: grouping of a labelled table by an unlabelled one, ordered by count
SELECT "tenants"."name" AS "name", COUNT(*) AS "count", MIN("users"."last_seen_at") AS "min" FROM "billing"."users" LEFT JOIN "billing"."tenants" ON "users"."tenant_id" = "tenants"."id" GROUP BY "tenants"."name" ORDER BY "count" DESC, "name" LIMIT 10
--- agent: policies
select tablename, policyname, cmd, qual from pg_policies where schemaname = 'billing'
--- agent: keys of the payload
select distinct jsonb_object_keys(payload) as key from events order by 1
--- agent: types of members
--- refused PG-010
select k.key, jsonb_typeof(k.value) as t, count(*) from events e, jsonb_each(e.payload) k group by 1, 2 order by 1, 2
--- agent: sample of events
select * from events order by id limit 3
--- agent: explain verbose of a masked join
explain (verbose, costs off) select u.id, t.slug from users u join tenants t on t.id = u.tenant_id
--- agent: privileges
select has_table_privilege('billing.users', 'select') as can_read, has_schema_privilege('billing', 'create') as can_create
--- agent: pg_stats of an unlabelled column
select attname, n_distinct from pg_stats where schemaname = 'billing' and tablename = 'plans'
--- agent: functions
select n.nspname, p.proname, pg_get_function_arguments(p.oid) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('billing', 'depot', 'clinic') order by 1, 2
--- dba: unused indexes
--- refused PG-017
--- varies
select s.relname, s.indexrelname from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid where s.idx_scan = 0 and not i.indisunique order by 1, 2
--- dba: blocking
--- varies
select blocked.pid, blocking.pid as by, blocked.wait_event from pg_stat_activity blocked join pg_stat_activity blocking on blocking.pid = any(pg_blocking_pids(blocked.pid))
--- dba: who blocks whom with the text
--- refused PG-001
--- varies
select blocked.pid, blocked.query as waiting, blocking.query as holding from pg_stat_activity blocked join pg_stat_activity blocking on blocking.pid = any(pg_blocking_pids(blocked.pid))
--- dba: wraparound
--- varies
select datname, age(datfrozenxid) from pg_database order by 2 desc
--- dba: cancel own
--- varies
select pg_cancel_backend(pid) from pg_stat_activity where pid = -1
