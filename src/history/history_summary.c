/*-------------------------------------------------------------------------
 *
 * history_summary.c
 *	  What a history knows as a whole, and as a customer base.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_packed.h"
#include "history/history_state.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

/*
 * history_info(purchase_history): (period, time_zone, customers, occasions, orders,
 * revenue, first_order, last_order, refunds, refunded, guest_orders, guest_refunds,
 * guest_revenue, has_names)
 */
PG_FUNCTION_INFO_V1(retention_history_info);
Datum
retention_history_info(PG_FUNCTION_ARGS)
{
	HistoryUnpacker unpacker;
	const HistoryTotals *totals = &unpacker.totals;
	TupleDesc	desc;
	Datum		values[14] = {0};
	bool		nulls[14] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	retention_history_read_head(&unpacker, PG_GETARG_DATUM(0));
	retention_check_nothing_missing(&unpacker);
	values[0] = CStringGetTextDatum(retention_grain_name(unpacker.kind.grain));
	nulls[1] = unpacker.kind.zone[0] == '\0';
	if (!nulls[1])
		values[1] = CStringGetTextDatum(unpacker.kind.zone);
	values[2] = Int64GetDatum(totals->customers);
	values[3] = Int64GetDatum(totals->occasions);
	values[4] = Int64GetDatum(totals->orders);
	nulls[5] = nulls[8] = nulls[9] = nulls[11] = nulls[12] = totals->revenue.limbs == NULL;
	if (!nulls[5])
	{
		values[5] = retention_money_numeric(totals->revenue);
		values[9] = retention_money_numeric(totals->refunded);
		values[12] = retention_money_numeric(totals->guest_revenue);
	}
	nulls[6] = nulls[7] = totals->orders == 0;
	/* west of UTC the first day of all is none that a date can be */
	values[6] = DateADTGetDatum(Max(totals->first_day, DAY_FIRST));
	values[7] = DateADTGetDatum(Max(totals->last_day, DAY_FIRST));
	values[8] = Int64GetDatum(totals->refunds);
	values[10] = Int64GetDatum(totals->guest_orders);
	values[11] = Int64GetDatum(totals->guest_refunds);
	values[13] = BoolGetDatum(!key_is_text((uint8) unpacker.kind.key) || unpacker.kind.named);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * _retention_order_days(purchase_history): (first_order, last_order), of an anchored
 * history those of its whole: so the views of a part have one now with those of all
 */
PG_FUNCTION_INFO_V1(retention_history_order_days);
Datum
retention_history_order_days(PG_FUNCTION_ARGS)
{
	HistoryUnpacker unpacker;
	HistoryWhole days;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	retention_history_read_head(&unpacker, PG_GETARG_DATUM(0));
	retention_check_nothing_missing(&unpacker);
	days = unpacker.kind.anchored ? unpacker.whole : (HistoryWhole) {unpacker.totals.first_day, unpacker.totals.last_day};
	nulls[0] = nulls[1] = days.first_day == DAY_NEVER_FIRST;
	values[0] = DateADTGetDatum(Max(days.first_day, DAY_FIRST));
	values[1] = DateADTGetDatum(Max(days.last_day, DAY_FIRST));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* The day that a period begins with as an instant; no earlier than there are any. */
static int64
period_instant(int32 period, Grain grain)
{
	return (int64) Min(Max(grain_first_day(period, grain), DAY_FIRST), DAY_LAST) *
		USECS_PER_DAY;
}

/*
 * customer_base(purchase_history): the base of the same rows.  The first and
 * the last order of a customer are dates: those their periods begin with.
 */
PG_FUNCTION_INFO_V1(retention_history_base);
Datum
retention_history_base(PG_FUNCTION_ARGS)
{
	HistoryUnpacker unpacker;
	HistoryTotals *known = &unpacker.totals;
	OccasionShape shape;
	Grain		grain;
	BasePacker *packer = palloc(sizeof(BasePacker));
	WideList   *wide = retention_wide_create(CurrentMemoryContext);
	BaseTotals	totals;
	uint64		entry[ENTRY_MAX_WORDS];
	const Run  *run;
	MemoryContext sums;

	retention_history_read(&unpacker, PG_GETARG_DATUM(0), false);
	retention_check_nothing_missing(&unpacker);
	shape = unpacker.shape;
	grain = unpacker.kind.grain;
	sums = AllocSetContextCreate(CurrentMemoryContext, "money of customers", ALLOCSET_SMALL_SIZES);
	retention_totals_begin(&totals, unpacker.kind.key, TIME_DATE, unpacker.kind.amount);
	retention_base_pack_begin(packer, totals.key, totals.time, totals.amount, known->identities);
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		RunCursor	cursor;
		CustomerView customer;

		CHECK_FOR_INTERRUPTS();
		if (unpacker.wide)
			retention_history_mark_elsewhere(&unpacker);
		run_begin(&cursor, run, shape);
		while (run_next(&cursor, &customer))
		{
			uint64	   *facts = entry + shape.key_words;
			MoneyTotal	paid = {0};
			MemoryContext old = MemoryContextSwitchTo(sums);
			int32		first = PG_INT32_MAX;
			int32		last = PG_INT32_MIN;

			memcpy(entry, customer.identity, shape.key_words * sizeof(uint64));
			facts[0] = 0;
			for (int64 i = 0; i < customer.n; i++)
			{
				const uint64 *occasion = customer.occasions + i * occasion_words(shape);

				if (mark_orders(*occasion) > 0)
				{
					first = Min(first, mark_period(*occasion));
					last = Max(last, mark_period(*occasion));
					facts[0] += mark_orders(*occasion);
				}
				if (shape.money_words > 0)
					history_add_money(&unpacker, &paid, &customer, occasion);
			}
			MemoryContextSwitchTo(old);
			facts[1] = first <= last ? (uint64) period_instant(first, grain) : (uint64) INSTANT_NEVER_FIRST;
			facts[2] = first <= last ? (uint64) period_instant(last, grain) : (uint64) INSTANT_NEVER_LAST;
			if (shape.money_words > 0 && !total_units(&paid, unpacker.scale, facts + 3))
			{
				uint64		key[WIDE_KEY_WORDS] = {entry[0], shape.key_words == 2 ? entry[1] : 0, 0};

				units_set_elsewhere(facts + 3, UNITS_MAX_WORDS);
				retention_wide_add(wide, key, total_money(&paid, known->revenue.scale));
			}
			retention_base_pack_entry(packer, entry, UNITS_MAX_WORDS);
			MemoryContextReset(sums);
		}
	}
	retention_wide_compact(wide);
	retention_totals_add_counts(&totals, &packer->counted, retention_wide_total(wide),
								known->revenue.scale);
	totals.refunds = known->refunds;
	totals.guest_orders = known->guest_orders;
	totals.guest_refunds = known->guest_refunds;
	totals.refunded = known->refunded;
	totals.guest_revenue = known->guest_revenue;
	PG_RETURN_POINTER(retention_blocks_finish(retention_base_pack_end(packer, &totals, wide)));
}
