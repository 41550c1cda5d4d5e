/* The scaled exponential integral, against its definition. */
#include "check.h"
#include "math/exponential_integral.h"

int
main(int argc, char **argv)
{
	Check		close = CHECK("e^z E_s(z)", 1e-13);
	FILE	   *file = check_open_points(argc, argv, "expint.txt");
	char		word[40];
	double		v[CHECK_MAX_NUMBERS];
	int			n;

	while (check_next_point(file, word, sizeof(word), v, &n))
		check_close(&close, retention_scaled_expint(v[0], v[1]), v[2], 0, "s %.17g z %.17g", v[0], v[1]);
	fclose(file);
	check_say(&close);

	check_true("e^z E_s(z) at the ends",
			   retention_scaled_expint(1, 0) == INFINITY
			   && retention_scaled_expint(3, 0) == 0.5
			   && fabs(retention_scaled_expint(1e8, 1e-8) * 1e8 - 1) < 2e-8
			   && fabs(retention_scaled_expint(1, 1e-300) / (690.77552789821370520 - 0.57721566490153286) - 1) < 1e-14
			   && fabs(retention_scaled_expint(0.5, 1e300) * 1e300 - 1) < 1e-14);
	return check_failed;
}
