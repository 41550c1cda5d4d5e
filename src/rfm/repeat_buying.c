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

#include <math.h>

#include "tally/tally.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

/* Beyond this (2^53) a floating-point number is not every whole number. */
#define X_LIMIT		INT64CONST(9007199254740992)

/* Attributes of rfm, and those of them that are read here. */
#define RFM_ATTRIBUTES	7
typedef enum RfmAttribute
{
	RFM_X = 0,
	RFM_T_X = 1,
	RFM_T = 2,
	RFM_LOG_GAPS = 4,
	RFM_ORDERS = 5
} RfmAttribute;

/* One customer, read. */
typedef struct RepeatBuyer
{
	int64		x;
	double		key[3];			/* x, t_x, t */
	double		log_gaps;
	int64		collapsed;
} RepeatBuyer;

static void
check_type(TupleDesc desc, RfmAttribute attribute, Oid type)
{
	Form_pg_attribute attr = TupleDescAttr(desc, attribute);

	if (attr->attisdropped || attr->atttypid != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("attribute %d of type rfm is not as the extension made it",
						attribute + 1)));
}

static void
invalid_customer(const RepeatBuyer *buyer, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("impossible purchase history: x = %lld, t_x = %g, t = %g",
					(long long) buyer->x, buyer->key[1], buyer->key[2]),
			 errdetail("%s", detail)));
}

/* False if x, t_x or t is not known; an error if they cannot be. */
static bool
read_customer(HeapTupleHeader header, RepeatBuyer *buyer)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
											  HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple;
	Datum		values[RFM_ATTRIBUTES];
	bool		nulls[RFM_ATTRIBUTES];
	int64		orders;

	if (desc->natts != RFM_ATTRIBUTES)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type rfm has %d attributes, not %d", desc->natts, RFM_ATTRIBUTES)));
	check_type(desc, RFM_X, INT8OID);
	check_type(desc, RFM_T_X, FLOAT8OID);
	check_type(desc, RFM_T, FLOAT8OID);
	check_type(desc, RFM_LOG_GAPS, FLOAT8OID);
	check_type(desc, RFM_ORDERS, INT8OID);

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, desc, values, nulls);
	ReleaseTupleDesc(desc);

	if (nulls[RFM_X] || nulls[RFM_T_X] || nulls[RFM_T])
		return false;
	buyer->x = DatumGetInt64(values[RFM_X]);
	buyer->key[0] = (double) buyer->x;
	buyer->key[1] = DatumGetFloat8(values[RFM_T_X]);
	buyer->key[2] = DatumGetFloat8(values[RFM_T]);
	if (buyer->x < 0 || buyer->x >= X_LIMIT)
		invalid_customer(buyer, "x, the number of repeat purchases, must be 0 or above, and below 2^53.");
	if (!(buyer->key[1] >= 0) || !(buyer->key[2] >= buyer->key[1]) || isinf(buyer->key[2]))
		invalid_customer(buyer, "The last purchase, t_x, must be at 0 or later, and not later than the end, t, which is finite.");
	if (buyer->x == 0 && buyer->key[1] > 0)
		invalid_customer(buyer, "Without a repeat purchase (x = 0), the last purchase is the first one (t_x = 0).");

	buyer->log_gaps = nulls[RFM_LOG_GAPS] ? 0 : DatumGetFloat8(values[RFM_LOG_GAPS]);
	orders = nulls[RFM_ORDERS] ? buyer->x + 1 : DatumGetInt64(values[RFM_ORDERS]);
	if (orders <= buyer->x)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of orders must be above the number of repeat purchases: %lld is not above %lld",
						(long long) orders, (long long) buyer->x)));
	buyer->collapsed = orders - buyer->x - 1;
	return true;
}

/* repeat_buying_add(repeat_buying, rfm): one more customer */
PG_FUNCTION_INFO_V1(retention_repeat_buying_add);
Datum
retention_repeat_buying_add(PG_FUNCTION_ARGS)
{
	const int64 counts[TALLY_MAX_COUNTS] = {1};
	RepeatBuyer buyer;
	Tally	   *tally;
	bool		direct;

	if (PG_ARGISNULL(1) || !read_customer(PG_GETARG_HEAPTUPLEHEADER(1), &buyer))
		return row_skipped(fcinfo);
	tally = retention_tally_begin(fcinfo, TALLY_REPEAT_BUYING, &direct);
	if (tally == NULL)
		tally = retention_tally_create(TALLY_REPEAT_BUYING);
	tally = retention_tally_add(tally, buyer.key, counts);
	retention_tally_add_log_gaps(tally, buyer.log_gaps);
	retention_tally_add_collapsed(tally, buyer.collapsed);
	return tally_end(tally, direct);
}

/* cells(repeat_buying): rows (x, t_x, t, customers) */
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
	Datum		values[5];
	bool		nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(retention_tally_total(tally, REPEAT_BUYING_CUSTOMERS));
	values[1] = Int64GetDatum(tally->used);
	values[2] = Int64GetDatum(repeat_purchases(tally));
	values[3] = Float8GetDatum(retention_tally_sum_float8(tally->log_gaps));
	values[4] = Int64GetDatum(tally->collapsed);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
