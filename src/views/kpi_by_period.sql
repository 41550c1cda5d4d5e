--@view kpi_by_period
--@about The same numbers for each period by itself, and how much of it is of new customers: one row for each period from that of the first order (or refund, or guest's order) to that of the last one, also where there were none. A customer of two periods is in both. With from_day or until_day it has the periods of these days, and of the first and the last of them what is of these days; a period that begins before from_day is not complete. The trailing months reach back before from_day.
--@key period_start
--@by_segment kpi_by_segment_and_period: The numbers of kpi_by_period for each part of the shop by itself: one row for each value of each segment and each period, from the shop's first to its last, also where the part had no orders.
--@reads order_history
--@column period_start: first day of the period on the shop's calendar
--@column period_label: the period as a text, which no tool moves by a time zone: 2026-03-09, 2026-W11, 2026-03, 2026-Q1, 2026; of years from another month, and their quarters, FY2027 and FY2027-Q1, by the year that they end in; of other weeks and runs of days the first day
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
--@column lifespan_days: mean over the customers of last order - first order within the period, in days of the calendar; a customer with one order in it counts 0
--@column clv: customer lifetime value if each customer of the period bought in every period what they bought in this one: margin x customer_value / years of the period x lifespan in years; a lifespan that was not given is that of kpi.clv: the mean time that customers, and not only this period's, have stayed so far, where everyone who has not left is still counting. Customers without an order in the period are not in it, so it is far above kpi.clv: to be compared between periods of about one length, not with that (customer_value does not depend on the length). Too low while the period is not complete
--@column top_20_percent_revenue: revenue of the 20 % of the period's customers who have paid most in it
--@column top_20_percent_share: top_20_percent_revenue / revenue of the period's customers with an order in it, 0 to 1, or a little above where the rest got back more than they paid; NULL unless that is above 0
--@column trailing_12_months_customers: customers with an order in the 12 months that end with the period (@trailing@ periods)
--@column trailing_12_months_repeat_customers: customers with more than one order in these 12 months
--@column trailing_12_months_repeat_rate: the share of these in those, 0 to 1; NULL until there are 12 months to look back on
--@column updated_at: @updated_at@
WITH shop AS MATERIALIZED (
    SELECT history FROM @shop@
), whole AS MATERIALIZED (
    SELECT @lifespan_days@ AS lifespan_days FROM shop
)
SELECT period_start, @period_label@ AS period_label,
       is_complete,
       customers,
       repeat_customers,
       repeat_customers::float8 / nullif(customers, 0) AS repeat_rate,
       new_customers,
       customers - new_customers AS returning_customers,
       orders,
       new_orders,
       orders - new_orders AS returning_orders,
       orders::float8 / nullif(customers, 0) AS purchase_frequency,
       revenue::numeric(38, 4) AS revenue,
       new_revenue::numeric(38, 4) AS new_revenue,
       (revenue::numeric(38, 4) - new_revenue::numeric(38, 4))::numeric(38, 4) AS returning_revenue,
       (revenue / nullif(customers, 0))::numeric(38, 4) AS customer_value,
       refunds,
       (-refunded)::numeric(38, 4) AS refunded,
       guest_orders,
       guest_revenue::numeric(38, 4) AS guest_revenue,
       orders + guest_orders AS all_orders,
       (revenue + guest_revenue)::numeric(38, 4) AS all_revenue,
       ((revenue + guest_revenue) / nullif(orders + guest_orders, 0))::numeric(38, 4) AS aov,
       lifespan_days,
       (@margin@::numeric * revenue / nullif(customers, 0) / ((period_start + @step@)::date - period_start)
        * (SELECT w.lifespan_days FROM whole AS w))::numeric(38, 4) AS clv,
       top_20_percent_revenue::numeric(38, 4) AS top_20_percent_revenue,
       top_20_percent_share,
       trailing_customers AS trailing_12_months_customers,
       trailing_repeat_customers AS trailing_12_months_repeat_customers,
       trailing_repeat_rate AS trailing_12_months_repeat_rate,
       now() AS updated_at
FROM (SELECT (cells).*, (cells).period_start AS period FROM (SELECT @r@_retention_kpi_by_period(history, @period@, @trailing@, @as_of@, @from_day@, @until_day@) AS cells FROM shop) AS c) AS p
