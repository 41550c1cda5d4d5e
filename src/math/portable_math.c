/*-------------------------------------------------------------------------
 *
 * portable_math.c
 *	  log and exp whose results have the same bits on every machine.
 *
 * The log and exp of two C libraries, or of two versions of one, may differ
 * in the last bit: the standards leave it open.  A simulation feeds such a
 * bit into comparisons, and from the first that turns out otherwise it goes
 * another way.  So these two are made of nothing but what IEEE 754 defines to
 * the last bit: + - * / on doubles, and moving the binary point (frexp and
 * ldexp, which are exact).  They are up to two and a half units in the last
 * place off the true results, where a good C library stays within one: code
 * that needs no reproducible bits does better with the library's.
 *
 * That holds as long as the compiler does what is written: no fast-math, no
 * fusing of a * b + c into one rounding (-ffp-contract=off), and doubles
 * computed as doubles.  The one living exception to the last is 32-bit x86
 * without SSE2, which keeps its intermediate results in 80 bits; results
 * there are as good, but need not be the same.
 *
 * The series are Taylor's, whose coefficients explain themselves; the best
 * approximations would save two or three terms.  Each is summed as two, its
 * even and its odd terms, because a processor can work on both at once.
 *
 *-------------------------------------------------------------------------
 */
#include "math/portable_math.h"

#include <math.h>

#ifdef __FAST_MATH__
#error "fast-math changes the bits that this file is made to fix"
#endif

#ifdef __clang__
/* whatever the command line says, as when clang makes bitcode for a JIT */
#pragma STDC FP_CONTRACT OFF
#endif

/*
 * ln 2 = HIGH + LOW.  HIGH has 40 bits, so that its product with an exponent
 * of a double is exact.
 */
#define LN2_HIGH	0x1.62e42fefa2p-1
#define LN2_LOW		0x1.9ef35793c7673p-41

#define SQRT_HALF	0x1.6a09e667f3bcdp-1

/*
 * Natural logarithm.
 *
 * x = m * 2^e with m in [sqrt(1/2), sqrt(2)), so that e = 0 near x = 1, where
 * a sum with e * ln 2 would cancel.  With s = (m - 1) / (m + 1),
 *
 *		log m = 2 artanh s = 2 s (1 + z (1/3 + z/5 + z^2/7 + ...)), z = s^2,
 *
 * and as z < 0.0295, what is left out after eleven terms is below 10^-18.
 */
double
retention_portable_log(double x)
{
	int			e;
	double		m,
				s,
				z,
				w,
				even,
				odd;

	if (!(x > 0))
		return x == 0 ? -INFINITY : NAN;
	if (isinf(x))
		return x;

	m = frexp(x, &e);
	if (m < SQRT_HALF)
	{
		m *= 2;
		e--;
	}

	s = (m - 1) / (m + 1);
	z = s * s;
	w = z * z;
	even = 1.0 / 19;
	even = even * w + 1.0 / 15;
	even = even * w + 1.0 / 11;
	even = even * w + 1.0 / 7;
	even = even * w + 1.0 / 3;
	odd = 1.0 / 21;
	odd = odd * w + 1.0 / 17;
	odd = odd * w + 1.0 / 13;
	odd = odd * w + 1.0 / 9;
	odd = odd * w + 1.0 / 5;

	return e * LN2_HIGH + (2 * s + (2 * s * (z * (even + z * odd)) + e * LN2_LOW));
}

/*
 * Exponential function.
 *
 * x = k * ln 2 + r with |r| <= ln(2) / 2, so that exp x = 2^k * exp r, and
 * what is left out of the series of exp r after r^13 / 13! is below 10^-17.
 */
double
retention_portable_exp(double x)
{
	int			k;
	double		r,
				w,
				even,
				odd;

	/* far enough beyond the largest and smallest double, and NaN */
	if (!(x < 710))
		return isnan(x) ? x : INFINITY;
	if (x < -746)
		return 0;

	k = (int) floor(x * (1 / LN2_HIGH) + 0.5);
	r = (x - k * LN2_HIGH) - k * LN2_LOW;

	w = r * r;
	even = 1.0 / 479001600;
	even = even * w + 1.0 / 3628800;
	even = even * w + 1.0 / 40320;
	even = even * w + 1.0 / 720;
	even = even * w + 1.0 / 24;
	even = even * w + 1.0 / 2;
	even = even * w + 1;
	odd = 1.0 / 6227020800;
	odd = odd * w + 1.0 / 39916800;
	odd = odd * w + 1.0 / 362880;
	odd = odd * w + 1.0 / 5040;
	odd = odd * w + 1.0 / 120;
	odd = odd * w + 1.0 / 6;
	odd = odd * w + 1;

	return ldexp(even + r * odd, k);
}
