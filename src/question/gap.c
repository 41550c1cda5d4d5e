/*-------------------------------------------------------------------------
 *
 * gap.c
 *	  The time between a customer's orders, and its quantiles.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "question/gap.h"
#include "question/question.h"
#include "pg/number_argument.h"

#include "utils/memutils.h"

/* Of the gap that is usual, in days where none is known. */
#define USUAL_GAP_QUANTILE	0.9
#define USUAL_GAP_UNKNOWN	90

/* Count a gap; there may be more of it at once. */
void
retention_gap_add(GapCounts *gaps, int32 days, int64 times)
{
	gaps->n += times;
	if (days < GAP_COUNTED)
	{
		if (unlikely(days >= gaps->size))
		{
			int32		size = Min(Max(days + 1, gaps->size * 2), GAP_COUNTED);

			size = Max(size, 256);
			gaps->counts = gaps->counts ?
				repalloc(gaps->counts, size * sizeof(int64)) : palloc(size * sizeof(int64));
			memset(gaps->counts + gaps->size, 0, (size - gaps->size) * sizeof(int64));
			gaps->size = size;
		}
		gaps->counts[days] += times;
		return;
	}
	/* one by one, as only gaps of 0 days come several at a time */
	Assert(times == 1);
	if (gaps->nlonger == gaps->room)
	{
		gaps->room = Max(gaps->room * 2, 16);
		gaps->longer = gaps->longer ?
			repalloc_huge(gaps->longer, gaps->room * sizeof(int32)) :
			palloc(gaps->room * sizeof(int32));
	}
	gaps->longer[gaps->nlonger++] = days;
}

static int
compare_days(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return (left > right) - (left < right);
}

/* The gap that so many others are shorter than or as long as. */
static int32
nth_gap(const GapCounts *gaps, int64 n)
{
	for (int32 days = 0; days < gaps->size; days++)
	{
		if (n < gaps->counts[days])
			return days;
		n -= gaps->counts[days];
	}
	return gaps->longer[n];
}

/* As percentile_cont: between two gaps, by the distance from each.  There must be some. */
double
retention_gap_quantile(GapCounts *gaps, double fraction)
{
	double		place = fraction * (double) (gaps->n - 1);
	int64		below;
	int64		above;
	double		low;

	/* beyond 2^53 the place is a rounded one */
	below = place < (double) (gaps->n - 1) ? Min((int64) floor(place), gaps->n - 1) : gaps->n - 1;
	above = place < (double) (gaps->n - 1) ? Min((int64) ceil(place), gaps->n - 1) : gaps->n - 1;

	Assert(gaps->n > 0);
	if (gaps->nlonger > 1)
		qsort(gaps->longer, gaps->nlonger, sizeof(int32), compare_days);
	low = nth_gap(gaps, below);
	if (below == above)
		return low;
	return low + (place - (double) below) * (nth_gap(gaps, above) - low);
}

/* The gaps between all orders of a customer, those of one day included. */
void
retention_gap_add_customer(GapCounts *gaps, const Question *question, const CustomerView *customer)
{
	OrderCursor cursor;
	int32		period;
	int64		orders;
	bool		any = false;
	int32		previous = 0;

	orders_begin(&cursor, question, customer);
	while (orders_next(&cursor, &period, &orders))
	{
		int32		day = question_day(question, period);

		if (any)
			retention_gap_add(gaps, day - previous, 1);
		if (orders > 1)
			retention_gap_add(gaps, 0, orders - 1);
		any = true;
		previous = day;
	}
}

/*
 * The time in which customers usually order again, of those who do: nine of ten have
 * by then.  Where nobody has, or all on the same day, it's a quarter of a year.
 */
double
retention_usual_gap(GapCounts *gaps)
{
	double		usual = gaps->n > 0 ? retention_gap_quantile(gaps, USUAL_GAP_QUANTILE) : 0;

	return usual > 0 ? usual : USUAL_GAP_UNKNOWN;
}

/* order_gap(purchase_history, quantile, as_of, anchor): a quantile of all gaps, in days */
PG_FUNCTION_INFO_V1(retention_history_order_gap);
Datum
retention_history_order_gap(PG_FUNCTION_ARGS)
{
	Question	question;
	CustomerView customer;
	GapCounts	gaps = {0};
	double		quantile;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	quantile = PG_GETARG_FLOAT8(1);
	retention_check_share(quantile, "quantile");
	retention_question_begin_anchored(&question, fcinfo, NO_ARG, 2, 3, false);
	while (question_next(&question, &customer))
		retention_gap_add_customer(&gaps, &question, &customer);
	if (gaps.n == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(retention_gap_quantile(&gaps, quantile));
}
