-- The views over the orders in the schema shop, which demo.sql and the report read. The period is the one that makes some ten to forty bars of
-- the time there are orders of. psql's variables: table, the order table; zone, the shop's time zone; segments, what its parts are told by;
-- or none, of the simulated shop.

SET client_min_messages = warning;

\if :{?table}
\else
\set table orders
\set zone UTC
\set segments '{}'
\endif
SET timezone = :'zone';

SELECT CASE WHEN days <= 21 THEN 'day' WHEN days <= 150 THEN 'week' WHEN days <= 1100 THEN 'month'
			WHEN days <= 3650 THEN 'quarter' ELSE 'year' END AS period
FROM (SELECT coalesce(max(ordered_at)::date - min(ordered_at)::date, 0) AS days
	  FROM orders WHERE isfinite(ordered_at) AND amount >= 0) AS span
\gset

-- \g sends what the call returns, the names of the views, nowhere.
SELECT retention_create_views(quote_ident(:'table')::regclass, 'customer_id', 'ordered_at', 'amount', period => :'period', time_zone => :'zone', lifespan => '3 years', target => 'shop',
	segments => nullif(:'segments', '{}')::text[])
\g /dev/null
SET client_min_messages = notice;
