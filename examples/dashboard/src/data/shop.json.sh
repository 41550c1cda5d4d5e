#!/bin/sh
# Prints all that the page shows as one object of JSON: for each query of ../queries
# its rows, and "about", what the caller says of the shop. It is one statement, so
# that all is of one moment. In a query, :"schema" is the schema of the views. JSON and
# not CSV: numbers, texts, booleans and NULL stay what they are, and reading it takes no
# further package.
#
# SHOP_SCHEMA, SHOP_CURRENCY   as examples/dashboard/run has them
# SHOP_FILE, SHOP_LEFT_OUT     as dev/demo does: where the orders are from, and what of it is not in the order table: JSON, [{"reason": ..., "rows": ..., "amount": ...}]
# SHOP_DATABASE                the database, as a URL; by default that of psql's variables
set -eu
cd "$(dirname "$0")/../queries"
{
	echo "SET intervalstyle = postgres;"
	echo "SELECT json_build_object("
	for query in *.sql; do
		echo "'${query%.sql}', (SELECT coalesce(json_agg(q), '[]') FROM ("
		cat "$query"
		echo ") AS q),"
	done
	echo "'about', json_build_object('schema', :'schema', 'currency', nullif(:'currency', ''), 'file', nullif(:'file', ''), 'left_out', :'left_out'::json));"
} | psql -X -q -A -t -v ON_ERROR_STOP=1 -v schema="${SHOP_SCHEMA:-shop}" -v currency="${SHOP_CURRENCY:-}" \
	-v file="${SHOP_FILE:-}" -v left_out="${SHOP_LEFT_OUT:-[]}" ${SHOP_DATABASE:+-d "$SHOP_DATABASE"}
