/*-------------------------------------------------------------------------
 *
 * view_options.c
 *	  How views are made: options, as a caller gives them and as they are kept.
 *
 * They are kept in the target schema, as a view of constants.  That view is never
 * evaluated: whoever makes views again, a superuser perhaps, would run what
 * somebody else has put there.  Its tree is looked at, and anything that isn't a
 * constant of the right type is refused.  So its owner may write other constants
 * there, which are checked as arguments are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "forecast/fit.h"
#include "order/duration.h"
#include "pg/number_argument.h"
#include "views/views.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "rewrite/rewriteHandler.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#define MAX_LIFESPAN_YEARS	1000

/* ---- what they may be ------------------------------------------------------------ */

static void
check_lifespan(Interval *lifespan)
{
	Interval	most = {.month = MAX_LIFESPAN_YEARS * MONTHS_PER_YEAR};

	retention_check_duration(lifespan, "lifespan");
	if (DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(lifespan),
										  IntervalPGetDatum(&most))) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lifespan must be at most %d years: \"%s\"", MAX_LIFESPAN_YEARS,
						DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(lifespan))))));
}

/* As fit_purchases() takes it, in whatever spelling; kept as model_info() has it. */
static const char *
model_of_name(const char *name)
{
	int			k;
	const PurchaseKind *kind = retention_fit_find_kind(name, &k);

	return kind ? retention_kind_name(&kind->about, k) : "auto";
}

static const char *const mode_names[VIEW_MODES] = {
	[MODE_PLAIN] = "plain",
	[MODE_MATERIALIZED] = "materialized",
	[MODE_LIVE] = "live"
};

static ViewMode
mode_of_name(const char *name)
{
	for (ViewMode mode = MODE_PLAIN; mode < VIEW_MODES; mode++)
		if (pg_strcasecmp(name, mode_names[mode]) == 0)
			return mode;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown mode of views: \"%s\"", name),
			 errhint("It is plain (read from the orders), materialized (kept until they are refreshed) or live (kept, and exact).")));
}

static char *
date_text(DateADT day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

static void
check_day(const DateADT *day, const char *name)
{
	if (day && (*day < DAY_FIRST || *day >= DAY_LAST))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is out of range: %s", name, date_text(*day))));
}

static void
check_options(Options *options)
{
	check_day(options->from_day, "from_day");
	check_day(options->until_day, "until_day");
	check_day(options->as_of, "as_of");
	/* their history has followed the orders from the first change on, whatever day that was of */
	if (options->as_of && options->mode == MODE_LIVE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("live views are of now, and not as of %s", date_text(*options->as_of)),
				 errhint("Leave as_of out, and say until_day if that is the last day to be reported; or have mode => 'plain' or 'materialized'.")));
	if (options->from_day && options->until_day && *options->from_day > *options->until_day)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_day must not be after until_day: %s, %s", date_text(*options->from_day),
						date_text(*options->until_day))));
	if (options->time_zone)
		retention_check_calendar_zone(options->time_zone);
	if (options->lifespan)
		check_lifespan(options->lifespan);
	retention_check_share(options->margin, "margin");
	options->model = model_of_name(options->model);
}

/* ---- arguments ------------------------------------------------------------------- */

void
retention_views_check_given(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

const char *
retention_views_name_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	retention_views_check_given(fcinfo, arg, name);
	return pstrdup(NameStr(*PG_GETARG_NAME(arg)));
}

/* Texts of an array; none if it is NULL. */
List *
retention_views_texts_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	List	   *texts = NIL;
	Datum	   *values;
	bool	   *nulls;
	int			n;

	if (PG_ARGISNULL(arg))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(arg), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not contain nulls", name)));
		texts = lappend(texts, TextDatumGetCString(values[i]));
	}
	return texts;
}

static const DateADT *
copy_of_day(DateADT day)
{
	DateADT    *copy = palloc(sizeof(DateADT));

	*copy = day;
	return copy;
}

static const DateADT *
day_argument(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : copy_of_day(PG_GETARG_DATEADT(arg));
}

void
retention_options_of_arguments(Options *options, FunctionCallInfo fcinfo, const OrderRows *orders)
{
	memset(options, 0, sizeof(Options));
	retention_views_check_given(fcinfo, ARG_PERIOD, "period");
	options->period = retention_period_of_text(PG_GETARG_TEXT_PP(ARG_PERIOD));
	options->time_zone = orders->time_zone;
	if (!PG_ARGISNULL(ARG_LIFESPAN))
		options->lifespan = PG_GETARG_INTERVAL_P(ARG_LIFESPAN);
	retention_views_check_given(fcinfo, ARG_MARGIN, "margin");
	options->margin = PG_GETARG_FLOAT8(ARG_MARGIN);
	retention_views_check_given(fcinfo, ARG_MODEL, "model");
	options->model = text_to_cstring(PG_GETARG_TEXT_PP(ARG_MODEL));
	retention_views_check_given(fcinfo, ARG_MODE, "mode");
	options->mode = mode_of_name(text_to_cstring(PG_GETARG_TEXT_PP(ARG_MODE)));
	retention_views_check_given(fcinfo, ARG_IGNORE_ROW_SECURITY, "ignore_row_security");
	options->ignore_row_security = PG_GETARG_BOOL(ARG_IGNORE_ROW_SECURITY);
	options->from_day = day_argument(fcinfo, ARG_FROM_DAY);
	options->until_day = day_argument(fcinfo, ARG_UNTIL_DAY);
	options->as_of = day_argument(fcinfo, ARG_AS_OF);
	check_options(options);
}

/* ---- the view of constants --------------------------------------------------------- */

static void
append_text(StringInfo sql, const char *text, const char *name)
{
	appendStringInfo(sql, "%s::pg_catalog.text AS %s, ", text ? quote_literal_cstr(text) : "NULL", name);
}

static void
append_day(StringInfo sql, const DateADT *day, const char *name)
{
	appendStringInfo(sql, ", %s::pg_catalog.date AS %s", day ? quote_literal_cstr(date_text(*day)) : "NULL", name);
}

char *
retention_options_sql(const Options *options)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	append_text(&sql, retention_period_name(&options->period), "period");
	append_text(&sql, options->time_zone, "time_zone");
	append_text(&sql, options->lifespan ?
				DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(options->lifespan))) : NULL,
				"lifespan");
	appendStringInfo(&sql, "%s::pg_catalog.float8 AS margin, ",
					 quote_literal_cstr(DatumGetCString(DirectFunctionCall1(float8out,
																			Float8GetDatum(options->margin)))));
	append_text(&sql, options->model, "model");
	append_text(&sql, mode_names[options->mode], "mode");
	appendStringInfo(&sql, "%s AS ignore_row_security", options->ignore_row_security ? "true" : "false");
	append_day(&sql, options->from_day, "from_day");
	append_day(&sql, options->until_day, "until_day");
	append_day(&sql, options->as_of, "as_of");
	return sql.data;
}

char *
retention_made_sql(const char *made, const char *comments)
{
	return psprintf("SELECT %s::pg_catalog.text AS version, %s::pg_catalog.text AS made, %s::pg_catalog.text AS comments",
					quote_literal_cstr(RETENTION_VERSION), quote_literal_cstr(made), quote_literal_cstr(comments));
}

/* The constant of a name in a row of constants; NULL if there is none. */
static const Const *
find_constant(const Query *query, const char *view, const char *name, Oid type)
{
	ListCell   *lc;

	foreach(lc, query->targetList)
	{
		const TargetEntry *entry = lfirst_node(TargetEntry, lc);

		if (entry->resjunk || strcmp(entry->resname, name) != 0)
			continue;
		if (!IsA(entry->expr, Const) || ((const Const *) entry->expr)->consttype != type)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("%s in view \"%s\" is not a constant of type %s", name, view,
							format_type_be(type)),
					 errhint("The view has nothing but constants, such as: %s.",
							 type == BOOLOID ? psprintf("true AS %s", name) :
							 type == FLOAT8OID ? "float8 '0.4' AS margin" :
							 type == DATEOID ? psprintf("date '2026-01-01' AS %s", name) : "text 'month' AS period")));
		return (const Const *) entry->expr;
	}
	return NULL;
}

static Datum
find_datum(const Query *query, const char *view, const char *name, Oid type)
{
	const Const *constant = find_constant(query, view, name, type);

	if (constant == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("view \"%s\" has no column \"%s\"", view, name)));
	if (constant->constisnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s in view \"%s\" must not be null", name, view)));
	return constant->constvalue;
}

static const char *
find_text(const Query *query, const char *view, const char *name)
{
	return TextDatumGetCString(find_datum(query, view, name, TEXTOID));
}

/* One that is not given: NULL, or missing, as of a view by a version that did not know it. */
static const char *
find_text_or_null(const Query *query, const char *view, const char *name)
{
	const Const *constant = find_constant(query, view, name, TEXTOID);

	return constant && !constant->constisnull ? TextDatumGetCString(constant->constvalue) : NULL;
}

static const DateADT *
find_day_or_null(const Query *query, const char *view, const char *name)
{
	const Const *constant = find_constant(query, view, name, DATEOID);

	return constant && !constant->constisnull ? copy_of_day(DatumGetDateADT(constant->constvalue)) : NULL;
}

static bool
find_bool_or_false(const Query *query, const char *view, const char *name)
{
	const Const *constant = find_constant(query, view, name, BOOLOID);

	return constant && !constant->constisnull && DatumGetBool(constant->constvalue);
}

void
retention_options_of_view(Options *options, Oid view)
{
	Relation	relation = relation_open(view, AccessShareLock);
	const Query *query = get_view_query(relation);
	const char *lifespan = find_text_or_null(query, VIEW_OF_OPTIONS, "lifespan");

	memset(options, 0, sizeof(Options));
	options->period = retention_period_of_text(cstring_to_text(find_text(query, VIEW_OF_OPTIONS, "period")));
	options->time_zone = find_text_or_null(query, VIEW_OF_OPTIONS, "time_zone");
	if (lifespan)
		options->lifespan = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(lifespan),
																  ObjectIdGetDatum(InvalidOid),
																  Int32GetDatum(-1)));
	options->margin = DatumGetFloat8(find_datum(query, VIEW_OF_OPTIONS, "margin", FLOAT8OID));
	options->model = find_text(query, VIEW_OF_OPTIONS, "model");
	options->mode = mode_of_name(find_text(query, VIEW_OF_OPTIONS, "mode"));
	options->ignore_row_security = find_bool_or_false(query, VIEW_OF_OPTIONS, "ignore_row_security");
	options->from_day = find_day_or_null(query, VIEW_OF_OPTIONS, "from_day");
	options->until_day = find_day_or_null(query, VIEW_OF_OPTIONS, "until_day");
	options->as_of = find_day_or_null(query, VIEW_OF_OPTIONS, "as_of");
	check_options(options);
	relation_close(relation, NoLock);
}

/* The record of what was made. */
void
retention_made_of_view(Oid view, const char **made, const char **comments)
{
	Relation	relation = relation_open(view, AccessShareLock);

	*made = find_text(get_view_query(relation), VIEW_OF_RECORD, "made");
	*comments = find_text(get_view_query(relation), VIEW_OF_RECORD, "comments");
	relation_close(relation, NoLock);
}
