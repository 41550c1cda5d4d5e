/*-------------------------------------------------------------------------
 *
 * period.h
 *	  The calendar: instant -> day -> period.
 *
 * A day is a date of PostgreSQL's, days since 2000-01-01, and a month a number of
 * the same kind.  A period is so many of one of these, from the first one on, and a number,
 * too: 0 is the one that holds 2000-01-01, or for weeks the one that begins on
 * 2000-01-03, a Monday, and where people count from somewhere else the one that
 * begins there.  So periods are counted by the boundaries between them, and of
 * months never by their length in days.
 *
 * What a history tells apart is a Grain: the five of date_trunc.  What it is asked about is a
 * Period: these, and those that people keep books by.
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

/* 2000-01-03, that weeks are counted from, and runs of days for which nobody says from when. */
#define FIRST_MONDAY	2

/* So many days (of a day or week) or months (of the others), and one begins with "start". */
typedef struct Period
{
	Grain		grain;			/* by which it is called: of a run of days, day */
	int32		length;
	int32		start;			/* a day or month, as above */
} Period;

/* Days that an order can have: 4714-11-24 BC to 294276-12-31 AD. */
#define DAY_FIRST	(DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE)
#define DAY_LAST	(TIMESTAMP_END_JULIAN - 1 - POSTGRES_EPOCH_JDATE)

extern bool retention_grain_find(const text *name, Grain *grain);
extern Grain retention_grain_of_text(const text *name);
extern const char *retention_grain_name(Grain grain);
extern const Period retention_grain_periods[];
extern Period retention_period_of_text(const text *name);
extern const char *retention_period_name(const Period *period);
extern bool retention_period_is_grain(const Period *period);
extern bool retention_period_divides(const Period *fine, const Period *coarse);
extern pg_tz *retention_zone_of_text(const text *name);
extern pg_tz *retention_zone_of_row(const text *name);
extern pg_tz *retention_zone_of_name(const char *name);
extern uint16 retention_zone_number(pg_tz *zone);
extern void retention_check_place(const pg_tz *zone);
extern int32 retention_day_in_zone(int64 instant, pg_tz *zone);
extern int32 retention_month_of_day(int32 day);
extern int32 retention_period_first_day(int32 number, const Period *period);

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

static inline bool
period_is_of_months(const Period *period)
{
	return period->grain >= GRAIN_MONTH;
}

/* The period that a day lies in. */
static inline int32
period_of_day(int32 day, const Period *period)
{
	int32		since = (period_is_of_months(period) ? retention_month_of_day(day) : day) - period->start;
	int32		number = since / period->length;

	return number - (number * period->length > since);
}

/* The same of a grain, for every row. */
static inline int32
grain_of_day(int32 day, Grain grain)
{
	switch (grain)
	{
		case GRAIN_DAY:
			break;
		case GRAIN_WEEK:
			return (int32) floor_divide(day - FIRST_MONDAY, 7);
		case GRAIN_MONTH:
			return retention_month_of_day(day);
		case GRAIN_QUARTER:
			return (int32) floor_divide(retention_month_of_day(day), 3);
		case GRAIN_YEAR:
			return (int32) floor_divide(retention_month_of_day(day), MONTHS_PER_YEAR);
	}
	return day;
}

static inline int32
grain_first_day(int32 number, Grain grain)
{
	return retention_period_first_day(number, &retention_grain_periods[grain]);
}

/* The period that one of a grain that divides it lies in. */
static inline int32
period_of_grain(int32 number, Grain grain, const Period *period)
{
	return period_of_day(grain_first_day(number, grain), period);
}

static inline int32
period_last_day(int32 number, const Period *period)
{
	return retention_period_first_day(number + 1, period) - 1;
}

#endif							/* RETENTION_PERIOD_H */
