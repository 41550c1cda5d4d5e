/*-------------------------------------------------------------------------
 *
 * estimated_count.c
 *	  How many customers, orders and how much revenue there is, where a sample
 *	  has kept a share of the customers.
 *
 * What was counted of those kept, divided by their share, estimates without
 * bias what would be counted of all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "metric/base_formula.h"
#include "metric/exact_numeric.h"

static int64
divide_by_share(const BaseTotals *totals, int64 kept)
{
	double		all = rint((double) kept / totals_share(totals));

	if (all >= 9223372036854775808.0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bigint out of range")));
	return (int64) all;
}

/* Of all customers, where so many were kept. */
int64
retention_all_customers(const BaseTotals *totals, int64 kept)
{
	return totals_are_estimates(totals) ? divide_by_share(totals, kept) : kept;
}

/* A sample knows the orders of those it dropped, unless its customers are selected. */
int64
retention_all_orders(const BaseTotals *totals)
{
	return totals_are_estimates(totals) && totals->selected ?
		divide_by_share(totals, totals->orders) : totals->orders;
}

/* Likewise; to the digits of the amounts. */
Datum
retention_all_revenue(const BaseTotals *totals)
{
	Datum		revenue = retention_money_numeric(totals->revenue);

	if (!totals_are_estimates(totals) || !totals->selected)
		return revenue;
	return DirectFunctionCall2(numeric_round,
							   exact_divide(exact_multiply(revenue, exact_share_denominator()),
											exact_share_numerator(totals)),
							   Int32GetDatum(totals->revenue.scale));
}
