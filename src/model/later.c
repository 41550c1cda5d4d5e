/*-------------------------------------------------------------------------
 *
 * later.c
 *	  Purchases in a time that begins later.
 *
 * Of one who is alive then, only how often they will have bought until then is
 * not known: for each number of purchases they are a customer like others, with
 * a history that is so much longer.  So the probability is a sum over that number,
 * nothing of which is negative.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stddef.h>

#include "model/purchase_kind.h"

/* Numbers of purchases that are less likely than this, all together, are left out. */
#define NEGLIGIBLE		1e-17

/* Purchases until then that are looked at; nobody makes more. */
#define MOST_BEFORE		1e5

/* Of at least n in (T, T + t]: of anybody, alive or not. */
static double
at_least_now(const PurchaseModel *model, const Buyer *buyer, double n, double t)
{
	double		fewer = 0;

	for (double i = 0; i < n; i++)
		fewer += model->kind->probability(model, buyer, i, t);
	return fmin(fmax(1 - fewer, 0), 1);
}

double
retention_at_least(const PurchaseModel *model, const Buyer *buyer, double n, double from, double t,
				   void (*pause) (void))
{
	static const Buyer newcomer = {0, 0, 0};
	const PurchaseKind *kind = model->kind;
	Buyer		later = buyer ? *buyer : newcomer;
	double		now = kind->log_alive(model, buyer);
	double		sum = 0;
	double		seen = 0;

	if (!(n > 0))
		return 1;
	if (!(t > 0))
		return 0;
	if (!(from > 0))
		return at_least_now(model, buyer, n, t);

	later.t += from;
	later.t_x = later.t;
	for (double m = 0; m < MOST_BEFORE; m++)
	{
		double		likely = exp(kind->log_buys_and_stays(model, buyer, m, from));
		double		alive;

		if (pause != NULL)
			pause();
		seen += likely;

		/* who has just bought may have left by that; here they have not */
		alive = exp(kind->log_alive(model, &later));
		sum += likely * fmin(at_least_now(model, &later, n, t) / alive, 1);
		later.x++;

		/* once past the most likely number, the rest falls like a power */
		if (likely <= NEGLIGIBLE * fmax(seen, 1e-280) &&
			m * (model->params[1] + (buyer ? buyer->t : 0)) > (model->params[0] + (buyer ? buyer->x : 0)) * from)
			return fmin(exp(now) * sum, 1);
	}
	return NAN;
}
