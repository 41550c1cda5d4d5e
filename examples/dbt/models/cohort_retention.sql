{#- Monthly cohorts, of the histories of all days. -#}
select c.*
from (select rollup(history) as history from {{ ref('daily_base') }}) as shop,
     cohort_retention(history, period => 'month') as c
