/*-------------------------------------------------------------------------
 *
 * buying.c
 *	  Repeat buying: what the models of it need to know of all customers.
 *
 * Fader, Hardie & Lee (2005, Marketing Science 24, 275-284) describe a
 * customer by x, the number of repeat purchases, t_x, when the last of them
 * was, and T, how long they could have bought, counted from the first.  Orders
 * of one day are one purchase.  Customers who agree in the three are one cell.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/question.h"

#include "histogram/histogram.h"
#include "math/portable_math.h"
#include "math/radix_sort.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Logarithms of so many gaps are computed once. */
#define KNOWN_LOGS		4096

/*
 * x, t_x and t in one word, in this order.  Hardly anybody needs more; those
 * who do go into the histogram one by one.
 */
#define X_BITS			20
#define DAY_BITS		22
#define DAY_MASK		((UINT64CONST(1) << DAY_BITS) - 1)

static inline bool
cell_fits_word(int64 x, int32 t)
{
	return x < (1 << X_BITS) && t < (1 << DAY_BITS);
}

/* Put sorted cells into the histogram, which likes them that way. */
static Histogram *
add_cells(Histogram *histogram, const uint64 *cells, int64 n)
{
	int64		distinct = 0;

	for (int64 i = 0; i < n; i++)
		distinct += i == 0 || cells[i] != cells[i - 1];
	histogram = retention_histogram_reserve(histogram, distinct);
	for (int64 i = 0, next; i < n; i = next)
	{
		uint64		cell = cells[i];
		double		key[3] = {(double) (cell >> (2 * DAY_BITS)),
			(double) ((cell >> DAY_BITS) & DAY_MASK), (double) (cell & DAY_MASK)};
		int64		customers;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		for (next = i + 1; next < n && cells[next] == cell; next++)
			;
		customers = next - i;
		histogram = retention_histogram_add(histogram, key, &customers);
	}
	return histogram;
}

/* repeat_buying(purchase_history, as_of): the cells of all customers */
PG_FUNCTION_INFO_V1(retention_history_repeat_buying);
Datum
retention_history_repeat_buying(PG_FUNCTION_ARGS)
{
	static const int64 one[] = {1};
	Question	question;
	CustomerView customer;
	Histogram  *histogram;
	double	   *logs;
	Size		room;
	uint64	   *cells;
	uint64	   *scratch;
	int64		ncells = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	retention_question_begin(&question, fcinfo, NO_ARG, 1, false);
	retention_question_needs_days(&question);
	logs = palloc(KNOWN_LOGS * sizeof(double));
	logs[0] = 0;
	for (int i = 1; i < KNOWN_LOGS; i++)
		logs[i] = retention_portable_log(i);
	histogram = retention_histogram_create(HISTOGRAM_REPEAT_BUYING);
	room = Max(question.unpacker.totals.customers, 1) * sizeof(uint64);
	cells = MemoryContextAllocHuge(CurrentMemoryContext, room);
	while (question_next(&question, &customer))
	{
		OrderCursor cursor;
		int32		day;
		int64		orders;
		int64		days = 0;
		int64		all_orders = 0;
		int32		first = 0;
		int32		last = 0;
		double		log_gaps = 0;
		double		key[3];

		orders_begin(&cursor, &question, &customer);
		while (orders_next(&cursor, &day, &orders))
		{
			if (days == 0)
				first = day;
			else
				log_gaps += day - last < KNOWN_LOGS ? logs[day - last] : retention_portable_log(day - last);
			last = day;
			days++;
			all_orders += orders;
		}
		if (days == 0)
			continue;
		if (likely(cell_fits_word(days - 1, question.as_of - first)) &&
			likely(ncells < question.unpacker.totals.customers))
			cells[ncells++] = (uint64) (days - 1) << (2 * DAY_BITS) |
				(uint64) (last - first) << DAY_BITS | (uint64) (question.as_of - first);
		else
		{
			key[0] = (double) (days - 1);
			key[1] = last - first;
			key[2] = question.as_of - first;
			histogram = retention_histogram_add(histogram, key, one);
		}
		retention_histogram_add_log_gaps(histogram, log_gaps);
		retention_histogram_add_same_day_orders(histogram, all_orders - days);
	}
	scratch = MemoryContextAllocHuge(CurrentMemoryContext, room);
	retention_radix_sort(cells, scratch, ncells);
	histogram = add_cells(histogram, cells, ncells);
	pfree(cells);
	pfree(scratch);
	if (histogram->used > 0)
		retention_histogram_add_note(histogram, question.as_of);
	PG_RETURN_POINTER(retention_histogram_pack(histogram));
}
