SELECT day, eligible, repeated, rate, lower, upper
FROM shop.repeat_by_day
WHERE eligible > 0
ORDER BY day
