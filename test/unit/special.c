/* Special functions, against mpmath. */
#include "check.h"
#include "math/special_functions.h"

static double
call(const char *name, const double *v, bool *known)
{
	*known = true;
	if (strcmp(name, "lgamma") == 0)
		return retention_lgamma(v[0]);
	if (strcmp(name, "digamma") == 0)
		return retention_digamma(v[0]);
	if (strcmp(name, "trigamma") == 0)
		return retention_trigamma(v[0]);
	if (strcmp(name, "log_rise") == 0)
		return retention_log_rise(v[0], v[1]);
	if (strcmp(name, "digamma_rise") == 0)
		return retention_digamma_rise(v[0], v[1]);
	if (strcmp(name, "log_beta_rise") == 0)
		return retention_log_beta_rise(v[0], v[1], v[2]);
	if (strcmp(name, "log_beta") == 0)
		return retention_log_beta(v[0], v[1]);
	if (strcmp(name, "softplus") == 0)
		return retention_softplus(v[0]);
	if (strcmp(name, "logistic") == 0)
		return retention_logistic(v[0]);
	if (strcmp(name, "normal_quantile") == 0)
		return retention_normal_quantile(v[0]);
	if (strcmp(name, "chi_squared_tail") == 0)
		return retention_chi_squared_tail(v[0], v[1]);
	if (strcmp(name, "log_negative_binomial") == 0)
		return retention_log_negative_binomial(v[0], v[1], v[2]);
	*known = false;
	return NAN;
}

int
main(int argc, char **argv)
{
	/*
	 * Functions that pass through 0 are close to it in absolute terms (scale
	 * 1); those that don't, in relative terms.
	 */
	static const struct
	{
		const char *name;
		double		scale;
		double		tolerance;
	}			expectations[] = {
		{"lgamma", 1, 1e-15},
		{"digamma", 1, 1e-15},
		{"trigamma", 0, 1e-15},
		{"log_rise", 1, 4e-15},
		{"digamma_rise", 0, 2e-15},
		{"log_beta_rise", 0, 1e-14},
		{"log_beta", 1, 1e-14},
		{"softplus", 0, 1e-15},
		{"logistic", 0, 1e-15},
		{"normal_quantile", 1, 4e-15},
		{"chi_squared_tail", 0, 1e-12},
		{"log_negative_binomial", 1, 1e-13},
	};
	enum
	{
		N = sizeof(expectations) / sizeof(expectations[0])
	};
	Check		checks[N] = {0};
	FILE	   *file = check_open_points(argc, argv, "special.txt");
	char		name[40];
	double		v[CHECK_MAX_NUMBERS];
	int			n;

	while (check_next_point(file, name, sizeof(name), v, &n))
		for (int i = 0; i < N; i++)
			if (strcmp(name, expectations[i].name) == 0)
			{
				bool		known;
				double		value = call(name, v, &known);

				check_close(&checks[i], value, v[n - 1], expectations[i].scale,
							"%.17g %.17g %.17g", v[0], n > 2 ? v[1] : NAN, n > 3 ? v[2] : NAN);
			}
	fclose(file);

	for (int i = 0; i < N; i++)
	{
		checks[i].name = expectations[i].name;
		checks[i].tolerance = expectations[i].tolerance;
		check_say(&checks[i]);
	}

	check_true("log_add of nothing", retention_log_add(-INFINITY, -INFINITY) == -INFINITY
			   && retention_log_add(-INFINITY, 3) == 3 && retention_log_add(3, -INFINITY) == 3);
	check_true("log_add", fabs(retention_log_add(-1000, -1000) - (-1000 + log(2))) < 1e-12);
	check_true("an impossible negative binomial", retention_log_negative_binomial(3, 1, 0) == -INFINITY
			   && retention_log_negative_binomial(0, 1, 0) == 0);
	check_true("log_beta_rise to infinity", retention_log_beta_rise(1, 1, INFINITY) == -INFINITY);

	/* in 30 digits, by mpmath: findroot of gammainc(a, 0, z, regularized) - 1/2 */
	{
		static const double medians[][2] = {
			{0.02, 5.0686676564801789e-16}, {0.3, 0.0731311358669519027}, {1, 0.693147180559945309}, {3.7, 3.37253801323641473},
			{9.99, 9.65871673789234623}, {59.5, 59.1670006912985007}, {60, 59.6669978908779204}, {250, 249.666745794436904}
		};
		bool		near = true;

		for (int i = 0; i < (int) (sizeof(medians) / sizeof(medians[0])); i++)
			near = near && fabs(retention_gamma_median(medians[i][0]) / medians[i][1] - 1) < 1e-11;
		check_true("medians of gamma distributions", near);
	}
	return check_failed;
}
