-- Plain SQL for the queries of doc/cohorts.md (see test/docs).  The table shop has
-- the rows of orders, by the days of the session's time zone; history those of Berlin.

--> instead of CREATE TABLE shop (
CREATE TABLE shop (customer text, ordered_at date, amount numeric);

--> instead of INSERT INTO shop VALUES
INSERT INTO shop SELECT customer_id::text, ordered_at::date, amount FROM orders;
CREATE INDEX ON shop (customer);
ANALYZE shop;

--> instead of CREATE TABLE sales (
CREATE TABLE sales (customer text, ordered_at date, amount numeric, country text);

--> instead of INSERT INTO sales VALUES
INSERT INTO sales SELECT customer_id::text, ordered_at::date, amount, CASE WHEN extract(day FROM ordered_at)::int % 3 = 0 THEN 'AT' ELSE 'DE' END FROM orders;

--> instead of CREATE TABLE signups (
CREATE TABLE signups (customer text, signed_up_on date);

-- some before their first order and some after it, and some who never order
--> instead of INSERT INTO signups VALUES
INSERT INTO signups
SELECT customer, min(ordered_at) + (ascii(right(customer || 'x', 2)) % 4) * 10 - 25 FROM sales WHERE isfinite(ordered_at) AND customer IS NOT NULL GROUP BY customer
UNION ALL SELECT 'ghost ' || n, date '2024-01-10' + n FROM generate_series(1, 30, 4) n WHERE EXISTS (SELECT FROM sales);

--> before
CREATE FUNCTION plain.average(period text, as_of date DEFAULT NULL, zone text DEFAULT current_setting('timezone'))
RETURNS TABLE (i int, cohorts int8, customers numeric, active numeric, revenue numeric, retention numeric, customer_value numeric, each_retention numeric, each_ltv numeric) STABLE LANGUAGE sql AS $$
	SELECT i, count(*), sum(size), sum(active), sum(revenue), sum(active) / sum(size), sum(cumulative) / sum(size), avg(active::numeric / size), avg(cumulative / size)
	FROM (SELECT *, sum(revenue) OVER (PARTITION BY cohort ORDER BY i) AS cumulative FROM plain.cohorts(period, as_of, zone)) c WHERE is_complete GROUP BY i
$$;
-- Live: with an order in the period or the dormant - 1 before it.
CREATE FUNCTION plain.lifecycle(period text, dormant int, zone text DEFAULT current_setting('timezone'))
RETURNS TABLE (p date, opening int8, new int8, retained int8, resurrected int8, lapsed int8, closing int8, is_complete bool) STABLE LANGUAGE sql AS $$
	WITH o AS MATERIALIZED (SELECT DISTINCT customer, p FROM plain.seen(period, NULL, zone) WHERE is_order),
	periods AS (SELECT starts, row_number() OVER (ORDER BY starts) AS i FROM generate_series((SELECT min(p) FROM o)::timestamp, (SELECT plain.today(zone)), plain.step(period)) starts),
	numbered AS (SELECT customer, i FROM o JOIN periods ON p = starts),
	live AS (SELECT DISTINCT customer, i + ago AS i FROM numbered, generate_series(0, dormant - 1) ago),
	first AS (SELECT customer, min(i) AS first FROM numbered GROUP BY customer)
	SELECT starts::date, count(b.customer), count(*) FILTER (WHERE a.i = first), count(*) FILTER (WHERE a.customer = b.customer), count(*) FILTER (WHERE a.customer IS NOT NULL AND b.customer IS NULL AND first < a.i),
		   count(*) FILTER (WHERE b.customer IS NOT NULL AND a.customer IS NULL), count(a.customer), plain.is_over(starts, period, NULL, zone)
	FROM periods CROSS JOIN first LEFT JOIN live a ON a.customer = first.customer AND a.i = periods.i LEFT JOIN live b ON b.customer = first.customer AND b.i = periods.i - 1
	GROUP BY starts
$$;
CREATE FUNCTION plain.new_and_returning(period text, months int, as_of date DEFAULT NULL, zone text DEFAULT current_setting('timezone'))
RETURNS TABLE (p date, customers int8, repeat_customers int8, orders int8, revenue numeric, new int8, new_orders int8, new_revenue numeric, trailing_customers int8, trailing_repeat int8, is_full bool, is_complete bool)
STABLE LANGUAGE sql AS $$
	WITH seen AS MATERIALIZED (SELECT * FROM plain.seen(period, as_of, zone)),
	first AS MATERIALIZED (SELECT customer, min(p) AS first FROM seen WHERE is_order GROUP BY customer),
	periods AS (SELECT starts, row_number() OVER (ORDER BY starts) AS i FROM generate_series((SELECT min(first) FROM first)::timestamp, coalesce(as_of, (SELECT plain.today(zone))), plain.step(period)) starts)
	SELECT starts::date, (SELECT count(DISTINCT customer) FROM seen WHERE p = starts AND is_order), (SELECT count(*) FROM (SELECT FROM seen WHERE p = starts AND is_order GROUP BY customer HAVING count(*) > 1) c),
		   (SELECT count(*) FROM seen WHERE p = starts AND is_order), (SELECT coalesce(sum(amount), 0) FROM seen WHERE p = starts),
		   (SELECT count(*) FROM first WHERE first = starts), (SELECT count(*) FROM seen JOIN first USING (customer) WHERE p = starts AND first = p AND is_order),
		   (SELECT coalesce(sum(amount), 0) FROM seen JOIN first USING (customer) WHERE p = starts AND first = p),
		   (SELECT count(DISTINCT customer) FROM seen WHERE is_order AND p <= starts AND p > starts - months * plain.step(period)),
		   (SELECT count(*) FROM (SELECT FROM seen WHERE is_order AND p <= starts AND p > starts - months * plain.step(period) GROUP BY customer HAVING count(*) > 1) c),
		   i >= months, plain.is_over(starts, period, as_of, zone)
	FROM periods
$$;

-- What each customer pays in each period and paid in the one before, where that is above 0.
CREATE FUNCTION plain.movements(period text, as_of date DEFAULT NULL, zone text DEFAULT current_setting('timezone'))
RETURNS TABLE (p date, opening numeric, new numeric, expansion numeric, contraction numeric, churned numeric, reactivated numeric, closing numeric, kept numeric, customers int8, customers_kept int8) STABLE LANGUAGE sql AS $$
	WITH seen AS MATERIALIZED (SELECT * FROM plain.seen(period, as_of, zone)),
	periods AS MATERIALIZED (SELECT starts::date AS p, (starts - plain.step(period))::date AS before
		FROM generate_series((SELECT min(p) FROM seen WHERE is_order)::timestamp, coalesce(as_of, (SELECT plain.today(zone))), plain.step(period)) starts),
	paid AS MATERIALIZED (SELECT customer, p, sum(amount) AS m FROM seen WHERE p IN (SELECT p FROM periods) GROUP BY customer, p HAVING sum(amount) > 0),
	moved AS (SELECT q.p, x.customer, coalesce(sum(m) FILTER (WHERE x.p = q.before), 0) AS was, coalesce(sum(m) FILTER (WHERE x.p = q.p), 0) AS now FROM periods q JOIN paid x ON x.p IN (q.p, q.before) GROUP BY 1, 2),
	first AS (SELECT customer, min(p) AS first FROM paid GROUP BY customer)
	SELECT p, coalesce(sum(was), 0), coalesce(sum(now) FILTER (WHERE first = p), 0), coalesce(sum(now - was) FILTER (WHERE was > 0 AND now > was), 0), coalesce(sum(was - now) FILTER (WHERE now > 0 AND now < was), 0),
		   coalesce(sum(was) FILTER (WHERE now = 0), 0), coalesce(sum(now) FILTER (WHERE was = 0 AND first < p), 0), coalesce(sum(now), 0), coalesce(sum(least(was, now)), 0),
		   count(*) FILTER (WHERE was > 0), count(*) FILTER (WHERE was > 0 AND now > 0)
	FROM periods LEFT JOIN (moved JOIN first USING (customer)) USING (p) GROUP BY p
$$;

--> by_hand
SELECT customers, orders, revenue FROM shop_history, history_info(h) WHERE h IS NOT NULL;
SELECT count(DISTINCT customer), count(*), (SELECT sum(amount) FROM plain.known) FROM plain.numbered HAVING count(*) > 0

--> by_hand
SELECT cohort, i, period_start, size, active, active::float8 / size, orders, revenue, sum(revenue) OVER w, round(sum(revenue) OVER w / size, 2), is_complete
FROM plain.cohorts('month') WINDOW w AS (PARTITION BY cohort ORDER BY i)

--> info
SELECT period, time_zone, customers, occasions, orders, revenue, first_order, last_order, refunds, refunded, guest_orders, guest_refunds, guest_revenue FROM shop_history, history_info(h) WHERE h IS NOT NULL;
-- an occasion: a customer's day with an order; one with refunds alone is none
SELECT 'day', NULL, count(DISTINCT customer) FILTER (WHERE is_order), count(DISTINCT (customer, day)) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), sum(amount), min(day) FILTER (WHERE is_order), max(day) FILTER (WHERE is_order),
	count(*) FILTER (WHERE NOT is_order), coalesce(sum(amount) FILTER (WHERE NOT is_order), 0), g.*
FROM plain.known, (SELECT count(*) FILTER (WHERE amount >= 0), count(*) FILTER (WHERE amount < 0), coalesce(sum(amount), 0) FROM shop WHERE customer IS NULL AND isfinite(ordered_at)) g (orders, refunds, revenue)
GROUP BY g.orders, g.refunds, g.revenue

--> rows
SELECT reason, is_counted, row_count, amount FROM shop_history, excluded_rows(h);
SELECT reason, reason ~ 'order|refund', count(what), sum(amount) FROM unnest('{order,refund,refund without order,guest order,guest refund,no amount,no time,not finite,absurd amount,too early,in the future,filtered out}'::text[]) reason
	LEFT JOIN (SELECT amount, CASE WHEN isfinite(ordered_at) IS NOT TRUE THEN 'no time' WHEN amount IS NULL THEN 'no amount'
			WHEN customer IS NULL THEN CASE WHEN amount < 0 THEN 'guest refund' ELSE 'guest order' END WHEN amount >= 0 THEN 'order'
			WHEN customer IN (SELECT customer FROM shop WHERE isfinite(ordered_at) AND amount >= 0) THEN 'refund' ELSE 'refund without order' END AS what
		FROM shop) o ON what = reason
GROUP BY 1, 2

--> daily_history
SELECT day, coalesce(customers, 0), coalesce(orders, 0), coalesce(revenue, 0) FROM daily_history, history_info(h);
SELECT (ordered_at AT TIME ZONE 'Europe/Berlin')::date, count(DISTINCT customer_id) FILTER (WHERE amount >= 0), count(customer_id) FILTER (WHERE amount >= 0), coalesce(sum(amount) FILTER (WHERE customer_id IS NOT NULL), 0)
FROM orders WHERE isfinite(ordered_at) GROUP BY 1

--> rolled_up
SELECT customers, orders, revenue, first_order, last_order FROM history, history_info(h) WHERE h IS NOT NULL;
SELECT count(DISTINCT customer), count(*), (SELECT sum(amount) FROM plain.known), min((at AT TIME ZONE 'Europe/Berlin')::date), max((at AT TIME ZONE 'Europe/Berlin')::date) FROM plain.numbered HAVING count(*) > 0

--> rolled_up
SELECT i, cohorts, customers, active, round(retention, 4), round(customer_value, 2) FROM plain.average('month', zone => 'Europe/Berlin') WHERE i < 4

--> base
SELECT nullif(count(*), 0), sum(orders), round((SELECT sum(amount) FROM plain.known) / sum(orders), 2), round(avg((orders > 1)::int), 3) FROM plain.customer HAVING count(*) > 0
UNION ALL SELECT NULL, NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM plain.customer)

--> quarters
SELECT cohort, i, size, active, revenue, is_complete FROM plain.cohorts('quarter', '2024-06-30')

--> fiscal_years
-- what is given back after the last order counts in its period
WITH s AS (SELECT *, (date_trunc('year', day - interval '3 months') + interval '3 months')::date AS p FROM plain.known),
f AS (SELECT customer, min(p) AS first FROM s WHERE is_order GROUP BY customer)
SELECT starts::date, count(DISTINCT customer) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), coalesce(sum(amount), 0), count(DISTINCT customer) FILTER (WHERE is_order AND first = p), count(DISTINCT customer) FILTER (WHERE is_order AND first < p)
FROM generate_series((SELECT min(first) FROM f)::timestamp, (SELECT plain.today()), '1 year') starts LEFT JOIN (s LEFT JOIN f USING (customer)) ON p = starts GROUP BY starts

--> four_weeks
WITH s AS (SELECT *, date '2024-01-01' + floor((day - date '2024-01-01') / 28.0)::int * 28 AS p FROM plain.known)
SELECT starts::date, count(DISTINCT customer) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), coalesce(sum(amount), 0)
FROM generate_series((SELECT min(p) FROM s WHERE is_order)::timestamp, (SELECT plain.today()), '28 days') starts LEFT JOIN s ON p = starts GROUP BY starts

--> matrix
SELECT cohort, i, round(100 * (active::float8 / size)) FROM plain.cohorts('month', '2024-06-30', 'Europe/Berlin') ORDER BY cohort, i

--> complete
SELECT cohort, i, size, active, active::float8 / size, revenue, customer_value
FROM (SELECT *, sum(revenue) OVER (PARTITION BY cohort ORDER BY i) / size AS customer_value FROM plain.cohorts('month', zone => 'Europe/Berlin')) c WHERE is_complete

--> average
SELECT i, cohorts, customers, active, round(retention, 3), round(each_retention, 3), round(customer_value, 2), round(each_ltv, 2) FROM plain.average('month')

--> lifecycle
SELECT p, opening, new, retained, resurrected, lapsed, closing, round((new + resurrected) / nullif(lapsed, 0)::numeric, 2), is_complete FROM plain.lifecycle('month', 1)

--> dormant
SELECT p, opening, new, retained, resurrected, lapsed, closing, is_complete FROM plain.lifecycle('month', 2)

--> lifecycle_by_quarter
SELECT p, opening, new, retained, resurrected, lapsed, closing, round((new + resurrected) / nullif(lapsed, 0)::numeric, 2), is_complete FROM plain.lifecycle('quarter', 1, 'Europe/Berlin')

--> new_and_returning
SELECT p, customers, orders, revenue, new, new_orders, new_revenue, customers - new, orders - new_orders, revenue - new_revenue FROM plain.new_and_returning('month', 2)

--> trailing
SELECT p, customers, repeat_customers, trailing_customers, trailing_repeat, round(CASE WHEN is_full THEN trailing_repeat / nullif(trailing_customers, 0)::numeric END, 3), is_complete FROM plain.new_and_returning('month', 2)

--> new_share
SELECT p, orders, revenue, round(100.0 * new_orders / nullif(orders, 0)), round(100 * new_revenue / nullif(revenue, 0)), trailing_customers,
	   round(CASE WHEN is_full THEN trailing_repeat / nullif(trailing_customers, 0)::numeric END, 3)
FROM plain.new_and_returning('month', 12, '2025-06-30', 'Europe/Berlin') WHERE p >= '2024-11-01'

--> movements
SELECT p, opening, new, expansion, contraction, churned, reactivated, closing, round((kept + expansion) / nullif(opening, 0), 3), round(kept / nullif(opening, 0), 3) FROM plain.movements('month')

--> movements_by_quarter
SELECT p, opening, new, expansion - contraction, churned, reactivated, closing, round((kept + expansion) / nullif(opening, 0), 3), round(kept / nullif(opening, 0), 3), round(customers_kept / nullif(customers, 0)::numeric, 3)
FROM plain.movements('quarter', '2025-12-31', 'Europe/Berlin')

--> region
SELECT i.customers, i.orders, i.revenue, a.customers, a.orders, a.revenue FROM sales_history, history_info(whole) AS i, history_info(austria) AS a WHERE whole IS NOT NULL;
WITH s AS (SELECT customer, country, amount, amount >= 0 AS is_order FROM sales WHERE customer IS NOT NULL AND isfinite(ordered_at) AND amount IS NOT NULL)
SELECT count(DISTINCT customer) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), sum(amount),
	   count(DISTINCT customer) FILTER (WHERE is_order AND country = 'AT'), count(*) FILTER (WHERE is_order AND country = 'AT'), sum(amount) FILTER (WHERE country = 'AT') FROM s HAVING count(*) > 0

--> region
WITH s AS (SELECT customer, ordered_at AS day, date_trunc('month', ordered_at)::date AS p, country, amount, amount >= 0 AS is_order FROM sales WHERE customer IS NOT NULL AND isfinite(ordered_at) AND amount IS NOT NULL),
f AS (SELECT customer, min(p) AS first FROM s WHERE is_order GROUP BY customer),
today AS (SELECT max(day) AS today FROM s WHERE is_order),
months AS (SELECT starts::date AS p FROM generate_series((SELECT min(first) FROM f)::timestamp, (SELECT today FROM today), '1 month') starts),
-- by the filter alone: from the first month with an order there to the last
alone AS (SELECT starts::date AS p, (SELECT count(*) FROM (SELECT min(p) AS first FROM s WHERE is_order AND country = 'AT' GROUP BY customer) a WHERE a.first = starts) AS new
	FROM generate_series((SELECT min(p) FROM s WHERE is_order AND country = 'AT')::timestamp, (SELECT max(day) FROM s WHERE is_order AND country = 'AT'), '1 month') starts)
SELECT m.p, count(DISTINCT customer) FILTER (WHERE is_order), coalesce(sum(amount), 0), count(DISTINCT customer) FILTER (WHERE is_order AND first = m.p), count(DISTINCT customer) FILTER (WHERE is_order AND first < m.p), alone.new
FROM months m LEFT JOIN alone USING (p) LEFT JOIN (s LEFT JOIN f USING (customer)) ON s.p = m.p AND country = 'AT' AND day <= (SELECT today FROM today)
WHERE EXISTS (SELECT FROM sales WHERE country = 'AT') GROUP BY m.p, alone.new ORDER BY m.p

--> region_cohorts
WITH s AS (SELECT customer, ordered_at AS day, date_trunc('month', ordered_at)::date AS p, country, amount, amount >= 0 AS is_order FROM sales WHERE customer IS NOT NULL AND isfinite(ordered_at) AND amount IS NOT NULL),
f AS (SELECT customer, min(p) AS first FROM s WHERE is_order GROUP BY customer),
today AS (SELECT max(day) AS today FROM s WHERE is_order)
SELECT c.first, i, size, count(DISTINCT customer) FILTER (WHERE is_order), round((count(DISTINCT customer) FILTER (WHERE is_order))::numeric / size, 2), coalesce(sum(amount), 0)
FROM (SELECT first, count(*) AS size FROM f GROUP BY first) c CROSS JOIN generate_series(0, 2) i CROSS JOIN today
	 LEFT JOIN (s JOIN f USING (customer)) ON f.first = c.first AND p = c.first + i * interval '1 month' AND country = 'AT' AND day <= today
WHERE c.first + i * interval '1 month' <= today AND EXISTS (SELECT FROM sales WHERE country = 'AT') GROUP BY c.first, i, size

--> window
WITH s AS (SELECT customer, ordered_at AS day, date_trunc('month', ordered_at)::date AS p, amount, amount >= 0 AS is_order, ordered_at BETWEEN '2024-02-01' AND '2024-03-31' AS inside FROM sales WHERE customer IS NOT NULL AND isfinite(ordered_at) AND amount IS NOT NULL),
f AS (SELECT customer, min(p) AS first FROM s WHERE is_order GROUP BY customer),
a AS (SELECT customer, min(p) AS first FROM s WHERE is_order AND inside GROUP BY customer),
-- the periods of the shop, and those of the window alone
months AS (SELECT starts::date AS p FROM generate_series((SELECT min(first) FROM f)::timestamp, (SELECT max(day) FROM s WHERE is_order), '1 month') starts),
alone AS (SELECT starts::date AS p FROM generate_series((SELECT min(first) FROM a)::timestamp, (SELECT max(day) FROM s WHERE is_order AND inside), '1 month') starts)
SELECT m.p, count(DISTINCT customer) FILTER (WHERE is_order), coalesce(sum(amount), 0), count(DISTINCT customer) FILTER (WHERE is_order AND f.first = m.p), count(DISTINCT customer) FILTER (WHERE is_order AND f.first < m.p),
	   CASE WHEN alone.p IS NOT NULL THEN count(DISTINCT customer) FILTER (WHERE is_order AND a.first = m.p) END
FROM months m LEFT JOIN alone USING (p) LEFT JOIN (s LEFT JOIN f USING (customer) LEFT JOIN a USING (customer)) ON s.p = m.p AND inside AND day <= (SELECT max(day) FROM s WHERE is_order)
WHERE m.p IN ('2024-02-01', '2024-03-01') GROUP BY m.p, alone.p ORDER BY m.p

--> anchored
WITH s AS (SELECT customer, ordered_at AS day, date_trunc('month', ordered_at)::date AS p, country, amount, amount >= 0 AS is_order FROM sales WHERE customer IS NOT NULL AND isfinite(ordered_at) AND amount IS NOT NULL),
f AS (SELECT customer, min(p) AS first FROM s WHERE is_order GROUP BY customer),
members AS (SELECT DISTINCT s.country, customer, first FROM s JOIN f USING (customer) WHERE is_order),
today AS (SELECT max(day) AS today FROM s WHERE is_order)
SELECT c.country, c.first, i, size, count(DISTINCT customer) FILTER (WHERE is_order), coalesce(sum(amount), 0)
FROM (SELECT country, first, count(*) AS size FROM members GROUP BY country, first) c CROSS JOIN generate_series(0, 1) i CROSS JOIN today
	 LEFT JOIN (SELECT s.*, first FROM s JOIN members m USING (country, customer)) b ON b.first = c.first AND b.country = c.country AND p = c.first + i * interval '1 month' AND day <= today
WHERE c.first + i * interval '1 month' <= today GROUP BY c.country, c.first, i, size ORDER BY 1, 2, 3

--> signups
WITH s AS (SELECT customer, ordered_at AS day, date_trunc('month', ordered_at)::date AS p, country, amount, amount >= 0 AS is_order FROM sales WHERE customer IS NOT NULL AND isfinite(ordered_at) AND amount IS NOT NULL),
f AS (SELECT customer, date_trunc('month', signed_up_on)::date AS first FROM signups),
today AS (SELECT greatest(max(day), (SELECT max(signed_up_on) FROM signups)) AS today FROM s WHERE is_order)
SELECT first, i, size, active, round(active::numeric / size, 2), sum(revenue) OVER w, round(sum(revenue) OVER w / size, 2)
FROM (SELECT c.first, i, size, count(DISTINCT customer) FILTER (WHERE is_order) AS active, coalesce(sum(amount), 0) AS revenue
	  FROM (SELECT first, count(*) AS size FROM f GROUP BY first) c CROSS JOIN generate_series(0, 300) i CROSS JOIN today
		   LEFT JOIN (s JOIN f USING (customer)) ON f.first = c.first AND p = c.first + i * interval '1 month' AND day <= today
	  WHERE c.first + i * interval '1 month' <= today GROUP BY c.first, i, size) c
WHERE first < '2024-03-01' WINDOW w AS (PARTITION BY first ORDER BY i)

--> signups_days
WITH s AS (SELECT customer, ordered_at AS day, date_trunc('month', ordered_at)::date AS p, country, amount, amount >= 0 AS is_order FROM sales WHERE customer IS NOT NULL AND isfinite(ordered_at) AND amount IS NOT NULL),
today AS (SELECT greatest(max(day), (SELECT max(signed_up_on) FROM signups)) AS today FROM s WHERE is_order)
SELECT low, high, count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND came), round((count(*) FILTER (WHERE old AND came))::numeric / nullif(count(*) FILTER (WHERE old), 0), 2)
FROM (SELECT low, high, today - signed_up_on >= high AS old, EXISTS (SELECT FROM s WHERE s.customer = signups.customer AND is_order AND day - signed_up_on BETWEEN low AND high AND day <= today) AS came
	  FROM signups, today, (VALUES (0, 7), (8, 60)) v (low, high)) c
WHERE EXISTS (SELECT FROM sales) GROUP BY low, high

--> projected
-- 100 + 100 r + 100 r^2 ...
SELECT t, round(100 * (1 - 0.05 ^ t) / 0.95), round(100 * (1 - 0.1 ^ t) / 0.9), round(100 * (1 - 0.8 ^ t) / 0.2) FROM (VALUES (1), (2), (3), (6), (12)) v (t)

--> projected_revenue
SELECT t, round(100 * (1 - 0.1 ^ t) / 0.9), round(3000 * (1 - 0.1 ^ t) / 0.9), round((SELECT sum(3000 * (1 - 0.1 ^ u) / 0.9) FROM generate_series(1, t) u)) FROM (VALUES (1), (6), (12)) v (t)

--> order_number
SELECT customer, ordered_at, amount, (SELECT count(*) FROM shop o WHERE o.customer = s.customer AND o.amount >= 0 AND isfinite(o.ordered_at) AND (o.ordered_at, o.ctid) <= (s.ordered_at, s.ctid)) AS n
FROM shop s WHERE customer IS NOT NULL AND amount >= 0 AND isfinite(ordered_at) ORDER BY customer, n
