/*-------------------------------------------------------------------------
 *
 * cnbd.c
 *	  BG/CNBD-k and MBG/CNBD-k: customers who buy regularly, until they leave.
 *
 * Platzer & Reutterer (2016, Marketing Science 35, 779-799), Reutterer, Platzer
 * & Schroeder (2021, International Journal of Research in Marketing 38,
 * 194-215).  A purchase is every k-th of the events of a Poisson process that
 * nobody sees, so that the times between purchases are Erlang-k, the more even
 * the larger k is; rates and leaving are those of BG/NBD and MBG/NBD, which
 * these models are at k = 1.
 *
 * Of one who is alive, between 0 and k - 1 of the hidden events have happened
 * since their last purchase.  With n = r + k x and u = (T - t_x) / (alpha + T),
 *
 *		that it's j		has the weight	(n)_j u^j / j!,
 *
 * S2 is the sum of these, and e^q of bgnbd.c is compared with S2 instead of 1.
 * Given j, the hidden events to come are negative binomial, of n + j and
 * w = t / (alpha + T), and the m-th purchase to come is the (m k - j)-th of
 * them: the number of purchases is known in terms of that distribution and its
 * tail (the paper's approximation by the mean isn't needed).
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <stddef.h>

#include "math/quadrature.h"
#include "math/special_functions.h"
#include "model/dropout.h"
#include "model/purchase_kind.h"

/* Purchases to come that are summed one by one; behind them a sum is an integral. */
#define ONE_BY_ONE		240

/* What may be left out of an expectation, relatively. */
#define LEFT_OUT		1e-13

/* A customer who is alive, and the time to come. */
typedef struct Ahead
{
	int			k;
	double		a;
	double		b;				/* raised by the chances to leave that they survived */
	double		n;
	double		w;
	double		weight[PURCHASE_MAX_K]; /* of j; their sum is 1 */
} Ahead;

/* How often they could have left. */
static inline double
chances_to_leave(const PurchaseModel *model, double x)
{
	return model->kind == &retention_mbg_cnbd_k ? x + 1 : x;
}

/* q without its last factor, or -infinity if they had no chance to leave */
static inline double
log_left_at_last(double a, double b, double chances)
{
	return chances > 0 ? log(a / (b + (chances - 1))) : -INFINITY;
}

static void
cnbd_start(const BuyerTotals *totals, double *params)
{
	retention_start_counts(totals, &params[0], &params[1]);
	params[2] = 0.7;
	params[3] = 2;
}

static double
cnbd_loglik(const PurchaseModel *model, const BuyerCell *cells, int ncells, double *gradient)
{
	int			k = model->k;
	double		r = model->params[0];
	double		alpha = model->params[1];
	double		a = model->params[2];
	double		b = model->params[3];
	double		log_alpha = log(alpha);
	double		inverse_alpha = 1 / alpha;
	double		log_gamma_k = retention_lgamma(k);
	double		sum = 0;

	for (int i = 0; i < ncells;)
	{
		double		x = cells[i].buyer.x;
		double		events = r + k * x;
		double		chances = chances_to_leave(model, x);
		double		log_left = log_left_at_last(a, b, chances);
		double		customers = 0;
		double		log_time = 0;	/* ln(1 + T / alpha) */
		double		share = 0;	/* T / (alpha + T) */
		double		whole = 0;	/* 1 / (alpha + T) */
		double		log_sum = 0;	/* ln(S1 + S2) */
		double		left = 0;	/* S1 / (S1 + S2) */
		double		by_events = 0;	/* derivative of ln(S1 + S2) by n */
		double		by_alpha = 0;	/* minus that by alpha */
		double		step[PURCHASE_MAX_K];	/* (n + j - 1) / j */
		double		rise[PURCHASE_MAX_K];	/* derivative of ln (n)_j */

		rise[0] = 0;
		for (int j = 1; j < k; j++)
		{
			step[j] = (events + j - 1) / j;
			rise[j] = rise[j - 1] + 1 / (events + j - 1);
		}

		for (; i < ncells && cells[i].buyer.x == x; i++)
		{
			double		n = cells[i].customers;
			double		t = cells[i].buyer.t;
			double		all = 1 / (alpha + t);
			double		since = t - cells[i].buyer.t_x;
			double		u = since * all;
			double		term = 1;
			double		s2 = 1;
			double		s2_rise = 0;
			double		s2_events = 0;
			double		log_s2;

			for (int j = 1; j < k; j++)
			{
				term *= step[j] * u;
				s2 += term;
				s2_rise += term * rise[j];
				s2_events += term * j;
			}
			s2_rise /= s2;
			s2_events /= s2;
			log_s2 = k > 1 ? log(s2) : 0;

			customers += n;
			log_time += n * log1p(t * inverse_alpha);
			share += n * (t * all);
			whole += n * all;

			if (chances > 0)
			{
				double		before = 1 / (alpha + cells[i].buyer.t_x);
				double		silence = log1p(since * before);
				double		q = log_left + events * silence - log_s2;
				double		e = exp(-fabs(q));
				double		p = (q > 0 ? 1 : e) / (1 + e);
				double		stays = (q > 0 ? e : 1) / (1 + e);

				log_sum += n * (log_s2 + fmax(q, 0) + log1p(e));
				left += n * p;
				by_events += n * (p * silence + stays * s2_rise);
				by_alpha += n * all * (p * events * since * before + stays * s2_events);
			}
			else
			{
				log_sum += n * log_s2;
				by_events += n * s2_rise;
				by_alpha += n * all * s2_events;
			}
		}

		sum += customers * (retention_log_rise(r, k * x) - x * (k * log_alpha + log_gamma_k)
							+ retention_log_beta_rise(a, b, chances))
			- events * log_time + log_sum;

		gradient[0] += customers * retention_digamma_rise(r, k * x) - log_time + by_events;
		gradient[1] += r * inverse_alpha * share - k * x * whole - by_alpha;
		gradient[2] += left / a - customers * retention_digamma_rise(a + b, chances);
		gradient[3] += customers * (retention_digamma_rise(b, chances) - retention_digamma_rise(a + b, chances));
		if (chances > 0)
			gradient[3] -= left / (b + (chances - 1));
	}
	return sum;
}

/* Returns ln S2. */
static double
look_ahead(const PurchaseModel *model, const Buyer *buyer, double t, Ahead *ahead)
{
	double		all = model->params[1] + buyer->t;
	double		u = (buyer->t - buyer->t_x) / all;
	double		sum = 1;

	ahead->k = model->k;
	ahead->a = model->params[2];
	ahead->b = model->params[3] + chances_to_leave(model, buyer->x);
	ahead->n = model->params[0] + model->k * buyer->x;
	ahead->w = t / all;

	ahead->weight[0] = 1;
	for (int j = 1; j < model->k; j++)
	{
		ahead->weight[j] = ahead->weight[j - 1] * u * (ahead->n + j - 1) / j;
		sum += ahead->weight[j];
	}
	for (int j = 0; j < model->k; j++)
		ahead->weight[j] /= sum;
	return log(sum);
}

static double
log_alive_given(const PurchaseModel *model, const Buyer *buyer, double log_s2)
{
	const double *params = model->params;
	double		chances = chances_to_leave(model, buyer->x);

	if (chances == 0)
		return 0;
	return -retention_softplus(log_left_at_last(params[2], params[3], chances)
							   + (params[0] + model->k * buyer->x)
							   * log1p((buyer->t - buyer->t_x) / (params[1] + buyer->t_x))
							   - log_s2);
}

static double
cnbd_log_alive(const PurchaseModel *model, const Buyer *buyer)
{
	Ahead		ahead;

	if (buyer == NULL)
		buyer = &dropout_newcomer;
	return log_alive_given(model, buyer, look_ahead(model, buyer, 0, &ahead));
}

/*
 * Probability that the hidden events since the last purchase come to at least
 * "events", which need not be an integer.
 */
static double
tail(const Ahead *ahead, double events)
{
	double		sum = 0;

	for (int j = 0; j < ahead->k; j++)
	{
		if (events <= j)
			sum += ahead->weight[j];
		else if (ahead->weight[j] > 1e-20)
			sum += ahead->weight[j] * exp(retention_log_negative_binomial_tail(events - j, ahead->n + j, ahead->w));
	}
	return sum;
}

/* Probability of the m-th purchase to come, of a real m, and its integrand in ln m. */
static double
purchase_happens(const Ahead *ahead, double m)
{
	return exp(retention_log_beta_rise(ahead->a, ahead->b, m - 1)) * tail(ahead, m * ahead->k);
}

static double
purchase_happens_log(void *arg, double log_m)
{
	double		m = exp(log_m);

	return m * purchase_happens(arg, m);
}

/*
 * The sum of these probabilities from m on is their integral from m - 1/2 on,
 * but for the first terms of Euler and Maclaurin's series; the derivatives in
 * it are differences.
 */
static double
purchases_from(const Ahead *ahead, double m)
{
	double		w = ahead->w;
	double		mean = (ahead->n + ahead->k) * w;
	double		end = (mean + 10 * sqrt(mean * (1 + w)) + 45 * (1 + w)) / ahead->k + m;
	double		f[4];
	double		slope;
	double		third;

	for (int i = 0; i < 4; i++)
		f[i] = purchase_happens(ahead, m - 2 + i);
	third = f[3] - 3 * f[2] + 3 * f[1] - f[0];
	slope = (f[2] - f[1]) - third / 24;

	return retention_integrate(purchase_happens_log, (void *) ahead, log(m - 0.5), log(end), 1e-12)
		+ slope / 24 - third * 7 / 5760;
}

/*
 * Purchases expected of one who is alive: the sum over m of the probabilities
 * that the m-th happens, which are those of not having left before and of a
 * tail.  Tails come from one another by taking away what's between, from each
 * j's first one on; that has all its digits, the sum is mostly the first, and
 * what taking away costs the others is nothing in the sum.
 */
static double
purchases_ahead(const Ahead *ahead)
{
	int			k = ahead->k;
	double		a = ahead->a;
	double		b = ahead->b;
	double		w = ahead->w;
	double		z = w / (1 + w);
	double		at[PURCHASE_MAX_K];
	double		just[PURCHASE_MAX_K];	/* probability of as many hidden events as at[] */
	double		at_least[PURCHASE_MAX_K];	/* or more */
	double		stays = 1;
	double		sum = 0;

	for (int j = 0; j < k; j++)
	{
		double		mean = (ahead->n + j) * w;

		/* the lower tail is lighter than a normal distribution's */
		at[j] = floor(mean - 9 * sqrt(mean * (1 + w)));
		at_least[j] = 1;
		if (at[j] <= k - j)
		{
			at[j] = k - j;
			at_least[j] = exp(retention_log_negative_binomial_tail(at[j], ahead->n + j, w));
		}
		just[j] = exp(retention_log_negative_binomial(at[j], ahead->n + j, w));
	}

	for (int m = 1; m < ONE_BY_ONE; m++)
	{
		double		happens = 0;
		double		ratio;
		double		more = INFINITY;

		for (int j = 0; j < k; j++)
		{
			for (; at[j] < m * k - j; at[j]++)
			{
				at_least[j] = fmax(at_least[j] - just[j], 0);
				just[j] *= z * (ahead->n + j + at[j]) / (at[j] + 1);
			}
			happens += ahead->weight[j] * (at[j] > m * k - j ? 1 : at_least[j]);
		}
		sum += stays * happens;

		/* at most so many times as many are still to come */
		ratio = z * (ahead->n + (m + 1) * k) / (m * k + 1);
		if (ratio < 1)
			more = 1 / ((1 - ratio) * k);
		if (a > 1)
			more = fmin(more, (a + b + m) / (a - 1));
		if (stays * happens * more <= sum * LEFT_OUT)
			return sum;
		stays *= (b + (m - 1)) / (a + b + (m - 1));
	}
	return sum + purchases_from(ahead, ONE_BY_ONE);
}

static double
cnbd_stays(const PurchaseModel *model, const Buyer *buyer, double t)
{
	if (buyer == NULL)
		buyer = &dropout_newcomer;
	return retention_dropout_stays(model, buyer, chances_to_leave(model, buyer->x), t);
}

static double
cnbd_expected(const PurchaseModel *model, const Buyer *buyer, double t)
{
	Ahead		ahead;
	double		log_alive;

	if (buyer == NULL)
		buyer = &dropout_newcomer;
	if (!(t > 0))
		return 0;
	log_alive = log_alive_given(model, buyer, look_ahead(model, buyer, t, &ahead));
	return exp(log(purchases_ahead(&ahead)) + log_alive);
}

/* As bg_probability, with the hidden events of count to count + 1 purchases. */
static double
cnbd_probability(const PurchaseModel *model, const Buyer *buyer, double n, double t)
{
	Ahead		ahead;
	double		log_alive;
	double		just = 0;
	double		z;
	double		result;

	if (buyer == NULL)
		buyer = &dropout_newcomer;
	log_alive = log_alive_given(model, buyer, look_ahead(model, buyer, t, &ahead));
	z = ahead.w / (1 + ahead.w);

	for (int j = 0; j < ahead.k; j++)
	{
		double		from = fmax(n * ahead.k - j, 0);
		double		probability = exp(retention_log_negative_binomial(from, ahead.n + j, ahead.w));

		for (double i = from; i < (n + 1) * ahead.k - j; i++)
		{
			just += ahead.weight[j] * probability;
			probability *= z * (ahead.n + j + i) / (i + 1);
		}
	}

	if (n == 0)
		return -expm1(log_alive) + exp(log_alive) * just;

	result = exp(log_alive + retention_log_beta_rise(ahead.a, ahead.b, n)) * just;
	return result + ahead.a / (ahead.a + ahead.b + (n - 1)) * tail(&ahead, n * ahead.k)
		* exp(log_alive + retention_log_beta_rise(ahead.a, ahead.b, n - 1));
}

/* Of all rates: see below. */
typedef struct OverRates
{
	const Ahead *ahead;
	double		z;				/* delta, the unit of time being alpha + T */
	double		share[PURCHASE_MAX_K];	/* weight of j, divided by (n)_j */
} OverRates;

static double
log_discounted_at_rate(void *arg, double v)
{
	const OverRates *over = arg;
	const Ahead *ahead = over->ahead;
	double		rate = exp(v);
	double		log_worth = -log1p(over->z / rate);
	double		worth = exp(log_worth);
	double		between = ahead->k * log_worth;
	double		sum = 0;

	/* far beyond what any rate is */
	if (v > 300)
		return -INFINITY;

	/* from the last j to the first: worth^(k - j) * rate^j */
	for (int j = ahead->k - 1; j >= 0; j--)
		sum = sum * (rate / worth) + over->share[j];
	return ahead->n * v - rate + between + log(sum)
		+ log(retention_dropout_generating(ahead->a, ahead->b, exp(between), -expm1(between)));
}

/*
 * The time until the next hidden event is worth L = rate / (rate + delta), that
 * between two purchases L^k.  So for one rate the purchases to come are worth
 * L^(k - j) times a geometric series, of which the expectation over p is known;
 * what is left is an integral over rates, from Gamma(n + j, alpha + T).
 */
static double
cnbd_discounted(const PurchaseModel *model, const Buyer *buyer, double delta)
{
	Ahead		ahead;
	OverRates	over = {&ahead, 0, {0}};
	double		log_alive;
	double		rise = 1;

	if (buyer == NULL)
		buyer = &dropout_newcomer;
	log_alive = log_alive_given(model, buyer, look_ahead(model, buyer, 0, &ahead));
	if (!(delta > 0))
		return exp(log_alive) * retention_dropout_purchases(ahead.a, ahead.b, INFINITY);
	if (isinf(delta))
		return 0;

	over.z = delta * (model->params[1] + buyer->t);
	for (int j = 0; j < ahead.k; j++)
	{
		over.share[j] = ahead.weight[j] / rise;
		rise *= ahead.n + j;
	}
	return exp(log_alive + retention_log_line_integral(log_discounted_at_rate, &over, log(ahead.n))
			   - retention_lgamma(ahead.n));
}

static double
cnbd_wait(const PurchaseModel *model, RandomStream *stream, Habit *habit)
{
	double		wait = 0;

	if (retention_dropout_leaves(stream, habit, model->params[2], model->params[3],
								 model->kind == &retention_mbg_cnbd_k))
		return INFINITY;
	for (int event = 0; event < model->k; event++)
		wait += retention_wait_counts(model, stream, habit);
	return wait;
}

const PurchaseKind retention_bg_cnbd_k = {
	.about = {
		.type = MODEL_PURCHASE,
		.number = 5,
		.name = "bg/cnbd-k",
		.has_k = true,
		.nparams = 4,
		.params = {"r", "alpha", "a", "b"},
		.units = {PARAM_PURE, PARAM_TIME, PARAM_PURE, PARAM_PURE},
		.ratios = {[1] = {[0] = 1}, [2] = {[3] = 1}}	/* alpha / r, a / b */
	},
	.start = cnbd_start,
	.near_nbd = retention_near_counts,
	.loglik = cnbd_loglik,
	.log_alive = cnbd_log_alive,
	.stays = cnbd_stays,
	.expected = cnbd_expected,
	.probability = cnbd_probability,
	.discounted = cnbd_discounted,
	.enter = retention_enter_counts,
	.wait = cnbd_wait
};

const PurchaseKind retention_mbg_cnbd_k = {
	.about = {
		.type = MODEL_PURCHASE,
		.number = 6,
		.name = "mbg/cnbd-k",
		.has_k = true,
		.nparams = 4,
		.params = {"r", "alpha", "a", "b"},
		.units = {PARAM_PURE, PARAM_TIME, PARAM_PURE, PARAM_PURE},
		.ratios = {[1] = {[0] = 1}, [2] = {[3] = 1}}	/* alpha / r, a / b */
	},
	.start = cnbd_start,
	.near_nbd = retention_near_counts,
	.loglik = cnbd_loglik,
	.log_alive = cnbd_log_alive,
	.stays = cnbd_stays,
	.expected = cnbd_expected,
	.probability = cnbd_probability,
	.discounted = cnbd_discounted,
	.enter = retention_enter_counts,
	.wait = cnbd_wait
};
