--@view order_ladder
--@about From each order to the next: one row for each order number from 1 to 20, of the customers who have come so far. With from_day or until_day it is of the customers whose first order was on these days, as of until_day.
--@key order_number
--@by_segment order_ladder_by_segment: From each order to the next in each part of the shop, as in order_ladder: one row for each value of each segment and each order number. The first order is that of all, wherever it was; the others are those in this part.
--@reads order_history
--@column order_number: the first order, the second ...
--@column customers: customers with at least so many orders
--@column reached_next: those of them who have made the next order, too
--@column rate: reached_next / customers, 0 to 1; low for young customers, who have not had the time
--@column eligible: those of the customers whose order with this number is at least 90 days before the last order of all
--@column eligible_reached_next: those of the eligible whose next order came within 90 days
--@column eligible_rate: eligible_reached_next / eligible, 0 to 1: of customers who have had the time; NULL if nobody is eligible
--@column median_gap_days: median number of days to the next order, of those who made it; NULL if nobody did
--@column updated_at: @updated_at@
SELECT (step).order_number, (step).customers, (step).reached_next, (step).rate,
       (step).eligible, (step).eligible_reached_next, (step).eligible_rate, (step).median_gap_days,
       now() AS updated_at
FROM (SELECT @r@order_ladder(history, 90, @as_of@, 20, NULL::@r@purchase_history) AS step
      FROM @newcomers@) AS steps
