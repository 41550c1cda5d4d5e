-- The demo shop, and the views over it that the page reads.

CREATE EXTENSION retention;
\o /dev/null
\i dev/demo-simulate.sql
SELECT retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', time_zone => 'UTC', lifespan => '3 years', target => 'shop',
    segments => ARRAY['CASE WHEN customer_id % 3 = 0 THEN ''AT'' ELSE ''DE'' END AS country', 'CASE WHEN abs(amount) < 30 THEN ''web'' ELSE ''store'' END AS channel']);
\o
