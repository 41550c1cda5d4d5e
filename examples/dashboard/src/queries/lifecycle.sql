SELECT period_start, period_label, opening, new, retained, resurrected, lapsed, closing, is_complete
FROM :"schema".lifecycle
ORDER BY period_start
