-- Plain SQL for the queries of doc/bi.md (see test/docs).  Every column of every view
-- is compared in test/sql/views.sql.

--> before
-- Days are those of the views of the table, and these those of the session.
SELECT count(*) FROM retention_create_views('orders', time_zone => 'America/New_York');
-- The fifth that a customer is in, by how many have less; names of the pairs of R and F as doc/bi.md and the dashboard know them.
CREATE TABLE plain.scored AS
SELECT *, 5 - 5 * (rank() OVER (ORDER BY last_day DESC) - 1) / count(*) OVER () AS r, 1 + 5 * (rank() OVER (ORDER BY orders) - 1) / count(*) OVER () AS f FROM plain.customer;
CREATE FUNCTION plain.segment(r int8, f int8) RETURNS text IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE WHEN r = 5 THEN CASE WHEN f = 1 THEN 'New customers' WHEN f < 4 THEN 'Potential loyalists' ELSE 'Champions' END
				WHEN r = 4 THEN CASE WHEN f = 1 THEN 'Promising' WHEN f < 4 THEN 'Potential loyalists' ELSE 'Loyal customers' END
				WHEN r = 3 THEN CASE WHEN f < 3 THEN 'About to sleep' WHEN f = 3 THEN 'Need attention' ELSE 'Loyal customers' END
				WHEN f = 5 THEN 'Cannot lose them' WHEN f > 2 THEN 'At risk' WHEN r = 2 THEN 'Hibernating' ELSE 'Lost' END
$$;

--> three_views
SELECT count(*), coalesce(sum(orders), 0), coalesce((SELECT sum(amount) FROM plain.known), 0), round((SELECT sum(amount) / nullif(count(*) FILTER (WHERE is_order), 0) FROM plain.rows), 4),
	   round(avg((orders > 1)::int), 3), round((SELECT sum(amount) FROM plain.known) / nullif(count(*), 0) / ((max(last_day) - min(first_day)) / 365.25) * 3, 4)
FROM plain.customer

--> three_views
WITH k AS (SELECT customer, amount, is_order, date_trunc('month', day::timestamp) AS month FROM plain.known), o AS (SELECT * FROM k WHERE is_order), c AS (SELECT customer, min(month) AS month FROM o GROUP BY customer)
SELECT to_char(p, 'YYYY-MM'), p < date_trunc('month', plain.today()), (SELECT count(DISTINCT customer) FROM o WHERE month = p), (SELECT count(*) FROM c WHERE month = p),
	   (SELECT count(DISTINCT customer) FROM o JOIN c USING (customer) WHERE o.month = p AND c.month < p), (SELECT coalesce(sum(amount), 0) FROM k WHERE month = p), (SELECT coalesce(sum(amount), 0) FROM k JOIN c USING (customer) WHERE k.month = p AND c.month = p)
-- to the last row, which may be a guest's or a refund
FROM (SELECT generate_series(date_trunc('month', min(day)::timestamp), date_trunc('month', max(day)::timestamp), interval '1 month') AS p FROM plain.rows) p
ORDER BY p DESC LIMIT 3

--> three_views
SELECT * FROM (
	SELECT s.customer, plain.segment(r, f), CASE WHEN today - last_day > 3 * gap THEN 'lost' WHEN today - last_day > 2 * gap THEN 'dormant' WHEN today - last_day > gap THEN 'at risk' ELSE 'new or active' END AS status,
		   orders, round(revenue, 4), round(p_alive(m, rfm)::numeric, 2), round((expected_purchases(m, rfm, '1 year') * expected_spend(sp, rfm))::numeric, 4) AS expected
	FROM (SELECT plain.today() AS today) t CROSS JOIN plain.scored s JOIN plain.rfm(plain.today()) c ON c.customer = s.customer::text,
		 (SELECT coalesce(nullif(percentile_cont(0.9) WITHIN GROUP (ORDER BY gap), 0), 90) AS gap FROM (SELECT day - lag(day) OVER (PARTITION BY customer ORDER BY n) AS gap FROM plain.numbered) g) g,
		 (SELECT fit_purchases(repeat_buying(rfm)) AS m, fit_spend(repeat_spend(rfm)) AS sp FROM plain.rfm(plain.today())) f) c
WHERE status IN ('at risk', 'dormant') ORDER BY expected IS NULL, -expected, customer LIMIT 5

--> to_date
WITH w AS (SELECT span, year, a, plain.today()::date AS b FROM unnest('{month,quarter,year}'::text[]) span, LATERAL (SELECT date_trunc(span, plain.today()::timestamp)::date AS a, interval '1 year' AS year) s WHERE plain.today() IS NOT NULL),
o AS (SELECT customer, day, min(day) OVER (PARTITION BY customer) AS first FROM plain.numbered),
n AS (SELECT span, a, b, (b - year)::date AS before, count(DISTINCT customer) FILTER (WHERE day BETWEEN a AND b) AS now, count(DISTINCT customer) FILTER (WHERE day BETWEEN (a - year)::date AND (b - year)::date) AS was,
			 count(DISTINCT customer) FILTER (WHERE first BETWEEN a AND b) AS new, count(DISTINCT customer) FILTER (WHERE first BETWEEN (a - year)::date AND (b - year)::date) AS new_was, min(first) <= (a - year)::date AS known
	  FROM w, o GROUP BY span, a, b, year)
SELECT span, a, b, before, now, CASE WHEN known THEN was END, CASE WHEN known THEN round((now::float8 / nullif(was, 0) - 1)::numeric, 3) END, new, CASE WHEN known THEN new_was END, known
FROM n ORDER BY a DESC, span

--> of_2025
SELECT customers, orders, new_customers FROM shop_2025.kpi, (SELECT coalesce(sum(new_customers), 0) FROM shop_2025.kpi_by_period) n (new_customers);
SELECT (SELECT count(DISTINCT customer) FROM plain.numbered WHERE extract(year FROM day) = 2025), (SELECT count(*) FROM plain.numbered WHERE extract(year FROM day) = 2025), (SELECT count(*) FROM plain.customer WHERE extract(year FROM first_day) = 2025)

--> of_2025
SELECT to_char(q, 'YYYY-"Q"Q'), CASE WHEN plain.today() > '2025-12-31' THEN true ELSE q < date_trunc('quarter', plain.today()::timestamp) END,
	   (SELECT count(DISTINCT customer) FROM plain.numbered WHERE date_trunc('quarter', day::timestamp) = q), (SELECT count(*) FROM plain.customer WHERE date_trunc('quarter', first_day::timestamp) = q),
	   (SELECT count(DISTINCT n.customer) FROM plain.numbered n JOIN plain.customer c ON c.customer = n.customer WHERE date_trunc('quarter', day::timestamp) = q AND first_day < q),
	   round(coalesce((SELECT sum(amount) FROM plain.known WHERE date_trunc('quarter', day::timestamp) = q), 0), 4), (SELECT count(DISTINCT customer) FROM plain.numbered WHERE day >= q - interval '9 months' AND day < q + interval '3 months')
FROM (SELECT generate_series(timestamp '2025-01-01', timestamp '2025-10-01', interval '3 months') AS q) q
WHERE q BETWEEN (SELECT date_trunc('quarter', min(day)::timestamp) FROM plain.rows) AND (SELECT date_trunc('quarter', max(day)::timestamp) FROM plain.rows) ORDER BY q

--> of_2025
SELECT reason, reason NOT IN ('no amount', 'no time', 'outside the window'), count(*), round(sum(amount), 4)
FROM (SELECT *, CASE WHEN ordered_at IS NULL OR NOT isfinite(ordered_at) THEN 'no time' WHEN amount IS NULL THEN 'no amount' WHEN extract(year FROM ordered_at) <> 2025 THEN 'outside the window'
					 WHEN customer_id IS NULL THEN CASE WHEN amount < 0 THEN 'guest refund' ELSE 'guest order' END WHEN amount >= 0 THEN 'order'
					 WHEN EXISTS (SELECT FROM plain.numbered n WHERE n.customer = customer_id AND extract(year FROM day) = 2025) THEN 'refund' ELSE 'refund without order' END AS reason
	  FROM orders) o
GROUP BY reason

--> by_filter
SELECT customers FROM filtered_2025.kpi;
SELECT count(DISTINCT customer) FROM plain.numbered WHERE extract(year FROM day) = 2025

--> by_filter
SELECT nullif((SELECT count(DISTINCT customer) FROM plain.numbered WHERE extract(year FROM day) = 2025), 0), nullif((SELECT count(*) FROM plain.customer WHERE extract(year FROM first_day) = 2025), 0)
FROM (SELECT 1) one

--> readings
SELECT customers FROM berlin.kpi;
SELECT count(DISTINCT customer) FROM plain.numbered WHERE amount < 500

--> readings
SELECT reason, reason NOT IN ('no amount', 'no time', 'filtered out'), count(*), round(sum(amount), 4)
FROM (SELECT *, CASE WHEN (amount < 500) IS NOT TRUE THEN 'filtered out' WHEN ordered_at IS NULL OR NOT isfinite(ordered_at) THEN 'no time' WHEN customer_id IS NULL THEN CASE WHEN amount < 0 THEN 'guest refund' ELSE 'guest order' END WHEN amount >= 0 THEN 'order'
					 WHEN EXISTS (SELECT FROM plain.numbered n WHERE n.customer = customer_id AND n.amount < 500) THEN 'refund' ELSE 'refund without order' END AS reason
	  FROM orders) o
GROUP BY reason

--> parts
SELECT segment, value, orders FROM parted_shop.kpi_by_segment;
SELECT 'channel', CASE WHEN amount < 50 THEN 'web' ELSE 'store' END AS channel, count(*) FILTER (WHERE customer_id IS NOT NULL AND amount >= 0 AND isfinite(ordered_at)) FROM orders GROUP BY channel

--> parts
SELECT channel, count(*) FILTER (WHERE orders > 0), coalesce(sum(orders), 0), round(coalesce(sum(revenue), 0), 4), round((SELECT sum(amount) / nullif(count(*) FILTER (WHERE is_order), 0) FROM plain.rows WHERE (amount < 50) = (channel = 'web')), 4),
	   round(count(*) FILTER (WHERE orders > 1)::numeric / nullif(count(*) FILTER (WHERE orders > 0), 0), 3)
FROM (SELECT CASE WHEN amount < 50 THEN 'web' ELSE 'store' END AS channel, customer, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue FROM plain.known GROUP BY 1, 2) c
GROUP BY channel ORDER BY channel

--> parts
SELECT channel, count(DISTINCT customer) FILTER (WHERE is_order), count(DISTINCT customer) FILTER (WHERE is_order AND first_day >= month), coalesce(sum(amount) FILTER (WHERE first_day >= month AND bought_here), 0), coalesce(sum(amount), 0)
FROM (VALUES ('store'), ('web')) v (channel), (SELECT date_trunc('month', plain.today()) - interval '1 month' AS month) m
	 LEFT JOIN (SELECT k.*, first_day, CASE WHEN amount < 50 THEN 'web' ELSE 'store' END AS c,
				EXISTS (SELECT FROM plain.numbered n WHERE n.customer = k.customer AND (n.amount < 50) = (k.amount < 50)) AS bought_here FROM plain.known k LEFT JOIN plain.customer USING (customer)) k
	 ON date_trunc('month', k.day::timestamp) = month
WHERE month IS NOT NULL AND (c = channel OR c IS NULL) GROUP BY channel ORDER BY channel

--> own_segments
SELECT channel, count(*), round(sum(revenue), 4), (SELECT round(avg(p_alive)::numeric, 2) FROM parted_shop.customers v WHERE v.channel = s.channel)
FROM (SELECT c.customer, c.revenue, min(CASE WHEN amount < 50 THEN 'web' ELSE 'store' END) AS channel FROM plain.customer c JOIN plain.numbered n ON n.customer = c.customer AND n.day = c.first_day GROUP BY c.customer, c.revenue) s
GROUP BY channel ORDER BY channel

--> fiscal
SELECT customers, orders FROM fiscal_shop.kpi;
SELECT count(*), coalesce(sum(orders), 0) FROM plain.customer

--> fiscal_quarters
WITH o AS (SELECT customer, date_trunc('quarter', day::timestamp) AS p FROM plain.numbered), f AS (SELECT customer, min(p) AS first FROM o GROUP BY customer)
SELECT p::date, 'FY' || extract(year FROM p) + (extract(month FROM p) > 3)::int || '-Q' || (extract(month FROM p)::int + 8) / 3 % 4 + 1,
	   (SELECT count(DISTINCT customer) FROM o WHERE o.p = q.p), (SELECT count(*) FROM f WHERE first = q.p), (SELECT count(DISTINCT customer) FROM o WHERE o.p > q.p - interval '1 year' AND o.p <= q.p)
FROM (SELECT generate_series(date_trunc('quarter', min(day)::timestamp), date_trunc('quarter', max(day)::timestamp), interval '3 months') AS p FROM plain.rows) q
WHERE p < date_trunc('quarter', plain.today()) ORDER BY p DESC LIMIT 4

--> expressions
SELECT customer, amount FROM web.order_rows;
VALUES ('ann@x.org', 70), ('ann@x.org', 18), ('bob@x.org', 101)

--> expressions
SELECT 2, 3, 75 - 5 + 30 - 10 - 2 + 110 - 9, round((75 - 5 + 30 - 10 - 2 + 110 - 9) / 3.0, 4)

--> lines
SELECT count(*) FROM line_shop.cohort_retention;
-- January's in January, February and March, February's in two of them
SELECT 5

--> lines
SELECT 2, 3, 20 * 2 + 5 * 3 + 30 + 12, round((20 * 2 + 5 * 3 + 30 + 12) / 3.0, 4)

--> profit
SELECT count(*) FROM profit_shop.cohort_retention;
--- January's in January and February
SELECT 2

--> profit
SELECT 2, 1, 3, 10 - 4 - 3 + 0, round((10 - 4 - 3 + 0) / 3.0, 4), 1, 3

--> segment_names
SELECT * FROM shop.my_names;
SELECT r, f, plain.segment(r, f) FROM generate_series(1, 5) r, generate_series(1, 5) f

--> segment_names
SELECT recency_score, frequency_score, segment FROM shop.rfm_segment_names WHERE segment = 'VIP';
SELECT 5, 5, 'VIP'

--> segment_names
SELECT count(*) FILTER (WHERE ispopulated) FROM pg_matviews WHERE schemaname LIKE 'shop%' OR schemaname = 'shop';
SELECT count(*) FROM pg_matviews

--> segment_names
SELECT CASE WHEN f = 5 THEN 'VIP' ELSE 'Champions' END AS segment, count(*) FROM plain.scored WHERE r = 5 AND f >= 4 GROUP BY 1 ORDER BY 1

--> thresholds
-- the value at which a fifth, two fifths ... of the customers are
WITH v AS (SELECT m.metric, value, row_number() OVER (PARTITION BY m.metric ORDER BY value) AS i, count(*) OVER (PARTITION BY m.metric) AS n
		   FROM plain.customer, LATERAL (VALUES ('recency', (plain.today() - last_day)::numeric), ('frequency', orders), ('monetary', round(revenue, 4))) m (metric, value))
SELECT metric, max(value) FILTER (WHERE i = ceil(n / 5.0)), max(value) FILTER (WHERE i = ceil(n * 2 / 5.0)), max(value) FILTER (WHERE i = ceil(n * 3 / 5.0)), max(value) FILTER (WHERE i = ceil(n * 4 / 5.0)) FROM v GROUP BY metric

--> value_within
SELECT d, count(c), round(sum((SELECT sum(amount) FROM plain.known k WHERE k.customer = c.customer AND k.day BETWEEN c.first_day AND c.first_day + d)) / nullif(count(c), 0), 2)
FROM unnest(ARRAY[30, 90, 365]) d LEFT JOIN plain.customer c ON plain.today() - first_day >= d WHERE plain.today() IS NOT NULL GROUP BY d ORDER BY d

--> thresholds
-- kept today, they are those of today
SELECT customer, recency_score, frequency_score FROM shop.customers;
SELECT customer, r, f FROM plain.scored

--> models
SELECT m.model, i.customers FROM (SELECT repeat_buying(purchase_history(customer_id, ordered_at, amount, 'day')) AS rb FROM orders) AS o,
	unnest(ARRAY['mbg/nbd', 'mbg/cnbd-k', 'auto']) AS m (model), model_info(fit_purchases(rb, m.model)) AS i;
SELECT unnest(ARRAY['mbg/nbd', 'mbg/cnbd-k', 'auto']), nullif((SELECT count(*) FROM plain.customer), 0)

--> reconciled on ids texts uci
SELECT true, true, true

--> net
SELECT customers FROM net_shop.kpi;
SELECT count(*) FROM plain.customer

--> net
SELECT customer_id, ordered_at, amount / 1.19 FROM orders

--> net
SELECT round(coalesce((SELECT sum(amount / 1.19) FROM plain.known), 0), 4), round((SELECT sum(amount / 1.19) / nullif(count(*) FILTER (WHERE is_order), 0) FROM plain.rows), 4)

--> one_customer
SELECT count(*) FILTER (WHERE is_order), round(sum(amount), 4), round(sum(amount) / count(*) FILTER (WHERE is_order), 4), min(day) FILTER (WHERE is_order), max(day) FILTER (WHERE is_order),
	   max(day) FILTER (WHERE is_order) + (SELECT floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap))::int FROM (SELECT day - lag(day) OVER (ORDER BY day) AS gap FROM (SELECT DISTINCT day FROM plain.numbered WHERE customer::text = '7') d) g)
FROM plain.known WHERE customer::text = '7' HAVING bool_or(is_order)

--> months
WITH m AS (SELECT count(*) AS n, count(*) FILTER (WHERE orders > 1) AS again FROM (SELECT customer, date_trunc('month', day) AS month, count(*) AS orders FROM plain.numbered GROUP BY 1, 2) c GROUP BY month)
SELECT (SELECT sum(n) FROM m), (SELECT count(*) FROM plain.customer), (SELECT round(avg(again::numeric / n), 3) FROM m), (SELECT round(count(*) FILTER (WHERE orders > 1)::numeric / nullif(count(*), 0), 3) FROM plain.customer)
FROM (SELECT 1) one

--> measures
SELECT day, country, channel, coalesce(customers(base), 0), coalesce(orders(base), 0), coalesce(revenue(base), 0) FROM sold;
SELECT ordered_at::date, CASE WHEN md5(customer_id::text) < '8' THEN 'FR' ELSE 'DE' END, CASE WHEN amount < 50 THEN 'web' ELSE 'store' END, count(DISTINCT customer_id) FILTER (WHERE amount >= 0), count(customer_id) FILTER (WHERE amount >= 0),
	   coalesce(sum(amount) FILTER (WHERE customer_id IS NOT NULL), 0)
FROM orders WHERE isfinite(ordered_at) GROUP BY 1, 2, 3

--> measures
SELECT country, count(customer) FILTER (WHERE orders > 0), round(count(customer) FILTER (WHERE orders > 1)::numeric / nullif(count(customer) FILTER (WHERE orders > 0), 0), 3), round(sum(paid) FILTER (WHERE customer IS NOT NULL) / nullif(sum(orders) FILTER (WHERE customer IS NOT NULL), 0), 2)
FROM (SELECT CASE WHEN md5(customer::text) < '8' THEN 'FR' ELSE 'DE' END AS country, customer, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS paid FROM plain.rows
	  WHERE extract(year FROM day) = 2024 AND amount < 50 GROUP BY customer) c
GROUP BY country ORDER BY country

--> measures
SELECT date_trunc('quarter', q)::date, count(customer) FILTER (WHERE orders > 0), round(count(customer) FILTER (WHERE orders > 1)::numeric / nullif(count(customer) FILTER (WHERE orders > 0), 0), 3)
FROM (SELECT date_trunc('quarter', ordered_at) AS q, customer_id AS customer, count(*) FILTER (WHERE amount >= 0) AS orders FROM orders WHERE isfinite(ordered_at) GROUP BY 1, 2) c
GROUP BY 1 ORDER BY 1 LIMIT 4
