-- What a purchase history answers, over random orders, against the definition
-- of each question in plain SQL.
--
-- Three parts: the orders; the definitions, functions whose names begin with
-- plain_ and which know nothing of the extension; and the comparison, which
-- asks both the same and prints how many answers differ.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
-- Thousands of small queries: compiling them takes longer than all else.
SET jit = off;
CREATE SCHEMA history_oracle;
SET search_path = history_oracle, public;

-- ---------------------------------------------------------------------------
-- Orders.
-- ---------------------------------------------------------------------------

CREATE TABLE runs (run int PRIMARY KEY, what text, rows int, customers int, first date, days int,
				   guests float8, refunds float8, no_time float8, no_amount float8, no_price float8);
INSERT INTO runs VALUES
	(1, 'few customers', 120, 3, '2023-01-15', 400, 0, 0, 0, 0, 0),
	(2, 'many customers', 150, 100, '2023-09-20', 300, 0, 0.1, 0, 0, 0.1),
	(3, 'one-timers only', 60, 60, '2023-11-11', 120, 0, 0, 0, 0, 0),
	(4, 'a regular', 150, 12, '2022-12-20', 250, 0.02, 0.05, 0, 0, 0),
	(5, 'ties and days with many orders', 150, 12, '2024-02-20', 15, 0, 0.1, 0, 0, 0.1),
	(6, 'years apart', 50, 14, '2004-12-28', 4000, 0, 0.1, 0, 0, 0),
	(7, 'guests', 100, 20, '2023-12-15', 200, 0.6, 0.2, 0, 0, 0),
	(8, 'refunds', 120, 25, '2023-06-15', 200, 0.05, 0.5, 0, 0, 0.05),
	(9, 'refunds before the first order and after the last', 120, 30, '2023-06-15', 200, 0.05, 0.1, 0, 0, 0),
	(10, 'holes', 200, 30, '2023-06-15', 200, 0.1, 0.1, 0.3, 0.3, 0.3),
	(11, 'refunds only, but for guests', 40, 8, '2023-06-15', 200, 0.5, 1, 0, 0, 0),
	(12, 'one order', 1, 1, '2024-02-29', 1, 0, 0, 0, 0, 0),
	(13, 'ends of years', 120, 20, '2018-12-01', 1500, 0, 0.1, 0, 0, 0),
	(14, 'all of it', 250, 50, '2021-06-15', 700, 0.05, 0.1, 0.05, 0.05, 0.05);

-- A number from 0 to 1, the same on every machine.
CREATE FUNCTION chance(run int, n int, what int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(run * 1000 + n, what) & 4503599627370495) / 4503599627370496.0::float8
$$;

CREATE TABLE draws AS
SELECT run, n,
	   CASE WHEN chance(run, n, 1) >= guests THEN
			CASE WHEN run = 3 THEN n
				 WHEN run = 4 AND n % 4 <> 0 THEN 0
				 ELSE floor(chance(run, n, 2) * customers)::int END END AS customer,
	   CASE WHEN chance(run, n, 3) >= no_time THEN
				-- a third at midnight, or a microsecond before it
				first + floor(chance(run, n, 4) * days) * interval '1 day' +
				CASE WHEN chance(run, n, 5) < 0.2 THEN interval '0'
					 WHEN chance(run, n, 5) < 0.35 THEN interval '23:59:59.999999'
					 WHEN run = 5 THEN floor(chance(run, n, 6) * 4) * interval '6 hours'
					 ELSE chance(run, n, 6) * interval '24 hours' END
			WHEN chance(run, n, 4) < 0.4 THEN 'infinity'
			WHEN chance(run, n, 4) < 0.8 THEN '-infinity' END AS at,
	   CASE WHEN chance(run, n, 7) < no_amount THEN NULL
			WHEN chance(run, n, 7) < no_amount + no_price THEN 0
			ELSE (chance(run, n, 8) * 300 + 0.01)::numeric * CASE WHEN chance(run, n, 9) < refunds THEN -1 ELSE 1 END END AS amount,
	   floor(chance(run, n, 10) * 6)::int AS digits
FROM runs, generate_series(1, rows) n;
-- The first and the last quarter of the time are all refunds; customers with a
-- number divisible by five have nothing else.
UPDATE draws SET amount = -abs(amount) WHERE run = 9 AND (at < '2023-08-04' OR at >= '2023-11-12' OR customer % 5 = 0);
-- Nothing happens but in the fortnight about each New Year.
UPDATE draws SET at = date_trunc('year', at + interval '6 months') - interval '7 days' + (at - date_trunc('year', at)) / 26 WHERE run = 13;
-- A guest's refunds, and their orders.
UPDATE draws SET amount = abs(amount) WHERE run = 11 AND customer IS NULL AND n % 3 <> 0;

CREATE TABLE orders AS
SELECT run, n,
	   customer::int8 * 1000003 - 7 AS c_int8, 'customer ' || customer AS c_text, md5(customer::text)::uuid AS c_uuid,
	   at AT TIME ZONE 'UTC' AS t_timestamptz, at AS t_timestamp, at::date AS t_date,
	   round(amount, 2)::numeric(12, 2) AS a_cents, round(amount, digits) AS a_mixed, round(amount, 2)::float8 AS a_float8,
	   round(amount, 2) * 1e20 AS a_wide
FROM draws;

-- Each run with each grain, and of the types of a customer, a time and an amount
-- each combination.
CREATE TABLE cases AS
SELECT i AS id, run, what, grain,
	   (ARRAY['c_int8', 'c_text', 'c_uuid'])[i % 3 + 1] AS key,
	   (ARRAY['t_timestamptz', 't_timestamp', 't_date'])[i / 3 % 3 + 1] AS at,
	   (ARRAY['a_cents', 'a_mixed', 'a_float8', 'a_wide', NULL])[(g + run) % 5 + 1] AS amount,
	   CASE WHEN i / 3 % 3 = 0 AND run % 2 = 0 THEN 'America/New_York' END AS zone
FROM (SELECT *, ((run - 1) * 5 + g - 1)::int AS i
	  FROM runs, unnest('{day,week,month,quarter,year}'::text[]) WITH ORDINALITY u (grain, g)) s;
SELECT count(*) AS cases, count(DISTINCT (key, at, amount)) AS types, count(DISTINCT (grain, at)) AS grains_and_times, count(zone) AS zones FROM cases;

-- ---------------------------------------------------------------------------
-- The definitions.
-- ---------------------------------------------------------------------------

-- What a history keeps of the rows that count: to the day for the first and the
-- last order, to the period of its grain for all else.
CREATE TABLE facts (id int, customer text, period date, day date, is_order bool, amount numeric);
CREATE INDEX ON facts (id);
DO $$
DECLARE
	c cases;
BEGIN
	FOR c IN SELECT * FROM cases LOOP
		EXECUTE format('
			INSERT INTO facts
			SELECT %L, customer::text, date_trunc(%L, local)::date, local::date, coalesce(amount >= 0, true), amount
			FROM (SELECT %s AS customer, %s AS local, %s::text::numeric AS amount FROM orders WHERE run = %s) s
			WHERE isfinite(local) AND %s',
			c.id, c.grain, c.key,
			CASE c.at WHEN 't_timestamptz' THEN format('t_timestamptz AT TIME ZONE %L', coalesce(c.zone, 'UTC')) ELSE c.at || '::timestamp' END,
			coalesce(c.amount, 'NULL'), c.run,
			-- where amounts are no input, each row is an order
			CASE WHEN c.amount IS NULL THEN 'true' ELSE 'amount IS NOT NULL' END);
	END LOOP;
END
$$;
ANALYZE facts;

-- The last day that is seen: if not given, that of the last order of a customer.
CREATE FUNCTION horizon(which int, as_of date) RETURNS date STABLE LANGUAGE sql AS $$
	SELECT coalesce(as_of, (SELECT max(day) FROM facts WHERE id = which AND customer IS NOT NULL AND is_order))
$$;
-- Rows in periods that begin after it are not.
CREATE FUNCTION seen(which int, as_of date) RETURNS SETOF facts STABLE LANGUAGE sql AS $$
	SELECT * FROM facts WHERE id = which AND customer IS NOT NULL AND period <= horizon(which, as_of)
$$;
-- The orders of each customer, numbered; their days are first days of periods.
CREATE FUNCTION numbered(which int, as_of date) RETURNS TABLE (customer text, day date, n int8) STABLE LANGUAGE sql AS $$
	SELECT customer, period, row_number() OVER (PARTITION BY customer ORDER BY period) FROM seen(which, as_of) WHERE is_order
$$;
CREATE FUNCTION step(period text) RETURNS interval IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE WHEN period LIKE '%days%' THEN substring(period, '^\d+ days')
		   WHEN period LIKE 'quarter%' THEN '3 months' ELSE '1 ' || substring(period, '^\w+') END::interval
$$;
-- Weeks from another weekday, and years and quarters from another month, are those
-- of date_trunc, shifted; runs of days go on from a day, in both directions.
CREATE FUNCTION shift(period text) RETURNS interval IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE WHEN period NOT LIKE '% from %' THEN interval '0'
		   WHEN period LIKE 'week%' THEN (array_position('{monday,tuesday,wednesday,thursday,friday,saturday,sunday}'::text[], substring(period, 'from (.*)')) - 1) * interval '1 day'
		   ELSE (extract(month FROM ('1 ' || substring(period, 'from (.*)') || ' 2000')::date) - 1) * interval '1 month' END
$$;
CREATE FUNCTION origin(period text) RETURNS date IMMUTABLE LANGUAGE sql AS $$
	SELECT coalesce(substring(period, 'from (.*)'), '2000-01-03')::date
$$;
CREATE FUNCTION run_days(period text) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$
	SELECT substring(period, '^\d+')::numeric
$$;
CREATE FUNCTION trunc_to(period text, day date) RETURNS date IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE WHEN period LIKE '%days%' THEN origin(period) + (floor((day - origin(period)) / run_days(period)) * run_days(period))::int
		   ELSE (date_trunc(substring(period, '^\w+'), day::timestamp - shift(period)) + shift(period))::date END
$$;
CREATE FUNCTION about_days(period text) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE substring(period, '^\w+') WHEN 'day' THEN 1 WHEN 'week' THEN 7 ELSE coalesce(run_days(period), 30) END
$$;
-- Unless somebody says when, the period of the last order is seen to its end, and what is given back behind that.
CREATE FUNCTION seen(which int, asked text, as_of date) RETURNS SETOF facts STABLE LANGUAGE sql AS $$
	SELECT * FROM facts WHERE id = which AND customer IS NOT NULL AND (period <= horizon(which, as_of) OR (as_of IS NULL AND trunc_to(asked, period) = trunc_to(asked, horizon(which, NULL))))
$$;
-- A period is complete if its last day is seen; the one that the last order is
-- in never is, unless it is said that all of it is seen.
CREATE FUNCTION is_complete(which int, period text, begins date, as_of date) RETURNS bool STABLE LANGUAGE sql AS $$
	SELECT CASE WHEN as_of IS NOT NULL THEN (begins + step(period))::date - 1 <= as_of
		   ELSE begins < trunc_to(period, horizon(which, NULL)) END
$$;

CREATE FUNCTION plain_cohort_retention(which int, period text, as_of date, max_periods int)
RETURNS TABLE (cohort date, period_index int, period_start date, cohort_size int8, active int8, retention float8,
			   orders int8, revenue numeric, cumulative_revenue numeric, customer_value numeric, is_complete bool) STABLE LANGUAGE sql AS $$
	WITH r AS MATERIALIZED (SELECT *, trunc_to($2, s.period) AS p FROM seen(which, $2, as_of) s),
	members AS MATERIALIZED (SELECT customer, min(p) AS cohort FROM r WHERE is_order GROUP BY customer),
	sizes AS (SELECT cohort, count(*) AS size FROM members GROUP BY cohort),
	cells AS (
		SELECT cohort, size, starts::date, row_number() OVER (PARTITION BY cohort ORDER BY starts) - 1 AS i
		FROM sizes, generate_series(cohort::timestamp, horizon(which, as_of), step($2)) starts),
	done AS (
		SELECT cohort, p, count(DISTINCT customer) FILTER (WHERE is_order) AS active, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue
		FROM members JOIN r USING (customer) GROUP BY cohort, p),
	filled AS (
		SELECT c.cohort, i, starts, size, coalesce(active, 0) AS active, coalesce(orders, 0) AS orders,
			   CASE WHEN (SELECT amount IS NOT NULL FROM cases WHERE id = which) THEN coalesce(revenue, 0) END AS revenue
		FROM cells c LEFT JOIN done d ON d.cohort = c.cohort AND d.p = c.starts)
	SELECT cohort, i::int, starts, size, active, active::float8 / size, orders, revenue, sum(revenue) OVER to_date, sum(revenue) OVER to_date / size,
		   is_complete(which, $2, starts, as_of)
	FROM filled WHERE i < max_periods OR max_periods IS NULL
	WINDOW to_date AS (PARTITION BY cohort ORDER BY i)
	ORDER BY cohort, i
$$;

CREATE FUNCTION plain_cohort_average(which int, weighted bool, period text, as_of date, max_periods int)
RETURNS TABLE (period_index int, cohorts int8, customers int8, active int8, retention float8, revenue numeric, cumulative_revenue numeric, customer_value numeric)
STABLE LANGUAGE sql AS $$
	SELECT period_index, count(*), sum(cohort_size)::int8, sum(active)::int8,
		   CASE WHEN weighted THEN sum(active)::float8 / sum(cohort_size)::float8 ELSE avg(retention) END,
		   sum(revenue), sum(cumulative_revenue),
		   CASE WHEN weighted THEN sum(cumulative_revenue) / sum(cohort_size) ELSE avg(customer_value) END
	FROM plain_cohort_retention(which, period, as_of, max_periods)
	WHERE is_complete GROUP BY period_index ORDER BY period_index
$$;

-- Wilson's interval.
CREATE FUNCTION bound(hits int8, trials int8, side int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (p + z * z / (2 * n) + side * z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
	FROM (SELECT hits::float8 / nullif(trials, 0) AS p, nullif(trials, 0)::float8 AS n, 1.959963984540054::float8 AS z) s
$$;
-- The first order's day F of each customer, the second's S, and the age A.
CREATE FUNCTION starters(which int, as_of date) RETURNS TABLE (customer text, f date, s date, a int) STABLE LANGUAGE sql AS $$
	SELECT customer, min(day), min(day) FILTER (WHERE n = 2), horizon(which, as_of) - min(day) FROM numbered(which, as_of) GROUP BY customer
$$;
CREATE FUNCTION plain_repeat_within(which int, days int[], as_of date)
RETURNS TABLE (days int, eligible int8, repeated int8, rate float8, lower float8, upper float8) STABLE LANGUAGE sql AS $$
	SELECT d, e, r, r::float8 / nullif(e, 0), bound(r, e, -1), bound(r, e, 1)
	FROM (SELECT d, i, count(*) FILTER (WHERE a >= d) AS e, count(*) FILTER (WHERE a >= d AND s - f <= d) AS r
		  FROM unnest(days) WITH ORDINALITY u (d, i) LEFT JOIN starters(which, as_of) ON true GROUP BY d, i) t
	ORDER BY i
$$;
-- Of the customers who are `age` days old, those with an order from F + low to F + high.
CREATE FUNCTION plain_retained(which int, as_of date, age int, low int, high int, OUT e int8, OUT r int8) STABLE LANGUAGE sql AS $$
	SELECT count(*), count(*) FILTER (WHERE EXISTS (
		SELECT FROM numbered(which, as_of) o WHERE o.customer = c.customer AND o.day - c.f BETWEEN low AND high))
	FROM starters(which, as_of) c WHERE a >= age
$$;
CREATE FUNCTION plain_retained_on(which int, days int[], as_of date)
RETURNS TABLE (days int, eligible int8, retained int8, rate float8, lower float8, upper float8) STABLE LANGUAGE sql AS $$
	SELECT d, e, r, r::float8 / nullif(e, 0), bound(r, e, -1), bound(r, e, 1)
	FROM unnest(days) WITH ORDINALITY u (d, i), plain_retained(which, as_of, d, d, d) ORDER BY i
$$;
CREATE FUNCTION plain_retained_on_or_after(which int, days int[], as_of date)
RETURNS TABLE (days int, eligible int8, retained int8, rate float8, lower float8, upper float8) STABLE LANGUAGE sql AS $$
	SELECT d, e, r, r::float8 / nullif(e, 0), bound(r, e, -1), bound(r, e, 1)
	FROM unnest(days) WITH ORDINALITY u (d, i), plain_retained(which, as_of, d, d, 1000000) ORDER BY i
$$;
CREATE FUNCTION plain_retained_between(which int, days int[], as_of date)
RETURNS TABLE (from_days int, to_days int, eligible int8, retained int8, rate float8, lower float8, upper float8) STABLE LANGUAGE sql AS $$
	SELECT low, high, e, r, r::float8 / nullif(e, 0), bound(r, e, -1), bound(r, e, 1)
	FROM (SELECT d AS low, lead(d) OVER (ORDER BY i) - 1 AS high, i FROM unnest(days) WITH ORDINALITY u (d, i)) b, plain_retained(which, as_of, high, low, high)
	WHERE high IS NOT NULL ORDER BY i
$$;

-- What was paid within so many days of the first order, by those who are so old.
CREATE FUNCTION plain_value_within(which int, days int[], as_of date)
RETURNS TABLE (days int, eligible int8, orders int8, revenue numeric, purchase_frequency float8, aov numeric, customer_value numeric) STABLE LANGUAGE sql AS $$
	SELECT d, e, o, CASE WHEN (SELECT amount IS NOT NULL FROM cases WHERE id = which) THEN coalesce(r, 0) END, o::float8 / nullif(e, 0), r / nullif(o, 0), r / nullif(e, 0)
	FROM (SELECT d, i, count(DISTINCT customer) AS e, count(*) FILTER (WHERE is_order) AS o, sum(amount) AS r
		  FROM unnest(days) WITH ORDINALITY u (d, i) LEFT JOIN (starters(which, as_of) JOIN seen(which, as_of) s USING (customer)) ON a >= d AND period - f BETWEEN 0 AND d
		  GROUP BY d, i) t
	ORDER BY i
$$;

CREATE FUNCTION plain_time_to_order(which int, nth int, as_of date)
RETURNS TABLE (duration float8, at_risk int8, events int8, censored int8) STABLE LANGUAGE sql AS $$
	WITH durations AS MATERIALIZED (
		SELECT coalesce(b.day, horizon(which, as_of)) - a.day AS d, b.day IS NOT NULL AS event
		FROM numbered(which, as_of) a LEFT JOIN numbered(which, as_of) b ON b.customer = a.customer AND b.n = nth
		WHERE a.n = nth - 1)
	SELECT d, (SELECT count(*) FROM durations x WHERE x.d >= s.d), count(*) FILTER (WHERE event), count(*) FILTER (WHERE NOT event)
	FROM durations s GROUP BY d ORDER BY d
$$;

CREATE FUNCTION plain_order_ladder(which int, within int, as_of date, max_orders int)
RETURNS TABLE (order_number int, customers int8, reached_next int8, rate float8, eligible int8, eligible_reached_next int8, eligible_rate float8, median_gap_days float8) STABLE LANGUAGE sql AS $$
	WITH o AS MATERIALIZED (SELECT * FROM numbered(which, as_of))
	SELECT a.n::int, count(*), count(b.n), count(b.n)::float8 / count(*),
		   count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND b.day - a.day <= within), count(*) FILTER (WHERE old AND b.day - a.day <= within)::float8 / nullif(count(*) FILTER (WHERE old), 0),
		   percentile_cont(0.5) WITHIN GROUP (ORDER BY b.day - a.day)
	FROM (SELECT *, horizon(which, as_of) - day >= within AS old FROM o) a LEFT JOIN o b ON b.customer = a.customer AND b.n = a.n + 1
	WHERE a.n <= max_orders
	GROUP BY a.n ORDER BY a.n
$$;

CREATE FUNCTION plain_order_gap(which int, fraction float8, as_of date) RETURNS float8 STABLE LANGUAGE sql AS $$
	SELECT percentile_cont(fraction) WITHIN GROUP (ORDER BY b.day - a.day)
	FROM numbered(which, as_of) a JOIN numbered(which, as_of) b ON b.customer = a.customer AND b.n = a.n + 1
$$;

CREATE FUNCTION plain_lifecycle(which int, period text, dormant_after_periods int, as_of date)
RETURNS TABLE (period_start date, opening int8, new int8, retained int8, resurrected int8, lapsed int8, closing int8, quick_ratio float8, is_complete bool)
STABLE LANGUAGE sql AS $$
	WITH o AS MATERIALIZED (SELECT DISTINCT customer, trunc_to($2, day) AS p FROM numbered(which, as_of)),
	firsts AS MATERIALIZED (SELECT customer, min(p) AS first FROM o GROUP BY customer),
	live AS MATERIALIZED (SELECT DISTINCT customer, (p + k * step($2))::date AS p FROM o, generate_series(0, dormant_after_periods - 1) k),
	periods AS (SELECT starts::date AS p, (starts - step($2))::date AS before
				FROM generate_series((SELECT min(first) FROM firsts)::timestamp, horizon(which, as_of), step($2)) starts),
	counts AS (
		SELECT p, count(*) FILTER (WHERE was) AS opening, count(*) FILTER (WHERE "is" AND first = p) AS new, count(*) FILTER (WHERE was AND "is") AS retained,
			   count(*) FILTER (WHERE "is" AND NOT was AND first < p) AS resurrected, count(*) FILTER (WHERE was AND NOT "is") AS lapsed,
			   count(*) FILTER (WHERE "is") AS closing
		FROM (SELECT q.p, first, bool_or(l.p = q.before) AS was, bool_or(l.p = q.p) AS "is"
			  FROM periods q LEFT JOIN (live l JOIN firsts USING (customer)) ON l.p IN (q.before, q.p) GROUP BY q.p, customer, first) s
		GROUP BY p)
	SELECT p, opening, new, retained, resurrected, lapsed, closing, (new + resurrected)::float8 / nullif(lapsed, 0), is_complete(which, $2, p, as_of)
	FROM counts ORDER BY p
$$;

CREATE FUNCTION plain_new_and_returning(which int, period text, trailing_periods int, as_of date)
RETURNS TABLE (period_start date, customers int8, repeat_customers int8, orders int8, revenue numeric, new_customers int8, new_orders int8, new_revenue numeric,
			   returning_customers int8, returning_orders int8, returning_revenue numeric,
			   trailing_customers int8, trailing_repeat_customers int8, trailing_repeat_rate float8, is_complete bool) STABLE LANGUAGE sql AS $$
	WITH firsts AS MATERIALIZED (SELECT customer, min(trunc_to($2, day)) AS first FROM numbered(which, as_of) GROUP BY customer),
	r AS MATERIALIZED (SELECT customer, trunc_to($2, s.period) AS p, is_order, amount, first FROM seen(which, $2, as_of) s LEFT JOIN firsts USING (customer)),
	periods AS MATERIALIZED (
		SELECT starts::date AS p, (starts - (trailing_periods - 1) * step($2))::date AS since, (SELECT min(first) FROM firsts) AS begins
		FROM generate_series((SELECT min(first) FROM firsts)::timestamp, horizon(which, as_of), step($2)) starts),
	done AS (
		SELECT p, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue,
			   count(DISTINCT customer) FILTER (WHERE is_order) AS customers,
			   count(DISTINCT customer) FILTER (WHERE is_order AND first = p) AS new_customers,
			   count(*) FILTER (WHERE is_order AND first = p) AS new_orders, sum(amount) FILTER (WHERE first = p) AS new_revenue,
			   count(DISTINCT customer) FILTER (WHERE is_order AND first < p) AS returning_customers,
			   count(*) FILTER (WHERE is_order AND first < p) AS returning_orders, sum(amount) FILTER (WHERE first IS DISTINCT FROM p) AS returning_revenue
		FROM r GROUP BY p),
	often AS (SELECT p, count(*) AS repeaters FROM (SELECT p, customer FROM r WHERE is_order GROUP BY p, customer HAVING count(*) > 1) s GROUP BY p),
	trailing_done AS (
		SELECT p, count(*) AS customers, count(*) FILTER (WHERE n > 1) AS repeaters
		FROM (SELECT q.p, customer, count(*) AS n FROM periods q JOIN r ON is_order AND r.p BETWEEN q.since AND q.p GROUP BY q.p, customer) s GROUP BY p),
	money AS (SELECT CASE WHEN amount IS NOT NULL THEN 0 END AS none FROM cases WHERE id = which)
	SELECT p, coalesce(d.customers, 0), coalesce(o.repeaters, 0), coalesce(d.orders, 0), coalesce(d.revenue, none),
		   coalesce(d.new_customers, 0), coalesce(d.new_orders, 0), coalesce(d.new_revenue, none),
		   coalesce(d.returning_customers, 0), coalesce(d.returning_orders, 0), coalesce(d.returning_revenue, none),
		   coalesce(t.customers, 0), coalesce(t.repeaters, 0), CASE WHEN since >= begins THEN t.repeaters::float8 / t.customers END,
		   is_complete(which, $2, p, as_of)
	FROM money, periods LEFT JOIN done d USING (p) LEFT JOIN often o USING (p) LEFT JOIN trailing_done t USING (p) ORDER BY p
$$;

-- Who has been silent for longer than they usually are has ended with the last order.
CREATE FUNCTION plain_active_life(which int, dormant_after float8, as_of date)
RETURNS TABLE (duration float8, at_risk int8, events int8, censored int8) STABLE LANGUAGE sql AS $$
	WITH usual AS MATERIALIZED (SELECT coalesce(dormant_after, nullif(plain_order_gap(which, 0.9, as_of), 0), 90) AS days),
	spans AS MATERIALIZED (
		SELECT CASE WHEN ended THEN last ELSE horizon(which, as_of) END - first AS d, ended
		FROM (SELECT min(day) AS first, max(day) AS last, horizon(which, as_of) - max(day) > (SELECT days FROM usual) AS ended FROM numbered(which, as_of) GROUP BY customer) s)
	SELECT d, (SELECT count(*) FROM spans x WHERE x.d >= s.d), count(*) FILTER (WHERE ended), count(*) FILTER (WHERE NOT ended)
	FROM spans s GROUP BY d ORDER BY d
$$;

-- What each customer pays in each period and in the one before, below 0 being 0.
CREATE FUNCTION plain_revenue_movements(which int, period text, as_of date)
RETURNS TABLE (period_start date, opening numeric, new numeric, expansion numeric, contraction numeric, churned numeric, reactivated numeric, closing numeric, nrr float8, grr float8,
			   opening_customers int8, new_customers int8, expansion_customers int8, contraction_customers int8, churned_customers int8, reactivated_customers int8, closing_customers int8,
			   customer_retention float8, excess_refunds numeric, is_complete bool) STABLE LANGUAGE sql AS $$
	WITH r AS MATERIALIZED (SELECT customer, trunc_to($2, s.period) AS p, sum(amount) AS net FROM seen(which, $2, as_of) s GROUP BY 1, 2),
	periods AS MATERIALIZED (SELECT starts::date AS p, (starts - step($2))::date AS before
		FROM generate_series((SELECT trunc_to($2, min(day)) FROM numbered(which, as_of))::timestamp, horizon(which, as_of), step($2)) starts),
	-- from the period of the first order of all on
	paid AS MATERIALIZED (SELECT customer, p, net AS m, min(p) OVER (PARTITION BY customer) AS first FROM r JOIN periods USING (p) WHERE net > 0),
	moved AS MATERIALIZED (
		SELECT q.p, first, coalesce(sum(m) FILTER (WHERE x.p = q.before), 0) AS was, coalesce(sum(m) FILTER (WHERE x.p = q.p), 0) AS "is"
		FROM periods q JOIN paid x ON x.p IN (q.before, q.p) GROUP BY q.p, customer, first),
	sums AS (
		SELECT p, coalesce(sum(was), 0) AS opening, coalesce(sum("is") FILTER (WHERE first = p), 0) AS new, coalesce(sum("is" - was) FILTER (WHERE was > 0 AND "is" > was), 0) AS expansion,
			   coalesce(sum(was - "is") FILTER (WHERE "is" > 0 AND "is" < was), 0) AS contraction, coalesce(sum(was) FILTER (WHERE "is" = 0), 0) AS churned,
			   coalesce(sum("is") FILTER (WHERE was = 0 AND first < p), 0) AS reactivated, coalesce(sum("is"), 0) AS closing, coalesce(sum(least(was, "is")) FILTER (WHERE was > 0), 0) AS kept, coalesce(sum("is") FILTER (WHERE was > 0), 0) AS kept_and_more,
			   count(*) FILTER (WHERE was > 0) AS n_opening, count(*) FILTER (WHERE first = p) AS n_new, count(*) FILTER (WHERE was > 0 AND "is" > was) AS n_expansion,
			   count(*) FILTER (WHERE "is" > 0 AND "is" < was) AS n_contraction, count(*) FILTER (WHERE was > 0 AND "is" = 0) AS n_churned, count(*) FILTER (WHERE was = 0 AND "is" > 0 AND first < p) AS n_reactivated,
			   count(*) FILTER (WHERE "is" > 0) AS n_closing, count(*) FILTER (WHERE was > 0 AND "is" > 0) AS n_kept
		FROM periods LEFT JOIN moved USING (p) GROUP BY p),
	excess AS (SELECT p, coalesce(-sum(net) FILTER (WHERE net < 0), 0) AS given FROM periods LEFT JOIN r USING (p) GROUP BY p)
	SELECT p, opening * k, new * k, expansion * k, contraction * k, churned * k, reactivated * k, closing * k, kept_and_more * k / nullif(opening, 0), kept * k / nullif(opening, 0),
		   n_opening * k, n_new * k, n_expansion * k, n_contraction * k, n_churned * k, n_reactivated * k, n_closing * k, k * n_kept / nullif(n_opening, 0)::float8, given * k, is_complete(which, $2, p, as_of)
	FROM sums JOIN excess USING (p), (SELECT CASE WHEN amount IS NOT NULL THEN 1::int8 END AS k FROM cases WHERE id = which) c ORDER BY p
$$;

CREATE FUNCTION plain_cells(which int, as_of date) RETURNS TABLE (repeat_purchases int8, active_days float8, age_days float8, customers int8) STABLE LANGUAGE sql AS $$
	SELECT k - 1, span, age, count(*)
	FROM (SELECT count(DISTINCT day) AS k, max(day) - min(day) AS span, horizon(which, as_of) - min(day) AS age
		  FROM numbered(which, as_of) GROUP BY customer) s
	GROUP BY k, span, age ORDER BY k, span, age
$$;

-- Each customer, and how many have less.  Without an as_of refunds after the last order count, too.
CREATE FUNCTION plain_customer_list(which int, as_of date)
RETURNS TABLE (customer text, orders int8, revenue numeric, refunds int8, first_order date, last_order date, lifespan_days int, age_days int, recency_days int, mean_gap_days float8, next_order_due date,
			   recency_score int, frequency_score int, monetary_score int, revenue_decile int, status text) STABLE LANGUAGE sql AS $$
	WITH c AS MATERIALIZED (
		SELECT customer, count(*) FILTER (WHERE is_order) AS n, sum(amount) AS paid, CASE WHEN sum(amount) IS NOT NULL THEN count(*) FILTER (WHERE NOT is_order) END AS given_back, min(period) FILTER (WHERE is_order) AS first, max(period) FILTER (WHERE is_order) AS last, horizon(which, as_of) AS today
		FROM facts WHERE id = which AND customer IS NOT NULL AND (period <= as_of OR as_of IS NULL) GROUP BY customer HAVING bool_or(is_order)),
	due AS (SELECT customer, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS gap FROM (SELECT customer, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM (SELECT DISTINCT customer, day FROM numbered(which, as_of)) d) g GROUP BY customer),
	usual AS MATERIALIZED (SELECT coalesce(nullif(plain_order_gap(which, 0.9, as_of), 0), 90) AS days),
	less AS (
		SELECT c.*, count(*) FILTER (WHERE x.today - x.last < c.today - c.last) AS recency, count(*) FILTER (WHERE x.n < c.n) AS frequency, CASE WHEN c.paid IS NOT NULL THEN count(*) FILTER (WHERE round(x.paid, 4) < round(c.paid, 4)) END AS monetary, count(*) AS all_of_them
		FROM c, c x GROUP BY c.customer, c.n, c.paid, c.given_back, c.first, c.last, c.today)
	SELECT customer, n, paid, given_back, first, last, last - first, today - first, today - last, (last - first)::float8 / nullif(n - 1, 0), last + floor(gap)::int,
		   (5 - 5 * recency / all_of_them)::int, (1 + 5 * frequency / all_of_them)::int, (1 + 5 * monetary / all_of_them)::int, (1 + 10 * monetary / all_of_them)::int,
		   CASE WHEN today - last > 3 * days THEN 'lost' WHEN today - last > 2 * days THEN 'dormant' WHEN today - last > days THEN 'at risk' WHEN n = 1 THEN 'new' ELSE 'active' END
	FROM less JOIN due USING (customer), usual ORDER BY customer COLLATE "C"
$$;

-- Two that see all rows.  Money is nothing rather than NULL where amounts were given.
CREATE FUNCTION plain_customer_base(which int)
RETURNS TABLE (customers int8, orders int8, revenue numeric, refunds int8, guest_orders int8, guest_revenue numeric,
			   first_order date, last_order date, repeat_rate float8) STABLE LANGUAGE sql AS $$
	SELECT count(DISTINCT customer) FILTER (WHERE is_order), count(customer) FILTER (WHERE is_order),
		   coalesce(sum(f.amount) FILTER (WHERE customer IS NOT NULL), CASE WHEN c.amount IS NOT NULL THEN 0 END),
		   CASE WHEN c.amount IS NOT NULL THEN count(customer) FILTER (WHERE NOT is_order) END,
		   count(*) FILTER (WHERE customer IS NULL AND is_order),
		   coalesce(sum(f.amount) FILTER (WHERE customer IS NULL), CASE WHEN c.amount IS NOT NULL THEN 0 END),
		   min(period) FILTER (WHERE customer IS NOT NULL AND is_order), max(period) FILTER (WHERE customer IS NOT NULL AND is_order),
		   (SELECT count(*) FILTER (WHERE n > 1)::float8 / nullif(count(*), 0)
			FROM (SELECT count(*) AS n FROM facts WHERE id = which AND customer IS NOT NULL AND is_order GROUP BY customer) s)
	FROM cases c JOIN facts f USING (id) WHERE id = which GROUP BY c.amount
$$;
CREATE FUNCTION plain_history_info(which int)
RETURNS TABLE (period text, time_zone text, customers int8, occasions int8, orders int8, revenue numeric, first_order date, last_order date,
			   refunds int8, refunded numeric, guest_orders int8, guest_refunds int8, guest_revenue numeric, has_names bool) STABLE LANGUAGE sql AS $$
	SELECT c.grain, CASE WHEN c.at = 't_timestamptz' THEN coalesce(c.zone, 'UTC') END,
		   count(DISTINCT customer) FILTER (WHERE is_order), count(DISTINCT (customer, period)) FILTER (WHERE customer IS NOT NULL AND is_order),
		   count(customer) FILTER (WHERE is_order),
		   coalesce(sum(f.amount) FILTER (WHERE customer IS NOT NULL), CASE WHEN c.amount IS NOT NULL THEN 0 END),
		   min(day) FILTER (WHERE customer IS NOT NULL AND is_order), max(day) FILTER (WHERE customer IS NOT NULL AND is_order),
		   CASE WHEN c.amount IS NOT NULL THEN count(customer) FILTER (WHERE NOT is_order) END, coalesce(sum(f.amount) FILTER (WHERE customer IS NOT NULL AND NOT is_order), CASE WHEN c.amount IS NOT NULL THEN 0 END),
		   count(*) FILTER (WHERE customer IS NULL AND is_order), CASE WHEN c.amount IS NOT NULL THEN count(*) FILTER (WHERE customer IS NULL AND NOT is_order) END,
		   coalesce(sum(f.amount) FILTER (WHERE customer IS NULL), CASE WHEN c.amount IS NOT NULL THEN 0 END), c.key <> 'c_text'
	FROM cases c JOIN facts f USING (id) WHERE id = which GROUP BY c.grain, c.at, c.zone, c.amount, c.key
$$;

-- ---------------------------------------------------------------------------
-- The histories.
-- ---------------------------------------------------------------------------

-- The call of the aggregate that a case is about.
CREATE FUNCTION call_of(c cases) RETURNS text IMMUTABLE LANGUAGE sql AS $$
	SELECT format('purchase_history(%s, %L%s)', concat_ws(', ', c.key, c.at, c.amount), c.grain, coalesce(', ' || quote_literal(c.zone), ''))
$$;
CREATE TABLE histories (id int PRIMARY KEY, h purchase_history);
DO $$
DECLARE
	c cases;
BEGIN
	FOR c IN SELECT * FROM cases LOOP
		EXECUTE format('INSERT INTO histories SELECT %s, %s FROM orders WHERE run = %s', c.id, call_of(c), c.run);
	END LOOP;
END
$$;

-- The same rows in another order, or cut into parts, make the same history, byte by byte.
CREATE TABLE ways (way text, source text);
INSERT INTO ways VALUES
	('rows backwards', 'SELECT %s AS h FROM (SELECT * FROM orders WHERE run = %s ORDER BY n DESC) o'),
	('rows at random', 'SELECT %s AS h FROM (SELECT * FROM orders WHERE run = %s ORDER BY hashint4extended(n, 11)) o'),
	('rows by time', 'SELECT %s AS h FROM (SELECT * FROM orders WHERE run = %s ORDER BY t_timestamptz DESC, n) o'),
	('rows by customer', 'SELECT %s AS h FROM (SELECT * FROM orders WHERE run = %s ORDER BY c_int8, t_timestamptz, n) o'),
	('parts by day', 'SELECT rollup(h) AS h FROM (SELECT %s AS h FROM orders WHERE run = %s GROUP BY t_date) s'),
	('parts by customer', 'SELECT rollup(h) AS h FROM (SELECT %s AS h FROM orders WHERE run = %s GROUP BY c_int8 %% 5) s'),
	('each row a part', 'SELECT rollup(h) AS h FROM (SELECT %s AS h FROM orders WHERE run = %s GROUP BY n) s'),
	('rollup of rollups', 'SELECT rollup(h) AS h FROM (SELECT rollup(h) AS h FROM (SELECT n %% 13 AS part, %s AS h FROM orders WHERE run = %s GROUP BY part) s GROUP BY part %% 3) s'),
	('parts and NULL', 'SELECT rollup(h) AS h FROM (SELECT %s AS h FROM orders WHERE run = %s GROUP BY n %% 3 UNION ALL SELECT NULL) s'),
	('parts as text', 'SELECT rollup(h::text::purchase_history) AS h FROM (SELECT %s AS h FROM orders WHERE run = %s GROUP BY n %% 4) s'),
	('plus', 'SELECT coalesce(a + b, a, b) AS h FROM (SELECT max(h) FILTER (WHERE part = 0)::purchase_history AS a, max(h) FILTER (WHERE part = 1)::purchase_history AS b
		FROM (SELECT n %% 2 AS part, %s::text AS h FROM orders WHERE run = %s GROUP BY part) s) s'),
	('plus, exchanged', 'SELECT coalesce(b + a, a, b) AS h FROM (SELECT max(h) FILTER (WHERE part = 0)::purchase_history AS a, max(h) FILTER (WHERE part = 1)::purchase_history AS b
		FROM (SELECT n %% 2 AS part, %s::text AS h FROM orders WHERE run = %s GROUP BY part) s) s');
INSERT INTO ways SELECT 'parts by hash', replace('SELECT rollup(h) AS h FROM (SELECT %s AS h FROM orders WHERE run = %s GROUP BY abs(hashint4extended(n, 12)) %% PARTS) s', 'PARTS', parts::text)
FROM generate_series(1, 13) parts;
CREATE TABLE remade (way text, id int, h text);
DO $$
DECLARE
	c cases;
	w ways;
BEGIN
	FOR c IN SELECT * FROM cases LOOP
		FOR w IN SELECT * FROM ways LOOP
			EXECUTE format('INSERT INTO remade SELECT %L, %s, h::text FROM (%s) s', w.way, c.id, format(w.source, call_of(c), c.run));
		END LOOP;
	END LOOP;
END
$$;
INSERT INTO remade SELECT 'text and back', id, h::text::purchase_history::text FROM histories;
SELECT way, count(*) AS histories, count(*) FILTER (WHERE r.h IS DISTINCT FROM o.h::text) AS mismatches
FROM remade r JOIN histories o USING (id) GROUP BY way ORDER BY way COLLATE "C";
SELECT way, id, c.* FROM remade r JOIN histories o USING (id) JOIN cases c USING (id) WHERE r.h IS DISTINCT FROM o.h::text ORDER BY way COLLATE "C", o.id LIMIT 10;
-- Not all histories are the same.
SELECT count(DISTINCT h::text) AS different FROM histories;

-- ---------------------------------------------------------------------------
-- The comparison.
-- ---------------------------------------------------------------------------

-- The days that a case is asked as of: none, before the first order, early and
-- late among the orders, the end of a month, the last order's, and long after it.
CREATE TABLE horizons AS
SELECT DISTINCT id, as_of FROM (
	SELECT id, unnest(ARRAY[min(day) - 1, percentile_disc(0.3) WITHIN GROUP (ORDER BY day), percentile_disc(0.8) WITHIN GROUP (ORDER BY day),
							(date_trunc('month', percentile_disc(0.6) WITHIN GROUP (ORDER BY day)) + interval '1 month')::date - 1,
							max(day), max(day) + 100]) AS as_of
	FROM facts WHERE customer IS NOT NULL AND is_order GROUP BY id
	UNION ALL SELECT id, date '2023-10-31' FROM cases
	UNION ALL SELECT id, NULL FROM cases) s;
-- The grains of questions that each grain of histories can answer.
CREATE TABLE periods (grain text, period text);
INSERT INTO periods VALUES ('day', 'day'), ('day', 'week'), ('day', 'month'), ('day', 'quarter'), ('day', 'year'), ('week', 'week'),
	('month', 'month'), ('month', 'quarter'), ('month', 'year'), ('quarter', 'quarter'), ('quarter', 'year'), ('year', 'year'),
	('day', 'week from sunday'), ('day', 'week from wednesday'), ('day', 'quarter from february'), ('day', 'year from april'), ('day', '28 days'), ('day', '10 days from 2024-02-29'), ('day', '400 days from 2031-07-01'),
	('week', '28 days'), ('week', '14 days from 2023-11-13'), ('month', 'quarter from august'), ('month', 'year from december'), ('quarter', 'quarter from july'), ('quarter', 'year from october');

-- Each question: how the extension is asked, and how plain SQL is.  At most
-- 2,000 cells and 500 periods are asked for at once.
CREATE TABLE asked (question text, id int, call text, plain text);
INSERT INTO asked
SELECT 'cohort_retention', id, format('cohort_retention(h, %L, %L, %s)', p, as_of, m), format('plain_cohort_retention(%s, %L, %L, %s)', id, period, as_of, m)
FROM (SELECT *, CASE WHEN periods * cohorts > 2000 THEN '3' ELSE m1 END AS m
	  FROM (SELECT id, as_of, p.period, CASE WHEN p.period <> CASE p.grain WHEN 'day' THEN 'month' ELSE p.grain END OR id % 2 = 0 THEN p.period END AS p,
				   (horizon(id, as_of) - f.first) / about_days(p.period) AS periods,
				   CASE WHEN p.period LIKE 'year%' THEN 10 ELSE customers END AS cohorts
			FROM horizons JOIN cases c USING (id) JOIN periods p USING (grain)
				LEFT JOIN (SELECT id, min(day) AS first, count(DISTINCT customer) AS customers FROM facts WHERE is_order GROUP BY id) f USING (id)) s,
		   unnest(CASE WHEN as_of IS NULL OR id % 3 = 0 THEN '{NULL,1,4}' ELSE '{NULL}' END::text[]) m0, coalesce(m0, 'NULL') m1) s
GROUP BY id, p, period, as_of, m;
INSERT INTO asked
SELECT 'cohort_average', id, format('cohort_average(h, %L, %L, %s, %L)', p.period, as_of, m, weighted),
	   format('plain_cohort_average(%s, %L, %L, %L, %s)', id, weighted, p.period, as_of, m)
FROM horizons JOIN cases USING (id) JOIN periods p USING (grain), unnest('{true,false}'::bool[]) weighted,
	 LATERAL (SELECT CASE WHEN about_days(p.period) < 28 OR (id + coalesce(extract(day FROM as_of), 0)) % 2 = 0 THEN '5' ELSE 'NULL' END AS m) s;
INSERT INTO asked
SELECT 'lifecycle', id, format('lifecycle(h, %L, %s, %L)', p.period, d, as_of), format('plain_lifecycle(%s, %L, %s, %L)', id, p.period, d, as_of)
FROM horizons JOIN cases USING (id) JOIN periods p USING (grain) JOIN (SELECT id, min(day) AS first FROM facts WHERE is_order GROUP BY id) f USING (id), generate_series(1, 3) d
WHERE (horizon(id, as_of) - first) / about_days(p.period) <= 500 AND (d + id + coalesce(extract(day FROM as_of)::int, 0)) % 3 < 2;
INSERT INTO asked
SELECT 'new_and_returning', id, format('new_and_returning(h, %L, %s, %L)', p.period, t, as_of), format('plain_new_and_returning(%s, %L, %s, %L)', id, p.period, t, as_of)
FROM horizons JOIN cases USING (id) JOIN periods p USING (grain) JOIN (SELECT id, min(day) AS first FROM facts WHERE is_order GROUP BY id) f USING (id), unnest('{1,3,12,1000}'::int[]) t
WHERE (horizon(id, as_of) - first) / about_days(p.period) <= 500;
INSERT INTO asked
SELECT 'revenue_movements', id, format('revenue_movements(h, %L, %L)', p.period, as_of), format('plain_revenue_movements(%s, %L, %L)', id, p.period, as_of)
FROM horizons JOIN cases USING (id) JOIN periods p USING (grain) JOIN (SELECT id, min(day) AS first FROM facts WHERE is_order GROUP BY id) f USING (id)
WHERE (horizon(id, as_of) - first) / about_days(p.period) <= 500;
INSERT INTO asked
SELECT question, id, format('%s(h, %L, %L)', question, days, as_of), format('plain_%s(%s, %L, %L)', question, id, days, as_of)
FROM horizons JOIN cases USING (id), unnest('{repeat_within,retained_on,retained_on_or_after,retained_between}'::text[]) question,
	 LATERAL (VALUES (CASE question WHEN 'retained_between' THEN '{0,1,2,5,31,91,1000}' ELSE '{0,30,1,2,7,30,90,400,5000}' END), (CASE WHEN as_of IS NULL THEN '{3,4}' END)) v (days)
WHERE grain = 'day' AND days IS NOT NULL;
INSERT INTO asked
SELECT 'value_within', id, format('value_within(h, %L, %L)', days, as_of), format('plain_value_within(%s, %L, %L)', id, days, as_of)
FROM horizons JOIN cases USING (id), unnest('{"{0,30,1,2,7,30,90,400,5000}","{7,14}","{100,50,0}"}'::text[]) days WHERE grain = 'day';
INSERT INTO asked
SELECT question || ', as said', id, format('%s(h)', question), format('plain_%s(%s, %L, NULL)', question, id, days)
FROM cases, (VALUES ('repeat_within', '{30,60,90,180,365}'), ('retained_on', '{1,7,14,30,60,90}'), ('retained_on_or_after', '{1,7,14,30,60,90}'), ('retained_between', '{1,8,15,31,61,91}')) v (question, days)
WHERE grain = 'day';
INSERT INTO asked
SELECT 'time_to_order', id, format('(SELECT duration, at_risk, events, censored, row_number() OVER () AS ordinality FROM kaplan_meier(time_to_order(h, %s, %L)))', n, as_of),
	   format('plain_time_to_order(%s, %s, %L)', id, n, as_of)
FROM horizons, generate_series(2, 4) n;
INSERT INTO asked
SELECT 'active_life', id, format('(SELECT duration, at_risk, events, censored, row_number() OVER () AS ordinality FROM kaplan_meier(active_life(h, %s, %L)))', days, as_of),
	   format('plain_active_life(%s, %s, %L)', id, days, as_of)
FROM horizons, unnest('{NULL,0,30.5,200}'::text[]) n, coalesce(n, 'NULL') days;
INSERT INTO asked
SELECT 'restricted_mean', id, format('(SELECT restricted_mean(active_life(h, NULL, %L), %s) AS gap, 1 AS ordinality)', as_of, t),
	   -- the area below the curve of those who are left: by each day the share of who has not ended, of the share of the day before
	   format('(SELECT CASE WHEN max(duration) >= %1$s OR min(left_then) = 0 THEN sum(left_then * greatest(least(next, %1$s) - least(duration, %1$s), 0)) END AS gap, 1 AS ordinality
		FROM (SELECT duration, lead(duration, 1, ''Infinity'') OVER (ORDER BY duration) AS next, CASE WHEN bool_or(events = at_risk) OVER w THEN 0 ELSE exp(sum(ln(1 - events::float8 / nullif(at_risk, events))) OVER w) END AS left_then
			  FROM (SELECT 0::float8 AS duration, 1::int8 AS at_risk, 0::int8 AS events WHERE horizon(%2$s, %3$L) IS NOT NULL UNION ALL SELECT duration, at_risk, events FROM plain_active_life(%2$s, NULL, %3$L)) c WINDOW w AS (ORDER BY duration)) s)', t, id, as_of)
FROM horizons, unnest('{30,365}'::int[]) t;
INSERT INTO asked
SELECT 'order_ladder', id, format('order_ladder(h, %s, %L, %s)', within, as_of, m), format('plain_order_ladder(%s, %s, %L, %s)', id, within, as_of, m)
FROM horizons, (VALUES (90, 20), (0, 20), (14, 3), (365, 1000)) v (within, m);
INSERT INTO asked
SELECT 'order_gap', id, format('(SELECT order_gap(h, %s, %L) AS gap, 1 AS ordinality)', fraction, as_of), format('(SELECT plain_order_gap(%s, %s, %L) AS gap, 1 AS ordinality)', id, fraction, as_of)
FROM horizons, unnest('{0,0.25,0.5,0.77,1}'::float8[]) fraction;
INSERT INTO asked
SELECT 'customer_list', id, format('(SELECT customer, orders, revenue, refunds, first_order, last_order, lifespan_days, age_days, recency_days, mean_gap_days, next_order_due, recency_score, frequency_score, monetary_score, revenue_decile, status,
		row_number() OVER (ORDER BY customer COLLATE "C") AS ordinality FROM customer_list(h, %L) l)', as_of), format('plain_customer_list(%s, %L)', id, as_of)
FROM horizons JOIN cases USING (id) WHERE grain = 'day' AND key <> 'c_text';
INSERT INTO asked
SELECT 'repeat_buying', id, format('cells(repeat_buying(h, %L))', as_of), format('plain_cells(%s, %L)', id, as_of)
FROM horizons JOIN cases USING (id) WHERE grain = 'day';
INSERT INTO asked
SELECT 'customer_base', id,
	   '(SELECT customers(b), orders(b), revenue(b), refunds(b), guest_orders(b), guest_revenue(b), first_order(b)::date, last_order(b)::date, repeat_rate(b), 1 AS ordinality FROM customer_base(h) b)',
	   format('plain_customer_base(%s)', id)
FROM cases;
INSERT INTO asked SELECT 'history_info', id, 'history_info(h)', format('plain_history_info(%s)', id) FROM cases;
-- What is not said is what is documented.
INSERT INTO asked
SELECT name || ', as said', id, v.call, format(v.plain, id, CASE grain WHEN 'day' THEN 'month' ELSE grain END)
FROM cases, (VALUES ('cohort_retention', 'cohort_retention(h, max_periods => 9)', 'plain_cohort_retention(%s, %L, NULL, 9)'),
	('cohort_average', 'cohort_average(h, max_periods => 9)', 'plain_cohort_average(%s, true, %L, NULL, 9)'),
	('time_to_order', '(SELECT duration, at_risk, events, censored, row_number() OVER () AS ordinality FROM kaplan_meier(time_to_order(h)))', 'plain_time_to_order(%s, 2, NULL)'),
	('order_ladder', 'order_ladder(h)', 'plain_order_ladder(%s, 90, NULL, 20)'),
	('order_gap', '(SELECT order_gap(h) AS gap, 1 AS ordinality)', '(SELECT plain_order_gap(%s, 0.5, NULL) AS gap, 1 AS ordinality)'),
	('lifecycle', 'lifecycle(h)', 'plain_lifecycle(%s, %L, 1, NULL)'),
	('new_and_returning', 'new_and_returning(h)', 'plain_new_and_returning(%s, %L, 12, NULL)'),
	('revenue_movements', 'revenue_movements(h)', 'plain_revenue_movements(%s, %L, NULL)')) v (name, call, plain)
WHERE (grain <> 'day' OR run NOT IN (6, 13));
-- Of the questions with many arguments, a third of their combinations.
DELETE FROM asked WHERE question IN ('cohort_retention', 'cohort_average', 'lifecycle', 'new_and_returning', 'revenue_movements', 'time_to_order', 'active_life', 'order_ladder', 'order_gap') AND hashtextextended(id || call, 0) % 3 <> 0;

-- Of those about other calendars than date_trunc's a third of these; all are asked each question.
DELETE FROM asked WHERE call ~ ' from | days' AND question IN ('cohort_retention', 'cohort_average', 'lifecycle', 'new_and_returning', 'revenue_movements') AND hashtextextended(call || id, 1) % 3 <> 0;
SELECT question, count(DISTINCT period) AS calendars
FROM (SELECT question, substring(call, '''([^'']+ (?:from|days)[^'']*)''') AS period FROM asked) s GROUP BY question HAVING count(period) > 0 ORDER BY question;

CREATE TABLE answers (question text, id int, call text, got jsonb, want jsonb);
CREATE FUNCTION answer(source text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	result jsonb;
BEGIN
	EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(q) - ''ordinality'' ORDER BY ordinality), ''[]'') FROM %s q', source) INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN jsonb_build_array(concat(SQLSTATE, ' ', SQLERRM));
END
$$;
-- The rows come in the order that is promised.
CREATE FUNCTION in_order(call text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE WHEN call LIKE '(%' THEN call ELSE call || ' WITH ORDINALITY' END
$$;
INSERT INTO answers
SELECT question, id, call, answer(in_order(regexp_replace(call, '\mh\M', format('(SELECT h FROM histories WHERE id = %s)', id)))), answer(in_order(plain)) FROM asked;

-- Counts, dates and money are the same; of shares and means 12 digits are.
CREATE FUNCTION same_value(key text, a jsonb, b jsonb) RETURNS bool IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE WHEN a = b THEN true
		   WHEN jsonb_typeof(a) = 'number' AND jsonb_typeof(b) = 'number' AND key IN ('retention', 'rate', 'eligible_rate', 'lower', 'upper', 'customer_value', 'purchase_frequency', 'aov', 'nrr', 'grr', 'customer_retention', 'mean_gap_days', 'median_gap_days', 'gap', 'quick_ratio', 'repeat_rate')
		   THEN abs(a::numeric - b::numeric) <= 1e-12 * greatest(1, abs(b::numeric))
		   ELSE false END
$$;
CREATE FUNCTION same_row(g jsonb, w jsonb) RETURNS bool IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE WHEN g = w THEN true
		   WHEN jsonb_typeof(g) = 'object' AND jsonb_typeof(w) = 'object'
		   THEN NOT EXISTS (SELECT FROM jsonb_each(g) a FULL JOIN jsonb_each(w) b USING (key) WHERE NOT coalesce(same_value(key, a.value, b.value), false))
		   ELSE false END
$$;
CREATE FUNCTION same(a answers) RETURNS bool IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE WHEN a.got = a.want THEN true
		   ELSE jsonb_array_length(a.got) = jsonb_array_length(a.want) AND
				NOT EXISTS (SELECT FROM generate_series(0, jsonb_array_length(a.want) - 1) i WHERE NOT same_row(a.got -> i, a.want -> i)) END
$$;
CREATE TABLE verdicts AS SELECT *, same(a) AS same FROM answers a;
SELECT question, count(*) AS comparisons, sum(jsonb_array_length(want)) AS rows, count(DISTINCT want) > 1 AS differ, count(*) FILTER (WHERE NOT same) AS mismatches
FROM verdicts GROUP BY question ORDER BY question COLLATE "C";

-- The first row that differs of the first few answers that do.
SELECT question, c.what, concat_ws(' ', c.key, c.at, c.amount, c.grain, c.zone) AS history, call,
	   jsonb_array_length(v.got) AS got_rows, jsonb_array_length(v.want) AS want_rows, d.got, d.want
FROM (SELECT *, row_number() OVER (PARTITION BY question ORDER BY id, call COLLATE "C") AS nth FROM verdicts WHERE NOT same) v JOIN cases c USING (id),
	 LATERAL (SELECT v.got -> i AS got, v.want -> i AS want FROM generate_series(0, greatest(jsonb_array_length(v.got), jsonb_array_length(v.want)) - 1) i
			  WHERE NOT coalesce(same_row(v.got -> i, v.want -> i), false) ORDER BY i LIMIT 1) d
WHERE nth <= 3 ORDER BY question COLLATE "C", nth;

-- In a lifecycle customers come and go, but none gets lost: what a period opens
-- with is what the one before closed with.
SELECT count(*) AS periods, count(*) FILTER (WHERE opening + new + resurrected - lapsed <> closing) AS unbalanced,
	   count(*) FILTER (WHERE retained + lapsed <> opening) AS not_retained_or_lapsed, count(*) FILTER (WHERE opening <> before) AS not_as_closed
FROM (SELECT (r ->> 'opening')::int AS opening, (r ->> 'new')::int AS new, (r ->> 'resurrected')::int AS resurrected, (r ->> 'retained')::int AS retained,
			 (r ->> 'lapsed')::int AS lapsed, (r ->> 'closing')::int AS closing, lag((r ->> 'closing')::int, 1, 0) OVER (PARTITION BY id, call ORDER BY i) AS before
	  FROM verdicts, jsonb_array_elements(got) WITH ORDINALITY e (r, i) WHERE question = 'lifecycle') s;

-- Nor does revenue, which is that of new and returning customers but for what was given back beyond it.
SELECT count(*) AS periods, count(*) FILTER (WHERE opening + new + expansion - contraction - churned + reactivated <> closing) AS unbalanced,
	   count(*) FILTER (WHERE r.opening_customers + r.new_customers - r.churned_customers + r.reactivated_customers <> r.closing_customers) AS customers_unbalanced,
	   count(*) FILTER (WHERE opening <> before OR r.opening_customers <> customers_before) AS not_as_closed, count(*) FILTER (WHERE closing - excess_refunds <> n.revenue) AS not_the_revenue,
	   count(*) FILTER (WHERE grr NOT BETWEEN 0 AND 1 OR nrr < grr) AS impossible
FROM (SELECT id, p.period, r.*, lag(closing, 1, 0) OVER w AS before, lag(closing_customers, 1, 0::int8) OVER w AS customers_before
	  FROM histories JOIN cases USING (id) JOIN periods p USING (grain), revenue_movements(h, p.period) r WHERE p.period IN ('month', 'quarter', 'year') AND amount IS NOT NULL WINDOW w AS (PARTITION BY id, p.period ORDER BY period_start)) r
	 JOIN (SELECT id, p.period, n.* FROM histories JOIN cases USING (id) JOIN periods p USING (grain), new_and_returning(h, p.period) n) n USING (id, period, period_start);

SET client_min_messages = error;
DROP SCHEMA history_oracle CASCADE;
