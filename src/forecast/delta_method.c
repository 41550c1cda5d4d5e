/*-------------------------------------------------------------------------
 *
 * delta_method.c
 *	  How sure a prediction is: by the delta method, or where that is wrong by the
 *	  likelihood itself.
 *
 * A fit knows the covariance of the logarithms of its parameters.  If g is the
 * gradient of a prediction by these, its variance is g' C g.  Probabilities
 * are taken on the scale of their log odds and positive quantities on that of
 * their logarithm, so that no bound leaves the range of what is predicted.
 * The gradient is one of differences: the step of 1e-4 is off by 1e-8 by its
 * width, and by as little by the rounding of what it's taken from.
 *
 * At a limit of the parameters there is no such covariance, and an interval from that of
 * the others has the truth in it far too seldom.  There the model knows a region (see
 * fitted_model.h), and the interval is what is predicted within it: at each of its points
 * the delta method with what is left of the level there.  Of a product, whose factors are
 * of two models, each one's distance to its bound counts like a standard error (Zou &
 * Donner 2008, Statistics in Medicine 27, 1693-1702), which for two covariances is the delta
 * method.
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
	double		value;

	if (unlikely(!prediction_is_known(prediction)))
		PG_RETURN_NULL();
	value = function(prediction);
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

/* The standard error on the scale, at the parameters that are there, of a covariance of their logarithms. */
static double
standard_error(Prediction *prediction, PredictionFunction function, PredictionScale scale,
			   int which, const double *covariance)
{
	int			n = prediction->models[which]->kind->nparams;
	double		gradient[MODEL_MAX_PARAMS];
	double		sum = 0;

	for (int i = 0; i < n; i++)
		gradient[i] = covariance[i * (i + 3) / 2] > 0 ?
			difference(prediction, function, scale, &prediction->params[which][i]) : 0;
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
			sum += (i == j ? 1 : 2) * gradient[i] * gradient[j] * covariance[i * (i + 1) / 2 + j];
	return sqrt(Max(sum, 0));
}

static inline void
widen(double *bounds, double lower, double upper)
{
	if (lower < bounds[0])
		bounds[0] = lower;
	if (upper > bounds[1])
		bounds[1] = upper;
}

/* What is predicted within the region of a model, on the scale. */
static void
region_bounds(Prediction *prediction, PredictionFunction function, PredictionScale scale,
			  int which, double quantile, double *bounds)
{
	const Model *model = prediction->models[which];
	double	   *params = prediction->params[which];
	double		kept[MODEL_MAX_PARAMS];
	double		deepest = quantile * quantile / 2;

	memcpy(kept, params, sizeof(kept));
	for (int i = 0; i < model->nregion; i++)
	{
		const RegionPoint *point = &model->region[i];
		const RegionPoint *next = i + 1 < model->nregion && point[1].path == point->path ? point + 1 : NULL;
		double		middle;

		if (point->drop <= deepest)
		{
			double		error;

			memcpy(params, point->params, sizeof(kept));
			middle = on_scale(function(prediction), scale);
			error = standard_error(prediction, function, scale, which, point->covariance);
			error = isfinite(error) ? error * sqrt(quantile * quantile - 2 * point->drop) : 0;
			widen(bounds, middle - error, middle + error);
		}
		/* where a path leaves the region, which is a square root in between */
		if (next && (point->drop <= deepest) != (next->drop <= deepest))
		{
			double		share = (sqrt(deepest) - sqrt(point->drop)) / (sqrt(next->drop) - sqrt(point->drop));

			for (int j = 0; j < model->kind->nparams; j++)
				params[j] = exp((1 - share) * log(point->params[j]) + share * log(next->params[j]));
			middle = on_scale(function(prediction), scale);
			widen(bounds, middle, middle);
		}
	}
	memcpy(params, kept, sizeof(kept));
}

static double
parameter(const Prediction *prediction)
{
	return prediction->params[0][(int) prediction->n];
}

void
retention_region_of_parameter(const Model *model, int param, double quantile, double *bounds)
{
	Prediction	prediction = {.nmodels = 1,.models = {model},.n = param};
	double		deepest = quantile * quantile / 2;

	memcpy(prediction.params[0], model->params, sizeof(model->params));
	bounds[0] = bounds[1] = log(model->params[param]);
	region_bounds(&prediction, parameter, SCALE_POSITIVE, 0, quantile, bounds);
	bounds[0] = exp(bounds[0]);
	bounds[1] = exp(bounds[1]);

	/* a path that ends within the region has no bound on its side */
	for (int i = 0; i < model->nregion; i++)
	{
		const RegionPoint *point = &model->region[i];
		bool		last = i + 1 == model->nregion || point[1].path != point->path;

		if (!last || point->drop > deepest)
			continue;
		if (point->params[param] <= bounds[0] * (1 + 1e-6))
			bounds[0] = 0;
		if (point->params[param] >= bounds[1] * (1 - 1e-6))
			bounds[1] = INFINITY;
	}
}

/* The bounds of a factor that is of one model, on the scale; false if there are none. */
static bool
factor_bounds(Prediction *prediction, PredictionFunction function, PredictionScale scale,
			  int which, double quantile, double middle, double *bounds)
{
	const Model *model = prediction->models[which];

	bounds[0] = bounds[1] = middle;

	/* what is certain near these parameters is so everywhere but in a region */
	if (isinf(middle) && model->nregion == 0)
		return true;
	if (model->nregion > 0)
	{
		if (quantile * quantile / 2 > REGION_DEEPEST)
			return false;
		region_bounds(prediction, function, scale, which, quantile, bounds);
	}
	else if (model->has_covariance)
	{
		double		width = quantile * standard_error(prediction, function, scale, which, model->covariance);

		bounds[0] -= width;
		bounds[1] += width;
	}
	else
		return false;
	return !isnan(bounds[0]) && !isnan(bounds[1]);
}

/* Of what is predicted; false if they aren't known. */
static bool
prediction_bounds(Prediction *prediction, PredictionFunction function, PredictionScale scale,
				  double estimate, double level, double *bounds)
{
	double		quantile = retention_normal_quantile(0.5 + level / 2);
	double		middle = on_scale(estimate, scale);
	double		below = 0;
	double		above = 0;

	/* nothing, as in no time */
	bounds[0] = bounds[1] = estimate;
	if (prediction->nmodels > 1 && isinf(middle))
		return true;
	for (int which = 0; which < prediction->nmodels; which++)
	{
		PredictionFunction factor = prediction->factors[which] ? prediction->factors[which] : function;
		double		center = prediction->nmodels == 1 ? middle : on_scale(factor(prediction), scale);

		if (!factor_bounds(prediction, factor, scale, which, quantile, center, bounds))
			return false;
		below += (center - bounds[0]) * (center - bounds[0]);
		above += (bounds[1] - center) * (bounds[1] - center);
	}
	if (prediction->nmodels > 1)
	{
		bounds[0] = middle - sqrt(below);
		bounds[1] = middle + sqrt(above);
	}
	/* on the scale and back is not exactly where it was */
	bounds[0] = Min(off_scale(bounds[0], scale), estimate);
	bounds[1] = Max(off_scale(bounds[1], scale), estimate);
	return isfinite(bounds[0]) && isfinite(bounds[1]);
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
 * A row (estimate, lower, upper), with the estimate between the two.  What is certain, as
 * nothing in no time, has bounds of the same; what a model predicts that does not know how
 * sure it is has none.
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
	if (!prediction_is_known(prediction))
		PG_RETURN_NULL();
	estimate = function(prediction);
	if (!isfinite(estimate))
		PG_RETURN_NULL();
	values[0] = Float8GetDatum(estimate);
	if (!prediction_bounds(prediction, function, scale, estimate, level, bounds))
		nulls[1] = nulls[2] = true;
	values[1] = nulls[1] ? (Datum) 0 : Float8GetDatum(bounds[0]);
	values[2] = nulls[2] ? (Datum) 0 : Float8GetDatum(bounds[1]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(row_type(fcinfo), values, nulls)));
}
