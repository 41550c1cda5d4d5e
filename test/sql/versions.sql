-- Every stored type says its version, and a version that is not known here is
-- an error that says so, wherever it's met: in text, in binary, in a table.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA versions;
SET search_path = versions, public;

-- ---------------------------------------------------------------------------
-- A value of each type, as text, as its binary form and as it lies in a table.
-- ---------------------------------------------------------------------------

-- aggregates that leave the states of ours as they are
DO $$
BEGIN
	EXECUTE format('CREATE AGGREGATE renewals_of(int4, int8) (SFUNC = %s, STYPE = renewals_histogram)',
				   (SELECT aggtransfn FROM pg_aggregate WHERE aggfnoid = 'fit_retention(int4, int8)'::regprocedure));
	EXECUTE format('CREATE AGGREGATE log_of(timestamptz) (SFUNC = %s, STYPE = _retention_timeline)',
				   (SELECT aggtransfn FROM pg_aggregate WHERE aggfnoid = 'order_gap(timestamptz)'::regprocedure));
END
$$;
CREATE TABLE orders AS SELECT n % 7 AS customer, timestamptz '2024-01-01' + n * interval '9 days' AS at, n::numeric AS amount FROM generate_series(1, 60) n;
CREATE TABLE summaries AS SELECT rfm_summary(at, amount, date '2025-12-31') AS rfm FROM orders GROUP BY customer;
CREATE TABLE texts AS
SELECT customer_base(customer::int8, at, amount)::text AS customer_base, purchase_history(customer::int8, at, amount, 'day')::text AS purchase_history, log_of(at)::text AS _retention_timeline FROM orders;
CREATE TABLE more_texts AS
SELECT repeat_buying(rfm)::text AS repeat_buying_histogram, repeat_spend(rfm)::text AS repeat_spend_histogram, survival(1.5, true)::text AS survival_histogram FROM summaries;
CREATE TABLE written (type regtype PRIMARY KEY, as_text text, as_binary bytea, as_stored bytea);
INSERT INTO written (type, as_text)
SELECT t.key::regtype, t.value FROM (TABLE texts) s, jsonb_each_text(to_jsonb(s)) t UNION ALL SELECT t.key::regtype, t.value FROM (TABLE more_texts) s, jsonb_each_text(to_jsonb(s)) t
UNION ALL SELECT 'renewals_histogram'::regtype, renewals_of(n, 100 - n)::text FROM generate_series(0, 3) n
UNION ALL SELECT 'purchase_model'::regtype, purchase_model('bg/nbd', '{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}')::text
UNION ALL SELECT 'spend_model'::regtype, spend_model(6.25, 3.74, 15.44)::text
UNION ALL SELECT 'retention_model'::regtype, retention_model('sbg', '{"a": 0.704, "b": 1.182}')::text;
-- a new type, of which nothing is known here
SELECT t.oid::regtype FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refobjid = e.oid AND e.extname = 'retention'
WHERE t.typtype = 'b' AND t.typelem = 0 AND t.typname NOT IN ('_retention_no_span', '_retention_no_number') AND t.oid NOT IN (SELECT type FROM written);

-- bytes that are taken for a value without a look
CREATE TYPE raw;
CREATE FUNCTION raw_in(cstring) RETURNS raw LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION raw_out(raw) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE TYPE raw (INPUT = raw_in, OUTPUT = raw_out, ALIGNMENT = double, STORAGE = external);
CREATE TYPE raw_int;
CREATE FUNCTION raw_int_in(cstring) RETURNS raw_int LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION raw_int_out(raw_int) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE TYPE raw_int (INPUT = raw_int_in, OUTPUT = raw_int_out, STORAGE = external);
CREATE FUNCTION raw_of(type regtype) RETURNS regtype LANGUAGE sql AS
	$$SELECT CASE typalign WHEN 'd' THEN 'raw' ELSE 'raw_int' END::regtype FROM pg_type WHERE oid = type$$;
DO $$
DECLARE
	w written;
BEGIN
	FOR w IN TABLE written LOOP
		EXECUTE format('CREATE CAST (%s AS %s) WITHOUT FUNCTION', raw_of(w.type), w.type);
		EXECUTE format('CREATE CAST (%s AS %s) WITHOUT FUNCTION', w.type, raw_of(w.type));
		EXECUTE format('UPDATE written SET as_binary = %s(%L::%s), as_stored = %L::%s::%s::text::bytea WHERE type = %L::regtype',
					   (SELECT typsend FROM pg_type WHERE oid = w.type), w.as_text, w.type, w.as_text, w.type, raw_of(w.type), w.type);
	END LOOP;
END
$$;
SELECT type, get_byte(as_binary, 0) AS version, get_byte(as_stored, 0) AS stored FROM written ORDER BY type::text COLLATE "C";

-- ---------------------------------------------------------------------------
-- The same of versions to come.
-- ---------------------------------------------------------------------------

CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || message || ' ' || hint;
END
$$;
-- in text: base64 of the binary form, or JSON
CREATE FUNCTION later_text(w written, version int) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN w.as_text LIKE '{%' THEN regexp_replace(w.as_text, '"version": 1', '"news": [], "version": ' || version)
				ELSE translate(encode(set_byte(w.as_binary, 0, version), 'base64'), E'\n', '') END
$$;
SELECT type, outcome(format('SELECT %L::%s', later_text(w, 1 + get_byte(as_binary, 0)), type)) FROM written w ORDER BY type::text COLLATE "C";
SELECT type, version, outcome(format('SELECT %L::%s', later_text(w, version), type))
FROM written w, unnest(ARRAY[0, 3, 15]) version WHERE outcome(format('SELECT %L::%s', later_text(w, version), type)) NOT LIKE format('22P03 unsupported version %s of type %s A newer%%', version, type)
ORDER BY type::text COLLATE "C", version;

-- in binary: COPY of bytes into columns of the type
CREATE TABLE received (type regtype, version int, outcome text);
DO $$
DECLARE
	w written;
	version int;
	file text := current_setting('data_directory') || '/versions.binary';
BEGIN
	FOR w IN TABLE written LOOP
		EXECUTE format('CREATE TABLE target (v %s)', w.type);
		FOREACH version IN ARRAY ARRAY[1, 2, 200] LOOP
			EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', set_byte(w.as_binary, 0, version), file);
			INSERT INTO received VALUES (w.type, version, outcome(format('COPY target FROM %L (FORMAT binary)', file)));
		END LOOP;
		DROP TABLE target;
	END LOOP;
	EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', format('cat > /dev/null; rm ''%s''', file));
END
$$;
SELECT type, outcome FROM received WHERE version = 2 ORDER BY type::text COLLATE "C";
SELECT * FROM received WHERE version <> 2 AND outcome <> CASE version WHEN 1 THEN 'accepted' ELSE format('22P03 unsupported version %s of type %s A newer version of the extension may have written it.', version, type) END
ORDER BY type::text COLLATE "C", version;

-- in a table, inline or (200) in its TOAST table: whatever looks at a value refuses it
CREATE FUNCTION planted(w written, version int) RETURNS text LANGUAGE sql AS
	$$SELECT format('(SELECT v FROM planted_%s WHERE version = %s)', w.type, version)$$;
DO $$
DECLARE
	w written;
	version int;
	filler bytea := (SELECT string_agg(sha256(n::text::bytea), '' ORDER BY n) FROM generate_series(1, 500) n);
BEGIN
	FOR w IN TABLE written LOOP
		EXECUTE format('CREATE TABLE planted_%1$s (version int, v %1$s)', w.type);
		FOREACH version IN ARRAY ARRAY[1, 9, 200] LOOP
			EXECUTE format('INSERT INTO planted_%1$s VALUES (%2$s, %3$L::%4$s::%1$s)', w.type, version, set_byte(w.as_stored, 0, version) || CASE WHEN version = 200 THEN filler ELSE '' END, raw_of(w.type));
		END LOOP;
	END LOOP;
END
$$;
CREATE TABLE looks (type regtype, look text);
INSERT INTO looks SELECT type, look FROM written, unnest(ARRAY['SELECT %s::text', 'SELECT ' || (SELECT typsend FROM pg_type WHERE oid = type) || '(%s)']) look;
-- each function of ours with one argument that is such a value, or two
INSERT INTO looks SELECT type, format('SELECT %s(%%1$s%s)', p.oid::regproc, CASE WHEN p.pronargs = 2 AND p.proargtypes[1] = w.type THEN ', %1$s' END)
FROM written w JOIN pg_proc p ON p.proargtypes[0] = w.type AND (p.pronargs - p.pronargdefaults = 1 OR (p.pronargs = 2 AND p.proargtypes[1] = w.type))
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' WHERE p.prokind = 'f' AND p.prosrc !~ '^retention_refuse_'
-- equality is of bytes, and needs no reader
AND p.oid NOT IN (SELECT oprcode FROM pg_operator) AND p.oid NOT IN (SELECT amproc FROM pg_amproc);
SELECT count(*) > 40 AS many, count(DISTINCT type) AS types FROM looks;
CREATE TABLE looked AS
SELECT type, look, version, outcome(format(look, planted(w, version))) FROM looks JOIN written w USING (type), unnest(ARRAY[1, 9, 200]) version;
SELECT version, left(outcome, 5) AS outcome, count(*) > 0 AS some FROM looked WHERE version > 1 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT type, look, version, outcome FROM looked WHERE version > 1 AND outcome <> format('22P03 unsupported version %s of type %s A newer version of the extension may have written it.', version, type) ORDER BY type::text COLLATE "C", look COLLATE "C", version;
-- (as they are, they are values: what is refused then is refused for another reason)
SELECT type, look, outcome FROM looked WHERE version = 1 AND outcome LIKE '%version%';

-- ---------------------------------------------------------------------------
-- Models: the bytes say how many numbers there are, and no struct.
-- ---------------------------------------------------------------------------

-- as long as its numbers; a kind that is not known, another number of parameters, bytes too few or too many
SELECT as_stored FROM written WHERE type = 'retention_model'::regtype;
SELECT what, outcome(format('SELECT survival_at(%L::raw_int::retention_model, 1)', v)) FROM written, LATERAL (VALUES
	('as it is', as_stored), ('another type', set_byte(as_stored, 1, 1)), ('a later kind', set_byte(as_stored, 2, 9)), ('k of 0', set_byte(as_stored, 3, 0)), ('k of 13', set_byte(as_stored, 3, 13)),
	('a later message', set_byte(as_stored, 4, 99)), ('a later flag', set_byte(as_stored, 5, 128)), ('fitted, without the fit', set_byte(as_stored, 5, 1)), ('a parameter more', set_byte(as_stored, 6, 3) || '\x000000000000f03f'::bytea),
	('a parameter less', set_byte(as_stored, 6, 1)), ('cut', substr(as_stored, 1, length(as_stored) - 1)), ('cut in the head', substr(as_stored, 1, 5)), ('nothing', ''::bytea), ('more', as_stored || '\x00'::bytea)) c (what, v)
WHERE type = 'retention_model'::regtype;

-- ---------------------------------------------------------------------------
-- rfm is a row: its columns have names and each row says how many it has, so it
-- needs no version. A column more, and the rows of before are read as they were.
-- ---------------------------------------------------------------------------

BEGIN;
CREATE TABLE rows_before AS SELECT rfm, ARRAY[rfm] AS rfms, rfm::text AS text FROM summaries;
ALTER EXTENSION retention DROP TYPE rfm_inputs;
ALTER TYPE rfm_inputs ADD ATTRIBUTE last_channel text;
INSERT INTO summaries VALUES (ROW(1, 2, 3, 4, NULL, 5, NULL, 'shop')::rfm_inputs);
SELECT count(*) AS rows, count(*) FILTER (WHERE rfm::text = replace(text, ')', ',)') AND (rfm).last_channel IS NULL) AS same, count(*) FILTER (WHERE (rfms[1]).age_days = (rfm).age_days) AS in_arrays FROM rows_before;
SELECT (rfm).repeat_purchases, (rfm).last_channel FROM summaries WHERE (rfm).last_channel IS NOT NULL;
-- this library does not know the column, and says so
SELECT outcome('SELECT p_alive(purchase_model(''nbd'', ''{"r": 1, "alpha": 1}''), rfm) FROM rows_before');
ROLLBACK;

SET client_min_messages = error;
DROP SCHEMA versions CASCADE;
