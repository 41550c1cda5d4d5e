/*-------------------------------------------------------------------------
 *
 * random_variate.c
 *	  Random variates with the same bits on every machine.
 *
 * The bits come from SplitMix64 (Steele, Lea & Flood 2014), a few lines that
 * can be written down here for good: PostgreSQL's own generator is an
 * internal of the server, free to change with the next major version.  A
 * stream is named by a seed and a number, and streams are independent of one
 * another, so that whoever needs the millionth need not draw the others.
 *
 * The variates come by the textbook's rejection methods, over the log and exp
 * of portable_math.c; see there for what keeps the bits the same.  The order of
 * draws is part of the result: nothing here may be swapped or left out
 * without changing every simulation.
 *
 *-------------------------------------------------------------------------
 */
#include "math/random_variate.h"

#include <math.h>

#include "math/portable_math.h"

#ifdef __clang__
/* see portable_math.c */
#pragma STDC FP_CONTRACT OFF
#endif

/* 2^64 / golden ratio, odd: SplitMix64's step through its states */
#define STEP	UINT64_C(0x9e3779b97f4a7c15)

#define TWO_TO_MINUS_52	0x1p-52

/* SplitMix64's finalizer, a bijection in which each bit depends on all. */
static inline uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/*
 * The stream of that seed and number.
 *
 * Its first state is the number-th output of a generator that starts at the
 * mixed seed.  All streams walk the same circle of 2^64 states from such random
 * places: ten million streams of a hundred draws each overlap somewhere with
 * a chance of 0.0005, and then two customers in ten million are alike.
 */
RandomStream
retention_random_stream(uint64_t seed, uint64_t number)
{
	RandomStream stream;

	stream.state = mix(mix(seed + STEP) + number * STEP);
	return stream;
}

/*
 * Uniform in (0, 1): the middles of 2^52 equal parts, so neither 0 nor 1, of
 * which one has no logarithm and the other a logarithm of 0.
 */
static inline double
uniform(RandomStream *stream)
{
	stream->state += STEP;
	return ((double) (int64_t) (mix(stream->state) >> 12) + 0.5) * TWO_TO_MINUS_52;
}

double
retention_random_uniform(RandomStream *stream)
{
	return uniform(stream);
}

/* Exponential with mean 1. */
double
retention_random_exponential(RandomStream *stream)
{
	return -retention_portable_log(uniform(stream));
}

/*
 * Standard normal, as the ratio of two uniforms (Kinderman & Monahan 1977)
 * with the quadratic bounds of Leva (1992), which spare all but one of a
 * hundred logarithms.
 */
double
retention_random_normal(RandomStream *stream)
{
	for (;;)
	{
		double		u = uniform(stream);
		double		v = 1.7156 * (uniform(stream) - 0.5);
		double		x = u - 0.449871;
		double		y = fabs(v) + 0.386595;
		double		q = x * x + y * (0.19600 * y - 0.25472 * x);

		if (q < 0.27597 ||
			(q < 0.27846 && v * v < -4 * u * u * retention_portable_log(u)))
			return v / u;
	}
}

/*
 * Gamma with mean "shape", by Marsaglia & Tsang (2000).  A shape below 1 is
 * reached from the shape one above it: G(s) = G(s + 1) * U^(1/s).
 */
double
retention_random_gamma(RandomStream *stream, double shape)
{
	double		factor = 1;
	double		d,
				c;

	if (shape < 1)
	{
		factor = retention_portable_exp(retention_portable_log(uniform(stream)) / shape);
		shape += 1;
	}

	d = shape - 1.0 / 3;
	c = 1 / sqrt(9 * d);
	for (;;)
	{
		double		x = retention_random_normal(stream);
		double		v = 1 + c * x;
		double		u;

		if (v <= 0)
			continue;
		v = v * v * v;
		u = uniform(stream);

		/* a bound of the condition below it, to spare most logarithms */
		if (u < 1 - 0.0331 * (x * x) * (x * x) ||
			retention_portable_log(u) < 0.5 * (x * x) + d * (1 - v + retention_portable_log(v)))
			return factor * (d * v);
	}
}

/* Beta, as a share of two gammas, which must not both be minute. */
double
retention_random_beta(RandomStream *stream, double a, double b)
{
	double		x = retention_random_gamma(stream, a);
	double		y = retention_random_gamma(stream, b);

	return x / (x + y);
}
