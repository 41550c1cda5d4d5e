/*-------------------------------------------------------------------------
 *
 * money.h
 *	  Exact sums of money: integers of any width in units of 10^-scale.
 *
 * A sum is an array of "limbs", 64 bits each, least significant first, read
 * together as one number in two's complement.  One limb holds any shop in
 * the world (9.2e16 in cents); a table whose values outgrow it is rebuilt
 * with one more.  Integers make the sum independent of the order of the
 * rows, so a parallel or distributed answer has the same bits as a serial
 * one, and they can be taken back again, as moving window frames need.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_MONEY_H
#define RETENTION_MONEY_H

#include "postgres.h"

#include "common/int.h"
#include "pg/bytes.h"

/*
 * Widest sum there can be: numeric holds 131072 digits before the point and
 * 16383 after it, and 147455 digits are 489,830 bits.
 */
#define MONEY_MAX_LIMBS		7700
#define MONEY_MAX_SCALE		16383

/* A sum to be read: its limbs belong to somebody else. */
typedef struct Money
{
	const uint64 *limbs;		/* NULL: no amounts were given */
	int			nlimbs;
	int			scale;
} Money;

/* The upper half of a product of 64-bit numbers. */
static inline uint64
multiply_high(uint64 a, uint64 b)
{
#ifdef HAVE_INT128
	return (uint64) (((uint128) a * b) >> 64);
#else
	uint64		low = (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
	uint64		middle = (a >> 32) * (b & 0xFFFFFFFF) + (low >> 32);
	uint64		other = (a & 0xFFFFFFFF) * (b >> 32) + (middle & 0xFFFFFFFF);

	return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
#endif
}

compat_noreturn extern void retention_money_out_of_range(void) compat_attribute_noreturn();

/* a * b + c: the lower half, and the upper one, which cannot overflow. */
static inline uint64
multiply_add(uint64 a, uint64 b, uint64 c, uint64 *high)
{
#ifdef HAVE_INT128
	uint128		sum = (uint128) a * b + c;

	*high = (uint64) (sum >> 64);
	return (uint64) sum;
#else
	uint64		low = a * b + c;

	*high = multiply_high(a, b) + (low < c);
	return low;
#endif
}

/* Limbs that a number may need more of when its scale grows: 10^19 < 2^64. */
static inline int
money_limbs_for_scale(int more_digits)
{
	return 1 + more_digits / 19;
}

/* So many hold at one scale whatever these limbs hold at another, no larger one. */
static inline int
money_limbs_at_scale(int nlimbs, int from_scale, int to_scale)
{
	return to_scale == from_scale ? nlimbs : nlimbs + money_limbs_for_scale(to_scale - from_scale);
}

/* A width that a state has room for: only sums from outside can be too wide. */
static inline uint16
money_checked_limbs(int nlimbs)
{
	if (unlikely(nlimbs > MONEY_MAX_LIMBS))
		retention_money_out_of_range();
	return (uint16) nlimbs;
}

extern bool retention_money_add_wide(uint64 *acc, int nacc,
									 const uint64 *value, int nvalue);
extern bool retention_money_convert(const uint64 *from, int nfrom, int from_scale,
									uint64 *to, int nto, int to_scale);
extern void retention_money_negate(uint64 *limbs, int nlimbs);
extern int	retention_money_grow(uint64 *limbs, int used, int nlimbs, uint64 factor, uint64 plus);
extern bool retention_money_times(uint64 *limbs, int nlimbs, uint64 factor, uint64 plus);
extern bool retention_money_times_ten(uint64 *limbs, int nlimbs, int power);
extern uint32 retention_money_divide(uint64 *limbs, int nlimbs, uint32 divisor);
extern int	retention_money_bytes(const uint64 *limbs, int nlimbs);
extern Money retention_money_sum(Money a, Money b);
extern Datum retention_money_numeric(Money money);
extern double retention_money_float8(Money money);
extern void retention_put_money(StringInfo out, Money money);
extern Money retention_get_money(ByteReader *in, int scale);

static inline bool
money_is_negative(const uint64 *limbs, int nlimbs)
{
	return (int64) limbs[nlimbs - 1] < 0;
}

static inline bool
money_is_zero(const uint64 *limbs, int nlimbs)
{
	for (int i = 0; i < nlimbs; i++)
		if (limbs[i] != 0)
			return false;
	return true;
}

/*
 * Can rows be added without looking, to a sum with one limb more than they
 * have?  2^62 of them, if it isn't near its end already, as one that was read
 * may be.
 */
static inline bool
money_has_room(const uint64 *limbs, int nlimbs)
{
	uint64		top = limbs[nlimbs - 1];

	return ((top ^ top << 1) >> 63) == 0;
}

/*
 * Can rows have brought this, if there are any?  Its sign says nothing: of a
 * profit, orders and refunds may be of either (order/order_row.h).
 */
static inline bool
money_is_possible(Money money, bool any)
{
	return any || money_is_zero(money.limbs, money.nlimbs);
}

/*
 * acc += value, where the value is sign-extended to the width of acc.
 * Returns false, leaving acc as it was, if the sum does not fit.
 */
static inline bool
money_add(uint64 *acc, int nacc, const uint64 *value, int nvalue)
{
	if (likely(nacc == 1))
	{
		int64		sum;

		if (unlikely(pg_add_s64_overflow((int64) acc[0], (int64) value[0], &sum)))
			return false;
		acc[0] = (uint64) sum;
		return true;
	}
	if (likely(nacc == 2))
	{
		uint64		addend = nvalue == 2 ? value[1] : (uint64) ((int64) value[0] >> 63);
		uint64		low = acc[0] + value[0];
		uint64		high = acc[1] + addend + (low < value[0]);

		/* two addends of one sign and a sum of the other */
		if (unlikely((~(acc[1] ^ addend) & (acc[1] ^ high)) >> 63))
			return false;
		acc[1] = high;
		acc[0] = low;
		return true;
	}
	return retention_money_add_wide(acc, nacc, value, nvalue);
}

#endif							/* RETENTION_MONEY_H */
