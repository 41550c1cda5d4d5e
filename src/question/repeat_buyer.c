/*-------------------------------------------------------------------------
 *
 * repeat_buyer.c
 *	  What the models take of a customer: see repeat_buyer.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/repeat_buyer.h"

#include "metric/exact_numeric.h"
#include "utils/fmgrprotos.h"

const int64 retention_powers_of_ten[POWERS_OF_TEN] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/*
 * False without an order.  The money is added up in the current context, if the question
 * reads any.
 */
bool
retention_repeat_buyer(const Question *question, const CustomerView *customer, RepeatBuyer *buyer)
{
	OccasionCursor cursor;
	int32		day;
	int64		orders;

	memset(buyer, 0, sizeof(RepeatBuyer));
	if (!question_first_order(question, customer, &buyer->first, &orders))
		return false;
	buyer->last = buyer->first;
	occasions_begin(&cursor, question, customer);
	while (occasions_next(&cursor, &day, &orders))
		if (day > buyer->first)
		{
			if (question_has_money(question))
				occasion_add_money(question, &buyer->spend, customer, &cursor);
			buyer->last = day;
			buyer->x++;
		}
	return true;
}

/* The mean of x days, x being above 0; as near as a float8 is. */
double
retention_mean_spend(const Question *question, const MoneyTotal *spend, int64 x)
{
	Datum		mean;

	if (money_is_brief(question, spend))
		return (double) (int64) spend->units[0] /
			((double) retention_powers_of_ten[question->unpacker.scale] * (double) x);
	mean = exact_divide(question_numeric(question, spend), exact_integer(x));
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, mean));
}
