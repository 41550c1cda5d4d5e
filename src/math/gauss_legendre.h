/*-------------------------------------------------------------------------
 *
 * gauss_legendre.h
 *	  Gauss's rules of quadrature: integrals of smooth functions.
 *
 * The rule of n points is exact for polynomials of degree 2n - 1.  Its points
 * lie in pairs x and -x, of equal weights, in (-1, 1); the positive ones are
 * here, ascending.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_GAUSS_LEGENDRE_H
#define RETENTION_GAUSS_LEGENDRE_H

typedef struct LegendrePoint
{
	double		x;
	double		weight;
} LegendrePoint;

typedef struct LegendreRule
{
	int			pairs;
	const LegendrePoint *points;
} LegendreRule;

#define LEGENDRE_MOST	48		/* points of the largest rule */

/* The smallest rule that has at least so many points; else the largest. */
extern const LegendreRule *retention_legendre(double points);

#endif							/* RETENTION_GAUSS_LEGENDRE_H */
