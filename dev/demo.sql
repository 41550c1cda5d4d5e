-- The metrics of the table orders (customer_id, ordered_at, amount), each with
-- the SQL that makes it, and of the views over it in the schema shop (demo-views.sql).
-- test/docs compares them with plain SQL, by the names behind "plain:". psql's
-- variables: currency, that of the amounts, or none.

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

\if :{?currency}
-- shown only: whether it is known
SELECT :'currency' <> '' AS named
\gset
\if :named
\echo 'Amounts are in' :currency
\endif
\endif

\echo
\echo '---- What a customer is worth ------------------------------------------------'
\echo
-- plain: worth
\set ECHO queries
SELECT round(customer_value, 2)                      AS paid_to_date,
       round(expected_revenue_per_customer, 2)       AS expected_in_a_year,
       round(expected_revenue_per_customer_lower, 2) AS lower,
       round(expected_revenue_per_customer_upper, 2) AS upper,
       converged, message
FROM shop.kpi, shop.outlook;
\set ECHO none
\echo 'paid_to_date        what a customer has paid so far: a fact'
\echo 'expected_in_a_year  what today''s customers will pay in the year to come, on average:'
\echo '                    of all together between lower and upper, 95 times of 100; NULL:'
\echo '                    the orders don''t tell yet. Believed only if the models converged'
\echo
\echo 'The textbook has another number, a year''s value x the lifespan you expect. It'
\echo 'supposes that all customers had been there for as long as the shop, and go on so:'
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
\pset expanded off
\pset tuples_only off

\echo '---- Month by month: the last twelve ---------------------------------------'
\echo
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
HAVING count(*) FILTER (WHERE amount >= 0) > 0
ORDER BY 1 DESC
LIMIT 12;
\set ECHO none
\echo 'Of each month by itself: repeat_rate is the share of the month''s customers who'
\echo 'ordered more than once in it. A month of refunds alone is not shown.'

\echo
\echo '---- Who comes back ---------------------------------------------------------'
\echo
-- plain: cohorts
\set ECHO queries
CREATE TEMP TABLE shop_history AS
SELECT purchase_history(customer_id, ordered_at, amount, 'day') AS h FROM orders;

SELECT cohort, cohort_size AS customers,
       string_agg(CASE WHEN cohort_size < 5 THEN lpad(active || '/' || cohort_size, 6)
                       ELSE to_char(100 * retention, '990.9') END, ' ' ORDER BY period_index)
         AS "% who ordered in their quarter 1, 2, 3 ..."
FROM shop_history, cohort_retention(h, period => 'quarter')
WHERE is_complete AND period_index > 0
GROUP BY cohort, cohort_size
ORDER BY cohort DESC
LIMIT 8;
\set ECHO none
\echo 'A cohort is the customers whose first order fell in the quarter. Of fewer than five'
\echo 'it says how many.'
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
SELECT customer::text AS customer, status, last_order, recency_days AS days_silent, orders,
       round(revenue, 2) AS paid, round(expected_revenue_12_months, 2) AS expected_in_a_year
FROM shop.customers
WHERE status IN ('at risk', 'dormant')
ORDER BY coalesce(expected_revenue_12_months, 0) DESC, revenue DESC, customer
LIMIT 15;
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
\echo 'Silent for longer than 9 of 10 pauses between two orders last (at risk), or twice that'
\echo '(dormant); those first of whom most is expected. The report has the same list, and'
\echo 'saves it as CSV.'

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
