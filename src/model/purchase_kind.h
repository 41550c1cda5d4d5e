/*-------------------------------------------------------------------------
 *
 * purchase_kind.h
 *	  The models of repeat buying, behind one interface: a table of functions.
 *
 * A model says how likely a customer's purchases are (the likelihood, to which
 * it's fitted) and what they do next (the predictions).  Each is one file here,
 * with both together; a further model is one further file, and a line in model_list.h.
 *
 * All of this is doubles in, doubles out, knows no PostgreSQL and allocates
 * nothing.  Nothing here fails: parameters are positive and finite, customers
 * are possible ones (0 <= t_x <= T, t_x = 0 where x = 0), and for these every
 * result is finite, or infinite where it truly is.  Times are in any one unit.
 *
 *	model		purchases while alive			leaves for good
 *	nbd			Poisson, rate ~ Gamma(r, alpha)	never
 *	bg/nbd		the same						after a repeat purchase, with p ~ Beta(a, b)
 *	mbg/nbd		the same						the same, or after the first purchase
 *	pareto/nbd	the same						at a rate ~ Gamma(s, beta)
 *	bg/cnbd-k	every k-th event of Poisson		as bg/nbd
 *	mbg/cnbd-k	the same						as mbg/nbd
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PURCHASE_KIND_H
#define RETENTION_PURCHASE_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "math/random_variate.h"
#include "model/model_registry.h"

#define PURCHASE_MAX_PARAMS	MODEL_MAX_PARAMS
#define PURCHASE_MAX_K		MODEL_MAX_K

/* What is known of a customer: see SQL's type rfm_inputs. */
typedef struct Buyer
{
	double		x;				/* repeat purchases */
	double		t_x;			/* when the last was, from the first purchase */
	double		t;				/* until when they were observed, likewise; "T" */
} Buyer;

/* So many customers of the same history. */
typedef struct BuyerCell
{
	Buyer		buyer;
	double		customers;
} BuyerCell;

/* Of all cells: what starting values are made from. */
typedef struct BuyerTotals
{
	double		customers;
	double		repeaters;		/* with x > 0 */
	double		x;				/* sum of x */
	double		t;				/* sum of T */
	double		longest;		/* largest T */
	double		log_gaps;		/* sum of the logarithms of the gaps */
} BuyerTotals;

/* What a simulated customer is like; of each kind's own making. */
typedef struct Habit
{
	double		rate;			/* purchases, or events of which every k-th is one, a unit of time */
	double		leaving;		/* probability after a purchase; negative: not yet drawn */
	double		left;			/* units of time until they leave; INFINITY: not by time */
	bool		repeats;		/* the first purchase has been made */
} Habit;

typedef struct PurchaseKind PurchaseKind;

/* A kind with its parameters: all that a prediction takes. */
typedef struct PurchaseModel
{
	const PurchaseKind *kind;
	int			k;				/* of the kinds with a k; else 1 */
	double		params[PURCHASE_MAX_PARAMS];
} PurchaseModel;

struct PurchaseKind
{
	ModelKind	about;

	/* Where a fit begins; from totals whose unit of time is the longest T. */
	void		(*start) (const BuyerTotals *totals, double *params);

	/*
	 * Of a model that becomes the NBD where nobody leaves, else NULL: from
	 * starting values, others that are near the NBD of these parameters.
	 */
	void		(*near_nbd) (const PurchaseKind *kind, const double *nbd, double *params);

	/*
	 * Log-likelihood of the customers of some cells, each cell's times its
	 * customers.  The derivatives by the parameters themselves (not by their
	 * logarithms) are added to gradient[].  Cells of the same x should follow
	 * each other: what depends on x alone is computed once for them.  Of the
	 * kinds with a k, the term (k - 1) * log_gaps is not in it: the caller adds
	 * it, since it's known of all customers together only.
	 */
	double		(*loglik) (const PurchaseModel *model, const BuyerCell *cells, int ncells,
						   double *gradient);

	/*
	 * Predictions, of a customer with a history, or if "buyer" is NULL of one
	 * at the moment of their first purchase.
	 */

	/* of two customers who are alive with the same x and T, the same is expected, whatever their t_x is */
	bool		memoryless;

	/* ln P(alive at T) */
	double		(*log_alive) (const PurchaseModel *model, const Buyer *buyer);
	/* P(alive at T + t) of one who is alive at T */
	double		(*stays) (const PurchaseModel *model, const Buyer *buyer, double t);

	/*
	 * ln P(n purchases in (T, T + t], and alive at its end) of one who is alive at T; NULL of
	 * those that are not memoryless
	 */
	double		(*log_buys_and_stays) (const PurchaseModel *model, const Buyer *buyer, double n, double t);
	/* expected number of purchases in (T, T + t] */
	double		(*expected) (const PurchaseModel *model, const Buyer *buyer, double t);
	/* probability of n purchases in (T, T + t] */
	double		(*probability) (const PurchaseModel *model, const Buyer *buyer, double n, double t);
	/* expected purchases after T, each times exp(-delta * its time since T) */
	double		(*discounted) (const PurchaseModel *model, const Buyer *buyer, double delta);

	/*
	 * Simulation: a new customer; and then, of a customer who has just made a
	 * purchase, the time to the next, INFINITY if there is none.
	 */
	void		(*enter) (const PurchaseModel *model, RandomStream *stream, Habit *habit);
	double		(*wait) (const PurchaseModel *model, RandomStream *stream, Habit *habit);
};

/* model_registry.c */
extern const PurchaseKind *const retention_purchase_kinds[];	/* NULL ends it */

static inline const PurchaseKind *
purchase_kind(const ModelKind *kind)
{
	return (const PurchaseKind *) kind;
}

/*
 * discount.c: as "discounted", but of the purchases in (T, T + t] only.  "pause",
 * which may be NULL, is called now and then, and need not return.
 */
extern double retention_discounted_purchases(const PurchaseModel *model, const Buyer *buyer,
											 double t, double delta, void (*pause) (void));

/*
 * later.c: the probability of at least n purchases in (T + from, T + from + t].  From later than
 * T on of memoryless kinds only, and NaN of one who may buy a hundred thousand times until then.
 * "pause" as there.
 */
extern double retention_at_least(const PurchaseModel *model, const Buyer *buyer, double n,
								 double from, double t, void (*pause) (void));

/* each in its file */
#define PURCHASE_MODEL(name) extern const PurchaseKind retention_##name;
#define SPEND_MODEL(name)
#define CONTRACT_MODEL(name)
#include "model/model_list.h"

#endif							/* RETENTION_PURCHASE_KIND_H */
