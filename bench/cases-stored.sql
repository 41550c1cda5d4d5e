-- Values that are asked where they are stored, and amounts and times that are not
-- those of a shop.

SET search_path = bench, shop, public;

-- A base for each of a hundred and one days on end, of as many orders.
CREATE UNLOGGED TABLE IF NOT EXISTS shop.daily_bases AS
SELECT day, customer_base(customer_id, ordered_at, amount) AS base
FROM (SELECT *, ntile(101) OVER (ORDER BY ordered_at) AS day FROM orders_int8) o
GROUP BY day;
-- Many occasions of few customers: as TOAST has it, and compressed.
CREATE UNLOGGED TABLE IF NOT EXISTS shop.long_history AS
SELECT purchase_history(customer_id % 2000, ordered_at, 12345678901234 + amount, 'day', 'UTC') AS h FROM orders_int8;
CREATE UNLOGGED TABLE IF NOT EXISTS shop.compressed_history (h purchase_history);
ALTER TABLE shop.compressed_history ALTER h SET STORAGE extended;
INSERT INTO shop.compressed_history SELECT h::text::purchase_history FROM shop.long_history WHERE NOT EXISTS (SELECT FROM shop.compressed_history);
-- Prices as float8: clean, with one 0.1 + 0.2 before them, and with noise in each.
CREATE UNLOGGED TABLE IF NOT EXISTS shop.orders_float AS
SELECT 1::int8 AS customer_id, min(ordered_at) AS ordered_at, 0.3::float8 AS clean, 0.1::float8 + 0.2::float8 AS one_noisy, 0.1::float8 + 0.2::float8 AS all_noisy FROM orders_int8
UNION ALL
SELECT customer_id, ordered_at, amount::float8, amount::float8, amount::float8 * 1.1 FROM orders_int8;
CREATE UNLOGGED TABLE IF NOT EXISTS shop.long_amounts AS
SELECT n, repeat('9', 131000)::numeric AS amount FROM generate_series(1, 20) n;

INSERT INTO measure (case_name, role, source, query)
VALUES
	('six accessors of a base a day', 'retention', 'daily_bases', $$
		SELECT sum(customers(base)) AS a, sum(orders(base)) AS b, sum(revenue(base)) AS c, sum(aov(base)) AS d, avg(repeat_rate(base)) AS e, max(last_order(base)) AS f FROM daily_bases $$),
	('the latest of a base a day', 'retention', 'daily_bases', $$
		SELECT day AS k, repeat_rate(base) AS v FROM daily_bases ORDER BY day DESC LIMIT 1 $$),
	('a compressed history', 'retention', 'compressed_history', $$
		SELECT order_gap(h) AS v FROM compressed_history $$),
	('a compressed history', 'a plain one', 'long_history', $$
		SELECT order_gap(h) AS v FROM long_history $$),
	('one noisy float, customer_base', 'retention', 'orders_float', $$
		SELECT customers(customer_base(customer_id, ordered_at, one_noisy)) AS v FROM orders_float $$),
	('one noisy float, customer_base', 'clean', 'orders_float', $$
		SELECT customers(customer_base(customer_id, ordered_at, clean)) AS v FROM orders_float $$),
	('all floats noisy, customer_base', 'retention', 'orders_float', $$
		SELECT customers(customer_base(customer_id, ordered_at, all_noisy)) AS v FROM orders_float $$),
	('all floats noisy, customer_base', 'clean', 'orders_float', $$
		SELECT customers(customer_base(customer_id, ordered_at, clean)) AS v FROM orders_float $$),
	('one noisy float, purchase_history', 'retention', 'orders_float', $$
		SELECT (history_info(purchase_history(customer_id, ordered_at, one_noisy, 'day', 'UTC'))).orders AS v FROM orders_float $$),
	('one noisy float, purchase_history', 'clean', 'orders_float', $$
		SELECT (history_info(purchase_history(customer_id, ordered_at, clean, 'day', 'UTC'))).orders AS v FROM orders_float $$),
	('one noisy float, aov', 'retention', 'orders_float', $$
		SELECT round(aov(one_noisy)::numeric, 4) AS v FROM orders_float $$),
	('one noisy float, aov', 'clean', 'orders_float', $$
		SELECT round(aov(clean)::numeric, 4) AS v FROM orders_float $$),
	('20 amounts of 131,000 digits', 'retention', 'long_amounts', $$
		SELECT aov(amount) AS v FROM long_amounts $$);

INSERT INTO comparison (case_name, peers, at_most, must)
VALUES
	('six accessors of a base a day', '{}', 0.01, 'under 10 ms'),
	('the latest of a base a day', '{}', 0.003, 'under 3 ms'),
	('a compressed history', '{a plain one}', 3, NULL),
	('one noisy float, customer_base', '{clean}', 1.3, NULL),
	('all floats noisy, customer_base', '{clean}', NULL, NULL),
	('one noisy float, purchase_history', '{clean}', 1.5, NULL),
	('one noisy float, aov', '{clean}', 1.3, NULL),
	('20 amounts of 131,000 digits', '{}', 1, 'under 1 s');
