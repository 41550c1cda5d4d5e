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
#include "rfm/repeat_spend.h"

#include "miscadmin.h"

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

/* p and q grow without end. */
static bool
is_without_spread(const Optimum *optimum)
{
	return optimum->at_bound[0] && optimum->params[0] > 1 && optimum->at_bound[1] && optimum->params[1] > 1;
}

/* fit_spend(repeat_spend_histogram) */
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
