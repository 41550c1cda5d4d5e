/*-------------------------------------------------------------------------
 *
 * fit.h
 *	  What the fits of all models have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_FIT_H
#define RETENTION_FIT_H

#include "forecast/fitted_model.h"
#include "math/optimize.h"

/* Cells between two looks at whether the query is cancelled. */
#define FIT_CHUNK	4096

/* fit.c: "scale": the unit that times, or money, had in the fit */
extern void retention_fit_take(Model *model, const Optimum *optimum, double scale);

extern void retention_fit_forget_covariance(Model *model);

/* of a model at a limit, or whose parameters are hardly known: how sure that leaves everything; "function" and "arg" are those that were fitted */
extern void retention_fit_region(Model *model, const Optimum *optimum, double scale,
								 ObjectiveFunction function, void *arg);

/* fit_purchase.c: of a name that fit_purchases() takes; NULL for "auto" */
extern const PurchaseKind *retention_fit_find_kind(const char *name, int *k);

#endif							/* RETENTION_FIT_H */
