SELECT reason, is_counted, row_count, amount
FROM shop.excluded_rows
