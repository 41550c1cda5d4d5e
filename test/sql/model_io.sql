-- Models as values: what they look like, that they read back as they were to the
-- last bit, and that nothing but a model is taken for one.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA model_io;
SET search_path = model_io, public;

-- ---------------------------------------------------------------------------
-- Made of published parameters.
-- ---------------------------------------------------------------------------

SELECT purchase_model('bg/nbd', '{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}', unit => 'week');
SELECT kind, unit, purchase_model(kind, params::jsonb, unit)::jsonb -> 'parameters' AS parameters
FROM (VALUES ('nbd', '{"r": 0.385, "alpha": 12}'), ('mbg/nbd', '{"r": 0.5, "alpha": 6, "a": 0.9, "b": 1.6}'), ('pareto/nbd', '{"r": 0.5, "alpha": 10, "s": 0.6, "beta": 12}'),
	('bg/cnbd-3', '{"r": 0.5, "alpha": 10, "a": 0.6, "b": 12}'), ('mbg/cnbd-12', '{"r": 0.5, "alpha": 10, "a": 0.6, "b": 12}')) v (kind, params), unnest(ARRAY['day', 'week', 'month', 'year']) unit
ORDER BY kind COLLATE "C", unit COLLATE "C";
SELECT purchase_model('mbg/cnbd-12', '{"r": 0.5, "alpha": 10, "a": 0.6, "b": 12}');
SELECT spend_model(6.25, 3.74, 15.44);
SELECT retention_model('sbg', '{"a": 0.704, "b": 1.182}'), retention_model('bdw', '{"c": 1.5, "b": 1.182, "a": 0.704}');
SELECT purchase_model('nbd', NULL), purchase_model(NULL, '{}'), spend_model(1, NULL, 1), retention_model('sbg', NULL);
SELECT purchase_model('bg', '{"r": 1, "alpha": 1, "a": 1, "b": 1}');
SELECT purchase_model('mbg/cnbd-k', '{"r": 1, "alpha": 1, "a": 1, "b": 1}');
SELECT purchase_model('mbg/cnbd-13', '{"r": 1, "alpha": 1, "a": 1, "b": 1}');
SELECT purchase_model('auto', '{"r": 1, "alpha": 1, "a": 1, "b": 1}');
SELECT purchase_model('nbd', '{"r": 1, "alpha": 1}', 'fortnight');
SELECT purchase_model('nbd', '{"r": 1}');
SELECT purchase_model('nbd', '{"r": 1, "alpha": 1, "a": 1}');
SELECT purchase_model('nbd', '{"r": 1, "alpha": 0}');
SELECT purchase_model('nbd', '{"r": 1, "alpha": -4.4}');
SELECT purchase_model('nbd', '{"r": 1, "alpha": 1e31}');
SELECT purchase_model('nbd', '{"r": 1, "alpha": 1e400}');
SELECT purchase_model('nbd', '{"r": 1, "alpha": "1"}');
SELECT purchase_model('nbd', '{"r": 1, "alpha": null}');
SELECT purchase_model('nbd', '{"r": 1, "alpha": [1]}');
SELECT purchase_model('nbd', '[1, 2]');
SELECT purchase_model('nbd', '1');
SELECT purchase_model('nbd', '"r"');
SELECT spend_model(0, 1, 1);
SELECT spend_model(1, 'NaN', 1);
SELECT spend_model(1, 1, 'Infinity');
SELECT retention_model('beta', '{"a": 1, "b": 1}');
SELECT retention_model('sbg', '{"a": 1, "b": 1, "c": 1}');
SELECT retention_model('bdw', '{"a": 1, "b": 1}');

-- ---------------------------------------------------------------------------
-- In and out.
-- ---------------------------------------------------------------------------

-- Fitted ones have all fields; parameters that are hard to print.
CREATE TABLE fitted AS
SELECT 'purchase, ' || kind AS what, fit_purchases(rb, kind) AS p, NULL::spend_model AS s, NULL::retention_model AS r
FROM unnest(ARRAY['nbd', 'mbg/nbd', 'pareto/nbd', 'bg/cnbd-2']) kind, (SELECT repeat_buying((x, CASE WHEN x > 0 THEN x * 7.1 + n % 5 ELSE 0 END, 60 + n % 40, 10, x * 1.5, x + 1, date '2024-01-01' + n % 40)::rfm_inputs) AS rb
	FROM generate_series(1, 500) n, LATERAL (SELECT CASE WHEN n % 2 = 0 THEN 0 ELSE n % 7 END AS x) s) t
UNION ALL SELECT 'spend', NULL, fit_spend(repeat_spend((n % 4, n % 4, 90, 5 + n % 37, 0, NULL, NULL)::rfm_inputs)), NULL FROM generate_series(1, 400) n
UNION ALL SELECT 'retention, ' || kind, NULL, NULL, fit_retention(period, survivors, kind) FROM (VALUES (0, 1000), (1, 631), (2, 468), (3, 382)) v (period, survivors), unnest(ARRAY['sbg', 'bdw']) kind GROUP BY kind
UNION ALL SELECT 'made, ' || v, purchase_model('nbd', jsonb_build_object('r', v::numeric, 'alpha', 1 / v::numeric)), spend_model(v::float8, 1 / v::float8, v::float8 * 3), retention_model('sbg', jsonb_build_object('a', v::numeric, 'b', 0.1))
FROM unnest(ARRAY['0.1', '0.30000000000000004', '1e-29', '1e29', '123456789.123456789', '2.2250738585072014e-8', '0.333333333333333333']) v;
-- at a limit: a message
INSERT INTO fitted SELECT 'purchase, of nothing', fit_purchases(repeat_buying((0, 0, n, NULL, NULL, NULL, NULL)::rfm_inputs)) FROM generate_series(1, 10) n;
-- and how far the likelihood goes down from there
INSERT INTO fitted SELECT 'purchase, at a limit', fit_purchases(repeat_buying((x, x * 365.0 / (x + 1), 365, NULL, NULL, NULL, NULL)::rfm_inputs), intervals => true) FROM generate_series(1, 100) n, LATERAL (SELECT floor(-4 * ln((n - 0.5) / 100))::int8 AS x) x;
SELECT what, string_agg(field, ', ' ORDER BY field COLLATE "C") AS fields FROM fitted, jsonb_object_keys(coalesce(p::jsonb, s::jsonb, r::jsonb)) field
WHERE what IN ('purchase, mbg/nbd', 'purchase, at a limit', 'purchase, of nothing', 'spend', 'retention, bdw') GROUP BY what ORDER BY what COLLATE "C";
-- Whatever the settings are that other types print by.
SET extra_float_digits = -15;
SET datestyle = 'SQL, DMY';
CREATE TABLE printed AS SELECT what, p::text AS p, s::text AS s, r::text AS r FROM fitted;
RESET extra_float_digits;
SET datestyle = 'ISO';
SELECT count(*) AS models, count(*) FILTER (WHERE (f.p::text, f.s::text, f.r::text) IS DISTINCT FROM (t.p, t.s, t.r)) AS by_settings,
	   count(*) FILTER (WHERE (t.p::purchase_model::text, t.s::spend_model::text, t.r::retention_model::text) IS DISTINCT FROM (t.p, t.s, t.r)) AS text,
	   count(*) FILTER (WHERE (f.p::jsonb::purchase_model::text, f.s::jsonb::spend_model::text, f.r::jsonb::retention_model::text) IS DISTINCT FROM (t.p, t.s, t.r)) AS jsonb,
	   count(*) FILTER (WHERE (f.p::json::text, f.s::json::text, f.r::json::text) IS DISTINCT FROM (t.p, t.s, t.r)) AS json,
	   count(*) FILTER (WHERE (to_jsonb(f.p), to_jsonb(f.s), to_jsonb(f.r)) IS DISTINCT FROM (t.p::jsonb, t.s::jsonb, t.r::jsonb)) AS to_jsonb
FROM fitted f JOIN printed t USING (what);
-- A row that has a model, as JSON, has it as an object.
SELECT jsonb_path_query(to_jsonb(f), '$.p.model'), row_to_json(f)::jsonb #>> '{p,parameters,r}' IS NOT NULL AS parameters FROM fitted f WHERE what = 'purchase, mbg/nbd';
CREATE TABLE copies (LIKE fitted);
\copy fitted TO 'results/models.binary' WITH (FORMAT binary)
\copy copies FROM 'results/models.binary' WITH (FORMAT binary)
\copy fitted TO 'results/models.text'
\copy copies FROM 'results/models.text'
\! rm -f results/models.binary results/models.text
SELECT count(*) AS copies, count(*) FILTER (WHERE (c.p::text, c.s::text, c.r::text) IS NOT DISTINCT FROM (f.p::text, f.s::text, f.r::text)) AS same,
	   -- the same bytes, too
	   count(*) FILTER (WHERE (c.p, c.s, c.r)::text = (f.p, f.s, f.r)::text AND pg_column_size(c.p) IS NOT DISTINCT FROM pg_column_size(f.p)) AS bytes
FROM copies c JOIN fitted f USING (what);
-- What a restored model predicts is the same to the last bit.
SELECT count(*) AS predictions, count(*) FILTER (WHERE float8send(expected_purchases(p, horizon)) IS NOT DISTINCT FROM float8send(expected_purchases(p::text::purchase_model, horizon))
	AND expected_purchases_interval(p, horizon)::text IS NOT DISTINCT FROM expected_purchases_interval(p::text::purchase_model, horizon)::text) AS same
FROM fitted, unnest(ARRAY['1 day', '3 months', '5 years']::interval[]) horizon WHERE what LIKE 'purchase%';
-- In arrays, rows, large rows: plain values.
CREATE TYPE pair AS (what text, p purchase_model);
CREATE TABLE pairs AS SELECT repeat('x', 5000) AS filler, (what, p)::pair AS one, ARRAY[p, p] AS two, p FROM fitted WHERE p IS NOT NULL;
SELECT count(*) FILTER (WHERE (one).p::text = p::text AND two[2]::text = p::text AND expected_purchases((one).p, '1 year') IS NOT DISTINCT FROM expected_purchases(two[1], '1 year')) = count(*) AS same FROM pairs;
-- compressed, and out of line
ALTER TABLE pairs ALTER p SET STORAGE EXTERNAL, ALTER filler SET STORAGE PLAIN;
INSERT INTO pairs SELECT repeat('x', 7700), one, two, p FROM pairs;
SELECT count(*) FILTER (WHERE (one).p::text = p::text AND two[2]::text = p::text AND expected_purchases((one).p, '1 year') IS NOT DISTINCT FROM expected_purchases(p, '1 year')) = count(*) AS same FROM pairs;
SELECT typname, typlen, typstorage, typalign FROM pg_type WHERE oid IN ('purchase_model'::regtype, 'spend_model'::regtype, 'retention_model'::regtype) ORDER BY typname COLLATE "C";
-- as long as the numbers in them: 2 parameters, and 3
SELECT DISTINCT pg_column_size(p) AS p, pg_column_size(s) AS s FROM fitted WHERE what LIKE 'made%';

-- ---------------------------------------------------------------------------
-- Input that is no model.
-- ---------------------------------------------------------------------------

-- (what PostgreSQL says of text that is no JSON)
\set VERBOSITY terse
SELECT ''::purchase_model;
SELECT 'hello'::purchase_model;
SELECT '{"model": "nbd"'::purchase_model;
\set VERBOSITY default
SELECT '[]'::purchase_model;
SELECT '"nbd"'::purchase_model;
SELECT 'null'::purchase_model;
SELECT '{}'::purchase_model;
SELECT '{"type": "purchase_model", "version": 1, "model": "nbd"}'::purchase_model;
SELECT '{"type": "spend_model", "version": 1, "model": "nbd", "parameters": {"r": 1, "alpha": 1}}'::purchase_model;
SELECT '{"type": "purchase_model", "version": 2, "model": "nbd", "parameters": {"r": 1, "alpha": 1}}'::purchase_model;
SELECT '{"type": "purchase_model", "version": 1, "model": "dbn", "parameters": {"r": 1, "alpha": 1}}'::purchase_model;
SELECT '{"type": "purchase_model", "version": 1, "model": "bg/cnbd-k", "parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1}}'::purchase_model;
SELECT '{"type": "purchase_model", "version": 1, "model": "nbd", "unit": "week", "parameters": {"r": 1, "alpha": 1}}'::purchase_model;
SELECT '{"type": "purchase_model", "version": 1, "model": "nbd", "parameters": {"r": 1, "alpha": 1}, "colour": "red"}'::purchase_model;
SELECT '{"type": "purchase_model", "version": 1, "model": "nbd", "parameters": {"r": 1, "alpha": 1}, "loglik": 1}'::purchase_model;
SELECT '{"type": "purchase_model", "version": 1, "model": "nbd", "parameters": {"r": 1, "alpha": 1}, "customers": 1}'::purchase_model;
SELECT '{"type": "purchase_model", "version": 1, "model": "nbd", "parameters": {"r": 1, "alpha": 1}, "correlation": 1}'::purchase_model;
-- a valid one, and what each field must not be
CREATE FUNCTION with_field(model jsonb, field text, value jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	changed jsonb := CASE WHEN value IS NULL THEN model - field ELSE jsonb_set(model, ARRAY[field], value) END;
	message text;
	detail text;
BEGIN
	IF model ->> 'type' = 'purchase_model' THEN
		PERFORM changed::purchase_model;
	ELSIF model ->> 'type' = 'spend_model' THEN
		PERFORM changed::spend_model;
	ELSE
		PERFORM changed::retention_model;
	END IF;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || message || ' ' || detail;
END
$$;
CREATE TABLE valid AS SELECT p::jsonb AS model FROM fitted WHERE what = 'purchase, nbd' UNION ALL SELECT s::jsonb FROM fitted WHERE what = 'spend' UNION ALL SELECT r::jsonb FROM fitted WHERE what = 'retention, sbg';
SELECT model ->> 'type' AS type, field, with_field(model, field, NULL) AS without FROM valid, jsonb_object_keys(model) field ORDER BY model ->> 'type' COLLATE "C", field COLLATE "C";
SELECT field, left(value::text, 40) AS value, with_field(model, field, value) AS outcome FROM (SELECT model FROM valid WHERE model ->> 'type' = 'purchase_model') v,
	(VALUES ('customers', '-1'::jsonb), ('customers', '1.5'), ('customers', '"1"'), ('customers', '9223372036854775808'), ('customers', '9223372036854775807'), ('cells', 'null'), ('cells', '{}'),
		('repeat_purchases', '-1'), ('repeat_purchases', '1e400'), ('as_of', '"today"'), ('as_of', '"infinity"'), ('as_of', '"2024-02-30"'), ('as_of', '20240101'), ('as_of', '"2024-02-29"'), ('as_of', '"0044-03-15 BC"'), ('as_of', '"01.02.2024"'), ('as_of', '"2024-1-02-0"'),
		('loglik', '"NaN"'), ('loglik', '1e309'), ('loglik', '-1e308'), ('iterations', '2147483648'), ('iterations', '-1'), ('iterations', '1e5'), ('gradient_norm', '-1e-9'), ('converged', '1'), ('boundary', '"false"'),
		('message', '"hello"'), ('message', '1'), ('message', '"no_dropout"'), ('log_covariance', '1'), ('log_covariance', '[]'), ('log_covariance', '[[1]]'), ('log_covariance', '[[1, 0], [0]]'), ('log_covariance', '[1, 0, 0, 1]'),
		('log_covariance', '[[1, 0.5], [0.4, 1]]'), ('log_covariance', '[[1, 2], [2, 1]]'), ('log_covariance', '[[-1, 0], [0, 1]]'), ('log_covariance', '[[1, "0"], ["0", 1]]'), ('log_covariance', '[[1, 1e400], [1e400, 1]]'),
		('log_covariance', '[[1, 0.5], [0.5, 1]]'), ('log_covariance', '[[0, 0], [0, 0]]'), ('parameters', '[0.5, 1]'), ('parameters', '{"r": 1, "alpha": 1, "r2": 1}'), ('version', '"1"'), ('version', '1.0'), ('kind', '1'), ('type', 'null')) c (field, value);
SELECT left(value::text, 60) AS value, with_field(model, 'region', value) AS outcome FROM (SELECT model FROM valid WHERE model ->> 'type' = 'retention_model') v,
	unnest(ARRAY['1', '[]', '[1]', '[[1, 0, 1, 1, 0, 0]]', '[[1, 0, 1, 1, 1, 0, 1]]', '[[1, 0, 1, 1, 1, 2, 1]]', '[[1, -1, 1, 1, 1, 0, 1]]', '[[-1, 1, 1, 1, 1, 0, 1]]', '[[1, 1, 0, 1, 1, 0, 1]]', '[[1, 1, 1, 1e31, 1, 0, 1]]', '[[1, 1, 1, 1, 1, 0, "1"]]', '[[1, 1, 1, 1, 1, 0, 1e400]]', '[[1, 0, 1, 1, 1, 0, 1], [1]]', '{"a": 1}']::jsonb[]) value
UNION ALL SELECT points || ' points', with_field(model, 'region', (SELECT jsonb_agg('[1, 0, 1, 1, 1, 0, 1]'::jsonb) FROM generate_series(1, points))) FROM (SELECT model FROM valid WHERE model ->> 'type' = 'retention_model') v, unnest(ARRAY[100, 101]) points;
SELECT value, with_field(model, 'correlation', value) AS outcome FROM (SELECT model FROM valid WHERE model ->> 'type' = 'spend_model') v, unnest(ARRAY['1.1', '-1', 'null']::jsonb[]) value;
-- The binary form: a byte and the text.
SELECT substr(_retention_purchase_model_send(p), 1, 20) AS begins FROM fitted WHERE what = 'purchase, nbd';

-- Strings cut anywhere, with a byte changed anywhere, are errors or another model; never anything worse.
CREATE FUNCTION outcome(model text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN model::purchase_model::text::purchase_model::text = model::purchase_model::text THEN 'accepted' ELSE 'changed' END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT what, count(*) AS mutants, count(*) FILTER (WHERE outcome = 'accepted') > 0 AS some_accepted, array_agg(DISTINCT outcome ORDER BY outcome) FILTER (WHERE outcome NOT IN ('accepted', '22P02')) AS others
FROM (SELECT 'cut' AS what, outcome(left(p, n)) FROM printed, generate_series(0, length(p) - 1) n WHERE printed.what = 'purchase, nbd'
	UNION ALL SELECT 'changed', outcome(overlay(p PLACING c FROM n FOR 1)) FROM printed, generate_series(1, length(p)) n, unnest(ARRAY['0', '9', '-', 'e', '"', '{', ',', ' ', 'x']) c WHERE printed.what = 'purchase, nbd'
	UNION ALL SELECT 'left out', outcome(overlay(p PLACING '' FROM n FOR 1)) FROM printed, generate_series(1, length(p)) n WHERE printed.what = 'purchase, nbd') m
GROUP BY what ORDER BY what COLLATE "C";

SET client_min_messages = error;
DROP SCHEMA model_io CASCADE;
