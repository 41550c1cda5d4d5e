SELECT percentile, share_of_customers, share_of_revenue
FROM shop.revenue_concentration
WHERE share_of_revenue IS NOT NULL
ORDER BY percentile
