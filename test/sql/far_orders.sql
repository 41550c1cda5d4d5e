-- Orders of impossible times and amounts, among those of a shop: a question says
-- which they are, and no view is taken away.
SET client_min_messages = warning;
SET datestyle = 'ISO';
SET timezone = 'UTC';

CREATE TABLE shop_orders (customer int8, ordered_at timestamptz, amount numeric);
INSERT INTO shop_orders
SELECT c, timestamptz '2023-01-10 12:00' + (c * 37 + o * 50) % 700 * interval '1 day', (c * 7 + o * 13) % 90 + 0.99
FROM generate_series(1, 60) c, generate_series(0, 3) o;

-- ---------------------------------------------------------------------------
-- Questions: an answer of ten thousands of empty periods is an error that names
-- the days.
-- ---------------------------------------------------------------------------

CREATE TEMP TABLE histories AS
SELECT what, purchase_history(customer, ordered_at, amount, 'day', 'UTC') AS h
FROM (SELECT 'none' AS what, * FROM shop_orders
	  UNION ALL SELECT what, o.* FROM shop_orders o, (VALUES ('9999'), ('0001'), ('1970'), ('2038')) w (what)
	  UNION ALL VALUES ('9999', 7, '9999-12-31'::timestamptz, 1), ('0001', 7, '0001-01-01', 1), ('1970', 7, '1970-01-01', 1), ('2038', 7, '2038-01-19', 1)) o
GROUP BY what;
SELECT count(*) FROM histories, cohort_retention(h) WHERE what = '9999';
SELECT count(*) FROM histories, cohort_average(h) WHERE what = '0001';
SELECT count(*) FROM histories, new_and_returning(h) WHERE what = '9999';
SELECT count(*) FROM histories, new_and_returning(h, 'day') WHERE what = '0001';
SELECT count(*) FROM histories, lifecycle(h) WHERE what = '0001';
SELECT count(*) FROM histories, lifecycle(h, 'week', as_of => '9999-12-31') WHERE what = 'none';
-- the ways out
SELECT what, (SELECT count(*) FROM cohort_retention(h, as_of => '2024-12-31')) AS cohorts,
	   (SELECT count(*) FROM new_and_returning(h, as_of => '2024-12-31')) AS periods, (SELECT count(*) FROM lifecycle(h, as_of => '2024-12-31')) AS flows
FROM histories WHERE what IN ('none', '9999') ORDER BY what;
SELECT what, (SELECT count(*) FROM cohort_retention(h, 'year')) AS years, (SELECT count(*) FROM cohort_retention(h, max_periods => 12)) AS of_a_year,
	   (SELECT count(*) FROM order_ladder(h)) > 1 AS ladder, (SELECT count(*) FROM repeat_within(h, ARRAY[90])) AS within
FROM histories ORDER BY what;
-- what may be
SELECT what, (SELECT count(*) FROM new_and_returning(h, 'day')) AS days, (SELECT count(*) FROM new_and_returning(h)) AS months, (SELECT count(*) FROM lifecycle(h, 'week')) AS weeks,
	   (SELECT count(*) FROM cohort_retention(h)) AS cells
FROM histories WHERE what IN ('none', '1970', '2038') ORDER BY what;

-- ---------------------------------------------------------------------------
-- Views: absurd rows have a reason of their own, and leave all others as they are.
-- ---------------------------------------------------------------------------

SET search_path = public;
CREATE FUNCTION pg_temp.contents(schema text) RETURNS TABLE (view text, content text) LANGUAGE plpgsql AS $$
BEGIN
	FOR view IN SELECT relname FROM pg_class WHERE relnamespace = schema::regnamespace AND relname NOT LIKE 'retention%' AND relname !~ '_rows$' AND relkind = 'v' ORDER BY relname COLLATE "C" LOOP
		EXECUTE format('SELECT count(*) || '' '' || md5(string_agg(r, '','' ORDER BY r COLLATE "C")) FROM (SELECT (to_jsonb(r) - ''updated_at'')::text AS r FROM %I.%I r) r', schema, view) INTO content;
		RETURN NEXT;
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.reconciles(schema text, orders text) RETURNS TABLE (all_rows bool, all_money bool, kpi bool, by_period bool) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT sum(row_count) = (SELECT count(*) FROM %2$s), sum(amount) = (SELECT round(sum(amount), 4) FROM %2$s WHERE abs(amount) < 1e30),
		sum(amount) FILTER (WHERE is_counted) = (SELECT all_revenue FROM %1$I.kpi), sum(amount) FILTER (WHERE is_counted) = (SELECT sum(all_revenue) FROM %1$I.kpi_by_period) FROM %1$I.excluded_rows', schema, orders);
END
$$;
SELECT count(*) FROM retention_create_views('shop_orders', 'customer', 'ordered_at', 'amount', time_zone => 'UTC', target => 'far_shop', lifespan => '3 years');
CREATE TEMP TABLE tidy AS SELECT * FROM pg_temp.contents('far_shop');
SELECT view FROM tidy;
SELECT reason, row_count, amount FROM far_shop.excluded_rows WHERE row_count > 0;

-- each by itself, by a customer that there is and by one that there isn't, to guests too
CREATE TEMP TABLE absurd (what text, ordered_at timestamptz, amount numeric);
INSERT INTO absurd VALUES ('absurd amount', '2024-01-05 10:00', 1e17), ('absurd amount', '2024-01-05 10:00', -1e15), ('absurd amount', '2024-01-05 10:00', 1e131000),
	('absurd amount', '2024-01-05 10:00', 1e-16383), ('absurd amount', '2024-01-05 10:00', round(7, 51)),
	('not finite', '2024-01-05 10:00', 'NaN'), ('not finite', '2024-01-05 10:00', 'Infinity'), ('not finite', '2024-01-05 10:00', '-Infinity'),
	('in the future', '9999-12-31', 1), ('in the future', '294276-12-31', 1), ('in the future', now() + interval '30 hours', -5), ('too early', '0001-01-01', 1), ('too early', '4713-01-01 BC', 1), ('too early', '1970-01-01 12:00', 1),
	('no time', 'infinity', 1), ('no time', NULL, 1), ('no amount', '9999-12-31', NULL), ('not finite', '9999-12-31', 'NaN');
CREATE FUNCTION pg_temp.with_absurd() RETURNS TABLE (reason text, changed text, reconciled bool) LANGUAGE plpgsql AS $$
DECLARE
	odd absurd;
BEGIN
	FOR odd IN SELECT * FROM absurd LOOP
		INSERT INTO public.shop_orders VALUES (7, odd.ordered_at, odd.amount), (123456, odd.ordered_at, odd.amount), (NULL, odd.ordered_at, odd.amount);
		reason := (SELECT string_agg(e.reason || ': ' || row_count || CASE WHEN odd.amount = 1e131000 THEN coalesce(e.amount::text, ' not said') ELSE '' END, ', ') FROM far_shop.excluded_rows e WHERE row_count > 0 AND NOT is_counted);
		changed := (SELECT string_agg(view, ', ') FROM (SELECT * FROM tidy EXCEPT SELECT * FROM pg_temp.contents('far_shop')) c);
		reconciled := (SELECT bool_and(r.all_rows AND r.all_money AND r.kpi AND r.by_period) FROM pg_temp.reconciles('far_shop', 'shop_orders') r);
		DELETE FROM public.shop_orders s WHERE s.ordered_at IS NOT DISTINCT FROM odd.ordered_at AND s.amount IS NOT DISTINCT FROM odd.amount;
		IF odd.what <> split_part(reason, ':', 1) THEN
			RAISE EXCEPTION '% is %', odd.what, reason;
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.with_absurd();
-- all of them together
INSERT INTO shop_orders SELECT c, ordered_at, amount FROM absurd, unnest(ARRAY[7, 123456, NULL]) c;
SELECT * FROM tidy EXCEPT SELECT * FROM pg_temp.contents('far_shop');
SELECT * FROM pg_temp.reconciles('far_shop', 'shop_orders');
SELECT reason, is_counted, row_count, amount FROM far_shop.excluded_rows;

-- Large amounts that count: sums of which there is room for.
INSERT INTO shop_orders SELECT 1 + n % 50, timestamptz '2024-01-01 12:00' + n * interval '1 hour', 999999999999999.9999 FROM generate_series(1, 2000) n;
SELECT * FROM pg_temp.reconciles('far_shop', 'shop_orders');
SELECT count(*) AS views FROM pg_temp.contents('far_shop');
SELECT all_revenue, clv > 1e15 AS clv FROM far_shop.kpi;
DELETE FROM shop_orders WHERE amount > 1e14 OR amount < -1e14 OR NOT _retention_row_counts(ordered_at, amount);
SELECT * FROM tidy EXCEPT SELECT * FROM pg_temp.contents('far_shop');

-- What counts and why not are said by the same rule, at its ends; and by the history that the views are made from.
CREATE FUNCTION pg_temp.reason(h purchase_history) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(concat_ws(' ', reason, nullif(row_count, 1), 'of ' || trim_scale(amount)), ', ') FROM excluded_rows(h) WHERE row_count > 0 $$;
SELECT t, a, _retention_row_counts(t, a), _retention_row_counts(t::timestamp, a) AS of_timestamp, _retention_row_counts(t::date, a) AS of_date,
	   pg_temp.reason(_retention_purchase_history(1, t, a, NULL, true, 1, 'day')) AS reason
FROM (VALUES ('1970-01-01 23:59:59.999999+00'::timestamptz, 1::numeric), ('1970-01-02 00:00+00', 1), ('2024-01-01', 999999999999999.99999), ('2024-01-01', -1e15), ('2024-01-01', 0), ('2024-01-01', 1e-20),
	('2024-01-01', 1000000000000000), (NULL, 1), ('2024-01-01', NULL), ('infinity', 1), ('-infinity', 1)) v (t, a) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT pg_temp.reason(_retention_purchase_history('a', t, 1, NULL, true, 1, 'day', 'UTC')) FROM (VALUES (now() + interval '23 hours'), (now() + interval '25 hours')) v (t);
SELECT pg_temp.reason(_retention_purchase_history(1, t, 1, NULL, true, 1, 'month')) FROM (VALUES (date '5874897-12-31'), ('4713-01-01 BC'), ('2024-01-01')) v (t);
-- Lines are counted, those of guests too; what is left out keeps its cents, up to 10^30, whatever else it is.
SELECT what, pg_temp.reason(_retention_purchase_history(c, t, a, o, kept, lines, 'day'))
FROM (VALUES ('an order of three lines', 1, '2024-01-01'::timestamp, 10.01, NULL, true, 3), ('and one', 1, '2024-01-01', 5, NULL, true, 1), ('a refund of two', 1, '2024-01-01', -1, NULL, true, 2),
	('a guest''s order of two lines', NULL, '2024-01-01', 10, NULL, true, 2), ('an order below 0', 1, '2024-01-01', -5, true, true, 1), ('a refund above 0', 2, '2024-01-01', 5, false, true, 1),
	('a future order of two lines', 1, '9999-01-01', 10.5, NULL, true, 2), ('filtered out', 1, '9999-01-01', 7, NULL, false, 4), ('filtered out', NULL, NULL, 1e29, NULL, NULL, 1), ('filtered out', 2, NULL, 1e30, NULL, false, 1),
	('filtered out', 2, '2024-01-01', 'NaN', NULL, false, 1), ('filtered out', 2, '2024-01-01', NULL, NULL, false, 1), ('no cents', 1, '2024-01-01', 1e15, NULL, true, 1), ('many digits', 1, '2024-01-01', 1.23456789012345678901234567890123456789012345678901234567890, NULL, true, 1),
	('all', 1, '2024-01-01', 10.01, NULL, true, 3)) v (what, c, t, a, o, kept, lines) GROUP BY what ORDER BY what COLLATE "C";
SELECT pg_temp.reason(_retention_purchase_history(1, date '2024-01-01', 1, NULL, true, lines, 'day')) FROM (VALUES (0), (NULL::int8), (4294967296)) v (lines) GROUP BY lines;
SELECT pg_temp.reason(_retention_purchase_history(1, date '2024-01-01', 1, NULL, true, NULL, 'day'));
SELECT pg_temp.reason(_retention_purchase_history(1, date '2024-01-01', 1, NULL, true, 4294967295, 'day'));
-- It goes through bytes, is merged, and taken away again.
CREATE TEMP TABLE left_out AS SELECT n % 7 AS part, _retention_purchase_history(nullif(n % 5, 0), CASE n % 11 WHEN 0 THEN NULL WHEN 1 THEN date '9999-01-01' WHEN 2 THEN '0001-01-01' ELSE '2024-01-01' END,
	CASE n % 13 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN 1e20 WHEN 3 THEN 1e-60 ELSE n - 50 END, NULL, n % 17 <> 0, 1 + n % 3, 'day') AS h FROM generate_series(1, 1000) n GROUP BY 1;
SELECT h::text::purchase_history = h AS text, negated(negated(h)) = h AS twice, (SELECT bool_and(row_count = 0) FROM excluded_rows(h - h)) AS nothing FROM left_out WHERE part = 0;
SELECT * FROM excluded_rows((SELECT rollup(h) FROM left_out));
SELECT (SELECT rollup(h) FROM left_out WHERE part <> 3) = (SELECT rollup(h) FROM left_out) - (SELECT h FROM left_out WHERE part = 3) AS taken_away;
SELECT * FROM excluded_rows(NULL::purchase_history);
-- and the planner takes nearly all rows for counted
CREATE FUNCTION pg_temp.rows_expected(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Plan Rows';
END
$$;
ANALYZE shop_orders;
SELECT pg_temp.rows_expected('SELECT * FROM shop_orders WHERE _retention_row_counts(ordered_at, amount)') AS rows;

-- Lines of orders: an order is left out whole.
CREATE TABLE shop_lines AS SELECT row_number() OVER () / 3 AS invoice, * FROM shop_orders;
SELECT count(*) FROM retention_create_views('shop_lines', 'customer', 'ordered_at', 'amount', order_id => 'invoice', time_zone => 'UTC', target => 'far_lines');
INSERT INTO shop_lines SELECT 5, customer, '0001-01-01', 5 FROM shop_lines WHERE invoice = 5 LIMIT 1;
INSERT INTO shop_lines SELECT 6, customer, '2024-01-01', 'NaN' FROM shop_lines WHERE invoice = 6 LIMIT 1;
SELECT reason, row_count FROM far_lines.excluded_rows WHERE row_count > 0;
SELECT count(*) FROM pg_temp.contents('far_lines');
SELECT sum(row_count) = (SELECT count(*) FROM shop_lines) AS all_rows, sum(amount) FILTER (WHERE is_counted) = (SELECT all_revenue FROM far_lines.kpi) AS kpi FROM far_lines.excluded_rows;

SET client_min_messages = error;
DROP SCHEMA far_shop, far_lines CASCADE;
DROP TABLE shop_orders, shop_lines CASCADE;
