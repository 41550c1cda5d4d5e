-- The periods of a purchase history against date_trunc(grain, ordered_at AT TIME ZONE zone).
--
-- Where each row is a customer of its own, cohorts are the periods of the rows.
-- Histories of a dozen rows each, of which no two are of one time, leave no
-- room for two errors that cancel out.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 0;
SET jit = off;
CREATE SCHEMA history_time;
SET search_path = history_time, public;

CREATE TABLE zones (zone text);
INSERT INTO zones VALUES ('UTC'), ('America/New_York'), ('Europe/Berlin'), ('Australia/Sydney'), ('Australia/Lord_Howe'), ('Asia/Kolkata'), ('America/St_Johns'),
	('Pacific/Apia'), ('America/Sao_Paulo'), ('Africa/Casablanca'), ('Pacific/Kiritimati'), ('Asia/Kathmandu');
CREATE TABLE grains (grain text);
INSERT INTO grains VALUES ('day'), ('week'), ('month'), ('quarter'), ('year');

-- ---------------------------------------------------------------------------
-- Clock changes: found by days, then by hours, then by minutes.
-- ---------------------------------------------------------------------------

CREATE TABLE changes AS
WITH days AS (
	SELECT zone, day FROM zones, generate_series(timestamptz '1985-01-01', '2037-12-31', '1 day') day
	WHERE (day AT TIME ZONE zone) + interval '1 day' <> (day + interval '1 day') AT TIME ZONE zone),
hours AS (
	SELECT zone, hour FROM days, generate_series(day, day + interval '23 hours', '1 hour') hour
	WHERE (hour AT TIME ZONE zone) + interval '1 hour' <> (hour + interval '1 hour') AT TIME ZONE zone)
SELECT zone, minute + interval '1 minute' AS at FROM hours, generate_series(hour, hour + interval '59 minutes', '1 minute') minute
WHERE (minute AT TIME ZONE zone) + interval '1 minute' <> (minute + interval '1 minute') AT TIME ZONE zone;
-- How many there are is for the time zone database to say.
SELECT count(DISTINCT zone) AS zones_with_changes, count(*) > 500 AS many,
	   count(*) FILTER (WHERE zone = 'America/New_York' AND at = '2024-03-10 07:00') AS new_york,
	   count(*) FILTER (WHERE zone = 'America/St_Johns' AND at = '1990-04-01 03:31') AS after_midnight,
	   count(*) FILTER (WHERE zone = 'America/Sao_Paulo' AND at = '2018-11-04 03:00') AS at_midnight,
	   count(*) FILTER (WHERE zone = 'Pacific/Apia' AND at = '2011-12-30 10:00') AS over_the_date_line
FROM changes;

CREATE TABLE instants (id int GENERATED ALWAYS AS IDENTITY, why text, zone text, at timestamptz, part int);
-- About each change, and about the midnights beside it.
INSERT INTO instants (why, zone, at)
SELECT 'change', zone, at + d
FROM changes, unnest('{-1 day,-3 hours,-1 hour -1 microsecond,-1 hour,-30 minutes,-1 microsecond,0,1 microsecond,30 minutes,1 hour -1 microsecond,1 hour,3 hours,1 day}'::interval[]) d
UNION
SELECT 'change', zone, (date_trunc('day', at AT TIME ZONE zone) + d) AT TIME ZONE zone
FROM changes, unnest('{-1 day,-1 day -1 microsecond,-1 microsecond,0,1 microsecond,1 day -1 microsecond,1 day,2 days -1 microsecond,2 days}'::interval[]) d;
-- Ends of years and of Februaries, and so ISO weeks 53 (2004, 2009, 2015, 2020, 2026).
INSERT INTO instants (why, zone, at)
SELECT 'calendar', zone, (day + d) AT TIME ZONE zone
FROM zones, generate_series(1999, 2033) year, generate_series(-8, 8) n,
	 LATERAL (SELECT make_date(year, 1, 1)::timestamp + n * interval '1 day' AS day UNION SELECT make_date(year, 3, 1)::timestamp + n % 3 * interval '1 day') s,
	 unnest('{-1 microsecond,0}'::interval[]) d
WHERE year % 2 = 0 OR zone = 'UTC';
-- Two hundred years, at no special time; and the ends of time.
INSERT INTO instants (why, zone, at)
SELECT 'centuries', zone, timestamptz '1900-01-01' + n * interval '17 days 06:47:13.000001' FROM zones, generate_series(0, 4227) n;
INSERT INTO instants (why, zone, at)
SELECT 'far', zone, (day + d) AT TIME ZONE zone
FROM zones, unnest('{4712-01-01 BC,4713-02-28 BC,1001-03-01 BC,401-12-31 BC,5-02-29 BC,2-01-01 BC,1-01-01 BC,1-12-31 BC,0001-01-01,0001-03-31,0004-02-29,0100-03-01,0400-02-29,1582-10-15,1752-09-14,
	1800-01-01,1883-11-18,1899-12-31,1969-12-31,1970-01-01,1999-12-31,2000-01-01,2000-01-02,2000-01-03,2000-02-29,2038-01-19,2100-02-28,2100-03-01,2400-02-29,4000-12-31,9999-12-31,10000-01-01,99999-06-30,294276-12-01}'::timestamp[]) day,
	 unnest('{-1 microsecond,0,12:00,23:59:59.999999}'::interval[]) d;
-- Rows that are near in time are far in parts.
UPDATE instants SET part = id % (SELECT max(id) / 12 FROM instants);
CREATE INDEX ON instants (zone, part);
ANALYZE instants;

CREATE TABLE histories AS
SELECT grain, zone, part, purchase_history(id, at, grain, zone) AS h FROM instants, grains GROUP BY grain, zone, part;

CREATE TABLE verdicts AS
SELECT grain, zone, part, begins, w.rows AS want, g.rows AS got
FROM (SELECT grain, zone, part, date_trunc(grain, at AT TIME ZONE zone)::date AS begins, count(*) AS rows FROM instants, grains GROUP BY grain, zone, part, begins) w
FULL JOIN (SELECT grain, zone, part, cohort AS begins, sum(cohort_size) AS rows FROM histories, cohort_retention(h, grain, max_periods => 1) GROUP BY grain, zone, part, cohort) g USING (grain, zone, part, begins);
SELECT grain, count(DISTINCT zone) AS zones, sum(want) > 80000 AS many_rows, count(DISTINCT begins) > 150 AS many_periods, count(*) FILTER (WHERE want IS DISTINCT FROM got) AS mismatches
FROM verdicts GROUP BY grain ORDER BY min(CASE grain WHEN 'day' THEN 1 WHEN 'week' THEN 2 WHEN 'month' THEN 3 WHEN 'quarter' THEN 4 ELSE 5 END);
SELECT v.*, array_agg(at ORDER BY at) FILTER (WHERE date_trunc(grain, at AT TIME ZONE zone)::date = begins) AS instants
FROM (SELECT * FROM verdicts WHERE want IS DISTINCT FROM got ORDER BY zone, grain, part, begins LIMIT 10) v JOIN instants USING (zone, part)
GROUP BY grain, zone, part, begins, want, got ORDER BY zone, grain, part, begins;
-- First and last days, to the day whatever the grain.
SELECT count(*) > 1000 AS many_histories, count(*) FILTER (WHERE (i.period, time_zone, customers, orders, first_order, last_order) IS DISTINCT FROM (h.grain, h.zone, n, n, first, last)) AS mismatches
FROM histories h, history_info(h) i,
	 LATERAL (SELECT count(*) AS n, min((at AT TIME ZONE zone)::date) AS first, max((at AT TIME ZONE zone)::date) AS last FROM instants o WHERE o.zone = h.zone AND o.part = h.part) o
WHERE part % 10 = 0;

-- ---------------------------------------------------------------------------
-- The session's zone, and a named one, which it must not matter to.
-- ---------------------------------------------------------------------------

CREATE TABLE sessions (session text, kind text, zone text, grain text, part int, h text);
DO $$
DECLARE
	z text;
BEGIN
	FOR z IN SELECT zone FROM zones LOOP
		PERFORM set_config('timezone', z, false);
		INSERT INTO sessions SELECT z, 'session', zone, grain, part, purchase_history(id, at, grain)::text FROM instants, grains WHERE zone = z AND part % 5 = 0 GROUP BY zone, grain, part;
		INSERT INTO sessions SELECT z, 'named', zone, grain, part, purchase_history(id, at, grain, zone)::text FROM instants, grains WHERE part % 100 = 1 GROUP BY zone, grain, part;
		-- a time without a zone is the shop's clock's
		INSERT INTO sessions SELECT z, 'timestamp', 'UTC', grain, part, purchase_history(id, at AT TIME ZONE 'UTC', grain)::text FROM instants, grains WHERE zone = 'UTC' AND part % 100 = 2 GROUP BY grain, part;
		INSERT INTO sessions SELECT z, 'date', 'UTC', grain, part, purchase_history(id, (at AT TIME ZONE 'UTC')::date, grain)::text FROM instants, grains WHERE zone = 'UTC' AND part % 100 = 3 GROUP BY grain, part;
	END LOOP;
END
$$;
SET timezone = 'UTC';
-- Made in the session's zone, it is the history of that zone.
SELECT count(*) > 1000 AS many_histories, count(DISTINCT zone) AS zones, count(*) FILTER (WHERE s.h <> h.h::text) AS mismatches
FROM sessions s JOIN histories h USING (zone, grain, part) WHERE kind = 'session';
SELECT count(*) > 1000 AS many_histories, count(DISTINCT session) AS sessions, count(*) FILTER (WHERE s.h <> h.h::text) AS mismatches
FROM sessions s JOIN histories h USING (zone, grain, part) WHERE kind = 'named';
SELECT kind, count(*) > 1000 AS many_histories, count(DISTINCT session) AS sessions, count(*) - count(DISTINCT session) * count(DISTINCT (grain, part, h)) AS mismatches
FROM sessions WHERE kind IN ('timestamp', 'date') GROUP BY kind ORDER BY kind;
-- What is asked doesn't depend on it, either.
CREATE TABLE asked (session text, answers text);
DO $$
DECLARE
	z text;
BEGIN
	FOR z IN SELECT zone FROM zones LOOP
		PERFORM set_config('timezone', z, false);
		INSERT INTO asked SELECT z, md5(string_agg(a, ';' ORDER BY a COLLATE "C"))
		FROM (SELECT concat(grain, zone, part, c) AS a FROM histories, cohort_retention(h, histories.grain, max_periods => 2) c WHERE part % 100 = 1
			  UNION ALL SELECT concat(histories.grain, zone, part, i) FROM histories, history_info(h) i WHERE part % 100 = 1) s;
	END LOOP;
END
$$;
SET timezone = 'UTC';
SELECT count(*) AS sessions, count(DISTINCT answers) AS answers FROM asked;

-- ---------------------------------------------------------------------------
-- Without zones: each day of two centuries, and dates that no timestamp reaches
-- (they are refused).
-- ---------------------------------------------------------------------------

CREATE TABLE days AS
SELECT n AS id, day::date, n % 3000 AS part FROM generate_series(0, 73049) n, LATERAL (SELECT date '1900-01-01' + n AS day) s;
CREATE TABLE days_verdicts AS
SELECT type, grain, part, begins, w.rows AS want, g.rows AS got
FROM (SELECT type, grain, part, date_trunc(grain, day::timestamp)::date AS begins, count(*) AS rows FROM days, grains, (VALUES ('date'), ('timestamp')) t (type)
	  WHERE type = 'date' OR part % 10 = 0 GROUP BY type, grain, part, begins) w
FULL JOIN (SELECT type, grain, part, cohort AS begins, sum(cohort_size) AS rows
		   FROM (SELECT 'date' AS type, grain, part, purchase_history(id, day, grain) AS h FROM days, grains GROUP BY grain, part
				 UNION ALL SELECT 'timestamp', grain, part, purchase_history(id, day + interval '23:59:59.999999', grain) FROM days, grains WHERE part % 10 = 0 GROUP BY grain, part) h,
				cohort_retention(h, grain, max_periods => 1) GROUP BY type, grain, part, cohort) g USING (type, grain, part, begins);
SELECT type, grain, sum(want) AS rows, count(DISTINCT begins) AS periods, count(*) FILTER (WHERE want IS DISTINCT FROM got) AS mismatches
FROM days_verdicts GROUP BY type, grain ORDER BY type, count(DISTINCT begins) DESC, grain;
SELECT * FROM days_verdicts WHERE want IS DISTINCT FROM got ORDER BY type, grain, part, begins LIMIT 10;
-- The periods of a few days, to be looked at.
SELECT day, (SELECT cohort FROM cohort_retention(w)) AS week, (SELECT cohort FROM cohort_retention(m)) AS month, (SELECT cohort FROM cohort_retention(q)) AS quarter, (SELECT cohort FROM cohort_retention(y)) AS year
FROM (SELECT day, purchase_history(1, day, 'week') AS w, purchase_history(1, day, 'month') AS m, purchase_history(1, day, 'quarter') AS q, purchase_history(1, day, 'year') AS y
	  FROM unnest('{4712-01-01 BC,0001-12-31 BC,0001-01-01,1999-12-31,2000-01-02,2000-01-03,2004-02-29,2005-01-02,2009-12-31,2015-12-28,2020-12-31,2021-01-03,2027-01-03,2100-03-01,294276-12-31}'::date[]) day GROUP BY day) s
ORDER BY day;

-- ---------------------------------------------------------------------------
-- The period of a row by itself.
-- ---------------------------------------------------------------------------

SELECT grain, count(DISTINCT zone) AS zones, count(*) > 80000 AS many_rows,
	   count(*) FILTER (WHERE period_start(at, grain, zone) IS DISTINCT FROM date_trunc(grain, at AT TIME ZONE zone)::date) AS mismatches,
	   count(*) FILTER (WHERE period_start(at AT TIME ZONE zone, grain) IS DISTINCT FROM date_trunc(grain, at AT TIME ZONE zone)::date) AS without_zone
FROM instants, grains GROUP BY grain ORDER BY grain;
CREATE TABLE session_periods (zone text, rows int8, mismatches int8);
DO $$
DECLARE
	z text;
BEGIN
	FOR z IN SELECT zone FROM zones LOOP
		PERFORM set_config('timezone', z, false);
		INSERT INTO session_periods SELECT z, count(*), count(*) FILTER (WHERE period_start(at, grain) IS DISTINCT FROM date_trunc(grain, at)::date)
		FROM instants, grains WHERE zone = z;
	END LOOP;
END
$$;
SET timezone = 'UTC';
SELECT count(*) AS zones, min(rows) > 10000 AS many_rows, sum(mismatches) AS mismatches FROM session_periods;
SELECT grain, count(*) AS days, count(*) FILTER (WHERE period_start(day, grain) IS DISTINCT FROM date_trunc(grain, day::timestamp)::date) AS mismatches FROM days, grains GROUP BY grain ORDER BY grain;
-- Another zone and another period in each row, in letters of either case.
SELECT count(*) AS rows, count(*) FILTER (WHERE period_start(at, grain, zone) IS DISTINCT FROM date_trunc(grain, at AT TIME ZONE zone)::date) AS mismatches
FROM (SELECT at, i.zone, CASE WHEN id % 2 = 0 THEN upper(grain) ELSE initcap(grain) END AS grain FROM (SELECT * FROM instants ORDER BY part, id LIMIT 5000) i, grains ORDER BY part, id, grain) s;
-- No day, no period; and the ends of time.
SELECT period_start(NULL::date, 'day') IS NULL AND period_start('infinity'::timestamptz, 'day') IS NULL AND period_start('-infinity'::timestamptz, 'week', 'Asia/Kolkata') IS NULL
	   AND period_start('infinity'::timestamp, 'year') IS NULL AND period_start('-infinity'::date, 'month') IS NULL AND period_start(date '2024-01-01', NULL) IS NULL AND period_start(now(), 'day', NULL) IS NULL AS none;
SELECT period_start('4714-11-24 BC'::date, 'day') AS first, period_start('5874897-12-31'::date, 'quarter') AS last, period_start('294276-12-31 23:59:59.999999'::timestamp, 'week') AS last_instant,
	   pg_typeof(period_start('2024-05-06 07:00', 'month')) AS type, period_start('2024-05-06 07:00', 'month');
SELECT period_start('4714-11-24 BC'::date, 'year');
SELECT period_start(now(), 'fortnight');
SELECT period_start(now(), 'day', 'Mars/Olympus');
SELECT period_start(now(), 'day', repeat('x', 1000)) \g (format=unaligned)
SELECT period_start(date '2024-05-06', 'month', 'Asia/Kolkata');
SELECT period_start(timestamp '2024-05-06', 'month', 'Asia/Kolkata');

-- ---------------------------------------------------------------------------
-- Coarser questions of a finer history.
-- ---------------------------------------------------------------------------

-- Orders of two years. What was given back was so before the last of them.
CREATE TABLE orders AS
SELECT n, (abs(hashint4extended(n, 21)) % 40)::int AS customer, timestamptz '2023-01-05' + abs(hashint4extended(n, 22)) % 63000000 * interval '1 second' AS at,
	   CASE WHEN n % 10 = 0 THEN -n ELSE n END::numeric AS amount
FROM generate_series(1, 300) n;
DELETE FROM orders WHERE amount < 0 AND at > '2024-06-01';
CREATE TABLE made AS
SELECT grain, zone, purchase_history(customer, at, amount, grain, zone) AS h FROM orders, grains, (VALUES ('America/New_York'), ('Asia/Kolkata')) z (zone) GROUP BY grain, zone;
CREATE FUNCTION answers(h purchase_history, period text, as_of date) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat('cohort_retention ', r) FROM cohort_retention(h, period, as_of) r
	UNION ALL SELECT concat('cohort_average ', r) FROM cohort_average(h, period, as_of) r
	UNION ALL SELECT concat('cohort_average ', r) FROM cohort_average(h, period, as_of, 3, false) r
	UNION ALL SELECT concat('lifecycle ', r) FROM lifecycle(h, period, 1, as_of) r
	UNION ALL SELECT concat('lifecycle ', r) FROM lifecycle(h, period, 2, as_of) r
	UNION ALL SELECT concat('new_and_returning ', r) FROM new_and_returning(h, period, 1, as_of) r
	UNION ALL SELECT concat('new_and_returning ', r) FROM new_and_returning(h, period, 4, as_of) r
$$;
CREATE FUNCTION answer(h purchase_history, period text, as_of date) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT string_agg(a, E'\n' ORDER BY a COLLATE "C") FROM answers(h, period, as_of) a);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
-- Each line is a history, each column a period; + is the answer of a history made for it, and what is refused has its SQLSTATE.
CREATE TABLE pairs AS
SELECT fine.grain AS fine, coarse.grain AS coarse, string_agg(DISTINCT CASE WHEN length(got) = 5 THEN got WHEN got = want THEN '+' ELSE 'differs' END, ' ') AS outcome
FROM made fine, made coarse, unnest('{NULL,2023-12-31,2024-12-31,2026-12-31}'::date[]) as_of,
	 LATERAL (SELECT answer(fine.h, coarse.grain, as_of) AS got, answer(coarse.h, CASE coarse.grain WHEN 'day' THEN 'day' END, as_of) AS want) a
WHERE fine.zone = coarse.zone AND (coarse.grain <> 'week' OR as_of IS NULL) GROUP BY fine.grain, coarse.grain;
SELECT fine, max(outcome) FILTER (WHERE coarse = 'day') AS day, max(outcome) FILTER (WHERE coarse = 'week') AS week, max(outcome) FILTER (WHERE coarse = 'month') AS month,
	   max(outcome) FILTER (WHERE coarse = 'quarter') AS quarter, max(outcome) FILTER (WHERE coarse = 'year') AS year
FROM pairs GROUP BY fine ORDER BY min(CASE fine WHEN 'day' THEN 1 WHEN 'week' THEN 2 WHEN 'month' THEN 3 WHEN 'quarter' THEN 4 ELSE 5 END);

-- ---------------------------------------------------------------------------
-- Grains and zones that are none, and histories that are not of one kind.
-- ---------------------------------------------------------------------------

CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
	result text;
BEGIN
	EXECUTE query INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws('; ', state, message, nullif(detail, ''), nullif(hint, ''));
END
$$;
\pset format unaligned
SELECT grain, outcome(format('SELECT period FROM history_info((SELECT purchase_history(1, now(), 1.0, %L)))', grain)) AS outcome
FROM unnest('{day,DAY,Week,quarter,days," day",hour,decade,"",NULL,x234567890123456789012345678901234567890123456789012345678901234567890}'::text[]) WITH ORDINALITY u (grain, n) ORDER BY n;
SELECT zone, outcome(format('SELECT time_zone FROM history_info((SELECT purchase_history(1, now(), 1.0, ''day'', %L)))', zone)) AS outcome
FROM unnest('{UTC,utc,Europe/Berlin,europe/berlin,Nowhere/Atlantis,"",NULL,EST5EDT,+02:00,x234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890}'::text[])
	WITH ORDINALITY u (zone, n) ORDER BY n;
SELECT outcome('SELECT purchase_history(1, now(), g) FROM (VALUES (''day''), (''week'')) v (g)') AS grains_mixed,
	   outcome('SELECT purchase_history(1, now(), ''day'', z) FROM (VALUES (''UTC''), (''Europe/Berlin'')) v (z)') AS zones_mixed,
	   outcome('SELECT purchase_history(1, now(), g) FROM (VALUES (''day''), (NULL)) v (g)') AS one_null;
-- Dates that are none of an order's.
SELECT value, outcome(format('SELECT first_order FROM history_info((SELECT purchase_history(1, date %L, ''year'')))', value)) AS outcome
FROM unnest('{4714-11-24 BC,294276-12-31,294277-01-01,5874897-12-31}'::text[]) WITH ORDINALITY u (value, n) ORDER BY n;
SELECT value, grain, outcome(format('SELECT cohort FROM cohort_retention((SELECT purchase_history(1, timestamp %L, %L)), %2$L)', value, grain)) AS outcome
FROM unnest('{4714-11-24 00:00 BC,294276-12-31 23:59:59.999999}'::text[]) WITH ORDINALITY u (value, n), grains ORDER BY n, grain;

-- Which merge: + or the error.
CREATE TABLE kinds (n int GENERATED ALWAYS AS IDENTITY, kind text, h purchase_history);
INSERT INTO kinds (kind, h) VALUES
	('int8, timestamptz, day', (SELECT purchase_history(1, timestamptz '2024-01-01', 1.0, 'day', 'UTC'))),
	('of float8', (SELECT purchase_history(1, timestamptz '2024-01-01', 1.0::float8, 'day', 'UTC'))),
	('no amount', (SELECT purchase_history(1, timestamptz '2024-01-01', 'day', 'UTC'))),
	('week', (SELECT purchase_history(1, timestamptz '2024-01-01', 1.0, 'week', 'UTC'))),
	('Berlin', (SELECT purchase_history(1, timestamptz '2024-01-01', 1.0, 'day', 'Europe/Berlin'))),
	('session in UTC', (SELECT purchase_history(1, timestamptz '2024-01-01', 1.0, 'day'))),
	('timestamp', (SELECT purchase_history(1, timestamp '2024-01-01', 1.0, 'day'))),
	('date', (SELECT purchase_history(1, date '2024-01-01', 1.0, 'day'))),
	('text', (SELECT purchase_history('1'::text, timestamptz '2024-01-01', 1.0, 'day', 'UTC'))),
	('uuid', (SELECT purchase_history(md5('1')::uuid, timestamptz '2024-01-01', 1.0, 'day', 'UTC')));
SELECT a.kind, b.kind AS other, outcome(format('SELECT ''+'' FROM (SELECT %L::purchase_history + %L::purchase_history AS h) s WHERE h IS NOT NULL', a.h::text, b.h::text)) AS plus
FROM kinds a, kinds b WHERE a.n = 1 OR (a.kind = 'timestamp' AND b.kind = 'date') ORDER BY a.n, b.n;
SELECT count(*) AS pairs, count(*) FILTER (WHERE (plus = '+') <> (swapped = '+')) AS not_both_ways, count(*) FILTER (WHERE (plus = '+') <> (rolled = '+')) AS not_by_rollup
FROM (SELECT outcome(format('SELECT ''+'' FROM (SELECT %L::purchase_history + %L::purchase_history AS h) s WHERE h IS NOT NULL', a.h::text, b.h::text)) AS plus,
			 outcome(format('SELECT ''+'' FROM (SELECT %L::purchase_history + %L::purchase_history AS h) s WHERE h IS NOT NULL', b.h::text, a.h::text)) AS swapped,
			 outcome(format('SELECT ''+'' FROM (SELECT rollup(h::purchase_history) AS h FROM (VALUES (%L), (%L)) v (h)) s WHERE h IS NOT NULL', a.h::text, b.h::text)) AS rolled
	  FROM kinds a, kinds b) s;
\pset format aligned

SET client_min_messages = error;
DROP SCHEMA history_time CASCADE;
-- A time zone for times that have none: no overload takes it, whatever the types of the literals.
\set VERBOSITY default
SELECT purchase_history(1::int8, date '2024-03-01', 5.0, 'day', 'Europe/Berlin');
SELECT purchase_history('a'::text, timestamp '2024-03-01 23:30', 5.0::float8, 'day', 'Europe/Berlin');
SELECT purchase_history(1, date '2024-03-01', 'day', 'Europe/Berlin');
CREATE TEMP TABLE local_orders (customer_id varchar(10), ordered_at timestamp(0), amount numeric(12,2));
INSERT INTO local_orders VALUES ('a', '2024-03-01 23:30', 5);
SELECT customer_id, purchase_history(customer_id, ordered_at, amount, 'day', 'Europe/Berlin') FROM local_orders GROUP BY 1;
SELECT first_order FROM history_info((SELECT purchase_history(customer_id, ordered_at AT TIME ZONE 'UTC', amount, 'day', 'Europe/Berlin') FROM local_orders));
