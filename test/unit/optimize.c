/*
 * The search for a maximum: on functions whose maximum is known, and on
 * customers of whom there's little or nothing to be known.
 */
#include <stdint.h>

#include "check.h"
#include "math/optimize.h"
#include "model/purchase_kind.h"

static int	calls;

/* Concave in the logarithms, steep in one direction and flat in another. */
static double
valley(void *arg, const double *params, double *gradient)
{
	const double *top = arg;
	double		u = log(params[0] / top[0]);
	double		v = log(params[1] / top[1]) - u * u;

	calls++;
	gradient[0] = (-2 * u + 400 * v * u) / params[0];
	gradient[1] = -200 * v / params[1];
	return -u * u - 100 * v * v;
}

/* Has no value where the second is above the first, and rises towards there. */
static double
cliff(void *arg, const double *params, double *gradient)
{
	double		room = params[0] - params[1];

	gradient[0] = 1 / room - 1;
	gradient[1] = -1 / room + 1 / params[1];
	return room > 0 ? log(room) + log(params[1]) - params[0] : NAN;
}

static double
nowhere(void *arg, const double *params, double *gradient)
{
	return NAN;
}

static double
flat(void *arg, const double *params, double *gradient)
{
	return -3;
}

/* Rises with the first without end; the second is 2. */
static double
ridge(void *arg, const double *params, double *gradient)
{
	gradient[0] = 1 / (params[0] * params[0]);
	gradient[1] = -50 * log(params[1] / 2) / params[1];
	return -1 / params[0] - 25 * log(params[1] / 2) * log(params[1] / 2);
}

static void
check_functions(void)
{
	static const double starts[][2] = {{1, 1}, {1e-8, 1e8}, {1e8, 1e-8}, {30, .01}, {1e-300, 1e300}, {NAN, INFINITY}};
	double		top[2] = {3, .02};
	Optimum		optimum;
	bool		found = true;

	for (int i = 0; i < (int) (sizeof(starts) / sizeof(starts[0])); i++)
	{
		calls = 0;
		retention_maximize(valley, top, 2, NULL, starts[i], &optimum);
		found = found && optimum.converged && fabs(optimum.params[0] / 3 - 1) < 1e-9 &&
			fabs(optimum.params[1] / .02 - 1) < 1e-9 && fabs(optimum.covariance[0][0] - .5) < 1e-5 &&
			fabs(optimum.covariance[0][1]) < 1e-6 && fabs(optimum.covariance[1][1] - .005) < 1e-6 &&
			calls == optimum.evaluations && !optimum.at_bound[0] && !optimum.at_bound[1];
		if (getenv("CHECK_WHERE"))
			printf("# valley: %d calls %d evaluations, %d, %.12g %.12g, %g %g %g\n", calls, optimum.evaluations, optimum.converged, optimum.params[0], optimum.params[1], optimum.covariance[0][0], optimum.covariance[0][1], optimum.covariance[1][1]);
	}
	check_true("a curved valley, from anywhere", found);

	retention_maximize(cliff, NULL, 2, NULL, starts[3], &optimum);
	check_true("a cliff", optimum.converged && optimum.gradient_norm < 1e-8 &&
			   fabs(optimum.params[0] - 2) < 1e-8 && fabs(optimum.params[1] - 1) < 1e-8);

	retention_maximize(nowhere, NULL, 2, NULL, starts[0], &optimum);
	check_true("no value anywhere", !optimum.converged && !optimum.definite &&
			   isfinite(optimum.params[0]) && isfinite(optimum.params[1]) && isnan(optimum.covariance[0][0]));

	retention_maximize(flat, NULL, 2, NULL, starts[0], &optimum);
	check_true("all flat", isfinite(optimum.params[0]) && optimum.value == -3 &&
			   optimum.at_bound[0] && optimum.at_bound[1]);

	retention_maximize(ridge, NULL, 2, NULL, starts[0], &optimum);
	check_true("a ridge ends at the end of the range", optimum.converged && optimum.at_bound[0] && !optimum.at_bound[1]
			   && optimum.params[0] == OPTIMIZE_HIGHEST && fabs(optimum.params[1] - 2) < 1e-9
			   && optimum.covariance[0][0] == 0 && optimum.covariance[0][1] == 0
			   && fabs(optimum.covariance[1][1] - 1 / 50.0) < 1e-6);
}

#define MOST	5000

typedef struct Customers
{
	PurchaseModel model;
	int			n;
	BuyerCell	cells[MOST];
} Customers;

static double
loglik(void *arg, const double *params, double *gradient)
{
	Customers  *customers = arg;

	calls++;
	memcpy(customers->model.params, params, customers->model.kind->about.nparams * sizeof(double));
	return customers->model.kind->loglik(&customers->model, customers->cells, customers->n, gradient);
}

static BuyerTotals
totals_of(const Customers *customers)
{
	BuyerTotals totals = {0};

	for (int i = 0; i < customers->n; i++)
	{
		const BuyerCell *cell = &customers->cells[i];

		totals.customers += cell->customers;
		totals.repeaters += cell->buyer.x > 0 ? cell->customers : 0;
		totals.x += cell->customers * cell->buyer.x;
		totals.t += cell->customers * cell->buyer.t;
		totals.longest = fmax(totals.longest, cell->buyer.t);
	}
	return totals;
}

static Optimum
fit(Customers *customers, const double *from)
{
	BuyerTotals totals = totals_of(customers);
	double		start[PURCHASE_MAX_PARAMS];
	Optimum		optimum;

	if (from == NULL)
		customers->model.kind->start(&totals, start);
	else
		memcpy(start, from, sizeof(start));
	retention_maximize(loglik, customers, customers->model.kind->about.nparams, &customers->model.kind->about.ratios, start, &optimum);
	return optimum;
}

/* Something came out, and it can be used. */
static bool
is_usable(Customers *customers, const Optimum *optimum)
{
	PurchaseModel *model = &customers->model;
	bool		usable = isfinite(optimum->value);

	for (int i = 0; i < model->kind->about.nparams; i++)
	{
		usable = usable && optimum->params[i] > 0 && isfinite(optimum->params[i]);
		model->params[i] = optimum->params[i];
	}
	for (int i = 0; i < customers->n; i++)
	{
		const Buyer *buyer = &customers->cells[i].buyer;
		double		expected = model->kind->expected(model, buyer, 1);

		if (getenv("CHECK_WHERE") && i < 2)
			printf("#   x = %g: expected %g, discounted %g, %g, P(2) %g\n", buyer->x, expected,
				   retention_discounted_purchases(model, buyer, 1, 0.1, NULL), model->kind->discounted(model, buyer, 0.1),
				   model->kind->probability(model, buyer, 2, 1));
		usable = usable && isfinite(expected) && expected >= 0
			&& model->kind->log_alive(model, buyer) <= 0
			&& isfinite(retention_discounted_purchases(model, buyer, 1, 0.1, NULL))
			&& isfinite(model->kind->discounted(model, buyer, 0.1))
			&& fabs(model->kind->probability(model, buyer, 2, 1) - 0.5) <= 0.5;
	}
	usable = usable && isfinite(model->kind->expected(model, NULL, 1));
	return usable;
}

static void
check_hard_data(void)
{
	static const struct
	{
		const char *name;
		int			n;
		BuyerCell	cells[4];
	}			data[] = {
		{"one customer, who never came back", 1, {{{0, 0, 1}, 1}}},
		{"one customer, who came back", 1, {{{3, .5, 1}, 1}}},
		{"one customer, who bought at the very end", 1, {{{3, 1, 1}, 1}}},
		{"one customer, not observed at all", 1, {{{0, 0, 0}, 1}}},
		{"a thousand customers, none of whom came back", 3, {{{0, 0, .1}, 300}, {{0, 0, .5}, 300}, {{0, 0, 1}, 400}}},
		{"all who came back, once, at the end", 2, {{{1, .5, .5}, 10}, {{1, 1, 1}, 10}}},
		{"all alike", 1, {{{5, .9, 1}, 1000}}},
		{"more purchases than days", 2, {{{0, 0, 1}, 5}, {{1000, .9, 1}, 3}}},
		{"very many purchases", 2, {{{1e6, .9, 1}, 5}, {{3e6, .9, 1}, 3}}},
		{"very many customers", 3, {{{0, 0, 1}, 3e9}, {{1, .5, 1}, 2e9}, {{2, .7, 1}, 1e9}}},
		{"three, in a short time", 3, {{{0, 0, 1e-6}, 1}, {{1, 1e-7, 1e-6}, 1}, {{0, 0, 1}, 1}}}
	};

	for (int m = 0; retention_purchase_kinds[m] != NULL; m++)
		for (int i = 0; i < (int) (sizeof(data) / sizeof(data[0])); i++)
		{
			static Customers customers;
			Optimum		optimum;
			char		name[200];

			customers.model.kind = retention_purchase_kinds[m];
			customers.model.k = customers.model.kind->about.has_k ? 3 : 1;
			customers.n = data[i].n;
			memcpy(customers.cells, data[i].cells, sizeof(data[i].cells));
			calls = 0;
			optimum = fit(&customers, NULL);
			snprintf(name, sizeof(name), "%s: %s", customers.model.kind->about.name, data[i].name);
			if (getenv("CHECK_WHERE"))
				printf("# %s: %d calls, %s, %g, gradient %.1e: %g%s %g%s %g%s %g%s\n", name, calls,
					   optimum.converged ? "converged" : "not converged", optimum.value, optimum.gradient_norm,
					   optimum.params[0], optimum.at_bound[0] ? "*" : "", optimum.params[1], optimum.at_bound[1] ? "*" : "",
					   optimum.params[2], optimum.at_bound[2] ? "*" : "", optimum.params[3], optimum.at_bound[3] ? "*" : "");
			if (getenv("CHECK_FIT"))
				continue;

			/* without any time at all nothing is asked of what comes out */
			check_true(name, (data[i].cells[0].buyer.t == 0 || is_usable(&customers, &optimum)) && calls < 1500);
		}
}

/* A shop: customers of a generator that needs be no better than this. */
static uint64_t state = 1;

static double
uniform(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return ((state >> 11) + 0.5) / 9007199254740992.0;
}

static void
make_shop(Customers *shop, const PurchaseKind *kind)
{
	shop->model.kind = kind;
	shop->model.k = 1;
	shop->n = 2000;
	for (int i = 0; i < shop->n; i++)
	{
		Buyer	   *buyer = &shop->cells[i].buyer;
		double		rate = -0.03 * log(uniform());	/* Gamma(1, 33) */
		double		p = 1 - pow(uniform(), 1 / 2.5);	/* Beta(1, 2.5) */
		double		now = 0;

		shop->cells[i].customers = 1;
		buyer->x = buyer->t_x = 0;
		buyer->t = ceil(100 + 264 * uniform());
		while (uniform() > p)
		{
			now = ceil(now - log(uniform()) / rate);
			if (now > buyer->t)
				break;
			buyer->x++;
			buyer->t_x = now;
		}
	}
}

static void
scale_times(Customers *shop, double by, double divided_by)
{
	for (int i = 0; i < shop->n; i++)
	{
		shop->cells[i].buyer.t_x = shop->cells[i].buyer.t_x * by / divided_by;
		shop->cells[i].buyer.t = shop->cells[i].buyer.t * by / divided_by;
	}
}

static void
check_shop(void)
{
	static Customers shop;
	static Customers days;
	Check		wild = CHECK("wild starts end where others do", 1e-8);
	bool		all = true;
	bool		same = true;

	for (int m = 0; retention_purchase_kinds[m] != NULL; m++)
	{
		int			nparams = retention_purchase_kinds[m]->about.nparams;
		Optimum		optimum;
		Optimum		in_days;
		double		longest;

		state = 1;
		make_shop(&shop, retention_purchase_kinds[m]);
		longest = totals_of(&shop).longest;
		days = shop;
		scale_times(&shop, 1, longest);

		/* the same in days, as if those were weeks: both in units of the longest T */
		scale_times(&days, 7, 7 * longest);

		optimum = fit(&shop, NULL);
		in_days = fit(&days, NULL);
		same = same && memcmp(optimum.params, in_days.params, sizeof(optimum.params)) == 0;
		for (int i = 0; i < nparams; i++)
			if (retention_purchase_kinds[m]->about.units[i] == PARAM_TIME)
				same = same && fabs(in_days.params[i] * (7 * longest) / 7 / (optimum.params[i] * longest) - 1) < 1e-15;
		all = all && optimum.converged && optimum.gradient_norm < 1e-8;
		if (getenv("CHECK_WHERE"))
			printf("# %s: %d iterations, %d evaluations, %g %g %g %g\n", retention_purchase_kinds[m]->about.name,
				   optimum.iterations, optimum.evaluations,
				   optimum.params[0], optimum.params[1], optimum.params[2], optimum.params[3]);

		for (int i = 0; i < 30; i++)
		{
			double		start[PURCHASE_MAX_PARAMS];
			Optimum		other;

			for (int j = 0; j < PURCHASE_MAX_PARAMS; j++)
				start[j] = pow(10, 16 * uniform() - 8);
			other = fit(&shop, start);
			for (int j = 0; j < nparams; j++)
				check_close(&wild, other.params[j], optimum.params[j], 0, "%s from %g %g %g %g: %g, not %g",
							retention_purchase_kinds[m]->about.name, start[0], start[1], start[2], start[3],
							other.value, optimum.value);
		}
	}
	check_true("all kinds are fitted to a shop", all);
	check_true("weeks give the same as days", same);
	check_say(&wild);
}

int
main(int argc, char **argv)
{
	check_functions();
	check_hard_data();
	check_shop();
	return check_failed;
}
