-- The answers over random orders against plain SQL definitions, for every type
-- that can be a customer, a time or an amount without a cast.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
CREATE SCHEMA oracle;
SET search_path = oracle, public;

CREATE DOMAIN customer_number AS int8 CHECK (VALUE >= -1000);
CREATE DOMAIN customer_name AS text;
CREATE DOMAIN customer_id AS uuid;
CREATE DOMAIN price AS numeric(12, 2);
CREATE DOMAIN moment AS timestamptz;

-- Random orders of a few customers or many, some of whom are guests.
SELECT setseed(0.42);
CREATE TABLE draws AS
SELECT run, n,
	   CASE WHEN random() > 0.05 THEN floor(random() * CASE run WHEN 1 THEN 3 WHEN 2 THEN 40 ELSE 500 END)::int END AS customer,
	   CASE WHEN random() > 0.05 THEN timestamp '2023-01-01' + floor(random() * 1e7) * interval '1.037 s'
			WHEN random() > 0.5 THEN 'infinity' WHEN random() > 0.5 THEN '-infinity' END AS at,
	   CASE WHEN random() > 0.05 THEN (random() * 300 - CASE WHEN random() > 0.2 THEN 0 ELSE 300 END)::numeric END AS amount,
	   floor(random() * 6)::int AS digits
FROM generate_series(1, 4) run, generate_series(1, 200) n
WHERE run < 4 OR n <= 7;

CREATE TABLE orders AS
SELECT run, n,
	   customer::int8 AS c_int8, (customer * 1000)::int4 AS c_int4, customer::int2 AS c_int2, customer::customer_number AS c_number,
	   'customer ' || customer AS c_text, ('customer ' || customer)::varchar(20) AS c_varchar, customer::text::char(12) AS c_char,
	   ('customer ' || customer)::customer_name AS c_name,
	   md5(customer::text)::uuid AS c_uuid, md5(customer::text)::uuid::customer_id AS c_id,
	   at AT TIME ZONE 'UTC' AS t_timestamptz, at AS t_timestamp, at::date AS t_date, at::timestamp(0) AS t_seconds,
	   (at AT TIME ZONE 'UTC')::moment AS t_moment,
	   round(amount, 2)::numeric(12, 2) AS a_cents, round(amount)::numeric(12, 0) AS a_whole, amount AS a_digits,
	   round(amount, digits) AS a_mixed, round(amount, -1)::numeric(4, -1) AS a_tens, round(amount, 2)::price AS a_price,
	   round(amount, 2)::float8 AS a_float8, amount::float8 * 1.1 AS a_float8_all, round(amount, 2)::float4 AS a_float4,
	   (amount * 100)::int4 AS a_int4, (amount * 1000000)::int8 AS a_int8, amount::int2 AS a_int2
FROM draws;
ALTER TABLE orders ADD PRIMARY KEY (run, n);

-- What is asked: each line is a metric, how the extension spells it, and how
-- plain SQL does, over the customers of the rows that count.
CREATE TABLE metrics (name text, needs text, call text, plain text);
INSERT INTO metrics VALUES
	('purchase_frequency', 'c', 'purchase_frequency(%1$s)', 'sum(n)::float8 / nullif(count(n), 0)'),
	('repeat_rate', 'c', 'repeat_rate(%1$s)', 'count(n) FILTER (WHERE n > 1)::float8 / nullif(count(n), 0)'),
	('customer_value', 'ca', 'customer_value(%1$s, %3$s)', 'total%s / nullif(count(n), 0)'),
	('lifetime_span', 'ct', 'lifetime_span(%1$s, %2$s)',
	 'make_interval(days => div(round(sum(usecs) / nullif(count(n), 0)), 86400000000)::int,
					secs => (mod(round(sum(usecs) / nullif(count(n), 0)), 86400000000) / 1000000)::float8)'),
	('clv', 'cta', 'clv(%1$s, %2$s, %3$s)',
	 'total%s / nullif(count(n), 0) / nullif(extract(epoch FROM max(last) - min(first))%1$s, 0) * (sum(usecs) / count(n) / 1000000)%1$s'),
	('aov', 'a', 'aov(%3$s)', 'total%s / nullif(sum(n), 0)'),
	('lifetime_span, one', 't', 'lifetime_span(%2$s)', 'max(last) - min(first)'),
	('clv, one', 'ta', 'clv(%2$s, %3$s)', 'total%s / nullif(sum(n), 0) * (sum(usecs) / 31557600000000)%1$s'),
	('customer_base', 'cta',
	 'concat_ws('' '', customers(customer_base(%1$s, %2$s, %3$s)), orders(customer_base(%1$s, %2$s, %3$s)), revenue(customer_base(%1$s, %2$s, %3$s)))',
	 'concat_ws('' '', count(n), coalesce(sum(n), 0), total)'),
	('first_order', 'ct', 'first_order(customer_base(%1$s, %2$s))', 'min(first) AT TIME ZONE ''UTC'''),
	('last_order', 'ct', 'last_order(customer_base(%1$s, %2$s))', 'max(last) AT TIME ZONE ''UTC''');

CREATE TABLE results (metric text, key text, at text, amount text, run int, got text, want text);

CREATE PROCEDURE compare(m metrics, key text, at text, amount text) LANGUAGE plpgsql AS $$
DECLARE
	float bool := amount ~ 'float|int';
BEGIN
	EXECUTE format($f$
		INSERT INTO results
		SELECT %1$L, %2$L, %3$L, %4$L, run,
			   (SELECT (%5$s)::text FROM orders o WHERE o.run = runs.run),
			   (WITH rows AS (
					SELECT %6$s AS customer, %7$s AS at, %8$s AS amount FROM orders o WHERE o.run = runs.run
				), r AS (
					SELECT count(*) FILTER (WHERE amount >= 0) AS n, sum(amount) AS revenue,
						   min(at) FILTER (WHERE amount >= 0) AS first, max(at) FILTER (WHERE amount >= 0) AS last
					FROM rows WHERE customer IS NOT NULL AND amount IS NOT NULL AND isfinite(at)
					GROUP BY customer
				)
				SELECT (%9$s)::text
				FROM (SELECT *, extract(epoch FROM last - first) * 1000000 AS usecs FROM r WHERE n > 0) customers
				-- refunds to somebody without an order count, too
				RIGHT JOIN (SELECT coalesce(sum(revenue), 0) AS total FROM r) totals ON true
				GROUP BY total)
		FROM (SELECT DISTINCT run FROM orders) runs
		$f$,
		m.name, key, at, amount, format(m.call, key, at, amount),
		CASE WHEN m.needs LIKE 'c%' THEN key ELSE '1' END,
		CASE WHEN m.needs LIKE '%t%' THEN at || CASE WHEN at IN ('t_timestamptz', 't_moment') THEN ' AT TIME ZONE ''UTC''' ELSE '::timestamp' END
			 ELSE 'timestamp ''2000-01-01''' END,
		CASE WHEN m.needs NOT LIKE '%a%' THEN '0'
			 -- a float4 is a float8 by the time it arrives
			 WHEN float THEN amount || '::float8::text::numeric' ELSE amount END,
		format(m.plain, CASE WHEN float THEN '::float8' ELSE '' END));
END
$$;

-- All keys, times and amounts that the metric takes.
DO $$
DECLARE
	m metrics;
	key text;
	at text;
	amount text;
BEGIN
	FOR m IN SELECT * FROM metrics LOOP
		FOR key, at, amount IN
			SELECT k.attname, t.attname, a.attname
			FROM pg_attribute k, pg_attribute t, pg_attribute a
			WHERE k.attrelid = 'orders'::regclass AND k.attname LIKE CASE WHEN m.needs LIKE '%c%' THEN 'c!_%' ELSE 'c!_int8' END ESCAPE '!'
				AND t.attrelid = 'orders'::regclass AND t.attname LIKE CASE WHEN m.needs LIKE '%t%' THEN 't!_%' ELSE 't!_date' END ESCAPE '!'
				AND a.attrelid = 'orders'::regclass AND a.attname LIKE CASE WHEN m.needs LIKE '%a%' THEN 'a!_%' ELSE 'a!_cents' END ESCAPE '!'
				-- of the combinations of three, a third: any two meet
				AND (m.needs <> 'cta' OR (k.attnum + t.attnum + a.attnum) % 3 = 0)
		LOOP
			CALL compare(m, key, at, amount);
		END LOOP;
	END LOOP;
END
$$;

-- Textbook formulas divide several times, and each rounds: clv is as good as
-- they are, and in float8 anything is.  All else is the same, digit by digit.
CREATE FUNCTION same(r results) RETURNS bool LANGUAGE sql AS $$
	SELECT CASE WHEN r.got IS NOT DISTINCT FROM r.want THEN true
		   WHEN r.metric LIKE 'clv%' THEN abs(r.got::numeric - r.want::numeric) <= abs(r.want::numeric) * 1e-13
		   ELSE false END
$$;
SELECT metric, count(*) AS comparisons, count(DISTINCT key) AS keys, count(DISTINCT at) AS times, count(DISTINCT amount) AS amounts,
	   count(got) AS not_null, count(DISTINCT got) > 2 AS differ, count(*) FILTER (WHERE NOT same(r)) AS mismatches
FROM results r GROUP BY metric ORDER BY metric COLLATE "C";
SELECT * FROM results r WHERE NOT same(r) ORDER BY metric COLLATE "C", key, at, amount, run LIMIT 20;

SET client_min_messages = error;
DROP SCHEMA oracle CASCADE;
