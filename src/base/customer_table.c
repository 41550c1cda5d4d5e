/*-------------------------------------------------------------------------
 *
 * customer_table.c
 *	  The table of customers: making, filling and copying one.  See customer_table.h.
 *
 * Nothing here allocates: where a table lives, and what to do when it is
 * full, is for its owner to say (base_state.c for small ones, expanded_base.c else).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_totals.h"
#include "base/customer_table.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/*
 * Up to this many entries a table is a plain sorted array (one home slot); probing
 * a few neighbours costs less than leaving slots free.
 */
#define ARRAY_ENTRIES	16
#define FIRST_ENTRIES	4

/* A table is full when three quarters of the home slots are taken. */
#define FREE_SHARE		4		/* the fourth quarter */

/*
 * With spread hashes, and so many home slots taken, runs of d slots without a free
 * one are as rare as exp(-0.038 d): the longest one grows by 18 slots whenever
 * the table doubles.
 */
#define FAR_PER_DOUBLING	24

Size
retention_table_size(int stride, int64 home_slots, int64 overflow_slots)
{
	return offsetof(CustomerTable, slots) + (Size) (home_slots + overflow_slots + 1) * stride * sizeof(uint64);
}

/* Home and overflow slots of a table that takes so many entries before it is full. */
void
retention_table_shape(int64 entries, int64 *home_slots, int64 *overflow_slots)
{
	if (entries <= ARRAY_ENTRIES)
	{
		*home_slots = 1;
		*overflow_slots = FIRST_ENTRIES - 1;
		while (*overflow_slots + 1 < entries)
			*overflow_slots = (*overflow_slots + 1) * 2 - 1;
	}
	else
	{
		*home_slots = entries + entries / (FREE_SHARE - 1) + 1;
		*overflow_slots = 16 + *home_slots / 128;
	}
}

void
retention_table_init(CustomerTable *table, KeyKind key, TimeKind time,
					 AmountKind amount, int scale, int words,
					 int64 home_slots, int64 overflow_slots)
{
	int			stride = table_stride(key, time, words);
	Size		size = retention_table_size(stride, home_slots, overflow_slots);

	Assert(key != KEY_NONE);
	Assert((amount == AMOUNT_NONE) == (words == 0));

	memset(table, 0, offsetof(CustomerTable, slots));
	/* tables of expanded objects outgrow a varlena, and need no length */
	if (size <= VARHDRSZ + 0x3FFFFFF0)
		SET_VARSIZE(table, size);
	table->form = FORM_TABLE;
	table->key = (uint8) key;
	table->time = (uint8) time;
	table->amount = (uint8) amount;
	table->scale = (uint16) scale;
	table->words = (uint16) words;
	table->key_words = (uint16) key_words(key);
	table->stride = (uint16) stride;
	table->home_slots = home_slots;
	table->home_factor = home_slots;
	table->first_hash = 0;
	table->last_hash = PG_UINT64_MAX;
	table->salt = 0;
	table->overflow_slots = overflow_slots;
	table->bound = PG_UINT64_MAX;
	retention_table_clear(table);
}

/* Forget the entries and their totals; what is known of rows stays. */
void
retention_table_clear(CustomerTable *table)
{
	table->used = 0;
	table->salt = 0;
	counts_begin(&table->counts);
	memset(table_slots(table), 0xFF,
		   (Size) (table->home_slots + table->overflow_slots + 1) * table->stride * sizeof(uint64));
}

/* How many entries fill the table? */
int64
retention_table_capacity(const CustomerTable *table)
{
	if (table->home_slots == 1)
		return table->overflow_slots + 1;
	return table->home_slots - table->home_slots / FREE_SHARE;
}

/* Is that more slots from a home slot than spread hashes are? */
bool
retention_table_is_far(const CustomerTable *table, int64 slots)
{
	return slots > CROWD_MIN + FAR_PER_DOUBLING * pg_leftmost_one_pos64(table->home_slots);
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

/* What a table knows besides its entries. */
void
retention_table_copy_totals(const CustomerTable *from, CustomerTable *to)
{
	to->leaving = from->leaving;
	to->selected = from->selected;
	to->rows = from->rows;
	to->counts = from->counts;
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
		   (Size) (table->home_slots + table->overflow_slots + 1) * table->stride * sizeof(uint64));
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
 * Fill an empty table with all that another one of the same scale holds, whose
 * money isn't wider: one sequential pass, if both have the same order.  What is
 * salted stays salted, with a new salt: in the order of the old one, entries would
 * crowd a smaller table.
 */
void
retention_table_copy(const CustomerTable *from, CustomerTable *to)
{
	uint64	   *end = table_end(from);
	int			at = table_at_money(from);
	Pace		pace = {0};
	TableBuilder builder;

	Assert(to->used == 0 && to->scale == from->scale && to->words >= from->words);

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
		memcpy(place, slot, from->stride * sizeof(uint64));
		if (to->words > from->words)
			units_widen(place + at, to->words, slot + at, from->words);
	}
	retention_table_copy_totals(from, to);
}

/* ---- more digits ----------------------------------------------------------- */

/*
 * How many words do all entries take whose money has so many digits behind the
 * point, no fewer than it has now?  0 if two don't do, or a sum has no room.
 */
int
retention_table_words_at(const CustomerTable *table, int scale)
{
	int			power = units_scale(scale) - table_units_scale(table);
	int			at = table_at_money(table);
	int			words = table->words;
	uint64	   *end = table_end(table);
	uint64		sums[3][SUM_WORDS];
	Pace		pace = {0};

	if (power == 0)
		return words;
	memcpy(sums[0], table->counts.revenue, sizeof(sums[0]));
	memcpy(sums[1], table->rows.refunded, sizeof(sums[0]));
	memcpy(sums[2], table->rows.guest_revenue, sizeof(sums[0]));
	for (int i = 0; i < 3; i++)
		if (!retention_sum_rescale(sums[i], power))
			return 0;
	for (uint64 *slot = table_slots(table); slot < end; slot += table->stride)
	{
		uint64		units[UNITS_MAX_WORDS];

		pace_on(&pace, table->stride);
		if (slot_is_free(table, slot) || units_are_zero(slot + at, table->words))
			continue;
		units_widen(units, UNITS_MAX_WORDS, slot + at, table->words);
		if (words == 1 && retention_units_rescale(units, 1, power))
			continue;
		units_widen(units, UNITS_MAX_WORDS, slot + at, table->words);
		if (!retention_units_rescale(units, UNITS_MAX_WORDS, power))
			return 0;
		words = UNITS_MAX_WORDS;
	}
	return words;
}

/* Multiply a sum; if it has no room then, it goes to the money that is kept elsewhere. */
static void
rescale_sum(uint64 *sum, int power, int scale, Money *elsewhere)
{
	MoneyTotal	total = {{0}, {NULL, 0, 0}};

	if (retention_sum_rescale(sum, power))
		return;
	total.wide = *elsewhere;
	retention_total_add_money(&total, (Money) {sum, SUM_WORDS, scale});
	*elsewhere = total.wide;
	memset(sum, 0, SUM_WORDS * sizeof(uint64));
}

/*
 * Give the money so many digits behind the point, in place.  It has the words it
 * takes, or what doesn't fit them, in the memory that is current, goes elsewhere.
 */
void
retention_table_rescale(CustomerTable *table, int scale, TableElsewhere *elsewhere)
{
	int			before = table_units_scale(table);
	int			power = units_scale(scale) - before;
	int			at = table_at_money(table);
	uint64	   *end = table_end(table);
	Pace		pace = {0};

	table->scale = (uint16) scale;
	if (power == 0)
		return;
	for (uint64 *slot = table_slots(table); slot < end; slot += table->stride)
	{
		pace_on(&pace, table->stride);
		if (slot_is_free(table, slot) || units_are_zero(slot + at, table->words) ||
			retention_units_rescale(slot + at, table->words, power))
			continue;
		table_keep_elsewhere(table, slot, elsewhere->wide, before);
		sum_subtract(table->counts.revenue, slot + at, table->words);
		memset(slot + at, 0, table->words * sizeof(uint64));
	}
	rescale_sum(table->counts.revenue, power, before, elsewhere ? &elsewhere->dropped : NULL);
	rescale_sum(table->rows.refunded, power, before, elsewhere ? &elsewhere->refunded : NULL);
	rescale_sum(table->rows.guest_revenue, power, before, elsewhere ? &elsewhere->guest_revenue : NULL);
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

	/* rounded down: the bound's home slot must be there */
	table->home_factor = (int64) ((double) table->home_slots * (18446744073709551616.0 / ((double) top + 1)));
	while (multiply_high(top, table->home_factor) >= (uint64) table->home_slots)
		table->home_factor--;
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
	EntryCounts counts;

	counts_begin(&counts);
	for (uint64 *slot = table_slots(table); slot < end; slot += table->stride)
	{
		if (slot_is_free(table, slot))
			continue;
		counts_add_customer(&counts, slot + table->key_words, table->time != TIME_NONE);
		if (table->words > 0)
			sum_add(counts.revenue, slot + table_at_money(table), table->words);
	}
	if (!table->selected)
	{
		/* those who were dropped had some, too */
		counts.orders = table->counts.orders;
		counts.first = table->counts.first;
		counts.last = table->counts.last;
		memcpy(counts.revenue, table->counts.revenue, sizeof(counts.revenue));
	}
	table->counts = counts;
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
	memset(table_slots(table), 0xFF, (table->home_slots + table->overflow_slots + 1) * entry_size);
	fill(table, kept, n);
	pfree(kept);
	recount(table);
}

/* What is known of rows, and of customers not kept, no longer is. */
void
retention_table_select(CustomerTable *table)
{
	table->selected = true;
	table->rows.refunds = 0;
	memset(table->rows.refunded, 0, sizeof(table->rows.refunded));
	recount(table);
}

#ifdef USE_ASSERT_CHECKING

static void
check_head(const CustomerTable *table)
{
	Assert(table->form == FORM_TABLE);
	Assert(table->key != KEY_NONE && key_is_known(table->key));
	Assert(table->time <= TIME_KIND_LAST && table->amount <= AMOUNT_KIND_LAST);
	Assert((table->words > 0) == (table->amount != AMOUNT_NONE) && table->words <= UNITS_MAX_WORDS);
	Assert(table->scale <= MONEY_MAX_SCALE);
	Assert(table->key_words == key_words(table->key));
	Assert(table->stride == table_stride(table->key, table->time, table->words));
	Assert(table->home_slots > 0 && table->overflow_slots >= 0);
	Assert(table->used >= 0 && table->used <= table->home_slots + table->overflow_slots);
	Assert(table->sample == 0 ? table->bound == PG_UINT64_MAX :
		   table->sample >= SAMPLE_MIN && table->sample <= SAMPLE_MAX);
	Assert(table->shift >= 0 && table->shift < 64);
}

void
retention_table_check(const CustomerTable *table)
{
	EntryCounts counts;
	int64		used = 0;
	uint64	   *end = table_end(table);
	uint64	   *previous = NULL;
	uint64	   *crowd = NULL;	/* the first of the entries side by side */

	counts_begin(&counts);
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
		Assert(table->salt || previous == NULL || compare_identities(previous, slot, table->key_words) < 0);
		/* nothing free between an entry and its home */
		if (previous == NULL || previous + table->stride != slot)
			crowd = slot;
		Assert(crowd <= home);
		previous = slot;
		/* below 0 after rows that never came have left, or one too many came: no value can be made of it */
		Assert(its >= 0 || table->leaving || table->counts.orders < 0);
		if (table->words > 0)
		{
			Assert(!units_are_elsewhere(slot + table_at_money(table), table->words));
			sum_add(counts.revenue, slot + table_at_money(table), table->words);
		}
		counts_add_customer(&counts, facts, table->time != TIME_NONE);
		used++;
	}
	Assert(slot_is_free(table, end));
	Assert(used == table->used);
	Assert(counts.customers == table->counts.customers);
	Assert(counts.repeaters == table->counts.repeaters);
	Assert(memcmp(counts.lifespan, table->counts.lifespan, sizeof(counts.lifespan)) == 0);
	Assert(counts.first >= table->counts.first && counts.last <= table->counts.last);

	/* of those, a sample knows what it has dropped */
	if (table->sample == 0 || table->selected)
	{
		Assert(counts.orders == table->counts.orders);
		Assert(memcmp(counts.revenue, table->counts.revenue, sizeof(counts.revenue)) == 0);
	}
	else
		Assert(counts.orders <= table->counts.orders);
}

#endif							/* USE_ASSERT_CHECKING */
