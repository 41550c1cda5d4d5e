/*-------------------------------------------------------------------------
 *
 * order_query.c
 *	  The order rows that a caller names, as a part of our queries.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "forecast/order_query.h"
#include "pg/extension_schema.h"
#include "reader/order_reader.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"

void
retention_order_query(FunctionCallInfo fcinfo, int time_zone_arg, OrderQuery *query)
{
	ReaderArguments arguments;
	OrderRows	rows;

	query->schema = retention_function_schema(fcinfo->flinfo->fn_oid);
	arguments = retention_reader_arguments(fcinfo, time_zone_arg);
	retention_read_orders(&rows, &arguments);
	query->own = psprintf("%s.", query->schema);
	query->amount = "";
	query->is_order = "true";
	query->time_zone = rows.time_zone;
	if (!rows.has_amount)
	{
		/* no money: what is no order is nothing */
		query->rows = psprintf("(SELECT customer, ordered_at FROM (%s) AS r WHERE %s._retention_row_counts(ordered_at, 0::pg_catalog.numeric)%s) AS q",
							   rows.sql, query->schema, rows.has_is_order ? " AND is_order" : "");
		return;
	}
	query->rows = psprintf("%s AS q", retention_counted_rows(psprintf(rows.has_lines ? "(%s)" : "(%s) AS r", rows.sql),
															 rows.has_lines, rows.has_is_order, NIL, query->schema));
	query->amount = "q.amount, ";
	query->is_order = "q.amount OPERATOR(pg_catalog.>=) 0";
	if (rows.has_is_order)
	{
		query->own = psprintf("%s._retention_", query->schema);
		query->amount = "q.amount, q.is_order, ";
		query->is_order = "q.is_order";
	}
}

/*
 * Names in what the reader has written are pg_catalog's if they have no schema, and
 * days are those of the calendar; what else the caller's functions look for is found
 * where it was.
 */
static int
begin_settings(const OrderQuery *query)
{
	int			nest_level = NewGUCNestLevel();

	(void) set_config_option("search_path",
							 psprintf("pg_catalog%s%s", namespace_search_path[0] ? ", " : "", namespace_search_path),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (query->time_zone)
		(void) set_config_option("timezone", query->time_zone, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
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

/* Our own query is no context that tells a caller anything. */
static char *
without_query(char *context, const char *sql)
{
	char	   *start = context ? strstr(context, sql) : NULL;
	const char *end;

	if (start == NULL)
		return context;
	end = strchr(start + strlen(sql), '\n');
	while (start > context && start[-1] != '\n')
		start--;
	if (end)
		return psprintf("%.*s%s", (int) (start - context), context, end + 1);
	if (start > context)
		start--;
	return start > context ? pnstrdup(context, start - context) : NULL;
}

static void
execute(const char *sql, int nparams, const QueryParameter *params, DestReceiver *dest)
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

static void
run(const OrderQuery *query, const char *sql, int nparams, const QueryParameter *params, DestReceiver *dest)
{
	int			nest_level = begin_settings(query);
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		execute(sql, nparams, params, dest);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		error->context = without_query(error->context, sql);
		ReThrowError(error);
	}
	PG_END_TRY();
	AtEOXact_GUC(false, nest_level);
}

/* The days of the first and the last order of a customer, or false. */
static bool
range_of_days(const OrderQuery *query, DateADT *first, DateADT *last)
{
	bool		isnull;
	HeapTuple	tuple;

	run(query, psprintf("SELECT pg_catalog.min(q.ordered_at)::pg_catalog.date, pg_catalog.max(q.ordered_at)::pg_catalog.date FROM %s"
						" WHERE q.customer IS NOT NULL AND %s", query->rows, query->is_order),
		0, NULL, NULL);
	tuple = SPI_tuptable->vals[0];
	*first = DatumGetDateADT(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));
	*last = DatumGetDateADT(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return !isnull;
}

static char *
text_of_day(DateADT day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

/* What is kept back, as it's written. */
static char *
text_of_holdout(FunctionCallInfo fcinfo, int holdout_arg)
{
	return DatumGetCString(DirectFunctionCall1(interval_out, PG_GETARG_DATUM(holdout_arg)));
}

bool
retention_order_query_days(FunctionCallInfo fcinfo, const OrderQuery *query, int as_of_arg,
						   int holdout_arg, DateADT *as_of, DateADT *until)
{
	DateADT		first;
	Datum		begins;

	if (!PG_ARGISNULL(as_of_arg) && DATE_NOT_FINITE(PG_GETARG_DATEADT(as_of_arg)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must be finite: %s", text_of_day(PG_GETARG_DATEADT(as_of_arg)))));
	if (!range_of_days(query, &first, until))
		return false;
	if (!PG_ARGISNULL(as_of_arg))
	{
		DateADT		last = *until;

		*until = PG_GETARG_DATEADT(as_of_arg);
		if (*until < first)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("as_of is before the first order: %s", text_of_day(*until)),
					 errhint("It is the last day seen: from %s on, the first order's, or left out, the last order's, %s.",
							 text_of_day(first), text_of_day(last))));
	}

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
				 errmsg("holdout must not be less than a day: \"%s\"", text_of_holdout(fcinfo, holdout_arg))));
	if (*as_of < first)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("holdout leaves no orders to fit a model to: \"%s\"", text_of_holdout(fcinfo, holdout_arg)),
				 errdetail("The first order is of %s, and as_of %s.", text_of_day(first), text_of_day(*until)),
				 errhint("Hold out less, such as a quarter of that time: holdout => '%d days'.", Max((*until - first) / 4, 1))));
	return true;
}

void
retention_order_query_return(const OrderQuery *query, const char *sql, int nparams,
							 const QueryParameter *params, ReturnSetInfo *rsinfo)
{
	DestReceiver *dest = CreateDestReceiver(DestTuplestore);

	SetTuplestoreDestReceiverParams(dest, rsinfo->setResult,
									rsinfo->econtext->ecxt_per_query_memory, false,
									rsinfo->setDesc, "a query of the extension returns other columns");
	run(query, sql, nparams, params, dest);
	dest->rDestroy(dest);
}
