-- What functions cost, and that accessors read no more than a header.
SET client_min_messages = warning;
SET timezone = 'UTC';

-- Nothing is as cheap as an operator but what reads the row alone, and nothing
-- has the cost that a language has by default.
SELECT p.oid::regprocedure AS cheap, procost
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'retention'
WHERE prokind = 'f' AND procost < 2 AND proname NOT IN ('period_start', 'rfm_score', '_retention_row_counts', '_retention_is_past') AND prorettype NOT IN ('internal'::regtype, 'trigger'::regtype)
	-- what refuses a call is never called
	AND proname !~ '^_retention_no_(span|number)' AND NOT EXISTS (SELECT FROM pg_proc s WHERE s.oid = p.prosupport AND s.proname = '_retention_refuse_support')
ORDER BY 1;
SELECT p.oid::regprocedure AS by_default, procost
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'retention'
WHERE prokind = 'f' AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql') AND procost = 100
ORDER BY 1;
-- What returns rows says how many; 1000 is the default, and of two it is so.
SELECT p.oid::regprocedure AS rows_by_default
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'retention'
WHERE proretset AND prorows = 1000 AND prosrc <> 'retention_refuse_call' ORDER BY proname;
-- A function of all of a value costs more than one of its header.
SELECT bool_and(procost >= 1000) AS whole_values FROM pg_proc
WHERE proargtypes[0] = 'purchase_history'::regtype AND proname IN ('order_gap', 'customer_base', 'cohort_retention', 'cohort_average', 'lifecycle', 'repeat_within', 'value_within', 'revenue_movements', 'order_ladder', 'time_to_order', 'active_life', 'customer_list', 'repeat_buying', 'repeat_spend')
	OR proargtypes[0] = 'customer_base'::regtype AND proname IN ('gini', 'top_share', 'standard_error', 'only_customers_of', 'without_customers_of', 'revenue_concentration', 'order_count_distribution');

-- Stored values: one a day, each of a few hundred kilobytes; and with sums of
-- thousands of digits, whose header is longer than what is brought first, plain
-- and compressed.
CREATE TEMP TABLE stored (day int, base customer_base, history purchase_history, lives survival_histogram);
INSERT INTO stored
SELECT day, customer_base(c, t, a), purchase_history(c, t, a, 'day', 'UTC'), survival(c::float8 / 3, c % 2 = 0)
FROM generate_series(1, 4) day, generate_series(1, 20000) c,
	 LATERAL (SELECT timestamptz '2024-01-01 UTC' + c % 97 * interval '1 day', 12345678901234 + (c % 991)::numeric / 100) o (t, a)
GROUP BY day;
CREATE TEMP TABLE wide (LIKE stored);
INSERT INTO wide SELECT digits, customer_base(c, timestamptz '2024-01-01 UTC', a), purchase_history(c, timestamptz '2024-01-01 UTC', a, 'day', 'UTC'), NULL
FROM unnest(ARRAY[100, 9000]) digits, LATERAL (SELECT nullif(c, 0), ('1e' || digits)::numeric * 7 + c FROM generate_series(0::int8, 40) c) o (c, a)
GROUP BY digits;

CREATE FUNCTION pg_temp.heads(b customer_base, h purchase_history, s survival_histogram) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', customers(b), orders(b), refunds(b), guest_orders(b), guest_refunds(b), md5(concat(revenue(b), refunded(b), guest_revenue(b), aov(b), customer_value(b))),
		round(purchase_frequency(b)::numeric, 6), repeat_rate(b), lifetime_span(b), first_order(b), last_order(b), is_exact(b), sample_size(b), md5(concat(clv(b, lifespan => '2 years'))),
		md5(concat(clv_breakdown(b))), md5(concat(history_info(h))), subjects(s), events(s))
$$;
SELECT DISTINCT pg_temp.heads(base, history, lives) FROM stored;
-- the same, of values in memory
SELECT count(DISTINCT h), bool_and(h = (SELECT pg_temp.heads(base, history, lives) FROM stored LIMIT 1)) AS same
FROM (SELECT pg_temp.heads(base::text::customer_base, history::text::purchase_history, lives::text::survival_histogram) FROM stored) a (h);
CREATE TEMP TABLE compressed (LIKE wide);
ALTER TABLE compressed ALTER base SET STORAGE extended, ALTER history SET STORAGE extended, ALTER lives SET STORAGE extended;
-- as values of their own: what is copied from a table stays as it was stored there
INSERT INTO compressed SELECT day, base::text::customer_base, history::text::purchase_history, lives FROM wide;
SELECT day, pg_column_size(w.base) > 0.9 * octet_length(_retention_customer_base_send(w.base)) AS plain, pg_column_size(c.base) < 0.9 * octet_length(_retention_customer_base_send(c.base)) AS compressed,
	   pg_column_size(w.history) > 0.9 * octet_length(_retention_purchase_history_send(w.history)) AS plain, pg_column_size(c.history) < 0.9 * octet_length(_retention_purchase_history_send(c.history)) AS compressed
FROM wide w JOIN compressed c USING (day);
SELECT day, pg_temp.heads(w.base, w.history, w.lives) = pg_temp.heads(w.base::text::customer_base, w.history::text::purchase_history, w.lives) AS plain_same,
	   pg_temp.heads(c.base, c.history, c.lives) = pg_temp.heads(w.base, w.history, w.lives) AS compressed_same,
	   length(trunc(revenue(w.base))::text), length(trunc((history_info(w.history)).revenue)::text)
FROM wide w JOIN compressed c USING (day);

-- How many blocks of a TOAST table does a query touch, of values that take some
-- hundreds?
CREATE FUNCTION pg_temp.blocks(query text) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT json) ' || query INTO plan;
	RETURN (plan->0->'Plan'->>'Local Hit Blocks')::int8 + (plan->0->'Plan'->>'Local Read Blocks')::int8;
END
$$;
SELECT name, pg_temp.blocks(format('SELECT %s FROM stored', call)) / 4 < 20 AS few
FROM unnest(ARRAY['customers', 'orders', 'refunds', 'guest_orders', 'guest_refunds', 'revenue', 'refunded', 'guest_revenue', 'aov', 'customer_value', 'purchase_frequency',
	'repeat_rate', 'lifetime_span', 'first_order', 'last_order', 'is_exact', 'sample_size', 'clv', 'clv_breakdown', 'history_info', 'subjects', 'events']) name,
	 LATERAL (SELECT format('%s(%s)', name, CASE name WHEN 'history_info' THEN 'history' WHEN 'subjects' THEN 'lives' WHEN 'events' THEN 'lives' ELSE 'base' END)) c (call)
ORDER BY NOT pg_temp.blocks(format('SELECT %s FROM stored', call)) / 4 < 20 DESC, name;
SELECT pg_temp.blocks('SELECT gini(base) FROM stored') / 4 > 50 AS all_of_it;

-- One row of many is asked, and the others are not.
ANALYZE stored;
EXPLAIN (COSTS OFF, VERBOSE) SELECT day, repeat_rate(base) FROM stored ORDER BY day DESC LIMIT 1;
SELECT pg_temp.blocks('SELECT day, repeat_rate(base), gini(base) FROM stored ORDER BY day DESC LIMIT 1')
	< pg_temp.blocks('SELECT gini(base) FROM stored') / 2 AS after_the_limit;

-- A compressed value is decompressed once, not anew for each piece that is read
-- of it: who fetches it whole touches as many blocks.
CREATE TEMP TABLE long (history purchase_history);
ALTER TABLE long ALTER history SET STORAGE extended;
INSERT INTO long SELECT purchase_history(c, date '2020-01-01' + d * 2, 12345678901234.00 + c % 7, 'day') FROM generate_series(1, 200) c, generate_series(1, 1500) d;
SELECT octet_length(_retention_purchase_history_send(history)) > 2000000 AS long, pg_column_size(history) < 0.7 * octet_length(_retention_purchase_history_send(history)) AS compressed FROM long;
SELECT pg_temp.blocks('SELECT order_gap(history) FROM long') < 1.2 * pg_temp.blocks('SELECT octet_length(_retention_purchase_history_send(history)) FROM long') AS once;
