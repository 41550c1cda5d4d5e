/*-------------------------------------------------------------------------
 *
 * ladder.c
 *	  After n orders, how likely is the next?
 *
 * Each customer climbs as many rungs as they have orders.  The plain rate says
 * how many of those on a rung have reached the next one so far; those who came
 * to it yesterday pull it down.  The eligible rate gives everyone the same
 * time: of those who have stood there for so many days, how many were gone to
 * the next one within them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/gap.h"
#include "question/question.h"

#include "funcapi.h"
#include "utils/tuplestore.h"

#define MAX_RUNGS		1000

typedef struct Rung
{
	int64		customers;
	int64		reached_next;
	int64		eligible;
	int64		in_time;
	GapCounts	gaps;
} Rung;

static void
climb(const Question *question, const CustomerView *customer, Rung *rungs, int nrungs, int32 within)
{
	OrderCursor cursor;
	int32		period;
	int64		orders;
	int			n = 0;			/* the rung they are on */
	int32		since = 0;

	orders_begin(&cursor, question, customer);
	while (n <= nrungs && orders_next(&cursor, &period, &orders))
	{
		int32		day = question_day(question, period);

		for (int64 i = 0; i < orders && n <= nrungs; i++)
		{
			if (n > 0)
			{
				Rung	   *from = &rungs[n - 1];

				from->reached_next++;
				retention_gap_add(&from->gaps, day - since, 1);
				if ((int64) question->as_of - since >= within && day - since <= within)
					from->in_time++;
			}
			since = day;
			if (n < nrungs)
			{
				rungs[n].customers++;
				rungs[n].eligible += (int64) question->as_of - day >= within;
			}
			n++;
		}
	}
}

/*
 * order_ladder(purchase_history, within, as_of, max_orders, anchor): rows (n, customers,
 * reached_next, rate, eligible, eligible_reached_next, eligible_rate, median_gap_days)
 */
PG_FUNCTION_INFO_V1(retention_order_ladder);
Datum
retention_order_ladder(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Question	question;
	CustomerView customer;
	int32		within;
	int32		nrungs;
	Rung	   *rungs;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return (Datum) 0;
	within = PG_GETARG_INT32(1);
	nrungs = PG_GETARG_INT32(3);
	if (within < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of days must not be negative: %d", within)));
	if (nrungs < 1 || nrungs > MAX_RUNGS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_orders must be between 1 and %d, not %d", MAX_RUNGS, nrungs)));
	rungs = palloc0(nrungs * sizeof(Rung));
	retention_question_begin_anchored(&question, fcinfo, NO_ARG, 2, 4, false);
	while (question_next(&question, &customer))
		climb(&question, &customer, rungs, nrungs, within);
	for (int n = 0; n < nrungs && rungs[n].customers > 0; n++)
	{
		Rung	   *rung = &rungs[n];
		Datum		values[8];
		bool		nulls[8] = {false};

		values[0] = Int32GetDatum(n + 1);
		values[1] = Int64GetDatum(rung->customers);
		values[2] = Int64GetDatum(rung->reached_next);
		values[3] = Float8GetDatum((double) rung->reached_next / (double) rung->customers);
		values[4] = Int64GetDatum(rung->eligible);
		values[5] = Int64GetDatum(rung->in_time);
		nulls[6] = rung->eligible == 0;
		if (!nulls[6])
			values[6] = Float8GetDatum((double) rung->in_time / (double) rung->eligible);
		nulls[7] = rung->gaps.n == 0;
		if (!nulls[7])
			values[7] = Float8GetDatum(retention_gap_quantile(&rung->gaps, 0.5));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
