/*-------------------------------------------------------------------------
 *
 * customer_list.c
 *	  A row a customer: what is known of them, and where they stand among all.
 *
 * Scores and deciles say how many customers have less.  Of a score it need only be
 * known where one ends and the next begins, so nobody is ranked: of each measure
 * the values alone are kept and sorted, and the few that are bounds are compared
 * with.  That takes one pass over the history, and the rows are made in a second
 * one, so that what is kept of a customer are a few words.
 *
 * A customer's key is read back from the identity, which is the number or the uuid
 * itself, mixed (order/customer.h).  A text is what the history has kept, or there is no
 * way back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/gap.h"

#include "funcapi.h"
#include "math/radix_sort.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#define SCORES			5
#define DECILES			10

/* Rows after which the memory of their keys and numerics is given back. */
#define ROWS_A_RESET	256

/* What somebody has paid: units, or money that no units can say. */
typedef struct Worth
{
	uint64		units[UNITS_MAX_WORDS];
	const Money *wide;			/* NULL: units */
} Worth;

/* What there is of a customer until as_of. */
typedef struct Facts
{
	int32		first;			/* days: of a part, of the first order of the whole, */
	int32		first_here;		/* and of that in the part */
	int32		last;
	bool		is_new;			/* has ordered once */
	int64		orders;
	int64		refunds;
	int64		days;			/* with an order */
	MoneyTotal	revenue;
} Facts;

typedef struct CustomerList
{
	Question	question;
	double		usual_gap;
	int64		n;
	int64		room;
	uint64	   *recencies;
	uint64	   *orders;
	Worth	   *worths;

	/* from so many on a score is one higher; of worth the same, and of deciles */
	uint64		recency_bounds[SCORES - 1];
	uint64		order_bounds[SCORES - 1];
	Worth		worth_bounds[SCORES - 1];
	Worth		decile_bounds[DECILES - 1];

	/* the gaps between days with an order of the customer at hand */
	int32	   *gaps;
	int64		gaps_room;
} CustomerList;

static Money
worth_money(const Worth *worth, int scale)
{
	return worth->wide ? *worth->wide : retention_units_money(worth->units, UNITS_MAX_WORDS, scale);
}

/* Where one has money that is kept elsewhere. */
static int
compare_wide_worth(const Worth *a, const Worth *b, int scale)
{
	Money		left = worth_money(a, scale);
	Money		right = retention_money_negative(worth_money(b, scale));
	Money		difference = retention_money_sum(left, right);
	int			result = money_is_negative(difference.limbs, difference.nlimbs) ? -1 :
		!money_is_zero(difference.limbs, difference.nlimbs);

	/* there may be millions of these */
	pfree(unconstify(uint64 *, right.limbs));
	pfree(unconstify(uint64 *, difference.limbs));
	return result;
}

static inline int
compare_worth(const Worth *a, const Worth *b, const int *scale)
{
	if (unlikely(a->wide != NULL || b->wide != NULL))
		return compare_wide_worth(a, b, *scale);
	if (a->units[1] != b->units[1])
		return (int64) a->units[1] < (int64) b->units[1] ? -1 : 1;
	return (a->units[0] > b->units[0]) - (a->units[0] < b->units[0]);
}

#define ST_SORT sort_worths
#define ST_ELEMENT_TYPE Worth
#define ST_COMPARE(a, b, scale) compare_worth(a, b, scale)
#define ST_COMPARE_ARG_TYPE const int
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_gaps
#define ST_ELEMENT_TYPE int32
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * When so many of n have less than a value, it is above the one in this place of
 * the sorted values: part / parts of all, rounded up.
 */
static int64
bound_place(int64 n, int part, int parts)
{
	return n / parts * part + (n % parts * part + parts - 1) / parts - 1;
}

static void
find_bounds(const uint64 *sorted, int64 n, uint64 *bounds)
{
	for (int i = 0; i < SCORES - 1; i++)
		bounds[i] = sorted[bound_place(n, i + 1, SCORES)];
}

static void
find_worth_bounds(const Worth *sorted, int64 n, Worth *bounds, int parts)
{
	for (int i = 0; i < parts - 1; i++)
		bounds[i] = sorted[bound_place(n, i + 1, parts)];
}

static int
score(uint64 value, const uint64 *bounds)
{
	int			result = 1;

	for (int i = 0; i < SCORES - 1; i++)
		result += value > bounds[i];
	return result;
}

static int
worth_score(const Worth *worth, const Worth *bounds, int parts, int scale)
{
	int			result = 1;

	while (result < parts && compare_worth(worth, &bounds[result - 1], &scale) > 0)
		result++;
	return result;
}

/* The median of the gaps between days with an order, rounded down. */
static int32
median_gap(CustomerList *list, int64 n)
{
	int32		low;

	if (n == 1)
		return list->gaps[0];
	sort_gaps(list->gaps, n);
	low = list->gaps[(n - 1) / 2];
	return low + (list->gaps[n / 2] - low) / 2;
}

/*
 * What is known of a customer; false if they have no order yet.  Their revenue is
 * added up in the current context.
 */
static bool
get_facts(CustomerList *list, const CustomerView *customer, Facts *facts)
{
	const Question *question = &list->question;
	int			words = occasion_words(question->unpacker.shape);
	int64		orders_of_first;

	memset(facts, 0, sizeof(Facts));
	if (!question_first_order(question, customer, &facts->first, &orders_of_first))
		return false;
	if (customer->n > list->gaps_room)
	{
		list->gaps_room = Max(customer->n, list->gaps_room * 2);
		list->gaps = repalloc_huge(list->gaps, list->gaps_room * sizeof(int32));
	}
	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * words;
		int64		orders = mark_orders(*occasion);
		int32		day = mark_period(*occasion);

		if (question->given && day > question->horizon)
			break;
		if (question_has_money(question))
			question_add_money(question, &facts->revenue, customer, occasion);
		if (mark_kind(*occasion) == OF_REFUNDS)
			facts->refunds += mark_count(*occasion);
		if (orders == 0)
			continue;
		if (facts->days == 0)
			facts->first_here = day;
		else
			list->gaps[facts->days - 1] = day - facts->last;
		facts->last = day;
		facts->orders += orders;
		facts->days++;
	}
	facts->is_new = facts->orders == 1 && orders_of_first == 1 && facts->first == facts->first_here;
	return facts->days > 0;
}

/* Their revenue to compare with; in the current context. */
static void
get_worth(const Question *question, const MoneyTotal *revenue, Worth *worth)
{
	Money	   *wide;

	worth->wide = NULL;
	if (likely(total_units(revenue, question->unpacker.scale, worth->units)))
		return;
	wide = palloc(sizeof(Money));
	*wide = retention_money_copy(total_money(revenue, question->unpacker.totals.revenue.scale));
	worth->wide = wide;
}

static void *
enlarge(void *array, int64 room, Size width)
{
	return array ? repalloc_huge(array, room * width) :
		palloc_extended(room * width, MCXT_ALLOC_HUGE);
}

/* Begin a pass over all customers, whose keys can be told. */
static void
begin_pass(CustomerList *list, FunctionCallInfo fcinfo)
{
	Question   *question = &list->question;
	KeyKind		key;

	retention_question_begin_anchored(question, fcinfo, NO_ARG, 1, 2, true);
	retention_question_needs_days(question);
	key = question->unpacker.kind.key;
	if (key_is_text((uint8) key) && !question->unpacker.kind.named)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("purchase history of %s does not know their keys", retention_key_name(key)),
				 errdetail("Of a text it keeps a hash, from which it can't be read back."),
				 errhint("Make the history by purchase_history_with_names, which keeps the texts.")));
}

/* What customers are compared by. */
static void
measure(CustomerList *list)
{
	Question   *question = &list->question;
	bool		has_money = question_has_money(question);
	CustomerView customer;
	GapCounts	gaps = {0};
	uint64	   *scratch;

	while (question_next(question, &customer))
	{
		Facts		facts;

		if (!get_facts(list, &customer, &facts))
			continue;
		if (list->n == list->room)
		{
			list->room = Max(list->room * 2, 1024);
			list->recencies = enlarge(list->recencies, list->room, sizeof(uint64));
			list->orders = enlarge(list->orders, list->room, sizeof(uint64));
			if (has_money)
				list->worths = enlarge(list->worths, list->room, sizeof(Worth));
		}
		list->recencies[list->n] = (uint64) (question->as_of - facts.last);
		list->orders[list->n] = (uint64) facts.orders;
		if (has_money)
			get_worth(question, &facts.revenue, &list->worths[list->n]);
		list->n++;
		retention_gap_add_customer(&gaps, question, &customer);
	}
	list->usual_gap = retention_usual_gap(&gaps);
	if (list->n == 0)
		return;

	scratch = palloc_extended(list->n * sizeof(uint64), MCXT_ALLOC_HUGE);
	retention_radix_sort(list->recencies, scratch, list->n);
	find_bounds(list->recencies, list->n, list->recency_bounds);
	retention_radix_sort(list->orders, scratch, list->n);
	find_bounds(list->orders, list->n, list->order_bounds);
	pfree(scratch);
	pfree(list->recencies);
	pfree(list->orders);
	if (has_money)
	{
		sort_worths(list->worths, list->n, &question->unpacker.scale);
		find_worth_bounds(list->worths, list->n, list->worth_bounds, SCORES);
		find_worth_bounds(list->worths, list->n, list->decile_bounds, DECILES);
		pfree(list->worths);
	}
}

/* As text, whatever it is; "name" is what is kept of a text. */
static Datum
customer_key(const Question *question, const CustomerView *customer, const CustomerName *name)
{
	if (name)
		return PointerGetDatum(cstring_to_text_with_len(name->bytes, name->length));
	if (question->unpacker.kind.key == KEY_INT8)
	{
		char		number[MAXINT8LEN + 1];
		int			length = pg_lltoa((int64) customer_unmix(customer->identity[0]), number);

		return PointerGetDatum(cstring_to_text_with_len(number, length));
	}
	else
	{
		Identity	identity = {customer->identity[0], customer->identity[1]};

		return CStringGetTextDatum(DatumGetCString(DirectFunctionCall1(uuid_out, retention_uuid_of_identity(identity))));
	}
}

/* The next customer, and their name if the history has names; "name" is that of the last one. */
static bool
next_named(Question *question, CustomerView *customer, const CustomerName **name)
{
	if (question->of_part)
	{
		if (!question_next(question, customer))
			return false;
		*name = question->unpacker.names ? question->unpacker.names + question->nth - 1 : NULL;
		return true;
	}
	if (*name)
		(*name)++;
	while (!run_next(&question->cursor, customer))
	{
		if (!retention_question_next_block(question))
			return false;
		*name = question->unpacker.names;
	}
	return true;
}

/* As the views have it. */
typedef enum Status
{
	STATUS_NEW,
	STATUS_ACTIVE,
	STATUS_AT_RISK,
	STATUS_DORMANT,
	STATUS_LOST
} Status;

static Status
status(const CustomerList *list, const Facts *facts)
{
	int32		silent = list->question.as_of - facts->last;

	return silent > 3 * list->usual_gap ? STATUS_LOST :
		silent > 2 * list->usual_gap ? STATUS_DORMANT :
		silent > list->usual_gap ? STATUS_AT_RISK :
		facts->is_new ? STATUS_NEW : STATUS_ACTIVE;
}

static int32
next_order_due(CustomerList *list, const Facts *facts)
{
	int64		due = (int64) facts->last + median_gap(list, facts->days - 1);

	if (due > DAY_LAST)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range: the next order is due after the year 294276")));
	return (int32) due;
}

/* A day as a date; west of UTC the first day of all is none that a date can be. */
static Datum
date_of_day(int32 day)
{
	return DateADTGetDatum(Max(day, DAY_FIRST));
}

/*
 * customer_list(purchase_history, as_of, anchor): rows (customer, orders, revenue, refunds,
 * first_order, last_order, age_days, recency_days, mean_gap_days, next_order_due,
 * recency_score, frequency_score, monetary_score, revenue_decile, status)
 */
PG_FUNCTION_INFO_V1(retention_customer_list);
Datum
retention_customer_list(PG_FUNCTION_ARGS)
{
	static const char *const status_names[] = {"new", "active", "at risk", "dormant", "lost"};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	CustomerList list = {0};
	Question   *question = &list.question;
	CustomerView customer;
	Datum		statuses[lengthof(status_names)];
	MemoryContext context = CurrentMemoryContext;
	MemoryContext row_context;
	const CustomerName *name = NULL;
	int64		rows = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	list.gaps_room = 64;
	list.gaps = palloc(list.gaps_room * sizeof(int32));
	begin_pass(&list, fcinfo);
	measure(&list);
	for (int i = 0; i < lengthof(statuses); i++)
		statuses[i] = CStringGetTextDatum(status_names[i]);
	row_context = AllocSetContextCreate(context, "customer row", ALLOCSET_DEFAULT_SIZES);
	begin_pass(&list, fcinfo);
	question->quiet = true;
	retention_history_unpack_names(&question->unpacker);
	while (next_named(question, &customer, &name))
	{
		Facts		facts;
		Datum		values[15];
		bool		nulls[15] = {false};
		Worth		worth;

		MemoryContextSwitchTo(row_context);
		if (!get_facts(&list, &customer, &facts))
		{
			MemoryContextSwitchTo(context);
			continue;
		}
		values[0] = customer_key(question, &customer, name);
		values[1] = Int64GetDatum(facts.orders);
		values[3] = Int64GetDatum(facts.refunds);
		values[4] = date_of_day(facts.first);
		values[5] = date_of_day(facts.last);
		values[6] = Int32GetDatum(question->as_of - facts.first);
		values[7] = Int32GetDatum(question->as_of - facts.last);
		nulls[8] = facts.orders == 1;
		if (!nulls[8])
			values[8] = Float8GetDatum((double) (facts.last - facts.first_here) / (double) (facts.orders - 1));
		nulls[9] = facts.days == 1;
		if (!nulls[9])
			values[9] = date_of_day(next_order_due(&list, &facts));
		values[10] = Int32GetDatum(SCORES + 1 - score((uint64) (question->as_of - facts.last), list.recency_bounds));
		values[11] = Int32GetDatum(score((uint64) facts.orders, list.order_bounds));
		nulls[2] = nulls[3] = nulls[12] = nulls[13] = !question_has_money(question);
		if (question_has_money(question))
		{
			int			scale = question->unpacker.scale;

			get_worth(question, &facts.revenue, &worth);
			values[2] = question_numeric(question, &facts.revenue);
			values[12] = Int32GetDatum(worth_score(&worth, list.worth_bounds, SCORES, scale));
			values[13] = Int32GetDatum(worth_score(&worth, list.decile_bounds, DECILES, scale));
		}
		values[14] = statuses[status(&list, &facts)];
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextSwitchTo(context);
		if (++rows % ROWS_A_RESET == 0)
			MemoryContextReset(row_context);
	}
	MemoryContextDelete(row_context);
	return (Datum) 0;
}
