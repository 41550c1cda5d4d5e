/*-------------------------------------------------------------------------
 *
 * projection.c
 *	  projected_customers, projected_revenue: what comes if each period brings
 *	  as many new customers and keeps the same share of those there are.
 *
 * Period by period, as a table calculation does it, so that the numbers can be
 * followed by hand.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "pg/number_argument.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/tuplestore.h"

/* Days of 273 years: more is a mistake, and would fill the disk. */
#define PERIODS_MAX		100000

/* Rows (period_number, customers [, revenue, cumulative_revenue]). */
static Datum
project(FunctionCallInfo fcinfo, bool with_revenue)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	double		new_customers_per_period = PG_GETARG_FLOAT8(0);
	double		retention = PG_GETARG_FLOAT8(1);
	int32		periods = PG_GETARG_INT32(2);
	double		revenue_per_customer = with_revenue ? PG_GETARG_FLOAT8(3) : 0;
	double		customers = 0;
	double		revenue;
	double		cumulative = 0;

	retention_check_quantity(new_customers_per_period, "new_customers_per_period", false);
	retention_check_share(retention, "period_retention");
	if (periods < 0 || periods > PERIODS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("periods must be between 0 and %d, not %d", PERIODS_MAX, periods)));
	retention_check_quantity(revenue_per_customer, "revenue_per_customer", true);

	InitMaterializedSRF(fcinfo, 0);
	for (int32 period = 1; period <= periods; period++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		CHECK_FOR_INTERRUPTS();
		customers = customers * retention + new_customers_per_period;
		revenue = customers * revenue_per_customer;
		cumulative += revenue;
		if (isinf(customers) || isinf(revenue) || isinf(cumulative))
			float_overflow_error();
		values[0] = Int32GetDatum(period);
		values[1] = Float8GetDatum(customers);
		values[2] = Float8GetDatum(revenue);
		values[3] = Float8GetDatum(cumulative);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(retention_projected_customers);
Datum
retention_projected_customers(PG_FUNCTION_ARGS)
{
	return project(fcinfo, false);
}

PG_FUNCTION_INFO_V1(retention_projected_revenue);
Datum
retention_projected_revenue(PG_FUNCTION_ARGS)
{
	return project(fcinfo, true);
}
