--@view repeat_within
--@about How many customers order a second time within so many days of the first order: one row for each number of days from 1 to 365. Who has not had that many days yet is not counted, so that young customers do not look like lost ones. With from_day or until_day it is of the customers whose first order was on these days, as of until_day.
--@key days
--@by_segment repeat_within_by_segment: How many of each part's customers order a second time, there, within so many days of their first order of all, as in repeat_within: one row for each value of each segment and each number of days.
--@reads order_history
--@column days: days since the first order
--@column eligible: customers whose first order is at least so many days before the last order of all: the denominator
--@column repeated: those of them whose second order came within so many days: the numerator
--@column rate: repeated / eligible, 0 to 1; NULL if nobody is eligible
--@column lower: lower bound of the 95 % interval of the rate (Wilson 1927)
--@column upper: upper bound of the 95 % interval of the rate
--@column updated_at: @updated_at@
SELECT days, coalesce(eligible, 0) AS eligible, coalesce(repeated, 0) AS repeated, rate, lower, upper,
       now() AS updated_at
FROM generate_series(1, 365) AS numbers (days)
     LEFT JOIN (SELECT (within).days, (within).eligible, (within).repeated, (within).rate, (within).lower, (within).upper
                FROM (SELECT @r@repeat_within(history, ARRAY(SELECT generate_series(1, 365)), @as_of@, NULL::@r@purchase_history) AS within
                      FROM @newcomers@) AS w) AS r USING (days)
