/*-------------------------------------------------------------------------
 *
 * standard_error.c
 *	  Standard errors of what a sample of customers says.
 *
 * A sample keeps each customer with the same chance p, its share; so a sum
 * over all customers is estimated by the sum over those kept, divided by p,
 * without bias (Horvitz & Thompson 1952; for samples bounded by the first hash
 * that was dropped: Duffield, Lund & Thorup 2007, "Priority sampling").  The
 * variance of that estimate is estimated by (1 - p) / p^2 * sum(e^2), where e is
 * what each kept customer adds to it.
 *
 * A metric is a ratio of such sums, or of a sum known exactly and one that is
 * estimated; to first order its error is that of a sum of
 *
 *		e = derivative of the metric by each sum * what the customer adds to it
 *
 * (Taylor linearization; Saerndal, Swensson & Wretman 1992, "Model assisted
 * survey sampling", 5.5).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "metric/base_formula.h"
#include "metric/distribution.h"

#include "utils/timestamp.h"

typedef enum Metric
{
	METRIC_CUSTOMERS,
	METRIC_ORDERS,
	METRIC_REVENUE,
	METRIC_AOV,
	METRIC_PURCHASE_FREQUENCY,
	METRIC_REPEAT_RATE,
	METRIC_CUSTOMER_VALUE,
	METRIC_LIFETIME_SPAN,
	METRIC_CLV
} Metric;

static const char *const metric_names[] = {
	[METRIC_CUSTOMERS] = "customers",
	[METRIC_ORDERS] = "orders",
	[METRIC_REVENUE] = "revenue",
	[METRIC_AOV] = "aov",
	[METRIC_PURCHASE_FREQUENCY] = "purchase_frequency",
	[METRIC_REPEAT_RATE] = "repeat_rate",
	[METRIC_CUSTOMER_VALUE] = "customer_value",
	[METRIC_LIFETIME_SPAN] = "lifetime_span",
	[METRIC_CLV] = "clv"
};

static Metric
metric_of_name(const char *name)
{
	StringInfoData known;

	for (int i = 0; i < lengthof(metric_names); i++)
		if (strcmp(metric_names[i], name) == 0)
			return i;

	initStringInfo(&known);
	for (int i = 0; i < lengthof(metric_names); i++)
		appendStringInfo(&known, "%s%s", i == 0 ? "" : ", ", metric_names[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no standard error for metric \"%s\"", name),
			 errhint("Metrics with a standard error are %s.", known.data)));
}

/* What one customer adds to the sums, and the sums over all who are kept. */
typedef struct Parts
{
	double		customers;
	double		repeaters;
	double		orders;
	double		revenue;
	double		lifespan;		/* days */
} Parts;

static Parts
parts_of_totals(const BaseTotals *totals)
{
	Parts		parts;

	parts.customers = (double) totals->customers;
	parts.repeaters = (double) totals->repeaters;
	parts.orders = (double) totals->orders;
	parts.revenue = totals->revenue.limbs ? retention_money_float8(totals->revenue) : 0;
	parts.lifespan = ((double) totals->lifespan[1] * 18446744073709551616.0 +
					  (double) totals->lifespan[0]) / USECS_PER_DAY;
	return parts;
}

static Parts
parts_of_entry(const BaseUnpacker *unpacker, const uint64 *entry)
{
	const uint64 *facts = entry + unpacker->key_words;
	Parts		parts;

	parts.customers = facts[0] > 0;
	parts.repeaters = facts[0] > 1;
	parts.orders = (double) facts[0];
	parts.revenue = 0;
	if (unpacker->words > 0)
		parts.revenue = retention_money_float8(unpacked_money(unpacker, entry));
	parts.lifespan = unpacker->has_time && facts[0] > 0 ?
		(double) (facts[2] - facts[1]) / USECS_PER_DAY : 0;
	return parts;
}

/* Is the metric known without error, whatever was dropped? */
static bool
metric_is_exact(Metric metric, const BaseTotals *totals)
{
	return !totals_are_estimates(totals) ||
		(!totals->selected &&
		 (metric == METRIC_ORDERS || metric == METRIC_REVENUE || metric == METRIC_AOV));
}

/*
 * The e of the customer, times p where the sum is one over those kept (all
 * have the same factor then): "whole" are the sums of the base, which for
 * orders and revenue are exact unless its customers are selected.
 */
static double
contribution(Metric metric, Parts one, Parts whole, double p, bool selected)
{
	switch (metric)
	{
		case METRIC_CUSTOMERS:
			return one.customers;
		case METRIC_ORDERS:
			return one.orders;
		case METRIC_REVENUE:
			return one.revenue;
		case METRIC_AOV:
			return p * (one.revenue - whole.revenue / whole.orders * one.orders) / whole.orders;
		case METRIC_REPEAT_RATE:
			return p * (one.repeaters - whole.repeaters / whole.customers * one.customers) /
				whole.customers;
		case METRIC_LIFETIME_SPAN:
			return p * (one.lifespan - whole.lifespan / whole.customers * one.customers) /
				whole.customers;
		case METRIC_PURCHASE_FREQUENCY:
			if (selected)
				return p * (one.orders - whole.orders / whole.customers * one.customers) /
					whole.customers;
			return p * p * whole.orders / whole.customers * one.customers / whole.customers;
		case METRIC_CUSTOMER_VALUE:
			if (selected)
				return p * (one.revenue - whole.revenue / whole.customers * one.customers) /
					whole.customers;
			return p * p * whole.revenue / whole.customers * one.customers / whole.customers;
		case METRIC_CLV:
			/* relative: that of revenue / customers, and that of the mean lifespan */
			return p * ((whole.lifespan > 0 ? one.lifespan / whole.lifespan : 0) -
						2 * one.customers / whole.customers +
						(selected && whole.revenue != 0 ? one.revenue / whole.revenue : 0));
	}
	pg_unreachable();
}

/*
 * Returns false where the metric itself is NULL.  The unit is that of the
 * metric; days for a lifetime span.
 */
bool
retention_standard_error(const struct varlena *packed, const char *name, double *result)
{
	Metric		metric = metric_of_name(name);
	BaseUnpacker unpacker;
	const BaseTotals *totals = &unpacker.totals;
	Parts		whole;
	double		p;
	double		squares = 0;
	double		clv = 1;
	uint64	   *entry;

	retention_base_unpack_begin(&unpacker, packed);
	if ((metric == METRIC_REVENUE || metric == METRIC_AOV || metric == METRIC_CUSTOMER_VALUE ||
		 metric == METRIC_CLV) && totals->amount == AMOUNT_NONE)
		return false;
	if ((metric == METRIC_LIFETIME_SPAN || metric == METRIC_CLV) && totals->time == TIME_NONE)
		return false;
	if (metric != METRIC_CUSTOMERS && metric != METRIC_ORDERS && metric != METRIC_REVENUE &&
		totals->customers == 0)
		return false;
	if (metric == METRIC_CLV && !retention_clv_float8(totals, &clv))
		return false;

	*result = 0;
	if (metric_is_exact(metric, totals))
		return true;

	p = totals_share(totals);
	whole = parts_of_totals(totals);
	entry = palloc(unpacker.stride * sizeof(uint64));
	while (retention_base_unpack_next(&unpacker, entry))
	{
		double		e = contribution(metric, parts_of_entry(&unpacker, entry), whole, p,
									 totals->selected);

		squares += e * e;
	}
	pfree(entry);
	*result = fabs(clv) * sqrt((1 - p) * squares) / p;
	return true;
}
