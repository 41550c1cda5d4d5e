/*-------------------------------------------------------------------------
 *
 * nbd.c
 *	  NBD: customers who never leave.
 *
 * Ehrenberg (1959, Applied Statistics 8, 26-41): purchases are Poisson, and the
 * customers' rates differ by Gamma(r, alpha).  It's what the other models are
 * measured against, and what they come to where no leaving can be seen.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stddef.h>

#include "math/special_functions.h"
#include "model/dropout.h"
#include "model/purchase_kind.h"

/*
 * r and alpha by which as many customers buy again as did, and as often: the
 * probability of none is (1 + mean / r)^-r, which falls in r from 1 to
 * e^-mean.  Customers who left make it look like a smaller r; near enough.
 */
void
retention_start_counts(const BuyerTotals *totals, double *r, double *alpha)
{
	double		customers = fmax(totals->customers, 1);
	double		mean = fmax(totals->x, 0.5) / customers;
	double		none = (customers - fmin(fmax(totals->repeaters, 0.5), customers - 0.5)) / customers;
	double		low = log(0.02);
	double		high = log(20);

	for (int i = 0; i < 40; i++)
	{
		double		middle = (low + high) / 2;

		*r = exp(middle);
		if (*r * log1p(mean / *r) < -log(none))
			low = middle;
		else
			high = middle;
	}
	*alpha = *r * (totals->t > 0 ? totals->t / customers : 1) / mean;
}

/* All of these have r and alpha first, and last a parameter that is larger the fewer leave. */
void
retention_near_counts(const PurchaseKind *kind, const double *nbd, double *params)
{
	params[0] = nbd[0];
	params[1] = nbd[1];
	params[kind->about.nparams - 1] *= 10;
}

static void
nbd_start(const BuyerTotals *totals, double *params)
{
	retention_start_counts(totals, &params[0], &params[1]);
}

static double
nbd_loglik(const PurchaseModel *model, const BuyerCell *cells, int ncells, double *gradient)
{
	double		r = model->params[0];
	double		alpha = model->params[1];
	double		log_alpha = log(alpha);
	double		inverse_alpha = 1 / alpha;
	double		sum = 0;

	for (int i = 0; i < ncells;)
	{
		double		x = cells[i].buyer.x;
		double		customers = 0;
		double		log_time = 0;	/* ln(1 + T / alpha) */
		double		share = 0;	/* T / (alpha + T) */
		double		whole = 0;	/* 1 / (alpha + T) */

		for (; i < ncells && cells[i].buyer.x == x; i++)
		{
			double		n = cells[i].customers;
			double		t = cells[i].buyer.t;

			customers += n;
			log_time += n * log1p(t * inverse_alpha);
			share += n * t / (alpha + t);
			whole += n / (alpha + t);
		}

		sum += customers * (retention_log_rise(r, x) - x * log_alpha) - (r + x) * log_time;
		gradient[0] += customers * retention_digamma_rise(r, x) - log_time;
		gradient[1] += r * inverse_alpha * share - x * whole;
	}
	return sum;
}

static double
nbd_log_alive(const PurchaseModel *model, const Buyer *buyer)
{
	return 0;
}

static double
nbd_stays(const PurchaseModel *model, const Buyer *buyer, double t)
{
	return 1;
}

static double
nbd_log_buys_and_stays(const PurchaseModel *model, const Buyer *buyer, double n, double t)
{
	if (buyer == NULL)
		buyer = &dropout_newcomer;
	return retention_log_negative_binomial(n, model->params[0] + buyer->x, t / (model->params[1] + buyer->t));
}

static double
nbd_expected(const PurchaseModel *model, const Buyer *buyer, double t)
{
	if (buyer == NULL)
		buyer = &dropout_newcomer;
	return (model->params[0] + buyer->x) * (t / (model->params[1] + buyer->t));
}

static double
nbd_probability(const PurchaseModel *model, const Buyer *buyer, double n, double t)
{
	if (buyer == NULL)
		buyer = &dropout_newcomer;
	return exp(retention_log_negative_binomial(n, model->params[0] + buyer->x,
											   t / (model->params[1] + buyer->t)));
}

static double
nbd_discounted(const PurchaseModel *model, const Buyer *buyer, double delta)
{
	return delta > 0 ? nbd_expected(model, buyer, 1 / delta) : INFINITY;
}

void
retention_enter_counts(const PurchaseModel *model, RandomStream *stream, Habit *habit)
{
	habit->rate = retention_random_gamma(stream, model->params[0]) / model->params[1];
	habit->leaving = -1;
	habit->left = INFINITY;
	habit->repeats = false;
}

double
retention_wait_counts(const PurchaseModel *model, RandomStream *stream, Habit *habit)
{
	return retention_random_exponential(stream) / habit->rate;
}

const PurchaseKind retention_nbd = {
	.about = {
		.type = MODEL_PURCHASE,
		.number = 1,
		.name = "nbd",
		.nparams = 2,
		.params = {"r", "alpha"},
		.units = {PARAM_PURE, PARAM_TIME},
		.ratios = {[1] = {[0] = 1}} /* alpha / r */
	},
	.start = nbd_start,
	.loglik = nbd_loglik,
	.memoryless = true,
	.log_alive = nbd_log_alive,
	.stays = nbd_stays,
	.log_buys_and_stays = nbd_log_buys_and_stays,
	.expected = nbd_expected,
	.probability = nbd_probability,
	.discounted = nbd_discounted,
	.enter = retention_enter_counts,
	.wait = retention_wait_counts
};
