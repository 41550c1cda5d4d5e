-- Bytes from outside that say more than there is.  Whatever they say, they are
-- refused, or are a value that is printed as it came.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA bytes;
SET search_path = bytes, public;

-- What happens to bytes: an error of the value, or the same again.
CREATE FUNCTION outcome(type regtype, value bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	text text := translate(encode(value, 'base64'), E'\n', '');
	again text;
BEGIN
	EXECUTE format('SELECT %L::%s::text', text, type) INTO again;
	RETURN CASE again WHEN text THEN 'a value' ELSE 'misread' END;
EXCEPTION
	WHEN invalid_binary_representation THEN
		RETURN 'refused';
	WHEN invalid_text_representation THEN
		-- text that does not begin as a value does
		RETURN 'refused';
	WHEN OTHERS THEN
		RETURN format('%s for %s', SQLERRM, value);
END
$$;
CREATE FUNCTION varint(number numeric) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	WITH RECURSIVE digits(n, rest) AS (
		SELECT 1, number
		UNION ALL
		SELECT n + 1, div(rest, 128) FROM digits WHERE rest >= 128
	)
	SELECT string_agg(set_byte('\x00', 0, (mod(rest, 128) + CASE WHEN rest >= 128 THEN 128 ELSE 0 END)::int), '' ORDER BY n) FROM digits
$$;
CREATE FUNCTION word(number numeric) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg(set_byte('\x00', 0, mod(div(number, 256::numeric ^ n), 256)::int), '' ORDER BY n) FROM generate_series(0, 7) n
$$;

-- A history of one customer with as many entries as a number of entries and a
-- column of counts can say: times the width of a column that may be 0, or
-- little, or nearly all there is.  The block is as long as it is, or says more.
CREATE FUNCTION one_byte(number int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$SELECT set_byte('\x00', 0, number)$$;
CREATE FUNCTION entries_of_one(entries numeric, width int, first int, gap int, orders int, longer numeric) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT '\x010102000100' || varint(1) || varint(1) || varint(entries) || varint(1) || '\x0000000000' || '\x0000'
		   || '\x01' || substr(word(length(block) + longer), 1, 4) || block || '\x0000000000000000'
	FROM (SELECT '\x00' || word(5) || '\x00000000' || one_byte(width) || substr(word(entries - 1), 1, width)
				 || one_byte(first) || substr(word(0), 1, first) || one_byte(gap) || one_byte(orders)) b (block)
$$;
SELECT outcome('purchase_history', entries_of_one(entries, width, first, gap, orders, longer)) AS outcome, count(*)
FROM unnest('{0, 8, 16, 30, 31, 32, 48, 56, 60, 61, 62}'::int[]) k, (VALUES (-1), (0), (1), (2)) d (more), (VALUES (4), (8)) w (width),
	 (VALUES (0), (4)) f (first), generate_series(0, 4) gap, generate_series(0, 5) orders, (VALUES (0), (2::numeric ^ 31)) l (longer),
	 LATERAL (SELECT 2::numeric ^ k + more AS entries) e
WHERE entries BETWEEN 1 AND 2::numeric ^ 63 - 1
GROUP BY 1 ORDER BY 1;
-- The ones of these whose columns took no room at all.
SELECT translate(encode(entries_of_one(2::numeric ^ 29, 4, 0, 0, 0, 0), 'base64'), E'\n', '')::purchase_history;
SELECT translate(encode(entries_of_one(2::numeric ^ 62, 8, 0, 0, 0, 0), 'base64'), E'\n', '')::purchase_history;

-- Each byte of values of each type becomes each number near a power of two, as
-- a varint, and as a word where there are eight bytes to take.
CREATE TABLE orders AS
SELECT n, n % 3 AS customer, date '2024-01-01' + n * 5 AS day, CASE WHEN n = 4 THEN -0.25 ELSE n * 1.5 END AS amount FROM generate_series(1, 6) n;
CREATE AGGREGATE timeline(date) (SFUNC = _retention_timeline_add, STYPE = _retention_timeline);
CREATE AGGREGATE timeline(date, numeric, date) (SFUNC = _retention_timeline_add_summary, STYPE = _retention_timeline);
CREATE TABLE seeds AS
SELECT 'customer_base'::regtype AS type, _retention_customer_base_send(b) AS value
FROM (SELECT customer_base(customer) AS b FROM orders UNION ALL SELECT customer_base(customer::text, day, amount) FROM orders
	  UNION ALL SELECT customer_base_sample(customer, day, 16) FROM orders) b
UNION ALL
SELECT 'purchase_history', _retention_purchase_history_send(h)
FROM (SELECT purchase_history(customer, day, 'day') AS h FROM orders UNION ALL SELECT purchase_history(customer::text, day, amount, 'week') FROM orders
	  -- guests, a row without a time, money that is elsewhere of one of them; and the same rows taken away
	  UNION ALL SELECT v FROM (SELECT purchase_history(nullif(customer, 0), CASE WHEN n <> 5 THEN day END, amount * CASE WHEN n % 2 = 0 THEN 1e40 ELSE 1 END, 'day') AS h FROM orders) o,
				LATERAL (VALUES (h), (negated(h))) v (v)) h
UNION ALL
SELECT 'survival_histogram', _retention_survival_send(survival(n * 0.5, n % 2 = 0)) FROM orders
UNION ALL
SELECT 'repeat_buying_histogram', _retention_repeat_buying_send(repeat_buying(ROW(n, n, n + 10, NULL, 0.5, n + 1, '2024-01-01')::rfm_inputs)) FROM orders
UNION ALL
SELECT 'repeat_spend_histogram', _retention_repeat_spend_send(repeat_spend(ROW(n, n, n + 10, n + 0.5, 0.5, n + 1, NULL)::rfm_inputs)) FROM orders
UNION ALL
SELECT 'renewals_histogram', _retention_renewals_send(renewals(n, 1000 - n)) FROM orders
UNION ALL
SELECT '_retention_timeline', _retention_timeline_send(l)
FROM (SELECT timeline(day) AS l FROM orders UNION ALL SELECT timeline(day, amount, '2030-01-01') FROM orders) l;
SELECT type, count(DISTINCT value) AS seeds, count(*) > 1000 AS many, count(*) FILTER (WHERE outcome NOT IN ('refused', 'a value')) AS others, min(outcome) AS least
FROM (SELECT type, value, outcome(type, substr(value, 1, i - 1) || new.bytes || substr(value, i + new.taken)) AS outcome
	  FROM seeds, generate_series(1, length(value)) i, unnest('{7, 14, 16, 31, 32, 48, 60, 61, 62, 63, 64, 68}'::int[]) k, (VALUES (-1), (0)) d (more),
		   LATERAL (VALUES (varint(2::numeric ^ k + more), 1), (word(2::numeric ^ k + more), 8)) new (bytes, taken)
	  WHERE new.taken = 1 OR (i + 7 <= length(value) AND k < 64)) o
GROUP BY type ORDER BY type::text;

-- As many rows as there can be of a customer in a period, of guests, or that don't count; and one time more.
CREATE TABLE most (of text, h purchase_history);
INSERT INTO most VALUES
	('customer', 'AQEDAQEAAQEBAf7///8fAAAAAAAAAQABAwEAAQABFwAAAAAFAAAAAAAAAAAA/v///x8AAAAAAAEGAAAAAAAAAAA='),
	('guests', 'AQEDAQEAAAAAAAAA/v///x8AAAEAAQABAAEDAwsAAAABBP7///8fAAABBgAAAAAAAAAA'),
	('no time', 'AQEDAQEAAAAAAAAAAAAAAQABAAEAAQADCwAAAAEK/v///x8AAAEGAAAAAAAAAAA=');
SELECT of, rows.row_count, negated(h)::text = negated(negated(negated(h)))::text AS read_back, (h - h + h)::text = h::text AS came_again
FROM most, LATERAL (SELECT sum(row_count) AS row_count FROM excluded_rows(h)) rows;
SELECT h + h FROM most WHERE of = 'customer';
SELECT h + h FROM most WHERE of = 'guests';
SELECT h + h FROM most WHERE of = 'no time';
SELECT negated(h) - h FROM most WHERE of = 'no time';

DROP SCHEMA bytes CASCADE;
