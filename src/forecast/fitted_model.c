/*-------------------------------------------------------------------------
 *
 * fitted_model.c
 *	  Fitted models as values: making them, and what they have to say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/fitted_model.h"

#include "lib/stringinfo.h"

static const struct
{
	const char *code;
	const char *text;
}			messages[] = {
	[MESSAGE_NONE] = {NULL, NULL},
	[MESSAGE_NO_REPEAT] = {"no_repeat_purchase", "nobody has purchased again: the data say nothing of how often they will, and the model predicts nothing"},
	[MESSAGE_NO_DROPOUT] = {"no_dropout", "no dropout can be seen in these data: the model is at its limit, the NBD"},
	[MESSAGE_AT_BOUND] = {"at_bound", "a parameter is at its limit: the data do not determine it"},
	[MESSAGE_NOT_DETERMINED] = {"not_determined", "the data do not determine all parameters: many others fit as well"},
	[MESSAGE_NOT_CONVERGED] = {"not_converged", "the fit has not converged"},
	[MESSAGE_NO_MEAN] = {"no_mean", "q is not above 1: the expected spend of a customer without repeat purchases does not exist"},
	[MESSAGE_NO_CHURN] = {"no_churn", "nobody has left: the parameters are at their limits"},
	[MESSAGE_NOT_OBSERVED] = {"not_observed", "nobody was observed for longer than the day of the first purchase: the data say nothing, and the model predicts nothing"},
	[MESSAGE_NO_SPREAD] = {"no_spread", "all mean amounts are the same, or there is one alone: how much they vary is not known, and no interval either"}
};

const char *
retention_message_code(ModelMessage message)
{
	return messages[message].code;
}

const char *
retention_message_text(ModelMessage message)
{
	return messages[message].text;
}

const char *
retention_model_type_name(ModelType type)
{
	return type == MODEL_PURCHASE ? "purchase_model" :
		type == MODEL_SPEND ? "spend_model" : "retention_model";
}

/* Kinds with a k have it for the k of their name: mbg/cnbd-3; of any k (0), that. */
char *
retention_kind_name(const ModelKind *kind, int k)
{
	if (kind->has_k && k > 0)
		return psprintf("%.*s%d", (int) strlen(kind->name) - 1, kind->name, k);
	return pstrdup(kind->name);
}

char *
retention_model_kind_name(const Model *model)
{
	return retention_kind_name(model->kind, model->k);
}

/* All of a type, for hints: "nbd, bg/nbd and mbg/nbd"; a fit may choose one of them. */
static char *
kinds_of_type(ModelType type, bool to_fit)
{
	StringInfoData names;
	const char *last = NULL;

	initStringInfo(&names);
	for (const ModelKind *const *kind = retention_model_kinds; *kind != NULL; kind++)
	{
		if ((*kind)->type != type)
			continue;
		if (last)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", last);
		last = (*kind)->name;
	}
	if (to_fit && type == MODEL_PURCHASE)
		appendStringInfo(&names, ", %s, and auto, which is the best of these", last);
	else
		appendStringInfo(&names, "%s%s", names.len > 0 ? " and " : "", last);
	return names.data;
}

/* "lacks_k": the name is one with a k, which is left open */
void
retention_unknown_kind(ModelType type, const char *name, bool lacks_k, bool to_fit)
{
	if (lacks_k)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model needs its k: \"%s\"", name),
				 errhint("Put a number from 1 to %d in its place: %.*s3.", MODEL_MAX_K,
						 (int) strlen(name) - 1, name)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown model: \"%s\"", name),
			 errhint("Models are %s.", kinds_of_type(type, to_fit))));
}

Model *
retention_model_create(const ModelKind *kind, int k)
{
	Model	   *model = palloc0(sizeof(Model));

	Assert(k >= 1 && k <= MODEL_MAX_K);
	model->kind = kind;
	model->k = k;
	model->as_of = HISTOGRAM_NO_DAY;
	return model;
}

#ifdef USE_ASSERT_CHECKING
void
retention_model_check(const Model *model)
{
	Assert(model->kind == retention_model_of_number(model->kind->type, model->kind->number));
	Assert(model->kind->nparams > 0 && model->kind->nparams <= MODEL_MAX_PARAMS);
	Assert(model->k >= 1 && model->k <= (model->kind->has_k ? MODEL_MAX_K : 1));
	Assert(model->message <= MESSAGE_LAST);
	for (int i = 0; i < model->kind->nparams; i++)
		Assert(model->params[i] >= MODEL_LEAST_PARAM && model->params[i] <= MODEL_LARGEST_PARAM);
	Assert(!model->has_covariance || retention_covariance_is_possible(model->covariance, model->kind->nparams));
	Assert(model->nregion >= 0 && model->nregion <= REGION_MOST);
	if (!model->fitted)
		return;
	Assert(model->customers >= 0 && model->cells >= 0 && model->no_repeat >= 0 &&
		   model->not_positive >= 0 && model->iterations >= 0);
	Assert(model->purchases >= 0 && model->gradient_norm >= 0);
	Assert(isfinite(model->loglik));
	Assert(!model->knows_correlation || fabs(model->correlation) <= 1);
}
#endif

/* How many numbers a fit has chosen. */
int
retention_model_free_params(const Model *model)
{
	return model->kind->nparams + (model->kind->has_k ? 1 : 0);
}

/* Are variances not negative, and correlations none above 1? */
bool
retention_covariance_is_possible(const double *covariance, int nparams)
{
	for (int i = 0; i < nparams; i++)
		for (int j = 0; j <= i; j++)
		{
			double		element = covariance[i * (i + 1) / 2 + j];
			double		limit = sqrt(covariance[i * (i + 3) / 2]) * sqrt(covariance[j * (j + 3) / 2]);

			if (!isfinite(element) || (i == j && element < 0) ||
				!(fabs(element) <= limit * (1 + 1e-6)))
				return false;
		}
	return true;
}
