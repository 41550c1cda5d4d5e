/*-------------------------------------------------------------------------
 *
 * kpi_by_period.c
 *	  The numbers of a shop for each period: what the view kpi_by_period reads.
 *
 * One pass over the customers of a history finds all that a period has.  What its
 * best customers have paid takes what each of them has, one period at a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "question/payments.h"
#include "question/period_balance.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* What guests did in a period. */
typedef struct Guests
{
	int64		orders;
	MoneyTotal	revenue;
} Guests;

typedef struct ShopByPeriod
{
	PeriodBalance balance;
	Payments   *payments;
	Guests	   *guests;
	MemoryContext context;		/* of all payments */
} ShopByPeriod;

static void
add_payment(int64 period, const MoneyTotal *paid, void *arg)
{
	ShopByPeriod *shop = arg;

	retention_payments_add(&shop->payments[period], &shop->balance.question, paid, shop->context);
}

/* All that guests have done, which is read before any customer. */
static void
count_guests(ShopByPeriod *shop)
{
	Question   *question = &shop->balance.question;
	CustomerView nobody;

	if (!retention_question_nobody(question, &nobody))
		return;
	for (int64 i = 0; i < nobody.n; i++)
	{
		const uint64 *occasion = nobody.occasions + i * occasion_words(question->unpacker.shape);
		Guests	   *guests;

		int32		day = question_day(question, mark_period(*occasion));

		if (mark_kind(*occasion) >= OF_NO_AMOUNT || day < shop->balance.from_day || day > shop->balance.until_day)
			continue;
		guests = &shop->guests[question_period(question, mark_period(*occasion)) - question->first];
		if (mark_kind(*occasion) == OF_GUEST_ORDERS)
			guests->orders += mark_count(*occasion);
		if (question_has_money(question))
			question_add_money(question, &guests->revenue, &nobody, occasion);
	}
}

/*
 * _retention_kpi_by_period(purchase_history, period, trailing_periods, as_of, from_day, until_day): rows
 * (period_start, is_complete, customers, repeat_customers, new_customers, orders,
 * new_orders, revenue, new_revenue, refunds, refunded, guest_orders, guest_revenue,
 * lifespan_days, top_20_percent_revenue, top_20_percent_share, trailing_customers,
 * trailing_repeat_customers, trailing_repeat_rate)
 */
PG_FUNCTION_INFO_V1(retention_history_kpi_by_period);
Datum
retention_history_kpi_by_period(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ShopByPeriod shop = {.context = CurrentMemoryContext};
	PeriodBalance *balance = &shop.balance;
	Question   *question = &balance->question;
	int64		trailing[TRAILING_KINDS] = {0};
	int64		first_ordered = PG_INT64_MAX;	/* the period of the first order, and of the last one */
	int64		last_ordered = -1;
	int64		periods;
	HistoryWhole days;
	MemoryContext row_context;
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return (Datum) 0;
	retention_balance_begin(balance);
	if (!PG_ARGISNULL(4))
		balance->from_day = PG_GETARG_DATEADT(4);
	if (!PG_ARGISNULL(5))
		balance->until_day = PG_GETARG_DATEADT(5);
	retention_question_begin_all(question, fcinfo, 1);
	if (question->empty)
		return (Datum) 0;
	/* who orders behind it is no customer yet */
	if (balance->until_day >= DAY_FIRST && balance->until_day <= DAY_LAST)
		question->horizon = Min(question->horizon, grain_of_day(balance->until_day, question->grain));
	balance->trailing_periods = PG_GETARG_INT32(2);
	balance->visitor = question_has_money(question) ? add_payment : NULL;
	balance->arg = &shop;
	periods = (int64) question->last - question->first + 1;
	retention_question_check_cells((double) periods, sizeof(BalanceCell) + sizeof(Payments) + sizeof(Guests));
	shop.payments = palloc_extended(periods * sizeof(Payments), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	shop.guests = palloc_extended(periods * sizeof(Guests), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	count_guests(&shop);
	retention_balance_count(balance);
	/* where a part has not been heard of for long, others have */
	days = question->of_part ? question->unpacker.whole :
		(HistoryWhole) {question->unpacker.totals.first_day, question->unpacker.totals.last_day};
	if (days.first_day != DAY_NEVER_FIRST)
	{
		first_ordered = (int64) period_of_day(days.first_day, &question->period) - question->first;
		last_ordered = (int64) period_of_day(days.last_day, &question->period) - question->first;
	}

	row_context = AllocSetContextCreate(CurrentMemoryContext, "shop by period row", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(row_context);
	for (int64 i = 0; i < balance->n; i++)
	{
		const BalanceCell *cell = &balance->cells[i];
		Datum		values[19];
		bool		nulls[19] = {false};
		double		share;
		int32		first_day;
		int32		last_day;

		CHECK_FOR_INTERRUPTS();
		retention_balance_trail(balance, i, trailing);
		first_day = retention_period_first_day((int32) (question->first + i), &question->period);
		last_day = period_last_day((int32) (question->first + i), &question->period);
		if (last_day < balance->from_day || first_day > balance->until_day)
			continue;
		values[0] = retention_question_date(question, (int32) (question->first + i));
		/* all of it has been seen, by who says which day it is, or because an order came after it; and all of it is shown */
		values[1] = BoolGetDatum((PG_ARGISNULL(3) ? i < (last_ordered >= 0 ? last_ordered : balance->n - 1) :
								  last_day <= PG_GETARG_DATEADT(3)) && first_day >= balance->from_day);
		values[2] = Int64GetDatum(cell->customers);
		values[3] = Int64GetDatum(cell->repeaters);
		values[4] = Int64GetDatum(cell->new_customers);
		values[5] = Int64GetDatum(cell->orders);
		values[6] = Int64GetDatum(cell->new_orders);
		values[9] = Int64GetDatum(cell->refunds);
		values[11] = Int64GetDatum(shop.guests[i].orders);
		nulls[13] = cell->customers == 0;
		if (!nulls[13])
			values[13] = Float8GetDatum((double) cell->span / (double) cell->customers);
		nulls[7] = nulls[8] = nulls[10] = nulls[12] = !question_has_money(question);
		nulls[14] = nulls[15] = nulls[7] || cell->customers == 0;
		if (!nulls[7])
		{
			MoneyTotal	total = {0};

			total_add_total(&total, &cell->new_revenue);
			total_add_total(&total, &cell->old_revenue);
			values[7] = question_numeric(question, &total);
			values[8] = question_numeric(question, &cell->new_revenue);
			values[10] = question_numeric(question, &cell->refunded);
			values[12] = question_numeric(question, &shop.guests[i].revenue);
		}
		if (!nulls[14])
		{
			values[14] = retention_payments_best(&shop.payments[i], question, cell->customers, &share);
			values[15] = Float8GetDatum(share);
			nulls[15] = isnan(share);
		}
		values[16] = Int64GetDatum(trailing[TRAILING_CUSTOMERS]);
		values[17] = Int64GetDatum(trailing[TRAILING_REPEATERS]);
		nulls[18] = i < first_ordered || !balance_has_trailing_rate(balance, i - first_ordered, trailing);
		if (!nulls[18])
			values[18] = Float8GetDatum(balance_trailing_rate(trailing));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row_context);
	return (Datum) 0;
}
