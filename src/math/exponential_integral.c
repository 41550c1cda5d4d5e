/*-------------------------------------------------------------------------
 *
 * exponential_integral.c
 *	  The generalised exponential integral, times e^z.
 *
 * E_s(z) of any real s > 0 (DLMF 8.19).  Scaled by e^z, as the discounted
 * values of the models want it, it neither under- nor overflows, and lies
 * between 1 / (s + z) and 1 / (s + z - 1) where the latter is positive.
 *
 * A continued fraction gives it fast where s or z is large.  Elsewhere its
 * power series does, for s near 1; from there a recurrence leads up to any s,
 * and loses nothing on the way, because each step divides the error it starts
 * with by about s / z.
 *
 *-------------------------------------------------------------------------
 */
#include "math/exponential_integral.h"

#include <float.h>
#include <math.h>

#include "math/special_functions.h"

#define EULER_GAMMA			0.57721566490153286061

/* Where the continued fraction takes over: it needs some forty steps there. */
#define FRACTION_FROM_Z		2.0
#define FRACTION_FROM_S		32.0

#define MAX_STEPS			10000

/* (zeta(k) - 1) / k, from k = 2 */
static const double zeta_coefficients[] = {
	0.3224670334241132182, 0.067352301053198095133, 0.020580808427784547879,
	0.0073855510286739852663, 0.0028905103307415232858, 0.0011927539117032609771,
	0.00050966952474304242234, 0.00022315475845357937976, 9.9457512781808533715e-5,
	4.4926236738133141700e-5, 2.0507212775670691553e-5, 9.4394882752683959040e-6,
	4.3748667899074878042e-6, 2.0392157538013662368e-6, 9.5514121304074198329e-7,
	4.4924691987645660433e-7, 2.1207184805554665869e-7, 1.0043224823968099609e-7,
	4.7698101693639805658e-8, 2.2711094608943164910e-8, 1.0838659214896954091e-8,
	5.1834750419700466551e-9, 2.4836745438024783172e-9, 1.1921401405860912074e-9,
	5.7313672416788620134e-10, 2.7595228851242331452e-10, 1.3304764374244489481e-10,
	6.4229645638381000221e-11
};

#define N_COEFFICIENTS ((int) (sizeof(zeta_coefficients) / sizeof(zeta_coefficients[0])))

/*
 * ln Gamma(1 - e), for -1 < e <= 1/2.  It's about gamma * e, and this keeps
 * the digits of a small e, which are gone once 1 - e has been taken.
 */
static double
log_gamma_one_minus(double e)
{
	double		sum = 0.0;

	if (e < -0.5)
		return retention_lgamma(1.0 - e);

	for (int i = N_COEFFICIENTS - 1; i >= 0; i--)
		sum = sum * e + zeta_coefficients[i];
	return -log1p(-e) - (1.0 - EULER_GAMMA) * e + sum * e * e;
}

/*
 * For s = 1 + e, -1 < e <= 1/2, and small z:
 *
 *		E_s(z) = (1 - Gamma(1 - e) z^e) / e - sum of (-z)^k / (k! (k - e)), k > 0,
 *
 * whose first part is Gamma(-e) z^e and the term of k = 0, taken together so
 * that e may be 0.
 */
static double
scaled_series(double e, double z)
{
	double		exponent = e * log(z) + log_gamma_one_minus(e);
	double		first = e == 0.0 ? -(log(z) + EULER_GAMMA) : -expm1(exponent) / e;
	double		power = 1.0;
	double		sum = 0.0;

	for (int k = 1; k < MAX_STEPS; k++)
	{
		double		term;

		power *= -z / k;
		term = power / (k - e);
		sum += term;
		if (fabs(term) < fabs(sum) * (DBL_EPSILON / 4))
			break;
	}
	return (first - sum) * exp(z);
}

/*
 * 1/(z + s - 1 s/(z + s + 2 - 2 (s + 1)/(z + s + 4 - ...))), by Lentz's method:
 * DLMF 8.19.17, contracted.
 */
static double
scaled_fraction(double s, double z)
{
	double		b = z + s;
	double		d = 1.0 / b;
	double		c = HUGE_VAL;
	double		f = d;

	for (int n = 1; n < MAX_STEPS; n++)
	{
		double		a = -n * (s + (n - 1));
		double		change;

		b += 2.0;
		d = 1.0 / (b + a * d);
		c = b + a / c;
		change = c * d;
		f *= change;
		if (fabs(change - 1.0) <= DBL_EPSILON)
			break;
	}
	return f;
}

double
retention_scaled_expint(double s, double z)
{
	double		start;
	double		g;

	if (z == 0.0)
		return s > 1.0 ? 1.0 / (s - 1.0) : HUGE_VAL;
	if (z >= FRACTION_FROM_Z || s >= FRACTION_FROM_S)
		return scaled_fraction(s, z);

	/* from 1/2 < start <= 3/2, if s is not below that, up to s */
	start = s <= 1.5 ? s : s - ceil(s - 1.5);
	g = scaled_series(start - 1.0, z);
	for (; start < s; start += 1.0)
		g = (1.0 - z * g) / start;
	return g;
}
