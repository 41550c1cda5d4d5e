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

/* A merge under way. */
typedef struct Merge
{
	HistoryState *state;
	int			scale;			/* of the money that comes, no larger than ours */
} Merge;

static void
add_entries(Merge *merge, const Run *run, OccasionShape shape)
{
	HistoryState *state = merge->state;
	Elsewhere	elsewhere = {.scale = units_scale(state_head(state)->scale), .list = {.context = CurrentMemoryContext}};
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
			uint64	   *to = state_next(state);

			copy_words(to, customer.identity, shape.key_words);
			retention_convert_occasion(customer.occasions + i * occasion_words(shape),
									   shape.money_words, merge->scale, to + shape.key_words,
									   state_shape(state).money_words, customer.identity,
									   shape.key_words, &elsewhere);
			state_push(state);
			/* before the next one: a small state forgets occasions of no rows that have no money */
			if (unlikely(wide_count(&elsewhere.list) > 0))
			{
				retention_history_add_wide_list(state, &elsewhere.list);
				retention_wide_truncate(&elsewhere.list, 0);
			}
		}
}

/* Customers that come from another history, and their names if these are kept. */
static void
add_run(const Run *run, OccasionShape shape, const CustomerName *names, void *arg)
{
	Merge	   *merge = arg;
	RunCursor	cursor;
	CustomerView customer;

	add_entries(merge, run, shape);
	if (names == NULL)
		return;
	run_begin(&cursor, run, shape);
	for (; run_next(&cursor, &customer); names++)
		if (names->bytes)		/* or else it's nobody */
			state_add_name(merge->state, customer.identity, names->bytes, names->length);
}

/*
 * So many entries are coming: make a small state large at once.  It is before any come
 * whose money is elsewhere, as without that they may be nothing.
 */
static void
prepare_room(HistoryState *state, int64 entries, bool any_elsewhere)
{
	if (state->small &&
		(any_elsewhere || entries > FLAT_MAX_BYTES ||
		 retention_small_history_bytes(state->small, state->small->used + (int) entries) > FLAT_MAX_BYTES))
		retention_history_make_large(state);
	if (state->large)
		retention_ledger_expect(state->large->ledger, entries);
}

/* Of two parts of a whole it would have to be known which orders were the customers' first. */
void
retention_refuse_anchored(const Kind *kind)
{
	if (kind->anchored)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("rows can't be added to an anchored purchase history, or taken away from it"),
				 errhint("Add up the parts, and anchor what they make: anchored(rollup(part), whole).")));
}

/*
 * The history of the rows of both.  The state is a running one, which may become
 * another; the other may have any form, and its content is left as it is.
 */
Datum
retention_history_merge(StateHome home, Datum datum, Datum other)
{
	HistoryState opened = history_state_of_datum(home, datum);
	HistoryState *state = &opened;
	HistoryState theirs = {0};
	Kind		our_kind;
	Kind		their_kind;
	HistoryUnpacker unpacker;
	Merge		merge = {state, 0};
	int			scale;
	int32		first_day;
	int32		last_day;
	WideList   *wide;

	retention_history_check(state);
	/* nobody is read while they are written */
	if (datum_is_expanded(other) && large_history_of_datum(other) != state->large)
	{
		theirs.large = large_history_of_datum(other);
		retention_history_kind(&theirs, &their_kind);
		scale = theirs.large->head.scale;
		first_day = theirs.large->head.first_day;
		last_day = theirs.large->head.last_day;
	}
	else
	{
		retention_history_unpack_begin(&unpacker, retention_history_pack(other), false);
		retention_history_unpack_names(&unpacker);
		their_kind = unpacker.kind;
		scale = unpacker.totals.revenue.scale;
		first_day = unpacker.totals.first_day;
		last_day = unpacker.totals.last_day;
	}
	retention_refuse_anchored(&their_kind);
	retention_history_kind(state, &our_kind);
	retention_check_same_kind(&our_kind, &their_kind, "purchase histories");
	if (scale > state_head(state)->scale)
		retention_history_rescale(state, scale);
	merge.scale = units_scale(scale);

	if (theirs.large)
	{
		prepare_room(state, retention_ledger_entries(theirs.large->ledger), true);
		wide = retention_wide_create(CurrentMemoryContext);
		retention_ledger_visit(theirs.large->ledger, add_run, &merge, wide);
	}
	else
	{
		const Run  *run;

		run = retention_history_unpack_nobody(&unpacker);
		prepare_room(state, unpacker.totals.entries + (run ? run->entries : 0), wide_count(unpacker.wide) > 0);
		if (run)
		{
			add_run(run, unpacker.shape, NULL, &merge);
			/* the first customer may have their identity */
			if (state->large)
				retention_ledger_end_merge(state->large->ledger);
		}
		while ((run = retention_history_unpack_next(&unpacker)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			add_run(run, unpacker.shape, unpacker.names, &merge);
		}
		retention_history_unpack_end(&unpacker);
		wide = unpacker.wide;
	}
	if (state->large)
		retention_ledger_end_merge(state->large->ledger);
	retention_history_add_wide_list(state, wide);
	retention_wide_free(wide);
	state_head(state)->first_day = Min(state_head(state)->first_day, first_day);
	state_head(state)->last_day = Max(state_head(state)->last_day, last_day);
	retention_history_check(state);
	return datum_of_history_state(state);
}
