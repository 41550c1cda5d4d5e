-- The order policy: what refunds, guests, free orders and rows with something
-- missing do to each metric.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;

-- Two customers: 1 with two orders ten days apart, 2 with one.
CREATE TEMP TABLE plain (customer int8, ordered_at timestamptz, amount numeric);
INSERT INTO plain VALUES
	(1, '2024-01-01', 10.00),
	(1, '2024-01-11', 30.00),
	(2, '2024-01-06', 20.00);

-- Each case is these and one row or two more.
CREATE TEMP TABLE cases (n int, what text, customer int8, ordered_at timestamptz, amount numeric);
INSERT INTO cases VALUES
	(1, 'nothing odd', 1, NULL, NULL),
	(2, 'refund', 1, '2024-03-01', -6.00),
	(3, 'refund of more than was paid', 2, '2024-01-01', -600.00),
	(4, 'refund to somebody else', 3, '2023-01-01', -6.00),
	(5, 'nothing to pay', 2, '2024-01-07', 0.00),
	(6, 'minus nothing to pay', 2, '2024-01-07', -0.00),
	(7, 'amount NULL', 2, '2024-01-07', NULL),
	(8, 'time NULL', 2, NULL, 6.00),
	(9, 'time infinity', 2, 'infinity', 6.00),
	(10, 'time -infinity', 2, '-infinity', 6.00),
	(11, 'refund at infinity', 2, 'infinity', -6.00),
	(12, 'guest', NULL, '2024-03-01', 6.00),
	(13, 'two guests are not one', NULL, '2024-03-01', 6.00),
	(13, 'two guests are not one', NULL, '2024-05-01', 60.00),
	(14, 'refund to a guest', NULL, '2024-03-01', -6.00),
	(15, 'guest, nothing to pay', NULL, '2024-03-01', 0.00),
	(16, 'guest, amount NULL', NULL, '2024-03-01', NULL),
	(17, 'guest, time NULL', NULL, NULL, 6.00);
CREATE TEMP TABLE orders AS
SELECT n, what, c.customer, c.ordered_at, c.amount FROM cases c
UNION ALL
SELECT n, what, plain.* FROM (SELECT DISTINCT n, what FROM cases) c, plain;
-- Alone, too.
INSERT INTO orders VALUES
	(18, 'no order but a refund', 1, '2024-01-01', -6.00),
	(19, 'no order but a guest''s', NULL, '2024-01-01', 6.00),
	(20, 'NULL', NULL, NULL, NULL);

-- The metrics.
SELECT n, what, round(aov(amount), 4) AS aov, purchase_frequency(customer), repeat_rate(customer), round(customer_value(customer, amount), 4) AS customer_value,
	   lifetime_span(ordered_at) AS span, lifetime_span(customer, ordered_at) AS mean_span,
	   round(clv(ordered_at, amount), 4) AS clv_of_one, round(clv(customer, ordered_at, amount), 4) AS clv
FROM orders GROUP BY n, what ORDER BY n;

-- The same in float8, and of bases.
SELECT count(*) AS cases,
	   count(*) FILTER (WHERE round(f_aov::numeric, 4) IS NOT DISTINCT FROM round(aov, 4)) AS aov,
	   count(*) FILTER (WHERE round(f_customer_value::numeric, 4) IS NOT DISTINCT FROM round(customer_value, 4)) AS customer_value,
	   count(*) FILTER (WHERE round(f_clv_of_one::numeric, 4) IS NOT DISTINCT FROM round(clv_of_one, 4)) AS clv_of_one,
	   count(*) FILTER (WHERE round(f_clv::numeric, 4) IS NOT DISTINCT FROM round(clv, 4)) AS clv,
	   count(*) FILTER (WHERE clv IS NOT DISTINCT FROM clv(b)) AS clv_of_base,
	   count(*) FILTER (WHERE purchase_frequency IS NOT DISTINCT FROM purchase_frequency(customers_only)) AS frequency_of_base,
	   count(*) FILTER (WHERE repeat_rate IS NOT DISTINCT FROM repeat_rate(customers_only)) AS repeat_rate_of_base,
	   count(*) FILTER (WHERE span IS NOT DISTINCT FROM lifetime_span(no_amounts)) AS span_of_base
FROM (SELECT n, aov(amount), aov(amount::float8) AS f_aov, customer_value(customer, amount), customer_value(customer, amount::float8) AS f_customer_value,
			 clv(ordered_at, amount) AS clv_of_one, clv(ordered_at, amount::float8) AS f_clv_of_one,
			 clv(customer, ordered_at, amount), clv(customer, ordered_at, amount::float8) AS f_clv,
			 purchase_frequency(customer), repeat_rate(customer), lifetime_span(customer, ordered_at) AS span,
			 customer_base(customer) AS customers_only, customer_base(customer, ordered_at) AS no_amounts, customer_base(customer, ordered_at, amount) AS b
	  FROM orders GROUP BY n) s;

-- What a base remembers: the rows that have an amount and a time.
SELECT n, what, customers(b), orders(b), revenue(b), refunds(b), refunded(b), guest_orders(b), guest_refunds(b), guest_revenue(b),
	   first_order(b)::date, last_order(b)::date
FROM (SELECT n, what, customer_base(customer, ordered_at, amount) AS b FROM orders GROUP BY n, what) s ORDER BY n;
-- That was not given amounts: all rows that have a time are orders.
SELECT n, what, customers(b), orders(b), revenue(b), refunds(b), refunded(b), guest_orders(b), guest_refunds(b), guest_revenue(b),
	   first_order(b)::date, last_order(b)::date
FROM (SELECT n, what, customer_base(customer, ordered_at) AS b FROM orders GROUP BY n, what) s ORDER BY n;
-- That was given neither: all rows are orders.
SELECT n, what, customers(b), orders(b), revenue(b), refunds(b), refunded(b), guest_orders(b), guest_refunds(b), guest_revenue(b),
	   first_order(b)::date, last_order(b)::date
FROM (SELECT n, what, customer_base(customer) AS b FROM orders GROUP BY n, what) s ORDER BY n;

-- A base that was not given something answers NULL for it, whatever the rest.
SELECT given, num_nonnulls(aov(b), customer_value(b), revenue(b), refunds(b), refunded(b), guest_refunds(b), guest_revenue(b)) AS of_amounts,
	   num_nonnulls(lifetime_span(b), first_order(b), last_order(b)) AS of_times, num_nonnulls(clv(b), clv(b, '1 year', '1 year')) AS clv,
	   num_nonnulls(customers(b), orders(b), guest_orders(b), purchase_frequency(b), repeat_rate(b)) AS of_customers
FROM (SELECT 'customer' AS given, customer_base(customer) AS b FROM plain
	  UNION ALL SELECT 'and time', customer_base(customer, ordered_at) FROM plain
	  UNION ALL SELECT 'and amount', customer_base(customer, ordered_at, amount) FROM plain
	  UNION ALL SELECT 'no rows', customer_base(customer, ordered_at, amount) FROM plain WHERE false
	  UNION ALL SELECT 'a guest', customer_base(NULL::int8, ordered_at, amount) FROM plain
	  UNION ALL SELECT 'a refund', customer_base(customer, ordered_at, -amount) FROM plain) s;

-- No metric is ever 0 for want of rows, or infinite.
SELECT num_nonnulls(aov(amount), purchase_frequency(customer), repeat_rate(customer), customer_value(customer, amount),
					lifetime_span(ordered_at), lifetime_span(customer, ordered_at), clv(ordered_at, amount),
					clv(customer, ordered_at, amount), customer_base(customer), customer_base(customer, ordered_at),
					customer_base(customer, ordered_at, amount)) AS of_no_rows
FROM plain WHERE false;

-- Amounts that are not finite are errors, wherever they are looked at.
CREATE FUNCTION pg_temp.outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	hint text;
	result text;
BEGIN
	EXECUTE query INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws('; ', state, message, nullif(hint, ''));
END
$$;
SELECT value, pg_temp.outcome(format('SELECT aov(%L::numeric)', value)) AS outcome,
	   count(DISTINCT pg_temp.outcome(format('SELECT %s FROM (VALUES (1, now(), 1::%s), (2, now(), %L), (NULL, now(), 2)) o (c, t, a)',
											 call, type, value))) AS different_ones
FROM (VALUES ('NaN'), ('Infinity'), ('-Infinity')) v (value),
	 (VALUES ('aov(a)'), ('customer_value(c, a)'), ('clv(t, a)'), ('clv(c, t, a)'), ('customer_base(c, t, a)'), ('aov(a) OVER (ROWS 1 PRECEDING)')) c (call),
	 (VALUES ('numeric'), ('float8'), ('float4')) t (type)
GROUP BY value ORDER BY value;
-- Not so where the row is skipped for something else.
SELECT clv(NULL::timestamptz, 'NaN'::numeric), clv(1::int8, 'infinity'::timestamptz, 'Infinity'::float8), aov('NaN'::numeric) FILTER (WHERE false);
-- A guest's amount is looked at.
SELECT pg_temp.outcome('SELECT customer_value(NULL::int8, ''NaN''::numeric)') AS guest;
