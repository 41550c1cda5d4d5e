/*-------------------------------------------------------------------------
 *
 * lifecycle.c
 *	  Customers who come, stay, fall asleep and come back: a balance by period.
 *
 * A customer is live in a period if their last order is not dormant_after_periods
 * periods ago or more.  So each of them is counted by the periods where that
 * changes, and what one period closes with the next one opens with:
 *
 *	opening + new + resurrected - lapsed = closing
 *
 * Of a part with an anchor, who comes to it is new in the period that they are new
 * to the anchor in, and resurrected in any other: they were somewhere else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/question.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

typedef struct Flow
{
	int64		fresh;			/* "new", in other languages a keyword */
	int64		resurrected;
	int64		lapsed;
} Flow;

static void
add_customer(const Question *question, const CustomerView *customer, Flow *flows,
			 int32 dormant_after_periods)
{
	OccasionCursor cursor;
	int32		period;
	int64		orders;
	int64		last = -1;		/* the period they ordered in, from the first on */
	int64		end = (int64) question->last - question->first;
	int64		first;			/* that they are new in */

	if (!question_first_order(question, customer, &period, &orders))
		return;
	first = (int64) question_period(question, period) - question->first;
	occasions_begin(&cursor, question, customer);
	while (occasions_next(&cursor, &period, &orders))
	{
		int64		now = (int64) question_period(question, period) - question->first;

		/* before the first order of the whole, if this is no part of it */
		if (now < 0)
			continue;
		if (last < 0 || now > last + dormant_after_periods)
		{
			if (last >= 0)
				flows[last + dormant_after_periods].lapsed++;
			if (now == first)
				flows[now].fresh++;
			else
				flows[now].resurrected++;
		}
		last = now;
	}
	if (last >= 0 && last + dormant_after_periods <= end)
		flows[last + dormant_after_periods].lapsed++;
}

/*
 * lifecycle(purchase_history, period, dormant_after_periods, as_of, anchor): rows (period_start,
 * opening, new, retained, resurrected, lapsed, closing, quick_ratio, is_complete)
 */
PG_FUNCTION_INFO_V1(retention_lifecycle);
Datum
retention_lifecycle(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Question	question;
	CustomerView customer;
	int32		dormant_after_periods;
	int64		n;
	Flow	   *flows;
	int64		opening = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		return (Datum) 0;
	dormant_after_periods = PG_GETARG_INT32(2);
	if (dormant_after_periods < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dormant_after_periods must be at least 1 period, not %d", dormant_after_periods)));
	retention_question_begin_anchored(&question, fcinfo, 1, 3, 4, false);
	if (question.empty)
		return (Datum) 0;
	n = (int64) question.last - question.first + 1;
	retention_question_check_periods(&question, PG_INT64_MAX);
	retention_question_check_cells((double) n, sizeof(Flow));
	flows = MemoryContextAllocExtended(CurrentMemoryContext, n * sizeof(Flow),
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	while (question_next(&question, &customer))
		add_customer(&question, &customer, flows, dormant_after_periods);
	for (int64 i = 0; i < n; i++)
	{
		const Flow *flow = &flows[i];
		int64		closing = opening + flow->fresh + flow->resurrected - flow->lapsed;
		int32		period = (int32) (question.first + i);
		Datum		values[9];
		bool		nulls[9] = {false};

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		values[0] = retention_question_date(&question, period);
		values[1] = Int64GetDatum(opening);
		values[2] = Int64GetDatum(flow->fresh);
		values[3] = Int64GetDatum(opening - flow->lapsed);
		values[4] = Int64GetDatum(flow->resurrected);
		values[5] = Int64GetDatum(flow->lapsed);
		values[6] = Int64GetDatum(closing);
		nulls[7] = flow->lapsed == 0;
		if (!nulls[7])
			values[7] = Float8GetDatum((double) (flow->fresh + flow->resurrected) /
									   (double) flow->lapsed);
		values[8] = BoolGetDatum(retention_question_complete(&question, period));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		opening = closing;
	}
	return (Datum) 0;
}
