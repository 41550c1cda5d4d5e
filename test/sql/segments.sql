-- Views of the parts of a shop, by country, channel and so on: each column, over random
-- shops, against its definition in plain SQL, in which who is new is a matter of the whole.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = 1;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE SCHEMA segments_test;
SET search_path = segments_test, public;

-- ---------------------------------------------------------------------------
-- Random shops.
-- ---------------------------------------------------------------------------

CREATE TABLE shops (id int PRIMARY KEY, what text, rows int, customers int, first date, days int, guests float8, refunds float8, skipped float8,
	key text, at text, period text, zone text, lifespan interval, lifespan_days numeric, margin float8, is_lines bool, told text, kept text, mode text);
INSERT INTO shops VALUES
	(1, 'all of it', 300, 40, '2022-06-15', 700, 0.05, 0.15, 0.05, 'int8', 'timestamptz', 'month', NULL, NULL, NULL, 1, false, NULL, NULL, 'plain'),
	(2, 'lines, another zone', 300, 30, '2022-11-20', 400, 0.05, 0.15, 0.05, 'text', 'timestamptz', 'week', 'America/New_York', '3 years', 1095.75, 0.3, true, NULL, NULL, 'materialized'),
	(3, 'profit', 200, 30, '2021-09-15', 1200, 0.1, 0.2, 0.05, 'uuid', 'timestamp', 'quarter', NULL, NULL, NULL, 1, false, 'quantity > 0', NULL, 'plain'),
	(4, 'profit of lines', 300, 30, '2022-06-15', 500, 0.05, 0.2, 0.05, 'varchar', 'date', 'month', NULL, NULL, NULL, 1, true, 'quantity > 0', 'quantity < 6', 'plain'),
	(5, 'guests', 150, 20, '2024-01-10', 60, 0.6, 0.2, 0, 'int4', 'timestamptz', 'day', 'Asia/Kolkata', NULL, NULL, 1, false, NULL, NULL, 'materialized'),
	(6, 'no rows', 0, 1, '2024-01-10', 60, 0, 0, 0, 'int8', 'date', 'month', NULL, NULL, NULL, 1, false, NULL, NULL, 'plain'),
	(7, 'refunds only', 30, 5, '2024-01-10', 100, 0.2, 1, 0, 'text', 'date', 'month', NULL, NULL, NULL, 1, false, NULL, NULL, 'plain'),
	(8, 'nothing that counts', 30, 5, '2024-01-10', 100, 0.2, 0.2, 1, 'numeric', 'timestamp', 'month', NULL, NULL, NULL, 1, false, NULL, NULL, 'plain'),
	(9, 'a filter', 300, 40, '2019-06-15', 1500, 0.05, 0.15, 0.05, 'bpchar', 'timestamp', 'year', NULL, NULL, NULL, 0.5, false, NULL, 'quantity > 1', 'materialized'),
	(10, 'days with many orders', 200, 12, '2024-01-10', 30, 0.05, 0.1, 0, 'int2', 'date', 'week', NULL, '500 days', 500, 1, false, NULL, NULL, 'plain');

-- A number from 0 to 1, the same on every machine.
CREATE FUNCTION chance(shop int, n int, what int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (hashint4extended(shop * 1000 + n, what) & 4503599627370495) / 4503599627370496.0::float8
$$;
CREATE TYPE channel AS ENUM ('web', 'in the shop');
-- Customers have a country that they mostly buy in; a value may be empty, or none.
CREATE TABLE draws AS
SELECT id, n, customer, at, amount, order_no, quantity,
	   CASE WHEN chance(id, n, 20) < 0.1 THEN NULL WHEN chance(id, n, 20) < 0.2 THEN ''
			ELSE (ARRAY['DE', 'FR', $$it's; -- "x"$$, 'Ünä'])[1 + (customer + floor(chance(id, n, 21) ^ 2 * 3)::int) % 4] END AS country,
	   CASE WHEN chance(id, n, 22) < 0.6 THEN 'web' WHEN chance(id, n, 22) < 0.95 THEN 'in the shop' END AS channel,
	   floor(chance(id, n, 23) * 3)::numeric AS store
FROM (SELECT id, n,
		CASE WHEN chance(id, n, 1) >= guests THEN floor(chance(id, n, 2) ^ 1.5 * customers)::int END AS customer,
		CASE WHEN chance(id, n, 3) >= skipped THEN first + floor(chance(id, n, 4) * days) * interval '1 day' + chance(id, n, 5) * interval '24 hours'
			 WHEN chance(id, n, 4) < 0.5 THEN 'infinity' END AS at,
		CASE WHEN chance(id, n, 7) < skipped / 2 THEN NULL WHEN chance(id, n, 7) < skipped THEN 0
			 ELSE round((chance(id, n, 8) * 300 + 1)::numeric, 2) * CASE WHEN chance(id, n, 9) < refunds THEN -1 ELSE 1 END END AS amount,
		CASE WHEN chance(id, n, 11) >= 0.1 THEN floor(chance(id, n, 12) * 6)::int END AS order_no,
		CASE WHEN chance(id, n, 14) < 0.9 THEN ceil(chance(id, n, 15) * 8)::int - 1 END AS quantity
	  FROM shops, generate_series(1, rows) n) d;
DO $$
DECLARE
	s shops;
BEGIN
	FOR s IN SELECT * FROM shops LOOP
		EXECUTE format('CREATE TABLE %I AS SELECT %s AS "Customer", %s AS at, amount, order_no, quantity, country::varchar(20) AS %I, channel::channel, store FROM draws WHERE id = %s', 'Shop ' || s.id,
			CASE s.key WHEN 'int8' THEN '(customer::int8 * 1000003 - 7)' WHEN 'text' THEN '''customer '' || customer' WHEN 'uuid' THEN 'md5(customer::text)::uuid'
					   WHEN 'varchar' THEN '(''K'' || customer)::varchar(20)' WHEN 'bpchar' THEN '(''K'' || customer)::char(12)' WHEN 'numeric' THEN 'round(customer::numeric, n % 3)' ELSE 'customer::' || s.key END,
			CASE s.at WHEN 'timestamptz' THEN 'at AT TIME ZONE ''UTC''' ELSE 'at::' || s.at END, 'Country; "x"', s.id);
		PERFORM retention_create_views(format('%I', 'Shop ' || s.id)::regclass, 'Customer', 'at', 'amount', order_id => CASE WHEN s.is_lines THEN 'order_no' END, filter => s.kept, is_order => s.told,
			target => ('views ' || s.id)::name, period => s.period, time_zone => s.zone, lifespan => s.lifespan, margin => s.margin, mode => s.mode,
			-- a column, an enum, a number (1 and 1.0 are one), a condition
			segments => ARRAY['Country; "x"', 'channel', 'round(store, quantity % 2) AS "the store''s"', 'quantity > 3 AS large']);
	END LOOP;
END
$$;

CREATE TABLE rows AS
SELECT d.id, n,
	   CASE s.key WHEN 'int8' THEN (customer::int8 * 1000003 - 7)::text WHEN 'text' THEN 'customer ' || customer WHEN 'uuid' THEN md5(customer::text)::uuid::text
				  WHEN 'varchar' THEN 'K' || customer WHEN 'bpchar' THEN 'K' || customer ELSE customer::text END AS customer,
	   CASE WHEN s.at = 'date' THEN date_trunc('day', d.at) ELSE d.at END AS instant, d.amount, order_no, is_lines,
	   CASE kept WHEN 'quantity < 6' THEN quantity < 6 WHEN 'quantity > 1' THEN quantity > 1 ELSE true END IS TRUE AS kept,
	   CASE WHEN told IS NULL THEN d.amount >= 0 ELSE quantity > 0 END IS TRUE AS is_order,
	   ARRAY[country, channel, CASE WHEN quantity IS NOT NULL THEN store::text END, CASE WHEN quantity > 3 THEN 'true' WHEN quantity <= 3 THEN 'false' END] AS "values"
FROM draws d JOIN shops s USING (id);
-- Lines of one order have its first value; those that are none, or refunds, each its own.
CREATE TABLE sold AS
SELECT id, kept, customer, instant, amount, is_order, 1::int8 AS row_count, CASE WHEN is_lines THEN order_no END AS order_no, "values" FROM rows WHERE NOT is_lines OR NOT is_order OR amount IS NULL
UNION ALL
SELECT id, kept, customer, min(instant) FILTER (WHERE isfinite(instant)), sum(amount), true, count(*), order_no,
	   ARRAY[min("values"[1] COLLATE "C"), min("values"[2] COLLATE "C"), min("values"[3] COLLATE "C"), min("values"[4] COLLATE "C")]
FROM rows WHERE is_lines AND is_order AND amount IS NOT NULL
GROUP BY id, kept, customer, order_no, CASE WHEN order_no IS NULL THEN coalesce('at ' || instant, 'never') END;
CREATE TABLE parts AS
SELECT row_number() OVER (ORDER BY id, nth, value COLLATE "C")::int + 1000 AS id, id AS whole, nth, (ARRAY['Country; "x"', 'channel', 'the store''s', 'large'])[nth] AS segment, value
FROM (SELECT DISTINCT id, nth, value FROM sold, unnest("values") WITH ORDINALITY u (value, nth) WHERE kept) p;
INSERT INTO shops SELECT p.id, what, rows, customers, first, days, guests, refunds, skipped, key, at, period, zone, lifespan, lifespan_days, margin, is_lines, told, kept, mode FROM parts p JOIN shops s ON s.id = whole;
CREATE TABLE plain_orders AS
SELECT id, kept, customer, instant, amount, is_order, row_count, order_no FROM sold
UNION ALL
SELECT p.id, kept, customer, instant, amount, is_order, row_count, order_no FROM parts p JOIN sold s ON s.id = whole AND "values"[nth] IS NOT DISTINCT FROM value WHERE kept;

\set ECHO none
\getenv here PG_ABS_SRCDIR
\set definitions :here '/plain/views.sql'
\i :definitions
\set ECHO all
SELECT count(*) AS parts, count(value) AS values, count(DISTINCT whole) AS shops FROM parts;
DO $$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT * FROM parts LOOP
		CALL compare(p.id, 'views ' || p.whole, format('segment = %L AND value IS NOT DISTINCT FROM %L', p.segment, p.value));
	END LOOP;
END
$$;
SELECT view, count(DISTINCT id) AS parts, count(DISTINCT name) AS columns, sum(rows) AS "values", sum(differences) AS differences FROM compared GROUP BY view ORDER BY view;
SELECT whole, what, segment, value, view, name, c.rows, differences FROM compared c JOIN shops USING (id) JOIN parts USING (id) WHERE differences > 0 ORDER BY 1, 3, 4, 5, 6 LIMIT 30;
-- No other values are there than these.
CREATE TABLE found (id int, segment text, value text);
DO $$ BEGIN FOR i IN 1..10 LOOP EXECUTE format('INSERT INTO found SELECT %s, segment, value FROM %I.segment_history', i, 'views ' || i); END LOOP; END $$;
SELECT count(*) AS parts, count(*) FILTER (WHERE p.id IS NULL) AS missing FROM found f LEFT JOIN parts p ON p.whole = f.id AND p.segment = f.segment AND p.value IS NOT DISTINCT FROM f.value;

-- The parts of a segment add up to the shop: its orders and its money, and every row.
CREATE TABLE totals (id int, total text, segment text, got numeric, expected numeric);
DO $$
BEGIN
	FOR i IN 1..10 LOOP
		EXECUTE format($q$
			INSERT INTO totals
			SELECT %1$s, 'kpi.' || name, segment, sum(e.value::numeric), (SELECT to_jsonb(k) ->> name FROM %2$I.kpi k)::numeric
			FROM %2$I.kpi_by_segment p, jsonb_each_text(to_jsonb(p) - 'segment' - 'value') e (name, value)
			WHERE name IN ('orders', 'revenue', 'refunds', 'refunded', 'guest_orders', 'guest_revenue', 'all_orders', 'all_revenue') GROUP BY name, segment
			UNION ALL
			SELECT %1$s, 'kpi_by_period.' || name, segment, sum(e.value::numeric), (SELECT to_jsonb(k) ->> name FROM %2$I.kpi_by_period k WHERE k.period_start = p.period_start)::numeric
			FROM %2$I.kpi_by_segment_and_period p, jsonb_each_text(to_jsonb(p) - 'segment' - 'value') e (name, value)
			WHERE name IN ('orders', 'revenue', 'refunds', 'refunded', 'guest_orders', 'guest_revenue', 'all_orders', 'all_revenue', 'new_orders', 'returning_orders') GROUP BY name, segment, period_start
			UNION ALL
			SELECT %1$s, 'rows, counted: ' || is_counted, segment, sum(row_count), (SELECT sum(row_count) FROM %2$I.excluded_rows x WHERE x.is_counted = e.is_counted AND x.reason <> 'filtered out')
			FROM %2$I.segment_history, excluded_rows(history) e GROUP BY segment, is_counted
			UNION ALL
			SELECT %1$s, 'amounts, counted: ' || is_counted, segment, sum(amount), (SELECT sum(amount) FROM %2$I.excluded_rows x WHERE x.is_counted = e.is_counted AND x.reason <> 'filtered out')
			FROM %2$I.segment_history, excluded_rows(history) e GROUP BY segment, is_counted$q$, i, 'views ' || i);
	END LOOP;
END
$$;
SELECT total, count(DISTINCT id) AS shops, count(DISTINCT segment) AS segments, count(*) AS totals, count(*) FILTER (WHERE got IS DISTINCT FROM expected) AS differences FROM totals GROUP BY total ORDER BY total COLLATE "C";

-- Both modes say the same.
CREATE TABLE modes (id int, view text, rows int8, differences int8);
DO $$
DECLARE
	k keys;
	columns text;
BEGIN
	FOR i IN 1..10 LOOP
		CONTINUE WHEN (SELECT mode FROM shops WHERE id = i) = 'materialized';
		PERFORM retention_create_views(format('SELECT * FROM %I', 'Shop ' || i), 'Customer', 'at', 'amount', order_id => CASE WHEN s.is_lines THEN 'order_no' END, filter => s.kept, is_order => s.told,
			target => 'kept', period => s.period, time_zone => s.zone, lifespan => s.lifespan, margin => s.margin, mode => 'materialized',
			segments => ARRAY['Country; "x"', 'channel', 'round(store, quantity % 2) AS "the store''s"', 'quantity > 3 AS large']) FROM shops s WHERE s.id = i;
		FOR k IN SELECT * FROM keys WHERE of_parts IS NOT NULL LOOP
			EXECUTE format('INSERT INTO modes SELECT %s, %L, count(*), count(*) FILTER (WHERE a IS DISTINCT FROM b) FROM (SELECT to_jsonb(a) - ''updated_at'' AS a, segment, value, key_of(to_jsonb(a), %L) AS k FROM %I.%I a) a
				FULL JOIN (SELECT to_jsonb(b) - ''updated_at'' AS b, segment, value, key_of(to_jsonb(b), %3$L) AS k FROM kept.%5$I b) b ON a.segment = b.segment AND coalesce(a.value, ''none'') = coalesce(b.value, ''none'') AND a.k = b.k',
				i, k.of_parts, k.key, 'views ' || i, k.of_parts);
		END LOOP;
		PERFORM retention_drop_views('kept');
	END LOOP;
END
$$;
SELECT view, count(*) AS shops, sum(rows) AS rows, sum(differences) AS differences FROM modes GROUP BY view ORDER BY view;

-- The customer's own: that of the first order; of several on its day the first by bytes.
CREATE TABLE own (id int, view text, customers int8, differences int8, nulls int8);
DO $$
DECLARE
	view text;
BEGIN
	FOR i IN 1..10 LOOP
		FOREACH view IN ARRAY ARRAY['customers', 'customer_facts'] LOOP
			EXECUTE format($q$
				INSERT INTO own
				WITH first AS (
					SELECT customer, day, value, nth FROM (SELECT o.customer, min(f.day) AS day FROM facts o JOIN firsts f USING (id, customer) WHERE o.id = %1$s GROUP BY o.customer) c
						JOIN (SELECT p.customer, p.day, nth, value FROM facts p JOIN parts ON parts.id = p.id WHERE whole = %1$s AND is_order) p USING (customer, day)),
				plain AS (SELECT customer, (array_agg(value ORDER BY value COLLATE "C") FILTER (WHERE nth = 1))[1] AS "Country; ""x""", (array_agg(value ORDER BY value COLLATE "C") FILTER (WHERE nth = 2))[1] AS channel,
							(array_agg(value ORDER BY value COLLATE "C") FILTER (WHERE nth = 3))[1] AS "the store's", (array_agg(value ORDER BY value COLLATE "C") FILTER (WHERE nth = 4))[1] AS large FROM first GROUP BY customer)
				SELECT %1$s, %2$L, count(*), count(*) FILTER (WHERE (v."Country; ""x""", v.channel, v."the store's", v.large) IS DISTINCT FROM (p."Country; ""x""", p.channel, p."the store's", p.large)), count(*) FILTER (WHERE v.channel IS NULL)
				FROM (SELECT %4$s AS customer, "Country; ""x""", channel, "the store's", large FROM %3$I.%2$I) v FULL JOIN plain p USING (customer)$q$, i, view, 'views ' || i,
				CASE (SELECT key FROM shops WHERE id = i) WHEN 'numeric' THEN 'trim_scale(customer::numeric)::text' WHEN 'bpchar' THEN 'rtrim(customer::text)' ELSE 'customer::text' END);
		END LOOP;
	END LOOP;
END
$$;
SELECT view, count(*) FILTER (WHERE customers > 0) AS shops, sum(customers) AS customers, sum(nulls) > 0 AS some_have_none, sum(differences) AS differences FROM own GROUP BY view ORDER BY view;
SELECT col_description('"views 1".customers'::regclass, attnum) FROM pg_attribute WHERE attrelid = '"views 1".customers'::regclass AND attname = 'channel';
-- Parts of another kind, and arrays that don't fit.
\set call 'SELECT count(*) FROM _retention_customers_int8((SELECT purchase_history(1, date ''2024-01-01'', 1, ''day'')), NULL, NULL, NULL, NULL, NULL, '
:call ARRAY[(SELECT purchase_history(1, date '2024-01-01', 'month'))], '{1}');
:call ARRAY[(SELECT purchase_history('a', date '2024-01-01', 1, 'day'))], '{1}');
:call ARRAY[NULL::purchase_history], '{1}');
:call ARRAY[(SELECT purchase_history(1, date '2024-01-01', 1, 'day'))], '{1,2}');
:call ARRAY[(SELECT purchase_history(1, date '2024-01-01', 1, 'day'))], '{0}');
:call ARRAY[(SELECT purchase_history(1, date '2024-01-01', 1, 'day'))], '{2147483647}');
:call ARRAY[]::purchase_history[], '{}');
SELECT first_parts FROM _retention_customers_int8((SELECT purchase_history(n, date '2024-01-01' + n, 1, 'day') FROM generate_series(1, 3) n), NULL, NULL, NULL, NULL, NULL,
	ARRAY[(SELECT purchase_history(n, date '2024-01-02', 1, 'day') FROM generate_series(1, 2) n), (SELECT purchase_history(n, date '2024-01-04', 1, 'day') FROM generate_series(2, 5) n)], '{3,1}') ORDER BY first_parts;

-- Each view and column says what it is, in types that tools know.
CREATE VIEW made AS
SELECT c.oid, c.relname, c.relkind, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('v', 'm') AND nspname LIKE 'views %' AND relname ~ 'segment(_|$)' AND relname !~ '^rfm|history';
SELECT relkind, count(DISTINCT relname) AS names, count(*) AS relations, count(*) FILTER (WHERE obj_description(oid) IS NULL) AS without_comment FROM made GROUP BY relkind ORDER BY relkind;
SELECT DISTINCT relname, attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum) FROM made JOIN pg_attribute ON attrelid = oid
WHERE attnum > 0 AND (coalesce(col_description(attrelid, attnum), '') !~ '\w' OR col_description(attrelid, attnum) ~ '@'
	OR format_type(atttypid, atttypmod) NOT IN ('integer', 'bigint', 'double precision', 'numeric(38,4)', 'text', 'boolean', 'date', 'timestamp with time zone'));
SELECT obj_description('"views 1".kpi_by_segment'::regclass);
SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) ~ 'UNIQUE' AS is_unique, regexp_replace(pg_get_indexdef(indexrelid), '.* btree ', '') AS key
FROM pg_index JOIN made ON oid = indrelid WHERE nspname = 'views 2' ORDER BY indexrelid::regclass::text COLLATE "C";
SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = '"views 1".order_rows'::regclass AND attnum > 3 ORDER BY attnum;

-- ---------------------------------------------------------------------------
-- Regions: of the orders of each by themselves old customers would be new, and a region that
-- was closed would have active ones.
-- ---------------------------------------------------------------------------

CREATE TABLE lines AS
SELECT 'O' || o AS order_no, 1 + o % 60 AS customer, date '2019-01-01' + o * 2 AS day, (ARRAY['West', 'East', 'Central', 'South'])[1 + (o % 60 + o / 60) % 4] AS region, 10.00 * l AS price
FROM generate_series(0, 899) o, generate_series(1, 1 + o % 3) l;
DELETE FROM lines WHERE region = 'South' AND day >= '2021-01-01';
SELECT count(*) FROM retention_create_views('lines', 'customer', 'day', 'price', order_id => 'order_no', segments => '{region}', target => 'regions');
SELECT s.value AS region, n.new AS by_itself, p.new_customers AS of_shop
FROM (SELECT value, sum(new_customers) FILTER (WHERE period_start >= '2020-01-01') AS new_customers FROM regions.kpi_by_segment_and_period GROUP BY value) p
	 JOIN regions.segment_history s USING (value),
	 LATERAL (SELECT sum(new_customers) FILTER (WHERE period_start >= '2020-01-01') AS new FROM new_and_returning((SELECT purchase_history(customer, day, price, 'day') FROM lines WHERE region = s.value), 'month')) n
ORDER BY 1;
SELECT status, count(*) FROM customer_list((SELECT purchase_history(customer, day, price, 'day') FROM lines WHERE region = 'South')) GROUP BY status ORDER BY status;
SELECT status, count(*) FROM regions.segment_history, customer_list(history) WHERE value = 'South' GROUP BY status ORDER BY status;
SELECT max(period_start) FILTER (WHERE customers > 0) AS last_visited, max(period_start) AS last, bool_and(is_complete) FILTER (WHERE customers > 0) AS is_complete
FROM regions.kpi_by_segment_and_period WHERE value = 'South';

-- ---------------------------------------------------------------------------
-- Segments that come and go, and what is nobody's segment.
-- ---------------------------------------------------------------------------

CREATE FUNCTION by_segment(target text) RETURNS text STABLE LANGUAGE sql AS $$
	SELECT string_agg(relname, ', ' ORDER BY relname COLLATE "C") FROM pg_class WHERE relnamespace = target::regnamespace AND relkind IN ('v', 'm') AND relname ~ 'segment(_|$)' AND relname !~ '^rfm'
$$;
CREATE TABLE plain (customer int, ordered_at date, amount numeric, country text, channel text, doubled float8, at timestamptz, data json, order_rows text);
INSERT INTO plain VALUES (1, '2024-01-05', 10, 'DE', 'web'), (1, '2024-02-05', 20, 'FR', 'web'), (2, '2024-02-15', 30, 'FR', NULL);
SELECT count(*) FROM retention_create_views('plain', target => 'coming');
-- somebody's own view of a name that isn't taken yet
CREATE VIEW coming.kpi_by_segment AS SELECT 1 AS mine;
SELECT count(*) FROM retention_create_views('plain', target => 'coming', period => 'year');
SELECT count(*) FROM retention_refresh_views('coming');
SELECT count(*) FROM retention_create_views('plain', target => 'coming', segments => '{country}');
ALTER VIEW coming.kpi_by_segment RENAME TO my_kpi;
SELECT count(*) FROM retention_create_views('plain', target => 'coming', segments => '{country}');
-- what stands upon the views stays where a segment comes behind the others
CREATE VIEW coming.mine AS SELECT value, orders FROM coming.kpi_by_segment WHERE segment = 'country';
SELECT count(*) FROM retention_create_views('plain', target => 'coming', segments => '{country,channel}', mode => 'materialized');
SELECT * FROM coming.mine ORDER BY value;
SELECT segment, value, customers, revenue FROM coming.kpi_by_segment ORDER BY segment, value;
INSERT INTO plain VALUES (3, '2024-03-05', 5, 'AT', 'web');
SELECT retention_refresh_data('coming');
SELECT * FROM coming.mine ORDER BY value;
SELECT by_segment('coming');
SELECT count(*) FROM retention_create_views('plain', target => 'coming');
DROP VIEW coming.mine;
SELECT count(*) FROM retention_create_views('plain', target => 'coming');
SELECT by_segment('coming');
-- the owner of order_rows may write a segment themselves
CREATE OR REPLACE VIEW coming.order_rows WITH (security_invoker = true) AS SELECT customer, ordered_at, amount, upper(channel) AS "Channel" FROM plain;
SELECT count(*) FROM retention_refresh_views('coming');
SELECT segment, value, orders FROM coming.kpi_by_segment ORDER BY value;
COMMENT ON COLUMN coming.kpi_by_segment.value IS 'mine';
SELECT count(*) FROM retention_refresh_views('coming');
SELECT col_description('coming.kpi_by_segment'::regclass, 1), col_description('coming.kpi_by_segment'::regclass, 2);
DROP VIEW coming.kpi_by_segment;
CREATE VIEW coming.kpi_by_segment AS SELECT 1 AS mine;
SELECT retention_drop_views('coming');
SELECT by_segment('coming');
DROP SCHEMA coming CASCADE;

CREATE PROCEDURE refused(segments text[]) LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM retention_create_views('plain', segments => segments, target => 'refused');
	RAISE NOTICE '% is taken', segments;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RAISE NOTICE '% % | %', SQLSTATE, SQLERRM, hint;
END
$$;
SET client_min_messages = notice;
CALL refused('{country,NULL}');
CALL refused('{country,country}');
CALL refused('{country,channel AS country}');
CALL refused('{kountry}');
CALL refused('{lower(country)}');
CALL refused('{lower(country) AS}');
CALL refused('{*}');
CALL refused('{plain.*}');
CALL refused('{""}');
CALL refused(ARRAY['country FROM plain', 'country']);
CALL refused(ARRAY['country AS a, channel AS b']);
CALL refused(ARRAY['country) AS a; DROP TABLE plain; --']);
CALL refused('{customer}');
CALL refused('{country AS amount}');
CALL refused('{country AS is_order}');
CALL refused('{country AS row_count}');
CALL refused('{country AS status}');
CALL refused('{country AS refunds}');
CALL refused('{doubled}');
CALL refused('{at}');
CALL refused('{at::text AS month}');
CALL refused('{data}');
CALL refused('{ordered_at}');
CALL refused('{random()::text AS luck}');
CALL refused('{count(*) AS n}');
CALL refused(ARRAY['(SELECT max(country) FROM plain) AS most', 'Country', 'plain.channel', 'country ort', '''x'' AS x']);
SET client_min_messages = warning;
SELECT segment, value FROM refused.segment_history ORDER BY 1, 2;
-- None of them are no segments.
SELECT count(*) FROM retention_create_views('plain', target => 'refused', segments => '{}');
SELECT by_segment('refused');

SET client_min_messages = error;
DO $$ BEGIN FOR i IN 1..10 LOOP PERFORM retention_drop_views(('views ' || i)::name); END LOOP; END $$;
SELECT retention_drop_views('refused');
SELECT retention_drop_views('regions');
DROP SCHEMA segments_test CASCADE;
