/*-------------------------------------------------------------------------
 *
 * occasion.h
 *	  The occasions of customers in memory: entries, sorted and added up.
 *
 * An occasion is what one customer ordered in one period; what they gave back in
 * it is another one.  It comes as an entry of a few 64-bit words,
 *
 *	hash [low] mark [money]
 *
 * where the mark holds the period, what kind of rows these are, and how many; so
 * entries sort by customer, period and kind by comparing words.  Money is units of
 * one word or two (order/money_units.h).
 *
 * Rows of nobody that is known, those of guests and those that don't count, are
 * entries like all others, whose identity is zero and whose kind says so: a customer
 * may have that identity, too, but never these kinds.
 *
 * Rows that were taken away are counted below zero.  They meet those that were there
 * and vanish with them; left over, they are of a history that is only a part.
 *
 * A sum of money that doesn't fit the words there are is no error: what would
 * have been added is kept elsewhere (store/wide_money.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_OCCASION_H
#define RETENTION_OCCASION_H

#include "postgres.h"

#include "order/money_units.h"
#include "order/period.h"
#include "store/wide_money.h"

/* The numbers are part of the packed form: append, never renumber. */
typedef enum OccasionKind
{
	OF_ORDERS = 0,
	OF_REFUNDS = 1,
	/* of nobody that is known */
	OF_GUEST_ORDERS = 2,
	OF_GUEST_REFUNDS = 3,
	/* that don't count: of their period, or those without a time all in that of day 0 */
	OF_NO_AMOUNT = 4,
	OF_NO_TIME = 5,
	/* likewise: rows that the views leave out */
	OF_NOT_FINITE = 6,
	OF_ABSURD_AMOUNT = 7,
	OF_TOO_EARLY = 8,
	OF_IN_FUTURE = 9,
	OF_FILTERED_OUT = 10,
	/* likewise: lines of orders that count, but for the first of each */
	OF_ORDER_LINES = 11,
	OF_GUEST_ORDER_LINES = 12
} OccasionKind;

#define OF_CUSTOMERS_LAST	OF_REFUNDS
#define OCCASION_KIND_LAST	OF_GUEST_ORDER_LINES

/* Have such rows money?  That of lines is the order's. */
static inline bool
kind_has_money(OccasionKind kind)
{
	return kind != OF_NO_AMOUNT && kind != OF_NOT_FINITE && kind < OF_ORDER_LINES;
}

/* A mark: 27 bits of the period, 4 of the kind, 33 of how many rows there are. */
#define COUNT_BITS		33
#define KIND_BITS		4
#define COUNT_MASK		((UINT64CONST(1) << COUNT_BITS) - 1)
#define COUNT_MAX		((INT64CONST(1) << (COUNT_BITS - 1)) - 1)	/* and as many below zero */
#define KIND_MASK		((1 << KIND_BITS) - 1)
#define PERIOD_BIAS		(1 << 22)	/* days reach from -2451546 to 106741036 */
#define PERIOD_LAST		((1 << 27) - 1 - PERIOD_BIAS)

/* What an occasion is of, and so what entries are added up by: period and kind. */
static inline uint32
make_slot(int32 period, OccasionKind kind)
{
	return (uint32) (period + PERIOD_BIAS) << KIND_BITS | kind;
}

static inline OccasionKind
slot_kind(uint32 slot)
{
	return (OccasionKind) (slot & KIND_MASK);
}

static inline uint64
make_mark(uint32 slot, int64 count)
{
	return (uint64) slot << COUNT_BITS | ((uint64) count & COUNT_MASK);
}

static inline uint32
mark_slot(uint64 mark)
{
	return (uint32) (mark >> COUNT_BITS);
}

static inline OccasionKind
mark_kind(uint64 mark)
{
	return slot_kind(mark_slot(mark));
}

static inline int32
mark_period(uint64 mark)
{
	return (int32) (mark >> (COUNT_BITS + KIND_BITS)) - PERIOD_BIAS;
}

/* Of rows of whichever kind. */
static inline int64
mark_count(uint64 mark)
{
	return (int64) (mark << (64 - COUNT_BITS)) >> (64 - COUNT_BITS);
}

/* Of a customer's. */
static inline int64
mark_orders(uint64 mark)
{
	return mark_kind(mark) == OF_ORDERS ? mark_count(mark) : 0;
}

/* How many words what has. */
typedef struct OccasionShape
{
	int			key_words;		/* 1 or 2 */
	int			money_words;	/* 0 to 2; 0: no amounts */
} OccasionShape;

/*
 * There are six shapes, so loops are compiled for each: the call is made with
 * "shaped", which is the shape and a constant.
 */
#define SHAPE_CASE(keys, money, call) \
	case (keys) * (UNITS_MAX_WORDS + 1) + (money): \
		{ \
			const OccasionShape shaped = {keys, money}; \
			call; \
		} \
		break

#define FOR_SHAPE(shape, call) \
	switch ((shape).key_words * (UNITS_MAX_WORDS + 1) + (shape).money_words) \
	{ \
		SHAPE_CASE(1, 0, call); \
		SHAPE_CASE(1, 1, call); \
		SHAPE_CASE(1, 2, call); \
		SHAPE_CASE(2, 0, call); \
		SHAPE_CASE(2, 1, call); \
		SHAPE_CASE(2, 2, call); \
	}

/* of an entry */
static inline int
entry_words(OccasionShape shape)
{
	return shape.key_words + 1 + shape.money_words;
}

/* of any entry, at most */
#define OCCASION_ENTRY_WORDS	(2 + 1 + UNITS_MAX_WORDS)

/* of an occasion in a run */
static inline int
occasion_words(OccasionShape shape)
{
	return 1 + shape.money_words;
}

/* Of words, from one place to another: the few that there are, one by one. */
static pg_attribute_always_inline void
copy_words(uint64 *to, const uint64 *from, int n)
{
	for (int i = 0; i < n; i++)
		to[i] = from[i];
}

/* -1, 0 or 1: which of two customers comes first? */
static inline int
compare_identity(const uint64 *a, const uint64 *b, int key_words)
{
	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	if (key_words == 2 && a[1] != b[1])
		return a[1] < b[1] ? -1 : 1;
	return 0;
}

/* What an occasion's money has for a key where it's kept elsewhere. */
static inline void
occasion_wide_key(uint64 *key, const uint64 *identity, uint64 mark, int key_words)
{
	key[0] = identity[0];
	key[1] = key_words == 2 ? identity[1] : 0;
	key[2] = mark_slot(mark);
}

/* Is it the key of money of nobody that is known? */
static inline bool
wide_key_is_nobodys(const uint64 *key)
{
	return slot_kind((uint32) key[2]) > OF_CUSTOMERS_LAST;
}

/* The scale of units, and where money is that they can't say. */
typedef struct Elsewhere
{
	int			scale;
	WideList	list;
	bool		cancelled;		/* may there be occasions of no rows and no money? */
} Elsewhere;

extern void retention_elsewhere_add(Elsewhere *elsewhere, const uint64 *identity, uint64 mark,
								   int key_words, Money money);
extern void retention_too_many_rows(OccasionKind kind) pg_attribute_cold;

/* Add an occasion to another one of the same customer, period and kind. */
static pg_attribute_always_inline void
add_occasion(uint64 *to, const uint64 *occasion, const uint64 *identity, OccasionShape shape,
			 Elsewhere *elsewhere)
{
	int64		count = mark_count(*to) + mark_count(*occasion);

	if (unlikely(count > COUNT_MAX || count < -COUNT_MAX))
		retention_too_many_rows(mark_kind(*to));
	if (unlikely(count == 0))
		elsewhere->cancelled = true;
	if (shape.money_words > 0 && unlikely(!units_add(to + 1, occasion + 1, shape.money_words)))
		retention_elsewhere_add(elsewhere, identity, *occasion, shape.key_words,
							   retention_units_money(occasion + 1, shape.money_words,
													 elsewhere->scale));
	*to = make_mark(mark_slot(*to), count);
}

/* Some entries, where they lie. */
typedef struct EntrySpan
{
	const uint64 *entries;
	int64		n;
} EntrySpan;

extern void retention_sort_entries(const EntrySpan *spans, int nspans, uint64 *sorted,
								   OccasionShape shape);
/* Have its rows come and been taken away? */
static inline bool
occasion_is_nothing(const uint64 *occasion, int money_words)
{
	return mark_count(*occasion) == 0 && (money_words == 0 || units_are_zero(occasion + 1, money_words));
}

extern int64 retention_combine_entries(uint64 *entries, int64 n, OccasionShape shape,
									   Elsewhere *elsewhere);
extern void retention_convert_occasion(const uint64 *occasion, int words, int scale,
									   uint64 *to, int to_words, const uint64 *identity,
									   int key_words, Elsewhere *elsewhere);
#endif							/* RETENTION_OCCASION_H */
