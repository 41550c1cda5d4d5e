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
#include "history/question.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* The kinds of occasions, and one more: refunds to who has no order. */
#define REFUND_WITHOUT_ORDER	(OCCASION_KIND_LAST + 1)
#define REASONS					(REFUND_WITHOUT_ORDER + 1)

typedef struct Reason
{
	int64		rows;
	MoneyTotal	amount;
} Reason;

/* In the order that they're shown in. */
static const struct
{
	int			reason;
	const char *name;
	bool		is_counted;
}			shown[REASONS] = {
	{OF_ORDERS, "order", true},
	{OF_REFUNDS, "refund", true},
	{REFUND_WITHOUT_ORDER, "refund without order", true},
	{OF_GUEST_ORDERS, "guest order", true},
	{OF_GUEST_REFUNDS, "guest refund", true},
	{OF_NO_AMOUNT, "no amount", false},
	{OF_NO_TIME, "no time", false},
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

/* excluded_rows(purchase_history): rows (reason, is_counted, row_count, amount) */
PG_FUNCTION_INFO_V1(retention_history_excluded_rows);
Datum
retention_history_excluded_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HistoryUnpacker unpacker;
	Reason		reasons[REASONS] = {0};
	const Run  *run;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	retention_history_read(&unpacker, PG_GETARG_DATUM(0), false);
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
		const Reason *reason = &reasons[shown[i].reason];
		Datum		values[4];
		bool		nulls[4] = {false};

		values[0] = CStringGetTextDatum(shown[i].name);
		values[1] = BoolGetDatum(shown[i].is_counted);
		values[2] = Int64GetDatum(reason->rows);
		nulls[3] = unpacker.shape.money_words == 0 || reason->rows == 0 || shown[i].reason == OF_NO_AMOUNT;
		if (!nulls[3])
			values[3] = retention_money_numeric(total_money(&reason->amount, unpacker.totals.revenue.scale));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
