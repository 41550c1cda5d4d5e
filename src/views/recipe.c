/*-------------------------------------------------------------------------
 *
 * recipe.c
 *	  What views are made from: checked, stored, and read again.
 *
 * The recipes of a database are rows of a table of the extension's, which
 * pg_dump dumps.  Everybody can read it; nobody but its owner and that of the
 * extension can write it, as what stands there is made into views by whoever
 * refreshes them.  So a recipe is stored as the owner of the table, and has the
 * name of the role that it was checked for.  The owner of the extension, who
 * need not be a superuser, writes there when he restores a dump: what he writes
 * gets his own name, as it could be anything.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "forecast/fit.h"
#include "views/views.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* Arguments of retention_create_views. */
typedef enum CreateArg
{
	ARG_ORDERS,
	ARG_CUSTOMER,
	ARG_ORDERED_AT,
	ARG_AMOUNT,
	ARG_ORDER_ID,
	ARG_FILTER,
	ARG_TARGET,
	ARG_PERIOD,
	ARG_TIME_ZONE,
	ARG_LIFESPAN,
	ARG_MARGIN,
	ARG_MATERIALIZED,
	ARG_MODEL
} CreateArg;

/* Columns of the table, which are parameters of the statement that stores them. */
#define RECIPE_COLUMNS	14

#define RECIPE_TABLE	"retention_recipe"

#define RECIPE_COLUMN_LIST \
	"target, owner, orders, customer, ordered_at, amount, order_id, filter, period, time_zone," \
	" lifespan, margin, model, materialization"

#define RECIPE_PARAMETERS	"$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14"

#define MAX_LIFESPAN_YEARS	1000

static void
check_given(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

static const char *
name_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	check_given(fcinfo, arg, name);
	return pstrdup(NameStr(*PG_GETARG_NAME(arg)));
}

/*
 * AT TIME ZONE takes CET for an abbreviation, of a time without summer time,
 * the zone database for a place with it.  The views need one calendar.
 */
static void
check_one_meaning(const char *name, pg_tz *zone)
{
	for (int month = 1; month <= 12; month++)
	{
		TimestampTz instant = (date2j(2020, month, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
		Timestamp	local;
		struct pg_tm tm;
		fsec_t		fsec;
		int			tz;

		if (timestamp2tm(instant, &tz, &tm, &fsec, NULL, zone) != 0 ||
			tm2timestamp(&tm, fsec, NULL, &local) != 0)
			elog(ERROR, "timestamp out of range");
		if (local != DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, CStringGetTextDatum(name),
														   TimestampTzGetDatum(instant))))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("time zone \"%s\" is an abbreviation of another time, too", name),
					 errhint("Name a place: time_zone => 'Europe/Berlin'.")));
	}
}

/* The zone that the shop's calendar is of: the session's unless given. */
static const char *
zone_argument(FunctionCallInfo fcinfo, const Recipe *recipe)
{
	const char *name;

	if (!retention_source_has_zone(recipe->orders, recipe->ordered_at))
	{
		if (!PG_ARGISNULL(ARG_TIME_ZONE))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" has no time zone to be converted from", recipe->ordered_at),
					 errhint("Leave time_zone out, or make a view in which the column is AT TIME ZONE the one it was written in.")));
		return NULL;
	}
	name = PG_ARGISNULL(ARG_TIME_ZONE) ? pg_get_timezone_name(session_timezone) :
		text_to_cstring(PG_GETARG_TEXT_PP(ARG_TIME_ZONE));
	check_one_meaning(name, retention_zone_of_name(name));
	return name;
}

static Interval *
lifespan_argument(FunctionCallInfo fcinfo)
{
	Interval	none = {0};
	Interval	most = {.month = MAX_LIFESPAN_YEARS * MONTHS_PER_YEAR};
	Interval   *lifespan;

	if (PG_ARGISNULL(ARG_LIFESPAN))
		return NULL;
	lifespan = PG_GETARG_INTERVAL_P(ARG_LIFESPAN);
	if (DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(lifespan),
										  IntervalPGetDatum(&none))) <= 0 ||
		DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(lifespan),
										  IntervalPGetDatum(&most))) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lifespan must be positive, and at most %d years: \"%s\"", MAX_LIFESPAN_YEARS,
						DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(lifespan))))));
	return lifespan;
}

static double
margin_argument(FunctionCallInfo fcinfo)
{
	double		margin;

	check_given(fcinfo, ARG_MARGIN, "margin");
	margin = PG_GETARG_FLOAT8(ARG_MARGIN);
	if (isnan(margin) || margin < 0 || margin > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("margin must be between 0 and 1, not %g", margin),
				 errhint("A margin of 30 %% is 0.3.")));
	return margin;
}

/* As fit_purchases() takes it. */
static const char *
model_argument(FunctionCallInfo fcinfo)
{
	const char *name;
	int			kind;
	int			k;

	check_given(fcinfo, ARG_MODEL, "model");
	name = text_to_cstring(PG_GETARG_TEXT_PP(ARG_MODEL));
	(void) retention_fit_find_kind(name, &kind, &k);
	return name;
}

void
retention_recipe_of_arguments(Recipe *recipe, FunctionCallInfo fcinfo)
{
	memset(recipe, 0, sizeof(Recipe));
	check_given(fcinfo, ARG_ORDERS, "orders");
	recipe->orders = PG_GETARG_OID(ARG_ORDERS);
	recipe->customer = name_argument(fcinfo, ARG_CUSTOMER, "customer");
	recipe->ordered_at = name_argument(fcinfo, ARG_ORDERED_AT, "ordered_at");
	recipe->amount = name_argument(fcinfo, ARG_AMOUNT, "amount");
	if (!PG_ARGISNULL(ARG_ORDER_ID))
		recipe->order_id = name_argument(fcinfo, ARG_ORDER_ID, "order_id");
	recipe->target = name_argument(fcinfo, ARG_TARGET, "target");
	check_given(fcinfo, ARG_PERIOD, "period");
	recipe->period = retention_grain_of_text(PG_GETARG_TEXT_PP(ARG_PERIOD));
	recipe->lifespan = lifespan_argument(fcinfo);
	recipe->margin = margin_argument(fcinfo);
	recipe->model = model_argument(fcinfo);
	check_given(fcinfo, ARG_MATERIALIZED, "materialized");
	recipe->materialized = PG_GETARG_BOOL(ARG_MATERIALIZED);

	retention_source_check(recipe->orders);
	recipe->time_zone = zone_argument(fcinfo, recipe);
	if (!PG_ARGISNULL(ARG_FILTER))
		recipe->filter = retention_filter_of_user(recipe->orders, text_to_cstring(PG_GETARG_TEXT_PP(ARG_FILTER)));
}

/* ---- the table ------------------------------------------------------------- */

static char *
table_name(const char *ext)
{
	return psprintf("%s." RECIPE_TABLE, ext);
}

/* Runs a statement that changes the table, as the table's owner. */
static uint64
change(const char *ext, const char *sql, int n, Oid *types, Datum *values, const char *nulls)
{
	Oid			table = DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(table_name(ext))));
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			owner;
	Oid			user;
	int			context;
	int			result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", table);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	result = SPI_execute_with_args(sql, n, types, values, nulls, false, 0);
	SetUserIdAndSecContext(user, context);
	if (result < 0)
		elog(ERROR, "could not change the table of recipes: %s", SPI_result_code_string(result));
	return SPI_processed;
}

typedef struct Parameters
{
	int			n;
	Oid			types[RECIPE_COLUMNS];
	Datum		values[RECIPE_COLUMNS];
	char		nulls[RECIPE_COLUMNS];
} Parameters;

static void
add_parameter(Parameters *parameters, Oid type, Datum value, bool isnull)
{
	parameters->types[parameters->n] = type;
	parameters->values[parameters->n] = value;
	parameters->nulls[parameters->n] = isnull ? 'n' : ' ';
	parameters->n++;
}

static void
add_text(Parameters *parameters, const char *text)
{
	add_parameter(parameters, TEXTOID, text ? CStringGetTextDatum(text) : (Datum) 0, text == NULL);
}

void
retention_recipe_store(const Recipe *recipe, const char *ext)
{
	Parameters	p = {0};

	add_text(&p, recipe->target);
	add_text(&p, GetUserNameFromId(GetUserId(), false));
	add_parameter(&p, REGCLASSOID, ObjectIdGetDatum(recipe->orders), false);
	add_text(&p, recipe->customer);
	add_text(&p, recipe->ordered_at);
	add_text(&p, recipe->amount);
	add_text(&p, recipe->order_id);
	add_text(&p, recipe->filter);
	add_text(&p, retention_grain_name(recipe->period));
	add_text(&p, recipe->time_zone);
	add_parameter(&p, INTERVALOID, recipe->lifespan ? IntervalPGetDatum(recipe->lifespan) : (Datum) 0,
				  recipe->lifespan == NULL);
	add_parameter(&p, FLOAT8OID, Float8GetDatum(recipe->margin), false);
	add_text(&p, recipe->model);
	add_text(&p, recipe->materialized ? "materialized" : "plain");
	Assert(p.n == RECIPE_COLUMNS);
	(void) change(ext, psprintf("INSERT INTO %s (" RECIPE_COLUMN_LIST ") VALUES (" RECIPE_PARAMETERS ")"
								" ON CONFLICT (target) DO UPDATE SET"
								" (" RECIPE_COLUMN_LIST ") = (" RECIPE_PARAMETERS ")",
								table_name(ext)),
				  p.n, p.types, p.values, p.nulls);
}

/* Forget a recipe; false if there is none. */
bool
retention_recipe_forget(const char *target, const char *ext)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(target)};

	return change(ext, psprintf("DELETE FROM %s WHERE target = $1", table_name(ext)),
				  1, types, values, NULL) > 0;
}

static char *
text_column(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

static Datum
datum_column(int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}

/* The recipe of a schema, and the name of the role that made it; false if there is none. */
bool
retention_recipe_load(Recipe *recipe, const char *target, const char *ext, char **owner)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(target)};
	char	   *period;
	bool		isnull;
	Datum		lifespan;

	memset(recipe, 0, sizeof(Recipe));
	if (SPI_execute_with_args(psprintf("SELECT " RECIPE_COLUMN_LIST " FROM %s WHERE target = $1",
									   table_name(ext)),
							  1, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the table of recipes");
	if (SPI_processed == 0)
		return false;
	recipe->target = text_column(1);
	*owner = text_column(2);
	recipe->orders = DatumGetObjectId(datum_column(3, &isnull));
	recipe->customer = text_column(4);
	recipe->ordered_at = text_column(5);
	recipe->amount = text_column(6);
	recipe->order_id = text_column(7);
	recipe->filter = text_column(8);
	period = text_column(9);
	recipe->period = retention_grain_of_text(cstring_to_text(period));
	recipe->time_zone = text_column(10);
	lifespan = datum_column(11, &isnull);
	if (!isnull)
	{
		recipe->lifespan = palloc(sizeof(Interval));
		*recipe->lifespan = *DatumGetIntervalP(lifespan);
	}
	recipe->margin = DatumGetFloat8(datum_column(12, &isnull));
	recipe->model = text_column(13);
	recipe->materialized = strcmp(text_column(14), "materialized") == 0;
	SPI_freetuptable(SPI_tuptable);
	return true;
}

/*
 * Before a row is written: if neither by a superuser nor by the table's owner,
 * as whom we store recipes, it's a recipe of him who writes it, whatever it says.
 */
PG_FUNCTION_INFO_V1(retention_recipe_signed);
Datum
retention_recipe_signed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HeapTuple	row;
	int			column;
	Datum		writer;
	bool		isnull = false;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("the trigger of the table of recipes can't be called otherwise")));
	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	if (superuser() || GetUserId() == RelationGetForm(trigger->tg_relation)->relowner)
		return PointerGetDatum(row);
	/* anybody may call it for a table of his own */
	column = SPI_fnumber(RelationGetDescr(trigger->tg_relation), "owner");
	if (column <= 0 || SPI_gettypeid(RelationGetDescr(trigger->tg_relation), column) != TEXTOID)
		return PointerGetDatum(row);
	writer = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	return PointerGetDatum(heap_modify_tuple_by_cols(row, RelationGetDescr(trigger->tg_relation),
													 1, &column, &writer, &isnull));
}
