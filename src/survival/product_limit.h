/*-------------------------------------------------------------------------
 *
 * product_limit.h
 *	  Estimates of a survival function from events and censorings.
 *
 * Somebody is observed from 0 to a duration, at which the event comes (a next
 * order, a cancellation) or the observation ends without (censored).  Who is
 * censored at a time was at risk at that time still: where both happen at
 * once, events come first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PRODUCT_LIMIT_H
#define RETENTION_PRODUCT_LIMIT_H

#include "histogram/histogram.h"

/* The curve, step by step; start with retention_curve_begin. */
typedef struct SurvivalCurve
{
	const Histogram *histogram;
	int32		next;			/* entry */

	/* the step that was last returned */
	double		time;
	int64		at_risk;		/* just before it */
	int64		events;
	int64		censored;
	double		survival;		/* from this time on */
	double		greenwood;		/* sum of d / (n (n - d)) so far */

	/* survival = product so far * (left / run_start), see product_limit.c */
	int64		left;			/* at risk after it */
	double		run_survival;
	int64		run_start;
} SurvivalCurve;

typedef struct LogRank
{
	double		observed;		/* events of the first group */
	double		expected;		/* of them, if both groups were alike */
	double		variance;
} LogRank;

extern void retention_curve_begin(SurvivalCurve *curve, const Histogram *histogram);
extern bool retention_curve_next(SurvivalCurve *curve);
extern double retention_curve_std_error(const SurvivalCurve *curve);
extern void retention_curve_interval(const SurvivalCurve *curve, double *lower, double *upper);

/* These return false where the data don't say. */
extern bool retention_survival_at(const Histogram *histogram, double t, double *result);
extern bool retention_median_survival(const Histogram *histogram, double *result);
extern bool retention_restricted_mean(const Histogram *histogram, const double *t, double *result);

extern LogRank retention_logrank(const Histogram *first, const Histogram *second);

#endif							/* RETENTION_PRODUCT_LIMIT_H */
