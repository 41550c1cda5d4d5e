#!/bin/sh
# Prints all that the page shows as one object of JSON: for each query of ../queries
# its rows, and "about", what the caller says of the shop. It is one statement, so
# that all is of one moment. In a query, :"schema" is the schema of the views. JSON and
# not CSV: numbers, texts, booleans and NULL stay what they are, and reading it takes no
# further package.
#
# Where the views were made with segments, the same is asked of each part of the shop: "parts" has
# the rows of the views by segment, of the values of each segment that bring most.
#
# SHOP_SCHEMA, SHOP_CURRENCY   as examples/dashboard/run has them
# SHOP_FILE, SHOP_LEFT_OUT     as dev/demo does: where the orders are from, and what of it is not in the order table: JSON, [{"reason": ..., "rows": ..., "amount": ...}]
# SHOP_DATABASE                the database, as a URL; by default that of psql's variables
set -eu
cd "$(dirname "$0")/../queries"
shown=12
{
	echo "SET intervalstyle = postgres;"
	cat <<-'SQL'
	SELECT to_regclass(format('%I.kpi_by_segment', :'schema')) IS NOT NULL AS has_parts \gset
	\if :has_parts
	WITH parts AS MATERIALIZED (
	    SELECT segment, value, row_number() OVER (PARTITION BY segment ORDER BY all_revenue DESC, value) AS place FROM :"schema".kpi_by_segment
	)
	\endif
	SQL
	echo "SELECT json_build_object("
	for query in *.sql; do
		echo "'${query%.sql}', (SELECT coalesce(json_agg(q), '[]') FROM ("
		cat "$query"
		echo ") AS q),"
	done
	printf '%s\n' '\if :has_parts' "'parts', json_build_object("
	separator=
	for view in kpi kpi_by_period cohort_retention lifecycle order_ladder repeat_within value_by_age; do
		of_parts=${view}_by_segment
		[ $view != kpi_by_period ] || of_parts=kpi_by_segment_and_period
		echo "$separator'$view', (SELECT coalesce(json_agg(q) FILTER (WHERE EXISTS (SELECT FROM parts AS p WHERE p.place <= $shown AND p.segment = q.segment AND p.value IS NOT DISTINCT FROM q.value)), '[]') FROM ("
		sed "s/^SELECT /SELECT segment, value, /; s/:\"schema\"\.$view\$/:\"schema\".$of_parts/" "$view.sql"
		echo ") AS q)"
		separator=,
	done
	printf '%s\n' '),' '\endif'
	echo "'about', json_build_object('schema', :'schema', 'currency', nullif(:'currency', ''), 'file', nullif(:'file', ''), 'left_out', :'left_out'::json));"
} | psql -X -q -A -t -v ON_ERROR_STOP=1 -v schema="${SHOP_SCHEMA:-shop}" -v currency="${SHOP_CURRENCY:-}" \
	-v file="${SHOP_FILE:-}" -v left_out="${SHOP_LEFT_OUT:-[]}" ${SHOP_DATABASE:+-d "$SHOP_DATABASE"}
