/*-------------------------------------------------------------------------
 *
 * metric_accessor.c
 *	  The SQL-callable side of the metrics: from a customer_base to a Datum.
 *
 * Each reads the totals of the base and calls one formula.  They are the
 * final functions of the one-word aggregates too, so none changes the base.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_state.h"
#include "metric/base_formula.h"
#include "metric/exact_numeric.h"
#include "order/duration.h"
#include "pg/number_argument.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/timestamp.h"

/* An accessor: name(customer_base), strict; the body says what to return. */
#define ACCESSOR_IF(name, can_answer) \
	static Datum name##_of(FunctionCallInfo fcinfo, const BaseTotals *totals); \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS) \
	{ \
		BaseTotals	totals; \
		retention_customer_totals(PG_GETARG_DATUM(0), &totals); \
		if (!can_answer) \
			PG_RETURN_NULL(); \
		return name##_of(fcinfo, &totals); \
	} \
	static Datum name##_of(FunctionCallInfo fcinfo, const BaseTotals *totals)

/* What a sample knows exactly, and what it estimates. */
#define ACCESSOR(name)	ACCESSOR_IF(name, true)
#define ESTIMATE(name)	ACCESSOR_IF(name, retention_sample_is_fair(&totals))

#define RETURN_NUMERIC_OF(formula) \
	do { \
		Datum		result; \
		if (!formula(totals, &result)) \
			PG_RETURN_NULL(); \
		PG_RETURN_DATUM(result); \
	} while (0)

#define RETURN_FLOAT8_OF(formula) \
	do { \
		double		result; \
		if (!formula(totals, &result)) \
			PG_RETURN_NULL(); \
		PG_RETURN_FLOAT8(result); \
	} while (0)

#define RETURN_MONEY(money) \
	do { \
		if ((money).limbs == NULL) \
			PG_RETURN_NULL(); \
		PG_RETURN_DATUM(retention_money_numeric(money)); \
	} while (0)

ESTIMATE(retention_base_customers)
{
	PG_RETURN_INT64(retention_all_customers(totals, totals->customers));
}

ACCESSOR(retention_base_orders)
{
	PG_RETURN_INT64(retention_all_orders(totals));
}

ACCESSOR(retention_base_refunds)
{
	if (totals->amount == AMOUNT_NONE || totals->selected)
		PG_RETURN_NULL();
	PG_RETURN_INT64(totals->refunds);
}

ACCESSOR(retention_base_guest_orders)
{
	PG_RETURN_INT64(totals->guest_orders);
}

ACCESSOR(retention_base_guest_refunds)
{
	if (totals->amount == AMOUNT_NONE)
		PG_RETURN_NULL();
	PG_RETURN_INT64(totals->guest_refunds);
}

ACCESSOR(retention_base_revenue)
{
	if (totals->revenue.limbs == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(retention_all_revenue(totals));
}

ACCESSOR(retention_base_guest_revenue)
{
	RETURN_MONEY(totals->guest_revenue);
}

/* What was given back, as a positive number. */
ACCESSOR(retention_base_refunded)
{
	if (totals->refunded.limbs == NULL || totals->selected)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall1(numeric_uminus,
										retention_money_numeric(totals->refunded)));
}

ACCESSOR(retention_base_aov)
{
	RETURN_NUMERIC_OF(retention_aov);
}

ACCESSOR(retention_base_aov_float8)
{
	RETURN_FLOAT8_OF(retention_aov_float8);
}

ESTIMATE(retention_base_customer_value)
{
	RETURN_NUMERIC_OF(retention_customer_value);
}

ESTIMATE(retention_base_customer_value_float8)
{
	RETURN_FLOAT8_OF(retention_customer_value_float8);
}

ESTIMATE(retention_base_purchase_frequency)
{
	RETURN_FLOAT8_OF(retention_purchase_frequency);
}

ESTIMATE(retention_base_repeat_rate)
{
	RETURN_FLOAT8_OF(retention_repeat_rate);
}

ESTIMATE(retention_base_lifetime_span)
{
	Interval   *result = palloc(sizeof(Interval));

	if (!retention_lifetime_span(totals, result))
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(result);
}

/*
 * The first and the last order as timestamptz.  Times without a zone are read
 * in the session's, as the cast does.
 */
static Datum
instant_timestamptz(FunctionCallInfo fcinfo, const BaseTotals *totals, int64 instant)
{
	if (totals->time == TIME_NONE || totals->first > totals->last)
		PG_RETURN_NULL();
	if (totals->time == TIME_TIMESTAMPTZ)
		PG_RETURN_TIMESTAMPTZ(instant);
	return DirectFunctionCall1(timestamp_timestamptz, TimestampGetDatum(instant));
}

ACCESSOR(retention_base_first_order)
{
	return instant_timestamptz(fcinfo, totals, totals->first);
}

ACCESSOR(retention_base_last_order)
{
	return instant_timestamptz(fcinfo, totals, totals->last);
}

ACCESSOR(retention_base_is_exact)
{
	PG_RETURN_BOOL(!totals_are_estimates(totals));
}

/* The customers a sample keeps at most; NULL if the base is not a sample. */
ACCESSOR(retention_base_sample_size)
{
	if (totals->sample == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(totals->sample);
}

/* The final function of clv(...): all of it measured. */
ESTIMATE(retention_base_clv_measured)
{
	ClvOptions	options = {0};
	Datum		result;

	if (!retention_clv(totals, &options, &result))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

ESTIMATE(retention_base_clv_float8)
{
	RETURN_FLOAT8_OF(retention_clv_float8);
}

static Datum
share_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		return (Datum) 0;
	retention_check_share_numeric(PG_GETARG_DATUM(arg), name);
	return PG_GETARG_DATUM(arg);
}

/* lifespan, observation, margin and annual_discount_rate, each of which may be NULL */
static void
get_clv_options(FunctionCallInfo fcinfo, ClvOptions *options)
{
	options->lifespan = PG_ARGISNULL(1) ? NULL :
		retention_duration(fcinfo, 1, "lifespan", DURATION_ZERO);
	options->observation = PG_ARGISNULL(2) ? NULL :
		retention_duration(fcinfo, 2, "observation", DURATION_ZERO);
	options->margin = share_argument(fcinfo, 3, "margin");
	options->discount_rate = share_argument(fcinfo, 4, "annual_discount_rate");
}

PG_FUNCTION_INFO_V1(retention_base_clv);
Datum
retention_base_clv(PG_FUNCTION_ARGS)
{
	BaseTotals	totals;
	ClvOptions	options;
	Datum		result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	get_clv_options(fcinfo, &options);
	retention_customer_totals(PG_GETARG_DATUM(0), &totals);
	if (!retention_sample_is_fair(&totals))
		PG_RETURN_NULL();
	if (!retention_clv(&totals, &options, &result))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

static Datum
years_of(Datum usecs)
{
	return exact_divide(usecs, exact_integer(YEAR_USECS));
}

/* The parts of clv as one row. */
PG_FUNCTION_INFO_V1(retention_base_clv_breakdown);
Datum
retention_base_clv_breakdown(PG_FUNCTION_ARGS)
{
	BaseTotals	totals;
	ClvOptions	options;
	TupleDesc	desc;
	Datum		observation;
	Datum		lifespan;
	Datum		orders;
	Datum		customers;
	Datum		values[7] = {0};
	bool		nulls[7];

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	get_clv_options(fcinfo, &options);
	retention_customer_totals(PG_GETARG_DATUM(0), &totals);
	if (!retention_sample_is_fair(&totals))
		PG_RETURN_NULL();

	nulls[0] = !retention_aov(&totals, &values[0]);

	nulls[1] = nulls[2] = !retention_observation_usecs(&totals, &options, &observation);
	if (!nulls[2])
		values[2] = years_of(observation);
	orders = exact_integer(totals.orders);
	customers = exact_integer(totals.customers);
	if (totals_need_share(&totals))
	{
		orders = exact_multiply(orders, exact_share_numerator(&totals));
		customers = exact_multiply(customers, exact_share_denominator());
	}
	if (!nulls[1])
		nulls[1] = totals.customers <= 0 ||
			exact_compare(observation, exact_integer(0)) == 0;
	if (!nulls[1])
		values[1] = exact_divide(exact_multiply(orders, exact_integer(YEAR_USECS)),
								 exact_multiply(customers, observation));

	nulls[3] = !retention_clv_lifespan_usecs(&totals, &options, &lifespan);
	if (!nulls[3])
		values[3] = years_of(lifespan);
	nulls[4] = false;
	values[4] = BoolGetDatum(options.lifespan != NULL);
	nulls[5] = !retention_customer_value(&totals, &values[5]);
	nulls[6] = !retention_clv(&totals, &options, &values[6]);

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
