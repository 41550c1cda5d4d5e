/*-------------------------------------------------------------------------
 *
 * page.h
 *	  The memory of a store: pages of one size, used again and again.
 *
 * A store's runs are written anew all the time, each a little longer than the
 * last.  In allocations of their own size they would fragment the heap, and
 * the system would hand out, and clear, the same memory many times over.  So
 * they are lists of pages, and what is done with goes back to the pool.  A
 * customer never lies on two pages: one who is larger than a page gets one of
 * his own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PAGE_H
#define RETENTION_PAGE_H

#include "postgres.h"

#include "history/occasion.h"

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

typedef struct PagePool
{
	MemoryContext context;
	RunPage	   *free;
	char	   *block;			/* to take the next pages from */
	char	   *block_end;
	Size		taken;			/* bytes, in blocks */
	Size		unused;			/* of these, in free pages */
	Size		oversize;		/* bytes, in pages of customers larger than a page */
} PagePool;

extern void retention_pool_init(PagePool *pool, MemoryContext context);
extern RunPage *retention_pool_new_page(PagePool *pool, int64 nwords);
extern void retention_pool_free(PagePool *pool, RunPage *list);

/* An empty page with room for so many words, or more. */
static inline RunPage *
pool_get(PagePool *pool, int64 nwords)
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

/* A list of pages that is being written. */
typedef struct PageList
{
	RunPage	   *first;
	RunPage	   *last;
	int64		entries;
} PageList;

/* Room at the end for so many words; what was written there counts afterwards. */
static inline uint64 *
list_room(PagePool *pool, PageList *list, int64 nwords)
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
list_wrote(PageList *list, int64 nwords, int64 entries)
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

extern void retention_merge_pages(PagePool *pool, RunPage *old, const Run *run,
								  OccasionShape shape, PageList *out, Overflow *overflow);

#endif							/* RETENTION_PAGE_H */
