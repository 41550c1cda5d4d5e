{#- The last days are taken out before they are made anew: a day that has lost its orders is gone, then. An order
    with a wrong date in the future must not make them days to come, or today would never be read again. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where day > least((select max(day) from {{ this }}), current_date) - {{ var('lookback_days') }}{% endif %}"
) }}
{%- if is_incremental() %}
{{ retention_daily_base(source('shop', 'orders'), after="coalesce((select max(day) from " ~ this ~ "), '-infinity')") }}
{%- else %}
{{ retention_daily_base(source('shop', 'orders')) }}
{%- endif %}
