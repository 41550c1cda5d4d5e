/*-------------------------------------------------------------------------
 *
 * distribution.h
 *	  What takes all customers of a base and not only its totals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_DISTRIBUTION_H
#define RETENTION_DISTRIBUTION_H

#include "postgres.h"

#include "base/base_packed.h"

/* An order-preserving number for what each customer has paid, and back. */
typedef struct Spending
{
	int64		n;				/* customers with an order */
	bool		narrow;			/* the numbers are units of money, else float8 */
	uint64	   *keys;			/* ascending */

	/*
	 * If asked for, and not narrow: what each customer has paid, in all its digits.
	 * Ascending, where the float8 are equal too.
	 */
	Money	   *moneys;
	int			scale;			/* digits of the money */
	double		all;			/* what they have paid together, as spent() has it */
} Spending;

extern Spending retention_spending(const struct varlena *packed, bool exact);
extern bool retention_top_shares(const Spending *spending, const double *fractions, int n,
								 double *results);
extern bool retention_gini(const Spending *spending, double *result);

/* What one customer has paid, of a narrow spending, in units of money. */
static inline int64
spending_units(const Spending *spending, int64 i)
{
	return (int64) (spending->keys[i] ^ (UINT64CONST(1) << 63));
}

/* What one customer has paid, in all its digits; "units" is room for it. */
static inline Money
spending_money(const Spending *spending, int64 i, uint64 *units)
{
	if (!spending->narrow)
		return spending->moneys[i];
	*units = (uint64) spending_units(spending, i);
	return retention_units_money(units, 1, units_scale(spending->scale));
}

/* Customers with the same number of orders. */
typedef struct OrderCounts
{
	int64		n;				/* customers with an order */
	uint64	   *orders;			/* of each of them, ascending */
} OrderCounts;

extern OrderCounts retention_order_counts(const struct varlena *packed);

/* The standard error of a metric's estimate; 0 where it is exact. */
extern bool retention_standard_error(const struct varlena *packed, const char *metric,
									 double *result);

#endif							/* RETENTION_DISTRIBUTION_H */
