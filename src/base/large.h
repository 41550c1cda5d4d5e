/*-------------------------------------------------------------------------
 *
 * large.h
 *	  The state of an aggregate over many customers: an expanded object.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_LARGE_H
#define RETENTION_LARGE_H

#include "postgres.h"

#include "access/detoast.h"
#include "base/base_packed.h"
#include "base/base_totals.h"
#include "base/customer_table.h"
#include "store/spill.h"
#include "utils/expandeddatum.h"

/* Rows collected before they go into the table; see large.c. */
#define LARGE_PENDING	256

#define LARGE_MAGIC		0x52424153

typedef struct LargeBase
{
	ExpandedObjectHeader hdr;
	uint32		magic;
	bool		in_window;		/* stays in memory; see large.c */

	CustomerTable *table;
	TableElsewhere elsewhere;	/* money that the table's units can't say */
	Spill	   *spill;			/* NULL while everything is in memory */
	bool		reading;		/* what is on disk: nothing may be written there */
	struct LargeMerge *merge;	/* while entries of a merge come */

	/* of pairs of customers and orders; see customer_order_pairs.h */
	struct LargeBase *customers;	/* in a window: their orders, in step; else NULL */
	bool		counted;		/* since the last change, as is said here */
	EntryCounts counts;

	int			npending;
	int			pending_stride;
	uint64	   *pending;		/* LARGE_PENDING entries of the table's shape */

	/* made by asking for the flat size, valid until the next change */
	bool		packed;
	BlockWriter blocks;
	StringInfoData header;
} LargeBase;

extern LargeBase *retention_large_create(MemoryContext parent, const CustomerTable *from,
										 int64 entries);
extern void retention_large_forget_packed(LargeBase *large);
extern void retention_large_flush(LargeBase *large);
extern void retention_large_limit(LargeBase *large, int32 sample, uint64 bound);
extern void retention_large_select(LargeBase *large);
extern void retention_large_settle(LargeBase *large);
extern void retention_large_promote(LargeBase *large);
extern void retention_large_rescale(LargeBase *large, int scale);
extern void retention_large_absorb(LargeBase *large, const uint64 *entry, int words, int scale);
extern void retention_large_keep(LargeBase *large, const uint64 *key, Money money);
extern void retention_large_add_sum(LargeBase *large, Money *elsewhere, Money money);
extern void retention_large_begin_merge(LargeBase *large, int64 more, int64 newcomers);
extern void retention_large_end_merge(LargeBase *large);
extern void retention_large_rows(LargeBase *large, BaseTotals *totals);
extern void retention_large_totals(LargeBase *large, BaseTotals *totals);

/* A function that is shown every customer, a part of them at a time. */
typedef void (*LargeVisitor) (LargeBase *large, const CustomerTable *part, void *arg);

extern WideList *retention_large_visit(LargeBase *large, LargeVisitor visitor, void *arg);

static inline bool
datum_is_large(Datum datum)
{
	return VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum));
}

/* DatumGetEOHP, in line. */
static inline LargeBase *
large_of_datum(Datum datum)
{
	varatt_expanded pointer;

	VARATT_EXTERNAL_GET_POINTER(pointer, (struct varlena *) DatumGetPointer(datum));
	Assert(((LargeBase *) pointer.eohptr)->magic == LARGE_MAGIC);
	return (LargeBase *) pointer.eohptr;
}

/* What is beside a sum of the table. */
static inline Money *
large_sum(LargeBase *large, TableSum sum)
{
	return sum == SUM_REVENUE ? &large->elsewhere.dropped :
		sum == SUM_REFUNDED ? &large->elsewhere.refunded : &large->elsewhere.guest_revenue;
}

/* Before any change. */
static inline void
large_changed(LargeBase *large)
{
	large->counted = false;
	if (unlikely(large->packed))
		retention_large_forget_packed(large);
}

/* The place for the next pending entry; large_push puts it in the line. */
static inline uint64 *
large_next(LargeBase *large)
{
	return large->pending + large->npending * large->table->stride;
}

static inline void
large_push(LargeBase *large)
{
	if (++large->npending == LARGE_PENDING)
		retention_large_flush(large);
}

#endif							/* RETENTION_LARGE_H */
