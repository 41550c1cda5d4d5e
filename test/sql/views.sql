-- Views over an order table, as their user meets them; and each column of each
-- view, over random shops, against its definition in plain SQL.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE SCHEMA views_test;
SET search_path = views_test, public;

-- ---------------------------------------------------------------------------
-- By hand.
-- ---------------------------------------------------------------------------

-- Ann has ordered three times, once for nothing, and been given something back;
-- bob has come back once, cid never; dan was given money back and has no order.
-- Guests, and what can't be counted: no amount, no time, a time without end.
CREATE TABLE orders (id int, customer text, ordered_at timestamptz, amount numeric(12, 2));
INSERT INTO orders VALUES
	(1, 'ann', '2024-01-05 10:00', 100), (2, 'bob', '2024-01-20 12:00', 30), (3, 'ann', '2024-02-14 10:00', 50),
	(4, NULL, '2024-02-20 09:00', 25), (5, 'ann', '2024-02-20 10:00', -20), (6, 'cid', '2024-02-28 23:30', 10),
	(7, 'bob', '2024-04-01 12:00', 70), (8, 'dan', '2024-04-02 00:00', -5), (9, 'eve', '2024-03-01 00:00', NULL),
	(10, 'eve', NULL, 7), (11, 'eve', 'infinity', 9), (12, 'ann', '2024-04-10 10:00', 0), (13, NULL, '2024-05-02 00:00', 40);
SELECT * FROM retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'shop');
SELECT period, time_zone, lifespan, margin, model, mode FROM shop.retention_options \gx
SELECT version IS NOT NULL AS version, made ~ '^order_history=[0-9a-f]{16}:[0-9a-f]{16} .* value_by_age=[0-9a-f]{16}:[0-9a-f]{16}$' AS made, comments ~ '^([0-9a-f]{16} ?){100,}$' AS comments FROM shop.retention_record;
-- How the views of all schemas are made: the options, and the filter of order_rows.
CREATE FUNCTION pg_temp.recipes() RETURNS TABLE (target text, filter text, period text, time_zone text, lifespan text, margin float8, model text, mode text)
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	FOR target, filter IN SELECT nspname, (SELECT regexp_replace(regexp_replace(substring(pg_get_viewdef(r.oid) from 'WHERE (.*);$'), '\s+', ' ', 'g'), 'order_row\.', '', 'g')
		FROM pg_class r WHERE r.relnamespace = n.oid AND r.relname = 'order_rows')
		FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.relname = 'retention_options' ORDER BY 1
	LOOP
		EXECUTE format('SELECT period, time_zone, lifespan, margin, model, mode FROM %I.retention_options', target)
			INTO period, time_zone, lifespan, margin, model, mode;
		RETURN NEXT;
	END LOOP;
END
$$;
-- All columns but the time.
SELECT string_agg(format('string_agg(attname, '', '' ORDER BY attnum) FILTER (WHERE attrelid = %L::regclass) AS %I', oid::regclass, relname), ', ') AS columns
FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind = 'v' \gset
SELECT :columns FROM pg_attribute WHERE attnum > 0 AND attname <> 'updated_at' \gset
SELECT :kpi FROM shop.kpi \gx
\x on
SELECT :kpi_by_period FROM shop.kpi_by_period;
\x off
SELECT customer, orders, revenue, aov, first_order, last_order, lifespan_days, age_days, recency_days, mean_gap_days, next_order_due
FROM shop.customers ORDER BY customer;
SELECT customer, recency_score AS r, frequency_score AS f, monetary_score AS m, segment, status, revenue_decile, p_alive BETWEEN 0 AND 1 AS p_alive,
	   expected_purchases_12_months > 0 AS expected_orders, expected_revenue_12_months > 0 AS expected_revenue, predicted_clv > 0 AS predicted_clv
FROM shop.customers ORDER BY customer;
\x on
SELECT :kpi_to_date FROM shop.kpi_to_date ORDER BY span;
\x off
SELECT :order_sequence FROM shop.order_sequence ORDER BY customer, order_number;
SELECT :cohort_retention FROM shop.cohort_retention ORDER BY cohort, period_index;
SELECT :repeat_within FROM shop.repeat_within WHERE days IN (1, 39, 40, 41, 71, 72, 80, 81, 96, 97, 365) ORDER BY days;
SELECT :order_ladder FROM shop.order_ladder ORDER BY order_number;
SELECT :value_by_age FROM shop.value_by_age ORDER BY age_days;
SELECT :lifecycle FROM shop.lifecycle ORDER BY period_start;
SELECT :rfm_segments FROM shop.rfm_segments;
SELECT :rfm_quintiles FROM shop.rfm_quintiles ORDER BY metric;
SELECT :revenue_concentration FROM shop.revenue_concentration WHERE percentile IN (1, 20, 33, 34, 66, 67, 100) ORDER BY percentile;
SELECT :excluded_rows FROM shop.excluded_rows;
SELECT * FROM shop.rfm_segment_names ORDER BY 1, 2;

-- ---------------------------------------------------------------------------
-- Random shops.
-- ---------------------------------------------------------------------------

CREATE TABLE shops (id int PRIMARY KEY, what text, rows int, customers int, first date, days int,
	guests float8, refunds float8, no_time float8, no_amount float8, no_price float8,
	key text, at text, amount text, period text, zone text, lifespan interval, lifespan_days numeric, margin float8, kind text, kept text, told text);
INSERT INTO shops VALUES
	(1, 'all of it', 300, 50, '2022-06-15', 700, 0.05, 0.1, 0.05, 0.05, 0.05, 'int8', 'timestamptz', 'numeric', 'month', NULL, NULL, NULL, 1, 'table', NULL),
	(2, 'another zone, lines', 400, 40, '2022-11-20', 500, 0.05, 0.1, 0.05, 0.05, 0.05, 'text', 'timestamptz', 'float8', 'week', 'America/New_York', '3 years', 1095.75, 0.3, 'lines', NULL),
	(3, 'refunds before the first order and after the last', 250, 40, '2021-09-15', 1500, 0.05, 0.1, 0.02, 0.02, 0.05, 'uuid', 'timestamp', 'int', 'quarter', NULL, '1 year 6 months', 547.875, 0.25, 'view', NULL),
	(4, 'ties and days with many orders', 200, 12, '2024-02-20', 15, 0.05, 0.1, 0, 0, 0.1, 'varchar', 'date', 'real', 'day', NULL, '500 days', 500, 1, 'partitioned', NULL),
	(5, 'years apart', 120, 30, '2004-12-28', 4000, 0.1, 0.1, 0, 0.05, 0.05, 'numeric', 'timestamptz', 'mixed', 'year', 'Asia/Kolkata', NULL, NULL, 1, 'materialized view', NULL),
	(6, 'a filter', 300, 50, '2022-06-15', 700, 0.05, 0.1, 0.05, 0.05, 0.05, 'int4', 'timestamp', 'numeric', 'week', NULL, NULL, NULL, 0.5, 'table', 'channel = ''web'''),
	(7, 'lines and a filter', 400, 40, '2023-06-15', 300, 0.05, 0.15, 0.05, 0.05, 0.05, 'bpchar', 'date', 'mixed', 'month', NULL, NULL, NULL, 1, 'lines', 'channel = ''web'''),
	(8, 'guests', 150, 30, '2023-12-15', 400, 0.6, 0.2, 0, 0, 0, 'int2', 'timestamptz', 'money', 'quarter', 'Europe/Berlin', NULL, NULL, 1, 'table', NULL),
	(9, 'one-timers only', 60, 60, '2023-11-11', 200, 0, 0, 0, 0, 0, 'text', 'date', 'int8', 'month', NULL, NULL, NULL, 1, 'table', NULL),
	(10, 'refunds only, but for guests', 40, 8, '2023-06-15', 200, 0.5, 1, 0, 0, 0, 'uuid', 'timestamptz', 'numeric', 'day', NULL, NULL, NULL, 1, 'table', NULL),
	(11, 'one order', 1, 1, '2024-02-29', 1, 0, 0, 0, 0, 0, 'int8', 'date', 'numeric', 'year', NULL, NULL, NULL, 1, 'table', NULL),
	(12, 'no rows', 0, 1, '2024-02-29', 1, 0, 0, 0, 0, 0, 'uuid', 'timestamp', 'float8', 'month', NULL, NULL, NULL, 1, 'table', NULL),
	(13, 'guests only', 20, 5, '2024-02-20', 100, 1, 0.2, 0, 0, 0, 'int8', 'timestamptz', 'numeric', 'month', NULL, NULL, NULL, 1, 'table', NULL),
	(14, 'one regular, a day with two orders', 12, 1, '2024-01-10', 100, 0, 0, 0, 0, 0, 'int8', 'timestamptz', 'numeric', 'week', NULL, NULL, NULL, 1, 'table', NULL),
	(15, 'materialized', 300, 50, '2022-06-15', 700, 0.05, 0.1, 0.05, 0.05, 0.05, 'varchar', 'timestamp', 'float8', 'month', NULL, NULL, NULL, 1, 'materialized', NULL),
	(16, 'refunds only', 20, 5, '2024-02-20', 100, 0, 1, 0, 0, 0, 'text', 'date', 'numeric', 'week', NULL, NULL, NULL, 1, 'table', NULL),
	(17, 'nothing that counts', 40, 5, '2024-02-20', 100, 0.2, 0.2, 1, 0.5, 0, 'text', 'timestamp', 'numeric', 'month', NULL, NULL, NULL, 1, 'table', NULL),
	(18, 'orders for nothing', 60, 20, '2024-02-20', 300, 0, 0, 0, 0, 1, 'int8', 'timestamptz', 'numeric', 'month', NULL, NULL, NULL, 0, 'table', NULL),
	(19, 'more given back than paid', 100, 20, '2024-02-20', 300, 0.1, 0.8, 0, 0, 0, 'int8', 'date', 'numeric', 'month', NULL, NULL, NULL, 1, 'table', NULL),
	(20, 'many orders of one day', 100, 60, '2024-02-20', 400, 0, 0, 0, 0, 0, 'int8', 'timestamptz', 'numeric', 'month', NULL, NULL, NULL, 1, 'table', NULL),
	(21, 'profit', 300, 50, '2022-06-15', 700, 0.05, 0.4, 0.05, 0.05, 0.05, 'int8', 'timestamptz', 'numeric', 'month', 'America/New_York', NULL, NULL, 1, 'table', NULL),
	(22, 'profit of lines', 400, 40, '2023-06-15', 300, 0.05, 0.4, 0.05, 0.05, 0.05, 'text', 'date', 'mixed', 'week', NULL, '3 years', 1095.75, 0.3, 'lines', NULL),
	(23, 'profit of lines and a filter, materialized', 400, 40, '2022-11-20', 500, 0.05, 0.4, 0.05, 0.05, 0.05, 'uuid', 'timestamptz', 'float8', 'quarter', NULL, NULL, NULL, 0.5, 'materialized lines', 'channel = ''web'''),
	(24, 'profit of guests', 150, 30, '2023-12-15', 400, 0.6, 0.5, 0, 0, 0.1, 'varchar', 'timestamp', 'money', 'day', NULL, NULL, NULL, 1, 'table', NULL),
	(25, 'losses only', 100, 20, '2024-02-20', 300, 0.1, 1, 0, 0, 0, 'uuid', 'date', 'numeric', 'month', NULL, NULL, NULL, 1, 'view', NULL),
	(26, 'no order at all', 60, 20, '2024-02-20', 300, 0.2, 0.5, 0, 0.1, 0.1, 'int8', 'timestamptz', 'numeric', 'month', NULL, NULL, NULL, 1, 'table', NULL);
-- Where the sign of the amount does not say which are orders.
UPDATE shops SET told = CASE WHEN id IN (22, 24) THEN 'sold' WHEN id = 26 THEN 'quantity > 1000' ELSE 'quantity > 0' END WHERE id > 20;

-- A number from 0 to 1, the same on every machine.
CREATE FUNCTION chance(shop int, n int, what int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(shop * 1000 + n, what) & 4503599627370495) / 4503599627370496.0::float8
$$;
-- Amounts are below 1,000, so that a real has two digits behind the point.
CREATE TABLE draws AS
SELECT id, n,
	   CASE WHEN chance(id, n, 1) >= guests THEN CASE WHEN id = 9 THEN n ELSE floor(chance(id, n, 2) ^ 1.5 * customers)::int END END AS customer,
	   CASE WHEN chance(id, n, 3) >= no_time THEN
				first + floor(chance(id, n, 4) * days) * interval '1 day' +
				CASE WHEN chance(id, n, 5) < 0.2 THEN interval '0'
					 WHEN chance(id, n, 5) < 0.35 THEN interval '23:59:59.999999'
					 WHEN id = 4 THEN floor(chance(id, n, 6) * 4) * interval '6 hours'
					 ELSE chance(id, n, 6) * interval '24 hours' END
			WHEN chance(id, n, 4) < 0.4 THEN 'infinity'
			WHEN chance(id, n, 4) < 0.8 THEN '-infinity' END AS at,
	   CASE WHEN chance(id, n, 7) < no_amount THEN NULL
			WHEN chance(id, n, 7) < no_amount + no_price THEN 0
			-- digits as of money, or up to 5; whole numbers
			ELSE round((chance(id, n, 8) * 300 + 1)::numeric, CASE WHEN amount IN ('int', 'int8') THEN 0 WHEN amount = 'mixed' THEN floor(chance(id, n, 10) * 6)::int ELSE 2 END)
				 * CASE WHEN chance(id, n, 9) < refunds THEN -1 ELSE 1 END END AS amount,
	   -- numbers begin anew for each customer; some lines have none
	   CASE WHEN chance(id, n, 11) >= 0.1 THEN floor(chance(id, n, 12) * 6)::int END AS order_no,
	   CASE WHEN chance(id, n, 13) < 0.7 THEN 'web' WHEN chance(id, n, 13) < 0.9 THEN 'shop' END AS channel,
	   CASE WHEN chance(id, n, 14) < 0.9 THEN ceil(chance(id, n, 15) * 8)::int - 2 END AS quantity
FROM shops, generate_series(1, rows) n;
-- The first and the last fifth of the time are all refunds; some customers have nothing else.
UPDATE draws SET amount = -abs(amount) WHERE id = 3 AND (at < '2022-07-12' OR at >= '2024-12-29' OR customer % 5 = 0);
UPDATE draws SET amount = abs(amount) WHERE id = 10 AND customer IS NULL AND n % 3 <> 0;
-- Most gaps are of no day at all.
UPDATE draws SET customer = CASE WHEN n <= 60 THEN n % 3 ELSE n END, at = date_trunc('day', at) + n * interval '1 minute' WHERE id = 20;
UPDATE draws SET at = timestamp '2024-03-01' + n % 3 * interval '1 day' + n * interval '1 minute' WHERE id = 20 AND n <= 60;

-- The tables, of names that have to be quoted, and the views.
DO $$
DECLARE
	s shops;
	columns text;
BEGIN
	FOR s IN SELECT * FROM shops LOOP
		columns = format('%s AS "Customer", %s AS "at %%I", %s AS "amount",  order_no AS "order", channel, quantity, quantity > 0 AS sold',
			CASE s.key WHEN 'int8' THEN '(customer::int8 * 1000003 - 7)' WHEN 'text' THEN '''customer '' || customer' WHEN 'uuid' THEN 'md5(customer::text)::uuid'
					   WHEN 'varchar' THEN '(''K'' || customer)::varchar(20)' WHEN 'bpchar' THEN '(''K'' || customer)::char(12)'
					   -- 7, 7.0 and 7.00 are one
					   WHEN 'numeric' THEN 'round(customer::numeric, n % 3)' ELSE 'customer::' || s.key END,
			CASE s.at WHEN 'timestamptz' THEN 'at AT TIME ZONE ''UTC''' ELSE 'at::' || s.at END,
			CASE s.amount WHEN 'mixed' THEN 'amount' ELSE 'amount::' || s.amount END);
		IF s.kind = 'view' THEN
			EXECUTE format('CREATE VIEW %I AS SELECT %s FROM draws WHERE id = %s', 'Shop ' || s.id, columns, s.id);
		ELSIF s.kind = 'materialized view' THEN
			EXECUTE format('CREATE MATERIALIZED VIEW %I AS SELECT %s FROM draws WHERE id = %s', 'Shop ' || s.id, columns, s.id);
		ELSIF s.kind = 'partitioned' THEN
			EXECUTE format('CREATE TABLE %I ("Customer" varchar(20), "at %%I" date, amount real, "order" int, channel text, quantity int, sold bool) PARTITION BY HASH (channel)', 'Shop ' || s.id);
			FOR part IN 0..2 LOOP
				EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 3, REMAINDER %s)', 'part ' || part, 'Shop ' || s.id, part);
			END LOOP;
			EXECUTE format('INSERT INTO %I SELECT %s FROM draws WHERE id = %s', 'Shop ' || s.id, columns, s.id);
		ELSE
			EXECUTE format('CREATE TABLE %I AS SELECT %s FROM draws WHERE id = %s', 'Shop ' || s.id, columns, s.id);
		END IF;
		PERFORM retention_create_views(format('%I', 'Shop ' || s.id)::regclass, 'Customer', 'at %I', 'amount',
			order_id => CASE WHEN s.kind LIKE '%lines' THEN 'order' END::name, filter => s.kept, is_order => s.told, target => ('views ' || s.id)::name, period => s.period, time_zone => s.zone,
			lifespan => s.lifespan, margin => s.margin, mode => CASE WHEN s.kind IN ('materialized', 'materialized lines') THEN 'materialized' ELSE 'plain' END);
	END LOOP;
END
$$;
SELECT count(*) AS recipes, count(DISTINCT period) AS periods, count(time_zone) AS zones FROM pg_temp.recipes() WHERE target LIKE 'views %';

-- The rows as they are: the time as an instant, and on the shop's calendar.
CREATE TABLE rows AS
SELECT d.id, n,
	   CASE s.key WHEN 'int8' THEN (customer::int8 * 1000003 - 7)::text WHEN 'text' THEN 'customer ' || customer WHEN 'uuid' THEN md5(customer::text)::uuid::text
				  WHEN 'varchar' THEN 'K' || customer WHEN 'bpchar' THEN 'K' || customer ELSE customer::text END AS customer,
	   CASE WHEN s.at = 'date' THEN date_trunc('day', d.at) ELSE d.at END AS instant, d.amount, order_no, channel, coalesce(kept IS NULL OR channel = 'web', false) AS kept, kind LIKE '%lines' AS is_line,
	   coalesce(CASE WHEN told IS NULL THEN d.amount >= 0 ELSE quantity > CASE d.id WHEN 26 THEN 1000 ELSE 0 END END, false) AS is_order
FROM draws d JOIN shops s USING (id);
-- Lines of one order of one customer are one; of one time, if they don't say of which. Those that are no orders are refunds, each by itself.
CREATE TABLE plain_orders AS
SELECT id, kept, customer, instant, amount, is_order, 1::int8 AS row_count, CASE WHEN is_line THEN order_no END AS order_no FROM rows WHERE NOT is_line OR NOT is_order OR amount IS NULL
UNION ALL
SELECT id, kept, customer, min(instant) FILTER (WHERE isfinite(instant)), sum(amount), true, count(*), order_no FROM rows WHERE is_line AND is_order AND amount IS NOT NULL
GROUP BY id, kept, customer, order_no, CASE WHEN order_no IS NULL THEN coalesce('at ' || instant, 'never') END;

-- The definitions are in a file of their own, as they are of any shop.
\set ECHO none
\getenv here PG_ABS_SRCDIR
\set definitions :here '/plain/views.sql'
\i :definitions
\set ECHO all
SELECT count(*) AS facts, count(DISTINCT (id, customer, instant)) FILTER (WHERE customer IS NOT NULL) AS instants FROM facts;
DO $$
DECLARE
	shop int;
BEGIN
	FOR shop IN SELECT id FROM shops LOOP
		CALL compare(shop, 'views ' || shop);
	END LOOP;
END
$$;
SELECT view, count(DISTINCT id) AS shops, count(DISTINCT name) AS columns, sum(rows) AS "values", sum(differences) AS differences FROM compared GROUP BY view ORDER BY view;
SELECT c.id, what, view, name, c.rows, differences FROM compared c JOIN shops USING (id) WHERE differences > 0 ORDER BY 1, 3, 4 LIMIT 30;
-- What has been compared: each status, score and decile, models that are there and those that can't be.
SELECT status, count(*) AS customers FROM plain_customer GROUP BY status ORDER BY status;
SELECT count(DISTINCT recency_score) AS r, count(DISTINCT frequency_score) AS f, count(DISTINCT monetary_score) AS m, count(DISTINCT segment) AS segments, count(DISTINCT revenue_decile) AS deciles,
	   count(*) FILTER (WHERE next_order_due IS NULL) AS not_due, count(*) FILTER (WHERE revenue < 0) AS negative FROM plain_customer;

-- ---------------------------------------------------------------------------
-- Totals.
-- ---------------------------------------------------------------------------

CREATE TABLE totals (id int, total text, got numeric, expected numeric);
DO $$
DECLARE
	s shops;
BEGIN
	FOR s IN SELECT * FROM shops LOOP
		EXECUTE format('
			INSERT INTO totals
			SELECT %1$s, t.* FROM (SELECT count(*) AS n, sum(amount::numeric) AS amount FROM %2$I) o,
				(SELECT sum(row_count) AS n, sum(amount) AS amount, coalesce(sum(amount) FILTER (WHERE is_counted), 0) AS counted, coalesce(sum(amount) FILTER (WHERE reason = ''refund without order''), 0) AS apart FROM %3$I.excluded_rows) x,
				(SELECT * FROM %3$I.kpi) k, (SELECT coalesce(sum(all_revenue), 0) AS all_revenue, coalesce(sum(all_orders), 0) AS all_orders, coalesce(sum(new_customers), 0) AS new_customers,
					coalesce(sum(revenue), 0) AS revenue, coalesce(sum(new_revenue + returning_revenue), 0) AS revenues, coalesce(sum(new_orders + returning_orders), 0) AS orders, coalesce(sum(refunded), 0) AS refunded FROM %3$I.kpi_by_period) p,
				(SELECT count(*) AS n, coalesce(sum(revenue), 0) AS revenue, coalesce(sum(orders), 0) AS orders FROM %3$I.customers) c,
				(SELECT coalesce(sum(customers), 0) AS n, coalesce(sum(revenue), 0) AS revenue, sum(share_of_customers) AS share FROM %3$I.rfm_segments) g,
				(SELECT coalesce(sum(revenue), 0) AS revenue, coalesce(sum(orders), 0) AS orders, coalesce(sum(cohort_size) FILTER (WHERE period_index = 0), 0) AS n FROM %3$I.cohort_retention) h,
				(SELECT coalesce(sum(new), 0) AS new, coalesce(max(opening + new + resurrected - lapsed - closing), 0) AS balance FROM %3$I.lifecycle) l,
				(SELECT max(customers) FILTER (WHERE order_number = 1) AS first FROM %3$I.order_ladder) a,
				(SELECT max(customers) AS first FROM %3$I.value_by_age WHERE age_days = 0) v,
				(SELECT max(revenue) FILTER (WHERE percentile = 100) AS revenue FROM %3$I.revenue_concentration) r,
			LATERAL (VALUES
				(''excluded_rows: rows'', x.n, o.n), (''excluded_rows: amounts'', x.amount, round(o.amount, 4)), (''kpi.all_revenue: what is counted'', k.all_revenue, x.counted),
				(''kpi: guests and others'', k.all_revenue, k.revenue + k.guest_revenue), (''kpi_by_period.all_revenue'', p.all_revenue, k.all_revenue), (''kpi_by_period.all_orders'', p.all_orders, k.all_orders),
				(''kpi_by_period.new_customers'', p.new_customers, k.customers), (''kpi_by_period: new and returning revenue'', p.revenues, p.revenue), (''kpi_by_period: new and returning orders'', p.orders, k.orders),
				(''kpi_by_period.refunded'', p.refunded, k.refunded), (''customers'', c.n, k.customers), (''customers.orders'', c.orders, k.orders), (''customers.revenue'', c.revenue, k.revenue - x.apart),
				(''rfm_segments.customers'', g.n, k.customers), (''rfm_segments.revenue'', g.revenue, c.revenue), (''rfm_segments: shares'', round(g.share::numeric, 9), CASE WHEN k.customers > 0 THEN 1 END),
				(''cohort_retention: sizes'', h.n, k.customers), (''cohort_retention.orders'', h.orders, k.orders), (''lifecycle.new'', l.new, k.customers), (''lifecycle: balance'', l.balance, 0),
				(''order_ladder'', coalesce(a.first, 0), k.customers), (''value_by_age'', v.first, k.customers), (''revenue_concentration'', coalesce(r.revenue, 0), c.revenue)) t (total, got, expected)', s.id, 'Shop ' || s.id, 'views ' || s.id);
	END LOOP;
END
$$;
-- (Amounts of five digits are rounded to the four of the views, in each view by itself.)
SELECT total, count(*) AS shops, count(*) FILTER (WHERE abs(got - expected) > CASE WHEN amount = 'mixed' THEN 0.01 ELSE 0 END OR (got IS NULL) <> (expected IS NULL)) AS differences
FROM totals JOIN shops USING (id) GROUP BY total ORDER BY total COLLATE "C";

-- ---------------------------------------------------------------------------
-- What a tool sees: each column has a comment, and a type that it knows.
-- ---------------------------------------------------------------------------

CREATE VIEW made AS
SELECT c.oid, c.relname, c.relkind, c.reloptions, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('v', 'm', 'r') AND (nspname LIKE 'views %' OR nspname = 'shop');
SELECT relkind, count(DISTINCT relname) AS names, count(*) AS relations, count(*) FILTER (WHERE obj_description(oid) IS NULL) AS without_comment,
	   count(*) FILTER (WHERE relkind = 'v' AND reloptions IS DISTINCT FROM '{security_invoker=true}') AS with_rights_of_their_own FROM made GROUP BY relkind ORDER BY relkind;
-- None.
SELECT DISTINCT relname, attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum) FROM made JOIN pg_attribute ON attrelid = oid
WHERE attnum > 0 AND NOT attisdropped AND relname NOT IN ('order_rows', 'left_out_rows', 'order_history', 'order_history_data') AND (coalesce(col_description(attrelid, attnum), '') !~ '\w' OR col_description(attrelid, attnum) ~ '@'
	OR (format_type(atttypid, atttypmod) NOT IN ('integer', 'bigint', 'double precision', 'numeric(38,4)', 'text', 'boolean', 'date', 'timestamp with time zone') AND NOT (relname ~ '^customer_facts|^order_sequence' AND attname IN ('customer', 'ordered_at', 'order_id'))));
-- Nor is any number not one.
CREATE TABLE not_numbers (view text, name text, n int8);
DO $$
DECLARE
	a record;
BEGIN
	FOR a IN SELECT nspname, relname, attname FROM made JOIN pg_attribute ON attrelid = oid WHERE attnum > 0 AND atttypid IN ('float8'::regtype, 'numeric'::regtype) AND relname <> 'customers' LOOP
		EXECUTE format('INSERT INTO not_numbers SELECT %L, %L, count(*) FILTER (WHERE %3$I IN (''NaN'', ''Infinity'', ''-Infinity'')) FROM %I.%I', a.relname, a.attname, a.attname, a.nspname, a.relname);
	END LOOP;
	-- the models of customers are fitted once a shop
	FOR a IN SELECT nspname, relname FROM made WHERE relname = 'customers' LOOP
		EXECUTE format('INSERT INTO not_numbers SELECT ''customers'', ''all'', count(*) FILTER (WHERE c::text ~ ''NaN|Infinity'') FROM %I.%I c', a.nspname, a.relname);
	END LOOP;
END
$$;
SELECT count(DISTINCT (view, name)) AS columns, sum(n) AS not_numbers FROM not_numbers;

-- ---------------------------------------------------------------------------
-- How often the order table is read: once, where an order is one row; twice of lines, and for excluded_rows as often again.
-- ---------------------------------------------------------------------------

CREATE FUNCTION pg_temp.reads(relation text, view text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE format('EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) TABLE %s', view) INTO plan;
	RETURN (SELECT sum((node ->> 'Actual Loops')::numeric) FROM jsonb_path_query(plan, 'strict $.** ? (@."Relation Name" == $relation)', jsonb_build_object('relation', relation)) node);
END
$$;
SELECT relname AS view, pg_temp.reads('orders', 'shop.' || relname) AS plain, pg_temp.reads('Shop 7', '"views 7".' || relname) AS lines_with_a_filter
FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind = 'v' AND relname !~ 'order_rows|left_out|options|record|names|thresholds' ORDER BY relname;
-- Nor is anything looked up in a list, one for each row, of a shop with more customers than memory is given for.
CREATE TABLE crowd AS SELECT n % 60000 AS customer, date '2024-01-01' + n % 400 AS at, CASE WHEN n % 20 = 7 THEN -1 ELSE 10 END AS amount FROM generate_series(1, 120000) n;
ANALYZE crowd;
SELECT count(*) FROM retention_create_views('crowd', 'customer', 'at', 'amount', target => 'views of a crowd');
SET work_mem = '64kB';
CREATE FUNCTION pg_temp.looks_up(view text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE format('EXPLAIN (COSTS OFF, VERBOSE) TABLE %s', view) LOOP
		IF line ~ 'NOT \(SubPlan|ANY \([^(]*\(SubPlan' THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END
$$;
SELECT relname, looks_up FROM pg_class, pg_temp.looks_up('"views of a crowd".' || relname) WHERE relnamespace = '"views of a crowd"'::regnamespace AND relkind = 'v' ORDER BY relname;
SELECT sum(row_count) AS rows FROM "views of a crowd".excluded_rows;
RESET work_mem;
SELECT retention_drop_views('views of a crowd');

-- ---------------------------------------------------------------------------
-- Scores: ties, kept thresholds, names.
-- ---------------------------------------------------------------------------

-- Equal values have equal scores, in each shop.
CREATE TABLE scores (id int, customer text, recency_days int8, orders int8, revenue numeric, r int8, f int8, m int8, decile int8, segment text);
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE format('INSERT INTO scores SELECT %s, customer, recency_days, orders, revenue, recency_score, frequency_score, monetary_score, revenue_decile, segment FROM %I.customers', i, 'views ' || i);
	END LOOP;
END
$$;
SELECT count(*) AS pairs, count(*) FILTER (WHERE a.recency_days = b.recency_days) AS equal_days, count(*) FILTER (WHERE a.orders = b.orders) AS equal_orders, count(*) FILTER (WHERE a.revenue = b.revenue) AS equal_revenues,
	   count(*) FILTER (WHERE sign(a.recency_days - b.recency_days) * (b.r - a.r) < 0 OR (a.recency_days = b.recency_days AND a.r <> b.r)) AS wrong_r,
	   count(*) FILTER (WHERE sign(a.orders - b.orders) * (a.f - b.f) < 0 OR (a.orders = b.orders AND a.f <> b.f)) AS wrong_f,
	   count(*) FILTER (WHERE sign(a.revenue - b.revenue) * (a.m - b.m) < 0 OR (a.revenue = b.revenue AND (a.m, a.decile) <> (b.m, b.decile))) AS wrong_m
FROM scores a JOIN scores b ON a.id = b.id AND a.customer < b.customer;
-- Today's thresholds, kept, are no other scores.
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE format('CREATE TABLE %2$I AS TABLE %1$I.rfm_quintiles; CREATE OR REPLACE VIEW %1$I.rfm_thresholds AS TABLE %2$I', 'views ' || i, 'thresholds ' || i);
	END LOOP;
	REFRESH MATERIALIZED VIEW "views 15".customers_data;
END
$$;
CREATE TABLE kept_scores (LIKE scores);
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE format('INSERT INTO kept_scores SELECT %s, customer, recency_days, orders, revenue, recency_score, frequency_score, monetary_score, revenue_decile, segment FROM %I.customers', i, 'views ' || i);
	END LOOP;
END
$$;
SELECT count(*) AS customers, (SELECT count(*) FROM (TABLE scores EXCEPT TABLE kept_scores) d) AS differences FROM kept_scores;
-- When orders come, who has not ordered has the scores that they had, but for the days that have gone by.
BEGIN;
INSERT INTO "Shop 1" ("Customer", "at %I", amount) SELECT -1000 - n, '2024-05-20', 1000 FROM generate_series(1, 500) n;
SELECT count(*) AS customers, count(*) FILTER (WHERE (c.frequency_score, c.monetary_score) <> (s.f, s.m)) AS differences, count(*) FILTER (WHERE c.recency_score > s.r) AS younger
FROM "views 1".customers c JOIN scores s ON s.id = 1 AND s.customer = c.customer::text;
DELETE FROM "thresholds 1";
SELECT count(*) AS customers, count(*) FILTER (WHERE (c.frequency_score, c.monetary_score) = (s.f, s.m)) < count(*) AS other_scores
FROM "views 1".customers c JOIN scores s ON s.id = 1 AND s.customer = c.customer::text;
-- One metric can be kept.
INSERT INTO "thresholds 1" VALUES ('frequency', 1, 2, 3, 4);
SELECT count(*) FILTER (WHERE frequency_score <> least(orders, 5)) AS differences FROM "views 1".customers;
-- Two for one metric are told of; a name that there isn't is nobody's.
SAVEPOINT once;
INSERT INTO "thresholds 1" VALUES ('frequency', 1, 2, 3, 4);
SELECT sum(frequency_score) FROM "views 1".customers;
ROLLBACK TO once;
INSERT INTO "thresholds 1" VALUES ('monetary', 0, 10, 'NaN', 30), ('loyalty', 1, 2, 3, 4);
SELECT sum(monetary_score) FROM "views 1".customers;
ROLLBACK;
-- Names that are edited are shown, also where there is none.
CREATE TABLE my_names AS TABLE shop.rfm_segment_names;
CREATE OR REPLACE VIEW shop.rfm_segment_names AS TABLE my_names;
UPDATE my_names SET segment = 'Stars' WHERE segment = 'Champions';
DELETE FROM my_names WHERE segment = 'Hibernating';
-- Two names for one pair don't make two customers of one.
INSERT INTO my_names SELECT recency_score, frequency_score, 'Best of all' FROM my_names WHERE segment = 'Stars';
SELECT customer, segment FROM shop.customers ORDER BY customer;
SELECT segment, customers FROM shop.rfm_segments ORDER BY segment;
SELECT count(*) FROM retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'shop');
SELECT count(*) FROM retention_refresh_views('shop');
SELECT customer, segment FROM shop.customers ORDER BY customer;

-- ---------------------------------------------------------------------------
-- Lines of orders.
-- ---------------------------------------------------------------------------

-- Orders are numbered by each customer; ann's second line of order 1 is from
-- later on; guests' lines are of order 1, too, or of none; a line is free, one
-- has no amount; order 2 of bob is given back, and a part of order 1.
CREATE TABLE lines (customer text, number int, at timestamp, quantity int, price numeric, total numeric GENERATED ALWAYS AS (quantity * price) STORED);
INSERT INTO lines VALUES
	('ann', 1, '2024-01-05 10:00', 2, 10), ('ann', 1, '2024-01-06 09:00', 1, 5.50), ('ann', 2, '2024-02-05 10:00', 1, 0), ('ann', 2, '2024-02-05 10:00', 3, NULL),
	('bob', 1, '2024-01-07 12:00', 4, 2.25), ('bob', 1, '2024-01-20 12:00', -1, 2.25), ('bob', 2, '2024-02-07 12:00', -2, 2.25),
	(NULL, 1, '2024-01-09', 1, 7), (NULL, 1, '2024-01-09', 1, 3), (NULL, NULL, '2024-01-10', 1, 2), (NULL, NULL, '2024-01-11', 1, 2),
	('cid', NULL, '2024-03-01 08:00', 1, 1), ('cid', NULL, '2024-03-01 08:00', 1, 2), ('cid', NULL, '2024-03-02 08:00', 1, 4), ('cid', 3, NULL, 1, 8), ('cid', 4, 'infinity', 1, 16);
SELECT count(*) FROM retention_create_views('lines', 'customer', 'at', 'total', order_id => 'number', target => 'of lines');
SELECT customers, repeat_customers, orders, revenue, refunds, refunded, guest_orders, guest_revenue, all_orders, all_revenue, aov FROM "of lines".kpi;
SELECT customer, orders, revenue, first_order, last_order, lifespan_days FROM "of lines".customers ORDER BY customer;
SELECT reason, is_counted, row_count, amount FROM "of lines".excluded_rows;
SELECT * FROM (SELECT to_jsonb(s) - 'updated_at' AS "order" FROM "of lines".order_sequence s) o ORDER BY "order" ->> 'customer', "order" -> 'order_number';
-- Of orders added up by hand all is the same.
CREATE TABLE added_up AS SELECT customer, min(at) FILTER (WHERE isfinite(at)) AS at, sum(total) AS total FROM lines WHERE total >= 0 GROUP BY customer, number, CASE WHEN number IS NULL THEN at END
UNION ALL SELECT customer, at, total FROM lines WHERE total < 0 OR total IS NULL;
SELECT count(*) FROM retention_create_views('added_up', 'customer', 'at', 'total', target => 'of orders');
SELECT (SELECT count(*) FROM (TABLE "of lines".kpi EXCEPT TABLE "of orders".kpi) d) AS kpi, (SELECT count(*) FROM (TABLE "of lines".customers EXCEPT TABLE "of orders".customers) d) AS customers,
	   (SELECT count(*) FROM (TABLE "of lines".kpi_by_period EXCEPT TABLE "of orders".kpi_by_period) d) AS kpi_by_period;
-- A filter is of lines.
SELECT count(*) FROM retention_create_views('lines', 'customer', 'at', 'total', order_id => 'number', target => 'of lines', filter => 'quantity > 0');
SELECT orders, revenue, refunds, all_revenue FROM "of lines".kpi;
SELECT reason, is_counted, row_count, amount FROM "of lines".excluded_rows WHERE row_count > 0;
-- Amounts that are no numbers are told of, and take no view away.
INSERT INTO lines (customer, number, at, quantity, price) VALUES ('ann', 9, '2024-01-05', 1, 'NaN'), ('ann', 10, '2024-01-05', 1, '-Infinity'), ('ann', 10, '2024-01-05', 1, 5);
SELECT reason, row_count, amount FROM "of lines".excluded_rows WHERE row_count > 0;
SELECT :kpi FROM "of lines".kpi;

-- ---------------------------------------------------------------------------
-- To date: an order a day, so that there are as many as days.
-- ---------------------------------------------------------------------------

CREATE TABLE daily AS SELECT 1 AS customer, day::date AS ordered_at, 1 AS amount FROM generate_series(timestamp '2023-02-01', timestamp '2025-03-01', interval '1 day') day;
CREATE FUNCTION pg_temp.to_date(today date, period text) RETURNS TABLE (span text, from_day date, until_day date, before_from date, before_until date, complete bool, orders int8, before int8, new int8, new_before int8, change numeric) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM retention_create_views('daily'::regclass, filter => format('ordered_at <= %L', today), period => period, target => 'to date');
	RETURN QUERY SELECT k.span, k.from_day, k.until_day, k.year_before_from_day, k.year_before_until_day, k.is_year_before_complete, k.orders, k.orders_year_before, k.new_customers, k.new_customers_year_before,
		round(k.orders_change::numeric, 4) FROM "to date".kpi_to_date k ORDER BY k.from_day DESC, k.span;
END
$$;
-- 29 February, and the years after and before one; the year before of which not all is known.
SELECT today, t.* FROM unnest('{2024-02-28,2024-02-29,2024-03-01,2025-02-28,2025-03-01}'::date[]) today, pg_temp.to_date(today, 'month') t;
-- Other calendars: weeks and runs of days are compared with the same days of the week.
SELECT period, t.* FROM unnest('{day,week,week from sunday,28 days,400 days,quarter,quarter from march,year,year from march}'::text[]) WITH ORDINALITY p (period, i), pg_temp.to_date('2025-02-26', period) t
WHERE span NOT IN ('month', 'quarter', 'year') ORDER BY i, t.from_day DESC, span;
-- Nobody has ordered, but been given something back; and nobody at all.
UPDATE daily SET amount = -1;
SELECT count(*) FROM "to date".kpi_to_date;
TRUNCATE daily;
SELECT count(*) FROM "to date".kpi_to_date;

-- ---------------------------------------------------------------------------
-- Orders in sequence: of one time, with refunds, and of lines without a number.
-- ---------------------------------------------------------------------------

CREATE TABLE at_once (id int, customer text, ordered_at timestamp, amount numeric, number int);
INSERT INTO at_once VALUES (1, 'ann', '2024-01-05 10:00', 30, 2), (2, 'ann', '2024-01-05 10:00', 10, 2), (3, 'ann', '2024-01-05 10:00', 20, 1), (4, 'ann', '2024-01-05 10:00', -5, 1), (5, 'ann', '2024-01-05 09:00', -1, 1),
	(6, 'ann', '2024-01-05 10:00', 7, NULL), (7, 'ann', '2024-01-05 23:59', 0, 3), (8, 'ann', '2024-01-06 00:00', 1, 4), (9, 'ann', '2024-01-06 00:00', -50, 4), (10, 'ann', '2024-01-07', NULL, 5), (11, 'ann', NULL, 9, 6),
	(12, NULL, '2024-01-05', 100, 7), (13, NULL, '2024-01-06', 100, 8), (14, 'bob', '2024-01-05', -3, 9), (15, 'ann', '2024-03-01', 2, 10), (16, 'ann', '2024-03-02', -2, 10);
SELECT count(*) FROM retention_create_views('at_once', 'customer', 'ordered_at', 'amount', target => 'at once');
SELECT customer, ordered_at, amount, order_number, is_first, days_since_previous, revenue_to_date FROM "at once".order_sequence ORDER BY customer, order_number;
SELECT count(*) FROM retention_create_views('at_once', 'customer', 'ordered_at', 'amount', order_id => 'number', target => 'at once');
SELECT customer, order_id, ordered_at, amount, order_number, is_first, days_since_previous, revenue_to_date FROM "at once".order_sequence ORDER BY customer, order_number;
-- Its last revenue is the customer's, but for what was given back later.
SELECT customer, f.revenue, f.orders, s.revenue_to_date, s.order_number FROM "at once".customer_facts f JOIN "at once".order_sequence s USING (customer) WHERE s.order_number = f.orders;
-- Numbers that have no order are ordered as texts.
CREATE VIEW no_order AS SELECT customer, ordered_at, amount, number::text::xid AS number FROM at_once;
SELECT count(*) FROM retention_create_views('no_order', 'customer', 'ordered_at', 'amount', order_id => 'number', target => 'no order');
SELECT customer, order_id, amount, order_number FROM "no order".order_sequence ORDER BY customer, order_number;
SELECT retention_drop_views('no order');
-- Where the rows of others are kept, its own are not.
SELECT count(*) FROM retention_create_views('at_once', 'customer', 'ordered_at', 'amount', target => 'at once', mode => 'materialized');
INSERT INTO at_once VALUES (17, 'cid', '2024-04-01', 1, 11);
SELECT (SELECT count(*) FROM "at once".order_sequence) AS orders, (SELECT orders FROM "at once".kpi) AS kept, to_regclass('"at once".order_sequence_data') AS data,
	   (SELECT array_agg(relname ORDER BY relname) FROM pg_class WHERE relnamespace = '"at once"'::regnamespace AND relkind = 'v' AND reloptions IS NOT NULL) AS with_rights_of_the_reader;
SELECT retention_refresh_data('at once');
SELECT orders FROM "at once".kpi;
SELECT retention_drop_views('at once');

-- ---------------------------------------------------------------------------
-- Filters.
-- ---------------------------------------------------------------------------

-- The number of the rows that stay, and their amount: by the views, by WHERE.
CREATE FUNCTION pg_temp.filtered(orders text, filter text) RETURNS TABLE (n int8, sum numeric, kept text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM retention_create_views(orders::regclass, 'customer', 'ordered_at', 'amount', filter => filter, target => 'filtered');
	RETURN QUERY EXECUTE format('SELECT (a.row_count - b.n)::int8, a.amount - b.amount, (SELECT r.filter FROM pg_temp.recipes() r WHERE target = ''filtered'')
		FROM (SELECT sum(row_count) AS row_count, coalesce(sum(amount), 0) AS amount FROM filtered.excluded_rows WHERE reason <> ''filtered out'') a, (SELECT count(*) AS n, coalesce(sum(amount), 0) AS amount FROM %s WHERE %s
) b', orders, filter);
END
$$;
CREATE TABLE vip (customer text, since date);
INSERT INTO vip VALUES ('ann', '2024-01-01');
CREATE FUNCTION is_good(text) RETURNS bool IMMUTABLE LANGUAGE sql AS $$ SELECT $1 IN ('ann', 'bob') $$;
CREATE FUNCTION is_good(orders) RETURNS bool IMMUTABLE LANGUAGE sql AS $$ SELECT $1.amount > 20 $$;
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.texteq);
CREATE TABLE "Odd ""Orders"" @rows@" (customer int, ordered_at date, amount int, "Status %I" text, "select" bool, "a'b\c" text);
INSERT INTO "Odd ""Orders"" @rows@" VALUES (1, '2024-01-01', 10, 'it''s', true, '\'), (2, '2024-01-02', 20, NULL, false, '@zone@'), (2, '2024-01-03', 40, 'x', NULL, '%s');
\x on
SELECT f.* FROM unnest(ARRAY[
	'amount > 20', 'true', 'NULL', 'ordered_at >= ''2024-02-01''', 'orders.amount > 0', 'views_test.orders.amount > 0', 'orders IS NOT NULL', '(amount > 0) IS NOT TRUE', 'NOT amount > 0 -- a comment',
	'customer IN (SELECT customer FROM vip)', 'EXISTS (SELECT FROM vip WHERE vip.customer = orders.customer AND since <= ordered_at)', 'EXISTS (SELECT FROM vip orders WHERE customer = ''ann'')',
	'EXISTS (SELECT FROM orders o WHERE o.customer = orders.customer AND o.ordered_at > orders.ordered_at)', 'amount = (SELECT max(amount) FROM orders)',
	'is_good(customer)', 'is_good(orders)', 'orders.is_good', 'customer === ''ann''', 'customer OPERATOR(views_test.===) ''bob''', 'customer COLLATE "C" > ''b''', 'customer LIKE ''%a%'' OR customer ~ ''^b''',
	'CASE WHEN amount > 0 THEN customer IS NOT NULL ELSE false END', 'amount BETWEEN SYMMETRIC 50 AND 10', '(customer, amount) = (''ann'', 100)', 'amount = ANY (ARRAY[100, 30])', 'ordered_at::date = date ''2024-01-05''',
	'ordered_at AT TIME ZONE ''Asia/Kolkata'' < ''2024-02-01''', 'E''\\x41'' = customer', 'id::text = $q$1$q$', 'customer = ''@rows@ %I''']) filter, pg_temp.filtered('orders', filter) f;
SELECT f.* FROM unnest(ARRAY['"Status %I" = ''it''''s''', '"select"', '"select" IS NOT FALSE', '"a''b\c" = ''\''', '"Odd ""Orders"" @rows@"."a''b\c" = ''@zone@''', '"Odd ""Orders"" @rows@" IS NOT NULL',
	'EXISTS (SELECT FROM "Odd ""Orders"" @rows@" AS o WHERE o."select" = "Odd ""Orders"" @rows@"."select")']) filter, pg_temp.filtered('"Odd ""Orders"" @rows@"', filter) f;
\x off
-- What stands in the catalogs means the same without the search_path, and is refreshed from there.
SET search_path = pg_catalog;
SELECT count(*) FROM public.retention_refresh_views('filtered');
SET search_path = views_test, public;

-- Nor does the session's time zone matter to dates: in one there was no 2011-12-30.
CREATE TABLE new_year (customer int, ordered_at date, amount int);
INSERT INTO new_year VALUES (1, '2011-12-29', 1), (1, '2011-12-30', 2), (2, '2011-12-31', 4);
SELECT count(*) FROM retention_create_views('new_year', 'customer', 'ordered_at', 'amount', target => 'filtered', period => 'day');
SET timezone = 'Pacific/Apia';
SELECT period_start, customers, new_customers, revenue FROM filtered.kpi_by_period ORDER BY period_start;
SELECT first_order, last_order, lifespan_days FROM filtered.customers ORDER BY customer;
SET timezone = 'UTC';

-- Constants mean the same under any settings, too.
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET extra_float_digits = -10;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT count(*) FROM retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'filtered', lifespan => '-1 year +800 days', margin => 0.123456789012345678,
	filter => 'ordered_at < ''01/03/2024'' AND ordered_at + interval ''-1 day +2 hours'' < ''31/12/2024'' AND amount < 0.123456789012345678::float8 * 1e9 AND customer <> ''\\\\''');
RESET standard_conforming_strings;
RESET escape_string_warning;
SET datestyle = 'SQL, MDY';
SELECT count(*) FROM retention_refresh_views('filtered');
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
SELECT filter, lifespan, margin FROM pg_temp.recipes() WHERE target = 'filtered';
SELECT sum(row_count) FILTER (WHERE reason <> 'filtered out') AS kept FROM filtered.excluded_rows;
-- A year's 365.25 days.
SELECT round(clv / (customer_value / (last_order - first_order) * (800 - 365.25)), 2) AS margin FROM filtered.kpi;

-- What is not one boolean expression.
CREATE FUNCTION pg_temp.attempt(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	hint text;
BEGIN
	EXECUTE call;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	-- (those of the parser are not the same in all versions)
	RETURN concat_ws(' | ', state, message, CASE WHEN state NOT IN ('42P01', '42883') AND hint <> '' THEN hint END);
END
$$;
SELECT filter, pg_temp.attempt(format('SELECT retention_create_views(''orders'', ''customer'', ''ordered_at'', ''amount'', filter => %L, target => ''filtered'')', filter)) AS error
FROM unnest(ARRAY['true) UNION SELECT 1 --', 'true; DROP TABLE orders', '1', '''a''', 'sum(amount) > 1', 'row_number() over () = 1', 'amount > 0 ORDER BY 1', 'a b', 'amount > 0 AS x', 'true, false', '', ' ', '-- nothing', '/* nothing */',
	'exists (select) limit 1', 'no_such_column = 1', 'generate_series(1,2) = 1', '$1 = 1', 'true) OR (true', '*', 'orders.*', 'orders', 'customer', 'DISTINCT true', 'true FROM orders', 'true WHERE true',
	'true GROUP BY 1', 'true FOR UPDATE', 'true UNION SELECT true', 'SELECT true', 'DEFAULT', 'GROUPING(amount) = 1', 'other.amount > 0', 'vip.customer = customer', 'public.orders.amount > 0', 'no_such_function(amount)',
	'amount = (SELECT 1, 2)', 'amount IN (SELECT customer FROM vip)', 'EXISTS (WITH d AS (DELETE FROM vip RETURNING *) SELECT FROM d)', 'EXISTS (DELETE FROM vip)', 'true INTO TEMP x', 'x := true', 'amount >', '(true', '"', '''',
	'true /* ', 'amount > 0 \g', 'current of c']) filter;
SELECT count(*) AS orders FROM orders;

-- ---------------------------------------------------------------------------
-- Names.
-- ---------------------------------------------------------------------------

CREATE TABLE hostile_names AS SELECT name FROM unnest(ARRAY[
	'Upper Case', 'quote"d', 'it''s', '@rows@', '@', '%I', 'back\slash', repeat('n', 63), repeat('ü', 31) || 'x', 'select', 'customer', 'o', 'line', 'kept', '日本', 'semi;colon --', '$1', 'x.y', 'tab	newline
', '1', 'user', 'kpi']) name;
CREATE TABLE named (name text, made int8, revenue numeric, customers int8, errors text);
DO $$
DECLARE
	n text;
	own text;
	made int8;
BEGIN
	FOR n IN SELECT name FROM hostile_names LOOP
		own := 'own ' || left(n, 20) || ' %s@ "';
		EXECUTE format('CREATE SCHEMA %I', own);
		EXECUTE format('CREATE TABLE %I.%I (%I int, %I timestamptz, %I numeric, %I int)', own, n, 'c' || left(n, 30), 't' || left(n, 30), n, 'o' || left(n, 30));
		EXECUTE format('INSERT INTO %I.%I VALUES (1, ''2024-01-01'', 10, 1), (1, ''2024-01-01'', 20, 1), (2, ''2024-02-01'', 40, 1)', own, n);
		SELECT count(*) INTO made FROM retention_create_views(format('%I.%I', own, n)::regclass, ('c' || left(n, 30))::name, ('t' || left(n, 30))::name, n::name, order_id => ('o' || left(n, 30))::name,
			filter => format('%I > 0 AND %I.%I IS NOT NULL AND EXISTS (SELECT FROM %I.%I WHERE %I > 10)', n, n, n, own, n, n), target => n::name, mode => CASE WHEN n LIKE '%e%' THEN 'materialized' ELSE 'plain' END) v;
		EXECUTE format('INSERT INTO named SELECT %L, %s, revenue, (SELECT count(*) FROM %I.customers) FROM %I.kpi', n, made, n, n);
		PERFORM retention_refresh_views(n::name);
		IF n LIKE '%e%' THEN
			PERFORM retention_refresh_data(n::name);
		END IF;
		PERFORM retention_drop_views(n::name);
		UPDATE named SET errors = 'is still there' WHERE name = n AND EXISTS (SELECT FROM pg_namespace WHERE nspname = n);
		EXECUTE format('DROP SCHEMA %I CASCADE', own);
		COMMIT;
	END LOOP;
END
$$;
SELECT count(*) AS names, count(*) FILTER (WHERE (made, revenue, customers) = (16, 70, 2) AND errors IS NULL) AS good FROM named;
SELECT * FROM named WHERE (made, revenue, customers) IS DISTINCT FROM (16, 70, 2) OR errors IS NOT NULL;

-- ---------------------------------------------------------------------------
-- Errors.
-- ---------------------------------------------------------------------------

CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN customer_number AS int CHECK (value > 0);
CREATE DOMAIN price AS numeric(12, 2);
CREATE TABLE typed (
	c_int2 int2, c_int4 int, c_int8 int8, c_text text, c_varchar varchar(9), c_bpchar char(9), c_uuid uuid, c_numeric numeric, c_domain customer_number, c_name name, c_enum mood, c_inet inet, c_oid oid, c_bit bit(3),
	c_json json, c_jsonb jsonb, c_float8 float8, c_float4 real, c_bool bool, c_date date, c_timestamptz timestamptz, c_interval interval, c_bytea bytea, c_array int[], c_range int4range, c_point point, c_row orders, c_money money, c_xml xml, c_regclass regclass,
	t_timestamptz timestamptz, t_timestamp timestamp(3), t_date date, t_text text, t_time time, t_timetz timetz, t_int int, t_interval interval,
	a_int2 int2, a_int4 int, a_int8 int8, a_float4 real, a_float8 float8, a_numeric numeric, a_money money, a_domain price, a_text text, a_bool bool, a_interval interval, a_array numeric[]);
INSERT INTO typed (c_int2, c_int4, c_int8, c_text, c_varchar, c_bpchar, c_uuid, c_numeric, c_domain, c_name, c_enum, c_inet, c_oid, c_bit, t_timestamptz, t_timestamp, t_date, a_int2, a_int4, a_int8, a_float4, a_float8, a_numeric, a_money, a_domain)
VALUES (1, 1, 1, 'one', 'one', 'one', '00000000-0000-0000-0000-000000000001', 1.0, 1, 'one', 'glad', '10.0.0.1', 1, '101', '2024-01-01', '2024-01-01', '2024-01-01', 1, 1, 1, 1, 1, 1, 1::money, 1);
SELECT attname, pg_temp.attempt(format('SELECT retention_create_views(''typed'', %L, %L, %L, target => ''typed''); SELECT revenue, aov FROM typed.customers; SELECT clv FROM typed.kpi; SELECT 1 / count(*) FROM typed.customers', CASE WHEN attname LIKE 'c%' THEN attname ELSE 'c_int4' END,
	CASE WHEN attname LIKE 't%' THEN attname ELSE 't_date' END, CASE WHEN attname LIKE 'a%' THEN attname ELSE 'a_numeric' END)) AS error
FROM pg_attribute WHERE attrelid = 'typed'::regclass AND attnum > 0 ORDER BY attnum;

CREATE SEQUENCE numbers_of_orders;
CREATE INDEX orders_id ON orders (id);
CREATE TEMP TABLE for_now (customer int, ordered_at date, amount int);
CREATE TEMP VIEW for_now_view AS SELECT * FROM for_now;
ALTER TABLE orders ADD gone int;
ALTER TABLE orders DROP gone;
CREATE TABLE nothing ();
CREATE TYPE pair AS (customer int, ordered_at date, amount int);
CREATE FOREIGN DATA WRAPPER regress_views_nothing;
CREATE SERVER regress_views_nowhere FOREIGN DATA WRAPPER regress_views_nothing;
CREATE FOREIGN TABLE far_away (customer int, ordered_at date, amount int) SERVER regress_views_nowhere;
SELECT call, pg_temp.attempt(format('SELECT retention_create_views(%s)', call)) AS error FROM unnest(ARRAY[
	$$NULL, 'customer', 'ordered_at', 'amount'$$,
	$$'orders', 'customer', 'ordered_at', 'amount', target => NULL$$, $$'orders', 'customer', 'ordered_at', 'amount', period => NULL$$, $$'orders', 'customer', 'ordered_at', 'amount', margin => NULL$$,
	$$'orders', 'customer', 'ordered_at', 'amount', mode => NULL$$,
	$$'orders', 'customer', 'ordered_at', 'amount', mode => 'nightly'$$,
	$$'orders', 'customer', 'ordered_at', 'amount', mode => ''$$,
	$$'orders', 'buyer', 'ordered_at', 'amount'$$, $$'orders', 'customer', 'ordered', 'amount'$$, $$'orders', 'customer', 'ordered_at', 'price'$$, $$'orders', 'customer', 'ordered_at', 'amount', order_id => 'number'$$,
	$$'orders', 'gone', 'ordered_at', 'amount'$$, $$'orders', '........pg.dropped.5........', 'ordered_at', 'amount'$$, $$'orders', 'ctid', 'ordered_at', 'amount'$$, $$'orders', 'tableoid', 'ordered_at', 'amount'$$,
	$$'orders', 'customer', 'ordered_at', 'xmin'$$, $$'orders', 'customer', 'ordered_at', 'amount', order_id => 'ctid'$$, $$'orders', '"Customer"', 'ordered_at', 'amount'$$, $$'orders', '', 'ordered_at', 'amount'$$,
	$$'orders', 'orders', 'ordered_at', 'amount'$$, $$'orders', 'customer, customer', 'ordered_at', 'amount'$$, $$'nothing', 'customer', 'ordered_at', 'amount'$$,
	$$'numbers_of_orders', 'last_value', 'log_cnt', 'last_value'$$, $$'orders_id', 'id', 'id', 'id'$$, $$'pair', 'customer', 'ordered_at', 'amount'$$, $$'for_now', 'customer', 'ordered_at', 'amount'$$,
	$$'for_now_view', 'customer', 'ordered_at', 'amount'$$, $$0, 'customer', 'ordered_at', 'amount'$$, $$'no_such_table', 'customer', 'ordered_at', 'amount'$$,
	$$'shop.customers', 'customer', 'first_order', 'revenue', target => 'shop'$$, $$'far_away', 'customer', 'ordered_at', 'amount', target => 'far away'$$,
	$$'orders', 'customer', 'ordered_at', 'amount', period => 'fortnight'$$, $$'orders', 'customer', 'ordered_at', 'amount', period => ''$$, $$'orders', 'customer', 'ordered_at', 'amount', period => 'hour'$$,
	$$'orders', 'customer', 'ordered_at', 'amount', time_zone => 'Mars/Olympus'$$, $$'added_up', 'customer', 'at', 'total', time_zone => 'UTC'$$,
	$$'orders', 'customer', 'ordered_at', 'amount', lifespan => '0'$$, $$'orders', 'customer', 'ordered_at', 'amount', lifespan => '-1 year'$$, $$'orders', 'customer', 'ordered_at', 'amount', lifespan => '1001 years'$$,
	$$'orders', 'customer', 'ordered_at', 'amount', lifespan => '2147483647 days'$$, $$'orders', 'customer', 'ordered_at', 'amount', margin => 30$$, $$'orders', 'customer', 'ordered_at', 'amount', margin => -0.1$$,
	$$'orders', 'customer', 'ordered_at', 'amount', margin => 'NaN'$$, $$'orders', 'customer', 'ordered_at', 'amount', model => NULL$$, $$'orders', 'customer', 'ordered_at', 'amount', model => 'crystal ball'$$,
	$$'orders', 'customer', 'ordered_at', 'amount', model => ''') IS NULL OR (''1'$$, $$'orders', 'customer', 'ordered_at', 'amount', target => ''$$, $$'orders', 'customer', 'ordered_at', 'amount', target => 'pg_shop'$$]) call;
-- CET is an abbreviation, and where the zone database still has it, a place with summer time.
SELECT left(pg_temp.attempt($$SELECT retention_create_views('orders', 'customer', 'ordered_at', 'amount', time_zone => 'CET', target => 'shop')$$), 5) AS error;
SELECT call, pg_temp.attempt('SELECT ' || call) AS error FROM unnest(ARRAY['retention_refresh_views(''none'')', 'retention_drop_views(''none'')', 'retention_drop_views(NULL)', 'retention_refresh_data(''none'')',
	'retention_refresh_data(NULL)', 'retention_refresh_data(''shop'', NULL)', 'retention_refresh_data(''shop'')', 'retention_drop_views(''views_test'')']) call;
-- Nothing of all that is left.
SELECT target FROM pg_temp.recipes() WHERE target NOT LIKE 'views %' ORDER BY target;
SELECT nspname FROM pg_namespace WHERE nspname ~ '^pg_shop|^none|^typed' ORDER BY 1;

-- Other models.
CREATE TABLE models (model text, stored text, told bool, customers int8, same_p_alive int8, same_fit int8);
DO $$
DECLARE
	m text;
BEGIN
	FOREACH m IN ARRAY ARRAY['mbg/nbd', 'bg/nbd', 'pareto/nbd', 'mbg/cnbd-k', 'mbg/cnbd-3', 'auto', 'nbd'] LOOP
		PERFORM retention_create_views('"Shop 1"', 'Customer', 'at %I', 'amount', target => 'modelled', model => m);
		EXECUTE format('INSERT INTO models SELECT %1$L, (SELECT model FROM pg_temp.recipes() WHERE target = ''modelled''), obj ~ %1$L, c.* FROM
			(SELECT col_description(attrelid, attnum) AS obj FROM pg_attribute WHERE attrelid = ''modelled.customers''::regclass AND attname = ''p_alive'') d,
			(SELECT count(*), count(*) FILTER (WHERE c.p_alive = s.p_alive), count(*) FILTER (WHERE c.p_alive = p_alive(fit, rfm))
			 FROM modelled.customers c JOIN "views 1".customers s USING (customer), (SELECT fit_purchases(repeat_buying(purchase_history("Customer", "at %%I", amount, ''day'')), %1$L) AS fit FROM "Shop 1") f,
				  LATERAL (SELECT rfm_summary("at %%I", amount, (SELECT last_order FROM modelled.kpi)) AS rfm FROM "Shop 1" WHERE "Customer" = c.customer) r) c', m);
	END LOOP;
END
$$;
SELECT model, stored = model AS stored, told, customers, same_p_alive < customers AS differs, same_fit FROM models;

-- ---------------------------------------------------------------------------
-- Made again, refreshed, dropped.
-- ---------------------------------------------------------------------------

SELECT retention_drop_views(target::name) FROM (SELECT target FROM pg_temp.recipes() WHERE target <> 'shop' ORDER BY target) r \g /dev/null
-- What the user has put there stays.
SELECT relname, count(*) FROM pg_class WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'views %') GROUP BY relname;
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE format('DROP SCHEMA %I CASCADE', 'views ' || i);
	END LOOP;
END
$$;
SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'views %' OR nspname IN ('filtered', 'typed', 'of orders', 'of lines');
CREATE ROLE regress_views_reader;
CREATE ROLE regress_views_other;
CREATE FUNCTION pg_temp.state() RETURNS TABLE (kinds text, oids oid[]) LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT relkind::text, ''), array_agg(oid ORDER BY relname) FROM pg_class WHERE relnamespace = to_regnamespace('again') AND relkind IN ('v', 'm')
$$;
CREATE FUNCTION pg_temp.grants() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT relname || ': ' || CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END || ' ' || privilege_type || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
	FROM pg_class c, aclexplode(relacl) a WHERE relnamespace = to_regnamespace('again') AND grantee <> relowner ORDER BY 1
$$;
SELECT count(*) FROM retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'again');
GRANT SELECT ON again.customers TO regress_views_reader WITH GRANT OPTION;
GRANT SELECT ON again.kpi TO PUBLIC;
GRANT SELECT, INSERT ON again.rfm_segment_names TO regress_views_reader, regress_views_other;
SELECT * FROM pg_temp.grants();
-- The same columns: replaced where they stand, and what stands upon them stays.
CREATE VIEW on_top AS SELECT customer, revenue FROM again.customers;
SELECT oids AS before FROM pg_temp.state() \gset
SELECT count(*) FROM retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'again', period => 'week', filter => 'customer <> ''cid''', margin => 0.5);
SELECT oids = :'before' AS the_same FROM pg_temp.state();
SELECT * FROM on_top ORDER BY customer;
SELECT period_label FROM again.kpi_by_period ORDER BY period_start LIMIT 2;
SELECT col_description('again.kpi_by_period'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'again.kpi_by_period'::regclass AND attname = 'trailing_12_months_customers';
-- Another type of customers: another column, which the user's view stands upon.
CREATE TABLE orders_by_number AS SELECT hashtext(customer) AS customer, ordered_at, amount FROM orders;
\set VERBOSITY sqlstate
SELECT retention_create_views('orders_by_number', 'customer', 'ordered_at', 'amount', target => 'again');
\set VERBOSITY default
SELECT oids = :'before' AS the_same FROM pg_temp.state();
SELECT filter, period FROM pg_temp.recipes() WHERE target = 'again';
DROP VIEW on_top;
SELECT count(*) FROM retention_create_views('orders_by_number', 'customer', 'ordered_at', 'amount', target => 'again');
SELECT pg_typeof(customer), count(*) FROM again.customers GROUP BY 1;
SELECT count(*) AS the_same FROM pg_temp.state(), unnest(oids) o WHERE o = ANY (:'before');
SELECT * FROM pg_temp.grants();
-- Materialized, and back: made anew, what was granted stays.
SELECT count(*) FROM retention_create_views('orders_by_number', 'customer', 'ordered_at', 'amount', target => 'again', mode => 'materialized');
SELECT kinds FROM pg_temp.state();
SELECT * FROM pg_temp.grants();
SELECT count(*) AS unique_indexes FROM pg_index WHERE indisunique AND indrelid = ANY ((SELECT oids FROM pg_temp.state())::oid[]);
-- They are as of when they were made, until they are refreshed.
INSERT INTO orders_by_number VALUES (1, '2024-06-01', 500);
SELECT revenue FROM again.kpi;
SELECT retention_refresh_data('again');
SELECT revenue, (SELECT sum(revenue) FROM again.customers) AS customers, (SELECT sum(revenue) FROM again.rfm_segments) AS segments, (SELECT sum(revenue) FROM again.kpi_by_period) AS periods FROM again.kpi;
DELETE FROM orders_by_number WHERE customer = 1;
SELECT retention_refresh_data('again', false);
SELECT revenue FROM again.kpi;
TRUNCATE orders_by_number;
SELECT retention_refresh_data('again', concurrently => true);
SELECT customers, orders, revenue, clv FROM again.kpi;
SELECT retention_refresh_data('shop');
-- What stands upon a view stays, whether rows are kept or not; upon what keeps them, it is in the way.
CREATE VIEW on_top AS SELECT revenue FROM again.kpi;
SELECT count(*) FROM retention_refresh_views('again');
CREATE VIEW on_data AS SELECT revenue FROM again.kpi_data;
\set VERBOSITY sqlstate
SELECT retention_create_views('orders_by_number', 'customer', 'ordered_at', 'amount', target => 'again');
SELECT retention_drop_views('again');
\set VERBOSITY default
SELECT count(*) FROM retention_refresh_views('again');
DROP VIEW on_data;
SELECT count(*) FROM retention_create_views('orders_by_number', 'customer', 'ordered_at', 'amount', target => 'again');
\set VERBOSITY sqlstate
SELECT retention_drop_views('again');
\set VERBOSITY default
DROP VIEW on_top;
SELECT kinds FROM pg_temp.state();
SELECT * FROM pg_temp.grants();
-- The order table changes beneath them.
ALTER TABLE orders_by_number RENAME customer TO buyer;
ALTER TABLE orders_by_number SET SCHEMA public;
SELECT customers FROM again.kpi;
SELECT count(*) FROM retention_refresh_views('again');
ALTER TABLE public.orders_by_number RENAME buyer TO customer;
ALTER TABLE public.orders_by_number RENAME TO "Orders by number";
SELECT count(*) FROM retention_refresh_views('again');
SELECT regexp_match(pg_get_viewdef('again.order_rows'::regclass), 'FROM (.*) order_row') AS orders;
ALTER TABLE public."Orders by number" SET SCHEMA views_test;
-- All of them: those that are gone are told of.
CREATE SCHEMA gone;
SELECT count(*) FROM retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'gone');
DROP SCHEMA gone CASCADE;
SELECT count(*) FROM retention_refresh_views();
SELECT retention_refresh_views('gone');
SELECT retention_drop_views('gone');
SELECT target FROM pg_temp.recipes() WHERE target = 'gone';

-- Also one whose filter names it, in a sub-select.
ALTER TABLE "Orders by number" RENAME TO orders_by_number;
SELECT count(*) FROM retention_create_views('orders_by_number', 'customer', 'ordered_at', 'amount', target => 'again',
	filter => 'EXISTS (SELECT FROM orders AS o WHERE hashtext(o.customer) = orders_by_number.customer) OR orders_by_number IS NULL');
ALTER TABLE orders_by_number RENAME TO order_row;
SELECT count(*) FROM retention_refresh_views('again');
SELECT count(*) FROM retention_refresh_views('again');
SELECT filter FROM pg_temp.recipes() WHERE target = 'again';
ALTER TABLE order_row RENAME TO orders_by_number;
-- A column that is renamed is followed.
ALTER TABLE orders_by_number RENAME amount TO price;
SELECT count(*) FROM retention_refresh_views('again');
ALTER TABLE orders_by_number RENAME price TO amount;
-- Of all, those that can't be made again don't hold up the others.
ALTER VIEW again.order_rows RENAME amount TO price;
SELECT count(*) FROM retention_refresh_views();
ALTER VIEW again.order_rows RENAME price TO amount;
-- What the user has put in the places of views that are gone is theirs.
CREATE SCHEMA gone;
SELECT count(*) FROM retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'gone');
DROP SCHEMA gone CASCADE;
CREATE SCHEMA gone;
CREATE TABLE gone.rfm_thresholds (mine int);
CREATE VIEW gone.cohort_retention AS SELECT 1 AS mine;
CREATE MATERIALIZED VIEW gone.kpi AS SELECT 2 AS mine;
SELECT retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'gone');
SELECT retention_refresh_views('gone');
SELECT retention_drop_views('gone');
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'gone'::regnamespace ORDER BY relname;
SELECT target FROM pg_temp.recipes() WHERE target = 'gone';
DROP SCHEMA gone CASCADE;

-- A schema stays if anything else is in it, and so does that.
CREATE TABLE again.mine (n int);
SELECT retention_drop_views('again');
SELECT relname FROM pg_class WHERE relnamespace = 'again'::regnamespace;
DROP TABLE again.mine;
-- A user's own relations are in nobody's way, and nobody is in theirs.
CREATE TABLE again.mine (n int);
CREATE VIEW again.lifecycle AS SELECT 1 AS mine;
SELECT retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'again');
DROP VIEW again.lifecycle;
CREATE TABLE again.rfm_thresholds (mine int);
SELECT retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'again');
DROP TABLE again.rfm_thresholds;
CREATE SEQUENCE again.rfm_segment_names;
SELECT retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'again');
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'again'::regnamespace ORDER BY relname;
SELECT count(*) FROM pg_temp.recipes() WHERE target = 'again';
DROP SEQUENCE again.rfm_segment_names;
-- Nor later, in the place of one of ours.
SELECT count(*) FROM retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'again');
DROP VIEW again.lifecycle;
CREATE TABLE again.lifecycle (mine int);
SELECT retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'again');
SELECT retention_refresh_views('again');
SELECT retention_drop_views('again');
SELECT count(*) AS ours FROM pg_class WHERE relnamespace = 'again'::regnamespace AND relkind = 'v';
DROP TABLE again.lifecycle;
SELECT retention_drop_views('again');
DROP SCHEMA again CASCADE;
-- In the schema of the order table, beside it.
CREATE SCHEMA beside;
CREATE TABLE beside.orders AS TABLE orders;
SELECT count(*) FROM retention_create_views('beside.orders', 'customer', 'ordered_at', 'amount', target => 'beside');
SELECT orders, revenue FROM beside.kpi;
SELECT retention_drop_views('beside');
SELECT relname FROM pg_class WHERE relnamespace = 'beside'::regnamespace;
DROP SCHEMA beside CASCADE;
-- Nor is the table dropped beneath them unasked.
\set VERBOSITY sqlstate
DROP TABLE orders;
ALTER TABLE orders DROP amount;
\set VERBOSITY default

-- ---------------------------------------------------------------------------
-- The extension, from any schema and under any search_path; and without it.
-- ---------------------------------------------------------------------------

CREATE FUNCTION pg_temp.everything() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	view text;
	part text;
	answer text := '';
BEGIN
	FOREACH view IN ARRAY pg_catalog.string_to_array('cohort_retention customer_facts customers excluded_rows kpi kpi_by_period kpi_to_date lifecycle order_ladder order_sequence outlook repeat_within revenue_concentration rfm_quintiles rfm_segments value_by_age', ' ') LOOP
		EXECUTE pg_catalog.format('SELECT pg_catalog.md5(pg_catalog.string_agg(r, '','' ORDER BY r COLLATE pg_catalog."C")) FROM (SELECT (pg_catalog.to_jsonb(v) OPERATOR(pg_catalog.-) ''updated_at'')::pg_catalog.text AS r FROM shop.%I AS v) AS v', view) INTO part;
		answer := pg_catalog.concat(answer, ' ', part);
	END LOOP;
	RETURN answer;
END
$$;
CREATE TEMP TABLE before AS SELECT pg_temp.everything() AS answer;
BEGIN;
SAVEPOINT used;
\set VERBOSITY sqlstate
DROP EXTENSION retention;
\set VERBOSITY default
ROLLBACK TO used;
-- All that is the user's stays, the recipes go, and the next call finds its names.
SET client_min_messages = error;
DROP EXTENSION retention CASCADE;
SET client_min_messages = warning;
SELECT count(*) AS orders, sum(amount) AS amount FROM orders;
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind <> 'i' ORDER BY relname;
SELECT count(*) AS stars FROM shop.rfm_segment_names WHERE segment = 'Stars';
CREATE SCHEMA "a ""part@r@";
CREATE SCHEMA hostile;
SET search_path = hostile, pg_catalog;
DO $$
DECLARE
	f text;
BEGIN
	FOREACH f IN ARRAY ARRAY['date_trunc(text, pg_catalog.timestamp)', 'date_trunc(text, pg_catalog.timestamptz)', 'to_char(pg_catalog.timestamp, text)', 'isfinite(pg_catalog.timestamptz)', 'isfinite(pg_catalog.timestamp)',
			'round(pg_catalog.float8)', 'abs(pg_catalog.numeric)', 'generate_series(pg_catalog.int4, pg_catalog.int4)', 'generate_series(pg_catalog.timestamp, pg_catalog.timestamp, pg_catalog.interval)', 'count()', 'rank()',
			'timezone(text, pg_catalog.timestamptz)', 'make_interval(pg_catalog.int4)', 'purchase_history(text, pg_catalog.timestamptz, pg_catalog.numeric, text, text)', 'customers(text)', 'quote_ident(text)', 'format(text, text)'] LOOP
		EXECUTE pg_catalog.format('CREATE FUNCTION hostile.%s RETURNS pg_catalog.int4 LANGUAGE plpgsql AS $f$ BEGIN RAISE ''hostile''; END $f$', f);
	END LOOP;
	FOREACH f IN ARRAY ARRAY['+', '-', '*', '/', '=', '<', '>', '<=', '>=', '<>'] LOOP
		EXECUTE pg_catalog.format('CREATE FUNCTION hostile.%I(numeric, numeric) RETURNS numeric LANGUAGE plpgsql AS $f$ BEGIN RAISE ''hostile''; END $f$', f);
		EXECUTE pg_catalog.format('CREATE FUNCTION hostile.%I(int8, int8) RETURNS bool LANGUAGE plpgsql AS $f$ BEGIN RAISE ''hostile''; END $f$', f);
		EXECUTE pg_catalog.format('CREATE FUNCTION hostile.%I(text, text) RETURNS bool LANGUAGE plpgsql AS $f$ BEGIN RAISE ''hostile''; END $f$', f);
		EXECUTE pg_catalog.format('CREATE OPERATOR hostile.%s (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = hostile.%I)', f, f);
		EXECUTE pg_catalog.format('CREATE OPERATOR hostile.%s (LEFTARG = int8, RIGHTARG = int8, FUNCTION = hostile.%I)', f, f);
		EXECUTE pg_catalog.format('CREATE OPERATOR hostile.%s (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.%I)', f, f);
	END LOOP;
	FOREACH f IN ARRAY ARRAY['numeric', 'float8', 'int8', 'int4', 'interval', 'date', 'timestamp', 'timestamptz', 'regclass'] LOOP
		EXECUTE pg_catalog.format('CREATE DOMAIN hostile.%I AS pg_catalog.text CHECK (false)', f);
	END LOOP;
END
$$;
CREATE TABLE hostile.retention_options (target text);
CREATE TABLE hostile.pg_class (oid pg_catalog.oid);
CREATE TABLE hostile.rfm_segment_names (n pg_catalog.int4);
SELECT pg_catalog.set_config('search_path', 'hostile, pg_catalog', true);
CREATE EXTENSION retention SCHEMA "a ""part@r@";
SELECT pg_catalog.count(*) FROM "a ""part@r@".retention_create_views('views_test.orders', 'customer', 'ordered_at', 'amount', target => 'shop');
SELECT pg_temp.everything() OPERATOR(pg_catalog.=) answer AS same FROM pg_temp.before;
SELECT pg_catalog.count(*) FROM "a ""part@r@".retention_refresh_views();
SELECT pg_temp.everything() OPERATOR(pg_catalog.=) answer AS same FROM pg_temp.before;
SELECT "a ""part@r@".retention_drop_views('shop');
DROP SCHEMA shop CASCADE;
SELECT pg_catalog.count(*) FROM "a ""part@r@".retention_create_views('views_test.orders', 'customer', 'ordered_at', 'amount', mode => 'materialized', target => 'shop');
SELECT "a ""part@r@".retention_refresh_data('shop', true);
-- It moves.
SET search_path = '';
CREATE SCHEMA later;
ALTER EXTENSION retention SET SCHEMA later;
SELECT pg_catalog.count(*) FROM later.retention_refresh_views();
SELECT later.retention_refresh_data('shop');
SELECT customers, orders, revenue FROM shop.kpi;
SELECT later.retention_drop_views('shop');
SET search_path = pg_catalog;
SELECT count(*) AS schemas FROM pg_namespace WHERE nspname = 'shop';
ROLLBACK;
SET search_path = views_test, public;
SELECT pg_temp.everything() = answer AS same FROM before;

-- Nothing of this stays, but for what the user has put there.
SELECT retention_drop_views('shop');
SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace;
DROP SCHEMA shop CASCADE;
SELECT (SELECT count(*) FROM pg_temp.recipes()) AS recipes, (SELECT count(*) FROM pg_namespace WHERE nspname = 'shop') AS schemas;
DROP ROLE regress_views_reader, regress_views_other;
SET client_min_messages = error;
DROP SCHEMA views_test CASCADE;
DROP FOREIGN DATA WRAPPER regress_views_nothing CASCADE;
