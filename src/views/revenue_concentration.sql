--@view revenue_concentration
--@about How much of the revenue the best customers bring: one row for each percentile from 1 to 100, from the customers who have paid most downwards (Lorenz curve). With from_day or until_day it is of what was paid on these days.
--@key percentile
--@reads order_history
--@column percentile: the best 1 %, 2 % ... of the customers
--@column customers: how many customers that are; the last one may count in part
--@column share_of_customers: percentile / 100
--@column revenue: what they have paid, refunds subtracted; of one who counts in part that part, in the digits that the amounts have
--@column share_of_revenue: revenue / revenue of all customers, 0 to 1, or a little above where the rest got back more than they paid; NULL unless that is above 0
--@column updated_at: @updated_at@
SELECT (part).percentile::int4 AS percentile, (part).customers, (part).share_of_customers,
       (part).revenue::numeric(38, 4) AS revenue, (part).share_of_revenue,
       now() AS updated_at
FROM (SELECT @r@revenue_concentration(base, 100) AS part
      FROM (SELECT @r@customer_base(history) AS base
            FROM @window@) AS bases) AS parts
