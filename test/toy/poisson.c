/*-------------------------------------------------------------------------
 *
 * poisson.c
 *	  A model that is no part of the product: customers who all buy at one rate.
 *
 * It's what a new model is: one file, and the line PURCHASE_MODEL(poisson) in
 * src/model/model_list.h.  Nothing of it is difficult, so a test knows every answer:
 * the mean gap is all the time by all purchases, and nobody ever leaves.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stddef.h>

#include "model/purchase_kind.h"

static void
poisson_start(const BuyerTotals *totals, double *params)
{
	params[0] = totals->t / fmax(totals->x, 0.5) * 3;
}

static double
poisson_loglik(const PurchaseModel *model, const BuyerCell *cells, int ncells, double *gradient)
{
	double		gap = model->params[0];
	double		sum = 0;

	for (int i = 0; i < ncells; i++)
	{
		const Buyer *buyer = &cells[i].buyer;

		sum += cells[i].customers * (-buyer->x * log(gap) - buyer->t / gap);
		gradient[0] += cells[i].customers * (buyer->t / gap - buyer->x) / gap;
	}
	return sum;
}

static double
poisson_log_alive(const PurchaseModel *model, const Buyer *buyer)
{
	return 0;
}

static double
poisson_expected(const PurchaseModel *model, const Buyer *buyer, double t)
{
	return t / model->params[0];
}

static double
poisson_probability(const PurchaseModel *model, const Buyer *buyer, double n, double t)
{
	return exp(n * log(t / model->params[0]) - t / model->params[0] - lgamma(n + 1));
}

static double
poisson_discounted(const PurchaseModel *model, const Buyer *buyer, double delta)
{
	return 1 / (model->params[0] * delta);
}

static void
poisson_enter(const PurchaseModel *model, RandomStream *stream, Habit *habit)
{
	habit->rate = 1 / model->params[0];
	habit->left = INFINITY;
}

static double
poisson_wait(const PurchaseModel *model, RandomStream *stream, Habit *habit)
{
	return retention_random_exponential(stream) / habit->rate;
}

const PurchaseKind retention_poisson = {
	.about = {
		.type = MODEL_PURCHASE,
		.number = 250,
		.name = "poisson",
		.aliases = {"one-rate"},
		.nparams = 1,
		.params = {"gap"},
		.units = {PARAM_TIME}
	},
	.start = poisson_start,
	.loglik = poisson_loglik,
	.log_alive = poisson_log_alive,
	.expected = poisson_expected,
	.probability = poisson_probability,
	.discounted = poisson_discounted,
	.enter = poisson_enter,
	.wait = poisson_wait
};
