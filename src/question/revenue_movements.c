/*-------------------------------------------------------------------------
 *
 * revenue_movements.c
 *	  Where the revenue of a period came from, and where that of the one before
 *	  went: a balance by period.
 *
 * Hsu (2015) compares what each customer pays in a period with what they paid in the
 * one before, and calls the difference new, expansion, contraction, churned or
 * reactivated (he says resurrected), so that
 *
 *	opening + new + expansion - contraction - churned + reactivated = closing
 *
 * Revenue is net of the refunds given in the period, and refunds may be of what
 * was bought long ago: then a customer's is below 0.  In this balance it is 0.  A
 * customer who gives back more than they buy is one who pays nothing; counted
 * below 0 they would churn with more than they had, and expand by giving back
 * nothing more.  What is left out so is a column of its own, and takes the closing
 * revenue to the period's own.
 *
 * Of a part with an anchor, new is what those pay who had not paid to the whole, and
 * whoever else comes to the part, or back, is reactivated.
 *
 * As in lifecycle.c, each customer is counted in the periods where something
 * changes, and what one period closes with the next one opens with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/question.h"

#include "funcapi.h"
#include "metric/exact_numeric.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

typedef enum Movement
{
	MOVE_NEW,
	MOVE_EXPANSION,
	MOVE_CONTRACTION,
	MOVE_CHURNED,
	MOVE_REACTIVATED
} Movement;

#define MOVEMENTS	(MOVE_REACTIVATED + 1)

typedef struct Cell
{
	int64		customers[MOVEMENTS];
	MoneyTotal	money[MOVEMENTS];
	MoneyTotal	excess_refunds;
} Cell;

typedef struct Balance
{
	Question	question;
	Cell	   *cells;
	int64		n;				/* one for each period */
	MemoryContext context;		/* of the cells' money */
} Balance;

/* One customer's way through the periods, numbered from the first on; -1: none. */
typedef struct Passage
{
	int64		now;			/* at hand */
	MoneyTotal	paid;			/* in it */
	int64		before;			/* the last one that they paid in */
	MoneyTotal	paid_before;	/* in that, above 0 */
	int64		fresh;			/* "new", until they have paid to the whole */
} Passage;

/* -1, 0 or 1 */
static int
money_sign(const HistoryUnpacker *unpacker, const MoneyTotal *total)
{
	Money		money = {total->units, SUM_WORDS, 0};

	if (unlikely(total->wide.limbs != NULL))
		money = total_money(total, unpacker->totals.revenue.scale);
	return money_is_negative(money.limbs, money.nlimbs) ? -1 :
		!money_is_zero(money.limbs, money.nlimbs);
}

static void
subtract_total(MoneyTotal *total, const MoneyTotal *subtrahend)
{
	MoneyTotal	negative = *subtrahend;

	retention_money_negate(negative.units, SUM_WORDS);
	if (unlikely(negative.wide.limbs != NULL))
		negative.wide = retention_money_negative(negative.wide);
	total_add_total(total, &negative);
}

static void
count_movement(const Balance *balance, int64 period, Movement movement, const MoneyTotal *money)
{
	Cell	   *cell = &balance->cells[period];
	MemoryContext old = MemoryContextSwitchTo(balance->context);

	cell->customers[movement]++;
	total_add_total(&cell->money[movement], money);
	MemoryContextSwitchTo(old);
}

/* They didn't pay in the period behind the last one that they paid in, if there is any. */
static void
churn(const Balance *balance, const Passage *passage)
{
	if (passage->before >= 0 && passage->before < balance->n - 1)
		count_movement(balance, passage->before + 1, MOVE_CHURNED, &passage->paid_before);
}

/* Count a period, once all that they paid and gave back in it is known. */
static void
close_period(const Balance *balance, Passage *passage)
{
	const HistoryUnpacker *unpacker = &balance->question.unpacker;
	int			sign = money_sign(unpacker, &passage->paid);

	if (sign < 0)
	{
		MemoryContext old = MemoryContextSwitchTo(balance->context);

		subtract_total(&balance->cells[passage->now].excess_refunds, &passage->paid);
		MemoryContextSwitchTo(old);
	}
	if (sign <= 0)
		return;
	if (passage->before < 0 && passage->now <= passage->fresh)
		count_movement(balance, passage->now, MOVE_NEW, &passage->paid);
	else if (passage->before < 0 || passage->before < passage->now - 1)
	{
		churn(balance, passage);
		count_movement(balance, passage->now, MOVE_REACTIVATED, &passage->paid);
	}
	else
	{
		MoneyTotal	more = {0};
		MoneyTotal	less = {0};

		total_add_total(&more, &passage->paid);
		subtract_total(&more, &passage->paid_before);
		sign = money_sign(unpacker, &more);
		subtract_total(&less, &more);
		if (sign > 0)
			count_movement(balance, passage->now, MOVE_EXPANSION, &more);
		else if (sign < 0)
			count_movement(balance, passage->now, MOVE_CONTRACTION, &less);
	}
	passage->before = passage->now;
	passage->paid_before = passage->paid;
}

/*
 * The first period that the customer at hand paid the whole in; they are new until then.
 * Where no amounts of the whole are known, who ordered has paid.
 */
static int64
first_paid(const Question *question)
{
	const Anchor *anchor = question->anchor;
	const HistoryUnpacker *unpacker;
	int			words;
	MoneyTotal	paid = {0};
	int64		now = -1;
	int32		period;
	int64		orders;

	if (anchor == NULL || anchor->unpacker.shape.money_words == 0)
		return question_first_order(question, NULL, &period, &orders) ?
			(int64) question_period(question, period) - question->first : PG_INT64_MAX;
	unpacker = &anchor->unpacker;
	words = occasion_words(unpacker->shape);
	for (int64 i = 0; i < anchor->customer.n; i++)
	{
		const uint64 *occasion = anchor->customer.occasions + i * words;
		int64		next = (int64) question_period(question, mark_period(*occasion)) - question->first;

		if (next != now)
		{
			if (money_sign(unpacker, &paid) > 0)
				return now;
			now = next;
			memset(&paid, 0, sizeof(MoneyTotal));
		}
		history_add_money(unpacker, &paid, &anchor->customer, occasion);
	}
	return money_sign(unpacker, &paid) > 0 ? now : PG_INT64_MAX;
}

static void
add_customer(const Balance *balance, const CustomerView *customer)
{
	const Question *question = &balance->question;
	int			words = occasion_words(question->unpacker.shape);
	Passage		passage = {.now = -1, .before = -1, .fresh = PG_INT64_MAX};

	if (question->of_part && customer->n > 0)
		passage.fresh = first_paid(question);

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * words;
		int32		period = mark_period(*occasion);
		int64		now;

		if (period > question->horizon)
			break;
		now = (int64) question_period(question, period) - question->first;
		/* what was given back before anybody is known to have bought has no cell */
		if (now < 0)
			continue;
		if (now != passage.now)
		{
			if (passage.now >= 0)
				close_period(balance, &passage);
			passage.now = now;
			memset(&passage.paid, 0, sizeof(MoneyTotal));
		}
		question_add_money(question, &passage.paid, customer, occasion);
	}
	if (passage.now >= 0)
		close_period(balance, &passage);
	churn(balance, &passage);
}

/* A share of what a period opened with; it did so with something. */
static Datum
share(Datum part, Datum opening)
{
	return DirectFunctionCall1(numeric_float8, exact_divide(part, opening));
}

/* What a period opens with, and customers that paid it; then what it closes with. */
typedef struct Standing
{
	int64		customers;
	MoneyTotal	money;
} Standing;

static void
move(Standing *standing, const Cell *cell)
{
	for (int movement = 0; movement < MOVEMENTS; movement++)
	{
		if (movement == MOVE_NEW || movement == MOVE_REACTIVATED)
			standing->customers += cell->customers[movement];
		else if (movement == MOVE_CHURNED)
			standing->customers -= cell->customers[movement];
		if (movement == MOVE_CONTRACTION || movement == MOVE_CHURNED)
			subtract_total(&standing->money, &cell->money[movement]);
		else
			total_add_total(&standing->money, &cell->money[movement]);
	}
}

/*
 * revenue_movements(purchase_history, period, as_of, anchor): rows (period_start, opening,
 * new, expansion, contraction, churned, reactivated, closing, nrr, grr,
 * opening_customers, new_customers, expansion_customers, contraction_customers,
 * churned_customers, reactivated_customers, closing_customers, customer_retention,
 * excess_refunds, is_complete)
 */
PG_FUNCTION_INFO_V1(retention_revenue_movements);
Datum
retention_revenue_movements(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Balance		balance = {0};
	Question   *question = &balance.question;
	CustomerView customer;
	Standing	standing = {0};
	MemoryContext scratch;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	retention_question_begin_anchored(question, fcinfo, 1, 2, 3, true);
	if (question->empty)
		return (Datum) 0;
	balance.n = (int64) question->last - question->first + 1;
	retention_question_check_periods(question, PG_INT64_MAX);
	retention_question_check_cells((double) balance.n, sizeof(Cell));
	balance.context = CurrentMemoryContext;
	balance.cells = MemoryContextAllocExtended(CurrentMemoryContext, balance.n * sizeof(Cell),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	scratch = AllocSetContextCreate(CurrentMemoryContext, "revenue movements", ALLOCSET_SMALL_SIZES);
	while (question_has_money(question) && question_next(question, &customer))
	{
		MemoryContextSwitchTo(scratch);
		add_customer(&balance, &customer);
		MemoryContextSwitchTo(balance.context);
		if (unlikely(question->unpacker.wide != NULL ||
					 (question->anchor != NULL && question->anchor->unpacker.wide != NULL)))
			MemoryContextReset(scratch);
	}

	for (int64 i = 0; i < balance.n; i++)
	{
		const Cell *cell = &balance.cells[i];
		int32		period = (int32) (question->first + i);
		Datum		values[20];
		bool		nulls[20] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = retention_question_date(question, period);
		values[19] = BoolGetDatum(retention_question_complete(question, period));
		if (!question_has_money(question))
			memset(nulls + 1, true, 18);
		else
		{
			Standing	opening = standing;
			Datum		kept;

			MemoryContextSwitchTo(scratch);
			values[1] = question_numeric(question, &standing.money);
			for (int movement = 0; movement < MOVEMENTS; movement++)
			{
				values[2 + movement] = question_numeric(question, &cell->money[movement]);
				values[11 + movement] = Int64GetDatum(cell->customers[movement]);
			}
			nulls[8] = nulls[9] = nulls[17] = opening.customers == 0;
			if (opening.customers > 0)
			{
				kept = exact_subtract(exact_subtract(values[1], values[2 + MOVE_CONTRACTION]),
									  values[2 + MOVE_CHURNED]);
				values[8] = share(exact_add(kept, values[2 + MOVE_EXPANSION]), values[1]);
				values[9] = share(kept, values[1]);
				values[17] = Float8GetDatum((double) (opening.customers - cell->customers[MOVE_CHURNED]) /
											(double) opening.customers);
			}
			MemoryContextSwitchTo(balance.context);
			move(&standing, cell);
			MemoryContextSwitchTo(scratch);
			values[7] = question_numeric(question, &standing.money);
			values[10] = Int64GetDatum(opening.customers);
			values[16] = Int64GetDatum(standing.customers);
			values[18] = question_numeric(question, &cell->excess_refunds);
			MemoryContextSwitchTo(balance.context);
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);
	return (Datum) 0;
}
