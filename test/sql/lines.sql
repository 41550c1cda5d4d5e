-- Lines of orders: what has the number of an order is counted once, however many
-- lines there are of it.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET extra_float_digits = 1;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE SCHEMA lines;
SET search_path = lines, public;

-- ---------------------------------------------------------------------------
-- The policy.
-- ---------------------------------------------------------------------------

-- Each case by itself, and what it makes of the orders.
CREATE TABLE cases (what text, customer int8, order_id int8, amount numeric);
INSERT INTO cases VALUES
	('lines of one order', 1, 1, 10.00), ('lines of one order', 1, 1, 5.00),
	('two orders', 1, 1, 10.00), ('two orders', 1, 2, 5.00),
	('a line given back', 1, 1, 10.00), ('a line given back', 1, 1, 5.00), ('a line given back', 1, 1, -5.00),
	('an order given back', 1, 1, 10.00), ('an order given back', 1, 1, -10.00),
	('a refund of its own', 1, 1, 10.00), ('a refund of its own', 1, 2, -4.00),
	('nothing but refunds', 1, 1, -3.00), ('nothing but refunds', 1, 2, -4.00),
	('nothing to pay', 1, 1, 0.00), ('nothing to pay', 1, 1, 0.00),
	('minus nothing to pay', 1, 1, -0.00),
	('one number of two customers', 1, 1, 10.00), ('one number of two customers', 2, 1, 5.00),
	('no number', 1, NULL, 10.00), ('no number', 1, NULL, 10.00), ('no number', 1, 1, 10.00),
	('a refund without a number', 1, 1, 10.00), ('a refund without a number', 1, NULL, -4.00),
	('number 0', 1, 0, 10.00), ('number 0', 1, NULL, 10.00),
	('guests', NULL, 1, 10.00), ('guests', NULL, 2, 5.00), ('guests', NULL, NULL, 5.00),
	('a guest among others', 1, 1, 10.00), ('a guest among others', NULL, 2, 20.00),
	('no amount', 1, 1, 10.00), ('no amount', 1, 2, NULL),
	('nothing known', NULL, NULL, NULL);
SELECT what, count(*) AS lines, aov(amount, order_id), purchase_frequency(customer, order_id), repeat_rate(customer, order_id)
FROM cases GROUP BY what ORDER BY min(ctid);
SELECT num_nonnulls(aov(amount, order_id), purchase_frequency(customer, order_id), repeat_rate(customer, order_id)) AS of_no_rows FROM cases WHERE false;
-- Where each number is one row, they are the metrics of rows.
SELECT count(*) AS same FROM (SELECT aov(amount) AS a, aov(amount, n) AS b, repeat_rate(customer) AS c, repeat_rate(customer, n) AS d, purchase_frequency(customer) AS e, purchase_frequency(customer, n) AS f
							  FROM (SELECT *, row_number() OVER () AS n FROM cases) s GROUP BY what) s
WHERE (a, c, e) IS NOT DISTINCT FROM (b, d, f);
-- Amounts that are not finite are errors, and only where they are looked at.
SELECT aov('NaN'::numeric, 1);
SELECT aov('-Infinity'::float8, 1::int8);
SELECT aov(amount, o) FROM (VALUES ('infinity'::float8, 1), (1, 1)) v (amount, o);
SELECT aov('NaN'::numeric, 1) FILTER (WHERE false);

-- ---------------------------------------------------------------------------
-- Random lines, against the plain definitions.
-- ---------------------------------------------------------------------------

-- Orders of one line to some, of which a few come back, in part or whole; numbers that
-- customers share, numbers that are given again, and none; guests.
CREATE FUNCTION h(run int, n int, what int) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$ SELECT hashint4extended(run * 1000 + n, what) & 1048575 $$;
CREATE TABLE draws AS
SELECT run, n, h(run, n, 8) % 3 > 0 AS keep, (h(run, n, 9) % 4)::int AS shop, c, o,
	   CASE WHEN h(run, n, 5) % 20 > 0 THEN (h(run, n, 6) % 30000) / 100.0 * CASE WHEN h(run, n, 7) % 4 = 0 OR o % 7 = 0 THEN -1 ELSE 1 END END AS a
FROM (SELECT run, n, CASE WHEN h(run, n / 3, 1) % 10 > 0 THEN h(run, n / 3, 2) % CASE run WHEN 1 THEN 3 WHEN 2 THEN 40 ELSE 400 END END AS c,
			 CASE WHEN h(run, n, 3) % 12 > 0 THEN h(run, n / 3, 4) % CASE run WHEN 1 THEN 8 WHEN 2 THEN 60 ELSE 700 END END AS o
	  FROM generate_series(1, 4) run, generate_series(1, 300) n WHERE run < 4 OR n <= 6) s;
SELECT count(*) AS lines, count(*) FILTER (WHERE c IS NULL) AS of_guests, count(*) FILTER (WHERE o IS NULL) AS without_number, count(*) FILTER (WHERE a IS NULL) AS without_amount,
	   (SELECT count(*) FROM (SELECT FROM draws GROUP BY run, o HAVING count(DISTINCT c) > 1) s) AS shared_numbers,
	   (SELECT count(*) FROM (SELECT FROM draws GROUP BY run, o HAVING bool_and(a < 0)) s) AS nothing_but_refunds,
	   (SELECT count(*) FROM (SELECT FROM draws GROUP BY run, o HAVING bool_or(a < 0) AND bool_or(a >= 0)) s) AS partly_refunded
FROM draws;

CREATE DOMAIN name_of_customer AS text;
CREATE DOMAIN invoice AS varchar(20);
CREATE TABLE orders AS
SELECT run, n, keep, shop,
	   c AS c_int8, c::int4 AS c_int4, c::int2 AS c_int2, 'customer ' || c AS c_text, ('customer ' || c)::varchar(20) AS c_varchar, c::text::char(9) AS c_char,
	   ('customer ' || c)::name_of_customer AS c_domain, md5(c::text)::uuid AS c_uuid,
	   o AS o_int8, o::int4 AS o_int4, o::int2 AS o_int2, 'order ' || o AS o_text, ('order ' || o)::varchar(20) AS o_varchar, o::text::char(9) AS o_char,
	   ('order ' || o)::invoice AS o_domain, md5(o::text)::uuid AS o_uuid,
	   round(a, 2)::numeric(12, 2) AS a_cents, round(a, n % 4) AS a_mixed, round(a) AS a_whole, a::float8 AS a_float8, round(a)::float4 AS a_float4, a::int4 AS a_int4, (a * 1000)::int8 AS a_int8
FROM draws;

-- Each type of a customer and each of an amount meet each of a number.
CREATE TABLE types AS
SELECT c.attname AS c, o.attname AS o, a.attname AS a, a.attname ~ 'cents|mixed|whole' AS exact
FROM pg_attribute c, pg_attribute o, pg_attribute a
WHERE c.attrelid = 'orders'::regclass AND c.attname LIKE 'c!_%' ESCAPE '!' AND o.attrelid = 'orders'::regclass AND o.attname LIKE 'o!_%' ESCAPE '!'
	AND a.attrelid = 'orders'::regclass AND a.attname LIKE 'a!_%' ESCAPE '!' AND (a.attname = 'a_cents' OR c.attname = 'c_int8');

-- What is asked, and its definition over the rows i of a FROM clause.
CREATE FUNCTION asked(t types, behind text) RETURNS text LANGUAGE sql AS $$
	SELECT format('concat_ws('' '', aov(%3$I, %2$I) %4$s, purchase_frequency(%1$I, %2$I) %4$s, repeat_rate(%1$I, %2$I) %4$s)', t.c, t.o, t.a, behind)
$$;
CREATE FUNCTION defined(t types, source text) RETURNS text LANGUAGE sql AS $$
	SELECT format($f$(
		SELECT concat_ws(' ', total / nullif(numbers, 0), orders::float8 / nullif(customers, 0), repeaters::float8 / nullif(customers, 0))
		FROM (SELECT %4$s AS total, count(DISTINCT %2$I) FILTER (WHERE %3$I >= 0) + count(*) FILTER (WHERE %2$I IS NULL AND %3$I >= 0) AS numbers FROM %5$s) of_amounts,
			 (SELECT sum(n) AS orders, count(*) AS customers, count(*) FILTER (WHERE n > 1) AS repeaters
			  FROM (SELECT %1$I, count(DISTINCT %2$I) + count(*) FILTER (WHERE %2$I IS NULL) AS n FROM %5$s GROUP BY 1) s WHERE %1$I IS NOT NULL) of_customers)$f$,
		t.c, t.o, t.a, CASE WHEN t.exact THEN format('sum(%I)', t.a) ELSE format('sum(%I::float8::text::numeric)::float8', t.a) END, source)
$$;
CREATE TABLE results (way text, c text, o text, a text, key text, got text, want text);
CREATE PROCEDURE compare(way text, query text, source text, behind text DEFAULT '', which text DEFAULT '') LANGUAGE plpgsql AS $$
DECLARE
	t types;
BEGIN
	FOR t IN SELECT * FROM types WHERE concat_ws(' ', types.c, types.o, types.a) ~ which LOOP
		EXECUTE format('INSERT INTO results SELECT %L, %L, %L, %L, * FROM (%s) q', way, t.c, t.o, t.a, format(query, asked(t, behind), defined(t, source)));
	END LOOP;
END
$$;
CALL compare('GROUP BY', 'SELECT run, %s, %s FROM orders o GROUP BY run', 'orders i WHERE i.run = o.run');
CALL compare('FILTER', 'SELECT run, %s, %s FROM orders o GROUP BY run', 'orders i WHERE i.run = o.run AND i.keep', 'FILTER (WHERE keep)');
CALL compare('GROUPING SETS', 'SELECT concat_ws('' '', run, shop, keep), %s, %s FROM orders o GROUP BY GROUPING SETS ((run), (shop, keep), (keep), ())',
			 'orders i WHERE (o.run IS NULL OR i.run = o.run) AND (o.shop IS NULL OR i.shop = o.shop) AND (o.keep IS NULL OR i.keep = o.keep)');
SELECT setseed(0.5);
CALL compare('shuffled', 'SELECT run, %s, %s FROM (SELECT * FROM orders ORDER BY random()) o GROUP BY run', 'orders i WHERE i.run = o.run', which => 'cents');
-- A frame that lines leave: each type, but not with each other one.
CALL compare('moving frame', 'SELECT n, %s, %s FROM orders o WHERE run = 2', 'orders i WHERE i.run = 2 AND i.n BETWEEN o.n - 25 AND o.n',
			 'OVER (ORDER BY n ROWS 25 PRECEDING)', '^(c_int8 o_int8 |c_text o_text|c_uuid o_uuid|c_int4 o_int2|c_char o_domain|c_domain o_varchar)');
CALL compare('frame and filter', 'SELECT n, %s, %s FROM orders o WHERE run = 3', 'orders i WHERE i.run = 3 AND i.shop = o.shop AND i.n BETWEEN o.n - 60 AND o.n + 9 AND i.keep',
			 'FILTER (WHERE keep) OVER (PARTITION BY shop ORDER BY n RANGE BETWEEN 60 PRECEDING AND 9 FOLLOWING)', '^(c_int8 o_text a_(cents|mixed)|c_uuid o_int8|c_text o_uuid)');
SELECT way, count(*) AS comparisons, count(DISTINCT c) AS customers, count(DISTINCT o) AS numbers, count(DISTINCT a) AS amounts, count(DISTINCT want) > 3 AS differ,
	   count(*) FILTER (WHERE got IS DISTINCT FROM want) AS mismatches FROM results GROUP BY way ORDER BY way COLLATE "C";
SELECT * FROM results WHERE got IS DISTINCT FROM want ORDER BY way COLLATE "C", c, o, a, key LIMIT 10;

-- Amounts that no entry has room for come to a frame and leave it, whatever else there
-- is of their order.
CREATE TABLE far AS
SELECT n, n % 7 AS o, CASE WHEN n % 11 = 0 THEN -1e40 WHEN n % 17 = 0 THEN 1e-35 WHEN n % 13 = 0 THEN 12345678901234567890123456789.5 ELSE n END * CASE WHEN n % 3 = 0 THEN -1 ELSE 1 END AS a
FROM generate_series(1, 300) n;
SELECT count(*) AS frames, count(got) AS not_null, count(*) FILTER (WHERE got IS DISTINCT FROM want) AS mismatches
FROM (SELECT aov(a, o) OVER (ORDER BY n ROWS 30 PRECEDING) AS got,
			 (SELECT sum(a) / nullif(count(DISTINCT o) FILTER (WHERE a >= 0), 0) FROM far i WHERE i.n BETWEEN far.n - 30 AND far.n) AS want FROM far) s;
-- Nor does it matter that nothing else is left of an order, when those of which nothing
-- is left at all are forgotten.
SELECT count(*) AS frames, count(got) AS not_null, count(*) FILTER (WHERE got IS DISTINCT FROM want) AS mismatches
FROM (SELECT aov(a, n) OVER w AS got, sum(a) OVER w / nullif(count(*) FILTER (WHERE a >= 0) OVER w, 0) AS want
	  FROM (SELECT n, CASE WHEN n % 300 = 7 THEN -1e40 WHEN n % 10 = 0 THEN 2.50 ELSE -1.25 END AS a FROM generate_series(1, 6000) n) s
	  WINDOW w AS (ORDER BY n ROWS 500 PRECEDING)) s;

-- ---------------------------------------------------------------------------
-- What a join does to orders, and what a call may look like.
-- ---------------------------------------------------------------------------

CREATE TABLE parcels AS SELECT o AS order_id, p AS parcel FROM generate_series(0, 700) o, generate_series(0, o % 3) p;
SELECT bool_and(repeat_rate = without) AS repeat_rate, bool_and(frequency = frequency_without) AS frequency, bool_and(frequency < of_rows) AS rows_are_more
FROM (SELECT run, repeat_rate(c, o), purchase_frequency(c, o) AS frequency, purchase_frequency(c) AS of_rows FROM draws JOIN parcels ON order_id = o GROUP BY run) j
	 JOIN (SELECT run, repeat_rate(c, o) AS without, purchase_frequency(c, o) AS frequency_without FROM draws WHERE o IS NOT NULL GROUP BY run) w USING (run);

CREATE FUNCTION refused(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	message text;
	detail text;
BEGIN
	EXECUTE query INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws('; ', SQLSTATE, message, nullif(detail, ''));
END
$$;
-- Literals and casts.
SELECT call, refused('SELECT ' || call) AS answer
FROM (VALUES ('aov(12.5, 1)'), ('aov(12.5, ''A1'')'), ('aov(12, 1)'), ('aov(''12.5'', 1)'), ('aov(12.5::float4, 1::int2)'), ('aov(12.5, NULL)'), ('aov(NULL, 1)'), ('aov(12.5, gen_random_uuid())'),
			 ('repeat_rate(1, 1)'), ('repeat_rate(1::int2, 1)'), ('repeat_rate(1::int2, 1::int2)'), ('repeat_rate(1::int8, 1)'), ('repeat_rate(''a'', 1)'), ('repeat_rate(1, ''a'')'), ('repeat_rate(''a'', ''a'')'),
			 ('repeat_rate(''a''::varchar, ''a''::char(2))'), ('repeat_rate(NULL, NULL)'), ('repeat_rate(1, NULL)'), ('repeat_rate(1, gen_random_uuid())'), ('purchase_frequency(1, 1)'), ('purchase_frequency(1::int8, ''a''::text)'),
			 ('purchase_frequency(1::int2, 1)'), ('customer_value(1, 12.5)'), ('customer_value(1, 12)'), ('lifetime_span(1, now()) IS NULL')) v (call);
-- What no form takes is said; and nobody means customers who are orders.
CREATE TABLE slip (customer_id int8, order_no int4, invoice text, amount numeric, ordered_at timestamptz, price money, paid bool, number_of_customer numeric, token uuid);
INSERT INTO slip VALUES (1, 1, 'A1', 12.50, '2024-01-01', 12.50, true, 1, gen_random_uuid());
CREATE FUNCTION said(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	message text;
	hint text;
BEGIN
	EXECUTE query INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws('; ', SQLSTATE, message, nullif(hint, ''));
END
$$;
SELECT call, said(format('SELECT %s FROM slip', call)) AS answer
FROM (VALUES ('aov(order_no, amount)'), ('aov(invoice, amount)'), ('aov(token, amount)'), ('aov(customer_id, amount)'), ('aov(amount, customer_id)'), ('aov(amount, ordered_at)'), ('aov(amount, paid)'), ('aov(price, invoice)'), ('aov(amount, number_of_customer)'),
			 ('aov(''amount'', ''invoice'')'), ('aov(amount, invoice, customer_id)'), ('aov(customer_id, amount, invoice)'), ('repeat_rate(customer_id, amount)'), ('repeat_rate(customer_id, ordered_at)'), ('repeat_rate(ordered_at, customer_id)'),
			 ('repeat_rate(number_of_customer, order_no)'), ('repeat_rate(customer_id, number_of_customer)'), ('repeat_rate(''customer_id'', ''invoice'')'), ('repeat_rate(customer_id, ''invoice'')'), ('repeat_rate(''customer_id'')'),
			 ('purchase_frequency(customer_id, order_no, amount)'), ('purchase_frequency(customer_id, order_id => order_no)'), ('purchase_frequency(amount)'), ('purchase_frequency(customer_id, paid)'), ('repeat_rate(order_no, customer_id)'),
			 ('aov(amount, order_no) OVER ()'), ('aov(order_no, amount) OVER ()'), ('repeat_rate(customer_id, amount) OVER ()')) v (call);

-- ---------------------------------------------------------------------------
-- The state: the same for the same lines, and taken for nothing else.
-- ---------------------------------------------------------------------------

CREATE AGGREGATE lines_of(amount numeric, order_id int8) (SFUNC = _retention_customer_base_add_line, STYPE = customer_base, COMBINEFUNC = _retention_customer_base_combine_lines, FINALFUNC = _retention_customer_base_final);
CREATE AGGREGATE pairs_of(customer int8, order_id int8) (SFUNC = _retention_customer_base_add_pair, STYPE = customer_base, COMBINEFUNC = _retention_customer_base_combine_pairs, FINALFUNC = _retention_customer_base_final);
CREATE AGGREGATE pairs_of(customer text, order_id uuid) (SFUNC = _retention_customer_base_add_pair, STYPE = customer_base, COMBINEFUNC = _retention_customer_base_combine_pairs, FINALFUNC = _retention_customer_base_final);
CREATE VIEW states AS
SELECT run, 'lines' AS of, n % 7 AS part, lines_of(a_cents, o_int8 ORDER BY n) AS b, lines_of(a_cents, o_int8 ORDER BY n DESC) AS backwards FROM orders GROUP BY GROUPING SETS ((run), (run, n % 7))
UNION ALL SELECT run, 'pairs', n % 7, pairs_of(c_int8, o_int8 ORDER BY n), pairs_of(c_int8, o_int8 ORDER BY n DESC) FROM orders GROUP BY GROUPING SETS ((run), (run, n % 7))
UNION ALL SELECT run, 'wide pairs', n % 7, pairs_of(c_text, o_uuid ORDER BY n), pairs_of(c_text, o_uuid ORDER BY n DESC) FROM orders GROUP BY GROUPING SETS ((run), (run, n % 7));
SELECT of, count(*) AS states, count(*) FILTER (WHERE b::text = backwards::text) AS backwards, count(*) FILTER (WHERE b = parts AND b::text = parts::text) AS by_parts,
	   count(*) FILTER (WHERE b::text::customer_base::text = b::text AND decode(b::text, 'base64') = _retention_customer_base_send(b)) AS text
FROM states JOIN (SELECT run, of, rollup(b) AS parts FROM states WHERE part IS NOT NULL GROUP BY run, of) p USING (run, of) WHERE part IS NULL GROUP BY of ORDER BY of;
-- One that was stored answers as the running one.
CREATE TABLE stored AS SELECT * FROM states WHERE part IS NULL;
SELECT count(*) AS runs, count(*) FILTER (WHERE s.aov IS NOT DISTINCT FROM r.aov AND s.frequency IS NOT DISTINCT FROM r.frequency AND s.repeat_rate IS NOT DISTINCT FROM r.repeat_rate) AS same
FROM (SELECT run, max(_retention_customer_base_lines_aov(b)) FILTER (WHERE of = 'lines') AS aov, max(_retention_customer_base_lines_purchase_frequency(b)) FILTER (WHERE of = 'pairs') AS frequency,
			 max(_retention_customer_base_lines_repeat_rate(b)) FILTER (WHERE of = 'pairs') AS repeat_rate FROM (SELECT run, of, CASE WHEN of = 'lines' THEN b END AS l, b FROM stored) s WHERE of <> 'wide pairs' GROUP BY run) s
	 JOIN (SELECT run, aov(a_cents, o_int8), purchase_frequency(c_int8, o_int8) AS frequency, repeat_rate(c_int8, o_int8) FROM orders GROUP BY run) r USING (run);
-- It knows nothing of customers, and says so; and a base of customers nothing of orders.
SELECT customers(b) FROM stored WHERE of = 'pairs';
SELECT refused(format('SELECT %s FROM stored WHERE of = ''lines''', call)) AS of_lines, refused(format('SELECT %s FROM stored WHERE of = ''wide pairs''', call)) AS of_pairs,
	   string_agg(call, ', ' ORDER BY call COLLATE "C") AS calls
FROM (SELECT format('%I(b%s)', proname, (SELECT string_agg(', ' || CASE type WHEN 'float8'::regtype THEN '0.5' WHEN 'text'::regtype THEN '''aov''' WHEN 'int4'::regtype THEN '100' WHEN 'customer_base'::regtype THEN 'b' ELSE 'NULL' END, '' ORDER BY n)
										 FROM unnest(proargtypes::regtype[]) WITH ORDINALITY u (type, n) WHERE n > 1)) AS call
	  FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'retention'
	  WHERE prokind = 'f' AND proargtypes[0] = 'customer_base'::regtype AND proname NOT LIKE '\_retention%') s
GROUP BY 1, 2 ORDER BY 3;
SELECT call, refused('SELECT ' || call) AS answer
FROM (VALUES ('_retention_customer_base_lines_aov(customer_base(1, now(), 1.0))'), ('_retention_customer_base_lines_repeat_rate(customer_base(1))'),
			 ('_retention_customer_base_lines_purchase_frequency(customer_base_sample(''a''::text, 16))'), ('_retention_customer_base_lines_aov(pairs_of(1, 1))'), ('_retention_customer_base_lines_repeat_rate(lines_of(1.0, 1))'),
			 ('_retention_customer_base_lines_repeat_rate(_retention_one_customer_add(NULL, 1.0))'), ('customer_base(1) + pairs_of(1, 1)'), ('pairs_of(1, 1) + lines_of(1, 1)'), ('pairs_of(1, 1) + pairs_of(''a'', gen_random_uuid())'),
			 ('_retention_customer_base_add_pair(customer_base(1), 1, 1)'), ('_retention_customer_base_add(pairs_of(1, 1), 1)'), ('_retention_customer_base_add_pair(pairs_of(1, 1), 1, ''a''::text)'), ('_retention_customer_base_add_line(pairs_of(1, 1), 1.0, 1)')) v (call);
-- A line more or less, by hand.
SELECT _retention_customer_base_lines_repeat_rate(_retention_customer_base_add_pair(b, 1, 2)) AS two, _retention_customer_base_remove_pair(_retention_customer_base_add_pair(b, 1, 2), 1, 2)::text = b::text AS gone,
	   _retention_customer_base_lines_repeat_rate(_retention_customer_base_add_pair(b, 1, NULL::int8)) AS one_without, _retention_customer_base_remove_pair(_retention_customer_base_add_pair(b, 1, NULL::int8), 1, NULL::int8)::text = b::text AS gone_too,
	   _retention_customer_base_add_pair(b, NULL::int8, 7)::text = b::text AS guest
FROM (SELECT pairs_of(1, 1) AS b) s;
SELECT _retention_customer_base_remove_pair(pairs_of(1, 1), 1, 2);
CREATE FUNCTION value_of(bytes bytea) RETURNS customer_base LANGUAGE sql AS $$ SELECT translate(encode(bytes, 'base64'), E'\n', '')::customer_base $$;
-- Any bit of it turned is an error, or another state that is as good as any.
CREATE FUNCTION turned(b customer_base, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	bytes bytea := _retention_customer_base_send(b);
	other customer_base;
BEGIN
	bytes := set_bit(bytes, n, 1 - get_bit(bytes, n));
	other := value_of(bytes);
	RETURN CASE WHEN _retention_customer_base_send(other) = bytes THEN 'taken' ELSE 'not itself' END;
EXCEPTION WHEN OTHERS THEN
	RETURN CASE WHEN SQLSTATE IN ('22P03', '22P02', '0A000') THEN 'refused' ELSE SQLSTATE END;
END
$$;
SELECT of, turned(b, n) AS outcome, count(*) > 0 AS some
FROM stored, LATERAL generate_series(0, length(_retention_customer_base_send(b)) * 8 - 1) n WHERE run = 4 GROUP BY of, 2 ORDER BY of, 2;
-- Kinds of keys that there are not, and what there are can't have.
SELECT what, refused(format('SELECT value_of(%L)', bytes)) AS answer
FROM (SELECT _retention_customer_base_send(pairs_of(1, 1)) AS p, _retention_customer_base_send(lines_of(1.0, 1)) AS l) s,
	 LATERAL (VALUES ('no order', set_byte(p, 1, 136)), ('no customer', set_byte(p, 1, 129)), ('an unknown kind', set_byte(p, 1, 143)), ('both', set_byte(p, 1, 201)), ('a time', set_byte(p, 2, 1)), ('an amount', set_byte(p, 3, 1)),
					 ('selected', set_byte(p, 4, 1)), ('a sample', set_byte(p, 5, 16)), ('guests', set_byte(p, 11, 1)), ('no amount', set_byte(l, 3, 0)), ('lines of a time', set_byte(l, 2, 1))) v (what, bytes);
-- An order without a number that has one, and one that is neither: before the columns of
-- lines, and eight bytes of an end, is the one that says so.
SELECT refused(format('SELECT value_of(%L)', set_byte(one, length(one) - 11, 2))) AS neither, refused(format('SELECT value_of(%L)', set_byte(set_byte(two, length(two) - 12, 1), length(two) - 13, 1))) AS both
FROM (SELECT _retention_customer_base_send(pairs_of(1, NULL::int8)) AS one, _retention_customer_base_send(pairs_of(1, 1) + pairs_of(2, NULL::int8)) AS two) s;

-- ---------------------------------------------------------------------------
-- Many: in memory, on disk, and in one place.
-- ---------------------------------------------------------------------------

-- 30,000 orders of 20,000 customers, some of whom have the numbers of others.
CREATE TABLE many AS
SELECT n, c, o, 'customer ' || c AS c_text, md5(o::text)::uuid AS o_uuid, round(n % 1000 - 100.5, 1) AS a, n % 10 AS few
FROM (SELECT n, CASE WHEN n % 101 > 0 THEN n / 3 % 30000 % 20000 + CASE WHEN n % 31 = 0 THEN 1 ELSE 0 END END AS c, CASE WHEN n % 37 > 0 THEN n / 3 % 30000 END AS o FROM generate_series(1, 120000) n) s;
ANALYZE many;
CREATE FUNCTION spills(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	RETURN (plan->0->'Plan'->>'Temp Written Blocks')::int > 0;
END
$$;
CREATE VIEW of_many AS
SELECT aov(a, o), aov(a, o_uuid) AS aov_uuid, repeat_rate(c, o), purchase_frequency(c, o) AS frequency, repeat_rate(c_text, o_uuid) AS repeat_rate_wide, purchase_frequency(c_text, o_uuid) AS frequency_wide FROM many;
CREATE TABLE truth AS
SELECT aov, aov AS aov_uuid, repeat_rate, frequency, repeat_rate AS repeat_rate_wide, frequency AS frequency_wide
FROM (SELECT sum(a) / (count(DISTINCT o) FILTER (WHERE a >= 0) + count(*) FILTER (WHERE o IS NULL AND a >= 0)) AS aov FROM many) a,
	 (SELECT count(*) FILTER (WHERE n > 1)::float8 / count(*) AS repeat_rate, sum(n)::float8 / count(*) AS frequency
	  FROM (SELECT count(DISTINCT o) + count(*) FILTER (WHERE o IS NULL) AS n FROM many WHERE c IS NOT NULL GROUP BY c) s) b;
SET work_mem = '64MB';
TABLE truth;
SELECT (SELECT m FROM of_many m)::text = (SELECT t FROM truth t)::text AS same, spills('TABLE of_many') AS spills;
SET hash_mem_multiplier = 1;
SET work_mem = '1MB';
SELECT (SELECT m FROM of_many m)::text = (SELECT t FROM truth t)::text AS same, spills('TABLE of_many') AS spills;
SET work_mem = '64kB';
SELECT (SELECT m FROM of_many m)::text = (SELECT t FROM truth t)::text AS same, spills('TABLE of_many') AS spills;
-- Groups of them, hashed and sorted.
CREATE VIEW grouped AS SELECT n % 20 AS g, aov(a, o), repeat_rate(c, o), purchase_frequency(c_text, o_uuid) AS frequency FROM many GROUP BY n % 20;
CREATE TABLE on_disk AS TABLE grouped;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT count(*) AS groups, count(*) FILTER (WHERE d = m) AS same FROM on_disk d JOIN grouped m USING (g);

-- One customer who has them all, and one number that all have; in frames, too.
SELECT repeat_rate(1, n), purchase_frequency(1, n), purchase_frequency(n, n * 0 + 1) AS each_one, repeat_rate(n, n * 0 + 1) AS each_once FROM many;
SELECT purchase_frequency('one'::text, n) AS text, purchase_frequency('one'::text, n::text) AS texts, purchase_frequency('00000000-0000-0000-0000-000000000000'::uuid, md5(n::text)::uuid) AS uuids FROM many;
SELECT n, purchase_frequency(1, n) OVER (ORDER BY n) AS running, purchase_frequency(1, n) OVER (ORDER BY n ROWS 999 PRECEDING) AS moving, purchase_frequency(1, NULL::int8) OVER (ORDER BY n ROWS 99 PRECEDING) AS without
FROM many ORDER BY n DESC LIMIT 1;

-- Keys made up so that all pairs begin with one word: for each number there is the
-- customer whose hash makes it so (keys has these functions).
CREATE FUNCTION shifted(x int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT x # ((x >> 33) & 2147483647)
$$;
CREATE FUNCTION times(x int8, factor numeric) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT (CASE WHEN p < 9223372036854775808 THEN p ELSE p - 18446744073709551616 END)::int8
	FROM (SELECT mod(CASE WHEN x < 0 THEN x + 18446744073709551616 ELSE x END * factor, 18446744073709551616) AS p) s
$$;
CREATE FUNCTION hash_of_key(x int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT shifted(times(shifted(times(shifted(x # 2611923443488327891), 18397679294719823053)), 14181476777654086739))
$$;
CREATE FUNCTION key_of_hash(x int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$
	SELECT shifted(times(shifted(times(shifted(x), 11291846944257947611)), 5725274745694666757)) # 2611923443488327891
$$;
CREATE TABLE crowd AS SELECT n, n % 6000 AS o, key_of_hash(-1 # hash_of_key(hash_of_key(n % 6000))) AS c FROM generate_series(1, 9000) n;
SELECT count(DISTINCT substr(b, 20, 8)) AS first_words, min(encode(substr(b, 20, 8), 'hex')) AS word FROM (SELECT _retention_customer_base_send(pairs_of(c, o)) AS b FROM crowd WHERE n < 100 GROUP BY n) s;
CREATE VIEW of_crowd AS
SELECT repeat_rate(c, o), purchase_frequency(c, o), customers(customer_base(c)), pairs_of(c, o) = pairs_of(c, o ORDER BY n DESC) AS any_order, pairs_of(c, o)::text::customer_base = pairs_of(c, o) AS text FROM crowd;
SELECT * FROM of_crowd;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT * FROM of_crowd;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT max(frequency) AS most, max(repeat_rate) AS repeat_rate FROM (SELECT purchase_frequency(c, o) OVER w AS frequency, repeat_rate(c, o) OVER w FROM crowd WINDOW w AS (ORDER BY n ROWS 2000 PRECEDING)) s;

-- ---------------------------------------------------------------------------
-- Plans: what merging costs goes by what there is an entry of.
-- ---------------------------------------------------------------------------

SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE many SET (parallel_workers = 2);
CREATE FUNCTION is_parallel(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan::text LIKE '%"Partial Mode": "Partial"%';
END
$$;
SELECT call, is_parallel(format('SELECT %s FROM many', call)) AS parallel
FROM (VALUES ('aov(a, n)'), ('aov(few, n)'), ('aov(a, few)'), ('repeat_rate(c, n)'), ('repeat_rate(few, few)'), ('repeat_rate(few, n)'), ('purchase_frequency(n, few)')) v (call);

SET client_min_messages = error;
DROP SCHEMA lines CASCADE;
