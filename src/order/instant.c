/*-------------------------------------------------------------------------
 *
 * instant.c
 *	  The time of an order: what does not belong in line.  See instant.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/instant.h"

#include "utils/datetime.h"

/* date reaches further than timestamp does; beyond it the cast fails too. */
int64
retention_instant_of_date(DateADT date)
{
	if (date >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range for timestamp: day %d after 2000-01-01",
						date),
				 errhint("Orders are counted to the year 294276.")));
	return (int64) date * USECS_PER_DAY;
}

/* For messages. */
const char *
retention_time_name(TimeKind kind)
{
	switch (kind)
	{
		case TIME_NONE:
			return "no order times";
		case TIME_TIMESTAMPTZ:
			return "order times of type timestamptz";
		case TIME_TIMESTAMP:
			return "order times of type timestamp";
		case TIME_DATE:
			return "order times of type date";
	}
	pg_unreachable();
}
