/*-------------------------------------------------------------------------
 *
 * run.h
 *	  Runs: customers in the order of their identities, each with their occasions
 *	  in the order of time.
 *
 * A run is words,
 *
 *	hash [low] n  mark [money]  mark [money]  ...
 *
 * of one customer after the other, and no two occasions of it are of the same
 * customer, period and kind.  It's what the questions read.
 *
 * A long one is kept in pages of one size, which are used again and again.  For it
 * is written anew all the time, each time a little longer than the last: in
 * allocations of their own size runs would fragment the heap, and the system
 * would hand out, and clear, the same memory many times over.  A customer never
 * lies on two pages: one who is larger than a page gets one of their own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_RUN_H
#define RETENTION_RUN_H

#include "postgres.h"

#include "history/occasion.h"

/* What stands before a customer's occasions. */
static inline int
customer_words(OccasionShape shape)
{
	return shape.key_words + 1;
}

/* The most words a run of so many entries takes: each of another customer. */
static inline int64
run_most_words(int64 entries, OccasionShape shape)
{
	return entries * (customer_words(shape) + occasion_words(shape));
}

typedef struct Run
{
	uint64	   *words;
	int64		nwords;
	int64		entries;		/* occasions */
} Run;

/* One customer of a run. */
typedef struct CustomerView
{
	const uint64 *identity;
	int64		n;
	const uint64 *occasions;
} CustomerView;

/* Goes through the customers of a run. */
typedef struct RunCursor
{
	OccasionShape shape;
	const uint64 *at;
	const uint64 *end;
} RunCursor;

static inline void
run_begin(RunCursor *cursor, const Run *run, OccasionShape shape)
{
	cursor->shape = shape;
	cursor->at = run->words;
	cursor->end = run->words + run->nwords;
}

static inline bool
run_next(RunCursor *cursor, CustomerView *customer)
{
	if (cursor->at == cursor->end)
		return false;
	customer->identity = cursor->at;
	customer->n = (int64) cursor->at[cursor->shape.key_words];
	customer->occasions = cursor->at + customer_words(cursor->shape);
	cursor->at = customer->occasions + customer->n * occasion_words(cursor->shape);
	return true;
}

extern void retention_group_entries(const uint64 *entries, int64 n, OccasionShape shape,
									Run *run, Elsewhere *elsewhere);
extern int64 retention_convert_customer(const CustomerView *customer, OccasionShape shape, int scale,
										uint64 *to, int to_words, Elsewhere *elsewhere);

/* ---- pages ------------------------------------------------------------------ */

#define RUN_PAGE_BYTES	16384

typedef struct RunPage
{
	struct RunPage *next;
	int64		room;			/* words */
	int64		nwords;
	int64		entries;
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} RunPage;

#define RUN_PAGE_WORDS	((int64) ((RUN_PAGE_BYTES - offsetof(RunPage, words)) / sizeof(uint64)))

typedef struct RunPool
{
	MemoryContext context;
	RunPage	   *free;
	char	   *block;			/* to take the next pages from */
	char	   *block_end;
	Size		taken;			/* bytes, in blocks */
	Size		unused;			/* of these, in free pages */
	Size		oversize;		/* bytes, in pages of customers larger than a page */
} RunPool;

extern void retention_pool_init(RunPool *pool, MemoryContext context);
extern RunPage *retention_pool_new_page(RunPool *pool, int64 nwords);
extern void retention_pool_free(RunPool *pool, RunPage *list);

/* An empty page with room for so many words, or more. */
static inline RunPage *
pool_get(RunPool *pool, int64 nwords)
{
	RunPage	   *page = pool->free;

	if (likely(page != NULL && nwords <= RUN_PAGE_WORDS))
	{
		pool->free = page->next;
		pool->unused -= RUN_PAGE_BYTES;
	}
	else
		page = retention_pool_new_page(pool, nwords);
	page->next = NULL;
	page->nwords = 0;
	page->entries = 0;
	return page;
}

/* Bytes of pages that are in use. */
static inline Size
pool_in_use(const RunPool *pool)
{
	return pool->taken - pool->unused + pool->oversize;
}

/* A list of pages that is being written. */
typedef struct PagedRun
{
	RunPage	   *first;
	RunPage	   *last;
	int64		entries;
} PagedRun;

/* Room at the end for so many words; what was written there counts afterwards. */
static inline uint64 *
paged_room(RunPool *pool, PagedRun *list, int64 nwords)
{
	RunPage	   *last = list->last;

	if (unlikely(last == NULL || last->nwords + nwords > last->room))
	{
		RunPage	   *page = pool_get(pool, nwords);

		if (last)
			last->next = page;
		else
			list->first = page;
		list->last = last = page;
	}
	return last->words + last->nwords;
}

static inline void
paged_wrote(PagedRun *list, int64 nwords, int64 entries)
{
	list->last->nwords += nwords;
	list->last->entries += entries;
	list->entries += entries;
}

/* A page as a run. */
static inline Run
page_run(RunPage *page)
{
	Run			run = {page->words, page->nwords, page->entries};

	return run;
}

extern void retention_merge_pages(RunPool *pool, RunPage *old, const Run *run,
								  OccasionShape shape, PagedRun *out, Elsewhere *elsewhere);

#endif							/* RETENTION_RUN_H */
