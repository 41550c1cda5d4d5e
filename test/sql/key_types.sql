-- Customers of every type: who is one customer to PostgreSQL is one to us, or the
-- type is refused.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
SELECT count(*) = 0 AS no_citext FROM pg_available_extensions WHERE name = 'citext' \gset
\if :no_citext
\quit
\endif
CREATE SCHEMA key_types;
SET search_path = key_types, public;
CREATE EXTENSION citext SCHEMA key_types;
CREATE EXTENSION IF NOT EXISTS plpgsql;

-- Three orders by customers of one type: the first two are equal to PostgreSQL,
-- however they are written. How many customers are there?
CREATE TYPE color AS ENUM ('red', 'blue');
CREATE DOMAIN code AS text;
CREATE DOMAIN email AS citext;
CREATE DOMAIN number AS numeric;
CREATE TYPE pair AS (a int, b numeric);
CREATE TABLE types (type text, one text, same text, other text);
INSERT INTO types VALUES
	('int2', '7', '07', '8'), ('int4', '7', '07', '8'), ('int8', '7', '07', '8'), ('numeric', '1', '1.0', '2'), ('number', '1', '1.0', '2'), ('float8', '0', '-0', '1'), ('float4', 'NaN', 'NaN', '1'),
	('text', 'Ann', 'Ann', 'ann'), ('varchar', 'Ann', 'Ann', 'ann'), ('varchar(9)', 'Ann', 'Ann', 'Ann '), ('char(9)', 'Ann', 'Ann  ', 'ann'), ('bpchar', 'Ann', 'Ann  ', 'ann'), ('name', 'Ann', 'Ann', 'ann'), ('"char"', 'a', 'a', 'b'),
	('code', 'Ann', 'Ann', 'ann'), ('citext', 'Ann', 'ann', 'Bob'), ('email', 'Ann', 'ann', 'Bob'), ('uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{a0eebc999c0b4ef8bb6d6bb9bd380a11}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'),
	('color', 'red', 'red', 'blue'), ('bool', 't', 'true', 'f'), ('inet', '10.0.0.1', '10.0.0.1/32', '10.0.0.1/8'), ('cidr', '10', '10.0.0.0/8', '10.0.0.0/9'), ('macaddr', '08:00:2b:01:02:03', '08002b010203', '08:00:2b:01:02:04'),
	('bytea', 'a', '\x61', 'b'), ('jsonb', '{"a": 1.0, "b": 2}', '{"b":2,"a":1}', '2'), ('json', '1', '1', '2'), ('interval', '1 month', '30 days', '2 days'), ('date', '2024-01-01', '2024-1-1', '2024-01-02'), ('timestamptz', '2024-01-01 12:00+00', '2024-01-01 13:00+01', '2024-01-02'),
	('int4[]', '{1,2}', '{ 1, 2 }', '{1}'), ('numeric[]', '{1}', '{1.0}', '{2}'), ('pair', '(1,1)', '(1,1.0)', '(1,2)'), ('bit(3)', '101', '101', '111'), ('oid', '7', '07', '8'), ('money', '1', '1.00', '2'), ('pg_lsn', '0/1', '0/01', '0/2');
CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE query INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
CREATE FUNCTION customers_of(type text, VARIADIC key text[]) RETURNS TABLE (plain text, aggregate text, frame text, history text, views text, predicted text, checked text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE shop (customer_id %s, ordered_at timestamptz, amount numeric)', type);
	FOR n IN 1 .. cardinality(key) LOOP
		EXECUTE format('INSERT INTO shop SELECT %L, timestamptz ''2023-01-01'' + %s * interval ''40 days'', 10 FROM generate_series(1, 3) n', key[n], n || ' * n');
	END LOOP;
	plain := outcome('SELECT count(DISTINCT customer_id) FROM shop');
	aggregate := outcome('SELECT customers(customer_base(customer_id, ordered_at, amount)) FROM shop');
	frame := outcome('SELECT 9 / max(f) FROM (SELECT purchase_frequency(customer_id) OVER () AS f FROM shop) s');
	history := outcome('SELECT (history_info(purchase_history(customer_id, ordered_at, ''day''))).customers FROM shop');
	views := outcome('SELECT count(*) FROM retention_create_views(''key_types.shop'', ''customer_id'', ''ordered_at'', ''amount'', target => ''key_types_views'', time_zone => ''UTC'', lifespan => ''3 years'')');
	IF length(views) <> 5 THEN
		views := outcome('SELECT customers FROM key_types_views.kpi');
	END IF;
	DROP SCHEMA IF EXISTS key_types_views CASCADE;
	predicted := outcome('SELECT count(*) FROM predict_customers(''shop'', horizon => ''1 year'', as_of => ''2024-01-01'', model => ''nbd'')');
	checked := outcome('SELECT max(n) FROM (SELECT sum(customers) AS n FROM holdout_check(''shop'', holdout => ''100 days'', models => ''{nbd}'') GROUP BY model) s');
	DROP TABLE shop;
	RETURN NEXT;
END
$$;
SELECT type, c.* FROM types, customers_of(type, one, same, other) c;

-- What one is told: of an aggregate in every place, of a type that is cast
-- without being asked; and none of it where the caller has said what they mean.
CREATE TABLE shop (email citext, at timestamptz, amount numeric);
INSERT INTO shop VALUES ('Ann', '2024-01-01', 1), ('ann', '2024-01-02', 2), ('Bob', '2024-01-03', 3);
SELECT repeat_rate(email) FROM shop;
SELECT repeat_rate(email) OVER (ORDER BY at ROWS 1 PRECEDING) FROM shop;
SELECT amount, clv(email, at, amount) FROM shop GROUP BY amount;
SELECT customer_base_sample(email, at, amount, 100) FROM shop;
SELECT purchase_history(email, at, amount, 'day') FROM shop;
SELECT repeat_rate(email ORDER BY at DESC) FILTER (WHERE amount > 0) FROM shop;
SELECT repeat_rate(email::email) FROM shop;
-- (a cast to varchar is gone when it could be seen)
SELECT repeat_rate(email::varchar) FROM shop;
SELECT customer_base(email) FROM shop;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
\set VERBOSITY terse
SELECT repeat_rate(email) FROM shop;
\set VERBOSITY default
RESET max_parallel_workers_per_gather;
SELECT repeat_rate(email::text) AS as_text, repeat_rate(lower(email)::text) AS lower, repeat_rate(lower(email)) AS lower_too, repeat_rate(email::varchar) AS as_varchar FROM shop;
SELECT repeat_rate(lower(email)::text) OVER () FROM shop;
-- An integer or a text beside it is no matter; nor is what is cast by a function.
SELECT repeat_rate(1), repeat_rate(email::text), repeat_rate(email::name) FROM shop;
-- The number of an order, too.
SELECT aov(amount, email) FROM shop;
SELECT repeat_rate(1, email) FROM shop;
SELECT repeat_rate(email, 1) FROM shop;
SELECT purchase_frequency(email::text, email) OVER () FROM shop;
SELECT aov(amount, email) OVER () FROM shop;
SELECT aov(amount, lower(email)::text), repeat_rate(lower(email)::text, email::text), purchase_frequency(1, lower(email)::text) FROM shop;

SET client_min_messages = error;
DROP SCHEMA key_types CASCADE;
