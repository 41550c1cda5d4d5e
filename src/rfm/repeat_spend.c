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
#include "rfm/rfm.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"

/* _retention_repeat_spend_add(repeat_spend, rfm): one more customer */
PG_FUNCTION_INFO_V1(retention_repeat_spend_add);
Datum
retention_repeat_spend_add(PG_FUNCTION_ARGS)
{
	const int64 counts[TALLY_MAX_COUNTS] = {1};
	Rfm			rfm;
	double		key[2];
	Tally	   *tally;
	bool		direct;

	if (PG_ARGISNULL(1) || !retention_rfm_read(PG_GETARG_HEAPTUPLEHEADER(1), &rfm))
		return row_skipped(fcinfo);
	key[0] = (double) rfm.x;
	key[1] = retention_rfm_spend(&rfm);
	tally = retention_tally_begin(fcinfo, TALLY_REPEAT_SPEND, &direct);
	if (tally == NULL)
		tally = retention_tally_create(TALLY_REPEAT_SPEND);
	return tally_end(retention_tally_add(tally, key, counts), direct);
}

/*
 * Two passes, so that the correlation keeps its digits; the entries are sorted,
 * so that it's the same however they came.
 */
SpendTotals
retention_spend_totals(const Tally *tally)
{
	SpendTotals totals = {0};
	double		mean_x = 0;
	double		n;
	double		xx = 0;
	double		mm = 0;
	double		xm = 0;

	totals.customers = retention_tally_total(tally, REPEAT_SPEND_CUSTOMERS);
	for (int32 i = 0; i < tally->used; i++)
	{
		int64		customers = tally_count(tally, i, REPEAT_SPEND_CUSTOMERS);

		if (spend_is_used(tally, i))
			totals.used += customers;
		else if (tally_key(tally, i, 0) == 0)
			totals.no_repeat += customers;
		else
			totals.not_positive += customers;
	}
	n = (double) totals.used;
	for (int32 i = 0; i < tally->used; i++)
	{
		double		weight = (double) tally_count(tally, i, REPEAT_SPEND_CUSTOMERS) / n;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!spend_is_used(tally, i))
			continue;
		mean_x += weight * tally_key(tally, i, 0);
		totals.mean += weight * tally_key(tally, i, 1);
	}
	for (int32 i = 0; i < tally->used; i++)
	{
		double		weight = (double) tally_count(tally, i, REPEAT_SPEND_CUSTOMERS) / n;
		double		x = tally_key(tally, i, 0) - mean_x;
		double		m = tally_key(tally, i, 1) / totals.mean - 1;

		if (!spend_is_used(tally, i))
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

/* repeat_spend_info(repeat_spend) */
PG_FUNCTION_INFO_V1(retention_repeat_spend_info);
Datum
retention_repeat_spend_info(PG_FUNCTION_ARGS)
{
	SpendTotals totals = retention_spend_totals(retention_tally_read(PG_GETARG_DATUM(0),
																	 TALLY_REPEAT_SPEND));
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
