/*-------------------------------------------------------------------------
 *
 * value.c
 *	  Average order value, R / O, and customer value, R / C.
 *
 * The numeric answers are what sum(amount) / count(*) gives, digit by digit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metric/exact.h"
#include "metric/formula.h"

static bool
revenue_per(const BaseTotals *totals, int64 count, Datum *result)
{
	if (totals->revenue.limbs == NULL || count <= 0)
		return false;
	*result = exact_divide(retention_money_numeric(totals->revenue), exact_integer(count));
	return true;
}

static bool
revenue_per_float8(const BaseTotals *totals, int64 count, double *result)
{
	if (totals->revenue.limbs == NULL || count <= 0)
		return false;
	*result = retention_money_float8(totals->revenue) / (double) count;
	return true;
}

bool
retention_aov(const BaseTotals *totals, Datum *result)
{
	return revenue_per(totals, totals->orders, result);
}

bool
retention_aov_float8(const BaseTotals *totals, double *result)
{
	return revenue_per_float8(totals, totals->orders, result);
}

bool
retention_customer_value(const BaseTotals *totals, Datum *result)
{
	return revenue_per(totals, totals->customers, result);
}

bool
retention_customer_value_float8(const BaseTotals *totals, double *result)
{
	return revenue_per_float8(totals, totals->customers, result);
}
