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
 * go to disk again by the next bits of the hash.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/store.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define SPLIT_BITS		2
#define SPLIT_ENTRIES	8192
#define MAX_LOG_PARTITIONS 14
#define TAIL_SHARE		3
#define TAIL_MIN		256

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

static void
free_room(StoreRoom *room)
{
	if (room->words)
		pfree(room->words);
	room->words = NULL;
	room->nwords = 0;
}

/* An empty tail with room for so many entries. */
static void
set_tail(Store *store, Partition *partition, int64 room)
{
	Assert(partition->ntail == 0);
	if (partition->tail)
		pfree(partition->tail);
	partition->tail = NULL;
	partition->tail = MemoryContextAllocHuge(store->context,
											 room * entry_words(store->shape) * sizeof(uint64));
	partition->room = room;
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
		set_tail(store, &store->partitions[i], TAIL_MIN);
}

static void
free_partitions(Partition *old, int n)
{
	for (int i = 0; i < n; i++)
	{
		pfree(old[i].tail);
		if (old[i].run.words)
			pfree(old[i].run.words);
	}
	pfree(old);
}

/*
 * An empty store of customers whose hashes have the leading bits in common.
 * What is allocated below "account" counts against the limit of memory.
 */
Store *
retention_store_create(MemoryContext context, MemoryContext account, OccasionShape shape,
					   int bits)
{
	Store	   *store = MemoryContextAllocZero(context, sizeof(Store));

	store->context = context;
	store->account = account;
	store->shape = shape;
	store->bits = bits;
	make_partitions(store, 0);
	return store;
}

/* Keep a run, in memory of just its size, as the partition's. */
static void
set_run(Store *store, Partition *partition, const Run *run)
{
	store->entries += run->entries - partition->run.entries;
	if (partition->run.words)
		pfree(partition->run.words);
	memset(&partition->run, 0, sizeof(Run));
	if (run->nwords == 0)
		return;
	partition->run.words = MemoryContextAllocHuge(store->context, run->nwords * sizeof(uint64));
	memcpy(partition->run.words, run->words, run->nwords * sizeof(uint64));
	partition->run.nwords = run->nwords;
	partition->run.entries = run->entries;
}

/* Merge a run of any money into a partition's. */
static void
merge_into(Store *store, Partition *partition, const Run *run, OccasionShape shape)
{
	OccasionShape to;
	Run			other;

	if (shape.nlimbs == store->shape.nlimbs && shape.scale == store->shape.scale)
	{
		if (partition->run.nwords == 0)
		{
			set_run(store, partition, run);
			return;
		}
		other.words = get_room(store, &store->merging, partition->run.nwords + run->nwords);
		if (likely(retention_merge_runs(&partition->run, run, shape, &other)))
		{
			set_run(store, partition, &other);
			return;
		}
		retention_store_widen(store, shape.scale, shape.nlimbs + 1);
	}
	else if (shape.nlimbs > store->shape.nlimbs || shape.scale > store->shape.scale)
		retention_store_widen(store, shape.scale, shape.nlimbs);

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
		retention_store_widen(store, to.scale, to.nlimbs + 1);
	}
	merge_into(store, partition, &other, to);
	pfree(other.words);
}

/* Put a partition's tail into its run. */
static void
close_partition(Store *store, Partition *partition)
{
	int			stride = entry_words(store->shape);
	uint64	   *entries = partition->tail;
	uint64	   *scratch;
	Run			run;

	if (partition->ntail == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	scratch = get_room(store, &store->sorting, partition->ntail * stride);
	retention_sort_entries(&entries, &scratch, partition->ntail, store->shape,
						   store->bits + store->log_partitions);
	if (unlikely(!retention_combine_entries(entries, &partition->ntail, store->shape)))
	{
		/* fewer than before, and not less */
		if (entries != partition->tail)
			memcpy(partition->tail, entries, partition->ntail * stride * sizeof(uint64));
		retention_store_widen(store, store->shape.scale, store->shape.nlimbs + 1);
		close_partition(store, partition);
		return;
	}
	run.words = get_room(store, &store->grouping, group_words(partition->ntail, store->shape));
	retention_group_entries(entries, partition->ntail, store->shape, &run);
	partition->ntail = 0;
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
	int			children = 1 << more_bits;

	close_all(store);
	old = store->partitions;
	make_partitions(store, store->log_partitions + more_bits);
	for (int i = 0; i < nold; i++)
	{
		RunCursor	cursor;
		CustomerView customer;
		Partition  *partition = NULL;
		Run			part = {0};

		CHECK_FOR_INTERRUPTS();
		run_begin(&cursor, &old[i].run, store->shape);
		while (run_next(&cursor, &customer))
		{
			Partition  *its = store_partition(store, customer.identity[0]);

			if (its != partition)
			{
				if (partition)
					set_run(store, partition, &part);
				partition = its;
				part.words = unconstify(uint64 *, customer.identity);
				part.nwords = part.entries = 0;
			}
			part.nwords += cursor.at - customer.identity;
			part.entries += customer.n;
		}
		if (partition)
			set_run(store, partition, &part);
		/* the old one goes as the new ones come: there may not be room for both */
		if (old[i].run.words)
			pfree(old[i].run.words);
		old[i].run.words = NULL;
		pfree(old[i].tail);
		for (int child = i * children; child < (i + 1) * children; child++)
			set_tail(store, &store->partitions[child],
					 Max(TAIL_MIN, store->partitions[child].run.entries / TAIL_SHARE));
	}
	pfree(old);
}

/* So many entries are coming: have partitions for them. */
void
retention_store_expect(Store *store, int64 entries)
{
	int			more_bits = 0;

	while ((store->entries + entries) >> (store->log_partitions + more_bits) > SPLIT_ENTRIES &&
		   store->log_partitions + more_bits + SPLIT_BITS <= MAX_LOG_PARTITIONS)
		more_bits += SPLIT_BITS;
	if (more_bits > 0)
		split(store, more_bits);
}

/* ---- disk ------------------------------------------------------------------ */

/* All that the store has in memory goes to disk. */
static void
spill_all(Store *store)
{
	int			stride = entry_words(store->shape);
	uint64	   *entry;
	SpillWriter writer;

	close_all(store);
	if (store->entries == 0)
		return;
	if (store->spill == NULL)
		store->spill = retention_spill_create(store->context, store->bits);
	entry = palloc(stride * sizeof(uint64));
	retention_spill_begin(store->spill, stride, store->shape.nlimbs, store->shape.scale, &writer);
	for (int i = 0; i < partitions(store); i++)
	{
		RunCursor	cursor;
		CustomerView customer;

		CHECK_FOR_INTERRUPTS();
		run_begin(&cursor, &store->partitions[i].run, store->shape);
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
	retention_spill_end(&writer);
	pfree(entry);

	free_partitions(store->partitions, partitions(store));
	free_room(&store->sorting);
	free_room(&store->grouping);
	free_room(&store->merging);
	make_partitions(store, 0);
}

/* Is there more in memory than there may be? */
static bool
out_of_memory(const Store *store)
{
	return !store->unlimited && store->bits + SPILL_BITS <= 64 &&
		store->entries > SPLIT_ENTRIES &&
		MemoryContextMemAllocated(store->account, true) > get_hash_memory_limit();
}

/* A tail is full: make it longer, or put it into the run. */
void
retention_store_make_room(Store *store, Partition *partition)
{
	int64		room;

	close_partition(store, partition);
	if (store->entries >> store->log_partitions > SPLIT_ENTRIES &&
		store->log_partitions + SPLIT_BITS <= MAX_LOG_PARTITIONS)
	{
		split(store, SPLIT_BITS);
		return;
	}
	if (out_of_memory(store))
	{
		spill_all(store);
		return;
	}
	room = Max(TAIL_MIN, partition->run.entries / TAIL_SHARE);
	if (room > partition->room + partition->room / 8)
		set_tail(store, partition, room);
}

/* ---- merging --------------------------------------------------------------- */

/* Merge what has arrived of one partition. */
static void
merge_arrived(Store *store)
{
	if (store->arrived.nwords > 0)
	{
		CHECK_FOR_INTERRUPTS();
		store->arrived.words = store->coming.words;
		close_partition(store, store->target);
		merge_into(store, store->target, &store->arrived, store->arrived_shape);
	}
	memset(&store->arrived, 0, sizeof(Run));
	store->target = NULL;
	if (out_of_memory(store))
		spill_all(store);
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

		if (its != store->target)
		{
			merge_arrived(store);
			/* spilling makes the partitions anew */
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
	free_room(&store->coming);
}

/* ---- wider money ----------------------------------------------------------- */

/* Does all the money fit these limbs at this scale? */
static bool
all_fits(const Store *store, OccasionShape to)
{
	uint64	   *money = palloc(to.nlimbs * sizeof(uint64));
	int			at = store->shape.key_words + 1;
	bool		fits = true;

	for (int i = 0; fits && i < partitions(store); i++)
	{
		const Partition *partition = &store->partitions[i];
		RunCursor	cursor;
		CustomerView customer;

		CHECK_FOR_INTERRUPTS();
		for (int64 j = 0; fits && j < partition->ntail; j++)
			fits = retention_money_convert(partition->tail + j * entry_words(store->shape) + at,
										   store->shape.nlimbs, store->shape.scale,
										   money, to.nlimbs, to.scale);
		run_begin(&cursor, &partition->run, store->shape);
		while (fits && run_next(&cursor, &customer))
			for (int64 j = 0; fits && j < customer.n; j++)
				fits = retention_money_convert(customer.occasions +
											   j * occasion_words(store->shape) + 1,
											   store->shape.nlimbs, store->shape.scale,
											   money, to.nlimbs, to.scale);
	}
	pfree(money);
	return fits;
}

static void
widen_partition(Store *store, Partition *partition, OccasionShape to)
{
	OccasionShape from = store->shape;
	uint64	   *tail = MemoryContextAllocHuge(store->context,
											  partition->room * entry_words(to) * sizeof(uint64));

	for (int64 i = 0; i < partition->ntail; i++)
		(void) retention_convert_entry(partition->tail + i * entry_words(from), from,
									   tail + i * entry_words(to), to);
	pfree(partition->tail);
	partition->tail = tail;
	if (partition->run.nwords > 0)
	{
		int64		nwords = partition->run.nwords +
			partition->run.entries * (to.nlimbs - from.nlimbs);
		Run			run;

		run.words = MemoryContextAllocHuge(store->context, nwords * sizeof(uint64));
		(void) retention_convert_run(&partition->run, from, &run, to);
		pfree(partition->run.words);
		partition->run = run;
	}
}

/*
 * Money at this scale and in so many limbs from now on, or more.  What has
 * arrived of a merge, and what is on disk, stays as it is.
 */
void
retention_store_widen(Store *store, int scale, int nlimbs)
{
	OccasionShape to = store->shape;

	Assert(store->shape.nlimbs > 0);
	to.scale = Max(scale, store->shape.scale);
	to.nlimbs = Max(nlimbs, store->shape.nlimbs);
	while (!all_fits(store, to))
		to.nlimbs++;
	for (int i = 0; i < partitions(store); i++)
		widen_partition(store, &store->partitions[i], to);
	store->shape = to;
}

/* ---- reading --------------------------------------------------------------- */

/* Entries and those that are still to be combined, in memory and on disk. */
int64
retention_store_entries(const Store *store)
{
	int64		entries = store->entries;

	for (int i = 0; i < partitions(store); i++)
		entries += store->partitions[i].ntail;
	if (store->spill)
		for (int i = 0; i < SPILL_PARTITIONS; i++)
			entries += store->spill->entries[i];
	return entries;
}

/* Read a partition of the disk's into a store of its own. */
static void
read_spilled(Store *store, const Spill *spill, int partition)
{
	SpillReader reader;
	uint64	   *converted = NULL;
	int64		n = 0;

	retention_spill_read(unconstify(Spill *, spill), partition, store->shape.key_words + 1, &reader);
	while (retention_spill_next(&reader))
	{
		OccasionShape shape = {store->shape.key_words, reader.nlimbs, reader.scale};
		const uint64 *entry = reader.entry;
		Partition  *its;

		if ((++n & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (unlikely(shape.nlimbs != store->shape.nlimbs || shape.scale != store->shape.scale))
		{
			if (shape.scale > store->shape.scale || shape.nlimbs > store->shape.nlimbs)
				retention_store_widen(store, shape.scale, shape.nlimbs);
			for (;;)
			{
				if (converted)
					pfree(converted);
				converted = palloc(entry_words(store->shape) * sizeof(uint64));
				if (retention_convert_entry(entry, shape, converted, store->shape))
					break;
				retention_store_widen(store, store->shape.scale, store->shape.nlimbs + 1);
			}
			entry = converted;
		}
		its = store_partition(store, entry[0]);
		memcpy(store_next(store, its), entry, entry_words(store->shape) * sizeof(uint64));
		store_push(store, its);
	}
	retention_spill_close(&reader);
	if (converted)
		pfree(converted);
}

/*
 * Show the visitor every customer once, ascending.  It must not change the
 * store.  Money may be of another shape from one call to the next.
 */
void
retention_store_visit(Store *store, RunVisitor visitor, void *arg)
{
	if (store->spill == NULL)
	{
		close_all(store);
		for (int i = 0; i < partitions(store); i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (store->partitions[i].run.nwords > 0)
				visitor(&store->partitions[i].run, store->shape, arg);
		}
		return;
	}

	check_stack_depth();
	spill_all(store);
	for (int i = 0; i < SPILL_PARTITIONS; i++)
	{
		MemoryContext context;
		Store	   *part;

		if (store->spill->entries[i] == 0)
			continue;
		context = AllocSetContextCreate(store->context, "customers read from disk",
										ALLOCSET_DEFAULT_SIZES);
		part = retention_store_create(context, store->account, store->shape,
									  store->bits + SPILL_BITS);
		part->unlimited = store->unlimited;
		read_spilled(part, store->spill, i);
		retention_store_visit(part, visitor, arg);
		MemoryContextDelete(context);
	}
}
