/*-------------------------------------------------------------------------
 *
 * store.c
 *	  The occasions of many customers: partitions by hash, or on disk.
 *
 * Sorting and merging pay while what they work on is in the cache, so as the
 * store grows, partitions are split to stay of a size (SPLIT_ENTRIES); as
 * hashes are spread, all grow alike.  There may be a share of a run's entries in
 * fresh ones (FRESH_SHARE): a larger one would make for fewer merges, and for
 * more memory in rows that are no new occasions.
 *
 * Memory is bounded: a store that has more than work_mem times
 * hash_mem_multiplier, together with all other states of the same aggregate
 * node, goes to disk (store/spill.c) and begins anew.  It is read back a
 * partition of the disk's at a time, each into a store of its own, which may
 * go to disk again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/store.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#define SPLIT_BITS		2
#define SPLIT_ENTRIES	8192
#define MAX_LOG_PARTITIONS 14
#define FRESH_SHARE		3
#define FRESH_MIN		256

/* Going to disk for less than this is more trouble than it is worth. */
#define SPILL_MIN		(SPLIT_ENTRIES / 4)

static inline int
partitions(const Store *store)
{
	return 1 << store->log_partitions;
}

/* ---- pages ----------------------------------------------------------------- */

/* Room for so many words, whatever was there before. */
static uint64 *
get_room(Store *store, StoreRoom *room, int64 nwords)
{
	if (nwords > room->nwords)
	{
		if (room->words)
			pfree(room->words);
		room->words = NULL;
		room->nwords = 0;
		room->words = MemoryContextAllocHuge(store->context, nwords * sizeof(uint64));
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
add_fresh_page(Store *store, Partition *partition)
{
	int			stride = entry_words(store->shape);
	RunPage    *page = pool_get(&store->pool, stride);

	if (partition->fresh.last)
		partition->fresh.last->next = page;
	else
		partition->fresh.first = page;
	partition->fresh.last = page;
	partition->next = page->words;
	partition->end = page->words + page_entries(page, store->shape) * stride;
}

/* The entries of one of a partition's fresh pages. */
static inline EntrySpan
fresh_entries(const Partition *partition, const RunPage *page, OccasionShape shape)
{
	EntrySpan	span = {page->words, page->next ? page_entries(page, shape) :
		(partition->next - page->words) / entry_words(shape)};

	return span;
}

static int64
count_fresh(const Store *store, const Partition *partition)
{
	return partition->fresh.entries +
		fresh_entries(partition, partition->fresh.last, store->shape).n;
}

/* Forget the fresh entries. */
static void
clear_fresh(Store *store, Partition *partition)
{
	retention_pool_free(&store->pool, partition->fresh.first);
	memset(&partition->fresh, 0, sizeof(PageList));
	add_fresh_page(store, partition);
}

/* Begin anew, with nothing in so many partitions. */
static void
make_partitions(Store *store, int log_partitions)
{
	store->log_partitions = log_partitions;
	store->entries = 0;
	store->partitions = MemoryContextAllocZero(store->context,
											   partitions(store) * sizeof(Partition));
	for (int i = 0; i < partitions(store); i++)
		add_fresh_page(store, &store->partitions[i]);
}

/*
 * An empty store of customers whose hashes are in a range.
 * What is allocated below "account" counts against the limit of memory.
 */
Store *
retention_store_create(MemoryContext context, MemoryContext account, OccasionShape shape,
					   int scale, uint64 first_hash, uint64 last_hash)
{
	Store	   *store = MemoryContextAllocZero(context, sizeof(Store));

	store->context = context;
	store->account = account;
	store->shape = shape;
	store->overflow.scale = scale;
	store->overflow.list.context = context;
	store->first_hash = first_hash;
	store->last_hash = last_hash;
	store->shift = last_hash == first_hash ? 63 :
		63 - pg_leftmost_one_pos64(last_hash - first_hash);
	store->pages = AllocSetContextCreate(context, "pages of occasions", ALLOCSET_SMALL_SIZES);
	retention_pool_init(&store->pool, store->pages);
	make_partitions(store, 0);
	return store;
}

/* ---- folding --------------------------------------------------------------- */

/* Merge a run of any money, but of no more words or digits, into a partition's. */
static void
merge_into(Store *store, Partition *partition, const Run *run, OccasionShape shape, int scale)
{
	PageList	merged = {0};
	Run			converted = *run;

	if (run->nwords == 0)
		return;
	if (shape.money_words != store->shape.money_words || scale != store->overflow.scale)
	{
		converted.words = MemoryContextAllocHuge(store->context,
												 (run->nwords + run->entries * UNITS_MAX_WORDS) *
												 sizeof(uint64));
		retention_convert_run(run, shape, scale, &converted, store->shape.money_words,
							  &store->overflow);
	}
	retention_merge_pages(&store->pool, partition->run.first, &converted, store->shape, &merged,
						  &store->overflow);
	retention_pool_free(&store->pool, partition->run.first);
	store->entries += merged.entries - partition->run.entries;
	partition->run = merged;
	if (converted.words != run->words)
		pfree(converted.words);
}

/* Put a partition's fresh entries into its run. */
static void
fold_partition(Store *store, Partition *partition)
{
	int64		n = count_fresh(store, partition);
	EntrySpan  *spans;
	int			nspans = 0;
	uint64	   *sorted;
	Run			run;

	if (n == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	spans = palloc((n / (RUN_PAGE_WORDS / OCCASION_ENTRY_WORDS) + 1) * sizeof(EntrySpan));
	for (const RunPage *page = partition->fresh.first; page; page = page->next)
		spans[nspans++] = fresh_entries(partition, page, store->shape);
	sorted = get_room(store, &store->sorting, n * entry_words(store->shape));
	retention_sort_entries(spans, nspans, sorted, store->shape);
	pfree(spans);
	run.words = get_room(store, &store->grouping, group_words(n, store->shape));
	retention_group_entries(sorted, n, store->shape, &run, &store->overflow);
	clear_fresh(store, partition);
	merge_into(store, partition, &run, store->shape, store->overflow.scale);
}

static void
fold_all(Store *store)
{
	for (int i = 0; i < partitions(store); i++)
		fold_partition(store, &store->partitions[i]);
}

/* Goes through the customers of all runs, in order. */
typedef struct StoreScan
{
	const Store *store;
	int			next_partition;
	RunPage    *page;
	RunCursor	cursor;
} StoreScan;

static void
store_scan_begin(StoreScan *scan, const Store *store)
{
	memset(scan, 0, sizeof(StoreScan));
	scan->store = store;
}

static inline bool
store_scan_next(StoreScan *scan, CustomerView *customer)
{
	while (!run_next(&scan->cursor, customer))
	{
		Run			piece;

		if (scan->page)
			scan->page = scan->page->next;
		while (scan->page == NULL)
		{
			if (scan->next_partition == partitions(scan->store))
				return false;
			CHECK_FOR_INTERRUPTS();
			scan->page = scan->store->partitions[scan->next_partition++].run.first;
		}
		piece = page_run(scan->page);
		run_begin(&scan->cursor, &piece, scan->store->shape);
	}
	return true;
}

/* Split each partition by the next bits of the hash. */
static void
split(Store *store, int more_bits)
{
	Partition  *old;
	int			nold = partitions(store);

	fold_all(store);
	old = store->partitions;
	for (int i = 0; i < nold; i++)
		retention_pool_free(&store->pool, old[i].fresh.first);
	make_partitions(store, store->log_partitions + more_bits);
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

			run_begin(&cursor, &piece, store->shape);
			while (run_next(&cursor, &customer))
			{
				Partition  *partition = store_partition(store, customer.identity[0]);
				int64		words = cursor.at - customer.identity;

				memcpy(list_room(&store->pool, &partition->run, words), customer.identity,
					   words * sizeof(uint64));
				list_wrote(&partition->run, words, customer.n);
			}
			store->entries += piece.entries;
			page->next = NULL;
			retention_pool_free(&store->pool, page);
			page = next;
		}
	}
	pfree(old);
}

/* So many entries are coming: have partitions for them. */
void
retention_store_expect(Store *store, int64 entries)
{
	int			more_bits = 0;

	/* no more than there is memory for: the rest goes to disk */
	if (!store->unlimited)
		entries = Min(entries, (int64) (get_hash_memory_limit() / sizeof(uint64) /
										occasion_words(store->shape)));
	while ((store->entries + entries) >> (store->log_partitions + more_bits) > SPLIT_ENTRIES &&
		   store->log_partitions + more_bits + SPLIT_BITS <= MAX_LOG_PARTITIONS)
		more_bits += SPLIT_BITS;
	if (more_bits > 0)
	{
		split(store, more_bits);
		retention_store_check(store);
	}
}

#ifdef USE_ASSERT_CHECKING

static void
check_customer(const Store *store, const CustomerView *customer)
{
	int			words = occasion_words(store->shape);

	Assert(customer->n > 0);
	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * words;

		Assert(i == 0 || mark_period(occasion[0]) > mark_period(occasion[-words]));
		Assert(mark_orders(occasion[0]) > 0 || words > 1);
		Assert(words == 1 || !units_are_elsewhere(occasion + 1, words - 1));
	}
}

void
retention_store_check(const Store *store)
{
	OccasionShape shape = store->shape;
	const uint64 *previous = NULL;
	int64		entries = 0;
	int64		unused = 0;

	Assert(store->log_partitions >= 0 && store->log_partitions <= MAX_LOG_PARTITIONS);
	Assert(store->arrived.nwords == 0);
	Assert(store->overflow.scale >= 0 && store->overflow.scale <= UNITS_MAX_SCALE);
	Assert(shape.money_words == 2 || wide_count(&store->overflow.list) == 0);
	for (int i = 0; i < partitions(store); i++)
	{
		const Partition *partition = &store->partitions[i];
		const RunPage *last = partition->fresh.last;
		int64		its = 0;

		/* there is always room for one more, and the run begins behind the one before */
		Assert(last && last->next == NULL);
		Assert(partition->next >= last->words && partition->next < partition->end);
		Assert(partition->end <= last->words + last->room);
		for (RunPage *page = partition->run.first; page; page = page->next)
		{
			Run			piece = page_run(page);
			RunCursor	cursor;
			CustomerView customer;
			int64		on_page = 0;

			Assert(page->nwords <= page->room);
			run_begin(&cursor, &piece, shape);
			while (run_next(&cursor, &customer))
			{
				Assert(cursor.at <= cursor.end);
				Assert(store_partition(store, customer.identity[0]) == partition);
				Assert(previous == NULL ||
					   compare_identity(previous, customer.identity, shape.key_words) < 0);
				previous = customer.identity;
				check_customer(store, &customer);
				on_page += customer.n;
			}
			Assert(on_page == page->entries);
			its += on_page;
		}
		Assert(its == partition->run.entries);
		entries += its;
	}
	Assert(entries == store->entries);
	for (const RunPage *page = store->pool.free; page; page = page->next)
		unused += RUN_PAGE_BYTES;
	Assert(unused + (store->pool.block_end - store->pool.block) == (int64) store->pool.unused);
}

#endif							/* USE_ASSERT_CHECKING */

/* ---- disk ------------------------------------------------------------------ */

/* Where the file's partitions begin: as many entries in each. */
static void
choose_bounds(const Store *store, SpillBounds *bounds)
{
	SpillIdentity *identities;
	StoreScan	scan;
	CustomerView customer;
	int64		entries = 0;
	int			n = 0;

	if (store->source)
	{
		retention_bounds_of_partition(bounds, store->source);
		return;
	}
	if (store->entries < SPILL_FEW)
	{
		retention_bounds_even(bounds, store->first_hash, store->last_hash);
		return;
	}
	identities = palloc0(SPILL_SAMPLE * sizeof(SpillIdentity));
	store_scan_begin(&scan, store);
	while (store_scan_next(&scan, &customer))
	{
		entries += customer.n;
		for (; n < SPILL_SAMPLE && entries > store->entries * n / SPILL_SAMPLE; n++)
			memcpy(identities[n], customer.identity, store->shape.key_words * sizeof(uint64));
	}
	retention_bounds_of_sample(bounds, identities, n);
	pfree(identities);
}

/*
 * All that the store has in memory goes to disk, unless it is one customer: that
 * one has to fit it.  So does what is in the overflow.
 */
static void
spill_all(Store *store)
{
	OccasionShape shape = store->shape;
	uint64		entry[OCCASION_ENTRY_WORDS];
	SpillWriter writer;
	StoreScan	scan;
	CustomerView customer;

	fold_all(store);
	if (store->entries == 0)
		return;
	if (store->spill == NULL)
	{
		SpillBounds bounds;

		choose_bounds(store, &bounds);
		if (bounds.n == 0)
		{
			store->unlimited = true;
			return;
		}
		store->spill = retention_spill_create(store->context, shape.key_words,
											  shape.key_words + 1,
											  store->first_hash, store->last_hash, &bounds);
	}
	retention_spill_begin(store->spill, &writer);
	store_scan_begin(&scan, store);
	while (store_scan_next(&scan, &customer))
	{
		copy_words(entry, customer.identity, shape.key_words);
		for (int64 i = 0; i < customer.n; i++)
		{
			copy_words(entry + shape.key_words, customer.occasions + i * occasion_words(shape),
					   occasion_words(shape));
			retention_spill_put(&writer, entry, shape.money_words, store->overflow.scale);
		}
	}
	retention_spill_end(&writer);
	for (int i = 0; i < partitions(store); i++)
	{
		retention_pool_free(&store->pool, store->partitions[i].run.first);
		retention_pool_free(&store->pool, store->partitions[i].fresh.first);
	}
	pfree(store->partitions);
	make_partitions(store, 0);
}

/* How many times the largest partition's are all entries? */
static int64
parts_like_the_largest(const Store *store)
{
	int64		largest = 1;

	for (int i = 0; i < partitions(store); i++)
		largest = Max(largest, store->partitions[i].run.entries);
	return store->entries / largest;
}

/*
 * Have all states of the aggregate more memory than they may?  To ask costs a look
 * at each of them, so it's only asked when we have taken more ourselves.
 */
static bool
is_over_limit(Store *store)
{
	Size		ours = store->pool.taken + store->pool.oversize;

	if (ours != store->weighed)
	{
		store->weighed = ours;
		store->over_limit = MemoryContextMemAllocated(store->account, true) >
			get_hash_memory_limit();
	}
	return store->over_limit;
}

/*
 * Is there more in memory than there may be?  What the pool has unused is ours
 * already, and asked for again: disk is for when little of it is left.  A merge
 * leaves as much unused as the partition takes that it has made anew; if that
 * were taken for room to spare, a store whose customers are in few partitions
 * would grow on.
 */
static bool
must_spill(Store *store)
{
	Size		taken = store->pool.taken + store->pool.oversize;

	return !store->unlimited && store->entries > SPILL_MIN && is_over_limit(store) &&
		store->pool.unused < taken / 8 + taken / (parts_like_the_largest(store) + 1);
}

/* After entries have come: wider money, smaller partitions, less memory, if need be. */
static void
keep_in_shape(Store *store)
{
	if (unlikely(wide_count(&store->overflow.list) > 0))
		retention_store_promote(store);
	if (store->entries >> store->log_partitions > SPLIT_ENTRIES &&
		store->log_partitions + SPLIT_BITS <= MAX_LOG_PARTITIONS)
		split(store, SPLIT_BITS);
	if (must_spill(store))
		spill_all(store);
	/* both may have folded */
	if (unlikely(wide_count(&store->overflow.list) > 0))
		retention_store_promote(store);
}

/* Is so much that came as large a part of a partition as is worth a merge? */
static bool
worth_a_merge(const Partition *partition, int64 entries)
{
	return entries >= partition->run.entries / FRESH_SHARE;
}

/* A fresh page is full: add one, or put the fresh entries into the run. */
void
retention_store_make_room(Store *store, Partition *partition)
{
	int64		n = count_fresh(store, partition);

	if (n >= FRESH_MIN && worth_a_merge(partition, n))
		fold_partition(store, partition);
	else
	{
		partition->fresh.entries = n;
		add_fresh_page(store, partition);
	}
	keep_in_shape(store);
}

/* ---- merging --------------------------------------------------------------- */

/* Add an entry of any money, but of no more words or digits. */
void
retention_store_add(Store *store, const uint64 *entry, int words, int scale)
{
	int			key_words = store->shape.key_words;
	Partition  *partition = store_partition(store, entry[0]);
	uint64	   *to = store_next(partition);

	copy_words(to, entry, key_words);
	retention_convert_occasion(entry + key_words, words, scale, to + key_words,
							   store->shape.money_words, entry, key_words, &store->overflow);
	store_push(store, partition);
}

/* Add the entries of a run one by one. */
static void
push_run(Store *store, const Run *run, OccasionShape shape, int scale)
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
			retention_store_add(store, entry, shape.money_words, scale);
		}
	}
}

/* Merge what has arrived of one partition. */
static void
merge_arrived(Store *store)
{
	Run			arrived = store->arrived;
	Partition  *target;

	memset(&store->arrived, 0, sizeof(Run));
	store->target = NULL;
	if (arrived.nwords == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	arrived.words = store->coming.words;
	if (store->arrived_shape.money_words > store->shape.money_words)
		retention_store_promote(store);
	/* that may have made the partitions anew */
	target = store_partition(store, arrived.words[0]);
	if (worth_a_merge(target, arrived.entries))
	{
		fold_partition(store, target);
		merge_into(store, target, &arrived, store->arrived_shape, store->arrived_scale);
	}
	else
		push_run(store, &arrived, store->arrived_shape, store->arrived_scale);
	keep_in_shape(store);
}

/*
 * Add customers with their occasions, of any money but of no more digits.  From one
 * call to the next they ascend; retention_store_end_merge comes after the last.
 */
void
retention_store_merge(Store *store, const Run *run, OccasionShape shape, int scale)
{
	RunCursor	cursor;
	CustomerView customer;

	if (store->arrived_shape.money_words != shape.money_words || store->arrived_scale != scale)
		merge_arrived(store);
	store->arrived_shape = shape;
	store->arrived_scale = scale;
	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
	{
		Partition  *its = store_partition(store, customer.identity[0]);
		int64		words = cursor.at - customer.identity;

		/* no more than a partition should have, however few there are */
		if (its != store->target || store->arrived.entries > SPLIT_ENTRIES)
		{
			merge_arrived(store);
			/* splitting and spilling make the partitions anew */
			its = store_partition(store, customer.identity[0]);
			store->target = its;
		}
		if (store->arrived.nwords + words > store->coming.nwords)
		{
			int64		room = (store->arrived.nwords + words) * 2;

			store->coming.words = store->coming.words ?
				repalloc_huge(store->coming.words, room * sizeof(uint64)) :
				MemoryContextAllocHuge(store->context, room * sizeof(uint64));
			store->coming.nwords = room;
		}
		memcpy(store->coming.words + store->arrived.nwords, customer.identity,
			   words * sizeof(uint64));
		store->arrived.nwords += words;
		store->arrived.entries += customer.n;
	}
}

void
retention_store_end_merge(Store *store)
{
	merge_arrived(store);
	if (store->coming.words)
		pfree(store->coming.words);
	memset(&store->coming, 0, sizeof(StoreRoom));
}

/* ---- money ----------------------------------------------------------------- */

/* Give all that is in memory money of so many words and of this scale, no fewer than it has. */
static void
convert_money(Store *store, int words, int scale)
{
	OccasionShape from = store->shape;
	int			from_scale = store->overflow.scale;

	fold_all(store);
	/* if there is no memory for it, nothing needs to be there */
	if (words > from.money_words && !store->unlimited && store->entries > SPILL_MIN &&
		MemoryContextMemAllocated(store->account, true) + store->entries * sizeof(uint64) >
		get_hash_memory_limit())
		spill_all(store);
	store->shape.money_words = words;
	store->overflow.scale = scale;
	for (int i = 0; i < partitions(store); i++)
	{
		Partition  *partition = &store->partitions[i];
		PageList	old = partition->run;

		CHECK_FOR_INTERRUPTS();
		clear_fresh(store, partition);
		memset(&partition->run, 0, sizeof(PageList));
		for (RunPage *page = old.first; page; page = page->next)
		{
			Run			piece = page_run(page);
			RunCursor	cursor;
			CustomerView customer;

			run_begin(&cursor, &piece, from);
			while (run_next(&cursor, &customer))
			{
				Run			one = {unconstify(uint64 *, customer.identity),
					cursor.at - customer.identity, customer.n};
				Run			converted;

				converted.words = list_room(&store->pool, &partition->run,
											customer_words(from) + customer.n * (1 + words));
				retention_convert_run(&one, from, from_scale, &converted, words, &store->overflow);
				list_wrote(&partition->run, converted.nwords, customer.n);
			}
		}
		retention_pool_free(&store->pool, old.first);
	}
}

/* Money of two words, for good: what is in memory, and what comes. */
void
retention_store_promote(Store *store)
{
	if (store->shape.money_words == 1)
		convert_money(store, 2, store->overflow.scale);
}

/* Does all money in memory fit a word, if it's multiplied by 10^power? */
static bool
fits_word(const Store *store, int power)
{
	StoreScan	scan;
	CustomerView customer;
	uint64		bits = 0;		/* that any has, but for its sign */

	store_scan_begin(&scan, store);
	while (store_scan_next(&scan, &customer))
		for (int64 i = 0; i < customer.n; i++)
		{
			uint64		units = customer.occasions[i * 2 + 1];

			bits |= units ^ (uint64) ((int64) units >> 63);
		}
	return retention_units_rescale(&bits, 1, power);
}

/* Money with more digits behind the point: what is in memory, and what comes. */
void
retention_store_rescale(Store *store, int scale)
{
	int			words = store->shape.money_words;

	Assert(scale > store->overflow.scale && words > 0);
	fold_all(store);
	if (words == 1 && (wide_count(&store->overflow.list) > 0 ||
					   !fits_word(store, scale - store->overflow.scale)))
		words = 2;
	convert_money(store, words, scale);
}

/* Finds the money of occasions, by keys that ascend. */
typedef struct MoneyFinder
{
	StoreScan	scan;
	CustomerView customer;
	int64		at;				/* of their occasions */
} MoneyFinder;

static uint64 *
find_money(const uint64 *key, void *arg)
{
	MoneyFinder *finder = arg;
	const Store *store = finder->scan.store;
	CustomerView *customer = &finder->customer;
	int			partition = (int) (store_partition(store, key[0]) - store->partitions);

	if (partition >= finder->scan.next_partition)
	{
		store_scan_begin(&finder->scan, store);
		finder->scan.next_partition = partition;
		customer->identity = NULL;
	}
	while (customer->identity == NULL ||
		   compare_identity(customer->identity, key, store->shape.key_words) < 0)
	{
		if (!store_scan_next(&finder->scan, customer))
			elog(ERROR, "money is of nobody");
		finder->at = 0;
	}
	for (; finder->at < customer->n; finder->at++)
	{
		const uint64 *occasion = customer->occasions + finder->at * occasion_words(store->shape);

		if (*occasion >> ORDERS_BITS == key[2])
			return unconstify(uint64 *, occasion + 1);
	}
	elog(ERROR, "money is of no occasion");
}

/* ---- reading --------------------------------------------------------------- */

/* Entries and those that are still to be combined, in memory and on disk. */
int64
retention_store_entries(const Store *store)
{
	int64		entries = store->entries;

	for (int i = 0; i < partitions(store); i++)
		entries += count_fresh(store, &store->partitions[i]);
	if (store->spill)
		for (int i = 0; i < SPILL_PARTITIONS; i++)
			entries += store->spill->entries[i];
	return entries;
}

/* Read a partition of the disk's into a store of its own. */
static void
read_spilled(Store *store, SpillReader *reader)
{
	int64		n = 0;

	store->source = reader;
	while (retention_spill_next(reader))
	{
		if ((++n & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		retention_store_add(store, reader->entry, reader->words, reader->scale);
	}
	retention_spill_close(reader);
	store->source = NULL;
}

/* The first of the overflow's that is of a partition of the disk's, or behind it. */
static int64
first_wide(const Store *store, int partition)
{
	const WideList *list = &store->overflow.list;
	uint64		key[WIDE_KEY_WORDS] = {0};

	if (partition == 0)
		return 0;
	if (partition > store->spill->bounds.n)
		return list->n;
	copy_words(key, store->spill->bounds.identities[partition - 1], 2);
	return retention_wide_seek(list, key);
}

/* All is on disk: give the pages back, for others to be had. */
static void
release_pages(Store *store)
{
	pfree(store->partitions);
	MemoryContextReset(store->pages);
	retention_pool_init(&store->pool, store->pages);
	make_partitions(store, 0);
}

/*
 * Show the visitor every customer once, ascending.  It must not change the
 * store.  Money may have one word in one call and two in the next; what doesn't
 * fit is added to the list.
 */
void
retention_store_visit(Store *store, RunVisitor visitor, void *arg, WideList *wide)
{
	WideList   *list = &store->overflow.list;

	if (store->spill == NULL)
	{
		fold_all(store);
		if (wide_count(list) > 0)
		{
			MoneyFinder finder = {0};

			retention_store_promote(store);
			store_scan_begin(&finder.scan, store);
			retention_wide_settle(list, store->overflow.scale, store->shape.money_words,
								  find_money, &finder);
		}
	}
	/* the promotion may have found no memory */
	if (store->spill == NULL)
	{
		retention_store_check(store);
		for (int i = 0; i < partitions(store); i++)
		{
			CHECK_FOR_INTERRUPTS();
			for (RunPage *page = store->partitions[i].run.first; page; page = page->next)
			{
				Run			piece = page_run(page);

				visitor(&piece, store->shape, arg);
			}
		}
		retention_wide_add_list(wide, list);
		return;
	}

	check_stack_depth();
	spill_all(store);
	if (wide_count(list) > 0)
		retention_store_promote(store);
	release_pages(store);
	retention_wide_compact(list);
	for (int i = 0; i <= store->spill->bounds.n; i++)
	{
		MemoryContext context;
		Store	   *part;
		SpillReader reader;

		if (store->spill->entries[i] == 0)
			continue;
		context = AllocSetContextCreate(store->context, "customers read from disk",
										ALLOCSET_DEFAULT_SIZES);
		part = retention_store_create(context, store->account, store->shape,
									  store->overflow.scale, spill_first_hash(store->spill, i),
									  spill_last_hash(store->spill, i));
		part->unlimited = store->unlimited;
		for (int64 j = first_wide(store, i); j < first_wide(store, i + 1); j++)
			retention_wide_add(&part->overflow.list, list->items[j].key, list->items[j].money);
		retention_spill_read(store->spill, i, &reader);
		read_spilled(part, &reader);
		retention_store_visit(part, visitor, arg, wide);
		MemoryContextDelete(context);
	}
}
