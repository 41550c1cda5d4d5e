/*-------------------------------------------------------------------------
 *
 * model.c
 *	  Fitted models as values: making and reading them, and their names.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "forecast/model.h"

/* By their numbers, which are stored: append, never renumber. */
static const PurchaseKind *const purchase_kinds[] = {
	NULL, &retention_nbd, &retention_bg_nbd, &retention_mbg_nbd, &retention_pareto_nbd,
	&retention_bg_cnbd_k, &retention_mbg_cnbd_k
};

/* Their names, as models of contracts are found by name. */
static const char *const contract_kinds[] = {NULL, "sbg", "bdw"};

static const char *const spend_params[SPEND_PARAMS] = {"p", "q", "v"};

#define SPEND_KIND	"gamma-gamma"

static const struct
{
	const char *code;
	const char *text;
}			messages[] = {
	[MESSAGE_NONE] = {NULL, NULL},
	[MESSAGE_NO_REPEAT] = {"no_repeat_purchase", "nobody has purchased again: the parameters are at their limits"},
	[MESSAGE_NO_DROPOUT] = {"no_dropout", "no dropout can be seen in these data: the model is at its limit, the NBD"},
	[MESSAGE_AT_BOUND] = {"at_bound", "a parameter is at its limit: the data do not determine it"},
	[MESSAGE_NOT_DETERMINED] = {"not_determined", "the data do not determine all parameters: many others fit as well"},
	[MESSAGE_NOT_CONVERGED] = {"not_converged", "the fit has not converged"},
	[MESSAGE_NO_MEAN] = {"no_mean", "q is not above 1: the expected spend of a customer without repeat purchases does not exist"},
	[MESSAGE_NO_CHURN] = {"no_churn", "nobody has left: the parameters are at their limits"}
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

const PurchaseKind *
retention_model_purchase_kind(int kind)
{
	return purchase_kinds[kind];
}

const ContractKind *
retention_model_contract_kind(int kind)
{
	return retention_contract_kind(contract_kinds[kind]);
}

/* Is there a kind of this number? */
bool
retention_model_has_kind(ModelType type, int kind)
{
	int			n = type == MODEL_PURCHASE ? lengthof(purchase_kinds) :
		type == MODEL_SPEND ? 2 : lengthof(contract_kinds);

	return kind > 0 && kind < n;
}

static int
params_of_kind(ModelType type, int kind)
{
	return type == MODEL_PURCHASE ? purchase_kinds[kind]->nparams :
		type == MODEL_SPEND ? SPEND_PARAMS : retention_model_contract_kind(kind)->nparams;
}

/* Kinds with a k have it for the k of their name: mbg/cnbd-3. */
char *
retention_model_kind_name(const Model *model)
{
	const char *name;

	if (model->type == MODEL_SPEND)
		return pstrdup(SPEND_KIND);
	if (model->type == MODEL_RETENTION)
		return pstrdup(contract_kinds[model->kind]);
	name = purchase_kinds[model->kind]->name;
	if (purchase_kinds[model->kind]->has_k)
		return psprintf("%.*s%d", (int) strlen(name) - 1, name, model->k);
	return pstrdup(name);
}

/* Names of other software, and those that papers spell out. */
static const struct
{
	const char *alias;			/* as plain_name has it */
	const char *name;
}			aliases[] = {
	{"pnbd", "pareto/nbd"},
	{"betageo", "bg/nbd"},
	{"modifiedbetageo", "mbg/nbd"},
	{"shiftedbetageo", "sbg"},
	{"shiftedbetageometric", "sbg"},
	{"betadiscreteweibull", "bdw"}
};

/* What tells names apart: BG/NBD, bg-nbd and bgnbd are the same. */
static char *
plain_name(const char *name)
{
	char	   *plain = palloc(strlen(name) + 1);
	char	   *end = plain;

	for (; *name != '\0'; name++)
		if (isalnum((unsigned char) *name) || IS_HIGHBIT_SET(*name))
			*end++ = pg_ascii_tolower((unsigned char) *name);
	*end = '\0';
	return plain;
}

bool
retention_same_model(const char *name, const char *other)
{
	return strcmp(plain_name(name), plain_name(other)) == 0;
}

/* The k of a name such as mbg/cnbd-3, if it begins as this kind's does; or 0. */
static int
k_of_name(const char *name, const PurchaseKind *kind)
{
	for (int k = 1; k <= PURCHASE_MAX_K; k++)
		if (retention_same_model(name, psprintf("%.*s%d", (int) strlen(kind->name) - 1,
												kind->name, k)))
			return k;
	return 0;
}

/* The number of a kind; k is 0 if the name leaves it open (mbg/cnbd-k). */
bool
retention_model_find_kind(ModelType type, const char *name, int *kind, int *k)
{
	char	   *plain = plain_name(name);

	for (int i = 0; i < lengthof(aliases); i++)
		if (strcmp(plain, aliases[i].alias) == 0)
			name = aliases[i].name;
	*k = 1;
	if (type == MODEL_SPEND)
	{
		*kind = 1;
		return retention_same_model(name, SPEND_KIND);
	}
	if (type == MODEL_RETENTION)
	{
		for (*kind = 1; *kind < lengthof(contract_kinds); (*kind)++)
			if (retention_same_model(name, contract_kinds[*kind]))
				return true;
		return false;
	}
	for (*kind = 1; *kind < lengthof(purchase_kinds); (*kind)++)
	{
		const PurchaseKind *candidate = purchase_kinds[*kind];

		if (retention_same_model(name, candidate->name))
		{
			*k = candidate->has_k ? 0 : 1;
			return true;
		}
		if (candidate->has_k && (*k = k_of_name(name, candidate)) > 0)
			return true;
	}
	return false;
}

/* "lacks_k": the name is one with a k, which is left open */
void
retention_unknown_kind(ModelType type, const char *name, bool lacks_k)
{
	if (lacks_k)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kind of model needs its k: \"%s\"", name),
				 errhint("Put a number from 1 to %d in its place: %.*s3.", PURCHASE_MAX_K,
						 (int) strlen(name) - 1, name)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown kind of model: \"%s\"", name),
			 type == MODEL_PURCHASE ?
			 errhint("Kinds are nbd, bg/nbd, mbg/nbd, pareto/nbd, bg/cnbd-k and mbg/cnbd-k.") :
			 errhint("Kinds are sbg and bdw.")));
}

Model *
retention_model_create(ModelType type, int kind, int k)
{
	Model	   *model = palloc0(sizeof(Model));

	Assert(retention_model_has_kind(type, kind));
	Assert(k >= 1 && k <= PURCHASE_MAX_K);
	model->type = (uint8) type;
	model->kind = (uint8) kind;
	model->k = (uint8) k;
	model->nparams = (uint8) params_of_kind(type, kind);
	model->as_of = TALLY_NO_DAY;
	return model;
}

#ifdef USE_ASSERT_CHECKING
void
retention_model_check(const Model *model)
{
	Assert(model->type >= MODEL_PURCHASE && model->type <= MODEL_RETENTION);
	Assert(retention_model_has_kind(model->type, model->kind));
	Assert(model->k >= 1 && model->k <= PURCHASE_MAX_K);
	Assert(model->nparams == params_of_kind(model->type, model->kind));
	Assert(model->message <= MESSAGE_LAST);
	for (int i = 0; i < model->nparams; i++)
		Assert(model->params[i] >= MODEL_LEAST_PARAM && model->params[i] <= MODEL_LARGEST_PARAM);
	Assert(!model->has_covariance || retention_covariance_is_possible(model));
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
	return model->nparams +
		(model->type == MODEL_PURCHASE && purchase_kinds[model->kind]->has_k ? 1 : 0);
}

const char *
retention_model_param_name(const Model *model, int i)
{
	if (model->type == MODEL_PURCHASE)
		return purchase_kinds[model->kind]->params[i];
	if (model->type == MODEL_SPEND)
		return spend_params[i];
	return retention_model_contract_kind(model->kind)->params[i];
}

bool
retention_model_param_is_time(const Model *model, int i)
{
	return model->type == MODEL_PURCHASE && purchase_kinds[model->kind]->is_time[i];
}

/* Are variances not negative, and correlations none above 1? */
bool
retention_covariance_is_possible(const Model *model)
{
	for (int i = 0; i < model->nparams; i++)
		for (int j = 0; j <= i; j++)
		{
			double		covariance = model_covariance(model, i, j);
			double		limit = sqrt(model_covariance(model, i, i)) *
				sqrt(model_covariance(model, j, j));

			if (!isfinite(covariance) || (i == j && covariance < 0) ||
				!(fabs(covariance) <= limit * (1 + 1e-6)))
				return false;
		}
	return true;
}
