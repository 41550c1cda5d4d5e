/*-------------------------------------------------------------------------
 *
 * customer_list.c
 *	  A row a customer: what is known of them, and where they stand among all.
 *
 * Scores and deciles say how many customers have less.  Of a score it need only be
 * known where one ends and the next begins, so nobody is ranked: of each measure
 * the values alone are kept and sorted, and the few that are bounds are compared
 * with.  Or they are given, so that a score means the same next month.  That takes one
 * pass over the history, and the rows are made in a second one, one by one: so
 * what is kept of a customer are a few words.
 *
 * Measures are float8, as thresholds are that somebody keeps.  Revenues are compared to
 * four digits behind the point, as the views show them: what floats leave behind a
 * price makes nobody better than those who have paid as much.
 *
 * There are several functions of this kind.  Which columns their rows have, and in
 * which order, is said where they are declared, and looked up here by name.
 *
 * A customer's key is read back from the identity, which is the number or the uuid
 * itself, mixed (order/customer.h).  A text is what the history has kept, or there is no
 * way back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/first_part.h"
#include "question/gap.h"
#include "question/repeat_buyer.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "math/portable_math.h"
#include "math/radix_sort.h"
#include "metric/exact_numeric.h"
#include "metric/thresholds.h"
#include "miscadmin.h"
#include "rfm/rfm_inputs.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#define SCORES			5
#define DECILES			10

/* Of revenues that are compared. */
#define WORTH_DIGITS	4

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
	MoneyTotal	refunded;		/* below zero, as it is in revenue */
	MoneyTotal	repeat;			/* of the days with an order but the first */
} Facts;

typedef enum Metric
{
	RECENCY,
	FREQUENCY,
	MONETARY
} Metric;

#define METRICS	(MONETARY + 1)

static const char *const metric_names[METRICS] = {"recency", "frequency", "monetary"};

/* Numbers that are compared as those are that they stand for. */
typedef struct Measure
{
	uint64	   *values;			/* of all customers; NULL if they aren't needed */
	bool		given;			/* the bounds */
	uint64		bounds[SCORES - 1];	/* behind each of them a score is one higher */
} Measure;

typedef enum ListColumn
{
	LIST_CUSTOMER,
	LIST_ORDERS,
	LIST_REVENUE,
	LIST_REFUNDS,
	LIST_REFUNDED,
	LIST_FIRST_ORDER,
	LIST_LAST_ORDER,
	LIST_LIFESPAN_DAYS,
	LIST_AGE_DAYS,
	LIST_RECENCY_DAYS,
	LIST_MEAN_GAP_DAYS,
	LIST_NEXT_ORDER_DUE,
	LIST_RECENCY_SCORE,
	LIST_FREQUENCY_SCORE,
	LIST_MONETARY_SCORE,
	LIST_REVENUE_DECILE,
	LIST_STATUS,
	LIST_RFM,
	LIST_ORDER_DAYS,
	LIST_REPEAT_SPEND,
	LIST_FIRST_PARTS
} ListColumn;

static const char *const column_names[] = {
	[LIST_CUSTOMER] = "customer",
	[LIST_ORDERS] = "orders",
	[LIST_REVENUE] = "revenue",
	[LIST_REFUNDS] = "refunds",
	[LIST_REFUNDED] = "refunded",
	[LIST_FIRST_ORDER] = "first_order",
	[LIST_LAST_ORDER] = "last_order",
	[LIST_LIFESPAN_DAYS] = "lifespan_days",
	[LIST_AGE_DAYS] = "age_days",
	[LIST_RECENCY_DAYS] = "recency_days",
	[LIST_MEAN_GAP_DAYS] = "mean_gap_days",
	[LIST_NEXT_ORDER_DUE] = "next_order_due",
	[LIST_RECENCY_SCORE] = "recency_score",
	[LIST_FREQUENCY_SCORE] = "frequency_score",
	[LIST_MONETARY_SCORE] = "monetary_score",
	[LIST_REVENUE_DECILE] = "revenue_decile",
	[LIST_STATUS] = "status",
	[LIST_RFM] = "rfm",
	[LIST_ORDER_DAYS] = "order_days",
	[LIST_REPEAT_SPEND] = "repeat_spend",
	[LIST_FIRST_PARTS] = "first_parts"
};

#define LIST_COLUMNS	((int) lengthof(column_names))

/* Behind the thresholds, of functions that have it: parts, and which segment each is of. */
#define PARTS_ARG	6

/* As the views have it. */
static const char *const status_names[] = {"new", "active", "at risk", "dormant", "lost"};

typedef enum Status
{
	STATUS_NEW,
	STATUS_ACTIVE,
	STATUS_AT_RISK,
	STATUS_DORMANT,
	STATUS_LOST
} Status;

typedef struct CustomerList
{
	Question	question;
	double		usual_gap;
	int64		n;
	int64		room;
	Measure		measures[METRICS];
	uint64		decile_bounds[DECILES - 1];

	/* the rows */
	MemoryContext context;		/* of all this */
	TupleDesc	desc;
	ListColumn	columns[LIST_COLUMNS];
	TupleDesc	rfm;			/* of the column rfm */
	Datum		statuses[lengthof(status_names)];
	FirstParts *parts;			/* of the shop; NULL: they weren't given */
	Datum		nothing;		/* money of none */

	/* of the customer at hand what is kept of a text, and the gaps between days with an order */
	const CustomerName *name;
	int32	   *gaps;
	int64		gaps_room;
} CustomerList;

#define ST_SORT sort_gaps
#define ST_ELEMENT_TYPE int32
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* ---- measures ---------------------------------------------------------------- */

#define SIGN_BIT		(UINT64CONST(1) << 63)

/* A number as one without a sign, in the same order; there is no NaN. */
static inline uint64
ordered(double value)
{
	uint64		bits;

	value += 0.0;				/* zero has one form */
	memcpy(&bits, &value, sizeof(bits));
	return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static inline double
unordered(uint64 bits)
{
	double		value;

	bits = bits & SIGN_BIT ? bits ^ SIGN_BIT : ~bits;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

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
find_bounds(const uint64 *sorted, int64 n, uint64 *bounds, int parts)
{
	for (int i = 0; i < parts - 1; i++)
		bounds[i] = sorted[bound_place(n, i + 1, parts)];
}

static int32
score(uint64 value, const uint64 *bounds, int parts)
{
	int32		result = 1;

	for (int i = 0; i < parts - 1; i++)
		result += value > bounds[i];
	return result;
}

/* What somebody has paid, to be compared. */
static double
worth(const Question *question, const MoneyTotal *revenue)
{
	int			scale = question->unpacker.scale;
	int64		units = (int64) revenue->units[0];
	Datum		rounded;

	if (money_is_brief(question, revenue))
	{
		if (likely(scale <= WORTH_DIGITS))
			return (double) units / (double) retention_powers_of_ten[scale];
		/* half is rounded away from zero */
		units += (units < 0 ? -1 : 1) * retention_powers_of_ten[scale - WORTH_DIGITS] / 2;
		return (double) (units / retention_powers_of_ten[scale - WORTH_DIGITS]) / (double) retention_powers_of_ten[WORTH_DIGITS];
	}
	rounded = DirectFunctionCall2(numeric_round, question_numeric(question, revenue), Int32GetDatum(WORTH_DIGITS));
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, rounded));
}

/* ---- customers ---------------------------------------------------------------- */

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
 * What is known of a customer; false if they have no order yet.  Their money is
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
		if (mark_kind(*occasion) == OF_REFUNDS)
			facts->refunds += mark_count(*occasion);
		if (orders > 0)
		{
			if (facts->days == 0)
				facts->first_here = day;
			else
				list->gaps[facts->days - 1] = day - facts->last;
			facts->last = day;
			facts->orders += orders;
			facts->days++;
		}
		if (!question_has_money(question))
			continue;
		question_add_money(question, &facts->revenue, customer, occasion);
		if (mark_kind(*occasion) == OF_REFUNDS)
			question_add_money(question, &facts->refunded, customer, occasion);
		/* what was given back on a day with an order is of that day */
		if (facts->days > 1 && day == facts->last)
			question_add_money(question, &facts->repeat, customer, occasion);
	}
	facts->is_new = facts->orders == 1 && orders_of_first == 1 && facts->first == facts->first_here;
	return facts->days > 0;
}

/* Begin a pass over all customers. */
static void
begin_pass(CustomerList *list, FunctionCallInfo fcinfo, int as_of_arg, int anchor_arg)
{
	retention_question_begin_anchored(&list->question, fcinfo, NO_ARG, as_of_arg, anchor_arg, true);
	retention_question_needs_days(&list->question);
}

/* Are there bounds that count, given in an argument? */
static void
take_thresholds(Measure *measure, FunctionCallInfo fcinfo, int arg)
{
	const double *thresholds;
	int			n;

	measure->given = !PG_ARGISNULL(arg);
	if (!measure->given)
		return;
	thresholds = retention_thresholds(PG_GETARG_ARRAYTYPE_P(arg), &n);
	if (n != SCORES - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be %d thresholds of scores from 1 to %d, not %d", SCORES - 1, SCORES, n)));
	for (int i = 0; i < SCORES - 1; i++)
		measure->bounds[i] = ordered(thresholds[i]);
}

/* Where the scores begin and end. */
static void
measure(CustomerList *list)
{
	Question   *question = &list->question;
	CustomerView customer;
	GapCounts	gaps = {0};
	uint64	   *scratch;
	MemoryContext sums = AllocSetContextCreate(CurrentMemoryContext, "money of customers", ALLOCSET_SMALL_SIZES);

	list->gaps_room = 64;
	list->gaps = palloc(list->gaps_room * sizeof(int32));
	while (question_next(question, &customer))
	{
		Facts		facts;
		double		values[METRICS];

		if (list->n == list->room)
		{
			list->room = Max(list->room * 2, 1024);
			for (int m = 0; m < METRICS; m++)
				list->measures[m].values = list->measures[m].values ?
					repalloc_huge(list->measures[m].values, list->room * sizeof(uint64)) :
					palloc(list->room * sizeof(uint64));
		}
		MemoryContextSwitchTo(sums);
		if (get_facts(list, &customer, &facts))
		{
			values[RECENCY] = question->as_of - facts.last;
			values[FREQUENCY] = (double) facts.orders;
			values[MONETARY] = question_has_money(question) ? worth(question, &facts.revenue) : 0;
			for (int m = 0; m < METRICS; m++)
				list->measures[m].values[list->n] = ordered(values[m]);
			list->n++;
		}
		MemoryContextReset(sums);
		MemoryContextSwitchTo(list->context);
		retention_gap_add_customer(&gaps, question, &customer);
	}
	MemoryContextDelete(sums);
	list->usual_gap = retention_usual_gap(&gaps);
	if (list->n == 0)
		return;

	scratch = palloc_extended(list->n * sizeof(uint64), MCXT_ALLOC_HUGE);
	for (int m = 0; m < METRICS; m++)
	{
		Measure    *of = &list->measures[m];

		if (!of->given || m == MONETARY)
			retention_radix_sort(of->values, scratch, list->n);
		if (!of->given)
			find_bounds(of->values, list->n, of->bounds, SCORES);
		if (m == MONETARY)
			find_bounds(of->values, list->n, list->decile_bounds, DECILES);
		pfree(of->values);
	}
	pfree(scratch);
}

/* ---- rows --------------------------------------------------------------------- */

/* A number as it is, where the column is one, or anything as text. */
static Datum
customer_key(const CustomerList *list, const CustomerView *customer, Oid type)
{
	if (list->name)
		return PointerGetDatum(cstring_to_text_with_len(list->name->bytes, list->name->length));
	if (list->question.unpacker.kind.key == KEY_INT8)
	{
		int64		number = (int64) customer_unmix(customer->identity[0]);
		char		text[MAXINT8LEN + 1];
		int			length;

		if (type == INT8OID)
			return Int64GetDatum(number);
		length = pg_lltoa(number, text);
		return PointerGetDatum(cstring_to_text_with_len(text, length));
	}
	else
	{
		Identity	identity = {customer->identity[0], customer->identity[1]};

		return CStringGetTextDatum(DatumGetCString(DirectFunctionCall1(uuid_out, retention_uuid_of_identity(identity))));
	}
}

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

/* What the models take of the customer, as rfm_summary has it. */
static Datum
rfm_row(const CustomerList *list, const Facts *facts)
{
	const Question *question = &list->question;
	int64		x = facts->days - 1;
	double		log_gaps = 0;
	Datum		values[RFM_COLUMNS];
	bool		nulls[RFM_COLUMNS] = {false};

	for (int64 i = 0; i < x; i++)
		log_gaps += retention_portable_log(list->gaps[i]);
	values[RFM_X] = Int64GetDatum(x);
	values[RFM_T_X] = Float8GetDatum((double) facts->last - facts->first_here);
	values[RFM_T] = Float8GetDatum((double) question->as_of - facts->first_here);
	nulls[RFM_M_X] = x == 0 || !question_has_money(question);
	values[RFM_M_X] = nulls[RFM_M_X] ? (Datum) 0 :
		exact_divide(question_numeric(question, &facts->repeat), exact_integer(x));
	values[RFM_LOG_GAPS] = Float8GetDatum(log_gaps);
	values[RFM_ORDERS] = Int64GetDatum(facts->orders);
	values[RFM_FIRST_ORDER] = date_of_day(facts->first_here);
	return HeapTupleGetDatum(heap_form_tuple(list->rfm, values, nulls));
}

/* The columns that the function's rows have. */
static void
find_columns(CustomerList *list, FunctionCallInfo fcinfo)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts > LIST_COLUMNS)
		elog(ERROR, "return type must be a row type of customers");
	list->desc = BlessTupleDesc(desc);
	for (int i = 0; i < desc->natts; i++)
	{
		int			c = 0;

		while (c < LIST_COLUMNS && strcmp(column_names[c], NameStr(TupleDescAttr(desc, i)->attname)) != 0)
			c++;
		if (c == LIST_COLUMNS)
			elog(ERROR, "customers have no column \"%s\"", NameStr(TupleDescAttr(desc, i)->attname));
		list->columns[i] = c;
		if (c == LIST_RFM)
		{
			list->rfm = lookup_rowtype_tupdesc_copy(TupleDescAttr(desc, i)->atttypid, -1);
			retention_rfm_check_type(list->rfm);
		}
	}
	list->nothing = exact_integer(0);
	for (int i = 0; i < lengthof(status_names); i++)
		list->statuses[i] = CStringGetTextDatum(status_names[i]);
}

static Datum
customer_row(CustomerList *list, const CustomerView *customer, const Facts *facts)
{
	const Question *question = &list->question;
	bool		has_money = question_has_money(question);
	uint64		worth_bits = has_money ? ordered(worth(question, &facts->revenue)) : 0;
	/* the gaps are in order still */
	Datum		rfm = list->rfm ? rfm_row(list, facts) : (Datum) 0;
	Datum		values[LIST_COLUMNS];
	bool		nulls[LIST_COLUMNS] = {false};

	for (int i = 0; i < list->desc->natts; i++)
	{
		Datum	   *value = &values[i];
		bool	   *null = &nulls[i];

		*value = (Datum) 0;
		switch (list->columns[i])
		{
			case LIST_CUSTOMER:
				*value = customer_key(list, customer, TupleDescAttr(list->desc, i)->atttypid);
				break;
			case LIST_ORDERS:
				*value = Int64GetDatum(facts->orders);
				break;
			case LIST_REVENUE:
				*null = !has_money;
				if (has_money)
					*value = question_numeric(question, &facts->revenue);
				break;
			case LIST_REFUNDS:
				*null = !has_money;
				*value = Int64GetDatum(facts->refunds);
				break;
			case LIST_REFUNDED:
				*null = !has_money;
				if (has_money)
					*value = facts->refunds == 0 ? list->nothing :
						DirectFunctionCall1(numeric_uminus, question_numeric(question, &facts->refunded));
				break;
			case LIST_FIRST_ORDER:
				*value = date_of_day(facts->first);
				break;
			case LIST_LAST_ORDER:
				*value = date_of_day(facts->last);
				break;
			case LIST_LIFESPAN_DAYS:
				*value = Int32GetDatum(facts->last - facts->first_here);
				break;
			case LIST_AGE_DAYS:
				*value = Int32GetDatum(question->as_of - facts->first);
				break;
			case LIST_RECENCY_DAYS:
				*value = Int32GetDatum(question->as_of - facts->last);
				break;
			case LIST_MEAN_GAP_DAYS:
				*null = facts->orders == 1;
				if (facts->orders > 1)
					*value = Float8GetDatum((double) (facts->last - facts->first_here) / (double) (facts->orders - 1));
				break;
			case LIST_NEXT_ORDER_DUE:
				*null = facts->days == 1;
				if (facts->days > 1)
					*value = date_of_day(next_order_due(list, facts));
				break;
			case LIST_RECENCY_SCORE:
				*value = Int32GetDatum(SCORES + 1 - score(ordered(question->as_of - facts->last), list->measures[RECENCY].bounds, SCORES));
				break;
			case LIST_FREQUENCY_SCORE:
				*value = Int32GetDatum(score(ordered((double) facts->orders), list->measures[FREQUENCY].bounds, SCORES));
				break;
			case LIST_MONETARY_SCORE:
				*null = !has_money;
				*value = Int32GetDatum(score(worth_bits, list->measures[MONETARY].bounds, SCORES));
				break;
			case LIST_REVENUE_DECILE:
				*null = !has_money;
				*value = Int32GetDatum(score(worth_bits, list->decile_bounds, DECILES));
				break;
			case LIST_STATUS:
				*value = list->statuses[status(list, facts)];
				break;
			case LIST_RFM:
				*value = rfm;
				break;
			case LIST_ORDER_DAYS:
				*value = Int64GetDatum(facts->days);
				break;
			case LIST_REPEAT_SPEND:
				*null = facts->days == 1 || !has_money;
				if (!*null)
					*value = Float8GetDatum(retention_mean_spend(question, &facts->repeat, facts->days - 1));
				break;
			case LIST_FIRST_PARTS:
				*null = list->parts == NULL;
				if (!*null)
					*value = retention_first_parts_of(list->parts, customer, facts->first);
				break;
		}
	}
	return HeapTupleGetDatum(heap_form_tuple(list->desc, values, nulls));
}

/* A list in the current context; rows can be made of it then. */
static CustomerList *
begin_list(FunctionCallInfo fcinfo)
{
	CustomerList *list = palloc0(sizeof(CustomerList));
	KeyKind		key;

	list->context = CurrentMemoryContext;
	find_columns(list, fcinfo);
	begin_pass(list, fcinfo, 1, 2);
	key = list->question.unpacker.kind.key;
	if (key_is_text((uint8) key) && !list->question.unpacker.kind.named)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("purchase history of %s does not know their keys", retention_key_name(key)),
				 errdetail("Of a text it keeps a hash, from which it can't be read back."),
				 errhint("Make the history by purchase_history_with_names, which keeps the texts.")));
	for (int m = 0; m < METRICS; m++)
		take_thresholds(&list->measures[m], fcinfo, 3 + m);
	measure(list);
	begin_pass(list, fcinfo, 1, 2);
	if (PG_NARGS() > PARTS_ARG && !PG_ARGISNULL(PARTS_ARG) && !PG_ARGISNULL(PARTS_ARG + 1))
		list->parts = retention_first_parts_begin(PG_GETARG_ARRAYTYPE_P(PARTS_ARG), PG_GETARG_ARRAYTYPE_P(PARTS_ARG + 1),
												  &list->question.unpacker.kind);
	list->question.quiet = true;
	retention_history_unpack_names(&list->question.unpacker);
	return list;
}

/* The next customer, and their name if the history has names. */
static bool
next_named(CustomerList *list, CustomerView *customer)
{
	Question   *question = &list->question;

	if (question->of_part)
	{
		if (!question_next(question, customer))
			return false;
		list->name = question->unpacker.names ? question->unpacker.names + question->nth - 1 : NULL;
		return true;
	}
	if (list->name)
		list->name++;
	while (!run_next(&question->cursor, customer))
	{
		if (!retention_question_next_block(question))
			return false;
		list->name = question->unpacker.names;
	}
	return true;
}

/*
 * customer_list(purchase_history, as_of, anchor, recency_thresholds,
 * frequency_thresholds, monetary_thresholds [, parts, part_segments]): rows of the columns
 * that are declared
 */
PG_FUNCTION_INFO_V1(retention_customer_list);
Datum
retention_customer_list(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	CustomerList *list;
	CustomerView customer;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		if (!PG_ARGISNULL(0))
			call->user_fctx = begin_list(fcinfo);
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	list = call->user_fctx;
	while (list != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(list->context);
		bool		more = next_named(list, &customer);
		Facts		facts;

		MemoryContextSwitchTo(old);
		if (!more)
			break;
		if (get_facts(list, &customer, &facts))
			SRF_RETURN_NEXT(call, customer_row(list, &customer, &facts));
	}
	SRF_RETURN_DONE(call);
}

/* ---- one customer ----------------------------------------------------------- */

/* The identity of a key, of a form's type or as a text that says it, in a history of keys of some kind. */
static void
key_identity(FunctionCallInfo fcinfo, KeyKind given, KeyKind has, uint64 *words)
{
	Datum		key = PG_GETARG_DATUM(1);
	Identity	identity = {0};

	if (given == KEY_TEXT && !key_is_text((uint8) has))
	{
		key = DirectFunctionCall1(has == KEY_INT8 ? int8in : uuid_in, CStringGetDatum(TextDatumGetCString(key)));
		given = has;
	}
	if (given != has && !(given == KEY_TEXT && has == KEY_TEXT_FOLDED))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("purchase history has %s, and the key is of type %s", retention_key_name(has), given == KEY_INT8 ? "bigint" : "uuid"),
				 errhint("Give the key as it was given to the history, or cast it: customer_facts(history, key::text).")));
	if (has == KEY_TEXT_FOLDED && !retention_text_is_folded(PG_GET_COLLATION()))
		ereport(ERROR,
				(errcode(ERRCODE_COLLATION_MISMATCH),
				 errmsg("purchase history has %s, and the key has another", retention_key_name(has)),
				 errhint("Give the key the collation that the customers have: customer_facts(history, key COLLATE ...).")));
	if (has == KEY_INT8)
		identity.hash = customer_mix((uint64) DatumGetInt64(key));
	else if (has == KEY_UUID)
		identity = retention_identity_uuid(key);
	else
		identity = retention_identity_text(key, PG_GET_COLLATION(), has == KEY_TEXT_FOLDED);
	words[0] = identity.hash;
	words[1] = identity.low;
}

/* A row of what is known of a customer by themselves, or none. */
static Datum
one_customer(FunctionCallInfo fcinfo, KeyKind given)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	CustomerList list = {.context = CurrentMemoryContext};
	CustomerView customer;
	uint64		identity[2];
	Facts		facts;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	find_columns(&list, fcinfo);
	begin_pass(&list, fcinfo, 2, NO_ARG);
	key_identity(fcinfo, given, list.question.unpacker.kind.key, identity);
	list.gaps_room = 64;
	list.gaps = palloc(list.gaps_room * sizeof(int32));
	if (retention_question_find(&list.question, identity, &customer) && get_facts(&list, &customer, &facts))
	{
		HeapTupleHeader row = DatumGetHeapTupleHeader(customer_row(&list, &customer, &facts));
		HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};

		tuplestore_puttuple(rsinfo->setResult, &tuple);
	}
	return (Datum) 0;
}

/* customer_facts(purchase_history, customer, as_of): a row of the columns that are declared, or none */
PG_FUNCTION_INFO_V1(retention_customer_facts_int8);
Datum
retention_customer_facts_int8(PG_FUNCTION_ARGS)
{
	return one_customer(fcinfo, KEY_INT8);
}

PG_FUNCTION_INFO_V1(retention_customer_facts_uuid);
Datum
retention_customer_facts_uuid(PG_FUNCTION_ARGS)
{
	return one_customer(fcinfo, KEY_UUID);
}

PG_FUNCTION_INFO_V1(retention_customer_facts_text);
Datum
retention_customer_facts_text(PG_FUNCTION_ARGS)
{
	return one_customer(fcinfo, KEY_TEXT);
}

/* ---- all of them --------------------------------------------------------------- */

/* _retention_rfm_quintiles(purchase_history, as_of): rows (metric, p20, p40, p60, p80) */
PG_FUNCTION_INFO_V1(retention_rfm_quintiles);
Datum
retention_rfm_quintiles(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	CustomerList list = {.context = CurrentMemoryContext};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	begin_pass(&list, fcinfo, 1, NO_ARG);
	measure(&list);
	for (int m = 0; m < METRICS && list.n > 0; m++)
	{
		Datum		values[SCORES] = {CStringGetTextDatum(metric_names[m])};
		bool		nulls[SCORES] = {false};

		for (int i = 0; i < SCORES - 1; i++)
			values[i + 1] = Float8GetDatum(unordered(list.measures[m].bounds[i]));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
