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
#include "rfm/rfm.h"

#include "access/htup_details.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

/* _retention_repeat_buying_add(repeat_buying, rfm): one more customer */
PG_FUNCTION_INFO_V1(retention_repeat_buying_add);
Datum
retention_repeat_buying_add(PG_FUNCTION_ARGS)
{
	const int64 counts[TALLY_MAX_COUNTS] = {1};
	Rfm			rfm;
	double		key[3];
	int32		day;
	Tally	   *tally;
	bool		direct;

	if (PG_ARGISNULL(1) || !retention_rfm_read(PG_GETARG_HEAPTUPLEHEADER(1), &rfm))
		return row_skipped(fcinfo);
	tally = retention_tally_begin(fcinfo, TALLY_REPEAT_BUYING, &direct);
	if (tally == NULL)
		tally = retention_tally_create(TALLY_REPEAT_BUYING);
	key[0] = (double) rfm.x;
	key[1] = rfm.t_x;
	key[2] = rfm.t;
	tally = retention_tally_add(tally, key, counts);
	if (rfm.knows_gaps)
		retention_tally_add_log_gaps(tally, rfm.log_gaps);
	else
		retention_tally_add_unknown_gaps(tally);
	retention_tally_add_collapsed(tally, rfm.orders - rfm.x - 1);
	if (retention_rfm_last_day(&rfm, &day))
		retention_tally_add_note(tally, day);
	return tally_end(tally, direct);
}

/* cells(repeat_buying): rows (repeat_purchases, active_days, age_days, customers) */
PG_FUNCTION_INFO_V1(retention_repeat_buying_cells);
Datum
retention_repeat_buying_cells(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const Tally *tally = retention_tally_read(PG_GETARG_DATUM(0), TALLY_REPEAT_BUYING);

	InitMaterializedSRF(fcinfo, 0);
	for (int32 i = 0; i < tally->used; i++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Int64GetDatum((int64) tally_key(tally, i, 0));
		values[1] = Float8GetDatum(tally_key(tally, i, 1));
		values[2] = Float8GetDatum(tally_key(tally, i, 2));
		values[3] = Int64GetDatum(tally_count(tally, i, REPEAT_BUYING_CUSTOMERS));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The sum of x over all customers. */
static int64
repeat_purchases(const Tally *tally)
{
	int64		sum = 0;

	for (int32 i = 0; i < tally->used; i++)
	{
		int64		product;

		if (pg_mul_s64_overflow((int64) tally_key(tally, i, 0),
								tally_count(tally, i, REPEAT_BUYING_CUSTOMERS), &product) ||
			pg_add_s64_overflow(sum, product, &sum))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("number of repeat purchases is out of range"),
					 errdetail("It would be above %lld.", (long long) PG_INT64_MAX)));
	}
	return sum;
}

/* repeat_buying_info(repeat_buying) */
PG_FUNCTION_INFO_V1(retention_repeat_buying_info);
Datum
retention_repeat_buying_info(PG_FUNCTION_ARGS)
{
	const Tally *tally = retention_tally_read(PG_GETARG_DATUM(0), TALLY_REPEAT_BUYING);
	TupleDesc	desc;
	Datum		values[6];
	bool		nulls[6] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(retention_tally_total(tally, REPEAT_BUYING_CUSTOMERS));
	values[1] = Int64GetDatum(tally->used);
	values[2] = Int64GetDatum(repeat_purchases(tally));
	nulls[3] = !tally_sum_is_known(tally->log_gaps);
	values[3] = Float8GetDatum(retention_tally_sum_float8(tally->log_gaps));
	values[4] = Int64GetDatum(tally->collapsed);
	nulls[5] = tally->note == TALLY_NO_DAY;
	values[5] = DateADTGetDatum(tally->note);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
