/*-------------------------------------------------------------------------
 *
 * table.c
 *	  The table of customers: making, filling and copying one.  See table.h.
 *
 * Nothing here allocates: where a table lives, and what to do when it is
 * full, is for its owner to say (state.c for small ones, large.c else).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/table.h"
#include "base/totals.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/*
 * Up to this many entries a table is a plain sorted array (one home); probing
 * a few neighbours costs less than leaving slots free.
 */
#define ARRAY_ENTRIES	16
#define FIRST_ENTRIES	4

/* A table is full when three quarters of the homes are taken. */
#define FREE_SHARE		4		/* the fourth quarter */

/*
 * With spread hashes, and so many homes taken, runs of d slots without a free
 * one are as rare as exp(-0.038 d): the longest one grows by 18 slots whenever
 * the table doubles.
 */
#define FAR_PER_DOUBLING	24

Size
retention_table_size(int stride, int nlimbs, int64 homes, int64 tail)
{
	Size		words = (Size) (homes + tail + 1) * stride;

	if (nlimbs > 0)
		words += TABLE_SUMS * (nlimbs + 1);
	return offsetof(CustomerTable, words) + words * sizeof(uint64);
}

/* Homes and tail of a table that takes so many entries before it is full. */
void
retention_table_shape(int64 entries, int64 *homes, int64 *tail)
{
	if (entries <= ARRAY_ENTRIES)
	{
		*homes = 1;
		*tail = FIRST_ENTRIES - 1;
		while (*tail + 1 < entries)
			*tail = (*tail + 1) * 2 - 1;
	}
	else
	{
		*homes = entries + entries / (FREE_SHARE - 1) + 1;
		*tail = 16 + *homes / 128;
	}
}

void
retention_table_init(CustomerTable *table, KeyKind key, TimeKind time,
					 AmountKind amount, int scale, int nlimbs,
					 int64 homes, int64 tail)
{
	int			stride = table_stride(key, time, nlimbs);
	Size		size = retention_table_size(stride, nlimbs, homes, tail);

	Assert(key != KEY_NONE);
	Assert((amount == AMOUNT_NONE) == (nlimbs == 0));

	memset(table, 0, offsetof(CustomerTable, words));
	/* tables of expanded objects outgrow a varlena, and need no length */
	if (size <= VARHDRSZ + 0x3FFFFFF0)
		SET_VARSIZE(table, size);
	table->form = FORM_TABLE;
	table->key = (uint8) key;
	table->time = (uint8) time;
	table->amount = (uint8) amount;
	table->scale = (uint16) scale;
	table->nlimbs = money_checked_limbs(nlimbs);
	table->key_words = (uint16) key_words(key);
	table->stride = (uint16) stride;	/* a few words more than the money */
	table->homes = homes;
	table->spread = homes;
	table->first_hash = 0;
	table->last_hash = PG_UINT64_MAX;
	table->salt = 0;
	table->tail = tail;
	table->bound = PG_UINT64_MAX;
	if (nlimbs > 0)
		memset(table->words, 0, TABLE_SUMS * (nlimbs + 1) * sizeof(uint64));
	retention_table_clear(table);
}

/* Forget the entries and their totals; what is known of rows stays. */
void
retention_table_clear(CustomerTable *table)
{
	table->used = 0;
	table->salt = 0;
	table->customers = 0;
	table->repeaters = 0;
	table->orders = 0;
	table->lifespan[0] = 0;
	table->lifespan[1] = 0;
	table->first = INSTANT_NEVER_FIRST;
	table->last = INSTANT_NEVER_LAST;
	if (table->nlimbs > 0)
		memset(table_sum(table, SUM_REVENUE), 0, (table->nlimbs + 1) * sizeof(uint64));
	memset(table_slots(table), 0xFF,
		   (Size) (table->homes + table->tail + 1) * table->stride * sizeof(uint64));
}

/* How many entries fill the table? */
int64
retention_table_capacity(const CustomerTable *table)
{
	if (table->homes == 1)
		return table->tail + 1;
	return table->homes - table->homes / FREE_SHARE;
}

/* Is that more slots from a home than spread hashes are? */
bool
retention_table_is_far(const CustomerTable *table, int64 slots)
{
	return slots > CROWD_MIN + FAR_PER_DOUBLING * pg_leftmost_one_pos64(table->homes);
}

/*
 * Put a new customer's entry where the slot is, moving those behind it up by
 * one.  No run of entries may become so long that it is no accident.
 */
AbsorbResult
retention_table_insert(CustomerTable *table, uint64 *slot, const uint64 *entry)
{
	uint64	   *free_slot = slot;

	if (table->used >= retention_table_capacity(table) || table_is_overfull(table))
		return ABSORB_TABLE_FULL;
	while (!slot_is_free(table, free_slot))
		free_slot += table->stride;
	if (unlikely(free_slot == table_end(table)))
		return ABSORB_TABLE_CROWDED;
	if (table->salt == 0)
	{
		int64		far = (free_slot - table_home(table, entry[0])) / table->stride;

		if (unlikely(far > CROWD_MIN) && retention_table_is_far(table, far))
			return ABSORB_TABLE_CROWDED;
	}

	memmove(slot + table->stride, slot, (char *) free_slot - (char *) slot);
	memcpy(slot, entry, table->key_words * sizeof(uint64));
	slot_clear_facts(table, slot);
	table->used++;

	/* zero plus anything of the same width fits */
	(void) table_absorb_into(table, slot, entry);
	return ABSORBED;
}

/* How many entries would retention_table_copy copy? */
int64
retention_table_live(const CustomerTable *table)
{
	int64		live = 0;
	uint64	   *end = table_end(table);

	if (!table->leaving)
		return table->used;
	for (uint64 *slot = table_slots(table); slot < end; slot += table->stride)
		live += !slot_is_free(table, slot) && !entry_is_void(table, slot);
	return live;
}

/* An entry of other limbs and scale, as the table keeps them. */
bool
retention_entry_convert(const CustomerTable *to, const uint64 *entry,
						int nlimbs, int scale, uint64 *converted)
{
	int			at = table_at_money(to);

	memcpy(converted, entry, at * sizeof(uint64));
	return to->nlimbs == 0 ||
		retention_money_convert(entry + at, nlimbs, scale,
								converted + at, to->nlimbs, to->scale);
}

/* What a table knows besides its entries.  Returns false if money is too wide. */
bool
retention_table_copy_totals(const CustomerTable *from, CustomerTable *to)
{
	for (int sum = 0; to->nlimbs > 0 && sum < TABLE_SUMS; sum++)
		if (!retention_money_convert(from->words + sum * (from->nlimbs + 1),
									 from->nlimbs + 1, from->scale,
									 table_sum(to, sum), to->nlimbs + 1, to->scale))
			return false;

	to->leaving = from->leaving;
	to->selected = from->selected;
	to->refunds = from->refunds;
	to->guest_orders = from->guest_orders;
	to->guest_refunds = from->guest_refunds;
	to->customers = from->customers;
	to->repeaters = from->repeaters;
	to->orders = from->orders;
	to->lifespan[0] = from->lifespan[0];
	to->lifespan[1] = from->lifespan[1];
	to->first = from->first;
	to->last = from->last;
	return true;
}

/* Forget the entries, and draw a salt. */
static void
begin_salted(CustomerTable *table)
{
	table->used = 0;
	do
	{
		if (!pg_strong_random(&table->salt, sizeof(table->salt)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate a random number")));
	} while (table->salt == 0);
	memset(table_slots(table), 0xFF,
		   (Size) (table->homes + table->tail + 1) * table->stride * sizeof(uint64));
}

/* A slot for a customer that a salted table does not have; NULL if it is crowded. */
uint64 *
retention_builder_slot_salted(TableBuilder *builder, const uint64 *identity)
{
	CustomerTable *table = builder->table;
	bool		found;
	uint64	   *slot = salted_seek(table, identity, &found);

	if (unlikely(slot == table_end(table)))
		return NULL;
	table->used++;
	return slot;
}

/* Go on behind the last entry of a table. */
void
retention_builder_resume(TableBuilder *builder)
{
	const CustomerTable *table = builder->table;

	builder->next = builder->end;
	while (builder->next > table_slots(table) &&
		   slot_is_free(table, builder->next - table->stride))
		builder->next -= table->stride;
}

/*
 * Put so many entries, which ascend, into a table that has none; a crowd makes
 * it a salted one.  So does bad luck with a salt: then it takes another.
 */
static void
fill(CustomerTable *table, const uint64 *entries, int64 n)
{
	TableBuilder builder;

	builder_begin(&builder, table);
	for (int64 i = 0; i < n; i++)
	{
		const uint64 *entry = entries + i * table->stride;
		uint64	   *place = builder_slot_for(&builder, entry);

		if (unlikely(place == NULL))
		{
			begin_salted(table);
			i = -1;
			continue;
		}
		memcpy(place, entry, table->stride * sizeof(uint64));
	}
}

/* Make a table that is crowded a salted one, or one of another salt. */
void
retention_table_salt(CustomerTable *table)
{
	Size		entry_size = table->stride * sizeof(uint64);
	uint64	   *entries = MemoryContextAllocHuge(CurrentMemoryContext,
												 table->used * entry_size + 1);
	uint64	   *end = table_end(table);
	int64		n = 0;

	for (uint64 *slot = table_slots(table); slot < end; slot += table->stride)
		if (!slot_is_free(table, slot))
			memcpy(entries + n++ * table->stride, slot, entry_size);
	begin_salted(table);
	fill(table, entries, n);
	pfree(entries);
}

/*
 * Fill an empty table with all that another one holds: one sequential pass,
 * if both have the same order.  What is salted stays salted, with a new salt:
 * in the order of the old one, entries would crowd a smaller table.  Where it
 * says that the other table's money is too small, what that holds is undefined.
 */
bool
retention_table_copy(const CustomerTable *from, CustomerTable *to)
{
	uint64	   *end = table_end(from);
	bool		same_money = from->nlimbs == to->nlimbs && from->scale == to->scale;
	Pace		pace = {0};
	TableBuilder builder;

	Assert(to->used == 0);

	if (from->salt != 0)
		begin_salted(to);
	builder_begin(&builder, to);
	for (uint64 *slot = table_slots(from); slot < end; slot += from->stride)
	{
		uint64	   *place;

		if (slot_is_free(from, slot) || entry_is_void(from, slot))
			continue;
		pace_on(&pace, to->stride);
		place = builder_slot_for(&builder, slot);
		if (unlikely(place == NULL))
		{
			begin_salted(to);
			slot = table_slots(from) - from->stride;
			continue;
		}
		if (same_money)
			memcpy(place, slot, to->stride * sizeof(uint64));
		else if (!retention_entry_convert(to, slot, from->nlimbs, from->scale, place))
			return false;
	}
	return retention_table_copy_totals(from, to);
}

/* ---- samples -------------------------------------------------------------- */

/* Spread the hashes of a range over an empty table. */
void
retention_table_range(CustomerTable *table, uint64 first_hash, uint64 last_hash)
{
	uint64		range = last_hash - first_hash;
	uint64		top;

	Assert(table->used == 0);
	table->first_hash = first_hash;
	table->last_hash = last_hash;
	table->shift = range == 0 ? 63 : 63 - pg_leftmost_one_pos64(range);
	top = (range << table->shift) | ((UINT64CONST(1) << table->shift) - 1);

	/* rounded down: the bound's home must be there */
	table->spread = (int64) ((double) table->homes * (18446744073709551616.0 / ((double) top + 1)));
	while (multiply_high(top, table->spread) >= (uint64) table->homes)
		table->spread--;
}

/* Make an empty table the same sample of customers, or part of all, as another one. */
void
retention_table_sample_like(CustomerTable *table, const CustomerTable *like)
{
	table->sample = like->sample;
	table->selected = like->selected;
	table->bound = like->bound;
	retention_table_range(table, like->first_hash, like->last_hash);
}

/* Count anew what is known of the entries. */
static void
recount(CustomerTable *table)
{
	uint64	   *end = table_end(table);
	int64		orders = 0;
	int64		first = INSTANT_NEVER_FIRST;
	int64		last = INSTANT_NEVER_LAST;

	table->customers = 0;
	table->repeaters = 0;
	table->lifespan[0] = 0;
	table->lifespan[1] = 0;
	if (table->selected && table->nlimbs > 0)
		memset(table_sum(table, SUM_REVENUE), 0, (table->nlimbs + 1) * sizeof(uint64));
	for (uint64 *slot = table_slots(table); slot < end; slot += table->stride)
	{
		const uint64 *facts = slot + table->key_words;

		if (slot_is_free(table, slot))
			continue;
		table->customers += (int64) facts[0] > 0;
		table->repeaters += (int64) facts[0] > 1;
		orders += (int64) facts[0];
		if (table->time != TIME_NONE && (int64) facts[1] <= (int64) facts[2])
		{
			lifespan_add(table->lifespan, facts[2] - facts[1], 0);
			first = Min(first, (int64) facts[1]);
			last = Max(last, (int64) facts[2]);
		}
		if (table->selected && table->nlimbs > 0)
			(void) money_add(table_sum(table, SUM_REVENUE), table->nlimbs + 1,
							 slot + table_at_money(table), table->nlimbs);
	}
	if (table->selected)
	{
		table->orders = orders;
		table->first = first;
		table->last = last;
	}
}

/*
 * Keep no more than "sample" customers, those whose hashes come first, and
 * none whose hash is beyond the bound.  The new bound lies right below the
 * first customer who is dropped: so it depends on the customers alone, and not
 * on when who was dropped.
 */
void
retention_table_limit(CustomerTable *table, int32 sample, uint64 bound)
{
	Size		entry_size = table->stride * sizeof(uint64);
	uint64	   *kept;
	int64		n = 0;
	TableScan	scan;
	const uint64 *entry;

	Assert(sample > 0);
	Assert(!table->leaving);
	table->sample = sample;
	bound = Min(bound, table->bound);
	if (table->used <= sample && bound == table->bound)
		return;

	kept = MemoryContextAllocHuge(CurrentMemoryContext,
								  Min(table->used, sample) * entry_size + 1);
	retention_scan_begin(&scan, table);
	while ((entry = scan_next(&scan)) != NULL)
	{
		if (entry[0] > bound)
			break;
		if (n == sample)
		{
			/* customers of one hash stay or go together, if they can go */
			bound = entry[0] == 0 ? 0 : entry[0] - 1;
			while (n > 0 && kept[(n - 1) * table->stride] > bound)
				n--;
			break;
		}
		memcpy(kept + n * table->stride, entry, entry_size);
		n++;
	}
	retention_scan_end(&scan);

	table->used = 0;
	table->salt = 0;
	table->bound = bound;
	retention_table_range(table, 0, bound);
	memset(table_slots(table), 0xFF, (table->homes + table->tail + 1) * entry_size);
	fill(table, kept, n);
	pfree(kept);
	recount(table);
}

/* What is known of rows, and of customers not kept, no longer is. */
void
retention_table_select(CustomerTable *table)
{
	table->selected = true;
	table->refunds = 0;
	if (table->nlimbs > 0)
		memset(table_sum(table, SUM_REFUNDED), 0, (table->nlimbs + 1) * sizeof(uint64));
	recount(table);
}

#ifdef USE_ASSERT_CHECKING

static void
check_head(const CustomerTable *table)
{
	Assert(table->form == FORM_TABLE);
	Assert(table->key != KEY_NONE && table->key <= KEY_KIND_LAST);
	Assert(table->time <= TIME_KIND_LAST && table->amount <= AMOUNT_KIND_LAST);
	Assert((table->nlimbs > 0) == (table->amount != AMOUNT_NONE));
	Assert(table->scale <= MONEY_MAX_SCALE);
	Assert(table->key_words == key_words(table->key));
	Assert(table->stride == table_stride(table->key, table->time, table->nlimbs));
	Assert(table->homes > 0 && table->tail >= 0);
	Assert(table->used >= 0 && table->used <= table->homes + table->tail);
	Assert(table->sample == 0 ? table->bound == PG_UINT64_MAX :
		   table->sample >= SAMPLE_MIN && table->sample <= SAMPLE_MAX);
	Assert(table->shift >= 0 && table->shift < 64);
}

void
retention_table_check(const CustomerTable *table)
{
	int64		used = 0;
	int64		customers = 0;
	int64		repeaters = 0;
	int64		orders = 0;
	uint64		lifespan[2] = {0, 0};
	uint64	   *end = table_end(table);
	uint64	   *previous = NULL;
	uint64	   *crowd = NULL;	/* the first of the entries side by side */
	int			n = table->nlimbs + 1;
	uint64	   *revenue = palloc0(n * sizeof(uint64));

	check_head(table);
	for (uint64 *slot = table_slots(table); slot < end; slot += table->stride)
	{
		const uint64 *facts = slot + table->key_words;
		int64		its = (int64) facts[0];
		uint64	   *home;

		if (slot_is_free(table, slot))
			continue;
		home = table->salt ? salted_home(table, slot) : table_home(table, slot[0]);
		Assert(slot[0] <= table->bound);
		Assert(slot >= home);
		Assert(table->salt || previous == NULL || previous[0] < slot[0] ||
			   (table->key_words == 2 && previous[0] == slot[0] && previous[1] < slot[1]));
		/* nothing free between an entry and its home */
		if (previous == NULL || previous + table->stride != slot)
			crowd = slot;
		Assert(crowd <= home);
		previous = slot;
		/* below 0 after rows that never came have left, or one too many came: no value can be made of it */
		Assert(its >= 0 || table->leaving || table->orders < 0);
		if (table->time != TIME_NONE && (int64) facts[1] <= (int64) facts[2])
		{
			Assert((int64) facts[1] >= table->first && (int64) facts[2] <= table->last);
			lifespan_add(lifespan, facts[2] - facts[1], 0);
		}
		if (table->nlimbs > 0)
			(void) money_add(revenue, n, slot + table_at_money(table), table->nlimbs);
		used++;
		customers += its > 0;
		repeaters += its > 1;
		orders += its;
	}
	Assert(slot_is_free(table, end));
	Assert(used == table->used);
	Assert(customers == table->customers);
	Assert(repeaters == table->repeaters);
	Assert(lifespan[0] == table->lifespan[0] && lifespan[1] == table->lifespan[1]);

	/* of those, a sample knows what it has dropped */
	if (table->sample == 0 || table->selected)
	{
		Assert(orders == table->orders);
		Assert(table->nlimbs == 0 ||
			   memcmp(revenue, table->words + SUM_REVENUE * n, n * sizeof(uint64)) == 0);
	}
	else
		Assert(orders <= table->orders);
	pfree(revenue);
}

#endif							/* USE_ASSERT_CHECKING */
