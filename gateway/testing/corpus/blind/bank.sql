--- analyst: turnover by month and currency
select date_trunc('month', booked_at) as month, currency, count(*) as transfers, sum(abs(amount)) as turnover from bank.transfers where state = 'booked' group by 1, 2 order by 1, 2

--- analyst: rolling seven day average
select day, sum(turnover) as turnover, avg(sum(turnover)) over (order by day rows between 6 preceding and current row) as avg7 from bank.daily_turnover where currency = 'EUR' group by day order by day

--- analyst: calendar with gaps filled
select d::date as day, coalesce(t.n, 0) as n from generate_series(timestamp '2026-01-01', timestamp '2026-01-31', interval '1 day') d left join bank.daily_turnover t on t.day = d::date and t.currency = 'PLN' order by 1

--- analyst: percentiles of the amount
select category, percentile_cont(array[0.5, 0.9, 0.99]) within group (order by abs(amount)) as p, mode() within group (order by currency::text) as usual from bank.transfers group by category order by category nulls last

--- analyst: grouping sets
select c.segment, b.city, count(distinct a.id) as accounts, sum(a.balance) as balance, grouping(c.segment, b.city) as g from bank.accounts a join bank.customers c on c.id = a.customer_id join bank.branches b on b.code = c.branch group by grouping sets ((c.segment, b.city), (c.segment), ()) order by g, c.segment, b.city

--- analyst: rollup by category
select coalesce(category, '(none)') as category, state, count(*) from bank.transfers group by rollup (category, state) order by category, state

--- analyst: cohorts of joining customers
with c as (select id, date_trunc('quarter', joined_at) as cohort from customers), t as (select a.customer_id, min(t.booked_at) as first_at from transfers t join accounts a on a.id = t.account_id group by a.customer_id) select cohort, count(*) as customers, count(first_at) as active, round(100.0 * count(first_at) / count(*), 1) as pct from c left join t on t.customer_id = c.id group by cohort order by cohort

--- analyst: top three transfers per segment
select s.segment, x.* from (select distinct segment from customers) s cross join lateral (select t.id, t.amount, t.booked_at from transfers t join accounts a on a.id = t.account_id join customers c on c.id = a.customer_id where c.segment = s.segment order by t.amount desc, t.id limit 3) x order by s.segment, x.amount desc, x.id

--- analyst: running balance of an account
select posted_on, side, amount, sum(case side when 'C' then amount else -amount end) over (order by posted_on, id) as balance from ledger where account_id = 17 order by posted_on, id

--- analyst: month over month
with m as (select month_of(booked_at) as m, sum(amount) as total from transfers where state = 'booked' group by 1) select m, total, total - lag(total) over w as diff, round(100 * (total / nullif(lag(total) over w, 0) - 1), 2) as pct from m window w as (order by m) order by m

--- analyst: converted at the rate of the day
select t.currency, round(sum(t.amount / r.rate), 2) as eur from transfers t join rates r on r.base = 'EUR' and r.quote = t.currency and r.valid @> t.booked_at::date group by t.currency order by 1

--- analyst: rejected share per channel
select meta->>'channel' as channel, avg((state = 'rejected')::int) as rejected, sum((meta->>'fee')::int) as fees from transfers group by 1 order by 1

--- analyst: kyc status by branch
select branch, count(*) filter (where kyc->>'status' = 'passed') as passed, count(*) filter (where kyc->>'status' <> 'passed') as open, max((kyc->>'checked_at')::date) as last_check from customers group by branch order by branch

--- analyst: politically exposed
select count(*) from customers where kyc->'flags' ? 'pep'

--- analyst: kind of document
select kyc #>> '{document,kind}' as kind, count(*) from customers group by 1 order by 1

--- analyst: customers by decade of birth
--- refused PG-010
--- tells in which decade a customer was born
select (extract(year from birth_date)::int / 10) * 10 as decade, count(*) from customers group by 1 order by 1

--- analyst: first and last transfer per customer
select c.id, c.segment, min(t.booked_at) as first_at, max(t.booked_at) as last_at, count(*) as n from customers c join accounts a on a.customer_id = c.id join transfers t on t.account_id = a.id group by c.id order by n desc, c.id limit 20

--- analyst: customers without an account
select c.id, c.number, c.segment from customers c where not exists (select from accounts a where a.customer_id = c.id) order by c.id

--- analyst: ntile by balance
select quartile, count(*), min(balance), max(balance) from (select balance, ntile(4) over (order by balance) as quartile from accounts) q group by quartile order by quartile

--- analyst: gaps between logins
select agent, avg(gap) as avg_gap, max(gap) as max_gap from (select agent, at - lag(at) over (partition by customer_id order by at) as gap from logins where ok) g group by agent order by agent

--- analyst: failed logins per hour
select extract(hour from at) as h, count(*) filter (where not ok) as failed, count(*) as all from logins group by 1 order by 1

--- analyst: distinct addresses per customer
--- refused PG-010
--- tells which log-ins came from one address
select customer_id, count(distinct ip) as ips from logins group by customer_id having count(*) > 3 order by ips desc, customer_id limit 10

--- analyst: pivot by case
select a.kind, sum(case when a.currency = 'EUR' then a.balance end) as eur, sum(case when a.currency = 'PLN' then a.balance end) as pln, sum(case when a.currency = 'USD' then a.balance end) as usd from accounts a group by a.kind order by a.kind

--- analyst: width buckets
select width_bucket(abs(amount), 0, 5000, 10) as bucket, min(abs(amount)), max(abs(amount)), count(*) from transfers group by 1 order by 1

--- analyst: biggest payees
--- refused PG-010
--- tells which transfers went to one name
select counterparty_name, count(*), sum(abs(amount)) as paid from transfers where state = 'booked' group by counterparty_name order by paid desc limit 10

--- support: customer by number
--- with ["C000042"]
select id, number, full_name, email, phone, segment, branch, joined_at from customers where number = $1

--- support: customer by e-mail
--- masked birth_date
select * from customers where email = 'zw14@posteo2.example'

--- support: accounts of a customer
select a.id, a.iban, a.kind, a.currency, a.balance, available(a) as available from accounts a where a.customer_id = 43 order by a.id

--- support: the last twenty transfers
select id, booked_at, amount, currency, counterparty_name, counterparty_iban, memo, state from transfers where account_id = 44 order by booked_at desc, id desc limit 20

--- support: next page of transfers
--- with ["44","2026-03-15T00:00:00Z","99999"]
select id, booked_at, amount, currency, memo, state from transfers where account_id = $1 and (booked_at, id) < ($2, $3) order by booked_at desc, id desc limit 5

--- support: cards of the customer
--- masked last4
select k.id, k.network, right(k.pan, 4) as last4, k.holder, k.expires, k.blocked_at is not null as blocked from cards k join accounts a on a.id = k.account_id where a.customer_id = 26 order by k.id

--- support: block a card
update cards set blocked_at = now(), blocked_why = 'stolen' where id = 12 and blocked_at is null returning id, network, blocked_why

--- support: raise a limit
update cards set daily_limit = daily_limit + 500 where id = 13 returning id, holder, daily_limit

--- support: correct the phone
--- masked phone
update customers set phone = '+48 600 000 000', version = version + 1 where id = 44 returning id, phone, version

--- support: correct a residence
update customers set residence.city = 'Gdansk' where id = 45

--- support: overview from the view
select * from account_overview where customer_number = 'C000050' order by id

--- support: customer looked for by name
--- refused PG-010
--- tells which names hold these letters
select id, number, full_name from customers where full_name ilike '%zawadzki12%' order by id limit 20

--- support: whose account is it
--- refused PG-010
--- tells who has this IBAN: no look-up is granted on its label
select c.id, c.full_name from customers c join accounts a on a.customer_id = c.id where a.iban = 'PL9710900000104729'

--- support: logins of the week
select at, ip, agent, ok from logins where customer_id = 60 and at > timestamptz '2026-03-20Z' order by at desc

--- support: pending transfers older than a day
select t.id, t.account_id, t.amount, t.booked_at, c.full_name from transfers t join accounts a on a.id = t.account_id join customers c on c.id = a.customer_id where t.state = 'pending' and t.booked_at < timestamptz '2026-01-20Z' order by t.booked_at, t.id limit 25

--- support: cancel a transfer
update transfers set state = 'rejected' where id = 9 and booked_at >= '2026-01-01Z' and state = 'booked' returning id, state, memo

--- support: a case in one row
select c.number, c.full_name, (select count(*) from accounts a where a.customer_id = c.id) as accounts, (select max(at) from logins l where l.customer_id = c.id) as last_login, coalesce(c.email, 'no e-mail') as email from customers c where c.id = 70

--- support: account as JSON
select json_build_object('iban', a.iban, 'owner', c.full_name, 'cards', (select json_agg(json_build_object('id', k.id, 'pan', k.pan) order by k.id) from cards k where k.account_id = a.id)) from accounts a join customers c on c.id = a.customer_id where a.id = 30

--- support: unfreeze accounts
update accounts a set frozen = false from customers c where c.id = a.customer_id and c.number = 'C000061' and a.frozen returning a.id, a.kind

--- support: which customers have no e-mail
select id, number, branch from customers where email is null order by id

--- app: pgx account by id
--- with ["20"]
select id, customer_id, iban, kind::text, currency, balance, overdraft, opened_on, frozen, tags from accounts where id = $1

--- app: pgx get for update
--- with ["21"]
select id, balance, overdraft from accounts where id = $1 and not frozen for update

--- app: debit with a guard
--- with ["22","1.50"]
update accounts set balance = balance - $2 where id = $1 and balance + overdraft >= $2 returning balance

--- app: insert a transfer
--- with ["23","2026-04-20T10:00:00Z","-12.30","EUR","PT50000000000000001","Jan Nowak","lunch","{\"channel\":\"app\"}"]
insert into transfers (account_id, booked_at, amount, currency, counterparty_iban, counterparty_name, memo, state, meta) values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8) returning id, booked_at, state

--- app: transfer and ledger in one
with t as (insert into transfers (account_id, booked_at, amount, currency, state) values (24, '2026-04-21Z', -10, 'EUR', 'booked') returning id, account_id, amount, booked_at) insert into ledger (transfer_id, account_id, side, amount, posted_on) select id, account_id, 'D', -amount, booked_at::date from t returning account_id, side, amount, posted_on

--- app: ledger rows by unnest
--- with ["{1,2,3}","{D,C,D}","{10,20,30}","{2026-04-01,2026-04-01,2026-04-02}"]
insert into ledger (account_id, side, amount, posted_on) select * from unnest($1::bigint[], $2::text[]::char(1)[], $3::numeric[], $4::date[]) returning id, account_id

--- app: claim jobs
--- with ["worker-1","mail"]
update jobs set locked_by = $1, locked_at = now() where id in (select id from jobs where queue = $2 and done_at is null and locked_at is null and run_at <= now() order by priority desc, run_at, id limit 5 for update skip locked) returning id, args

--- app: finish a job
--- with ["7"]
update jobs set done_at = now(), locked_by = null where id = $1

--- app: outbox batch
select id, topic, key, payload from outbox where sent_at is null order by id limit 100 for update skip locked

--- app: outbox sent
--- with ["{160,161,162}"]
with sent as (update outbox set sent_at = now(), attempts = attempts + 1 where id = any($1::bigint[]) returning id) select count(*) from sent

--- app: idempotency key
--- with ["k-1","{\"ok\":true}"]
insert into idempotency (key, response) values ($1, $2) on conflict (key) do nothing returning key

--- app: advisory lock by account
--- with ["55"]
select pg_advisory_xact_lock(hashtextextended('account:' || $1, 0))

--- app: advisory try
--- with ["7"]
select pg_try_advisory_xact_lock(42, $1)

--- app: optimistic lock
--- with ["private","33","0"]
update customers set segment = $1, version = version + 1 where id = $2 and version = $3 returning version

--- app: new customer
--- with ["C900001","Nova Person","nova@new.example","+48 1","TX1","1990-01-01","1 New Street","Porto","PC1"]
--- varies
insert into customers (number, full_name, email, phone, tax_id, birth_date, residence, segment, branch) values ($1, $2, $3, $4, $5, $6, row($7, $8, $9)::bank.address, 'retail', 'B2') returning id, number, joined_at

--- app: hibernate customer with alias numbers
--- with ["34"]
--- masked birth_date
select c1_0.id,c1_0.birth_date,c1_0.branch,c1_0.closed_at,c1_0.email,c1_0.full_name,c1_0.number,c1_0.segment,c1_0.version from bank.customers c1_0 where c1_0.id=$1

--- app: hibernate left join fetch
--- with ["35"]
select a1_0.id,a1_0.iban,a1_0.balance,c1_0.account_id,c1_0.id,c1_0.network,c1_0.pan,c1_0.expires from bank.accounts a1_0 left join bank.cards c1_0 on a1_0.id=c1_0.account_id where a1_0.customer_id=$1 order by a1_0.id, c1_0.id

--- app: hibernate page with count
--- with ["retail","private"]
select count(c1_0.id) from bank.customers c1_0 where c1_0.closed_at is null and c1_0.segment in ($1,$2)

--- app: exists
--- with ["36"]
select exists(select 1 from accounts where customer_id = $1 and kind = 'loan' and balance < 0)

--- app: many by any
--- with ["{5,3,9}"]
select id, number, full_name, segment from customers where id = any($1) order by array_position($1, id)

--- app: statement of account by cursor
declare c cursor for select booked_at, amount, counterparty_name, memo from transfers where account_id = 40 order by booked_at; fetch 3 from c

--- app: login recorded
--- with ["37","198.51.100.7"]
--- varies
insert into logins (customer_id, at, ip, ok, agent) values ($1, now(), $2, true, 'iOS') returning id

--- app: rates lookup
--- with ["EUR","PLN","2026-02-10"]
select rate from rates where base = $1 and quote = $2 and valid @> $3::date

--- app: upsert a rate by merge
merge into rates r using (values ('EUR'::currency, 'USD'::currency, daterange('2026-01-01','2026-01-31'), 1.55)) v(base, quote, valid, rate) on r.base = v.base and r.quote = v.quote and r.valid = v.valid when matched then update set rate = v.rate when not matched then insert values (v.base, v.quote, v.valid, v.rate)

--- bi: Metabase count by month
SELECT DATE_TRUNC('month', "bank"."transfers"."booked_at") AS "booked_at", SUM("bank"."transfers"."amount") AS "sum" FROM "bank"."transfers" WHERE ("bank"."transfers"."state" = CAST('booked' AS "bank"."transfer_state")) GROUP BY DATE_TRUNC('month', "bank"."transfers"."booked_at") ORDER BY DATE_TRUNC('month', "bank"."transfers"."booked_at") ASC

--- bi: Metabase rows of a table
SELECT "bank"."customers"."id" AS "id", "bank"."customers"."number" AS "number", "bank"."customers"."full_name" AS "full_name", "bank"."customers"."email" AS "email", "bank"."customers"."segment" AS "segment", "bank"."customers"."kyc" AS "kyc" FROM "bank"."customers" LIMIT 2000

--- bi: Metabase field values
SELECT "bank"."customers"."segment" AS "segment" FROM "bank"."customers" GROUP BY "bank"."customers"."segment" ORDER BY "bank"."customers"."segment" ASC LIMIT 1000

--- bi: Superset wrapped
SELECT channel AS channel, sum(fee) AS "SUM(fee)" FROM (select meta->>'channel' as channel, (meta->>'fee')::int as fee, booked_at, memo from bank.transfers ) AS virtual_table WHERE booked_at >= TO_TIMESTAMP('2026-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY channel ORDER BY "SUM(fee)" DESC LIMIT 50000

--- bi: Superset preview of a table
SELECT id, account_id, pan, holder, network, expires, daily_limit, blocked_at, blocked_why FROM bank.cards LIMIT 101

--- bi: Looker explore
SELECT a.kind AS "accounts.kind", (TO_CHAR(DATE_TRUNC('month', a.opened_on ), 'YYYY-MM')) AS "accounts.opened_month", COUNT(*) AS "accounts.count", COALESCE(SUM(a.balance ), 0) AS "accounts.total" FROM bank.accounts AS a LEFT JOIN bank.customers AS c ON a.customer_id = c.id WHERE (c.segment ) = 'retail' GROUP BY 1, 2 ORDER BY 2 DESC, 1 FETCH NEXT 500 ROWS ONLY

--- bi: Grafana time series
SELECT floor(extract(epoch from at)/3600)*3600 AS "time", count(*) AS "logins" FROM bank.logins WHERE at BETWEEN '2026-03-01T00:00:00Z' AND '2026-03-08T00:00:00Z' GROUP BY 1 ORDER BY 1

--- bi: Power BI slicer
select "_"."segment", "_"."a0" from (select "rows"."segment" as "segment", count(distinct "rows"."id") as "a0" from (select "_"."id", "_"."segment", "_"."branch" from "bank"."customers" "_" where "_"."closed_at" is null) "rows" group by "segment") "_" where not "_"."a0" is null limit 1000001

--- bi: Tableau custom SQL
SELECT "Custom SQL Query"."city" AS "city", SUM("Custom SQL Query"."balance") AS "sum:balance:ok" FROM ( select b.city, a.balance, o.owner from bank.accounts a join bank.customers c on c.id=a.customer_id join bank.branches b on b.code=c.branch join bank.account_overview o on o.id = a.id ) "Custom SQL Query" GROUP BY 1 HAVING (COUNT(1) > 0)

--- bi: Tableau min max of a date
SELECT MIN("transfers"."booked_at") AS "TEMP(min)", MAX("transfers"."booked_at") AS "TEMP(max)" FROM "bank"."transfers" "transfers" HAVING (COUNT(1) > 0)

--- agent: tables of the schema
select table_name, table_type from information_schema.tables where table_schema = 'bank' order by table_name

--- agent: columns with types
select column_name, data_type, is_nullable, column_default from information_schema.columns where table_schema = 'bank' and table_name = 'customers' order by ordinal_position

--- agent: foreign keys
select conname, conrelid::regclass, confrelid::regclass, pg_get_constraintdef(oid) from pg_constraint where contype = 'f' and connamespace = 'bank'::regnamespace order by conname

--- agent: row counts by union
select 'customers' as t, count(*) from bank.customers union all select 'accounts', count(*) from bank.accounts union all select 'cards', count(*) from bank.cards union all select 'transfers', count(*) from bank.transfers order by 1

--- agent: null ratios
select count(*) as n, count(*) - count(email) as no_email, count(*) - count(birth_date) as no_birth, round(avg((closed_at is null)::int), 3) as open from bank.customers

--- agent: a sample of rows
select * from bank.transfers order by id limit 5

--- agent: random sample
--- masked birth_date
select * from bank.customers tablesample bernoulli (10) repeatable (7) limit 3

--- agent: range of dates
select min(booked_at), max(booked_at), count(distinct account_id), count(distinct category) from bank.transfers

--- agent: values of the enums
select t.typname, array_agg(e.enumlabel order by e.enumsortorder) from pg_type t join pg_enum e on e.enumtypid = t.oid join pg_namespace n on n.oid = t.typnamespace where n.nspname = 'bank' group by 1 order by 1

--- agent: keys of the documents
select distinct jsonb_object_keys(meta) as key from bank.transfers order by 1

--- dba: sizes with indexes
--- varies
select relname, pg_size_pretty(pg_total_relation_size(c.oid)) as total, pg_size_pretty(pg_indexes_size(c.oid)) as indexes, reltuples::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'bank' and relkind in ('r','m') order by pg_total_relation_size(c.oid) desc limit 10

--- dba: who blocks whom
--- varies
select blocked.pid, blocked.usename, blocking.pid as by_pid, blocked.wait_event_type, now() - blocked.xact_start as waiting from pg_stat_activity blocked join pg_stat_activity blocking on blocking.pid = any(pg_blocking_pids(blocked.pid))

--- dba: partitions and bounds
select c.relname, pg_get_expr(c.relpartbound, c.oid) as bound from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'bank.transfers'::regclass order by 1

--- dba: analyze a table
--- as owner
analyze bank.transfers_2026_01

--- dba: unused indexes
--- varies
--- refused PG-017
--- tells by how often an index was read, how many different values there are
select schemaname, relname, indexrelname, idx_scan from pg_stat_user_indexes where schemaname = 'bank' and idx_scan = 0 order by pg_relation_size(indexrelid) desc limit 5

--- migration: a new partition
--- as owner
create table bank.transfers_2026_05 partition of bank.transfers for values from ('2026-05-01Z') to ('2026-06-01Z')

--- migration: a column with a default
--- as owner
alter table bank.accounts add column nickname text, add column archived boolean not null default false

--- migration: an index on an unlabelled column
--- as owner
create index jobs_ready on bank.jobs (queue, priority desc, run_at) where done_at is null

--- migration: new enum value
--- as owner
alter type bank.transfer_state add value if not exists 'held' after 'pending'

--- migration: backfill in batches
--- as owner
with b as (select id, booked_at from bank.transfers where category is null order by id limit 100) update bank.transfers t set category = 'other' from b where b.id = t.id and b.booked_at = t.booked_at
