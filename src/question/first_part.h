/*-------------------------------------------------------------------------
 *
 * first_part.h
 *	  In which parts of a shop its customers have ordered first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_FIRST_PART_H
#define RETENTION_FIRST_PART_H

#include "postgres.h"

#include "history/history_packed.h"
#include "utils/array.h"

typedef struct FirstParts FirstParts;

/* Parts, and of each which segment's it is, from 1 on; in the current context. */
extern FirstParts *retention_first_parts_begin(ArrayType *histories, ArrayType *segments, const Kind *kind);

/*
 * Of each segment the number of the first of its parts, from 1 on, in which a customer has an
 * order in a period: an int4[], with NULLs where there is none.  Customers come in the order of
 * their identities.
 */
extern Datum retention_first_parts_of(FirstParts *parts, const CustomerView *customer, int32 period);

#endif							/* RETENTION_FIRST_PART_H */
