-- Fifty million customers, of whom every fifth comes twice, in no order: the
-- factor is a prime, so 50 M steps meet each number once.

CREATE UNLOGGED TABLE IF NOT EXISTS shop.huge AS
SELECT i * 32452843 % 50000000 AS customer_id FROM generate_series(1, 60000000::int8) i;
VACUUM (FREEZE, ANALYZE) shop.huge;
