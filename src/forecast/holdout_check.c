/*-------------------------------------------------------------------------
 *
 * holdout_check.c
 *	  holdout_check: what models would have predicted, and what came.
 *
 * The orders of the last while are kept back, the models are fitted to those
 * before, and their predictions are compared with what was kept back: for
 * customers by the number of their repeat purchases, as Fader, Hardie & Lee
 * (2005) show it, since a model that is right on the whole may be wrong for
 * the best customers.  Two rules of thumb stand beside the models; what a
 * model is worth is how much better it is than these.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "forecast/fit.h"
#include "forecast/order_query.h"
#include "order/duration.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Arguments of holdout_check behind those that name the order rows. */
typedef enum HoldoutArg
{
	ARG_TIME_ZONE = 7,
	ARG_HOLDOUT,
	ARG_MODELS,
	ARG_MAX_PURCHASES,
	ARG_AS_OF
} HoldoutArg;

/* Parameters of the query: $1 and so on. */
typedef enum HoldoutParameter
{
	PARAM_AS_OF,
	PARAM_UNTIL,
	PARAM_BEFORE,				/* as long before as_of as until is after it */
	PARAM_HORIZON,
	PARAM_MODELS,
	PARAM_MAX_PURCHASES
} HoldoutParameter;

#define HOLDOUT_PARAMETERS	6

/*
 * A customer's number of purchases after as_of, actual and by each model; the
 * rules of thumb are that they go on as on average since their first purchase,
 * and that they make as many purchases as in the time just before, in which the
 * first one doesn't count either.  Then the sums, by the number of repeat
 * purchases and of all.  Those who came after as_of have a line of their own: no
 * model of single customers expects them.
 */
static const char *const holdout_query =
"WITH customers AS MATERIALIZED (SELECT %4$srfm_summary(q.ordered_at, %3$s$1) AS rfm,"
" %4$sorder_days_between(q.ordered_at, %3$s$1, $2)::pg_catalog.float8 AS actual,"
" %4$sorder_days_between(q.ordered_at, %3$s$3, $1)::pg_catalog.float8 AS before"
" FROM %2$s WHERE q.customer IS NOT NULL GROUP BY q.customer),"
" known AS MATERIALIZED (SELECT c.rfm, (c.rfm).repeat_purchases AS x, c.actual,"
" c.before OPERATOR(pg_catalog.-) (CASE WHEN (c.rfm).first_order OPERATOR(pg_catalog.>) $3 THEN 1 ELSE 0 END) AS before,"
" CASE WHEN (c.rfm).age_days OPERATOR(pg_catalog.<>) 0"
" THEN (c.rfm).repeat_purchases::pg_catalog.float8 OPERATOR(pg_catalog./) (c.rfm).age_days END AS rate"
" FROM customers AS c WHERE (c.rfm).repeat_purchases IS NOT NULL),"
" cells AS MATERIALIZED (SELECT %1$s.repeat_buying(k.rfm) AS cells FROM known AS k),"
" models AS MATERIALIZED (SELECT n.name, n.n, %1$s.fit_purchases(c.cells, n.name) AS model"
" FROM cells AS c CROSS JOIN pg_catalog.unnest($5) WITH ORDINALITY AS n (name, n)),"
" predicted AS ("
" SELECT m.n, m.name, k.x, k.actual, %1$s.expected_purchases(m.model, k.rfm, $4) AS expected"
" FROM known AS k CROSS JOIN models AS m"
" UNION ALL SELECT 1000001, 'as on average so far', k.x, k.actual,"
" COALESCE(k.rate OPERATOR(pg_catalog.*) ($2 OPERATOR(pg_catalog.-) $1), 0) FROM known AS k"
" UNION ALL SELECT 1000002, 'as in the period before', k.x, k.actual, k.before FROM known AS k),"
" errors AS (SELECT p.n, p.name, LEAST(p.x, $6) AS x, p.actual, p.expected,"
" p.expected OPERATOR(pg_catalog.-) p.actual AS error FROM predicted AS p),"
" sums AS (SELECT e.n, e.name, e.x, pg_catalog.count(*) AS customers,"
" pg_catalog.sum(e.actual) AS actual, pg_catalog.sum(e.expected) AS expected,"
" pg_catalog.avg(pg_catalog.abs(e.error)) AS mae,"
" pg_catalog.sqrt(pg_catalog.avg(e.error OPERATOR(pg_catalog.*) e.error)) AS rmse,"
" pg_catalog.avg(e.error) AS bias"
" FROM errors AS e GROUP BY GROUPING SETS ((e.n, e.name, e.x), (e.n, e.name))"
" UNION ALL SELECT 1000003, NULL, -1, pg_catalog.count(*), pg_catalog.sum(c.actual), NULL, NULL, NULL, NULL"
" FROM customers AS c WHERE (c.rfm).repeat_purchases IS NULL AND c.actual OPERATOR(pg_catalog.>) 0"
" HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0)"
" SELECT s.name, CASE WHEN s.x OPERATOR(pg_catalog.=) -1 THEN 'first seen after'"
" WHEN s.x IS NULL THEN 'all'"
" WHEN s.x OPERATOR(pg_catalog.=) $6 THEN pg_catalog.concat(s.x, '+')"
" ELSE s.x::pg_catalog.text END,"
" s.customers, s.actual, s.expected, s.mae, s.rmse, s.bias"
" FROM sums AS s ORDER BY s.n, s.x";

/* What is wrong in the options is said of them, and not of our query. */
static void
take_options(FunctionCallInfo fcinfo, QueryParameter *params)
{
	Datum	   *models;
	bool	   *nulls;
	int			nmodels;
	int			k;

	(void) retention_query_parameter(fcinfo, ARG_HOLDOUT, INTERVALOID, "holdout");
	(void) retention_duration(fcinfo, ARG_HOLDOUT, "holdout", DURATION_OF_DAYS);
	params[PARAM_MODELS] = retention_query_parameter(fcinfo, ARG_MODELS, TEXTARRAYOID, "models");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_MODELS), TEXTOID, -1, false, TYPALIGN_INT,
					  &models, &nulls, &nmodels);
	for (int i = 0; i < nmodels; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("models must not contain nulls")));
		(void) retention_fit_find_kind(TextDatumGetCString(models[i]), &k);
	}
	if (!PG_ARGISNULL(ARG_MAX_PURCHASES) && PG_GETARG_INT32(ARG_MAX_PURCHASES) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_purchases must not be negative: %d",
						PG_GETARG_INT32(ARG_MAX_PURCHASES))));
	params[PARAM_MAX_PURCHASES] = (QueryParameter) {
		INT8OID, PG_ARGISNULL(ARG_MAX_PURCHASES) ? (Datum) 0 :
			Int64GetDatum(PG_GETARG_INT32(ARG_MAX_PURCHASES)), PG_ARGISNULL(ARG_MAX_PURCHASES)
	};
}

/*
 * holdout_check(orders, customer, ordered_at, amount, order_id, filter, is_order,
 * time_zone, holdout, models, max_purchases, as_of): rows (model, repeat_purchases, customers,
 * actual_purchases, expected_purchases, mae, rmse, bias)
 */
PG_FUNCTION_INFO_V1(retention_holdout_check);
Datum
retention_holdout_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Interval	horizon = {0};
	QueryParameter params[HOLDOUT_PARAMETERS];
	OrderQuery	orders;
	DateADT		as_of;
	DateADT		until;

	InitMaterializedSRF(fcinfo, 0);
	take_options(fcinfo, params);
	SPI_connect();
	retention_order_query(fcinfo, ARG_TIME_ZONE, &orders);
	if (!retention_order_query_days(fcinfo, &orders, ARG_AS_OF, ARG_HOLDOUT, &as_of, &until))
	{
		SPI_finish();
		return (Datum) 0;
	}
	horizon.day = until - as_of;
	params[PARAM_AS_OF] = (QueryParameter) {DATEOID, DateADTGetDatum(as_of), false};
	params[PARAM_UNTIL] = (QueryParameter) {DATEOID, DateADTGetDatum(until), false};
	params[PARAM_BEFORE] = (QueryParameter) {DATEOID, DateADTGetDatum(as_of - (until - as_of)), false};
	params[PARAM_HORIZON] = (QueryParameter) {INTERVALOID, IntervalPGetDatum(&horizon), false};

	retention_order_query_return(&orders, psprintf(holdout_query, orders.schema, orders.rows, orders.amount, orders.own),
								 HOLDOUT_PARAMETERS, params, rsinfo);
	SPI_finish();
	return (Datum) 0;
}
