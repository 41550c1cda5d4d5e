-- A row a customer: by hand, and against other aggregates over random shops.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA customer_list;
SET search_path = customer_list, public;

-- On April 3rd: 1 ordered three times, 30 and 59 days apart, and gives something back later; 2 twice, 60
-- days apart; 3 twice on one day; 4 gives back, orders, and pays nothing; 5 has never ordered.
-- The gaps are 0, 30, 59 and 60: 59.7 days are usual.
CREATE TABLE orders (customer int8, day date, amount numeric);
INSERT INTO orders VALUES
	(1, '2024-01-05', 10), (1, '2024-02-04', 20), (1, '2024-04-03', 30), (1, '2024-04-05', -5), (2, '2024-01-20', 40), (2, '2024-03-20', 15),
	(3, '2024-02-04', 7), (3, '2024-02-04', 8), (4, '2024-01-01', -2), (4, '2024-03-01', 0), (5, '2024-03-01', -1), (NULL, '2024-04-02', 1000), (6, NULL, 5), (6, '2024-04-01', NULL);
CREATE TABLE histories AS SELECT purchase_history(customer, day, amount, 'day') AS h, purchase_history(customer, day, 'day') AS no_amounts,
	purchase_history(md5(customer::text)::uuid, day, amount, 'day') AS uuids, purchase_history(customer::text, day, amount, 'day') AS texts, purchase_history(customer, day, amount, 'month') AS months FROM orders;
SELECT l.* FROM histories, customer_list(h) l ORDER BY customer;
-- Months later they are at risk, dormant and lost: after 60, 120 and 180 days. What was given back on April 5th is seen.
SELECT l.customer, revenue, age_days, recency_days, status FROM histories, unnest('{2024-06-01,2024-06-02,2024-07-31,2024-08-01,2024-09-29,2024-09-30}'::date[]) as_of, customer_list(h, as_of) l WHERE customer = '1' ORDER BY as_of;
-- Seen from February 4th, and from before the first order.
SELECT l.* FROM histories, customer_list(h, '2024-02-04') l ORDER BY customer;
SELECT count(*) AS nobody FROM histories, customer_list(h, '2024-01-04') l;
SELECT l.* FROM histories, customer_list(no_amounts) l ORDER BY customer;
SELECT count(*) AS uuids, count(*) FILTER (WHERE (u.orders, u.revenue, u.status, u.revenue_decile) = (l.orders, l.revenue, l.status, l.revenue_decile)) AS alike
FROM histories, customer_list(h) l LEFT JOIN LATERAL (SELECT * FROM customer_list(uuids)) u ON u.customer = md5(l.customer)::uuid::text;
-- Every number is read back, and every uuid.
SELECT string_agg(customer, ' ' ORDER BY customer::int8) AS customers FROM customer_list((SELECT purchase_history(n, date '2024-01-01', 'day') FROM unnest('{0,1,-1,42,9223372036854775807,-9223372036854775808,-2611923443488327891,2611923443488327891}'::int8[]) n));
SELECT count(*) AS customers, count(*) FILTER (WHERE customer = md5(n::text)::uuid::text) AS uuids, count(*) FILTER (WHERE customer = ((n * 7919 - 500000)::int8 * 1000003)::text) AS numbers
FROM (SELECT purchase_history(md5(n::text)::uuid, date '2024-01-01' + n, 'day') AS u, purchase_history((n * 7919 - 500000)::int8 * 1000003, date '2024-01-01' + n, 'day') AS i FROM generate_series(1, 1000) n) s,
	 LATERAL (SELECT * FROM customer_list(u) UNION ALL SELECT * FROM customer_list(i)) l, LATERAL (SELECT first_order - date '2024-01-01') d (n);
SELECT string_agg(customer, ' ' ORDER BY customer) AS customers FROM customer_list((SELECT purchase_history(u, date '2024-01-01', 'day') FROM unnest('{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff,00112233-4455-6677-8899-aabbccddeeff}'::uuid[]) u));
-- One customer alone, and money that no word holds.
SELECT l.* FROM customer_list((SELECT purchase_history(7, date '2024-01-01', 1.5, 'day'))) l;
SELECT customer, revenue, monetary_score, revenue_decile FROM customer_list((SELECT purchase_history(c, date '2024-01-01', a, 'day') FROM (VALUES
	(1, 1e40), (2, 1e-40), (3, 2e-40), (4, 0), (5, 1e37), (6, 1e37 + 1), (7, 3), (8, 3.0000000000000000000000000000000000000001), (9, 3), (10, -1e40), (10, 5)) v (c, a))) ORDER BY revenue, customer;
-- Nothing, guests, refunds.
SELECT (SELECT count(*) FROM customer_list(NULL::purchase_history)) AS none, (SELECT count(*) FROM customer_list((SELECT purchase_history(NULL::int8, date '2024-01-01', 1.0, 'day')))) AS guests, (SELECT count(*) FROM customer_list((SELECT purchase_history(1, date '2024-01-01', -1.0, 'day')))) AS refunds;
-- What can't be told.
SELECT count(*) FROM histories, customer_list(texts);
SELECT count(*) FROM histories, customer_list(months);
SELECT count(*) FROM histories, customer_list(h, 'infinity');
SELECT count(*) FROM customer_list((SELECT purchase_history(1, d, 'day') FROM unnest('{2024-01-01,200000-01-01}'::date[]) d));

-- ---------------------------------------------------------------------------
-- One customer, by the key.
-- ---------------------------------------------------------------------------

SELECT customer, f.* FROM histories, generate_series(1, 7) customer LEFT JOIN LATERAL customer_facts(h, customer) f ON true ORDER BY customer;
SELECT customer, f.orders, f.revenue, f.first_order, f.last_order, f.recency_days FROM histories, generate_series(1, 7) customer, customer_facts(h, customer, '2024-02-04') f ORDER BY customer;
-- Texts whose history has not kept them, uuids, and both written as texts.
SELECT (SELECT f FROM customer_facts(texts, '1') f) = (SELECT f FROM customer_facts(h, 1) f) AS texts, (SELECT f FROM customer_facts(uuids, md5('1')::uuid) f) = (SELECT f FROM customer_facts(h, 1) f) AS uuids,
	   (SELECT f FROM customer_facts(uuids, md5('1')) f) = (SELECT f FROM customer_facts(h, 1) f) AS uuids_as_texts, (SELECT f FROM customer_facts(h, '1') f) = (SELECT f FROM customer_facts(h, 1) f) AS numbers_as_texts,
	   (SELECT count(*) FROM customer_facts(texts, '01')) AS other_text, (SELECT count(*) FROM customer_facts(texts, '')) AS none, (SELECT count(*) FROM customer_facts(h, NULL::int8)) AS nobody,
	   (SELECT count(*) FROM customer_facts(NULL::purchase_history, 1)) AS no_history, (SELECT count(*) FROM customer_facts(no_amounts, 1)) AS no_amounts FROM histories;
-- Histories of few customers, of many, which have an index, and of as many as just make one; with money that no word holds; stored and not.
CREATE TABLE of_many AS
SELECT n AS most, purchase_history(c, d, a, 'day') AS h, purchase_history_with_names('customer ' || c, d, a, 'day') AS names, purchase_history('customer ' || c, d, a, 'day') AS texts, purchase_history(md5(c::text)::uuid, d, a, 'day') AS uuids
FROM unnest('{300,4095,4096,4097,20000}'::int[]) n, LATERAL (
	SELECT (i * 7919::int8) % n * 1000003 - 70 AS c, date '2023-01-01' + i * 97 % 500 AS d, CASE WHEN i % 1999 = 7 THEN 1e45 WHEN i % 13 = 0 THEN -1 ELSE i % 97 END AS a FROM generate_series(1, 3 * n) i) o GROUP BY n;
SELECT most, pg_column_size(h) > 8000 AS stored, (history_info(h)).customers, count(*) AS listed,
	   count(*) FILTER (WHERE i IS DISTINCT FROM l OR t IS DISTINCT FROM l OR x IS DISTINCT FROM l OR u IS DISTINCT FROM l) AS differences
FROM of_many, customer_list(h) c, LATERAL (SELECT jsonb_build_array(c.orders, c.revenue, c.refunds, c.first_order, c.last_order, c.lifespan_days, c.age_days, c.recency_days, c.mean_gap_days, c.next_order_due, c.rfm) AS l) l
	 LEFT JOIN LATERAL (SELECT jsonb_build_array(f.orders, f.revenue, f.refunds, f.first_order, f.last_order, f.lifespan_days, f.age_days, f.recency_days, f.mean_gap_days, f.next_order_due, f.rfm) AS i FROM customer_facts(h, c.customer::int8) f) i ON true
	 LEFT JOIN LATERAL (SELECT jsonb_build_array(f.orders, f.revenue, f.refunds, f.first_order, f.last_order, f.lifespan_days, f.age_days, f.recency_days, f.mean_gap_days, f.next_order_due, f.rfm) AS t FROM customer_facts(names, 'customer ' || c.customer) f) t ON true
	 LEFT JOIN LATERAL (SELECT jsonb_build_array(f.orders, f.revenue, f.refunds, f.first_order, f.last_order, f.lifespan_days, f.age_days, f.recency_days, f.mean_gap_days, f.next_order_due, f.rfm) AS x FROM customer_facts(texts, 'customer ' || c.customer) f) x ON true
	 LEFT JOIN LATERAL (SELECT jsonb_build_array(f.orders, f.revenue, f.refunds, f.first_order, f.last_order, f.lifespan_days, f.age_days, f.recency_days, f.mean_gap_days, f.next_order_due, f.rfm) AS u FROM customer_facts(uuids, md5(c.customer)::uuid) f) u ON true
GROUP BY most, h ORDER BY most;
-- Nobody else is found: between all others, before and behind them.
SELECT most, count(f) AS found FROM of_many, generate_series(1, 5000) n LEFT JOIN LATERAL customer_facts(h, n::int8 * 3000009 - 71) f ON true GROUP BY most ORDER BY most;
-- Of an anchored history who has ordered in it, with the first order of the whole.
SELECT most, count(*) AS listed, count(*) FILTER (WHERE (f.orders, f.revenue, f.first_order, f.last_order, f.age_days) IS DISTINCT FROM (c.orders, c.revenue, c.first_order, c.last_order, c.age_days)) AS differences
FROM (SELECT most, h, anchored(history_between(h, '2024-01-01', '2024-03-31'), h) AS part FROM of_many WHERE most IN (4095, 20000)) m, customer_list(part) c LEFT JOIN LATERAL customer_facts(part, c.customer::int8) f ON true GROUP BY most ORDER BY most;
-- One form for one content: the index is what follows from the rest, however the history was made, and is believed no more than that.
SELECT most, h = h::text::purchase_history AS text, h = (SELECT rollup(p) FROM (SELECT history_between(h, until_day => '2023-06-30') UNION ALL SELECT history_between(h, '2023-07-01')) parts (p)) AS of_parts, h - h IS DISTINCT FROM h AS nothing,
	   names = names::text::purchase_history AS names, h = negated(negated(h)) AS twice_negated FROM of_many ORDER BY most;
CREATE FUNCTION pg_temp.changed(value bytea, from_end int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM translate(encode(set_byte(value, length(value) - from_end, get_byte(value, length(value) - from_end) # 1), 'base64'), E'\n', '')::purchase_history;
	RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT pg_temp.changed(decode(h::text, 'base64'), from_end) AS outcome, count(*) FROM of_many, generate_series(9, 9 + 12 * 16 + 5) from_end WHERE most = 4096 GROUP BY 1;
-- What can't be looked up.
SELECT customer_facts(texts, 1) FROM histories;
SELECT customer_facts(uuids, 1) FROM histories;
SELECT customer_facts(h, md5('1')::uuid) FROM histories;
SELECT customer_facts(h, 'ann') FROM histories;
SELECT customer_facts(months, 1) FROM histories;
SELECT customer_facts(h, 1, 'infinity') FROM histories;
SELECT customer_facts(h, 1.5) FROM histories;

-- Random shops: guests, refunds before and after the orders, free orders, NULLs, many who came once, ties.
CREATE TABLE shop (seed int, customer int8, day date, amount numeric(12, 2));
INSERT INTO shop SELECT seed, customer_id, ordered_at::date, amount FROM generate_series(1, 3) seed, simulate_orders(40 * seed * seed, '1 year', seed);
INSERT INTO shop SELECT seed, CASE n % 5 WHEN 0 THEN NULL ELSE n % 37 * 3 END, CASE n % 11 WHEN 0 THEN NULL ELSE date '2023-12-20' + n * 7919 % 400 END,
	CASE n % 7 WHEN 0 THEN NULL WHEN 1 THEN 0 WHEN 2 THEN -20 ELSE n % 4 * 25 END FROM generate_series(1, 3) seed, generate_series(1, 60 * seed) n;
SELECT seed, count(*) AS rows, count(*) FILTER (WHERE customer IS NULL) AS guests, count(*) FILTER (WHERE amount < 0) AS refunds, count(*) FILTER (WHERE amount = 0) AS free, count(*) FILTER (WHERE amount IS NULL OR day IS NULL) AS skipped FROM shop GROUP BY seed ORDER BY seed;
-- (Each column by its definition is in history_oracle, and, as the views have them, in views.)
-- What the models take of each is what rfm_summary makes of their orders.
CREATE TABLE shop_histories AS SELECT seed, purchase_history(customer, day, amount, 'day') AS h, max(day) FILTER (WHERE amount >= 0 AND customer IS NOT NULL) AS today FROM shop GROUP BY seed;
SELECT seed, count(*) AS customers, count(*) FILTER (WHERE (l.rfm).repeat_purchases > 0) AS repeaters, count(*) FILTER (WHERE l.rfm IS DISTINCT FROM s.rfm) AS differences
FROM shop_histories JOIN (VALUES (NULL::date), ('2024-06-01')) v (as_of) ON true, customer_list(h, as_of) l,
	 LATERAL (SELECT rfm_summary(day, amount, coalesce(as_of, today)) AS rfm FROM shop WHERE shop.seed = shop_histories.seed AND shop.customer = l.customer::int8) s
GROUP BY seed ORDER BY seed;
SELECT l.rfm FROM histories, customer_list(no_amounts) l ORDER BY customer;
-- Thresholds that are kept: scores as rfm_score has them; those of today are no other scores.
CREATE TABLE kept AS SELECT seed, metric, percentile_disc('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY value) AS thresholds
FROM shop_histories, customer_list(h) l, LATERAL (VALUES ('r', l.recency_days::float8), ('f', l.orders), ('m', round(l.revenue, 4)::float8)) v (metric, value) GROUP BY seed, metric;
SELECT seed, count(*) AS customers, count(*) FILTER (WHERE (k.recency_score, k.frequency_score, k.monetary_score, k.revenue_decile) <> (l.recency_score, l.frequency_score, l.monetary_score, l.revenue_decile)) AS differences
FROM shop_histories, customer_list(h, NULL, NULL, (SELECT thresholds FROM kept WHERE kept.seed = shop_histories.seed AND metric = 'r'), (SELECT thresholds FROM kept WHERE kept.seed = shop_histories.seed AND metric = 'f'),
	 (SELECT thresholds FROM kept WHERE kept.seed = shop_histories.seed AND metric = 'm')) k JOIN LATERAL (SELECT * FROM customer_list(h)) l USING (customer) GROUP BY seed ORDER BY seed;
SELECT count(*) AS customers, count(DISTINCT (recency_score, frequency_score, monetary_score)) AS scores,
	   count(*) FILTER (WHERE (recency_score, frequency_score, monetary_score) <> (6 - rfm_score(recency_days, '{10,10,100.5,200}'), rfm_score(orders, '{-Infinity,1,2,4}'), rfm_score(round(revenue, 4)::float8, '{-0.0,20,75,Infinity}'))) AS differences
FROM shop_histories, customer_list(h, NULL, NULL, '{10,10,100.5,200}', '{-Infinity,1,2,4}', '{-0.0,20,75,Infinity}');
SELECT count(*) FROM histories, customer_list(h, NULL, NULL, '{1,2,3}');
SELECT count(*) FROM histories, customer_list(h, NULL, NULL, NULL, '{1,2,3,NULL}');
SELECT count(*) FROM histories, customer_list(h, NULL, NULL, NULL, NULL, '{1,3,2,4}');
SELECT count(*) FROM histories, customer_list(h, monetary_thresholds => '{1,2,3,NaN}');
SELECT count(*) FROM histories, customer_list(h, monetary_thresholds => '{{1,2},{3,4}}');
-- What floats leave behind a price is no revenue.
SELECT customer, revenue, monetary_score, revenue_decile FROM customer_list((SELECT purchase_history(c, date '2024-01-01', a, 'day') FROM (VALUES (1, 0.1::float8 + 0.2::float8), (2, 0.3), (3, 12.34564), (4, 12.34556), (5, 7e9), (6, -12.34564), (7, -12.34556)) v (c, a))) ORDER BY customer;
-- One row after the other: nothing is computed of those that nobody asks for.
SELECT (customer_list(h)).orders FROM histories LIMIT 1;

SET client_min_messages = error;
DROP SCHEMA customer_list CASCADE;
