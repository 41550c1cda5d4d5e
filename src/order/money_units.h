/*-------------------------------------------------------------------------
 *
 * money_units.h
 *	  Money as states keep it: whole units of 10^-scale in one or two words.
 *
 * A state has one width for all its customers: one word of 64 bits (9.2e16 in
 * cents), or two once any of them has more.  It changes once, from one to two,
 * for the state as a whole, and so nobody who adds, merges, packs or reads has
 * to ask whether there is room.  What two words can't hold, or has more digits
 * than UNITS_MAX_SCALE behind the point, is kept apart (store/wide_money.h): no shop
 * has such amounts, and where somebody's slip has made one, it must not cost
 * the others anything.
 *
 * Units never are the least number of their width.  So all can be negated, and
 * that number is free to say "look elsewhere" where money is read.
 *
 * Sums over customers or rows have one word more, which 2^62 addends can't
 * overflow.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_MONEY_UNITS_H
#define RETENTION_MONEY_UNITS_H

#include "postgres.h"

#include "order/amount.h"
#include "order/money.h"

/*
 * Two words hold 38 digits: this leaves ten before the point.  Numeric division
 * gives sixteen to twenty behind it, and a tax on that some more.
 */
#define UNITS_MAX_SCALE		28
#define UNITS_DIGITS		38

#define UNITS_MAX_WORDS		2
#define SUM_WORDS			3

#define UNITS_SIGN			(UINT64CONST(1) << 63)

/* The scale that units have where the most digits behind a point are these. */
static inline int
units_scale(int scale)
{
	return Min(scale, UNITS_MAX_SCALE);
}

/* Is it money that is kept elsewhere?  Only readers say so, never a running state. */
static inline bool
units_are_elsewhere(const uint64 *units, int words)
{
	return unlikely(units[words - 1] == UNITS_SIGN) && (words == 1 || units[0] == 0);
}

static inline void
units_set_elsewhere(uint64 *units, int words)
{
	units[0] = 0;
	units[words - 1] = UNITS_SIGN;
}

static inline bool
units_are_zero(const uint64 *units, int words)
{
	return (units[0] | (words == 1 ? 0 : units[1])) == 0;
}

static inline bool
units_are_negative(const uint64 *units, int words)
{
	return (int64) units[words - 1] < 0;
}

/* to += from; false, with nothing changed, if the sum does not fit. */
static pg_attribute_always_inline bool
units_add(uint64 *to, const uint64 *from, int words)
{
	uint64		low;
	uint64		high;

	if (words == 1)
	{
		int64		sum;

		if (unlikely(pg_add_s64_overflow((int64) to[0], (int64) from[0], &sum)) ||
			unlikely(sum == PG_INT64_MIN))
			return false;
		to[0] = (uint64) sum;
		return true;
	}
	low = to[0] + from[0];
	high = to[1] + from[1] + (low < from[0]);
	/* two addends of one sign and a sum of the other */
	if (unlikely((~(to[1] ^ from[1]) & (to[1] ^ high)) >> 63) ||
		unlikely(high == UNITS_SIGN && low == 0))
		return false;
	to[0] = low;
	to[1] = high;
	return true;
}

/* The same units in as many words or more. */
static inline void
units_widen(uint64 *to, int to_words, const uint64 *from, int words)
{
	uint64		high = words == 2 ? from[1] : (uint64) ((int64) from[0] >> 63);

	Assert(to_words >= words);
	to[0] = from[0];
	if (to_words == 2)
		to[1] = high;
}

/* sum += units, or -= */
static pg_attribute_always_inline void
sum_add(uint64 *sum, const uint64 *units, int words)
{
	uint64		sign = (uint64) ((int64) units[words - 1] >> 63);
	uint64		middle = words == 2 ? units[1] : sign;
	uint64		carry;
	uint64		old = sum[0];

	sum[0] += units[0];
	carry = sum[0] < old;
	old = sum[1];
	sum[1] += middle;
	sum[2] += sign + (sum[1] < old);
	old = sum[1];
	sum[1] += carry;
	sum[2] += sum[1] < old;
}

static inline void
sum_subtract(uint64 *sum, const uint64 *units, int words)
{
	uint64		negative[UNITS_MAX_WORDS];

	memcpy(negative, units, words * sizeof(uint64));
	retention_money_negate(negative, words);
	sum_add(sum, negative, words);
}

static inline void
sum_add_sum(uint64 *sum, const uint64 *addend)
{
	(void) money_add(sum, SUM_WORDS, addend, SUM_WORDS);
}

static inline bool
sum_is_zero(const uint64 *sum)
{
	return (sum[0] | sum[1] | sum[2]) == 0;
}

/*
 * What an order row is worth: so many units of the state's scale, in the fewest
 * words that hold them; or, where words is 0, money that is kept elsewhere.
 */
typedef struct RowUnits
{
	int			words;
	uint64		units[UNITS_MAX_WORDS];
	Money		wide;
} RowUnits;

extern void retention_row_units(Datum datum, AmountKind kind, const Amount *amount, int scale,
								RowUnits *row);
extern int	retention_units_of_money(Money money, int scale, uint64 *units);
extern Money retention_money_shorten(Money money);
extern Money retention_money_at_scale(Money money, int scale);
extern Money retention_money_copy(Money money);
extern Money retention_money_negative(Money money);
extern bool retention_units_rescale(uint64 *units, int words, int power);
extern bool retention_sum_rescale(uint64 *sum, int power);
extern bool retention_sum_of_money(Money money, int scale, uint64 *sum);
extern Money retention_units_money(const uint64 *units, int words, int scale);
extern Money retention_total_money(const uint64 *sum, Money wide, int scale);

#endif							/* RETENTION_MONEY_UNITS_H */
