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
	('0.1.0', 'int8', '\x01010000000004040206000200012700000003fdc535107081f579089ab5f9900b681f3c9c7a0277523ef107cb78e23ddd99981001020102010000000000000000'),
	('0.1.0', 'text, timestamptz, numeric', '\x01030101000004030104020101d098d1be9197010080a0edeac6b7d802a0d18fe8e9e5da02010202860b028ffd02f401018000000003be3ab32a1b128d330100a8ad36deb002000845576d3783ab5735614a38347a069e24af49e5a63af1615f081c66669bdf74e7141e351ca31f0a0189cc533166096475faecc37bf53e7876250101000201048071c7cd000000000000000000d37f9d0500000000000000000000d21f8735010000000000020000c700d41700000000000000000000'),
	('0.1.0', 'uuid, date, float8', '\x010203020000040301040201018080eaf3ef9601008080cacebab5d80280809eb69ae3da02010202860b028ffd02f401016400000003ef7c8a7be8b29479050040e9d4d5b00200080355a3da2a71181de95cc5411ba0170bef77b877f48eec2e089b84756f9a50cc0d2c8614cc897f066f2c1242757ba68191f3baa7f2d98f3028010201000101001f0028013c00000002d4170000c70000000000000000000000'),
	('0.1.0', 'int8, timestamp, wide numeric', '\x01010201000004030104020101d098d1be9197010080a0edeac6b7d802a0d18fe8e9e5da020202130000000000c69be1e0b478923df157b5a452011200000000002feeffbe0dc8d10ac298e640b8120000000000744133675bc6f19031ecad653902580000000233f63118ce2706be00000000000000000000000000000000001200000000800ebca7f5d5a089c64d7f508003fe6e1456abc19ece00000000000000000000000000000000001100000000009f0a4654405ba33c0ed69ce2015700000003fdc535107081f5790100a8ad36deb00200089ab5f9900b681f3c9c7a0277523ef107cb78e23ddd99981001010102000400d37f9d8071c7cd00000000000000000500000000000000000000d21f8735010000000000000000000000000000'),
	('0.1.0', 'sample, exact', '\x010101010010ffffffffffffffff04030104020101d098d1be9197010080a0edeac6b7d802a0d18fe8e9e5da02010202860b028ffd02f401015f00000003fdc535107081f5790100a8ad36deb00200089ab5f9900b681f3c9c7a0277523ef107cb78e23ddd99981001010102000400d37f9d8071c7cd00000000000000000500000000000000000000d21f87350100000000000200000000d417c7000000000000000000'),
	('0.1.0', 'selected', '\x01010101010002020103000000d098d1be9197010080a0edeac6b7d802a0d18fe8e9e5da02010202ea0b01000100013700000001977b2fa17be914b60100a8ad36deb00200089c7a0277523ef107010102048071c7cd00000000050000000000d21f873501020000d4170000000000000000'),
	('0.1.0', 'one customer', '\x01000101000000010001000000000080a0edeac6b7d80280a0edeac6b7d8020102021a04010001000000000000000000'),
	('0.1.0', 'sample', '\x010102020010ff77af3b5b526f91101000280000000000808085acbebad802808082e9cffed90201000234030100010001bf0000000f398a1d314f76e9120500009810feb0020008fed6328fd7a03b150515c9f1d489cd1932d481ba89040500f0fc60dc4320160ae3cd0afe9f8cca06cc9ba3dd9f11e2059ff7eaba96c5040a2371b83b19ff11022ebd0e0c8def07095d04c4f69bf2cf050ac9e3134794a1034974d186b7bd3f0250ad5f578f246b00f068bab2b81ba006220868b6fad68c000101010101010101010101010101010101011416230718191d1b0a05131a08000c2200012c304a1234363e3a180e2a3814041c480000000000000000');

-- Binary in and out again, and text.
CREATE FUNCTION read(bytes bytea) RETURNS customer_base LANGUAGE sql AS $$
	SELECT replace(encode(bytes, 'base64'), E'\n', '')::customer_base
$$;
SELECT version, what, _retention_customer_base_send(read(bytes)) = bytes AS same FROM written ORDER BY version, what COLLATE "C";
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
SELECT what, bytes = _retention_customer_base_send(b) AS same
FROM written JOIN (
	SELECT 'int8', customer_base(c) FROM orders
	UNION ALL SELECT 'text, timestamptz, numeric', customer_base('customer ' || c, at, amount) FROM orders
	UNION ALL SELECT 'uuid, date, float8', customer_base(md5(c::text)::uuid, at::date, amount::float8) FROM orders
	UNION ALL SELECT 'int8, timestamp, wide numeric', customer_base(c, at::timestamp, amount * 1e40) FROM orders
	UNION ALL SELECT 'sample, exact', customer_base_sample(c, at, amount, 16) FROM orders
	UNION ALL SELECT 'selected', without_customers_of(customer_base(c, at, amount), customer_base(c) FILTER (WHERE c = 2)) FROM orders
	UNION ALL SELECT 'one customer', _retention_one_customer_add(NULL, timestamptz '2024-01-01 10:00', 10.50)
	UNION ALL SELECT 'sample', customer_base_sample(c, timestamp '2024-01-01' + c * interval '1 day', c, 16) FROM generate_series(1, 40) c) t (what, b) USING (what)
WHERE version = '0.1.0' ORDER BY what COLLATE "C";

SET client_min_messages = error;
DROP SCHEMA fixtures CASCADE;
