/*-------------------------------------------------------------------------
 *
 * points.h
 *	  Points of a model of repeat buying, against the model.
 *
 * A line of the file: kind (with k of those that have one, "mbg/cnbd-3"),
 * parameters, x t_x T, t n delta; log-likelihood, its derivatives by the
 * parameters, ln P(alive), expected purchases in t, probability of n in t,
 * expected purchases in all time, discounted by delta, and in t.  A value that
 * wasn't computed is "-".
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_POINTS_H
#define RETENTION_POINTS_H

#include "check.h"
#include "model/purchase_kind.h"

static inline PurchaseModel
points_model(char *name, const double *v)
{
	PurchaseModel model = {NULL, 1, {0}};
	char	   *k = strstr(name, "cnbd-");

	if (k != NULL)
	{
		model.k = atoi(k + strlen("cnbd-"));
		strcpy(k, "cnbd-k");
	}
	model.kind = purchase_kind(retention_model_of_name(MODEL_PURCHASE, name, &(int) {0}));
	for (int i = 0; i < model.kind->about.nparams; i++)
		model.params[i] = v[i];
	return model;
}

static inline void
check_points(int argc, char **argv, const char *file_name)
{
	FILE	   *file = check_open_points(argc, argv, file_name);
	char		name[40];
	double		v[CHECK_MAX_NUMBERS];
	int			n;
	Check		loglik = CHECK("log-likelihood", 1e-9);
	Check		derivatives = CHECK("its derivatives", 1e-8);
	Check		alive = CHECK("P(alive)", 1e-9);
	Check		expected = CHECK("expected", 1e-9);
	Check		probability = CHECK("probability", 1e-9);
	Check		discounted = CHECK("discounted, of all time", 1e-9);
	Check		until = CHECK("discounted", 1e-9);

	while (check_next_point(file, name, sizeof(name), v, &n))
	{
		PurchaseModel model = points_model(name, v);
		int			np = model.kind->about.nparams;
		Buyer		buyer = {v[np], v[np + 1], v[np + 2]};
		double		t = v[np + 3];
		double		delta = v[np + 5];
		const double *truth = v + np + 6;
		BuyerCell	cell = {buyer, 1};
		double		gradient[PURCHASE_MAX_PARAMS] = {0};
		char		point[250];
		int			length = snprintf(point, sizeof(point), "%s k=%d", name, model.k);

		for (int i = 0; i < np + 6; i++)
			length += snprintf(point + length, sizeof(point) - length, " %.17g", v[i]);

		check_close(&loglik, model.kind->loglik(&model, &cell, 1, gradient), truth[0], 1, "%s", point);
		for (int i = 0; i < np; i++)
			check_close(&derivatives, gradient[i] * model.params[i], truth[1 + i] * model.params[i],
						fmax(1, fabs(truth[0])), "%s by %s", point, model.kind->about.params[i]);
		truth += 1 + np;
		/* the error of the logarithm is the relative error */
		check_close(&alive, exp(model.kind->log_alive(&model, &buyer) - truth[0]), 1, 0, "%s", point);
		if (!isnan(truth[1]))
			check_close(&expected, model.kind->expected(&model, &buyer, t), truth[1], 0, "%s", point);
		check_close(&probability, model.kind->probability(&model, &buyer, v[np + 4], t), truth[2], 0, "%s", point);
		if (!isnan(truth[3]))
			check_close(&discounted, model.kind->discounted(&model, &buyer, delta), truth[3], 0, "%s", point);
		if (!isnan(truth[4]))
			check_close(&until, retention_discounted_purchases(&model, &buyer, t, delta, NULL), truth[4], 0, "%s", point);
	}
	fclose(file);

	check_say(&loglik);
	check_say(&derivatives);
	check_say(&alive);
	check_say(&expected);
	check_say(&probability);
	check_say(&discounted);
	check_say(&until);
}

#endif							/* RETENTION_POINTS_H */
