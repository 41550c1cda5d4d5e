-- Orders of impossible times and amounts, among those of a shop: a question says
-- which they are, and no view is taken away.
SET client_min_messages = warning;
SET datestyle = 'ISO';
SET timezone = 'UTC';

CREATE TABLE shop_orders (customer int8, ordered_at timestamptz, amount numeric);
INSERT INTO shop_orders
SELECT c, timestamptz '2023-01-10 12:00' + (c * 37 + o * 50) % 700 * interval '1 day', (c * 7 + o * 13) % 90 + 0.99
FROM generate_series(1, 60) c, generate_series(0, 3) o;

-- ---------------------------------------------------------------------------
-- Questions: an answer of ten thousands of empty periods is an error that names
-- the days.
-- ---------------------------------------------------------------------------

CREATE TEMP TABLE histories AS
SELECT what, purchase_history(customer, ordered_at, amount, 'day', 'UTC') AS h
FROM (SELECT 'none' AS what, * FROM shop_orders
	  UNION ALL SELECT what, o.* FROM shop_orders o, (VALUES ('9999'), ('0001'), ('1970'), ('2038')) w (what)
	  UNION ALL VALUES ('9999', 7, '9999-12-31'::timestamptz, 1), ('0001', 7, '0001-01-01', 1), ('1970', 7, '1970-01-01', 1), ('2038', 7, '2038-01-19', 1)) o
GROUP BY what;
SELECT count(*) FROM histories, cohort_retention(h) WHERE what = '9999';
SELECT count(*) FROM histories, cohort_average(h) WHERE what = '0001';
SELECT count(*) FROM histories, new_and_returning(h) WHERE what = '9999';
SELECT count(*) FROM histories, new_and_returning(h, 'day') WHERE what = '0001';
SELECT count(*) FROM histories, lifecycle(h) WHERE what = '0001';
SELECT count(*) FROM histories, lifecycle(h, 'week', as_of => '9999-12-31') WHERE what = 'none';
-- the ways out
SELECT what, (SELECT count(*) FROM cohort_retention(h, as_of => '2024-12-31')) AS cohorts,
	   (SELECT count(*) FROM new_and_returning(h, as_of => '2024-12-31')) AS periods, (SELECT count(*) FROM lifecycle(h, as_of => '2024-12-31')) AS flows
FROM histories WHERE what IN ('none', '9999') ORDER BY what;
SELECT what, (SELECT count(*) FROM cohort_retention(h, 'year')) AS years, (SELECT count(*) FROM cohort_retention(h, max_periods => 12)) AS of_a_year,
	   (SELECT count(*) FROM order_ladder(h)) > 1 AS ladder, (SELECT count(*) FROM repeat_within(h, ARRAY[90])) AS within
FROM histories ORDER BY what;
-- what may be
SELECT what, (SELECT count(*) FROM new_and_returning(h, 'day')) AS days, (SELECT count(*) FROM new_and_returning(h)) AS months, (SELECT count(*) FROM lifecycle(h, 'week')) AS weeks,
	   (SELECT count(*) FROM cohort_retention(h)) AS cells
FROM histories WHERE what IN ('none', '1970', '2038') ORDER BY what;
