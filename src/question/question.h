/*-------------------------------------------------------------------------
 *
 * question.h
 *	  What every question asked of a history begins with.
 *
 * A question is a pass over the customers of a value, each with their
 * occasions in order.  It has a horizon, as_of: the last day that is seen.  What lies in
 * a period that begins after it is as if it weren't there.  Unless it's given it is the
 * last order's, and then the period that is asked about is seen to its end: a history by
 * day knows of no other refunds than one by month.
 *
 * Who is new is a matter of the whole.  So a question of a part, of one country or one
 * year, may be given the whole as its anchor.  Then the customers are the anchor's, each with
 * their occasions in the part, perhaps none, and with the first order that the anchor knows
 * of; and the time is the anchor's, too: where it begins, and the horizon.
 *
 * Or the part brings what it has to know of the whole: it is anchored (history/anchored.c).  Then
 * its customers are those with an order in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_QUESTION_H
#define RETENTION_QUESTION_H

#include "postgres.h"

#include "history/history_packed.h"

/* The whole that a history is a part of. */
typedef struct Anchor
{
	HistoryUnpacker unpacker;
	RunCursor	cursor;
	CustomerView customer;		/* at hand */
	CustomerView part;			/* the next one of the part, if there is any */
	bool		has_part;
	bool		used_part;		/* it has been the customer at hand */
} Anchor;

typedef struct Question
{
	HistoryUnpacker unpacker;
	bool		of_part;		/* first orders and the time are those of a whole ... */
	Anchor	   *anchor;			/* ... that is this one; NULL: the history knows of them */
	Grain		grain;			/* of the history */
	Period		period;			/* that is asked about, no finer */
	bool		coarser;		/* it's another than the grain */
	bool		empty;			/* no order at or before the horizon */
	int32		as_of;			/* a day */
	bool		given;			/* by the caller, or else the last order's day */
	int32		first_day;		/* of the first order, of the whole */
	int32		horizon;		/* the period of the grain that as_of lies in */
	int32		first;			/* the periods asked about of the first order ... */
	int32		last;			/* ... and of the horizon */

	/* the customers of the current block, and the one at hand */
	RunCursor	cursor;

	/* of a part: of the customer at hand the first occasion with an order in the whole, or 0 */
	uint64		origin;
	int			nth;			/* customers of the block until the one at hand */
	int64		left_out;		/* customers of the part who aren't customers of the whole */
	bool		quiet;			/* these have been told of */

	/* periods of the grain, from map_first on, as periods asked about */
	int32	   *map;
	int32		map_first;
	int32		map_size;
} Question;

/* Arguments that a function does not have. */
#define NO_ARG	(-1)

extern void retention_question_begin(Question *question, FunctionCallInfo fcinfo,
									 int period_arg, int as_of_arg, bool with_money);
extern void retention_question_begin_anchored(Question *question, FunctionCallInfo fcinfo,
											  int period_arg, int as_of_arg, int anchor_arg,
											  bool with_money);
extern void retention_question_begin_all(Question *question, FunctionCallInfo fcinfo, int period_arg);
extern void retention_question_begin_with(Question *question, FunctionCallInfo fcinfo,
										  int history_arg, int period_arg, int as_of_arg,
										  int anchor_arg, bool with_money);
extern void retention_question_needs_days(const Question *question);
extern bool retention_question_nobody(Question *question, CustomerView *nobody);
extern bool retention_question_next_block(Question *question);
extern bool retention_question_find(Question *question, const uint64 *identity, CustomerView *customer);
extern bool retention_question_next_of_part(Question *question, CustomerView *customer);
extern bool retention_question_complete(const Question *question, int32 period);
extern Datum retention_question_date(const Question *question, int32 period);
extern void retention_question_check_periods(const Question *question, int64 most);
extern void retention_question_check_cells(double cells, Size cell_bytes);

/* The next customer, with all their entries; false behind the last. */
static inline bool
question_next(Question *question, CustomerView *customer)
{
	if (unlikely(question->of_part))
		return retention_question_next_of_part(question, customer);
	while (!run_next(&question->cursor, customer))
		if (!retention_question_next_block(question))
			return false;
	return true;
}

/* A period of the grain as one of those that are asked about. */
static inline int32
question_period(const Question *question, int32 period)
{
	uint32		at = (uint32) period - (uint32) question->map_first;

	if (!question->coarser)
		return period;
	if (likely(at < (uint32) question->map_size))
		return question->map[at];
	return period_of_grain(period, question->grain, &question->period);
}

/* Goes through a customer's occasions (not their refunds) up to the horizon. */
typedef struct OccasionCursor
{
	const uint64 *at;
	const uint64 *end;
	int			words;
	int32		horizon;
} OccasionCursor;

static inline void
occasions_begin_shaped(OccasionCursor *cursor, const Question *question, const CustomerView *customer,
					   OccasionShape shape)
{
	cursor->words = occasion_words(shape);
	cursor->at = customer->occasions;
	cursor->end = customer->occasions + customer->n * cursor->words;
	cursor->horizon = question->horizon;
}

static inline void
occasions_begin(OccasionCursor *cursor, const Question *question, const CustomerView *customer)
{
	occasions_begin_shaped(cursor, question, customer, question->unpacker.shape);
}

static inline bool
occasions_next(OccasionCursor *cursor, int32 *period, int64 *orders)
{
	while (cursor->at < cursor->end)
	{
		uint64		mark = *cursor->at;

		*period = mark_period(mark);
		*orders = mark_orders(mark);
		if (*period > cursor->horizon)
			return false;
		cursor->at += cursor->words;
		if (*orders > 0)
			return true;
	}
	return false;
}

/*
 * The period of the first order of the customer at hand, and the orders in it: of the
 * whole.  False if there is none until the horizon.
 */
static inline bool
question_first_order(const Question *question, const CustomerView *customer, int32 *period, int64 *orders)
{
	OccasionCursor cursor;

	if (unlikely(question->of_part))
	{
		*period = mark_period(question->origin);
		*orders = mark_count(question->origin);
		return question->origin != 0;
	}
	occasions_begin(&cursor, question, customer);
	return occasions_next(&cursor, period, orders);
}

/*
 * Goes through a customer's orders up to the horizon.  Of a part that is their first order of
 * all, and then those in the part, of which it may be one.
 */
typedef struct OrderCursor
{
	OccasionCursor part;
	uint64		origin;			/* to come; 0: it has */
	bool		none;
} OrderCursor;

extern bool retention_orders_begin_with_origin(OrderCursor *cursor, int32 *period, int64 *orders);

static inline void
orders_begin(OrderCursor *cursor, const Question *question, const CustomerView *customer)
{
	occasions_begin(&cursor->part, question, customer);
	cursor->origin = question->origin;
	cursor->none = question->of_part && question->origin == 0;
}

static inline bool
orders_next(OrderCursor *cursor, int32 *period, int64 *orders)
{
	if (unlikely(cursor->none))
		return false;
	if (unlikely(cursor->origin != 0))
		return retention_orders_begin_with_origin(cursor, period, orders);
	return occasions_next(&cursor->part, period, orders);
}

/* Were there amounts? */
static inline bool
question_has_money(const Question *question)
{
	return question->unpacker.shape.money_words > 0;
}

static inline void
question_add_money(const Question *question, MoneyTotal *total, const CustomerView *customer,
				   const uint64 *occasion)
{
	history_add_money(&question->unpacker, total, customer, occasion);
}

/* The money of the occasion at hand, less what was given back in its period. */
static inline void
occasion_add_money(const Question *question, MoneyTotal *total, const CustomerView *customer,
				   const OccasionCursor *cursor)
{
	const uint64 *occasion = cursor->at - cursor->words;

	question_add_money(question, total, customer, occasion);
	if (cursor->at < cursor->end && mark_period(*cursor->at) == mark_period(*occasion))
		question_add_money(question, total, customer, cursor->at);
}

/* As numeric, with the digits of the history. */
static inline Datum
question_numeric(const Question *question, const MoneyTotal *total)
{
	return retention_money_numeric(total_money(total, question->unpacker.totals.revenue.scale));
}

/* The day that a period of the grain begins with, where days are what is asked about. */
static inline int32
question_day(const Question *question, int32 period)
{
	return question->grain == GRAIN_DAY ? period : grain_first_day(period, question->grain);
}

#endif							/* RETENTION_QUESTION_H */
