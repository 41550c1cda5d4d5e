-- Histories of rows that were taken away: whatever happens to a table, the history of
-- what was there, less that of what went, plus that of what came, is the history of
-- what is there now; byte for byte.
SELECT setseed(0.5);
CREATE TEMP TABLE orders (id serial PRIMARY KEY, customer int8, ordered_at timestamptz, amount numeric(40, 2));
CREATE TEMP TABLE changes (at int DEFAULT 0, weight int, customer int8, ordered_at timestamptz, amount numeric(40, 2));

-- What a trigger would write.
CREATE FUNCTION pg_temp.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		INSERT INTO changes VALUES (current_setting('test.round')::int, -1, OLD.customer, OLD.ordered_at, OLD.amount);
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO changes VALUES (current_setting('test.round')::int, 1, NEW.customer, NEW.ordered_at, NEW.amount);
	END IF;
	RETURN NULL;
END$$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION pg_temp.note();

-- A customer whose identity is zero, as nobody's is; guests; refunds; rows that don't count; a wholesale order.
CREATE FUNCTION pg_temp.customer() RETURNS int8 LANGUAGE sql VOLATILE AS $$SELECT CASE WHEN random() < 0.1 THEN NULL WHEN random() < 0.1 THEN 2611923443488327891 ELSE (random() * 20)::int8 END$$;
CREATE FUNCTION pg_temp.ordered_at() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$SELECT CASE WHEN random() < 0.05 THEN NULL WHEN random() < 0.05 THEN 'infinity' ELSE '2024-01-01'::timestamptz + random() * interval '50 days' END$$;
CREATE FUNCTION pg_temp.amount() RETURNS numeric LANGUAGE sql VOLATILE AS $$SELECT CASE WHEN random() < 0.05 THEN NULL WHEN random() < 0.02 THEN 1e37 WHEN random() < 0.02 THEN 1e18 ELSE (random() * 100 - 20)::numeric(40, 2) END$$;

CREATE FUNCTION pg_temp.change() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CASE (random() * 6)::int
		WHEN 0, 1 THEN INSERT INTO orders (customer, ordered_at, amount) SELECT pg_temp.customer(), pg_temp.ordered_at(), pg_temp.amount() FROM generate_series(1, (random() * 30)::int);
		WHEN 2 THEN DELETE FROM orders WHERE random() < 0.2;
		WHEN 3 THEN UPDATE orders SET amount = pg_temp.amount() WHERE random() < 0.2;
		WHEN 4 THEN UPDATE orders SET customer = pg_temp.customer() WHERE random() < 0.2;
		WHEN 5 THEN UPDATE orders SET ordered_at = pg_temp.ordered_at() WHERE random() < 0.2;
		ELSE DELETE FROM orders WHERE customer = pg_temp.customer();
	END CASE;
END$$;

-- The history of a round's changes: of what came, and of what went.
CREATE FUNCTION pg_temp.of_changes(first int, last int) RETURNS purchase_history LANGUAGE sql STABLE AS $$
	SELECT rollup(h) FROM (
		SELECT purchase_history(customer, ordered_at, amount, 'day', 'UTC') FILTER (WHERE weight = 1)
		FROM changes WHERE at BETWEEN first AND last
		UNION ALL SELECT negated(purchase_history(customer, ordered_at, amount, 'day', 'UTC') FILTER (WHERE weight = -1))
		FROM changes WHERE at BETWEEN first AND last) c (h)$$;
CREATE FUNCTION pg_temp.now_there() RETURNS purchase_history LANGUAGE sql STABLE AS $$
	SELECT purchase_history(customer, ordered_at, amount, 'day', 'UTC') FROM orders$$;

CREATE TEMP TABLE seen (round int, folded bool, of_all bool, read_back bool, parts bool, bytes int);
DO $$
DECLARE
	stored purchase_history;
	again purchase_history;
BEGIN
	FOR round IN 1..120 LOOP
		PERFORM set_config('test.round', round::text, false);
		PERFORM pg_temp.change();
		-- what was stored, and this round's changes
		stored := (SELECT rollup(h) FROM (VALUES (stored), (pg_temp.of_changes(round, round))) v (h));
		again := pg_temp.now_there();
		INSERT INTO seen SELECT round,
			-- of no rows there is none, or an empty one
			stored IS NOT DISTINCT FROM again OR (again IS NULL AND (SELECT bool_and(row_count = 0) FROM excluded_rows(stored))),
			pg_temp.of_changes(1, round) IS NOT DISTINCT FROM stored, stored::text::purchase_history IS NOT DISTINCT FROM stored,
			(SELECT rollup(h) FROM (SELECT pg_temp.of_changes(n, n) FROM generate_series(1, round) n ORDER BY hashint4(n)) p (h)) IS NOT DISTINCT FROM stored,
			length(stored::text);
	END LOOP;
END$$;
SELECT count(*), bool_and(folded) AS folded, bool_and(of_all) AS of_all, bool_and(read_back) AS read_back, bool_and(parts) AS parts FROM seen;
SELECT * FROM seen WHERE (folded AND of_all AND read_back AND parts) IS NOT TRUE LIMIT 5;
SELECT max(bytes) > 1000 AS large, count(DISTINCT bytes) > 50 AS changing FROM seen;
SELECT count(*) > 1000 AS enough, count(*) FILTER (WHERE weight < 0) > 300 AS taken_away FROM changes;
SELECT count(*) > 0 AS identity_zero FROM changes WHERE customer = 2611923443488327891;

-- Many customers, in memory and on disk: every second row goes.
CREATE TEMP TABLE many AS SELECT n % 7 = 0 AS guest, hashint8(n) % 15000 AS customer, date '2024-01-01' + n % 400 AS ordered_at,
	(CASE WHEN n % 1009 = 0 THEN 1e30 ELSE 1 END * (n % 1000 - 100))::numeric(40, 2) AS amount, n % 2 = 0 AS goes FROM generate_series(1, 60000) n;
CREATE TEMP TABLE history AS SELECT 'all' AS what, purchase_history(CASE WHEN NOT guest THEN customer END, ordered_at, amount, 'day') AS h FROM many
	UNION ALL SELECT 'gone', purchase_history(CASE WHEN NOT guest THEN customer END, ordered_at, amount, 'day') FROM many WHERE goes
	UNION ALL SELECT 'rest', purchase_history(CASE WHEN NOT guest THEN customer END, ordered_at, amount, 'day') FROM many WHERE NOT goes;
CREATE FUNCTION pg_temp.h(text) RETURNS purchase_history LANGUAGE sql STABLE AS 'SELECT h FROM history WHERE what = $1';
SELECT (SELECT rollup(v) FROM (VALUES (pg_temp.h('all')), (negated(pg_temp.h('gone')))) h (v)) = pg_temp.h('rest') AS the_rest,
	   (SELECT rollup(v) FROM (VALUES (negated(pg_temp.h('gone'))), (pg_temp.h('all'))) h (v)) = pg_temp.h('rest') AS the_other_way,
	   pg_temp.h('all') - pg_temp.h('gone') = pg_temp.h('rest') AS difference, negated(negated(pg_temp.h('all'))) = pg_temp.h('all') AS twice;
SET work_mem = '64kB';
SELECT (SELECT rollup(v) FROM (VALUES (pg_temp.h('all')), (negated(pg_temp.h('gone')))) h (v)) = pg_temp.h('rest') AS the_rest,
	   (SELECT rollup(v) FROM (VALUES (negated(pg_temp.h('gone'))), (pg_temp.h('all'))) h (v)) = pg_temp.h('rest') AS the_other_way;
-- What came and went in memory before the rest goes to disk, money that is elsewhere too.
CREATE TEMP TABLE stays AS SELECT purchase_history(n, date '2024-01-01', 1.50, 'day') AS h FROM generate_series(1, 60000) n;
SELECT name, (SELECT rollup(v) FROM (VALUES (c.h), (negated(c.h)), (s.h)) v (v)) = s.h AS nothing_left,
	   (SELECT rollup(v) FROM (VALUES (c.h), (negated(c.h)), (s.h), (c.h)) v (v)) = s.h + c.h AS came_again
FROM stays s, (SELECT name, purchase_history(-n, date '2024-01-01' + n % 50, (1.5 * CASE WHEN n % 100 = 0 THEN factor ELSE 1 END)::numeric(60, 2), 'day') AS h
			   FROM generate_series(1, 1500) n, (VALUES ('units', 1), ('two words', 1e20), ('elsewhere', 1e40)) f (name, factor) GROUP BY name) c
ORDER BY name;
RESET work_mem;
SELECT sum(customers) AS customers, sum(guest_orders) AS guests, sum(revenue) AS revenue
FROM (SELECT rollup(v) FROM (VALUES (pg_temp.h('all')), (negated(pg_temp.h('all')))) h (v)) s (h), history_info(h);
SELECT length(encode(rollup(v)::text::bytea, 'hex')) < 200 AS nothing_left FROM (VALUES (pg_temp.h('all')), (negated(pg_temp.h('all')))) h (v);

-- A part of a history has no answers, but can be kept, sent and added to.
\set VERBOSITY terse
SELECT * FROM cohort_retention(negated(pg_temp.h('gone')));
SELECT history_info(negated(pg_temp.h('gone')));
SELECT customer_base(negated(pg_temp.h('gone')));
SELECT * FROM excluded_rows(negated(pg_temp.h('gone')));
-- An amount that was corrected is as many rows as before, of other money: a part, too.
WITH corrected AS (SELECT rollup(h) AS h FROM (SELECT purchase_history(1, date '2024-01-01', 12.00, 'day') UNION ALL SELECT negated(purchase_history(1, date '2024-01-01', 10.00, 'day'))) c (h))
SELECT rollup(v.h) = (SELECT purchase_history(1, date '2024-01-01', 12.00, 'day')) AS corrected FROM corrected c, LATERAL (VALUES (c.h), ((SELECT purchase_history(1, date '2024-01-01', 10.00, 'day')))) v (h);
SELECT history_info(h) FROM (SELECT rollup(h) AS h FROM (SELECT purchase_history(1, date '2024-01-01', 12.00, 'day') UNION ALL SELECT negated(purchase_history(1, date '2024-01-01', 10.00, 'day'))) c (h)) c;
-- Months don't tell which day was the first.
SELECT negated(purchase_history(1, date '2024-01-01', 12.00, 'month'));
SELECT negated(NULL::purchase_history) IS NULL AS nothing;
-- NULL is the history of no rows: a stored one is not erased where there were none to take away, or to add.
CREATE TEMP TABLE stored AS SELECT purchase_history(1, date '2024-01-01', 10.00, 'day') AS h;
UPDATE stored SET h = h - (SELECT purchase_history(c, d, a, 'day') FROM (VALUES (2, date '2024-01-01', 1.00)) v (c, d, a) WHERE c = 3);
UPDATE stored SET h = h + (SELECT purchase_history(c, d, a, 'day') FROM (VALUES (2, date '2024-01-01', 1.00)) v (c, d, a) WHERE c = 3);
SELECT h = (SELECT purchase_history(1, date '2024-01-01', 10.00, 'day')) AS as_it_was, NULL + h = h AS null_plus, NULL - h = negated(h) AS null_minus, (NULL - h) + h = h - h AS nothing,
	   h + NULL + h - NULL - h = h AS chained, NULL::purchase_history - NULL IS NULL AS minus, NULL::purchase_history + NULL IS NULL AS plus FROM stored;
-- Of months, too, from which none can be taken away.
SELECT m - NULL = m AS months, m + NULL = m AS plus FROM (SELECT purchase_history(1, date '2024-01-01', 10.00, 'month')) s (m);
SELECT NULL - purchase_history(1, date '2024-01-01', 10.00, 'month');
-- The digits of an amount that went stay, and nothing else.
SELECT rollup(h) = (SELECT purchase_history(1, date '2024-01-02', 2.0, 'day')) AS same, rollup(h) = (SELECT purchase_history(1, date '2024-01-02', 2.00, 'day')) AS of_two_digits, (history_info(rollup(h))).revenue
FROM (SELECT purchase_history(1, d, a, 'day') FROM (VALUES (date '2024-01-01', 1.23), (date '2024-01-02', 2.0)) v (d, a) UNION ALL SELECT negated(purchase_history(1, date '2024-01-01', 1.23, 'day'))) c (h);
-- Of what comes, occasions of no rows have money that is elsewhere, or only is there in other units: they are something, while others of a small history vanish.
CREATE TEMP TABLE small AS SELECT rest, wide - ten AS corrected, wide, ten, free, dear
FROM (SELECT purchase_history(n, date '2024-01-01', 1.0, 'day') FROM generate_series(2, 20) n) r (rest),
	 (SELECT purchase_history(1, date '2024-01-01', 1e40, 'day')) w (wide), (SELECT purchase_history(1, date '2024-01-01', 10::numeric, 'day')) t (ten),
	 (SELECT purchase_history(n, date '2024-01-01', 0.00, 'day') FROM generate_series(1, 20) n) f (free), (SELECT purchase_history(n, date '2024-01-01', 8e37, 'day') FROM generate_series(1, 20) n) d (dear);
SELECT rest + (corrected - rest) = corrected + (rest - rest) AS corrected, (rest + (corrected - rest) + ten)::text::purchase_history = wide + (rest - rest) AS wide FROM small;
SELECT free - dear = negated(dear) + free AS other_units, negated(free - dear) = dear - free AS negated, (free - dear) + dear = free AS back FROM small;
