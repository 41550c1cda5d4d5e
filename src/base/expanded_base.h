/*-------------------------------------------------------------------------
 *
 * expanded_base.h
 *	  The state of an aggregate over many customers: an expanded object.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_EXPANDED_BASE_H
#define RETENTION_EXPANDED_BASE_H

#include "postgres.h"

#include "base/base_packed.h"
#include "base/base_totals.h"
#include "base/customer_table.h"
#include "store/aggregate_state.h"
#include "store/spill.h"

/* Rows collected before they go into the table; see expanded_base.c. */
#define EXPANDED_PENDING	256

/* The least table that is worth a trip to the disk. */
#define EXPANDED_MIN_ENTRIES	1024

typedef struct ExpandedBase
{
	ExpandedState state;

	CustomerTable *table;
	TableElsewhere elsewhere;	/* money that the table's units can't say */
	Spill	   *spill;			/* NULL while everything is in memory */
	bool		reading;		/* what is on disk: nothing may be written there */
	struct ExpandedMerge *merge;	/* while entries of a merge come */

	/* of pairs of customers and orders; see customer_order_pairs.h */
	struct ExpandedBase *customers;	/* in a window: their orders, in step; else NULL */
	bool		counted;		/* since the last change, as is said here */
	EntryCounts counts;

	int			npending;
	int			pending_stride;
	uint64	   *pending;		/* EXPANDED_PENDING entries of the table's shape */
} ExpandedBase;

extern const StateType retention_base_states;

extern ExpandedBase *retention_expanded_create(StateHome home, const CustomerTable *from, int64 entries);
extern void retention_expanded_flush(ExpandedBase *base);
extern void retention_expanded_limit(ExpandedBase *base, int32 sample, uint64 bound);
extern void retention_expanded_select(ExpandedBase *base);
extern void retention_expanded_trim(ExpandedBase *base);
extern void retention_expanded_promote(ExpandedBase *base);
extern void retention_expanded_rescale(ExpandedBase *base, int scale);
extern void retention_expanded_absorb(ExpandedBase *base, const uint64 *entry, int words, int scale);
extern void retention_expanded_keep(ExpandedBase *base, const uint64 *key, Money money);
extern void retention_expanded_add_sum(ExpandedBase *base, Money *elsewhere, Money money);
extern void retention_expanded_begin_merge(ExpandedBase *base, int64 more, int64 newcomers);
extern void retention_expanded_end_merge(ExpandedBase *base);
extern void retention_expanded_rows(ExpandedBase *base, BaseTotals *totals);
extern void retention_expanded_totals(ExpandedBase *base, BaseTotals *totals);
extern void retention_expanded_pack(ExpandedState *state, BlockWriter *writer);

/* Of the files of this: what one needs of the others. */
extern CustomerTable *retention_expanded_new_table(ExpandedBase *base, const CustomerTable *like, int words,
												   int64 home_slots, int64 overflow_slots);
extern CustomerTable *retention_expanded_copy_table(ExpandedBase *base, const CustomerTable *from,
													int64 entries, int words);
extern void retention_expanded_fit_pending(ExpandedBase *base);
extern Size retention_expanded_memory_left(ExpandedBase *base);
extern void retention_expanded_restart(ExpandedBase *base, int64 entries, uint64 first_hash, uint64 last_hash);
extern void retention_expanded_widen(ExpandedBase *base);
extern void retention_expanded_absorb_hard(ExpandedBase *base, Spill **overflow, const SpillReader *source,
										   const uint64 *entry, int words, int scale);
extern Spill *retention_expanded_create_spill(ExpandedBase *base, const SpillReader *source);
extern void retention_expanded_spill_table(Spill *spill, const CustomerTable *table);

/* A function that is shown every customer, a part of them at a time. */
typedef void (*PartVisitor) (ExpandedBase *base, const CustomerTable *part, void *arg);

extern WideList *retention_expanded_visit(ExpandedBase *base, PartVisitor visitor, void *arg);

static inline ExpandedBase *
expanded_of_datum(Datum datum)
{
	return expanded_state_of_datum(&retention_base_states, datum);
}

static inline Datum
datum_of_expanded(ExpandedBase *base)
{
	return EOHPGetRWDatum(&base->state.hdr);
}

/* What is beside a sum of the table. */
static inline Money *
expanded_sum(ExpandedBase *base, TableSum sum)
{
	return sum == SUM_REVENUE ? &base->elsewhere.dropped :
		sum == SUM_REFUNDED ? &base->elsewhere.refunded : &base->elsewhere.guest_revenue;
}

/* The place for the next pending entry; expanded_push puts it in the line. */
static inline uint64 *
expanded_next(ExpandedBase *base)
{
	return base->pending + base->npending * base->table->stride;
}

static inline void
expanded_push(ExpandedBase *base)
{
	if (++base->npending == EXPANDED_PENDING)
		retention_expanded_flush(base);
}

#endif							/* RETENTION_EXPANDED_BASE_H */
