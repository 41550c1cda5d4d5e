/*-------------------------------------------------------------------------
 *
 * contract.c
 *	  Models of customers with a contract: how many are left after n renewals.
 *
 * sBG: Fader & Hardie (2007, Journal of Interactive Marketing 21, 76-90) and,
 * for what a customer is still worth, (2010, Marketing Science 29, 85-93).
 * BdW: Fader, Hardie, Liu, Davin & Steenburgh (2018, "How to project customer
 * retention" revisited, Journal of Interactive Marketing 43, 1-16).
 *
 * sBG is BdW with c = 1, and is computed as that: what there is to know is in
 * S(n) = B(a, b + n^c) / B(a, b) and in what is left of it from one n to a
 * later one, which retention_log_beta_rise gives with all its digits.
 *
 *-------------------------------------------------------------------------
 */
#include "model/contract.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "math/quadrature.h"
#include "math/special_functions.h"

enum
{
	A, B, C
};

static double
exponent(const ContractKind *kind, const double *params)
{
	return kind->about.nparams > C ? params[C] : 1.0;
}

static double
power(double n, double c)
{
	return c == 1.0 ? n : pow(n, c);
}

/* later^c - earlier^c, of which nothing is lost where they are close */
static double
power_rise(double earlier, double later, double c)
{
	if (c == 1.0)
		return later - earlier;
	if (earlier > 0.0)
		return pow(earlier, c) * expm1(c * log(later / earlier));
	return pow(later, c);
}

/* ln of the share of those left after "earlier" that are after "later", too */
static double
log_kept(const ContractKind *kind, const double *params, double earlier, double later)
{
	double		c = exponent(kind, params);

	return retention_log_beta_rise(params[A], params[B] + power(earlier, c),
								   power_rise(earlier, later, c));
}

static double
contract_log_survival(const ContractKind *kind, const double *params, double n)
{
	return log_kept(kind, params, 0.0, n);
}

static double
contract_retention(const ContractKind *kind, const double *params, double n)
{
	return exp(log_kept(kind, params, n - 1.0, n));
}

/* Adds the derivatives of log_kept, so many times. */
static void
add_derivatives(const ContractKind *kind, const double *params, double earlier, double later,
				double times, double *gradient)
{
	double		a = params[A];
	double		c = exponent(kind, params);
	double		from = params[B] + power(earlier, c);
	double		rise = power_rise(earlier, later, c);

	gradient[A] -= times * retention_digamma_rise(a + from, rise);
	gradient[B] += times * (retention_digamma_rise(from, rise)
							- retention_digamma_rise(a + from, rise));
	if (kind->about.nparams > C)
	{
		/* n^c ln n is 0 at n = 0 */
		if (earlier > 0.0)
			gradient[C] += times * retention_digamma_rise(from, a) * pow(earlier, c) * log(earlier);
		if (later > 0.0)
			gradient[C] -= times * retention_digamma_rise(from + rise, a) * pow(later, c) * log(later);
	}
}

static double
contract_loglik(const ContractKind *kind, const double *params,
						  const ContractPeriod *periods, int nperiods, double *gradient)
{
	double		sum = 0.0;

	for (int i = 1; i < nperiods; i++)
	{
		const ContractPeriod *before = &periods[i - 1];
		const ContractPeriod *after = &periods[i];
		double		lost = before->survivors - before->ended - after->survivors;
		double		kept = log_kept(kind, params, before->period, after->period);

		/* one by one: who is left stays with kept, who is lost with 1 - kept */
		if (after->survivors > 0.0)
		{
			sum += after->survivors * kept;
			add_derivatives(kind, params, before->period, after->period,
							after->survivors, gradient);
		}
		if (lost > 0.0)
		{
			sum += lost * log(-expm1(kept));
			add_derivatives(kind, params, before->period, after->period,
							-lost / expm1(-kept), gradient);
		}
	}
	return sum;
}

/* As many leave at first as did; later ones are like a uniform choice of risks. */
static void
contract_start(const ContractKind *kind, const ContractPeriod *periods,
						 int nperiods, double *params)
{
	double		kept = 0.5;

	if (nperiods > 1 && periods[0].survivors > periods[0].ended && periods[1].survivors > 0.0)
		kept = pow(periods[1].survivors / (periods[0].survivors - periods[0].ended),
				   1.0 / (periods[1].period - periods[0].period));
	kept = fmin(fmax(kept, 0.01), 0.99);

	params[A] = 1.0;
	params[B] = kept / (1.0 - kept);
	if (kind->about.nparams > C)
		params[C] = 1.0;
}

/*
 * Lifetimes.  What is summed is
 *
 *		f(n) = S(n) / S(age) * (1 + d)^-(n - age - 1), n = age + 1, age + 2, ...
 *
 * which with a small d, or none, goes on for ever and hardly shrinks.  So after
 * some terms the rest is the integral of f, and half a term, and so on:
 * Gregory's formula, which is Euler and Maclaurin's with differences of f for
 * its derivatives.
 */
typedef struct Lifetime
{
	double		a;
	double		c;
	double		from;			/* b + age^c */
	double		age;
	double		discount;		/* ln(1 + d) */
} Lifetime;

#define DIFFERENCES		8
#define FEWEST_TERMS	32
#define MOST_TERMS		100000

/* Where the differences are so small against the sum, the series may end. */
#define ACCURACY		1e-13

/* 1/ln(1 + y) - 1/y in powers of y */
static const double gregory[DIFFERENCES + 1] = {
	1.0 / 2, -1.0 / 12, 1.0 / 24, -19.0 / 720, 3.0 / 160, -863.0 / 60480, 275.0 / 24192,
	-33953.0 / 3628800, 8183.0 / 1036800
};

static double
term(const Lifetime *life, double n)
{
	return exp(retention_log_beta_rise(life->a, life->from, power_rise(life->age, n, life->c))
			   - life->discount * (n - life->age - 1.0));
}

/* f(n) * n, where n = e^w may be more than a double holds: that's the integrand by w. */
static double
tail_integrand(void *arg, double w)
{
	const Lifetime *life = arg;
	double		rise = life->age > 0.0
		? pow(life->age, life->c) * expm1(life->c * (w - log(life->age)))
		: exp(life->c * w);
	double		discounted = life->discount > 0.0
		? life->discount * (exp(w) - life->age - 1.0) : 0.0;

	return exp(retention_log_beta_rise(life->a, life->from, rise) + w - discounted);
}

/*
 * The integral of f from n on.  With a discount it ends where that has left
 * nothing.  Without one it ends where f is a power of n, whose integral is
 * known.
 */
static double
tail(Lifetime *life, double n)
{
	double		low = log(n);
	double		high;
	double		rest = 0.0;

	if (life->discount > 0.0)
		high = log(n + 45.0 / life->discount);
	else
	{
		high = fmax(low, log(1e15 * (1.0 + life->a) * (life->a + life->from)) / life->c);
		rest = tail_integrand(life, high) / (life->a * life->c - 1.0);
	}
	return rest + retention_integrate(tail_integrand, life, low, high, ACCURACY);
}

static double
contract_lifetime(const ContractKind *kind, const double *params, double age, double d)
{
	double		c = exponent(kind, params);
	Lifetime	life = {params[A], c, params[B] + power(age, c), age, log1p(d)};
	double		recent[DIFFERENCES + 1];	/* f(n), f(n + 1), ... */
	double		sum = 0.0;
	double		correction;
	double		n = age + 1.0;

	if (!(d > 0.0) && life.a * c <= 1.0)
		return INFINITY;

	for (int i = 0; i <= DIFFERENCES; i++)
		recent[i] = term(&life, n + i);

	for (int terms = 1;; terms++)
	{
		double		differences[DIFFERENCES + 1];

		correction = 0.0;
		memcpy(differences, recent, sizeof(differences));
		for (int i = 0; i <= DIFFERENCES; i++)
		{
			correction += gregory[i] * differences[0];
			for (int j = 0; j < DIFFERENCES - i; j++)
				differences[j] = differences[j + 1] - differences[j];
		}
		/* the last difference is what the next one, left out, is less than */
		if ((terms > FEWEST_TERMS
			 && fabs(gregory[DIFFERENCES] * differences[0]) <= ACCURACY * sum)
			|| terms > MOST_TERMS)
			break;

		sum += recent[0];
		n++;
		memmove(recent, recent + 1, DIFFERENCES * sizeof(double));
		recent[DIFFERENCES] = term(&life, n + DIFFERENCES);
	}
	return sum + correction + tail(&life, n);
}

const ContractKind retention_sbg = {
	.about = {
		.type = MODEL_RETENTION,
		.number = 1,
		.name = "sbg",
		.aliases = {"shifted-beta-geo", "shifted-beta-geometric"},
		.nparams = 2,
		.params = {"a", "b"},
		.ratios = {[A] = {[B] = 1}} /* a / b */
	},
	.start = contract_start,
	.loglik = contract_loglik,
	.log_survival = contract_log_survival,
	.retention = contract_retention,
	.lifetime = contract_lifetime
};

const ContractKind retention_bdw = {
	.about = {
		.type = MODEL_RETENTION,
		.number = 2,
		.name = "bdw",
		.aliases = {"beta-discrete-Weibull"},
		.nparams = 3,
		.params = {"a", "b", "c"},
		.ratios = {[A] = {[B] = 1}}
	},
	.start = contract_start,
	.loglik = contract_loglik,
	.log_survival = contract_log_survival,
	.retention = contract_retention,
	.lifetime = contract_lifetime
};
