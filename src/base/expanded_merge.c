/*-------------------------------------------------------------------------
 *
 * expanded_merge.c
 *	  Entries of another value or state, into the state of many customers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/expanded_base.h"

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
	if (retention_table_size(table->stride, home_slots, overflow_slots) <= retention_expanded_memory_left(base))
	{
		CustomerTable *to = retention_expanded_new_table(base, table, table->words, home_slots, overflow_slots);

		retention_table_copy_totals(table, to);
		base->merge->most = table->used + more;
		retention_scan_begin(&base->merge->scan, table);
		base->merge->ours = scan_next(&base->merge->scan);
		builder_begin(&base->merge->builder, to);
	}
	else
	{
		if (base->spill == NULL)
			base->spill = retention_expanded_create_spill(base, NULL);
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
			builder_begin(builder, retention_expanded_copy_table(base, table, merge->most, table->words));
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
	retention_expanded_absorb_hard(base, &base->spill, NULL, entry, words, scale);
	retention_expanded_fit_pending(base);
}
