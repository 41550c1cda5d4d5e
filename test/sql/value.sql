-- A customer base as a value: merged in any way it is the base of all rows, a
-- sample is the one that its definition says, and what is asked of all its
-- customers is what plain SQL says.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 0;
SET max_parallel_workers_per_gather = 0;
CREATE SCHEMA value;
SET search_path = value, public;

-- 3,000 customers, some of whom only gave back, guests, amounts of all digits.
CREATE TABLE orders (
	n int, part int, c_int8 int8, c_text text, c_uuid uuid,
	t_timestamptz timestamptz, t_timestamp timestamp, t_date date, a_numeric numeric, a_float8 float8
);
INSERT INTO orders
SELECT n, n % 40, k, 'customer ' || k, md5(k::text)::uuid, at, at::timestamp, at::date, amount, amount::float8
FROM (SELECT n, CASE WHEN n % 19 <> 0 THEN abs(hashint4extended(n, 1)) % 3000 END AS k,
			 timestamptz '2024-01-01' + abs(hashint4extended(n, 2)) % 50000000 * interval '1 second' AS at,
			 round(CASE WHEN n % 7 = 0 THEN -n ELSE n END / 7.0, n % 4) AS amount
	  FROM generate_series(1, 12000) n) s;

-- ---------------------------------------------------------------------------
-- Union.
-- ---------------------------------------------------------------------------

CREATE TABLE kinds AS
SELECT k || coalesce(', ' || t, '') || coalesce(', ' || a, '') AS arguments
FROM unnest('{c_int8,c_text,c_uuid}'::text[]) k, unnest('{t_timestamptz,t_timestamp,t_date,NULL}'::text[]) t,
	 unnest('{a_numeric,a_float8,NULL}'::text[]) a
WHERE t IS NOT NULL OR a IS NULL;
CREATE TABLE wholes (arguments text, size int, b customer_base);
CREATE TABLE parts (arguments text, size int, part int, b customer_base);
DO $$
DECLARE
	k kinds;
BEGIN
	FOR k IN SELECT * FROM kinds LOOP
		EXECUTE format('INSERT INTO wholes SELECT %1$L, NULL, customer_base(%1$s) FROM orders', k.arguments);
		EXECUTE format('INSERT INTO parts SELECT %1$L, NULL, part, customer_base(%1$s) FROM orders GROUP BY part', k.arguments);
		EXECUTE format('INSERT INTO wholes SELECT %1$L, size, customer_base_sample(%1$s, size) FROM orders, unnest(ARRAY[16, 200, 5000]) size GROUP BY size', k.arguments);
		EXECUTE format('INSERT INTO parts SELECT %1$L, size, part, customer_base_sample(%1$s, size) FROM orders, unnest(ARRAY[16, 200, 5000]) size GROUP BY size, part', k.arguments);
	END LOOP;
END
$$;
CREATE TABLE unions (way text, arguments text, size int, b customer_base);
INSERT INTO unions SELECT 'rollup', arguments, size, rollup(b) FROM parts GROUP BY arguments, size;
INSERT INTO unions SELECT 'backwards', arguments, size, rollup(b ORDER BY part DESC) FROM parts GROUP BY arguments, size;
INSERT INTO unions SELECT 'of rollups', arguments, size, rollup(b) FROM
	(SELECT arguments, size, rollup(b) AS b FROM parts GROUP BY arguments, size, part % 7) s GROUP BY arguments, size;
INSERT INTO unions SELECT 'plus', arguments, size, rollup(b) FILTER (WHERE part < 13) + rollup(b) FILTER (WHERE part >= 13) FROM parts GROUP BY arguments, size;
INSERT INTO unions SELECT 'plus, exchanged', arguments, size, rollup(b) FILTER (WHERE part >= 13) + rollup(b) FILTER (WHERE part < 13) FROM parts GROUP BY arguments, size;
INSERT INTO unions SELECT 'with NULL', arguments, size, rollup(b) FROM (SELECT * FROM parts UNION ALL SELECT arguments, size, 0, NULL FROM wholes) s GROUP BY arguments, size;
INSERT INTO unions SELECT 'window', arguments, size, b FROM
	(SELECT arguments, size, part, rollup(b) OVER (PARTITION BY arguments, size ORDER BY part) AS b FROM parts) s WHERE part = 39;
INSERT INTO unions SELECT 'text', arguments, size, rollup(b::text::customer_base) FROM parts GROUP BY arguments, size;
-- An exact part takes the size of the others.
INSERT INTO unions SELECT 'one part exact', s.arguments, s.size, rollup(CASE WHEN s.part = 20 THEN e.b ELSE s.b END) FROM parts s JOIN parts e USING (arguments, part)
	WHERE s.size IS NOT NULL AND e.size IS NULL GROUP BY s.arguments, s.size;
INSERT INTO unions SELECT 'one part a sample', s.arguments, s.size, rollup(CASE WHEN s.part = 20 THEN s.b ELSE e.b END) FROM parts s JOIN parts e USING (arguments, part)
	WHERE s.size IS NOT NULL AND e.size IS NULL GROUP BY s.arguments, s.size;
-- The smallest size prevails.
INSERT INTO unions SELECT 'sizes mixed', arguments, 16, rollup(b) FROM parts
	WHERE size = CASE part % 4 WHEN 0 THEN 16 WHEN 1 THEN 5000 ELSE 200 END GROUP BY arguments;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
INSERT INTO unions SELECT 'spilled', arguments, size, rollup(b) FROM parts GROUP BY arguments, size;
INSERT INTO unions SELECT 'spilled, then a sample', s.arguments, s.size, rollup(CASE WHEN s.part = 39 THEN s.b ELSE e.b END ORDER BY s.part)
	FROM parts s JOIN parts e USING (arguments, part) WHERE s.size IS NOT NULL AND e.size IS NULL GROUP BY s.arguments, s.size;
RESET work_mem;
RESET hash_mem_multiplier;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET cpu_tuple_cost = 10;
SET min_parallel_table_scan_size = 0;
-- The planner must not see what there is to merge, or it chooses no parallel plan.
ALTER TABLE parts SET (parallel_workers = 2), ALTER b SET (n_distinct = 1), ALTER arguments SET (n_distinct = 1), ALTER size SET (n_distinct = 1);
ANALYZE parts;
CREATE FUNCTION is_parallel(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan::text LIKE '%"Partial Mode": "Partial"%';
END
$$;
SELECT is_parallel('SELECT rollup(b) FROM parts GROUP BY arguments, size') AS planned;
CREATE TEMP TABLE in_parallel AS SELECT arguments, size, rollup(b) AS b FROM parts GROUP BY arguments, size;
INSERT INTO unions SELECT 'parallel', * FROM in_parallel;
SET max_parallel_workers_per_gather = 0;
RESET cpu_tuple_cost;
SELECT way, count(*) AS bases, count(*) FILTER (WHERE _retention_customer_base_send(u.b) = _retention_customer_base_send(w.b)) AS same
FROM unions u JOIN wholes w ON w.arguments = u.arguments AND w.size IS NOT DISTINCT FROM u.size GROUP BY way ORDER BY way COLLATE "C";
-- Bytes out and in again.
SELECT count(*) AS bases, count(*) FILTER (WHERE b::text::customer_base::text = b::text) AS text,
	   count(*) FILTER (WHERE decode(b::text, 'base64') = _retention_customer_base_send(b)) AS text_is_binary FROM wholes;
-- A base and itself: the same customers, each with twice the orders. Refunds and
-- guests add up too; only what is a least or greatest stays.
SELECT count(*) AS bases, count(*) FILTER (WHERE customers(b + b) = customers(b)) AS customers, count(*) FILTER (WHERE orders(b + b) = 2 * orders(b)) AS orders,
	   count(*) FILTER (WHERE revenue(b + b) = 2 * revenue(b) OR revenue(b) IS NULL) AS revenue,
	   count(*) FILTER (WHERE lifetime_span(b + b) = lifetime_span(b) OR lifetime_span(b) IS NULL) AS lifespan,
	   count(*) FILTER (WHERE (first_order(b + b), last_order(b + b)) IS NOT DISTINCT FROM (first_order(b), last_order(b))) AS times,
	   count(*) FILTER (WHERE guest_orders(b + b) = 2 * guest_orders(b)) AS guests
FROM wholes;
SELECT rollup(NULL::customer_base) IS NULL AS nothing, (SELECT rollup(b) FROM wholes WHERE false) IS NULL AS no_rows, customer_base(1) + NULL = customer_base(1) AS plus_null, NULL + customer_base(1) = customer_base(1) AS null_plus, NULL::customer_base + NULL IS NULL AS of_neither;
SELECT customer_base(1) + customer_base('1'::text);
SELECT customer_base(1, now(), 1.0) + customer_base(1, now(), 1.0::float8);
SELECT customer_base_sample(1, now(), 1.0, 16) + customer_base(1, now()::timestamp, 1.0);
-- 90 days of a daily table.
SELECT count(*) AS days, count(*) FILTER (WHERE customers(frame) = (SELECT count(DISTINCT c_int8) FROM orders o WHERE o.t_date > d.day - 90 AND o.t_date <= d.day AND a_numeric >= 0)) AS same
FROM (SELECT day, rollup(b) OVER (ORDER BY day RANGE '89 days' PRECEDING) AS frame
	  FROM (SELECT t_date AS day, customer_base(c_int8, t_date, a_numeric) AS b FROM orders GROUP BY t_date) s) d
WHERE extract(day FROM day) = 15;

-- A frame's base stays in memory, even if the first one is too large for it; a
-- file would be read for every row.
CREATE TABLE frames AS SELECT n, customer_base(c + n) AS b FROM generate_series(1, 3) n, generate_series(1, 20000) c GROUP BY n;
CREATE FUNCTION spills(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	RETURN (plan->0->'Plan'->>'Temp Written Blocks')::int > 0;
END
$$;
SET work_mem = '256kB';
SET hash_mem_multiplier = 1;
SELECT spills('SELECT customers(rollup(b) OVER (ORDER BY n)) FROM frames') AS frame, spills('SELECT customers(rollup(b)) FROM frames') AS plain;
SELECT customers(rollup(b) OVER (ORDER BY n)) FROM frames;
RESET work_mem;
RESET hash_mem_multiplier;

-- ---------------------------------------------------------------------------
-- Samples.
-- ---------------------------------------------------------------------------

-- The hash of the one customer of a base, as an unsigned number.
CREATE FUNCTION hash_in(b customer_base) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$
	SELECT sum(get_byte(_retention_customer_base_send(b), 19 + n) * 256::numeric ^ n) FROM generate_series(0, 7) n
$$;
-- What is known of each customer, in the order of the hashes.
CREATE TABLE known AS
SELECT key, row_number() OVER (PARTITION BY key ORDER BY hash) AS place, hash, n, revenue, last - first AS lifespan
FROM (SELECT 'c_int8' AS key, hash_in(customer_base(c_int8)) AS hash, count(*) FILTER (WHERE a_numeric >= 0) AS n, sum(a_numeric) AS revenue,
			 min(t_timestamp) FILTER (WHERE a_numeric >= 0) AS first, max(t_timestamp) FILTER (WHERE a_numeric >= 0) AS last FROM orders WHERE c_int8 IS NOT NULL GROUP BY c_int8
	  UNION ALL
	  SELECT 'c_text', hash_in(customer_base(c_text)), count(*) FILTER (WHERE a_numeric >= 0), sum(a_numeric),
			 min(t_timestamp) FILTER (WHERE a_numeric >= 0), max(t_timestamp) FILTER (WHERE a_numeric >= 0) FROM orders WHERE c_text IS NOT NULL GROUP BY c_text
	  UNION ALL
	  SELECT 'c_uuid', hash_in(customer_base(c_uuid)), count(*) FILTER (WHERE a_numeric >= 0), sum(a_numeric),
			 min(t_timestamp) FILTER (WHERE a_numeric >= 0), max(t_timestamp) FILTER (WHERE a_numeric >= 0) FROM orders WHERE c_uuid IS NOT NULL GROUP BY c_uuid) s;
-- The definition: the first "size" customers, and the hash of the next one says
-- which share of all they are.
CREATE TABLE defined AS
SELECT key, size, share, count(*) FILTER (WHERE n > 0) AS customers, count(*) FILTER (WHERE n > 1) AS repeaters,
	   sum(extract(epoch FROM lifespan)) FILTER (WHERE n > 0) / count(*) FILTER (WHERE n > 0) AS lifespan,
	   array_agg(n) AS ns, array_agg(revenue) AS revenues
FROM known JOIN (SELECT key, size, coalesce((SELECT hash / 18446744073709551616 FROM known k WHERE k.key = s.key AND place = size + 1), 1) AS share
				 FROM unnest('{c_int8,c_text,c_uuid}'::text[]) AS s (key), unnest(ARRAY[16, 200, 5000]) size) s USING (key)
WHERE place <= size
GROUP BY key, size, share;
CREATE TABLE totals AS
SELECT count(*) FILTER (WHERE a_numeric >= 0) AS orders, sum(a_numeric) AS revenue FROM orders WHERE c_int8 IS NOT NULL;
CREATE FUNCTION near(a float8, b float8) RETURNS bool LANGUAGE sql AS $$ SELECT abs(a - b) <= 1e-9 * abs(b) $$;
SELECT d.key, d.size, customers(b), is_exact(b), sample_size(b),
	   customers(b) = round(d.customers / share) AS as_defined,
	   near(repeat_rate(b), d.repeaters::float8 / d.customers) AS repeat_rate,
	   near(purchase_frequency(b), t.orders * share / d.customers) AS frequency,
	   near(customer_value(b)::float8, t.revenue * share / d.customers) AS customer_value,
	   near(extract(epoch FROM lifetime_span(b))::float8, d.lifespan) AS lifespan,
	   near(aov(b)::float8, t.revenue / t.orders) AS aov, orders(b) = t.orders AS orders, revenue(b) = t.revenue AS revenue,
	   near(clv(b)::float8, t.revenue * share / d.customers / extract(epoch FROM last_order(b) - first_order(b)) * d.lifespan) AS clv,
	   near((clv_breakdown(b)).orders_per_customer_year::float8, t.orders * share / d.customers / extract(epoch FROM last_order(b) - first_order(b)) * 31557600) AS a_year
FROM defined d JOIN wholes w ON w.arguments = d.key || ', t_timestamp, a_numeric' AND w.size = d.size, totals t ORDER BY d.size, d.key;
-- float8 amounts and exact bases of the same rows; what has no time or amount.
SELECT size, count(*) AS bases, count(DISTINCT customers(b)) AS customers_by_key, count(aov(b)) AS with_amounts, count(lifetime_span(b)) AS with_times,
	   bool_and(is_exact(b)) AS exact FROM wholes GROUP BY size ORDER BY size;
SELECT count(*) AS same FROM wholes e JOIN wholes s USING (arguments)
WHERE e.size IS NULL AND s.size = 5000 AND repeat_rate(e.b) = repeat_rate(s.b) AND customers(e.b) = customers(s.b) AND clv(e.b) IS NOT DISTINCT FROM clv(s.b);
-- A text's identity is XXH3's: the hash of nothing is 99aa06d3014798d86001c324468d497f.
SELECT encode(substr(_retention_customer_base_send(customer_base(''::text)), 20), 'hex') LIKE 'd8984701d306aa99%7f498d4624c30160%' AS xxh3;

-- Standard errors, by their definition.
SELECT d.key, d.size,
	   near(standard_error(b, 'customers'), sqrt((1 - share) * d.customers) / share) AS customers,
	   near(standard_error(b, 'repeat_rate'), sqrt((1 - share) * d.customers * repeat_rate(b) * (1 - repeat_rate(b))) / d.customers) AS repeat_rate,
	   near(standard_error(b, 'purchase_frequency'), purchase_frequency(b) * sqrt((1 - share) / d.customers)) AS frequency,
	   near(standard_error(b, 'customer_value'), customer_value(b)::float8 * sqrt((1 - share) / d.customers)) AS customer_value,
	   standard_error(b, 'orders') = 0 AND standard_error(b, 'revenue') = 0 AND standard_error(b, 'aov') = 0 AS exact,
	   standard_error(b, 'lifetime_span') > 0 AS lifetime_span, standard_error(b, 'clv') > 0 AS clv
FROM defined d JOIN wholes w ON w.arguments = d.key || ', t_timestamp, a_numeric' AND w.size = d.size WHERE d.size < 5000 ORDER BY d.size, d.key;
SELECT m, bool_and(standard_error(b, m) = 0) AS exact, count(standard_error(b, m)) AS known, count(*) AS bases
FROM wholes, unnest('{customers,orders,revenue,aov,purchase_frequency,repeat_rate,customer_value,lifetime_span,clv}'::text[]) m
WHERE size IS NULL OR size = 5000 GROUP BY m ORDER BY m;
SELECT standard_error(customer_base(1), 'median');
-- Sizes.
SELECT customer_base_sample(1, 15);
SELECT customer_base_sample(1, now(), 1048577);
SELECT customer_base_sample(1, now(), 1.0, NULL);
SELECT customer_base_sample(n, n) FROM generate_series(16, 17) n;
SELECT sample_size(customer_base_sample(1, 1048576)) AS largest, sample_size(customer_base(1)) AS none, customer_base_sample(NULL::int8, now(), NULL::numeric, 16) IS NULL AS no_rows;
-- Customers whose hashes lie close together (made up: keys.sql) take neither all
-- memory nor all time.
CREATE FUNCTION shifted(x int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT x # ((x >> 33) & 2147483647)
$$;
CREATE FUNCTION times(x int8, factor numeric) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (CASE WHEN p < 9223372036854775808 THEN p ELSE p - 18446744073709551616 END)::int8
	FROM (SELECT mod(CASE WHEN x < 0 THEN x + 18446744073709551616 ELSE x END * factor, 18446744073709551616) AS p) s
$$;
CREATE TABLE crowd AS
SELECT shifted(times(shifted(times(shifted(n), 11291846944257947611)), 5725274745694666757)) # 2611923443488327891 AS k FROM generate_series(1, 10000::int8) n;
SELECT customers(customer_base_sample(k, 20000)), length(_retention_customer_base_send(customer_base_sample(k, 4096))) < 10000 AS small FROM crowd;
SELECT max(r) AS repeat_rate FROM (SELECT repeat_rate(k) OVER () AS r FROM crowd LIMIT 10) s;
-- A customer of untold riches widens the money at once.
SELECT customers(b), revenue(b) = 2000 + '1e30000'::numeric AS revenue
FROM (SELECT (SELECT customer_base(c, now(), 1.0) FROM generate_series(1, 2000) c) + customer_base(7, now(), '1e30000'::numeric) AS b) s;
-- A refund is nobody's among selected customers, and a base that can be read.
SELECT refunds(b), customers(b) FROM (SELECT _retention_customer_base_add(without_customers_of(customer_base(1, now(), 1.0), customer_base(2)), 7::int8, now(), -5.0)::text::customer_base AS b) s;
-- Two hundred shops: customers within two standard errors.
SELECT count(*) AS shops, count(*) FILTER (WHERE abs(customers(b) - 3000) <= 2 * standard_error(b, 'customers')) BETWEEN 180 AND 199 AS within,
	   abs(avg(customers(b)) / 3000 - 1) < 0.01 AS unbiased, avg(standard_error(b, 'customers')) / 3000 BETWEEN 0.05 AND 0.07 AS error,
	   count(*) FILTER (WHERE abs(repeat_rate(b) - 0.3) <= 2 * standard_error(b, 'repeat_rate')) BETWEEN 180 AND 199 AS rates
FROM (SELECT shop, customer_base_sample(shop * 100000000::int8 + c, 256) AS b
	  FROM generate_series(1, 200) shop, generate_series(1, 3000) c, generate_series(1, CASE WHEN c <= 900 THEN 2 ELSE 1 END) o GROUP BY shop) s;

-- ---------------------------------------------------------------------------
-- Customers of two bases.
-- ---------------------------------------------------------------------------

CREATE TABLE pairs AS
WITH o AS (SELECT 'c_int8' AS key, c_int8::text AS c, * FROM orders UNION ALL SELECT 'c_text', c_text, * FROM orders)
SELECT key, NULL::int AS size, customer_base(c, t_timestamp, a_numeric) FILTER (WHERE part < 25) AS a,
	   customer_base(c) FILTER (WHERE part >= 20 AND a_numeric >= 0) AS b FROM o GROUP BY key
UNION ALL
SELECT key, 600, customer_base_sample(c, t_timestamp, a_numeric, 600) FILTER (WHERE part < 25),
	   customer_base_sample(c, 300) FILTER (WHERE part >= 20 AND a_numeric >= 0) FROM o GROUP BY key;
WITH a AS (SELECT c_int8, count(*) AS n, sum(a_numeric) FILTER (WHERE true) AS revenue FROM orders WHERE part < 25 AND c_int8 IS NOT NULL GROUP BY c_int8 HAVING count(*) FILTER (WHERE a_numeric >= 0) > 0),
	 b AS (SELECT DISTINCT c_int8 FROM orders WHERE part >= 20 AND a_numeric >= 0),
	 truth AS (SELECT count(b.c_int8) AS in_common, count(*) - count(b.c_int8) AS in_one, sum(revenue) FILTER (WHERE b.c_int8 IS NOT NULL) AS revenue,
					  sum(revenue) FILTER (WHERE b.c_int8 IS NULL) AS revenue_only FROM a LEFT JOIN b USING (c_int8))
SELECT key, size, customers(only_customers_of(a, b)) AS common, customers(without_customers_of(a, b)) AS without_customers_of,
	   CASE WHEN size IS NULL THEN (customers(only_customers_of(a, b)), customers(without_customers_of(a, b)), revenue(only_customers_of(a, b)), revenue(without_customers_of(a, b)))
								   = (in_common, in_one, truth.revenue, revenue_only)
			ELSE abs(customers(only_customers_of(a, b)) - in_common) < 3 * standard_error(only_customers_of(a, b), 'customers') AND
				 abs(customers(without_customers_of(a, b)) - in_one) < 3 * standard_error(without_customers_of(a, b), 'customers') AND
				 abs(revenue(without_customers_of(a, b)) - revenue_only) < 3 * standard_error(without_customers_of(a, b), 'revenue') AND
				 abs(aov(without_customers_of(a, b)) / (revenue_only / orders(without_customers_of(a, b))) - 1) < 0.5 END AS as_they_are
FROM pairs, truth ORDER BY key, size;
-- The two parts make the first base's customers again; what is of rows is gone.
SELECT key, size, customers(only_customers_of(a, b) + without_customers_of(a, b)) = customers(CASE WHEN size IS NULL THEN a ELSE without_customers_of(a, b) + only_customers_of(a, b) END) AS whole,
	   refunds(without_customers_of(a, b)) IS NULL AND refunded(without_customers_of(a, b)) IS NULL AS no_refunds, guest_orders(without_customers_of(a, b)) AS guests,
	   refunds(without_customers_of(a, b) + a) IS NULL AS neither_later, sample_size(without_customers_of(a, b)), sample_size(only_customers_of(b, a)),
	   without_customers_of(a, b)::text::customer_base::text = without_customers_of(a, b)::text AS text, customers(without_customers_of(a, a)) AS none, customers(only_customers_of(a, a)) = customers(a) AS everybody
FROM pairs ORDER BY key, size;
SELECT m, standard_error(without_customers_of(a, b), m) > 0 AS known FROM pairs, unnest('{customers,orders,revenue,aov,purchase_frequency,repeat_rate,customer_value,lifetime_span,clv}'::text[]) m
WHERE key = 'c_text' AND size = 600 ORDER BY m;
SELECT without_customers_of(customer_base(1), customer_base('1'::text));
SELECT without_customers_of(customer_base(1), NULL) IS NULL AS a_null, customers(without_customers_of(customer_base(1), customer_base(NULL::int8))) AS from_guests;

-- ---------------------------------------------------------------------------
-- How revenue and orders are spread.
-- ---------------------------------------------------------------------------

CREATE TABLE shops (shop text, customer int8, amount numeric);
INSERT INTO shops SELECT 'equal', c, 5 FROM generate_series(1, 10) c;
INSERT INTO shops SELECT 'one pays all', c, CASE c WHEN 1 THEN 100 ELSE 0 END FROM generate_series(1, 10) c;
INSERT INTO shops SELECT 'pareto', c, round(1000.0 / c, 2) FROM generate_series(1, 1000) c;
INSERT INTO shops SELECT 'wide', c, 12345678901234567890.12 * c FROM generate_series(1, 100) c;
INSERT INTO shops SELECT 'refunds', c, a FROM generate_series(1, 50) c, LATERAL (VALUES (c * 1.5), (-c * CASE WHEN c % 5 = 0 THEN 2 ELSE 0.1 END)) v (a);
INSERT INTO shops SELECT 'no revenue', c, a FROM generate_series(1, 5) c, (VALUES (1), (-1)) v (a);
INSERT INTO shops VALUES ('one', 1, 3), ('given back', 1, -3), ('negative', 1, 3), ('negative', 1, -4);
WITH customers AS (
	SELECT shop, customer, sum(amount) AS s FROM shops GROUP BY shop, customer HAVING count(*) FILTER (WHERE amount >= 0) > 0),
ranked AS (
	SELECT shop, s, row_number() OVER (PARTITION BY shop ORDER BY s) AS i, count(*) OVER (PARTITION BY shop) AS n, sum(s) OVER (PARTITION BY shop) AS total FROM customers),
truth AS (
	SELECT shop, CASE WHEN max(total) > 0 THEN sum((2 * i - n - 1) * s) / max(n * total) END AS gini,
		   CASE WHEN max(total) > 0 THEN sum(s * least(greatest(0.25 * n - (n - i), 0), 1)) / max(total) END AS top FROM ranked GROUP BY shop)
SELECT shop, round(gini(b)::numeric, 6) AS gini, round(top_share(b, 0.25)::numeric, 6) AS top_quarter,
	   coalesce(abs(gini(b) - gini) < 1e-12, gini(b) IS NULL AND gini IS NULL) AS gini_right,
	   coalesce(abs(top_share(b, 0.25) - top) < 1e-12, top_share(b, 0.25) IS NULL AND top IS NULL) AS top_right,
	   top_share(b, 0) AS nobody, top_share(b, 1) AS everybody
FROM (SELECT shop, customer_base(customer, timestamp '2024-01-01', amount) AS b FROM shops GROUP BY shop) s LEFT JOIN truth USING (shop) ORDER BY shop COLLATE "C";
-- Nothing at all, though parts of it are something.
SELECT count(top_share(b, n / 100.0)) AS shares, gini(max(b::text)::customer_base)
FROM (SELECT customer_base(c, now(), a) AS b FROM (VALUES (1, 500.0), (2, 300), (3, 0), (3, -800)) v (c, a)) s, generate_series(1, 99) n;
SELECT top_share(customer_base(1), 0.2) AS no_amounts, gini(customer_base(1)) AS gini;
SELECT top_share(customer_base(1, now(), 1.0), 1.5);
SELECT top_share(customer_base(1, now(), 1.0), 'NaN');
SELECT abs(gini(b) - gini(s)) < 0.05 AS gini, abs(top_share(b, 0.2) - top_share(s, 0.2)) < 0.05 AS top
FROM (SELECT customer_base(customer_id, ordered_at, amount) AS b, customer_base_sample(customer_id, ordered_at, amount, 2000) AS s FROM simulate_orders(10000, '2 years', 3)) o;

-- The whole curve. By hand: 100, 50, 30, 20, then in thirds.
CREATE TABLE four AS SELECT customer_base(c, now(), a) AS b FROM (VALUES ('a', 60.00), ('a', 40.00), ('b', 50.00), ('c', 35.00), ('c', -5.00), ('d', 20.00)) v (c, a);
SELECT r.* FROM four, revenue_concentration(b, 4) r;
SELECT round(percentile::numeric, 4) AS percentile, round(customers::numeric, 4) AS customers, round(share_of_customers::numeric, 4) AS share_of_customers, revenue,
	   round(share_of_revenue::numeric, 6) AS share_of_revenue FROM four, revenue_concentration(b, points => 3);
SELECT r.* FROM four, revenue_concentration(b, 1) r;
SELECT count(*) AS rows, min(percentile) AS first, max(percentile) AS last, bool_and(percentile = n) AS whole FROM four, revenue_concentration(b) WITH ORDINALITY r (percentile, customers, share_of_customers, revenue, share_of_revenue, n);
SELECT (revenue_concentration(b, 2)).* FROM four;
-- Halves go away from zero: 0.01 / 2, -0.03 / 2. Refunds make the revenue fall again.
SELECT a, revenue, share_of_revenue FROM (VALUES ('{0.01}'::numeric[]), ('{0.01,-0.01}'), ('{-0.03}'), ('{5,-5}'), ('{0}'), ('{3,-7,2}')) v (a),
	LATERAL (SELECT customer_base(c, now(), x) AS b FROM unnest(a) WITH ORDINALITY u (y, c), LATERAL (VALUES (0), (y)) w (x)) s, revenue_concentration(b, 2);
-- Amounts of any size, some with the same float8; each share is top_share's. Some
-- of the random ones only gave something back, so the others bring more than all.
INSERT INTO shops SELECT 'wide, close', c, 1e25 + abs(hashint4(c)) % 5000 * 0.01 FROM generate_series(1, 997) c;
INSERT INTO shops SELECT 'wide, below 0', c, a FROM generate_series(1, 90) c, LATERAL (VALUES (0), (hashint4(c) * 1e15 + c * 0.001)) v (a);
INSERT INTO shops SELECT 'one is rich', c, CASE c WHEN 33 THEN 1e300 ELSE hashint4(c) & 1023 END FROM generate_series(1, 100) c;
INSERT INTO shops SELECT 'tiny', c, 1e-60 * c + 1e-61 * (c % 7) FROM generate_series(1, 100) c;
INSERT INTO shops SELECT 'random', abs(hashint4(n)) % 2500, (hashint4extended(n, 7) % 100000) / 100.0 + 200 FROM generate_series(1, 10000) n;
CREATE TABLE curves AS
SELECT shop, points, b, r.* FROM (SELECT shop, customer_base(customer, timestamp '2024-01-01', amount) AS b FROM shops GROUP BY shop) s,
	unnest('{1,3,7,100}'::int[]) points, revenue_concentration(b, points) r;
WITH customers AS (
	SELECT shop, customer, sum(amount) AS s FROM shops GROUP BY shop, customer HAVING count(*) FILTER (WHERE amount >= 0) > 0),
ranked AS (
	SELECT shop, s, row_number() OVER (PARTITION BY shop ORDER BY s DESC) - 1 AS above, count(*) OVER (PARTITION BY shop) AS n, max(scale(s)) OVER (PARTITION BY shop) AS digits FROM customers),
truth AS (
	SELECT shop, points, i, round(sum(s * least(greatest(n * i - above * points, 0), points)) / points, max(digits)) AS revenue, max(n) * i / points::float8 AS customers
	FROM ranked, unnest('{1,3,7,100}'::int[]) points, generate_series(1, points) i GROUP BY shop, points, i)
SELECT shop, count(*) AS rows, bool_and(c.revenue = t.revenue AND scale(c.revenue) = scale(t.revenue)) AS revenue,
	   bool_and(abs(c.customers - t.customers) <= 1e-12 * t.customers) AS customers, bool_and(share_of_customers = i / points::float8 AND percentile = 100 * i / points::float8) AS steps,
	   bool_and(share_of_revenue IS NOT DISTINCT FROM top_share(b, share_of_customers)) AS share,
	   bool_and(c.revenue = revenue(b)) FILTER (WHERE i = points) AS last_is_all
FROM truth t FULL JOIN curves c USING (shop, points) WHERE i IS NULL OR round(percentile * points / 100) = i GROUP BY shop ORDER BY shop COLLATE "C";
-- Of any kind of base; who only gave something back is no customer and brings nothing.
SELECT size, count(*) AS bases, bool_and(rows = 10) AS rows, bool_and(customers) AS customers, bool_and(share) AS share, bool_and(revenue) AS revenue
FROM (SELECT w.size, w.arguments, count(*) AS rows, max(r.customers) = customers(b) AS customers, bool_and(r.share_of_revenue IS NOT DISTINCT FROM top_share(b, r.share_of_customers)) AS share,
			 CASE WHEN revenue(b) IS NULL THEN count(r.revenue) = 0
				  WHEN size IS DISTINCT FROM 16 AND size IS DISTINCT FROM 200 THEN max(r.revenue) FILTER (WHERE percentile = 100) = all_customers.revenue
				  ELSE bool_and(abs(r.revenue / all_customers.revenue - r.share_of_revenue::numeric) < 0.2) END AS revenue
	  FROM wholes w, revenue_concentration(b, 10) r,
		   (SELECT sum(s) AS revenue FROM (SELECT sum(a_numeric) AS s FROM orders WHERE c_int8 IS NOT NULL GROUP BY c_int8 HAVING count(*) FILTER (WHERE a_numeric >= 0) > 0) s) all_customers
	  GROUP BY w.size, w.arguments, customers(b), revenue(b), all_customers.revenue) s GROUP BY size ORDER BY size;
-- A sample, by its definition.
SELECT d.key, d.size, count(*) AS rows, bool_and(r.revenue = round(top.s * t.revenue / (SELECT sum(x) FROM unnest(d.revenues) x), scale(t.revenue))) AS revenue
FROM defined d JOIN wholes w ON w.arguments = d.key || ', t_timestamp, a_numeric' AND w.size = d.size, totals t, revenue_concentration(b, d.customers::int) r,
	LATERAL (SELECT sum(x) AS s FROM (SELECT x FROM unnest(d.ns, d.revenues) u (n, x) WHERE n > 0 ORDER BY x DESC LIMIT round(r.share_of_customers * d.customers)) u) top
WHERE d.size < 5000 GROUP BY d.key, d.size ORDER BY d.size, d.key;
SELECT key, r.revenue = revenue(without_customers_of(a, b)) AS selected FROM pairs, revenue_concentration(without_customers_of(a, b), 50) r WHERE size = 600 AND percentile = 100 ORDER BY key;
-- Nobody, nothing known of amounts, a sample of nothing.
SELECT count(*) AS rows FROM revenue_concentration(NULL);
SELECT count(*) AS rows FROM four, revenue_concentration(b, NULL);
SELECT count(*) AS rows FROM revenue_concentration((SELECT customer_base(NULL::int8, now(), 1.0)));
SELECT count(*) AS rows FROM revenue_concentration((SELECT customer_base(1, now(), -1.0)));
SELECT * FROM revenue_concentration((SELECT customer_base(c) FROM generate_series(1, 3) c), 2);
SELECT r.* FROM (SELECT customer_base_sample(c, now(), 0.0, 16) AS b FROM generate_series(1, 100) c) s, revenue_concentration(b, 1) r;
SELECT revenue_concentration(b, 0) FROM four;
SELECT revenue_concentration(b, -1) FROM four;
SELECT revenue_concentration(b, 10001) FROM four;
SELECT count(*) AS rows, bool_and(share_of_revenue = top_share(b, share_of_customers)) AS same FROM four, revenue_concentration(b, 10000);

SELECT arguments, size, count(*) AS rows, sum(d.customers) = customers(b) AS customers, round(sum(share_of_customers)::numeric, 9) AS share, sum(d.orders * d.customers) = orders(b) AS orders, bool_and(d.share_of_customers > 0) AS no_gaps
FROM wholes, order_count_distribution(b) d WHERE arguments IN ('c_text', 'c_int8, t_date, a_numeric') AND (size IS NULL OR size = 5000) GROUP BY arguments, size, customers(b), orders(b) ORDER BY 1, 2;
SELECT * FROM order_count_distribution((SELECT customer_base(c) FROM unnest('{1,1,1,2,3,3,3,4,5,5,NULL}'::int[]) c));
SELECT d.orders, abs(d.customers::numeric / 1500 - 1) < 0.15 AS about_half, round(d.share_of_customers::numeric, 1) AS share
FROM order_count_distribution((SELECT customer_base_sample(c % 3000, 500) FROM generate_series(1, 4500) c)) d;
SELECT * FROM order_count_distribution(NULL);
SELECT * FROM order_count_distribution((SELECT customer_base(NULL::int8)));

SET client_min_messages = error;
DROP SCHEMA value CASCADE;
