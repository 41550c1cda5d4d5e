/*-------------------------------------------------------------------------
 *
 * stairs.c
 *	  A model of a version that is not: with one parameter more than any has.
 *
 * Of a customer's renewals each of the first five has a chance of its own, and
 * all later ones have one together.  The parameters are the odds.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stddef.h>

#include "model/contract.h"

#define STAIRS	6

static int
stair(double n)
{
	return n < STAIRS ? (int) n - 1 : STAIRS - 1;
}

static double
log_kept(const double *params, double earlier, double later, double times, double *gradient)
{
	double		sum = 0;

	for (double n = earlier + 1; n <= later; n++)
	{
		double		odds = params[stair(n)];

		sum += log(odds / (1 + odds));
		if (gradient)
			gradient[stair(n)] += times / (odds * (1 + odds));
	}
	return sum;
}

static void
stairs_start(const ContractKind *kind, const ContractPeriod *periods, int nperiods, double *params)
{
	for (int i = 0; i < STAIRS; i++)
		params[i] = 1;
}

static double
stairs_loglik(const ContractKind *kind, const double *params, const ContractPeriod *periods, int nperiods,
			  double *gradient)
{
	double		sum = 0;

	for (int i = 1; i < nperiods; i++)
	{
		double		earlier = periods[i - 1].period;
		double		later = periods[i].period;
		double		lost = periods[i - 1].survivors - periods[i].survivors;
		double		kept = log_kept(params, earlier, later, periods[i].survivors, gradient);

		sum += periods[i].survivors * kept;
		if (lost > 0)
			sum += lost * log(-expm1(log_kept(params, earlier, later, -lost / expm1(-kept), gradient)));
	}
	return sum;
}

static double
stairs_log_survival(const ContractKind *kind, const double *params, double n)
{
	return log_kept(params, 0, n, 0, NULL);
}

static double
stairs_retention(const ContractKind *kind, const double *params, double n)
{
	return exp(log_kept(params, n - 1, n, 0, NULL));
}

static double
stairs_lifetime(const ContractKind *kind, const double *params, double age, double d)
{
	double		kept = 1;
	double		sum = 0;
	double		n = age + 1;
	double		last;

	for (; n < STAIRS; n++)
	{
		kept *= stairs_retention(kind, params, n);
		sum += kept;
		kept /= 1 + d;
	}
	last = stairs_retention(kind, params, STAIRS);
	return sum + kept * last / (1 - last / (1 + d));
}

const ContractKind retention_stairs = {
	.about = {
		.type = MODEL_RETENTION,
		.number = 251,
		.name = "stairs",
		.nparams = STAIRS,
		.params = {"first", "second", "third", "fourth", "fifth", "later"}
	},
	.start = stairs_start,
	.loglik = stairs_loglik,
	.log_survival = stairs_log_survival,
	.retention = stairs_retention,
	.lifetime = stairs_lifetime
};
