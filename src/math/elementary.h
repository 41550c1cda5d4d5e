/*-------------------------------------------------------------------------
 *
 * elementary.h
 *	  log and exp whose results have the same bits on every machine.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_ELEMENTARY_H
#define RETENTION_ELEMENTARY_H

extern double retention_log(double x);
extern double retention_exp(double x);

#endif							/* RETENTION_ELEMENTARY_H */
