/*-------------------------------------------------------------------------
 *
 * base_transition.h
 *	  What the transition functions of all aggregates with a customer_base for a
 *	  state begin and end with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_BASE_TRANSITION_H
#define RETENTION_BASE_TRANSITION_H

#include "postgres.h"

#include "base/base_state.h"
#include "store/state_kind.h"
#include "utils/builtins.h"

/* Where a transition function finds its state, and may leave a new one. */
typedef struct BaseTransition
{
	MemoryContext context;		/* the aggregate's */
	bool		direct;			/* called by a user, not by an aggregate */
	bool		in_window;		/* called by a window function */
	bool		empty;			/* there is no state yet */
	Datum		state;
} BaseTransition;

static inline bool
is_running_expanded(FunctionCallInfo fcinfo)
{
	return !PG_ARGISNULL(0) &&
		VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(PG_GETARG_DATUM(0)));
}

/* Find the state.  Outside of an aggregate, a copy of what was given. */
static inline void
base_transition_begin(FunctionCallInfo fcinfo, BaseTransition *transition)
{
	transition->empty = PG_ARGISNULL(0);
	transition->state = PG_GETARG_DATUM(0);
	transition->direct = false;
	transition->in_window = false;

	/* a read-write pointer is as good as an aggregate's word */
	if (is_running_expanded(fcinfo))
	{
		expanded_changed(expanded_of_datum(transition->state));
		return;
	}
	switch (AggCheckCallContext(fcinfo, &transition->context))
	{
		case AGG_CONTEXT_AGGREGATE:
			break;
		case AGG_CONTEXT_WINDOW:
			transition->in_window = true;
			break;
		default:
			transition->direct = true;
			transition->context = CurrentMemoryContext;
			if (!transition->empty)
				transition->state = PointerGetDatum(retention_base_pack(transition->state));
	}
	if (!transition->empty &&
		(VARATT_IS_EXTENDED(DatumGetPointer(transition->state)) ||
		 varlena_form(DatumGetPointer(transition->state)) == FORM_PACKED))
		transition->state = retention_state_open(transition->context, transition->state,
												 transition->in_window);
}

/*
 * Is the state of the kinds that the function is for?  In an aggregate of ours
 * it always is, but the functions can be called by anybody with any base, and
 * be made into other aggregates.
 */
static pg_attribute_always_inline void
check_state_kinds(Datum state, BaseForm form, KeyKind key, TimeKind time, AmountKind amount)
{
	const CustomerTable *table = state_table(state);

	/* a OneCustomer begins like a table, as far as is looked at here */
	StaticAssertStmt(offsetof(OneCustomer, amount) == offsetof(CustomerTable, amount),
					 "the states begin alike");
	if (unlikely(table->form != form ||
				 !kind_takes(table->key, table->time, table->amount, key, time, amount)))
	{
		Kind		has = {.key = table->key, .time = table->time, .amount = table->amount};
		Kind		row = {.key = key, .time = time, .amount = amount};

		retention_refuse_row(&has, &row, BASE_TYPE);
	}
}

static inline Datum
base_transition_end(BaseTransition *transition)
{
	if (unlikely(transition->direct))
		return PointerGetDatum(retention_base_pack(transition->state));
	if (transition->in_window && datum_is_expanded(transition->state))
		expanded_of_datum(transition->state)->in_window = true;
	return transition->state;
}

/*
 * Keys of a type that has a cast to one of ours, cast here.  An aggregate has a
 * form for them where its other arguments don't say which form is meant.
 */
static inline Datum
text_of_bpchar(Datum key)
{
	return DirectFunctionCall1(rtrim1, key);
}

static inline Datum
text_of_char(Datum key)
{
	return DirectFunctionCall1(char_text, key);
}

static inline Datum
int8_of_int2(Datum key)
{
	return Int64GetDatum(DatumGetInt16(key));
}

static inline Datum
int8_of_int4(Datum key)
{
	return Int64GetDatum(DatumGetInt32(key));
}

/* What needs no cast. */
static inline Datum
same_key(Datum key)
{
	return key;
}

/*
 * Defines the SQL-callable functions of a body, by macros for all types: the
 * compiler drops what a combination has not.
 */
#define TRANSITION(name, body) \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS) { return body; } \
	extern Datum name(PG_FUNCTION_ARGS)

#endif							/* RETENTION_BASE_TRANSITION_H */
