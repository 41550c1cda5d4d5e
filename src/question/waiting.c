/*-------------------------------------------------------------------------
 *
 * waiting.c
 *	  How long customers take to the next order: a survival value.
 *
 * Who has not ordered again has waited at least until the horizon: that is a
 * censored time, and not a missing one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/question.h"

#include "histogram/histogram.h"

/* time_to_order(purchase_history, n, as_of, anchor): days from order n - 1 to order n */
PG_FUNCTION_INFO_V1(retention_time_to_order);
Datum
retention_time_to_order(PG_FUNCTION_ARGS)
{
	static const int64 event[] = {1, 0};
	static const int64 censored[] = {0, 1};
	Question	question;
	CustomerView customer;
	int32		n;
	Histogram  *histogram;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	n = PG_GETARG_INT32(1);
	if (n < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of the order must be at least 2, not %d", n),
				 errhint("The time to an order is counted from the one before.")));
	retention_question_begin_anchored(&question, fcinfo, NO_ARG, 2, 3, false);
	histogram = retention_histogram_create(HISTOGRAM_SURVIVAL);
	while (question_next(&question, &customer))
	{
		OrderCursor cursor;
		int32		period = 0;
		int64		orders;
		int64		so_far = 0;
		int32		since = 0;	/* the period of order n - 1 */

		orders_begin(&cursor, &question, &customer);
		while (so_far < n && orders_next(&cursor, &period, &orders))
		{
			if (so_far < n - 1)
				since = period;
			so_far += orders;
		}
		if (so_far >= n)
		{
			double		days = question_day(&question, period) - question_day(&question, since);

			histogram = retention_histogram_add(histogram, &days, event);
		}
		else if (so_far == n - 1)
		{
			/* as_of may lie in the period of the order before its end, never before its start */
			double		days = question.as_of - question_day(&question, since);

			histogram = retention_histogram_add(histogram, &days, censored);
		}
	}
	PG_RETURN_POINTER(retention_histogram_pack(histogram));
}
