/*-------------------------------------------------------------------------
 *
 * timeline.h
 *	  The orders of one customer, one after another: the state of the
 *	  aggregates that need more of them than sums.
 *
 * Under GROUP BY customer there are as many timelines as customers, most of them
 * of a few orders, so one is a flat piece of memory without a context of its
 * own: a header, entries, and room for some more.  When the room is used up,
 * the entries are sorted, those of one day become one, and if that has not made
 * room enough the timeline doubles.  (The executor copies a state that comes
 * back at another address, so it must not grow a little at a time.)
 *
 * An entry is its key and, in a timeline with amounts, the money of a day:
 *
 *	TIMELINE_INSTANTS	the instant of an order; two at one instant are two entries
 *	TIMELINE_DAYS		2 x day + 1
 *	TIMELINE_SPEND		2 x day + (does the day have an order?), then the money;
 *						a day without has refunds, whose order may yet come
 *
 * Keys order entries by time, and what becomes of two entries of one day does
 * not depend on which was first, so neither does any answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_TIMELINE_H
#define RETENTION_TIMELINE_H

#include "postgres.h"

#include "fmgr.h"
#include "order/amount.h"
#include "order/instant.h"
#include "order/money.h"
#include "pg/compat.h"

/* The numbers are part of the packed form: append, never renumber. */
typedef enum TimelineKind
{
	TIMELINE_INSTANTS = 1,		/* order_gap, next_order_due */
	TIMELINE_DAYS = 2,			/* order_days_between; rfm_summary without amounts */
	TIMELINE_SPEND = 3			/* rfm_summary */
} TimelineKind;

#define TIMELINE_KIND_LAST	TIMELINE_SPEND

/*
 * What a timeline is for.  Rows of another purpose, as different constants in the
 * arguments of one aggregate would make them, are an error.
 */
typedef struct TimelinePurpose
{
	uint8		kind;			/* TimelineKind */
	uint8		time;			/* TimeKind of TIMELINE_INSTANTS, else TIME_NONE */
	uint8		amount;			/* AmountKind of TIMELINE_SPEND, else AMOUNT_NONE */
	bool		between;		/* order_days_between? */
	int32		after;			/* the day before the first that counts, */
	int32		until;			/* and the last one */
} TimelinePurpose;

typedef struct Timeline
{
	int32		vl_len_;
	uint16		version;		/* TIMELINE_VERSION */
	uint16		scale;			/* of money */
	TimelinePurpose purpose;
	uint16		nlimbs;			/* of an entry's money */
	uint16		zone;			/* whose days they are, by its retention_zone_number; 0: the times have none */
	uint32		count;			/* entries */
	uint32		sorted;			/* of these, so many at the start are sorted,
								 * and of one day there is one */
	int64		orders;
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} Timeline;

#define TIMELINE_VERSION		1

#define KEY_OF_DAY(day, is_order)	((int64) (day) * 2 + (is_order))
#define DAY_OF_KEY(key)				((int32) ((key) >> 1))
#define KEY_IS_ORDER(key)			(((key) & 1) != 0)

/* Words of an entry. */
static inline Size
timeline_stride(const Timeline *timeline)
{
	return 1 + timeline->nlimbs;
}

static inline uint64 *
timeline_entry(Timeline *timeline, Size i)
{
	return timeline->words + i * timeline_stride(timeline);
}

static inline int64
timeline_key(const Timeline *timeline, Size i)
{
	return (int64) timeline->words[i * timeline_stride(timeline)];
}

static inline const uint64 *
timeline_money(const Timeline *timeline, Size i)
{
	return timeline->words + i * timeline_stride(timeline) + 1;
}

static inline Size
timeline_room(const Timeline *timeline)
{
	return (VARSIZE(timeline) - offsetof(Timeline, words)) / (timeline_stride(timeline) * sizeof(uint64));
}

/* In a build with assertions: is it all that is said above?  Looks at every entry. */
#ifdef USE_ASSERT_CHECKING
extern void retention_timeline_check_state(const Timeline *timeline);
#else
#define retention_timeline_check_state(timeline)	((void) 0)
#endif

extern Timeline *retention_timeline_create(const TimelinePurpose *purpose, uint16 zone, int scale, int nlimbs, Size room);
extern Timeline *retention_timeline_copy(const Timeline *timeline);
extern void retention_timeline_check(const Timeline *timeline, const TimelinePurpose *purpose, uint16 zone);
compat_noreturn extern void retention_timeline_refuse(const Timeline *timeline, const char *needed) compat_attribute_noreturn();
extern void retention_timeline_count(Timeline *timeline, int64 orders);
extern Timeline *retention_timeline_add_key(Timeline *timeline, int64 key);
extern Timeline *retention_timeline_add_money(Timeline *timeline, int64 key, Money money);
extern Timeline *retention_timeline_merge(Timeline *timeline, const Timeline *other);
extern const Timeline *retention_timeline_sorted(const Timeline *timeline);
extern const Timeline *retention_timeline_of_datum(Datum datum);

extern struct varlena *retention_timeline_pack(const Timeline *timeline);
extern Timeline *retention_timeline_unpack(const struct varlena *value);

#endif							/* RETENTION_TIMELINE_H */
