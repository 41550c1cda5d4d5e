--@view rfm_quintiles
--@about The quintiles of recency, frequency and revenue over the customers of today: one row for each. To let a score mean the same next month, keep them in a table, and put that in the place of rfm_thresholds.
--@key metric
--@reads customers
--@column metric: recency (days since the last order), frequency (orders) or monetary (revenue)
--@column p20: a fifth of the customers is at or below it
--@column p40: two fifths are at or below it
--@column p60: three fifths are at or below it
--@column p80: four fifths are at or below it
SELECT metric, p20, p40, p60, p80
FROM (SELECT max(recency_days) FILTER (WHERE r < 1) AS r20, max(recency_days) FILTER (WHERE r < 2) AS r40,
             max(recency_days) FILTER (WHERE r < 3) AS r60, max(recency_days) FILTER (WHERE r < 4) AS r80,
             max(orders) FILTER (WHERE f < 1) AS f20, max(orders) FILTER (WHERE f < 2) AS f40,
             max(orders) FILTER (WHERE f < 3) AS f60, max(orders) FILTER (WHERE f < 4) AS f80,
             max(revenue) FILTER (WHERE m < 1) AS m20, max(revenue) FILTER (WHERE m < 2) AS m40,
             max(revenue) FILTER (WHERE m < 3) AS m60, max(revenue) FILTER (WHERE m < 4) AS m80
      -- the fifth that a value is in: that of the customers with less
      FROM (SELECT recency_days, orders, revenue,
                   5 * (rank() OVER (ORDER BY recency_days) - 1) / count(*) OVER () AS r,
                   5 * (rank() OVER (ORDER BY orders) - 1) / count(*) OVER () AS f,
                   5 * (rank() OVER (ORDER BY revenue::float8) - 1) / count(*) OVER () AS m
            FROM @schema@.customers AS c) AS fifths
      HAVING count(*) > 0) AS q,
     LATERAL (VALUES ('recency', r20::float8, r40::float8, r60::float8, r80::float8),
                     ('frequency', f20, f40, f60, f80),
                     ('monetary', m20, m40, m60, m80)) AS v (metric, p20, p40, p60, p80)
