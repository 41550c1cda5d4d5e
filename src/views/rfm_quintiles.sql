--@view rfm_quintiles
--@about The quintiles of recency, frequency and revenue over the customers of today: one row for each. To let a score mean the same next month, keep them in a table, and put that in the place of rfm_thresholds. With until_day it is of all customers as of that day, whether they ordered from from_day on or not.
--@key metric
--@reads order_history
--@column metric: recency (days since the last order), frequency (orders) or monetary (revenue)
--@column p20: a fifth of the customers is at or below it
--@column p40: two fifths are at or below it
--@column p60: three fifths are at or below it
--@column p80: four fifths are at or below it
--@column updated_at: @updated_at@
SELECT (fifths).metric, (fifths).p20, (fifths).p40, (fifths).p60, (fifths).p80,
       now() AS updated_at
FROM (SELECT @r@_retention_rfm_quintiles(history, @as_of@) AS fifths
      FROM @shop@) AS f
