/*-------------------------------------------------------------------------
 *
 * value_within.c
 *	  What customers have ordered and paid so many days after the first order.
 *
 * Right-censoring is honoured, as in retained.c: who has not been a customer for
 * so many days by the horizon is not counted, neither they nor their money.  So
 * each number of days has customers of its own, and the value of a customer at
 * that age is theirs alone.
 *
 * A number of days that a customer is old enough for sees all that the shorter
 * ones see.  So an occasion is added where it's first seen, and taken away again
 * behind the last number that its customer is old enough for: two additions,
 * however many numbers are asked about.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/question.h"

#include "funcapi.h"
#include "metric/exact_numeric.h"
#include "miscadmin.h"
#include "order/days_argument.h"
#include "utils/tuplestore.h"

typedef struct Sum
{
	int64		orders;
	MoneyTotal	revenue;
} Sum;

/* What is known of a number of days. */
typedef struct Age
{
	int32		days;
	int64		oldest;			/* customers who are old enough for this, and for no longer one */
	Sum			from;			/* what this one sees and shorter ones don't */
	Sum			until;			/* all of the oldest, which longer ones don't see */

	/* when all customers are counted */
	int64		eligible;
	int64		orders;
	Datum		revenue;
} Age;

typedef struct Ages
{
	Question	question;
	Age		   *ages;			/* ascending, each once */
	int			n;
} Ages;

static int
compare_days(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return (left > right) - (left < right);
}

static void
make_ages(Ages *ages, const int32 *days, int n)
{
	int32	   *sorted = palloc(Max(n, 1) * sizeof(int32));

	memcpy(sorted, days, n * sizeof(int32));
	qsort(sorted, n, sizeof(int32), compare_days);
	ages->ages = palloc_extended(Max(n, 1) * sizeof(Age), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < n; i++)
		if (i == 0 || sorted[i] != sorted[i - 1])
			ages->ages[ages->n++].days = sorted[i];
	pfree(sorted);
}

/* The first that is at least so many days, from one on; n if there is none. */
static int
find_age(const Ages *ages, int from, int32 days)
{
	int			low = from;
	int			high = ages->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (ages->ages[middle].days < days)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
add_occasion_to(Sum *sum, const Question *question, const CustomerView *customer, const uint64 *occasion)
{
	sum->orders += mark_orders(*occasion);
	if (question_has_money(question))
		question_add_money(question, &sum->revenue, customer, occasion);
}

static void
add_customer(Ages *ages, const CustomerView *customer)
{
	const Question *question = &ages->question;
	int			words = occasion_words(question->unpacker.shape);
	const uint64 *end = customer->occasions + customer->n * words;
	int32		first;
	int64		orders;
	int			oldest;
	int			at = 0;

	if (!question_first_order(question, customer, &first, &orders))
		return;
	oldest = find_age(ages, 0, question->as_of - first + 1) - 1;
	if (oldest < 0)
		return;
	ages->ages[oldest].oldest++;
	for (const uint64 *occasion = customer->occasions; occasion < end; occasion += words)
	{
		int32		days = mark_period(*occasion) - first;

		/* what they gave back before they are known to have bought is of no age */
		if (days < 0)
			continue;
		if (days > ages->ages[oldest].days)
			break;
		at = find_age(ages, at, days);
		add_occasion_to(&ages->ages[at].from, question, customer, occasion);
		add_occasion_to(&ages->ages[oldest].until, question, customer, occasion);
	}
}

/* Sums of what each has seen. */
static void
add_up(Ages *ages)
{
	const Question *question = &ages->question;
	Sum			seen = {0};
	Sum			gone = {0};
	int64		eligible = 0;

	for (int i = ages->n - 1; i >= 0; i--)
		ages->ages[i].eligible = eligible += ages->ages[i].oldest;
	for (int i = 0; i < ages->n; i++)
	{
		Age		   *age = &ages->ages[i];

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		seen.orders += age->from.orders;
		age->orders = seen.orders - gone.orders;
		gone.orders += age->until.orders;
		if (!question_has_money(question))
			continue;
		total_add_total(&seen.revenue, &age->from.revenue);
		age->revenue = exact_subtract(question_numeric(question, &seen.revenue),
									  question_numeric(question, &gone.revenue));
		total_add_total(&gone.revenue, &age->until.revenue);
	}
}

/*
 * value_within(purchase_history, days, as_of, anchor): rows (days, eligible, orders,
 * revenue, purchase_frequency, aov, customer_value)
 */
PG_FUNCTION_INFO_V1(retention_value_within);
Datum
retention_value_within(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Ages		ages = {0};
	CustomerView customer;
	int32	   *days;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	days = retention_days_of_array(PG_GETARG_ARRAYTYPE_P(1), &n);
	make_ages(&ages, days, n);
	retention_question_begin_anchored(&ages.question, fcinfo, NO_ARG, 2, 3, true);
	retention_question_needs_days(&ages.question);
	while (question_next(&ages.question, &customer))
		add_customer(&ages, &customer);
	add_up(&ages);
	for (int i = 0; i < n; i++)
	{
		const Age  *age = &ages.ages[find_age(&ages, 0, days[i])];
		Datum		values[7];
		bool		nulls[7] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Int32GetDatum(days[i]);
		values[1] = Int64GetDatum(age->eligible);
		values[2] = Int64GetDatum(age->orders);
		values[3] = age->revenue;
		nulls[3] = !question_has_money(&ages.question);
		nulls[4] = age->eligible == 0;
		nulls[5] = nulls[3] || age->orders == 0;
		nulls[6] = nulls[3] || nulls[4];
		if (!nulls[4])
			values[4] = Float8GetDatum((double) age->orders / (double) age->eligible);
		if (!nulls[5])
			values[5] = exact_divide(age->revenue, exact_integer(age->orders));
		if (!nulls[6])
			values[6] = exact_divide(age->revenue, exact_integer(age->eligible));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
