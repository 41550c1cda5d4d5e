-- What is measured of models: fits, of a small shop and of 1 M customers, and
-- predictions of 1 M customers.  There's nothing in SQL to compare with, so
-- the limits are in seconds.
SELECT count(*) > 0 AS has_models FROM pg_proc WHERE proname = 'fit_purchases' \gset
\if :has_models

SET search_path = bench, shop, public;

DROP TABLE IF EXISTS shop.predicted, shop.fitted, shop.small_fitted;
CREATE UNLOGGED TABLE shop.predicted AS
SELECT customer_id, rfm_summary(ordered_at, amount, (SELECT max(ordered_at)::date FROM orders_int8)) AS rfm
FROM orders_int8 GROUP BY customer_id;
ANALYZE predicted;
CREATE UNLOGGED TABLE shop.fitted AS
SELECT rb, rs, fit_purchases(rb, 'bg/nbd') AS bg, fit_purchases(rb, 'mbg/nbd') AS mbg,
	   fit_purchases(rb, 'pareto/nbd') AS pareto, fit_spend(rs) AS spend
FROM (SELECT repeat_buying(rfm) AS rb, repeat_spend(rfm) AS rs FROM predicted) s;
-- as many customers as the sample of CDNOW that the papers fit
CREATE UNLOGGED TABLE shop.small_fitted AS
SELECT repeat_buying(purchase_history(customer_id, ordered_at, 'day'), '2024-09-30') AS rb
FROM simulate_orders(2357, '9 months', 1);

INSERT INTO measure (case_name, role, source, query)
SELECT case_name, 'retention', source, query
FROM (VALUES
	(1, 'fit of 2,357 customers, bg/nbd', 'small_fitted', $$ SELECT (model_info(fit_purchases(rb, 'bg/nbd'))).converged AS v FROM small_fitted $$),
	(2, 'fit of 2,357 customers, mbg/nbd', 'small_fitted', $$ SELECT (model_info(fit_purchases(rb, 'mbg/nbd'))).converged AS v FROM small_fitted $$),
	(3, 'fit of 2,357 customers, pareto/nbd', 'small_fitted', $$ SELECT (model_info(fit_purchases(rb, 'pareto/nbd'))).converged AS v FROM small_fitted $$),
	(4, 'fit of all customers, bg/nbd', 'fitted', $$ SELECT (model_info(fit_purchases(rb, 'bg/nbd'))).converged AS v FROM fitted $$),
	(5, 'fit of all customers, mbg/nbd', 'fitted', $$ SELECT (model_info(fit_purchases(rb, 'mbg/nbd'))).converged AS v FROM fitted $$),
	(6, 'fit of all customers, pareto/nbd', 'fitted', $$ SELECT (model_info(fit_purchases(rb, 'pareto/nbd'))).converged AS v FROM fitted $$),
	(7, 'fit of all customers, spend', 'fitted', $$ SELECT (model_info(fit_spend(rs))).converged AS v FROM fitted $$),
	(8, 'p_alive of each, bg/nbd', 'predicted', $$ SELECT sum(p_alive(bg, rfm)) AS v FROM predicted, fitted $$),
	(9, 'p_alive of each, mbg/nbd', 'predicted', $$ SELECT sum(p_alive(mbg, rfm)) AS v FROM predicted, fitted $$),
	(10, 'p_alive of each, pareto/nbd', 'predicted', $$ SELECT sum(p_alive(pareto, rfm)) AS v FROM predicted, fitted $$),
	(11, 'expected_purchases of each, bg/nbd', 'predicted', $$ SELECT sum(expected_purchases(bg, rfm, '1 year')) AS v FROM predicted, fitted $$),
	(12, 'expected_purchases of each, mbg/nbd', 'predicted', $$ SELECT sum(expected_purchases(mbg, rfm, '1 year')) AS v FROM predicted, fitted $$),
	(13, 'expected_purchases of each, pareto/nbd', 'predicted', $$ SELECT sum(expected_purchases(pareto, rfm, '1 year')) AS v FROM predicted, fitted $$),
	(14, 'predicted_clv of each, mbg/nbd', 'predicted', $$ SELECT sum(predicted_clv(mbg, spend, rfm, '1 year')) AS v FROM predicted, fitted $$),
	(15, 'predict_customers, from the rows', 'orders_int8', $$ SELECT sum(predicted_clv) AS v FROM predict_customers('shop.orders_int8', 'customer_id', 'ordered_at', 'amount') $$)
) q(nr, case_name, source, query)
ORDER BY nr;

INSERT INTO comparison (case_name, at_most, must)
SELECT case_name, limit_s, 'at most ' || limit_s || ' s'
FROM (SELECT nr, case_name,
			 CASE WHEN case_name ~ '2,357' THEN 0.02
				  WHEN case_name ~ '^fit .*pareto' THEN 10
				  WHEN case_name ~ '^fit .*nbd' THEN 1
				  WHEN case_name ~ '^(p_alive|expected).*pareto' THEN 3
				  WHEN case_name ~ '^(p_alive|expected)' THEN 1 END AS limit_s
	  FROM measure WHERE case_name ~ '^(fit of|p_alive|expected_purchases|predicted_clv|predict_customers)') m
ORDER BY nr;

\endif
