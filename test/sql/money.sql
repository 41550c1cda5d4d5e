-- Exact money: sums that are sum(numeric)'s to the last digit, for any scale
-- and any size that numeric can hold.
SET client_min_messages = warning;
SET extra_float_digits = 1;

-- Every way in which money is added up, against sum(); orders are all that is
-- not negative.  What differs is printed, and it is nothing.
CREATE FUNCTION pg_temp.exact(amounts numeric[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	sum numeric;
	orders int8;
	customers int8;
	got record;
	wrong text[];
BEGIN
	-- Customer 1 has most, 2 to 4 the rest; amounts come in the order given.
	SELECT sum(a), count(*) FILTER (WHERE a >= 0), count(DISTINCT c) FILTER (WHERE a >= 0) INTO sum, orders, customers
	FROM (SELECT a, CASE WHEN n % 5 = 0 THEN n % 3 + 2 ELSE 1 END AS c FROM unnest(amounts) WITH ORDINALITY u (a, n)) o;

	SELECT aov(a), customer_value(c, a), revenue(customer_base(c, t, a)) AS revenue, aov(customer_base(c, t, a)) AS base_aov,
		   clv(t, a) AS clv, customer_base(c, t, a) AS base, customer_base(NULL::int8, t, a) AS guests,
		   purchase_history(c, t, a, 'day') AS days, purchase_history(c, t, a, 'year') AS years, purchase_history(NULL::int8, t, a, 'day') AS guest_days
	INTO got
	FROM (SELECT a, timestamp '2024-01-01' + n * interval '1 day' AS t, CASE WHEN n % 5 = 0 THEN n % 3 + 2 ELSE 1 END AS c
		  FROM unnest(amounts) WITH ORDINALITY u (a, n)) o;

	wrong := array_remove(ARRAY[
		CASE WHEN got.aov::text IS DISTINCT FROM (sum / nullif(orders, 0))::text THEN 'aov ' || coalesce(got.aov::text, 'NULL') END,
		CASE WHEN got.customer_value::text IS DISTINCT FROM (sum / nullif(customers, 0))::text THEN 'customer value ' || got.customer_value END,
		CASE WHEN got.revenue::text IS DISTINCT FROM sum::text THEN 'revenue ' || got.revenue END,
		CASE WHEN got.base_aov::text IS DISTINCT FROM (sum / nullif(orders, 0))::text THEN 'aov of base ' || got.base_aov END,
		-- merged with itself, taken in and out
		CASE WHEN revenue(_retention_customer_base_combine(got.base, got.base))::text IS DISTINCT FROM (sum * 2)::text THEN 'combined' END,
		CASE WHEN revenue(got.base::text::customer_base)::text IS DISTINCT FROM sum::text THEN 'text' END,
		CASE WHEN guest_revenue(got.guests)::text IS DISTINCT FROM sum::text THEN 'guests ' || guest_revenue(got.guests) END,
		CASE WHEN guest_revenue(_retention_customer_base_combine(got.base, got.guests))::text IS DISTINCT FROM sum::text
			THEN 'guests combined ' || guest_revenue(_retention_customer_base_combine(got.base, got.guests)) END,
		-- a history has sums of periods, of which those by year are of all a customer's rows
		(SELECT string_agg('history by ' || grain || ' ' || outcome, ', ')
		 FROM (VALUES ('day', got.days), ('year', got.years)) v (grain, h), LATERAL (VALUES
			('revenue', (history_info(h)).revenue, sum), ('base', revenue(customer_base(h)), sum),
			('combined', revenue(customer_base(_retention_purchase_history_combine(h, h))), sum * 2),
			('text', revenue(customer_base(h::text::purchase_history)), sum),
			('guests', guest_revenue(customer_base(got.guest_days)), sum)) w (outcome, got, should)
		 WHERE w.got::text IS DISTINCT FROM should::text)
	], NULL);
	-- the same in any order of rows
	SELECT aov(a), revenue(customer_base(c, t, a)) AS revenue, (history_info(purchase_history(c, t, a, 'month'))).revenue AS history INTO got
	FROM (SELECT a, now() AS t, n % 3 AS c FROM unnest(amounts) WITH ORDINALITY u (a, n) ORDER BY hashint8(n)) o;
	IF got.aov::text IS DISTINCT FROM (sum / nullif(orders, 0))::text OR got.revenue::text IS DISTINCT FROM sum::text OR got.history::text IS DISTINCT FROM sum::text THEN
		wrong := wrong || 'shuffled'::text;
	END IF;

	RETURN CASE WHEN cardinality(wrong) > 0 THEN left(array_to_string(wrong, ', '), 300)
		   WHEN length(sum::text) > 60 THEN format('%s digits: %s...%s', length(sum::text), left(sum::text, 20), right(sum::text, 20))
		   ELSE sum::text END;
END
$$;

CREATE TEMP TABLE cases (n serial, what text, amounts numeric[]);
INSERT INTO cases (what, amounts) VALUES
	('cents', ARRAY[75.00, 30.00, 110.00]),
	('no digits', ARRAY[75, 30, 110]),
	('one', ARRAY[0.01]),
	('nothing', ARRAY[0, 0, 0]),
	('nothing, in cents', ARRAY[0.00, 0, 0.000]),
	('small refund', ARRAY[75.00, -0.01]),
	('refund first', ARRAY[-75.00, 30, 45]),
	('digits grow', ARRAY[1, 1.1, 1.11, 1.111, 1.1111, 1.11111]),
	('digits shrink', ARRAY[1.11111, 1.1111, 1.111, 1.11, 1.1, 1]),
	('digits without meaning', ARRAY[1.10, 2.2000, 3.000000]),
	('last base-10000 digit cut', ARRAY[0.1, 0.12, 0.123, 0.1234, 0.12345, 12345.1, 99990000.5]),
	('tens of thousands', ARRAY[10000, 20000, 100000000, 1000000000000]),
	('1e100 and 1e-100', ARRAY[1e100, 1e-100, 1e100, -1e-100, 12.34]),
	('1e-100 and 1e100', ARRAY[1e-100, 1e100, -1e100]),
	('sixteen digits', ARRAY[9999999999999999, 0.1, 1]),
	('2^53', ARRAY[9007199254740992, 9007199254740993, 0.01]),
	('2^63 - 1', ARRAY[9223372036854775807, 0]),
	('2^63 - 1 cents', ARRAY[92233720368547758.07, 0]),
	('2^63', ARRAY[9223372036854775807, 1]),
	('2^63 cents', ARRAY[92233720368547758.07, 0.01]),
	('-2^63', ARRAY[-9223372036854775808, 0]),
	('-2^63 and less', ARRAY[0, -9223372036854775807, -1, -1]),
	('over 2^63 and back', ARRAY[9e18, 9e18, -9e18, -9e18, 5]),
	('under -2^63 and back', ARRAY[5, -9e18, -9e18, 9e18, 9e18]),
	('over 2^63 cents and back', ARRAY[90000000000000000.01, 90000000000000000.01, -90000000000000000.01, -90000000000000000.02, 5.00]),
	('2^63 by rescaling', ARRAY[9000000000000000000, 0.001, 9000000000000000000]),
	('-2^63 by rescaling', ARRAY[0, -9223372036854775808, 0.1]),
	('2^64', ARRAY[18446744073709551615, 1, 18446744073709551616]),
	('2^127', ARRAY[170141183460469231731687303715884105727, 1]),
	('-2^127', ARRAY[0, -170141183460469231731687303715884105728, -1]),
	('2^128 and back', ARRAY[340282366920938463463374607431768211455, 1, -340282366920938463463374607431768211455]),
	('2^191', ARRAY[3138550867693340381917894711603833208051177722232017256447, 1]),
	('thirds', ARRAY[1, 1, 1, 0.0000000000000000000000000000000000000001]);
INSERT INTO cases (what, amounts)
SELECT 'a digit more each time', array_agg(round(1 / 3.0::numeric(200, 100), n) ORDER BY n) FROM generate_series(0, 90) n;
INSERT INTO cases (what, amounts)
SELECT 'ten times more each time', array_agg(('7e' || n)::numeric ORDER BY n) FROM generate_series(0, 60) n;
INSERT INTO cases (what, amounts)
SELECT 'both', array_agg(trim_scale(('7e' || n)::numeric) ORDER BY abs(n)) FROM generate_series(-45, 45) n;
SELECT n, what, cardinality(amounts) AS rows, pg_temp.exact(amounts) AS sum FROM cases ORDER BY n;

-- The largest and the longest numbers there are: 131072 digits before the
-- point, 16383 behind it.
SELECT what, length(sum(a)::text) AS length,
	   aov(a)::text = (sum(a) / count(*) FILTER (WHERE a >= 0))::text AS aov,
	   revenue(customer_base((a > 1)::int, now(), a))::text = sum(a)::text AS revenue
FROM (VALUES
	('10^20000', '1e20000'::numeric), ('10^20000', 1.25), ('10^20000', '-1e20000'), ('10^20000', 2),
	('10^20000 and 10^-16383', '9e20000'), ('10^20000 and 10^-16383', '3e-16383'), ('10^20000 and 10^-16383', '-2e-16382'),
	('10^-16383', '1e-16383'), ('10^-16383', 1), ('10^-16383', '-9e-16383'), ('10^-16383', '123e-100')) o (what, a)
GROUP BY what ORDER BY what COLLATE "C";
SELECT length(revenue::text) AS length, revenue::text = sum::text AS revenue
FROM (SELECT revenue(customer_base(1, now(), a)), sum(a)
	  FROM (VALUES ('9.9e131071'::numeric), ('7e-16383'), ('-1e131071')) o (a) OFFSET 0) s;

-- Too much for numeric is too much for sum(), too.
CREATE FUNCTION pg_temp.outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE query INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT pg_temp.outcome('SELECT aov(a) FROM (VALUES (9e131071), (9e131071)) o (a)') AS aov,
	   pg_temp.outcome('SELECT sum(a) FROM (VALUES (9e131071), (9e131071)) o (a)') AS sum;

-- Large states, whose money outgrows its width and its scale late, in memory
-- and on disk.
CREATE TEMP TABLE growing AS
SELECT n % 7000 AS customer, timestamp '2024-01-01' + n * interval '1 minute' AS at,
	   CASE WHEN n % 3000 = 2999 THEN 10::numeric ^ (n / 500) WHEN n % 5 = 0 THEN -n * 0.01 ELSE round(n * 0.01, n / 2000) END AS amount
FROM generate_series(1, 20000) n;
CREATE TEMP VIEW compared AS
SELECT revenue(b)::text = (SELECT sum(amount)::text FROM growing) AS revenue,
	   refunded(b) = (SELECT -sum(amount) FROM growing WHERE amount < 0) AS refunded,
	   refunds(b) = (SELECT count(*) FROM growing WHERE amount < 0) AS refunds,
	   customer_value(b)::text = (SELECT (sum(amount) / count(DISTINCT customer) FILTER (WHERE amount >= 0))::text FROM growing) AS customer_value,
	   aov(b)::text = (SELECT (sum(amount) / count(*) FILTER (WHERE amount >= 0))::text FROM growing) AS aov,
	   b::text::customer_base::text = b::text AS text, md5(b::text) = first_value(md5(b::text)) OVER () AS same
FROM (SELECT customer_base(customer, at, amount) AS b FROM growing
	  UNION ALL SELECT customer_base(customer, at, amount ORDER BY at DESC) FROM growing
	  UNION ALL SELECT _retention_customer_base_combine(customer_base(customer, at, amount) FILTER (WHERE amount < 20),
											 customer_base(customer, at, amount) FILTER (WHERE amount >= 20)) FROM growing
	  UNION ALL SELECT _retention_customer_base_combine(customer_base(customer, at, amount) FILTER (WHERE amount >= 20),
											 customer_base(customer, at, amount) FILTER (WHERE amount < 20)) FROM growing) s;
CREATE TEMP VIEW compared_histories AS
SELECT grain, (history_info(h)).revenue::text = (SELECT sum(amount)::text FROM growing) AS revenue,
	   refunded(customer_base(h)) = (SELECT -sum(amount) FROM growing WHERE amount < 0) AS refunded,
	   (SELECT bool_and(n.revenue = r.amount) FROM new_and_returning(h, grain) n,
			   LATERAL (SELECT sum(amount) AS amount FROM growing WHERE date_trunc(grain, at) = period_start) r) AS periods,
	   h::text::purchase_history::text = h::text AS text, md5(h::text) = first_value(md5(h::text)) OVER (PARTITION BY grain) AS same
FROM (VALUES ('day'), ('year')) g (grain), LATERAL (
	  SELECT purchase_history(customer, at, amount, grain) AS h FROM growing
	  UNION ALL SELECT purchase_history(customer, at, amount, grain ORDER BY at DESC) FROM growing
	  UNION ALL SELECT _retention_purchase_history_combine(purchase_history(customer, at, amount, grain) FILTER (WHERE amount < 20),
												purchase_history(customer, at, amount, grain) FILTER (WHERE amount >= 20)) FROM growing
	  UNION ALL SELECT _retention_purchase_history_combine(purchase_history(customer, at, amount, grain) FILTER (WHERE amount >= 20),
												purchase_history(customer, at, amount, grain) FILTER (WHERE amount < 20)) FROM growing) s;
SELECT * FROM compared;
SELECT * FROM compared_histories;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT * FROM compared;
SELECT * FROM compared_histories;
RESET work_mem;
RESET hash_mem_multiplier;

-- A few values whose sum leaves its width, and then one of many customers: what has come
-- so far is added up for it.
SELECT width, others, revenue(base)::text = (few + many)::text AS base, revenue(base) - few = many AS of_base,
	   (history_info(history)).revenue::text = (few + many)::text AS history, revenue(customer_base(history)) = few + many AS base_of_history
FROM (VALUES ('one word', 92233720368547758.07), ('two words', 1701411834604692317316873037158841057.27), ('neither', 1e40), ('a scale', 9e17)) w (width, amount), (VALUES (10), (10000)) o (others),
	 LATERAL (SELECT rollup(b ORDER BY i) AS base, rollup(h ORDER BY i) AS history, sum(a) FILTER (WHERE i < 5) AS few, sum(a) FILTER (WHERE i = 5) AS many
			  FROM (SELECT i, customer_base(c, '2024-01-01', a) AS b, purchase_history(c, date '2024-01-01', a, 'day') AS h, sum(a) AS a
					FROM (SELECT i, (i % 2)::int8, amount FROM generate_series(1, 4) i
						  UNION ALL SELECT 5, c, CASE width WHEN 'a scale' THEN 0.001 ELSE 0.01 END FROM generate_series(0, others - 1) c) r (i, c, a) GROUP BY i) p) s;

-- ---------------------------------------------------------------------------
-- aov(amount) is avg(amount) where nobody got anything back.
-- ---------------------------------------------------------------------------

-- Digits come and go, as do sizes; amounts are missing, at the beginning too.
CREATE TEMP TABLE amounts AS
SELECT n, CASE WHEN n < 4 OR n % 11 = 0 THEN NULL
			   WHEN n BETWEEN 100 AND 120 THEN n * 10::numeric ^ (n - 90)
			   ELSE round((hashint4extended(n, 1) & 1048575) * 0.0001234, (abs(hashint4(n)) % 7)::int) END AS amount
FROM generate_series(1, 400) n;
SELECT count(*) AS rows, count(*) FILTER (WHERE aov::text IS NOT DISTINCT FROM avg::text) AS same
FROM (SELECT aov(amount), avg(amount) FROM amounts GROUP BY n % 20) s;
SELECT count(*) AS rows, count(r1) AS not_null,
	   count(*) FILTER (WHERE r1::text IS NOT DISTINCT FROM a1::text) AS rows_frame,
	   count(*) FILTER (WHERE r2::text IS NOT DISTINCT FROM a2::text) AS ahead,
	   count(*) FILTER (WHERE r3::text IS NOT DISTINCT FROM a3::text) AS running,
	   count(*) FILTER (WHERE r4::text IS NOT DISTINCT FROM a4::text) AS range_frame,
	   count(*) FILTER (WHERE r5::text IS NOT DISTINCT FROM a5::text) AS filtered,
	   count(*) FILTER (WHERE r6::text IS NOT DISTINCT FROM a6::text) AS excluding
FROM (SELECT aov(amount) OVER w1 AS r1, avg(amount) OVER w1 AS a1, aov(amount) OVER w2 AS r2, avg(amount) OVER w2 AS a2,
			 aov(amount) OVER w3 AS r3, avg(amount) OVER w3 AS a3, aov(amount) OVER w4 AS r4, avg(amount) OVER w4 AS a4,
			 aov(amount) FILTER (WHERE n % 3 > 0) OVER w1 AS r5, avg(amount) FILTER (WHERE n % 3 > 0) OVER w1 AS a5,
			 aov(amount) OVER w6 AS r6, avg(amount) OVER w6 AS a6
	  FROM amounts
	  WINDOW w1 AS (ORDER BY n ROWS 4 PRECEDING),
			 w2 AS (ORDER BY n ROWS BETWEEN 1 FOLLOWING AND 9 FOLLOWING),
			 w3 AS (ORDER BY n),
			 w4 AS (PARTITION BY n % 2 ORDER BY n RANGE BETWEEN 25 PRECEDING AND 3 PRECEDING),
			 w6 AS (ORDER BY n ROWS 4 PRECEDING EXCLUDE CURRENT ROW)) s;
-- With refunds in the frame it is sum() / count() of the others.
SELECT count(*) AS rows, count(*) FILTER (WHERE aov::text IS NOT DISTINCT FROM (sum / nullif(orders, 0))::text) AS same
FROM (SELECT aov(amount) OVER w, sum(amount) OVER w, count(*) FILTER (WHERE amount >= 0) OVER w AS orders
	  FROM (SELECT n, CASE WHEN n % 3 = 0 THEN -amount ELSE amount END AS amount FROM amounts) s
	  WINDOW w AS (ORDER BY n ROWS 4 PRECEDING)) s;
-- In float8 what leaves the frame leaves nothing behind.
SELECT n, aov(amount) OVER w
FROM (VALUES (1, 1e20::float8), (2, 0.1), (3, 0.3), (4, 0.2)) o (n, amount)
WINDOW w AS (ORDER BY n ROWS 1 PRECEDING);

-- ---------------------------------------------------------------------------
-- float8: the shortest decimal that reads back as the value.
-- ---------------------------------------------------------------------------

SELECT aov(0.1::float8) * 10 = 1 AS ten_times_a_tenth, revenue(customer_base(1, now(), 0.1::float8)) AS revenue,
	   sum(0.1::float8) = 1 AS by_sum
FROM generate_series(1, 10);
SELECT what, aov(amount), customer_value(n % 2, amount), revenue(customer_base(n % 2, date '2024-01-01', amount)) = sum(amount::text::numeric) AS revenue
FROM (VALUES
	('thirds', 1::float8 / 3), ('thirds', 2::float8 / 3),
	('large', 1e300), ('large', 1e300), ('large and small', 1e300), ('large and small', 1), ('large and small', -1e300),
	('small', 5e-324), ('small', 5e-324),
	('largest', 1.7976931348623157e308), ('largest and smallest', 1.7976931348623157e308), ('largest and smallest', 5e-324), ('largest and smallest', -1.7976931348623157e308),
	('2^53 + 1', 9007199254740992), ('2^53 + 1', 1),
	('15 digits', 999999999999999), ('15 digits', 0.000000000000001), ('16 digits', 9999999999999998), ('17 digits', 0.12345678901234567),
	('cents', 19.99), ('cents', 0.01), ('cents', 5e-2), ('1e15', 1e15), ('1e15', 1e15 + 1), ('1e22', 1e22), ('1e23', 1e23)) o (what, amount),
	 generate_series(1, 1) n
GROUP BY what ORDER BY what COLLATE "C";
-- Minus zero is zero: an order.
SELECT orders(b), refunds(b), revenue(b), aov
FROM (SELECT customer_base(1, now(), '-0'::float8) AS b, aov('-0'::float8)) s;
-- float4 and the integers come as float8.
SELECT aov(0.1::float4), aov(3::int2) AS int2, aov(3) AS int4, aov(3::int8) AS int8, aov(9007199254740993::int8) AS beyond,
	   aov(9007199254740993::int8::numeric) AS as_numeric;
-- A sum beyond float8 is an error as it is of avg(), in few words.
SELECT aov(a) FROM (VALUES (1.7e308::float8), (1.7e308)) o (a);
SELECT clv(at, a) FROM (VALUES (timestamp '4713-01-01 BC', 1.7e308::float8), ('294276-01-01', 1)) o (at, a);
SELECT pg_temp.outcome('SELECT aov(a) FROM (VALUES (1.7e308::float8), (1.7e308)) o (a)') AS aov,
	   pg_temp.outcome('SELECT avg(a) FROM (VALUES (1.7e308::float8), (1.7e308)) o (a)') AS avg;
