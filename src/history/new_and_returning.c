/*-------------------------------------------------------------------------
 *
 * new_and_returning.c
 *	  What new customers bring in each period, and what those who were there
 *	  before; and how many of the last periods' customers ordered again.
 *
 * A customer is new in the period of their first order, with all they order
 * and give back in it, and returning in each one after.  All that is paid or given
 * back in a period is of one or the other, so that their sums make the whole:
 * what a customer gave back before they are known to have bought is not of a new
 * one.
 *
 * A window of the last periods ends with each of them.  To count each customer
 * in each window would be as many times the work as a window has periods.  But
 * they come into the windows when they order, and leave them when that's too
 * long ago: so these two are counted, and added up from period to period.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/question.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* What is counted of the window that reaches back from each period. */
typedef enum Trailing
{
	TRAILING_CUSTOMERS,			/* with an order in it */
	TRAILING_REPEATERS			/* with more than one */
} Trailing;

#define TRAILING_KINDS	(TRAILING_REPEATERS + 1)

typedef struct Cell
{
	int64		customers;
	int64		repeaters;
	int64		orders;
	int64		new_customers;
	int64		new_orders;
	int64		trailing[TRAILING_KINDS];	/* who come in less who have left */
	MoneyTotal	new_revenue;	/* of new customers */
	MoneyTotal	old_revenue;	/* of the others */
} Cell;

typedef struct Balance
{
	Question	question;
	Cell	   *cells;
	int64		n;				/* one for each period */
	int64		trailing_periods;
} Balance;

/* One customer's way through the periods, numbered from the first on; -1: none. */
typedef struct Passage
{
	int64		first;			/* with an order of theirs */
	int64		now;			/* at hand */
	int64		orders;			/* in it */
	int64		before;			/* that they ordered in last before */
	int64		until[TRAILING_KINDS];	/* the last one in whose window they count */
} Passage;

static int64
first_period(const Question *question, const CustomerView *customer)
{
	OccasionCursor cursor;
	int32		period;
	int64		orders;

	occasions_begin(&cursor, question, customer);
	if (!occasions_next(&cursor, &period, &orders))
		return -1;
	return (int64) question_period(question, period) - question->first;
}

/* They leave the windows that begin too late for them, if any ever do. */
static void
leave_window(const Balance *balance, const Passage *passage, Trailing kind)
{
	int64		until = passage->until[kind];

	if (until >= 0 && until < balance->n - 1)
		balance->cells[until + 1].trailing[kind]--;
}

/* They are in the windows from the period at hand on, to one that's never earlier than before. */
static void
stay_in_window(const Balance *balance, Passage *passage, Trailing kind, int64 until)
{
	if (passage->now > passage->until[kind])
	{
		leave_window(balance, passage, kind);
		balance->cells[passage->now].trailing[kind]++;
	}
	passage->until[kind] = until;
}

/* Count a period in which they ordered, once all their orders in it are known. */
static void
close_period(const Balance *balance, Passage *passage)
{
	Cell	   *cell = &balance->cells[passage->now];
	bool		repeated = passage->orders > 1;
	int64		further = balance->trailing_periods - 1;

	cell->customers++;
	cell->repeaters += repeated;
	cell->orders += passage->orders;
	if (passage->now == passage->first)
	{
		cell->new_customers++;
		cell->new_orders += passage->orders;
	}
	stay_in_window(balance, passage, TRAILING_CUSTOMERS, passage->now + further);
	/* with more than one order as long as a window has the last but one */
	if (repeated)
		stay_in_window(balance, passage, TRAILING_REPEATERS, passage->now + further);
	else if (passage->before >= 0 && passage->before + further >= passage->now)
		stay_in_window(balance, passage, TRAILING_REPEATERS, passage->before + further);
	passage->before = passage->now;
}

static void
add_customer(const Balance *balance, const CustomerView *customer)
{
	const Question *question = &balance->question;
	int			words = occasion_words(question->unpacker.shape);
	Passage		passage = {first_period(question, customer), -1, 0, -1, {-1, -1}};

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * words;
		int32		period = mark_period(*occasion);
		int64		orders = mark_orders(*occasion);
		int64		now;

		if (period > question->horizon)
			break;
		now = (int64) question_period(question, period) - question->first;
		/* what was given back before anybody is known to have bought has no cell */
		if (now < 0)
			continue;
		if (orders > 0)
		{
			if (now != passage.now)
			{
				if (passage.now >= 0)
					close_period(balance, &passage);
				passage.now = now;
				passage.orders = 0;
			}
			passage.orders += orders;
		}
		if (question_has_money(question))
			question_add_money(question, now == passage.first ? &balance->cells[now].new_revenue :
							   &balance->cells[now].old_revenue, customer, occasion);
	}
	if (passage.now < 0)
		return;
	close_period(balance, &passage);
	leave_window(balance, &passage, TRAILING_CUSTOMERS);
	leave_window(balance, &passage, TRAILING_REPEATERS);
}

/*
 * new_and_returning(purchase_history, period, trailing_periods, as_of): rows
 * (period_start, customers, repeat_customers, orders, revenue, new_customers,
 * new_orders, new_revenue, returning_customers, returning_orders,
 * returning_revenue, trailing_customers, trailing_repeat_customers,
 * trailing_repeat_rate, is_complete)
 *
 * No sum can overflow: all orders and all money of a history don't.
 */
PG_FUNCTION_INFO_V1(retention_new_and_returning);
Datum
retention_new_and_returning(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Balance		balance = {0};
	Question   *question = &balance.question;
	CustomerView customer;
	int64		trailing[TRAILING_KINDS] = {0};
	MemoryContext row_context;
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		return (Datum) 0;
	balance.trailing_periods = PG_GETARG_INT32(2);
	if (balance.trailing_periods < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("trailing_periods must be at least 1 period, not %lld",
						(long long) balance.trailing_periods)));
	retention_question_begin(question, fcinfo, 1, 3, true);
	if (question->empty)
		return (Datum) 0;
	balance.n = (int64) question->last - question->first + 1;
	retention_question_check_periods(question, PG_INT64_MAX);
	retention_question_check_cells((double) balance.n, sizeof(Cell));
	balance.cells = MemoryContextAllocExtended(CurrentMemoryContext, balance.n * sizeof(Cell),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	while (question_next(question, &customer))
		add_customer(&balance, &customer);

	row_context = AllocSetContextCreate(CurrentMemoryContext, "new and returning row",
										ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(row_context);
	for (int64 i = 0; i < balance.n; i++)
	{
		const Cell *cell = &balance.cells[i];
		int32		period = (int32) (question->first + i);
		Datum		values[15];
		bool		nulls[15] = {false};

		CHECK_FOR_INTERRUPTS();
		for (int kind = 0; kind < TRAILING_KINDS; kind++)
			trailing[kind] += cell->trailing[kind];
		values[0] = retention_question_date(question, period);
		values[1] = Int64GetDatum(cell->customers);
		values[2] = Int64GetDatum(cell->repeaters);
		values[3] = Int64GetDatum(cell->orders);
		values[5] = Int64GetDatum(cell->new_customers);
		values[6] = Int64GetDatum(cell->new_orders);
		values[8] = Int64GetDatum(cell->customers - cell->new_customers);
		values[9] = Int64GetDatum(cell->orders - cell->new_orders);
		nulls[4] = nulls[7] = nulls[10] = !question_has_money(question);
		if (question_has_money(question))
		{
			MoneyTotal	total = {0};

			total_add_total(&total, &cell->new_revenue);
			total_add_total(&total, &cell->old_revenue);
			values[4] = question_numeric(question, &total);
			values[7] = question_numeric(question, &cell->new_revenue);
			values[10] = question_numeric(question, &cell->old_revenue);
		}
		values[11] = Int64GetDatum(trailing[TRAILING_CUSTOMERS]);
		values[12] = Int64GetDatum(trailing[TRAILING_REPEATERS]);
		/* while the window fills, the rate rises by that alone */
		nulls[13] = i < balance.trailing_periods - 1 || trailing[TRAILING_CUSTOMERS] == 0;
		if (!nulls[13])
			values[13] = Float8GetDatum((double) trailing[TRAILING_REPEATERS] /
										(double) trailing[TRAILING_CUSTOMERS]);
		values[14] = BoolGetDatum(retention_question_complete(question, period));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row_context);
	return (Datum) 0;
}
