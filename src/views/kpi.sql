--@view kpi
--@about The shop as a whole: one row. Guests (orders without a customer) are in all_orders, all_revenue and aov, and in nothing else, as a guest cannot be told from another.
--@key orders
--@column first_order: day of the first order of a known customer, on the shop's calendar; NULL without orders
--@column last_order: day of the last order of a known customer, on the shop's calendar: what "now" is for every view of this schema; NULL without orders
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
--@column lifespan_days: mean over the customers of last order - first order, in days of 24 hours; a one-time buyer counts 0
--@column clv: customer lifetime value: margin x customer_value / years from the first to the last order x lifespan in years; margin and lifespan are those these views were made with; a year is 365.25 days. Give the lifespan: without one it is the measured lifespan_days, and clv then at most margin x customer_value in every shop, old or young, as no span is longer than the time from the first to the last order
--@column top_20_percent_revenue: revenue of the 20 % of the customers who have paid most
--@column top_20_percent_share: top_20_percent_revenue / revenue of all customers with an order, 0 to 1, or a little above where the rest got back more than they paid; NULL unless that is above 0
SELECT (@r@first_order(base)@base_time@)::date AS first_order,
       (@r@last_order(base)@base_time@)::date AS last_order,
       coalesce(@r@customers(base), 0) AS customers,
       coalesce(round(@r@repeat_rate(base) * @r@customers(base)), 0)::int8 AS repeat_customers,
       @r@repeat_rate(base) AS repeat_rate,
       coalesce(@r@orders(base), 0) AS orders,
       @r@purchase_frequency(base) AS purchase_frequency,
       coalesce(@r@revenue(base), 0)::numeric(38, 4) AS revenue,
       @r@customer_value(base)::numeric(38, 4) AS customer_value,
       coalesce(@r@refunds(base), 0) AS refunds,
       coalesce(@r@refunded(base), 0)::numeric(38, 4) AS refunded,
       coalesce(@r@guest_orders(base), 0) AS guest_orders,
       coalesce(@r@guest_revenue(base), 0)::numeric(38, 4) AS guest_revenue,
       coalesce(@r@orders(base) + @r@guest_orders(base), 0) AS all_orders,
       coalesce(@r@revenue(base) + @r@guest_revenue(base), 0)::numeric(38, 4) AS all_revenue,
       ((@r@revenue(base) + @r@guest_revenue(base)) / nullif(@r@orders(base) + @r@guest_orders(base), 0))::numeric(38, 4) AS aov,
       (extract(epoch FROM @r@lifetime_span(base)) / 86400)::float8 AS lifespan_days,
       @r@clv(base, @lifespan@, NULL::interval, @margin@::numeric, NULL::numeric)::numeric(38, 4) AS clv,
       (SELECT (@r@revenue_concentration(base, 5)).revenue LIMIT 1)::numeric(38, 4) AS top_20_percent_revenue,
       @r@top_share(base, 0.2::float8) AS top_20_percent_share
FROM (SELECT @r@@own@customer_base(customer, ordered_at, @amount@) AS base
      FROM @rows@ AS o) AS shop
