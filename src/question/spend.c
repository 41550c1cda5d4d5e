/*-------------------------------------------------------------------------
 *
 * spend.c
 *	  Repeat spend: what the model of spend needs to know of all customers.
 *
 * The mean spend of a customer's repeat days is the exact sum of their money by
 * their number, as rfm_summary has it, so that both ways to a repeat_spend
 * give the same bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "question/repeat_buyer.h"

#include "histogram/histogram.h"
#include "metric/exact_numeric.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

/* Customers after which the memory of their numerics is given back. */
#define CUSTOMERS_A_RESET	1024

/* The mean of x days; 0 if it isn't above that. */
static double
mean_spend(Datum sum, int64 x)
{
	Datum		mean = exact_divide(sum, exact_integer(x));
	double		result = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, mean));

	if (unlikely(isinf(result)))
		float_overflow_error();
	return Max(result, 0);
}

/* repeat_spend(purchase_history, as_of) */
PG_FUNCTION_INFO_V1(retention_history_repeat_spend);
Datum
retention_history_repeat_spend(PG_FUNCTION_ARGS)
{
	static const int64 one[] = {1};
	Question	question;
	CustomerView customer;
	Histogram  *histogram;
	MemoryContext numerics;
	MemoryContext old;
	int64		customers = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	retention_question_begin(&question, fcinfo, NO_ARG, 1, true);
	retention_question_needs_days(&question);
	if (question.unpacker.kind.amount == AMOUNT_NONE)
		PG_RETURN_NULL();

	numerics = AllocSetContextCreate(CurrentMemoryContext, "mean spend", ALLOCSET_DEFAULT_SIZES);
	histogram = retention_histogram_create(HISTOGRAM_REPEAT_SPEND);
	while (question_next(&question, &customer))
	{
		RepeatBuyer buyer;
		double		key[2] = {0};

		if (!retention_repeat_buyer(&question, &customer, &buyer))
			continue;
		old = MemoryContextSwitchTo(numerics);
		if (buyer.x > 0)
		{
			key[0] = (double) buyer.x;
			key[1] = mean_spend(question_numeric(&question, &buyer.spend), buyer.x);
			if (++customers % CUSTOMERS_A_RESET == 0)
				MemoryContextReset(numerics);
		}
		MemoryContextSwitchTo(old);
		histogram = retention_histogram_add(histogram, key, one);
	}
	PG_RETURN_POINTER(retention_histogram_pack(histogram));
}
