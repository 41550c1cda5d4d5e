--@view excluded_rows
--@about Where every row of the order table went: one row for each reason; rows and amounts add up to count(*) and sum(amount) of the table.
--@key reason
--@column reason: order: counted everywhere. refund: @refund@, lowers revenue and is no order. refund without order: to a customer who has no order; in kpi.revenue, but the customer is in no list. guest order, guest refund: without a customer; in all_orders, all_revenue and aov only. no amount, no time (or an infinite one), not finite (the amount is NaN or infinite): skipped. absurd amount: 10^15 or more, either way, or more than 50 digits behind the point; too early: until 1970-01-01, which is what programs make of no time at all; in the future: more than a day from now: left out of all views, or one such row would be most of their revenue, or make everybody a lost customer. filtered out: the filter these views were made with is not true
--@column is_counted: whether the amount is in kpi.all_revenue
--@column row_count: rows of the order table
--@column amount: sum of their amounts below 10^30, to four digits behind the point; NULL if none has one
WITH kind AS MATERIALIZED (
    SELECT CASE WHEN NOT kept THEN 'filtered out'
                WHEN why IS NOT NULL THEN why
                WHEN @is_order@ THEN CASE WHEN customer IS NULL THEN 'guest order' ELSE 'order' END
                WHEN customer IS NULL THEN 'guest refund'
                ELSE 'refund' END AS reason,
           CASE WHEN kept AND why IS NULL AND @is_refund@ THEN customer END AS refunded_customer,
           sum(row_count)::int8 AS row_count, sum(amount) FILTER (WHERE abs(amount) < 1e30) AS amount
    FROM (SELECT *, @r@_retention_row_reason(ordered_at, amount) AS why FROM @all_rows@ AS r) AS o
    GROUP BY 1, 2
), buyer AS MATERIALIZED (
    SELECT DISTINCT customer
    FROM @rows@ AS o
    WHERE @is_order@
          AND customer IN (SELECT refunded_customer FROM kind)
), counted AS (
    SELECT CASE WHEN reason = 'refund' AND buyer.customer IS NULL
                THEN 'refund without order' ELSE reason END AS reason,
           sum(row_count)::int8 AS row_count, sum(amount) AS amount
    FROM kind LEFT JOIN buyer ON buyer.customer = kind.refunded_customer
    GROUP BY 1
)
SELECT reason, is_counted, coalesce(row_count, 0) AS row_count,
       (CASE WHEN abs(amount) < 1e34 THEN amount END)::numeric(38, 4) AS amount
FROM (VALUES (1, 'order', true), (2, 'refund', true), (3, 'refund without order', true), (4, 'guest order', true), (5, 'guest refund', true),
             (6, 'no amount', false), (7, 'no time', false), (8, 'not finite', false), (9, 'absurd amount', false), (10, 'too early', false),
             (11, 'in the future', false), (12, 'filtered out', false)) AS r (position, reason, is_counted)
     LEFT JOIN counted USING (reason)
ORDER BY position
