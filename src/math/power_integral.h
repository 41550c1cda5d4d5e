/*-------------------------------------------------------------------------
 *
 * power_integral.h
 *	  An integral of powers: incomplete beta functions of two scales.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_POWER_INTEGRAL_H
#define RETENTION_POWER_INTEGRAL_H

/*
 * The integral of
 *
 *		(u / t)^n (1 + u / a)^-p (1 + u / b)^-q
 *
 * over u from 0 to t, for n = 0, 1, ..., real p, q >= 0, a, b > 0 and t >= 0.
 * Its logarithm; the means, u being weighted by the integrand, of four
 * functions of u, which its derivatives are made of; and what two of these are
 * at t, since they had to be computed.
 */
typedef struct PowerIntegral
{
	double		log_value;		/* -infinity if t = 0 */
	double		log_a;			/* ln(1 + u / a) */
	double		log_b;			/* ln(1 + u / b) */
	double		share_a;		/* u / (a + u) */
	double		share_b;		/* u / (b + u) */
	double		whole_a;		/* ln(1 + t / a) */
	double		whole_b;		/* ln(1 + t / b) */
} PowerIntegral;

extern void retention_power_integral(double n, double a, double p, double b, double q, double t,
									 PowerIntegral *result);

#endif							/* RETENTION_POWER_INTEGRAL_H */
