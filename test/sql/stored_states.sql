-- Running states that are stored, or go from one process to another: an
-- aggregate that somebody makes of our transition functions without a final
-- function has them for values.  Each is flattened as large as it says it is,
-- and read back as what it was.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
CREATE SCHEMA stored_states;
SET search_path = stored_states, public;

-- Few orders and many, of one partition and of several; customers are of one partition or not.
CREATE TABLE orders (
	n int, size text, part int, customer int8, key_text text, key_uuid uuid, at timestamptz, amount numeric
) PARTITION BY LIST (part);
CREATE TABLE orders_0 PARTITION OF orders FOR VALUES IN (0) WITH (parallel_workers = 2);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES IN (1) WITH (parallel_workers = 2);
INSERT INTO orders
SELECT n, CASE WHEN n <= 30 THEN 'few' ELSE 'many' END, n % 2, k, 'customer ' || k, md5(k::text)::uuid,
	   timestamptz '2024-01-01' + n * n % 5003 * interval '1 hour',
	   CASE WHEN n % 7 = 0 THEN -n ELSE n * 1.25 END * CASE WHEN n % 1000 = 17 THEN 1e20 ELSE 1 END
FROM (SELECT n, CASE WHEN n % 19 <> 0 THEN n * 7919::int8 % 4001 END AS k FROM generate_series(1, 7000) n) s;
ANALYZE orders;

-- The transition functions that have one of our states, one for each kind of it,
-- with their arguments made from the columns by name and type.
CREATE FUNCTION argument(name text, type regtype) RETURNS text LANGUAGE sql AS $f$
	SELECT CASE name
		WHEN 'customer' THEN CASE type WHEN 'int8'::regtype THEN 'customer' WHEN 'uuid'::regtype THEN 'key_uuid' ELSE format('key_text::%s', type) END
		WHEN 'inputs' THEN 'ROW(n % 3, n % 3, n % 90 + 3, 5.5, n % 3 * 0.5, 4, NULL)::rfm_inputs'
		WHEN 'ordered_at' THEN format('at::%s', type)
		WHEN 'amount' THEN format('amount::%s', type)
		WHEN 'is_order' THEN 'n % 5 <> 0'
		WHEN 'kept' THEN 'n % 7 <> 0'
		WHEN 'row_count' THEN '1 + n % 3'
		WHEN 'order_id' THEN CASE type WHEN 'uuid'::regtype THEN 'md5(n::text)::uuid' ELSE format('n::%s', type) END
		WHEN 'sample_size' THEN '2000'
		WHEN 'period' THEN $$'day'$$
		WHEN 'time_zone' THEN $$'America/New_York'$$
		WHEN 'as_of' THEN $$date '2030-01-01'$$
		WHEN 'after' THEN $$date '2024-01-05'$$
		WHEN 'until' THEN $$date '2024-06-05'$$
		WHEN 'duration' THEN CASE type WHEN 'interval'::regtype THEN 'n % 1700 * interval ''12 hours''' ELSE format('(n %% 1700 * 0.5)::%s', type) END
		WHEN 'event' THEN CASE type WHEN 'int8'::regtype THEN '(n % 3 = 0)::int::int8' ELSE format('(n %% 3 = 0)::%s', type) END
		WHEN 'period_index' THEN 'n'
		WHEN 'survivors' THEN CASE WHEN type IN ('int4[]'::regtype, 'int8[]'::regtype) THEN format('ARRAY[1000 + n, 700, 500]::%s', type) ELSE '1000000 - n' END
		WHEN 'model' THEN '''bdw'''
		END
$f$;
CREATE TABLE transitions AS
SELECT DISTINCT ON (a.aggtranstype, f.proargnames, 'text'::regtype = ANY (f.proargtypes)) f.oid AS transition, a.aggtranstype::regtype AS type, a.aggcombinefn::regproc AS combine,
	   (SELECT array_agg(t::regtype ORDER BY n) FROM unnest(f.proargtypes) WITH ORDINALITY u (t, n) WHERE n > 1) AS types,
	   f.proargnames[2:] AS names
FROM pg_aggregate a JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = a.aggfnoid AND d.deptype = 'e'
JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'retention'
JOIN pg_proc f ON f.oid = a.aggtransfn
WHERE f.proargnames IS NOT NULL AND NOT ('time_zone' = ANY (f.proargnames) AND NOT 'timestamptz'::regtype = ANY (f.proargtypes))
ORDER BY a.aggtranstype, f.proargnames, 'text'::regtype = ANY (f.proargtypes), '"char"'::regtype = ANY (f.proargtypes), f.oid::regprocedure::text COLLATE "C";
-- a new argument, of which nothing is known here
SELECT transition::regprocedure, name FROM transitions, unnest(names, types) u (name, argument_type) WHERE argument(name, argument_type) IS NULL;

-- Each way to make them.  In a partitionwise plan the partial states of the
-- partitions are flattened where they pass another node, in a parallel plan always.
CREATE TABLE results (transition oid, size text, ways int, different_ones int);
CREATE PROCEDURE make(t transitions) LANGUAGE plpgsql AS $$
DECLARE
	state text := format('%I', 'state_' || t.transition);
	arguments text;
	s text;
	way text;
BEGIN
	EXECUTE format('CREATE AGGREGATE %s (%s) (SFUNC = %s, STYPE = %s, COMBINEFUNC = %s, PARALLEL = SAFE)',
				   state, array_to_string(t.types, ', '), t.transition::regproc, t.type, t.combine);
	SELECT string_agg(argument(name, type), ', ') INTO STRICT arguments FROM unnest(t.names, t.types) u (name, type);
	FOREACH s IN ARRAY '{few, many}'::text[] LOOP
		EXECUTE format('CREATE TABLE kept (state %s, text text)', t.type);
		FOREACH way IN ARRAY '{plain, partitionwise, parallel}'::text[] LOOP
			PERFORM set_config('enable_partitionwise_aggregate', (way = 'partitionwise')::text, true),
				set_config('max_parallel_workers_per_gather', CASE WHEN way = 'parallel' THEN '2' ELSE '0' END, true);
			EXECUTE format('CREATE TABLE made AS SELECT state, state::text AS text FROM (SELECT %s(%s) AS state FROM orders WHERE size = %L) m',
						   state, arguments, s);
			INSERT INTO kept TABLE made;
			DROP TABLE made;
		END LOOP;
		-- and a stored one that goes on as a state
		EXECUTE format('INSERT INTO kept SELECT state, state::text AS text FROM (SELECT %s(NULL, state) AS state FROM kept LIMIT 1) m', t.combine);
		EXECUTE format('INSERT INTO results SELECT %s, %L, count(state), count(DISTINCT state::text) + count(*) FILTER (WHERE state::text <> text) FROM kept',
					   t.transition, s);
		DROP TABLE kept;
	END LOOP;
EXCEPTION WHEN OTHERS THEN
	RAISE 'transition function %, % orders, %: %', t.transition::regprocedure, s, way, SQLERRM;
END
$$;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
DO $$
DECLARE
	t transitions;
BEGIN
	FOR t IN SELECT * FROM transitions ORDER BY transition::regprocedure::text LOOP
		CALL make(t);
	END LOOP;
END
$$;
SELECT size, count(*) = (SELECT count(*) FROM transitions) AS all_of_them, bool_and(ways = 4) AS all_ways, count(*) FILTER (WHERE different_ones <> 1) AS different_ones
FROM results GROUP BY size ORDER BY size;

-- What a state has room for beyond its entries is stored with it, so nobody
-- else's memory may be in it: it's made of nothing but zeros there.
CREATE FUNCTION raw(survival_histogram) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
CREATE FUNCTION raw(purchase_history) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
CREATE FUNCTION raw(_retention_timeline) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
CREATE AGGREGATE survival_state(float8, bool) (SFUNC = _retention_survival_add, STYPE = survival_histogram);
CREATE AGGREGATE history_state(int8, date, text) (SFUNC = _retention_purchase_history_add, STYPE = purchase_history);
CREATE AGGREGATE log_state(date) (SFUNC = _retention_timeline_add, STYPE = _retention_timeline);
-- groups, so that the memory of one has been another's; of 10 or 11 rows, and of 8, for which there is room to spare
CREATE TABLE states AS
SELECT raw(survival_state(n, true)) AS state FROM generate_series(1, 20000) n GROUP BY n % 1900
UNION ALL
SELECT raw(history_state(n, date '2024-01-01', 'day')) FROM generate_series(1, 20000) n GROUP BY n % 1900
UNION ALL
SELECT raw(log_state(date '2024-01-01' + n)) FROM generate_series(1, 20000) n GROUP BY n % 2500;
SELECT count(*) FILTER (WHERE substr(state, length(state) - 7) <> '\x0000000000000000') AS not_zero FROM states;

-- A large state goes when its value is made, unless somebody asks for it again: another aggregate of the same
-- rows, one that has no final function, a rescan of groups that are kept, the next row of a query around it.
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION days_of(purchase_history) RETURNS int8 LANGUAGE sql IMMUTABLE AS 'SELECT occasions FROM history_info($1)';
CREATE AGGREGATE history_days(int8, timestamptz, text) (SFUNC = _retention_purchase_history_add, STYPE = purchase_history, FINALFUNC = days_of);
CREATE AGGREGATE history_state(int8, timestamptz, text) (SFUNC = _retention_purchase_history_add, STYPE = purchase_history);
CREATE TABLE wholes AS
SELECT purchase_history(customer, at, 'day') AS h, customer_base(customer, at) AS b, repeat_rate(customer) AS r FROM orders;
SELECT (SELECT repeat_rate(b) = r FROM wholes) AS rate, pg_column_size(h) > 40000 AS large, pg_column_size(b) > 20000 AS large_base FROM wholes;
SELECT history_state(customer, at, 'day') = h AS state, purchase_history(customer, at, 'day') = h AS value, history_days(customer, at, 'day') = (history_info(h)).occasions AS days,
	   customer_base(customer, at) = b AS base, customers(customer_base(customer, at)) = customers(b) AS asked, repeat_rate(customer) = r AS rate, customer_base(customer) = customer_base(customer) AS twice
FROM orders, wholes GROUP BY h, b, r;
SELECT purchase_history(customer, at, 'day') = (SELECT h FROM wholes) AS value, history_days(customer, at, 'day') > 5000 AS days, customer_base(customer, at) = (SELECT b FROM wholes) AS base, customers(customer_base(customer)) AS asked, repeat_rate(customer) = (SELECT r FROM wholes) AS rate
FROM orders;
-- once more, for each row, of the same and of other rows
SELECT n, (SELECT purchase_history(customer, at, 'day') = h FROM orders) AS same, (SELECT (history_info(purchase_history(customer, at, 'day'))).orders < (history_info(h)).orders FROM orders WHERE orders.n > 1000 * i.n) AS others
FROM generate_series(1, 3) AS i (n), wholes ORDER BY n;
SET enable_material = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_sort = off;
SELECT count(*), count(DISTINCT g.h), bool_and(g.h IS NOT NULL) AS all_of_them
FROM generate_series(1, 3) AS i (n) LEFT JOIN (SELECT part, purchase_history(customer, at, 'day') AS h FROM orders GROUP BY part) AS g ON g.part < i.n;
DROP SCHEMA stored_states CASCADE;
