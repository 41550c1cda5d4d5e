-- Histograms, which survival, repeat_buying, repeat_spend and renewals make: the same bytes for
-- the same rows in any order and however they are cut and merged, in every
-- kind of query; nothing but an error for bytes that are no value.
SET client_min_messages = warning;
SET extra_float_digits = 1;
SET datestyle = 'ISO';
SET max_parallel_workers_per_gather = 0;
CREATE SCHEMA histogram;
SET search_path = histogram, public;

-- ---------------------------------------------------------------------------
-- repeat_buying, by its definition.
-- ---------------------------------------------------------------------------

CREATE FUNCTION rfm(x int8, t_x float8, t float8, log_gaps float8 DEFAULT NULL, orders int8 DEFAULT NULL) RETURNS rfm_inputs LANGUAGE sql IMMUTABLE AS $$
	SELECT (x, t_x, t, 12.34, log_gaps, orders, date '2024-01-01')::rfm_inputs
$$;
SELECT * FROM cells((SELECT repeat_buying(b) FROM (VALUES (rfm(2, 30.5, 90)), (rfm(0, 0, 90)), (rfm(2, 30.5, 90)), (rfm(0, 0, 7)), (rfm(2, 30, 90)), (rfm(10, 89, 90)),
	(rfm(NULL, 0, 1)), (rfm(1, NULL, 1)), (rfm(1, 1, NULL)), (NULL), (rfm(1, 0, 0))) v (b)));
SELECT i.* FROM repeat_buying_info((SELECT repeat_buying(rfm(x, x, 90, x * ln(2), x + 3)) FROM generate_series(0, 10) x)) i;
-- log_gaps NULL is not known, and then not of all; orders NULL is x + 1; negative logarithms, as of gaps below a day
SELECT i.* FROM repeat_buying_info((SELECT repeat_buying(b) FROM (VALUES (rfm(1, 1, 2)), (rfm(1, 1, 2, -2.5)), (rfm(0, 0, 2, 0.25, 3))) v (b))) i;
-- the sum of the logarithms to 2^-40, and large ones
SELECT abs(log_gaps - (SELECT sum(ln(n)) FROM generate_series(1, 10000) n)) < 1e-8 AS near
FROM repeat_buying_info((SELECT repeat_buying(rfm(1, 1, 2, ln(n))) FROM generate_series(1, 10000) n));
SELECT log_gaps FROM unnest(ARRAY[9007199254740992, -9007199254740992, 4294967296.5, -0.5, 1e-300]) l, repeat_buying_info(_retention_repeat_buying_add(NULL, rfm(1, 1, 2, l))) i;
SELECT log_gaps FROM repeat_buying_info((SELECT repeat_buying(rfm(1, 1, 2, l)) FROM unnest(ARRAY[9007199254740992, -9007199254740992, 0.5, 9007199254740992]) l));
SELECT repeat_buying(b) IS NULL AS none FROM (SELECT rfm(1, 1, 1) WHERE false) v (b);
SELECT repeat_buying(NULL::rfm_inputs) IS NULL AS nothing, repeat_buying(rfm(NULL, 1, 1)) IS NULL AS skipped;
SELECT (SELECT count(*) FROM cells(NULL)) AS rows, repeat_buying_info(NULL) IS NULL AS info;
-- a value of no customers
SELECT i.*, (SELECT count(*) FROM cells(b)) AS rows FROM (SELECT 'AQIAAAAAAAA='::repeat_buying_histogram AS b) v, repeat_buying_info(b) i;
-- as_of is the latest that any customer was observed until, of those whose first day is known; half days are not counted
SELECT as_of FROM repeat_buying_info((SELECT repeat_buying(b) FROM unnest(ARRAY[(0, 0, 30.9, 1, 0, 1, '2024-01-01'), (0, 0, 400, 1, 0, 1, NULL), (0, 0, 500, 1, 0, 1, 'infinity'), (0, 0, 5, 1, 0, 1, '2024-01-20'), (0, 0, 1e300, 1, 0, 1, '2024-01-20')]::rfm_inputs[]) b));
SELECT as_of FROM repeat_buying_info((SELECT repeat_buying((0, 0, 5, 1, 0, 1, NULL)::rfm_inputs)));
SELECT (repeat_buying_info(a + b)).as_of, (repeat_buying_info(b + a)).as_of, (repeat_buying_info(b + c)).as_of, (repeat_buying_info(c + c)).as_of
FROM (SELECT _retention_repeat_buying_add(NULL, (0, 0, 5, 1, 0, 1, '2024-01-01')), _retention_repeat_buying_add(NULL, (0, 0, 5, 1, 0, 1, '2024-02-01')), _retention_repeat_buying_add(NULL, (0, 0, 5, 1, 0, 1, NULL))) v (a, b, c);
SELECT as_of, _retention_repeat_buying_add(NULL, (0, 0, 0, 1, 0, 1, day)::rfm_inputs)::text::repeat_buying_histogram::text = _retention_repeat_buying_add(NULL, (0, 0, 0, 1, 0, 1, day)::rfm_inputs)::text AS same
FROM unnest(ARRAY['4714-11-24 BC', '1999-12-31', '2000-01-01', '2000-01-02', '5874897-12-31']::date[]) day, repeat_buying_info(_retention_repeat_buying_add(NULL, (0, 0, 0, 1, 0, 1, day)));
SELECT repeat_buying(rfm(-1, 0, 1));
SELECT repeat_buying(rfm(9007199254740992, 0, 1));
SELECT repeat_buying(rfm(1, -1, 1));
SELECT repeat_buying(rfm(1, 2, 1));
SELECT repeat_buying(rfm(1, 'NaN', 1));
SELECT repeat_buying(rfm(1, 1, 'NaN'));
SELECT repeat_buying(rfm(1, 1, 'Infinity'));
SELECT repeat_buying(rfm(0, 1, 2));
SELECT repeat_buying(rfm(1, 1, 2, 'NaN'));
SELECT repeat_buying(rfm(1, 1, 2, 'Infinity'));
SELECT repeat_buying(rfm(1, 1, 2, 1e16));
SELECT repeat_buying(rfm(3, 1, 2, 1, 3));
-- sums that are too large
SELECT (repeat_buying_info(repeat_buying(rfm(0, 0, 1, 0, 9223372036854775807)))).same_day_orders;
SELECT repeat_buying(rfm(0, 0, 1, 0, 9223372036854775807)) FROM generate_series(1, 2);
SELECT repeat_buying_info(repeat_buying(rfm(9007199254740991, 1, 1))) FROM generate_series(1, 1025);

-- ---------------------------------------------------------------------------
-- Any order, any cut, any query.
-- ---------------------------------------------------------------------------

-- few: some fifty different keys; many: as many as rows
CREATE TABLE rows AS
SELECT n, kind, n % 40 AS part, n % 3 <> 0 AS keep,
	   CASE WHEN n % 17 <> 0 THEN CASE kind WHEN 'few' THEN h % 50 ELSE h / 1000.0 END END::float8 AS d,
	   CASE WHEN n % 19 <> 0 THEN h % 3 = 0 END AS e,
	   CASE WHEN n % 23 <> 0 THEN CASE kind WHEN 'few' THEN rfm(h % 4, CASE WHEN h % 4 > 0 THEN h % 5 ELSE 0 END, 9, ln(n), h % 7 + 4)
		    ELSE rfm(h % 100, CASE WHEN h % 100 > 0 THEN h % 1000 ELSE 0 END, 1000 + h % 10007, -ln(n), NULL) END END AS b
FROM (SELECT n, kind, hashint4extended(n, 7) & 16777215 AS h FROM generate_series(1, 12000) n, (VALUES ('few'), ('many')) v (kind)) s;
ANALYZE rows;
CREATE TABLE wholes AS SELECT kind, survival(d, e) AS s, repeat_buying(b) AS b FROM rows GROUP BY kind;
CREATE TABLE parts AS SELECT kind, part, survival(d, e) AS s, repeat_buying(b) AS b FROM rows GROUP BY kind, part;
SELECT kind, subjects(s), (SELECT count(*) FROM kaplan_meier(s)) AS times, customers, cells, length(_retention_survival_send(s)) AS bytes, length(_retention_repeat_buying_send(b)) AS bytes
FROM wholes, repeat_buying_info(b) ORDER BY kind;
-- They say what plain SQL says.
SELECT kind, (SELECT count(*) FROM kaplan_meier(s) k FULL JOIN (SELECT d, count(*) FILTER (WHERE e) AS events, count(*) FILTER (WHERE NOT e) AS censored FROM rows r
				WHERE r.kind = w.kind AND d IS NOT NULL AND e IS NOT NULL GROUP BY d) p ON p.d = k.duration AND p.events = k.events AND p.censored = k.censored
			  WHERE k.duration IS NULL OR p.d IS NULL) AS survival,
	   (SELECT count(*) FROM cells(b) c FULL JOIN (SELECT (b).repeat_purchases, (b).active_days, (b).age_days, count(*) AS customers FROM rows r WHERE r.kind = w.kind AND (b).repeat_purchases IS NOT NULL GROUP BY 1, 2, 3) p
			  USING (repeat_purchases, active_days, age_days, customers) WHERE c IS NULL OR p IS NULL) AS repeat_buying
FROM wholes w ORDER BY kind;

CREATE AGGREGATE survival_raw(float8, bool) (SFUNC = _retention_survival_add, STYPE = survival_histogram, COMBINEFUNC = _retention_survival_combine, PARALLEL = SAFE);
CREATE AGGREGATE repeat_buying_raw(rfm_inputs) (SFUNC = _retention_repeat_buying_add, STYPE = repeat_buying_histogram, COMBINEFUNC = _retention_repeat_buying_combine, PARALLEL = SAFE);
CREATE AGGREGATE survival_plus(survival_histogram) (SFUNC = _retention_survival_union, STYPE = survival_histogram);
CREATE AGGREGATE repeat_buying_plus(repeat_buying_histogram) (SFUNC = _retention_repeat_buying_union, STYPE = repeat_buying_histogram);
CREATE TABLE results (way text, kind text, s survival_histogram, b repeat_buying_histogram);
INSERT INTO results SELECT 'backwards', kind, survival(d, e ORDER BY n DESC), repeat_buying(b ORDER BY n DESC) FROM rows GROUP BY kind;
INSERT INTO results SELECT 'ascending', kind, survival(d, e ORDER BY d), repeat_buying(b ORDER BY b) FROM rows GROUP BY kind;
INSERT INTO results SELECT 'descending', kind, survival(d, e ORDER BY d DESC), repeat_buying(b ORDER BY b DESC) FROM rows GROUP BY kind;
INSERT INTO results SELECT 'rollup', kind, rollup(s), rollup(b) FROM parts GROUP BY kind;
INSERT INTO results SELECT 'rollup of rollups', kind, rollup(s), rollup(b) FROM
	(SELECT kind, rollup(s) AS s, rollup(b) AS b FROM parts GROUP BY kind, part % 7) p GROUP BY kind;
INSERT INTO results SELECT 'rollup, with NULL', kind, rollup(s), rollup(b) FROM (SELECT * FROM parts UNION ALL SELECT kind, -1, NULL, NULL FROM parts) p GROUP BY kind;
INSERT INTO results SELECT 'rollup of text', kind, rollup(s::text::survival_histogram), rollup(b::text::repeat_buying_histogram) FROM parts GROUP BY kind;
INSERT INTO results SELECT 'rollup, window', kind, s, b FROM (SELECT kind, part, rollup(s) OVER w AS s, rollup(b) OVER w AS b FROM parts WINDOW w AS (PARTITION BY kind ORDER BY part)) p WHERE part = 39;
INSERT INTO results SELECT 'rollup, many of one row', kind, rollup(s ORDER BY n), rollup(b ORDER BY n)
	FROM (SELECT kind, n, survival(d, e) AS s, repeat_buying(b) AS b FROM rows GROUP BY kind, n) p GROUP BY kind;
INSERT INTO results SELECT 'plus', kind, rollup(s) FILTER (WHERE part < 13) + rollup(s) FILTER (WHERE part >= 13), rollup(b) FILTER (WHERE part >= 13) + rollup(b) FILTER (WHERE part < 13) FROM parts GROUP BY kind;
INSERT INTO results SELECT 'plus, as an aggregate', kind, survival_plus(s), repeat_buying_plus(b) FROM parts GROUP BY kind;
INSERT INTO results SELECT 'combine', kind, _retention_survival_combine(_retention_survival_combine(NULL, rollup(s)), NULL), _retention_repeat_buying_combine(_retention_repeat_buying_combine(NULL, rollup(b)), NULL) FROM parts GROUP BY kind;
INSERT INTO results SELECT 'state, stored', kind, survival_raw(d, e), repeat_buying_raw(b) FROM rows GROUP BY kind;
INSERT INTO results SELECT 'states, stored and merged', kind, rollup(s), rollup(b) FROM (SELECT kind, part, survival_raw(d, e) AS s, repeat_buying_raw(b) AS b FROM rows GROUP BY kind, part OFFSET 0) p GROUP BY kind;
INSERT INTO results SELECT 'FILTER', kind, survival(d, e) FILTER (WHERE keep) + survival(d, e) FILTER (WHERE NOT keep), repeat_buying(b) FILTER (WHERE keep) + repeat_buying(b) FILTER (WHERE NOT keep) FROM rows GROUP BY kind;
SET enable_hashagg = off;
INSERT INTO results SELECT 'sorted groups', kind, rollup(s), rollup(b) FROM (SELECT kind, survival(d, e) AS s, repeat_buying(b) AS b FROM rows GROUP BY kind, n % 1000) p GROUP BY kind;
RESET enable_hashagg;
SET work_mem = '64kB';
INSERT INTO results SELECT 'hashed groups, spilled', kind, rollup(s), rollup(b) FROM (SELECT kind, survival(d, e) AS s, repeat_buying(b) AS b FROM rows GROUP BY kind, n % 1000) p GROUP BY kind;
RESET work_mem;
-- row by row, by direct calls
DO $$
DECLARE
	r rows;
	s survival_histogram;
	b repeat_buying_histogram;
BEGIN
	FOR r IN SELECT * FROM rows WHERE kind = 'few' LOOP
		s := _retention_survival_add(s, r.d, r.e);
		b := _retention_repeat_buying_add(b, r.b);
	END LOOP;
	INSERT INTO results VALUES ('direct calls', 'few', s, b);
END
$$;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE rows SET (parallel_workers = 2);
ALTER TABLE parts SET (parallel_workers = 2);
ANALYZE parts;
CREATE FUNCTION is_parallel(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan::text LIKE '%"Partial Mode": "Partial"%';
END
$$;
SELECT is_parallel('SELECT kind, survival(d, e), repeat_buying(b) FROM rows GROUP BY kind') AS rows, is_parallel('SELECT kind, rollup(s), rollup(b) FROM parts GROUP BY kind') AS parts;
CREATE TEMP TABLE in_parallel AS SELECT kind, survival(d, e), repeat_buying(b) FROM rows GROUP BY kind;
INSERT INTO results SELECT 'parallel', * FROM in_parallel;
CREATE TEMP TABLE parts_in_parallel AS SELECT kind, rollup(s) AS s, rollup(b) AS b FROM parts GROUP BY kind;
INSERT INTO results SELECT 'parallel rollup', * FROM parts_in_parallel;
CREATE TEMP TABLE groups_in_parallel AS SELECT kind, n % 1000 AS part, survival(d, e) AS s, repeat_buying(b) AS b FROM rows GROUP BY kind, n % 1000;
SELECT is_parallel('SELECT survival(d, e), repeat_buying(b) FROM rows WHERE n % 2 = 2') AS parallel, survival(d, e) IS NULL AND repeat_buying(b) IS NULL AS nothing FROM rows WHERE n % 2 = 2;
SET max_parallel_workers_per_gather = 0;
INSERT INTO results SELECT 'parallel groups', kind, rollup(s), rollup(b) FROM groups_in_parallel GROUP BY kind;
SELECT way, count(*) AS values, count(*) FILTER (WHERE _retention_survival_send(r.s) = _retention_survival_send(w.s)) AS survival, count(*) FILTER (WHERE _retention_repeat_buying_send(r.b) = _retention_repeat_buying_send(w.b)) AS repeat_buying
FROM results r JOIN wholes w USING (kind) GROUP BY way ORDER BY way COLLATE "C";

-- Frames: of each row, that of the rows in it.
CREATE TABLE few AS SELECT row_number() OVER (ORDER BY n) AS n, d, e, b, keep FROM rows WHERE kind = 'few' AND n <= 120;
SELECT count(*) AS frames, count(*) FILTER (WHERE running IS NULL) AS nulls,
	   count(*) FILTER (WHERE running::text IS NOT DISTINCT FROM (SELECT survival(d, e) FROM few i WHERE i.n <= f.n)::text) AS running,
	   count(*) FILTER (WHERE moving::text IS NOT DISTINCT FROM (SELECT survival(d, e) FROM few i WHERE i.n BETWEEN f.n - 3 AND f.n + 1)::text) AS moving,
	   count(*) FILTER (WHERE kept::text IS NOT DISTINCT FROM (SELECT survival(d, e) FROM few i WHERE i.n <= f.n AND keep)::text) AS filtered,
	   count(*) FILTER (WHERE raw::text IS NOT DISTINCT FROM running::text) AS raw,
	   count(*) FILTER (WHERE buyers::text IS NOT DISTINCT FROM (SELECT repeat_buying(b) FROM few i WHERE i.n <= f.n)::text) AS buyers,
	   count(*) FILTER (WHERE moving_buyers::text IS NOT DISTINCT FROM (SELECT repeat_buying(b) FROM few i WHERE i.n BETWEEN f.n - 3 AND f.n + 1)::text) AS moving_buyers
FROM (SELECT n, survival(d, e) OVER w AS running, survival(d, e) OVER v AS moving, survival(d, e) FILTER (WHERE keep) OVER w AS kept, survival_raw(d, e) OVER w AS raw,
			 repeat_buying(b) OVER w AS buyers, repeat_buying(b) OVER v AS moving_buyers
	  FROM few WINDOW w AS (ORDER BY n), v AS (ORDER BY n ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING)) f;

-- What is given to a function stays what it was.
SELECT count(*) FILTER (WHERE s::text = before) AS unchanged, count(*) FILTER (WHERE twice AND more) AS added
FROM (SELECT s, s::text AS before, subjects(s + s) = 2 * subjects(s) AS twice, subjects(_retention_survival_add(s, 1, true)) = subjects(s) + 1 AS more FROM results WHERE kind = 'few' OFFSET 0) v;
-- Many groups, of two rows each.
SELECT count(*) AS groups, sum(subjects(s)) AS subjects, sum(customers) AS customers
FROM (SELECT survival(n, true) AS s, repeat_buying(rfm(n % 5, n % 5, 9)) AS b FROM generate_series(1, 60000) n GROUP BY n % 30000) g, repeat_buying_info(b);

-- ---------------------------------------------------------------------------
-- In and out.
-- ---------------------------------------------------------------------------

SELECT count(*) AS values, count(*) FILTER (WHERE s::text::survival_histogram::text = s::text AND b::text::repeat_buying_histogram::text = b::text) AS text,
	   count(*) FILTER (WHERE decode(s::text, 'base64') = _retention_survival_send(s) AND decode(b::text, 'base64') = _retention_repeat_buying_send(b)) AS text_is_binary
FROM results;
CREATE TABLE copies (LIKE parts);
\copy parts TO 'results/histogram.binary' WITH (FORMAT binary)
\copy copies FROM 'results/histogram.binary' WITH (FORMAT binary)
\! rm -f results/histogram.binary
SELECT count(*) AS copies, count(*) FILTER (WHERE _retention_survival_send(c.s) = _retention_survival_send(p.s) AND _retention_repeat_buying_send(c.b) = _retention_repeat_buying_send(p.b)) AS same FROM copies c JOIN parts p USING (kind, part);
-- Compressed or not, in the row or apart, short or long, a value is a value.
CREATE TABLE stored (LIKE parts);
ALTER TABLE stored ALTER s SET STORAGE EXTENDED, ALTER b SET STORAGE MAIN;
INSERT INTO stored SELECT * FROM parts;
INSERT INTO stored SELECT kind, -1, s, b FROM wholes;
SELECT count(*) AS stored, count(*) FILTER (WHERE _retention_survival_send(c.s + c.s) = _retention_survival_send(p.s + p.s) AND _retention_repeat_buying_send(c.b + c.b) = _retention_repeat_buying_send(p.b + p.b)) AS same
FROM stored c JOIN (SELECT * FROM parts UNION ALL SELECT kind, -1, s, b FROM wholes) p USING (kind, part);

-- Small values of many shapes, and what can happen to their bytes.
CREATE TABLE victims AS
SELECT type, bytes FROM (
	SELECT 'survival', _retention_survival_send(survival(d, e)) FROM few WHERE n < 12
	UNION ALL SELECT 'survival', _retention_survival_send(survival(n / 4.0, n % 2 = 0)) FROM generate_series(0, 9) n
	UNION ALL SELECT 'survival', _retention_survival_send(survival(n, false)) FROM unnest(ARRAY[9007199254740991, 9007199254740992, 1e300, 5e-324]) n
	UNION ALL SELECT 'survival', '\x0101000000'
	UNION ALL SELECT 'repeat_buying', _retention_repeat_buying_send(repeat_buying(b)) FROM few WHERE n < 12
	UNION ALL SELECT 'repeat_buying', _retention_repeat_buying_send(repeat_buying(rfm(n, n / 2.0, n, -n, 2 * n + 1))) FROM generate_series(0, 5) n
	UNION ALL SELECT 'repeat_buying', '\x0102000000000000'
	UNION ALL SELECT 'repeat_spend', _retention_repeat_spend_send(repeat_spend((n % 4, n % 4, 9, n * 0.75, 0, NULL, NULL)::rfm_inputs)) FROM generate_series(0, 9) n
	UNION ALL SELECT 'renewals', _retention_renewals_send(renewals(n, 300 / (n + 1))) FROM generate_series(0, 5) n
	UNION ALL SELECT 'renewals', _retention_renewals_send(_retention_renewals_add(_retention_renewals_add(NULL, 0, 5, 'bdw'), 7, 0, 'bdw'))) v (type, bytes);
CREATE FUNCTION outcome(type text, bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	input text := replace(encode(bytes, 'base64'), E'\n', '');
BEGIN
	IF type = 'survival' THEN
		PERFORM count(k) FROM kaplan_meier(input::survival_histogram) k;
		RETURN CASE WHEN _retention_survival_send(input::survival_histogram) = bytes AND subjects(input::survival_histogram + input::survival_histogram) = 2 * subjects(input::survival_histogram) THEN 'accepted' ELSE 'changed' END;
	END IF;
	IF type <> 'repeat_buying' THEN
		EXECUTE format('SELECT CASE WHEN _retention_%1$s_send(%2$L::%1$s_histogram) = %3$L AND _retention_%1$s_send(%2$L::%1$s_histogram + %2$L::%1$s_histogram) <> %3$L THEN ''accepted'' ELSE ''changed'' END', type, input, bytes) INTO input;
		RETURN input;
	END IF;
	PERFORM count(c) FROM cells(input::repeat_buying_histogram) c;
	RETURN CASE WHEN _retention_repeat_buying_send(input::repeat_buying_histogram) = bytes THEN 'accepted' ELSE 'changed' END;
EXCEPTION WHEN numeric_value_out_of_range THEN
	-- of the sum of two, or of all orders, of what was accepted
	RETURN 'accepted';
WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
CREATE TABLE mutants AS
SELECT type, 'cut' AS what, substr(bytes, 1, n) AS bytes FROM victims, generate_series(0, length(bytes) - 1) n
UNION ALL SELECT type, 'beginning cut', substr(bytes, n) FROM victims, generate_series(2, length(bytes)) n
UNION ALL SELECT type, 'bit flipped', set_bit(bytes, n, 1 - get_bit(bytes, n)) FROM victims, generate_series(0, length(bytes) * 8 - 1) n
UNION ALL SELECT type, 'byte set', set_byte(bytes, n, v) FROM victims, generate_series(0, length(bytes) - 1) n, unnest(ARRAY[0, 1, 127, 128, 255]) v WHERE get_byte(bytes, n) <> v
UNION ALL SELECT type, 'byte left out', substr(bytes, 1, n) || substr(bytes, n + 2) FROM victims, generate_series(0, length(bytes) - 1) n
UNION ALL SELECT type, 'byte put in', substr(bytes, 1, n) || set_byte('\x00', 0, v) || substr(bytes, n + 1) FROM victims, generate_series(0, length(bytes)) n, unnest(ARRAY[0, 1, 128, 255]) v
UNION ALL SELECT type, 'huge numbers', substr(bytes, 1, n) || '\xffffffffffffffffff01'::bytea || substr(bytes, n + 1) FROM victims, generate_series(0, length(bytes)) n
UNION ALL SELECT type, 'trailing bytes', bytes || v FROM victims, unnest(ARRAY['\x00', '\x01', '\x00000000'::bytea]) v
UNION ALL SELECT a.type, 'two values', a.bytes || b.bytes FROM victims a, victims b
UNION ALL SELECT CASE type WHEN 'survival' THEN 'repeat_buying' ELSE 'survival' END, 'the other type', bytes FROM victims
UNION ALL SELECT type, 'noise', set_byte('\x0100', 1, h) || decode(md5(n::text) || md5((n + 1)::text), 'hex') FROM (VALUES ('survival', 1), ('repeat_buying', 2), ('repeat_spend', 3), ('renewals', 4)) v (type, h), generate_series(1, 300) n;
SELECT what, count(*) AS mutants, count(*) FILTER (WHERE outcome ~ '^22P0') AS errors, count(*) FILTER (WHERE outcome = 'accepted') AS accepted,
	   array_agg(DISTINCT outcome) FILTER (WHERE outcome !~ '^22P0|^accepted$') AS others
FROM (SELECT what, outcome(type, bytes) FROM mutants) m GROUP BY what ORDER BY what COLLATE "C";
-- What is wrong with it.
SELECT ''::survival_histogram;
SELECT 'hello, world!'::survival_histogram;
SELECT 'Ag=='::survival_histogram;
SELECT encode('\x0102000000', 'base64')::survival_histogram;
SELECT encode('\x01010101000c0100', 'base64')::survival_histogram::text = _retention_survival_add(NULL, 6, true)::text AS valid;
SELECT encode('\x01010101000c010000', 'base64')::survival_histogram;
SELECT encode('\x01010100000c0000', 'base64')::survival_histogram;
SELECT encode('\x01010102000c0100', 'base64')::survival_histogram;
SELECT encode('\x01010202000c01000c0100', 'base64')::survival_histogram;
SELECT encode('\x0101010100030100', 'base64')::survival_histogram;
SELECT encode('\x01010101000100000000000018400100', 'base64')::survival_histogram;
SELECT encode('\x010101010001000000000000f0bf0100', 'base64')::survival_histogram;
SELECT encode('\x01010101008c000100', 'base64')::survival_histogram;
SELECT encode('\x010101010080808080808080200100', 'base64')::survival_histogram;
SELECT encode('\x0101ffffffff0f01000c0100', 'base64')::survival_histogram;
SELECT encode('\x010201010000000000020201', 'base64')::repeat_buying_histogram;
SELECT encode('\x010201010000000002060401', 'base64')::repeat_buying_histogram;
SELECT encode('\x0102000000010000', 'base64')::repeat_buying_histogram;
SELECT encode('\x0102000000000001', 'base64')::repeat_buying_histogram;
SELECT encode('\x01020101000000ffffffff7f00000201', 'base64')::repeat_buying_histogram;
SELECT encode('\x0103010100000201', 'base64')::repeat_spend_histogram;
SELECT encode('\x01030101000c01', 'base64')::repeat_spend_histogram;
SELECT encode('\x01040105000001000500', 'base64')::renewals_histogram;
SELECT encode('\x010401050100000501', 'base64')::renewals_histogram::text = _retention_renewals_add(NULL, 0, 5)::text AS valid;
SELECT encode('\x01040105018002000501', 'base64')::renewals_histogram;

SET client_min_messages = error;
DROP SCHEMA histogram CASCADE;
