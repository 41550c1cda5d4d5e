/*-------------------------------------------------------------------------
 *
 * rfm_inputs.c
 *	  One customer as the models see them: values of the type rfm_inputs, read.
 *
 * Anybody can make such a row, and the owner of a type can alter it, so it's
 * looked at closely: a model would answer nonsense, or not end, for a
 * customer who cannot be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "rfm/rfm_inputs.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

/* Beyond this (2^53) a floating-point number is not every whole number. */
#define X_LIMIT		INT64CONST(9007199254740992)

static const Oid rfm_types[RFM_COLUMNS] = {
	INT8OID, FLOAT8OID, FLOAT8OID, NUMERICOID, FLOAT8OID, INT8OID, DATEOID
};

void
retention_rfm_check_type(TupleDesc desc)
{
	if (desc->natts != RFM_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type rfm_inputs has %d attributes, not %d", desc->natts, RFM_COLUMNS)));
	for (int i = 0; i < RFM_COLUMNS; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (attr->attisdropped || attr->atttypid != rfm_types[i])
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("attribute %d of type rfm_inputs is not as the extension made it", i + 1)));
	}
}

static void
impossible(const Rfm *rfm, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("impossible customer: repeat_purchases %lld, active_days %g, age_days %g",
					(long long) rfm->x, rfm->t_x, rfm->t),
			 errdetail("%s", detail)));
}

/* False if x, t_x or t is not known; an error if they cannot be. */
bool
retention_rfm_read(HeapTupleHeader header, Rfm *rfm)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
											  HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple;
	Datum		values[RFM_COLUMNS];
	bool		nulls[RFM_COLUMNS];

	retention_rfm_check_type(desc);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, desc, values, nulls);
	ReleaseTupleDesc(desc);

	if (nulls[RFM_X] || nulls[RFM_T_X] || nulls[RFM_T])
		return false;
	rfm->x = DatumGetInt64(values[RFM_X]);
	rfm->t_x = DatumGetFloat8(values[RFM_T_X]);
	rfm->t = DatumGetFloat8(values[RFM_T]);
	if (unlikely(rfm->x < 0 || rfm->x >= X_LIMIT))
		impossible(rfm, "The number of repeat purchases must be 0 or above, and below 2^53.");
	if (unlikely(!(rfm->t_x >= 0) || !(rfm->t >= rfm->t_x) || isinf(rfm->t)))
		impossible(rfm, "Days are 0 or above and finite, and active_days no more than age_days.");
	if (unlikely(rfm->x == 0 && rfm->t_x > 0))
		impossible(rfm, "Without a repeat purchase the last purchase is the first one, and active_days is 0.");

	rfm->knows_m_x = !nulls[RFM_M_X];
	rfm->m_x = values[RFM_M_X];
	rfm->knows_gaps = !nulls[RFM_LOG_GAPS] || rfm->x == 0;
	rfm->log_gaps = nulls[RFM_LOG_GAPS] ? 0 : DatumGetFloat8(values[RFM_LOG_GAPS]);
	rfm->orders = nulls[RFM_ORDERS] ? rfm->x + 1 : DatumGetInt64(values[RFM_ORDERS]);
	if (unlikely(rfm->orders <= rfm->x))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of orders must be above the number of repeat purchases: %lld is not above %lld",
						(long long) rfm->orders, (long long) rfm->x)));
	rfm->first_order = nulls[RFM_FIRST_ORDER] ? 0 : DatumGetDateADT(values[RFM_FIRST_ORDER]);
	rfm->knows_first_order = !nulls[RFM_FIRST_ORDER] && !DATE_NOT_FINITE(rfm->first_order);
	return true;
}

/* The mean spend of a customer with repeat purchases; 0 if no model can use it. */
double
retention_rfm_spend(const Rfm *rfm)
{
	Numeric		spend;
	double		result;

	if (rfm->x == 0 || !rfm->knows_m_x)
		return 0;
	spend = DatumGetNumeric(rfm->m_x);
	if (unlikely(numeric_is_nan(spend) || numeric_is_inf(spend)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("mean spend must be finite, not %s",
						DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(spend))))));
	result = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(spend)));
	if (unlikely(isinf(result)))
		float_overflow_error();
	return Max(result, 0);
}

/* The last day that the customer was observed; false if there is none. */
bool
retention_rfm_last_day(const Rfm *rfm, int32 *day)
{
	double		last = floor(rfm->first_order + rfm->t);

	if (!rfm->knows_first_order || last >= DATE_END_JULIAN - POSTGRES_EPOCH_JDATE)
		return false;
	*day = (int32) last;
	return true;
}
