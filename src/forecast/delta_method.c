/*-------------------------------------------------------------------------
 *
 * delta_method.c
 *	  How sure a prediction is, by the delta method.
 *
 * A fit knows the covariance of the logarithms of its parameters.  If g is the
 * gradient of a prediction by these, its variance is g' C g.  Probabilities
 * are taken on the scale of their log odds and positive quantities on that of
 * their logarithm, so that no bound leaves the range of what is predicted.
 * The gradient is one of differences: the step of 1e-4 is off by 1e-8 by its
 * width, and by as little by the rounding of what it's taken from.
 *
 * This is how sure one is of the expectation, given the parameters' errors; one
 * customer's own purchases scatter about it, much wider.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/prediction.h"
#include "math/special_functions.h"
#include "pg/number_argument.h"

#include "access/htup_details.h"
#include "funcapi.h"

#define STEP	1e-4

/* A float8; NULL where there is no finite one. */
Datum
retention_prediction(FunctionCallInfo fcinfo, const Prediction *prediction,
					 PredictionFunction function)
{
	double		value = function(prediction);

	if (unlikely(!isfinite(value)))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

static double
on_scale(double value, PredictionScale scale)
{
	return scale == SCALE_PROBABILITY ? log(value) - log1p(-value) : log(value);
}

static double
off_scale(double value, PredictionScale scale)
{
	return scale == SCALE_PROBABILITY ? retention_logistic(value) : exp(value);
}

static double
difference(Prediction *prediction, PredictionFunction function, PredictionScale scale,
		   double *param)
{
	double		kept = *param;
	double		above;
	double		below;

	*param = kept * exp(STEP);
	above = on_scale(function(prediction), scale);
	*param = kept * exp(-STEP);
	below = on_scale(function(prediction), scale);
	*param = kept;
	return (above - below) / (2 * STEP);
}

/* The variance on the scale, which isn't finite if a model doesn't know its own. */
static double
variance(Prediction *prediction, PredictionFunction function, PredictionScale scale)
{
	double		sum = 0;

	for (int which = 0; which < prediction->nmodels; which++)
	{
		const Model *model = prediction->models[which];
		double		gradient[MODEL_MAX_PARAMS];
		PredictionFunction factor = prediction->factors[which] ? prediction->factors[which] : function;

		if (!model->has_covariance)
			return NAN;
		for (int i = 0; i < model->kind->nparams; i++)
			gradient[i] = difference(prediction, factor, scale, &prediction->params[which][i]);
		for (int i = 0; i < model->kind->nparams; i++)
			for (int j = 0; j < model->kind->nparams; j++)
				sum += gradient[i] * gradient[j] * model_covariance(model, i, j);
	}
	return Max(sum, 0);
}

/* The row type is asked for a million times, and stays the same. */
static TupleDesc
row_type(FunctionCallInfo fcinfo)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(flinfo->fn_mcxt);
		TupleDesc	desc;

		if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		flinfo->fn_extra = BlessTupleDesc(desc);
		MemoryContextSwitchTo(old);
	}
	return flinfo->fn_extra;
}

/*
 * A row (estimate, lower, upper).  What is certain, as a probability of 0, has
 * bounds of the same; what a model without a covariance predicts has none.
 */
Datum
retention_prediction_interval(FunctionCallInfo fcinfo, Prediction *prediction,
							  PredictionFunction function, PredictionScale scale, int level_arg)
{
	double		level = PG_GETARG_FLOAT8(level_arg);
	double		estimate;
	double		bounds[2];
	Datum		values[3];
	bool		nulls[3] = {false};

	retention_check_level(level, "level");
	estimate = function(prediction);
	if (!isfinite(estimate))
		PG_RETURN_NULL();
	if (estimate <= 0 || (scale == SCALE_PROBABILITY && estimate >= 1))
		bounds[0] = bounds[1] = estimate;
	else
	{
		double		middle = on_scale(estimate, scale);
		double		width = sqrt(variance(prediction, function, scale)) *
			retention_normal_quantile(0.5 + level / 2);

		bounds[0] = off_scale(middle - width, scale);
		bounds[1] = off_scale(middle + width, scale);
	}
	values[0] = Float8GetDatum(estimate);
	for (int i = 0; i < 2; i++)
	{
		values[1 + i] = Float8GetDatum(bounds[i]);
		nulls[1 + i] = !isfinite(bounds[i]);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(row_type(fcinfo), values, nulls)));
}
