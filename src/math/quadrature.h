/*-------------------------------------------------------------------------
 *
 * quadrature.h
 *	  Integrals of smooth functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_QUADRATURE_H
#define RETENTION_QUADRATURE_H

typedef double (*Integrand) (void *arg, double x);

/*
 * Gauss-Legendre's rule of so many points, or a few more (and at most 48): of n
 * points exact for polynomials of degree 2n - 1.
 */
extern double retention_gauss_legendre(Integrand f, void *arg, double from, double to, double points);

/*
 * The same, with the interval halved until halving changes the integral of a
 * part by no more than "tolerance" times the integral of all, or a few hundred
 * times.  For functions that aren't negative.
 */
extern double retention_integrate(Integrand f, void *arg, double from, double to, double tolerance);

/*
 * ln of the integral of e^log_f over the whole line.  log_f has one maximum,
 * "guess" is somewhere not infinitely far from it, and on both sides it falls,
 * in the end no slower than a straight line; elsewhere it may be -infinity.
 */
extern double retention_log_line_integral(Integrand log_f, void *arg, double guess);

#endif							/* RETENTION_QUADRATURE_H */
