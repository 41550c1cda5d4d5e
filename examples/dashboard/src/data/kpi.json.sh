# shellcheck shell=sh source=/dev/null
. "$(dirname "$0")/query.sh" <<'SQL'
SELECT customers, repeat_rate, all_orders, all_revenue, aov, customer_value, clv, top_20_percent_share,
       first_order, last_order, last_order - first_order AS days
FROM :"schema".kpi
SQL
