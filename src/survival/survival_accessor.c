/*-------------------------------------------------------------------------
 *
 * survival_accessor.c
 *	  The SQL-callable side of survival: from a value to a Datum.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "survival/product_limit.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/tuplestore.h"

/* A duration that is asked about. */
static double
get_duration(FunctionCallInfo fcinfo, int arg)
{
	double		t = PG_GETARG_FLOAT8(arg);

	if (isnan(t) || t < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("duration must not be negative or NaN: %g", t)));
	return t;
}

/* subjects(survival_histogram) */
PG_FUNCTION_INFO_V1(retention_survival_subjects);
Datum
retention_survival_subjects(PG_FUNCTION_ARGS)
{
	int64		totals[HISTOGRAM_MAX_COUNTS];

	retention_histogram_totals(PG_GETARG_DATUM(0), HISTOGRAM_SURVIVAL, totals);
	PG_RETURN_INT64(totals[SURVIVAL_EVENTS] + totals[SURVIVAL_CENSORED]);
}

/* events(survival_histogram) */
PG_FUNCTION_INFO_V1(retention_survival_events);
Datum
retention_survival_events(PG_FUNCTION_ARGS)
{
	int64		totals[HISTOGRAM_MAX_COUNTS];

	retention_histogram_totals(PG_GETARG_DATUM(0), HISTOGRAM_SURVIVAL, totals);
	PG_RETURN_INT64(totals[SURVIVAL_EVENTS]);
}

/* kaplan_meier(survival_histogram): a row for each time */
PG_FUNCTION_INFO_V1(retention_kaplan_meier);
Datum
retention_kaplan_meier(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	SurvivalCurve curve;

	InitMaterializedSRF(fcinfo, 0);
	retention_curve_begin(&curve, retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_SURVIVAL));
	while (retention_curve_next(&curve))
	{
		Datum		values[8];
		bool		nulls[8] = {false};
		double		lower;
		double		upper;

		values[0] = Float8GetDatum(curve.time);
		values[1] = Int64GetDatum(curve.at_risk);
		values[2] = Int64GetDatum(curve.events);
		values[3] = Int64GetDatum(curve.censored);
		values[4] = Float8GetDatum(curve.survival);
		if (curve.survival > 0)
		{
			retention_curve_interval(&curve, &lower, &upper);
			values[5] = Float8GetDatum(retention_curve_std_error(&curve));
			values[6] = Float8GetDatum(lower);
			values[7] = Float8GetDatum(upper);
		}
		else
			nulls[5] = nulls[6] = nulls[7] = true;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* survival_at(survival_histogram, float8) */
PG_FUNCTION_INFO_V1(retention_survival_at_time);
Datum
retention_survival_at_time(PG_FUNCTION_ARGS)
{
	double		t = get_duration(fcinfo, 1);
	double		result;

	if (!retention_survival_at(retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_SURVIVAL),
							   t, &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}

/* median_survival(survival_histogram) */
PG_FUNCTION_INFO_V1(retention_survival_median);
Datum
retention_survival_median(PG_FUNCTION_ARGS)
{
	double		result;

	if (!retention_median_survival(retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_SURVIVAL),
								   &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}

/* restricted_mean(survival_histogram, float8 or NULL) */
PG_FUNCTION_INFO_V1(retention_survival_restricted_mean);
Datum
retention_survival_restricted_mean(PG_FUNCTION_ARGS)
{
	double		t = 0;
	double		result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		t = get_duration(fcinfo, 1);
	if (!retention_restricted_mean(retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_SURVIVAL),
								   PG_ARGISNULL(1) ? NULL : &t, &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}

/*
 * logrank(survival_histogram, survival_histogram): the statistic, its degrees of freedom,
 * and the chance of one as large if there is no difference.  With one degree of
 * freedom the statistic is the square of a standard normal variable, which has an
 * absolute value above z with probability erfc(z / sqrt(2)).
 */
PG_FUNCTION_INFO_V1(retention_survival_logrank);
Datum
retention_survival_logrank(PG_FUNCTION_ARGS)
{
	LogRank		test = retention_logrank(retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_SURVIVAL),
										 retention_histogram_read(PG_GETARG_DATUM(1), HISTOGRAM_SURVIVAL));
	TupleDesc	desc;
	Datum		values[3] = {0};
	bool		nulls[3] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[1] = Int32GetDatum(1);
	if (test.variance > 0)
	{
		double		difference = test.observed - test.expected;
		double		chi_squared = difference * difference / test.variance;

		values[0] = Float8GetDatum(chi_squared);
		values[2] = Float8GetDatum(erfc(sqrt(chi_squared / 2)));
	}
	else
		nulls[0] = nulls[2] = true;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
