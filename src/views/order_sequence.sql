--@view order_sequence
--@about Which of a customer's orders each order is: one row for each order of a known customer, to be joined to what else is known of orders. Guests are not in it, as nobody knows which of somebody's orders theirs are, and neither are refunds, but for what they take away from revenue_to_date. It reads the order table also where the rows of other views are kept, with the rights of who reads it: WHERE customer = ... reads their orders alone, where the table has an index on the customer. With from_day or until_day it has the orders of these days; order_number counts all.
--@key customer, order_number
--@never_kept
--@column customer: the customer, as in the order table, and of its type
--@column order_id: what the lines of the order share, as in the order table, and of its type; NULL of lines without it. Only where the views were made of lines
--@column ordered_at: time of the order, as in the order table, and of its type; of lines the earliest of theirs
--@column amount: what was paid; of lines their sum
--@column order_number: 1 for the customer's first order, 2 for the second ... Of two orders of one time that with the smaller order_id is the first of them, or else that of the smaller amount
--@column is_first: whether it is the customer's first order
--@column days_since_previous: days of the calendar since the customer's order before this one; 0 for the same day, NULL for the first
--@column revenue_to_date: sum of the customer's amounts up to this order, refunds (@refunds@) until its time subtracted
--@column updated_at: now, as its rows are never kept. The same in all rows
SELECT customer, @order_id@ordered_at,
       amount::numeric(38, 4) AS amount,
       order_number::int4 AS order_number,
       order_number = 1 AS is_first,
       day - previous_day AS days_since_previous,
       revenue_to_date::numeric(38, 4) AS revenue_to_date,
       now() AS updated_at
FROM (SELECT customer, @order_id@ordered_at, amount, ordered, day,
             count(*) FILTER (WHERE ordered) OVER so_far AS order_number,
             sum(amount) OVER so_far AS revenue_to_date,
             max(day) FILTER (WHERE ordered) OVER before AS previous_day
      -- Customers are the table's own column, whatever that is: so that a condition reaches its index.
      FROM (SELECT customer, @order_id@ordered_at, amount, @is_order@ AS ordered, @r@period_start(ordered_at, 'day'::text@zone@) AS day
            FROM @own_rows@ AS o
            WHERE customer IS NOT NULL@until_now@) AS o
      -- refunds before orders of the same time
      WINDOW numbered AS (PARTITION BY customer ORDER BY ordered_at, ordered, @by_order_id@amount),
             so_far AS (numbered ROWS UNBOUNDED PRECEDING),
             before AS (numbered ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS s
WHERE ordered@days_in_window@
