-- Plain SQL for the queries of doc/recipes.md (see test/docs).  Its table sales has
-- the rows of orders, with customers by number; the tables of a single recipe have
-- the rows that the page shows.

--> instead of CREATE TABLE sales (
CREATE TABLE sales (order_id int, customer int, ordered_at date, amount numeric, country text, channel text, product text);

--> instead of INSERT INTO sales VALUES
INSERT INTO sales
SELECT row_number() OVER (ORDER BY ordered_at, amount, customer_id), CASE WHEN customer_id IS NOT NULL THEN dense_rank() OVER (ORDER BY customer_id) END, ordered_at::date, amount,
	   CASE WHEN extract(day FROM ordered_at)::int % 3 = 0 THEN 'AT' ELSE 'DE' END, (ARRAY['ads', 'search', 'mail'])[1 + coalesce(extract(hour FROM ordered_at)::int, 0) % 3],
	   CASE WHEN extract(day FROM ordered_at)::int % 2 = 0 THEN 'grinder' ELSE 'beans' END
FROM orders;
-- what counts of them, and the orders alone with their number among the customer's
CREATE TABLE plain.s AS SELECT *, ordered_at AS day, amount >= 0 AS is_order FROM sales WHERE customer IS NOT NULL AND amount IS NOT NULL AND isfinite(ordered_at);
CREATE TABLE plain.o AS SELECT *, row_number() OVER (PARTITION BY customer ORDER BY day, order_id) AS n FROM plain.s WHERE is_order;
CREATE INDEX ON plain.s (customer);
CREATE INDEX ON plain.o (customer);
ANALYZE;

--> before
-- Days are those of the views of the table, and these those of the session.
SELECT count(*) FROM retention_create_views('orders', time_zone => 'America/New_York');
CREATE FUNCTION plain.months(first date, last date) RETURNS TABLE (p date) STABLE LANGUAGE sql AS $$ SELECT m::date FROM generate_series(date_trunc('month', first::timestamp), last, '1 month') m $$;

--> sales
SELECT customers, orders, revenue FROM sales_history, history_info(h) WHERE h IS NOT NULL;
SELECT count(DISTINCT customer) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), sum(amount) FROM plain.s HAVING count(*) > 0

--> currencies
SELECT round((50 + 37.20 + 92 + 30 + 18.60) / 5, 2), round((50 + 37.20 + 92 + 30 + 18.60) / 3, 2), 0

--> currency_segments
SELECT currency, round(avg(amount), 2), count(DISTINCT customer) FROM paid GROUP BY currency ORDER BY currency

--> emails
SELECT round((SELECT avg((n > 1)::int) FROM (SELECT count(*) AS n FROM by_mail WHERE email IS NOT NULL GROUP BY email) e), 3), round(avg((n > 1)::int), 3), 7, count(*)
FROM (SELECT count(*) AS n FROM by_mail WHERE email ~ '\S' GROUP BY lower(regexp_replace(email, '^ +| +$', '', 'g'))) c

--> generated
SELECT 2 / 3.0

--> guests
SELECT 3, 1 / 3.0, 50 + 20 + 40 + 30, 3, 15 + 25 + 35

--> guests
SELECT 2 / 4.0

--> suspects
VALUES (0, 3, round(3 / 7.0, 2)), (1, 2, round(2 / 7.0, 2))

--> returns
SELECT (60 + 15 - 60 + 60 - 60 + 15) / 3.0, 1 / 2.0, (60 + 15 + 60 + 60 + 60 + 15) / 6.0, 1

--> profit
SELECT customers, orders FROM profit_shop.kpi;
SELECT count(DISTINCT customer), count(*) FROM margins WHERE quantity > 0

--> profit
SELECT 3, 4, 1, sum(profit), sum(profit) / 3, 1 FROM margins

--> profit
VALUES (0, 3, 3, 10 - 1 + 12), (31, 2, 3, 10 - 4 - 1)

--> profit
SELECT count(DISTINCT customer) FILTER (WHERE profit >= 0), count(*) FILTER (WHERE profit >= 0), sum(profit), sum(profit) / count(DISTINCT customer) FILTER (WHERE profit >= 0), count(*) FILTER (WHERE profit < 0) FROM margins

--> staff
SELECT (SELECT count(*) FROM requests WHERE split_part(email, '@', 2) <> 'shop.example'), (SELECT count(*) FROM requests WHERE email IS NULL OR split_part(email, '@', 2) <> 'shop.example'),
	   round(avg((n > 1)::int), 3), round(avg((n > 1)::int) FILTER (WHERE email NOT LIKE '%shop.example'), 3)
FROM (SELECT email, count(*) AS n FROM requests WHERE email IS NOT NULL GROUP BY email) c

--> subscriptions
WITH r AS (SELECT *, date_trunc('month', ordered_at)::date AS p FROM requests WHERE email LIKE '%@x.org'),
f AS (SELECT email, min(p) AS first, min(p) FILTER (WHERE kind = 'shop') AS first_shop FROM r GROUP BY email)
SELECT p, count(DISTINCT email), count(DISTINCT email) FILTER (WHERE first = p), count(DISTINCT email) FILTER (WHERE first < p), sum(amount), count(DISTINCT email) FILTER (WHERE first_shop = p)
FROM r JOIN f USING (email) WHERE kind = 'shop' GROUP BY p ORDER BY p

--> filtered_views
SELECT customers, orders FROM without_staff.kpi;
SELECT count(DISTINCT email), count(email) FROM requests WHERE email LIKE '%@x.org'

--> filtered_views
SELECT CASE WHEN email LIKE '%shop.example' THEN 'filtered out' WHEN email IS NULL THEN 'guest order' ELSE 'order' END AS reason, count(*), sum(amount) FROM requests GROUP BY reason ORDER BY reason

--> joins
SELECT round((90 + 90 + 20 + 20 + 10) / 5.0, 2), 5 / 2.0, 1, 3 / 2.0, 1 / 2.0

--> joins
SELECT round((90 + 20 + 10) / 3.0, 2), 3 / 2.0, 1 / 2.0, round((2 + 1 + 0) / 3.0, 1)

--> days
-- a row without a time has no day: it is an order of its own
WITH r AS (SELECT customer, isfinite(ordered_at) AS has_day, coalesce(ordered_at::text, 'none ' || order_id) AS day FROM sales WHERE customer IS NOT NULL AND amount >= 0)
SELECT round(count(*) / nullif(count(DISTINCT customer), 0)::numeric, 3), round(count(DISTINCT (customer, day)) / nullif(count(DISTINCT customer), 0)::numeric, 3),
	   (SELECT avg((n > 1)::int) FROM (SELECT count(DISTINCT day) AS n FROM r GROUP BY customer) c)
FROM r

--> first_channel
WITH today AS (SELECT max(day) AS today FROM plain.o), f AS (SELECT customer, channel AS began, day AS first FROM plain.o WHERE n = 1)
SELECT began, d, count(DISTINCT customer) FILTER (WHERE today - first >= d), coalesce(sum(amount) FILTER (WHERE today - first >= d AND day BETWEEN first AND first + d), 0),
	   round(coalesce(sum(amount) FILTER (WHERE today - first >= d AND day BETWEEN first AND first + d), 0) / nullif(count(DISTINCT customer) FILTER (WHERE today - first >= d), 0), 2)
FROM f JOIN plain.s USING (customer), today, (VALUES (0), (60)) v (d) GROUP BY began, d ORDER BY began, d

--> a_then_b
WITH today AS (SELECT max(day) AS today FROM plain.o), a AS (SELECT customer, min(day) AS first FROM plain.o WHERE product = 'grinder' GROUP BY customer)
SELECT 1, 60, count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND came), avg(came::int) FILTER (WHERE old)
FROM (SELECT today - first >= 60 AS old, EXISTS (SELECT FROM plain.o WHERE o.customer = a.customer AND product = 'beans' AND day - first BETWEEN 1 AND 60) AS came FROM a, today) c
HAVING count(*) > 0

--> a_then_b_who
SELECT customer, first, (SELECT min(day) FROM plain.o WHERE o.customer = a.customer AND product = 'beans' AND day > first) - first
FROM (SELECT customer, min(day) AS first FROM plain.o WHERE product = 'grinder' GROUP BY customer) a
WHERE (SELECT min(day) FROM plain.o WHERE o.customer = a.customer AND product = 'beans' AND day > first) - first <= 60 ORDER BY customer

--> payback
WITH today AS (SELECT max(day) AS today FROM plain.o), f AS (SELECT customer, date_trunc('month', min(day))::date AS cohort FROM plain.o GROUP BY customer),
c AS (SELECT cohort, spent, count(*) AS size FROM f JOIN campaigns ON month = cohort GROUP BY cohort, spent),
v AS (SELECT cohort, spent, size, row_number() OVER (PARTITION BY cohort ORDER BY p) - 1 AS i,
			 (SELECT coalesce(sum(amount), 0) FROM plain.s JOIN f USING (customer) WHERE f.cohort = c.cohort AND day >= f.cohort AND day <= (SELECT today FROM today) AND date_trunc('month', day) <= p) * 0.4 / size AS earned
	  FROM c, today, plain.months(cohort, today) p)
SELECT cohort, size, round(spent / size, 2), round(max(earned), 2), min(i) FILTER (WHERE earned >= spent / size) FROM v GROUP BY cohort, size, spent ORDER BY cohort

--> two_cohorts
SELECT cohort, customers, orders FROM cohort_histories, history_info(h);
SELECT cohort, count(*), sum(n) FROM (SELECT date_trunc('month', min(day))::date AS cohort, count(*) AS n FROM plain.o GROUP BY customer) c GROUP BY cohort

--> two_cohorts
SELECT * FROM (SELECT cohort, subjects(s) AS customers, events(s) AS came, r.eligible, r.repeated, round(r.rate::numeric, 2) FROM cohort_histories, repeat_within(h, 60, as_of => '2024-04-25') AS r, time_to_order(h, as_of => '2024-04-25') AS s) q WHERE customers > 0 ORDER BY cohort;
WITH w AS (SELECT customer, date_trunc('month', min(day))::date AS cohort, min(day) AS first, min(day) FILTER (WHERE n = 2) AS second FROM plain.o WHERE day <= '2024-04-25' GROUP BY customer)
SELECT cohort, count(*), count(second), count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND second - first <= 60), round(count(*) FILTER (WHERE old AND second - first <= 60) / nullif(count(*) FILTER (WHERE old), 0)::numeric, 2)
FROM (SELECT *, date '2024-04-25' - first >= 60 AS old FROM w) w GROUP BY cohort ORDER BY cohort

--> two_cohorts on ids texts
WITH w AS (SELECT cohort = '2024-01-01' AS january, coalesce(second, '2024-04-25') - first AS days, second IS NOT NULL AS came
		   FROM (SELECT date_trunc('month', min(day))::date AS cohort, min(day) AS first, min(day) FILTER (WHERE n = 2) AS second FROM plain.o WHERE day <= '2024-04-25' GROUP BY customer) c WHERE cohort IN ('2024-01-01', '2024-02-01')),
t AS (SELECT d.days, count(*) FILTER (WHERE w.days >= d.days AND january)::float8 AS n1, count(*) FILTER (WHERE w.days >= d.days)::float8 AS n, count(*) FILTER (WHERE w.days = d.days AND came AND january) AS d1, count(*) FILTER (WHERE w.days = d.days AND came) AS d
	  FROM (SELECT DISTINCT days FROM w WHERE came) d, w GROUP BY d.days),
x AS (SELECT sqrt(sum(d1 - d * n1 / n) ^ 2 / sum(d * n1 / n * (1 - n1 / n) * (n - d) / nullif(n - 1, 0))) AS z FROM t)
SELECT round((z * z)::numeric, 4),
	   -- the normal distribution's tail, to seven digits (Abramowitz and Stegun 26.2.17)
	   round((2 * exp(-z * z / 2) / sqrt(2 * pi()) * k * (0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))))::numeric, 2)
FROM x, LATERAL (SELECT 1 / (1 + 0.2316419 * z) AS k) k

--> new_and_returning
SELECT customers, orders FROM shop.kpi;
SELECT count(DISTINCT customer), count(*) FROM plain.o

--> new_and_returning
WITH r AS (SELECT *, date_trunc('month', ordered_at)::date AS p FROM sales WHERE amount IS NOT NULL AND isfinite(ordered_at)),
f AS (SELECT customer, date_trunc('month', min(day))::date AS first FROM plain.o GROUP BY customer)
SELECT to_char(m.p, 'YYYY-MM'), count(DISTINCT customer) FILTER (WHERE amount >= 0 AND first = m.p), count(DISTINCT customer) FILTER (WHERE amount >= 0 AND first < m.p),
	   round(coalesce(sum(amount) FILTER (WHERE first = m.p), 0), 2), round(coalesce(sum(amount) FILTER (WHERE customer IS NOT NULL AND first IS DISTINCT FROM m.p), 0), 2),
	   round(coalesce(sum(amount) FILTER (WHERE customer IS NULL), 0), 2), round(coalesce(sum(amount), 0), 2), m.p < date_trunc('month', (SELECT max(day) FROM plain.o))
FROM plain.months((SELECT min(ordered_at) FROM r), (SELECT max(ordered_at) FROM r)) m LEFT JOIN (r LEFT JOIN f USING (customer)) ON r.p = m.p GROUP BY m.p ORDER BY m.p

--> last_year
SELECT to_char(w, 'IYYY-"W"IW'), w::date, count(DISTINCT customer) FILTER (WHERE ordered_at >= w), coalesce(sum(amount) FILTER (WHERE ordered_at >= w), 0), w::date - 364, coalesce(sum(amount) FILTER (WHERE ordered_at < w), 0)
FROM generate_series(timestamp '2024-11-11', '2024-11-25', '7 days') w LEFT JOIN two_years ON ordered_at BETWEEN w AND w + interval '6 days' OR ordered_at BETWEEN w - interval '364 days' AND w - interval '358 days'
GROUP BY w ORDER BY w

--> so_far
SELECT orders FROM springs.kpi;
SELECT count(*) FROM two_springs

--> so_far
SELECT span, a::date, b, before, count(*) FILTER (WHERE ordered_at >= a), CASE WHEN known THEN count(*) FILTER (WHERE ordered_at BETWEEN a - interval '1 year' AND before) END, sum(amount) FILTER (WHERE ordered_at >= a),
	   CASE WHEN known THEN sum(amount) FILTER (WHERE ordered_at BETWEEN a - interval '1 year' AND before) END,
	   CASE WHEN known THEN round(sum(amount) FILTER (WHERE ordered_at >= a) / sum(amount) FILTER (WHERE ordered_at BETWEEN a - interval '1 year' AND before) - 1, 3) END,
	   count(*) FILTER (WHERE first AND ordered_at >= a), CASE WHEN known THEN count(*) FILTER (WHERE first AND ordered_at BETWEEN a - interval '1 year' AND before) END
FROM (VALUES ('month', timestamp '2024-02-01', true), ('quarter', '2024-01-01', true), ('year', '2024-01-01', true), ('year from october', '2023-10-01', false)) s (span, a, known),
	 (SELECT *, ordered_at = min(ordered_at) OVER (PARTITION BY customer) AS first FROM two_springs) o, (SELECT date '2024-02-29' AS b, date '2023-02-28' AS before) d
GROUP BY span, a, b, before, known ORDER BY a DESC, span

--> daily
SELECT day, country, coalesce(customers(base), 0), coalesce(orders(base), 0) FROM daily;
SELECT ordered_at, country, count(DISTINCT customer) FILTER (WHERE amount >= 0), count(customer) FILTER (WHERE amount >= 0) FROM sales WHERE isfinite(ordered_at) GROUP BY 1, 2

--> daily on ids texts
WITH q AS (SELECT * FROM plain.s WHERE day BETWEEN '2024-01-01' AND '2024-03-31'),
c AS (SELECT country, customer, count(*) FILTER (WHERE is_order) AS n, sum(amount) AS m FROM q GROUP BY GROUPING SETS ((country, customer), (customer)))
SELECT coalesce(country, 'all'), count(*) FILTER (WHERE n > 0), sum(n), round(avg((n > 1)::int) FILTER (WHERE n > 0), 3), sum(m) FROM c GROUP BY country ORDER BY c.country

--> quarter_of_histories
SELECT country, count(n), round(avg((n > 1)::int), 3) FROM (SELECT DISTINCT country FROM sales) c
	 LEFT JOIN (SELECT country, count(*) AS n FROM plain.o WHERE day BETWEEN '2024-01-01' AND '2024-03-31' GROUP BY country, customer) q USING (country)
GROUP BY country ORDER BY country

--> one_customer
WITH o AS (SELECT *, day - lag(day) OVER (ORDER BY n) AS gap FROM plain.o WHERE customer = 1)
SELECT count(*), (SELECT sum(amount) FROM plain.s WHERE customer = 1), round((SELECT sum(amount) FROM plain.s WHERE customer = 1) / nullif(count(*), 0), 2), make_interval(days => max(day) - min(day)),
	   percentile_cont(0.5) WITHIN GROUP (ORDER BY gap), max(day) + floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap))::int
FROM o

--> one_of_many
WITH s AS MATERIALIZED (SELECT customer, sum(amount) AS revenue FROM plain.s WHERE day <= '2024-04-30' GROUP BY customer),
usual AS (SELECT coalesce(nullif(percentile_cont(0.9) WITHIN GROUP (ORDER BY gap), 0), 90) AS usual FROM (SELECT day - lag(day) OVER (PARTITION BY customer ORDER BY n) AS gap FROM plain.o WHERE day <= '2024-04-30') g),
c AS (SELECT customer, count(*) AS orders, max(day) AS last, date '2024-04-30' - max(day) AS silent FROM plain.o WHERE day <= '2024-04-30' GROUP BY customer),
scored AS (SELECT *, 5 - 5 * (rank() OVER (ORDER BY last DESC) - 1) / count(*) OVER () AS r, 1 + 5 * (rank() OVER (ORDER BY orders) - 1) / count(*) OVER () AS f,
				  1 + 5 * (rank() OVER (ORDER BY revenue) - 1) / count(*) OVER () AS m, 1 + 10 * (rank() OVER (ORDER BY revenue) - 1) / count(*) OVER () AS decile FROM c JOIN s USING (customer))
SELECT orders, revenue, silent, concat(r, f, m), decile, CASE WHEN silent > 3 * usual THEN 'lost' WHEN silent > 2 * usual THEN 'dormant' WHEN silent > usual THEN 'at risk' WHEN orders > 1 THEN 'active' ELSE 'new' END
FROM scored, usual WHERE customer = 1

--> sequence
SELECT customers, orders FROM sequence_shop.kpi;
SELECT count(DISTINCT customer), count(*) FROM plain.o

--> sequence
WITH g AS (SELECT *, day - lag(day) OVER (PARTITION BY customer ORDER BY n) AS gap FROM plain.o)
SELECT channel, count(*), count(*) FILTER (WHERE n = 1), count(*) FILTER (WHERE n = 2), round(avg(gap), 1), round(sum(amount) FILTER (WHERE n = 1), 2) FROM g GROUP BY channel ORDER BY channel

--> sequence
SELECT customer, order_id, day, round(amount, 2), n, day - (SELECT max(day) FROM plain.o p WHERE p.customer = o.customer AND p.n < o.n),
	   round((SELECT sum(amount) FROM plain.o p WHERE p.customer = o.customer AND p.n <= o.n) + coalesce((SELECT sum(amount) FROM plain.s r WHERE r.customer = o.customer AND NOT is_order AND r.day <= o.day), 0), 2)
FROM plain.o o WHERE customer IN (3, 4) ORDER BY customer, n

--> inactive
SELECT * FROM (SELECT customer, orders, revenue, last_order, recency_days, status FROM sales_history, customer_list(h, as_of => '2024-06-30')) q WHERE recency_days >= 90 ORDER BY recency_days DESC, customer::int;
WITH s AS MATERIALIZED (SELECT customer, sum(amount) AS revenue FROM plain.s WHERE day <= '2024-06-30' GROUP BY customer),
usual AS (SELECT coalesce(nullif(percentile_cont(0.9) WITHIN GROUP (ORDER BY gap), 0), 90) AS usual FROM (SELECT day - lag(day) OVER (PARTITION BY customer ORDER BY n) AS gap FROM plain.o WHERE day <= '2024-06-30') g),
c AS (SELECT customer, count(*) AS orders, max(day) AS last, date '2024-06-30' - max(day) AS silent FROM plain.o WHERE day <= '2024-06-30' GROUP BY customer)
SELECT customer, orders, revenue, last, silent, CASE WHEN silent > 3 * usual THEN 'lost' WHEN silent > 2 * usual THEN 'dormant' WHEN silent > usual THEN 'at risk' WHEN orders > 1 THEN 'active' ELSE 'new' END
FROM c JOIN s USING (customer), usual WHERE silent >= 90 ORDER BY silent DESC, customer

--> inactive_names
SELECT email, max(ordered_at) AS last, date '2024-05-19' - max(ordered_at) FROM requests WHERE email LIKE '%@x.org' GROUP BY email HAVING date '2024-05-19' - max(ordered_at) >= 90 ORDER BY last

--> due
SELECT * FROM (SELECT customer, orders, last_order, next_order_due, CASE WHEN next_order_due > '2024-04-30' THEN 'due' ELSE 'late' END FROM sales_history, customer_list(h, as_of => '2024-04-30')) q WHERE next_order_due <= date '2024-05-07' ORDER BY next_order_due, customer::int;
WITH o AS (SELECT * FROM plain.o WHERE day <= '2024-04-30'),
d AS (SELECT customer, max(day) AS last, max(day) + floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap))::int AS due
	  FROM (SELECT customer, day, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM (SELECT DISTINCT customer, day FROM o) x) g GROUP BY customer)
SELECT customer, (SELECT count(*) FROM o WHERE o.customer = d.customer), last, due, CASE WHEN due > '2024-04-30' THEN 'due' ELSE 'late' END FROM d WHERE due <= '2024-05-07' ORDER BY due, customer

--> win_back
SELECT customers, orders FROM big_shop.kpi;
SELECT count(DISTINCT customer), count(*) FROM plain.numbered

--> win_back
WITH silent AS (
	SELECT s.customer, orders, round(revenue, 2) AS paid, today - last_day AS silent, CASE WHEN today - last_day > 2 * gap THEN 'dormant' ELSE 'at risk' END AS status,
		   p_alive(m, rfm) AS p_alive, round(predicted_clv(m, sp, rfm, '3 years')::numeric, 4) AS clv
	FROM (SELECT plain.today() AS today) t CROSS JOIN plain.customer s JOIN plain.rfm(plain.today()) c ON c.customer = s.customer::text,
		 (SELECT coalesce(nullif(percentile_cont(0.9) WITHIN GROUP (ORDER BY gap), 0), 90) AS gap FROM (SELECT day - lag(day) OVER (PARTITION BY customer ORDER BY n) AS gap FROM plain.numbered) g) g,
		 (SELECT fit_purchases(repeat_buying(rfm)) AS m, fit_spend(repeat_spend(rfm)) AS sp FROM plain.rfm(plain.today())) f
	WHERE today - last_day > gap AND today - last_day <= 3 * gap
)
SELECT customer, orders, paid, silent, status, round(p_alive::numeric, 2), round(clv, 2), round((clv / p_alive)::numeric) AS worth FROM silent WHERE p_alive >= 0.05 AND p_alive <= 0.8
ORDER BY worth DESC NULLS LAST, customer LIMIT 5

--> forgotten
SELECT customers, orders, revenue FROM kept_history, history_info(h) WHERE h IS NOT NULL;
SELECT count(DISTINCT customer) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), sum(amount) FROM plain.s HAVING count(*) > 0

--> forgotten on ids texts
SELECT count(DISTINCT customer) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), sum(amount), true FROM plain.s WHERE customer <> 3

--> forgotten_in_bases on ids texts
SELECT count(DISTINCT customer) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), sum(amount) FROM plain.s WHERE customer <> 3

--> made_a_guest on ids texts
SELECT count(DISTINCT customer) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), sum(amount),
	   (SELECT count(*) FROM sales WHERE coalesce(customer, 3) = 3 AND amount >= 0 AND isfinite(ordered_at)), (SELECT sum(amount) FROM sales WHERE coalesce(customer, 3) = 3 AND isfinite(ordered_at))
FROM plain.s WHERE customer <> 3

--> merged on ids texts
SELECT count(DISTINCT customer), count(DISTINCT CASE customer WHEN 6 THEN 1 ELSE customer END), count(*), (SELECT sum(amount) FROM plain.s), true FROM plain.o

--> sampled on ids texts
-- as many customers as these are all kept
SELECT round((SELECT avg((n > 1)::int) FROM (SELECT count(*) AS n FROM (SELECT customer_id, row_number() OVER (ORDER BY ordered_at) AS n FROM orders) r WHERE n % 10 = 0 AND customer_id IS NOT NULL GROUP BY customer_id) c), 3),
	   (SELECT round(avg((orders > 1)::int), 3) FROM plain.customer), 0, (SELECT round(avg((n > 1)::int), 3) FROM (SELECT count(*) AS n FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id) c)
