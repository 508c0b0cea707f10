--- not null test
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select id from "crm"."public"."orders" where id is null) dbt_internal_test

--- not null test of a labelled column
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select email from "crm"."public"."customers" where email is null) dbt_internal_test

--- unique test
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select id as unique_field, count(*) as n_records from "crm"."public"."orders" where id is not null group by id having count(*) > 1) dbt_internal_test

--- accepted values test
with all_values as (select state as value_field, count(*) as n_records from "crm"."public"."tickets" group by state) select * from all_values where value_field not in ('open','waiting','closed')

--- relationships test
with child as (select customer_id as from_field from "crm"."public"."orders" where customer_id is not null), parent as (select id as to_field from "crm"."public"."customers") select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null

--- staging model, previewed
with source as (select * from "crm"."public"."customers"), renamed as (select id as customer_id, name as customer_name, email, created_at from source) select * from renamed order by customer_id limit 5

--- incremental model, previewed
select customer_id, max(created_at) as last_order_at, sum(total) as lifetime from "crm"."public"."orders" where created_at > (select coalesce(max(at), '1900-01-01'::timestamp) from "crm"."public"."events" where false) group by 1 order by 1 limit 10

--- surrogate key
select md5(cast(coalesce(cast(order_id as text), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(line as text), '_dbt_utils_surrogate_key_null_') as text)) as item_key, order_id, line from "crm"."public"."order_items" order by 2, 3 limit 10

--- date spine
with rawdata as (select generate_series(0, 11) as n), months as (select ('2025-01-01'::date + n * interval '1 month')::date as month_start from rawdata) select m.month_start, count(o.id) as orders from months m left join orders o on date_trunc('month', o.created_at) = m.month_start group by 1 order by 1

--- pivot
select customer_id, sum(case when state = 'open' then 1 else 0 end) as "open", sum(case when state = 'waiting' then 1 else 0 end) as "waiting", sum(case when state = 'closed' then 1 else 0 end) as "closed" from tickets group by customer_id order by customer_id

--- relations of a schema
select 'crm' as database, tablename as name, schemaname as schema, 'table' as type from pg_tables where schemaname ilike 'public' union all select 'crm' as database, viewname as name, schemaname as schema, 'view' as type from pg_views where schemaname ilike 'public' union all select 'crm' as database, matviewname as name, schemaname as schema, 'materialized_view' as type from pg_matviews where schemaname ilike 'public' order by 2

--- columns of a relation
select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale from "crm".INFORMATION_SCHEMA.columns where table_name = 'orders' and table_schema = 'public' order by ordinal_position

--- catalog of a schema
select '{{database}}' as table_database, sch.nspname as table_schema, tbl.relname as table_name, case tbl.relkind when 'v' then 'VIEW' else 'BASE TABLE' end as table_type, tbl_desc.description as table_comment, col.attname as column_name, col.attnum as column_index, pg_catalog.format_type(col.atttypid, col.atttypmod) as column_type, col_desc.description as column_comment, pg_get_userbyid(tbl.relowner) as table_owner from pg_catalog.pg_namespace sch join pg_catalog.pg_class tbl on tbl.relnamespace = sch.oid join pg_catalog.pg_attribute col on col.attrelid = tbl.oid left outer join pg_catalog.pg_description tbl_desc on (tbl_desc.objoid = tbl.oid and tbl_desc.objsubid = 0) left outer join pg_catalog.pg_description col_desc on (col_desc.objoid = tbl.oid and col_desc.objsubid = col.attnum) where upper(sch.nspname) = upper('public') and not pg_is_other_temp_schema(sch.oid) and tbl.relpersistence in ('p', 'u') and tbl.relkind in ('r', 'v', 'f', 'p') and col.attnum > 0 and not col.attisdropped order by sch.nspname, tbl.relname, col.attnum

--- what depends on what
with relation as (select pg_rewrite.ev_class as class, pg_rewrite.oid as id from pg_rewrite), class as (select oid as id, relname as name, relnamespace as schema, relkind as kind from pg_class), dependency as (select distinct pg_depend.objid as id, pg_depend.refobjid as ref from pg_depend) select distinct class.name as dependent, referenced.name as referenced from relation join dependency on relation.id = dependency.id join class on relation.class = class.id join class referenced on dependency.ref = referenced.id and referenced.id != class.id join pg_namespace on pg_namespace.oid = class.schema where nspname = 'public' order by 1, 2

--- freshness of a source
select max(created_at) as max_loaded_at from "crm"."public"."orders"
