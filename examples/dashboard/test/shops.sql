-- Small shops, each with the views that its page reads: what the demo shop is too large and too old to show.

\o /dev/null
-- Ten months, and views by the default call, which has no lifespan.
CREATE TABLE young_orders AS SELECT * FROM simulate_orders(customers => 300, observation => '10 months', seed => 5);
SELECT retention_create_views('young_orders', 'customer_id', 'ordered_at', 'amount', time_zone => 'UTC', target => 'young');

-- A customer, three orders and a month.
CREATE TABLE one_orders (customer_id int8, ordered_at timestamptz, amount numeric);
INSERT INTO one_orders VALUES (1, '2025-03-01 12:00Z', 20), (1, '2025-04-02 12:00Z', 30), (1, '2025-04-03 12:00Z', 10);
SELECT retention_create_views('one_orders', 'customer_id', 'ordered_at', 'amount', time_zone => 'UTC', lifespan => '3 years', target => 'one');
\o
