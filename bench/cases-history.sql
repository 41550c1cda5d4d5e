-- What is measured of histories: the monthly cohort matrix with revenue, the
-- repeat-buying table of days, and questions to a stored history.
--
-- Again what is here by hand is within a third of the best.  Others, in seconds
-- for 10 M orders at 256 MB, where the best cohort matrix takes 15 and the best
-- table of days 9 (a noisy machine: a third up or down):
--   cohorts: self-join with each customer's first order and count(DISTINCT) 35, the
--     same over groups by customer and month 35 to 39, joined to the rows 28;
--     min() OVER (PARTITION BY customer_id) of the rows and count(DISTINCT) 25
--   cohorts, the months: date_trunc in a time zone costs 2 s more than of a
--     timestamp, and that 1 s more than a search among the sixty of them
--   days: groups by customer and day, hashed 28 to 45, of sorted rows 18;
--     lag() over the days of a customer 16 to 18; the day as ordered_at::date
--     costs 3 s more than date_bin, which is right only where days have 24 hours
SELECT count(*) > 0 AS has_history FROM pg_proc WHERE proname = 'purchase_history' \gset
\if :has_history

SET search_path = bench, shop, public;

-- ---- from the rows -----------------------------------------------------------

-- k is the cell.  The months are those of UTC, the session's zone.
INSERT INTO measure (case_name, role, source, query, settings, memory)
SELECT format('%s%s', question, CASE work_mem WHEN '4MB' THEN ', work_mem 4 MB' ELSE '' END),
	   role, 'orders_int8', query, ARRAY['work_mem=' || work_mem], true
FROM unnest(ARRAY['256MB', '4MB']) WITH ORDINALITY w(work_mem, work_mem_nr), (VALUES
	(1, 'monthly cohort matrix', 'retention', $$
		SELECT cohort || ' ' || period_index AS k, cohort_size, active, orders, revenue, cumulative_revenue
		FROM cohort_retention((SELECT purchase_history(customer_id, ordered_at, amount, 'month') FROM orders_int8))
		WHERE orders > 0 $$),
	-- One row a customer and month, then that customer's first month.
	(2, 'monthly cohort matrix', 'hand-written', $$
		SELECT cohort::date || ' ' || extract(year FROM month) * 12 + extract(month FROM month) - extract(year FROM cohort) * 12 - extract(month FROM cohort) AS k,
			   max(active) FILTER (WHERE month = cohort) OVER (PARTITION BY cohort) AS cohort_size, active, orders, revenue,
			   sum(revenue) OVER (PARTITION BY cohort ORDER BY month) AS cumulative_revenue
		FROM (SELECT cohort, month, count(*) AS active, sum(orders) AS orders, sum(revenue) AS revenue
			  FROM (SELECT month, orders, revenue, min(month) OVER (PARTITION BY customer_id) AS cohort
					FROM (SELECT customer_id, date_trunc('month', ordered_at AT TIME ZONE 'UTC') AS month,
								 count(*) AS orders, sum(amount) AS revenue
						  FROM orders_int8 GROUP BY 1, 2) p) q
			  GROUP BY cohort, month) c $$),
	(3, 'monthly cohort matrix', 'hand-written, months searched', $$
		WITH m AS (SELECT array_agg(m ORDER BY m) AS months
				   FROM (SELECT generate_series(date_trunc('month', min(ordered_at)), max(ordered_at), '1 month') AS m FROM orders_int8) s)
		SELECT (SELECT months[cohort] FROM m)::date || ' ' || month - cohort AS k,
			   max(active) FILTER (WHERE month = cohort) OVER (PARTITION BY cohort) AS cohort_size, active, orders, revenue,
			   sum(revenue) OVER (PARTITION BY cohort ORDER BY month) AS cumulative_revenue
		FROM (SELECT cohort, month, count(*) AS active, sum(orders) AS orders, sum(revenue) AS revenue
			  FROM (SELECT month, orders, revenue, min(month) OVER (PARTITION BY customer_id) AS cohort
					FROM (SELECT customer_id, width_bucket(ordered_at, (SELECT months FROM m)) AS month,
								 count(*) AS orders, sum(amount) AS revenue
						  FROM orders_int8 GROUP BY 1, 2) p) q
			  GROUP BY cohort, month) c $$),
	(4, 'monthly cohort matrix', 'hand-written, sorted first', $$
		WITH m AS (SELECT array_agg(m ORDER BY m) AS months
				   FROM (SELECT generate_series(date_trunc('month', min(ordered_at)), max(ordered_at), '1 month') AS m FROM orders_int8) s)
		SELECT (SELECT months[cohort] FROM m)::date || ' ' || month - cohort AS k,
			   max(active) FILTER (WHERE month = cohort) OVER (PARTITION BY cohort) AS cohort_size, active, orders, revenue,
			   sum(revenue) OVER (PARTITION BY cohort ORDER BY month) AS cumulative_revenue
		FROM (SELECT cohort, month, count(*) AS active, sum(orders) AS orders, sum(revenue) AS revenue
			  FROM (SELECT month, orders, revenue, first_value(month) OVER (PARTITION BY customer_id ORDER BY month) AS cohort
					FROM (SELECT customer_id, month, count(*) AS orders, sum(amount) AS revenue
						  FROM (SELECT customer_id, width_bucket(ordered_at, (SELECT months FROM m)) AS month, amount
								FROM orders_int8 ORDER BY 1, 2) o
						  GROUP BY 1, 2) p) q
			  GROUP BY cohort, month) c $$),
	-- No groups of customers at all: a customer is active where the month changes.
	(5, 'monthly cohort matrix', 'hand-written, months marked', $$
		WITH m AS (SELECT array_agg(m ORDER BY m) AS months
				   FROM (SELECT generate_series(date_trunc('month', min(ordered_at)), max(ordered_at), '1 month') AS m FROM orders_int8) s)
		SELECT (SELECT months[cohort] FROM m)::date || ' ' || month - cohort AS k,
			   max(active) FILTER (WHERE month = cohort) OVER (PARTITION BY cohort) AS cohort_size, active, orders, revenue,
			   sum(revenue) OVER (PARTITION BY cohort ORDER BY month) AS cumulative_revenue
		FROM (SELECT cohort, month, count(*) FILTER (WHERE month > coalesce(previous, 0)) AS active, count(*) AS orders, sum(amount) AS revenue
			  FROM (SELECT month, amount, first_value(month) OVER w AS cohort, lag(month) OVER w AS previous
					FROM (SELECT customer_id, amount, width_bucket(ordered_at, (SELECT months FROM m)) AS month FROM orders_int8) o
					WINDOW w AS (PARTITION BY customer_id ORDER BY month)) q
			  GROUP BY cohort, month) c $$),
	(6, 'repeat-buying table', 'retention', $$
		SELECT repeat_purchases * 100000000 + active_days::int8 * 10000 + age_days::int8 AS k, customers
		FROM cells((SELECT repeat_buying(purchase_history(customer_id, ordered_at, 'day')) FROM orders_int8)) $$),
	(7, 'repeat-buying table', 'hand-written', $$
		SELECT (days - 1) * 100000000 + (last - first) * 10000 + ((SELECT max(ordered_at)::date FROM orders_int8) - first) AS k,
			   count(*) AS customers
		FROM (SELECT count(DISTINCT date_bin('1 day', ordered_at, '2000-01-01')) AS days, min(ordered_at)::date AS first, max(ordered_at)::date AS last
			  FROM orders_int8 GROUP BY customer_id) c
		GROUP BY days, first, last $$),
	(8, 'repeat-buying table', 'hand-written, sorted first', $$
		SELECT (days - 1) * 100000000 + (last - first) * 10000 + ((SELECT max(ordered_at)::date FROM orders_int8) - first) AS k,
			   count(*) AS customers
		FROM (SELECT count(DISTINCT day) AS days, min(day)::date AS first, max(day)::date AS last
			  FROM (SELECT customer_id, date_bin('1 day', ordered_at, '2000-01-01') AS day FROM orders_int8 ORDER BY 1) o
			  GROUP BY customer_id) c
		GROUP BY days, first, last $$),
	(9, 'repeat-buying table', 'hand-written, distinct days', $$
		SELECT (days - 1) * 100000000 + (last - first) * 10000 + ((SELECT max(ordered_at)::date FROM orders_int8) - first) AS k,
			   count(*) AS customers
		FROM (SELECT count(*) AS days, min(day)::date AS first, max(day)::date AS last
			  FROM (SELECT DISTINCT customer_id, day
					FROM (SELECT customer_id, date_bin('1 day', ordered_at, '2000-01-01') AS day FROM orders_int8 ORDER BY 1, 2) o) d
			  GROUP BY customer_id) c
		GROUP BY days, first, last $$)
	) q(query_nr, question, role, query)
ORDER BY work_mem_nr, query_nr;

INSERT INTO comparison (case_name, peers, at_least)
SELECT case_name, array_agg(role ORDER BY nr),
	   CASE WHEN case_name ~ '4 MB' THEN 1 WHEN case_name ~ 'cohort' THEN 6 ELSE 4 END
FROM measure WHERE case_name ~ '^(monthly|repeat-buying)' AND role ~ '^hand-written' GROUP BY case_name ORDER BY min(nr);

INSERT INTO measure (case_name, role, source, query, settings)
SELECT case_name, role || ', 2 workers', source, query, settings || ARRAY['max_parallel_workers_per_gather=2']
FROM measure
WHERE case_name ~ '^(monthly|repeat-buying)' AND case_name !~ '4 MB' AND role IN ('retention', 'hand-written')
ORDER BY nr;

INSERT INTO comparison (case_name, ours, peers, at_least, must)
SELECT case_name, role, '{retention}', 1 / 1.05, 'never slower, aim at 1.5 x faster'
FROM measure WHERE case_name ~ '^(monthly|repeat-buying)' AND role = 'retention, 2 workers' ORDER BY nr;

INSERT INTO comparison (case_name, ours, peers)
SELECT case_name, 'retention, 2 workers', ARRAY[role]
FROM measure WHERE case_name ~ '^(monthly|repeat-buying)' AND role = 'hand-written, 2 workers' ORDER BY nr;

-- ---- stored ------------------------------------------------------------------

DROP TABLE IF EXISTS shop.stored_history;
CREATE UNLOGGED TABLE shop.stored_history AS
SELECT h, (history_info(h)).customers, (history_info(h)).occasions
FROM (SELECT purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM orders_int8 OFFSET 0) s;
ANALYZE stored_history;

INSERT INTO measure (case_name, role, source, query, unit, units, memory, most_bytes)
SELECT 'purchase_history by day', role, 'orders_int8', query, 'occasion', occasions, role = 'retention', 24 * occasions + 48 * customers
FROM stored_history, (VALUES
	('retention', $$
		SELECT purchase_history(customer_id, ordered_at, amount, 'day') IS NULL AS v FROM orders_int8 $$),
	('floor', $$
		SELECT bench.floor(customer_id, ordered_at, amount) AS v FROM orders_int8 $$)) q(role, query);

INSERT INTO comparison (case_name, peers, same) VALUES ('purchase_history by day', '{floor}', false);

INSERT INTO measure (case_name, role, source, query)
SELECT 'asking a history of 1 M customers', role, 'stored_history', query
FROM (VALUES
	(1, 'cohort_retention', $$SELECT count(q.cohort) AS v FROM stored_history, cohort_retention(h, 'month') q$$),
	(2, 'cohort_average', $$SELECT count(q.period_index) AS v FROM stored_history, cohort_average(h, period => 'month') q$$),
	(3, 'repeat_within', $$SELECT count(q.rate) AS v FROM stored_history, repeat_within(h) q$$),
	(4, 'retained_on', $$SELECT count(q.rate) AS v FROM stored_history, retained_on(h) q$$),
	(5, 'order_ladder', $$SELECT count(q.rate) AS v FROM stored_history, order_ladder(h) q$$),
	(6, 'order_gap', $$SELECT order_gap(h) AS v FROM stored_history$$),
	(7, 'lifecycle', $$SELECT count(q.opening) AS v FROM stored_history, lifecycle(h, 'month') q$$),
	(8, 'new_and_returning', $$SELECT count(q.orders) AS v FROM stored_history, new_and_returning(h, 'month') q$$),
	(9, 'time_to_order', $$SELECT time_to_order(h) IS NULL AS v FROM stored_history$$),
	(10, 'repeat_buying', $$SELECT repeat_buying(h) IS NULL AS v FROM stored_history$$),
	(11, 'customer_base', $$SELECT customers(customer_base(h)) AS v FROM stored_history$$),
	(12, 'value_within', $$SELECT count(q.revenue) AS v FROM stored_history, value_within(h) q$$),
	(13, 'revenue_movements', $$SELECT count(q.closing) AS v FROM stored_history, revenue_movements(h, 'month') q$$),
	(14, 'active_life', $$SELECT active_life(h) IS NULL AS v FROM stored_history$$)) q(nr, role, query)
ORDER BY q.nr;

INSERT INTO comparison (case_name, ours, at_most, must)
SELECT case_name, role, 0.3, 'under 0.3 s'
FROM measure WHERE case_name ~ '^asking a history' ORDER BY nr;

INSERT INTO measure (case_name, role, source, query)
VALUES ('a row for each of 1 M customers of a history', 'customer_list', 'stored_history', $$SELECT count(q.status) AS v FROM stored_history, customer_list(h) q$$);

INSERT INTO comparison (case_name, ours, at_most, must)
VALUES ('a row for each of 1 M customers of a history', 'customer_list', 2, 'under 2 s');

-- ---- one customer a row ------------------------------------------------------

INSERT INTO measure (case_name, role, source, query, memory)
VALUES
	('rfm_summary by customer', 'retention', 'orders_int8', $$
		SELECT customer_id AS k, (r).repeat_purchases AS x, (r).active_days AS t_x, (r).age_days AS t, (r).mean_spend AS m_x
		FROM (SELECT customer_id, rfm_summary(ordered_at, amount, '2030-01-01') AS r FROM orders_int8 GROUP BY customer_id OFFSET 0) c $$, true),
	('rfm_summary by customer', 'hand-written', 'orders_int8', $$
		SELECT customer_id AS k, count(*) - 1 AS x, (max(day) - min(day))::float8 AS t_x, (date '2030-01-01' - min(day))::float8 AS t,
			   sum(spend) FILTER (WHERE day > first) / nullif(count(*) - 1, 0) AS m_x
		FROM (SELECT customer_id, day::date AS day, spend, min(day::date) OVER (PARTITION BY customer_id) AS first
			  FROM (SELECT customer_id, date_bin('1 day', ordered_at, '2000-01-01') AS day, sum(amount) AS spend
					FROM orders_int8 GROUP BY 1, 2) d) e
		GROUP BY customer_id $$, true),
	('order_gap by customer', 'retention', 'orders_int8', $$
		SELECT customer_id AS k, order_gap(ordered_at) AS v FROM orders_int8 GROUP BY customer_id $$, true),
	('order_gap by customer', 'hand-written', 'orders_int8', $$
		SELECT customer_id AS k, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) / 86400 AS v
		FROM (SELECT customer_id, extract(epoch FROM ordered_at - lag(ordered_at) OVER (PARTITION BY customer_id ORDER BY ordered_at))::float8 AS gap
			  FROM orders_int8) g
		GROUP BY customer_id $$, true);

INSERT INTO comparison (case_name, peers, at_least)
VALUES ('rfm_summary by customer', '{hand-written}', 1), ('order_gap by customer', '{hand-written}', 1);

-- Of all customers the list is the way: groups are PostgreSQL's, whatever is asked of them.
INSERT INTO measure (case_name, role, source, query, memory)
VALUES
	('facts of each customer', 'retention', 'orders_int8', $$
		SELECT customer::int8 AS k, orders, revenue / orders AS aov, lifespan_days, mean_gap_days
		FROM customer_list((SELECT purchase_history(customer_id, ordered_at, amount, 'day', 'UTC') FROM orders_int8)) $$, true),
	('facts of each customer', 'of a stored history', 'stored_history', $$
		SELECT customer::int8 AS k, orders, revenue / orders AS aov, lifespan_days, mean_gap_days FROM stored_history, customer_list(h) $$, true),
	('facts of each customer', 'aggregates by group', 'orders_int8', $$
		SELECT customer_id AS k, count(*) AS orders, aov(amount) AS aov, lifetime_span(ordered_at) AS lifespan, clv(ordered_at, amount) AS clv
		FROM orders_int8 GROUP BY customer_id $$, false),
	('facts of each customer', 'hand-written', 'orders_int8', $$
		SELECT customer_id AS k, orders, revenue / orders AS aov, last - first AS lifespan_days, (last - first) / nullif(orders - 1, 0)::float8 AS mean_gap_days
		FROM (SELECT customer_id, count(*) AS orders, sum(amount) AS revenue, min(ordered_at)::date AS first, max(ordered_at)::date AS last
			  FROM orders_int8 GROUP BY customer_id) c $$, true);

INSERT INTO comparison (case_name, ours, peers, at_least, same)
VALUES
	('facts of each customer', 'retention', '{hand-written}', 5, true),
	('facts of each customer', 'of a stored history', '{hand-written}', 5, false),
	('facts of each customer', 'aggregates by group', '{hand-written}', NULL, false);

-- ---- the calendar ------------------------------------------------------------

INSERT INTO measure (case_name, role, source, query)
VALUES
	('period_start, a named zone', 'retention', 'orders_int8', $$
		SELECT min(period_start(ordered_at, 'month', 'Europe/Berlin')) AS first, max(period_start(ordered_at, 'month', 'Europe/Berlin')) AS last
		FROM orders_int8 $$),
	('period_start, a named zone', 'hand-written', 'orders_int8', $$
		SELECT min(date_trunc('month', ordered_at AT TIME ZONE 'Europe/Berlin')::date) AS first, max(date_trunc('month', ordered_at AT TIME ZONE 'Europe/Berlin')::date) AS last
		FROM orders_int8 $$),
	('period_start, a named zone', 'no period', 'orders_int8', $$
		SELECT min(ordered_at), max(ordered_at) FROM orders_int8 $$);

INSERT INTO comparison (case_name, peers, at_least)
VALUES ('period_start, a named zone', '{hand-written}', 1);
INSERT INTO comparison (case_name, peers, same)
VALUES ('period_start, a named zone', '{no period}', false);
\endif
