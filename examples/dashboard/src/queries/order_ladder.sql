SELECT order_number, customers, reached_next, eligible, eligible_reached_next, eligible_rate, median_gap_days
FROM :"schema".order_ladder
ORDER BY order_number
