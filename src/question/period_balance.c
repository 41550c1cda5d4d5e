/*-------------------------------------------------------------------------
 *
 * period_balance.c
 *	  What customers, new ones and those who were there before, do in each period.
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

#include "question/period_balance.h"

#include "utils/memutils.h"

/* One customer's way through the periods, numbered from the first on; -1: none. */
typedef struct Passage
{
	int64		first;			/* with an order of theirs, in the whole; -1, too, if that's before all days that are seen */
	int64		now;			/* at hand */
	int64		orders;			/* in it */
	int64		seen;			/* of these, on the days that are */
	int32		first_day;		/* of these */
	int32		last_day;
	MoneyTotal	paid;			/* in it, if anybody wants to know */
	int64		before;			/* that they ordered in last before */
	int64		until[TRAILING_KINDS];	/* the last one in whose window they count */
} Passage;

static int64
first_period(const PeriodBalance *balance, const CustomerView *customer)
{
	const Question *question = &balance->question;
	int32		period;
	int64		orders;

	if (!question_first_order(question, customer, &period, &orders) || question_day(question, period) < balance->from_day)
		return -1;
	return (int64) question_period(question, period) - question->first;
}

/* They leave the windows that begin too late for them, if any ever do. */
static void
leave_window(const PeriodBalance *balance, const Passage *passage, Trailing kind)
{
	int64		until = passage->until[kind];

	if (until >= 0 && until < balance->n - 1)
		balance->cells[until + 1].trailing[kind]--;
}

/* They are in the windows from the period at hand on, to one that's never earlier than before. */
static void
stay_in_window(const PeriodBalance *balance, Passage *passage, Trailing kind, int64 until)
{
	if (passage->now > passage->until[kind])
	{
		leave_window(balance, passage, kind);
		balance->cells[passage->now].trailing[kind]++;
	}
	passage->until[kind] = until;
}

/* Count a period once all that is theirs in it is known. */
static void
close_period(const PeriodBalance *balance, Passage *passage)
{
	BalanceCell *cell = &balance->cells[passage->now];
	bool		repeated = passage->orders > 1;
	int64		further = balance->trailing_periods - 1;

	if (passage->orders == 0)
		return;
	if (passage->seen > 0)
	{
		cell->customers++;
		cell->repeaters += passage->seen > 1;
		cell->orders += passage->seen;
		cell->span += passage->last_day - passage->first_day;
		if (passage->now == passage->first)
		{
			cell->new_customers++;
			cell->new_orders += passage->seen;
		}
		if (balance->visitor)
			balance->visitor(passage->now, &passage->paid, balance->arg);
	}
	stay_in_window(balance, passage, TRAILING_CUSTOMERS, passage->now + further);
	/* with more than one order as long as a window has the last but one */
	if (repeated)
		stay_in_window(balance, passage, TRAILING_REPEATERS, passage->now + further);
	else if (passage->before >= 0 && passage->before + further >= passage->now)
		stay_in_window(balance, passage, TRAILING_REPEATERS, passage->before + further);
	passage->before = passage->now;
}

static inline void
forget_paid(Passage *passage)
{
	if (unlikely(passage->paid.wide.limbs != NULL))
		pfree(unconstify(uint64 *, passage->paid.wide.limbs));
	memset(&passage->paid, 0, sizeof(MoneyTotal));
}

static void
add_customer(const PeriodBalance *balance, const CustomerView *customer)
{
	const Question *question = &balance->question;
	int			words = occasion_words(question->unpacker.shape);
	bool		has_money = question_has_money(question);
	Passage		passage = {.first = first_period(balance, customer), .now = -1, .before = -1, .until = {-1, -1}};

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * words;
		int32		period = mark_period(*occasion);
		int64		orders = mark_orders(*occasion);
		int32		day = question_day(question, period);
		int64		now;

		if (period > question->horizon || day > balance->until_day)
			break;
		now = (int64) question_period(question, period) - question->first;
		/* what was given back before anybody is known to have bought may have no cell */
		if (now < 0)
			continue;
		if (now != passage.now)
		{
			if (passage.now >= 0)
				close_period(balance, &passage);
			passage.now = now;
			passage.orders = passage.seen = 0;
			if (balance->visitor)
				forget_paid(&passage);
		}
		passage.orders += orders;
		if (day < balance->from_day)
			continue;
		if (orders > 0)
		{
			if (passage.seen == 0)
				passage.first_day = day;
			passage.last_day = day;
			passage.seen += orders;
		}
		else
		{
			balance->cells[now].refunds += mark_count(*occasion);
			if (has_money)
				question_add_money(question, &balance->cells[now].refunded, customer, occasion);
		}
		if (has_money)
			question_add_money(question, now == passage.first ? &balance->cells[now].new_revenue :
							   &balance->cells[now].old_revenue, customer, occasion);
		if (has_money && balance->visitor)
			question_add_money(question, &passage.paid, customer, occasion);
	}
	if (passage.now >= 0)
		close_period(balance, &passage);
	forget_paid(&passage);
	leave_window(balance, &passage, TRAILING_CUSTOMERS);
	leave_window(balance, &passage, TRAILING_REPEATERS);
}

/* All days are seen, unless somebody says which. */
void
retention_balance_begin(PeriodBalance *balance)
{
	balance->from_day = PG_INT32_MIN;
	balance->until_day = PG_INT32_MAX;
}

/*
 * Count all customers of the question, which has periods, in the current context.
 * No sum can overflow: all orders and all money of a history don't.
 */
void
retention_balance_count(PeriodBalance *balance)
{
	Question   *question = &balance->question;
	CustomerView customer;

	balance->n = (int64) question->last - question->first + 1;
	retention_question_check_periods(question, PG_INT64_MAX);
	retention_question_check_cells((double) balance->n, sizeof(BalanceCell));
	balance->cells = MemoryContextAllocExtended(CurrentMemoryContext, balance->n * sizeof(BalanceCell),
												MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	while (question_next(question, &customer))
		add_customer(balance, &customer);
}

/* From one period's window to the next one's, beginning with that of none. */
void
retention_balance_trail(const PeriodBalance *balance, int64 period, int64 *trailing)
{
	for (int kind = 0; kind < TRAILING_KINDS; kind++)
		trailing[kind] += balance->cells[period].trailing[kind];
}
