/*-------------------------------------------------------------------------
 *
 * period_start.c
 *	  The first day of the period that an order falls in: to group rows by, as
 *	  the histories do.
 *
 * date_trunc with a time zone takes 200 to 300 nanoseconds a row, which is more
 * than the aggregates over those rows take.  This is period.c's calendar, with
 * its memory of the days that were seen.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/period.h"

#include "fmgr.h"
#include "utils/builtins.h"

/* What the last row's name of a period meant. */
typedef struct KnownPeriod
{
	Period		period;
	Grain		grain;			/* if it is just that, else 0 */
	Size		length;
	char		name[64];		/* as it was written; none that's longer */
} KnownPeriod;

/* A memory of this call's, or where the caller has none to keep, of this row's. */
static const Period *
period_of_row(FmgrInfo *flinfo, const text *name)
{
	KnownPeriod *known = flinfo->fn_extra;

	if (unlikely(known == NULL))
		flinfo->fn_extra = known = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(KnownPeriod));
	if (likely(known->grain != 0 && text_is_grain(name, known->grain)))
		return &known->period;
	if (known->length == 0 || !text_is(name, known->name, known->length))
	{
		known->period = retention_period_of_text(name);
		known->grain = retention_period_is_grain(&known->period) ? known->period.grain : 0;
		known->length = VARSIZE_ANY_EXHDR(name) <= sizeof(known->name) ? VARSIZE_ANY_EXHDR(name) : 0;
		memcpy(known->name, VARDATA_ANY(name), known->length);
	}
	return &known->period;
}

static Datum
first_day(int32 day, const Period *period)
{
	DateADT		first = retention_period_first_day(period_of_day(day, period), period);

	if (!IS_VALID_DATE(first))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range: the first day of the %s of day %d after 2000-01-01",
						retention_period_name(period), day)));
	return DateADTGetDatum(first);
}

/* period_start(timestamptz, text [, text]); without a zone: the session's */
PG_FUNCTION_INFO_V1(retention_period_start_timestamptz);
Datum
retention_period_start_timestamptz(PG_FUNCTION_ARGS)
{
	TimestampTz instant = PG_GETARG_TIMESTAMPTZ(0);
	const Period *period = period_of_row(fcinfo->flinfo, PG_GETARG_TEXT_PP(1));
	pg_tz	   *zone = PG_NARGS() > 2 ? retention_zone_of_row(PG_GETARG_TEXT_PP(2)) : session_timezone;

	if (TIMESTAMP_NOT_FINITE(instant))
		PG_RETURN_NULL();
	return first_day(retention_day_in_zone(instant, zone), period);
}

/* period_start(timestamp, text) */
PG_FUNCTION_INFO_V1(retention_period_start_timestamp);
Datum
retention_period_start_timestamp(PG_FUNCTION_ARGS)
{
	Timestamp	instant = PG_GETARG_TIMESTAMP(0);
	const Period *period = period_of_row(fcinfo->flinfo, PG_GETARG_TEXT_PP(1));

	if (TIMESTAMP_NOT_FINITE(instant))
		PG_RETURN_NULL();
	return first_day(day_of_instant(instant), period);
}

/* period_start(date, text) */
PG_FUNCTION_INFO_V1(retention_period_start_date);
Datum
retention_period_start_date(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(0);
	const Period *period = period_of_row(fcinfo->flinfo, PG_GETARG_TEXT_PP(1));

	if (DATE_NOT_FINITE(date))
		PG_RETURN_NULL();
	return first_day(date, period);
}

/*
 * A time that is no timestamptz, and the name of a time zone, here or in a
 * history.  Whoever writes that has either times of the shop's own calendar,
 * which take no zone, or instants in UTC, say; nobody else knows which.
 */
static Datum
refuse_zone(TimeKind time)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a time zone was given for %s, which have none", retention_time_name(time)),
			 time == TIME_DATE ? errhint("Leave the time zone out: a date is a day of the shop's own calendar.") :
			 errhint("Leave the time zone out if these are times of the shop's own calendar; if they are in UTC, say, give (ordered_at AT TIME ZONE 'UTC').")));
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(retention_refuse_zone_timestamp);
Datum
retention_refuse_zone_timestamp(PG_FUNCTION_ARGS)
{
	return refuse_zone(TIME_TIMESTAMP);
}

PG_FUNCTION_INFO_V1(retention_refuse_zone_date);
Datum
retention_refuse_zone_date(PG_FUNCTION_ARGS)
{
	return refuse_zone(TIME_DATE);
}
