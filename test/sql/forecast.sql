-- predict_customers, holdout_check and simulate_orders with models: the chain from order rows to predictions.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 0;
CREATE SCHEMA forecast;
SET search_path = forecast, public;

CREATE TABLE shop AS SELECT * FROM simulate_orders(500, '1 year', 3);
INSERT INTO shop SELECT NULL, ordered_at, amount FROM shop LIMIT 50;                      -- guests
INSERT INTO shop SELECT customer_id, ordered_at + interval '1 day', -1 FROM shop WHERE customer_id % 50 = 0;	-- refunds
INSERT INTO shop VALUES (1, 'infinity', 5), (1, NULL, 5), (1, '2024-06-01', NULL), (9999, '2024-06-01', -5);

-- The same as its steps.
CREATE TABLE step AS
SELECT customer_id, rfm_summary(ordered_at, amount, (SELECT max(ordered_at)::date FROM shop WHERE isfinite(ordered_at) AND amount >= 0 AND customer_id IS NOT NULL)) AS rfm
FROM shop WHERE customer_id IS NOT NULL GROUP BY customer_id;
CREATE TABLE model AS SELECT fit_purchases(repeat_buying(rfm), intervals => true) AS p, fit_spend(repeat_spend(rfm)) AS s FROM step;
CREATE TABLE expected AS
SELECT customer_id::text AS customer, (rfm).repeat_purchases, (rfm).active_days, (rfm).age_days, p_alive(p, rfm), expected_purchases(p, rfm, '1 year'), expected_spend(s, rfm),
	   v.estimate AS clv, v.lower, v.upper, NULL::int8 AS actual, median_spend(s, rfm), predicted_clv_median(p, s, rfm, '1 year')
FROM step, model LEFT JOIN LATERAL predicted_clv_interval(p, s, rfm, '1 year') v ON true WHERE (rfm).repeat_purchases IS NOT NULL;
CREATE FUNCTION differences(query text) RETURNS TABLE (rows int8, missing int8, other int8) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM (%1$s) a), (SELECT count(*) FROM (TABLE expected EXCEPT ALL %1$s) b), (SELECT count(*) FROM (%1$s EXCEPT ALL TABLE expected) c)', query);
END $$;
SELECT * FROM differences($$SELECT * FROM predict_customers('shop', 'customer_id', 'ordered_at', 'amount')$$);
SELECT * FROM differences($$SELECT * FROM predict_customers('shop'::regclass)$$);
SELECT * FROM differences($$SELECT * FROM predict_customers('forecast.shop')$$);
SELECT * FROM differences($$SELECT * FROM predict_customers('shop'::regclass, 'customer_id', 'ordered_at', 'amount', horizon => '12 months', annual_discount_rate => 0.1, margin => 1, model => 'mbg/nbd', level => 0.95)$$);
SELECT * FROM differences($$SELECT * FROM predict_customers('TABLE shop -- all of it')$$);
SELECT * FROM differences($$SELECT * FROM predict_customers(' SELECT customer_id, ordered_at, amount FROM shop ; ; ')$$);
SELECT * FROM differences($$SELECT * FROM predict_customers('WITH s AS (TABLE shop) SELECT * FROM s ORDER BY 1 LIMIT 1000000')$$);
SELECT * FROM differences($$SELECT * FROM predict_customers('SELECT customer_id::numeric AS who, ordered_at, amount FROM shop')$$);
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT * FROM differences($$SELECT * FROM predict_customers('shop', 'customer_id', 'ordered_at', 'amount')$$);
RESET max_parallel_workers_per_gather;

-- Any names, and any search_path: what is ours is found, and what is the caller's too.
CREATE SCHEMA "My ""Shop""";
CREATE TABLE "My ""Shop"""."Or'ders; DROP" AS SELECT customer_id AS "a ""b", ordered_at AS "select", amount AS "Am ount" FROM shop;
SELECT * FROM differences($$SELECT * FROM predict_customers('"My ""Shop"""."Or''ders; DROP"', 'a "b', 'select', 'Am ount')$$);
CREATE FUNCTION rfm_summary(timestamptz, numeric, date) RETURNS int LANGUAGE sql AS 'SELECT 1/0';
CREATE FUNCTION max(timestamptz) RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
CREATE FUNCTION lower_than(float8, float8) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR - (LEFTARG = float8, RIGHTARG = float8, FUNCTION = lower_than);
CREATE OPERATOR > (LEFTARG = float8, RIGHTARG = float8, FUNCTION = lower_than);
SET search_path = forecast, pg_catalog, public;
SELECT count(*), sum(expected_purchases) > 0 AS some FROM holdout_check('shop', 'customer_id', 'ordered_at', 'amount', models => '{nbd}');
SELECT * FROM differences($$SELECT * FROM predict_customers('SELECT customer_id, ordered_at, amount FROM forecast.shop')$$);
SET search_path = forecast, public;
DROP OPERATOR forecast.- (float8, float8);
DROP OPERATOR forecast.> (float8, float8);
DROP FUNCTION forecast.rfm_summary(timestamptz, numeric, date), forecast.max(timestamptz);

-- Without amounts there's no money, and every row is an order.
SELECT count(*), count(p_alive) AS p_alive, count(expected_spend) AS spend, count(predicted_clv) AS clv FROM predict_customers('SELECT customer_id, ordered_at FROM shop WHERE amount >= 0');
SELECT count(*), count(expected_spend) AS spend FROM predict_customers('SELECT customer_id, ordered_at FROM shop');
-- Times of all types, texts and uuids, floats.
SELECT t.type, count(*), sum(repeat_purchases) FROM (VALUES ('date'), ('timestamp'), ('timestamptz')) t (type),
	LATERAL predict_customers(format('SELECT customer_id::text, ordered_at::%s, amount::float8 FROM shop', t.type)) GROUP BY 1 ORDER BY 1;
SELECT count(*), count(predicted_clv) FROM predict_customers('SELECT md5(customer_id::text)::uuid, ordered_at, 1 FROM shop WHERE customer_id IS NOT NULL');

-- What the views leave out is left out: a row that is no shop's, or of no day of it, is neither an error nor the last day.
CREATE TABLE odd_rows AS SELECT customer_id, v.* FROM (SELECT customer_id FROM shop WHERE customer_id IS NOT NULL LIMIT 3) s,
	(VALUES (timestamptz '2024-05-05', 'NaN'::numeric), ('2024-05-06', 'Infinity'), ('2024-05-07', '-Infinity'), ('2024-05-08', 1e15), ('2099-05-09', 5), ('1970-01-01', 5), ('infinity', 5), ('2024-05-10', '1e-51')) v (ordered_at, amount);
SELECT * FROM differences($$SELECT * FROM predict_customers('TABLE shop UNION ALL TABLE odd_rows')$$);
SELECT count(*) AS differ FROM (SELECT * FROM holdout_check('TABLE shop UNION ALL TABLE odd_rows') EXCEPT ALL SELECT * FROM holdout_check('shop')) d;
-- (and if there is no amount, by the time)
SELECT count(*) AS differ FROM (SELECT * FROM predict_customers('SELECT customer_id, ordered_at FROM shop UNION ALL SELECT customer_id, ordered_at FROM odd_rows WHERE amount = 5') EXCEPT ALL SELECT * FROM predict_customers('SELECT customer_id, ordered_at FROM shop')) d;
SELECT count(*) FROM retention_create_views('TABLE shop UNION ALL TABLE odd_rows', target => 'forecast of rows');
SELECT (SELECT sum(row_count) FROM "forecast of rows".excluded_rows WHERE NOT is_counted) AS not_counted,
	   (SELECT count(*) FROM odd_rows) + (SELECT count(*) FROM shop WHERE ordered_at IS NULL OR NOT isfinite(ordered_at) OR amount IS NULL) AS here;
SELECT retention_drop_views('forecast of rows');

-- Nothing to go by.
SELECT count(*) FROM predict_customers('SELECT * FROM shop WHERE false');
SELECT count(*) FROM predict_customers('SELECT * FROM shop WHERE customer_id IS NULL');
SELECT count(*) FROM predict_customers('SELECT * FROM shop WHERE amount < 0');
SELECT * FROM holdout_check('SELECT * FROM shop WHERE false');
SELECT count(*) FROM predict_customers('SELECT * FROM shop', as_of => '2023-01-01');
SELECT count(*), sum(repeat_purchases), bool_and(expected_purchases >= 0) FROM predict_customers('SELECT 1, date ''2024-01-01'', 5.0');
SELECT customer, repeat_purchases, age_days, expected_purchases IS NOT NULL AS expects, predicted_clv FROM predict_customers('SELECT 1, date ''2024-01-01'', 5.0', as_of => '2024-02-01');

-- What the fits have to say is a notice. A shop of a quarter, in which one has paid a million.
CREATE TABLE young AS SELECT * FROM simulate_orders(300, '90 days', 6, purchase_model => purchase_model('nbd', '{"r": 1, "alpha": 30}'));
SET client_min_messages = notice;
SELECT count(*) AS customers, count(predicted_clv_lower) = count(predicted_clv) AS bounds, bool_and(predicted_clv_lower <= predicted_clv AND predicted_clv <= predicted_clv_upper) AS within FROM predict_customers('young');
SELECT count(*) AS customers, count(expected_purchases) AS expected, count(p_alive) AS alive FROM predict_customers('SELECT c, date ''2024-01-01'', 5.0 FROM generate_series(1, 10) c');
CREATE TABLE outlier AS SELECT * FROM young UNION ALL SELECT customer_id, max(ordered_at) + interval '1 day', 1e6 FROM young GROUP BY customer_id HAVING customer_id = 7;
SELECT count(predicted_clv) = count(*) AS means, max(expected_spend) > 1e5 AS moved FROM predict_customers('outlier', 'customer_id', 'ordered_at', 'amount');
SELECT count(predicted_clv) < count(*) AS no_mean, count(predicted_clv_median) = count(*) AS medians FROM predict_customers('SELECT customer_id, ordered_at, exp(customer_id % 40 / 3.0) FROM young');
SELECT count(predicted_clv) = count(*) AS means, max(expected_spend) < 1000 AS winsorized FROM predict_customers('outlier', 'customer_id', 'ordered_at', 'amount', winsorize => 0.99);
-- an order dated ahead is left out here, and elsewhere said to be ahead
SELECT count(*) FROM predict_customers('SELECT * FROM young UNION ALL SELECT 1, ''2099-01-01'', 5', model => 'nbd');
SELECT (model_info(fit_purchases(repeat_buying(purchase_history(customer_id, ordered_at, 'day')), 'nbd'))).as_of FROM (SELECT customer_id, ordered_at FROM young UNION ALL VALUES (1, timestamptz '2099-01-01')) y;
SET client_min_messages = warning;
-- winsorize: by hand
CREATE TABLE means AS SELECT customer_id, rfm_summary(ordered_at, amount, '2024-03-31') AS c FROM outlier GROUP BY customer_id;
CREATE TABLE cap AS SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY (c).mean_spend) AS most FROM means WHERE (c).repeat_purchases > 0;
SELECT (fit_spend(repeat_spend(c), winsorize => 0.9)::jsonb #>> '{parameters,q}')::float8 > 3 AS winsorized, (SELECT max(abs(a.estimate / b.estimate - 1)) < 1e-6 FROM model_parameters(fit_spend(repeat_spend(c), 0.9)) a JOIN model_parameters(fit_spend(repeat_spend(
	((c).repeat_purchases, (c).active_days, (c).age_days, least((c).mean_spend, most), (c).log_gaps, (c).orders, (c).first_order)::rfm_inputs))) b USING (name)) AS by_hand FROM means, cap;
SELECT fit_spend(repeat_spend(c), 1) FROM means;
SELECT fit_spend(repeat_spend(c), 0) FROM means;
SELECT fit_spend(repeat_spend(c), NULL) IS NULL AS null FROM means;
SELECT count(*) FROM predict_customers('young', winsorize => 1.5);
-- influence: by one of Newton's steps; and by leaving the customer out, near to that where it is not large
SELECT i.influence BETWEEN 0.005 AND 0.2 AS some, abs(i.influence / abs(1 - (SELECT estimate FROM model_parameters(w) WHERE name = 'q') / (SELECT estimate FROM model_parameters(m) WHERE name = 'q')) - 1) < 0.5 AS near
FROM (SELECT fit_spend(repeat_spend(c)) AS m FROM means WHERE customer_id <> 7) f, model_info(m) i,
	LATERAL (SELECT fit_spend(repeat_spend(c)) AS w FROM means WHERE customer_id <> 7 AND customer_id <> (SELECT customer_id FROM means WHERE customer_id <> 7 AND (c).repeat_purchases > 0 ORDER BY abs((c).mean_spend::float8 - i.influential_mean_spend) LIMIT 1)) without;
-- one repeat purchase alone, or all the same: a number, and no bounds
SELECT customers, message, (e).estimate BETWEEN 19.99 AND 20.01 AS estimate, (e).lower, (e).upper FROM (SELECT fit_spend(repeat_spend((1, 5, 10, 20, 0, NULL, NULL)::rfm_inputs)) AS m FROM generate_series(1, 1)) f, model_info(m), LATERAL (SELECT expected_spend_interval(m, (1, 5, 10, 20, 0, NULL, NULL)::rfm_inputs) AS e) e;
SELECT customers, message, (e).lower FROM (SELECT fit_spend(repeat_spend((2, 5, 10, 9.99, 0, NULL, NULL)::rfm_inputs)) AS m FROM generate_series(1, 50)) f, model_info(m), LATERAL (SELECT expected_spend_interval(m) AS e) e;

-- A holdout: what the models know, and what came.
CREATE TABLE held AS
SELECT customer_id, rfm_summary(ordered_at, amount, '2024-09-30') AS rfm, order_days_between(ordered_at, amount, '2024-09-30', '2024-12-30') AS actual,
	   order_days_between(ordered_at, amount, '2024-07-01', '2024-09-30') AS before
FROM shop WHERE customer_id IS NOT NULL GROUP BY customer_id;
SELECT count(*) AS differ FROM (
	SELECT customer, repeat_purchases, active_days, age_days, actual_purchases FROM predict_customers('shop'::regclass, holdout => '91 days', as_of => '2024-12-30')
	EXCEPT ALL SELECT customer_id::text, (rfm).repeat_purchases, (rfm).active_days, (rfm).age_days, actual FROM held WHERE (rfm).repeat_purchases IS NOT NULL) d;
SELECT count(*) AS same_horizon FROM (
	SELECT customer, expected_purchases FROM predict_customers('shop'::regclass, holdout => '91 days', as_of => '2024-12-30')
	EXCEPT ALL SELECT customer, expected_purchases FROM predict_customers('shop'::regclass, as_of => '2024-09-30', horizon => '91 days')) d;
CREATE TABLE checked AS SELECT * FROM holdout_check('shop'::regclass, holdout => '91 days', as_of => '2024-12-30', models => '{bg/nbd,nbd}', max_purchases => 3);
SELECT model, array_agg(repeat_purchases ORDER BY repeat_purchases) FROM checked GROUP BY 1 ORDER BY 1;
-- by their definitions
WITH model AS (SELECT fit_purchases(repeat_buying(rfm), 'bg/nbd') AS m FROM held),
error AS (
	SELECT least((rfm).repeat_purchases, 3) AS x, actual, expected_purchases(m, rfm, '91 days') AS expected,
		   coalesce((rfm).repeat_purchases / nullif((rfm).age_days, 0) * 91, 0) AS average, before - ((rfm).first_order > '2024-07-01')::int AS period
	FROM held, model WHERE (rfm).repeat_purchases IS NOT NULL),
long AS (SELECT x, actual, model, e AS expected FROM error, LATERAL (VALUES ('bg/nbd', expected), ('as on average so far', average), ('as in the period before', period)) v (model, e)),
plain AS (
	SELECT model, coalesce(CASE WHEN x = 3 THEN '3+' ELSE x::text END, 'all') AS repeat_purchases, count(*) AS customers, sum(actual) AS actual, sum(expected) AS expected,
		   avg(abs(expected - actual)) AS mae, sqrt(avg((expected - actual) ^ 2)) AS rmse, avg(expected - actual) AS bias
	FROM long GROUP BY model, ROLLUP (x))
SELECT count(*) AS compared,
	   count(*) FILTER (WHERE (c.customers, c.actual_purchases) IS DISTINCT FROM (p.customers, p.actual) OR abs(c.expected_purchases - p.expected) + abs(c.mae - p.mae) + abs(c.rmse - p.rmse) + abs(c.bias - p.bias) > 1e-9) AS differ
FROM plain p LEFT JOIN checked c USING (model, repeat_purchases);
SELECT c.customers, c.actual_purchases, c.customers = h.customers AND c.actual_purchases = h.actual AS right
FROM checked c, (SELECT count(*) AS customers, sum(actual) AS actual FROM held WHERE (rfm).repeat_purchases IS NULL AND actual > 0) h WHERE model IS NULL;

-- Errors.
\set VERBOSITY sqlstate
SELECT * FROM predict_customers(NULL::text);
SELECT * FROM predict_customers('SELECT 1');
SELECT * FROM predict_customers('SELECT 1, 2, 3, 4');
SELECT * FROM predict_customers('SELECT 1, 2, 3; SELECT 4, 5, 6');
SELECT * FROM predict_customers('DELETE FROM shop RETURNING *');
SELECT * FROM predict_customers('SELECT 1, ''x'', 3');
SELECT * FROM predict_customers('CREATE TABLE x (y int)');
SELECT * FROM predict_customers('');
SELECT * FROM predict_customers('no such table', 'a', 'b', 'c');
SELECT * FROM predict_customers('shop', 'customer_id', 'nothing');
SELECT * FROM predict_customers(0::regclass);
SELECT * FROM predict_customers('TABLE shop', model => 'gompertz');
SELECT * FROM predict_customers('TABLE shop', horizon => '-1 day');
SELECT * FROM predict_customers('TABLE shop', level => 2);
SELECT * FROM predict_customers('TABLE shop', as_of => 'infinity');
SELECT * FROM predict_customers('TABLE shop', holdout => '0 days');
SELECT * FROM predict_customers('TABLE shop', holdout => '-1 year');
SELECT * FROM predict_customers('TABLE shop', model => NULL);
SELECT * FROM predict_customers('TABLE shop', level => NULL);
SELECT * FROM holdout_check('TABLE shop', models => NULL);
SELECT * FROM holdout_check('TABLE shop', models => '{nbd,NULL}');
SELECT * FROM predict_customers('no_such_table');
SELECT * FROM holdout_check('TABLE shop', holdout => NULL);
SELECT * FROM holdout_check('TABLE shop', max_purchases => -1);
SELECT * FROM holdout_check('TABLE shop', models => '{nbd,nothing}');
\set VERBOSITY terse
SELECT * FROM predict_customers('SELECT 1');
SELECT * FROM predict_customers('TABLE shop', holdout => '0 days');
SELECT * FROM predict_customers('SELECT 1, 2, 3; SELECT 4, 5, 6');
-- They run as who calls them.
CREATE ROLE retention_nobody;
GRANT USAGE ON SCHEMA forecast TO retention_nobody;
SET ROLE retention_nobody;
SELECT count(*) FROM predict_customers('TABLE forecast.shop');
RESET ROLE;
REVOKE USAGE ON SCHEMA forecast FROM retention_nobody;
DROP ROLE retention_nobody;

-- Shops of each model: the same rows whoever asks, and the model that they're of is found again.
SELECT kind, md5(string_agg(c || ' ' || extract(epoch FROM t) || ' ' || a, ';' ORDER BY n)) AS rows
FROM (VALUES ('nbd', '{"r": 0.4, "alpha": 80}'), ('bg/nbd', '{"r": 0.4, "alpha": 80, "a": 0.8, "b": 2.5}'), ('mbg/nbd', '{"r": 0.5, "alpha": 80, "a": 0.8, "b": 2.5}'),
	('pareto/nbd', '{"r": 0.5, "alpha": 80, "s": 0.6, "beta": 90}'), ('mbg/cnbd-3', '{"r": 0.5, "alpha": 25, "a": 0.8, "b": 2.5}')) v (kind, parameters),
	simulate_orders(300, '1 year', 5, purchase_model => purchase_model(kind, parameters::jsonb), spend_model => spend_model(4, 3, 20)) WITH ORDINALITY o (c, t, a, n)
GROUP BY 1 ORDER BY 1;
SELECT count(*) AS same FROM (SELECT * FROM simulate_orders(200, '1 year', 1)
	EXCEPT ALL SELECT * FROM simulate_orders(200, '1 year', 1, purchase_model => NULL, spend_model => NULL)) d;
SELECT count(*) AS none FROM simulate_orders(NULL, '1 year', 1);

DROP SCHEMA forecast CASCADE;
DROP SCHEMA "My ""Shop""" CASCADE;
