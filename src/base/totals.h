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

typedef struct BaseTotals
{
	KeyKind		key;
	TimeKind	time;
	AmountKind	amount;

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

#endif							/* RETENTION_TOTALS_H */
