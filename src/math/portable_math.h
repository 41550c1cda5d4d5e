/*-------------------------------------------------------------------------
 *
 * portable_math.h
 *	  log and exp whose results have the same bits on every machine.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PORTABLE_MATH_H
#define RETENTION_PORTABLE_MATH_H

extern double retention_portable_log(double x);
extern double retention_portable_exp(double x);

#endif							/* RETENTION_PORTABLE_MATH_H */
