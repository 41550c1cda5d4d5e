/*-------------------------------------------------------------------------
 *
 * model_info.c
 *	  What a model is, and how sure its fit is of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/prediction.h"
#include "math/confidence_interval.h"
#include "math/special_functions.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

/* ---- model_parameters ---- */

/*
 * A row (name, estimate, standard_error, lower, upper) for each parameter.  The
 * interval is one of the logarithm: parameters are positive, and their
 * likelihood is lopsided.  At a limit it's as far as the likelihood goes, and
 * without a bound where that goes on to the end of the range.
 */
static Datum
parameters(FunctionCallInfo fcinfo, ModelType type, double unit)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const Model *model = retention_model_read(PG_GETARG_DATUM(0), type);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < model->kind->nparams; i++)
	{
		double		estimate = model->params[i] /
			(model->kind->units[i] == PARAM_TIME ? unit : 1);
		double		standard_error = sqrt(model_covariance(model, i, i));
		double		bounds[2] = {estimate * exp(-NORMAL_975 * standard_error), estimate * exp(NORMAL_975 * standard_error)};
		Datum		values[5];
		bool		nulls[5] = {false};

		/* a parameter at a limit has no spread that is known, but bounds */
		nulls[2] = nulls[3] = nulls[4] = !model->has_covariance || standard_error == 0 ||
			!isfinite(bounds[0]) || !isfinite(bounds[1]);
		if (model->nregion > 0)
		{
			retention_region_of_parameter(model, i, NORMAL_975, bounds);
			nulls[3] = !(bounds[0] > 0);
			nulls[4] = isinf(bounds[1]);
			nulls[2] = !model->has_covariance;
			for (int j = 0; j < 2; j++)
				bounds[j] /= model->kind->units[i] == PARAM_TIME ? unit : 1;
		}
		values[0] = CStringGetTextDatum(model->kind->params[i]);
		values[1] = Float8GetDatum(estimate);
		values[2] = Float8GetDatum(estimate * standard_error);
		values[3] = Float8GetDatum(bounds[0]);
		values[4] = Float8GetDatum(bounds[1]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	if (model->kind->has_k)
	{
		Datum		values[5] = {CStringGetTextDatum("k"), Float8GetDatum(model->k)};
		bool		nulls[5] = {false, false, true, true, true};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(retention_purchase_parameters);
Datum
retention_purchase_parameters(PG_FUNCTION_ARGS)
{
	return parameters(fcinfo, MODEL_PURCHASE, retention_unit_days(PG_GETARG_TEXT_PP(1)));
}

PG_FUNCTION_INFO_V1(retention_spend_parameters);
Datum
retention_spend_parameters(PG_FUNCTION_ARGS)
{
	return parameters(fcinfo, MODEL_SPEND, 1);
}

PG_FUNCTION_INFO_V1(retention_retention_parameters);
Datum
retention_retention_parameters(PG_FUNCTION_ARGS)
{
	return parameters(fcinfo, MODEL_RETENTION, 1);
}

/* ---- model_info ---- */

typedef struct Row
{
	Datum		values[16];
	bool		nulls[16];
	int			n;
} Row;

static inline void
put(Row *row, Datum value, bool known)
{
	row->values[row->n] = value;
	row->nulls[row->n++] = !known;
}

static Datum
finish(FunctionCallInfo fcinfo, Row *row)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	Assert(desc->natts == row->n);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), row->values,
													  row->nulls)));
}

/* (loglik, aic, bic, converged, boundary, message) */
static void
put_fit(Row *row, const Model *model)
{
	int			chosen = retention_model_free_params(model);
	const char *message = retention_message_text(model->message);

	put(row, Float8GetDatum(model->loglik), model->fitted);
	put(row, Float8GetDatum(2 * (chosen - model->loglik)), model->fitted);
	put(row, Float8GetDatum(chosen * log((double) model->customers) - 2 * model->loglik),
		model->fitted && model->customers > 0);
	put(row, BoolGetDatum(model->converged), model->fitted);
	put(row, BoolGetDatum(model->boundary), model->fitted);
	put(row, message ? CStringGetTextDatum(message) : (Datum) 0, message != NULL);
}

/*
 * The likelihood ratio of the model and the NBD, and how likely one as large
 * is if nobody ever leaves.  The NBD is a limit of the others, where the ratio
 * is smaller than the chi-squared distribution has it: p is rather too large.
 */
PG_FUNCTION_INFO_V1(retention_purchase_info);
Datum
retention_purchase_info(PG_FUNCTION_ARGS)
{
	const Model *model = retention_model_read(PG_GETARG_DATUM(0), MODEL_PURCHASE);
	int			more = retention_model_free_params(model) - retention_nbd.about.nparams;
	double		ratio = Max(0, 2 * (model->loglik - model->nbd_loglik));
	bool		knows_ratio = model->fitted && model->knows_nbd && purchase_kind(model->kind)->near_nbd;
	Row			row = {0};

	put(&row, CStringGetTextDatum(retention_model_kind_name(model)), true);
	put(&row, Int64GetDatum(model->customers), model->fitted);
	put(&row, Int64GetDatum(model->cells), model->fitted);
	put_fit(&row, model);
	put(&row, Float8GetDatum(ratio), knows_ratio);
	put(&row, Float8GetDatum(knows_ratio ? retention_chi_squared_tail(ratio, more) : 0),
		knows_ratio);
	put(&row, DateADTGetDatum((DateADT) model->as_of), model->as_of != HISTOGRAM_NO_DAY);
	return finish(fcinfo, &row);
}

PG_FUNCTION_INFO_V1(retention_spend_info);
Datum
retention_spend_info(PG_FUNCTION_ARGS)
{
	const Model *model = retention_model_read(PG_GETARG_DATUM(0), MODEL_SPEND);
	Row			row = {0};

	put(&row, CStringGetTextDatum(retention_model_kind_name(model)), true);
	put(&row, Int64GetDatum(model->customers), model->fitted);
	put(&row, Int64GetDatum(model->no_repeat), model->fitted);
	put(&row, Int64GetDatum(model->not_positive), model->fitted);
	put(&row, Float8GetDatum(model->correlation), model->knows_correlation);
	put_fit(&row, model);
	put(&row, Float8GetDatum(model->influence), model->knows_influence);
	put(&row, Float8GetDatum(model->influential), model->knows_influence);
	return finish(fcinfo, &row);
}

PG_FUNCTION_INFO_V1(retention_retention_info);
Datum
retention_retention_info(PG_FUNCTION_ARGS)
{
	const Model *model = retention_model_read(PG_GETARG_DATUM(0), MODEL_RETENTION);
	Row			row = {0};

	put(&row, CStringGetTextDatum(retention_model_kind_name(model)), true);
	put(&row, Int64GetDatum(model->customers), model->fitted);
	put(&row, Int64GetDatum(model->cells), model->fitted);
	put_fit(&row, model);
	return finish(fcinfo, &row);
}
