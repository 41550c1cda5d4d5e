-- Which customers a sample has, however remarkable their keys, and what becomes
-- of keys that somebody makes up.
SET client_min_messages = warning;
SET extra_float_digits = 0;
CREATE SCHEMA identity;
SET search_path = identity, public;

-- ---------------------------------------------------------------------------
-- No key is in every sample.
-- ---------------------------------------------------------------------------

-- 20,000 customers, and one more whose key is remarkable. A sample of 16 has
-- them with a chance of 1 in 1,250.
CREATE FUNCTION random_int8(n int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT ('x' || md5(n::text))::bit(64)::int8
$$;
CREATE TABLE remarkable (k int8, u uuid);
INSERT INTO remarkable VALUES (0, '00000000-0000-0000-0000-000000000000'), (-1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
	(1, '00000000-0000-0000-0000-000000000001'), (9223372036854775807, '00000000-0000-0000-ffff-ffffffffffff'),
	(-9223372036854775808, 'ffffffff-ffff-ffff-0000-000000000000'), (4294967296, '00000000-0000-0001-0000-000000000000'),
	(-9223372036854775807, '80000000-0000-0000-0000-000000000000');
SELECT k, u, customers(only_customers_of(s, _retention_customer_base_add(NULL, k))) AS in_sample, customers(only_customers_of(us, _retention_customer_base_add(NULL, u))) AS uuid_in_sample
FROM remarkable, LATERAL (SELECT customer_base_sample(c, 16) AS s, customer_base_sample(cu, 16) AS us
	FROM (SELECT random_int8(n), md5(n::text)::uuid FROM generate_series(1, 20000) n UNION ALL SELECT k, u) o (c, cu)) s
ORDER BY k;

-- So who pays half of it all does not pay all of what a sample sees, because they are customer 0.
SELECT round(top_share(exact, 0.01)::numeric, 2) AS exact, round(top_share(sample, 0.01)::numeric, 2) AS sample, round(top_share(uuids, 0.01)::numeric, 2) AS uuids
FROM (SELECT customer_base(c, now(), a) AS exact, customer_base_sample(c, now(), a, 200) AS sample,
			 customer_base_sample(lpad(to_hex(c), 32, '0')::uuid, now(), a, 200) AS uuids
	  FROM (SELECT n AS c, CASE n WHEN 0 THEN 20000.0 ELSE 1 + n % 3 END AS a FROM generate_series(0, 10000::int8) n) o) s;

-- Keys that have hardly a one among their bits, or hardly a zero, are in a
-- sample as often as others: 1,000 of them among 4,000, estimated with a
-- standard deviation of 55.
CREATE TABLE kinds AS
SELECT 'small' AS what, n AS k FROM generate_series(0, 999::int8) n
UNION ALL SELECT 'negative', -n FROM generate_series(1, 1000::int8) n
UNION ALL SELECT 'high', n << 54 FROM generate_series(0, 999::int8) n
UNION ALL SELECT 'two bits', (1::int8 << a) | (1::int8 << b) FROM (SELECT a, b FROM generate_series(0, 63) a, generate_series(0, a - 1) b ORDER BY a, b LIMIT 1000) s;
SELECT what, customers(whole), abs(customers(only_customers_of(whole, sample)) - 1000) < 220 AS as_often,
	   abs(customers(only_customers_of(uuid_whole, uuid_sample)) - 1000) < 220 AS uuid_as_often
FROM (SELECT what, customer_base(k) FILTER (WHERE its) AS whole, customer_base_sample(k, 1000) AS sample,
			 customer_base(u) FILTER (WHERE its) AS uuid_whole, customer_base_sample(u, 1000) AS uuid_sample
	  FROM (SELECT what, its, k, encode(int8send(0) || int8send(k), 'hex')::uuid AS u
			FROM (SELECT what, k, true FROM kinds UNION ALL SELECT what, random_int8(n), false FROM (SELECT DISTINCT what FROM kinds) s, generate_series(1, 3000) n) o (what, k, its)) o
	  GROUP BY what) s
ORDER BY what;

-- ---------------------------------------------------------------------------
-- Long texts made up so that XXH3 is the same of all.
-- ---------------------------------------------------------------------------

-- XXH3 takes a word of 8 bytes, with a secret that everybody knows, as two
-- factors, and adds the products. Here are six pairs of words that have one
-- factor in common; what is added to the other of the one is taken from that of
-- the other. So all 64 texts have one hash.
CREATE FUNCTION made_up(n int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE
	made text := repeat('a', 24) || '000000@@' || repeat('a', 8) || '0000@00@' || repeat('a', 32) || '000000@@' || repeat('a', 48)
		|| '000000@@' || repeat('a', 8) || '0000K|U~' || repeat('a', 32) || '000000@@' || repeat('a', 8) || '0000K|U~'
		|| repeat('a', 48) || '0000K|U~' || repeat('a', 48) || '0000K|U~' || repeat('a', 48) || '0000@@00'
		|| repeat('a', 104) || '0000oSv^' || repeat('a', 8) || '0000nh]>' || repeat('a', 88);
	one int[] := '{192, 136, 80, 24, 40, 376}';
	other int[] := '{320, 264, 208, 152, 488, 504}';
BEGIN
	FOR i IN 1 .. 6 LOOP
		made := overlay(made PLACING ((n >> (i - 1)) & 1)::text FROM one[i] + 1 FOR 1);
		made := overlay(made PLACING (1 - ((n >> (i - 1)) & 1))::text FROM other[i] + 1 FOR 1);
	END LOOP;
	RETURN made;
END
$$;
SELECT count(DISTINCT k) AS texts, min(length(k)) AS length, customers(customer_base(k)), repeat_rate(k),
	   customers(customer_base(purchase_history(k, date '2024-01-01', 'day'))) AS in_history
FROM (SELECT made_up(n) AS k FROM generate_series(0, 63) n) s;
-- The identity of a long text is SHA-256's first half; of one that isn't, XXH3's.
SELECT n, position((SELECT string_agg(substr(sha256(k::bytea), b, 1), '' ORDER BY b DESC) FROM generate_series(9, 16) b) IN _retention_customer_base_send(customer_base(k))) > 0 AS sha256,
	   customers(_retention_customer_base_combine(customer_base(k), customer_base(k || ''))) AS customers
FROM (SELECT n, repeat('x', n) AS k FROM generate_series(62, 67) n) s
GROUP BY n, k ORDER BY n;
SELECT count(*) AS texts, customers(customer_base(k)) FROM (SELECT repeat('x', n) AS k FROM generate_series(0, 300) n) s;

-- ---------------------------------------------------------------------------
-- A sample that is no random one doesn't estimate.
-- ---------------------------------------------------------------------------

-- Keys whose hashes are neighbours, as keys.sql makes them: 2,000 customers of
-- one order each, which would be 10^16 and more if hashes were spread.
CREATE FUNCTION shifted(x int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT x # ((x >> 33) & 2147483647)
$$;
CREATE FUNCTION times(x int8, factor numeric) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (CASE WHEN p < 9223372036854775808 THEN p ELSE p - 18446744073709551616 END)::int8
	FROM (SELECT mod(CASE WHEN x < 0 THEN x + 18446744073709551616 ELSE x END * factor, 18446744073709551616) AS p) s
$$;
CREATE TABLE neighbours AS
SELECT shifted(times(shifted(times(shifted(n), 11291846944257947611)), 5725274745694666757)) # 2611923443488327891 AS k, timestamptz '2024-01-01' + n * interval '1 hour' AS t, 2.5 AS a
FROM generate_series(1, 2000::int8) n;
CREATE TABLE samples AS
SELECT 'neighbours' AS of, customer_base_sample(k, t, a, 100) AS s FROM neighbours
UNION ALL SELECT 'others', customer_base_sample(random_int8(n), t, a, 100) FROM (SELECT *, row_number() OVER () AS n FROM neighbours) s
UNION ALL SELECT 'neighbours, all kept', customer_base_sample(k, t, a, 2000) FROM neighbours;
-- (Told of once a statement, whoever asks.)
SELECT of, customers(s) AS customers, repeat_rate(s), gini(s) FROM samples, generate_series(1, 2) WHERE of = 'neighbours';
SET client_min_messages = error;
SELECT of, customers(s) BETWEEN 1000 AND 4000 AS customers, orders(s), revenue(s), aov(s), repeat_rate(s), purchase_frequency(s) IS NULL AS frequency, customer_value(s) IS NULL AS value, lifetime_span(s),
	   clv(s, lifespan => '1 year') IS NULL AS clv, clv_breakdown(s) IS NULL AS breakdown, top_share(s, 0.5), gini(s), standard_error(s, 'customers') IS NULL AS error,
	   (SELECT count(*) FROM order_count_distribution(s)) AS counts, (SELECT count(*) FROM revenue_concentration(s, 10)) AS points
FROM samples ORDER BY of;
-- Nor do the customers that are selected from it, or by it: nobody could see it of them any more.
SELECT x.of, y.of AS other, customers(only_customers_of(x.s, y.s)) AS in_common, customers(without_customers_of(x.s, y.s)) IS NULL AS without_customers_of
FROM samples x, samples y WHERE x.of <> y.of ORDER BY 1, 2;
-- A sample that has dropped all its customers, who have one hash, is none of no customers.
CREATE FUNCTION mixed(x int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT shifted(times(shifted(times(shifted(x # 2611923443488327891), 18397679294719823053)), 14181476777654086739))
$$;
CREATE TABLE one_hash AS
SELECT (lpad(to_hex(mixed(n) # 12345), 16, '0') || lpad(to_hex(n), 16, '0'))::uuid AS k FROM generate_series(1, 500::int8) n;
RESET client_min_messages;
SELECT customers(s), orders(s), is_exact(s) FROM (SELECT customer_base_sample(k, timestamptz '2024-01-01', 2.5, 100) AS s FROM one_hash) s;
SELECT customers(customer_base_sample(k, timestamptz '2024-01-01', 2.5, 100)) FROM one_hash WHERE false;

SET client_min_messages = error;
DROP SCHEMA identity CASCADE;
