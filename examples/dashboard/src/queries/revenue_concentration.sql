SELECT percentile, customers, share_of_customers, revenue, share_of_revenue
FROM :"schema".revenue_concentration
ORDER BY percentile
