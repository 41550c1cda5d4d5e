-- Fits: what they find, whatever way the data came, and what they say of data
-- that do not determine a model.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
CREATE SCHEMA model_fit;
SET search_path = model_fit, public;

-- to so many significant digits
CREATE FUNCTION r(x float8, digits int DEFAULT 6) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN x = 0 THEN 0 ELSE round(x::numeric, digits - 1 - floor(log(abs(x)::numeric))::int) END
$$;
CREATE FUNCTION near(a float8, b float8, tolerance float8) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT abs(a - b) <= tolerance * abs(b) $$;

-- ---------------------------------------------------------------------------
-- A shop, the same on every machine, whose customers buy by BG/NBD (r .243,
-- alpha 4.414 weeks, a .793, b 2.426) and spend by gamma-gamma (6.25, 3.74, 15.44).
-- ---------------------------------------------------------------------------

CREATE TABLE orders AS SELECT * FROM simulate_orders(4000, '2 years', 5);
CREATE TABLE customers AS SELECT customer_id, rfm_summary(ordered_at, amount, '2025-12-31') AS c FROM orders GROUP BY customer_id;
CREATE TABLE shop AS SELECT repeat_buying(c) AS b, repeat_spend(c) AS s FROM customers;
SELECT i.customers, i.cells, i.repeat_purchases, i.as_of FROM shop, repeat_buying_info(b) i;
SELECT i.customers, i.used, i.left_out_no_repeat, i.left_out_not_positive, r(i.mean_spend) AS mean, r(i.correlation) AS correlation FROM shop, repeat_spend_info(s) i;
CREATE TABLE fits AS SELECT kind, fit_purchases(b, kind) AS m FROM shop, unnest(ARRAY['nbd', 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'bg/cnbd-k', 'mbg/cnbd-k', 'bg/cnbd-2']) kind;
SELECT f.kind, i.model AS fitted, customers, r(loglik, 9) AS loglik, r(aic, 9) AS aic, r(bic, 9) AS bic, converged, boundary, message, r(lr_vs_nbd) AS lr, p_vs_nbd < 1e-50 AS p, as_of FROM fits f, model_info(m) i ORDER BY f.kind COLLATE "C";
SELECT kind, name, r(estimate) AS estimate, r(standard_error, 5) AS standard_error, r(lower, 5) AS lower, r(upper, 5) AS upper FROM fits, model_parameters(m, 'week') ORDER BY kind COLLATE "C", name COLLATE "C";
-- The truth is where the intervals are.
SELECT name, truth BETWEEN lower AND upper AS covered FROM fits, model_parameters(m, 'week') JOIN (VALUES ('r', 0.243), ('alpha', 4.414), ('a', 0.793), ('b', 2.426)) v (name, truth) USING (name) WHERE kind = 'bg/nbd' ORDER BY name COLLATE "C";
SELECT m::jsonb ->> 'model' AS auto, (SELECT min(aic) FROM fits, model_info(m)) = (model_info(m)).aic AS smallest FROM shop, fit_purchases(b, 'auto') m;
SELECT fit_purchases(b)::text = fit_purchases(b, 'mbg/nbd')::text AS default, fit_purchases(b, model => 'bg/cnbd-1')::jsonb ->> 'model' AS with_k FROM shop;
SELECT i.model, i.customers, left_out_no_repeat, left_out_not_positive, r(correlation) AS correlation, r(loglik, 9) AS loglik, converged, boundary, message FROM shop, model_info(fit_spend(s)) i;
SELECT name, r(estimate) AS estimate, r(standard_error, 5) AS standard_error, truth BETWEEN lower AND upper AS covered FROM shop, model_parameters(fit_spend(s)) JOIN (VALUES ('p', 6.25), ('q', 3.74), ('v', 15.44)) v (name, truth) USING (name) ORDER BY name;
-- k is in the parameters, without an error
SELECT name, estimate, standard_error FROM fits, model_parameters(m) WHERE kind = 'bg/cnbd-2' AND name = 'k';

-- The same bits in any order, of parts, of a history, and in parallel.
CREATE TABLE ways (way text, p purchase_model, s spend_model);
INSERT INTO ways SELECT 'as they are', fit_purchases(b), fit_spend(s) FROM shop;
INSERT INTO ways SELECT 'backwards', fit_purchases(repeat_buying(c ORDER BY customer_id DESC)), fit_spend(repeat_spend(c ORDER BY customer_id DESC)) FROM customers;
INSERT INTO ways SELECT 'of parts', fit_purchases(rollup(b)), fit_spend(rollup(s)) FROM (SELECT repeat_buying(c) AS b, repeat_spend(c) AS s FROM customers GROUP BY customer_id % 7) p;
INSERT INTO ways SELECT 'of a history', fit_purchases(repeat_buying(h, '2025-12-31')), fit_spend(repeat_spend(h, '2025-12-31')) FROM (SELECT purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM orders) h;
INSERT INTO ways SELECT 'stored', fit_purchases(b::text::repeat_buying_histogram), fit_spend(s::text::repeat_spend_histogram) FROM shop;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
INSERT INTO ways SELECT 'in parallel', fit_purchases(repeat_buying(c)), fit_spend(repeat_spend(c)) FROM customers;
RESET max_parallel_workers_per_gather;
SELECT way, p::text = (SELECT p::text FROM ways WHERE way = 'as they are') AS purchases, s::text = (SELECT s::text FROM ways WHERE way = 'as they are') AS spend FROM ways ORDER BY way COLLATE "C";
-- In other units: parameters that are times change with them, the likelihood by x ln 7.
CREATE TABLE in_weeks AS SELECT kind, fit_purchases(weeks, kind) AS w, fit_purchases(b, kind) AS d
FROM (SELECT repeat_buying(((c).repeat_purchases, (c).active_days / 7, (c).age_days / 7, NULL, (c).log_gaps - (c).repeat_purchases * ln(7::float8), (c).orders, (c).first_order)::rfm_inputs) AS weeks FROM customers) v, shop, unnest(ARRAY['nbd', 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'mbg/cnbd-2']) kind;
SELECT kind, count(*) AS parameters, count(*) FILTER (WHERE near(p.estimate * CASE WHEN name IN ('alpha', 'beta') THEN 7 ELSE 1 END, q.estimate, 1e-9) AND (name = 'k' OR near(p.standard_error / p.estimate, q.standard_error / q.estimate, 1e-6))) AS same
FROM (SELECT kind, (model_parameters(w)).* FROM in_weeks) p JOIN (SELECT kind, (model_parameters(d)).* FROM in_weeks) q USING (kind, name) GROUP BY kind ORDER BY kind COLLATE "C";
SELECT w.model, near(w.loglik - i.repeat_purchases * ln(7::float8), d.loglik, 1e-12) AS loglik FROM in_weeks, model_info(w) w, model_info(d) d, shop, repeat_buying_info(b) i ORDER BY w.model COLLATE "C";

-- Beside the data: how many have bought so often; the last row is "or more".
SELECT repeat_purchases, actual_customers AS actual, r(expected_customers, 7) AS expected, r((SELECT CASE WHEN f.repeat_purchases < 5 THEN sum(purchase_probability(m, f.repeat_purchases::int, (c).age_days * interval '1 day')) ELSE sum(1 - p) END
		FROM customers, LATERAL (SELECT sum(purchase_probability(m, n, (c).age_days * interval '1 day')) AS p FROM generate_series(0, 4) n) p), 7) AS plain
FROM shop, fits, model_frequency_fit(m, b, 5) f WHERE kind = 'mbg/nbd';
SELECT count(*) AS rows, sum(actual_customers) AS customers, r(sum(expected_customers)) AS expected FROM shop, fits, model_frequency_fit(m, b) f WHERE kind = 'bg/nbd';
SELECT count(*) FROM shop, fits, model_frequency_fit(m, NULL) f;
SELECT f.* FROM shop, fits, model_frequency_fit(m, b, 0) f WHERE kind = 'nbd';
-- And when.
CREATE TABLE history AS SELECT purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM orders;
CREATE TABLE purchases AS SELECT DISTINCT customer_id, ordered_at::date AS day, min(ordered_at::date) OVER (PARTITION BY customer_id) AS first FROM orders;
SELECT count(*) AS periods, count(*) FILTER (WHERE cumulative_actual_purchases = (SELECT count(*) FROM purchases WHERE day > first AND day <= period_end)) AS actual,
	   count(*) FILTER (WHERE near(cumulative_expected_purchases, (SELECT sum(expected_purchases(m, (period_end - first) * interval '1 day')) FROM purchases WHERE day = first AND first <= period_end), 1e-9)) AS expected
FROM history, fits, model_tracking(m, h, 'month', '2025-12-15') t, LATERAL (SELECT least((period_start + interval '1 month' - interval '1 day')::date, '2025-12-15') AS period_end) e WHERE kind = 'bg/nbd';
SELECT period_start AS period, cumulative_actual_purchases, r(cumulative_expected_purchases) AS expected FROM history, fits, model_tracking(m, h, 'year') WHERE kind = 'bg/nbd';
SELECT count(*) AS weeks FROM history, fits, model_tracking(m, h) WHERE kind = 'bg/nbd';
SELECT count(*) AS nothing FROM history, fits, model_tracking(m, h, as_of => '2020-01-01');
SELECT model_tracking(m, (SELECT purchase_history(1, date '2024-01-01', 'month'))) FROM fits WHERE kind = 'nbd';
-- A model for each of many groups.
SELECT count(*) AS models, count(*) FILTER (WHERE (m::jsonb ->> 'converged')::bool) AS converged FROM (SELECT fit_purchases(repeat_buying(c)) AS m FROM customers GROUP BY customer_id % 10) g;

-- ---------------------------------------------------------------------------
-- Data that do not determine a model: no errors, and finite predictions; of those that
-- say nothing at all, none.
-- ---------------------------------------------------------------------------

CREATE FUNCTION b(int8, float8, float8) RETURNS rfm_inputs LANGUAGE sql IMMUTABLE AS $$ SELECT ($1, $2, $3, 10, 0, NULL, NULL)::rfm_inputs $$;
CREATE TABLE hard (what text, c rfm_inputs);
INSERT INTO hard VALUES ('one customer', b(3, 20, 30)), ('one who bought once', b(0, 0, 30)), ('one of today', b(0, 0, 0)), ('x above T', b(50, 3, 4)), ('all at T = 0', b(7, 0, 0)), ('all at T = 0', b(0, 0, 0)),
	('all alike', b(4, 30, 40)), ('all alike', b(4, 30, 40)), ('huge x', b(1000000000, 900, 1000)), ('huge x', b(0, 0, 1000)), ('huge T', b(2, 1e15, 1e16)), ('huge T', b(0, 0, 1e16)), ('tiny T', b(2, 1e-10, 2e-10)), ('tiny T', b(0, 0, 1e-10));
INSERT INTO hard SELECT 'nobody again', b(0, 0, n) FROM generate_series(0, 200) n;
INSERT INTO hard SELECT 'everybody to the end', b(n, 100, 100) FROM generate_series(1, 40) n;
INSERT INTO hard SELECT 'nobody leaves', b(x, CASE WHEN x > 0 THEN 365.0 * x / (x + 1) ELSE 0 END, 365) FROM generate_series(1, 300) n, LATERAL (SELECT floor(-4 * ln((n - 0.5) / 300.0))::int8 AS x) x;
INSERT INTO hard SELECT 'all the same rate', b(10, 95 + n % 5, 100) FROM generate_series(1, 200) n;
INSERT INTO hard SELECT 'all leave at once', b(1, 1, 1000) FROM generate_series(1, 50) n;
CREATE TABLE hard_fits AS SELECT what, kind, fit_purchases(b, kind) AS m FROM (SELECT what, repeat_buying(c) AS b FROM hard GROUP BY what) g, unnest(ARRAY['nbd', 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'bg/cnbd-k', 'mbg/cnbd-k', 'auto']) kind;
SELECT count(*) AS fits, count(m) AS models, count(*) FILTER (WHERE (i).loglik > '-Infinity' AND (i).loglik < 'Infinity') AS finite, count(*) FILTER (WHERE (m::text)::purchase_model::text = m::text) AS round_trips
FROM (SELECT *, model_info(m) AS i FROM hard_fits) f;
SELECT what, bool_and((i).boundary) AS all_at_a_limit, bool_and((i).message IS NOT NULL) AS all_say_so FROM (SELECT *, model_info(m) AS i FROM hard_fits WHERE kind <> 'auto') f
WHERE what IN ('one customer', 'one who bought once', 'one of today', 'nobody again', 'all at T = 0', 'all alike') GROUP BY what ORDER BY what COLLATE "C";
SELECT DISTINCT (model_info(m)).message FROM hard_fits WHERE what = 'nobody again';
SELECT kind, (model_info(m)).boundary, (model_info(m)).message, (model_info(m)).p_vs_nbd > 0.5 AS no_evidence FROM hard_fits WHERE what = 'nobody leaves' AND kind IN ('bg/nbd', 'mbg/nbd', 'pareto/nbd') ORDER BY kind COLLATE "C";
-- Where nobody has purchased again, or nobody was observed for longer than a day, there is no prediction of anything.
CREATE VIEW nothing AS SELECT what, kind, m FROM hard_fits WHERE what IN ('one who bought once', 'one of today', 'all at T = 0', 'nobody again');
SELECT count(*) AS models, count(*) FILTER (WHERE p_alive(m, c) IS NULL AND p_alive_interval(m, c) IS NULL AND expected_purchases(m, c, '1 year') IS NULL AND expected_purchases(m, '1 year') IS NULL AND expected_purchases_interval(m, '1 year') IS NULL
	AND purchase_probability(m, c, 0, '1 year') IS NULL AND predicted_clv(m, spend_model(6, 4, 15), c) IS NULL AND predicted_clv_interval(m, spend_model(6, 4, 15)) IS NULL AND (_retention_outlook(m, spend_model(6, 4, 15), 1, 0, 30, NULL, '1 year', 1)).p_alive IS NULL) AS without
FROM nothing, b(0, 0, 30) c;
SELECT DISTINCT (model_info(m)).message FROM nothing ORDER BY 1;
SELECT what, count(expected_customers) FROM nothing JOIN (SELECT what, repeat_buying(c) AS b FROM hard GROUP BY what) h USING (what), model_frequency_fit(m, b, 2) GROUP BY what ORDER BY what COLLATE "C";
SELECT count(*) AS periods, count(cumulative_expected_purchases) AS expected FROM nothing, model_tracking(m, (SELECT purchase_history(1, date '2024-01-01', 'day')), 'day') WHERE kind = 'mbg/nbd';
-- All customers of a day, as they are on the day a shop opens: no number of any year.
SELECT expected_purchases(fit_purchases(h, kind), '1 year'), (model_info(fit_purchases(h, kind))).message FROM (SELECT purchase_history(c, date '2024-01-01', 'day') AS h FROM generate_series(1, 100) c) h, unnest(ARRAY['nbd', 'mbg/nbd', 'auto']) kind;
-- Predictions of all others, of all the customers, and of a new one.
SELECT count(*) AS predictions, count(*) FILTER (WHERE p BETWEEN 0 AND 1) AS alive, count(*) FILTER (WHERE e >= 0 AND e < 'Infinity') AS expected, count(*) FILTER (WHERE n >= 0 AND n < 'Infinity') AS new, count(*) FILTER (WHERE q BETWEEN 0 AND 1 + 1e-9) AS probability
FROM (SELECT p_alive(m, c) AS p, expected_purchases(m, c, '30 days') AS e, expected_purchases(m, '30 days') AS n, purchase_probability(m, c, 0, '30 days') AS q
	FROM hard_fits JOIN (SELECT DISTINCT what, c FROM hard) h USING (what) WHERE kind <> 'auto' AND what NOT LIKE 'huge%' AND what NOT IN (SELECT what FROM nothing)) p;
SELECT what, kind, bool_and(e >= 0 AND e < 'Infinity') AS finite FROM (SELECT what, kind, expected_purchases(m, c, '30 days') AS e FROM hard_fits JOIN (SELECT DISTINCT what, c FROM hard) h USING (what)) p
WHERE what NOT IN (SELECT what FROM nothing) GROUP BY what, kind HAVING bool_and(e >= 0 AND e < 'Infinity') IS NOT TRUE ORDER BY what COLLATE "C", kind COLLATE "C";

-- Fits end on a top of their own or at a limit, and say that they have: shops of a year and less, of which some see nobody leave.
CREATE TABLE shops AS SELECT id, repeat_buying(purchase_history(customer_id, ordered_at, 'day'), date '2024-01-01' + days) AS b
FROM (SELECT id, (ARRAY[50, 200, 1000])[1 + id % 3] AS customers, (ARRAY[60, 365])[1 + id / 3 % 2] AS days,
		(ARRAY[purchase_model('bg/nbd', '{"r": 0.243, "alpha": 31, "a": 0.8, "b": 2.4}'), purchase_model('mbg/nbd', '{"r": 0.5, "alpha": 60, "a": 0.3, "b": 5}'), purchase_model('nbd', '{"r": 0.5, "alpha": 60}'), purchase_model('pareto/nbd', '{"r": 0.8, "alpha": 60, "s": 2, "beta": 800}')])[1 + id / 6 % 4] AS m
	FROM generate_series(0, 71) id) d, simulate_orders(customers, days * interval '1 day', id, purchase_model => m) o GROUP BY id, days;
CREATE TABLE shop_fits AS SELECT id, kind, m, i.* FROM shops, unnest(ARRAY['bg/nbd', 'mbg/nbd', 'pareto/nbd']) kind, fit_purchases(b, intervals => true, model => kind) m, model_info(m) i (model, customers, cells, loglik, aic, bic, converged, boundary, message, lr);
SELECT kind, count(*) AS fits, count(*) FILTER (WHERE boundary) > 20 AS many_limits, count(*) FILTER (WHERE NOT converged) <= 1 AS converged, min(lr) >= 0 AS not_below_nbd FROM shop_fits GROUP BY kind ORDER BY kind COLLATE "C";
-- Their intervals have both bounds, with the estimate between them; those of a higher level are wider.
SELECT count(*) FILTER (WHERE e.lower <= e.estimate AND e.estimate <= e.upper AND e.lower < e.upper) = count(*) AS intervals, count(*) FILTER (WHERE a.lower <= a.estimate AND a.estimate <= a.upper) = count(*) AS alive
FROM shop_fits, expected_purchases_interval(m, '1 year') e, LATERAL p_alive_interval(m, b(2, 20, 50)) a WHERE converged;
SELECT count(*) FILTER (WHERE wide.lower <= i.lower AND i.lower <= narrow.lower AND narrow.upper <= i.upper AND i.upper <= wide.upper) = count(*) AS nested
FROM shop_fits, expected_purchases_interval(m, b(2, 20, 50), '1 year') i, expected_purchases_interval(m, b(2, 20, 50), '1 year', 0.5) narrow, expected_purchases_interval(m, b(2, 20, 50), '1 year', 0.99) wide WHERE converged;
-- Levels up to 0.999 at a limit; nothing at all there without being asked; the same model otherwise.
SELECT count(*) > 100 AS limits, count(i.lower) >= count(*) - 2 AS bounds, count(far.lower) AS beyond FROM shop_fits, expected_purchases_interval(m, '1 year', 0.999) i, expected_purchases_interval(m, '1 year', 0.9999) far WHERE boundary AND converged;
SELECT count(*) > 100 AS limits, count(i.estimate) = count(*) AS estimates, count(i.lower) AS bounds, count(p.standard_error) AS errors, count(p.lower) AS parameters FROM shop_fits JOIN shops USING (id), fit_purchases(b, kind) plain, expected_purchases_interval(plain, '1 year') i, model_parameters(plain) p WHERE boundary;
SELECT count(*) > 20 AS fits, count(*) FILTER (WHERE plain::jsonb = m::jsonb - 'region') = count(*) AS same FROM shop_fits JOIN shops USING (id), fit_purchases(b, kind) plain;
-- What a region says is what the likelihood says: of a shop in which few leave, parameters drawn at random, those whose likelihood is not lower
-- than 95 % asks for expect purchases within the interval, and reach near its ends.
CREATE TABLE few AS SELECT s.b, fit_purchases(b, true, 'bg/nbd') AS m FROM (SELECT repeat_buying(c) AS b FROM (SELECT rfm_summary(ordered_at, amount, '2024-12-31') AS c FROM simulate_orders(60, '1 year', 11, purchase_model => purchase_model('bg/nbd', '{"r": 0.7, "alpha": 60, "a": 0.2, "b": 6}')) GROUP BY customer_id) c) s;
SELECT (i).boundary, (i).converged, m::jsonb ? 'region' AS region FROM (SELECT m, model_info(m) AS i FROM few) f;
CREATE TABLE few_cells AS SELECT c.* FROM few, cells(b) c;
CREATE FUNCTION loglik(r float8, alpha float8, a float8, b float8) RETURNS float8 LANGUAGE sql AS $$
	SELECT sum(customers * (coalesce((SELECT sum(ln((r + i) * (b + i) / (a + b + i))) FROM generate_series(0, c.repeat_purchases - 1) i), 0) + r * ln(alpha) - (r + c.repeat_purchases) * ln(alpha + age_days)
		+ CASE WHEN c.repeat_purchases > 0 THEN ln(1 + a / (b + c.repeat_purchases - 1) * exp((r + c.repeat_purchases) * ln((alpha + age_days) / (alpha + active_days)))) ELSE 0 END))
	FROM few_cells c
$$;
SELECT near(loglik(p.r, p.alpha, p.a, p.b), (model_info(m)).loglik, 1e-9) AS as_in_c FROM few, LATERAL jsonb_to_record(m::jsonb -> 'parameters') p (r float8, alpha float8, a float8, b float8);
SELECT setseed(0.5);
CREATE TABLE drawn AS SELECT purchase_model('bg/nbd', jsonb_build_object('r', r, 'alpha', r * per, 'a', b * odds, 'b', b)) AS p, loglik(r, r * per, b * odds, b) AS loglik
FROM (SELECT 0.75 * exp(random() - 0.5 + 0 * n) AS r, 80 * exp(0.8 * random() - 0.4) AS per, exp(16 * random() - 6) AS b, exp(12 * random() - 12) AS odds FROM generate_series(1, 6000) n) d;
SELECT count(*) > 100 AS likely, min(e) >= min(lower) * 0.98 AS not_below, max(e) <= max(upper) * 1.02 AS not_above, min(e) <= min(lower) * 1.25 AS near_below, max(e) >= max(upper) * 0.8 AS near_above
FROM few, drawn, LATERAL model_info(m) i, LATERAL expected_purchases_interval(m, '2 years') iv, LATERAL expected_purchases(p, '2 years') e WHERE drawn.loglik >= i.loglik - 3.841459 / 2;

-- The NBD at the limit of the others: where nobody is seen to leave they predict the same.
SELECT kind, near(expected_purchases(m, c, '90 days'), (SELECT expected_purchases(n.m, c, '90 days') FROM hard_fits n WHERE n.what = f.what AND n.kind = 'nbd'), 1e-2) AS as_nbd
FROM hard_fits f, b(3, 200, 365) c WHERE what = 'nobody leaves' AND kind IN ('bg/nbd', 'mbg/nbd', 'pareto/nbd') ORDER BY kind COLLATE "C";
SELECT fit_purchases(NULL::repeat_buying_histogram) IS NULL AS nothing, fit_purchases(b, NULL) IS NULL AS no_model, fit_purchases('AQIAAAAAAAA='::repeat_buying_histogram) IS NULL AS nobody FROM shop;
SELECT fit_purchases(b, 'bg') FROM shop;
SELECT fit_purchases(b, 'mbg/cnbd-0') FROM shop;
SELECT fit_purchases(b, '') FROM shop;

-- Spend.
CREATE TABLE spenders (what text, x int8, m numeric);
INSERT INTO spenders VALUES ('one', 3, 20), ('all alike', 2, 10), ('all alike', 2, 10), ('none', 0, NULL), ('none', 2, -5), ('none', 1, NULL), ('none', 3, 0), ('far apart', 1, 1e-300), ('far apart', 2, 1e300), ('tiny', 1, 1e-300), ('tiny', 2, 2e-300), ('huge', 1, 1e300), ('huge', 3, 2e300);
INSERT INTO spenders SELECT 'heavy tail', 1 + n % 3, exp(n / 10.0) FROM generate_series(1, 200) n;
SELECT what, i.model, i.customers, left_out_no_repeat, left_out_not_positive, i.correlation IS NOT NULL AS correlation, i.loglik IS NOT NULL AS loglik, fit_spend(s)::text::spend_model::text = fit_spend(s)::text AS round_trip
FROM (SELECT what, repeat_spend((x, x, 10, m, 0, NULL, NULL)::rfm_inputs) AS s FROM spenders GROUP BY what) g, model_info(fit_spend(s)) i ORDER BY what COLLATE "C";
SELECT i.* FROM (SELECT repeat_spend((x, x, 10, m, 0, NULL, NULL)::rfm_inputs) AS s FROM spenders WHERE what = 'none') g, repeat_spend_info(s) i;
SELECT message, expected_spend(m, (0, 0, 10, NULL, 0, NULL, NULL)::rfm_inputs) IS NULL AS no_mean FROM (SELECT fit_spend(repeat_spend((x, x, 10, m, 0, NULL, NULL)::rfm_inputs)) AS m FROM spenders WHERE what = 'heavy tail') g, model_info(m);
SELECT repeat_spend((1, 1, 10, 'NaN', 0, NULL, NULL)::rfm_inputs);
SELECT repeat_spend((1, 1, 10, '-Infinity', 0, NULL, NULL)::rfm_inputs);
SELECT repeat_spend((1, 2, 1, 5, 0, NULL, NULL)::rfm_inputs);
SELECT repeat_spend(NULL::rfm_inputs) IS NULL AS null, repeat_spend(c) IS NULL AS none FROM customers WHERE false;
-- of a history without amounts, and one that is not by day
SELECT repeat_spend(purchase_history(1, date '2024-01-01', 'day')) IS NULL AS no_amounts;
SELECT repeat_spend(purchase_history(1, date '2024-01-01', 1.0, 'month'));
SELECT count(*) AS customers, count(*) FILTER (WHERE a::text = b::text) AS same FROM (SELECT customer_id % 50 AS g, repeat_spend(c) AS a FROM customers GROUP BY 1) a
JOIN (SELECT customer_id % 50 AS g, repeat_spend(purchase_history(customer_id, ordered_at, amount, 'day'), '2025-12-31') AS b FROM orders GROUP BY 1) b USING (g);

-- ---------------------------------------------------------------------------
-- Contracts.
-- ---------------------------------------------------------------------------

-- Fader & Hardie (2007): the regular and the high-end segment, seven years.
CREATE TABLE segments AS SELECT segment, (n - 1)::int AS period, survivors FROM (VALUES ('regular', '{1000,631,468,382,326,289,262,241}'::int8[]), ('high end', '{1000,869,743,653,593,551,517,491}')) v (segment, list), unnest(list) WITH ORDINALITY u (survivors, n);
SELECT segment, kind, name, r(estimate) AS estimate, r(standard_error, 5) AS standard_error, r(lower, 5) AS lower, r(upper, 5) AS upper
FROM (SELECT segment, kind, fit_retention(period, survivors, kind) AS m FROM segments, unnest(ARRAY['sbg', 'bdw']) kind GROUP BY segment, kind) f, model_parameters(m) ORDER BY segment COLLATE "C", kind COLLATE "C", name COLLATE "C";
SELECT segment, i.model, i.customers, periods, r(loglik, 9) AS loglik, r(aic, 9) AS aic, r(bic, 9) AS bic, converged, boundary, message FROM (SELECT segment, fit_retention(period, survivors) AS m FROM segments GROUP BY segment) f, model_info(m) i ORDER BY segment COLLATE "C";
-- rows in any order, of parts, stored; cohorts of the same length add up
SELECT segment, fit_retention(period, survivors)::text = fit_retention(period, survivors ORDER BY period DESC)::text AS backwards, fit_retention(renewals(period, survivors), 'sbg')::text = fit_retention(period, survivors)::text AS stored,
	   fit_retention(renewals(period, survivors)::text::renewals_histogram, 'bdw')::text = fit_retention(period, survivors, 'bdw')::text AS as_text FROM segments GROUP BY segment ORDER BY segment COLLATE "C";
SELECT fit_retention(period, survivors)::text = (SELECT fit_retention(period, sum::int8) FROM (SELECT period, sum(survivors) AS sum FROM segments GROUP BY period) s)::text AS cohorts,
	   fit_retention(period, survivors)::text = (SELECT fit_retention(rollup(t)) FROM (SELECT renewals(period, survivors) AS t FROM segments GROUP BY segment) s)::text AS rolled_up FROM segments;
SELECT r((m::jsonb #>> '{parameters,a}')::float8) AS a FROM (SELECT fit_retention(period, survivors) AS m FROM segments WHERE segment = 'regular' AND period NOT IN (2, 5)) f;
-- Cohorts of unequal age, one array of each: the likelihood by cohort, as of Fader & Hardie (2007), whose four cohorts of high-end customers have a 3.80 and b 15.19.
CREATE TABLE cohorts AS SELECT c, survivors FROM unnest(ARRAY['{10000,8000,6480,5307,4391}', '{10000,8000,6480,5307}', '{10000,8000,6480}', '{10000,8000}']) WITH ORDINALITY v (a, c), LATERAL (SELECT a::int8[] AS survivors) s;
SELECT kind, name, r(estimate) AS estimate, r(standard_error, 4) AS standard_error FROM (SELECT kind, fit_retention(survivors, kind) AS m FROM cohorts, unnest(ARRAY['sbg', 'bdw']) kind GROUP BY kind) f, model_parameters(m) ORDER BY kind COLLATE "C", name COLLATE "C";
-- its log-likelihood, in SQL: of each cohort who left when, and who is left
SELECT i.customers, i.periods, near(i.loglik, (SELECT sum((s[t] - s[t + 1]) * ln(survival_at(m, t - 1) - survival_at(m, t))) FROM (SELECT survivors AS s, cardinality(survivors) AS k FROM cohorts) c, generate_series(1, k - 1) t)
	+ (SELECT sum(survivors[cardinality(survivors)] * ln(survival_at(m, cardinality(survivors) - 1))) FROM cohorts), 1e-12) AS loglik FROM (SELECT fit_retention(survivors) AS m FROM cohorts) f, model_info(m) i;
-- cohorts of the same age are as rows; of parts, in any order, stored, and beside one that has only begun
SELECT fit_retention(survivors)::text = (SELECT fit_retention(period, survivors)::text FROM segments) AS as_rows FROM (SELECT array_agg(survivors ORDER BY period) AS survivors FROM segments GROUP BY segment) s;
SELECT fit_retention(survivors ORDER BY c DESC)::text = fit_retention(survivors)::text AS backwards, fit_retention(renewals(survivors)::text::renewals_histogram)::text = fit_retention(survivors)::text AS stored,
	fit_retention(survivors)::text = (SELECT fit_retention(rollup(t))::text FROM (SELECT renewals(survivors) AS t FROM cohorts GROUP BY c) s) AS rolled_up FROM cohorts;
SELECT (fit_retention(survivors)::jsonb -> 'parameters') = (SELECT fit_retention(survivors)::jsonb -> 'parameters' FROM cohorts) AS begun FROM (SELECT survivors FROM cohorts UNION ALL VALUES ('{5000}'::int8[]), ('{}'), (NULL)) c;
SELECT fit_retention('{100}'::int8[]) IS NULL AS nobody_could, fit_retention(NULL::int8[]) IS NULL AS null, fit_retention('{0,0}'::int8[]) IS NULL AS nobody;
SELECT fit_retention('{100,101}'::int8[]);
SELECT fit_retention('{100,-1}'::int8[]);
SELECT fit_retention('{100,NULL,50}'::int8[]);
SELECT fit_retention('{{100,50}}'::int8[]);
SELECT fit_retention('{100,50}'::int8[], 'bg');
SELECT fit_retention('{100,50}'::int8[], NULL);
-- as rows they are refused, and what to write is said
SELECT fit_retention(n - 1, s) FROM cohorts, unnest(survivors) WITH ORDINALITY u (s, n);
-- The interval of a share where nobody has left has an end below 1.
SELECT estimate, lower BETWEEN 0.9 AND 0.999 AS lower, upper FROM (SELECT fit_retention(ARRAY[200, 200, 200]) AS m) f, survival_at_interval(m, 2);
-- too little, and nothing
SELECT fit_retention(0, 1000) IS NULL AS one_period, fit_retention(NULL, 5) IS NULL AS nothing, fit_retention(period, survivors) IS NULL AS none, fit_retention(NULL::renewals_histogram) IS NULL AS null FROM segments WHERE false;
SELECT fit_retention(period, 0) IS NULL AS nobody FROM generate_series(0, 3) period;
SELECT what, kind, boundary, message FROM (SELECT what, kind, fit_retention(period, survivors, kind) AS m FROM (VALUES ('all stay', 0, 10), ('all stay', 1, 10), ('all stay', 2, 10), ('all leave', 0, 10), ('all leave', 1, 0), ('all alike', 0, 1000), ('all alike', 1, 500), ('all alike', 2, 250), ('all alike', 3, 125)) v (what, period, survivors), unnest(ARRAY['sbg', 'bdw']) kind GROUP BY what, kind) f, LATERAL (SELECT (model_info(m)).*) i (k, customers, periods, loglik, aic, bic, converged, boundary, message) ORDER BY what COLLATE "C", kind COLLATE "C";
SELECT fit_retention(period + 1, survivors) FROM segments WHERE segment = 'regular';
SELECT fit_retention(period, 1000 + period) FROM segments WHERE segment = 'regular';
SELECT fit_retention(period, survivors) FROM segments WHERE segment = 'regular' OR period < 5;
SELECT fit_retention(-1, 5);
SELECT fit_retention(100001, 5);
SELECT fit_retention(0, -5);
SELECT fit_retention(0, 5, 'sgb');
SELECT fit_retention(0, 5, NULL);
SELECT fit_retention(period, survivors, CASE WHEN period < 3 THEN 'sbg' ELSE 'bdw' END) FROM segments WHERE segment = 'regular';
SELECT fit_retention(t, 'weibull') FROM (SELECT renewals(period, survivors) AS t FROM segments WHERE segment = 'regular') s;

SET client_min_messages = error;
DROP SCHEMA model_fit CASCADE;

-- Gaps that are not known: no model with a k, unless there are none.
SELECT log_gaps IS NULL AS unknown FROM repeat_buying_info((SELECT repeat_buying(ROW(2, 5, 9, NULL, NULL, 3, NULL)::rfm_inputs) FROM generate_series(1, 10)));
SELECT model !~ 'cnbd' AS without_k FROM model_info(fit_purchases((SELECT repeat_buying(ROW(x, 5 * sign(x), 9 + x, NULL, CASE x WHEN 0 THEN 0 END, 9, NULL)::rfm_inputs) FROM generate_series(0, 4) x), 'auto'));
SELECT fit_purchases(repeat_buying(ROW(2, 5, 9, NULL, NULL, 3, NULL)::rfm_inputs), 'mbg/cnbd-3');
SELECT fit_purchases(repeat_buying(ROW(2, 5, 9, NULL, NULL, 3, NULL)::rfm_inputs), 'mbg/cnbd-k');
SELECT log_gaps FROM repeat_buying_info((SELECT repeat_buying(ROW(0, 0, 9, NULL, NULL, 3, NULL)::rfm_inputs)));
SELECT log_gaps IS NULL AS unknown, r.t::text::repeat_buying_histogram::text = r.t::text AS same FROM (SELECT repeat_buying(ROW(2, 5, 9, NULL, 1.5, 3, NULL)::rfm_inputs) + repeat_buying(ROW(2, 5, 9, NULL, NULL, 3, NULL)::rfm_inputs) AS t) r, repeat_buying_info(t);
