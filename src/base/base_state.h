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
 * Only this room tells them apart; what states of all types have in common is in
 * store/aggregate_state.h.
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

/* Of an aggregate's running state: never short, never toasted. */
extern CustomerTable *retention_table_create(KeyKind key, TimeKind time, AmountKind amount);
extern Datum retention_state_rescale(StateHome home, Datum state, int scale);
extern Datum retention_state_promote(Datum state);
extern ExpandedBase *retention_state_expanded(StateHome home, Datum *state);
extern Datum retention_state_absorb(StateHome home, CustomerTable *table, const uint64 *entry);
extern Datum retention_state_merge(StateHome home, Datum state, Datum other);
extern CustomerTable *retention_state_copy_table(const CustomerTable *from, int64 home_slots,
												 int64 overflow_slots, int words);

/* In a build with assertions: is a running state what its form says? */
#ifdef USE_ASSERT_CHECKING
extern void retention_state_check(Datum state);
#else
#define retention_state_check(state)	((void) 0)
#endif

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
