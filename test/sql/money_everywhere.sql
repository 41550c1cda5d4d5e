-- Money is the sum of the amounts wherever it is asked for: at every magnitude
-- and scale, and with one large order among ordinary ones.
SET client_min_messages = warning;

-- A block of a history is as wide as its largest money.
CREATE TEMP TABLE widths (n int, amount numeric);
INSERT INTO widths SELECT n, sign * (256::numeric ^ n / 2 + step) / 10 ^ scale
FROM generate_series(1, 16) n, (VALUES (1), (-1)) s (sign), generate_series(-1, 1) step, (VALUES (0), (2), (6)) d (scale);
SELECT count(*) AS amounts,
	   count(*) FILTER (WHERE revenue IS DISTINCT FROM amount + 3) AS wrong,
	   count(*) FILTER (WHERE stored IS DISTINCT FROM amount + 3) AS wrong_when_stored
FROM (SELECT amount, (SELECT sum(revenue) FROM cohort_retention(h)) AS revenue,
			 (SELECT sum(revenue) FROM cohort_retention(h::text::purchase_history)) AS stored
	  FROM widths, LATERAL (SELECT purchase_history(customer, date '2024-01-01', a, 'month')
							FROM (VALUES (1, 1), (2, 0), (2, amount), (3, 2)) o (customer, a)) s (h)) s;

-- Rows on top of a sum that has been read, and that is as wide as two limbs can be.
WITH guests (amount, edge) AS (VALUES (1::numeric, 170141183460469231731687303715884105727), (-1, -170141183460469231731687303715884105728)),
	 made AS (
	SELECT amount, edge, customer_base(NULL::int8, date '2024-01-01', edge) AS base, purchase_history(NULL::int8, date '2024-01-01', edge, 'day') AS history
	FROM guests GROUP BY amount, edge)
SELECT edge + amount AS sum,
	   guest_revenue(customer_base_add(base, NULL::int8, date '2024-01-01', amount)) AS base,
	   guest_revenue(customer_base(purchase_history_add(history, NULL::int8, date '2024-01-01', amount, 'day'))) AS history
FROM made ORDER BY amount;

-- A sum as wide as a value can have, at a scale that makes it wider: no value,
-- or it could not be read again.
CREATE FUNCTION pg_temp.widen(value bytea) RETURNS text IMMUTABLE LANGUAGE SQL AS $$
	SELECT translate(encode(overlay(value PLACING decode('a0e103' || repeat('ff', 61599) || '7f', 'hex') FROM octet_length(value) - 1), 'base64'), E'\n', '')
$$;
CREATE TEMP TABLE widest AS
SELECT pg_temp.widen(customer_base_send(customer_base(NULL::int8, date '2024-01-01', 1::numeric)))::customer_base AS base,
	   pg_temp.widen(purchase_history_send(purchase_history(NULL::int8, date '2024-01-01', 1::numeric, 'day')))::purchase_history AS history;
SELECT length(base::text) > 80000 AS base, length(history::text) > 80000 AS history FROM widest;
SELECT length(customer_base_combine(base, small)::text) FROM widest, (SELECT customer_base(1, date '2024-01-01', 1e-16383::numeric) AS small) s;
SELECT length(purchase_history_combine(history, small)::text) FROM widest, (SELECT purchase_history(1, date '2024-01-01', 1e-16383::numeric, 'day') AS small) s;
