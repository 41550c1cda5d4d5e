--@view customer_facts
--@about Each known customer with an order, and what is known of them by themselves: one row a customer. To be asked for one customer: WHERE customer = ... reads their orders alone, where the order table has an index on the customer; where rows are kept, it is those of customers that are read, by an index of theirs. What takes the other customers, scores and predictions, is in customers. With from_day or until_day it lists the customers with an order on these days, and what is known of them as of until_day: those before from_day, too.
--@key customer
--@segment_columns
--@column customer: the customer, as in the order table, and of its type
--@column orders: orders (@order@)
--@column revenue: sum of all amounts, refunds (@refunds@) subtracted: what the customer has paid to date
--@column aov: average order value: revenue / orders
--@column refunds: number of refunds (@refund@); a refund is no order
--@column refunded: @refunded@; it is subtracted in revenue already
--@column first_order: day of the first order, on the shop's calendar
--@column last_order: day of the last order, on the shop's calendar; kpi.last_order is that of all, from which recency is counted
--@column lifespan_days: last order - first order, in days of the calendar; 0 with all orders on one day
--@column mean_gap_days: lifespan_days / (orders - 1): mean time between two orders; NULL with one order
--@column next_order_due: day the next order is due: last_order + median gap between two days with an order of this customer; may be in the past; NULL with orders on one day only
--@column updated_at: @updated_at@
SELECT customer,
       orders,
       revenue::numeric(38, 4) AS revenue,
       (revenue / orders)::numeric(38, 4) AS aov,
       refunds,
       refunded::numeric(38, 4) AS refunded,
       first_order,
       last_order,
       last_order - first_order AS lifespan_days,
       (last_order - first_order) / nullif(orders - 1, 0)::float8 AS mean_gap_days,
       next_order_due,
       now() AS updated_at@first_values@
FROM (SELECT customer,
             count(*) FILTER (WHERE ordered) AS orders,
             sum(amount) AS revenue,
             count(*) FILTER (WHERE NOT ordered) AS refunds,
             coalesce(-sum(amount) FILTER (WHERE NOT ordered), 0) AS refunded,
             min(day) FILTER (WHERE ordered) AS first_order,
             max(day) FILTER (WHERE ordered) AS last_order,
             -- whatever counts is of before that day
             @r@next_order_due_day(day, date '9999-12-31') FILTER (WHERE ordered) AS next_order_due@first_days@
      -- Customers are the table's own column, whatever that is, and nothing is sorted here: so that a condition reaches its index.
      FROM (SELECT customer@own_segments@, amount, @is_order@ AS ordered, @r@period_start(ordered_at, 'day'::text@zone@) AS day
            FROM @own_rows@ AS o
            WHERE customer IS NOT NULL@until_now@) AS o
      GROUP BY customer) AS c
WHERE orders > 0@and_last_order_in_window@
--@kept customers
SELECT @own_customer@ AS customer, orders, revenue, aov, refunds, refunded, first_order, last_order, lifespan_days, mean_gap_days, next_order_due, updated_at@kept_segments@
FROM @schema@.customers AS c
