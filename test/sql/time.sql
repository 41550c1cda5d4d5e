-- Times of orders: three types, two time zones, and the ends of time.
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET timezone = 'America/New_York';

-- The clocks of New York went forward on 2024-03-10: between two noons lie 23
-- hours, a day by the clock on the wall, and a day by the calendar.
CREATE TEMP TABLE spring AS
SELECT 1 AS customer, timestamptz '2024-03-09 12:00' AS at
UNION ALL SELECT 1, '2024-03-10 12:00';
SELECT lifetime_span(at) AS timestamptz, lifetime_span(at::timestamp) AS timestamp, lifetime_span(at::date) AS date,
	   lifetime_span(customer, at) AS store
FROM spring;
-- What was measured once doesn't change with the session's time zone ...
CREATE TEMP TABLE bases AS
SELECT 1 AS n, 'timestamptz' AS type, customer_base(customer, at, 10.0) AS b FROM spring
UNION ALL SELECT 2, 'timestamp', customer_base(customer, at::timestamp, 10.0) FROM spring
UNION ALL SELECT 3, 'date', customer_base(customer, at::date, 10.0) FROM spring;
SELECT type, lifetime_span(b), clv(b), first_order(b), last_order(b) FROM bases ORDER BY n;
-- ... but when a time without a zone was is for the zone to say.
SET timezone = 'Asia/Kolkata';
SELECT type, lifetime_span(b), clv(b), first_order(b), last_order(b) FROM bases ORDER BY n;
SET timezone = 'UTC';
SELECT type, lifetime_span(b), clv(b), first_order(b), last_order(b) FROM bases ORDER BY n;
-- An hour that a zone leaves out, and one that it has twice, as the cast reads them.
SET timezone = 'Europe/Berlin';
SELECT first_order(b) AS left_out, first_order(b) = timestamptz '2024-03-31 02:30' AS as_cast,
	   last_order(b) AS twice, last_order(b) = timestamptz '2024-10-27 02:30' AS as_cast
FROM (SELECT customer_base(1, at) AS b FROM (VALUES (timestamp '2024-03-31 02:30'), ('2024-10-27 02:30')) o (at)) s;
SET timezone = 'UTC';

-- First and last order are those of customers: not of guests, not of refunds.
SELECT first_order(b), last_order(b)
FROM (SELECT customer_base(customer, at, amount) AS b
	  FROM (VALUES (1, timestamptz '2024-02-01', 1.0), (2, '2024-03-01', 1.0), (NULL, '2024-01-01', 1.0), (NULL, '2024-05-01', 1.0),
			(1, '2023-01-01', -1.0), (3, '2025-01-01', -1.0), (2, 'infinity', 1.0), (2, '-infinity', 1.0)) o (customer, at, amount)) s;

-- The ends of time.  What lies between them is more than 2^63 microseconds.
CREATE TEMP TABLE ends AS
SELECT n, customer, at FROM (VALUES
	(1, 1, timestamptz '4714-11-24 00:00:00 BC'), (2, 1, '294276-12-31 23:59:59.999999'),
	(3, 2, '4713-01-01 BC'), (4, 2, '294276-01-01'),
	(5, 3, '4714-11-24 00:00:00 BC'), (6, 3, '294276-12-31 23:59:59.999999'),
	(7, 4, '2000-01-01'), (8, 5, '294276-12-31 23:59:59.999999')) o (n, customer, at);
-- extract(epoch) rounds that late.
CREATE FUNCTION pg_temp.usecs(at timestamptz) RETURNS numeric LANGUAGE sql AS $$
	SELECT (at::date - date '2000-01-01') * 86400000000.0 + extract(hour FROM at) * 3600000000 + extract(minute FROM at) * 60000000
		+ extract(microseconds FROM at)
$$;
CREATE FUNCTION pg_temp.to_interval(usecs numeric) RETURNS interval LANGUAGE sql AS $$
	SELECT make_interval(days => div(usecs, 86400000000)::int, secs => (mod(usecs, 86400000000) / 1000000)::float8)
$$;
SELECT customer, lifetime_span(at), lifetime_span(at::timestamp) AS timestamp, lifetime_span(at::date) AS date,
	   lifetime_span(at)::text = pg_temp.to_interval(pg_temp.usecs(max(at)) - pg_temp.usecs(min(at)))::text AS by_hand
FROM ends GROUP BY customer ORDER BY customer;
-- Sums of such spans take more than 64 bits.
SELECT what, lifetime_span(customer, at), lifetime_span(customer, at)::text = pg_temp.to_interval(round(mean))::text AS by_hand,
	   lifetime_span(customer_base(customer, at)) = lifetime_span(customer, at) AS base, first_order(customer_base(customer, at)), last_order(customer_base(customer, at))
FROM (SELECT 'all' AS what, * FROM ends UNION ALL SELECT 'a thousand times', n, customer + m * 10, at FROM ends, generate_series(1, 1000) m) s
JOIN (SELECT avg(span) AS mean FROM (SELECT pg_temp.usecs(max(at)) - pg_temp.usecs(min(at)) AS span FROM ends GROUP BY customer) c) m ON true
GROUP BY what, mean ORDER BY what;
SELECT round(clv(at, 1.00), 4) AS clv_of_one, round(clv(customer, at, 1.00), 6) AS clv, round(8 / 5.0 * 65522036 / 109203528, 6) AS by_hand,
	   round((pg_temp.usecs(max(at)) - pg_temp.usecs(min(at))) / 31557600000000, 4) AS by_hand
FROM ends;
-- They come back from text, and by any way of merging.
SELECT b::text::customer_base::text = b::text AS text, lifetime_span(_retention_customer_base_combine(b, b)) = lifetime_span(b) AS combined
FROM (SELECT customer_base(customer, at, 1.00) AS b FROM ends) s;
-- A time zone can move a time out of range, as the cast does.
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
SET timezone = 'America/New_York';
SELECT pg_temp.outcome('SELECT last_order(customer_base(1, timestamp ''294276-12-31 23:59''))') AS last_order,
	   pg_temp.outcome('SELECT (timestamp ''294276-12-31 23:59'')::timestamptz') AS cast,
	   pg_temp.outcome('SELECT lifetime_span(1, timestamp ''294276-12-31 23:59'')') AS lifetime_span;
SET timezone = 'UTC';

-- date reaches further than timestamp; infinity is no time of an order.
SELECT value, pg_temp.outcome(format('SELECT lifetime_span(%L::date)', value)) AS lifetime_span,
	   pg_temp.outcome(format('SELECT orders(customer_base(1, %L::date, 1.0))', value)) AS orders
FROM (VALUES ('4713-01-01 BC'), ('294276-12-31'), ('294277-01-01'), ('5874897-12-31'), ('infinity'), ('-infinity')) v (value);
SELECT lifetime_span(date '294277-01-01');

-- Before 2000 as after it, to the microsecond.
SELECT lifetime_span(at), lifetime_span(at)::text = (max(at) - min(at))::text AS as_difference
FROM (VALUES (timestamp '1969-12-31 23:59:59.999999'), ('1970-01-01 00:00:00.000001'), ('1999-12-31 23:59:59.999999'), ('2000-01-01 00:00:00.000001')) o (at);
SELECT lifetime_span(customer, at) AS half_a_microsecond_up
FROM (VALUES (1, timestamp '1999-12-31 23:59:59.999999'), (1, '2000-01-01 00:00:00'), (2, '1999-12-31')) o (customer, at);
