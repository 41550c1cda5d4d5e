/*-------------------------------------------------------------------------
 *
 * payments.c
 *	  What customers have paid, and what the best of them have.
 *
 * It takes a word a customer, in chunks, and one sort.  Money that no word holds is
 * numeric, and so is then all of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/payments.h"

#include "math/radix_sort.h"
#include "metric/exact_numeric.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

/* The best are one customer in so many. */
#define BEST_OF			5

#define SIGN_BIT		(UINT64CONST(1) << 63)

/* Add what a customer has paid; what is kept is allocated in the context. */
void
retention_payments_add(Payments *payments, const Question *question, const MoneyTotal *paid, MemoryContext context)
{
	uint64		sign = (uint64) ((int64) paid->units[0] >> 63);
	MemoryContext old;

	if (likely(paid->wide.limbs == NULL && paid->units[1] == sign && paid->units[2] == sign))
	{
		Chunk	   *chunk = payments->chunks;

		if (chunk == NULL || chunk->n == CHUNK_PAYMENTS)
		{
			chunk = MemoryContextAlloc(context, sizeof(Chunk));
			chunk->next = payments->chunks;
			chunk->n = 0;
			payments->chunks = chunk;
		}
		chunk->units[chunk->n++] = paid->units[0] ^ SIGN_BIT;
		return;
	}
	if (payments->nwide == payments->room)
	{
		payments->room = Max(2 * payments->room, 16);
		payments->wide = payments->wide ? repalloc_huge(payments->wide, payments->room * sizeof(Datum)) :
			MemoryContextAlloc(context, payments->room * sizeof(Datum));
	}
	old = MemoryContextSwitchTo(context);
	payments->wide[payments->nwide++] = question_numeric(question, paid);
	MemoryContextSwitchTo(old);
}

static int
compare_numerics(const void *a, const void *b)
{
	return exact_compare(*(const Datum *) a, *(const Datum *) b);
}

static Datum
units_numeric(const Question *question, uint64 units)
{
	MoneyTotal	total = {0};

	units ^= SIGN_BIT;
	total_add(&total, &units, 1);
	return question_numeric(question, &total);
}

/*
 * What the best of n customers have paid, where one who is best in part counts with
 * that part: a numeric, rounded to the digits of the amounts; and their share of what
 * all n have paid, if that is above 0.  In the current context.
 */
Datum
retention_payments_best(const Payments *payments, const Question *question, int64 n, double *share)
{
	int64		whole = n / BEST_OF;
	int64		part = n % BEST_OF;
	int64		narrow = n - payments->nwide;
	uint64	   *units = palloc_extended(2 * Max(narrow, 1) * sizeof(uint64), MCXT_ALLOC_HUGE);
	int64		at = 0;
	Datum		sum;
	Datum		all_paid;
	Datum		next = (Datum) 0;

	for (const Chunk *chunk = payments->chunks; chunk; chunk = chunk->next)
	{
		memcpy(units + at, chunk->units, chunk->n * sizeof(uint64));
		at += chunk->n;
	}
	Assert(at == narrow);
	if (payments->nwide == 0)
	{
		MoneyTotal	total = {0};
		MoneyTotal	best = {0};

		retention_radix_sort(units, units + narrow, narrow);
		for (int64 i = 1; i <= n; i++)
		{
			uint64		paid = units[n - i] ^ SIGN_BIT;

			if (i == whole + 1)
				best = total;
			total_add(&total, &paid, 1);
		}
		sum = question_numeric(question, &best);
		all_paid = question_numeric(question, &total);
		if (part > 0)
			next = units_numeric(question, units[n - whole - 1]);
	}
	else
	{
		Datum	   *all = palloc_extended(n * sizeof(Datum), MCXT_ALLOC_HUGE);

		memcpy(all, payments->wide, payments->nwide * sizeof(Datum));
		for (int64 i = 0; i < narrow; i++)
		{
			CHECK_FOR_INTERRUPTS();
			all[payments->nwide + i] = units_numeric(question, units[i]);
		}
		qsort(all, n, sizeof(Datum), compare_numerics);
		sum = all_paid = exact_integer(0);
		for (int64 i = 1; i <= n; i++)
		{
			if (i == whole + 1)
				sum = all_paid;
			all_paid = exact_add(all_paid, all[n - i]);
		}
		if (part > 0)
			next = all[n - whole - 1];
	}
	if (part > 0)
		sum = exact_add(sum, exact_divide(exact_multiply(next, exact_integer(part)), exact_integer(BEST_OF)));
	*share = exact_compare(all_paid, exact_integer(0)) <= 0 ? get_float8_nan() :
		DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, exact_divide(sum, all_paid)));
	return DirectFunctionCall2(numeric_round, sum, Int32GetDatum(question->unpacker.totals.revenue.scale));
}
