/*-------------------------------------------------------------------------
 *
 * fit.c
 *	  What the fits of all models have in common: from an optimum to a model.
 *
 * Data may not determine a model: a shop's first year has no dropout that could
 * be seen, a store where everybody bought once has no rate.  That's no error.
 * The likelihood then grows, or stays as it is, towards a limit of the
 * parameters; the fit ends there, predicts what the limit predicts, and says so
 * (boundary, message).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "forecast/fit.h"

/*
 * If the standard error of a parameter's logarithm is above 10, nothing is
 * known of the parameter, not even whether it's there.
 */
#define VARIANCE_LIMIT		100.0

/* A standard error of a logarithm above which the likelihood is no parabola as far out. */
#define VAGUE				0.5

/* Points of one path; it has fewer as a rule.  Its first step, in logarithms. */
#define PATH_POINTS			24
#define FIRST_STEP			2.0

/* A path that doesn't go down further than this is level. */
#define FLAT				0.1

static double
in_unit(const Model *model, int i, double param, double scale)
{
	param *= model->kind->units[i] != PARAM_PURE ? scale : 1;
	return Max(MODEL_LEAST_PARAM, Min(param, MODEL_LARGEST_PARAM));
}

void
retention_fit_take(Model *model, const Optimum *optimum, double scale)
{
	bool		at_bound = false;
	bool		vague = false;

	for (int i = 0; i < model->kind->nparams; i++)
	{
		model->params[i] = in_unit(model, i, optimum->params[i], scale);
		at_bound |= optimum->at_bound[i];
		for (int j = 0; j <= i; j++)
			model->covariance[i * (i + 1) / 2 + j] = optimum->covariance[i][j];
	}
	model->has_covariance = optimum->definite &&
		retention_covariance_is_possible(model->covariance, model->kind->nparams);
	if (!model->has_covariance)
		memset(model->covariance, 0, sizeof(model->covariance));
	for (int i = 0; i < model->kind->nparams; i++)
		vague |= model_covariance(model, i, i) > VARIANCE_LIMIT;

	model->fitted = true;
	model->iterations = optimum->iterations;
	model->converged = optimum->converged;
	model->gradient_norm = isfinite(optimum->gradient_norm) ? optimum->gradient_norm : DBL_MAX;
	model->loglik = isfinite(optimum->value) ? optimum->value : -DBL_MAX;
	if (at_bound)
		model->message = MESSAGE_AT_BOUND;
	else if (!model->has_covariance || vague)
		model->message = MESSAGE_NOT_DETERMINED;
	model->boundary = model->message != MESSAGE_NONE;
	if (model->message == MESSAGE_NONE && !optimum->converged)
		model->message = MESSAGE_NOT_CONVERGED;
	if (model->message != MESSAGE_NONE)
		retention_fit_forget_covariance(model);
}

/*
 * At a limit the covariance is that of the other parameters as if this one were known, and
 * intervals of it have the truth in it in two shops of three, or one of five.
 */
void
retention_fit_forget_covariance(Model *model)
{
	model->has_covariance = false;
	memset(model->covariance, 0, sizeof(model->covariance));
}

/* What is followed, and where to. */
typedef struct Region
{
	Model	   *model;
	const Optimum *optimum;
	double		scale;
	ObjectiveFunction function;
	void	   *arg;
	int			paths;
} Region;

static bool
add_point(Region *region, const ProfilePoint *from)
{
	Model	   *model = region->model;
	int			n = model->kind->nparams;
	RegionPoint *point;

	if (model->nregion == REGION_MOST)
		return false;
	point = &model->region[model->nregion++];
	memset(point, 0, sizeof(*point));
	point->path = region->paths;
	point->drop = from->drop;
	for (int i = 0; i < n; i++)
	{
		point->params[i] = in_unit(model, i, from->params[i], region->scale);
		for (int j = 0; j <= i; j++)
			point->covariance[i * (i + 1) / 2 + j] = from->covariance[i][j];
	}
	if (!retention_covariance_is_possible(point->covariance, n))
		memset(point->covariance, 0, sizeof(point->covariance));
	return true;
}

/* One path.  Returns its last drop; or -1, if it has no end or there are too many points. */
static double
follow(Region *region, const ProfilePoint *from, const bool *fixed, int which, int side)
{
	Model	   *model = region->model;
	double		spread = region->optimum->spread[which];
	ProfilePoint points[PATH_POINTS];
	int			npoints = retention_profile(region->function, region->arg, model->kind->nparams, &model->kind->ratios,
											region->optimum, from, fixed, which, side,
											spread > 0 && spread < FIRST_STEP ? spread : FIRST_STEP,
											REGION_DEEPEST, points, PATH_POINTS);

	if (npoints == PATH_POINTS)
		return -1;
	region->paths++;
	if (!add_point(region, from))
		return -1;

	/* of what is level the end says all */
	for (int i = 0; i < npoints; i++)
		if ((i + 1 == npoints || points[i + 1].drop >= from->drop + FLAT) && !add_point(region, &points[i]))
			return -1;
	return npoints > 0 ? points[npoints - 1].drop : 0;
}

/*
 * Where one parameter makes no difference, as how unlike customers are in what nobody does,
 * the others at a limit are followed from several of its places.
 */
static bool
follow_across(Region *region, const ProfilePoint *top, int flat)
{
	const double places[] = {retention_lowest_place(), -2.3, 0, 2.3, retention_highest_place()};
	Model	   *model = region->model;
	bool		fixed[MODEL_MAX_PARAMS] = {false};

	fixed[flat] = true;
	for (int i = 0; i < lengthof(places); i++)
	{
		ProfilePoint from = *top;

		from.place[flat] = places[i];
		retention_profile_point(region->function, region->arg, model->kind->nparams, &model->kind->ratios,
								region->optimum, fixed, &from);
		for (int other = 0; other < model->kind->nparams; other++)
		{
			if (other == flat || !region->optimum->at_bound[other])
				continue;
			for (int side = -1; side <= 1; side += 2)
				if (follow(region, &from, fixed, other, side) < 0)
					return false;
		}
	}
	return true;
}

/*
 * What is not where the data would have it has no standard error, and its own is not all that
 * is missing: what is predicted depends on it, and on the others, which are as they are for
 * this one's sake.  So the likelihood is followed down to all sides along each that is at a
 * limit or hardly known.  The paths are the profile likelihoods of these; what is as likely
 * as a level asks for, near any of their points, is in its interval.
 */
void
retention_fit_region(Model *model, const Optimum *optimum, double scale,
					 ObjectiveFunction function, void *arg)
{
	Region		region = {model, optimum, scale, function, arg, 0};
	int			n = model->kind->nparams;
	bool		fixed[MODEL_MAX_PARAMS] = {false};
	bool		doubtful[MODEL_MAX_PARAMS] = {false};
	bool		any = false;
	bool		across = false;
	ProfilePoint top;

	for (int i = 0; i < n; i++)
	{
		doubtful[i] = optimum->at_bound[i] || !(optimum->spread[i] < VAGUE);
		any |= doubtful[i];
	}
	if (!any)
		return;
	if (!optimum->converged)
		return;

	memset(&top, 0, sizeof(top));
	memcpy(top.params, optimum->params, sizeof(top.params));
	memcpy(top.place, optimum->place, sizeof(top.place));
	if (optimum->definite)
		memcpy(top.covariance, optimum->covariance, sizeof(top.covariance));
	model->region = palloc(REGION_MOST * sizeof(RegionPoint));
	for (int which = 0; which < n; which++)
	{
		double		below;
		double		above;

		if (!doubtful[which])
			continue;
		below = follow(&region, &top, fixed, which, -1);
		above = follow(&region, &top, fixed, which, 1);
		if (below < 0 || above < 0)
		{
			/* one that has no end says nothing of how far it goes */
			model->nregion = 0;
			return;
		}
		if (!across && Max(below, above) < FLAT)
		{
			across = true;
			if (!follow_across(&region, &top, which))
			{
				model->nregion = 0;
				return;
			}
		}
	}
}
