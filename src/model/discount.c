/*-------------------------------------------------------------------------
 *
 * discount.c
 *	  Purchases to come, those further off worth less.
 *
 * Let E(s) be the purchases expected in (T, T + s], and each be worth
 * e^(-delta s).  In parts,
 *
 *		e^(-delta t) E(t) + delta * integral of e^(-delta s) E(s) over (0, t),
 *
 * which has nothing in it that's negative, and asks nothing of a model but E.
 *
 * E begins with a slope, 1 / (time between purchases), and flattens over times
 * like the longest of those that the model knows; on a logarithmic scale it is
 * smooth all along.  So the variable is u, s = first * (e^u - 1), where "first"
 * is the shortest of these times.  Seen from real u, E's singularities, which
 * are at negative s, are at a distance of pi, so Gauss's rule may have long
 * panels: mostly there's one.  Discounting, whose own time is 1 / delta, sets
 * another limit to their length, and 70 of those end it all.
 *
 * With parameters far from all data there may be a hundred panels, and each E
 * may take as long as thousands usually do.  So whoever can't wait is asked
 * before each.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stddef.h>

#include "math/quadrature.h"
#include "model/purchase_kind.h"

/*
 * The longest panel in u (where customers buy every k-th time, and all at about
 * the same times for a while, E rises in steps); in units of 1 / delta; and
 * where there's nothing left.
 */
#define LONGEST_PANEL		4.0
#define LONGEST_IN_STEP		1.4
#define LONGEST_DISCOUNTED	6.0
#define NOTHING_LEFT		70.0

/* Points of Gauss's rule, for 12 digits: the longer a panel is, the more. */
#define FEW_POINTS			6.0
#define POINTS_PER_U		4.0
#define IN_STEP_POINTS		20.0

typedef struct Discounting
{
	const PurchaseModel *model;
	const Buyer *buyer;
	double		delta;
	double		first;
	void		(*pause) (void);
} Discounting;

/* e^(-delta s) E(s) ds/du */
static double
discounted_so_far(void *arg, double u)
{
	const Discounting *discounting = arg;
	double		s = discounting->first * expm1(u);

	if (discounting->pause != NULL)
		discounting->pause();
	return (s + discounting->first) * exp(-discounting->delta * s)
		* discounting->model->kind->expected(discounting->model, discounting->buyer, s);
}

/*
 * A time in which E doesn't change its nature: of the model's own times (plus
 * what the customer was observed for) the shortest, divided by how many
 * purchases go into it, or customers' exits.
 */
static double
first_panel(const PurchaseModel *model, const Buyer *buyer)
{
	const PurchaseKind *kind = model->kind;
	double		shortest = INFINITY;

	for (int i = 0; i < kind->about.nparams; i++)
		if (kind->about.units[i] == PARAM_TIME)
		{
			/* its shape parameter stands before it */
			double		shape = i > 0 ? model->params[i - 1] : 1;
			double		scale = model->params[i];

			if (buyer != NULL)
			{
				scale += buyer->t;
				if (i == 1)
					shape += model->k * buyer->x;
			}
			shortest = fmin(shortest, scale / fmax(shape, 1));
		}
	return shortest;
}

static double
discount_by_parts(const PurchaseModel *model, const Buyer *buyer, double t, double delta,
				  void (*pause) (void))
{
	Discounting discounting = {model, buyer, delta, first_panel(model, buyer), pause};
	double		end = log1p(fmin(t, NOTHING_LEFT / delta) / discounting.first);
	double		sum = 0;
	double		from = 0;

	while (from < end)
	{
		double		s = discounting.first * expm1(from) + LONGEST_DISCOUNTED / delta;
		double		to = fmin(from + (model->k > 1 ? LONGEST_IN_STEP : LONGEST_PANEL),
							  log1p(s / discounting.first));

		/* no short panel at the end */
		if (!(to < end) || end - to < (to - from) / 4)
			to = end;
		sum += retention_gauss_legendre(discounted_so_far, &discounting, from, to,
										model->k > 1 ? IN_STEP_POINTS : FEW_POINTS + POINTS_PER_U * (to - from));
		from = to;
	}
	sum *= delta;
	if (t > NOTHING_LEFT / delta)
		return sum;
	return sum + exp(-delta * t) * model->kind->expected(model, buyer, t);
}

double
retention_discounted_purchases(const PurchaseModel *model, const Buyer *buyer, double t, double delta,
							   void (*pause) (void))
{
	if (isinf(t))
		return model->kind->discounted(model, buyer, delta);
	if (!(delta > 0))
		return model->kind->expected(model, buyer, t);
	return discount_by_parts(model, buyer, t, delta, pause);
}
