-- simulate_orders: the same rows everywhere, and a shop's statistics.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';

-- All the rows of a call, in their order, as one checksum.
CREATE FUNCTION pg_temp.checksum(customers int8, span interval, seed int8,
								 start timestamptz DEFAULT '2024-01-01 00:00:00+00')
RETURNS text LANGUAGE sql AS $$
	SELECT count(*) || ' ' || md5(string_agg(
		c || ' ' || to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || ' ' || a,
		';' ORDER BY n))
	FROM simulate_orders(customers, span, seed, start) WITH ORDINALITY AS s (c, t, a, n)
$$;

-- The rows of a seed.  Any other answer here, on any machine or version, is a
-- broken promise, not a reason to change the expected output.
SELECT * FROM simulate_orders(5, '1 year', 1);
SELECT * FROM simulate_orders(3, '90 days', 1, '2001-02-03 04:05:06.789+00');
SELECT pg_temp.checksum(50000, '2 years', 1);
SELECT pg_temp.checksum(1000, '50 years', 7, '1900-01-01 00:00:00+00');

-- Any seed will do.
SELECT seed, pg_temp.checksum(1000, '1 year', seed)
FROM unnest(ARRAY[0, 1, 2, -1, -9223372036854775808, 9223372036854775807]) AS seed;

-- Defaults and named arguments.
SELECT pg_temp.checksum(100, '1 year', 1) =
	(SELECT pg_temp.checksum(100, '1 year', 1, timestamptz '2024-01-01 00:00:00+00'));
SELECT count(*) FROM simulate_orders(seed => 3, observation => '1 year', customers => 100, start => '2020-01-01');

-- The first customers of a shop are those of a smaller one.
SELECT small.rows = large.rows AS same_beginning
FROM (SELECT array_agg(s) FROM simulate_orders(100, '1 year', 5) s) AS small (rows),
	 (SELECT array_agg(s) FROM simulate_orders(1000, '1 year', 5) s
	  WHERE (s).customer_id <= 100) AS large (rows);

-- The session's time zone, with its summer time, changes nothing.
SET timezone = 'Pacific/Apia';
SELECT pg_temp.checksum(1000, '11 months', 1);
SET timezone = 'America/St_Johns';
SELECT pg_temp.checksum(1000, '11 months', 1);
SET timezone = 'UTC';
SELECT pg_temp.checksum(1000, '11 months', 1);

-- Nor does spilling, or where in the query it stands.
SET work_mem = '64kB';
SELECT pg_temp.checksum(50000, '2 years', 1);
RESET work_mem;
SELECT simulate_orders(2, '1 year', 1);
SELECT seed, count(*) FROM generate_series(1, 3) seed, simulate_orders(100, '1 year', seed) GROUP BY seed ORDER BY seed;
BEGIN;
DECLARE shop SCROLL CURSOR FOR SELECT * FROM simulate_orders(2, '1 year', 1);
FETCH ALL FROM shop;
FETCH BACKWARD 2 FROM shop;
COMMIT;

-- The form of the rows: every customer comes, in order, within the span.
SELECT count(DISTINCT c) AS customers, min(c), max(c),
	   bool_and(t >= '2024-01-31' AND t < timestamptz '2024-01-31' + interval '1 mon') AS within,
	   bool_and(t = date_trunc('second', t)) AS whole_seconds,
	   bool_and(scale(a) = 2 AND a >= 0.01) AS cents,
	   bool_and(in_order) AS in_order
FROM (SELECT *, coalesce((c, t) >= lag((c, t)) OVER (ORDER BY n), true) AS in_order
	  FROM simulate_orders(20000, '1 month', 11, '2024-01-31') WITH ORDINALITY AS s (c, t, a, n)) s;
SELECT max(ordered_at) < '2024-02-29' AS until_leap_day, max(ordered_at) > '2024-02-28 23:50' AS to_the_end
FROM simulate_orders(100000, '1 month', 11, '2024-01-31');
SELECT DISTINCT ordered_at FROM simulate_orders(1000, (SELECT interval '1 microsecond' OFFSET 0), 1, '2024-02-03 04:05:06.789');

-- The models.  BG/NBD: repeat orders within 39 weeks of the first are 1.1967 a
-- customer, 0.5738 of them have none, 0.1994 one.
WITH orders AS (
	SELECT customer_id, ordered_at,
		   min(ordered_at) OVER (PARTITION BY customer_id) AS first_at
	FROM simulate_orders(100000, '560 days', 1)
), repeats AS (
	SELECT count(*) FILTER (WHERE ordered_at < first_at + interval '39 weeks') - 1 AS x
	FROM orders
	WHERE first_at < timestamptz '2024-01-01' + interval '560 days' - interval '39 weeks'
	GROUP BY customer_id
)
SELECT abs(avg(x) - 1.1967) < 0.03 AS mean,
	   abs(avg((x = 0)::int) - 0.5738) < 0.006 AS none,
	   abs(avg((x = 1)::int) - 0.1994) < 0.005 AS one
FROM repeats;

-- Arrivals are uniform.
SELECT bool_and(abs(n - 10000) < 400) AS uniform
FROM (SELECT count(*) AS n
	  FROM (SELECT min(ordered_at) AS first_at FROM simulate_orders(100000, '100 days', 1) GROUP BY customer_id) s
	  GROUP BY floor(extract(epoch FROM first_at - '2024-01-01') / 864000)) s;

-- Gamma-gamma: the mean is p v / (q - 1) = 35.22, whatever the number of
-- orders; within a customer, the coefficient of variation is 1 / sqrt(p) = 0.4.
SELECT abs(avg(mean) - 35.22) < 0.5 AS mean,
	   abs(avg(mean) FILTER (WHERE n = 1) - 35.22) < 0.5 AS mean_of_one,
	   abs(avg(mean) FILTER (WHERE n BETWEEN 2 AND 5) - 35.22) < 0.5 AS mean_of_few,
	   abs(corr(n, mean)) < 0.01 AS unrelated,
	   abs(sqrt(avg(variance / mean ^ 2) FILTER (WHERE n > 30)) - 0.4) < 0.02 AS variation
FROM (SELECT count(*) AS n, avg(amount::float8) AS mean, var_samp(amount::float8) AS variance
	  FROM simulate_orders(100000, '2 years', 1) GROUP BY customer_id) s;

-- Nothing.
SELECT * FROM simulate_orders(0, '1 year', 1);
SELECT * FROM simulate_orders(NULL, '1 year', 1);
SELECT * FROM simulate_orders(1, NULL, 1);
SELECT * FROM simulate_orders(1, '1 year', 1, NULL);

-- The ends of time.
SELECT count(*), min(extract(year FROM t)) < -4000 AS early
FROM simulate_orders(50, '1000 years', 1, '4713-01-01 BC') AS s (c, t, a);
SELECT count(DISTINCT c), max(t) <= '294276-12-31 23:59:59' AS within
FROM simulate_orders(10, '3 years 11 months 30 days 23:59:59.999999', 1, '294273-01-01') AS s (c, t, a);
SELECT count(DISTINCT c), bool_and(t BETWEEN '4713-01-01 BC' AND '294276-12-31') AS within
FROM simulate_orders(1, '298986 years', 1, '4713-01-01 BC') AS s (c, t, a);
SELECT * FROM simulate_orders(1, '2 months -31 days', 1, '2024-01-31');

-- Errors.
SELECT * FROM simulate_orders(-1, '1 year', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM simulate_orders(-9223372036854775808, '1 year', 1);
SELECT * FROM simulate_orders(1, '0', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM simulate_orders(1, '-1 day', 1);
SELECT * FROM simulate_orders(1, '1 month -31 days', 1);
SELECT * FROM simulate_orders(1, '1 year', 1, 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM simulate_orders(1, '1 year', 1, '-infinity');
SELECT * FROM simulate_orders(1, '300000 years', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM simulate_orders(1, '4 years', 1, '294273-01-01');
SELECT * FROM simulate_orders(1, '-7000 years', 1);
SELECT * FROM simulate_orders(1, '178000000 years', 1);
SELECT * FROM simulate_orders(1, '-178000000 years', 1);
SELECT * FROM simulate_orders(1, '2147483647 days', 1);
SELECT * FROM simulate_orders(1, '-2147483648 days', 1);
SELECT * FROM simulate_orders(1, '2562047788:00:54.775807', 1);
SELECT * FROM simulate_orders(1, '-2562047788:00:54.775807', 1);

-- Infinite intervals are new in PostgreSQL 17; older ones don't read them.
DO $$
DECLARE
	span text;
BEGIN
	FOREACH span IN ARRAY ARRAY['infinity', '-infinity'] LOOP
		BEGIN
			PERFORM simulate_orders(1, span::interval, 1);
			RAISE 'no error for %', span;
		EXCEPTION
			WHEN invalid_datetime_format OR datetime_field_overflow THEN NULL;
		END;
	END LOOP;
END
$$;

-- A shop that would never end can be cancelled.
SET statement_timeout = '100ms';
SELECT count(*) FROM simulate_orders(9223372036854775807, '1 year', 1);
SELECT count(*) FROM simulate_orders(9223372036854775807, '200000 years', 1);
RESET statement_timeout;
