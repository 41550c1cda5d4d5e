--@view kpi_to_date
--@about The month, the quarter and the year so far, each beside the same days of the year before: one row for each of them, and one for the period of these views where it is another. So far is until now: kpi.last_order, unless as_of or until_day says so; without orders there is no row. What is of the year before is NULL where the shop had not begun by the first of those days (is_year_before_complete), so that nothing is compared with a part; a change is NULL there, too, and where there is nothing above 0 to change from. It has no other window: from_day changes nothing here.
--@by_segment kpi_to_date_by_segment: The numbers of kpi_to_date for each part of the shop by itself: one row for each value of each segment and each span. Until when that is, and whether the year before is complete, the whole shop says: a part that had no orders in those days has none.
--@key span
--@reads order_history
--@column span: month, quarter or year, of the calendar; day, week, week from sunday, quarter from april, year from april, 28 days ...: what these views were made with, and of a quarter from another month the year from it, too
--@column from_day: first day of the span, on the shop's calendar
--@column until_day: last day seen: now, which is the last order unless as_of or until_day says so. The last order's may not be over
--@column year_before_from_day: first of the same days of the year before: of the same month and day; of days, weeks and runs of days that 364 days before, so that the days of the week are the same
--@column year_before_until_day: last of the same days of the year before. Of 29 February it is the 28th; that a month had a day more in the year before, a February of 29 days, is not made up for
--@column is_year_before_complete: whether the first order of all came on year_before_from_day or earlier
--@column customers: known customers with an order in these days
--@column customers_year_before: the same of the same days of the year before; NULL unless is_year_before_complete, as is each column of the year before
--@column customers_change: customers / customers_year_before - 1: 0.1 is a tenth more
--@column new_customers: customers whose first order of all is in these days
--@column new_customers_year_before: the same of the year before
--@column new_customers_change: new_customers / new_customers_year_before - 1
--@column returning_customers: customers with an order in these days who had one before them
--@column returning_customers_year_before: the same of the year before
--@column returning_customers_change: returning_customers / returning_customers_year_before - 1
--@column repeat_customers: customers with more than one order in these days
--@column repeat_customers_year_before: the same of the year before
--@column repeat_customers_change: repeat_customers / repeat_customers_year_before - 1
--@column repeat_rate: repeat_customers / customers, 0 to 1: of these days by themselves; NULL without customers
--@column repeat_rate_year_before: the same of the year before
--@column repeat_rate_change: repeat_rate / repeat_rate_year_before - 1, as all changes: from 0.20 to 0.25 is 0.25, and not 5 points
--@column orders: orders (@order@) of known customers
--@column orders_year_before: the same of the year before
--@column orders_change: orders / orders_year_before - 1
--@column revenue: sum of all amounts of known customers in these days, refunds (@refunds@) subtracted
--@column revenue_year_before: the same of the year before
--@column revenue_change: revenue / revenue_year_before - 1
--@column new_revenue: what new_customers have paid in these days, refunds subtracted
--@column new_revenue_year_before: the same of the year before
--@column new_revenue_change: new_revenue / new_revenue_year_before - 1
--@column all_orders: orders, those of guests (without a customer) too
--@column all_orders_year_before: the same of the year before
--@column all_orders_change: all_orders / all_orders_year_before - 1
--@column all_revenue: revenue, that of guests too
--@column all_revenue_year_before: the same of the year before
--@column all_revenue_change: all_revenue / all_revenue_year_before - 1
--@column aov: average order value: all_revenue / all_orders; NULL without orders
--@column aov_year_before: the same of the year before
--@column aov_change: aov / aov_year_before - 1
--@column updated_at: @updated_at@
WITH shop AS MATERIALIZED (
    SELECT history FROM @until_its_end@
), spans AS MATERIALIZED (
    SELECT number, span, from_day, until_day, (from_day - year)::date AS year_before_from_day, (until_day - year)::date AS year_before_until_day, first_order
    FROM (SELECT s.number, s.span, s.year, @r@period_start(today, s.span) AS from_day, today AS until_day, (known).first_order
          FROM (SELECT known, coalesce(as_of, (known).last_order) AS today FROM (SELECT @r@_retention_order_days(history) AS known, @as_of@ AS as_of FROM shop) AS n) AS k, (VALUES @spans@) AS s (number, span, year)
          WHERE today >= (known).first_order) AS d
), windows AS MATERIALIZED (
    SELECT cell,
           (cell).orders + (cell).guest_orders AS all_orders,
           (cell).revenue + (cell).guest_revenue AS all_revenue
    FROM (SELECT @r@_retention_kpi_of_windows(history,
                 ARRAY(SELECT day FROM spans AS s, LATERAL (VALUES (1, s.from_day), (2, s.year_before_from_day)) AS v (which, day) ORDER BY s.number, v.which),
                 ARRAY(SELECT day FROM spans AS s, LATERAL (VALUES (1, s.until_day), (2, s.year_before_until_day)) AS v (which, day) ORDER BY s.number, v.which)) AS cell
          FROM shop) AS c
), numbers AS MATERIALIZED (
    SELECT (cell).number,
           (cell).customers,
           (cell).new_customers,
           (cell).customers - (cell).new_customers AS returning_customers,
           (cell).repeat_customers,
           (cell).repeat_customers::float8 / nullif((cell).customers, 0) AS repeat_rate,
           (cell).orders,
           (cell).revenue::numeric(38, 4) AS revenue,
           (cell).new_revenue::numeric(38, 4) AS new_revenue,
           all_orders,
           all_revenue::numeric(38, 4) AS all_revenue,
           (all_revenue / nullif(all_orders, 0))::numeric(38, 4) AS aov
    FROM windows
)
SELECT s.span, s.from_day, s.until_day, s.year_before_from_day, s.year_before_until_day,
       s.first_order <= s.year_before_from_day AS is_year_before_complete,
       n.customers, b.customers AS customers_year_before, CASE WHEN b.customers > 0 THEN n.customers::float8 / b.customers::float8 - 1 END AS customers_change,
       n.new_customers, b.new_customers AS new_customers_year_before, CASE WHEN b.new_customers > 0 THEN n.new_customers::float8 / b.new_customers::float8 - 1 END AS new_customers_change,
       n.returning_customers, b.returning_customers AS returning_customers_year_before, CASE WHEN b.returning_customers > 0 THEN n.returning_customers::float8 / b.returning_customers::float8 - 1 END AS returning_customers_change,
       n.repeat_customers, b.repeat_customers AS repeat_customers_year_before, CASE WHEN b.repeat_customers > 0 THEN n.repeat_customers::float8 / b.repeat_customers::float8 - 1 END AS repeat_customers_change,
       n.repeat_rate, b.repeat_rate AS repeat_rate_year_before, CASE WHEN b.repeat_rate > 0 THEN n.repeat_rate::float8 / b.repeat_rate::float8 - 1 END AS repeat_rate_change,
       n.orders, b.orders AS orders_year_before, CASE WHEN b.orders > 0 THEN n.orders::float8 / b.orders::float8 - 1 END AS orders_change,
       n.revenue, b.revenue AS revenue_year_before, CASE WHEN b.revenue > 0 THEN n.revenue::float8 / b.revenue::float8 - 1 END AS revenue_change,
       n.new_revenue, b.new_revenue AS new_revenue_year_before, CASE WHEN b.new_revenue > 0 THEN n.new_revenue::float8 / b.new_revenue::float8 - 1 END AS new_revenue_change,
       n.all_orders, b.all_orders AS all_orders_year_before, CASE WHEN b.all_orders > 0 THEN n.all_orders::float8 / b.all_orders::float8 - 1 END AS all_orders_change,
       n.all_revenue, b.all_revenue AS all_revenue_year_before, CASE WHEN b.all_revenue > 0 THEN n.all_revenue::float8 / b.all_revenue::float8 - 1 END AS all_revenue_change,
       n.aov, b.aov AS aov_year_before, CASE WHEN b.aov > 0 THEN n.aov::float8 / b.aov::float8 - 1 END AS aov_change,
       now() AS updated_at
FROM spans AS s
     JOIN numbers AS n ON n.number = 2 * s.number - 1
     LEFT JOIN numbers AS b ON b.number = 2 * s.number AND s.first_order <= s.year_before_from_day
