/*-------------------------------------------------------------------------
 *
 * pair.h
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
#ifndef RETENTION_PAIR_H
#define RETENTION_PAIR_H

#include <stdint.h>

typedef double Pair __attribute__((vector_size(16)));
typedef uint64_t PairBits __attribute__((vector_size(16)));

#define PAIR(x)			((Pair) {(x), (x)})
#define PAIR_BITS(x)	((PairBits) {(x), (x)})

/* ln 2 = HIGH + LOW, HIGH of so few bits that its multiples are exact */
#define PAIR_LN2_HIGH	0x1.62e42fefa2p-1
#define PAIR_LN2_LOW	0x1.9ef35793c7673p-41

/* A number to which a small integer is added in its lowest bits. */
#define PAIR_SHIFTER	0x1.8p52

static inline double
pair_sum(Pair x)
{
	return x[0] + x[1];
}

/*
 * e^x - 1, with all digits for small x, and e^x; -700 < x < 700.
 *
 * x = k ln 2 + r with |r| at most ln 2 / 2; e^r - 1 by its series.
 */
static inline Pair
pair_expm1(Pair x, Pair *exponential)
{
	Pair		shifted = x * PAIR(0x1.71547652b82fep0) + PAIR(PAIR_SHIFTER);
	Pair		k = shifted - PAIR(PAIR_SHIFTER);
	Pair		power = (Pair) (((PairBits) shifted << 52) + PAIR_BITS(UINT64_C(1023) << 52));
	Pair		r = (x - k * PAIR(PAIR_LN2_HIGH)) - k * PAIR(PAIR_LN2_LOW);
	Pair		r2 = r * r;
	Pair		even = PAIR(1.0 / 479001600);
	Pair		odd = PAIR(1.0 / 6227020800);

	even = even * r2 + PAIR(1.0 / 3628800);
	odd = odd * r2 + PAIR(1.0 / 39916800);
	even = even * r2 + PAIR(1.0 / 40320);
	odd = odd * r2 + PAIR(1.0 / 362880);
	even = even * r2 + PAIR(1.0 / 720);
	odd = odd * r2 + PAIR(1.0 / 5040);
	even = even * r2 + PAIR(1.0 / 24);
	odd = odd * r2 + PAIR(1.0 / 120);
	even = even * r2 + PAIR(1.0 / 2);
	odd = odd * r2 + PAIR(1.0 / 6);
	r += r2 * (even + r * odd);

	*exponential = power + power * r;
	return (power - PAIR(1.0)) + power * r;
}

/*
 * ln(1 + x), with all digits for small x, and 1 / (1 + x); 0 <= x < 2^1000.
 *
 * 1 + x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), and ln(1 + f) =
 * 2 artanh(f / (2 + f)).  What 1 + x has been rounded off by is added.
 */
static inline Pair
pair_log1p(Pair x, Pair *inverse)
{
	Pair		sum = PAIR(1.0) + x;
	PairBits	bits = (PairBits) sum;
	PairBits	k = (bits - PAIR_BITS(UINT64_C(0x3fe6a09e667f3bcd))) >> 52;
	Pair		times = (Pair) (k | PAIR_BITS(UINT64_C(0x4330000000000000))) - PAIR(0x1p52);
	Pair		f = (Pair) (bits - (k << 52)) - PAIR(1.0);
	Pair		s = f / (PAIR(2.0) + f);
	Pair		z = s * s;
	Pair		z2 = z * z;
	Pair		even = PAIR(2.0 / 19);
	Pair		odd = PAIR(2.0 / 21);

	even = even * z2 + PAIR(2.0 / 15);
	odd = odd * z2 + PAIR(2.0 / 17);
	even = even * z2 + PAIR(2.0 / 11);
	odd = odd * z2 + PAIR(2.0 / 13);
	even = even * z2 + PAIR(2.0 / 7);
	odd = odd * z2 + PAIR(2.0 / 9);
	even = even * z2 + PAIR(2.0 / 3);
	odd = odd * z2 + PAIR(2.0 / 5);

	*inverse = PAIR(1.0) / sum;
	return times * PAIR(PAIR_LN2_HIGH)
		+ (PAIR(2.0) * s + s * z * (even + z * odd)
		   + (times * PAIR(PAIR_LN2_LOW) + (x - (sum - PAIR(1.0))) * *inverse));
}

#endif							/* RETENTION_PAIR_H */
