-- projected_customers and projected_revenue.
SET extra_float_digits = 1;

-- by hand: 100, then 100 x 0.8 + 100 = 180, 180 x 0.8 + 100 = 244 ...
SELECT period_number, round(customers::numeric, 9) AS customers FROM projected_customers(100, 0.8, 5);
SELECT period_number, round(customers::numeric, 9) AS customers, round(revenue::numeric, 9) AS revenue, round(cumulative_revenue::numeric, 9) AS cumulative_revenue
FROM projected_revenue(100, 0.8, 5, 12.5);

-- the closed forms
SELECT count(*) AS rows, max(abs(customers - 250 * (1 - power(0.6, period_number)) / 0.4) / customers) < 1e-14 AS same FROM projected_customers(250, 0.6, 100);
SELECT round(customers::numeric, 6) AS tends_to FROM projected_customers(100, 0.95, 1000) WHERE period_number = 1000;
SELECT max(abs(cumulative_revenue - running)) < 1e-6 AS same
FROM (SELECT cumulative_revenue, sum(customers * 30) OVER (ORDER BY period_number) AS running FROM projected_revenue(40, 0.9, 60, 30)) s;

-- the ends: nobody stays, everybody does, nobody comes, no period, losses
SELECT array_agg(customers ORDER BY period_number) AS nobody_stays FROM projected_customers(10, 0, 3);
SELECT array_agg(customers ORDER BY period_number) AS everybody_stays FROM projected_customers(10, 1, 3);
SELECT array_agg(customers ORDER BY period_number) AS nobody_comes FROM projected_customers(0, 0.5, 3);
SELECT count(*) AS no_period FROM projected_customers(10, 0.5, 0);
SELECT array_agg(cumulative_revenue ORDER BY period_number) AS losses FROM projected_revenue(10, 1, 3, -1);
SELECT (SELECT count(*) FROM projected_customers(NULL, 0.5, 3)) AS null_new, (SELECT count(*) FROM projected_revenue(10, 0.5, 3, NULL)) AS null_revenue;
SELECT (projected_customers(10, 0.5, 2)).*;
SELECT new, sum(customers) FROM (VALUES (10), (20)) n (new), LATERAL projected_customers(new, 0.5, 3) GROUP BY new ORDER BY new;
SELECT * FROM projected_revenue(new_customers_per_period => 10, period_retention => 0.5, periods => 2, revenue_per_customer => 3);

-- errors
SELECT projected_customers(10, 80, 3);
SELECT projected_customers(10, -0.1, 3);
SELECT projected_customers(10, 'NaN', 3);
SELECT projected_customers(10, 0.5, -1);
SELECT projected_customers(10, 0.5, 2147483647);
SELECT count(*) FROM projected_customers(10, 0.5, 100000);
SELECT projected_customers(-10, 0.5, 3);
SELECT projected_customers('Infinity', 0.5, 3);
SELECT projected_revenue(10, 0.5, 3, 'NaN');
SELECT projected_revenue(10, 0.5, 3, '-Infinity');
SELECT projected_customers(1e308, 1, 3);
SELECT projected_revenue(1e308, 0, 3, 1);
