/*-------------------------------------------------------------------------
 *
 * single.c
 *	  The state of an aggregate over the orders of one customer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/single.h"

SingleBase *
retention_single_create(TimeKind time, AmountKind amount)
{
	int			nlimbs = amount == AMOUNT_NONE ? 0 : 1;
	Size		size = single_size(time, nlimbs);
	SingleBase *single = palloc0(size);

	SET_VARSIZE(single, size);
	single->form = FORM_SINGLE;
	single->key = KEY_NONE;
	single->time = (uint8) time;
	single->amount = (uint8) amount;
	single->nlimbs = money_checked_limbs(nlimbs);
	if (time != TIME_NONE)
	{
		single->words[0] = (uint64) INSTANT_NEVER_FIRST;
		single->words[1] = (uint64) INSTANT_NEVER_LAST;
	}
	return single;
}

/* A new state with money at this scale and in these limbs, or more of them. */
SingleBase *
retention_single_widen(SingleBase *single, int scale, int nlimbs)
{
	for (;; nlimbs += money_limbs_for_scale(scale - single->scale))
	{
		Size		size = single_size(single->time, nlimbs);
		SingleBase *wide = palloc(size);

		memcpy(wide, single, single_size(single->time, 0));
		SET_VARSIZE(wide, size);
		wide->nlimbs = money_checked_limbs(nlimbs);
		wide->scale = (uint16) scale;
		if (scale != single->scale)
			wide->scale_rows = 0;
		if (retention_money_convert(single_money(single), single->nlimbs, single->scale,
									single_money(wide), nlimbs, scale))
			return wide;
		pfree(wide);
	}
}

/* Add money; returns a new state if it had to widen. */
SingleBase *
retention_single_add(SingleBase *single, Money money)
{
	uint64	   *converted;

	if (money.scale == single->scale && money.nlimbs <= single->nlimbs &&
		money_add(single_money(single), single->nlimbs, money.limbs, money.nlimbs))
		return single;
	if (money.scale > single->scale || money.nlimbs > single->nlimbs)
		single = retention_single_widen(single, Max(money.scale, single->scale),
										Max(money.nlimbs, single->nlimbs));
	for (;;)
	{
		bool		added;

		converted = palloc(single->nlimbs * sizeof(uint64));
		added = retention_money_convert(money.limbs, money.nlimbs, money.scale,
										converted, single->nlimbs, single->scale) &&
			money_add(single_money(single), single->nlimbs, converted, single->nlimbs);
		pfree(converted);
		if (added)
			return single;
		single = retention_single_widen(single, single->scale, single->nlimbs + 1);
	}
}

/* Add what another state knows. */
SingleBase *
retention_single_merge(SingleBase *single, const BaseTotals *totals)
{
	single->orders += totals->orders;
	if (single->time != TIME_NONE)
		single_see(single, totals->first, totals->last);
	if (single->amount != AMOUNT_NONE)
		single = retention_single_add(single, totals->revenue);
	return single;
}

void
retention_single_totals(SingleBase *single, BaseTotals *totals)
{
	static const uint64 nothing[1] = {0};

	memset(totals, 0, sizeof(BaseTotals));
	totals->key = KEY_NONE;
	totals->time = single->time;
	totals->amount = single->amount;
	totals->bound = PG_UINT64_MAX;
	totals->customers = single->orders > 0;
	totals->repeaters = single->orders > 1;
	totals->orders = single->orders;
	totals->first = INSTANT_NEVER_FIRST;
	totals->last = INSTANT_NEVER_LAST;
	if (single->time != TIME_NONE)
	{
		totals->first = (int64) single->words[0];
		totals->last = (int64) single->words[1];
		if (totals->first <= totals->last)
			totals->lifespan[0] = (uint64) totals->last - (uint64) totals->first;
	}
	if (single->amount != AMOUNT_NONE)
	{
		totals->revenue.limbs = single_money(single);
		totals->revenue.nlimbs = single->nlimbs;
		totals->revenue.scale = single->scale;
		totals->refunded.limbs = nothing;
		totals->refunded.nlimbs = 1;
		totals->refunded.scale = single->scale;
		totals->guest_revenue = totals->refunded;
	}
}
