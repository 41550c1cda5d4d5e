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

#include "math/radix_sort.h"
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
	return spending->narrow ? (double) spending_units(spending, i) :
		float8_of_key(spending->keys[i]);
}

/* A customer whose money doesn't fit 64 bits, with all its digits. */
typedef struct Payer
{
	uint64		key;
	Money		money;
} Payer;

static int
compare_payers(const Payer *a, const Payer *b)
{
	Money		difference;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->money.scale == b->money.scale && a->money.nlimbs == b->money.nlimbs &&
		memcmp(a->money.limbs, b->money.limbs, a->money.nlimbs * sizeof(uint64)) == 0)
		return 0;
	difference = retention_money_sum(a->money, retention_money_negative(b->money));
	if (money_is_negative(difference.limbs, difference.nlimbs))
		return -1;
	return !money_is_zero(difference.limbs, difference.nlimbs);
}

#define ST_SORT sort_payers
#define ST_ELEMENT_TYPE Payer
#define ST_COMPARE(a, b) compare_payers(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Room for the money of many, without an allocation's overhead for each. */
typedef struct Shelf
{
	uint64	   *room;
	Size		left;
} Shelf;

#define SHELF_WORDS		8192

static Money
keep_money(Shelf *shelf, Money money)
{
	Size		nlimbs = money.nlimbs;

	if (shelf->left < nlimbs)
	{
		shelf->left = Max(nlimbs, SHELF_WORDS);
		shelf->room = palloc(shelf->left * sizeof(uint64));
	}
	memcpy(shelf->room, money.limbs, nlimbs * sizeof(uint64));
	money.limbs = shelf->room;
	shelf->room += nlimbs;
	shelf->left -= nlimbs;
	return money;
}

/*
 * What each customer has paid, ascending; if "exact", in all its digits: those
 * that a float8 has are enough for a share.  They are not for the sum of all:
 * where somebody got back nearly all that the others have paid, floating point
 * would leave few digits of it, or none.
 */
Spending
retention_spending(const struct varlena *packed, bool exact)
{
	Spending	spending = {0};
	BaseUnpacker unpacker;
	uint64		entry[ENTRY_MAX_WORDS];
	uint64	   *scratch;
	Payer	   *payers = NULL;
	Shelf		shelf = {0};
	MoneyTotal	sum = {{0}, {NULL, 0, 0}};
	Money		all;
	Size		size;
	int64		seen = 0;

	retention_base_unpack_begin(&unpacker, packed);
	spending.narrow = unpacker.words <= 1 && unpacker.scale <= UNITS_MAX_SCALE;
	spending.scale = unpacker.scale;
	size = Max(unpacker.totals.customers, 1) * sizeof(uint64);
	spending.keys = MemoryContextAllocHuge(CurrentMemoryContext, size);
	if (exact && !spending.narrow)
		payers = MemoryContextAllocHuge(CurrentMemoryContext,
										Max(unpacker.totals.customers, 1) * sizeof(Payer));
	while (retention_base_unpack_next(&unpacker, entry))
	{
		Money		amount;

		if ((++seen & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (entry[unpacker.key_words] == 0 || unpacker.words == 0)
			continue;
		if (spending.n == unpacker.totals.customers)
			elog(ERROR, "customer base has more customers than it says");
		amount = unpacked_money(&unpacker, entry);
		total_add_unpacked(&sum, &unpacker, entry);
		spending.keys[spending.n] = spending.narrow ? amount.limbs[0] ^ SIGN_BIT :
			key_of_float8(retention_money_float8(amount));
		if (payers)
		{
			payers[spending.n].key = spending.keys[spending.n];
			payers[spending.n].money = keep_money(&shelf, amount);
		}
		spending.n++;
	}
	all = total_money(&sum, unpacker.scale);
	if (spending.narrow)
		all.scale = 0;
	spending.all = retention_money_float8(all);
	if (payers)
	{
		sort_payers(payers, spending.n);
		spending.moneys = MemoryContextAllocHuge(CurrentMemoryContext,
												 Max(spending.n, 1) * sizeof(Money));
		for (int64 i = 0; i < spending.n; i++)
		{
			spending.keys[i] = payers[i].key;
			spending.moneys[i] = payers[i].money;
		}
		pfree(payers);
		return spending;
	}
	scratch = MemoryContextAllocHuge(CurrentMemoryContext, size);
	retention_radix_sort(spending.keys, scratch, spending.n);
	pfree(scratch);
	return spending;
}

/*
 * The shares of the revenue that the best customers bring, for several
 * fractions of the customers, ascending.
 */
bool
retention_top_shares(const Spending *spending, const double *fractions, int n,
					 double *results)
{
	double		sum = 0;
	int			next = 0;

	if (!(spending->all > 0))
		return false;
	for (int64 i = spending->n - 1, taken = 0; i >= 0; i--, taken++)
	{
		double		x = spent(spending, i);

		for (; next < n; next++)
		{
			double		part = fractions[next] * (double) spending->n - (double) taken;

			if (part >= 1)
				break;
			results[next] = (sum + Max(part, 0) * x) / spending->all;
		}
		sum += x;
	}
	for (; next < n; next++)
		results[next] = 1;
	return true;
}

bool
retention_gini(const Spending *spending, double *result)
{
	double		n = (double) spending->n;
	double		weighted = 0;

	/* i from the middle: less is lost where all pay about the same */
	for (int64 i = 0; i < spending->n; i++)
		weighted += (2 * (double) i + 1 - n) * spent(spending, i);
	if (!(spending->all > 0) || isinf(weighted))
		return false;
	*result = weighted / (n * spending->all);
	return true;
}

OrderCounts
retention_order_counts(const struct varlena *packed)
{
	OrderCounts counts = {0};
	BaseUnpacker unpacker;
	uint64	   *entry;
	uint64	   *scratch;
	Size		size;
	int64		seen = 0;

	retention_base_unpack_begin(&unpacker, packed);
	entry = palloc(unpacker.stride * sizeof(uint64));
	size = Max(unpacker.totals.customers, 1) * sizeof(uint64);
	counts.orders = MemoryContextAllocHuge(CurrentMemoryContext, size);
	while (retention_base_unpack_next(&unpacker, entry))
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
