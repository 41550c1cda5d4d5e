/*-------------------------------------------------------------------------
 *
 * occasion.h
 *	  The occasions of customers in memory: entries, sorted and added up.
 *
 * An occasion is what one customer ordered in one period.  It comes as an
 * entry of a few 64-bit words,
 *
 *	hash [low] mark [money]
 *
 * where the mark holds the period above the number of orders, so that entries
 * sort by customer and period by comparing words, and money is units of one word
 * or two (order/money_units.h).  An order row is an entry with one order, a refund one
 * with none.
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

/* Orders of one customer in one period: 36 bits; the period has 28. */
#define ORDERS_BITS		36
#define ORDERS_MAX		((INT64CONST(1) << ORDERS_BITS) - 1)
#define PERIOD_BIAS		(1 << 27)	/* days reach from -2451546 to 106741036 */

static inline uint64
make_mark(int32 period, int64 orders)
{
	return (uint64) (period + PERIOD_BIAS) << ORDERS_BITS | (uint64) orders;
}

static inline int32
mark_period(uint64 mark)
{
	return (int32) (mark >> ORDERS_BITS) - PERIOD_BIAS;
}

static inline int64
mark_orders(uint64 mark)
{
	return (int64) (mark & ORDERS_MAX);
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
	key[2] = mark >> ORDERS_BITS;
}

/* The scale of units, and where money is that they can't say. */
typedef struct Elsewhere
{
	int			scale;
	WideList	list;
} Elsewhere;

extern void retention_elsewhere_add(Elsewhere *elsewhere, const uint64 *identity, uint64 mark,
								   int key_words, Money money);
extern void retention_too_many_orders(void) pg_attribute_cold;

/* Add an occasion to another one of the same customer and period. */
static pg_attribute_always_inline void
add_occasion(uint64 *to, const uint64 *occasion, const uint64 *identity, OccasionShape shape,
			 Elsewhere *elsewhere)
{
	int64		orders = mark_orders(*to) + mark_orders(*occasion);

	if (unlikely(orders > ORDERS_MAX))
		retention_too_many_orders();
	if (shape.money_words > 0 && unlikely(!units_add(to + 1, occasion + 1, shape.money_words)))
		retention_elsewhere_add(elsewhere, identity, *occasion, shape.key_words,
							   retention_units_money(occasion + 1, shape.money_words,
													 elsewhere->scale));
	*to = (*to & ~(uint64) ORDERS_MAX) | (uint64) orders;
}

/* Some entries, where they lie. */
typedef struct EntrySpan
{
	const uint64 *entries;
	int64		n;
} EntrySpan;

extern void retention_sort_entries(const EntrySpan *spans, int nspans, uint64 *sorted,
								   OccasionShape shape);
extern int64 retention_combine_entries(uint64 *entries, int64 n, OccasionShape shape,
									   Elsewhere *elsewhere);
extern void retention_convert_occasion(const uint64 *occasion, int words, int scale,
									   uint64 *to, int to_words, const uint64 *identity,
									   int key_words, Elsewhere *elsewhere);
#endif							/* RETENTION_OCCASION_H */
