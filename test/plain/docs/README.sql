-- Plain SQL for the queries of README.md (see test/docs).

--> before
-- Days are those of the views of the table, and these those of the session.
SELECT count(*) FROM retention_create_views('orders', time_zone => 'America/New_York');

--> the_shop
SELECT nullif(count(*), 0), round((SELECT sum(amount) FROM plain.known) / sum(orders), 2), round(sum(orders) / nullif(count(*), 0), 3),
	   round(count(*) FILTER (WHERE orders > 1)::numeric / nullif(count(*), 0), 3), plain.days(avg(extract(epoch FROM last - first))),
	   round((SELECT sum(amount) FROM plain.known) / nullif(count(*), 0) / plain.years(min(first), max(last)) * 3, 2)
FROM plain.customer

--> which_rows
SELECT sum(amount) / count(*) FILTER (WHERE amount >= 0), count(customer)::numeric / count(DISTINCT customer), 1.0 / 2
FROM (VALUES ('ann', 75.00), ('bob', 30.00), ('bob', 110.00), (NULL, 20.00), ('ann', -75.00)) AS o(customer, amount)

--> lines_of_orders
WITH lines(invoice, customer, amount) AS
	(VALUES ('A1', 'ann', 40.00), ('A1', 'ann', 15.00), ('A2', 'bob', 30.00), ('A2', 'bob', 8.00), ('A2', 'bob', -8.00), ('A3', 'ann', 12.00), ('A4', NULL, 23.00))
SELECT round(sum(amount) / count(DISTINCT invoice) FILTER (WHERE amount >= 0), 2), count(DISTINCT (customer, invoice)) FILTER (WHERE customer IS NOT NULL)::numeric / count(DISTINCT customer),
	   (SELECT avg((n > 1)::int) FROM (SELECT count(DISTINCT invoice) AS n FROM lines WHERE customer IS NOT NULL GROUP BY customer) c), count(customer)::numeric / count(DISTINCT customer)
FROM lines

--> two_steps
SELECT 2, 3, 75 - 75 + 30 + 110, 1, 1, round(0.3 * 140 / 2 / ((date '2025-01-05' - '2024-01-05') / 365.25) * (1 - 1.1 ^ -3) / ln(1.1), 2)

--> daily
SELECT day, coalesce(customers(base), 0), coalesce(orders(base), 0), coalesce(revenue(base), 0), coalesce(guest_revenue(base), 0), coalesce(refunds(base), 0) FROM daily;
SELECT o.ordered_at::date, count(DISTINCT customer_id) FILTER (WHERE amount >= 0), count(customer_id) FILTER (WHERE amount >= 0),
	   coalesce(sum(amount) FILTER (WHERE customer_id IS NOT NULL), 0), coalesce(sum(amount) FILTER (WHERE customer_id IS NULL), 0), count(customer_id) FILTER (WHERE amount < 0)
FROM orders o WHERE isfinite(ordered_at) GROUP BY 1

--> spans
SELECT nullif(count(*), 0), round(count(*) FILTER (WHERE orders > 1)::numeric / nullif(count(*), 0), 3), round(revenue / nullif(count(*), 0) / plain.years(min(first), max(last)) * 3, 2)
FROM (SELECT customer, count(*) AS orders, min(at) AS first, max(at) AS last FROM plain.numbered WHERE extract(year FROM day) = 2024 GROUP BY customer) c CROSS JOIN
	 (SELECT sum(amount) AS revenue FROM plain.known WHERE extract(year FROM day) = 2024) r
GROUP BY revenue HAVING count(*) > 0 UNION ALL SELECT NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM plain.rows)

--> spans
SELECT d.day, count(DISTINCT customer) FILTER (WHERE is_order),
	   (SELECT avg((n > 1)::int) FROM (SELECT count(*) AS n FROM plain.numbered o WHERE o.day > d.day - 90 AND o.day <= d.day GROUP BY customer) c),
	   sum(amount) / nullif(count(*) FILTER (WHERE is_order), 0)
FROM (SELECT DISTINCT ordered_at::date AS day FROM orders WHERE isfinite(ordered_at)) d LEFT JOIN plain.known k ON k.day > d.day - 90 AND k.day <= d.day
GROUP BY d.day

--> in_common
SELECT nullif(count(*) FILTER (WHERE january), 0), nullif(count(*) FILTER (WHERE january AND march), 0), sum(paid) FILTER (WHERE january AND NOT march)
FROM (SELECT customer, bool_or(is_order AND day >= '2024-01-01' AND day < '2024-02-01') AS january, bool_or(is_order AND day >= '2024-03-01' AND day < '2024-04-01') AS march,
			 sum(amount) FILTER (WHERE day >= '2024-01-01' AND day < '2024-02-01') AS paid FROM plain.known GROUP BY customer) c

--> scores
SELECT customer, date '2026-01-01' - last_day, orders, revenue FROM plain.customer

--> scores
SELECT array_agg(days ORDER BY k), array_agg(orders ORDER BY k), array_agg(revenue ORDER BY k)
FROM generate_series(1, 4) k,
	 LATERAL (SELECT (SELECT v FROM (SELECT date '2026-01-01' - last_day AS v, row_number() OVER (ORDER BY last_day DESC) AS i FROM plain.customer) s WHERE i = ceil(n * k / 5.0)) AS days,
					 (SELECT v FROM (SELECT orders AS v, row_number() OVER (ORDER BY orders) AS i FROM plain.customer) s WHERE i = ceil(n * k / 5.0)) AS orders,
					 (SELECT v FROM (SELECT revenue AS v, row_number() OVER (ORDER BY revenue) AS i FROM plain.customer) s WHERE i = ceil(n * k / 5.0)) AS revenue
			  FROM (SELECT count(*) AS n FROM plain.customer) c) t
HAVING (SELECT count(*) FROM plain.customer) > 0 UNION ALL SELECT NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM plain.customer)

--> scores
-- the fifth that somebody is in is that of the customers who have less
SELECT customer, 5 - 5 * (rank() OVER (ORDER BY last_day DESC) - 1) / count(*) OVER (), 1 + 5 * (rank() OVER (ORDER BY orders) - 1) / count(*) OVER (),
	   1 + 5 * (rank() OVER (ORDER BY revenue) - 1) / count(*) OVER ()
FROM plain.customer

--> sample on ids texts none
SELECT nullif(count(*), 0), 0 * nullif(sign(count(*)), 0), count(*) > 0 OR NULL, sum(orders), round(avg((orders > 1)::int), 3), 0 * nullif(sign(count(*)), 0) FROM plain.customer

--> history
SELECT i.customers, i.orders, i.revenue, first_order, last_order FROM history, history_info(h) i;
SELECT count(DISTINCT customer), count(*), (SELECT sum(amount) FROM plain.known), min(day), max(day) FROM plain.numbered HAVING count(*) > 0 UNION ALL SELECT NULL, NULL, NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM plain.rows)

--> history
SELECT cohort, i, period_start, size, active, active::float8 / size, orders, revenue, sum(revenue) OVER w, sum(revenue) OVER w / size, is_complete
FROM plain.cohorts('month') WINDOW w AS (PARTITION BY cohort ORDER BY i)

--> predictions
SELECT customer, days - 1, last_day - first_day, plain.today() - first_day, round(p_alive::numeric, 2), round(expected_purchases::numeric, 2), round(p.predicted_clv::numeric, 2)
FROM predict_customers('orders', 'customer_id', 'ordered_at', 'amount', horizon => '1 year') AS p
	 JOIN (SELECT customer::text AS customer, (SELECT count(DISTINCT day) FROM plain.numbered n WHERE n.customer = c.customer) AS days, first_day, last_day FROM plain.customer c) AS c USING (customer)
ORDER BY p.predicted_clv IS NULL, -p.predicted_clv, customer LIMIT 3

--> views
SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'shop'::regnamespace
	AND relname NOT IN ('order_rows', 'left_out_rows', 'order_history', 'retention_options', 'retention_record', 'rfm_segment_names', 'rfm_thresholds');
VALUES ('cohort_retention'), ('customer_facts'), ('customers'), ('excluded_rows'), ('kpi'), ('kpi_by_period'), ('kpi_to_date'), ('lifecycle'), ('order_ladder'), ('order_sequence'), ('outlook'), ('repeat_within'), ('revenue_concentration'), ('rfm_quintiles'), ('rfm_segments'), ('value_by_age')

--> views
WITH k AS (SELECT customer, amount, is_order, date_trunc('month', day::timestamp) AS month FROM plain.known), o AS (SELECT * FROM k WHERE is_order), c AS (SELECT customer, min(month) AS month FROM o GROUP BY customer)
SELECT to_char(p, 'YYYY-MM'), (SELECT count(DISTINCT customer) FROM o WHERE month = p), (SELECT count(*) FROM c WHERE month = p), (SELECT count(DISTINCT customer) FROM o JOIN c USING (customer) WHERE o.month = p AND c.month < p),
	   (SELECT coalesce(sum(amount), 0) FROM k WHERE month = p), (SELECT coalesce(sum(amount), 0) FROM k JOIN c USING (customer) WHERE k.month = p AND c.month = p),
	   (SELECT round(sum(amount) / nullif(count(*) FILTER (WHERE is_order), 0), 4) FROM plain.rows WHERE date_trunc('month', day::timestamp) = p)
FROM (SELECT generate_series(date_trunc('month', min(day)::timestamp), date_trunc('month', plain.today()::timestamp) - interval '1 month', interval '1 month') AS p FROM plain.rows) p
ORDER BY p DESC LIMIT 3

--> views
SELECT coalesce(segment, '(none)'), count(*), round(sum(revenue) / nullif(sum(sum(revenue)) OVER (), 0), 2)
FROM (SELECT revenue, 5 - 5 * (rank() OVER (ORDER BY last_day DESC) - 1) / count(*) OVER () AS recency_score, 1 + 5 * (rank() OVER (ORDER BY orders) - 1) / count(*) OVER () AS frequency_score FROM plain.customer) s
	 LEFT JOIN shop.rfm_segment_names USING (recency_score, frequency_score)
GROUP BY 1

--> readings
SELECT round(paid, 2), round(paid / years * 3, 2), round(paid / years * span, 2), round(expected, 2), unknown
FROM (SELECT (SELECT sum(amount) FROM plain.known) / nullif(count(*), 0) AS paid, plain.years(min(first), max(last)) AS years, avg(plain.years(first, last)) AS span FROM plain.customer) c,
	 (SELECT avg(predicted_clv(m, s, rfm, '3 years'))::numeric AS expected, count(rfm) - count(predicted_clv(m, s, rfm, '3 years')) AS unknown
	  FROM (SELECT rfm_summary(at, amount, plain.today()) AS rfm FROM plain.known GROUP BY customer HAVING bool_or(is_order)) r,
		   (SELECT fit_purchases(repeat_buying(rfm)) AS m, fit_spend(repeat_spend(rfm)) AS s FROM (SELECT rfm_summary(at, amount, plain.today()) AS rfm FROM plain.known GROUP BY customer) r) f) p

--> scalars
SELECT 100 * 24, 100 / 0.05, 2400 / 600.0

--> windows
SELECT t.day, round((SELECT avg((n > 1)::int) FROM (SELECT count(*) AS n FROM plain.numbered o WHERE o.at BETWEEN t.at - interval '90 days' AND t.at GROUP BY customer) c)::float8 * 100)
FROM (SELECT day, max(at) AS at FROM plain.rows WHERE is_order GROUP BY day ORDER BY day DESC LIMIT 3) t
ORDER BY t.day DESC
