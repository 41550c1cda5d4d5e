/*-------------------------------------------------------------------------
 *
 * page.c
 *	  The memory of a store: pages of one size, used again and again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/page.h"

#include "pg/hugepage.h"
#include "utils/memutils.h"

/*
 * Pages are taken from blocks.  They grow with the pool, so that large ones
 * lie in huge pages, and little is taken that may not be needed.
 */
#define BLOCK_SHARE			4
#define FIRST_BLOCK_BYTES	((Size) 4 * RUN_PAGE_BYTES)
#define LAST_BLOCK_BYTES	((Size) 32 * 1024 * 1024)

void
retention_pool_init(PagePool *pool, MemoryContext context)
{
	memset(pool, 0, sizeof(PagePool));
	pool->context = context;
}

/* A page that hasn't been one before. */
RunPage *
retention_pool_new_page(PagePool *pool, int64 nwords)
{
	RunPage	   *page;

	if (nwords > RUN_PAGE_WORDS)
	{
		page = MemoryContextAllocHuge(pool->context,
									  offsetof(RunPage, words) + nwords * sizeof(uint64));
		page->room = nwords;
		pool->oversize += nwords * sizeof(uint64);
		return page;
	}
	if (pool->block == pool->block_end)
	{
		Size		bytes = TYPEALIGN(RUN_PAGE_BYTES,
									  Max(Min(pool->taken / BLOCK_SHARE, LAST_BLOCK_BYTES),
										  FIRST_BLOCK_BYTES));

		pool->block = MemoryContextAllocHuge(pool->context, bytes);
		pool->block_end = pool->block + bytes;
		pool->taken += bytes;
		pool->unused += bytes;
		advise_huge_pages(pool->block, bytes);
	}
	page = (RunPage *) pool->block;
	pool->block += RUN_PAGE_BYTES;
	pool->unused -= RUN_PAGE_BYTES;
	page->room = RUN_PAGE_WORDS;
	return page;
}

/* A list of pages isn't needed any more. */
void
retention_pool_free(PagePool *pool, RunPage *list)
{
	while (list)
	{
		RunPage	   *next = list->next;

		if (list->room > RUN_PAGE_WORDS)
		{
			pool->oversize -= list->room * sizeof(uint64);
			pfree(list);
		}
		else
		{
			list->next = pool->free;
			pool->free = list;
			pool->unused += RUN_PAGE_BYTES;
		}
		list = next;
	}
}

static pg_attribute_always_inline void
copy_customer(PagePool *pool, PageList *out, const CustomerView *customer, OccasionShape shape)
{
	int64		words = customer_words(shape) + customer->n * occasion_words(shape);

	memcpy(list_room(pool, out, words), customer->identity, words * sizeof(uint64));
	list_wrote(out, words, customer->n);
}

/* The occasions of one customer in two runs, into room for all of them; how many are they? */
static pg_attribute_always_inline int64
merge_customer(const CustomerView *a, const CustomerView *b, uint64 *to, OccasionShape shape,
			   Overflow *overflow)
{
	int			words = occasion_words(shape);
	const uint64 *from_a = a->occasions;
	const uint64 *from_b = b->occasions;
	const uint64 *end_a = from_a + a->n * words;
	const uint64 *end_b = from_b + b->n * words;
	uint64	   *start = to;

	while (from_a < end_a && from_b < end_b)
	{
		uint64		period_a = *from_a >> ORDERS_BITS;
		uint64		period_b = *from_b >> ORDERS_BITS;

		if (period_a < period_b)
		{
			copy_words(to, from_a, words);
			from_a += words;
		}
		else
		{
			copy_words(to, from_b, words);
			from_b += words;
			if (period_a == period_b)
			{
				add_occasion(to, from_a, a->identity, shape, overflow);
				from_a += words;
			}
		}
		to += words;
	}
	memcpy(to, from_a, (char *) end_a - (char *) from_a);
	to += end_a - from_a;
	memcpy(to, from_b, (char *) end_b - (char *) from_b);
	to += end_b - from_b;
	return (to - start) / words;
}

static pg_attribute_always_inline void
merge_shaped(PagePool *pool, RunPage *old, const Run *run, PageList *out, OccasionShape shape,
			 Overflow *overflow)
{
	RunCursor	cursor;
	RunCursor	coming;
	CustomerView theirs = {0};
	bool		more;

	run_begin(&coming, run, shape);
	more = run_next(&coming, &theirs);
	for (; old; old = old->next)
	{
		CustomerView ours;
		Run			piece = page_run(old);

		run_begin(&cursor, &piece, shape);
		while (run_next(&cursor, &ours))
		{
			int			order = -1;
			uint64	   *to;
			int64		n;

			while (more && (order = compare_identity(ours.identity, theirs.identity,
													 shape.key_words)) > 0)
			{
				copy_customer(pool, out, &theirs, shape);
				more = run_next(&coming, &theirs);
			}
			if (!more || order < 0)
			{
				copy_customer(pool, out, &ours, shape);
				continue;
			}
			to = list_room(pool, out, customer_words(shape) +
						   (ours.n + theirs.n) * occasion_words(shape));
			n = merge_customer(&ours, &theirs, to + customer_words(shape), shape, overflow);
			copy_words(to, ours.identity, shape.key_words);
			to[shape.key_words] = (uint64) n;
			list_wrote(out, customer_words(shape) + n * occasion_words(shape), n);
			more = run_next(&coming, &theirs);
		}
	}
	while (more)
	{
		copy_customer(pool, out, &theirs, shape);
		more = run_next(&coming, &theirs);
	}
}

/*
 * Merge a run into what a list of pages holds: all of it goes to the new list, and
 * the old one is left as it is.
 */
void
retention_merge_pages(PagePool *pool, RunPage *old, const Run *run, OccasionShape shape,
					  PageList *out, Overflow *overflow)
{
	FOR_SHAPE(shape, merge_shaped(pool, old, run, out, shaped, overflow));
}
