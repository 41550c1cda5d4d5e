/*-------------------------------------------------------------------------
 *
 * fit_retention.c
 *	  Fitting models of contracts to how many customers are left.
 *
 * The rows are those of a retention table: after so many renewals, so many
 * customers are left.  They come in any order, and from several tables of the
 * same length: survivors of the same period add up.  As a table that is
 * shorter than another would look as if its customers had all left at its
 * end, there must be as many rows of each period.
 *
 * Cohorts of unequal age come as arrays, one of each cohort, from whose lengths it's
 * known where each ends.  Those who are left there are kept beside the period, at half a
 * period later: they are asked no more (Fader & Hardie 2007, section 5, whose likelihood is
 * the sum of those of the cohorts).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/fit.h"
#include "pg/bytes.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* A table of more periods than this is a table of something else. */
#define MAX_PERIODS		100000

/* How far behind a period those are who were observed until then. */
#define AT_ITS_END		0.5

static void
survivors_rise(int64 survivors, double period, int64 before, double period_before)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("survivors must not rise: %lld of period_index %.0f, %lld of %.0f",
					(long long) before, period_before, (long long) survivors, period)));
}

/* The model that is named by an argument; NULL without one. */
static const ModelKind *
model_argument(FunctionCallInfo fcinfo, int arg)
{
	const ModelKind *kind;
	char	   *name;
	int			k;

	if (PG_NARGS() <= arg)
		return NULL;
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"model\" must not be null")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	kind = retention_model_of_name(MODEL_RETENTION, name, &k);
	if (kind == NULL)
		retention_unknown_kind(MODEL_RETENTION, name, false, true);
	return kind;
}

static void
check_survivors(int64 survivors)
{
	if (survivors < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("survivors must not be negative: %lld", (long long) survivors)));
}

static Histogram *
add_count(Histogram *histogram, double key, int64 survivors)
{
	int64		counts[HISTOGRAM_MAX_COUNTS];

	counts[RENEWALS_SURVIVORS] = survivors;
	counts[RENEWALS_COHORTS] = 1;
	return retention_histogram_add(histogram, &key, counts);
}

static Datum
add_period(FunctionCallInfo fcinfo, int64 period, int64 survivors)
{
	const ModelKind *kind;
	Histogram  *histogram;
	bool		direct;

	if (period < 0 || period > MAX_PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("period_index must be between 0 and %d: %lld", MAX_PERIODS, (long long) period)));
	check_survivors(survivors);
	kind = model_argument(fcinfo, 3);
	histogram = retention_histogram_begin(fcinfo, HISTOGRAM_RENEWALS, &direct);
	if (histogram == NULL)
		histogram = retention_histogram_create(HISTOGRAM_RENEWALS);
	histogram = add_count(histogram, (double) period, survivors);
	retention_histogram_add_note(histogram, kind ? kind->number : 0);
	return histogram_end(histogram, direct);
}

/* _retention_renewals_add(renewals_histogram, survivors[] [, model]): a cohort */
PG_FUNCTION_INFO_V1(retention_renewals_add_cohort);
Datum
retention_renewals_add_cohort(PG_FUNCTION_ARGS)
{
	const ModelKind *kind;
	ArrayType  *array;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	Histogram  *histogram;
	bool		direct;

	if (PG_ARGISNULL(1))
		return row_skipped(fcinfo);
	kind = model_argument(fcinfo, 2);
	array = PG_GETARG_ARRAYTYPE_P(1);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("survivors of a cohort must be an array of one dimension, not %d", ARR_NDIM(array)),
				 errhint("Give one array of each cohort, in a row of its own.")));
	if (ARR_ELEMTYPE(array) == INT4OID)
		deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &elements, &nulls, &n);
	else
		deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &nulls, &n);
	if (n > MAX_PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a cohort has more than %d periods: %d", MAX_PERIODS, n)));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("survivors of a cohort must not be null: period_index %d", i),
					 errhint("Leave the periods out that the cohort has not reached: array_agg(survivors ORDER BY period_index) FILTER (WHERE survivors IS NOT NULL).")));
		if (ARR_ELEMTYPE(array) == INT4OID)
			elements[i] = Int64GetDatum(DatumGetInt32(elements[i]));
		check_survivors(DatumGetInt64(elements[i]));
		if (i > 0 && DatumGetInt64(elements[i]) > DatumGetInt64(elements[i - 1]))
			survivors_rise(DatumGetInt64(elements[i]), i, DatumGetInt64(elements[i - 1]), i - 1);
	}
	histogram = retention_histogram_begin(fcinfo, HISTOGRAM_RENEWALS, &direct);
	if (histogram == NULL)
		histogram = retention_histogram_create(HISTOGRAM_RENEWALS);
	for (int i = 0; i < n; i++)
		histogram = add_count(histogram, i, DatumGetInt64(elements[i]));
	if (n > 0)
		histogram = add_count(histogram, n - 1 + AT_ITS_END, DatumGetInt64(elements[n - 1]));
	retention_histogram_add_note(histogram, kind ? kind->number : 0);
	return histogram_end(histogram, direct);
}

/* _retention_renewals_add(renewals_histogram, period, survivors [, model]) */
PG_FUNCTION_INFO_V1(retention_renewals_add);
Datum
retention_renewals_add(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return row_skipped(fcinfo);
	return add_period(fcinfo, PG_GETARG_INT32(1), PG_GETARG_INT64(2));
}

/* A count that comes as a float8, as those of extract() and sum() do. */
static int64
whole_number(double value, const char *what)
{
	if (value != rint(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a whole number: %g", what, value),
				 errhint("Periods and customers are counted: no shares of customers.")));
	if (!FLOAT8_FITS_IN_INT64(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s is out of range: %g", what, value)));
	return (int64) value;
}

PG_FUNCTION_INFO_V1(retention_renewals_add_float8);
Datum
retention_renewals_add_float8(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return row_skipped(fcinfo);
	return add_period(fcinfo, whole_number(PG_GETARG_FLOAT8(1), "period_index"),
					  whole_number(PG_GETARG_FLOAT8(2), "survivors"));
}

static double
loglik(void *arg, const double *params, double *gradient)
{
	const void *const *args = arg;
	const ContractKind *kind = args[0];

	memset(gradient, 0, kind->about.nparams * sizeof(double));
	return kind->loglik(kind, params, args[1], *(const int *) args[2], gradient);
}

/* The periods of a table, which has to be one; how many there are. */
static ContractPeriod *
read_periods(const Histogram *histogram, int *nperiods)
{
	ContractPeriod *periods = palloc(histogram->used * sizeof(ContractPeriod));
	int64		cohorts = histogram_count(histogram, 0, RENEWALS_COHORTS);
	int			n = 0;

	if (histogram_key(histogram, 0, 0) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("survivors must begin with period_index 0, not %.0f", histogram_key(histogram, 0, 0)),
				 errdetail("Those of 0 are all customers, before anybody could leave.")));
	for (int32 i = 0; i < histogram->used; i++)
	{
		double		key = histogram_key(histogram, i, 0);
		int64		survivors = histogram_count(histogram, i, RENEWALS_SURVIVORS);

		if (key != floor(key))
		{
			/* some of the period before are observed no longer */
			if (key != periods[n - 1].period + AT_ITS_END || (double) survivors > periods[n - 1].survivors)
				retention_invalid_value("renewals_histogram", "Its cohorts end where they have not been.");
			periods[n - 1].ended = (double) survivors;
			cohorts -= histogram_count(histogram, i, RENEWALS_COHORTS);
			continue;
		}
		periods[n] = (ContractPeriod) {key, (double) survivors, 0};
		if (histogram_count(histogram, i, RENEWALS_COHORTS) != cohorts)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there are %lld rows of period_index %.0f, but %lld of the period before",
							(long long) histogram_count(histogram, i, RENEWALS_COHORTS),
							key, (long long) cohorts),
					 errhint("Of cohorts of unequal age give one array each, as fit_retention(survivors) FROM (SELECT array_agg(survivors ORDER BY period_index) AS survivors FROM ... GROUP BY cohort) AS c; or use GROUP BY for a model of each.")));
		if (n > 0 && periods[n].survivors > periods[n - 1].survivors - periods[n - 1].ended)
			survivors_rise(survivors, key, (int64) (periods[n - 1].survivors - periods[n - 1].ended), periods[n - 1].period);
		n++;
	}
	*nperiods = n;
	return periods;
}

/* How many have left; whether anybody could. */
static bool
somebody_left(const ContractPeriod *periods, int nperiods, bool *could)
{
	double		lost = 0;

	*could = false;
	for (int i = 1; i < nperiods; i++)
	{
		*could |= periods[i - 1].survivors > periods[i - 1].ended;
		lost += periods[i - 1].survivors - periods[i - 1].ended - periods[i].survivors;
	}
	return lost > 0;
}

/*
 * _retention_renewals_fit(renewals_histogram), the final function of fit_retention,
 * and fit_retention(renewals_histogram, model).  NULL if nobody could leave.
 */
PG_FUNCTION_INFO_V1(retention_renewals_fit);
Datum
retention_renewals_fit(PG_FUNCTION_ARGS)
{
	const Histogram *histogram = retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_RENEWALS);
	int			number = histogram->note == 0 ? retention_sbg.about.number : histogram->note;
	const ModelKind *about = retention_model_of_number(MODEL_RETENTION, number);
	int			k;
	int			nperiods;
	bool		could_leave;
	bool		left;
	const ContractKind *kind;
	ContractPeriod *periods;
	const void *args[3];
	double		start[OPTIMIZE_MAX_PARAMS];
	Optimum		optimum;
	Model	   *model;

	if (PG_NARGS() > 1)
	{
		char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));

		about = retention_model_of_name(MODEL_RETENTION, name, &k);
		if (about == NULL)
			retention_unknown_kind(MODEL_RETENTION, name, false, true);
	}
	if (about == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown model: %d", number)));
	if (histogram->used == 0)
		PG_RETURN_NULL();
	periods = read_periods(histogram, &nperiods);
	left = somebody_left(periods, nperiods, &could_leave);
	if (!could_leave)
		PG_RETURN_NULL();

	kind = contract_kind(about);
	args[0] = kind;
	args[1] = periods;
	args[2] = &nperiods;
	kind->start(kind, periods, nperiods, start);
	retention_maximize(loglik, args, about->nparams, &about->ratios, start, &optimum);

	model = retention_model_create(about, 1);
	retention_fit_take(model, &optimum, 1);
	model->customers = histogram_count(histogram, 0, RENEWALS_SURVIVORS);
	model->cells = nperiods;
	if (!left)
	{
		model->boundary = true;
		model->message = MESSAGE_NO_CHURN;
	}
	retention_fit_region(model, &optimum, 1, loglik, args);
	PG_RETURN_DATUM(retention_model_datum(model));
}
