/*-------------------------------------------------------------------------
 *
 * timeline.c
 *	  The orders of one customer, one after another.  See timeline.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/bytes.h"
#include "rfm/timeline.h"

#include "common/int.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Entries by their keys, in timelines without money and with. */
#define ST_SORT sort_keys
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE_VOID
#define ST_COMPARE(a, b) ((*(const int64 *) (a) > *(const int64 *) (b)) - \
						  (*(const int64 *) (a) < *(const int64 *) (b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* An empty timeline with room for so many entries, or somewhat more. */
Timeline *
retention_timeline_create(const TimelinePurpose *purpose, uint16 zone, int scale, int nlimbs, Size room)
{
	Size		size = offsetof(Timeline, words);
	Timeline   *timeline;

	if (room > (MaxAllocSize - size) / sizeof(uint64) / (1 + nlimbs))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many orders of one customer: no room for %zu", room),
				 errhint("Perhaps a GROUP BY customer is missing.")));
	size += room * (1 + nlimbs) * sizeof(uint64);
	/* the allocator rounds up to powers of two, so use what it gives */
	size = size <= MaxAllocSize / 2 ? pg_nextpower2_size_t(size) : MaxAllocSize;
	/* the room may be stored with the rest: it holds nobody else's memory */
	timeline = palloc0(size);
	SET_VARSIZE(timeline, size);
	timeline->version = TIMELINE_VERSION;
	timeline->scale = (uint16) scale;
	timeline->purpose = *purpose;
	timeline->zone = zone;
	timeline->nlimbs = money_checked_limbs(nlimbs);
	return timeline;
}

Timeline *
retention_timeline_copy(const Timeline *timeline)
{
	Timeline   *copy = palloc(VARSIZE(timeline));

	memcpy(copy, timeline, VARSIZE(timeline));
	return copy;
}

/* Count so many orders more; a value from outside may claim any number. */
void
retention_timeline_count(Timeline *timeline, int64 orders)
{
	if (unlikely(pg_add_s64_overflow(timeline->orders, orders, &timeline->orders)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of orders out of range")));
}

/* Are all entries sorted, and will be with another one of this key? */
static inline bool
goes_on(const Timeline *timeline, int64 key)
{
	int64		last;

	if (timeline->sorted != timeline->count)
		return false;
	if (timeline->count == 0)
		return true;
	last = timeline_key(timeline, timeline->count - 1);
	return timeline->purpose.kind == TIMELINE_INSTANTS ? last <= key : DAY_OF_KEY(last) < DAY_OF_KEY(key);
}

#ifdef USE_ASSERT_CHECKING
void
retention_timeline_check_state(const Timeline *timeline)
{
	const TimelinePurpose *purpose = &timeline->purpose;

	Assert(timeline->version == TIMELINE_VERSION);
	Assert(purpose->kind >= TIMELINE_INSTANTS && purpose->kind <= TIMELINE_KIND_LAST);
	Assert((purpose->time != TIME_NONE) == (purpose->kind == TIMELINE_INSTANTS));
	Assert((purpose->amount != AMOUNT_NONE) == (purpose->kind == TIMELINE_SPEND));
	Assert(timeline->zone == 0 || purpose->kind != TIMELINE_INSTANTS);
	Assert((timeline->nlimbs > 0) == (purpose->kind == TIMELINE_SPEND));
	Assert(timeline->scale <= MONEY_MAX_SCALE);
	Assert(timeline->sorted <= timeline->count && timeline->count <= timeline_room(timeline));
	Assert(timeline->orders >= (purpose->kind == TIMELINE_SPEND ? 0 : timeline->sorted));
	for (Size i = 0; i < timeline->count; i++)
	{
		int64		key = timeline_key(timeline, i);

		Assert(purpose->kind == TIMELINE_INSTANTS ? IS_VALID_TIMESTAMP(key) :
			   DAY_OF_KEY(key) > purpose->after && DAY_OF_KEY(key) <= purpose->until);
		Assert(purpose->kind != TIMELINE_DAYS || KEY_IS_ORDER(key));
		if (i > 0 && i < timeline->sorted)
			Assert(purpose->kind == TIMELINE_INSTANTS ? timeline_key(timeline, i - 1) <= key :
				   DAY_OF_KEY(timeline_key(timeline, i - 1)) < DAY_OF_KEY(key));
	}
}
#endif

/*
 * Append the entries of another timeline, whose money is at no larger scale.
 * Returns false if they don't fit the limbs; the timeline is then as before.
 */
static bool
append_entries(Timeline *timeline, const Timeline *other)
{
	Size		stride = timeline_stride(timeline);
	uint64	   *to = timeline_entry(timeline, timeline->count);

	Assert(timeline->count + other->count <= timeline_room(timeline));
	if (timeline->nlimbs == other->nlimbs && timeline->scale == other->scale)
		memcpy(to, other->words, other->count * stride * sizeof(uint64));
	else
		for (Size i = 0; i < other->count; i++, to += stride)
		{
			*to = (uint64) timeline_key(other, i);
			if (!retention_money_convert(timeline_money(other, i), other->nlimbs, other->scale,
										 to + 1, timeline->nlimbs, timeline->scale))
				return false;
		}
	if (other->count > 0 && goes_on(timeline, timeline_key(other, 0)))
		timeline->sorted += other->sorted;
	timeline->count += other->count;
	retention_timeline_count(timeline, other->orders);
	return true;
}

/* A new timeline with the same entries, for money at this scale and in these limbs or more. */
static Timeline *
remake(const Timeline *timeline, int scale, int nlimbs, Size room)
{
	for (;; nlimbs += money_limbs_for_scale(scale - timeline->scale))
	{
		Timeline   *made = retention_timeline_create(&timeline->purpose, timeline->zone, scale, nlimbs, room);

		CHECK_FOR_INTERRUPTS();
		if (append_entries(made, timeline))
		{
			retention_timeline_check_state(made);
			return made;
		}
		pfree(made);
	}
}

/*
 * Sort the entries and make those of one day one.  Returns false, having done
 * a part of it, if the money of a day doesn't fit the limbs.
 */
static bool
compact(Timeline *timeline)
{
	Size		stride = timeline_stride(timeline);
	Size		kept = 1;

	if (timeline->sorted == timeline->count)
		return true;
	if (stride == 1)
		sort_keys((int64 *) timeline->words, timeline->count);
	else
		sort_entries(timeline->words, timeline->count, stride * sizeof(uint64));

	if (timeline->purpose.kind != TIMELINE_INSTANTS)
	{
		for (Size i = 1; i < timeline->count; i++)
		{
			uint64	   *last = timeline_entry(timeline, kept - 1);
			uint64	   *entry = timeline_entry(timeline, i);

			if (DAY_OF_KEY((int64) *entry) != DAY_OF_KEY((int64) *last))
			{
				if (kept != i)
					memcpy(timeline_entry(timeline, kept), entry, stride * sizeof(uint64));
				kept++;
				continue;
			}
			if (timeline->nlimbs > 0 &&
				!money_add(last + 1, timeline->nlimbs, entry + 1, timeline->nlimbs))
			{
				/* leave what was done, and the rest behind it */
				memmove(timeline_entry(timeline, kept), entry,
						(timeline->count - i) * stride * sizeof(uint64));
				timeline->count -= (uint32) (i - kept);
				timeline->sorted = 0;
				return false;
			}
			*last |= *entry & 1;
		}
		timeline->count = (uint32) kept;
	}
	timeline->sorted = timeline->count;
	return true;
}

static Timeline *
compact_widening(Timeline *timeline)
{
	while (!compact(timeline))
		timeline = remake(timeline, timeline->scale, timeline->nlimbs + 1, timeline->count);
	retention_timeline_check_state(timeline);
	return timeline;
}

/* The timeline, or a new one, with room for so many entries more. */
static Timeline *
make_room(Timeline *timeline, Size more)
{
	if (likely(timeline->count + more <= timeline_room(timeline)))
		return timeline;
	if (timeline->purpose.kind != TIMELINE_INSTANTS)
		timeline = compact_widening(timeline);
	/* a quarter at least should be free, or the next sorting is too near */
	if (timeline->count + more > timeline_room(timeline) - timeline_room(timeline) / 4)
		timeline = remake(timeline, timeline->scale, timeline->nlimbs,
						  Max(timeline->count + more, timeline_room(timeline) + 1));
	return timeline;
}

/* Is it the day of the last entry, and all are sorted? */
static inline bool
is_last_day(const Timeline *timeline, int64 key)
{
	return timeline->count > 0 && timeline->sorted == timeline->count &&
		timeline->purpose.kind != TIMELINE_INSTANTS &&
		DAY_OF_KEY(timeline_key(timeline, timeline->count - 1)) == DAY_OF_KEY(key);
}

/* Put a key behind the last entry, where there is room. */
static inline uint64 *
push_key(Timeline *timeline, int64 key)
{
	uint64	   *entry = timeline_entry(timeline, timeline->count);

	if (goes_on(timeline, key))
		timeline->sorted++;
	timeline->count++;
	*entry = (uint64) key;
	return entry;
}

/* Add an entry to a timeline without amounts; returns a new timeline if it had to grow. */
Timeline *
retention_timeline_add_key(Timeline *timeline, int64 key)
{
	if (is_last_day(timeline, key))
		return timeline;
	timeline = make_room(timeline, 1);
	if (!is_last_day(timeline, key))
		push_key(timeline, key);
	return timeline;
}

/* The same with money, which may be wider than the timeline's, or of more digits. */
Timeline *
retention_timeline_add_money(Timeline *timeline, int64 key, Money money)
{
	uint64	   *converted = NULL;

	if (money.scale > timeline->scale || money.nlimbs > timeline->nlimbs)
		timeline = remake(timeline, Max(money.scale, timeline->scale), Max(money.nlimbs, timeline->nlimbs),
					 Max(timeline->count + 1, 2));
	timeline = make_room(timeline, 1);

	/* from here on the timeline has room, and only the money may not fit */
	for (;; timeline = remake(timeline, timeline->scale,
						 timeline->nlimbs + money_limbs_for_scale(timeline->scale - money.scale),
						 timeline->count + 1))
	{
		const uint64 *limbs = money.limbs;

		if (money.scale != timeline->scale || money.nlimbs != timeline->nlimbs)
		{
			if (converted)
				pfree(converted);
			limbs = converted = palloc(timeline->nlimbs * sizeof(uint64));
			if (!retention_money_convert(money.limbs, money.nlimbs, money.scale,
										 converted, timeline->nlimbs, timeline->scale))
				continue;
		}
		if (!is_last_day(timeline, key))
		{
			memcpy(push_key(timeline, key) + 1, limbs, timeline->nlimbs * sizeof(uint64));
			break;
		}
		if (money_add(timeline_entry(timeline, timeline->count - 1) + 1, timeline->nlimbs, limbs, timeline->nlimbs))
		{
			*timeline_entry(timeline, timeline->count - 1) |= key & 1;
			break;
		}
	}
	if (converted)
		pfree(converted);
	return timeline;
}

/* Add what another timeline has; returns a new timeline if it had to grow. */
Timeline *
retention_timeline_merge(Timeline *timeline, const Timeline *other)
{
	int			scale = Max(timeline->scale, other->scale);
	int			nlimbs = Max(timeline->nlimbs, other->nlimbs);

	retention_timeline_check(other, &timeline->purpose, timeline->zone);
	if (scale > timeline->scale || nlimbs > timeline->nlimbs)
		timeline = remake(timeline, scale, nlimbs, timeline->count + other->count);
	timeline = make_room(timeline, other->count);
	while (!append_entries(timeline, other))
		timeline = remake(timeline, timeline->scale,
					 timeline->nlimbs + money_limbs_for_scale(timeline->scale - other->scale),
					 timeline->count + other->count);
	retention_timeline_check_state(timeline);
	return timeline;
}

/*
 * The timeline with all its entries sorted, or a copy: final functions use it,
 * and these may be called again and again while rows still come.
 */
const Timeline *
retention_timeline_sorted(const Timeline *timeline)
{
	if (timeline->sorted == timeline->count)
		return timeline;
	return compact_widening(retention_timeline_copy(timeline));
}

/* ---- what a timeline may be asked for --------------------------------------- */

static const char *
purpose_name(const TimelinePurpose *purpose)
{
	switch ((TimelineKind) purpose->kind)
	{
		case TIMELINE_INSTANTS:
			return "the times of orders";
		case TIMELINE_DAYS:
			return purpose->between ? "the days of orders between two days" : "the days of orders";
		case TIMELINE_SPEND:
			return "the days of orders and their amounts";
	}
	pg_unreachable();
}

/* An error for a timeline that can't answer what is asked. */
void
retention_timeline_refuse(const Timeline *timeline, const char *needed)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("_retention_timeline of %s where one of %s is needed",
					purpose_name(&timeline->purpose), needed)));
}

/* A day, or the infinity that it stands for, for messages. */
static const char *
day_text(int32 day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

static void
refuse_other_day(const char *argument, int32 day, int32 other)
{
	if (day != other)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be the same for all orders of a customer, not %s and %s",
						argument, day_text(Min(day, other)), day_text(Max(day, other)))));
}

/* Is the timeline for that purpose? */
void
retention_timeline_check(const Timeline *timeline, const TimelinePurpose *purpose, uint16 zone)
{
	const TimelinePurpose *is = &timeline->purpose;

	if (likely(is->kind == purpose->kind && is->time == purpose->time &&
			   is->amount == purpose->amount && is->between == purpose->between && timeline->zone == zone &&
			   is->after == purpose->after && is->until == purpose->until))
		return;
	if (is->kind != purpose->kind || is->between != purpose->between)
		retention_timeline_refuse(timeline, purpose_name(purpose));
	if (is->time != purpose->time)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("_retention_timeline with %s where one with %s is needed",
						retention_time_name(is->time), retention_time_name(purpose->time))));
	if (is->amount != purpose->amount)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("_retention_timeline with %s where one with %s is needed",
						retention_amount_name(is->amount), retention_amount_name(purpose->amount))));
	if (timeline->zone != zone)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the time zone of order days must be the same for all rows")));
	refuse_other_day("after", is->after, purpose->after);
	refuse_other_day(is->between ? "until" : "as_of", is->until, purpose->until);
}

/* Aligned, and without compression; the datum is not NULL. */
const Timeline *
retention_timeline_of_datum(Datum datum)
{
	const Timeline *timeline = (const Timeline *) PG_DETOAST_DATUM(datum);

	if (timeline->version != TIMELINE_VERSION)
		retention_unknown_version("_retention_timeline", timeline->version);
	return timeline;
}
