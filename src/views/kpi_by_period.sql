--@view kpi_by_period
--@about The same numbers for each period by itself, and how much of it is of new customers: one row for each period from that of the first order (or refund, or guest's order) to that of the last one, also where there were none. A customer of two periods is in both.
--@key period_start
--@column period_start: first day of the period (day, week from Monday, month, quarter or year) on the shop's calendar
--@column period_label: the period as a text, which no tool moves by a time zone: 2026-03-09, 2026-W11, 2026-03, 2026-Q1, 2026
--@column is_complete: false from the period on that the last order of a known customer falls in (the last period, if there is none), as in cohort_retention and lifecycle: it may not be over, and a later refund does not tell that it is
--@column customers: known customers with an order in the period
--@column repeat_customers: customers with more than one order in the period
--@column repeat_rate: repeat_customers / customers, 0 to 1: of the period by itself, and so the lower the shorter it is; NULL without customers
--@column new_customers: customers whose first order of all is in the period
--@column returning_customers: customers with an order in the period who had one in an earlier period
--@column orders: orders (@order@) of known customers
--@column new_orders: orders of new_customers in the period
--@column returning_orders: orders of returning_customers in the period
--@column purchase_frequency: orders / customers; NULL without customers
--@column revenue: sum of the period's amounts of known customers, refunds (@refunds@) of the period subtracted
--@column new_revenue: what new_customers have paid in the period, refunds subtracted
--@column returning_revenue: revenue - new_revenue; also refunds to customers without an order in the period
--@column customer_value: revenue / customers; NULL without customers
--@column refunds: number of refunds (@refund@) to known customers; a refund is no order
--@column refunded: @refunded@; it is subtracted in revenue already
--@column guest_orders: orders without a customer
--@column guest_revenue: sum of all amounts without a customer, refunds subtracted
--@column all_orders: orders + guest_orders
--@column all_revenue: revenue + guest_revenue
--@column aov: average order value: all_revenue / all_orders; NULL without orders
--@column lifespan_days: mean over the customers of last order - first order within the period, in days of 24 hours; a customer with one order in it counts 0
--@column clv: customer lifetime value if each customer of the period bought in every period what they bought in this one: margin x customer_value / years of the period x lifespan in years; a lifespan that was not given is the mean of the whole shop. Customers without an order in the period are not in it, so it is far above kpi.clv: to be compared between periods of about one length, not with that (customer_value does not depend on the length). Too low while the period is not complete
--@column top_20_percent_revenue: revenue of the 20 % of the period's customers who have paid most in it
--@column top_20_percent_share: top_20_percent_revenue / revenue of the period's customers with an order in it, 0 to 1, or a little above where the rest got back more than they paid; NULL unless that is above 0
--@column trailing_12_months_customers: customers with an order in the 12 months that end with the period (@trailing@ periods)
--@column trailing_12_months_repeat_customers: customers with more than one order in these 12 months
--@column trailing_12_months_repeat_rate: the share of these in those, 0 to 1; NULL until there are 12 months to look back on
WITH by_period AS MATERIALIZED (
    SELECT period, @r@@own@customer_base(customer, ordered_at, @amount@) AS base,
           @r@@own@purchase_history(customer, ordered_at, @amount@, @period@@zone@) AS history
    -- sorted, so that one period at a time is in memory, and not all of them
    FROM (SELECT customer, ordered_at, @amount@, @r@period_start(ordered_at, @period@@zone@) AS period
          FROM @rows@ AS r
          ORDER BY period) AS o
    GROUP BY period
), shop AS MATERIALIZED (
    SELECT max(period) AS last, max(period) FILTER (WHERE @r@orders(base) > 0) AS last_ordered
    FROM by_period
), periods AS (
    SELECT starts::date AS period
    FROM (SELECT min(period)::timestamp AS first, max(period)::timestamp AS last FROM by_period) AS span,
         generate_series(first, last, @step@) AS starts
)
SELECT period AS period_start, @period_label@ AS period_label,
       period < coalesce(shop.last_ordered, shop.last) AS is_complete,
       coalesce(@r@customers(base), 0) AS customers,
       coalesce(active.repeat_customers, 0) AS repeat_customers,
       @r@repeat_rate(base) AS repeat_rate,
       coalesce(active.new_customers, 0) AS new_customers,
       coalesce(active.returning_customers, 0) AS returning_customers,
       coalesce(@r@orders(base), 0) AS orders,
       coalesce(active.new_orders, 0) AS new_orders,
       coalesce(active.returning_orders, 0) AS returning_orders,
       @r@purchase_frequency(base) AS purchase_frequency,
       coalesce(@r@revenue(base), 0)::numeric(38, 4) AS revenue,
       coalesce(active.new_revenue, 0)::numeric(38, 4) AS new_revenue,
       (coalesce(@r@revenue(base), 0)::numeric(38, 4) - coalesce(active.new_revenue, 0)::numeric(38, 4))::numeric(38, 4) AS returning_revenue,
       @r@customer_value(base)::numeric(38, 4) AS customer_value,
       coalesce(@r@refunds(base), 0) AS refunds,
       coalesce(@r@refunded(base), 0)::numeric(38, 4) AS refunded,
       coalesce(@r@guest_orders(base), 0) AS guest_orders,
       coalesce(@r@guest_revenue(base), 0)::numeric(38, 4) AS guest_revenue,
       coalesce(@r@orders(base) + @r@guest_orders(base), 0) AS all_orders,
       coalesce(@r@revenue(base) + @r@guest_revenue(base), 0)::numeric(38, 4) AS all_revenue,
       ((@r@revenue(base) + @r@guest_revenue(base)) / nullif(@r@orders(base) + @r@guest_orders(base), 0))::numeric(38, 4) AS aov,
       (extract(epoch FROM @r@lifetime_span(base)) / 86400)::float8 AS lifespan_days,
       @r@clv(base, coalesce(@lifespan@, (SELECT @r@lifetime_span(@r@rollup(base)) FROM by_period)), make_interval(days => (period + @step@)::date - period),
              @margin@::numeric, NULL::numeric)::numeric(38, 4) AS clv,
       (SELECT (@r@revenue_concentration(base, 5)).revenue LIMIT 1)::numeric(38, 4) AS top_20_percent_revenue,
       @r@top_share(base, 0.2::float8) AS top_20_percent_share,
       coalesce(active.trailing_customers, 0) AS trailing_12_months_customers,
       coalesce(active.trailing_repeat_customers, 0) AS trailing_12_months_repeat_customers,
       active.trailing_repeat_rate AS trailing_12_months_repeat_rate
FROM periods
     CROSS JOIN shop
     LEFT JOIN by_period USING (period)
     -- to the last period, which may have no order of a known customer
     LEFT JOIN (SELECT (seen).period_start, (seen).new_customers, (seen).returning_customers, (seen).new_orders, (seen).returning_orders, (seen).new_revenue,
                       (seen).repeat_customers, (seen).trailing_customers, (seen).trailing_repeat_customers, (seen).trailing_repeat_rate
                FROM (SELECT @r@new_and_returning((SELECT @r@rollup(history) FROM by_period), @period@, @trailing@,
                                                  (SELECT (last + @step@)::date - 1 FROM shop)) AS seen) AS s) AS active ON active.period_start = period
