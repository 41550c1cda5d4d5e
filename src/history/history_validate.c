/*-------------------------------------------------------------------------
 *
 * history_validate.c
 *	  A purchase_history as bytes: checking what comes from outside.
 *
 * The bytes are read, every customer is checked, and all is packed again: what
 * is not the same then is no value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_packed.h"

#include "miscadmin.h"

#define invalid(detail)	retention_invalid_value(HISTORY_TYPE, detail)

static void
check_customer(const HistoryUnpacker *unpacker, const CustomerView *customer,
			   int32 *first, int32 *last)
{
	int32		least = period_of_day(DAY_FIRST - 1, unpacker->kind.grain);
	int32		most = period_of_day(DAY_LAST + 1, unpacker->kind.grain);
	int32		previous = PG_INT32_MIN;

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(unpacker->shape);
		int32		period = mark_period(occasion[0]);

		if (period < least || period > most || period <= previous)
			invalid("A customer has impossible periods.");
		previous = period;
		if (mark_orders(occasion[0]) > 0)
		{
			*first = Min(*first, period);
			*last = Max(*last, period);
		}
	}
}

/* Of the totals, what packing does not count anew. */
static void
check_totals(const HistoryUnpacker *unpacker, int32 first, int32 last)
{
	const HistoryTotals *totals = &unpacker->totals;
	Grain		grain = unpacker->kind.grain;

	if (totals->orders > 0 &&
		(period_of_day(totals->first_day, grain) != first ||
		 period_of_day(totals->last_day, grain) != last))
		invalid("The first or the last day is not that of the orders.");
	if (totals->entries - totals->occasions > totals->refunds)
		invalid("A customer has a period with neither orders nor refunds.");
	if (unpacker->kind.amount == AMOUNT_NONE)
	{
		if (totals->refunds > 0 || totals->guest_refunds > 0)
			invalid("There are refunds without amounts.");
	}
	else
	{
		if (!money_is_possible(totals->refunded, totals->refunds > 0))
			invalid("The refunds contradict each other.");
		if (!money_is_possible(totals->guest_revenue, totals->guest_orders > 0 || totals->guest_refunds > 0))
			invalid("The guests contradict each other.");
	}
}

/*
 * Raise an error if the bytes are not exactly what packing their content
 * gives.  Nothing is allocated by what they claim, only by what they are.
 */
void
retention_history_validate(const struct varlena *value)
{
	HistoryUnpacker unpacker;
	HistoryPacker packer;
	const Run  *run;
	uint64		previous[2] = {0, 0};
	bool		any = false;
	int32		first = PG_INT32_MAX;
	int32		last = PG_INT32_MIN;
	struct varlena *again;

	retention_history_unpack_begin(&unpacker, value, false);
	retention_history_pack_begin(&packer, unpacker.shape, 0);
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		RunCursor	cursor;
		CustomerView customer;

		CHECK_FOR_INTERRUPTS();
		retention_history_mark_elsewhere(&unpacker);
		run_begin(&cursor, run, unpacker.shape);
		while (run_next(&cursor, &customer))
		{
			if (any && compare_identity(previous, customer.identity, unpacker.shape.key_words) >= 0)
				invalid("The customers are not in order.");
			any = true;
			memcpy(previous, customer.identity, unpacker.shape.key_words * sizeof(uint64));
			check_customer(&unpacker, &customer, &first, &last);
		}
		retention_history_pack_run(&packer, run, unpacker.shape);
	}
	if (unpacker.next_wide < wide_count(unpacker.wide))
		invalid("Money is of nobody.");
	check_totals(&unpacker, first, last);

	/* the totals of the entries are those that packing has counted */
	if (packer.totals.orders > 0 && unpacker.totals.orders == 0)
		invalid("The totals are not those of the customers.");
	again = retention_history_pack_end(&packer, &unpacker.kind, unpacker.totals.revenue.scale,
									   &unpacker.totals, unpacker.wide);
	retention_check_canonical(value, again, HISTORY_TYPE);
	pfree(again);
	retention_wide_free(unpacker.wide);
	if (unpacker.run.words)
		pfree(unpacker.run.words);
}
