-- What a group of a GROUP BY takes: the memory of a hash aggregate over 1,000
-- groups, as EXPLAIN ANALYZE tells it, for each group, by the number of customers
-- in one.  A customer has three orders, in three months.
SET jit = off;
SET work_mem = '2GB';
SET hash_mem_multiplier = 2;
SET max_parallel_workers_per_gather = 0;
SET enable_sort = off;

CREATE FUNCTION pg_temp.bytes_a_group(call text, customers int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE format($q$EXPLAIN (ANALYZE, TIMING OFF, FORMAT json)
		SELECT g, %s FROM (
			SELECT g, c * 1000 + g AS customer, 'customer ' || c * 1000 + g AS name,
				timestamptz '2024-01-01 12:00 UTC' + (c * 31 + g * 7 + o * 40) %% 365 * interval '1 day' AS ordered_at,
				((c * 37 + g * 11 + o) %% 20000)::numeric / 100 AS amount
			FROM generate_series(1, 3) o, generate_series(1, %s) c, generate_series(1, 1000::int8) g) rows
		GROUP BY g$q$, call, customers) INTO plan;
	RETURN (plan->0->'Plan'->>'Peak Memory Usage')::float8 * 1024 / 1000;
END
$$;

\pset format unaligned
\pset fieldsep ' | '
\pset tuples_only on
SELECT '| customers in a group | ' || string_agg(customers::text, ' | ' ORDER BY customers) || ' |' FROM unnest(ARRAY[1, 3, 10, 30, 100, 300, 800]) customers
UNION ALL SELECT '| --- | --- | --- | --- | --- | --- | --- | --- |';
SELECT format('| %s | ', label) || string_agg(CASE WHEN bytes < 2048 THEN round(bytes) || ' B' ELSE round(bytes::numeric / 1024, CASE WHEN bytes < 20480 THEN 1 ELSE 0 END) || ' kB' END, ' | ' ORDER BY customers) || ' |'
FROM (VALUES (1, '`repeat_rate(customer)`', 'repeat_rate(customer)'),
	(2, '`customer_base(customer, ordered_at, amount)`', 'customer_base(customer, ordered_at, amount)'),
	(3, 'the same, text key', 'customer_base(name, ordered_at, amount)'),
	(4, '`purchase_history(..., ''day'')`', 'purchase_history(customer, ordered_at, amount, ''day'', ''UTC'')')) a (nr, label, call),
	 unnest(ARRAY[1, 3, 10, 30, 100, 300, 800]) customers,
	 LATERAL (SELECT pg_temp.bytes_a_group(call, customers)) b (bytes)
GROUP BY nr, label ORDER BY nr;
