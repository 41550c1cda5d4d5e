/*-------------------------------------------------------------------------
 *
 * pareto.c
 *	  Pareto/NBD: buys at a rate of their own, until they leave, at any time.
 *
 * Schmittlein, Morrison & Colombo (1987, Management Science 33, 1-24); Fader &
 * Hardie, "A note on deriving the Pareto/NBD model" (2005).  Purchases are
 * Poisson at a rate from Gamma(r, alpha); a customer's lifetime is exponential,
 * at a rate from Gamma(s, beta).  So over customers
 *
 *		L = Gamma(r + x) / Gamma(r) alpha^r beta^s
 *			[ (alpha + T)^-(r + x) (beta + T)^-s
 *			  + integral of s (alpha + u)^-(r + x) (beta + u)^-(s + 1), t_x < u < T ]
 *
 * The first term is of those still there at T, the second of those who left at
 * u.  The ratio of the second to the first is the odds of having left; the
 * rest is what NBD gives of somebody who is there.  The textbooks' closed form
 * of the integral needs a case for alpha > beta and one for alpha < beta, and
 * hypergeometric functions near where they're singular; power_integral.c is
 * the same for all.  Everything is in logarithms, for with x = 500 neither
 * term is a double.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stddef.h>

#include "math/exponential_integral.h"
#include "math/power_integral.h"
#include "math/special_functions.h"
#include "model/dropout.h"

enum
{
	R, ALPHA, S, BETA
};

static const Buyer new_buyer = {0.0, 0.0, 0.0};

/*
 * Rates as they come out of the data if everybody were of the average rate and
 * nobody left; lifetimes some way below the time of observation.
 */
static void
pareto_start(const BuyerTotals *totals, double *params)
{
	params[R] = 0.5;
	params[ALPHA] = totals->t > 0.0 ? 0.5 * totals->t / (totals->x + 1.0) : 1.0;
	params[S] = 0.5;
	params[BETA] = 0.3;
}

/*
 * ln(P(left by T) / P(alive at T)); -infinity if they bought at T.  Both terms of
 * the likelihood are taken relative to what they are made of at t_x, where the
 * integral begins.
 */
static double
log_odds_left(const double *params, const Buyer *buyer, PowerIntegral *left)
{
	double		a = params[ALPHA] + buyer->t_x;
	double		b = params[BETA] + buyer->t_x;
	double		idle = buyer->t - buyer->t_x;

	retention_power_integral(0.0, a, params[R] + buyer->x, b, params[S] + 1.0, idle, left);
	return log(params[S] / b) + left->log_value
		+ (params[R] + buyer->x) * left->whole_a
		+ params[S] * left->whole_b;
}

static double
pareto_loglik(const PurchaseModel *model, const BuyerCell *cells, int ncells, double *gradient)
{
	const double r = model->params[R];
	const double alpha = model->params[ALPHA];
	const double s = model->params[S];
	const double beta = model->params[BETA];
	const double log_alpha = log(alpha);
	double		sum = 0.0;
	double		by_r = 0.0;
	double		by_alpha = 0.0;
	double		by_s = 0.0;
	double		by_beta = 0.0;
	double		run = -1.0;		/* the x that these two are of */
	double		rise = 0.0;
	double		rise_by_r = 0.0;

	for (int i = 0; i < ncells; i++)
	{
		const Buyer *buyer = &cells[i].buyer;
		const double weight = cells[i].customers;
		const double x = buyer->x;
		const double t = buyer->t;
		const double idle = t - buyer->t_x;
		double		a = alpha + buyer->t_x;
		double		b = beta + buyer->t_x;
		double		log_a = log1p(t / alpha);
		double		log_b = log1p(t / beta);
		double		log_odds;
		double		gone;
		PowerIntegral left;

		if (x != run)
		{
			run = x;
			rise = retention_log_rise(r, x);
			rise_by_r = retention_digamma_rise(r, x);
		}

		log_odds = log_odds_left(model->params, buyer, &left);
		gone = retention_logistic(log_odds);

		sum += weight * (rise - (r + x) * log_a - x * log_alpha - s * log_b
						 + retention_softplus(log_odds));

		by_r += weight * (rise_by_r - log_a
						  + gone * (left.whole_a - left.log_a));
		by_alpha += weight * ((r * t / alpha - x) / (alpha + t)
							  + gone * (r + x) / a * (left.share_a - idle / (a + idle)));
		by_s += weight * (-log_b
						  + gone * (1.0 / s + left.whole_b - left.log_b));
		by_beta += weight * (s * t / (beta * (beta + t))
							 + gone / b * (s * (left.share_b - idle / (b + idle)) + left.share_b - 1.0));
	}

	gradient[R] += by_r;
	gradient[ALPHA] += by_alpha;
	gradient[S] += by_s;
	gradient[BETA] += by_beta;
	return sum;
}

static double
pareto_log_alive(const PurchaseModel *model, const Buyer *buyer)
{
	PowerIntegral left;

	if (buyer == NULL)
		return 0.0;
	return 0.0 - retention_softplus(log_odds_left(model->params, buyer, &left));
}

/* Who has lived for T has a rate of leaving from Gamma(s, beta + T). */
static double
log_stays(const PurchaseModel *model, const Buyer *buyer, double t)
{
	return -model->params[S] * log1p(t / (model->params[BETA] + buyer->t));
}

static double
pareto_stays(const PurchaseModel *model, const Buyer *buyer, double t)
{
	return exp(log_stays(model, buyer ? buyer : &new_buyer, t));
}

static double
pareto_log_buys_and_stays(const PurchaseModel *model, const Buyer *buyer, double n, double t)
{
	if (buyer == NULL)
		buyer = &new_buyer;
	return log_stays(model, buyer, t)
		+ retention_log_negative_binomial(n, model->params[R] + buyer->x, t / (model->params[ALPHA] + buyer->t));
}

/*
 * ln of P(alive) (r + x) (beta + T) / (alpha + T): purchases expected now, per
 * time, times the time in units of which they are expected to leave.
 */
static double
log_buying(const PurchaseModel *model, const Buyer *buyer)
{
	const double *params = model->params;

	return pareto_log_alive(model, buyer)
		+ log(params[R] + buyer->x)
		+ log((params[BETA] + buyer->t) / (params[ALPHA] + buyer->t));
}

/*
 * Somebody who is alive now is so after another u with probability
 * (1 + u / (beta + T))^-s.  Its integral from 0 to t has no singularity at
 * s = 1 if (y^(1 - s) - 1) / (1 - s) is computed as one thing.
 */
static double
pareto_expected(const PurchaseModel *model, const Buyer *buyer, double t)
{
	double		excess = 1.0 - model->params[S];
	double		stretch;
	double		share;

	if (buyer == NULL)
		buyer = &new_buyer;
	stretch = log1p(t / (model->params[BETA] + buyer->t));
	share = excess == 0.0 ? stretch : expm1(excess * stretch) / excess;
	return exp(log_buying(model, buyer) + log(share));
}

/* The same integral with a factor exp(-delta u), and without end. */
static double
pareto_discounted(const PurchaseModel *model, const Buyer *buyer, double delta)
{
	if (buyer == NULL)
		buyer = &new_buyer;
	return exp(log_buying(model, buyer)
			   + log(retention_scaled_expint(model->params[S],
											 delta * (model->params[BETA] + buyer->t))));
}

/*
 * Somebody alive now buys n times by t, and is then alive; or leaves at some
 * u before, and has bought n times by u.
 */
static double
pareto_probability(const PurchaseModel *model, const Buyer *buyer, double n, double t)
{
	const double *params = model->params;
	double		a;
	double		b;
	double		shape;
	double		log_odds;
	double		stays;
	double		leaves;
	PowerIntegral left;

	if (buyer == NULL)
		buyer = &new_buyer;
	if (n < 0.0 || n != floor(n))
		return 0.0;

	log_odds = log_odds_left(params, buyer, &left);
	a = params[ALPHA] + buyer->t;
	b = params[BETA] + buyer->t;
	shape = params[R] + buyer->x;

	stays = retention_log_negative_binomial(n, shape, t / a);
	retention_power_integral(n, a, shape + n, b, params[S] + 1.0, t, &left);
	leaves = stays + (shape + n) * left.whole_a + log(params[S] / b) + left.log_value;
	stays -= params[S] * left.whole_b;

	return exp(retention_log_add(stays, leaves) - retention_softplus(log_odds))
		+ (n == 0.0 ? retention_logistic(log_odds) : 0.0);
}

static void
pareto_enter(const PurchaseModel *model, RandomStream *stream, Habit *habit)
{
	double		leaving;

	retention_enter_counts(model, stream, habit);
	leaving = retention_random_gamma(stream, model->params[S]) / model->params[BETA];
	habit->left = retention_random_exponential(stream) / leaving;
}

static double
pareto_wait(const PurchaseModel *model, RandomStream *stream, Habit *habit)
{
	double		wait = retention_wait_counts(model, stream, habit);

	habit->left -= wait;
	return habit->left > 0 ? wait : INFINITY;
}

const PurchaseKind retention_pareto_nbd = {
	.about = {
		.type = MODEL_PURCHASE,
		.number = 4,
		.name = "pareto/nbd",
		.aliases = {"pareto", "pnbd"},
		.nparams = 4,
		.params = {"r", "alpha", "s", "beta"},
		.units = {PARAM_PURE, PARAM_TIME, PARAM_PURE, PARAM_TIME},
		.ratios = {[1] = {[0] = 1}, [3] = {[2] = 1}}	/* alpha / r, beta / s */
	},
	.start = pareto_start,
	.near_nbd = retention_near_counts,
	.loglik = pareto_loglik,
	.memoryless = true,
	.log_alive = pareto_log_alive,
	.stays = pareto_stays,
	.log_buys_and_stays = pareto_log_buys_and_stays,
	.expected = pareto_expected,
	.probability = pareto_probability,
	.discounted = pareto_discounted,
	.enter = pareto_enter,
	.wait = pareto_wait
};
