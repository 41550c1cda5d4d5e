/*-------------------------------------------------------------------------
 *
 * occasion.h
 *	  The occasions of customers in memory: single entries, and runs.
 *
 * An occasion is what one customer ordered in one period.  It comes as an
 * entry of a few 64-bit words,
 *
 *	hash [low] mark [money ...]
 *
 * where the mark holds the period above the number of orders, so that entries
 * sort by customer and period by comparing words.  An order row is an entry
 * with one order, a refund one with none.  Many entries are kept as a run:
 * customers in the order of their identities, each with his occasions in the
 * order of time,
 *
 *	hash [low] n  mark [money ...]  mark [money ...]  ...
 *
 * A run is what the questions read.  No two occasions of it are of the same
 * customer and period.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_OCCASION_H
#define RETENTION_OCCASION_H

#include "postgres.h"

#include "order/money.h"
#include "order/period.h"

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
	int			key_words;
	int			nlimbs;			/* of the money; 0: no amounts */
	int			scale;
} OccasionShape;

/* of an entry */
static inline int
entry_words(OccasionShape shape)
{
	return shape.key_words + 1 + shape.nlimbs;
}

/* of an occasion in a run */
static inline int
occasion_words(OccasionShape shape)
{
	return 1 + shape.nlimbs;
}

/* of what stands before a customer's occasions in a run */
static inline int
customer_words(OccasionShape shape)
{
	return shape.key_words + 1;
}

typedef struct Run
{
	uint64	   *words;
	int64		nwords;
	int64		entries;		/* occasions, and periods with refunds only */
} Run;

/* One customer of a run. */
typedef struct CustomerView
{
	const uint64 *identity;
	int64		n;
	const uint64 *occasions;
} CustomerView;

/* Goes through the customers of a run. */
typedef struct RunCursor
{
	OccasionShape shape;
	const uint64 *at;
	const uint64 *end;
} RunCursor;

static inline void
run_begin(RunCursor *cursor, const Run *run, OccasionShape shape)
{
	cursor->shape = shape;
	cursor->at = run->words;
	cursor->end = run->words + run->nwords;
}

static inline bool
run_next(RunCursor *cursor, CustomerView *customer)
{
	if (cursor->at == cursor->end)
		return false;
	customer->identity = cursor->at;
	customer->n = (int64) cursor->at[cursor->shape.key_words];
	customer->occasions = cursor->at + customer_words(cursor->shape);
	cursor->at = customer->occasions + customer->n * occasion_words(cursor->shape);
	return true;
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

/* Some entries, where they lie. */
typedef struct EntrySpan
{
	const uint64 *entries;
	int64		n;
} EntrySpan;

extern void retention_sort_entries(const EntrySpan *spans, int nspans, uint64 *sorted,
								   OccasionShape shape);
extern bool retention_combine_entries(uint64 *entries, int64 *n, OccasionShape shape);
extern bool retention_group_entries(const uint64 *entries, int64 n, OccasionShape shape,
									Run *run);
extern bool retention_merge_customer(const CustomerView *a, const CustomerView *b,
									 OccasionShape shape, uint64 *to, int64 *n);
extern bool retention_convert_entry(const uint64 *entry, OccasionShape shape,
									uint64 *converted, OccasionShape to);
extern bool retention_convert_run(const Run *run, OccasionShape shape, Run *converted,
								  OccasionShape to);

/* The most words a run of these entries takes: each a customer of his own. */
static inline int64
group_words(int64 entries, OccasionShape shape)
{
	return entries * (customer_words(shape) + occasion_words(shape));
}

#endif							/* RETENTION_OCCASION_H */
