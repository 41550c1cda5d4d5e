/* sBG and beta-discrete-Weibull, against their definitions, and published fits. */
#include "check.h"
#include "math/optimize.h"
#include "model/contract.h"

static const ContractKind *
kind_of(double c)
{
	return contract_kind(retention_model_of_name(MODEL_RETENTION, c == 1 ? "sbg" : "bdw", &(int) {0}));
}

typedef struct Fit
{
	const ContractKind *kind;
	const ContractPeriod *periods;
	int			nperiods;
} Fit;

static double
objective(void *arg, const double *params, double *gradient)
{
	const Fit  *fit = arg;

	return fit->kind->loglik(fit->kind, params, fit->periods, fit->nperiods, gradient);
}

static Optimum
fit_model(const char *kind, const double *survivors, int n)
{
	ContractPeriod periods[20];
	Fit			fit = {contract_kind(retention_model_of_name(MODEL_RETENTION, kind, &(int) {0})), periods, n};
	double		start[MODEL_MAX_PARAMS];
	Optimum		optimum;

	for (int i = 0; i < n; i++)
		periods[i] = (ContractPeriod) {i, survivors[i], 0};
	fit.kind->start(fit.kind, periods, n, start);
	retention_maximize(objective, &fit, fit.kind->about.nparams, &fit.kind->about.ratios, start, &optimum);
	printf("# %s: %d iterations, %d evaluations, a %.8f b %.8f c %.8f, LL %.9f\n", kind, optimum.iterations,
		   optimum.evaluations, optimum.params[0], optimum.params[1],
		   fit.kind->about.nparams > 2 ? optimum.params[2] : 1, optimum.value);
	return optimum;
}

/*
 * Fader & Hardie (2007): the two segments and their parameters; those of BdW
 * and the further digits are of a fit with SciPy.
 */
static void
published(void)
{
	static const double regular[] = {1000, 631, 468, 382, 326, 289, 262, 241};
	static const double high_end[] = {1000, 869, 743, 653, 593, 551, 517, 491};
	Optimum		o = fit_model("sbg", regular, 8);

	check_true("sBG of the regular segment", o.converged
			   && fabs(o.params[0] - 0.70407735) < 1e-6 && fabs(o.params[1] - 1.18204315) < 1e-6
			   && fabs(o.value - -1680.265188463287) < 1e-9);
	o = fit_model("sbg", high_end, 8);
	check_true("sBG of the high-end segment", o.converged
			   && fabs(o.params[0] - 0.66808838) < 1e-6 && fabs(o.params[1] - 3.80609526) < 1e-6
			   && fabs(o.value - -1611.158147391156) < 1e-9);
	o = fit_model("bdw", regular, 8);
	check_true("BdW of the regular segment", o.converged
			   && fabs(o.params[0] - 0.45561393) < 2e-6 && fabs(o.params[1] - 0.77932542) < 2e-6
			   && fabs(o.params[2] - 1.28345141) < 2e-6 && fabs(o.value - -1679.6028329071778) < 1e-9);
	o = fit_model("bdw", high_end, 8);
	check_true("BdW of the high-end segment", o.converged
			   && fabs(o.params[0] - 0.21425334) < 2e-6 && fabs(o.params[1] - 1.42657493) < 2e-6
			   && fabs(o.params[2] - 1.72356482) < 2e-6 && fabs(o.value - -1605.314213214193) < 1e-9);
}

static void
hard_cases(void)
{
	static const double sizes[] = {1e-8, 1e-3, 1, 1e3, 1e8};
	static const ContractPeriod none[] = {{0, 100, 0}, {1, 100, 0}, {2, 100, 0}};
	static const ContractPeriod all[] = {{0, 100, 0}, {1, 0, 0}, {2, 0, 0}};
	static const ContractPeriod one[] = {{0, 1, 0}, {1, 1, 0}, {5, 0, 0}};
	static const ContractPeriod *const tables[] = {none, all, one};
	bool		finite = true;

	for (int i = 0; i < 5 * 5 * 5; i++)
	{
		double		params[MODEL_MAX_PARAMS] = {sizes[i % 5], sizes[i / 5 % 5], i / 25 == 0 ? 0.05 : i / 25 == 4 ? 6 : i / 25};
		const ContractKind *kind = kind_of(params[2]);

		for (int j = 0; j < 3; j++)
		{
			double		by[MODEL_MAX_PARAMS] = {0};
			double		loglik = kind->loglik(kind, params, tables[j], 3, by);
			double		kept = kind->retention(kind, params, 3);
			double		lifetime = kind->lifetime(kind, params, j, 0.1);
			double		endless = kind->lifetime(kind, params, j, 0);

			if (!(isfinite(loglik) && isfinite(by[0]) && isfinite(by[1]) && isfinite(by[2])
				  && kept >= 0 && kept <= 1 && lifetime >= 0 && lifetime <= 11.0001 && endless >= lifetime * (1 - 1e-9))
				&& finite)
			{
				printf("# a %g b %g c %g, table %d: %g (%g %g %g), kept %g, lifetime %g, %g\n", params[0], params[1],
					   params[2], j, loglik, by[0], by[1], by[2], kept, lifetime, endless);
				finite = false;
			}
		}
	}
	check_true("hard cases give numbers", finite);

	for (int j = 0; j < 3; j++)
	{
		double		start[MODEL_MAX_PARAMS];

		kind_of(2)->start(kind_of(2), tables[j], 3, start);
		finite = finite && start[0] > 0 && start[1] > 0 && start[2] > 0 && isfinite(start[0] + start[1] + start[2]);
	}
	check_true("a fit of them begins somewhere", finite);
}

int
main(int argc, char **argv)
{
	static const char *const names[MODEL_MAX_PARAMS] = {"a", "b", "c"};
	static const ContractPeriod survivors[] = {
		{0, 1000, 0}, {1, 869, 0}, {2, 743, 0}, {3, 653, 0}, {5, 551, 0}, {6, 517, 0}, {7, 491, 0}, {12, 400, 0}, {13, 400, 0}
	};
	Check		survival = CHECK("ln S(n)", 1e-13);
	Check		retention = CHECK("S(n) / S(n - 1)", 1e-13);
	Check		loglik = CHECK("log-likelihood", 1e-13);
	Check		gradient = CHECK("its gradient", 1e-10);
	Check		lifetime = CHECK("discounted lifetime", 1e-11);
	FILE	   *file = check_open_points(argc, argv, "contract.txt");
	char		word[40];
	double		v[CHECK_MAX_NUMBERS];
	int			n;

	while (check_next_point(file, word, sizeof(word), v, &n))
	{
		const ContractKind *kind = kind_of(v[2]);
		char		where[200];

		snprintf(where, sizeof(where), "a %.17g b %.17g c %.17g, %.17g %.17g", v[0], v[1], v[2], v[3], v[4]);
		if (strcmp(word, "survival") == 0)
			check_close(&survival, kind->log_survival(kind, v, v[3]), v[4], 0, "%s", where);
		else if (strcmp(word, "retention") == 0)
			check_close(&retention, kind->retention(kind, v, v[3]), v[4], 0, "%s", where);
		else if (strcmp(word, "lifetime") == 0)
			check_close(&lifetime, kind->lifetime(kind, v, v[3], v[4]), v[5], 0, "%s", where);
		else if (strcmp(word, "loglik") == 0)
		{
			double		by[MODEL_MAX_PARAMS] = {0};

			check_close(&loglik, kind->loglik(kind, v, survivors, sizeof(survivors) / sizeof(survivors[0]), by),
						v[3], 1, "%s", where);
			for (int i = 0; i < kind->about.nparams; i++)
				check_close(&gradient, by[i], v[4 + i], 1 / v[i], "%s, by %s", where, names[i]);
		}
	}
	fclose(file);

	check_say(&survival);
	check_say(&retention);
	check_say(&loglik);
	check_say(&gradient);
	check_say(&lifetime);
	published();
	hard_cases();
	return check_failed;
}
