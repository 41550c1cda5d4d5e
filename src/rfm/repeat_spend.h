/*-------------------------------------------------------------------------
 *
 * repeat_spend.h
 *	  How many customers have made x repeat purchases of the mean amount m.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_REPEAT_SPEND_H
#define RETENTION_REPEAT_SPEND_H

#include "histogram/histogram.h"

typedef struct SpendTotals
{
	int64		customers;
	int64		used;			/* those that a model of spend is fitted to */
	int64		no_repeat;		/* left out: x = 0 */
	int64		not_positive;	/* left out: spend not known, or not above 0 */
	double		mean;			/* of m, of those that are used */
	bool		knows_correlation;
	double		correlation;	/* of x and m, of those that are used */
} SpendTotals;

static inline bool
spend_is_used(const Histogram *histogram, int32 i)
{
	return histogram_key(histogram, i, 1) > 0;
}

extern SpendTotals retention_spend_totals(const Histogram *histogram);

#endif							/* RETENTION_REPEAT_SPEND_H */
