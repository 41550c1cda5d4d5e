-- Calls of every aggregate with arguments of every type: what fits one of its forms
-- is answered by it, all else is refused with what to write, and PostgreSQL never says
-- that there is no such function, or that it doesn't know which.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
CREATE SCHEMA refused;
SET search_path = refused, public;
CREATE TYPE color AS ENUM ('red', 'blue');
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN code AS text;
CREATE DOMAIN cents AS int4;
CREATE DOMAIN moment AS timestamptz;

-- The forms: aggregates, and functions of the same names, without those that refuse.
CREATE TABLE form AS
SELECT p.oid, p.proname::text AS name, p.prokind, a.n AS arguments, (p.proargtypes::regtype[])[0:a.n - 1] AS types
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'retention',
	generate_series(greatest(p.pronargs - p.pronargdefaults, 1), p.pronargs) AS a (n)
WHERE p.proname NOT LIKE '\_retention\_%' AND '"any"'::regtype <> ALL (proargtypes) AND 'unknown'::regtype <> ALL (proargtypes)
	AND NOT EXISTS (SELECT FROM pg_proc s WHERE s.oid = p.prosupport AND s.proname = '_retention_refuse_support')
	AND EXISTS (SELECT FROM pg_proc s WHERE s.proname = p.proname AND s.pronamespace = p.pronamespace AND s.prokind = 'a');
SELECT count(DISTINCT name) AS aggregates, count(*) > 200 AS forms FROM form WHERE prokind = 'a';
-- Each has a form for the rest.
SELECT name FROM form EXCEPT SELECT proname FROM pg_proc WHERE provariadic = '"any"'::regtype AND prokind = 'a';

-- Types, the few that matter most among them, and what casts to them by itself.
CREATE TABLE type (name text, few bool);
INSERT INTO type SELECT unnest('{smallint,integer,bigint,numeric,float8,text,uuid,date,timestamp,timestamptz,bool,money,interval}'::text[]), true;
INSERT INTO type SELECT unnest('{real,"numeric(12,2)",oid,regclass,varchar,varchar(9),char(9),bpchar,name,code,cents,moment,time,timetz,json,jsonb,bytea,color,pair,inet,integer[],text[],xml,bit(3),tsvector,int4range,rfm_inputs,customer_base,purchase_history,survival_histogram}'::text[]), false;
INSERT INTO type VALUES ('"char"', false), ('unknown', true);
CREATE FUNCTION base_of(type regtype) RETURNS regtype LANGUAGE sql STABLE AS 'SELECT CASE WHEN typtype = ''d'' THEN typbasetype ELSE oid END::regtype FROM pg_type WHERE oid = $1';
CREATE TABLE fits AS
SELECT t.name AS given, f.type AS taken
FROM type t, (SELECT DISTINCT unnest(types) AS type FROM form) f
WHERE t.name = 'unknown' OR base_of(t.name::regtype) = f.type
	OR EXISTS (SELECT FROM pg_cast WHERE castsource = base_of(t.name::regtype) AND casttarget = f.type AND castcontext = 'i');

-- Of one and two arguments all combinations, of more those of the few.
CREATE TABLE call (name text, types text[]);
INSERT INTO call SELECT f.name, ARRAY[a.name] FROM (SELECT DISTINCT name FROM form) f, type a;
INSERT INTO call SELECT f.name, ARRAY[a.name, b.name] FROM (SELECT DISTINCT name FROM form) f, type a, type b;
INSERT INTO call SELECT f.name, ARRAY[a.name, b.name, c.name] FROM (SELECT DISTINCT name FROM form WHERE arguments >= 3) f, type a, type b, type c WHERE a.few AND b.few AND c.few;
INSERT INTO call
SELECT f.name, types FROM (SELECT DISTINCT name FROM form WHERE arguments >= 4) f,
	LATERAL (SELECT ARRAY[a, b, c, d] AS types FROM unnest('{integer,bigint,text,uuid,unknown,numeric}'::text[]) a, unnest('{date,timestamptz,unknown,numeric,text}'::text[]) b, unnest('{integer,numeric,float8,text,unknown,date}'::text[]) c, unnest('{integer,text,unknown,date}'::text[]) d) s
UNION ALL SELECT 'purchase_history', ARRAY[a, b, c, d, e]
FROM unnest('{integer,bigint,text,uuid,unknown,numeric}'::text[]) a, unnest('{date,timestamptz,unknown,text}'::text[]) b, unnest('{numeric,float8,text,unknown}'::text[]) c, unnest('{text,unknown,date}'::text[]) d, unnest('{text,unknown}'::text[]) e;

-- Does it fit a form? And what comes of it: an answer, or what to write.
CREATE FUNCTION fits_form(call text, given text[]) RETURNS bool LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM form f WHERE f.name = call AND f.arguments = cardinality(given)
		AND NOT EXISTS (SELECT FROM unnest(given, f.types::regtype[]) AS u (g, t) WHERE NOT EXISTS (SELECT FROM fits WHERE fits.given = u.g AND fits.taken = u.t)))
$$;
-- columns, as a NULL of a type is something else to some
DO $$
BEGIN
	EXECUTE 'CREATE TABLE given (' || (SELECT string_agg(format('%I %s', name, name), ', ') FROM type WHERE name <> 'unknown') || ')';
END
$$;
CREATE FUNCTION outcome(call text, given text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE format('EXPLAIN SELECT %I(%s) FROM given', call, (SELECT string_agg(CASE WHEN g <> 'unknown' THEN format('%I', g) ELSE 'NULL' END, ', ' ORDER BY n) FROM unnest(given) WITH ORDINALITY AS u (g, n)));
	RETURN 'answered';
EXCEPTION WHEN undefined_function OR ambiguous_function OR datatype_mismatch OR indeterminate_datatype THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN CASE WHEN hint ~ '^(Write, |It must be )' THEN 'refused' ELSE SQLSTATE || ' ' || SQLERRM END;
END
$$;
CREATE TABLE outcome AS
SELECT name, types, fits_form(name, types) AS fits, outcome(name, types) AS outcome,
	   -- nothing says which form is meant but literals, and integers that become another one
	   NOT EXISTS (SELECT FROM unnest(types) t WHERE t NOT IN ('unknown', 'smallint', 'integer', 'cents', '"char"')) AS vague
FROM call;
SELECT count(*) > 60000 AS calls, count(*) FILTER (WHERE fits) > 1000 AS fitting FROM outcome;
-- A name that is a type's, with one text, is a cast to it.
DELETE FROM outcome o WHERE to_regtype(name) IS NOT NULL AND cardinality(types) = 1
	AND (types[1] IN (name, 'unknown') OR (SELECT typcategory = 'S' FROM pg_type WHERE oid = to_regtype(CASE WHEN types[1] = 'unknown' THEN 'text' ELSE types[1] END)));
-- A literal where clv() may be asked of a base, beside a number where it has an
-- interval, is anything.
DELETE FROM outcome WHERE name = 'clv' AND types[1] = 'unknown' AND cardinality(types) > 1 AND types[2] IN ('smallint', 'integer', 'bigint', 'numeric', 'float8', 'interval', 'time', 'unknown');
-- A literal beside a model is a cohort, of either kind of numbers, or a table of them: PostgreSQL says to cast it.
DELETE FROM outcome WHERE name = 'fit_retention' AND types[1] = 'unknown' AND types[2] IN ('bpchar', 'char(9)', 'code', 'name', 'text', 'varchar', 'varchar(9)') AND outcome LIKE '42725 %';
-- A time of day is no duration, and a byte no event, though they cast to what is.
DELETE FROM outcome WHERE name = 'survival' AND types[1] IN ('time', '"char"');
-- A literal behind a time, where another is the last, is a day or an amount.
UPDATE outcome SET vague = true WHERE name IN ('rfm_summary', 'next_order_due_day', 'order_days_between') AND types[2] = 'unknown' AND cardinality(types) > 2 AND types[cardinality(types)] = 'unknown';
-- None.
SELECT * FROM outcome WHERE NOT vague AND outcome <> CASE WHEN fits THEN 'answered' ELSE 'refused' END ORDER BY 1, 2;
-- Where it's vague, none is refused without a word but a size that is a smallint.
SELECT * FROM outcome WHERE vague AND (outcome NOT IN ('answered', 'refused') OR NOT fits AND outcome = 'answered') AND NOT (name = 'customer_base_sample' AND types[cardinality(types)] = 'smallint') ORDER BY 1, 2;
SELECT name, string_agg(array_to_string(types, ', '), '; ' ORDER BY types) AS fits_but_is_refused FROM outcome WHERE fits AND outcome = 'refused' AND cardinality(types) <= 2 GROUP BY name ORDER BY name;

-- What has a form of its own, as nothing else says which is meant, answers what its cast does.
CREATE TABLE shop AS SELECT (n % 7)::int2 AS i2, (n % 7)::int4 AS i4, (n % 7)::int8 AS i8, chr(65 + n % 7)::"char" AS c, chr(65 + n % 7) AS t, (n * 1.25)::numeric AS amount, n FROM generate_series(-20, 40) n;
SELECT repeat_rate(i2) = repeat_rate(i8) AND repeat_rate(i4) = repeat_rate(i8) AND repeat_rate(c) = repeat_rate(t) AS repeat_rate,
	   purchase_frequency(i2) = purchase_frequency(i8) AND purchase_frequency(i4) = purchase_frequency(i8) AND purchase_frequency(c) = purchase_frequency(t) AS purchase_frequency,
	   customer_value(i2, amount) = customer_value(i8, amount) AND customer_value(i4, amount) = customer_value(i8, amount) AND customer_value(c, amount) = customer_value(t, amount) AS customer_value,
	   customer_value(i2, amount::float8) = customer_value(i8, amount::float8) AND customer_value(i4, n) = customer_value(i8, n) AND customer_value(c, n) = customer_value(t, n) AS customer_value_float8,
	   customer_base(i2) = customer_base(i8) AND customer_base(i4) = customer_base(i8) AND customer_base(c) = customer_base(t) AS customer_base,
	   customer_base_sample(i2, 16) = customer_base_sample(i8, 16) AND customer_base_sample(i4, 16) = customer_base_sample(i8, 16) AND customer_base_sample(c, 16) = customer_base_sample(t, 16) AS customer_base_sample,
	   renewals(i2, i2) = renewals(i4, i8) AND renewals(i8, i8) = renewals(i4, i8) AND renewals(i8::numeric, i2::float4) = renewals(i4, i8) AS renewals
FROM shop WHERE n >= 0 AND amount >= 0;
SELECT count(*) AS frames, count(*) FILTER (WHERE int2 IS DISTINCT FROM int8 OR int4 IS DISTINCT FROM int8 OR "char" IS DISTINCT FROM text) AS different
FROM (SELECT repeat_rate(i2) OVER w AS int2, repeat_rate(i4) OVER w AS int4, repeat_rate(i8) OVER w AS int8, purchase_frequency(c) OVER w AS "char", purchase_frequency(t) OVER w AS text
	  FROM shop WINDOW w AS (ORDER BY n ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING)) s;
SELECT renewals(n, 1.5) FROM shop;
SELECT renewals(n / 2.0, 1) FROM shop;
SELECT fit_retention(n, 1e19) FROM shop;

-- An error as soon as it's planned, wherever it is: without rows, without groups,
-- explained; as a window function, when there are rows.
CREATE TABLE none (customer int, at text, amount money);
EXPLAIN SELECT clv(customer, at, amount) FROM none;
SELECT customer, repeat_rate(amount) FROM none GROUP BY customer;
SELECT 1 FROM none HAVING aov(at) > 0;
SELECT sum(aov(at)) OVER () FROM none;
SELECT (SELECT aov(none.amount) FROM shop) FROM none;
SELECT aov(amount) FILTER (WHERE customer > 0), aov(DISTINCT amount ORDER BY amount) FROM none GROUP BY ROLLUP (customer);
WITH w AS (SELECT at AS bought FROM none) SELECT lifetime_span(bought) FROM w UNION ALL SELECT '1 day';
PREPARE q(int) AS SELECT lifetime_span($1, at) FROM none;
EXECUTE q(1);
SELECT aov(amount) OVER () FROM none;
INSERT INTO none VALUES (1, '2024-01-01', 5);
SELECT customer, aov(amount) OVER (ORDER BY customer ROWS 1 PRECEDING), lifetime_span(at) OVER () FROM none;
SELECT none.aov FROM none;
-- In no other place are names looked for, and a schema moves.
CREATE SCHEMA elsewhere;
CREATE FUNCTION elsewhere.aov(int4range) RETURNS int LANGUAGE sql AS 'SELECT 1';
SET search_path = elsewhere, refused, public;
SELECT aov('[1,2)'::int4range), aov(amount::numeric) FROM none;
SELECT aov(amount) FROM none;
SET search_path = refused, public;
-- Called by themselves, they are none.
SELECT _retention_refuse_rows(1.0, 2);
SELECT _retention_no_span(3);

SET client_min_messages = error;
DROP SCHEMA refused, elsewhere CASCADE;
