/*-------------------------------------------------------------------------
 *
 * power_integral.c
 *	  An integral of powers: incomplete beta functions of two scales.
 *
 * With n = 0 this is the sum over all times at which a customer of Pareto/NBD
 * may have left; textbooks write it as a difference of two of Gauss's
 * hypergeometric functions, which cancels, or as a sum of two (Fader & Hardie,
 * note 008), which doesn't.  Either has to be computed for arguments up to 1,
 * near which series and continued fractions of it take thousands of steps, and
 * so do those of its derivatives by the parameters.  But it is an integral of
 * a very tame function, if taken by the right variable, and Gauss's rule
 * gives it and all of its derivatives from some sixteen points, wherever the
 * parameters are: no branches, and nothing to subtract.
 *
 * Let m be the smaller and M the larger of a and b, and r = m / M.  By
 * v = ln(1 + u / m) the integrand becomes
 *
 *		m (m/t)^n (e^v - 1)^n e^((1 - p) v) (1 + r (e^v - 1))^-q
 *
 * (p is now the exponent that belongs to m, q that to M).  It is the
 * exponential of a concave function of v; so it has one peak, and on either
 * side of that a place beyond which nothing is worth adding.  Its only
 * singularities are pi away from the real line, and the interval is never
 * longer than the logarithm of (1 + t / m).  So both the length of what is left
 * of the interval and how far the logarithm of the integrand falls within it
 * are bounded, and tell how many points are needed.
 *
 *-------------------------------------------------------------------------
 */
#include "math/power_integral.h"

#include <math.h>
#include <stdbool.h>

#include "math/double2.h"
#include "math/gauss_legendre.h"

/* What is by so much less than the peak, in logarithms, is left out. */
#define NEGLIGIBLE		38.0

/* From the largest double to the smallest. */
#define MOST_HALVINGS	2100

/* An exponential of this is 0, as good as. */
#define LOWEST			-690.0

/* For n > 0 the largest rule does for half such an interval. */
#define LONGEST_PEAK	2.0

typedef struct Integrand
{
	double		n;
	double		p;
	double		q;
	double		ratio;			/* r */
} Integrand;

/* Its logarithm at v, but for what is constant; and the derivative by v. */
static double
log_integrand(const Integrand *f, double v, double *slope)
{
	double		rise = expm1(v);
	double		result = (1.0 - f->p) * v - f->q * log1p(f->ratio * rise);

	*slope = 1.0 - f->p - f->q * f->ratio * (1.0 + rise) / (1.0 + f->ratio * rise);
	if (f->n > 0.0)
	{
		result += f->n * log(rise);
		*slope += f->n * (1.0 + 1.0 / rise);
	}
	return result;
}

/* Where the peak is, for n > 0; roughly, as it's a place to start from. */
static double
find_peak(const Integrand *f, double end)
{
	double		low = end;
	double		high = end;
	double		slope;

	/* towards 0 the slope grows without bound, so that this ends */
	for (int i = 0; i < MOST_HALVINGS; i++)
	{
		log_integrand(f, low, &slope);
		if (slope >= 0.0)
			break;
		high = low;
		low /= 2.0;
	}
	for (int i = 0; i < 8 && low < high; i++)
	{
		double		middle = (low + high) / 2.0;

		log_integrand(f, middle, &slope);
		if (slope >= 0.0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Where, before the peak, the integrand becomes worth adding; or a bit earlier. */
static double
find_beginning(const Integrand *f, double peak, double threshold)
{
	double		low = 0.0;
	double		high = peak;
	double		slope;

	for (int i = 0; i < 7; i++)
	{
		double		middle = (low + high) / 2.0;

		if (log_integrand(f, middle, &slope) < threshold)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/*
 * Where, after the peak, it ceases to be worth adding; or a bit later.  By
 * Newton's method: from beyond, a concave function's tangents lead there
 * without ever leading past it.  *value is the logarithm at the end, before and
 * after.
 */
static double
find_end(const Integrand *f, double end, double *value, double threshold)
{
	for (int i = 0; i < 30 && *value < threshold - 1.0; i++)
	{
		double		slope;

		*value = log_integrand(f, end, &slope);
		if (*value >= threshold - 1.0)
			break;
		end -= (*value - threshold) / slope;
	}
	return end;
}

/*
 * For n = 0, so many points give thirteen digits, on an interval of half that
 * length, between whose ends the logarithm falls by so much.  Found by trying
 * rules on some ten thousand integrals of all sorts.
 */
static double
points_needed(double half, double fall)
{
	fall = fmin(fall, NEGLIGIBLE);
	return fmax(8.0 + 0.315 * fall, 4.5 + 6.0 * half + 0.1 * fall);
}

void
retention_power_integral(double n, double a, double p, double b, double q, double t,
						 PowerIntegral *result)
{
	bool		swap = a > b;
	double		m = swap ? b : a;
	Integrand	f = {n, swap ? q : p, swap ? p : q, swap ? b / a : a / b};
	double		whole_m = log1p(t / m);
	double		whole_M = log1p(f.ratio * (t / m));
	double		begin = 0.0;
	double		end = whole_m;
	double		value;			/* the logarithm at the end */
	double		peak_value = 0.0;
	double		half;
	int			panels = 1;
	const LegendreRule *rule;
	Double2		sum = {0.0, 0.0};
	Double2		log_m = {0.0, 0.0};
	Double2		log_M = {0.0, 0.0};
	Double2		share_m = {0.0, 0.0};
	Double2		share_M = {0.0, 0.0};
	double		total;

	if (!(end > 0.0))
	{
		*result = (PowerIntegral) {.log_value = -INFINITY};
		return;
	}

	value = (1.0 - f.p) * whole_m - f.q * whole_M;
	if (n > 0.0)
	{
		double		peak = find_peak(&f, end);
		double		slope;

		value += n * log(t / m);
		peak_value = log_integrand(&f, peak, &slope);
		begin = find_beginning(&f, peak, peak_value - NEGLIGIBLE);
		end = find_end(&f, end, &value, peak_value - NEGLIGIBLE);
		half = (end - begin) / 2.0;
		rule = retention_legendre(LEGENDRE_MOST);
		panels = (int) ceil(half / LONGEST_PEAK);
	}
	else
	{
		double		points;

		end = find_end(&f, end, &value, -NEGLIGIBLE);
		half = end / 2.0;
		points = points_needed(half, fabs(value));
		rule = retention_legendre(points);
		if (points > LEGENDRE_MOST)
			panels = (int) ceil(points / LEGENDRE_MOST);
	}
	half /= panels;

	for (int panel = 0; panel < panels; panel++)
	{
		double		center = begin + (2 * panel + 1) * half;

		for (int i = 0; i < rule->pairs; i++)
		{
			double		offset = half * rule->points[i].x;
			Double2		v = {center - offset, center + offset};
			Double2		e;
			Double2		rise = double2_expm1(v, &e);
			Double2		y = DOUBLE2(f.ratio) * rise;
			Double2		inverse;
			Double2		log_y = double2_log1p(y, &inverse);
			Double2		exponent = DOUBLE2(1.0 - f.p) * v - DOUBLE2(f.q) * log_y - DOUBLE2(peak_value);
			Double2		weight;

			if (n > 0.0)
			{
				exponent[0] = fmax(exponent[0] + n * log(rise[0]), LOWEST);
				exponent[1] = fmax(exponent[1] + n * log(rise[1]), LOWEST);
			}
			double2_expm1(exponent, &weight);
			weight *= DOUBLE2(rule->points[i].weight);

			sum += weight;
			log_m += weight * v;
			log_M += weight * log_y;
			share_m += weight * (rise / e);
			share_M += weight * (y * inverse);
		}
	}

	total = double2_sum(sum);
	result->log_value = log(m * half * total) + peak_value;
	if (n > 0.0)
		result->log_value -= n * log(t / m);
	result->log_a = double2_sum(swap ? log_M : log_m) / total;
	result->log_b = double2_sum(swap ? log_m : log_M) / total;
	result->share_a = double2_sum(swap ? share_M : share_m) / total;
	result->share_b = double2_sum(swap ? share_m : share_M) / total;
	result->whole_a = swap ? whole_M : whole_m;
	result->whole_b = swap ? whole_m : whole_M;
}
