/*-------------------------------------------------------------------------
 *
 * history_entries.c
 *	  All that a history has, as rows: for who compares two of them.
 *
 * Of rows that were taken away, too: it is asked of the difference of what is
 * kept and what should be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_state.h"
#include "question/question.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

static const char *const reasons[OCCASION_KIND_LAST + 1] = {
	[OF_ORDERS] = "order",
	[OF_REFUNDS] = "refund",
	[OF_GUEST_ORDERS] = "guest order",
	[OF_GUEST_REFUNDS] = "guest refund",
	[OF_NO_AMOUNT] = "no amount",
	[OF_NO_TIME] = "no time",
	[OF_NOT_FINITE] = "not finite",
	[OF_ABSURD_AMOUNT] = "absurd amount",
	[OF_TOO_EARLY] = "too early",
	[OF_IN_FUTURE] = "in the future",
	[OF_FILTERED_OUT] = "filtered out",
	[OF_ORDER_LINES] = "order line",
	[OF_GUEST_ORDER_LINES] = "guest order line"
};

/* The key as a text: of a text that is not kept, its hash. */
static char *
key_text(const HistoryUnpacker *unpacker, const CustomerView *customer, const CustomerName *name)
{
	if (unpacker->kind.key == KEY_INT8)
		return psprintf(INT64_FORMAT, (int64) customer_unmix(customer->identity[0]));
	if (unpacker->kind.key == KEY_UUID)
	{
		Identity	identity = {customer->identity[0], customer->identity[1]};

		return DatumGetCString(DirectFunctionCall1(uuid_out, retention_uuid_of_identity(identity)));
	}
	if (name && name->bytes)
		return pnstrdup(name->bytes, name->length);
	return psprintf("%016llx%016llx", (unsigned long long) customer->identity[0], (unsigned long long) customer->identity[1]);
}

static void
put_customer(ReturnSetInfo *rsinfo, const HistoryUnpacker *unpacker, const CustomerView *customer,
			 const CustomerName *name)
{
	OccasionShape shape = unpacker->shape;

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(shape);
		OccasionKind kind = mark_kind(*occasion);
		MoneyTotal	total = {0};
		Datum		values[5] = {0};
		bool		nulls[5] = {false};

		nulls[0] = kind > OF_CUSTOMERS_LAST;
		if (!nulls[0])
			values[0] = CStringGetTextDatum(key_text(unpacker, customer, name));
		values[1] = DateADTGetDatum(Min(Max(grain_first_day(mark_period(*occasion), unpacker->kind.grain), DAY_FIRST), DAY_LAST));
		values[2] = CStringGetTextDatum(reasons[kind]);
		values[3] = Int64GetDatum(mark_count(*occasion));
		nulls[4] = shape.money_words == 0 || !kind_has_money(kind);
		if (!nulls[4])
		{
			history_add_money(unpacker, &total, customer, occasion);
			values[4] = retention_money_numeric(total_money(&total, unpacker->totals.revenue.scale));
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

static void
put_run(ReturnSetInfo *rsinfo, const HistoryUnpacker *unpacker, const Run *run, const CustomerName *names,
		MemoryContext row)
{
	RunCursor	cursor;
	CustomerView customer;

	CHECK_FOR_INTERRUPTS();
	run_begin(&cursor, run, unpacker->shape);
	while (run_next(&cursor, &customer))
	{
		MemoryContext old = MemoryContextSwitchTo(row);

		put_customer(rsinfo, unpacker, &customer, names);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row);
		if (names)
			names++;
	}
}

/* _retention_history_entries(purchase_history): rows (customer, ordered_on, reason, row_count, amount) */
PG_FUNCTION_INFO_V1(retention_history_entries);
Datum
retention_history_entries(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HistoryUnpacker unpacker;
	MemoryContext row;
	const Run  *run;

	InitMaterializedSRF(fcinfo, 0);
	row = AllocSetContextCreate(CurrentMemoryContext, "row of a history", ALLOCSET_SMALL_SIZES);
	retention_history_read(&unpacker, PG_GETARG_DATUM(0), false);
	retention_history_unpack_names(&unpacker);
	if ((run = retention_history_unpack_nobody(&unpacker)) != NULL)
	{
		if (unpacker.wide)
			(void) retention_history_mark_nobody(&unpacker);
		put_run(rsinfo, &unpacker, run, NULL, row);
	}
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		if (unpacker.wide)
			retention_history_mark_elsewhere(&unpacker);
		put_run(rsinfo, &unpacker, run, unpacker.names, row);
	}
	return (Datum) 0;
}

/* _retention_history_unless_empty(purchase_history): NULL if all its rows have gone */
PG_FUNCTION_INFO_V1(retention_history_unless_empty);
Datum
retention_history_unless_empty(PG_FUNCTION_ARGS)
{
	HistoryUnpacker unpacker;
	const Run  *nobody;

	retention_history_read_head(&unpacker, PG_GETARG_DATUM(0));
	if (unpacker.totals.entries > 0)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	retention_history_read(&unpacker, PG_GETARG_DATUM(0), false);
	nobody = retention_history_unpack_nobody(&unpacker);
	if ((nobody == NULL || nobody->entries == 0) && retention_history_unpack_next(&unpacker) == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
