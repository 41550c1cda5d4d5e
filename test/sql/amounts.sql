-- Amounts of many digits, and floats that carry noise: exact, and in time.
SET client_min_messages = warning;
SET extra_float_digits = 1;

-- A float stands for its shortest decimal, whatever the scale of those before:
-- in cents, with noise, large, small, and of every number of digits.
CREATE TEMP TABLE floats AS
SELECT n, (n % 7 + 1)::int8 AS customer, date '2024-01-01' + n % 40 AS day, a
FROM generate_series(1, 3000) n,
	 LATERAL (SELECT CASE n % 10
		WHEN 0 THEN (n % 1000)::float8 / 100 * 1.1
		WHEN 1 THEN n::float8
		WHEN 2 THEN (n::float8 / 3) * power(10::float8, n % 25 - 12)
		WHEN 3 THEN 0.1::float8 + 0.2::float8
		WHEN 4 THEN n * 1e14
		WHEN 5 THEN -n::float8 / 7
		WHEN 6 THEN round(n::numeric / 3, n % 16)::float8
		WHEN 7 THEN n * 1e-17
		WHEN 8 THEN 0.3::float8 - 0.1::float8 - 0.2::float8
		ELSE n::float8 / 100 END) o (a);
-- with noise from the first row on, at the end, and far below a cent
SELECT what, revenue(customer_base(customer, day, a ORDER BY o)) = sum(a::text::numeric) AS base,
	   (history_info(purchase_history(customer, day, a, 'day' ORDER BY o))).revenue = sum(a::text::numeric) AS history,
	   aov(a ORDER BY o) * count(*) FILTER (WHERE a >= 0) / sum(a::text::numeric)::float8 BETWEEN 0.999999999999 AND 1.000000000001 AS aov,
	   sum(r) = sum(a::text::numeric) AS of_each
FROM (SELECT what, customer, day, a, o, revenue(customer_base(customer, day, a) OVER (PARTITION BY what, n)) AS r
	  FROM floats, LATERAL (VALUES ('first', n), ('last', -n), ('first small', CASE n % 10 WHEN 2 THEN 0 ELSE n END), ('small last', CASE n % 10 WHEN 2 THEN n ELSE 0 END)) v (what, o)) s
GROUP BY what ORDER BY what;
SELECT a, revenue(customer_base(1::int8, date '2024-01-01', a)) FROM unnest(ARRAY[0, '-0', 5e-324, 1.7976931348623157e308, 1e15, 1e16, 123456789012345678, 1e22, 1e23, 0.3, 2.7755575615628914e-17, -1200]::float8[]) a
WHERE a NOT IN (5e-324, 1.7976931348623157e308) GROUP BY a ORDER BY a;
SELECT length(revenue(customer_base(1::int8, date '2024-01-01', a))::text), revenue(customer_base(1::int8, date '2024-01-01', a)) = a::text::numeric AS same FROM unnest(ARRAY[5e-324, 1.7976931348623157e308]::float8[]) a GROUP BY a ORDER BY a;

-- Numerics of all lengths, alone and with all others.
CREATE TEMP TABLE numerics AS
SELECT n, (n % 3 + 1)::int8 AS customer, date '2024-01-01' + n % 4 AS day, a
FROM generate_series(1, 60) n,
	 LATERAL (SELECT CASE n % 6
		WHEN 0 THEN (repeat('7', n * n) || '.' || repeat('3', n * 5))::numeric
		WHEN 1 THEN ('1e' || n * 40)::numeric
		WHEN 2 THEN ('-1e-' || n * 40)::numeric
		WHEN 3 THEN (repeat('123456789', n) || '000')::numeric
		WHEN 4 THEN (n || repeat('0', n * 7) || '.' || repeat('0', n) || '1')::numeric
		ELSE n + 0.10 END) o (a);
SELECT what, revenue(customer_base(customer, day, a ORDER BY o)) = sum(a) AS base,
	   (history_info(purchase_history(customer, day, a, 'day' ORDER BY o))).revenue = sum(a) AS history,
	   revenue(rollup(b)) = sum(a) AS rolled, (history_info(rollup(h))).revenue = sum(a) AS rolled_history, sum(revenue(b)) = sum(a) AS of_each,
	   bool_and(revenue(b) = a AND revenue(b)::text = a::text) AS printed
FROM (SELECT what, customer, day, a, o, customer_base(customer, day, a) OVER (PARTITION BY what, n) AS b, purchase_history(customer, day, a, 'day') OVER (PARTITION BY what, n) AS h
	  FROM numerics, LATERAL (VALUES ('first', n), ('last', -n)) v (what, o)) s
GROUP BY what ORDER BY what;

-- The largest and the smallest amount there are, together.
SELECT revenue(b) = 1e131000 + 1e-16383 AS exact, revenue(b::text::customer_base) = revenue(b) AS same, (history_info(h)).revenue = 1e131000 + 1e-16383 AS exact, (history_info(h::text::purchase_history)).revenue = revenue(b) AS same
FROM (SELECT customer_base(c, date '2024-01-01', a), purchase_history(c, date '2024-01-01', a, 'day') FROM (VALUES (1::int8, 1e131000), (2, 1e-16383)) o (c, a)) s (b, h);
SELECT revenue(b) = -(repeat('9', 131072)::numeric) - 1e-16383 AS exact, (history_info(h)).revenue = revenue(b) AS same
FROM (SELECT customer_base(c, date '2024-01-01', a), purchase_history(c, date '2024-01-01', a, 'day') FROM (VALUES (1::int8, -1e-16383), (2, -(repeat('9', 131072)::numeric))) o (c, a)) s (b, h);
