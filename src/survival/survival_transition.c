/*-------------------------------------------------------------------------
 *
 * survival_transition.c
 *	  From durations to states: the transition function of survival.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "histogram/histogram.h"

/*
 * _retention_survival_add(survival_histogram, duration, event): a row without either is
 * skipped.  An infinite duration is refused, not skipped, as nobody has been observed
 * for ever: it is a mistake somewhere.
 */
PG_FUNCTION_INFO_V1(retention_survival_add);
Datum
retention_survival_add(PG_FUNCTION_ARGS)
{
	int64		counts[HISTOGRAM_MAX_COUNTS] = {0};
	double		duration;
	Histogram  *histogram;
	bool		direct;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return row_skipped(fcinfo);
	duration = PG_GETARG_FLOAT8(1);
	if (unlikely(!(duration >= 0) || isinf(duration)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("duration must be finite and not negative: %g", duration)));

	histogram = retention_histogram_begin(fcinfo, HISTOGRAM_SURVIVAL, &direct);
	if (histogram == NULL)
		histogram = retention_histogram_create(HISTOGRAM_SURVIVAL);
	counts[PG_GETARG_BOOL(2) ? SURVIVAL_EVENTS : SURVIVAL_CENSORED] = 1;
	return histogram_end(retention_histogram_add(histogram, &duration, counts), direct);
}
