/*-------------------------------------------------------------------------
 *
 * kpi_by_period.c
 *	  The numbers of a shop for each period: what the view kpi_by_period reads.
 *
 * One pass over the customers of a history finds all that a period has.  What its
 * best customers have paid takes what each of them has: a word for each customer and
 * period, in chunks, and sorted one period at a time.  Money that no word holds is
 * numeric, and so is then all of its period.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "history/period_balance.h"

#include "funcapi.h"
#include "math/radix_sort.h"
#include "metric/exact_numeric.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* The best are one customer in so many. */
#define BEST_OF			5

#define CHUNK_PAYMENTS	509
#define SIGN_BIT		(UINT64CONST(1) << 63)

typedef struct Chunk
{
	struct Chunk *next;
	int			n;
	uint64		units[CHUNK_PAYMENTS];	/* ordered as numbers without a sign */
} Chunk;

/* What the customers with an order in a period have paid in it. */
typedef struct Payments
{
	Chunk	   *chunks;
	int64		nwide;
	int64		room;
	Datum	   *wide;			/* numerics */
} Payments;

/* What guests did in a period. */
typedef struct Guests
{
	int64		orders;
	MoneyTotal	revenue;
} Guests;

typedef struct ShopByPeriod
{
	PeriodBalance balance;
	Payments   *payments;
	Guests	   *guests;
	MemoryContext context;		/* of all payments */
} ShopByPeriod;

static void
add_payment(int64 period, const MoneyTotal *paid, void *arg)
{
	ShopByPeriod *shop = arg;
	Payments   *payments = &shop->payments[period];
	uint64		sign = (uint64) ((int64) paid->units[0] >> 63);

	if (likely(paid->wide.limbs == NULL && paid->units[1] == sign && paid->units[2] == sign))
	{
		Chunk	   *chunk = payments->chunks;

		if (chunk == NULL || chunk->n == CHUNK_PAYMENTS)
		{
			chunk = MemoryContextAlloc(shop->context, sizeof(Chunk));
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
			MemoryContextAlloc(shop->context, payments->room * sizeof(Datum));
	}
	payments->wide[payments->nwide++] = question_numeric(&shop->balance.question, paid);
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
static Datum
best_revenue(const Question *question, const Payments *payments, int64 n, double *share)
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

/* All that guests have done, which is read before any customer. */
static void
count_guests(ShopByPeriod *shop)
{
	Question   *question = &shop->balance.question;
	HistoryUnpacker *unpacker = &question->unpacker;
	const Run  *run = retention_history_unpack_nobody(unpacker);
	RunCursor	cursor;
	CustomerView nobody;

	if (run == NULL)
		return;
	if (unpacker->wide)
		(void) retention_history_mark_nobody(unpacker);
	run_begin(&cursor, run, unpacker->shape);
	(void) run_next(&cursor, &nobody);
	for (int64 i = 0; i < nobody.n; i++)
	{
		const uint64 *occasion = nobody.occasions + i * occasion_words(unpacker->shape);
		Guests	   *guests;

		if (mark_kind(*occasion) >= OF_NO_AMOUNT)
			continue;
		guests = &shop->guests[question_period(question, mark_period(*occasion)) - question->first];
		if (mark_kind(*occasion) == OF_GUEST_ORDERS)
			guests->orders += mark_count(*occasion);
		if (question_has_money(question))
			question_add_money(question, &guests->revenue, &nobody, occasion);
	}
}

/*
 * _retention_kpi_by_period(purchase_history, period, trailing_periods): rows
 * (period_start, is_complete, customers, repeat_customers, new_customers, orders,
 * new_orders, revenue, new_revenue, refunds, refunded, guest_orders, guest_revenue,
 * lifespan_days, top_20_percent_revenue, top_20_percent_share, trailing_customers,
 * trailing_repeat_customers, trailing_repeat_rate)
 */
PG_FUNCTION_INFO_V1(retention_history_kpi_by_period);
Datum
retention_history_kpi_by_period(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ShopByPeriod shop = {.context = CurrentMemoryContext};
	PeriodBalance *balance = &shop.balance;
	Question   *question = &balance->question;
	int64		trailing[TRAILING_KINDS] = {0};
	int64		first_ordered = PG_INT64_MAX;	/* the period of the first order, and of the last one */
	int64		last_ordered = -1;
	int64		periods;
	MemoryContext row_context;
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	retention_question_begin_all(question, fcinfo, 1);
	if (question->empty)
		return (Datum) 0;
	balance->trailing_periods = PG_GETARG_INT32(2);
	balance->visitor = question_has_money(question) ? add_payment : NULL;
	balance->arg = &shop;
	periods = (int64) question->last - question->first + 1;
	retention_question_check_cells((double) periods, sizeof(BalanceCell) + sizeof(Payments) + sizeof(Guests));
	shop.payments = palloc_extended(periods * sizeof(Payments), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	shop.guests = palloc_extended(periods * sizeof(Guests), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	count_guests(&shop);
	retention_balance_count(balance);
	for (int64 i = 0; i < balance->n; i++)
		if (balance->cells[i].customers > 0)
		{
			first_ordered = Min(first_ordered, i);
			last_ordered = i;
		}

	/* where it has not been heard of for long, others have */
	if (question->of_part && question->unpacker.whole.first_day != DAY_NEVER_FIRST)
	{
		first_ordered = (int64) period_of_day(question->unpacker.whole.first_day, &question->period) - question->first;
		last_ordered = (int64) period_of_day(question->unpacker.whole.last_day, &question->period) - question->first;
	}

	row_context = AllocSetContextCreate(CurrentMemoryContext, "shop by period row", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(row_context);
	for (int64 i = 0; i < balance->n; i++)
	{
		const BalanceCell *cell = &balance->cells[i];
		Datum		values[19];
		bool		nulls[19] = {false};
		double		share;

		CHECK_FOR_INTERRUPTS();
		retention_balance_trail(balance, i, trailing);
		values[0] = retention_question_date(question, (int32) (question->first + i));
		values[1] = BoolGetDatum(i < (last_ordered >= 0 ? last_ordered : balance->n - 1));
		values[2] = Int64GetDatum(cell->customers);
		values[3] = Int64GetDatum(cell->repeaters);
		values[4] = Int64GetDatum(cell->new_customers);
		values[5] = Int64GetDatum(cell->orders);
		values[6] = Int64GetDatum(cell->new_orders);
		values[9] = Int64GetDatum(cell->refunds);
		values[11] = Int64GetDatum(shop.guests[i].orders);
		nulls[13] = cell->customers == 0;
		if (!nulls[13])
			values[13] = Float8GetDatum((double) cell->span / (double) cell->customers);
		nulls[7] = nulls[8] = nulls[10] = nulls[12] = !question_has_money(question);
		nulls[14] = nulls[15] = nulls[7] || cell->customers == 0;
		if (!nulls[7])
		{
			MoneyTotal	total = {0};

			total_add_total(&total, &cell->new_revenue);
			total_add_total(&total, &cell->old_revenue);
			values[7] = question_numeric(question, &total);
			values[8] = question_numeric(question, &cell->new_revenue);
			values[10] = question_numeric(question, &cell->refunded);
			values[12] = question_numeric(question, &shop.guests[i].revenue);
		}
		if (!nulls[14])
		{
			values[14] = best_revenue(question, &shop.payments[i], cell->customers, &share);
			values[15] = Float8GetDatum(share);
			nulls[15] = isnan(share);
		}
		values[16] = Int64GetDatum(trailing[TRAILING_CUSTOMERS]);
		values[17] = Int64GetDatum(trailing[TRAILING_REPEATERS]);
		nulls[18] = i < first_ordered || !balance_has_trailing_rate(balance, i - first_ordered, trailing);
		if (!nulls[18])
			values[18] = Float8GetDatum(balance_trailing_rate(trailing));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row_context);
	return (Datum) 0;
}
