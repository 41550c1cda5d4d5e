/*-------------------------------------------------------------------------
 *
 * amount.c
 *	  The amount of an order: numeric or float8 -> units of 10^-scale.
 *
 * Two ways lead there.  The fast one takes what shops have, up to sixteen
 * digits, in a few nanoseconds and without allocating.  The wide one takes
 * everything numeric can hold.
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

	if (unlikely(parts.dscale > scale || parts.ndigits > 4))
		goto done;

	for (int i = 0; i < parts.ndigits; i++)
		units = units * 10000 + numeric_digit(&parts, i);

	/* The last digit counts units of 10^exponent at our scale. */
	exponent = NUMERIC_BASE_DIGITS * (parts.weight - parts.ndigits + 1) + scale;
	if (parts.ndigits == 0)
		exponent = 0;
	switch (exponent)
	{
			/* constants: a multiplication where a variable takes a division */
		case -3:
			units /= 1000;
			break;
		case -2:
			units /= 100;
			break;
		case -1:
			units /= 10;
			break;
		case 0:
			break;
		default:
			if (exponent < 0 || exponent > POWER_OF_TEN_MAX ||
				pg_mul_s64_overflow(units, powers_of_ten[exponent], &units))
				goto done;
	}
	amount->units = parts.negative ? -units : units;
	amount->fits = true;

done:
	if ((Pointer) value != DatumGetPointer(datum))
		pfree(value);
}

/* The shortest decimal that reads back as the value, as numeric. */
static Datum
float8_shortest_numeric(float8 value)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, text);
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

void
retention_amount_float8(float8 value, int scale, Amount *amount)
{
	Datum		decimal;

	if (unlikely(!isfinite(value)))
		report_not_finite(isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");

	/*
	 * A value that is the float8 nearest to units / 10^scale, with units of
	 * at most fifteen digits, stands for that decimal: no other decimal of
	 * fifteen digits is as near.  Both operands of the division are exact, so
	 * it yields that nearest float8.
	 */
	if (likely(scale <= 15))
	{
		double		units = rint(value * (double) powers_of_ten[scale]);

		if (likely(fabs(units) <= 1e15 &&
				   units / (double) powers_of_ten[scale] == value))
		{
			amount->negative = value < 0;
			amount->dscale = 0;
			amount->units = (int64) units;
			amount->fits = true;
			return;
		}
	}

	decimal = float8_shortest_numeric(value);
	retention_amount_numeric(decimal, scale, amount);
	pfree(DatumGetPointer(decimal));
}

/*
 * How many limbs hold the amount at a scale that is not below its own?  An
 * upper bound, by its decimal digits.
 */
int
retention_amount_limbs(Datum datum, AmountKind kind, int scale)
{
	Datum		decimal = kind == AMOUNT_FLOAT8 ?
		float8_shortest_numeric(DatumGetFloat8(datum)) : datum;
	struct varlena *value = numeric_value(decimal);
	NumericParts parts;
	int			digits;

	numeric_parts(value, &parts);
	digits = Max(0, (parts.weight + 1) * NUMERIC_BASE_DIGITS) + scale;

	/* log2(10) < 3.3220, and a bit for the sign */
	return (int) ((digits * INT64CONST(33220) / 10000 + 1) / 64) + 1;
}

/*
 * The amount in as many limbs as retention_amount_limbs said or more, at a
 * scale that is not below its own.
 */
void
retention_amount_wide(Datum datum, AmountKind kind, int scale,
					  uint64 *limbs, int nlimbs)
{
	Datum		decimal = kind == AMOUNT_FLOAT8 ?
		float8_shortest_numeric(DatumGetFloat8(datum)) : datum;
	struct varlena *value = numeric_value(decimal);
	NumericParts parts;
	int			exponent;
	int			ndigits;
	int			used = 0;

	numeric_parts(value, &parts);
	Assert(parts.dscale <= scale);
	memset(limbs, 0, nlimbs * sizeof(uint64));

	/*
	 * The last base-10000 digit may reach below the scale; what is below is
	 * zeros, so take that digit by its upper part.
	 */
	ndigits = parts.ndigits;
	exponent = NUMERIC_BASE_DIGITS * (parts.weight - ndigits + 1) + scale;
	for (int i = 0; i < ndigits; i++)
	{
		int			digit = numeric_digit(&parts, i);
		int			factor = 10000;

		if (i == ndigits - 1 && exponent < 0)
		{
			Assert(exponent > -NUMERIC_BASE_DIGITS);
			digit /= (int) powers_of_ten[-exponent];
			factor /= (int) powers_of_ten[-exponent];
		}

		/* of so many digits, no more limbs than these can be in use */
		if ((i & 0x3F) == 0)
		{
			CHECK_FOR_INTERRUPTS();
			used = Min(nlimbs, (i + 64) * NUMERIC_BASE_DIGITS / 19 + 1);
		}
		if (!retention_money_times(limbs, used, factor, digit))
			elog(ERROR, "amount does not fit %d limbs", nlimbs);
	}
	if (ndigits > 0 && exponent > 0 &&
		!retention_money_times_ten(limbs, nlimbs, exponent))
		elog(ERROR, "amount does not fit %d limbs", nlimbs);
	if (parts.negative)
		retention_money_negate(limbs, nlimbs);
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
