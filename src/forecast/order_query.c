/*-------------------------------------------------------------------------
 *
 * order_query.c
 *	  The order rows that a caller names, as a part of our queries.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "forecast/order_query.h"
#include "pg/schema.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/regproc.h"
#include "utils/varlena.h"

/* What a table's columns are called where the caller doesn't say. */
#define USUAL_CUSTOMER		"customer_id"
#define USUAL_ORDERED_AT	"ordered_at"
#define USUAL_AMOUNT		"amount"

/* Arguments of the functions that take order rows. */
#define ARG_ORDERS		0
#define ARG_CUSTOMER	1
#define ARG_ORDERED_AT	2
#define ARG_AMOUNT		3

/* A column's name, as the caller means it: "as is", quoted here. */
static const char *
column(FunctionCallInfo fcinfo, int arg, const char *usual)
{
	if (PG_ARGISNULL(arg))
		return usual ? quote_identifier(usual) : NULL;
	return quote_identifier(text_to_cstring(PG_GETARG_TEXT_PP(arg)));
}

static const char *
table_query(FunctionCallInfo fcinfo, Oid table, bool usual)
{
	const char *customer = column(fcinfo, ARG_CUSTOMER, usual ? USUAL_CUSTOMER : NULL);
	const char *ordered_at = column(fcinfo, ARG_ORDERED_AT, usual ? USUAL_ORDERED_AT : NULL);
	const char *amount = column(fcinfo, ARG_AMOUNT,
								usual && PG_ARGISNULL(ARG_CUSTOMER) ? USUAL_AMOUNT : NULL);
	char	   *name = get_rel_name(table);
	char	   *schema = name ? get_namespace_name(get_rel_namespace(table)) : NULL;

	if (schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", table)));
	if (customer == NULL || ordered_at == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("of the columns of \"%s\", the customer and the time of an order must both be named",
						name)));
	return psprintf("SELECT %s, %s%s%s FROM %s", customer, ordered_at,
					amount ? ", " : "", amount ? amount : "", quote_qualified_identifier(schema, name));
}

/* No query is a single word; a table's name is. */
static bool
is_word(const char *text)
{
	return text[0] != '\0' && strpbrk(text, " \t\r\n\f\v(") == NULL;
}

/* Of a query: without the semicolon at its end, which many are written with. */
static const char *
trimmed(char *sql)
{
	size_t		length = strlen(sql);

	while (length > 0 && (isspace((unsigned char) sql[length - 1]) || sql[length - 1] == ';'))
		length--;
	sql[length] = '\0';
	return sql;
}

/*
 * The type that a time is read as.  Functions of ours are called with exactly
 * the types that they're declared with: for any other, one that somebody has
 * put beside them could be a better match.
 */
static const char *
time_type(Oid type)
{
	switch (getBaseType(type))
	{
		case DATEOID:
			return "pg_catalog.date";
		case TIMESTAMPOID:
			return "pg_catalog.timestamp";
		case TIMESTAMPTZOID:
			return "pg_catalog.timestamptz";
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("the time of an order can't be of type %s", format_type_be(type)),
			 errhint("Cast it to timestamptz, timestamp or date.")));
}

/* The same of an amount. */
static const char *
amount_type(Oid type)
{
	switch (getBaseType(type))
	{
		case NUMERICOID:
			return "pg_catalog.numeric";
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
			return "pg_catalog.float8";
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("an amount can't be of type %s", format_type_be(type)),
			 errhint("Cast it to numeric.")));
}

/* A customer is one by the equality of his type; of equal numbers one text is shown. */
static const char *
customer_sql(Oid type)
{
	return getBaseType(type) == NUMERICOID ? "pg_catalog.trim_scale(o.customer::pg_catalog.numeric)" :
		"o.customer";
}

/* The rows of a query that returns what we need, with the types that we need. */
static void
set_rows(OrderQuery *query, const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	TupleDesc	desc;
	int			columns;
	const char *amount = "";

	if (plan == NULL)
		elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
	if (list_length(SPI_plan_get_plan_sources(plan)) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("orders must be one query, not %d",
						list_length(SPI_plan_get_plan_sources(plan))),
				 errhint("To name a table, give its columns too: the customer, the time and the amount.")));
	desc = ((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan)))->resultDesc;
	columns = desc ? desc->natts : 0;
	if (columns < 2 || columns > 3)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("orders must have the columns customer, ordered_at and, if known, amount, not %d columns",
						columns)));
	if (columns == 3)
		amount = psprintf(", o.amount::%s AS amount", amount_type(TupleDescAttr(desc, 2)->atttypid));
	/* a line by itself, as the query may end with a comment */
	query->rows = psprintf("(SELECT %s AS customer, o.ordered_at::%s AS ordered_at%s"
						   " FROM (%s\n) AS o (customer, ordered_at%s)) AS q",
						   customer_sql(TupleDescAttr(desc, 0)->atttypid),
						   time_type(TupleDescAttr(desc, 1)->atttypid), amount, sql,
						   columns == 3 ? ", amount" : "");
	query->amount = columns == 3 ? "q.amount, " : "";
	SPI_freeplan(plan);
}

/* Which of the two forms is called?  Its declaration knows, however it's called. */
static bool
takes_table(FunctionCallInfo fcinfo)
{
	Oid		   *types;
	int			n;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &n);
	return types[ARG_ORDERS] == REGCLASSOID;
}

void
retention_order_query(FunctionCallInfo fcinfo, OrderQuery *query)
{
	const char *sql;
	bool		is_table;

	query->schema = retention_function_schema(fcinfo->flinfo->fn_oid);
	is_table = takes_table(fcinfo);
	if (PG_ARGISNULL(ARG_ORDERS))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("orders must not be null")));
	if (is_table)
		sql = table_query(fcinfo, PG_GETARG_OID(ARG_ORDERS), true);
	else
	{
		char	   *given = text_to_cstring(PG_GETARG_TEXT_PP(ARG_ORDERS));

		if (PG_ARGISNULL(ARG_CUSTOMER) && PG_ARGISNULL(ARG_ORDERED_AT) && PG_ARGISNULL(ARG_AMOUNT))
			sql = is_word(given) ?
				table_query(fcinfo,
							DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(given))),
							true) :
				trimmed(given);
		else
			sql = table_query(fcinfo,
							  DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(given))),
							  false);
	}
	set_rows(query, sql);
}

QueryParameter
retention_query_parameter(FunctionCallInfo fcinfo, int arg, Oid type, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
	return (QueryParameter) {type, PG_GETARG_DATUM(arg), false};
}

/* Parameters as SPI takes them: none is no list, and not an empty one. */
static ParamListInfo
parameter_list(int nparams, const QueryParameter *params)
{
	ParamListInfo list;

	if (nparams == 0)
		return NULL;
	list = makeParamList(nparams);
	for (int i = 0; i < nparams; i++)
	{
		list->params[i].value = params[i].value;
		list->params[i].isnull = params[i].isnull;
		list->params[i].pflags = PARAM_FLAG_CONST;
		list->params[i].ptype = params[i].type;
	}
	return list;
}

static void
run(const char *sql, int nparams, const QueryParameter *params, DestReceiver *dest)
{
	SPIExecuteOptions options = {0};
	int			result;

	options.params = parameter_list(nparams, params);
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = dest;
	result = SPI_execute_extended(sql, &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not run a query: %s", SPI_result_code_string(result));
}

/* The day of the last order of a customer, or false. */
static bool
last_day(const OrderQuery *query, DateADT *day)
{
	bool		isnull;
	Datum		value;

	run(psprintf("SELECT pg_catalog.max(q.ordered_at)::pg_catalog.date FROM %s"
				 " WHERE q.customer IS NOT NULL AND pg_catalog.isfinite(q.ordered_at)%s",
				 query->rows, query->amount[0] ? " AND q.amount OPERATOR(pg_catalog.>=) 0" : ""),
		0, NULL, NULL);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
		*day = DatumGetDateADT(value);
	SPI_freetuptable(SPI_tuptable);
	return !isnull;
}

bool
retention_order_query_days(FunctionCallInfo fcinfo, const OrderQuery *query, int as_of_arg,
						   int holdout_arg, DateADT *as_of, DateADT *until)
{
	Datum		begins;

	if (!PG_ARGISNULL(as_of_arg))
	{
		*until = PG_GETARG_DATEADT(as_of_arg);
		if (DATE_NOT_FINITE(*until))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("as_of must be finite: %s",
							DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(*until))))));
	}
	else if (!last_day(query, until))
		return false;

	*as_of = *until;
	if (PG_ARGISNULL(holdout_arg))
		return true;
	begins = DirectFunctionCall2(date_mi_interval, DateADTGetDatum(*until),
								 PG_GETARG_DATUM(holdout_arg));
	*as_of = DatumGetDateADT(DirectFunctionCall1(timestamp_date, begins));
	/* a month less 29 days is above 0, and not in a February */
	if (*as_of >= *until)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("holdout must not be less than a day: \"%s\"",
						DatumGetCString(DirectFunctionCall1(interval_out,
															PG_GETARG_DATUM(holdout_arg))))));
	return true;
}

void
retention_order_query_return(const char *sql, int nparams, const QueryParameter *params,
							 ReturnSetInfo *rsinfo)
{
	DestReceiver *dest = CreateDestReceiver(DestTuplestore);

	SetTuplestoreDestReceiverParams(dest, rsinfo->setResult,
									rsinfo->econtext->ecxt_per_query_memory, false,
									rsinfo->setDesc, "a query of the extension returns other columns");
	run(sql, nparams, params, dest);
	dest->rDestroy(dest);
}
