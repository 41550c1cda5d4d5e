SELECT days, eligible, repeated, rate, lower, upper
FROM :"schema".repeat_within
WHERE eligible > 0
ORDER BY days
