-- Money is the sum of the amounts wherever it is asked for: at every magnitude
-- and scale, and with one large order among ordinary ones.
--
-- Random shops are asked everything that answers money, by each way in which a
-- value may have been made, and plain SQL is asked the same.  What answers money
-- comes from the catalog: a function that isn't asked here, and of which it isn't
-- said why not, is printed.  More shops, and others:
--	psql -v shops=3000 -v seed=7 -v every=1 -f test/sql/money_everywhere.sql
SET client_min_messages = warning;
SET timezone = 'UTC';
SET extra_float_digits = 1;
SET jit = off;
\if :{?shops} \else
	\set shops 60
\endif
\if :{?seed} \else
	\set seed 1
\endif
-- of the aggregates, on disk and in parallel, one of so many
\if :{?every} \else
	\set every 5
\endif
CREATE SCHEMA money_everywhere;
SET search_path = money_everywhere, public;

-- ---------------------------------------------------------------------------
-- The shops.
-- ---------------------------------------------------------------------------

-- A number from 0 to 1, the same on every machine.
CREATE FUNCTION chance(shop int, n int, what int) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(shop * 1000 + n, what) & 1125899906842623) / 1125899906842624.0
$$;

-- Ordinary amounts are about 10^magnitude, of so many digits behind the point.
CREATE TABLE shops AS
SELECT shop, kind, magnitude, CASE kind WHEN 'wholesale' THEN 2 * floor(chance(shop, 0, 2) * 4)::int
										ELSE least(20, greatest(-magnitude, 0) + floor(chance(shop, 0, 2) * 12)::int) END AS scale,
	   20 + floor(chance(shop, 0, 3) * 30)::int AS rows, 1 + floor(chance(shop, 0, 4) * 9)::int AS customers
FROM (SELECT shop, kind, CASE WHEN kind = 'wholesale' OR shop % 3 = 0 THEN floor(chance(shop, 0, 1) * 5)::int
							  ELSE floor(chance(shop, 0, 1) * 51)::int - 20 END AS magnitude
	  FROM generate_series(:seed * 100000 + 1, :seed * 100000 + :shops) shop,
		   LATERAL (SELECT (ARRAY['plain', 'wholesale', 'mixed', 'outlier', 'outlier', 'wholesale', 'large refund', 'edge', 'guests', 'few'])[shop % 10 + 1] AS kind) k) s;

CREATE TABLE orders AS
SELECT shop, n, c, 'customer ' || c AS c_text, md5(c::text)::uuid AS c_uuid, t, t AT TIME ZONE 'UTC' AS t_tz, t::date AS t_date,
	   a, a::float8 AS f, a::float8::text::numeric AS fa
FROM (SELECT shop, n,
			 CASE WHEN chance(shop, n, 1) >= CASE kind WHEN 'guests' THEN 0.7 ELSE 0.07 END
				  THEN floor(chance(shop, n, 2) * customers)::int8 * 7919 - 3 END AS c,
			 timestamp '2023-01-10' + (floor(chance(shop, n, 3) * 420)::int * 86400 + n) * interval '1 second' AS t,
			 CASE WHEN kind = 'edge' AND n % 6 = 0 THEN
					-- about the ends of the integers of so many bytes
					(CASE WHEN n % 4 = 0 THEN -1 ELSE 1 END * div(256::numeric ^ (1 + floor(chance(shop, 0, 5) * 17)), 2) + n % 3 - 1) / 10::numeric ^ scale
				  WHEN kind IN ('outlier', 'wholesale', 'large refund') AND n = 7 THEN
					CASE WHEN kind = 'large refund' THEN -1 ELSE 1 END *
					round((0.1 + chance(shop, n, 6)) * 10::numeric ^ (magnitude + CASE kind WHEN 'wholesale' THEN 4 + floor(chance(shop, 0, 6) * 5)::int ELSE 3 + floor(chance(shop, 0, 6) * 22)::int END), scale)
				  ELSE round(CASE WHEN chance(shop, n, 7) < 0.1 THEN -1 WHEN chance(shop, n, 7) < 0.13 THEN 0 ELSE 1 END *
							 (chance(shop, n, 8) + chance(shop, n, 9) / 10::numeric ^ 15 + chance(shop, n, 10) / 10::numeric ^ 30 + chance(shop, n, 11) / 10::numeric ^ 45) *
							 10::numeric ^ (magnitude + CASE WHEN kind = 'mixed' THEN floor(chance(shop, n, 12) * 4)::int - 2 ELSE 0 END),
							 CASE WHEN kind = 'mixed' THEN least(20, floor(chance(shop, n, 13) * (scale + 1))::int) ELSE scale END) END AS a
	  FROM (SELECT *, CASE kind WHEN 'few' THEN 1 + shop % 5 ELSE rows END AS n_rows FROM shops) s, generate_series(1, n_rows) n) s;
-- An amount of no magnitude has no digits either.
UPDATE orders o SET a = round(a, scale) FROM shops s WHERE s.shop = o.shop AND kind = 'edge';
-- All of them are a shop, too, whose state is large, and on disk where memory is small.
INSERT INTO orders
SELECT 0, shop * 1000 + n, shop::int8 * 1000003 + c, shop || c_text, md5(shop || c::text)::uuid, t, t_tz, t_date, a, f, fa FROM orders;
-- Rows are orders, or lines of them.
ALTER TABLE orders ADD o int8 GENERATED ALWAYS AS (n / 3) STORED, ADD o_text text GENERATED ALWAYS AS ('order ' || n / 3) STORED,
	ADD o_uuid uuid GENERATED ALWAYS AS (md5((n / 3)::text)::uuid) STORED;
CREATE INDEX ON orders (shop);
-- the planner must not see how much a parallel plan has to merge, or it chooses none
ALTER TABLE orders ALTER c SET (n_distinct = 10), ALTER c_text SET (n_distinct = 10), ALTER c_uuid SET (n_distinct = 10),
	ALTER t SET (n_distinct = 10), ALTER t_tz SET (n_distinct = 10), ALTER t_date SET (n_distinct = 10),
	ALTER o SET (n_distinct = 10), ALTER o_text SET (n_distinct = 10), ALTER o_uuid SET (n_distinct = 10);
ANALYZE orders;

-- What each is in plain SQL.  Zero has the digits that the sums of the shop have.
CREATE TABLE plain AS
SELECT shop, zero, coalesce(sum(a) FILTER (WHERE c IS NOT NULL), 0) + zero AS revenue,
	   zero - coalesce(sum(a) FILTER (WHERE c IS NOT NULL AND a < 0), 0) AS refunded,
	   coalesce(sum(a) FILTER (WHERE c IS NULL), 0) + zero AS guest_revenue,
	   count(*) FILTER (WHERE c IS NOT NULL AND a >= 0) AS orders, count(DISTINCT c) FILTER (WHERE a >= 0) AS customers,
	   extract(epoch FROM max(t) FILTER (WHERE c IS NOT NULL AND a >= 0) - min(t) FILTER (WHERE c IS NOT NULL AND a >= 0)) * 1000000 AS observed
FROM orders JOIN (SELECT shop, round(0, max(scale(a))) AS zero FROM orders GROUP BY shop) z USING (shop)
GROUP BY shop, zero;
ALTER TABLE plain ADD PRIMARY KEY (shop);
CREATE TABLE buyers AS
SELECT shop, c, sum(a) + zero AS revenue, count(*) FILTER (WHERE a >= 0) AS orders, sum(f::text::numeric) AS f,
	   extract(epoch FROM max(t) FILTER (WHERE a >= 0) - min(t) FILTER (WHERE a >= 0)) * 1000000 AS lifespan
FROM orders JOIN plain USING (shop) WHERE c IS NOT NULL GROUP BY shop, c, zero;

-- ---------------------------------------------------------------------------
-- Comparing: rows (shop, place, name, money) of both, the money as text.
-- ---------------------------------------------------------------------------

CREATE TABLE checked (what text, compared int8, wrong int8, example text);
CREATE TABLE asked (name text PRIMARY KEY);		-- functions, by name and types
CREATE PROCEDURE compare(what text, functions text[], got text, want text, same text DEFAULT 'g.money IS NOT DISTINCT FROM w.money')
LANGUAGE plpgsql AS $$
BEGIN
	-- nothing is read in parallel for an INSERT
	EXECUTE format('CREATE TEMP TABLE got (shop, place, name, money) AS %s', got);
	EXECUTE format($f$
		INSERT INTO checked
		SELECT %L, count(*), count(*) FILTER (WHERE NOT (%s) OR g.shop IS NULL OR w.shop IS NULL),
			   min(concat_ws(' ', g.shop, g.place, g.name, 'is', g.money, 'for', w.money, w.shop)) FILTER (WHERE NOT (%2$s) OR g.shop IS NULL OR w.shop IS NULL)
		FROM got g FULL JOIN (%s) w (shop, place, name, money) USING (shop, place, name)$f$,
		what, same, want);
	DROP TABLE got;
	INSERT INTO asked SELECT unnest(functions)::regprocedure ON CONFLICT DO NOTHING;
END
$$;

-- ---------------------------------------------------------------------------
-- Every aggregate that takes an amount.
-- ---------------------------------------------------------------------------

CREATE TABLE aggregates AS
SELECT p.oid::regprocedure::text AS name, proname, prorettype::regtype::text AS result,
	   'numeric'::regtype = ANY (proargtypes) AS exact, pronargs,
	   proargnames[1] = 'customer' AS by_customer, 'order_id' = ANY (proargnames) AS of_lines, 'date'::regtype = ANY (proargtypes[0:1]) AS by_date,
	   (SELECT string_agg(CASE WHEN arg = 'customer' THEN CASE type WHEN 'int8'::regtype THEN 'c' WHEN 'text'::regtype THEN 'c_text' WHEN 'uuid'::regtype THEN 'c_uuid' END
							   WHEN arg = 'ordered_at' THEN CASE type WHEN 'timestamptz'::regtype THEN 't_tz' WHEN 'timestamp'::regtype THEN 't' WHEN 'date'::regtype THEN 't_date' END
							   WHEN arg = 'amount' THEN CASE type WHEN 'numeric'::regtype THEN 'a' ELSE 'f' END
							   WHEN arg = 'period' THEN '''month''' WHEN arg = 'time_zone' THEN '''America/New_York''' WHEN arg = 'sample_size' THEN '16'
							   WHEN arg = 'is_order' THEN 'a >= 0'
							   WHEN arg = 'order_id' THEN CASE type WHEN 'int8'::regtype THEN 'o' WHEN 'text'::regtype THEN 'o_text' WHEN 'uuid'::regtype THEN 'o_uuid' END
							   WHEN arg = 'as_of' THEN 'date ''2024-06-30''' END, ', ' ORDER BY i)
		FROM unnest(proargnames, proargtypes::regtype[]) WITH ORDINALITY u (arg, type, i)) AS args
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	 JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'retention'
WHERE prokind = 'a' AND 'amount' = ANY (proargnames)
	-- keys that others stand for
	AND proargtypes[0] <> ALL ('{int2,int4,"\"char\""}'::regtype[])
	AND NOT (coalesce(proargnames[2], '') = 'order_id' AND proargtypes[1] = ANY ('{int2,int4,"\"char\""}'::regtype[]))
	-- a zone beside a time that has none is an error
	AND NOT ('time_zone' = ANY (proargnames) AND NOT 'timestamptz'::regtype = ANY (proargtypes))
	-- answers a number of orders, or a day
	AND proname !~ '^(_retention_)?(order_days_between|next_order_due_day)$'
	-- of amounts below 10^15
	AND proname !~ '^_retention_purchase_history';
SELECT count(*) > 40 AS aggregates, count(*) FILTER (WHERE args IS NULL OR args LIKE '%, ') AS not_understood FROM aggregates;

CREATE PROCEDURE ask_aggregates(how text, every int DEFAULT 1) LANGUAGE plpgsql AS $$
DECLARE
	agg aggregates;
	-- in floating point: as near as a few roundings are
	near text := '(g.money IS NULL) = (w.money IS NULL) AND coalesce(abs(g.money::float8 - w.money::float8) <= 1e-14 * abs(w.money::float8), true)';
	call text;
	money text;
	rows text;
BEGIN
	FOR agg IN SELECT * FROM aggregates ORDER BY name COLLATE "C" LOOP
		CONTINUE WHEN abs(hashtext(agg.name)) % every <> 0;
		call := agg.proname || '(' || agg.args || ')';
		money := CASE WHEN agg.exact THEN 'a' ELSE 'fa' END;
		IF agg.result IN ('numeric', 'double precision') THEN
			-- what counts: orders, and the customers who have one
			rows := format('SELECT shop, sum(%1$s) AS total, sum(orders) AS orders, count(*) FILTER (WHERE orders > 0) AS customers,
								   extract(epoch FROM max(last) - min(first)) * 1000000 AS observed, sum(extract(epoch FROM last - first) * 1000000) AS lifespans
							FROM (SELECT shop, sum(%1$s) AS %1$s, count(%5$s) FILTER (WHERE a >= 0) AS orders,
										 min(%2$s) FILTER (WHERE a >= 0) AS first, max(%2$s) FILTER (WHERE a >= 0) AS last
								  FROM orders WHERE %3$s GROUP BY shop, %4$s) b GROUP BY shop',
						   money, CASE WHEN agg.by_date THEN 't_date::timestamp' ELSE 't' END,
						   CASE WHEN agg.by_customer THEN 'c IS NOT NULL' ELSE 'true' END, CASE WHEN agg.by_customer THEN 'c' ELSE 'shop' END, CASE WHEN agg.of_lines THEN 'DISTINCT o' ELSE '*' END);
			CALL compare(agg.name || ' ' || how, ARRAY[agg.name],
				-- without an order of a customer there is no money of customers
				format('SELECT shop, 0, '''', (%s)::text FROM orders GROUP BY shop', call),
				format('SELECT shop, 0, '''', ((%s)%s)::text FROM (SELECT DISTINCT shop FROM orders) s LEFT JOIN (%s) r USING (shop)',
					   CASE agg.proname WHEN 'aov' THEN 'total / nullif(orders, 0)'
							WHEN 'customer_value' THEN 'total / nullif(customers, 0)'
							WHEN 'clv' THEN CASE WHEN agg.by_customer THEN '(total * lifespans) / nullif(customers * observed * customers, 0)'
												 ELSE '(total * lifespans) / nullif(orders * 31557600000000, 0)' END END,
					   CASE WHEN agg.exact THEN '' ELSE '::float8' END, rows),
				CASE WHEN agg.exact AND agg.proname <> 'clv' THEN 'g.money::numeric IS NOT DISTINCT FROM w.money::numeric' ELSE near END);
		ELSIF agg.result = 'rfm_inputs' THEN
			CALL compare(agg.name || ' ' || how, ARRAY[agg.name],
				format('SELECT shop, c, '''', ((%s).mean_spend)::text FROM orders WHERE c IS NOT NULL GROUP BY shop, c', call),
				format('SELECT shop, c, '''', (sum(spend) FILTER (WHERE orders > 0 AND day > first) / nullif(count(*) FILTER (WHERE orders > 0 AND day > first), 0))::text
						FROM (SELECT shop, c, t_date AS day, sum(%s) AS spend, count(*) FILTER (WHERE a >= 0) AS orders,
									 min(min(t_date) FILTER (WHERE a >= 0)) OVER (PARTITION BY shop, c) AS first
							  FROM orders WHERE c IS NOT NULL GROUP BY shop, c, t_date) d GROUP BY shop, c', money),
				'g.money::numeric IS NOT DISTINCT FROM w.money::numeric OR ' || near);
		ELSE
			CALL compare(agg.name || ' ' || how, ARRAY[agg.name],
				format(CASE agg.result
					   WHEN 'customer_base' THEN
							'SELECT shop, 0, name, trim_scale(money)::text
							 FROM (SELECT shop, %s AS b FROM orders GROUP BY shop) s, LATERAL (VALUES (''revenue'', revenue(b)), (''guests'', guest_revenue(b))) v (name, money)'
					   WHEN 'purchase_history' THEN
							'SELECT shop, 0, name, trim_scale(money)::text
							 FROM (SELECT shop, %s AS h FROM orders GROUP BY shop) s,
								  LATERAL (VALUES (''revenue'', (SELECT revenue FROM history_info(h))), (''guests'', guest_revenue(customer_base(h)))) v (name, money)' END, call),
				format('SELECT shop, 0, name, trim_scale(coalesce(money, 0))::text
						FROM (SELECT shop, sum(%1$s) FILTER (WHERE c IS NOT NULL) AS r, sum(%1$s) FILTER (WHERE c IS NULL) AS g FROM orders GROUP BY shop) s,
							 LATERAL (VALUES (''revenue'', r), (''guests'', g)) v (name, money)', money));
		END IF;
	END LOOP;
END
$$;

CREATE FUNCTION is_partial(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO plan;
	RETURN plan::text LIKE '%"Partial"%';
END
$$;
SET max_parallel_workers_per_gather = 0;
CALL ask_aggregates('by one process');
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
CALL ask_aggregates('on disk', :every);
RESET work_mem;
RESET hash_mem_multiplier;
ALTER TABLE orders SET (parallel_workers = 2);
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT DISTINCT proname AS not_parallel FROM aggregates WHERE NOT is_partial(format('SELECT shop, %s(%s) FROM orders GROUP BY shop', proname, args));
CALL ask_aggregates('in parallel', :every);

-- Of frames that move on, rows leave.
CALL compare('moving frames', '{}',
	'SELECT shop, n, name, money::text FROM (SELECT shop, n, aov(a) OVER w AS aov, aov(a, o) OVER w AS lines, customer_value(c, a) OVER w AS value, customer_base(c, t, a) OVER w AS b, purchase_history(c, t, a, ''day'') OVER w AS h
		FROM orders WHERE shop > 0 AND shop % 8 = 1 WINDOW w AS (PARTITION BY shop ORDER BY n ROWS 6 PRECEDING)) f,
		LATERAL (VALUES (''aov'', aov), (''lines'', lines), (''value'', value), (''revenue'', revenue(b)), (''refunded'', refunded(b)), (''guests'', guest_revenue(b)),
						(''history'', (history_info(h)).revenue), (''guests of history'', guest_revenue(customer_base(h)))) v (name, money)',
	'SELECT shop, n, name, money::text FROM (SELECT shop, n, sum(a) OVER w / nullif(count(*) FILTER (WHERE a >= 0) OVER w, 0) AS aov, array_agg(c) FILTER (WHERE a >= 0) OVER w AS customers, sum(a) OVER w AS total, array_agg(o) FILTER (WHERE a >= 0) OVER w AS numbers,
			sum(a) FILTER (WHERE c IS NOT NULL) OVER w AS revenue, -sum(a) FILTER (WHERE c IS NOT NULL AND a < 0) OVER w AS refunded, sum(a) FILTER (WHERE c IS NULL) OVER w AS guests
		FROM orders WHERE shop > 0 AND shop % 8 = 1 WINDOW w AS (PARTITION BY shop ORDER BY n ROWS 6 PRECEDING)) f,
		LATERAL (VALUES (''aov'', aov), (''lines'', total / (SELECT nullif(count(DISTINCT o), 0) FROM unnest(numbers) o)), (''value'', coalesce(revenue, 0) / (SELECT nullif(count(DISTINCT c), 0) FROM unnest(customers) c)), (''revenue'', coalesce(revenue, 0)), (''refunded'', coalesce(refunded, 0)),
						(''guests'', coalesce(guests, 0)), (''history'', coalesce(revenue, 0)), (''guests of history'', coalesce(guests, 0))) v (name, money)',
	'g.money::numeric IS NOT DISTINCT FROM w.money::numeric OR name IN (''aov'', ''lines'', ''value'') AND abs(g.money::numeric - w.money::numeric) <= 1e-15 * abs(w.money::numeric)');

-- ---------------------------------------------------------------------------
-- Values, by each way in which they may have been made: the same bytes.
-- ---------------------------------------------------------------------------

CREATE TABLE bases (shop int, how text, b customer_base);
CREATE TABLE histories (shop int, how text, h purchase_history);
INSERT INTO bases SELECT shop, 'rows', customer_base(c, t, a) FROM orders GROUP BY shop;
INSERT INTO histories SELECT shop, 'rows', purchase_history(c, t, a, 'day') FROM orders GROUP BY shop;

CREATE PROCEDURE make_again(how text, base text, history text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO bases SELECT shop, %L, b FROM (%s) s (shop, b)', how, base);
	EXECUTE format('INSERT INTO histories SELECT shop, %L, h FROM (%s) s (shop, h)', how, history);
END
$$;
CALL make_again('rows from the last to the first', 'SELECT shop, customer_base(c, t, a ORDER BY t DESC) FROM orders GROUP BY shop',
	'SELECT shop, purchase_history(c, t, a, ''day'' ORDER BY t DESC) FROM orders GROUP BY shop');
CALL make_again('a sorted group at a time', 'SELECT shop, customer_base(c, t, a) FROM (SELECT * FROM orders ORDER BY shop OFFSET 0) o GROUP BY shop',
	'SELECT shop, purchase_history(c, t, a, ''day'') FROM (SELECT * FROM orders ORDER BY shop OFFSET 0) o GROUP BY shop');
CALL make_again('rolled up from months', 'SELECT shop, rollup(b) FROM (SELECT shop, customer_base(c, t, a) AS b FROM orders GROUP BY shop, date_trunc(''month'', t)) m GROUP BY shop',
	'SELECT shop, rollup(h) FROM (SELECT shop, purchase_history(c, t, a, ''day'') AS h FROM orders GROUP BY shop, date_trunc(''month'', t)) m GROUP BY shop');
CALL make_again('added from two halves, read from text',
	'SELECT shop, coalesce(customer_base(c, t, a) FILTER (WHERE n % 2 = 0)::text::customer_base + customer_base(c, t, a) FILTER (WHERE n % 2 = 1)::text::customer_base, customer_base(c, t, a)) FROM orders GROUP BY shop',
	'SELECT shop, coalesce(purchase_history(c, t, a, ''day'') FILTER (WHERE n % 2 = 0)::text::purchase_history + purchase_history(c, t, a, ''day'') FILTER (WHERE n % 2 = 1)::text::purchase_history,
						   purchase_history(c, t, a, ''day'')) FROM orders GROUP BY shop');
CALL make_again('text', 'SELECT shop, b::text::customer_base FROM bases WHERE how = ''rows''', 'SELECT shop, h::text::purchase_history FROM histories WHERE how = ''rows''');
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
CALL make_again('on disk', 'SELECT shop, customer_base(c, t, a) FROM orders GROUP BY shop', 'SELECT shop, purchase_history(c, t, a, ''day'') FROM orders GROUP BY shop');
RESET work_mem;
RESET hash_mem_multiplier;
CREATE TABLE parallel_bases AS SELECT shop, customer_base(c, t, a) AS b FROM orders GROUP BY shop;
CREATE TABLE parallel_histories AS SELECT shop, purchase_history(c, t, a, 'day') AS h FROM orders GROUP BY shop;
INSERT INTO bases SELECT shop, 'parallel', b FROM parallel_bases;
INSERT INTO histories SELECT shop, 'parallel', h FROM parallel_histories;
CREATE TABLE binary_bases (shop int, b customer_base);
CREATE TABLE binary_histories (shop int, h purchase_history);
\copy (SELECT shop, b FROM money_everywhere.bases WHERE how = 'rows') TO 'results/money_everywhere.binary' WITH (FORMAT binary)
\copy money_everywhere.binary_bases FROM 'results/money_everywhere.binary' WITH (FORMAT binary)
\copy (SELECT shop, h FROM money_everywhere.histories WHERE how = 'rows') TO 'results/money_everywhere.binary' WITH (FORMAT binary)
\copy money_everywhere.binary_histories FROM 'results/money_everywhere.binary' WITH (FORMAT binary)
\! rm -f results/money_everywhere.binary
INSERT INTO bases SELECT shop, 'binary', b FROM binary_bases;
INSERT INTO histories SELECT shop, 'binary', h FROM binary_histories;


CALL compare('bases, however they were made', ARRAY['rollup(customer_base)', '_retention_customer_base_union(customer_base,customer_base)'],
	'SELECT shop, 0, how, md5(b::text) FROM bases', 'SELECT b.shop, 0, b.how, md5(r.b::text) FROM bases r, bases b WHERE b.shop = r.shop AND r.how = ''rows''');
CALL compare('histories, however they were made', ARRAY['rollup(purchase_history)', '_retention_purchase_history_union(purchase_history,purchase_history)'],
	'SELECT shop, 0, how, md5(h::text) FROM histories', 'SELECT h.shop, 0, h.how, md5(r.h::text) FROM histories r, histories h WHERE h.shop = r.shop AND r.how = ''rows''');
DELETE FROM bases WHERE how NOT IN ('rows', 'binary');
DELETE FROM histories WHERE how NOT IN ('rows', 'binary');

-- ---------------------------------------------------------------------------
-- What a base answers.
-- ---------------------------------------------------------------------------

CALL compare('accessors of bases', ARRAY['revenue(customer_base)', 'refunded(customer_base)', 'guest_revenue(customer_base)', 'aov(customer_base)', 'customer_value(customer_base)'],
	'SELECT shop, 0, how || '' '' || name, money::text FROM bases, LATERAL (VALUES (''revenue'', revenue(b)), (''refunded'', refunded(b)), (''guest_revenue'', guest_revenue(b)),
		(''aov'', aov(b)), (''customer_value'', customer_value(b))) v (name, money)',
	'SELECT shop, 0, how || '' '' || name, money::text FROM plain, (VALUES (''rows''), (''binary'')) h (how), LATERAL (VALUES (''revenue'', revenue), (''refunded'', refunded), (''guest_revenue'', guest_revenue),
		(''aov'', revenue / nullif(orders, 0)), (''customer_value'', revenue / nullif(customers, 0))) v (name, money)');
-- a sample has seen all rows
CALL compare('accessors of samples', '{}',
	'SELECT shop, size, name, money::text FROM (SELECT shop, size, customer_base_sample(c, t, a, size) AS b FROM orders, (VALUES (16), (1000)) s (size) GROUP BY shop, size) s,
		LATERAL (VALUES (''revenue'', revenue(b)), (''refunded'', refunded(b)), (''guest_revenue'', guest_revenue(b)), (''aov'', aov(b)), (''read'', revenue(b::text::customer_base))) v (name, money)',
	'SELECT shop, size, name, money::text FROM plain, (VALUES (16), (1000)) s (size), LATERAL (VALUES (''revenue'', revenue), (''refunded'', refunded), (''guest_revenue'', guest_revenue),
		(''aov'', revenue / nullif(orders, 0)), (''read'', revenue)) v (name, money)');
CALL compare('rollup of samples', '{}',
	'SELECT shop, 0, name, money::text FROM (SELECT shop, rollup(b) AS b FROM (SELECT shop, customer_base_sample(c, t, a, 16) AS b FROM orders GROUP BY shop, n % 3) p GROUP BY shop) s,
		LATERAL (VALUES (''revenue'', revenue(b)), (''refunded'', refunded(b)), (''guest_revenue'', guest_revenue(b))) v (name, money)',
	'SELECT shop, 0, name, money::text FROM plain, LATERAL (VALUES (''revenue'', revenue), (''refunded'', refunded), (''guest_revenue'', guest_revenue)) v (name, money)');
-- what it estimates is of the customers that it estimates
CALL compare('estimates of samples', '{}',
	'SELECT shop, size, name, holds::text FROM (SELECT shop, size, customer_base_sample(c, t, a, size) AS b FROM orders, (VALUES (16), (100)) s (size) GROUP BY shop, size) s,
		LATERAL (VALUES (''value'', abs(customer_value(b) * customers(b) - revenue(b)) <= abs(revenue(b)) / customers(b)),
						(''clv'', abs(clv(b, ''3 years'', ''1 year'') - 3 * customer_value(b)) <= abs(customer_value(b)) * 1e-14)) v (name, holds) WHERE customers(b) > 0',
	'SELECT shop, size, name, ''true'' FROM plain, (VALUES (16), (100)) s (size), (VALUES (''value''), (''clv'')) v (name) WHERE customers > 0');
CALL compare('customers in common', ARRAY['only_customers_of(customer_base,customer_base)', 'without_customers_of(customer_base,customer_base)'],
	'SELECT shop, 0, name, trim_scale(revenue(selected))::text FROM bases JOIN (SELECT shop, customer_base(c, t, a) AS other FROM orders WHERE n % 5 = 0 GROUP BY shop) o USING (shop),
		LATERAL (VALUES (''both'', only_customers_of(b, other)), (''only one'', without_customers_of(b, other))) v (name, selected) WHERE how = ''rows''',
	'SELECT shop, 0, name, trim_scale(coalesce(sum(b.revenue) FILTER (WHERE b.orders > 0 AND ((shop, c) IN (SELECT shop, c FROM orders WHERE n % 5 = 0 AND a >= 0 AND c IS NOT NULL)) = (name = ''both'')), 0))::text
	 FROM plain s LEFT JOIN (SELECT shop, c, revenue, orders FROM buyers) b USING (shop), (VALUES (''both''), (''only one'')) v (name) WHERE shop IN (SELECT shop FROM orders WHERE n % 5 = 0) GROUP BY shop, name');

-- CLV is one division in ours and in this.
CALL compare('clv of bases', ARRAY['clv(customer_base,interval,interval,numeric,numeric)', 'clv_breakdown(customer_base,interval,interval,numeric,numeric)'],
	'SELECT shop, 0, name, money::text FROM bases, LATERAL clv_breakdown(b) AS m, LATERAL clv_breakdown(b, ''3 years'', ''1 year'', 0.3, 0) AS g,
		LATERAL (VALUES (''measured'', clv(b)), (''measured, of the parts'', m.clv), (''given'', clv(b, ''3 years'', ''1 year'', 0.3)), (''given, of the parts'', g.clv),
						(''aov'', m.aov), (''value'', m.customer_value)) v (name, money) WHERE how = ''rows''',
	'SELECT shop, 0, name, money::text FROM plain LEFT JOIN (SELECT shop, sum(lifespan) AS lifespans FROM buyers GROUP BY shop) b USING (shop),
		LATERAL (SELECT CASE WHEN customers > 0 THEN revenue * lifespans / nullif(customers * observed * customers, 0) END AS measured,
						revenue * 0.3 * 3 / nullif(customers, 0) AS given) c,
		LATERAL (VALUES (''measured'', measured), (''measured, of the parts'', measured), (''given'', given), (''given, of the parts'', given),
						(''aov'', revenue / nullif(orders, 0)), (''value'', revenue / nullif(customers, 0))) v (name, money)',
	'(g.money IS NULL) = (w.money IS NULL) AND coalesce(abs(g.money::numeric - w.money::numeric) <= abs(w.money::numeric) * 1e-14, true)');

-- The best customers: of all, and in seven steps, where a customer may count in part.
CALL compare('revenue_concentration', ARRAY['revenue_concentration(customer_base,integer)', 'top_share(customer_base,double precision)'],
	'SELECT shop, points * 10000 + round(percentile / 100 * points), how || '' '' || name, money FROM bases JOIN plain USING (shop), LATERAL (VALUES (7), (least(plain.customers, 10000)::int)) p (points),
		LATERAL revenue_concentration(b, points) r, LATERAL (VALUES (''revenue'', r.revenue::text), (''share'', share_of_revenue::text), (''top_share'', top_share(b, percentile / 100)::text)) v (name, money) WHERE plain.customers > 0 AND (points = 7 OR plain.customers <> 7)',
	'SELECT shop, points * 10000 + i, how || '' '' || name, money
	 FROM (SELECT shop, zero, customers, points, i, customers * i / points AS whole, customers * i % points AS part FROM plain, LATERAL (VALUES (7), (least(customers, 10000)::int)) p (points), generate_series(1, points) i
		   WHERE customers > 0 AND (points = 7 OR customers <> 7)) s
		  JOIN LATERAL (SELECT array_agg(total ORDER BY place) AS totals, array_agg(revenue ORDER BY place) AS revenues FROM (
				SELECT revenue, row_number() OVER down AS place, sum(revenue) OVER down AS total FROM buyers b WHERE b.shop = s.shop AND orders > 0 WINDOW down AS (ORDER BY revenue DESC, c)) r) b ON true,
		  LATERAL (SELECT coalesce(totals[whole], 0) * points + coalesce(revenues[whole + 1], 0) * part AS times) t,
		  LATERAL (SELECT sign(times) * div(2 * abs(times) * (''1e'' || scale(zero))::numeric + points, 2 * points) * (''1e-'' || scale(zero))::numeric AS taken) u,
		  (VALUES (''rows''), (''binary'')) h (how),
		  LATERAL (SELECT CASE WHEN totals[customers] > 0 THEN times / points / totals[customers] END::float8::text AS share) s2,
		  LATERAL (VALUES (''revenue'', round(taken, scale(zero))::text), (''share'', share), (''top_share'', share)) v (name, money)',
	'g.money IS NOT DISTINCT FROM w.money OR name LIKE ''%share'' AND abs(g.money::float8 - w.money::float8) <= 1e-12 * greatest(1, abs(w.money::float8))');

-- ---------------------------------------------------------------------------
-- What a history answers.
-- ---------------------------------------------------------------------------

CALL compare('history_info', ARRAY['history_info(purchase_history)'],
	'SELECT shop, 0, how, (history_info(h)).revenue::text FROM histories', 'SELECT shop, 0, how, revenue::text FROM plain, (VALUES (''rows''), (''binary'')) h (how)');
CALL compare('the rest of history_info', ARRAY['history_info(purchase_history)'],
	'SELECT shop, 0, how || name, money::text FROM histories, history_info(h), LATERAL (VALUES ('' refunded'', -refunded), ('' guests'', guest_revenue)) v (name, money)',
	'SELECT shop, 0, how || name, money::text FROM plain, (VALUES (''rows''), (''binary'')) h (how), LATERAL (VALUES ('' refunded'', refunded), ('' guests'', guest_revenue)) v (name, money)');
CALL compare('excluded_rows', ARRAY['excluded_rows(purchase_history)'],
	'SELECT shop, 0, how || name, coalesce(sum(amount), zero)::text FROM histories JOIN plain USING (shop), excluded_rows(h), LATERAL (SELECT CASE WHEN reason LIKE ''guest %'' THEN '' guests'' ELSE '' revenue'' END AS name) v WHERE is_counted GROUP BY shop, how, name, zero',
	'SELECT shop, 0, how || name, money::text FROM plain, (VALUES (''rows''), (''binary'')) h (how), LATERAL (VALUES ('' revenue'', revenue), ('' guests'', guest_revenue)) v (name, money)');
CALL compare('taken away', ARRAY['_retention_purchase_history_difference(purchase_history,purchase_history)', 'negated(purchase_history)'],
	'SELECT shop, 0, how || name, money::text FROM histories, LATERAL (VALUES ('' difference'', h + h - h), ('' negated'', negated(negated(h) + negated(h)) + negated(h))) v (name, again), LATERAL (SELECT (history_info(again)).revenue AS money) i',
	'SELECT shop, 0, how || name, revenue::text FROM plain, (VALUES (''rows''), (''binary'')) h (how), LATERAL (VALUES ('' difference''), ('' negated'')) v (name)');
CALL compare('the base of a history', ARRAY['customer_base(purchase_history)'],
	'SELECT shop, 0, how || name, money::text FROM (SELECT shop, how, customer_base(h) AS b FROM histories) s,
		LATERAL (VALUES ('' revenue'', revenue(b)), ('' refunded'', refunded(b)), ('' guests'', guest_revenue(b)),
						('' best'', (SELECT revenue FROM revenue_concentration(b, 1)))) v (name, money)',
	'SELECT shop, 0, how || name, money::text FROM plain LEFT JOIN (SELECT shop, sum(revenue) AS best FROM buyers WHERE orders > 0 GROUP BY shop) b USING (shop), (VALUES (''rows''), (''binary'')) h (how),
		LATERAL (VALUES ('' revenue'', revenue), ('' refunded'', refunded), ('' guests'', guest_revenue), ('' best'', best)) v (name, money)');

-- Histories by day and by month, asked about longer periods, for definition of
-- cohorts in plain SQL: rows of periods after that of the last order are not seen.
CREATE TABLE questions (grain text, period text);
INSERT INTO questions VALUES ('day', 'week'), ('day', 'month'), ('month', 'month'), ('month', 'quarter');
CREATE TABLE kept AS SELECT shop, grain, CASE grain WHEN 'day' THEN h END AS h FROM histories, (VALUES ('day'), ('month')) g (grain) WHERE how = 'rows';
UPDATE kept k SET h = m.h FROM (SELECT shop, purchase_history(c, t, a, 'month') AS h FROM orders GROUP BY shop) m WHERE m.shop = k.shop AND grain = 'month';
CREATE TABLE seen AS
SELECT shop, grain, period, c, date_trunc(period, t)::date AS p, a, a >= 0 AS is_order, last
FROM orders JOIN (SELECT shop, max(t) AS last FROM orders WHERE c IS NOT NULL AND a >= 0 GROUP BY shop) l USING (shop), questions
WHERE c IS NOT NULL AND date_trunc(period, t) <= date_trunc(period, last);
CREATE TABLE firsts AS SELECT shop, grain, period, c, min(p) FILTER (WHERE is_order) AS cohort FROM seen GROUP BY shop, grain, period, c;
CREATE TABLE cells AS
SELECT shop, grain, period, cohort, p, size, coalesce(money, 0) + zero AS revenue,
	   (sum(money) OVER so_far + zero) AS cumulative, row_number() OVER so_far - 1 AS i, p < date_trunc(period, last) AS is_complete
FROM (SELECT shop, grain, period, cohort, count(*) AS size FROM firsts WHERE cohort IS NOT NULL GROUP BY shop, grain, period, cohort) f
	 JOIN (SELECT DISTINCT shop, last FROM seen) l USING (shop) JOIN plain USING (shop)
	 CROSS JOIN LATERAL (SELECT p::date FROM generate_series(cohort::timestamp, last, CASE period WHEN 'quarter' THEN '3 months' ELSE '1 ' || period END::interval) p) s
	 LEFT JOIN (SELECT shop, grain, period, cohort, p, sum(a) AS money FROM seen JOIN firsts USING (shop, grain, period, c) GROUP BY shop, grain, period, cohort, p) m
		USING (shop, grain, period, cohort, p)
WINDOW so_far AS (PARTITION BY shop, grain, period, cohort ORDER BY p);
UPDATE cells SET cumulative = revenue WHERE cumulative IS NULL;

CALL compare('cohort_retention', ARRAY['cohort_retention(purchase_history,text,date,integer,purchase_history)'],
	'SELECT shop, grain || period || cohort || period_start, name, money::text FROM kept JOIN questions USING (grain), LATERAL cohort_retention(h, period) r,
		LATERAL (VALUES (''revenue'', revenue), (''cumulative'', cumulative_revenue), (''customer_value'', customer_value)) v (name, money)',
	'SELECT shop, grain || period || cohort || p, name, money::text FROM cells, LATERAL (VALUES (''revenue'', revenue), (''cumulative'', cumulative), (''customer_value'', cumulative / size)) v (name, money)');
CALL compare('cohort_average', ARRAY['cohort_average(purchase_history,text,date,integer,boolean,purchase_history)'],
	'SELECT shop, grain || period || period_index, weighted || name, money::text FROM kept JOIN questions USING (grain), (VALUES (true), (false)) w (weighted), LATERAL cohort_average(h, period, weighted => weighted) r,
		LATERAL (VALUES (''revenue'', revenue), (''cumulative'', cumulative_revenue), (''customer_value'', customer_value)) v (name, money)',
	'SELECT shop, grain || period || i, weighted || name, money::text
	 FROM (SELECT shop, grain, period, i, sum(revenue) AS revenue, sum(cumulative) AS cumulative, sum(cumulative) / sum(size) AS of_all, avg(cumulative / size) AS mean FROM cells WHERE is_complete GROUP BY shop, grain, period, i) c,
		LATERAL (VALUES (true, ''revenue'', revenue), (true, ''cumulative'', cumulative), (true, ''customer_value'', of_all), (false, ''revenue'', revenue), (false, ''cumulative'', cumulative), (false, ''customer_value'', mean)) v (weighted, name, money)');
CALL compare('new_and_returning', ARRAY['new_and_returning(purchase_history,text,integer,date,purchase_history)'],
	'SELECT shop, grain || period || period_start, name, money::text FROM kept JOIN questions USING (grain), LATERAL new_and_returning(h, period) r,
		LATERAL (VALUES (''all'', revenue), (''new'', new_revenue), (''returning'', returning_revenue)) v (name, money)',
	'SELECT shop, grain || period || p, name, (coalesce(money, 0) + zero)::text
	 FROM (SELECT shop, grain, period, min(cohort) AS begins FROM firsts GROUP BY shop, grain, period) f JOIN (SELECT DISTINCT shop, last FROM seen) l USING (shop) JOIN plain USING (shop)
		CROSS JOIN LATERAL (SELECT p::date FROM generate_series(begins::timestamp, last, CASE period WHEN ''quarter'' THEN ''3 months'' ELSE ''1 '' || period END::interval) p) s
		LEFT JOIN (SELECT shop, grain, period, p, sum(a) AS paid, sum(a) FILTER (WHERE cohort = p) AS new, sum(a) FILTER (WHERE cohort IS DISTINCT FROM p) AS old
			  FROM seen JOIN firsts USING (shop, grain, period, c) GROUP BY shop, grain, period, p) m USING (shop, grain, period, p)
		CROSS JOIN LATERAL (VALUES (''all'', paid), (''new'', new), (''returning'', old)) v (name, money)');

-- Rows of some days, and a part that knows its whole.
CALL compare('parts', ARRAY['history_between(purchase_history,date,date)', 'anchored(purchase_history,purchase_history)'],
	'SELECT shop, 0, how || name, trim_scale(coalesce((history_info(part)).revenue + (history_info(part)).guest_revenue, 0))::text
	 FROM histories, LATERAL (VALUES ('' until'', history_between(h, NULL, ''2024-03-31'')), ('' from'', history_between(h, ''2024-04-01'', NULL)), ('' anchored'', anchored(history_between(h, ''2024-04-01'', NULL), h))) v (name, part)',
	'SELECT shop, 0, how || name, trim_scale(coalesce(sum(a) FILTER (WHERE (t < ''2024-04-01'') = (name = '' until'')), 0))::text
	 FROM orders, (VALUES (''rows''), (''binary'')) h (how), (VALUES ('' until''), ('' from''), ('' anchored'')) v (name) GROUP BY shop, how, name');

-- Refunds after the last order count where no as_of is given.
SELECT array_agg(oid::regprocedure)::text AS lists FROM pg_proc WHERE prosrc LIKE 'retention_customer_list%' \gset
CALL compare('customer_list', :'lists',
	'SELECT shop, customer, how || name, money FROM histories, customer_list(h) l, LATERAL (VALUES ('' revenue'', l.revenue::text), ('' score'', monetary_score::text), ('' decile'', revenue_decile::text)) v (name, money)',
	'SELECT shop, c::text, how || name, money
	 FROM (SELECT b.shop, c, (b.revenue + zero)::text AS revenue, rank() OVER w - 1 AS less, count(*) OVER (PARTITION BY b.shop) AS n FROM buyers b JOIN plain USING (shop) WHERE b.orders > 0 WINDOW w AS (PARTITION BY b.shop ORDER BY round(b.revenue, 4)::float8)) r,
		  (VALUES (''rows''), (''binary'')) h (how), LATERAL (VALUES ('' revenue'', revenue), ('' score'', (1 + 5 * less / n)::text), ('' decile'', (1 + 10 * less / n)::text)) v (name, money)');

-- What each customer pays in a period, and paid in the one before.
CREATE TABLE paid AS
SELECT shop, grain, period, c, p, sum(a) AS net, min(CASE WHEN sum(a) > 0 THEN p END) OVER (PARTITION BY shop, grain, period, c) AS first
FROM seen JOIN (SELECT shop, grain, period, min(cohort) AS begins FROM firsts GROUP BY shop, grain, period) f USING (shop, grain, period) WHERE p >= begins GROUP BY shop, grain, period, c, p;
CREATE TABLE pairs AS
SELECT shop, grain, period, c, p, first, sum(was) AS was, sum("is") AS "is", sum(back) AS back
FROM (SELECT shop, grain, period, c, p, first, 0 AS was, greatest(net, 0) AS "is", greatest(-net, 0) AS back FROM paid
	  UNION ALL SELECT shop, grain, period, c, (p + CASE period WHEN 'quarter' THEN '3 months' ELSE '1 ' || period END::interval)::date, first, greatest(net, 0), 0, 0 FROM paid) m
	 JOIN (SELECT DISTINCT shop, last FROM seen) l USING (shop) WHERE p <= last GROUP BY shop, grain, period, c, p, first;
CALL compare('revenue_movements', ARRAY['revenue_movements(purchase_history,text,date,purchase_history)'],
	'SELECT shop, grain || period || period_start, name, trim_scale(money)::text FROM kept JOIN questions USING (grain), LATERAL revenue_movements(h, period) r,
		LATERAL (VALUES (''opening'', opening), (''new'', new), (''expansion'', expansion), (''contraction'', contraction), (''churned'', churned), (''reactivated'', reactivated),
			(''closing'', closing), (''excess'', excess_refunds)) v (name, money) WHERE money <> 0',
	'SELECT shop, grain || period || p, name, trim_scale(sum(money))::text
	 FROM pairs, LATERAL (VALUES (''opening'', was), (''new'', CASE WHEN first = p THEN "is" END), (''expansion'', CASE WHEN was > 0 AND "is" > was THEN "is" - was END), (''contraction'', CASE WHEN "is" > 0 AND "is" < was THEN was - "is" END),
		(''churned'', CASE WHEN "is" = 0 THEN was END), (''reactivated'', CASE WHEN was = 0 AND first < p THEN "is" END), (''closing'', "is"), (''excess'', back)) v (name, money)
	 GROUP BY shop, grain, period, p, name HAVING sum(money) <> 0');

CALL compare('value_within', ARRAY['value_within(purchase_history,integer[],date,purchase_history)', 'value_within(purchase_history,integer,date,purchase_history)', 'value_within(purchase_history,text,date,purchase_history)'],
	'SELECT shop, days, how || name, money::text FROM (SELECT shop, how, v.* FROM histories, value_within(h, ''{0,3,90,400}'') v
			UNION ALL SELECT shop, ''one'', v.* FROM histories, value_within(h, 30) v WHERE how = ''rows'' UNION ALL SELECT shop, ''text'', v.* FROM histories, value_within(h, ''30''::text) v WHERE how = ''rows'') s,
		LATERAL (VALUES ('' revenue'', revenue), ('' aov'', aov), ('' value'', customer_value)) v (name, money)',
	'SELECT shop, d, how || name, money::text FROM (
		SELECT plain.shop, d, zero, how, count(DISTINCT c) AS size, count(*) FILTER (WHERE a >= 0) AS orders, coalesce(sum(a), 0) + zero AS revenue
		FROM plain CROSS JOIN (VALUES (0, ''rows''), (3, ''rows''), (90, ''rows''), (400, ''rows''), (0, ''binary''), (3, ''binary''), (90, ''binary''), (400, ''binary''), (30, ''one''), (30, ''text'')) q (d, how)
			 LEFT JOIN (SELECT shop, c, a, t::date - min(t::date) FILTER (WHERE a >= 0) OVER (PARTITION BY shop, c) AS age,
							   max(t::date) FILTER (WHERE a >= 0 AND c IS NOT NULL) OVER (PARTITION BY shop) - min(t::date) FILTER (WHERE a >= 0) OVER (PARTITION BY shop, c) AS watched
						FROM orders WHERE c IS NOT NULL) o ON o.shop = plain.shop AND watched >= d AND age BETWEEN 0 AND d
		GROUP BY plain.shop, d, zero, how) s,
		LATERAL (VALUES ('' revenue'', revenue), ('' aov'', revenue / nullif(orders, 0)), ('' value'', revenue / nullif(size, 0))) v (name, money)');

-- Spend of repeat days, as the models take it.
CREATE TABLE spends AS
SELECT shop, c, spend / days AS m FROM (
	SELECT shop, c, sum(money) FILTER (WHERE is_order AND day > first) AS spend, count(*) FILTER (WHERE is_order AND day > first) AS days
	FROM (SELECT shop, c, t::date AS day, sum(a) AS money, bool_or(a >= 0) AS is_order, min(min(t::date) FILTER (WHERE a >= 0)) OVER (PARTITION BY shop, c) AS first
		  FROM orders WHERE c IS NOT NULL GROUP BY shop, c, t::date) d
	GROUP BY shop, c) s WHERE days > 0;
CALL compare('repeat_spend', ARRAY['repeat_spend(purchase_history,date)', 'repeat_spend(rfm_inputs)', 'rollup(repeat_spend_histogram)', '_retention_repeat_spend_union(repeat_spend_histogram,repeat_spend_histogram)', 'repeat_spend_info(repeat_spend_histogram)'],
	'SELECT shop, 0, name, money FROM (SELECT shop, repeat_spend(h) AS of_history FROM histories WHERE how = ''rows'') h
		JOIN (SELECT shop, repeat_spend(r) AS of_rfm, repeat_spend(r) FILTER (WHERE c % 2 = 0) + repeat_spend(r) FILTER (WHERE c % 2 <> 0) AS added
			  FROM (SELECT shop, c, rfm_summary(t, a, date ''2024-12-31'') AS r FROM orders WHERE c IS NOT NULL GROUP BY shop, c) r GROUP BY shop) s USING (shop)
		JOIN (SELECT shop, rollup(r) AS rolled FROM (SELECT shop, repeat_spend(r) AS r FROM (SELECT shop, c, rfm_summary(t, a, date ''2024-12-31'') AS r FROM orders WHERE c IS NOT NULL GROUP BY shop, c) r GROUP BY shop, c % 3) p GROUP BY shop) u USING (shop),
		LATERAL (VALUES (''history'', (repeat_spend_info(of_history)).mean_spend::text), (''rfm'', (repeat_spend_info(of_rfm)).mean_spend::text), (''rollup'', (repeat_spend_info(rolled)).mean_spend::text),
			(''read'', (repeat_spend_info(of_history::text::repeat_spend_histogram)).mean_spend::text), (''added'', (repeat_spend_info(coalesce(added, of_rfm))).mean_spend::text),
			(''same'', (of_rfm::text IS NOT DISTINCT FROM rolled::text)::text)) v (name, money)',
	'SELECT shop, 0, name, CASE name WHEN ''same'' THEN ''true'' ELSE mean::text END FROM (SELECT DISTINCT shop FROM orders WHERE c IS NOT NULL) o
		LEFT JOIN (SELECT shop, avg(m) AS mean FROM spends WHERE m > 0 GROUP BY shop) s USING (shop), (VALUES (''history''), (''rfm''), (''rollup''), (''read''), (''added''), (''same'')) v (name)',
	'g.money IS NOT DISTINCT FROM w.money OR name <> ''same'' AND abs(g.money::float8 - w.money::float8) <= 1e-13 * abs(w.money::float8)');

-- What servers and workers hand over, the state of rfm_summary and of a histogram,
-- and samples: as text and in binary.
CREATE AGGREGATE log_of(timestamp, numeric, date) (SFUNC = _retention_timeline_add_summary, STYPE = _retention_timeline);
CREATE TABLE states AS SELECT shop, c, log_of(t, a, '2024-06-30' ORDER BY n DESC) AS log FROM orders WHERE c IS NOT NULL GROUP BY shop, c;
CREATE TABLE summaries AS SELECT shop, repeat_spend(h) AS spend, (SELECT customer_base_sample(c, t, a, 16) FROM orders o WHERE o.shop = h.shop) AS sample FROM histories h WHERE how = 'rows';
CREATE TABLE read_states (LIKE states);
CREATE TABLE read_summaries (LIKE summaries);
\copy money_everywhere.states TO 'results/money_everywhere.binary' WITH (FORMAT binary)
\copy money_everywhere.read_states FROM 'results/money_everywhere.binary' WITH (FORMAT binary)
\copy money_everywhere.summaries TO 'results/money_everywhere.binary' WITH (FORMAT binary)
\copy money_everywhere.read_summaries FROM 'results/money_everywhere.binary' WITH (FORMAT binary)
\! rm -f results/money_everywhere.binary
CALL compare('states, read again', '{}',
	'SELECT shop, c, name, money::text FROM read_states r JOIN states s USING (shop, c), LATERAL (VALUES (''binary'', (_retention_timeline_rfm(r.log)).mean_spend), (''text'', (_retention_timeline_rfm(s.log::text::_retention_timeline)).mean_spend),
		(''combined'', (_retention_timeline_rfm(_retention_timeline_combine(s.log, r.log))).mean_spend)) v (name, money)',
	'SELECT shop, c, name, (mean_spend * CASE name WHEN ''combined'' THEN 2 ELSE 1 END)::text FROM states, LATERAL (SELECT (_retention_timeline_rfm(log)).mean_spend) r, (VALUES (''binary''), (''text''), (''combined'')) v (name)',
	'g.money::numeric IS NOT DISTINCT FROM w.money::numeric OR name = ''combined'' AND abs(g.money::numeric - w.money::numeric) <= 1e-15 * abs(w.money::numeric)');
CALL compare('tallies and samples, read again', '{}',
	'SELECT shop, 0, name, money FROM read_summaries r JOIN summaries s USING (shop), LATERAL (VALUES (''spend, binary'', r.spend::text), (''spend, text'', s.spend::text::repeat_spend_histogram::text),
		(''sample, binary'', r.sample::text), (''sample, text'', s.sample::text::customer_base::text)) v (name, money)',
	'SELECT shop, 0, name, CASE WHEN name LIKE ''spend%'' THEN spend::text ELSE sample::text END FROM summaries, (VALUES (''spend, binary''), (''spend, text''), (''sample, binary''), (''sample, text'')) v (name)');

-- ---------------------------------------------------------------------------
-- Formulas over single numbers.
-- ---------------------------------------------------------------------------

CALL compare('formulas', ARRAY['clv_from_aov(numeric,numeric,numeric)', 'clv_from_aov(numeric,numeric,interval)', 'clv_from_aov(numeric,numeric,text)', 'clv_contractual(numeric,numeric)', 'clv_from_churn(numeric,numeric,numeric,numeric)', 'clv_to_cac(numeric,numeric)'],
	'SELECT shop, n, name, trim_scale(money)::text FROM orders, LATERAL (VALUES (''clv'', clv_from_aov(a, 2.5, 3.0)), (''interval'', clv_from_aov(a, 2.5, interval ''3 years'')), (''text'', clv_from_aov(a, 2.5, ''3 years'')), (''contract'', clv_contractual(a, 24)),
		(''churn'', clv_from_churn(a, 0.05)), (''cac'', clv_to_cac(a, 0.5))) v (name, money) WHERE shop > 0 AND a >= 0 AND n < 10',
	'SELECT shop, n, name, trim_scale(money)::text FROM orders, LATERAL (VALUES (''clv'', a * 7.5), (''interval'', a * 7.5), (''text'', a * 7.5), (''contract'', a * 24), (''churn'', a * 20), (''cac'', a * 2)) v (name, money) WHERE shop > 0 AND a >= 0 AND n < 10');


-- ---------------------------------------------------------------------------
-- The views, over shops that their columns can hold, to four digits.
-- ---------------------------------------------------------------------------

CREATE TABLE shop_orders (customer_id int8, ordered_at timestamp, amount numeric);
INSERT INTO shop_orders VALUES (1, '2024-01-01', 1);
SELECT count(*) > 0 AS views FROM retention_create_views('shop_orders', 'customer_id', 'ordered_at', 'amount', target => 'money_views', lifespan => '2 years', margin => 0.5);
CREATE TABLE known_columns (relname name, attname name, why text, PRIMARY KEY (relname, attname));
-- estimates of models, and numbers that are no money
INSERT INTO known_columns VALUES ('customers', 'expected_revenue_12_months', 'model'), ('customers', 'predicted_clv', 'model');

CREATE FUNCTION this() RETURNS int STABLE LANGUAGE sql AS $$ SELECT current_setting('money.shop')::int $$;
CREATE PROCEDURE compare_view(view name, place text, columns name[], want text) LANGUAGE plpgsql AS $$
DECLARE
	list text := (SELECT string_agg(format('(%L, %I::numeric)', c, c), ', ') FROM unnest(columns) c);
BEGIN
	CALL compare('view ' || view, '{}',
		format('SELECT this(), (%s)::text, name, trim_scale(round(money::numeric, 4))::text FROM money_views.%I AS v, LATERAL (VALUES %s) m (name, money)',
			   place, view, list),
		format('SELECT this(), (place)::text, name, trim_scale(round(money, 4))::text FROM (%s) v, LATERAL (VALUES %s) m (name, money)',
			   want, list));
	INSERT INTO known_columns SELECT view, unnest(columns), 'compared' ON CONFLICT DO NOTHING;
END
$$;
-- What the orders of these periods, of known customers and guests, come to.
CREATE FUNCTION sums_of(begins timestamp, ends timestamp, seconds numeric, OUT revenue numeric, OUT refunded numeric, OUT guest_revenue numeric, OUT all_revenue numeric,
						OUT aov numeric, OUT customer_value numeric, OUT clv numeric, OUT top_20_percent_revenue numeric)
STABLE LANGUAGE sql AS $$
	WITH o AS MATERIALIZED (SELECT * FROM orders WHERE shop = this() AND t >= begins AND t < ends),
	s AS (SELECT coalesce(sum(a) FILTER (WHERE c IS NOT NULL), 0) AS revenue, -coalesce(sum(a) FILTER (WHERE c IS NOT NULL AND a < 0), 0) AS refunded,
				 coalesce(sum(a) FILTER (WHERE c IS NULL), 0) AS guest_revenue, coalesce(sum(a), 0) AS all_revenue,
				 sum(a) / nullif(count(*) FILTER (WHERE a >= 0), 0) AS aov, nullif(count(DISTINCT c) FILTER (WHERE a >= 0), 0) AS customers,
				 86400 * ((max(t) FILTER (WHERE a >= 0 AND c IS NOT NULL))::date - (min(t) FILTER (WHERE a >= 0 AND c IS NOT NULL))::date) AS observed,
				 -- of the shop: a period of whole amounts has its share of the best as exactly
				 (SELECT max(scale(a)) FROM orders WHERE shop = this()) AS digits
		  FROM o),
	b AS (SELECT revenue, row_number() OVER (ORDER BY revenue DESC) AS place, count(*) OVER () AS n
		  FROM (SELECT c, sum(a) AS revenue FROM o WHERE c IS NOT NULL GROUP BY c HAVING bool_or(a >= 0)) b)
	SELECT revenue, refunded, guest_revenue, all_revenue, aov, revenue / customers,
		   revenue * 0.5 * 2 * 31557600 / nullif(customers * coalesce(seconds, observed), 0),
		   (SELECT round(sum(b.revenue * least(5, greatest(0, n - 5 * (place - 1)))) / 5, s.digits) FROM b)
	FROM s
$$;

DO $$
DECLARE
	one int;
	customer_view name;
BEGIN
	FOR one IN SELECT shop FROM shops s JOIN (SELECT shop FROM orders WHERE shop > 0 GROUP BY shop HAVING sum(abs(a)) < 1e14 AND sum(abs(a)) > 0.01) o USING (shop)
			   ORDER BY hashint4(shop) LIMIT 12 + (SELECT count(*) FROM shops) / 100 LOOP
		PERFORM set_config('money.shop', one::text, false);
		TRUNCATE shop_orders;
		INSERT INTO shop_orders SELECT c, t, a FROM orders WHERE shop = one;

		CALL compare_view('order_rows', 'concat(customer, '' '', ordered_at)', '{amount}', 'SELECT concat(c, '' '', t) AS place, a AS amount FROM orders WHERE shop = this()');
		CALL compare_view('left_out_rows', 'concat(customer, '' '', ordered_at)', '{amount}', 'SELECT '''' AS place, 0 AS amount WHERE false');
		CALL compare_view('kpi', '''''', '{revenue,refunded,guest_revenue,all_revenue,aov,customer_value,clv,top_20_percent_revenue}',
			'SELECT '''' AS place, * FROM sums_of(''-infinity'', ''infinity'', NULL)');
		CALL compare_view('kpi_by_period', 'period_start', '{revenue,refunded,guest_revenue,all_revenue,aov,customer_value,clv,top_20_percent_revenue,new_revenue,returning_revenue}',
			'SELECT p::date AS place, s.*, coalesce(round(new_revenue, 4), 0) AS new_revenue, round(revenue, 4) - coalesce(round(new_revenue, 4), 0) AS returning_revenue
			 FROM (SELECT date_trunc(''month'', min(t)) AS first, max(t) AS last FROM orders WHERE shop = this()) span,
				  LATERAL generate_series(first, last, ''1 month'') p, LATERAL (SELECT p + interval ''1 month'' AS ends) e,
				  LATERAL sums_of(p, ends, extract(epoch FROM ends - p)) s,
				  LATERAL (SELECT sum(a) AS new_revenue FROM orders JOIN (SELECT c, min(t) AS begins FROM orders WHERE shop = this() AND a >= 0 GROUP BY c) f USING (c)
						   WHERE shop = this() AND t >= p AND t < ends AND begins >= p AND begins < ends) n');
		CALL compare_view('kpi_to_date', 'span', '{revenue,new_revenue,all_revenue,aov,revenue_year_before,new_revenue_year_before,all_revenue_year_before,aov_year_before}',
			'WITH known AS (SELECT date_trunc(''day'', min(t)) AS first, date_trunc(''day'', max(t)) AS last FROM orders WHERE shop = this() AND c IS NOT NULL AND a >= 0),
			 w AS (SELECT span, from_day, last, from_day - interval ''1 year'' AS from_before, last - interval ''1 year'' AS last_before, first FROM known, unnest(''{month,quarter,year}''::text[]) span, date_trunc(span, last) from_day WHERE last IS NOT NULL)
			 SELECT span AS place, n.revenue, n.all_revenue, n.aov, coalesce(new.revenue, 0) AS new_revenue, b.revenue AS revenue_year_before, b.all_revenue AS all_revenue_year_before, b.aov AS aov_year_before,
					CASE WHEN first <= from_before THEN coalesce(new.before, 0) END AS new_revenue_year_before
			 FROM w CROSS JOIN LATERAL sums_of(from_day, last + interval ''1 day'', NULL) n LEFT JOIN LATERAL sums_of(from_before, last_before + interval ''1 day'', NULL) b ON first <= from_before,
				  LATERAL (SELECT sum(a) FILTER (WHERE t >= from_day AND t < last + interval ''1 day'' AND begins >= from_day) AS revenue,
								  sum(a) FILTER (WHERE t >= from_before AND t < last_before + interval ''1 day'' AND begins >= from_before AND begins < last_before + interval ''1 day'') AS before
						   FROM orders JOIN (SELECT c, min(t) AS begins FROM orders WHERE shop = this() AND a >= 0 GROUP BY c) f USING (c) WHERE shop = this()) new');
		CALL compare_view('order_sequence', 'concat(customer, '' '', ordered_at)', '{amount,revenue_to_date}',
			'SELECT concat(c, '' '', t) AS place, a AS amount, revenue_to_date FROM (SELECT c, t, a, sum(a) OVER (PARTITION BY c ORDER BY t) AS revenue_to_date FROM orders WHERE shop = this() AND c IS NOT NULL) o WHERE a >= 0');
		CALL compare_view('cohort_retention', 'concat(cohort, '' '', period_start)', '{revenue,cumulative_revenue,customer_value}',
			'SELECT concat(cohort, '' '', p) AS place, revenue, cumulative AS cumulative_revenue, cumulative / size AS customer_value FROM cells WHERE grain = ''month'' AND period = ''month'' AND shop = this()');
		CALL compare_view('value_by_age', 'age_days', '{revenue,revenue_per_customer}',
			'SELECT d AS place, coalesce(sum(a), 0) AS revenue, sum(a) / nullif(count(DISTINCT c), 0) AS revenue_per_customer
			 FROM unnest(''{0,30,60,90,180,365,730}''::int[]) d
				  LEFT JOIN (SELECT c, a, t::date AS day, min(t::date) FILTER (WHERE a >= 0) OVER (PARTITION BY c) AS first, max(t::date) FILTER (WHERE a >= 0) OVER () AS today
							 FROM orders WHERE shop = this() AND c IS NOT NULL) o ON today - first >= d AND day BETWEEN first AND first + d GROUP BY d');
		FOR customer_view IN SELECT unnest('{customers,customer_facts}'::name[]) LOOP
			CALL compare_view(customer_view, 'customer', '{revenue,aov,refunded}',
				'SELECT c AS place, revenue, revenue / orders AS aov, coalesce(refunded, 0) AS refunded
				 FROM buyers LEFT JOIN (SELECT c, -sum(a) AS refunded FROM orders WHERE shop = this() AND a < 0 GROUP BY c) r USING (c) WHERE shop = this() AND orders > 0');
		END LOOP;
		CALL compare_view('excluded_rows', 'reason', '{amount}',
			'SELECT place, sum(a) AS amount FROM unnest(ARRAY[''order'', ''refund'', ''refund without order'', ''guest order'', ''guest refund'', ''no amount'', ''no time'', ''not finite'', ''absurd amount'', ''too early'', ''in the future'', ''filtered out'']) place
			 LEFT JOIN (SELECT a, CASE WHEN c IS NULL THEN ''guest '' ELSE '''' END || CASE WHEN a >= 0 THEN ''order'' ELSE ''refund'' END ||
							   CASE WHEN a < 0 AND NOT bool_or(a >= 0) OVER (PARTITION BY c) AND c IS NOT NULL THEN '' without order'' ELSE '''' END AS place
						FROM orders WHERE shop = this()) o USING (place) GROUP BY place');
		CALL compare_view('revenue_concentration', 'percentile', '{revenue}',
			'SELECT i AS place, round(sum(revenue * least(100, greatest(0, n * i - 100 * (nth - 1)))) / 100, digits) AS revenue
			 FROM (SELECT revenue, scale(revenue) AS digits, row_number() OVER (ORDER BY revenue DESC) AS nth, count(*) OVER () AS n FROM buyers WHERE shop = this() AND orders > 0) b, generate_series(1, 100) i
			 GROUP BY i, digits');
		CALL compare_view('rfm_segments', 'segment', '{revenue,mean_revenue}',
			'SELECT coalesce(segment, ''(none)'') AS place, sum(b.revenue) AS revenue, sum(b.revenue) / count(*) AS mean_revenue
			 FROM (SELECT c, round(revenue, 4) AS revenue FROM buyers WHERE shop = this() AND orders > 0) b JOIN money_views.customers v ON v.customer = c GROUP BY 1');
	END LOOP;
END
$$;
-- quintiles: of revenue, the greatest of each fifth as floating point
INSERT INTO known_columns VALUES ('kpi', 'revenue_per_customer_year', 'revenue, as in views');
INSERT INTO known_columns SELECT 'kpi_to_date', unnest('{revenue_change,new_revenue_change,all_revenue_change,aov_change}'::name[]), 'ratios of these';
INSERT INTO known_columns SELECT 'outlook', unnest('{expected_revenue_12_months,expected_revenue_lower,expected_revenue_upper,expected_revenue_per_customer,expected_revenue_per_customer_lower,expected_revenue_per_customer_upper}'::name[]), 'predictions';
INSERT INTO known_columns SELECT 'rfm_quintiles', unnest('{p20,p40,p60,p80}'::name[]), 'of three metrics';
SELECT c.relname, a.attname AS unknown_money
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'money_views'::regnamespace AND c.relkind IN ('v', 'm') AND attnum > 0
	AND (atttypid = 'numeric'::regtype OR atttypid = 'float8'::regtype AND attname ~ 'revenue|amount|clv|customer_value|aov|value|refund' AND attname !~ '^share_|_share$')
	AND NOT EXISTS (SELECT FROM known_columns k WHERE k.relname = c.relname AND k.attname = a.attname)
ORDER BY 1, 2;

-- ---------------------------------------------------------------------------
-- Is there money that was not asked for?
-- ---------------------------------------------------------------------------

CREATE TABLE not_asked (name text, why text);
INSERT INTO not_asked VALUES
	('simulate_orders', 'draws amounts'), ('standard_error', 'an estimate'), ('gini', 'a share of shares'),
	('projected_revenue', 'no amounts: given numbers multiplied'),
	('expected_spend', 'of a model'), ('expected_total', 'of a model'), ('expected_spend_interval', 'of a model'), ('model_parameters', 'of a model'),
	('predicted_clv', 'of a model'), ('predicted_clv_interval', 'of a model'), ('predict_customers', 'of a model'), ('_retention_kpi_by_period', 'asked by the view'),
	('_retention_kpi', 'asked by the view'), ('_retention_window', 'asked by the views'), ('_retention_history_entries', 'asked by live views'), ('_retention_history_unless_empty', 'asked by live views'), ('retention_verify', 'a difference of histories'), ('customer_facts', 'as customer_list has it, in its test'), ('_retention_kpi_of_windows', 'asked by the view'), ('_retention_excluded_rows', 'asked by the view'), ('_retention_customers_int8', 'asked by the view'), ('_retention_customers_text', 'asked by the view'), ('_retention_outlook', 'of a model'), ('_retention_purchase_history', 'asked by the views'), ('_retention_purchase_history_with_names', 'asked by the views');
SELECT p.oid::regprocedure AS not_asked
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	 JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'retention',
	 LATERAL (SELECT coalesce(array_agg(type) FILTER (WHERE mode IN ('o', 't')), ARRAY[prorettype]) AS results, coalesce(array_agg(arg) FILTER (WHERE mode IN ('o', 't')), '{}') AS columns
			  FROM unnest(proallargtypes, proargmodes, proargnames) u (type, mode, arg)) r
WHERE ('numeric'::regtype = ANY (results)
	   OR 'float8'::regtype = ANY (results) AND array_to_string(columns || proname::text, ' ') ~ 'revenue|refunded|clv|aov|spend|amount|customer_value|top_share|gini'
	   OR results && ARRAY['customer_base'::regtype, 'purchase_history'::regtype, 'repeat_spend_histogram'::regtype, 'rfm_inputs'::regtype]::oid[])
	-- of an aggregate, one that is given amounts, or what knows of them
	AND (prokind = 'f' OR 'amount' = ANY (proargnames) OR proargtypes::oid[] && ARRAY['customer_base'::regtype, 'purchase_history'::regtype, 'repeat_spend_histogram'::regtype, 'rfm_inputs'::regtype]::oid[])
	-- customers that others stand for, and what answers nobody
	AND NOT (coalesce(proargnames[2], '') = 'order_id' AND proargtypes[1] = ANY ('{int2,int4,"\"char\""}'::regtype[]))
	AND proargtypes[0] <> ALL ('{int2,int4,"\"char\""}'::regtype[]) AND prosrc <> 'retention_refuse_call'
	-- what aggregates, types and views are made of is asked with them
	AND p.oid NOT IN (SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggmtransfn, aggminvtransfn, aggmfinalfn, aggserialfn, aggdeserialfn]::oid[]) FROM pg_aggregate)
	AND p.oid NOT IN (SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend]::oid[]) FROM pg_type)
	AND NOT (prokind = 'f' AND prorettype = 'float8'::regtype AND proargtypes::oid[] <@ ARRAY['float8'::regtype, 'interval'::regtype, 'text'::regtype]::oid[])
	AND p.oid::regprocedure::text NOT IN (TABLE asked)
	AND proname NOT IN (SELECT name FROM not_asked)
	AND NOT ('time_zone' = ANY (proargnames) AND prokind = 'a')
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- ---------------------------------------------------------------------------
-- The ends of widths.
-- ---------------------------------------------------------------------------

-- A block of a history is as wide as its largest money.
CREATE TABLE widths (n int, amount numeric);
INSERT INTO widths SELECT n, sign * (256::numeric ^ n / 2 + step) / 10 ^ scale
FROM generate_series(1, 16) n, (VALUES (1), (-1)) s (sign), generate_series(-1, 1) step, (VALUES (0), (2), (6)) d (scale);
SELECT count(*) AS amounts,
	   count(*) FILTER (WHERE revenue IS DISTINCT FROM amount + 3) AS wrong,
	   count(*) FILTER (WHERE stored IS DISTINCT FROM amount + 3) AS wrong_when_stored
FROM (SELECT amount, (SELECT sum(revenue) FROM cohort_retention(h)) AS revenue,
			 (SELECT sum(revenue) FROM cohort_retention(h::text::purchase_history)) AS stored
	  FROM widths, LATERAL (SELECT purchase_history(customer, date '2024-01-01', a, 'month')
							FROM (VALUES (1, 1), (2, 0), (2, amount), (3, 2)) o (customer, a)) s (h)) s;

-- Histories keep money in one word or two, in units of up to 28 digits behind the
-- point, and what is neither elsewhere.  Money about the borders of these, alone,
-- added up to, given back, on some days, beside a longer scale, and twice; and of
-- customers whose hashes are the same.
CREATE TABLE edges (shop int, n int, c int8, u uuid, t date, a numeric);
INSERT INTO edges
SELECT shop, row_number() OVER (PARTITION BY shop ORDER BY o.n, o.c), c,
	   (ARRAY['b20e2cd6-02a6-4ff0-0000-000000001eef', '49d98c22-68e0-eb3d-0000-000000003dde', '036efab6-5154-0360-0000-000000005ccd']::uuid[])[c],
	   date '2024-01-01' + day, a
FROM (SELECT row_number() OVER (ORDER BY bits, sign, step, digits, how COLLATE "C")::int AS shop, how, sign * (round(2::numeric ^ bits) + step) * ('1e-' || digits)::numeric AS v, ('1e-' || digits)::numeric AS unit
	  FROM unnest(ARRAY[62, 63, 64, 126, 127, 128, 191]) bits, unnest(ARRAY[1, -1]) sign, generate_series(-2, 1) step, unnest(ARRAY[0, 2, 28, 29]) digits,
		   unnest(ARRAY['alone', 'added up', 'given back', 'days', 'long scale', 'twice']) how) s,
	 LATERAL (SELECT 1 AS n, 2 AS c, 3 AS day, 1.5 AS a
			  UNION ALL SELECT 2, 3, 1, -0.25
			  UNION ALL SELECT 3, NULL, 1, v
			  UNION ALL SELECT 4, 1, 7, v WHERE how = 'alone'
			  UNION ALL SELECT 5, 1, 7, div(v, 3 * unit) * unit WHERE how = 'added up'
			  UNION ALL SELECT 6, 1, 7, v - div(v, 3 * unit) * unit WHERE how = 'added up'
			  UNION ALL SELECT 7, 1, 7, v WHERE how = 'given back'
			  UNION ALL SELECT 8, 1, 7, -v + 3 * unit WHERE how = 'given back'
			  UNION ALL SELECT 9, 1, 8, v WHERE how = 'given back'
			  UNION ALL SELECT 10, 1, day, v FROM generate_series(7, 9) day WHERE how = 'days'
			  UNION ALL SELECT 11, 1, 7, v WHERE how = 'long scale'
			  UNION ALL SELECT 12, 2, 8, 1e-40 WHERE how = 'long scale'
			  UNION ALL SELECT 13, c, 7, v FROM generate_series(1, 3) c, generate_series(1, 2) WHERE how = 'twice') o;
-- All of them and some more are a history that outgrows its memory.
INSERT INTO edges SELECT 0, row_number() OVER (ORDER BY shop, n), shop * 10 + c, u, t, a FROM edges;
INSERT INTO edges SELECT 0, 100000 + n, -n, md5(n::text)::uuid, date '2024-01-01' + n % 300, n * 0.01 FROM generate_series(1, 6000) n;
CREATE TABLE edge_histories (shop int, how text, h purchase_history, by_hash purchase_history);
INSERT INTO edge_histories SELECT shop, 'rows', purchase_history(c, t, a, 'day'), purchase_history(u, t, a, 'day') FROM edges GROUP BY shop;
INSERT INTO edge_histories SELECT shop, 'rows from the last to the first', purchase_history(c, t, a, 'day' ORDER BY n DESC), purchase_history(u, t, a, 'day' ORDER BY n DESC) FROM edges GROUP BY shop;
INSERT INTO edge_histories SELECT shop, 'text', h::text::purchase_history, by_hash::text::purchase_history FROM edge_histories WHERE how = 'rows';
INSERT INTO edge_histories SELECT shop, 'rolled up from rows', rollup(h), rollup(by_hash)
	FROM (SELECT shop, purchase_history(c, t, a, 'day') AS h, purchase_history(u, t, a, 'day') AS by_hash FROM edges GROUP BY shop, n % 100) s GROUP BY shop;
INSERT INTO edge_histories SELECT shop, 'the rest added to the first half', a + b, ua + ub
	FROM (SELECT shop, purchase_history(c, t, a, 'day') FILTER (WHERE first) AS a, purchase_history(c, t, a, 'day') FILTER (WHERE NOT first) AS b,
				 purchase_history(u, t, a, 'day') FILTER (WHERE first) AS ua, purchase_history(u, t, a, 'day') FILTER (WHERE NOT first) AS ub
		  FROM (SELECT *, n <= (count(*) OVER (PARTITION BY shop) + 1) / 2 AS first FROM edges) e GROUP BY shop) s;
INSERT INTO edge_histories SELECT DISTINCT ON (shop) shop, 'window', h, by_hash
	FROM (SELECT shop, n, purchase_history(c, t, a, 'day') OVER w AS h, purchase_history(u, t, a, 'day') OVER w AS by_hash FROM edges WHERE shop > 0 WINDOW w AS (PARTITION BY shop ORDER BY n)) w
	ORDER BY shop, n DESC;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
INSERT INTO edge_histories SELECT shop, 'on disk', purchase_history(c, t, a, 'day'), purchase_history(u, t, a, 'day') FROM edges WHERE shop = 0 GROUP BY shop;
INSERT INTO edge_histories SELECT shop, 'added on disk', a + b, ua + ub
	FROM (SELECT shop, purchase_history(c, t, a, 'day') FILTER (WHERE n % 2 = 0) AS a, purchase_history(c, t, a, 'day') FILTER (WHERE n % 2 = 1) AS b,
				 purchase_history(u, t, a, 'day') FILTER (WHERE n % 2 = 0) AS ua, purchase_history(u, t, a, 'day') FILTER (WHERE n % 2 = 1) AS ub FROM edges WHERE shop = 0 GROUP BY shop) s;
INSERT INTO edge_histories SELECT 0, 'rolled up on disk', rollup(h), rollup(by_hash)
	FROM (SELECT purchase_history(c, t, a, 'day') AS h, purchase_history(u, t, a, 'day') AS by_hash FROM edges WHERE shop = 0 GROUP BY n % 10) s;
RESET work_mem;
RESET hash_mem_multiplier;
CALL compare('edges of histories, however they were made', '{}',
	'SELECT shop, 0, how, md5(h::text) || md5(by_hash::text) FROM edge_histories',
	'SELECT h.shop, 0, h.how, md5(r.h::text) || md5(r.by_hash::text) FROM edge_histories r JOIN edge_histories h USING (shop) WHERE r.how = ''rows''');
-- What each customer is by both keys, and the answers by both.
CREATE TABLE edge_rows AS
SELECT shop, what, k, t, a, min(t) FILTER (WHERE a >= 0) OVER (PARTITION BY shop, what, k) AS cohort,
	   min(t) FILTER (WHERE a >= 0 AND k IS NOT NULL) OVER (PARTITION BY shop, what) AS first, max(t) FILTER (WHERE a >= 0 AND k IS NOT NULL) OVER (PARTITION BY shop, what) AS last
FROM (SELECT shop, 'customers' AS what, c::text AS k, t, a FROM edges UNION ALL SELECT shop, 'hashes', u::text, t, a FROM edges) e;
CREATE TABLE edge_answers AS SELECT shop, what, x AS h FROM edge_histories, LATERAL (VALUES ('customers', h), ('hashes', by_hash)) k (what, x) WHERE how = 'rows';
CALL compare('edges of histories', '{}',
	'SELECT shop, what, name, trim_scale(money)::text FROM edge_answers,
		LATERAL (VALUES (''revenue'', (history_info(h)).revenue), (''guests'', guest_revenue(customer_base(h))), (''base'', revenue(customer_base(h))), (''refunded'', refunded(customer_base(h))),
						(''best'', (SELECT revenue FROM revenue_concentration(customer_base(h), 1)))) v (name, money)',
	'SELECT shop, what, name, trim_scale(money)::text
	 FROM (SELECT shop, what, sum(a) FILTER (WHERE k IS NOT NULL) AS paid, coalesce(sum(a) FILTER (WHERE k IS NULL), 0) AS guests,
				  -sum(a) FILTER (WHERE k IS NOT NULL AND a < 0) AS refunded, sum(a) FILTER (WHERE k IS NOT NULL AND cohort IS NOT NULL) AS buyers FROM edge_rows GROUP BY shop, what) s,
	 LATERAL (VALUES (''revenue'', paid), (''guests'', guests), (''base'', paid), (''refunded'', refunded), (''best'', buyers)) v (name, money)');
CALL compare('cells of edges', '{}',
	'SELECT shop, what || cohort, period_start, trim_scale(revenue)::text FROM edge_answers, cohort_retention(h, ''day'') WHERE revenue <> 0
	 UNION ALL SELECT shop, what, period_start, trim_scale(revenue)::text FROM edge_answers, new_and_returning(h, ''day'') WHERE revenue <> 0',
	'SELECT shop, what || cohort, t, trim_scale(sum(a))::text FROM edge_rows WHERE k IS NOT NULL AND t >= cohort AND t <= last GROUP BY shop, what, cohort, t HAVING sum(a) <> 0
	 UNION ALL SELECT shop, what, t, trim_scale(sum(a))::text FROM edge_rows WHERE k IS NOT NULL AND t >= first AND t <= last GROUP BY shop, what, t HAVING sum(a) <> 0');

-- Rows on top of a sum that has been read, and that is as wide as two words can be.
WITH guests (amount, edge) AS (VALUES (1::numeric, 170141183460469231731687303715884105727), (-1, -170141183460469231731687303715884105728)),
	 made AS (
	SELECT amount, edge, customer_base(NULL::int8, date '2024-01-01', edge) AS base, purchase_history(NULL::int8, date '2024-01-01', edge, 'day') AS history
	FROM guests GROUP BY amount, edge)
SELECT edge + amount AS sum,
	   guest_revenue(_retention_customer_base_add(base, NULL::int8, date '2024-01-01', amount)) AS base,
	   guest_revenue(customer_base(_retention_purchase_history_add(history, NULL::int8, date '2024-01-01', amount, 'day'))) AS history
FROM made ORDER BY amount;

-- Shares of a revenue that is little beside what was paid and given back.
SELECT factor, top_share(b, 0.25) AS best, top_share(b, 0.5) AS better_half, top_share(b, 1) AS all_of_it, gini(b),
	   (SELECT array_agg(share_of_revenue) FROM revenue_concentration(b, 4)) AS curve
FROM (SELECT factor, customer_base(c, date '2024-01-01', a * factor) AS b
	  FROM (VALUES (1, 3e17), (2, 0), (2, -3e17), (3, 7), (4, 3)) o (c, a), (VALUES (1), (1e20)) f (factor) GROUP BY factor) s
ORDER BY factor;

-- A sum as wide as a value can have, at a scale that makes it wider: no value,
-- or it could not be read again.
CREATE FUNCTION widen(value bytea) RETURNS text IMMUTABLE LANGUAGE SQL AS $$
	SELECT translate(encode(overlay(value PLACING decode('a0e103' || repeat('ff', 61599) || '7f', 'hex') FROM octet_length(value) - 9 FOR 2), 'base64'), E'\n', '')
$$;
CREATE TABLE widest AS
SELECT widen(_retention_customer_base_send(customer_base(NULL::int8, date '2024-01-01', 1::numeric)))::customer_base AS base;
SELECT length(base::text) > 80000 AS base FROM widest;
SELECT length(_retention_customer_base_combine(base, small)::text) FROM widest, (SELECT customer_base(1, date '2024-01-01', 1e-16383::numeric) AS small) s;

SELECT what, compared, wrong, left(example, 300) AS example FROM checked WHERE wrong > 0 ORDER BY what COLLATE "C";
SELECT count(*) > 120 AS checks, sum(compared) > 50000 AS compared, sum(wrong) AS wrong FROM checked;
\if :{?count}
SELECT count(*) AS checks, sum(compared) AS compared FROM checked;
\endif

SET client_min_messages = error;
DROP SCHEMA money_views CASCADE;
DROP SCHEMA money_everywhere CASCADE;
