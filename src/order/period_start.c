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

/* What the last row's names of a period and of a zone meant. */
typedef struct KnownNames
{
	Grain		grain;
	pg_tz	   *zone;			/* NULL: none was asked for yet */
	Size		zone_length;
	char		zone_name[TZ_STRLEN_MAX + 1];	/* as it was written */
} KnownNames;

/* A memory of this call's, or where the caller has none to keep, of this row's. */
static KnownNames *
known_names(FmgrInfo *flinfo)
{
	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(KnownNames));
	return flinfo->fn_extra;
}

static Grain
grain_of_row(KnownNames *known, const text *name)
{
	if (unlikely(known->grain == 0 ||
				 !text_is_grain(name, known->grain)))
		known->grain = retention_grain_of_text(name);
	return known->grain;
}

static Datum
first_day(int32 day, Grain grain)
{
	DateADT		first = retention_period_first_day(period_of_day(day, grain), grain);

	if (!IS_VALID_DATE(first))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range: the first day of the %s of day %d after 2000-01-01",
						retention_grain_name(grain), day)));
	return DateADTGetDatum(first);
}

/* period_start(timestamptz, text [, text]); without a zone: the session's */
PG_FUNCTION_INFO_V1(retention_period_start_timestamptz);
Datum
retention_period_start_timestamptz(PG_FUNCTION_ARGS)
{
	TimestampTz instant = PG_GETARG_TIMESTAMPTZ(0);
	KnownNames *known = known_names(fcinfo->flinfo);
	Grain		grain = grain_of_row(known, PG_GETARG_TEXT_PP(1));
	pg_tz	   *zone = PG_NARGS() > 2 ? retention_zone_of_row(PG_GETARG_TEXT_PP(2)) : session_timezone;

	if (TIMESTAMP_NOT_FINITE(instant))
		PG_RETURN_NULL();
	return first_day(retention_day_in_zone(instant, zone), grain);
}

/* period_start(timestamp, text) */
PG_FUNCTION_INFO_V1(retention_period_start_timestamp);
Datum
retention_period_start_timestamp(PG_FUNCTION_ARGS)
{
	Timestamp	instant = PG_GETARG_TIMESTAMP(0);
	Grain		grain = grain_of_row(known_names(fcinfo->flinfo), PG_GETARG_TEXT_PP(1));

	if (TIMESTAMP_NOT_FINITE(instant))
		PG_RETURN_NULL();
	return first_day(day_of_instant(instant), grain);
}

/* period_start(date, text) */
PG_FUNCTION_INFO_V1(retention_period_start_date);
Datum
retention_period_start_date(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(0);
	Grain		grain = grain_of_row(known_names(fcinfo->flinfo), PG_GETARG_TEXT_PP(1));

	if (DATE_NOT_FINITE(date))
		PG_RETURN_NULL();
	return first_day(date, grain);
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
