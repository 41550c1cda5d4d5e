{#- The shop as a whole: the bases of all days, rolled up. -#}
select customers(base) as customers,
       orders(base) as orders,
       revenue(base) as revenue,
       refunded(base) as refunded,
       guest_orders(base) as guest_orders,
       guest_revenue(base) as guest_revenue,
       aov(base) as aov,
       purchase_frequency(base) as purchase_frequency,
       repeat_rate(base) as repeat_rate,
       customer_value(base) as customer_value,
       clv(base, lifespan => '3 years') as clv_3_years,
       top_share(base, 0.2) as top_20_percent_share
from (select rollup(base) as base from {{ ref('daily_base') }}) as shop
