-- The extension's own: a history by month, and its question.
SELECT cohort, period_index, cohort_size, active, orders, revenue, cumulative_revenue
FROM cohort_retention((SELECT purchase_history(customer_id, ordered_at, amount, 'month') FROM TABLE))
