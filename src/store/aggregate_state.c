/*-------------------------------------------------------------------------
 *
 * aggregate_state.c
 *	  The state of an aggregate in whichever form it is.  See aggregate_state.h.
 *
 * Only states are expanded objects, never values: a function that is given
 * one read-only may still change where it keeps its content, and not the content.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/aggregate_state.h"

#include "nodes/execnodes.h"
#include "order/order_row.h"
#include "pg/value_functions.h"
#include "utils/memutils.h"

/*
 * Who asks for a flat form may be in a context in which nothing can be freed, as
 * a sort is of its tuples, or which goes before the answer is taken.  So it is made
 * in one of our own.
 */
static Size
get_flat_size(ExpandedObjectHeader *eohptr)
{
	ExpandedState *state = (ExpandedState *) eohptr;

	if (state->packing == NULL)
	{
		MemoryContext packing = AllocSetContextCreate(state->hdr.eoh_context, "state being packed",
													  ALLOCSET_START_SMALL_SIZES);
		MemoryContext caller = MemoryContextSwitchTo(packing);

		state->type->pack_expanded(state, &state->packed);
		MemoryContextSwitchTo(caller);
		state->packing = packing;
	}
	return retention_blocks_size(&state->packed);
}

static void
flatten_into(ExpandedObjectHeader *eohptr, void *result, Size size)
{
	ExpandedState *state = (ExpandedState *) eohptr;
	MemoryContext caller = MemoryContextSwitchTo(state->packing);

	retention_blocks_write(&state->packed, result, size);
	check_written(state->type, result);
	MemoryContextSwitchTo(caller);
	retention_expanded_state_forget_packed(state);
}

static const ExpandedObjectMethods methods = {
	get_flat_size,
	flatten_into
};

/* An expanded state of so many bytes, all zero behind what each begins with. */
void *
retention_expanded_state_create(const StateType *type, StateHome home, Size size)
{
	MemoryContext context = AllocSetContextCreate(home.context, "aggregate state",
												  ALLOCSET_START_SMALL_SIZES);
	ExpandedState *state = MemoryContextAllocZero(context, size);

	MemoryContextSetIdentifier(context, type->name);
	EOH_init_header(&state->hdr, &methods, context);
	state->type = type;
	state->in_window = home.in_window;
	return state;
}

/* The packed form isn't that of the content any more. */
void
retention_expanded_state_forget_packed(ExpandedState *state)
{
	MemoryContextDelete(state->packing);
	state->packing = NULL;
}

/* Is it a flat state, and no value? */
static bool
is_flat_state(const StateType *type, const struct varlena *state)
{
	uint8		form = varlena_form(state);

	if (form < FORM_PACKED || form > type->last_form)
		retention_unknown_version(type->name, form);
	return form != FORM_PACKED;
}

/* Any value or state as a value. */
struct varlena *
retention_state_pack(const StateType *type, Datum datum)
{
	struct varlena *value;

	if (datum_is_expanded(datum))
	{
		BlockWriter writer;

		type->pack_expanded(expanded_state_of_datum(type, datum), &writer);
		value = retention_blocks_finish(&writer);
	}
	else
	{
		value = PG_DETOAST_DATUM_PACKED(datum);
		if (!is_flat_state(type, value))
			return value;
		value = type->pack_flat(PG_DETOAST_DATUM(PointerGetDatum(value)));
	}
	check_written(type, value);
	return value;
}

/*
 * Is a final function the last one to ask for a state?  Of groups a rescan may ask again,
 * and so may another aggregate of the same rows.
 */
static bool
is_last_to_ask(FunctionCallInfo fcinfo)
{
	return AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_AGGREGATE && IsA(fcinfo->context, AggState) &&
		((AggState *) fcinfo->context)->aggstrategy == AGG_PLAIN && !AggStateIsShared(fcinfo);
}

/*
 * The final function of a type: the state as a value.  What is expanded takes several times as
 * much as that, and would until the query ends.
 */
struct varlena *
retention_state_finish(const StateType *type, FunctionCallInfo fcinfo)
{
	Datum		datum = PG_GETARG_DATUM(0);
	struct varlena *value = retention_state_pack(type, datum);

	if (datum_is_expanded(datum) && is_last_to_ask(fcinfo))
		MemoryContextDelete(((ExpandedState *) expanded_state_of_datum(type, datum))->hdr.eoh_context);
	return value;
}

/*
 * The running state, where an aggregate is given one that is not: a value, as
 * an initial condition or from another process or server, or an expanded state
 * that's not ours to change.
 */
Datum
retention_state_open(const StateType *type, StateHome home, Datum datum)
{
	if (datum_is_expanded(datum))
	{
		if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(datum)))
			return datum;
		datum = PointerGetDatum(retention_state_pack(type, datum));
	}
	else
	{
		datum = PointerGetDatum(PG_DETOAST_DATUM(datum));
		if (is_flat_state(type, (struct varlena *) DatumGetPointer(datum)))
			return datum;
	}
	return type->merge(home, type->create_like((struct varlena *) DatumGetPointer(datum)), datum);
}

/*
 * The combine function of a type: the state of the rows of both.  NULL if both are
 * NULL, else a NULL counts as no rows.
 */
Datum
retention_state_combine(const StateType *type, FunctionCallInfo fcinfo)
{
	Transition	transition;

	if (PG_ARGISNULL(1))
		return row_skipped(fcinfo);
	transition_begin(type, fcinfo, &transition);
	transition.state = transition.empty ?
		retention_state_open(type, transition.home, PG_GETARG_DATUM(1)) :
		type->merge(transition.home, transition.state, PG_GETARG_DATUM(1));
	return transition_end(type, &transition);
}

/* The value of a text, which is base64; "hint" is for what's none.  What comes in is checked byte for byte. */
Datum
retention_state_in(const StateType *type, char *text, const char *hint)
{
	struct varlena *value = retention_value_of_text(text);

	if (value == NULL || (uint8) *VARDATA(value) > FORM_LAST)
		retention_invalid_text(text, type->name, hint);
	type->validate(value);
	return PointerGetDatum(value);
}

/* The same of bytes. */
Datum
retention_state_recv(const StateType *type, FunctionCallInfo fcinfo)
{
	struct varlena *value = retention_value_recv(fcinfo);

	type->validate(value);
	return PointerGetDatum(value);
}
