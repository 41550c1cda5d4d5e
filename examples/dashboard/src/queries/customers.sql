-- The 15 that are expected to bring most: the model weighs what they spend with the chance that they come back.
SELECT customer::text AS customer, status, last_order, recency_days, orders, revenue, p_alive, expected_revenue_12_months
FROM :"schema".customers
WHERE status IN ('at risk', 'dormant')
ORDER BY coalesce(expected_revenue_12_months, 0) DESC, revenue DESC, customer
LIMIT 15
