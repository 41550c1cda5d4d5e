-- Bytes of bases that earlier versions wrote: they must be read for ever, and
-- say what they said. Never change one; add those of each version that writes
-- others.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 0;
CREATE SCHEMA fixtures;
SET search_path = fixtures, public;

CREATE TABLE written (version text, what text, bytes bytea);
INSERT INTO written VALUES
	('0.1.0', 'int8', '\x0101000000000404020600020003ced8f809c581510b080119ab0d5b5ba86d2f8e94e94348dad00cb7b2d28b93b8c66c01020102'),
	('0.1.0', 'text, timestamptz, numeric', '\x01030101000004030104020101d098d1be9197010080a0edeac6b7d802a0d18fe8e9e5da02020102860b028ffd02f40103be3ab32a1b128d3308010100a8ad36deb0020004050245576d3783ab5735614a38347a069e24af49e5a63af1615f1c66669bdf74e7141e351ca31f0a0189cc533166096475faecc37bf53e787625010002018071c7cd000000000000000000d37f9d00000000000000000000d21f873501000000000000009cffea0b0000'),
	('0.1.0', 'uuid, date, float8', '\x010203020000040301040201018080eaf3ef9601008080cacebab5d80280809eb69ae3da02020102860b028ffd02f40103e5a781948d9ef9610801050040e9d4d5b0020001010255777f09aa552111f24488bd18e7300b2162853b6270b3819b84756f9a50cc0d2c8614cc897f066f2c1242757ba68191f3baa7f2d98f302802010001001f00283c000000ea0b00009cff0000'),
	('0.1.0', 'int8, timestamp, wide numeric', '\x01010201000004030104020101d098d1be9197010080a0edeac6b7d802a0d18fe8e9e5da020203130000000000c69be1e0b478923df157b5a452011200000000002feeffbe0dc8d10ac298e640b8120000000000744133675bc6f19031ecad653903ced8f809c581510b08010100a8ad36deb0020004051319ab0d5b5ba86d2f8e94e94348dad00cb7b2d28b93b8c66c010100028071c7cd00d37f9d0000000000000000000000000000000000000000000000d21f873501000000000000000000000000000000000000000000000000000000000000000000000000000000000000001c265ceb20a5cfaf8f9d4385f4ff0000000000aa7585f593d3c28d61ba711f5e01'),
	('0.1.0', 'sample, exact', '\x010101010010ffffffffffffffff04030104020101d098d1be9197010080a0edeac6b7d802a0d18fe8e9e5da02020102860b028ffd02f40103ced8f809c581510b08010100a8ad36deb0020004050219ab0d5b5ba86d2f8e94e94348dad00cb7b2d28b93b8c66c010100028071c7cd00d37f9d0000000000000000000000000000000000000000000000d21f873501000000009cffea0b'),
	('0.1.0', 'selected', '\x01010101010002020103000000d098d1be9197010080a0edeac6b7d802a0d18fe8e9e5da02020102ea0b0100010001ced8f809c581510b08010100a8ad36deb002000405025ef2c92a373b05a901028071c7cd000000000000000000d21f8735010000ea0b'),
	('0.1.0', 'one customer', '\x01000101000000010001000000000080a0edeac6b7d80280a0edeac6b7d8020200021a0401000100'),
	('0.1.0', 'sample', '\x010102020010eb5ae181b0add37e101000280000000000808085acbebad802808082e9cffed9020001023403010001000fced8f809c581510b08010500009810feb00200010001d1e354900838fc0dcd274bdbc012b9008db44591a7665f0e7ab9b3b4658e7c11743174a98468dc00a0429d2e85a2ec0bee514c15c337e400742ace0528c8450ec0bea5cb5b5525019b87625986276e08c9498251d128f8049cd588253057ca0966b0d03020032900ce78c668375db20500999cc6e31ef90801010101010101010101010101010101011b25261300060223210e081d1f0517031d2728150208042523100a1f210719');

-- Binary in and out again, and text.
CREATE FUNCTION read(bytes bytea) RETURNS customer_base LANGUAGE sql AS $$
	SELECT replace(encode(bytes, 'base64'), E'\n', '')::customer_base
$$;
SELECT version, what, customer_base_send(read(bytes)) = bytes AS same FROM written ORDER BY version, what COLLATE "C";
\pset format unaligned
SELECT what, customers(b), orders(b), revenue(b), refunds(b), refunded(b), guest_orders(b), guest_refunds(b), guest_revenue(b),
	   repeat_rate(b), lifetime_span(b), first_order(b), last_order(b), clv(b, lifespan => '1 year'), is_exact(b), sample_size(b)
FROM (SELECT *, read(bytes) AS b FROM written) s ORDER BY version, what COLLATE "C";
\pset format aligned

-- What is written today is what was written then: the same bytes on every
-- machine, for the same rows.
CREATE TABLE orders (c int8, at timestamptz, amount numeric);
INSERT INTO orders VALUES (1, '2024-01-01 10:00', 10.50), (1, '2024-03-01 12:30:15.25', 20), (2, '2024-02-01 00:00', 5.25), (2, '2024-02-03 00:00', -5.25),
	(3, '2024-02-10 09:00', 0), (NULL, '2024-02-11 09:00', 7), (NULL, '2024-02-12 09:00', -2), (4, '2024-02-13 09:00', -1);
SELECT what, bytes = customer_base_send(b) AS same
FROM written JOIN (
	SELECT 'int8', customer_base(c) FROM orders
	UNION ALL SELECT 'text, timestamptz, numeric', customer_base('customer ' || c, at, amount) FROM orders
	UNION ALL SELECT 'uuid, date, float8', customer_base(md5(c::text)::uuid, at::date, amount::float8) FROM orders
	UNION ALL SELECT 'int8, timestamp, wide numeric', customer_base(c, at::timestamp, amount * 1e40) FROM orders
	UNION ALL SELECT 'sample, exact', customer_base_sample(c, at, amount, 16) FROM orders
	UNION ALL SELECT 'selected', only_in(customer_base(c, at, amount), customer_base(c) FILTER (WHERE c = 2)) FROM orders
	UNION ALL SELECT 'one customer', customer_base_add_own(NULL, timestamptz '2024-01-01 10:00', 10.50)
	UNION ALL SELECT 'sample', customer_base_sample(c, timestamp '2024-01-01' + c * interval '1 day', c, 16) FROM generate_series(1, 40) c) t (what, b) USING (what)
WHERE version = '0.1.0' ORDER BY what COLLATE "C";

SET client_min_messages = error;
DROP SCHEMA fixtures CASCADE;
