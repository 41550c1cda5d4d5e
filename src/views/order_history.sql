--@view order_history
--@about Who ordered what on which day, as one value: the purchase_history that all views of this schema are made from. Whatever they do not show can be asked of it: SELECT * FROM value_within((SELECT history FROM order_history), 365).
--@key
--@column history: the history of all orders by day, on the shop's calendar; NULL if there are no rows
SELECT @r@@own@purchase_history(customer, ordered_at, @amount@, 'day'::text@zone@) AS history
FROM @rows@ AS o
