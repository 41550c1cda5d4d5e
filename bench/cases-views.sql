-- What is measured of the views that retention_create_views() makes: how long
-- each takes to read, and those that somebody would write by hand against that.
SELECT count(*) > 0 AS has_views FROM pg_proc WHERE proname = 'retention_create_views' \gset
\if :has_views

SET search_path = bench, shop, public;
SET timezone = 'UTC';

SELECT count(*) AS views FROM retention_create_views('shop.orders_int8', 'customer_id', 'ordered_at', 'amount',
	target => 'bench_views', time_zone => 'UTC');
SELECT count(*) AS views FROM retention_create_views('shop.orders_int8', 'customer_id', 'ordered_at', 'amount',
	target => 'bench_kept', time_zone => 'UTC', mode => 'materialized');

INSERT INTO measure (case_name, role, source, query, memory)
SELECT 'view ' || name, role, 'orders_int8', query, name LIKE 'kpi%' OR name = 'customers'
FROM (VALUES
	(1, 'kpi', 'retention', $$
		SELECT customers, repeat_customers, orders, revenue, aov, repeat_rate, purchase_frequency, lifespan_days,
			   top_20_percent_share::numeric(20, 6) AS top_20_percent_share
		FROM bench_views.kpi $$),
	(2, 'kpi', 'hand-written', $$
		SELECT count(*) AS customers, count(*) FILTER (WHERE n > 1) AS repeat_customers, sum(n)::int8 AS orders, sum(paid) AS revenue,
			   round(sum(paid) / sum(n), 4) AS aov, count(*) FILTER (WHERE n > 1)::float8 / count(*) AS repeat_rate,
			   sum(n)::float8 / count(*) AS purchase_frequency,
			   sum(last::date - first::date)::float8 / count(*) AS lifespan_days,
			   (sum(paid) FILTER (WHERE rank * 5 <= customers) / sum(paid))::numeric(20, 6) AS top_20_percent_share
		FROM (SELECT *, row_number() OVER (ORDER BY paid DESC) AS rank, count(*) OVER () AS customers
			  FROM (SELECT count(*) AS n, sum(amount) AS paid, min(ordered_at) AS first, max(ordered_at) AS last
					FROM orders_int8 GROUP BY customer_id) c) r $$),
	(3, 'kpi_by_period', 'retention', $$
		SELECT period_start AS k, customers, repeat_customers, orders, revenue, new_customers, new_revenue, returning_customers
		FROM bench_views.kpi_by_period $$),
	(4, 'kpi_by_period', 'hand-written', $$
		SELECT period AS k, count(*) AS customers, count(*) FILTER (WHERE n > 1) AS repeat_customers, sum(n)::int8 AS orders,
			   sum(paid) AS revenue, count(*) FILTER (WHERE period = first) AS new_customers,
			   sum(paid) FILTER (WHERE period = first) AS new_revenue, count(*) FILTER (WHERE period > first) AS returning_customers
		FROM (SELECT customer_id, period, n, paid, min(period) OVER (PARTITION BY customer_id) AS first
			  FROM (SELECT customer_id, date_trunc('month', ordered_at)::date AS period, count(*) AS n, sum(amount) AS paid
					FROM orders_int8 GROUP BY 1, 2) m) f
		GROUP BY period $$),
	(5, 'customers', 'retention', $$
		SELECT customer AS k, orders, revenue, first_order, last_order, lifespan_days, segment, status, revenue_decile, p_alive,
			   expected_purchases_12_months, expected_revenue_12_months, predicted_clv
		FROM bench_views.customers $$),
	(6, 'customers', 'facts and scores alone', $$
		SELECT customer AS k, orders, revenue, first_order, last_order, lifespan_days, recency_score, frequency_score, monetary_score
		FROM bench_views.customers $$),
	(7, 'customers', 'hand-written, facts and scores', $$
		SELECT customer_id AS k, n AS orders, paid AS revenue, first::date AS first_order, last::date AS last_order,
			   last::date - first::date AS lifespan_days,
			   (1 + 5 * (rank() OVER (ORDER BY last::date) - 1) / count(*) OVER ())::int8 AS recency_score,
			   (1 + 5 * (rank() OVER (ORDER BY n) - 1) / count(*) OVER ())::int8 AS frequency_score,
			   (1 + 5 * (rank() OVER (ORDER BY paid) - 1) / count(*) OVER ())::int8 AS monetary_score
		FROM (SELECT customer_id, count(*) AS n, sum(amount) AS paid, min(ordered_at) AS first, max(ordered_at) AS last
			  FROM orders_int8 GROUP BY customer_id) c $$),
	(8, 'cohort_retention', 'retention', $$ SELECT * FROM bench_views.cohort_retention $$),
	(9, 'repeat_within', 'retention', $$ SELECT * FROM bench_views.repeat_within $$),
	(10, 'order_ladder', 'retention', $$ SELECT * FROM bench_views.order_ladder $$),
	(11, 'lifecycle', 'retention', $$ SELECT * FROM bench_views.lifecycle $$),
	(12, 'rfm_segments', 'retention', $$ SELECT * FROM bench_views.rfm_segments $$),
	(13, 'revenue_concentration', 'retention', $$ SELECT * FROM bench_views.revenue_concentration $$),
	(14, 'excluded_rows', 'retention', $$ SELECT * FROM bench_views.excluded_rows $$),
	(15, 'value_by_age', 'retention', $$ SELECT * FROM bench_views.value_by_age $$),
	(16, 'outlook', 'retention', $$ SELECT * FROM bench_views.outlook $$)
) q(nr, name, role, query)
ORDER BY nr;

INSERT INTO comparison (case_name, ours, peers, same, at_least, must)
VALUES
	('view kpi', 'retention', '{hand-written}', true, 1, 'faster'),
	('view kpi_by_period', 'retention', '{hand-written}', true, 1, 'faster'),
	('view customers', 'facts and scores alone', '{"hand-written, facts and scores"}', false, NULL, NULL),
	('view customers', 'retention', '{}', false, NULL, NULL);
-- All that is kept, against the largest part of it read once, all columns; and one view of what is kept.
INSERT INTO measure (case_name, role, source, query, memory)
SELECT 'refresh of all views', role, 'orders_int8', query, role <> 'the view customers'
FROM (VALUES
	(1, 'retention', $$ SELECT retention_refresh_data('bench_kept', concurrently => false) IS NULL AS v $$),
	(2, 'while others read', $$ SELECT retention_refresh_data('bench_kept') IS NULL AS v $$),
	(3, 'the view customers', $$ SELECT * FROM bench_views.customers $$)) q(nr, role, query)
ORDER BY nr;
INSERT INTO comparison (case_name, ours, peers, at_most, same)
VALUES
	('refresh of all views', 'retention', '{"the view customers"}', 1.5, false),
	('refresh of all views', 'while others read', '{"the view customers"}', NULL, false);
INSERT INTO comparison (case_name)
SELECT case_name FROM measure WHERE case_name ~ '^view (outlook|cohort|repeat|order|lifecycle|rfm|revenue|excluded)' ORDER BY nr;

\endif
