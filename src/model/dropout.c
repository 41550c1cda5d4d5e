/*-------------------------------------------------------------------------
 *
 * dropout.c
 *	  What the models that leave after a purchase have in common.
 *
 * A customer who stays alive with probability 1 - p at each purchase makes one
 * more, two more, ... with probabilities 1, 1 - p, ..., as far as the time goes.
 * p is not known but from Beta(a, b), with the b of BG/NBD's formulas already
 * raised by the purchases that they survived.
 *
 *-------------------------------------------------------------------------
 */
#include "model/dropout.h"

#include <float.h>
#include <math.h>

#include "math/exponential_integral.h"
#include "math/quadrature.h"
#include "math/special_functions.h"

/* How much larger than the result its two parts may be: three digits are lost. */
#define CANCELLATION	1e3

/* Terms of a series that are summed; more take longer than an integral. */
#define MANY_TERMS		1000

/* An expectation over p, as an integral over v = ln(p / (1 - p)). */
typedef struct OverP
{
	double		a;
	double		b;
	double		n;
	double		w;				/* or z */
} OverP;

/*
 * The textbook's form (Fader, Hardie & Lee 2005) is a difference of 1 and a
 * hypergeometric function, divided by a - 1.  By Euler's transformation and
 * with the first term, which is what has no limit at a = 1, taken apart, it is
 *
 *		-(C E + S e^(eps L)),  eps = a - 1, C = a + b - 1, L = -ln(1 + w),
 *
 * E = (e^(eps L) - 1) / eps, and S a series in z = w / (1 + w) that has no
 * pole either.  Returns NaN where too much cancels, or S is too long.
 */
static double
expected_by_difference(double a, double b, double n, double w)
{
	double		eps = a - 1;
	double		c = a + b - 1;
	double		rest = c - n;
	double		z = w / (1 + w);
	double		l = -log1p(w);
	double		e = eps == 0 ? l : expm1(eps * l) / eps;
	double		term = rest * z;
	double		sum = term;
	double		largest = fabs(term);
	double		first,
				second,
				result;

	for (int k = 1;; k++)
	{
		term *= (eps + k) * (rest + k) / ((c + k) * (k + 1)) * z;
		sum += term;
		largest = fmax(largest, fabs(term));
		if (fabs(term) <= fabs(sum) * (DBL_EPSILON / 16) * (1 - z))
			break;
		if (k == MANY_TERMS)
			return NAN;
	}
	first = c * e;
	second = sum * exp(eps * l);
	result = -(first + second);

	/* what cancels is the two parts, or with a negative "rest" terms of S */
	largest *= exp(eps * l);
	if (!isfinite(result) || !(fmax(fabs(first), fmax(fabs(second), largest)) <= CANCELLATION * result))
		return NAN;
	return result;
}

/*
 * By the number k of purchases that they would make if they stayed: the sum of its
 * probability times retention_dropout_purchases.  Nothing in it is negative.
 */
static double
expected_by_sum(double a, double b, double n, double w)
{
	double		z = w / (1 + w);
	double		probability = exp(-n * log1p(w));
	double		stays = 1;
	double		purchases = 0;
	double		sum = 0;

	for (int k = 0;; k++)
	{
		double		term;

		/* from k to k + 1 */
		purchases += stays;
		stays *= (b + k) / (a + b + k);
		probability *= z * (n + k) / (k + 1);
		term = probability * purchases;
		sum += term;
		/* what is left falls like z^k at least, once the ratio is below that */
		if (k > n * w && term <= sum * (DBL_EPSILON / 16) * (1 - z))
			return sum;
	}
}

/* ln of: p^a (1 - p)^b, which is the density of v up to a factor, times (1 - (1 + p w)^-n) / p */
static double
log_purchases(void *arg, double v)
{
	const OverP *over = arg;
	double		log_p = -retention_softplus(-v);
	double		p = exp(log_p);
	double		exponent = over->n * log1p(p * over->w);
	double		result = over->a * log_p - over->b * retention_softplus(v);

	/* p may be too small for a double */
	if (exponent < 1e-17)
		return result + log(over->n * over->w);
	return result + log(-expm1(-exponent)) - log_p;
}

static double
expectation(Integrand log_f, OverP *over)
{
	/* the integrand may be largest elsewhere, but not by far */
	double		guess = log(over->a / over->b);

	return exp(retention_log_line_integral(log_f, over, guess) - retention_log_beta(over->a, over->b));
}

double
retention_dropout_expected(double a, double b, double n, double w)
{
	double		terms;
	double		result;
	OverP		over = {a, b, n, w};

	if (!(w > 0))
		return 0;
	if (isinf(w))
		return retention_dropout_purchases(a, b, INFINITY);

	/* (expected_by_difference would need about 40 (1 + w) terms) */
	if (w < MANY_TERMS / 40)
	{
		result = expected_by_difference(a, b, n, w);
		if (!isnan(result))
			return result;
	}

	terms = n * w + 10 * sqrt(n * w * (1 + w)) + 40 * (1 + w);
	if (terms < MANY_TERMS && n * log1p(w) < 600)
		return expected_by_sum(a, b, n, w);

	return expectation(log_purchases, &over);
}

static double
log_discounted(void *arg, double v)
{
	const OverP *over = arg;
	double		log_p = -retention_softplus(-v);
	double		p = exp(log_p);
	double		result = over->a * log_p - over->b * retention_softplus(v);
	double		y = over->w / p;

	/* g(y, s) = 1 / (y + s) for large y, up to s / y^2 of it */
	if (!(y < 1e20))
		return result - log(over->w + (over->n + 1) * p);
	return result + log(retention_scaled_expint(over->n + 1, y)) - log_p;
}

double
retention_dropout_discounted(double a, double b, double n, double z)
{
	OverP		over = {a, b, n, z};

	if (!(z > 0))
		return retention_dropout_purchases(a, b, INFINITY);
	if (isinf(z))
		return 0;
	return n * expectation(log_discounted, &over);
}

/*
 * The sum is (c / eps) (1 - (b)_m / (c)_m), eps = a - 1, c = b + eps; and the
 * ratio is that of Beta functions, B(eps, b + m) / B(eps, b), or one over it.
 */
double
retention_dropout_purchases(double a, double b, double m)
{
	double		eps = a - 1;
	double		c = b + eps;

	if (isinf(m))
		return eps > 0 ? c / eps : INFINITY;

	/* few, or a sum that begins below its pole: the first ones one by one */
	if (m <= 1)
		return m;
	if (m <= 8 && m == floor(m))
	{
		double		stays = 1;
		double		sum = 1;

		for (int k = 0; k < m - 1; k++)
		{
			stays *= (b + k) / (a + b + k);
			sum += stays;
		}
		return sum;
	}
	if (c <= 0.5)
		return 1 + b / (a + b) * retention_dropout_purchases(a, b + 1, m - 1);

	if (fabs(eps) < 1e-14)
		return c * retention_digamma_rise(b, m);
	return c / eps * -expm1(eps > 0
							? retention_log_beta_rise(eps, b, m)
							: -retention_log_beta_rise(-eps, c, m));
}

/*
 * They leave at the m-th purchase with the probability that they get there, (b)_{m-1} /
 * (a + b)_{m-1}, times a / (a + b + m - 1); which is a / (a + b) times the probability to get
 * there with a + 1 in place of a.  So the purchases that are expected of one with a + 1 tell
 * how likely one with a leaves.
 */
double
retention_dropout_stays(const PurchaseModel *model, const Buyer *buyer, double chances, double t)
{
	double		a = model->params[2];
	double		b = model->params[3] + chances;
	PurchaseModel other = *model;
	double		if_alive;

	other.params[2] = a + 1;
	if_alive = exp(log(other.kind->expected(&other, buyer, t)) - other.kind->log_alive(&other, buyer));
	return fmax(1 - a / (a + b) * if_alive, 0);
}

bool
retention_dropout_leaves(RandomStream *stream, Habit *habit, double a, double b, bool after_first)
{
	bool		may_leave = habit->repeats || after_first;

	habit->repeats = true;
	if (!may_leave)
		return false;
	/* of most customers nobody ever asks */
	if (habit->leaving < 0)
		habit->leaving = retention_random_beta(stream, a, b);
	return retention_random_uniform(stream) < habit->leaving;
}

static double
log_generating(void *arg, double v)
{
	const OverP *over = arg;
	double		log_p = -retention_softplus(-v);

	return over->a * log_p - over->b * retention_softplus(v)
		- log(over->w + over->n * exp(log_p));
}

/*
 * A hypergeometric function, 2F1(b, 1; a + b; y), by Gauss's continued fraction
 * from the front (Lentz); as y nears 1 it takes ever more steps.
 */
double
retention_dropout_generating(double a, double b, double y, double lacks)
{
	double		sum = a + b;
	double		c = 1;
	double		d = 0;
	double		fraction = 1;
	OverP		over = {a, b, y, lacks};

	for (int m = 0; m < MANY_TERMS / 2; m++)
	{
		double		g = m == 0 ? b / sum : (b + m) * (sum - 1 + m) / ((sum + 2 * m - 1) * (sum + 2 * m));
		double		change;

		d = 1 / (1 - g * y * d);
		c = 1 - g * y / c;
		fraction *= c * d;
		g = (m + 1) * (a + m) / ((sum + 2 * m) * (sum + 2 * m + 1));
		d = 1 / (1 - g * y * d);
		c = 1 - g * y / c;
		change = c * d;
		fraction *= change;
		if (fabs(change - 1) <= DBL_EPSILON)
			return 1 / fraction;
	}
	return expectation(log_generating, &over);
}
