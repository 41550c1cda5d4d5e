/*-------------------------------------------------------------------------
 *
 * period.c
 *	  The calendar: instant -> day -> period.
 *
 * To ask the time zone database for the date of an instant takes 200 to 300
 * nanoseconds, and shops have millions of orders on a few thousand days.  So
 * the days that were seen are remembered with the instants they begin and end
 * at.  A day's end is a midnight, or a change of the clocks: whatever happens
 * at one (some places have shifted their clocks back over midnight, and one
 * has skipped a day) belongs to another entry, and every answer is exact.
 *
 * The memory is the process's and not an aggregate's: it depends on nothing
 * but the zone, and some callers keep nothing from row to row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/period.h"

#include <ctype.h>

#include "pg/compat.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/formatting.h"
#include "utils/timestamp.h"

#define KNOWN_DAYS		4096	/* a power of two */

/* Seconds from 1970 to 2000, the two epochs. */
#define EPOCH_SECONDS	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY)

static const char *const grain_names[] = {
	NULL, "day", "week", "month", "quarter", "year"
};

const Period retention_grain_periods[] = {
	[GRAIN_DAY] = {GRAIN_DAY, 1, 0},
	[GRAIN_WEEK] = {GRAIN_WEEK, 7, FIRST_MONDAY},
	[GRAIN_MONTH] = {GRAIN_MONTH, 1, 0},
	[GRAIN_QUARTER] = {GRAIN_QUARTER, 3, 0},
	[GRAIN_YEAR] = {GRAIN_YEAR, MONTHS_PER_YEAR, 0}
};

/* What else people call them; a plural is the word with an s. */
static const struct
{
	const char *word;
	Grain		grain;
}			grain_words[] = {
	{"daily", GRAIN_DAY}, {"weekly", GRAIN_WEEK}, {"monthly", GRAIN_MONTH},
	{"quarterly", GRAIN_QUARTER}, {"yearly", GRAIN_YEAR}, {"annual", GRAIN_YEAR},
	{"annually", GRAIN_YEAR}
};

/* From the day on that day 0 is, a Saturday. */
static const char *const weekday_names[] = {
	"saturday", "sunday", "monday", "tuesday", "wednesday", "thursday", "friday"
};

static const char *const month_names[] = {
	"january", "february", "march", "april", "may", "june", "july", "august", "september",
	"october", "november", "december"
};

/* Days that a run can have. */
#define RUN_LEAST		2
#define RUN_MOST		3650

/* ---- what periods are called ------------------------------------------------- */

/* A word, or none, in a list of words: where, or -1. */
static int
find_word(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static bool
find_grain(const char *word, Grain *grain)
{
	for (int i = GRAIN_DAY; i <= GRAIN_LAST; i++)
	{
		Size		length = strlen(grain_names[i]);

		*grain = i;
		if (strncmp(word, grain_names[i], length) == 0 &&
			(word[length] == '\0' || strcmp(word + length, "s") == 0))
			return true;
	}
	for (int i = 0; i < lengthof(grain_words); i++)
	{
		*grain = grain_words[i].grain;
		if (strcmp(word, grain_words[i].word) == 0)
			return true;
	}
	return false;
}

static char *
lower_text(const text *name)
{
	return asc_tolower(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

/* A grain by its name, in letters of either case; false if it is none's. */
bool
retention_grain_find(const text *name, Grain *grain)
{
	char	   *lower = lower_text(name);
	bool		found = find_grain(lower, grain);

	pfree(lower);
	return found;
}

/* A whole number of so many digits at most; -1 if it's none. */
static int32
read_number(const char *digits, Size length, Size most)
{
	int32		number = 0;

	if (length == 0 || length > most || strspn(digits, "0123456789") < length)
		return -1;
	for (Size i = 0; i < length; i++)
		number = number * 10 + (digits[i] - '0');
	return number;
}

/* A date that looks the same in every session: 2024-12-31. */
static bool
read_day(const char *date, int32 *day)
{
	int32		year = read_number(date, Min(strlen(date), 4), 4);
	int32		month;
	int32		mday;
	int			back_year;
	int			back_month;
	int			back_mday;

	if (strlen(date) != 10 || date[4] != '-' || date[7] != '-')
		return false;
	month = read_number(date + 5, 2, 2);
	mday = read_number(date + 8, 2, 2);
	if (year < 1 || month < 1 || month > MONTHS_PER_YEAR || mday < 1)
		return false;
	*day = date2j(year, month, mday) - POSTGRES_EPOCH_JDATE;
	/* there may be no such day in the month */
	j2date(*day + POSTGRES_EPOCH_JDATE, &back_year, &back_month, &back_mday);
	return back_month == month && back_mday == mday;
}

/*
 * A period by its name, words in letters of either case: NULL if it was understood, or
 * else a hint.
 */
static const char *
read_period(const text *name, Period *period)
{
	char	   *words[5];
	int			n = 0;
	int			unit;			/* where the word for it is */
	const char *from = NULL;
	Grain		grain;
	int			start;

	/* a space between two words, and no other */
	for (char *at = lower_text(name); at && n < lengthof(words); n++)
	{
		words[n] = at;
		if ((at = strchr(at, ' ')) != NULL)
			*at++ = '\0';
	}
	unit = isdigit((unsigned char) words[0][0]) ? 1 : 0;
	if (n == unit + 3 && strcmp(words[unit + 1], "from") == 0)
		from = words[unit + 2];
	if ((n != unit + 1 && !from) || !find_grain(words[unit], &grain))
		return "Periods are day, week, month, quarter and year; week from sunday, quarter from april and year from april, or from any other; and runs of days: 28 days, 28 days from 2024-01-01.";
	*period = retention_grain_periods[grain];

	if (unit == 1)
	{
		period->length = read_number(words[0], strlen(words[0]), 4);
		period->start = FIRST_MONDAY;
		if (grain != GRAIN_DAY || period->length < RUN_LEAST || period->length > RUN_MOST)
			return psprintf("Runs are of %d to %d days: 28 days, 28 days from 2024-01-01.", RUN_LEAST, RUN_MOST);
		if (from && !read_day(from, &period->start))
			return "Runs are counted from a day in the form 2024-01-01: 28 days from 2024-01-01.";
	}
	else if (from && grain == GRAIN_WEEK)
	{
		if ((start = find_word(from, weekday_names, lengthof(weekday_names))) < 0)
			return "Weeks begin on a sunday, monday, tuesday, wednesday, thursday, friday or saturday: week from sunday.";
		period->start = start;
	}
	else if (from && (grain == GRAIN_QUARTER || grain == GRAIN_YEAR))
	{
		if ((start = find_word(from, month_names, lengthof(month_names))) < 0)
			return psprintf("The %s begins with a month, such as april: %s from april.", grain_names[grain], grain_names[grain]);
		period->start = start;
	}
	else if (from)
		return "What begins elsewhere are weeks, quarters, years and runs of days: week from sunday, quarter from april, year from april, 28 days from 2024-01-01.";
	return NULL;
}

Period
retention_period_of_text(const text *name)
{
	Period		period;
	const char *hint = read_period(name, &period);

	if (hint)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period \"%s\" not recognized", text_to_cstring(name)),
				 errhint("%s", hint)));
	return period;
}

/* What a history tells apart. */
Grain
retention_grain_of_text(const text *name)
{
	Period		period = retention_period_of_text(name);

	if (!retention_period_is_grain(&period))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a purchase history is by day, week, month, quarter or year, not by %s",
						retention_period_name(&period)),
				 errhint("Make it by 'day', and ask it with period => '%s'.", retention_period_name(&period))));
	return period.grain;
}

const char *
retention_grain_name(Grain grain)
{
	return grain_names[grain];
}

/* As it is understood again. */
const char *
retention_period_name(const Period *period)
{
	int			year;
	int			month;
	int			mday;

	if (retention_period_is_grain(period))
		return grain_names[period->grain];
	if (period->grain == GRAIN_WEEK)
		return psprintf("week from %s", weekday_names[period->start]);
	if (period_is_of_months(period))
		return psprintf("%s from %s", grain_names[period->grain], month_names[period->start]);
	if (period->start == FIRST_MONDAY)
		return psprintf("%d days", period->length);
	j2date(period->start + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	return psprintf("%d days from %04d-%02d-%02d", period->length, year, month, mday);
}

bool
retention_period_is_grain(const Period *period)
{
	const Period *grain = &retention_grain_periods[period->grain];

	return period->length == grain->length && period->start == grain->start;
}

/* Does each period of the coarse ones consist of whole fine ones? */
bool
retention_period_divides(const Period *fine, const Period *coarse)
{
	if (period_is_of_months(fine) != period_is_of_months(coarse))
		return fine->grain == GRAIN_DAY && fine->length == 1;
	return coarse->length % fine->length == 0 && (coarse->start - fine->start) % fine->length == 0;
}

/* ---- time zones ------------------------------------------------------------ */

/* A zone by its name, as messages and values have it. */
pg_tz *
retention_zone_of_name(const char *name)
{
	pg_tz	   *zone = strlen(name) < TZ_STRLEN_MAX ? pg_tzset(name) : NULL;

	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name),
				 errhint("Names are in the view pg_timezone_names.")));
	return zone;
}

/* Only four names in the time zone database look as POSIX's rules do. */
static bool
is_rule(const char *name)
{
	static const char *const names[] = {"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"};

	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(name, names[i]) == 0)
			return false;
	return strpbrk(name, "0123456789") != NULL;
}

/* A fixed offset, other than none, is no place; nor is a rule of POSIX's. */
void
retention_check_place(const pg_tz *zone)
{
	const char *name = pg_get_timezone_name(unconstify(pg_tz *, zone));
	long int	offset;
	bool		fixed = pg_get_timezone_offset(zone, &offset);

	if (fixed ? offset != 0 : is_rule(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" is not a place", name),
				 errdetail("Offsets have the sign of POSIX in names of time zones, where those east of Greenwich are negative, and they know no summer time."),
				 errhint("Name a place, such as Europe/Berlin, or UTC.")));
}

pg_tz *
retention_zone_of_text(const text *name)
{
	char	   *copy = text_to_cstring(name);
	pg_tz	   *zone = retention_zone_of_name(copy);

	retention_check_place(zone);
	pfree(copy);
	return zone;
}

/* The same for an argument of every row: mostly it's what it was in the last one. */
pg_tz *
retention_zone_of_row(const text *name)
{
	static pg_tz *last_zone = NULL;
	static Size last_length;
	static char last_name[TZ_STRLEN_MAX + 1];	/* as it was written */

	if (unlikely(last_zone == NULL || !text_is(name, last_name, last_length)))
	{
		last_zone = retention_zone_of_text(name);
		/* it is a zone's, and so it is short */
		last_length = VARSIZE_ANY_EXHDR(name);
		memcpy(last_name, VARDATA_ANY(name), last_length);
	}
	return last_zone;
}

/*
 * A number of a zone, the same on every machine, and never 0: FNV-1a of its name, with
 * a seed by which no two of today's names have the same.
 */
uint16
retention_zone_number(pg_tz *zone)
{
	static pg_tz *last_zone = NULL;
	static uint16 last_number;

	if (unlikely(zone != last_zone))
	{
		uint32		hash = 7;

		for (const char *at = pg_get_timezone_name(zone); *at != '\0'; at++)
			hash = (hash ^ (unsigned char) *at) * 16777619;
		last_number = (uint16) Max((hash ^ hash >> 16) & 0xFFFF, 1);
		last_zone = zone;
	}
	return last_number;
}

/* A day of a zone, or the part of it that lies between two clock changes. */
typedef struct KnownDay
{
	pg_tz	   *zone;			/* NULL: not in use */
	int64		begin;			/* instants */
	int64		end;
	int32		day;
} KnownDay;

static int64
seconds_to_instant(pg_time_t seconds)
{
	return (seconds - EPOCH_SECONDS) * USECS_PER_SEC;
}

/* Ask the time zone database. */
static void
find_day(int64 instant, pg_tz *zone, KnownDay *known, int64 *offset)
{
	pg_time_t	now = floor_divide(instant, USECS_PER_SEC) + EPOCH_SECONDS;
	struct pg_tm *local = pg_localtime(&now, zone);
	pg_time_t	midnight;
	pg_time_t	begin;
	pg_time_t	end;
	long int	before_offset;
	long int	after_offset;
	int			before_isdst;
	int			after_isdst;
	pg_time_t	change;

	if (local == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	midnight = now - (local->tm_hour * SECS_PER_HOUR + local->tm_min * SECS_PER_MINUTE + local->tm_sec);
	known->zone = zone;
	known->day = date2j(local->tm_year + 1900, local->tm_mon + 1, local->tm_mday) -
		POSTGRES_EPOCH_JDATE;
	*offset = local->tm_gmtoff;

	/* the clocks may have changed since midnight, and may before the next */
	begin = midnight;
	end = midnight + SECS_PER_DAY;
	while (pg_next_dst_boundary(&begin, &before_offset, &before_isdst, &change,
								&after_offset, &after_isdst, zone) == 1)
	{
		if (change > now)
		{
			end = Min(end, change);
			break;
		}
		begin = change;
	}
	known->begin = seconds_to_instant(begin);
	known->end = seconds_to_instant(end);
}

/* The day of an instant in a zone, as a cast to date gives it. */
int32
retention_day_in_zone(int64 instant, pg_tz *zone)
{
	static KnownDay known_days[KNOWN_DAYS];
	static int64 last_offset = 0;
	KnownDay   *known;
	KnownDay	found;

	/* about the day it is there: two days share a slot for an hour at most */
	known = &known_days[(uint32) day_of_instant(instant + last_offset * USECS_PER_SEC) &
						(KNOWN_DAYS - 1)];
	if (likely(known->zone == zone && instant >= known->begin && instant < known->end))
		return known->day;
	find_day(instant, zone, &found, &last_offset);
	*known = found;
	return found.day;
}

/* ---- days and months ------------------------------------------------------- */

/* The month that a day lies in. */
int32
retention_month_of_day(int32 day)
{
	/* as above: the calendar is quick, and this still takes a third of it */
	static struct
	{
		int32		day;
		int32		month;
	}			known_months[KNOWN_DAYS];
	int			slot = (uint32) day & (KNOWN_DAYS - 1);
	int			year;
	int			month;
	int			mday;

	/* slot 0 is zeroed for day 0, which lies in month 0; others for no day */
	if (known_months[slot].day == day)
		return known_months[slot].month;
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	known_months[slot].day = day;
	known_months[slot].month = (year - 2000) * MONTHS_PER_YEAR + month - 1;
	return known_months[slot].month;
}

/* The day that a period begins with. */
int32
retention_period_first_day(int32 number, const Period *period)
{
	int32		unit = period->start + number * period->length;
	int32		year;

	if (!period_is_of_months(period))
		return unit;
	year = (int32) floor_divide(unit, MONTHS_PER_YEAR);
	return date2j(year + 2000, unit - year * MONTHS_PER_YEAR + 1, 1) - POSTGRES_EPOCH_JDATE;
}
