/*-------------------------------------------------------------------------
 *
 * fitted_model.h
 *	  Fitted models as values: purchase_model, spend_model, retention_model.
 *
 * The three types are one struct in memory, and in a table bytes that say in
 * which version they are; see stored_model.c.  The text and binary forms are JSON,
 * which people and other machines can read; see model_json.c.
 *
 * A model is fitted, or made from parameters that somebody has published: then
 * it predicts, but knows no customers, likelihood or covariance.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_FITTED_MODEL_H
#define RETENTION_FITTED_MODEL_H

#include "postgres.h"

#include "fmgr.h"
#include "histogram/histogram.h"
#include "model/contract.h"
#include "model/purchase_kind.h"
#include "model/spend_kind.h"
#include "pg/compat.h"

/* Of the form in a table, and of the fields in JSON. */
#define MODEL_VERSION		1

/*
 * What a fit has to say of itself, the gravest first; the texts are in fitted_model.c.
 * The numbers are stored: append, never renumber.
 */
typedef enum ModelMessage
{
	MESSAGE_NONE = 0,
	MESSAGE_NO_REPEAT = 1,
	MESSAGE_NO_DROPOUT = 2,
	MESSAGE_AT_BOUND = 3,
	MESSAGE_NOT_DETERMINED = 4,
	MESSAGE_NOT_CONVERGED = 5,
	MESSAGE_NO_MEAN = 6,
	MESSAGE_NO_CHURN = 7,
	MESSAGE_NOT_OBSERVED = 8,
	MESSAGE_NO_SPREAD = 9
} ModelMessage;

#define MESSAGE_LAST		MESSAGE_NO_SPREAD

#define MODEL_COVARIANCES	(MODEL_MAX_PARAMS * (MODEL_MAX_PARAMS + 1) / 2)

/* What parameters may be: far beyond all that means anything. */
#define MODEL_LEAST_PARAM	1e-30
#define MODEL_LARGEST_PARAM	1e30

/*
 * Where the likelihood is no paraboloid about its top, as at a limit of the parameters: how
 * far from there it isn't much lower.  Paths through that, each a profile of one parameter or
 * ratio to one side: first the top itself, then points with the largest likelihood of those
 * with that parameter, and how sure that leaves the others.  A path ends deep enough for a
 * level of REGION_LEVEL, or where the parameter does.
 */
typedef struct RegionPoint
{
	double		path;			/* of which it is, 1, 2 ... */
	double		drop;			/* of the log-likelihood */
	double		params[MODEL_MAX_PARAMS];
	double		covariance[MODEL_COVARIANCES];
} RegionPoint;

#define REGION_MOST		100
#define REGION_DEEPEST	5.5
#define REGION_LEVEL	0.999

typedef struct Model
{
	const ModelKind *kind;
	int			k;				/* of kinds with a k; else 1 */
	ModelMessage message;
	bool		fitted;
	bool		converged;
	bool		boundary;
	bool		has_covariance;
	bool		knows_nbd;		/* has nbd_loglik? */
	bool		knows_correlation;
	bool		knows_influence;
	double		params[MODEL_MAX_PARAMS];	/* those in units of time, in days */

	/* of the parameters' logarithms: lower triangle, row by row */
	double		covariance[MODEL_COVARIANCES];

	/* if intervals aren't of the covariance */
	int			nregion;
	RegionPoint *region;

	/* if it's fitted */
	int64		customers;
	int64		cells;
	int64		as_of;			/* of purchases: last day observed, or HISTOGRAM_NO_DAY */
	int64		iterations;
	int64		no_repeat;		/* of spend: customers left out */
	int64		not_positive;
	double		purchases;		/* of purchases: sum of x */
	double		loglik;			/* times in days */
	double		nbd_loglik;		/* of the NBD, fitted to the same */
	double		correlation;	/* of spend: of x and m */
	double		gradient_norm;
	double		influence;		/* of spend: of the customer without whom q changes most, by how much of it */
	double		influential;	/* their mean spend */
} Model;

static inline double
model_covariance(const Model *model, int i, int j)
{
	return model->covariance[i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i];
}

/* In a build with assertions: is it a model that there can be? */
#ifdef USE_ASSERT_CHECKING
extern void retention_model_check(const Model *model);
#else
#define retention_model_check(model)	((void) 0)
#endif

/* fitted_model.c */
extern Model *retention_model_create(const ModelKind *kind, int k);
extern const char *retention_model_type_name(ModelType type);
extern char *retention_kind_name(const ModelKind *kind, int k);
extern char *retention_model_kind_name(const Model *model);
compat_noreturn extern void retention_unknown_kind(ModelType type, const char *name,
												   bool lacks_k, bool to_fit) compat_attribute_noreturn();
extern int	retention_model_free_params(const Model *model);
extern const char *retention_message_code(ModelMessage message);
extern const char *retention_message_text(ModelMessage message);
extern bool retention_covariance_is_possible(const double *covariance, int nparams);

/* What its data say nothing of it does not predict: NULL. */
static inline bool
model_predicts(const Model *model)
{
	return !model->fitted || (model->message != MESSAGE_NO_REPEAT && model->message != MESSAGE_NOT_OBSERVED);
}

/* stored_model.c: of a value, and as one */
extern const Model *retention_model_read(Datum datum, ModelType type);
extern Datum retention_model_datum(const Model *model);

/* What predictions take of a model of purchases. */
static inline PurchaseModel
model_of_purchases(const Model *model)
{
	PurchaseModel result;

	result.kind = purchase_kind(model->kind);
	result.k = model->k;
	memcpy(result.params, model->params, sizeof(result.params));
	return result;
}

/* time_unit.c: how many days a unit of time has */
extern double retention_unit_days(const text *unit);

#endif							/* RETENTION_FITTED_MODEL_H */
