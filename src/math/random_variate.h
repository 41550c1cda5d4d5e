/*-------------------------------------------------------------------------
 *
 * random_variate.h
 *	  Random variates with the same bits on every machine.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_RANDOM_VARIATE_H
#define RETENTION_RANDOM_VARIATE_H

#include <stdint.h>

/* A stream of random numbers; a struct so that nobody does sums with it. */
typedef struct RandomStream
{
	uint64_t	state;
} RandomStream;

extern RandomStream retention_random_stream(uint64_t seed, uint64_t number);
extern double retention_random_uniform(RandomStream *stream);
extern double retention_random_exponential(RandomStream *stream);
extern double retention_random_normal(RandomStream *stream);
extern double retention_random_gamma(RandomStream *stream, double shape);
extern double retention_random_beta(RandomStream *stream, double a, double b);

#endif							/* RETENTION_RANDOM_VARIATE_H */
