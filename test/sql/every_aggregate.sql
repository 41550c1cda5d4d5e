-- Every aggregate and overload, in every kind of query, against plain SQL.
--
-- The list comes from the catalog and the calls are built from it, so an
-- overload can't be forgotten: one that nobody can write an oracle for here
-- raises an error.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
-- Thousands of small queries: compiling them takes longer than all else.
SET jit = off;
CREATE SCHEMA every_aggregate;
SET search_path = every_aggregate, public;

-- ---------------------------------------------------------------------------
-- Orders.  One column for each type a customer, a time, an amount and an order's
-- number may have.
-- ---------------------------------------------------------------------------

CREATE TABLE orders (
	id int, shop text COLLATE "C", keep bool,
	c_int8 int8, c_int4 int4, c_int2 int2, c_char "char", c_text text, c_varchar varchar, c_bpchar bpchar, c_uuid uuid,
	t_timestamptz timestamptz, t_timestamp timestamp, t_date date,
	a_numeric numeric, a_float8 float8, o_bool bool,
	n_int8 int8, n_int4 int4, n_int2 int2, n_char "char", n_text text, n_uuid uuid
);

CREATE FUNCTION fill(id int, shop text, keep bool, customer int8, at timestamptz, amount numeric)
RETURNS orders LANGUAGE sql AS $$
	SELECT id, shop, keep,
		   customer, customer, customer, chr(33 + (abs(customer) % 90)::int)::"char", 'customer ' || customer, 'customer ' || customer, ('customer ' || customer)::char(20), md5(customer::text)::uuid,
		   at, at::timestamp, at::date,
		   amount, amount::float8, CASE WHEN id % 11 <> 4 THEN id % 5 <> 3 END,
		   number, number, number, chr(33 + number % 90)::"char", 'order ' || number, md5(number::text)::uuid
	-- some of two lines, some of none
	FROM (SELECT CASE WHEN id % 13 <> 5 THEN id - (id % 3 = 0)::int END AS number) s
$$;

-- Of the shop 'empty' there is no row.
INSERT INTO orders SELECT * FROM fill(1, 'null', true, NULL, NULL, NULL);
INSERT INTO orders SELECT * FROM fill(2, 'one', true, 7, '2024-02-29 12:00', 12.50);
INSERT INTO orders SELECT * FROM fill(3, 'two', true, 7, '2024-02-29 12:00', 12.50);
INSERT INTO orders SELECT * FROM fill(4, 'two', false, 7, '2024-03-02 18:30:00.25', 20.00);
INSERT INTO orders SELECT * FROM fill(5, 'two customers', true, 7, '2024-02-29 12:00', 12.50);
INSERT INTO orders SELECT * FROM fill(6, 'two customers', false, 8, '2024-03-02 18:30:00.25', 20.00);
INSERT INTO orders SELECT * FROM fill(7, 'refund', true, 7, '2024-02-29 12:00', -12.50);
INSERT INTO orders SELECT * FROM fill(8, 'guest', true, NULL, '2024-02-29 12:00', 12.50);
-- Customers, guests, refunds, nothing to pay, unknown amounts, unknown and
-- infinite times, in all combinations.
INSERT INTO orders
SELECT o.* FROM generate_series(101, 160) n,
	fill(n, 'mixed', n % 3 <> 0,
			 CASE WHEN n % 7 <> 0 THEN n * n % 11 END,
			 CASE WHEN n % 10 = 0 THEN NULL
				  WHEN n % 10 = 1 THEN 'infinity'
				  WHEN n % 37 = 2 THEN '-infinity'
				  ELSE timestamptz '2024-01-01' + n * n * interval '1 hour 1 second' END,
			 CASE WHEN n % 9 = 0 THEN NULL
				  WHEN n % 13 = 0 THEN 0.00
				  WHEN n % 4 = 0 THEN -n * 0.25
				  ELSE n * 1.01 END) o;

-- More customers than memory will be given for.
CREATE TABLE many (LIKE orders);
INSERT INTO many
SELECT o.* FROM generate_series(1, 10000) n,
	fill(n, 'shop ' || n % 3, n % 5 <> 0,
			 CASE WHEN n % 50 <> 0 THEN hashint4extended(n, 1) % 20000 END,
			 timestamptz '2020-01-01' + abs(hashint4extended(n, 2)) % 100000000 * interval '1 second',
			 CASE WHEN n % 60 <> 1 THEN (abs(hashint4extended(n, 3)) % 50000 - 3000) / 100.0 END) o;
CREATE TABLE parts (LIKE orders) PARTITION BY LIST (shop);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN ('shop 0');
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN ('shop 1');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN ('shop 2');
INSERT INTO parts TABLE many;
CREATE TABLE crowds (LIKE orders);
INSERT INTO crowds
SELECT o.* FROM generate_series(1, 9000) n,
	fill(n, (n % 3000)::text, true, n % 7, timestamptz '2020-01-01' + n * interval '1 hour', n) o;

-- The planner must not see how much a parallel plan has to merge here, or it
-- chooses none.
ALTER TABLE many SET (parallel_workers = 2),
	ALTER c_int8 SET (n_distinct = 10), ALTER c_int4 SET (n_distinct = 10), ALTER c_int2 SET (n_distinct = 10), ALTER c_text SET (n_distinct = 10), ALTER c_varchar SET (n_distinct = 10),
	ALTER c_bpchar SET (n_distinct = 10), ALTER c_uuid SET (n_distinct = 10),
	ALTER c_char SET (n_distinct = 10), ALTER n_char SET (n_distinct = 10), ALTER n_int8 SET (n_distinct = 10), ALTER n_int4 SET (n_distinct = 10), ALTER n_int2 SET (n_distinct = 10), ALTER n_text SET (n_distinct = 10), ALTER n_uuid SET (n_distinct = 10),
	ALTER t_timestamptz SET (n_distinct = 10), ALTER t_timestamp SET (n_distinct = 10), ALTER t_date SET (n_distinct = 10);
ALTER TABLE parts
	ALTER c_int8 SET (n_distinct_inherited = 10), ALTER c_int4 SET (n_distinct_inherited = 10), ALTER c_int2 SET (n_distinct_inherited = 10), ALTER c_text SET (n_distinct_inherited = 10),
	ALTER c_varchar SET (n_distinct_inherited = 10), ALTER c_bpchar SET (n_distinct_inherited = 10),
	ALTER c_uuid SET (n_distinct_inherited = 10), ALTER c_char SET (n_distinct_inherited = 10), ALTER n_char SET (n_distinct_inherited = 10), ALTER n_int8 SET (n_distinct_inherited = 10), ALTER n_int4 SET (n_distinct_inherited = 10), ALTER n_int2 SET (n_distinct_inherited = 10),
	ALTER n_text SET (n_distinct_inherited = 10), ALTER n_uuid SET (n_distinct_inherited = 10), ALTER t_timestamptz SET (n_distinct_inherited = 10),
	ALTER t_timestamp SET (n_distinct_inherited = 10), ALTER t_date SET (n_distinct_inherited = 10);
DO $$
DECLARE
	part text;
BEGIN
	FOREACH part IN ARRAY ARRAY['parts_0', 'parts_1', 'parts_2'] LOOP
		EXECUTE format('ALTER TABLE %I ALTER c_int8 SET (n_distinct = 10), ALTER c_int4 SET (n_distinct = 10), ALTER c_int2 SET (n_distinct = 10), ALTER c_text SET (n_distinct = 10),
					   ALTER c_varchar SET (n_distinct = 10), ALTER c_bpchar SET (n_distinct = 10), ALTER c_uuid SET (n_distinct = 10),
					   ALTER c_char SET (n_distinct = 10), ALTER n_char SET (n_distinct = 10), ALTER n_int8 SET (n_distinct = 10), ALTER n_int4 SET (n_distinct = 10), ALTER n_int2 SET (n_distinct = 10), ALTER n_text SET (n_distinct = 10), ALTER n_uuid SET (n_distinct = 10),
					   ALTER t_timestamptz SET (n_distinct = 10), ALTER t_timestamp SET (n_distinct = 10), ALTER t_date SET (n_distinct = 10)', part);
	END LOOP;
END
$$;
ANALYZE many, parts, crowds;

-- Rows that are errors.
CREATE TABLE broken (LIKE orders);
INSERT INTO broken SELECT * FROM fill(1, 'NaN', true, 7, '2024-02-29 12:00', 'NaN');
INSERT INTO broken SELECT * FROM fill(2, 'Infinity', true, 7, '2024-02-29 12:00', 'Infinity');
INSERT INTO broken SELECT * FROM fill(3, '-Infinity', true, 7, '2024-02-29 12:00', '-Infinity');
INSERT INTO broken SELECT * FROM fill(4, 'date', true, 7, '2024-02-29 12:00', 12.50);
UPDATE broken SET t_date = '5874897-12-31' WHERE shop = 'date';

-- ---------------------------------------------------------------------------
-- The aggregates, and what plain SQL says.
-- ---------------------------------------------------------------------------

-- The column that holds values of a type.
CREATE FUNCTION column_of(type regtype) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE type
		WHEN 'int8'::regtype THEN 'c_int8'
		WHEN 'int4'::regtype THEN 'c_int4'
		WHEN 'int2'::regtype THEN 'c_int2'
		WHEN '"char"'::regtype THEN 'c_char'
		WHEN 'text'::regtype THEN 'c_text'
		WHEN 'varchar'::regtype THEN 'c_varchar'
		WHEN 'bpchar'::regtype THEN 'c_bpchar'
		WHEN 'uuid'::regtype THEN 'c_uuid'
		WHEN 'timestamptz'::regtype THEN 't_timestamptz'
		WHEN 'timestamp'::regtype THEN 't_timestamp'
		WHEN 'date'::regtype THEN 't_date'
		WHEN 'numeric'::regtype THEN 'a_numeric'
		WHEN 'float8'::regtype THEN 'a_float8'
		WHEN 'bool'::regtype THEN 'o_bool'
	END;
END
$$;

-- What an argument is that is the same for all rows.
CREATE FUNCTION constant_of(argument text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN argument IN ('as_of', 'until') THEN 'DATE ''2024-03-31''' WHEN argument = 'after' THEN 'DATE ''2024-01-15'''
				WHEN argument = 'kept' THEN 'true' WHEN argument = 'row_count' THEN '1'
				WHEN argument = 'period' THEN '''day''' WHEN argument = 'time_zone' THEN '''UTC''' WHEN argument = 'sample_size' THEN '1000000' END
$$;

-- And one that is an order's number.
CREATE FUNCTION number_of(argument text, type regtype) RETURNS text LANGUAGE sql AS $$
	SELECT replace(column_of(type), 'c_', 'n_') WHERE argument = 'order_id'
$$;

-- Of the aggregates over order rows.  customer, at, amount, is_order and order_id are the columns of the arguments,
-- NULL for those that the aggregate does not take.
CREATE TABLE aggregates AS
SELECT p.oid::regprocedure AS signature, p.proname AS name, p.prorettype::regtype AS type,
	   (SELECT string_agg(coalesce(constant_of(p.proargnames[n]), 'o.' || coalesce(number_of(p.proargnames[n], t), column_of(t))), ', ' ORDER BY n)
		FROM unnest(p.proargtypes::regtype[]) WITH ORDINALITY AS a (t, n)) AS arguments,
	   (SELECT column_of(t) FROM unnest(p.proargtypes::regtype[]) WITH ORDINALITY AS a (t, n)
		WHERE column_of(t) LIKE 'c%' AND constant_of(p.proargnames[n]) IS NULL AND number_of(p.proargnames[n], t) IS NULL) AS customer,
	   (SELECT column_of(t) FROM unnest(p.proargtypes::regtype[]) WITH ORDINALITY AS a (t, n)
		WHERE column_of(t) LIKE 't%' AND constant_of(p.proargnames[n]) IS NULL) AS at,
	   (SELECT column_of(t) FROM unnest(p.proargtypes::regtype[]) AS t WHERE column_of(t) LIKE 'a%') AS amount,
	   (SELECT column_of(t) FROM unnest(p.proargtypes::regtype[]) WITH ORDINALITY AS a (t, n) WHERE column_of(t) LIKE 'o%' AND constant_of(p.proargnames[n]) IS NULL) AS is_order,
	   (SELECT number_of(p.proargnames[n], t) FROM unnest(p.proargtypes::regtype[]) WITH ORDINALITY AS a (t, n) WHERE number_of(p.proargnames[n], t) IS NOT NULL) AS order_id,
	   p.proargtypes::regtype[] AS types
FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
JOIN pg_aggregate g ON g.aggfnoid = p.oid
WHERE e.extname = 'retention' AND p.prokind = 'a' AND p.proname <> 'rollup' AND g.aggtranstype IN ('customer_base'::regtype, '_retention_timeline'::regtype, 'purchase_history'::regtype)
  -- those that refuse what they're given have nothing to answer
  AND p.pronargs > 0 AND '"any"'::regtype <> ALL (p.proargtypes) AND 'unknown'::regtype <> ALL (p.proargtypes)
  -- those that refuse a time zone are history_time's
  AND NOT (coalesce('time_zone' = ANY (p.proargnames), false) AND 'timestamptz'::regtype <> ALL (p.proargtypes::regtype[]))
ORDER BY 1;

SELECT name, count(*) AS overloads, count(DISTINCT customer) AS keys, count(DISTINCT at) AS times,
	   count(DISTINCT amount) AS amounts, count(DISTINCT order_id) AS order_ids
FROM aggregates GROUP BY name ORDER BY name COLLATE "C";

-- An argument that there is no column for.
SELECT signature FROM aggregates
WHERE arguments IS NULL OR array_position(types, NULL) IS NOT NULL
	OR cardinality(types) <> num_nonnulls(customer, at, amount, is_order, order_id)
		+ CASE replace(replace(name, '_retention_', ''), '_with_names', '') WHEN 'customer_base_sample' THEN 1 WHEN 'rfm_summary' THEN 1 WHEN 'order_days_between' THEN 2
			WHEN 'next_order_due_day' THEN 1 WHEN 'purchase_history' THEN 1 ELSE 0 END
		+ CASE WHEN name ~ '^_retention_purchase_history' THEN 2 ELSE 0 END
		+ CASE WHEN 'time_zone' = ANY (SELECT unnest(proargnames) FROM pg_proc WHERE oid = signature) THEN 1 ELSE 0 END;

-- The facts of a base as text.
CREATE FUNCTION facts(b customer_base) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT concat_ws(' ', 'customers', customers(b), 'orders', orders(b),
					 'frequency', purchase_frequency(b), 'repeat', repeat_rate(b), 'span', lifetime_span(b),
					 'first', first_order(b) AT TIME ZONE 'UTC', 'last', last_order(b) AT TIME ZONE 'UTC',
					 'revenue', trim_scale(revenue(b)), 'refunds', refunds(b), 'refunded', trim_scale(refunded(b)),
					 'guests', guest_orders(b), guest_refunds(b), trim_scale(guest_revenue(b)))
	WHERE b IS NOT NULL
$$;

-- And those of a history, which counts what it skips.
CREATE FUNCTION facts(h purchase_history) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT concat_ws(' ', 'customers', customers(b), 'orders', orders(b), 'repeat', repeat_rate(b),
					 'occasions', i.occasions, i.first_order, i.last_order,
					 'revenue', trim_scale(revenue(b)), 'refunds', refunds(b), 'refunded', trim_scale(refunded(b)),
					 'guests', guest_orders(b), guest_refunds(b), trim_scale(guest_revenue(b)),
					 'skipped', (SELECT string_agg(concat_ws(' ', row_count, trim_scale(coalesce(amount, 0))), ', ') FROM excluded_rows(h) WHERE reason IN ('no amount', 'no time')))
	FROM history_info(h) i, customer_base(h) b WHERE h IS NOT NULL
$$;

-- And those of a customer, of which the logarithms have no last digit in common.
CREATE FUNCTION facts(r rfm_inputs) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT concat_ws(' ', r.repeat_purchases, r.active_days, r.age_days, 'spend', r.mean_spend, 'gaps', round(r.log_gaps::numeric, 9), 'orders', r.orders, r.first_order)
	WHERE r.repeat_purchases IS NOT NULL
$$;

-- A call of the aggregate, as text: with what may stand before its arguments
-- (DISTINCT), behind them (ORDER BY) and behind it (FILTER, OVER).
CREATE FUNCTION call(a aggregates, before text, within text, behind text) RETURNS text LANGUAGE sql AS $$
	SELECT format(CASE WHEN a.type IN ('customer_base'::regtype, 'purchase_history'::regtype, 'rfm_inputs'::regtype) THEN 'facts(%I(%s%s%s) %s)'
				  WHEN a.type = 'timestamptz'::regtype THEN '(%I(%s%s%s) %s AT TIME ZONE ''UTC'')::text'
				  ELSE '(%I(%s%s%s) %s)::text' END,
				  a.name, before, a.arguments, within, behind)
$$;

-- The same by its definition: a scalar subquery over the rows of a FROM and
-- WHERE clause.
CREATE FUNCTION oracle(a aggregates, source text, what text DEFAULT '*') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	ratio text := CASE WHEN a.amount = 'a_float8' THEN '(%s)::float8 / (%s)::float8' ELSE '(%s) / (%s)' END;
	formula text;
BEGIN
	formula := CASE replace(replace(replace(a.name, '_sample', ''), '_retention_', ''), '_with_names', '')
		WHEN 'aov' THEN format(ratio, 'revenue', 'nullif(orders, 0)')
		WHEN 'customer_value' THEN format(ratio, 'revenue', 'nullif(customers, 0)')
		WHEN 'purchase_frequency' THEN 'orders::float8 / nullif(customers, 0)::float8'
		WHEN 'repeat_rate' THEN 'repeaters::float8 / nullif(customers, 0)::float8'
		WHEN 'lifetime_span' THEN 'span'
		WHEN 'clv' THEN
			CASE WHEN a.customer IS NULL
			THEN 'revenue / nullif(orders, 0) * lifespan / 31557600000000.0'
			ELSE 'revenue / nullif(customers, 0) / (nullif(observation, 0) / 31557600000000.0)
				  * (lifespan / customers / 31557600000000.0)' END
		WHEN 'customer_base' THEN format($f$CASE WHEN rows > 0 THEN
			concat_ws(' ', 'customers', customers, 'orders', orders,
					  'frequency', orders::float8 / nullif(customers, 0), 'repeat', repeaters::float8 / nullif(customers, 0),
					  'span', span, 'first', first, 'last', last,
					  'revenue', %1$s trim_scale(coalesce(revenue, 0)) %2$s, 'refunds', %1$s refunds %2$s,
					  'refunded', %1$s trim_scale(coalesce(refunded, 0)) %2$s,
					  'guests', guests, %1$s guest_refunds %2$s, %1$s trim_scale(coalesce(guest_revenue, 0)) %2$s) END$f$,
			CASE WHEN a.amount IS NULL THEN '(CASE WHEN false THEN' ELSE '(' END,
			CASE WHEN a.amount IS NULL THEN 'END)' ELSE ')' END)
		WHEN 'purchase_history' THEN format($f$CASE WHEN rows + no_amount + no_time > 0 THEN
			concat_ws(' ', 'customers', customers, 'orders', orders,
					  'repeat', repeaters::float8 / nullif(customers, 0), 'occasions', occasions, first::date, last::date,
					  'revenue', %1$s trim_scale(coalesce(revenue, 0)) %2$s, 'refunds', %1$s refunds %2$s,
					  'refunded', %1$s trim_scale(coalesce(refunded, 0)) %2$s,
					  'guests', guests, %1$s guest_refunds %2$s, %1$s trim_scale(coalesce(guest_revenue, 0)) %2$s,
					  'skipped', no_amount, '0,', no_time, trim_scale(coalesce(no_time_amount, 0))) END$f$,
			CASE WHEN a.amount IS NULL THEN '(CASE WHEN false THEN' ELSE '(' END,
			CASE WHEN a.amount IS NULL THEN 'END)' ELSE ')' END)
		WHEN 'order_gap' THEN 'gap / 86400000000'
		WHEN 'next_order_due_day' THEN 'due_day'
		WHEN 'next_order_due' THEN CASE a.at WHEN 't_date' THEN 'last::date + floor(gap / 86400000000)::int' ELSE 'last + floor(gap) * interval ''1 microsecond''' END
		WHEN 'order_days_between' THEN 'days_between'
		WHEN 'rfm_summary' THEN
			$f$CASE WHEN x >= 0 THEN concat_ws(' ', x, t_x, t, 'spend', spend / nullif(x, 0), 'gaps', round(log_gaps::numeric, 9), 'orders', n, first_day) END$f$
	END;
	IF formula IS NULL THEN
		RAISE 'no oracle for %', a.signature;
	END IF;
	RETURN format($f$(
		WITH given AS (
			SELECT %1$s AS customer, %2$s AS at, %3$s AS amount, %9$s AS refund, %10$s AS number FROM (SELECT %6$s FROM %4$s) o
		), rows AS (
			SELECT * FROM given WHERE %7$s
		), customers AS (
			SELECT count(*) FILTER (WHERE NOT refund AND number IS NULL) + count(DISTINCT number) FILTER (WHERE NOT refund) AS n, sum(amount) AS revenue,
				   min(at) FILTER (WHERE NOT refund) AS first, max(at) FILTER (WHERE NOT refund) AS last
			FROM rows WHERE customer IS NOT NULL GROUP BY customer
		), totals AS (
			SELECT count(*) FILTER (WHERE n > 0) AS customers, count(*) FILTER (WHERE n > 1) AS repeaters,
				   coalesce(sum(n), 0) AS orders, sum(revenue) AS revenue,
				   sum(extract(epoch FROM last) - extract(epoch FROM first)) * 1000000 AS lifespan,
				   min(first) AS first, max(last) AS last,
				   (extract(epoch FROM max(last)) - extract(epoch FROM min(first))) * 1000000 AS observation
			FROM customers
		), occasions AS (
			SELECT count(DISTINCT (customer, at::date)) AS occasions FROM rows WHERE customer IS NOT NULL AND NOT refund
		), others AS (
			SELECT count(*) AS rows,
				   count(*) FILTER (WHERE refund AND customer IS NOT NULL) AS refunds,
				   -sum(amount) FILTER (WHERE refund AND customer IS NOT NULL) AS refunded,
				   count(*) FILTER (WHERE NOT refund AND customer IS NULL) AS guests,
				   count(*) FILTER (WHERE refund AND customer IS NULL) AS guest_refunds,
				   sum(amount) FILTER (WHERE customer IS NULL) AS guest_revenue
			FROM rows
		), skipped AS (
			SELECT count(*) FILTER (WHERE %11$s AND isfinite(at)) AS no_amount, count(*) FILTER (WHERE isfinite(at) IS NOT TRUE) AS no_time,
				   sum(amount) FILTER (WHERE isfinite(at) IS NOT TRUE AND abs(amount) < 'Infinity') AS no_time_amount
			FROM given
		), mean AS (
			SELECT round(lifespan / nullif(customers, 0)) AS usecs FROM totals
		), gaps AS (
			SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (extract(epoch FROM at - before) * 1000000)::float8) AS gap, max(at) AS last
			FROM (SELECT at::timestamp AS at, lag(at::timestamp) OVER (ORDER BY at) AS before FROM rows) g
		), days AS (
			SELECT day, n, spend, day - lag(day) OVER (ORDER BY day) AS after
			FROM (SELECT at::date AS day, count(*) FILTER (WHERE NOT refund) AS n, sum(amount) AS spend
				  FROM rows WHERE at::date <= DATE '2024-03-31' GROUP BY 1) d WHERE n > 0
		), rfm AS (
			SELECT count(*) - 1 AS x, max(day) - min(day) AS t_x, DATE '2024-03-31' - min(day) AS t, sum(n) AS n, min(day) AS first_day,
				   coalesce(sum(ln(after::float8) ORDER BY day), 0) AS log_gaps, sum(spend) FILTER (WHERE after IS NOT NULL) AS spend,
				   count(*) FILTER (WHERE day > DATE '2024-01-15') AS days_between,
				   max(day) + floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY after))::int AS due_day
			FROM days
		), span AS (
			SELECT make_interval(days => div(usecs, 86400000000)::int,
								 secs => (mod(usecs, 86400000000) / 1000000)::float8) AS span FROM mean
		)
		SELECT (%5$s)::text FROM %8$s)$f$,
		CASE WHEN a.customer IS NULL THEN '1' ELSE 'o.' || a.customer END,
		CASE WHEN a.at IS NULL THEN 'NULL::timestamp' ELSE 'o.' || a.at || CASE WHEN a.at = 't_timestamptz' THEN ' AT TIME ZONE ''UTC''' ELSE '::timestamp' END END,
		CASE WHEN a.amount IS NULL THEN 'NULL::numeric' ELSE 'o.' || a.amount || '::text::numeric' END,
		source, formula, what,
		concat_ws(' AND ', 'true', CASE WHEN a.at IS NOT NULL THEN 'isfinite(at)' END,
				  CASE WHEN a.amount IS NOT NULL THEN 'amount IS NOT NULL' END),
		CASE WHEN replace(a.name, '_retention_', '') IN ('rfm_summary', 'order_days_between', 'next_order_due_day') THEN 'rfm'
			 WHEN a.name IN ('order_gap', 'next_order_due') THEN 'gaps'
			 ELSE 'totals, others, skipped, occasions, span' END,
		CASE WHEN a.name ~ '^_retention_purchase_history' THEN format('coalesce(NOT o.%s, o.%s < 0)', a.is_order, a.amount)
			 WHEN a.is_order IS NOT NULL THEN 'o.' || a.is_order || ' IS NOT TRUE' WHEN a.amount IS NULL THEN 'false'
			 ELSE 'o.' || a.amount || ' < 0' END,
		-- of orders, where rows are lines of them
		CASE WHEN a.order_id IS NULL THEN 'NULL::text' ELSE 'o.' || a.order_id || '::text' END,
		CASE WHEN a.amount IS NULL THEN 'false' ELSE 'amount IS NULL' END);
END
$$;

-- ---------------------------------------------------------------------------
-- Comparing.
-- ---------------------------------------------------------------------------

CREATE TABLE results (way text, signature regprocedure, key text, got text, want text);
CREATE TABLE plans (way text, signature regprocedure, as_planned bool);
CREATE TABLE truth (signature regprocedure, key text, value text);

-- Rows of a query, which (other than in a loop or an INSERT) may be parallel.
CREATE FUNCTION run(query text) RETURNS TABLE (key text, got text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE query;
END
$$;

-- The same to the last digit, but for clv: it says what a textbook says, which
-- divides several times, and each time rounds to sixteen digits or more.
CREATE FUNCTION same(r results) RETURNS bool LANGUAGE sql AS $$
	SELECT CASE WHEN r.signature::text LIKE '%clv(%' AND r.got <> r.want
		   THEN abs(r.got::numeric - r.want::numeric) <= abs(r.want::numeric) * 1e-14
		   ELSE r.got IS NOT DISTINCT FROM r.want END
$$;

-- %1$s: the call; %2$s: the oracle, over the rows of the source.
CREATE PROCEDURE compare(way text, query text, source text, what text DEFAULT '*',
						 before text DEFAULT '', within text DEFAULT '', behind text DEFAULT '')
LANGUAGE plpgsql AS $$
DECLARE
	a aggregates;
BEGIN
	FOR a IN SELECT * FROM aggregates LOOP
		EXECUTE format('INSERT INTO results SELECT %L, %L, * FROM (%s) q', way, a.signature,
					   format(query, call(a, before, within, behind), oracle(a, source, replace(what, '@', replace(a.arguments, 'o.', 'i.')))));
	END LOOP;
END
$$;

-- %1$s: the call; the answers are in the table truth already, under keys like
-- these.  The pattern is one that the plan must match.
CREATE PROCEDURE compare_truth(way text, keys text, query text, pattern text DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
	a aggregates;
	plan json;
BEGIN
	FOR a IN SELECT * FROM aggregates LOOP
		INSERT INTO results
		SELECT way, a.signature, coalesce(r.key, t.key), r.got, t.value
		FROM run(format(query, call(a, '', '', ''))) r
		FULL JOIN (SELECT * FROM truth WHERE signature = a.signature AND truth.key ~ keys) t USING (key);
		IF pattern IS NOT NULL THEN
			EXECUTE 'EXPLAIN (FORMAT JSON) ' || format(query, call(a, '', '', '')) INTO plan;
			INSERT INTO plans VALUES (way, a.signature, plan::text ~ pattern);
		END IF;
	END LOOP;
END
$$;

-- ---------------------------------------------------------------------------
-- Few rows.
-- ---------------------------------------------------------------------------

-- plain: all orders of one shop
DO $$
DECLARE
	shop text;
BEGIN
	FOREACH shop IN ARRAY ARRAY['empty', 'null', 'one', 'two', 'two customers', 'refund', 'guest', 'mixed'] LOOP
		CALL compare('plain, ' || shop, format('SELECT %L, (SELECT %%1$s FROM orders o WHERE o.shop = %1$L), %%2$s', shop),
					 format('orders WHERE shop = %L', shop));
	END LOOP;
END
$$;

SET enable_sort = off;
CALL compare('GROUP BY, hashed', 'SELECT shop, %1$s, %2$s FROM orders o GROUP BY shop', 'orders i WHERE i.shop = o.shop');
RESET enable_sort;
SET enable_hashagg = off;
CALL compare('GROUP BY, sorted', 'SELECT shop, %1$s, %2$s FROM orders o GROUP BY shop', 'orders i WHERE i.shop = o.shop');
RESET enable_hashagg;
CALL compare('FILTER', 'SELECT shop, %1$s, %2$s FROM orders o GROUP BY shop', 'orders i WHERE i.shop = o.shop AND i.keep',
			 behind => 'FILTER (WHERE keep)');
CALL compare('FILTER, nothing left', 'SELECT shop, %1$s, %2$s FROM orders o GROUP BY shop', 'orders i WHERE false',
			 behind => 'FILTER (WHERE false)');
CALL compare('DISTINCT', 'SELECT shop, %1$s, %2$s FROM orders o GROUP BY shop', 'orders i WHERE i.shop = o.shop', 'DISTINCT @', before => 'DISTINCT ');
CALL compare('ORDER BY', 'SELECT shop, %1$s, %2$s FROM orders o GROUP BY shop', 'orders i WHERE i.shop = o.shop',
			 within => ' ORDER BY o.id DESC');
CALL compare('HAVING', 'SELECT shop, %1$s, %2$s FROM orders o GROUP BY shop HAVING %1$s IS NOT NULL', 'orders i WHERE i.shop = o.shop');
CALL compare('GROUPING SETS', 'SELECT concat(shop, keep), %1$s, %2$s FROM orders o GROUP BY GROUPING SETS ((shop), (keep), ())',
			 'orders i WHERE (o.shop IS NULL OR i.shop = o.shop) AND (o.keep IS NULL OR i.keep = o.keep)');
CALL compare('window', 'SELECT id, %1$s, %2$s FROM orders o', 'orders i WHERE i.shop = o.shop',
			 behind => 'OVER (PARTITION BY shop)');
CALL compare('window, running', 'SELECT id, %1$s, %2$s FROM orders o', 'orders i WHERE i.shop = o.shop AND i.id <= o.id',
			 behind => 'OVER (PARTITION BY shop ORDER BY id)');
CALL compare('window, moving', 'SELECT id, %1$s, %2$s FROM orders o',
			 'orders i WHERE i.shop = o.shop AND i.id BETWEEN o.id - 3 AND o.id + 1',
			 behind => 'OVER (PARTITION BY shop ORDER BY id ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING)');
CALL compare('window, moving away', 'SELECT id, %1$s, %2$s FROM orders o',
			 'orders i WHERE i.shop = o.shop AND i.id BETWEEN o.id + 2 AND o.id + 4',
			 behind => 'OVER (PARTITION BY shop ORDER BY id ROWS BETWEEN 2 FOLLOWING AND 4 FOLLOWING)');
CALL compare('window, shrinking', 'SELECT id, %1$s, %2$s FROM orders o',
			 'orders i WHERE i.shop = o.shop AND i.id >= o.id',
			 behind => 'OVER (PARTITION BY shop ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)');
CALL compare('window, FILTER', 'SELECT id, %1$s, %2$s FROM orders o',
			 'orders i WHERE i.shop = o.shop AND i.id BETWEEN o.id - 3 AND o.id AND i.keep',
			 behind => 'FILTER (WHERE keep) OVER (PARTITION BY shop ORDER BY id ROWS 3 PRECEDING)');

-- errors
DO $$
DECLARE
	a aggregates;
	b broken;
	state text;
BEGIN
	FOR a IN SELECT * FROM aggregates LOOP
		FOR b IN SELECT * FROM broken ORDER BY id LOOP
			-- (the views' own history takes all rows that there are)
			CONTINUE WHEN CASE b.shop WHEN 'date' THEN a.at IS DISTINCT FROM 't_date' ELSE a.amount IS NULL END OR a.name ~ '^_retention_purchase_history';
			BEGIN
				EXECUTE format('SELECT %s FROM broken o WHERE shop = %L', call(a, '', '', ''), b.shop) INTO state;
				state := 'no error';
			EXCEPTION WHEN OTHERS THEN
				state := SQLSTATE;
			END;
			INSERT INTO results VALUES ('error, ' || b.shop, a.signature, b.shop, state,
										CASE b.shop WHEN 'date' THEN '22008' ELSE '22003' END);
		END LOOP;
	END LOOP;
END
$$;

-- ---------------------------------------------------------------------------
-- Many customers.
-- ---------------------------------------------------------------------------

DO $$
DECLARE
	a aggregates;
BEGIN
	FOR a IN SELECT * FROM aggregates WHERE (coalesce(customer, 'c_int8') = 'c_int8' AND coalesce(order_id, 'n_int8') = 'n_int8' OR customer = 'c_char' OR order_id = 'n_char') AND at IS DISTINCT FROM 't_timestamp' LOOP
		EXECUTE format('INSERT INTO truth SELECT %L, ''all'', %s', a.signature, oracle(a, 'many'));
		EXECUTE format('INSERT INTO truth SELECT %L, shop, %s FROM (SELECT DISTINCT shop FROM many) o', a.signature,
					   oracle(a, 'many i WHERE i.shop = o.shop'));
		EXECUTE format('INSERT INTO truth SELECT %L, keep, %s FROM (SELECT DISTINCT keep FROM many) o', a.signature,
					   oracle(a, 'many i WHERE i.keep = o.keep'));
	END LOOP;
	-- Keys of the other types stand for the same customers, but for those of one byte,
	-- and in UTC times without a zone for the same times.
	INSERT INTO truth
	SELECT b.signature, t.key, t.value
	FROM truth t JOIN aggregates AS c USING (signature)
	JOIN aggregates AS b ON replace(b.name, '_with_names', '') = c.name AND b.signature <> c.signature
		AND (b.customer IS NULL) = (c.customer IS NULL) AND (b.order_id IS NULL) = (c.order_id IS NULL) AND concat_ws(' ', b.customer, b.order_id, c.customer, c.order_id) !~ '_char( |$)'
		AND (b.at = c.at OR b.at = 't_timestamp' AND c.at = 't_timestamptz' OR num_nonnulls(b.at, c.at) = 0)
		AND b.amount IS NOT DISTINCT FROM c.amount;
END
$$;

SET max_parallel_workers_per_gather = 0;
CALL compare_truth('many, serial', 'all', 'SELECT ''all'', %s FROM many o');

SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET cpu_tuple_cost = 10;
SET min_parallel_table_scan_size = 0;
CALL compare_truth('parallel', 'all', 'SELECT ''all'', %s FROM many o', '"Partial Mode": "Partial"');
CALL compare_truth('parallel, GROUP BY', 'shop', 'SELECT shop, %s FROM many o GROUP BY shop', '"Partial Mode": "Partial"');
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
CALL compare_truth('parallel, spilled', 'all', 'SELECT ''all'', %s FROM many o', '"Partial Mode": "Partial"');
RESET work_mem;
RESET hash_mem_multiplier;
SET max_parallel_workers_per_gather = 0;
RESET cpu_tuple_cost;

SET enable_partitionwise_aggregate = on;
CALL compare_truth('partitionwise, whole', 'shop', 'SELECT shop, %s FROM parts o GROUP BY shop', '^((?!"Aggregate").)*"Append".*"Aggregate"');
CALL compare_truth('partitionwise, partial', 'true|false', 'SELECT keep::text, %s FROM parts o GROUP BY keep', '"Partial Mode": "Finalize".*"Append".*"Partial Mode": "Partial"');
RESET enable_partitionwise_aggregate;

-- Does a query write temporary files?
CREATE FUNCTION spills(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	RETURN (plan->0->'Plan'->>'Temp Written Blocks')::int > 0;
END
$$;

SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
CALL compare_truth('spilled', 'all', 'SELECT ''all'', %s FROM many o');
INSERT INTO plans
SELECT 'spilled', signature, spills(format('SELECT %s FROM many o', call(a, '', '', ''))) = (coalesce(customer || order_id, customer, order_id, 'c_char') !~ '^._char$' AND name <> 'customer_base_sample')
FROM aggregates a;
CALL compare_truth('spilled, GROUP BY', 'shop', 'SELECT shop, %s FROM many o GROUP BY shop');
CALL compare('spilled, many groups', 'SELECT shop, got, %2$s FROM (SELECT shop, %1$s AS got FROM crowds o GROUP BY shop) o WHERE shop IN (''7'', ''77'', ''777'', ''2999'')',
			 'crowds i WHERE i.shop = o.shop');
RESET work_mem;
RESET hash_mem_multiplier;

-- ---------------------------------------------------------------------------
-- What came of it.
-- ---------------------------------------------------------------------------

SELECT way, count(DISTINCT signature) AS aggregates, count(*) AS comparisons,
	   count(*) FILTER (WHERE got IS NULL) AS nulls,
	   count(*) FILTER (WHERE NOT same(r)) AS mismatches,
	   (SELECT bool_and(as_planned) FROM plans p WHERE p.way = r.way) AS as_planned
FROM results r GROUP BY way ORDER BY way COLLATE "C";

SELECT way, signature, key, got, want FROM results r WHERE NOT same(r)
ORDER BY way COLLATE "C", signature::text COLLATE "C", key COLLATE "C" LIMIT 20;
SELECT way, signature FROM plans WHERE NOT as_planned ORDER BY way COLLATE "C", signature::text COLLATE "C" LIMIT 20;

SET client_min_messages = error;
DROP SCHEMA every_aggregate CASCADE;
