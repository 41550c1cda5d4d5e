/*-------------------------------------------------------------------------
 *
 * duration.c
 *	  Durations that callers give: a lifespan, a horizon, a holdout.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "order/duration.h"

#include "common/int.h"
#include "order/instant.h"
#include "pg/compat.h"
#include "utils/builtins.h"

static char *
duration_text(const Interval *duration)
{
	return DatumGetCString(DirectFunctionCall1(interval_out,
											   IntervalPGetDatum(unconstify(Interval *, duration))));
}

double
retention_duration_days(const Interval *duration)
{
	if (compat_interval_is_infinite(duration))
		return duration->month > 0 ? INFINITY : -INFINITY;
	return duration->month * ((double) MONTH_USECS / USECS_PER_DAY) + duration->day +
		(double) duration->time / USECS_PER_DAY;
}

int64
retention_duration_usecs(const Interval *duration, const char *name)
{
	int64		months;
	int64		days;
	int64		usecs;

	if (pg_mul_s64_overflow(duration->month, MONTH_USECS, &months) ||
		pg_mul_s64_overflow(duration->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(months, days, &usecs) ||
		pg_add_s64_overflow(usecs, duration->time, &usecs))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range: \"%s\"", name, duration_text(duration))));
	return usecs;
}

/* Without a call, what there is was written. */
static void
check(const Interval *duration, FunctionCallInfo fcinfo, int arg, const char *name, int allowed)
{
	double		days = retention_duration_days(duration);

	if (likely(days >= 1 && !isinf(days)))
		return;
	if (days < 0)
		ereport(ERROR,
				(errcode(isinf(days) ? ERRCODE_DATETIME_VALUE_OUT_OF_RANGE : ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative: \"%s\"", name, duration_text(duration))));
	if (isinf(days) && !(allowed & DURATION_INFINITE))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be finite: \"%s\"", name, duration_text(duration))));
	if (days == 0 && !(allowed & DURATION_ZERO))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be above 0: \"%s\"", name, duration_text(duration))));
	if (days > 0 && days < 1 &&
		((allowed & DURATION_OF_DAYS) || get_fn_expr_arg_stable(fcinfo->flinfo, arg)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be less than a day: \"%s\"", name, duration_text(duration)),
				 errhint("A number without a unit is a number of seconds. Write the unit, as in '3 years' or '90 days'.")));
}

const Interval *
retention_duration(FunctionCallInfo fcinfo, int arg, const char *name, int allowed)
{
	const Interval *duration = PG_GETARG_INTERVAL_P(arg);

	check(duration, fcinfo, arg, name, allowed);
	return duration;
}

const Interval *
retention_duration_of_text(const text *written, const char *name, int allowed)
{
	Datum		duration = DirectFunctionCall3(interval_in, CStringGetDatum(text_to_cstring(written)),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));

	check(DatumGetIntervalP(duration), NULL, 0, name, allowed | DURATION_OF_DAYS);
	return DatumGetIntervalP(duration);
}

void
retention_check_duration(const Interval *duration, const char *name)
{
	check(duration, NULL, 0, name, DURATION_OF_DAYS);
}
