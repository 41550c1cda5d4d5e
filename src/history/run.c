/*-------------------------------------------------------------------------
 *
 * run.c
 *	  Runs: customers in the order of their identities, each with their occasions
 *	  in the order of time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/run.h"

#include "pg/hugepage.h"
#include "utils/memutils.h"

/*
 * Pages are taken from blocks.  They grow with the pool, so that large ones
 * lie in huge pages, and little is taken that may not be needed.
 */
#define BLOCK_SHARE			4
#define FIRST_BLOCK_BYTES	((Size) 4 * RUN_PAGE_BYTES)
#define LAST_BLOCK_BYTES	((Size) 32 * 1024 * 1024)

static pg_attribute_always_inline void
group_shaped(const uint64 *entries, int64 n, Run *run, OccasionShape shape, Elsewhere *elsewhere)
{
	int			stride = entry_words(shape);
	int			words = occasion_words(shape);
	uint64	   *to = run->words;
	uint64	   *count = NULL;

	run->entries = 0;
	for (int64 i = 0; i < n; i++)
	{
		const uint64 *entry = entries + i * stride;
		const uint64 *occasion = entry + shape.key_words;

		if (i == 0 || compare_identity(entry - stride, entry, shape.key_words) != 0)
		{
			copy_words(to, entry, shape.key_words);
			to += shape.key_words;
			count = to++;
			*count = 0;
		}
		else if ((occasion[0] ^ to[-words]) >> COUNT_BITS == 0)
		{
			add_occasion(to - words, occasion, entry, shape, elsewhere);
			continue;
		}
		copy_words(to, occasion, words);
		to += words;
		(*count)++;
		run->entries++;
	}
	run->nwords = to - run->words;
}

/*
 * A run of sorted entries, into run_most_words() of room; those of the same customer,
 * period and kind become one.
 */
void
retention_group_entries(const uint64 *entries, int64 n, OccasionShape shape, Run *run,
						Elsewhere *elsewhere)
{
	FOR_SHAPE(shape, group_shaped(entries, n, run, shaped, elsewhere));
}

/*
 * A customer, with money in as many words or more, in units of a scale no smaller;
 * there is room.  Returns how many words that took.
 */
int64
retention_convert_customer(const CustomerView *customer, OccasionShape shape, int scale,
						   uint64 *to, int to_words, Elsewhere *elsewhere)
{
	uint64	   *start = to;

	if (shape.money_words == to_words && (scale == elsewhere->scale || to_words == 0))
	{
		int64		words = customer_words(shape) + customer->n * occasion_words(shape);

		memcpy(to, customer->identity, words * sizeof(uint64));
		return words;
	}
	copy_words(to, customer->identity, customer_words(shape));
	to += customer_words(shape);
	for (int64 i = 0; i < customer->n; i++)
	{
		retention_convert_occasion(customer->occasions + i * occasion_words(shape),
								   shape.money_words, scale, to, to_words,
								   customer->identity, shape.key_words, elsewhere);
		to += 1 + to_words;
	}
	return to - start;
}

/* ---- pages ------------------------------------------------------------------ */

void
retention_pool_init(RunPool *pool, MemoryContext context)
{
	memset(pool, 0, sizeof(RunPool));
	pool->context = context;
}

/* A page that hasn't been one before. */
RunPage *
retention_pool_new_page(RunPool *pool, int64 nwords)
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
retention_pool_free(RunPool *pool, RunPage *list)
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
copy_customer(RunPool *pool, PagedRun *out, const CustomerView *customer, OccasionShape shape)
{
	int64		words = customer_words(shape) + customer->n * occasion_words(shape);

	memcpy(paged_room(pool, out, words), customer->identity, words * sizeof(uint64));
	paged_wrote(out, words, customer->n);
}

/* The occasions of one customer in two runs, into room for all of them; how many are they? */
static pg_attribute_always_inline int64
merge_customer(const CustomerView *a, const CustomerView *b, uint64 *to, OccasionShape shape,
			   Elsewhere *elsewhere)
{
	int			words = occasion_words(shape);
	const uint64 *from_a = a->occasions;
	const uint64 *from_b = b->occasions;
	const uint64 *end_a = from_a + a->n * words;
	const uint64 *end_b = from_b + b->n * words;
	uint64	   *start = to;

	while (from_a < end_a && from_b < end_b)
	{
		uint32		slot_a = mark_slot(*from_a);
		uint32		slot_b = mark_slot(*from_b);

		if (slot_a < slot_b)
		{
			copy_words(to, from_a, words);
			from_a += words;
		}
		else
		{
			copy_words(to, from_b, words);
			from_b += words;
			if (slot_a == slot_b)
			{
				add_occasion(to, from_a, a->identity, shape, elsewhere);
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
merge_shaped(RunPool *pool, RunPage *old, const Run *run, PagedRun *out, OccasionShape shape,
			 Elsewhere *elsewhere)
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
			to = paged_room(pool, out, customer_words(shape) +
						   (ours.n + theirs.n) * occasion_words(shape));
			n = merge_customer(&ours, &theirs, to + customer_words(shape), shape, elsewhere);
			copy_words(to, ours.identity, shape.key_words);
			to[shape.key_words] = (uint64) n;
			paged_wrote(out, customer_words(shape) + n * occasion_words(shape), n);
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
retention_merge_pages(RunPool *pool, RunPage *old, const Run *run, OccasionShape shape,
					  PagedRun *out, Elsewhere *elsewhere)
{
	FOR_SHAPE(shape, merge_shaped(pool, old, run, out, shaped, elsewhere));
}
