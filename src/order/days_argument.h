/*-------------------------------------------------------------------------
 *
 * days_argument.h
 *	  Numbers of days that callers ask about.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_DAYS_ARGUMENT_H
#define RETENTION_DAYS_ARGUMENT_H

#include "postgres.h"

#include "utils/array.h"

extern int32 *retention_days_of_array(ArrayType *array, int *n);

#endif							/* RETENTION_DAYS_ARGUMENT_H */
