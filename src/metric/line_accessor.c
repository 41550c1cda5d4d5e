/*-------------------------------------------------------------------------
 *
 * line_accessor.c
 *	  The metrics over lines of orders: the final functions of their aggregates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/customer_order_pairs.h"
#include "metric/base_formula.h"

PG_FUNCTION_INFO_V1(retention_lines_aov);
Datum
retention_lines_aov(PG_FUNCTION_ARGS)
{
	BaseTotals	totals;
	Datum		result;

	retention_orders_totals(PG_GETARG_DATUM(0), &totals);
	if (!retention_aov(&totals, &result))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

PG_FUNCTION_INFO_V1(retention_lines_aov_float8);
Datum
retention_lines_aov_float8(PG_FUNCTION_ARGS)
{
	BaseTotals	totals;
	double		result;

	retention_orders_totals(PG_GETARG_DATUM(0), &totals);
	if (!retention_aov_float8(&totals, &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}

PG_FUNCTION_INFO_V1(retention_lines_purchase_frequency);
Datum
retention_lines_purchase_frequency(PG_FUNCTION_ARGS)
{
	BaseTotals	totals;
	double		result;

	retention_pairs_totals(PG_GETARG_DATUM(0), &totals);
	if (!retention_purchase_frequency(&totals, &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}

PG_FUNCTION_INFO_V1(retention_lines_repeat_rate);
Datum
retention_lines_repeat_rate(PG_FUNCTION_ARGS)
{
	BaseTotals	totals;
	double		result;

	retention_pairs_totals(PG_GETARG_DATUM(0), &totals);
	if (!retention_repeat_rate(&totals, &result))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(result);
}
