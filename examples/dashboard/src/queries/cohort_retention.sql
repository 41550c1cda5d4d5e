SELECT cohort_label, period_index, period_label, cohort_size, active, retention,
       cumulative_revenue, customer_value, is_complete
FROM :"schema".cohort_retention
ORDER BY cohort, period_index
