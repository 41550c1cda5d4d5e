SELECT period_label, is_complete, customers, new_customers, repeat_rate, purchase_frequency, all_orders, all_revenue, aov, customer_value,
       new_orders, returning_orders, guest_orders, new_revenue, returning_revenue, guest_revenue,
       trailing_12_months_customers, trailing_12_months_repeat_customers, trailing_12_months_repeat_rate
FROM :"schema".kpi_by_period
ORDER BY period_start
