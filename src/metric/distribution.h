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

#include "base/packed.h"

/* An order-preserving number for what each customer has paid, and back. */
typedef struct Spending
{
	int64		n;				/* customers with an order */
	bool		narrow;			/* the numbers are units of money, else float8 */
	uint64	   *keys;			/* ascending */
} Spending;

extern Spending retention_spending(const struct varlena *packed);
extern bool retention_top_share(const Spending *spending, double fraction, double *result);
extern bool retention_gini(const Spending *spending, double *result);

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
