--@view excluded_rows
--@about Where every row of the order table went: one row for each reason; rows and amounts add up to count(*) and sum(amount) of the table.
--@key reason
--@reads order_history
--@column reason: order: counted everywhere. refund: @refund@, lowers revenue and is no order. refund without order: to a customer who has no order; in kpi.revenue, but the customer is in no list. guest order, guest refund: without a customer; in all_orders, all_revenue and aov only. no amount, no time (or an infinite one), not finite (the amount is NaN or infinite): skipped. absurd amount: 10^15 or more, either way, or more than 50 digits behind the point; too early: until 1970-01-01, which is what programs make of no time at all; in the future: after as_of, if that is given, or more than a day from now: left out of all views, or one such row would be most of their revenue, or make everybody a lost customer. filtered out: the filter these views were made with is not true. outside the window: counted, but on none of the days from from_day to until_day; it is there where these are given
--@column is_counted: whether the amount is in kpi.all_revenue
--@column row_count: rows of the order table
--@column amount: sum of their amounts below 10^30, to four digits behind the point; NULL of no rows, and of those that have none that could be added up (no amount, not finite)
--@column updated_at: @updated_at@
SELECT (line).reason, (line).is_counted, (line).row_count,
       (CASE WHEN abs((line).amount) < 1e34 THEN (line).amount END)::numeric(38, 4) AS amount,
       now() AS updated_at
FROM (SELECT @r@_retention_excluded_rows(history, left_out, @whole_or_none@) AS line
      FROM @window@) AS lines
