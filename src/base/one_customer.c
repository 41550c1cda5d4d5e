/*-------------------------------------------------------------------------
 *
 * one_customer.c
 *	  The state of an aggregate over the orders of one customer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/one_customer.h"

OneCustomer *
retention_one_customer_create(TimeKind time, AmountKind amount)
{
	int			nlimbs = amount == AMOUNT_NONE ? 0 : 1;
	Size		size = one_customer_size(time, nlimbs);
	OneCustomer *one = palloc0(size);

	SET_VARSIZE(one, size);
	one->form = FORM_ONE_CUSTOMER;
	one->key = KEY_NONE;
	one->time = (uint8) time;
	one->amount = (uint8) amount;
	one->nlimbs = money_checked_limbs(nlimbs);
	if (time != TIME_NONE)
	{
		one->words[0] = (uint64) INSTANT_NEVER_FIRST;
		one->words[1] = (uint64) INSTANT_NEVER_LAST;
	}
	return one;
}

/* A new state with money at this scale and in these limbs, or more of them. */
OneCustomer *
retention_one_customer_widen(OneCustomer *one, int scale, int nlimbs)
{
	for (;; nlimbs += money_limbs_for_scale(scale - one->scale))
	{
		Size		size = one_customer_size(one->time, nlimbs);
		OneCustomer *wide = palloc(size);

		memcpy(wide, one, one_customer_size(one->time, 0));
		SET_VARSIZE(wide, size);
		wide->nlimbs = money_checked_limbs(nlimbs);
		wide->scale = (uint16) scale;
		if (scale != one->scale)
			wide->scale_rows = 0;
		if (retention_money_convert(one_customer_money(one), one->nlimbs, one->scale,
									one_customer_money(wide), nlimbs, scale))
			return wide;
		pfree(wide);
	}
}

/* Add money; returns a new state if it had to widen. */
OneCustomer *
retention_one_customer_add(OneCustomer *one, Money money)
{
	uint64	   *converted;

	if (money.scale == one->scale && money.nlimbs <= one->nlimbs &&
		money_add(one_customer_money(one), one->nlimbs, money.limbs, money.nlimbs))
		return one;
	if (money.scale > one->scale || money.nlimbs > one->nlimbs)
		one = retention_one_customer_widen(one, Max(money.scale, one->scale),
										   Max(money.nlimbs, one->nlimbs));
	for (;;)
	{
		bool		added;

		converted = palloc(one->nlimbs * sizeof(uint64));
		added = retention_money_convert(money.limbs, money.nlimbs, money.scale,
										converted, one->nlimbs, one->scale) &&
			money_add(one_customer_money(one), one->nlimbs, converted, one->nlimbs);
		pfree(converted);
		if (added)
			return one;
		one = retention_one_customer_widen(one, one->scale, one->nlimbs + 1);
	}
}

/* Add what another state knows. */
OneCustomer *
retention_one_customer_merge(OneCustomer *one, const BaseTotals *totals)
{
	one->orders += totals->orders;
	if (one->time != TIME_NONE)
		one_customer_see(one, totals->first, totals->last);
	if (one->amount != AMOUNT_NONE)
		one = retention_one_customer_add(one, totals->revenue);
	return one;
}

void
retention_one_customer_totals(OneCustomer *one, BaseTotals *totals)
{
	static const uint64 nothing[1] = {0};

	memset(totals, 0, sizeof(BaseTotals));
	totals->key = KEY_NONE;
	totals->time = one->time;
	totals->amount = one->amount;
	totals->bound = PG_UINT64_MAX;
	totals->customers = one->orders > 0;
	totals->repeaters = one->orders > 1;
	totals->orders = one->orders;
	totals->first = INSTANT_NEVER_FIRST;
	totals->last = INSTANT_NEVER_LAST;
	if (one->time != TIME_NONE)
	{
		totals->first = (int64) one->words[0];
		totals->last = (int64) one->words[1];
		if (totals->first <= totals->last)
			totals->lifespan[0] = (uint64) totals->last - (uint64) totals->first;
	}
	if (one->amount != AMOUNT_NONE)
	{
		totals->revenue.limbs = one_customer_money(one);
		totals->revenue.nlimbs = one->nlimbs;
		totals->revenue.scale = one->scale;
		totals->refunded.limbs = nothing;
		totals->refunded.nlimbs = 1;
		totals->refunded.scale = one->scale;
		totals->guest_revenue = totals->refunded;
	}
}
