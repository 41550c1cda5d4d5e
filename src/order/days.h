/*-------------------------------------------------------------------------
 *
 * days.h
 *	  Numbers of days that callers ask about.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_DAYS_H
#define RETENTION_DAYS_H

#include "postgres.h"

#include "utils/array.h"

extern int32 *retention_days_of_array(ArrayType *array, int *n);

#endif							/* RETENTION_DAYS_H */
