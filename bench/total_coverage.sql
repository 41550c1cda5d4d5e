-- How often what came lies between the bounds of expected_total(): of 100 simulated
-- shops of each size the first year is known, and the second is asked for. By
-- psql -f, in a database that has the extension; some 15 seconds.
SET client_min_messages = warning;
SET timezone = 'UTC';
WITH shop AS MATERIALIZED (
	SELECT size, seed, o.* FROM unnest(ARRAY[200, 1000, 6000]) AS size, generate_series(1, 100) AS seed,
		simulate_orders(size, '2 years', seed, '2022-01-01 00:00:00+00') AS o
), known AS (
	SELECT size, seed, purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM shop WHERE ordered_at < '2023-01-01' GROUP BY 1, 2
), came AS (
	SELECT size, seed, count(DISTINCT (customer_id, ordered_at::date)) AS days, sum(amount)::float8 AS money FROM shop AS o
	WHERE ordered_at >= '2023-01-01' AND EXISTS (SELECT FROM shop AS k WHERE (k.size, k.seed, k.customer_id) = (o.size, o.seed, o.customer_id) AND k.ordered_at < '2023-01-01')
	GROUP BY 1, 2
)
SELECT round(avg(customers)) AS customers, count(*) AS shops, count(*) FILTER (WHERE days BETWEEN purchases_lower AND purchases_upper) AS orders,
	   count(*) FILTER (WHERE money BETWEEN revenue_lower AND revenue_upper) AS revenue, round(avg(expected_purchases / days)::numeric, 3) AS expected_by_came
FROM known JOIN came USING (size, seed), expected_total(h, fit_purchases(h, 'bg/nbd'), fit_spend(h), '365 days', '2022-12-31') GROUP BY size ORDER BY size;
