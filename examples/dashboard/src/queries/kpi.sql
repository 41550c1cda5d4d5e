SELECT customers, repeat_customers, repeat_rate, purchase_frequency, all_orders, guest_orders, all_revenue, refunds, refunded,
       aov, customer_value, clv, first_order, last_order, last_order - first_order AS days
FROM :"schema".kpi
