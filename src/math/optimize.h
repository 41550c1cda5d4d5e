/*-------------------------------------------------------------------------
 *
 * optimize.h
 *	  The largest value of a smooth function of a few positive parameters.
 *
 * It works on the logarithms of the parameters, or of ratios of them, between
 * OPTIMIZE_LOWEST and OPTIMIZE_HIGHEST, by BFGS with steps of at most 2, and in the end by Newton's
 * method, whose matrix of second derivatives (differences of the gradient) is
 * wanted for the covariance anyway.  All its memory is on the stack, so the
 * function may leave by longjmp.
 *
 * Ratios are for parameters that only mean something together.  Where customers
 * are all alike the likelihood rises as r and alpha of a gamma distribution grow
 * at one rate, r / alpha, which no box of r and alpha has a side for; one of
 * alpha / r and r has.
 *
 * It never fails.  Where the function has no top but rises towards an end of a
 * parameter's range, or is flat, that parameter ends there: at_bound says so.
 * The covariance is then that of the others, as if it were known, and its own
 * row and column are 0.  Where even so no top is found, "converged" is false;
 * the parameters are the best ones found.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_OPTIMIZE_H
#define RETENTION_OPTIMIZE_H

#include <stdbool.h>

#define OPTIMIZE_MAX_PARAMS	5
#define OPTIMIZE_LOWEST		1e-8
#define OPTIMIZE_HIGHEST	1e8

/*
 * What is searched for in place of parameter i is the parameter divided by others, each to
 * the power [i][j].  Those that are divided by must not be ratios themselves.  All 0: the
 * parameters as they are.
 */
typedef signed char OptimizeRatios[OPTIMIZE_MAX_PARAMS][OPTIMIZE_MAX_PARAMS];

/* The function, and its derivatives by the parameters themselves. */
typedef double (*ObjectiveFunction) (void *arg, const double *params, double *gradient);

typedef struct Optimum
{
	double		value;
	double		params[OPTIMIZE_MAX_PARAMS];
	/* largest |d value / d ln parameter or ratio| / max(1, |value|), of those not at_bound */
	double		gradient_norm;
	/* of the logarithms of the parameters: minus the inverse of the second derivatives */
	double		covariance[OPTIMIZE_MAX_PARAMS][OPTIMIZE_MAX_PARAMS];
	int			iterations;
	int			evaluations;
	bool		converged;		/* gradient_norm is small, Newton's next step too */
	bool		definite;		/* there is a covariance; else it's NaN */
	bool		at_bound[OPTIMIZE_MAX_PARAMS];	/* the parameter, or its ratio */
	double		place[OPTIMIZE_MAX_PARAMS]; /* its logarithm */
	double		spread[OPTIMIZE_MAX_PARAMS];	/* its standard error; 0 of those at_bound, NaN if not definite */
} Optimum;

/* "ratios" may be NULL */
extern void retention_maximize(ObjectiveFunction function, void *arg, int nparams,
							   const OptimizeRatios *ratios, const double *start, Optimum *optimum);

/* The same from that start alone, and with less patience: one more search besides another. */
extern void retention_maximize_once(ObjectiveFunction function, void *arg, int nparams,
									const OptimizeRatios *ratios, const double *start, Optimum *optimum);

/* A largest value among those with some parameters, or ratios, where they are. */
typedef struct ProfilePoint
{
	double		params[OPTIMIZE_MAX_PARAMS];
	double		place[OPTIMIZE_MAX_PARAMS];
	double		drop;			/* by so much below the optimum's value */
	/* of the logarithms of the parameters, as if what is fixed were known */
	double		covariance[OPTIMIZE_MAX_PARAMS][OPTIMIZE_MAX_PARAMS];
} ProfilePoint;

/* Where the ends of a range of a parameter, or ratio, are as a place. */
extern double retention_lowest_place(void);
extern double retention_highest_place(void);

/* The largest value with those that are fixed where they are in point->place, others from there. */
extern void retention_profile_point(ObjectiveFunction function, void *arg, int nparams,
									const OptimizeRatios *ratios, const Optimum *optimum,
									const bool *fixed, ProfilePoint *point);

/*
 * The profile of a parameter, or ratio: from a point to one side (-1, 1), until the value
 * has dropped by "deepest" or the range ends.  At most "most" points, the last one at or behind
 * that depth or at the end; returns how many.  What else is fixed stays so; "step" is the first.
 */
extern int	retention_profile(ObjectiveFunction function, void *arg, int nparams,
							  const OptimizeRatios *ratios, const Optimum *optimum,
							  const ProfilePoint *from, const bool *fixed, int which, int side,
							  double step, double deepest, ProfilePoint *points, int most);

#endif							/* RETENTION_OPTIMIZE_H */
