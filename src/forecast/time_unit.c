/*-------------------------------------------------------------------------
 *
 * time_unit.c
 *	  How many days a unit of time has.
 *
 * All models are in days.  Weeks run as days are the field's commonest error,
 * so times come in as intervals, and parameters with their unit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "forecast/fitted_model.h"
#include "order/instant.h"
#include "order/period.h"

#include "utils/builtins.h"

#define YEAR_DAYS	((double) YEAR_USECS / USECS_PER_DAY)

/* By the names of the calendar's periods, but of their mean length. */
double
retention_unit_days(const text *unit)
{
	static const double days[] = {
		[GRAIN_DAY] = 1, [GRAIN_WEEK] = 7, [GRAIN_MONTH] = YEAR_DAYS / 12,
		[GRAIN_QUARTER] = YEAR_DAYS / 4, [GRAIN_YEAR] = YEAR_DAYS
	};
	Grain		grain;

	if (!retention_grain_find(unit, &grain))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown unit: \"%s\"", text_to_cstring(unit)),
				 errhint("Units are day, week, month, quarter and year.")));
	return days[grain];
}
