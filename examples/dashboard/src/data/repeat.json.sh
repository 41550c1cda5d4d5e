# shellcheck shell=sh source=/dev/null
. "$(dirname "$0")/query.sh" <<'SQL'
SELECT day, eligible, repeated, rate, lower, upper
FROM :"schema".repeat_by_day
WHERE eligible > 0
ORDER BY day
SQL
