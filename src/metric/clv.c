/*-------------------------------------------------------------------------
 *
 * clv.c
 *	  Customer lifetime value.
 *
 * Of a store: m * (R / C) / observation * lifespan, both times in the same
 * unit, so that frequency over two years of data is not taken for frequency
 * per year.  Discounted at d a year, money that comes evenly over t years is
 * worth (1 - (1 + d)^-t) / ln(1 + d) years of it instead of t.
 *
 * Of one customer, whose orders are known and not those of a store:
 * R / O * lifespan in years.
 *
 * Everything but the discount is exact up to one division at the end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "metric/base_formula.h"
#include "metric/exact_numeric.h"
#include "order/duration.h"

#include "utils/float.h"

#define DISCOUNT_DIGITS		60	/* worked with */
#define YEARS_DIGITS		20	/* kept */

/* The time that the data cover. */
bool
retention_observation_usecs(const BaseTotals *totals, const ClvOptions *options, Datum *result)
{
	if (options->observation)
		*result = exact_integer(retention_duration_usecs(options->observation, "observation"));
	else if (totals->time == TIME_NONE || totals->first > totals->last)
		return false;
	else
		*result = exact_wide((uint64) totals->last - (uint64) totals->first, 0);
	return true;
}

/* The time that a customer stays. */
bool
retention_clv_lifespan_usecs(const BaseTotals *totals, const ClvOptions *options, Datum *result)
{
	if (options->lifespan == NULL)
		return retention_lifespan_usecs(totals, result);
	*result = exact_integer(retention_duration_usecs(options->lifespan, "lifespan"));
	return true;
}

/*
 * The years that money over these microseconds is worth.  A small rate leaves
 * little of 1 - (1 + d)^-t, so take many digits; one that is smaller than
 * they reach makes no difference.
 */
static Datum
discounted_years(Datum usecs, Datum rate)
{
	Datum		years = exact_divide(usecs, exact_integer(YEAR_USECS));
	Datum		growth = DirectFunctionCall2(numeric_round,
											 exact_add(exact_integer(1), rate),
											 Int32GetDatum(DISCOUNT_DIGITS));
	Datum		worth;

	if (exact_compare(growth, exact_integer(1)) == 0)
		return years;
	worth = DirectFunctionCall2(numeric_power, growth,
								DirectFunctionCall1(numeric_uminus, years));
	years = exact_divide(exact_subtract(exact_integer(1), worth),
						 DirectFunctionCall1(numeric_ln, growth));
	return DirectFunctionCall2(numeric_round, years, Int32GetDatum(YEARS_DIGITS));
}

bool
retention_clv(const BaseTotals *totals, const ClvOptions *options, Datum *result)
{
	Datum		numerator;
	Datum		denominator;
	Datum		observation;
	Datum		lifespan;

	if (totals->revenue.limbs == NULL || totals->customers <= 0)
		return false;
	numerator = retention_money_numeric(totals->revenue);

	if (options->margin)
		numerator = exact_multiply(numerator, options->margin);

	if (totals->key == KEY_NONE)
		/* one customer: AOV times years, nothing to observe */
		denominator = exact_multiply(exact_integer(totals->orders),
									 exact_integer(YEAR_USECS));
	else
	{
		if (!retention_observation_usecs(totals, options, &observation) ||
			exact_compare(observation, exact_integer(0)) == 0)
			return false;
		denominator = exact_multiply(exact_integer(totals->customers), observation);
		if (totals_need_share(totals))
		{
			numerator = exact_multiply(numerator, exact_share_numerator(totals));
			denominator = exact_multiply(denominator, exact_share_denominator());
		}
	}

	if (options->discount_rate &&
		exact_compare(options->discount_rate, exact_integer(0)) > 0)
	{
		if (!retention_clv_lifespan_usecs(totals, options, &lifespan))
			return false;
		numerator = exact_multiply(numerator,
								   exact_multiply(exact_integer(YEAR_USECS),
												  discounted_years(lifespan,
																   options->discount_rate)));
	}
	else if (options->lifespan)
	{
		if (!retention_clv_lifespan_usecs(totals, options, &lifespan))
			return false;
		numerator = exact_multiply(numerator, lifespan);
	}
	else
	{
		/* the mean lifespan as a fraction, not as a rounded number */
		if (totals->time == TIME_NONE)
			return false;
		numerator = exact_multiply(numerator, exact_wide(totals->lifespan[0],
														 totals->lifespan[1]));
		denominator = exact_multiply(denominator, exact_integer(totals->customers));
	}
	*result = exact_divide(numerator, denominator);
	return true;
}

/* The same in float8, of what the base itself has measured. */
bool
retention_clv_float8(const BaseTotals *totals, double *result)
{
	double		revenue;
	double		lifespan;
	double		observation;

	if (totals->revenue.limbs == NULL || totals->customers <= 0 || totals->time == TIME_NONE)
		return false;
	revenue = retention_money_float8(totals->revenue);
	lifespan = ((double) totals->lifespan[1] * 18446744073709551616.0 +
				(double) totals->lifespan[0]) / (double) totals->customers;
	if (totals->key == KEY_NONE)
	{
		*result = revenue / (double) totals->orders * (lifespan / (double) YEAR_USECS);
		if (isinf(*result))
			float_overflow_error();
		return true;
	}
	observation = (double) ((uint64) totals->last - (uint64) totals->first);
	if (observation == 0)
		return false;
	*result = revenue / (double) totals->customers / observation * lifespan;
	if (totals_need_share(totals))
		*result *= totals_share(totals);
	return true;
}
