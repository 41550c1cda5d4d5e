/*-------------------------------------------------------------------------
 *
 * history_form.c
 *	  A purchase_history in whichever form it is: as a value, as a state, to be
 *	  read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_state.h"

#include "utils/memutils.h"

static void
pack_visitor(const Run *run, OccasionShape shape, const CustomerName *names, void *arg)
{
	retention_history_pack_run((HistoryPacker *) arg, run, shape, names);
}

static void
pack_large(ExpandedState *expanded, BlockWriter *writer)
{
	LargeHistory *large = (LargeHistory *) expanded;
	HistoryState state = {.large = large};
	HistoryPacker packer;
	Kind		kind;
	WideList   *wide = retention_wide_create(CurrentMemoryContext);

	retention_history_check(&state);
	retention_history_pack_begin(&packer, large->ledger->shape,
								 retention_ledger_entries(large->ledger));
	retention_ledger_visit(large->ledger, pack_visitor, &packer, wide);
	retention_wide_compact(wide);
	retention_history_kind(&state, &kind);
	*writer = *retention_history_pack_end(&packer, &kind, large->head.scale,
										  large->head.first_day, large->head.last_day, wide);
	retention_wide_free(wide);
}

static struct varlena *
pack_small(struct varlena *flat)
{
	SmallHistory *small = (SmallHistory *) flat;
	HistoryState state = {.home.context = CurrentMemoryContext};
	HistoryPacker packer;
	Kind		kind;
	Elsewhere	none = {0};
	Run			run;
	Names		names;
	NameList	list = {0};
	struct varlena *value;

	/* the state is left as it is: a window function goes on with it */
	state.small = retention_small_history_copy(small, Max(small->used, 1), small->money_words,
											   units_scale(small->head.scale));
	retention_history_compact(&state);
	if (state.large)
	{
		value = retention_history_pack(datum_of_history_state(&state));
		MemoryContextDelete(state.large->state.hdr.eoh_context);
		return value;
	}
	retention_history_check(&state);
	small = state.small;
	run.words = palloc(Max(run_most_words(small->used, small_shape(small)), 1) * sizeof(uint64));
	retention_group_entries(small_entries(small), small->used, small_shape(small), &run, &none);

	if (small->named)
	{
		retention_names_init(&names, CurrentMemoryContext, NULL, key_is_folded(small->head.key));
		retention_small_history_names(small, &names);
		retention_names_of_run(&names, &run, small_shape(small), &list);
	}

	retention_history_pack_begin(&packer, small_shape(small), small->used);
	retention_history_pack_run(&packer, &run, small_shape(small), list.names);
	retention_history_kind(&state, &kind);
	value = retention_blocks_finish(retention_history_pack_end(&packer, &kind, small->head.scale,
															   small->head.first_day, small->head.last_day, NULL));
	pfree(run.words);
	if (small->named)
		retention_names_free_table(&names);
	if (list.names)
		pfree(list.names);
	pfree(small);
	return value;
}

static Datum
create_like(const struct varlena *value)
{
	HistoryUnpacker unpacker;

	retention_history_unpack_begin(&unpacker, value, true);
	return retention_history_create(&unpacker.kind);
}

const StateType retention_history_states = {
	HISTORY_TYPE,
	FORM_SMALL_HISTORY,
	pack_small,
	pack_large,
	create_like,
	retention_history_merge,
	retention_history_validate
};

/* Any value or state as a value. */
struct varlena *
retention_history_pack(Datum datum)
{
	return retention_state_pack(&retention_history_states, datum);
}

/* Begin to read any value or state. */
void
retention_history_read(HistoryUnpacker *unpacker, Datum datum, bool skip_money)
{
	if (!value_is_stored(datum) ||
		!retention_history_unpack_stored(unpacker, datum, skip_money, false))
		retention_history_unpack_begin(unpacker, retention_history_pack(datum), skip_money);
}

/* Read what its header says, and go no further. */
void
retention_history_read_head(HistoryUnpacker *unpacker, Datum datum)
{
	if (!value_is_stored(datum) ||
		!retention_history_unpack_stored(unpacker, datum, true, true))
		retention_history_unpack_begin(unpacker, retention_history_pack(datum), true);
}
