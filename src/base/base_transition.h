/*-------------------------------------------------------------------------
 *
 * base_transition.h
 *	  What the transition functions of all aggregates with a customer_base for a
 *	  state have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_BASE_TRANSITION_H
#define RETENTION_BASE_TRANSITION_H

#include "postgres.h"

#include "base/base_state.h"
#include "store/state_kind.h"
#include "utils/builtins.h"

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
