/*-------------------------------------------------------------------------
 *
 * predict_customers.c
 *	  predict_customers: from order rows to a prediction for each customer.
 *
 * The whole chain in one call: what is known of each customer, a model of
 * purchases and one of spend fitted to all of them, and what the two expect of
 * each.  It's one query of ours over the caller's, which anybody could write;
 * the manual shows it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "forecast/fit.h"
#include "forecast/order_query.h"
#include "order/duration.h"
#include "pg/number_argument.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* Arguments of predict_customers behind those that name the order rows. */
typedef enum CustomersArg
{
	ARG_TIME_ZONE = 7,
	ARG_HORIZON,
	ARG_ANNUAL_DISCOUNT_RATE,
	ARG_MARGIN,
	ARG_MODEL,
	ARG_HOLDOUT,
	ARG_AS_OF,
	ARG_LEVEL,
	ARG_WINSORIZE
} CustomersArg;

/* Parameters of the query: $1 and so on. */
typedef enum CustomersParameter
{
	PARAM_AS_OF,
	PARAM_HORIZON,
	PARAM_ANNUAL_DISCOUNT_RATE,
	PARAM_MARGIN,
	PARAM_MODEL,
	PARAM_LEVEL,
	PARAM_UNTIL,
	PARAM_WINSORIZE
} CustomersParameter;

#define CUSTOMERS_PARAMETERS	8

/*
 * What is known of each customer, the models, what they expect.  Who came
 * after as_of, or has never ordered, is left out.  %1$s is the schema of the
 * functions, %2$s the rows, %3$s the amount, %4$s what was kept back, %5$s what
 * stands before the name of an aggregate over the rows, %6$s the customers, whose means may
 * be winsorized.  Each function is called
 * with all its arguments, of the types that it's declared with: nobody can put a
 * better match beside it.
 */
static const char *const customers_query =
"WITH facts AS MATERIALIZED (SELECT q.customer::pg_catalog.text AS customer,"
" %5$srfm_summary(q.ordered_at, %3$s$1) AS rfm, %4$s AS actual"
" FROM %2$s WHERE q.customer IS NOT NULL GROUP BY q.customer),"
" %6$s"
" models AS MATERIALIZED (SELECT %1$s._retention_model_noticed(%1$s.fit_purchases(%1$s.repeat_buying(c.rfm), true, $5)) AS purchases,"
" %1$s._retention_model_noticed(%1$s.fit_spend(%1$s.repeat_spend(c.rfm)),"
" pg_catalog.count(*) FILTER (WHERE (c.rfm).repeat_purchases OPERATOR(pg_catalog.=) 0::pg_catalog.int8)) AS spend FROM customers AS c)"
" SELECT c.customer, (c.rfm).repeat_purchases, (c.rfm).active_days, (c.rfm).age_days, %1$s.p_alive(m.purchases, c.rfm, NULL::pg_catalog.date),"
" %1$s.expected_purchases(m.purchases, c.rfm, $2), %1$s.expected_spend(m.spend, c.rfm),"
" v.estimate, v.lower, v.upper, c.actual, %1$s.median_spend(m.spend, c.rfm),"
" %1$s.predicted_clv_median(m.purchases, m.spend, c.rfm, $2, $3, $4)"
" FROM customers AS c CROSS JOIN models AS m"
" LEFT JOIN LATERAL %1$s.predicted_clv_interval(m.purchases, m.spend, c.rfm, $2, $3, $4, $6) AS v ON true"
" WHERE (c.rfm).repeat_purchases IS NOT NULL";

static const char *const as_they_are =
"customers AS MATERIALIZED (SELECT f.customer, f.rfm, f.actual FROM facts AS f),";

/* No mean above the one that so large a share of those who came back are at or below. */
static const char *const winsorized =
"most AS MATERIALIZED (SELECT pg_catalog.percentile_disc($8) WITHIN GROUP (ORDER BY (f.rfm).mean_spend) AS mean_spend"
" FROM facts AS f WHERE (f.rfm).repeat_purchases OPERATOR(pg_catalog.>) 0::pg_catalog.int8"
" AND (f.rfm).mean_spend OPERATOR(pg_catalog.>) 0::pg_catalog.numeric),"
" customers AS MATERIALIZED (SELECT f.customer, ROW((f.rfm).repeat_purchases, (f.rfm).active_days, (f.rfm).age_days,"
" CASE WHEN (f.rfm).mean_spend IS NOT NULL THEN LEAST((f.rfm).mean_spend, m.mean_spend) END,"
" (f.rfm).log_gaps, (f.rfm).orders, (f.rfm).first_order)::%s.rfm_inputs AS rfm, f.actual FROM facts AS f CROSS JOIN most AS m),";

/* What is wrong in the options is said of them, and not of our query. */
static void
take_options(FunctionCallInfo fcinfo, QueryParameter *params)
{
	int			k;

	params[PARAM_ANNUAL_DISCOUNT_RATE] = retention_query_parameter(fcinfo, ARG_ANNUAL_DISCOUNT_RATE,
																   FLOAT8OID, "annual_discount_rate");
	params[PARAM_MARGIN] = retention_query_parameter(fcinfo, ARG_MARGIN, FLOAT8OID, "margin");
	params[PARAM_MODEL] = retention_query_parameter(fcinfo, ARG_MODEL, TEXTOID, "model");
	params[PARAM_LEVEL] = retention_query_parameter(fcinfo, ARG_LEVEL, FLOAT8OID, "level");
	retention_check_share(PG_GETARG_FLOAT8(ARG_ANNUAL_DISCOUNT_RATE), "annual_discount_rate");
	retention_check_share(PG_GETARG_FLOAT8(ARG_MARGIN), "margin");
	retention_check_level(PG_GETARG_FLOAT8(ARG_LEVEL), "level");
	(void) retention_fit_find_kind(text_to_cstring(PG_GETARG_TEXT_PP(ARG_MODEL)), &k);
	params[PARAM_WINSORIZE] = (QueryParameter) {FLOAT8OID, (Datum) 0, true};
	if (!PG_ARGISNULL(ARG_WINSORIZE))
	{
		params[PARAM_WINSORIZE] = retention_query_parameter(fcinfo, ARG_WINSORIZE, FLOAT8OID, "winsorize");
		retention_check_level(PG_GETARG_FLOAT8(ARG_WINSORIZE), "winsorize");
	}
	if (!PG_ARGISNULL(ARG_HORIZON))
		params[PARAM_HORIZON] = (QueryParameter) {
			INTERVALOID,
			IntervalPGetDatum(retention_duration(fcinfo, ARG_HORIZON, "horizon", DURATION_ZERO)), false
		};
	if (!PG_ARGISNULL(ARG_HOLDOUT))
		(void) retention_duration(fcinfo, ARG_HOLDOUT, "holdout", DURATION_OF_DAYS);
}

/*
 * predict_customers(orders, customer, ordered_at, amount, order_id, filter, is_order,
 * time_zone, horizon, annual_discount_rate, margin, model, holdout, as_of, level, winsorize): rows (customer,
 * repeat_purchases, active_days, age_days, p_alive, expected_purchases,
 * expected_spend, predicted_clv, predicted_clv_lower, predicted_clv_upper, actual_purchases,
 * median_spend, predicted_clv_median)
 */
PG_FUNCTION_INFO_V1(retention_predict_customers);
Datum
retention_predict_customers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		holdout = !PG_ARGISNULL(ARG_HOLDOUT);
	Interval	horizon = {0};
	QueryParameter params[CUSTOMERS_PARAMETERS];
	OrderQuery	orders;
	DateADT		as_of;
	DateADT		until;
	const char *actual = "NULL::pg_catalog.int8";

	InitMaterializedSRF(fcinfo, 0);
	take_options(fcinfo, params);
	SPI_connect();
	retention_order_query(fcinfo, ARG_TIME_ZONE, &orders);
	if (!retention_order_query_days(fcinfo, &orders, ARG_AS_OF, ARG_HOLDOUT, &as_of, &until))
	{
		SPI_finish();
		return (Datum) 0;
	}
	if (holdout)
		actual = psprintf("%sorder_days_between(q.ordered_at, %s$1, $7)", orders.own, orders.amount);

	/* what was kept back is what's to be compared */
	if (holdout)
		horizon.day = until - as_of;
	else
		horizon.month = MONTHS_PER_YEAR;
	if (PG_ARGISNULL(ARG_HORIZON))
		params[PARAM_HORIZON] = (QueryParameter) {INTERVALOID, IntervalPGetDatum(&horizon), false};
	params[PARAM_AS_OF] = (QueryParameter) {DATEOID, DateADTGetDatum(as_of), false};
	params[PARAM_UNTIL] = (QueryParameter) {DATEOID, DateADTGetDatum(until), false};

	retention_order_query_return(&orders, psprintf(customers_query, orders.schema, orders.rows,
										  orders.amount, actual, orders.own,
										  PG_ARGISNULL(ARG_WINSORIZE) ? as_they_are : psprintf(winsorized, orders.schema)),
								 CUSTOMERS_PARAMETERS, params, rsinfo);
	SPI_finish();
	return (Datum) 0;
}
