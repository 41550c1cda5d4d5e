/*-------------------------------------------------------------------------
 *
 * fit_purchase.c
 *	  Fitting a model of repeat buying: by maximum likelihood, to cells.
 *
 * Customers who agree in x, t_x and T have the same likelihood, so it's
 * computed once for each cell.  Cells are in the order of their keys whatever
 * plan made them, so the sum has the same bits.  Times are divided by the
 * longest T, so that parameters of any data are near 1; the model has them in
 * days again, and the log-likelihood is that of days.
 *
 * Beside the model that is asked for the NBD is fitted, in which nobody ever
 * leaves.  It's what the others become if no dropout can be seen in the data,
 * so the difference tells whether they have found any.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/fit.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"

/* A log-likelihood that is better by less is not better. */
#define LOGLIK_TOLERANCE(loglik)	(1e-5 + 1e-9 * fabs(loglik))

/* Of more cells than this, some are fitted first: so many of them. */
#define MANY_CELLS		(4 * SAMPLE_CELLS)
#define SAMPLE_CELLS	16384
#define SAMPLE_STEPS	5

typedef struct Shop
{
	BuyerCell  *cells;
	int32		ncells;
	BuyerTotals totals;			/* of scaled times */
	double		scale;			/* days of the longest T */
	bool		knows_gaps;

	/* the model whose likelihood is asked for */
	PurchaseModel model;
} Shop;

typedef struct Fit
{
	const PurchaseKind *kind;
	int			k;
	Optimum		optimum;
} Fit;

static void
read_shop(Shop *shop, const Histogram *histogram)
{
	memset(shop, 0, sizeof(Shop));
	shop->ncells = histogram->used;
	shop->cells = MemoryContextAllocHuge(CurrentMemoryContext,
										 (Size) histogram->used * sizeof(BuyerCell));
	for (int32 i = 0; i < histogram->used; i++)
		shop->scale = Max(shop->scale, histogram_key(histogram, i, 2));
	if (shop->scale < MODEL_LEAST_PARAM)
		shop->scale = 1;
	for (int32 i = 0; i < histogram->used; i++)
	{
		BuyerCell  *cell = shop->cells + i;
		BuyerTotals *totals = &shop->totals;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		cell->buyer.x = histogram_key(histogram, i, 0);
		cell->buyer.t_x = histogram_key(histogram, i, 1) / shop->scale;
		cell->buyer.t = histogram_key(histogram, i, 2) / shop->scale;
		cell->customers = (double) histogram_count(histogram, i, REPEAT_BUYING_CUSTOMERS);
		totals->customers += cell->customers;
		totals->repeaters += cell->buyer.x > 0 ? cell->customers : 0;
		totals->x += cell->buyer.x * cell->customers;
		totals->t += cell->buyer.t * cell->customers;
		totals->longest = Max(totals->longest, cell->buyer.t);
	}
	shop->knows_gaps = histogram_sum_is_known(histogram->log_gaps);
	if (shop->knows_gaps)
		shop->totals.log_gaps = retention_histogram_sum_float8(histogram->log_gaps) -
			shop->totals.x * log(shop->scale);
}

static double
loglik(void *arg, const double *params, double *gradient)
{
	Shop	   *shop = arg;
	const PurchaseKind *kind = shop->model.kind;
	double		sum = 0;

	memcpy(shop->model.params, params, kind->about.nparams * sizeof(double));
	memset(gradient, 0, kind->about.nparams * sizeof(double));
	for (int32 i = 0; i < shop->ncells; i += FIT_CHUNK)
	{
		CHECK_FOR_INTERRUPTS();
		sum += kind->loglik(&shop->model, shop->cells + i, Min(FIT_CHUNK, shop->ncells - i),
							gradient);
	}
	if (shop->model.k > 1)
		sum += (shop->model.k - 1) * shop->totals.log_gaps;
	return sum;
}

/* Every so many cells: as good as any, as cells are sorted. */
static double
take_sample(const Shop *shop, Shop *sample)
{
	int32		stride = shop->ncells / SAMPLE_CELLS;
	double		customers = 0;

	*sample = *shop;
	sample->ncells = 0;
	sample->cells = palloc((shop->ncells / stride + 1) * sizeof(BuyerCell));
	for (int32 i = stride / 2; i < shop->ncells; i += stride)
	{
		sample->cells[sample->ncells++] = shop->cells[i];
		customers += shop->cells[i].customers;
	}
	sample->totals.log_gaps *= customers / shop->totals.customers;
	return customers / shop->totals.customers;
}

/* A proper top, away from all limits: there is no other that is better. */
static bool
is_inside(int nparams, const Optimum *optimum)
{
	bool		inside = optimum->converged && optimum->definite;

	for (int i = 0; i < nparams; i++)
		inside = inside && !optimum->at_bound[i];
	return inside;
}

/*
 * A better start, from some of the cells.  Their optimum is near that of all,
 * and their covariance is near that of all but for its size, so a few of
 * Newton's steps lead nearer still.  It saves most of the search over all cells,
 * and where the search ends doesn't depend on it.  False if they don't decide where it is.
 */
static bool
start_from_sample(Shop *shop, double *start, int *iterations)
{
	int			n = shop->model.kind->about.nparams;
	Shop		sample;
	double		share = take_sample(shop, &sample);
	Optimum		optimum;
	double		params[OPTIMIZE_MAX_PARAMS];
	double		best = -INFINITY;
	int			step;

	retention_maximize(loglik, &sample, n, &shop->model.kind->about.ratios, start, &optimum);
	pfree(sample.cells);
	*iterations += optimum.iterations;
	if (!is_inside(n, &optimum))
		return false;
	memcpy(params, optimum.params, sizeof(params));
	for (step = 0; step < SAMPLE_STEPS; step++)
	{
		double		gradient[OPTIMIZE_MAX_PARAMS];
		double		value = loglik(shop, params, gradient);

		if (!(value > best))
			break;
		best = value;
		memcpy(start, params, n * sizeof(double));
		for (int i = 0; i < n; i++)
		{
			double		move = 0;

			for (int j = 0; j < n; j++)
				move += share * optimum.covariance[i][j] * gradient[j] * start[j];
			params[i] = start[i] * exp(Max(-1, Min(1, move)));
		}
	}
	*iterations += step;
	return true;
}

/* "only_inside": one more search, and not if some of the customers don't decide already */
static bool
fit_from(Shop *shop, Fit *fit, const PurchaseKind *kind, int k, const double *from, bool only_inside)
{
	double		start[OPTIMIZE_MAX_PARAMS];
	int			iterations = 0;

	fit->kind = kind;
	fit->k = k;
	shop->model.kind = kind;
	shop->model.k = k;
	memcpy(start, from, shop->model.kind->about.nparams * sizeof(double));
	if (shop->ncells > MANY_CELLS && !start_from_sample(shop, start, &iterations) && only_inside)
		return false;
	if (only_inside)
		retention_maximize_once(loglik, shop, kind->about.nparams, &kind->about.ratios, start, &fit->optimum);
	else
		retention_maximize(loglik, shop, kind->about.nparams, &kind->about.ratios, start, &fit->optimum);
	fit->optimum.iterations += iterations;
	return true;
}

/* The more likely one; of two that are equally likely, one that has converged. */
static void
take_better(Fit *best, const Fit *fit)
{
	double		gain = fit->optimum.value - best->optimum.value;
	double		tolerance = LOGLIK_TOLERANCE(best->optimum.value);

	if (gain > tolerance || (gain >= -tolerance && fit->optimum.converged && !best->optimum.converged))
		*best = *fit;
}

/* How long between events, if a purchase is every k-th of them instead of every one. */
static void
start_with_k(const PurchaseKind *kind, int old_k, int k, double *params)
{
	for (int i = 0; i < kind->about.nparams; i++)
		if (kind->about.units[i] == PARAM_TIME)
			params[i] *= (double) old_k / k;
}

/*
 * At a limit, or where the search has ended on no top, there may be a better top
 * elsewhere: where those who leave are all alike, or some leave at once and the others
 * never; and if it's worse than its own limit, near that, with little dropout.
 */
static void
try_other_starts(Shop *shop, Fit *best, const Fit *nbd)
{
	static const double unlike[] = {0.05, 20};
	const PurchaseKind *kind = best->kind;
	int			n = kind->about.nparams;
	double		start[OPTIMIZE_MAX_PARAMS];
	Fit			fit;

	for (int i = 0; i < lengthof(unlike); i++)
	{
		kind->start(&shop->totals, start);
		start_with_k(kind, 1, best->k, start);

		/* the last two parameters are of who leaves: a and b, or s and beta */
		start[n - 2] *= unlike[i];
		start[n - 1] *= unlike[i];
		if (!fit_from(shop, &fit, kind, best->k, start, true))
			continue;

		/* on the way to somewhere better: all the way */
		if (!fit.optimum.converged && fit.optimum.value > best->optimum.value + LOGLIK_TOLERANCE(best->optimum.value))
		{
			memcpy(start, fit.optimum.params, n * sizeof(double));
			(void) fit_from(shop, &fit, kind, best->k, start, false);
		}
		take_better(best, &fit);
	}
	if (best->k == 1 && best->optimum.value < nbd->optimum.value - LOGLIK_TOLERANCE(nbd->optimum.value))
	{
		kind->start(&shop->totals, start);
		kind->near_nbd(kind, nbd->optimum.params, start);
		(void) fit_from(shop, &fit, kind, best->k, start, false);
		take_better(best, &fit);
	}
}

/*
 * Fit a kind; if it has a k that is left open (0), of all of these the most
 * likely.  Each begins where the one before has ended.
 */
static void
fit_kind(Shop *shop, Fit *best, const PurchaseKind *kind, int k, const Fit *nbd)
{
	double		start[OPTIMIZE_MAX_PARAMS];
	Fit			fit;

	kind->start(&shop->totals, start);
	if (k > 0)
	{
		start_with_k(kind, 1, k, start);
		(void) fit_from(shop, best, kind, k, start, false);
	}
	else
	{
		(void) fit_from(shop, best, kind, 1, start, false);
		fit = *best;
		for (int next = 2; next <= PURCHASE_MAX_K; next++)
		{
			memcpy(start, fit.optimum.params, sizeof(start));
			start_with_k(kind, next - 1, next, start);
			(void) fit_from(shop, &fit, kind, next, start, false);
			if (fit.optimum.value > best->optimum.value)
				*best = fit;
		}
	}

	if (nbd && kind->near_nbd && !is_inside(kind->about.nparams, &best->optimum))
		try_other_starts(shop, best, nbd);
}

static double
aic(const Fit *fit)
{
	const ModelKind *kind = &fit->kind->about;

	return 2 * (kind->nparams + (kind->has_k ? 1 : 0)) - 2 * fit->optimum.value;
}

static Model *
model_of_fit(Shop *shop, const Fit *fit, const Fit *nbd, const Histogram *histogram, bool intervals)
{
	Model	   *model = retention_model_create(&fit->kind->about, fit->k);
	double		in_days = -shop->totals.x * log(shop->scale);

	retention_fit_take(model, &fit->optimum, shop->scale);
	model->loglik += in_days;
	model->knows_nbd = isfinite(nbd->optimum.value);
	model->nbd_loglik = model->knows_nbd ? nbd->optimum.value + in_days : 0;
	model->customers = retention_histogram_total(histogram, REPEAT_BUYING_CUSTOMERS);
	model->cells = shop->ncells;
	model->purchases = shop->totals.x;
	model->as_of = histogram->note;
	if (shop->totals.t == 0)
		model->message = MESSAGE_NOT_OBSERVED;
	else if (shop->totals.x == 0)
		model->message = MESSAGE_NO_REPEAT;
	else if (fit->kind->near_nbd && fit->k == 1 && fit->optimum.value <=
			 nbd->optimum.value + LOGLIK_TOLERANCE(nbd->optimum.value))
		model->message = MESSAGE_NO_DROPOUT;
	model->boundary |= model->message != MESSAGE_NONE && model->message != MESSAGE_NOT_CONVERGED;
	if (model->boundary)
		retention_fit_forget_covariance(model);
	if (!model_predicts(model) || !intervals)
		return model;
	shop->model.kind = fit->kind;
	shop->model.k = fit->k;
	retention_fit_region(model, &fit->optimum, shop->scale, loglik, shop);
	return model;
}

/* What fit_purchases() takes for a model; NULL for auto, which is of no kind. */
const PurchaseKind *
retention_fit_find_kind(const char *name, int *k)
{
	const ModelKind *kind;

	if (retention_same_model(name, "auto"))
		return NULL;
	kind = retention_model_of_name(MODEL_PURCHASE, name, k);
	if (kind == NULL)
		retention_unknown_kind(MODEL_PURCHASE, name, false, true);
	return purchase_kind(kind);
}

/* fit_purchases(repeat_buying_histogram, [intervals,] model) */
PG_FUNCTION_INFO_V1(retention_fit_purchases);
Datum
retention_fit_purchases(PG_FUNCTION_ARGS)
{
	const Histogram *histogram = retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_REPEAT_BUYING);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(PG_NARGS() - 1));
	const PurchaseKind *kind;
	int			k;
	Shop		shop;
	Fit			nbd;
	Fit			fit;
	Model	   *model;

	kind = retention_fit_find_kind(name, &k);
	if (histogram->used == 0)
		PG_RETURN_NULL();

	read_shop(&shop, histogram);
	fit_kind(&shop, &nbd, &retention_nbd, 1, NULL);
	fit = nbd;
	if (kind == NULL)
	{
		for (const PurchaseKind *const *each = retention_purchase_kinds; *each != NULL; each++)
		{
			bool		has_k = (*each)->about.has_k;
			Fit			other;

			if (*each == &retention_nbd || (has_k && !shop.knows_gaps))
				continue;
			fit_kind(&shop, &other, *each, has_k ? 0 : 1, &nbd);
			if (aic(&other) < aic(&fit))
				fit = other;
		}
	}
	else if (kind->about.has_k && k != 1 && !shop.knows_gaps)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model %s takes the gaps between purchases, which are not known of all customers",
						name),
				 errhint("Give log_gaps, the sum of the logarithms of the gaps, of each customer, or take another model.")));
	else if (kind != &retention_nbd)
		fit_kind(&shop, &fit, kind, k, &nbd);
	if (histogram->note != HISTOGRAM_NO_DAY && histogram->note > (int64) GetSQLCurrentDate() + 1)
		ereport(NOTICE,
				(errmsg("as_of is after today: %s",
						DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(histogram->note)))),
				 errdetail("Every customer counts as silent until then."),
				 errhint("Leave out orders that are dated ahead, or say as_of => current_date.")));
	model = model_of_fit(&shop, &fit, &nbd, histogram, PG_NARGS() > 2 && PG_GETARG_BOOL(1));
	PG_RETURN_DATUM(retention_model_datum(model));
}
