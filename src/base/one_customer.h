/*-------------------------------------------------------------------------
 *
 * one_customer.h
 *	  The state of an aggregate over the orders of one customer.
 *
 * Under GROUP BY customer there are as many states as customers, so this one
 * is as small as can be: no identity, no table, a few words.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_ONE_CUSTOMER_H
#define RETENTION_ONE_CUSTOMER_H

#include "postgres.h"

#include "base/base_totals.h"
#include "base/customer_table.h"

typedef struct OneCustomer
{
	int32		vl_len_;
	uint8		form;			/* FORM_ONE_CUSTOMER */
	uint8		key;			/* KEY_NONE */
	uint8		time;			/* TimeKind */
	uint8		amount;			/* AmountKind */

	uint16		scale;
	uint16		nlimbs;
	uint32		unused;
	int64		orders;
	int64		scale_rows;		/* rows whose amount has "scale" digits */

	/* first and last order if times are known, then the revenue */
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} OneCustomer;

static inline uint64 *
one_customer_money(OneCustomer *one)
{
	return one->words + (one->time == TIME_NONE ? 0 : 2);
}

static inline Size
one_customer_size(TimeKind time, int nlimbs)
{
	return offsetof(OneCustomer, words) +
		((time == TIME_NONE ? 0 : 2) + nlimbs) * sizeof(uint64);
}

static inline void
one_customer_see(OneCustomer *one, int64 first, int64 last)
{
	one->words[0] = (uint64) Min((int64) one->words[0], first);
	one->words[1] = (uint64) Max((int64) one->words[1], last);
}

extern OneCustomer *retention_one_customer_create(TimeKind time, AmountKind amount);
extern OneCustomer *retention_one_customer_widen(OneCustomer *one, int scale, int nlimbs);
extern OneCustomer *retention_one_customer_add(OneCustomer *one, Money money);
extern OneCustomer *retention_one_customer_merge(OneCustomer *one, const BaseTotals *totals);
extern void retention_one_customer_totals(OneCustomer *one, BaseTotals *totals);

#endif							/* RETENTION_ONE_CUSTOMER_H */
