SELECT cohort, cohort_label, cohort_size, period_index,
       active, retention, is_complete
FROM shop.cohort_retention
ORDER BY cohort, period_index
