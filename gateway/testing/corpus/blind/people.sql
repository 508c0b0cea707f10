--- analyst: headcount by month
select m::date as month, count(e.id) as staff from generate_series(date '2025-01-01', date '2026-04-01', interval '1 month') m left join people.employees e on e.hired_on <= m and (e.left_on is null or e.left_on > m) group by m order by m

--- analyst: attrition by department
select d.name, count(*) filter (where e.left_on is not null) as leavers, count(*) as staff, round(100.0 * count(*) filter (where e.left_on is not null) / count(*), 1) as pct from people.employees e join people.departments d on d.id = e.department_id group by d.name order by pct desc, d.name

--- analyst: span of control
select m.id, m.title, count(*) as reports from people.employees e join people.employees m on m.id = e.manager_id group by m.id order by reports desc, m.id limit 15

--- analyst: levels of the hierarchy
with recursive h as (select id, manager_id, 0 as level from employees where manager_id is null union all select e.id, e.manager_id, h.level + 1 from employees e join h on e.manager_id = h.id) select level, count(*) from h group by level order by level

--- analyst: whole sub-tree of a department
with recursive d as (select id, name, parent_id, name::text as path from departments where parent_id is null union all select c.id, c.name, c.parent_id, d.path || ' / ' || c.name from departments c join d on c.parent_id = d.id) search depth first by name set ord select path, (select count(*) from employees e where e.department_id = d.id) as staff from d order by ord

--- analyst: average pay by grade
--- refused PG-010
--- tells the average of salaries
select e.grade, count(*), round(avg(s.amount)) as avg_pay from employees e join salaries s on s.employee_id = e.id and s.valid @> current_date group by e.grade order by e.grade

--- analyst: pay gap by pronoun
--- refused PG-010
--- tells the median of salaries
select e.profile->>'pronouns' as p, percentile_cont(0.5) within group (order by s.amount) as median from employees e join salaries s on s.employee_id = e.id where s.valid @> date '2026-01-01' group by 1

--- analyst: who has had no rise
select e.id, e.staff_no from employees e where not exists (select from salaries s where s.employee_id = e.id and lower(s.valid) >= date '2025-01-01') order by e.id

--- analyst: sick days per month
select date_trunc('month', lower(during))::date as month, sum(upper(during) - lower(during)) as days from absences where kind = 'sick' group by 1 order by 1

--- analyst: absent per day
select d::date as day, count(a.id) as absent from generate_series(timestamp '2026-01-05', timestamp '2026-01-25', interval '1 day') d left join absences a on a.during @> d::date group by d order by d

--- analyst: absences merged to islands
select employee_id, unnest(range_agg(during)) as away from absences where employee_id in (5, 6) group by employee_id order by 1, 2

--- analyst: review scores by cycle
select cycle, count(*) as n, avg(overall)::numeric(3,2) as avg, stddev_samp(overall)::numeric(4,2) as dev, count(submitted_at) as submitted from reviews group by cycle order by cycle

--- analyst: length of reviews
--- refused PG-010
--- tells how long reviews are
select cycle, avg(length(body)) as chars from reviews group by cycle order by cycle

--- analyst: goals done
select g->>'title' as goal, count(*) filter (where (g->>'done')::boolean) as done, count(*) as n from reviews, jsonb_array_elements(goals) as g group by 1 order by 1

--- analyst: severity of reviewers against the mean
select reviewer_id, avg(overall) - (select avg(overall) from reviews) as diff, rank() over (order by avg(overall) desc) as r from reviews group by reviewer_id order by r, reviewer_id limit 10

--- analyst: recruiting funnel
select o.department_id, count(*) as applied, count(*) filter (where exists (select from stage_changes s where s.candidate_id = c.id and s.stage = 'interview')) as interviewed, count(*) filter (where c.stage = 'hired') as hired from candidates c join openings o on o.id = c.opening_id group by o.department_id order by 1

--- analyst: time between stages
select stage, avg(next_at - at) as took from (select candidate_id, stage, at, lead(at) over (partition by candidate_id order by at) as next_at from stage_changes) s where next_at is not null group by stage order by stage

--- analyst: sources of candidates
select coalesce(source, 'unknown') as source, count(*), avg(rating) from candidates group by cube (source) order by 1, 2

--- analyst: hours by project, crosstab
select employee_id, sum(hours) filter (where project = 'atlas') as atlas, sum(hours) filter (where project = 'borealis') as borealis, sum(hours) filter (where project = 'cirrus') as cirrus, sum(hours) as total from timesheets group by employee_id order by total desc, employee_id limit 10

--- analyst: overtime weeks
select employee_id, date_trunc('week', day)::date as week, sum(minutes) / 60.0 as hours from timesheets group by 1, 2 having sum(minutes) > 600 order by hours desc, employee_id, week limit 20

--- analyst: skills counted
select skill, count(*) from employees cross join lateral unnest(skills) as skill group by skill order by 2 desc, 1

--- analyst: languages spoken
select l as language, count(*) from employees, jsonb_array_elements_text(profile->'languages') l group by l order by l

--- analyst: age bands
--- refused PG-010
--- tells how old people are
select case when age(birth_date) < interval '30 years' then '<30' when age(birth_date) < interval '50 years' then '30-50' else '50+' end as band, count(*) from employees group by 1

--- analyst: overdue trainings
select t.code, count(*) filter (where a.expires_on < date '2026-08-01') as overdue, count(e.id) as staff from trainings t cross join employees e left join attendance a on a.training_id = t.id and a.employee_id = e.id where t.mandatory and e.left_on is null group by t.code order by t.code

--- analyst: tenure through the function
select round(avg(tenure_years(e, date '2026-04-01')), 2) as avg_tenure, grade from employees e group by grade order by grade

--- support: an employee by staff number
select * from current_staff where staff_no = 'E00042'

--- support: full record
--- masked birth_date
select e.*, d.name as department from employees e join departments d on d.id = e.department_id where e.id = 17

--- support: by work e-mail
--- with ["staff33@corp.example"]
select id, staff_no, first_name, last_name, title from employees where work_email = $1

--- support: direct reports of a manager
select id, staff_no, first_name || ' ' || last_name as name, title from employees where manager_id = 3 and left_on is null order by staff_no

--- support: chain of managers
with recursive up as (select id, manager_id, last_name, 1 as n from employees where id = 200 union all select e.id, e.manager_id, e.last_name, n + 1 from employees e join up on e.id = up.manager_id) select n, id, last_name from up order by n

--- support: salary history
--- masked amount, bonus_pct
select valid, amount, currency, bonus_pct, reason from salaries where employee_id = 21 order by lower(valid)

--- support: emergency contact
--- masked emergency
select id, profile->'emergency' as emergency, profile->>'shirt' as shirt from employees where id = 22

--- support: remaining leave
--- with ["23"]
select e.id, 28 - coalesce(sum(upper(a.during) - lower(a.during)) filter (where a.kind = 'holiday'), 0) as remaining from employees e left join absences a on a.employee_id = e.id and a.during <@ daterange('2026-01-01', '2027-01-01') where e.id = $1 group by e.id

--- support: absences of a team
select e.staff_no, e.first_name, a.kind, lower(a.during) as since, upper(a.during) - 1 as until, a.note from absences a join employees e on e.id = a.employee_id where e.manager_id = 4 and a.during && daterange('2026-01-01', '2026-02-01') order by since, e.staff_no

--- support: shift an absence
update absences set during = daterange(lower(during) + 400, upper(during) + 400) where id = 15 returning id, employee_id, during

--- support: correct a surname
--- masked last_name
update employees set last_name = 'Haverford-Smythe' where id = 24 returning id, staff_no, first_name, last_name, updated_at > now() - interval '1 minute' as touched

--- support: move a team
update employees set manager_id = 2, lock_version = lock_version + 1 where manager_id = 7 returning id, manager_id

--- support: new emergency phone
update employees set profile = jsonb_set(profile, '{emergency,phone}', '"+44 7000 000000"') where id = 25

--- support: set the shirt size
update employees set profile['shirt'] = '"XL"' where id = 26 returning profile->>'shirt' as shirt

--- support: reviews of a person
select cycle, overall, body, submitted_at from reviews where employee_id = 27 order by cycle desc

--- support: unsubmitted reviews
select r.id, r.cycle, v.work_email as reviewer, e.staff_no as about from reviews r join employees v on v.id = r.reviewer_id join employees e on e.id = r.employee_id where r.submitted_at is null order by r.cycle, v.work_email, e.staff_no limit 20

--- support: candidates of an opening
select c.id, c.name, c.email, c.stage, c.rating from candidates c where c.opening_id = 5 order by c.rating desc nulls last, c.id

--- support: candidate by e-mail
select c.id, c.name, c.stage, o.title from candidates c join openings o on o.id = c.opening_id where c.email = 'cand44@jobmail.example'

--- support: people called
--- refused PG-010
--- tells who has this surname: no look-up is granted on its label
select id, staff_no, last_name from employees where last_name = 'Haverford30'

--- support: alphabetical list
--- refused PG-010
--- tells how names sort
select staff_no, last_name, first_name, title from employees where department_id = 3 and left_on is null order by last_name, first_name

--- app: Django employee get
--- with ["31"]
SELECT "people"."employees"."id", "people"."employees"."staff_no", "people"."employees"."first_name", "people"."employees"."last_name", "people"."employees"."work_email", "people"."employees"."grade", "people"."employees"."profile" FROM "people"."employees" WHERE "people"."employees"."id" = $1 LIMIT 21

--- app: Django exists
--- with ["32","[2026-01-01,2026-02-01)"]
SELECT 1 AS "a" FROM "people"."absences" WHERE ("people"."absences"."employee_id" = $1 AND "people"."absences"."during" && $2::daterange) LIMIT 1

--- app: Django prefetch
--- masked amount
SELECT "people"."salaries"."employee_id", "people"."salaries"."valid", "people"."salaries"."amount" FROM "people"."salaries" WHERE "people"."salaries"."employee_id" IN (1, 2, 3) ORDER BY "people"."salaries"."employee_id" ASC, "people"."salaries"."valid" ASC

--- app: Django annotate with subquery
--- with ["3"]
SELECT "people"."employees"."id", "people"."employees"."staff_no", (SELECT U0."cycle" FROM "people"."reviews" U0 WHERE U0."employee_id" = ("people"."employees"."id") ORDER BY U0."cycle" DESC LIMIT 1) AS "last_cycle" FROM "people"."employees" WHERE "people"."employees"."grade" >= $1 ORDER BY "people"."employees"."staff_no" ASC LIMIT 10 OFFSET 20

--- app: Rails find_by
--- with ["E00050","1"]
--- masked birth_date
SELECT "employees".* FROM "people"."employees" WHERE "employees"."staff_no" = $1 LIMIT $2

--- app: Rails update with lock_version
--- with ["director","2026-04-01 00:00:00","51","0"]
UPDATE "people"."employees" SET "title" = $1, "updated_at" = $2, "lock_version" = 1 WHERE "employees"."id" = $3 AND "employees"."lock_version" = $4

--- app: Rails includes
--- with ["4","5","6"]
SELECT "reviews".* FROM "people"."reviews" WHERE "reviews"."employee_id" IN ($1, $2, $3)

--- app: Rails pluck
SELECT "employees"."id", "employees"."work_email" FROM "people"."employees" WHERE "employees"."left_on" IS NULL ORDER BY "employees"."id" ASC LIMIT 10

--- app: Rails count distinct
SELECT COUNT(DISTINCT "employees"."id") FROM "people"."employees" INNER JOIN "people"."absences" ON "absences"."employee_id" = "employees"."id" WHERE "absences"."kind" = 'sick'

--- app: Ecto preload
--- with ["{11,12}"]
SELECT a0."id", a0."employee_id", a0."kind", a0."during", a0."note", a0."employee_id" FROM "people"."absences" AS a0 WHERE (a0."employee_id" = ANY($1)) ORDER BY a0."employee_id"

--- app: Ecto insert all
--- with ["3","2026-05-01","atlas","480","4","2026-05-01","atlas","450"]
INSERT INTO "people"."timesheets" ("employee_id","day","project","minutes") VALUES ($1,$2,$3,$4),($5,$6,$7,$8) ON CONFLICT ("employee_id","day","project") DO UPDATE SET "minutes" = EXCLUDED."minutes" RETURNING "employee_id","hours"

--- app: EF Core page
--- with ["3","10","0"]
SELECT e."id", e."staff_no", e."first_name", e."last_name", e."title" FROM people.employees AS e WHERE e."department_id" = $1 ORDER BY e."id" LIMIT $2 OFFSET $3

--- app: EF Core any
--- with ["9","2025H2"]
SELECT EXISTS (SELECT 1 FROM people.reviews AS r WHERE r."employee_id" = $1 AND r."cycle" = $2)

--- app: EF Core join into split query
SELECT c."id", c."name", c."stage", o."id" FROM people.openings AS o INNER JOIN people.candidates AS c ON o."id" = c."opening_id" WHERE o."status" = 'open' ORDER BY o."id", c."id" LIMIT 50

--- app: new hire
--- with ["E90001","New","Hire","new.hire@corp.example","nh@home.example","NI1","1995-05-05","2026-04-01","engineer","3","2","1","{\"shirt\":\"M\"}"]
insert into employees (staff_no, first_name, last_name, work_email, personal_email, national_id, birth_date, hired_on, title, grade, department_id, manager_id, profile) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13) returning id, staff_no, updated_at is not null

--- app: raise ends the old range
with old as (update salaries set valid = daterange(lower(valid), date '2026-05-01') where employee_id = 40 and upper_inf(valid) returning employee_id) insert into salaries (employee_id, valid, amount) select employee_id, daterange(date '2026-05-01', null), 50000 from old returning employee_id, valid

--- app: percentage rise in place
--- with ["{41,42,43}"]
--- refused PG-010
--- tells whether a salary grows out of its column
update salaries set amount = round(amount * 1.03, 2) where employee_id = any($1) and upper_inf(valid)

--- app: request leave, constraint decides
--- with ["44","2027-01-01","2027-01-08","ski"]
insert into absences (employee_id, kind, during, note) values ($1, 'holiday', daterange($2, $3), $4) returning id, during

--- app: leave taken already
select exists (select 1 from absences where employee_id = 45 and during && daterange('2026-01-06', '2026-01-09')) as clash

--- app: apply for a job
--- with ["3","A Person","a.person@new.example","+49 1","website"]
insert into candidates (opening_id, name, email, phone, source, applied_at) values ($1, $2, $3, $4, $5, now()) on conflict (opening_id, email) do nothing returning id

--- app: move a candidate on
with c as (update candidates set stage = 'interview' where id = 12 and stage <> 'rejected' returning id, stage) insert into stage_changes (candidate_id, stage, at, by_id) select id, stage, now(), 3 from c returning candidate_id, stage

--- app: delete a rejected candidate
delete from candidates where id = 13 and stage in ('rejected', 'applied', 'screen', 'interview', 'offer', 'hired') returning id, opening_id

--- app: who is off today, cached
--- with ["2026-01-12"]
select employee_id, kind from absences where during @> $1::date order by employee_id

--- app: full profile as JSON
--- masked doc
select to_jsonb(e) - 'national_id' - 'birth_date' as doc from employees e where id = 46

--- app: profile of the user himself
select row_to_json(t) from (select id, staff_no, first_name, last_name, skills, profile->>'pronouns' as pronouns from employees where id = 47) t

--- app: people with all skills
select id, staff_no from employees where skills @> array['sql','go'] and left_on is null order by id limit 10

--- bi: Metabase by department
SELECT "Departments"."name" AS "Departments__name", COUNT(*) AS "count" FROM "people"."employees" LEFT JOIN "people"."departments" AS "Departments" ON "people"."employees"."department_id" = "Departments"."id" GROUP BY "Departments"."name" ORDER BY "count" DESC, "Departments"."name" ASC

--- bi: Metabase nested question
SELECT "source"."kind" AS "kind", AVG("source"."days") AS "avg" FROM (SELECT "people"."absences"."kind" AS "kind", "people"."absences"."note" AS "note", UPPER("people"."absences"."during") - LOWER("people"."absences"."during") AS "days" FROM "people"."absences") AS "source" GROUP BY "source"."kind" ORDER BY "source"."kind" ASC

--- bi: Metabase fingerprint
SELECT SUBSTRING("people"."reviews"."body", 1, 1234) AS "substring1", "people"."reviews"."cycle" AS "cycle", "people"."reviews"."overall" AS "overall" FROM "people"."reviews" LIMIT 10000

--- bi: Superset distinct filter values
SELECT DISTINCT stage AS stage FROM people.candidates ORDER BY stage LIMIT 1000

--- bi: Superset big number with trend
SELECT DATE_TRUNC('week', applied_at) AS __timestamp, COUNT(*) AS count FROM people.candidates GROUP BY DATE_TRUNC('week', applied_at) ORDER BY count DESC, __timestamp LIMIT 50000

--- bi: Looker pay
--- refused PG-010
--- tells the average of salaries
SELECT e.grade AS "employees.grade", AVG(p.amount ) AS "pay_now.average" FROM people.employees AS e INNER JOIN people.pay_now AS p ON e.id = p.employee_id GROUP BY 1 ORDER BY 1 LIMIT 500

--- bi: Power BI preview
--- masked amount
select "$Table"."employee_id" as "employee_id", "$Table"."valid"::text as "valid", "$Table"."amount" as "amount", "$Table"."currency" as "currency" from "people"."salaries" "$Table" limit 1000

--- bi: Grafana table with macro written out
SELECT submitted_at AS "time", overall::float AS "value", cycle AS "metric" FROM people.reviews WHERE submitted_at >= '2026-01-11T00:00:00Z' AND submitted_at <= '2026-01-12T00:00:00Z' ORDER BY 1

--- bi: Tableau extract of the view
SELECT "current_staff"."department" AS "department", "current_staff"."grade" AS "grade", "current_staff"."name" AS "name", "current_staff"."title" AS "title" FROM "people"."current_staff" "current_staff"

--- bi: Tableau count of a view
SELECT "current_staff"."department" AS "department", COUNT(DISTINCT "current_staff"."id") AS "ctd:id:ok" FROM "people"."current_staff" "current_staff" GROUP BY 1

--- agent: describe with comments
select a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, col_description(a.attrelid, a.attnum) as comment from pg_attribute a where a.attrelid = 'people.employees'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum

--- agent: indexes
select indexname, indexdef from pg_indexes where schemaname = 'people' order by 1

--- agent: constraints
select conrelid::regclass as t, conname, contype, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'people'::regnamespace and contype in ('x','c','u') order by 1, 2

--- agent: three rows of each
select (select json_agg(d) from (select * from people.departments order by id limit 3) d) as departments, (select json_agg(o) from (select * from people.openings order by id limit 3) o) as openings

--- agent: sample of employees
--- masked birth_date
select * from people.employees order by id limit 3

--- agent: profile of a numeric column
select count(*), count(rating), min(rating), max(rating), avg(rating), count(distinct rating) from people.candidates

--- agent: keys of the profile
--- refused PG-010
select key, count(*), min(jsonb_typeof(value)) as type from people.employees, jsonb_each(profile) group by key order by key

--- agent: null counts of all
select count(*) - count(personal_email) as personal_email, count(*) - count(national_id) as national_id, count(*) - count(left_on) as left_on, count(*) - count(manager_id) as manager_id from people.employees

--- agent: most frequent values
select title, count(*) from people.employees group by title order by 2 desc, 1 limit 5

--- agent: view definition
select pg_get_viewdef('people.current_staff'::regclass, true)

--- dba: dead rows
--- varies
--- refused PG-017
--- tells by counting dead rows, whether what was written was there already
select relname, n_live_tup, n_dead_tup, last_autovacuum, last_analyze from pg_stat_user_tables where schemaname = 'people' order by n_dead_tup desc

--- dba: long transactions
--- varies
select pid, usename, state, now() - xact_start as age from pg_stat_activity where xact_start is not null and now() - xact_start > interval '5 minutes' order by age desc

--- dba: settings changed
--- varies in number
select name, setting, unit, source from pg_settings where source not in ('default', 'override') order by name

--- dba: plan of a join
--- varies
explain (costs off) select e.staff_no, d.name from people.employees e join people.departments d on d.id = e.department_id where e.grade = 3

--- dba: sequences near their end
--- varies
select schemaname, sequencename, last_value, max_value from pg_sequences where schemaname = 'people' order by sequencename

--- migration: a table with keys to employees
--- as owner
create table people.equipment (id bigint generated always as identity primary key, employee_id int references people.employees on delete set null, kind text not null, serial text unique, issued_on date default current_date)

--- migration: rename an unlabelled column
--- as owner
alter table people.openings rename column budget_max to budget_limit

--- migration: check not valid then validate
--- as owner
alter table people.timesheets add constraint sane check (project <> '') not valid; alter table people.timesheets validate constraint sane

--- migration: replace a view
--- as owner
create or replace view people.open_roles as select o.id, o.title, d.name as department, count(c.id) as candidates from people.openings o left join people.departments d on d.id = o.department_id left join people.candidates c on c.opening_id = o.id where o.status = 'open' group by o.id, d.name

--- migration: schema table of the tool
--- as owner
create table if not exists people.schema_migrations (version varchar(255) primary key, inserted_at timestamp(0) default now()); insert into people.schema_migrations (version) values ('20260401120000')
