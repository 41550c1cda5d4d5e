SELECT segment, customers, share_of_customers, revenue, share_of_revenue,
       mean_orders, mean_recency_days
FROM shop.rfm_segments
ORDER BY revenue DESC, segment
