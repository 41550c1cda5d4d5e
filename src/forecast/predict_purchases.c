/*-------------------------------------------------------------------------
 *
 * predict_purchases.c
 *	  What customers will do next: the SQL-callable predictions of models of
 *	  repeat buying and of spend.
 *
 * Each is there twice: alone, as a query over a million customers wants it,
 * and with an interval.  A customer is a row of the type rfm_inputs; the forms
 * without one are about somebody who is making their first purchase.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/prediction.h"
#include "order/duration.h"
#include "order/instant.h"
#include "pg/number_argument.h"
#include "rfm/rfm_inputs.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* Each of fewer purchases is looked at. */
#define MOST_AT_LEAST	1000

#define YEAR_DAYS	((double) YEAR_USECS / USECS_PER_DAY)

/* ---- the functions of the parameters ---- */

static inline PurchaseModel
purchases(const Prediction *prediction)
{
	PurchaseModel model = model_of_purchases(prediction->models[0]);

	memcpy(model.params, prediction->params[0], sizeof(model.params));
	return model;
}

static inline const Buyer *
buyer(const Prediction *prediction)
{
	return prediction->has_buyer ? &prediction->buyer : NULL;
}

static double
alive(const Prediction *prediction)
{
	PurchaseModel model = purchases(prediction);

	return exp(model.kind->log_alive(&model, buyer(prediction)));
}

static double
alive_later(const Prediction *prediction)
{
	PurchaseModel model = purchases(prediction);
	double		now = exp(model.kind->log_alive(&model, buyer(prediction)));

	return prediction->days == 0 ? now : now * model.kind->stays(&model, buyer(prediction), prediction->days);
}

static double
expected_purchases(const Prediction *prediction)
{
	PurchaseModel model = purchases(prediction);

	if (prediction->days == 0)
		return 0;
	return model.kind->expected(&model, buyer(prediction), prediction->days);
}

static double
purchase_probability(const Prediction *prediction)
{
	PurchaseModel model = purchases(prediction);
	double		probability;

	if (prediction->days == 0)
		return prediction->n == 0 ? 1 : 0;
	probability = model.kind->probability(&model, buyer(prediction), prediction->n, prediction->days);
	/* rounding may leave it a little above 1 */
	return probability > 1 ? 1 : probability;
}

static void
look_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

static double
at_least(const Prediction *prediction)
{
	PurchaseModel model = purchases(prediction);

	return retention_at_least(&model, buyer(prediction), prediction->n, prediction->from, prediction->days,
							  look_for_interrupts);
}

/* The model of spend is the last one. */
static double
expected_spend(const Prediction *prediction)
{
	int			last = prediction->nmodels - 1;

	return spend_kind(prediction->models[last]->kind)->expected(prediction->params[last],
																prediction->buyer.x,
																prediction->spend);
}

static double
median_spend(const Prediction *prediction)
{
	int			last = prediction->nmodels - 1;

	return spend_kind(prediction->models[last]->kind)->median(prediction->params[last], prediction->buyer.x,
															  prediction->spend);
}

static double
discounted_purchases(const Prediction *prediction)
{
	PurchaseModel model = purchases(prediction);

	if (prediction->days == 0)
		return 0;
	return retention_discounted_purchases(&model, &prediction->buyer, prediction->days,
										  prediction->discount, look_for_interrupts);
}

static double
discounted_value(const Prediction *prediction)
{
	double		spend = expected_spend(prediction);

	if (!isfinite(spend))
		return NAN;
	return discounted_purchases(prediction) * spend * prediction->margin;
}

static double
value_of_median(const Prediction *prediction)
{
	return discounted_purchases(prediction) * median_spend(prediction) * prediction->margin;
}

/* ---- arguments ---- */

/* The customer of an argument; false if they aren't known. */
static bool
take_customer(Prediction *prediction, FunctionCallInfo fcinfo, int arg, Rfm *rfm)
{
	if (!retention_rfm_read(PG_GETARG_HEAPTUPLEHEADER(arg), rfm))
		return false;
	prediction->has_buyer = true;
	prediction->buyer.x = (double) rfm->x;
	prediction->buyer.t_x = rfm->t_x;
	prediction->buyer.t = rfm->t;
	return true;
}

/* A customer's spend; false if a model of spend can't use it. */
static bool
take_spend(Prediction *prediction, const Rfm *rfm)
{
	prediction->spend = retention_rfm_spend(rfm);
	return rfm->x == 0 || prediction->spend > 0;
}

static void
take_horizon(Prediction *prediction, FunctionCallInfo fcinfo, int arg)
{
	prediction->days = retention_duration_days(retention_duration(fcinfo, arg, "horizon", DURATION_ZERO));
}

static void
take_count(Prediction *prediction, FunctionCallInfo fcinfo, int arg)
{
	int32		n = PG_GETARG_INT32(arg);

	if (n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of purchases must not be negative: %d", n)));
	prediction->n = n;
}

/* The observation goes on until as_of, without a purchase. */
static bool
take_as_of(Prediction *prediction, FunctionCallInfo fcinfo, int arg, const Rfm *rfm)
{
	int32		as_of = PG_GETARG_DATEADT(arg);
	double		t;

	if (!rfm->knows_first_order)
		return false;
	if (DATE_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"as_of\" must be finite")));
	t = (double) as_of - rfm->first_order;
	if (t < rfm->t)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of is before the end of what is known of the customer: %s",
						DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(as_of)))),
				 errdetail("The customer was observed for %g days from %s.", rfm->t,
						   DatumGetCString(DirectFunctionCall1(date_out,
															   DateADTGetDatum(rfm->first_order)))),
				 errhint("Make the customer's rfm_summary as of that day.")));
	prediction->buyer.t = t;
	return true;
}

static double
share_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	retention_check_share(PG_GETARG_FLOAT8(arg), name);
	return PG_GETARG_FLOAT8(arg);
}

/* ---- p_alive ---- */

/* (model, customer, as_of or NULL) or (model, customer, level, as_of or NULL) */
static bool
ask_alive(Prediction *prediction, FunctionCallInfo fcinfo, int as_of_arg)
{
	Rfm			rfm;

	for (int i = 0; i < as_of_arg; i++)
		if (PG_ARGISNULL(i))
			return false;
	prediction_take(prediction, PG_GETARG_DATUM(0), MODEL_PURCHASE);
	return take_customer(prediction, fcinfo, 1, &rfm) &&
		(PG_ARGISNULL(as_of_arg) || take_as_of(prediction, fcinfo, as_of_arg, &rfm));
}

PG_FUNCTION_INFO_V1(retention_p_alive);
Datum
retention_p_alive(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_alive(&prediction, fcinfo, 2))
		PG_RETURN_NULL();
	return retention_prediction(fcinfo, &prediction, alive);
}

PG_FUNCTION_INFO_V1(retention_p_alive_interval);
Datum
retention_p_alive_interval(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_alive(&prediction, fcinfo, 3))
		PG_RETURN_NULL();
	return retention_prediction_interval(fcinfo, &prediction, alive, SCALE_PROBABILITY, 2);
}

/* ---- alive_in ---- */

/* (model [, customer], horizon); "at": where the horizon is */
static bool
ask_expected(Prediction *prediction, FunctionCallInfo fcinfo, int at)
{
	Rfm			rfm;

	prediction_take(prediction, PG_GETARG_DATUM(0), MODEL_PURCHASE);
	take_horizon(prediction, fcinfo, at);
	return at == 1 || take_customer(prediction, fcinfo, 1, &rfm);
}

PG_FUNCTION_INFO_V1(retention_alive_in);
Datum
retention_alive_in(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_expected(&prediction, fcinfo, PG_NARGS() - 1))
		PG_RETURN_NULL();
	return retention_prediction(fcinfo, &prediction, alive_later);
}

PG_FUNCTION_INFO_V1(retention_alive_in_interval);
Datum
retention_alive_in_interval(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_expected(&prediction, fcinfo, PG_NARGS() - 2))
		PG_RETURN_NULL();
	return retention_prediction_interval(fcinfo, &prediction, alive_later, SCALE_PROBABILITY, PG_NARGS() - 1);
}

/* ---- expected_purchases ---- */

PG_FUNCTION_INFO_V1(retention_expected_purchases);
Datum
retention_expected_purchases(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_expected(&prediction, fcinfo, PG_NARGS() - 1))
		PG_RETURN_NULL();
	return retention_prediction(fcinfo, &prediction, expected_purchases);
}

PG_FUNCTION_INFO_V1(retention_expected_purchases_interval);
Datum
retention_expected_purchases_interval(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_expected(&prediction, fcinfo, PG_NARGS() - 2))
		PG_RETURN_NULL();
	return retention_prediction_interval(fcinfo, &prediction, expected_purchases, SCALE_POSITIVE,
										 PG_NARGS() - 1);
}

/* ---- purchase_probability ---- */

/* (model [, customer], n, horizon); "at": where the horizon is */
static bool
ask_probability(Prediction *prediction, FunctionCallInfo fcinfo, int at)
{
	Rfm			rfm;

	prediction_take(prediction, PG_GETARG_DATUM(0), MODEL_PURCHASE);
	take_count(prediction, fcinfo, at - 1);
	take_horizon(prediction, fcinfo, at);
	return at == 2 || take_customer(prediction, fcinfo, 1, &rfm);
}

PG_FUNCTION_INFO_V1(retention_purchase_probability);
Datum
retention_purchase_probability(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_probability(&prediction, fcinfo, PG_NARGS() - 1))
		PG_RETURN_NULL();
	return retention_prediction(fcinfo, &prediction, purchase_probability);
}

PG_FUNCTION_INFO_V1(retention_purchase_probability_interval);
Datum
retention_purchase_probability_interval(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_probability(&prediction, fcinfo, PG_NARGS() - 2))
		PG_RETURN_NULL();
	return retention_prediction_interval(fcinfo, &prediction, purchase_probability,
										 SCALE_PROBABILITY, PG_NARGS() - 1);
}

/* ---- probability_at_least ---- */

/* (model [, customer], n, horizon, starts_in) */
PG_FUNCTION_INFO_V1(retention_probability_at_least);
Datum
retention_probability_at_least(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};
	int			at = PG_NARGS() - 2;

	if (!ask_probability(&prediction, fcinfo, at))
		PG_RETURN_NULL();
	prediction.from = retention_duration_days(retention_duration(fcinfo, at + 1, "starts_in", DURATION_ZERO));
	if (prediction.n > MOST_AT_LEAST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of purchases must not be above %d: %g", MOST_AT_LEAST, prediction.n)));
	if (prediction.from > 0 && purchase_kind(prediction.models[0]->kind)->log_buys_and_stays == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model %s does not know a time that begins later", retention_model_kind_name(prediction.models[0])),
				 errhint("Leave starts_in out, or take another model, such as mbg/nbd.")));
	return retention_prediction(fcinfo, &prediction, at_least);
}

/* ---- expected_spend ---- */

/* (model [, customer]); "n": how many of these */
static bool
ask_spend(Prediction *prediction, FunctionCallInfo fcinfo, int n)
{
	Rfm			rfm;

	prediction_take(prediction, PG_GETARG_DATUM(0), MODEL_SPEND);
	return n == 1 || (take_customer(prediction, fcinfo, 1, &rfm) && take_spend(prediction, &rfm));
}

PG_FUNCTION_INFO_V1(retention_expected_spend);
Datum
retention_expected_spend(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_spend(&prediction, fcinfo, PG_NARGS()))
		PG_RETURN_NULL();
	return retention_prediction(fcinfo, &prediction, expected_spend);
}

PG_FUNCTION_INFO_V1(retention_expected_spend_interval);
Datum
retention_expected_spend_interval(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_spend(&prediction, fcinfo, PG_NARGS() - 1))
		PG_RETURN_NULL();
	return retention_prediction_interval(fcinfo, &prediction, expected_spend, SCALE_POSITIVE,
										 PG_NARGS() - 1);
}

PG_FUNCTION_INFO_V1(retention_median_spend);
Datum
retention_median_spend(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_spend(&prediction, fcinfo, PG_NARGS()))
		PG_RETURN_NULL();
	return retention_prediction(fcinfo, &prediction, median_spend);
}

/* ---- predicted_clv ---- */

/*
 * (model, spend_model [, customer], horizon or NULL, annual_discount_rate, margin
 * [, level]); "at": where the horizon is, which may be a text where there is no
 * customer
 */
static bool
ask_value(Prediction *prediction, FunctionCallInfo fcinfo, int at, bool is_text)
{
	const int	allowed = DURATION_ZERO | DURATION_INFINITE;
	Rfm			rfm;

	for (int i = 0; i < PG_NARGS(); i++)
		if (i != at && PG_ARGISNULL(i))
			return false;
	prediction_take(prediction, PG_GETARG_DATUM(0), MODEL_PURCHASE);
	prediction_take(prediction, PG_GETARG_DATUM(1), MODEL_SPEND);
	prediction->days = PG_ARGISNULL(at) ? INFINITY :
		retention_duration_days(is_text ?
								retention_duration_of_text(PG_GETARG_TEXT_PP(at), "horizon", allowed) :
								retention_duration(fcinfo, at, "horizon", allowed));
	prediction->discount = log1p(share_argument(fcinfo, at + 1, "annual_discount_rate")) / YEAR_DAYS;
	prediction->margin = share_argument(fcinfo, at + 2, "margin");
	if (isinf(prediction->days) && prediction->discount == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("value without end needs an annual_discount_rate above 0"),
				 errhint("Give a horizon, as interval '3 years'.")));
	return at == 2 || (take_customer(prediction, fcinfo, 2, &rfm) && take_spend(prediction, &rfm));
}

#define VALUE(name, at, is_text) \
	PG_FUNCTION_INFO_V1(retention_##name); \
	Datum \
	retention_##name(PG_FUNCTION_ARGS) \
	{ \
		Prediction	prediction = {0}; \
		if (!ask_value(&prediction, fcinfo, at, is_text)) \
			PG_RETURN_NULL(); \
		return retention_prediction(fcinfo, &prediction, discounted_value); \
	} \
	PG_FUNCTION_INFO_V1(retention_##name##_interval); \
	Datum \
	retention_##name##_interval(PG_FUNCTION_ARGS) \
	{ \
		Prediction	prediction = {0}; \
		if (!ask_value(&prediction, fcinfo, at, is_text)) \
			PG_RETURN_NULL(); \
		prediction.factors[0] = discounted_purchases; \
		prediction.factors[1] = expected_spend; \
		return retention_prediction_interval(fcinfo, &prediction, discounted_value, SCALE_POSITIVE, \
											 PG_NARGS() - 1); \
	} \
	extern Datum retention_##name##_interval(PG_FUNCTION_ARGS)

VALUE(predicted_clv, 3, false);
VALUE(predicted_clv_new, 2, false);
VALUE(predicted_clv_new_text, 2, true);

/* predicted_clv_median(model, spend_model, customer, horizon or NULL, annual_discount_rate, margin) */
PG_FUNCTION_INFO_V1(retention_predicted_clv_median);
Datum
retention_predicted_clv_median(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};

	if (!ask_value(&prediction, fcinfo, 3, false))
		PG_RETURN_NULL();
	return retention_prediction(fcinfo, &prediction, value_of_median);
}
