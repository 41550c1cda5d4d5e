/*-------------------------------------------------------------------------
 *
 * money.c
 *	  Exact sums of money: the arithmetic of wide integers.  See money.h.
 *
 * Only what a sum needs is here: adding, shifting by powers of ten, and the
 * way to numeric.  Wide values are rare (they take amounts beyond 10^16), so
 * the loops are the schoolbook's, and can be cancelled.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "order/money.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/numeric.h"

static const double exact_powers_of_ten[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

/* The largest power of ten that a limb holds, and all smaller ones. */
#define MONEY_GROUP		19

static const uint64 whole_powers_of_ten[MONEY_GROUP + 1] = {
	UINT64CONST(1), UINT64CONST(10), UINT64CONST(100), UINT64CONST(1000),
	UINT64CONST(10000), UINT64CONST(100000), UINT64CONST(1000000),
	UINT64CONST(10000000), UINT64CONST(100000000), UINT64CONST(1000000000),
	UINT64CONST(10000000000), UINT64CONST(100000000000),
	UINT64CONST(1000000000000), UINT64CONST(10000000000000),
	UINT64CONST(100000000000000), UINT64CONST(1000000000000000),
	UINT64CONST(10000000000000000), UINT64CONST(100000000000000000),
	UINT64CONST(1000000000000000000), UINT64CONST(10000000000000000000)
};

void
retention_money_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("sum of money is out of range")));
}

/* The general case of money_add. */
bool
retention_money_add_wide(uint64 *acc, int nacc, const uint64 *value, int nvalue)
{
	uint64		extension = money_is_negative(value, nvalue) ? PG_UINT64_MAX : 0;
	bool		acc_negative = money_is_negative(acc, nacc);
	uint64		carry = 0;

	Assert(nvalue <= nacc);

	for (int i = 0; i < nacc; i++)
	{
		uint64		addend = i < nvalue ? value[i] : extension;
		uint64		sum = acc[i] + addend;
		uint64		with_carry = sum + carry;

		carry = (sum < addend) | (with_carry < sum);
		acc[i] = with_carry;
	}

	/* Two addends of one sign and a sum of the other: it did not fit. */
	if (acc_negative == (extension != 0) &&
		money_is_negative(acc, nacc) != acc_negative)
	{
		uint64		borrow = 0;

		for (int i = 0; i < nacc; i++)
		{
			uint64		addend = i < nvalue ? value[i] : extension;
			uint64		difference = acc[i] - addend;
			uint64		with_borrow = difference - borrow;

			borrow = (acc[i] < addend) | (difference < borrow);
			acc[i] = with_borrow;
		}
		return false;
	}
	return true;
}

void
retention_money_negate(uint64 *limbs, int nlimbs)
{
	uint64		carry = 1;

	for (int i = 0; i < nlimbs; i++)
	{
		limbs[i] = ~limbs[i] + carry;
		carry = carry && limbs[i] == 0;
	}
}

/*
 * limbs = limbs * factor + plus, for a number that is not negative and in use
 * of so many limbs.  Returns how many are in use then: one more than there are
 * if the result does not fit.
 */
int
retention_money_grow(uint64 *limbs, int used, int nlimbs, uint64 factor, uint64 plus)
{
	uint64		carry = plus;

	for (int i = 0; i < used; i++)
		limbs[i] = multiply_add(limbs[i], factor, carry, &carry);
	if (carry == 0)
		return used;
	if (used < nlimbs)
		limbs[used] = carry;
	return used + 1;
}

/*
 * The same of all limbs.  Returns false if the result does not fit; the limbs
 * are then undefined.
 */
bool
retention_money_times(uint64 *limbs, int nlimbs, uint64 factor, uint64 plus)
{
	return retention_money_grow(limbs, nlimbs, nlimbs, factor, plus) <= nlimbs &&
		!money_is_negative(limbs, nlimbs);
}

/*
 * limbs = limbs * 10^power, for a number that is not negative.  Returns false
 * if the result does not fit; the limbs are then undefined.
 */
bool
retention_money_times_ten(uint64 *limbs, int nlimbs, int power)
{
	int			used = nlimbs;

	/* what is zero stays so, and numbers are short before they are long */
	while (used > 0 && limbs[used - 1] == 0)
		used--;
	while (power > 0)
	{
		int			step = Min(power, MONEY_GROUP);

		CHECK_FOR_INTERRUPTS();
		used = retention_money_grow(limbs, used, nlimbs, whole_powers_of_ten[step], 0);
		if (used > nlimbs)
			return false;
		power -= step;
	}
	return !money_is_negative(limbs, nlimbs);
}

/* limbs = limbs / divisor, for a number that is not negative; the remainder. */
uint32
retention_money_divide(uint64 *limbs, int nlimbs, uint32 divisor)
{
	uint64		remainder = 0;

	for (int i = nlimbs - 1; i >= 0; i--)
	{
		uint64		high = (remainder << 32) | (limbs[i] >> 32);
		uint64		low;

		remainder = high % divisor;
		low = (remainder << 32) | (limbs[i] & 0xFFFFFFFF);
		remainder = low % divisor;
		limbs[i] = ((high / divisor) << 32) | (low / divisor);
	}
	return (uint32) remainder;
}

/*
 * The same money in another width and at a scale that is not smaller.
 * Returns false if it does not fit; "to" is then undefined.
 */
bool
retention_money_convert(const uint64 *from, int nfrom, int from_scale,
						uint64 *to, int nto, int to_scale)
{
	bool		negative = money_is_negative(from, nfrom);
	uint64		extension = negative ? PG_UINT64_MAX : 0;

	Assert(to_scale >= from_scale);

	for (int i = 0; i < nto; i++)
		to[i] = i < nfrom ? from[i] : extension;
	for (int i = nto; i < nfrom; i++)
		if (from[i] != extension)
			return false;
	if (money_is_negative(to, nto) != negative)
		return false;

	if (to_scale == from_scale)
		return true;
	if (negative)
	{
		retention_money_negate(to, nto);
		if (money_is_negative(to, nto))
			return false;		/* the one number without a counterpart */
	}
	if (!retention_money_times_ten(to, nto, to_scale - from_scale))
		return false;
	if (negative)
		retention_money_negate(to, nto);
	return true;
}

/* The least number of bytes that hold the number in two's complement. */
int
retention_money_bytes(const uint64 *limbs, int nlimbs)
{
	uint64		extension = money_is_negative(limbs, nlimbs) ? PG_UINT64_MAX : 0;
	int			top = nlimbs - 1;
	uint64		significant;
	int			bytes;

	while (top > 0 && limbs[top] == extension &&
		   ((int64) (limbs[top - 1] ^ extension) >= 0))
		top--;
	significant = limbs[top] ^ extension;
	for (bytes = 1; bytes < 8 && (significant >> (8 * bytes - 1)) != 0;)
		bytes++;
	return top * 8 + bytes;
}

/* a + b in newly allocated limbs, at the larger scale. */
Money
retention_money_sum(Money a, Money b)
{
	Money		sum;
	uint64	   *limbs;
	uint64	   *addend;

	if (a.limbs == NULL || b.limbs == NULL)
		return a.limbs == NULL ? b : a;

	sum.scale = Max(a.scale, b.scale);
	for (sum.nlimbs = Max(a.nlimbs, b.nlimbs);;
		 sum.nlimbs += money_limbs_for_scale(abs(a.scale - b.scale)))
	{
		limbs = palloc(sum.nlimbs * sizeof(uint64));
		addend = palloc(sum.nlimbs * sizeof(uint64));
		sum.limbs = limbs;
		if (retention_money_convert(a.limbs, a.nlimbs, a.scale, limbs, sum.nlimbs, sum.scale) &&
			retention_money_convert(b.limbs, b.nlimbs, b.scale, addend, sum.nlimbs, sum.scale) &&
			money_add(limbs, sum.nlimbs, addend, sum.nlimbs))
			break;
		pfree(limbs);
		pfree(addend);
	}
	pfree(addend);
	return sum;
}

/*
 * (remainder, word) / 10^19, where the remainder is of such a division; the
 * quotient.  Two multiplications do for a division of two words, by an inverse
 * of the divisor, floor((2^128 - 1) / 10^19) - 2^64.  (Moeller & Granlund 2011,
 * "Improved division by invariant integers", algorithm 4.)
 */
static inline uint64
divide_by_group(uint64 *remainder, uint64 word)
{
	const uint64 divisor = UINT64CONST(10000000000000000000);
	const uint64 inverse = UINT64CONST(15581492618384294730);
	uint64		high;
	uint64		low = multiply_add(*remainder, inverse, word, &high);
	uint64		quotient = high + *remainder + 1;
	uint64		rest = word - quotient * divisor;

	if (rest > low)
	{
		quotient--;
		rest += divisor;
	}
	if (unlikely(rest >= divisor))
	{
		quotient++;
		rest -= divisor;
	}
	*remainder = rest;
	return quotient;
}

/* Groups of digits that are taken in one pass: a processor does them side by side. */
#define GROUPS			4

/* A number too wide for the helpers of numeric goes there by its digits. */
static Datum
wide_numeric(Money money)
{
	int			ndigits = money.nlimbs * 20 + money.scale + GROUPS * MONEY_GROUP;
	char	   *text = palloc(ndigits + 3);
	char	   *at = text + ndigits + 3;
	uint64	   *rest = palloc(money.nlimbs * sizeof(uint64));
	bool		negative = money_is_negative(money.limbs, money.nlimbs);
	int			digit = 0;
	int			used;			/* limbs that are not zero */
	Datum		result;

	memcpy(rest, money.limbs, money.nlimbs * sizeof(uint64));
	if (negative)
		retention_money_negate(rest, money.nlimbs);

	*--at = '\0';
	used = money.nlimbs;
	while (digit <= money.scale || used > 0)
	{
		uint64		groups[GROUPS] = {0};
		int			ngroups = GROUPS;

		CHECK_FOR_INTERRUPTS();
		for (int i = used - 1; i >= 0; i--)
			for (int group = 0; group < GROUPS; group++)
				rest[i] = divide_by_group(&groups[group], rest[i]);
		while (used > 0 && rest[used - 1] == 0)
			used--;
		/* few digits before the number's first: most are of two groups */
		if (used == 0)
			while (ngroups > 1 && groups[ngroups - 1] == 0 &&
				   digit + (ngroups - 1) * MONEY_GROUP > money.scale)
				ngroups--;
		for (int group = 0; group < ngroups; group++)
			for (int i = 0; i < MONEY_GROUP; i++)
			{
				if (digit++ == money.scale && money.scale > 0)
					*--at = '.';
				*--at = (char) ('0' + groups[group] % 10);
				groups[group] /= 10;
			}
	}
	while (at[0] == '0' && at[1] != '.' && at[1] != '\0')
		at++;
	if (negative)
		*--at = '-';

	result = DirectFunctionCall3(numeric_in, CStringGetDatum(at),
								 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	pfree(rest);
	pfree(text);
	return result;
}

/* The sum as numeric, with "scale" digits after the point as sum(numeric). */
Datum
retention_money_numeric(Money money)
{
	int64		units = (int64) money.limbs[0];

	for (int i = 1; i < money.nlimbs; i++)
		if (money.limbs[i] != (units < 0 ? PG_UINT64_MAX : 0))
			return wide_numeric(money);
	return NumericGetDatum(int64_div_fast_to_numeric(units, money.scale));
}

/* The float8 nearest to the sum. */
double
retention_money_float8(Money money)
{
	int64		units = (int64) money.limbs[0];
	bool		narrow = money.scale < (int) lengthof(exact_powers_of_ten) &&
		units <= INT64CONST(9007199254740992) && units >= -INT64CONST(9007199254740992);
	double		value;

	for (int i = 1; narrow && i < money.nlimbs; i++)
		narrow = money.limbs[i] == (units < 0 ? PG_UINT64_MAX : 0);

	/* Both operands are exact here, so the quotient is rounded once. */
	if (narrow)
		return (double) units / exact_powers_of_ten[money.scale];
	value = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											   retention_money_numeric(money)));
	if (isinf(value))
		float_overflow_error();
	return value;
}

/* As many bytes as it takes, and their number before them. */
void
retention_put_money(StringInfo out, Money money)
{
	int			bytes = retention_money_bytes(money.limbs, money.nlimbs);

	if (unlikely(bytes > MONEY_MAX_LIMBS * (int) sizeof(uint64)))
		retention_money_out_of_range();
	retention_put_varint(out, bytes);
	enlargeStringInfo(out, bytes + 8);
	for (int i = 0; i < bytes; i += 8)
		store_bytes((uint8 *) out->data + out->len + i, money.limbs[i / 8]);
	out->len += bytes;
}

/* The limbs are allocated; their number is checked first. */
Money
retention_get_money(ByteReader *in, int scale)
{
	const char *detail = "A sum of money has an impossible width.";
	int			bytes = (int) retention_get_number(in, MONEY_MAX_LIMBS * sizeof(uint64), detail);
	const uint8 *at;
	uint64	   *limbs;
	Money		money;

	if (bytes == 0)
		retention_invalid_value(in->type, detail);
	at = reader_skip(in, bytes);
	money.scale = scale;
	money.nlimbs = (int) ((bytes + 7) / 8);
	money.limbs = limbs = palloc(money.nlimbs * sizeof(uint64));
	for (int i = 0; i < money.nlimbs; i++)
		limbs[i] = load_bytes(at + i * 8, Min(8, bytes - i * 8), in->end);
	if (bytes % 8 != 0 && (at[bytes - 1] & 0x80))
		limbs[money.nlimbs - 1] |= PG_UINT64_MAX << (8 * (bytes % 8));
	return money;
}
