/*-------------------------------------------------------------------------
 *
 * expected_total.c
 *	  What all customers of a history will buy together, and how sure that is.
 *
 * The sum of what is expected of each is exact.  Two things make it unsure.  The
 * parameters' errors move all customers at once, so they do not even out however many there
 * are: by the delta method, with the gradient of the sum.  And customers scatter about
 * what is expected of them, each by themselves: by the sum of their variances, which
 * matters where they are few.  Both go into one interval, of a lognormal distribution, as
 * no total is below 0.
 *
 * If N is how often a customer will buy and z what they spend then, their spend S has
 *
 *		E[S^2] = E[N] (E[z^2] - E[c^2]) + E[N^2] E[c^2]
 *
 * with c the mean that all their purchases are about, of which a model of spend knows a
 * distribution, independent of N (Fader & Hardie 2013).  E[N^2] is the sum that it is, by the
 * probabilities that each model of repeat buying has.
 *
 * That takes a thousand times as long as the sum itself, and need not be known of everybody:
 * customers lie in the order of hashes, so every k-th of them is a sample as good as any, and
 * what it says is taken in proportion to the sum.  Of few customers it's all of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/fitted_model.h"
#include "math/special_functions.h"
#include "order/duration.h"
#include "pg/number_argument.h"
#include "question/repeat_buyer.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"

/* Customers whose expectation is differentiated, and those of whom there is a variance. */
#define SAMPLE			4096
#define SCATTER_EVERY	4
#define STEP			1e-4

/* Purchases of a customer that are looked at one by one, unless so little is left. */
#define PURCHASES_MAX	10000
#define REST			1e-6

/* Customers after which the memory of their numerics is given back. */
#define CUSTOMERS_A_RESET	1024

/* What is summed up: purchases, and their revenue. */
typedef enum What
{
	PURCHASES,
	REVENUE,
	TOTALS
} What;

typedef struct Sampled
{
	Buyer		buyer;
	double		mean_spend;
	double		purchases;		/* expected */
	double		spend;			/* expected of each; NaN if it is not known */
} Sampled;

typedef struct Total
{
	PurchaseModel purchases;
	const Model *purchase_model;
	const Model *spend_model;	/* or NULL */
	double		days;
	int64		customers;
	int64		without_revenue;
	double		sum[TOTALS];

	Sampled    *sample;
	int			nsample;
} Total;

static double
expected_purchases(const PurchaseModel *model, const Buyer *buyer, double days)
{
	return days == 0 ? 0 : model->kind->expected(model, buyer, days);
}

/* Of each purchase of a customer; NaN if the model can't tell. */
static double
expected_spend(const Model *model, const double *params, double x, double mean_spend)
{
	if (model == NULL || (x > 0 && !(mean_spend > 0 && isfinite(mean_spend))))
		return NAN;
	return spend_kind(model->kind)->expected(params, x, mean_spend);
}

static void
add_customer(Total *total, const Question *question, const RepeatBuyer *repeat, bool sampled)
{
	Sampled		customer;

	customer.buyer.x = (double) repeat->x;
	customer.buyer.t_x = (double) repeat->last - repeat->first;
	customer.buyer.t = (double) question->as_of - repeat->first;
	customer.mean_spend = repeat->x > 0 && question_has_money(question) ?
		retention_mean_spend(question, &repeat->spend, repeat->x) : 0;
	customer.purchases = !model_predicts(total->purchase_model) ? NAN :
		expected_purchases(&total->purchases, &customer.buyer, total->days);
	customer.spend = total->spend_model == NULL || !model_predicts(total->spend_model) ? NAN :
		expected_spend(total->spend_model, total->spend_model->params, customer.buyer.x, customer.mean_spend);
	total->customers++;
	total->sum[PURCHASES] += customer.purchases;
	if (isfinite(customer.spend))
		total->sum[REVENUE] += customer.purchases * customer.spend;
	else
		total->without_revenue++;
	if (sampled)
		total->sample[total->nsample++] = customer;
}

static void
read_customers(Total *total, Question *question)
{
	MemoryContext numerics = AllocSetContextCreate(CurrentMemoryContext, "mean spend", ALLOCSET_DEFAULT_SIZES);
	int64		every = Max((question->unpacker.totals.customers + SAMPLE - 1) / SAMPLE, 1);
	CustomerView customer;

	total->sample = palloc(SAMPLE * sizeof(Sampled));
	while (question_next(question, &customer))
	{
		RepeatBuyer repeat;
		MemoryContext old = MemoryContextSwitchTo(numerics);

		if (retention_repeat_buyer(question, &customer, &repeat))
			add_customer(total, question, &repeat,
						 total->customers % every == 0 && total->nsample < SAMPLE);
		MemoryContextSwitchTo(old);
		if (total->customers % CUSTOMERS_A_RESET == 0)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(numerics);
		}
	}
	MemoryContextDelete(numerics);
}

/* ---- the parameters' errors ---------------------------------------------------- */

/* The sums over the sample, of other parameters. */
static void
sum_sample(const Total *total, const double *purchase_params, const double *spend_params, double *sum)
{
	PurchaseModel model = total->purchases;

	memcpy(model.params, purchase_params, sizeof(model.params));
	sum[PURCHASES] = sum[REVENUE] = 0;
	for (int i = 0; i < total->nsample; i++)
	{
		const Sampled *customer = &total->sample[i];
		double		purchases = purchase_params == total->purchases.params ? customer->purchases :
			expected_purchases(&model, &customer->buyer, total->days);

		sum[PURCHASES] += purchases;
		if (isfinite(customer->spend))
			sum[REVENUE] += purchases * expected_spend(total->spend_model, spend_params, customer->buyer.x, customer->mean_spend);
		if (i % CUSTOMERS_A_RESET == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/* Adds to the variances of the logarithms of the sums what a model's errors make of them. */
static void
add_errors(const Total *total, const Model *model, double *variance)
{
	bool		of_spend = model == total->spend_model;
	double		params[MODEL_MAX_PARAMS];
	double		gradient[TOTALS][MODEL_MAX_PARAMS];

	memcpy(params, model->params, sizeof(params));
	for (int i = 0; i < model->kind->nparams; i++)
	{
		double		sums[2][TOTALS];

		for (int side = 0; side < 2; side++)
		{
			params[i] = model->params[i] * exp(side == 0 ? -STEP : STEP);
			sum_sample(total, of_spend ? total->purchases.params : params,
					   of_spend ? params : total->spend_model ? total->spend_model->params : NULL, sums[side]);
		}
		params[i] = model->params[i];
		for (int what = 0; what < TOTALS; what++)
			gradient[what][i] = (log(sums[1][what]) - log(sums[0][what])) / (2 * STEP);
	}
	for (int what = of_spend ? REVENUE : PURCHASES; what < TOTALS; what++)
		for (int i = 0; i < model->kind->nparams; i++)
			for (int j = 0; j < model->kind->nparams; j++)
				variance[what] += model->has_covariance ?
					gradient[what][i] * gradient[what][j] * model_covariance(model, i, j) : NAN;
}

/* ---- the customers' own scatter ------------------------------------------------- */

/* E[N^2]: what is left behind the last purchase that is looked at is taken to be there. */
static double
expected_square(const Total *total, const Sampled *customer)
{
	double		mean = 0;
	double		square = 0;

	for (double n = 1; n < PURCHASES_MAX && customer->purchases - mean > REST * customer->purchases; n++)
	{
		double		probability = total->purchases.kind->probability(&total->purchases, &customer->buyer, n, total->days);

		CHECK_FOR_INTERRUPTS();
		mean += n * probability;
		square += n * n * probability;
	}
	if (mean < customer->purchases && customer->purchases > PURCHASES_MAX)
		square += (customer->purchases - mean) * customer->purchases;
	return square;
}

static void
add_scatter(const Total *total, double *variance)
{
	double		sum[TOTALS] = {0};
	double		scatter[TOTALS] = {0};

	for (int i = 0; i < total->nsample; i += total->nsample == total->customers ? 1 : SCATTER_EVERY)
	{
		const Sampled *customer = &total->sample[i];
		double		square = expected_square(total, customer);

		sum[PURCHASES] += customer->purchases;
		scatter[PURCHASES] += square - customer->purchases * customer->purchases;
		if (isfinite(customer->spend))
		{
			double		revenue = customer->purchases * customer->spend;
			double		of_mean;
			double		of_amount;

			spend_kind(total->spend_model->kind)->squares(total->spend_model->params, customer->buyer.x,
														  customer->mean_spend, &of_mean, &of_amount);
			sum[REVENUE] += revenue;
			scatter[REVENUE] += customer->purchases * (of_amount - of_mean) + square * of_mean - revenue * revenue;
		}
	}
	for (int what = 0; what < TOTALS; what++)
		variance[what] += Max(scatter[what], 0) / sum[what] / total->sum[what];
}

/* ---- the function ---------------------------------------------------------------- */

static void
put(Datum *value, bool *isnull, double number)
{
	*value = Float8GetDatum(number);
	*isnull = !isfinite(number);
}

/*
 * expected_total(purchase_history, purchase_model, spend_model, horizon, as_of, level):
 * (customers, expected_purchases, purchases_lower, purchases_upper,
 * expected_revenue, revenue_lower, revenue_upper, without_revenue)
 */
PG_FUNCTION_INFO_V1(retention_expected_total);
Datum
retention_expected_total(PG_FUNCTION_ARGS)
{
	Total		total = {0};
	Question	question;
	double		variance[TOTALS] = {0};
	double		level;
	TupleDesc	desc;
	Datum		values[8];
	bool		nulls[8] = {false};

	for (int i = 0; i < 6; i++)
		if (PG_ARGISNULL(i) && i != 2 && i != 4)
			PG_RETURN_NULL();
	level = PG_GETARG_FLOAT8(5);
	retention_check_level(level, "level");
	total.purchase_model = retention_model_read(PG_GETARG_DATUM(1), MODEL_PURCHASE);
	total.purchases = model_of_purchases(total.purchase_model);
	if (!PG_ARGISNULL(2))
		total.spend_model = retention_model_read(PG_GETARG_DATUM(2), MODEL_SPEND);
	total.days = retention_duration_days(retention_duration(fcinfo, 3, "horizon", DURATION_ZERO));
	retention_question_begin(&question, fcinfo, NO_ARG, 4, total.spend_model != NULL);
	retention_question_needs_days(&question);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	read_customers(&total, &question);
	if (total.sum[PURCHASES] > 0)
	{
		add_errors(&total, total.purchase_model, variance);
		if (total.spend_model)
			add_errors(&total, total.spend_model, variance);
		add_scatter(&total, variance);
	}
	/* of nobody it is known, or there is nobody */
	if (total.customers > 0 && total.without_revenue == total.customers)
		total.sum[REVENUE] = NAN;
	values[0] = Int64GetDatum(total.customers);
	for (int what = 0; what < TOTALS; what++)
	{
		double		width = sqrt(variance[what]) * retention_normal_quantile(0.5 + level / 2);

		put(&values[1 + 3 * what], &nulls[1 + 3 * what], total.sum[what]);
		put(&values[2 + 3 * what], &nulls[2 + 3 * what], total.sum[what] * exp(-width));
		put(&values[3 + 3 * what], &nulls[3 + 3 * what], total.sum[what] * exp(width));
	}
	values[7] = Int64GetDatum(total.without_revenue);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
