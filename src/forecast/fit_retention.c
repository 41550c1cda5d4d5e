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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/fit.h"

#include "utils/builtins.h"

/* A table of more periods than this is a table of something else. */
#define MAX_PERIODS		100000

static Datum
add_period(FunctionCallInfo fcinfo, int64 period, int64 survivors)
{
	int64		counts[HISTOGRAM_MAX_COUNTS];
	const ModelKind *kind = NULL;
	int			k;
	double		key;
	Histogram  *histogram;
	bool		direct;

	counts[RENEWALS_SURVIVORS] = survivors;
	counts[RENEWALS_COHORTS] = 1;
	if (period < 0 || period > MAX_PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("period_index must be between 0 and %d: %lld", MAX_PERIODS, (long long) period)));
	if (counts[RENEWALS_SURVIVORS] < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("survivors must not be negative: %lld",
						(long long) counts[RENEWALS_SURVIVORS])));
	if (PG_NARGS() > 3)
	{
		char	   *name;

		if (PG_ARGISNULL(3))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"model\" must not be null")));
		name = text_to_cstring(PG_GETARG_TEXT_PP(3));
		kind = retention_model_of_name(MODEL_RETENTION, name, &k);
		if (kind == NULL)
			retention_unknown_kind(MODEL_RETENTION, name, false, true);
	}

	histogram = retention_histogram_begin(fcinfo, HISTOGRAM_RENEWALS, &direct);
	if (histogram == NULL)
		histogram = retention_histogram_create(HISTOGRAM_RENEWALS);
	key = (double) period;
	histogram = retention_histogram_add(histogram, &key, counts);
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

/* The periods of a table, which has to be one. */
static ContractPeriod *
read_periods(const Histogram *histogram)
{
	ContractPeriod *periods = palloc(histogram->used * sizeof(ContractPeriod));
	int64		cohorts = histogram_count(histogram, 0, RENEWALS_COHORTS);

	if (histogram_key(histogram, 0, 0) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("survivors must begin with period_index 0, not %.0f", histogram_key(histogram, 0, 0)),
				 errdetail("Those of 0 are all customers, before anybody could leave.")));
	for (int32 i = 0; i < histogram->used; i++)
	{
		int64		survivors = histogram_count(histogram, i, RENEWALS_SURVIVORS);

		periods[i].period = histogram_key(histogram, i, 0);
		periods[i].survivors = (double) survivors;
		if (histogram_count(histogram, i, RENEWALS_COHORTS) != cohorts)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there are %lld rows of period_index %.0f, but %lld of 0",
							(long long) histogram_count(histogram, i, RENEWALS_COHORTS),
							periods[i].period, (long long) cohorts),
					 errhint("Cohorts have to be observed for as many periods: leave out the periods that some of them have not reached, or use GROUP BY.")));
		if (i > 0 && survivors > histogram_count(histogram, i - 1, RENEWALS_SURVIVORS))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("survivors must not rise: %lld of period_index %.0f, %lld of %.0f",
							(long long) histogram_count(histogram, i - 1, RENEWALS_SURVIVORS),
							periods[i - 1].period, (long long) survivors, periods[i].period)));
	}
	return periods;
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
	int			nperiods = histogram->used;
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
	if (nperiods == 0)
		PG_RETURN_NULL();
	periods = read_periods(histogram);
	if (nperiods == 1 || periods[0].survivors == 0)
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
	if (periods[nperiods - 1].survivors == periods[0].survivors)
	{
		model->boundary = true;
		model->message = MESSAGE_NO_CHURN;
	}
	retention_fit_region(model, &optimum, 1, loglik, args);
	PG_RETURN_DATUM(retention_model_datum(model));
}
