# shellcheck shell=sh
# How the views were made, which the page's words depend on, and the currency.
set -eu
schema=${SHOP_SCHEMA:-shop}
psql -X -q -A -t -v ON_ERROR_STOP=1 -v schema="$schema" -v currency="${SHOP_CURRENCY:-}" <<'SQL'
SELECT json_build_object('period', period, 'lifespan', lifespan, 'margin', margin, 'currency', nullif(:'currency', ''))
FROM :"schema".retention_options;
SQL
