/*-------------------------------------------------------------------------
 *
 * question.c
 *	  What every question asked of a history begins with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/question.h"

#include "history/anchored.h"
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

static void
set_period(Question *question, Period period)
{
	question->period = period;
	question->coarser = period.grain != question->grain || !retention_period_is_grain(&period);
}

/* The periods of an argument: the history's or longer ones. */
static Period
period_argument(FunctionCallInfo fcinfo, int arg, Grain grain)
{
	Period		period = retention_period_of_text(PG_GETARG_TEXT_PP(arg));

	if (!retention_period_divides(&retention_grain_periods[grain], &period))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("purchase history by %s cannot be asked by %s",
						retention_grain_name(grain), retention_period_name(&period)),
				 errhint("Make the history by 'day': it can be asked about all others.")));
	return period;
}

/* Periods of the grain up to the horizon are looked up from now on. */
static void
make_map(Question *question)
{
	int64		span = (int64) question->horizon - question->map_first + 1;

	if (!question->coarser || span > MAP_MAX)
		return;
	question->map_size = (int32) span;
	question->map = palloc(span * sizeof(int32));
	for (int32 i = 0; i < span; i++)
		question->map[i] = period_of_grain(question->map_first + i, question->grain, &question->period);
}

/*
 * With the anchor in an argument.  The time ends with the last order of either: of a part and
 * its whole that is the whole's; of orders and sign-ups it may be an order.
 */
static void
begin_anchor(Question *question, Datum history, bool with_money)
{
	Anchor	   *anchor = question->anchor = palloc0(sizeof(Anchor));
	const HistoryTotals *totals = &anchor->unpacker.totals;

	if (question->of_part)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("purchase history has an anchor already, and can't be given another"),
				 errhint("Leave the anchor out, or ask the history that was given to anchored().")));
	retention_history_read(&anchor->unpacker, history, !with_money);
	retention_check_nothing_missing(&anchor->unpacker);
	retention_check_anchor(&question->unpacker.kind, &anchor->unpacker.kind);
	question->of_part = true;
	anchor->used_part = true;	/* to begin with, there is none */
	question->first_day = totals->first_day;
	question->as_of = Max(question->as_of, totals->last_day);
}

/* Of a history that knows what there is to know of its anchor. */
static void
begin_anchored(Question *question)
{
	question->of_part = true;
	question->first_day = question->unpacker.whole.first_day;
	question->as_of = question->unpacker.whole.last_day;
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
							  int period_arg, int as_of_arg, int anchor_arg, bool with_money)
{
	HistoryUnpacker *unpacker = &question->unpacker;

	memset(question, 0, sizeof(Question));
	retention_history_read(unpacker, PG_GETARG_DATUM(history_arg), !with_money);
	retention_check_nothing_missing(unpacker);
	question->grain = unpacker->kind.grain;
	if (period_arg != NO_ARG && !PG_ARGISNULL(period_arg))
		set_period(question, period_argument(fcinfo, period_arg, question->grain));
	else
		set_period(question, retention_grain_periods[period_arg != NO_ARG && question->grain == GRAIN_DAY ?
													 GRAIN_MONTH : question->grain]);

	question->first_day = unpacker->totals.first_day;
	question->as_of = unpacker->totals.last_day;
	if (unpacker->kind.anchored)
		begin_anchored(question);
	if (anchor_arg != NO_ARG && !PG_ARGISNULL(anchor_arg))
		begin_anchor(question, PG_GETARG_DATUM(anchor_arg), with_money);
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
	if (question->first_day != DAY_NEVER_FIRST)
	{
		int32		last = question->as_of;

		/* nobody has cut off the period of the last order: it is seen whole, with the refunds behind that */
		if (!question->given)
			last = Min(period_last_day(period_of_day(last, &question->period), &question->period), DAY_LAST);
		question->horizon = grain_of_day(last, question->grain);
		question->map_first = grain_of_day(question->first_day, question->grain);
	}
	if (question->first_day == DAY_NEVER_FIRST || question->horizon < question->map_first)
	{
		question->empty = true;
		unpacker->done = true;
		if (question->anchor)
			question->anchor->unpacker.done = true;
		return;
	}
	question->first = period_of_day(question->first_day, &question->period);
	question->last = period_of_day(question->as_of, &question->period);
	make_map(question);
}

/* The span takes in the periods of all rows of a run that count. */
static void
widen_span(const Run *run, OccasionShape shape, int32 *first, int32 *last)
{
	RunCursor	cursor;
	CustomerView customer;

	CHECK_FOR_INTERRUPTS();
	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
		for (int64 i = 0; i < customer.n; i++)
		{
			uint64		mark = customer.occasions[i * occasion_words(shape)];

			if (mark_kind(mark) >= OF_NO_AMOUNT)
				continue;
			*first = Min(*first, mark_period(mark));
			*last = Max(*last, mark_period(mark));
		}
}

/*
 * The first and the last period of any row that counts, and of a part those of the orders of
 * its whole; there may be none.  The header
 * tells those of the orders: customers are only read where there are refunds, which may
 * lie outside.
 */
static void
find_span(Datum history, int32 *first, int32 *last)
{
	HistoryUnpacker unpacker;
	const Run  *run;

	*first = PG_INT32_MAX;
	*last = PG_INT32_MIN;
	retention_history_read(&unpacker, history, true);
	if (unpacker.totals.customers > 0)
	{
		*first = grain_of_day(unpacker.totals.first_day, unpacker.kind.grain);
		*last = grain_of_day(unpacker.totals.last_day, unpacker.kind.grain);
	}
	if (unpacker.kind.anchored && unpacker.whole.first_day != DAY_NEVER_FIRST)
	{
		*first = Min(*first, grain_of_day(unpacker.whole.first_day, unpacker.kind.grain));
		*last = Max(*last, grain_of_day(unpacker.whole.last_day, unpacker.kind.grain));
	}
	if ((run = retention_history_unpack_nobody(&unpacker)) != NULL)
		widen_span(run, unpacker.shape, first, last);
	while (unpacker.totals.refunds > 0 && (run = retention_history_unpack_next(&unpacker)) != NULL)
		widen_span(run, unpacker.shape, first, last);
}

/*
 * Begin with the history in the first argument, of all periods from that of the first
 * row to that of the last one, guests' and refunds too.
 */
void
retention_question_begin_all(Question *question, FunctionCallInfo fcinfo, int period_arg)
{
	HistoryUnpacker *unpacker = &question->unpacker;

	memset(question, 0, sizeof(Question));
	retention_history_read(unpacker, PG_GETARG_DATUM(0), false);
	retention_check_nothing_missing(unpacker);
	question->grain = unpacker->kind.grain;
	set_period(question, period_argument(fcinfo, period_arg, question->grain));
	find_span(PG_GETARG_DATUM(0), &question->map_first, &question->horizon);
	question->empty = question->map_first > question->horizon;
	if (question->empty)
	{
		unpacker->done = true;
		return;
	}
	question->of_part = unpacker->kind.anchored;
	question->first_day = question->of_part ? unpacker->whole.first_day : unpacker->totals.first_day;
	question->as_of = Min(grain_first_day(question->horizon + 1, question->grain) - 1, DAY_LAST);
	question->first = period_of_grain(question->map_first, question->grain, &question->period);
	question->last = period_of_grain(question->horizon, question->grain, &question->period);
	make_map(question);
}

/* Most functions have the history first. */
void
retention_question_begin(Question *question, FunctionCallInfo fcinfo, int period_arg,
						 int as_of_arg, bool with_money)
{
	retention_question_begin_with(question, fcinfo, 0, period_arg, as_of_arg, NO_ARG, with_money);
}

/* Those that can be asked of a part have the whole behind all else. */
void
retention_question_begin_anchored(Question *question, FunctionCallInfo fcinfo, int period_arg,
								  int as_of_arg, int anchor_arg, bool with_money)
{
	retention_question_begin_with(question, fcinfo, 0, period_arg, as_of_arg, anchor_arg, with_money);
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

/* The rows of nobody that is known, as one customer's; false if there are none.  To be asked for before any customers. */
bool
retention_question_nobody(Question *question, CustomerView *nobody)
{
	HistoryUnpacker *unpacker = &question->unpacker;
	const Run  *run = retention_history_unpack_nobody(unpacker);
	RunCursor	cursor;

	if (run == NULL)
		return false;
	if (unpacker->wide)
		(void) retention_history_mark_nobody(unpacker);
	run_begin(&cursor, run, unpacker->shape);
	return run_next(&cursor, nobody);
}

/* These are the customers to come; false if there are none. */
static bool
begin_block(Question *question, const Run *run)
{
	CHECK_FOR_INTERRUPTS();
	if (run == NULL)
		return false;
	if (question->unpacker.wide)
		retention_history_mark_elsewhere(&question->unpacker);
	run_begin(&question->cursor, run, question->unpacker.shape);
	question->nth = 0;
	return true;
}

bool
retention_question_next_block(Question *question)
{
	return begin_block(question, retention_history_unpack_next(&question->unpacker));
}

/* The next customer of the anchor; false behind the last. */
static bool
next_of_anchor(Anchor *anchor)
{
	while (!run_next(&anchor->cursor, &anchor->customer))
	{
		const Run  *run = retention_history_unpack_next(&anchor->unpacker);

		CHECK_FOR_INTERRUPTS();
		if (run == NULL)
			return false;
		if (anchor->unpacker.wide)
			retention_history_mark_elsewhere(&anchor->unpacker);
		run_begin(&anchor->cursor, run, anchor->unpacker.shape);
	}
	return true;
}

/* The next customer of the part, for which the last one's memory may be used again. */
static void
next_of_part(Question *question)
{
	Anchor	   *anchor = question->anchor;

	anchor->used_part = false;
	anchor->has_part = true;
	while (!run_next(&question->cursor, &anchor->part))
		if (!retention_question_next_block(question))
		{
			anchor->has_part = false;
			break;
		}
	question->nth++;
}

static bool
has_order(const Question *question, const CustomerView *customer)
{
	OccasionCursor cursor;
	int32		period;
	int64		orders;

	occasions_begin(&cursor, question, customer);
	return occasions_next(&cursor, &period, &orders);
}

/*
 * The next customer of the anchor, with what is theirs in the part.  Both are in the order
 * of identities.  A customer of the part who is none of the anchor's, or not yet, has no
 * first order: they are left out.
 */
static bool
next_with_anchor(Question *question, CustomerView *customer)
{
	Anchor	   *anchor = question->anchor;
	int			key_words = question->unpacker.shape.key_words;
	bool		more = next_of_anchor(anchor);
	int			order = -1;
	OccasionCursor cursor;
	int32		period;
	int64		orders;

	if (anchor->used_part)
		next_of_part(question);
	while (anchor->has_part &&
		   (!more || (order = compare_identity(anchor->part.identity, anchor->customer.identity, key_words)) < 0))
	{
		question->left_out += has_order(question, &anchor->part);
		next_of_part(question);
	}
	if (!more)
		return false;
	occasions_begin_shaped(&cursor, question, &anchor->customer, anchor->unpacker.shape);
	question->origin = occasions_next(&cursor, &period, &orders) ? make_mark(make_slot(period, OF_ORDERS), orders) : 0;
	*customer = anchor->customer;
	customer->n = 0;
	if (anchor->has_part && order == 0)
	{
		anchor->used_part = true;
		if (question->origin != 0 || !has_order(question, &anchor->part))
			*customer = anchor->part;
		else
			question->left_out++;
	}
	return true;
}

/* Of a customer of a history that is anchored, who is at hand. */
static void
take_origin(Question *question, CustomerView *customer)
{
	question->origin = question->unpacker.origins[question->nth++];
	if (!has_order(question, customer))
		question->origin = 0;
	else if (question->origin == 0 || mark_period(question->origin) > question->horizon)
	{
		question->origin = 0;
		question->left_out++;
		customer->n = 0;
	}
}

/*
 * The next customer of a history that is anchored.  Who has no order in it, or not yet, is
 * none of its customers; who has one, but not yet in the whole, is left out.
 */
static bool
next_of_anchored(Question *question, CustomerView *customer)
{
	while (!run_next(&question->cursor, customer))
		if (!retention_question_next_block(question))
			return false;
	take_origin(question, customer);
	return true;
}

/*
 * One customer, of whom nobody has been asked before; of a history that has no anchor given.
 * False if there is none of this identity.
 */
bool
retention_question_find(Question *question, const uint64 *identity, CustomerView *customer)
{
	bool		more = begin_block(question, retention_history_unpack_from(&question->unpacker, identity));

	Assert(question->anchor == NULL);
	while (more)
	{
		while (run_next(&question->cursor, customer))
		{
			int			order = compare_identity(customer->identity, identity, question->unpacker.shape.key_words);

			if (order > 0)
				return false;
			if (order == 0)
			{
				if (question->of_part)
					take_origin(question, customer);
				return true;
			}
			question->nth++;
		}
		more = retention_question_next_block(question);
	}
	return false;
}

/* The next customer of a part, with their first order in the whole. */
bool
retention_question_next_of_part(Question *question, CustomerView *customer)
{
	bool		more = question->anchor ? next_with_anchor(question, customer) :
		next_of_anchored(question, customer);

	if (!more && !question->quiet && !(question->anchor && anchor_says_who(&question->unpacker.kind, &question->anchor->unpacker.kind)))
		retention_tell_left_out(question->left_out);
	return more;
}

/*
 * The first occasion of the whole, and those of the part that are of its period or before.  An
 * order of that period is the first one itself, if the part has all that the whole has of them.
 */
bool
retention_orders_begin_with_origin(OrderCursor *cursor, int32 *period, int64 *orders)
{
	int64		of_whole = mark_count(cursor->origin);

	*period = mark_period(cursor->origin);
	*orders = 1;
	cursor->origin = 0;
	for (;;)
	{
		OccasionCursor ahead = cursor->part;
		int32		next;
		int64		more;

		if (!occasions_next(&ahead, &next, &more) || next > *period)
			return true;
		cursor->part = ahead;
		if (next == *period)
			*orders += more - (more >= of_whole);
	}
}

/*
 * Has all of the period been seen?  A horizon that is given is the end of a
 * day; that of the last order is some time within one.
 */
bool
retention_question_complete(const Question *question, int32 period)
{
	if (question->given)
		return period_last_day(period, &question->period) <= question->as_of;
	return period < question->last;
}

/* The date that a period asked about begins with. */
Datum
retention_question_date(const Question *question, int32 period)
{
	int32		day = retention_period_first_day(period, &question->period);

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
	int32		first = Max(question->first_day, DAY_FIRST);
	int64		periods = Min((int64) question->last - question->first + 1, most);

	if (periods > PERIODS_MAX && (int64) question->as_of - first > DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("answer would have %lld periods by %s, from %s to %s", (long long) periods,
						retention_period_name(&question->period),
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
