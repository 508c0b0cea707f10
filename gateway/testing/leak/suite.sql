SELECT depname, empno, salary, sum(salary) OVER (PARTITION BY depname) FROM empsalary ORDER BY depname, salary; -- L601 window
SELECT depname, empno, salary, sum(salary) OVER w FROM empsalary WINDOW w AS (PARTITION BY depname); -- L602 window
SELECT sum(salary), row_number() OVER (ORDER BY depname), sum(sum(salary)) OVER (ORDER BY depname DESC) FROM empsalary GROUP BY depname; -- L603 window
SELECT sum(salary) OVER w, rank() OVER w FROM empsalary WINDOW w AS (PARTITION BY depname ORDER BY salary DESC); -- L604 window
select sum(salary) over (order by enroll_date range between '1 year'::interval preceding and '1 year'::interval following), salary, enroll_date from empsalary; -- L605 window
select sum(salary) over (order by enroll_date desc range between '1 year'::interval following and '1 year'::interval following), salary, enroll_date from empsalary; -- L606 window
select sum(salary) over (order by enroll_date range between '1 year'::interval preceding and '1 year'::interval following exclude group), salary, enroll_date from empsalary; -- L607 window
select first_value(salary) over(order by salary range between 1000 preceding and 1000 following), lead(salary) over(order by salary range between 1000 preceding and 1000 following), nth_value(salary, 1) over(order by salary range between 1000 preceding and 1000 following), salary from empsalary; -- L608 window
select last_value(salary) over(order by salary range between 1000 following and 3000 following exclude group), lag(salary) over(order by salary range between 1000 following and 3000 following exclude group), salary from empsalary; -- L609 window
select first_value(salary) over(order by enroll_date range between unbounded preceding and '1 year'::interval following exclude ties), last_value(salary) over(order by enroll_date range between unbounded preceding and '1 year'::interval following exclude ties), salary, enroll_date from empsalary; -- L610 window
select first_value(salary) over(order by enroll_date range between unbounded preceding and '1 year'::interval following exclude current row), last_value(salary) over(order by enroll_date range between unbounded preceding and '1 year'::interval following exclude current row), salary, enroll_date from empsalary; -- L611 window
select sum(salary) over (range between '1 year'::interval preceding and '2 years'::interval following exclude ties), salary, enroll_date from empsalary; -- L612 window
select max(enroll_date) over (order by enroll_date range between 1 preceding and 2 following exclude ties), salary, enroll_date from empsalary; -- L613 window
select max(enroll_date) over (order by salary range between 1 preceding and -2 following exclude ties), salary, enroll_date from empsalary; -- L614 window
select max(enroll_date) over (order by enroll_date range between '1 year'::interval preceding and '-2 years'::interval following exclude ties), salary, enroll_date from empsalary; -- L615 window
select last_value(salary) over(order by enroll_date groups between 1 preceding and 1 following), lag(salary) over(order by enroll_date groups between 1 preceding and 1 following), salary, enroll_date from empsalary; -- L616 window
SELECT * FROM empsalary WHERE row_number() OVER (ORDER BY salary) < 10; -- L617 window
SELECT generate_series(1, 100) OVER () FROM empsalary; -- L618 window
SELECT empno, depname, row_number() OVER (PARTITION BY depname ORDER BY enroll_date) rn, rank() OVER (PARTITION BY depname ORDER BY enroll_date ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) rnk, count(*) OVER (PARTITION BY depname ORDER BY enroll_date RANGE BETWEEN CURRENT ROW AND CURRENT ROW) cnt FROM empsalary; -- L619 window
SELECT * FROM (SELECT *, count(salary) OVER (PARTITION BY depname || '') c1, row_number() OVER (PARTITION BY depname) rn, count(*) OVER (PARTITION BY depname) c2, count(*) OVER (PARTITION BY '' || depname) c3, ntile(2) OVER (PARTITION BY depname) nt FROM empsalary ) e WHERE rn <= 1 AND c1 <= 3 AND nt < 2; -- L620 window
EXPLAIN (COSTS OFF) SELECT empno, enroll_date, depname, sum(salary) OVER (PARTITION BY depname order by empno) depsalary, min(salary) OVER (PARTITION BY depname order by enroll_date) depminsalary FROM empsalary ORDER BY depname, empno; -- L621 window
EXPLAIN (COSTS OFF) SELECT DISTINCT empno, enroll_date, depname, sum(salary) OVER (PARTITION BY depname order by empno) depsalary, min(salary) OVER (PARTITION BY depname order by enroll_date) depminsalary FROM empsalary ORDER BY depname, enroll_date; -- L622 window
EXPLAIN (COSTS OFF) SELECT lead(1) OVER (PARTITION BY depname ORDER BY salary, enroll_date), lag(1) OVER (PARTITION BY depname ORDER BY salary,enroll_date,empno) FROM empsalary; -- L623 window
SELECT * FROM shoelace ORDER BY sl_name; -- L624 rules
SELECT * FROM shoe_ready WHERE total_avail >= 2 ORDER BY 1; -- L625 rules
SELECT * FROM shoe ORDER BY shoename; -- L626 rules
SELECT count(*) FROM shoe; -- L627 rules
WITH RECURSIVE subdepartment AS ( SELECT name as root_name, * FROM department WHERE name = 'A' UNION ALL SELECT sd.root_name, d.* FROM department AS d, subdepartment AS sd WHERE d.parent_department = sd.id ) SELECT * FROM subdepartment ORDER BY name; -- L628 with
WITH RECURSIVE subdepartment(level, id, parent_department, name) AS ( SELECT 1, * FROM department WHERE name = 'A' UNION ALL SELECT sd.level + 1, d.* FROM department AS d, subdepartment AS sd WHERE d.parent_department = sd.id ) SELECT * FROM subdepartment WHERE level >= 2 ORDER BY name; -- L629 with
WITH RECURSIVE subdepartment AS ( SELECT id, parent_department, name FROM department WHERE name = 'A' UNION SELECT d.id, d.parent_department, d.name FROM department AS d INNER JOIN subdepartment AS sd ON d.parent_department = sd.id ) SELECT * FROM subdepartment ORDER BY name; -- L630 with
with recursive q as ( select * from department union all (with recursive x as ( select * from department union all (select * from q union all select * from x) ) select * from x) ) select * from q limit 32; -- L631 with
with recursive search_graph(f, t, label) as ( select * from graph g union all select g.* from graph g, search_graph sg where g.f = sg.t ) cycle f, t set is_cycle using path select * from search_graph; -- L632 with
with recursive search_graph(f, t, label) as ( select * from graph g union all select g.* from graph g, search_graph sg where g.f = sg.t ) cycle f, t set is_cycle to true default 55 using path select * from search_graph; -- L633 with
with recursive search_graph(f, t, label) as ( select * from graph g union all select g.* from graph g, search_graph sg where g.f = sg.t ) cycle f, t set label to true default false using path select * from search_graph; -- L634 with
with recursive search_graph(f, t, label) as ( select * from graph g union all select g.* from graph g, search_graph sg where g.f = sg.t ) cycle f, t, f set is_cycle to true default false using path select * from search_graph; -- L635 with
SELECT * FROM J1_TBL AS tx; -- L636 join
SELECT * FROM J1_TBL CROSS JOIN J2_TBL; -- L637 join
SELECT ii, tt, kk FROM (J1_TBL CROSS JOIN J2_TBL) AS tx (ii, jj, tt, ii2, kk); -- L638 join
SELECT * FROM J1_TBL INNER JOIN J2_TBL USING (i); -- L639 join
SELECT * FROM J1_TBL JOIN J2_TBL USING (i) WHERE J1_TBL.t = 'one'; -- L640 join
SELECT * FROM (J1_TBL JOIN J2_TBL USING (i)) AS x WHERE J1_TBL.t = 'one'; -- L641 join
SELECT * FROM J1_TBL JOIN J2_TBL USING (i) AS x WHERE x.t = 'one'; -- L642 join
SELECT * FROM J1_TBL a1 JOIN J2_TBL a2 USING (i) AS a1; -- L643 join
SELECT ROW(x.*) FROM J1_TBL JOIN J2_TBL USING (i) AS x WHERE J1_TBL.t = 'one'; -- L644 join
SELECT * FROM J1_TBL NATURAL JOIN J2_TBL; -- L645 join
SELECT * FROM J1_TBL JOIN J2_TBL ON (J1_TBL.i = J2_TBL.k); -- L646 join
SELECT * FROM J1_TBL LEFT OUTER JOIN J2_TBL USING (i) ORDER BY i, k, t; -- L647 join
SELECT * FROM J1_TBL RIGHT OUTER JOIN J2_TBL USING (i); -- L648 join
SELECT * FROM J1_TBL FULL OUTER JOIN J2_TBL USING (i) ORDER BY i, k, t; -- L649 join
SELECT * FROM J1_TBL LEFT JOIN J2_TBL USING (i) WHERE (k = 1); -- L650 join
explain (costs off) select * from j1_tbl full join (select * from j2_tbl order by j2_tbl.i desc, j2_tbl.k asc) j2_tbl on j1_tbl.i = j2_tbl.i and j1_tbl.i = j2_tbl.k; -- L651 join
SELECT f1 AS five FROM FLOAT8_TBL UNION SELECT f1 FROM FLOAT8_TBL ORDER BY 1; -- L652 union
SELECT f1 AS nine FROM FLOAT8_TBL UNION SELECT f1 FROM INT4_TBL ORDER BY 1; -- L653 union
SELECT f1 AS five FROM FLOAT8_TBL WHERE f1 BETWEEN -1e6 AND 1e6 UNION SELECT f1 FROM INT4_TBL WHERE f1 BETWEEN 0 AND 1000000 ORDER BY 1; -- L654 union
SELECT f1 AS three FROM VARCHAR_TBL UNION SELECT CAST(f1 AS varchar) FROM CHAR_TBL ORDER BY 1; -- L655 union
SELECT f1 AS five FROM TEXT_TBL UNION SELECT f1 FROM VARCHAR_TBL UNION SELECT TRIM(TRAILING FROM f1) FROM CHAR_TBL ORDER BY 1; -- L656 union
SELECT q2 FROM int8_tbl INTERSECT ALL SELECT q1 FROM int8_tbl ORDER BY 1; -- L657 union
SELECT q2 FROM int8_tbl EXCEPT ALL SELECT q1 FROM int8_tbl ORDER BY 1; -- L658 union
SELECT q1 FROM int8_tbl EXCEPT SELECT q2 FROM int8_tbl ORDER BY 1; -- L659 union
SELECT q1 FROM int8_tbl EXCEPT ALL SELECT DISTINCT q2 FROM int8_tbl ORDER BY 1; -- L660 union
select * from int8_tbl intersect select q2, q1 from int8_tbl order by 1, 2; -- L661 union
SELECT f1 FROM float8_tbl INTERSECT SELECT f1 FROM int4_tbl ORDER BY 1; -- L662 union
SELECT q1 FROM int8_tbl INTERSECT SELECT q2 FROM int8_tbl UNION ALL SELECT q2 FROM int8_tbl ORDER BY 1; -- L663 union
(((SELECT q1 FROM int8_tbl INTERSECT SELECT q2 FROM int8_tbl ORDER BY 1))) UNION ALL SELECT q2 FROM int8_tbl; -- L664 union
SELECT q1 FROM int8_tbl UNION ALL (((SELECT q2 FROM int8_tbl EXCEPT SELECT q1 FROM int8_tbl ORDER BY 1))); -- L665 union
SELECT q1,q2 FROM int8_tbl EXCEPT SELECT q2,q1 FROM int8_tbl ORDER BY q2,q1; -- L666 union
SELECT q1 FROM int8_tbl EXCEPT (((SELECT q2 FROM int8_tbl ORDER BY q2 LIMIT 1))) ORDER BY 1; -- L667 union
SELECT a.f1 FROM (SELECT 'test' AS f1 FROM varchar_tbl) a UNION SELECT b.f1 FROM (SELECT f1 FROM varchar_tbl) b ORDER BY 1; -- L668 union
select distinct q1 from (select distinct * from int8_tbl i81 union all select distinct * from int8_tbl i82) ss where q2 = q2; -- L669 union
select distinct q1 from (select distinct * from int8_tbl i81 union all select distinct * from int8_tbl i82) ss where -q1 = q2; -- L670 union
select * from (select *, 0 as x from int8_tbl a union all select *, 1 as x from int8_tbl b) ss where (x = 0) or (q1 >= q2 and q1 <= q2); -- L671 union
SELECT * FROM SUBSELECT_TBL; -- L672 subselect
SELECT f1 AS "Uncorrelated Field" FROM SUBSELECT_TBL WHERE f1 IN (SELECT f2 FROM SUBSELECT_TBL); -- L673 subselect
SELECT f1, f2 FROM SUBSELECT_TBL WHERE (f1, f2) NOT IN (SELECT f2, CAST(f3 AS int4) FROM SUBSELECT_TBL WHERE f3 IS NOT NULL); -- L674 subselect
SELECT f1 AS "Correlated Field", f3 AS "Second Field" FROM SUBSELECT_TBL upper WHERE f1 IN (SELECT f2 FROM SUBSELECT_TBL WHERE CAST(upper.f2 AS float) = f3); -- L675 subselect
SELECT f1 AS "Correlated Field" FROM SUBSELECT_TBL WHERE (f1, f2) IN (SELECT f2, CAST(f3 AS int4) FROM SUBSELECT_TBL WHERE f3 IS NOT NULL); -- L676 subselect
SELECT ROW(1, 2) = (SELECT f1, f2) AS eq FROM SUBSELECT_TBL; -- L677 subselect
SELECT ROW(1, 2) = (SELECT 3, 4) AS eq FROM SUBSELECT_TBL; -- L678 subselect
SELECT * FROM (SELECT * FROM int4_tbl), (VALUES (123456)) WHERE f1 = column1; -- L679 subselect
select q1, float8(count(*)) / (select count(*) from int8_tbl) from int8_tbl group by q1 order by q1; -- L680 subselect
explain (costs off) select * from int4_tbl o where not exists (select 1 from int4_tbl i where i.f1=o.f1 limit 1); -- L681 subselect
select f1, ss1 as relabel from (select *, (select sum(f1) from int4_tbl b where f1 >= a.f1) as ss1 from int4_tbl a) ss; -- L682 subselect
select (1 = any(array_agg(f1))) = any (select false) from int4_tbl; -- L683 subselect
with q as (select max(f1) from int4_tbl group by f1 order by f1) select q from q; -- L684 subselect
select * from int8_tbl where q1 in (select c1 from inner_text); -- L685 subselect
explain (verbose, costs off) select * from int4_tbl o where (f1, f1) in (select f1, generate_series(1,50) / 10 g from int4_tbl i group by f1); -- L686 subselect
select (select q from (select 1,2,3 where f1 > 0 union all select 4,5,6.0 where f1 <= 0 ) q ) from int4_tbl; -- L687 subselect
explain (verbose, costs off) with x as materialized (select * from (select f1 from subselect_tbl) ss) select * from x where f1 = 1; -- L688 subselect
explain (verbose, costs off) with x as (select * from (select f1, now() as n from subselect_tbl) ss) select * from x, x x2 where x.n = x2.n; -- L689 subselect
explain (verbose, costs off) with x as (select * from int4_tbl) select * from (with y as (select * from x) select * from y) ss; -- L690 subselect
select a, b, grouping(a,b), sum(v), count(*), max(v) from gstest1 group by rollup (a,b); -- L691 groupingsets
select a, b, grouping(a,b), sum(v), count(*), max(v) from gstest1 group by rollup (a,b) order by b desc, a; -- L692 groupingsets
select a, b, grouping(a,b), array_agg(v order by v), string_agg(v::text, ':' order by v desc), percentile_disc(0.5) within group (order by v), rank(1,2,12) within group (order by a,b,v) from gstest1 group by rollup (a,b) order by a,b; -- L693 groupingsets
select sum(c) from gstest2 group by grouping sets((), grouping sets((), grouping sets(()))) order by 1 desc; -- L694 groupingsets
select sum(c) from gstest2 group by grouping sets(grouping sets(rollup(c), grouping sets(cube(c)))) order by 1 desc; -- L695 groupingsets
select sum(c) from gstest2 group by grouping sets(grouping sets((a, (b)))) order by 1 desc; -- L696 groupingsets
select sum(c) from gstest2 group by grouping sets(grouping sets(a, grouping sets(a), a)) order by 1 desc; -- L697 groupingsets
select sum(c) from gstest2 group by grouping sets((a,(a,b)), grouping sets((a,(a,b)),a)) order by 1 desc; -- L698 groupingsets
select a, b, sum(v), count(*) from gstest_empty group by grouping sets ((a,b),()); -- L699 groupingsets
select sum(v), count(*) from gstest_empty group by grouping sets ((),(),()); -- L700 groupingsets
select a, b, grouping(a,b), sum(v), count(*), max(v) from gstest1 group by grouping sets ((a,b),(a+1,b+1),(a+2,b+2)) order by 3,6; -- L701 groupingsets
explain (costs off) select * from gstest1 group by grouping sets((a,b,v),(v)) order by v,b,a; -- L702 groupingsets
select a, b, sum(c), count(*) from gstest2 group by grouping sets (rollup(a,b),a); -- L703 groupingsets
select a,count(*) from gstest2 group by rollup(a) having a is distinct from 1 order by a; -- L704 groupingsets
select v.c, (select count(*) from gstest2 group by () having v.c) from (values (false),(true)) v(c) order by v.c; -- L705 groupingsets
explain (costs off) select a, b, count(*) from gstest2 group by grouping sets ((a, b), (a)) having a > 1 and b > 1; -- L706 groupingsets
explain (costs off) select a, b, count(*) from gstest2 group by rollup(a), b having b > 1; -- L707 groupingsets
explain (costs off) select count(*) from gstest2 group by grouping sets (()) having false; -- L708 groupingsets
explain (costs off) select a, count(*) from gstest2 group by grouping sets ((a), ()) having false; -- L709 groupingsets
explain (costs off) select a, b, count(*) from gstest2 group by grouping sets ((a), (b)) having false; -- L710 groupingsets
select a, b, grouping(a,b), sum(v), count(*), max(v) from gstest1 group by grouping sets ((a),(b)) order by 3,1,2; -- L711 groupingsets
select a, b, grouping(a,b), sum(v), count(*), max(v) from gstest1 group by cube(a,b) order by 3,1,2; -- L712 groupingsets
explain (costs off) select a, b, grouping(a,b), array_agg(v order by v) from gstest1 group by cube(a,b); -- L713 groupingsets
explain (costs off) select a, b, sum(v), count(*) from gstest_empty group by grouping sets ((a,b),(),(),()); -- L714 groupingsets
explain (costs off) select a, b, grouping(a,b), sum(v), count(*), max(v) from gstest1 group by grouping sets ((a,b),(a+1,b+1),(a+2,b+2)) order by 3,6; -- L715 groupingsets
EXPLAIN (COSTS OFF) SELECT DISTINCT ON (y, x) x, y FROM distinct_on_tbl; -- L716 select_distinct_on
EXPLAIN (COSTS OFF) SELECT DISTINCT ON (y, x) x, y FROM (SELECT * FROM distinct_on_tbl ORDER BY x) s; -- L717 select_distinct_on
EXPLAIN (COSTS OFF) SELECT DISTINCT ON (y, x) x, y FROM distinct_on_tbl ORDER BY y; -- L718 select_distinct_on
EXPLAIN (COSTS OFF) SELECT DISTINCT ON (y, x) x, y FROM (select * from distinct_on_tbl order by x, z, y) s ORDER BY y, x, z; -- L719 select_distinct_on
SELECT avg(a) AS avg_32 FROM aggtest WHERE a < 100; -- L720 aggregates
SELECT sum(a) AS sum_198 FROM aggtest; -- L721 aggregates
SELECT max(a) AS max_100 FROM aggtest; -- L722 aggregates
SELECT stddev_pop(b) FROM aggtest; -- L723 aggregates
SELECT var_pop(b) FROM aggtest; -- L724 aggregates
SELECT stddev_pop(b::numeric) FROM aggtest; -- L725 aggregates
SELECT var_pop(b::numeric) FROM aggtest; -- L726 aggregates
SELECT max(row(a,b)) FROM aggtest; -- L727 aggregates
SELECT min(row(a,b)) FROM aggtest; -- L728 aggregates
SELECT regr_count(b, a) FROM aggtest; -- L729 aggregates
SELECT regr_syy(b, a) FROM aggtest; -- L730 aggregates
SELECT regr_avgx(b, a), regr_avgy(b, a) FROM aggtest; -- L731 aggregates
SELECT regr_slope(b, a), regr_intercept(b, a) FROM aggtest; -- L732 aggregates
SELECT corr(b, a) FROM aggtest; -- L733 aggregates
select percentile_cont(0.5) within group (order by b), sum(b) from aggtest; -- L734 aggregates
select row('Joe', 'Blow')::fullname, '(Joe,Blow)'::fullname; -- L735 rowtypes
select '(Joe,"von""Blow")'::fullname, E'(Joe,d\\\\Blow)'::fullname; -- L736 rowtypes
select '(Joe,)'::fullname; -- L737 rowtypes
select '(Joe,,)'::fullname; -- L738 rowtypes
select ' (Joe,Blow) '::fullname; -- L739 rowtypes
select * from quadtable; -- L740 rowtypes
select f1, (q).c1, (qq.q).c1.i from quadtable qq; -- L741 rowtypes
select (fn).first, substr((fn).last, 1, 20), length((fn).last) from people; -- L742 rowtypes
explain (costs off) select * from int8_tbl i8 where i8 in (row(123,456)::int8_tbl, '(4567890123456789,123)'); -- L743 rowtypes
select cast (fullname as text) from fullname; -- L744 rowtypes
select text(fullname) from fullname; -- L745 rowtypes
select f.last from fullname f; -- L746 rowtypes
select f.longname from fullname f; -- L747 rowtypes
select row_to_json(i) from int8_tbl i; -- L748 rowtypes
select row_to_json(ss) from (select q1, q2 from int8_tbl) as ss; -- L749 rowtypes
select row_to_json(ss) from (select q1 as a, q2 as b from int8_tbl) as ss; -- L750 rowtypes
select row_to_json(ss) from (select q1 as a, q2 as b from int8_tbl) as ss(x,y); -- L751 rowtypes
SELECT b, c FROM test_having GROUP BY b, c HAVING count(*) = 1 ORDER BY b, c; -- L752 select_having
SELECT lower(c), count(c) FROM test_having GROUP BY lower(c) HAVING count(*) > 2 OR min(a) = max(a) ORDER BY lower(c); -- L753 select_having
SELECT min(a), max(a) FROM test_having HAVING min(a) = max(a); -- L754 select_having
SELECT a FROM test_having HAVING min(a) < max(a); -- L755 select_having
SELECT 1 AS one FROM test_having HAVING 1 > 2; -- L756 select_having
SELECT 1 AS one FROM test_having WHERE 1/a = 1 HAVING 1 < 2; -- L757 select_having
SELECT * FROM arrtest; -- L758 arrays
SELECT a[1], b[1][1][1], c[1], d[1][1], e[0] FROM arrtest; -- L759 arrays
SELECT array_ndims(a) AS a,array_ndims(b) AS b,array_ndims(c) AS c FROM arrtest; -- L760 arrays
SELECT * FROM arrtest WHERE a[1] < 5 and c = '{"foobar"}'::_name; -- L761 arrays
SELECT a[1:3], b[1:1][1:2][1:2], c[1:2], d[1:1][2:2] FROM arrtest; -- L762 arrays
SELECT a FROM arrtest; -- L763 arrays
SELECT a FROM arrtest WHERE b = ARRAY[[[113,142],[1,147]]]; -- L764 arrays
SELECT count(*) FROM v_large; -- L765 views
SELECT count(*) FROM v_counted; -- L766 views
SELECT depname FROM v_counted ORDER BY depname; -- L767 views
SELECT 1 FROM v_large LIMIT 1; -- L768 views
SELECT count(*) FROM shoe; -- L769 views
SELECT count(*) FROM shoelace; -- L770 views
SELECT EXISTS (SELECT FROM vsubdepartment); -- L771 views
