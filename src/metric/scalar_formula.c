/*-------------------------------------------------------------------------
 *
 * scalar_formula.c
 *	  The formulas over numbers that the caller knows already.
 *
 * Nothing is measured here that could be wrong by itself, but what is given
 * can: a churn of 5 for 5 percent, a lifespan of '3' for three years.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metric/exact_numeric.h"
#include "order/duration.h"
#include "pg/number_argument.h"

#include "fmgr.h"
#include "utils/float.h"

/* Arguments that can't be below 0; so can be what is sold, less what is given back. */
static Datum
quantity_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	retention_check_quantity_numeric(PG_GETARG_DATUM(arg), name, false);
	return PG_GETARG_DATUM(arg);
}

static Datum
balance_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	retention_check_quantity_numeric(PG_GETARG_DATUM(arg), name, true);
	return PG_GETARG_DATUM(arg);
}

static Datum
share_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	retention_check_share_numeric(PG_GETARG_DATUM(arg), name);
	return PG_GETARG_DATUM(arg);
}

static double
quantity_float8(FunctionCallInfo fcinfo, int arg, const char *name)
{
	retention_check_quantity(PG_GETARG_FLOAT8(arg), name, false);
	return PG_GETARG_FLOAT8(arg);
}

static double
balance_float8(FunctionCallInfo fcinfo, int arg, const char *name)
{
	retention_check_quantity(PG_GETARG_FLOAT8(arg), name, true);
	return PG_GETARG_FLOAT8(arg);
}

static double
share_float8(FunctionCallInfo fcinfo, int arg, const char *name)
{
	retention_check_share(PG_GETARG_FLOAT8(arg), name);
	return PG_GETARG_FLOAT8(arg);
}

/* ---- clv_from_aov(aov, orders_per_customer_year, lifespan_years | lifespan) ---- */

PG_FUNCTION_INFO_V1(retention_clv_from_aov_numeric);
Datum
retention_clv_from_aov_numeric(PG_FUNCTION_ARGS)
{
	return exact_multiply(exact_multiply(balance_argument(fcinfo, 0, "aov"),
										 quantity_argument(fcinfo, 1, "orders_per_customer_year")),
						  quantity_argument(fcinfo, 2, "lifespan_years"));
}

PG_FUNCTION_INFO_V1(retention_clv_from_aov_float8);
Datum
retention_clv_from_aov_float8(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(float8_mul(float8_mul(balance_float8(fcinfo, 0, "aov"),
										   quantity_float8(fcinfo, 1, "orders_per_customer_year")),
								quantity_float8(fcinfo, 2, "lifespan_years")));
}

static int64
lifespan_usecs(FunctionCallInfo fcinfo, bool is_text)
{
	return retention_duration_usecs(is_text ?
									retention_duration_of_text(PG_GETARG_TEXT_PP(2), "lifespan", DURATION_ZERO) :
									retention_duration(fcinfo, 2, "lifespan", DURATION_ZERO),
									"lifespan");
}

/* Of numeric, and of float8; the lifespan is an interval, or written as a text. */
static Datum
clv_over_numeric(FunctionCallInfo fcinfo, bool is_text)
{
	Datum		annual = exact_multiply(balance_argument(fcinfo, 0, "aov"),
										quantity_argument(fcinfo, 1, "orders_per_customer_year"));

	return exact_divide(exact_multiply(annual, exact_integer(lifespan_usecs(fcinfo, is_text))),
						exact_integer(YEAR_USECS));
}

static Datum
clv_over_float8(FunctionCallInfo fcinfo, bool is_text)
{
	PG_RETURN_FLOAT8(float8_mul(float8_mul(balance_float8(fcinfo, 0, "aov"),
										   quantity_float8(fcinfo, 1, "orders_per_customer_year")),
								(double) lifespan_usecs(fcinfo, is_text) / (double) YEAR_USECS));
}

#define CLV_OVER(number, type, is_text) \
	PG_FUNCTION_INFO_V1(retention_clv_from_aov_##number##_##type); \
	Datum \
	retention_clv_from_aov_##number##_##type(PG_FUNCTION_ARGS) \
	{ \
		return clv_over_##number(fcinfo, is_text); \
	} \
	extern Datum retention_clv_from_aov_##number##_##type(PG_FUNCTION_ARGS)

CLV_OVER(numeric, interval, false);
CLV_OVER(numeric, text, true);
CLV_OVER(float8, interval, false);
CLV_OVER(float8, text, true);

/* ---- clv_contractual(price, periods) ---- */

PG_FUNCTION_INFO_V1(retention_clv_contractual_numeric);
Datum
retention_clv_contractual_numeric(PG_FUNCTION_ARGS)
{
	return exact_multiply(quantity_argument(fcinfo, 0, "price"),
						  quantity_argument(fcinfo, 1, "periods"));
}

PG_FUNCTION_INFO_V1(retention_clv_contractual_float8);
Datum
retention_clv_contractual_float8(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(float8_mul(quantity_float8(fcinfo, 0, "price"),
								quantity_float8(fcinfo, 1, "periods")));
}

/*
 * ---- clv_from_churn(revenue_per_period, period_churn, margin,
 * period_discount_rate): NULL if nobody leaves and nothing is discounted ----
 */

PG_FUNCTION_INFO_V1(retention_clv_from_churn_numeric);
Datum
retention_clv_from_churn_numeric(PG_FUNCTION_ARGS)
{
	Datum		revenue = balance_argument(fcinfo, 0, "revenue_per_period");
	Datum		churn = share_argument(fcinfo, 1, "period_churn");
	Datum		margin = share_argument(fcinfo, 2, "margin");
	Datum		discount = share_argument(fcinfo, 3, "period_discount_rate");
	Datum		denominator = exact_add(discount, churn);

	if (exact_compare(denominator, exact_integer(0)) == 0)
		PG_RETURN_NULL();
	return exact_divide(exact_multiply(exact_multiply(revenue, margin),
									   exact_add(exact_integer(1), discount)),
						denominator);
}

PG_FUNCTION_INFO_V1(retention_clv_from_churn_float8);
Datum
retention_clv_from_churn_float8(PG_FUNCTION_ARGS)
{
	double		revenue = balance_float8(fcinfo, 0, "revenue_per_period");
	double		churn = share_float8(fcinfo, 1, "period_churn");
	double		margin = share_float8(fcinfo, 2, "margin");
	double		discount = share_float8(fcinfo, 3, "period_discount_rate");

	if (discount + churn == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(float8_div(float8_mul(float8_mul(revenue, margin), 1 + discount),
								discount + churn));
}

/* ---- clv_to_cac(clv, cac): NULL if customers cost nothing ---- */

PG_FUNCTION_INFO_V1(retention_clv_to_cac_numeric);
Datum
retention_clv_to_cac_numeric(PG_FUNCTION_ARGS)
{
	Datum		clv = balance_argument(fcinfo, 0, "clv");
	Datum		cac = quantity_argument(fcinfo, 1, "cac");

	if (exact_compare(cac, exact_integer(0)) == 0)
		PG_RETURN_NULL();
	return exact_divide(clv, cac);
}

PG_FUNCTION_INFO_V1(retention_clv_to_cac_float8);
Datum
retention_clv_to_cac_float8(PG_FUNCTION_ARGS)
{
	double		clv = balance_float8(fcinfo, 0, "clv");
	double		cac = quantity_float8(fcinfo, 1, "cac");

	if (cac == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(float8_div(clv, cac));
}
