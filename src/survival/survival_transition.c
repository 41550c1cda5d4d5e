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
 * _retention_survival_add(survival, duration, event): a row without either is skipped.
 * An infinite duration is refused, not skipped, as nobody has been observed
 * for ever: it is a mistake somewhere.
 */
PG_FUNCTION_INFO_V1(retention_survival_add);
Datum
retention_survival_add(PG_FUNCTION_ARGS)
{
	int64		counts[TALLY_MAX_COUNTS] = {0};
	double		duration;
	Tally	   *tally;
	bool		direct;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return row_skipped(fcinfo);
	duration = PG_GETARG_FLOAT8(1);
	if (unlikely(!(duration >= 0) || isinf(duration)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("duration must be finite and not negative: %g", duration)));

	tally = retention_tally_begin(fcinfo, TALLY_SURVIVAL, &direct);
	if (tally == NULL)
		tally = retention_tally_create(TALLY_SURVIVAL);
	counts[PG_GETARG_BOOL(2) ? SURVIVAL_EVENTS : SURVIVAL_CENSORED] = 1;
	return tally_end(retention_tally_add(tally, &duration, counts), direct);
}
