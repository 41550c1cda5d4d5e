/*-------------------------------------------------------------------------
 *
 * distribution_accessor.c
 *	  The SQL-callable side of what takes all customers of a base.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/base_state.h"
#include "metric/base_formula.h"
#include "metric/distribution.h"
#include "pg/number_argument.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

/* The base's packed form; NULL if it is a sample that can't say. */
static const struct varlena *
packed_if_fair(Datum base)
{
	const struct varlena *packed = retention_customer_pack(base);
	BaseTotals	totals;

	retention_base_packed_totals(packed, &totals);
	return retention_sample_is_fair(&totals) ? packed : NULL;
}

/* top_share(customer_base, float8): NULL without amounts or revenue */
PG_FUNCTION_INFO_V1(retention_base_top_share);
Datum
retention_base_top_share(PG_FUNCTION_ARGS)
{
	double		share_of_customers = PG_GETARG_FLOAT8(1);
	const struct varlena *packed;
	Spending	spending;
	double		result;

	retention_check_share(share_of_customers, "share_of_customers");
	packed = packed_if_fair(PG_GETARG_DATUM(0));
	if (packed == NULL)
		PG_RETURN_NULL();
	spending = retention_spending(packed, false);
	if (!retention_top_shares(&spending, &share_of_customers, 1, &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}

/* gini(customer_base): NULL without amounts or revenue */
PG_FUNCTION_INFO_V1(retention_base_gini);
Datum
retention_base_gini(PG_FUNCTION_ARGS)
{
	const struct varlena *packed = packed_if_fair(PG_GETARG_DATUM(0));
	Spending	spending;
	double		result;

	if (packed == NULL)
		PG_RETURN_NULL();
	spending = retention_spending(packed, false);
	if (!retention_gini(&spending, &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}

/* order_count_distribution(customer_base): rows (orders, customers, share) */
PG_FUNCTION_INFO_V1(retention_base_order_count_distribution);
Datum
retention_base_order_count_distribution(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const struct varlena *packed = packed_if_fair(PG_GETARG_DATUM(0));
	OrderCounts counts;
	BaseTotals	totals;

	InitMaterializedSRF(fcinfo, 0);
	if (packed == NULL)
		return (Datum) 0;
	counts = retention_order_counts(packed);
	retention_base_packed_totals(packed, &totals);
	for (int64 i = 0, next; i < counts.n; i = next)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		for (next = i; next < counts.n && counts.orders[next] == counts.orders[i]; next++)
			;
		values[0] = Int64GetDatum((int64) counts.orders[i]);
		values[1] = Int64GetDatum(retention_all_customers(&totals, next - i));
		values[2] = Float8GetDatum((double) (next - i) / (double) counts.n);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* standard_error(customer_base, text) */
PG_FUNCTION_INFO_V1(retention_base_standard_error);
Datum
retention_base_standard_error(PG_FUNCTION_ARGS)
{
	const struct varlena *packed = packed_if_fair(PG_GETARG_DATUM(0));
	double		result;

	if (packed == NULL)
		PG_RETURN_NULL();
	if (!retention_standard_error(packed, text_to_cstring(PG_GETARG_TEXT_PP(1)), &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}
