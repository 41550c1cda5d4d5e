{#- The 90 days that end with each: bases rolled up in a moving frame. -#}
select day,
       customers(base) as customers,
       orders(base) as orders,
       revenue(base) as revenue,
       aov(base) as aov,
       repeat_rate(base) as repeat_rate
from (select day, rollup(base) over (order by day range between '89 days' preceding and current row) as base
      from {{ ref('daily_base') }}) as d
