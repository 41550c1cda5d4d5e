/*
 * CDNOW: what Pareto/NBD said of the 39 weeks that weren't looked at, and the
 * gamma-gamma model of what was spent, as published.
 */
#include "cdnow.h"
#include "check.h"
#include "math/optimize.h"
#include "model/purchase_kind.h"
#include "model/spend_kind.h"

#define MOST_CUSTOMERS	3000

static CdnowDay days[CDNOW_MOST];
static Buyer buyers[MOST_CUSTOMERS];
static int	later[MOST_CUSTOMERS];	/* purchases in the 39 weeks after */
static double spent[MOST_CUSTOMERS];	/* by repeat purchases */
static SpendCell cells[MOST_CUSTOMERS];
static int	ncells;

static int
summarize(int ndays)
{
	int			end = cdnow_day(19970930);
	int			first = 0;

	for (int i = 0; i < ndays; i++)
	{
		Buyer	   *buyer = &buyers[days[i].customer];

		if (i == 0 || days[i].customer != days[i - 1].customer)
		{
			first = days[i].day;
			buyer->t = (end - first) / 7.0;
		}
		else if (days[i].day > end)
			later[days[i].customer]++;
		else
		{
			buyer->x++;
			buyer->t_x = (days[i].day - first) / 7.0;
			spent[days[i].customer] += days[i].amount;
		}
	}
	return days[ndays - 1].customer + 1;
}

static int
by_x(const void *left, const void *right)
{
	double		a = ((const SpendCell *) left)->x;
	double		b = ((const SpendCell *) right)->x;

	return (a > b) - (a < b);
}

static double
objective(void *arg, const double *params, double *gradient)
{
	return retention_gamma_gamma.loglik(params, cells, ncells, gradient);
}

int
main(int argc, char **argv)
{
	static const double actual[] = {.2367, .6970, 1.3925, 1.56, 2.5323, 2.9474, 3.8621, 6.3594};
	static const double predicted[] = {.138, .600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403};
	static const double expected_spend[] = {24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17};
	static const double params[] = {6.2495722713, 3.7442246670, 15.443520963};
	static const double errors[] = {1.19006, .290133, 4.15942};
	PurchaseModel model = {&retention_pareto_nbd, 1, {0.55327704685, 10.577683463, 0.60623998913, 11.668735289}};
	Check		holdout = CHECK("Pareto/NBD's purchases of the later weeks, by frequency", 6e-4);
	Check		seen = CHECK("those that there were", 5.1e-5);
	Check		fit = CHECK("gamma-gamma's parameters", 1e-7);
	Check		fit_errors = CHECK("their standard errors", 1e-4);
	Check		spend = CHECK("expected spend of the first ten customers", 2.5e-4);
	double		customers[8] = {0};
	double		purchases[8] = {0};
	double		forecast[8] = {0};
	double		total = 0;
	double		total_later = 0;
	double		start[MODEL_MAX_PARAMS];
	Optimum		optimum;
	int			ndays = cdnow_read(days);
	int			n;

	if (ndays < 0)
	{
		printf("ok - CDNOW # SKIP cdnow_sample.txt is not there\n");
		return 0;
	}
	n = summarize(ndays);

	for (int i = 0; i < n; i++)
	{
		int			group = buyers[i].x < 7 ? (int) buyers[i].x : 7;
		double		expected = model.kind->expected(&model, &buyers[i], 39);

		customers[group]++;
		purchases[group] += later[i];
		forecast[group] += expected;
		total_later += later[i];
		total += expected;
	}
	for (int i = 0; i < 8; i++)
	{
		check_close(&seen, purchases[i] / customers[i], actual[i], 1, "x = %d", i);
		check_close(&holdout, forecast[i] / customers[i], predicted[i], 1, "x = %d", i);
	}
	check_say(&seen);
	check_say(&holdout);
	if (fabs(total - 1665.51) > 5.1e-3)
		printf("# %.4f\n", total);
	check_true("1882 purchases, 1665.51 expected", total_later == 1882 && fabs(total - 1665.51) <= 5.1e-3);

	for (int i = 0; i < n; i++)
		if (buyers[i].x > 0 && spent[i] > 0)
			cells[ncells++] = (SpendCell) {buyers[i].x, spent[i] / buyers[i].x, 1};
	qsort(cells, ncells, sizeof(SpendCell), by_x);
	retention_gamma_gamma.start(cells, ncells, start);
	retention_maximize(objective, NULL, retention_gamma_gamma.about.nparams, &retention_gamma_gamma.about.ratios, start, &optimum);
	printf("# from %.3f %.3f %.3f: %d iterations, %d evaluations, gradient %.1e\n", start[0], start[1], start[2],
		   optimum.iterations, optimum.evaluations, optimum.gradient_norm);
	for (int i = 0; i < retention_gamma_gamma.about.nparams; i++)
	{
		check_close(&fit, optimum.params[i], params[i], 0, "parameter %d", i);
		check_close(&fit_errors, sqrt(optimum.covariance[i][i]) * optimum.params[i], errors[i], 0, "parameter %d", i);
	}
	check_say(&fit);
	check_say(&fit_errors);
	check_true("gamma-gamma's log-likelihood, of 946 customers", optimum.converged && ncells == 946
			   && fabs(optimum.value - -4055.917694802) < 2e-9);

	for (int i = 0; i < 10; i++)
		check_close(&spend, retention_gamma_gamma.expected(optimum.params, buyers[i].x,
													 buyers[i].x > 0 ? spent[i] / buyers[i].x : 0),
					expected_spend[i], 0, "customer %d", i);
	check_say(&spend);
	return check_failed;
}
