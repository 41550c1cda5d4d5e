-- The metrics by the examples of their definitions, the scalar forms, and the
-- options of clv.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;

-- Average order value: revenue / orders.
SELECT aov(amount) AS numeric FROM (VALUES (75.00), (30.00), (110.00)) orders (amount);
SELECT aov(amount) AS float8, pg_typeof(aov(amount)) FROM (VALUES (75), (30), (110)) orders (amount);

-- Three orders by two customers.
SELECT purchase_frequency(customer), repeat_rate(customer), customer_value(customer, amount),
	   customer_value(customer, amount::float8) AS float8
FROM (VALUES (1, 75.00), (1, 30.00), (2, 110.00)) orders (customer, amount);

-- One customer, over two years: 71.666... x 2.
SELECT clv(ordered_at, amount), clv(ordered_at, amount::float8) AS float8, lifetime_span(ordered_at)
FROM (VALUES (timestamptz '2022-01-01 00:00', 75.00), ('2022-07-01 00:00', 30.00), ('2024-01-01 12:00', 110.00))
	orders (ordered_at, amount);

-- A customer who came once is worth 0 by that formula.
SELECT trim_scale(clv(timestamptz '2022-01-01', 75.00)) AS clv, lifetime_span(timestamptz '2022-01-01');

-- A store.  Two customers paid 215 over two years, 53.75 a customer and year;
-- they stayed 2 years and 0, on average 1.
CREATE TEMP TABLE store AS
SELECT * FROM (VALUES
	(1, timestamptz '2022-01-01 00:00', 75.00),
	(1, '2024-01-01 12:00', 110.00),
	(2, '2023-01-01 00:00', 30.00)) orders (customer, ordered_at, amount);
SELECT clv(customer, ordered_at, amount), clv(customer, ordered_at, amount::float8) AS float8,
	   lifetime_span(customer, ordered_at)
FROM store;
CREATE TEMP TABLE base AS SELECT customer_base(customer, ordered_at, amount) AS b FROM store;
SELECT aov(b), purchase_frequency(b), repeat_rate(b), customer_value(b), lifetime_span(b), clv(b) FROM base;
SELECT customers(b), orders(b), revenue(b), first_order(b), last_order(b) FROM base;

-- The mean of lifespans is in days and time, to the nearest microsecond; half
-- a microsecond counts as a whole one.
SELECT lifetime_span(customer, ordered_at)
FROM (VALUES (1, timestamp '2024-01-01'), (1, '2024-01-01 00:00:00.000001'), (2, '2024-01-01')) orders (customer, ordered_at);
SELECT lifetime_span(customer, ordered_at)
FROM (VALUES (1, timestamp '2024-01-01'), (1, '2024-01-01 00:00:00.000001'), (2, '2024-01-01'), (3, '2024-01-01'))
	orders (customer, ordered_at);
SELECT lifetime_span(customer, ordered_at), lifetime_span(customer, ordered_at::date) AS dates
FROM (VALUES (1, timestamp '2023-12-31 23:00'), (1, '2024-03-01 01:00'), (2, '2024-01-01')) orders (customer, ordered_at);

-- ---------------------------------------------------------------------------
-- Scalar forms.
-- ---------------------------------------------------------------------------

SELECT clv_from_aov(71.67, 1.5, 3.0), clv_from_aov(71.67::float8, 1.5::float8, 3::float8) AS float8, clv_from_aov(50, 2, 3) AS ints;
SELECT clv_from_aov(50.0, 2.0, interval '3 years') AS years, clv_from_aov(50.0, 2.0, interval '1 year 6 months') AS months,
	   clv_from_aov(50.0, 2.0, interval '365 days 6 hours') AS days, clv_from_aov(50.0, 2.0, interval '8766 hours') AS hours,
	   trim_scale(clv_from_aov(50.0, 2.0, interval '0')) AS nothing;
SELECT clv_from_aov(50::float8, 2::float8, interval '3 years') AS years, clv_from_aov(50::float8, 2::float8, interval '1 year 6 months') AS months,
	   clv_from_aov(50::float8, 2::float8, interval '365 days 6 hours') AS days, clv_from_aov(50, 2, interval '31557600 seconds') AS seconds;
-- A bare string is an interval, and no number of years.
SELECT clv_from_aov(50.0, 2.0, '3 years'), clv_from_aov(50::float8, 2::float8, '3 years') AS float8;
SELECT clv_contractual(100.00, 24.0), clv_contractual(100, 24) AS ints, clv_contractual(99.90::float8, 0::float8) AS float8;
SELECT clv_from_churn(100.00, 0.05), clv_from_churn(100::float8, 0.05::float8) AS float8;
-- 100 x 0.3 x 1.01 / (1.01 - 0.95)
SELECT clv_from_churn(100.00, 0.05, 0.3) AS with_margin, clv_from_churn(100.00, 0.05, period_discount_rate => 0.01) AS discounted,
	   clv_from_churn(100.00, 0.05, 0.3, 0.01) AS both, clv_from_churn(100::float8, 0.05::float8, 0.3::float8, 0.01::float8) AS float8;
SELECT clv_to_cac(2000.00, 400.00), clv_to_cac(2000, 400) AS ints;

-- A denominator of 0: NULL.  Anything NULL: NULL.
SELECT clv_from_churn(100.00, 0.0), clv_from_churn(100, 0) AS float8, clv_from_churn(100.00, 0.0, period_discount_rate => 0.01) AS discounted,
	   clv_to_cac(100.00, 0.00), clv_to_cac(100, 0) AS float8;
SELECT num_nonnulls(
	clv_from_aov(NULL, 1.5, 3.0), clv_from_aov(71.67, NULL, 3.0), clv_from_aov(71.67, 1.5, NULL::numeric),
	clv_from_aov(NULL, 1.5::float8, 3::float8), clv_from_aov(71.67::float8, NULL, 3::float8), clv_from_aov(71.67::float8, 1.5::float8, NULL::float8),
	clv_from_aov(NULL, 1.5, interval '3 years'), clv_from_aov(71.67, NULL, interval '3 years'), clv_from_aov(71.67, 1.5, NULL::interval),
	clv_from_aov(NULL, 1.5::float8, interval '3 years'), clv_from_aov(71.67::float8, NULL, interval '3 years'), clv_from_aov(71.67::float8, 1.5::float8, NULL::interval),
	clv_contractual(NULL, 24.0), clv_contractual(100.00, NULL), clv_contractual(NULL, 24::float8), clv_contractual(100::float8, NULL),
	clv_from_churn(NULL, 0.05), clv_from_churn(100.00, NULL), clv_from_churn(100.00, 0.05, NULL), clv_from_churn(100.00, 0.05, 1, NULL),
	clv_from_churn(NULL, 0.05::float8), clv_from_churn(100::float8, NULL), clv_from_churn(100::float8, 0.05::float8, NULL),
	clv_from_churn(100::float8, 0.05::float8, 1, NULL),
	clv_to_cac(NULL, 400.00), clv_to_cac(2000.00, NULL), clv_to_cac(NULL, 400::float8), clv_to_cac(2000::float8, NULL));

-- ---------------------------------------------------------------------------
-- Options of clv.
-- ---------------------------------------------------------------------------

-- 53.75 a customer and year.
SELECT clv(b, lifespan => '3 years') AS lifespan, clv(b, lifespan => '1 month') AS a_twelfth, clv(b, '365 days 6 hours') AS days,
	   trim_scale(clv(b, lifespan => '0')) AS nothing
FROM base;
SELECT clv(b, observation => '1 year') AS observation, clv(b, observation => '0') AS of_no_time,
	   clv(b, lifespan => '1 year', observation => '1 year') AS both
FROM base;
SELECT clv(b, margin => 0.3) AS margin, trim_scale(clv(b, margin => 0)) AS margin_0, clv(b, margin => 1) AS margin_1 FROM base;
SELECT clv(b, lifespan => '3 years', annual_discount_rate => 0) AS undiscounted FROM base;
SELECT clv(b, NULL, NULL, NULL, NULL) AS all_null, clv(NULL::customer_base, '3 years') AS no_base FROM base;

-- m x value per year x (1 - (1 + d)^-t) / ln(1 + d), to fifteen digits.
SELECT d, t, round(clv(b, make_interval(months => (t * 12)::int), NULL, 0.3, d), 10) AS clv,
	   abs(clv(b, make_interval(months => (t * 12)::int), NULL, 0.3, d) / f.formula - 1) < 1e-15 AS as_formula
FROM base,
	 (VALUES (0.1), (0.01), (0.0001), (0.00000001), (1.0)) rates (d), (VALUES (0.5), (1.0), (3.0), (200.0)) times (t),
	 LATERAL (SELECT 0.3 * 215 / 2 / 2 * (1 - power(1 + d::numeric(100, 60), -t)) / ln(1 + d::numeric(100, 60)) AS formula) f
ORDER BY d, t;
-- The measured lifespan, of a year, discounted; and one of 0.
SELECT round(clv(b, annual_discount_rate => 0.1), 10) = round(53.75 * (1 - 1 / 1.1) / ln(1.1), 10) AS measured,
	   trim_scale(clv(b, lifespan => '0', annual_discount_rate => 0.1)) AS nothing
FROM base;
-- Hardly discounted is hardly less, and forever is worth 1 / ln(1 + d) years.
SELECT abs(clv(b, lifespan => '2 years', annual_discount_rate => 1e-20) - 107.5) < 1e-15 AS hardly,
	   abs(clv(b, lifespan => '200000 years', annual_discount_rate => 0.1) - 53.75 / ln(1.1)) < 1e-12 AS forever
FROM base;

SELECT p.* FROM base, clv_breakdown(b) p;
SELECT p.* FROM base, clv_breakdown(b, lifespan => '3 years', observation => '1 year', margin => 0.3) p;
SELECT lifespan_years, lifespan_given, customer_value, round(clv, 10) AS clv, round(53.75 * (1 - 1.1 ^ -3) / ln(1.1), 10) AS formula
FROM base, clv_breakdown(b, lifespan => '3 years', annual_discount_rate => 0.1);
SELECT bool_and(clv(b, l, o, m, d) IS NOT DISTINCT FROM (clv_breakdown(b, l, o, m, d)).clv) AS one_clv
FROM base, (VALUES
	(NULL::interval, NULL::interval, NULL::numeric, NULL::numeric), ('1 year', NULL, NULL, NULL), (NULL, '3 mons', 0.25, 0.05),
	('5 years', '0', 0.25, 0.05), ('5 years', '1 day', 1, 1)) options (l, o, m, d);
SELECT * FROM clv_breakdown(NULL);

-- One order, and so no observation unless it is given: then frequency is.
SELECT aov, orders_per_customer_year, trim_scale(observation_years) AS observation_years, trim_scale(lifespan_years) AS lifespan_years,
	   lifespan_given, customer_value, clv
FROM (SELECT customer_base(1, timestamptz '2024-01-01', 50.00) AS b) s, clv_breakdown(b);
SELECT p.* FROM (SELECT customer_base(1, timestamptz '2024-01-01', 50.00) AS b) s,
	clv_breakdown(b, '2 years', '6 months') p;

-- Without times, or without amounts, there is no clv; with them but without
-- customers neither.
SELECT clv(customer_base(1)), clv(customer_base(1), '1 year', '1 year') AS options,
	   clv(customer_base(1, timestamptz '2024-01-01')), clv(customer_base(1, timestamptz '2024-01-01'), '1 year', '1 year') AS options,
	   clv(customer_base(1, timestamptz '2024-01-01', -1.00), '1 year', '1 year') AS refund;
SELECT * FROM clv_breakdown((SELECT customer_base(1, timestamptz '2024-01-01', -1.00)), '1 year', '1 year');
SELECT * FROM clv_breakdown((SELECT customer_base(1)));

-- Errors.
CREATE FUNCTION pg_temp.outcome(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	hint text;
	result text;
BEGIN
	EXECUTE format('SELECT %s FROM base', call) INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws('; ', state, message, nullif(hint, ''));
END
$$;
SELECT format(call, '') AS call, pg_temp.outcome(format(call, 'b, ')) AS outcome,
	   replace(pg_temp.outcome(format(call, 'b, ')), 'clv', 'clv_breakdown') = pg_temp.outcome(replace(format(call, 'b, '), 'clv(', 'clv_breakdown(')) AS same
FROM (VALUES
	('clv(%smargin => 30)'), ('clv(%smargin => -0.1)'), ('clv(%smargin => 1.0000000001)'), ('clv(%smargin => ''NaN'')'),
	('clv(%smargin => ''Infinity'')'),
	('clv(%sannual_discount_rate => -0.1)'), ('clv(%sannual_discount_rate => 1.5)'), ('clv(%sannual_discount_rate => 10)'),
	('clv(%sannual_discount_rate => ''NaN'')'), ('clv(%sannual_discount_rate => ''-Infinity'')'),
	('clv(%slifespan => ''-1 day'')'), ('clv(%slifespan => ''1 mon -31 days'')'), ('clv(%slifespan => ''-0.000001 s'')'),
	('clv(%slifespan => ''178000000 years'')'), ('clv(%slifespan => ''-178000000 years'')'),
	('clv(%slifespan => ''2147483647 days'')'),
	('clv(%slifespan => ''292000 years 2562047788:00:54'')'),
	('clv(%slifespan => ''-1 day'', annual_discount_rate => 0.1)'),
	('clv(%sobservation => ''-1 day'')'), ('clv(%sobservation => ''178000000 years'')')) v (call);

-- Infinite intervals are new in PostgreSQL 17; older ones don't read them.
DO $$
DECLARE
	call text;
BEGIN
	FOREACH call IN ARRAY ARRAY['lifespan => ''infinity''', 'lifespan => ''-infinity''', 'observation => ''infinity''',
			'observation => ''-infinity''', 'lifespan => ''infinity'', annual_discount_rate => 0.1'] LOOP
		IF pg_temp.outcome(format('clv(b, %s)', call)) !~ '^(22007|22008)' THEN
			RAISE '%: %', call, pg_temp.outcome(format('clv(b, %s)', call));
		END IF;
	END LOOP;
END
$$;

-- As long as an interval can be here, 292,271 years of 365.25 days: 53.75 each.
SELECT clv(b, lifespan => '292271 years') AS as_long_as_can_be,
	   clv(b, lifespan => '1 year', observation => '1 microsecond') AS in_no_time
FROM base;
