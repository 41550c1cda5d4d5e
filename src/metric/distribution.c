/*-------------------------------------------------------------------------
 *
 * distribution.c
 *	  How revenue and orders are spread over the customers.
 *
 * Top share: the part of the revenue that the best customers bring, those who
 * paid most; a customer who is only partly among the best counts in part, so
 * that the share of the best 100 % is 1 and there are no jumps between.
 *
 * Gini coefficient: half the mean difference between two customers, relative
 * to the mean: 0 if all pay the same, near 1 if one pays everything.  With x
 * ascending, G = 2 * sum(i * x_i) / (n * sum(x)) - (n + 1) / n.
 *
 * Both are of the customers with an order; refunds are taken off, and a
 * customer may come out below zero.  A sample's customers are as good as all:
 * the shares of a fair sample are those of its base.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "metric/distribution.h"

#include "math/radix.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define SIGN_BIT	(UINT64CONST(1) << 63)

/* float8 as an unsigned number of the same order, and back. */
static uint64
key_of_float8(double value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static double
float8_of_key(uint64 key)
{
	uint64		bits = key & SIGN_BIT ? key & ~SIGN_BIT : ~key;
	double		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* In units of money (exact, up to 2^53) or in money: either has the same shares. */
static inline double
spent(const Spending *spending, int64 i)
{
	return spending->narrow ? (double) (int64) (spending->keys[i] ^ SIGN_BIT) :
		float8_of_key(spending->keys[i]);
}

Spending
retention_spending(const struct varlena *packed)
{
	Spending	spending = {0};
	Unpacker	unpacker;
	uint64	   *entry;
	uint64	   *scratch;
	Size		size;
	int64		seen = 0;

	retention_unpack_begin(&unpacker, packed);
	spending.narrow = unpacker.nlimbs == 1;
	entry = palloc(unpacker.stride * sizeof(uint64));
	size = Max(unpacker.totals.customers, 1) * sizeof(uint64);
	spending.keys = MemoryContextAllocHuge(CurrentMemoryContext, size);
	while (retention_unpack_next(&unpacker, entry))
	{
		const uint64 *money = entry + unpacker.stride - unpacker.nlimbs;
		Money		amount = {money, unpacker.nlimbs, unpacker.scale};

		if ((++seen & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (entry[unpacker.key_words] == 0 || unpacker.nlimbs == 0)
			continue;
		if (spending.n == unpacker.totals.customers)
			elog(ERROR, "customer base has more customers than it says");
		spending.keys[spending.n++] = spending.narrow ? money[0] ^ SIGN_BIT :
			key_of_float8(retention_money_float8(amount));
	}
	scratch = MemoryContextAllocHuge(CurrentMemoryContext, size);
	retention_radix_sort(spending.keys, scratch, spending.n);
	pfree(scratch);
	pfree(entry);
	return spending;
}

/* The share of the revenue that the best "fraction" of the customers bring. */
bool
retention_top_share(const Spending *spending, double fraction, double *result)
{
	double		best = fraction * (double) spending->n;
	double		top = 0;
	double		sum = 0;

	for (int64 i = spending->n - 1, taken = 0; i >= 0; i--, taken++)
	{
		double		part = Min(Max(best - (double) taken, 0), 1);
		double		x = spent(spending, i);

		top += part * x;
		sum += x;
	}
	if (!(sum > 0) || isinf(sum))
		return false;
	*result = top / sum;
	return true;
}

bool
retention_gini(const Spending *spending, double *result)
{
	double		n = (double) spending->n;
	double		sum = 0;
	double		weighted = 0;

	/* i from the middle: less is lost where all pay about the same */
	for (int64 i = 0; i < spending->n; i++)
	{
		double		x = spent(spending, i);

		sum += x;
		weighted += (2 * (double) i + 1 - n) * x;
	}
	if (!(sum > 0) || isinf(sum) || isinf(weighted))
		return false;
	*result = weighted / (n * sum);
	return true;
}

OrderCounts
retention_order_counts(const struct varlena *packed)
{
	OrderCounts counts = {0};
	Unpacker	unpacker;
	uint64	   *entry;
	uint64	   *scratch;
	Size		size;
	int64		seen = 0;

	retention_unpack_begin(&unpacker, packed);
	entry = palloc(unpacker.stride * sizeof(uint64));
	size = Max(unpacker.totals.customers, 1) * sizeof(uint64);
	counts.orders = MemoryContextAllocHuge(CurrentMemoryContext, size);
	while (retention_unpack_next(&unpacker, entry))
	{
		if ((++seen & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (entry[unpacker.key_words] == 0)
			continue;
		if (counts.n == unpacker.totals.customers)
			elog(ERROR, "customer base has more customers than it says");
		counts.orders[counts.n++] = entry[unpacker.key_words];
	}
	scratch = MemoryContextAllocHuge(CurrentMemoryContext, size);
	retention_radix_sort(counts.orders, scratch, counts.n);
	pfree(scratch);
	pfree(entry);
	return counts;
}
