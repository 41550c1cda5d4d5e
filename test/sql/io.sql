-- Values in and out: the same bytes for the same content, whatever made it;
-- nothing but an error for bytes that are no value; nothing worse than an
-- error for any argument of any function.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
CREATE SCHEMA io;
SET search_path = io, public;

-- Orders of a few customers and of many, with all that can be odd about them.
CREATE TABLE orders (
	n int, many bool, c_int8 int8, c_text text, c_uuid uuid,
	t_timestamptz timestamptz, t_timestamp timestamp, t_date date, a_numeric numeric, a_float8 float8
);
INSERT INTO orders
SELECT n, many, k, 'customer ' || k, md5(k::text)::uuid, at, at::timestamp, at::date, amount, amount::float8
FROM (SELECT n, many, CASE WHEN n % 19 <> 0 THEN n * n % CASE WHEN many THEN 2003 ELSE 11 END END AS k,
			 timestamptz '2024-01-01' + n * n % 5003 * interval '1 hour' AS at,
			 round(CASE WHEN n % 7 = 0 THEN -n ELSE n END / 7.0, n % 4) AS amount
	  FROM generate_series(1, 3000) n, (VALUES (true), (false)) v (many)
	  WHERE many OR n <= 40) s;

-- Every overload of customer_base, from the catalog; varchar and char(n) give
-- what text gives (keys).
CREATE FUNCTION arguments(types oidvector) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(CASE t WHEN 'int8'::regtype THEN 'c_int8' WHEN 'text'::regtype THEN 'c_text' WHEN 'uuid'::regtype THEN 'c_uuid'
							 WHEN 'timestamptz'::regtype THEN 't_timestamptz' WHEN 'timestamp'::regtype THEN 't_timestamp' WHEN 'date'::regtype THEN 't_date'
							 WHEN 'numeric'::regtype THEN 'a_numeric' WHEN 'float8'::regtype THEN 'a_float8' END, ', ' ORDER BY n)
	FROM unnest(types::regtype[]) WITH ORDINALITY u (t, n)
$$;
CREATE TABLE kinds AS
SELECT p.oid::regprocedure AS signature, arguments(proargtypes) AS arguments
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'retention'
WHERE p.proname = 'customer_base' AND p.prokind = 'a' AND arguments(proargtypes) IS NOT NULL;

CREATE TABLE bases (signature regprocedure, many bool, b customer_base);
DO $$
DECLARE
	k kinds;
BEGIN
	FOR k IN SELECT * FROM kinds LOOP
		EXECUTE format('INSERT INTO bases SELECT %L, many, customer_base(%s) FROM orders GROUP BY many', k.signature, k.arguments);
	END LOOP;
END
$$;
SELECT count(*) AS bases, count(DISTINCT signature) AS kinds, count(DISTINCT b::text) AS different_ones, min(customers(b)), max(customers(b)) FROM bases;

-- ---------------------------------------------------------------------------
-- Round trips.
-- ---------------------------------------------------------------------------

CREATE FUNCTION facts(b customer_base) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', customers(b), orders(b), purchase_frequency(b), repeat_rate(b), lifetime_span(b), first_order(b), last_order(b),
					 revenue(b), refunds(b), refunded(b), guest_orders(b), guest_refunds(b), guest_revenue(b), aov(b), customer_value(b), clv(b))
	WHERE b IS NOT NULL
$$;
SELECT count(*) AS bases, count(*) FILTER (WHERE b::text::customer_base::text = b::text) AS text,
	   count(*) FILTER (WHERE decode(b::text, 'base64') = _retention_customer_base_send(b)) AS text_is_binary,
	   count(*) FILTER (WHERE facts(b::text::customer_base) = facts(b)) AS facts,
	   count(*) FILTER (WHERE _retention_customer_base_out(b)::text = b::text) AS by_function
FROM bases;
-- Through files, in text and in binary.
CREATE TABLE copies (LIKE bases);
\copy bases TO 'results/io.text'
\copy copies FROM 'results/io.text'
\copy bases TO 'results/io.binary' WITH (FORMAT binary)
\copy copies FROM 'results/io.binary' WITH (FORMAT binary)
\! rm -f results/io.text results/io.binary
SELECT count(*) AS copies, count(*) FILTER (WHERE _retention_customer_base_send(c.b) = _retention_customer_base_send(b.b)) AS same, count(*) FILTER (WHERE facts(c.b) = facts(b.b)) AS facts
FROM copies c JOIN bases b USING (signature, many);
-- Compressed or not, in the row or apart, short or long, a value is a value.
CREATE TABLE stored (how text, b customer_base);
ALTER TABLE stored ALTER b SET STORAGE EXTERNAL;
INSERT INTO stored SELECT 'external', b FROM bases;
ALTER TABLE stored ALTER b SET STORAGE MAIN;
INSERT INTO stored SELECT 'main', b FROM bases;
ALTER TABLE stored ALTER b SET STORAGE EXTENDED;
INSERT INTO stored SELECT 'extended', b FROM bases;
ALTER TABLE stored ALTER b SET STORAGE PLAIN;
INSERT INTO stored SELECT 'plain', b FROM bases WHERE NOT many;
SELECT how, count(*) AS values, count(*) FILTER (WHERE facts(s.b) = facts(b.b)) AS facts, count(*) FILTER (WHERE s.b::text = b.b::text) AS text,
	   count(*) FILTER (WHERE _retention_customer_base_combine(s.b, s.b)::text = _retention_customer_base_combine(b.b, b.b)::text) AS combined
FROM stored s JOIN bases b ON _retention_customer_base_send(s.b) = _retention_customer_base_send(b.b) GROUP BY how ORDER BY how;
-- Nothing but text and bytes; no casts, no comparison.
SELECT count(*) AS casts FROM pg_cast WHERE 'customer_base'::regtype IN (castsource, casttarget) AND casttarget <> '_retention_no_number'::regtype;

-- ---------------------------------------------------------------------------
-- The same bytes in any order of rows, and however they are cut and merged.
-- ---------------------------------------------------------------------------

CREATE AGGREGATE merged(customer_base) (SFUNC = _retention_customer_base_combine, STYPE = customer_base, COMBINEFUNC = _retention_customer_base_combine, PARALLEL = SAFE);
CREATE TABLE results (way text, signature regprocedure, many bool, b customer_base);
CREATE PROCEDURE make(way text, query text) LANGUAGE plpgsql AS $$
DECLARE
	k kinds;
BEGIN
	FOR k IN SELECT * FROM kinds LOOP
		EXECUTE format('INSERT INTO results SELECT %L, %L, many, b FROM (%s) s', way, k.signature, replace(query, '@', k.arguments));
	END LOOP;
END
$$;
CALL make('backwards', 'SELECT many, customer_base(@ ORDER BY n DESC) AS b FROM orders GROUP BY many');
CALL make('shuffled', 'SELECT many, customer_base(@ ORDER BY hashint4(n)) AS b FROM orders GROUP BY many');
CALL make('2 parts', 'SELECT many, _retention_customer_base_combine(customer_base(@) FILTER (WHERE n <= 20), customer_base(@) FILTER (WHERE n > 20)) AS b FROM orders GROUP BY many');
CALL make('2 parts, exchanged', 'SELECT many, _retention_customer_base_combine(customer_base(@) FILTER (WHERE n > 20), customer_base(@) FILTER (WHERE n <= 20)) AS b FROM orders GROUP BY many');
CALL make('17 parts', 'SELECT many, merged(b) AS b FROM (SELECT many, customer_base(@) AS b FROM orders GROUP BY many, n % 17) s GROUP BY many');
CALL make('a part each row', 'SELECT many, merged(b) AS b FROM (SELECT many, customer_base(@) AS b FROM orders WHERE n <= 500 GROUP BY many, n) s GROUP BY many');
CALL make('parts of parts', 'SELECT many, merged(b ORDER BY part DESC) AS b FROM (SELECT many, part % 7 AS part, merged(b) AS b FROM
		  (SELECT many, n % 40 AS part, customer_base(@) AS b FROM orders GROUP BY 1, 2) s GROUP BY 1, 2) s GROUP BY many');
CALL make('parts by customer', 'SELECT many, merged(b) AS b FROM (SELECT many, customer_base(@) AS b FROM orders GROUP BY many, c_int8 % 10) s GROUP BY many');
CALL make('with nothing', 'SELECT many, _retention_customer_base_combine(_retention_customer_base_combine(NULL, b), NULL) AS b FROM (SELECT many, customer_base(@) AS b FROM orders GROUP BY many) s');
CALL make('row by row', 'SELECT many, (SELECT merged(_retention_customer_base_add(NULL, @) ORDER BY n) FROM orders i WHERE i.many = o.many) AS b
		  FROM (SELECT DISTINCT many FROM orders WHERE NOT many) o');
CALL make('window', 'SELECT many, b FROM (SELECT many, n, customer_base(@) OVER (PARTITION BY many ORDER BY n / 500) AS b FROM orders) s
		  WHERE n = CASE WHEN many THEN 3000 ELSE 40 END');
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
CALL make('17 parts, spilled', 'SELECT many, merged(b) AS b FROM (SELECT many, customer_base(@) AS b FROM orders GROUP BY many, n % 17) s GROUP BY many');
RESET work_mem;
RESET hash_mem_multiplier;
-- Of one row each, only the first five hundred rows were taken.
CREATE TABLE first_ones (LIKE bases);
DO $$
DECLARE
	k kinds;
BEGIN
	FOR k IN SELECT * FROM kinds LOOP
		EXECUTE format('INSERT INTO first_ones SELECT %L, many, customer_base(%s) FROM orders WHERE n <= 500 GROUP BY many', k.signature, k.arguments);
	END LOOP;
END
$$;
SELECT way, count(*) AS bases, count(*) FILTER (WHERE _retention_customer_base_send(r.b) = _retention_customer_base_send(CASE way WHEN 'a part each row' THEN f.b ELSE b.b END)) AS same
FROM results r JOIN bases b USING (signature, many) JOIN first_ones f USING (signature, many) GROUP BY way ORDER BY way COLLATE "C";

-- ---------------------------------------------------------------------------
-- Bytes that are no value.
-- ---------------------------------------------------------------------------

CREATE FUNCTION outcome(input text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN input::customer_base::text = input THEN 'accepted' ELSE 'changed' END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
-- Text that is not base64, or not all of it.
SELECT left(input, 12) AS input, outcome(input)
FROM (VALUES (''), ('='), ('A'), ('AA'), ('AAA='), ('AAAA'), ('AQ=='), ('hello'), ('!'), ('\x00'), (repeat('A', 1000)), (repeat('/', 1000))) v (input);
SELECT ''::customer_base;
SELECT 'hello, world!'::customer_base;
SELECT 'Ag=='::customer_base;
SELECT 'AQ=='::customer_base;
SELECT 'AQUAAA=='::customer_base;
-- Money of guests who are not there, with customers and for one of them; refunds without amounts.
SELECT encode('\x0101000100000000000000000001000100010001070000000000000000', 'base64')::customer_base;
SELECT encode('\x0100000100000001000100000001000100010001070000000000000000', 'base64')::customer_base;
SELECT encode('\x010100000000000000000500000000000000000000', 'base64')::customer_base;

-- Small bases of many shapes, and what can happen to their bytes.
CREATE TABLE victims AS
SELECT signature, _retention_customer_base_send(b) AS bytes FROM
	(SELECT signature, b FROM bases WHERE NOT many AND signature::text ~ CASE WHEN signature::text LIKE '%date%' THEN 'bigint' ELSE 'bigint|text' END
	 UNION ALL SELECT NULL, customer_base(NULL::int8)
	 UNION ALL SELECT NULL, customer_base(1, date '2024-01-01', -1)
	 UNION ALL SELECT NULL, customer_base(NULL::text, date '2024-01-01', 1.25)
	 UNION ALL SELECT NULL, customer_base(n, date '2024-01-01' + n * 1000, ('1e' || n)::numeric) FROM generate_series(1, 30) n
	 UNION ALL SELECT NULL, customer_base(n, timestamp '2024-01-01' + n * interval '0.001 s', ('1e-' || n)::numeric) FROM generate_series(1, 3) n
	 UNION ALL SELECT NULL, customer_base_sample(n, date '2024-01-01' + n, n - 3, 16) FROM generate_series(1, 30) n
	 UNION ALL SELECT NULL, customer_base_sample(n, 16) FROM generate_series(1, 10) n
	 UNION ALL SELECT NULL, without_customers_of(customer_base_sample(n, date '2024-01-01' + n, n, 16), customer_base(30)) FROM generate_series(1, 30) n) s;
CREATE TABLE mutants AS
SELECT 'cut' AS what, substr(bytes, 1, n) AS bytes FROM victims, generate_series(0, length(bytes) - 1) n
UNION ALL
SELECT 'beginning cut', substr(bytes, n) FROM victims, generate_series(2, length(bytes)) n
UNION ALL
SELECT 'bit flipped', set_bit(bytes, n, 1 - get_bit(bytes, n)) FROM victims, generate_series(0, length(bytes) * 8 - 1) n
UNION ALL
SELECT 'byte set', set_byte(bytes, n, v)
FROM victims, generate_series(0, length(bytes) - 1) n, unnest(ARRAY[0, 127, 255]) v WHERE get_byte(bytes, n) <> v
UNION ALL
SELECT 'byte left out', substr(bytes, 1, n) || substr(bytes, n + 2) FROM victims, generate_series(0, length(bytes) - 1) n
UNION ALL
SELECT 'byte put in', substr(bytes, 1, n) || set_byte('\x00', 0, v) || substr(bytes, n + 1)
FROM victims, generate_series(0, length(bytes)) n, unnest(ARRAY[0, 1, 128, 255]) v
UNION ALL
SELECT 'bytes exchanged', set_byte(set_byte(bytes, n, get_byte(bytes, n + 1)), n + 1, get_byte(bytes, n))
FROM victims, generate_series(0, length(bytes) - 2) n WHERE get_byte(bytes, n) <> get_byte(bytes, n + 1)
UNION ALL
SELECT 'huge numbers', substr(bytes, 1, n) || '\xffffffffffffffffff01'::bytea || substr(bytes, n + 1) FROM victims, generate_series(0, length(bytes)) n
UNION ALL
SELECT 'halves exchanged', substr(bytes, n + 1) || substr(bytes, 1, n) FROM victims, generate_series(1, length(bytes) - 1) n
UNION ALL
SELECT 'two values', a.bytes || b.bytes FROM victims a, victims b
UNION ALL
SELECT 'noise', decode(md5(n::text) || md5((n + 1)::text), 'hex') FROM generate_series(1, 500) n
UNION ALL
SELECT 'noise with a head', '\x01010101'::bytea || decode(md5(n::text) || md5((n + 1)::text), 'hex') FROM generate_series(1, 500) n;
ALTER TABLE mutants ADD outcome text;
UPDATE mutants SET outcome = outcome(encode(bytes, 'base64')) WHERE length(bytes) <= 57;
UPDATE mutants SET outcome = outcome(replace(encode(bytes, 'base64'), E'\n', '')) WHERE length(bytes) > 57;
-- What is accepted is the one form of some content (a number of guests, say).
SELECT what, count(*) AS mutants, count(*) FILTER (WHERE outcome LIKE '22P0_') AS errors, count(*) FILTER (WHERE outcome = 'accepted') AS accepted,
	   count(*) FILTER (WHERE outcome NOT LIKE '22P0_' AND outcome <> 'accepted') AS others
FROM mutants m GROUP BY what ORDER BY what COLLATE "C";
SELECT DISTINCT what, outcome FROM mutants WHERE outcome NOT LIKE '22P0_' AND outcome <> 'accepted' ORDER BY 1, 2;
-- Those are values in every respect.
CREATE TABLE accepted AS
SELECT replace(encode(bytes, 'base64'), E'\n', '')::customer_base AS b FROM mutants WHERE outcome = 'accepted' GROUP BY bytes;
SELECT count(*) FILTER (WHERE (customers(b) <= orders(b) OR NOT is_exact(b)) AND coalesce(repeat_rate(b), 0) BETWEEN 0 AND 1) = count(*) AS asked,
	   count(*) FILTER (WHERE orders(_retention_customer_base_combine(b, b)) = orders(b) * 2 OR NOT is_exact(b)) = count(*) AS combined
FROM accepted;
-- ---------------------------------------------------------------------------
-- Any argument for any function.
-- ---------------------------------------------------------------------------

-- For each type, values that are odd for somebody; bases of all kinds.
CREATE TABLE arguments (type regtype, value text);
INSERT INTO arguments VALUES
	('int8', '0'), ('int8', '-9223372036854775808'), ('text', ''), ('text', repeat('x', 3000)), ('uuid', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
	('timestamptz', 'infinity'), ('timestamptz', '294276-12-31 23:59:59.999999'), ('timestamp', '-infinity'), ('timestamp', '4714-11-24 BC'),
	('date', '5874897-12-31'), ('date', '4714-11-24 BC'), ('numeric', 'NaN'), ('numeric', '-1e-300'), ('numeric', '1e300'), ('numeric', '0.05'),
	('float8', '-Infinity'), ('float8', '1e300'), ('float8', '-0'), ('interval', '-178000000 years'), ('interval', '1 mon -31 days'), ('interval', '1 year'),
	('cstring', 'AQ=='), ('cstring', ''), ('int4', '16'), ('int4', '2147483647'), ('text', 'repeat_rate'), ('text', 'month'), ('text', 'UTC'), ('bool', 'true'),
	('int4[]', '{0,30,2147483647}'), ('int4[]', '{}'), ('int4[]', '{{1,2},{3,4}}'), ('int4[]', '{NULL,-1}'),
	('rfm_inputs', '(1,2,3,4.5,0.7,2,2024-01-01)'), ('rfm_inputs', '(-1,NaN,0,NaN,Infinity,0,infinity)'), ('rfm_inputs', '(9223372036854775807,1e300,1e301,,-1e300,-1,)'), ('rfm_inputs', '(,,,,,,)');
INSERT INTO arguments SELECT 'survival_histogram', _retention_survival_add(_retention_survival_add(NULL, 6, true), d, false)::text FROM unnest(ARRAY[0, 6, 1e300]) d;
INSERT INTO arguments SELECT 'repeat_buying_histogram', _retention_repeat_buying_add(NULL, b::rfm_inputs)::text FROM unnest(ARRAY['(1,2,3,,0.7,2,)', '(0,0,1e300,,,9223372036854775807,)']) b;
INSERT INTO arguments SELECT 'repeat_spend_histogram', _retention_repeat_spend_add(NULL, b::rfm_inputs)::text FROM unnest(ARRAY['(1,2,3,4.5,0.7,2,)', '(0,0,1e300,,,9223372036854775807,)', '(2,2,2,1e300,,,)']) b;
INSERT INTO arguments SELECT 'renewals_histogram', _retention_renewals_add(_retention_renewals_add(NULL, 0, 10, 'bdw'), period, survivors)::text FROM (VALUES (1, 7), (1, 11), (0, 5), (100000, 0), (3, 9000000000000000000)) v (period, survivors);
INSERT INTO arguments SELECT 'purchase_model', fit_purchases(repeat_buying((x, x * 9, 90, 1, x, NULL, '2024-01-01')::rfm_inputs), kind)::text FROM generate_series(0, 6) x, unnest(ARRAY['nbd', 'mbg/nbd', 'pareto/nbd', 'bg/cnbd-2']) kind GROUP BY kind;
INSERT INTO arguments SELECT 'purchase_model', purchase_model('bg/nbd', '{"r": 1e-30, "alpha": 1e30, "a": 1e-30, "b": 1e30}')::text;
INSERT INTO arguments VALUES ('spend_model', spend_model(6, 4, 15)::text), ('spend_model', spend_model(1e-30, 0.5, 1e30)::text), ('retention_model', retention_model('sbg', '{"a": 0.7, "b": 1.2}')::text), ('retention_model', retention_model('bdw', '{"a": 1e30, "b": 1e-30, "c": 1e30}')::text),
	('jsonb', '{}'), ('jsonb', '[1]'), ('jsonb', '{"r": 1, "alpha": 5}'), ('jsonb', spend_model(6, 4, 15)::text), ('text', 'nbd'), ('text', 'auto'), ('text', 'bdw'), ('interval', '0');
INSERT INTO arguments
SELECT 'purchase_history', purchase_history(c, t, a, g)::text
FROM (VALUES (1::int8, date '2024-01-01', 5.00, 'day'), (1, '2024-02-29', -1.5, 'day'), (2, '2024-02-29', 1e30, 'day'), (NULL, '2024-02-29', 1, 'day'),
			 (1, '4714-11-24 BC', 1, 'year'), (1, '294276-12-31', 1, 'year'), (1, '2024-01-01', -1, 'week'), (NULL, '2024-01-01', 1, 'month')) o (c, t, a, g) GROUP BY g;
INSERT INTO arguments SELECT type, NULL FROM (SELECT DISTINCT type FROM arguments UNION SELECT unnest('{customer_base,_retention_timeline}'::regtype[])) s;
INSERT INTO arguments SELECT 'customer_base', b::text FROM bases WHERE NOT many;
INSERT INTO arguments SELECT 'customer_base', without_customers_of(b, (SELECT customer_base(0)))::text FROM bases WHERE NOT many AND signature = 'customer_base(bigint,date,numeric)'::regprocedure;
INSERT INTO arguments SELECT 'customer_base', b::text FROM accepted ORDER BY md5(b::text) LIMIT 20;
INSERT INTO arguments SELECT 'customer_base', _retention_one_customer_add(NULL, timestamp '2024-01-01', 1.25)::text;
INSERT INTO arguments SELECT 'customer_base', _retention_one_customer_add(NULL, 1.25)::text;
INSERT INTO arguments SELECT 'customer_base', _retention_one_customer_add(NULL, now())::text;
INSERT INTO arguments SELECT '_retention_timeline', unnest(ARRAY[_retention_timeline_add(_retention_timeline_add(NULL, timestamptz '2024-01-01'), '294276-12-31 23:59:59.999999'), _retention_timeline_add(NULL, date '2024-01-01'),
	_retention_timeline_add_summary(NULL, date '2024-01-01', 1e300, '5874897-12-31'), _retention_timeline_add_summary(NULL, timestamp '4714-11-24 BC', '2024-01-01'),
	_retention_timeline_add_between(NULL, date '4714-11-24 BC', '-infinity', 'infinity')])::text;

CREATE TABLE calls (signature regprocedure, outcome text);
CREATE FUNCTION call(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE query INTO result;
	RETURN CASE WHEN result IS NULL THEN 'NULL' ELSE 'value' END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
-- Functions and aggregates of up to three arguments get each value with each
-- other, others each value at each place among NULLs.
DO $$
DECLARE
	f record;
	query text;
	args regtype[];
BEGIN
	FOR f IN
		SELECT p.oid::regprocedure AS signature, format('%I.%I', pronamespace::regnamespace, proname) AS name, proargtypes::regtype[] AS types
		FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'retention'
		WHERE p.pronargs > 0 AND p.proname NOT IN ('simulate_orders', 'predict_customers', 'holdout_check') AND (p.proname <> 'retention_create_views' OR proargtypes[0] <> 'text'::regtype) AND 'internal'::regtype <> ALL (proargtypes::regtype[]) AND prorettype <> 'trigger'::regtype
	LOOP
		args := f.types[0:];
		IF cardinality(args) <= 3 THEN
			SELECT format('INSERT INTO calls SELECT %L, call(format(%L, %s)) FROM %s', f.signature,
						  format('SELECT %s(%s)', f.name, string_agg('%L::' || t, ', ' ORDER BY n)),
						  string_agg('a' || n || '.value', ', ' ORDER BY n),
						  string_agg(format('(SELECT value FROM arguments WHERE type = %L::regtype) a%s', t, n), ', ' ORDER BY n))
			INTO query FROM unnest(args) WITH ORDINALITY u (t, n);
		ELSE
			SELECT string_agg(format('INSERT INTO calls SELECT %L, call(format(%L, value)) FROM arguments WHERE type = %L::regtype', f.signature,
									 (SELECT format('SELECT %s(%s)', f.name, string_agg(CASE WHEN m = n THEN '%L::' ELSE 'NULL::' END || o, ', ' ORDER BY m))
									  FROM unnest(args) WITH ORDINALITY v (o, m)), t), '; ')
			INTO query FROM unnest(args) WITH ORDINALITY u (t, n);
		END IF;
		EXECUTE query;
	END LOOP;
END
$$;
-- Errors are the caller's: of a value, a range, a kind; and of what refuses every call.
DELETE FROM calls WHERE outcome IN ('42883', '42P18') AND (SELECT prosrc ~ '^retention_refuse_' OR 'unknown'::regtype = ANY (proargtypes) FROM pg_proc WHERE oid = signature);
SELECT count(DISTINCT signature) AS functions, count(*) > 20000 AS many_calls,
	   array_agg(DISTINCT outcome) FILTER (WHERE outcome NOT IN ('NULL', 'value', '22003', '22004', '22007', '22008', '22023', '22P02', '22P03', '42804', '42P01', '54000')) AS other_errors
FROM calls;
SELECT signature, outcome, count(*) FROM calls
WHERE outcome NOT IN ('NULL', 'value', '22003', '22004', '22007', '22008', '22023', '22P02', '22P03', '42804', '42P01', '54000') GROUP BY 1, 2 ORDER BY signature::text COLLATE "C", 2 LIMIT 20;
-- One customer with 2^63 - 1 orders, and as many guests: more is too many.
CREATE TABLE full_ones AS
SELECT what, encode(bytes, 'base64')::customer_base AS b FROM (VALUES
	('orders', '\x010100000000010101ffffffffffffffff7f00000001130000000000000000000000000008ffffffffffffff7f0000000000000000'::bytea),
	('guests', '\x0101000000000000000000ffffffffffffffff7f000000000000000000')) v (what, bytes);
SELECT what, customers(b), orders(b), guest_orders(b), call(format('SELECT _retention_customer_base_combine(%1$L, %1$L)', b)) ~ '^22' AS combined,
	   call(format('SELECT _retention_customer_base_add(%L, %L::int8)', b, CASE what WHEN 'orders' THEN 0 END)) ~ '^22' AS added
FROM full_ones ORDER BY what;
-- Kinds that don't fit are told apart.
SELECT _retention_customer_base_combine(customer_base(1), customer_base('1'::text));
SELECT _retention_customer_base_combine(customer_base(1, now()), customer_base(1));
SELECT _retention_customer_base_combine(customer_base(1, now()), customer_base(1, now()::timestamp));
SELECT _retention_customer_base_combine(customer_base(1, date '2024-01-01', 1.0), customer_base(1, date '2024-01-01', 1.0::float8));

SET client_min_messages = error;
DROP SCHEMA io CASCADE;
