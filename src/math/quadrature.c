/*-------------------------------------------------------------------------
 *
 * quadrature.c
 *	  Integrals of smooth functions.
 *
 * On an interval by Gauss and Legendre's rule, whose error falls with the
 * distance of the function's nearest singularity, so that it's for the caller to
 * choose intervals short against that, or to have them halved here.
 *
 * On the whole line by the trapezoidal rule, after a change of variable
 *
 *		v = center + scale * sinh u,
 *
 * by which what falls exponentially in v falls doubly so in u.  For analytic
 * functions halving the step then doubles the number of digits (Takahasi &
 * Mori 1974, Publ. RIMS 9, 721-741), and no tail is too long: the rate at which
 * a Beta density with a = 0.01 vanishes takes a few steps in u.
 *
 *-------------------------------------------------------------------------
 */
#include "math/quadrature.h"

#include <math.h>
#include <stdbool.h>

#include "math/gauss_legendre.h"

#define GAUSS_POINTS	20

/* Where rounding is larger than the tolerance, halving must end all the same. */
#define MANY_PANELS		400

double
retention_gauss_legendre(Integrand f, void *arg, double from, double to, double points)
{
	const LegendreRule *rule = retention_legendre(points);
	double		center = (from + to) / 2;
	double		half = (to - from) / 2;
	double		sum = 0;

	for (int i = 0; i < rule->pairs; i++)
		sum += rule->points[i].weight * (f(arg, center - half * rule->points[i].x) +
										 f(arg, center + half * rule->points[i].x));
	return sum * half;
}

typedef struct Halving
{
	Integrand	f;
	void	   *arg;
	double		error;			/* of a part, that is small enough */
	int			panels;			/* that may still be computed */
} Halving;

/* "whole" is the integral from "from" to "to" by one application of the rule. */
static double
halve(Halving *halving, double from, double to, double whole)
{
	double		middle = (from + to) / 2;
	double		left = retention_gauss_legendre(halving->f, halving->arg, from, middle, GAUSS_POINTS);
	double		right = retention_gauss_legendre(halving->f, halving->arg, middle, to, GAUSS_POINTS);

	halving->panels -= 2;
	if (halving->error < 0)
		halving->error *= -(left + right);
	if (halving->panels <= 0 || !(fabs(left + right - whole) > halving->error))
		return left + right;
	/* (in an order that the compiler doesn't choose) */
	left = halve(halving, from, middle, left);
	return left + halve(halving, middle, to, right);
}

double
retention_integrate(Integrand f, void *arg, double from, double to, double tolerance)
{
	/* relative to the integral, which the first halving knows */
	Halving		halving = {f, arg, -tolerance, MANY_PANELS};

	return halve(&halving, from, to, retention_gauss_legendre(f, arg, from, to, GAUSS_POINTS));
}

/* How far log_f falls from its top to where the scale is taken: e^-2, as a bell curve within 2 sigma. */
#define FALL			2.0

/* What is this far below the top is nothing. */
#define NOTHING			42.0

#define FIRST_STEP		0.5
#define MAX_LEVELS		7

/* Two results that agree to this: the latter is good to about half as many digits more. */
#define AGREEMENT		1e-9

/*
 * The top of log_f, roughly, and how wide it is.
 */
static void
find_top(Integrand log_f, void *arg, double guess, double *center, double *scale)
{
	double		middle = guess;
	double		top = log_f(arg, middle);
	double		step = 1;
	double		low,
				high;
	double		at_low,
				at_high;

	/* uphill, in ever longer steps, until there's a point below on each side */
	low = middle - step;
	high = middle + step;
	at_low = log_f(arg, low);
	at_high = log_f(arg, high);
	for (int i = 0; i < 60 && (at_low > top || at_high > top); i++)
	{
		step *= 2;
		if (at_high > at_low)
		{
			low = middle;
			at_low = top;
			middle = high;
			top = at_high;
			high = middle + step;
			at_high = log_f(arg, high);
		}
		else
		{
			high = middle;
			at_high = top;
			middle = low;
			top = at_low;
			low = middle - step;
			at_low = log_f(arg, low);
		}
	}

	/* nearer from the side that is further below, until both are near */
	for (int i = 0; i < 200 && (top - at_low > FALL || top - at_high > FALL); i++)
	{
		bool		left = middle - low > high - middle;
		double		v;
		double		value;

		if ((top - at_low > FALL) != (top - at_high > FALL))
			left = top - at_low > FALL;
		v = left ? (low + middle) / 2 : (middle + high) / 2;
		value = log_f(arg, v);
		if (value > top)
		{
			if (left)
			{
				high = middle;
				at_high = top;
			}
			else
			{
				low = middle;
				at_low = top;
			}
			middle = v;
			top = value;
		}
		else if (left)
		{
			low = v;
			at_low = value;
		}
		else
		{
			high = v;
			at_high = value;
		}
	}
	*center = middle;
	*scale = fmin(high - middle, middle - low);
}

double
retention_log_line_integral(Integrand log_f, void *arg, double guess)
{
	double		center;
	double		scale;
	double		top;
	double		sum;
	double		left = 0;
	double		right = 0;
	double		step = FIRST_STEP;

	find_top(log_f, arg, guess, &center, &scale);
	top = log_f(arg, center);
	sum = 1;

	/* outwards until nothing is left, on either side */
	for (int side = -1; side <= 1; side += 2)
		for (double u = step;; u += step)
		{
			double		value = log_f(arg, center + side * scale * sinh(u)) - top + log(cosh(u));

			sum += exp(value);
			if (!(value > -NOTHING) || u > 30)
			{
				if (side < 0)
					left = u;
				else
					right = u;
				break;
			}
		}

	for (int level = 0; level < MAX_LEVELS; level++)
	{
		double		between = 0;

		for (double u = step / 2 - left; u < right; u += step)
			between += exp(log_f(arg, center + scale * sinh(u)) - top) * cosh(u);
		step /= 2;
		if (fabs(between - sum) <= AGREEMENT * (between + sum))
		{
			sum += between;
			break;
		}
		sum += between;
	}
	return top + log(sum * step * scale);
}
