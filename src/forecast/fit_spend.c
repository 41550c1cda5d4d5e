/*-------------------------------------------------------------------------
 *
 * fit_spend.c
 *	  Fitting a model of spend: the gamma-gamma.
 *
 * Money is divided by its mean over the customers, so that a shop in yen is
 * fitted as one in pounds is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/fit.h"
#include "pg/number_argument.h"
#include "rfm/repeat_spend.h"

#include "miscadmin.h"

/* Parameters of the gamma-gamma, by their place. */
enum
{
	PARAM_P, PARAM_Q
};

typedef struct Spenders
{
	const SpendKind *kind;
	SpendCell  *cells;
	int32		ncells;
} Spenders;

static double
loglik(void *arg, const double *params, double *gradient)
{
	Spenders   *spenders = arg;
	double		sum = 0;

	memset(gradient, 0, spenders->kind->about.nparams * sizeof(double));
	for (int32 i = 0; i < spenders->ncells; i += FIT_CHUNK)
	{
		CHECK_FOR_INTERRUPTS();
		sum += spenders->kind->loglik(params, spenders->cells + i,
									  Min(FIT_CHUNK, spenders->ncells - i), gradient);
	}
	return sum;
}

/*
 * The customer without whom q, how much customers differ, would change most: by one of
 * Newton's steps, as the likelihood's derivatives of one customer times the covariance are.  Of
 * those with the same x it's one of the ends, the lowest or the largest mean, and cells are
 * sorted.
 */
static void
find_influence(Model *model, const Spenders *spenders, const Optimum *optimum, double scale)
{
	int			n = model->kind->nparams;

	if (!model->has_covariance)
		return;
	for (int32 i = 0; i < spenders->ncells; i++)
	{
		const SpendCell *cell = &spenders->cells[i];
		bool		is_end = i == 0 || i + 1 == spenders->ncells || cell[-1].x != cell->x || cell[1].x != cell->x;
		SpendCell	one = *cell;
		double		gradient[OPTIMIZE_MAX_PARAMS] = {0};
		double		change = 0;

		if (!is_end)
			continue;
		CHECK_FOR_INTERRUPTS();
		one.customers = 1;
		(void) spenders->kind->loglik(optimum->params, &one, 1, gradient);
		for (int j = 0; j < n; j++)
			change += model_covariance(model, PARAM_Q, j) * gradient[j] * optimum->params[j];
		if (isfinite(change) && fabs(change) > model->influence)
		{
			model->knows_influence = true;
			model->influence = fabs(change);
			model->influential = cell->m * scale;
		}
	}
}

typedef struct Mean
{
	double		m;
	double		customers;
} Mean;

static int
compare_means(const void *a, const void *b)
{
	double		first = ((const Mean *) a)->m;
	double		second = ((const Mean *) b)->m;

	return first < second ? -1 : first > second;
}

/* The mean spend that this share of the customers are at or below. */
static double
quantile_of_means(const Spenders *spenders, double share)
{
	Mean	   *means = MemoryContextAllocHuge(CurrentMemoryContext, (Size) spenders->ncells * sizeof(Mean));
	double		customers = 0;
	double		seen = 0;
	int32		at = 0;
	double		result;

	for (int32 i = 0; i < spenders->ncells; i++)
	{
		means[i] = (Mean) {spenders->cells[i].m, spenders->cells[i].customers};
		customers += means[i].customers;
	}
	qsort(means, spenders->ncells, sizeof(Mean), compare_means);
	while (at + 1 < spenders->ncells && seen + means[at].customers < share * customers)
		seen += means[at++].customers;
	result = means[at].m;
	pfree(means);
	return result;
}

/* p and q grow without end. */
static bool
is_without_spread(const Optimum *optimum)
{
	return optimum->at_bound[PARAM_P] && optimum->params[PARAM_P] > 1 &&
		optimum->at_bound[PARAM_Q] && optimum->params[PARAM_Q] > 1;
}

/* fit_spend(repeat_spend_histogram [, winsorize]) */
PG_FUNCTION_INFO_V1(retention_fit_spend);
Datum
retention_fit_spend(PG_FUNCTION_ARGS)
{
	const Histogram *histogram = retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_REPEAT_SPEND);
	SpendTotals totals = retention_spend_totals(histogram);
	const SpendKind *kind = &retention_gamma_gamma;
	Spenders	spenders = {kind, NULL, 0};
	double		start[OPTIMIZE_MAX_PARAMS];
	Optimum		optimum;
	Model	   *model;

	if (totals.used == 0)
		PG_RETURN_NULL();
	spenders.cells = MemoryContextAllocHuge(CurrentMemoryContext,
											(Size) histogram->used * sizeof(SpendCell));
	for (int32 i = 0; i < histogram->used; i++)
	{
		SpendCell  *cell = spenders.cells + spenders.ncells;

		if (!spend_is_used(histogram, i))
			continue;
		cell->x = histogram_key(histogram, i, 0);
		cell->m = histogram_key(histogram, i, 1) / totals.mean;
		cell->customers = (double) histogram_count(histogram, i, REPEAT_SPEND_CUSTOMERS);

		/* of means so different that the largest is 1e300 times the smallest */
		if (cell->m > 0)
			spenders.ncells++;
	}
	if (PG_NARGS() > 1)
	{
		double		share = PG_GETARG_FLOAT8(1);
		double		most;

		retention_check_level(share, "winsorize");
		most = quantile_of_means(&spenders, share);
		for (int32 i = 0; i < spenders.ncells; i++)
			spenders.cells[i].m = Min(spenders.cells[i].m, most);
	}
	kind->start(spenders.cells, spenders.ncells, start);
	retention_maximize(loglik, &spenders, kind->about.nparams, &kind->about.ratios, start, &optimum);

	model = retention_model_create(&kind->about, 1);
	retention_fit_take(model, &optimum, totals.mean);
	model->loglik -= (double) totals.used * log(totals.mean);
	model->customers = totals.used;
	model->cells = spenders.ncells;
	model->no_repeat = totals.no_repeat;
	model->not_positive = totals.not_positive;
	model->knows_correlation = totals.knows_correlation;
	model->correlation = totals.correlation;
	if (model->message == MESSAGE_NONE && isnan(kind->expected(model->params, 0, 0)))
		model->message = MESSAGE_NO_MEAN;
	find_influence(model, &spenders, &optimum, totals.mean);
	retention_fit_region(model, &optimum, totals.mean, loglik, &spenders);

	/* all the same, or one customer alone: the likelihood has no end, and what they vary by isn't known */
	if (is_without_spread(&optimum))
	{
		retention_fit_forget_covariance(model);
		model->nregion = 0;
		model->message = MESSAGE_NO_SPREAD;
		model->boundary = true;
	}
	PG_RETURN_DATUM(retention_model_datum(model));
}
