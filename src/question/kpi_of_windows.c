/*-------------------------------------------------------------------------
 *
 * kpi_of_windows.c
 *	  The numbers of a shop for windows of days that may lie in each other: what the
 *	  view kpi_to_date reads.
 *
 * A month and a year to date, and the same days of the year before, are no periods of
 * one calendar, so each occasion is looked for in all of the windows.  They are few, and
 * the history is read once.  Who is new in a window the whole history says, and not the
 * window.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/question.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

/* More than anybody reads beside each other; so many are looked at for each occasion. */
#define WINDOWS_MAX		1000

typedef struct DayWindow
{
	int32		first;			/* days, both in it */
	int32		last;
	int64		customers;		/* with an order in it */
	int64		repeaters;		/* with more than one */
	int64		new_customers;
	int64		orders;
	int64		guest_orders;
	MoneyTotal	revenue;
	MoneyTotal	new_revenue;	/* of new customers */
	MoneyTotal	guest_revenue;
	int64		now;			/* orders of the customer at hand */
} DayWindow;

typedef struct Windows
{
	Question	question;
	DayWindow  *list;
	int			n;
	int32		first;			/* days of all of them */
	int32		last;
} Windows;

static inline bool
is_within(int32 day, const DayWindow *window)
{
	return day >= window->first && day <= window->last;
}

/* The days in an argument; so many are there. */
static const int32 *
days_argument(FunctionCallInfo fcinfo, int arg, int *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(arg);

	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) > 1 || *n > WINDOWS_MAX || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("days of windows must be an array of one dimension, without nulls, of at most %d", WINDOWS_MAX)));
	/* without nulls the elements lie there as a C array's do */
	return (const int32 *) ARR_DATA_PTR(array);
}

static void
begin_windows(Windows *windows, FunctionCallInfo fcinfo)
{
	int			n;
	const int32 *from = days_argument(fcinfo, 1, &windows->n);
	const int32 *until = days_argument(fcinfo, 2, &n);

	if (n != windows->n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d windows begin, and %d end", windows->n, n)));
	windows->list = palloc0(Max(n, 1) * sizeof(DayWindow));
	windows->first = PG_INT32_MAX;
	windows->last = PG_INT32_MIN;
	for (int i = 0; i < n; i++)
	{
		windows->list[i].first = from[i];
		windows->list[i].last = until[i];
		windows->first = Min(windows->first, from[i]);
		windows->last = Max(windows->last, until[i]);
	}
}

/* All that guests have done, which is read before any customer. */
static void
add_guests(Windows *windows)
{
	Question   *question = &windows->question;
	CustomerView nobody;

	if (!retention_question_nobody(question, &nobody))
		return;
	for (int64 i = 0; i < nobody.n; i++)
	{
		const uint64 *occasion = nobody.occasions + i * occasion_words(question->unpacker.shape);

		if (mark_kind(*occasion) >= OF_NO_AMOUNT)
			continue;
		for (int w = 0; w < windows->n; w++)
		{
			DayWindow  *window = &windows->list[w];

			if (!is_within(mark_period(*occasion), window))
				continue;
			if (mark_kind(*occasion) == OF_GUEST_ORDERS)
				window->guest_orders += mark_count(*occasion);
			if (question_has_money(question))
				question_add_money(question, &window->guest_revenue, &nobody, occasion);
		}
	}
}

static void
add_customer(Windows *windows, const CustomerView *customer)
{
	const Question *question = &windows->question;
	int			words = occasion_words(question->unpacker.shape);
	bool		has_money = question_has_money(question);
	int64		first_orders;
	int32		first = 0;
	bool		ordered = question_first_order(question, customer, &first, &first_orders);

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * words;
		int32		day = mark_period(*occasion);

		if (day > windows->last)
			break;
		if (day < windows->first)
			continue;
		for (int w = 0; w < windows->n; w++)
		{
			DayWindow  *window = &windows->list[w];

			if (!is_within(day, window))
				continue;
			window->now += mark_orders(*occasion);
			if (!has_money)
				continue;
			question_add_money(question, &window->revenue, customer, occasion);
			if (ordered && is_within(first, window))
				question_add_money(question, &window->new_revenue, customer, occasion);
		}
	}
	for (int w = 0; w < windows->n; w++)
	{
		DayWindow  *window = &windows->list[w];

		if (window->now == 0)
			continue;
		window->customers++;
		window->repeaters += window->now > 1;
		window->new_customers += ordered && is_within(first, window);
		window->orders += window->now;
		window->now = 0;
	}
}

/*
 * _retention_kpi_of_windows(purchase_history, from_days, until_days): rows (number,
 * customers, repeat_customers, new_customers, orders, revenue, new_revenue,
 * guest_orders, guest_revenue)
 */
PG_FUNCTION_INFO_V1(retention_history_kpi_of_windows);
Datum
retention_history_kpi_of_windows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Windows		windows = {0};
	Question   *question = &windows.question;
	CustomerView customer;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return (Datum) 0;
	begin_windows(&windows, fcinfo);
	retention_question_begin(question, fcinfo, NO_ARG, NO_ARG, true);
	retention_question_needs_days(question);
	add_guests(&windows);
	while (question_next(question, &customer))
		add_customer(&windows, &customer);
	for (int w = 0; w < windows.n; w++)
	{
		const DayWindow *window = &windows.list[w];
		Datum		values[9] = {0};
		bool		nulls[9] = {false};

		values[0] = Int32GetDatum(w + 1);
		values[1] = Int64GetDatum(window->customers);
		values[2] = Int64GetDatum(window->repeaters);
		values[3] = Int64GetDatum(window->new_customers);
		values[4] = Int64GetDatum(window->orders);
		values[7] = Int64GetDatum(window->guest_orders);
		nulls[5] = nulls[6] = nulls[8] = !question_has_money(question);
		if (question_has_money(question))
		{
			values[5] = question_numeric(question, &window->revenue);
			values[6] = question_numeric(question, &window->new_revenue);
			values[8] = question_numeric(question, &window->guest_revenue);
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
