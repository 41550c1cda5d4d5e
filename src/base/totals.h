/*-------------------------------------------------------------------------
 *
 * totals.h
 *	  What a customer base knows as a whole: the input of every formula.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_TOTALS_H
#define RETENTION_TOTALS_H

#include "postgres.h"

#include "order/amount.h"
#include "order/customer.h"
#include "order/instant.h"
#include "order/money.h"

#define SAMPLE_MIN		16
#define SAMPLE_MAX		(1 << 20)

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

extern bool retention_sample_is_random(int64 kept, double expected);
extern bool retention_sample_is_fair(const BaseTotals *totals);

#endif							/* RETENTION_TOTALS_H */
