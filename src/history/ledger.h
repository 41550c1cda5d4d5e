/*-------------------------------------------------------------------------
 *
 * ledger.h
 *	  The occasions of many customers: partitions by hash, or on disk.
 *
 * A row costs a write to the end of its partition's fresh entries, for which it waits
 * until there are some, and nothing is looked up.  When there are many, they are folded: sorted while they are in the
 * processor's cache, rows of one customer and period made one entry, and what is
 * left merged into the partition's run.  Partitions are ranges of hashes, so their
 * runs, one after the other, are all customers in order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_LEDGER_H
#define RETENTION_LEDGER_H

#include "postgres.h"

#include "history/names.h"
#include "history/run.h"
#include "miscadmin.h"
#include "pg/prefetch.h"
#include "store/spill.h"

/*
 * Each customer, period and kind is once in the run, and may be in the fresh entries
 * many times more.  There is always room for one fresh entry.
 */
typedef struct Partition
{
	uint64	   *next;			/* where the next entry goes: in the last fresh page */
	uint64	   *end;			/* where that page is full */
	PagedRun	fresh;			/* entries as they came; the last page is not counted */
	PagedRun	run;
} Partition;

/*
 * What comes waits until there are so many.  Then the places of all of them are asked
 * for before the first is written: their memory is far away, and so it's waited for
 * once, not each time.
 */
#define LEDGER_WAITING	32

/* Memory for some words, kept from one use to the next. */
typedef struct Room
{
	uint64	   *words;
	int64		nwords;
} Room;

/*
 * Money is of one word while all of it fits that, and then of two.  What no two words
 * hold is elsewhere, by an occasion that is in the ledger: so money is of two words
 * where there is any elsewhere, but for the time that one of the functions below is
 * at work.
 */
typedef struct Ledger
{
	MemoryContext context;		/* of all it allocates */
	MemoryContext account;		/* whose memory is limited */
	bool		unlimited;		/* never goes to disk */
	OccasionShape shape;
	Elsewhere	elsewhere;		/* and the scale of the money */
	Names	   *names;			/* NULL: none are kept */
	uint64		first_hash;		/* of the customers who can be here */
	uint64		last_hash;
	int			shift;			/* leading zeros of all hashes, counted from the first */
	int			log_partitions;
	Partition  *partitions;
	int64		entries;		/* in runs */
	RunPool		pool;
	Size		weighed;		/* bytes of ours when memory was last looked at */
	bool		over_limit;		/* and whether there was too much then */
	Spill	   *spill;			/* NULL while everything is in memory */
	const SpillReader *source;	/* where the entries come from, if that is a file */

	int			nwaiting;		/* entries that came last, and are in no partition yet */
	uint64		waiting[LEDGER_WAITING * OCCASION_ENTRY_WORDS];

	/* room to work in, each for one partition */
	Room		sorting;
	Room		grouping;
	Room		coming;

	/* of a merge under way: customers of one partition, not yet in its run */
	Run			arrived;
	Partition  *target;
} Ledger;

extern Ledger *retention_ledger_create(MemoryContext context, MemoryContext account,
									   OccasionShape shape, int scale,
									   uint64 first_hash, uint64 last_hash);
extern void retention_ledger_place(Ledger *ledger);
extern void retention_ledger_add(Ledger *ledger, const uint64 *entry, int words, int scale);
extern void retention_ledger_expect(Ledger *ledger, int64 entries);
extern void retention_ledger_merge(Ledger *ledger, const Run *run, OccasionShape shape, int scale);
extern void retention_ledger_end_merge(Ledger *ledger);
extern void retention_ledger_promote(Ledger *ledger);
extern void retention_ledger_rescale(Ledger *ledger, int scale);
extern void retention_ledger_keep_names(Ledger *ledger, bool folded);
extern void retention_ledger_place_names(Ledger *ledger);

/*
 * A function that is shown all customers, some at a time, in ascending order, with the
 * names of all of them, or NULL.
 */
typedef void (*RunVisitor) (const Run *run, OccasionShape shape, const CustomerName *names, void *arg);

extern int64 retention_ledger_entries(const Ledger *ledger);
extern void retention_ledger_visit(Ledger *ledger, RunVisitor visitor, void *arg, WideList *wide);

/* Of the three files of this: what one needs of another. */
extern void retention_ledger_begin(Ledger *ledger, int log_partitions);
extern void retention_ledger_fold(Ledger *ledger);
extern void retention_ledger_clear_fresh(Ledger *ledger, Partition *partition);
extern void retention_ledger_put_money_back(Ledger *ledger);
extern void retention_ledger_drop_cancelled(Ledger *ledger);
extern void retention_ledger_keep_limit(Ledger *ledger);
extern void retention_ledger_keep_limit_with(Ledger *ledger, Size more);
extern void retention_ledger_make_name_room(Ledger *ledger);

/*
 * In a build with assertions: are the runs in order, each in its partition, and
 * all counted?  Looks at every entry.
 */
#ifdef USE_ASSERT_CHECKING
extern void retention_ledger_check(const Ledger *ledger);
#else
#define retention_ledger_check(ledger)	((void) 0)
#endif

/* Money that came, or was added up, may be elsewhere now: that of all others is of two words then. */
static inline void
ledger_keep_width(Ledger *ledger)
{
	if (unlikely(wide_count(&ledger->elsewhere.list) > 0))
		retention_ledger_promote(ledger);
}

static inline int
partitions(const Ledger *ledger)
{
	return 1 << ledger->log_partitions;
}

/* The partition of a hash. */
static inline Partition *
ledger_partition(const Ledger *ledger, uint64 hash)
{
	/* in two steps: there may be one partition, and no shift is by 64 */
	return ledger->partitions +
		((((hash - ledger->first_hash) << ledger->shift) >> 1) >> (63 - ledger->log_partitions));
}

/* The place for the next entry; ledger_push counts it. */
static inline uint64 *
ledger_next(Ledger *ledger)
{
	return ledger->waiting + ledger->nwaiting * entry_words(ledger->shape);
}

static inline void
ledger_push(Ledger *ledger)
{
	if (unlikely(++ledger->nwaiting == LEDGER_WAITING))
		retention_ledger_place(ledger);
}

/*
 * The name of a customer, after an entry of theirs: so there is never a name without
 * an entry here or on disk.
 */
static inline void
ledger_add_name(Ledger *ledger, const uint64 *identity, const char *bytes, int length)
{
	if (unlikely(names_push(ledger->names, identity, bytes, length)))
		retention_ledger_place_names(ledger);
}

/* Goes through the customers of all runs, in order. */
typedef struct LedgerScan
{
	const Ledger *ledger;
	int			next_partition;
	RunPage    *page;
	RunCursor	cursor;
} LedgerScan;

static inline void
ledger_scan_begin(LedgerScan *scan, const Ledger *ledger, int partition)
{
	memset(scan, 0, sizeof(LedgerScan));
	scan->ledger = ledger;
	scan->next_partition = partition;
}

static inline bool
ledger_scan_next(LedgerScan *scan, CustomerView *customer)
{
	while (!run_next(&scan->cursor, customer))
	{
		Run			piece;

		if (scan->page)
			scan->page = scan->page->next;
		while (scan->page == NULL)
		{
			if (scan->next_partition == partitions(scan->ledger))
				return false;
			CHECK_FOR_INTERRUPTS();
			scan->page = scan->ledger->partitions[scan->next_partition++].run.first;
		}
		piece = page_run(scan->page);
		run_begin(&scan->cursor, &piece, scan->ledger->shape);
	}
	return true;
}

#endif							/* RETENTION_LEDGER_H */
