-- survival: Kaplan-Meier and what follows from it, against published numbers,
-- against plain SQL by definition, and where the data don't say.
SET client_min_messages = warning;
SET extra_float_digits = 1;
CREATE SCHEMA survival;
SET search_path = survival, public;

CREATE FUNCTION r(float8) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT round($1::numeric, 9) $$;

-- ---------------------------------------------------------------------------
-- Published: weeks of remission under 6-MP and under a placebo (Freireich et al.
-- 1963).  S at 6 .857 (standard error .0764), 7 .807, 10 .753, 13 .690, 16 .627,
-- 22 .538, 23 .448; log-rank 16.79.
-- ---------------------------------------------------------------------------

CREATE TABLE remission AS
SELECT treated, rtrim(weeks, '+')::int AS weeks, weeks NOT LIKE '%+' AS relapse
FROM (VALUES (true, '6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+'),
			 (false, '1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23')) v (treated, list),
	 regexp_split_to_table(list, ' ') weeks;
CREATE TABLE arms AS SELECT treated, survival(weeks, relapse) AS s FROM remission GROUP BY treated;
SELECT duration AS time, at_risk, events, censored, r(survival) AS survival, r(standard_error) AS standard_error, r(lower) AS lower, r(upper) AS upper
FROM arms, kaplan_meier(s) WHERE treated;
SELECT duration AS time, at_risk, events, censored, r(survival) AS survival, r(standard_error) AS standard_error, r(lower) AS lower, r(upper) AS upper
FROM arms, kaplan_meier(s) WHERE NOT treated;
SELECT treated, subjects(s), events(s), median_survival(s), r(restricted_mean(s)) AS mean, r(restricted_mean(s, 20)) AS mean_20 FROM arms ORDER BY treated;
SELECT r(chi_squared) AS chi_squared, df, round(p::numeric, 12) AS p FROM logrank((SELECT s FROM arms WHERE treated), (SELECT s FROM arms WHERE NOT treated));
-- whichever is named first
SELECT r(chi_squared) AS chi_squared, df, round(p::numeric, 12) AS p FROM logrank((SELECT s FROM arms WHERE NOT treated), (SELECT s FROM arms WHERE treated));
SELECT t, r(survival_at(s, t)) AS survival FROM arms, unnest(ARRAY[0, 5.999, 6, 9.5, 23, 35, 35.001, 'Infinity']::float8[]) t WHERE treated;

-- ---------------------------------------------------------------------------
-- By definition, in plain SQL.
-- ---------------------------------------------------------------------------

-- Observations of many kinds; e: with an event.
CREATE TABLE observations (kind text, t float8, e bool);
INSERT INTO observations
SELECT 'whole', floor(-50 * ln((n * 7919 % 997 + 1) / 998.0)), n * 31 % 7 < 4 FROM generate_series(1, 997) n
UNION ALL SELECT 'fractions', round((-50 * ln((n * 7919 % 997 + 1) / 998.0))::numeric, 1) + 0.05, n * 31 % 7 < 4 FROM generate_series(1, 997) n
UNION ALL SELECT 'nobody censored', (n * 7919 % 97)::float8, true FROM generate_series(1, 997) n
UNION ALL SELECT 'all tied', (n % 3)::float8, n % 2 = 0 FROM generate_series(1, 100) n
UNION ALL SELECT 'last censored', n, n < 40 FROM generate_series(1, 40) n
UNION ALL SELECT 'no event', n, false FROM generate_series(1, 10) n
UNION ALL VALUES ('one event', 5, true), ('one censored', 5, false), ('at once', 0, true), ('at once', 0, false)
UNION ALL SELECT 'half', n, true FROM generate_series(1, 4) n
UNION ALL SELECT 'half at the end', n, n < 3 FROM generate_series(1, 4) n
UNION ALL SELECT 'half, later', t, e FROM (VALUES (1, true), (2, true), (2.5, false), (3, true), (4, true)) v (t, e)
UNION ALL SELECT 'tiny and huge', 10 ^ (n * 100), n <> 0 FROM generate_series(-3, 3) n;
CREATE TABLE curves AS SELECT kind, survival(t, e) AS s FROM observations GROUP BY kind;

CREATE TABLE definition AS
SELECT kind, t, n, d, c,
	   CASE WHEN bool_or(n = d) OVER w THEN 0 ELSE exp(sum(ln(CASE WHEN n = d THEN 1 ELSE (n - d)::float8 / n END)) OVER w) END AS s,
	   sum(CASE WHEN n > d THEN d::float8 / (n * (n - d)) END) OVER w AS g
FROM (SELECT kind, t, sum(count(*)) OVER (PARTITION BY kind ORDER BY t DESC)::int8 AS n,
			 count(*) FILTER (WHERE e) AS d, count(*) FILTER (WHERE NOT e) AS c
	  FROM observations GROUP BY kind, t) steps
WINDOW w AS (PARTITION BY kind ORDER BY t);
CREATE FUNCTION near(a float8, b float8) RETURNS bool LANGUAGE sql IMMUTABLE AS $$
	SELECT a IS NOT DISTINCT FROM b OR abs(a - b) <= 1e-10 * abs(b)
$$;
SELECT kind, count(*) AS rows, count(*) FILTER (WHERE (at_risk, events, censored) = (n, d, c)) AS counts,
	   count(*) FILTER (WHERE near(survival, s)) AS survival,
	   count(*) FILTER (WHERE near(standard_error, CASE WHEN s > 0 THEN s * sqrt(g) END)) AS standard_error,
	   count(*) FILTER (WHERE near(lower, CASE WHEN g = 0 THEN 1 WHEN s > 0 THEN s ^ exp(1.959963984540054 * sqrt(g) / -ln(s)) END)) AS lower,
	   count(*) FILTER (WHERE near(upper, CASE WHEN g = 0 THEN 1 WHEN s > 0 THEN s ^ exp(-1.959963984540054 * sqrt(g) / -ln(s)) END)) AS upper
FROM (SELECT kind, k.* FROM curves, kaplan_meier(s) k) k FULL JOIN definition USING (kind) WHERE k.duration = definition.t
GROUP BY kind ORDER BY kind;
SELECT kind, count(*) AS rows FROM curves, kaplan_meier(s) GROUP BY kind ORDER BY kind;
SELECT kind, count(*) FILTER (WHERE near(survival_at(c.s, d.t), d.s)) = count(*) AS at,
	   count(*) FILTER (WHERE near(survival_at(c.s, d.t * 1.0000001 + 1e-320), CASE WHEN next IS NOT NULL OR d.s = 0 THEN d.s END)) = count(*) AS behind
FROM (SELECT *, lead(t) OVER (PARTITION BY kind ORDER BY t) AS next FROM definition) d JOIN curves c USING (kind) GROUP BY kind ORDER BY kind;
SELECT kind, median_survival(s) AS median, restricted_mean(s)::numeric(30,9) AS mean, restricted_mean(s, 3)::numeric(20,9) AS mean_3,
	   restricted_mean(s, 0) AS mean_0, restricted_mean(s, 'Infinity') IS NOT NULL AS mean_infinity
FROM curves WHERE kind <> 'tiny and huge' ORDER BY kind;
SELECT near(restricted_mean(s), area) AND near(restricted_mean(s, 100), area_100) AS mean
FROM curves JOIN (SELECT kind, sum(s * (next - t)) + min(t) AS area, sum(s * (least(next, 100) - t)) FILTER (WHERE t < 100) + min(t) AS area_100
				  FROM (SELECT *, lead(t) OVER (PARTITION BY kind ORDER BY t) AS next FROM definition) d GROUP BY kind) a USING (kind) WHERE kind = 'whole';

-- log-rank, of every two
CREATE TABLE tests AS
SELECT a, b, sum(d1 - d * n1 / n) ^ 2 / nullif(sum(CASE WHEN n > 1 THEN d * (n1 / n) * (n2 / n) * (n - d) / (n - 1) END), 0) AS chi_squared
FROM (SELECT a, b, count(*) FILTER (WHERE o.kind = a AND o.t >= ts.t)::float8 AS n1, count(*) FILTER (WHERE o.kind = b AND o.t >= ts.t)::float8 AS n2,
			 count(*) FILTER (WHERE o.t >= ts.t)::float8 AS n, count(*) FILTER (WHERE e AND o.t = ts.t)::float8 AS d,
			 count(*) FILTER (WHERE e AND o.t = ts.t AND o.kind = a)::float8 AS d1
	  FROM (SELECT DISTINCT a.kind AS a, b.kind AS b, o.t FROM curves a JOIN curves b ON a.kind <> b.kind JOIN observations o ON o.kind IN (a.kind, b.kind)
			WHERE 'fractions' NOT IN (a.kind, b.kind)) ts
	  JOIN observations o ON o.kind IN (a, b) GROUP BY a, b, ts.t) n
GROUP BY a, b;
SELECT count(*) AS tests, count(*) FILTER (WHERE abs(l.chi_squared - t.chi_squared) < 1e-9 * (1 + t.chi_squared) OR num_nonnulls(l.chi_squared, t.chi_squared, l.p) = 0) AS chi_squared,
	   count(*) FILTER (WHERE l.p BETWEEN 0 AND 1) AS p, count(*) FILTER (WHERE l.chi_squared IS NULL) AS nothing_to_compare
FROM tests t JOIN curves a ON a.kind = t.a JOIN curves b ON b.kind = t.b, logrank(a.s, b.s) l;
SELECT r(chi_squared) AS chi_squared, df, p FROM curves, logrank(s, s) WHERE kind = 'whole';
-- nobody can be told apart when all go at once
SELECT * FROM logrank((SELECT survival(1, true)), (SELECT survival(1, true)));

-- ---------------------------------------------------------------------------
-- Input.
-- ---------------------------------------------------------------------------

-- numbers of all types; rows that are skipped
SELECT count(DISTINCT s::text) AS same
FROM (SELECT survival(n, true) FROM generate_series(1, 9) n UNION ALL SELECT survival(n::int8, true) FROM generate_series(1, 9) n
	  UNION ALL SELECT survival(n::int2, true) FROM generate_series(1, 9) n UNION ALL SELECT survival(n::numeric, true) FROM generate_series(1, 9) n
	  UNION ALL SELECT survival(n::float4, true) FROM generate_series(1, 9) n UNION ALL SELECT survival(extract(epoch FROM n * interval '1 day') / 86400, true) FROM generate_series(1, 9) n
	  UNION ALL SELECT survival(t, e) FROM (SELECT n, true FROM generate_series(1, 9) n UNION ALL VALUES (NULL, true), (3, NULL), (NULL, NULL)) v (t, e)) v (s);
SELECT survival(n, true) IS NULL AS none FROM generate_series(1, 0) n;
SELECT survival(NULL, true) IS NULL AS nulls, survival(1, NULL) IS NULL AS more_nulls;
SELECT count(*) AS same_zero FROM kaplan_meier((SELECT survival(t, true) FROM unnest(ARRAY[0, '-0']::float8[]) t));
SELECT survival(n * interval '1 day', true) = survival(n, 1) AS days, survival(n * interval '36 hours', true) = survival(n * 1.5, 1) AS hours FROM generate_series(1, 9) n;
SELECT survival(-1, true);
SELECT survival('NaN', true);
SELECT survival('Infinity', false);
SELECT survival_at(survival(1, true), -1);
SELECT survival_at(survival(1, true), 'NaN');
SELECT restricted_mean(survival(1, true), -0.5);
SELECT restricted_mean(NULL) IS NULL AS mean, median_survival(NULL) IS NULL AS median, survival_at(NULL, 1) IS NULL AS at,
	   (SELECT count(*) FROM kaplan_meier(NULL)) AS rows, logrank(NULL, survival(1, true)) IS NULL AS logrank;
-- A value of no observations, as a history of no customers makes.
SELECT subjects(s), events(s), median_survival(s), restricted_mean(s), survival_at(s, 0), logrank(s, s), (SELECT count(*) FROM kaplan_meier(s)) AS rows,
	   (s + s)::text = s::text AS same, (s + NULL)::text = s::text AND (NULL + s)::text = s::text AS null_is_none, (s + _retention_survival_add(NULL, 1, true))::text = _retention_survival_add(NULL, 1, true)::text AS nothing
FROM (SELECT 'AQEAAAA='::survival_histogram AS s OFFSET 0) v;

-- ---------------------------------------------------------------------------
-- Huge counts.
-- ---------------------------------------------------------------------------

-- 2^40 times the arms: the same shares, a smaller error.
WITH RECURSIVE doubled AS (
	SELECT 0 AS n, treated, s FROM arms UNION ALL SELECT n + 1, treated, s + s FROM doubled WHERE n < 40
)
SELECT treated, subjects(s), events(s), median_survival(s), r(restricted_mean(s)) AS mean, r(survival) AS survival, r(standard_error * 2 ^ 20) AS standard_error
FROM doubled, kaplan_meier(s) WHERE n = 40 AND duration = 22 ORDER BY treated;
-- 2^62 are possible, 2^63 are not
WITH RECURSIVE doubled AS (
	SELECT 0 AS n, survival(1, true) AS s UNION ALL SELECT n + 1, s + s FROM doubled WHERE n < 62
)
SELECT subjects(s), survival_at(s, 1) FROM doubled WHERE n = 62;
WITH RECURSIVE doubled AS (
	SELECT 0 AS n, survival(1, true) AS s UNION ALL SELECT n + 1, s + s FROM doubled WHERE n < 63
)
SELECT subjects(s) FROM doubled WHERE n = 63;
WITH RECURSIVE doubled AS (
	SELECT 0 AS n, survival(1, false) AS s UNION ALL SELECT n + 1, s + s FROM doubled WHERE n < 62
)
SELECT s + _retention_survival_add(s, 2, true) FROM doubled WHERE n = 62;
WITH RECURSIVE doubled AS (
	SELECT 0 AS n, survival(1, false) AS s, survival(2, true) AS other UNION ALL SELECT n + 1, s + s, other + other FROM doubled WHERE n < 62
)
SELECT s + other FROM doubled WHERE n = 62;
SELECT r(survival) AS survival, lower <= survival AND survival <= upper AS between
FROM (WITH RECURSIVE doubled AS (
		SELECT 0 AS n, survival(2, false) AS s UNION ALL SELECT n + 1, s + s FROM doubled WHERE n < 61)
	  SELECT s + (SELECT survival(1, true)) AS s FROM doubled WHERE n = 61) h, kaplan_meier(s);

SET client_min_messages = error;
DROP SCHEMA survival CASCADE;
