-- Customers under nondeterministic collations.  Without ICU, or in another
-- encoding, there are none: then the other expected output is right.
-- whoever of the workers finds it
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT getdatabaseencoding() <> 'UTF8' OR NOT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') AS no_icu \gset
\if :no_icu
\echo no nondeterministic collations here
\quit
\endif
SET client_encoding = 'UTF8';
SET extra_float_digits = 1;
CREATE SCHEMA collations;
SET search_path = collations, public;
CREATE COLLATION case_insensitive (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
CREATE COLLATION no_accents (PROVIDER = icu, LOCALE = 'und-u-ks-level1', DETERMINISTIC = false);

-- One customer or two?
SELECT customers(customer_base(k)) AS plain, customers(customer_base(k COLLATE case_insensitive)) AS case_insensitive,
	   customers(customer_base(k COLLATE no_accents)) AS no_accents, repeat_rate(k COLLATE case_insensitive)
FROM (VALUES ('A'), ('a'), ('á'), ('b')) o (k);
-- Composed and decomposed, as bytes two, are one to such a collation.
SELECT customers(customer_base(k)) AS plain, customers(customer_base(k COLLATE case_insensitive)) AS case_insensitive
FROM (VALUES (U&'\00E9'), (U&'e\0301')) o (k);
SELECT customers(customer_base(k COLLATE case_insensitive)) FROM (VALUES (''), (' '), (''), (NULL)) o (k);

-- A column's collation is enough; every kind of aggregate and query takes it.
CREATE TABLE orders (k text COLLATE case_insensitive, n int);
INSERT INTO orders SELECT CASE n % 3 WHEN 0 THEN 'Customer ' WHEN 1 THEN 'CUSTOMER ' ELSE 'customer ' END || n % 7000, n FROM generate_series(1, 14000) n;
ANALYZE orders;
CREATE VIEW compared AS
SELECT customers(b) = count AS customers, orders(b) = 14000 AS orders, purchase_frequency = 2 AS frequency, repeat_rate = 1 AS repeat_rate,
	   lifetime_span = interval '7000 days' AS lifetime_span, revenue(b) = 3500 AS revenue, b::text::customer_base::text = b::text AS text
FROM (SELECT count(DISTINCT k), customer_base(k, date '2000-01-01' + n, 0.25) AS b, purchase_frequency(k), repeat_rate(k), lifetime_span(k, date '2000-01-01' + n)
	  FROM orders) s;
SELECT * FROM compared;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT * FROM compared;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT n, repeat_rate(k) OVER (ORDER BY n ROWS 6999 PRECEDING), repeat_rate(k) OVER (ORDER BY n ROWS 7000 PRECEDING) > 0 AS one_more FROM orders ORDER BY n DESC LIMIT 1;
SELECT upper(k COLLATE "C") AS k, purchase_frequency(k), repeat_rate(k) FROM orders WHERE n % 7000 < 3 GROUP BY k ORDER BY 1;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET cpu_tuple_cost = 10;
SET jit = off;
ALTER TABLE orders SET (parallel_workers = 2), ALTER k SET (n_distinct = 10);
ANALYZE orders;
SELECT repeat_rate(k), purchase_frequency(k) FROM orders;

-- Bases that tell customers apart by other rules can't be merged.
SELECT _retention_customer_base_combine(customer_base('a'::text), customer_base('a'::text COLLATE case_insensitive));
\echo :LAST_ERROR_SQLSTATE
SELECT _retention_customer_base_combine(customer_base('a'::text COLLATE case_insensitive), customer_base('a'::text));
SELECT customers(_retention_customer_base_combine(customer_base('a'::text COLLATE case_insensitive), customer_base('A'::text COLLATE case_insensitive)));

-- Names: of several spellings the least is kept, byte by byte, in whatever order they come;
-- in memory, on disk, in groups. Which collation it was is not known to a value: it is read back as it is.
CREATE VIEW named AS SELECT purchase_history_with_names(k, date '2000-01-01' + n, 0.25, 'day') AS h FROM orders;
CREATE TABLE names AS SELECT 'memory' AS what, h FROM named;
INSERT INTO names SELECT 'backwards', purchase_history_with_names(k, date '2000-01-01' + n, 0.25, 'day' ORDER BY n DESC) FROM orders;
INSERT INTO names SELECT 'groups', rollup(h) FROM (SELECT purchase_history_with_names(k, date '2000-01-01' + n, 0.25, 'day') AS h FROM orders GROUP BY n % 50) s;
INSERT INTO names SELECT 'read back', h::text::purchase_history FROM named;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
INSERT INTO names SELECT 'disk', h FROM named;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT what, h = (SELECT h FROM named) AS same FROM names ORDER BY what;
SELECT count(*) AS customers, count(*) FILTER (WHERE l.customer = o.least) AS least FROM named, customer_list(h) l JOIN (SELECT min(k COLLATE "C") AS least FROM orders GROUP BY k) o ON o.least = l.customer;
SELECT string_agg(customer, ' ') AS least, (SELECT string_agg(customer, ' ') FROM customer_list((SELECT purchase_history_with_names(k COLLATE case_insensitive, date '2024-01-01', 'day' ORDER BY n DESC) FROM generate_series(1, 2000) n, LATERAL (VALUES (CASE n WHEN 1234 THEN 'ANN' ELSE 'aNN' END)) v (k)))) AS late
FROM customer_list((SELECT purchase_history_with_names(k COLLATE case_insensitive, date '2024-01-01', 'day') FROM (VALUES ('ann'), ('Ann'), ('aNN')) v (k)));
-- What is taken away is among those that have come: it doesn't bring another back.
SELECT (SELECT string_agg(customer, ' ') FROM customer_list(a + b - a)) AS least, (SELECT string_agg(customer, ' ') FROM customer_list(b)) AS left
FROM (SELECT purchase_history_with_names('Ann' COLLATE case_insensitive, date '2024-01-01', 'day') AS a, purchase_history_with_names('ann' COLLATE case_insensitive, date '2024-01-02', 'day') AS b) s;
SELECT purchase_history_with_names('Ann', date '2024-01-01', 'day') + purchase_history_with_names('Ann' COLLATE case_insensitive, date '2024-01-01', 'day');
SELECT count(*) FROM customer_list((SELECT purchase_history(k, date '2000-01-01', 'day') FROM orders));

-- Lines: customers and the numbers of orders alike. A function has one collation: where
-- that is not the one of both, nobody has said what is meant.
SELECT purchase_frequency(k, o) AS plain, purchase_frequency(k COLLATE case_insensitive, o COLLATE case_insensitive) AS both, purchase_frequency(k COLLATE case_insensitive, n) AS customers,
	   purchase_frequency(n, o COLLATE case_insensitive) AS orders, aov(1.5, o) AS aov, aov(1.5, o COLLATE case_insensitive) AS aov_insensitive, count(*) AS lines
FROM (VALUES ('Ann', 'a1', 1), ('ann', 'A1', 1), ('ann', 'A2', 2), ('Bob', 'a1', 3)) v (k, o, n);
CREATE TABLE invoices (k text COLLATE case_insensitive, o text COLLATE case_insensitive, o_plain text, o_c text COLLATE "C", n int);
INSERT INTO invoices SELECT CASE n % 2 WHEN 0 THEN 'customer ' ELSE 'CUSTOMER ' END || n / 3 % 4000, CASE n % 2 WHEN 0 THEN 'order ' ELSE 'ORDER ' END || n / 3 % 6000, 'order ' || n, 'order ' || n, n FROM generate_series(1, 18000) n;
CREATE VIEW of_lines AS
SELECT repeat_rate(k, o) = repeat AND purchase_frequency(k, o) = frequency AS pairs, aov(2.0, o) = 2.0 * 18000 / numbers AS aov, repeat, frequency
FROM (SELECT k, o, n, (SELECT count(DISTINCT o) FROM invoices) AS numbers, r.* FROM invoices, (SELECT count(*) FILTER (WHERE c > 1)::float8 / count(*) AS repeat, sum(c)::float8 / count(*) AS frequency
	  FROM (SELECT count(DISTINCT o) AS c FROM invoices GROUP BY k) s) r) s GROUP BY repeat, frequency, numbers;
SELECT * FROM of_lines;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT * FROM of_lines;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT repeat_rate(k, o_plain) FROM invoices;
\echo :LAST_ERROR_SQLSTATE
SELECT repeat_rate(k, o_c) FROM invoices;
SELECT purchase_frequency(o_plain, k) OVER () FROM invoices;
SELECT repeat_rate(k COLLATE "C", o) FROM invoices;
SELECT repeat_rate(k COLLATE no_accents, o) IS NOT NULL AS another, repeat_rate(k COLLATE "C", o_c) IS NOT NULL AS plain, repeat_rate(k COLLATE "C", o COLLATE "C") IS NOT NULL AS both,
	   repeat_rate(o_c, o_plain) IS NOT NULL AS column_and_default, repeat_rate(n, o_c COLLATE "POSIX") IS NOT NULL AS numbers FROM invoices;
SELECT _retention_customer_base_combine(_retention_customer_base_add_line(NULL, 1.0, 'a'::text), _retention_customer_base_add_line(NULL, 1.0, 'a'::text COLLATE case_insensitive));
SELECT _retention_customer_base_combine(_retention_customer_base_add_pair(NULL, 1, 'a'::text), _retention_customer_base_add_pair(NULL, 1, 'a'::text COLLATE case_insensitive));

SET client_min_messages = error;
DROP SCHEMA collations CASCADE;
