/*-------------------------------------------------------------------------
 *
 * special_functions.h
 *	  Special functions that the models are made of.
 *
 * Differences are functions of their own where taking them apart would lose
 * digits: ln Gamma(r + x) - ln Gamma(r) for small r against large x, or the
 * other way round, keeps all of them here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_SPECIAL_FUNCTIONS_H
#define RETENTION_SPECIAL_FUNCTIONS_H

#include <math.h>

/* ln Gamma(x), x > 0; lgamma_r of the C library, which is safe in threads */
extern double retention_lgamma(double x);

/* the derivative of ln Gamma, and its derivative; x > 0 */
extern double retention_digamma(double x);
extern double retention_trigamma(double x);

/* ln Gamma(r + x) - ln Gamma(r), and its derivative by r; r > 0, x >= 0 */
extern double retention_log_rise(double r, double x);
extern double retention_digamma_rise(double r, double x);

/* ln B(a, b + x) - ln B(a, b), for a, b > 0, x >= 0: never above 0 */
extern double retention_log_beta_rise(double a, double b, double x);

/* ln Beta(a, b) */
extern double retention_log_beta(double a, double b);

/* ln(1 + e^x) and 1 / (1 + e^-x), for any x */
extern double retention_softplus(double x);
extern double retention_logistic(double x);

/* ln(e^a + e^b); either may be -infinity */
extern double retention_log_add(double a, double b);

/* the x that a normal variate is below with probability p; 0 < p < 1 */
extern double retention_normal_quantile(double p);

/* probability that a chi-squared variate of df degrees of freedom is above x */
extern double retention_chi_squared_tail(double x, double df);

/* The median of a gamma distribution of this shape, and rate 1. */
extern double retention_gamma_median(double shape);

/*
 * ln of the probability that a negative binomial variate is n: the number of
 * events in a time w times as long as the "rate's own": Gamma(r + n) /
 * (Gamma(r) n!) * (w / (1 + w))^n / (1 + w)^r.  r > 0, w >= 0, n = 0, 1, ...
 */
extern double retention_log_negative_binomial(double n, double r, double w);

/* ln of the probability that it is at least n; n >= 0 need not be an integer */
extern double retention_log_negative_binomial_tail(double n, double r, double w);

#endif							/* RETENTION_SPECIAL_FUNCTIONS_H */
