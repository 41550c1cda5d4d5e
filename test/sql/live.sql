-- Live views: whatever is written to the orders, they say what plain views of the same table say.
SET client_min_messages = warning;
SELECT setseed(0.18);
CREATE SCHEMA live_test;
SET search_path = live_test, public;
SET timezone = 'UTC';

-- All that two schemas of views have otherwise: nothing, but for the time and what waits.
CREATE FUNCTION differences(live text, plain text, all_of_them bool DEFAULT true) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	name text;
	n int8;
BEGIN
	FOR name IN SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'updated_at' WHERE relnamespace = quote_ident(live)::regnamespace AND relkind = 'v' ORDER BY 1 LOOP
		-- models are fitted there
		CONTINUE WHEN name IN ('customers', 'rfm_segments', 'outlook') AND NOT all_of_them;
		EXECUTE format('SELECT count(*) FROM (SELECT to_jsonb(v) - %3$L - %4$L AS v FROM %1$I.%5$I v) l FULL JOIN (SELECT to_jsonb(v) - %3$L - %4$L AS v FROM %2$I.%5$I v) p USING (v) WHERE l IS NULL OR p IS NULL',
			live, plain, 'updated_at', 'changes_waiting', name) INTO n;
		IF n > 0 THEN
			RETURN NEXT name || ': ' || n;
		END IF;
	END LOOP;
END$$;

-- Shops of all kinds: keys, times, filters, who says what an order is, partitions.
CREATE TABLE shops (id int, customer text, ordered_at text, filter text, is_order text, zone text, partitioned bool, segments text[]);
INSERT INTO shops VALUES
	(1, 'int4', 'timestamptz', NULL, NULL, 'Europe/Berlin', false, ARRAY['status AS paid']),
	(2, 'int8', 'date', $$status = 'paid'$$, NULL, NULL, true, NULL),
	(3, 'text', 'timestamptz', $$status <> 'void'$$, 'is_sale', 'America/New_York', false, NULL),
	(4, 'varchar(20)', 'timestamp', NULL, 'is_sale AND amount > 5', NULL, true, NULL),
	(5, 'uuid', 'timestamptz', 'amount > -15', NULL, 'UTC', false, NULL),
	(6, 'char(12)', 'timestamp', $$coalesce(status, 'paid') = 'paid'$$, NULL, NULL, false, NULL),
	(7, 'numeric', 'timestamptz', NULL, NULL, 'Asia/Kolkata', true, NULL);
CREATE FUNCTION some_customer(type text, OUT value text) LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN random() < 0.1 THEN NULL WHEN type = 'uuid' THEN md5(n::text)::uuid::text WHEN type ~ '^(int|numeric)' THEN n::text ELSE 'customer ' || n END
	FROM (SELECT (random() * random() * 30)::int) r (n)$$;
CREATE FUNCTION some_time(OUT value text) LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN r < 0.03 THEN NULL WHEN r < 0.05 THEN 'infinity' WHEN r < 0.08 THEN (now() + interval '3 days')::text WHEN r < 0.1 THEN '1969-12-31'
		WHEN r < 0.14 THEN (now() - interval '1 hour')::text ELSE ('2024-01-01'::timestamptz + random() * interval '200 days')::text END FROM (SELECT random()) s (r)$$;
CREATE FUNCTION some_amount(OUT value text) LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN r < 0.04 THEN NULL WHEN r < 0.06 THEN 'NaN' WHEN r < 0.08 THEN '1e17' WHEN r < 0.1 THEN '12.3456789' ELSE (random() * 100 - 20)::numeric(40, 2)::text END FROM (SELECT random()) s (r)$$;
CREATE FUNCTION some_status(OUT value text) LANGUAGE sql VOLATILE AS $$SELECT (ARRAY['paid', 'paid', 'paid', 'void', NULL])[1 + random() * 4]$$;

DO $$
DECLARE
	s shops;
	mode text;
BEGIN
	FOR s IN SELECT * FROM shops LOOP
		EXECUTE format('CREATE TABLE orders_%s (gone int, status text, customer %s, id int%s, ordered_at %s, note text, amount numeric, is_sale bool) %s', s.id, s.customer,
			CASE WHEN s.partitioned THEN '' ELSE ' PRIMARY KEY' END, s.ordered_at, CASE WHEN s.partitioned THEN 'PARTITION BY LIST ((abs(id % 3)))' ELSE '' END);
		EXECUTE format('ALTER TABLE orders_%s DROP COLUMN gone', s.id);
		IF s.partitioned THEN
			-- one partition is like the whole, one has its columns elsewhere, one is partitioned itself
			EXECUTE format('CREATE TABLE orders_%1$s_0 PARTITION OF orders_%1$s FOR VALUES IN (0)', s.id);
			EXECUTE format('CREATE TABLE orders_%1$s_1 (is_sale bool, id int, more text, amount numeric, customer %2$s, note text, ordered_at %3$s, status text)', s.id, s.customer, s.ordered_at);
			EXECUTE format('ALTER TABLE orders_%s_1 DROP COLUMN more', s.id);
			EXECUTE format('ALTER TABLE orders_%1$s ATTACH PARTITION orders_%1$s_1 FOR VALUES IN (1)', s.id);
			EXECUTE format('CREATE TABLE orders_%1$s_2 PARTITION OF orders_%1$s FOR VALUES IN (2) PARTITION BY RANGE (id)', s.id);
			EXECUTE format('CREATE TABLE orders_%1$s_2_low PARTITION OF orders_%1$s_2 FOR VALUES FROM (MINVALUE) TO (150)', s.id);
			EXECUTE format('CREATE TABLE orders_%1$s_2_high PARTITION OF orders_%1$s_2 FOR VALUES FROM (150) TO (MAXVALUE)', s.id);
		END IF;
		EXECUTE format('INSERT INTO orders_%s SELECT some_status(), some_customer(%L)::%s, n, some_time()::%s, %L, some_amount()::numeric, random() < 0.7 FROM generate_series(1, 300) n', s.id, s.customer, s.customer, s.ordered_at, 'old');
		FOREACH mode IN ARRAY ARRAY['plain', 'live'] LOOP
			PERFORM retention_create_views(('orders_' || s.id)::regclass, filter => s.filter, is_order => s.is_order, time_zone => s.zone, lifespan => '2 years', segments => s.segments, mode => mode, target => (mode || '_' || s.id)::name);
		END LOOP;
	END LOOP;
END$$;
SELECT id, differences('live_' || id, 'plain_' || id) FROM shops;
SELECT id, v.* FROM shops, retention_verify(('live_' || id)::name) v;

-- What can be written: in one statement or another, and taken back.
CREATE FUNCTION change(s shops) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t text := 'orders_' || s.id;
	what int := (random() * 11)::int;
	a_row text := format('some_status(), some_customer(%L)::%s, (random() * 1000)::int, some_time()::%s, %L, some_amount()::numeric, random() < 0.7', s.customer, s.customer, s.ordered_at, 'new');
BEGIN
	CASE what
		WHEN 0, 1 THEN EXECUTE format('INSERT INTO %I SELECT %s FROM generate_series(1, (random() * 30)::int) n %s', t,
			replace(a_row, '(random() * 1000)::int', '-n * 1000 - (random() * 999)::int'), CASE WHEN s.partitioned THEN '' ELSE 'ON CONFLICT DO NOTHING' END);
		WHEN 2 THEN EXECUTE format('DELETE FROM %I WHERE random() < 0.05', t);
		WHEN 3 THEN EXECUTE format('UPDATE %I SET amount = some_amount()::numeric, is_sale = random() < 0.5 WHERE random() < 0.1', t);
		WHEN 4 THEN EXECUTE format('UPDATE %I SET customer = some_customer(%L)::%s WHERE random() < 0.1', t, s.customer, s.customer);
		WHEN 5 THEN EXECUTE format('UPDATE %I SET ordered_at = some_time()::%s, status = some_status() WHERE random() < 0.1', t, s.ordered_at);
		-- rows go to another partition
		WHEN 6 THEN EXECUTE format('UPDATE %I SET id = id + 100001, note = %L WHERE id %% 10 = (random() * 9)::int', t, 'moved');
		WHEN 7 THEN EXECUTE format('MERGE INTO %I o USING (SELECT %s FROM generate_series(1, 40)) n (status, customer, id, ordered_at, note, amount, is_sale) ON o.id = n.id AND n.id < 1'
			|| ' WHEN MATCHED AND o.id %% 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET amount = 1 WHEN NOT MATCHED THEN INSERT VALUES (n.status, n.customer, n.id * 100 + 3000000 + (random() * 9999999)::int, n.ordered_at, n.note, n.amount, n.is_sale)', t, a_row);
		WHEN 8 THEN IF s.partitioned THEN
				EXECUTE format('INSERT INTO %I (id, customer, ordered_at, amount) SELECT 4, some_customer(%L)::%s, some_time()::%s, 7', t || '_1', s.customer, s.customer, s.ordered_at);
			ELSE
				EXECUTE format('INSERT INTO %I AS o SELECT %s ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, customer = o.customer', t, a_row);
			END IF;
		WHEN 9 THEN BEGIN
				EXECUTE format('UPDATE %I SET amount = 99 WHERE random() < 0.5', t);
				RAISE EXCEPTION 'taken back';
			EXCEPTION WHEN raise_exception THEN NULL;
			END;
		WHEN 10 THEN EXECUTE format('WITH g AS (DELETE FROM %1$I WHERE random() < 0.02 RETURNING *) INSERT INTO %1$I SELECT status, customer, id + 7000000, ordered_at, note, amount + 1, is_sale FROM g', t);
		ELSE EXECUTE format('DELETE FROM %I WHERE customer = some_customer(%L)::%s', t, s.customer, s.customer);
	END CASE;
END$$;
CREATE TABLE seen (id int, round int, difference text, unlike bool, waiting int8);
DO $$
DECLARE
	s shops;
	waiting int8;
BEGIN
	FOR s IN SELECT * FROM shops LOOP
		FOR round IN 1..6 LOOP
			PERFORM change(s);
			IF round % 3 = 0 THEN
				PERFORM retention_refresh_data(('live_' || s.id)::name);
			END IF;
			EXECUTE format('SELECT changes_waiting FROM live_%s.kpi', s.id) INTO waiting;
			INSERT INTO seen SELECT s.id, round, string_agg(d, ', '), EXISTS (SELECT FROM retention_verify(('live_' || s.id)::name)), waiting FROM differences('live_' || s.id, 'plain_' || s.id, round = 6) d;
		END LOOP;
	END LOOP;
END$$;
SELECT count(*), count(difference) AS differences, bool_or(unlike) AS unlike, count(DISTINCT waiting) > 10 AS changing FROM seen;
SELECT * FROM seen WHERE difference IS NOT NULL OR unlike ORDER BY id, round LIMIT 10;
-- The same once more, of the rows themselves: whatever became of them, excluded_rows adds up to the table.
SELECT (SELECT sum(row_count) FROM live_1.excluded_rows) = (SELECT count(*) FROM orders_1) AS all_rows,
	   (SELECT sum(row_count) FROM live_4.excluded_rows) = (SELECT count(*) FROM orders_4) AS of_partitions,
	   (SELECT row_count FROM live_2.excluded_rows WHERE reason = 'filtered out') = (SELECT count(*) FROM orders_2 WHERE status = 'paid' IS NOT TRUE) AS filtered,
	   (SELECT row_count FROM live_1.excluded_rows WHERE reason = 'in the future') = (SELECT count(*) FROM orders_1 WHERE ordered_at > now() + interval '1 day' AND ordered_at < 'infinity' AND amount IS NOT NULL AND amount <> 'NaN' AND abs(amount) < 1e15) AS future;
-- What is still to come waits: nothing else does after a fold.
SELECT retention_refresh_data('live_1');
SELECT count(*) > 0 AS waiting, bool_and(ordered_at > now()) AS to_come FROM live_1.order_changes;
-- What matters of a row is unchanged: nothing is noted.
SELECT count(*) AS before FROM live_1.order_changes \gset
UPDATE orders_1 SET note = 'read', amount = amount, customer = customer;
SELECT count(*) - :before AS noted FROM live_1.order_changes;
UPDATE orders_1 SET id = 2000000000 WHERE id = (SELECT max(id) FROM orders_1 WHERE amount = 1);
SELECT count(*) - :before AS noted FROM live_1.order_changes;

-- All of it at once, and taken back.
BEGIN;
TRUNCATE orders_1, orders_4;
SELECT customers, all_orders, changes_waiting FROM live_1.kpi;
INSERT INTO orders_4 (id, customer, ordered_at, amount, is_sale) VALUES (1, 'new', '2024-05-01', 10, true);
SELECT customers, all_orders, changes_waiting FROM live_4.kpi;
SELECT differences('live_4', 'plain_4');
ROLLBACK;
BEGIN;
SAVEPOINT before;
TRUNCATE orders_4;
ROLLBACK TO before;
DELETE FROM orders_4 WHERE id % 2 = 0;
SELECT count(*) AS differences FROM retention_verify('live_4');
COMMIT;
SELECT differences('live_1', 'plain_1') UNION ALL SELECT differences('live_4', 'plain_4');

-- What no trigger sees is found, and mended.
CREATE FUNCTION found(target name) RETURNS TABLE (rows_differ bool, mended bool) LANGUAGE plpgsql AS $$
BEGIN
	rows_differ := EXISTS (SELECT FROM retention_verify(target));
	PERFORM retention_rebuild(target);
	mended := NOT EXISTS (SELECT FROM retention_verify(target));
	RETURN NEXT;
END$$;
CREATE TABLE more (LIKE orders_2);
INSERT INTO more (id, customer, ordered_at, amount, status) VALUES (9, 1, '2024-01-05', 10, 'paid');
ALTER TABLE orders_2 DETACH PARTITION orders_2_0;
SELECT 'detached' AS what, found.* FROM found('live_2');
ALTER TABLE orders_2 ATTACH PARTITION more FOR VALUES IN (0);
SELECT 'attached' AS what, found.* FROM found('live_2');
-- what is written to it then is seen, and what is written to one that went is not
INSERT INTO orders_2 (id, customer, ordered_at, amount, status) VALUES (12, 1, '2024-01-06', 11, 'paid');
INSERT INTO orders_2_0 (id, customer, ordered_at, amount, status) VALUES (12, 1, '2024-01-06', 11, 'paid');
SELECT * FROM retention_verify('live_2');
-- and it may come back
ALTER TABLE orders_2 DETACH PARTITION more;
ALTER TABLE orders_2 ATTACH PARTITION orders_2_0 FOR VALUES IN (0);
ALTER TABLE orders_2 DETACH PARTITION orders_2_0;
ALTER TABLE orders_2 ATTACH PARTITION more FOR VALUES IN (0);
SELECT * FROM retention_verify('live_2');
TRUNCATE orders_2_2_low;
SELECT 'a partition truncated' AS what, found.* FROM found('live_2');
TRUNCATE orders_2;
SELECT * FROM retention_verify('live_2');
ALTER TABLE orders_2 DISABLE TRIGGER retention_live;
INSERT INTO orders_2 (id, customer, ordered_at, amount, status) VALUES (15, 1, '2024-01-06', 11, 'paid'), (16, NULL, NULL, 7, 'void');
SELECT * FROM retention_verify('live_2');
SELECT 'disabled' AS what, found.* FROM found('live_2');
ALTER TABLE more DISABLE TRIGGER ALL;
INSERT INTO orders_2 (id, customer, ordered_at, amount, status) VALUES (15, 2, '2024-01-06', 11, 'paid');
SELECT 'disabled for a partition' AS what, found.* FROM found('live_2');
DROP TRIGGER retention_live_truncate ON orders_2;
TRUNCATE orders_2;
SELECT 'dropped for TRUNCATE' AS what, found.* FROM found('live_2');
SELECT * FROM retention_verify('live_2');
SELECT tgname, tgenabled, tgrelid::regclass FROM pg_trigger WHERE tgconstrrelid = 'orders_2'::regclass OR (tgrelid IN (SELECT relid FROM pg_partition_tree('orders_2')) AND NOT tgisinternal) ORDER BY 1, 3::text;
-- Rows that are applied by replication are written so.
SET session_replication_role = replica;
INSERT INTO orders_2 (id, customer, ordered_at, amount, status) VALUES (15, 2, '2024-01-06', 11, 'paid');
RESET session_replication_role;
SELECT * FROM retention_verify('live_2');
-- A child of a table, which is none of a partitioned one.
CREATE TABLE child () INHERITS (orders_1);
INSERT INTO child (id, customer, ordered_at, amount) VALUES (-1, 1, '2024-01-05', 10);
SELECT count(*) AS found FROM retention_verify('live_1');
DROP TABLE child;
-- A child's rows are of the parent's views, and not of its own trigger: so that is refused.
SELECT * FROM retention_verify('live_1');

-- Renamed, and given other columns.
ALTER SCHEMA live_3 RENAME TO "live ""3";
ALTER TABLE orders_3 RENAME TO "the orders";
ALTER TABLE "the orders" RENAME amount TO paid;
ALTER TABLE "the orders" ADD COLUMN more int DEFAULT 7;
ALTER TABLE "the orders" DROP COLUMN note;
ALTER TRIGGER retention_live ON "the orders" RENAME TO kept_by;
INSERT INTO "the orders" (id, customer, ordered_at, paid, is_sale) VALUES (-7, 'new', '2024-01-05', 10, true);
UPDATE "the orders" SET paid = paid + 1;
SELECT differences('live "3', 'plain_3');
SELECT * FROM retention_verify('live "3');
SELECT retention_rebuild('live "3');
TRUNCATE "the orders";
SELECT * FROM retention_verify('live "3');
\set VERBOSITY terse
ALTER TABLE "the orders" ALTER COLUMN paid TYPE float8;
ALTER TABLE "the orders" DROP COLUMN paid;
DROP VIEW "live ""3".live_rows;
\set VERBOSITY default

-- Made again: otherwise, of another table, in other modes.
SELECT count(*) > 0 AS made FROM retention_create_views('orders_1', filter => 'amount > 3', time_zone => 'Asia/Tokyo', lifespan => '1 year', mode => 'live', target => 'live_1');
SELECT count(*) > 0 AS made FROM retention_create_views('orders_1', filter => 'amount > 3', time_zone => 'Asia/Tokyo', lifespan => '1 year', target => 'plain_1');
SELECT differences('live_1', 'plain_1');
DELETE FROM orders_1 WHERE id % 7 = 0;
SELECT differences('live_1', 'plain_1');
CREATE OR REPLACE VIEW live_1.order_rows AS SELECT customer, ordered_at, amount * 2 AS amount FROM orders_1;
SELECT * FROM retention_verify('live_1');
SELECT count(*) > 0 AS made FROM retention_refresh_views('live_1');
SELECT revenue > 0 AND revenue = (SELECT round(sum(amount * 2), 4) FROM orders_1 WHERE customer IS NOT NULL AND ordered_at > '1970-01-03' AND ordered_at < now() AND amount < 1e15) AS twice FROM live_1.kpi;
SELECT * FROM retention_verify('live_1');
CREATE OR REPLACE VIEW live_1.order_rows AS SELECT customer, ordered_at, amount * 2 AS amount, is_sale AS is_order FROM orders_1;
CREATE OR REPLACE VIEW live_1.left_out_rows AS SELECT customer, ordered_at, amount * 2 AS amount, is_sale AS is_order FROM orders_1 WHERE false;
SELECT count(*) > 0 AS made FROM retention_refresh_views('live_1');
INSERT INTO orders_1 (id, customer, ordered_at, amount, is_sale) VALUES (-100, 3, '2024-01-05', -10, true);
SELECT * FROM retention_verify('live_1');
-- without a new history if there is nothing new
SELECT xmin AS made FROM live_1.order_history_parts LIMIT 1 \gset
SELECT count(*) > 0 AS made FROM retention_refresh_views('live_1');
SELECT count(*) AS made_anew FROM live_1.order_history_parts WHERE xmin <> :'made'::xid;
SELECT count(*) > 0 AS made FROM retention_create_views('orders_5', time_zone => 'UTC', mode => 'live', target => 'live_1');
SELECT tgconstrrelid::regclass FROM pg_trigger WHERE tgrelid = 'live_1.order_changes'::regclass;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'orders_1'::regclass;
UPDATE orders_5 SET amount = 3;
UPDATE orders_1 SET amount = 3;
SELECT * FROM retention_verify('live_1') UNION ALL SELECT * FROM retention_verify('live_5');
SELECT relname, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE tgrelid = 'orders_5'::regclass ORDER BY 2;
SELECT count(*) > 0 AS made FROM retention_create_views('orders_5', filter => 'amount > -15', time_zone => 'UTC', lifespan => '2 years', mode => 'materialized', target => 'live_1');
SELECT differences('live_1', 'plain_5');
SELECT to_regclass('live_1.order_changes') AS changes, to_regclass('live_1.live_rows') AS rows, (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders_5'::regclass) AS triggers, count(changes_waiting) AS waiting FROM live_1.kpi;
SELECT count(*) > 0 AS made FROM retention_create_views('orders_5', filter => 'amount > -15', time_zone => 'UTC', lifespan => '2 years', mode => 'live', target => 'live_1');
DELETE FROM orders_5 WHERE id % 3 = 0;
SELECT differences('live_1', 'plain_5');
SELECT count(*) > 0 AS made FROM retention_create_views('orders_5', filter => 'amount > -15', time_zone => 'UTC', lifespan => '2 years', target => 'live_1');
SELECT differences('live_1', 'plain_5');
SELECT relname FROM pg_class WHERE relnamespace = 'live_1'::regnamespace AND relkind <> 'v';
SELECT retention_drop_views('live_1');
SELECT retention_drop_views('live_5');
SELECT tgname FROM pg_trigger WHERE tgrelid = 'orders_5'::regclass;
UPDATE orders_5 SET amount = 4;
-- With the schema, or with the table.
DROP SCHEMA "live ""3" CASCADE;
INSERT INTO "the orders" (id) VALUES (1);
SELECT tgname FROM pg_trigger WHERE tgrelid = '"the orders"'::regclass AND NOT tgisinternal;
DROP TABLE orders_6 CASCADE;
SELECT retention_drop_views('live_6');

-- What can't be live.
\set VERBOSITY default
CREATE TABLE sold (id int, customer_id int, ordered_at timestamptz, amount numeric, invoice int, price money, kind varchar);
CREATE VIEW seen_orders AS SELECT * FROM sold;
CREATE UNLOGGED TABLE fast (LIKE sold);
CREATE TABLE parent (LIKE sold);
CREATE TABLE its_child () INHERITS (parent);
CREATE FUNCTION looked_up(int) RETURNS bool LANGUAGE sql STABLE AS 'SELECT true';
SELECT retention_create_views('sold', order_id => 'invoice', mode => 'live', target => 'refused');
SELECT retention_create_views('seen_orders', mode => 'live', target => 'refused');
SELECT retention_create_views('SELECT customer_id, ordered_at, amount FROM sold JOIN fast USING (customer_id, ordered_at, amount)', mode => 'live', target => 'refused');
SELECT retention_create_views('fast', mode => 'live', target => 'refused');
SELECT retention_create_views('parent', mode => 'live', target => 'refused');
SELECT retention_create_views('sold', filter => 'ordered_at > now() - interval ''1 year''', mode => 'live', target => 'refused');
SELECT retention_create_views('sold', filter => 'ordered_at::date > ''2024-01-01''', mode => 'live', target => 'refused');
SELECT retention_create_views('sold', amount => 'price', mode => 'live', target => 'refused');
SELECT retention_create_views('sold', filter => 'looked_up(customer_id)', mode => 'live', target => 'refused');
SELECT retention_create_views('sold', filter => 'EXISTS (SELECT FROM fast)', mode => 'live', target => 'refused');
SELECT retention_create_views('sold', filter => 'tableoid > 0', mode => 'live', target => 'refused');
SELECT retention_create_views('pg_catalog.pg_class', 'relname', 'timestamptz ''2024-01-01'' + relpages * interval ''1 day''', 'relpages', mode => 'live', target => 'refused');
SELECT retention_create_views('SELECT customer_id, ordered_at, amount FROM sold', mode => 'live', target => 'refused');
SELECT to_regnamespace('refused') AS nothing;
-- Nothing of our names is overwritten.
CREATE SCHEMA in_the_way;
CREATE TABLE in_the_way.order_changes ();
SELECT retention_create_views('sold', mode => 'live', target => 'in_the_way');
SELECT count(*) > 0 AS made FROM retention_create_views('sold', target => 'in_the_way');
SELECT retention_create_views('sold', mode => 'live', target => 'in_the_way');
SELECT retention_drop_views('in_the_way');
SELECT count(*) FROM pg_class WHERE relnamespace = 'in_the_way'::regnamespace;
-- Calls.
SELECT count(*) > 0 AS made FROM retention_create_views('sold', target => 'plainly');
SELECT * FROM retention_verify('plainly');
SELECT retention_rebuild('plainly');
SELECT * FROM retention_verify(NULL);
SELECT retention_rebuild(NULL);
SELECT * FROM retention_verify('nowhere');
SELECT retention_refresh_data('plainly');
SELECT _retention_order_changed();
CREATE TRIGGER made_by_hand AFTER INSERT ON sold FOR EACH ROW EXECUTE FUNCTION _retention_order_changed();
INSERT INTO sold VALUES (1);
DROP TRIGGER made_by_hand ON sold;
-- An expression that is an error for a row is an error for who writes it.
SELECT count(*) > 0 AS made FROM retention_create_views('sold', amount => 'amount / id', mode => 'live', target => 'live_sold');
INSERT INTO sold VALUES (0, 1, '2024-01-01', 1);
INSERT INTO sold VALUES (2, 1, '2024-01-01', 1);
SELECT revenue FROM live_sold.kpi;
SELECT * FROM retention_verify('live_sold');
-- What somebody does to the tables.
CREATE INDEX ON live_sold.order_changes ((abs(weight)));
INSERT INTO sold VALUES (3, 1, '2024-01-01', 1);
SET enable_seqscan = off;
SELECT count(*) FROM live_sold.order_changes WHERE abs(weight) = 1;
RESET enable_seqscan;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER planted BEFORE DELETE ON live_sold.order_changes FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT retention_refresh_data('live_sold');
DROP TRIGGER planted ON live_sold.order_changes;
ALTER TABLE live_sold.order_changes ADD COLUMN more int;
INSERT INTO sold VALUES (3, 1, '2024-01-01', 1);
SELECT count(*) > 0 AS made FROM retention_refresh_views('live_sold');
INSERT INTO sold VALUES (3, 1, '2024-01-01', 1);
SELECT * FROM retention_verify('live_sold');
ALTER TABLE live_sold.order_changes RENAME TO changes;
INSERT INTO sold VALUES (3, 1, '2024-01-01', 1);
SELECT retention_refresh_data('live_sold');
ALTER TABLE live_sold.changes RENAME TO order_changes;
SELECT * FROM retention_verify('live_sold');

\set VERBOSITY terse
RESET client_min_messages;
SET client_min_messages = warning;
DROP SCHEMA live_test CASCADE;
SELECT count(retention_drop_views(nspname)) AS dropped FROM (SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid AND relname = 'retention_options' WHERE nspname ~ '^(live|plain|in_the)') s;
