--@view customers
--@about Each known customer with an order, and what is known and expected of them: one row a customer. "Now" is the day of the last order of all (kpi.last_order).
--@key customer
--@reads order_history, rfm_segment_names, rfm_thresholds
--@column customer: the customer, as in the order table; a number if it is one there, else a text
--@column orders: orders (@order@)
--@column revenue: sum of all amounts, refunds (@refunds@) subtracted: what the customer has paid to date
--@column aov: average order value: revenue / orders
--@column first_order: day of the first order, on the shop's calendar
--@column last_order: day of the last order, on the shop's calendar
--@column lifespan_days: last order - first order, in days of 24 hours; 0 with one order
--@column age_days: days of the calendar from the first order to now
--@column recency_days: days of the calendar from the last order to now
--@column mean_gap_days: lifespan_days / (orders - 1): mean time between two orders; NULL with one order
--@column next_order_due: day the next order is due: last_order + median gap between two days with an order of this customer; may be in the past; NULL with orders on one day only
--@column recency_score: R, 1 to 5, 5 for the fifth of the customers who ordered last; equal days get equal scores. Thresholds: those of rfm_thresholds, else the quintiles of today (rfm_quintiles)
--@column frequency_score: F, 1 to 5, 5 for the fifth of the customers with most orders; equal numbers get equal scores
--@column monetary_score: M, 1 to 5, 5 for the fifth of the customers with most revenue; equal revenues get equal scores
--@column segment: name of recency_score and frequency_score in rfm_segment_names, which you may replace. It is made of scores, against the other customers, where status looks at the time alone: the two may differ, also where a segment has a status's name
--@column status: new (one order), active (more), both ordered within the usual time; at risk: silent for longer than it; dormant: twice; lost: three times that. The usual time is that in which 9 of 10 orders that follow another one come (the 90 % quantile of all gaps between two orders of a customer; 90 days if that is 0 or nobody ordered twice)
--@column revenue_decile: 10 for the tenth of the customers with most revenue, 1 for the least; equal revenues get equal deciles
--@column p_alive: probability (0 to 1) that the customer will order again at all, by the model @model@ fitted to all customers. Near 1 for everybody where the orders do not show that anybody leaves, as often in a shop of one year; model_info() says so, and another model may see more
--@column expected_purchases_12_months: days with an order that the model expects in the 12 months from now
--@column expected_revenue_12_months: what the customer is expected to spend in the 12 months from now: expected orders x expected spend (gamma-gamma model, Fader & Hardie 2013), not discounted; NULL if no amounts above 0 are known of their repeat orders, or nobody has any
--@column predicted_clv: expected value of the customer from now on: margin x expected spend of each expected order, discounted by 10 % a year, over the lifespan these views were made with, or 3 years; NULL where expected_revenue_12_months is
WITH shop AS MATERIALIZED (
    SELECT history FROM @schema@.order_history
), calendar AS MATERIALIZED (
    -- the history is large: it is read as seldom as can be
    SELECT (@r@history_info(history)).last_order AS today, coalesce(nullif(@r@order_gap(history, 0.9::float8, NULL::date, NULL::@r@purchase_history), 0), 90) AS usual_gap
    FROM shop
), model AS MATERIALIZED (
    SELECT @r@fit_purchases(@r@repeat_buying(history, NULL::date), @model@::text) AS purchases, @r@fit_spend(@r@repeat_spend(history, NULL::date)) AS spend
    FROM shop
), kept AS MATERIALIZED (
    SELECT metric, ARRAY[p20, p40, p60, p80] AS thresholds FROM @schema@.rfm_thresholds
), customer AS (
    SELECT customer, orders, revenue, lifespan_days, first_order, last_order, next_order_due, rfm,
           (SELECT today FROM calendar) - first_order AS age_days,
           (SELECT today FROM calendar) - last_order AS recency_days
    FROM (SELECT customer,
                 count(*) FILTER (WHERE @is_order@) AS orders,
                 sum(amount) AS revenue,
                 @lifespan_seconds@ / 86400 AS lifespan_days,
                 (min(ordered_at) FILTER (WHERE @is_order@)@local@)::date AS first_order,
                 (max(ordered_at) FILTER (WHERE @is_order@)@local@)::date AS last_order,
                 @r@@own@next_order_due_day(day, @amount@, (SELECT today FROM calendar)) AS next_order_due,
                 @r@@own@rfm_summary(day, @amount@, (SELECT today FROM calendar)) AS rfm
          -- Sorted rows make a group at a time: of many customers that is faster than
          -- a hash table of them, and smaller.  Texts are told apart as bytes are.
          FROM (SELECT customer@as_bytes@ AS customer, ordered_at, @amount@, @r@period_start(ordered_at, 'day'::text@zone@) AS day
                FROM @rows@ AS o
                -- without an order there is no now, and nobody to list
                WHERE customer IS NOT NULL AND (SELECT today FROM calendar) IS NOT NULL
                @by_customer@) AS o
          GROUP BY customer) AS c
    WHERE orders > 0
), ranked AS (
    -- How many customers have less: equal values have equally many.  Revenues are
    -- compared as rfm_quintiles sees them and rfm_thresholds keeps them.
    SELECT *, count(*) OVER () AS customers,
           rank() OVER (ORDER BY recency_days) - 1 AS less_recency,
           rank() OVER (ORDER BY orders) - 1 AS less_orders,
           rank() OVER (ORDER BY monetary) - 1 AS less_revenue
    FROM (SELECT *, revenue::numeric(38, 4)::float8 AS monetary FROM customer) AS c
), scored AS (
    SELECT *,
           coalesce(6 - @r@rfm_score(recency_days::float8, (SELECT thresholds FROM kept WHERE metric = 'recency')),
                    5 - 5 * less_recency / customers)::int4 AS recency_score,
           coalesce(@r@rfm_score(orders::float8, (SELECT thresholds FROM kept WHERE metric = 'frequency')),
                    1 + 5 * less_orders / customers)::int4 AS frequency_score,
           coalesce(@r@rfm_score(monetary, (SELECT thresholds FROM kept WHERE metric = 'monetary')),
                    1 + 5 * less_revenue / customers)::int4 AS monetary_score
    FROM ranked
)
SELECT customer@customer_text@ AS customer,
       orders,
       revenue::numeric(38, 4) AS revenue,
       (revenue / orders)::numeric(38, 4) AS aov,
       first_order,
       last_order,
       lifespan_days,
       age_days,
       recency_days,
       lifespan_days / nullif(orders - 1, 0) AS mean_gap_days,
       next_order_due,
       s.recency_score,
       s.frequency_score,
       monetary_score,
       names.segment,
       CASE WHEN recency_days > 3 * (SELECT usual_gap FROM calendar) THEN 'lost'
            WHEN recency_days > 2 * (SELECT usual_gap FROM calendar) THEN 'dormant'
            WHEN recency_days > (SELECT usual_gap FROM calendar) THEN 'at risk'
            WHEN orders = 1 THEN 'new'
            ELSE 'active' END AS status,
       (1 + 10 * less_revenue / customers)::int4 AS revenue_decile,
       @r@p_alive((SELECT purchases FROM model), rfm, NULL::date) AS p_alive,
       @r@expected_purchases((SELECT purchases FROM model), rfm, interval '1 year') AS expected_purchases_12_months,
       @r@predicted_clv((SELECT purchases FROM model), (SELECT spend FROM model), rfm, interval '1 year', 0::float8, 1::float8)::numeric(38, 4) AS expected_revenue_12_months,
       @r@predicted_clv((SELECT purchases FROM model), (SELECT spend FROM model), rfm, coalesce(@lifespan@, interval '3 years'), 0.1::float8, @margin@::float8)::numeric(38, 4) AS predicted_clv
FROM scored AS s
     -- one row for each pair, whatever has been put there
     LEFT JOIN (SELECT n.recency_score, n.frequency_score, string_agg(DISTINCT n.segment, ' or ') AS segment
                FROM @schema@.rfm_segment_names AS n
                GROUP BY 1, 2) AS names USING (recency_score, frequency_score)
