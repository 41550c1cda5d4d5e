/*-------------------------------------------------------------------------
 *
 * exact_numeric.h
 *	  Short names for the arithmetic of numeric, so that formulas read as
 *	  formulas.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_EXACT_NUMERIC_H
#define RETENTION_EXACT_NUMERIC_H

#include "postgres.h"

#include "base/base_totals.h"
#include "order/money.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

static inline Datum
exact_integer(int64 value)
{
	return NumericGetDatum(int64_to_numeric(value));
}

/* A 128-bit number that is not negative. */
static inline Datum
exact_wide(uint64 low, uint64 high)
{
	uint64		limbs[3] = {low, high, 0};
	Money		money = {limbs, 3, 0};

	return retention_money_numeric(money);
}

static inline Datum
exact_add(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_add, a, b);
}

static inline Datum
exact_subtract(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_sub, a, b);
}

static inline Datum
exact_multiply(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_mul, a, b);
}

static inline Datum
exact_divide(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_div, a, b);
}

/* -1, 0 or 1 */
static inline int
exact_compare(Datum a, Datum b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b));
}

static inline char *
exact_text(Datum value)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, value));
}

/*
 * The share of the customers that a sample has kept, as a fraction, because
 * what it's multiplied by is divided by something else in the end.
 */
static inline Datum
exact_share_numerator(const BaseTotals *totals)
{
	return exact_add(exact_wide(totals->bound, 0), exact_integer(1));
}

static inline Datum
exact_share_denominator(void)
{
	return exact_wide(0, 1);
}

#endif							/* RETENTION_EXACT_NUMERIC_H */
