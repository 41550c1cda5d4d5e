/*-------------------------------------------------------------------------
 *
 * expanded_disk.c
 *	  Customers that don't fit memory: to disk, and back a part at a time.
 *
 * Whoever reads a state reads it here, on disk or not: a visitor is shown the table, once
 * for each part of the hashes, with the money put back that fits its entries after all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/expanded_base.h"

#include "miscadmin.h"

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
Spill *
retention_expanded_create_spill(ExpandedBase *base, const SpillReader *source)
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
void
retention_expanded_spill_table(Spill *spill, const CustomerTable *table)
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
 * A partition does not fit memory after all: what is in the table, and what
 * is still to be read, goes to a deeper spill.
 */
static void
split_rest(ExpandedBase *base, Spill *deeper, SpillReader *reader)
{
	SpillWriter writer;
	Pace		pace = {0};

	retention_expanded_spill_table(deeper, base->table);
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
			retention_expanded_absorb_hard(base, &base->spill, NULL, entry, table->words, table_units_scale(table));
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
			retention_expanded_widen(base);
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
		retention_expanded_restart(base, spill->entries[partition], first_hash, last_hash);
		retention_spill_read(spill, partition, &reader);
		while (retention_spill_next(&reader))
		{
			pace_on(&pace, reader.stride);
			if (unlikely(base->table->words != reader.words) ||
				unlikely(table_units_scale(base->table) != reader.scale) ||
				unlikely(table_absorb(base->table, reader.entry) != ABSORBED))
				retention_expanded_absorb_hard(base, &deeper, &reader, reader.entry, reader.words, reader.scale);
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
	retention_expanded_restart(base, EXPANDED_MIN_ENTRIES, spill->first_hash, spill->last_hash);
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
			retention_expanded_spill_table(base->spill, base->table);
		base->reading = true;
		base->elsewhere.wide = retention_wide_copy(kept);
		visit_spill(base, base->spill, visitor, arg, remaining);
		retention_wide_free(base->elsewhere.wide);
		base->elsewhere.wide = kept;
		base->reading = false;
	}
	retention_wide_compact(remaining);
	retention_expanded_fit_pending(base);
	return remaining;
}
