/*-------------------------------------------------------------------------
 *
 * kpi.c
 *	  The numbers of a shop as a whole that its header doesn't know: what the view
 *	  kpi reads beside history_info.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "question/payments.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/memutils.h"

/*
 * _retention_kpi(purchase_history, as_of, from_day): (repeat_customers, lifespan_days, tenure_days,
 * top_20_percent_revenue, top_20_percent_share)
 */
PG_FUNCTION_INFO_V1(retention_history_kpi);
Datum
retention_history_kpi(PG_FUNCTION_ARGS)
{
	Question	question;
	CustomerView customer;
	Payments	payments = {0};
	MemoryContext context = CurrentMemoryContext;
	MemoryContext sums = AllocSetContextCreate(context, "money of customers", ALLOCSET_SMALL_SIZES);
	TupleDesc	desc;
	Datum		values[5] = {0};
	bool		nulls[5] = {false};
	int64		customers = 0;
	int64		repeaters = 0;
	int64		span = 0;
	int64		tenure = 0;
	int32		from_day = PG_ARGISNULL(2) ? PG_INT32_MIN : PG_GETARG_DATEADT(2);
	int			words;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	retention_question_begin(&question, fcinfo, NO_ARG, 1, true);
	words = occasion_words(question.unpacker.shape);
	while (question_next(&question, &customer))
	{
		MoneyTotal	paid = {0};
		int64		orders = 0;
		int32		first = 0;
		int32		last = 0;

		MemoryContextSwitchTo(sums);
		for (int64 i = 0; i < customer.n; i++)
		{
			const uint64 *occasion = customer.occasions + i * words;

			if (mark_orders(*occasion) > 0)
			{
				last = question_day(&question, mark_period(*occasion));
				if (orders == 0)
					first = last;
				orders += mark_orders(*occasion);
			}
			if (question_has_money(&question))
				question_add_money(&question, &paid, &customer, occasion);
		}
		if (orders > 0)
		{
			customers++;
			repeaters += orders > 1;
			span += last - first;
			/* of a part they have been customers since their first order in the whole */
			if (question.of_part)
				first = question_day(&question, mark_period(question.origin));
			tenure += question.as_of - Max(first, from_day);
			if (question_has_money(&question))
				retention_payments_add(&payments, &question, &paid, context);
		}
		MemoryContextSwitchTo(context);
		if (unlikely(paid.wide.limbs != NULL))
			MemoryContextReset(sums);
	}
	values[0] = Int64GetDatum(repeaters);
	nulls[1] = customers == 0;
	if (customers > 0)
		values[1] = Float8GetDatum((double) span / (double) customers);
	values[2] = Int64GetDatum(tenure);
	nulls[3] = nulls[4] = customers == 0 || !question_has_money(&question);
	if (!nulls[3])
	{
		double		share;

		values[3] = retention_payments_best(&payments, &question, customers, &share);
		values[4] = Float8GetDatum(share);
		nulls[4] = isnan(share);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
