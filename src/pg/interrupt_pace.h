/*-------------------------------------------------------------------------
 *
 * interrupt_pace.h
 *	  Looking at interrupts in loops over entries of any size.
 *
 * An entry is some words as a rule, and sixty kilobytes where somebody has put
 * an amount of a hundred thousand digits among the others.  So a loop over
 * entries counts words: it can be cancelled within some milliseconds either way.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_INTERRUPT_PACE_H
#define RETENTION_INTERRUPT_PACE_H

#include "postgres.h"

#include "miscadmin.h"

#define PACE_WORDS	(32 * 1024)

typedef struct Pace
{
	int64		words;			/* since interrupts have been looked at */
} Pace;

static inline void
pace_on(Pace *pace, int64 words)
{
	pace->words += words;
	if (unlikely(pace->words >= PACE_WORDS))
	{
		pace->words = 0;
		CHECK_FOR_INTERRUPTS();
	}
}

#endif							/* RETENTION_INTERRUPT_PACE_H */
