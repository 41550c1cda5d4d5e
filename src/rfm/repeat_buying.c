/*-------------------------------------------------------------------------
 *
 * repeat_buying.c
 *	  How many customers have the same purchase history, as the models see it.
 *
 * The models of repeat buying know of a customer no more than x, t_x and T, so
 * the customers with the same three count together.  A shop has far fewer of
 * these cells than customers: half of those have one order, and differ in T
 * alone, of which there are as many as days.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "histogram/histogram.h"
#include "rfm/rfm_inputs.h"

#include "access/htup_details.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

/* _retention_repeat_buying_add(repeat_buying_histogram, rfm_inputs): one more customer */
PG_FUNCTION_INFO_V1(retention_repeat_buying_add);
Datum
retention_repeat_buying_add(PG_FUNCTION_ARGS)
{
	const int64 counts[HISTOGRAM_MAX_COUNTS] = {1};
	Rfm			rfm;
	double		key[3];
	int32		day;
	Histogram  *histogram;
	bool		direct;

	if (PG_ARGISNULL(1) || !retention_rfm_read(PG_GETARG_HEAPTUPLEHEADER(1), &rfm))
		return row_skipped(fcinfo);
	histogram = retention_histogram_begin(fcinfo, HISTOGRAM_REPEAT_BUYING, &direct);
	if (histogram == NULL)
		histogram = retention_histogram_create(HISTOGRAM_REPEAT_BUYING);
	key[0] = (double) rfm.x;
	key[1] = rfm.t_x;
	key[2] = rfm.t;
	histogram = retention_histogram_add(histogram, key, counts);
	if (rfm.knows_gaps)
		retention_histogram_add_log_gaps(histogram, rfm.log_gaps);
	else
		retention_histogram_add_unknown_gaps(histogram);
	retention_histogram_add_same_day_orders(histogram, rfm.orders - rfm.x - 1);
	if (retention_rfm_last_day(&rfm, &day))
		retention_histogram_add_note(histogram, day);
	return histogram_end(histogram, direct);
}

/* cells(repeat_buying_histogram): rows (repeat_purchases, active_days, age_days, customers) */
PG_FUNCTION_INFO_V1(retention_repeat_buying_cells);
Datum
retention_repeat_buying_cells(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const Histogram *histogram = retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_REPEAT_BUYING);

	InitMaterializedSRF(fcinfo, 0);
	for (int32 i = 0; i < histogram->used; i++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Int64GetDatum((int64) histogram_key(histogram, i, 0));
		values[1] = Float8GetDatum(histogram_key(histogram, i, 1));
		values[2] = Float8GetDatum(histogram_key(histogram, i, 2));
		values[3] = Int64GetDatum(histogram_count(histogram, i, REPEAT_BUYING_CUSTOMERS));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The sum of x over all customers. */
static int64
repeat_purchases(const Histogram *histogram)
{
	int64		sum = 0;

	for (int32 i = 0; i < histogram->used; i++)
	{
		int64		product;

		if (pg_mul_s64_overflow((int64) histogram_key(histogram, i, 0),
								histogram_count(histogram, i, REPEAT_BUYING_CUSTOMERS), &product) ||
			pg_add_s64_overflow(sum, product, &sum))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("number of repeat purchases is out of range"),
					 errdetail("It would be above %lld.", (long long) PG_INT64_MAX)));
	}
	return sum;
}

/* repeat_buying_info(repeat_buying_histogram) */
PG_FUNCTION_INFO_V1(retention_repeat_buying_info);
Datum
retention_repeat_buying_info(PG_FUNCTION_ARGS)
{
	const Histogram *histogram = retention_histogram_read(PG_GETARG_DATUM(0), HISTOGRAM_REPEAT_BUYING);
	TupleDesc	desc;
	Datum		values[6];
	bool		nulls[6] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(retention_histogram_total(histogram, REPEAT_BUYING_CUSTOMERS));
	values[1] = Int64GetDatum(histogram->used);
	values[2] = Int64GetDatum(repeat_purchases(histogram));
	nulls[3] = !histogram_sum_is_known(histogram->log_gaps);
	values[3] = Float8GetDatum(retention_histogram_sum_float8(histogram->log_gaps));
	values[4] = Int64GetDatum(histogram->same_day_orders);
	nulls[5] = histogram->note == HISTOGRAM_NO_DAY;
	values[5] = DateADTGetDatum(histogram->note);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
