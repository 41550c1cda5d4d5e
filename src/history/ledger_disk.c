/*-------------------------------------------------------------------------
 *
 * ledger_disk.c
 *	  The occasions of many customers: what goes to disk, and how all are read.
 *
 * Memory is bounded: a ledger that has more than work_mem times
 * hash_mem_multiplier, together with all other states of the same aggregate
 * node, goes to disk (store/spill.c) and begins anew.  It is read back a
 * partition of the disk's at a time, each into a ledger of its own, which may
 * go to disk again.  Money that is elsewhere stays in memory, as a value of it
 * will have it in one piece, too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/ledger.h"

#include "utils/memutils.h"

/* Going to disk for fewer entries, or shorter names, is more trouble than it is worth. */
#define SPILL_MIN		2048
#define SPILL_MIN_NAMES	((Size) 128 * 1024)

/* A table of names larger than this has no more than so large a share of memory. */
#define NAME_TABLE_MIN	((Size) 128 * 1024)
#define NAME_TABLE_SHARE	4

/* ---- writing ---------------------------------------------------------------- */

/* Where the file's partitions begin: as many entries in each. */
static void
choose_bounds(const Ledger *ledger, SpillBounds *bounds)
{
	SpillIdentity *identities;
	LedgerScan	scan;
	CustomerView customer;
	int64		entries = 0;
	int			n = 0;

	if (ledger->source)
	{
		retention_bounds_of_partition(bounds, ledger->source);
		return;
	}
	if (ledger->entries < SPILL_FEW)
	{
		retention_bounds_even(bounds, ledger->first_hash, ledger->last_hash);
		return;
	}
	identities = palloc0(SPILL_SAMPLE * sizeof(SpillIdentity));
	ledger_scan_begin(&scan, ledger, 0);
	while (ledger_scan_next(&scan, &customer))
	{
		entries += customer.n;
		for (; n < SPILL_SAMPLE && entries > ledger->entries * n / SPILL_SAMPLE; n++)
			memcpy(identities[n], customer.identity, ledger->shape.key_words * sizeof(uint64));
	}
	retention_bounds_of_sample(bounds, identities, n);
	pfree(identities);
}

/* All names go to the disk's parts; where there is none, those that are left are of nobody. */
static void
spill_names(Ledger *ledger)
{
	if (ledger->names == NULL)
		return;
	if (ledger->spill)
		retention_names_spill(ledger->names, ledger->spill);
	else
		retention_names_clear(ledger->names);
}

/*
 * All runs go to disk, unless they are one customer's: they have to fit memory.  So do
 * all names but those that wait.
 */
static void
spill_all(Ledger *ledger)
{
	OccasionShape shape = ledger->shape;
	uint64		entry[OCCASION_ENTRY_WORDS];
	SpillWriter writer;
	LedgerScan	scan;
	CustomerView customer;

	retention_ledger_fold(ledger);
	if (ledger->entries == 0)
	{
		spill_names(ledger);
		return;
	}
	if (ledger->spill == NULL)
	{
		SpillBounds bounds;

		choose_bounds(ledger, &bounds);
		if (bounds.n == 0)
		{
			ledger->unlimited = true;
			return;
		}
		ledger->spill = retention_spill_create(ledger->context, shape.key_words,
											   shape.key_words + 1,
											   ledger->first_hash, ledger->last_hash, &bounds);
	}
	retention_spill_begin(ledger->spill, &writer);
	ledger_scan_begin(&scan, ledger, 0);
	while (ledger_scan_next(&scan, &customer))
	{
		copy_words(entry, customer.identity, shape.key_words);
		for (int64 i = 0; i < customer.n; i++)
		{
			copy_words(entry + shape.key_words, customer.occasions + i * occasion_words(shape),
					   occasion_words(shape));
			retention_spill_put(&writer, entry, shape.money_words, ledger->elsewhere.scale);
		}
	}
	retention_spill_end(&writer);
	spill_names(ledger);
	for (int i = 0; i < partitions(ledger); i++)
	{
		retention_pool_free(&ledger->pool, ledger->partitions[i].run.first);
		retention_pool_free(&ledger->pool, ledger->partitions[i].fresh.first);
	}
	pfree(ledger->partitions);
	retention_ledger_begin(ledger, 0);
}

/* ---- the limit -------------------------------------------------------------- */

/*
 * Have all states of the aggregate more memory than they may?  To ask costs a look
 * at each of them, so it's only asked when we have taken more ourselves.
 */
static bool
is_over_limit(Ledger *ledger)
{
	Size		ours = ledger->pool.taken + ledger->pool.oversize;

	if (ledger->names)
		ours += name_table_bytes(ledger->names->nslots);
	if (ours != ledger->weighed)
	{
		ledger->weighed = ours;
		ledger->over_limit = MemoryContextMemAllocated(ledger->account, true) >
			get_hash_memory_limit();
	}
	return ledger->over_limit;
}

static inline bool
is_worth_spilling(const Ledger *ledger)
{
	return ledger->entries > SPILL_MIN ||
		(ledger->names && ledger->names->bytes > SPILL_MIN_NAMES);
}

/* How many times the largest partition's are all entries? */
static int64
parts_like_the_largest(const Ledger *ledger)
{
	int64		largest = 1;

	for (int i = 0; i < partitions(ledger); i++)
		largest = Max(largest, ledger->partitions[i].run.entries);
	return ledger->entries / largest;
}

/*
 * Is there more in memory than there may be?  What the pool has unused is ours
 * already, and asked for again: disk is for when little of it is left.  A merge
 * leaves as much unused as the partition takes that it has made anew; if that
 * were taken for room to spare, a ledger whose customers are in few partitions
 * would grow on.
 */
static bool
must_go(Ledger *ledger)
{
	Size		taken = ledger->pool.taken + ledger->pool.oversize;

	return !ledger->unlimited && is_worth_spilling(ledger) && is_over_limit(ledger) &&
		ledger->pool.unused < taken / 8 + taken / (parts_like_the_largest(ledger) + 1);
}

/* After entries have come.  Fresh ones may be folded to few: that is tried first. */
void
retention_ledger_keep_limit(Ledger *ledger)
{
	if (likely(!must_go(ledger)))
		return;
	retention_ledger_fold(ledger);
	if (must_go(ledger))
		spill_all(ledger);
}

/* Before the runs get so much larger. */
void
retention_ledger_keep_limit_with(Ledger *ledger, Size more)
{
	if (!ledger->unlimited && is_worth_spilling(ledger) &&
		MemoryContextMemAllocated(ledger->account, true) + more > get_hash_memory_limit())
		spill_all(ledger);
}

/* The table of names is full.  It grows, or all goes to disk. */
void
retention_ledger_make_name_room(Ledger *ledger)
{
	Names	   *names = ledger->names;
	Size		bytes = name_table_bytes(name_table_next(names->nslots));

	if (!ledger->unlimited && bytes > NAME_TABLE_MIN && bytes > get_hash_memory_limit() / NAME_TABLE_SHARE)
		spill_all(ledger);
	while (!names_have_room(names))
		retention_names_grow(names);
}

/* ---- reading ---------------------------------------------------------------- */

/* Show the visitor what is in memory; all is in runs, and its money put back. */
static void
visit_runs(const Ledger *ledger, RunVisitor visitor, void *arg)
{
	NameList	list = {0};

	for (int i = 0; i < partitions(ledger); i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (RunPage *page = ledger->partitions[i].run.first; page; page = page->next)
		{
			Run			piece = page_run(page);

			if (ledger->names)
				retention_names_of_run(ledger->names, &piece, ledger->shape, &list);
			visitor(&piece, ledger->shape, list.names, arg);
		}
	}
	if (list.names)
		pfree(list.names);
}

/* Of the money that is elsewhere, the first of a partition of the disk's, or behind it. */
static int64
first_elsewhere(const Ledger *ledger, int partition)
{
	const WideList *list = &ledger->elsewhere.list;
	uint64		key[WIDE_KEY_WORDS] = {0};

	if (partition == 0)
		return 0;
	if (partition > ledger->spill->bounds.n)
		return list->n;
	copy_words(key, ledger->spill->bounds.identities[partition - 1], 2);
	return retention_wide_seek(list, key);
}

/* The names of a partition of the disk's, whose entries are there. */
static void
read_names(Ledger *ledger, int partition, Ledger *part)
{
	NameReader	reader;
	int64		n = 0;

	if (ledger->names->spilled == NULL)
		return;
	retention_spilled_names_read(ledger->names->spilled, partition, &reader);
	while (retention_spilled_names_next(&reader))
	{
		if ((++n & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		ledger_add_name(part, reader.identity, reader.name.bytes, reader.name.length);
	}
	retention_spilled_names_close(&reader);
}

/* Read a partition of the disk's into a ledger of its own. */
static Ledger *
read_part(Ledger *ledger, int partition, MemoryContext context)
{
	const WideList *list = &ledger->elsewhere.list;
	Ledger	   *part = retention_ledger_create(context, ledger->account, ledger->shape,
											   ledger->elsewhere.scale,
											   spill_first_hash(ledger->spill, partition),
											   spill_last_hash(ledger->spill, partition));
	int64		end = first_elsewhere(ledger, partition + 1);
	SpillReader reader;
	int64		n = 0;

	part->unlimited = ledger->unlimited;
	if (ledger->names)
		retention_ledger_keep_names(part, ledger->names->folded);
	/* what met in memory before it went to disk may be nothing, and meets no more here */
	part->elsewhere.cancelled = ledger->elsewhere.cancelled;
	for (int64 i = first_elsewhere(ledger, partition); i < end; i++)
		retention_wide_add(&part->elsewhere.list, list->items[i].key, list->items[i].money);
	retention_spill_read(ledger->spill, partition, &reader);
	part->source = &reader;
	while (retention_spill_next(&reader))
	{
		if ((++n & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		retention_ledger_add(part, reader.entry, reader.words, reader.scale);
	}
	retention_spill_close(&reader);
	if (ledger->names)
		read_names(ledger, partition, part);
	part->source = NULL;
	return part;
}

/* All is on disk: give the pages back, for others to be had. */
static void
release_pages(Ledger *ledger)
{
	MemoryContext pages = ledger->pool.context;

	pfree(ledger->partitions);
	MemoryContextReset(pages);
	retention_pool_init(&ledger->pool, pages);
	retention_ledger_begin(ledger, 0);
}

/*
 * Show the visitor every customer once, ascending.  It must not change the
 * ledger.  Money may have one word in one call and two in the next; what doesn't
 * fit is added to the list.  What is on disk stays there as it is.
 */
void
retention_ledger_visit(Ledger *ledger, RunVisitor visitor, void *arg, WideList *wide)
{
	WideList   *list = &ledger->elsewhere.list;

	if (ledger->names)
		retention_ledger_place_names(ledger);
	retention_ledger_fold(ledger);
	/* which may take the rest to disk */
	ledger_keep_width(ledger);
	if (ledger->spill == NULL)
	{
		if (wide_count(list) > 0)
			retention_ledger_put_money_back(ledger);
		if (ledger->elsewhere.cancelled)
			retention_ledger_drop_cancelled(ledger);
		retention_ledger_check(ledger);
		visit_runs(ledger, visitor, arg);
		retention_wide_add_list(wide, list);
		return;
	}

	check_stack_depth();
	spill_all(ledger);
	release_pages(ledger);
	if (ledger->names)
		retention_names_shrink(ledger->names);
	retention_wide_compact(list);
	for (int i = 0; i <= ledger->spill->bounds.n; i++)
		if (ledger->spill->entries[i] > 0)
		{
			MemoryContext context = AllocSetContextCreate(ledger->context, "customers read from disk",
														  ALLOCSET_DEFAULT_SIZES);

			retention_ledger_visit(read_part(ledger, i, context), visitor, arg, wide);
			MemoryContextDelete(context);
		}
}
