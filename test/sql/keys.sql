-- Customers by their keys: what is one customer and what are two.
SET client_min_messages = warning;
SET extra_float_digits = 1;
CREATE SCHEMA keys;
SET search_path = keys, public;

-- Integers, to the ends, as whatever they come.
SELECT count(*) AS rows, customers(customer_base(k)), count(DISTINCT k) AS distinct, repeat_rate(k), purchase_frequency(k)
FROM (VALUES (0::int8), (-1), (1), (9223372036854775807), (-9223372036854775808), (-9223372036854775807),
			 (2147483648), (4294967296), (-4294967296), (0), (-1), (9223372036854775807), (-9223372036854775808)) o (k);
SELECT customers(_retention_customer_base_combine(customer_base(k), _retention_customer_base_combine(customer_base(k::int4), customer_base(k::int2)))) AS int2_int4_int8,
	   repeat_rate(k::int2) AS int2, repeat_rate(k::int4) AS int4
FROM (VALUES (0::int8), (-1), (32767), (-32768), (-32768)) o (k);

-- Text: empty, blanks, case, and what looks the same.
SELECT customers(customer_base(k)), count(DISTINCT k) AS distinct, repeat_rate(k)
FROM (VALUES (''), (' '), ('  '), ('a'), ('A'), ('a '), (' a'), ('aa'), (''), ('a')) o (k);
SELECT repeat_rate(k) AS text, repeat_rate(k::varchar) AS varchar, repeat_rate(k::varchar(1)) AS varchar_1,
	   repeat_rate(k::char(5)) AS char_5, repeat_rate(k::"char") AS "char", repeat_rate(k::name) AS name
FROM (VALUES (''), (' '), ('a'), ('a '), ('ab'), ('a')) o (k);
-- Blanks at the end of a char(n) mean nothing, whatever the n.
SELECT customers(_retention_customer_base_combine(_retention_customer_base_combine(customer_base('a'::char(3), now()), customer_base('a'::char(10), now())),
									   customer_base('a'::text, now())));
-- A base of the key alone, whose name is also that of a type.
SELECT customers(customer_base(k)) AS text, customers(customer_base(k::varchar)) AS varchar, customers(customer_base(k::varchar(1))) AS varchar_1,
	   customers(customer_base(k::char(5))) AS char_5, customer_base(k::char(3))::text = customer_base(rtrim(k))::text AS same
FROM (VALUES (''), (' '), ('a'), ('a '), ('ab'), ('a'), (NULL)) o (k);
CREATE DOMAIN code AS text;
SELECT customers(customer_base(k)) FROM (VALUES ('ann'::code)) o (k);
SELECT customers(customer_base('Ünï-cödé of somebody whose name is longer than what an error says'));
SELECT customers(customer_base(k::text)) FROM (VALUES ('ann'::code)) o (k);
-- Keys of all lengths, of which each is the beginning of the next.
SELECT count(*) AS rows, customers(customer_base(left(long, n))), repeat_rate(left(long, n))
FROM (SELECT repeat('abcdefghijklmnopqrstuvwxyz', 100) AS long) s, generate_series(0, 2000) n;
-- A megabyte of text, that differs at the end; in the row, compressed, and apart.
CREATE TABLE long (how text, k text);
ALTER TABLE long ALTER k SET STORAGE EXTERNAL;
INSERT INTO long SELECT 'apart', repeat('x', 1000000) || n % 3 FROM generate_series(1, 5) n;
ALTER TABLE long ALTER k SET STORAGE EXTENDED;
INSERT INTO long SELECT 'compressed', repeat('x', 1000000) || n % 3 FROM generate_series(1, 5) n;
SELECT how, customers(customer_base(k)), repeat_rate(k), pg_column_size(customer_base(k)) < 200 AS small FROM long GROUP BY how ORDER BY how;
SELECT customers(customer_base(k)), orders(customer_base(k)), customers(customer_base(k || 'x')) FROM long;
SELECT repeat_rate(k) OVER (ORDER BY how, k COLLATE "C" ROWS 1 PRECEDING) FROM long;

-- Any deterministic collation tells the same customers apart.
SELECT customers(_retention_customer_base_combine(customer_base(k), _retention_customer_base_combine(customer_base(k COLLATE "C"), customer_base(k COLLATE "POSIX"))))
FROM (VALUES ('a'), ('A'), ('b')) o (k);
-- So does none: where the collation is not known, the database's own is meant.
CREATE TABLE collations (c text COLLATE "C", posix text COLLATE "POSIX");
INSERT INTO collations VALUES ('a', 'b');
SELECT repeat_rate(c || posix), customer_base(c || posix)::text = customer_base((c || posix) COLLATE "C")::text AS same,
	   purchase_history(c || posix, date '2024-01-01', 1.0, 'day')::text = purchase_history((c || posix) COLLATE "C", date '2024-01-01', 1.0, 'day')::text AS same_history
FROM collations;

-- uuid, to the ends.
SELECT count(*) AS rows, customers(customer_base(k)), repeat_rate(k)
FROM (VALUES ('00000000-0000-0000-0000-000000000000'::uuid), ('ffffffff-ffff-ffff-ffff-ffffffffffff'), ('00000000-0000-0000-0000-000000000001'),
			 ('80000000-0000-0000-0000-000000000000'), ('00000000-0000-0000-8000-000000000000'), ('00000000-0000-0001-0000-000000000000'),
			 ('ffffffff-ffff-ffff-0000-000000000000'), ('00000000-0000-0000-ffff-ffffffffffff'), ('ffffffff-ffff-ffff-ffff-ffffffffffff')) o (k);

-- Other types are the caller's to cast; a bare NULL or string is a text.
CREATE TYPE color AS ENUM ('red', 'blue');
CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE query INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT key, outcome(format('SELECT repeat_rate(%s)', key)) AS repeat_rate,
	   outcome(format('SELECT customers(customer_base(%s, now(), 1.0))', key)) AS customers
FROM (VALUES ('1.5'), ('1.5::float8'), ('true'), ('''red''::color'), ('now()'), ('''red''::color::text'), ('NULL'), ('''a'''), ('1'), ('1::int2'), ('NULL::uuid')) v (key);

-- ---------------------------------------------------------------------------
-- Keys made up so that their hashes lie together.
-- ---------------------------------------------------------------------------

-- The hash of an int8 is a constant and the finalizer of MurmurHash3, which is a bijection:
--	x ^= 0x243f6a8885a308d3, x ^= x >> 33, x *= 0xff51afd7ed558ccd, x ^= x >> 33, x *= 0xc4ceb9fe1a85ec53, x ^= x >> 33
-- x ^= x >> 33 undoes itself, and an odd factor has an inverse modulo 2^64,
-- so there is a key for any hash.  SQL has no unsigned integers: the shift
-- masks the sign, and the product is taken in numeric.
CREATE FUNCTION shifted(x int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT x # ((x >> 33) & 2147483647)
$$;
CREATE FUNCTION times(x int8, factor numeric) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (CASE WHEN p < 9223372036854775808 THEN p ELSE p - 18446744073709551616 END)::int8
	FROM (SELECT mod(CASE WHEN x < 0 THEN x + 18446744073709551616 ELSE x END * factor, 18446744073709551616) AS p) s
$$;
CREATE FUNCTION hash_of_key(x int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT shifted(times(shifted(times(shifted(x # 2611923443488327891), 18397679294719823053)), 14181476777654086739))
$$;
CREATE FUNCTION key_of_hash(x int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT shifted(times(shifted(times(shifted(x), 11291846944257947611)), 5725274745694666757)) # 2611923443488327891
$$;
-- A uuid's hash mixes its first half with the hash of the second.
CREATE FUNCTION uuid_of_hash(x int8, second int8) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
	SELECT encode(int8send(key_of_hash(x) # hash_of_key(second)) || int8send(second), 'hex')::uuid
$$;
-- The first hash in a base of one customer, as it is sent.
CREATE FUNCTION hash_in(b customer_base) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT ('x' || string_agg(encode(substr(_retention_customer_base_send(b), n, 1), 'hex'), '' ORDER BY n DESC))::bit(64)::int8
	FROM generate_series(20, 27) n
$$;
SELECT count(*) AS hashes, count(*) FILTER (WHERE hash_of_key(key_of_hash(n)) = n) AS inverse,
	   count(*) FILTER (WHERE hash_in(of_int8) = n) AS of_int8, count(*) FILTER (WHERE hash_in(of_uuid) = n) AS of_uuid
FROM (SELECT n, customer_base(key_of_hash(n)) AS of_int8, customer_base(uuid_of_hash(n, n # 12345)) AS of_uuid
	  FROM (VALUES (0::int8), (1), (-1), (9223372036854775807), (-9223372036854775808), (81985529216486895), (-2)) v (n)
	  GROUP BY n) s;

-- Thousands of neighbours: at the lower end, the upper end, in the middle; and
-- at equal distances, or with all their order in the last bits.
CREATE TABLE neighbours AS
SELECT what, n, key_of_hash(CASE what WHEN 'lowest' THEN n
								 WHEN 'highest' THEN -1 - n
								 WHEN 'middle' THEN CASE WHEN n < 2000 THEN 9223372036854775807 - n ELSE -9223372036854775808 + (n - 2000) END
								 WHEN 'even' THEN (n - 2000) * 4611686018427387
								 WHEN 'clusters' THEN (n % 4 - 2) * 4611686018427387904 + n / 4 END) AS k
FROM generate_series(0, 3999) n, (VALUES ('lowest'), ('highest'), ('middle'), ('even'), ('clusters')) v (what);
CREATE VIEW compared AS
SELECT what, customers(b) = 4000 AS customers, orders(b) = 6000 AS orders, repeat_rate(b) = 0.5 AS repeat_rate, revenue(b) = 7500 AS revenue,
	   b::text::customer_base::text = b::text AS text, customers(_retention_customer_base_combine(b, b)) = 4000 AS combined,
	   md5(b::text) = md5(backwards::text) AS any_order
FROM (SELECT what, customer_base(k, date '2024-01-01' + n % 99, 1.25 ORDER BY n) AS b, customer_base(k, date '2024-01-01' + n % 99, 1.25 ORDER BY n DESC) AS backwards
	  FROM (TABLE neighbours UNION ALL SELECT * FROM neighbours WHERE n % 2 = 0) s GROUP BY what) s
ORDER BY what;
SELECT * FROM compared;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT * FROM compared;
RESET work_mem;
RESET hash_mem_multiplier;
-- As they leave a frame.
SELECT what, count(*) FILTER (WHERE repeat_rate = 0 AND purchase_frequency = 1) AS right
FROM (SELECT what, repeat_rate(k) OVER w, purchase_frequency(k) OVER w FROM neighbours WINDOW w AS (PARTITION BY what ORDER BY n ROWS 1500 PRECEDING)) s
GROUP BY what ORDER BY what;

-- A hash of all ones is like any other, though a free place looks like it.
SELECT what, customers(customer_base(k)), orders(customer_base(k)), repeat_rate(k), customers(customer_base(k, now(), -1.0)) AS refunded,
	   revenue(customer_base(k, date '2024-01-01', 1.0)), refunds(customer_base(k, date '2024-01-01', -1.0))
FROM (SELECT 'one' AS what, key_of_hash(-1) AS k FROM generate_series(1, 3)
	  UNION ALL SELECT 'with neighbours', key_of_hash(-n / 2) FROM generate_series(2, 21) n
	  UNION ALL SELECT 'many', key_of_hash(-1 - n % 1500) FROM generate_series(0, 2999) n) s
GROUP BY what ORDER BY what;
SELECT what, customers(customer_base(k)), orders(customer_base(k)), repeat_rate(k)
FROM (SELECT 'one' AS what, uuid_of_hash(-1, -1) AS k FROM generate_series(1, 3)
	  UNION ALL SELECT 'same hash', uuid_of_hash(-1, -n / 2) FROM generate_series(2, 21) n) s
GROUP BY what ORDER BY what;
SELECT n, repeat_rate(key_of_hash(-1)) OVER w, purchase_frequency(key_of_hash(-1)) OVER w, repeat_rate(uuid_of_hash(-1, -1)) OVER w AS of_uuid
FROM (VALUES (1), (2), (3), (10), (20), (21)) o (n) WINDOW w AS (ORDER BY n RANGE 1 PRECEDING);
-- Different uuids of one hash.
SELECT customers(customer_base(k)), count(DISTINCT k) AS distinct, repeat_rate(k)
FROM (SELECT uuid_of_hash(77, n % 600) AS k FROM generate_series(1, 900) n) s;

SET client_min_messages = error;
DROP SCHEMA keys CASCADE;
