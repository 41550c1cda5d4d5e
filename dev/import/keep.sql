-- Keeps import_orders (orders.sql) as a table, with the extension beside it. psql's variables: table; zone, file, currency, left_out_rows, as orders.sql
-- leaves them. A table of this name is replaced if it was made here, row by row, so that what stands upon it stays.

BEGIN;
DO $$
BEGIN
	CREATE EXTENSION IF NOT EXISTS retention;
EXCEPTION WHEN feature_not_supported OR undefined_file THEN
	RAISE EXCEPTION '%', SQLERRM USING HINT = 'Install it in that server: make && make install';
END $$;
-- Wherever it is, its functions are called by their names.
SELECT set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), quote_ident(nspname)), false) AS path
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = extnamespace WHERE extname = 'retention' \gset

SELECT set_config('retention_import.table', :'table', true) AS name \gset
DO $$
BEGIN
	IF to_regclass(quote_ident(current_setting('retention_import.table'))) IS NOT NULL AND
		obj_description(to_regclass(quote_ident(current_setting('retention_import.table'))), 'pg_class') IS DISTINCT FROM 'orders of a shop, as dev/demo --into has read them from its files' THEN
		RAISE EXCEPTION 'a table "%" is there, and was not made here', current_setting('retention_import.table') USING HINT = 'Keep the orders in another: --table NAME';
	END IF;
END $$;
-- Nor are views that somebody has made over a table of their own.
DO $$
BEGIN
	IF to_regclass('shop.order_rows') IS NOT NULL AND NOT EXISTS (
		SELECT FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
		WHERE r.ev_class = to_regclass('shop.order_rows') AND d.refobjid = to_regclass(quote_ident(current_setting('retention_import.table')))) THEN
		RAISE EXCEPTION 'the schema shop has views over another table than "%"', current_setting('retention_import.table')
			USING HINT = 'Name that with --table, if it was made here, or another database with --into.';
	END IF;
END $$;
CREATE TABLE IF NOT EXISTS :"table" (order_id text, customer_id text, ordered_at timestamptz NOT NULL, amount numeric NOT NULL, status text, country text, source text, product text);
COMMENT ON TABLE :"table" IS 'orders of a shop, as dev/demo --into has read them from its files';
COMMENT ON COLUMN :"table".customer_id IS 'an e-mail address, a number or a name; NULL: a guest';
COMMENT ON COLUMN :"table".amount IS 'what was paid; below 0: what was given back';
COMMENT ON COLUMN :"table".product IS 'the first of the order';
TRUNCATE :"table";
INSERT INTO :"table" SELECT order_id, customer_id, ordered_at, amount, status, country, source, product FROM import_orders ORDER BY ordered_at, order_id, amount DESC;
COMMIT;
ANALYZE :"table";
-- Parts of the shop that its numbers are told by: where there are several, and not as many as orders.
SELECT array_remove(ARRAY[CASE WHEN count(DISTINCT country) BETWEEN 2 AND 200 THEN 'country' END, CASE WHEN count(DISTINCT source) BETWEEN 2 AND 200 THEN 'source' END,
	CASE WHEN count(DISTINCT product) BETWEEN 2 AND 200 THEN 'product' END], NULL) AS segments FROM import_orders \gset
-- What demo.sql asks.
CREATE TEMP VIEW orders AS SELECT * FROM :"table";
