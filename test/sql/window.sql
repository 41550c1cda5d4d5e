-- Window functions: moving frames, in which rows leave as they came, against
-- brute force; and states that are asked again and again while they grow.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
CREATE SCHEMA windows;
SET search_path = windows, public;

-- Orders at uneven times, some at once; guests, and customers of whom some
-- come often and some once; and lines of orders, whose numbers some customers share.
CREATE TABLE orders AS
SELECT n, date '2024-01-01' + (n * n / 900)::int AS day, n / 3 AS peers, k, 'customer ' || k AS k_text, md5(k::text)::uuid AS k_uuid,
	   CASE WHEN n % 17 <> 0 THEN round((hashint8extended(n, 7) & 65535) / 100.0 - 80, n % 4) END AS amount,
	   o, 'order ' || o AS o_text, md5(o::text)::uuid AS o_uuid
FROM (SELECT n, CASE WHEN n % 13 <> 0 THEN (hashint8extended(n, 5) & 31) * (hashint8extended(n, 6) & 1) END AS k,
			 CASE WHEN n % 19 <> 0 THEN hashint8extended(n / 2, 8) & 63 END AS o
	  FROM generate_series(1, 300) n) s;

-- How each frame's rows are found by hand: those of the row o, among rows i.
CREATE TABLE frames (id serial PRIMARY KEY, name text, clause text, condition text);
INSERT INTO frames (name, clause, condition) VALUES
	('this row', 'ORDER BY n ROWS CURRENT ROW', 'i.n = o.n'),
	('few rows', 'ORDER BY n ROWS 7 PRECEDING', 'i.n BETWEEN o.n - 7 AND o.n'),
	('many rows', 'ORDER BY n ROWS BETWEEN 100 PRECEDING AND 20 FOLLOWING', 'i.n BETWEEN o.n - 100 AND o.n + 20'),
	('rows behind', 'ORDER BY n ROWS BETWEEN 30 PRECEDING AND 10 PRECEDING', 'i.n BETWEEN o.n - 30 AND o.n - 10'),
	('rows ahead', 'ORDER BY n ROWS BETWEEN 10 FOLLOWING AND 30 FOLLOWING', 'i.n BETWEEN o.n + 10 AND o.n + 30'),
	('no rows', 'ORDER BY n ROWS BETWEEN 3 PRECEDING AND 4 PRECEDING', 'false'),
	('to the end', 'ORDER BY n ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING', 'i.n >= o.n'),
	('from the beginning', 'ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 5 FOLLOWING', 'i.n <= o.n + 5'),
	('others than this row', 'ORDER BY n ROWS BETWEEN 9 PRECEDING AND 9 FOLLOWING EXCLUDE CURRENT ROW', 'i.n BETWEEN o.n - 9 AND o.n + 9 AND i.n <> o.n'),
	('others than its peers', 'ORDER BY peers ROWS UNBOUNDED PRECEDING EXCLUDE GROUP', 'i.peers < o.peers'),
	('ten days', 'ORDER BY day RANGE ''10 days'' PRECEDING', 'i.day BETWEEN o.day - 10 AND o.day'),
	('a week around', 'ORDER BY day RANGE BETWEEN ''3 days'' PRECEDING AND ''3 days'' FOLLOWING', 'i.day BETWEEN o.day - 3 AND o.day + 3'),
	('this day', 'ORDER BY day RANGE CURRENT ROW', 'i.day = o.day'),
	('ten days without ties', 'ORDER BY day RANGE BETWEEN ''10 days'' PRECEDING AND CURRENT ROW EXCLUDE TIES',
	 'i.day BETWEEN o.day - 10 AND o.day AND (i.day <> o.day OR i.n = o.n)'),
	('groups', 'ORDER BY peers GROUPS 5 PRECEDING', 'i.peers BETWEEN o.peers - 5 AND o.peers'),
	('groups around', 'ORDER BY peers GROUPS BETWEEN 2 PRECEDING AND 2 FOLLOWING EXCLUDE GROUP',
	 'i.peers BETWEEN o.peers - 2 AND o.peers + 2 AND i.peers <> o.peers'),
	('partitions', 'PARTITION BY n % 4 ORDER BY day RANGE ''20 days'' PRECEDING', 'i.n % 4 = o.n % 4 AND i.day BETWEEN o.day - 20 AND o.day'),
	('descending', 'ORDER BY n DESC ROWS 12 PRECEDING', 'i.n BETWEEN o.n AND o.n + 12');

-- Metrics that have an inverse, over keys and amounts of all types.
CREATE TABLE results (id int, n int, got text, want text);
DO $$
DECLARE
	f frames;
BEGIN
	FOR f IN SELECT * FROM frames LOOP
		EXECUTE format($f$
			INSERT INTO results
			SELECT %1$L, n,
				   concat_ws(' ', repeat_rate(k) OVER w, repeat_rate(k_text) OVER w, repeat_rate(k_uuid) OVER w,
							 purchase_frequency(k) OVER w, purchase_frequency(k_text) OVER w, purchase_frequency(k_uuid) OVER w,
							 aov(amount) OVER w, aov(amount::float8) OVER w,
							 repeat_rate(k, o) OVER w, repeat_rate(k_text, o_uuid) OVER w, repeat_rate(k_uuid, o_text) OVER w,
							 purchase_frequency(k, o_text) OVER w, purchase_frequency(k_text, o_text) OVER w, purchase_frequency(k_uuid, o) OVER w,
							 aov(amount, o) OVER w, aov(amount, o_text) OVER w, aov(amount::float8, o_uuid) OVER w),
				   (SELECT concat_ws(' ', repeat, repeat, repeat, frequency, frequency, frequency, aov, aov_float8,
									 line_repeat, line_repeat, line_repeat, line_frequency, line_frequency, line_frequency, line_aov, line_aov, line_aov_float8)
					FROM (SELECT count(*) FILTER (WHERE c > 1)::float8 / nullif(count(*), 0) AS repeat,
								 sum(c)::float8 / nullif(count(*), 0) AS frequency,
								 count(*) FILTER (WHERE numbers > 1)::float8 / nullif(count(*), 0) AS line_repeat,
								 sum(numbers)::float8 / nullif(count(*), 0) AS line_frequency
						  FROM (SELECT count(*) AS c, count(DISTINCT o) + count(*) FILTER (WHERE o IS NULL) AS numbers
								FROM orders i WHERE k IS NOT NULL AND %3$s GROUP BY k) s) of_customers,
						 (SELECT total / nullif(orders, 0) AS aov, total::float8 / nullif(orders, 0) AS aov_float8,
								 total / nullif(numbers, 0) AS line_aov, total::float8 / nullif(numbers, 0) AS line_aov_float8
						  FROM (SELECT sum(amount) AS total, count(*) FILTER (WHERE amount >= 0) AS orders,
									   count(DISTINCT o) FILTER (WHERE amount >= 0) + count(*) FILTER (WHERE o IS NULL AND amount >= 0) AS numbers
								FROM orders i WHERE %3$s) s) of_amounts)
			FROM orders o WINDOW w AS (%2$s)$f$, f.id, f.clause, f.condition);
	END LOOP;
END
$$;
SELECT name, count(*) AS rows, count(*) FILTER (WHERE got <> '') AS not_null, count(DISTINCT got) AS different_ones,
	   count(*) FILTER (WHERE got <> want) AS mismatches
FROM frames JOIN results USING (id) GROUP BY id ORDER BY id;
SELECT name, n, got, want FROM frames JOIN results USING (id) WHERE got <> want ORDER BY id, n LIMIT 10;

-- What an analyst asks for, by hand for one day of it.
SELECT DISTINCT ON (day) day, repeat_rate(k) OVER (ORDER BY day RANGE '30 days' PRECEDING) FROM orders ORDER BY day DESC LIMIT 1;
SELECT max(day) AS day, (SELECT avg((c > 1)::int)::float8 FROM (SELECT count(*) AS c FROM orders WHERE day >= max(o.day) - 30 AND k IS NOT NULL GROUP BY k) s) AS repeat_rate
FROM orders o;

-- ---------------------------------------------------------------------------
-- Thousands of customers: in memory, and with hardly any.
-- ---------------------------------------------------------------------------

-- In twenty steps; the frame is the same for all rows of a step.
CREATE TABLE many AS
SELECT n, n / 1000 AS step, k, 'customer ' || k AS k_text, md5(k::text)::uuid AS k_uuid,
	   timestamp '2024-01-01' + n * interval '1 minute' AS at, (hashint8extended(n, 7) & 65535) / 100.0 - 20 AS amount
FROM (SELECT n, hashint8extended(n, 5) & 8191 AS k FROM generate_series(0, 19999) n) s;
CREATE TABLE answers (way text, step int, answer text);

-- Running frames of all kinds of state: each answer from a state that goes on
-- growing is that of a state made for it.
CREATE VIEW running AS
SELECT step, concat_ws(' ', r, f, v, s, c, a, lines, own_s, own_c, md5(b1::text), md5(b2::text), md5(b3::text)) AS answer
FROM (SELECT n, step, repeat_rate(k) OVER w AS r, purchase_frequency(k_text) OVER w AS f, customer_value(k, amount) OVER w AS v,
			 lifetime_span(k_uuid, at) OVER w AS s, clv(k, at, amount) OVER w AS c, aov(amount) OVER w AS a,
			 concat_ws(' ', repeat_rate(k, n / 3) OVER w, purchase_frequency(k_text, n / 3) OVER w, aov(amount, n / 3) OVER w) AS lines,
			 lifetime_span(at) OVER w AS own_s, clv(at, amount) OVER w AS own_c,
			 customer_base(k, at, amount) OVER w AS b1, customer_base(k_text) OVER w AS b2, customer_base(k_uuid, at) OVER w AS b3
	  FROM many WINDOW w AS (ORDER BY step)) s
WHERE n % 1000 = 0;
CREATE VIEW each AS
SELECT step, (SELECT concat_ws(' ', repeat_rate(k), purchase_frequency(k_text), customer_value(k, amount),
	   lifetime_span(k_uuid, at), clv(k, at, amount), aov(amount),
	   repeat_rate(k, n / 3), purchase_frequency(k_text, n / 3), aov(amount, n / 3), lifetime_span(at), clv(at, amount),
	   md5(customer_base(k, at, amount)::text), md5(customer_base(k_text)::text), md5(customer_base(k_uuid, at)::text))
	   FROM many i WHERE i.step <= s.step) AS answer
FROM generate_series(0, 19) AS s (step);
-- Moving frames of five steps, against plain SQL.
CREATE VIEW moving AS
SELECT DISTINCT step, concat_ws(' ', repeat_rate(k) OVER w, purchase_frequency(k) OVER w, repeat_rate(k_text) OVER w, repeat_rate(k_uuid) OVER w,
								repeat_rate(k % 1000, n / 3) OVER w, purchase_frequency(k % 1000, n / 3) OVER w, aov(amount::numeric, n / 3) OVER w) AS answer
FROM many WINDOW w AS (ORDER BY step RANGE 4 PRECEDING);
CREATE VIEW by_hand AS
SELECT step, (SELECT concat_ws(' ', r, f, r, r, lr, lf, (SELECT sum(amount) / count(DISTINCT n / 3) FILTER (WHERE amount >= 0) FROM many i WHERE i.step BETWEEN s.step - 4 AND s.step))
			  FROM (SELECT count(*) FILTER (WHERE c > 1)::float8 / count(*) AS r, sum(c)::float8 / count(*) AS f
					FROM (SELECT count(*) AS c FROM many i WHERE i.step BETWEEN s.step - 4 AND s.step GROUP BY k) g) q,
				   (SELECT count(*) FILTER (WHERE c > 1)::float8 / count(*) AS lr, sum(c)::float8 / count(*) AS lf
					FROM (SELECT count(DISTINCT n / 3) AS c FROM many i WHERE i.step BETWEEN s.step - 4 AND s.step GROUP BY k % 1000) g) l) AS answer
FROM generate_series(0, 19) AS s (step);

SELECT count(*) AS steps, count(*) FILTER (WHERE running.answer = each.answer) AS same FROM running JOIN each USING (step);
SELECT count(*) AS steps, count(*) FILTER (WHERE moving.answer = by_hand.answer) AS same FROM moving JOIN by_hand USING (step);
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
INSERT INTO answers SELECT 'running', * FROM running UNION ALL SELECT 'moving', * FROM moving;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT way, count(*) AS steps, count(*) FILTER (WHERE a.answer = b.answer) AS same
FROM answers a JOIN (SELECT 'running' AS way, * FROM each UNION ALL SELECT 'moving', * FROM by_hand) b USING (way, step)
GROUP BY way ORDER BY way;

-- A frame for each row: as many customers leave as come.
SELECT count(*) AS rows, count(*) FILTER (WHERE r = w) AS checked, count(*) FILTER (WHERE r <> w) AS mismatches
FROM (SELECT n, repeat_rate(k) OVER (ORDER BY n ROWS 4999 PRECEDING) AS r,
			 CASE WHEN n % 2500 = 0 THEN (SELECT count(*) FILTER (WHERE c > 1)::float8 / count(*)
										  FROM (SELECT count(*) AS c FROM many i WHERE i.n BETWEEN o.n - 4999 AND o.n GROUP BY k) g) END AS w
	  FROM many o) s;

-- A state that everybody has left is as good as new.
SELECT n, repeat_rate(k) OVER w, purchase_frequency(k) OVER w, aov(amount) OVER w, customers(customer_base(k) OVER w)
FROM (VALUES (1, 1, 10.00), (2, 1, 20.5), (9, 2, 30), (10, NULL, NULL), (20, NULL, 1.125), (30, 3, -5), (31, 3, 7)) o (n, k, amount)
WINDOW w AS (ORDER BY n RANGE 1 PRECEDING);

SET client_min_messages = error;
DROP SCHEMA windows CASCADE;
