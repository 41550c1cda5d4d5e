--@view order_history
--@about Who ordered what on which day, as one value: the purchase_history that all views of this schema are made from. Whatever they do not show can be asked of it: SELECT * FROM value_within((SELECT history FROM order_history), 365). It is of all days until as_of, whatever from_day and until_day say.
--@key
--@column history: the history of order_rows by day, on the shop's calendar; NULL if there are none. It has the rows that no view counts, too, by reason: excluded_rows(history)
--@column left_out: the same of left_out_rows, which excluded_rows alone asks for; no customers of theirs are in it. NULL where views are live: then the history itself has these rows
--@column changes_waiting: where views are live, changes of orders that wait to be folded into the stored history; NULL in other modes
SELECT @r@_retention_purchase_history@with_names@(customer, ordered_at, amount, @said@, @kept@, row_count, 'day'::text@zone@) AS history,
       -- by itself: nobody reads these rows who does not ask for it
       (SELECT @r@_retention_purchase_history@with_names@(customer, ordered_at, amount, @said@, false, row_count, 'day'::text@zone@) AS left_out
        FROM @left_out@ AS l) AS left_out,
       NULL::int8 AS changes_waiting
FROM @sold@ AS o
--@live
-- What was stored, and what has come and gone since: both as who reads them sees them.
SELECT @r@_retention_history_unless_empty(@r@rollup(h)) AS history,
       NULL::@r@purchase_history AS left_out,
       (SELECT count(*) FROM @schema@.order_changes AS c) AS changes_waiting
FROM (SELECT history FROM @schema@.order_history_parts
      UNION ALL
      SELECT v.h
      FROM (SELECT @r@_retention_purchase_history@with_names@(customer, ordered_at, amount, said, kept, 1::int8, 'day'::text@zone@) FILTER (WHERE weight > 0) AS came,
                   @r@negated(@r@_retention_purchase_history@with_names@(customer, ordered_at, amount, said, kept, 1::int8, 'day'::text@zone@) FILTER (WHERE weight < 0)) AS gone
            FROM (SELECT @noted@, weight FROM @schema@.order_changes) AS c) AS w,
           LATERAL (VALUES (came), (gone)) AS v (h)) AS parts (h)
