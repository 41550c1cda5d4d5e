/*-------------------------------------------------------------------------
 *
 * optimize.h
 *	  The largest value of a smooth function of a few positive parameters.
 *
 * It works on the logarithms of the parameters, between OPTIMIZE_LOWEST and
 * OPTIMIZE_HIGHEST, by BFGS with steps of at most 2, and in the end by Newton's
 * method, whose matrix of second derivatives (differences of the gradient) is
 * wanted for the covariance anyway.  All its memory is on the stack, so the
 * function may leave by longjmp.
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

/* The function, and its derivatives by the parameters themselves. */
typedef double (*ObjectiveFunction) (void *arg, const double *params, double *gradient);

typedef struct Optimum
{
	double		value;
	double		params[OPTIMIZE_MAX_PARAMS];
	/* largest |d value / d ln parameter| / max(1, |value|), of those not at_bound */
	double		gradient_norm;
	/* of the logarithms of the parameters: minus the inverse of the second derivatives */
	double		covariance[OPTIMIZE_MAX_PARAMS][OPTIMIZE_MAX_PARAMS];
	int			iterations;
	int			evaluations;
	bool		converged;		/* gradient_norm is small, Newton's next step too */
	bool		definite;		/* there is a covariance; else it's NaN */
	bool		at_bound[OPTIMIZE_MAX_PARAMS];
} Optimum;

extern void retention_maximize(ObjectiveFunction function, void *arg, int nparams,
							   const double *start, Optimum *optimum);

#endif							/* RETENTION_OPTIMIZE_H */
