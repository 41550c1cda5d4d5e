/*-------------------------------------------------------------------------
 *
 * lifespan.c
 *	  Lifetime span: the mean of last order - first order over the customers.
 *
 * Of a customer with one order the lifespan is zero, and counts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metric/base_formula.h"
#include "metric/exact_numeric.h"

/* The mean lifespan in microseconds, as numeric. */
bool
retention_lifespan_usecs(const BaseTotals *totals, Datum *result)
{
	if (totals->time == TIME_NONE || totals->customers <= 0)
		return false;
	*result = exact_divide(exact_wide(totals->lifespan[0], totals->lifespan[1]),
						   exact_integer(totals->customers));
	return true;
}

/*
 * The mean as days and time, as subtracting timestamps gives it, to the
 * nearest microsecond.  The sum may take 128 bits, and the lifespan of one
 * customer (4713 BC to 294276 AD) all of 64, so divide by hand.
 */
bool
retention_lifetime_span(const BaseTotals *totals, Interval *result)
{
	uint64		mean;

	if (totals->time == TIME_NONE || totals->customers <= 0)
		return false;

	if (totals->lifespan[1] == 0)
	{
		uint64		customers = totals->customers;
		uint64		rest = totals->lifespan[0] % customers;

		mean = totals->lifespan[0] / customers + (rest >= customers - rest);
	}
	else
	{
		/* the mean is below 2^64 for sure, as each addend is */
		Datum		rounded;
		Datum		half = exact_integer(PG_INT64_MAX);

		retention_lifespan_usecs(totals, &rounded);
		rounded = DirectFunctionCall2(numeric_round, rounded, Int32GetDatum(0));
		mean = 0;
		if (exact_compare(rounded, half) > 0)
		{
			rounded = exact_subtract(rounded, half);
			mean = PG_INT64_MAX;
		}
		mean += (uint64) DatumGetInt64(DirectFunctionCall1(numeric_int8, rounded));
	}

	result->month = 0;
	result->day = (int32) (mean / USECS_PER_DAY);
	result->time = (TimeOffset) (mean % USECS_PER_DAY);
	return true;
}
