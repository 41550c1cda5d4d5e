-- Small shops, each with the views that its page reads: what the demo shop is too large and too old to show.

\o /dev/null
-- Ten months, and views by the default call, which has no lifespan.
CREATE TABLE young_orders AS SELECT * FROM simulate_orders(customers => 300, observation => '10 months', seed => 5);
SELECT retention_create_views('young_orders', 'customer_id', 'ordered_at', 'amount', time_zone => 'UTC', target => 'young');

-- A customer, three orders and a month.
CREATE TABLE one_orders (customer_id int8, ordered_at timestamptz, amount numeric);
INSERT INTO one_orders VALUES (1, '2025-03-01 12:00Z', 20), (1, '2025-04-02 12:00Z', 30), (1, '2025-04-03 12:00Z', 10);
SELECT retention_create_views('one_orders', 'customer_id', 'ordered_at', 'amount', time_zone => 'UTC', lifespan => '3 years', target => 'one');

-- Guests alone, of whom nobody is known.
CREATE TABLE guest_orders (customer_id text, ordered_at timestamptz, amount numeric);
INSERT INTO guest_orders VALUES (NULL, '2024-05-01 12:00Z', 12.5), (NULL, '2024-05-09 12:00Z', 7), (NULL, '2024-05-20 12:00Z', -3);
SELECT retention_create_views('guest_orders', 'customer_id', 'ordered_at', 'amount', time_zone => 'UTC', period => 'week from sunday', lifespan => '3 years', target => 'guests');

-- Customers whose names are none, who have been silent for longer than others, each with eight orders; and refunds after the last order of all.
CREATE TABLE hostile_orders AS
SELECT CASE n WHEN 40 THEN '<script>document.title = "script"</script>' WHEN 39 THEN '</script><img src=x onerror="document.title = 1">' WHEN 38 THEN '</bdi></td><svg onload=alert(1)>'
			  WHEN 37 THEN E'\u202egnol' WHEN 36 THEN repeat('x', 200) WHEN 35 THEN '<!-- ' WHEN 34 THEN 'a & b "c" \ $&' WHEN 33 THEN '=1+1' ELSE 'nobody ' || n END AS customer_id,
	   timestamptz '2024-01-01 12:00Z' + n % 7 * interval '1 day' + k * interval '20 days' - (n > 32)::int * interval '30 days' AS ordered_at, 10.0 + n + k AS amount
FROM generate_series(1, 40) n, generate_series(0, 7) k;
INSERT INTO hostile_orders VALUES ('nobody 1', '2024-12-24 12:00Z', -42), ('nobody 2', '2025-02-03 12:00Z', -1000);
SELECT retention_create_views('hostile_orders', 'customer_id', 'ordered_at', 'amount', time_zone => 'UTC', lifespan => '3 years', target => 'hostile',
	segments => ARRAY[$$CASE customer_id WHEN 'nobody 1' THEN NULL WHEN 'nobody 2' THEN '' ELSE '<img src=x onerror="document.title = 2">it''s' END AS "<b>kind</b>"$$]);
\o
