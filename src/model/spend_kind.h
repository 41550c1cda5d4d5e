/*-------------------------------------------------------------------------
 *
 * spend_kind.h
 *	  The models of what customers spend on a purchase.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_SPEND_KIND_H
#define RETENTION_SPEND_KIND_H

#include "math/random_variate.h"
#include "model/model_registry.h"

/* So many customers with x repeat purchases of the mean amount m; both above 0. */
typedef struct SpendCell
{
	double		x;
	double		m;
	double		customers;
} SpendCell;

typedef struct SpendKind
{
	ModelKind	about;

	/* Where a fit begins; the likelihood, whose derivatives are added to gradient[]. */
	void		(*start) (const SpendCell *cells, int ncells, double *params);
	double		(*loglik) (const double *params, const SpendCell *cells, int ncells,
						   double *gradient);

	/*
	 * The expected mean amount of a customer's purchases, x = 0 for one without
	 * repeat purchases (m is not looked at).  NaN where there is none.
	 */
	double		(*expected) (const double *params, double x, double m);

	/*
	 * Of the same customer the expected square of that mean amount, and of the
	 * amount of one purchase.  Infinite where there is none.
	 */
	void		(*squares) (const double *params, double x, double m, double *of_mean, double *of_amount);

	/* The median of what the mean amount may be, given the same: there is one always. */
	double		(*median) (const double *params, double x, double m);

	/*
	 * Simulation: what a new customer is like; and then, what they spend on a
	 * purchase, in small coins of which so many are one of the money's unit.
	 */
	double		(*enter) (const double *params, RandomStream *stream);
	double		(*amount) (const double *params, RandomStream *stream, double habit, double coins);
} SpendKind;

static inline const SpendKind *
spend_kind(const ModelKind *kind)
{
	return (const SpendKind *) kind;
}

#define PURCHASE_MODEL(name)
#define SPEND_MODEL(name) extern const SpendKind retention_##name;
#define CONTRACT_MODEL(name)
#include "model/model_list.h"

#endif							/* RETENTION_SPEND_KIND_H */
