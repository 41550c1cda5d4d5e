/*-------------------------------------------------------------------------
 *
 * totals.c
 *	  Can what a sample of customers knows stand for all of them?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/totals.h"

static void
warn_not_random(char *detail)
{
	ereport(WARNING,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("sample of customers is not a random one: what is estimated from it is NULL"),
			 errdetail_internal("%s", detail),
			 errhint("Somebody may have chosen customers' keys by their hashes. Make a customer_base of all customers.")));
}

/*
 * Are so many customers kept by a sample, where so many are expected, an accident?
 * That k or more are, where m < k are expected, has a chance of less than
 * exp(k - m) * (m / k)^k (Chernoff 1952), and one of e^-32 is none.  If not, a
 * warning says so.
 */
bool
retention_sample_is_random(int64 kept, double expected)
{
	double		k = (double) kept;

	if (k <= expected || k - expected + k * log(expected / k) > -32)
		return true;
	warn_not_random(psprintf("It has kept %lld customers, where it would have kept %.3g at most.",
							 (long long) kept, expected));
	return false;
}

/*
 * May a base be asked for estimates?  Not if its sample can't be a random one,
 * as of keys that somebody has chosen by their hashes.
 *
 * There are no more customers than orders, which a sample knows exactly; so of
 * their hashes, no more than share * orders are expected up to its bound.  And a
 * sample that has dropped everybody had a crowd of one hash.
 *
 * Of selected customers the orders of those who were dropped are not known: a
 * sample is looked at before, and when, customers are selected from it (select.c).
 */
bool
retention_sample_is_fair(const BaseTotals *totals)
{
	if (!totals_are_estimates(totals) || totals->selected)
		return true;
	if (totals->entries == 0 && totals->orders > 0)
	{
		warn_not_random(psprintf("It has kept nobody of %lld orders: too many customers have one hash.",
								 (long long) totals->orders));
		return false;
	}
	return retention_sample_is_random(totals->customers, totals_share(totals) * (double) totals->orders);
}
