/*-------------------------------------------------------------------------
 *
 * exponential_integral.h
 *	  The generalised exponential integral, times e^z.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_EXPONENTIAL_INTEGRAL_H
#define RETENTION_EXPONENTIAL_INTEGRAL_H

/*
 * e^z E_s(z), the integral of e^(-z u) (1 + u)^-s over u from 0 to infinity:
 * what is left, discounted, of something that decays like a power.  s > 0 is
 * any real number, z >= 0.  At z = 0 it's 1 / (s - 1), or infinite if s <= 1.
 */
extern double retention_scaled_expint(double s, double z);

#endif							/* RETENTION_EXPONENTIAL_INTEGRAL_H */
