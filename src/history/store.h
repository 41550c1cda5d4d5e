/*-------------------------------------------------------------------------
 *
 * store.h
 *	  The occasions of many customers: partitions by hash, or on disk.
 *
 * A row costs a write to the end of its partition's tail, and nothing is
 * looked up: a full tail is sorted while it is in the processor's cache, rows
 * of one customer and period become one entry, and what is left is merged
 * into the partition's run (occasion.h).  Partitions are ranges of hashes, so
 * their runs, one after the other, are all customers in order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_STORE_H
#define RETENTION_STORE_H

#include "postgres.h"

#include "base/spill.h"
#include "history/page.h"

typedef struct Partition
{
	uint64	   *next;			/* where the next entry goes: in the tail's last page */
	uint64	   *end;			/* where that page is full */
	PageList	tail;			/* entries as they came; the last page is not counted */
	PageList	run;
} Partition;

/* Memory for some words, kept from one use to the next. */
typedef struct StoreRoom
{
	uint64	   *words;
	int64		nwords;
} StoreRoom;

typedef struct Store
{
	MemoryContext context;		/* of all it allocates */
	MemoryContext account;		/* whose memory is limited */
	bool		unlimited;		/* never goes to disk */
	OccasionShape shape;
	uint64		first_hash;		/* of the customers who can be here */
	uint64		last_hash;
	int			shift;			/* leading zeros of all hashes, counted from the first */
	int			log_partitions;
	Partition  *partitions;
	int64		entries;		/* in runs */
	MemoryContext pages;		/* of the pool */
	PagePool	pool;
	Spill	   *spill;			/* NULL while everything is in memory */
	const SpillReader *source;	/* where the entries come from, if that is a file */

	/* room to work in, each for one partition */
	StoreRoom	sorting;
	StoreRoom	grouping;

	/* of a merge under way: customers of one partition, not yet merged */
	StoreRoom	coming;
	Run			arrived;
	OccasionShape arrived_shape;
	Partition  *target;
} Store;

extern Store *retention_store_create(MemoryContext context, MemoryContext account,
									 OccasionShape shape, uint64 first_hash, uint64 last_hash);
extern void retention_store_make_room(Store *store, Partition *partition);
extern void retention_store_add(Store *store, const uint64 *entry, OccasionShape shape);
extern void retention_store_expect(Store *store, int64 entries);
extern void retention_store_merge(Store *store, const Run *run, OccasionShape shape);
extern void retention_store_end_merge(Store *store);
extern void retention_store_widen(Store *store, int scale, int nlimbs);
extern int64 retention_store_entries(const Store *store);

/* A function that is shown all customers, some at a time, in ascending order. */
typedef void (*RunVisitor) (const Run *run, OccasionShape shape, void *arg);

extern void retention_store_visit(Store *store, RunVisitor visitor, void *arg);

/*
 * In a build with assertions: are the runs in order, each in its partition, and
 * all counted?  Looks at every entry.
 */
#ifdef USE_ASSERT_CHECKING
extern void retention_store_check(const Store *store);
#else
#define retention_store_check(store)	((void) 0)
#endif

/* The partition of a hash. */
static inline Partition *
store_partition(const Store *store, uint64 hash)
{
	/* in two steps: there may be one partition, and no shift is by 64 */
	return store->partitions +
		((((hash - store->first_hash) << store->shift) >> 1) >> (63 - store->log_partitions));
}

/* Ask for memory that will be written soon; any address will do. */
#if defined(__GNUC__) || defined(__clang__)
#define prefetch_for_write(address)	__builtin_prefetch(address, 1)
#else
#define prefetch_for_write(address)	((void) 0)
#endif

/* The place for the next entry; store_push counts it. */
static inline uint64 *
store_next(const Partition *partition)
{
	return partition->next;
}

static inline void
store_push(Store *store, Partition *partition)
{
	partition->next += entry_words(store->shape);

	/* the line after the one that is being filled: it has been used long ago */
	prefetch_for_write(partition->next + 16);
	if (unlikely(partition->next == partition->end))
		retention_store_make_room(store, partition);
}

#endif							/* RETENTION_STORE_H */
