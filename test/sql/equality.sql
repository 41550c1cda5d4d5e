-- Equality of the extension's values: the same content is the same value, in
-- whatever form it is, and PostgreSQL can group, join, sort and index by it.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
CREATE SCHEMA equality;
SET search_path = equality, public;

-- Every type has all of it, and its rfm has what composite types have.
SELECT t.typname, count(*) FILTER (WHERE am.amname = 'btree') AS btree, count(*) FILTER (WHERE am.amname = 'hash') AS hash
FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'retention'
LEFT JOIN pg_opclass c ON c.opcintype = t.oid AND c.opcdefault LEFT JOIN pg_am am ON am.oid = c.opcmethod
WHERE t.typtype = 'b' AND t.typelem = 0 AND t.typname NOT IN ('_retention_no_span', '_retention_no_number') GROUP BY t.typname ORDER BY t.typname COLLATE "C";
SELECT opfname, amname, amvalidate(c.oid) FROM pg_opclass c JOIN pg_opfamily f ON f.oid = opcfamily JOIN pg_am a ON a.oid = opcmethod
JOIN pg_type t ON t.oid = opcintype JOIN pg_depend d ON d.classid = 'pg_opclass'::regclass AND d.objid = c.oid AND d.deptype = 'e'
WHERE NOT amvalidate(c.oid);

-- Five values of each type: the first two of the same rows in another order,
-- the others of other rows, the last one larger than the others.
CREATE TABLE orders AS
SELECT n, n % 7 AS shop, n * 7919 % 17 AS c, timestamptz '2024-01-01' + n % 400 * interval '1 day' AS t, (n % 90) * 1.25 AS a
FROM generate_series(1, 500) n;
CREATE FUNCTION rows_of(value int) RETURNS SETOF orders STABLE LANGUAGE sql AS $$
	SELECT * FROM orders WHERE CASE value WHEN 1 THEN n <= 40 WHEN 2 THEN n <= 40 WHEN 3 THEN n <= 41 WHEN 4 THEN n > 458 ELSE true END
	ORDER BY CASE value WHEN 2 THEN -n ELSE n END
$$;
CREATE AGGREGATE timeline(date, numeric, date) (SFUNC = _retention_timeline_add_summary, STYPE = _retention_timeline);
CREATE TABLE values_of AS
SELECT v, customer_base(c, t, a) AS base, purchase_history(c, t, a, 'day') AS history, survival(n % 30, n % 2 = 0) AS survival,
	   (SELECT repeat_buying(r) FROM (SELECT rfm_summary(t, '2025-12-31') FROM rows_of(v) GROUP BY c) s (r)) AS buying,
	   (SELECT repeat_spend(r) FROM (SELECT rfm_summary(t, a, '2025-12-31') FROM rows_of(v) GROUP BY c) s (r)) AS spend,
	   (SELECT renewals(p, 1000 - 9 * p - m) FROM (SELECT count(*) % 19 + 1 AS m FROM rows_of(v)) s, generate_series(0, m::int) p) AS renewals,
	   timeline(t::date, a, date '2025-12-31') AS log,
	   purchase_model('bg/nbd', format('{"r": %s, "alpha": 4, "a": 0.8, "b": 2.4}', 0.2 + count(*) / 1000.0)::jsonb, 'week') AS purchase_model,
	   spend_model(6 + count(*), 4, 15) AS spend_model, retention_model('sbg', format('{"a": %s, "b": 3}', count(*))::jsonb) AS retention_model
FROM generate_series(1, 5) v, rows_of(v) GROUP BY v;

CREATE VIEW types AS SELECT attname AS x, atttypid::regtype AS type, regexp_replace(atttypid::regtype::text, '^_retention_|_histogram$', '', 'g') AS name FROM pg_attribute WHERE attrelid = 'values_of'::regclass AND attnum > 1 ORDER BY attnum;

-- Grouped, in every way that there is; and all comparisons agree with each other
-- and with the bytes.
SELECT string_agg(format('SELECT %L AS type, (SELECT count(DISTINCT %I) FROM values_of) AS "count", (SELECT count(*) FROM (SELECT DISTINCT %2$I FROM values_of) s) AS "distinct",
	(SELECT count(*) FROM (SELECT %2$I FROM values_of GROUP BY 1) s) AS "group", (SELECT count(*) FROM (SELECT %2$I FROM values_of UNION SELECT %2$I FROM values_of) s) AS "union",
	(SELECT count(*) FROM (SELECT %2$I FROM values_of EXCEPT SELECT %2$I FROM values_of WHERE v < 4) s) AS "except"', type, x), ' UNION ALL ') AS grouped,
	string_agg(format('SELECT %1$L AS type, count(*) AS pairs, bool_and((a.%2$I = b.%2$I) = (_retention_%3$s_send(a.%2$I) = _retention_%3$s_send(b.%2$I))) AS bytes,
	bool_and((a.%2$I = b.%2$I) = (a.v = b.v OR a.v + b.v = 3)) AS equal, bool_and((a.%2$I IS DISTINCT FROM b.%2$I) = (a.%2$I <> b.%2$I)) AS is_distinct,
	bool_and((a.%2$I < b.%2$I)::int + (a.%2$I = b.%2$I)::int + (a.%2$I > b.%2$I)::int = 1) AS one_of_three,
	bool_and((a.%2$I <= b.%2$I) = (a.%2$I < b.%2$I OR a.%2$I = b.%2$I) AND (a.%2$I >= b.%2$I) = (b.%2$I <= a.%2$I) AND (a.%2$I < b.%2$I) = (b.%2$I > a.%2$I)) AS converse,
	bool_and(sign(_retention_%3$s_cmp(a.%2$I, b.%2$I)) = - sign(_retention_%3$s_cmp(b.%2$I, a.%2$I)) AND (_retention_%3$s_cmp(a.%2$I, b.%2$I) < 0) = (a.%2$I < b.%2$I)) AS cmp,
	bool_and(a.%2$I <> b.%2$I OR _retention_%3$s_hash(a.%2$I) = _retention_%3$s_hash(b.%2$I) AND _retention_%3$s_hash_extended(a.%2$I, 42) = _retention_%3$s_hash_extended(b.%2$I, 42)) AS hash,
	count(DISTINCT _retention_%3$s_hash(a.%2$I)) AS hashes FROM values_of a, values_of b', type, x, name), ' UNION ALL ') AS compared FROM types \gset
:grouped ORDER BY type;
:compared ORDER BY type;
SET enable_hashagg = off;
:grouped ORDER BY type;
RESET enable_hashagg;
SET enable_sort = off;
:grouped ORDER BY type;
RESET enable_sort;

-- Joined, by hash and by merge; and NULL is not equal to NULL.
SELECT string_agg(format('SELECT %L AS type, count(*) FROM (SELECT %I FROM values_of UNION ALL SELECT NULL) a JOIN (SELECT %2$I FROM values_of UNION ALL SELECT NULL) b USING (%2$I)', type, x), ' UNION ALL ') AS joined FROM types \gset
SET enable_nestloop = off;
SET enable_mergejoin = off;
:joined ORDER BY type;
EXPLAIN (COSTS OFF) SELECT FROM values_of a JOIN values_of b USING (base);
RESET enable_mergejoin;
SET enable_hashjoin = off;
:joined ORDER BY type;
EXPLAIN (COSTS OFF) SELECT FROM values_of a JOIN values_of b USING (base);
RESET enable_hashjoin;
RESET enable_nestloop;

-- Indexed, where a value is small enough for it; and under any search_path.
SET search_path = pg_catalog;
CREATE TABLE equality.indexed (n int, base public.customer_base UNIQUE, model public.purchase_model, log public._retention_timeline);
CREATE INDEX ON equality.indexed USING hash (model);
CREATE INDEX ON equality.indexed (log);
INSERT INTO equality.indexed SELECT v, base, purchase_model, log FROM equality.values_of WHERE v < 4 ON CONFLICT DO NOTHING;
\set VERBOSITY sqlstate
INSERT INTO equality.indexed SELECT v, base, purchase_model, log FROM equality.values_of WHERE v = 1;
\set VERBOSITY default
SET enable_seqscan = off;
SELECT n FROM equality.indexed WHERE base OPERATOR(public.=) (SELECT base FROM equality.values_of WHERE v = 2);
SELECT n FROM equality.indexed WHERE model OPERATOR(public.=) (SELECT purchase_model FROM equality.values_of WHERE v = 3);
SELECT n FROM equality.indexed WHERE log OPERATOR(public.=) (SELECT log FROM equality.values_of WHERE v = 3);
RESET enable_seqscan;
SELECT count(*) AS distinct_rows FROM (SELECT DISTINCT base, history, survival, buying, spend, renewals, log, purchase_model, spend_model, retention_model FROM equality.values_of) s;
SELECT count(*) AS whole_rows FROM equality.values_of a JOIN equality.values_of b ON a IS NOT DISTINCT FROM b;
SET search_path = equality, public;

-- A state that somebody stores has other bytes than the value, and is equal to it:
-- small, large, of one customer, and unfinished ones of each type.
CREATE AGGREGATE raw(int8, timestamptz, numeric) (SFUNC = _retention_customer_base_add, STYPE = customer_base);
CREATE AGGREGATE raw(timestamptz, numeric) (SFUNC = _retention_one_customer_add, STYPE = customer_base);
CREATE AGGREGATE raw_history(int8, timestamptz, numeric, text) (SFUNC = _retention_purchase_history_add, STYPE = purchase_history);
CREATE AGGREGATE raw(float8, bool) (SFUNC = _retention_survival_add, STYPE = survival_histogram);
CREATE TABLE many AS SELECT n, n % 20000 AS c, timestamptz '2024-01-01' + n % 400 * interval '1 day' AS t, (n % 90) * 1.25 AS a FROM generate_series(1, 30000::int8) n;
CREATE TABLE raws AS
SELECT size, raw(c, t, a) AS base, raw_history(c, t, a, 'day') AS history, raw(n::float8, true) AS survival, raw(t, a) AS own, timeline(t::date, a, date '2025-12-31') AS log
FROM many, unnest(ARRAY[1, 20, 300, 30000]) size WHERE n <= size GROUP BY size;
CREATE TABLE finished AS
SELECT size, customer_base(c, t, a) AS base, purchase_history(c, t, a, 'day') AS history, survival(n::float8, true) AS survival, _retention_customer_base_final(raw(t, a)) AS own, timeline(t::date, a, date '2025-12-31' ORDER BY n DESC) AS log
FROM many, unnest(ARRAY[1, 20, 300, 30000]) size WHERE n <= size GROUP BY size;
SELECT size, r.base = f.base AS base, r.history = f.history AS history, r.survival = f.survival AS survival, r.own = f.own AS own, r.log = f.log AS log,
	   f.base = r.base AND r.base >= f.base AND NOT r.base <> f.base AS base_too, _retention_customer_base_hash(r.base) = _retention_customer_base_hash(f.base) AS base_hash,
	   _retention_purchase_history_hash(r.history) = _retention_purchase_history_hash(f.history) AS history_hash
FROM raws r JOIN finished f USING (size) ORDER BY size;
SELECT count(DISTINCT base) AS bases, count(DISTINCT history) AS histories, count(DISTINCT survival) AS survivals, count(DISTINCT own) AS own, count(DISTINCT log) AS logs FROM (TABLE raws UNION ALL TABLE finished) s;
-- and as they come out of an aggregate, never stored
SELECT (SELECT customer_base(c, t, a) FROM many) = (SELECT raw(c, t, a) FROM many) AS base, (SELECT purchase_history(c, t, a, 'day') FROM many) = (SELECT raw_history(c, t, a, 'day') FROM many) AS history,
	   (SELECT customer_base(c, t, a) FROM many) = (SELECT customer_base(c, t, a) FROM many WHERE n > 1) AS other;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ANALYZE many;
SELECT raw(c, t, a) = (SELECT base FROM finished WHERE size = 30000) AS base FROM many;
SELECT raw_history(c, t, a, 'day') = (SELECT history FROM finished WHERE size = 30000) AS history FROM many;
RESET max_parallel_workers_per_gather;

-- Of what differs in size, no more than the beginning is brought, of 3 MB each.
CREATE TABLE large AS SELECT 1 AS n, customer_base(c, timestamptz '2024-01-01' + c * interval '1 s', c) AS base FROM generate_series(1, 150000::int8) c
UNION ALL SELECT 2, customer_base(c, timestamptz '2024-01-01' + c * interval '1 s', c) AS base FROM generate_series(1, 150001::int8) c;
CREATE FUNCTION pg_temp.toast_blocks() RETURNS int8 LANGUAGE sql AS $$
	SELECT pg_stat_get_xact_blocks_fetched(reltoastrelid) FROM pg_class WHERE oid = 'large'::regclass
$$;
BEGIN;
SELECT pg_temp.toast_blocks() AS before \gset
SELECT a.base = b.base AS equal FROM large a, large b WHERE a.n = 1 AND b.n = 2;
SELECT pg_temp.toast_blocks() - :before < 40 AS only_beginnings;
SELECT a.base = b.base AS equal FROM large a, large b WHERE a.n = 1 AND b.n = 1;
SELECT pg_temp.toast_blocks() - :before > 400 AS all_of_it;
COMMIT;

-- rfm is a row of columns that have all of this.
SELECT count(DISTINCT r), count(*) FILTER (WHERE r = '(1,2,3,4.50,0.5,2,2024-01-01)'::rfm_inputs) AS equal FROM (VALUES ('(1,2,3,4.5,0.5,2,2024-01-01)'::rfm_inputs), ('(1,2,3,4.50,0.5,2,2024-01-01)'), ('(1,2,3,4.5,0.5,2,2024-01-02)')) v (r);

SET client_min_messages = error;
DROP SCHEMA equality CASCADE;
