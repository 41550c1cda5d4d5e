-- Rows that say whether they are orders: of money whose sign does not, such as profit.
-- (Each column of each view over random shops is in views.sql, each aggregate in
-- every_aggregate.sql.)
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 0;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE SCHEMA is_order_test;
SET search_path = is_order_test, public;

-- ---------------------------------------------------------------------------
-- By hand.
-- ---------------------------------------------------------------------------

-- Ann's second order has brought a loss; she has given goods back, at a loss too, and
-- then paid a fee, which is no order.  Bob's only order has brought nothing, and nobody
-- knows what their other row is.  Cid has only given back, dan has only paid a fee.  A
-- guest's order has brought a loss; a row without a profit is skipped.
CREATE TABLE sales (customer text, ordered_at date, profit numeric(12, 2), quantity int, number int);
INSERT INTO sales VALUES
	('ann', '2024-01-05', 10, 2, 1), ('ann', '2024-02-05', -4, 1, 2), ('ann', '2024-02-20', -3, -1, 1), ('ann', '2024-03-01', 2.50, 0, 3),
	('bob', '2024-01-10', 0, 5, 4), ('bob', '2024-03-10', 7, NULL, 4), ('cid', '2024-02-11', -1, -1, 5), ('dan', '2024-02-12', 3, 0, 6),
	(NULL, '2024-01-15', -2, 1, 7), (NULL, '2024-02-15', 1, 0, 7), ('ann', '2024-01-06', NULL, 1, 1);
SELECT count(*) FROM retention_create_views('sales', 'customer', 'ordered_at', 'profit', target => 'shop', is_order => 'quantity > 0');
SELECT customers, repeat_customers, orders, revenue, refunds, refunded, guest_orders, guest_revenue, all_orders, all_revenue, first_order, last_order FROM shop.kpi;
SELECT customer, orders, revenue, aov, first_order, last_order, p_alive IS NOT NULL AS p_alive, expected_revenue_12_months FROM shop.customers ORDER BY customer;
SELECT period_label, customers, orders, new_orders, revenue, new_revenue, refunds, refunded, guest_revenue FROM shop.kpi_by_period ORDER BY period_start;
SELECT cohort_label, period_index, cohort_size, active, orders, revenue, cumulative_revenue FROM shop.cohort_retention ORDER BY cohort, period_index;
SELECT percentile, customers, revenue, share_of_revenue FROM shop.revenue_concentration WHERE percentile IN (50, 100) ORDER BY percentile;
SELECT reason, is_counted, row_count, amount FROM shop.excluded_rows WHERE row_count > 0;
-- What refunds are is said where they are counted.
SELECT attrelid::regclass, attname, col_description(attrelid, attnum) AS about FROM pg_attribute
WHERE attrelid IN ('shop.kpi'::regclass, 'shop.order_rows'::regclass) AND attname IN ('orders', 'refunds', 'refunded', 'revenue', 'is_order') ORDER BY 1, attnum;
SELECT regexp_replace(replace(pg_get_viewdef('shop.order_rows'), 'order_row.', ''), '\s+', ' ', 'g') AS order_rows, substring(replace(pg_get_viewdef('shop.order_history'), 'o.', '') FROM '_retention_purchase_history\w*\([^)]*\)') AS order_history;
-- By the sign it would be another shop.
SELECT count(*) FROM retention_create_views('sales', 'customer', 'ordered_at', 'profit', target => 'by sign');
SELECT customers, orders, revenue, refunds, refunded, all_revenue FROM "by sign".kpi;

-- Of lines, those that say so are one order.
SELECT count(*) FROM retention_create_views('sales', 'customer', 'ordered_at', 'profit', order_id => 'number', is_order => 'quantity > 0', target => 'of lines');
INSERT INTO sales VALUES ('ann', '2024-02-06', 9, 1, 2), ('ann', '2024-03-06', 1, 0, 2), ('ann', '2024-02-07', NULL, 4, 2);
SELECT customers, orders, revenue, refunds, refunded, guest_orders, guest_revenue FROM "of lines".kpi;
SELECT customer, orders, revenue, first_order, last_order FROM "of lines".customers ORDER BY customer;
SELECT reason, is_counted, row_count, amount FROM "of lines".excluded_rows WHERE row_count > 0;
DELETE FROM sales WHERE ordered_at IN ('2024-02-06', '2024-03-06', '2024-02-07');

-- ---------------------------------------------------------------------------
-- What it can be.
-- ---------------------------------------------------------------------------

CREATE FUNCTION pg_temp.attempt(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE call;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
ALTER TABLE sales ADD sold bool GENERATED ALWAYS AS (quantity > 0) STORED, ADD "is sold" bool, ADD status text;
CREATE TABLE sold_again AS SELECT DISTINCT number FROM sales;
SELECT is_order, pg_temp.attempt(format('SELECT retention_create_views(''sales'', ''customer'', ''ordered_at'', ''profit'', is_order => %L, target => ''tried'')', is_order)) AS error
FROM unnest(ARRAY['sold', 'is sold', 'NOT sold', 'true', 'NULL', '''yes''', 'quantity > 0 OR profit > 5', 'EXISTS (SELECT FROM sold_again AS s WHERE s.number = sales.number)',
	'quantity', 'status', 'profit', 'no_such', '', 'sold, sold', 'sold) OR (true', 'true; DROP TABLE sales', 'sold FROM sales', 'sold -- ', 'count(*) > 1', 'bool_or(sold) OVER ()', '*', 'sold WHERE true']) AS is_order;
SELECT pg_temp.attempt($$SELECT * FROM predict_customers('sales', 'customer', 'ordered_at', 'profit', is_order => 'quantity')$$) AS error;
SELECT pg_temp.attempt($$SELECT * FROM holdout_check('sales', 'customer', 'ordered_at', 'profit', is_order => 'nothing')$$) AS error;

-- ---------------------------------------------------------------------------
-- It is kept in order_rows, where whoever writes that may say it, too.
-- ---------------------------------------------------------------------------

SELECT count(*) FROM retention_refresh_views('shop');
SELECT orders, refunds FROM shop.kpi;
-- In another call it's another; what reads the views stays.
CREATE VIEW mine AS SELECT orders, refunded FROM shop.kpi;
COMMENT ON COLUMN shop.order_rows.amount IS 'profit';
SELECT count(*) FROM retention_create_views('sales', 'customer', 'ordered_at', 'profit', target => 'shop', is_order => 'sold', filter => 'customer <> ''dan''');
TABLE mine;
SELECT reason, row_count, amount FROM shop.excluded_rows WHERE row_count > 0;
-- Left out it's gone, and with it what reads a column that was there.
SELECT pg_temp.attempt($$SELECT retention_create_views('sales', 'customer', 'ordered_at', 'profit', target => 'shop')$$) AS error;
DROP VIEW mine;
SELECT count(*) FROM retention_create_views('sales', 'customer', 'ordered_at', 'profit', target => 'shop');
SELECT count(*) AS columns FROM pg_attribute WHERE attrelid = 'shop.order_rows'::regclass AND attnum > 0;
SELECT orders, refunded, (SELECT col_description('shop.kpi'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'shop.kpi'::regclass AND attname = 'orders') AS about FROM shop.kpi;
-- Written by hand; a column that is new is told of.
SELECT count(*) FROM retention_create_views('sales', 'customer', 'ordered_at', 'profit', target => 'shop', is_order => 'sold');
SELECT attname, col_description(attrelid, attnum) AS about FROM pg_attribute WHERE attrelid = 'shop.order_rows'::regclass AND attnum > 2 ORDER BY attnum;
CREATE VIEW mine AS SELECT orders, refunded FROM shop.kpi;
CREATE OR REPLACE VIEW shop.order_rows AS SELECT customer, ordered_at, profit::numeric AS amount, coalesce(quantity, 1) > 0 AS is_order FROM sales;
SELECT count(*) FROM retention_refresh_views('shop');
TABLE mine;
-- Of another type it can't be, and both views have it.
SELECT count(*) FROM retention_create_views('sales', 'customer', 'ordered_at', 'profit', target => 'written');
CREATE OR REPLACE VIEW written.order_rows AS SELECT customer, ordered_at, profit::numeric AS amount, quantity AS is_order FROM sales;
SELECT pg_temp.attempt('SELECT retention_refresh_views(''written'')') AS error;
DROP VIEW written.order_rows CASCADE;
CREATE VIEW written.order_rows AS SELECT customer, ordered_at, profit::numeric AS amount, sold AS is_order FROM sales;
SELECT pg_temp.attempt('SELECT retention_refresh_views(''written'')') AS error;
CREATE OR REPLACE VIEW written.left_out_rows AS SELECT customer, ordered_at, profit::numeric AS amount, sold AS is_order FROM sales WHERE false;
SELECT count(*) FROM retention_refresh_views('written');
SELECT orders, refunds FROM written.kpi;
DROP VIEW mine;
SELECT retention_drop_views(nspname) FROM pg_namespace WHERE nspname IN ('shop', 'by sign', 'of lines', 'tried', 'written') ORDER BY nspname;
SELECT count(*) AS left FROM pg_namespace WHERE nspname IN ('shop', 'by sign', 'of lines', 'tried', 'written');

-- ---------------------------------------------------------------------------
-- Predictions.
-- ---------------------------------------------------------------------------

-- A number from 0 to 1, the same on every machine.
CREATE FUNCTION chance(n int, what int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(n, what) & 4503599627370495) / 4503599627370496.0::float8
$$;
CREATE TABLE random AS
SELECT CASE WHEN chance(n, 1) > 0.05 THEN 'c' || floor(chance(n, 2) ^ 2 * 60)::int END AS customer,
	   CASE WHEN chance(n, 3) > 0.03 THEN timestamp '2023-01-01' + chance(n, 4) * interval '500 days' ELSE 'infinity' END AS at,
	   CASE WHEN chance(n, 5) > 0.05 THEN round((chance(n, 6) * 200 - 60)::numeric, 2) END AS profit,
	   CASE WHEN chance(n, 7) > 0.1 THEN chance(n, 7) > 0.3 END AS sold, n / 3 AS number
FROM generate_series(1, 600) AS n;
-- None of these counts, in the views and here.
INSERT INTO random VALUES ('c1', '2999-01-01', 5, true, -1), ('c2', '1970-01-01', 5, true, -2), ('c3', '2024-01-01', 'NaN', true, -3), ('c4', '2024-01-01', -1e15, true, -4), ('c5', '2024-01-01', '-Infinity', false, -5);

-- What the models take of each customer, in plain SQL, and what came after as_of.
CREATE FUNCTION plain(rows regclass, known_until date, until date) RETURNS TABLE (customer text, known rfm_inputs, actual int8) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		WITH r AS (SELECT customer, at::date AS day, profit, sold FROM %s WHERE customer IS NOT NULL AND isfinite(at) AND at > '1970-01-02' AND at < now() AND abs(profit) < 1e15),
		d AS (SELECT customer, day, count(*) FILTER (WHERE sold) AS n, sum(profit) AS spend FROM r WHERE day <= $1 GROUP BY 1, 2),
		o AS (SELECT *, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM d WHERE n > 0)
		SELECT customer, ROW(count(*) - 1, max(day) - min(day), $1 - min(day), sum(spend) FILTER (WHERE gap > 0) / nullif(count(gap), 0),
			coalesce(sum(ln(gap::float8) ORDER BY day), 0), sum(n), min(day))::rfm_inputs,
			(SELECT count(DISTINCT day) FROM r WHERE r.customer = o.customer AND sold AND day > $1 AND day <= $2)
		FROM o GROUP BY customer$q$, rows) USING known_until, until;
END
$$;
CREATE FUNCTION plain_predictions(rows regclass, known_until date, until date, horizon interval) RETURNS TABLE (customer text, x int8, alive numeric, purchases numeric, spend numeric, clv numeric, actual int8) LANGUAGE sql AS $$
	WITH k AS MATERIALIZED (SELECT * FROM plain(rows, known_until, until)),
	m AS MATERIALIZED (SELECT fit_purchases(repeat_buying(known)) AS p, fit_spend(repeat_spend(known)) AS s FROM k)
	SELECT customer, (known).repeat_purchases, round(p_alive(p, known)::numeric, 6), round(expected_purchases(p, known, horizon)::numeric, 6),
		   round(expected_spend(s, known)::numeric, 4), round(predicted_clv(p, s, known, horizon)::numeric, 4), actual
	FROM k, m
$$;
CREATE FUNCTION predictions(rows text, number text, as_of date, holdout interval, horizon interval) RETURNS TABLE (customer text, x int8, alive numeric, purchases numeric, spend numeric, clv numeric, actual int8) LANGUAGE sql AS $$
	SELECT customer, repeat_purchases, round(p_alive::numeric, 6), round(expected_purchases::numeric, 6), round(expected_spend::numeric, 4), round(predicted_clv::numeric, 4), actual_purchases
	FROM predict_customers(rows, 'customer', 'at', 'profit', order_id => number, is_order => 'sold', as_of => as_of, holdout => holdout, horizon => horizon)
$$;
-- Of rows, and of lines, which are added up by hand.
CREATE TABLE added_up AS SELECT customer, min(at) FILTER (WHERE isfinite(at)) AS at, sum(profit) AS profit, sold FROM random WHERE sold AND profit IS NOT NULL GROUP BY customer, number, sold
UNION ALL SELECT customer, at, profit, sold FROM random WHERE sold IS NOT TRUE;
SELECT what, (SELECT count(*) FROM predictions('random', number, NULL, NULL, '1 year')) AS customers,
	   (SELECT count(*) FROM (SELECT customer, x, alive, purchases, spend, clv FROM plain_predictions(rows, (SELECT max(day) FROM (SELECT at::date AS day FROM random WHERE sold AND customer IS NOT NULL AND profit IS NOT NULL AND abs(profit) < 1e15 AND at < now()) d), NULL, '1 year')
		EXCEPT ALL SELECT customer, x, alive, purchases, spend, clv FROM predictions('random', number, NULL, NULL, '1 year')) d) AS differ,
	   (SELECT count(*) FROM (SELECT * FROM plain_predictions(rows, '2024-01-01', '2024-03-01', '60 days')
		EXCEPT ALL SELECT * FROM predictions('random', number, '2024-03-01', '60 days', NULL)) d) AS held_out_differ,
	   (SELECT sum(actual) FROM predictions('random', number, '2024-03-01', '60 days', NULL)) AS came
FROM (VALUES ('rows', NULL, 'random'::regclass), ('lines', 'number', 'added_up')) AS v (what, number, rows);
-- The rows of a holdout are the same.
SELECT c.what, h.customers, h.actual, h.actual = c.came AS same
FROM (VALUES ('rows', NULL, 'random'), ('lines', 'number', 'added_up')) AS v (what, number, rows),
	 LATERAL (SELECT v.what, sum(p.actual) AS came FROM plain(rows::regclass, '2024-01-01', '2024-03-01') AS p) AS c,
	 LATERAL (SELECT customers, actual_purchases AS actual FROM holdout_check('random', 'customer', 'at', 'profit', order_id => v.number, is_order => 'sold', as_of => '2024-03-01', holdout => '60 days', models => '{nbd}')
			  WHERE model = 'nbd' AND repeat_purchases = 'all') AS h ORDER BY 1;
-- Without money, those that are no orders are nothing.
SELECT count(*) AS customers, sum(repeat_purchases) AS repeats, count(predicted_clv) AS clv FROM predict_customers('SELECT customer, at, sold FROM random', 'customer', 'at', is_order => 'sold');
SELECT count(*) AS customers, sum(days) - count(*) AS repeats FROM (SELECT count(DISTINCT at::date) AS days FROM random WHERE sold AND customer IS NOT NULL AND at BETWEEN '1970-01-02' AND now() GROUP BY customer) d;
-- Told by the sign, all is as untold.
SELECT count(*) AS differ FROM (SELECT * FROM predict_customers('random', 'customer', 'at', 'profit') EXCEPT ALL SELECT * FROM predict_customers('random', 'customer', 'at', 'profit', is_order => 'profit >= 0')) d;
SELECT count(*) AS differ FROM (SELECT * FROM holdout_check('random', 'customer', 'at', 'profit') EXCEPT ALL SELECT * FROM holdout_check('random', 'customer', 'at', 'profit', is_order => 'profit >= 0')) d;

-- ---------------------------------------------------------------------------
-- Values: refunds of either sign, and those that come to nothing, are stored and read.
-- ---------------------------------------------------------------------------

CREATE TABLE odd (what text, customer int8, at timestamp, amount numeric, sold bool);
INSERT INTO odd VALUES
	('a refund above 0', 1, '2024-01-01', 5, false), ('a refund of nothing', 1, '2024-01-01', 0, false),
	('two that come to nothing', 1, '2024-01-01', 5, false), ('two that come to nothing', 1, '2024-01-01', -5, false),
	('an order below 0', 1, '2024-01-01', -5, true), ('a guest''s order below 0', NULL, '2024-01-01', -5, true), ('a guest''s refund above 0', NULL, '2024-01-01', 5, false),
	('nobody knows', 1, '2024-01-01', 5, NULL);
INSERT INTO odd SELECT 'all', customer, at, amount, sold FROM odd;
INSERT INTO odd SELECT 'random', hashtext(customer), at, profit, sold FROM random WHERE abs(profit) < 1e15;
CREATE TABLE stored AS SELECT what, customer_base(_retention_purchase_history(customer, at, amount, sold IS TRUE, true, 1, 'day')) AS b, _retention_purchase_history(customer, at, amount, sold IS TRUE, true, 1, 'month') AS h FROM odd GROUP BY what;
SELECT what, b::text::customer_base = b AS base, h::text::purchase_history = h AS history, customer_base(h)::text::customer_base = customer_base(h) AS from_history,
	   customers(b), orders(b), revenue(b), refunds(b), refunded(b), guest_orders(b), guest_refunds(b), guest_revenue(b), (SELECT count(*) FROM revenue_concentration(b, 2)) AS concentration
FROM stored WHERE what <> 'random' ORDER BY what COLLATE "C";
SELECT rollup(b)::text::customer_base = (SELECT customer_base(_retention_purchase_history(customer, at, amount, sold IS TRUE, true, 1, 'day')) FROM odd) AS base, rollup(h)::text::purchase_history = (SELECT _retention_purchase_history(customer, at, amount, sold IS TRUE, true, 1, 'month') FROM odd) AS history,
	   revenue(rollup(b)) = (SELECT sum(amount) FROM odd WHERE customer IS NOT NULL AND _retention_row_counts(at, amount)) AS revenue FROM stored;
-- One with neither orders nor refunds is none, as before.
SELECT type, what, pg_temp.attempt(format('SELECT %L::%s', replace(encode(decode(hex, 'hex'), 'base64'), E'\n', ''), type)) AS error
FROM (SELECT encode(decode(b::text, 'base64'), 'hex') AS base, encode(decode(h::text, 'base64'), 'hex') AS history FROM stored WHERE what = 'a refund above 0') s,
	 LATERAL (VALUES ('customer_base', 'as it is', base), ('customer_base', 'no refunds', replace(overlay(base PLACING '00' FROM 21 FOR 2), '01050105', '01050100')),
		('purchase_history', 'as it is', history), ('purchase_history', 'no refunds', replace(overlay(history PLACING '00' FROM 23 FOR 2), '01050105', '01050100'))) v (type, what, hex);

DROP SCHEMA is_order_test CASCADE;
