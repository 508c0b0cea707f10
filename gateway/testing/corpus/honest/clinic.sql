--- analyst: visits per month and growth
with m as (select date_trunc('month', starts_at) as month, count(*) as n from appointments group by 1) select month, n, n - lag(n) over (order by month) as diff, round(100.0 * n / nullif(lag(n) over (order by month), 0), 1) as pct from m order by month
--- analyst: age bands of patients
--- refused PG-010
select width_bucket(extract(year from age(date '2026-06-01', birth_date)), 0, 100, 10) as band, count(*) from patients group by 1 order by 1
--- analyst: rollup of visits
select coalesce(d.name, 'all') as department, coalesce(a.status::text, 'all') as status, count(*) from appointments a join doctors doc on doc.id = a.doctor_id join departments d on d.id = doc.department_id group by grouping sets ((d.name, a.status), (d.name), ()) order by 1, 2
--- analyst: last two labs of each patient by lateral
select p.id, p.last_name, l.test_code, l.value, l.taken_at from patients p cross join lateral (select test_code, value, taken_at from lab_results r where r.patient_id = p.id order by taken_at desc limit 2) l where p.id <= 40 order by p.id, l.taken_at desc
--- analyst: gaps between visits
select patient_id, starts_at, starts_at - lag(starts_at) over w as gap, row_number() over w, first_value(doctor_id) over w from appointments window w as (partition by patient_id order by starts_at) order by patient_id, starts_at limit 50
--- analyst: running total
select day, visits, sum(visits) over (order by day rows between 6 preceding and current row) as last7 from (select day, sum(visits) as visits from daily_visits group by day) x order by day
--- analyst: abnormal share
select test_code, count(*) filter (where value not between t.low and t.high)::float / count(*) as abnormal from lab_results r join lab_tests t on r.test_code = t.code group by test_code order by 2 desc, 1
--- analyst: patients per birth decade
--- refused PG-010
select (extract(year from birth_date)::int / 10) * 10 as decade, count(*) from patients where deleted_at is null group by decade order by decade
--- analyst: mean age by doctor
--- refused PG-010
select primary_doctor_id, avg(extract(year from age(date '2026-06-01', birth_date))) as mean_age from patients group by 1 order by 1
--- analyst: patients by city
select address->>'city' as city, count(*) from patients group by address->>'city' order by 2 desc, 1
--- analyst: patients by country code path
select address #>> '{country,code}' as cc, address->'city' as city, count(*) from patients group by 1, 2 order by 1, 2
--- analyst: except
select patient_id from appointments except select patient_id from lab_results order by 1
--- analyst: recursive calendar
with recursive w(n, d) as (select 1, date '2026-01-05' union all select n + 1, d + 7 from w where n < 20) select w.d as week, count(a.*) from w left join appointments a on a.starts_at::date between w.d and w.d + 6 group by w.d order by w.d
--- analyst: cross tab of sex by status with ordinals
select coalesce(p.sex, '?') as sex, a.status, count(*) from patients p join appointments a on a.patient_id = p.id group by 1, 2 order by 1, 2
--- analyst: distinct on the last visit
select distinct on (patient_id) patient_id, starts_at, status from appointments order by patient_id, starts_at desc limit 40
--- analyst: length of notes
--- refused PG-010
select author_id, round(avg(length(body)), 1) as chars from clinical_notes group by author_id order by author_id
--- analyst: any two visits at once
select a.id, b.id as clash from appointments a join appointments b on a.room = b.room and a.id < b.id and tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at) order by 1, 2
--- analyst: tablesample
--- varies
select avg(value) from lab_results tablesample bernoulli (50) repeatable (42)
--- support: patient by MRN
--- masked birth_date
select id, first_name, last_name, birth_date, phone, email from patients where mrn = 'MRN-007919'
--- support: next visits of a patient
select a.id, a.starts_at, a.status, a.reason, d.name from appointments a join doctors d on d.id = a.doctor_id where a.patient_id = 18 order by a.starts_at
--- support: page of visits, newest first, with count of all
select a.id, p.last_name, a.starts_at, count(*) over () as total from appointments a join patients p on p.id = a.patient_id order by a.starts_at desc, a.id desc limit 20
--- support: change a phone number
--- with ["+44 7700 999999", "17"]
--- masked phone
update patients set phone = $1, updated_at = now() where id = $2 returning id, phone
--- support: change an address
update patients set address = jsonb_set(address, '{city}', '"Bristol"') where id = 17 returning id, address->>'city' as city
--- support: soft-delete
update patients set deleted_at = now() where id = 399 and deleted_at is null
--- support: directory view by id
select * from patient_directory where id = 21
--- support: directory of a doctor
select id, full_name, phone, city from patient_directory where doctor = 'Dr Cson' order by id
--- support: insurance valid today
select p.id, p.last_name, i.payer, i.policy_no, upper(i.valid) as until from patients p join insurance i on i.patient_id = p.id and i.valid @> date '2026-06-01' where p.id between 10 and 15 order by p.id
--- support: urgent notes
select n.id, a.patient_id, n.created_at from clinical_notes n join appointments a on a.id = n.appointment_id where 'urgent' = any(n.tags) order by n.created_at desc, n.id limit 10
--- support: possible duplicates of a patient by name
--- refused PG-010
select a.id, b.id from patients a join patients b on lower(a.last_name) = lower(b.last_name) and a.birth_date = b.birth_date and a.id < b.id
--- support: search by name
--- refused PG-010
select id, first_name, last_name from patients where last_name ilike 'brandy%' order by last_name limit 20
--- support: sort by name
--- refused PG-010
select id, first_name, last_name from patients order by last_name, first_name limit 20
--- support: greeting with format
--- masked recipient
select format('%s %s <%s>', first_name, last_name, email) as recipient from patients where id = 5
--- support: initials
--- masked initials
select id, left(first_name, 1) || left(last_name, 1) as initials from patients where id < 6 order by id
--- support: concat_ws of address
--- masked label
select id, concat_ws(', ', address->>'street', address->>'zip', address->>'city') as label from patients where id = 4
--- support: the year of birth
--- refused PG-010
select id, extract(year from birth_date) as born from patients where id = 4
--- app: eager load by IN
--- with ["11", "12", "13"]
select t0.id as c0, t0.patient_id as c1, t0.starts_at as c2, t0.status as c3, t0.reason as c4 from appointments t0 where t0.patient_id in ($1, $2, $3) order by t0.patient_id, t0.id
--- app: insert returning all
--- with ["MRN-900001", "Nova", "Person", "1990-01-01", "nova@x.example"]
INSERT INTO "patients" ("mrn","first_name","last_name","birth_date","email") VALUES ($1,$2,$3,$4,$5) RETURNING "id"
--- app: delete by id
--- with ["1199"]
delete from diagnoses where id = $1 returning id
--- app: optional filters
--- with [null, "done", "3"]
select id, starts_at from appointments where ($1::int is null or doctor_id = $1::int) and ($2::visit_status is null or status = $2::visit_status) and patient_id = $3 order by id
--- app: the same with a labelled member
--- with ["18"]
select p.id, (select json_agg(json_build_object('id', a.id, 'reason', a.reason) order by a.id) from appointments a where a.patient_id = p.id) as visits from patients p where p.id = $1
--- app: optimistic lock
--- with ["2026-01-01T09:00:00Z", "1"]
update patients set updated_at = now(), primary_doctor_id = 4 where updated_at = $1 and id = $2
--- app: bulk update from values
update lab_results r set value = v.value from (values (1::bigint, 5.5::numeric), (2, 6.5)) as v(id, value) where r.id = v.id returning r.id, r.value
--- app: CTE that writes and reads
with moved as (update appointments set room = 'R1' where room = 'R2' and status = 'booked' returning id, patient_id, reason) select m.id, m.patient_id, p.first_name from moved m join patients p on p.id = m.patient_id order by m.id limit 5
--- bi: Metabase distinct values of a field
SELECT "clinic"."appointments"."room" AS "room" FROM "clinic"."appointments" GROUP BY "clinic"."appointments"."room" ORDER BY "clinic"."appointments"."room" ASC LIMIT 1000
--- bi: Superset count distinct of patients
SELECT count(DISTINCT patient_id) AS "COUNT_DISTINCT(patient_id)", count(*) AS count FROM clinic.appointments WHERE starts_at >= TO_TIMESTAMP('2026-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') LIMIT 50000
--- bi: Tableau connection sample
SELECT * FROM (SELECT * FROM "clinic"."patient_directory") "Custom SQL Query" LIMIT 0
--- bi: Tableau live
SELECT "t0"."specialty" AS "specialty", SUM("t0"."X_measure__0") AS "sum:visits:ok" FROM (SELECT "doctors"."specialty" AS "specialty", COUNT("appointments"."id") AS "X_measure__0" FROM "clinic"."doctors" "doctors" LEFT JOIN "clinic"."appointments" "appointments" ON ("doctors"."id" = "appointments"."doctor_id") GROUP BY 1, "doctors"."id") "t0" GROUP BY 1 ORDER BY 1
--- bi: Metabase count distinct e-mails
--- refused PG-010
SELECT count(distinct "clinic"."patients"."email") AS "count" FROM "clinic"."patients"
--- bi: Metabase binning of a value
SELECT (FLOOR(("clinic"."lab_results"."value" / 5.0)) * 5.0) AS "value", COUNT(*) AS "count" FROM "clinic"."lab_results" GROUP BY (FLOOR(("clinic"."lab_results"."value" / 5.0)) * 5.0) ORDER BY 1
--- agent: foreign keys
select tc.table_name, kcu.column_name, ccu.table_name as references_table, ccu.column_name as references_column from information_schema.table_constraints tc join information_schema.key_column_usage kcu on tc.constraint_name = kcu.constraint_name and tc.table_schema = kcu.table_schema join information_schema.constraint_column_usage ccu on ccu.constraint_name = tc.constraint_name and ccu.table_schema = tc.table_schema where tc.constraint_type = 'FOREIGN KEY' and tc.table_schema = 'clinic' order by 1, 2, 3, 4
--- agent: random sample
--- varies
select id, sex, primary_doctor_id from patients order by random() limit 5
--- agent: explain
--- refused PG-017
explain select * from appointments where patient_id = 5
--- agent: row counts of each table
select 'patients' as t, count(*) from patients union all select 'appointments', count(*) from appointments union all select 'diagnoses', count(*) from diagnoses union all select 'lab_results', count(*) from lab_results
--- agent: view definition
select pg_get_viewdef('clinic.patient_directory'::regclass, true)
--- agent: distinct values and their frequency
select status, count(*) as n from appointments group by status order by n desc, status limit 20
--- agent: top values of a labelled column
--- refused PG-010
select email, count(*) from patients group by email order by 2 desc limit 10
--- dba: own session
--- varies
select pid, usename, application_name, state, query from pg_stat_activity where pid = pg_backend_pid()
--- dba: waiting sessions without their text
--- varies
select pid, usename, state, wait_event_type, wait_event, now() - xact_start as xact_age from pg_stat_activity where state <> 'idle' order by xact_age desc nulls last
--- dba: counts of connections
--- varies
select state, count(*) from pg_stat_activity group by state
--- dba: locks
--- varies
select l.locktype, l.mode, l.granted, l.relation::regclass from pg_locks l where l.pid = pg_backend_pid()
