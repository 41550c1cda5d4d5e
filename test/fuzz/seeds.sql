-- Values for the fuzzer to breed from, in hexadecimal, one a line.
CREATE EXTENSION retention;
CREATE TABLE orders AS
SELECT CASE WHEN i % 9 <> 0 THEN i % 7 END AS customer, timestamptz '2024-01-01' + i * interval '7 hours' AS at,
	   CASE WHEN i % 5 = 0 THEN -0.25 ELSE i * 1.5 END AS amount
FROM generate_series(1, 40) i;
CREATE VIEW bases AS
SELECT customer_base(customer) AS b FROM orders
UNION ALL SELECT customer_base(customer::text) FROM orders
UNION ALL SELECT customer_base(md5(customer::text)::uuid, at) FROM orders
UNION ALL SELECT customer_base(customer, at::date, amount) FROM orders
UNION ALL SELECT customer_base(customer::text, at::timestamp, amount::float8) FROM orders
UNION ALL SELECT customer_base(customer, at, amount * 1e40) FROM orders
UNION ALL SELECT customer_base(i, at, amount) FROM orders, generate_series(1, 300) i
UNION ALL SELECT customer_base_sample(i, at, amount, 16) FROM orders, generate_series(1, 50) i
UNION ALL SELECT customer_base_sample(i::text, 20) FROM orders, generate_series(1, 50) i
UNION ALL SELECT only_in(customer_base(customer, at, amount), customer_base(3)) FROM orders
UNION ALL SELECT customer_base(NULL::int8, at, amount) FROM orders
UNION ALL SELECT customer_base_add_own(NULL, at, amount) FROM orders LIMIT 14;
SELECT encode(customer_base_send(b), 'hex') FROM bases;
SELECT encode(convert_to(b::text, 'UTF8'), 'hex') FROM bases;
