# shellcheck shell=sh
# How the views were made, which the page's words depend on, and the currency.
set -eu
schema=${SHOP_SCHEMA:-shop}
recipe=$(psql -X -q -A -t -v ON_ERROR_STOP=1 -c "
	SELECT format('%I.retention_recipe', nspname)
	FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = extnamespace
	WHERE extname = 'retention'")
psql -X -q -A -t -v ON_ERROR_STOP=1 -v schema="$schema" -v currency="${SHOP_CURRENCY:-}" <<SQL
SET intervalstyle = postgres;
SELECT json_build_object('period', period, 'lifespan', lifespan::text, 'margin', margin, 'currency', nullif(:'currency', ''))
FROM $recipe
WHERE target = :'schema';
SQL
