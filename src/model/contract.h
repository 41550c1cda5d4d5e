/*-------------------------------------------------------------------------
 *
 * contract.h
 *	  Models of customers with a contract: how many are left after n renewals.
 *
 * sBG, Fader & Hardie (2007, Journal of Interactive Marketing 21, 76-90):
 * a customer leaves at the end of each period with a probability of their own,
 * from Beta(a, b): S(n) = B(a, b + n) / B(a, b).  BdW, beta-discrete-Weibull
 * (Fader, Hardie, Liu, Davin & Steenburgh 2018): S(n) = B(a, b + n^c) / B(a, b);
 * with c > 1 one customer's risk grows with time, with c < 1 it falls.
 * Parameters a, b and, of BdW, c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_CONTRACT_H
#define RETENTION_CONTRACT_H

#include "model/model_registry.h"

typedef struct ContractKind ContractKind;

/* So many customers were left after so many periods; ascending, period 0 first. */
typedef struct ContractPeriod
{
	double		period;
	double		survivors;
	double		ended;			/* of these, how many were observed no longer */
} ContractPeriod;

struct ContractKind
{
	ModelKind	about;

	/* Where a fit begins. */
	void		(*start) (const ContractKind *kind, const ContractPeriod *periods, int nperiods,
						  double *params);

	/*
	 * of cohorts observed to the same end, sum of (lost between two periods) * ln(S(before) -
	 * S(after)) + left * ln S(last), and of others the sum of theirs; the derivatives are added to gradient[]
	 */
	double		(*loglik) (const ContractKind *kind, const double *params,
						   const ContractPeriod *periods, int nperiods, double *gradient);

	/* ln S(n); the share of those left after n - 1 that are left after n */
	double		(*log_survival) (const ContractKind *kind, const double *params, double n);
	double		(*retention) (const ContractKind *kind, const double *params, double n);

	/*
	 * Expected periods that a customer still pays for, each times (1 + d)^-(how
	 * many from now), of one who has renewed "age" times and is asked to renew
	 * next; of the period that begins now only if they do. Infinite where d is 0
	 * and the mean is (a <= 1 of sBG).
	 */
	double		(*lifetime) (const ContractKind *kind, const double *params, double age, double d);
};

static inline const ContractKind *
contract_kind(const ModelKind *kind)
{
	return (const ContractKind *) kind;
}

#define PURCHASE_MODEL(name)
#define SPEND_MODEL(name)
#define CONTRACT_MODEL(name) extern const ContractKind retention_##name;
#include "model/model_list.h"

#endif							/* RETENTION_CONTRACT_H */
