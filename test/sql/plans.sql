-- Plans and the ways a query can be run: the answer is always the same.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
CREATE SCHEMA plans;
SET search_path = plans, public;

CREATE TABLE orders (customer int8, shop int, at timestamptz, amount numeric(12, 2));
INSERT INTO orders
SELECT n * n % 1009, n % 10, timestamptz '2024-01-01' + n * interval '1 hour', (n % 97) * 1.25 - 5 FROM generate_series(1, 10000) n;
CREATE TABLE parts (LIKE orders) PARTITION BY LIST (shop);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0, 1, 2, 3, 4);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (5, 6, 7, 8, 9);
INSERT INTO parts TABLE orders;
ANALYZE orders, parts;

-- All the metrics at once, as text.
CREATE FUNCTION metrics(source text) RETURNS text LANGUAGE sql AS $$
	SELECT 'SELECT concat_ws('' '', aov(amount), purchase_frequency(customer), repeat_rate(customer), customer_value(customer, amount),
			lifetime_span(at), lifetime_span(customer, at), clv(at, amount), clv(customer, at, amount),
			md5(customer_base(customer)::text), md5(customer_base(customer, at)::text), md5(customer_base(customer, at, amount)::text)) AS answer ' || source
$$;
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END
$$;
-- Which of the words does the plan have?
CREATE FUNCTION has(query text, VARIADIC words text[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(word, ', ' ORDER BY n)
	FROM unnest(words) WITH ORDINALITY u (word, n), (SELECT string_agg(plan, E'\n') AS plan FROM plan(query)) p
	WHERE plan LIKE '%' || word || '%'
$$;
CREATE FUNCTION run(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE query;
END
$$;
CREATE TABLE answers AS
SELECT 'all' AS what, run AS answer FROM run(metrics('FROM orders'))
UNION ALL SELECT 'shops', string_agg(run, ';' ORDER BY run COLLATE "C") FROM run(metrics('FROM orders GROUP BY shop'))
UNION ALL SELECT 'customers', md5(string_agg(run, ';' ORDER BY run COLLATE "C")) FROM run(metrics('FROM orders GROUP BY customer'));
-- Each way of asking must give these.
CREATE FUNCTION same(what text, source text) RETURNS bool LANGUAGE sql AS $$
	SELECT (SELECT answer FROM answers a WHERE a.what = same.what) =
		(SELECT CASE what WHEN 'customers' THEN md5(string_agg(run, ';' ORDER BY run COLLATE "C")) ELSE string_agg(run, ';' ORDER BY run COLLATE "C") END FROM run(metrics(source)))
$$;

-- ---------------------------------------------------------------------------
-- Serial, parallel, partition by partition; sorted and hashed.
-- ---------------------------------------------------------------------------

SET max_parallel_workers_per_gather = 0;
SELECT has(metrics('FROM orders'), 'Partial Aggregate', 'Gather'), same('all', 'FROM orders');
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET cpu_tuple_cost = 10;
SET jit = off;
-- Nor may the planner see how much there will be to merge.
ALTER TABLE orders SET (parallel_workers = 2), ALTER customer SET (n_distinct = 10);
ANALYZE orders;
SELECT has(metrics('FROM orders'), 'Finalize Aggregate', 'Gather', 'Partial Aggregate'), same('all', 'FROM orders');
SELECT has(metrics('FROM orders GROUP BY shop'), 'Finalize', 'Gather', 'Partial'), same('shops', 'FROM orders GROUP BY shop');
SET parallel_leader_participation = off;
SELECT same('all', 'FROM orders'), same('shops', 'FROM orders GROUP BY shop');
RESET parallel_leader_participation;
-- Workers that see no row, and all of them.
SELECT has('SELECT repeat_rate(customer) FROM orders WHERE amount * 1 > 1000000', 'Partial Aggregate'), count(*) AS rows, count(r) AS not_null
FROM (SELECT repeat_rate(customer) AS r FROM orders WHERE amount * 1 > 1000000) s;
SELECT repeat_rate(customer), purchase_frequency(customer), customers(customer_base(customer)) FROM orders WHERE at + interval '0' < '2024-01-01 03:00';
-- What can't be parallel isn't: DISTINCT and ORDER BY.
SELECT has('SELECT repeat_rate(DISTINCT customer) FROM orders', 'Partial Aggregate') AS "distinct",
	   has('SELECT repeat_rate(customer ORDER BY at) FROM orders', 'Partial Aggregate') AS "order by";
RESET cpu_tuple_cost;
SET max_parallel_workers_per_gather = 0;

SET enable_partitionwise_aggregate = on;
SELECT same('all', 'FROM parts');
SELECT (SELECT min(n) FILTER (WHERE plan LIKE '%Append%') < min(n) FILTER (WHERE plan LIKE '%Aggregate%')
		FROM plan(metrics('FROM parts GROUP BY shop')) WITH ORDINALITY p (plan, n)) AS by_partition, same('shops', 'FROM parts GROUP BY shop');
SELECT same('customers', 'FROM parts GROUP BY customer');
RESET enable_partitionwise_aggregate;

SET enable_sort = off;
SELECT has(metrics('FROM orders GROUP BY customer'), 'HashAggregate', 'GroupAggregate', 'Sort'), same('customers', 'FROM orders GROUP BY customer');
SET work_mem = '64kB';
SELECT has(metrics('FROM orders GROUP BY customer'), 'HashAggregate', 'GroupAggregate', 'Sort'), same('customers', 'FROM orders GROUP BY customer'), same('all', 'FROM orders');
RESET work_mem;
RESET enable_sort;
SET enable_hashagg = off;
SELECT has(metrics('FROM orders GROUP BY customer'), 'HashAggregate', 'GroupAggregate', 'Sort'), same('customers', 'FROM orders GROUP BY customer');
RESET enable_hashagg;
-- Many groups of few: as many states.
SELECT count(*) AS groups, sum(customers) AS customers, sum(orders) AS orders, count(*) FILTER (WHERE repeat_rate = 0) AS once
FROM (SELECT customers(customer_base(n)), orders(customer_base(n)), repeat_rate(n) FROM generate_series(1, 30000) n GROUP BY n % 20000) s;
-- JIT compiles what surrounds them.
SET jit = on;
SET jit_above_cost = 0;
SELECT same('all', 'FROM orders'), same('shops', 'FROM orders GROUP BY shop');
RESET jit;
RESET jit_above_cost;

-- ---------------------------------------------------------------------------
-- Aggregates over the same input share a state; answers don't depend on who
-- else is asked, in which order, or under which WHERE.
-- ---------------------------------------------------------------------------

CREATE FUNCTION alone(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT (%s)::text FROM orders WHERE shop = 1', call) INTO answer;
	RETURN answer;
END
$$;
CREATE TABLE calls AS SELECT call FROM (VALUES ('repeat_rate(customer)'), ('purchase_frequency(customer)'), ('customer_base(customer)'), ('customers(customer_base(customer))'),
	('lifetime_span(customer, at)'), ('customer_base(customer, at)'), ('clv(customer, at, amount)'), ('customer_base(customer, at, amount)'),
	('clv(customer_base(customer, at, amount), ''3 years'')'), ('clv(customer, at, amount::float8)'), ('aov(amount)'), ('aov(amount::float8)'),
	('clv(at, amount)'), ('lifetime_span(at)'), ('repeat_rate(customer) FILTER (WHERE amount > 50)')) v (call);
SELECT count(*) AS pairs,
	   count(*) FILTER (WHERE alone(format('concat_ws('' | '', %s, %s)', a.call, b.call)) = concat_ws(' | ', alone(a.call), alone(b.call))) AS same
FROM calls a, calls b;
-- Two aggregates of one transition function make one state: one call a row.
CREATE FUNCTION counted(customer_base, int8) RETURNS customer_base LANGUAGE plpgsql AS $$
BEGIN
	PERFORM nextval('transitions');
	RETURN _retention_customer_base_add($1, $2);
END
$$;
CREATE SEQUENCE transitions;
CREATE AGGREGATE counted_rate(int8) (SFUNC = counted, STYPE = customer_base, FINALFUNC = repeat_rate);
CREATE AGGREGATE counted_frequency(int8) (SFUNC = counted, STYPE = customer_base, FINALFUNC = purchase_frequency);
SELECT counted_rate(customer), counted_frequency(customer), nextval('transitions') - 1 AS transitions FROM orders WHERE shop = 1 AND customer < 100;
SELECT count(*) AS rows, repeat_rate(customer), purchase_frequency(customer) FROM orders WHERE shop = 1 AND customer < 100;

-- ---------------------------------------------------------------------------
-- Prepared, by cursor, in views, again and again.
-- ---------------------------------------------------------------------------

PREPARE shop_metrics(int, interval) AS
SELECT repeat_rate(customer), clv(customer_base(customer, at, amount), lifespan => $2) FROM orders WHERE shop = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE shop_metrics(3, '3 years');
EXECUTE shop_metrics(4, '1 year');
EXECUTE shop_metrics(99, '1 year');
SET plan_cache_mode = force_custom_plan;
EXECUTE shop_metrics(3, '3 years');
EXECUTE shop_metrics(4, '1 year');
RESET plan_cache_mode;
SELECT repeat_rate(customer), clv(customer_base(customer, at, amount), lifespan => '3 years') FROM orders WHERE shop = 3;

BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT shop, repeat_rate(customer), customers(customer_base(customer)) FROM orders WHERE shop < 3 GROUP BY shop ORDER BY shop;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
FETCH LAST FROM c;
FETCH ABSOLUTE 1 FROM c;
DECLARE running SCROLL CURSOR FOR SELECT at, customers(customer_base(customer) OVER (ORDER BY at)), repeat_rate(customer) OVER (ORDER BY at ROWS 2 PRECEDING) FROM orders;
MOVE 5000 FROM running;
FETCH 1 FROM running;
FETCH BACKWARD 2 FROM running;
-- The rest is never fetched.
DECLARE held CURSOR WITH HOLD FOR SELECT shop, customers(b), orders(b) FROM (SELECT shop, customer_base(customer, at, amount) AS b FROM orders GROUP BY shop) s ORDER BY shop;
COMMIT;
MOVE 2 FROM held;
FETCH 1 FROM held;
CLOSE held;

CREATE VIEW shops AS SELECT shop, customer_base(customer, at, amount) AS b, clv(customer, at, amount) FROM orders GROUP BY shop;
SELECT count(*) AS shops, count(*) FILTER (WHERE clv = clv(b)) AS same FROM shops;
CREATE MATERIALIZED VIEW stored AS SELECT * FROM shops;
SELECT count(*) AS shops, count(*) FILTER (WHERE stored.b::text = shops.b::text) AS same FROM stored JOIN shops USING (shop);
DELETE FROM orders WHERE shop = 9;
SELECT count(*) AS shops, count(*) FILTER (WHERE stored.b::text = shops.b::text) AS same FROM stored JOIN shops USING (shop);
REFRESH MATERIALIZED VIEW stored;
SELECT count(*) AS stored FROM stored;
INSERT INTO orders SELECT * FROM parts WHERE shop = 9;
-- A part of the customers and the rest are all.
CREATE AGGREGATE merged(customer_base) (SFUNC = _retention_customer_base_combine, STYPE = customer_base);
REFRESH MATERIALIZED VIEW stored;
SELECT merged(b)::text = (SELECT customer_base(customer, at, amount)::text FROM orders) AS same FROM stored;

-- Rescans: an aggregate for each row of something else, twice for some.
SELECT count(*) AS rows, count(DISTINCT answer) AS different_ones,
	   count(*) FILTER (WHERE answer = (SELECT concat(repeat_rate(customer), ' ', customers(customer_base(customer)), ' ', clv(customer, at, amount))
										FROM orders o WHERE o.shop = s.shop)) AS same
FROM (SELECT n % 10 AS shop FROM generate_series(0, 24) n) s,
	 LATERAL (SELECT concat(repeat_rate(customer), ' ', customers(customer_base(customer)), ' ', clv(customer, at, amount)) AS answer FROM orders o WHERE o.shop = s.shop OFFSET 0) a;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET work_mem = '64kB';
SELECT n, count(*) AS shops, sum(customers) AS customers
FROM generate_series(1, 3) n JOIN (SELECT shop, customers(customer_base(customer)) FROM orders GROUP BY shop OFFSET 0) s ON s.shop >= n GROUP BY n ORDER BY n;
RESET work_mem;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
-- In a correlated subquery, in a CTE, in RETURNING, in ORDER BY, of a join, of
-- nothing but an aggregate.
SELECT shop FROM orders o WHERE shop < 4 GROUP BY shop ORDER BY repeat_rate(customer) DESC, shop;
WITH bases AS MATERIALIZED (SELECT shop, customer_base(customer) AS b FROM orders WHERE shop < 2 GROUP BY shop)
SELECT a.shop, b.shop, customers(_retention_customer_base_combine(a.b, b.b)) FROM bases a, bases b ORDER BY 1, 2;
WITH gone AS (DELETE FROM parts WHERE shop = 9 RETURNING *) SELECT repeat_rate(customer), count(*) FROM gone;
SELECT max(r) >= min(r) AS nested FROM (SELECT repeat_rate(customer) AS r FROM orders GROUP BY shop) s;

-- In loops of a function, whose plans are kept; errors in between leave nothing.
DO $$
DECLARE
	c numeric;
	failed int := 0;
BEGIN
	FOR n IN 1..200 LOOP
		BEGIN
			SELECT clv(customer, at, amount) INTO c FROM orders WHERE shop = n % 10;
			IF c <> (SELECT clv(b) FROM stored WHERE shop = n % 10) THEN
				RAISE 'shop %: %', n % 10, c;
			END IF;
			PERFORM aov(CASE WHEN customer = 1008 THEN 'NaN' ELSE amount END), clv(customer, at, amount / (customer - n)) FROM orders;
		EXCEPTION WHEN numeric_value_out_of_range OR division_by_zero THEN
			failed := failed + 1;
		END;
	END LOOP;
	IF failed <> 200 THEN
		RAISE 'only % failed', failed;
	END IF;
END
$$;
DISCARD ALL;
SET search_path = plans, public;
SELECT repeat_rate(customer), purchase_frequency(customer) FROM orders;

SET client_min_messages = error;
DROP SCHEMA plans CASCADE;
