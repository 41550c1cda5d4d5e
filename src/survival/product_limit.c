/*-------------------------------------------------------------------------
 *
 * product_limit.c
 *	  Estimates of a survival function: the product limit and what follows.
 *
 * Kaplan and Meier (1958): S(t) is the product of (n - d) / n over the times
 * up to t, n at risk and d events.  Between two censorings those fractions
 * cancel: (n - d) of one time is the n of the next.  So the product is taken
 * once for each run of times without a censoring, which makes S exact as
 * long as nobody is censored, and rounds less after that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "survival/product_limit.h"

#include "miscadmin.h"

/* The normal distribution's 97.5 % quantile. */
#define Z_95	1.959963984540054

/* S is one half if it is as near as this: so far can its rounding bring it. */
#define HALF_TOLERANCE	1e-12

void
retention_curve_begin(SurvivalCurve *curve, const Histogram *histogram)
{
	memset(curve, 0, sizeof(SurvivalCurve));
	curve->histogram = histogram;
	curve->survival = 1;
	curve->run_survival = 1;
	curve->left = retention_histogram_total(histogram, SURVIVAL_EVENTS) +
		retention_histogram_total(histogram, SURVIVAL_CENSORED);
	curve->run_start = curve->left;
}

/* Go on to the next time; false behind the last. */
bool
retention_curve_next(SurvivalCurve *curve)
{
	int32		i = curve->next++;

	if (i >= curve->histogram->used)
		return false;
	if ((i & 0xFFFF) == 0)
		CHECK_FOR_INTERRUPTS();
	curve->time = histogram_key(curve->histogram, i, 0);
	curve->events = histogram_count(curve->histogram, i, SURVIVAL_EVENTS);
	curve->censored = histogram_count(curve->histogram, i, SURVIVAL_CENSORED);
	curve->at_risk = curve->left;

	if (curve->events > 0)
	{
		double		n = (double) curve->at_risk;
		double		survivors = (double) (curve->at_risk - curve->events);

		curve->survival = curve->run_survival * (survivors / (double) curve->run_start);
		/* infinite, when the last one goes */
		curve->greenwood += (double) curve->events / n / survivors;
	}
	curve->left -= curve->events + curve->censored;
	if (curve->censored > 0)
	{
		curve->run_survival = curve->survival;
		curve->run_start = curve->left;
	}
	Assert(curve->left >= 0 && curve->survival >= 0 && curve->survival <= 1);
	return true;
}

/* Greenwood (1926): of S; no number where S is 0. */
double
retention_curve_std_error(const SurvivalCurve *curve)
{
	return curve->survival * sqrt(curve->greenwood);
}

/*
 * The 95 % interval on the scale of log(-log S), on which S is nearer to a
 * normal distribution, and which keeps it between 0 and 1 (Kalbfleisch and
 * Prentice 1980).  No numbers where S is 0; where it is 1 nothing is known of
 * its spread, and the interval is 1 to 1.
 */
void
retention_curve_interval(const SurvivalCurve *curve, double *lower, double *upper)
{
	double		log_survival = log(curve->survival);
	double		width;

	if (log_survival == 0)
	{
		*lower = *upper = 1;
		return;
	}
	width = Z_95 * sqrt(curve->greenwood) / log_survival;
	*lower = exp(log_survival * exp(-width));
	*upper = exp(log_survival * exp(width));
}

/* S(t), from the step on; not known behind the last time, unless it is 0. */
bool
retention_survival_at(const Histogram *histogram, double t, double *result)
{
	SurvivalCurve curve;

	retention_curve_begin(&curve, histogram);
	*result = 1;
	while (retention_curve_next(&curve))
	{
		if (curve.time > t)
			return true;
		*result = curve.survival;
	}
	return histogram->used > 0 && (t <= curve.time || curve.survival == 0);
}

/*
 * The first time at which no more than half survive.  If it is exactly half,
 * any time up to the next event is a median, and the middle is taken.
 */
bool
retention_median_survival(const Histogram *histogram, double *result)
{
	SurvivalCurve curve;
	bool		half = false;

	retention_curve_begin(&curve, histogram);
	while (retention_curve_next(&curve))
	{
		if (curve.events == 0)
			continue;
		if (half)
		{
			*result += (curve.time - *result) / 2;
			return true;
		}
		if (curve.survival > 0.5 + HALF_TOLERANCE)
			continue;
		*result = curve.time;
		half = curve.survival >= 0.5 - HALF_TOLERANCE;
		if (!half)
			return true;
	}
	return half;
}

/* The area below S up to t, or if that is NULL, up to the last time. */
bool
retention_restricted_mean(const Histogram *histogram, const double *t, double *result)
{
	SurvivalCurve curve;
	double		from = 0;
	double		height = 1;

	*result = 0;
	if (histogram->used == 0)
		return false;
	retention_curve_begin(&curve, histogram);
	while (retention_curve_next(&curve))
	{
		if (t && curve.time >= *t)
		{
			*result += height * (*t - from);
			return true;
		}
		*result += height * (curve.time - from);
		from = curve.time;
		height = curve.survival;
	}
	return t == NULL || height == 0;
}

/*
 * Mantel and Haenszel (1959), Peto and Peto (1972): at each time with events,
 * how many of them would be of the first group, were they drawn at random from
 * all at risk (hypergeometric mean and variance).
 */
LogRank
retention_logrank(const Histogram *first, const Histogram *second)
{
	LogRank		result = {0};
	SurvivalCurve a;
	SurvivalCurve b;
	bool		more_a;
	bool		more_b;

	retention_curve_begin(&a, first);
	retention_curve_begin(&b, second);
	more_a = retention_curve_next(&a);
	more_b = retention_curve_next(&b);
	while (more_a || more_b)
	{
		bool		step_a = more_a && (!more_b || a.time <= b.time);
		bool		step_b = more_b && (!more_a || b.time <= a.time);

		/* of a group that has no such time, those are at risk who are left */
		double		n1 = (double) (more_a ? a.at_risk : a.left);
		double		n2 = (double) (more_b ? b.at_risk : b.left);
		double		d1 = step_a ? (double) a.events : 0;
		double		d = d1 + (step_b ? (double) b.events : 0);
		double		n = n1 + n2;

		if (d > 0)
		{
			result.observed += d1;
			result.expected += d * (n1 / n);
			if (n > 1)
				result.variance += d * (n1 / n) * (n2 / n) * ((n - d) / (n - 1));
		}
		if (step_a)
			more_a = retention_curve_next(&a);
		if (step_b)
			more_b = retention_curve_next(&b);
	}
	return result;
}
