--@view cohort_retention
--@about Cohorts, in long form: one row for each cohort (the customers whose first order fell in the same period) and each period from its own to that of the last order. A cell of the future does not exist; one in which nobody came is there, and 0. With from_day or until_day it has the cells whose period has such a day, each whole as of until_day: those of cohorts that came before from_day, too.
--@key cohort, period_index
--@by_segment cohort_retention_by_segment: The cohorts of cohort_retention for each part of the shop by itself: one row for each value of each segment, cohort and period. A cohort is the customers whose first order of all, wherever that was, fell in the same period, and who have ever ordered in this part.
--@reads order_history
--@column cohort: first day of the cohort's own period, on the shop's calendar
--@column cohort_label: the cohort as a text, which no tool moves by a time zone: 2026-03, 2026-Q1 ...
--@column period_index: periods since the cohort's own, which is 0
--@column period_start: first day of the period
--@column period_label: the period as a text
--@column cohort_size: customers of the cohort: the denominator
--@column active: customers of the cohort with an order in the period: the numerator
--@column retention: active / cohort_size, 0 to 1
--@column orders: orders of the cohort in the period
--@column revenue: what the cohort paid in the period, refunds subtracted; refunds before the first order's period or after the last period are in no cell, so that the sum may differ from that of customers.revenue by these
--@column cumulative_revenue: sum of revenue of the cohort up to this period
--@column customer_value: cumulative_revenue / cohort_size: what a customer of the cohort has paid by then
--@column is_complete: false for the period that the last order falls in, as it may not be over: leave it out of means
--@column updated_at: @updated_at@
SELECT (cell).cohort, @cohort_label@ AS cohort_label,
       (cell).period_index,
       (cell).period_start, @period_start_label@ AS period_label,
       (cell).cohort_size, (cell).active, (cell).retention, (cell).orders,
       (cell).revenue::numeric(38, 4) AS revenue,
       (cell).cumulative_revenue::numeric(38, 4) AS cumulative_revenue,
       (cell).customer_value::numeric(38, 4) AS customer_value,
       (cell).is_complete,
       now() AS updated_at
FROM (SELECT @r@cohort_retention(history, @period@, @as_of@, NULL::int4, NULL::@r@purchase_history) AS cell
      FROM @shop@) AS cells@periods_in_window@
