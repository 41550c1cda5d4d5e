/*-------------------------------------------------------------------------
 *
 * simulate_orders.c
 *	  simulate_orders: the orders of a made-up shop.
 *
 * Demonstrations, tests and benchmarks need orders that look like a shop's:
 * most customers buy once, a few keep coming, one of them spends a fortune.
 * The customers here come at a steady rate over the whole observation, buy by a model
 * of purchases and spend by the gamma-gamma model: by those that the caller
 * gives, or by BG/NBD (Fader, Hardie & Lee 2005) and gamma-gamma with the
 * parameters of the CDNOW data set, on which both were published.  Refunds,
 * guests and other dirt are left to the caller, who knows best which dirt is
 * wanted.
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

#include "forecast/fitted_model.h"
#include "order/duration.h"

#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* The shop that is meant where no models are given; times in weeks. */
#define BGNBD_R			0.243
#define BGNBD_ALPHA		4.414
#define BGNBD_A			0.793
#define BGNBD_B			2.426
#define GAMMA_P			6.25
#define GAMMA_Q			3.74
#define GAMMA_V			15.44

#define ARG_SEED		2

#define SECS_PER_WEEK	(7.0 * SECS_PER_DAY)

/*
 * The most that an order can amount to, in cents: what numeric(12,2) holds.
 * The distribution has no upper end, but one order in some 10^30 is beyond.
 */
#define MAX_CENTS		999999999999.0

/* The shop: times in seconds. */
typedef struct Shop
{
	PurchaseModel purchases;
	const SpendKind *spend;
	double		spend_params[MODEL_MAX_PARAMS];
	uint64		seed;
	double		end;			/* of the observation, from its start */
} Shop;

/* A customer between two orders. */
typedef struct Shopper
{
	RandomStream stream;
	Habit		habit;
	double		next;			/* when the next order is due, from the start */
	double		spending;		/* what their orders amount to, as the model has it */
} Shopper;

PG_FUNCTION_INFO_V1(retention_simulate_orders);

/* Customer "number", before the first order. */
static void
shopper_enter(const Shop *shop, Shopper *shopper, uint64 number)
{
	RandomStream *stream = &shopper->stream;

	*stream = retention_random_stream(shop->seed, number);
	shopper->next = retention_random_uniform(stream) * shop->end;
	shop->purchases.kind->enter(&shop->purchases, stream, &shopper->habit);
	shopper->spending = shop->spend->enter(shop->spend_params, stream);
}

/*
 * The next order: whole seconds from the start of the observation, and cents.
 * Returns false if there is none.
 */
static bool
shopper_buy(const Shop *shop, Shopper *shopper, int64 *second, int64 *cents)
{
	double		amount;

	/* written so that a time that is no number ends it too */
	if (!(shopper->next < shop->end))
		return false;

	*second = (int64) shopper->next;
	amount = shop->spend->amount(shop->spend_params, &shopper->stream, shopper->spending, 100) + 0.5;
	*cents = Max((int64) Min(amount, MAX_CENTS), 1);
	shopper->next += shop->purchases.kind->wait(&shop->purchases, &shopper->stream, &shopper->habit);
	return true;
}

/*
 * start + observation by the calendar, in UTC.  The server's own operator does it in
 * the session's time zone, so that a month's length would depend on who asks.
 * Returns false if the result is no timestamp.
 */
static bool
add_observation(TimestampTz start, const Interval *observation, TimestampTz *end)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int64		months;
	int64		rest;

	if (timestamp2tm(start, NULL, &tm, &fsec, NULL, NULL) != 0)
		return false;

	/* counted from 4801 BC, before all timestamps: / and % want no negatives */
	months = (tm.tm_year + INT64CONST(4800)) * MONTHS_PER_YEAR + tm.tm_mon - 1 + observation->month;
	if (months < 0 || months / MONTHS_PER_YEAR > INT64CONST(4800) + 300000)
		return false;
	tm.tm_year = (int) (months / MONTHS_PER_YEAR - 4800);
	tm.tm_mon = (int) (months % MONTHS_PER_YEAR + 1);
	tm.tm_mday = Min(tm.tm_mday, day_tab[isleap(tm.tm_year)][tm.tm_mon - 1]);

	return tm2timestamp(&tm, fsec, NULL, end) == 0 &&
		!pg_mul_s64_overflow(observation->day, USECS_PER_DAY, &rest) &&
		!pg_add_s64_overflow(*end, rest, end) &&
		!pg_add_s64_overflow(*end, observation->time, end) &&
		IS_VALID_TIMESTAMP(*end);
}

static char *
observation_text(const Interval *observation)
{
	return DatumGetCString(DirectFunctionCall1(interval_out,
											   IntervalPGetDatum(unconstify(Interval *, observation))));
}

/* The observation in seconds; raises an error if it isn't a good one. */
static double
observation_seconds(TimestampTz start, const Interval *observation)
{
	TimestampTz end;

	if (TIMESTAMP_NOT_FINITE(start))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("start must be finite: %s", timestamptz_to_str(start))));
	if (!add_observation(start, observation, &end))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("end of the observation is out of range: %s after %s",
						observation_text(observation), timestamptz_to_str(start)),
				 errhint("The observation must end before the year 294277.")));
	/* a month less 29 days is above 0, and not in a February */
	if (end <= start)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("observation must be above 0: \"%s\"", observation_text(observation))));

	/* unsigned, because the longest observation overflows int64 */
	return (double) ((uint64) end - (uint64) start) / USECS_PER_SEC;
}

/* The models that are given, in seconds; or those of CDNOW. */
static void
shop_models(FunctionCallInfo fcinfo, Shop *shop)
{
	if (PG_ARGISNULL(4))
		shop->purchases = (PurchaseModel) {
			&retention_bg_nbd, 1, {BGNBD_R, BGNBD_ALPHA * SECS_PER_WEEK, BGNBD_A, BGNBD_B}
		};
	else
	{
		shop->purchases = model_of_purchases(retention_model_read(PG_GETARG_DATUM(4), MODEL_PURCHASE));
		for (int i = 0; i < shop->purchases.kind->about.nparams; i++)
			if (shop->purchases.kind->about.units[i] == PARAM_TIME)
				shop->purchases.params[i] *= SECS_PER_DAY;
	}
	shop->spend = &retention_gamma_gamma;
	if (PG_ARGISNULL(5))
	{
		shop->spend_params[0] = GAMMA_P;
		shop->spend_params[1] = GAMMA_Q;
		shop->spend_params[2] = GAMMA_V;
	}
	else
	{
		const Model *model = retention_model_read(PG_GETARG_DATUM(5), MODEL_SPEND);

		shop->spend = spend_kind(model->kind);
		memcpy(shop->spend_params, model->params, sizeof(shop->spend_params));
	}
}

/* A seed for who has named none, short enough to be written again. */
static int64
random_seed(void)
{
	uint32		seed;

	if (!pg_strong_random(&seed, sizeof(seed)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random seed")));
	seed %= 1000000;
	ereport(NOTICE,
			(errmsg("the shop is made at random, with the seed %u", seed),
			 errhint("To make the same again, write seed => %u.", seed)));
	return seed;
}

/*
 * simulate_orders(customers int8, observation interval, seed int8 or NULL, start
 * timestamptz, purchase_model, spend_model)
 */
Datum
retention_simulate_orders(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		customers;
	TimestampTz start;
	Shop		shop;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < 4; i++)
		if (PG_ARGISNULL(i) && i != ARG_SEED)
			return (Datum) 0;
	customers = PG_GETARG_INT64(0);
	if (customers < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of customers must not be negative: %lld",
						(long long) customers)));
	start = PG_GETARG_TIMESTAMPTZ(3);
	shop.end = observation_seconds(start, retention_duration(fcinfo, 1, "observation", 0));
	shop.seed = (uint64) (PG_ARGISNULL(ARG_SEED) ? random_seed() : PG_GETARG_INT64(ARG_SEED));
	shop_models(fcinfo, &shop);

	for (int64 i = 0; i < customers; i++)
	{
		Shopper		shopper;
		int64		second;
		int64		cents;

		shopper_enter(&shop, &shopper, (uint64) i);
		while (shopper_buy(&shop, &shopper, &second, &cents))
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
