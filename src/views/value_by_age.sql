--@view value_by_age
--@about What a customer is worth at a given age: one row each for the day of the first order (0) and 30, 60, 90, 180, 365 and 730 days after it. Who is not that old yet is not counted, and neither is their money, so that each row is of the customers of its own who are. With from_day or until_day it is of the customers whose first order was on these days, as of until_day.
--@key age_days
--@by_segment value_by_age_by_segment: What a customer is worth to each part of the shop at a given age, which counts from the first order of all, as in value_by_age: one row for each value of each segment and each age.
--@reads order_history
--@column age_days: days since the first order
--@column customers: customers whose first order is at least so many days before the last order of all: the denominator
--@column orders: their orders within so many days of the first, which is one of them
--@column orders_per_customer: orders / customers; NULL if nobody is that old
--@column revenue: what they paid within so many days of the first order, refunds subtracted
--@column revenue_per_customer: revenue / customers: the lifetime value to date at that age; NULL if nobody is that old
--@column updated_at: @updated_at@
SELECT age_days, coalesce(customers, 0) AS customers, coalesce(orders, 0) AS orders, orders_per_customer,
       coalesce(revenue, 0)::numeric(38, 4) AS revenue, revenue_per_customer::numeric(38, 4) AS revenue_per_customer,
       now() AS updated_at
FROM unnest(ARRAY[0, 30, 60, 90, 180, 365, 730]) AS ages (age_days)
     LEFT JOIN (SELECT (age).days AS age_days, (age).eligible AS customers, (age).orders, (age).purchase_frequency AS orders_per_customer,
                       (age).revenue, (age).customer_value AS revenue_per_customer
                FROM (SELECT @r@value_within(history, ARRAY[0, 30, 60, 90, 180, 365, 730], @as_of@, NULL::@r@purchase_history) AS age
                      FROM @newcomers@) AS w) AS r USING (age_days)
