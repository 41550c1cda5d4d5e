--@view lifecycle
--@about Who comes and who goes: one row for each period from the first order's to that of the last order; opening + new + resurrected - lapsed = closing. With from_day or until_day it has the periods with such a day, each whole as of until_day: who came before from_day is not new.
--@key period_start
--@by_segment lifecycle_by_segment: Who comes to each part of the shop and who goes, as in lifecycle: one row for each value of each segment and each period.
--@reads order_history
--@column period_start: first day of the period, on the shop's calendar
--@column period_label: the period as a text, which no tool moves by a time zone: 2026-03, 2026-Q1 ...
--@column opening: customers with an order in the period before
--@column new: customers whose first order of all is in the period
--@column retained: customers with an order in both
--@column resurrected: customers who are back: with an order in the period, none in the one before, and one earlier
--@column lapsed: customers with an order in the period before and none in this one
--@column closing: customers with an order in the period
--@column quick_ratio: (new + resurrected) / lapsed: above 1 the number of customers grows; NULL if nobody lapsed
--@column is_complete: false for the period that the last order falls in: who has lapsed is not known before it is over
--@column updated_at: @updated_at@
SELECT (cell).period_start, @period_start_label@ AS period_label,
       (cell).opening, (cell).new, (cell).retained, (cell).resurrected, (cell).lapsed, (cell).closing, (cell).quick_ratio, (cell).is_complete,
       now() AS updated_at
FROM (SELECT @r@lifecycle(history, @period@, 1, @as_of@, NULL::@r@purchase_history) AS cell
      FROM @shop@) AS cells@periods_in_window@
