/*-------------------------------------------------------------------------
 *
 * amount.c
 *	  The amount of an order: numeric or float8 -> units of 10^-scale.
 *
 * Two ways lead there.  The fast one takes what shops have, up to sixteen
 * digits, in a few nanoseconds and without allocating.  The wide one takes
 * everything numeric can hold, in time that grows with the square of its
 * digits: sixteen of them at a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "order/amount.h"
#include "order/money.h"
#include "pg/compat.h"

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/*
 * The layout of numeric on disk.  numeric.c keeps it to itself, but it can't
 * change without breaking pg_upgrade, and reading it here takes a tenth of
 * the time of any function it exports.
 */
#define NUMERIC_BASE_DIGITS		4	/* decimal digits in a base-10000 digit */
#define NUMERIC_KIND_MASK		0xC000
#define NUMERIC_KIND_SHORT		0x8000
#define NUMERIC_KIND_SPECIAL	0xC000
#define NUMERIC_SPECIAL_MASK	0xF000
#define NUMERIC_SPECIAL_NAN		0xC000
#define NUMERIC_SPECIAL_PINF	0xD000
#define NUMERIC_LONG_NEGATIVE	0x4000
#define NUMERIC_LONG_DSCALE		0x3FFF
#define NUMERIC_SHORT_NEGATIVE	0x2000
#define NUMERIC_SHORT_DSCALE	0x1F80
#define NUMERIC_SHORT_DSCALE_SHIFT 7
#define NUMERIC_SHORT_WEIGHT_SIGN 0x0040
#define NUMERIC_SHORT_WEIGHT	0x003F

/* A numeric taken apart.  The digits may be unaligned. */
typedef struct NumericParts
{
	bool		negative;
	int			dscale;
	int			weight;			/* of the first digit, in powers of 10000 */
	int			ndigits;
	const char *digits;
} NumericParts;

static const int64 powers_of_ten[] = {
	INT64CONST(1), INT64CONST(10), INT64CONST(100), INT64CONST(1000),
	INT64CONST(10000), INT64CONST(100000), INT64CONST(1000000),
	INT64CONST(10000000), INT64CONST(100000000), INT64CONST(1000000000),
	INT64CONST(10000000000), INT64CONST(100000000000),
	INT64CONST(1000000000000), INT64CONST(10000000000000),
	INT64CONST(100000000000000), INT64CONST(1000000000000000),
	INT64CONST(10000000000000000), INT64CONST(100000000000000000),
	INT64CONST(1000000000000000000)
};

#define POWER_OF_TEN_MAX	((int) lengthof(powers_of_ten) - 1)

static void
report_not_finite(const char *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("amount must be finite, not %s", value),
			 errhint("Leave such rows out by WHERE or FILTER.")));
}

static inline int
numeric_digit(const NumericParts *parts, int i)
{
	int16		digit;

	memcpy(&digit, parts->digits + i * sizeof(int16), sizeof(int16));
	return digit;
}

static inline void
numeric_parts(const struct varlena *value, NumericParts *parts)
{
	const char *data = VARDATA_ANY(value);
	int			length = (int) VARSIZE_ANY_EXHDR(value);
	uint16		header;

	memcpy(&header, data, sizeof(header));
	if ((header & NUMERIC_KIND_MASK) == NUMERIC_KIND_SHORT)
	{
		parts->negative = (header & NUMERIC_SHORT_NEGATIVE) != 0;
		parts->dscale = (header & NUMERIC_SHORT_DSCALE) >> NUMERIC_SHORT_DSCALE_SHIFT;
		parts->weight = header & NUMERIC_SHORT_WEIGHT;
		if (header & NUMERIC_SHORT_WEIGHT_SIGN)
			parts->weight |= ~NUMERIC_SHORT_WEIGHT;
		parts->digits = data + sizeof(uint16);
		parts->ndigits = (length - (int) sizeof(uint16)) / (int) sizeof(int16);
	}
	else if (unlikely((header & NUMERIC_KIND_MASK) == NUMERIC_KIND_SPECIAL))
		report_not_finite((header & NUMERIC_SPECIAL_MASK) == NUMERIC_SPECIAL_NAN ? "NaN" :
						  (header & NUMERIC_SPECIAL_MASK) == NUMERIC_SPECIAL_PINF ? "Infinity" :
						  "-Infinity");
	else
	{
		int16		weight;

		memcpy(&weight, data + sizeof(uint16), sizeof(weight));
		parts->negative = (header & NUMERIC_KIND_MASK) == NUMERIC_LONG_NEGATIVE;
		parts->dscale = header & NUMERIC_LONG_DSCALE;
		parts->weight = weight;
		parts->digits = data + 2 * sizeof(uint16);
		parts->ndigits = (length - 2 * (int) sizeof(uint16)) / (int) sizeof(int16);
	}
}

/* Numerics are hardly ever toasted: spare each the call. */
static inline struct varlena *
numeric_value(Datum datum)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);

	if (unlikely(VARATT_IS_COMPRESSED(value) || VARATT_IS_EXTERNAL(value)))
		value = pg_detoast_datum_packed(value);
	return value;
}

/* Is the absolute value below 10^digits? */
static inline bool
parts_are_below(const NumericParts *parts, int digits)
{
	int			weight = digits / NUMERIC_BASE_DIGITS;

	return parts->ndigits == 0 || parts->weight < weight ||
		(parts->weight == weight && numeric_digit(parts, 0) < powers_of_ten[digits % NUMERIC_BASE_DIGITS]);
}

/* The same of a numeric, which is finite. */
bool
retention_amount_is_below(Datum datum, int digits)
{
	NumericParts parts;

	numeric_parts(numeric_value(datum), &parts);
	return parts_are_below(&parts, digits);
}

/* Is it a numeric that views count, below 10^AMOUNT_MOST_DIGITS? */
AmountSize
retention_amount_size(Datum datum)
{
	struct varlena *value = numeric_value(datum);
	AmountSize	size = AMOUNT_COUNTS;
	uint16		header;

	memcpy(&header, VARDATA_ANY(value), sizeof(header));
	if ((header & NUMERIC_KIND_MASK) == NUMERIC_KIND_SPECIAL)
		size = AMOUNT_NOT_FINITE;
	else
	{
		NumericParts parts;

		numeric_parts(value, &parts);
		if (parts.dscale > AMOUNT_MOST_SCALE || !parts_are_below(&parts, AMOUNT_MOST_DIGITS))
			size = AMOUNT_ABSURD;
	}
	if ((Pointer) value != DatumGetPointer(datum))
		pfree(value);
	return size;
}

bool
retention_amount_is_finite(Datum datum, AmountKind kind)
{
	return kind == AMOUNT_NUMERIC ? retention_amount_size(datum) != AMOUNT_NOT_FINITE :
		isfinite(DatumGetFloat8(datum));
}

void
retention_amount_numeric(Datum datum, int scale, Amount *amount)
{
	struct varlena *value = numeric_value(datum);
	NumericParts parts;
	int64		units = 0;
	int			exponent;

	numeric_parts(value, &parts);
	amount->negative = parts.negative;	/* zero has no negative form */
	amount->dscale = parts.dscale;
	amount->fits = false;
	amount->brief = false;

	if (unlikely(parts.ndigits > 4))
		goto done;

	for (int i = 0; i < parts.ndigits; i++)
		units = units * 10000 + numeric_digit(&parts, i);

	/* The last digit counts units of 10^exponent at our scale. */
	exponent = NUMERIC_BASE_DIGITS * (parts.weight - parts.ndigits + 1) + scale;
	if (parts.ndigits == 0)
		exponent = 0;
	if (unlikely(parts.dscale > scale))
		goto brief;
	switch (exponent)
	{
			/* constants: a multiplication where a variable takes a division */
		case -3:
			amount->units = units / 1000;
			break;
		case -2:
			amount->units = units / 100;
			break;
		case -1:
			amount->units = units / 10;
			break;
		case 0:
			amount->units = units;
			break;
		default:
			if (exponent < 0 || exponent > POWER_OF_TEN_MAX ||
				pg_mul_s64_overflow(units, powers_of_ten[exponent], &amount->units))
				goto brief;
	}
	if (parts.negative)
		amount->units = -amount->units;
	amount->fits = true;
	goto done;

brief:
	amount->brief = true;
	amount->digits = (uint64) units;
	amount->exponent = exponent - scale;

done:
	if ((Pointer) value != DatumGetPointer(datum))
		pfree(value);
}

/*
 * The digits of the shortest decimal that reads back as the value.  It has
 * seventeen at most, and none is a zero at the end.
 */
static void
float8_digits(float8 value, Amount *amount)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];
	const char *at = text;
	uint64		digits = 0;
	int			zeros = 0;
	int			behind_point = 0;
	bool		point = false;

	double_to_shortest_decimal_buf(value, text);
	for (; *at != '\0' && *at != 'e'; at++)
	{
		if (*at == '.')
			point = true;
		else if (*at != '-')
		{
			behind_point += point;
			if (*at == '0')
				zeros++;
			else
			{
				while (zeros-- > 0)
					digits *= 10;
				digits = digits * 10 + (*at - '0');
				zeros = 0;
			}
		}
	}
	amount->digits = digits;
	amount->exponent = zeros - behind_point;
	if (*at == 'e')
		amount->exponent += (int) strtol(at + 1, NULL, 10);
}

void
retention_amount_float8(float8 value, int scale, Amount *amount)
{
	double		units;

	if (unlikely(!isfinite(value)))
		report_not_finite(isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
	amount->negative = value < 0;
	amount->brief = true;
	amount->fits = false;

	/*
	 * A value that is the float8 nearest to units / 10^scale, with units of
	 * at most fifteen digits, stands for that decimal: no other decimal of
	 * fifteen digits is as near.  Both operands of the division are exact, so
	 * it yields that nearest float8.
	 */
	if (likely(scale <= 15))
	{
		units = rint(value * (double) powers_of_ten[scale]);
		if (likely(fabs(units) <= 1e15 &&
				   units / (double) powers_of_ten[scale] == value))
		{
			amount->dscale = 0;
			amount->units = (int64) units;
			amount->fits = true;
			return;
		}
	}

	/* most are in cents, whatever others have been */
	units = rint(value * 100.0);
	if (scale >= 2 && fabs(units) <= 1e15 && units / 100.0 == value)
	{
		amount->dscale = 0;
		amount->digits = (uint64) fabs(units);
		amount->exponent = -2;
	}
	else
	{
		float8_digits(value, amount);
		amount->dscale = Max(0, -amount->exponent);
	}

	if (amount->dscale <= scale)
	{
		int			power = amount->exponent + scale;

		amount->fits = power <= POWER_OF_TEN_MAX &&
			!pg_mul_s64_overflow((int64) amount->digits, powers_of_ten[power], &amount->units);
		if (value < 0)
			amount->units = -amount->units;
	}
}

/*
 * How many limbs hold an amount that was read as this, at a scale that is not
 * below its own?  An upper bound, by its decimal digits: log2(10) < 3.3220.
 */
int
retention_amount_limbs(Datum datum, AmountKind kind, const Amount *amount, int scale)
{
	struct varlena *value;
	NumericParts parts;
	int			digits;

	if (amount->brief)
	{
		/* of the digits, of the power of ten, and one for the sign */
		int			bits = amount->digits == 0 ? 0 : pg_leftmost_one_pos64(amount->digits) + 1;
		int			power = Max(0, amount->exponent + scale);

		return (int) ((bits + power * INT64CONST(33220) / 10000 + 2) / 64) + 1;
	}
	Assert(kind == AMOUNT_NUMERIC);
	value = numeric_value(datum);
	numeric_parts(value, &parts);
	digits = Max(0, (parts.weight + 1) * NUMERIC_BASE_DIGITS) + scale;
	if ((Pointer) value != DatumGetPointer(datum))
		pfree(value);

	/* and a bit for the sign */
	return (int) ((digits * INT64CONST(33220) / 10000 + 1) / 64) + 1;
}

/*
 * The amount in as many limbs as retention_amount_limbs said or more, at a
 * scale that is not below its own.
 */
void
retention_amount_wide(Datum datum, AmountKind kind, const Amount *amount, int scale,
					  uint64 *limbs, int nlimbs)
{
	struct varlena *value;
	NumericParts parts;
	int			exponent;
	int			used = 0;

	if (amount->brief)
	{
		exponent = amount->exponent + scale;
		if (exponent < 0)
		{
			/* what is below the scale is zeros */
			limbs[0] = amount->digits / (uint64) powers_of_ten[-exponent];
			exponent = 0;
		}
		else
		{
			/* the rest of the power, if there is one, makes it wider */
			int			step = Min(exponent, POWER_OF_TEN_MAX);
			uint64		factor = (uint64) powers_of_ten[step];

			limbs[0] = amount->digits * factor;
			exponent -= step;
			if (nlimbs > 1)
				limbs[used = 1] = multiply_high(amount->digits, factor);
		}
		memset(limbs + used + 1, 0, (nlimbs - used - 1) * sizeof(uint64));
		if (exponent > 0 && !retention_money_times_ten(limbs, nlimbs, exponent))
			elog(ERROR, "amount does not fit %d limbs", nlimbs);
		if (amount->negative)
			retention_money_negate(limbs, nlimbs);
		return;
	}

	Assert(kind == AMOUNT_NUMERIC);
	memset(limbs, 0, nlimbs * sizeof(uint64));
	value = numeric_value(datum);
	numeric_parts(value, &parts);
	Assert(parts.dscale <= scale);
	exponent = NUMERIC_BASE_DIGITS * (parts.weight - parts.ndigits + 1) + scale;
	for (int i = 0; i < parts.ndigits;)
	{
		uint64		group = 0;
		uint64		factor = 1;

		/* four base-10000 digits at a time */
		do
		{
			int			digit = numeric_digit(&parts, i++);
			int			base = 10000;

			/*
			 * The last digit may reach below the scale; what is below is
			 * zeros, so take that digit by its upper part.
			 */
			if (i == parts.ndigits && exponent < 0)
			{
				Assert(exponent > -NUMERIC_BASE_DIGITS);
				digit /= (int) powers_of_ten[-exponent];
				base /= (int) powers_of_ten[-exponent];
			}
			group = group * base + digit;
			factor *= base;
		} while (i < parts.ndigits && i % 4 != 0);

		CHECK_FOR_INTERRUPTS();
		used = retention_money_grow(limbs, used, nlimbs, factor, group);
		if (used > nlimbs)
			elog(ERROR, "amount does not fit %d limbs", nlimbs);
	}
	if (!retention_money_times_ten(limbs, nlimbs, Max(exponent, 0)))
		elog(ERROR, "amount does not fit %d limbs", nlimbs);
	if (parts.negative)
		retention_money_negate(limbs, nlimbs);
	if ((Pointer) value != DatumGetPointer(datum))
		pfree(value);
}

/* For messages. */
const char *
retention_amount_name(AmountKind kind)
{
	switch (kind)
	{
		case AMOUNT_NONE:
			return "no amounts";
		case AMOUNT_NUMERIC:
			return "amounts of type numeric";
		case AMOUNT_FLOAT8:
			return "amounts of type double precision";
	}
	pg_unreachable();
}
