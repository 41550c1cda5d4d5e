/*-------------------------------------------------------------------------
 *
 * contract.h
 *	  Models of customers with a contract: how many are left after n renewals.
 *
 * sBG, Fader & Hardie (2007, Journal of Interactive Marketing 21, 76-90):
 * a customer leaves at the end of each period with a probability of his own,
 * from Beta(a, b): S(n) = B(a, b + n) / B(a, b).  BdW, beta-discrete-Weibull
 * (Fader, Hardie, Liu, Davin & Steenburgh 2018): S(n) = B(a, b + n^c) / B(a, b);
 * with c > 1 one customer's risk grows with time, with c < 1 it falls.
 * Parameters a, b and, of BdW, c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_CONTRACT_H
#define RETENTION_CONTRACT_H

#include <stdbool.h>

#define CONTRACT_MAX_PARAMS	3

typedef struct ContractKind
{
	const char *name;			/* "sbg", "bdw" */
	int			nparams;
	const char *params[CONTRACT_MAX_PARAMS];
} ContractKind;

extern const ContractKind *const retention_contract_kinds[];	/* NULL ends it */
extern const ContractKind *retention_contract_kind(const char *name);	/* or NULL */

/* So many customers were left after so many periods; ascending, period 0 first. */
typedef struct ContractPeriod
{
	double		period;
	double		survivors;
} ContractPeriod;

/* sum of (lost between two periods) * ln(S(before) - S(after)) + left * ln S(last) */
extern double retention_contract_loglik(const ContractKind *kind, const double *params,
										const ContractPeriod *periods, int nperiods,
										double *gradient);
extern void retention_contract_start(const ContractKind *kind, const ContractPeriod *periods,
									 int nperiods, double *params);

/* ln S(n); the share of those left after n - 1 that are left after n */
extern double retention_contract_log_survival(const ContractKind *kind, const double *params, double n);
extern double retention_contract_retention(const ContractKind *kind, const double *params, double n);

/*
 * Expected periods that a customer still pays for, each times (1 + d)^-(how
 * many from now), of one who has renewed "age" times and is asked to renew next;
 * of the period that begins now only if he does. Infinite where d is 0 and the
 * mean is (a <= 1 of sBG).
 */
extern double retention_contract_lifetime(const ContractKind *kind, const double *params,
										  double age, double d);

#endif							/* RETENTION_CONTRACT_H */
