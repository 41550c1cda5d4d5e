/*-------------------------------------------------------------------------
 *
 * rfm_summary.c
 *	  What the repeat-buying models take of one customer (x, t_x, T, m_x), and
 *	  what they did after that: the final functions of rfm_summary and
 *	  order_days_between.
 *
 * Sums of logarithms are rounded, so that they are made in the order of the
 * days, and with a logarithm that is the same on every machine.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "math/portable_math.h"
#include "metric/exact_numeric.h"
#include "rfm/rfm_inputs.h"
#include "rfm/timeline.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/*
 * A row of the type that the function returns.  Its owner may have altered the
 * type, and it is asked for once a customer: look, but make no copy of it.
 */
static Datum
rfm_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(get_func_rettype(fcinfo->flinfo->fn_oid), -1);
	HeapTuple	tuple;

	retention_rfm_check_type(desc);
	tuple = heap_form_tuple(desc, values, nulls);
	ReleaseTupleDesc(desc);
	return HeapTupleGetDatum(tuple);
}

/* The mean amount of x days whose money is in entries "first" to the end. */
static Datum
mean_spend(const Timeline *timeline, Size first, int64 x)
{
	/* a limb more than each day takes: no number of days overflows it */
	int			nlimbs = timeline->nlimbs + 1;
	uint64	   *sum = palloc0(nlimbs * sizeof(uint64));
	Money		money = {sum, nlimbs, timeline->scale};
	Datum		mean;

	for (Size i = first; i < timeline->count; i++)
		if (KEY_IS_ORDER(timeline_key(timeline, i)))
			(void) money_add(sum, nlimbs, timeline_money(timeline, i), timeline->nlimbs);
	mean = exact_divide(retention_money_numeric(money), exact_integer(x));
	pfree(sum);
	return mean;
}

/* rfm_summary_final(_retention_timeline): NULL without an order */
PG_FUNCTION_INFO_V1(retention_rfm_final);
Datum
retention_rfm_final(PG_FUNCTION_ARGS)
{
	const Timeline *timeline = retention_timeline_of_datum(PG_GETARG_DATUM(0));
	Datum		values[RFM_COLUMNS];
	bool		nulls[RFM_COLUMNS] = {false};
	Size		first = 0;
	int32		first_day;
	int32		last_day;
	int64		x = 0;
	double		log_gaps = 0;

	if (timeline->purpose.kind == TIMELINE_INSTANTS || timeline->purpose.between)
		retention_timeline_refuse(timeline, "the days of orders");
	timeline = retention_timeline_sorted(timeline);

	while (first < timeline->count && !KEY_IS_ORDER(timeline_key(timeline, first)))
		first++;
	if (first == timeline->count)
		PG_RETURN_NULL();
	first_day = last_day = DAY_OF_KEY(timeline_key(timeline, first));
	first++;
	for (Size i = first; i < timeline->count; i++)
	{
		int64		key = timeline_key(timeline, i);

		if (!KEY_IS_ORDER(key))
			continue;
		log_gaps += retention_portable_log(DAY_OF_KEY(key) - last_day);
		last_day = DAY_OF_KEY(key);
		x++;
	}

	values[RFM_X] = Int64GetDatum(x);
	values[RFM_T_X] = Float8GetDatum((double) last_day - first_day);
	values[RFM_T] = Float8GetDatum((double) timeline->purpose.until - first_day);
	nulls[RFM_M_X] = x == 0 || timeline->purpose.kind != TIMELINE_SPEND;
	values[RFM_M_X] = nulls[RFM_M_X] ? (Datum) 0 : mean_spend(timeline, first, x);
	values[RFM_LOG_GAPS] = Float8GetDatum(log_gaps);
	values[RFM_ORDERS] = Int64GetDatum(timeline->orders);
	values[RFM_FIRST_ORDER] = DateADTGetDatum(first_day);
	PG_RETURN_DATUM(rfm_row(fcinfo, values, nulls));
}

/* order_days_between_final(_retention_timeline): 0 without an order */
PG_FUNCTION_INFO_V1(retention_between_final);
Datum
retention_between_final(PG_FUNCTION_ARGS)
{
	const Timeline *timeline;

	if (PG_ARGISNULL(0))
		PG_RETURN_INT64(0);
	timeline = retention_timeline_of_datum(PG_GETARG_DATUM(0));
	if (!timeline->purpose.between)
		retention_timeline_refuse(timeline, "the days of orders between two days");
	PG_RETURN_INT64(retention_timeline_sorted(timeline)->count);
}
