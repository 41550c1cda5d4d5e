-- Views of some days (from_day, until_day), as of a day (as_of): each column, over random shops and
-- the parts of one, against its definition in plain SQL, in which who is new is a matter of all days.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = 1;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE SCHEMA windows_test;
SET search_path = windows_test, public;

CREATE TABLE shops (id int PRIMARY KEY, what text, rows int, customers int, first date, days int, guests float8, refunds float8, skipped float8,
	key text, at text, period text, zone text, lifespan interval, lifespan_days numeric, margin float8, is_lines bool, told text, kept text, mode text, from_day date, until_day date, now date);
INSERT INTO shops VALUES
	(1, 'a year', 400, 40, '2022-01-15', 1400, 0.05, 0.15, 0.05, 'int8', 'timestamptz', 'month', 'Europe/Berlin', NULL, NULL, 1, false, NULL, NULL, 'plain', '2023-01-01', '2023-12-31', NULL),
	(2, 'a year, kept', 400, 40, '2022-01-15', 1400, 0.05, 0.15, 0.05, 'text', 'timestamptz', 'quarter', 'America/New_York', NULL, NULL, 1, true, NULL, 'quantity < 6', 'materialized', '2023-01-01', '2023-12-31', NULL),
	(3, 'days within periods', 300, 30, '2022-06-15', 700, 0.1, 0.2, 0.05, 'uuid', 'timestamp', 'month', NULL, '3 years', 1095.75, 0.3, false, NULL, NULL, 'plain', '2022-11-11', '2023-05-17', NULL),
	(4, 'this year, which is not over', 300, 30, '2022-06-15', 500, 0.05, 0.2, 0.05, 'varchar', 'date', 'week', NULL, NULL, NULL, 1, false, 'quantity > 0', NULL, 'plain', '2023-01-01', '2023-12-31', NULL),
	(5, 'from a day on', 200, 20, '2024-01-10', 200, 0.2, 0.2, 0, 'int4', 'timestamptz', 'month', 'Asia/Kolkata', NULL, NULL, 1, false, NULL, NULL, 'materialized', '2024-03-16', NULL, NULL),
	(6, 'until a day', 200, 20, '2024-01-10', 200, 0.2, 0.2, 0, 'int8', 'date', 'week', NULL, NULL, NULL, 1, false, NULL, NULL, 'plain', NULL, '2024-05-05', NULL),
	(7, 'as of a day', 300, 30, '2022-06-15', 700, 0.1, 0.2, 0.05, 'int8', 'timestamptz', 'month', 'America/New_York', NULL, NULL, 1, true, NULL, NULL, 'plain', NULL, NULL, '2023-08-31'),
	(8, 'as of a day behind the last order', 200, 20, '2023-01-10', 200, 0.1, 0.2, 0.05, 'int8', 'timestamp', 'month', NULL, NULL, NULL, 1, false, NULL, NULL, 'plain', NULL, NULL, '2023-10-31'),
	(9, 'a year as of a day in it', 400, 40, '2022-01-15', 1400, 0.05, 0.15, 0.05, 'bpchar', 'date', 'month', NULL, NULL, NULL, 1, false, NULL, NULL, 'materialized', '2023-01-01', '2023-12-31', '2023-09-20'),
	(10, 'before the first order', 100, 20, '2023-01-10', 200, 0.1, 0.2, 0, 'int8', 'date', 'month', NULL, NULL, NULL, 1, false, NULL, NULL, 'plain', '2021-01-01', '2021-12-31', NULL),
	(11, 'behind the last one', 100, 20, '2023-01-10', 200, 0.1, 0.2, 0, 'int8', 'date', 'month', NULL, NULL, NULL, 1, false, NULL, NULL, 'plain', '2024-01-01', '2024-12-31', NULL),
	(12, 'no rows', 0, 1, '2023-01-10', 200, 0, 0, 0, 'text', 'date', 'month', NULL, NULL, NULL, 1, false, NULL, NULL, 'plain', '2023-01-01', '2023-12-31', NULL);

CREATE FUNCTION chance(shop int, n int, what int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(shop * 1000 + n, what) & 4503599627370495) / 4503599627370496.0::float8
$$;
CREATE TABLE draws AS
SELECT id, n,
	   CASE WHEN chance(id, n, 1) >= guests THEN floor(chance(id, n, 2) ^ 1.5 * customers)::int END AS customer,
	   CASE WHEN chance(id, n, 3) >= skipped THEN first + floor(chance(id, n, 4) * days) * interval '1 day' + CASE WHEN chance(id, n, 5) < 0.2 THEN 0 ELSE chance(id, n, 5) END * interval '24 hours'
			WHEN chance(id, n, 4) < 0.5 THEN 'infinity' END AS at,
	   CASE WHEN chance(id, n, 7) < skipped / 2 THEN NULL WHEN chance(id, n, 7) < skipped THEN 0
			ELSE round((chance(id, n, 8) * 300 + 1)::numeric, 2) * CASE WHEN chance(id, n, 9) < refunds THEN -1 ELSE 1 END END AS amount,
	   CASE WHEN chance(id, n, 11) >= 0.1 THEN floor(chance(id, n, 12) * 20)::int END AS order_no,
	   CASE WHEN chance(id, n, 14) < 0.9 THEN ceil(chance(id, n, 15) * 8)::int - 1 END AS quantity,
	   CASE WHEN chance(id, n, 22) < 0.5 THEN 'DE' WHEN chance(id, n, 22) < 0.8 THEN 'FR' END AS country
FROM shops, generate_series(1, rows) n;
DO $$
DECLARE
	s shops;
BEGIN
	FOR s IN SELECT * FROM shops LOOP
		EXECUTE format('CREATE TABLE %I AS SELECT %s AS "Customer", %s AS at, amount, order_no, quantity, country FROM draws WHERE id = %s', 'Shop ' || s.id,
			CASE s.key WHEN 'int8' THEN '(customer::int8 * 1000003 - 7)' WHEN 'text' THEN '''customer '' || customer' WHEN 'uuid' THEN 'md5(customer::text)::uuid'
					   WHEN 'varchar' THEN '(''K'' || customer)::varchar(20)' WHEN 'bpchar' THEN '(''K'' || customer)::char(12)' ELSE 'customer::' || s.key END,
			CASE s.at WHEN 'timestamptz' THEN 'at AT TIME ZONE ''UTC''' ELSE 'at::' || s.at END, s.id);
		PERFORM retention_create_views(format('%I', 'Shop ' || s.id)::regclass, 'Customer', 'at', 'amount', order_id => CASE WHEN s.is_lines THEN 'order_no' END, filter => s.kept, is_order => s.told,
			target => ('views ' || s.id)::name, period => s.period, time_zone => s.zone, lifespan => s.lifespan, margin => s.margin, mode => s.mode, segments => '{country}',
			from_day => s.from_day, until_day => s.until_day, as_of => s.now);
	END LOOP;
END
$$;

CREATE TABLE rows AS
SELECT d.id, n,
	   CASE s.key WHEN 'int8' THEN (customer::int8 * 1000003 - 7)::text WHEN 'text' THEN 'customer ' || customer WHEN 'uuid' THEN md5(customer::text)::uuid::text
				  WHEN 'varchar' THEN 'K' || customer WHEN 'bpchar' THEN 'K' || customer ELSE customer::text END AS customer,
	   CASE WHEN s.at = 'date' THEN date_trunc('day', d.at) ELSE d.at END AS instant, d.amount, order_no, is_lines, (s.kept IS NULL OR quantity < 6) IS TRUE AS kept,
	   CASE WHEN told IS NULL THEN d.amount >= 0 ELSE quantity > 0 END IS TRUE AS is_order, country
FROM draws d JOIN shops s USING (id);
CREATE TABLE sold AS
SELECT o.*, CASE WHEN s.at = 'timestamptz' THEN instant AT TIME ZONE 'UTC' AT TIME ZONE zone ELSE instant END::date AS day
FROM (SELECT id, kept, customer, instant, amount, is_order, 1::int8 AS row_count, order_no, country FROM rows WHERE NOT is_lines OR NOT is_order OR amount IS NULL
	  UNION ALL
	  SELECT id, kept, customer, min(instant) FILTER (WHERE isfinite(instant)), sum(amount), true, count(*), order_no, min(country COLLATE "C")
	  FROM rows WHERE is_lines AND is_order AND amount IS NOT NULL
	  GROUP BY id, kept, customer, order_no, CASE WHEN order_no IS NOT NULL THEN 'order ' || order_no ELSE coalesce('at ' || instant, 'never') END) o JOIN shops s USING (id);
CREATE INDEX ON sold (id, customer);

-- Of each shop and each of its countries: all days until the last known one (100 + ...), those that are
-- reported (200), and of who was new in these all until the last (300).
CREATE TABLE pieces AS
SELECT (s.id * 10 + nth)::int AS piece, s.id AS shop, is_part, country, from_day, until_day, now,
	   coalesce(least(until_day, now), 'infinity') AS last_day,
	   -- what has no end but the last order's is not over with it
	   coalesce(now, CASE WHEN until_day < (SELECT max(day) FROM sold o WHERE o.id = s.id AND kept AND isfinite(instant) AND amount IS NOT NULL AND is_order AND customer IS NOT NULL) THEN until_day END) AS as_of
FROM shops s, (VALUES (0, false, NULL), (1, true, 'DE'), (2, true, 'FR'), (3, true, NULL)) p (nth, is_part, country);
UPDATE pieces SET as_of = least(as_of, until_day) WHERE until_day IS NOT NULL AND as_of IS NOT NULL;
CREATE TABLE parts AS SELECT piece + kind AS id, shop * 10 + 1000 AS whole FROM pieces, unnest('{1000,2000,3000}'::int[]) kind WHERE kind > 1000 OR is_part;
CREATE TABLE windows AS SELECT piece + 2000 AS id, piece + 1000 AS longer, coalesce(from_day, '-infinity') AS from_day, coalesce(until_day, 'infinity') AS until_day FROM pieces;
CREATE TABLE nows AS SELECT piece + kind AS id, as_of FROM pieces, unnest('{1000,2000,3000}'::int[]) kind WHERE as_of IS NOT NULL;
CREATE TABLE plain_orders AS
WITH seen AS (
	SELECT piece, p.from_day, p.until_day, o.*, first
	FROM pieces p JOIN sold o ON o.id = shop AND (NOT is_part OR o.country IS NOT DISTINCT FROM p.country) AND kept AND isfinite(instant) AND day <= last_day
		 LEFT JOIN (SELECT id, customer, min(day) AS first FROM sold WHERE kept AND isfinite(instant) AND amount IS NOT NULL AND is_order AND customer IS NOT NULL GROUP BY id, customer) f ON f.id = o.id AND f.customer = o.customer)
SELECT piece + kind AS id, kept, customer, instant, amount, is_order, row_count, order_no
FROM seen, unnest('{1000,2000,3000}'::int[]) kind
WHERE kind = 1000 OR (kind = 2000 AND day BETWEEN coalesce(from_day, '-infinity') AND coalesce(until_day, 'infinity')) OR (kind = 3000 AND first BETWEEN coalesce(from_day, '-infinity') AND coalesce(until_day, 'infinity'));
INSERT INTO shops SELECT piece + kind, what, rows, customers, first, days, guests, refunds, skipped, key, at, period, zone, lifespan, lifespan_days, margin, is_lines, told, kept, mode, s.from_day, s.until_day, s.now
FROM pieces JOIN shops s ON s.id = shop, unnest('{1000,2000,3000}'::int[]) kind;

\set ECHO none
\getenv here PG_ABS_SRCDIR
\set definitions :here '/plain/views.sql'
\i :definitions
\set ECHO all
-- Segments of who is listed: of scores against all customers.
DELETE FROM plain_customer USING pieces WHERE id = piece + 2000;
INSERT INTO plain_customer SELECT piece + 2000, customer, orders, revenue, aov, first_order, last_order, lifespan_days, age_days, recency_days, mean_gap_days, next_order_due, recency_score, frequency_score, monetary_score, segment, status, revenue_decile
FROM plain_customer c JOIN pieces ON c.id = piece + 1000 WHERE last_order >= coalesce(from_day, '-infinity');
-- Is there a day of the period among those that are reported?
CREATE FUNCTION is_reported(which int, starts date) RETURNS bool STABLE LANGUAGE sql AS $$
	SELECT (starts + step(period))::date > coalesce(from_day, '-infinity') AND starts <= coalesce(until_day, 'infinity') FROM shops WHERE id = which
$$;
-- The days that are reported, but for the trailing months, which are of all.
CREATE FUNCTION plain_window_by_period(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT p || jsonb_build_object('is_complete', (p ->> 'is_complete')::bool AND (p ->> 'period_start')::date >= coalesce(from_day, '-infinity')) ||
		   (SELECT jsonb_object_agg(key, value) FROM jsonb_each(l) WHERE key LIKE 'trailing%')
	FROM plain_kpi_by_period(which + 2000) p LEFT JOIN plain_kpi_by_period(which + 1000) l ON l -> 'period_start' = p -> 'period_start', shops s
	WHERE s.id = which + 2000 AND is_reported(s.id, (p ->> 'period_start')::date)
$$;
CREATE FUNCTION plain_window_excluded(piece int, which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('reason', r.reason, 'is_counted', is_counted, 'row_count', coalesce(sum(row_count), 0), 'amount', CASE WHEN count(row_count) > 0 AND r.reason <> 'no amount' THEN coalesce(sum(amount), 0) END)
	FROM (VALUES ('order', true), ('refund', true), ('refund without order', true), ('guest order', true), ('guest refund', true), ('no amount', false), ('no time', false), ('not finite', false),
				 ('absurd amount', false), ('too early', false), ('in the future', false), ('filtered out', false), ('outside the window', false)) r (reason, is_counted)
	LEFT JOIN (SELECT o.*, CASE
			WHEN NOT o.kept THEN 'filtered out' WHEN instant IS NULL OR NOT isfinite(instant) THEN 'no time' WHEN amount IS NULL THEN 'no amount' WHEN day > now THEN 'in the future'
			WHEN day < from_day OR day > until_day THEN 'outside the window'
			WHEN customer IS NULL AND NOT is_order THEN 'guest refund' WHEN customer IS NULL THEN 'guest order' WHEN is_order THEN 'order'
			WHEN EXISTS (SELECT FROM facts f WHERE f.id = piece + 2000 AND f.customer = o.customer AND f.is_order) THEN 'refund' ELSE 'refund without order' END AS reason
		FROM sold o JOIN shops s USING (id) WHERE o.id = which) o USING (reason)
	WHERE r.reason <> 'outside the window' OR EXISTS (SELECT FROM shops JOIN sold USING (id) WHERE id = which AND (from_day IS NOT NULL OR until_day IS NOT NULL))
	GROUP BY r.reason, is_counted
$$;
-- What each view has of a window.
CREATE FUNCTION plain_of(view text, piece int, shop int) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN view IN ('kpi', 'revenue_concentration', 'rfm_segments') THEN format('plain_%s(%s)', view, piece + 2000)
		WHEN view = 'kpi_by_period' THEN format('plain_window_by_period(%s)', piece)
		WHEN view IN ('cohort_retention', 'lifecycle') THEN format('(SELECT p FROM plain_%s(%s) p WHERE is_reported(%2$s, (p ->> ''period_start'')::date))', view, piece + 1000)
		WHEN view IN ('customers', 'customer_facts') THEN format('(SELECT p FROM plain_%s(%s) p, shops s WHERE s.id = %2$s AND (p ->> ''last_order'')::date >= coalesce(from_day, ''-infinity''))', view, piece + 1000)
		WHEN view IN ('rfm_quintiles', 'outlook', 'kpi_to_date') THEN format('plain_%s(%s)', view, piece + 1000)
		WHEN view = 'excluded_rows' THEN format('plain_window_excluded(%s, %s)', piece, shop)
		WHEN view = 'order_sequence' THEN format('(SELECT p FROM plain_%s(%s) p, shops s WHERE s.id = %2$s AND (CASE WHEN s.at = ''timestamptz'' THEN (p ->> ''ordered_at'')::timestamp AT TIME ZONE ''UTC'' AT TIME ZONE zone ELSE (p ->> ''ordered_at'')::timestamp END)::date >= coalesce(from_day, ''-infinity''))', view, piece + 1000)
		ELSE format('plain_%s(%s)', view, piece + 3000) END
$$;
DO $$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT * FROM pieces, keys WHERE (NOT is_part OR (of_parts IS NOT NULL AND EXISTS (SELECT FROM sold o WHERE o.id = shop AND o.kept AND o.country IS NOT DISTINCT FROM pieces.country))) LOOP
		CALL compare_view(p.piece, p.view, format('%I.%I', 'views ' || p.shop, CASE WHEN p.is_part THEN p.of_parts ELSE p.view END), p.key, plain_of(p.view, p.piece, p.shop),
			CASE WHEN p.is_part THEN format('value IS NOT DISTINCT FROM %L', p.country) ELSE 'true' END);
	END LOOP;
END
$$;
SELECT view, is_part, count(DISTINCT c.id) AS shops, count(DISTINCT name) AS columns, sum(rows) AS "values", sum(differences) AS differences FROM compared c JOIN pieces ON piece = c.id GROUP BY view, is_part ORDER BY view, is_part;
SELECT shop, what, country, is_part, view, name, c.rows, differences FROM compared c JOIN pieces ON piece = c.id JOIN shops s ON s.id = shop WHERE differences > 0 ORDER BY 1, 4, 3, 5, 6 LIMIT 40;
-- Every row of the table is in one line, with its money.
CREATE TABLE totals (id int, got text, expected text);
DO $$ BEGIN FOR i IN 1..12 LOOP
	EXECUTE format('INSERT INTO totals SELECT %s, (SELECT concat(sum(row_count), '' '', sum(amount)) FROM %I.excluded_rows), (SELECT concat(count(*), '' '', round(sum(amount), 4)) FROM %I)', i, 'views ' || i, 'Shop ' || i);
	EXECUTE format('INSERT INTO totals SELECT %s, (SELECT concat(sum(amount)) FROM %2$I.excluded_rows WHERE is_counted HAVING sum(amount) <> 0), (SELECT all_revenue::text FROM %2$I.kpi WHERE all_revenue <> 0)', i, 'views ' || i);
	EXECUTE format('INSERT INTO totals SELECT %s, concat(customers, '' '', orders, '' '', revenue, '' '', all_revenue), (SELECT concat((SELECT count(*) FROM %2$I.customers), '' '', coalesce(sum(orders), 0), '' '', coalesce(sum(revenue), 0.0000), '' '', coalesce(sum(all_revenue), 0.0000)) FROM %2$I.kpi_by_period) FROM %2$I.kpi', i, 'views ' || i);
	EXECUTE format('INSERT INTO totals SELECT %s, concat(orders, '' '', all_revenue), (SELECT concat(coalesce(sum(orders), 0), '' '', coalesce(sum(all_revenue), 0.0000)) FROM %2$I.kpi_by_segment) FROM %2$I.kpi', i, 'views ' || i);
END LOOP; END $$;
SELECT count(*) AS totals, count(*) FILTER (WHERE got IS DISTINCT FROM expected) AS differences FROM totals;
SELECT * FROM totals WHERE got IS DISTINCT FROM expected;

-- ---------------------------------------------------------------------------
-- A year of a shop: what a filter calls new, and who is.
-- ---------------------------------------------------------------------------

CREATE TABLE orders AS SELECT * FROM simulate_orders(1000, '2 years', 1);
SELECT count(*) FROM retention_create_views('orders', target => 'filtered', filter => $$ordered_at >= '2025-01-01' AND ordered_at < '2026-01-01'$$, time_zone => 'UTC');
SELECT count(*) FROM retention_create_views('orders', target => 'year', from_day => '2025-01-01', until_day => '2025-12-31', time_zone => 'UTC');
SELECT f.customers = y.customers AND f.orders = y.orders AND f.revenue = y.revenue AS same, (SELECT sum(new_customers) FROM filtered.kpi_by_period) > y.customers - 1 AS all_new_by_filter,
	   (SELECT sum(new_customers) FROM year.kpi_by_period) = (SELECT count(*) FROM (SELECT min(ordered_at) AS first FROM orders GROUP BY customer_id) c WHERE extract(year FROM first) = 2025) AS new_to_the_shop
FROM filtered.kpi f, year.kpi y;

-- What may be a window, and what is kept of it.
SELECT from_day, until_day, as_of FROM year.retention_options;
CREATE OR REPLACE VIEW year.retention_options AS
SELECT period, time_zone, lifespan, margin, model, mode, ignore_row_security, date '2025-07-01' AS from_day, NULL::date AS until_day, as_of
FROM (SELECT text 'month' AS period, text 'UTC' AS time_zone, NULL::text AS lifespan, float8 '1' AS margin, text 'mbg/nbd' AS model, text 'plain' AS mode, date '2025-12-31' AS as_of, false AS ignore_row_security) o;
SELECT count(*) FROM retention_refresh_views('year');
CREATE OR REPLACE VIEW year.retention_options AS
SELECT text 'month' AS period, text 'UTC' AS time_zone, NULL::text AS lifespan, float8 '1' AS margin, text 'mbg/nbd' AS model, text 'plain' AS mode, false AS ignore_row_security, date '2025-07-01' AS from_day, NULL::date AS until_day, date '2025-12-31' AS as_of;
SELECT count(*) FROM retention_refresh_views('year');
SELECT first_order, last_order, (SELECT min(period_start) FROM year.kpi_by_period), (SELECT bool_and(is_complete) FROM year.kpi_by_period) AS all_complete FROM year.kpi;
CREATE PROCEDURE refused(from_day date, until_day date, as_of date) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM retention_create_views('orders', target => 'year', from_day => from_day, until_day => until_day, as_of => as_of);
	RAISE WARNING 'it is taken';
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING '% %', SQLSTATE, SQLERRM;
END
$$;
CALL refused('2025-01-02', '2025-01-01', NULL);
CALL refused('infinity', NULL, NULL);
CALL refused(NULL, '-infinity', NULL);
CALL refused(NULL, NULL, 'infinity');
CALL refused(NULL, '5874897-12-31', NULL);
CALL refused('4713-01-01 BC', '294276-12-01', '294276-12-01');
SELECT count(*) FROM year.kpi_by_period;
SELECT _retention_window((SELECT purchase_history(1, date '2024-01-01', 'month')), NULL, NULL, false);
SELECT _retention_window(NULL, NULL, NULL, false) IS NULL AS a, _retention_window((SELECT purchase_history(1, date '2024-01-01', 'day')), NULL, NULL, NULL) IS NULL AS b;
-- In one pass it is what two functions say; and of what is anchored, too.
SELECT _retention_window(h, '2024-03-01', '2024-06-30', false) = anchored(history_between(h, '2024-03-01', '2024-06-30'), h) AS same,
	   _retention_window(anchored(p, h), '2024-03-01', '2024-06-30', false) = history_between(anchored(p, h), '2024-03-01', '2024-06-30') AS of_a_part
FROM (SELECT purchase_history(n % 50, date '2024-01-01' + n, n::numeric, 'day') AS h, purchase_history(n % 50, date '2024-01-01' + n, n::numeric, 'day') FILTER (WHERE n % 3 = 0) AS p FROM generate_series(1, 300) n) h;

SET client_min_messages = error;
DO $$ BEGIN FOR i IN 1..12 LOOP PERFORM retention_drop_views(('views ' || i)::name); END LOOP; END $$;
SELECT retention_drop_views('filtered'), retention_drop_views('year');
DROP SCHEMA windows_test CASCADE;
