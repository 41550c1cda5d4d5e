SELECT customer, orders, revenue, last_order, recency_days, mean_gap_days,
       p_alive, expected_revenue_12_months / p_alive AS if_they_stay
FROM shop.customers
WHERE orders > 2 AND p_alive > 0.1 AND mean_gap_days >= 1
      AND recency_days > 3 * mean_gap_days
ORDER BY if_they_stay DESC NULLS LAST, customer
LIMIT 10
