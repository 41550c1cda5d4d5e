/*-------------------------------------------------------------------------
 *
 * new_and_returning.c
 *	  What new customers bring in each period, and what those who were there
 *	  before; and how many of the last periods' customers ordered again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/period_balance.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/*
 * new_and_returning(purchase_history, period, trailing_periods, as_of, anchor): rows
 * (period_start, customers, repeat_customers, orders, revenue, new_customers,
 * new_orders, new_revenue, returning_customers, returning_orders,
 * returning_revenue, trailing_customers, trailing_repeat_customers,
 * trailing_repeat_rate, is_complete)
 */
PG_FUNCTION_INFO_V1(retention_new_and_returning);
Datum
retention_new_and_returning(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PeriodBalance balance = {0};
	Question   *question = &balance.question;
	int64		trailing[TRAILING_KINDS] = {0};
	MemoryContext row_context;
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		return (Datum) 0;
	retention_balance_begin(&balance);
	balance.trailing_periods = PG_GETARG_INT32(2);
	if (balance.trailing_periods < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("trailing_periods must be at least 1 period, not %lld",
						(long long) balance.trailing_periods)));
	retention_question_begin_anchored(question, fcinfo, 1, 3, 4, true);
	if (question->empty)
		return (Datum) 0;
	retention_balance_count(&balance);

	row_context = AllocSetContextCreate(CurrentMemoryContext, "new and returning row",
										ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(row_context);
	for (int64 i = 0; i < balance.n; i++)
	{
		const BalanceCell *cell = &balance.cells[i];
		int32		period = (int32) (question->first + i);
		Datum		values[15];
		bool		nulls[15] = {false};

		CHECK_FOR_INTERRUPTS();
		retention_balance_trail(&balance, i, trailing);
		values[0] = retention_question_date(question, period);
		values[1] = Int64GetDatum(cell->customers);
		values[2] = Int64GetDatum(cell->repeaters);
		values[3] = Int64GetDatum(cell->orders);
		values[5] = Int64GetDatum(cell->new_customers);
		values[6] = Int64GetDatum(cell->new_orders);
		values[8] = Int64GetDatum(cell->customers - cell->new_customers);
		values[9] = Int64GetDatum(cell->orders - cell->new_orders);
		nulls[4] = nulls[7] = nulls[10] = !question_has_money(question);
		if (question_has_money(question))
		{
			MoneyTotal	total = {0};

			total_add_total(&total, &cell->new_revenue);
			total_add_total(&total, &cell->old_revenue);
			values[4] = question_numeric(question, &total);
			values[7] = question_numeric(question, &cell->new_revenue);
			values[10] = question_numeric(question, &cell->old_revenue);
		}
		values[11] = Int64GetDatum(trailing[TRAILING_CUSTOMERS]);
		values[12] = Int64GetDatum(trailing[TRAILING_REPEATERS]);
		nulls[13] = !balance_has_trailing_rate(&balance, i, trailing);
		if (!nulls[13])
			values[13] = Float8GetDatum(balance_trailing_rate(trailing));
		values[14] = BoolGetDatum(retention_question_complete(question, period));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row_context);
	return (Datum) 0;
}
