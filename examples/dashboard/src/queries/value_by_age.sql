SELECT age_days, customers, orders_per_customer, revenue_per_customer
FROM :"schema".value_by_age
ORDER BY age_days
