-- Plain SQL for the queries of doc/repeat.md (see test/docs).  The table shop has
-- the rows of orders, by the days of the session's time zone.

--> instead of CREATE TABLE shop (
CREATE TABLE shop (customer text, ordered_at date, amount numeric);

--> instead of INSERT INTO shop VALUES
INSERT INTO shop SELECT customer_id::text, ordered_at::date, amount FROM orders;

--> before
-- Days from order number - 1 to order number, or to as_of.
CREATE FUNCTION plain.waits(number int, as_of date DEFAULT plain.today()) RETURNS TABLE (customer text, days int, came bool) STABLE LANGUAGE sql AS $$
	SELECT a.customer::text, coalesce(b.day, (SELECT as_of)) - a.day, b.day IS NOT NULL
	FROM (SELECT * FROM plain.numbered WHERE n = number - 1 AND day <= (SELECT as_of)) a LEFT JOIN (SELECT * FROM plain.numbered WHERE n = number AND day <= (SELECT as_of)) b USING (customer)
$$;
-- Kaplan and Meier: at each time, of those at risk, who came.
CREATE FUNCTION plain.curve(number int, as_of date DEFAULT plain.today())
RETURNS TABLE (days int, at_risk numeric, events int8, censored int8, survival float8, variance float8) STABLE LANGUAGE sql AS $$
	SELECT days, at_risk, events, censored, CASE WHEN bool_or(events = at_risk) OVER w THEN 0 ELSE exp(sum(ln((1 - events / nullif(at_risk, events))::float8)) OVER w) END, sum(events / nullif(at_risk * (at_risk - events), 0)) OVER w
	FROM (SELECT days, sum(count(*)) OVER (ORDER BY days DESC) AS at_risk, count(*) FILTER (WHERE came) AS events, count(*) FILTER (WHERE NOT came) AS censored FROM plain.waits(number, as_of) GROUP BY days) t
	WINDOW w AS (ORDER BY days)
$$;
CREATE FUNCTION plain.left_at(number int, t int) RETURNS float8 STABLE LANGUAGE sql AS $$
	SELECT CASE WHEN max(days) >= t OR min(survival) = 0 THEN coalesce(min(survival) FILTER (WHERE days <= t), 1) END FROM plain.curve(number)
$$;

-- Who has been silent for longer than nine of ten gaps has ended with the last order.
CREATE FUNCTION plain.lives(as_of date) RETURNS TABLE (days int, at_risk numeric, events int8, censored int8, survival float8) STABLE LANGUAGE sql AS $$
	WITH seen AS MATERIALIZED (SELECT customer, day, day - lag(day) OVER (PARTITION BY customer ORDER BY n) AS gap FROM plain.numbered WHERE day <= as_of),
	usual AS MATERIALIZED (SELECT coalesce(nullif(percentile_cont(0.9) WITHIN GROUP (ORDER BY gap), 0), 90) AS usual FROM seen),
	lives AS (SELECT CASE WHEN as_of - max(day) > (SELECT usual FROM usual) THEN max(day) ELSE as_of END - min(day) AS days, as_of - max(day) > (SELECT usual FROM usual) AS ended FROM seen GROUP BY customer)
	SELECT days, at_risk, events, censored, CASE WHEN bool_or(events = at_risk) OVER w THEN 0 ELSE exp(sum(ln((1 - events / nullif(at_risk, events))::float8)) OVER w) END
	FROM (SELECT days, sum(count(*)) OVER (ORDER BY days DESC) AS at_risk, count(*) FILTER (WHERE ended) AS events, count(*) FILTER (WHERE NOT ended) AS censored FROM lives GROUP BY days) t
	WINDOW w AS (ORDER BY days)
$$;
-- The area below that curve: 1 until the first of its days.
CREATE FUNCTION plain.area(as_of date, t int) RETURNS float8 STABLE LANGUAGE sql AS $$
	SELECT CASE WHEN max(days) >= t OR min(survival) = 0 THEN least(min(days), t) + sum(survival * (least(next, t) - least(days, t))) END
	FROM (SELECT days, survival, lead(days, 1, 100000000) OVER (ORDER BY days) AS next FROM plain.lives(as_of)) c
$$;

--> by_hand
SELECT customers, orders, revenue FROM shop_history, history_info(h) WHERE h IS NOT NULL;
SELECT count(DISTINCT customer), count(*), (SELECT sum(amount) FROM plain.known) FROM plain.numbered HAVING count(*) > 0

--> repeat_within
SELECT d, count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND second - first <= d), round(count(*) FILTER (WHERE old AND second - first <= d) / nullif(count(*) FILTER (WHERE old), 0)::numeric, 3),
	   plain.wilson(count(*) FILTER (WHERE old AND second - first <= d), count(*) FILTER (WHERE old), -1), plain.wilson(count(*) FILTER (WHERE old AND second - first <= d), count(*) FILTER (WHERE old), 1)
FROM (VALUES (30), (60), (90)) v (d), LATERAL (SELECT *, plain.today() - first >= d AS old FROM plain.pair) p GROUP BY d

--> naive
SELECT customers, orders, revenue FROM history, history_info(h) WHERE h IS NOT NULL;
SELECT count(DISTINCT customer), count(*), (SELECT sum(amount) FROM plain.known) FROM plain.numbered HAVING count(*) > 0

--> naive
SELECT d, count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND second - first <= d), round(count(*) FILTER (WHERE old AND second - first <= d) / nullif(count(*) FILTER (WHERE old), 0)::numeric, 3),
	   round(count(*) FILTER (WHERE second - first <= d) / count(*)::numeric, 3)
FROM (VALUES (30), (60), (90), (180), (365)) v (d), LATERAL (SELECT *, plain.today() - first >= d AS old FROM plain.pair) p GROUP BY d

--> by_cohort
SELECT date_trunc('month', first)::date AS cohort, count(*), count(*) FILTER (WHERE '2025-12-31' - first >= 90), count(*) FILTER (WHERE '2025-12-31' - first >= 90 AND second - first <= 90),
	   round(100 * count(*) FILTER (WHERE '2025-12-31' - first >= 90 AND second - first <= 90) / nullif(count(*) FILTER (WHERE '2025-12-31' - first >= 90), 0)::numeric, 1)
FROM plain.pair WHERE date_trunc('month', first) >= '2025-07-01' GROUP BY 1 ORDER BY 1

--> value_within
SELECT d, count(DISTINCT p.customer), count(*) FILTER (WHERE is_order), coalesce(sum(amount), 0), round(count(*) FILTER (WHERE is_order) / nullif(count(DISTINCT p.customer), 0)::numeric, 3),
	   round(sum(amount) / nullif(count(*) FILTER (WHERE is_order), 0), 2), round(sum(amount) / nullif(count(DISTINCT p.customer), 0), 2)
FROM (VALUES (0), (30), (60), (90)) v (d) LEFT JOIN (plain.pair p JOIN plain.known k USING (customer)) ON plain.today() - first >= d AND day - first BETWEEN 0 AND d WHERE plain.today() IS NOT NULL GROUP BY d

--> first_orders
SELECT date_trunc('quarter', d)::date, count(DISTINCT customer) FILTER (WHERE is_order AND d = first), count(*) FILTER (WHERE is_order AND d = first),
	   round(sum(amount) FILTER (WHERE d = first) / nullif(count(*) FILTER (WHERE is_order AND d = first), 0), 2),
	   round(sum(amount) FILTER (WHERE d IS DISTINCT FROM first) / nullif(count(*) FILTER (WHERE is_order AND d > first), 0), 2)
FROM generate_series((SELECT min(first) FROM plain.pair)::timestamp, '2025-12-31', '1 day') d LEFT JOIN (plain.known k LEFT JOIN plain.pair p USING (customer)) ON day = d
GROUP BY 1 ORDER BY 1

--> value_at_ages
SELECT d, count(DISTINCT p.customer), count(*) FILTER (WHERE is_order), coalesce(sum(amount), 0),
	   round(sum(amount) / nullif(count(*) FILTER (WHERE is_order), 0), 2), round(sum(amount) / nullif(count(DISTINCT p.customer), 0), 2)
FROM (VALUES (0), (30), (90), (180), (365)) v (d) LEFT JOIN (plain.pair p JOIN plain.known k USING (customer)) ON plain.today() - first >= d AND day - first BETWEEN 0 AND d WHERE plain.today() IS NOT NULL GROUP BY d

--> day_n
SELECT d, count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND EXISTS (SELECT FROM plain.numbered n WHERE n.customer = p.customer AND n.day = p.first + d)),
	   count(*) FILTER (WHERE old AND EXISTS (SELECT FROM plain.numbered n WHERE n.customer = p.customer AND n.day >= p.first + d))
FROM (VALUES (0), (30), (60)) v (d), LATERAL (SELECT *, plain.today() - first >= d AS old FROM plain.pair) p GROUP BY d

--> brackets
SELECT a, b, count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND came), round(100 * count(*) FILTER (WHERE old AND came) / nullif(count(*) FILTER (WHERE old), 0)::numeric, 1)
FROM (VALUES (1, 7), (8, 30), (31, 90), (91, 180), (181, 365)) v (a, b),
	 LATERAL (SELECT plain.today() - first >= b AS old, EXISTS (SELECT FROM plain.numbered n WHERE n.customer = p.customer AND n.day BETWEEN p.first + a AND p.first + b) AS came FROM plain.pair p) p
GROUP BY a, b

--> curve
SELECT days, at_risk, events, censored, survival, CASE WHEN survival > 0 THEN round((survival * sqrt(variance))::numeric, 3) END,
	   CASE WHEN survival = 1 THEN 1 WHEN survival > 0 THEN round((survival ^ exp(1.959963984540054 * sqrt(variance) / -ln(survival)))::numeric, 3) END,
	   CASE WHEN survival = 1 THEN 1 WHEN survival > 0 THEN round((survival ^ exp(-1.959963984540054 * sqrt(variance) / -ln(survival)))::numeric, 3) END
FROM plain.curve(2)

--> times
SELECT n, nullif((SELECT count(*) FROM plain.waits(n)), 0), (SELECT nullif(count(*), 0) - count(*) FILTER (WHERE NOT came) FROM plain.waits(n)), round(1 - plain.left_at(n, 90)::numeric, 3),
	   -- the middle, where the curve stays at a half for some time
	   (SELECT (min(days) FILTER (WHERE survival < 0.5 + 1e-12) + coalesce(min(days) FILTER (WHERE survival < 0.5 - 1e-12), min(days) FILTER (WHERE survival < 0.5 + 1e-12))) / 2.0 FROM plain.curve(n)),
	   -- the area below the steps
	   round((SELECT CASE WHEN max(days) >= 90 OR min(survival) = 0 THEN sum(height * (least(days, 90) - least(begins, 90))) END
			  FROM (SELECT *, lag(days, 1, 0) OVER (ORDER BY days) AS begins, lag(survival, 1, 1) OVER (ORDER BY days) AS height FROM plain.curve(n)) c)::numeric, 1)
FROM generate_series(2, 5) n

--> two_groups
-- the log-rank statistic: at each time the events of one group less those expected of its share of all at risk
WITH f AS (SELECT customer::text, (array_agg(amount ORDER BY at, amount))[1] >= 30 AS large FROM plain.numbered GROUP BY customer),
w AS (SELECT * FROM plain.waits(2, '2025-12-31') JOIN f USING (customer)),
t AS (SELECT d.days, count(*) FILTER (WHERE w.days >= d.days AND large)::float8 AS n1, count(*) FILTER (WHERE w.days >= d.days)::float8 AS n, count(*) FILTER (WHERE w.days = d.days AND came AND large) AS d1, count(*) FILTER (WHERE w.days = d.days AND came) AS d
	  FROM (SELECT DISTINCT days FROM w WHERE came) d, w GROUP BY d.days),
x AS (SELECT sqrt(sum(d1 - d * n1 / n) ^ 2 / sum(d * n1 / n * (1 - n1 / n) * (n - d) / nullif(n - 1, 0))) AS z FROM t),
s AS (SELECT large, (SELECT exp(sum(ln(1 - e / r))) FROM (SELECT d.days, count(*) FILTER (WHERE v.days >= d.days)::float8 AS r, count(*) FILTER (WHERE v.days = d.days AND v.came) AS e FROM (SELECT DISTINCT days FROM w WHERE came AND days <= 90) d, w v WHERE v.large = l.large GROUP BY d.days) c) AS s90
	  FROM (VALUES (true), (false)) l (large))
SELECT round(1 - (SELECT s90 FROM s WHERE large)::numeric, 3), round(1 - (SELECT s90 FROM s WHERE NOT large)::numeric, 3),
	   -- the normal distribution's tail, to seven digits (Abramowitz and Stegun 26.2.17)
	   round((2 * exp(-z * z / 2) / sqrt(2 * pi()) * k * (0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))))::numeric, 2)
FROM x, LATERAL (SELECT 1 / (1 + 0.2316419 * z) AS k) k

--> contracts
SELECT 3, 2, date '2024-02-10' - '2024-01-01'

--> active_life
SELECT days, at_risk, events, censored, round(survival::numeric, 3) FROM plain.lives('2024-05-31')

--> stays
SELECT sum(events + censored), sum(events), round(CASE WHEN max(days) >= 180 OR min(survival) = 0 THEN coalesce(min(survival) FILTER (WHERE days <= 180), 1) END::numeric, 3),
	   round(plain.area('2025-12-31', 365)::numeric, 1), round(plain.area('2025-12-31', 540)::numeric, 1), (SELECT round(avg(last_day - first_day), 1) FROM plain.customer)
FROM plain.lives('2025-12-31')

--> ladder
SELECT a.n, count(*), count(b.n), count(b.n)::float8 / count(*), count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND b.day - a.day <= 30), count(*) FILTER (WHERE old AND b.day - a.day <= 30)::float8 / nullif(count(*) FILTER (WHERE old), 0),
	   percentile_cont(0.5) WITHIN GROUP (ORDER BY b.day - a.day)
FROM (SELECT *, plain.today() - day >= 30 AS old FROM plain.numbered WHERE n <= 20) a LEFT JOIN plain.numbered b ON b.customer = a.customer AND b.n = a.n + 1 GROUP BY a.n

--> ladder_of_90_days
SELECT a.n, count(*), count(b.n), round(count(b.n)::numeric / count(*), 3), count(*) FILTER (WHERE old), round(count(*) FILTER (WHERE old AND b.day - a.day <= 90)::numeric / nullif(count(*) FILTER (WHERE old), 0), 3),
	   percentile_cont(0.5) WITHIN GROUP (ORDER BY b.day - a.day)
FROM (SELECT *, plain.today() - day >= 90 AS old FROM plain.numbered WHERE n <= 5) a LEFT JOIN plain.numbered b ON b.customer = a.customer AND b.n = a.n + 1 GROUP BY a.n

--> gaps
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap), percentile_cont(0.9) WITHIN GROUP (ORDER BY gap) FROM (SELECT day - lag(day) OVER (PARTITION BY customer ORDER BY n) AS gap FROM plain.numbered) g

--> due
SELECT customer::text, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY gap), max(day) + floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap))::int
FROM (SELECT *, day - lag(day) OVER (PARTITION BY customer ORDER BY n) AS gap FROM plain.numbered) g GROUP BY customer ORDER BY customer::text

--> names
SELECT customer || '@example.com', count(*), max(day) FROM plain.numbered GROUP BY customer

--> one_customer
SELECT count(*) FILTER (WHERE is_order), sum(amount), min(day) FILTER (WHERE is_order), max(day) FILTER (WHERE is_order), plain.today() - max(day) FILTER (WHERE is_order),
	   max(day) FILTER (WHERE is_order) + (SELECT floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap))::int FROM (SELECT day - lag(day) OVER (ORDER BY day) AS gap FROM (SELECT DISTINCT day FROM plain.numbered WHERE customer::text = '7') d) g)
FROM plain.known WHERE customer::text = '7' HAVING bool_or(is_order)

--> summary
SELECT customer, (rfm).repeat_purchases, (rfm).active_days, (rfm).age_days, round((rfm).mean_spend, 2), (rfm).orders, (SELECT count(DISTINCT day) FROM plain.numbered n WHERE n.customer::text = c.customer AND day > '2024-03-31' AND day <= '2024-04-30')
FROM (SELECT DISTINCT customer_id::text AS customer FROM orders WHERE customer_id IS NOT NULL) c LEFT JOIN plain.rfm('2024-03-31') USING (customer) ORDER BY customer

--> cells
SELECT (rfm).repeat_purchases, (rfm).active_days, (rfm).age_days, count(*) FROM plain.rfm('2024-04-03') GROUP BY 1, 2, 3

--> same_day_orders
SELECT count(*), count(DISTINCT ((rfm).repeat_purchases, (rfm).active_days, (rfm).age_days)), sum((rfm).repeat_purchases), sum((rfm).orders - (rfm).repeat_purchases - 1) FROM plain.rfm('2024-04-03') HAVING count(*) > 0
UNION ALL SELECT NULL, NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM plain.rfm('2024-04-03'))
