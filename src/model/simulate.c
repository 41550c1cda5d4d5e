/*-------------------------------------------------------------------------
 *
 * simulate.c
 *	  simulate_orders: the orders of a made-up shop.
 *
 * Demonstrations, tests and benchmarks need orders that look like a shop's:
 * most customers buy once, a few keep coming, one of them spends a fortune.
 * The customers here come at a steady rate over the whole span, buy by the
 * BG/NBD model and spend by the gamma-gamma model (Fader, Hardie & Lee 2005),
 * with the parameters of the CDNOW data set, on which both were published.
 * Refunds, guests and other dirt are left to the caller, who knows best which
 * dirt is wanted.
 *
 * The same arguments give the same rows everywhere: on every machine, on
 * every version of PostgreSQL, in every time zone.  Each customer draws from a
 * stream of random numbers of its own, so a shop of 1,000 customers is the
 * beginning of the shop of 10,000 of the same seed.
 *
 * The rows go to a tuplestore, which is where the executor would put them
 * anyway if they were handed over one at a time in FROM; this way is faster,
 * and no slower in spilling to disk what is beyond work_mem.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "math/variate.h"

#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/*
 * Purchases: a customer buys at a rate from Gamma(R, ALPHA), a week, and after
 * each repeat purchase leaves for good with a probability from Beta(A, B).
 */
#define BGNBD_R			0.243
#define BGNBD_ALPHA		4.414
#define BGNBD_A			0.793
#define BGNBD_B			2.426

/*
 * Spend: an order's amount is from Gamma(P, nu), where nu is the customer's
 * own, from Gamma(Q, V).
 */
#define SPEND_P			6.25
#define SPEND_Q			3.74
#define SPEND_V			15.44

#define SECS_PER_WEEK	(7.0 * SECS_PER_DAY)

/*
 * The most that an order can amount to, in cents: what numeric(12,2) holds.
 * The distribution has no upper end, but one order in some 10^30 is beyond.
 */
#define MAX_CENTS		999999999999.0

/* A customer between two orders. */
typedef struct Shopper
{
	RandomStream stream;
	double		end;			/* of the span, in seconds from its start */
	double		next;			/* when the next order is due, likewise */
	double		rate;			/* orders a second */
	double		leaving;		/* probability of it; negative: not yet drawn */
	double		spend_rate;		/* nu */
	bool		repeats;		/* the first order has been made */
} Shopper;

PG_FUNCTION_INFO_V1(retention_simulate_orders);

/* Customer "number" of the shop of that seed, before the first order. */
static void
shopper_enter(Shopper *shopper, uint64 seed, uint64 number, double end)
{
	RandomStream *stream = &shopper->stream;

	*stream = retention_random_stream(seed, number);
	shopper->end = end;
	shopper->next = retention_random_uniform(stream) * end;
	shopper->rate = retention_random_gamma(stream, BGNBD_R) / (BGNBD_ALPHA * SECS_PER_WEEK);
	shopper->spend_rate = retention_random_gamma(stream, SPEND_Q) / SPEND_V;
	shopper->leaving = -1;
	shopper->repeats = false;
}

/*
 * The next order: whole seconds from the start of the span, and cents.
 * Returns false if there is none.
 */
static bool
shopper_buy(Shopper *shopper, int64 *second, int64 *cents)
{
	RandomStream *stream = &shopper->stream;
	double		amount;

	/* written so that a rate of 0, whose next order is never, ends it too */
	if (!(shopper->next < shopper->end))
		return false;

	*second = (int64) shopper->next;
	amount = 100 * retention_random_gamma(stream, SPEND_P) / shopper->spend_rate + 0.5;
	*cents = Max((int64) Min(amount, MAX_CENTS), 1);

	if (shopper->repeats)
	{
		/* of most customers nobody ever asks */
		if (shopper->leaving < 0)
			shopper->leaving = retention_random_beta(stream, BGNBD_A, BGNBD_B);
		if (retention_random_uniform(stream) < shopper->leaving)
		{
			shopper->next = shopper->end;
			return true;
		}
	}
	shopper->repeats = true;
	shopper->next += retention_random_exponential(stream) / shopper->rate;
	return true;
}

/*
 * start + span by the calendar, in UTC.  The server's own operator does it in
 * the session's time zone, so that a month's length would depend on who asks.
 * Returns false if the result is no timestamp.
 */
static bool
add_span(TimestampTz start, const Interval *span, TimestampTz *end)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int64		months;
	int64		rest;

	if (timestamp2tm(start, NULL, &tm, &fsec, NULL, NULL) != 0)
		return false;

	/* counted from 4801 BC, before all timestamps: / and % want no negatives */
	months = (tm.tm_year + INT64CONST(4800)) * MONTHS_PER_YEAR + tm.tm_mon - 1 + span->month;
	if (months < 0 || months / MONTHS_PER_YEAR > INT64CONST(4800) + 300000)
		return false;
	tm.tm_year = (int) (months / MONTHS_PER_YEAR - 4800);
	tm.tm_mon = (int) (months % MONTHS_PER_YEAR + 1);
	tm.tm_mday = Min(tm.tm_mday, day_tab[isleap(tm.tm_year)][tm.tm_mon - 1]);

	return tm2timestamp(&tm, fsec, NULL, end) == 0 &&
		!pg_mul_s64_overflow(span->day, USECS_PER_DAY, &rest) &&
		!pg_add_s64_overflow(*end, rest, end) &&
		!pg_add_s64_overflow(*end, span->time, end) &&
		IS_VALID_TIMESTAMP(*end);
}

static char *
interval_string(Interval *span)
{
	return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(span)));
}

/* The span in seconds; raises an error if it isn't a good one. */
static double
span_seconds(TimestampTz start, Interval *span)
{
	TimestampTz end;

	if (TIMESTAMP_NOT_FINITE(start))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("start must be finite: %s", timestamptz_to_str(start))));
	if (!add_span(start, span, &end))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("end of the span is out of range: %s after %s",
						interval_string(span), timestamptz_to_str(start)),
				 errhint("The span must be positive and end before the year 294277.")));
	if (end <= start)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("span must be greater than zero: %s", interval_string(span))));

	/* unsigned, because the longest span overflows int64 */
	return (double) ((uint64) end - (uint64) start) / USECS_PER_SEC;
}

/*
 * simulate_orders(customers int8, span interval, seed int8, start timestamptz)
 */
Datum
retention_simulate_orders(PG_FUNCTION_ARGS)
{
	int64		customers = PG_GETARG_INT64(0);
	Interval   *span = PG_GETARG_INTERVAL_P(1);
	uint64		seed = (uint64) PG_GETARG_INT64(2);
	TimestampTz start = PG_GETARG_TIMESTAMPTZ(3);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	double		end;

	if (customers < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of customers must not be negative: %lld",
						(long long) customers)));
	end = span_seconds(start, span);

	InitMaterializedSRF(fcinfo, 0);

	for (int64 i = 0; i < customers; i++)
	{
		Shopper		shopper;
		int64		second;
		int64		cents;

		shopper_enter(&shopper, seed, (uint64) i, end);
		while (shopper_buy(&shopper, &second, &cents))
		{
			Datum		values[3];
			bool		nulls[3] = {false};
			Numeric		amount = int64_div_fast_to_numeric(cents, 2);

			CHECK_FOR_INTERRUPTS();

			values[0] = Int64GetDatum(i + 1);
			values[1] = TimestampTzGetDatum(start + second * USECS_PER_SEC);
			values[2] = NumericGetDatum(amount);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
			pfree(amount);
		}
	}

	return (Datum) 0;
}
