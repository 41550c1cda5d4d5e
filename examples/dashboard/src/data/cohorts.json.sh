# shellcheck shell=sh source=/dev/null
. "$(dirname "$0")/query.sh" <<'SQL'
SELECT cohort_label, period_index, period_label, cohort_size, active, retention, is_complete
FROM :"schema".cohort_retention
ORDER BY cohort, period_index
SQL
