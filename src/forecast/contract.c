/*-------------------------------------------------------------------------
 *
 * contract.c
 *	  How long customers with a contract stay: the SQL-callable predictions of
 *	  models of retention.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/prediction.h"
#include "order/instant.h"

#include "utils/timestamp.h"

#define YEAR_DAYS	((double) YEAR_USECS / USECS_PER_DAY)

static inline const ContractKind *
contract(const Prediction *prediction)
{
	return retention_model_contract_kind(prediction->models[0]->kind);
}

static double
survival(const Prediction *prediction)
{
	return exp(retention_contract_log_survival(contract(prediction), prediction->params[0],
											   prediction->n));
}

static double
retained(const Prediction *prediction)
{
	return retention_contract_retention(contract(prediction), prediction->params[0],
										prediction->n);
}

static double
lifetime(const Prediction *prediction)
{
	return retention_contract_lifetime(contract(prediction), prediction->params[0],
									   prediction->n, prediction->discount);
}

/* (model, n, ...) */
static void
ask(Prediction *prediction, FunctionCallInfo fcinfo, const char *what, int least)
{
	int32		n = PG_GETARG_INT32(1);

	prediction_take(prediction, PG_GETARG_DATUM(0), MODEL_RETENTION);
	if (n < least)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be at least %d: %d", what, least, n)));
	prediction->n = n;
}

/* (model, age, annual_discount, period, ...): the discount of a period */
static void
ask_lifetime(Prediction *prediction, FunctionCallInfo fcinfo)
{
	double		discount = PG_GETARG_FLOAT8(2);
	double		days = retention_interval_days(PG_GETARG_INTERVAL_P(3), "period");

	ask(prediction, fcinfo, "age", 0);
	if (!(discount >= 0 && discount <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("annual discount must be between 0 and 1, not %g", discount),
				 errhint("A rate of 10 %% a year is 0.1.")));
	if (days == 0 || isinf(days))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period must be above 0 and finite")));
	prediction->discount = expm1(log1p(discount) * days / YEAR_DAYS);
}

/* survival_at(model, n), retention_at(model, n), discounted_lifetime(...) */
#define PREDICTION(name, question, function, scale) \
	PG_FUNCTION_INFO_V1(retention_contract_##name); \
	Datum \
	retention_contract_##name(PG_FUNCTION_ARGS) \
	{ \
		Prediction	prediction = {0}; \
		question; \
		return retention_prediction(fcinfo, &prediction, function); \
	} \
	PG_FUNCTION_INFO_V1(retention_contract_##name##_interval); \
	Datum \
	retention_contract_##name##_interval(PG_FUNCTION_ARGS) \
	{ \
		Prediction	prediction = {0}; \
		question; \
		return retention_prediction_interval(fcinfo, &prediction, function, scale, PG_NARGS() - 1); \
	} \
	extern Datum retention_contract_##name##_interval(PG_FUNCTION_ARGS)

PREDICTION(survival_at, ask(&prediction, fcinfo, "n", 0), survival, SCALE_PROBABILITY);
PREDICTION(retention_at, ask(&prediction, fcinfo, "n", 1), retained, SCALE_PROBABILITY);
PREDICTION(discounted_lifetime, ask_lifetime(&prediction, fcinfo), lifetime, SCALE_POSITIVE);
