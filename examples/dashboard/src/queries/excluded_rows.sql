SELECT reason, is_counted, row_count, amount
FROM :"schema".excluded_rows
WHERE row_count > 0
