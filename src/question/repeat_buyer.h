/*-------------------------------------------------------------------------
 *
 * repeat_buyer.h
 *	  What the models take of a customer: days with an order, and what was spent on
 *	  those behind the first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_REPEAT_BUYER_H
#define RETENTION_REPEAT_BUYER_H

#include "postgres.h"

#include "question/question.h"

/* A customer with an order. */
typedef struct RepeatBuyer
{
	int64		x;				/* days with an order, but for the first */
	int32		first;			/* of these days, or of the whole's */
	int32		last;
	MoneyTotal	spend;			/* of the x days */
} RepeatBuyer;

extern const int64 retention_powers_of_ten[];

#define POWERS_OF_TEN	9

extern bool retention_repeat_buyer(const Question *question, const CustomerView *customer, RepeatBuyer *buyer);
extern double retention_mean_spend(const Question *question, const MoneyTotal *spend, int64 x);

/* Is it money of a shop, of which a float8 has each unit? */
static inline bool
money_is_brief(const Question *question, const MoneyTotal *total)
{
	int64		units = (int64) total->units[0];
	uint64		sign = (uint64) (units >> 63);
	int64		most = INT64CONST(1) << 53;

	return likely(total->wide.limbs == NULL && total->units[1] == sign && total->units[2] == sign &&
				  units <= most && units >= -most && question->unpacker.scale < POWERS_OF_TEN);
}

#endif							/* RETENTION_REPEAT_BUYER_H */
