-- The table orders of a shop that does not exist, with the dirt that every shop has.

\echo
\echo 'A simulated shop: 5,000 customers over two years. For your own: dev/demo FILE.csv'
\echo
\set ECHO queries
CREATE TABLE orders AS
SELECT * FROM simulate_orders(customers => 5000, observation => '2 years', seed => 1);

INSERT INTO orders -- some are returned
SELECT customer_id, ordered_at + interval '5 days', -amount
FROM orders WHERE customer_id % 40 = 0;

INSERT INTO orders -- guest checkouts
SELECT NULL, ordered_at, amount
FROM simulate_orders(customers => 200, observation => '2 years', seed => 2);

INSERT INTO orders VALUES (1, '2024-07-01', NULL); -- a row without an amount
\set ECHO none
