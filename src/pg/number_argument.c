/*-------------------------------------------------------------------------
 *
 * number_argument.c
 *	  Numbers that callers give, and what they can be: shares, rates and
 *	  quantities.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "pg/number_argument.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/* What somebody who writes percent could mean by a number. */
static bool
looks_like_percent(double value)
{
	return value > 1 && value <= 100;
}

static void
refuse_share(double share, const char *text, const char *name, const char *range)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be %s, not %s", name, range, text),
			 looks_like_percent(share) ?
			 errhint("Write %g for %g percent.", share / 100, share) : 0));
}

void
retention_check_share(double share, const char *name)
{
	if (unlikely(!(share >= 0 && share <= 1)))
		refuse_share(share, psprintf("%g", share), name, "between 0 and 1");
}

void
retention_check_level(double level, const char *name)
{
	if (unlikely(!(level > 0 && level < 1)))
		refuse_share(level, psprintf("%g", level), name, "above 0 and below 1");
}

static char *
numeric_text(Datum value)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, value));
}

static double
numeric_double(Datum value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
}

/* -1, 0 or 1; NaN is above all others. */
static int
compare_integer(Datum value, int64 integer)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, value,
											 NumericGetDatum(int64_to_numeric(integer))));
}

/* By its own digits: as a double, one that is hardly above 1 would be 1. */
void
retention_check_share_numeric(Datum share, const char *name)
{
	if (unlikely(compare_integer(share, 0) < 0 || compare_integer(share, 1) > 0))
		refuse_share(numeric_double(share), numeric_text(share), name, "between 0 and 1");
}

static void
refuse_quantity(const char *text, const char *name, bool may_be_negative)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be %s, not %s", name,
					may_be_negative ? "finite" : "finite and not negative", text)));
}

void
retention_check_quantity(double quantity, const char *name, bool may_be_negative)
{
	if (unlikely(!isfinite(quantity) || (quantity < 0 && !may_be_negative)))
		refuse_quantity(psprintf("%g", quantity), name, may_be_negative);
}

void
retention_check_quantity_numeric(Datum quantity, const char *name, bool may_be_negative)
{
	Numeric		number = DatumGetNumeric(quantity);

	if (unlikely(numeric_is_nan(number) || numeric_is_inf(number) ||
				 (!may_be_negative && compare_integer(quantity, 0) < 0)))
		refuse_quantity(numeric_text(quantity), name, may_be_negative);
}
