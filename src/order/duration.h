/*-------------------------------------------------------------------------
 *
 * duration.h
 *	  Durations that callers give: a lifespan, a horizon, a holdout.
 *
 * Nothing that is asked of customers lasts less than a day, and to PostgreSQL
 * the interval '3' is three seconds.  So what a caller writes is refused below
 * a day.  What they have measured is not: a customer who ordered twice within an
 * hour has a lifespan of less, and goes through a formula as the others do.
 * The two are told apart by the call: a constant is written, as a parameter
 * is; whatever is computed from rows is measured.  0 is 0 in every unit, and
 * nobody's slip.
 *
 * A year is 365.25 days, and a month a twelfth of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_DURATION_H
#define RETENTION_DURATION_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

/* What an argument may be besides a time above 0. */
#define DURATION_ZERO		1	/* 0 */
#define DURATION_INFINITE	2	/* without end */
#define DURATION_OF_DAYS	4	/* not less than a day, measured or not */

/* An argument, which is not NULL; errors call it by its name. */
extern const Interval *retention_duration(FunctionCallInfo fcinfo, int arg, const char *name,
										  int allowed);

/* One that is written in SQL as a text; on what it may be besides, as above. */
extern const Interval *retention_duration_of_text(const text *written, const char *name, int allowed);

/* Of one that has been written elsewhere, above 0: not less than a day. */
extern void retention_check_duration(const Interval *duration, const char *name);

/* Of a duration: infinite if it is without end. */
extern double retention_duration_days(const Interval *duration);

/* The same to the microsecond; an error if it is more than 64 bits hold. */
extern int64 retention_duration_usecs(const Interval *duration, const char *name);

#endif							/* RETENTION_DURATION_H */
