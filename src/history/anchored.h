/*-------------------------------------------------------------------------
 *
 * anchored.h
 *	  A part of a history and the whole that it is asked with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_ANCHORED_H
#define RETENTION_ANCHORED_H

#include "postgres.h"

#include "store/state_kind.h"

/*
 * Does the anchor say who is meant, and not what all of them ordered, as a history of
 * sign-ups does?  Then it is no surprise that others have ordered.
 */
static inline bool
anchor_says_who(const Kind *part, const Kind *anchor)
{
	return anchor->amount == AMOUNT_NONE && part->amount != AMOUNT_NONE;
}

extern void retention_check_anchor(const Kind *part, const Kind *anchor);
extern void retention_tell_left_out(int64 left_out);

#endif							/* RETENTION_ANCHORED_H */
