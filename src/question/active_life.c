/*-------------------------------------------------------------------------
 *
 * active_life.c
 *	  How long customers stay, of whom nobody says when they leave: a survival
 *	  value.
 *
 * The mean of the lifespans seen so far says how long ago a shop opened, since
 * whoever is still a customer has only begun.  So a customer who has been silent for
 * longer than customers usually are has left, with their last order; and of everyone
 * else it's known that they have stayed until the horizon: a censored time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "question/gap.h"

#include "histogram/histogram.h"
#include "miscadmin.h"

/* Days of the first and of the last order. */
typedef struct Span
{
	int32		first;
	int32		last;
} Span;

typedef struct Spans
{
	Span	   *spans;
	int64		n;
	int64		room;
} Spans;

static void
add_span(Spans *spans, const Question *question, const CustomerView *customer)
{
	OrderCursor cursor;
	Span		span;
	int32		period;
	int64		orders;

	orders_begin(&cursor, question, customer);
	if (!orders_next(&cursor, &period, &orders))
		return;
	span.first = span.last = question_day(question, period);
	while (orders_next(&cursor, &period, &orders))
		span.last = question_day(question, period);
	if (spans->n == spans->room)
	{
		spans->room = Max(spans->room * 2, 1024);
		spans->spans = spans->spans ? repalloc_huge(spans->spans, spans->room * sizeof(Span)) :
			palloc(spans->room * sizeof(Span));
	}
	spans->spans[spans->n++] = span;
}

/* active_life(purchase_history, dormant_after_days, as_of, anchor): days from the first order to the last */
PG_FUNCTION_INFO_V1(retention_active_life);
Datum
retention_active_life(PG_FUNCTION_ARGS)
{
	static const int64 event[] = {1, 0};
	static const int64 censored[] = {0, 1};
	Question	question;
	CustomerView customer;
	GapCounts	gaps = {0};
	Spans		spans = {0};
	double		dormant_after = 0;
	bool		given = !PG_ARGISNULL(1);
	Histogram  *histogram;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (given)
	{
		dormant_after = PG_GETARG_FLOAT8(1);
		if (!(dormant_after >= 0) || isinf(dormant_after))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("number of days must be finite and not negative: %g", dormant_after)));
	}
	retention_question_begin_anchored(&question, fcinfo, NO_ARG, 2, 3, false);
	while (question_next(&question, &customer))
	{
		add_span(&spans, &question, &customer);
		if (!given)
			retention_gap_add_customer(&gaps, &question, &customer);
	}
	if (!given)
		dormant_after = retention_usual_gap(&gaps);

	histogram = retention_histogram_create(HISTOGRAM_SURVIVAL);
	for (int64 i = 0; i < spans.n; i++)
	{
		const Span *span = &spans.spans[i];
		bool		ended = question.as_of - span->last > dormant_after;
		double		days = (ended ? span->last : question.as_of) - span->first;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		histogram = retention_histogram_add(histogram, &days, ended ? event : censored);
	}
	PG_RETURN_POINTER(retention_histogram_pack(histogram));
}
