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
 * node, goes to disk instead (expanded_disk.c).  Its totals are then found one
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
#include "pg/prefetch.h"
#include "utils/memutils.h"

static Size
table_bytes(const CustomerTable *table)
{
	return retention_table_size(table->stride, table->home_slots, table->overflow_slots);
}

CustomerTable *
retention_expanded_new_table(ExpandedBase *base, const CustomerTable *like, int words, int64 home_slots, int64 overflow_slots)
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
CustomerTable *
retention_expanded_copy_table(ExpandedBase *base, const CustomerTable *from, int64 entries, int words)
{
	CustomerTable *to;
	int64		home_slots;
	int64		overflow_slots;

	retention_table_shape(entries, &home_slots, &overflow_slots);
	to = retention_expanded_new_table(base, from, words, home_slots, overflow_slots);
	retention_table_copy(from, to);
	return to;
}

/* The pending rows have the table's shape; so must their array. */
void
retention_expanded_fit_pending(ExpandedBase *base)
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
	retention_expanded_fit_pending(base);
}

/* An expanded object below the aggregate's context, with the table's content. */
ExpandedBase *
retention_expanded_create(StateHome home, const CustomerTable *from, int64 entries)
{
	ExpandedBase *base = retention_expanded_state_create(&retention_base_states, home, sizeof(ExpandedBase));

	base->table = retention_expanded_copy_table(base, from, Max(entries, EXPANDED_MIN_ENTRIES), from->words);
	retention_expanded_fit_pending(base);
	return base;
}

/*
 * How many bytes may the table have?  Everything below the aggregate's
 * context counts: other groups' states, and what the executor keeps there.
 */
Size
retention_expanded_memory_left(ExpandedBase *base)
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
	if (retention_table_size(table->stride, home_slots, overflow_slots) > retention_expanded_memory_left(base))
		return false;
	base->table = retention_expanded_copy_table(base, table, entries, table->words);
	pfree(table);
	return true;
}

/*
 * Empty the table and give it room for so many entries, or for as many as
 * there is memory for, with hashes of this range.  What is known of rows stays.
 */
void
retention_expanded_restart(ExpandedBase *base, int64 entries, uint64 first_hash, uint64 last_hash)
{
	CustomerTable *table = base->table;
	int64		allowed = (table_bytes(table) + retention_expanded_memory_left(base)) /
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
		base->table = table = retention_expanded_new_table(base, &saved, saved.words, home_slots, overflow_slots);
		table->rows = saved.rows;
		table->leaving = saved.leaving;
	}
	retention_table_clear(table);
	retention_table_range(table, first_hash, last_hash);
}

/*
 * Money in two words from now on: once for a state.  If there is no memory for all
 * customers of that width, they go to disk as they are.
 */
void
retention_expanded_widen(ExpandedBase *base)
{
	CustomerTable *table = base->table;
	int64		entries = Max(table->used, EXPANDED_MIN_ENTRIES);
	int64		home_slots;
	int64		overflow_slots;

	Assert(table->words == 1);
	retention_table_shape(entries, &home_slots, &overflow_slots);
	if (table->used > EXPANDED_MIN_ENTRIES && !base->reading &&
		retention_table_size(table->stride + 1, home_slots, overflow_slots) > Max(retention_expanded_memory_left(base), table_bytes(table)))
	{
		if (base->spill == NULL)
			base->spill = retention_expanded_create_spill(base, NULL);
		retention_expanded_spill_table(base->spill, table);
		retention_expanded_restart(base, EXPANDED_MIN_ENTRIES, table->first_hash, table->last_hash);
		table = base->table;
		entries = EXPANDED_MIN_ENTRIES;
	}
	base->table = retention_expanded_copy_table(base, table, entries, UNITS_MAX_WORDS);
	pfree(table);
}

/* An order row needs two words. */
void
retention_expanded_promote(ExpandedBase *base)
{
	retention_expanded_flush(base);
	if (base->table->words == 1)
		retention_expanded_widen(base);
	retention_expanded_fit_pending(base);
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
		retention_expanded_widen(base);
		retention_expanded_fit_pending(base);
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
		retention_expanded_widen(base);
	units_widen(room + at, base->table->words, units, needs);
}

/*
 * An entry for which the table has no room, or of other money: make some and add it.
 * "overflow" is where customers go that don't fit memory, and "source" where it comes
 * from, if that is a file.
 */
void
retention_expanded_absorb_hard(ExpandedBase *base, Spill **overflow, const SpillReader *source, const uint64 *entry,
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
					*overflow = retention_expanded_create_spill(base, source);
				retention_expanded_spill_table(*overflow, table);
				retention_expanded_restart(base, PG_INT64_MAX, table->first_hash, table->last_hash);
				break;
			case ABSORB_TABLE_CROWDED:
				retention_table_salt(table);
				break;
			case ABSORB_MONEY_FULL:
				if (table->words == 1)
				{
					retention_expanded_widen(base);
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

	prefetch_for_write(home);
	prefetch_for_write(home + 8);
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

		retention_expanded_absorb_hard(base, &base->spill, NULL, entry, shape.words, scale);
		table = base->table;
		if (unlikely(table->words != shape.words))
		{
			/* the rest are of one word, and the table of two */
			while (--n > 0)
			{
				entry += shape.stride;
				retention_expanded_absorb_hard(base, &base->spill, NULL, entry, shape.words, scale);
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
	retention_expanded_fit_pending(base);
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
		replace_table(base, retention_expanded_copy_table(base, base->table,
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
