-- Slips: what people write who mean something else.  Each is an error that says
-- what to write, or the number that they meant; none is another number.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
CREATE SCHEMA slips;
SET search_path = slips, public;

CREATE TABLE orders AS
SELECT (abs(hashint4(n)) % 60 + 1)::int8 AS customer_id, timestamptz '2023-01-01' + abs(hashint4(n + 1000)) % 63072000 * interval '1 second' AS ordered_at,
	   (abs(hashint4(n + 2000)) % 10000 / 100.0 + 1)::numeric(12, 2) AS amount
FROM generate_series(1, 400) n;
CREATE TABLE asked AS
SELECT b, h, repeat_buying(h) AS rb, fit_purchases(repeat_buying(h)) AS m, fit_spend(repeat_spend(h)) AS s,
	   (8, 300, 700, 40.5, NULL, NULL, '2023-01-01')::rfm_inputs AS c, retention_model('sbg', '{"a": 0.7, "b": 1.2}') AS r
FROM (SELECT customer_base(customer_id, ordered_at, amount) AS b, purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM orders) o;

-- What an expression over these is, or its error.
CREATE FUNCTION outcome(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	state text;
	message text;
	hint text;
BEGIN
	EXECUTE format('SELECT (%s)::text FROM slips.asked', expression) INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws('; ', state, message, nullif(hint, ''));
END
$$;
\pset format unaligned

-- ---------------------------------------------------------------------------
-- A number of seconds for a time.
-- ---------------------------------------------------------------------------

-- clv(customer_id, epoch, amount) was aov x frequency x lifespan of every row.
SELECT clv(customer_id, extract(epoch FROM ordered_at)::bigint, amount) FROM orders;
SELECT clv(customer_id, extract(epoch FROM ordered_at), amount::float8) FROM orders;
SELECT clv_from_aov(75.50, 2.0, 3) AS what_it_is_called;

-- ---------------------------------------------------------------------------
-- A number for a duration.
-- ---------------------------------------------------------------------------

SELECT call, outcome(call) FROM unnest(ARRAY[
	$$clv(b, '3')$$, $$clv(b, lifespan => '3')$$, $$clv(b, lifespan => '365')$$, $$clv(b, lifespan => interval '23:59:59.999999')$$, $$clv(b, observation => '2')$$,
	$$clv(b, lifespan => '3', annual_discount_rate => 0.1)$$, $$clv_breakdown(b, lifespan => '3')$$, $$clv_breakdown(b, observation => '730')$$,
	$$clv_from_aov(75.50, 2.0, interval '3')$$, $$clv_from_aov(75.5::float8, 2.0::float8, interval '3')$$,
	$$expected_purchases(m, c, '365')$$, $$expected_purchases(m, '365')$$, $$(expected_purchases_interval(m, c, '365')).estimate$$, $$(expected_purchases_interval(m, '365')).estimate$$,
	$$purchase_probability(m, c, 0, '90')$$, $$purchase_probability(m, 0, '90')$$, $$(purchase_probability_interval(m, c, 0, '90')).estimate$$, $$(purchase_probability_interval(m, 0, '90')).estimate$$,
	$$predicted_clv(m, s, c, '3')$$, $$predicted_clv(m, s, c, horizon => '1')$$, $$(predicted_clv_interval(m, s, c, '3')).estimate$$,
	$$discounted_lifetime(r, 1, 0.1, '1')$$, $$(discounted_lifetime_interval(r, 1, 0.1, '30')).estimate$$,
	$$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, horizon => '1'))$$, $$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, holdout => '90'))$$,
	$$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, holdout => interval '1 hour' * 20))$$,
	$$(SELECT count(*) FROM holdout_check('slips.orders'::regclass, holdout => '3'))$$, $$(SELECT count(*) FROM holdout_check('slips.orders'::regclass, holdout => '0'))$$,
	$$(SELECT count(*) FROM simulate_orders(10, '365', 1))$$, $$(SELECT count(*) FROM simulate_orders(10, '0', 1))$$,
	$$(SELECT count(*) FROM retention_create_views('slips.orders', 'customer_id', 'ordered_at', 'amount', lifespan => '3'))$$,
	$$(SELECT count(*) FROM retention_create_views('slips.orders', 'customer_id', 'ordered_at', 'amount', lifespan => '0'))$$,
	$$clv(b, lifespan => '-3 years')$$, $$clv(b, observation => '-1')$$, $$expected_purchases(m, c, '-1 year')$$, $$discounted_lifetime(r, 1, 0.1, '0')$$,
	$$discounted_lifetime(r, 1, 0.1, '-1 month')$$, $$(SELECT count(*) FROM holdout_check('slips.orders'::regclass, holdout => '-3 months'))$$]) WITH ORDINALITY u (call, n) ORDER BY n;

-- So they are as parameters of a prepared query, whatever its plan.
PREPARE with_lifespan(interval) AS SELECT clv(b, lifespan => $1) > 0 AS is_clv FROM asked;
EXECUTE with_lifespan('3');
EXECUTE with_lifespan('3 years');
SET plan_cache_mode = force_generic_plan;
EXECUTE with_lifespan('3');
EXECUTE with_lifespan('3 years');
RESET plan_cache_mode;
-- And through somebody's function.
CREATE FUNCTION my_clv(customer_base, interval) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT clv($1, lifespan => $2)';
SELECT outcome('my_clv(b, ''3'')');

-- 0 is 0 in every unit.
SELECT trim_scale(clv(b, lifespan => '0')) AS clv, clv(b, observation => '0') AS nothing_observed, trim_scale(clv_from_aov(75.50, 2.0, interval '0')) AS from_aov,
	   expected_purchases(m, c, '0'), purchase_probability(m, c, 0, '0'), predicted_clv(m, s, c, '0') FROM asked;
-- What is measured may be short: of customers who came back within the hour, of a shop of a day.
-- In kpi_by_period it's of whole days, and then of none.
CREATE TABLE days (customer text, ordered_at timestamptz, amount numeric);
INSERT INTO days VALUES ('twice', '2024-03-01 10:00', 20), ('twice', '2024-03-01 10:30', 40), ('once', '2024-03-01 12:00', 10), ('more', '2024-03-01 09:00', 5), ('more', '2024-03-04 09:00', 15);
SELECT customer, lifetime_span(ordered_at) AS span, round(clv_from_aov(aov(amount), 1, lifetime_span(ordered_at)), 6) AS from_aov,
	   round(clv_from_aov(aov(amount::float8), 1, lifetime_span(ordered_at))::numeric, 6) AS float8, round(clv(ordered_at, amount), 6) AS clv
FROM days GROUP BY customer ORDER BY customer;
SELECT round(clv(part, lifespan => lifetime_span(whole), observation => last_order(whole) - first_order(whole)), 6) AS clv_of_a_part, lifetime_span(whole) AS span
FROM (SELECT customer_base(customer, ordered_at, amount) FILTER (WHERE customer = 'once') AS part, customer_base(customer, ordered_at, amount) AS whole FROM days WHERE ordered_at < '2024-03-02') d;
SELECT round(expected_purchases(m, c, left_today)::numeric, 6) AS expected FROM asked, (VALUES (interval '90 days'), (interval '6 hours')) v (left_today);
-- The views of a shop whose customers stay for less than a day, on average.
SELECT count(*) FROM retention_create_views('days', 'customer', 'ordered_at', 'amount', target => 'slips_shop', period => 'Daily', filter => 'ordered_at < ''2024-03-02''');
SELECT round(lifespan_days::numeric, 6) AS lifespan_days, customers, clv FROM slips_shop.kpi_by_period;
SELECT cohort, period_index, active FROM slips_shop.cohort_retention;
SELECT retention_drop_views('slips_shop');

-- ---------------------------------------------------------------------------
-- Percent for a share.
-- ---------------------------------------------------------------------------

SELECT call, outcome(call) FROM unnest(ARRAY[
	$$clv_from_churn(100, 5)$$, $$clv_from_churn(100.00, 5)$$, $$clv_from_churn(100, -0.05)$$, $$clv_from_churn(100.00, -0.05)$$, $$clv_from_churn(100.00, 'NaN')$$, $$clv_from_churn(100, 'NaN'::float8)$$,
	$$clv_from_churn(100.00, 0.05, 30)$$, $$clv_from_churn(100, 0.05, 30)$$, $$clv_from_churn(100.00, 0.05, 0.3, 10)$$, $$clv_from_churn(100, 0.05, period_discount_rate => 10)$$,
	$$clv_from_churn(100.00, 0.05, period_discount_rate => -0.01)$$, $$clv_from_churn('Infinity'::numeric, 0.05)$$, $$clv_from_churn('NaN'::float8, 0.05)$$,
	$$clv_from_aov(75.50, -2, 3)$$, $$clv_from_aov(75.50, 2, -3)$$, $$clv_from_aov(75.5::float8, 'NaN', 3)$$, $$clv_from_aov(75.50, 'Infinity', 3)$$, $$clv_from_aov('NaN', 2.0, interval '1 year')$$,
	$$clv_contractual(100.00, -24)$$, $$clv_contractual(-100, 24)$$, $$clv_to_cac(2000.00, -1)$$, $$clv_to_cac(2000, 'NaN'::float8)$$,
	$$clv(b, '3 years', margin => 30)$$, $$clv(b, '3 years', margin => 1.0000000001)$$, $$clv(b, '3 years', margin => 'NaN')$$, $$clv(b, '3 years', annual_discount_rate => 10)$$, $$clv(b, '3 years', annual_discount_rate => -0.1)$$,
	$$clv(b, '3 years', annual_discount_rate => 1000)$$, $$clv_breakdown(b, '3 years', margin => 30)$$, $$clv_breakdown(b, '3 years', annual_discount_rate => 'Infinity')$$,
	$$predicted_clv(m, s, c, '1 year', 10)$$, $$predicted_clv(m, s, c, '1 year', margin => 30)$$, $$predicted_clv(m, s, c, '1 year', 'NaN')$$, $$(predicted_clv_interval(m, s, c, '1 year', level => 95)).estimate$$,
	$$(p_alive_interval(m, c, 95)).estimate$$, $$(p_alive_interval(m, c, 1)).estimate$$, $$(p_alive_interval(m, c, 'NaN')).estimate$$, $$(expected_purchases_interval(m, c, '1 year', 90)).estimate$$,
	$$(purchase_probability_interval(m, c, 0, '1 year', 0)).estimate$$, $$(expected_spend_interval(s, c, 95)).estimate$$, $$(survival_at_interval(r, 1, 95)).estimate$$, $$(retention_at_interval(r, 1, 95)).estimate$$,
	$$(discounted_lifetime_interval(r, 1, 10)).estimate$$, $$(discounted_lifetime_interval(r, 1, level => 95)).estimate$$, $$discounted_lifetime(r, 1, 10)$$, $$discounted_lifetime(r, 1, -0.1)$$,
	$$top_share(b, 20)$$, $$top_share(b, -0.2)$$, $$top_share(b, 'NaN')$$, $$order_gap(h, 90)$$, $$order_gap(h, 'NaN')$$,
	$$(SELECT count(*) FROM projected_customers(100, 80, 12))$$, $$(SELECT count(*) FROM projected_revenue(100, 'NaN', 12, 10))$$, $$(SELECT count(*) FROM projected_customers('Infinity', 0.8, 12))$$,
	$$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, margin => 30))$$, $$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, annual_discount_rate => 10))$$,
	$$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, level => 95))$$,
	$$(SELECT count(*) FROM predict_customers('SELECT 1, now(), 2.0 WHERE false', margin => 30))$$,
	$$(SELECT count(*) FROM retention_create_views('slips.orders', 'customer_id', 'ordered_at', 'amount', margin => 30))$$]) WITH ORDINALITY u (call, n) ORDER BY n;
-- The limits themselves are shares.
SELECT clv_from_churn(100.00, 1), clv_from_churn(100, 1) AS float8, clv_from_churn(100.00, 0) AS nobody_leaves, trim_scale(clv_from_churn(100.00, 0.05, 0)) AS nothing_earned, clv_from_churn(100.00, 0.05, 1, 1) AS discounted,
	   top_share(b, 0) AS none, top_share(b, 1) AS all, order_gap(h, 0) IS NOT NULL AND order_gap(h, 1) IS NOT NULL AS gaps, clv(b, '1 year', margin => 1) = clv(b, '1 year') AS margin,
	   predicted_clv(m, s, c, '1 year', 0, 1) > predicted_clv(m, s, c, '1 year', 1, 1) AS discounts FROM asked;
-- By position they are where they were.
SELECT clv(b, '3 years', '2 years', 0.3, 0.1) = clv(b, lifespan => '3 years', observation => '2 years', margin => 0.3, annual_discount_rate => 0.1) AS clv,
	   clv_from_churn(100.00, 0.05, 0.3, 0.01) = clv_from_churn(revenue_per_period => 100.00, period_churn => 0.05, margin => 0.3, period_discount_rate => 0.01) AS from_churn,
	   predicted_clv(m, s, c, '1 year', 0.1, 0.3) = predicted_clv(m, s, c, horizon => '1 year', annual_discount_rate => 0.1, margin => 0.3) AS predicted,
	   discounted_lifetime(r, 1, 0.1, '1 month') = discounted_lifetime(r, period_index => 1, annual_discount_rate => 0.1, period_length => '1 month') AS lifetime FROM asked;
-- Every rate says of what time it is, and nothing is called a fraction.
SELECT DISTINCT proname || '(' || argument || ')' AS unit_unknown
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'retention', unnest(proargnames[1:pronargs]) argument
WHERE argument ~ '(discount|churn|retention|rate|fraction)' AND argument !~ '^(annual|period)_|_model$';

-- ---------------------------------------------------------------------------
-- Days that nobody asked for.
-- ---------------------------------------------------------------------------

SELECT question, n, n_month = n AS months, n_day > 20 * n AS days_if_asked
FROM asked, LATERAL (VALUES
	('cohort_retention', (SELECT count(*) FROM cohort_retention(h)), (SELECT count(*) FROM cohort_retention(h, 'month')), (SELECT count(*) FROM cohort_retention(h, 'day'))),
	('cohort_retention, period NULL', (SELECT count(*) FROM cohort_retention(h, NULL)), (SELECT count(*) FROM cohort_retention(h, 'month')), (SELECT count(*) FROM cohort_retention(h, 'day'))),
	('cohort_average', (SELECT count(*) FROM cohort_average(h)), (SELECT count(*) FROM cohort_average(h, 'month')), (SELECT count(*) FROM cohort_average(h, 'day'))),
	('new_and_returning', (SELECT count(*) FROM new_and_returning(h)), (SELECT count(*) FROM new_and_returning(h, 'month')), (SELECT count(*) FROM new_and_returning(h, 'day'))),
	('lifecycle', (SELECT count(*) FROM lifecycle(h)), (SELECT count(*) FROM lifecycle(h, 'month')), (SELECT count(*) FROM lifecycle(h, 'day')))) v (question, n, n_month, n_day);
-- Other histories keep their own periods: of weeks there are no months.
SELECT grain, (SELECT count(*) FROM cohort_retention(w) WHERE period_index = 0) AS cohorts
FROM (SELECT grain, purchase_history(customer_id, ordered_at, amount, grain) AS w FROM orders, unnest('{week,quarter,year}'::text[]) grain GROUP BY grain) s ORDER BY 2 DESC;

-- ---------------------------------------------------------------------------
-- One word, one meaning.
-- ---------------------------------------------------------------------------

-- The letters of the papers, recency, which is what the views say of the last order, and second words for one thing are in no name.
SELECT DISTINCT proname AS letters FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'retention'
WHERE proargnames && '{x,t_x,m_x,recency,age,key,n,t,s,day,kind,grain,span,ltv}';
SELECT string_agg(attname, ', ' ORDER BY attnum) AS rfm FROM pg_attribute WHERE attrelid = 'rfm_inputs'::regclass AND attnum > 0;
SELECT string_agg(argument, ', ' ORDER BY n) AS predict_customers
FROM (SELECT unnest(proargnames) AS argument, unnest(proargmodes) AS mode, generate_subscripts(proargmodes, 1) AS n FROM pg_proc WHERE oid = 'predict_customers(regclass, text, text, text, text, text, text, text, interval, float8, float8, text, interval, date, float8, float8)'::regprocedure) a
WHERE mode = 't';
-- What answers days, says so: days are counted, and due.
SELECT DISTINCT proname, prorettype::regtype AS returns FROM pg_proc WHERE proname ~ '^(next_order_due|order_days_between|orders_between)' ORDER BY proname, returns;
SELECT order_days_between(ordered_at, amount, '2024-02-29', '2024-03-31') AS days, count(*) AS orders, next_order_due(ordered_at), next_order_due_day(ordered_at, '2024-03-31')
FROM days WHERE customer = 'more';

-- ---------------------------------------------------------------------------
-- Names that are written otherwise.
-- ---------------------------------------------------------------------------

SELECT name, (model_info(fit_purchases(rb, name))).model
FROM asked, unnest('{bg/nbd,BG/NBD,bgnbd,bg-nbd,BG_NBD,"bg nbd",BetaGeo,mbg/nbd,MBGNBD,Mbg-Nbd,"Beta-Geometric",Modified_Beta_Geometric,pareto/nbd,Pareto/NBD,paretonbd,"Pareto NBD",Pareto,pnbd,NBD,mbg/cnbd-2,MBGCNBD2,"BG/CNBD 3"}'::text[]) WITH ORDINALITY u (name, n) ORDER BY n;
SELECT (model_info(fit_purchases(rb, 'AUTO'))).model = (model_info(fit_purchases(rb, 'auto'))).model AS automatic FROM asked;
SELECT name, (model_info(fit_retention(period, survivors, name))).model
FROM (VALUES (0, 1000), (1, 631), (2, 468), (3, 382)) v (period, survivors), unnest('{sbg,sBG,S-BG,bdw,BdW,"Beta-discrete-Weibull","shifted beta geometric"}'::text[]) name GROUP BY name ORDER BY name COLLATE "C";
SELECT call, outcome(call) FROM unnest(ARRAY[
	$$purchase_model('BG-NBD', '{"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}', 'Weeks')$$, $$retention_model('SBG', '{"a": 0.7, "b": 1.2}')$$,
	$$(SELECT count(*) FROM holdout_check('slips.orders'::regclass, models => '{BG/NBD,Pareto-NBD}') WHERE repeat_purchases = 'all')$$,
	$$(SELECT count(*) > 50 FROM predict_customers('slips.orders'::regclass, model => 'BGNBD'))$$,
	$$fit_purchases(rb, 'bg')$$, $$fit_purchases(rb, '')$$, $$fit_purchases(rb, '/')$$, $$fit_purchases(rb, 'bg/cnbd-13')$$, $$fit_purchases(rb, 'bg/cnbd-01')$$, $$fit_purchases(rb, 'gamma-gamma')$$,
	$$purchase_model('BG/CNBD-k', '{"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}')$$, $$purchase_model('bg/nbd', '{"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}', 'hours')$$,
	$$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, model => 'gompertz'))$$, $$(SELECT count(*) FROM holdout_check('slips.orders'::regclass, models => '{nbd,gompertz}'))$$,
	$$(SELECT count(*) FROM holdout_check('slips.orders'::regclass, models => '{nbd,NULL}'))$$]) WITH ORDINALITY u (call, n) ORDER BY n;
SELECT p AS period, outcome(format('period_start(timestamp ''2024-05-16'', %L)', p)) AS begins, outcome(format('(history_info((SELECT purchase_history(1, date ''2024-05-16'', %L)))).period', p)) AS history
FROM unnest('{day,days,Day,DAYS,daily,week,weeks,Weekly,month,Months,monthly,MONTHLY,quarter,quarters,quarterly,year,years,yearly,annual,annually,dayss,s,monthlys,fortnight," day",""}'::text[]) WITH ORDINALITY u (p, n) ORDER BY n;
-- Everything that takes a period or a model takes them so.
SELECT call, outcome(call) FROM unnest(ARRAY[
	$$(SELECT count(*) FROM cohort_retention(h, 'Quarters')) = (SELECT count(*) FROM cohort_retention(h, 'quarter'))$$, $$(SELECT count(*) FROM cohort_average(h, 'Weekly')) = (SELECT count(*) FROM cohort_average(h, 'week'))$$,
	$$(SELECT count(*) FROM lifecycle(h, 'YEARLY')) = (SELECT count(*) FROM lifecycle(h, 'year'))$$, $$(SELECT count(*) FROM new_and_returning(h, 'days')) = (SELECT count(*) FROM new_and_returning(h, 'day'))$$,
	$$(SELECT count(*) FROM model_tracking(m, h, 'Months')) = (SELECT count(*) FROM model_tracking(m, h, 'month'))$$, $$period_start(date '2024-05-16', 'Weeks')$$, $$period_start(timestamptz '2024-05-16', 'Annually', 'UTC')$$,
	$$(SELECT string_agg(p::text, ' ') FROM model_parameters(m, 'Weekly') p) = (SELECT string_agg(p::text, ' ') FROM model_parameters(m, 'week') p)$$,
	$$purchase_model('Pareto', '{"r": 1, "alpha": 2, "s": 1, "beta": 2}', 'MONTHS') = purchase_model('pareto/nbd', '{"r": 1, "alpha": 2, "s": 1, "beta": 2}', 'month')$$,
	$$'{"type": "purchase_model", "version": 1, "model": "Modified Beta-Geo", "parameters": {"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}}'::purchase_model = purchase_model('mbg/nbd', '{"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}')$$,
	$$fit_purchases(h, 'Beta Geo') = fit_purchases(h, 'bg/nbd')$$]) WITH ORDINALITY u (call, n) ORDER BY n;
SELECT count(*) AS views FROM retention_create_views('orders', target => 'worded', period => 'Weekly', model => 'bg_cnbd K');
SELECT period, model FROM worded.retention_options;
CREATE OR REPLACE VIEW worded.retention_options AS SELECT 'Quarters' AS period, 'UTC' AS time_zone, NULL::text AS lifespan, float8 '1' AS margin, 'PNBD' AS model, 'plain'::text AS mode, false AS ignore_row_security, NULL::date AS from_day, NULL::date AS until_day, NULL::date AS as_of;
SELECT count(*) AS views FROM retention_refresh_views('worded');
SELECT period, model FROM worded.retention_options;
SELECT min(period_label) FROM worded.kpi_by_period;
SELECT retention_drop_views('worded');
-- All rows of one history may name it each in its way.
SELECT period, orders FROM history_info((SELECT purchase_history(1, date '2024-05-16', p) FROM unnest('{month,Months,monthly}'::text[]) p));
SELECT count(*) > 0 AS tracked FROM asked, model_tracking(m, h, 'weekly');

-- ---------------------------------------------------------------------------
-- Nothing for something.
-- ---------------------------------------------------------------------------

SELECT num_nonnulls(clv_from_aov(NULL, 2.0, 3.0), clv_from_aov(75.5, 2.0, NULL::interval), clv_from_churn(100.00, NULL), clv_from_churn(100, 0.05, margin => NULL), clv_from_churn(100, 0.05, period_discount_rate => NULL),
	clv_contractual(NULL, 24.0), clv_to_cac(2000.0, NULL), expected_purchases(m, c, NULL), purchase_probability(m, c, NULL, '1 year'), predicted_clv(m, s, c, '1 year', NULL), discounted_lifetime(r, 1, 0.1, NULL),
	top_share(b, NULL), order_gap(h, NULL), fit_purchases(rb, NULL), clv(NULL::customer_base, '3')) AS answers,
	clv(b, NULL, NULL, NULL, NULL) = clv(b) AS clv, predicted_clv(m, s, c, NULL) = predicted_clv(m, s, c) AS endless FROM asked;
SELECT call, outcome(call) FROM unnest(ARRAY[
	$$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, margin => NULL))$$, $$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, annual_discount_rate => NULL))$$,
	$$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, level => NULL))$$, $$(SELECT count(*) FROM predict_customers('slips.orders'::regclass, model => NULL))$$,
	$$(SELECT count(*) > 50 FROM predict_customers('slips.orders'::regclass, horizon => NULL, holdout => NULL, as_of => NULL))$$,
	$$(SELECT count(*) FROM holdout_check('slips.orders'::regclass, holdout => NULL))$$, $$(SELECT count(*) FROM holdout_check('slips.orders'::regclass, models => NULL))$$,
	$$(SELECT count(*) FROM simulate_orders(10, NULL, 1))$$]) WITH ORDINALITY u (call, n) ORDER BY n;

-- ---------------------------------------------------------------------------
-- What people try: a number where there are several, a history where there is what
-- is known of it, a literal where there is a value.
-- ---------------------------------------------------------------------------

SELECT call, outcome(call) FROM unnest(ARRAY[
	$$(SELECT string_agg(days || ': ' || repeated, ' ') FROM repeat_within(h, 90))$$, $$(SELECT string_agg(days || ': ' || repeated, ' ') FROM repeat_within(h, '90'))$$,
	$$(SELECT string_agg(days || ': ' || repeated, ' ') FROM repeat_within(h, '{30, 90}'))$$, $$(SELECT string_agg(days || ': ' || repeated, ' ') FROM repeat_within(h, ARRAY[30, 90]))$$,
	$$(SELECT string_agg(days || ': ' || retained, ' ') FROM retained_on(h, 30))$$, $$(SELECT string_agg(days || ': ' || retained, ' ') FROM retained_on(h, days => 30, as_of => '2024-06-30'))$$,
	$$(SELECT string_agg(days || ': ' || retained, ' ') FROM retained_on_or_after(h, 30))$$, $$(SELECT string_agg(days || ': ' || retained, ' ') FROM retained_on_or_after(h, '{30}', '2024-06-30'))$$,
	$$(SELECT string_agg(days || ': ' || orders, ' ') FROM value_within(h, 30))$$, $$(SELECT string_agg(days || ': ' || orders, ' ') FROM value_within(h, '30', '2024-06-30'))$$, $$(SELECT string_agg(days || ': ' || orders, ' ') FROM value_within(h, '{30, 90}'))$$,
	$$(SELECT count(*) FROM repeat_within(h, NULL))$$, $$(SELECT count(*) FROM repeat_within(h, '{}'))$$, $$(SELECT count(*) FROM repeat_within(h, '90 days'))$$, $$(SELECT count(*) FROM repeat_within(h, interval '90 days'))$$,
	$$(SELECT count(*) FROM repeat_within(h, 0.9))$$, $$(SELECT count(*) FROM repeat_within(h, '30,90'))$$, $$(SELECT count(*) FROM repeat_within(h, '{{30},{90}}'))$$, $$(SELECT count(*) FROM repeat_within(h, ''))$$,
	$$(SELECT count(*) FROM repeat_within(h, -90))$$, $$(SELECT count(*) FROM retained_on(h, '99999999999'))$$,
	$$fit_purchases(h) = m$$, $$fit_purchases(h, 'nbd') = fit_purchases(rb, 'nbd')$$, $$fit_purchases(h, as_of => '2024-06-30') = fit_purchases(repeat_buying(h, '2024-06-30'))$$, $$fit_purchases(h, NULL)$$, $$fit_purchases(NULL::purchase_history)$$,
	$$fit_spend(h) = s$$, $$fit_spend(h, '2024-06-30') = fit_spend(repeat_spend(h, '2024-06-30'))$$,
	$$clv_from_aov(50, 2, '3 years')$$, $$clv_from_aov(50.0, 2, '3 years')$$, $$clv_from_aov(50, 2.5, '18 months')$$, $$clv_from_aov(50, 2, '3')$$, $$clv_from_aov(50.0, 2.5, '3')$$, $$clv_from_aov(50, 2, lifespan => '1 year')$$,
	$$clv_from_aov(50, 2, 'three years')$$, $$clv_from_aov(50, 2, '-1 year')$$, $$clv_from_aov(50, 2, NULL)$$]) WITH ORDINALITY u (call, n) ORDER BY n;
-- A new customer, of whom nothing is known but that: one whose first order was just now.
SELECT predicted_clv(m, s, '1 year') = predicted_clv(m, s, (0, 0, 0, NULL, 0, 1, NULL)::rfm_inputs, '1 year') AS as_of_a_day_old,
	   predicted_clv(m, s, '1 year') = predicted_clv(m, s, interval '1 year') AND predicted_clv(m, s, '1 year') = predicted_clv(m, s, horizon => '1 year') AND predicted_clv(m, s, '1 year') = predicted_clv(m, s, '1 year', 0.1, 1) AS alike,
	   predicted_clv(m, s) = predicted_clv(m, s, (0, 0, 0, NULL, 0, 1, NULL)::rfm_inputs) AS endless, predicted_clv(m, s, margin => 0.5) * 2 = predicted_clv(m, s) AS half,
	   abs(predicted_clv(m, s, '1 year', 0) / (expected_purchases(m, '1 year') * expected_spend(s)) - 1) < 1e-9 AS purchases_by_spend,
	   abs(expected_spend(s) / expected_spend(s, (0, 0, 0, NULL, 0, 1, NULL)::rfm_inputs) - 1) < 1e-12 AS spend,
	   expected_spend(spend_model(6, 1, 15)) AS no_mean FROM asked;
-- A NULL may be a customer of whom nothing is known at all.
SELECT call, outcome(call) FROM unnest(ARRAY[
	$$predicted_clv(m, s, NULL)$$, $$predicted_clv(m, s, NULL::rfm_inputs)$$, $$(predicted_clv_interval(m, s, NULL)).estimate$$, $$predicted_clv(m, s, '3')$$, $$predicted_clv(m, s, interval '3')$$, $$predicted_clv(m, s, 365)$$, $$predicted_clv(m, s, '-1 year')$$,
	$$predicted_clv(m, s, NULL, '1 year')$$, $$predicted_clv(m, s, '1 year', 10)$$, $$predicted_clv(m, s, annual_discount_rate => 0)$$, $$predicted_clv(m, s, 'for ever')$$, $$expected_spend(NULL::spend_model)$$]) WITH ORDINALITY u (call, n) ORDER BY n;
-- What ended, as a boolean, as 1 and 0, or as a text; how long it took, as a number or as a time.
SELECT event, duration, (SELECT string_agg(concat_ws(' ', k.duration, at_risk, events, censored), ', ') FROM kaplan_meier(s) k) AS curve
FROM (SELECT 'bool' AS event, 'int' AS duration, survival(d, e) AS s FROM (VALUES (5, true), (7, false)) v (d, e) UNION ALL SELECT 'int', 'int', survival(d, e) FROM (VALUES (5, 1), (7, 0)) v (d, e)
	  UNION ALL SELECT 'bigint', 'numeric', survival(d, e) FROM (VALUES (5.0, 1::int8), (7.0, 0)) v (d, e) UNION ALL SELECT 'text', 'float8', survival(d::float8, e) FROM (VALUES (5, 'yes'), (7, 'no')) v (d, e)
	  UNION ALL SELECT 'bool', 'interval', survival(d, e) FROM (VALUES (interval '5 days', true), ('7 days', false)) v (d, e) UNION ALL SELECT 'smallint', 'interval', survival(d, e::int2) FROM (VALUES (interval '120 hours', 1), ('168:00', 0)) v (d, e)
	  UNION ALL SELECT 'text', 'interval', survival(timestamp '2024-01-06' - t, e) FROM (VALUES (timestamp '2024-01-01', 't'), ('2023-12-30', 'f')) v (t, e) UNION ALL SELECT 'int', 'text', survival(d, e) FROM (VALUES ('5', 1), (' 7 ', 0)) v (d, e)) s;
SELECT call, outcome(call) FROM unnest(ARRAY[
	$$survival(5, 1) = survival(5, true)$$, $$survival('5', 't') = survival(5, true)$$, $$survival(5, '1') = survival(5, true)$$, $$survival('5', true) = survival(5, true)$$, $$survival(5.5, 0) = survival(5.5, false)$$, $$median_survival(survival(interval '1 year', 1))$$,
	$$survival(NULL, NULL)$$, $$survival(5, NULL)$$, $$survival(NULL, 1)$$, $$survival(NULL::interval, true)$$, $$survival(true, 5)$$, $$survival(1, 5)$$, $$survival(5, -1)$$, $$survival(5, 1.0)$$, $$survival(5, 'maybe')$$, $$survival('5 days', true)$$, $$survival('', true)$$,
	$$survival(interval '-5 days', true)$$, $$survival('NaN', true)$$, $$survival('1e400', true)$$, $$survival(date '2024-01-06', true)$$]) WITH ORDINALITY u (call, n) ORDER BY n;
-- No overload leaves it open which is meant: numbers bare, all else as literals or typed, of
-- values of our own a typed one, NULLs typed. (Whoever puts all numbers in quotes, too, is asked
-- for a cast, here and there.)
CREATE FUNCTION literals(type regtype) RETURNS text[] LANGUAGE sql AS $$
	SELECT ARRAY[format('NULL::%s', type)] || CASE
		WHEN type IN ('int4'::regtype, 'int8'::regtype) THEN '{1}'::text[]
		WHEN type IN ('numeric'::regtype, 'float8'::regtype) THEN '{1,1.5}'
		WHEN type = 'bool'::regtype THEN '{true,''t''}'
		WHEN type IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) THEN '{''2024-01-01''}'
		WHEN type = 'interval'::regtype THEN '{''1 year''}'
		WHEN type = 'uuid'::regtype THEN '{''7b7d5a24-9c8f-4d5e-8f6f-2f3a1c0d9e8b''}'
		WHEN type::text LIKE '%[]' THEN ARRAY['''{30,60}''']
		WHEN type IN ('text'::regtype, 'name'::regtype, 'varchar'::regtype, 'bpchar'::regtype) THEN '{''1 year''}'
		ELSE '{}' END
$$;
CREATE FUNCTION calls(function oid) RETURNS SETOF text LANGUAGE sql AS $$
	WITH RECURSIVE f AS (SELECT proname, pronargs - pronargdefaults AS least, pronargs AS most, proargtypes::regtype[] AS types FROM pg_proc WHERE oid = function),
	lists AS (SELECT 0 AS n, '' AS list
			  UNION ALL SELECT n + 1, list || CASE WHEN n > 0 THEN ', ' ELSE '' END || l
			  FROM lists, f, unnest(CASE WHEN n < 5 THEN literals(types[n]) ELSE (literals(types[n]))[1:1] END) l WHERE n < most AND (n < 5 OR n < least))
	SELECT format('%s(%s)', proname, list) FROM lists, f WHERE n >= least
$$;
CREATE FUNCTION state_of(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('PREPARE slip AS SELECT %s', call);
	DEALLOCATE slip;
	RETURN 'resolved';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
CREATE TABLE calls_made AS
WITH ours AS (SELECT p.oid, proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'retention' WHERE proname !~ '^_')
SELECT call, state_of(call) AS state
FROM (SELECT DISTINCT call FROM ours, calls(ours.oid) call WHERE proname IN (SELECT proname FROM ours GROUP BY proname HAVING count(*) > 1)) c;
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE state = '42883') AS unknown FROM calls_made;
SELECT call, state FROM calls_made WHERE state NOT IN ('resolved', '42883') ORDER BY call COLLATE "C";

-- ---------------------------------------------------------------------------
-- Views of nothing but a table: columns by their usual names, one schema in all
-- functions, which nobody has for something else (without a name all are made again).
-- ---------------------------------------------------------------------------

SELECT count(*) AS views FROM retention_create_views('orders');
SELECT customers, orders, revenue FROM retention_views.kpi;
SELECT DISTINCT split_part(v, '.', 1) AS schema FROM retention_refresh_views() AS v;
SELECT retention_refresh_data();
SELECT count(*) AS views FROM retention_create_views('orders', mode => 'materialized');
SELECT retention_refresh_data();
SELECT retention_drop_views();
SELECT to_regnamespace('retention_views') AS schema;
SELECT retention_drop_views();
SELECT retention_refresh_data();
SELECT DISTINCT proname, pg_get_function_arguments(oid) ~ 'target name DEFAULT ''retention_views''' AS same_schema FROM pg_proc WHERE proname ~ '^retention_.*(views|data)$' AND prosrc <> 'retention_refuse_call' ORDER BY 1;

-- ---------------------------------------------------------------------------
-- Numbers that look right: what the data themselves show.
-- ---------------------------------------------------------------------------

-- A join that repeats the order's total, and a column that is no number of orders.
CREATE TABLE sales AS SELECT n AS order_no, customer_id, ordered_at, amount, (ARRAY['de', 'fr', 'at'])[customer_id % 3 + 1] AS country FROM (SELECT row_number() OVER () AS n, * FROM orders) o;
CREATE TABLE payments AS SELECT order_no, part, amount / 2 AS paid FROM sales, generate_series(1, 2) part;
CREATE VIEW joined AS SELECT s.*, part, paid FROM sales s JOIN payments p USING (order_no);
CREATE TABLE kept_join AS TABLE joined;
CREATE FUNCTION price(sales) RETURNS numeric LANGUAGE sql AS 'SELECT $1.amount';
SET client_min_messages = notice;
SELECT count(*) FROM predict_customers('joined', order_id => 'order_no');
SELECT count(*) FROM predict_customers('kept_join', order_id => 'order_no', filter => $$country = 'de'$$);
SELECT count(*) FROM predict_customers('SELECT order_no, customer_id, ordered_at, s.amount FROM sales s JOIN payments USING (order_no)', order_id => 'order_no');
SELECT count(*) FROM retention_create_views('kept_join', order_id => 'order_no', target => 'slips_lines');
-- What the hint says is it; and lines of their own amounts are what they should be.
SELECT count(*) FROM predict_customers('SELECT DISTINCT ON (order_no) * FROM slips.kept_join');
SELECT count(*) FROM predict_customers('joined', order_id => 'order_no', amount => 'paid + part');
SELECT count(*) FROM holdout_check('sales', order_id => 'order_no', models => '{nbd}') WHERE repeat_purchases = 'all';
-- A column of many orders.
SELECT count(*) FROM predict_customers('sales', order_id => 'country');
SELECT count(*) FROM retention_create_views('sales', order_id => 'country', target => 'slips_lines');
SELECT count(*) FROM holdout_check('SELECT * FROM sales', order_id => 'country', models => '{nbd}') WHERE repeat_purchases = 'all';
-- Of few orders nothing is said, and what can't be read is for whoever reads all to say.
SELECT count(*) FROM retention_create_views('kept_join', order_id => 'order_no', filter => 'order_no < 20', target => 'slips_lines');
SELECT count(*) FROM retention_create_views('kept_join', order_id => 'order_no / (part - 1)', target => 'slips_lines');
SELECT count(*) FROM predict_customers('kept_join', order_id => 'order_no / (part - 1)');
SELECT retention_drop_views('slips_lines');
SET client_min_messages = warning;
-- What differs from one reading to the next.
SELECT call, outcome(call) FROM unnest(ARRAY[
	$$(SELECT count(*) FROM predict_customers('slips.sales', filter => 'random() < 0.1'))$$, $$(SELECT count(*) FROM predict_customers('slips.sales', filter => 'amount > (SELECT random())'))$$,
	$$(SELECT count(*) FROM predict_customers('slips.sales', filter => 'ordered_at < clock_timestamp()'))$$, $$(SELECT count(*) FROM predict_customers('slips.sales', amount => 'slips.price(sales)'))$$,
	$$(SELECT count(*) FROM retention_create_views('slips.sales', order_id => 'gen_random_uuid()', target => 'slips_lines'))$$, $$(SELECT count(*) FROM predict_customers('slips.sales', filter => 'ordered_at < now()'))$$,
	-- time that the orders don't cover
	$$(SELECT count(*) FROM predict_customers('slips.sales', holdout => '10 years'))$$, $$(SELECT count(*) FROM holdout_check('slips.sales', holdout => '10 years'))$$, $$(SELECT count(*) FROM predict_customers('slips.sales', holdout => '3 months', as_of => '2023-02-01'))$$,
	$$(SELECT count(*) FROM predict_customers('slips.sales', as_of => '2022-12-31'))$$, $$(SELECT count(*) FROM holdout_check('slips.sales', as_of => '2022-12-31'))$$, $$(SELECT count(*) FROM predict_customers('slips.sales', as_of => 'infinity'))$$,
	$$(SELECT count(*) > 0 FROM predict_customers('slips.sales', as_of => '2023-01-31', model => 'nbd'))$$,
	-- thresholds
	$$rfm_score(85, '{90,80,70}')$$, $$rfm_score(85, '{70,80,80,90}')$$, $$rfm_score(85, '{70,90,80}')$$, $$rfm_score(85, '{}')$$]) WITH ORDINALITY u (call, n) ORDER BY n;
ALTER FUNCTION price(sales) STABLE;
SELECT outcome($$(SELECT count(*) > 0 FROM predict_customers('slips.sales', amount => 'slips.price(sales)'))$$) AS declared;

-- ---------------------------------------------------------------------------
-- A hundred slips, as they are made: each is an error that says what to write, or
-- the number that was meant.
-- ---------------------------------------------------------------------------

CREATE TABLE shop AS
SELECT n AS order_no, customer_id::float8 AS customer_no, ordered_at::text AS bought, extract(epoch FROM ordered_at)::int8 AS created, amount::money AS price, amount::text AS total_text,
	   'Customer ' || customer_id AS "Name of Customer", ordered_at::date AS "Day", jsonb_build_object('id', customer_id, 'total', amount) AS payload, amount > 50 AS large, customer_id, ordered_at, amount
FROM (SELECT row_number() OVER () AS n, * FROM orders) o;
CREATE TABLE empty (LIKE orders);
CREATE VIEW recent AS SELECT * FROM orders WHERE ordered_at > '2024-01-01';
CREATE TABLE of_these AS SELECT b, h, rb, repeat_spend(h) AS rs, m, s, c, r, time_to_order(h) AS waiting FROM asked;
CREATE FUNCTION said(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE query INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', state || ' ' || message, nullif(detail, ''), nullif(hint, ''));
END
$$;
CREATE TABLE slip AS
SELECT n, query, said(query) FROM unnest(ARRAY[
	-- the order of arguments, and their number of arguments
	$$SELECT clv(ordered_at, customer_id, amount) FROM orders$$,
	$$SELECT clv(customer_id, amount, ordered_at) FROM orders$$,
	$$SELECT clv(amount, ordered_at) FROM orders WHERE customer_id = 1$$,
	$$SELECT customer_value(amount, customer_id) FROM orders$$,
	$$SELECT customer_value(customer_id, ordered_at, amount) FROM orders$$,
	$$SELECT repeat_rate(customer_id, ordered_at) FROM orders$$,
	$$SELECT purchase_frequency(customer_id, amount) FROM orders$$,
	$$SELECT aov(customer_id, amount) FROM orders$$,
	$$SELECT lifetime_span(customer_id) FROM orders$$,
	$$SELECT clv(customer_id, ordered_at, amount, '3 years') FROM orders$$,
	$$SELECT clv(customer_id, ordered_at, amount, lifespan => '3 years') FROM orders$$,
	$$SELECT purchase_history(customer_id, ordered_at, amount) FROM orders$$,
	$$SELECT purchase_history('month', customer_id, ordered_at, amount) FROM orders$$,
	$$SELECT rfm_summary(ordered_at, amount) FROM orders WHERE customer_id = 1$$,
	$$SELECT rfm_summary(customer_id, ordered_at, amount, '2025-01-01') FROM orders$$,
	$$SELECT customer_base_sample(customer_id, ordered_at, amount) FROM orders$$,
	$$SELECT order_gap(customer_id, ordered_at) FROM orders$$,
	-- types of columns
	$$SELECT clv(customer_id, bought, amount) FROM shop$$,
	$$SELECT clv(customer_id, created, amount) FROM shop$$,
	$$SELECT clv(customer_no, ordered_at, amount) FROM shop$$,
	$$SELECT clv(customer_id, ordered_at, price) FROM shop$$,
	$$SELECT aov(price) FROM shop$$,
	$$SELECT aov(total_text) FROM shop$$,
	$$SELECT aov(payload) FROM shop$$,
	$$SELECT aov(payload -> 'total') FROM shop$$,
	$$SELECT aov(payload ->> 'total') FROM shop$$,
	$$SELECT repeat_rate(payload) FROM shop$$,
	$$SELECT repeat_rate(large) FROM shop$$,
	$$SELECT purchase_history(customer_id, bought, amount, 'day') FROM shop$$,
	$$SELECT aov(shop) FROM shop$$,
	$$SELECT aov(*) FROM shop$$,
	-- quoted names
	$$SELECT repeat_rate('customer_id') FROM shop$$,
	$$SELECT aov('amount') FROM shop$$,
	$$SELECT lifetime_span('customer_id', 'ordered_at') FROM shop$$,
	$$SELECT repeat_rate("name of customer") FROM shop$$,
	$$SELECT count(*) FROM predict_customers('slips.shop', 'name of customer', 'ordered_at', 'amount')$$,
	$$SELECT count(*) FROM predict_customers('slips.shop', 'Name of Customer', 'day', 'amount')$$,
	$$SELECT count(*) > 50 FROM predict_customers('slips.shop', 'Name of Customer', 'Day', 'amount')$$,
	-- a table
	$$SELECT count(*) FROM predict_customers('order')$$,
	$$SELECT count(*) > 50 FROM predict_customers('slips.recent')$$,
	$$SELECT count(*) FROM predict_customers('slips.orders', 'ordered_at', 'customer_id', 'amount')$$,
	$$SELECT count(*) FROM predict_customers('slips.shop', 'customer_no', 'created', 'price')$$,
	$$SELECT count(*) FROM predict_customers('slips.shop', 'customer_id', 'bought', 'amount')$$,
	$$SELECT count(*) FROM predict_customers('DELETE FROM slips.orders')$$,
	$$SELECT count(*) FROM predict_customers('SELECT customer_id FROM slips.orders')$$,
	$$SELECT count(*) FROM predict_customers('slips.empty')$$,
	$$SELECT count(*) FROM predict_customers(NULL)$$,
	$$SELECT count(*) FROM predict_customers('')$$,
	$$SELECT count(*) FROM predict_customers('slips.orders', filter => 'amount')$$,
	$$SELECT count(*) FROM predict_customers('slips.orders', time_zone => '+02:00')$$,
	$$SELECT count(*) FROM predict_customers('slips.orders', time_zone => 'Berlin')$$,
	$$SELECT count(*) FROM cohort_retention('orders')$$,
	$$SELECT count(*) FROM orders, cohort_retention(orders)$$,
	$$SELECT cohort_retention(customer_id, ordered_at, amount) FROM orders$$,
	$$SELECT count(*) FROM of_these, cohort_retention(b)$$,
	$$SELECT count(*) FROM retention_create_views('slips.nothing')$$,
	-- periods
	$$SELECT purchase_history(customer_id, ordered_at, amount, 'hour') FROM orders$$,
	$$SELECT purchase_history(customer_id, ordered_at, amount, 'mon') FROM orders$$,
	$$SELECT purchase_history(customer_id, ordered_at, amount, '1 month') FROM orders$$,
	$$SELECT purchase_history(customer_id, ordered_at, amount, '30 days') FROM orders$$,
	$$SELECT purchase_history(customer_id, ordered_at, amount, NULL) FROM orders$$,
	$$SELECT count(*) FROM of_these, cohort_retention(h, 'monthly') WHERE period_index = 0$$,
	$$SELECT count(*) FROM of_these, cohort_retention(h, '7')$$,
	$$SELECT count(*) FROM of_these, cohort_retention(h, 30)$$,
	$$SELECT count(*) FROM cohort_retention((SELECT purchase_history(customer_id, ordered_at, amount, 'month') FROM orders), 'week')$$,
	$$SELECT count(*) FROM repeat_within((SELECT purchase_history(customer_id, ordered_at, amount, 'month') FROM orders), 90)$$,
	$$SELECT purchase_history(customer_id, ordered_at::date, amount, 'day', 'Europe/Berlin') FROM orders$$,
	$$SELECT purchase_history(customer_id, ordered_at, amount, 'day', 'UTC+2') FROM orders$$,
	$$SELECT period_start(ordered_at, 'fortnight') FROM orders$$,
	-- durations, days, dates
	$$SELECT clv(b, lifespan => '3') FROM of_these$$,
	$$SELECT clv(b, lifespan => 3) FROM of_these$$,
	$$SELECT clv(b, '-3 years') FROM of_these$$,
	$$SELECT clv(b, 'three years') FROM of_these$$,
	$$SELECT clv(customer_base(customer_id, ordered_at, amount), 3) FROM orders$$,
	$$SELECT expected_purchases(m, c, 365) FROM of_these$$,
	$$SELECT expected_purchases(m, c, '365') FROM of_these$$,
	$$SELECT expected_purchases(m, c, '-1 year') FROM of_these$$,
	$$SELECT p_alive(m, c, '2022-01-01') FROM of_these$$,
	$$SELECT p_alive(m, c, now()) FROM of_these$$,
	$$SELECT count(*) FROM of_these, cohort_retention(h, as_of => now())$$,
	$$SELECT count(*) FROM of_these, cohort_retention(h, as_of => '2020-01-01')$$,
	$$SELECT count(*) FROM of_these, repeat_within(h, '90 days')$$,
	$$SELECT count(*) FROM of_these, repeat_within(h, interval '90 days')$$,
	$$SELECT count(*) FROM of_these, repeat_within(h, '{-30}')$$,
	$$SELECT count(*) FROM of_these, retained_between(h, '{30,7,1}')$$,
	$$SELECT count(*) FROM of_these, retained_between(h, '1,61')$$, $$SELECT count(*) FROM of_these, retained_between(h, '1, 61 days')$$, $$SELECT count(*) FROM of_these, retained_between(h, '{1,61}')$$, $$SELECT count(*) FROM of_these, value_within(h, '30,90')$$,
	$$SELECT order_days_between(ordered_at, '2024-12-31', '2024-01-01') FROM orders WHERE customer_id = 1$$,
	$$SELECT rfm_summary(ordered_at, amount, ordered_at::date) FROM orders WHERE customer_id = 1$$,
	$$SELECT rfm_summary(ordered_at, amount, now()) FROM orders WHERE customer_id = 1$$,
	$$SELECT count(*) FROM predict_customers('slips.orders', horizon => 365)$$,
	$$SELECT survival_at(waiting, interval '90 days') FROM of_these$$,
	$$SELECT survival_at(waiting, -90) FROM of_these$$,
	-- rates
	$$SELECT clv(b, '3 years', margin => 30) FROM of_these$$,
	$$SELECT clv(b, '3 years', annual_discount_rate => -0.1) FROM of_these$$,
	$$SELECT clv_from_churn(100, 5)$$,
	$$SELECT clv_from_churn(100.00, -0.05)$$,
	$$SELECT predicted_clv(m, s, c, '1 year', 10) FROM of_these$$,
	$$SELECT top_share(b, 20) FROM of_these$$,
	$$SELECT order_gap(h, 90) FROM of_these$$,
	$$SELECT projected_customers(100, 80, 12)$$,
	$$SELECT (p_alive_interval(m, c, 95)).lower FROM of_these$$,
	-- models
	$$SELECT p_alive(s, c) FROM of_these$$,
	$$SELECT p_alive(c, m) FROM of_these$$,
	$$SELECT expected_spend(m, c) FROM of_these$$,
	$$SELECT predicted_clv(s, m, c) FROM of_these$$,
	$$SELECT predicted_clv(m, c) FROM of_these$$,
	$$SELECT p_alive(m, h) FROM of_these$$,
	$$SELECT p_alive(m, customer_id) FROM of_these, orders$$,
	$$SELECT survival_at(m, 3) FROM of_these$$,
	$$SELECT fit_purchases(b) FROM of_these$$,
	$$SELECT fit_purchases(rb, 'gamma-gamma') FROM of_these$$,
	$$SELECT fit_purchases('orders')$$,
	$$SELECT fit_spend(rb) FROM of_these$$,
	$$SELECT fit_retention(period, survivors) FROM (VALUES (1, 631), (2, 468)) v (period, survivors)$$,
	$$SELECT fit_retention(period, survivors) FROM (VALUES (0, 100), (1, 110), (2, 90)) v (period, survivors)$$,
	$$SELECT fit_retention(period, share) FROM (VALUES (0, 1.0), (1, 0.631), (2, 0.468)) v (period, share)$$,
	$$SELECT purchase_model('bg/nbd', '{"r": 0.24, "alpha": 4.4, "a": 0.8}')$$,
	$$SELECT purchase_model('bg/nbd', '{"r": 0.24, "alpha": -4.4, "a": 0.8, "b": 2.4}')$$,
	$$SELECT spend_model(-6, 4, 15)$$,
	$$SELECT retention_at(r, 0) FROM of_these$$,
	$$SELECT purchase_probability(m, c, -1, '1 year') FROM of_these$$,
	$$SELECT kaplan_meier(h) FROM of_these$$,
	$$SELECT survival(customer_id, ordered_at) FROM orders$$,
	-- an option in another's place, one argument too many
	$$SELECT count(*) FROM of_these, order_ladder(h, interval '90 days')$$,
	$$SELECT count(*) FROM of_these, order_ladder(h, 90, 20)$$,
	$$SELECT count(*) FROM of_these, lifecycle(h, 3)$$,
	$$SELECT count(*) FROM of_these, cohort_retention(h, 'month', 12)$$,
	$$SELECT count(*) FROM of_these, cohort_average(h, 'month', true)$$,
	$$SELECT count(*) FROM of_these, new_and_returning(h, 12)$$,
	$$SELECT predicted_clv(m, s, c, 365) FROM of_these$$,
	$$SELECT predicted_clv(m, s, 365) FROM of_these$$,
	$$SELECT fit_purchases(h, date '2024-06-01') FROM of_these$$,
	$$SELECT fit_purchases(h, 'nbd', 3) FROM of_these$$,
	$$SELECT fit_purchases(rb, 'nbd', date '2024-06-01') FROM of_these$$,
	$$SELECT fit_spend(h, 3) FROM of_these$$,
	$$SELECT fit_purchases(rb, model => 'nbd', as_of => '2024-06-01') FROM of_these$$,
	$$SELECT fit_spend(rs, date '2024-06-01') FROM of_these$$,
	$$SELECT customers(h) FROM of_these$$,
	$$SELECT gini(h) FROM of_these$$,
	$$SELECT last_order(h) FROM of_these$$,
	-- days, with their unit, or none
	$$SELECT count(*) FROM of_these, order_ladder(h, '90 days')$$,
	$$SELECT count(*) FROM of_these, order_ladder(h, within_days => '90 days', max_orders => 3)$$,
	$$SELECT count(*) FROM of_these, order_ladder(h, '90') AS l WHERE l = (SELECT k FROM order_ladder(h, 90) AS k WHERE k.order_number = l.order_number)$$,
	$$SELECT count(*) FROM of_these, order_ladder(h, NULL)$$,
	$$SELECT active_life(h, '90 days') FROM of_these$$,
	$$SELECT active_life(h, '90', '2024-06-01') = active_life(h, 90, '2024-06-01') AND active_life(h, NULL) = active_life(h) FROM of_these$$,
	$$SELECT count(*) FROM of_these, repeat_within(h, NULL::int)$$,
	$$SELECT count(*) FROM of_these, value_within(h, NULL::int)$$,
	$$SELECT refunds IS NULL AND guest_refunds IS NULL AND refunded IS NULL FROM history_info((SELECT purchase_history(customer_id, ordered_at, 'day') FROM orders))$$,
	-- a constant for the number of an order; but of one row without a table each is one
	$$SELECT repeat_rate(customer_id, 30) FROM shop$$,
	$$SELECT repeat_rate(customer_no::text, 30) FROM shop$$,
	$$SELECT repeat_rate(customer_id, 30) OVER () FROM shop$$,
	$$SELECT purchase_frequency(customer_id, 'year') FROM shop$$,
	$$SELECT aov(amount, 1) FROM shop$$,
	$$SELECT aov(amount::float8, 'EUR') FROM shop$$,
	$$SELECT aov(amount, NULL::int8) = aov(amount) FROM shop$$,
	$$SELECT purchase_frequency(c, o) FROM (VALUES (1, 5)) v (c, o)$$,
	-- what looks alike stays in its order
	$$SELECT order_days_between(ordered_at, '2024-01-01', '2024-12-31', amount) FROM orders$$,
	-- formulas: of what is no number, too few, too many; all literals, as parameters are without a type
	$$SELECT clv_contractual('100', '24') + clv_to_cac('2000', '400') + clv_from_churn('100', '0.05')$$,
	$$SELECT clv_contractual(100, interval '24 months')$$,
	$$SELECT clv_contractual(price, 24) FROM shop$$,
	$$SELECT clv_contractual(100)$$,
	$$SELECT clv_contractual(100, 24, 0.1)$$,
	$$SELECT clv_from_churn(price, 0.05) FROM shop$$,
	$$SELECT clv_from_churn(100)$$,
	$$SELECT clv_from_churn(100, 0.05, 0.3, 0.1, 12)$$,
	$$SELECT clv_from_aov(75, 2)$$,
	$$SELECT clv_from_aov(75, 2, date '2024-01-01')$$,
	$$SELECT clv_from_aov(total_text, 2, 3) FROM shop$$,
	$$SELECT clv_to_cac(b, 400) FROM of_these$$,
	$$SELECT clv_to_cac(2000, 400, 3)$$,
	$$SELECT count(*) FROM projected_customers('100', '0.8', '12')$$,
	$$SELECT count(*) FROM projected_customers(100, 0.8)$$,
	$$SELECT count(*) FROM projected_customers(100, 0.8, interval '1 year')$$,
	$$SELECT count(*) FROM projected_customers(100, 0.8, 12.5)$$,
	$$SELECT count(*) FROM projected_customers(100, 0.8, 12::bigint)$$,
	$$SELECT count(*) FROM projected_customers(100, 0.8, 12, 10)$$,
	$$SELECT count(*) FROM projected_revenue(100, 0.8, 12)$$,
	$$SELECT count(*) FROM projected_revenue(100, 0.8, 12, 10::numeric)$$,
	$$SELECT spend_model(6, 4)$$,
	$$SELECT spend_model('6', '4', '15') = spend_model(6, 4, 15.0)$$,
	$$SELECT spend_model('gamma-gamma', '{"p": 6, "q": 4, "v": 15}')$$,
	$$SELECT purchase_model('bg/nbd', 0.24, 4.4, 0.8, 2.4)$$,
	$$SELECT purchase_model('bg/nbd', ARRAY[0.24, 4.4, 0.8, 2.4])$$,
	$$SELECT purchase_model('bg/nbd', json '{"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}')$$,
	$$SELECT purchase_model('bg/nbd', text '{"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}', 'week') = purchase_model('bg/nbd', jsonb '{"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}', 'week')$$,
	$$SELECT retention_model(0.7, 1.2)$$,
	$$SELECT retention_model('sbg', 0.7, 1.2)$$,
	$$SELECT time_to_order(h, interval '90 days') FROM of_these$$,
	-- values
	$$SELECT aov(h) FROM of_these$$,
	$$SELECT aov(purchase_history(customer_id, ordered_at, amount, 'day')) FROM orders$$,
	$$SELECT rollup(amount) FROM orders$$,
	$$SELECT customers(only_customers_of(b, customer_base(customer_id::text))) FROM of_these, orders GROUP BY b$$,
	$$SELECT rollup(x) FROM (SELECT customer_base(customer_id) AS x FROM orders UNION ALL SELECT customer_base(customer_id, ordered_at, amount) FROM orders) v$$,
	$$SELECT rollup(x) FROM (SELECT purchase_history(customer_id, ordered_at, amount, p) AS x FROM orders, unnest('{day,month}'::text[]) p GROUP BY p) v$$,
	$$SELECT standard_error(b, 'gini') FROM of_these$$,
	$$SELECT customer_base_sample(customer_id, ordered_at, amount, 5) FROM orders$$,
	$$SELECT customer_base_sample(customer_id, ordered_at, amount, 0.1) FROM orders$$,
	$$SELECT rfm_score(amount, 5) FROM orders$$,
	-- NULL and nothing
	$$SELECT num_nonnulls(aov(amount), repeat_rate(customer_id), clv(customer_id, ordered_at, amount), customer_value(customer_id, amount), lifetime_span(ordered_at)) FROM empty$$,
	$$SELECT aov(NULL)$$,
	$$SELECT clv(NULL, NULL, NULL)$$,
	$$SELECT clv(NULL, lifespan => '3 years')$$,
	$$SELECT count(*) FROM cohort_retention((SELECT purchase_history(customer_id, ordered_at, amount, 'day') FROM empty))$$,
	$$SELECT count(*) FROM cohort_retention(NULL)$$,
	$$SELECT fit_purchases(repeat_buying(purchase_history(customer_id, ordered_at, 'day'))) FROM empty$$,
	$$SELECT clv_from_aov(NULL, 2, 3)$$,
	$$SELECT clv(b, observation => '0') FROM of_these$$,
	$$SELECT aov(amount / 0) FROM orders$$,
	$$SELECT aov('NaN'::numeric) FROM orders$$,
	$$SELECT aov(-amount) FROM orders$$
]) WITH ORDINALITY u (query, n);
\pset tuples_only on
SELECT n || '. ' || query || E'\n    ' || said FROM slip ORDER BY n;
\pset tuples_only off
-- None ends in what PostgreSQL says of what it doesn't know.
SELECT count(*) > 100 AS slips, count(*) FILTER (WHERE said ~ 'No function matches|Could not choose|^XX') AS bare FROM slip;

DROP SCHEMA slips CASCADE;
