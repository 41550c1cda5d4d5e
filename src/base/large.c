/*-------------------------------------------------------------------------
 *
 * large.c
 *	  The state of an aggregate over many customers: an expanded object.
 *
 * A table larger than the cache costs a memory access for each row, and that
 * is most of what a metric costs.  So rows are collected first: when one
 * arrives, the memory it will need is asked for, and when it is its turn, two
 * hundred rows later, that memory is there.
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
	return retention_table_size(table->stride, table->nlimbs, table->homes, table->tail);
}

static CustomerTable *
allocate_table(LargeBase *large, const CustomerTable *like, int scale, int nlimbs,
			   int64 homes, int64 tail)
{
	int			stride = table_stride(like->key, like->time, nlimbs);
	Size		size = retention_table_size(stride, nlimbs, homes, tail);
	CustomerTable *table = MemoryContextAllocHuge(large->hdr.eoh_context, size);

	advise_huge_pages(table, size);
	retention_table_init(table, like->key, like->time, like->amount, scale, nlimbs,
						 homes, tail);
	retention_table_sample_like(table, like);
	return table;
}

/* A copy of the table with so much room, and money as asked for or wider. */
static CustomerTable *
copy_table(LargeBase *large, const CustomerTable *from, int64 entries, int scale, int nlimbs)
{
	int64		homes;
	int64		tail;

	retention_table_shape(entries, &homes, &tail);
	for (;;)
	{
		CustomerTable *to = allocate_table(large, from, scale, nlimbs, homes, tail);

		if (retention_table_copy(from, to))
			return to;
		pfree(to);
		nlimbs += money_limbs_for_scale(scale - from->scale);
	}
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
	large->table = copy_table(large, from, Max(entries, LARGE_MIN_ENTRIES),
							  from->scale, from->nlimbs);
	fit_pending(large);
	return large;
}

/* The packed form, if there is one, isn't that of the content any more. */
void
retention_large_forget_packed(LargeBase *large)
{
	pfree(large->header.data);
	pfree(large->packer.body.data);
	pfree(large->packer.block);
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
	if (retention_table_size(table->stride, table->nlimbs, homes, tail) > memory_left(large))
		return false;
	large->table = copy_table(large, table, entries, table->scale, table->nlimbs);
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
		Size		sums_size = saved.nlimbs > 0 ?
			TABLE_SUMS * (saved.nlimbs + 1) * sizeof(uint64) : 0;
		uint64	   *sums = palloc(sums_size + 1);

		/* the old one goes first: there may not be memory for both */
		memcpy(sums, table->words, sums_size);
		large->table = NULL;
		pfree(table);
		table = allocate_table(large, &saved, saved.scale, saved.nlimbs, homes, tail);
		memcpy(table->words, sums, sums_size);
		table->refunds = saved.refunds;
		table->guest_orders = saved.guest_orders;
		table->guest_refunds = saved.guest_refunds;
		table->leaving = saved.leaving;
		large->table = table;
		pfree(sums);
	}
	retention_table_clear(table);
	retention_table_range(table, first_hash, last_hash);
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
		retention_bounds_of_table(&bounds, table);
	return retention_spill_create(large->hdr.eoh_context, table->key_words, table->first_hash,
								  table->last_hash, &bounds);
}

/*
 * Money at a larger scale or in more limbs from now on.  If there is no memory
 * for all customers of that width, they go to disk as they are.
 */
void
retention_large_widen(LargeBase *large, int scale, int nlimbs)
{
	CustomerTable *table;
	int64		homes;
	int64		tail;

	retention_large_flush(large);
	/* flushing may have done it already */
	table = large->table;
	scale = Max(scale, table->scale);
	nlimbs = Max(nlimbs, table->nlimbs);
	retention_table_shape(table->used, &homes, &tail);
	if (table->used > LARGE_MIN_ENTRIES &&
		retention_table_size(table->stride - table->nlimbs + nlimbs, nlimbs, homes, tail) >
		Max(memory_left(large), table_bytes(table)))
	{
		if (large->spill == NULL)
			large->spill = create_spill(large, NULL);
		retention_spill_table(large->spill, table);
		restart_table(large, LARGE_MIN_ENTRIES, table->first_hash, table->last_hash);
	}
	replace_table(large, copy_table(large, large->table,
									Max(large->table->used, LARGE_MIN_ENTRIES),
									scale, nlimbs));
}

/*
 * An entry for which the table has no room: make some and add it.  The entry
 * has the money of the table as it was; "overflow" is where customers go that
 * don't fit memory, and "source" where it comes from, if that is a file.
 */
static void
absorb_hard(LargeBase *large, Spill **overflow, const SpillReader *source, const uint64 *entry,
			int nlimbs, int scale)
{
	uint64	   *converted = NULL;

	for (;;)
	{
		CustomerTable *table = large->table;
		AbsorbResult result = ABSORB_MONEY_FULL;

		if (nlimbs == table->nlimbs && scale == table->scale)
			result = table_absorb(table, entry);
		else
		{
			converted = converted ?
				repalloc(converted, table->stride * sizeof(uint64)) :
				palloc(table->stride * sizeof(uint64));
			if (retention_entry_convert(table, entry, nlimbs, scale, converted))
				result = table_absorb(table, converted);
		}

		switch (result)
		{
			case ABSORBED:
				if (converted)
					pfree(converted);
				return;
			case ABSORB_TABLE_FULL:
				if (table_is_overfull(table))
				{
					retention_table_limit(table, table->sample, table->bound);
					break;
				}

				if (grow_table(large))
					break;
				if (*overflow == NULL)
					*overflow = create_spill(large, source);
				retention_spill_table(*overflow, table);
				restart_table(large, PG_INT64_MAX, table->first_hash, table->last_hash);
				break;
			case ABSORB_TABLE_CROWDED:
				retention_table_salt(table);
				break;
			case ABSORB_MONEY_FULL:
				large->table = copy_table(large, table, Max(table->used, LARGE_MIN_ENTRIES),
										  table->scale, table->nlimbs + 1);
				pfree(table);
				break;
		}
	}
}

/* Put the pending rows into the table, whose entries have this shape. */
static pg_attribute_always_inline void
flush_shaped(LargeBase *large, EntryShape shape)
{
	CustomerTable *table = large->table;
	int			scale = table->scale;
	const uint64 *entry = large->pending;

	for (int n = large->npending; n > 0; n--, entry += shape.stride)
	{
		uint64	   *slots = table->words + (shape.nlimbs > 0 ? TABLE_SUMS * (shape.nlimbs + 1) : 0);
		uint64	   *home = slots +
			multiply_high((entry[0] - table->first_hash) << table->shift, table->spread) * shape.stride;
		bool		found;
		uint64	   *slot;

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

		absorb_hard(large, &large->spill, NULL, entry, shape.nlimbs, scale);
		table = large->table;
		if (unlikely(table->nlimbs != shape.nlimbs))
		{
			/* money has widened: the rest have to be converted */
			while (--n > 0)
			{
				entry += shape.stride;
				absorb_hard(large, &large->spill, NULL, entry, shape.nlimbs, scale);
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

	if (table->nlimbs > 1)
		flush_shaped(large, table_shape(table));
	else if (table->key_words == 1)
	{
		if (has_time && table->nlimbs == 1)
			flush_shaped(large, entry_shape(1, true, 1));
		else if (!has_time && table->nlimbs == 0)
			flush_shaped(large, entry_shape(1, false, 0));
		else
			flush_shaped(large, table_shape(table));
	}
	else
	{
		if (has_time && table->nlimbs == 1)
			flush_shaped(large, entry_shape(2, true, 1));
		else if (!has_time && table->nlimbs == 0)
			flush_shaped(large, entry_shape(2, false, 0));
		else
			flush_shaped(large, table_shape(table));
	}
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
	uint64	   *converted;		/* an entry with the table's money */

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
	if (retention_table_size(table->stride, table->nlimbs, homes, tail) <= memory_left(large))
	{
		CustomerTable *to = allocate_table(large, table, table->scale, table->nlimbs,
										   homes, tail);

		(void) retention_table_copy_totals(table, to);
		large->merge->most = table->used + more;
		retention_scan_begin(&large->merge->scan, table);
		large->merge->ours = scan_next(&large->merge->scan);
		large->merge->converted = palloc(table->stride * sizeof(uint64));
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
			builder_begin(builder, copy_table(large, table, merge->most, table->scale,
											  table->nlimbs));
			pfree(table);
			retention_builder_resume(builder);
		}
		else
			retention_table_salt(table);
	}
	return slot;
}

/* Does the identity of a come before that of b? */
static inline bool
identity_before(int key_words, const uint64 *a, const uint64 *b)
{
	return a[0] < b[0] || (key_words == 2 && a[0] == b[0] && a[1] < b[1]);
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

		if (identity_before(table->key_words, entry, ours))
			break;
		merge->ours = scan_next(&merge->scan);
		place = zip_slot(large, ours);
		memcpy(place, ours, table->stride * sizeof(uint64));
		if (!identity_before(table->key_words, ours, entry))
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
	if (merge->converted)
		pfree(merge->converted);
	large->merge = NULL;
	pfree(merge);
}

/* Write an entry of a merge straight to disk, with its money as it is. */
static void
write_entry(Spill *spill, SpillWriter *writer, int fixed_words, const uint64 *entry,
			int nlimbs, int scale)
{
	if (writer->spill && (writer->nlimbs != nlimbs || writer->scale != scale))
	{
		retention_spill_end(writer);
		writer->spill = NULL;
	}
	if (writer->spill == NULL)
		retention_spill_begin(spill, fixed_words + nlimbs, nlimbs, scale, writer);
	retention_spill_put(writer, entry);
}

/* Add one entry of a merge; its money has these limbs and this scale. */
void
retention_large_absorb(LargeBase *large, const uint64 *entry, int nlimbs, int scale)
{
	LargeMerge *merge = large->merge;
	CustomerTable *table = large->table;
	bool		same_money = table->nlimbs == nlimbs && table->scale == scale;

	/* while a merge writes or zips, nothing waits; see below */
	Assert(large->npending == 0 || merge == NULL ||
		   (merge->builder.table == NULL && !merge->writing));
	if (merge && merge->builder.table)
	{
		const uint64 *ours = entry;

		if (!same_money)
			ours = retention_entry_convert(table, entry, nlimbs, scale, merge->converted) ?
				merge->converted : NULL;
		if (likely(ours != NULL) &&
			likely(table_absorb_into(merge->builder.table, zip_to(large, ours),
									 ours) == ABSORBED))
			return;
		/* money must widen: the rest of the merge goes one by one */
		finish_zip(large);
		table = large->table;
	}
	else if (merge && merge->writing)
	{
		write_entry(large->spill, &merge->writer, table->stride - table->nlimbs,
					entry, nlimbs, scale);
		return;
	}
	else if (likely(same_money))
	{
		memcpy(large_next(large), entry, table->stride * sizeof(uint64));
		large_push(large);
		return;
	}

	retention_large_flush(large);
	table = large->table;
	if (unlikely(table->nlimbs != nlimbs) || unlikely(table->scale != scale) ||
		unlikely(table_absorb(table, entry) != ABSORBED))
	{
		absorb_hard(large, &large->spill, NULL, entry, nlimbs, scale);
		fit_pending(large);
	}
}

/*
 * A partition does not fit memory after all: what is in the table, and what
 * is still to be read, goes to a deeper spill.
 */
static void
split_rest(LargeBase *large, Spill *deeper, SpillReader *reader)
{
	SpillWriter writer = {0};
	Pace		pace = {0};

	retention_spill_table(deeper, large->table);
	while (retention_spill_next(reader))
	{
		pace_on(&pace, reader->stride);
		write_entry(deeper, &writer, reader->fixed_words, reader->entry,
					reader->nlimbs, reader->scale);
	}
	if (writer.spill)
		retention_spill_end(&writer);
}

/* Show the visitor all that a spill holds, using the table for one part each. */
static void
visit_spill(LargeBase *large, Spill *spill, LargeVisitor visitor, void *arg)
{
	check_stack_depth();

	for (int partition = 0; partition <= spill->bounds.n; partition++)
	{
		int			fixed_words = large->table->stride - large->table->nlimbs;
		uint64		first_hash = spill_first_hash(spill, partition);
		uint64		last_hash = spill_last_hash(spill, partition);
		Spill	   *deeper = NULL;
		SpillReader reader;
		Pace		pace = {0};

		if (spill->entries[partition] == 0)
			continue;
		restart_table(large, spill->entries[partition], first_hash, last_hash);
		retention_spill_read(spill, partition, fixed_words, &reader);
		while (retention_spill_next(&reader))
		{
			pace_on(&pace, reader.stride);
			if (unlikely(large->table->nlimbs != reader.nlimbs) ||
				unlikely(large->table->scale != reader.scale) ||
				unlikely(table_absorb(large->table, reader.entry) != ABSORBED))
				absorb_hard(large, &deeper, &reader, reader.entry, reader.nlimbs, reader.scale);
			if (unlikely(deeper != NULL))
			{
				split_rest(large, deeper, &reader);
				break;
			}
		}
		retention_spill_close(&reader);

		if (deeper)
		{
			visit_spill(large, deeper, visitor, arg);
			retention_spill_free(deeper);
		}
		else
		{
			retention_table_check(large->table);
			visitor(large, large->table, arg);
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
	retention_table_limit(large->table, sample, bound);
	if (large->table->homes / 8 > Max(sample, LARGE_MIN_ENTRIES))
		replace_table(large, copy_table(large, large->table,
										Max(sample + sample / 2, LARGE_MIN_ENTRIES),
										large->table->scale, large->table->nlimbs));
}

/* All rows are in the table, or on disk, and a sample is of its size. */
void
retention_large_settle(LargeBase *large)
{
	retention_large_flush(large);
	if (large->table->sample > 0)
		retention_table_limit(large->table, large->table->sample, large->table->bound);
}

/*
 * Show the visitor every customer once, in parts whose hashes ascend.  It
 * must not change the base.
 */
void
retention_large_visit(LargeBase *large, LargeVisitor visitor, void *arg)
{
	retention_large_settle(large);
	/* not after every row of a window */
	if (!large->in_window)
		retention_table_check(large->table);
	if (large->spill == NULL)
		visitor(large, large->table, arg);
	else
	{
		if (large->table->used > 0)
			retention_spill_table(large->spill, large->table);
		visit_spill(large, large->spill, visitor, arg);
		fit_pending(large);
	}
}

/* A sum of the table, copied: the table may be reused before it is read. */
static Money
copy_sum(CustomerTable *table, TableSum sum)
{
	Money		money = {NULL, 0, 0};

	if (table->nlimbs > 0)
	{
		uint64	   *limbs = palloc((table->nlimbs + 1) * sizeof(uint64));

		memcpy(limbs, table_sum(table, sum), (table->nlimbs + 1) * sizeof(uint64));
		money.limbs = limbs;
		money.nlimbs = table->nlimbs + 1;
		money.scale = table->scale;
	}
	return money;
}

static void
add_part(LargeBase *large, const CustomerTable *part, void *arg)
{
	BaseTotals *totals = arg;

	totals->entries += part->used;
	totals->customers += part->customers;
	totals->repeaters += part->repeaters;
	if (pg_add_s64_overflow(totals->orders, part->orders, &totals->orders))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("customer base has more than %lld orders", (long long) PG_INT64_MAX)));
	totals->lifespan[1] += part->lifespan[1];
	lifespan_add(totals->lifespan, part->lifespan[0], 0);
	totals->first = Min(totals->first, part->first);
	totals->last = Max(totals->last, part->last);
	totals->revenue = retention_money_sum(totals->revenue,
										  copy_sum(unconstify(CustomerTable *, part),
												   SUM_REVENUE));
}

/* What the rows say, whoever's they are. */
static void
add_rows(LargeBase *large, BaseTotals *totals)
{
	totals->refunds = large->table->refunds;
	totals->guest_orders = large->table->guest_orders;
	totals->guest_refunds = large->table->guest_refunds;
	totals->refunded = copy_sum(large->table, SUM_REFUNDED);
	totals->guest_revenue = copy_sum(large->table, SUM_GUEST_REVENUE);
}

static void
begin_totals(LargeBase *large, BaseTotals *totals)
{
	memset(totals, 0, sizeof(BaseTotals));
	totals->key = large->table->key;
	totals->time = large->table->time;
	totals->amount = large->table->amount;
	totals->sample = large->table->sample;
	totals->bound = large->table->bound;
	totals->selected = large->table->selected;
	totals->first = INSTANT_NEVER_FIRST;
	totals->last = INSTANT_NEVER_LAST;
}

/* Its kinds and rows, and how many entries it has at most. */
void
retention_large_rows(LargeBase *large, BaseTotals *totals)
{
	if (large->table->sample > 0)
		retention_large_settle(large);
	begin_totals(large, totals);
	add_rows(large, totals);
	totals->entries = large->table->used + large->npending;
	if (large->spill)
		for (int i = 0; i < SPILL_PARTITIONS; i++)
			totals->entries += large->spill->entries[i];
	totals->revenue.scale = large->table->scale;
}

void
retention_large_totals(LargeBase *large, BaseTotals *totals)
{
	retention_large_settle(large);
	begin_totals(large, totals);
	retention_large_visit(large, add_part, totals);
	add_rows(large, totals);
}

/* Packing a part adds up the totals on the way. */
typedef struct PackState
{
	Packer	   *packer;
	BaseTotals	totals;
} PackState;

static void
pack_part(LargeBase *large, const CustomerTable *part, void *arg)
{
	PackState  *state = arg;
	Packer	   *packer = state->packer;

	if (part->stride != packer->stride)
		retention_pack_widen(packer, part->nlimbs);
	retention_pack_table(packer, part);
	add_part(large, part, &state->totals);
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
		PackState	state;

		retention_large_settle(large);
		state.packer = &large->packer;
		scratch = MemoryContextSwitchTo(large->hdr.eoh_context);
		retention_pack_begin(&large->packer, large->table->key, large->table->time,
							 large->table->nlimbs);
		MemoryContextSwitchTo(scratch);
		begin_totals(large, &state.totals);
		retention_large_visit(large, pack_part, &state);
		add_rows(large, &state.totals);
		MemoryContextSwitchTo(large->hdr.eoh_context);
		retention_pack_end(&large->packer, &state.totals, &large->header);
		MemoryContextSwitchTo(scratch);
		end_scratch(caller);
		large->packed = true;
	}
	return large->header.len + large->packer.body.len;
}

static void
large_flatten_into(ExpandedObjectHeader *eohptr, void *result, Size size)
{
	LargeBase  *large = (LargeBase *) eohptr;
	MemoryContext caller = begin_scratch(large);

	Assert(large->packed);
	retention_pack_write(&large->packer, &large->header, result, size);
	large->packed = false;
	packed_check(result);
	end_scratch(caller);
}
