/*-------------------------------------------------------------------------
 *
 * between.c
 *	  A window of a history: the rows of some days.
 *
 * It is what the history of these rows would be, but that it doesn't tell who is new:
 * that the history it was made of does, as its anchor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_state.h"
#include "history/part_writer.h"

#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"

/* Days, or periods of the grain; open to either side if that's the first or last of all integers. */
typedef struct Window
{
	int32		first;
	int32		last;
} Window;

static char *
date_text(int32 day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

/* Within a period nobody knows which rows are of which days. */
static void
check_boundary(const char *name, int32 day, int32 boundary, const char *which, Grain grain)
{
	if (day != boundary)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be the %s day of a %s, of a purchase history by %s: %s", name, which,
						retention_grain_name(grain), retention_grain_name(grain), date_text(day)),
				 errhint("Make the history by 'day', or write %s.", date_text(boundary))));
}

static int32
first_period(int32 day, Grain grain)
{
	int32		period;

	if (grain == GRAIN_DAY || day <= DAY_FIRST)
		return day;
	if (day > DAY_LAST)
		return PG_INT32_MAX;
	period = grain_of_day(day, grain);
	check_boundary("from_day", day, grain_first_day(period, grain), "first", grain);
	return period;
}

static int32
last_period(int32 day, Grain grain)
{
	int32		period;

	if (grain == GRAIN_DAY || day >= DAY_LAST)
		return day;
	if (day < DAY_FIRST)
		return PG_INT32_MIN;
	period = grain_of_day(day, grain);
	check_boundary("until_day", day, grain_first_day(period + 1, grain) - 1, "last", grain);
	return period;
}

/* What a customer, or nobody, did in the window; it's one run of occasions, but for rows without a time. */
static void
keep(PartWriter *writer, const CustomerView *customer, const Window *window, uint64 origin)
{
	int			words = occasion_words(writer->source->shape);
	int64		first = 0;
	int64		end;

	while (first < customer->n && mark_period(customer->occasions[first * words]) < window->first)
		first++;
	end = first;
	while (end < customer->n && mark_period(customer->occasions[end * words]) <= window->last)
		end++;
	retention_part_keep(writer, customer, first, end, origin);
}

/* Rows of nobody, without those of no time, which are all of one period. */
static void
keep_nobody(PartWriter *writer, CustomerView *nobody, const Window *window)
{
	int			words = occasion_words(writer->source->shape);
	uint64	   *occasions = unconstify(uint64 *, nobody->occasions);

	for (int64 i = 0; i < nobody->n; i++)
		if (mark_kind(occasions[i * words]) == OF_NO_TIME)
		{
			memmove(occasions + i * words, occasions + (i + 1) * words, (nobody->n - i - 1) * words * sizeof(uint64));
			nobody->n--;
			break;
		}
	keep(writer, nobody, window, 0);
}

static struct varlena *
between(Datum history, const Window *days)
{
	HistoryUnpacker unpacker;
	PartWriter	writer;
	Window		window = *days;
	Grain		grain;
	const Run  *block;
	RunCursor	cursor;
	CustomerView customer;

	retention_history_read(&unpacker, history, false);
	grain = unpacker.kind.grain;
	window.first = first_period(days->first, grain);
	window.last = last_period(days->last, grain);
	retention_part_begin(&writer, &unpacker, unpacker.kind.anchored);
	if ((block = retention_part_next(&writer, true)) != NULL)
	{
		run_begin(&cursor, block, unpacker.shape);
		(void) run_next(&cursor, &customer);
		keep_nobody(&writer, &customer, &window);
		retention_part_end_block(&writer);
	}
	while ((block = retention_part_next(&writer, false)) != NULL)
	{
		const uint64 *origin = unpacker.origins;

		run_begin(&cursor, block, unpacker.shape);
		while (run_next(&cursor, &customer))
			keep(&writer, &customer, &window, unpacker.kind.anchored ? *origin++ : 0);
		retention_part_end_block(&writer);
	}
	return retention_part_end(&writer, &unpacker.whole);
}

/* The first occasion of a customer with an order, or 0. */
static uint64
first_order(const CustomerView *customer, OccasionShape shape)
{
	for (int64 i = 0; i < customer->n; i++)
	{
		uint64		mark = customer->occasions[i * occasion_words(shape)];

		if (mark_orders(mark) > 0)
			return mark;
	}
	return 0;
}

/*
 * A window that knows of the customers what the history does, as if it had been anchored on
 * it; or, of those alone whose first order is in the window, all until its last day.
 */
static struct varlena *
reported(Datum history, const Window *window, bool only_new)
{
	HistoryUnpacker unpacker;
	PartWriter	writer;
	Window		all = {PG_INT32_MIN, window->last};
	HistoryWhole whole;
	const Run  *block;
	RunCursor	cursor;
	CustomerView customer;

	retention_history_read(&unpacker, history, false);
	retention_check_nothing_missing(&unpacker);
	whole = unpacker.kind.anchored ? unpacker.whole :
		(HistoryWhole) {unpacker.totals.first_day, unpacker.totals.last_day};
	retention_part_begin(&writer, &unpacker, true);
	if ((block = retention_part_next(&writer, true)) != NULL && !only_new)
	{
		run_begin(&cursor, block, unpacker.shape);
		(void) run_next(&cursor, &customer);
		keep_nobody(&writer, &customer, window);
		retention_part_end_block(&writer);
	}
	while ((block = retention_part_next(&writer, false)) != NULL)
	{
		const uint64 *origin = unpacker.origins;

		run_begin(&cursor, block, unpacker.shape);
		while (run_next(&cursor, &customer))
		{
			uint64		first = unpacker.kind.anchored ? *origin++ : first_order(&customer, unpacker.shape);

			if (!only_new)
				keep(&writer, &customer, window, first);
			else
			{
				if (first == 0 || mark_period(first) < window->first || mark_period(first) > window->last)
					customer.n = 0;
				keep(&writer, &customer, &all, first);
			}
		}
		retention_part_end_block(&writer);
	}
	return retention_part_end(&writer, &whole);
}

/*
 * _retention_window(purchase_history, from_day, until_day, only_new): days of a history by day
 */
PG_FUNCTION_INFO_V1(retention_history_window);
Datum
retention_history_window(PG_FUNCTION_ARGS)
{
	Window		window = {PG_INT32_MIN, PG_INT32_MAX};
	HistoryUnpacker head;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	retention_history_read_head(&head, PG_GETARG_DATUM(0));
	if (head.kind.grain != GRAIN_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("purchase history must be by day, not by %s", retention_grain_name(head.kind.grain))));
	if (!PG_ARGISNULL(1))
		window.first = PG_GETARG_DATEADT(1);
	if (!PG_ARGISNULL(2))
		window.last = PG_GETARG_DATEADT(2);
	PG_RETURN_POINTER(reported(PG_GETARG_DATUM(0), &window, PG_GETARG_BOOL(3)));
}

/* history_between(purchase_history, from_day, until_day) */
PG_FUNCTION_INFO_V1(retention_history_between);
Datum
retention_history_between(PG_FUNCTION_ARGS)
{
	Window		window = {PG_INT32_MIN, PG_INT32_MAX};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	/* rows without a time are in no window that is one */
	if (PG_ARGISNULL(1) && PG_ARGISNULL(2))
		PG_RETURN_POINTER(retention_history_pack(PG_GETARG_DATUM(0)));
	if (!PG_ARGISNULL(1))
		window.first = PG_GETARG_DATEADT(1);
	if (!PG_ARGISNULL(2))
		window.last = PG_GETARG_DATEADT(2);
	PG_RETURN_POINTER(between(PG_GETARG_DATUM(0), &window));
}
