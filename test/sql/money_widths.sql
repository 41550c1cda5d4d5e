-- Money of any width has one form: a customer_base or purchase_history is the same
-- bytes whatever the order its rows came in, by which parts it was merged, in memory,
-- on disk or in a window, sample or not.
--
-- Random shops again, of amounts that money_everywhere.sql has few of: about the ends
-- of one word and of two, with more digits than units have, and sums that leave
-- a width and come back.  What differs is printed.  More shops, and others:
--	psql -v shops=200 -v seed=7 -f test/sql/money_widths.sql
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET hash_mem_multiplier = 1;
\if :{?shops} \else
	\set shops 10
\endif
\if :{?seed} \else
	\set seed 1
\endif
CREATE SCHEMA money_widths;
SET search_path = money_widths, public;

-- A number from 0 to 1, the same on every machine.
CREATE FUNCTION chance(shop int, n int, what int) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(shop * 100000 + n, what) & 1125899906842623) / 1125899906842624.0
$$;
CREATE TABLE shops AS
SELECT shop, (ARRAY['any', 'far', 'ends', 'back and forth', 'digits'])[shop % 5 + 1] AS kind,
	   (ARRAY[1, 2, 5, 40, 40, 300, 2500])[1 + floor(chance(shop, 0, 1) * 7)::int] AS customers
FROM generate_series(:seed * 1000 + 1, :seed * 1000 + :shops) shop;
-- one of many customers is always there
UPDATE shops SET customers = 2500 WHERE shop % 5 = 3 AND shop < :seed * 1000 + 5;

-- A few amounts to each, so that they meet again.
CREATE TABLE amounts AS
SELECT shop, i, CASE kind
	   WHEN 'any' THEN round((chance(shop, i, 2) + chance(shop, i, 3) / 10::numeric ^ 15 + chance(shop, i, 4) / 10::numeric ^ 30) *
							 10::numeric ^ (floor(chance(shop, i, 5) * 71)::int - 30), floor(chance(shop, i, 6) * 41)::int)
	   WHEN 'far' THEN CASE WHEN i % 10 = 0 THEN round(chance(shop, i, 2) * 10::numeric ^ (5 * (i / 10) + 20), 2) ELSE round(chance(shop, i, 2) * 1000, 2) END
	   -- sixty-four and so many bits, and halves of them
	   WHEN 'ends' THEN (div(2::numeric ^ (ARRAY[63, 64, 127, 128])[1 + i % 4], 1 + i % 3) + i % 5 - 2) / CASE WHEN shop % 2 = 0 THEN 1 ELSE 100.00 END
	   WHEN 'back and forth' THEN round(chance(shop, i, 2) * 10::numeric ^ (ARRAY[3, 17, 18, 37, 40])[1 + i % 5], 2)
	   WHEN 'digits' THEN round(chance(shop, i, 2) * 10::numeric ^ (ARRAY[2, 2, 10, 11])[1 + i % 4], (ARRAY[0, 1, 2, 27, 28, 29, 40])[1 + i % 7]) END AS a
FROM shops, generate_series(1, 30) i;
CREATE TABLE orders AS
SELECT shop, n, c, 'customer ' || c AS c_text, date '2024-01-01' + floor(chance(shop, n, 7) * 300)::int AS t, i, floor(chance(shop, n, 8) * 4)::int AS part,
	   chance(shop, n, 9) AS shuffled, CASE WHEN chance(shop, n, 10) < 0.3 THEN -a ELSE a END AS a
FROM (SELECT shop, n, CASE WHEN chance(shop, n, 11) > 0.05 THEN floor(chance(shop, n, 12) * customers)::int8 END AS c, 1 + floor(chance(shop, n, 13) * 30)::int AS i
	  FROM shops, generate_series(1, CASE WHEN customers < 1000 THEN 20 + customers * 2 ELSE 6000 END) n) o JOIN amounts USING (shop, i);
-- all that some customers paid is given back
INSERT INTO orders
SELECT shop, n + 50000, c, c_text, t, i, floor(chance(shop, n, 14) * 4)::int, chance(shop, n, 15), -a
FROM orders JOIN shops USING (shop) WHERE kind = 'back and forth' AND c % 3 = 0;
ANALYZE orders;

-- ---------------------------------------------------------------------------
-- However it was made.
-- ---------------------------------------------------------------------------

CREATE TABLE made (shop int, kind text, how text, b customer_base);
CREATE TABLE made_histories (shop int, kind text, how text, h purchase_history);
CREATE AGGREGATE state(int8, date, numeric) (SFUNC = _retention_customer_base_add, STYPE = customer_base, COMBINEFUNC = _retention_customer_base_combine, PARALLEL = SAFE);
CREATE AGGREGATE state(int8, date, numeric, text) (SFUNC = _retention_purchase_history_add, STYPE = purchase_history, COMBINEFUNC = _retention_purchase_history_combine, PARALLEL = SAFE);
CREATE FUNCTION combined(bases customer_base[]) RETURNS customer_base LANGUAGE plpgsql AS $$
DECLARE
	all_of_them customer_base;
	b customer_base;
BEGIN
	FOREACH b IN ARRAY bases LOOP
		all_of_them := _retention_customer_base_combine(all_of_them, b);
	END LOOP;
	RETURN all_of_them;
END
$$;
CREATE FUNCTION combined(histories purchase_history[]) RETURNS purchase_history LANGUAGE plpgsql AS $$
DECLARE
	all_of_them purchase_history;
	h purchase_history;
BEGIN
	FOREACH h IN ARRAY histories LOOP
		all_of_them := _retention_purchase_history_combine(all_of_them, h);
	END LOOP;
	RETURN all_of_them;
END
$$;
-- %1$s: a value of rows, in this order if any; %3$s: the same of all customers
CREATE PROCEDURE make(kind text, base text, exact text, queries text[]) LANGUAGE plpgsql AS $$
DECLARE
	query text;
	sorted text;
BEGIN
	FOREACH query IN ARRAY queries LOOP
		FOREACH sorted IN ARRAY CASE WHEN query ~ '%2\$s' THEN ARRAY['ORDER BY n', 'ORDER BY shuffled', 'ORDER BY abs(a)', 'ORDER BY abs(a) DESC', 'ORDER BY scale(a), n', 'ORDER BY scale(a) DESC, n']
								ELSE ARRAY[''] END LOOP
			EXECUTE format('INSERT INTO %I SELECT shop, %L, %L, b FROM (%s) s (shop, b)', CASE WHEN base ~ '^purchase' THEN 'made_histories' ELSE 'made' END,
						   kind, current_setting('work_mem') || ' ' || query || ' ' || sorted,
						   format(query, format('%s)', base), format('%s %s)', base, sorted), format('%s)', exact)));
		END LOOP;
	END LOOP;
END
$$;
CREATE FUNCTION queries() RETURNS text[] LANGUAGE sql AS $$
	SELECT ARRAY['SELECT shop, %2$s FROM orders GROUP BY shop',
				 'SELECT shop, rollup(b ORDER BY part) FROM (SELECT shop, part, %1$s AS b FROM orders GROUP BY shop, part) p GROUP BY shop',
				 'SELECT shop, rollup(b ORDER BY part DESC) FROM (SELECT shop, part, %1$s AS b FROM orders GROUP BY shop, part) p GROUP BY shop',
				 'SELECT shop, rollup(b ORDER BY digits) FROM (SELECT shop, scale(a) AS digits, %1$s AS b FROM orders GROUP BY shop, scale(a)) p GROUP BY shop',
				 'SELECT shop, rollup(b ORDER BY digits DESC) FROM (SELECT shop, scale(a) AS digits, %1$s AS b FROM orders GROUP BY shop, scale(a)) p GROUP BY shop',
				 'SELECT shop, rollup(b ORDER BY i) FROM (SELECT shop, i, %1$s AS b FROM orders GROUP BY shop, i) p GROUP BY shop',
				 -- a large one, and small ones
				 'SELECT shop, rollup(b ORDER BY i) FROM (SELECT shop, CASE WHEN n %% 50 = 0 THEN n ELSE 1 END AS i, %1$s AS b FROM orders GROUP BY 1, 2) p GROUP BY shop',
				 'SELECT shop, combined(array_agg(b ORDER BY i)) FROM (SELECT shop, i, %1$s AS b FROM orders GROUP BY shop, i) p GROUP BY shop']
$$;
CREATE FUNCTION mixed_queries() RETURNS text[] LANGUAGE sql AS $$
	SELECT array_agg(format('SELECT shop, rollup(b ORDER BY part %s) FROM (SELECT shop, part, CASE part WHEN 0 THEN %%1$s ELSE %%3$s END AS b FROM orders GROUP BY shop, part) p
							 WHERE shop IN (SELECT shop FROM orders WHERE part = 0) GROUP BY shop', direction)) FROM (VALUES (''), ('DESC')) v (direction)
$$;
CALL make('int8', 'customer_base(c, t, a', '', queries() || ARRAY[
	'SELECT shop, state(c, t, a ORDER BY shuffled) FROM orders GROUP BY shop',
	'SELECT shop, b FROM (SELECT shop, n, max(n) OVER (PARTITION BY shop) AS last, customer_base(c, t, a) OVER (PARTITION BY shop ORDER BY n) AS b FROM orders JOIN shops USING (shop) WHERE customers < 100) w WHERE n = last',
	'SELECT shop, b FROM (SELECT shop, part, max(part) OVER (PARTITION BY shop) AS last, rollup(b) OVER (PARTITION BY shop ORDER BY part) AS b
						  FROM (SELECT shop, part, customer_base(c, t, a) AS b FROM orders GROUP BY shop, part) p) w WHERE part = last']);
CALL make('text', 'customer_base(c_text, t, a', '', queries());
CALL make('int8', 'purchase_history(c, t, a, ''day''', '', queries() || ARRAY[
	'SELECT shop, state(c, t, a, ''day'' ORDER BY shuffled) FROM orders GROUP BY shop',
	'SELECT shop, h FROM (SELECT shop, n, max(n) OVER (PARTITION BY shop) AS last, purchase_history(c, t, a, ''day'') OVER (PARTITION BY shop ORDER BY n) AS h FROM orders JOIN shops USING (shop) WHERE customers < 100) w WHERE n = last',
	'SELECT shop, h FROM (SELECT shop, part, max(part) OVER (PARTITION BY shop) AS last, rollup(h) OVER (PARTITION BY shop ORDER BY part) AS h
						  FROM (SELECT shop, part, purchase_history(c, t, a, ''day'') AS h FROM orders GROUP BY shop, part) p) w WHERE part = last']);
CALL make('text', 'purchase_history(c_text, t, a, ''quarter''', '', queries());
CALL make('sample of 16', 'customer_base_sample(c, t, a, 16', 'customer_base(c, t, a', queries() || mixed_queries());
CALL make('sample of 1000', 'customer_base_sample(c_text, t, a, 1000', 'customer_base(c_text, t, a', queries() || mixed_queries());
SET work_mem = '64kB';
CALL make('int8', 'customer_base(c, t, a', '', queries());
CALL make('text', 'customer_base(c_text, t, a', '', queries());
CALL make('int8', 'purchase_history(c, t, a, ''day''', '', queries());
CALL make('text', 'purchase_history(c_text, t, a, ''quarter''', '', queries());
CALL make('sample of 1000', 'customer_base_sample(c_text, t, a, 1000', 'customer_base(c_text, t, a', queries() || mixed_queries());
RESET work_mem;
INSERT INTO made SELECT shop, kind, 'text', b::text::customer_base FROM (SELECT DISTINCT ON (shop, kind) * FROM made ORDER BY shop, kind, how) m;
INSERT INTO made_histories SELECT shop, kind, 'text', h::text::purchase_history FROM (SELECT DISTINCT ON (shop, kind) * FROM made_histories ORDER BY shop, kind, how) m;
SELECT kind, count(*) > 10 * count(DISTINCT shop) AS in_many_ways, count(DISTINCT shop) AS shops FROM made GROUP BY kind ORDER BY kind COLLATE "C";
SELECT m.kind, shop, s.kind AS amounts, customers, how FROM made m JOIN shops s USING (shop)
WHERE b <> (SELECT b FROM made r WHERE r.shop = m.shop AND r.kind = m.kind ORDER BY how LIMIT 1) ORDER BY 1, 2, 5 LIMIT 10;
SELECT kind, count(*) > 10 * count(DISTINCT shop) AS in_many_ways, count(DISTINCT shop) AS shops FROM made_histories GROUP BY kind ORDER BY kind COLLATE "C";
SELECT m.kind, shop, s.kind AS amounts, customers, how FROM made_histories m JOIN shops s USING (shop)
WHERE h::text <> (SELECT h::text FROM made_histories r WHERE r.shop = m.shop AND r.kind = m.kind ORDER BY how LIMIT 1) ORDER BY 1, 2, 5 LIMIT 10;

-- One of each, of which money_everywhere.sql asks more.
DELETE FROM made WHERE how <> 'text';
DELETE FROM made_histories WHERE how <> 'text';
SELECT shop, kind, revenue(b), r.revenue
FROM made JOIN (SELECT shop, coalesce(sum(a) FILTER (WHERE c IS NOT NULL), 0) + zero AS revenue, zero - coalesce(sum(a) FILTER (WHERE c IS NOT NULL AND a < 0), 0) AS refunded,
					   coalesce(sum(a) FILTER (WHERE c IS NULL), 0) + zero AS guests
				FROM orders JOIN (SELECT shop, round(0, max(scale(a))) AS zero FROM orders GROUP BY shop) z USING (shop) GROUP BY shop, zero) r USING (shop)
WHERE (revenue(b)::text, refunded(b)::text, guest_revenue(b)::text) IS DISTINCT FROM (r.revenue::text, r.refunded::text, r.guests::text);
SELECT shop, kind, revenue(customer_base(h)), revenue(b)
FROM made_histories JOIN made USING (shop, kind)
WHERE (revenue(customer_base(h))::text, refunded(customer_base(h))::text, guest_revenue(customer_base(h))::text, (history_info(h)).revenue::text)
	  IS DISTINCT FROM (revenue(b)::text, refunded(b)::text, guest_revenue(b)::text, revenue(b)::text);
-- of each of its periods, and of each customer in theirs
SELECT shop, kind, grain, period_start, n.revenue, r.a
FROM (SELECT shop, kind, h, CASE kind WHEN 'int8' THEN 'day' ELSE 'quarter' END AS grain FROM made_histories) m, LATERAL new_and_returning(h, grain) n,
	 LATERAL (SELECT coalesce(sum(a), 0) AS a FROM orders o WHERE o.shop = m.shop AND c IS NOT NULL AND date_trunc(grain, t) = period_start) r
WHERE n.revenue <> r.a;
SELECT o.shop, o.c, period_start, n.revenue, r.a
FROM (SELECT shop, c, purchase_history(c, t, a, 'day') AS h FROM orders JOIN shops USING (shop) WHERE customers < 100 GROUP BY shop, c HAVING count(c) FILTER (WHERE a >= 0) > 0) o CROSS JOIN new_and_returning(h, 'day') n
	 LEFT JOIN (SELECT shop, c, t, sum(a) AS a FROM orders GROUP BY shop, c, t) r ON r.shop = o.shop AND r.c = o.c AND r.t = period_start
WHERE n.revenue <> coalesce(r.a, 0);
-- the money of each is theirs
SELECT shop, c, revenue(one), o.revenue
FROM (SELECT shop, c, sum(a) AS revenue, customer_base(c, t, a) AS b FROM orders WHERE c IS NOT NULL GROUP BY shop, c HAVING bool_or(a >= 0)) o JOIN shops USING (shop) JOIN made m USING (shop),
	 LATERAL (SELECT only_customers_of(m.b, o.b) AS one) s
WHERE m.kind = 'int8' AND customers < 100 AND (revenue(one) <> o.revenue OR customers(one) <> 1);

-- ---------------------------------------------------------------------------
-- Selected customers: what is not known of them is nowhere.
-- ---------------------------------------------------------------------------

CREATE TABLE selected (shop int, kind text, b customer_base);
INSERT INTO selected SELECT shop, kind, only_customers_of(b, other) FROM made JOIN (SELECT shop, customer_base(c, t, a) AS other FROM orders WHERE n % 3 = 0 GROUP BY shop) o USING (shop)
WHERE kind IN ('int8', 'sample of 16');
INSERT INTO made SELECT shop, 'selected, ' || kind, 'text', b FROM selected WHERE b IS NOT NULL;
CREATE TABLE pairs AS
SELECT shop, a.kind AS one, b.kind AS other, rollup(r.b ORDER BY i) AS b, rollup(r.b ORDER BY i DESC) AS back
FROM made a JOIN made b USING (shop), LATERAL (VALUES (1, a.b), (2, b.b)) r (i, b) WHERE a.kind !~ 'text|1000' AND b.kind !~ 'text|1000' AND a.kind < b.kind GROUP BY 1, 2, 3;
SELECT count(*) > 50 AS pairs, count(*) FILTER (WHERE b::text <> back::text) AS different, count(*) FILTER (WHERE b::text::customer_base <> b) AS not_read,
	   count(*) FILTER (WHERE (one ~ 'selected' OR other ~ 'selected') AND (refunds(b) IS NOT NULL OR refunded(b) IS NOT NULL)) AS knows_refunds FROM pairs;
-- what was given back, and what a sample has dropped, fits no unit
WITH orders (c, a) AS (SELECT n, CASE n % 7 WHEN 0 THEN 1e44 WHEN 1 THEN -1e44 WHEN 3 THEN 1e-35 ELSE n END::numeric FROM generate_series(1, 100) n),
	 bases AS (SELECT customer_base(c, '2024-01-01', a) AS b, customer_base_sample(c, '2024-01-01', a, 16) AS s, customer_base(c, '2024-01-01', 1.5) FILTER (WHERE c < 50) AS other FROM orders)
SELECT revenue(b + only_customers_of(b, other)) = (SELECT sum(a) + sum(a) FILTER (WHERE c < 50 AND a >= 0) FROM orders) AS exact,
	   only_customers_of(b, other) + b = b + only_customers_of(b, other) AS of_all, only_customers_of(s, other) + s = s + only_customers_of(s, other) AS of_a_sample,
	   only_customers_of(s, other) + b = b + only_customers_of(s, other) AS of_both
FROM bases;

-- ---------------------------------------------------------------------------
-- Many customers: states that are read where they are, on disk or in memory.
-- ---------------------------------------------------------------------------

-- each part has digits of its own, and money beyond any unit
CREATE TABLE many (n int, part int, half int, c int8, t date, a numeric) PARTITION BY LIST (part);
CREATE TABLE many_0 PARTITION OF many FOR VALUES IN (0);
CREATE TABLE many_1 PARTITION OF many FOR VALUES IN (1);
INSERT INTO many
SELECT n, n / 7 % 2, n % 2, nullif(n % 20000, 0), '2024-01-01', round(CASE WHEN n % 17 = 0 THEN -1 ELSE 1 END * chance(0, n, 16) * CASE n WHEN 40000 THEN 1e40 WHEN 30000 THEN -1e18 ELSE 1000 END, n / 7 % 2 * 2) FROM generate_series(1, 60000) n;
-- the planner must not see how much a partial plan has to merge, or it chooses none
ALTER TABLE many ALTER c SET (n_distinct_inherited = 10);
ALTER TABLE many_0 ALTER c SET (n_distinct = 10);
ALTER TABLE many_1 ALTER c SET (n_distinct = 10);
ANALYZE many;
CREATE TABLE big AS SELECT part, customer_base(c, t, a) AS b, customer_base_sample(c, t, a, 500) AS s FROM many GROUP BY part;
CREATE FUNCTION wrong(b customer_base) RETURNS bool LANGUAGE sql AS $$
	SELECT (revenue(b), refunded(b), guest_revenue(b)) IS DISTINCT FROM
		   (SELECT (sum(a) FILTER (WHERE c IS NOT NULL), -sum(a) FILTER (WHERE c IS NOT NULL AND a < 0), sum(a) FILTER (WHERE c IS NULL)) FROM many)
$$;
-- a state on disk that becomes a sample, whose digits are others
CREATE PROCEDURE sample_states() LANGUAGE plpgsql AS $$
DECLARE
	memory text;
	wrong_ones int := 0;
	different int := 0;
	plain customer_base := (SELECT customer_base_sample(c, t, a, 500) FROM many);
	b customer_base;
BEGIN
	FOREACH memory IN ARRAY ARRAY['64kB', '1MB', '64MB'] LOOP
		PERFORM set_config('work_mem', memory, true);
		FOR b IN SELECT rollup(v.b) FROM (VALUES (0), (1)) p (part), LATERAL (SELECT b.b FROM big b WHERE b.part <> p.part UNION ALL SELECT s FROM big b WHERE b.part = p.part) v GROUP BY p.part LOOP
			wrong_ones := wrong_ones + wrong(b)::int;
			different := different + (b <> plain)::int;
		END LOOP;
	END LOOP;
	RAISE INFO 'wrong: %, different: %', wrong_ones, different;
END
$$;
CALL sample_states();
-- partial states of a partitionwise plan
SET enable_partitionwise_aggregate = on;
SET enable_hashagg = off;
CREATE FUNCTION is_partial(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO plan;
	RETURN plan::text ~ '"Partial Mode": "Finalize".*Append".*"Partial Mode": "Partial"';
END
$$;
SELECT is_partial('SELECT half, customer_base(c, t, a) FROM many GROUP BY half');
CREATE TABLE partial AS SELECT half, customer_base(c, t, a) AS b, customer_base_sample(c, t, a, 500) AS s FROM many GROUP BY half;
SET work_mem = '64kB';
CREATE TABLE partial_on_disk AS SELECT half, customer_base(c, t, a) AS b FROM many GROUP BY half;
RESET work_mem;
RESET enable_partitionwise_aggregate;
RESET enable_hashagg;
SELECT count(*) AS halves, count(*) FILTER (WHERE p.b <> m.b OR p.s <> m.s OR d.b <> m.b) AS different
FROM partial p JOIN partial_on_disk d USING (half) JOIN (SELECT half, customer_base(c, t, a) AS b, customer_base_sample(c, t, a, 500) AS s FROM many GROUP BY half) m USING (half);
-- a state that goes on after its size was asked for
SELECT count(DISTINCT size) > 10 AS grows, count(*) FILTER (WHERE guest_orders(b) <> (SELECT count(*) FROM many m WHERE m.n / 300 <= s.n / 300 AND m.n % 10 = 0 AND a >= 0)) AS wrong
FROM (SELECT n, b, pg_column_size(b) AS size FROM (SELECT n, state(CASE WHEN n % 10 > 0 THEN n END, t, a) OVER (ORDER BY n / 300) AS b FROM many WHERE n < 9000) w OFFSET 0) s WHERE n % 300 = 0;

-- An error on the way leaves a value as it was.
CREATE PROCEDURE errors() LANGUAGE plpgsql AS $$
DECLARE
	b customer_base;
	o orders;
BEGIN
	FOR o IN SELECT * FROM orders WHERE shop % 5 = 2 ORDER BY shop, n LIMIT 60 LOOP
		b := _retention_customer_base_add(b, o.c, o.t, o.a);
		BEGIN
			b := _retention_customer_base_add(_retention_customer_base_combine(b, b), o.c, o.t, 'NaN'::numeric);
		EXCEPTION WHEN numeric_value_out_of_range THEN
			NULL;
		END;
	END LOOP;
	RAISE INFO 'same: %', b = (SELECT customer_base(x.c, x.t, x.a) FROM (SELECT * FROM orders WHERE shop % 5 = 2 ORDER BY shop, n LIMIT 60) x);
END
$$;
CALL errors();
DROP SCHEMA money_widths CASCADE;
