{#- One row a day of a relation's orders: a customer_base and a purchase_history of that day's rows and no others.
    after: only days after this SQL expression; where: an SQL condition on the rows. -#}
{% macro retention_daily_base(orders, customer=var('customer'), ordered_at=var('ordered_at'), amount=var('amount'),
                              time_zone=var('time_zone'), after=none, where=none) %}
{%- set day = "(" ~ ordered_at ~ (" at time zone '" ~ time_zone ~ "'" if time_zone else "") ~ ")::date" %}
select {{ day }} as day,
       count(*) as order_rows,
       customer_base({{ customer }}, {{ ordered_at }}, {{ amount }}) as base,
       purchase_history({{ customer }}, {{ ordered_at }}, {{ amount }}, 'day'
                        {%- if time_zone %}, '{{ time_zone }}'{% endif %}) as history
from {{ orders }}
where isfinite({{ ordered_at }})
  {%- if after is not none %}
  and {{ ordered_at }} >= ({{ after }} + 1)::timestamp{{ " at time zone '" ~ time_zone ~ "'" if time_zone }}
  {%- endif %}
  {%- if where is not none %}
  and ({{ where }})
  {%- endif %}
group by 1
{%- endmacro %}
