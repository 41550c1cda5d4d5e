/*-------------------------------------------------------------------------
 *
 * payments.h
 *	  What customers have paid, and what the best of them have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PAYMENTS_H
#define RETENTION_PAYMENTS_H

#include "postgres.h"

#include "question/question.h"

#define CHUNK_PAYMENTS	509

typedef struct Chunk
{
	struct Chunk *next;
	int			n;
	uint64		units[CHUNK_PAYMENTS];	/* ordered as numbers without a sign */
} Chunk;

/* A payment of each customer; zeroed, of none. */
typedef struct Payments
{
	Chunk	   *chunks;
	int64		nwide;
	int64		room;
	Datum	   *wide;			/* numerics */
} Payments;

extern void retention_payments_add(Payments *payments, const Question *question,
								   const MoneyTotal *paid, MemoryContext context);
extern Datum retention_payments_best(const Payments *payments, const Question *question,
									 int64 n, double *share);

#endif							/* RETENTION_PAYMENTS_H */
