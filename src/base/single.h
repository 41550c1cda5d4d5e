/*-------------------------------------------------------------------------
 *
 * single.h
 *	  The state of an aggregate over the orders of one customer.
 *
 * Under GROUP BY customer there are as many states as customers, so this one
 * is as small as can be: no identity, no table, a few words.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_SINGLE_H
#define RETENTION_SINGLE_H

#include "postgres.h"

#include "base/base_totals.h"
#include "base/customer_table.h"

typedef struct SingleBase
{
	int32		vl_len_;
	uint8		form;			/* FORM_SINGLE */
	uint8		key;			/* KEY_NONE */
	uint8		time;			/* TimeKind */
	uint8		amount;			/* AmountKind */

	uint16		scale;
	uint16		nlimbs;
	uint32		unused;
	int64		orders;
	int64		scale_rows;		/* rows whose amount has "scale" digits */

	/* first and last order if times are known, then the revenue */
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} SingleBase;

static inline uint64 *
single_money(SingleBase *single)
{
	return single->words + (single->time == TIME_NONE ? 0 : 2);
}

static inline Size
single_size(TimeKind time, int nlimbs)
{
	return offsetof(SingleBase, words) +
		((time == TIME_NONE ? 0 : 2) + nlimbs) * sizeof(uint64);
}

static inline void
single_see(SingleBase *single, int64 first, int64 last)
{
	single->words[0] = (uint64) Min((int64) single->words[0], first);
	single->words[1] = (uint64) Max((int64) single->words[1], last);
}

extern SingleBase *retention_single_create(TimeKind time, AmountKind amount);
extern SingleBase *retention_single_widen(SingleBase *single, int scale, int nlimbs);
extern SingleBase *retention_single_add(SingleBase *single, Money money);
extern SingleBase *retention_single_merge(SingleBase *single, const BaseTotals *totals);
extern void retention_single_totals(SingleBase *single, BaseTotals *totals);

#endif							/* RETENTION_SINGLE_H */
