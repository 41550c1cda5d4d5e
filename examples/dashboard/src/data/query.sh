# shellcheck shell=sh
# Prints the rows of the query on standard input as a JSON array. In the query,
# :"schema" is the schema of the views. JSON and not CSV: numbers, texts, booleans
# and NULL stay what they are, and reading it takes no further package.
set -eu
{
	echo "SET intervalstyle = postgres;"
	echo "SELECT coalesce(json_agg(q), '[]') FROM ("
	cat
	echo ") AS q;"
} | psql -X -q -A -t -v ON_ERROR_STOP=1 -v schema="${SHOP_SCHEMA:-shop}"
