/*-------------------------------------------------------------------------
 *
 * rate.c
 *	  Purchase frequency, O / C, and repeat rate, the share of the customers
 *	  who have more than one order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metric/base_formula.h"

bool
retention_purchase_frequency(const BaseTotals *totals, double *result)
{
	if (totals->customers <= 0)
		return false;
	*result = (double) totals->orders / (double) totals->customers;
	if (totals_need_share(totals))
		*result *= totals_share(totals);
	return true;
}

bool
retention_repeat_rate(const BaseTotals *totals, double *result)
{
	if (totals->customers <= 0)
		return false;
	*result = (double) totals->repeaters / (double) totals->customers;
	return true;
}
