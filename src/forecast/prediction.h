/*-------------------------------------------------------------------------
 *
 * prediction.h
 *	  A prediction, and how sure it is.
 *
 * Whatever is predicted is a function of the parameters of one model, or two
 * (a value takes one of purchases and one of spend), and of what is asked.
 * Both are here, with the parameters apart from their models, so that a
 * function can be asked again with others.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PREDICTION_H
#define RETENTION_PREDICTION_H

#include "forecast/fitted_model.h"

#define PREDICTION_MODELS	2

typedef struct Prediction Prediction;

typedef double (*PredictionFunction) (const Prediction *prediction);

struct Prediction
{
	int			nmodels;
	const Model *models[PREDICTION_MODELS];
	double		params[PREDICTION_MODELS][MODEL_MAX_PARAMS];

	/* of what is a product, the factor that a model's parameters are in; else NULL */
	PredictionFunction factors[PREDICTION_MODELS];

	/* what is asked; of each prediction some of these */
	bool		has_buyer;		/* else a new customer */
	Buyer		buyer;
	double		spend;			/* mean, if x is above 0 */
	double		n;				/* purchases; periods */
	double		days;			/* the horizon, or infinity */
	double		from;			/* days until it begins */
	double		discount;		/* continuous, a day; or of a period */
	double		margin;
};

/* Where a normal distribution comes nearest: ln y, or ln(y / (1 - y)). */
typedef enum PredictionScale
{
	SCALE_POSITIVE,
	SCALE_PROBABILITY
} PredictionScale;

static inline void
prediction_take(Prediction *prediction, Datum datum, ModelType type)
{
	int			i = prediction->nmodels++;

	prediction->models[i] = retention_model_read(datum, type);
	memcpy(prediction->params[i], prediction->models[i]->params, sizeof(prediction->params[i]));
}

/* Do all of its models predict? */
static inline bool
prediction_is_known(const Prediction *prediction)
{
	for (int i = 0; i < prediction->nmodels; i++)
		if (!model_predicts(prediction->models[i]))
			return false;
	return true;
}

/* delta_method.c */
extern Datum retention_prediction(FunctionCallInfo fcinfo, const Prediction *prediction,
								  PredictionFunction function);
extern Datum retention_prediction_interval(FunctionCallInfo fcinfo, Prediction *prediction,
										   PredictionFunction function, PredictionScale scale,
										   int level_arg);

/* The interval of a parameter that a region leaves; 0 or infinite where it has no end. */
extern void retention_region_of_parameter(const Model *model, int param, double quantile, double *bounds);

#endif							/* RETENTION_PREDICTION_H */
