/*-------------------------------------------------------------------------
 *
 * predict_contract.c
 *	  How long customers with a contract stay: the SQL-callable predictions of
 *	  models of retention.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/prediction.h"
#include "order/duration.h"
#include "order/instant.h"
#include "pg/number_argument.h"

#define YEAR_DAYS	((double) YEAR_USECS / USECS_PER_DAY)

static inline const ContractKind *
contract(const Prediction *prediction)
{
	return contract_kind(prediction->models[0]->kind);
}

static double
survival(const Prediction *prediction)
{
	return exp(contract(prediction)->log_survival(contract(prediction), prediction->params[0],
											   prediction->n));
}

static double
retained(const Prediction *prediction)
{
	return contract(prediction)->retention(contract(prediction), prediction->params[0],
										prediction->n);
}

static double
lifetime(const Prediction *prediction)
{
	return contract(prediction)->lifetime(contract(prediction), prediction->params[0],
									   prediction->n, prediction->discount);
}

/* (retention_model, period_index, ...) */
static void
ask(Prediction *prediction, FunctionCallInfo fcinfo, int least)
{
	int32		n = PG_GETARG_INT32(1);

	prediction_take(prediction, PG_GETARG_DATUM(0), MODEL_RETENTION);
	if (n < least)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period_index must be at least %d: %d", least, n)));
	prediction->n = n;
}

/* (retention_model, period_index, annual_discount_rate, period_length, ...): the discount of a period */
static void
ask_lifetime(Prediction *prediction, FunctionCallInfo fcinfo)
{
	double		rate = PG_GETARG_FLOAT8(2);
	double		days = retention_duration_days(retention_duration(fcinfo, 3, "period_length", 0));

	ask(prediction, fcinfo, 0);
	retention_check_share(rate, "annual_discount_rate");
	prediction->discount = expm1(log1p(rate) * days / YEAR_DAYS);
}

/* survival_at(model, period_index), retention_at(model, period_index), discounted_lifetime(...) */
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

PREDICTION(survival_at, ask(&prediction, fcinfo, 0), survival, SCALE_PROBABILITY);
PREDICTION(retention_at, ask(&prediction, fcinfo, 1), retained, SCALE_PROBABILITY);
PREDICTION(discounted_lifetime, ask_lifetime(&prediction, fcinfo), lifetime, SCALE_POSITIVE);
