/*-------------------------------------------------------------------------
 *
 * gamma_gamma.c
 *	  The gamma-gamma model: what customers spend on a purchase.
 *
 * Colombo & Jiang (1999, Journal of Interactive Marketing 13(4), 2-12);
 * Fader, Hardie & Lee (2005, Journal of Marketing Research 42, 415-430); Fader
 * & Hardie, "The gamma-gamma model of monetary value" (2013).  Amounts of one
 * customer are from Gamma(p, nu), so the sum of x of them is from
 * Gamma(p x, nu), and nu is from Gamma(q, v) over customers.  The density of
 * the mean amount m of x purchases is then, with y = x m / v,
 *
 *		1 / (m B(p x, q)) * (y / (1 + y))^(p x) * (1 + y)^-q
 *
 * which is the textbook's formula with its large terms already cancelled.
 *
 *-------------------------------------------------------------------------
 */
#include "model/spend_kind.h"

#include <math.h>

#include "math/special_functions.h"

enum
{
	P, Q, V
};

/* Starting values stay within these. */
#define SMALLEST_SHAPE	0.1
#define LARGEST_SHAPE	100.0

/*
 * By moments.  Customers' expected amounts have the mean p v / (q - 1) and the
 * relative variance 1 / (q - 2), and each m differs from that by about
 * 1 / (p x) more.  What the relative variance of all m is made of can't be seen
 * without more work, so half of it goes to each.
 */
static void
gamma_start(const SpendCell *cells, int ncells, double *params)
{
	double		customers = 0.0;
	double		mean = 0.0;
	double		inverse_x = 0.0;
	double		squares = 0.0;
	double		half;

	for (int i = 0; i < ncells; i++)
	{
		customers += cells[i].customers;
		mean += cells[i].customers * cells[i].m;
		inverse_x += cells[i].customers / cells[i].x;
	}
	mean /= customers;
	inverse_x /= customers;
	for (int i = 0; i < ncells; i++)
	{
		double		relative = cells[i].m / mean - 1.0;

		squares += cells[i].customers * relative * relative;
	}
	half = squares / customers / 2.0;

	params[P] = fmin(fmax(inverse_x / half, SMALLEST_SHAPE), LARGEST_SHAPE);
	params[Q] = 2.0 + fmin(fmax(1.0 / half, SMALLEST_SHAPE), LARGEST_SHAPE);
	params[V] = mean * (params[Q] - 1.0) / params[P];
}

static double
gamma_loglik(const double *params, const SpendCell *cells, int ncells, double *gradient)
{
	const double p = params[P];
	const double q = params[Q];
	const double v = params[V];
	double		sum = 0.0;
	double		by_p = 0.0;
	double		by_q = 0.0;
	double		by_v = 0.0;
	double		run = -1.0;		/* the x that these three are of */
	double		log_beta = 0.0;
	double		rise_q = 0.0;
	double		rise_px = 0.0;

	for (int i = 0; i < ncells; i++)
	{
		const double weight = cells[i].customers;
		const double x = cells[i].x;
		const double total = x * cells[i].m;
		double		above = log1p(total / v);
		double		below = log1p(v / total);

		if (x != run)
		{
			run = x;
			log_beta = retention_log_beta(p * x, q);
			rise_q = retention_digamma_rise(p * x, q);
			rise_px = retention_digamma_rise(q, p * x);
		}

		sum -= weight * (log(cells[i].m) + log_beta + p * x * below + q * above);
		by_p += weight * x * (rise_q - below);
		by_q += weight * (rise_px - above);
		by_v += weight * (q * total / v - p * x) / (total + v);
	}

	gradient[P] += by_p;
	gradient[Q] += by_q;
	gradient[V] += by_v;
	return sum;
}

/*
 * A mean, weighted by what each is known from, of the customer's own m and of
 * everybody's p v / (q - 1).  There is none if p x + q <= 1.
 */
static double
gamma_expected(const double *params, double x, double m)
{
	const double total = x > 0.0 ? x * m : 0.0;
	const double weight = params[P] * x + params[Q] - 1.0;

	if (!(weight > 0.0))
		return NAN;
	return params[P] * (params[V] + total) / weight;
}

/*
 * What is known of nu is Gamma(p x + q, v + x m).  The mean amount is p / nu, and an
 * amount's variance p / nu^2.
 */
static void
gamma_squares(const double *params, double x, double m, double *of_mean, double *of_amount)
{
	const double scale = params[P] * (params[V] + (x > 0.0 ? x * m : 0.0));
	const double shape = params[P] * x + params[Q];

	*of_mean = shape > 2.0 ? scale / (shape - 1.0) * (scale / (shape - 2.0)) : INFINITY;
	*of_amount = *of_mean * (1.0 + 1.0 / params[P]);
}

/* The mean amount is p / nu, and nu is from Gamma(p x + q, v + x m), given what they have spent. */
static double
gamma_median(const double *params, double x, double m)
{
	const double total = x > 0.0 ? x * m : 0.0;

	return params[P] * (params[V] + total) / retention_gamma_median(params[P] * x + params[Q]);
}

static double
gamma_enter(const double *params, RandomStream *stream)
{
	return retention_random_gamma(stream, params[Q]) / params[V];
}

static double
gamma_amount(const double *params, RandomStream *stream, double nu, double coins)
{
	return coins * retention_random_gamma(stream, params[P]) / nu;
}

const SpendKind retention_gamma_gamma = {
	.about = {
		.type = MODEL_SPEND,
		.number = 1,
		.name = "gamma-gamma",
		.nparams = 3,
		.params = {"p", "q", "v"},
		.units = {PARAM_PURE, PARAM_PURE, PARAM_MONEY},
		.ratios = {[V] = {[P] = -1, [Q] = 1}}	/* p v / q */
	},
	.start = gamma_start,
	.loglik = gamma_loglik,
	.expected = gamma_expected,
	.median = gamma_median,
	.squares = gamma_squares,
	.enter = gamma_enter,
	.amount = gamma_amount
};
