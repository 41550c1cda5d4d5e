--@view customers
--@about Each known customer with an order, and what is known and expected of them: one row a customer. "Now" is the day of the last order of all (kpi.last_order). With as_of it is that day; with until_day it is that day, if an order came later. With from_day or until_day it lists the customers with an order on these days, and what is known of them then: orders and revenue are to date, those before from_day too, and scores are against all customers.
--@key customer
--@index @own_customer@
--@reads order_history, segment_history, rfm_segment_names, rfm_thresholds
--@segment_columns
--@column customer: the customer, as in the order table; a number if it is one there, else a text
--@column orders: orders (@order@)
--@column revenue: sum of all amounts, refunds (@refunds@) subtracted: what the customer has paid to date
--@column aov: average order value: revenue / orders
--@column refunds: number of refunds (@refund@); a refund is no order
--@column refunded: @refunded@; it is subtracted in revenue already
--@column first_order: day of the first order, on the shop's calendar
--@column last_order: day of the last order, on the shop's calendar
--@column lifespan_days: last order - first order, in days of the calendar; 0 with all orders on one day
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
--@column updated_at: @updated_at@
WITH shop AS MATERIALIZED (
    SELECT history FROM @shop@
), model AS MATERIALIZED (
    SELECT @r@fit_purchases(@r@repeat_buying(history, @as_of@), @model@::text) AS purchases, @r@fit_spend(@r@repeat_spend(history, @as_of@)) AS spend
    FROM shop
), kept AS MATERIALIZED (
    SELECT metric, ARRAY[p20, p40, p60, p80] AS thresholds FROM @schema@.rfm_thresholds
)@parts@
SELECT (c).customer@customer_text@ AS customer,
       (c).orders,
       (c).revenue::numeric(38, 4) AS revenue,
       ((c).revenue / (c).orders)::numeric(38, 4) AS aov,
       (c).refunds,
       (c).refunded::numeric(38, 4) AS refunded,
       (c).first_order,
       (c).last_order,
       (c).lifespan_days,
       (c).age_days,
       (c).recency_days,
       (c).lifespan_days / nullif((c).orders - 1, 0)::float8 AS mean_gap_days,
       (c).next_order_due,
       (c).recency_score,
       (c).frequency_score,
       (c).monetary_score,
       names.segment,
       (c).status,
       (c).revenue_decile,
       (outlook).p_alive,
       (outlook).expected_purchases AS expected_purchases_12_months,
       (outlook).expected_revenue::numeric(38, 4) AS expected_revenue_12_months,
       (outlook).predicted_clv::numeric(38, 4) AS predicted_clv,
       now() AS updated_at@segment_columns@
FROM (SELECT c,
             @r@_retention_outlook((SELECT purchases FROM model), (SELECT spend FROM model), (c).order_days, (c).lifespan_days, (c).age_days, (c).repeat_spend,
                                   coalesce(@lifespan@, interval '3 years'), @margin@::float8) AS outlook
      FROM (SELECT @r@_retention_customers_@key@(history, @as_of@, NULL::@r@purchase_history, (SELECT thresholds FROM kept WHERE metric = 'recency'),
                                                 (SELECT thresholds FROM kept WHERE metric = 'frequency'),
                                                 (SELECT thresholds FROM kept WHERE metric = 'monetary'),
                                                 @histories_of_parts@, @segments_of_parts@) AS c
            FROM shop) AS list
      -- a part of its own: each is asked once, and not at all if nobody reads what it says
      OFFSET 0) AS s
     -- one row for each pair, whatever has been put there
     LEFT JOIN (SELECT n.recency_score, n.frequency_score, string_agg(DISTINCT n.segment, ' or ') AS segment
                FROM @schema@.rfm_segment_names AS n
                GROUP BY 1, 2) AS names ON names.recency_score = (c).recency_score AND names.frequency_score = (c).frequency_score@customers_in_window@
