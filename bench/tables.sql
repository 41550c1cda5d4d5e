-- The tables of the bench, for :customers customers and :orders orders.
--
-- A shop keeps one kind of key, so each kind has a table of its own, no wider
-- than the queries need: a scan then costs each side what it costs a user.
-- Rows lie in time order, as orders arrive; there are no indexes, no dead rows,
-- and (UNLOGGED) no WAL.

DROP SCHEMA IF EXISTS shop CASCADE;
CREATE SCHEMA shop;
SET search_path = shop, public;
SET work_mem = '1GB';
SET timezone = 'UTC';

-- All of it lies in the past: views leave out orders that are still to come.
-- A simulated customer makes three or four orders.  The first three of five
-- stay as they are; all later ones fold onto the other two, who so become
-- regulars with some twenty orders.  That gives :customers customers exactly,
-- of whom three in ten buy once.
CREATE UNLOGGED TABLE source AS
SELECT CASE WHEN id <= :customers * 6 / 10 THEN id
			ELSE :customers * 6 / 10 + 1 + id % (:customers * 4 / 10) END AS customer,
	   ordered_at, amount::numeric(12,2) AS amount
FROM (SELECT customer_id AS id, ordered_at, amount
	  FROM simulate_orders(4 * :customers::int8, '5 years', 1, '2020-01-01')
	  LIMIT :orders) s
ORDER BY ordered_at;

CREATE UNLOGGED TABLE orders_int8 AS
SELECT customer AS customer_id, ordered_at, amount FROM source;

CREATE UNLOGGED TABLE orders_uuid AS
SELECT md5(customer::text)::uuid AS customer_id, ordered_at, amount FROM source;

-- 20 to 26 bytes, no common prefix
CREATE UNLOGGED TABLE orders_text AS
SELECT substr(md5(customer::text), 1, 7) || '.' || customer || '@example.com' AS customer_id,
	   ordered_at, amount
FROM source;

CREATE UNLOGGED TABLE orders_month AS
SELECT customer AS customer_id, date_trunc('month', ordered_at)::date AS month
FROM source;

-- A million orders of one customer in so many, over the whole five years; then
-- the first half and the first quarter of them, with frames as full.
CREATE UNLOGGED TABLE moving_1000k AS
SELECT customer AS customer_id, ordered_at
FROM source WHERE customer % greatest(:orders / 1000000, 1) = 0;

CREATE UNLOGGED TABLE moving_500k AS
SELECT * FROM moving_1000k ORDER BY ordered_at LIMIT 500000;

CREATE UNLOGGED TABLE moving_250k AS
SELECT * FROM moving_1000k ORDER BY ordered_at LIMIT 250000;

DROP TABLE source;

-- Groups of three customers and about ten orders, in random order.
SELECT setseed(0.5);
SELECT format($$
	CREATE UNLOGGED TABLE groups_%s AS
	SELECT customer / 3 AS grp, customer::int8 AS customer_id
	FROM (SELECT floor(random() * 3 * %s)::int4 AS customer
		  FROM generate_series(1, 10 * %2$s)) s $$, g, g)
FROM unnest(ARRAY[12500, 25000, 50000, 100000]) g
\gexec

VACUUM (FREEZE, ANALYZE);

COMMENT ON SCHEMA shop IS :'made';
