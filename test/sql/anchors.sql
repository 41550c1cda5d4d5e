-- Questions of a part with the whole as their anchor, and of parts that are anchored, over
-- random shops, against plain SQL written the obvious way: the first order over all rows, what
-- is done over the part's.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
CREATE SCHEMA anchors;
SET search_path = anchors, public;

-- ---------------------------------------------------------------------------
-- Orders.
-- ---------------------------------------------------------------------------

CREATE FUNCTION chance(shop int, n int, what int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(shop * 1000 + n, what) & 4503599627370495) / 4503599627370496.0::float8
$$;

-- What each shop's keys, times and amounts are.
CREATE TABLE shops (shop int PRIMARY KEY, key text, at text, amount text, zone text, rows int, customers int);
INSERT INTO shops VALUES
	(1, 'customer', 'at', 'amount', NULL, 160, 25),
	(2, '''c'' || customer', 'at::date', 'amount * 1e20', NULL, 160, 30),
	(3, 'md5(customer::text)::uuid', 'at AT TIME ZONE ''America/New_York''', 'amount', 'America/New_York', 160, 20),
	(4, 'customer', 'at', NULL, NULL, 120, 20),
	(5, '''c'' || customer', 'at', 'amount::float8', NULL, 200, 12);

CREATE TABLE orders AS
SELECT shop, n, customer, at, country, channel, amount
FROM (SELECT s.shop, n,
			 CASE WHEN chance(s.shop, n, 1) >= 0.05 THEN floor(chance(s.shop, n, 2) * customers)::int8 * 1000003 - 7 END AS customer,
			 -- many on the same days
			 '2022-11-10'::timestamp + floor(chance(s.shop, n, 3) ^ 1.5 * 120) * interval '5 days' + chance(s.shop, n, 4) * interval '24 hours' AS at,
			 (ARRAY['DE', 'DE', 'AT', 'CH'])[1 + floor(chance(s.shop, n, 5) * 4)::int] AS country,
			 CASE WHEN chance(s.shop, n, 6) < 0.7 THEN 'web' ELSE 'shop' END AS channel,
			 CASE WHEN chance(s.shop, n, 7) < 0.05 THEN 0 ELSE round((chance(s.shop, n, 8) * 90)::numeric + 0.01, 2) END *
				CASE WHEN chance(s.shop, n, 9) < 0.2 AND s.amount IS NOT NULL THEN -1 ELSE 1 END AS amount
	  FROM shops s, generate_series(1, rows) n) o;
-- By telephone only guests order, and by fax nobody.
UPDATE orders SET channel = 'telephone' WHERE customer IS NULL;

-- They sign up before the first order or after it, and some never order.
CREATE TABLE signups AS
SELECT shop, customer, first + floor(chance(shop, nth::int, 20) * 60)::int - 40 AS at
FROM (SELECT shop, customer, min(at)::date AS first, row_number() OVER (PARTITION BY shop ORDER BY customer) AS nth FROM orders WHERE customer IS NOT NULL GROUP BY shop, customer) s
UNION ALL SELECT shop, n * 1000003 - 7, date '2022-12-01' + n FROM shops, generate_series(100, 400, 50) n;

CREATE TABLE parts (part text, filter text);
INSERT INTO parts VALUES ('country', 'country = ''DE'''), ('year', 'at >= ''2023-07-01'' AND at < ''2024-02-01'''), ('whole', 'true'), ('guests only', 'channel = ''telephone'''), ('nobody', 'channel = ''fax''');
CREATE TABLE anchors (anchor text, source text, filter text);
INSERT INTO anchors VALUES ('whole', 'orders', 'true'), ('lacks some', 'orders', 'customer % 4 <> 0 OR country = ''DE'''), ('long ago', 'orders', 'at < ''2023-06-01'''), ('signups', 'signups', 'true');

CREATE TABLE cases AS
SELECT row_number() OVER (ORDER BY shop, part COLLATE "C", anchor COLLATE "C", grain, is_anchored)::int AS id, is_anchored, shop, part, p.filter AS part_filter, anchor, source, a.filter AS anchor_filter, grain, key, at, amount, zone,
	   amount IS NOT NULL AS has_money, amount IS NOT NULL AND source = 'orders' AS anchor_has_money
FROM shops, parts p, anchors a, unnest('{day,month}'::text[]) grain, unnest('{f,t}'::bool[]) is_anchored;

CREATE TABLE histories (id int PRIMARY KEY, h purchase_history, whole purchase_history);
-- What a history keeps of rows: the period of its grain, and of the last order the day.
CREATE TABLE part_rows (id int, customer int8, period date, day date, is_order bool, amount numeric);
CREATE TABLE whole_rows (LIKE part_rows);
DO $$
DECLARE
	c cases;
	q text;
BEGIN
	FOR c IN SELECT * FROM cases LOOP
		q := quote_literal(c.grain) || coalesce(', ' || quote_literal(c.zone), '');
		EXECUTE format('INSERT INTO histories SELECT %s, (SELECT purchase_history(%s, %s) FROM orders WHERE shop = %s AND (%s)), (SELECT purchase_history(%s, %s) FROM %s WHERE shop = %s AND (%s))',
			c.id, concat_ws(', ', c.key, c.at, c.amount), q, c.shop, c.part_filter,
			-- the day of a sign-up is of the shop's own clock
			concat_ws(', ', c.key, CASE c.source WHEN 'signups' THEN 'at' ELSE c.at END, CASE WHEN c.source = 'orders' THEN c.amount END),
			CASE c.source WHEN 'signups' THEN quote_literal(c.grain) ELSE q END, c.source, c.shop, c.anchor_filter);
		EXECUTE format('INSERT INTO part_rows SELECT %s, customer, date_trunc(%L, at), at::date, %s, %s FROM orders WHERE shop = %s AND (%s) AND customer IS NOT NULL',
			c.id, c.grain, CASE WHEN c.has_money THEN 'amount >= 0' ELSE 'true' END, coalesce(replace(c.amount, '::float8', ''), 'NULL'), c.shop, c.part_filter);
		EXECUTE format('INSERT INTO whole_rows SELECT %s, customer, date_trunc(%L, at), at::date, %s, %s FROM %s WHERE shop = %s AND (%s) AND customer IS NOT NULL',
			c.id, c.grain, CASE WHEN c.anchor_has_money THEN 'amount >= 0' ELSE 'true' END, CASE WHEN c.anchor_has_money THEN replace(c.amount, '::float8', '') ELSE 'NULL' END, c.source, c.shop, c.anchor_filter);
	END LOOP;
END
$$;
ALTER TABLE histories ADD a purchase_history;
UPDATE histories SET a = anchored(h, whole) FROM cases WHERE cases.id = histories.id AND is_anchored;
CREATE INDEX ON part_rows (id);
CREATE INDEX ON whole_rows (id);
ANALYZE part_rows, whole_rows;
SELECT count(*) AS cases, count(h) AS histories, count(whole) AS anchors FROM histories;

-- ---------------------------------------------------------------------------
-- The definitions.
-- ---------------------------------------------------------------------------

CREATE FUNCTION horizon(which int, as_of date) RETURNS date STABLE LANGUAGE sql AS $$
	SELECT coalesce(as_of, (SELECT max(day) FROM (SELECT * FROM part_rows UNION ALL SELECT * FROM whole_rows) r WHERE id = which AND is_order))
$$;
CREATE FUNCTION step(period text) RETURNS interval IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE period WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || period)::interval END
$$;
CREATE FUNCTION trunc_to(period text, day date) RETURNS date IMMUTABLE LANGUAGE sql AS $$
	SELECT date_trunc(period, day::timestamp)::date
$$;
CREATE FUNCTION is_complete(which int, period text, begins date, as_of date) RETURNS bool STABLE LANGUAGE sql AS $$
	SELECT CASE WHEN as_of IS NOT NULL THEN (begins + step(period))::date - 1 <= as_of ELSE begins < trunc_to(period, horizon(which, NULL)) END
$$;
-- The first order of each customer in the whole, and how many there were in that period.
CREATE FUNCTION firsts_of_whole(which int, as_of date) RETURNS TABLE (customer int8, first date, orders int8) STABLE LANGUAGE sql AS $$
	SELECT DISTINCT ON (customer) customer, period, count(*) FROM whole_rows
	WHERE id = which AND is_order AND period <= horizon(which, as_of) GROUP BY customer, period ORDER BY customer, period
$$;
CREATE FUNCTION buyers(which int, as_of date) RETURNS SETOF int8 STABLE LANGUAGE sql AS $$
	SELECT DISTINCT customer FROM part_rows WHERE id = which AND is_order AND period <= as_of
$$;
-- Customers are those of the whole; of a part that is anchored, of these those who have ordered in it.
CREATE FUNCTION firsts(which int, as_of date) RETURNS TABLE (customer int8, first date, orders int8) STABLE LANGUAGE sql AS $$
	SELECT * FROM firsts_of_whole(which, as_of)
	WHERE NOT (SELECT is_anchored FROM cases WHERE id = which) OR customer IN (SELECT buyers(which, horizon(which, as_of)))
$$;
-- What the customers of the whole did in the part.  Who never ordered anywhere may have refunds; a part that
-- is anchored has those to customers whom it does not know by anything else, too.
-- Unless somebody says when, the period of the last order is seen to its end, and what is given back behind that.
CREATE FUNCTION seen(which int, as_of date, asked text DEFAULT 'day') RETURNS SETOF part_rows STABLE LANGUAGE sql AS $$
	SELECT p.* FROM part_rows p
	WHERE id = which AND (period <= horizon(which, as_of) OR (as_of IS NULL AND trunc_to(asked, period) = trunc_to(asked, horizon(which, NULL)))) AND
		CASE WHEN (SELECT is_anchored FROM cases WHERE id = which)
			 THEN customer IN (SELECT customer FROM whole_rows WHERE id = which AND is_order) OR customer NOT IN (SELECT buyers(which, 'infinity'))
			 ELSE customer IN (SELECT customer FROM whole_rows WHERE id = which) END AND
		(customer IN (SELECT customer FROM firsts_of_whole(which, as_of)) OR customer NOT IN (SELECT buyers(which, horizon(which, as_of))))
$$;
CREATE FUNCTION periods(which int, period text, as_of date) RETURNS SETOF date STABLE LANGUAGE sql AS $$
	SELECT p::date FROM generate_series((SELECT trunc_to($2, min(first)) FROM firsts_of_whole(which, as_of))::timestamp, horizon(which, as_of), step($2)) p
$$;

CREATE FUNCTION plain_cohort_retention(which int, period text, as_of date)
RETURNS TABLE (cohort date, period_index int, period_start date, cohort_size int8, active int8, retention float8,
			   orders int8, revenue numeric, cumulative_revenue numeric, customer_value numeric, is_complete bool) STABLE LANGUAGE sql AS $$
	WITH members AS MATERIALIZED (SELECT customer, trunc_to($2, first) AS cohort FROM firsts(which, as_of)),
	cells AS (
		SELECT cohort, size, p, row_number() OVER (PARTITION BY cohort ORDER BY p) - 1 AS i
		FROM (SELECT cohort, count(*) AS size FROM members GROUP BY cohort) s, periods(which, $2, as_of) p WHERE p >= cohort),
	done AS (
		SELECT cohort, trunc_to($2, s.period) AS p, count(DISTINCT customer) FILTER (WHERE is_order) AS active, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue
		FROM members JOIN seen(which, as_of, $2) s USING (customer) GROUP BY 1, 2),
	filled AS (
		SELECT cohort, i, p, size, coalesce(active, 0) AS active, coalesce(orders, 0) AS orders, CASE WHEN (SELECT has_money FROM cases WHERE id = which) THEN coalesce(revenue, 0) END AS revenue
		FROM cells LEFT JOIN done USING (cohort, p))
	SELECT cohort, i::int, p, size, active, active::float8 / size, orders, revenue, sum(revenue) OVER w, sum(revenue) OVER w / size, is_complete(which, $2, p, as_of)
	FROM filled WINDOW w AS (PARTITION BY cohort ORDER BY i) ORDER BY cohort, i
$$;

CREATE FUNCTION plain_cohort_average(which int, period text, as_of date, weighted bool)
RETURNS TABLE (period_index int, cohorts int8, customers int8, active int8, retention float8, revenue numeric, cumulative_revenue numeric, customer_value numeric)
STABLE LANGUAGE sql AS $$
	SELECT period_index, count(*), sum(cohort_size)::int8, sum(active)::int8,
		   CASE WHEN weighted THEN sum(active)::float8 / sum(cohort_size)::float8 ELSE avg(retention) END, sum(revenue), sum(cumulative_revenue),
		   CASE WHEN weighted THEN sum(cumulative_revenue) / sum(cohort_size) ELSE avg(customer_value) END
	FROM plain_cohort_retention(which, period, as_of) WHERE is_complete GROUP BY period_index ORDER BY period_index
$$;

CREATE FUNCTION plain_new_and_returning(which int, period text, trailing_periods int, as_of date)
RETURNS TABLE (period_start date, customers int8, repeat_customers int8, orders int8, revenue numeric, new_customers int8, new_orders int8, new_revenue numeric,
			   returning_customers int8, returning_orders int8, returning_revenue numeric,
			   trailing_customers int8, trailing_repeat_customers int8, trailing_repeat_rate float8, is_complete bool) STABLE LANGUAGE sql AS $$
	WITH p AS MATERIALIZED (SELECT p, min(p) OVER () AS begins, (p - (trailing_periods - 1) * step($2))::date AS since FROM periods(which, $2, as_of) p),
	r AS MATERIALIZED (
		SELECT customer, trunc_to($2, s.period) AS p, is_order, amount, trunc_to($2, s.period) = trunc_to($2, first) IS TRUE AS new
		FROM seen(which, as_of, $2) s LEFT JOIN firsts(which, as_of) USING (customer) WHERE trunc_to($2, s.period) >= (SELECT min(p) FROM p)),
	done AS (
		SELECT p, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue, count(DISTINCT customer) FILTER (WHERE is_order) AS customers,
			   count(DISTINCT customer) FILTER (WHERE is_order AND new) AS new_customers, count(*) FILTER (WHERE is_order AND new) AS new_orders, sum(amount) FILTER (WHERE new) AS new_revenue,
			   count(DISTINCT customer) FILTER (WHERE is_order AND NOT new) AS old_customers, count(*) FILTER (WHERE is_order AND NOT new) AS old_orders, sum(amount) FILTER (WHERE NOT new) AS old_revenue
		FROM r GROUP BY p),
	windows AS (SELECT p.p, since, customer, count(*) AS n FROM p JOIN r ON is_order AND r.p BETWEEN since AND p.p GROUP BY p.p, since, customer)
	SELECT p, coalesce(d.customers, 0), (SELECT count(*) FROM (SELECT FROM r WHERE is_order AND r.p = p.p GROUP BY customer HAVING count(*) > 1) s), coalesce(d.orders, 0), coalesce(d.revenue, none),
		   coalesce(new_customers, 0), coalesce(new_orders, 0), coalesce(new_revenue, none), coalesce(old_customers, 0), coalesce(old_orders, 0), coalesce(old_revenue, none),
		   t.customers, repeaters, CASE WHEN since >= begins THEN repeaters::float8 / nullif(t.customers, 0) END, is_complete(which, $2, p, as_of)
	FROM p LEFT JOIN done d USING (p), LATERAL (SELECT count(*) AS customers, count(*) FILTER (WHERE n > 1) AS repeaters FROM windows w WHERE w.p = p.p) t,
		 (SELECT CASE WHEN has_money THEN 0 END AS none FROM cases WHERE id = which) m ORDER BY p
$$;

CREATE FUNCTION plain_lifecycle(which int, period text, dormant_after_periods int, as_of date)
RETURNS TABLE (period_start date, opening int8, new int8, retained int8, resurrected int8, lapsed int8, closing int8, quick_ratio float8, is_complete bool)
STABLE LANGUAGE sql AS $$
	WITH p AS MATERIALIZED (SELECT p, (p - step($2))::date AS before FROM periods(which, $2, as_of) p),
	live AS MATERIALIZED (
		SELECT DISTINCT customer, (trunc_to($2, s.period) + k * step($2))::date AS p, trunc_to($2, first) AS first
		FROM seen(which, as_of, $2) s JOIN firsts(which, as_of) USING (customer), generate_series(0, dormant_after_periods - 1) k
		WHERE is_order AND trunc_to($2, s.period) >= (SELECT min(p) FROM p)),
	counts AS (
		SELECT p, count(*) FILTER (WHERE was) AS opening, count(*) FILTER (WHERE "is" AND NOT was AND first = p) AS new, count(*) FILTER (WHERE was AND "is") AS retained,
			   count(*) FILTER (WHERE "is" AND NOT was AND first <> p) AS resurrected, count(*) FILTER (WHERE was AND NOT "is") AS lapsed, count(*) FILTER (WHERE "is") AS closing
		FROM (SELECT p.p, first, bool_or(l.p = before) AS was, bool_or(l.p = p.p) AS "is" FROM p LEFT JOIN live l ON l.p IN (before, p.p) GROUP BY p.p, customer, first) s GROUP BY p)
	SELECT p, opening, new, retained, resurrected, lapsed, closing, (new + resurrected)::float8 / nullif(lapsed, 0), is_complete(which, $2, p, as_of) FROM counts ORDER BY p
$$;

-- Who has paid nothing to the whole before pays for the first time; where it has no amounts, who has not ordered before.
CREATE FUNCTION plain_revenue_movements(which int, period text, as_of date)
RETURNS TABLE (period_start date, opening numeric, new numeric, expansion numeric, contraction numeric, churned numeric, reactivated numeric, closing numeric,
			   new_customers int8, reactivated_customers int8, closing_customers int8, excess_refunds numeric) STABLE LANGUAGE sql AS $$
	WITH p AS MATERIALIZED (SELECT p, (p - step($2))::date AS before FROM periods(which, $2, as_of) p),
	r AS MATERIALIZED (SELECT customer, trunc_to($2, s.period) AS p, sum(amount) AS net FROM seen(which, as_of, $2) s GROUP BY 1, 2),
	known AS MATERIALIZED (
		SELECT customer, min(p) AS since
		FROM (SELECT customer, trunc_to($2, w.period) AS p FROM whole_rows w WHERE id = which GROUP BY 1, 2 HAVING CASE WHEN (SELECT is_anchored FROM cases WHERE id = which) OR count(amount) = 0 THEN bool_or(is_order) ELSE sum(amount) > 0 END) s GROUP BY customer),
	paid AS MATERIALIZED (SELECT customer, p, net AS m, min(p) OVER (PARTITION BY customer) = p AND p <= coalesce(since, 'infinity') AS new FROM r JOIN p USING (p) LEFT JOIN known USING (customer) WHERE net > 0),
	moved AS (
		SELECT p.p, coalesce(sum(m) FILTER (WHERE x.p = before), 0) AS was, coalesce(sum(m) FILTER (WHERE x.p = p.p), 0) AS "is", bool_or(new AND x.p = p.p) AS new FROM p JOIN paid x ON x.p IN (before, p.p) GROUP BY p.p, customer),
	sums AS (
		SELECT p, coalesce(sum(was), 0) AS opening, coalesce(sum("is") FILTER (WHERE new), 0) AS new, coalesce(sum("is" - was) FILTER (WHERE was > 0 AND "is" > was), 0) AS expansion,
			   coalesce(sum(was - "is") FILTER (WHERE "is" > 0 AND "is" < was), 0) AS contraction, coalesce(sum(was) FILTER (WHERE "is" = 0), 0) AS churned,
			   coalesce(sum("is") FILTER (WHERE was = 0 AND NOT new), 0) AS reactivated, coalesce(sum("is"), 0) AS closing,
			   count(*) FILTER (WHERE new) AS n_new, count(*) FILTER (WHERE was = 0 AND "is" > 0 AND NOT new) AS n_reactivated, count(*) FILTER (WHERE "is" > 0) AS n_closing
		FROM p LEFT JOIN moved USING (p) GROUP BY p)
	SELECT p, opening * k, new * k, expansion * k, contraction * k, churned * k, reactivated * k, closing * k, n_new * k, n_reactivated * k, n_closing * k,
		   (SELECT coalesce(-sum(net) FILTER (WHERE net < 0), 0) FROM r WHERE r.p = sums.p) * k
	FROM sums, (SELECT CASE WHEN has_money THEN 1::int8 END AS k FROM cases WHERE id = which) c ORDER BY p
$$;

-- The first order F of each customer in the whole, and the first that is another one in the part.
CREATE FUNCTION plain_repeat_within(which int, days int[], as_of date) RETURNS TABLE (days int, eligible int8, repeated int8) STABLE LANGUAGE sql AS $$
	SELECT d, count(*) FILTER (WHERE age >= d), count(*) FILTER (WHERE age >= d AND (CASE WHEN same_day > CASE WHEN same_day < orders THEN 0 ELSE 1 END THEN first ELSE later END) - first <= d)
	FROM unnest(days) WITH ORDINALITY u (d, i) LEFT JOIN
		(SELECT customer, first, f.orders, horizon(which, as_of) - first AS age, count(*) FILTER (WHERE s.period = first) AS same_day, min(s.period) FILTER (WHERE s.period > first) AS later
		 FROM firsts(which, as_of) f LEFT JOIN (SELECT * FROM seen(which, as_of) WHERE is_order) s USING (customer) GROUP BY 1, 2, 3) c ON true GROUP BY d, i ORDER BY i
$$;
CREATE FUNCTION plain_retained(which int, as_of date, age int, low int, high int, OUT eligible int8, OUT retained int8) STABLE LANGUAGE sql AS $$
	SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM seen(which, as_of) s WHERE s.customer = f.customer AND is_order AND s.period - first BETWEEN low AND high))
	FROM firsts(which, as_of) f WHERE horizon(which, as_of) - first >= age
$$;
CREATE FUNCTION plain_retained_on(which int, days int[], as_of date) RETURNS TABLE (days int, eligible int8, retained int8) STABLE LANGUAGE sql AS $$
	SELECT d, r.* FROM unnest(days) WITH ORDINALITY u (d, i), plain_retained(which, as_of, d, d, d) r ORDER BY i
$$;
CREATE FUNCTION plain_retained_on_or_after(which int, days int[], as_of date) RETURNS TABLE (days int, eligible int8, retained int8) STABLE LANGUAGE sql AS $$
	SELECT d, r.* FROM unnest(days) WITH ORDINALITY u (d, i), plain_retained(which, as_of, d, d, 1000000) r ORDER BY i
$$;
CREATE FUNCTION plain_retained_between(which int, days int[], as_of date) RETURNS TABLE (from_days int, to_days int, eligible int8, retained int8) STABLE LANGUAGE sql AS $$
	SELECT low, high, r.* FROM (SELECT d AS low, lead(d) OVER (ORDER BY i) - 1 AS high, i FROM unnest(days) WITH ORDINALITY u (d, i)) b, plain_retained(which, as_of, high, low, high) r
	WHERE high IS NOT NULL ORDER BY i
$$;
CREATE FUNCTION plain_value_within(which int, days int[], as_of date)
RETURNS TABLE (days int, eligible int8, orders int8, revenue numeric, purchase_frequency float8, aov numeric, customer_value numeric) STABLE LANGUAGE sql AS $$
	SELECT d, e, o, r, o::float8 / nullif(e, 0), CASE WHEN e > 0 THEN r / nullif(o, 0) END, r / nullif(e, 0)
	FROM (SELECT d, i, count(DISTINCT f.customer) AS e, count(*) FILTER (WHERE is_order) AS o, CASE WHEN (SELECT has_money FROM cases WHERE id = which) THEN coalesce(sum(amount), 0) END AS r
		  FROM unnest(days) WITH ORDINALITY u (d, i) LEFT JOIN firsts(which, as_of) f ON horizon(which, as_of) - first >= d
			   LEFT JOIN seen(which, as_of) s ON s.customer = f.customer AND s.period - first BETWEEN 0 AND d GROUP BY d, i) t ORDER BY i
$$;

-- A customer's orders: the first of all, and those in the part, of which it may be one.
CREATE FUNCTION ordered(which int, as_of date) RETURNS TABLE (customer int8, n int8, day date, next date) STABLE LANGUAGE sql AS $$
	SELECT customer, row_number() OVER w, day, lead(day) OVER w
	FROM (SELECT customer, first AS day FROM firsts(which, as_of)
		  UNION ALL
		  SELECT customer, period
		  FROM (SELECT customer, s.period, first, orders, count(*) OVER (PARTITION BY customer, s.period) AS same, row_number() OVER (PARTITION BY customer, s.period) AS nth
				FROM seen(which, as_of) s JOIN firsts(which, as_of) USING (customer) WHERE is_order) p
		  WHERE period > first OR (period = first AND NOT (same >= orders AND nth = 1))) o
	WINDOW w AS (PARTITION BY customer ORDER BY day)
$$;
CREATE FUNCTION usual_gap(which int, as_of date) RETURNS float8 STABLE LANGUAGE sql AS $$
	SELECT coalesce(nullif(percentile_cont(0.9) WITHIN GROUP (ORDER BY next - day), 0), 90) FROM ordered(which, as_of) WHERE next IS NOT NULL
$$;
CREATE FUNCTION plain_order_ladder(which int, within_days int, as_of date, max_orders int)
RETURNS TABLE (order_number int, customers int8, reached_next int8, rate float8, eligible int8, eligible_reached_next int8, eligible_rate float8, median_gap_days float8) STABLE LANGUAGE sql AS $$
	SELECT n::int, count(*), count(next), count(next)::float8 / count(*), count(*) FILTER (WHERE h - day >= within_days), count(*) FILTER (WHERE h - day >= within_days AND next - day <= within_days),
		   count(*) FILTER (WHERE h - day >= within_days AND next - day <= within_days)::float8 / nullif(count(*) FILTER (WHERE h - day >= within_days), 0), percentile_cont(0.5) WITHIN GROUP (ORDER BY next - day)
	FROM ordered(which, as_of), horizon(which, as_of) h WHERE n <= max_orders GROUP BY n ORDER BY n
$$;
CREATE FUNCTION plain_time_to_order(which int, order_number int, as_of date) RETURNS TABLE (duration float8, at_risk int8, events int8, censored int8) STABLE LANGUAGE sql AS $$
	SELECT k.duration, k.at_risk, k.events, k.censored
	FROM (SELECT survival((coalesce(next, horizon(which, as_of)) - day)::float8, next IS NOT NULL) AS s FROM ordered(which, as_of) WHERE n = order_number - 1) o, kaplan_meier(s) k ORDER BY 1
$$;
CREATE FUNCTION plain_active_life(which int, as_of date) RETURNS TABLE (duration float8, at_risk int8, events int8, censored int8) STABLE LANGUAGE sql AS $$
	SELECT k.duration, k.at_risk, k.events, k.censored
	FROM (SELECT survival((CASE WHEN h - last > usual THEN last ELSE h END - first)::float8, h - last > usual) AS s
		  FROM (SELECT min(day) AS first, max(day) AS last FROM ordered(which, as_of) GROUP BY customer) c, usual_gap(which, as_of) usual, horizon(which, as_of) h) o, kaplan_meier(s) k ORDER BY 1
$$;
CREATE FUNCTION plain_order_gap(which int, as_of date) RETURNS TABLE (q float8) STABLE LANGUAGE sql AS $$
	SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY next - day) FROM ordered(which, as_of) HAVING count(next) > 0
$$;
-- Of days with an order, without the first.
CREATE FUNCTION plain_repeat_buying(which int, as_of date) RETURNS TABLE (repeat_purchases float8, active_days float8, age_days float8, customers int8) STABLE LANGUAGE sql AS $$
	SELECT x, span, age, count(*)
	FROM (SELECT count(DISTINCT day) - 1 AS x, max(day) - min(day) AS span, horizon(which, as_of) - min(day) AS age FROM ordered(which, as_of) GROUP BY customer) c GROUP BY x, span, age ORDER BY x, span, age
$$;
CREATE FUNCTION plain_customer_list(which int, as_of date)
RETURNS TABLE (orders int8, revenue numeric, refunds int8, first_order date, last_order date, age_days int, recency_days int, mean_gap_days float8, status text) STABLE LANGUAGE sql AS $$
	SELECT c.orders, revenue, CASE WHEN has_money THEN refunds END, first, last, h - first, h - last, gap,
		   CASE WHEN h - last > 3 * usual THEN 'lost' WHEN h - last > 2 * usual THEN 'dormant' WHEN h - last > usual THEN 'at risk' WHEN of_all = 1 THEN 'new' ELSE 'active' END
	FROM (SELECT customer, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue, count(*) FILTER (WHERE NOT is_order) AS refunds, max(period) FILTER (WHERE is_order) AS last,
				 (max(period) FILTER (WHERE is_order) - min(period) FILTER (WHERE is_order))::float8 / nullif(count(*) FILTER (WHERE is_order) - 1, 0) AS gap
		  FROM part_rows WHERE id = which AND (period <= as_of) IS NOT FALSE GROUP BY customer HAVING bool_or(is_order)) c
		 JOIN firsts(which, as_of) f (customer, first) USING (customer) JOIN (SELECT customer, count(*) AS of_all FROM ordered(which, as_of) GROUP BY customer) o USING (customer),
		 horizon(which, as_of) h, usual_gap(which, as_of) usual, (SELECT has_money FROM cases WHERE id = which) m
$$;

-- ---------------------------------------------------------------------------
-- The comparison.
-- ---------------------------------------------------------------------------

CREATE TABLE horizons (as_of date);
INSERT INTO horizons VALUES (NULL), ('2022-10-01'), ('2023-04-17'), ('2023-10-31'), ('2025-01-01');
CREATE TABLE asked (question text, id int, call text, plain text);
INSERT INTO asked
SELECT question, id, call, plain
FROM cases JOIN (VALUES ('day', 'week'), ('day', 'month'), ('month', 'month'), ('month', 'quarter')) p (grain, period) USING (grain), horizons, LATERAL (VALUES
	('cohort_retention', format('cohort_retention(h, %L, %L, anchor => whole)', period, as_of), format('plain_cohort_retention(%s, %L, %L)', id, period, as_of)),
	('cohort_average', format('cohort_average(h, %L, %L, anchor => whole)', period, as_of), format('plain_cohort_average(%s, %L, %L, true)', id, period, as_of)),
	('cohort_average', format('cohort_average(h, %L, %L, weighted => false, anchor => whole)', period, as_of), format('plain_cohort_average(%s, %L, %L, false)', id, period, as_of)),
	('new_and_returning', format('new_and_returning(h, %L, 3, %L, anchor => whole)', period, as_of), format('plain_new_and_returning(%s, %L, 3, %L)', id, period, as_of)),
	('lifecycle', format('lifecycle(h, %L, %s, %L, anchor => whole)', period, 1 + id % 3, as_of), format('plain_lifecycle(%s, %L, %s, %L)', id, period, 1 + id % 3, as_of)),
	('revenue_movements', format('revenue_movements(h, %L, %L, anchor => whole)', period, as_of), format('plain_revenue_movements(%s, %L, %L)', id, period, as_of))) q (question, call, plain)
WHERE period <> 'week' OR as_of = '2023-10-31';
INSERT INTO asked
SELECT question, id, format('%s(h, %L, %L, anchor => whole)', question, days, as_of), format('plain_%s(%s, %L, %L)', question, id, days, as_of)
FROM cases, horizons, (VALUES ('repeat_within', '{0,30,1,90,5000}'), ('retained_on', '{0,5,30,60}'), ('retained_on_or_after', '{0,30,5,60}'), ('retained_between', '{0,1,31,91,1000}'), ('value_within', '{90,0,30,400,5000}')) q (question, days)
WHERE grain = 'day';
INSERT INTO asked
SELECT question, id, call, plain
FROM cases, horizons, LATERAL (VALUES
	('order_ladder', format('order_ladder(h, 60, %L, 4, anchor => whole)', as_of), format('plain_order_ladder(%s, 60, %L, 4)', id, as_of)),
	('time_to_order', format('kaplan_meier(time_to_order(h, 2, %L, anchor => whole))', as_of), format('plain_time_to_order(%s, 2, %L)', id, as_of)),
	('time_to_order', format('kaplan_meier(time_to_order(h, 4, %L, anchor => whole))', as_of), format('plain_time_to_order(%s, 4, %L)', id, as_of)),
	('active_life', format('kaplan_meier(active_life(h, as_of => %L, anchor => whole))', as_of), format('plain_active_life(%s, %L)', id, as_of)),
	('order_gap', format('unnest(array_remove(ARRAY[order_gap(h, 0.9, %L, anchor => whole)], NULL))', as_of), format('plain_order_gap(%s, %L)', id, as_of)),
	('customer_list', format('customer_list(h, %L, anchor => whole)', as_of), format('plain_customer_list(%s, %L)', id, as_of)),
	('repeat_buying', format('cells(repeat_buying(h, as_of => %L))', as_of), format('plain_repeat_buying(%s, %L)', id, as_of))) q (question, call, plain)
WHERE (question <> 'customer_list' OR (grain = 'day' AND shop IN (1, 3, 4))) AND (question <> 'repeat_buying' OR (grain = 'day' AND is_anchored));
-- What is anchored needs no anchor.
UPDATE asked SET call = regexp_replace(regexp_replace(call, ', anchor => whole', ''), '\mh\M', 'a') FROM cases WHERE cases.id = asked.id AND is_anchored;
-- One number of days, and a text of several, are the same.
INSERT INTO asked
SELECT question || ', other forms', id, format('%s(h, %s, anchor => whole)', question, said), format('plain_%s(%s, ''{60}'', NULL)', question, id)
FROM cases, unnest('{repeat_within,retained_on,retained_on_or_after,value_within}'::text[]) question, unnest('{60,''60''}'::text[]) said
WHERE grain = 'day' AND shop = 1 AND NOT is_anchored;
-- A sample of them: plain SQL takes its time.
DELETE FROM asked WHERE question NOT LIKE '%, other forms' AND hashtextextended(id || call, 0) % CASE WHEN call LIKE '%{%' THEN 8 ELSE 32 END <> 0;

CREATE FUNCTION rounded(r jsonb) RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$
	SELECT jsonb_object_agg(key, CASE jsonb_typeof(value) WHEN 'number' THEN to_jsonb(trim_scale(round(value::text::numeric, 9))) ELSE value END) FROM jsonb_each(r)
$$;
-- The columns that both have.  A list of customers has no order.
CREATE FUNCTION answer(source text, columns text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	result jsonb;
BEGIN
	EXECUTE format('SELECT coalesce(jsonb_agg(r ORDER BY CASE WHEN %L THEN r END, ordinality), ''[]'')
		FROM (SELECT rounded((SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(q)) WHERE key = ANY ($1) OR $1 IS NULL) - ''ordinality'') AS r, ordinality FROM %s WITH ORDINALITY q) q', source LIKE '%customer_list%', source)
	INTO result USING columns;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN jsonb_build_array(concat(SQLSTATE, ' ', SQLERRM));
END
$$;
CREATE FUNCTION columns_of(question text) RETURNS text[] STABLE LANGUAGE sql AS $$
	SELECT array_agg(name) FROM pg_proc p, unnest(proargnames, proargmodes) a (name, mode) WHERE proname = 'plain_' || split_part(question, ',', 1) AND pronamespace = 'anchors'::regnamespace AND mode = 't'
$$;
-- A history of no rows answers nothing, whatever its anchor.
CREATE TABLE answers AS
SELECT question, id, call, answer(regexp_replace(regexp_replace(call, '\m[ha]\M', format('(SELECT \& FROM histories WHERE id = %s)', id)), '\mwhole\M', format('(SELECT whole FROM histories WHERE id = %s)', id)), columns_of(question)) AS got,
	   CASE WHEN part = 'nobody' THEN '[]' ELSE answer(plain, NULL) END AS want
FROM asked JOIN cases USING (id);
SELECT question, is_anchored, count(*) AS comparisons, sum(jsonb_array_length(want)) AS rows, count(DISTINCT want) > 1 AS differ, count(*) FILTER (WHERE got <> want) AS mismatches
FROM answers JOIN cases USING (id) GROUP BY question, is_anchored ORDER BY question COLLATE "C", is_anchored;
-- The first row that differs of the first few answers that do.
SELECT question, shop, part, anchor, grain, call, jsonb_array_length(a.got) AS got_rows, jsonb_array_length(a.want) AS want_rows, d.got, d.want
FROM (SELECT *, row_number() OVER (PARTITION BY question ORDER BY id, call COLLATE "C") AS nth FROM answers WHERE got <> want) a JOIN cases USING (id),
	 LATERAL (SELECT a.got -> i AS got, a.want -> i AS want FROM generate_series(0, greatest(jsonb_array_length(a.got), jsonb_array_length(a.want)) - 1) i
			  WHERE (a.got -> i) IS DISTINCT FROM (a.want -> i) ORDER BY i LIMIT 1) d
WHERE nth <= 2 ORDER BY question COLLATE "C", nth;

-- The whole as a part of itself, and no anchor at all, are the question as it is.
CREATE TABLE selves AS
SELECT question, answer(regexp_replace(call, ', anchor => whole', ''), NULL) AS plainly, answer(regexp_replace(call, 'whole', 'NULL'), NULL) AS without, answer(regexp_replace(call, 'whole', history), NULL) AS of_itself
FROM (SELECT question, regexp_replace(call, '\(h', '(' || history) AS call, history FROM asked JOIN cases USING (id), format('(SELECT h FROM histories WHERE id = %s)', id) history WHERE part <> 'nobody' AND NOT is_anchored) a;
SELECT question, count(*) AS comparisons, count(*) FILTER (WHERE plainly <> without) AS without_differs, count(*) FILTER (WHERE plainly <> of_itself) AS of_itself_differs
FROM selves GROUP BY question ORDER BY question COLLATE "C";

-- ---------------------------------------------------------------------------
-- Who is left out is told of, and what is no anchor is an error.
-- ---------------------------------------------------------------------------

SET client_min_messages = notice;
CREATE FUNCTION history(filter text, period text) RETURNS purchase_history LANGUAGE plpgsql AS $$
DECLARE
	h purchase_history;
BEGIN
	EXECUTE format('SELECT purchase_history(customer, at, amount, %L) FROM orders WHERE shop = 1 AND (%s)', period, filter) INTO h;
	RETURN h;
END
$$;
SELECT count(DISTINCT customer) AS strangers FROM orders WHERE shop = 1 AND customer % 2 <> 0 AND amount >= 0;
SELECT count(*) > 0 AS rows FROM cohort_retention(history('true', 'day'), anchor => history('customer % 2 = 0', 'day'));
SELECT count(*) > 0 AS rows FROM lifecycle(history('customer IN (3000002, 6000011)', 'day'), anchor => history('customer <> 3000002', 'day'));
-- sign-ups, which have no amounts, say who is meant: that others have ordered is nothing to be told of
SELECT count(*) > 0 AS rows FROM (SELECT purchase_history(customer, at, amount, 'day') AS h, purchase_history(customer, at, 'day') FILTER (WHERE customer % 2 = 0) AS signed_up,
	purchase_history(customer, at, 'day') AS without FROM orders WHERE shop = 1) o, LATERAL (SELECT count(*) FROM cohort_retention(h, anchor => signed_up) UNION ALL SELECT count(*) FROM cohort_retention(anchored(h, signed_up))) c;
-- of orders without amounts it is not known
SELECT count(*) > 0 AS rows FROM (SELECT purchase_history(customer, at, 'day') FILTER (WHERE customer % 2 = 0) AS signed_up, purchase_history(customer, at, 'day') AS without FROM orders WHERE shop = 1) o,
	cohort_retention(without, anchor => signed_up);
-- who only comes to the anchor after the last day seen is not there yet
SELECT count(DISTINCT customer) AS strangers FROM orders o WHERE shop = 1 AND at < '2023-05-01' AND amount >= 0 AND customer IS NOT NULL AND
	NOT EXISTS (SELECT FROM orders w WHERE w.shop = 1 AND w.customer = o.customer AND country = 'AT' AND amount >= 0 AND at < '2023-05-01');
SELECT count(*) > 0 AS rows FROM value_within(history('true', 'day'), as_of => '2023-04-30', anchor => history('country = ''AT''', 'day'));
-- nobody is left out of a part
SELECT count(*) > 0 AS rows FROM new_and_returning(history('country = ''DE''', 'day'), anchor => history('true', 'day'));

-- Errors, each with its code, what it says, and what else.
CREATE PROCEDURE refused(call text) LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE call;
	RAISE NOTICE '% is answered', call;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RAISE NOTICE '% % | % | %', SQLSTATE, SQLERRM, detail, hint;
END
$$;
CALL refused($$SELECT count(*) FROM cohort_retention(history('true', 'day'), anchor => history('true', 'month'))$$);
CALL refused($$SELECT count(*) FROM new_and_returning(history('true', 'month'), anchor => history('true', 'day'))$$);
CALL refused($$SELECT count(*) FROM cohort_average(history('true', 'day'), anchor => (SELECT purchase_history('c' || customer, at, amount, 'day') FROM orders WHERE shop = 1))$$);
CALL refused($$SELECT count(*) FROM revenue_movements((SELECT purchase_history(customer, at::timestamptz, 'day', 'Europe/Berlin') FROM orders WHERE shop = 1), anchor => (SELECT purchase_history(customer, at::timestamptz, 'day', 'Asia/Tokyo') FROM orders WHERE shop = 1))$$);
CALL refused($$SELECT count(*) FROM repeat_within(history('true', 'day'), anchor => history('true', 'day') + negated(history('true', 'day')) + negated(history('customer % 2 = 0', 'day')))$$);
CALL refused($$SELECT count(*) FROM retained_on(history('true', 'day'), 30, anchor => 5)$$);
CALL refused($$SELECT count(*) FROM retained_between(history('true', 'day'), anchor => 'x')$$);
CALL refused($$SELECT count(*) FROM cohort_retention(history('true', 'day'), anchor => (SELECT customer_base(customer) FROM orders))$$);

SET client_min_messages = error;
DROP SCHEMA anchors CASCADE;
