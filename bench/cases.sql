-- What is measured.  Within a case, "retention" is ours, "floor" the aggregate
-- that does nothing, and what begins with "hand-written" is one way to write
-- the same in plain SQL: the comparison is with the fastest of them.
--
-- The two ways by hand that matter are GROUP BY customer as everyone writes it,
-- which the planner hashes, and the same over rows sorted by customer, which it
-- doesn't.  The hash table is smaller, the sort kinder to the processor's caches;
-- which one wins depends on the machine, the key and the memory.  Here are those
-- within a third of the best; others, in seconds for 10 M orders at 256 MB where
-- the best takes 2.8 for repeat_rate by int8, 9.5 by text; 6.9 for clv by int8,
-- 11 by text:
--   repeat_rate, int8: row_number() = 2 OVER (PARTITION BY customer_id) 6.6,
--     lag() and lag(2) OVER (ORDER BY customer_id) 8.0, min(at) < max(at) 6.5;
--     avg((n > 1)::int) in place of the FILTER changes nothing
--   repeat_rate, text: sorted COLLATE "C" 13, as the database collates 26
--   clv, int8: revenue and observation by a scan of their own 8.7
--   clv, text: sorted COLLATE "C" 11 to 14, as the database collates 28
-- No index is assumed.  The data has no refunds and no guests, and the
-- hand-written SQL is spared the FILTERs that our policy for them would cost it.

SET search_path = bench, shop, public;

-- ---- a whole shop: by metric, kind of key and work_mem --------------------------

INSERT INTO measure (case_name, role, source, query, settings, memory)
SELECT format('%s, %s key%s', metric, key, CASE work_mem WHEN '4MB' THEN ', work_mem 4 MB' ELSE '' END),
	   role, 'orders_' || key,
	   format(query, 'orders_' || key),
	   ARRAY['work_mem=' || work_mem], role ~ '^(retention|hand-written)'
FROM unnest(ARRAY['256MB', '4MB']) WITH ORDINALITY w(work_mem, work_mem_nr),
	 unnest(ARRAY['int8', 'uuid', 'text']) WITH ORDINALITY k(key, key_nr),
	 (VALUES
	(1, 'clv', 'retention', $$
		SELECT clv(customer_id, ordered_at, amount) AS v FROM %1$s $$),
	(2, 'clv', 'floor', $$
		SELECT bench.floor(customer_id, ordered_at, amount) AS v FROM %1$s $$),
	(3, 'clv', 'hand-written', $$
		SELECT sum(revenue) / count(*)
			   / extract(epoch FROM max(last) - min(first)) * extract(epoch FROM avg(last - first)) AS v
		FROM (SELECT sum(amount) AS revenue, min(ordered_at) AS first, max(ordered_at) AS last
			  FROM %1$s GROUP BY customer_id) c $$),
	(4, 'clv', 'hand-written, money apart', $$
		SELECT revenue / customers / extract(epoch FROM observation) * extract(epoch FROM lifespan) AS v
		FROM (SELECT sum(amount) AS revenue, max(ordered_at) - min(ordered_at) AS observation FROM %1$s) t,
			 (SELECT count(*) AS customers, avg(last - first) AS lifespan
			  FROM (SELECT min(ordered_at) AS first, max(ordered_at) AS last
					FROM %1$s GROUP BY customer_id) c) s $$),
	(5, 'clv', 'hand-written, sorted first', $$
		SELECT sum(revenue) / count(*)
			   / extract(epoch FROM max(last) - min(first)) * extract(epoch FROM avg(last - first)) AS v
		FROM (SELECT sum(amount) AS revenue, min(ordered_at) AS first, max(ordered_at) AS last
			  FROM (SELECT customer_id, ordered_at, amount FROM %1$s ORDER BY customer_id) o
			  GROUP BY customer_id) c $$),
	(6, 'repeat_rate', 'retention', $$
		SELECT repeat_rate(customer_id) AS v FROM %1$s $$),
	(7, 'repeat_rate', 'floor', $$
		SELECT bench.floor(customer_id) AS v FROM %1$s $$),
	(8, 'repeat_rate', 'hand-written', $$
		SELECT count(*) FILTER (WHERE n > 1)::float8 / count(*) AS v
		FROM (SELECT count(*) AS n FROM %1$s GROUP BY customer_id) c $$),
	(9, 'repeat_rate', 'hand-written, sorted first', $$
		SELECT count(*) FILTER (WHERE n > 1)::float8 / count(*) AS v
		FROM (SELECT count(*) AS n
			  FROM (SELECT customer_id FROM %1$s ORDER BY customer_id) o
			  GROUP BY customer_id) c $$),
	(10, 'repeat_rate', 'count(DISTINCT)', $$
		SELECT count(DISTINCT customer_id) AS v FROM %1$s $$)
	) q(query_nr, metric, role, query)
-- The floor needs no memory; count(DISTINCT) is only asked for once.
WHERE NOT (work_mem = '4MB' AND role IN ('floor', 'count(DISTINCT)'))
	AND NOT (key <> 'int8' AND role = 'count(DISTINCT)')
	-- Ways that another one beats for this kind of key.
	AND NOT (key = 'int8' AND role ~ 'money apart')
	AND NOT (key = 'text' AND role ~ 'sorted first')
ORDER BY work_mem_nr, key_nr, query_nr;

INSERT INTO comparison (case_name, peers, same, at_most)
SELECT case_name, ARRAY[role], false, CASE WHEN case_name = 'clv, int8 key' THEN 2.2 END
FROM measure WHERE role = 'floor' ORDER BY nr;

INSERT INTO comparison (case_name, peers, at_least)
SELECT case_name, array_agg(role ORDER BY nr),
	   CASE WHEN case_name ~ '4 MB' THEN 1
			WHEN case_name = 'clv, int8 key' THEN 6
			WHEN case_name = 'repeat_rate, int8 key' THEN 5
			ELSE 4 END
FROM measure WHERE role ~ '^hand-written' GROUP BY case_name ORDER BY min(nr);

-- What most people write, for the record where it isn't the fastest.
INSERT INTO comparison (case_name, peers)
SELECT case_name, ARRAY[role]
FROM measure WHERE role = 'hand-written' ORDER BY nr;

INSERT INTO comparison (case_name, peers, same, at_least)
VALUES ('repeat_rate, int8 key', '{count(DISTINCT)}', false, 1);

-- One state for both, since PostgreSQL shares it.
INSERT INTO measure (case_name, role, source, query)
VALUES ('repeat_rate, int8 key', 'with purchase_frequency', 'orders_int8', $$
		SELECT repeat_rate(customer_id) AS v, purchase_frequency(customer_id) AS w FROM orders_int8 $$);

INSERT INTO comparison (case_name, ours, peers, same, at_most, must)
VALUES ('repeat_rate, int8 key', 'with purchase_frequency', '{retention}', false, 1.1, 'two cost as one');

-- ---- with parallel workers -----------------------------------------------------

-- Parallel or not is for the planner to say: what may not be is a loss.  A
-- twentieth is left to noise.
INSERT INTO measure (case_name, role, source, query, settings)
SELECT case_name, role || ', 2 workers', source, query,
	   settings || ARRAY['max_parallel_workers_per_gather=2']
FROM measure
WHERE case_name !~ '4 MB' AND role IN ('retention', 'hand-written')
ORDER BY nr;

INSERT INTO comparison (case_name, ours, peers, at_least, must)
SELECT case_name, role, '{retention}', 1 / 1.05, 'never slower, aim at 1.5 x faster'
FROM measure WHERE role = 'retention, 2 workers' ORDER BY nr;

INSERT INTO comparison (case_name, ours, peers)
SELECT case_name, 'retention, 2 workers', ARRAY[role]
FROM measure WHERE role = 'hand-written, 2 workers' ORDER BY nr;

-- ---- GROUP BY ------------------------------------------------------------------

INSERT INTO measure (case_name, role, source, query)
SELECT 'repeat_rate by month, 60 groups', role, 'orders_month', query
FROM (VALUES
	('retention', $$
		SELECT month AS k, repeat_rate(customer_id) AS v FROM orders_month GROUP BY month $$),
	('hand-written', $$
		SELECT month AS k, count(*) FILTER (WHERE n > 1)::float8 / count(*) AS v
		FROM (SELECT month, count(*) AS n FROM orders_month GROUP BY month, customer_id) c
		GROUP BY month $$),
	('hand-written, sorted first', $$
		SELECT month AS k, count(*) FILTER (WHERE n > 1)::float8 / count(*) AS v
		FROM (SELECT month, count(*) AS n
			  FROM (SELECT month, customer_id FROM orders_month ORDER BY month, customer_id) o
			  GROUP BY month, customer_id) c
		GROUP BY month $$)) q(role, query);

INSERT INTO comparison (case_name, peers, at_least)
SELECT case_name, array_agg(role ORDER BY nr), 3
FROM measure WHERE case_name ~ 'by month' AND role ~ '^hand-written' GROUP BY case_name;

-- Groups of three customers.  Caches make large hash tables somewhat slower per
-- group than small ones, hence 1.5: what is not linear but quadratic gets 8.
INSERT INTO measure (case_name, role, source, query, settings, unit, units, memory, most_bytes)
SELECT 'repeat_rate by group, hashed', replace(role, '#', to_char(g, 'FM999,999')), 'groups_' || g,
	   format(query, 'groups_' || g), '{enable_sort=off}', 'group', g,
	   role = '# groups' AND g = 100000, 1024 * g
FROM unnest(ARRAY[12500, 25000, 50000, 100000]) g, (VALUES
	('# groups', $$
		SELECT grp AS k, repeat_rate(customer_id) AS v FROM %s GROUP BY grp $$),
	('hand-written, # groups', $$
		SELECT grp AS k, count(*) FILTER (WHERE n > 1)::float8 / count(*) AS v
		FROM (SELECT grp, count(*) AS n FROM %s GROUP BY grp, customer_id) c
		GROUP BY grp $$)) q(role, query)
WHERE role = '# groups' OR g = 100000
ORDER BY g, role;

INSERT INTO comparison (case_name, ours, peers, same, at_most, must)
SELECT case_name, role, '{"12,500 groups"}', false, 1.5, 'linear: at most 1.5 x a group'
FROM measure WHERE case_name ~ 'by group' AND role ~ '^(25|50|100),000 groups' ORDER BY nr;

INSERT INTO comparison (case_name, ours, peers)
VALUES ('repeat_rate by group, hashed', '100,000 groups', '{"hand-written, 100,000 groups"}');

-- One row a customer.  Whoever sorts the rows first, by an index or otherwise,
-- may do so for either side.
INSERT INTO measure (case_name, role, source, query, memory)
SELECT metric || ' by customer', role || sorted, 'orders_int8',
	   format(query, CASE sorted WHEN '' THEN 'orders_int8'
					 ELSE '(SELECT * FROM orders_int8 ORDER BY customer_id) o' END), true
FROM unnest(ARRAY['', ', sorted first']) sorted, (VALUES
	(1, 'lifetime_span', 'retention', $$
		SELECT customer_id AS k, lifetime_span(ordered_at) AS v FROM %s GROUP BY customer_id $$),
	(2, 'lifetime_span', 'hand-written', $$
		SELECT customer_id AS k, max(ordered_at) - min(ordered_at) AS v FROM %s GROUP BY customer_id $$),
	(3, 'clv', 'retention', $$
		SELECT customer_id AS k, clv(ordered_at, amount) AS v FROM %s GROUP BY customer_id $$),
	(4, 'clv', 'hand-written', $$
		SELECT customer_id AS k,
			   avg(amount) * extract(epoch FROM max(ordered_at) - min(ordered_at)) / 31557600 AS v
		FROM %s GROUP BY customer_id $$),
	(5, 'both', 'retention', $$
		SELECT customer_id AS k, lifetime_span(ordered_at) AS v, clv(ordered_at, amount) AS w
		FROM %s GROUP BY customer_id $$),
	(6, 'both', 'hand-written', $$
		SELECT customer_id AS k, max(ordered_at) - min(ordered_at) AS v,
			   avg(amount) * extract(epoch FROM max(ordered_at) - min(ordered_at)) / 31557600 AS w
		FROM %s GROUP BY customer_id $$)) q(nr, metric, role, query)
ORDER BY q.nr, sorted;

INSERT INTO comparison (case_name, ours, peers, at_most)
SELECT case_name, role, ARRAY[replace(role, 'retention', 'hand-written')], 1.3
FROM measure WHERE case_name ~ 'by customer' AND role ~ 'retention' ORDER BY nr;

-- ---- a moving frame --------------------------------------------------------------

-- Window functions take no DISTINCT, so by hand this is a puzzle.  Its one
-- solution known that isn't quadratic: each order makes its customer count from
-- then until the customer's next order takes over or 90 days are over, and as
-- one who came back, if the order before is less than 90 days ago, until that
-- one is 90 days old; add up the comings and goings.  (The plain way, a
-- sub-select over the 90 days before each row, takes 80 ms a row: a day for all.)
INSERT INTO measure (case_name, role, source, query, unit, units, memory)
SELECT 'repeat_rate over 90 days, moving', replace(role, '#', rows / 1000 || ' k rows'),
	   format('moving_%sk', rows / 1000), format(query, format('moving_%sk', rows / 1000)), 'row', rows, role = '#'
FROM unnest(ARRAY[250000, 500000, 1000000]) rows, (VALUES
	('#', $$
		SELECT ordered_at AS k,
			   repeat_rate(customer_id) OVER (ORDER BY ordered_at
											  RANGE '90 days' PRECEDING) AS v
		FROM %s $$),
	('hand-written, #', $$
		WITH o AS (
			SELECT ordered_at AS at,
				   ordered_at + interval '90 days 1 microsecond' AS over,
				   lag(ordered_at) OVER w + interval '90 days 1 microsecond' AS previous_over,
				   lead(ordered_at) OVER w AS next
			FROM %s WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_at)
		), event AS (
			SELECT at, 1 AS customer, (coalesce(previous_over, at) > at)::int AS repeater, true AS is_order FROM o
			UNION ALL
			SELECT least(next, over), -1, 0, false FROM o
			UNION ALL
			SELECT least(next, previous_over), 0, -1, false FROM o WHERE previous_over > at
		)
		SELECT at AS k, v
		FROM (SELECT at, is_order,
					 (sum(repeater) OVER w)::float8 / nullif(sum(customer) OVER w, 0) AS v
			  FROM event WINDOW w AS (ORDER BY at)) x
		WHERE is_order $$)) q(role, query)
WHERE role = '#' OR rows = 1000000
ORDER BY rows, role;

INSERT INTO comparison (case_name, ours, peers, same, at_most, must)
SELECT case_name, role, '{250 k rows}', false, 1.5, 'linear: at most 1.5 x a row'
FROM measure WHERE case_name ~ 'moving' AND role ~ '^(500|1000) k rows' ORDER BY nr;

INSERT INTO comparison (case_name, ours, peers)
VALUES ('repeat_rate over 90 days, moving', '1000 k rows', '{"hand-written, 1000 k rows"}');

INSERT INTO comparison (case_name, ours, at_most, must)
VALUES ('repeat_rate over 90 days, moving', '1000 k rows', 10, 'seconds');

-- ---- bases as values ---------------------------------------------------------------

-- The five years in a thousand spans, a base of each, and in ten thousand, a
-- sample of each: daily bases of three years and of thirty.
DROP TABLE IF EXISTS shop.span_bases, shop.span_samples, shop.stored;
CREATE UNLOGGED TABLE shop.span_bases AS
SELECT width_bucket(extract(epoch FROM ordered_at)::float8, first, last, 1000) AS span,
	   customer_base(customer_id, ordered_at, amount) AS base
FROM orders_int8, (SELECT extract(epoch FROM min(ordered_at))::float8 AS first, extract(epoch FROM max(ordered_at))::float8 + 1 AS last FROM orders_int8) s
GROUP BY span;

CREATE UNLOGGED TABLE shop.span_samples AS
SELECT width_bucket(extract(epoch FROM ordered_at)::float8, first, last, 10000) AS span,
	   customer_base_sample(customer_id, ordered_at, amount, 4096) AS base
FROM orders_int8, (SELECT extract(epoch FROM min(ordered_at))::float8 AS first, extract(epoch FROM max(ordered_at))::float8 + 1 AS last FROM orders_int8) s
GROUP BY span;

CREATE UNLOGGED TABLE shop.stored AS
SELECT customer_base(customer_id, ordered_at, amount) AS base,
	   customer_base_sample(customer_id, ordered_at, amount, 4096) AS sample
FROM orders_int8;
ANALYZE span_bases, span_samples, stored;

INSERT INTO measure (case_name, role, source, query, memory)
VALUES
	('customer_base', 'retention', 'orders_int8', $$
		SELECT customer_base(customer_id, ordered_at, amount) IS NULL AS v FROM orders_int8 $$, true),
	('customer_base', 'clv', 'orders_int8', $$
		SELECT clv(customer_id, ordered_at, amount) AS v FROM orders_int8 $$, false),
	('customer_base_sample, size 4096', 'retention', 'orders_int8', $$
		SELECT customer_base_sample(customer_id, ordered_at, amount, 4096) IS NULL AS v FROM orders_int8 $$, true),
	('customer_base_sample, size 4096', 'floor', 'orders_int8', $$
		SELECT bench.floor(customer_id, ordered_at, amount) AS v FROM orders_int8 $$, false),
	('rollup of 1,000 bases', 'retention', 'span_bases', $$
		SELECT clv(rollup(base)) AS v FROM span_bases $$, true),
	('rollup of 1,000 bases', 'the rows again', 'orders_int8', $$
		SELECT clv(customer_base(customer_id, ordered_at, amount)) AS v FROM orders_int8 $$, false),
	('rollup of 10,000 samples', 'retention', 'span_samples', $$
		SELECT customers(rollup(base)) AS v FROM span_samples $$, true);

INSERT INTO comparison (case_name, peers, same, at_least, at_most, must)
VALUES
	('customer_base', '{clv}', false, NULL, 1.2, NULL),
	('customer_base_sample, size 4096', '{floor}', false, NULL, 1.5, NULL),
	('rollup of 1,000 bases', '{the rows again}', true, 1, NULL, NULL),
	('rollup of 10,000 samples', '{}', false, NULL, 1, 'under 1 s');

-- A sample answers sooner than the clock can tell: it's asked a hundred times.
INSERT INTO measure (case_name, role, source, query)
SELECT CASE of WHEN 'base' THEN 'asking a base of 1 M customers' ELSE 'asking a sample, 100 times' END, accessor, 'stored',
	   format(CASE WHEN accessor = 'order_count_distribution'
				   THEN 'SELECT count(d.orders) AS v FROM stored, generate_series(1, %3$s) i, order_count_distribution(CASE WHEN i > 0 THEN %2$s END) d'
				   ELSE 'SELECT min(%1$s) AS v FROM stored, generate_series(1, %3$s) i' END,
			  replace(call, '#', format('CASE WHEN i > 0 THEN %s END', of)), of, CASE of WHEN 'base' THEN 1 ELSE 100 END)
FROM unnest(ARRAY['base', 'sample']) WITH ORDINALITY o (of, o_nr), (VALUES
	('repeat_rate', 'repeat_rate(#)'), ('clv', 'clv(#)'), ('top_share', 'top_share(#, 0.2)'), ('gini', 'gini(#)'),
	('order_count_distribution', ''), ('standard_error', $$standard_error(#, 'clv')$$)) a (accessor, call)
ORDER BY o_nr;

INSERT INTO comparison (case_name, ours, at_most, must)
SELECT case_name, role, CASE WHEN case_name ~ 'sample' THEN 0.2 ELSE 0.05 END,
	   CASE WHEN case_name ~ 'sample' THEN 'each under 2 ms' ELSE 'under 50 ms' END
FROM measure WHERE case_name ~ '^asking' ORDER BY nr;

-- ---- more customers than memory ----------------------------------------------------

\if :huge
INSERT INTO measure (case_name, role, source, query, settings, memory)
SELECT 'repeat_rate, 50 M customers, work_mem 64 MB', role, 'huge', query, '{work_mem=64MB}', true
FROM (VALUES
	('retention', $$
		SELECT repeat_rate(customer_id) AS v FROM huge $$),
	('hand-written', $$
		SELECT count(*) FILTER (WHERE n > 1)::float8 / count(*) AS v
		FROM (SELECT count(*) AS n FROM huge GROUP BY customer_id) c $$),
	('hand-written, sorted first', $$
		SELECT count(*) FILTER (WHERE n > 1)::float8 / count(*) AS v
		FROM (SELECT count(*) AS n FROM (SELECT customer_id FROM huge ORDER BY customer_id) o
			  GROUP BY customer_id) c $$)) q(role, query);

INSERT INTO comparison (case_name, peers)
SELECT case_name, array_agg(role ORDER BY nr)
FROM measure WHERE source = 'huge' AND role ~ '^hand-written' GROUP BY case_name;
\endif
