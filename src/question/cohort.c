/*-------------------------------------------------------------------------
 *
 * cohort.c
 *	  Cohorts: of those who first ordered in one period, how many order in
 *	  each that follows, and what they pay.
 *
 * The answer is a triangle.  A cell that lies beyond the horizon is not zero,
 * it is unknown: so it isn't there, and a young cohort doesn't look like one
 * that has left.  A period in which nobody of the cohort ordered is a zero.
 * The period that the horizon lies in is there, and marked as incomplete.
 *
 * Of a part with an anchor, a cohort is that of the anchor, and its customers need not
 * order in its own period.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/question.h"

#include "common/hashfn.h"
#include "funcapi.h"
#include "metric/exact_numeric.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

typedef struct Cell
{
	int64		active;
	int64		orders;
	MoneyTotal	revenue;
} Cell;

/* A cohort: there may be few of them in many years. */
typedef struct Cohort
{
	int32		period;			/* its own, from the first on */
	char		status;
	int64		size;			/* customers */
	Cell	   *cells;
} Cohort;

#define SH_PREFIX		cohort_table
#define SH_ELEMENT_TYPE	Cohort
#define SH_KEY_TYPE		int32
#define SH_KEY			period
#define SH_HASH_KEY(tb, key) murmurhash32((uint32) (key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct Cohorts
{
	Question	question;
	bool		has_money;
	int64		max_periods;
	cohort_table_hash *table;
	double		ncells;

	/* when all customers are counted: by period */
	Cohort	   *sorted;
	int64		n;
} Cohorts;

/* How many cells a cohort has. */
static int64
cohort_periods(const Cohorts *cohorts, const Cohort *cohort)
{
	return Min((int64) cohorts->question.last - cohort->period + 1, cohorts->max_periods);
}

static Cohort *
get_cohort(Cohorts *cohorts, int32 period)
{
	bool		found;
	Cohort	   *cohort = cohort_table_insert(cohorts->table, period, &found);

	if (!found)
	{
		int64		periods = cohort_periods(cohorts, cohort);

		cohorts->ncells += (double) periods;
		retention_question_check_cells(cohorts->ncells, sizeof(Cell));
		cohort->size = 0;
		cohort->cells = MemoryContextAllocExtended(CurrentMemoryContext,
												   periods * sizeof(Cell),
												   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	}
	return cohort;
}

static void
add_customer(Cohorts *cohorts, const CustomerView *customer)
{
	const Question *question = &cohorts->question;
	int			words = occasion_words(question->unpacker.shape);
	int32		first;
	int64		first_orders;
	Cohort	   *cohort;
	int64		periods;
	int64		seen = -1;		/* the last index they were active at */

	if (!question_first_order(question, customer, &first, &first_orders))
		return;
	first = question_period(question, first);
	cohort = get_cohort(cohorts, first);
	cohort->size++;
	periods = cohort_periods(cohorts, cohort);
	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * words;
		int32		period = mark_period(*occasion);
		int64		orders = mark_orders(*occasion);
		int64		index;
		Cell	   *cell;

		if (period > question->horizon)
			break;
		index = (int64) question_period(question, period) - first;
		/* what they gave back before they are known to have bought has no cell */
		if (index < 0)
			continue;
		if (index >= periods)
			break;
		cell = &cohort->cells[index];
		cell->orders += orders;
		if (orders > 0 && index != seen)
		{
			cell->active++;
			seen = index;
		}
		if (cohorts->has_money)
			question_add_money(question, &cell->revenue, customer, occasion);
	}
}

static int
compare_cohorts(const void *a, const void *b)
{
	int32		left = ((const Cohort *) a)->period;
	int32		right = ((const Cohort *) b)->period;

	return (left > right) - (left < right);
}

/*
 * Arguments: history, and as numbered period, as_of, max_periods, the anchor.  A cell's
 * orders can't overflow: all orders of a history don't.
 */
static void
count_cohorts(Cohorts *cohorts, FunctionCallInfo fcinfo, int period_arg, int anchor_arg)
{
	Question   *question = &cohorts->question;
	CustomerView customer;
	cohort_table_iterator iterator;
	Cohort	   *cohort;

	memset(cohorts, 0, sizeof(Cohorts));
	cohorts->max_periods = PG_INT64_MAX;
	if (!PG_ARGISNULL(period_arg + 2))
	{
		cohorts->max_periods = PG_GETARG_INT32(period_arg + 2);
		if (cohorts->max_periods < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("max_periods must be at least 1, not %lld",
							(long long) cohorts->max_periods),
					 errhint("The first period of a cohort is its own.")));
	}
	retention_question_begin_anchored(question, fcinfo, period_arg, period_arg + 1, anchor_arg, true);
	if (question->empty)
		return;
	retention_question_check_periods(question, cohorts->max_periods);
	cohorts->has_money = question_has_money(question);
	cohorts->table = cohort_table_create(CurrentMemoryContext, 64, NULL);
	while (question_next(question, &customer))
		add_customer(cohorts, &customer);

	cohorts->sorted = palloc_extended(Max(cohorts->table->members, 1) * sizeof(Cohort), MCXT_ALLOC_HUGE);
	cohort_table_start_iterate(cohorts->table, &iterator);
	while ((cohort = cohort_table_iterate(cohorts->table, &iterator)) != NULL)
		cohorts->sorted[cohorts->n++] = *cohort;
	qsort(cohorts->sorted, cohorts->n, sizeof(Cohort), compare_cohorts);
}

/*
 * cohort_retention(purchase_history, period, as_of, max_periods, anchor): rows (cohort,
 * period_index, period_start, cohort_size, active, retention, orders, revenue,
 * cumulative_revenue, customer_value, is_complete)
 */
PG_FUNCTION_INFO_V1(retention_cohort_retention);
Datum
retention_cohort_retention(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Cohorts		cohorts;
	Question   *question = &cohorts.question;
	MemoryContext row_context;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	count_cohorts(&cohorts, fcinfo, 1, 4);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "cohort row", ALLOCSET_SMALL_SIZES);
	for (int64 i = 0; i < cohorts.n; i++)
	{
		const Cohort *cohort = &cohorts.sorted[i];
		int64		periods = cohort_periods(&cohorts, cohort);
		int64		size = cohort->size;
		MoneyTotal	cumulative = {0};

		for (int64 index = 0; index < periods; index++)
		{
			const Cell *cell = &cohort->cells[index];
			int32		period = cohort->period + (int32) index;
			Datum		values[11];
			bool		nulls[11] = {false};
			MemoryContext old;

			CHECK_FOR_INTERRUPTS();
			total_add_total(&cumulative, &cell->revenue);
			old = MemoryContextSwitchTo(row_context);
			values[0] = retention_question_date(question, cohort->period);
			values[1] = Int32GetDatum((int32) index);
			values[2] = retention_question_date(question, period);
			values[3] = Int64GetDatum(size);
			values[4] = Int64GetDatum(cell->active);
			values[5] = Float8GetDatum((double) cell->active / (double) size);
			values[6] = Int64GetDatum(cell->orders);
			nulls[7] = nulls[8] = nulls[9] = !cohorts.has_money;
			if (cohorts.has_money)
			{
				values[7] = question_numeric(question, &cell->revenue);
				values[8] = question_numeric(question, &cumulative);
				values[9] = exact_divide(values[8], exact_integer(size));
			}
			values[10] = BoolGetDatum(retention_question_complete(question, period));
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
			MemoryContextSwitchTo(old);
			MemoryContextReset(row_context);
		}
	}
	MemoryContextDelete(row_context);
	return (Datum) 0;
}

/* The mean curve at one index, over the cohorts that have reached it. */
typedef struct AveragePoint
{
	int64		cohorts;
	int64		customers;
	int64		active;
	double		retentions;		/* sum over cohorts */
	MoneyTotal	revenue;
	MoneyTotal	cumulative;
	Datum		ltvs;			/* sum over cohorts */
} AveragePoint;

/* Add a cohort's value to the sum, and leave nothing but that behind. */
static void
add_ltv(AveragePoint *point, Datum revenue, int64 size, MemoryContext scratch)
{
	MemoryContext context = MemoryContextSwitchTo(scratch);
	Datum		sum = exact_add(point->ltvs, exact_divide(revenue, exact_integer(size)));

	MemoryContextSwitchTo(context);
	pfree(DatumGetPointer(point->ltvs));
	pfree(DatumGetPointer(revenue));
	point->ltvs = datumCopy(sum, false, -1);
	MemoryContextReset(scratch);
}

/*
 * cohort_average(purchase_history, period, as_of, max_periods, weighted, anchor): rows
 * (period_index, cohorts, customers, active, retention, revenue,
 * cumulative_revenue, customer_value)
 */
PG_FUNCTION_INFO_V1(retention_cohort_average);
Datum
retention_cohort_average(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		weighted = PG_ARGISNULL(4) || PG_GETARG_BOOL(4);
	Cohorts		cohorts;
	Question   *question = &cohorts.question;
	AveragePoint *points;
	int64		npoints = 0;
	MemoryContext cohort_context;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	count_cohorts(&cohorts, fcinfo, 1, 5);
	if (cohorts.n == 0)
		return (Datum) 0;
	cohort_context = AllocSetContextCreate(CurrentMemoryContext, "cohort", ALLOCSET_SMALL_SIZES);
	points = palloc0(cohort_periods(&cohorts, &cohorts.sorted[0]) * sizeof(AveragePoint));
	for (int64 i = 0; i < cohorts.n; i++)
	{
		const Cohort *cohort = &cohorts.sorted[i];
		int64		periods = cohort_periods(&cohorts, cohort);
		int64		size = cohort->size;
		MoneyTotal	cumulative = {0};

		for (int64 index = 0; index < periods; index++)
		{
			const Cell *cell = &cohort->cells[index];
			AveragePoint *point = &points[index];

			CHECK_FOR_INTERRUPTS();
			if (!retention_question_complete(question, cohort->period + (int32) index))
				break;
			npoints = Max(npoints, index + 1);
			if (point->cohorts++ == 0)
				point->ltvs = exact_integer(0);
			point->customers += size;
			point->active += cell->active;
			point->retentions += (double) cell->active / (double) size;
			total_add_total(&cumulative, &cell->revenue);
			total_add_total(&point->revenue, &cell->revenue);
			total_add_total(&point->cumulative, &cumulative);
			if (cohorts.has_money && !weighted)
				add_ltv(point, question_numeric(question, &cumulative), size, cohort_context);
		}
	}
	for (int64 index = 0; index < npoints; index++)
	{
		const AveragePoint *point = &points[index];
		Datum		values[8];
		bool		nulls[8] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Int32GetDatum((int32) index);
		values[1] = Int64GetDatum(point->cohorts);
		values[2] = Int64GetDatum(point->customers);
		values[3] = Int64GetDatum(point->active);
		values[4] = Float8GetDatum(weighted ? (double) point->active / (double) point->customers :
								   point->retentions / (double) point->cohorts);
		nulls[5] = nulls[6] = nulls[7] = !cohorts.has_money;
		if (cohorts.has_money)
		{
			values[5] = question_numeric(question, &point->revenue);
			values[6] = question_numeric(question, &point->cumulative);
			values[7] = weighted ? exact_divide(values[6], exact_integer(point->customers)) :
				exact_divide(point->ltvs, exact_integer(point->cohorts));
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
