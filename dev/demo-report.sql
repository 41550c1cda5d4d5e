-- Views over the table orders, and what the page of examples/dashboard shows of them,
-- in report.json. The period is the one that makes some ten to forty bars of the time
-- there are orders of. psql's variables: file, unreadable, currency (as demo-csv.sql
-- leaves them), or none.

\pset tuples_only on
\pset format unaligned
SET timezone = 'UTC';
SET client_min_messages = warning;

\if :{?file}
\else
\set file ''
\set unreadable 0
\set currency EUR
\endif

SELECT CASE WHEN days <= 21 THEN 'day' WHEN days <= 150 THEN 'week' WHEN days <= 1100 THEN 'month'
			WHEN days <= 3650 THEN 'quarter' ELSE 'year' END AS period
FROM (SELECT coalesce(max(ordered_at)::date - min(ordered_at)::date, 0) AS days
	  FROM orders WHERE isfinite(ordered_at) AND amount >= 0) AS span
\gset

-- \g sends what the call returns, the names of the views, nowhere.
SELECT retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', period => :'period', lifespan => '3 years', target => 'shop')
\g /dev/null

\setenv SHOP_SCHEMA shop
\setenv SHOP_FILE :file
\setenv SHOP_UNREADABLE :unreadable
\setenv SHOP_CURRENCY :currency
\! examples/dashboard/src/data/shop.json.sh >report.json
