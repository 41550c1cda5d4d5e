--@view order_history
--@about Who ordered what on which day, as one value: the purchase_history that all views of this schema are made from. Whatever they do not show can be asked of it: SELECT * FROM value_within((SELECT history FROM order_history), 365).
--@key
--@column history: the history of order_rows by day, on the shop's calendar; NULL if there are none. It has the rows that no view counts, too, by reason: excluded_rows(history)
--@column left_out: the same of left_out_rows, which excluded_rows alone asks for; no customers of theirs are in it
SELECT @r@_retention_purchase_history@with_names@(customer, ordered_at, amount, @said@, true, row_count, 'day'::text@zone@) AS history,
       -- by itself: nobody reads these rows who does not ask for it
       (SELECT @r@_retention_purchase_history@with_names@(customer, ordered_at, amount, @said@, false, row_count, 'day'::text@zone@) AS left_out
        FROM @left_out@ AS l) AS left_out
FROM @sold@ AS o
