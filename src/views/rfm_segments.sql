--@view rfm_segments
--@about The segments of the customers by recency and frequency: one row for each segment that has customers.
--@key segment
--@reads customers
--@column segment: name of the segment in rfm_segment_names; (none) for scores without a name there
--@column customers: customers of the segment
--@column share_of_customers: customers / customers of all segments, 0 to 1
--@column revenue: what they have paid, refunds subtracted
--@column share_of_revenue: revenue / revenue of all segments; NULL unless that is above 0
--@column mean_recency_days: R: mean days since the last order
--@column mean_orders: F: mean number of orders
--@column mean_revenue: M: revenue / customers
--@column mean_recency_score: mean of the scores R, 1 to 5
--@column mean_frequency_score: mean of the scores F, 1 to 5
--@column mean_monetary_score: mean of the scores M, 1 to 5
--@column updated_at: @updated_at@
SELECT coalesce(segment, '(none)') AS segment,
       count(*) AS customers,
       count(*) / (sum(count(*)) OVER ())::float8 AS share_of_customers,
       sum(revenue)::numeric(38, 4) AS revenue,
       CASE WHEN sum(sum(revenue)) OVER () > 0 THEN (sum(revenue) / sum(sum(revenue)) OVER ())::float8 END AS share_of_revenue,
       avg(recency_days)::float8 AS mean_recency_days,
       avg(orders)::float8 AS mean_orders,
       avg(revenue)::numeric(38, 4) AS mean_revenue,
       avg(recency_score)::float8 AS mean_recency_score,
       avg(frequency_score)::float8 AS mean_frequency_score,
       avg(monetary_score)::float8 AS mean_monetary_score,
       now() AS updated_at
FROM @schema@.customers AS c
GROUP BY 1
ORDER BY sum(revenue) DESC
