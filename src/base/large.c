/*-------------------------------------------------------------------------
 *
 * large.c
 *	  The state of an aggregate over many customers: an expanded object.
 *
 * A table larger than the cache costs a memory access for each row, and that
 * is most of what a metric costs.  So rows are collected first, and when it is
 * the turn of one, the memory is asked for that the one some places later will
 * need: no sooner, or it would be pushed out of the cache again meanwhile.
 *
 * Memory is bounded: a table that would grow beyond work_mem times
 * hash_mem_multiplier, together with all other states of the same aggregate
 * node, goes to disk instead (spill.c).  Its totals are then found one
 * partition at a time, in the same table.
 *
 * Not so in a window: there the answer is asked for after every row, and to
 * read a file for each would take forever.  A frame's customers have to fit
 * memory, as the values that array_agg() collects there have to.  And a sample
 * is as large as was asked for.
 *
 * Only states are expanded objects, never values: a function that is given
 * one read-only may still flush and spill it, as that changes where it keeps
 * its content and not the content.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/large.h"

#include "miscadmin.h"
#include "pg/hugepage.h"
#include "utils/memutils.h"

/* The least table that is worth a trip to the disk. */
#define LARGE_MIN_ENTRIES	1024

static Size large_get_flat_size(ExpandedObjectHeader *eohptr);
static void large_flatten_into(ExpandedObjectHeader *eohptr, void *result, Size size);

static const ExpandedObjectMethods large_methods = {
	large_get_flat_size,
	large_flatten_into
};

static Size
table_bytes(const CustomerTable *table)
{
	return retention_table_size(table->stride, table->homes, table->tail);
}

static CustomerTable *
allocate_table(LargeBase *large, const CustomerTable *like, int words, int64 homes, int64 tail)
{
	int			stride = table_stride(like->key, like->time, words);
	Size		size = retention_table_size(stride, homes, tail);
	CustomerTable *table = MemoryContextAllocHuge(large->hdr.eoh_context, size);

	advise_huge_pages(table, size);
	retention_table_init(table, like->key, like->time, like->amount, like->scale, words,
						 homes, tail);
	retention_table_sample_like(table, like);
	return table;
}

/* A copy of the table with so much room, and money in so many words. */
static CustomerTable *
copy_table(LargeBase *large, const CustomerTable *from, int64 entries, int words)
{
	CustomerTable *to;
	int64		homes;
	int64		tail;

	retention_table_shape(entries, &homes, &tail);
	to = allocate_table(large, from, words, homes, tail);
	retention_table_copy(from, to);
	return to;
}

/* The pending rows have the table's shape; so must their array. */
static void
fit_pending(LargeBase *large)
{
	Assert(large->npending == 0);
	if (large->pending && large->pending_stride == large->table->stride)
		return;
	if (large->pending)
		pfree(large->pending);
	large->pending_stride = large->table->stride;
	large->pending = MemoryContextAlloc(large->hdr.eoh_context,
										LARGE_PENDING * large->pending_stride * sizeof(uint64));
}

static void
replace_table(LargeBase *large, CustomerTable *table)
{
	pfree(large->table);
	large->table = table;
	fit_pending(large);
}

/* An expanded object below the aggregate's context, with the table's content. */
LargeBase *
retention_large_create(MemoryContext parent, const CustomerTable *from, int64 entries)
{
	MemoryContext context = AllocSetContextCreate(parent, "customer_base",
												  ALLOCSET_START_SMALL_SIZES);
	LargeBase  *large = MemoryContextAllocZero(context, sizeof(LargeBase));

	EOH_init_header(&large->hdr, &large_methods, context);
	large->magic = LARGE_MAGIC;
	large->table = copy_table(large, from, Max(entries, LARGE_MIN_ENTRIES), from->words);
	fit_pending(large);
	return large;
}

/* The packed form, if there is one, isn't that of the content any more. */
void
retention_large_forget_packed(LargeBase *large)
{
	pfree(large->header.data);
	retention_blocks_free(&large->blocks);
	large->packed = false;
}

/*
 * How many bytes may the table have?  Everything below the aggregate's
 * context counts: other groups' states, and what the executor keeps there.
 */
static Size
memory_left(LargeBase *large)
{
	MemoryContext parent = MemoryContextGetParent(large->hdr.eoh_context);
	Size		limit = get_hash_memory_limit();
	Size		taken = MemoryContextMemAllocated(parent ? parent : large->hdr.eoh_context, true);

	if (large->in_window || large->table->sample > 0)
		return MaxAllocHugeSize / 2;
	/* the customers of pairs are counted beside them, and are fewer */
	if (key_is_pair(large->table->key))
		limit -= limit / 3;
	return taken < limit ? limit - taken : 0;
}

/*
 * Give a table that is full more room.  Returns false if that takes more
 * memory than there is.
 */
static bool
grow_table(LargeBase *large)
{
	CustomerTable *table = large->table;
	int64		entries = retention_table_capacity(table);
	int64		homes;
	int64		tail;

	/* customers that left a moving frame make room by going */
	if (retention_table_live(table) > table->used / 2)
		entries *= 2;
	retention_table_shape(entries, &homes, &tail);
	if (retention_table_size(table->stride, homes, tail) > memory_left(large))
		return false;
	large->table = copy_table(large, table, entries, table->words);
	pfree(table);
	return true;
}

/*
 * Empty the table and give it room for so many entries, or for as many as
 * there is memory for, with hashes of this range.  What is known of rows stays.
 */
static void
restart_table(LargeBase *large, int64 entries, uint64 first_hash, uint64 last_hash)
{
	CustomerTable *table = large->table;
	int64		allowed = (table_bytes(table) + memory_left(large)) /
		(table->stride * sizeof(uint64));
	int64		homes;
	int64		tail;

	/* three quarters of the slots, and some for the tail */
	entries = Max(Min(entries, allowed / 4 * 3 - allowed / 64), LARGE_MIN_ENTRIES);
	retention_table_shape(entries, &homes, &tail);

	/* unless it makes a difference, don't bother */
	if (homes / 3 * 2 > table->homes || homes < table->homes / 4)
	{
		CustomerTable saved = *table;

		/* the old one goes first: there may not be memory for both */
		large->table = NULL;
		pfree(table);
		large->table = table = allocate_table(large, &saved, saved.words, homes, tail);
		table->rows = saved.rows;
		table->leaving = saved.leaving;
	}
	retention_table_clear(table);
	retention_table_range(table, first_hash, last_hash);
}

/* Where a file's partitions begin: as many of the table's customers in each. */
static void
choose_bounds(const CustomerTable *table, SpillBounds *bounds)
{
	SpillIdentity *identities;
	TableScan	scan;
	const uint64 *entry;
	int64		i = 0;
	int			n = 0;

	if (table->used < SPILL_FEW)
	{
		retention_bounds_even(bounds, table->first_hash, table->last_hash);
		return;
	}
	identities = palloc0(SPILL_SAMPLE * sizeof(SpillIdentity));
	retention_scan_begin(&scan, table);
	while ((entry = scan_next(&scan)) != NULL)
		if (i++ >= table->used * n / SPILL_SAMPLE && n < SPILL_SAMPLE)
			memcpy(identities[n++], entry, table->key_words * sizeof(uint64));
	retention_scan_end(&scan);
	retention_bounds_of_sample(bounds, identities, n);
	pfree(identities);
}

/*
 * A file for the customers of the table, and others of the same range: those
 * that are being read from a file, or those that are still to come.
 */
static Spill *
create_spill(LargeBase *large, const SpillReader *source)
{
	const CustomerTable *table = large->table;
	SpillBounds bounds;

	if (source)
		retention_bounds_of_partition(&bounds, source);
	if (source == NULL || bounds.n == 0)
		choose_bounds(table, &bounds);
	return retention_spill_create(large->hdr.eoh_context, table->key_words, table_at_money(table),
								  table->first_hash, table->last_hash, &bounds);
}

/* Write all customers of a table. */
static void
spill_table(Spill *spill, const CustomerTable *table)
{
	TableScan	scan;
	const uint64 *entry;
	SpillWriter writer;

	retention_spill_begin(spill, &writer);
	retention_scan_begin(&scan, table);
	while ((entry = scan_next(&scan)) != NULL)
		retention_spill_put(&writer, entry, table->words, table_units_scale(table));
	retention_scan_end(&scan);
	retention_spill_end(&writer);
}

/*
 * Money in two words from now on: once for a state.  If there is no memory for all
 * customers of that width, they go to disk as they are.
 */
static void
promote(LargeBase *large)
{
	CustomerTable *table = large->table;
	int64		entries = Max(table->used, LARGE_MIN_ENTRIES);
	int64		homes;
	int64		tail;

	Assert(table->words == 1);
	retention_table_shape(entries, &homes, &tail);
	if (table->used > LARGE_MIN_ENTRIES && !large->reading &&
		retention_table_size(table->stride + 1, homes, tail) > Max(memory_left(large), table_bytes(table)))
	{
		if (large->spill == NULL)
			large->spill = create_spill(large, NULL);
		spill_table(large->spill, table);
		restart_table(large, LARGE_MIN_ENTRIES, table->first_hash, table->last_hash);
		table = large->table;
		entries = LARGE_MIN_ENTRIES;
	}
	large->table = copy_table(large, table, entries, UNITS_MAX_WORDS);
	pfree(table);
}

/* An order row needs two words. */
void
retention_large_promote(LargeBase *large)
{
	retention_large_flush(large);
	if (large->table->words == 1)
		promote(large);
	fit_pending(large);
}

/* Money of a customer that doesn't fit an entry: the entry has what it has besides. */
void
retention_large_keep(LargeBase *large, const uint64 *key, Money money)
{
	if (large->elsewhere.wide == NULL)
		large->elsewhere.wide = retention_wide_create(large->hdr.eoh_context);
	retention_wide_add(large->elsewhere.wide, key, money);
}

/* Add money to one of the sums beside the table's. */
void
retention_large_add_sum(LargeBase *large, Money *elsewhere, Money money)
{
	MemoryContext old = MemoryContextSwitchTo(large->hdr.eoh_context);
	MoneyTotal	total = {{0}, *elsewhere};

	retention_total_add_money(&total, money);
	*elsewhere = total.wide;
	MemoryContextSwitchTo(old);
}

/* Money with so many digits behind the point from now on.  What is on disk stays as it is. */
void
retention_large_rescale(LargeBase *large, int scale)
{
	MemoryContext old;
	int			words;

	retention_large_flush(large);
	large_changed(large);
	if (scale <= large->table->scale)
		return;
	words = retention_table_words_at(large->table, scale);
	if (words != 1 && large->table->words == 1 && units_scale(scale) > table_units_scale(large->table))
	{
		promote(large);
		fit_pending(large);
	}
	if (words == 0 && large->elsewhere.wide == NULL)
		large->elsewhere.wide = retention_wide_create(large->hdr.eoh_context);
	old = MemoryContextSwitchTo(large->hdr.eoh_context);
	retention_table_rescale(large->table, scale, &large->elsewhere);
	MemoryContextSwitchTo(old);
}

/* Those whom a sample drops take their money along that is elsewhere. */
static void
limit_table(LargeBase *large, int32 sample, uint64 bound)
{
	CustomerTable *table = large->table;
	WideList   *wide = large->elsewhere.wide;
	int64		n = 0;

	retention_table_limit(table, sample, bound);
	if (wide_count(wide) == 0)
		return;
	retention_wide_compact(wide);
	while (n < wide->n && wide->items[n].key[0] <= table->bound)
		n++;
	for (int64 i = n; i < wide->n; i++)
		if (!table->selected)
			retention_large_add_sum(large, &large->elsewhere.dropped, wide->items[i].money);
	retention_wide_truncate(wide, n);
}

/*
 * An entry of other money as the table has them, in room for the largest one.  What
 * fits no entry is kept elsewhere.
 */
static void
fit_entry(LargeBase *large, const uint64 *entry, int words, int scale, uint64 *room)
{
	CustomerTable *table = large->table;
	int			at = table_at_money(table);
	const uint64 *money = entry + at;
	uint64		units[UNITS_MAX_WORDS];
	int			needs = table->words;

	memcpy(room, entry, at * sizeof(uint64));
	if (table->words == 0)
		return;
	if (words <= table->words && scale == table_units_scale(table))
	{
		units_widen(room + at, table->words, money, words);
		return;
	}
	needs = retention_units_of_money(retention_units_money(money, words, scale),
									 table_units_scale(table), units);
	if (needs == 0)
	{
		uint64		key[WIDE_KEY_WORDS] = {entry[0], table->key_words == 2 ? entry[1] : 0, 0};

		retention_large_keep(large, key, retention_units_money(money, words, scale));
		memset(room + at, 0, table->words * sizeof(uint64));
		return;
	}
	if (needs > table->words)
		promote(large);
	units_widen(room + at, large->table->words, units, needs);
}

/*
 * An entry for which the table has no room, or of other money: make some and add it.
 * "overflow" is where customers go that don't fit memory, and "source" where it comes
 * from, if that is a file.
 */
static void
absorb_hard(LargeBase *large, Spill **overflow, const SpillReader *source, const uint64 *entry,
			int words, int scale)
{
	uint64		room[ENTRY_MAX_WORDS];

	fit_entry(large, entry, words, scale, room);
	for (;;)
	{
		CustomerTable *table = large->table;
		int			at = table_at_money(table);

		switch (table_absorb(table, room))
		{
			case ABSORBED:
				return;
			case ABSORB_TABLE_FULL:
				if (table_is_overfull(table))
				{
					limit_table(large, table->sample, table->bound);
					break;
				}

				if (grow_table(large))
					break;
				if (*overflow == NULL)
					*overflow = create_spill(large, source);
				spill_table(*overflow, table);
				restart_table(large, PG_INT64_MAX, table->first_hash, table->last_hash);
				break;
			case ABSORB_TABLE_CROWDED:
				retention_table_salt(table);
				break;
			case ABSORB_MONEY_FULL:
				if (table->words == 1)
				{
					promote(large);
					units_widen(room + at, UNITS_MAX_WORDS, room + at, 1);
					break;
				}
				if (large->elsewhere.wide == NULL)
					large->elsewhere.wide = retention_wide_create(large->hdr.eoh_context);
				table_keep_elsewhere(table, room, large->elsewhere.wide, table_units_scale(table));
				memset(room + at, 0, table->words * sizeof(uint64));
				break;
		}
	}
}

/* Rows that memory is asked for ahead. */
#define AHEAD		16

#if defined(__GNUC__) || defined(__clang__)
#define prefetch(address)	__builtin_prefetch(address, 1)
#else
#define prefetch(address)	((void) 0)
#endif

static pg_attribute_always_inline uint64 *
home_shaped(CustomerTable *table, uint64 hash, EntryShape shape)
{
	return table->slots +
		multiply_high((hash - table->first_hash) << table->shift, table->spread) * shape.stride;
}

/* An entry may lie across two cache lines, and some way from its home. */
static pg_attribute_always_inline void
prefetch_home(CustomerTable *table, uint64 hash, EntryShape shape)
{
	uint64	   *home = home_shaped(table, hash, shape);

	prefetch(home);
	prefetch(home + 8);
}

/* Put the pending rows into the table, whose entries have this shape. */
static pg_attribute_always_inline void
flush_shaped(LargeBase *large, EntryShape shape)
{
	CustomerTable *table = large->table;
	int			scale = table_units_scale(table);
	const uint64 *entry = large->pending;

	for (int i = 0; i < Min(AHEAD, large->npending); i++)
		prefetch_home(table, entry[i * shape.stride], shape);
	for (int n = large->npending; n > 0; n--, entry += shape.stride)
	{
		uint64	   *home = home_shaped(table, entry[0], shape);
		bool		found;
		uint64	   *slot;

		if (likely(n > AHEAD))
			prefetch_home(table, entry[AHEAD * shape.stride], shape);

		if (unlikely(entry[0] > table->bound))
		{
			table_absorb_dropped(table, entry);
			continue;
		}
		slot = table_seek(table, home, entry, shape, &found);
		if (likely(found))
		{
			if (likely(table_absorb_shaped(table, slot, entry, shape) == ABSORBED))
				continue;
		}
		else if (likely(retention_table_insert(table, slot, entry) == ABSORBED))
			continue;

		absorb_hard(large, &large->spill, NULL, entry, shape.words, scale);
		table = large->table;
		if (unlikely(table->words != shape.words))
		{
			/* the rest are of one word, and the table of two */
			while (--n > 0)
			{
				entry += shape.stride;
				absorb_hard(large, &large->spill, NULL, entry, shape.words, scale);
			}
			return;
		}
	}
}

/*
 * Put the pending rows into the table.  The shapes that shops have get a loop
 * of their own.
 */
void
retention_large_flush(LargeBase *large)
{
	CustomerTable *table = large->table;
	bool		has_time = table->time != TIME_NONE;

	if (large->npending == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	large_changed(large);

	if (table->key_words == 1 && has_time && table->words == 1)
		flush_shaped(large, entry_shape(1, true, 1));
	else if (table->key_words == 1 && !has_time && table->words == 0)
		flush_shaped(large, entry_shape(1, false, 0));
	else if (table->key_words == 2 && has_time && table->words == 1)
		flush_shaped(large, entry_shape(2, true, 1));
	else if (table->key_words == 2 && !has_time && table->words == 0)
		flush_shaped(large, entry_shape(2, false, 0));
	else if (table->key_words == 3 && !has_time && table->words == 0)
		flush_shaped(large, entry_shape(3, false, 0));
	else if (table->key_words == KEY_MAX_WORDS && !has_time && table->words == 0)
		flush_shaped(large, entry_shape(KEY_MAX_WORDS, false, 0));
	else if (table->key_words == 1 && !has_time && table->words == 1)
		flush_shaped(large, entry_shape(1, false, 1));
	else if (has_time && table->words == 2)
		flush_shaped(large, entry_shape(table->key_words, true, 2));
	else
		flush_shaped(large, table_shape(table));
	large->npending = 0;
	fit_pending(large);
}

/*
 * A merge under way: entries come in ascending order.  In memory, the table
 * and what comes are zipped into a new one, since a table too small for both
 * would be crowded at its lower end long before it is full.  Where there is
 * no memory for that, the entries go to disk as they come: they are in the
 * right order for it.
 */
typedef struct LargeMerge
{
	/* zipping: the old table from this entry on, and the new one up to here */
	TableScan	scan;
	const uint64 *ours;
	int64		most;			/* customers that both can have together */
	TableBuilder builder;		/* its table is NULL unless zipping */

	bool		writing;		/* entries go to disk */
	SpillWriter writer;
} LargeMerge;

/* So many entries are coming, about so many of customers new to the base. */
void
retention_large_begin_merge(LargeBase *large, int64 more, int64 newcomers)
{
	CustomerTable *table;
	int64		homes;
	int64		tail;

	retention_large_flush(large);
	large_changed(large);
	table = large->table;

	/* a few among many crowd nothing, and are added one by one */
	if (more <= table->used / 8)
		return;

	large->merge = palloc0(sizeof(LargeMerge));
	retention_table_shape(Max(table->used + newcomers, LARGE_MIN_ENTRIES), &homes, &tail);
	if (retention_table_size(table->stride, homes, tail) <= memory_left(large))
	{
		CustomerTable *to = allocate_table(large, table, table->words, homes, tail);

		retention_table_copy_totals(table, to);
		large->merge->most = table->used + more;
		retention_scan_begin(&large->merge->scan, table);
		large->merge->ours = scan_next(&large->merge->scan);
		builder_begin(&large->merge->builder, to);
	}
	else
	{
		if (large->spill == NULL)
			large->spill = create_spill(large, NULL);
		large->merge->writing = true;
	}
}

/*
 * A slot for a customer in the new table.  If it is crowded, newcomers may have
 * been underestimated: then it is made for as many as there can be.  Else it is
 * salted.
 */
static uint64 *
zip_slot(LargeBase *large, const uint64 *identity)
{
	LargeMerge *merge = large->merge;
	TableBuilder *builder = &merge->builder;
	uint64	   *slot;

	while (unlikely((slot = builder_slot_for(builder, identity)) == NULL))
	{
		CustomerTable *table = builder->table;

		if (retention_table_capacity(table) < merge->most)
		{
			builder_begin(builder, copy_table(large, table, merge->most, table->words));
			pfree(table);
			retention_builder_resume(builder);
		}
		else
			retention_table_salt(table);
	}
	return slot;
}

/*
 * Copy the old table up to the entry's customer, and return the slot of that
 * customer in the new one.
 */
static uint64 *
zip_to(LargeBase *large, const uint64 *entry)
{
	LargeMerge *merge = large->merge;
	const CustomerTable *table = large->table;
	uint64	   *place;

	while (merge->ours)
	{
		const uint64 *ours = merge->ours;
		int			order = compare_identities(ours, entry, table->key_words);

		if (order > 0)
			break;
		merge->ours = scan_next(&merge->scan);
		place = zip_slot(large, ours);
		memcpy(place, ours, table->stride * sizeof(uint64));
		if (order == 0)
			return place;
	}
	place = zip_slot(large, entry);
	memcpy(place, entry, table->key_words * sizeof(uint64));
	slot_clear_facts(table, place);
	return place;
}

/* Copy the rest of the old table, and put the new one in its place. */
static void
finish_zip(LargeBase *large)
{
	LargeMerge *merge = large->merge;
	CustomerTable *from = large->table;

	for (; merge->ours; merge->ours = scan_next(&merge->scan))
		memcpy(zip_slot(large, merge->ours), merge->ours, from->stride * sizeof(uint64));
	retention_scan_end(&merge->scan);
	large->table = merge->builder.table;
	merge->builder.table = NULL;
	pfree(from);
}

void
retention_large_end_merge(LargeBase *large)
{
	LargeMerge *merge = large->merge;

	retention_large_flush(large);
	if (merge == NULL)
		return;
	if (merge->builder.table)
		finish_zip(large);
	if (merge->writer.spill)
		retention_spill_end(&merge->writer);
	large->merge = NULL;
	pfree(merge);
}

/*
 * Add one entry of a merge, whose money has these words and this scale.  It's no entry
 * whose money is elsewhere: that comes by itself.
 */
void
retention_large_absorb(LargeBase *large, const uint64 *entry, int words, int scale)
{
	LargeMerge *merge = large->merge;
	CustomerTable *table = large->table;
	int			at = table_at_money(table);
	int			table_words = table->words;
	int			table_scale = table_units_scale(table);
	uint64		room[ENTRY_MAX_WORDS];
	bool		fits = true;	/* the table's entries, as they are */

	/* while a merge writes or zips, nothing waits; see below */
	Assert(large->npending == 0 || merge == NULL ||
		   (merge->builder.table == NULL && !merge->writing));
	if (merge && merge->writing)
	{
		/* straight to disk, with its money as it is */
		if (merge->writer.spill == NULL)
			retention_spill_begin(large->spill, &merge->writer);
		retention_spill_put(&merge->writer, entry, words, scale);
		return;
	}
	if (table_words > 0)
	{
		fits = scale == table_scale || units_are_zero(entry + at, words);
		if (fits && words != table_words)
		{
			uint64		units = entry[at];

			fits = words == 1 ||
				(entry[at + 1] == (uint64) ((int64) units >> 63) && units != UNITS_SIGN);
			memcpy(room, entry, at * sizeof(uint64));
			units_widen(room + at, table_words, &units, 1);
			if (fits)
			{
				entry = room;
				words = table_words;
			}
		}
		if (fits)
			scale = table_scale;
	}
	if (merge && merge->builder.table)
	{
		if (likely(fits) &&
			likely(table_absorb_into(merge->builder.table, zip_to(large, entry), entry) == ABSORBED))
			return;
		/* money that is wider: the rest of the merge goes one by one */
		finish_zip(large);
	}
	else if (likely(fits))
	{
		memcpy(large_next(large), entry, table->stride * sizeof(uint64));
		large_push(large);
		return;
	}

	retention_large_flush(large);
	absorb_hard(large, &large->spill, NULL, entry, words, scale);
	fit_pending(large);
}

/*
 * A partition does not fit memory after all: what is in the table, and what
 * is still to be read, goes to a deeper spill.
 */
static void
split_rest(LargeBase *large, Spill *deeper, SpillReader *reader)
{
	SpillWriter writer;
	Pace		pace = {0};

	spill_table(deeper, large->table);
	retention_spill_begin(deeper, &writer);
	while (retention_spill_next(reader))
	{
		pace_on(&pace, reader->stride);
		retention_spill_put(&writer, reader->entry, reader->words, reader->scale);
	}
	retention_spill_end(&writer);
}

/*
 * Money of the table's customers that is elsewhere: what fits their entries after all
 * goes there, and what doesn't is added to what remains, without any in the entry.
 */
static void
settle_money(LargeBase *large, WideList *remaining)
{
	WideList   *wide = large->elsewhere.wide;
	uint64		first[WIDE_KEY_WORDS] = {large->table->first_hash, 0, 0};

	/* as it was read, some may have come */
	retention_wide_compact(wide);
	for (int64 i = retention_wide_seek(wide, first);
		 i < wide->n && wide->items[i].key[0] <= large->table->last_hash; i++)
	{
		CustomerTable *table = large->table;
		const uint64 *key = wide->items[i].key;
		uint64		units[UNITS_MAX_WORDS];
		Money		money;
		bool		found;
		uint64	   *slot = table_seek(table, table_home(table, key[0]), key, table_shape(table), &found);
		int			words;

		CHECK_FOR_INTERRUPTS();
		/* where two parts meet, they may be of the other one */
		if (!found && large->reading)
			continue;
		if (!found && table->leaving)
		{
			/* nothing of them was left but that, and no entry says so */
			uint64		entry[ENTRY_MAX_WORDS] = {0};

			memcpy(entry, key, table->key_words * sizeof(uint64));
			absorb_hard(large, &large->spill, NULL, entry, table->words, table_units_scale(table));
			table = large->table;
			slot = table_seek(table, table_home(table, key[0]), key, table_shape(table), &found);
		}
		if (!found)
			elog(ERROR, "money of a customer who is not there");
		slot += table_at_money(table);
		money = retention_money_shorten(retention_money_sum(wide->items[i].money,
															retention_units_money(slot, table->words, table_units_scale(table))));
		words = retention_units_of_money(money, table_units_scale(table), units);
		sum_subtract(table->counts.revenue, slot, table->words);
		memset(slot, 0, table->words * sizeof(uint64));
		if (words == 0)
		{
			retention_wide_add(remaining, key, money);
			continue;
		}
		if (words > table->words)
		{
			promote(large);
			table = large->table;
			slot = table_seek(table, table_home(table, key[0]), key, table_shape(table), &found) +
				table_at_money(table);
		}
		units_widen(slot, table->words, units, words);
		sum_add(table->counts.revenue, units, words);
	}
}

static void
show_part(LargeBase *large, LargeVisitor visitor, void *arg, WideList *remaining)
{
	if (wide_count(large->elsewhere.wide) > 0)
		settle_money(large, remaining);
	visitor(large, large->table, arg);
}

/* Show the visitor all that a spill holds, using the table for one part each. */
static void
visit_spill(LargeBase *large, Spill *spill, LargeVisitor visitor, void *arg, WideList *remaining)
{
	check_stack_depth();

	for (int partition = 0; partition <= spill->bounds.n; partition++)
	{
		uint64		first_hash = spill_first_hash(spill, partition);
		uint64		last_hash = spill_last_hash(spill, partition);
		Spill	   *deeper = NULL;
		SpillReader reader;
		Pace		pace = {0};

		if (spill->entries[partition] == 0)
			continue;
		restart_table(large, spill->entries[partition], first_hash, last_hash);
		retention_spill_read(spill, partition, &reader);
		while (retention_spill_next(&reader))
		{
			pace_on(&pace, reader.stride);
			if (unlikely(large->table->words != reader.words) ||
				unlikely(table_units_scale(large->table) != reader.scale) ||
				unlikely(table_absorb(large->table, reader.entry) != ABSORBED))
				absorb_hard(large, &deeper, &reader, reader.entry, reader.words, reader.scale);
			if (unlikely(deeper != NULL))
			{
				split_rest(large, deeper, &reader);
				break;
			}
		}
		retention_spill_close(&reader);

		if (deeper)
		{
			visit_spill(large, deeper, visitor, arg, remaining);
			retention_spill_free(deeper);
		}
		else
		{
			retention_table_check(large->table);
			show_part(large, visitor, arg, remaining);
		}
	}
	restart_table(large, LARGE_MIN_ENTRIES, spill->first_hash, spill->last_hash);
}

/*
 * Make it a sample of this size, with this bound or a lower one.  A table that
 * was made for many more gives its memory back.
 */
void
retention_large_limit(LargeBase *large, int32 sample, uint64 bound)
{
	Assert(large->spill == NULL);
	retention_large_flush(large);
	large_changed(large);
	limit_table(large, sample, bound);
	if (large->table->homes / 8 > Max(sample, LARGE_MIN_ENTRIES))
		replace_table(large, copy_table(large, large->table,
										Max(sample + sample / 2, LARGE_MIN_ENTRIES),
										large->table->words));
}

/* What is known of rows, and of customers not kept, no longer is: retention_table_select. */
void
retention_large_select(LargeBase *large)
{
	retention_large_flush(large);
	large_changed(large);
	retention_table_select(large->table);
	large->elsewhere.refunded = large->elsewhere.dropped = (Money) {NULL, 0, 0};
}

/* All rows are in the table, or on disk, and a sample is of its size. */
void
retention_large_settle(LargeBase *large)
{
	retention_large_flush(large);
	if (large->table->sample > 0)
		limit_table(large, large->table->sample, large->table->bound);
}

/*
 * Show the visitor every customer once, in parts whose hashes ascend.  It
 * must not change the base.  Returns the money that no entry has, to be read: a
 * list in the base's memory.
 */
WideList *
retention_large_visit(LargeBase *large, LargeVisitor visitor, void *arg)
{
	WideList   *kept;
	WideList   *remaining;

	retention_large_settle(large);
	kept = large->elsewhere.wide;
	remaining = retention_wide_create(large->hdr.eoh_context);
	/* not after every row of a window */
	if (!large->in_window)
		retention_table_check(large->table);
	if (large->spill == NULL)
	{
		show_part(large, visitor, arg, remaining);
		/* the table has what went back, so what remains is all */
		large->elsewhere.wide = remaining;
		retention_wide_free(kept);
	}
	else
	{
		/* the file stays as it is, so what is done to the list is for this once */
		if (large->table->used > 0)
			spill_table(large->spill, large->table);
		large->reading = true;
		large->elsewhere.wide = retention_wide_copy(kept);
		visit_spill(large, large->spill, visitor, arg, remaining);
		retention_wide_free(large->elsewhere.wide);
		large->elsewhere.wide = kept;
		large->reading = false;
	}
	retention_wide_compact(remaining);
	fit_pending(large);
	return remaining;
}

/* What the table knows of rows is copied: whoever is shown its entries may find another table. */
static void
begin_totals(LargeBase *large, BaseTotals *totals)
{
	const CustomerTable *table = large->table;
	RowCounts  *rows = palloc(sizeof(RowCounts));

	*rows = table->rows;
	retention_totals_begin(totals, table->key, table->time, table->amount);
	totals->sample = table->sample;
	totals->bound = table->bound;
	totals->selected = table->selected;
	totals->revenue.scale = table->scale;
	retention_totals_add_rows(totals, rows, large->elsewhere.refunded,
							  large->elsewhere.guest_revenue, table->scale);
}

/* What is known of all customers' money that is elsewhere. */
static Money
all_elsewhere(LargeBase *large, const WideList *remaining)
{
	return retention_money_sum(retention_wide_total(remaining), large->elsewhere.dropped);
}

typedef struct Counting
{
	int64		entries;
	EntryCounts counts;
} Counting;

static void
count_part(LargeBase *large, const CustomerTable *part, void *arg)
{
	Counting   *counting = arg;

	counting->entries += part->used;
	retention_counts_add(&counting->counts, &part->counts);
}

/* The totals that a visit has counted, where they stay. */
static void
end_totals(LargeBase *large, BaseTotals *totals, const Counting *counting, const WideList *remaining)
{
	EntryCounts *counts = palloc(sizeof(EntryCounts));

	*counts = counting->counts;
	begin_totals(large, totals);
	totals->entries = counting->entries;
	retention_totals_add_counts(totals, counts, all_elsewhere(large, remaining), large->table->scale);
}

/* Its kinds and rows, and how many entries it has at most. */
void
retention_large_rows(LargeBase *large, BaseTotals *totals)
{
	if (large->table->sample > 0)
		retention_large_settle(large);
	begin_totals(large, totals);
	totals->entries = large->table->used + large->npending;
	if (large->spill)
		for (int i = 0; i < SPILL_PARTITIONS; i++)
			totals->entries += large->spill->entries[i];
}

void
retention_large_totals(LargeBase *large, BaseTotals *totals)
{
	Counting	counting = {0};
	WideList   *remaining;

	counts_begin(&counting.counts);
	remaining = retention_large_visit(large, count_part, &counting);
	end_totals(large, totals, &counting, remaining);
}

/* Packing a part adds up the totals on the way. */
typedef struct Packing
{
	Packer		packer;
	Counting	counting;
} Packing;

static void
pack_part(LargeBase *large, const CustomerTable *part, void *arg)
{
	Packing    *packing = arg;

	retention_pack_table(&packing->packer, part);
	count_part(large, part, &packing->counting);
}

/*
 * Who asks for a flat form may be in a context in which nothing can be freed, as
 * a sort is of its tuples, or which goes before the answer is taken.  What stays
 * is in our own context, what is needed on the way in one for that.
 */
static MemoryContext
begin_scratch(LargeBase *large)
{
	MemoryContext scratch = AllocSetContextCreate(large->hdr.eoh_context, "customer_base being packed",
												  ALLOCSET_START_SMALL_SIZES);

	return MemoryContextSwitchTo(scratch);
}

static void
end_scratch(MemoryContext caller)
{
	MemoryContext scratch = MemoryContextSwitchTo(caller);

	MemoryContextDelete(scratch);
}

static Size
large_get_flat_size(ExpandedObjectHeader *eohptr)
{
	LargeBase  *large = (LargeBase *) eohptr;

	if (!large->packed)
	{
		MemoryContext caller = begin_scratch(large);
		MemoryContext scratch;
		Packing    *packing = palloc(sizeof(Packing));
		BaseTotals	totals;
		WideList   *remaining;

		retention_large_rows(large, &totals);
		packing->counting.entries = 0;
		counts_begin(&packing->counting.counts);
		scratch = MemoryContextSwitchTo(large->hdr.eoh_context);
		retention_pack_begin(&packing->packer, totals.key, totals.time, totals.amount, totals.entries);
		MemoryContextSwitchTo(scratch);
		remaining = retention_large_visit(large, pack_part, packing);
		end_totals(large, &totals, &packing->counting, remaining);
		MemoryContextSwitchTo(large->hdr.eoh_context);
		retention_pack_end(&packing->packer, &totals, remaining, &large->header);
		MemoryContextSwitchTo(scratch);
		large->blocks = packing->packer.blocks;
		end_scratch(caller);
		large->packed = true;
	}
	return retention_blocks_size(&large->blocks, &large->header);
}

static void
large_flatten_into(ExpandedObjectHeader *eohptr, void *result, Size size)
{
	LargeBase  *large = (LargeBase *) eohptr;
	MemoryContext caller = begin_scratch(large);

	Assert(large->packed);
	retention_blocks_write(&large->blocks, &large->header, result, size);
	retention_large_forget_packed(large);
	packed_check(result);
	end_scratch(caller);
}
