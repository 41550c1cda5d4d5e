/*-------------------------------------------------------------------------
 *
 * money_total.h
 *	  Adding up the money of entries: units, and what no unit can say.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_MONEY_TOTAL_H
#define RETENTION_MONEY_TOTAL_H

#include "postgres.h"

#include "order/money_units.h"

/* Zeroed, it is nothing. */
typedef struct MoneyTotal
{
	uint64		units[SUM_WORDS];
	Money		wide;			/* beside them; no limbs if that is nothing */
} MoneyTotal;

extern void retention_total_add_money(MoneyTotal *total, Money money);
extern void retention_total_add_any(MoneyTotal *total, Money money, int scale);
extern void retention_total_rescale(MoneyTotal *total, int scale, int to_scale);

static pg_attribute_always_inline void
total_add(MoneyTotal *total, const uint64 *units, int words)
{
	sum_add(total->units, units, words);
}

/* What another total has; both are of the same scale. */
static inline void
total_add_total(MoneyTotal *total, const MoneyTotal *addend)
{
	sum_add_sum(total->units, addend->units);
	if (unlikely(addend->wide.limbs != NULL))
		retention_total_add_money(total, addend->wide);
}

/* As units of two words, of the scale that it has; false if they don't hold it. */
static inline bool
total_units(const MoneyTotal *total, int scale, uint64 *units)
{
	int			words;

	if (likely(total->wide.limbs == NULL))
	{
		memcpy(units, total->units, UNITS_MAX_WORDS * sizeof(uint64));
		return total->units[2] == (uint64) ((int64) units[1] >> 63) &&
			!units_are_elsewhere(units, UNITS_MAX_WORDS);
	}
	words = retention_units_of_money(retention_total_money(total->units, total->wide, scale), scale, units);
	if (words == 1)
		units_widen(units, UNITS_MAX_WORDS, units, 1);
	return words > 0;
}

/* With so many digits behind the point.  The limbs may be the total's own. */
static inline Money
total_money(const MoneyTotal *total, int scale)
{
	return retention_total_money(total->units, total->wide, scale);
}

#endif							/* RETENTION_MONEY_TOTAL_H */
