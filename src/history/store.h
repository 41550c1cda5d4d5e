/*-------------------------------------------------------------------------
 *
 * store.h
 *	  The occasions of many customers: partitions by hash, or on disk.
 *
 * A row costs a write to the end of its partition's fresh entries, and nothing is
 * looked up: when there are many, they are sorted while they are in the
 * processor's cache, rows of one customer and period become one entry, and what is
 * left is merged into the partition's run (occasion.h).  Partitions are ranges of
 * hashes, so their runs, one after the other, are all customers in order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_STORE_H
#define RETENTION_STORE_H

#include "postgres.h"

#include "history/page.h"
#include "store/spill.h"

/*
 * Each customer and period is once in the run, and may be in the fresh entries many
 * times more.  There is always room for one fresh entry.
 */
typedef struct Partition
{
	uint64	   *next;			/* where the next entry goes: in the last fresh page */
	uint64	   *end;			/* where that page is full */
	PageList	fresh;			/* entries as they came; the last page is not counted */
	PageList	run;
} Partition;

/* Memory for some words, kept from one use to the next. */
typedef struct StoreRoom
{
	uint64	   *words;
	int64		nwords;
} StoreRoom;

/*
 * Money is of one word while all sums of it fit, and then of two.  What no two words
 * hold is in the overflow, by an occasion that is in the store: so a store whose
 * overflow has something has money of two words, but for the time that one of the
 * functions below is at work.
 */
typedef struct Store
{
	MemoryContext context;		/* of all it allocates */
	MemoryContext account;		/* whose memory is limited */
	bool		unlimited;		/* never goes to disk */
	OccasionShape shape;
	Overflow	overflow;		/* and the scale of the money */
	uint64		first_hash;		/* of the customers who can be here */
	uint64		last_hash;
	int			shift;			/* leading zeros of all hashes, counted from the first */
	int			log_partitions;
	Partition  *partitions;
	int64		entries;		/* in runs */
	MemoryContext pages;		/* of the pool */
	PagePool	pool;
	Size		weighed;		/* bytes of ours when memory was last looked at */
	bool		over_limit;		/* and whether there was too much then */
	Spill	   *spill;			/* NULL while everything is in memory */
	const SpillReader *source;	/* where the entries come from, if that is a file */

	/* room to work in, each for one partition */
	StoreRoom	sorting;
	StoreRoom	grouping;

	/* of a merge under way: customers of one partition, not yet merged */
	StoreRoom	coming;
	Run			arrived;
	OccasionShape arrived_shape;
	int			arrived_scale;
	Partition  *target;
} Store;

extern Store *retention_store_create(MemoryContext context, MemoryContext account,
									 OccasionShape shape, int scale,
									 uint64 first_hash, uint64 last_hash);
extern void retention_store_make_room(Store *store, Partition *partition);
extern void retention_store_add(Store *store, const uint64 *entry, int words, int scale);
extern void retention_store_expect(Store *store, int64 entries);
extern void retention_store_merge(Store *store, const Run *run, OccasionShape shape, int scale);
extern void retention_store_end_merge(Store *store);
extern void retention_store_promote(Store *store);
extern void retention_store_rescale(Store *store, int scale);
extern int64 retention_store_entries(const Store *store);

/* A function that is shown all customers, some at a time, in ascending order. */
typedef void (*RunVisitor) (const Run *run, OccasionShape shape, void *arg);

extern void retention_store_visit(Store *store, RunVisitor visitor, void *arg, WideList *wide);

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
