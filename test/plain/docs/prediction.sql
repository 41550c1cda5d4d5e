-- Plain SQL for the queries of doc/prediction.md (see test/docs): what the models
-- are given, and that each customer has a prediction.  What they make of it is
-- compared in test/sql/model_*.sql and test/unit.

--> instead of CREATE TABLE orders AS
-- the shop's own

--> before
-- Days are those of the views of the table, and these those of the session.
SELECT count(*) FROM retention_create_views('orders', time_zone => 'America/New_York');
CREATE FUNCTION plain.predicted(as_of date)
RETURNS TABLE (customer text, x int8, recency int, age int, m_x numeric, p_alive float8, purchases float8, spend float8, clv float8, lower float8, upper float8, med float8, clv_med float8) STABLE LANGUAGE sql AS $$
	SELECT customer, (rfm).repeat_purchases, (rfm).active_days, (rfm).age_days, (rfm).mean_spend, p_alive(m, rfm), expected_purchases(m, rfm, '1 year'), expected_spend(s, rfm), predicted_clv(m, s, rfm, '1 year'), i.lower, i.upper, median_spend(s, rfm), predicted_clv_median(m, s, rfm, '1 year')
	FROM plain.rfm(as_of), (SELECT fit_purchases(repeat_buying(rfm), true) AS m, fit_spend(repeat_spend(rfm)) AS s FROM plain.rfm(as_of)) f, predicted_clv_interval(m, s, rfm, '1 year') i
$$;

--> the_list
SELECT customer, x, recency, age, p_alive, purchases, spend, clv, lower, upper, NULL, med, clv_med FROM plain.predicted(plain.today())

--> the_list
SELECT customer, x, recency, age, round(p_alive::numeric, 2), round(purchases::numeric, 1), round(spend::numeric, 2), round(clv::numeric, 2), round(lower::numeric, 2), round(upper::numeric, 2)
FROM plain.predicted(plain.today()) ORDER BY clv IS NULL, -clv, customer LIMIT 5

--> winning_back
SELECT customer, x, age - recency, round(p_alive::numeric, 2), round((clv / p_alive)::numeric, 2)
FROM plain.predicted(plain.today()) WHERE x > 2 AND p_alive >= 0.1 AND p_alive <= 0.5 ORDER BY clv IS NULL, -clv / p_alive, customer LIMIT 5

--> customers
SELECT customer_id, (rfm).repeat_purchases, (rfm).active_days, (rfm).age_days, (rfm).mean_spend, (rfm).log_gaps, (rfm).orders, (rfm).first_order FROM customers;
SELECT customer, (rfm).repeat_purchases, (rfm).active_days, (rfm).age_days, (rfm).mean_spend, (rfm).log_gaps, (rfm).orders, (rfm).first_order FROM plain.rfm('2025-12-31')

--> customers
SELECT c.customer_id, (rfm).repeat_purchases, (rfm).active_days, (rfm).age_days, round((rfm).mean_spend, 2) FROM plain.rfm('2025-12-31') JOIN (SELECT DISTINCT customer_id FROM orders) c ON customer_id::text = customer
ORDER BY c.customer_id LIMIT 4

--> models
SELECT i.customers, s.customers, left_out_no_repeat, left_out_not_positive FROM models, model_info(purchases) i, model_info(spend) s WHERE purchases IS NOT NULL;
SELECT count(*), count(*) FILTER (WHERE (rfm).mean_spend > 0), count(*) FILTER (WHERE (rfm).repeat_purchases = 0), count(*) FILTER (WHERE (rfm).repeat_purchases > 0 AND (rfm).mean_spend <= 0) FROM plain.rfm('2025-12-31') HAVING count(*) > 0

--> models
SELECT customers FROM models, model_info(purchases) AS i WHERE purchases IS NOT NULL;
SELECT count(*) FROM plain.rfm('2025-12-31') HAVING count(*) > 0

--> models
SELECT (SELECT count(estimate) FROM models, model_parameters(purchases, 'week') AS p);
SELECT 4 * sign(count(*)) FROM plain.customer

--> by_steps
SELECT customer_id, round(p_alive::numeric, 2), round(purchases::numeric, 2), round(spend::numeric, 2), round(clv::numeric, 2)
FROM plain.predicted('2025-12-31') JOIN (SELECT DISTINCT customer_id FROM orders) c ON customer_id::text = customer ORDER BY c.customer_id LIMIT 4

--> holdout
WITH cut AS (SELECT (plain.today() - interval '6 months')::date AS cut_at),
later AS (SELECT customer::text, count(DISTINCT day) AS days FROM plain.numbered, cut WHERE day > cut_at GROUP BY customer),
known AS (SELECT r.*, coalesce(days, 0) AS came FROM cut CROSS JOIN plain.rfm(cut_at) r LEFT JOIN later USING (customer)),
said AS (SELECT 'mbg/nbd' AS model, 1 AS o, rfm, came, expected_purchases(m, rfm, (plain.today() - cut_at) * interval '1 day') AS expected FROM cut, known, (SELECT fit_purchases(repeat_buying(rfm)) AS m FROM known) f
		 UNION ALL SELECT 'as on average so far', 2, rfm, came, coalesce((rfm).repeat_purchases / nullif((rfm).age_days, 0), 0) * (plain.today() - cut_at) FROM cut, known)
SELECT model, CASE WHEN grouping(least((rfm).repeat_purchases, 3)) = 1 THEN 'all' WHEN least((rfm).repeat_purchases, 3) = 3 THEN '3+' ELSE least((rfm).repeat_purchases, 3)::text END, count(*), sum(came), round(sum(expected)::numeric, 1),
	   round(avg(abs(expected - came))::numeric, 3), round(avg(expected - came)::numeric, 3)
FROM said GROUP BY model, ROLLUP (least((rfm).repeat_purchases, 3)) HAVING count(*) > 0
UNION ALL
SELECT NULL, 'first seen after', count(*), sum(days), NULL, NULL, NULL
FROM (SELECT customer, count(DISTINCT day) AS days FROM plain.numbered GROUP BY customer HAVING min(day) > (SELECT cut_at FROM cut)) n HAVING count(*) > 0

--> frequency_fit
SELECT f.repeat_purchases, actual_customers FROM models, model_frequency_fit(purchases, (SELECT repeat_buying(rfm) FROM customers), max_purchases => 5) AS f;
SELECT n, count(*) FILTER (WHERE least((rfm).repeat_purchases, 5) = n) FROM generate_series(0, 5) n, plain.rfm('2025-12-31') GROUP BY n

--> tracking
SELECT t.period_start, cumulative_actual_purchases FROM models, model_tracking(purchases, (SELECT purchase_history(customer_id, ordered_at, amount, 'day') FROM orders), 'quarter') AS t;
SELECT p::date, (SELECT count(*) - count(DISTINCT customer) FROM (SELECT DISTINCT customer, day FROM plain.numbered WHERE day < p + interval '3 months') d)
FROM generate_series(date_trunc('quarter', (SELECT min(day) FROM plain.numbered)::timestamp), plain.today(), interval '3 months') p

--> which_model
SELECT m.model, i.customers FROM (SELECT repeat_buying(rfm) AS rb FROM customers) AS c, unnest(ARRAY['nbd', 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'mbg/cnbd-k', 'auto']) AS m (model), model_info(fit_purchases(rb, model)) AS i;
SELECT unnest(ARRAY['nbd', 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'mbg/cnbd-k', 'auto']), nullif((SELECT count(*) FROM plain.customer WHERE first_day <= '2025-12-31'), 0)

--> groups on ids none uci
SELECT customer_id % 2, i.customers FROM (SELECT customer_id % 2 AS customer_id, fit_purchases(repeat_buying(rfm)) AS m FROM customers GROUP BY 1) AS g, model_info(m) AS i;
SELECT customer % 2, count(*) FROM plain.customer WHERE first_day <= '2025-12-31' GROUP BY 1

--> subscribers
-- by the parameters of the fit: of those who are left the n-th renewal keeps (b + n - 1) / (a + b + n - 1)
SELECT year, survivors, round(1000 * (SELECT coalesce(exp(sum(ln((b + n - 1) / (a + b + n - 1)))), 1) FROM generate_series(1, year) n)), round((100 * (b + greatest(year, 1) - 1) / (a + b + greatest(year, 1) - 1))::numeric, 1)
FROM subscribers, (SELECT max(estimate) FILTER (WHERE name = 'a') AS a, max(estimate) FILTER (WHERE name = 'b') AS b FROM (SELECT fit_retention(year, survivors) AS m FROM subscribers) f, model_parameters(m)) p
ORDER BY year

--> years_to_come
SELECT age, round(sum(exp((SELECT sum(ln((b + age + n - 1) / (a + b + age + n - 1))) FROM generate_series(1, t) n)) / 1.1 ^ (t - 1))::numeric, 2)
FROM (VALUES (0), (3), (6)) v (age), generate_series(1, 150) t, (SELECT max(estimate) FILTER (WHERE name = 'a') AS a, max(estimate) FILTER (WHERE name = 'b') AS b FROM (SELECT fit_retention(year, survivors) AS m FROM subscribers) f, model_parameters(m)) p
GROUP BY age

--> simulated
WITH o AS (SELECT * FROM simulate_orders(1000, '1 year', seed => 1,
	purchase_model => purchase_model('pareto/nbd', '{"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 11.67}', unit => 'week'), spend_model => spend_model(p => 6.25, q => 3.74, v => 15.44)))
SELECT count(*), round(avg(amount), 2), round((SELECT avg((n > 1)::int) FROM (SELECT count(*) AS n FROM o GROUP BY customer_id) c), 3)
FROM o

--> total
SELECT t.customers, round(t.expected_purchases::numeric, 6), round(t.expected_revenue::numeric, 6), t.without_revenue FROM models, expected_total((SELECT purchase_history(customer_id, ordered_at, amount, 'day') FROM orders), purchases, spend, as_of => '2025-12-31') AS t WHERE purchases IS NOT NULL;
SELECT count(*), round(sum(expected_purchases(purchases, rfm, '1 year'))::numeric, 6), round(sum(expected_purchases(purchases, rfm, '1 year') * expected_spend(spend, rfm))::numeric, 6), count(*) FILTER (WHERE expected_spend(spend, rfm) IS NULL) FROM models, customers WHERE purchases IS NOT NULL HAVING count(*) > 0
