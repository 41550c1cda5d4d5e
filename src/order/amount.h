/*-------------------------------------------------------------------------
 *
 * amount.h
 *	  The amount of an order: numeric or float8 -> units of 10^-scale.
 *
 * Both kinds become the same exact integers.  A numeric is read straight
 * from its base-10000 digits.  A float8 stands for the shortest decimal that
 * reads back as it (0.1 is ten cents, not 0.1000000000000000055...), so that
 * ints and prices kept in float8 are summed to the last cent, in any order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_AMOUNT_H
#define RETENTION_AMOUNT_H

#include "postgres.h"

#include "fmgr.h"

/* The numbers are part of the packed form: append, never renumber. */
typedef enum AmountKind
{
	AMOUNT_NONE = 0,
	AMOUNT_NUMERIC = 1,
	AMOUNT_FLOAT8 = 2
} AmountKind;

#define AMOUNT_KIND_LAST	AMOUNT_FLOAT8

/*
 * One amount as read at some scale.  If it doesn't fit, because it has more
 * digits behind the point or is too large, there are no units, and
 * retention_amount_wide is the way to read it.  An amount of few digits is kept
 * as its digits then, for it may only be the scale that is large: a sum of
 * floats like 0.1 + 0.2 has seventeen digits behind the point, and gives them
 * to all that follow.
 */
typedef struct Amount
{
	bool		fits;			/* exact at the scale asked for, in 64 bits? */
	bool		negative;
	bool		brief;			/* if it doesn't fit: are its digits here? */
	int			dscale;			/* digits behind the point */
	int64		units;

	/* if it doesn't fit and is brief: digits * 10^exponent, without the sign */
	uint64		digits;
	int			exponent;
} Amount;

/* Amounts of views have no more digits before the point, and behind it; see order_row.c. */
#define AMOUNT_MOST_DIGITS	15
#define AMOUNT_MOST_SCALE	50

typedef enum AmountSize
{
	AMOUNT_COUNTS,
	AMOUNT_ABSURD,
	AMOUNT_NOT_FINITE
} AmountSize;

extern AmountSize retention_amount_size(Datum datum);
extern bool retention_amount_is_below(Datum datum, int digits);
extern bool retention_amount_is_finite(Datum datum, AmountKind kind);
extern void retention_amount_numeric(Datum datum, int scale, Amount *amount);
extern void retention_amount_float8(float8 value, int scale, Amount *amount);
extern int	retention_amount_limbs(Datum datum, AmountKind kind, const Amount *amount, int scale);
extern void retention_amount_wide(Datum datum, AmountKind kind, const Amount *amount, int scale,
								  uint64 *limbs, int nlimbs);
extern const char *retention_amount_name(AmountKind kind);

static inline void
amount_of_datum(Datum datum, AmountKind kind, int scale, Amount *amount)
{
	if (kind == AMOUNT_NUMERIC)
		retention_amount_numeric(datum, scale, amount);
	else
		retention_amount_float8(DatumGetFloat8(datum), scale, amount);
}

#endif							/* RETENTION_AMOUNT_H */
