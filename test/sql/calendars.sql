-- Periods that people keep books by: weeks from any day, quarters and years from
-- any month, runs of days.  What histories answer about them is in history_oracle.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET jit = off;
CREATE SCHEMA calendars;
SET search_path = calendars, public;

CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	message text;
	hint text;
BEGIN
	EXECUTE query INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws('; ', SQLSTATE, message, nullif(hint, ''));
END
$$;

-- ---------------------------------------------------------------------------
-- What they are called.
-- ---------------------------------------------------------------------------

SELECT period, period_start(date '2026-05-20', period)
FROM unnest('{day,week,week from monday,week from tuesday,week from wednesday,week from thursday,week from friday,week from saturday,week from sunday,WEEKS FROM Sunday,weekly from sunday,
	quarter,quarter from january,quarter from february,quarter from march,quarter from april,Quarterly from December,
	year,year from january,year from february,year from may,year from june,year from december,annual from april,years from APRIL,
	2 days,7 days,28 DAYS,28 day,0028 days,3650 days,7 days from 2024-02-29,28 days from 2024-01-01,28 days from 2026-05-20,28 days from 2026-05-21,28 days from 0001-01-01,28 days from 9999-12-31}'::text[]) WITH ORDINALITY p (period, i) ORDER BY i;

-- What is none of them, and what to write.
SELECT quote_literal(period) || ': ' || outcome(format('SELECT period_start(date ''2026-05-20'', %L)', period)) AS outcome
FROM unnest('{"","fortnight","week from","week from day","week from Sun","week from 1","week from april","from sunday","week on sunday","week  from sunday"," week from sunday","week from sunday ","week from sunday please","week from sunday from sunday",
	"day from monday","month from april","month from 15","quarter from q2","year from 4","year from sunday","year from april 6","decade from april",
	"28","days","1 day","0 days","3651 days","10000 days","99999999999999999999 days","-28 days","2.5 days","28days","28 days from","28 days from monday","28 days from today","28 days from 1/1/2024","28 days from 2024-1-1","28 days from 2023-02-29","28 days from 2024-13-01","28 days from 2024-00-01","28 days from 2024-01-00","28 days from 0000-01-01","28 days from 20244-01-01","28 days from 2024-01-01 BC",
	"4 weeks","2 weeks from sunday","6 months"}'::text[]) WITH ORDINALITY p (period, i) ORDER BY i;

-- The periods of a history's own are date_trunc's; and what it is asked about is of whole ones of them.
CREATE TABLE orders AS
SELECT n % 7 AS customer, date '2023-11-13' + n * 11 AS ordered_at, 10.0 AS amount FROM generate_series(0, 60) n;
SELECT period || ': ' || outcome(format('SELECT period FROM history_info((SELECT purchase_history(customer, ordered_at, amount, %L) FROM orders))', period)) AS outcome
FROM unnest('{week from monday,year from january,Daily,week from sunday,quarter from april,28 days,28 days from 2024-01-01,fortnight}'::text[]) period;
SELECT outcome('SELECT purchase_history(customer, ordered_at, CASE ordered_at WHEN ''2023-11-13'' THEN ''day'' ELSE ''year from may'' END) FROM orders') AS not_all_the_same;
SELECT grain, period, outcome(format('SELECT count(*) > 0 FROM cohort_retention((SELECT purchase_history(customer, ordered_at, %L) FROM orders), %L)', grain, period))
FROM unnest('{day,week,month,quarter,year}'::text[]) WITH ORDINALITY g (grain, i),
	 unnest('{week from sunday,quarter from april,quarter from march,year from april,year from march,28 days,28 days from 2024-01-02,27 days}'::text[]) WITH ORDINALITY p (period, j) ORDER BY i, j;

-- ---------------------------------------------------------------------------
-- Their first days, against plain SQL, at all times.
-- ---------------------------------------------------------------------------

CREATE FUNCTION chance(n int, what int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(n, what) & 4503599627370495) / 4503599627370496.0::float8
$$;
CREATE TABLE days AS
SELECT 'ends of time' AS what, unnest('{4713-01-01 BC,4713-12-31 BC,4705-02-29 BC,1-12-31 BC,0001-01-01,1582-10-15,1999-12-31,2000-01-01,2000-01-02,2000-01-03,2000-02-29,294275-12-31,294276-12-31}'::date[]) AS day
UNION ALL SELECT 'all times', date '4713-01-01 BC' + floor(chance(n, 1) * (date '294276-12-31' - date '4713-01-01 BC'))::int FROM generate_series(1, 3000) n
UNION ALL SELECT 'a few years', date '2018-12-20' + n FROM generate_series(1, 3000) n;
CREATE TABLE weekdays AS
SELECT name, i - 1 AS number FROM unnest('{monday,tuesday,wednesday,thursday,friday,saturday,sunday}'::text[]) WITH ORDINALITY w (name, i);
CREATE TABLE months AS
SELECT name, i - 1 AS number FROM unnest('{january,february,march,april,may,june,july,august,september,october,november,december}'::text[]) WITH ORDINALITY m (name, i);
CREATE TABLE runs AS
SELECT n, origin FROM unnest('{2,7,28,30,91,364,365,1000,3650}'::int[]) n, unnest('{2000-01-03,2024-01-01,0001-01-01,9999-12-31,1969-07-20}'::date[]) origin;

-- The last day at or before it that is such a weekday.
SELECT what, count(*) AS days, count(*) FILTER (WHERE period_start(day, 'week from ' || name) IS DISTINCT FROM day - ((extract(isodow FROM day)::int - 1 - number::int + 7) % 7)) AS mismatches
FROM days, weekdays GROUP BY what ORDER BY what;
-- A year that begins so many months later is the calendar's of so many months before.
SELECT what, word, count(*) AS days,
	   count(*) FILTER (WHERE period_start(day, word || ' from ' || name) IS DISTINCT FROM (date_trunc(word, day::timestamp - number * interval '1 month') + number * interval '1 month')::date) AS mismatches
FROM days, months, unnest('{quarter,year}'::text[]) word WHERE day >= '4712-01-01 BC' GROUP BY what, word ORDER BY what, word;
-- The origin and a whole number of runs; as date_bin has it where it reaches.
SELECT what, count(*) AS days,
	   count(*) FILTER (WHERE period_start(day, format('%s days from %s', n, origin)) IS DISTINCT FROM origin + floor((day - origin) / n::numeric)::int * n) AS mismatches,
	   count(*) FILTER (WHERE what = 'a few years' AND period_start(day, format('%s days from %s', n, origin)) IS DISTINCT FROM date_bin(n * interval '1 day', day, origin)::date) AS not_as_date_bin,
	   count(*) FILTER (WHERE origin = '2000-01-03' AND period_start(day, n || ' days') IS DISTINCT FROM period_start(day, n || ' days from 2000-01-03')) AS not_from_a_monday
FROM days, runs WHERE day >= '4700-01-01 BC' OR n = 2 GROUP BY what ORDER BY what;
-- The other types are of their day; many names in one call are told apart.
SELECT count(*) AS rows,
	   count(*) FILTER (WHERE period_start(at, period) IS DISTINCT FROM period_start(at::date, period)) AS timestamp_mismatches,
	   count(*) FILTER (WHERE period_start(at AT TIME ZONE 'UTC', period) IS DISTINCT FROM period_start(at::date, period)) AS session_mismatches,
	   count(*) FILTER (WHERE period_start(at AT TIME ZONE 'America/New_York', period, 'America/New_York') IS DISTINCT FROM period_start(at::date, period)) AS zone_mismatches
FROM (SELECT timestamp '2023-12-20' + n * interval '5 hours 13 minutes' AS at FROM generate_series(1, 2000) n) t,
	 unnest('{week from sunday,week,week from saturday,year from april,year,28 days,28 days from 2024-01-02,quarter from february,day}'::text[]) period
-- an hour that clocks leave out, or have twice, is in the zone another one of its day
WHERE at::time BETWEEN '3:00' AND '23:59:59';
SELECT period_start(timestamptz 'infinity', 'week from sunday') AS infinite, period_start(NULL::date, '28 days') AS "null", outcome('SELECT period_start(date ''4714-11-24 BC'', ''year from april'')') AS too_early;

-- ---------------------------------------------------------------------------
-- What isn't in history_oracle.
-- ---------------------------------------------------------------------------

-- The model's curve at the ends of periods is that of the days that they end with.
CREATE TABLE histories AS
SELECT purchase_history(n % 90, date '2023-03-01' + floor(chance(n, 2) ^ 2 * 700)::int, round(chance(n, 3)::numeric * 100, 2), 'day') AS h FROM generate_series(1, 400) n;
SELECT period, count(*) AS rows, count(*) FILTER (WHERE d.period_start IS NULL OR (t.cumulative_actual_purchases, t.cumulative_expected_purchases) IS DISTINCT FROM (d.cumulative_actual_purchases, d.cumulative_expected_purchases)) AS mismatches
FROM histories, (SELECT fit_purchases(repeat_buying(h), 'nbd') AS m FROM histories) f, unnest('{week from sunday,quarter from february,year from april,28 days}'::text[]) WITH ORDINALITY p (period, i),
	 LATERAL (SELECT *, coalesce(lead(period_start) OVER (ORDER BY period_start) - 1, (history_info(h)).last_order) AS ends FROM model_tracking(m, h, period)) t LEFT JOIN
	 LATERAL model_tracking(m, h, 'day') d ON d.period_start = t.ends
GROUP BY period, i ORDER BY i;

-- Part and whole.
SELECT period, count(*) > 1 AS rows, sum(cohort_size) FILTER (WHERE period_index = 0) AS customers, count(*) FILTER (WHERE cohort <> period_start(cohort, period) OR c.period_start <> period_start(c.period_start, period)) AS mismatches
FROM (SELECT purchase_history(customer, ordered_at, amount, 'day') AS whole, purchase_history(customer, ordered_at, amount, 'day') FILTER (WHERE ordered_at >= '2024-07-01') AS part FROM orders) s,
	 unnest('{week from sunday,quarter from february,year from april,28 days}'::text[]) WITH ORDINALITY p (period, i), LATERAL cohort_retention(part, period, anchor => whole) c
GROUP BY period, i ORDER BY i;

-- ---------------------------------------------------------------------------
-- The views.
-- ---------------------------------------------------------------------------

CREATE TABLE shop AS
SELECT CASE WHEN chance(n, 4) > 0.1 THEN floor(chance(n, 8) * 60) END::int8 AS customer_id, date '2023-03-01' + floor(chance(n, 5) * 900)::int AS ordered_at,
	   CASE WHEN chance(n, 6) < 0.1 THEN -1 ELSE 1 END * round(chance(n, 7)::numeric * 100 + 1, 2) AS amount
FROM generate_series(1, 500) n;
CREATE TABLE shop_history AS SELECT purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM shop;
CREATE TABLE periods AS
SELECT * FROM (VALUES (1, 'Week From Sunday', 'week from sunday', interval '7 days', 52), (2, 'quarter from february', NULL, '3 months', 4), (3, 'year from april', NULL, '1 year', 1),
					  (4, '28 days', NULL, '28 days', 13), (5, '30 days from 2024-01-01', NULL, '30 days', 12), (6, '400 days', NULL, '400 days', 1)) v (i, given, kept, step, months);
SELECT given, (SELECT count(*) FROM retention_create_views('calendars.shop', lifespan => '3 years', target => 'calendar_' || i, period => given)) AS views FROM periods ORDER BY i;
CREATE FUNCTION of_view(i int, view text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT to_jsonb(v) FROM calendar_%s.%I v', i, view);
END
$$;
SELECT given, r ->> 'period' AS kept FROM periods, of_view(i, 'retention_options') r ORDER BY i;

-- Labels, of the first and the last two periods.
SELECT given, string_agg(concat_ws(' ', r ->> 'period_start', r ->> 'period_label'), ', ' ORDER BY n) AS labels
FROM (SELECT given, i, r, row_number() OVER (PARTITION BY i ORDER BY r ->> 'period_start') AS n, row_number() OVER (PARTITION BY i ORDER BY r ->> 'period_start' DESC) AS m
	  FROM periods, of_view(i, 'kpi_by_period') r) s
WHERE n <= 2 OR m <= 2 GROUP BY given, i ORDER BY i;
SELECT given, count(*) FILTER (WHERE r ->> 'cohort' = k ->> 'period_start' AND r ->> 'cohort_label' IS DISTINCT FROM k ->> 'period_label') AS cohort_mismatches,
	   count(*) FILTER (WHERE r ->> 'period_start' = k ->> 'period_start' AND r ->> 'period_label' IS DISTINCT FROM k ->> 'period_label') AS mismatches
FROM periods, of_view(i, 'kpi_by_period') k, of_view(i, 'cohort_retention') r GROUP BY given, i ORDER BY i;

-- kpi_by_period against plain SQL.
CREATE FUNCTION plain_kpi(period text, step interval, months int)
RETURNS TABLE (period_start date, is_complete bool, customers int8, repeat_customers int8, new_customers int8, orders int8, new_orders int8, revenue numeric, new_revenue numeric,
			   refunds int8, refunded numeric, guest_orders int8, guest_revenue numeric, trailing_12_months_customers int8, trailing_12_months_repeat_customers int8, trailing_12_months_repeat_rate float8, clv numeric)
LANGUAGE sql AS $$
	WITH o AS (SELECT *, period_start(ordered_at, $1) AS p, min(ordered_at) FILTER (WHERE amount >= 0) OVER (PARTITION BY customer_id) AS first, amount >= 0 AS is_order FROM shop),
	periods AS (SELECT p::date FROM (SELECT min(p) AS a, max(p) AS z FROM o) s, generate_series(a, z, $2) p),
	buyers AS (SELECT p, customer_id, count(*) FILTER (WHERE is_order) AS n, period_start(first, $1) = p AS is_new, sum(amount) AS paid FROM o WHERE customer_id IS NOT NULL GROUP BY p, customer_id, first),
	windows AS (SELECT q.p, customer_id, count(*) AS n FROM periods q JOIN o ON is_order AND customer_id IS NOT NULL AND o.p BETWEEN q.p - ($3 - 1) * $2 AND q.p GROUP BY q.p, customer_id)
	SELECT p, p < (SELECT max(p) FROM o WHERE is_order AND customer_id IS NOT NULL), count(b) FILTER (WHERE n > 0), count(b) FILTER (WHERE n > 1), count(b) FILTER (WHERE is_new), coalesce(sum(n), 0)::int8, coalesce(sum(n) FILTER (WHERE is_new), 0)::int8,
		   coalesce(sum(paid), 0), coalesce(sum(paid) FILTER (WHERE is_new), 0),
		   r.n_refunds, r.refunded, r.n_guests, r.paid_by_guests, w.c, w.r,
		   CASE WHEN p >= (SELECT min(p) FROM o WHERE is_order AND customer_id IS NOT NULL) + ($3 - 1) * $2 THEN w.r::float8 / nullif(w.c, 0) END,
		   round(coalesce(sum(paid), 0) / nullif(count(b) FILTER (WHERE n > 0), 0) / ((p + $2)::date - p) * 1095.75, 4)
	FROM periods LEFT JOIN buyers b USING (p),
		 LATERAL (SELECT count(*) FILTER (WHERE customer_id IS NOT NULL AND NOT is_order) AS n_refunds, coalesce(-sum(amount) FILTER (WHERE customer_id IS NOT NULL AND NOT is_order), 0) AS refunded,
						 count(*) FILTER (WHERE customer_id IS NULL AND is_order) AS n_guests, coalesce(sum(amount) FILTER (WHERE customer_id IS NULL), 0) AS paid_by_guests FROM o WHERE o.p = periods.p) r,
		 LATERAL (SELECT count(*) AS c, count(*) FILTER (WHERE n > 1) AS r FROM windows WHERE windows.p = periods.p) w
	GROUP BY p, r.n_refunds, r.refunded, r.n_guests, r.paid_by_guests, w.c, w.r
$$;
CREATE FUNCTION of_kpi(i int)
RETURNS TABLE (period_start date, is_complete bool, customers int8, repeat_customers int8, new_customers int8, orders int8, new_orders int8, revenue numeric, new_revenue numeric,
			   refunds int8, refunded numeric, guest_orders int8, guest_revenue numeric, trailing_12_months_customers int8, trailing_12_months_repeat_customers int8, trailing_12_months_repeat_rate float8, clv numeric)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT period_start, is_complete, customers, repeat_customers, new_customers, orders, new_orders, revenue, new_revenue, refunds, refunded, guest_orders, guest_revenue,
		trailing_12_months_customers, trailing_12_months_repeat_customers, trailing_12_months_repeat_rate, clv FROM calendar_%s.kpi_by_period', i);
END
$$;
SELECT given, (SELECT count(*) FROM plain_kpi(given, step, months)) AS rows, (SELECT count(*) FROM plain_kpi(given, step, months) WHERE trailing_12_months_repeat_rate IS NOT NULL) AS with_12_months,
	   (SELECT count(*) FROM (SELECT * FROM plain_kpi(given, step, months) EXCEPT ALL SELECT * FROM of_kpi(i)) d) AS missing, (SELECT count(*) FROM (SELECT * FROM of_kpi(i) EXCEPT ALL SELECT * FROM plain_kpi(given, step, months)) d) AS not_wanted
FROM periods ORDER BY i;

-- The others say what the functions do.
SELECT given,
	   (SELECT count(*) FROM cohort_retention(h, given)) = (SELECT count(*) FROM cohort_retention(h, given) c JOIN of_view(i, 'cohort_retention') v
		ON (v ->> 'cohort', v ->> 'period_index', v ->> 'period_start', v ->> 'active', (v ->> 'cumulative_revenue')::numeric, v ->> 'is_complete') = (c.cohort::text, c.period_index::text, c.period_start::text, c.active::text, c.cumulative_revenue, c.is_complete::text)) AS cohorts,
	   (SELECT count(*) FROM lifecycle(h, given)) = (SELECT count(*) FROM lifecycle(h, given) c JOIN of_view(i, 'lifecycle') v
		ON (v ->> 'period_start', v ->> 'opening', v ->> 'new', v ->> 'closing', v ->> 'is_complete') = (c.period_start::text, c.opening::text, c.new::text, c.closing::text, c.is_complete::text)) AS lifecycle
FROM periods, shop_history ORDER BY i;

-- Comments say how long 12 months are; the period can be changed where it's kept.
SELECT given, col_description(format('calendar_%s.kpi_by_period', i)::regclass, (SELECT attnum FROM pg_attribute WHERE attrelid = format('calendar_%s.kpi_by_period', i)::regclass AND attname = 'trailing_12_months_customers')) FROM periods ORDER BY i;
CREATE FUNCTION keep_period(given text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'CREATE OR REPLACE VIEW calendar_1.retention_options AS ' ||
		regexp_replace(pg_get_viewdef('calendar_1.retention_options'::regclass), '''[^'']*''::text AS period', quote_literal(given) || '::text AS period');
END
$$;
SELECT keep_period('YEAR from april');
SELECT count(*) FROM retention_refresh_views('calendar_1');
SELECT period_label, customers, trailing_12_months_customers FROM calendar_1.kpi_by_period ORDER BY period_start;
SELECT keep_period('year from tuesday');
SELECT outcome('SELECT count(*) FROM retention_refresh_views(''calendar_1'')');
SELECT keep_period('year');
SELECT outcome('SELECT count(*) FROM retention_create_views(''calendars.shop'', target => ''calendar_7'', period => ''week from noon'')');

-- Too many of them.
SELECT outcome('SELECT count(*) FROM lifecycle((SELECT purchase_history(1, day, ''day'') FROM days), ''2 days'')');

SET client_min_messages = error;
SELECT count(retention_drop_views('calendar_' || i)) FROM periods;
DROP SCHEMA calendars CASCADE;
