/*-------------------------------------------------------------------------
 *
 * model_notice.c
 *	  What a fit has to say, said to who asks for a list of customers.
 *
 * Whoever fits a model can ask model_info() for it.  predict_customers() fits its
 * own, and returns numbers; that some of them are those of a limit, or that
 * one order has moved them all, is a notice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "forecast/fitted_model.h"

/* A share of q that one customer must not decide without a word. */
#define MUCH_INFLUENCE	0.1

/* _retention_model_noticed(purchase_model): the model itself */
PG_FUNCTION_INFO_V1(retention_purchase_model_noticed);
Datum
retention_purchase_model_noticed(PG_FUNCTION_ARGS)
{
	const Model *model = retention_model_read(PG_GETARG_DATUM(0), MODEL_PURCHASE);

	if (model->message != MESSAGE_NONE)
		ereport(NOTICE,
				(errmsg("model of purchases (%s): %s", retention_model_kind_name(model),
						retention_message_text(model->message))));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* _retention_model_noticed(spend_model, one_time): the model itself; one_time: customers without a repeat purchase */
PG_FUNCTION_INFO_V1(retention_spend_model_noticed);
Datum
retention_spend_model_noticed(PG_FUNCTION_ARGS)
{
	const Model *model = retention_model_read(PG_GETARG_DATUM(0), MODEL_SPEND);

	if (model->message == MESSAGE_NO_MEAN)
		ereport(NOTICE,
				(errmsg("model of spend: %s", retention_message_text(model->message)),
				 errdetail("predicted_clv of %lld customers is NULL; predicted_clv_median is not.",
						   (long long) PG_GETARG_INT64(1))));
	else if (model->message != MESSAGE_NONE)
		ereport(NOTICE,
				(errmsg("model of spend: %s", retention_message_text(model->message))));
	if (model->knows_influence && model->influence > MUCH_INFLUENCE)
		ereport(NOTICE,
				(errmsg("model of spend: one customer, with a mean spend of %g, moves what it says of all: q by %.0f %%",
						model->influential, 100 * model->influence),
				 errhint("If that is a mistake, leave it out; with winsorize => 0.99 the highest means count like the one that 99 %% of customers are at or below.")));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
