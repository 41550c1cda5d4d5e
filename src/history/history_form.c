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
pack_visitor(const Run *run, OccasionShape shape, void *arg)
{
	retention_history_pack_run((HistoryPacker *) arg, run, shape);
}

/* In the current context. */
static struct varlena *
pack_large(LargeHistory *large)
{
	HistoryState state = {.large = large};
	HistoryPacker packer;
	Kind		kind;
	WideList   *wide = retention_wide_create(CurrentMemoryContext);
	struct varlena *value;

	retention_history_check(&state);
	retention_history_pack_begin(&packer, large->ledger->shape,
								 retention_ledger_entries(large->ledger));
	retention_ledger_visit(large->ledger, pack_visitor, &packer, wide);
	retention_wide_compact(wide);
	retention_history_kind(&state, &kind);
	value = retention_history_pack_end(&packer, &kind, large->head.scale,
									   large->head.first_day, large->head.last_day, wide);
	retention_wide_free(wide);
	history_packed_check(value);
	return value;
}

static Size
large_get_flat_size(ExpandedObjectHeader *eohptr)
{
	LargeHistory *large = (LargeHistory *) eohptr;

	if (large->packed == NULL)
	{
		/* in our own context: in the caller's nothing may be to be freed, as in a sort's; or it goes first */
		MemoryContext old = MemoryContextSwitchTo(large->hdr.eoh_context);

		large->packed = pack_large(large);
		MemoryContextSwitchTo(old);
	}
	return VARSIZE(large->packed);
}

static void
large_flatten_into(ExpandedObjectHeader *eohptr, void *result, Size size)
{
	LargeHistory *large = (LargeHistory *) eohptr;

	Assert(large->packed && size == VARSIZE(large->packed));
	memcpy(result, large->packed, size);
	large_history_changed(large);
}

const ExpandedObjectMethods retention_history_methods = {
	large_get_flat_size,
	large_flatten_into
};

/* The packed form, if there is one, isn't that of the content any more. */
void
retention_history_forget_packed(LargeHistory *large)
{
	pfree(large->packed);
	large->packed = NULL;
}

static struct varlena *
pack_small(SmallHistory *small)
{
	HistoryState state = {.context = CurrentMemoryContext};
	HistoryPacker packer;
	Kind		kind;
	Elsewhere	none = {0};
	Run			run;
	struct varlena *value;

	/* the state is left as it is: a window function goes on with it */
	state.small = retention_small_history_copy(small, Max(small->used, 1), small->money_words,
											   units_scale(small->head.scale));
	retention_history_compact(&state);
	if (state.large)
	{
		value = pack_large(state.large);
		MemoryContextDelete(state.large->hdr.eoh_context);
		return value;
	}
	retention_history_check(&state);
	small = state.small;
	run.words = palloc(Max(run_most_words(small->used, small_shape(small)), 1) * sizeof(uint64));
	retention_group_entries(small_entries(small), small->used, small_shape(small), &run, &none);

	retention_history_pack_begin(&packer, small_shape(small), small->used);
	retention_history_pack_run(&packer, &run, small_shape(small));
	retention_history_kind(&state, &kind);
	value = retention_history_pack_end(&packer, &kind, small->head.scale,
									   small->head.first_day, small->head.last_day, NULL);
	history_packed_check(value);
	pfree(run.words);
	pfree(small);
	return value;
}

/* Any value or state as a value. */
struct varlena *
retention_history_pack(Datum datum)
{
	struct varlena *value;

	if (datum_is_large_history(datum))
		return pack_large(large_history_of_datum(datum));
	value = PG_DETOAST_DATUM_PACKED(datum);
	if (*(uint8 *) VARDATA_ANY(value) == HISTORY_SMALL)
		return pack_small((SmallHistory *) PG_DETOAST_DATUM(PointerGetDatum(value)));
	if (*(uint8 *) VARDATA_ANY(value) != HISTORY_PACKED)
		retention_unknown_version(HISTORY_TYPE, *(uint8 *) VARDATA_ANY(value));
	return value;
}

/*
 * The running state, where an aggregate is given one that is not: a value, as
 * an initial condition or from another process or server.
 */
void
retention_history_open(HistoryState *state, Datum datum)
{
	struct varlena *value;
	HistoryUnpacker unpacker;

	state->small = NULL;
	state->large = NULL;
	if (datum_is_large_history(datum) &&
		VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(datum)))
	{
		state->large = large_history_of_datum(datum);
		return;
	}
	if (!datum_is_large_history(datum))
	{
		value = PG_DETOAST_DATUM(datum);
		if (*(uint8 *) VARDATA(value) == HISTORY_SMALL)
		{
			state->small = (SmallHistory *) value;
			return;
		}
		datum = PointerGetDatum(value);
	}
	value = retention_history_pack(datum);
	retention_history_unpack_begin(&unpacker, value, true);
	retention_history_create(state, &unpacker.kind);
	retention_history_merge(state, PointerGetDatum(value));
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
