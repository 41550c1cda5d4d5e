-- What the extension puts into the catalog, and that it works from any schema
-- and under any search_path.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;

-- internal: what users never call; refusing: what takes the calls that no other form
-- does.
CREATE TEMP VIEW functions AS
SELECT p.*, p.oid::regprocedure AS signature, proname LIKE '\_retention\_%' AS internal,
	   EXISTS (SELECT FROM pg_proc s WHERE s.oid = p.prosupport AND s.proname = '_retention_refuse_support') OR
	   proname NOT LIKE '\_retention\_%' AND ('"any"'::regtype = ANY (proargtypes) OR 'unknown'::regtype = ANY (proargtypes) OR pronargs = 0) AS refusing
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'retention';

-- ---------------------------------------------------------------------------
-- What is there.
-- ---------------------------------------------------------------------------

SELECT extrelocatable, extconfig::regclass[] AS tables FROM pg_extension WHERE extname = 'retention';
SELECT DISTINCT c.relname AS kinds_of_objects
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND e.extname = 'retention'
JOIN pg_class c ON c.oid = d.classid ORDER BY 1;
-- The aggregates.
\pset format unaligned
SELECT proname AS aggregate, pg_get_function_arguments(oid) AS arguments, prorettype::regtype AS returns
FROM functions WHERE prokind = 'a' AND NOT internal AND NOT refusing ORDER BY proname COLLATE "C", pronargs, pg_get_function_arguments(oid) COLLATE "C";
-- What a user calls beside them.
SELECT proname AS function, pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS returns
FROM functions WHERE prokind = 'f' AND NOT internal AND NOT refusing ORDER BY proname COLLATE "C", pg_get_function_arguments(oid) COLLATE "C";
-- What takes the rest, and says what to write.
SELECT proname AS refuses, CASE prokind WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind, string_agg(array_to_string(proargtypes::regtype[], ', '), '; ' ORDER BY pronargs, proargtypes::regtype[]::text COLLATE "C") AS arguments
FROM functions WHERE refusing AND NOT internal GROUP BY proname, prokind ORDER BY proname COLLATE "C", prokind;
\pset format aligned
-- And what the aggregates and the views do.
SELECT proname AS function, count(*) AS overloads FROM functions WHERE internal GROUP BY proname ORDER BY proname COLLATE "C";
SELECT typname, typlen, typcategory, typispreferred, typalign, typstorage, typreceive <> 0 AS receive, typsend <> 0 AS send,
	   typinput::regproc, typoutput::regproc
FROM pg_type WHERE oid IN ('customer_base'::regtype, 'survival_histogram'::regtype, 'repeat_buying_histogram'::regtype, 'repeat_spend_histogram'::regtype, 'renewals_histogram'::regtype, '_retention_timeline'::regtype, 'purchase_history'::regtype,
	'purchase_model'::regtype, 'spend_model'::regtype, 'retention_model'::regtype) ORDER BY typname COLLATE "C";

-- ---------------------------------------------------------------------------
-- What everything has to have.
-- ---------------------------------------------------------------------------

-- A comment; of it, what it is about.
SELECT pg_describe_object(d.classid, d.objid, 0) AS without_comment
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND e.extname = 'retention'
WHERE obj_description(d.objid, (SELECT relname FROM pg_class WHERE oid = d.classid)) IS NULL
	AND NOT (d.classid = 'pg_type'::regclass AND (SELECT typelem <> 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = typrelid AND relkind = 'r') FROM pg_type WHERE oid = d.objid))
ORDER BY 1;
-- Of a function that is called with NULLs, what a NULL does.
SELECT signature AS says_nothing_of_null
FROM functions WHERE NOT internal AND NOT refusing AND NOT proisstrict
	AND obj_description(oid, 'pg_proc') !~ 'NULL|No rows|^an error' ORDER BY 1;
-- Of each column of an answer, and each argument that may be left out, what it is: in a
-- line that begins with its name, or several names.
SELECT signature, name AS says_nothing_of
FROM functions, LATERAL (
	SELECT name FROM unnest(proargnames, coalesce(proargmodes, array_fill('i'::"char", ARRAY[pronargs::int]))) WITH ORDINALITY AS a (name, mode, n)
	WHERE mode IN ('o', 't') OR mode = 'i' AND n > pronargs - pronargdefaults) AS a
WHERE NOT internal AND NOT refusing AND obj_description(oid, 'pg_proc') !~ '^an error'
	AND NOT EXISTS (SELECT FROM regexp_split_to_table(obj_description(oid, 'pg_proc'), '\n') AS line WHERE line ~ '^[a-z0-9_, ]+: ' AND name = ANY (string_to_array(split_part(line, ': ', 1), ', ')))
ORDER BY 1, 2;
SELECT obj_description(oid, 'pg_extension') IS NOT NULL AS extension_has_comment FROM pg_extension WHERE extname = 'retention';

-- What users never call stands behind one prefix, and nothing else does: what the
-- catalog calls, planner support and triggers, what the views say of a row, what a body in SQL calls, and the
-- aggregates that they ask of rows that say whether they are orders.  A final function
-- may be an accessor, too.
CREATE TEMP VIEW called AS
SELECT unnest(ARRAY[aggtransfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn]::oid[]) AS oid FROM pg_aggregate
UNION SELECT unnest(ARRAY[aggfinalfn, aggmfinalfn]::oid[]) FROM pg_aggregate a JOIN pg_proc p ON p.oid = aggfinalfn
WHERE proname NOT IN ('aov', 'customer_value', 'lifetime_span', 'purchase_frequency', 'repeat_rate')
UNION SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript]::oid[]) FROM pg_type
UNION SELECT unnest(ARRAY[oprcode, oprrest, oprjoin]::oid[]) FROM pg_operator
UNION SELECT amproc FROM pg_amproc
UNION SELECT castfunc FROM pg_cast
UNION SELECT prosupport FROM pg_proc
UNION SELECT oid FROM pg_proc WHERE prorettype IN ('internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype);
SELECT signature AS wrongly_named FROM functions
WHERE internal <> (oid IN (SELECT oid FROM called) OR proname IN ('_retention_row_counts', '_retention_kpi', '_retention_kpi_of_windows', '_retention_order_days', '_retention_excluded_rows', '_retention_kpi_by_period', '_retention_window', '_retention_customers_int8', '_retention_customers_text', '_retention_rfm_quintiles', '_retention_outlook', '_retention_model_noticed', '_retention_days', '_retention_day_count', '_retention_part', '_retention_is_past', '_retention_history_unless_empty', '_retention_history_entries') OR coalesce('is_order' = ANY (proargnames) AND prokind = 'a', false)) ORDER BY 1;
-- No name is cut off: one that is as long as a name can be is one that was longer.
SELECT proname AS too_long FROM functions WHERE length(proname) > 62;

-- Of aggregates: a state that is a real type, a combine function, no function
-- that would change the state, and an answer for no rows.
SELECT signature AS not_as_it_should_be
FROM functions f JOIN pg_aggregate a ON a.aggfnoid = f.oid
WHERE NOT refusing AND (aggtranstype NOT IN ('customer_base'::regtype, 'survival_histogram'::regtype, 'repeat_buying_histogram'::regtype, 'repeat_spend_histogram'::regtype, 'renewals_histogram'::regtype, '_retention_timeline'::regtype, 'purchase_history'::regtype) OR aggcombinefn = 0 OR aggserialfn <> 0 OR aggdeserialfn <> 0
	OR aggfinalmodify <> 'r' OR aggmfinalmodify <> 'r' OR aggfinalfn = 0 OR aggfinalextra OR agginitval IS NOT NULL
	OR aggkind <> 'n' OR aggsortop <> 0 OR proparallel <> 's' OR aggtransspace NOT BETWEEN 1 AND CASE WHEN proname IN ('customer_base_sample', 'rollup') THEN 8192 ELSE 1024 END
	OR (aggmtransfn <> 0) <> (proname IN ('aov', 'purchase_frequency', 'repeat_rate'))
	OR aggmtransfn <> 0 AND (aggminvtransfn = 0 OR aggmtranstype <> 'customer_base'::regtype OR aggmfinalfn <> aggfinalfn));
-- Of those that refuse: they err as soon as they're planned, or where there are no rows, and are in no parallel plan's workers.
SELECT signature AS not_as_it_should_be
FROM functions f JOIN pg_aggregate a ON a.aggfnoid = f.oid
WHERE refusing AND (aggfinalfn <> aggtransfn OR aggfinalextra = (pronargs = 0) OR aggcombinefn <> 0 OR aggmtransfn <> 0
	OR (SELECT prosupport FROM pg_proc WHERE oid = aggtransfn) <> '_retention_refuse_support'::regproc);
-- Those over the same arguments share a state, if it is of one type; order_days_between
-- has arguments that are no columns, and names are not kept without being asked for.
SELECT proargtypes::regtype[] AS arguments FROM functions f JOIN pg_aggregate a ON a.aggfnoid = f.oid
WHERE proname <> 'order_days_between' AND proname !~ '_with_names$' AND NOT refusing GROUP BY proargtypes, aggtranstype HAVING count(DISTINCT (aggtransfn, aggtranstype, agginitval)) > 1;

-- No scalar takes as many arguments as an aggregate of its name: over rows it would
-- be taken for it.  What takes a value of ours can't be, as nothing becomes one by itself.
SELECT f.signature AS scalar, a.signature AS aggregate
FROM functions f JOIN functions a ON a.proname = f.proname AND a.prokind = 'a' AND a.pronargs BETWEEN f.pronargs - f.pronargdefaults AND f.pronargs
WHERE f.prokind = 'f' AND NOT f.internal AND NOT f.refusing AND NOT a.refusing
	AND NOT EXISTS (SELECT FROM unnest(f.proargtypes[0:f.pronargs - f.pronargdefaults - 1]) AS t (argument) JOIN pg_type ON pg_type.oid = argument WHERE typnamespace <> 'pg_catalog'::regnamespace)
ORDER BY 1, 2;
SELECT castsource::regtype, casttarget::regtype FROM pg_cast JOIN pg_type t ON t.oid = casttarget
WHERE castcontext <> 'e' AND typnamespace <> 'pg_catalog'::regnamespace AND castsource <> casttarget AND typname NOT LIKE '\_retention\_no\_%'
	AND EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e');

-- Of functions: safe in a parallel worker, but for those that run a caller's query or are made at random; immutable unless a time zone has a
-- say, strict unless NULL is an answer; none with somebody else's rights, and
-- none with settings of its own.
SELECT signature, provolatile FROM functions WHERE prokind = 'f' AND provolatile <> 'i' AND proname NOT IN ('_retention_no_span', '_retention_no_number') ORDER BY signature::text COLLATE "C";
SELECT signature FROM functions WHERE NOT refusing AND (proparallel <> 's') <> (proname IN ('predict_customers', 'holdout_check', 'simulate_orders') OR proname LIKE 'retention\_%views' OR proname IN ('retention_refresh_data', 'retention_verify', 'retention_rebuild', '_retention_order_changed')) OR prosecdef OR proleakproof OR proconfig IS NOT NULL
	OR prokind = 'f' AND prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'sql'));
SELECT count(*) FILTER (WHERE proname ~ '^_retention_.*_(add|remove)') AS transitions,
	   array_agg(signature ORDER BY signature::text COLLATE "C") FILTER (WHERE proname !~ '^_retention_.*_(add|remove)') AS others
FROM functions WHERE prokind = 'f' AND NOT proisstrict AND NOT refusing;
-- Names of arguments, of what users call.
SELECT signature FROM functions WHERE proargnames IS NULL AND pronargs > 1 AND NOT internal AND NOT refusing ORDER BY 1;

-- It can be moved, and a dump has the rows of its one table.
SELECT extrelocatable, extconfig::regclass[] AS tables, extcondition FROM pg_extension WHERE extname = 'retention';

-- ---------------------------------------------------------------------------
-- From any schema, under any search_path.
-- ---------------------------------------------------------------------------

-- All the metrics of a few orders, as one text, with a prefix for each name.
CREATE FUNCTION pg_temp.answers(prefix text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE pg_catalog.replace(pg_catalog.replace($q$
		SELECT pg_catalog.concat_ws(' ', @aov(a), @aov(a::pg_catalog.float8), @purchase_frequency(c), @repeat_rate(c), @repeat_rate(c::pg_catalog.text), @customer_value(c, a),
			@lifetime_span(t), @lifetime_span(c, t), @clv(t, a), @clv(c, t, a), @clv(c, t, a::pg_catalog.float8),
			@clv(@customer_base(c, t, a), lifespan => '3 years', margin => 0.3, annual_discount_rate => 0.1),
			(@clv_breakdown(@customer_base(c, t, a), observation => '1 year')).orders_per_customer_year,
			@customers(@_retention_customer_base_combine(@customer_base(c), @customer_base(c))), @first_order(@customer_base(c, t)),
			@refunded(@customer_base(c, t, a)))
			|| ' ' || @clv_from_aov(50.0, 2.0, 3.0) || ' ' || @clv_from_aov(50.0::pg_catalog.float8, 2.0::pg_catalog.float8, 3.0::pg_catalog.float8)
			|| ' ' || @clv_from_aov(50.0, 2.0, pg_catalog.make_interval(1, 6, 0, 3, 12)) || ' ' || @clv_contractual(100.0, 24.0)
			|| ' ' || @clv_from_churn(100.0, 0.05, 0.3, 0.01) || ' ' || @clv_from_churn(100.0::pg_catalog.float8, 0.05::pg_catalog.float8) || ' ' || @clv_to_cac(2000.0, 400.0)
			|| ' ' || (SELECT pg_catalog.sum(amount) FROM @simulate_orders(10, '1 year', 1))
		FROM (VALUES (1, pg_catalog.make_timestamptz(2024, 1, 1, 0, 0, 0, 'UTC'), 10.00), (1, pg_catalog.make_timestamptz(2024, 3, 1, 0, 0, 0, 'UTC'), 20.00),
			  (2, pg_catalog.make_timestamptz(2024, 2, 1, 0, 0, 0, 'UTC'), 5.50), (2, pg_catalog.make_timestamptz(2024, 2, 1, 0, 0, 0, 'UTC'), -1.00)) o (c, t, a)$q$,
		'@', prefix), '||', 'OPERATOR(pg_catalog.||)') INTO answer;
	RETURN answer;
END
$$;
CREATE TEMP TABLE answer AS SELECT pg_temp.answers('') AS answer;
SELECT answer FROM answer;

-- With nothing on the path, and with a schema first on it whose operators,
-- functions and types of the same names are all wrong.
SELECT n.nspname AS extschema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'retention' \gset
SET search_path = '';
SELECT pg_temp.answers(:'extschema' OPERATOR(pg_catalog.||) '.') OPERATOR(pg_catalog.=) answer AS same FROM pg_temp.answer;
RESET search_path;
CREATE SCHEMA hostile;
SET search_path = hostile, pg_catalog;
CREATE FUNCTION wrong(numeric, numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION wrong(float8, float8) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION wrong(text, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION wrong_bool(numeric, numeric) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION wrong_bool(float8, float8) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION wrong_bool(int8, int8) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
DO $$
DECLARE
	op text;
BEGIN
	FOREACH op IN ARRAY ARRAY['*', '+', '-', '/'] LOOP
		EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = hostile.wrong)', op);
		EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = float8, RIGHTARG = float8, FUNCTION = hostile.wrong)', op);
	END LOOP;
	FOREACH op IN ARRAY ARRAY['=', '<', '>', '<>'] LOOP
		EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = hostile.wrong_bool)', op);
		EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = float8, RIGHTARG = float8, FUNCTION = hostile.wrong_bool)', op);
		EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = int8, RIGHTARG = int8, FUNCTION = hostile.wrong_bool)', op);
	END LOOP;
END
$$;
CREATE FUNCTION hostile.nullif(numeric, numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION hostile.extract(text, interval) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION hostile.date_part(text, interval) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION hostile.numeric(float8) RETURNS pg_catalog.numeric LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION hostile.power(numeric, numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION hostile.ln(numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE FUNCTION hostile.customers(pg_catalog.text) RETURNS int8 LANGUAGE plpgsql AS $$ BEGIN RAISE 'hostile'; END $$;
CREATE DOMAIN hostile.numeric AS pg_catalog.text CHECK (false);
CREATE DOMAIN hostile.float8 AS pg_catalog.text CHECK (false);
CREATE DOMAIN hostile.interval AS pg_catalog.text CHECK (false);
SELECT 1.5::pg_catalog.numeric + 1.5::pg_catalog.numeric;
SELECT pg_temp.answers(:'extschema' OPERATOR(pg_catalog.||) '.') OPERATOR(pg_catalog.=) answer AS same FROM pg_temp.answer;
-- Installing it does not look there, either.
SET search_path = pg_catalog;
BEGIN;
DROP EXTENSION retention;
CREATE SCHEMA apart;
SET search_path = hostile, pg_catalog;
CREATE EXTENSION retention SCHEMA apart;
SET search_path = pg_catalog;
SELECT count(*) AS objects_elsewhere FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'retention' WHERE pronamespace <> 'apart'::regnamespace;
SELECT pg_temp.answers('apart.') = answer AS apart FROM pg_temp.answer;
-- It moves, with values of its type and views over it.
CREATE SCHEMA later;
CREATE TABLE later.bases AS SELECT n, apart.customer_base(n) AS b FROM generate_series(1, 3) n GROUP BY n;
CREATE VIEW later.rates AS
SELECT apart.repeat_rate(n % 2) AS rate, apart.clv_from_churn(100.0, 0.05) AS clv,
	   apart.clv_from_aov(50.0, 2.0, interval '1 year 6 months') AS clv_over
FROM generate_series(1, 3) n;
ALTER EXTENSION retention SET SCHEMA later;
SELECT pg_temp.answers('later.') = answer AS later FROM pg_temp.answer;
SELECT sum(later.customers(b)) AS customers FROM later.bases;
SELECT rate, clv, trim_scale(clv_over) AS clv_over FROM later.rates;
-- What uses it goes with it, but only when asked.
SAVEPOINT used;
\set VERBOSITY sqlstate
DROP EXTENSION retention;
\set VERBOSITY default
ROLLBACK TO used;
SET client_min_messages = error;
DROP EXTENSION retention CASCADE;
SET client_min_messages = warning;
SELECT (SELECT count(*) FROM pg_proc WHERE probin LIKE '%retention%') AS functions, (SELECT count(*) FROM pg_type WHERE typname = 'customer_base') AS types,
	   to_regclass('later.rates') AS view, (SELECT count(*) FROM pg_attribute WHERE attrelid = 'later.bases'::regclass AND attnum > 0 AND NOT attisdropped) AS columns;
CREATE EXTENSION retention SCHEMA later;
SELECT pg_temp.answers('later.') = answer AS again FROM pg_temp.answer;
ROLLBACK;
-- A user without special rights can install it where they may create.
BEGIN;
DROP EXTENSION retention;
CREATE ROLE regress_retention_user;
DO $$
BEGIN
	EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_retention_user', current_database());
END
$$;
SET ROLE regress_retention_user;
CREATE SCHEMA mine;
CREATE EXTENSION retention SCHEMA mine;
SELECT extowner::regrole FROM pg_extension WHERE extname = 'retention';
SELECT mine.repeat_rate(1), mine.aov(1.0);
DROP EXTENSION retention;
ROLLBACK;
RESET search_path;
SELECT pg_temp.answers('') = answer AS same FROM pg_temp.answer;
SET client_min_messages = error;
DROP SCHEMA hostile CASCADE;
