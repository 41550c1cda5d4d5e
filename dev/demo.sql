-- The metrics of the table orders (customer_id, ordered_at, amount), each with
-- the SQL that makes it.  test/docs compares them with plain SQL, by the names behind
-- "plain:".

\pset null NULL
\pset footer off

\echo
\echo '---- The metrics, one word each --------------------------------------------'
\echo
\pset expanded on
\pset tuples_only on
-- plain: metrics
\set ECHO queries
SELECT aov(amount),
       purchase_frequency(customer_id)        FILTER (WHERE amount >= 0),
       repeat_rate(customer_id)               FILTER (WHERE amount >= 0),
       lifetime_span(customer_id, ordered_at) FILTER (WHERE amount >= 0),
       customer_value(customer_id, amount)
FROM orders;
\set ECHO none
\echo 'aov                 average order value'
\echo 'purchase_frequency  orders of a customer'
\echo 'repeat_rate         share of the customers who came back'
\echo 'lifetime_span       first to last order, the mean of all customers'
\echo 'customer_value      what a customer has paid so far'
\echo
\echo 'A negative amount is a refund: less revenue, never an order. The metrics that'
\echo 'see no amount count every row, so a FILTER takes the refunds from them.'

\echo
\echo '---- Customer lifetime value, read right ------------------------------------'
\echo
\pset expanded off
\pset tuples_only off
-- plain: lifetime_value
\set ECHO queries
SELECT round(clv(base, lifespan => '3 years'), 2) AS of_three_years,
       round(customer_value(base), 2)             AS to_date,
       round(clv(base), 2)                        AS of_measured_lifespan
FROM (SELECT customer_base(customer_id, ordered_at, amount) AS base
      FROM orders) AS shop;
\set ECHO none
\echo 'of_three_years        the textbook: a year''s value x the lifespan you expect'
\echo 'to_date               what a customer has paid so far: a fact'
\echo 'of_measured_lifespan  x the mean lifespan seen so far: in every shop at most what has'
\echo '                      been paid, as no span is longer than the time there are orders of'
\echo
\echo 'The parts of the first:'
\echo
\pset expanded on
\pset tuples_only on
-- plain: parts
\set ECHO queries
SELECT parts.*
FROM (SELECT customer_base(customer_id, ordered_at, amount) AS base
      FROM orders) AS shop,
     clv_breakdown(base, lifespan => '3 years') AS parts;
\set ECHO none

\echo '---- Month by month: the last twelve ---------------------------------------'
\echo
\pset expanded off
\pset tuples_only off
-- plain: months
\set ECHO queries
SELECT date_trunc('month', ordered_at)::date                  AS month,
       count(*) FILTER (WHERE amount >= 0)                    AS orders,
       round(aov(amount), 2)                                  AS aov,
       round((purchase_frequency(customer_id) FILTER (WHERE amount >= 0))::numeric, 3)
                                                              AS purchase_frequency,
       round((repeat_rate(customer_id) FILTER (WHERE amount >= 0))::numeric, 3)
                                                              AS repeat_rate
FROM orders
WHERE isfinite(ordered_at)
GROUP BY 1
ORDER BY 1 DESC
LIMIT 12;
\set ECHO none
\echo 'Of each month by itself: repeat_rate is the share of the month''s customers who'
\echo 'ordered more than once in it.'

\echo
\echo '---- Who comes back ---------------------------------------------------------'
\echo
-- plain: cohorts
\set ECHO queries
CREATE TEMP TABLE shop_history AS
SELECT purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM orders;

SELECT cohort, cohort_size AS customers,
       string_agg(to_char(100 * retention, '990.9'), ' ' ORDER BY period_index)
         AS "% who ordered in their quarter 0, 1, 2 ..."
FROM shop_history, cohort_retention(h, period => 'quarter')
WHERE is_complete
GROUP BY cohort, cohort_size
ORDER BY cohort DESC
LIMIT 8;
\set ECHO none
\echo 'A cohort is the customers whose first order fell in the quarter.'
\echo
-- plain: repeat
\set ECHO queries
SELECT days, eligible, repeated, round(rate::numeric, 3) AS rate,
       round(lower::numeric, 3) AS lower, round(upper::numeric, 3) AS upper
FROM shop_history, repeat_within(h);
\set ECHO none
\echo 'Ordered again within so many days of the first order, of the customers who are that'
\echo 'old; with the bounds that hold the true share 95 times of 100.'

\echo
\echo '---- Who is worth winning back ----------------------------------------------'
\echo
\o winning-back
-- plain: winning_back
\set ECHO queries
SELECT customer, repeat_purchases + 1 AS purchases, age_days - active_days AS days_silent,
       round(p_alive::numeric, 2)            AS p_alive,
       round(expected_purchases::numeric, 2) AS expected_purchases,
       round(predicted_clv::numeric, 2)      AS predicted_clv
FROM predict_customers('orders', 'customer_id', 'ordered_at', 'amount',
                       horizon => '1 year') AS p
WHERE repeat_purchases >= 2 AND p_alive BETWEEN 0.1 AND 0.5
ORDER BY p.predicted_clv / p_alive DESC NULLS LAST, customer
LIMIT 5;
\set ECHO none
\o
-- shown only: whether the query before had rows
SELECT :ROW_COUNT = 0 AS nobody
\gset
\if :nobody
\echo '(none)'
\echo
\else
\! cat winning-back
\endif
\echo 'Good customers who may be about to leave: p_alive is the chance that they have'
\echo 'not, predicted_clv what the next year brings of them as things stand.'

\echo
\echo '---- Which rows are in the numbers -----------------------------------------'
\echo
-- plain: rows
\set ECHO queries
SELECT line.*
FROM (SELECT customer_base(customer_id, ordered_at, amount) AS base,
             count(*) AS n, sum(amount) AS total
      FROM orders) AS shop,
     LATERAL (VALUES
       ('orders of customers', orders(base),       revenue(base) + refunded(base)),
       ('their refunds',       refunds(base),      -refunded(base)),
       ('guests',              guest_orders(base), guest_revenue(base)),
       ('skipped',             n - orders(base) - refunds(base) - guest_orders(base),
                               total - revenue(base) - guest_revenue(base)),
       ('all rows',            n,                  total)) AS line (what, "rows", money);
\set ECHO none
\echo 'A row without a customer is a guest: counted by aov(amount), never a repeat'
\echo 'customer. Skipped: rows without an amount or a time, and refunds to guests, which'
\echo 'are in the money of the guests.'
\echo
