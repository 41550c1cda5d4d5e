/*-------------------------------------------------------------------------
 *
 * days_of_text.h
 *	  Numbers of days that callers ask about.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_DAYS_OF_TEXT_H
#define RETENTION_DAYS_OF_TEXT_H

#include "postgres.h"

#include "utils/array.h"

extern int32 *retention_days_of_array(ArrayType *array, int *n);

#endif							/* RETENTION_DAYS_OF_TEXT_H */
