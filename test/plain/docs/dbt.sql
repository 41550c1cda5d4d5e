-- Plain SQL for the models of examples/dbt (see test/dbt), over the shops of shops.sql.

--> daily_base
SELECT day, order_rows, coalesce(customers(base), 0), coalesce(orders(base), 0), coalesce(revenue(base), 0) FROM dbt.daily_base;
SELECT ordered_at::date, count(*), count(DISTINCT customer_id) FILTER (WHERE amount >= 0), count(customer_id) FILTER (WHERE amount >= 0), coalesce(sum(amount) FILTER (WHERE customer_id IS NOT NULL), 0)
FROM orders WHERE isfinite(ordered_at) GROUP BY 1

--> kpi
TABLE dbt.kpi;
SELECT count(*), sum(orders), paid, (SELECT -sum(amount) FROM plain.known WHERE NOT is_order), guest_orders, guest_paid, paid / sum(orders), sum(orders) / count(*), avg((orders > 1)::int), paid / count(*),
	   paid / count(*) / plain.years(min(first), max(last)) * 3,
	   -- the best fifth, of whom the last may count in part
	   (SELECT sum(revenue * greatest(0, least(1, n / 5.0 - i + 1))) / sum(revenue) FROM (SELECT revenue, row_number() OVER (ORDER BY revenue DESC) AS i, count(*) OVER () AS n FROM plain.customer) c)
FROM plain.customer, (SELECT sum(amount) AS paid FROM plain.known) k, (SELECT count(*) FILTER (WHERE is_order) AS guest_orders, sum(amount) AS guest_paid FROM plain.rows WHERE customer IS NULL) g
GROUP BY paid, guest_orders, guest_paid

--> kpi_last_90_days
SELECT day, coalesce(customers, 0), coalesce(orders, 0), coalesce(revenue, 0), aov, repeat_rate FROM dbt.kpi_last_90_days;
SELECT d.day, count(DISTINCT customer) FILTER (WHERE is_order), count(*) FILTER (WHERE is_order), coalesce(sum(amount), 0), sum(amount) / nullif(count(*) FILTER (WHERE is_order), 0),
	   (SELECT avg((n > 1)::int) FROM (SELECT count(*) AS n FROM plain.numbered o WHERE o.day > d.day - 90 AND o.day <= d.day GROUP BY customer) c)
FROM (SELECT DISTINCT ordered_at::date AS day FROM orders WHERE isfinite(ordered_at)) d LEFT JOIN plain.known k ON k.day > d.day - 90 AND k.day <= d.day
GROUP BY d.day

--> kpi_by_month
TABLE dbt.kpi_by_month;
SELECT p, is_complete, customers, new, customers - new, orders, revenue, new_revenue, revenue - new_revenue, CASE WHEN is_full THEN trailing_repeat / nullif(trailing_customers, 0)::numeric END
FROM plain.new_and_returning('month', 12)

--> cohort_retention
TABLE dbt.cohort_retention;
SELECT cohort, i, period_start, size, active, active::float8 / size, orders, revenue, sum(revenue) OVER w, sum(revenue) OVER w / size, is_complete
FROM plain.cohorts('month') WINDOW w AS (PARTITION BY cohort ORDER BY i)
