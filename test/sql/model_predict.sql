-- Predictions: the numbers that the papers print, what has to be true of any
-- model, and what is no prediction.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
CREATE SCHEMA model_predict;
SET search_path = model_predict, public;

-- to so many significant digits
CREATE FUNCTION r(x float8, digits int DEFAULT 6) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN x = 0 THEN 0 ELSE round(x::numeric, digits - 1 - floor(log(abs(x)::numeric))::int) END
$$;
-- a customer, in weeks as papers have them
CREATE FUNCTION weeks(x int8, t_x float8, t float8, m numeric DEFAULT NULL) RETURNS rfm_inputs LANGUAGE sql IMMUTABLE AS $$
	SELECT (x, t_x * 7, t * 7, m, NULL, NULL, date '1997-01-01')::rfm_inputs
$$;
CREATE TABLE models AS SELECT kind, purchase_model(kind, params::jsonb, 'week') AS m FROM (VALUES
	('nbd', '{"r": 0.3847661, "alpha": 12.0720}'),
	('bg/nbd', '{"r": 0.2425945, "alpha": 4.4136020, "a": 0.7929220, "b": 2.4259068}'),
	('mbg/nbd', '{"r": 0.5248432, "alpha": 6.1830853, "a": 0.8913594, "b": 1.6140022}'),
	('pareto/nbd', '{"r": 0.5532770, "alpha": 10.5776835, "s": 0.6062400, "beta": 11.6687353}'),
	('bg/cnbd-3', '{"r": 0.4, "alpha": 2, "a": 0.8, "b": 2.5}'),
	('mbg/cnbd-2', '{"r": 0.5, "alpha": 3, "a": 0.9, "b": 1.6}')) v (kind, params);

-- ---------------------------------------------------------------------------
-- Published numbers.
-- ---------------------------------------------------------------------------

-- The customer of the BG/NBD paper: 1.226 purchases in 39 weeks.  The others are the same of other models.
SELECT kind, r(expected_purchases(m, weeks(2, 30.43, 38.86), '39 weeks'), 5) AS expected, r(p_alive(m, weeks(2, 30.43, 38.86)), 5) AS alive
FROM models WHERE kind IN ('bg/nbd', 'mbg/nbd', 'pareto/nbd') ORDER BY kind COLLATE "C";
-- BTYD: customer 1516, and a new one, in 52 weeks: Pareto/NBD 25.45647, .997874, 1.473434; BG/NBD 25.75659, .9688523, 1.444004
CREATE TABLE btyd AS SELECT kind, purchase_model(kind, params::jsonb, 'week') AS m FROM (VALUES
	('pareto/nbd', '{"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}'),
	('bg/nbd', '{"r": 0.2425982, "alpha": 4.4136842, "a": 0.7929899, "b": 2.4261667}')) v (kind, params);
SELECT kind, r(expected_purchases(m, weeks(26, 30.857, 31), '52 weeks'), 5) AS expected, r(p_alive(m, weeks(26, 30.857, 31)), 5) AS alive, r(expected_purchases(m, '52 weeks'), 5) AS new FROM btyd ORDER BY kind COLLATE "C";
-- The spreadsheet of note 004: BG/NBD, of a new customer: .0078160 .0531842 .1506306 1.0404868 1.0437297 1.8579419
SELECT days, r(expected_purchases(m, days * interval '1 day'), 7) AS expected FROM btyd, unnest(ARRAY[1, 7, 21, 223, 224, 546]) days WHERE kind = 'bg/nbd' ORDER BY days;
-- BTYD's manual: Pareto/NBD, of a new customer in 0 to 9 weeks: 0 .05077821 .09916088 .14542507 ... .38909211
SELECT week, r(expected_purchases(purchase_model('pareto/nbd', '{"r": 0.55, "alpha": 10.56, "s": 0.61, "beta": 11.64}', 'week'), week * interval '1 week'), 7) AS expected FROM generate_series(0, 9) week;
-- Who has bought more often, and then no more, is the more surely gone: BG/NBD .3474606 .04283391 .004158973 .0003583685, Pareto/NBD .7062289 .1442396 .02250658 .00309267
SELECT kind, x, r(expected_purchases(m, weeks(x, 20, 39), '52 weeks'), 4) AS expected FROM btyd, unnest(ARRAY[10, 15, 20, 25]) x ORDER BY kind COLLATE "C", x;
-- BG/NBD (.243, 4.414, .793, 2.426): .5737864, 1.07869e-07, .0019995214, .0002222260
SELECT n, weeks, r(purchase_probability(purchase_model('bg/nbd', '{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}', 'week'), n, weeks * interval '1 week'), 6) AS probability
FROM (VALUES (0, 39), (10, 2), (11, 30), (20, 30)) v (n, weeks);
-- Gamma-gamma (note 025): 24.65 18.91 35.17 35.17 35.17 71.46, of customers with these x and m
SELECT x, m, round(expected_spend(spend_model(6.24957, 3.74422, 15.44352), weeks(x, x, 39, m))::numeric, 2) AS spend
FROM (VALUES (2, 22.35), (1, 11.77), (0, NULL), (7, 73.74), (0, 99)) v (x, m);
-- Residual transactions, discounted at .0027 a week (Fader, Hardie & Lee 2005, JMR): Pareto/NBD 11.19079785, .8578779138, 109.9014701
SELECT v.x, r(predicted_clv(m, s, c, annual_discount_rate => exp(0.0027 * 365.25 / 7) - 1) / expected_spend(s, c), 9) AS transactions
FROM (SELECT purchase_model('pareto/nbd', '{"r": 0.5629966, "alpha": 12.5590370, "s": 0.4081095, "beta": 10.5148048}', 'week') AS m, spend_model(6.25, 3.74, 15.44) AS s) models,
	(VALUES (3, 28, 39), (0, 0, 39), (26, 30.86, 31)) v (x, t_x, t), LATERAL (SELECT weeks(v.x, v.t_x, v.t, 20) AS c) c;
-- sBG of the regular segment (Fader & Hardie 2007: a .704, b 1.182): survival after 1, 2, 3, 7, 12 years; and retention
SELECT n, r(survival_at(m, n)) AS survival, r(retention_at(m, greatest(n, 1))) AS retention
FROM retention_model('sbg', '{"a": 0.704, "b": 1.182}') m, unnest(ARRAY[0, 1, 2, 3, 7, 12]) n;
-- its residual lifetime (Fader & Hardie 2010), by the sum that it is
SELECT age, r(discounted_lifetime(m, age)) AS lifetime,
	   r((SELECT sum(survival_at(m, age + 1 + i) / survival_at(m, age) / 1.1 ^ i) FROM generate_series(0, 400) i)) AS sum
FROM retention_model('sbg', '{"a": 0.704, "b": 1.182}') m, unnest(ARRAY[0, 1, 5]) age;
SELECT r(discounted_lifetime(m, 3, 0.1, '1 month')) AS by_month, r((SELECT sum(survival_at(m, 4 + i) / survival_at(m, 3) / 1.1 ^ (i / 12.0)) FROM generate_series(0, 4000) i)) AS sum,
	   discounted_lifetime(m, 3, 0) AS endless
FROM retention_model('sbg', '{"a": 0.704, "b": 1.182}') m;
SELECT n, r(survival_at(m, n)) AS survival, r(retention_at(m, greatest(n, 1))) AS retention, r(discounted_lifetime(m, n)) AS lifetime FROM retention_model('bdw', '{"a": 0.259, "b": 1.722, "c": 1.584}') m, unnest(ARRAY[0, 1, 2, 7]) n;

-- ---------------------------------------------------------------------------
-- What is true of all models.
-- ---------------------------------------------------------------------------

CREATE TABLE customers AS SELECT n, c FROM (VALUES (1, weeks(0, 0, 10)), (2, weeks(1, 3, 10)), (3, weeks(5, 50, 52)), (4, weeks(30, 100, 104)), (5, weeks(3, 2, 104)), (6, weeks(0, 0, 0)), (7, weeks(2, 0, 0))) v (n, c);
-- A probability; probabilities add up to one, and their mean is the expectation.
SELECT kind, count(*) FILTER (WHERE p_alive(m, c) BETWEEN 0 AND 1) AS shares, count(*) FILTER (WHERE abs(sum - 1) < 1e-6) AS sums, count(*) FILTER (WHERE abs(mean - expected_purchases(m, c, '8 weeks')) < 1e-6 * mean) AS means
FROM models, customers, LATERAL (SELECT sum(purchase_probability(m, c, n, '8 weeks')) AS sum, sum(n * purchase_probability(m, c, n, '8 weeks')) AS mean FROM generate_series(0, 400) n) p
WHERE customers.n < 6 AND kind NOT LIKE '%cnbd%' GROUP BY kind ORDER BY kind COLLATE "C";
SELECT kind, abs(sum(purchase_probability(m, n, '1 year')) - 1) < 1e-6 AS sum, abs(sum(n * purchase_probability(m, n, '1 year')) / expected_purchases(m, '1 year') - 1) < 1e-5 AS mean
FROM models, generate_series(0, 1000) n WHERE kind NOT LIKE '%cnbd%' GROUP BY kind, m::text, expected_purchases(m, '1 year') ORDER BY kind COLLATE "C";
-- Of nothing comes nothing; more time, more purchases; more discount, less value; an endless horizon is a long one.
SELECT kind, count(*) FILTER (WHERE expected_purchases(m, c, '0') = 0 AND purchase_probability(m, c, 0, '0') = 1 AND purchase_probability(m, c, 1, '0') = 0 AND predicted_clv(m, s, c, '0') = 0) AS nothing,
	   count(*) FILTER (WHERE expected_purchases(m, c, '1 week') < expected_purchases(m, c, '2 weeks')) AS rising,
	   count(*) FILTER (WHERE predicted_clv(m, s, c, '1 year') < predicted_clv(m, s, c, '2 years') AND predicted_clv(m, s, c, '2 years') < predicted_clv(m, s, c)
			AND predicted_clv(m, s, c, '2 years', 0.2) < predicted_clv(m, s, c, '2 years')) AS ordered,
	   count(*) FILTER (WHERE abs(predicted_clv(m, s, c, '150 years') / predicted_clv(m, s, c) - 1) < 1e-5) AS long,
	   count(*) FILTER (WHERE abs(predicted_clv(m, s, c, '1 year', 0) / (expected_purchases(m, c, '1 year') * expected_spend(s, c)) - 1) < 1e-9) AS undiscounted,
	   count(*) FILTER (WHERE abs(predicted_clv(m, s, c, '1 year', margin => 0.3) / predicted_clv(m, s, c, '1 year') - 0.3) < 1e-12) AS margin
FROM models, spend_model(6.25, 3.74, 15.44) s, (SELECT n, ((c).repeat_purchases, (c).active_days, (c).age_days, 20, NULL, NULL, NULL)::rfm_inputs AS c FROM customers WHERE n < 6) customers GROUP BY kind ORDER BY kind COLLATE "C";
-- A month has 365.25 / 12 days, a year 365.25, and hours count.
SELECT expected_purchases(m, '12 months') = expected_purchases(m, '365 days 6 hours') AS year, expected_purchases(m, '1 month') = expected_purchases(m, '30 days 10 hours 30 minutes') AS month,
	   expected_purchases(m, '1 month -29 days') = expected_purchases(m, '1 day 10.5 hours') AS mixed FROM models WHERE kind = 'bg/nbd';
-- as_of: observed for longer, without a purchase.
SELECT count(*) FILTER (WHERE p_alive(m, c, '1997-01-01') = p_alive(m, c)) AS unchanged FROM models, weeks(0, 0, 0) c;
SELECT kind, p_alive(m, weeks(2, 5, 10), as_of => '1997-12-31') = p_alive(m, weeks(2, 5, 52)) AS longer, p_alive(m, weeks(2, 5, 10), '1997-12-31') < p_alive(m, weeks(2, 5, 10)) AS less FROM models WHERE kind <> 'nbd' ORDER BY kind COLLATE "C";
SELECT p_alive(m, weeks(2, 5, 10), '1997-01-31') FROM models WHERE kind = 'bg/nbd';
SELECT p_alive(m, weeks(2, 5, 10), 'infinity') FROM models WHERE kind = 'bg/nbd';
SELECT p_alive(m, (2, 35, 70, NULL, NULL, NULL, NULL)::rfm_inputs, '1997-12-31') IS NULL AS no_first_day, p_alive(m, (2, 35, 70, NULL, NULL, NULL, 'infinity')::rfm_inputs, '1997-12-31') IS NULL AS infinite_first_day FROM models WHERE kind = 'bg/nbd';

-- ---------------------------------------------------------------------------
-- Intervals.
-- ---------------------------------------------------------------------------

-- Those of a model of CDNOW, whose covariance is that of its fit (days).
CREATE TABLE fitted AS SELECT m, s FROM (SELECT '{"type": "purchase_model", "version": 1, "model": "bg/nbd", "unit": "day", "parameters": {"r": 0.2425945224301571, "alpha": 30.89521413309452, "a": 0.7929220172255917, "b": 2.42590677682631}, "log_covariance": [[0.002679389841584362, 0.0034616301089792053, -0.00045668227242982276, 0.00011153186698813387], [0.0034616301089792053, 0.007343656759665709, -0.0008188457316141361, 0.0009828459452304592], [-0.00045668227242982276, -0.0008188457316141361, 0.05486827538348379, 0.06405736121264717], [0.00011153186698813387, 0.0009828459452304592, 0.06405736121264717, 0.08455523864019442]], "customers": 2357, "cells": 1016, "repeat_purchases": 2457, "as_of": "1997-09-30", "loglik": -14363.530442902837, "nbd_loglik": -14544.758850901522, "iterations": 18, "gradient_norm": 6e-16, "converged": true, "boundary": false}'::purchase_model AS m,
	'{"type": "spend_model", "version": 1, "model": "gamma-gamma", "parameters": {"p": 6.249572271323765, "q": 3.744224667132028, "v": 15.443520962589224}, "log_covariance": [[0.036260375080298696, -0.009912956895803342, -0.0497633755755376], [-0.009912956895803342, 0.006004410357515104, 0.017154965390444362], [-0.0497633755755376, 0.017154965390444362, 0.07253911748561152]], "customers": 946, "cells": 760, "left_out_no_repeat": 1411, "left_out_not_positive": 0, "correlation": 0.1138879193912549, "loglik": -4055.9176948018744, "iterations": 16, "gradient_norm": 1e-15, "converged": true, "boundary": false}'::spend_model AS s) v;
SELECT name, r(estimate, 7) AS estimate, r(standard_error, 7) AS standard_error, r(lower) AS lower, r(upper) AS upper FROM fitted, model_parameters(m, unit => 'week');
SELECT name, r(estimate, 7) AS estimate, r(standard_error, 7) AS standard_error, r(lower) AS lower, r(upper) AS upper FROM fitted, model_parameters(s);
SELECT model, customers, cells, r(loglik, 12) AS loglik, r(aic, 12) AS aic, r(bic, 12) AS bic, converged, boundary, message, r(lr_vs_nbd) AS lr, p_vs_nbd < 1e-78 AND p_vs_nbd > 1e-79 AS p, as_of FROM fitted, model_info(m);
SELECT model, customers, left_out_no_repeat, left_out_not_positive, r(correlation) AS correlation, r(loglik, 12) AS loglik, r(aic, 12) AS aic, r(bic, 12) AS bic, converged, boundary, message FROM fitted, model_info(s);
SELECT what, r(estimate) AS estimate, r(lower) AS lower, r(upper) AS upper FROM fitted, weeks(2, 30.43, 38.86, 22.35) c, LATERAL (
	SELECT 'p_alive', * FROM p_alive_interval(m, c) UNION ALL SELECT 'p_alive, later', * FROM p_alive_interval(m, c, as_of => '1997-12-31')
	UNION ALL SELECT 'expected_purchases', * FROM expected_purchases_interval(m, c, '39 weeks') UNION ALL SELECT 'expected_purchases, 50 %', * FROM expected_purchases_interval(m, c, '39 weeks', 0.5)
	UNION ALL SELECT 'expected_purchases, new', * FROM expected_purchases_interval(m, '39 weeks') UNION ALL SELECT 'purchase_probability', * FROM purchase_probability_interval(m, c, 0, '39 weeks')
	UNION ALL SELECT 'purchase_probability, new', * FROM purchase_probability_interval(m, 0, '39 weeks') UNION ALL SELECT 'expected_spend', * FROM expected_spend_interval(s, c)
	UNION ALL SELECT 'expected_spend, new', * FROM expected_spend_interval(s) UNION ALL SELECT 'expected_spend, new, 50 %', * FROM expected_spend_interval(s, 0.5) UNION ALL SELECT 'predicted_clv, new', * FROM predicted_clv_interval(m, s)
	UNION ALL SELECT 'predicted_clv, new, 1 year', * FROM predicted_clv_interval(m, s, '1 year', margin => 0.5, level => 0.9) UNION ALL SELECT 'predicted_clv, new, of a text', * FROM predicted_clv_interval(m, s, '1 year') UNION ALL SELECT 'predicted_clv, new, of an interval', * FROM predicted_clv_interval(m, s, interval '1 year')
	UNION ALL SELECT 'predicted_clv', * FROM predicted_clv_interval(m, s, c) UNION ALL SELECT 'predicted_clv, 1 year', * FROM predicted_clv_interval(m, s, c, '1 year', margin => 0.5, level => 0.9)) i (what, estimate, lower, upper);
-- By the delta method in plain SQL: differences in each logarithm.
CREATE FUNCTION moved(model jsonb, param text, step float8) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_set(model, ARRAY['parameters', param], to_jsonb((model -> 'parameters' ->> param)::float8 * exp(step)))
$$;
WITH params AS (SELECT param, row_number() OVER () - 1 AS i FROM unnest(ARRAY['r', 'alpha', 'a', 'b']) param),
	gradient AS (SELECT i, (ln(expected_purchases(moved(m::jsonb, param, 1e-4)::purchase_model, c, '39 weeks')) - ln(expected_purchases(moved(m::jsonb, param, -1e-4)::purchase_model, c, '39 weeks'))) / 2e-4 AS g,
			(ln(1 / p_alive(moved(m::jsonb, param, -1e-4)::purchase_model, c) - 1) - ln(1 / p_alive(moved(m::jsonb, param, 1e-4)::purchase_model, c) - 1)) / 2e-4 AS h
		FROM fitted, params, weeks(2, 30.43, 38.86) c),
	variance AS (SELECT sum(a.g * b.g * c) AS g, sum(a.h * b.h * c) AS h FROM gradient a, gradient b, fitted, LATERAL (SELECT (m::jsonb #>> ARRAY['log_covariance', a.i::text, b.i::text])::float8 AS c) c)
SELECT r(expected_purchases(m, c, '39 weeks') * exp(-1.959963984540054 * sqrt(g))) AS lower, r(expected_purchases(m, c, '39 weeks') * exp(1.959963984540054 * sqrt(g))) AS upper,
	   r(1 / (1 + (1 / p_alive(m, c) - 1) * exp(1.959963984540054 * sqrt(h)))) AS lower, r(1 / (1 + (1 / p_alive(m, c) - 1) * exp(-1.959963984540054 * sqrt(h)))) AS upper
FROM variance, fitted, weeks(2, 30.43, 38.86) c;
-- What is certain; what nothing is known of.
SELECT p_alive_interval(m, weeks(0, 0, 39)) AS bg, expected_purchases_interval(m, weeks(0, 0, 39), '0') AS no_time, purchase_probability_interval(m, 1, '0') AS no_chance FROM fitted;
SELECT kind, r(estimate) AS estimate, lower, upper FROM models, expected_purchases_interval(m, '1 year') ORDER BY kind COLLATE "C";
SELECT lower, upper FROM fitted, models, predicted_clv_interval(models.m, s, weeks(1, 3, 10, 5)) WHERE kind = 'bg/nbd';
SELECT expected_purchases_interval(m, '1 year', 0) FROM fitted;
SELECT expected_purchases_interval(m, '1 year', 1) FROM fitted;
SELECT expected_purchases_interval(m, '1 year', 95) FROM fitted;
SELECT p_alive_interval(m, weeks(2, 3, 4), 'NaN') FROM fitted;

-- ---------------------------------------------------------------------------
-- NULLs and errors.
-- ---------------------------------------------------------------------------

SELECT count(*) AS customers, count(p_alive(m, c)) AS alive, count(expected_purchases(m, c, '1 year')) AS expected, count(purchase_probability(m, c, 0, '1 year')) AS probability, count(expected_spend(s, c)) AS spend,
	   count(predicted_clv(m, s, c)) AS clv, count(p_alive_interval(m, c)) AS alive_interval, count(predicted_clv_interval(m, s, c)) AS clv_interval
FROM fitted, unnest(ARRAY[NULL, (NULL, 1, 1, 5, 0, NULL, NULL), (1, NULL, 1, 5, 0, NULL, NULL), (1, 1, NULL, 5, 0, NULL, NULL)]::rfm_inputs[]) c;
SELECT p_alive(NULL, c) IS NULL AND p_alive(NULL, c, NULL) IS NULL AND expected_purchases(NULL, c, '1 year') IS NULL AND expected_purchases(m, c, NULL) IS NULL AND expected_purchases(m, NULL::interval) IS NULL
	AND purchase_probability(m, c, NULL, '1 year') IS NULL AND purchase_probability(m, NULL, '1 year') IS NULL AND expected_spend(NULL, c) IS NULL AND predicted_clv(NULL, s, c) IS NULL AND predicted_clv(m, NULL, c) IS NULL
	AND predicted_clv(m, s, c, annual_discount_rate => NULL) IS NULL AND predicted_clv(m, s, c, margin => NULL) IS NULL AND p_alive_interval(m, c, NULL) IS NULL AND predicted_clv_interval(m, s, c, level => NULL) IS NULL
	AND survival_at(NULL::retention_model, 1) IS NULL AND retention_at(NULL, 1) IS NULL AND discounted_lifetime(NULL, 1) IS NULL AS nulls
FROM fitted, weeks(1, 3, 10, 5) c;
-- Spend: of whom nothing is known, one that no model has, and of a model without a mean.
SELECT left(spend::text, 5) AS spend, expected_spend(s, c) AS expected, predicted_clv(m, s, c, '1 year') AS clv FROM fitted, unnest(ARRAY[NULL, 0, -5, 1e-400]::numeric[]) spend, LATERAL (SELECT weeks(1, 3, 10, spend) AS c) c;
SELECT expected_spend(no_mean, weeks(0, 0, 10)) AS new, r(expected_spend(no_mean, weeks(1, 3, 10, 5))) AS known, predicted_clv(m, no_mean, weeks(0, 0, 10)) AS clv FROM fitted, spend_model(6, 0.9, 15) no_mean;
SELECT expected_spend(s, weeks(1, 3, 10, 'NaN')) FROM fitted;
SELECT predicted_clv(m, s, weeks(1, 3, 10, 1e309)) FROM fitted;
SELECT expected_purchases(m, weeks(1, 3, 10), '-1 day') FROM fitted;
SELECT expected_purchases(m, '1 month -31 days') FROM fitted;
SELECT purchase_probability(m, -1, '1 day') FROM fitted;
SELECT purchase_probability(m, weeks(1, 3, 10), 1, '-1 day') FROM fitted;
SELECT predicted_clv(m, s, weeks(1, 3, 10, 5), '-1 day') FROM fitted;
SELECT predicted_clv(m, s, weeks(1, 3, 10, 5), annual_discount_rate => 0) FROM fitted;
SELECT predicted_clv(m, s, weeks(1, 3, 10, 5), annual_discount_rate => 10) FROM fitted;
SELECT predicted_clv(m, s, weeks(1, 3, 10, 5), annual_discount_rate => 'NaN') FROM fitted;
SELECT predicted_clv(m, s, weeks(1, 3, 10, 5), margin => 30) FROM fitted;
SELECT predicted_clv(m, s, weeks(1, 3, 10, 5), margin => -0.1) FROM fitted;
SELECT p_alive(m, weeks(-1, 3, 10)) FROM fitted;
SELECT p_alive(m, weeks(1, 30, 10)) FROM fitted;
SELECT p_alive(m, weeks(0, 3, 10)) FROM fitted;
SELECT p_alive(m, weeks(1, 'NaN', 10)) FROM fitted;
SELECT survival_at(retention_model('sbg', '{"a": 1, "b": 1}'), -1);
SELECT retention_at(retention_model('sbg', '{"a": 1, "b": 1}'), 0);
SELECT discounted_lifetime(retention_model('sbg', '{"a": 1, "b": 1}'), -1);
SELECT discounted_lifetime(retention_model('sbg', '{"a": 1, "b": 1}'), 1, -0.1);
SELECT discounted_lifetime(retention_model('sbg', '{"a": 1, "b": 1}'), 1, 0.1, '0');
SELECT discounted_lifetime(retention_model('sbg', '{"a": 1, "b": 1}'), 1, 0.1, '-1 month');

-- The median of what they may spend: p (v + x m) over the median of a gamma distribution of shape p x + q (mpmath's, of 9.99 and of 3.7), known whatever q is.
SELECT abs(median_spend(m, (1, 5, 10, 20, 0, NULL, NULL)::rfm_inputs) / (6.29 * (15 + 20) / 9.65871673789234623) - 1) < 1e-12 AS one, abs(median_spend(m) / (6.29 * 15 / 3.37253801323641473) - 1) < 1e-12 AS new,
	median_spend(m, (0, 0, 10, NULL, 0, NULL, NULL)::rfm_inputs) = median_spend(m) AS same FROM spend_model(6.29, 3.7, 15) m;
SELECT expected_spend(m) IS NULL AS no_mean, abs(median_spend(m) / (2 * 15 / 0.0731311358669519027) - 1) < 1e-12 AS median FROM spend_model(2, 0.3, 15) m;
SELECT predicted_clv_median(p, s, c, h) IS NOT NULL AS known, predicted_clv(p, s, c, h) IS NULL AS no_mean, abs(predicted_clv_median(p, s, c, h, 0.2, 0.5) / (predicted_clv(p, t, c, h, 0.2, 0.5) / expected_spend(t, c) * median_spend(s, c)) - 1) < 1e-12 AS product,
	predicted_clv_median(p, s, c, h, NULL) IS NULL AS null, predicted_clv_median(p, s, (1, 5, 10, -3, 0, NULL, NULL)::rfm_inputs, h) IS NULL AS no_spend
FROM purchase_model('bg/nbd', '{"r": 0.6, "alpha": 40, "a": 0.9, "b": 2.5}') p, spend_model(2, 0.3, 15) s, spend_model(6.29, 3.7, 15) t, (SELECT (0, 0, 10, NULL, 0, NULL, NULL)::rfm_inputs AS c, interval '1 year' AS h) c;

-- Still a customer later, whatever they buy until then: in 30-digit arithmetic (2F1(r + x, a; a + b + x + d; -t / (alpha + T)), and of mbg/cnbd-3 the sum over the events).
CREATE TABLE later_models AS SELECT kind, purchase_model(kind, params) AS m FROM (VALUES ('nbd', '{"r": 0.6, "alpha": 40}'), ('bg/nbd', '{"r": 0.6, "alpha": 40, "a": 0.9, "b": 2.5}'), ('mbg/nbd', '{"r": 0.6, "alpha": 40, "a": 0.9, "b": 2.5}'),
	('pareto/nbd', '{"r": 0.6, "alpha": 40, "s": 0.7, "beta": 80}'), ('mbg/cnbd-3', '{"r": 0.6, "alpha": 40, "a": 0.9, "b": 2.5}')) v (kind, params);
CREATE TABLE later_customer AS SELECT (3, 80, 100, 10, 3, NULL, NULL)::rfm_inputs AS c;
SELECT kind, days, abs(alive_in(m, c, days * interval '1 day') / known - 1) < 1e-12 AS known, abs(alive_in(m, days * interval '1 day') / new - 1) < 1e-12 AS new
FROM later_customer, later_models JOIN (VALUES ('bg/nbd', 50, 0.6305874181342612, 0.8570308879956694), ('bg/nbd', 365, 0.3409639319728063, 0.5591742512085518), ('mbg/nbd', 50, 0.6752999965335868, 0.6497204613042949), ('mbg/nbd', 365, 0.3860438670351162, 0.4479708069565079),
	('pareto/nbd', 50, NULL, 0.7118732016163068), ('pareto/nbd', 365, NULL, 0.300822962041847), ('mbg/cnbd-3', 50, NULL, 0.7205260020911729), ('mbg/cnbd-3', 365, NULL, 0.5929978305662611)) v (kind, days, known, new) USING (kind) ORDER BY kind COLLATE "C", days;
-- At once it is p_alive, it never rises, and who is silent until then is less likely one than who may have bought.
SELECT kind, alive_in(m, c, '0 days') = p_alive(m, c) AS at_once, alive_in(m, c, '10 days') >= alive_in(m, c, '20 days') AS falls, alive_in(m, c, '50 days') >= p_alive(m, (3, 80, 150, 10, 3, NULL, NULL)::rfm_inputs) AS not_silent FROM later_models, later_customer ORDER BY kind COLLATE "C";
SELECT alive_in(m, c, NULL) IS NULL AS no_horizon, alive_in(m, (NULL, 80, 100, 10, 3, NULL, NULL)::rfm_inputs, '1 day') IS NULL AS unknown, alive_in_interval(m, c, '1 year') FROM later_models, later_customer WHERE kind = 'bg/nbd';
SELECT count(*) FILTER (WHERE i.estimate = alive_in(m, c, '1 year') AND i.lower < i.estimate AND i.estimate < i.upper) AS intervals FROM fitted, later_customer, alive_in_interval(m, c, '1 year') i;
SELECT alive_in(m, c, '-1 day') FROM later_models, later_customer;
SELECT alive_in(m, c, '365') FROM later_models, later_customer;

-- So many purchases or more: from now on what purchase_probability says; later, in 30 digits (of two), and the sum over the number is what is expected of that time.
SELECT kind, count(*) FILTER (WHERE abs(probability_at_least(m, c, n, '90 days') - (1 - (SELECT sum(purchase_probability(m, c, i, '90 days')) FROM generate_series(0, n - 1) i))) < 1e-12
	AND abs(probability_at_least(m, n, '90 days') - (1 - (SELECT sum(purchase_probability(m, i, '90 days')) FROM generate_series(0, n - 1) i))) < 1e-12) AS now FROM later_models, later_customer, generate_series(1, 4) n GROUP BY kind ORDER BY kind COLLATE "C";
SELECT kind, abs(probability_at_least(m, c, 2, '90 days', starts_in => '365 days') / known - 1) < 1e-12 AS known, abs(probability_at_least(m, 2, '90 days', '365 days') / new - 1) < 1e-12 AS new
FROM later_customer, later_models JOIN (VALUES ('bg/nbd', 0.1686339664801524, 0.07460778234840571), ('mbg/nbd', 0.1938648227957325, 0.06780128907458612)) v (kind, known, new) USING (kind) ORDER BY kind COLLATE "C";
SELECT kind, abs((SELECT sum(probability_at_least(m, c, n, '90 days', '200 days')) FROM generate_series(1, 100) n) / (expected_purchases(m, c, '290 days') - expected_purchases(m, c, '200 days')) - 1) < 1e-11 AS known,
	abs((SELECT sum(probability_at_least(m, n, '90 days', '200 days')) FROM generate_series(1, 200) n) / (expected_purchases(m, '290 days') - expected_purchases(m, '200 days')) - 1) < 1e-7 AS new FROM later_models, later_customer WHERE kind NOT LIKE '%cnbd%' ORDER BY kind COLLATE "C";
SELECT probability_at_least(m, c, 0, '1 day') AS none, probability_at_least(m, c, 1, '0 days', '1 year') AS no_time, probability_at_least(m, c, NULL, '1 day') IS NULL AS unknown FROM later_models, later_customer WHERE kind = 'mbg/nbd';
SELECT probability_at_least(m, c, 1, '90 days', '1 day') FROM later_models, later_customer WHERE kind = 'mbg/cnbd-3';
SELECT probability_at_least(m, c, -1, '90 days') FROM later_models, later_customer;
SELECT probability_at_least(m, c, 1001, '90 days') FROM later_models, later_customer;
SELECT probability_at_least(m, c, 1, '90 days', '-1 day') FROM later_models, later_customer;

-- Whatever is possible has an answer that is finite, or NULL, and soon: the ends
-- of what parameters and customers may be.
SET statement_timeout = '60s';
CREATE TABLE extreme AS SELECT kind, low, purchase_model(kind, jsonb_object_agg(name, CASE which >> (i::int - 1) & 1 WHEN 0 THEN low ELSE 1 / low END)) AS m
FROM (VALUES ('nbd', '{r,alpha}'::text[]), ('bg/nbd', '{r,alpha,a,b}'), ('mbg/nbd', '{r,alpha,a,b}'), ('pareto/nbd', '{r,alpha,s,beta}'), ('mbg/cnbd-12', '{r,alpha,a,b}')) v (kind, names),
	unnest(ARRAY[0.01, 1e-8, 1e-30]) low, generate_series(0, 15) which, unnest(names) WITH ORDINALITY n (name, i) GROUP BY kind, low, which;
CREATE TABLE extreme_customers AS SELECT c FROM unnest(ARRAY[(0, 0, 0, 1, 0, NULL, NULL), (0, 0, 1e4, 1, 0, NULL, NULL), (500, 0, 0, 1, 0, NULL, NULL), (500, 1e-3, 1e4, 1, 0, NULL, NULL), (3, 1e4, 1e4, 1, 0, NULL, NULL)]::rfm_inputs[]) c;
SELECT count(*) > 2000 AS many, count(*) FILTER (WHERE p NOT BETWEEN 0 AND 1) AS no_share, count(*) FILTER (WHERE e < 0 OR e = 'Infinity' OR e = 'NaN') AS no_number, count(*) FILTER (WHERE q < 0 OR q > 1 OR q = 'NaN') AS no_probability,
	   count(*) FILTER (WHERE low = 0.01 AND (p IS NULL OR e IS NULL OR q IS NULL)) AS without
FROM (SELECT kind, low, p_alive(m, c) AS p, CASE WHEN kind NOT LIKE '%cnbd%' OR low = 0.01 AND horizon < '1 year' THEN expected_purchases(m, c, horizon) ELSE 0 END AS e, purchase_probability(m, c, 2, horizon) AS q
	FROM extreme, extreme_customers, unnest(ARRAY['1 microsecond', '100 years']::interval[]) horizon) s;
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE s NOT BETWEEN 0 AND 1 OR l NOT BETWEEN 0 AND 1) AS no_share, count(*) FILTER (WHERE low = 0.01 AND s IS NULL) AS without
FROM (SELECT low, CASE WHEN kind NOT LIKE '%cnbd%' THEN alive_in(m, c, '1 year') ELSE 0 END AS s, CASE WHEN kind NOT LIKE '%cnbd%' AND low = 0.01 AND horizon < '1 year' THEN probability_at_least(m, c, 1, horizon, horizon) ELSE 0 END AS l FROM extreme, extreme_customers, unnest(ARRAY['1 microsecond', '1 year']::interval[]) horizon) s;
SELECT count(*) > 500 AS many, count(*) FILTER (WHERE v < 0 OR v = 'Infinity' OR v = 'NaN') AS no_value, count(*) FILTER (WHERE low = 0.01 AND v IS NULL) AS without
FROM (SELECT low, predicted_clv(m, s, c) AS v FROM extreme, extreme_customers, spend_model(6, 3, 15) s WHERE kind NOT LIKE '%cnbd%') s;
-- A value that takes half a minute is given up when asked.
CREATE FUNCTION given_up_soon() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	PERFORM predicted_clv(purchase_model('mbg/cnbd-3', '{"r": 1e30, "alpha": 1e6, "a": 30, "b": 1e-30}'), spend_model(6, 3, 15), ROW(400, 200, 400, 10, 0, NULL, NULL)::rfm_inputs, '1000 years');
	RETURN false;
EXCEPTION WHEN query_canceled THEN
	RETURN clock_timestamp() < statement_timestamp() + interval '10 seconds';
END
$$;
SET statement_timeout = '200ms';
SELECT given_up_soon();
RESET statement_timeout;

SET client_min_messages = error;
DROP SCHEMA model_predict CASCADE;
