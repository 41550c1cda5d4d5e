-- How often the truth lies in an interval of 95 %: three hundred simulated shops of each kind, whose
-- parameters are known, each fitted by the model that made it.  Of each shop the expected purchases of
-- a new customer in a year, and of up to twenty of its customers, and the chance that these are still
-- customers.  By what the fit says of itself: a top inside, a limit, no dropout that could be seen.
--
--	psql -f bench/coverage.sql		(three minutes)
--
-- Customers of one shop stand or fall together, so the error of a share is that of the shops: about
-- 1.3 % of 300.  An interval that is right on the whole has more of the truth where the fit has found
-- its top inside, and less where it hasn't: the shops are sorted by what happened to them.
SET client_min_messages = warning;
SET timezone = 'UTC';
DROP SCHEMA IF EXISTS coverage CASCADE;
CREATE SCHEMA coverage;
SET search_path = coverage, public;

CREATE TABLE design (name text, customers int, days int, truth purchase_model);
INSERT INTO design VALUES
	('inside: two years, many leave', 2000, 730, purchase_model('mbg/nbd', '{"r": 0.5, "alpha": 45, "a": 0.8, "b": 2.5}')),
	('inside: the same, bg/nbd', 2000, 730, purchase_model('bg/nbd', '{"r": 0.5, "alpha": 45, "a": 0.8, "b": 2.5}')),
	('inside: the same, pareto/nbd', 2000, 730, purchase_model('pareto/nbd', '{"r": 0.6, "alpha": 45, "s": 0.7, "beta": 100}')),
	('small: inside or not', 150, 365, purchase_model('mbg/nbd', '{"r": 0.5, "alpha": 45, "a": 0.8, "b": 2.5}')),
	('limit: who leaves is alike', 1000, 365, purchase_model('mbg/nbd', '{"r": 0.5, "alpha": 45, "a": 300, "b": 1200}')),
	('limit: who buys is alike', 1000, 365, purchase_model('mbg/nbd', '{"r": 300, "alpha": 18000, "a": 0.8, "b": 2.5}')),
	('few leave, a year', 500, 365, purchase_model('mbg/nbd', '{"r": 0.5, "alpha": 60, "a": 0.2, "b": 6}')),
	('few leave, a year, bg/nbd', 500, 365, purchase_model('bg/nbd', '{"r": 0.5, "alpha": 60, "a": 0.2, "b": 6}')),
	('few leave, a year, pareto/nbd', 500, 365, purchase_model('pareto/nbd', '{"r": 0.6, "alpha": 60, "s": 1, "beta": 2500}')),
	('nobody leaves', 500, 365, purchase_model('mbg/nbd', '{"r": 0.5, "alpha": 60, "a": 1e-6, "b": 1}'));

CREATE TABLE shop AS
SELECT name, seed, truth, fit_purchases(repeat_buying(c ORDER BY customer_id), true, truth::jsonb ->> 'model') AS fitted, (array_agg(c ORDER BY hashint8(customer_id)))[1:20] AS known
FROM (SELECT name, seed, truth, customer_id, rfm_summary(ordered_at, date '2024-01-01' + days) AS c
	  FROM design, generate_series(1, 300) AS seed,
		   LATERAL simulate_orders(customers, days * interval '1 day', seed, purchase_model => truth) AS o
	  GROUP BY name, seed, truth, days, customer_id) AS c
GROUP BY name, seed, truth;

CREATE TABLE asked AS
SELECT name, seed, what, CASE WHEN i.boundary THEN CASE WHEN i.message LIKE 'no dropout%' THEN 'no dropout' ELSE 'limit' END ELSE 'inside' END AS fit,
	   t.truth, t.lower, t.upper
FROM shop, LATERAL model_info(fitted) AS i, LATERAL (
	SELECT 'expected of a new one' AS what, expected_purchases(truth, '1 year') AS truth, lower, upper FROM expected_purchases_interval(fitted, '1 year')
	UNION ALL SELECT 'expected of a customer', expected_purchases(truth, c, '1 year'), lower, upper FROM unnest(known) AS c, expected_purchases_interval(fitted, c, '1 year')
	UNION ALL SELECT 'p_alive', p_alive(truth, c), lower, upper FROM unnest(known) AS c, p_alive_interval(fitted, c) WHERE p_alive(truth, c) < 1) AS t;

\echo
\echo '| shops | of them | fit | bounds known | expected of a new customer | of customers | p_alive |'
\echo '| --- | ---: | --- | ---: | ---: | ---: | ---: |'
SELECT format('| %s | %s | %s | %s %% | %s %% | %s %% | %s %% |', name, count(DISTINCT seed), coalesce(fit, 'all'),
			  round(100.0 * count(lower) / count(*), 1), round(100.0 * count(*) FILTER (WHERE has AND what = 'expected of a new one') / nullif(count(lower) FILTER (WHERE what = 'expected of a new one'), 0), 1), round(100.0 * count(*) FILTER (WHERE has AND what = 'expected of a customer') / nullif(count(lower) FILTER (WHERE what = 'expected of a customer'), 0), 1), round(100.0 * count(*) FILTER (WHERE has AND what = 'p_alive') / nullif(count(lower) FILTER (WHERE what = 'p_alive'), 0), 1))
FROM (SELECT *, truth BETWEEN lower - 1e-9 AND upper + 1e-9 AS has FROM asked) AS a
GROUP BY GROUPING SETS ((name, fit), (name)) ORDER BY name, fit NULLS LAST;
