/*-------------------------------------------------------------------------
 *
 * period.h
 *	  The calendar: instant -> day -> week, month, quarter or year.
 *
 * A day is a date of PostgreSQL's, days since 2000-01-01, and a period a
 * number of the same kind: 0 is the one that holds 2000-01-01, or for weeks
 * the one that begins on 2000-01-03, a Monday.  So periods are counted by the
 * boundaries between them, as date_trunc draws them, and never by length.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PERIOD_H
#define RETENTION_PERIOD_H

#include "postgres.h"

#include "order/instant.h"
#include "pg/compat.h"
#include "pgtime.h"

/* The numbers are part of the packed form: append, never renumber. */
typedef enum Grain
{
	GRAIN_DAY = 1,
	GRAIN_WEEK = 2,
	GRAIN_MONTH = 3,
	GRAIN_QUARTER = 4,
	GRAIN_YEAR = 5
} Grain;

#define GRAIN_LAST	GRAIN_YEAR

/* Days that an order can have: 4714-11-24 BC to 294276-12-31 AD. */
#define DAY_FIRST	(DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE)
#define DAY_LAST	(TIMESTAMP_END_JULIAN - 1 - POSTGRES_EPOCH_JDATE)

extern bool retention_grain_find(const text *name, Grain *grain);
extern Grain retention_grain_of_text(const text *name);
extern const char *retention_grain_name(Grain grain);
extern bool retention_grain_divides(Grain fine, Grain coarse);
extern pg_tz *retention_zone_of_text(const text *name);
extern pg_tz *retention_zone_of_row(const text *name);
extern pg_tz *retention_zone_of_name(const char *name);
extern uint16 retention_zone_number(pg_tz *zone);
extern void retention_check_place(const pg_tz *zone);
extern int32 retention_day_in_zone(int64 instant, pg_tz *zone);
extern int32 retention_month_of_day(int32 day);
extern int32 retention_period_first_day(int32 period, Grain grain);

/* Is it this word?  For names of periods and zones that stand in every row. */
static inline bool
text_is(const struct varlena *value, const char *word, Size length)
{
	return VARSIZE_ANY_EXHDR(value) == length && memcmp(VARDATA_ANY(value), word, length) == 0;
}

/* Is it the name of the grain?  Of these words and lengths the compiler makes a comparison of numbers. */
static inline bool
text_is_grain(const struct varlena *value, Grain grain)
{
	switch (grain)
	{
		case GRAIN_DAY:
			return text_is(value, "day", 3);
		case GRAIN_WEEK:
			return text_is(value, "week", 4);
		case GRAIN_MONTH:
			return text_is(value, "month", 5);
		case GRAIN_QUARTER:
			return text_is(value, "quarter", 7);
		case GRAIN_YEAR:
			return text_is(value, "year", 4);
	}
	return false;
}

/* Division that rounds down. */
static inline int64
floor_divide(int64 a, int64 b)
{
	int64		quotient = a / b;

	return quotient - (quotient * b > a);
}

/* The day of an instant on a clock without zone. */
static inline int32
day_of_instant(int64 instant)
{
	return (int32) floor_divide(instant, USECS_PER_DAY);
}

/* The period that a period of a grain that divides it lies in. */
static inline int32
period_coarsen(int32 period, Grain fine, Grain coarse)
{
	if (fine == coarse)
		return period;
	if (coarse == GRAIN_WEEK)
		return (int32) floor_divide(period - 2, 7);
	if (fine == GRAIN_DAY)
	{
		period = retention_month_of_day(period);
		fine = GRAIN_MONTH;
	}
	if (coarse == GRAIN_QUARTER && fine == GRAIN_MONTH)
		return (int32) floor_divide(period, 3);
	if (coarse == GRAIN_YEAR)
		return (int32) floor_divide(period, fine == GRAIN_MONTH ? 12 : 4);
	return period;
}

static inline int32
period_of_day(int32 day, Grain grain)
{
	return period_coarsen(day, GRAIN_DAY, grain);
}

static inline int32
period_last_day(int32 period, Grain grain)
{
	return retention_period_first_day(period + 1, grain) - 1;
}

#endif							/* RETENTION_PERIOD_H */
