/*-------------------------------------------------------------------------
 *
 * base_formula.h
 *	  The formulas: from the totals of a base to one number each.
 *
 * O orders, C customers, R revenue less refunds, of a base without its
 * guests.  A formula returns false where its answer is NULL: a zero
 * denominator, or something the base was not given.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_BASE_FORMULA_H
#define RETENTION_BASE_FORMULA_H

#include "postgres.h"

#include "base/base_totals.h"
#include "datatype/timestamp.h"
#include "fmgr.h"

/* How clv reads a base; what is not given is measured, or left out. */
typedef struct ClvOptions
{
	const Interval *lifespan;	/* NULL: the mean lifespan of the base */
	const Interval *observation;	/* NULL: from the first to the last order */
	Datum		margin;			/* numeric; (Datum) 0: all of it */
	Datum		discount_rate;	/* numeric, a year; (Datum) 0: none */
} ClvOptions;

/* estimated_count.c: of all customers, where a sample has kept some */
extern int64 retention_all_customers(const BaseTotals *totals, int64 kept);
extern int64 retention_all_orders(const BaseTotals *totals);
extern Datum retention_all_revenue(const BaseTotals *totals);

/* mean_value.c: R / O and R / C, as numeric or float8 */
extern bool retention_aov(const BaseTotals *totals, Datum *result);
extern bool retention_aov_float8(const BaseTotals *totals, double *result);
extern bool retention_customer_value(const BaseTotals *totals, Datum *result);
extern bool retention_customer_value_float8(const BaseTotals *totals, double *result);

/* rate.c: O / C, and the share of customers with more than one order */
extern bool retention_purchase_frequency(const BaseTotals *totals, double *result);
extern bool retention_repeat_rate(const BaseTotals *totals, double *result);

/* lifespan.c: mean of last order - first order over the customers */
extern bool retention_lifetime_span(const BaseTotals *totals, Interval *result);
extern bool retention_lifespan_usecs(const BaseTotals *totals, Datum *result);

/* clv.c: m * (R / C) / observation in years * lifespan in years */
extern bool retention_clv(const BaseTotals *totals, const ClvOptions *options, Datum *result);
extern bool retention_clv_float8(const BaseTotals *totals, double *result);
extern bool retention_observation_usecs(const BaseTotals *totals, const ClvOptions *options,
										Datum *result);
extern bool retention_clv_lifespan_usecs(const BaseTotals *totals, const ClvOptions *options,
										 Datum *result);

#endif							/* RETENTION_BASE_FORMULA_H */
