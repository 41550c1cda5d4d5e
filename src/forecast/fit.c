/*-------------------------------------------------------------------------
 *
 * fit.c
 *	  What the fits of all models have in common: from an optimum to a model.
 *
 * Data may not determine a model: a shop's first year has no dropout that could
 * be seen, a store where everybody bought once has no rate.  That's no error.
 * The likelihood then grows, or stays as it is, towards a limit of the
 * parameters; the fit ends there, predicts what the limit predicts, and says so
 * (boundary, message).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "forecast/fit.h"

/*
 * If the standard error of a parameter's logarithm is above 10, nothing is
 * known of the parameter, not even whether it's there.
 */
#define VARIANCE_LIMIT		100.0

void
retention_fit_take(Model *model, const Optimum *optimum, double scale)
{
	bool		at_bound = false;
	bool		vague = false;

	for (int i = 0; i < model->kind->nparams; i++)
	{
		double		param = optimum->params[i] * (model->kind->units[i] != PARAM_PURE ? scale : 1);

		model->params[i] = Max(MODEL_LEAST_PARAM, Min(param, MODEL_LARGEST_PARAM));
		at_bound |= optimum->at_bound[i];
		for (int j = 0; j <= i; j++)
			model->covariance[i * (i + 1) / 2 + j] = optimum->covariance[i][j];
	}
	model->has_covariance = optimum->definite && retention_covariance_is_possible(model);
	if (!model->has_covariance)
		memset(model->covariance, 0, sizeof(model->covariance));
	for (int i = 0; i < model->kind->nparams; i++)
		vague |= model_covariance(model, i, i) > VARIANCE_LIMIT;

	model->fitted = true;
	model->iterations = optimum->iterations;
	model->converged = optimum->converged;
	model->gradient_norm = isfinite(optimum->gradient_norm) ? optimum->gradient_norm : DBL_MAX;
	model->loglik = isfinite(optimum->value) ? optimum->value : -DBL_MAX;
	if (at_bound)
		model->message = MESSAGE_AT_BOUND;
	else if (!model->has_covariance || vague)
		model->message = MESSAGE_NOT_DETERMINED;
	model->boundary = model->message != MESSAGE_NONE;
	if (model->message == MESSAGE_NONE && !optimum->converged)
		model->message = MESSAGE_NOT_CONVERGED;
}
