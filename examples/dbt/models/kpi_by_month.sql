{#- New and returning customers by month, of the histories of all days. -#}
select m.period_start as month,
       m.is_complete,
       m.customers,
       m.new_customers,
       m.returning_customers,
       m.orders,
       m.revenue,
       m.new_revenue,
       m.returning_revenue,
       m.trailing_repeat_rate as trailing_12_months_repeat_rate
from (select rollup(history) as history from {{ ref('daily_base') }}) as shop,
     new_and_returning(history, period => 'month', trailing_periods => 12) as m
