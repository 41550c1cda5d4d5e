-- What all customers will buy together, and how sure that is: against the sums and the
-- derivatives, written out in SQL, and against shops whose future is known.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET extra_float_digits = 1;
CREATE SCHEMA expected_total;
SET search_path = expected_total, public;

CREATE TABLE orders AS SELECT * FROM simulate_orders(150, '2 years', 11, '2022-01-01 00:00:00+00');
-- a refund that leaves a customer nothing on the days behind the first
INSERT INTO orders VALUES (1000, '2022-03-01', 20), (1000, '2022-04-01', 30), (1000, '2022-04-01', -30), (1001, '2022-05-01', 10), (NULL, '2022-05-02', 10);
CREATE TABLE models AS SELECT kind, h, fit_purchases(h, kind) AS p, fit_spend(h) AS s
FROM (SELECT purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM orders) h, unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd', 'nbd']) kind;

-- ---------------------------------------------------------------------------
-- The definition: sums over customers, derivatives of these by the logarithm of each
-- parameter, variances of each customer.
-- ---------------------------------------------------------------------------

-- with one parameter times a factor
CREATE FUNCTION moved(m purchase_model, name text, factor float8) RETURNS purchase_model LANGUAGE sql IMMUTABLE AS $$
	SELECT purchase_model(m::jsonb ->> 'model', jsonb_set(m::jsonb -> 'parameters', ARRAY[name], to_jsonb((m::jsonb -> 'parameters' ->> name)::float8 * factor)))
$$;
CREATE FUNCTION moved(m spend_model, name text, factor float8) RETURNS spend_model LANGUAGE sql IMMUTABLE AS $$
	SELECT spend_model((v ->> 'p')::float8 * CASE name WHEN 'p' THEN factor ELSE 1 END, (v ->> 'q')::float8 * CASE name WHEN 'q' THEN factor ELSE 1 END, (v ->> 'v')::float8 * CASE name WHEN 'v' THEN factor ELSE 1 END)
	FROM (SELECT m::jsonb -> 'parameters') v (v)
$$;
CREATE FUNCTION total(h purchase_history, p purchase_model, s spend_model, OUT purchases float8, OUT revenue float8) LANGUAGE sql IMMUTABLE AS $$
	SELECT sum(expected_purchases(p, rfm, '200 days')), sum(expected_purchases(p, rfm, '200 days') * expected_spend(s, rfm)) FROM customer_list(h)
$$;
-- the parameters in the order of the covariance
CREATE FUNCTION names(kind text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE kind WHEN 'nbd' THEN '{r,alpha}' WHEN 'pareto/nbd' THEN '{r,alpha,s,beta}' WHEN 'gamma-gamma' THEN '{p,q,v}' ELSE '{r,alpha,a,b}' END::text[]
$$;
CREATE TABLE gradients AS
SELECT kind, 'purchases' AS model, i, (ln(up.purchases) - ln(down.purchases)) / 2e-3 AS purchases, (ln(up.revenue) - ln(down.revenue)) / 2e-3 AS revenue
FROM models, unnest(names(kind)) WITH ORDINALITY n (name, i), total(h, moved(p, name, exp(1e-3)), s) up, total(h, moved(p, name, exp(-1e-3)), s) down
UNION ALL
SELECT kind, 'spend', i, 0, (ln(up.revenue) - ln(down.revenue)) / 2e-3
FROM models, unnest(names('gamma-gamma')) WITH ORDINALITY n (name, i), total(h, p, moved(s, name, exp(1e-3))) up, total(h, p, moved(s, name, exp(-1e-3))) down;
CREATE TABLE errors AS
SELECT m.kind, sum(a.purchases * b.purchases * c) AS purchases, sum(a.revenue * b.revenue * c) AS revenue
FROM models m JOIN gradients a ON a.kind = m.kind JOIN gradients b ON b.kind = a.kind AND b.model = a.model,
	LATERAL (SELECT (CASE a.model WHEN 'spend' THEN s::jsonb ELSE p::jsonb END -> 'log_covariance' -> (a.i - 1)::int ->> (b.i - 1)::int)::float8) AS v (c)
GROUP BY m.kind;
-- Of the gamma-gamma model: what is known of nu is Gamma(p x + q, v + x m), of which p / nu has these moments.
CREATE TABLE scatter AS
SELECT kind, sum(square - purchases ^ 2) AS purchases, sum((purchases * mean_square / gp + square * mean_square - (purchases * mean) ^ 2)) FILTER (WHERE mean IS NOT NULL) AS revenue
FROM models, customer_list(h) c,
	LATERAL (SELECT expected_purchases(p, rfm, '200 days') AS purchases, expected_spend(s, rfm) AS mean) e,
	LATERAL (SELECT sum(n ^ 2 * purchase_probability(p, rfm, n, '200 days')) AS square FROM generate_series(1, 300) n) q,
	LATERAL (SELECT (v ->> 'p')::float8 AS gp, (v ->> 'q')::float8 + (v ->> 'p')::float8 * (rfm).repeat_purchases AS shape, (v ->> 'v')::float8 + (rfm).repeat_purchases * coalesce((rfm).mean_spend, 0)::float8 AS rate FROM (SELECT s::jsonb -> 'parameters') v (v)) g,
	LATERAL (SELECT (gp * rate) ^ 2 / ((shape - 1) * (shape - 2)) AS mean_square) w
GROUP BY kind;
SELECT m.kind, t.customers, t.without_revenue,
	   abs(t.expected_purchases / w.purchases - 1) < 1e-12 AS purchases, abs(t.expected_revenue / w.revenue - 1) < 1e-12 AS revenue,
	   abs(ln(t.purchases_upper / t.expected_purchases) / (1.959963984540054 * sqrt(e.purchases + sc.purchases / w.purchases ^ 2)) - 1) < 1e-4 AS upper,
	   abs(ln(t.purchases_lower / t.expected_purchases) / (-1.959963984540054 * sqrt(e.purchases + sc.purchases / w.purchases ^ 2)) - 1) < 1e-4 AS lower,
	   abs(ln(t.revenue_upper / t.expected_revenue) / (1.959963984540054 * sqrt(e.revenue + sc.revenue / w.revenue ^ 2)) - 1) < 1e-4 AS revenue_upper
FROM models m JOIN errors e USING (kind) JOIN scatter sc USING (kind), expected_total(h, p, s, '200 days') t, total(h, p, s) w
ORDER BY m.kind COLLATE "C";

-- ---------------------------------------------------------------------------
-- Shops whose second year is known: about 95 of 100 intervals hold it.
-- ---------------------------------------------------------------------------

CREATE FUNCTION known(customers int, seed int, OUT orders bool, OUT money bool) LANGUAGE sql AS $$
	WITH o AS MATERIALIZED (SELECT * FROM simulate_orders(customers, '2 years', seed, '2022-01-01 00:00:00+00')),
	h AS MATERIALIZED (SELECT purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM o WHERE ordered_at < '2023-01-01'),
	came AS (SELECT count(DISTINCT (customer_id, ordered_at::date)) AS days, sum(amount)::float8 AS money FROM o
			 WHERE ordered_at >= '2023-01-01' AND customer_id IN (SELECT customer_id FROM o WHERE ordered_at < '2023-01-01'))
	SELECT days BETWEEN purchases_lower AND purchases_upper, money BETWEEN revenue_lower AND revenue_upper
	FROM h, came, expected_total(h, fit_purchases(h, 'bg/nbd'), fit_spend(h), '365 days', '2022-12-31')
$$;
-- of few customers all are looked at, of many a part
SELECT customers, count(*) FILTER (WHERE orders) BETWEEN 33 AND 40 AS orders, count(*) FILTER (WHERE money) BETWEEN 33 AND 40 AS money
FROM unnest(ARRAY[1000, 12000]) customers, generate_series(1, 40) seed, known(customers, seed) GROUP BY customers ORDER BY customers;

-- ---------------------------------------------------------------------------
-- Nothing, and what is not known.
-- ---------------------------------------------------------------------------

SELECT expected_total(NULL, p, s) IS NULL AS history, expected_total(h, NULL, s) IS NULL AS model, expected_total(h, p, s, NULL) IS NULL AS horizon, expected_total(h, p, s, level => NULL) IS NULL AS level FROM models WHERE kind = 'nbd';
-- no orders; no time; no model of spend; before all orders
SELECT t.* FROM models, expected_total((SELECT purchase_history(NULL::int8, '2022-05-02'::date, 1::numeric, 'day')), p, s) t WHERE kind = 'nbd';
SELECT t.* FROM models, expected_total(h, p, s, '0') t WHERE kind = 'nbd';
SELECT expected_purchases > 0 AND purchases_lower < expected_purchases AS purchases, expected_revenue, revenue_lower, without_revenue FROM models, expected_total(h, p) t WHERE kind = 'nbd';
SELECT t.* FROM models, expected_total(h, p, s, as_of => '2021-01-01') t WHERE kind = 'nbd';
-- of a model with no covariance; of one whose amounts have a mean and no variance, or no mean
SELECT expected_purchases > 0 AS purchases, purchases_lower, revenue_upper FROM models, expected_total(h, purchase_model('mbg/nbd', '{"r": 0.5, "alpha": 60, "a": 0.9, "b": 1.6}'), s) t WHERE kind = 'nbd';
SELECT purchases_lower > 0 AS purchases, expected_revenue > 0 AS revenue, revenue_lower, without_revenue FROM models, expected_total(h, p, spend_model(6, 1.5, 15)) t WHERE kind = 'nbd';
SELECT customers, expected_revenue > 0 AS revenue, without_revenue = count_of.none AS counted FROM models, expected_total(h, p, spend_model(6, 0.5, 15)) t,
	LATERAL (SELECT count(*) FILTER (WHERE (rfm).repeat_purchases = 0 OR NOT (rfm).mean_spend > 0) AS none FROM customer_list(h)) count_of WHERE kind = 'nbd';
-- a history without amounts, and one by month
SELECT expected_purchases > 0 AS purchases, expected_revenue > 0 AS revenue, without_revenue > 0 AS counted FROM models, expected_total((SELECT purchase_history(customer_id, ordered_at, 'day') FROM orders), p, s) t WHERE kind = 'nbd';
SELECT expected_total((SELECT purchase_history(customer_id, ordered_at, amount, 'month') FROM orders), p, s) FROM models WHERE kind = 'nbd';
SELECT expected_total(h, p, s, '3') FROM models WHERE kind = 'nbd';
SELECT expected_total(h, p, s, level => 1) FROM models WHERE kind = 'nbd';

SET client_min_messages = error;
DROP SCHEMA expected_total CASCADE;
