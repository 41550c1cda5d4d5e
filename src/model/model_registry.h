/*-------------------------------------------------------------------------
 *
 * model_registry.h
 *	  What there is to know of a model's name and numbers, and the list of all.
 *
 * A model defines a struct of its type (PurchaseKind, SpendKind, ContractKind),
 * which begins with what is here and goes on with its functions.  Nobody else
 * knows which models there are: who is given a name or a number asks here, and
 * who has a model calls its functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_MODEL_REGISTRY_H
#define RETENTION_MODEL_REGISTRY_H

#include <stdbool.h>

#include "math/optimize.h"

/* These are stored: append, never renumber. */
typedef enum ModelType
{
	MODEL_PURCHASE = 1,
	MODEL_SPEND = 2,
	MODEL_RETENTION = 3
} ModelType;

/* The most parameters of a model; what is stored does not depend on it. */
#define MODEL_MAX_PARAMS	OPTIMIZE_MAX_PARAMS

#define MODEL_MAX_ALIASES	2

/* What a parameter is measured in. */
typedef enum ParamUnit
{
	PARAM_PURE,
	PARAM_TIME,
	PARAM_MONEY
} ParamUnit;

typedef struct ModelKind
{
	ModelType	type;

	/* 1 to 255, by which it's stored: of this model for ever, among those of its type */
	int			number;
	const char *name;			/* as it's printed; of those with a k it ends in that */

	/* names of other software, and those that papers spell out */
	const char *aliases[MODEL_MAX_ALIASES];
	bool		has_k;
	int			nparams;
	const char *params[MODEL_MAX_PARAMS];	/* their names: "r", "alpha" ... */
	ParamUnit	units[MODEL_MAX_PARAMS];

	/* which of them a fit looks for as ratios: see math/optimize.h */
	OptimizeRatios ratios;
} ModelKind;

/* The largest k of a model that has one. */
#define MODEL_MAX_K		12

extern const ModelKind *const retention_model_kinds[];	/* NULL ends it */

/* or NULL */
extern const ModelKind *retention_model_of_number(ModelType type, int number);

/*
 * Of a name in any spelling: BG/NBD, bg-nbd and bgnbd are the same.  Those with
 * a k have it for the k of their name, as mbg/cnbd-3; k is 0 if the name leaves
 * it open (mbg/cnbd-k), and 1 of those without one.
 */
extern const ModelKind *retention_model_of_name(ModelType type, const char *name, int *k);

/* Are these two spellings of a name? */
extern bool retention_same_model(const char *name, const char *other);

#endif							/* RETENTION_MODEL_REGISTRY_H */
