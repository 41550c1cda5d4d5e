-- Money is the sum of the amounts wherever it is asked for: at every magnitude
-- and scale, and with one large order among ordinary ones.
SET client_min_messages = warning;

-- A block of a history is as wide as its largest money.
CREATE TEMP TABLE widths (n int, amount numeric);
INSERT INTO widths SELECT n, sign * (256::numeric ^ n / 2 + step) / 10 ^ scale
FROM generate_series(1, 16) n, (VALUES (1), (-1)) s (sign), generate_series(-1, 1) step, (VALUES (0), (2), (6)) d (scale);
SELECT count(*) AS amounts,
	   count(*) FILTER (WHERE revenue IS DISTINCT FROM amount + 3) AS wrong,
	   count(*) FILTER (WHERE stored IS DISTINCT FROM amount + 3) AS wrong_when_stored
FROM (SELECT amount, (SELECT sum(revenue) FROM cohort_retention(h)) AS revenue,
			 (SELECT sum(revenue) FROM cohort_retention(h::text::purchase_history)) AS stored
	  FROM widths, LATERAL (SELECT purchase_history(customer, date '2024-01-01', a, 'month')
							FROM (VALUES (1, 1), (2, 0), (2, amount), (3, 2)) o (customer, a)) s (h)) s;
