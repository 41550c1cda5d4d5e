/*-------------------------------------------------------------------------
 *
 * base_state.h
 *	  A customer_base value or state in whichever form it is.
 *
 *	form			what it is									kept as
 *	packed			a value: stored, sent, printed				varlena
 *	one customer	state over one customer's orders			varlena
 *	table			state over a few customers					varlena
 *	expanded		state over many, with a file if need be		expanded object
 *
 * Only this room tells them apart.  A state starts as a varlena of its own
 * size in the aggregate's context, because GROUP BY makes a hundred thousand
 * of them and a memory context each would make HashAggregate quadratic; it
 * is updated in place.  Past TABLE_MAX_BYTES it becomes an expanded object,
 * with a table that may grow at will.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_BASE_STATE_H
#define RETENTION_BASE_STATE_H

#include "postgres.h"

#include "base/base_totals.h"
#include "base/customer_table.h"
#include "base/expanded_base.h"
#include "base/one_customer.h"
#include "fmgr.h"

/* The largest table that is a varlena. */
#define TABLE_MAX_BYTES		(128 * 1024)

static inline uint8
varlena_form(const void *value)
{
	return *(const uint8 *) VARDATA_ANY(value);
}

/* Of an aggregate's running state: never short, never toasted. */
extern CustomerTable *retention_table_create(KeyKind key, TimeKind time, AmountKind amount);
extern Datum retention_state_rescale(MemoryContext context, Datum state, int scale);
extern Datum retention_state_promote(Datum state);
extern ExpandedBase *retention_state_expanded(MemoryContext context, Datum *state);
extern Datum retention_state_absorb(MemoryContext context, CustomerTable *table,
									const uint64 *entry);
extern Datum retention_state_open(MemoryContext context, Datum state, bool in_window);
extern Datum retention_state_merge(MemoryContext context, Datum state, Datum other,
								   bool in_window);

/* The table of a running state that has one. */
static inline CustomerTable *
state_table(Datum state)
{
	return datum_is_expanded(state) ? expanded_of_datum(state)->table :
		(CustomerTable *) DatumGetPointer(state);
}

/* Of any value or state. */
extern KeyKind retention_base_key(Datum value);
extern void retention_base_totals(Datum value, BaseTotals *totals);
extern struct varlena *retention_base_pack(Datum value);

/* Of one whose keys are customers, as it has to be for whoever asks for them. */
extern void retention_customer_totals(Datum value, BaseTotals *totals);
extern struct varlena *retention_customer_pack(Datum value);
compat_noreturn extern void retention_refuse_key(KeyKind key, const char *what) compat_attribute_noreturn();

#endif							/* RETENTION_BASE_STATE_H */
