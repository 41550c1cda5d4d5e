/*-------------------------------------------------------------------------
 *
 * double2.h
 *	  Elementary functions of two numbers at once.
 *
 * Processors add, multiply and divide two doubles in the time of one, but the
 * C library takes exponentials and logarithms one by one.  Where a model is
 * made of nothing else, these take a third of the time.  They are written in
 * the vectors of gcc and clang, which are the processor's own where it has
 * some, and else what the compiler makes of them.
 *
 * Results are within two units in the last place, or so.  The series are
 * Taylor's, each summed in two halves that don't wait for one another.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_DOUBLE2_H
#define RETENTION_DOUBLE2_H

#include <stdint.h>

typedef double Double2 __attribute__((vector_size(16)));
typedef uint64_t Double2Bits __attribute__((vector_size(16)));

#define DOUBLE2(x)		((Double2) {(x), (x)})
#define DOUBLE2_BITS(x)	((Double2Bits) {(x), (x)})

/* ln 2 = HIGH + LOW, HIGH of so few bits that its multiples are exact */
#define DOUBLE2_LN2_HIGH	0x1.62e42fefa2p-1
#define DOUBLE2_LN2_LOW		0x1.9ef35793c7673p-41

/* A number to which a small integer is added in its lowest bits. */
#define DOUBLE2_SHIFTER		0x1.8p52

static inline double
double2_sum(Double2 x)
{
	return x[0] + x[1];
}

/*
 * e^x - 1, with all digits for small x, and e^x; -700 < x < 700.
 *
 * x = k ln 2 + r with |r| at most ln 2 / 2; e^r - 1 by its series.
 */
static inline Double2
double2_expm1(Double2 x, Double2 *exponential)
{
	Double2		shifted = x * DOUBLE2(0x1.71547652b82fep0) + DOUBLE2(DOUBLE2_SHIFTER);
	Double2		k = shifted - DOUBLE2(DOUBLE2_SHIFTER);
	Double2		power = (Double2) (((Double2Bits) shifted << 52) + DOUBLE2_BITS(UINT64_C(1023) << 52));
	Double2		r = (x - k * DOUBLE2(DOUBLE2_LN2_HIGH)) - k * DOUBLE2(DOUBLE2_LN2_LOW);
	Double2		r2 = r * r;
	Double2		even = DOUBLE2(1.0 / 479001600);
	Double2		odd = DOUBLE2(1.0 / 6227020800);

	even = even * r2 + DOUBLE2(1.0 / 3628800);
	odd = odd * r2 + DOUBLE2(1.0 / 39916800);
	even = even * r2 + DOUBLE2(1.0 / 40320);
	odd = odd * r2 + DOUBLE2(1.0 / 362880);
	even = even * r2 + DOUBLE2(1.0 / 720);
	odd = odd * r2 + DOUBLE2(1.0 / 5040);
	even = even * r2 + DOUBLE2(1.0 / 24);
	odd = odd * r2 + DOUBLE2(1.0 / 120);
	even = even * r2 + DOUBLE2(1.0 / 2);
	odd = odd * r2 + DOUBLE2(1.0 / 6);
	r += r2 * (even + r * odd);

	*exponential = power + power * r;
	return (power - DOUBLE2(1.0)) + power * r;
}

/*
 * ln(1 + x), with all digits for small x, and 1 / (1 + x); 0 <= x < 2^1000.
 *
 * 1 + x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), and ln(1 + f) =
 * 2 artanh(f / (2 + f)).  What 1 + x has been rounded off by is added.
 */
static inline Double2
double2_log1p(Double2 x, Double2 *inverse)
{
	Double2		sum = DOUBLE2(1.0) + x;
	Double2Bits	bits = (Double2Bits) sum;
	Double2Bits	k = (bits - DOUBLE2_BITS(UINT64_C(0x3fe6a09e667f3bcd))) >> 52;
	Double2		times = (Double2) (k | DOUBLE2_BITS(UINT64_C(0x4330000000000000))) - DOUBLE2(0x1p52);
	Double2		f = (Double2) (bits - (k << 52)) - DOUBLE2(1.0);
	Double2		s = f / (DOUBLE2(2.0) + f);
	Double2		z = s * s;
	Double2		z2 = z * z;
	Double2		even = DOUBLE2(2.0 / 19);
	Double2		odd = DOUBLE2(2.0 / 21);

	even = even * z2 + DOUBLE2(2.0 / 15);
	odd = odd * z2 + DOUBLE2(2.0 / 17);
	even = even * z2 + DOUBLE2(2.0 / 11);
	odd = odd * z2 + DOUBLE2(2.0 / 13);
	even = even * z2 + DOUBLE2(2.0 / 7);
	odd = odd * z2 + DOUBLE2(2.0 / 9);
	even = even * z2 + DOUBLE2(2.0 / 3);
	odd = odd * z2 + DOUBLE2(2.0 / 5);

	*inverse = DOUBLE2(1.0) / sum;
	return times * DOUBLE2(DOUBLE2_LN2_HIGH)
		+ (DOUBLE2(2.0) * s + s * z * (even + z * odd)
		   + (times * DOUBLE2(DOUBLE2_LN2_LOW) + (x - (sum - DOUBLE2(1.0))) * *inverse));
}

#endif							/* RETENTION_DOUBLE2_H */
