-- Fuzzing the models' input and what predicts from it, for :seconds seconds.
--
-- Models come in as JSON, which the server parses, so it takes a server: texts
-- of models are cut, mixed and given other numbers.  What is accepted has to be
-- printed and read as the same again, and to predict for any customer, who is a
-- row that anybody can write.  Errors may be of class 22 or 23, or say that
-- JSON is none; anything else is shown.
CREATE EXTENSION IF NOT EXISTS retention;
SET client_min_messages = warning;
\set QUIET on
CREATE TEMP TABLE seeds AS
SELECT 'purchase_model'::regtype AS type, fit_purchases(b, k)::text AS model
FROM (SELECT repeat_buying(ROW(n % 5, n % 5 * 20.5, 200, 3.5 + n, n % 5 * 2.5, n % 5 + 1, NULL)::rfm_inputs) AS b FROM generate_series(1, 60) n) s,
	 unnest(ARRAY['nbd', 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'bg/cnbd-2', 'mbg/cnbd-3']) k
UNION ALL
SELECT 'spend_model', fit_spend(repeat_spend(ROW(n % 5, n % 5 * 20.5, 200, 3.5 + n, NULL, n % 5 + 1, NULL)::rfm_inputs))::text FROM generate_series(1, 60) n
UNION ALL
SELECT 'retention_model', fit_retention(renewals(n, 1000 / (n + 1)), k)::text FROM generate_series(0, 6) n, unnest(ARRAY['sbg', 'bdw']) k GROUP BY k;

CREATE FUNCTION pg_temp.number() RETURNS text LANGUAGE sql AS $$
	SELECT (ARRAY['0', '-1', '1', '0.5', '1e-30', '1e30', '1e-31', '1e308', '-1e308', '1e400', '9223372036854775807', '9223372036854775808', '2147483648',
				  '0.1e-300', 'null', 'true', '"NaN"', '[]', '{}', (random() * 10)::text, (10 ^ (random() * 60 - 30))::text])[1 + floor(random() * 21)::int]
$$;
CREATE FUNCTION pg_temp.customer() RETURNS rfm_inputs LANGUAGE sql AS $$
	SELECT ROW((ARRAY[0, 1, 7, 1000000, 9007199254740991, -1])[1 + floor(random() * 6)::int], t_x, t_x + (ARRAY[0, 1, 365, 1e30])[1 + floor(random() * 4)::int],
			   (ARRAY[NULL, 0, 12.5, 1e30, -3])[1 + floor(random() * 5)::int], (ARRAY[NULL, 0, 2.5, -1e300, 'Infinity'::float8])[1 + floor(random() * 5)::int],
			   (ARRAY[NULL, 1, 8, 9223372036854775807])[1 + floor(random() * 4)::int], (ARRAY[NULL, '2024-01-01', 'infinity'::date, '4713-01-01 BC'])[1 + floor(random() * 4)::int])::rfm_inputs
	FROM (SELECT (ARRAY[0, 1, 100.5, 1e300, 'NaN', 'Infinity'])[1 + floor(random() * 6)::int]::float8 AS t_x) s
$$;
-- One text out of two, or with other numbers, or with something cut out or doubled.
CREATE FUNCTION pg_temp.mutated(model text, other text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	at int := 1 + floor(random() * length(model));
	n int := 1 + floor(random() * 12);
BEGIN
	CASE floor(random() * 5)::int
		WHEN 0 THEN RETURN left(model, at) || substr(model, at + n);
		WHEN 1 THEN RETURN left(model, at + n) || substr(model, at);
		WHEN 2 THEN RETURN left(model, at) || substr(other, at + 1);
		WHEN 3 THEN RETURN overlay(model PLACING chr(32 + floor(random() * 95)::int) FROM at FOR 1);
		ELSE
			-- the number that follows
			RETURN left(model, at) || regexp_replace(substr(model, at + 1), '[-+.0-9e]+(?=[],}])', pg_temp.number());
	END CASE;
END
$$;
CREATE FUNCTION pg_temp.try(query text, model text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE query INTO answer USING model, pg_temp.customer();
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	IF SQLSTATE ~ '^2[23]' THEN
		RETURN NULL;
	END IF;
	RETURN format('%s %s for %s of %s', SQLSTATE, SQLERRM, query, model);
END
$$;
CREATE TEMP TABLE found (what text);
CREATE TEMP TABLE runs (n bigint, accepted bigint);
SELECT set_config('fuzz.seconds', :'seconds', false) \g /dev/null
DO $$
DECLARE
	seed record;
	text text;
	again text;
	answer text;
	question text;
	n bigint := 0;
	accepted bigint := 0;
	questions jsonb := $q${
		"purchase_model": ["p_alive($1::purchase_model, $2, NULL)", "expected_purchases($1::purchase_model, $2, '1 year')", "expected_purchases($1::purchase_model, '10 years')",
						   "purchase_probability($1::purchase_model, $2, 3, '90 days')", "model_info($1::purchase_model)"],
		"spend_model": ["expected_spend($1::spend_model, $2)", "model_info($1::spend_model)"],
		"retention_model": ["survival_at($1::retention_model, 12)", "retention_at($1::retention_model, 2147483647)", "discounted_lifetime($1::retention_model, 3, 0.1, '1 year')"]}$q$;
BEGIN
	WHILE clock_timestamp() < statement_timestamp() + make_interval(secs => current_setting('fuzz.seconds')::int) LOOP
		SELECT a.type, a.model, b.model AS other INTO seed FROM (SELECT * FROM seeds ORDER BY random() LIMIT 1) a, (SELECT * FROM seeds ORDER BY random() LIMIT 1) b;
		text := seed.model;
		FOR i IN 1 .. 1 + floor(random() * 3)::int LOOP
			text := pg_temp.mutated(text, seed.other);
		END LOOP;
		n := n + 1;
		again := pg_temp.try(format('SELECT $1::%s::text', seed.type), text);
		CONTINUE WHEN again IS NULL;
		IF again !~ '^\{' OR pg_temp.try(format('SELECT $1::%s::text', seed.type), again) IS DISTINCT FROM again THEN
			INSERT INTO found VALUES (text), (again);
			CONTINUE;
		END IF;
		accepted := accepted + 1;
		FOR question IN SELECT jsonb_array_elements_text(questions -> seed.type::text) LOOP
			answer := pg_temp.try('SELECT ' || question, again);
			IF answer ~ '^[0-9A-Z]{5} .* for ' OR answer IN ('NaN', 'Infinity', '-Infinity') THEN
				INSERT INTO found VALUES (coalesce(answer, 'NULL') || ': ' || question || ' of ' || again);
			END IF;
		END LOOP;
	END LOOP;
	INSERT INTO runs VALUES (n, accepted);
END
$$;
SELECT 'stat::number_of_executed_units: ' || n || ', accepted: ' || accepted FROM runs;
SELECT what FROM found LIMIT 20;
DO $$
BEGIN
	IF EXISTS (SELECT FROM found) THEN
		RAISE 'found something';
	END IF;
END
$$;
