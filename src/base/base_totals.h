/*-------------------------------------------------------------------------
 *
 * base_totals.h
 *	  What a customer base knows as a whole: the input of every formula.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_BASE_TOTALS_H
#define RETENTION_BASE_TOTALS_H

#include "postgres.h"

#include "order/amount.h"
#include "order/customer.h"
#include "order/instant.h"
#include "order/money_total.h"

#define SAMPLE_MIN		16
#define SAMPLE_MAX		(1 << 20)

/* Of a set of customers, as their entries say it. */
typedef struct EntryCounts
{
	int64		customers;		/* with an order */
	int64		repeaters;		/* with more than one */
	int64		orders;
	int64		first;			/* INSTANT_NEVER_FIRST if there is no order, or no times */
	int64		last;
	uint64		lifespan[2];	/* sum over customers, 128 bits of microseconds */
	uint64		revenue[SUM_WORDS]; /* units, without what is kept elsewhere */
} EntryCounts;

/* Of rows, whoever's they are; money without what is kept elsewhere. */
typedef struct RowCounts
{
	int64		refunds;
	int64		guest_orders;
	int64		guest_refunds;
	int64		scale_rows;		/* of lines: whose amount has the most digits */
	uint64		refunded[SUM_WORDS];
	uint64		guest_revenue[SUM_WORDS];
} RowCounts;

typedef struct BaseTotals
{
	KeyKind		key;
	TimeKind	time;
	AmountKind	amount;

	/*
	 * A sample keeps up to so many customers, those whose hashes are not above
	 * the bound; 0 if all are kept.  Then the numbers of customers, repeaters
	 * and lifespans are of those it kept, and the others of all, unless the
	 * customers are selected: then everything is of those it kept, and refunds
	 * are not known.
	 */
	int32		sample;
	uint64		bound;
	bool		selected;

	int64		entries;		/* identities, those who only had refunds too */
	int64		customers;		/* with an order */
	int64		repeaters;		/* with more than one */
	int64		orders;
	int64		refunds;
	int64		guest_orders;
	int64		guest_refunds;

	/* if times are known */
	uint64		lifespan[2];	/* sum over customers, 128 bits of microseconds */
	int64		first;			/* INSTANT_NEVER_FIRST if there is no order */
	int64		last;

	/* if amounts are known; else their limbs are NULL */
	Money		revenue;		/* less the refunds, without guests */
	Money		refunded;		/* negative, as the rows say it */
	Money		guest_revenue;
} BaseTotals;

/* Has the sample dropped customers? */
static inline bool
totals_are_estimates(const BaseTotals *totals)
{
	return totals->bound != PG_UINT64_MAX;
}

/*
 * The share of all customers that a sample has kept: of all hashes, those up
 * to its bound.
 */
static inline double
totals_share(const BaseTotals *totals)
{
	return totals_are_estimates(totals) ?
		((double) totals->bound + 1.0) / 18446744073709551616.0 : 1.0;
}

/*
 * A sum over all customers (orders, revenue), divided by a number of those
 * that a sample has kept, is to be multiplied by their share.  Of selected
 * customers both are of those kept.
 */
static inline bool
totals_need_share(const BaseTotals *totals)
{
	return totals_are_estimates(totals) && !totals->selected;
}

/* 128-bit sum += 64-bit number that is not negative (or, with a minus, -=). */
static inline void
lifespan_add(uint64 *sum, uint64 plus, uint64 minus)
{
	uint64		low = sum[0] + plus;

	sum[1] += low < plus;
	sum[1] -= low < minus;
	sum[0] = low - minus;
}

static inline void
counts_begin(EntryCounts *counts)
{
	memset(counts, 0, sizeof(EntryCounts));
	counts->first = INSTANT_NEVER_FIRST;
	counts->last = INSTANT_NEVER_LAST;
}

/*
 * Count a customer who wasn't; facts are the number of orders and, if times are
 * known, of the first and the last one.
 */
static inline void
counts_add_customer(EntryCounts *counts, const uint64 *facts, bool has_time)
{
	int64		orders = (int64) facts[0];

	counts->customers += orders > 0;
	counts->repeaters += orders > 1;
	counts->orders += orders;
	if (has_time && (int64) facts[1] <= (int64) facts[2])
	{
		/* unsigned: 4713 BC to 294276 AD is more than 2^63 microseconds */
		lifespan_add(counts->lifespan, facts[2] - facts[1], 0);
		counts->first = Min(counts->first, (int64) facts[1]);
		counts->last = Max(counts->last, (int64) facts[2]);
	}
}

extern void retention_counts_add(EntryCounts *counts, const EntryCounts *others);
extern void retention_totals_begin(BaseTotals *totals, KeyKind key, TimeKind time, AmountKind amount);
extern void retention_totals_add_counts(BaseTotals *totals, const EntryCounts *counts, Money wide, int scale);
extern void retention_totals_add_rows(BaseTotals *totals, const RowCounts *rows, Money refunded,
									  Money guest_revenue, int scale);
extern bool retention_sample_is_random(int64 kept, double expected);
extern bool retention_sample_is_fair(const BaseTotals *totals);

#endif							/* RETENTION_BASE_TOTALS_H */
