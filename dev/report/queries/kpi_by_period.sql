SELECT period_start, period_label, is_complete, all_orders, all_revenue,
       new_revenue, returning_revenue, guest_revenue,
       trailing_12_months_customers, trailing_12_months_repeat_rate
FROM shop.kpi_by_period
ORDER BY period_start
