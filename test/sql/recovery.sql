-- Simulate, fit, recover: 200 shops of random parameters, whose 95 % intervals have to hold the truth about 95 % of the time.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET extra_float_digits = 0;

-- Shops of ten years whose customers seldom buy twice a day: such purchases are one to a fit, and none to a simulation.
CREATE TEMP TABLE shops AS
SELECT seed, kind, purchase_model(kind, CASE kind
		WHEN 'nbd' THEN jsonb_build_object('r', 0.3 + u[1], 'alpha', 300 + 500 * u[2])
		WHEN 'pareto/nbd' THEN jsonb_build_object('r', 0.3 + u[1], 'alpha', 300 + 500 * u[2], 's', 0.4 + u[3], 'beta', 300 + 900 * u[4])
		ELSE jsonb_build_object('r', 0.3 + u[1], 'alpha', 300 + 500 * u[2], 'a', 0.5 + u[3], 'b', 1.5 + 3 * u[4]) END) AS truth
FROM (SELECT seed, (ARRAY['nbd', 'bg/nbd', 'mbg/nbd', 'pareto/nbd'])[1 + seed % 4] AS kind,
			 ARRAY(SELECT (hashint8extended(seed, i) & 1048575) / 1048576.0 FROM generate_series(1, 4) i) AS u
	  FROM generate_series(1, 200) seed) s;
CREATE TEMP TABLE fits AS
SELECT kind, truth, (SELECT fit_purchases(repeat_buying(rfm), kind)
					 FROM (SELECT rfm_summary(ordered_at, '2033-12-31') AS rfm
						   FROM simulate_orders(4000, '10 years', seed, purchase_model => truth) GROUP BY customer_id) c) AS fit
FROM shops;
CREATE TEMP TABLE recovered AS
SELECT kind, t.name, t.estimate AS truth, f.estimate, f.lower, f.upper
FROM fits, model_parameters(truth) t, model_parameters(fit) f WHERE f.name = t.name;

SELECT count(*) AS fits, count(*) FILTER (WHERE NOT converged OR boundary) AS bad FROM fits, model_info(fit);
SELECT kind, count(*) AS intervals, count(*) FILTER (WHERE truth BETWEEN lower AND upper)::float8 / count(*) BETWEEN 0.89 AND 0.99 AS about_95_percent,
	   exp(avg(ln(estimate / truth))) BETWEEN 0.95 AND 1.05 AS without_bias
FROM recovered GROUP BY kind ORDER BY kind;
SELECT count(*) AS intervals, count(*) FILTER (WHERE truth BETWEEN lower AND upper)::float8 / count(*) BETWEEN 0.93 AND 0.97 AS about_95_percent FROM recovered;

-- The expectation of a new customer, and what the shop is worth, too.
SELECT count(*) AS intervals, count(*) FILTER (WHERE expected_purchases(truth, '1 year') BETWEEN lower AND upper)::float8 / count(*) BETWEEN 0.9 AND 0.99 AS about_95_percent
FROM fits, expected_purchases_interval(fit, '1 year');

-- Spend: the same of 50 shops.
SELECT count(*) AS intervals, count(*) FILTER (WHERE t.estimate BETWEEN f.lower AND f.upper)::float8 / count(*) BETWEEN 0.89 AND 0.99 AS about_95_percent
FROM (SELECT truth, (SELECT fit_spend(repeat_spend(rfm))
					 FROM (SELECT rfm_summary(ordered_at, amount, '2033-12-31') AS rfm
						   FROM simulate_orders(3000, '10 years', seed, spend_model => truth, purchase_model => purchase_model('nbd', '{"r": 0.5, "alpha": 800}')) GROUP BY customer_id) c) AS fit
	  FROM (SELECT seed, spend_model(4 + 3 * abs(sin(seed)), 3.5 + abs(cos(seed)), 20 + seed) AS truth FROM generate_series(1, 50) seed) s) m,
	model_parameters(truth) t, model_parameters(fit) f WHERE f.name = t.name;
