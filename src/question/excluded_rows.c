/*-------------------------------------------------------------------------
 *
 * excluded_rows.c
 *	  Where every row went that a history was made of.
 *
 * All rows are in one line of the answer, and all money: so what a report shows and
 * what a table has can be reconciled to the cent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_state.h"
#include "question/question.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* The kinds of occasions, and one more: refunds to who has no order. */
#define REFUND_WITHOUT_ORDER	(OCCASION_KIND_LAST + 1)
#define OUTSIDE_WINDOW			(OCCASION_KIND_LAST + 2)
#define REASONS					(OUTSIDE_WINDOW + 1)

/* Of what is no order there are none, and those of orders are of another kind than these. */
#define NO_LINES				OF_ORDERS

typedef struct Reason
{
	int64		rows;
	MoneyTotal	amount;
} Reason;

/* In the order that they're shown in; lines of orders are with these. */
static const struct
{
	int			reason;
	const char *name;
	bool		is_counted;
	OccasionKind lines;			/* or NO_LINES */
}			shown[] = {
	{OF_ORDERS, "order", true, OF_ORDER_LINES},
	{OF_REFUNDS, "refund", true, NO_LINES},
	{REFUND_WITHOUT_ORDER, "refund without order", true, NO_LINES},
	{OF_GUEST_ORDERS, "guest order", true, OF_GUEST_ORDER_LINES},
	{OF_GUEST_REFUNDS, "guest refund", true, NO_LINES},
	{OF_NO_AMOUNT, "no amount", false, NO_LINES},
	{OF_NO_TIME, "no time", false, NO_LINES},
	{OF_NOT_FINITE, "not finite", false, NO_LINES},
	{OF_ABSURD_AMOUNT, "absurd amount", false, NO_LINES},
	{OF_TOO_EARLY, "too early", false, NO_LINES},
	{OF_IN_FUTURE, "in the future", false, NO_LINES},
	{OF_FILTERED_OUT, "filtered out", false, NO_LINES},
	{OUTSIDE_WINDOW, "outside the window", false, NO_LINES}
};

static void
count_customer(const HistoryUnpacker *unpacker, const CustomerView *customer, Reason *reasons)
{
	OccasionShape shape = unpacker->shape;
	bool		ordered = false;

	for (int64 i = 0; i < customer->n && !ordered; i++)
		ordered = mark_kind(customer->occasions[i * occasion_words(shape)]) == OF_ORDERS;
	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(shape);
		OccasionKind kind = mark_kind(*occasion);
		Reason	   *reason = &reasons[kind == OF_REFUNDS && !ordered ? REFUND_WITHOUT_ORDER : (int) kind];

		reason->rows += mark_count(*occasion);
		if (shape.money_words > 0)
			history_add_money(unpacker, &reason->amount, customer, occasion);
	}
}

static void
count_run(const HistoryUnpacker *unpacker, const Run *run, Reason *reasons)
{
	RunCursor	cursor;
	CustomerView customer;

	CHECK_FOR_INTERRUPTS();
	run_begin(&cursor, run, unpacker->shape);
	while (run_next(&cursor, &customer))
		count_customer(unpacker, &customer, reasons);
}

/* Add what a history has to all that there is of it. */
static void
add_history(Datum history, Reason *all)
{
	HistoryUnpacker unpacker;
	Reason		reasons[REASONS] = {0};
	const Run  *run;

	retention_history_read(&unpacker, history, false);
	retention_check_nothing_missing(&unpacker);
	if ((run = retention_history_unpack_nobody(&unpacker)) != NULL)
	{
		if (unpacker.wide)
			(void) retention_history_mark_nobody(&unpacker);
		count_run(&unpacker, run, reasons);
	}
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		if (unpacker.wide)
			retention_history_mark_elsewhere(&unpacker);
		count_run(&unpacker, run, reasons);
	}
	for (int i = 0; i < REASONS; i++)
	{
		all[i].rows += reasons[i].rows;
		if (unpacker.shape.money_words == 0 || reasons[i].rows == 0)
			continue;
		retention_total_add_money(&all[i].amount, total_money(&reasons[i].amount, unpacker.totals.revenue.scale));
	}
}

/* Is it a reason of rows that count? */
static bool
counts(int reason)
{
	for (int i = 0; i < lengthof(shown); i++)
		if (shown[i].is_counted && (shown[i].reason == reason || (int) shown[i].lines == reason))
			return true;
	return false;
}

/* Take money away, if there is any. */
static void
take_away(MoneyTotal *total, Money money)
{
	uint64	   *limbs;

	if (money.limbs == NULL)
		return;
	/* with room for the sign, whatever it is */
	limbs = palloc((money.nlimbs + 1) * sizeof(uint64));
	memcpy(limbs, money.limbs, money.nlimbs * sizeof(uint64));
	limbs[money.nlimbs] = (uint64) ((int64) money.limbs[money.nlimbs - 1] >> 63);
	retention_money_negate(limbs, money.nlimbs + 1);
	retention_total_add_money(total, (Money) {limbs, money.nlimbs + 1, money.scale});
	pfree(limbs);
}

/* Of a whole and a window of it: what counts and is not in the window has that for a reason. */
static void
add_window(Datum whole, Reason *all)
{
	Reason		of_whole[REASONS] = {0};
	Reason	   *outside = &all[OUTSIDE_WINDOW];

	add_history(whole, of_whole);
	for (int i = 0; i < OUTSIDE_WINDOW; i++)
	{
		if (!counts(i))
		{
			all[i] = of_whole[i];
			continue;
		}
		outside->rows += of_whole[i].rows - all[i].rows;
		if (of_whole[i].amount.wide.limbs != NULL)
			retention_total_add_money(&outside->amount, of_whole[i].amount.wide);
		take_away(&outside->amount, all[i].amount.wide);
	}
	if (outside->rows == 0)
		outside->amount = (MoneyTotal) {0};
}

/*
 * excluded_rows(purchase_history): rows (reason, is_counted, row_count, amount); or
 * _retention_excluded_rows(purchase_history, left_out, whole): of two together, the first of which
 * may be a window of a whole
 */
PG_FUNCTION_INFO_V1(retention_history_excluded_rows);
Datum
retention_history_excluded_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Reason		reasons[REASONS] = {0};
	bool		of_window = PG_NARGS() > 2 && !PG_ARGISNULL(2);

	InitMaterializedSRF(fcinfo, 0);
	/* without rows there is no history, and then these are none of each reason */
	if (!PG_ARGISNULL(0))
		add_history(PG_GETARG_DATUM(0), reasons);
	if (of_window)
		add_window(PG_GETARG_DATUM(2), reasons);
	if (PG_NARGS() > 1 && !PG_ARGISNULL(1))
		add_history(PG_GETARG_DATUM(1), reasons);
	for (int i = 0; i < lengthof(shown); i++)
	{
		const Reason *reason = &reasons[shown[i].reason];
		Datum		values[4];
		bool		nulls[4] = {false};

		if (shown[i].reason == OUTSIDE_WINDOW && !of_window)
			continue;
		values[0] = CStringGetTextDatum(shown[i].name);
		values[1] = BoolGetDatum(shown[i].is_counted);
		values[2] = Int64GetDatum(reason->rows + (shown[i].lines == NO_LINES ? 0 : reasons[shown[i].lines].rows));
		nulls[3] = reason->amount.wide.limbs == NULL ||
			(shown[i].reason <= OCCASION_KIND_LAST && !kind_has_money(shown[i].reason));
		if (!nulls[3])
			values[3] = retention_money_numeric(reason->amount.wide);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
