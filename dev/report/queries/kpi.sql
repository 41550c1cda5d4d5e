SELECT first_order, last_order, last_order - first_order AS days,
       all_revenue, refunds, refunded, all_orders, guest_orders, customers,
       aov, purchase_frequency, repeat_customers, repeat_rate,
       customer_value, lifespan_days, clv, top_20_percent_share
FROM shop.kpi
