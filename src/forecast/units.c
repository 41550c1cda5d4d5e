/*-------------------------------------------------------------------------
 *
 * units.c
 *	  How many days a unit of time or an interval has.
 *
 * All models are in days.  Weeks run as days are the field's commonest error,
 * so times come in as intervals, and parameters with their unit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/model.h"

#include "datatype/timestamp.h"
#include "order/instant.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define YEAR_DAYS	((double) YEAR_USECS / USECS_PER_DAY)
#define MONTH_DAYS	(YEAR_DAYS / 12)

double
retention_unit_days(const text *unit)
{
	static const struct
	{
		const char *name;
		double		days;
	}			units[] = {{"day", 1}, {"week", 7}, {"month", MONTH_DAYS}, {"year", YEAR_DAYS}};
	char	   *name = text_to_cstring(unit);

	for (int i = 0; i < lengthof(units); i++)
		if (strcmp(name, units[i].name) == 0)
			return units[i].days;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown unit: \"%s\"", name),
			 errhint("Units are day, week, month and year.")));
}

/* An interval that isn't negative; infinite if it is. */
double
retention_interval_days(const Interval *interval, const char *what)
{
	double		days = interval->month * MONTH_DAYS + interval->day +
		(double) interval->time / USECS_PER_DAY;

	if (compat_interval_is_infinite(interval))
		days = interval->month > 0 ? INFINITY : -INFINITY;
	if (unlikely(days < 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative: \"%s\"", what,
						DatumGetCString(DirectFunctionCall1(interval_out,
															IntervalPGetDatum(unconstify(Interval *, interval)))))));
	return days;
}
