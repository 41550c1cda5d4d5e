/*-------------------------------------------------------------------------
 *
 * instant.h
 *	  The time of an order: timestamptz, timestamp or date -> one int64.
 *
 * An instant counts microseconds since 2000-01-01, in UTC for timestamptz
 * and in the clock of the shop for the other two.  Differences are all that
 * the metrics take of it, so the three need not be told apart further.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_INSTANT_H
#define RETENTION_INSTANT_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* The numbers are part of the packed form: append, never renumber. */
typedef enum TimeKind
{
	TIME_NONE = 0,
	TIME_TIMESTAMPTZ = 1,
	TIME_TIMESTAMP = 2,
	TIME_DATE = 3
} TimeKind;

#define TIME_KIND_LAST	TIME_DATE

/* Of a customer without orders; any order's instant is below and above. */
#define INSTANT_NEVER_FIRST	PG_INT64_MAX
#define INSTANT_NEVER_LAST	PG_INT64_MIN

/* A year, and what a month of an interval is worth in it, by definition. */
#define YEAR_USECS			(INT64CONST(31557600) * USECS_PER_SEC)
#define MONTH_USECS			(YEAR_USECS / 12)

extern int64 retention_instant_of_date(DateADT date);
extern const char *retention_time_name(TimeKind kind);

/* Returns false for an instant that is no order's: infinity. */
static inline bool
instant_of_datum(Datum datum, TimeKind kind, int64 *instant)
{
	if (kind == TIME_DATE)
	{
		DateADT		date = DatumGetDateADT(datum);

		if (DATE_NOT_FINITE(date))
			return false;
		*instant = retention_instant_of_date(date);
	}
	else
	{
		*instant = DatumGetTimestamp(datum);
		if (TIMESTAMP_NOT_FINITE(*instant))
			return false;
	}
	return true;
}

#endif							/* RETENTION_INSTANT_H */
