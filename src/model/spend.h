/*-------------------------------------------------------------------------
 *
 * spend.h
 *	  The gamma-gamma model: what customers spend on a purchase.
 *
 * Colombo & Jiang (1999), Fader, Hardie & Lee (2005, Journal of Marketing
 * Research 42, 415-430; note 025): a purchase's amount is from Gamma(p, nu),
 * nu differs between customers by Gamma(q, v).  Parameters in this order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_SPEND_H
#define RETENTION_SPEND_H

#define SPEND_PARAMS	3

/* So many customers with x repeat purchases of the mean amount m; both above 0. */
typedef struct SpendCell
{
	double		x;
	double		m;
	double		customers;
} SpendCell;

extern void retention_spend_start(const SpendCell *cells, int ncells, double *params);
extern double retention_spend_loglik(const double *params, const SpendCell *cells, int ncells,
									 double *gradient);

/*
 * The expected mean amount of a customer's purchases, x = 0 for one without
 * repeat purchases (m is not looked at).  NaN where there is none: p x + q <= 1.
 */
extern double retention_spend_expected(const double *params, double x, double m);

#endif							/* RETENTION_SPEND_H */
