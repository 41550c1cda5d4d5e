/*
 * The CDNOW sample (Fader & Hardie), read from its file: the parameters that
 * were published, in the weeks they were published in.
 *
 * Without its file (cdnow.h) the test is skipped.
 */
#include "cdnow.h"
#include "check.h"
#include "math/optimize.h"
#include "math/special_functions.h"
#include "model/purchase_kind.h"

#define MOST	3000

typedef struct Data
{
	int			n;
	BuyerCell	cells[MOST];
	BuyerTotals totals;
} Data;

typedef struct Fit
{
	PurchaseModel model;
	const Data *data;
} Fit;

static Data data;

static int
compare_cells(const void *left, const void *right)
{
	const Buyer *a = &((const BuyerCell *) left)->buyer;
	const Buyer *b = &((const BuyerCell *) right)->buyer;

	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	if (a->t_x != b->t_x)
		return a->t_x < b->t_x ? -1 : 1;
	return (a->t > b->t) - (a->t < b->t);
}

/* Times in units of so many days, until 1997-09-30. */
static bool
read_data(double unit)
{
	static CdnowDay days[CDNOW_MOST];
	int			ndays = cdnow_read(days);
	int			end = cdnow_day(19970930);
	int			first = 0;

	memset(&data, 0, sizeof(data));
	for (int i = 0; i < ndays; i++)
	{
		const CdnowDay *day = &days[i];

		if (day->day > end)
			continue;
		if (i == 0 || day->customer != days[i - 1].customer)
		{
			first = day->day;
			data.cells[data.n].buyer.t = (end - first) / unit;
			data.cells[data.n++].customers = 1;
		}
		else
		{
			BuyerCell  *cell = &data.cells[data.n - 1];

			cell->buyer.x++;
			cell->buyer.t_x = (day->day - first) / unit;
			data.totals.log_gaps += log((day->day - days[i - 1].day) / unit);
		}
	}

	qsort(data.cells, data.n, sizeof(BuyerCell), compare_cells);
	for (int i = 0; i < data.n; i++)
	{
		const Buyer *buyer = &data.cells[i].buyer;

		data.totals.customers++;
		data.totals.repeaters += buyer->x > 0;
		data.totals.x += buyer->x;
		data.totals.t += buyer->t;
		data.totals.longest = fmax(data.totals.longest, buyer->t);
	}
	return ndays > 0;
}

static double
objective(void *arg, const double *params, double *gradient)
{
	Fit		   *fit = arg;

	memcpy(fit->model.params, params, fit->model.kind->about.nparams * sizeof(double));
	return fit->model.kind->loglik(&fit->model, fit->data->cells, fit->data->n, gradient);
}

/* In the data's own unit, though the search is in units of the longest T. */
static Optimum
fit_model(const char *kind, int k)
{
	static Data scaled;
	Fit			fit = {{purchase_kind(retention_model_of_name(MODEL_PURCHASE, kind, &(int) {0})), k, {0}}, &scaled};
	double		unit = data.totals.longest;
	double		start[PURCHASE_MAX_PARAMS];
	Optimum		optimum;

	scaled = data;
	for (int i = 0; i < data.n; i++)
	{
		scaled.cells[i].buyer.t_x /= unit;
		scaled.cells[i].buyer.t /= unit;
	}
	scaled.totals.t /= unit;
	scaled.totals.longest = 1;
	fit.model.kind->start(&scaled.totals, start);
	retention_maximize(objective, &fit, fit.model.kind->about.nparams, &fit.model.kind->about.ratios, start, &optimum);

	for (int i = 0; i < fit.model.kind->about.nparams; i++)
		if (fit.model.kind->about.units[i] == PARAM_TIME)
			optimum.params[i] *= unit;
	/* a density of x times in (0, T), and of gaps as regular as that */
	optimum.value -= data.totals.x * log(unit);
	optimum.value += (k - 1) * (data.totals.log_gaps - data.totals.x * log(unit));
	return optimum;
}

typedef struct Published
{
	const char *kind;
	double		params[PURCHASE_MAX_PARAMS];
	double		errors[PURCHASE_MAX_PARAMS];	/* standard errors, 0: not known */
	double		loglik;
} Published;

int
main(int argc, char **argv)
{
	static const Published published[] = {
		{"bg/nbd", {0.24259452243, 4.4136020190, 0.79292201723, 2.4259067768},
		{.0125574, .378224, .185734, .705414}, -9582.429206674},
		{"mbg/nbd", {0.52484315911, 6.1830852796, 0.89135939073, 1.6140022402},
		{.083268, .695621, .154790, .537495}, -9582.135715554},
		{"nbd", {0.38476613577, 12.072022845}, {0}, -9763.657614673},
		{"pareto/nbd", {0.55327704685, 10.577683463, 0.60623998913, 11.668735289},
		{.0476279, .842723, .187281, 6.21111}, -9594.976178940},
	};
	Check		params = CHECK("parameters of CDNOW", 1e-7);
	Check		errors = CHECK("their standard errors", 1e-4);
	Check		logliks = CHECK("their log-likelihoods", 1e-12);
	Check		units = CHECK("days give what weeks do", 1e-9);

	if (!read_data(7))
	{
		printf("ok - CDNOW # SKIP cdnow_sample.txt is not there\n");
		return 0;
	}
	check_true("CDNOW has 2357 customers and 2457 repeat purchases",
			   data.n == 2357 && data.totals.x == 2457);

	for (int i = 0; i < (int) (sizeof(published) / sizeof(published[0])); i++)
	{
		const Published *p = &published[i];
		const PurchaseKind *kind = purchase_kind(retention_model_of_name(MODEL_PURCHASE, p->kind, &(int) {0}));
		Optimum		weeks;
		Optimum		days;
		struct timespec start,
					end;

		read_data(7);
		clock_gettime(CLOCK_MONOTONIC, &start);
		weeks = fit_model(p->kind, 1);
		clock_gettime(CLOCK_MONOTONIC, &end);
		printf("# %s: %d iterations, %d evaluations, %.1f ms, gradient %.1e, LL %.9f\n", p->kind,
			   weeks.iterations, weeks.evaluations,
			   (end.tv_sec - start.tv_sec) * 1e3 + (end.tv_nsec - start.tv_nsec) / 1e6,
			   weeks.gradient_norm, weeks.value);
		read_data(1);
		days = fit_model(p->kind, 1);

		check_true(p->kind, weeks.converged && weeks.definite && weeks.gradient_norm < 1e-10);
		check_close(&logliks, weeks.value, p->loglik, 0, "%s", p->kind);
		for (int j = 0; j < kind->about.nparams; j++)
		{
			check_close(&params, weeks.params[j], p->params[j], 0, "%s %s", p->kind, kind->about.params[j]);
			check_close(&units, days.params[j], weeks.params[j] * (kind->about.units[j] == PARAM_TIME ? 7 : 1), 0,
						"%s %s", p->kind, kind->about.params[j]);
			if (p->errors[j] > 0)
				check_close(&errors, sqrt(weeks.covariance[j][j]) * weeks.params[j], p->errors[j], 0,
							"%s %s", p->kind, kind->about.params[j]);
		}
		check_close(&units, days.value, weeks.value - 2457 * log(7), 0, "%s loglik", p->kind);
	}

	/* one hidden event to a purchase is the plain model, with the same bits */
	read_data(7);
	for (int i = 0; i < 2; i++)
	{
		Optimum		plain = fit_model(i == 0 ? "bg/nbd" : "mbg/nbd", 1);
		Optimum		regular = fit_model(i == 0 ? "bg/cnbd-k" : "mbg/cnbd-k", 1);
		Optimum		two = fit_model(i == 0 ? "bg/cnbd-k" : "mbg/cnbd-k", 2);

		for (int j = 0; j < 4; j++)
			check_close(&units, regular.params[j], plain.params[j], 0, "k = 1");
		check_close(&units, regular.value, plain.value, 0, "k = 1");
		check_true("CDNOW's customers don't buy regularly", two.converged && two.value < plain.value);
	}

	check_say(&params);
	check_say(&errors);
	check_say(&logliks);
	check_say(&units);
	return check_failed;
}
