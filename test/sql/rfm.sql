-- One customer's days and gaps, GROUP BY customer: rfm_summary, order_days_between,
-- order_gap, next_order_due and next_order_due_day, against their definitions in plain SQL.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = 1;
CREATE SCHEMA rfm_test;
SET search_path = rfm_test, public;

-- ---------------------------------------------------------------------------
-- By hand.
-- ---------------------------------------------------------------------------

-- Two orders on the first day, a refund of one of the second day's, a refund on
-- a day of its own, an order after as_of.
CREATE TABLE few (t timestamptz, a numeric);
INSERT INTO few VALUES ('2024-01-01 09:00', 10), ('2024-01-01 21:00', 5), ('2024-01-11 12:00', -5.25), ('2024-01-11 11:00', 20),
	('2024-01-20 12:00', -3), ('2024-02-01 00:00', 7), ('2024-04-01 00:00', 100);
\x on
SELECT (rfm_summary(t, a, '2024-03-31')).* FROM few;
SELECT rfm_summary(t, '2024-03-31') AS without_amounts, rfm_summary(t, a, '2024-01-10') AS without_repeat,
	   rfm_summary(t, a, '2023-12-31') AS before_all, rfm_summary(t, a, '2024-01-31') AS last_is_refund,
	   rfm_summary(t, a, '2024-02-01') AS as_of_included,
	   order_days_between(t, a, '2024-01-01', '2024-04-01') AS between, order_days_between(t, '2024-01-01', '2024-03-31') AS between_times,
	   order_days_between(t, a, '-infinity', 'infinity') AS ever, order_days_between(t, a, '2024-02-02', '2024-02-02') AS no_day,
	   order_gap(t), next_order_due(t), next_order_due(t::timestamp) AS next_timestamp, next_order_due(t::date) AS next_date
FROM few;
-- A day whose refunds are more than its orders; a first day that is only a refund.
SELECT rfm_summary(t, a, '2024-12-31') FROM (VALUES (date '2024-01-01', -1.0), ('2024-01-02', 10), ('2024-01-05', 2), ('2024-01-05', -3.5)) o (t, a);
-- An even number of gaps has a mean in the middle, which is rounded down to the type.
SELECT order_gap(t), next_order_due(t), order_gap(t::timestamp), next_order_due(t::timestamp) FROM (VALUES (date '2024-01-01'), ('2024-01-02'), ('2024-01-04')) o (t);
SELECT order_gap(t) * 86400e6 AS usecs, next_order_due(t) FROM (VALUES (timestamp '2024-01-01 00:00:00'), ('2024-01-01 00:00:00.000001'), ('2024-01-01 00:00:00.000003')) o (t);
\x off

-- Nothing, and next to nothing.
SELECT rfm_summary(t, a, '2024-03-31'), rfm_summary(t, '2024-03-31'), order_days_between(t, a, '2024-01-01', '2024-02-01') AS between, order_gap(t), next_order_due(t) FROM few WHERE false;
SELECT rfm_summary(NULL::date, 1, '2024-03-31'), rfm_summary('infinity'::timestamptz, 1, '2024-03-31'), rfm_summary(date '2024-01-01', NULL::numeric, '2024-03-31'),
	   rfm_summary(date '2024-01-01', -1, '2024-03-31') AS refund, order_gap(date '2024-01-01'), next_order_due(date '2024-01-01');
SELECT rfm_summary(date '2024-01-01', 3, '2024-01-01') AS one, order_gap(t), next_order_due(t) FROM (VALUES (date '2024-01-01'), ('2024-01-01')) o (t);

-- Wide money: sums beyond 64 bits, of one day and of all; many digits.
SELECT (rfm_summary(t, a, '2024-12-31')).mean_spend, sum(a) FILTER (WHERE t > '2024-01-01') / 2 AS expected
FROM (VALUES (date '2024-01-03', 9e18), ('2024-01-02', 9e18), ('2024-01-02', 9e18), ('2024-01-01', 1), ('2024-01-03', 0.00000000000000000001), ('2024-01-03', -1e40)) o (t, a);
SELECT (rfm_summary(t, a, '2024-12-31')).mean_spend = sum(a) FILTER (WHERE t > '2024-01-01') AS same
FROM (VALUES (date '2024-01-01', 1), ('2024-01-02', 1e1000 + 1e-500), ('2024-01-02', 12345678901234567890)) o (t, a);
SELECT (rfm_summary(t, a, '2024-12-31')).mean_spend FROM (VALUES (date '2024-01-01', 1::float8), ('2024-01-02', 0.1), ('2024-01-02', 0.2), ('2024-01-02', 1e300), ('2024-01-02', -1e300)) o (t, a);

-- Far apart: gaps that need all 64 bits, days of the whole calendar.
SELECT order_gap(t) FROM (VALUES (timestamp '4714-11-24 00:00:00 BC'), ('294276-12-31 23:59:59.999999')) o (t);
SELECT order_gap(t), next_order_due(t) FROM (VALUES (timestamp '4714-11-24 00:00:00 BC'), ('4714-11-24 00:00:00.000001 BC'), ('294276-12-31 23:59:59.999998')) o (t);
SELECT rfm_summary(t, '294276-12-31') FROM (VALUES (timestamptz '4714-11-25 00:00:00 BC'), ('294276-12-31 23:59:59')) o (t);
SELECT rfm_summary(t, '5874897-12-31') FROM (VALUES (date '4714-11-24 BC'), ('294276-12-31')) o (t);

-- The day is one of the session's zone: New York's clocks change on 2024-03-10.
SELECT zone, (SELECT rfm_summary(t, '2024-03-31') FROM (SELECT set_config('timezone', zone, true)) s, LATERAL (VALUES (timestamptz '2024-03-09 23:30-05'), ('2024-03-10 23:30-04'), ('2024-03-11 00:30-04')) o (t)) AS rfm
FROM (VALUES ('UTC'), ('America/New_York'), ('Asia/Kolkata')) z (zone);

-- Or of one that is named, whatever the session's is, and by whatever spelling.
CREATE TABLE nights (t timestamptz, a numeric);
INSERT INTO nights VALUES ('2024-03-09 23:30-05', 10), ('2024-03-10 23:30-04', 20), ('2024-03-11 00:30-04', 30), ('2024-03-20 01:00Z', 5), ('2024-04-02 22:00Z', 6), ('infinity', 7);
SELECT set_config('timezone', session, false) AS session, rfm_summary(t, a, '2024-03-31', 'America/New_York') AS spend, rfm_summary(t, a::float8, '2024-03-31', zone) AS float8, rfm_summary(t, date '2024-03-31', 'america/new_york') AS days,
	   next_order_due_day(t, a, '2024-04-05', zone) AS due, next_order_due_day(t, date '2024-04-05', zone) AS due_of_days,
	   order_days_between(t, a, '2024-03-09', '2024-03-19', zone) AS between, order_days_between(t, a::float8, '2024-03-09', '2024-03-19', zone) AS of_float8, order_days_between(t, date '2024-03-09', date '2024-03-19', zone) AS of_days
FROM nights, unnest('{UTC,America/New_York,Asia/Kolkata}'::text[]) session, (VALUES ('America/New_York')) z (zone) GROUP BY session;
SET timezone = 'UTC';
-- What a time without a zone is by AT TIME ZONE, it is.
SELECT zone, rfm_summary(t, a, '2024-03-31', zone) = rfm_summary(t AT TIME ZONE zone, a, '2024-03-31') AS summary, next_order_due_day(t, a, '2024-03-31', zone) = next_order_due_day(t AT TIME ZONE zone, a, '2024-03-31') AS due,
	   order_days_between(t, a, '2024-03-09', '2024-03-19', zone) = order_days_between(t AT TIME ZONE zone, a, '2024-03-09', '2024-03-19') AS between
FROM nights, unnest('{UTC,Europe/Berlin,America/New_York,Asia/Kathmandu}'::text[]) zone GROUP BY zone ORDER BY zone;
SELECT rfm_summary(t, a, '2024-03-31', '+02:00') FROM nights;
SELECT rfm_summary(t, a, '2024-03-31', 'Berlin') FROM nights;
SELECT order_days_between(t, a, '2024-03-09', '2024-03-19', NULL) FROM nights;
SELECT next_order_due_day(t, a, '2024-03-31', CASE WHEN a > 10 THEN 'Asia/Tokyo' ELSE 'UTC' END) FROM nights;
SELECT rfm_summary(t::timestamp, a, '2024-03-31', 'Europe/Berlin') FROM nights;
SELECT order_days_between(t::date, date '2024-03-09', date '2024-03-19', 'Europe/Berlin') FROM nights;
-- Literals alone could be an amount and a day, too.
SELECT rfm_summary(t, '2024-03-31', 'Europe/Berlin') FROM nights;
SELECT order_days_between(t, '2024-03-09', '2024-03-19', 'Europe/Berlin') FROM nights;
SELECT next_order_due_day(t, '10.50', '2024-03-31') FROM nights;
SELECT order_days_between(t, '2024-03-09', date '2024-03-19', 'Europe/Berlin') FROM nights;
-- Parts of different zones are of different days.
SELECT _retention_timeline_combine(_retention_timeline_add_summary(NULL, now(), date '2024-03-31', 'UTC'), _retention_timeline_add_summary(NULL, now(), date '2024-03-31', 'Europe/Berlin'));
SELECT count(*) > 300 AS many, count(DISTINCT _retention_timeline_send(_retention_timeline_add_between(NULL, '2024-03-01', date '2024-01-01', date '2024-12-31', name))) = count(*) AS differ
FROM pg_timezone_names WHERE name ~ '^(Europe|America|Asia|Africa|Australia|Pacific)/';

-- ---------------------------------------------------------------------------
-- Errors.
-- ---------------------------------------------------------------------------

SELECT rfm_summary(t, a, NULL) FROM few;
SELECT rfm_summary(t, a, 'infinity') FROM few;
SELECT rfm_summary(t, '-infinity') FROM few;
SELECT rfm_summary(t, a, CASE WHEN a = 7 THEN '2024-03-30' ELSE '2024-03-31' END::date) FROM few;
SELECT rfm_summary(t, t::date) FROM few;
SELECT rfm_summary(t, 'NaN'::numeric, '2024-03-31') FROM few;
SELECT rfm_summary(t, 'Infinity'::float8, '2020-03-31') FROM few;
SELECT order_days_between(t, a, NULL, '2024-03-31') FROM few;
SELECT order_days_between(t, '2024-03-31', NULL) FROM few;
SELECT order_days_between(t, a, '2024-03-31', '2024-03-30') FROM few;
SELECT order_days_between(t, a, '2024-01-01', t::date) FROM few;
SELECT order_gap(date '5874897-12-31');
SELECT next_order_due(t) FROM (VALUES (timestamp '2024-01-01'), ('294000-01-01')) o (t);
SELECT next_order_due_day(t, '294276-12-31') FROM (VALUES (date '2024-01-01'), ('294000-01-01')) o (t);
SELECT _retention_timeline_combine(_retention_timeline_add(NULL, date '2024-01-01'), _retention_timeline_add(NULL, timestamp '2024-01-01'));
SELECT _retention_timeline_combine(_retention_timeline_add(NULL, date '2024-01-01'), _retention_timeline_add_summary(NULL, date '2024-01-01', '2024-03-31'));
SELECT _retention_timeline_combine(_retention_timeline_add_summary(NULL, date '2024-01-01', 1, '2024-03-31'), _retention_timeline_add_summary(NULL, date '2024-01-01', 1::numeric, '2024-03-31'));
SELECT _retention_timeline_combine(_retention_timeline_add_summary(NULL, date '2024-01-01', '2024-03-31'), _retention_timeline_add_summary(NULL, date '2024-01-01', '2024-04-30'));
SELECT _retention_timeline_rfm(_retention_timeline_add(NULL, date '2024-01-01'));
SELECT _retention_timeline_rfm(_retention_timeline_add_between(NULL, date '2024-01-01', '2023-12-31', '2024-12-31'));
SELECT _retention_timeline_days(_retention_timeline_add_summary(NULL, date '2024-01-01', '2024-03-31'));
SELECT _retention_timeline_gap(_retention_timeline_add_summary(NULL, date '2024-01-01', '2024-03-31'));
SELECT _retention_timeline_due_date(_retention_timeline_add(NULL, timestamp '2024-01-01'));

-- ---------------------------------------------------------------------------
-- Against the definitions: customers of 1 to 40 orders in all orders of rows,
-- many on the same day or at the same time, refunds before and after their
-- order, NULLs, infinite times.
-- ---------------------------------------------------------------------------

-- A number from 0 to 1 that is the same on every machine: the k-th of order n.
CREATE FUNCTION draw(n int8, k int) RETURNS float8 LANGUAGE sql IMMUTABLE
	RETURN (hashint8extended(n, k::int8) & 1048575)::float8 / 1048576;
CREATE TABLE orders AS
SELECT id, customer,
	   CASE WHEN draw(id, 1) < 0.02 THEN NULL WHEN draw(id, 1) < 0.04 THEN 'infinity' WHEN draw(id, 1) < 0.06 THEN '-infinity'
			ELSE timestamptz '2023-10-20' + floor(draw(id, 2) * CASE customer % 3 WHEN 0 THEN 30 ELSE 400 END)
				* CASE customer % 4 WHEN 0 THEN interval '1 day' ELSE interval '6 hours 30 minutes' END END AS t,
	   CASE WHEN draw(id, 3) < 0.03 THEN NULL WHEN draw(id, 3) < 0.2 THEN -round((draw(id, 4) * 50)::numeric, 2) WHEN draw(id, 3) < 0.25 THEN 0
			ELSE round((draw(id, 4) * 100)::numeric, CASE WHEN draw(id, 5) < 0.1 THEN 4 ELSE 2 END) END
		-- a few with money beyond 64 bits
		* CASE WHEN customer % 50 = 7 AND draw(id, 6) < 0.5 THEN 1e19 ELSE 1 END AS a
FROM (SELECT customer, customer * 100::int8 + n AS id FROM generate_series(1, 600) customer, LATERAL generate_series(1, 1 + customer % 40) n) s
ORDER BY draw(id, 7);

-- The calendar days, in the session's zone.
CREATE VIEW rows AS SELECT customer, t, t::date AS day, a, coalesce(a < 0, false) AS refund FROM orders WHERE isfinite(t);

CREATE FUNCTION expected(as_of date, with_amounts bool) RETURNS TABLE (customer int, x int8, t_x float8, t float8, m_x numeric, log_gaps float8, orders int8, first_day date)
LANGUAGE sql AS $$
	WITH days AS (
		SELECT customer, day, count(*) FILTER (WHERE NOT with_amounts OR NOT refund) AS n, sum(a) AS spend
		FROM rows WHERE day <= as_of AND (a IS NOT NULL OR NOT with_amounts)
		GROUP BY customer, day
	), purchases AS (
		SELECT *, day - lag(day) OVER w AS gap FROM days WHERE n > 0 WINDOW w AS (PARTITION BY customer ORDER BY day)
	)
	SELECT customer, count(gap), (max(day) - min(day))::float8, (as_of - min(day))::float8,
		   CASE WHEN with_amounts THEN sum(spend) FILTER (WHERE gap IS NOT NULL) / nullif(count(gap), 0) END,
		   coalesce(sum(ln(gap::float8)), 0), sum(n)::int8, min(day)
	FROM purchases GROUP BY customer
$$;

-- The means of wide money have as many digits behind the point as the amounts
-- have, among which a plain sum() leaves those of the first day out.
CREATE FUNCTION same_mean(a numeric, b numeric) RETURNS bool LANGUAGE sql AS $$
	SELECT coalesce(a = b OR (abs(b) > 1e16 AND abs(a - b) < 0.01), a IS NULL AND b IS NULL)
$$;

-- How many customers there are, how many have an answer, and how many a wrong one.
CREATE PROCEDURE compare(INOUT result text) LANGUAGE plpgsql AS $$
DECLARE
	as_of date;
	found text := '';
BEGIN
	FOREACH as_of IN ARRAY ARRAY['2023-11-10', '2024-03-31', '2025-06-30']::date[] LOOP
		SELECT found || format(E'%s: %s customers, %s summaries, %s wrong', as_of, count(*), count((g.r).repeat_purchases),
			count(*) FILTER (WHERE (e.customer IS NULL) <> ((g.r).repeat_purchases IS NULL)
				OR ((g.r).repeat_purchases, (g.r).active_days, (g.r).age_days, (g.r).orders, (g.r).first_order) IS DISTINCT FROM (e.x, e.t_x, e.t, e.orders, e.first_day)
				OR NOT same_mean((g.r).mean_spend, e.m_x)
				OR abs((g.r).log_gaps - e.log_gaps) > 1e-12 * e.log_gaps
				OR (f.x, f.t_x, f.t, f.orders, f.first_day) IS DISTINCT FROM ((g.n).repeat_purchases, (g.n).active_days, (g.n).age_days, (g.n).orders, (g.n).first_order) OR (g.n).mean_spend IS NOT NULL
				OR abs((g.n).log_gaps - f.log_gaps) > 1e-12 * f.log_gaps))
		INTO found
		FROM (SELECT customer, rfm_summary(o.t, a, as_of) AS r, rfm_summary(o.t, as_of) AS n FROM orders o GROUP BY customer) g
		LEFT JOIN expected(as_of, true) e USING (customer) LEFT JOIN expected(as_of, false) f USING (customer);
		found := found || E'\n';
	END LOOP;
	SELECT found || format('between: %s days, %s wrong', sum(g.n), count(*) FILTER (WHERE g.n <> coalesce(e.n, 0) OR g.m <> coalesce(e.m, 0))) INTO found
	FROM (SELECT customer, order_days_between(t, a, '2023-11-10', '2024-03-31') AS n, order_days_between(t, '2023-11-10', '2024-03-31') AS m FROM orders GROUP BY customer) g
	LEFT JOIN (SELECT customer, count(DISTINCT day) FILTER (WHERE a >= 0) AS n, count(DISTINCT day) AS m
			   FROM rows WHERE day > '2023-11-10' AND day <= '2024-03-31' GROUP BY customer) e USING (customer);
	result := found;
END
$$;
CALL compare(NULL);
SET timezone = 'America/New_York';
CALL compare(NULL);
SET timezone = 'Australia/Lord_Howe';
CALL compare(NULL);
SET timezone = 'UTC';

-- The other types of time and amount say the same.
CREATE TABLE summaries AS SELECT customer, rfm_summary(t, a, '2024-03-31') AS r, rfm_summary(t, '2024-03-31') AS n, order_gap(t) AS gap, next_order_due(t) AS due,
	order_days_between(t, a, '2024-03-31', '2024-12-31') AS after FROM orders GROUP BY customer;
SELECT count(*) AS customers, count(*) FILTER (WHERE (s.r, s.r, s.n, s.n, s.gap, s.due::timestamp, s.after, s.after, s.after) IS DISTINCT FROM (g.a, g.b, g.c, g.d, g.gap, g.due, g.e, g.f, g.g)) AS different
FROM summaries s JOIN (
	SELECT customer, rfm_summary(t::timestamp, a, '2024-03-31') AS a, rfm_summary(t::date, a, '2024-03-31') AS b,
		   rfm_summary(t::timestamp, '2024-03-31') AS c, rfm_summary(t::date, '2024-03-31') AS d, order_gap(t::timestamp) AS gap, next_order_due(t::timestamp) AS due,
		   order_days_between(t::timestamp, a, '2024-03-31', '2024-12-31') AS e, order_days_between(t::date, a, '2024-03-31', '2024-12-31') AS f,
		   order_days_between(t::date, a::float8, '2024-03-31', '2024-12-31') AS g
	FROM orders GROUP BY customer) g USING (customer);
SELECT count(*) AS customers, count(*) FILTER (WHERE NOT same_mean((a).mean_spend, (s.r).mean_spend) OR (a).repeat_purchases <> (s.r).repeat_purchases OR (b).orders <> (s.r).orders OR (c).log_gaps <> (s.r).log_gaps) AS different
FROM summaries s JOIN (
	SELECT customer, rfm_summary(t, a::float8, '2024-03-31') AS a, rfm_summary(t::timestamp, a::float8, '2024-03-31') AS b, rfm_summary(t::date, a::float8, '2024-03-31') AS c
	-- (of some wide amounts float8 has no better decimal than another one)
	FROM orders WHERE customer % 50 <> 7 GROUP BY customer) g USING (customer);

-- Gaps.
SELECT count(*) AS customers, count(gap) AS gaps, count(*) FILTER (WHERE gap IS DISTINCT FROM median OR due IS DISTINCT FROM next) AS wrong
FROM summaries LEFT JOIN (
	SELECT customer, median / 86400e6 AS median, last + floor(median) * interval '1 microsecond' AS next
	FROM (SELECT customer, percentile_cont(0.5) WITHIN GROUP (ORDER BY (extract(epoch FROM gap) * 1000000)::float8) AS median, max(t) AS last
		  FROM (SELECT customer, t, t - lag(t) OVER (PARTITION BY customer ORDER BY t) AS gap FROM rows) g GROUP BY customer) m) e USING (customer);
SELECT count(*) FILTER (WHERE gap IS DISTINCT FROM median OR due IS DISTINCT FROM next) AS wrong_dates
FROM (SELECT customer, order_gap(t::date) AS gap, next_order_due(t::date) AS due FROM orders GROUP BY customer) g LEFT JOIN (
	SELECT customer, median, last + floor(median)::int AS next
	FROM (SELECT customer, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS median, max(day) AS last
		  FROM (SELECT customer, day, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM rows) g GROUP BY customer) m) e USING (customer);
-- As of a day: of days, however many orders they have, without refunds and what comes later.
SELECT next_order_due_day(t, a, '2024-01-31') AS due, next_order_due_day(t, '2024-01-31') AS refunds_too, next_order_due_day(t::date, a::float8, '2024-01-05') AS to_the_fifth,
	   next_order_due_day(t, a, '2024-01-04') AS one_day
FROM (VALUES (timestamp '2024-01-01 10:00', 5.0), ('2024-01-01 20:00', 5), ('2024-01-05 09:00', 0), ('2024-01-08', -5), ('2024-01-12', 5), ('2024-02-01', 5)) o (t, a);
SELECT count(*) AS customers, count(due) AS due, count(*) FILTER (WHERE due IS DISTINCT FROM next) AS wrong
FROM (SELECT customer, next_order_due_day(t, a, '2024-03-31') AS due FROM orders GROUP BY customer) g LEFT JOIN (
	SELECT customer, max(day) + floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap))::int AS next
	FROM (SELECT customer, day, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap
		  FROM (SELECT DISTINCT customer, t::date AS day FROM orders WHERE isfinite(t) AND a >= 0 AND t::date <= '2024-03-31') d) g GROUP BY customer) e USING (customer);
-- It shares its state with rfm_summary.
SELECT count(DISTINCT aggtransfn) AS transition_functions FROM pg_aggregate
WHERE aggfnoid IN ('next_order_due_day(timestamp, numeric, date)'::regprocedure, 'rfm_summary(timestamp, numeric, date)'::regprocedure);

-- ---------------------------------------------------------------------------
-- The same bits in every plan and order of rows.
-- ---------------------------------------------------------------------------

CREATE FUNCTION comparison(source text) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT count(*) FROM summaries s FULL JOIN (
		SELECT customer, rfm_summary(t, a, ''2024-03-31'') AS r, rfm_summary(t, ''2024-03-31'') AS n, order_gap(t) AS gap, next_order_due(t) AS due,
			   order_days_between(t, a, ''2024-03-31'', ''2024-12-31'') AS after
		FROM %s o GROUP BY customer) q USING (customer)
		WHERE (s.r, s.n, s.gap, s.due, s.after)::text IS DISTINCT FROM (q.r, q.n, q.gap, q.due, q.after)::text', source)
$$;
CREATE FUNCTION differing(source text) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE
	n int8;
BEGIN
	EXECUTE comparison(source) INTO n;
	RETURN n;
END
$$;
SELECT differing('(SELECT * FROM orders ORDER BY t)') AS ascending, differing('(SELECT * FROM orders ORDER BY t DESC)') AS descending,
	   differing('(SELECT * FROM orders ORDER BY a, customer)') AS by_amount;
SET enable_hashagg = off;
SELECT differing('orders') AS sorted;
RESET enable_hashagg;

CREATE FUNCTION plan_matches(query text, pattern text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan::text ~ pattern;
END
$$;
ALTER TABLE orders SET (parallel_workers = 2);
ANALYZE orders;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET cpu_operator_cost = 1;
SELECT plan_matches(comparison('orders'), '"Partial Mode": "Partial"') AS is_partial, differing('orders') AS parallel;
RESET cpu_operator_cost;
RESET min_parallel_table_scan_size;
RESET parallel_tuple_cost;
RESET parallel_setup_cost;
RESET max_parallel_workers_per_gather;

CREATE TABLE by_part (LIKE orders) PARTITION BY HASH (id);
CREATE TABLE by_part_0 PARTITION OF by_part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_part_1 PARTITION OF by_part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO by_part TABLE orders;
ANALYZE by_part;
SET enable_partitionwise_aggregate = on;
SET cpu_tuple_cost = 10;
SELECT plan_matches(comparison('by_part'), '"Partial Mode": "Finalize".*"Append".*"Partial Mode": "Partial"') AS is_partial, differing('by_part') AS partitionwise;
RESET cpu_tuple_cost;
RESET enable_partitionwise_aggregate;

-- Parts, in any order, through text and binary forms and tables.
CREATE TABLE parts AS
SELECT customer, n, array_agg(t ORDER BY n1) AS ts, array_agg(a ORDER BY n1) AS amounts
FROM (SELECT *, draw(id, 8) AS n1, floor(draw(id, 9) * 4) AS n FROM orders) o GROUP BY customer, n;
CREATE FUNCTION log_of(ts timestamptz[], amounts numeric[], as_of date) RETURNS _retention_timeline LANGUAGE plpgsql AS $$
DECLARE
	log _retention_timeline;
BEGIN
	FOR i IN 1 .. cardinality(ts) LOOP
		log := _retention_timeline_add_summary(log, ts[i], amounts[i], as_of);
	END LOOP;
	RETURN log;
END
$$;
CREATE AGGREGATE combined(_retention_timeline) (SFUNC = _retention_timeline_combine, STYPE = _retention_timeline, COMBINEFUNC = _retention_timeline_combine, FINALFUNC = _retention_timeline_rfm);
CREATE TABLE logs AS SELECT customer, n, log_of(ts, amounts, '2024-03-31') AS log FROM parts;
SELECT count(*) AS customers, count(*) FILTER (WHERE g.r::text IS DISTINCT FROM s.r::text OR g.u::text IS DISTINCT FROM s.r::text OR g.v::text IS DISTINCT FROM s.r::text) AS different
FROM summaries s JOIN (SELECT customer, combined(log) AS r, combined(log ORDER BY n DESC) AS u, combined(log::text::_retention_timeline) AS v FROM logs GROUP BY customer) g USING (customer);
-- A value stays as it was, whatever is made of it.
CREATE TABLE before AS SELECT customer, n, log::text AS text FROM logs;
SELECT count(_retention_timeline_combine(a.log, b.log)) > 0 AS some, count(_retention_timeline_add_summary(a.log, timestamptz '2024-01-01', 1.0, '2024-03-31')) > 0 AS more FROM logs a JOIN logs b USING (customer);
SELECT count(*) FILTER (WHERE log::text <> text) AS changed FROM logs JOIN before USING (customer, n);
-- The same orders are the same bytes.
SELECT count(DISTINCT log::text) AS forms FROM (VALUES
	(_retention_timeline_add_summary(_retention_timeline_add_summary(NULL, date '2024-01-01', 1.5, '2024-03-31'), date '2024-02-01', 2.25, '2024-03-31')),
	(_retention_timeline_add_summary(_retention_timeline_add_summary(NULL, date '2024-02-01', 2.25, '2024-03-31'), date '2024-01-01', 1.5, '2024-03-31')),
	(_retention_timeline_combine(_retention_timeline_add_summary(NULL, date '2024-02-01', 2.25, '2024-03-31'), _retention_timeline_add_summary(NULL, date '2024-01-01', 1.5, '2024-03-31')))) l (log);
SELECT _retention_timeline_combine(NULL, NULL) IS NULL AS nulls, _retention_timeline_combine(NULL, l)::text = l::text AS left, _retention_timeline_combine(l, NULL)::text = l::text AS right,
	   _retention_timeline_add(l, NULL)::text = l::text AS skipped, _retention_timeline_add(NULL, 'infinity'::date) IS NULL AS nothing
FROM (SELECT _retention_timeline_add(NULL, date '2024-01-01')) s (l);

-- Frames.
CREATE TABLE numbered AS SELECT *, row_number() OVER (PARTITION BY customer ORDER BY draw(id, 10)) AS n FROM orders WHERE customer < 100;
SELECT count(*) AS rows, count(r) AS summaries, count(*) FILTER (WHERE r::text IS DISTINCT FROM (SELECT rfm_summary(i.t, i.a, '2024-03-31') FROM numbered i WHERE i.customer = o.customer AND i.n BETWEEN o.n - 5 AND o.n)::text) AS wrong,
	   count(*) FILTER (WHERE gap IS DISTINCT FROM (SELECT order_gap(i.t) FROM numbered i WHERE i.customer = o.customer AND i.n <= o.n)) AS wrong_gaps,
	   count(*) FILTER (WHERE days IS DISTINCT FROM (SELECT order_days_between(i.t, '2023-12-31', '2024-12-31') FROM numbered i WHERE i.customer = o.customer AND i.n >= o.n)) AS wrong_days
FROM (SELECT *, rfm_summary(t, a, '2024-03-31') OVER (PARTITION BY customer ORDER BY n ROWS 5 PRECEDING) AS r,
			 order_gap(t) OVER (PARTITION BY customer ORDER BY n) AS gap,
			 order_days_between(t, '2023-12-31', '2024-12-31') OVER (PARTITION BY customer ORDER BY n ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS days
	  FROM numbered) o;

-- ---------------------------------------------------------------------------
-- Many customers, and one with many orders.
-- ---------------------------------------------------------------------------

-- A hundred thousand customers of three orders, each of whom takes some 130 bytes
-- of the hash table itself.
CREATE FUNCTION hash_kb(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	-- a server with assertions has more memory beside each piece: it isn't measured there
	RETURN CASE current_setting('debug_assertions') WHEN 'off' THEN substring(plan::text FROM '"Peak Memory Usage": (\d+)')::int ELSE 0 END;
END
$$;
CREATE TABLE thirds AS SELECT n % 100000 AS customer, timestamptz '2024-01-01' + n * interval '97 seconds' AS t, round((n % 1000) / 100.0, 2) AS a FROM generate_series(1, 300000) n;
ANALYZE thirds;
SET work_mem = '256MB';
SET enable_sort = off;
SELECT hash_kb('SELECT customer, rfm_summary(t, a, ''2025-03-31'') FROM thirds GROUP BY customer') < 32000 AS summaries_are_small,
	   hash_kb('SELECT customer, order_gap(t) FROM thirds GROUP BY customer') < 25000 AS gaps_are_small;
RESET enable_sort;
RESET work_mem;
-- The timeline of one customer doubles, however many orders they have.
SELECT (r).repeat_purchases, (r).orders, (r).mean_spend, gap FROM (SELECT rfm_summary(t, a, '2025-03-31') AS r, order_gap(t) AS gap FROM thirds) s;
SELECT (r).repeat_purchases, (r).orders, gap FROM (SELECT rfm_summary(t, a, '2025-03-31') AS r, order_gap(t) AS gap FROM (SELECT * FROM thirds ORDER BY hashint8(customer), t) o) s;

-- ---------------------------------------------------------------------------
-- Bytes that come from outside: a value or an error of class 22, never more.
-- ---------------------------------------------------------------------------

SELECT 'no log'::_retention_timeline;
SELECT ''::_retention_timeline;
CREATE FUNCTION outcome(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	log _retention_timeline;
	answer text;
BEGIN
	log := encode(bytes, 'base64')::_retention_timeline;
	-- what has come in has to answer, or say what it is
	BEGIN
		answer := concat(_retention_timeline_rfm(_retention_timeline_combine(log, log)));
	EXCEPTION WHEN invalid_parameter_value THEN
		BEGIN
			answer := concat(_retention_timeline_gap(_retention_timeline_combine(log, log)));
		EXCEPTION WHEN invalid_parameter_value THEN
			answer := concat(_retention_timeline_days(_retention_timeline_combine(log, log)));
		END;
	END;
	RETURN CASE WHEN encode(_retention_timeline_send(log), 'base64')::_retention_timeline::text = log::text THEN 'a value' ELSE 'not the same again' END;
EXCEPTION WHEN OTHERS THEN
	RETURN CASE WHEN SQLSTATE LIKE '22%' THEN 'refused' ELSE SQLSTATE || ' ' || SQLERRM END;
END
$$;
CREATE TABLE samples AS
SELECT _retention_timeline_send(log) AS bytes FROM (SELECT log FROM logs WHERE customer IN (3, 7, 57, 12) AND n < 2) s
UNION ALL SELECT _retention_timeline_send(_retention_timeline_add(_retention_timeline_add(_retention_timeline_add(NULL, t), t + interval '1 hour'), t)) FROM (VALUES (timestamptz '2024-01-01')) v (t)
UNION ALL SELECT _retention_timeline_send(_retention_timeline_add(_retention_timeline_add(NULL, d), d + 40)) FROM (VALUES (date '2024-01-01')) v (d)
UNION ALL SELECT _retention_timeline_send(_retention_timeline_add_between(_retention_timeline_add_between(NULL, d, '-infinity', '2024-03-31'), d + 40, '-infinity', '2024-03-31')) FROM (VALUES (date '2024-01-01')) v (d)
UNION ALL SELECT _retention_timeline_send(_retention_timeline_add_summary(NULL, d, 1e30, '2024-03-31')) FROM (VALUES (date '2024-01-01')) v (d);
SELECT count(*) AS samples, count(*) FILTER (WHERE outcome(bytes) = 'a value') AS values FROM samples;
-- cut off anywhere, and with more behind
SELECT outcome(substr(bytes, 1, n)) AS cut, count(*) > 50 AS many FROM samples, LATERAL generate_series(0, length(bytes) - 1) n GROUP BY 1;
SELECT outcome(bytes || '\x00') AS longer, count(*) FROM samples GROUP BY 1;
-- each byte another
SELECT outcome(set_byte(bytes, n, b)) AS changed, count(*) > 50 AS many
FROM samples, LATERAL generate_series(0, least(length(bytes), 60) - 1) n, unnest(ARRAY[0, 1, 2, 3, 5, 127, 128, 200, 254, 255]) b
GROUP BY 1 ORDER BY 1;
-- bits turned over
SELECT outcome(set_bit(set_bit(bytes, a, 1 - get_bit(bytes, a)), b, 1 - get_bit(bytes, b))) AS flipped, count(*) > 50 AS many
FROM samples, LATERAL (SELECT hashint4(n) AS h, abs(hashint4(n)) % (length(bytes) * 8) AS a, abs(hashint4(n + 1000)) % (length(bytes) * 8) AS b FROM generate_series(1, 200) n) r
WHERE a <> b GROUP BY 1 ORDER BY 1;
-- claims of more than there is: entries, digits, bytes of an amount
SELECT name, outcome(decode(hex, 'hex')) FROM (VALUES
	('2^63 entries', '0101020000' || 'ffffffff0f' || 'feffffff0f' || '00' || '01' || '00' || 'ffffffffffffffffff01'),
	('2^40 entries', '0101020000' || 'ffffffff0f' || 'feffffff0f' || '00' || '0000' || '808080808020'),
	('a scale of 2^60', '0103000100' || 'ffffffff0f' || 'd08901' || '00' || '01' || '808080808080808010' || '01' || '00' || '0101'),
	('an amount of 2^40 bytes', '0103000100' || 'ffffffff0f' || 'd08901' || '00' || '01' || '00' || '01' || '01' || '808080808020' || '01')) v (name, hex);

-- one customer with 2^63 - 1 orders: more is too many
SELECT _retention_timeline_combine(l, l) FROM (SELECT encode(decode('0102000000' || 'ffffffff0f' || '00' || '00' || 'ffffffffffffffff7f' || '00' || '01' || '01', 'hex'), 'base64')::_retention_timeline) s (l);

-- in a table and out again
CREATE TABLE received (log _retention_timeline);
INSERT INTO received SELECT encode(bytes, 'base64')::_retention_timeline FROM samples;
SELECT count(*) AS same FROM received r JOIN samples s ON _retention_timeline_send(r.log) = s.bytes;

SET client_min_messages = error;
DROP SCHEMA rfm_test CASCADE;
