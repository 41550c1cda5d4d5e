-- The table orders of shops that are not tidy, for test/docs: the queries of the
-- pages are asked of them, and plain SQL beside.  psql's variable shop says which:
--   ids     customers are int8: 300 simulated ones over two years
--   texts   customers are texts: few of them, and months without an order
--   none    no rows
--   uci     a real one, from the file @REAL@, thirteen years later
-- All but the last two have what spoils a query: see the end.

CREATE SCHEMA plain;

SELECT :'shop' = 'texts' AS texts, :'shop' = 'uci' AS uci, :'shop' IN ('ids', 'texts') AS spoilt, :'shop' = 'ids' AS ids
\gset

\if :texts
CREATE TABLE orders (customer_id text, ordered_at timestamptz, amount numeric);
INSERT INTO orders VALUES
	('ann', '2024-01-05 10:00Z', 50), ('ann', '2024-02-10 09:00Z', 20), ('ann', '2024-09-03 18:00Z', 30.5), ('ann', '2025-09-04 18:00Z', 31),
	('Ann', '2024-01-20 10:00Z', 40), ('Ann', '2024-03-20 10:00Z', 25),
	('7', '2024-02-04 10:00Z', 10), ('7', '2024-02-04 15:00Z', 5), ('007', '2024-03-30 10:00Z', 60), ('', '2024-03-30 11:00Z', 17.25), (' ', '2024-10-30 11:00Z', 8),
	-- on either side of a month, a year and a change of the clock, here and in Berlin
	('zoe', '2024-01-31 23:30Z', 12), ('zoe', '2024-03-31 00:30Z', 13), ('zoe', '2024-03-31 01:30Z', 14), ('zoe', '2024-10-27 00:30Z', 15), ('zoe', '2024-10-27 01:30Z', 16),
	('yan', '2024-12-31 23:30Z', 22), ('yan', '2025-01-01 04:30Z', 23), ('yan', '2025-01-01 05:30Z', 24), ('yan', '2025-11-02 05:30Z', 25), ('yan', '2025-11-02 06:30Z', 26),
	('old', '2023-11-30 12:00Z', 99), ('old', '2024-12-01 12:00Z', 101), ('new', '2025-12-20 12:00Z', 44);
CREATE FUNCTION plain.key(n int8) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'customer ' || n $$;
\else
CREATE TABLE orders (customer_id int8, ordered_at timestamptz, amount numeric);
CREATE FUNCTION plain.key(n int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$ SELECT n $$;
\endif

\if :ids
INSERT INTO orders
SELECT customer_id, ordered_at, amount FROM simulate_orders(300, '2 years', 3, start => '2023-12-10 00:00Z');
\endif

\if :uci
CREATE TABLE uci (invoice text, customer int, ordered_at timestamp, amount numeric, lines int, units int, country text, is_cancellation bool);
\copy uci from '@REAL@' csv header
INSERT INTO orders SELECT customer, (ordered_at + interval '13 years') AT TIME ZONE 'UTC', amount FROM uci;
\endif

\if :spoilt
INSERT INTO orders VALUES
	-- guests: orders, refunds, a good customer if they were one
	(NULL, '2024-01-02 10:00Z', 500), (NULL, '2024-01-09 10:00Z', 700), (NULL, '2024-02-29 10:00Z', 900), (NULL, '2024-03-05 10:00Z', 0), (NULL, '2025-06-05 10:00Z', 333.33),
	(NULL, '2024-03-09 10:00Z', -700), (NULL, '2025-12-30 10:00Z', 1), (NULL, NULL, 5), (NULL, '2024-05-01', NULL),
	-- refunds: of the same month, of a later one, of more than was paid, before the first order, without one, after the last order of all
	(plain.key(1001), '2024-03-01 10:00Z', 80), (plain.key(1001), '2024-03-11 10:00Z', -80), (plain.key(1001), '2024-06-01 10:00Z', 35),
	(plain.key(1002), '2024-01-15 10:00Z', 60), (plain.key(1002), '2024-04-15 10:00Z', -20.5),
	(plain.key(1003), '2024-02-15 10:00Z', 10), (plain.key(1003), '2024-02-16 10:00Z', -25), (plain.key(1003), '2024-08-16 10:00Z', 0),
	(plain.key(1004), '2024-01-10 10:00Z', -15), (plain.key(1004), '2024-03-10 10:00Z', 45), (plain.key(1004), '2024-03-10 12:00Z', 45),
	(plain.key(1005), '2024-03-12 10:00Z', -33), (plain.key(1005), '2024-05-12 10:00Z', -3),
	(plain.key(1006), '2024-09-01 10:00Z', 70), (plain.key(1006), '2026-01-20 10:00Z', -70),
	-- orders of 0; two at the same time, to the microsecond; the same amount twice
	(plain.key(1007), '2024-02-20 10:00Z', 0), (plain.key(1008), '2024-03-20 10:00Z', 0), (plain.key(1008), '2024-10-20 10:00Z', 0),
	(plain.key(1009), '2024-05-05 05:05:05.000005Z', 20), (plain.key(1009), '2024-05-05 05:05:05.000005Z', 20), (plain.key(1009), '2024-05-05 05:05:05.000005Z', -20),
	-- no amount, no time, times without end: of a customer who has others, and of one who has none
	(plain.key(1010), '2024-01-01 10:00Z', NULL), (plain.key(1010), '2024-02-02 10:00Z', 30), (plain.key(1010), '2025-03-01 10:00Z', NULL), (plain.key(1010), NULL, 1000),
	(plain.key(1010), 'infinity', 2000), (plain.key(1010), '-infinity', 4000), (plain.key(1010), '2025-02-02 10:00Z', 30),
	(plain.key(1011), NULL, 50), (plain.key(1012), '2024-04-04 10:00Z', NULL), (plain.key(1013), 'infinity', 60), (plain.key(1014), NULL, NULL),
	-- very good customers, and one who bought once, for much
	(plain.key(1015), '2024-01-03 10:00Z', 400.01), (plain.key(1015), '2024-05-03 10:00Z', 410.02), (plain.key(1015), '2024-11-03 10:00Z', 405.5), (plain.key(1015), '2025-11-25 10:00Z', 399.999),
	(plain.key(1016), '2025-03-03 10:00Z', 4000),
	-- the last order of all
	(plain.key(1017), '2025-12-28 04:30Z', 21), (plain.key(1017), '2025-12-29 04:30Z', 22);
\endif

-- What counts, by the one policy of the README.
CREATE TABLE plain.rows AS
SELECT customer_id AS customer, ordered_at AS at, ordered_at::date AS day, amount, amount >= 0 AS is_order
FROM orders WHERE amount IS NOT NULL AND ordered_at > '-infinity' AND ordered_at < 'infinity';
CREATE TABLE plain.known AS SELECT * FROM plain.rows WHERE customer IS NOT NULL;
-- Orders alone, with their number among the customer's.
CREATE TABLE plain.numbered AS
SELECT customer, at, day, amount, row_number() OVER (PARTITION BY customer ORDER BY at) AS n FROM plain.known WHERE is_order;
-- A row a customer with an order.
CREATE TABLE plain.customer AS
SELECT customer, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue, min(at) FILTER (WHERE is_order) AS first, max(at) FILTER (WHERE is_order) AS last,
	   (min(at) FILTER (WHERE is_order))::date AS first_day, (max(at) FILTER (WHERE is_order))::date AS last_day
FROM plain.known GROUP BY customer HAVING bool_or(is_order);
CREATE INDEX ON plain.known (customer);
CREATE INDEX ON plain.numbered (customer);
CREATE INDEX ON plain.numbered (day);
ANALYZE;
-- The last day with an order: now.
CREATE FUNCTION plain.today() RETURNS date STABLE LANGUAGE sql AS $$ SELECT max(day) FROM plain.numbered $$;

-- Years of 365.25 days between two times.
CREATE FUNCTION plain.years(a timestamptz, b timestamptz) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$ SELECT extract(epoch FROM b - a) / 86400 / 365.25 $$;
-- An interval of days and time, of seconds.
CREATE FUNCTION plain.days(seconds numeric) RETURNS interval IMMUTABLE LANGUAGE sql AS $$
	SELECT make_interval(days => trunc(round(seconds, 6) / 86400)::int, secs => mod(round(seconds, 6), 86400)::float8)
$$;
CREATE FUNCTION plain.step(period text) RETURNS interval IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE period WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || period)::interval END
$$;
-- The rows until as_of and the periods they fall in, of a zone's calendar; the last day seen.
CREATE FUNCTION plain.today(zone text) RETURNS date STABLE LANGUAGE sql AS $$ SELECT max((at AT TIME ZONE zone)::date) FROM plain.numbered $$;
CREATE FUNCTION plain.seen(period text, as_of date, zone text)
RETURNS TABLE (customer text, p date, is_order bool, amount numeric) STABLE LANGUAGE sql AS $$
	SELECT customer::text, date_trunc(period, at AT TIME ZONE zone)::date, is_order, amount FROM plain.known WHERE (at AT TIME ZONE zone)::date <= coalesce(as_of, (SELECT plain.today(zone)))
$$;
-- Whether a period that starts then is over: without an as_of nobody knows whether more orders came on the last day.
CREATE FUNCTION plain.is_over(starts timestamp, period text, as_of date, zone text) RETURNS bool STABLE LANGUAGE sql AS $$
	SELECT starts + plain.step(period) <= coalesce(as_of + 1, plain.today(zone))
$$;
-- The cohorts, a row for each cell: a cell is there, and 0, if nobody came.
CREATE FUNCTION plain.cohorts(period text, as_of date DEFAULT NULL, zone text DEFAULT current_setting('timezone'))
RETURNS TABLE (cohort date, i int, period_start date, size int8, active int8, orders int8, revenue numeric, is_complete bool) STABLE LANGUAGE sql AS $$
	WITH seen AS MATERIALIZED (SELECT * FROM plain.seen(period, as_of, zone)),
	members AS MATERIALIZED (SELECT customer, min(p) AS cohort FROM seen WHERE is_order GROUP BY customer),
	sizes AS MATERIALIZED (SELECT cohort, count(*) AS size FROM members GROUP BY cohort),
	done AS MATERIALIZED (SELECT cohort, p, count(DISTINCT customer) FILTER (WHERE is_order) AS active, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue FROM members JOIN seen USING (customer) GROUP BY cohort, p)
	SELECT sizes.cohort, row_number() OVER (PARTITION BY sizes.cohort ORDER BY starts)::int - 1, starts::date, size, coalesce(active, 0), coalesce(orders, 0), coalesce(revenue, 0),
		   plain.is_over(starts, period, as_of, zone)
	FROM sizes CROSS JOIN generate_series(sizes.cohort::timestamp, coalesce(as_of, (SELECT plain.today(zone))), plain.step(period)) starts LEFT JOIN done ON done.cohort = sizes.cohort AND p = starts
$$;

-- What the models of repeat buying know of each customer.
CREATE FUNCTION plain.rfm(as_of date) RETURNS TABLE (customer text, rfm rfm_inputs) STABLE LANGUAGE sql AS $$
	WITH by_day AS (SELECT customer::text, day, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS paid FROM plain.known WHERE day <= as_of GROUP BY customer, day),
	days AS (SELECT *, min(day) OVER w AS first, lag(day) OVER (w ORDER BY day) AS before FROM by_day WHERE orders > 0 WINDOW w AS (PARTITION BY customer))
	SELECT customer, ROW(count(*) - 1, max(day) - first, as_of - first, avg(paid) FILTER (WHERE day > first), coalesce(sum(ln((day - before)::float8)), 0), sum(orders)::int8, first)::rfm_inputs
	FROM days GROUP BY customer, first
$$;

-- First and second day with an order, which may be the same.
CREATE TABLE plain.pair AS
SELECT customer, min(day) AS first, min(day) FILTER (WHERE n = 2) AS second FROM plain.numbered GROUP BY customer;
-- Bounds of a share's 95 % interval (Wilson 1927).
CREATE FUNCTION plain.wilson(k numeric, n numeric, sign int) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$
	SELECT round((k / nullif(n, 0) + z * z / 2 / n + sign * z * sqrt(k / n * (1 - k / n) / n + z * z / 4 / n / n)) / (1 + z * z / n), 3) FROM (VALUES (1.959963984540054)) v (z)
$$;

-- A row's values as texts, numbers to nine digits behind the point: so that a
-- float8 and a numeric, 1 and 1.00 are equal.
CREATE FUNCTION plain.cells(r json) RETURNS text[] STABLE LANGUAGE sql AS $$
	SELECT array_agg(CASE json_typeof(value) WHEN 'null' THEN NULL WHEN 'number' THEN trim_scale(round((value #>> '{}')::numeric, 9))::text ELSE value #>> '{}' END ORDER BY i)
	FROM json_each(r) WITH ORDINALITY e (key, value, i)
$$;
-- 'same', or what tells the tables got and want apart.
CREATE FUNCTION plain.difference(ordered bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	got text[];
	want text[];
BEGIN
	got := ARRAY(SELECT cells::text FROM got ORDER BY CASE WHEN ordered THEN n END, cells::text);
	want := ARRAY(SELECT cells::text FROM want ORDER BY CASE WHEN ordered THEN n END, cells::text);
	IF got = want THEN
		RETURN 'same';
	END IF;
	RETURN (SELECT format(E'%s rows where plain SQL has %s; the first that differ:\n%s', cardinality(got), cardinality(want),
						  string_agg(format(E'    row %s: %s\n  plain SQL: %s', i, coalesce(g, '(none)'), coalesce(w, '(none)')), E'\n' ORDER BY i))
			FROM (SELECT * FROM unnest(got, want) WITH ORDINALITY u (g, w, i) WHERE g IS DISTINCT FROM w ORDER BY i LIMIT 4) AS d);
END
$$;
