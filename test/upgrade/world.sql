-- What people have built upon a version: their views, functions, indexes, values.
\set ON_ERROR_STOP on
SET SESSION AUTHORIZATION owner;
SET search_path = public, metrics;
CREATE TABLE orders AS SELECT customer_id, ordered_at, amount, customer_id % 2 = 0 AS even FROM simulate_orders(150, '2 years', 1);
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'shop', lifespan => '3 years');
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'stored', mode => 'materialized', filter => 'even', period => 'week', margin => 0.3);
-- as they are made, to be compared with those that the next version makes
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'clean');
SELECT count(*) FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'clean_stored', mode => 'materialized');

-- What can be set on them.
ALTER VIEW shop.kpi RESET (security_invoker);
ALTER VIEW shop.cohort_retention SET (security_barrier = true);
ALTER VIEW stored.kpi SET (security_invoker = true);
COMMENT ON VIEW shop.kpi IS 'the numbers of the board';
COMMENT ON COLUMN shop.kpi.clv IS 'what we plan with';
COMMENT ON COLUMN shop.kpi.orders IS NULL;
COMMENT ON COLUMN stored.kpi.revenue IS 'of even customers';
COMMENT ON COLUMN stored.kpi_data.revenue IS 'kept';
COMMENT ON MATERIALIZED VIEW stored.customers_data IS NULL;
ALTER MATERIALIZED VIEW stored.kpi_data SET (fillfactor = 70, autovacuum_enabled = false);
ALTER MATERIALIZED VIEW stored.customers_data SET (toast.autovacuum_enabled = false);
ALTER MATERIALIZED VIEW stored.customers_data ALTER COLUMN segment SET STATISTICS 500;
ALTER MATERIALIZED VIEW stored.kpi_data ALTER COLUMN revenue SET STORAGE PLAIN;
CREATE UNIQUE INDEX kpi_key ON stored.kpi_data (customers) WITH (fillfactor = 50);
DROP INDEX stored.kpi_data_orders_idx;
CREATE INDEX "by Segment" ON stored.customers_data (segment, lower(status)) WHERE revenue > 0;
COMMENT ON INDEX stored."by Segment" IS 'for the list';
ALTER MATERIALIZED VIEW stored.kpi_data CLUSTER ON kpi_key;
CREATE STATISTICS stored.together ON segment, status FROM stored.customers_data;
GRANT USAGE ON SCHEMA shop, stored TO analyst, reader;
GRANT SELECT ON ALL TABLES IN SCHEMA shop, stored TO analyst WITH GRANT OPTION;
GRANT SELECT ON orders TO analyst;
GRANT SELECT ON stored.kpi, stored.kpi_data TO reader;
GRANT SELECT (customer, orders) ON stored.customers, stored.customers_data TO reader;
GRANT SELECT ON shop.kpi TO PUBLIC;
-- One that is the user's by now, and one that they may replace.
CREATE OR REPLACE VIEW shop.order_ladder WITH (security_invoker = true) AS
	SELECT 1::int4 AS order_number, 2::int8 AS customers, 3::int8 AS reached_next, 4::float8 AS rate, 5::int8 AS eligible, 6::int8 AS eligible_reached_next, 7::float8 AS eligible_rate, 8::float8 AS median_gap_days, now() AS updated_at;
CREATE TABLE names AS SELECT recency_score, frequency_score, upper(segment) AS segment FROM shop.rfm_segment_names;
CREATE OR REPLACE VIEW shop.rfm_segment_names AS TABLE names;

-- Values of every type, as they are, in arrays, and behind an index, a check, a generated column.
DO $$
BEGIN
	EXECUTE format('CREATE AGGREGATE renewals_of(int4, int8) (SFUNC = %s, STYPE = renewals_histogram)', (SELECT aggtransfn FROM pg_aggregate WHERE aggfnoid = 'fit_retention(int4, int8)'::regprocedure));
	EXECUTE format('CREATE AGGREGATE timeline_of(timestamptz) (SFUNC = %s, STYPE = _retention_timeline)', (SELECT aggtransfn FROM pg_aggregate WHERE aggfnoid = 'order_gap(timestamptz)'::regprocedure));
	EXECUTE format('CREATE AGGREGATE union_of(customer_base) (SFUNC = %s, STYPE = customer_base)', (SELECT aggcombinefn FROM pg_aggregate WHERE aggfnoid = 'customer_base(int8)'::regprocedure));
END
$$;
CREATE TABLE facts AS
SELECT customer_id, rfm_summary(ordered_at, amount, date '2026-06-30') AS rfm, timeline_of(ordered_at) AS timeline FROM orders GROUP BY customer_id;
CREATE TABLE fits AS
SELECT repeat_buying(rfm) AS buying, repeat_spend(rfm) AS spend, survival((rfm).age_days, (rfm).repeat_purchases > 0) AS survival FROM facts;
CREATE TABLE kept (
	month date PRIMARY KEY,
	base customer_base CHECK (orders(base) > 0),
	history purchase_history,
	bases customer_base[],
	n int8 GENERATED ALWAYS AS (orders(base)) STORED,
	rate float8 GENERATED ALWAYS AS (clv_from_churn(repeat_rate(base) + 0.01, 0.5)) STORED
);
INSERT INTO kept (month, base, history, bases)
SELECT date_trunc('month', ordered_at)::date, customer_base(customer_id, ordered_at, amount), purchase_history(customer_id, ordered_at, amount, 'day'), ARRAY[customer_base(customer_id), NULL] FROM orders GROUP BY 1;
CREATE INDEX ON kept (customers(base));
CREATE INDEX ON kept USING hash (base);
CREATE TABLE models AS
SELECT 'fitted' AS what, fit_purchases(buying) AS purchases, fit_spend(spend) AS spend, (SELECT fit_retention(n, 1000 / (n + 1)) FROM generate_series(0, 6) n) AS retention FROM fits
UNION ALL SELECT 'published', purchase_model('bg/nbd', '{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}'), spend_model(6.25, 3.74, 15.44), retention_model('bdw', '{"a": 0.704, "b": 1.182, "c": 0.9}');
CREATE TABLE waiting AS SELECT renewals_of(n, 1000 / (n + 1)) AS renewals FROM generate_series(0, 6) n;
CREATE TABLE as_json AS SELECT to_jsonb(m) AS m FROM models m;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst;

-- An analyst's, upon the views and upon the functions.
SET SESSION AUTHORIZATION analyst;
CREATE SCHEMA lab;
SET search_path = lab, public, metrics;
CREATE VIEW by_kpi AS SELECT * FROM shop.kpi;
CREATE VIEW beside AS SELECT k.*, s.orders AS even_orders, (SELECT count(*) FROM stored.customers) AS even_customers FROM shop.kpi k, stored.kpi s;
CREATE MATERIALIZED VIEW kept_again AS SELECT c.*, s.share_of_revenue, k.clv FROM stored.customers AS c JOIN stored.rfm_segments AS s USING (segment), stored.kpi AS k;
CREATE UNIQUE INDEX ON kept_again (customer);
CREATE VIEW of_data AS SELECT period_start, active FROM stored.cohort_retention WHERE period_index = 1;
CREATE VIEW history AS SELECT purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM orders;
CREATE VIEW cells AS SELECT * FROM cohort_retention((SELECT h FROM history), 'month');
CREATE VIEW named AS SELECT c.first, c.active AS came FROM history, cohort_retention(history => h, max_periods => 3) AS c (first);
CREATE VIEW joined AS SELECT c.cohort, c.customer_value, o.n FROM history, cohort_retention(h, NULL, '2025-12-31') AS c JOIN (SELECT 0 AS period_index, 1 AS n) AS o USING (period_index);
CREATE VIEW in_list AS SELECT (c.cell).cohort, (c.cell).customer_value FROM (SELECT cohort_retention(h) AS cell FROM history) AS c;
CREATE VIEW one_field AS SELECT (cohort_retention(h, 'year')).active FROM history;
CREATE VIEW whole_rows AS SELECT to_jsonb(c) -> 'active' AS active, to_jsonb(c.*) -> 'is_complete' AS is_complete FROM history, cohort_retention(h) AS c;
CREATE VIEW of_lists AS SELECT p.active, f.* FROM cells AS p JOIN named AS f ON p.cohort = f.first AND p.active = f.came;
CREATE FUNCTION atomic(quarter date) RETURNS int8 LANGUAGE sql BEGIN ATOMIC SELECT sum(c.active) FROM history, cohort_retention(h, 'quarter') AS c WHERE c.cohort = quarter; END;
CREATE FUNCTION later() RETURNS TABLE (cohort date, active int8) LANGUAGE sql SET search_path = lab, metrics AS 'SELECT cohort, active FROM history, cohort_retention(h)';
CREATE FUNCTION looped() RETURNS int8 LANGUAGE plpgsql SET search_path = lab, metrics AS $$
DECLARE
	c record;
	n int8 := 0;
BEGIN
	FOR c IN SELECT * FROM cohort_retention((SELECT h FROM history), max_periods => 2) LOOP
		n := n + c.active;
	END LOOP;
	RETURN n;
END $$;
COMMENT ON VIEW cells IS 'mine';
GRANT SELECT ON cells TO reader WITH GRANT OPTION;
