--@view segment_history
--@about The purchase_history of each part of the shop, that all views by segment are made from: one row for each value of each segment. They know of their customers when these were new to the whole shop (anchored(history, whole)). Whatever the views do not show can be asked of it: SELECT value, w.* FROM segment_history, value_within(history, 365) AS w WHERE segment = 'country'. It is of all days until as_of, whatever from_day and until_day say.
--@key
--@of_segments
--@reads order_history
--@column segment: the name of the segment: a column of order_rows
--@column value: the value of the part's orders, as a text; NULL is a part of its own
--@column history: the history of these orders by day, on the shop's calendar. It has the rows that no view counts, too, by reason: excluded_rows(history)
SELECT segment, unnest(values) AS value, unnest(histories) AS history
FROM (SELECT segment, array_agg(value) AS values,
             -- of all values of a segment, as the whole is read once for them
             @r@anchored(array_agg(history), (SELECT whole.history FROM @schema@.order_history AS whole)) AS histories
      FROM (SELECT s.segment, s.value, @r@_retention_purchase_history@with_names@(o.customer, o.ordered_at, o.amount, @said@, @kept@, o.row_count, 'day'::text@zone@) AS history
            FROM @sold_in_parts@ AS o, LATERAL (VALUES @segments@) AS s (segment, value)
            GROUP BY s.segment, s.value) AS parts
      GROUP BY segment) AS segments
