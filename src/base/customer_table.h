/*-------------------------------------------------------------------------
 *
 * customer_table.h
 *	  The table of customers: identity -> facts, in the order of the hashes.
 *
 * A table is one piece of memory that starts like a varlena: a small one is
 * itself the flat state of an aggregate, a larger one belongs to an expanded
 * object (expanded_base.h).  An entry is a few 64-bit words,
 *
 *	hash [low ...] orders [first last] [money ...]
 *
 * and everything is an entry: an order row is one with a single order, a row
 * that leaves a window frame is one with -1 orders.  So there is one
 * operation, table_absorb, for rows, merges and what comes back from disk.
 *
 * Slots are found by linear probing from hash * home_slots / 2^64 and kept in
 * ascending order of hash throughout.  Thus a scan yields customers in that
 * order, which is that of spill files and packed values, growing is one
 * sequential pass, and merging two tables never probes at random.  The last
 * slot is always free, so no probe needs a bound.
 *
 * That is as quick as hashes are spread, and those of keys that somebody has
 * made up need not be: anybody can work out keys whose hashes are neighbours.
 * Such a crowd is noticed when an entry would be too far from its home, and no
 * amount of room would help it.  Then the table is salted: home slots are found by
 * a hash of the identity and a number that nobody knows, and entries lie as
 * they came.  Whoever needs them in order asks for a scan, which sorts them
 * (customer_table_scan.c).  So a table grows when it is full, and for nothing else.
 *
 * The totals of the entries are kept up to date with every change, because a
 * window function asks for the answer after every row.
 *
 * A sample is a table that keeps the customers whose hashes come first: up to
 * a bound, which goes down so that they are never many more than asked for.
 * What hashes to beyond it adds to the totals and leaves no entry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_CUSTOMER_TABLE_H
#define RETENTION_CUSTOMER_TABLE_H

#include "postgres.h"

#include "base/base_totals.h"
#include "pg/compat.h"
#include "pg/interrupt_pace.h"
#include "store/wide_money.h"

/* The flat states of a customer_base, by the byte that store/aggregate_state.h tells of. */
typedef enum BaseForm
{
	FORM_ONE_CUSTOMER = 2,		/* one_customer.h: state for one customer */
	FORM_TABLE = 3				/* customer_table.h: state for a few */
} BaseForm;

typedef struct CustomerTable
{
	int32		vl_len_;		/* of the flat form; see table_size */
	uint8		form;			/* FORM_TABLE */
	uint8		key;			/* KeyKind, never KEY_NONE */
	uint8		time;			/* TimeKind */
	uint8		amount;			/* AmountKind */

	uint16		scale;			/* digits of the money that answers show */
	uint16		words;			/* of one customer's money; 0: no amounts */
	uint16		key_words;
	uint16		stride;			/* words in an entry */

	int32		shift;			/* see table_home */
	int32		sample;			/* customers to keep at most; 0: all of them */
	uint64		bound;			/* the greatest hash that is kept */
	bool		selected;		/* customers selected from other bases */
	bool		leaving;		/* rows have left it: entries may be void */
	uint64		salt;			/* 0: entries are in order; see above */
	int64		home_slots;		/* slots that probing can start at */
	int64		home_factor;	/* see table_home */
	uint64		first_hash;		/* what hashes may be here: those of a sample */
	uint64		last_hash;		/* to its bound, of a part its own */
	int64		overflow_slots; /* slots behind them, without the last one */
	int64		used;

	RowCounts	rows;

	/*
	 * Of the entries; but orders, first, last and revenue also of those that a
	 * sample has dropped: a sample knows these exactly.  (Unless its customers are
	 * selected: then what was dropped is not known.)
	 */
	EntryCounts counts;

	uint64		slots[FLEXIBLE_ARRAY_MEMBER];
} CustomerTable;

/* The most words that an entry has: of a customer; of a pair nothing but orders is known. */
#define ENTRY_MAX_WORDS		(2 + 1 + 2 + UNITS_MAX_WORDS)

StaticAssertDecl(ENTRY_MAX_WORDS >= KEY_MAX_WORDS + 1, "an entry has room for a pair");

typedef enum AbsorbResult
{
	ABSORBED,
	ABSORB_TABLE_FULL,			/* nothing changed: a larger one, then again */
	ABSORB_TABLE_CROWDED,		/* nothing changed: salt it, then again */
	ABSORB_MONEY_FULL			/* nothing changed: two words, then again, or
								 * else the money is kept elsewhere */
} AbsorbResult;

/* Money that a table's units can't say; a state that has some is an expanded object. */
typedef struct TableElsewhere
{
	WideList   *wide;			/* of customers */
	Money		dropped;		/* of customers that a sample has dropped */
	Money		refunded;
	Money		guest_revenue;
} TableElsewhere;

typedef enum TableSum
{
	SUM_REVENUE,				/* of the entries, and those that a sample has dropped */
	SUM_REFUNDED,
	SUM_GUEST_REVENUE
} TableSum;

/* In an empty slot, as hash (it sorts last) and as number of orders. */
#define SLOT_FREE	PG_UINT64_MAX

/* So many slots are a crowd nowhere; see retention_table_is_far. */
#define CROWD_MIN	64

extern Size retention_table_size(int stride, int64 home_slots, int64 overflow_slots);
extern void retention_table_init(CustomerTable *table, KeyKind key, TimeKind time,
								 AmountKind amount, int scale, int words,
								 int64 home_slots, int64 overflow_slots);
extern void retention_table_clear(CustomerTable *table);
extern void retention_table_shape(int64 entries, int64 *home_slots, int64 *overflow_slots);
extern void retention_table_salt(CustomerTable *table);
extern void retention_table_range(CustomerTable *table, uint64 first_hash, uint64 last_hash);
extern bool retention_table_is_far(const CustomerTable *table, int64 slots);
extern int64 retention_table_capacity(const CustomerTable *table);
extern AbsorbResult retention_table_insert(CustomerTable *table, uint64 *slot,
										   const uint64 *entry);
extern int64 retention_table_live(const CustomerTable *table);
extern void retention_table_copy(const CustomerTable *from, CustomerTable *to);
extern void retention_table_copy_totals(const CustomerTable *from, CustomerTable *to);
extern int	retention_table_words_at(const CustomerTable *table, int scale);
extern void retention_table_rescale(CustomerTable *table, int scale, TableElsewhere *elsewhere);
extern void retention_table_sample_like(CustomerTable *table, const CustomerTable *like);
extern void retention_table_limit(CustomerTable *table, int32 sample, uint64 bound);
extern void retention_table_select(CustomerTable *table);

/* In a build with assertions: is all as said above?  Looks at every entry. */
#ifdef USE_ASSERT_CHECKING
extern void retention_table_check(const CustomerTable *table);
#else
#define retention_table_check(table)	((void) 0)
#endif

static inline int
table_at_money(const CustomerTable *table)
{
	return table->stride - table->words;
}

static inline int
table_stride(KeyKind key, TimeKind time, int words)
{
	return key_words(key) + 1 + (time == TIME_NONE ? 0 : 2) + words;
}

static inline uint64 *
table_sum(CustomerTable *table, TableSum sum)
{
	return sum == SUM_REVENUE ? table->counts.revenue :
		sum == SUM_REFUNDED ? table->rows.refunded : table->rows.guest_revenue;
}

/* The scale of its units. */
static inline int
table_units_scale(const CustomerTable *table)
{
	return units_scale(table->scale);
}

static inline uint64 *
table_slots(const CustomerTable *table)
{
	return (uint64 *) table->slots;
}

static inline uint64 *
table_end(const CustomerTable *table)
{
	return table_slots(table) + (table->home_slots + table->overflow_slots) * table->stride;
}

static inline bool
slot_is_free(const CustomerTable *table, const uint64 *slot)
{
	return slot[0] == SLOT_FREE && slot[table->key_words] == SLOT_FREE;
}

/* A customer of whom nothing is left but the name, after leaving a frame. */
static inline bool
entry_is_void(const CustomerTable *table, const uint64 *entry)
{
	return table->leaving && entry[table->key_words] == 0 &&
		(table->words == 0 || units_are_zero(entry + table_at_money(table), table->words));
}

/*
 * Hashes are of a range; counted from its first one, and shifted by the bits
 * that are zero in all of them, the last one is at least half of 2^64.  "home_factor"
 * is what makes of that the last home slot.
 */
static inline uint64 *
table_home(const CustomerTable *table, uint64 hash)
{
	return table_slots(table) +
		multiply_high((hash - table->first_hash) << table->shift, table->home_factor) * table->stride;
}

/* The same in a salted table, of the whole identity. */
static inline uint64 *
salted_home(const CustomerTable *table, const uint64 *identity)
{
	uint64		mixed = customer_mix(identity[0] ^ table->salt);

	for (int i = 1; i < table->key_words; i++)
		mixed = customer_mix(mixed ^ identity[i]);
	mixed = customer_mix(mixed ^ (table->salt << 32 | table->salt >> 32));
	return table_slots(table) + multiply_high(mixed, table->home_slots) * table->stride;
}

/* Fills an empty table with entries that come in ascending order. */
typedef struct TableBuilder
{
	CustomerTable *table;
	uint64	   *next;			/* behind the last entry */
	uint64	   *end;
} TableBuilder;

static inline void
builder_begin(TableBuilder *builder, CustomerTable *table)
{
	builder->table = table;
	builder->next = table_slots(table);
	builder->end = table_end(table);
}

/*
 * The slot for the next entry; NULL if the table has too few overflow slots, or the
 * hashes are a crowd.
 */
static inline uint64 *
builder_slot(TableBuilder *builder, uint64 hash)
{
	uint64	   *home = table_home(builder->table, hash);
	uint64	   *slot = home;

	if (slot < builder->next)
	{
		slot = builder->next;
		if (unlikely(slot - home > CROWD_MIN * builder->table->stride) &&
			retention_table_is_far(builder->table, (slot - home) / builder->table->stride))
			return NULL;
	}
	if (unlikely(slot >= builder->end))
		return NULL;
	builder->next = slot + builder->table->stride;
	builder->table->used++;
	return slot;
}

extern uint64 *retention_builder_slot_salted(TableBuilder *builder, const uint64 *identity);

/* A slot for a customer that the table does not have; NULL if it is crowded. */
static inline uint64 *
builder_slot_for(TableBuilder *builder, const uint64 *identity)
{
	return likely(builder->table->salt == 0) ? builder_slot(builder, identity[0]) :
		retention_builder_slot_salted(builder, identity);
}

extern void retention_builder_resume(TableBuilder *builder);

/*
 * What an entry looks like: read from the table, or constants where a loop is
 * worth compiling for one shape (expanded_base.c).
 */
typedef struct EntryShape
{
	int			key_words;
	bool		has_time;
	int			words;			/* of the money */
	int			stride;
} EntryShape;

static pg_attribute_always_inline EntryShape
entry_shape(int key_words, bool has_time, int words)
{
	EntryShape	shape = {key_words, has_time, words,
		key_words + 1 + (has_time ? 2 : 0) + words};

	return shape;
}

static inline EntryShape
table_shape(const CustomerTable *table)
{
	return entry_shape(table->key_words, table->time != TIME_NONE, table->words);
}

/* Add an entry to the facts of the customer in the slot, and to the totals. */
static pg_attribute_always_inline AbsorbResult
table_absorb_shaped(CustomerTable *table, uint64 *slot, const uint64 *entry, EntryShape shape)
{
	EntryCounts *counts = &table->counts;
	int			at = shape.key_words;
	int64		before = (int64) slot[at];
	int64		after = before + (int64) entry[at];

	if (shape.words > 0)
	{
		int			money = shape.stride - shape.words;

		if (unlikely(!units_add(slot + money, entry + money, shape.words)))
			return ABSORB_MONEY_FULL;
		sum_add(counts->revenue, entry + money, shape.words);
	}

	slot[at] = (uint64) after;
	counts->orders += (int64) entry[at];
	counts->customers += (after > 0) - (before > 0);
	counts->repeaters += (after > 1) - (before > 1);

	if (shape.has_time)
	{
		int64		first = (int64) slot[at + 1];
		int64		last = (int64) slot[at + 2];
		int64		new_first = Min(first, (int64) entry[at + 1]);
		int64		new_last = Max(last, (int64) entry[at + 2]);

		/* unsigned: 4713 BC to 294276 AD is more than 2^63 microseconds */
		if (new_first <= new_last)
			lifespan_add(counts->lifespan,
						 (uint64) new_last - (uint64) new_first,
						 first <= last ? (uint64) last - (uint64) first : 0);
		slot[at + 1] = (uint64) new_first;
		slot[at + 2] = (uint64) new_last;
		counts->first = Min(counts->first, new_first);
		counts->last = Max(counts->last, new_last);
	}
	return ABSORBED;
}

/* Add an entry whose customer is not kept to the totals of all. */
static inline void
table_absorb_dropped(CustomerTable *table, const uint64 *entry)
{
	EntryCounts *counts = &table->counts;
	const uint64 *facts = entry + table->key_words;

	if (table->selected)
		return;
	counts->orders += (int64) facts[0];
	if (table->time != TIME_NONE)
	{
		counts->first = Min(counts->first, (int64) facts[1]);
		counts->last = Max(counts->last, (int64) facts[2]);
	}
	if (table->words > 0)
		sum_add(counts->revenue, entry + table_at_money(table), table->words);
}

static inline AbsorbResult
table_absorb_into(CustomerTable *table, uint64 *slot, const uint64 *entry)
{
	return table_absorb_shaped(table, slot, entry, table_shape(table));
}

/* The money of an entry of a table, at this scale, goes elsewhere: the entry's is left to the caller. */
static inline void
table_keep_elsewhere(const CustomerTable *table, const uint64 *entry, WideList *wide, int scale)
{
	uint64		key[WIDE_KEY_WORDS] = {entry[0], table->key_words == 2 ? entry[1] : 0, 0};

	retention_wide_add(wide, key,
					   retention_units_money(entry + table_at_money(table), table->words, scale));
}

/* Facts of a customer of whom there are none yet. */
static inline void
slot_clear_facts(const CustomerTable *table, uint64 *slot)
{
	int			at = table->key_words;

	memset(slot + at, 0, (table->stride - at) * sizeof(uint64));
	if (table->time != TIME_NONE)
	{
		slot[at + 1] = (uint64) INSTANT_NEVER_FIRST;
		slot[at + 2] = (uint64) INSTANT_NEVER_LAST;
	}
}

/* The slot of an identity in a salted table, or else a free one. */
static inline uint64 *
salted_seek(const CustomerTable *table, const uint64 *identity, bool *found)
{
	uint64	   *slot = salted_home(table, identity);

	for (;; slot += table->stride)
	{
		if (slot_is_free(table, slot))
		{
			*found = false;
			return slot;
		}
		if (slot[0] == identity[0] && compare_other_words(slot, identity, table->key_words) == 0)
		{
			*found = true;
			return slot;
		}
	}
}

/* The slot of an identity, or else the one where it belongs. */
static pg_attribute_always_inline uint64 *
table_seek(const CustomerTable *table, uint64 *home, const uint64 *identity,
		   EntryShape shape, bool *found)
{
	uint64	   *slot = home;
	uint64		hash = identity[0];

	if (unlikely(table->salt != 0))
		return salted_seek(table, identity, found);
	while (slot[0] < hash)
		slot += shape.stride;
	if (shape.key_words > 1)
		while (slot[0] == hash && compare_other_words(slot, identity, shape.key_words) < 0)
			slot += shape.stride;
	*found = slot[0] == hash && compare_other_words(slot, identity, shape.key_words) == 0 &&
		!(unlikely(hash == SLOT_FREE) && slot_is_free(table, slot));
	return slot;
}

/* A sample that holds so many more customers than it should drops some. */
static inline bool
table_is_overfull(const CustomerTable *table)
{
	return table->sample > 0 && table->used > table->sample + table->sample / 2;
}

/* Add an entry to the table. */
static inline AbsorbResult
table_absorb(CustomerTable *table, const uint64 *entry)
{
	bool		found;
	uint64	   *slot;

	if (unlikely(entry[0] > table->bound))
	{
		table_absorb_dropped(table, entry);
		return ABSORBED;
	}
	slot = table_seek(table, table_home(table, entry[0]), entry,
					  table_shape(table), &found);

	return found ? table_absorb_into(table, slot, entry) :
		retention_table_insert(table, slot, entry);
}

/* ---- customer_table_scan.c: the entries in the order of their identities --- */

typedef struct TableScan
{
	const CustomerTable *table;
	const uint64 *slot;			/* the next one to look at */
	const uint64 *end;
	struct ScanEntry *sorted;	/* of a salted table */
	int64		next;
	int64		n;
	Pace		pace;
} TableScan;

extern void retention_scan_begin(TableScan *scan, const CustomerTable *table);
extern const uint64 *retention_scan_sorted(TableScan *scan);
extern void retention_scan_end(TableScan *scan);

/* The next entry; NULL behind the last. */
static inline const uint64 *
scan_next(TableScan *scan)
{
	const CustomerTable *table = scan->table;

	pace_on(&scan->pace, table->stride);
	if (unlikely(scan->sorted != NULL))
		return retention_scan_sorted(scan);
	for (; scan->slot < scan->end; scan->slot += table->stride)
		if (!slot_is_free(table, scan->slot))
		{
			const uint64 *entry = scan->slot;

			scan->slot += table->stride;
			return entry;
		}
	return NULL;
}

#endif							/* RETENTION_CUSTOMER_TABLE_H */
