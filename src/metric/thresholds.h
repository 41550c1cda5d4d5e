/*-------------------------------------------------------------------------
 *
 * thresholds.h
 *	  Thresholds between the classes of a score.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_THRESHOLDS_H
#define RETENTION_THRESHOLDS_H

#include "postgres.h"

#include "utils/array.h"

extern const double *retention_thresholds(ArrayType *array, int *n);

#endif							/* RETENTION_THRESHOLDS_H */
