-- The questions of a purchase history over shops small enough to answer by hand.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET extra_float_digits = 0;

-- Ann comes three times, Bob twice and gives something back, Cid once, and what
-- Dan gave back was never bought here. Somebody orders as a guest.
--
--	        January      February     March        April
--	ann     5: 10        4: 20                     3: 30       gaps 30 and 59 days
--	bob     20: 40                    20: 5                    a gap of 60 days
--	                     10: -15
--	cid                  4: 7, 4: 8                            two orders on a day
--	dan                  29: -1
--	guest                             1: 100
CREATE TEMP TABLE orders (customer text, ordered_at date, amount numeric);
INSERT INTO orders VALUES
	('ann', '2024-01-05', 10), ('ann', '2024-02-04', 20), ('ann', '2024-04-03', 30),
	('bob', '2024-01-20', 40), ('bob', '2024-02-10', -15), ('bob', '2024-03-20', 5),
	('cid', '2024-02-04', 7), ('cid', '2024-02-04', 8),
	('dan', '2024-02-29', -1), (NULL, '2024-03-01', 100);
CREATE TEMP TABLE histories AS
SELECT 'shop' AS shop, 'day' AS grain, purchase_history(customer, ordered_at, amount, 'day') AS h FROM orders
UNION ALL SELECT 'shop', 'month', purchase_history(customer, ordered_at, amount, 'month') FROM orders
UNION ALL SELECT 'no amounts', 'month', purchase_history(customer, ordered_at, 'month') FROM orders
-- special ones
UNION ALL SELECT 'no rows', 'day', purchase_history(customer, ordered_at, amount, 'day') FROM orders WHERE false
UNION ALL SELECT 'one order', 'day', purchase_history(customer, ordered_at, amount, 'day') FROM orders WHERE amount = 10
UNION ALL SELECT 'guests', 'day', purchase_history(customer, ordered_at, amount, 'day') FROM orders WHERE customer IS NULL
UNION ALL SELECT 'refunds', 'day', purchase_history(customer, ordered_at, amount, 'day') FROM orders WHERE amount < 0;
CREATE FUNCTION pg_temp.h(shop text, grain text DEFAULT 'day') RETURNS purchase_history LANGUAGE sql AS $$
	SELECT h FROM histories WHERE histories.shop = $1 AND histories.grain = $2
$$;

-- 3 customers, 7 orders on 6 days of customers; 10+20+30+40-15+5+7+8-1 = 104.
-- By months Cid's two are one occasion, as they are by days: 6 of them too.
-- Without amounts each row of a customer is an order: Dan is a customer, 9 orders,
-- and Bob's refund an occasion: 8.
SELECT shop, i.* FROM histories, history_info(h) i ORDER BY shop COLLATE "C", i.period;

-- ---------------------------------------------------------------------------
-- Cohorts.
-- ---------------------------------------------------------------------------

-- January: Ann and Bob, 50; February: Ann, 20 and the refund, -15: 5, in all 55;
-- March: Bob, 5: 60; April: Ann, 30: 90.
-- February: Cid, 15, and nothing more. April is not complete.
SELECT * FROM cohort_retention(pg_temp.h('shop', 'month'));
SELECT * FROM cohort_retention(pg_temp.h('shop'), period => 'Month');
-- The end of April is said to be seen: April is complete, and nothing else changes.
SELECT cohort, period_index, is_complete FROM cohort_retention(pg_temp.h('shop', 'month'), as_of => '2024-04-30') WHERE period_index >= 2;
SELECT cohort, period_index, is_complete FROM cohort_retention(pg_temp.h('shop', 'month'), as_of => '2024-04-29') WHERE period_index >= 2;
-- May, with nothing in it, has not ended.
SELECT cohort, period_index, active, cumulative_revenue, is_complete FROM cohort_retention(pg_temp.h('shop'), 'month', '2024-05-01') WHERE period_start >= '2024-04-01';
-- On February 9th Bob has not given back; a history of months can't tell.
SELECT cohort, period_index, cohort_size, active, orders, revenue, is_complete FROM cohort_retention(pg_temp.h('shop'), 'month', '2024-02-09');
SELECT cohort, period_index, cohort_size, active, orders, revenue, is_complete FROM cohort_retention(pg_temp.h('shop', 'month'), as_of => '2024-02-09');
SELECT cohort, period_index, period_start, active FROM cohort_retention(pg_temp.h('shop'), 'quarter');
SELECT cohort, period_index, period_start, active FROM cohort_retention(pg_temp.h('shop'), 'week', max_periods => 2);
SELECT cohort, period_index, active, retention FROM cohort_retention(pg_temp.h('shop', 'month'), max_periods => 1);
-- Bob's refund and Dan's are orders here: February is Ann and Bob, and Dan comes with Cid.
SELECT cohort, period_index, cohort_size, active, orders, revenue, cumulative_revenue, customer_value FROM cohort_retention(pg_temp.h('no amounts', 'month'));

-- Complete at index 0: three customers, 3 of 3, and 65; at 1: January's 1 of 2
-- and February's 0 of 1, 55 + 15; at 2 January alone, 1 of 2, 60. At 2 February's is in April.
-- Weighted 1/3 and 70/3 at index 1; each cohort as one (1/2 + 0) / 2 and (55/2 + 15) / 2 = 21.25.
SELECT period_index, cohorts, customers, active, round(retention::numeric, 6) AS retention, revenue, cumulative_revenue, round(customer_value, 6) AS customer_value
FROM cohort_average(pg_temp.h('shop', 'month'));
SELECT period_index, cohorts, customers, active, round(retention::numeric, 6) AS retention, revenue, cumulative_revenue, round(customer_value, 6) AS customer_value
FROM cohort_average(pg_temp.h('shop', 'month'), weighted => false);
-- To the end of April there are January's three months and February's two.
SELECT period_index, cohorts, customers, active FROM cohort_average(pg_temp.h('shop'), period => 'month', as_of => '2024-04-30', max_periods => 4);

-- ---------------------------------------------------------------------------
-- Days.  The last order is of April 3rd: Ann is 89 days old, Bob 74, Cid 59.
-- ---------------------------------------------------------------------------

-- Second orders came after 30 days, 60 and 0.  0: Cid of 3; 29: Cid; 30: Ann, too;
-- 60: Cid is too young, Ann and Bob; 74: both, 75: Ann alone; 90: nobody.
SELECT days, eligible, repeated, round(rate::numeric, 6) AS rate, round(lower::numeric, 6) AS lower, round(upper::numeric, 6) AS upper
FROM repeat_within(pg_temp.h('shop'), '{0,29,30,59,60,74,75,90}');
SELECT days, eligible, repeated FROM repeat_within(pg_temp.h('shop'));
-- On February 4th Ann came again, and Cid came for the first time.
SELECT days, eligible, repeated FROM repeat_within(pg_temp.h('shop'), '{30,15,0}', '2024-02-04');
SELECT days, eligible, repeated FROM repeat_within(pg_temp.h('shop'), '{30,15,0}', '2024-02-03');
SELECT days, eligible, repeated FROM repeat_within(pg_temp.h('shop'), '{}');

-- Ann came on day 30 and 89, Bob on day 60; everybody on day 0.
SELECT days, eligible, retained, rate FROM retained_on(pg_temp.h('shop'), '{0,29,30,60,61,89,90}');
SELECT days, eligible, retained FROM retained_on(pg_temp.h('shop'));
SELECT days, eligible, retained, rate FROM retained_on_or_after(pg_temp.h('shop'), '{0,1,30,31,60,61,89,90}');
SELECT days, eligible, retained FROM retained_on_or_after(pg_temp.h('shop'));
SELECT from_days, to_days, eligible, retained, rate FROM retained_between(pg_temp.h('shop'), '{0,1,30,31,61,90,91}');
SELECT from_days, to_days, eligible, retained FROM retained_between(pg_temp.h('shop'));
SELECT count(*) AS no_brackets FROM retained_between(pg_temp.h('shop'), '{1}');

-- Paid within so many days, by those who are so many days old.  0: the first days,
-- 10 + 40 + 15 for 4 orders.  21: Bob has given 15 back.  30: Ann has come
-- again, and Cid is out from 60 days on, Bob from 75.
SELECT days, eligible, orders, revenue, round(purchase_frequency::numeric, 6) AS purchase_frequency, round(aov, 6) AS aov, round(customer_value, 6) AS customer_value
FROM value_within(pg_temp.h('shop'), '{0,20,21,29,30,59,60,74,75,89,90}');
SELECT days, eligible, orders, revenue FROM value_within(pg_temp.h('shop'));
-- Asked in any order, and twice; of one number; on the day before Ann came again.
SELECT days, eligible, orders, revenue FROM value_within(pg_temp.h('shop'), '{60,0,60,30}');
SELECT days, eligible, orders, revenue FROM value_within(pg_temp.h('shop'), 60) UNION ALL SELECT days, eligible, orders, revenue FROM value_within(pg_temp.h('shop'), '{30,60}'::text, '2024-03-20');
SELECT days, eligible, orders, revenue FROM value_within(pg_temp.h('shop'), '{30,15,0}', '2024-02-03');
SELECT count(*) AS no_days FROM value_within(pg_temp.h('shop'), '{}');
-- Without amounts each row of a customer is an order, and nothing was paid.
SELECT * FROM value_within((SELECT purchase_history(customer, ordered_at, 'day') FROM orders), '{0,60}');
-- What is given back before the first order, or on its day, after the horizon, and sums no word holds.
SELECT v.* FROM (SELECT purchase_history(c, t, a, 'day') AS h FROM (VALUES
	(1, date '2024-01-01', -7), (1, '2024-01-02', 10), (1, '2024-01-02', -3), (1, '2024-01-05', -1), (1, '2024-01-09', 5), (2, '2024-01-09', 9e36), (3, '2024-01-09', 9e37), (2, '2024-01-10', -9e36), (3, '2024-01-10', -9e36)) v (c, t, a)) s, value_within(h, '{0,1,3,7}', '2024-01-10') v;

-- ---------------------------------------------------------------------------
-- Orders by their numbers.
-- ---------------------------------------------------------------------------

-- From the first order to the second 0, 30 and 60 days; from the second to the third 59
-- days (Ann); Bob's second is 14 days old, Cid's 59.
SELECT duration, at_risk, events, censored FROM kaplan_meier(time_to_order(pg_temp.h('shop')));
SELECT duration, at_risk, events, censored FROM kaplan_meier(time_to_order(pg_temp.h('shop'), 3));
-- The third order of Ann is not there yet: 58 days, 13 and 58.
SELECT duration, at_risk, events, censored FROM kaplan_meier(time_to_order(pg_temp.h('shop'), order_number => 3, as_of => '2024-04-02'));
SELECT duration, at_risk, events, censored FROM kaplan_meier(time_to_order(pg_temp.h('shop'), 4));
-- A history of months knows the first days of months: 31, 60 and 0 days; then 60, and as of April 3rd 33 and 62.
SELECT duration, at_risk, events, censored FROM kaplan_meier(time_to_order(pg_temp.h('shop', 'month')));
SELECT duration, at_risk, events, censored FROM kaplan_meier(time_to_order(pg_temp.h('shop', 'month'), 3));

-- How long they stay.  Nine of ten gaps are no longer than 59.7 days: on April 3rd nobody
-- has been silent for longer, Cid for 59 and Bob for 14. In May Cid has, who stayed for 0 days,
-- and Bob, with 60. With 58 days Cid has in April, and on the day before not yet.
SELECT duration, at_risk, events, censored FROM kaplan_meier(active_life(pg_temp.h('shop')));
SELECT duration, at_risk, events, censored FROM kaplan_meier(active_life(pg_temp.h('shop'), as_of => '2024-05-31'));
SELECT duration, at_risk, events, censored FROM kaplan_meier(active_life(pg_temp.h('shop'), 58));
SELECT duration, at_risk, events, censored FROM kaplan_meier(active_life(pg_temp.h('shop'), dormant_after_days => 58, as_of => '2024-04-02'));
SELECT duration, at_risk, events, censored FROM kaplan_meier(active_life(pg_temp.h('shop'), 13.5));
-- Of a history of months: since the first days of months.
SELECT duration, at_risk, events, censored FROM kaplan_meier(active_life(pg_temp.h('shop', 'month'), 32));
-- Nobody ordered twice, or all on one day: 90 days.
SELECT as_of, (SELECT string_agg(concat_ws(' ', duration, events, censored), '; ') FROM kaplan_meier(active_life(once, as_of => as_of))) AS once, (SELECT string_agg(concat_ws(' ', duration, events, censored), '; ') FROM kaplan_meier(active_life(one_day, NULL, as_of))) AS one_day
FROM (SELECT purchase_history(1, date '2024-01-01', 'day') AS once, purchase_history(1, date '2024-01-01', 'day') + purchase_history(1, date '2024-01-01', 'day') AS one_day) s, unnest('{2024-03-31,2024-04-01}'::date[]) as_of;
-- The mean of the first 100 days is the area below the curve: 2/3 from day 0 on, and half of that from day 60.
SELECT round(restricted_mean(active_life(pg_temp.h('shop'), as_of => '2024-05-31'), 100)::numeric, 6) AS days, round(2 / 3.0 * 60 + 1 / 3.0 * 40, 6) AS area;

-- Within 60 days: the first orders of Ann and Bob are old enough, and both came
-- again in time; no second one's is.  Medians 30 and 59 days.
SELECT * FROM order_ladder(pg_temp.h('shop'), within_days => 60);
-- Within 59 days: all three, of whom Ann and Cid came; of second orders Ann's and Cid's, and Ann came.
SELECT * FROM order_ladder(pg_temp.h('shop'), within_days => 59, max_orders => 2);
SELECT * FROM order_ladder(pg_temp.h('shop'), within_days => 0);
SELECT * FROM order_ladder(pg_temp.h('shop'));
-- 0, 30, 59, 60: the median lies between 30 and 59, the quarters at 22.5 and 59.25.
SELECT fraction, order_gap(pg_temp.h('shop'), fraction) AS gap FROM unnest('{0,0.25,0.5,0.75,1}'::float8[]) fraction;
SELECT order_gap(pg_temp.h('shop')) AS gap, order_gap(pg_temp.h('shop'), as_of => '2024-02-04') AS to_february_4, order_gap(pg_temp.h('shop'), as_of => '2024-02-03') AS none;

-- ---------------------------------------------------------------------------
-- Who comes and goes.
-- ---------------------------------------------------------------------------

-- January: Ann and Bob; February: Ann and Cid; March: Bob; April: Ann.
SELECT period_start, opening, new, retained, resurrected, lapsed, closing, quick_ratio, is_complete FROM lifecycle(pg_temp.h('shop', 'month'));
-- For two months one is live: March has all three, and April Bob and Ann.
SELECT period_start, opening, new, retained, resurrected, lapsed, closing, quick_ratio, is_complete FROM lifecycle(pg_temp.h('shop'), 'month', dormant_after_periods => 2);
SELECT period_start, opening, new, retained, resurrected, lapsed, closing, quick_ratio, is_complete FROM lifecycle(pg_temp.h('shop'), 'month', as_of => '2024-06-30');
SELECT period_start, opening, new, retained, resurrected, lapsed, closing, quick_ratio, is_complete FROM lifecycle(pg_temp.h('shop'), 'quarter');

-- ---------------------------------------------------------------------------
-- New customers, and returning ones.
-- ---------------------------------------------------------------------------

-- January: Ann and Bob are new, 50. February: Cid is new, with two orders, 15;
-- Ann returns, and what Bob and Dan gave back is not of a new one: 20 - 15 - 1.
-- March: Bob, 5. April: Ann, 30.  Nothing is a year old.
SELECT * FROM new_and_returning(pg_temp.h('shop', 'month'));
SELECT * FROM new_and_returning(pg_temp.h('shop'), 'Month', trailing_periods => 12, as_of => '2024-04-30');
-- In one month Cid alone orders twice.
SELECT period_start, customers, repeat_customers, trailing_customers, trailing_repeat_customers, trailing_repeat_rate FROM new_and_returning(pg_temp.h('shop'), 'month', 1);
-- Two months.  To February: all three, and Ann and Cid twice. To March: Ann, Bob
-- and Cid, who still has both. To April: Ann and Bob.
SELECT period_start, trailing_customers, trailing_repeat_customers, round(trailing_repeat_rate::numeric, 6) AS trailing_repeat_rate FROM new_and_returning(pg_temp.h('shop', 'month'), trailing_periods => 2);
-- Three.  To March: all, all twice. To April: all, but Bob once: January is out.
SELECT period_start, trailing_customers, trailing_repeat_customers, round(trailing_repeat_rate::numeric, 6) AS trailing_repeat_rate FROM new_and_returning(pg_temp.h('shop'), 'month', 3);
-- Until nobody is left: in July, whose two months are June and July, as in June.
SELECT period_start, customers, orders, revenue, new_revenue, returning_revenue, trailing_customers, trailing_repeat_customers, trailing_repeat_rate, is_complete
FROM new_and_returning(pg_temp.h('shop'), 'month', 2, '2024-07-30') WHERE period_start >= '2024-04-01';
-- In the first quarter all three are new and order twice: 50 + 20 - 15 + 15 + 5 = 75. What Dan gave back is no new one's.
SELECT * FROM new_and_returning(pg_temp.h('shop'), 'quarter', 1);
SELECT * FROM new_and_returning(pg_temp.h('shop', 'month'), 'quarter', 2);
SELECT * FROM new_and_returning(pg_temp.h('shop'), 'year', 1);
-- On February 9th Bob has not given back; a history of months can't tell.
SELECT period_start, orders, revenue, new_revenue, returning_revenue, is_complete FROM new_and_returning(pg_temp.h('shop'), 'month', as_of => '2024-02-09');
SELECT period_start, orders, revenue, new_revenue, returning_revenue, is_complete FROM new_and_returning(pg_temp.h('shop', 'month'), as_of => '2024-02-09');
-- Bob's refund and Dan's are orders here; no money.
SELECT period_start, customers, repeat_customers, orders, revenue, new_customers, new_orders, new_revenue, returning_customers, returning_orders, returning_revenue, trailing_customers, trailing_repeat_customers
FROM new_and_returning(pg_temp.h('no amounts', 'month'));
-- The 1 given back before the month of the first order of all is in no row; the 2
-- in that month, but before the order, are.  Eve gives back 4 in March, before she
-- has ordered, and 8 in April, when she is new; Flo 16 when she is no longer new.
SELECT period_start, customers, repeat_customers, orders, revenue, new_customers, new_orders, new_revenue, returning_customers, returning_orders, returning_revenue
FROM new_and_returning((SELECT purchase_history(c, t, a, 'day') FROM (VALUES
	('eve', date '2024-01-31', -1), ('eve', '2024-02-01', -2), ('flo', '2024-02-10', 100), ('flo', '2024-02-11', 50), ('eve', '2024-03-05', -4), ('flo', '2024-03-05', -16),
	('eve', '2024-04-01', -8), ('eve', '2024-04-02', 200), ('flo', '2024-04-02', 1000), ('flo', '2024-04-20', 2000)) v (c, t, a)), 'month');
-- One customer orders on the 1st, 3rd, 4th and 9th: on which days do the last so
-- many have an order, or more?  Two of the last 2 the 4th has alone, of the last 6
-- the 3rd to 6th (1st and 3rd), to 8th (3rd and 4th), and the 9th (4th and 9th).
SELECT days, string_agg(extract(day FROM period_start)::text, ' ' ORDER BY period_start) FILTER (WHERE trailing_customers = 1) AS one_order,
	   string_agg(extract(day FROM period_start)::text, ' ' ORDER BY period_start) FILTER (WHERE trailing_repeat_customers = 1) AS more_than_one,
	   min(extract(day FROM period_start)) FILTER (WHERE trailing_repeat_rate IS NOT NULL) AS a_rate_from
FROM (SELECT purchase_history(1, date '2024-01-01' + d, 'day') AS h FROM unnest('{0,2,3,8}'::int[]) d) s, unnest('{1,2,3,6,7,100,2147483647}'::int[]) days, new_and_returning(h, 'day', days, '2024-01-20')
GROUP BY days ORDER BY days;

-- ---------------------------------------------------------------------------
-- Where revenue comes from and goes.
-- ---------------------------------------------------------------------------

-- January: Ann and Bob are new, 50. February: Ann pays 10 more, Bob's 40 are gone and
-- 15 too many given back, 16 with Dan's; Cid is new. March: Bob is back with 5, Ann's 20 and
-- Cid's 15 are gone. April: Ann is back with 30.
SELECT period_start, opening, new, expansion, contraction, churned, reactivated, closing, nrr, grr, excess_refunds, is_complete FROM revenue_movements(pg_temp.h('shop', 'month'));
SELECT period_start, opening_customers AS opening, new_customers AS new, expansion_customers AS expansion, contraction_customers AS contraction, churned_customers AS churned,
	   reactivated_customers AS reactivated, closing_customers AS closing, round(customer_retention::numeric, 6) AS customer_retention FROM revenue_movements(pg_temp.h('shop'), 'month');
SELECT r.* FROM revenue_movements(pg_temp.h('shop'), 'quarter', '2024-06-30') r;
-- On February 9th Bob has not given back.
SELECT period_start, opening, new, expansion, contraction, churned, reactivated, closing, excess_refunds, is_complete FROM revenue_movements(pg_temp.h('shop'), as_of => '2024-02-09');
SELECT r.* FROM revenue_movements(pg_temp.h('no amounts', 'month')) r;
-- By letters: a pays the same; b more, less, nothing, something; c gives back in the month what was
-- bought in it, and pays for the first time in the next; d nothing for an order; e gives back before.
SELECT period_start, opening, new, expansion, contraction, churned, reactivated, closing, nrr, grr, opening_customers AS n_o, new_customers AS n_n, expansion_customers AS n_e, contraction_customers AS n_c,
	   churned_customers AS n_ch, reactivated_customers AS n_r, closing_customers AS n_cl, customer_retention AS kept, excess_refunds AS excess
FROM revenue_movements((SELECT purchase_history(c, t, a, 'day') FROM (VALUES
	('a', date '2024-01-01', 1), ('a', '2024-02-01', 1), ('a', '2024-03-01', 0.5), ('a', '2024-03-31', 0.5), ('a', '2024-04-01', 1), ('a', '2024-05-01', 1),
	('b', '2024-01-02', 100), ('b', '2024-02-02', 150), ('b', '2024-03-02', 60), ('b', '2024-04-03', -10), ('b', '2024-05-02', 30), ('b', '2024-05-03', -5),
	('c', '2024-01-03', 40), ('c', '2024-01-04', -40), ('c', '2024-02-03', 7),
	('d', '2024-01-05', 0), ('d', '2024-05-05', 0),
	('e', '2024-01-06', -3), ('e', '2024-04-06', 2000)) v (c, t, a)), 'month', '2024-05-31');
-- Sums that no word holds.
SELECT period_start, opening, new, expansion, contraction, churned, closing, excess_refunds FROM revenue_movements((SELECT purchase_history(c, t, a, 'year') FROM (VALUES
	(1, date '2023-01-01', 9e37), (1, '2024-01-01', 9e38), (1, '2025-01-01', 1e-30), (2, '2023-01-01', 1e40 + 1e-40), (2, '2024-01-01', -1e40), (3, '2023-01-01', 2e-30), (3, '2024-01-01', 1e-30), (3, '2025-01-01', 9e37)) v (c, t, a)));

-- ---------------------------------------------------------------------------
-- The inputs of the models, and the base of the same customers.
-- ---------------------------------------------------------------------------

-- Ann came on 3 days, Bob on 2, Cid on 1.
SELECT * FROM cells(repeat_buying(pg_temp.h('shop')));
-- Ann and Cid on February 4th; Bob is 15 days old.
SELECT * FROM cells(repeat_buying(pg_temp.h('shop'), '2024-02-04'));

SELECT shop, grain, customers(b), orders(b), revenue(b), refunds(b), guest_orders(b), guest_revenue(b), first_order(b)::date, last_order(b)::date, repeat_rate(b)
FROM (SELECT *, customer_base(h) AS b FROM histories) s ORDER BY shop COLLATE "C", grain;

-- ---------------------------------------------------------------------------
-- Little or nothing.
-- ---------------------------------------------------------------------------

-- Of no rows there is no history, and every question of that has no answer.
SELECT shop, h IS NULL AS is_null, (SELECT count(*) FROM cohort_retention(h)) AS cohort_retention, (SELECT count(*) FROM cohort_average(h)) AS cohort_average,
	   (SELECT string_agg(concat_ws(' ', days, eligible, repeated, rate, lower, upper), '; ') FROM repeat_within(h, '{0,9}')) AS repeat_within,
	   (SELECT string_agg(concat_ws(' ', days, eligible, retained, rate, lower, upper), '; ') FROM retained_on(h, '{0,9}')) AS retained_on,
	   (SELECT string_agg(concat_ws(' ', days, eligible, retained, rate, lower, upper), '; ') FROM retained_on_or_after(h, '{0,9}')) AS retained_on_or_after,
	   (SELECT string_agg(concat_ws(' ', from_days, to_days, eligible, retained, rate, lower, upper), '; ') FROM retained_between(h, '{0,1,9}')) AS retained_between,
	   (SELECT string_agg(v::text, '; ') FROM value_within(h, '{0,9}') v) AS value_within
FROM histories WHERE shop IN ('no rows', 'one order', 'guests', 'refunds') ORDER BY shop COLLATE "C";
SELECT shop, (SELECT string_agg(concat_ws(' ', duration, at_risk, events, censored), '; ') FROM kaplan_meier(time_to_order(h))) AS time_to_order,
	   (SELECT string_agg(concat_ws(' ', order_number, customers, reached_next, rate, eligible, eligible_reached_next, coalesce(eligible_rate::text, 'NULL'), coalesce(median_gap_days::text, 'NULL')), '; ') FROM order_ladder(h)) AS order_ladder,
	   order_gap(h), (SELECT string_agg(concat_ws(' ', period_start, opening, new, retained, resurrected, lapsed, closing, coalesce(quick_ratio::text, 'NULL'), is_complete), '; ') FROM lifecycle(h)) AS lifecycle,
	   (SELECT string_agg(concat_ws(' ', repeat_purchases, active_days, age_days, customers), '; ') FROM cells(repeat_buying(h))) AS cells, customer_base(h) IS NULL AS no_base,
	   (SELECT string_agg(concat_ws(' ', duration, at_risk, events, censored), '; ') FROM kaplan_meier(active_life(h))) AS active_life
FROM histories WHERE shop IN ('no rows', 'one order', 'guests', 'refunds') ORDER BY shop COLLATE "C";
SELECT shop, (SELECT string_agg(n::text, '; ') FROM new_and_returning(h) n) AS new_and_returning, (SELECT string_agg(n::text, '; ') FROM new_and_returning(h, 'year', 1, '2024-12-31') n) AS in_a_year,
	   (SELECT string_agg(n::text, '; ') FROM revenue_movements(h) n) AS revenue_movements
FROM histories WHERE shop IN ('no rows', 'one order', 'guests', 'refunds') ORDER BY shop COLLATE "C";
SELECT * FROM cohort_retention(pg_temp.h('one order'));
SELECT count(*) AS not_complete_yet FROM cohort_average(pg_temp.h('one order'));
-- Rows that are skipped are counted, and are nobody's.
SELECT h.what, i.customers, i.guest_orders, (SELECT string_agg(concat_ws(' ', reason, row_count, amount), ', ') FROM excluded_rows(h.h) WHERE row_count > 0) AS rows
FROM (VALUES ('no time', (SELECT purchase_history(NULL::text, NULL::date, 1.5, 'day'))), ('infinite', (SELECT purchase_history('ann', 'infinity'::date, 1.0, 'day'))),
	('no amount', (SELECT purchase_history('ann', date '2024-01-01', NULL::numeric, 'day'))), ('neither', (SELECT purchase_history('ann', NULL::date, NULL::numeric, 'day'))),
	('not finite', (SELECT purchase_history('ann', NULL::date, 'NaN'::numeric, 'day'))), ('not finite, float8', (SELECT purchase_history('ann', NULL::date, 'Infinity'::float8, 'day')))) h (what, h),
	 history_info(h.h) i;
SELECT rollup(h) IS NULL AS nothing FROM histories WHERE shop = 'no rows';
-- A history and nothing.
SELECT i.* FROM (SELECT rollup(h) AS h FROM histories WHERE shop IN ('no rows', 'one order')) s, history_info(h) i;
SELECT i.* FROM (SELECT rollup(h) AS h FROM histories WHERE shop IN ('guests', 'one order', 'refunds')) s, history_info(h) i;

-- Before the first order there is nothing to see, and after the last one there
-- are empty periods.
SELECT as_of, (SELECT count(*) FROM cohort_retention(h, 'month', as_of)) AS cells, (SELECT count(*) FROM cohort_average(h, 'month', as_of)) AS averages,
	   (SELECT string_agg(concat_ws(' ', days, eligible, repeated), '; ') FROM repeat_within(h, '{0,60}', as_of)) AS repeat_within,
	   (SELECT string_agg(concat_ws(' ', days, eligible, retained), '; ') FROM retained_on(h, '{0,60}', as_of)) AS retained_on,
	   (SELECT string_agg(concat_ws(' ', duration, at_risk, events, censored), '; ') FROM kaplan_meier(time_to_order(h, 3, as_of))) AS time_to_order,
	   (SELECT count(*) FROM order_ladder(h, 90, as_of)) AS ladder, order_gap(h, 0.5, as_of) AS gap, (SELECT count(*) FROM lifecycle(h, 'month', 1, as_of)) AS lifecycle,
	   (SELECT count(*) FROM new_and_returning(h, 'month', 1, as_of)) AS new_and_returning,
	   (SELECT sum(customers) FROM cells(repeat_buying(h, as_of))) AS customers
FROM histories, unnest('{2024-01-04,2024-01-05,2024-04-03,2024-04-04,2025-01-01}'::date[]) as_of WHERE shop = 'shop' AND grain = 'day' ORDER BY as_of;

-- Money of any kind adds up exactly; a free order is an order.
SELECT cohort, period_index, orders, revenue, cumulative_revenue
FROM cohort_retention((SELECT purchase_history(c, t, a, 'month') FROM (VALUES (1, date '2024-01-01', 0.1), (1, '2024-01-02', 0.02), (1, '2024-02-01', 0), (1, '2024-03-01', 12345678901234567890.123)) v (c, t, a)));
SELECT cohort, period_index, orders, revenue, cumulative_revenue
FROM cohort_retention((SELECT purchase_history(c, t, a, 'month') FROM (VALUES (1, date '2024-01-01', 0.1::float8), (1, '2024-01-02', 0.2), (1, '2024-02-01', 0)) v (c, t, a)));

SELECT period_start, orders, revenue, new_revenue, returning_revenue
FROM new_and_returning((SELECT purchase_history(c, t, a, 'month') FROM (VALUES (1, date '2024-01-01', 0.1), (1, '2024-01-02', 0.02), (1, '2024-02-01', 0), (2, '2024-02-01', 0.003), (1, '2024-03-01', 12345678901234567890.123)) v (c, t, a)));
SELECT period_start, orders, revenue, new_revenue, returning_revenue
FROM new_and_returning((SELECT purchase_history(c, t, a, 'year') FROM (VALUES (1, date '2023-01-01', 1e18), (2, '2024-01-01', 9e18), (3, '2024-01-01', 9e18), (1, '2024-01-01', -9e18), (4, '2024-01-01', -9e18), (5, '2024-01-01', -9e18)) v (c, t, a)));

-- ---------------------------------------------------------------------------
-- Wrong arguments.
-- ---------------------------------------------------------------------------

CREATE FUNCTION pg_temp.outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
	result text;
BEGIN
	EXECUTE query INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws('; ', state, message, nullif(detail, ''), nullif(hint, ''));
END
$$;
\pset format unaligned
SELECT call, grain, pg_temp.outcome(format('SELECT count(*)::text || '' rows'' FROM histories, LATERAL %s q WHERE shop = ''shop'' AND grain = %L', call, grain)) AS outcome
FROM (VALUES
	(1, 'day', 'cohort_retention(h, max_periods => 0)'), (2, 'day', 'cohort_retention(h, max_periods => -1)'), (3, 'day', 'cohort_average(h, max_periods => 0)'),
	(4, 'day', 'cohort_retention(h, ''fortnight'')'), (5, 'day', 'cohort_retention(h, '''')'), (6, 'month', 'cohort_retention(h, ''day'')'), (7, 'month', 'cohort_retention(h, ''week'')'),
	(8, 'month', 'cohort_average(h, period => ''day'')'), (9, 'month', 'lifecycle(h, ''week'')'), (10, 'day', 'lifecycle(h, ''hour'')'),
	(11, 'day', 'cohort_retention(h, as_of => ''infinity'')'), (12, 'day', 'lifecycle(h, as_of => ''infinity'')'), (13, 'day', 'repeat_within(h, as_of => ''infinity'')'),
	(14, 'day', 'repeat_within(h, ''{30,-1}'')'), (15, 'day', 'repeat_within(h, ''{30,NULL}'')'), (16, 'day', 'repeat_within(h, ''{{30,60},{90,180}}'')'),
	(17, 'month', 'repeat_within(h)'), (18, 'month', 'retained_on(h)'), (19, 'month', 'retained_on_or_after(h)'), (20, 'month', 'retained_between(h)'), (21, 'month', 'repeat_buying(h)'),
	(22, 'day', 'retained_on(h, ''{-1}'')'), (23, 'day', 'retained_on_or_after(h, ''{-1}'')'), (24, 'day', 'retained_between(h, ''{-1,5}'')'),
	(25, 'day', 'retained_between(h, ''{8,1}'')'), (26, 'day', 'retained_between(h, ''{1,1,2}'')'), (27, 'day', 'retained_between(h, ''{1,NULL,2}'')'),
	(28, 'day', 'time_to_order(h, 1)'), (29, 'day', 'time_to_order(h, 0)'), (30, 'day', 'time_to_order(h, -2147483648)'), (31, 'day', 'time_to_order(h, 2147483647)'),
	(32, 'day', 'order_ladder(h, -1)'), (33, 'day', 'order_ladder(h, max_orders => 0)'), (34, 'day', 'order_ladder(h, 2147483647, max_orders => 2147483647)'),
	(35, 'day', 'order_gap(h, 1.5)'), (36, 'day', 'order_gap(h, -0.1)'), (37, 'day', 'order_gap(h, ''NaN'')'),
	(38, 'day', 'lifecycle(h, dormant_after_periods => 0)'), (39, 'day', 'lifecycle(h, dormant_after_periods => -1)'), (40, 'day', 'lifecycle(h, ''year'', 2147483647)'),
	(41, 'day', 'repeat_within(h, ''{2147483647}'')'), (42, 'day', 'retained_between(h, ''{0,2147483647}'')'),
	(43, 'day', 'cohort_retention(h, NULL, NULL, NULL)'), (44, 'day', 'cohort_average(h, NULL)'), (45, 'day', 'repeat_within(h, NULL)'), (46, 'day', 'order_ladder(h, NULL)'),
	(47, 'day', 'new_and_returning(h, trailing_periods => 0)'), (48, 'day', 'new_and_returning(h, trailing_periods => -2147483648)'), (49, 'day', 'new_and_returning(h, ''month'', 2147483647)'),
	(50, 'day', 'new_and_returning(h, trailing_periods => NULL)'), (51, 'day', 'new_and_returning(h, NULL, 1, NULL)'), (52, 'month', 'new_and_returning(h, ''day'')'),
	(53, 'day', 'new_and_returning(h, ''hour'')'), (54, 'day', 'new_and_returning(h, as_of => ''infinity'')'), (55, 'day', 'new_and_returning(h, ''day'', as_of => ''30000-01-01'')'),
	(56, 'month', 'value_within(h)'), (57, 'day', 'value_within(h, ''{30,-1}'')'), (58, 'day', 'value_within(h, ''{30,NULL}'')'), (59, 'day', 'value_within(h, ''{{30},{60}}'')'), (60, 'day', 'value_within(h, ''{0,2147483647}'')'), (61, 'day', 'value_within(h, as_of => ''infinity'')'), (62, 'day', 'value_within(h, NULL)'),
	(63, 'month', 'revenue_movements(h, ''week'')'), (64, 'day', 'revenue_movements(h, ''hour'')'), (65, 'day', 'revenue_movements(h, as_of => ''infinity'')'), (66, 'day', 'revenue_movements(h, ''day'', ''30000-01-01'')'), (67, 'day', 'revenue_movements(h, NULL, NULL)'),
	(68, 'day', 'active_life(h, -1)'), (69, 'day', 'active_life(h, ''NaN'')'), (70, 'day', 'active_life(h, ''infinity'')'), (71, 'day', 'active_life(h, 0)'), (72, 'day', 'active_life(h, as_of => ''infinity'')'), (73, 'day', 'active_life(h, ''90 days'')'), (74, 'day', 'active_life(h, NULL, NULL)')) v (n, grain, call)
ORDER BY n;
-- Amounts that are not finite.
SELECT value, type, pg_temp.outcome(format('SELECT purchase_history(1, date ''2024-01-01'', %L::%s, ''day'')', value, type)) AS outcome
FROM unnest('{NaN,Infinity,-Infinity}'::text[]) value, unnest('{numeric,float8}'::text[]) type;
-- Not so where the row is skipped for something else; a guest's amount is looked at.
SELECT pg_temp.outcome('SELECT purchase_history(1, NULL::date, ''NaN''::numeric, ''day'') IS NULL') AS no_time,
	   pg_temp.outcome('SELECT purchase_history(NULL::int8, date ''2024-01-01'', ''NaN''::numeric, ''day'')') AS guest;
-- What is no history.
SELECT text, pg_temp.outcome(format('SELECT %L::purchase_history', text)) AS outcome FROM unnest('{"",x,AAAA,"0123456789abcdef"}'::text[]) text;
\pset format aligned

-- Small histories of many shapes, and what can happen to their bytes.
CREATE TEMP TABLE victims AS
SELECT _retention_purchase_history_send(h) AS bytes FROM (
	SELECT purchase_history(n % 5, date '2024-01-01' + n * 9, n - 3.5, 'day') AS h FROM generate_series(1, 12) n
	UNION ALL SELECT purchase_history(n % 5, timestamptz '2024-01-01' + n * interval '9 days', 'month', 'Asia/Tokyo') FROM generate_series(1, 12) n
	UNION ALL SELECT purchase_history(md5(n::text)::uuid, timestamp '2024-01-01' + n * interval '1 day', 0.25::float8, 'week') FROM generate_series(1, 3) n
	UNION ALL SELECT purchase_history('customer ' || n % 2, date '2024-01-01' + n * 70, n * 1e25, 'quarter') FROM generate_series(1, 6) n
	UNION ALL SELECT purchase_history(n % 3, date '2024-01-01' + n * 9, CASE n % 4 WHEN 1 THEN -1e40 WHEN 2 THEN 1e39 ELSE n END + 0.25, 'day') FROM generate_series(1, 6) n
	UNION ALL SELECT purchase_history(nullif(n, 2), date '2024-01-01', 1.5 - n, 'year') FROM generate_series(1, 3) n
	UNION ALL SELECT purchase_history(n, date '2024-01-01', 'day') FROM unnest(ARRAY[NULL, NULL]::int8[]) n) s;
CREATE FUNCTION pg_temp.kept(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	h purchase_history;
BEGIN
	h := replace(encode(bytes, 'base64'), E'\n', '');
	IF _retention_purchase_history_send(h) <> bytes THEN
		RETURN 'changed';
	END IF;
	-- what was accepted answers, and can be added to
	BEGIN
		PERFORM i.*, (SELECT count(*) FROM cohort_retention(h, max_periods => 10)), customer_base(h) FROM history_info(h) i;
		RETURN CASE WHEN (history_info(h + h)).orders = 2 * (history_info(h)).orders THEN 'accepted' ELSE 'changed' END;
	EXCEPTION WHEN numeric_value_out_of_range OR datetime_field_overflow OR invalid_parameter_value OR program_limit_exceeded THEN
		RETURN 'accepted';
	END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT what, count(*) FILTER (WHERE outcome ~ '^22P0') > 0 AS errors, count(*) FILTER (WHERE outcome = 'accepted') AS accepted,
	   array_agg(DISTINCT outcome) FILTER (WHERE outcome !~ '^22P0|^accepted$') AS others
FROM (SELECT what, pg_temp.kept(bytes) AS outcome FROM (
	SELECT 'none' AS what, bytes FROM victims
	UNION ALL SELECT 'cut', substr(bytes, 1, n) FROM victims, generate_series(1, length(bytes) - 1) n
	UNION ALL SELECT 'beginning cut', substr(bytes, n) FROM victims, generate_series(2, length(bytes)) n
	UNION ALL SELECT 'bit flipped', set_bit(bytes, n, 1 - get_bit(bytes, n)) FROM victims, generate_series(0, length(bytes) * 8 - 1) n
	UNION ALL SELECT 'byte set', set_byte(bytes, n, v) FROM victims, generate_series(0, length(bytes) - 1) n, unnest(ARRAY[0, 1, 127, 128, 255]) v WHERE get_byte(bytes, n) <> v
	UNION ALL SELECT 'byte left out', substr(bytes, 1, n) || substr(bytes, n + 2) FROM victims, generate_series(0, length(bytes) - 1) n
	UNION ALL SELECT 'byte put in', substr(bytes, 1, n) || set_byte('\x00', 0, v) || substr(bytes, n + 1) FROM victims, generate_series(0, length(bytes)) n, unnest(ARRAY[0, 1, 128, 255]) v
	UNION ALL SELECT 'huge numbers', substr(bytes, 1, n) || '\xffffffffffffffffff01'::bytea || substr(bytes, n + 1) FROM victims, generate_series(0, length(bytes)) n
	UNION ALL SELECT 'two values', a.bytes || b.bytes FROM victims a, victims b) m) m
GROUP BY what ORDER BY what COLLATE "C";
-- Claims: customers and entries, a sum's bytes; a hundred thousand entries of a customer; money elsewhere.
\pset format unaligned
SELECT what, pg_temp.outcome(format('SELECT %L::purchase_history', replace(encode(decode('010103010100' || hex, 'hex'), 'base64'), E'\n', ''))) AS outcome
FROM (VALUES
	('2^63 - 1 entries', '0101' || 'ffffffffffffffff7f' || '010200000000' || '0000' || '0100' || '010001000100' || '0000000000000000'),
	('100,000 entries', '0101a08d06a08d06c09a0c00000000' || '00' || '9f8d06' || '0100' || '010001000100' || '0113000000' || '00' || '0102030405060708' || '000002' || '00' || '039f8601' || '00' || '01' || '0000000000000000'),
	('a sum of 2^40 bytes', '010101010200000000' || '0000' || '0100' || '808080808020' || '01'),
	('money of three words', '000000000000000000' || '0300' || '010001000100' || '0000000000000000'),
	('money of guests', '000000000000000000' || '0100' || '010001000107' || '0000000000000000'),
	('refunds that nobody was given', '000000000000000000' || '0100' || '010001ff0100' || '0000000000000000'),
	('2^40 of money elsewhere', '000000000000000000' || '0100' || '010001000100' || '0206000000' || '808080808020' || '0000000000000000'),
	('1000 of money elsewhere', '000000000000000000' || '0100' || '010001000100' || '0202000000' || 'e807' || '0000000000000000'),
	('none of money elsewhere', '000000000000000000' || '0100' || '010001000100' || '0201000000' || '00' || '0000000000000000'),
	('small money elsewhere', '000000000000000000' || '0100' || '010001000100' || '021c000000' || '01' || repeat('00', 24) || '00' || '0107' || '0000000000000000'),
	('money elsewhere, with zeros', '000000000000000000' || '0101' || '010001000100' || '022c000000' || '01' || repeat('00', 24) || '01' || '11' || '00000000805dc59b5eb9d9c008f6369214' || '0000000000000000'),
	('money elsewhere, of more digits', '000000000000000000' || '0100' || '010001000100' || '022c000000' || '01' || repeat('00', 24) || '01' || '11' || repeat('07', 17) || '0000000000000000'),
	('money elsewhere, of nobody', '000000000000000000' || '0100' || '010001000100' || '022c000000' || '01' || repeat('00', 24) || '00' || '11' || repeat('07', 17) || '0000000000000000'),
	('money elsewhere, behind customers', '000000000000000000' || '0100' || '010001000100' || '022c000000' || '01' || repeat('00', 24) || '00' || '11' || repeat('07', 17)
		|| '022c000000' || '01' || repeat('01', 24) || '00' || '11' || repeat('07', 17) || '0000000000000000'),
	('money elsewhere, without amounts', '000000000000000000' || '022c000000' || '01' || repeat('00', 24) || '00' || '11' || repeat('07', 17) || '0000000000000000'),
	('a guest', '000000000000020000' || '0100' || '010001000100' || '0306000000' || '010402000000' || '0000000000000000'),
	('a guest who is a customer', '000000000000020000' || '0100' || '010001000100' || '0306000000' || '010002000000' || '0000000000000000'),
	('a guest of another kind', '000000000000000000' || '0100' || '010001000100' || '0306000000' || '011A02000000' || '0000000000000000'),
	('no amount, on a day', '000000000000000000' || '0100' || '010001000100' || '0306000000' || '012802000000' || '0000000000000000'),
	('no guest', '000000000000000000' || '0100' || '010001000100' || '0306000000' || '010400000000' || '0000000000000000'),
	('1000 guests', '000000000000000000' || '0100' || '010001000100' || '0307000000' || 'e8070402010000' || '0000000000000000'),
	('no block of guests', '000000000000000000' || '0100' || '010001000100' || '0301000000' || '00' || '0000000000000000'),
	('guests behind customers', '010101010202000000' || '0000' || '0100' || '010001000100' || '0112000000' || '00' || '0102030405060708' || '000002' || '00' || '00' || '00' || '00' || '00' || '00' || '0306000000' || '010402000000' || '0000000000000000'),
	('a block that nobody knows', '000000000000000000' || '0100' || '010001000100' || '7f00000000' || '0000000000000000'),
	('no end', '000000000000000000' || '0100' || '010001000100' || '000000000000'),
	('more behind the end', '000000000000000000' || '0100' || '010001000100' || '000000000000000000')) v (what, hex);
