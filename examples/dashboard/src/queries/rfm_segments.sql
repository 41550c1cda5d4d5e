SELECT segment, customers, share_of_customers, revenue, share_of_revenue, mean_recency_days, mean_orders
FROM :"schema".rfm_segments
ORDER BY revenue DESC, segment
