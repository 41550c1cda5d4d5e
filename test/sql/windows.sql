-- Windows of a history: the rows of some days.  To the byte they are the history of these rows.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
CREATE SCHEMA windows;
SET search_path = windows, public;

-- Guests, refunds, rows without an amount, a time or either, infinite times, money that no word holds, a customer whose
-- identity is zero, as nobody's is.
CREATE FUNCTION chance(n int, what int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(n, what) & 4503599627370495) / 4503599627370496.0::float8
$$;
CREATE TABLE orders AS
SELECT n, CASE WHEN chance(n, 1) < 0.1 THEN NULL WHEN chance(n, 1) < 0.15 THEN 2611923443488327891 ELSE floor(chance(n, 2) * 200)::int8 END AS customer,
	   CASE WHEN chance(n, 3) < 0.03 THEN NULL WHEN chance(n, 3) < 0.05 THEN 'infinity' ELSE timestamptz '2023-11-15' + chance(n, 4) * interval '200 days' END AS at,
	   CASE WHEN chance(n, 5) < 0.05 THEN NULL WHEN chance(n, 5) < 0.08 THEN 1e37 WHEN chance(n, 5) < 0.11 THEN 1e18 ELSE round((chance(n, 6) * 100)::numeric - 20, 2) END::numeric(40, 2) AS amount
FROM generate_series(1, 600) n;

CREATE TABLE kinds (kind text, key text, at text, amount text, zone text);
INSERT INTO kinds VALUES
	('numbers', 'customer', 'at', 'amount', 'UTC'), ('names', 'nullif(concat(''c'', customer % 50), ''c'')', 'at', 'amount', 'UTC'), ('texts', '''c'' || customer', 'at', 'amount', 'Asia/Tokyo'), ('uuids', 'md5(customer::text)::uuid', 'at::date', 'amount::float8', NULL),
	('no amounts', 'customer', 'at::timestamp', NULL, NULL), ('small', 'customer', 'at', 'CASE WHEN abs(amount) < 1000 THEN amount END', 'America/New_York');
CREATE TABLE bounds (from_day date, until_day date);
INSERT INTO bounds VALUES
	(NULL, NULL), ('2024-01-01', NULL), (NULL, '2024-03-15'), ('2024-01-01', '2024-02-29'), ('2024-02-10', '2024-02-10'), ('2023-11-15', '2023-11-15'), ('2020-01-01', '2023-11-13'), ('2024-06-10', '2030-01-01'),
	('2024-03-01', '2024-02-01'), ('-infinity', '2024-01-15'), ('2024-01-15', 'infinity'), ('-infinity', 'infinity'), ('infinity', '-infinity'), ('4713-11-24 BC', '5874897-12-31');

-- The history of the rows of these days, written as a filter.
CREATE FUNCTION history(k kinds, period text, filter text) RETURNS purchase_history LANGUAGE plpgsql AS $$
DECLARE
	h purchase_history;
BEGIN
	EXECUTE format('SELECT purchase_history%s(%s, %L%s) FROM orders o WHERE %s', CASE k.kind WHEN 'names' THEN '_with_names' END, concat_ws(', ', k.key, k.at, k.amount), period, ', ' || quote_literal(k.zone), filter) INTO h;
	RETURN h;
END
$$;
CREATE FUNCTION in_window(k kinds, bounds) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN $2.from_day IS NULL AND $2.until_day IS NULL THEN 'true'
		   ELSE format('isfinite(at) AND (%s)::date BETWEEN %L AND %L', CASE WHEN k.zone IS NULL THEN k.at ELSE format('%s AT TIME ZONE %L', k.at, k.zone) END, coalesce($2.from_day, '-infinity'), coalesce($2.until_day, 'infinity')) END
$$;
CREATE TABLE seen AS
SELECT kind, b.*, history_between(history(k, 'day', 'true'), b.from_day, b.until_day) AS got, history(k, 'day', in_window(k, b)) AS want
FROM kinds k, bounds b;
SELECT kind, count(*) AS windows, count(want) AS with_rows, count(*) FILTER (WHERE got = want AND got::text = want::text) AS same,
	   count(*) FILTER (WHERE want IS NULL AND (SELECT sum(row_count) FROM excluded_rows(got)) = 0) AS empty
FROM seen GROUP BY kind ORDER BY kind COLLATE "C";
SELECT kind, from_day, until_day FROM seen WHERE got IS DISTINCT FROM want AND want IS NOT NULL ORDER BY 1, 2, 3;
-- What is read back is the same; neighbours make the whole, but for rows of no day.
SELECT count(*) AS windows, count(*) FILTER (WHERE got::text::purchase_history = got) AS read_back FROM seen;
SELECT kind, history_between(h, until_day => '2024-02-10') + history_between(h, '2024-02-11') + history(k, 'day', '(isfinite(at)) IS NOT TRUE') = h AS adds_up
FROM kinds k, history(k, 'day', 'true') h ORDER BY kind COLLATE "C";
-- Every row is in one line, and every row of a window in its.
SELECT kind, b.from_day, b.until_day, e.row_count = o.row_count AS rows, e.amount IS NOT DISTINCT FROM o.amount AS money
FROM kinds k, (SELECT * FROM bounds WHERE from_day < until_day AND isfinite(until_day) AND from_day > '2000-01-01') b,
	 LATERAL (SELECT sum(row_count) AS row_count, sum(amount) AS amount FROM excluded_rows(history_between(history(k, 'day', 'true'), b.from_day, b.until_day))) e,
	 LATERAL (SELECT count(*) AS row_count, sum(amount) AS amount FROM orders WHERE isfinite(at) AND (at AT TIME ZONE k.zone)::date BETWEEN b.from_day AND b.until_day) o
WHERE kind IN ('numbers', 'texts') ORDER BY kind COLLATE "C", 2, 3;
-- A window of rows taken away is taken away from the window.
SELECT count(*) AS windows, bool_and(history_between(a - b, from_day, until_day) = history_between(a, from_day, until_day) - history_between(b, from_day, until_day)) AS of_the_rest,
	   bool_and(history_between(negated(b), from_day, until_day) = negated(history_between(b, from_day, until_day))) AS of_what_went
FROM bounds, kinds k, LATERAL (SELECT history(k, 'day', 'true') AS a, history(k, 'day', 'n % 3 = 0') AS b) h WHERE kind <> 'uuids';

-- Of longer periods, they are in it all or none.
CREATE TABLE long AS
SELECT period, from_day, until_day, history_between(history(k, period, 'true'), from_day, until_day) AS got, history(k, period, in_window(k, (from_day, until_day)::bounds)) AS want
FROM kinds k, (VALUES ('week', date '2024-01-01', date '2024-02-04'), ('week', NULL, '2024-01-07'), ('month', '2024-01-01', '2024-02-29'), ('month', '2024-03-01', NULL), ('month', '2024-02-01', '2024-02-29'), ('quarter', '2024-01-01', '2024-03-31'),
	('year', '2024-01-01', '2024-12-31'), ('year', '2023-01-01', '2023-12-31'), ('month', 'infinity', NULL), ('year', NULL, '-infinity'), ('month', '300000-01-01', NULL), ('week', NULL, '4713-11-28 BC'), ('week', '-infinity', 'infinity')) w (period, from_day, until_day)
WHERE kind = 'numbers';
SELECT period, from_day, until_day, (SELECT sum(row_count) FROM excluded_rows(got)) AS rows, want IS NULL AS empty, (SELECT jsonb_agg(e) FROM excluded_rows(got) e) = (SELECT jsonb_agg(e) FROM excluded_rows(want) e) AS same_rows,
	   (SELECT jsonb_agg(c) FROM cohort_retention(got, as_of => '2024-12-31') c) IS NOT DISTINCT FROM (SELECT jsonb_agg(c) FROM cohort_retention(want, as_of => '2024-12-31') c) AS same_cohorts, got::text::purchase_history = got AS read_back
FROM long ORDER BY 1, 2, 3;

-- New is new to the whole, and it is now when the whole is.
SELECT n.period_start, n.customers, n.new_customers, o.customers AS customers_by_hand, o.new_customers AS new_by_hand, alone.new_customers AS new_without_anchor
FROM kinds k, history(k, 'day', 'true') h, new_and_returning(history_between(h, '2024-02-01', '2024-03-31'), 'month', anchor => h) n
	 LEFT JOIN LATERAL (SELECT count(DISTINCT customer) AS customers, count(DISTINCT customer) FILTER (WHERE date_trunc('month', first) = n.period_start) AS new_customers
		FROM (SELECT *, min(at) FILTER (WHERE amount >= 0) OVER (PARTITION BY customer) AS first FROM orders WHERE isfinite(at)) o
		WHERE date_trunc('month', at) = n.period_start AND at >= '2024-02-01' AND at < '2024-04-01' AND amount >= 0 AND customer IS NOT NULL) o ON true
	 LEFT JOIN new_and_returning(history_between(h, '2024-02-01', '2024-03-31'), 'month') alone USING (period_start)
WHERE kind = 'numbers' ORDER BY 1;
-- A window of a part that is anchored is anchored, too.
SELECT history_between(anchored(part, h), '2024-01-01', '2024-02-29') = anchored(history_between(part, '2024-01-01', '2024-02-29'), h) AS alike
FROM kinds k, history(k, 'day', 'true') h, history(k, 'day', 'n % 4 = 0') part ORDER BY kind;

SELECT history_between(NULL) IS NULL AS nothing;
CREATE PROCEDURE refused(call text) LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE call;
	RAISE WARNING '% is answered', call;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RAISE WARNING '% % | % | %', SQLSTATE, SQLERRM, detail, hint;
END
$$;
CALL refused($$SELECT history_between(purchase_history(1, date '2024-01-10', 'month'), '2024-01-02')$$);
CALL refused($$SELECT history_between(purchase_history(1, date '2024-01-10', 'week'), until_day => '2024-01-31')$$);
CALL refused($$SELECT history_between(purchase_history(1, date '2024-01-10', 'year'), '2024-01-01', '2024-12-30')$$);
CALL refused($$SELECT history_between('nothing')$$);
CALL refused($$SELECT history_between(customer_base(1), '2024-01-01')$$);

-- ---------------------------------------------------------------------------
-- Parts that are anchored: values.
-- ---------------------------------------------------------------------------

CREATE TABLE parts AS
SELECT kind, h, array_agg(part ORDER BY n) AS parts FROM kinds k, history(k, 'day', 'true') h, generate_series(0, 5) n, history(k, 'day', format('n %% 7 = %s AND n < 590', n)) part GROUP BY kind, h;
-- Of many parts at once as of each; NULL stays NULL; read back; the whole is a part of itself.
SELECT kind, anchored(parts, h) = (SELECT array_agg(anchored(p, h) ORDER BY i) FROM unnest(parts) WITH ORDINALITY u (p, i)) AS alike,
	   (SELECT bool_and(a::text::purchase_history = a AND a <> p) FROM unnest(parts, anchored(parts, h)) u (p, a)) AS read_back,
	   array_position(anchored(parts[1:2] || NULL::purchase_history || parts[3:], h), NULL) AS null_at,
	   (SELECT jsonb_agg(c) FROM cohort_retention(anchored(h, h)) c) = (SELECT jsonb_agg(c) FROM cohort_retention(h) c) AS whole_of_itself
FROM parts ORDER BY kind COLLATE "C";
SELECT anchored('{}'::purchase_history[], h) AS none, array_dims(anchored(ARRAY[[h, h], [h, NULL]], h)) AS dims, anchored(NULL::purchase_history, h) IS NULL AS no_part, anchored(h, NULL) IS NULL AS no_whole FROM parts WHERE kind = 'numbers';
-- Totals are the part's, and nothing is lost of it.
SELECT kind, bool_and(history_info(a)::text = history_info(p)::text) AS info, bool_and((SELECT jsonb_agg(e) FROM excluded_rows(a) e) = (SELECT jsonb_agg(e) FROM excluded_rows(p) e)) AS rows, bool_and(customer_base(a) = customer_base(p)) AS base
FROM parts, unnest(parts, anchored(parts, h)) u (p, a) GROUP BY kind ORDER BY kind COLLATE "C";
-- Names go along, with an anchor too.
SELECT count(*) AS customers, count(DISTINCT n.customer) AS names, count(*) FILTER (WHERE n.customer = a.customer) AS of_anchored, min(n.customer) AS first, max(n.customer) AS last
FROM (SELECT h, anchored(parts[2], h) AS a, history_between(parts[2], '2024-01-01', '2024-03-31') AS w FROM parts WHERE kind = 'names') p,
	 customer_list(history_between(a, '2024-01-01', '2024-03-31')) a FULL JOIN LATERAL (SELECT * FROM customer_list(w, anchor => h)) n ON n.customer = a.customer AND n.first_order = a.first_order AND n.orders = a.orders;
-- The numbers by period are those of the whole's periods.
SELECT kind, count(*) AS rows, count(*) FILTER (WHERE (k.customers, k.new_customers, k.orders, k.new_orders, k.revenue, k.new_revenue, k.trailing_customers) IS DISTINCT FROM (n.customers, n.new_customers, n.orders, n.new_orders, n.revenue, n.new_revenue, n.trailing_customers)) AS mismatches,
	   count(*) FILTER (WHERE k.is_complete <> n.is_complete) AS completeness
FROM parts, LATERAL unnest(anchored(parts, h)) a, _retention_kpi_by_period(a, 'month', 3) k LEFT JOIN LATERAL (SELECT * FROM new_and_returning(a, 'month', 3)) n USING (period_start) GROUP BY kind ORDER BY kind COLLATE "C";

CALL refused($$SELECT anchored(h, h) + h FROM parts$$);
CALL refused($$SELECT rollup(anchored(h, h)) FROM parts$$);
CALL refused($$SELECT h - anchored(h, h) FROM parts$$);
CALL refused($$SELECT negated(anchored(h, h)) FROM parts$$);
CALL refused($$SELECT anchored(anchored(h, h), h) FROM parts$$);
CALL refused($$SELECT anchored(h, anchored(h, h)) FROM parts$$);
CALL refused($$SELECT anchored(parts, anchored(h, h)) FROM parts$$);
CALL refused($$SELECT count(*) FROM parts, cohort_retention(anchored(h, h), anchor => h)$$);
CALL refused($$SELECT count(*) FROM parts, cohort_retention(h, anchor => anchored(h, h))$$);
CALL refused($$SELECT anchored(purchase_history(1, date '2024-01-01', 'day'), purchase_history('a', date '2024-01-01', 'day'))$$);
CALL refused($$SELECT anchored(purchase_history(1, date '2024-01-01', 'day'), purchase_history(1, date '2024-01-01', 'month'))$$);
CALL refused($$SELECT anchored(ARRAY[purchase_history(1, date '2024-01-01', 'day')], purchase_history(1, date '2024-01-01', 'month'))$$);
SET client_min_messages = notice;
SELECT (SELECT sum(cohort_size) FILTER (WHERE period_index = 0) FROM cohort_retention(a)) AS customers, (SELECT sum(row_count) FROM excluded_rows(a)) AS rows
FROM (SELECT anchored(purchase_history(c, d, a, 'day'), purchase_history(c, d, a, 'day') FILTER (WHERE c > 1)) FROM (VALUES (1, date '2024-01-01', 1e40), (1, '2024-01-02', 2), (2, '2024-01-02', 3e40), (NULL, '2024-01-03', 5), (3, '2024-01-05', -1), (0, '2024-01-05', -1e40)) v (c, d, a)) s (a);

-- Bytes that are no value: another grain's mark, days that are none, a first order outside of the whole or of no rows.
CREATE FUNCTION packed(h purchase_history) RETURNS bytea LANGUAGE sql AS $$ SELECT decode(h::text, 'base64') $$;
CREATE FUNCTION accepted(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM translate(encode(bytes, 'base64'), E'\n', '')::purchase_history;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT accepted, count(*) AS bytes
FROM (SELECT packed(anchored(purchase_history(c, d, 1.5, 'day') FILTER (WHERE d > '2024-01-05'), purchase_history(c, d, 1.5, 'day'))) AS p FROM (VALUES (1, date '2024-01-01'), (1, '2024-01-10'), (2, '2024-01-02'), (2, '2024-01-06')) v (c, d)) s,
	 generate_series(0, length(p) - 1) i, LATERAL (SELECT accepted(set_byte(p, i, (get_byte(p, i) + 1) % 256)) UNION ALL SELECT accepted(set_byte(p, i, get_byte(p, i) # 128)) UNION ALL SELECT accepted(substr(p, 1, i))) a (accepted)
GROUP BY accepted ORDER BY accepted;
SET client_min_messages = error;
DROP SCHEMA windows CASCADE;
