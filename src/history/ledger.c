/*-------------------------------------------------------------------------
 *
 * ledger.c
 *	  The occasions of many customers: partitions by hash, in memory.
 *
 * Sorting and merging pay while what they work on is in the cache, so as the
 * ledger grows, partitions are split to stay of a size (SPLIT_ENTRIES); as
 * hashes are spread, all grow alike.  Entries stay fresh until they are as many as
 * are in the run: each merge writes all of the run, and so an entry is written
 * twice or thrice, however many there are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/ledger.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#define SPLIT_BITS		2
#define SPLIT_ENTRIES	8192
#define MAX_LOG_PARTITIONS 14
#define FRESH_MIN		256
#define MERGE_SHARE		4

/* ---- partitions ------------------------------------------------------------- */

/* Room for so many words, whatever was there before. */
static uint64 *
get_room(Ledger *ledger, Room *room, int64 nwords)
{
	if (nwords > room->nwords)
	{
		if (room->words)
			pfree(room->words);
		room->words = NULL;
		room->nwords = 0;
		room->words = MemoryContextAllocHuge(ledger->context, nwords * sizeof(uint64));
		room->nwords = nwords;
	}
	return room->words;
}

/* The entries that fill a fresh page. */
static inline int64
page_entries(const RunPage *page, OccasionShape shape)
{
	return page->room / entry_words(shape);
}

/* A page more for a partition's fresh entries. */
static void
add_fresh_page(Ledger *ledger, Partition *partition)
{
	RunPage    *page = pool_get(&ledger->pool, OCCASION_ENTRY_WORDS);

	if (partition->fresh.last)
		partition->fresh.last->next = page;
	else
		partition->fresh.first = page;
	partition->fresh.last = page;
	partition->next = page->words;
	partition->end = page->words + page_entries(page, ledger->shape) * entry_words(ledger->shape);
}

/* The entries of one of a partition's fresh pages. */
static inline EntrySpan
fresh_entries(const Ledger *ledger, const Partition *partition, const RunPage *page)
{
	EntrySpan	span = {page->words, page->next ? page_entries(page, ledger->shape) :
		(partition->next - page->words) / entry_words(ledger->shape)};

	return span;
}

static int64
count_fresh(const Ledger *ledger, const Partition *partition)
{
	return partition->fresh.entries + fresh_entries(ledger, partition, partition->fresh.last).n;
}

/* Entries and those that are still to be folded, in memory and on disk. */
int64
retention_ledger_entries(const Ledger *ledger)
{
	int64		entries = ledger->entries + ledger->nwaiting;

	for (int i = 0; i < partitions(ledger); i++)
		entries += count_fresh(ledger, &ledger->partitions[i]);
	if (ledger->spill)
		for (int i = 0; i < SPILL_PARTITIONS; i++)
			entries += ledger->spill->entries[i];
	return entries;
}

/* Forget the fresh entries. */
void
retention_ledger_clear_fresh(Ledger *ledger, Partition *partition)
{
	retention_pool_free(&ledger->pool, partition->fresh.first);
	memset(&partition->fresh, 0, sizeof(PagedRun));
	add_fresh_page(ledger, partition);
}

/* Begin anew, with nothing in so many partitions. */
void
retention_ledger_begin(Ledger *ledger, int log_partitions)
{
	ledger->log_partitions = log_partitions;
	ledger->entries = 0;
	ledger->partitions = MemoryContextAllocZero(ledger->context,
												partitions(ledger) * sizeof(Partition));
	for (int i = 0; i < partitions(ledger); i++)
		add_fresh_page(ledger, &ledger->partitions[i]);
}

/*
 * An empty ledger of customers whose hashes are in a range.
 * What is allocated below "account" counts against the limit of memory.
 */
Ledger *
retention_ledger_create(MemoryContext context, MemoryContext account, OccasionShape shape,
						int scale, uint64 first_hash, uint64 last_hash)
{
	Ledger	   *ledger = MemoryContextAllocZero(context, sizeof(Ledger));

	ledger->context = context;
	ledger->account = account;
	ledger->shape = shape;
	ledger->elsewhere.scale = scale;
	ledger->elsewhere.list.context = context;
	ledger->first_hash = first_hash;
	ledger->last_hash = last_hash;
	ledger->shift = last_hash == first_hash ? 63 :
		63 - pg_leftmost_one_pos64(last_hash - first_hash);
	retention_pool_init(&ledger->pool, AllocSetContextCreate(context, "pages of occasions",
															 ALLOCSET_SMALL_SIZES));
	retention_ledger_begin(ledger, 0);
	return ledger;
}

#ifdef USE_ASSERT_CHECKING

static void
check_customer(const Ledger *ledger, const CustomerView *customer)
{
	int			words = occasion_words(ledger->shape);

	Assert(customer->n > 0);
	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * words;

		Assert(i == 0 || mark_slot(occasion[0]) > mark_slot(occasion[-words]));
		Assert(mark_kind(occasion[0]) <= OF_CUSTOMERS_LAST || customer->identity[0] == 0);
		Assert(words == 1 || !units_are_elsewhere(occasion + 1, words - 1));
	}
}

void
retention_ledger_check(const Ledger *ledger)
{
	OccasionShape shape = ledger->shape;
	const uint64 *previous = NULL;
	LedgerScan	scan;
	CustomerView customer;
	int64		entries = 0;
	int64		unused = 0;

	Assert(ledger->log_partitions >= 0 && ledger->log_partitions <= MAX_LOG_PARTITIONS);
	Assert(ledger->arrived.nwords == 0);
	Assert(ledger->nwaiting >= 0 && ledger->nwaiting < LEDGER_WAITING);
	Assert(ledger->elsewhere.scale >= 0 && ledger->elsewhere.scale <= UNITS_MAX_SCALE);
	Assert(shape.money_words == 2 || wide_count(&ledger->elsewhere.list) == 0);
	Assert(ledger->names == NULL || (ledger->names->n <= ledger->names->most && shape.key_words == NAMED_WORDS));
	for (int i = 0; i < partitions(ledger); i++)
	{
		const Partition *partition = &ledger->partitions[i];
		const RunPage *last = partition->fresh.last;
		int64		its = 0;

		Assert(last && last->next == NULL);
		Assert(partition->next >= last->words && partition->next < partition->end);
		Assert(partition->end <= last->words + last->room);
		for (const RunPage *page = partition->run.first; page; page = page->next)
		{
			Assert(page->nwords <= page->room);
			its += page->entries;
		}
		Assert(its == partition->run.entries);
		entries += its;
	}
	Assert(entries == ledger->entries);
	ledger_scan_begin(&scan, ledger, 0);
	while (ledger_scan_next(&scan, &customer))
	{
		Assert(ledger_partition(ledger, customer.identity[0]) ==
			   &ledger->partitions[scan.next_partition - 1]);
		Assert(previous == NULL ||
			   compare_identity(previous, customer.identity, shape.key_words) < 0);
		check_customer(ledger, &customer);
		previous = customer.identity;
		entries -= customer.n;
	}
	Assert(entries == 0);
	for (const RunPage *page = ledger->pool.free; page; page = page->next)
		unused += RUN_PAGE_BYTES;
	Assert(unused + (ledger->pool.block_end - ledger->pool.block) == (int64) ledger->pool.unused);
}

#endif							/* USE_ASSERT_CHECKING */

/* ---- folding ---------------------------------------------------------------- */

static void
merge_into(Ledger *ledger, Partition *partition, const Run *run)
{
	PagedRun	merged = {0};

	retention_merge_pages(&ledger->pool, partition->run.first, run, ledger->shape, &merged,
						  &ledger->elsewhere);
	retention_pool_free(&ledger->pool, partition->run.first);
	ledger->entries += merged.entries - partition->run.entries;
	partition->run = merged;
}

/* Put a partition's fresh entries into its run. */
static void
fold(Ledger *ledger, Partition *partition)
{
	int64		n = count_fresh(ledger, partition);
	EntrySpan  *spans;
	int			nspans = 0;
	uint64	   *sorted;
	Run			run;

	if (n == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	spans = palloc((n / (RUN_PAGE_WORDS / OCCASION_ENTRY_WORDS) + 1) * sizeof(EntrySpan));
	for (const RunPage *page = partition->fresh.first; page; page = page->next)
		spans[nspans++] = fresh_entries(ledger, partition, page);
	sorted = get_room(ledger, &ledger->sorting, n * entry_words(ledger->shape));
	retention_sort_entries(spans, nspans, sorted, ledger->shape);
	pfree(spans);
	run.words = get_room(ledger, &ledger->grouping, run_most_words(n, ledger->shape));
	retention_group_entries(sorted, n, ledger->shape, &run, &ledger->elsewhere);
	retention_ledger_clear_fresh(ledger, partition);
	merge_into(ledger, partition, &run);
}

/* No entry is fresh afterwards. */
void
retention_ledger_fold(Ledger *ledger)
{
	retention_ledger_place(ledger);
	for (int i = 0; i < partitions(ledger); i++)
		fold(ledger, &ledger->partitions[i]);
}

/* Split each partition by the next bits of the hash. */
static void
split(Ledger *ledger, int more_bits)
{
	Partition  *old;
	int			nold;

	retention_ledger_fold(ledger);
	old = ledger->partitions;
	nold = partitions(ledger);
	for (int i = 0; i < nold; i++)
		retention_pool_free(&ledger->pool, old[i].fresh.first);
	retention_ledger_begin(ledger, ledger->log_partitions + more_bits);
	for (int i = 0; i < nold; i++)
	{
		RunPage    *page = old[i].run.first;

		CHECK_FOR_INTERRUPTS();
		while (page)
		{
			RunPage    *next = page->next;
			Run			piece = page_run(page);
			RunCursor	cursor;
			CustomerView customer;

			run_begin(&cursor, &piece, ledger->shape);
			while (run_next(&cursor, &customer))
			{
				Partition  *partition = ledger_partition(ledger, customer.identity[0]);
				int64		words = cursor.at - customer.identity;

				memcpy(paged_room(&ledger->pool, &partition->run, words), customer.identity,
					   words * sizeof(uint64));
				paged_wrote(&partition->run, words, customer.n);
			}
			ledger->entries += piece.entries;
			page->next = NULL;
			retention_pool_free(&ledger->pool, page);
			page = next;
		}
	}
	pfree(old);
}

/* So many entries are coming: have partitions for them. */
void
retention_ledger_expect(Ledger *ledger, int64 entries)
{
	int			more_bits = 0;

	retention_ledger_place(ledger);
	/* no more than there is memory for: the rest goes to disk */
	if (!ledger->unlimited)
		entries = Min(entries, (int64) (get_hash_memory_limit() / sizeof(uint64) /
										occasion_words(ledger->shape)));
	while ((ledger->entries + entries) >> (ledger->log_partitions + more_bits) > SPLIT_ENTRIES &&
		   ledger->log_partitions + more_bits + SPLIT_BITS <= MAX_LOG_PARTITIONS)
		more_bits += SPLIT_BITS;
	if (more_bits > 0)
	{
		split(ledger, more_bits);
		ledger_keep_width(ledger);
		retention_ledger_check(ledger);
	}
}

/* After entries have come: wider money, smaller partitions, less memory, if need be. */
static void
keep_in_shape(Ledger *ledger)
{
	if (ledger->entries >> ledger->log_partitions > SPLIT_ENTRIES &&
		ledger->log_partitions + SPLIT_BITS <= MAX_LOG_PARTITIONS)
		split(ledger, SPLIT_BITS);
	retention_ledger_keep_limit(ledger);
	ledger_keep_width(ledger);
}

/* A fresh page is full: add one, or fold. */
static void
make_room(Ledger *ledger, Partition *partition)
{
	int64		n = count_fresh(ledger, partition);

	if (n >= FRESH_MIN && n >= partition->run.entries)
		fold(ledger, partition);
	else
	{
		partition->fresh.entries = n;
		add_fresh_page(ledger, partition);
	}
	keep_in_shape(ledger);
}

/* An entry that waited, of so many words of money, goes to its partition. */
static void
place(Ledger *ledger, const uint64 *entry, int words)
{
	int			key_words = ledger->shape.key_words;
	Partition  *partition = ledger_partition(ledger, entry[0]);

	copy_words(partition->next, entry, key_words);
	retention_convert_occasion(entry + key_words, words, ledger->elsewhere.scale,
							   partition->next + key_words, ledger->shape.money_words,
							   entry, key_words, &ledger->elsewhere);
	partition->next += entry_words(ledger->shape);
	if (unlikely(partition->next == partition->end))
		make_room(ledger, partition);
}

static pg_attribute_always_inline void
place_shaped(Ledger *ledger, const uint64 *waiting, int n, OccasionShape shape)
{
	int			stride = entry_words(shape);

	for (int i = 0; i < n; i++)
		prefetch_for_write(ledger_partition(ledger, waiting[i * stride]));
	for (int i = 0; i < n; i++)
		prefetch_for_write(ledger_partition(ledger, waiting[i * stride])->next);
	for (int i = 0; i < n; i++)
	{
		const uint64 *entry = waiting + i * stride;
		Partition  *partition = ledger_partition(ledger, entry[0]);

		copy_words(partition->next, entry, stride);
		partition->next += stride;
		if (unlikely(partition->next == partition->end))
		{
			make_room(ledger, partition);
			/* which may have made money wide */
			if (unlikely(ledger->shape.money_words != shape.money_words))
				while (++i < n)
					place(ledger, waiting + i * stride, shape.money_words);
		}
	}
}

/* All that waits goes to its partitions. */
void
retention_ledger_place(Ledger *ledger)
{
	uint64		waiting[LEDGER_WAITING * OCCASION_ENTRY_WORDS];
	int			n = ledger->nwaiting;

	if (n == 0)
		return;
	/* making room may come here again */
	ledger->nwaiting = 0;
	memcpy(waiting, ledger->waiting, n * entry_words(ledger->shape) * sizeof(uint64));
	FOR_SHAPE(ledger->shape, place_shaped(ledger, waiting, n, shaped));
}

/* Add an entry of any money, but of no more words or digits. */
void
retention_ledger_add(Ledger *ledger, const uint64 *entry, int words, int scale)
{
	int			key_words = ledger->shape.key_words;
	uint64	   *to = ledger_next(ledger);

	copy_words(to, entry, key_words);
	retention_convert_occasion(entry + key_words, words, scale, to + key_words,
							   ledger->shape.money_words, entry, key_words, &ledger->elsewhere);
	ledger_push(ledger);
}

/* ---- merging ---------------------------------------------------------------- */

/* Add customers one entry at a time; that may change the ledger's shape, but not theirs. */
static void
add_one_by_one(Ledger *ledger, const Run *run, OccasionShape shape)
{
	uint64		entry[OCCASION_ENTRY_WORDS];
	RunCursor	cursor;
	CustomerView customer;

	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
	{
		copy_words(entry, customer.identity, shape.key_words);
		for (int64 i = 0; i < customer.n; i++)
		{
			copy_words(entry + shape.key_words, customer.occasions + i * occasion_words(shape),
					   occasion_words(shape));
			retention_ledger_add(ledger, entry, shape.money_words, ledger->elsewhere.scale);
		}
	}
	retention_ledger_place(ledger);
}

/* Merge what has arrived of one partition. */
static void
merge_arrived(Ledger *ledger)
{
	Run			arrived = ledger->arrived;
	Partition  *target = ledger->target;

	memset(&ledger->arrived, 0, sizeof(Run));
	ledger->target = NULL;
	if (arrived.nwords == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	arrived.words = ledger->coming.words;
	/* they are in order already, and would have to be sorted again */
	if (arrived.entries >= target->run.entries / MERGE_SHARE)
	{
		fold(ledger, target);
		merge_into(ledger, target, &arrived);
		keep_in_shape(ledger);
	}
	else
		add_one_by_one(ledger, &arrived, ledger->shape);
}

/*
 * Add customers with their occasions, of any money but of no more digits.  From one
 * call to the next they ascend; retention_ledger_end_merge comes after the last.
 */
void
retention_ledger_merge(Ledger *ledger, const Run *run, OccasionShape shape, int scale)
{
	RunCursor	cursor;
	CustomerView customer;

	/* nothing waits while a merge is under way: that might make the partitions anew */
	retention_ledger_place(ledger);
	if (shape.money_words > ledger->shape.money_words)
	{
		merge_arrived(ledger);
		retention_ledger_promote(ledger);
	}
	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
	{
		Partition  *its = ledger_partition(ledger, customer.identity[0]);
		int64		most;

		/* no more than a partition should have, however few there are */
		if (its != ledger->target || ledger->arrived.entries > SPLIT_ENTRIES)
		{
			merge_arrived(ledger);
			/* splitting and spilling make the partitions anew */
			ledger->target = ledger_partition(ledger, customer.identity[0]);
		}
		most = ledger->arrived.nwords + customer_words(shape) +
			customer.n * occasion_words(ledger->shape);
		if (most > ledger->coming.nwords)
		{
			ledger->coming.words = ledger->coming.words ?
				repalloc_huge(ledger->coming.words, 2 * most * sizeof(uint64)) :
				MemoryContextAllocHuge(ledger->context, 2 * most * sizeof(uint64));
			ledger->coming.nwords = 2 * most;
		}
		ledger->arrived.nwords +=
			retention_convert_customer(&customer, shape, scale,
									   ledger->coming.words + ledger->arrived.nwords,
									   ledger->shape.money_words, &ledger->elsewhere);
		ledger->arrived.entries += customer.n;
	}
}

void
retention_ledger_end_merge(Ledger *ledger)
{
	merge_arrived(ledger);
	if (ledger->coming.words)
		pfree(ledger->coming.words);
	memset(&ledger->coming, 0, sizeof(Room));
	ledger_keep_width(ledger);
}

/* ---- names ------------------------------------------------------------------ */

/* Of a ledger that is empty. */
void
retention_ledger_keep_names(Ledger *ledger, bool folded)
{
	ledger->names = MemoryContextAlloc(ledger->context, sizeof(Names));
	retention_names_init(ledger->names, ledger->context, &ledger->pool, folded);
}

/*
 * All names that wait are added.  Those of a merge under way too, whose customers may
 * not be here yet: they are taken first if anything may go to disk.
 */
void
retention_ledger_place_names(Ledger *ledger)
{
	Names	   *names = ledger->names;
	Size		had = pool_in_use(&ledger->pool);

	if (unlikely(!names_have_room(names)))
	{
		merge_arrived(ledger);
		retention_ledger_make_name_room(ledger);
	}
	retention_names_place(names);
	/* they have taken pages */
	if (unlikely(pool_in_use(&ledger->pool) != had))
	{
		merge_arrived(ledger);
		keep_in_shape(ledger);
	}
}
