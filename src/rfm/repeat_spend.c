/*-------------------------------------------------------------------------
 *
 * repeat_spend.c
 *	  How many customers have made x repeat purchases of the mean amount m.
 *
 * A model of spend is fitted to those who have purchased again, for an amount
 * above 0.  Users are seldom told how many others there were, so these are
 * kept: customers without repeat purchases as x = 0, those without an amount
 * that can be used as m = 0.  The model supposes that x and m have nothing to
 * do with each other, so their correlation is worth a look (Fader, Hardie &
 * Lee 2005, note 025).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "rfm/repeat_spend.h"
#include "rfm/rfm_inputs.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"

/* _retention_repeat_spend_add(repeat_spend_histogram, rfm_inputs): one more customer */
PG_FUNCTION_INFO_V1(retention_repeat_spend_add);
Datum
retention_repeat_spend_add(PG_FUNCTION_ARGS)
{
	const int64 counts[HISTOGRAM_MAX_COUNTS] = {1};
	Rfm			rfm;
	double		key[2];
	Histogram  *histogram;
	bool		direct;

	if (PG_ARGISNULL(1) || !retention_rfm_read(PG_GETARG_HEAPTUPLEHEADER(1), &rfm))
		return row_skipped(fcinfo);
	key[0] = (double) rfm.x;
	key[1] = retention_rfm_spend(&rfm);
	histogram = retention_histogram_begin(fcinfo, HISTOGRAM_REPEAT_SPEND, &direct);
	if (histogram == NULL)
		histogram = retention_histogram_create(HISTOGRAM_REPEAT_SPEND);
	return histogram_end(retention_histogram_add(histogram, key, counts), direct);
}

/*
 * Two passes, so that the correlation keeps its digits; the entries are sorted,
 * so that it's the same however they came.
 */
SpendTotals
retention_spend_totals(const Histogram *histogram)
{
	SpendTotals totals = {0};
	double		mean_x = 0;
	double		n;
	double		xx = 0;
	double		mm = 0;
	double		xm = 0;

	totals.customers = retention_histogram_total(histogram, REPEAT_SPEND_CUSTOMERS);
	for (int32 i = 0; i < histogram->used; i++)
	{
		int64		customers = histogram_count(histogram, i, REPEAT_SPEND_CUSTOMERS);

		if (spend_is_used(histogram, i))
			totals.used += customers;
		else if (histogram_key(histogram, i, 0) == 0)
			totals.no_repeat += customers;
		else
			totals.not_positive += customers;
	}
	n = (double) totals.used;
	for (int32 i = 0; i < histogram->used; i++)
	{
		double		weight = (double) histogram_count(histogram, i, REPEAT_SPEND_CUSTOMERS) / n;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!spend_is_used(histogram, i))
			continue;
		mean_x += weight * histogram_key(histogram, i, 0);
		totals.mean += weight * histogram_key(histogram, i, 1);
	}
	for (int32 i = 0; i < histogram->used; i++)
	{
		double		weight = (double) histogram_count(histogram, i, REPEAT_SPEND_CUSTOMERS) / n;
		double		x = histogram_key(histogram, i, 0) - mean_x;
		double		m = histogram_key(histogram, i, 1) / totals.mean - 1;

		if (!spend_is_used(histogram, i))
			continue;
		xx += weight * x * x;
		mm += weight * m * m;
		xm += weight * x * m;
	}
	totals.correlation = xm / (sqrt(xx) * sqrt(mm));
	totals.knows_correlation = isfinite(totals.correlation);
	totals.correlation = totals.knows_correlation ? Max(-1, Min(1, totals.correlation)) : 0;
	return totals;
}

/* repeat_spend_info(repeat_spend_histogram) */
PG_FUNCTION_INFO_V1(retention_repeat_spend_info);
Datum
retention_repeat_spend_info(PG_FUNCTION_ARGS)
{
	SpendTotals totals = retention_spend_totals(retention_histogram_read(PG_GETARG_DATUM(0),
																	 HISTOGRAM_REPEAT_SPEND));
	TupleDesc	desc;
	Datum		values[6];
	bool		nulls[6] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(totals.customers);
	values[1] = Int64GetDatum(totals.used);
	values[2] = Int64GetDatum(totals.no_repeat);
	values[3] = Int64GetDatum(totals.not_positive);
	values[4] = Float8GetDatum(totals.mean);
	nulls[4] = totals.used == 0;
	values[5] = Float8GetDatum(totals.correlation);
	nulls[5] = !totals.knows_correlation;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
