-- Views that are made again: what has been set on them stays, what is the user's is
-- left, and nothing is done that need not be.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE SCHEMA views_kept;
SET search_path = views_kept, public;
CREATE TABLE orders AS SELECT customer_id, ordered_at, amount FROM simulate_orders(60, '1 year', 1);
CREATE ROLE regress_kept_reader;
CREATE ROLE regress_kept_writer;

-- All that a relation of the target has, but for its definition and its number.
CREATE FUNCTION state(target regnamespace) RETURNS TABLE (line text) LANGUAGE sql AS $$
	SELECT concat_ws(' ', relname, relkind, pg_get_userbyid(relowner), relacl, reloptions, (SELECT t.reloptions FROM pg_class t WHERE t.oid = c.reltoastrelid), relreplident, relispopulated, obj_description(oid))
	FROM pg_class c WHERE relnamespace = target AND relkind IN ('v', 'm')
	UNION ALL
	SELECT concat_ws(' ', relname, attname, attacl, attstattarget, attstorage, attcompression, (SELECT string_agg(o, ',') FROM unnest(attoptions) o WHERE o LIKE 'n_distinct%'), col_description(c.oid, attnum))
	FROM pg_class c JOIN pg_attribute ON attrelid = c.oid WHERE relnamespace = target AND relkind IN ('v', 'm') AND attnum > 0
	UNION ALL
	SELECT concat_ws(' ', pg_get_indexdef(i.oid), indisclustered, indisreplident, i.reloptions, obj_description(i.oid), (SELECT string_agg(attstattarget::text, ',') FROM pg_attribute WHERE attrelid = i.oid))
	FROM pg_class c JOIN pg_index ON indrelid = c.oid JOIN pg_class i ON i.oid = indexrelid WHERE c.relnamespace = target
	UNION ALL
	SELECT concat_ws(' ', pg_get_statisticsobjdef(s.oid), stxstattarget, obj_description(s.oid, 'pg_statistic_ext')) FROM pg_statistic_ext s JOIN pg_class c ON c.oid = stxrelid WHERE c.relnamespace = target
$$;
CREATE FUNCTION numbers(target regnamespace) RETURNS text LANGUAGE sql AS
	$$ SELECT string_agg(concat_ws(' ', relname, c.oid, r.xmin), ', ' ORDER BY relname) FROM pg_class c JOIN pg_rewrite r ON ev_class = c.oid WHERE relnamespace = target AND relkind IN ('v', 'm') $$;

SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'shop');
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'stored', mode => 'materialized');
-- What is as it would be made is not made again.
SELECT numbers('shop') AS shop, numbers('stored') AS stored \gset
SELECT count(*) FROM retention_refresh_views('shop');
SELECT count(*) FROM retention_refresh_views('stored');
SELECT numbers('shop') = :'shop' AS shop, numbers('stored') = :'stored' AS stored;

-- Everything that can be set on them.
ALTER VIEW shop.kpi RESET (security_invoker);
ALTER VIEW shop.customers SET (security_barrier = true);
ALTER VIEW stored.kpi SET (security_invoker = true);
GRANT SELECT ON shop.kpi, stored.kpi, stored.kpi_data TO regress_kept_reader WITH GRANT OPTION;
GRANT SELECT (customer, orders), REFERENCES (customer) ON shop.customers, stored.customers TO regress_kept_reader;
GRANT ALL ON shop.lifecycle, stored.lifecycle TO PUBLIC;
COMMENT ON VIEW shop.kpi IS 'ours';
COMMENT ON COLUMN shop.kpi.clv IS 'it''s the "CLV" \ of ours';
COMMENT ON MATERIALIZED VIEW stored.customers_data IS 'who';
COMMENT ON COLUMN stored.customers_data.segment IS NULL;
COMMENT ON COLUMN stored.customers.status IS NULL;
COMMENT ON VIEW stored.lifecycle IS 'who goes';
CREATE INDEX "by Segment" ON stored.customers_data (segment, lower(status)) INCLUDE (revenue) WITH (fillfactor = 50) WHERE revenue > 0;
CREATE INDEX ON stored.customers_data USING hash (segment);
COMMENT ON INDEX stored."by Segment" IS 'an index';
ALTER INDEX stored."by Segment" ALTER COLUMN 2 SET STATISTICS 77;
CREATE UNIQUE INDEX kpi_customers ON stored.kpi_data (customers);
DROP INDEX stored.kpi_data_orders_idx;
ALTER MATERIALIZED VIEW stored.customers_data SET (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER MATERIALIZED VIEW stored.customers_data ALTER COLUMN segment SET STATISTICS 500;
ALTER MATERIALIZED VIEW stored.customers_data ALTER COLUMN segment SET STORAGE EXTERNAL;
ALTER MATERIALIZED VIEW stored.customers_data ALTER COLUMN segment SET COMPRESSION pglz;
ALTER MATERIALIZED VIEW stored.customers_data ALTER COLUMN segment SET (n_distinct = 12);
ALTER MATERIALIZED VIEW stored.customers_data CLUSTER ON customers_data_customer_idx;
ALTER MATERIALIZED VIEW stored.lifecycle_data REPLICA IDENTITY FULL;
CREATE STATISTICS stored.together ON segment, status FROM stored.customers_data;
ALTER STATISTICS stored.together SET STATISTICS 33;
COMMENT ON STATISTICS stored.together IS 'statistics';
CREATE TABLE shop_before AS SELECT line FROM state('shop');
CREATE TABLE stored_before AS SELECT line FROM state('stored');
-- Other options: other definitions, and all the rest as it was.
SELECT pg_get_viewdef('shop.retention_options'::regclass) AS options \gset
SELECT replace(:'options', '''month''', '''week''') AS weeks, replace(:'options', '''month''', '''fortnight''') AS fortnights,
	   replace(:'options', '''month''::text', 'lower(''MONTH'')') AS computed, replace(:'options', '(1)::double precision', '''30''::double precision') AS much \gset
CREATE OR REPLACE VIEW shop.retention_options WITH (security_invoker = true) AS :weeks
SELECT pg_get_viewdef('stored.retention_options'::regclass) AS stored_options \gset
SELECT replace(:'stored_options', '''month''', '''week''') AS stored_options \gset
CREATE OR REPLACE VIEW stored.retention_options WITH (security_invoker = true) AS :stored_options
SELECT count(*) FROM retention_refresh_views();
SELECT (SELECT max(period_label) ~ 'W' FROM shop.lifecycle) AS shop, (SELECT max(period_label) ~ 'W' FROM stored.lifecycle) AS stored;
-- None, but for comments that tell of the period.
SELECT line FROM ((TABLE shop_before EXCEPT SELECT line FROM state('shop')) UNION ALL (SELECT line FROM state('shop') EXCEPT TABLE shop_before)) AS d WHERE line !~ '^kpi_by_period';
SELECT line FROM ((TABLE stored_before EXCEPT SELECT line FROM state('stored')) UNION ALL (SELECT line FROM state('stored') EXCEPT TABLE stored_before)) AS d WHERE line !~ '^kpi_by_period';
SELECT retention_refresh_data('stored');

-- Options that are no options.
CREATE OR REPLACE VIEW shop.retention_options AS :computed
SELECT retention_refresh_views('shop');
CREATE OR REPLACE VIEW shop.retention_options AS :fortnights
SELECT retention_refresh_views('shop');
CREATE OR REPLACE VIEW shop.retention_options AS SELECT 'month'::text AS period, NULL::text AS time_zone, NULL::text AS lifespan, float8 '30' AS margin, 'mbg/nbd'::text AS model, 'plain'::text AS mode, false AS ignore_row_security, NULL::date AS from_day, NULL::date AS until_day, NULL::date AS as_of;
SELECT retention_refresh_views('shop');
CREATE OR REPLACE VIEW shop.retention_options AS SELECT 'month'::text AS period, NULL::text AS time_zone, '3'::text AS lifespan, float8 '0.3' AS margin, NULL::text AS model, 'plain'::text AS mode, false AS ignore_row_security, NULL::date AS from_day, NULL::date AS until_day, NULL::date AS as_of;
SELECT retention_refresh_views('shop');
SELECT count(*) FROM retention_refresh_views();
CREATE OR REPLACE VIEW shop.retention_options WITH (security_invoker = true) AS :options

-- ---------------------------------------------------------------------------
-- The user's own.
-- ---------------------------------------------------------------------------

SELECT count(*) FROM retention_refresh_views('shop');
-- One changed, one in the place of ours, one with other columns: those that read it go on, or are left.
CREATE OR REPLACE VIEW shop.order_ladder AS SELECT 1 AS order_number, 2::int8 AS customers, 3::int8 AS reached_next, 4::float8 AS rate, 5::int8 AS eligible, 6::int8 AS eligible_reached_next, 7::float8 AS eligible_rate, 8::float8 AS median_gap_days, now() AS updated_at;
CREATE TABLE my_customers AS SELECT * FROM shop.customers WHERE orders > 1;
DROP VIEW shop.rfm_segments, shop.rfm_quintiles, shop.customers;
CREATE VIEW shop.customers AS TABLE my_customers;
ALTER VIEW shop.lifecycle RENAME COLUMN lapsed TO gone;
SELECT retention_refresh_views('shop');
SELECT (SELECT sum(customers) FROM shop.rfm_segments) = (SELECT count(*) FROM my_customers) AS of_mine, (SELECT median_gap_days FROM shop.order_ladder) AS mine, (SELECT count(gone) > 0 FROM shop.lifecycle) AS renamed;
DROP VIEW shop.rfm_segments, shop.rfm_quintiles, shop.customers;
CREATE VIEW shop.customers AS SELECT 1 AS own;
SELECT retention_refresh_views('shop');
SELECT retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'shop');
TABLE shop.customers;
DROP VIEW shop.customers, shop.order_ladder;
ALTER VIEW shop.lifecycle RENAME COLUMN gone TO lapsed;
SELECT count(*) FROM retention_refresh_views('shop');
-- What the user has built upon a view goes on with it; what stands upon its rows is in the way, and so is a trigger of theirs.
CREATE VIEW on_top AS SELECT period_label, closing FROM stored.lifecycle;
CREATE VIEW on_data AS SELECT period_label, closing FROM stored.kpi_by_period_data JOIN stored.lifecycle USING (period_label);
SELECT replace(:'stored_options', '''week''', '''quarter''') AS stored_options \gset
CREATE OR REPLACE VIEW stored.retention_options WITH (security_invoker = true) AS :stored_options
SELECT count(*) FROM retention_refresh_views('stored');
SELECT (SELECT max(period_label) FROM on_top) ~ 'Q' AS quarters, (SELECT max(period_label) FROM stored.cohort_retention) ~ 'Q' AS others, (SELECT max(period_label) FROM stored.kpi_by_period) ~ 'W' AS weeks;
DROP VIEW on_data;
SELECT count(*) FROM retention_refresh_views('stored');
SELECT (SELECT max(period_label) FROM stored.kpi_by_period) ~ 'Q' AS quarters;
DROP VIEW on_top;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
ALTER VIEW shop.customers SET (security_barrier = true);
CREATE TRIGGER of_mine INSTEAD OF INSERT ON shop.customers FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT retention_create_views('orders', 'customer_id::text', 'ordered_at', 'amount', target => 'shop');
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', mode => 'materialized', target => 'shop');
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'shop');
DROP TRIGGER of_mine ON shop.customers;
-- Whose rights a view reads with goes with where its rows come from.
SELECT relname, reloptions FROM pg_class WHERE oid IN ('shop.kpi'::regclass, 'shop.customers'::regclass, 'stored.kpi'::regclass, 'stored.customers'::regclass) ORDER BY oid::regclass::text;
-- A definition of order_rows that the user has written.
CREATE OR REPLACE VIEW shop.order_rows WITH (security_invoker = true) AS SELECT customer_id % 7 AS customer, ordered_at, amount FROM orders;
SELECT count(*) FROM retention_refresh_views('shop');
SELECT customers FROM shop.kpi;
-- Views that it reads are made, and what is gone is told of.
ALTER VIEW shop.left_out_rows RENAME TO elsewhere;
DROP VIEW shop.excluded_rows;
SELECT retention_refresh_views('shop');
ALTER VIEW shop.elsewhere RENAME TO left_out_rows;
SELECT count(*) FROM retention_refresh_views('shop');
-- Without the record nothing is ours, but what is as we would make it.
DROP VIEW shop.retention_record;
CREATE OR REPLACE VIEW shop.order_ladder AS SELECT 1 AS order_number, 2::int8 AS customers, 3::int8 AS reached_next, 4::float8 AS rate, 5::int8 AS eligible, 6::int8 AS eligible_reached_next, 7::float8 AS eligible_rate, 8::float8 AS median_gap_days, now() AS updated_at;
SELECT count(*) FROM retention_refresh_views('shop');
DROP VIEW shop.order_ladder;
SELECT count(*) FROM retention_refresh_views('shop');

-- Dropped, but for what is the user's.
CREATE OR REPLACE VIEW stored.rfm_thresholds AS SELECT 'recency'::text AS metric, 1::float8 AS p20, 2::float8 AS p40, 3::float8 AS p60, 4::float8 AS p80;
SELECT retention_drop_views('stored');
SELECT relname FROM pg_class WHERE relnamespace = 'stored'::regnamespace;
SELECT retention_drop_views('shop');
SELECT to_regnamespace('shop');
-- The filter stands behind WHERE as it is: a partition is left out, an index is used.
CREATE TABLE parted (customer int, at date, amount int) PARTITION BY RANGE (at);
CREATE TABLE parted_2023 PARTITION OF parted FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE parted_2024 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX ON parted (customer);
INSERT INTO parted SELECT n, date '2023-01-01' + n % 700, n FROM generate_series(1, 5000) n;
ANALYZE parted;
SELECT count(*) FROM retention_create_views('parted', 'customer', 'at', 'amount', filter => $$at >= '2024-03-01' AND customer = 7$$, target => 'shop');
EXPLAIN (COSTS OFF) SELECT orders FROM shop.kpi;
SELECT retention_drop_views('shop');
SET client_min_messages = error;
DROP SCHEMA stored, views_kept CASCADE;
DROP ROLE regress_kept_reader, regress_kept_writer;
