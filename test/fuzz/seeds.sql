-- Values for the fuzzer to breed from: of which type, and in hexadecimal, one a line.
CREATE EXTENSION retention;
SET TimeZone = 'America/New_York';
CREATE COLLATION folded (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
CREATE TABLE orders AS
SELECT i, CASE WHEN i % 9 <> 0 THEN i % 7 END AS customer, timestamptz '2024-01-01' + i * interval '7 hours' AS at,
	   CASE WHEN i % 5 = 0 THEN -0.25 ELSE i * 1.5 END AS amount
FROM generate_series(1, 40) i;

CREATE AGGREGATE lines(numeric, int8) (SFUNC = _retention_customer_base_add_line, STYPE = customer_base, FINALFUNC = _retention_customer_base_final);
CREATE AGGREGATE lines(numeric, text) (SFUNC = _retention_customer_base_add_line, STYPE = customer_base, FINALFUNC = _retention_customer_base_final);
CREATE AGGREGATE pairs(int8, int8) (SFUNC = _retention_customer_base_add_pair, STYPE = customer_base, FINALFUNC = _retention_customer_base_final);
CREATE AGGREGATE pairs(int8, uuid) (SFUNC = _retention_customer_base_add_pair, STYPE = customer_base, FINALFUNC = _retention_customer_base_final);
CREATE AGGREGATE pairs(text, text) (SFUNC = _retention_customer_base_add_pair, STYPE = customer_base, FINALFUNC = _retention_customer_base_final);
CREATE VIEW base AS
SELECT customer_base(customer) AS b FROM orders
UNION ALL SELECT customer_base(customer::text) FROM orders
UNION ALL SELECT customer_base(md5(customer::text)::uuid, at) FROM orders
UNION ALL SELECT customer_base(customer, at::date, amount) FROM orders
UNION ALL SELECT customer_base(customer::text, at::timestamp, amount::float8) FROM orders
UNION ALL SELECT customer_base(customer, at, amount * 1e40) FROM orders
UNION ALL SELECT customer_base(customer, at::date, amount * CASE i % 10 WHEN 7 THEN 1e20 WHEN 0 THEN 1e40 ELSE 1 END) FROM orders
UNION ALL SELECT customer_base(customer::text, at::date, CASE i % 10 WHEN 7 THEN 1e-40 WHEN 5 THEN -1e50 ELSE amount END) FROM orders
UNION ALL SELECT customer_base_sample(k, at, amount * CASE k % 5 WHEN 0 THEN 1e40 ELSE 1 END, 16) FROM orders, generate_series(1, 50) k
UNION ALL SELECT customer_base(k, at, amount) FROM orders, generate_series(1, 300) k
UNION ALL SELECT customer_base_sample(k, at, amount, 16) FROM orders, generate_series(1, 50) k
UNION ALL SELECT customer_base_sample(k::text, 20) FROM orders, generate_series(1, 50) k
UNION ALL SELECT without_customers_of(customer_base(customer, at, amount), customer_base(3)) FROM orders
UNION ALL SELECT customer_base(NULL::int8, at, amount) FROM orders
UNION ALL (SELECT _retention_one_customer_add(NULL, at, amount) FROM orders LIMIT 14)
UNION ALL SELECT lines(amount, nullif(i % 10, 3)) FROM orders
UNION ALL SELECT lines(amount * CASE i WHEN 7 THEN 1e40 ELSE 1 END, (i % 10)::text) FROM orders
UNION ALL SELECT pairs(customer, nullif(i % 10, 3)) FROM orders
UNION ALL SELECT pairs(customer, md5(i::text)::uuid) FROM orders
UNION ALL SELECT pairs(customer::text, (i % 10)::text) FROM orders;

-- with rows that don't count, of customers and of nobody, each of any width of money
CREATE VIEW any_rows AS
SELECT i, CASE WHEN i % 9 <> 0 THEN i % 7 END AS customer, CASE WHEN i % 8 <> 3 THEN at::date - i % 13 END AS day,
	   CASE WHEN i % 6 <> 1 THEN amount END AS amount, CASE WHEN i % 6 <> 1 THEN amount * 10 ^ (i % 4 * 14) END AS any_amount
FROM orders;

CREATE VIEW history AS
SELECT purchase_history(customer, at, 'day') AS h FROM orders
UNION ALL SELECT purchase_history(customer::text, at::date, 'month') FROM orders
UNION ALL SELECT purchase_history(md5(customer::text)::uuid, at::timestamp, amount, 'week') FROM orders
UNION ALL SELECT purchase_history(customer, at::date, amount, 'quarter') FROM orders
UNION ALL SELECT purchase_history(customer, at, amount::float8, 'year', 'Asia/Tokyo') FROM orders
UNION ALL SELECT purchase_history(customer, at, amount * 1e40, 'day', 'UTC') FROM orders
UNION ALL SELECT purchase_history(customer, at::date, amount * CASE i WHEN 7 THEN 1e30 ELSE 1 END, 'day') FROM orders
UNION ALL SELECT purchase_history(customer, at::date, amount * CASE i % 10 WHEN 7 THEN 1e20 WHEN 0 THEN 1e40 ELSE 1 END, 'day') FROM orders
UNION ALL SELECT purchase_history(customer::text, at::date, CASE i % 10 WHEN 7 THEN 1e-40 WHEN 5 THEN -1e50 ELSE amount END, 'month') FROM orders
UNION ALL SELECT purchase_history(k, at::date, 'day') FROM orders, generate_series(1, 300) k WHERE i <= 2
UNION ALL SELECT purchase_history(1, at::date + k, amount, 'day') FROM orders, generate_series(1, 5000, 40) k
UNION ALL SELECT purchase_history(customer, at::date, -1.5, 'day') FROM orders
UNION ALL SELECT purchase_history(NULL::int8, at, amount, 'day') FROM orders
UNION ALL SELECT purchase_history(customer, date '4713-01-01 BC' + customer * 1000000, 'week') FROM orders
UNION ALL SELECT purchase_history(customer, day, 'day') FROM any_rows
UNION ALL SELECT purchase_history(customer::text, day, amount, 'month') FROM any_rows
UNION ALL SELECT purchase_history(customer, day, amount, 'day') FROM any_rows
UNION ALL SELECT purchase_history(customer, day, any_amount, 'day') FROM any_rows
UNION ALL SELECT anchored(purchase_history(customer, day, amount, 'day') FILTER (WHERE amount < 20), purchase_history(customer, day, amount, 'day')) FROM any_rows
UNION ALL SELECT anchored(purchase_history(customer, at, amount, 'day') FILTER (WHERE i % 3 = 0), purchase_history(customer, at, 'day')) FROM orders
UNION ALL SELECT purchase_history(md5(customer::text)::uuid, day, any_amount, 'day') FROM any_rows
UNION ALL SELECT negated(purchase_history(customer, day, any_amount, 'day')) FROM any_rows
UNION ALL SELECT negated(purchase_history(customer, day, 'day')) FROM any_rows
UNION ALL SELECT purchase_history(customer, day, any_amount, 'day') - purchase_history(customer, day, any_amount, 'day') FILTER (WHERE i % 3 = 0) FROM any_rows
UNION ALL SELECT purchase_history(customer, day, amount, 'day') - purchase_history(customer, day, amount + 1, 'day') FILTER (WHERE i % 3 = 0) FROM any_rows
-- whose hash is zero, with money of theirs and of nobody elsewhere
UNION ALL SELECT purchase_history(CASE WHEN customer > 3 THEN 2611923443488327891 ELSE NULLIF(customer, 3) END, day, any_amount, 'day') FROM any_rows
UNION ALL SELECT purchase_history(CASE WHEN i % 2 = 0 THEN 2611923443488327891 END, day, amount, 'quarter') FROM any_rows
UNION ALL SELECT purchase_history(NULL::int8, date '2024-01-01' + i % 1500, amount, 'day') FROM any_rows, generate_series(1, 5000) k WHERE k % 40 = i
-- with names: of texts that are checked, and under a collation of which nobody knows
UNION ALL SELECT purchase_history_with_names('customer ' || customer, day, amount, 'day') FROM any_rows
UNION ALL SELECT purchase_history_with_names(repeat('name', i), day, any_amount, 'month') FROM any_rows
UNION ALL SELECT purchase_history_with_names('customer ' || k, at::date, 'day') FROM orders, generate_series(1, 300) k WHERE i <= 2
UNION ALL SELECT negated(purchase_history_with_names(repeat('é', i % 5), day, 'day')) FROM any_rows
UNION ALL SELECT purchase_history_with_names(('Customer ' || customer) COLLATE folded, day, amount, 'day') FROM any_rows
UNION ALL SELECT purchase_history_with_names(repeat('ü', i % 7) COLLATE folded, day, any_amount, 'month') FROM any_rows
UNION ALL SELECT purchase_history_with_names((i + k)::text COLLATE folded, at::date, 'day') FROM orders, generate_series(1, 300, 40) k;

CREATE VIEW histogram AS
SELECT _retention_survival_send(t) AS t, t::text AS text
FROM (SELECT survival(i % 11, i % 3 = 0) AS t FROM orders
	  UNION ALL SELECT survival(i % 11 + 0.1 * i, i % 3 = 0) FROM orders
	  UNION ALL SELECT survival(i * 1e15, true) FROM orders) s
UNION ALL SELECT _retention_repeat_buying_send(t), t::text
FROM (SELECT repeat_buying(rfm) AS t FROM (SELECT rfm_summary(at, '2024-01-12') AS rfm FROM orders GROUP BY customer) s
	  UNION ALL SELECT repeat_buying(ROW(i % 4, i % 4 * 1.5, 12.25, NULL, 0.7, 9, NULL)::rfm_inputs) FROM orders) s
UNION ALL SELECT _retention_repeat_spend_send(t), t::text
FROM (SELECT repeat_spend(rfm) AS t FROM (SELECT rfm_summary(at, amount, '2024-01-12') AS rfm FROM orders GROUP BY customer) s) s
UNION ALL SELECT _retention_renewals_send(t), t::text FROM (SELECT renewals(i, 1000 - 9 * i) AS t FROM generate_series(0, 20) i) s;

CREATE AGGREGATE timeline(timestamptz) (SFUNC = _retention_timeline_add, STYPE = _retention_timeline);
CREATE AGGREGATE timeline(date) (SFUNC = _retention_timeline_add, STYPE = _retention_timeline);
CREATE AGGREGATE timeline(date, date) (SFUNC = _retention_timeline_add_summary, STYPE = _retention_timeline);
CREATE AGGREGATE timeline(date, numeric, date) (SFUNC = _retention_timeline_add_summary, STYPE = _retention_timeline);
CREATE AGGREGATE timeline(date, float8, date) (SFUNC = _retention_timeline_add_summary, STYPE = _retention_timeline);
CREATE AGGREGATE timeline(date, date, date) (SFUNC = _retention_timeline_add_between, STYPE = _retention_timeline);
CREATE VIEW timeline AS
SELECT timeline(at) AS l FROM orders
UNION ALL SELECT timeline(at::date) FROM orders
UNION ALL SELECT timeline(at::date, '2030-01-01') FROM orders
UNION ALL SELECT timeline(at::date, amount, '2030-01-01') FROM orders
UNION ALL SELECT timeline(at::date, amount::float8, '2030-01-01') FROM orders
UNION ALL SELECT timeline(at::date, amount * CASE i WHEN 7 THEN 1e30 ELSE 1 END, '2030-01-01') FROM orders
UNION ALL SELECT timeline(at::date, date '2024-01-05', date '2024-01-11') FROM orders
UNION ALL SELECT timeline(at::date, date '-infinity', date 'infinity') FROM orders;

SELECT 'base', encode(_retention_customer_base_send(b), 'hex') FROM base;
SELECT 'base', encode(convert_to(b::text, 'UTF8'), 'hex') FROM base;
SELECT 'history', encode(_retention_purchase_history_send(h), 'hex') FROM history;
SELECT 'history', encode(convert_to(h::text, 'UTF8'), 'hex') FROM history;
SELECT 'histogram', encode(t, 'hex') FROM histogram;
SELECT 'histogram', encode(convert_to(text, 'UTF8'), 'hex') FROM histogram;
SELECT 'timeline', encode(_retention_timeline_send(l), 'hex') FROM timeline;
SELECT 'timeline', encode(convert_to(l::text, 'UTF8'), 'hex') FROM timeline;
