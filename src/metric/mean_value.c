/*-------------------------------------------------------------------------
 *
 * mean_value.c
 *	  Average order value, R / O, and customer value, R / C.
 *
 * The numeric answers are what sum(amount) / count(*) gives, digit by digit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metric/base_formula.h"
#include "metric/exact_numeric.h"

bool
retention_aov(const BaseTotals *totals, Datum *result)
{
	if (totals->revenue.limbs == NULL || totals->orders <= 0)
		return false;
	*result = exact_divide(retention_money_numeric(totals->revenue),
						   exact_integer(totals->orders));
	return true;
}

bool
retention_aov_float8(const BaseTotals *totals, double *result)
{
	if (totals->revenue.limbs == NULL || totals->orders <= 0)
		return false;
	*result = retention_money_float8(totals->revenue) / (double) totals->orders;
	return true;
}

bool
retention_customer_value(const BaseTotals *totals, Datum *result)
{
	Datum		revenue;
	Datum		customers;

	if (totals->revenue.limbs == NULL || totals->customers <= 0)
		return false;
	revenue = retention_money_numeric(totals->revenue);
	customers = exact_integer(totals->customers);
	if (totals_need_share(totals))
	{
		revenue = exact_multiply(revenue, exact_share_numerator(totals));
		customers = exact_multiply(customers, exact_share_denominator());
	}
	*result = exact_divide(revenue, customers);
	return true;
}

bool
retention_customer_value_float8(const BaseTotals *totals, double *result)
{
	if (totals->revenue.limbs == NULL || totals->customers <= 0)
		return false;
	*result = retention_money_float8(totals->revenue) / (double) totals->customers;
	if (totals_need_share(totals))
		*result *= totals_share(totals);
	return true;
}
