/*-------------------------------------------------------------------------
 *
 * base_totals.c
 *	  Can what a sample of customers knows stand for all of them?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/base_totals.h"

#include "access/xact.h"

/* Once a statement: who asks a sample for one number asks for others, too, and samples come by the thousand. */
static void
warn_not_random(char *detail)
{
	static TimestampTz warned = 0;

	if (warned == GetCurrentStatementStartTimestamp())
		return;
	warned = GetCurrentStatementStartTimestamp();
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
 * sample is looked at before, and when, customers are selected from it (customer_selection.c).
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

/* Those of other customers. */
void
retention_counts_add(EntryCounts *counts, const EntryCounts *others)
{
	counts->customers += others->customers;
	counts->repeaters += others->repeaters;
	if (pg_add_s64_overflow(counts->orders, others->orders, &counts->orders))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("customer base has more than %lld orders", (long long) PG_INT64_MAX)));
	counts->lifespan[1] += others->lifespan[1];
	lifespan_add(counts->lifespan, others->lifespan[0], 0);
	counts->first = Min(counts->first, others->first);
	counts->last = Max(counts->last, others->last);
	sum_add_sum(counts->revenue, others->revenue);
}

/* The totals of nothing: an exact base. */
void
retention_totals_begin(BaseTotals *totals, KeyKind key, TimeKind time, AmountKind amount)
{
	static const uint64 zero[1] = {0};

	memset(totals, 0, sizeof(BaseTotals));
	totals->key = key;
	totals->time = time;
	totals->amount = amount;
	totals->bound = PG_UINT64_MAX;
	totals->first = INSTANT_NEVER_FIRST;
	totals->last = INSTANT_NEVER_LAST;
	if (amount != AMOUNT_NONE)
		totals->revenue = totals->refunded = totals->guest_revenue = (Money) {zero, 1, 0};
}

/*
 * What is counted of customers; "wide" is their money that is kept elsewhere.  The
 * counts have to stay where they are for as long as the totals are read.
 */
void
retention_totals_add_counts(BaseTotals *totals, const EntryCounts *counts, Money wide, int scale)
{
	totals->customers = counts->customers;
	totals->repeaters = counts->repeaters;
	totals->orders = counts->orders;
	totals->lifespan[0] = counts->lifespan[0];
	totals->lifespan[1] = counts->lifespan[1];
	totals->first = counts->first;
	totals->last = counts->last;
	if (totals->amount != AMOUNT_NONE)
		totals->revenue = retention_total_money(counts->revenue, wide, scale);
}

/* What is counted of rows, likewise. */
void
retention_totals_add_rows(BaseTotals *totals, const RowCounts *rows, Money refunded,
						  Money guest_revenue, int scale)
{
	totals->refunds = rows->refunds;
	totals->guest_orders = rows->guest_orders;
	totals->guest_refunds = rows->guest_refunds;
	if (totals->amount != AMOUNT_NONE)
	{
		totals->refunded = retention_total_money(rows->refunded, refunded, scale);
		totals->guest_revenue = retention_total_money(rows->guest_revenue, guest_revenue, scale);
	}
}
