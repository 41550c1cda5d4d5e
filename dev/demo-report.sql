-- What the page of examples/dashboard shows of the views in the schema shop, in report.json. psql's variables: file, currency, zone, left_out_rows, as
-- dev/import leaves them, or none.

\if :{?file}
\else
\set file ''
\set left_out_rows '[]'
\set currency EUR
\endif

\setenv SHOP_SCHEMA shop
\setenv SHOP_FILE :file
\setenv SHOP_LEFT_OUT :left_out_rows
\setenv SHOP_CURRENCY :currency
\! examples/dashboard/src/data/shop.json.sh >report.json
