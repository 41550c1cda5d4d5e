/*-------------------------------------------------------------------------
 *
 * retained.c
 *	  Who comes back within, on, after or between so many days of the first
 *	  order.
 *
 * Right-censoring is honoured: who has not been a customer for so many days
 * by the horizon can't have come back by then, and is not counted at all.
 * (The naive share counts them as lost, so that the youngest cohorts always
 * look worst.)  "Within" asks for the second order, which may be of the same
 * day; the others ask in which days there are orders.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/question.h"

#include "funcapi.h"
#include "math/confidence_interval.h"
#include "miscadmin.h"
#include "order/days_argument.h"
#include "utils/tuplestore.h"

typedef enum RetainedKind
{
	RETAINED_WITHIN,			/* the second order at most "to" days later */
	RETAINED_BETWEEN			/* an order "from" to "to" days later */
} RetainedKind;

typedef struct RetainedRow
{
	int32		from;
	int32		to;				/* PG_INT32_MAX: to the horizon */
	int32		age;			/* that a customer has to have */
	int64		eligible;
	int64		hits;
} RetainedRow;

/*
 * Of "within" it's enough to know which rows come first and last that count a customer,
 * where they are in order: those of up to their age, and of them those from their second
 * order on.
 */
typedef struct WithinRow
{
	RetainedRow *row;
	int64		oldest;			/* customers whom this one is the last to count */
	int64		begin;			/* hits from this one on: as many more than before it */
} WithinRow;

static int
compare_within(const void *a, const void *b)
{
	int32		left = ((const WithinRow *) a)->row->to;
	int32		right = ((const WithinRow *) b)->row->to;

	return (left > right) - (left < right);
}

static WithinRow *
begin_within(RetainedRow *rows, int n)
{
	/* one more, behind the last */
	WithinRow  *within = palloc0((n + 1) * sizeof(WithinRow));

	for (int i = 0; i < n; i++)
		within[i].row = &rows[i];
	qsort(within, n, sizeof(WithinRow), compare_within);
	return within;
}

/* How many of them ask for less than so many days. */
static int
rows_below(const WithinRow *within, int n, int64 days)
{
	int			low = 0;

	while (low < n)
	{
		int			middle = (low + n) / 2;

		if (within[middle].row->to < days)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

static void
count_within(WithinRow *within, int n, int32 age, int64 second)
{
	int			end = rows_below(within, n, (int64) age + 1);

	if (end == 0)
		return;
	within[end - 1].oldest++;
	if (second <= age)
	{
		within[rows_below(within, end, second)].begin++;
		within[end].begin--;
	}
}

static void
end_within(WithinRow *within, int n)
{
	int64		sum = 0;

	for (int i = 0; i < n; i++)
	{
		sum += within[i].begin;
		within[i].row->hits = sum;
	}
	sum = 0;
	for (int i = n - 1; i >= 0; i--)
	{
		sum += within[i].oldest;
		within[i].row->eligible = sum;
	}
}

static void
count_customer(const Question *question, const CustomerView *customer, WithinRow *within,
			   RetainedRow *rows, int n, int32 **room, int64 *room_size)
{
	OccasionCursor cursor;
	int32	   *days = *room;	/* since the first, of each day with orders */
	int64		ndays = 0;
	int64		second = PG_INT64_MAX;	/* days from the first order to the first that it isn't */
	int32		first;
	int64		first_orders;
	int32		day;
	int64		orders;
	int32		age;

	CHECK_FOR_INTERRUPTS();
	if (customer->n > *room_size)
	{
		pfree(*room);
		*room_size = customer->n;
		*room = days = palloc_extended(*room_size * sizeof(int32), MCXT_ALLOC_HUGE);
	}
	if (!question_first_order(question, customer, &first, &first_orders))
		return;
	occasions_begin(&cursor, question, customer);
	while (occasions_next(&cursor, &day, &orders))
	{
		/* of the first day, all but the first order; a part that hasn't all orders may not have that */
		if (second == PG_INT64_MAX &&
			(day > first || (day == first && orders > (orders >= first_orders))))
			second = day - first;
		days[ndays++] = day - first;
	}
	age = question->as_of - first;
	if (within)
	{
		count_within(within, n, age, second);
		return;
	}
	for (int i = 0; i < n; i++)
	{
		RetainedRow *row = &rows[i];
		int64		low = 0;
		int64		high = ndays;

		if ((i & 0xFFFF) == 0xFFFF)
			CHECK_FOR_INTERRUPTS();
		if (age < row->age)
			continue;
		row->eligible++;
		while (low < high)
		{
			int64		middle = (low + high) / 2;

			if (days[middle] < row->from)
				low = middle + 1;
			else
				high = middle;
		}
		row->hits += low < ndays && days[low] <= row->to;
	}
}

/* Count for each row, and put them out: the first "days" columns say which. */
static Datum
retained(FunctionCallInfo fcinfo, RetainedKind kind, RetainedRow *rows, int n, int days)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Question	question;
	CustomerView customer;
	WithinRow  *within = kind == RETAINED_WITHIN ? begin_within(rows, n) : NULL;
	int64		room_size = 16;
	int32	   *room = palloc(room_size * sizeof(int32));

	retention_question_begin_anchored(&question, fcinfo, NO_ARG, 2, 3, false);
	retention_question_needs_days(&question);
	while (question_next(&question, &customer))
		count_customer(&question, &customer, within, rows, n, &room, &room_size);
	if (within)
		end_within(within, n);
	for (int i = 0; i < n; i++)
	{
		const RetainedRow *row = &rows[i];
		Datum		values[7];
		bool		nulls[7] = {false};
		Datum	   *value = values;

		CHECK_FOR_INTERRUPTS();
		if (days == 1)
			*value++ = Int32GetDatum(kind == RETAINED_WITHIN ? row->to : row->from);
		else
		{
			*value++ = Int32GetDatum(row->from);
			*value++ = Int32GetDatum(row->to);
		}
		value[0] = Int64GetDatum(row->eligible);
		value[1] = Int64GetDatum(row->hits);
		if (row->eligible == 0)
			nulls[days + 2] = nulls[days + 3] = nulls[days + 4] = true;
		else
		{
			double		lower;
			double		upper;

			retention_wilson_interval((double) row->hits, (double) row->eligible, &lower, &upper);
			value[2] = Float8GetDatum((double) row->hits / (double) row->eligible);
			value[3] = Float8GetDatum(lower);
			value[4] = Float8GetDatum(upper);
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The days that are asked about, and a row for each; NULL if nothing is. */
static RetainedRow *
begin_rows(FunctionCallInfo fcinfo, int32 **days, int *n)
{
	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return NULL;
	*days = retention_days_of_array(PG_GETARG_ARRAYTYPE_P(1), n);
	return palloc0(Max(*n, 1) * sizeof(RetainedRow));
}

/* Each number of days is a row of its own. */
static Datum
retained_single(FunctionCallInfo fcinfo, RetainedKind kind, bool until_horizon)
{
	int			n;
	int32	   *days;
	RetainedRow *rows = begin_rows(fcinfo, &days, &n);

	if (rows == NULL)
		return (Datum) 0;
	for (int i = 0; i < n; i++)
	{
		rows[i].from = days[i];
		rows[i].to = until_horizon ? PG_INT32_MAX : days[i];
		rows[i].age = days[i];
	}
	return retained(fcinfo, kind, rows, n, 1);
}

/* repeat_within(purchase_history, days, as_of, anchor): (day, eligible, repeated, rate, lower, upper) */
PG_FUNCTION_INFO_V1(retention_repeat_within);
Datum
retention_repeat_within(PG_FUNCTION_ARGS)
{
	return retained_single(fcinfo, RETAINED_WITHIN, false);
}

/* retained_on(purchase_history, days, as_of, anchor): (day, eligible, retained, rate, lower, upper) */
PG_FUNCTION_INFO_V1(retention_retained_on);
Datum
retention_retained_on(PG_FUNCTION_ARGS)
{
	return retained_single(fcinfo, RETAINED_BETWEEN, false);
}

/* retained_on_or_after(purchase_history, days, as_of, anchor): likewise */
PG_FUNCTION_INFO_V1(retention_retained_on_or_after);
Datum
retention_retained_on_or_after(PG_FUNCTION_ARGS)
{
	return retained_single(fcinfo, RETAINED_BETWEEN, true);
}

/*
 * retained_between(purchase_history, days, as_of, anchor): (from_day, to_day, eligible,
 * retained, rate, lower, upper), from each number to the day before the next
 */
PG_FUNCTION_INFO_V1(retention_retained_between);
Datum
retention_retained_between(PG_FUNCTION_ARGS)
{
	int			n;
	int32	   *days;
	RetainedRow *rows = begin_rows(fcinfo, &days, &n);

	if (rows == NULL)
		return (Datum) 0;
	for (int i = 0; i + 1 < n; i++)
	{
		if (days[i] >= days[i + 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("numbers of days must ascend, not %d and then %d", days[i], days[i + 1])));
		rows[i].from = days[i];
		rows[i].to = rows[i].age = days[i + 1] - 1;
	}
	return retained(fcinfo, RETAINED_BETWEEN, rows, Max(n - 1, 0), 2);
}
