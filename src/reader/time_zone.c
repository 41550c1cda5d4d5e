/*-------------------------------------------------------------------------
 *
 * time_zone.c
 *	  Time zones that a calendar can be of.
 *
 * A zone is a place.  A fixed offset is none: it has POSIX's sign in PostgreSQL,
 * so that '+02:00' lies west of Greenwich, and it knows no summer time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/period.h"
#include "reader/order_reader.h"

#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/*
 * AT TIME ZONE takes CET for an abbreviation, of a time without summer time,
 * the zone database for a place with it.  There has to be one calendar.
 */
static bool
is_another_abbreviation(const char *name, pg_tz *zone)
{
	for (int month = 1; month <= 12; month++)
	{
		TimestampTz instant = (date2j(2020, month, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
		Timestamp	local;
		struct pg_tm tm;
		fsec_t		fsec;
		int			tz;

		if (timestamp2tm(instant, &tz, &tm, &fsec, NULL, zone) != 0 ||
			tm2timestamp(&tm, fsec, NULL, &local) != 0)
			elog(ERROR, "timestamp out of range");
		if (local != DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, CStringGetTextDatum(name),
														   TimestampTzGetDatum(instant))))
			return true;
	}
	return false;
}

void
retention_check_calendar_zone(const char *name)
{
	pg_tz	   *zone = retention_zone_of_name(name);

	retention_check_place(zone);
	if (is_another_abbreviation(name, zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" is an abbreviation of another time, too", name),
				 errhint("Name a place: time_zone => 'Europe/Berlin'.")));
}
