-- The one reader of the user's table: what views and predictions take for orders.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 0;
CREATE SCHEMA reader;
SET search_path = reader, public;

-- ---------------------------------------------------------------------------
-- Lines: what is returned is booked under the number of the sale.
-- ---------------------------------------------------------------------------

-- Ann has given back more than she paid, in another month, and is a customer still.
CREATE TABLE line (number int, customer text, at timestamptz, total numeric);
INSERT INTO line VALUES (1, 'ann', '2024-01-05 10:00', 60), (1, 'ann', '2024-01-05 10:00', 20), (1, 'ann', '2024-03-01 09:00', -90),
	(2, 'bob', '2024-01-10 10:00', 30), (2, 'bob', '2024-02-10 10:00', -10), (3, 'bob', '2024-02-20 10:00', 50), (4, 'bob', '2024-02-22 10:00', 70);
SELECT count(*) FROM retention_create_views('line', 'customer', 'at', 'total', 'number', target => 'reader_shop');
SELECT customers, orders, revenue, refunds, refunded, aov FROM reader_shop.kpi;
SELECT period_start, customers, orders, revenue, refunds, refunded FROM reader_shop.kpi_by_period ORDER BY period_start;
SELECT customer, orders, revenue, first_order, last_order FROM reader_shop.customers ORDER BY customer;
SELECT reason, row_count, amount FROM reader_shop.excluded_rows WHERE row_count > 0;
SELECT customer, repeat_purchases, active_days, age_days, expected_spend > 0 AS spends FROM predict_customers('line', 'customer', 'at', 'total', 'number') ORDER BY customer;

-- Many of them, against plain SQL: numbers that begin anew for each customer, or
-- are missing; returns that come later; no amount, no time, no customer.
CREATE TABLE lines AS
SELECT CASE WHEN h % 17 <> 0 THEN h % 60 END AS customer, CASE WHEN h % 11 <> 0 THEN h % 7 END AS number,
	   CASE WHEN h % 31 <> 0 THEN date '2023-01-01' + (h % 500)::int + CASE WHEN h % 5 = 0 THEN 40 ELSE 0 END END AS at,
	   CASE WHEN h % 29 <> 0 THEN (h % 1000)::numeric / 100 * CASE WHEN h % 5 = 0 THEN -2 ELSE 1 END END AS total
FROM (SELECT abs(hashint4extended(n, 1)) AS h FROM generate_series(1, 3000) n) s;
CREATE TABLE order_of AS
SELECT customer, min(at) AS at, sum(total) AS total FROM lines WHERE total >= 0 GROUP BY customer, number, CASE WHEN number IS NULL THEN at END
UNION ALL SELECT customer, at, total FROM lines WHERE total < 0;
CREATE FUNCTION of_lines() RETURNS TABLE (call text, rows int8, differences int8) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH call IN ARRAY ARRAY['SELECT customer, repeat_purchases, active_days, age_days, round(expected_purchases::numeric, 6), round(expected_spend::numeric, 6), actual_purchases FROM predict_customers(%s)',
		'SELECT customer, repeat_purchases, active_days, age_days, actual_purchases FROM predict_customers(%s, holdout => ''100 days'')',
		'SELECT model, repeat_purchases, customers, actual_purchases FROM holdout_check(%s, holdout => ''100 days'', models => ''{nbd}'')']
	LOOP
		RETURN QUERY EXECUTE format('SELECT %L, (SELECT count(*) FROM (%s) b), (SELECT count(*) FROM ((%2$s EXCEPT ALL %3$s) UNION ALL (%3$s EXCEPT ALL %2$s)) d)', call,
			format(call, $s$'lines', 'customer', 'at', 'total', 'number'$s$), format(call, $s$'order_of', 'customer', 'at', 'total'$s$));
	END LOOP;
END
$$;
SELECT * FROM of_lines();
SELECT count(*) FROM retention_create_views('lines', 'customer', 'at', 'total', 'number', target => 'reader_lines');
SELECT k.orders = o.orders AND k.refunds = o.refunds AND k.revenue = o.revenue AND k.refunded = o.refunded AND k.customers = o.customers AND k.guest_orders = o.guests AS same,
	   round(k.aov, 4) = round((o.revenue + o.guest_revenue) / (o.orders + o.guests), 4) AS same_aov
FROM reader_lines.kpi k, (SELECT count(*) FILTER (WHERE total >= 0 AND customer IS NOT NULL) AS orders, count(*) FILTER (WHERE total < 0 AND customer IS NOT NULL) AS refunds, sum(total) FILTER (WHERE customer IS NOT NULL) AS revenue,
		-sum(total) FILTER (WHERE total < 0 AND customer IS NOT NULL) AS refunded, count(DISTINCT customer) FILTER (WHERE total >= 0) AS customers, count(*) FILTER (WHERE total >= 0 AND customer IS NULL) AS guests,
		sum(total) FILTER (WHERE customer IS NULL) AS guest_revenue FROM order_of WHERE at IS NOT NULL) o;
SELECT sum(row_count) = (SELECT count(*) FROM lines) AS all_rows, sum(amount) = (SELECT sum(total) FROM lines) AS all_money FROM reader_lines.excluded_rows;

-- Rows that look like lines are told of, unless they are said to be, or can't be.
CREATE TABLE numbered (order_id int, customer_id int, ordered_at date, amount int);
CREATE TABLE numbered_once (order_id int UNIQUE, customer_id int, ordered_at date, amount int, "Invoice No" text UNIQUE);
CREATE TABLE numbered_lines (order_id int, line int, customer_id int, ordered_at date, amount int, PRIMARY KEY (order_id, line));
SET client_min_messages = notice;
SELECT count(*) FROM predict_customers('numbered');
SELECT count(*) FROM predict_customers('numbered', order_id => 'order_id');
SELECT count(*) FROM predict_customers('numbered_once');
SELECT count(*) FROM predict_customers('numbered_lines');
SELECT count(*) FROM predict_customers('SELECT DISTINCT order_id, customer_id, ordered_at, amount FROM numbered');
SET client_min_messages = warning;
-- A price is no amount, as there may be several of it.
ALTER TABLE numbered RENAME amount TO price;
\set VERBOSITY terse
SELECT count(*) FROM retention_create_views('numbered');
\set VERBOSITY default

-- ---------------------------------------------------------------------------
-- Columns, and expressions over a row.
-- ---------------------------------------------------------------------------

CREATE TABLE "The Orders" ("Customer ID" int, email text, created bigint, placed timestamp, day date, total numeric, refunded numeric, payload jsonb, status text, "lower(email)" text, price money, share float8, bought text);
INSERT INTO "The Orders"
SELECT n % 5, 'Ann' || n % 3 || '@X.org', 1704067200 + n * 86400 * 9, timestamp '2024-01-01 23:30' + n * interval '9 days', date '2024-01-01' + n * 9, 100 + n, nullif(n % 4, 0),
	   jsonb_build_object('who', n % 5, 'total', n), CASE WHEN n % 7 = 0 THEN 'open' ELSE 'paid' END, 'x', n, 0.5, '2024-01-01' FROM generate_series(1, 20) n;
CREATE FUNCTION kpi(customer text, ordered_at text, amount text, filter text DEFAULT NULL, zone text DEFAULT NULL, source text DEFAULT '"The Orders"')
RETURNS TABLE (customers int8, orders int8, revenue numeric, first_order date, predicted int8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM retention_create_views($6, customer, ordered_at, amount, filter => filter, time_zone => zone, target => 'reader_shop');
	RETURN QUERY SELECT k.customers, k.orders, k.revenue, k.first_order,
		(SELECT count(*) FROM predict_customers(kpi.source, kpi.customer, kpi.ordered_at, kpi.amount, filter => kpi.filter, time_zone => kpi.zone, model => 'nbd')) FROM reader_shop.kpi k;
END
$$;
SELECT * FROM kpi('Customer ID', 'day', 'total');
SELECT * FROM kpi('"Customer ID"', 'placed', 'total');
SELECT * FROM kpi('nullif("Customer ID", 0)', 'placed', 'total - coalesce(refunded, 0)');
SELECT * FROM kpi('pg_catalog.lower(email)', 'to_timestamp(created)', '(payload->>''total'')::numeric', 'status = ''paid''');
SELECT * FROM kpi('payload->>''who''', 'placed AT TIME ZONE ''Europe/Berlin''', 'price', 'status IN (SELECT ''paid'')', 'Europe/Berlin');
-- A column's name comes first.
SELECT * FROM kpi('lower(email)', 'day', 'share * total');
SELECT * FROM kpi('EMAIL', 'DAY', 'Total + 0');
-- What is written doesn't depend on the search_path.
SELECT pg_get_viewdef('reader_shop.order_rows'::regclass) LIKE '%FROM reader."The Orders" order_row%' AS qualified FROM (SELECT set_config('search_path', 'pg_catalog', true)) s;

-- Tables of any kind, by any name; queries.
CREATE SCHEMA "Odd ""one""";
CREATE TABLE "Odd ""one"""."a.b" AS SELECT n % 5 AS customer_id, timestamptz '2024-01-01' + n * interval '9 days' AS ordered_at, n AS amount FROM generate_series(1, 20) n;
CREATE VIEW a_view AS TABLE "Odd ""one"""."a.b";
CREATE MATERIALIZED VIEW a_matview AS TABLE a_view;
CREATE TABLE parts (LIKE a_matview) PARTITION BY HASH (customer_id);
CREATE TABLE part PARTITION OF parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO parts TABLE a_view;
SELECT k.* FROM unnest(ARRAY['"Odd ""one"""."a.b"', 'a_view', 'reader.a_matview', 'PARTS', 'parts', 'The Orders', 'TABLE a_view', 'SELECT customer_id, ordered_at, amount FROM a_view -- all', ' SELECT amount, customer_id, ordered_at FROM a_view; ',
	'SELECT customer_id, ordered_at + interval ''1 day'', amount * 2 FROM a_view', 'WITH v AS (TABLE a_view) SELECT * FROM v ORDER BY 1 LIMIT 10', 'VALUES (1, date ''2024-01-01'', 5), (2, ''2024-01-02'', 6)', '(SELECT customer_id, ordered_at, amount FROM a_view)',
	'SELECT *, 1 AS one, 2 AS two FROM a_view', 'SELECT o.customer_id, o.ordered_at, o.amount AS total FROM a_view o JOIN parts USING (customer_id, ordered_at)']) o,
	LATERAL kpi(CASE o WHEN 'The Orders' THEN 'email' END, CASE o WHEN 'The Orders' THEN 'day' END, CASE o WHEN 'The Orders' THEN 'total' END, source => o) k;
SELECT count(*) FROM retention_create_views('a_view'::regclass, target => 'reader_shop');
SELECT count(*) FROM predict_customers('a_view'::regclass, model => 'nbd');

-- ---------------------------------------------------------------------------
-- Time zones.
-- ---------------------------------------------------------------------------

-- An evening in New York is the next day elsewhere.
CREATE TABLE evenings AS SELECT n % 4 AS customer_id, timestamptz '2024-01-31 22:00 America/New_York' + n * n * interval '7 hours' AS ordered_at, 10 + n AS amount FROM generate_series(0, 23) n;
SELECT set_config('timezone', zone, false) AS session, (SELECT sum(active_days) FROM predict_customers('evenings', time_zone => 'America/New_York', model => 'nbd')) AS named,
	   (SELECT sum(age_days) FROM predict_customers('evenings', time_zone => 'America/New_York', model => 'nbd')) AS age,
	   (SELECT sum(actual_purchases) FROM holdout_check('evenings', time_zone => 'America/New_York', models => '{nbd}', holdout => '40 days')) AS actual
FROM unnest('{UTC,Asia/Tokyo,America/New_York}'::text[]) zone;
-- Where none is named the session's has no say: it is UTC, which is said ...
SET client_min_messages = notice;
SET timezone = 'America/New_York';
SELECT sum(active_days) AS days, sum(age_days) AS age FROM predict_customers('evenings', model => 'nbd');
SET timezone = '<+02>-02';
SELECT sum(active_days) AS days, sum(age_days) AS age FROM predict_customers('evenings', model => 'nbd');
SET timezone = 'UTC';
SELECT sum(active_days) AS days, sum(age_days) AS age FROM predict_customers('evenings', model => 'nbd');
SET timezone = 'America/New_York';
SELECT count(*) FROM predict_customers('evenings', ordered_at => 'ordered_at::date', model => 'nbd');
SELECT count(*) FROM retention_create_views('evenings', target => 'reader_utc');
SELECT period, time_zone FROM reader_utc.retention_options;
SELECT retention_drop_views('reader_utc');
-- ... or that of the views that there are of the table.
SELECT count(*) FROM retention_create_views('evenings', target => 'reader_ny', time_zone => 'America/New_York');
CREATE TEMP VIEW asked AS SELECT (SELECT sum(active_days) FROM predict_customers('evenings', model => 'nbd')) AS days, (SELECT sum(age_days) FROM predict_customers('evenings', model => 'nbd')) AS age,
	   (SELECT sum(actual_purchases) FROM holdout_check('evenings', models => '{nbd}', holdout => '40 days')) AS actual,
	   (SELECT sum(age_days) FROM predict_customers('SELECT e.* FROM evenings e JOIN (SELECT 1) one ON true', model => 'nbd')) AS of_query, (SELECT sum(age_days) FROM predict_customers('reader_ny.order_rows', model => 'nbd')) AS of_rows;
SELECT set_config('timezone', zone, false) AS session, asked.* FROM unnest('{UTC,Asia/Tokyo,America/New_York}'::text[]) zone, asked;
-- Views that are made again keep theirs.
SET timezone = 'Asia/Tokyo';
SELECT count(*) FROM retention_create_views('evenings', target => 'reader_ny');
SELECT time_zone FROM reader_ny.retention_options;
SELECT count(*) FROM retention_create_views('evenings', target => 'reader_de', time_zone => 'Europe/Berlin');
SELECT count(*) FROM predict_customers('evenings', model => 'nbd');
SELECT count(*) FROM predict_customers('evenings', model => 'nbd', time_zone => 'Europe/Berlin');
SELECT count(*) FROM retention_create_views('evenings', target => 'reader_ny');
SELECT time_zone FROM reader_ny.retention_options;
SELECT retention_drop_views('reader_de');
-- Those of somebody else, who has no table of theirs there, don't count.
CREATE ROLE regress_reader_other;
GRANT USAGE, CREATE ON SCHEMA reader TO regress_reader_other;
GRANT SELECT ON evenings TO regress_reader_other;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_reader_other', current_database()); END $$;
SET ROLE regress_reader_other;
SELECT count(*) FROM retention_create_views('evenings', target => 'reader_other', time_zone => 'Europe/Berlin');
SELECT count(*) FROM predict_customers('evenings', model => 'nbd');
RESET ROLE;
SELECT sum(age_days) AS age FROM predict_customers('evenings', model => 'nbd');
SELECT retention_drop_views('reader_ny');
SELECT retention_drop_views('reader_other');
DROP OWNED BY regress_reader_other;
DROP ROLE regress_reader_other;
DROP VIEW asked;
SET client_min_messages = warning;
SET timezone = 'UTC';
-- Times in a filter are those of the calendar, as days are.
SELECT first_order, orders FROM kpi('customer_id', 'ordered_at', 'amount', 'ordered_at >= ''2024-01-31 22:00''', 'America/New_York', 'evenings');
SELECT first_order, orders FROM kpi('customer_id', 'ordered_at', 'amount', 'ordered_at < ''2024-02-01''', 'America/New_York', 'SELECT * FROM evenings WHERE ordered_at < ''2024-02-01 06:00''');
SELECT substring(pg_get_viewdef('reader_shop.order_rows') from 'WHERE order_row.ordered_at < ''([^'']*)') AS before;
\set VERBOSITY terse
SELECT count(*) FROM retention_create_views('evenings', time_zone => 'UTC', target => 'reader_shop');
SELECT count(*) FROM retention_create_views('evenings', time_zone => '+02:00', target => 'reader_shop');
SELECT count(*) FROM retention_create_views('evenings', time_zone => 'UTC+3', target => 'reader_shop');
SELECT count(*) FROM retention_create_views('evenings', time_zone => '<+02>-02', target => 'reader_shop');
SELECT count(*) FROM retention_create_views('evenings', time_zone => 'CET+1CEST', target => 'reader_shop');
SELECT count(*) FROM predict_customers('evenings', time_zone => 'Etc/GMT-2');
SELECT purchase_history(customer_id, ordered_at, 'day', '-5') IS NULL FROM evenings;
SELECT period_start(now(), 'day', 'UTC-2') IS NULL;
SET timezone = 2;
SELECT count(*) FROM predict_customers('evenings');
SELECT count(*) FROM predict_customers('evenings', time_zone => 'Etc/UTC', model => 'nbd');
SET timezone = 'UTC';
SELECT count(*) FROM predict_customers('SELECT customer_id, ordered_at::date, amount FROM evenings', time_zone => 'UTC');
\set VERBOSITY default

-- ---------------------------------------------------------------------------
-- What one is told.
-- ---------------------------------------------------------------------------

CREATE FUNCTION told(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	hint text;
	context text;
BEGIN
	EXECUTE call;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN concat_ws(' | ', state, message, nullif(hint, ''), CASE WHEN context ~ 'pg_catalog|WITH customers' THEN 'an internal query' END);
END
$$;
CREATE TABLE many (customer_id int, email text, "User ID" uuid, ordered_at date, created_at timestamptz, amount numeric, total numeric, gone int);
ALTER TABLE many DROP gone;
CREATE TABLE few (who int, ordered_at text, amount json);
CREATE TABLE wrong (customer_id float8, ordered_at bigint, amount text, number json, a int, b date, c numeric);
CREATE TABLE odd (customer_id int, ordered_at date, amount numeric, "my time" text, "My Sum" text);
INSERT INTO odd VALUES (1, '2024-01-01', 'NaN', '', '');
SELECT call, told('SELECT ' || call) FROM unnest(ARRAY[
	$$retention_create_views('many')$$, $$retention_create_views('many', 'customer_id')$$, $$retention_create_views('many', 'customer_id', 'created_at')$$, $$predict_customers('many', 'email', 'created_at')$$,
	$$retention_create_views('few')$$, $$retention_create_views('few', 'who')$$, $$retention_create_views('few', 'who', 'ordered_at::date')$$, $$predict_customers('few', 'who', 'ordered_at::date')$$,
	$$predict_customers('wrong')$$, $$predict_customers('wrong', 'a')$$, $$holdout_check('wrong', 'a', 'b')$$, $$predict_customers('wrong', 'a', 'b', 'c', 'number')$$, $$retention_create_views('wrong', 'a', 'b', 'c', 'number')$$,
	$$retention_create_views('wrong', 'a', 'b', 'c', filter => 'a')$$, $$predict_customers('odd', ordered_at => 'my time')$$, $$predict_customers('odd', amount => 'My Sum')$$, $$predict_customers('odd', amount => '"My Sum" || 1')$$,
	$$predict_customers('odd', 'Customer Id')$$, $$predict_customers('odd', 'custumer')$$, $$predict_customers('odd', 'odd.custumer')$$, $$predict_customers('odd', 'max(customer_id)')$$, $$predict_customers('odd', 'row_number() OVER ()')$$,
	$$predict_customers('odd', 'generate_series(1, customer_id)')$$, $$predict_customers('odd', '7')$$, $$predict_customers('odd', ordered_at => 'now()')$$, $$predict_customers('odd', 'customer_id; DROP TABLE odd')$$,
	$$predict_customers('odd', 'customer_id FROM odd --')$$, $$predict_customers('odd', '')$$, $$predict_customers('odd')$$, $$holdout_check('odd')$$, $$predict_customers('SELECT customer_id, ordered_at, 1 / (customer_id - 1) FROM odd')$$,
	$$predict_customers('no_such')$$, $$predict_customers('no.such')$$, $$predict_customers('no such')$$, $$predict_customers('')$$, $$predict_customers(NULL::regclass)$$, $$predict_customers('SELECT 1; SELECT 2')$$,
	$$predict_customers('DELETE FROM odd')$$, $$predict_customers('WITH d AS (DELETE FROM odd RETURNING *) SELECT * FROM d')$$, $$predict_customers('SELECT * INTO new FROM odd')$$, $$predict_customers('SELECT $1')$$, $$predict_customers('SELECT 1, 2')$$,
	$$predict_customers('SELECT ordered_at, customer_id FROM odd', time_zone => 'Mars')$$, $$retention_create_views('SELECT customer_id, ordered_at FROM odd')$$, $$retention_create_views('TABLE reader_shop.kpi', 'orders', 'first_order', 'aov', target => 'reader_shop')$$]) call;
-- Names that stand for something else, and columns of a query in another order than they seem to be: then amounts would be customers.
SELECT call, told('SELECT ' || call) FROM unnest(ARRAY[
	$$predict_customers('SELECT amount, ordered_at, customer_id AS number FROM odd')$$, $$predict_customers('SELECT customer_id AS number, amount, ordered_at FROM odd')$$, $$retention_create_views('SELECT customer_id, amount FROM odd')$$,
	$$predict_customers('SELECT customer_id AS id, ordered_at, amount FROM odd')$$, $$predict_customers('SELECT customer_id AS order_id, ordered_at, amount FROM odd')$$,
	$$predict_customers('SELECT customer_id, ordered_at, amount, amount FROM odd')$$, $$predict_customers('SELECT * FROM odd a, odd b')$$,
	$$predict_customers('odd', 'customer_id', 'amount', 'ordered_at')$$, $$predict_customers('odd', 'ordered_at', 'customer_id', 'amount')$$,
	$$predict_customers('odd', filter => 'customer_id = Ann')$$, $$predict_customers('odd', filter => 'customer_id = "Ann"')$$, $$predict_customers('odd', amount => 'amount - tax')$$,
	$$predict_customers('odd', filter => 'EXISTS (SELECT FROM many WHERE many.customer_id = odd.customer_id AND vat > 0)')$$]) WITH ORDINALITY u (call, n) ORDER BY n;
SELECT count(*) FROM predict_customers('SELECT customer_id AS number, ordered_at AS day, amount AS money FROM a_view', model => 'nbd');
-- The key of the orders in the place of their customers.
CREATE TABLE keyed (id int PRIMARY KEY, customer_id int, ordered_at date, amount numeric);
SET client_min_messages = notice;
SELECT count(*) FROM predict_customers('keyed', 'id', model => 'nbd');
SELECT count(*) FROM predict_customers('keyed', model => 'nbd');
SET client_min_messages = warning;
SELECT target, told(format('SELECT retention_create_views(''a_view'', target => %L)', target)) FROM unnest('{"",pg_toast,pg_mine,pg_temp,information_schema}'::text[]) target;
CREATE TEMP TABLE for_now AS TABLE odd;
SELECT told($$SELECT retention_create_views('SELECT * FROM odd WHERE customer_id IN (SELECT customer_id FROM for_now)')$$), told($$SELECT retention_create_views('odd', filter => 'customer_id IN (SELECT customer_id FROM for_now)')$$);
-- Whoever may not read a column is told so before anything is made.
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA reader TO regress_reader;
GRANT SELECT (customer_id, ordered_at) ON odd TO regress_reader;
SET ROLE regress_reader;
SELECT told($$SELECT predict_customers('odd')$$), told($$SELECT predict_customers('odd', amount => 'customer_id')$$), told($$SELECT predict_customers('odd', amount => 'customer_id', filter => 'amount > 0')$$);
RESET ROLE;
REVOKE ALL ON SCHEMA reader FROM regress_reader;
REVOKE ALL ON odd FROM regress_reader;
DROP ROLE regress_reader;

DROP SCHEMA reader_shop, reader_lines, reader, "Odd ""one""" CASCADE;
