/*-------------------------------------------------------------------------
 *
 * confidence_interval.h
 *	  Confidence intervals of shares.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_CONFIDENCE_INTERVAL_H
#define RETENTION_CONFIDENCE_INTERVAL_H

/* The 97.5 % quantile of the normal distribution: intervals of 95 %. */
#define NORMAL_975	1.959963984540054

extern void retention_wilson_interval(double hits, double n, double *lower, double *upper);

#endif							/* RETENTION_CONFIDENCE_INTERVAL_H */
