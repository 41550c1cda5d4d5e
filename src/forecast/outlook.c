/*-------------------------------------------------------------------------
 *
 * outlook.c
 *	  What is to be expected of a customer: all that the view customers shows of it,
 *	  in one call.
 *
 * Discounted purchases are an integral, which takes as long as all else that is known
 * of a customer together.  But there are not that many different ones: of most models, who is
 * alive will buy as all others do who have bought as often in as many days, whenever the
 * last time was.  So of each such cell it is computed once, for somebody who is alive, and
 * multiplied by the probability that the customer is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/fitted_model.h"
#include "order/duration.h"
#include "order/instant.h"
#include "pg/number_argument.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define YEAR_DAYS		((double) YEAR_USECS / USECS_PER_DAY)

/* Of the value: as predicted_clv() has it unless it's told. */
#define DISCOUNT_RATE	0.1

/* Digits behind the point of the views' money. */
#define VIEW_DIGITS		4
#define VIEW_UNITS		1e4

/* x, t_x and T in one word; what doesn't fit is computed each time. */
#define X_BITS			20
#define DAY_BITS		22

/* Cells that are kept: another one takes the place of who was there. */
#define LOG_CELLS		17
#define SPREAD			UINT64CONST(0x9E3779B97F4A7C15)

typedef struct Cell
{
	uint64		key;			/* and 1; 0: none */
	double		purchases;		/* within a year, of who is alive */
	double		discounted;		/* within the lifespan, likewise */
} Cell;

/* What is the same for all customers of a query; but for the first two, of the context. */
typedef struct Outlook
{
	TupleDesc	desc;
	MemoryContext context;
	struct varlena *values[2];	/* of the models, as they came */
	PurchaseModel purchases;
	bool		predicts;
	const Model *spend;
	double		days;			/* the lifespan */
	double		discount;		/* continuous, a day */
	Cell	   *cells;
} Outlook;

static void
look_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* Is a model the one that is kept? */
static bool
is_kept(const Outlook *outlook, FunctionCallInfo fcinfo, int arg)
{
	const struct varlena *kept = outlook->values[arg];
	const struct varlena *value;

	if (PG_ARGISNULL(arg) || kept == NULL)
		return PG_ARGISNULL(arg) && kept == NULL;
	value = PG_GETARG_VARLENA_PP(arg);
	return VARSIZE_ANY(kept) == VARSIZE_ANY(value) && memcmp(kept, value, VARSIZE_ANY(value)) == 0;
}

static struct varlena *
keep(FunctionCallInfo fcinfo, int arg)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(arg);

	return memcpy(palloc(VARSIZE_ANY(value)), value, VARSIZE_ANY(value));
}

/* Models and a lifespan, which are those of the rows before as a rule. */
static void
take_arguments(Outlook *outlook, FunctionCallInfo fcinfo)
{
	double		days = retention_duration_days(retention_duration(fcinfo, 6, "lifespan", DURATION_ZERO));
	const Model *purchases;
	MemoryContext old;

	if (likely(outlook->values[0] != NULL && outlook->days == days &&
			   is_kept(outlook, fcinfo, 0) && is_kept(outlook, fcinfo, 1)))
		return;
	outlook->values[0] = outlook->values[1] = NULL;
	MemoryContextReset(outlook->context);
	old = MemoryContextSwitchTo(outlook->context);
	purchases = retention_model_read(PG_GETARG_DATUM(0), MODEL_PURCHASE);
	outlook->predicts = model_predicts(purchases);
	outlook->purchases = model_of_purchases(purchases);
	outlook->days = days;
	outlook->discount = log1p(DISCOUNT_RATE) / YEAR_DAYS;
	outlook->cells = palloc0(sizeof(Cell) << LOG_CELLS);
	if (!PG_ARGISNULL(1))
	{
		outlook->spend = retention_model_read(PG_GETARG_DATUM(1), MODEL_SPEND);
		outlook->values[1] = keep(fcinfo, 1);
	}
	outlook->values[0] = keep(fcinfo, 0);
	MemoryContextSwitchTo(old);
}

static void
compute(const Outlook *outlook, const Buyer *buyer, Cell *cell)
{
	const PurchaseModel *model = &outlook->purchases;

	cell->purchases = model->kind->expected(model, buyer, YEAR_DAYS);
	cell->discounted = outlook->days == 0 ? 0 :
		retention_discounted_purchases(model, buyer, outlook->days, outlook->discount, look_for_interrupts);
}

/* Days with an order to be expected, and what they are worth, discounted; of a customer who is alive with this probability. */
static void
expect(const Outlook *outlook, const Buyer *buyer, double alive, double *purchases, double *discounted)
{
	const PurchaseModel *model = &outlook->purchases;
	Buyer		alike = *buyer;
	Cell		fresh;
	Cell	   *cell = &fresh;
	uint64		key;

	/* somebody who has just bought, where it doesn't matter when that was */
	if (model->kind->memoryless && buyer->x > 0)
		alike.t_x = buyer->t;
	if (likely(alike.x < (1 << X_BITS) && alike.t < (1 << DAY_BITS) - 1))
	{
		key = ((uint64) alike.x << (2 * DAY_BITS) | (uint64) alike.t_x << DAY_BITS | (uint64) alike.t) + 1;
		cell = &outlook->cells[key * SPREAD >> (64 - LOG_CELLS)];
		if (cell->key != key)
		{
			double		share = exp(model->kind->log_alive(model, &alike));

			compute(outlook, &alike, cell);
			cell->purchases /= share;
			cell->discounted /= share;
			cell->key = key;
		}
		*purchases = alive * cell->purchases;
		*discounted = alive * cell->discounted;
		/* either may be too large or too small for a double, and yet not both */
		if (likely(isfinite(*purchases) && isfinite(*discounted) && *purchases > 0))
			return;
	}
	compute(outlook, buyer, &fresh);
	*purchases = fresh.purchases;
	*discounted = fresh.discounted;
}

/* Money as the views have it. */
static Datum
money(double value)
{
	double		units = value * VIEW_UNITS;

	if (likely(fabs(units) < (double) (INT64CONST(1) << 53)))
		return NumericGetDatum(int64_div_fast_to_numeric((int64) rint(units), VIEW_DIGITS));
	return DirectFunctionCall1(float8_numeric, Float8GetDatum(value));
}

static Outlook *
begin_outlook(FunctionCallInfo fcinfo)
{
	MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	Outlook    *outlook = palloc0(sizeof(Outlook));
	TupleDesc	desc;

	outlook->context = AllocSetContextCreate(CurrentMemoryContext, "what is expected of customers", ALLOCSET_DEFAULT_SIZES);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	outlook->desc = BlessTupleDesc(desc);
	MemoryContextSwitchTo(old);
	return outlook;
}

static void
impossible(int64 order_days, int32 lifespan, int32 age)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("impossible customer: %lld days with an order, %d days from the first to the last, %d to now",
					(long long) order_days, lifespan, age)));
}

/*
 * _retention_outlook(purchase_model, spend_model, order_days, lifespan_days, age_days,
 * repeat_spend, lifespan, margin): (p_alive, expected_purchases, expected_revenue,
 * predicted_clv)
 */
PG_FUNCTION_INFO_V1(retention_outlook);
Datum
retention_outlook(PG_FUNCTION_ARGS)
{
	Outlook    *outlook = fcinfo->flinfo->fn_extra;
	Datum		values[4] = {0};
	bool		nulls[4] = {true, true, true, true};
	double		results[4];
	double		discounted;
	double		spend;
	int64		order_days;
	Buyer		buyer;

	if (outlook == NULL)
		fcinfo->flinfo->fn_extra = outlook = begin_outlook(fcinfo);
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3) && !PG_ARGISNULL(4) && !PG_ARGISNULL(6) && !PG_ARGISNULL(7))
	{
		take_arguments(outlook, fcinfo);
		order_days = PG_GETARG_INT64(2);
		buyer.x = (double) (order_days - 1);
		buyer.t_x = PG_GETARG_INT32(3);
		buyer.t = PG_GETARG_INT32(4);
		if (order_days < 1 || buyer.t_x < 0 || buyer.t < buyer.t_x || (order_days == 1) != (buyer.t_x == 0))
			impossible(order_days, PG_GETARG_INT32(3), PG_GETARG_INT32(4));
		retention_check_share(PG_GETARG_FLOAT8(7), "margin");
		if (!outlook->predicts)
			PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(outlook->desc, values, nulls)));
		results[0] = exp(outlook->purchases.kind->log_alive(&outlook->purchases, &buyer));
		expect(outlook, &buyer, results[0], &results[1], &discounted);
		values[0] = Float8GetDatum(results[0]);
		values[1] = Float8GetDatum(results[1]);
		nulls[0] = !isfinite(results[0]);
		nulls[1] = !isfinite(results[1]);

		/* a customer who came back has a spend of their own, which a model can use or not */
		spend = PG_ARGISNULL(5) ? 0 : PG_GETARG_FLOAT8(5);
		if (!PG_ARGISNULL(1) && (buyer.x == 0 || (spend > 0 && isfinite(spend))))
		{
			spend = spend_kind(outlook->spend->kind)->expected(outlook->spend->params, buyer.x, spend);
			results[2] = results[1] * spend;
			results[3] = discounted * spend * PG_GETARG_FLOAT8(7);
			for (int i = 2; i < 4; i++)
			{
				nulls[i] = !isfinite(results[i]);
				if (!nulls[i])
					values[i] = money(results[i]);
			}
		}
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(outlook->desc, values, nulls)));
}
