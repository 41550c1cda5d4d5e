/*-------------------------------------------------------------------------
 *
 * store.c
 *	  The occasions of many customers: partitions by hash, or on disk.
 *
 * Sorting and merging pay while what they work on is in the cache, so as the
 * store grows, partitions are split to stay of a size (SPLIT_ENTRIES); as
 * hashes are spread, all grow alike.  A tail may have a share of the entries
 * of its run (TAIL_SHARE): a larger one would make for fewer merges, and for
 * more memory in rows that are no new occasions.
 *
 * Memory is bounded: a store that has more than work_mem times
 * hash_mem_multiplier, together with all other states of the same aggregate
 * node, goes to disk (base/spill.c) and begins anew.  It is read back a
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
#define TAIL_SHARE		3
#define TAIL_MIN		256

/* Going to disk for less than this is more trouble than it is worth. */
#define SPILL_MIN		(SPLIT_ENTRIES / 4)

/* Customers that the bounds of the file's partitions are chosen from. */
#define BOUND_SAMPLE	1024

static void convert_money(Store *store, int scale, int nlimbs);

/* Entries as many as those of one limb that take the same memory. */
static inline int64
weight(const Store *store, int64 entries)
{
	return entries * Max(occasion_words(store->shape) / 2, 1);
}

static inline int
partitions(const Store *store)
{
	return 1 << store->log_partitions;
}

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

/* A page more for a partition's tail. */
static void
extend_tail(Store *store, Partition *partition)
{
	int			stride = entry_words(store->shape);
	RunPage	   *page = pool_get(&store->pool, stride);

	if (partition->tail.last)
		partition->tail.last->next = page;
	else
		partition->tail.first = page;
	partition->tail.last = page;
	partition->next = page->words;
	partition->end = page->words + page->room / stride * stride;
}

/* Entries of a tail. */
static int64
tail_entries(const Store *store, const Partition *partition)
{
	return partition->tail.entries +
		(partition->next - partition->tail.last->words) / entry_words(store->shape);
}

static int64
entries_in_memory(const Store *store)
{
	int64		entries = store->entries;

	for (int i = 0; i < partitions(store); i++)
		entries += tail_entries(store, &store->partitions[i]);
	return entries;
}

/* Forget a tail's entries, and begin a new one. */
static void
restart_tail(Store *store, Partition *partition)
{
	retention_pool_free(&store->pool, partition->tail.first);
	memset(&partition->tail, 0, sizeof(PageList));
	extend_tail(store, partition);
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
		extend_tail(store, &store->partitions[i]);
}

/*
 * An empty store of customers whose hashes are in a range.
 * What is allocated below "account" counts against the limit of memory.
 */
Store *
retention_store_create(MemoryContext context, MemoryContext account, OccasionShape shape,
					   uint64 first_hash, uint64 last_hash)
{
	Store	   *store = MemoryContextAllocZero(context, sizeof(Store));

	store->context = context;
	store->account = account;
	store->shape = shape;
	store->first_hash = first_hash;
	store->last_hash = last_hash;
	store->shift = last_hash == first_hash ? 63 :
		63 - pg_leftmost_one_pos64(last_hash - first_hash);
	store->pages = AllocSetContextCreate(context, "pages of occasions", ALLOCSET_SMALL_SIZES);
	retention_pool_init(&store->pool, store->pages);
	make_partitions(store, 0);
	return store;
}

/* Merge a run of any money into a partition's. */
static void
merge_into(Store *store, Partition *partition, const Run *run, OccasionShape shape)
{
	OccasionShape to;
	Run			other;

	if (run->nwords == 0)
		return;
	if (shape.nlimbs == store->shape.nlimbs && shape.scale == store->shape.scale)
	{
		PageList	merged = {0};

		if (likely(retention_merge_pages(&store->pool, partition->run.first, run, shape,
										 &merged)))
		{
			retention_pool_free(&store->pool, partition->run.first);
			store->entries += merged.entries - partition->run.entries;
			partition->run = merged;
			return;
		}
		retention_pool_free(&store->pool, merged.first);
		convert_money(store, shape.scale, shape.nlimbs + 1);
	}
	else if (shape.nlimbs > store->shape.nlimbs || shape.scale > store->shape.scale)
		convert_money(store, shape.scale, shape.nlimbs);

	/* the run has to be as wide as the store, or the store a little wider */
	for (;;)
	{
		to = store->shape;
		other.words = MemoryContextAllocHuge(store->context,
											 (run->nwords + run->entries * (to.nlimbs - shape.nlimbs)) *
											 sizeof(uint64));
		if (retention_convert_run(run, shape, &other, to))
			break;
		pfree(other.words);
		convert_money(store, to.scale, money_limbs_at_scale(shape.nlimbs, shape.scale, to.scale));
	}
	merge_into(store, partition, &other, to);
	pfree(other.words);
}

/* Put a partition's tail into its run. */
static void
close_partition(Store *store, Partition *partition)
{
	int			stride = entry_words(store->shape);
	int64		n = tail_entries(store, partition);
	EntrySpan  *spans;
	int			nspans = 0;
	uint64	   *sorted;
	Run			run;

	if (n == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	spans = palloc((n / (RUN_PAGE_WORDS / stride > 0 ? RUN_PAGE_WORDS / stride : 1) + 1) * sizeof(EntrySpan));
	for (RunPage *page = partition->tail.first; page; page = page->next)
	{
		spans[nspans].entries = page->words;
		spans[nspans].n = page->next ? page->room / stride : (partition->next - page->words) / stride;
		nspans++;
	}
	sorted = get_room(store, &store->sorting, n * stride);
	retention_sort_entries(spans, nspans, sorted, store->shape);
	pfree(spans);
	run.words = get_room(store, &store->grouping, group_words(n, store->shape));
	if (unlikely(!retention_group_entries(sorted, n, store->shape, &run)))
	{
		/* the tail is as it was */
		convert_money(store, store->shape.scale, store->shape.nlimbs + 1);
		close_partition(store, partition);
		return;
	}
	restart_tail(store, partition);
	merge_into(store, partition, &run, store->shape);
}

static void
close_all(Store *store)
{
	for (int i = 0; i < partitions(store); i++)
		close_partition(store, &store->partitions[i]);
}

/* Split each partition by the next bits of the hash. */
static void
split(Store *store, int more_bits)
{
	Partition  *old;
	int			nold = partitions(store);

	close_all(store);
	old = store->partitions;
	for (int i = 0; i < nold; i++)
		retention_pool_free(&store->pool, old[i].tail.first);
	make_partitions(store, store->log_partitions + more_bits);
	for (int i = 0; i < nold; i++)
	{
		RunPage	   *page = old[i].run.first;

		CHECK_FOR_INTERRUPTS();
		while (page)
		{
			RunPage	   *next = page->next;
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
	while (weight(store, store->entries + entries) >> (store->log_partitions + more_bits) > SPLIT_ENTRIES &&
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
check_customer(const CustomerView *customer, OccasionShape shape)
{
	Assert(customer->n > 0);
	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(shape);

		Assert(i == 0 || mark_period(occasion[0]) > mark_period(occasion[-occasion_words(shape)]));
		Assert(mark_orders(occasion[0]) > 0 || shape.nlimbs > 0);
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
	for (int i = 0; i < partitions(store); i++)
	{
		const Partition *partition = &store->partitions[i];
		const RunPage *last = partition->tail.last;
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
				check_customer(&customer, shape);
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
	uint64		(*identities)[2];
	int64		entries = 0;
	int			n = 0;

	if (store->source)
	{
		retention_bounds_of_partition(bounds, store->source);
		return;
	}
	if (store->entries < BOUND_SAMPLE)
	{
		retention_bounds_even(bounds, store->first_hash, store->last_hash);
		return;
	}
	identities = palloc0(BOUND_SAMPLE * sizeof(identities[0]));
	for (int i = 0; i < partitions(store); i++)
		for (RunPage *page = store->partitions[i].run.first; page; page = page->next)
		{
			Run			piece = page_run(page);
			RunCursor	cursor;
			CustomerView customer;

			run_begin(&cursor, &piece, store->shape);
			while (run_next(&cursor, &customer))
			{
				entries += customer.n;
				for (; n < BOUND_SAMPLE && entries > store->entries * n / BOUND_SAMPLE; n++)
					memcpy(identities[n], customer.identity,
						   store->shape.key_words * sizeof(uint64));
			}
		}
	retention_bounds_of_sample(bounds, identities, n);
	pfree(identities);
}

/*
 * All that the store has in memory goes to disk, unless it is one customer: he
 * has to fit it.  Its money may have fewer limbs afterwards.
 */
static void
spill_all(Store *store)
{
	int			stride;
	uint64	   *entry;
	SpillWriter writer;

	close_all(store);
	if (store->entries == 0)
		return;
	stride = entry_words(store->shape);
	if (store->spill == NULL)
	{
		SpillBounds bounds;

		choose_bounds(store, &bounds);
		if (bounds.n == 0)
		{
			store->unlimited = true;
			return;
		}
		store->spill = retention_spill_create(store->context, store->shape.key_words,
											  store->first_hash, store->last_hash, &bounds);
	}
	entry = palloc(stride * sizeof(uint64));
	retention_spill_begin(store->spill, stride, store->shape.nlimbs, store->shape.scale, &writer);
	for (int i = 0; i < partitions(store); i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (RunPage *page = store->partitions[i].run.first; page; page = page->next)
		{
			Run			piece = page_run(page);
			RunCursor	cursor;
			CustomerView customer;

			run_begin(&cursor, &piece, store->shape);
			while (run_next(&cursor, &customer))
			{
				memcpy(entry, customer.identity, store->shape.key_words * sizeof(uint64));
				for (int64 j = 0; j < customer.n; j++)
				{
					memcpy(entry + store->shape.key_words,
						   customer.occasions + j * occasion_words(store->shape),
						   occasion_words(store->shape) * sizeof(uint64));
					retention_spill_put(&writer, entry);
				}
			}
		}
		retention_pool_free(&store->pool, store->partitions[i].run.first);
		retention_pool_free(&store->pool, store->partitions[i].tail.first);
	}
	retention_spill_end(&writer);
	pfree(entry);
	pfree(store->partitions);
	/* what comes need not be as wide */
	store->shape.nlimbs = Min(store->shape.nlimbs, 1);
	make_partitions(store, 0);
}

/* May it go to disk at all? */
static bool
can_spill(const Store *store)
{
	return !store->unlimited;
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
 * Is there more in memory than there may be?  What the pool has unused is ours
 * already, and asked for again: disk is for when little of it is left.  A merge
 * leaves as much unused as the partition takes that it has made anew; if that
 * were taken for room to spare, a store whose customers are in few partitions
 * would grow on.
 */
static bool
out_of_memory(const Store *store)
{
	Size		taken = store->pool.taken + store->pool.oversize;

	return can_spill(store) &&
		weight(store, store->entries) > SPILL_MIN &&
		MemoryContextMemAllocated(store->account, true) > get_hash_memory_limit() &&
		store->pool.unused < taken / 8 + taken / (parts_like_the_largest(store) + 1);
}

/* Partitions have grown: split them if they are large, and write them if they must go. */
static void
settle(Store *store)
{
	if (weight(store, store->entries) >> store->log_partitions > SPLIT_ENTRIES &&
		store->log_partitions + SPLIT_BITS <= MAX_LOG_PARTITIONS)
		split(store, SPLIT_BITS);
	if (out_of_memory(store))
		spill_all(store);
}

/* Is so much that came as large a part of a partition as is worth a merge? */
static bool
worth_a_merge(const Partition *partition, int64 entries)
{
	return entries >= partition->run.entries / TAIL_SHARE;
}

/*
 * Entries need so many words more to become wider.  If there is no memory for
 * that, all goes to disk, and there is nothing left that needs them: one amount
 * of a thousand digits must not cost a thousand digits for each of a million
 * others.
 */
static void
make_way(Store *store, int64 words)
{
	if (words > SPILL_MIN && can_spill(store) &&
		MemoryContextMemAllocated(store->account, true) + words * sizeof(uint64) >
		get_hash_memory_limit())
		spill_all(store);
}

/* A page of a tail is full: add one, or put the tail into the run. */
void
retention_store_make_room(Store *store, Partition *partition)
{
	int64		n = tail_entries(store, partition);

	if (weight(store, n) >= TAIL_MIN && worth_a_merge(partition, n))
		close_partition(store, partition);
	else
	{
		partition->tail.entries = n;
		extend_tail(store, partition);
	}
	settle(store);
}

/* ---- merging --------------------------------------------------------------- */

/* Add an entry of any money. */
void
retention_store_add(Store *store, const uint64 *entry, OccasionShape shape)
{
	uint64		room[8];
	uint64	   *converted = room;
	Partition  *partition;

	if (unlikely(shape.nlimbs != store->shape.nlimbs || shape.scale != store->shape.scale))
	{
		if (shape.scale > store->shape.scale || shape.nlimbs > store->shape.nlimbs)
			retention_store_widen(store, shape.scale, shape.nlimbs);
		for (int step = 1;; step *= 2)
		{
			if (entry_words(store->shape) > (int) lengthof(room))
				converted = palloc(entry_words(store->shape) * sizeof(uint64));
			if (retention_convert_entry(entry, shape, converted, store->shape))
				break;
			if (converted != room)
				pfree(converted);
			converted = room;
			retention_store_widen(store, store->shape.scale, store->shape.nlimbs + step);
		}
		entry = converted;
	}
	partition = store_partition(store, entry[0]);
	memcpy(store_next(partition), entry, entry_words(store->shape) * sizeof(uint64));
	store_push(store, partition);
	if (converted != room)
		pfree(converted);
}

/* Add the entries of a run one by one. */
static void
push_run(Store *store, const Run *run, OccasionShape shape)
{
	uint64	   *entry = palloc(entry_words(shape) * sizeof(uint64));
	RunCursor	cursor;
	CustomerView customer;

	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
	{
		memcpy(entry, customer.identity, shape.key_words * sizeof(uint64));
		for (int64 i = 0; i < customer.n; i++)
		{
			memcpy(entry + shape.key_words, customer.occasions + i * occasion_words(shape),
				   occasion_words(shape) * sizeof(uint64));
			retention_store_add(store, entry, shape);
		}
	}
	pfree(entry);
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
	/* whichever is narrower */
	make_way(store, arrived.entries * (store->shape.nlimbs - store->arrived_shape.nlimbs));
	if (store->arrived_shape.nlimbs > store->shape.nlimbs ||
		store->arrived_shape.scale > store->shape.scale)
		retention_store_widen(store, store->arrived_shape.scale, store->arrived_shape.nlimbs);
	/* both may have made the partitions anew */
	target = store_partition(store, arrived.words[0]);
	if (worth_a_merge(target, arrived.entries))
	{
		close_partition(store, target);
		merge_into(store, target, &arrived, store->arrived_shape);
		settle(store);
	}
	else
		push_run(store, &arrived, store->arrived_shape);
}

/*
 * Add customers with their occasions.  From one call to the next they ascend;
 * retention_store_end_merge comes after the last.
 */
void
retention_store_merge(Store *store, const Run *run, OccasionShape shape)
{
	RunCursor	cursor;
	CustomerView customer;

	if (store->arrived.nwords > 0 &&
		(store->arrived_shape.nlimbs != shape.nlimbs || store->arrived_shape.scale != shape.scale))
		merge_arrived(store);
	store->arrived_shape = shape;
	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
	{
		Partition  *its = store_partition(store, customer.identity[0]);
		int64		words = cursor.at - customer.identity;

		/* no more than a partition should have, however few there are */
		if (its != store->target || store->arrived.entries > SPLIT_ENTRIES ||
			store->arrived.nwords > 8 * SPLIT_ENTRIES)
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
	retention_store_check(store);
}

/* ---- wider money ----------------------------------------------------------- */

static bool
fits(const uint64 *money, OccasionShape from, OccasionShape to, uint64 *converted)
{
	return retention_money_convert(money, from.nlimbs, from.scale, converted, to.nlimbs, to.scale);
}

/* Does all the money fit these limbs at this scale? */
static bool
all_fits(const Store *store, OccasionShape to)
{
	OccasionShape from = store->shape;
	uint64	   *converted = palloc(to.nlimbs * sizeof(uint64));
	bool		so_far = true;

	for (int i = 0; so_far && i < partitions(store); i++)
	{
		const Partition *partition = &store->partitions[i];

		CHECK_FOR_INTERRUPTS();
		for (RunPage *page = partition->tail.first; so_far && page; page = page->next)
		{
			const uint64 *end = page->next ?
				page->words + page->room / entry_words(from) * entry_words(from) : partition->next;

			for (const uint64 *entry = page->words; so_far && entry < end; entry += entry_words(from))
				so_far = fits(entry + from.key_words + 1, from, to, converted);
		}
		for (RunPage *page = partition->run.first; so_far && page; page = page->next)
		{
			Run			piece = page_run(page);
			RunCursor	cursor;
			CustomerView customer;

			run_begin(&cursor, &piece, from);
			while (so_far && run_next(&cursor, &customer))
				for (int64 j = 0; so_far && j < customer.n; j++)
					so_far = fits(customer.occasions + j * occasion_words(from) + 1, from, to, converted);
		}
	}
	pfree(converted);
	return so_far;
}

/* The store has its new shape; the partition gets it. */
static void
widen_partition(Store *store, Partition *partition, OccasionShape from)
{
	OccasionShape to = store->shape;
	Partition	old = *partition;

	memset(partition, 0, sizeof(Partition));
	extend_tail(store, partition);
	for (RunPage *page = old.tail.first; page; page = page->next)
	{
		const uint64 *end = page->next ?
			page->words + page->room / entry_words(from) * entry_words(from) : old.next;

		for (const uint64 *entry = page->words; entry < end; entry += entry_words(from))
		{
			(void) retention_convert_entry(entry, from, partition->next, to);
			partition->next += entry_words(to);
			if (partition->next == partition->end)
			{
				partition->tail.entries += partition->tail.last->room / entry_words(to);
				extend_tail(store, partition);
			}
		}
	}
	for (RunPage *page = old.run.first; page; page = page->next)
	{
		Run			piece = page_run(page);
		RunCursor	cursor;
		CustomerView customer;

		run_begin(&cursor, &piece, from);
		while (run_next(&cursor, &customer))
		{
			Run			one = {unconstify(uint64 *, customer.identity),
				cursor.at - customer.identity, customer.n};
			Run			wider;

			wider.words = list_room(&store->pool, &partition->run,
									customer_words(to) + customer.n * occasion_words(to));
			(void) retention_convert_run(&one, from, &wider, to);
			list_wrote(&partition->run, wider.nwords, customer.n);
		}
	}
	retention_pool_free(&store->pool, old.tail.first);
	retention_pool_free(&store->pool, old.run.first);
}

/*
 * Give what is in memory money at this scale and in so many limbs, or more.
 * What has arrived of a merge, and what is on disk, stays as it is.
 */
static void
convert_money(Store *store, int scale, int nlimbs)
{
	OccasionShape from = store->shape;
	OccasionShape to = store->shape;

	Assert(from.nlimbs > 0);
	to.scale = Max(scale, from.scale);
	to.nlimbs = Max(nlimbs, from.nlimbs);
	if (to.scale == from.scale && to.nlimbs == from.nlimbs)
		return;
	if (!all_fits(store, to))
		to.nlimbs = Max(to.nlimbs, money_limbs_at_scale(from.nlimbs, from.scale, to.scale));
	store->shape = to;
	for (int i = 0; i < partitions(store); i++)
		widen_partition(store, &store->partitions[i], from);
}

/* Money at this scale and in so many limbs, or more, for what comes next. */
void
retention_store_widen(Store *store, int scale, int nlimbs)
{
	int			before = store->shape.nlimbs;
	int			wider = Max(nlimbs, before + Max(scale - store->shape.scale, 0) / 19);

	make_way(store, entries_in_memory(store) * (wider - before));
	convert_money(store, scale, nlimbs);
}

/* ---- reading --------------------------------------------------------------- */

/* Entries and those that are still to be combined, in memory and on disk. */
int64
retention_store_entries(const Store *store)
{
	int64		entries = entries_in_memory(store);

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
		OccasionShape shape = {store->shape.key_words, reader->nlimbs, reader->scale};

		if ((++n & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		retention_store_add(store, reader->entry, shape);
	}
	retention_spill_close(reader);
	store->source = NULL;
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
 * store.  Money may be of another shape from one call to the next.
 */
void
retention_store_visit(Store *store, RunVisitor visitor, void *arg)
{
	OccasionShape shape = store->shape;

	if (store->spill == NULL)
	{
		close_all(store);
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
		return;
	}

	check_stack_depth();
	spill_all(store);
	release_pages(store);
	shape.nlimbs = Min(shape.nlimbs, 1);
	for (int i = 0; i <= store->spill->bounds.n; i++)
	{
		MemoryContext context;
		Store	   *part;
		SpillReader reader;

		if (store->spill->entries[i] == 0)
			continue;
		context = AllocSetContextCreate(store->context, "customers read from disk",
										ALLOCSET_DEFAULT_SIZES);
		part = retention_store_create(context, store->account, shape,
									  spill_first_hash(store->spill, i),
									  spill_last_hash(store->spill, i));
		part->unlimited = store->unlimited;
		retention_spill_read(store->spill, i, store->shape.key_words + 1, &reader);
		read_spilled(part, &reader);
		retention_store_visit(part, visitor, arg);
		MemoryContextDelete(context);
	}
}
