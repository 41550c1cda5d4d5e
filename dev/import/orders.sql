-- From the rows of a shop's files (import_read, made by what stands before this) to its orders: one row an order, one a refund, in the
-- table import_orders; what was left out and why in import_left_out; and what was taken as what in import_decision, which is printed.

\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET work_mem = '256MB';

-- A guest is nobody, and e-mail addresses are of no case.
CREATE TEMP TABLE import_line AS
SELECT file, line, profile, problem, per_order,
	   CASE WHEN lower(btrim(r.customer)) = ANY (a.guests) OR btrim(r.customer) = '' THEN NULL
			WHEN r.customer LIKE '%@%' THEN lower(btrim(r.customer)) ELSE btrim(r.customer) END AS customer,
	   CASE WHEN order_id IS NULL THEN file || ':' || line ELSE profile || ' ' || order_id END AS key, order_id,
	   ordered_at, amount, abs(refund) AS refund, refunded_at, status, counts, gives_back, cancelled, r.currency, country, source, product,
	   CASE WHEN NOT wanted THEN 'not wanted: --where' WHEN problem IS NOT NULL THEN 'unreadable' WHEN amount = 'NaN' OR abs(amount) >= 1e15 OR NOT isfinite(ordered_at) THEN 'unreadable'
			-- What programs write for never: one such order would make the shop's history thousands of years long.
			WHEN ordered_at > now() + interval '1 day' THEN 'in the future' WHEN ordered_at < '1970-01-03' THEN 'of 1970, which is no time' END AS lost
FROM import_read AS r, import_asked AS a;

-- A number that starts again each year, or that a spreadsheet has cut to 4.5E+12, would make one order of those of many customers.
CREATE TEMP TABLE import_mixed AS
SELECT min(order_id) AS order_id, min(lower(customer)) < max(lower(customer)) AS mixed
FROM import_line WHERE lost IS NULL AND order_id IS NOT NULL GROUP BY key HAVING count(*) > 1;
DO $$
BEGIN
	IF (SELECT avg(coalesce(mixed, false)::int) > 0.05 FROM pg_temp.import_mixed) THEN
		RAISE EXCEPTION 'the rows of one order number are of several customers, such as those of %', (SELECT min(order_id) FROM pg_temp.import_mixed WHERE mixed)
			USING DETAIL = (SELECT format('So are %s of the %s numbers that stand in several rows.', count(*) FILTER (WHERE mixed), count(*)) FROM pg_temp.import_mixed),
				HINT = 'Is each row an order, say --order-id none; is the number or the customer another column, name it: --order-id, --customer.';
	END IF;
END $$;

-- Files that overlap: an order that stands in several is that of the last; without order numbers, a row of a customer counts as often as in
-- the file that has it most.
UPDATE import_line AS l SET lost = 'also in a later file'
FROM (SELECT key, max(file) AS last FROM import_line WHERE order_id IS NOT NULL GROUP BY key HAVING min(file) < max(file)) AS o
WHERE l.key = o.key AND l.file < o.last AND l.lost IS NULL;

UPDATE import_line AS l SET lost = 'also in a later file'
FROM (SELECT file, line, max(file) OVER (PARTITION BY customer, ordered_at, amount, copy) AS last
	  FROM (SELECT *, row_number() OVER (PARTITION BY file, customer, ordered_at, amount ORDER BY line) AS copy
			FROM import_line WHERE order_id IS NULL AND customer IS NOT NULL AND ordered_at IS NOT NULL AND amount IS NOT NULL
			AND (SELECT count(*) > 1 FROM import_file)) AS numbered) AS n
WHERE l.file = n.file AND l.line = n.line AND n.last > l.file AND l.lost IS NULL;

-- Where the amount is that of the order, an order is the row that has its time and its amount; where it is that of a line, all its lines.
CREATE TEMP TABLE import_good AS
SELECT DISTINCT ON (key) * FROM import_line WHERE lost IS NULL AND per_order
ORDER BY key, ordered_at IS NULL, amount IS NULL, file, line;
INSERT INTO import_good SELECT * FROM import_line WHERE lost IS NULL AND NOT per_order;

-- An order by its first row; what is sold and given back in it, of its rows that count.
CREATE TEMP TABLE import_order AS
SELECT h.*, s.total, s.amounts, s.sold, s.given_back, s.first_sale, s.rows,
	   CASE WHEN h.ordered_at IS NULL THEN 'no time'
			WHEN s.amounts = 0 THEN 'no amount'
			WHEN s.sold IS NULL AND s.given_back IS NULL THEN 'not an order: ' || coalesce(h.status, 'no status')
			WHEN h.cancelled AND coalesce(s.refund, 0) = 0 AND s.sold IS NOT NULL THEN 'cancelled' END AS out,
	   CASE WHEN s.refund > 0 THEN s.refund WHEN h.gives_back AND s.given_back IS NULL THEN s.sold END AS back
FROM (SELECT DISTINCT ON (key) key, file, line, customer, order_id, ordered_at, refunded_at, status, gives_back, cancelled, currency, country, source, product
	  FROM import_good ORDER BY key, NOT counts, ordered_at IS NULL, ordered_at, file, line) AS h
JOIN (SELECT key, count(*) AS rows, count(amount) AS amounts, sum(amount) AS total, sum(amount) FILTER (WHERE counts AND amount >= 0) AS sold, sum(amount) FILTER (WHERE counts AND amount < 0) AS given_back,
			 min(ordered_at) FILTER (WHERE counts AND amount >= 0) AS first_sale, sum(refund) AS refund
	  FROM import_good GROUP BY key) AS s USING (key);

-- One currency: the one that was asked for, or that of most orders.
CREATE TEMP TABLE import_currency AS
SELECT coalesce(nullif(currency, ''), (SELECT currency FROM import_asked)) AS currency, count(*) AS orders
FROM import_order WHERE out IS NULL GROUP BY 1;
CREATE TEMP TABLE import_main AS
SELECT coalesce((SELECT currency FROM import_asked), (SELECT currency FROM import_currency WHERE currency IS NOT NULL ORDER BY orders DESC, currency LIMIT 1)) AS currency;
UPDATE import_order SET out = 'another currency: ' || currency
WHERE out IS NULL AND currency <> (SELECT currency FROM import_main);

CREATE TEMP TABLE import_orders AS
SELECT order_id, customer AS customer_id, first_sale AS ordered_at, sold AS amount, status, country, source, product FROM import_order WHERE out IS NULL AND sold IS NOT NULL
UNION ALL
SELECT o.order_id, o.customer, g.ordered_at, sum(g.amount), o.status, o.country, o.source, o.product
FROM import_good AS g JOIN import_order AS o USING (key) WHERE o.out IS NULL AND g.counts AND g.amount < 0 AND g.ordered_at IS NOT NULL
GROUP BY key, o.order_id, o.customer, g.ordered_at, o.status, o.country, o.source, o.product
UNION ALL
SELECT order_id, customer, coalesce(refunded_at, first_sale), -back, status, country, source, product FROM import_order WHERE out IS NULL AND sold IS NOT NULL AND back > 0;

-- ---- the account ---------------------------------------------------------------

CREATE TEMP TABLE import_left_out AS
SELECT reason, sum(rows)::int8 AS rows, sum(amount) AS amount, min(example) AS example
FROM (SELECT CASE lost WHEN 'unreadable' THEN coalesce(regexp_replace(l.problem, ':.*', ''), 'the amount is no number') ELSE lost END AS reason, 1 AS rows, amount,
			 f.name || ', line ' || line || coalesce(': ' || substring(problem FROM ': (.*)'), '') AS example
	  FROM import_line AS l JOIN import_file AS f USING (file) WHERE lost IS NOT NULL
	  UNION ALL
	  SELECT CASE WHEN reason LIKE 'it has %' THEN 'more cells than columns' ELSE 'a cell too long' END, 1, NULL, f.name || ', line ' || line || ': ' || reason FROM import_bad JOIN import_file AS f USING (file)
	  UNION ALL
	  SELECT regexp_replace(out, '^not an order: .*', 'not an order'), rows, total, f.name || ', line ' || line FROM import_order JOIN import_file AS f USING (file) WHERE out IS NOT NULL) AS s
GROUP BY reason;

CREATE FUNCTION pg_temp.many(n int8, one text, several text) RETURNS text LANGUAGE sql AS
$$ SELECT to_char(n, 'FM999,999,999,999,999') || ' ' || CASE n WHEN 1 THEN one ELSE several END $$;

CREATE FUNCTION pg_temp.money(n numeric) RETURNS text LANGUAGE sql AS
$$ SELECT to_char(round(n, 2), 'FM999,999,999,999,999,990.00') || coalesce(' ' || currency, '') FROM import_main $$;

UPDATE import_decision SET taken = taken || ': ' || (
	SELECT pg_temp.many(count(DISTINCT customer_id), 'customer', 'customers') || CASE WHEN count(*) FILTER (WHERE customer_id IS NULL AND amount >= 0) > 0
		THEN ', and ' || pg_temp.many(count(*) FILTER (WHERE customer_id IS NULL AND amount >= 0), 'order', 'orders') || ' of guests' ELSE '' END FROM import_orders)
WHERE what = 'customer';

INSERT INTO import_decision
SELECT 50, 'orders', coalesce(status_name || ': ' || nullif(string_agg(coalesce(status, '(nothing)') || ' (' || orders || ')', ', ' ORDER BY orders DESC, status) FILTER (WHERE taken), '') || ' are orders',
	'every row at or above 0 is one'), '--status'
FROM import_asked, (SELECT status, sold IS NOT NULL OR given_back IS NOT NULL AS taken, count(*) AS orders FROM import_order WHERE out IS NULL OR out LIKE 'another currency%' GROUP BY 1, 2) AS s GROUP BY status_name;

INSERT INTO import_decision
SELECT 51, 'not orders', status_name || ': ' || string_agg(coalesce(status, '(nothing)') || ' (' || orders || ')', ', ' ORDER BY orders DESC, status), '--status'
FROM import_asked, (SELECT status, count(*) AS orders FROM import_order WHERE out LIKE 'not an order%' GROUP BY 1) AS s WHERE status_name IS NOT NULL GROUP BY status_name;

INSERT INTO import_decision
SELECT 52, 'given back', 'all of each order whose status says so (' || count(*) || '), as no column says how much', '--refund'
FROM import_order WHERE out IS NULL AND gives_back AND back IS NOT NULL HAVING count(*) > 0;

INSERT INTO import_decision
SELECT 53, 'currency', coalesce(m.currency, 'none is said') || coalesce((SELECT '; left out: ' || string_agg(currency || ' (' || pg_temp.many(orders, 'order', 'orders') || ')', ', ' ORDER BY orders DESC)
	FROM import_currency WHERE currency <> m.currency), ''), '--currency'
FROM import_main AS m;

INSERT INTO import_decision
SELECT 54, 'twice', pg_temp.many(count(DISTINCT key), 'order stands', 'orders stand') || ' in several files, and is that of the last', ''
FROM import_line WHERE lost = 'also in a later file' HAVING count(*) > 0;

INSERT INTO import_decision
SELECT 55, 'mixed', pg_temp.many(count(*), 'order has', 'orders have') || ' rows of several customers, and the customer is that of the first: ' || min(order_id), '--order-id, --customer'
FROM import_mixed WHERE mixed HAVING count(*) > 0;

\pset tuples_only on
\pset format unaligned
\pset null ''
\echo
\echo 'What was taken as what, and the option that changes it:'
\echo
\pset format aligned
\pset border 0
\pset tuples_only off
\pset footer off
SELECT what, option AS "to change it", taken AS "taken as" FROM import_decision ORDER BY place;
\pset border 1

-- Nothing to show is an end with a reason.
DO $$
DECLARE
	why text;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_temp.import_orders WHERE amount >= 0) THEN
		SELECT string_agg(format('%s: %s (%s)', reason, rows, example), E'\n' ORDER BY rows DESC) INTO why FROM pg_temp.import_left_out;
		RAISE EXCEPTION 'no row of the files is an order' USING DETAIL = coalesce(why, 'Their amounts are below 0: refunds, of orders that are not in the files.');
	END IF;
END $$;

SELECT count(*) > 0 AS left_out FROM import_left_out
\gset
\if :left_out
\echo 'Not in the numbers:'
\echo
SELECT reason, rows, round(amount, 2) AS amount, example AS "the first" FROM import_left_out ORDER BY rows DESC, reason;
\endif

SELECT coalesce(currency, '') AS currency, (SELECT zone FROM import_asked) AS zone, (SELECT string_agg(name, ', ' ORDER BY file) FROM import_file) AS file,
	   (SELECT coalesce(json_agg(json_build_object('reason', reason, 'rows', rows, 'amount', amount) ORDER BY rows DESC, reason), '[]') FROM import_left_out) AS left_out_rows
FROM import_main
\gset
\pset tuples_only on
\pset format unaligned
SELECT format('%s and %s in %s: %s, of which %s was given back.', pg_temp.many(count(*) FILTER (WHERE amount >= 0), 'order', 'orders'),
	pg_temp.many(count(*) FILTER (WHERE amount < 0), 'refund', 'refunds'), pg_temp.many((SELECT sum(seen) FROM import_file), 'row', 'rows'),
	pg_temp.money(sum(amount) FILTER (WHERE amount >= 0)), pg_temp.money(coalesce(-sum(amount) FILTER (WHERE amount < 0), 0))) FROM import_orders;
\pset format aligned
\pset tuples_only off
