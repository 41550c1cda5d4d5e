# shellcheck shell=sh source=/dev/null
. "$(dirname "$0")/query.sh" <<'SQL'
SELECT customers, repeat_rate, all_orders, all_revenue, aov, clv, lifespan_days, top_20_percent_share, first_order, last_order
FROM :"schema".kpi
SQL
