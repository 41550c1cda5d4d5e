/*-------------------------------------------------------------------------
 *
 * history_merge.c
 *	  Merging purchase histories: a running state takes what another has, of
 *	  whichever form it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_state.h"

#include "miscadmin.h"

/* Counts of stored values can be anything up to 2^63 - 1; their sums can't. */
static int64
add_count(int64 a, int64 b)
{
	int64		sum;

	if (pg_add_s64_overflow(a, b, &sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("purchase history would have more than %lld orders",
						(long long) PG_INT64_MAX)));
	return sum;
}

static void
add_rows(HistoryState *state, const HistoryTotals *rows)
{
	HistoryHead *head = state_head(state);

	head->refunds = add_count(head->refunds, rows->refunds);
	head->guest_orders = add_count(head->guest_orders, rows->guest_orders);
	head->guest_refunds = add_count(head->guest_refunds, rows->guest_refunds);
	head->first_day = Min(head->first_day, rows->first_day);
	head->last_day = Max(head->last_day, rows->last_day);
	if (head->amount != AMOUNT_NONE)
	{
		retention_history_add_to_sum(state, HISTORY_REFUNDED, rows->refunded);
		retention_history_add_to_sum(state, HISTORY_GUEST_REVENUE, rows->guest_revenue);
	}
}

/* A merge under way. */
typedef struct Merge
{
	HistoryState *state;
	int			scale;			/* of the money that comes, no larger than ours */
} Merge;

/* Entries that come from another history. */
static void
add_run(const Run *run, OccasionShape shape, void *arg)
{
	Merge	   *merge = arg;
	HistoryState *state = merge->state;
	Elsewhere	elsewhere = {units_scale(state_head(state)->scale), {.context = CurrentMemoryContext}};
	RunCursor	cursor;
	CustomerView customer;

	if (state->large)
	{
		retention_ledger_merge(state->large->ledger, run, shape, merge->scale);
		return;
	}
	if (shape.money_words > state_shape(state).money_words)
		retention_history_promote(state);
	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
		for (int64 i = 0; i < customer.n; i++)
		{
			Partition  *partition = NULL;
			uint64	   *to = state_next(state, customer.identity[0], &partition);

			copy_words(to, customer.identity, shape.key_words);
			retention_convert_occasion(customer.occasions + i * occasion_words(shape),
									   shape.money_words, merge->scale, to + shape.key_words,
									   state_shape(state).money_words, customer.identity,
									   shape.key_words, &elsewhere);
			state_push(state, partition);
		}
	retention_history_add_wide_list(state, &elsewhere.list);
}

/* So many entries are coming: make a small state large at once. */
static void
prepare_room(HistoryState *state, int64 entries)
{
	if (state->small &&
		(entries > SMALL_MAX_BYTES ||
		 retention_small_history_bytes(state->small->zone_length, small_shape(state->small),
					 state->small->used + (int) entries) > SMALL_MAX_BYTES))
		retention_history_make_large(state);
	if (state->large)
	{
		large_history_changed(state->large);
		retention_ledger_expect(state->large->ledger, entries);
	}
}

/*
 * state := the history of the rows of both.  The state is a running one; the
 * other may have any form, and its content is left as it is.
 */
void
retention_history_merge(HistoryState *state, Datum other)
{
	HistoryState theirs = {0};
	Kind		our_kind;
	Kind		their_kind;
	HistoryTotals rows;
	HistoryUnpacker unpacker;
	Merge		merge = {state, 0};
	int			scale;
	WideList   *wide;

	retention_history_check(state);
	/* nobody is read while they are written */
	if (datum_is_large_history(other) && large_history_of_datum(other) != state->large)
	{
		theirs.large = large_history_of_datum(other);
		retention_history_kind(&theirs, &their_kind);
		retention_history_rows(&theirs, &rows);
		scale = theirs.large->head.scale;
	}
	else
	{
		retention_history_unpack_begin(&unpacker, retention_history_pack(other), false);
		their_kind = unpacker.kind;
		rows = unpacker.totals;
		scale = rows.revenue.scale;
	}
	retention_history_kind(state, &our_kind);
	retention_check_same_kind(&our_kind, &their_kind, "purchase histories");
	if (scale > state_head(state)->scale)
		retention_history_rescale(state, scale);
	merge.scale = units_scale(scale);

	if (theirs.large)
	{
		prepare_room(state, retention_ledger_entries(theirs.large->ledger));
		wide = retention_wide_create(CurrentMemoryContext);
		retention_ledger_visit(theirs.large->ledger, add_run, &merge, wide);
	}
	else
	{
		const Run  *run;

		prepare_room(state, unpacker.totals.entries);
		while ((run = retention_history_unpack_next(&unpacker)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			add_run(run, unpacker.shape, &merge);
		}
		if (unpacker.run.words)
			pfree(unpacker.run.words);
		wide = unpacker.wide;
	}
	if (state->large)
		retention_ledger_end_merge(state->large->ledger);
	retention_history_add_wide_list(state, wide);
	retention_wide_free(wide);
	add_rows(state, &rows);
	retention_history_check(state);
}
