/*-------------------------------------------------------------------------
 *
 * next_order.c
 *	  How long a customer takes from order to order, and when the next one is
 *	  due: the final functions of order_gap, next_order_due and
 *	  next_order_due_day.
 *
 * next_order_due_day is asked of the timeline of rfm_summary, which knows
 * days: the two in one query cost as one.
 *
 * Gaps are counted in whole microseconds; of times that lie as far apart as
 * timestamps can, they need 64 bits without a sign.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/period.h"
#include "rfm/timeline.h"

#include "miscadmin.h"

#define ST_SORT sort_gaps
#define ST_ELEMENT_TYPE uint64
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* The median of n gaps, which are sorted, rounded down, and whether a half is missing. */
static uint64
median(uint64 *gaps, Size n, bool *half)
{
	uint64		low;
	uint64		high;

	sort_gaps(gaps, n);
	low = gaps[(n - 1) / 2];
	high = gaps[n / 2];
	*half = (high - low) % 2 != 0;
	return low + (high - low) / 2;
}

/* The median gap in microseconds.  Returns false if there are no two orders. */
static bool
median_gap(const Timeline *timeline, uint64 *usecs, bool *half)
{
	Size		n;
	uint64	   *gaps;

	if (timeline->count < 2)
		return false;
	n = timeline->count - 1;
	gaps = palloc_extended(n * sizeof(uint64), MCXT_ALLOC_HUGE);
	for (Size i = 0; i < n; i++)
		gaps[i] = (uint64) timeline_key(timeline, i + 1) - (uint64) timeline_key(timeline, i);
	*usecs = median(gaps, n, half);
	pfree(gaps);
	return true;
}

static const Timeline *
instants_of_datum(Datum datum)
{
	const Timeline *timeline = retention_timeline_of_datum(datum);

	if (timeline->purpose.kind != TIMELINE_INSTANTS)
		retention_timeline_refuse(timeline, "the times of orders");
	return retention_timeline_sorted(timeline);
}

/* order_gap_final(_retention_timeline): days; NULL with fewer than two orders */
PG_FUNCTION_INFO_V1(retention_order_gap_final);
Datum
retention_order_gap_final(PG_FUNCTION_ARGS)
{
	uint64		usecs;
	bool		half;

	if (!median_gap(instants_of_datum(PG_GETARG_DATUM(0)), &usecs, &half))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(((double) usecs + (half ? 0.5 : 0)) / (double) USECS_PER_DAY);
}

/* The last order's instant and a median gap more.  Returns false if there is none. */
static bool
next_order_due(Datum datum, TimeKind time, int64 *due)
{
	const Timeline *timeline = instants_of_datum(datum);
	uint64		usecs;
	bool		half;
	int64		last;

	if (timeline->purpose.time != time)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("_retention_timeline with %s where one with %s is needed",
						retention_time_name(timeline->purpose.time), retention_time_name(time))));
	if (!median_gap(timeline, &usecs, &half))
		return false;
	last = timeline_key(timeline, timeline->count - 1);
	if (usecs >= (uint64) END_TIMESTAMP - (uint64) last)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range: the next order is due after the year 294276")));
	*due = last + (int64) usecs;
	return true;
}

/* next_order_due_TIME_final(_retention_timeline): NULL with fewer than two orders */
PG_FUNCTION_INFO_V1(retention_next_order_due_timestamptz);
Datum
retention_next_order_due_timestamptz(PG_FUNCTION_ARGS)
{
	int64		due;

	if (!next_order_due(PG_GETARG_DATUM(0), TIME_TIMESTAMPTZ, &due))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(due);
}

PG_FUNCTION_INFO_V1(retention_next_order_due_timestamp);
Datum
retention_next_order_due_timestamp(PG_FUNCTION_ARGS)
{
	int64		due;

	if (!next_order_due(PG_GETARG_DATUM(0), TIME_TIMESTAMP, &due))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMP(due);
}

PG_FUNCTION_INFO_V1(retention_next_order_due_date);
Datum
retention_next_order_due_date(PG_FUNCTION_ARGS)
{
	int64		due;

	if (!next_order_due(PG_GETARG_DATUM(0), TIME_DATE, &due))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(day_of_instant(due));
}

/* next_order_due_day(_retention_timeline): NULL with an order on fewer than two days */
PG_FUNCTION_INFO_V1(retention_next_order_due_day);
Datum
retention_next_order_due_day(PG_FUNCTION_ARGS)
{
	const Timeline *timeline = retention_timeline_of_datum(PG_GETARG_DATUM(0));
	Size		n = 0;
	uint64	   *gaps;
	bool		half;
	int64		last = 0;
	int64		due;

	if (timeline->purpose.kind == TIMELINE_INSTANTS || timeline->purpose.between)
		retention_timeline_refuse(timeline, "the days of orders");
	timeline = retention_timeline_sorted(timeline);
	gaps = palloc_extended(Max(timeline->count, 1) * sizeof(uint64), MCXT_ALLOC_HUGE);
	for (Size i = 0; i < timeline->count; i++)
	{
		int64		key = timeline_key(timeline, i);

		if (!KEY_IS_ORDER(key))
			continue;
		/* of the first, a gap that isn't one */
		gaps[n++] = (uint64) (DAY_OF_KEY(key) - last);
		last = DAY_OF_KEY(key);
	}
	if (n < 2)
		PG_RETURN_NULL();
	due = last + (int64) median(gaps + 1, n - 1, &half);
	pfree(gaps);
	if (due > DAY_LAST)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range: the next order is due after the year 294276")));
	PG_RETURN_DATEADT((DateADT) due);
}
