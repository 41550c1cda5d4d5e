/*-------------------------------------------------------------------------
 *
 * special_functions.c
 *	  Special functions that the models are made of.
 *
 * The models' formulas are full of differences of ln Gamma, and of
 * differences of those: ln B(a, b + x) - ln B(a, b) is made of four.  Taken
 * one by one from a library, each is right to its last digit, and yet with
 * b = 1e8 nothing is left of the answer.  So here
 *
 *	- where x is a small integer, differences are what they are by
 *	  Gamma(r + 1) = r Gamma(r): products of x factors, or sums;
 *	- elsewhere they are differences of Stirling's series, term by term, each
 *	  written such that what cancels has been taken out on paper.  Arguments
 *	  below FAR are first moved there by the same recurrence.
 *
 * The series are those of Abramowitz & Stegun (1964), 6.1.40, 6.3.18 and
 * 6.4.12.  From FAR on, seven terms leave out less than 5e-17.
 *
 *-------------------------------------------------------------------------
 */
#include "math/special_functions.h"

#include <float.h>
#include <stdbool.h>

#define FAR			10
#define NTERMS		7

/* Up to here a product of x factors is faster than Stirling's series. */
#define MANY		24

/* Products are put away as logarithms before they leave the range of a double. */
#define HUGE_PRODUCT	1e200
#define TINY_PRODUCT	1e-200

/*
 * In descending powers of 1 / u^2:
 *		ln Gamma(u) = (u - 1/2) ln u - u + ln(2 pi) / 2 + 1/u * (stirling)
 *		psi(u)      = ln u - 1 / (2u) - 1/u^2 * (digamma)
 *		psi'(u)     = 1/u + 1 / (2u^2) + 1/u^3 * (trigamma)
 */
static const double stirling_terms[NTERMS] = {
	1.0 / 156, -691.0 / 360360, 1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12
};

static const double digamma_terms[NTERMS] = {
	1.0 / 12, -691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252, -1.0 / 120, 1.0 / 12
};

static const double trigamma_terms[NTERMS] = {
	7.0 / 6, -691.0 / 2730, 5.0 / 66, -1.0 / 30, 1.0 / 42, -1.0 / 30, 1.0 / 6
};

static inline bool
is_small_integer(double x)
{
	return x <= MANY && x == floor(x);
}

static double
polynomial(const double *terms, double v)
{
	double		sum = terms[0];

	for (int i = 1; i < NTERMS; i++)
		sum = sum * v + terms[i];
	return sum;
}

/*
 * A polynomial's value at w, and (its value at w - its value at v) / (w - v),
 * by Horner's rule for both, which doesn't subtract one from the other.
 */
static double
divided_difference(const double *terms, double v, double w, double *at_w)
{
	double		sum = terms[0];
	double		slope = 0;

	for (int i = 1; i < NTERMS; i++)
	{
		slope = slope * v + sum;
		sum = sum * w + terms[i];
	}
	*at_w = sum;
	return slope;
}

double
retention_lgamma(double x)
{
	int			sign;

	return lgamma_r(x, &sign);
}

double
retention_digamma(double x)
{
	double		below = 0;
	double		p;

	for (; x < FAR; x++)
		below += 1 / x;
	p = 1 / x;
	return log(x) - p * (0.5 + p * polynomial(digamma_terms, p * p)) - below;
}

double
retention_trigamma(double x)
{
	double		below = 0;
	double		p;

	for (; x < FAR; x++)
		below += 1 / (x * x);
	p = 1 / x;
	return p * (1 + p * (0.5 + p * polynomial(trigamma_terms, p * p))) + below;
}

/*
 * What is left of Stirling's series, (stirling) / u: its value at y + x less
 * that at y.
 */
static double
stirling_rest_rise(double y, double x)
{
	double		p = 1 / y;
	double		q = 1 / (y + x);
	double		value;
	double		slope = divided_difference(stirling_terms, p * p, q * q, &value);

	return -x * p * q * (value + p * (p + q) * slope);
}

/* ln Gamma(y + x) - ln Gamma(y) where both are FAR; x may be negative. */
static double
stirling_rise(double y, double x)
{
	return (y - 0.5) * log1p(x / y) + x * (log(y + x) - 1) + stirling_rest_rise(y, x);
}

double
retention_log_rise(double r, double x)
{
	double		result = 0;

	if (is_small_integer(x))
	{
		double		product = 1;

		for (int i = 0; i < x; i++)
		{
			product *= r + i;
			if (product > HUGE_PRODUCT || product < TINY_PRODUCT)
			{
				result += log(product);
				product = 1;
			}
		}
		return result + log(product);
	}

	if (r < FAR && r + x >= FAR)
	{
		double		product = 1;
		double		y = r;

		/* only Gamma(r) needs moving */
		for (; y < FAR; y++)
			product *= y;
		return stirling_rise(y, x - (y - r)) + log(product);
	}

	/* Both are moved alike: (1 + moved) is the ratio of the factors. */
	if (r < FAR)
	{
		double		moved = 0;

		for (; r < FAR; r++)
			moved += (1 + moved) * (x / r);
		result = -log1p(moved);
	}
	return result + stirling_rise(r, x);
}

/* psi(y + x) - psi(y) where both are FAR; x may be negative. */
static double
digamma_far_rise(double y, double x)
{
	double		p = 1 / y;
	double		q = 1 / (y + x);
	double		value;
	double		slope = divided_difference(digamma_terms, p * p, q * q, &value);

	/* 1/u^2 * D(1/u^2) at q less that at p, (q^2 - p^2) taken out */
	return log1p(x / y) + x * p * q * (0.5 + (p + q) * (value + p * p * slope));
}

double
retention_digamma_rise(double r, double x)
{
	double		result = 0;

	if (is_small_integer(x))
	{
		for (int i = 0; i < x; i++)
			result += 1 / (r + i);
		return result;
	}

	if (r < FAR && r + x >= FAR)
	{
		double		y = r;

		for (; y < FAR; y++)
			result += 1 / y;
		return result + digamma_far_rise(y, x - (y - r));
	}

	for (; r < FAR; r++)
		result += x / (r * (r + x));
	return result + digamma_far_rise(r, x);
}

/*
 * The logarithm of a product of factors 1 - e, 0 < e < 1.  Kept as what it is
 * and as what it lacks to 1, neither of which ever subtracts: whichever is the
 * smaller in the end has the digits.
 */
typedef struct Shrinking
{
	double		product;
	double		lacks;
	double		put_away;
} Shrinking;

static inline void
shrink(Shrinking *s, double rest, double e)
{
	s->product *= rest;
	s->lacks = s->lacks * rest + e;
	if (s->product < TINY_PRODUCT)
	{
		s->put_away += log(s->product);
		s->product = 1;
		s->lacks = 0;
	}
}

static inline double
shrunk(const Shrinking *s)
{
	return s->put_away + (s->lacks < 0.5 ? log1p(-s->lacks) : log(s->product));
}

/*
 * ln B(a, b + x) - ln B(a, b) = ln Gamma(b + x) + ln Gamma(b + a)
 *								 - ln Gamma(b) - ln Gamma(b + a + x)
 *
 * is symmetric in a and x, and is a product of (b + i) / (a + b + i) if x is
 * an integer.  Of Stirling's series, what is left of the terms u ln u once the
 * parts that cancel are taken out is three logarithms of about the size of the
 * result.  Moving b by 1 takes a factor 1 - ax / ((a + b) (b + x)).
 */
double
retention_log_beta_rise(double a, double b, double x)
{
	Shrinking	s = {1, 0, 0};
	double		sum;

	if (is_small_integer(x))
	{
		for (int i = 0; i < x; i++)
		{
			double		p = 1 / (a + b + i);

			shrink(&s, (b + i) * p, a * p);
		}
		return shrunk(&s);
	}
	if (isinf(x))
		return -INFINITY;

	for (; b < FAR; b++)
	{
		double		p = 1 / (a + b);
		double		q = 1 / (b + x);

		shrink(&s, (b * p) * ((a + b + x) * q), (a * p) * (x * q));
	}

	sum = a + b + x;
	return shrunk(&s)
		+ (b - 0.5) * log1p((a / b) * (x / sum))
		- a * log1p(x / (a + b))
		- x * log1p(a / (b + x))
		+ (a < x
		   ? stirling_rest_rise(b, a) - stirling_rest_rise(b + x, a)
		   : stirling_rest_rise(b, x) - stirling_rest_rise(b + a, x));
}

double
retention_log_beta(double a, double b)
{
	double		less = fmin(a, b);

	return retention_lgamma(less) - retention_log_rise(fmax(a, b), less);
}

double
retention_softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

double
retention_logistic(double x)
{
	if (x < 0)
	{
		double		e = exp(x);

		return e / (1 + e);
	}
	return 1 / (1 + exp(-x));
}

double
retention_log_add(double a, double b)
{
	double		more = fmax(a, b);
	double		less = fmin(a, b);

	return isinf(more) ? more : more + log1p(exp(less - more));
}

/*
 * A first guess (Abramowitz & Stegun 26.2.23, within 4.5e-4), then twice
 * Halley's method, which triples the digits, on the distribution function:
 * erfc has all of its digits in the tail.
 */
double
retention_normal_quantile(double p)
{
	double		tail = p < 0.5 ? p : 1 - p;
	double		t = sqrt(-2 * log(tail));
	double		x;

	x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
		(1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

	for (int i = 0; i < 2; i++)
	{
		double		above = erfc(x * M_SQRT1_2) / 2;
		double		density = exp(-x * x / 2) * (M_2_SQRTPI * M_SQRT1_2 / 2);
		double		newton = (above - tail) / density;

		x += newton / (1 - newton * x / 2);
	}
	return p < 0.5 ? -x : x;
}

/*
 * The regularised incomplete gamma function Q(a, z), a = df / 2, z = x / 2:
 * 1 less the series of P below the mean, and above it the continued fraction
 * (A&S 6.5.29 and 6.5.31), evaluated from the front (Lentz).
 */
double
retention_chi_squared_tail(double x, double df)
{
	double		a = df / 2;
	double		z = x / 2;
	double		front;

	if (!(z > 0))
		return 1;
	if (isinf(z))
		return 0;

	front = exp(a * log(z) - z - retention_lgamma(a));

	if (z < a + 1)
	{
		double		term = 1 / a;
		double		sum = term;

		for (double n = a + 1; term > sum * (DBL_EPSILON / 4); n++)
		{
			term *= z / n;
			sum += term;
		}
		return 1 - front * sum;
	}
	else
	{
		double		b = z + 1 - a;
		double		c = 1 / DBL_MIN;
		double		d = 1 / b;
		double		fraction = d;
		double		change;

		for (int i = 1;; i++)
		{
			double		numerator = -i * (i - a);

			b += 2;
			d = numerator * d + b;
			c = b + numerator / c;
			if (fabs(d) < DBL_MIN)
				d = DBL_MIN;
			if (fabs(c) < DBL_MIN)
				c = DBL_MIN;
			d = 1 / d;
			change = d * c;
			fraction *= change;
			if (fabs(change - 1) <= DBL_EPSILON || i == 100000)
				break;
		}
		return front * fraction;
	}
}

/*
 * Gamma(r + n) / (Gamma(r) n!) is a ratio of Beta functions, or one over it:
 * taken so, the large logarithms of the factorials never meet.
 */
double
retention_log_negative_binomial(double n, double r, double w)
{
	double		ways;

	if (n == 0)
		return -r * log1p(w);
	if (!(w > 0))
		return -INFINITY;

	if (r > 1)
		ways = -retention_log_beta_rise(r - 1, 1, n);
	else
		ways = r < 1 ? retention_log_beta_rise(1 - r, r, n) : 0;
	return ways - n * log1p(1 / w) - r * log1p(w);
}

/*
 * For large shapes Ramanujan's series (Choi 1994, Proceedings of the AMS 121, 245-251).
 * For others Newton's method in the logarithm, for which the logarithm of P(shape, z) is
 * concave: it can't overshoot from below, where the start is.
 */
double
retention_gamma_median(double shape)
{
	double		log_front = retention_lgamma(shape);
	double		v;

	if (shape >= 60)
		return shape - 1.0 / 3 + (8.0 / 405 + (184.0 / 25515 + (2248.0 / 3444525
																- 19006408.0 / 15345358875.0 / shape) / shape) / shape) / shape;

	/* P(shape, z) is at most z^shape / Gamma(shape + 1) */
	v = (log_front + log(shape) - M_LN2) / shape;
	for (int i = 0; i < 60; i++)
	{
		double		z = exp(v);
		double		below = 1 - retention_chi_squared_tail(2 * z, 2 * shape);
		double		step;

		/* so small that P is its first term */
		if (z < 1e-14)
			return z;
		step = (-M_LN2 - log(below)) * below / exp(shape * v - z - log_front);
		v += step;
		if (fabs(step) <= 1e-14 * fmax(1, fabs(v)))
			break;
	}
	return exp(v);
}

/*
 * The continued fraction of the incomplete Beta function, by which
 *
 *		I_z(a, b) = z^a (1 - z)^b / (a B(a, b)) * fraction
 *
 * (A&S 26.5.8), evaluated from the front (Lentz).  Fast for z below
 * (a + 1) / (a + b + 2).
 */
static double
incomplete_beta_fraction(double a, double b, double z)
{
	double		c = 1;
	double		d = 1 - (a + b) * z / (a + 1);
	double		fraction;

	if (fabs(d) < DBL_MIN)
		d = DBL_MIN;
	d = 1 / d;
	fraction = d;
	for (int m = 1; m < 100000; m++)
	{
		double		numerator = m * (b - m) * z / ((a + 2 * m - 1) * (a + 2 * m));
		double		change;

		for (int half = 0; half < 2; half++)
		{
			d = 1 + numerator * d;
			c = 1 + numerator / c;
			if (fabs(d) < DBL_MIN)
				d = DBL_MIN;
			if (fabs(c) < DBL_MIN)
				c = DBL_MIN;
			d = 1 / d;
			change = d * c;
			fraction *= change;
			numerator = -(a + m) * (a + b + m) * z / ((a + 2 * m) * (a + 2 * m + 1));
		}
		if (fabs(change - 1) <= DBL_EPSILON)
			break;
	}
	return fraction;
}

/*
 * It is I_z(n, r), z = w / (1 + w), and what stands before the fraction is
 * the probability of just n.
 */
double
retention_log_negative_binomial_tail(double n, double r, double w)
{
	double		z = w / (1 + w);
	double		just;

	if (n == 0)
		return 0;
	if (!(w > 0))
		return -INFINITY;
	if (isinf(w))
		return 0;
	just = retention_log_negative_binomial(n, r, w);
	if (z < (n + 1) / (n + r + 2))
		return just + log(incomplete_beta_fraction(n, r, z));
	return log1p(-exp(just) * (n / r) * incomplete_beta_fraction(r, n, 1 / (1 + w)));
}
