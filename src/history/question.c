/*-------------------------------------------------------------------------
 *
 * question.c
 *	  What every question asked of a history begins with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/question.h"

#include "history/history_state.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"

/* Periods of the grain that are looked up in a table; the others are computed. */
#define MAP_MAX			(1 << 20)

/* Periods of an answer, if they are of more than so many days. */
#define PERIODS_MAX		10000
#define DAYS_MAX		(100 * 365 + 25)

/* Cells of a table of periods, and their memory: more than anybody reads. */
#define CELLS_MAX		(1 << 23)
#define CELLS_MAX_BYTES	(512.0 * 1024 * 1024)

/* A history that rows have been taken away from which it does not have is a part of one. */
void
retention_check_nothing_missing(const HistoryUnpacker *unpacker)
{
	if (unpacker->totals.missing > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("purchase history lacks rows that were taken away from it"),
				 errdetail("There are %lld periods of customers with fewer rows than were taken away, or with none.",
						   (long long) unpacker->totals.missing),
				 errhint("Add the history that they were rows of, by rollup().")));
}

/*
 * Begin with the value in an argument, whose money is read if it's wanted.
 * Arguments that the function doesn't have are NO_ARG.
 *
 * Where the periods aren't given they are the history's, but months if those
 * are days: years of days make a row or a cell for each of so many, which
 * nobody means who doesn't say so.
 */
void
retention_question_begin_with(Question *question, FunctionCallInfo fcinfo, int history_arg,
							  int period_arg, int as_of_arg, bool with_money)
{
	HistoryUnpacker *unpacker = &question->unpacker;
	int64		span;

	memset(question, 0, sizeof(Question));
	retention_history_read(unpacker, PG_GETARG_DATUM(history_arg), !with_money);
	retention_check_nothing_missing(unpacker);
	question->grain = question->period = unpacker->kind.grain;
	if (period_arg != NO_ARG && PG_ARGISNULL(period_arg) && question->grain == GRAIN_DAY)
		question->period = GRAIN_MONTH;
	else if (period_arg != NO_ARG && !PG_ARGISNULL(period_arg))
	{
		question->period = retention_grain_of_text(PG_GETARG_TEXT_PP(period_arg));
		if (!retention_grain_divides(question->grain, question->period))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("purchase history by %s knows nothing of periods of a %s",
							retention_grain_name(question->grain),
							retention_grain_name(question->period)),
					 errhint("Make the history by 'day': it can be asked about all others.")));
	}

	question->as_of = unpacker->totals.last_day;
	if (as_of_arg != NO_ARG && !PG_ARGISNULL(as_of_arg))
	{
		question->as_of = PG_GETARG_DATEADT(as_of_arg);
		question->given = true;
		if (question->as_of < DAY_FIRST || question->as_of > DAY_LAST)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("as_of is out of range: %s",
							DatumGetCString(DirectFunctionCall1(date_out,
																DateADTGetDatum(question->as_of))))));
	}
	if (unpacker->totals.orders > 0)
	{
		question->horizon = period_of_day(question->as_of, question->grain);
		question->map_first = period_of_day(unpacker->totals.first_day, question->grain);
	}
	if (unpacker->totals.orders == 0 || question->horizon < question->map_first)
	{
		question->empty = true;
		unpacker->done = true;
		return;
	}
	question->first = period_of_day(unpacker->totals.first_day, question->period);
	question->last = period_of_day(question->as_of, question->period);

	span = (int64) question->horizon - question->map_first + 1;
	if (question->grain != question->period && span <= MAP_MAX)
	{
		question->map_size = (int32) span;
		question->map = palloc(span * sizeof(int32));
		for (int32 i = 0; i < span; i++)
			question->map[i] = period_coarsen(question->map_first + i, question->grain,
											  question->period);
	}
}

/* Most functions have the history first. */
void
retention_question_begin(Question *question, FunctionCallInfo fcinfo, int period_arg,
						 int as_of_arg, bool with_money)
{
	retention_question_begin_with(question, fcinfo, 0, period_arg, as_of_arg, with_money);
}

/* Some questions make no sense but in days. */
void
retention_question_needs_days(const Question *question)
{
	if (question->grain != GRAIN_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("purchase history by %s knows nothing of days",
						retention_grain_name(question->grain)),
				 errhint("Make the history by 'day': it can be asked about all others.")));
}

bool
retention_question_next_block(Question *question)
{
	const Run  *run = retention_history_unpack_next(&question->unpacker);

	CHECK_FOR_INTERRUPTS();
	if (run == NULL)
		return false;
	if (question->unpacker.wide)
		retention_history_mark_elsewhere(&question->unpacker);
	run_begin(&question->cursor, run, question->unpacker.shape);
	return true;
}

/*
 * Has all of the period been seen?  A horizon that is given is the end of a
 * day; that of the last order is some time within one.
 */
bool
retention_question_complete(const Question *question, int32 period)
{
	if (question->given)
		return period_last_day(period, question->period) <= question->as_of;
	return period < question->last;
}

/* The date that a period asked about begins with. */
Datum
retention_question_date(const Question *question, int32 period)
{
	int32		day = retention_period_first_day(period, question->period);

	/* the calendar begins in the middle of a year */
	return DateADTGetDatum(Max(day, DAY_FIRST));
}

/*
 * Has the answer as many periods as a shop may have?  A single order of the year
 * 1 or 9999, a slip or what some program takes for no time, makes tens of
 * thousands of which nearly all are empty: whoever asks wants to know of it.
 * "most" are asked for.
 */
void
retention_question_check_periods(const Question *question, int64 most)
{
	int32		first = Max(question->unpacker.totals.first_day, DAY_FIRST);
	int64		periods = Min((int64) question->last - question->first + 1, most);

	if (periods > PERIODS_MAX && (int64) question->as_of - first > DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("answer would have %lld periods of a %s, from %s to %s", (long long) periods,
						retention_grain_name(question->period),
						DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(first))),
						DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(question->as_of)))),
				 errdetail("Of more than %d years no more than %d periods are answered.",
						   DAYS_MAX / 365, PERIODS_MAX),
				 errhint("Leave orders of impossible times out of the history by WHERE or FILTER, give an as_of before them, or ask about longer periods.")));
}

/* Nobody reads a table of more cells, and it has to fit memory. */
void
retention_question_check_cells(double cells, Size cell_bytes)
{
	if (cells > CELLS_MAX || cells * (double) cell_bytes > CELLS_MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("answer would have %.0f cells of %zu bytes, more than %.0f", cells, cell_bytes,
						Min(CELLS_MAX, CELLS_MAX_BYTES / (double) cell_bytes)),
				 errhint("Ask about longer periods, or fewer of them.")));
}
