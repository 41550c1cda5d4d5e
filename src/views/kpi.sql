--@view kpi
--@about The shop as a whole: one row. Guests (orders without a customer) are in all_orders, all_revenue and aov, and in nothing else, as a guest cannot be told from another. With from_day or until_day it is of the orders and refunds of these days, and customers are those with an order in them.
--@key orders
--@single
--@by_segment kpi_by_segment: The numbers of kpi for each part of the shop by itself: one row for each value of each segment.
--@reads order_history
--@column first_order: day of the first order of a known customer, on the shop's calendar; NULL without orders
--@column last_order: day of the last order of a known customer, on the shop's calendar; that of kpi is what "now" is for every view of this schema, unless as_of or until_day says so. NULL without orders
--@column customers: known customers with at least one order
--@column repeat_customers: customers with more than one order
--@column repeat_rate: repeat_customers / customers, 0 to 1; NULL without customers
--@column orders: orders (@order@) of known customers
--@column purchase_frequency: orders / customers; NULL without customers
--@column revenue: sum of all amounts of known customers, refunds (@refunds@) subtracted
--@column customer_value: revenue / customers: what a customer has paid to date; NULL without customers
--@column refunds: number of refunds (@refund@) to known customers; a refund is no order
--@column refunded: @refunded@; it is subtracted in revenue already
--@column guest_orders: orders without a customer
--@column guest_revenue: sum of all amounts without a customer, refunds subtracted
--@column all_orders: orders + guest_orders
--@column all_revenue: revenue + guest_revenue
--@column aov: average order value: all_revenue / all_orders; NULL without orders
--@column lifespan_days: mean over the customers of last order - first order, in days of the calendar; a one-time buyer counts 0
--@column clv: customer lifetime value: margin x customer_value / years from the first to the last order x lifespan in years; margin and lifespan are those these views were made with; a year is 365.25 days. Give the lifespan: without one it is the mean time for which customers have stayed so far, and clv then at most margin x customer_value in every shop, old or young, as nobody has been seen for longer than from the first to the last order. Who has been silent for longer than the usual gap (see customers.status) has left with the last order, everyone else is still counting: restricted_mean(active_life(history)) of order_history
--@column top_20_percent_revenue: revenue of the 20 % of the customers who have paid most
--@column top_20_percent_share: top_20_percent_revenue / revenue of all customers with an order, 0 to 1, or a little above where the rest got back more than they paid; NULL unless that is above 0
--@column revenue_per_customer_year: revenue / sum over the customers of the years from the first order of all to now: what a customer pays a year, of all the time that they could have. The first order is that in the whole shop, also of a part; of a window the years are those within it. NULL if that is none
--@column changes_waiting: where views are live, changes of orders that wait for retention_refresh_data(): the numbers have them, and each makes reading a little slower; NULL in other modes
--@column updated_at: @updated_at@
WITH shop AS MATERIALIZED (
    SELECT history@and_whole@, @changes_waiting@ AS changes_waiting FROM @window@
), facts AS MATERIALIZED (
    SELECT @r@history_info(history) AS known, @r@_retention_kpi(history, @as_of@, @from_day@) AS found FROM shop
), whole AS MATERIALIZED (
    SELECT @lifespan_days_of_whole@ AS lifespan_days FROM shop
)
SELECT (known).first_order,
       (known).last_order,
       coalesce((known).customers, 0) AS customers,
       coalesce((found).repeat_customers, 0) AS repeat_customers,
       (found).repeat_customers::float8 / nullif((known).customers, 0) AS repeat_rate,
       coalesce((known).orders, 0) AS orders,
       (known).orders::float8 / nullif((known).customers, 0) AS purchase_frequency,
       coalesce((known).revenue, 0)::numeric(38, 4) AS revenue,
       ((known).revenue / nullif((known).customers, 0))::numeric(38, 4) AS customer_value,
       coalesce((known).refunds, 0) AS refunds,
       coalesce(-(known).refunded, 0)::numeric(38, 4) AS refunded,
       coalesce((known).guest_orders, 0) AS guest_orders,
       coalesce((known).guest_revenue, 0)::numeric(38, 4) AS guest_revenue,
       coalesce((known).orders + (known).guest_orders, 0) AS all_orders,
       coalesce((known).revenue + (known).guest_revenue, 0)::numeric(38, 4) AS all_revenue,
       (((known).revenue + (known).guest_revenue) / nullif((known).orders + (known).guest_orders, 0))::numeric(38, 4) AS aov,
       (found).lifespan_days,
       (@margin@::numeric * (known).revenue * (SELECT w.lifespan_days FROM whole AS w)
        / nullif((known).customers * ((known).last_order - (known).first_order), 0))::numeric(38, 4) AS clv,
       (found).top_20_percent_revenue::numeric(38, 4) AS top_20_percent_revenue,
       (found).top_20_percent_share,
       ((known).revenue * 365.25 / nullif((found).tenure_days, 0))::numeric(38, 4) AS revenue_per_customer_year,
       (SELECT s.changes_waiting FROM shop AS s) AS changes_waiting,
       now() AS updated_at
FROM facts
