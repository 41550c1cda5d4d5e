-- The texts of customers, kept beside their identities: what comes is what is told, in
-- whatever form the history was, and one content has one form.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA customer_names;
SET search_path = customer_names, public;

-- Customers of any text: none, one of 1 MB, of all characters, some that begin alike; guests;
-- rows that don't count, of customers who have no others.
CREATE TABLE orders (n int, customer text, day date, amount numeric(40, 2), sold bool);
INSERT INTO orders SELECT n, CASE n % 10 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'someone' || n % 97 || '@example.com' WHEN 3 THEN repeat('x', n % 300) ELSE 'gid://shop/Customer/' || n * 7919 % 1000 END,
	date '2024-01-01' + n % 90, (n % 100 - 20)::numeric, n % 3 = 0 FROM generate_series(1, 4000) n;
INSERT INTO orders SELECT 5000 + n, repeat(chr(64 + n), 1000000) || n, date '2024-02-01', 1, true FROM generate_series(1, 3) n;
INSERT INTO orders SELECT 6000 + n, chr(n), date '2024-02-01', 1, true FROM generate_series(1, 127) n;
INSERT INTO orders VALUES (7000, 'no amount', '2024-02-01', NULL, true), (7001, 'no time', NULL, 1, true), (7002, 'refunds alone', '2024-02-01', -1, false);
CREATE TABLE histories (what text, h purchase_history);
INSERT INTO histories SELECT 'all', purchase_history_with_names(customer, day, amount, 'day') FROM orders;
CREATE FUNCTION h(text) RETURNS purchase_history LANGUAGE sql STABLE AS 'SELECT h FROM histories WHERE what = $1';

-- Who has an order is named, once.
CREATE FUNCTION missing(h purchase_history, of text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	missing bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM customer_list($1) l FULL JOIN (SELECT customer, count(*) AS orders FROM %s o WHERE customer IS NOT NULL AND day IS NOT NULL AND amount >= 0 GROUP BY 1) o USING (customer) WHERE l.orders IS DISTINCT FROM o.orders', of) INTO missing USING h;
	RETURN missing;
END$$;
SELECT missing(h('all'), 'orders'), (SELECT count(*) FROM customer_list(h('all'))) AS customers, has_names FROM history_info(h('all'));
SELECT max(length(customer)) AS longest, min(length(customer)) AS shortest, count(*) FILTER (WHERE customer IN ('no amount', 'no time', 'refunds alone')) AS others FROM customer_list(h('all'));
-- All else is as without names.
CREATE TABLE plain AS SELECT purchase_history(customer, day, amount, 'day') AS h FROM orders;
SELECT (SELECT array_agg(r ORDER BY r::text) FROM cohort_retention(p.h) r) = (SELECT array_agg(r ORDER BY r::text) FROM cohort_retention(h('all')) r) AS cohorts,
	   customer_base(p.h) = customer_base(h('all')) AS base, to_jsonb(history_info(p.h)) - 'has_names' = to_jsonb(history_info(h('all'))) - 'has_names' AS info, (SELECT array_agg(r) FROM excluded_rows(p.h) r) = (SELECT array_agg(r) FROM excluded_rows(h('all')) r) AS excluded,
	   (SELECT array_agg(r ORDER BY r::text) FROM new_and_returning(p.h, anchor => h('all')) r) = (SELECT array_agg(r ORDER BY r::text) FROM new_and_returning(p.h) r) AS as_anchor,
	   (SELECT array_agg(r ORDER BY r::text) FROM new_and_returning(h('all'), anchor => p.h) r) = (SELECT array_agg(r ORDER BY r::text) FROM new_and_returning(p.h) r) AS of_anchor,
	   (SELECT array_agg(r) FROM kaplan_meier(time_to_order(p.h)) r) = (SELECT array_agg(r) FROM kaplan_meier(time_to_order(h('all'))) r) AS survival
FROM plain p;
-- Every overload.
SELECT name, (SELECT count(*) FROM customer_list(h)) AS customers, (SELECT string_agg(customer, ' ' ORDER BY customer COLLATE "C") FROM customer_list(h)) AS names, (history_info(h)).time_zone, h::text::purchase_history = h AS read_back
FROM (SELECT 'date' AS name, purchase_history_with_names(c, d, 'day') AS h FROM (VALUES ('a', date '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'date, numeric', purchase_history_with_names(c, d, 1.5, 'day') FROM (VALUES ('a', date '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'date, float8', purchase_history_with_names(c, d, 1.5::float8, 'day') FROM (VALUES ('a', date '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'date, is_order', _retention_purchase_history_with_names(c, d, -1.5, true, true, 1, 'day') FROM (VALUES ('a', date '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamp', purchase_history_with_names(c, d, 'day') FROM (VALUES ('a', timestamp '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamp, numeric', purchase_history_with_names(c, d, 1.5, 'day') FROM (VALUES ('a', timestamp '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamp, float8', purchase_history_with_names(c, d, 1.5::float8, 'day') FROM (VALUES ('a', timestamp '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamp, is_order', _retention_purchase_history_with_names(c, d, -1.5, true, true, 1, 'day') FROM (VALUES ('a', timestamp '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamptz', purchase_history_with_names(c, d, 'day') FROM (VALUES ('a', timestamptz '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamptz, numeric', purchase_history_with_names(c, d, 1.5, 'day') FROM (VALUES ('a', timestamptz '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamptz, float8', purchase_history_with_names(c, d, 1.5::float8, 'day') FROM (VALUES ('a', timestamptz '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamptz, is_order', _retention_purchase_history_with_names(c, d, -1.5, true, true, 1, 'day') FROM (VALUES ('a', timestamptz '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamptz, zone', purchase_history_with_names(c, d, 'day', 'Asia/Tokyo') FROM (VALUES ('a', timestamptz '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamptz, numeric, zone', purchase_history_with_names(c, d, 1.5, 'day', 'Asia/Tokyo') FROM (VALUES ('a', timestamptz '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamptz, float8, zone', purchase_history_with_names(c, d, 1.5::float8, 'day', 'Asia/Tokyo') FROM (VALUES ('a', timestamptz '2024-01-01'), ('b', '2024-01-01')) v (c, d)
	  UNION ALL SELECT 'timestamptz, is_order, zone', _retention_purchase_history_with_names(c, d, -1.5, true, true, 1, 'day', 'Asia/Tokyo') FROM (VALUES ('a', timestamptz '2024-01-01'), ('b', '2024-01-01')) v (c, d)) s;
-- varchar and char are texts; nobody, and guests alone, have no names.
SELECT (SELECT string_agg(customer, ' ' ORDER BY customer) FROM customer_list((SELECT purchase_history_with_names(c::varchar(3), date '2024-01-01', 'day') FROM unnest('{one,two}'::text[]) c))) AS varchars,
	   (SELECT count(*) FROM customer_list((SELECT purchase_history_with_names(NULL::text, date '2024-01-01', 'day')))) AS guests,
	   (SELECT purchase_history_with_names(customer, day, 'day') FROM orders WHERE false) IS NULL AS no_rows,
	   (SELECT count(*) FROM customer_list((SELECT purchase_history_with_names(c, NULL::date, 'day') FROM unnest('{one,two}'::text[]) c))) AS skipped;

-- ---------------------------------------------------------------------------
-- One content, one form
-- ---------------------------------------------------------------------------

-- From disk, the other way round, in a window, through each form; from parts.
INSERT INTO histories SELECT 'text', h('all')::text::purchase_history;
INSERT INTO histories SELECT 'backwards', purchase_history_with_names(customer, day, amount, 'day' ORDER BY n DESC) FROM orders;
INSERT INTO histories SELECT 'window', h FROM (SELECT purchase_history_with_names(customer, day, amount, 'day') OVER () AS h FROM orders) s LIMIT 1;
INSERT INTO histories SELECT 'daily', rollup(h) FROM (SELECT purchase_history_with_names(customer, day, amount, 'day') AS h FROM orders GROUP BY day) d;
INSERT INTO histories SELECT 'groups', rollup(h) FROM (SELECT purchase_history_with_names(customer, day, amount, 'day') AS h FROM orders GROUP BY n % 1500) d;
INSERT INTO histories SELECT 'states', rollup(h) FROM (SELECT purchase_history_with_names(customer, day, amount, 'day') AS h FROM orders GROUP BY n % 3) d;
INSERT INTO histories SELECT 'sum', (SELECT purchase_history_with_names(customer, day, amount, 'day') FROM orders WHERE n % 2 = 0) + (SELECT purchase_history_with_names(customer, day, amount, 'day') FROM orders WHERE n % 2 = 1);
INSERT INTO histories SELECT 'twice negated', negated(negated(h('all')));
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
INSERT INTO histories SELECT 'disk', purchase_history_with_names(customer, day, amount, 'day') FROM orders;
INSERT INTO histories SELECT 'daily, disk', rollup(h) FROM (SELECT purchase_history_with_names(customer, day, amount, 'day') AS h FROM orders GROUP BY day) d;
RESET work_mem;
RESET hash_mem_multiplier;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET cpu_tuple_cost = 10;
ALTER TABLE orders SET (parallel_workers = 2);
ALTER TABLE orders ALTER customer SET (n_distinct = 10), ALTER day SET (n_distinct = 10);
ANALYZE orders;
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN CASE WHEN plan::text ~ '"Partial Mode": "Partial"' THEN 'partial' ELSE 'whole' END;
END$$;
SELECT plan_of('SELECT purchase_history_with_names(customer, day, amount, ''day'') FROM orders') AS plan;
CREATE TABLE parallel AS SELECT purchase_history_with_names(customer, day, amount, 'day') AS h FROM orders;
INSERT INTO histories SELECT 'parallel', h FROM parallel;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET cpu_tuple_cost;
SELECT what, h = h('all') AS same FROM histories ORDER BY what;

-- Many customers: of 64 kB, all of it spilled; the same in memory, and in groups.
CREATE TABLE many AS SELECT n, 'customer ' || hashint4(n) % 20000 || '@example.com' AS customer, date '2024-01-01' + n % 100 AS day, 1.5 AS amount, n % 2 = 0 AS goes FROM generate_series(1, 60000) n;
CREATE TABLE many_histories AS SELECT 'memory' AS what, purchase_history_with_names(customer, day, amount, 'day') AS h FROM many;
SET work_mem = '64kB';
INSERT INTO many_histories SELECT 'disk', purchase_history_with_names(customer, day, amount, 'day') FROM many;
INSERT INTO many_histories SELECT 'disk, sorted', purchase_history_with_names(customer, day, amount, 'day' ORDER BY customer) FROM many;
INSERT INTO many_histories SELECT 'daily, disk', rollup(h) FROM (SELECT purchase_history_with_names(customer, day, amount, 'day') AS h FROM many GROUP BY day) d;
INSERT INTO many_histories SELECT 'rest, disk', rollup(h) FROM (SELECT h FROM many_histories WHERE what = 'memory' UNION ALL SELECT negated(purchase_history_with_names(customer, day, amount, 'day')) FROM many WHERE goes) r (h);
RESET work_mem;
INSERT INTO many_histories SELECT 'daily', rollup(h) FROM (SELECT purchase_history_with_names(customer, day, amount, 'day') AS h FROM many GROUP BY day) d;
INSERT INTO many_histories SELECT 'rest', purchase_history_with_names(customer, day, amount, 'day') FROM many WHERE NOT goes;
INSERT INTO many_histories SELECT 'difference', (SELECT h FROM many_histories WHERE what = 'memory') - purchase_history_with_names(customer, day, amount, 'day') FROM many WHERE goes;
SELECT what, h = (SELECT h FROM many_histories WHERE what = CASE WHEN m.what ~ '^(rest|difference)' THEN 'rest' ELSE 'memory' END) AS same FROM many_histories m ORDER BY what;
SELECT missing(h, 'many'), (SELECT count(*) FROM customer_list(h)) AS customers FROM many_histories WHERE what = 'memory';
-- Names that are longer than memory.
SET work_mem = '64kB';
SELECT count(*) AS customers, sum(length(customer)) AS characters, count(*) FILTER (WHERE customer <> repeat(chr(33 + length(customer) % 90), length(customer))) AS others
FROM customer_list((SELECT purchase_history_with_names(repeat(chr(33 + n * 1000 % 90), n * 1000), date '2024-01-01', 'day') FROM generate_series(1, 60) n, generate_series(1, 2)));
SELECT count(*) AS customers, min(length(customer)), max(length(customer)) FROM customer_list((SELECT purchase_history_with_names(repeat('x', 500000 + n), date '2024-01-01', 'day') FROM generate_series(1, 40) n));
RESET work_mem;
-- A group each: small states, that take what is needed.
SELECT count(*) AS groups, bool_and((SELECT count(*) = 1 AND min(customer) = c FROM customer_list(h) l)) AS named
FROM (SELECT customer AS c, purchase_history_with_names(customer, day, amount, 'day') AS h FROM many WHERE n <= 3000 GROUP BY 1) g;
CREATE AGGREGATE raw(text, date, numeric, text) (SFUNC = _retention_purchase_history_add_with_names, STYPE = purchase_history);
CREATE AGGREGATE raw_plain(text, date, numeric, text) (SFUNC = _retention_purchase_history_add, STYPE = purchase_history);
SELECT pg_column_size(raw(c, date '2024-01-01', 1.5, 'day')) < 1000 AS three_names, (SELECT pg_column_size(raw(i || '', date '2024-01-01', 1.5, 'day')) < 1000 FROM generate_series(1, 1000) n, LATERAL (SELECT (n % 3) * 10 AS i) s) AS of_many_rows,
	   pg_column_size(raw_plain(c, date '2024-01-01', 1.5, 'day')) AS plain
FROM unnest('{somebody@example.com,otherone@example.com,the.last@example.com}'::text[]) c;
-- Stored as they are, states are values.
SELECT sizes.n, raw(customer, day, amount, 'day') = purchase_history_with_names(customer, day, amount, 'day') AS same FROM (VALUES (10), (1000), (60000)) sizes (n), many WHERE many.n <= sizes.n GROUP BY 1 ORDER BY 1;
-- Frames.
SELECT count(*) AS frames, bool_and(h = (SELECT purchase_history_with_names(customer, day, amount, 'day') FROM many m WHERE m.n BETWEEN s.n - 5 AND s.n)) AS same
FROM (SELECT n, purchase_history_with_names(customer, day, amount, 'day') OVER (ORDER BY n ROWS 5 PRECEDING) AS h FROM many WHERE n <= 200) s;

-- ---------------------------------------------------------------------------
-- Rows that come and go
-- ---------------------------------------------------------------------------

SELECT setseed(0.25);
CREATE TABLE shop (id serial PRIMARY KEY, customer text, day date, amount numeric(12, 2));
CREATE TABLE changes (at int, weight int, customer text, day date, amount numeric(12, 2));
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		INSERT INTO customer_names.changes VALUES (current_setting('test.round')::int, -1, OLD.customer, OLD.day, OLD.amount);
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO customer_names.changes VALUES (current_setting('test.round')::int, 1, NEW.customer, NEW.day, NEW.amount);
	END IF;
	RETURN NULL;
END$$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON shop FOR EACH ROW EXECUTE FUNCTION note();
CREATE FUNCTION customer() RETURNS text LANGUAGE sql VOLATILE AS $$SELECT CASE WHEN random() < 0.1 THEN NULL WHEN random() < 0.1 THEN '' ELSE repeat('c', (random() * 4)::int) || (random() * 20)::int END$$;
CREATE FUNCTION change() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CASE (random() * 6)::int
		WHEN 0, 1 THEN INSERT INTO customer_names.shop (customer, day, amount) SELECT customer_names.customer(), nullif(date '2024-01-01' + (random() * 50)::int, '2024-01-07'), (random() * 100 - 20)::numeric(12, 2) FROM generate_series(1, (random() * 30)::int);
		WHEN 2 THEN DELETE FROM customer_names.shop WHERE random() < 0.3;
		WHEN 3 THEN UPDATE customer_names.shop SET amount = (random() * 100 - 20)::numeric(12, 2) WHERE random() < 0.2;
		WHEN 4, 5 THEN UPDATE customer_names.shop SET customer = customer_names.customer() WHERE random() < 0.2;
		ELSE DELETE FROM customer_names.shop WHERE customer = customer_names.customer();
	END CASE;
END$$;
CREATE FUNCTION of_changes(first int, last int) RETURNS purchase_history LANGUAGE sql STABLE AS $$
	SELECT rollup(h) FROM (
		SELECT purchase_history_with_names(customer, day, amount, 'day') FILTER (WHERE weight = 1) FROM customer_names.changes WHERE at BETWEEN first AND last
		UNION ALL SELECT negated(purchase_history_with_names(customer, day, amount, 'day') FILTER (WHERE weight = -1)) FROM customer_names.changes WHERE at BETWEEN first AND last) c (h)$$;
CREATE TABLE seen (round int, folded bool, of_all bool, read_back bool, parts bool, bytes int);
DO $$
DECLARE
	stored purchase_history;
	again purchase_history;
BEGIN
	FOR round IN 1..100 LOOP
		PERFORM set_config('test.round', round::text, false);
		PERFORM change();
		stored := (SELECT rollup(h) FROM (VALUES (stored), (of_changes(round, round))) v (h));
		again := (SELECT purchase_history_with_names(customer, day, amount, 'day') FROM shop);
		INSERT INTO seen SELECT round, stored IS NOT DISTINCT FROM again OR (again IS NULL AND (SELECT bool_and(row_count = 0) FROM excluded_rows(stored))),
			of_changes(1, round) IS NOT DISTINCT FROM stored, stored::text::purchase_history IS NOT DISTINCT FROM stored,
			(SELECT rollup(h) FROM (SELECT of_changes(n, n) FROM generate_series(1, round) n ORDER BY hashint4(n)) p (h)) IS NOT DISTINCT FROM stored, length(stored::text);
	END LOOP;
END$$;
SELECT count(*), bool_and(folded) AS folded, bool_and(of_all) AS of_all, bool_and(read_back) AS read_back, bool_and(parts) AS parts, count(DISTINCT bytes) > 50 AS changing FROM seen;
SELECT * FROM seen WHERE (folded AND of_all AND read_back AND parts) IS NOT TRUE LIMIT 5;
-- Base and change: a new customer has their name, one who is gone has none. What is negative has names of its own.
SELECT (SELECT string_agg(customer, ' ' ORDER BY customer) FROM customer_list(base + change)) AS now, octet_length(_retention_purchase_history_send(base - base)) < 50 AS nothing_left,
	   negated(change) = negated(gone) + negated(came) AS negative, position('old customer'::bytea IN _retention_purchase_history_send(negated(base))) > 0 AS named
FROM (SELECT purchase_history_with_names('old customer', date '2024-01-01', 'day') AS base) b, (SELECT negated(base) AS gone, purchase_history_with_names('new customer', date '2024-01-02', 'day') AS came FROM (SELECT purchase_history_with_names('old customer', date '2024-01-01', 'day') AS base) b GROUP BY base) c, LATERAL (SELECT gone + came AS change) d;

-- ---------------------------------------------------------------------------
-- What is refused
-- ---------------------------------------------------------------------------

SELECT count(*) FROM plain, customer_list(h);
SELECT rollup(h) FROM (SELECT h FROM plain UNION ALL SELECT h('all')) s;
SELECT h + h('all') FROM plain;
SELECT h('all') - h FROM plain;
SELECT _retention_purchase_history_add(h('all'), 'a', date '2024-01-01', 1.0, 'day');
SELECT _retention_purchase_history_add_with_names(h, 'a', date '2024-01-01', 1.0, 'day') FROM plain;
SELECT purchase_history_with_names(7, date '2024-01-01', 1.0, 'day');
SELECT purchase_history_with_names('a', timestamp '2024-01-01', 1.0, 'day', 'UTC');
SELECT purchase_history_with_names('a', date '2024-01-01', 'fortnight');

-- Damaged bytes: each byte of small values, some of a large one's names.
CREATE FUNCTION outcome(value bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	again bytea;
BEGIN
	EXECUTE format('SELECT _retention_purchase_history_send(%L::purchase_history)', translate(encode(value, 'base64'), E'\n', '')) INTO again;
	RETURN CASE again WHEN value THEN 'a value' ELSE 'misread' END;
EXCEPTION
	WHEN invalid_binary_representation OR invalid_text_representation THEN
		GET STACKED DIAGNOSTICS again = PG_EXCEPTION_DETAIL;
		RETURN 'refused';
	WHEN OTHERS THEN
		RETURN format('%s for %s', SQLERRM, value);
END$$;
CREATE FUNCTION detail(value bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE format('SELECT %L::purchase_history', translate(encode(value, 'base64'), E'\n', ''));
	RETURN 'a value';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END$$;
CREATE TABLE seeds AS SELECT name, _retention_purchase_history_send(h) AS value
FROM (SELECT 'two' AS name, purchase_history_with_names(c, date '2024-01-01', 'day') AS h FROM unnest('{customer one,customer two}'::text[]) c
	  UNION ALL SELECT 'one', purchase_history_with_names('one', date '2024-01-01', 2.5, 'month')
	  UNION ALL SELECT 'none', purchase_history_with_names(NULL, date '2024-01-01', 2.5, 'month')
	  UNION ALL SELECT 'empty', purchase_history_with_names('', date '2024-01-01', 2.5, 'day')) s;
SELECT name, outcome(value) FROM seeds ORDER BY name;
SELECT name, outcome(set_byte(value, i, byte)) AS outcome, count(*) > 100 AS many FROM seeds, generate_series(0, length(value) - 1) i, generate_series(0, 255) byte WHERE get_byte(value, i) <> byte GROUP BY 1, 2 ORDER BY 1, 2;
SELECT name, outcome(substr(value, 1, i)) AS outcome, count(*) > 20 AS many FROM seeds, generate_series(0, length(value) - 1) i GROUP BY 1, 2 ORDER BY 1, 2;
-- A name that is another's, or none; of one or the other, or of both.
SELECT what, detail(overlay(value PLACING bytes FROM position('one'::bytea IN value))) FROM seeds,
	(VALUES ('another', 'two'::bytea), ('no text', '\x6fff65'), ('half a character', '\x6f6ec3'), ('a zero', '\x6f0065'), ('the same', 'one')) v (what, bytes) WHERE name = 'one';
-- Blocks of names that are there twice, or not, or before the customers, with the total and without; a kind that has none, and one that can't have any.
SELECT what, detail(decode(overlay(replace(hex, was, becomes) PLACING lpad(to_hex(bytes), 2, '0') FROM position(customers IN hex) - 2 FOR 2), 'hex'))
FROM (SELECT encode(value, 'hex') AS hex, '04060000000003' || encode('one', 'hex') || '00' AS names, '011d000000' AS customers FROM seeds WHERE name = 'one') s,
	LATERAL (VALUES ('as it is', names, names, 11), ('twice', names, names || names, 22), ('twice, one told of', names, names || names, 11), ('gone', names, '', 0), ('gone, one told of', names, '', 11),
		('more told of', names, names, 12), ('less told of', names, names, 10), ('of all bytes', names, names, 100), ('of numbers', '0123', '0121', 11)) v (what, was, becomes, bytes) ORDER BY what;
SELECT 'before the customers' AS what, detail(decode(replace(replace(hex, names, ''), customers, names || customers), 'hex')), detail(decode(replace(replace(replace(hex, names, ''), '0b' || customers, '00' || customers), customers, names || customers), 'hex')) AS none_behind
FROM (SELECT encode(value, 'hex') AS hex, '04060000000003' || encode('one', 'hex') || '00' AS names, '011d000000' AS customers FROM seeds WHERE name = 'one') s;
-- In a history without names.
SELECT detail(decode(regexp_replace(encode(_retention_purchase_history_send(purchase_history('one'::text, date '2024-01-01', 2.5, 'month')), 'hex'), '0000000000000000$', '04060000000003' || encode('one', 'hex') || '000000000000000000'), 'hex'));
-- A prefix that all have, and is not told as one; one that is longer than they are.
SELECT what, detail(decode(regexp_replace(replace(encode(value, 'hex'), '0019012c', '00' || lpad(to_hex(length(becomes) / 2), 2, '0') || '012c'), '04........0109.*$', becomes || '0000000000000000'), 'hex'))
FROM seeds, (VALUES ('no prefix', '041d000000' || '0100' || '010c0c' || encode('customer twocustomer one', 'hex')), ('as it is', '0414000000' || '0109' || encode('customer ', 'hex') || '010303' || encode('twoone', 'hex')), ('other order', '0414000000' || '0109' || encode('customer ', 'hex') || '010303' || encode('onetwo', 'hex')),
	('longer prefix', '0414000000' || '01ff' || encode('customer ', 'hex') || '010303' || encode('onetwo', 'hex')), ('longer names', '0414000000' || '0109' || encode('customer ', 'hex') || '01fe03' || encode('onetwo', 'hex')),
	('one name', '0410000000' || '0009' || encode('customer ', 'hex') || '0103' || encode('one', 'hex'))) v (what, becomes) WHERE name = 'two';

-- ---------------------------------------------------------------------------
-- Stored
-- ---------------------------------------------------------------------------

-- Kept out of line: an accessor brings what there is without names, and the header alone if that is all.
CREATE TABLE stored AS SELECT purchase_history_with_names(customer, day, amount, 'day') AS h, purchase_history(customer, day, amount, 'day') AS plain
FROM (SELECT repeat('long ', 40) || customer AS customer, day, amount FROM many) m;
CREATE FUNCTION blocks(query text) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE query;
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING off, SUMMARY off, FORMAT JSON) ' || query INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::int8 + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::int8;
END$$;
SELECT octet_length(_retention_purchase_history_send(h)) > 1.5 * octet_length(_retention_purchase_history_send(plain)) AS longer FROM stored;
SELECT blocks('SELECT history_info(h) FROM stored') - blocks('SELECT history_info(plain) FROM stored') AS header,
	   blocks('SELECT order_gap(h) FROM stored') < 1.2 * blocks('SELECT order_gap(plain) FROM stored') AS gap, blocks('SELECT count(*) FROM stored, customer_list(h)') > 2 * blocks('SELECT order_gap(h) FROM stored') AS list;
SELECT count(*) AS customers, count(*) FILTER (WHERE customer LIKE 'long long %@example.com') AS named FROM stored, customer_list(h);

DROP SCHEMA customer_names CASCADE;
