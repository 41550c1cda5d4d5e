/*-------------------------------------------------------------------------
 *
 * bgnbd.c
 *	  BG/NBD and MBG/NBD: customers who may leave after a purchase.
 *
 * BG/NBD: Fader, Hardie & Lee (2005, Marketing Science 24, 275-284).  Purchases
 * are Poisson at a rate from Gamma(r, alpha); after each repeat purchase a
 * customer leaves for good with a probability p from Beta(a, b).  MBG/NBD,
 * Batislam, Denizel & Filiztekin (2007, International Journal of Research in
 * Marketing 24, 201-209), Hoppe & Wagner (2007): also after the first, so that
 * not all who never came back count as alive.
 *
 * The two differ by one chance to leave, "chances" below: x of BG/NBD, x + 1 of
 * MBG/NBD.  Having survived them all has the probability B(a, b + chances) /
 * B(a, b), having left at the last of them is a / (b + chances - 1) times as
 * likely; so with what not buying since t_x says, the odds of having left are
 *
 *		e^q = a / (b + chances - 1) * ((alpha + T) / (alpha + t_x))^(r + x)
 *
 * and all that's needed of those who left is q.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stddef.h>

#include "math/special_functions.h"
#include "model/dropout.h"
#include "model/purchase_kind.h"

/* How often they could have left. */
static inline double
chances_to_leave(const PurchaseModel *model, double x)
{
	return model->kind == &retention_mbg_nbd ? x + 1 : x;
}

/* q without its last factor, or -infinity if they had no chance to leave */
static inline double
log_left_at_last(double a, double b, double chances)
{
	return chances > 0 ? log(a / (b + (chances - 1))) : -INFINITY;
}

static void
bg_start(const BuyerTotals *totals, double *params)
{
	retention_start_counts(totals, &params[0], &params[1]);
	params[2] = 0.7;
	params[3] = 2;
}

/*
 * Of a cell, only sums over the customers of the same x are needed: each cell
 * takes three logarithms and an exponential.
 */
static double
bg_loglik(const PurchaseModel *model, const BuyerCell *cells, int ncells, double *gradient)
{
	double		r = model->params[0];
	double		alpha = model->params[1];
	double		a = model->params[2];
	double		b = model->params[3];
	double		log_alpha = log(alpha);
	double		inverse_alpha = 1 / alpha;
	double		sum = 0;

	for (int i = 0; i < ncells;)
	{
		double		x = cells[i].buyer.x;
		double		chances = chances_to_leave(model, x);
		double		log_left = log_left_at_last(a, b, chances);
		double		customers = 0;
		double		log_time = 0;	/* ln(1 + T / alpha) */
		double		share = 0;	/* T / (alpha + T) */
		double		whole = 0;	/* 1 / (alpha + T) */
		double		log_odds = 0;	/* ln(1 + e^q) */
		double		left = 0;	/* e^q / (1 + e^q) */
		double		left_silence = 0;	/* that times ln((alpha + T) / (alpha + t_x)) */
		double		left_share = 0; /* that times minus its derivative by alpha */

		for (; i < ncells && cells[i].buyer.x == x; i++)
		{
			double		n = cells[i].customers;
			double		t = cells[i].buyer.t;
			double		all = 1 / (alpha + t);

			customers += n;
			log_time += n * log1p(t * inverse_alpha);
			share += n * (t * all);
			whole += n * all;

			if (chances > 0)
			{
				double		since = t - cells[i].buyer.t_x;
				double		before = 1 / (alpha + cells[i].buyer.t_x);
				double		silence = log1p(since * before);
				double		q = log_left + (r + x) * silence;
				double		e = exp(-fabs(q));
				double		p = (q > 0 ? 1 : e) / (1 + e);

				log_odds += n * (fmax(q, 0) + log1p(e));
				left += n * p;
				left_silence += n * (p * silence);
				left_share += n * (p * (since * before * all));
			}
		}

		sum += customers * (retention_log_rise(r, x) - x * log_alpha + retention_log_beta_rise(a, b, chances))
			- (r + x) * log_time + log_odds;

		gradient[0] += customers * retention_digamma_rise(r, x) - log_time + left_silence;
		gradient[1] += r * inverse_alpha * share - x * whole - (r + x) * left_share;
		gradient[2] += left / a - customers * retention_digamma_rise(a + b, chances);
		gradient[3] += customers * (retention_digamma_rise(b, chances) - retention_digamma_rise(a + b, chances));
		if (chances > 0)
			gradient[3] -= left / (b + (chances - 1));
	}
	return sum;
}

static double
bg_log_alive(const PurchaseModel *model, const Buyer *buyer)
{
	const double *params = model->params;
	double		chances;
	double		q;

	if (buyer == NULL)
		buyer = &dropout_newcomer;
	chances = chances_to_leave(model, buyer->x);
	if (chances == 0)
		return 0;
	q = log_left_at_last(params[2], params[3], chances)
		+ (params[0] + buyer->x) * log1p((buyer->t - buyer->t_x) / (params[1] + buyer->t_x));
	return -retention_softplus(q);
}

static double
bg_stays(const PurchaseModel *model, const Buyer *buyer, double t)
{
	if (buyer == NULL)
		buyer = &dropout_newcomer;
	return retention_dropout_stays(model, buyer, chances_to_leave(model, buyer->x), t);
}

static double
bg_log_buys_and_stays(const PurchaseModel *model, const Buyer *buyer, double n, double t)
{
	const double *params = model->params;

	if (buyer == NULL)
		buyer = &dropout_newcomer;
	return retention_log_beta_rise(params[2], params[3] + chances_to_leave(model, buyer->x), n)
		+ retention_log_negative_binomial(n, params[0] + buyer->x, t / (params[1] + buyer->t));
}

static double
bg_expected(const PurchaseModel *model, const Buyer *buyer, double t)
{
	const double *params = model->params;
	double		if_alive;

	if (buyer == NULL)
		buyer = &dropout_newcomer;
	if_alive = retention_dropout_expected(params[2], params[3] + chances_to_leave(model, buyer->x),
										  params[0] + buyer->x, t / (params[1] + buyer->t));
	/* either may be too large or too small for a double, and yet not both */
	return exp(log(if_alive) + bg_log_alive(model, buyer));
}

/*
 * A customer who is alive makes n purchases by staying at all of them, if that many
 * fall into the time, or by leaving at the last, if at least that many do.
 */
static double
bg_probability(const PurchaseModel *model, const Buyer *buyer, double n, double t)
{
	const double *params = model->params;
	double		a = params[2];
	double		b;
	double		r;
	double		w;
	double		log_alive;
	double		result;

	if (buyer == NULL)
		buyer = &dropout_newcomer;
	b = params[3] + chances_to_leave(model, buyer->x);
	r = params[0] + buyer->x;
	w = t / (params[1] + buyer->t);
	log_alive = bg_log_alive(model, buyer);

	if (n == 0)
		return -expm1(log_alive) + exp(log_alive + retention_log_negative_binomial(0, r, w));

	result = exp(log_alive + retention_log_beta_rise(a, b, n) + retention_log_negative_binomial(n, r, w));
	return result + a / (a + b + (n - 1))
		* exp(log_alive + retention_log_beta_rise(a, b, n - 1) + retention_log_negative_binomial_tail(n, r, w));
}

static double
bg_discounted(const PurchaseModel *model, const Buyer *buyer, double delta)
{
	const double *params = model->params;
	double		if_alive;

	if (buyer == NULL)
		buyer = &dropout_newcomer;
	if_alive = retention_dropout_discounted(params[2], params[3] + chances_to_leave(model, buyer->x),
											params[0] + buyer->x, delta * (params[1] + buyer->t));
	return exp(log(if_alive) + bg_log_alive(model, buyer));
}

static double
bg_wait(const PurchaseModel *model, RandomStream *stream, Habit *habit)
{
	if (retention_dropout_leaves(stream, habit, model->params[2], model->params[3],
								 model->kind == &retention_mbg_nbd))
		return INFINITY;
	return retention_wait_counts(model, stream, habit);
}

const PurchaseKind retention_bg_nbd = {
	.about = {
		.type = MODEL_PURCHASE,
		.number = 2,
		.name = "bg/nbd",
		.aliases = {"beta-geo", "beta-geometric"},
		.nparams = 4,
		.params = {"r", "alpha", "a", "b"},
		.units = {PARAM_PURE, PARAM_TIME, PARAM_PURE, PARAM_PURE},
		.ratios = {[1] = {[0] = 1}, [2] = {[3] = 1}}	/* alpha / r, a / b */
	},
	.start = bg_start,
	.near_nbd = retention_near_counts,
	.loglik = bg_loglik,
	.memoryless = true,
	.log_alive = bg_log_alive,
	.stays = bg_stays,
	.log_buys_and_stays = bg_log_buys_and_stays,
	.expected = bg_expected,
	.probability = bg_probability,
	.discounted = bg_discounted,
	.enter = retention_enter_counts,
	.wait = bg_wait
};

const PurchaseKind retention_mbg_nbd = {
	.about = {
		.type = MODEL_PURCHASE,
		.number = 3,
		.name = "mbg/nbd",
		.aliases = {"modified-beta-geo", "modified-beta-geometric"},
		.nparams = 4,
		.params = {"r", "alpha", "a", "b"},
		.units = {PARAM_PURE, PARAM_TIME, PARAM_PURE, PARAM_PURE},
		.ratios = {[1] = {[0] = 1}, [2] = {[3] = 1}}	/* alpha / r, a / b */
	},
	.start = bg_start,
	.near_nbd = retention_near_counts,
	.loglik = bg_loglik,
	.memoryless = true,
	.log_alive = bg_log_alive,
	.stays = bg_stays,
	.log_buys_and_stays = bg_log_buys_and_stays,
	.expected = bg_expected,
	.probability = bg_probability,
	.discounted = bg_discounted,
	.enter = retention_enter_counts,
	.wait = bg_wait
};
