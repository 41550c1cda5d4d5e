/*-------------------------------------------------------------------------
 *
 * number_argument.h
 *	  Numbers that callers give, and what they can be: shares, rates and
 *	  quantities.
 *
 * A share or a rate of 5 percent is 0.05.  Whoever writes 5 gets no error from
 * a formula, but a number that is wrong by a factor, so every argument that is
 * one is looked at here, and the hint says what to write.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_NUMBER_ARGUMENT_H
#define RETENTION_NUMBER_ARGUMENT_H

#include "postgres.h"

/* From 0 to 1: margins, rates of churn, retention and discount, parts of a whole. */
extern void retention_check_share(double share, const char *name);
extern void retention_check_share_numeric(Datum share, const char *name);

/* Of an interval: between 0 and 1, neither of which is an interval. */
extern void retention_check_level(double level, const char *name);

/* Finite, and no debt where there can be none. */
extern void retention_check_quantity(double quantity, const char *name, bool may_be_negative);
extern void retention_check_quantity_numeric(Datum quantity, const char *name,
											 bool may_be_negative);

#endif							/* RETENTION_NUMBER_ARGUMENT_H */
