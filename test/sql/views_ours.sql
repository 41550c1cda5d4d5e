-- What is ours is known by more than its words; what views are made from is there, or
-- an error says what isn't.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE SCHEMA views_ours;
SET search_path = views_ours, public;
CREATE TABLE orders AS SELECT customer_id, ordered_at, amount FROM simulate_orders(60, '1 year', 1);
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'ours');
-- The user's view is as ours, but reads the history of another schema; or calls another function.
CREATE SCHEMA cleaned;
CREATE VIEW cleaned.order_history AS TABLE ours.order_history;
CREATE FUNCTION cleaned.repeat_within(purchase_history, int[], date, purchase_history) RETURNS TABLE (days int, eligible int8, repeated int8, rate float8, lower float8, upper float8)
	LANGUAGE sql AS 'SELECT 1, 2::int8, 3::int8, 4::float8, 5::float8, 6::float8';
SELECT replace(pg_get_viewdef('ours.order_ladder'::regclass), 'ours.order_history', 'cleaned.order_history') AS ladder,
	   replace(pg_get_viewdef('ours.repeat_within'::regclass), ' repeat_within(', ' cleaned.repeat_within(') AS by_day \gset
CREATE OR REPLACE VIEW ours.order_ladder AS :ladder
CREATE OR REPLACE VIEW ours.repeat_within AS :by_day
SELECT count(*) FROM retention_refresh_views('ours');
CREATE OR REPLACE VIEW ours.retention_options AS
	SELECT 'week' AS period, 'UTC' AS time_zone, NULL::text AS lifespan, float8 '1' AS margin, 'mbg/nbd' AS model, 'materialized'::text AS mode, false AS ignore_row_security, NULL::date AS from_day, NULL::date AS until_day, NULL::date AS as_of;
SELECT count(*) FROM retention_refresh_views('ours');
SELECT pg_get_viewdef('ours.order_ladder'::regclass) ~ 'cleaned.order_history' AS ladder, pg_get_viewdef('ours.repeat_within'::regclass) ~ 'cleaned.repeat_within' AS by_day;
-- Functions of a later version have more columns, and the views of this one come from a dump: they are still ours.
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'dumped');
BEGIN;
UPDATE pg_proc AS p SET proallargtypes = proallargtypes || 'int8'::regtype::oid, proargmodes = proargmodes || proargmodes[cardinality(proargmodes)], proargnames = proargnames || 'one_more'::text
FROM pg_depend AS d JOIN pg_extension AS e ON refclassid = 'pg_extension'::regclass AND refobjid = e.oid AND extname = 'retention'
WHERE d.classid = 'pg_proc'::regclass AND objid = p.oid AND proargmodes && '{o,t}';
DO $$
DECLARE
	v record;
BEGIN
	FOR v IN SELECT oid::regclass AS name, pg_get_viewdef(oid) AS definition FROM pg_class WHERE relnamespace = 'dumped'::regnamespace AND relkind = 'v' ORDER BY oid LOOP
		EXECUTE format('CREATE OR REPLACE VIEW %s WITH (security_invoker = true) AS %s', v.name, v.definition);
	END LOOP;
END $$;
SELECT retention_drop_views('dumped');
ROLLBACK;
SELECT retention_drop_views('dumped');
-- What has the name of kept rows is theirs, and so is the view over it, which looks as ours would.
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'taken', mode => 'materialized');
SELECT pg_get_viewdef('taken.order_ladder'::regclass) AS ladder \gset
DROP VIEW taken.retention_record, taken.order_ladder, taken.repeat_within;
ALTER MATERIALIZED VIEW taken.order_ladder_data RENAME TO elsewhere;
CREATE TABLE taken.order_ladder_data AS TABLE taken.elsewhere WITH NO DATA;
CREATE VIEW taken.order_ladder AS :ladder
DROP MATERIALIZED VIEW taken.repeat_within_data, taken.elsewhere;
CREATE TABLE taken.repeat_within_data (mine int);
SELECT count(*) FROM retention_refresh_views('taken');
SELECT retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'taken', mode => 'materialized');
DROP VIEW taken.order_ladder;
SELECT retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'taken', mode => 'materialized');
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'taken');
SELECT retention_drop_views('taken');
SELECT relname FROM pg_class WHERE relnamespace = 'taken'::regnamespace ORDER BY 1;
-- Views can't be made over themselves, at whatever distance; elsewhere they can.
CREATE VIEW again AS SELECT customer, ordered_at, amount FROM ours.order_rows;
CREATE MATERIALIZED VIEW "and again" AS SELECT * FROM again;
SELECT retention_create_views('again', 'customer', 'ordered_at', 'amount', target => 'ours');
SELECT retention_create_views('"and again"', 'customer', 'ordered_at', 'amount', target => 'ours');
SELECT retention_create_views('ours.left_out_rows', 'customer', 'ordered_at', 'amount', target => 'ours');
SELECT count(*) FROM retention_create_views('"and again"', 'customer', 'ordered_at', 'amount', target => 'others');
SELECT customers FROM others.kpi;
-- One of what they are made from has a column, or is there, and the other isn't.
CREATE OR REPLACE VIEW ours.order_rows AS SELECT customer_id::int8 AS customer, ordered_at, amount::numeric AS amount, 1 AS order_id FROM orders;
SELECT retention_refresh_views('ours');
DROP VIEW ours.left_out_rows CASCADE;
SELECT retention_refresh_views('ours');
-- Options that are nonsense make no views, and are in nobody's way who drops them; nor is what was taken from what they are made from.
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'nonsense', mode => 'materialized');
CREATE OR REPLACE VIEW nonsense.retention_options AS SELECT text 'fortnight' AS period, text 'Mars/Olympus' AS time_zone, text 'for ever' AS lifespan, float8 '-1' AS margin, text 'crystal ball' AS model, text 'dead' AS mode, false AS ignore_row_security, date '2024-01-02' AS from_day, date '2024-01-01' AS until_day, date 'infinity' AS as_of;
SELECT count(*) FROM retention_refresh_views('nonsense');
SELECT retention_refresh_data('nonsense');
SELECT retention_drop_views('nonsense');
SELECT count(*) AS left_over FROM pg_namespace WHERE nspname = 'nonsense';
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'nonsense');
CREATE OR REPLACE VIEW nonsense.retention_options AS SELECT lower('MONTH') AS period, text 'UTC' AS time_zone, NULL::text AS lifespan, float8 '1' AS margin, text 'mbg/nbd' AS model, text 'plain' AS mode, random() < 0 AS ignore_row_security, NULL::date AS from_day, NULL::date AS until_day, NULL::date AS as_of;
SELECT count(*) FROM retention_refresh_views('nonsense');
SELECT retention_drop_views('nonsense');
SELECT count(*) AS left_over FROM pg_namespace WHERE nspname = 'nonsense';
-- Comments are for people: no casts, and no places that should have been filled.
SELECT objoid::regclass, description FROM pg_description JOIN pg_class AS c ON c.oid = objoid
WHERE classoid = 'pg_class'::regclass AND relnamespace = 'ours'::regnamespace AND description ~ '::|@';
SET client_min_messages = error;
DROP SCHEMA views_ours, cleaned, ours, others, taken CASCADE;
