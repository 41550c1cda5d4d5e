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

extern void retention_check_anchor(const Kind *part, const Kind *anchor);
extern void retention_tell_left_out(int64 left_out);

#endif							/* RETENTION_ANCHORED_H */
