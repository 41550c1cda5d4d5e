/*-------------------------------------------------------------------------
 *
 * model_check.c
 *	  What a model says of data, beside what they are.
 *
 * Two pictures that every paper on these models shows: how many customers have
 * purchased again so often, and how many repeat purchases there have been by
 * the end of each period.  A model that was fitted to the data has to be near
 * in the first; the second goes on behind the end of what it was fitted to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/fitted_model.h"
#include "question/question.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

/* Nobody reads more rows. */
#define MAX_PURCHASES	10000

/* So many customers were observed for so long. */
typedef struct Age
{
	double		t;
	int64		customers;
} Age;

static int
compare_ages(const void *a, const void *b)
{
	double		first = ((const Age *) a)->t;
	double		second = ((const Age *) b)->t;

	return first < second ? -1 : first > second;
}

/* How many customers of each age there are, ascending. */
static Age *
ages_of(const Histogram *histogram, int32 *nages)
{
	Age		   *ages = MemoryContextAllocHuge(CurrentMemoryContext,
											  Max(histogram->used, 1) * sizeof(Age));
	int32		last = 0;

	for (int32 i = 0; i < histogram->used; i++)
	{
		ages[i].t = histogram_key(histogram, i, 2);
		ages[i].customers = histogram_count(histogram, i, REPEAT_BUYING_CUSTOMERS);
	}
	qsort(ages, histogram->used, sizeof(Age), compare_ages);
	for (int32 i = 1; i < histogram->used; i++)
	{
		if (ages[i].t == ages[last].t)
			ages[last].customers += ages[i].customers;
		else
			ages[++last] = ages[i];
	}
	*nages = histogram->used > 0 ? last + 1 : 0;
	return ages;
}

/*
 * model_frequency_fit(purchase_model, repeat_buying_histogram, max_purchases): rows
 * (repeat_purchases, actual, expected), the last of that many purchases or more
 */
PG_FUNCTION_INFO_V1(retention_frequency_fit);
Datum
retention_frequency_fit(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const Model *fitted = retention_model_read(PG_GETARG_DATUM(0), MODEL_PURCHASE);
	PurchaseModel model = model_of_purchases(fitted);
	const Histogram *histogram = retention_histogram_read(PG_GETARG_DATUM(1), HISTOGRAM_REPEAT_BUYING);
	int32		most = PG_GETARG_INT32(2);
	int64	   *actual;
	double		left = (double) retention_histogram_total(histogram, REPEAT_BUYING_CUSTOMERS);
	Age		   *ages;
	int32		nages;

	if (most < 1 || most > MAX_PURCHASES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_purchases must be between 1 and %d: %d", MAX_PURCHASES, most)));
	InitMaterializedSRF(fcinfo, 0);
	if (histogram->used == 0)
		return (Datum) 0;
	actual = palloc0((most + 1) * sizeof(int64));
	for (int32 i = 0; i < histogram->used; i++)
		actual[(int32) Min(histogram_key(histogram, i, 0), most)] +=
			histogram_count(histogram, i, REPEAT_BUYING_CUSTOMERS);
	ages = ages_of(histogram, &nages);
	for (int32 n = 0; n <= most; n++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};
		double		expected = 0;

		for (int32 i = 0; i < nages && n < most; i++)
		{
			CHECK_FOR_INTERRUPTS();
			expected += (double) ages[i].customers *
				(ages[i].t == 0 ? (n == 0 ? 1 : 0) :
				 model.kind->probability(&model, NULL, n, ages[i].t));
		}
		left -= expected;
		values[0] = Int64GetDatum(n);
		values[1] = Int64GetDatum(actual[n]);
		values[2] = Float8GetDatum(n < most ? expected : Max(left, 0));
		nulls[2] = !model_predicts(fitted) || !isfinite(DatumGetFloat8(values[2]));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* What a history says by days: first purchases, and others by the period. */
typedef struct Track
{
	int32		ndays;			/* from the first purchase of all to the horizon */
	int64	   *first;			/* customers whose first purchase was on this day */
	double	   *expected;		/* repeat purchases of a customer so many days on; NaN: ask */
	int32		nperiods;
	int64	   *repeats;		/* repeat purchases in this period */
} Track;

static void
read_track(Track *track, Question *question)
{
	CustomerView customer;
	double		days = (double) question->horizon - question->map_first + 1;
	double		periods = (double) question->last - question->first + 1;

	retention_question_check_cells(days, sizeof(int64) + sizeof(double));
	retention_question_check_cells(periods, sizeof(int64));
	track->ndays = (int32) days;
	track->first = palloc0(track->ndays * sizeof(int64));
	track->expected = palloc(track->ndays * sizeof(double));
	for (int32 i = 0; i < track->ndays; i++)
		track->expected[i] = NAN;
	track->nperiods = (int32) periods;
	track->repeats = palloc0(track->nperiods * sizeof(int64));
	while (question_next(question, &customer))
	{
		OccasionCursor cursor;
		int32		day;
		int64		orders;
		bool		is_first = true;

		occasions_begin(&cursor, question, &customer);
		while (occasions_next(&cursor, &day, &orders))
		{
			if (is_first)
				track->first[day - question->map_first]++;
			else
				track->repeats[question_period(question, day) - question->first]++;
			is_first = false;
		}
	}
}

/* Repeat purchases that a model expects by the end of a day. */
static double
expected_by(Track *track, const PurchaseModel *model, int32 end)
{
	double		sum = 0;

	for (int32 i = 0; i <= end; i++)
	{
		double	   *expected = track->expected + (end - i);

		if (track->first[i] == 0)
			continue;
		if (isnan(*expected))
		{
			CHECK_FOR_INTERRUPTS();
			*expected = end == i ? 0 : model->kind->expected(model, NULL, end - i);
		}
		sum += (double) track->first[i] * *expected;
	}
	return sum;
}

/* model_tracking(purchase_model, purchase_history, period, as_of) */
PG_FUNCTION_INFO_V1(retention_model_tracking);
Datum
retention_model_tracking(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const Model *fitted;
	PurchaseModel model;
	Question	question;
	Track		track;
	int64		actual = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	fitted = retention_model_read(PG_GETARG_DATUM(0), MODEL_PURCHASE);
	model = model_of_purchases(fitted);
	retention_question_begin_with(&question, fcinfo, 1, 2, 3, NO_ARG, false);
	retention_question_needs_days(&question);
	if (question.empty)
		return (Datum) 0;
	read_track(&track, &question);
	for (int32 i = 0; i < track.nperiods; i++)
	{
		int32		period = question.first + i;
		int32		end = Min(period_last_day(period, &question.period), question.as_of);
		Datum		values[3];
		bool		nulls[3] = {false};

		CHECK_FOR_INTERRUPTS();
		actual += track.repeats[i];
		values[0] = retention_question_date(&question, period);
		values[1] = Int64GetDatum(actual);
		values[2] = Float8GetDatum(expected_by(&track, &model, end - question.map_first));
		nulls[2] = !model_predicts(fitted) || !isfinite(DatumGetFloat8(values[2]));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
