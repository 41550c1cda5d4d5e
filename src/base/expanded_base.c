/*-------------------------------------------------------------------------
 *
 * expanded_base.c
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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/expanded_base.h"

#include "miscadmin.h"
#include "pg/hugepage.h"
#include "utils/memutils.h"

/* The least table that is worth a trip to the disk. */
#define EXPANDED_MIN_ENTRIES	1024

static Size
table_bytes(const CustomerTable *table)
{
	return retention_table_size(table->stride, table->home_slots, table->overflow_slots);
}

static CustomerTable *
allocate_table(ExpandedBase *base, const CustomerTable *like, int words, int64 home_slots, int64 overflow_slots)
{
	int			stride = table_stride(like->key, like->time, words);
	Size		size = retention_table_size(stride, home_slots, overflow_slots);
	CustomerTable *table = MemoryContextAllocHuge(base->state.hdr.eoh_context, size);

	advise_huge_pages(table, size);
	retention_table_init(table, like->key, like->time, like->amount, like->scale, words,
						 home_slots, overflow_slots);
	retention_table_sample_like(table, like);
	return table;
}

/* A copy of the table with so much room, and money in so many words. */
static CustomerTable *
copy_table(ExpandedBase *base, const CustomerTable *from, int64 entries, int words)
{
	CustomerTable *to;
	int64		home_slots;
	int64		overflow_slots;

	retention_table_shape(entries, &home_slots, &overflow_slots);
	to = allocate_table(base, from, words, home_slots, overflow_slots);
	retention_table_copy(from, to);
	return to;
}

/* The pending rows have the table's shape; so must their array. */
static void
fit_pending(ExpandedBase *base)
{
	Assert(base->npending == 0);
	if (base->pending && base->pending_stride == base->table->stride)
		return;
	if (base->pending)
		pfree(base->pending);
	base->pending_stride = base->table->stride;
	base->pending = MemoryContextAlloc(base->state.hdr.eoh_context,
									   EXPANDED_PENDING * base->pending_stride * sizeof(uint64));
}

static void
replace_table(ExpandedBase *base, CustomerTable *table)
{
	pfree(base->table);
	base->table = table;
	fit_pending(base);
}

/* An expanded object below the aggregate's context, with the table's content. */
ExpandedBase *
retention_expanded_create(StateHome home, const CustomerTable *from, int64 entries)
{
	ExpandedBase *base = retention_expanded_state_create(&retention_base_states, home, sizeof(ExpandedBase));

	base->table = copy_table(base, from, Max(entries, EXPANDED_MIN_ENTRIES), from->words);
	fit_pending(base);
	return base;
}

/*
 * How many bytes may the table have?  Everything below the aggregate's
 * context counts: other groups' states, and what the executor keeps there.
 */
static Size
memory_left(ExpandedBase *base)
{
	MemoryContext parent = MemoryContextGetParent(base->state.hdr.eoh_context);
	Size		limit = get_hash_memory_limit();
	Size		taken = MemoryContextMemAllocated(parent ? parent : base->state.hdr.eoh_context, true);

	if (base->state.in_window || base->table->sample > 0)
		return MaxAllocHugeSize / 2;
	/* the customers of pairs are counted beside them, and are fewer */
	if (key_is_pair(base->table->key))
		limit -= limit / 3;
	return taken < limit ? limit - taken : 0;
}

/*
 * Give a table that is full more room.  Returns false if that takes more
 * memory than there is.
 */
static bool
grow_table(ExpandedBase *base)
{
	CustomerTable *table = base->table;
	int64		entries = retention_table_capacity(table);
	int64		home_slots;
	int64		overflow_slots;

	/* customers that left a moving frame make room by going */
	if (retention_table_live(table) > table->used / 2)
		entries *= 2;
	retention_table_shape(entries, &home_slots, &overflow_slots);
	if (retention_table_size(table->stride, home_slots, overflow_slots) > memory_left(base))
		return false;
	base->table = copy_table(base, table, entries, table->words);
	pfree(table);
	return true;
}

/*
 * Empty the table and give it room for so many entries, or for as many as
 * there is memory for, with hashes of this range.  What is known of rows stays.
 */
static void
restart_table(ExpandedBase *base, int64 entries, uint64 first_hash, uint64 last_hash)
{
	CustomerTable *table = base->table;
	int64		allowed = (table_bytes(table) + memory_left(base)) /
		(table->stride * sizeof(uint64));
	int64		home_slots;
	int64		overflow_slots;

	/* three quarters of the slots, and some for the overflow */
	entries = Max(Min(entries, allowed / 4 * 3 - allowed / 64), EXPANDED_MIN_ENTRIES);
	retention_table_shape(entries, &home_slots, &overflow_slots);

	/* unless it makes a difference, don't bother */
	if (home_slots / 3 * 2 > table->home_slots || home_slots < table->home_slots / 4)
	{
		CustomerTable saved = *table;

		/* the old one goes first: there may not be memory for both */
		base->table = NULL;
		pfree(table);
		base->table = table = allocate_table(base, &saved, saved.words, home_slots, overflow_slots);
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
create_spill(ExpandedBase *base, const SpillReader *source)
{
	const CustomerTable *table = base->table;
	SpillBounds bounds;

	if (source)
		retention_bounds_of_partition(&bounds, source);
	if (source == NULL || bounds.n == 0)
		choose_bounds(table, &bounds);
	return retention_spill_create(base->state.hdr.eoh_context, table->key_words, table_at_money(table),
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
promote(ExpandedBase *base)
{
	CustomerTable *table = base->table;
	int64		entries = Max(table->used, EXPANDED_MIN_ENTRIES);
	int64		home_slots;
	int64		overflow_slots;

	Assert(table->words == 1);
	retention_table_shape(entries, &home_slots, &overflow_slots);
	if (table->used > EXPANDED_MIN_ENTRIES && !base->reading &&
		retention_table_size(table->stride + 1, home_slots, overflow_slots) > Max(memory_left(base), table_bytes(table)))
	{
		if (base->spill == NULL)
			base->spill = create_spill(base, NULL);
		spill_table(base->spill, table);
		restart_table(base, EXPANDED_MIN_ENTRIES, table->first_hash, table->last_hash);
		table = base->table;
		entries = EXPANDED_MIN_ENTRIES;
	}
	base->table = copy_table(base, table, entries, UNITS_MAX_WORDS);
	pfree(table);
}

/* An order row needs two words. */
void
retention_expanded_promote(ExpandedBase *base)
{
	retention_expanded_flush(base);
	if (base->table->words == 1)
		promote(base);
	fit_pending(base);
}

/* Money of a customer that doesn't fit an entry: the entry has what it has besides. */
void
retention_expanded_keep(ExpandedBase *base, const uint64 *key, Money money)
{
	if (base->elsewhere.wide == NULL)
		base->elsewhere.wide = retention_wide_create(base->state.hdr.eoh_context);
	retention_wide_add(base->elsewhere.wide, key, money);
}

/* Add money to one of the sums beside the table's. */
void
retention_expanded_add_sum(ExpandedBase *base, Money *elsewhere, Money money)
{
	MemoryContext old = MemoryContextSwitchTo(base->state.hdr.eoh_context);
	MoneyTotal	total = {{0}, *elsewhere};

	retention_total_add_money(&total, money);
	*elsewhere = total.wide;
	MemoryContextSwitchTo(old);
}

/* Money with so many digits behind the point from now on.  What is on disk stays as it is. */
void
retention_expanded_rescale(ExpandedBase *base, int scale)
{
	MemoryContext old;
	int			words;

	retention_expanded_flush(base);
	if (scale <= base->table->scale)
		return;
	words = retention_table_words_at(base->table, scale);
	if (words != 1 && base->table->words == 1 && units_scale(scale) > table_units_scale(base->table))
	{
		promote(base);
		fit_pending(base);
	}
	if (words == 0 && base->elsewhere.wide == NULL)
		base->elsewhere.wide = retention_wide_create(base->state.hdr.eoh_context);
	old = MemoryContextSwitchTo(base->state.hdr.eoh_context);
	retention_table_rescale(base->table, scale, &base->elsewhere);
	MemoryContextSwitchTo(old);
}

/* Those whom a sample drops take their money along that is elsewhere. */
static void
limit_table(ExpandedBase *base, int32 sample, uint64 bound)
{
	CustomerTable *table = base->table;
	WideList   *wide = base->elsewhere.wide;
	int64		n = 0;

	retention_table_limit(table, sample, bound);
	if (wide_count(wide) == 0)
		return;
	retention_wide_compact(wide);
	while (n < wide->n && wide->items[n].key[0] <= table->bound)
		n++;
	for (int64 i = n; i < wide->n; i++)
		if (!table->selected)
			retention_expanded_add_sum(base, &base->elsewhere.dropped, wide->items[i].money);
	retention_wide_truncate(wide, n);
}

/*
 * An entry of other money as the table has them, in room for the largest one.  What
 * fits no entry is kept elsewhere.
 */
static void
fit_entry(ExpandedBase *base, const uint64 *entry, int words, int scale, uint64 *room)
{
	CustomerTable *table = base->table;
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

		retention_expanded_keep(base, key, retention_units_money(money, words, scale));
		memset(room + at, 0, table->words * sizeof(uint64));
		return;
	}
	if (needs > table->words)
		promote(base);
	units_widen(room + at, base->table->words, units, needs);
}

/*
 * An entry for which the table has no room, or of other money: make some and add it.
 * "overflow" is where customers go that don't fit memory, and "source" where it comes
 * from, if that is a file.
 */
static void
absorb_hard(ExpandedBase *base, Spill **overflow, const SpillReader *source, const uint64 *entry,
			int words, int scale)
{
	uint64		room[ENTRY_MAX_WORDS];

	fit_entry(base, entry, words, scale, room);
	for (;;)
	{
		CustomerTable *table = base->table;
		int			at = table_at_money(table);

		switch (table_absorb(table, room))
		{
			case ABSORBED:
				return;
			case ABSORB_TABLE_FULL:
				if (table_is_overfull(table))
				{
					limit_table(base, table->sample, table->bound);
					break;
				}

				if (grow_table(base))
					break;
				if (*overflow == NULL)
					*overflow = create_spill(base, source);
				spill_table(*overflow, table);
				restart_table(base, PG_INT64_MAX, table->first_hash, table->last_hash);
				break;
			case ABSORB_TABLE_CROWDED:
				retention_table_salt(table);
				break;
			case ABSORB_MONEY_FULL:
				if (table->words == 1)
				{
					promote(base);
					units_widen(room + at, UNITS_MAX_WORDS, room + at, 1);
					break;
				}
				if (base->elsewhere.wide == NULL)
					base->elsewhere.wide = retention_wide_create(base->state.hdr.eoh_context);
				table_keep_elsewhere(table, room, base->elsewhere.wide, table_units_scale(table));
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
		multiply_high((hash - table->first_hash) << table->shift, table->home_factor) * shape.stride;
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
flush_shaped(ExpandedBase *base, EntryShape shape)
{
	CustomerTable *table = base->table;
	int			scale = table_units_scale(table);
	const uint64 *entry = base->pending;

	for (int i = 0; i < Min(AHEAD, base->npending); i++)
		prefetch_home(table, entry[i * shape.stride], shape);
	for (int n = base->npending; n > 0; n--, entry += shape.stride)
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

		absorb_hard(base, &base->spill, NULL, entry, shape.words, scale);
		table = base->table;
		if (unlikely(table->words != shape.words))
		{
			/* the rest are of one word, and the table of two */
			while (--n > 0)
			{
				entry += shape.stride;
				absorb_hard(base, &base->spill, NULL, entry, shape.words, scale);
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
retention_expanded_flush(ExpandedBase *base)
{
	CustomerTable *table = base->table;
	bool		has_time = table->time != TIME_NONE;

	if (base->npending == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	base->counted = false;

	if (table->key_words == 1 && has_time && table->words == 1)
		flush_shaped(base, entry_shape(1, true, 1));
	else if (table->key_words == 1 && !has_time && table->words == 0)
		flush_shaped(base, entry_shape(1, false, 0));
	else if (table->key_words == 2 && has_time && table->words == 1)
		flush_shaped(base, entry_shape(2, true, 1));
	else if (table->key_words == 2 && !has_time && table->words == 0)
		flush_shaped(base, entry_shape(2, false, 0));
	else if (table->key_words == 3 && !has_time && table->words == 0)
		flush_shaped(base, entry_shape(3, false, 0));
	else if (table->key_words == KEY_MAX_WORDS && !has_time && table->words == 0)
		flush_shaped(base, entry_shape(KEY_MAX_WORDS, false, 0));
	else if (table->key_words == 1 && !has_time && table->words == 1)
		flush_shaped(base, entry_shape(1, false, 1));
	else if (has_time && table->words == 2)
		flush_shaped(base, entry_shape(table->key_words, true, 2));
	else
		flush_shaped(base, table_shape(table));
	base->npending = 0;
	fit_pending(base);
}

/*
 * A merge under way: entries come in ascending order.  In memory, the table
 * and what comes are zipped into a new one, since a table too small for both
 * would be crowded at its lower end long before it is full.  Where there is
 * no memory for that, the entries go to disk as they come: they are in the
 * right order for it.
 */
typedef struct ExpandedMerge
{
	/* zipping: the old table from this entry on, and the new one up to here */
	TableScan	scan;
	const uint64 *ours;
	int64		most;			/* customers that both can have together */
	TableBuilder builder;		/* its table is NULL unless zipping */

	bool		writing;		/* entries go to disk */
	SpillWriter writer;
} ExpandedMerge;

/* So many entries are coming, about so many of customers new to the base. */
void
retention_expanded_begin_merge(ExpandedBase *base, int64 more, int64 newcomers)
{
	CustomerTable *table = base->table;
	int64		home_slots;
	int64		overflow_slots;

	Assert(base->npending == 0);
	base->counted = false;
	/* a few among many crowd nothing, and are added one by one */
	if (more <= table->used / 8)
		return;

	base->merge = palloc0(sizeof(ExpandedMerge));
	retention_table_shape(Max(table->used + newcomers, EXPANDED_MIN_ENTRIES), &home_slots, &overflow_slots);
	if (retention_table_size(table->stride, home_slots, overflow_slots) <= memory_left(base))
	{
		CustomerTable *to = allocate_table(base, table, table->words, home_slots, overflow_slots);

		retention_table_copy_totals(table, to);
		base->merge->most = table->used + more;
		retention_scan_begin(&base->merge->scan, table);
		base->merge->ours = scan_next(&base->merge->scan);
		builder_begin(&base->merge->builder, to);
	}
	else
	{
		if (base->spill == NULL)
			base->spill = create_spill(base, NULL);
		base->merge->writing = true;
	}
}

/*
 * A slot for a customer in the new table.  If it is crowded, newcomers may have
 * been underestimated: then it is made for as many as there can be.  Else it is
 * salted.
 */
static uint64 *
zip_slot(ExpandedBase *base, const uint64 *identity)
{
	ExpandedMerge *merge = base->merge;
	TableBuilder *builder = &merge->builder;
	uint64	   *slot;

	while (unlikely((slot = builder_slot_for(builder, identity)) == NULL))
	{
		CustomerTable *table = builder->table;

		if (retention_table_capacity(table) < merge->most)
		{
			builder_begin(builder, copy_table(base, table, merge->most, table->words));
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
zip_to(ExpandedBase *base, const uint64 *entry)
{
	ExpandedMerge *merge = base->merge;
	const CustomerTable *table = base->table;
	uint64	   *place;

	while (merge->ours)
	{
		const uint64 *ours = merge->ours;
		int			order = compare_identities(ours, entry, table->key_words);

		if (order > 0)
			break;
		merge->ours = scan_next(&merge->scan);
		place = zip_slot(base, ours);
		memcpy(place, ours, table->stride * sizeof(uint64));
		if (order == 0)
			return place;
	}
	place = zip_slot(base, entry);
	memcpy(place, entry, table->key_words * sizeof(uint64));
	slot_clear_facts(table, place);
	return place;
}

/* Copy the rest of the old table, and put the new one in its place. */
static void
finish_zip(ExpandedBase *base)
{
	ExpandedMerge *merge = base->merge;
	CustomerTable *from = base->table;

	for (; merge->ours; merge->ours = scan_next(&merge->scan))
		memcpy(zip_slot(base, merge->ours), merge->ours, from->stride * sizeof(uint64));
	retention_scan_end(&merge->scan);
	base->table = merge->builder.table;
	merge->builder.table = NULL;
	pfree(from);
}

void
retention_expanded_end_merge(ExpandedBase *base)
{
	ExpandedMerge *merge = base->merge;

	retention_expanded_flush(base);
	if (merge == NULL)
		return;
	if (merge->builder.table)
		finish_zip(base);
	if (merge->writer.spill)
		retention_spill_end(&merge->writer);
	base->merge = NULL;
	pfree(merge);
}

/*
 * Add one entry of a merge, whose money has these words and this scale.  It's no entry
 * whose money is elsewhere: that comes by itself.
 */
void
retention_expanded_absorb(ExpandedBase *base, const uint64 *entry, int words, int scale)
{
	ExpandedMerge *merge = base->merge;
	CustomerTable *table = base->table;
	int			at = table_at_money(table);
	int			table_words = table->words;
	int			table_scale = table_units_scale(table);
	uint64		room[ENTRY_MAX_WORDS];
	bool		fits = true;	/* the table's entries, as they are */

	/* while a merge writes or zips, nothing waits; see below */
	Assert(base->npending == 0 || merge == NULL ||
		   (merge->builder.table == NULL && !merge->writing));
	if (merge && merge->writing)
	{
		/* straight to disk, with its money as it is */
		if (merge->writer.spill == NULL)
			retention_spill_begin(base->spill, &merge->writer);
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
			likely(table_absorb_into(merge->builder.table, zip_to(base, entry), entry) == ABSORBED))
			return;
		/* money that is wider: the rest of the merge goes one by one */
		finish_zip(base);
	}
	else if (likely(fits))
	{
		memcpy(expanded_next(base), entry, table->stride * sizeof(uint64));
		expanded_push(base);
		return;
	}

	retention_expanded_flush(base);
	absorb_hard(base, &base->spill, NULL, entry, words, scale);
	fit_pending(base);
}

/*
 * A partition does not fit memory after all: what is in the table, and what
 * is still to be read, goes to a deeper spill.
 */
static void
split_rest(ExpandedBase *base, Spill *deeper, SpillReader *reader)
{
	SpillWriter writer;
	Pace		pace = {0};

	spill_table(deeper, base->table);
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
put_money_back(ExpandedBase *base, WideList *remaining)
{
	WideList   *wide = base->elsewhere.wide;
	uint64		first[WIDE_KEY_WORDS] = {base->table->first_hash, 0, 0};

	/* as it was read, some may have come */
	retention_wide_compact(wide);
	for (int64 i = retention_wide_seek(wide, first);
		 i < wide->n && wide->items[i].key[0] <= base->table->last_hash; i++)
	{
		CustomerTable *table = base->table;
		const uint64 *key = wide->items[i].key;
		uint64		units[UNITS_MAX_WORDS];
		Money		money;
		bool		found;
		uint64	   *slot = table_seek(table, table_home(table, key[0]), key, table_shape(table), &found);
		int			words;

		CHECK_FOR_INTERRUPTS();
		/* where two parts meet, they may be of the other one */
		if (!found && base->reading)
			continue;
		if (!found && table->leaving)
		{
			/* nothing of them was left but that, and no entry says so */
			uint64		entry[ENTRY_MAX_WORDS] = {0};

			memcpy(entry, key, table->key_words * sizeof(uint64));
			absorb_hard(base, &base->spill, NULL, entry, table->words, table_units_scale(table));
			table = base->table;
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
			promote(base);
			table = base->table;
			slot = table_seek(table, table_home(table, key[0]), key, table_shape(table), &found) +
				table_at_money(table);
		}
		units_widen(slot, table->words, units, words);
		sum_add(table->counts.revenue, units, words);
	}
}

static void
show_part(ExpandedBase *base, PartVisitor visitor, void *arg, WideList *remaining)
{
	if (wide_count(base->elsewhere.wide) > 0)
		put_money_back(base, remaining);
	visitor(base, base->table, arg);
}

/* Show the visitor all that a spill holds, using the table for one part each. */
static void
visit_spill(ExpandedBase *base, Spill *spill, PartVisitor visitor, void *arg, WideList *remaining)
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
		restart_table(base, spill->entries[partition], first_hash, last_hash);
		retention_spill_read(spill, partition, &reader);
		while (retention_spill_next(&reader))
		{
			pace_on(&pace, reader.stride);
			if (unlikely(base->table->words != reader.words) ||
				unlikely(table_units_scale(base->table) != reader.scale) ||
				unlikely(table_absorb(base->table, reader.entry) != ABSORBED))
				absorb_hard(base, &deeper, &reader, reader.entry, reader.words, reader.scale);
			if (unlikely(deeper != NULL))
			{
				split_rest(base, deeper, &reader);
				break;
			}
		}
		retention_spill_close(&reader);

		if (deeper)
		{
			visit_spill(base, deeper, visitor, arg, remaining);
			retention_spill_free(deeper);
		}
		else
		{
			retention_table_check(base->table);
			show_part(base, visitor, arg, remaining);
		}
	}
	restart_table(base, EXPANDED_MIN_ENTRIES, spill->first_hash, spill->last_hash);
}

/*
 * Make it a sample of this size, with this bound or a lower one.  A table that
 * was made for many more gives its memory back.
 */
void
retention_expanded_limit(ExpandedBase *base, int32 sample, uint64 bound)
{
	Assert(base->spill == NULL);
	retention_expanded_flush(base);
	limit_table(base, sample, bound);
	if (base->table->home_slots / 8 > Max(sample, EXPANDED_MIN_ENTRIES))
		replace_table(base, copy_table(base, base->table,
									   Max(sample + sample / 2, EXPANDED_MIN_ENTRIES),
									   base->table->words));
}

/* What is known of rows, and of customers not kept, no longer is: retention_table_select. */
void
retention_expanded_select(ExpandedBase *base)
{
	retention_expanded_flush(base);
	retention_table_select(base->table);
	base->elsewhere.refunded = base->elsewhere.dropped = (Money) {NULL, 0, 0};
}

/* All rows are in the table, or on disk, and a sample is of its size. */
void
retention_expanded_trim(ExpandedBase *base)
{
	retention_expanded_flush(base);
	if (base->table->sample > 0)
		limit_table(base, base->table->sample, base->table->bound);
}

/*
 * Show the visitor every customer once, in parts whose hashes ascend.  It
 * must not change the base.  Returns the money that no entry has, to be read: a
 * list in the base's memory.
 */
WideList *
retention_expanded_visit(ExpandedBase *base, PartVisitor visitor, void *arg)
{
	WideList   *kept;
	WideList   *remaining;

	retention_expanded_trim(base);
	kept = base->elsewhere.wide;
	remaining = retention_wide_create(base->state.hdr.eoh_context);
	/* not after every row of a window */
	if (!base->state.in_window)
		retention_table_check(base->table);
	if (base->spill == NULL)
	{
		show_part(base, visitor, arg, remaining);
		/* the table has what went back, so what remains is all */
		base->elsewhere.wide = remaining;
		retention_wide_free(kept);
	}
	else
	{
		/* the file stays as it is, so what is done to the list is for this once */
		if (base->table->used > 0)
			spill_table(base->spill, base->table);
		base->reading = true;
		base->elsewhere.wide = retention_wide_copy(kept);
		visit_spill(base, base->spill, visitor, arg, remaining);
		retention_wide_free(base->elsewhere.wide);
		base->elsewhere.wide = kept;
		base->reading = false;
	}
	retention_wide_compact(remaining);
	fit_pending(base);
	return remaining;
}

/* What the table knows of rows is copied: whoever is shown its entries may find another table. */
static void
begin_totals(ExpandedBase *base, BaseTotals *totals)
{
	const CustomerTable *table = base->table;
	RowCounts  *rows = palloc(sizeof(RowCounts));

	*rows = table->rows;
	retention_totals_begin(totals, table->key, table->time, table->amount);
	totals->sample = table->sample;
	totals->bound = table->bound;
	totals->selected = table->selected;
	totals->revenue.scale = table->scale;
	retention_totals_add_rows(totals, rows, base->elsewhere.refunded,
							  base->elsewhere.guest_revenue, table->scale);
}

/* What is known of all customers' money that is elsewhere. */
static Money
all_elsewhere(ExpandedBase *base, const WideList *remaining)
{
	return retention_money_sum(retention_wide_total(remaining), base->elsewhere.dropped);
}

typedef struct Counting
{
	int64		entries;
	EntryCounts counts;
} Counting;

static void
count_part(ExpandedBase *base, const CustomerTable *part, void *arg)
{
	Counting   *counting = arg;

	counting->entries += part->used;
	retention_counts_add(&counting->counts, &part->counts);
}

/* The totals that a visit has counted, where they stay. */
static void
end_totals(ExpandedBase *base, BaseTotals *totals, const Counting *counting, const WideList *remaining)
{
	EntryCounts *counts = palloc(sizeof(EntryCounts));

	*counts = counting->counts;
	begin_totals(base, totals);
	totals->entries = counting->entries;
	retention_totals_add_counts(totals, counts, all_elsewhere(base, remaining), base->table->scale);
}

/* Its kinds and rows, and how many entries it has at most. */
void
retention_expanded_rows(ExpandedBase *base, BaseTotals *totals)
{
	if (base->table->sample > 0)
		retention_expanded_trim(base);
	begin_totals(base, totals);
	totals->entries = base->table->used + base->npending;
	if (base->spill)
		for (int i = 0; i < SPILL_PARTITIONS; i++)
			totals->entries += base->spill->entries[i];
}

void
retention_expanded_totals(ExpandedBase *base, BaseTotals *totals)
{
	Counting	counting = {0};
	WideList   *remaining;

	counts_begin(&counting.counts);
	remaining = retention_expanded_visit(base, count_part, &counting);
	end_totals(base, totals, &counting, remaining);
}

/* Packing a part adds up the totals on the way. */
typedef struct Packing
{
	BasePacker	packer;
	Counting	counting;
} Packing;

static void
pack_part(ExpandedBase *base, const CustomerTable *part, void *arg)
{
	Packing    *packing = arg;

	retention_base_pack_table(&packing->packer, part);
	count_part(base, part, &packing->counting);
}

void
retention_expanded_pack(ExpandedState *state, BlockWriter *writer)
{
	ExpandedBase *base = (ExpandedBase *) state;
	Packing    *packing = palloc(sizeof(Packing));
	BaseTotals	totals;
	WideList   *remaining;

	retention_expanded_rows(base, &totals);
	packing->counting.entries = 0;
	counts_begin(&packing->counting.counts);
	retention_base_pack_begin(&packing->packer, totals.key, totals.time, totals.amount, totals.entries);
	remaining = retention_expanded_visit(base, pack_part, packing);
	end_totals(base, &totals, &packing->counting, remaining);
	*writer = *retention_base_pack_end(&packing->packer, &totals, remaining);
	pfree(packing);
}
