/* Gamma-gamma, against its definition. */
#include "check.h"
#include "model/spend_kind.h"

#define SPEND_PARAMS	3

int
main(int argc, char **argv)
{
	static const char *const names[SPEND_PARAMS] = {"p", "q", "v"};
	static const double sizes[] = {1e-8, 1e-3, 1, 1e3, 1e8};
	Check		loglik = CHECK("log-likelihood", 1e-12);
	Check		gradient = CHECK("its gradient", 1e-10);
	FILE	   *file = check_open_points(argc, argv, "spend.txt");
	bool		finite = true;
	char		word[40];
	double		v[CHECK_MAX_NUMBERS];
	int			n;

	while (check_next_point(file, word, sizeof(word), v, &n))
	{
		/* twice, so that what is kept from one cell to the next is used */
		SpendCell	cells[2] = {{v[3], v[4], 0.25}, {v[3], v[4], 0.75}};
		double		by[SPEND_PARAMS] = {0};

		check_close(&loglik, retention_gamma_gamma.loglik(v, cells, 2, by), v[5], 1,
					"p %.17g q %.17g v %.17g x %g m %.17g", v[0], v[1], v[2], v[3], v[4]);
		for (int i = 0; i < SPEND_PARAMS; i++)
			check_close(&gradient, by[i], v[6 + i], 1e-3 / v[i],
						"p %.17g q %.17g v %.17g x %g m %.17g, by %s", v[0], v[1], v[2], v[3], v[4], names[i]);
	}
	fclose(file);
	check_say(&loglik);
	check_say(&gradient);

	for (int i = 0; i < 5 * 5 * 5; i++)
	{
		double		params[SPEND_PARAMS] = {sizes[i % 5], sizes[i / 5 % 5], sizes[i / 25]};

		for (int j = 0; j < 25; j++)
		{
			SpendCell	cell = {j % 5 == 0 ? 1 : 50.0 * (j % 5), sizes[j / 5], 2};
			double		by[SPEND_PARAMS] = {0};

			finite = finite && isfinite(retention_gamma_gamma.loglik(params, &cell, 1, by))
				&& isfinite(by[0]) && isfinite(by[1]) && isfinite(by[2]);
		}
	}
	check_true("hard cases give numbers", finite);

	{
		double		params[SPEND_PARAMS] = {6.25, 3.74, 15.44};
		double		heavy[SPEND_PARAMS] = {2, 0.5, 15};

		check_true("somebody new spends what everybody does on the mean",
				   fabs(retention_gamma_gamma.expected(params, 0, NAN) / (6.25 * 15.44 / 2.74) - 1) < 1e-15);
		check_true("a mean that doesn't exist isn't one",
				   isnan(retention_gamma_gamma.expected(heavy, 0, NAN))
				   && isnan(retention_gamma_gamma.expected(heavy, 0.25, 10))
				   && retention_gamma_gamma.expected(heavy, 1, 10) > 0);
	}

	{
		SpendCell	cells[2] = {{1, 10, 3}, {4, 10, 2}};
		double		params[SPEND_PARAMS];

		retention_gamma_gamma.start(cells, 2, params);
		finite = params[0] > 0 && params[1] > 1 && params[2] > 0 && isfinite(params[0] * params[1] * params[2]);
		retention_gamma_gamma.start(cells, 1, params);
		finite = finite && params[0] > 0 && params[1] > 1 && params[2] > 0 && isfinite(params[0] * params[1] * params[2]);
		check_true("a fit begins somewhere even if everybody spends the same", finite);
	}
	return check_failed;
}
