-- Plain SQL for the queries of dev/demo.sql (see test/docs).

--> before
-- Days are those of the views of the table, and these those of the session.
SELECT count(*) FROM retention_create_views('orders', time_zone => 'America/New_York', target => 'shop');

--> metrics
SELECT (SELECT sum(amount) / nullif(count(*) FILTER (WHERE amount >= 0), 0) FROM orders), count(*)::numeric / nullif(count(DISTINCT customer_id), 0),
	   (SELECT avg((n > 1)::int) FROM (SELECT count(*) AS n FROM orders WHERE amount >= 0 AND customer_id IS NOT NULL GROUP BY customer_id) c),
	   (SELECT plain.days(avg(extract(epoch FROM last - first))) FROM plain.customer),
	   -- to who has an amount, if only a refund
	   (SELECT sum(amount) / nullif(count(DISTINCT customer_id) FILTER (WHERE amount >= 0), 0) FROM orders WHERE customer_id IS NOT NULL)
FROM orders WHERE amount >= 0 AND customer_id IS NOT NULL

--> worth
-- the bounds are its own: test/sql/expected_total.sql has them in SQL
SELECT round((SELECT sum(amount) FROM plain.known) / nullif(n, 0), 2), round(expected, 2), round((revenue_lower / nullif(customers - without_revenue, 0))::numeric, 2), round((revenue_upper / nullif(customers - without_revenue, 0))::numeric, 2),
	   (model_info(m)).converged AND (model_info(sp)).converged IS NOT FALSE, nullif(concat_ws('; ', (model_info(m)).message, (model_info(sp)).message), '')
FROM (SELECT count(*) AS n FROM plain.customer) c,
	 (SELECT fit_purchases(repeat_buying(rfm)) AS m, fit_spend(repeat_spend(rfm)) AS sp FROM plain.rfm(plain.today())) f,
	 LATERAL (SELECT avg(expected_purchases(m, rfm, '1 year') * expected_spend(sp, rfm))::numeric AS expected FROM plain.rfm(plain.today())) e,
	 (SELECT purchase_history(customer, day, amount, 'day') AS h FROM plain.rows) s, LATERAL expected_total(h, m, sp, '1 year')

--> parts
SELECT paid / orders, orders / customers / years, years, 3, true, paid / customers, paid / customers / years * 3
FROM (SELECT (SELECT sum(amount) FROM plain.known) AS paid, sum(orders) AS orders, count(*)::numeric AS customers, plain.years(min(first), max(last)) AS years FROM plain.customer) c WHERE customers > 0
UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM plain.customer)

--> months
SELECT m, count(*) FILTER (WHERE amount >= 0), round(sum(amount) / nullif(count(*) FILTER (WHERE amount >= 0), 0), 2), round(count(customer_id) FILTER (WHERE amount >= 0)::numeric / nullif(count(DISTINCT customer_id) FILTER (WHERE amount >= 0), 0), 3),
	   (SELECT round(avg((n > 1)::int), 3) FROM (SELECT count(*) AS n FROM plain.numbered WHERE date_trunc('month', day::timestamp) = m GROUP BY customer) c)
FROM (SELECT date_trunc('month', ordered_at::date::timestamp)::date AS m, * FROM orders WHERE ordered_at > '-infinity' AND ordered_at < 'infinity') o
GROUP BY m HAVING bool_or(amount >= 0) ORDER BY m DESC LIMIT 12

--> cohorts
SELECT customers, orders, revenue FROM shop_history, history_info(h) WHERE h IS NOT NULL;
SELECT count(DISTINCT customer), count(*), (SELECT sum(amount) FROM plain.known) FROM plain.numbered HAVING count(*) > 0

--> cohorts
SELECT cohort, size, string_agg(CASE WHEN size < 5 THEN lpad(active || '/' || size, 6) ELSE to_char(100 * active::float8 / size, '990.9') END, ' ' ORDER BY i) FROM plain.cohorts('quarter') WHERE is_complete AND i > 0 GROUP BY cohort, size ORDER BY cohort DESC LIMIT 8

--> repeat
SELECT d, count(*) FILTER (WHERE old), count(*) FILTER (WHERE old AND second - first <= d), round(count(*) FILTER (WHERE old AND second - first <= d) / nullif(count(*) FILTER (WHERE old), 0)::numeric, 3),
	   plain.wilson(count(*) FILTER (WHERE old AND second - first <= d), count(*) FILTER (WHERE old), -1), plain.wilson(count(*) FILTER (WHERE old AND second - first <= d), count(*) FILTER (WHERE old), 1)
FROM (VALUES (30), (60), (90), (180), (365)) v (d), LATERAL (SELECT *, plain.today() - first >= d AS old FROM plain.pair) p GROUP BY d

--> winning_back
SELECT customer, status, last_day, silent, orders, round(revenue, 2), round(expected, 2)
FROM (
	SELECT s.customer::text, CASE WHEN today - last_day > 3 * gap THEN 'lost' WHEN today - last_day > 2 * gap THEN 'dormant' WHEN today - last_day > gap THEN 'at risk' END AS status, last_day, today - last_day AS silent,
		   orders, revenue, round((expected_purchases(m, rfm, '1 year') * expected_spend(sp, rfm))::numeric, 4) AS expected
	FROM (SELECT plain.today() AS today) t CROSS JOIN plain.customer s JOIN plain.rfm(plain.today()) c ON c.customer = s.customer::text,
		 (SELECT coalesce(nullif(percentile_cont(0.9) WITHIN GROUP (ORDER BY gap), 0), 90) AS gap FROM (SELECT day - lag(day) OVER (PARTITION BY customer ORDER BY n) AS gap FROM plain.numbered) g) g,
		 (SELECT fit_purchases(repeat_buying(rfm)) AS m, fit_spend(repeat_spend(rfm)) AS sp FROM plain.rfm(plain.today())) f) c
WHERE status IN ('at risk', 'dormant') ORDER BY coalesce(expected, 0) DESC, revenue DESC, customer LIMIT 15

--> rows on ids texts uci
VALUES ('orders of customers', (SELECT count(*) FROM plain.known WHERE is_order), (SELECT sum(amount) FROM plain.known WHERE is_order)),
	   ('their refunds', (SELECT count(*) FROM plain.known WHERE NOT is_order), coalesce((SELECT sum(amount) FROM plain.known WHERE NOT is_order), 0)),
	   ('guests', (SELECT count(*) FROM plain.rows WHERE customer IS NULL AND is_order), (SELECT sum(amount) FROM plain.rows WHERE customer IS NULL)),
	   ('skipped', (SELECT count(*) FROM orders) - (SELECT count(*) FROM plain.rows) + (SELECT count(*) FROM plain.rows WHERE customer IS NULL AND NOT is_order),
			(SELECT sum(amount) FROM orders) - (SELECT sum(amount) FROM plain.rows)),
	   ('all rows', (SELECT count(*) FROM orders), (SELECT sum(amount) FROM orders))
