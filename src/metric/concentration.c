/*-------------------------------------------------------------------------
 *
 * concentration.c
 *	  revenue_concentration: what the best customers bring, for each share of
 *	  the customers from the least to all (the Lorenz curve, from the top).
 *
 * The customers are sorted once, and one walk down from the best meets the
 * points in turn.  The shares are top_share's, which float8 is enough for; the
 * money is summed beside them in whole units, to be exact.
 *
 * What an exact base knows of its customers with an order is all there is.  Of
 * a sample's, it is multiplied by revenue of all / revenue of those kept: as
 * the former is known, that is nearer to the truth than to divide by the share
 * that was kept (a ratio estimate), and everybody brings just what there is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_state.h"
#include "metric/base_formula.h"
#include "metric/distribution.h"
#include "metric/exact_numeric.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* A curve of more is no better to look at, and each point is a row. */
#define POINTS_MAX		10000

/* Where the walk down from the best customer is. */
typedef struct Walk
{
	Spending	spending;
	int64		taken;			/* customers */
	MoneyTotal	sum;			/* what they have paid */
} Walk;

/* The best customer who isn't taken. */
static inline int64
next_customer(const Walk *walk)
{
	return walk->spending.n - 1 - walk->taken;
}

static void
walk_to(Walk *walk, int64 customers)
{
	for (; walk->taken < customers; walk->taken++)
	{
		uint64		units;
		Money		money;

		if ((walk->taken & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		money = spending_money(&walk->spending, next_customer(walk), &units);
		if (likely(money.nlimbs <= UNITS_MAX_WORDS && money.scale == units_scale(walk->spending.scale)))
			total_add(&walk->sum, money.limbs, money.nlimbs);
		else
			retention_total_add_money(&walk->sum, money);
	}
}

/* to = from * factor, where "to" is wide enough. */
static void
multiply(uint64 *to, int nto, const uint64 *from, int nfrom, uint32 factor)
{
	bool		negative = money_is_negative(from, nfrom);

	if (!retention_money_convert(from, nfrom, 0, to, nto, 0))
		elog(ERROR, "money does not fit %d limbs", nto);
	if (negative)
		retention_money_negate(to, nto);
	if (!retention_money_times(to, nto, factor, 0))
		elog(ERROR, "product of money does not fit %d limbs", nto);
	if (negative)
		retention_money_negate(to, nto);
}

/*
 * What those taken have paid, with part / whole of what the next one has: a
 * numeric, rounded to the digits of the amounts, halves away from zero.
 */
static Datum
walk_revenue(const Walk *walk, uint32 part, uint32 whole)
{
	int			scale = walk->spending.scale;
	Money		money = total_money(&walk->sum, scale);

	if (part > 0)
	{
		uint64		units;
		Money		next = retention_money_at_scale(spending_money(&walk->spending, next_customer(walk), &units), scale);
		int			n = Max(money.nlimbs, next.nlimbs) + 1;
		uint64	   *result = palloc(n * sizeof(uint64));
		uint64	   *addend = palloc(n * sizeof(uint64));
		bool		negative;

		/* (2 * sum * whole + 2 * next * part + whole) / (2 * whole) */
		multiply(result, n, money.limbs, money.nlimbs, whole);
		multiply(addend, n, next.limbs, next.nlimbs, part);
		if (!money_add(result, n, addend, n))
			elog(ERROR, "sum of money does not fit %d limbs", n);
		negative = money_is_negative(result, n);
		if (negative)
			retention_money_negate(result, n);
		if (!retention_money_times(result, n, 2, whole))
			elog(ERROR, "product of money does not fit %d limbs", n);
		(void) retention_money_divide(result, n, 2 * whole);
		if (negative)
			retention_money_negate(result, n);
		money = (Money) {result, n, scale};
	}
	return retention_money_numeric(money);
}

/* What all customers have paid whom a sample has kept, those without an order too. */
static Datum
kept_revenue(const struct varlena *packed)
{
	BaseUnpacker unpacker;
	uint64		entry[ENTRY_MAX_WORDS];
	MoneyTotal	sum = {{0}, {NULL, 0, 0}};

	retention_base_unpack_begin(&unpacker, packed);
	while (retention_base_unpack_next(&unpacker, entry))
	{
		CHECK_FOR_INTERRUPTS();
		total_add_unpacked(&sum, &unpacker, entry);
	}
	return retention_money_numeric(total_money(&sum, unpacker.scale));
}

/*
 * revenue_concentration(customer_base, int4): rows (percentile, customers,
 * share_of_customers, revenue, share_of_revenue)
 */
PG_FUNCTION_INFO_V1(retention_base_revenue_concentration);
Datum
retention_base_revenue_concentration(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int32		points = PG_GETARG_INT32(1);
	struct varlena *packed = retention_customer_pack(PG_GETARG_DATUM(0));
	BaseUnpacker unpacker;
	const BaseTotals *totals = &unpacker.totals;
	Walk		walk = {0};
	double	   *fractions;
	double	   *shares;
	int64		customers;
	Datum		kept = (Datum) 0;
	Datum		all = (Datum) 0;
	bool		has_amounts;
	bool		has_revenue;
	bool		has_shares;
	MemoryContext of_row;
	MemoryContext old;

	if (points < 1 || points > POINTS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"points\" must be between 1 and %d, not %d", POINTS_MAX, points),
				 errhint("With 100 points there is a row for each percent of the customers.")));
	InitMaterializedSRF(fcinfo, 0);
	retention_base_unpack_begin(&unpacker, packed);
	if (totals->customers == 0 || !retention_sample_is_fair(totals))
		return (Datum) 0;

	fractions = palloc(points * sizeof(double));
	shares = palloc(points * sizeof(double));
	for (int32 i = 0; i < points; i++)
		fractions[i] = (double) (i + 1) / (double) points;
	customers = retention_all_customers(totals, totals->customers);

	has_amounts = totals->revenue.limbs != NULL;
	has_revenue = has_amounts;
	has_shares = false;
	if (has_amounts)
	{
		walk.spending = retention_spending(packed, true);
		/* the state of an aggregate over one customer has their sums, and no entry */
		has_revenue = walk.spending.n > 0;
		if (has_revenue && walk.spending.n != totals->customers)
			elog(ERROR, "customer base has fewer customers than it says");
		has_shares = retention_top_shares(&walk.spending, fractions, points, shares);

		if (totals_are_estimates(totals))
		{
			kept = kept_revenue(packed);
			all = retention_all_revenue(totals);
			has_revenue = has_revenue && exact_compare(kept, exact_integer(0)) > 0;
		}
	}

	of_row = AllocSetContextCreate(CurrentMemoryContext, "revenue_concentration row",
								   ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(of_row);
	for (int32 i = 1; i <= points; i++)
	{
		/* i / points of them: so many whole, and so many points-ths of the next */
		int64		rest = totals->customers % points * i;
		int64		all_rest = customers % points * i;
		Datum		values[5] = {0};
		bool		nulls[5] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Float8GetDatum(100.0 * i / points);
		values[1] = Float8GetDatum((double) (customers / points * i + all_rest / points) +
								   (double) (all_rest % points) / points);
		values[2] = Float8GetDatum(fractions[i - 1]);
		nulls[3] = !has_revenue;
		if (has_revenue)
		{
			/* the sum stays, whatever row it is of */
			MemoryContextSwitchTo(old);
			walk_to(&walk, totals->customers / points * i + rest / points);
			MemoryContextSwitchTo(of_row);
			values[3] = walk_revenue(&walk, (uint32) (rest % points), (uint32) points);
			if (totals_are_estimates(totals))
				values[3] = DirectFunctionCall2(numeric_round,
												exact_divide(exact_multiply(values[3], all), kept),
												Int32GetDatum(walk.spending.scale));
		}
		nulls[4] = !has_shares;
		if (has_shares)
			values[4] = Float8GetDatum(shares[i - 1]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextReset(of_row);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(of_row);
	return (Datum) 0;
}
