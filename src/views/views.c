/*-------------------------------------------------------------------------
 *
 * views.c
 *	  Views made, made again, refreshed and dropped: what the user calls.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "views/build.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

/*
 * Names in our statements are pg_catalog's, whatever the caller's search_path is,
 * and constants are read as they are written.
 */
static int
begin_own_names(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"intervalstyle", "postgres"},
		{"extra_float_digits", "3"},
		{"standard_conforming_strings", "on"},
		/* "relation is there already" and the like are of no interest */
		{"client_min_messages", "warning"}
	};
	int			nest_level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

/* What users' functions may have set meanwhile doesn't stay, either. */
static void
end_own_names(int nest_level)
{
	AtEOXact_GUC(false, nest_level);
}

/* The schema that the running function, and so the extension, is in. */
static const char *
extension_schema(FunctionCallInfo fcinfo)
{
	return quote_identifier(get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid)));
}

static void
return_views(ReturnSetInfo *rsinfo, const Recipe *recipe)
{
	for (int i = 0; i < retention_view_template_count; i++)
	{
		Datum		value = CStringGetTextDatum(quote_qualified_identifier(recipe->target,
																		   retention_view_templates[i].name));
		bool		isnull = false;

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &isnull);
	}
}

static void
init_set_of_text(FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
}

/*
 * retention_create_views(orders, customer, ordered_at, amount, order_id,
 * filter, target, period, time_zone, lifespan, margin, materialized)
 */
PG_FUNCTION_INFO_V1(retention_create_views);
Datum
retention_create_views(PG_FUNCTION_ARGS)
{
	Recipe		recipe;
	Recipe		before;
	char	   *owner;
	Build		build = {.recipe = &recipe};
	int			nest_level;

	PreventCommandIfReadOnly("retention_create_views()");
	init_set_of_text(fcinfo);
	/* what the caller wrote is read by his search_path */
	retention_recipe_of_arguments(&recipe, fcinfo);
	build.ext = extension_schema(fcinfo);
	SPI_connect();
	nest_level = begin_own_names();
	retention_source_of_recipe(&build.source, &recipe);
	retention_views_open_schema(&build);
	retention_views_check_source(&build);
	if (!retention_recipe_load(&before, recipe.target, build.ext, &owner))
		retention_views_check_free(&build);
	else if (!OidIsValid(retention_views_find(&build, retention_view_templates[0].name)))
	{
		/* views that the user has dropped himself left the recipe behind */
		retention_views_check_free(&build);
	}
	retention_recipe_store(&recipe, build.ext);
	retention_views_make(&build);
	end_own_names(nest_level);
	SPI_finish();
	return_views((ReturnSetInfo *) fcinfo->resultinfo, &recipe);
	return (Datum) 0;
}

static void
point_to_schema(void *target)
{
	errcontext("views of schema \"%s\"", (const char *) target);
}

/*
 * Make views again from their stored recipe, as the role that owns them: what a
 * recipe says must not be run with the rights of whoever comes along.  And it
 * must be of a role that could have made these views.
 *
 * Quietly: what isn't the caller's, or can't be made again, is left as it is.
 */
static void
refresh(const char *target, const char *ext, bool quietly, ReturnSetInfo *rsinfo)
{
	Recipe		recipe;
	Build		build = {.recipe = &recipe, .ext = ext};
	char	   *maker;
	Oid			maker_id;
	Oid			view;
	Oid			owner;
	Oid			user;
	int			context;
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = point_to_schema,
		.arg = (void *) target
	};

	GetUserIdAndSecContext(&user, &context);
	if (!retention_recipe_load(&recipe, target, ext, &maker))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("schema \"%s\" has no views made from a recipe", target)));
	maker_id = get_role_oid(maker, true);
	build.schema = get_namespace_oid(target, true);
	view = OidIsValid(build.schema) ? retention_views_find(&build, retention_view_templates[0].name) : InvalidOid;
	if (!OidIsValid(view))
	{
		if (quietly && !(OidIsValid(maker_id) && has_privs_of_role(user, maker_id)))
			return;
		ereport(quietly ? WARNING : ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the views of schema \"%s\" are gone", target),
				 errhint("Make them anew with retention_create_views, or forget them with retention_drop_views.")));
		return;
	}
	owner = retention_views_owner(view);
	if (quietly && !has_privs_of_role(user, owner))
		return;
	if (!has_privs_of_role(user, owner))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_VIEW, retention_view_templates[0].name);
	if (maker_id != owner && !(OidIsValid(maker_id) && has_privs_of_role(maker_id, owner)))
	{
		ereport(quietly ? WARNING : ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the recipe of schema \"%s\" is of role \"%s\", its views are of \"%s\"",
						target, maker, GetUserNameFromId(owner, false)),
				 errhint("Call retention_create_views again, as the owner of the views.")));
		return;
	}

	error_context_stack = &callback;
	if (retention_views_lock_schema(target) != build.schema)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema \"%s\" was dropped concurrently", target)));
	if (owner != user)
		SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	retention_source_check(recipe.orders);
	if (recipe.filter)
		recipe.filter = retention_filter_sql(recipe.orders, recipe.filter);
	retention_source_of_recipe(&build.source, &recipe);
	retention_views_make(&build);
	SetUserIdAndSecContext(user, context);
	error_context_stack = callback.previous;
	return_views(rsinfo, &recipe);
}

/* The targets of all recipes. */
static List *
all_targets(const char *ext)
{
	List	   *targets = NIL;
	MemoryContext context = CurrentMemoryContext;

	retention_views_run(psprintf("SELECT target FROM %s.retention_recipe ORDER BY target", ext));
	for (uint64 i = 0; i < SPI_processed; i++)
		targets = lappend(targets, MemoryContextStrdup(context, SPI_getvalue(SPI_tuptable->vals[i],
																			   SPI_tuptable->tupdesc, 1)));
	SPI_freetuptable(SPI_tuptable);
	return targets;
}

/* retention_refresh_views(target): NULL: all that the caller may make again */
PG_FUNCTION_INFO_V1(retention_refresh_views);
Datum
retention_refresh_views(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *ext = extension_schema(fcinfo);
	int			nest_level;

	PreventCommandIfReadOnly("retention_refresh_views()");
	init_set_of_text(fcinfo);
	SPI_connect();
	nest_level = begin_own_names();
	if (!PG_ARGISNULL(0))
		refresh(NameStr(*PG_GETARG_NAME(0)), ext, false, rsinfo);
	else
	{
		ListCell   *lc;

		foreach(lc, all_targets(ext))
			refresh((const char *) lfirst(lc), ext, true, rsinfo);
	}
	end_own_names(nest_level);
	SPI_finish();
	return (Datum) 0;
}

/* Is there anything left in a schema? */
static bool
is_empty(Oid schema)
{
	bool		empty;

	retention_views_run(psprintf("SELECT 1 FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = %u"
				 " AND deptype = 'n' LIMIT 1", schema));
	empty = SPI_processed == 0;
	SPI_freetuptable(SPI_tuptable);
	return empty;
}

static Oid
schema_owner(Oid schema)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* retention_drop_views(target): the views, the tables beside them, and the schema if nothing else is in it */
PG_FUNCTION_INFO_V1(retention_drop_views);
Datum
retention_drop_views(PG_FUNCTION_ARGS)
{
	const char *ext = extension_schema(fcinfo);
	Recipe		recipe;
	Build		build = {.recipe = &recipe, .ext = ext};
	char	   *maker;
	const char *target;
	int			nest_level;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("target must not be null")));
	target = NameStr(*PG_GETARG_NAME(0));
	PreventCommandIfReadOnly("retention_drop_views()");
	SPI_connect();
	nest_level = begin_own_names();
	if (!retention_recipe_load(&recipe, target, ext, &maker))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("schema \"%s\" has no views made from a recipe", target)));
	build.schema = retention_views_lock_schema(target);
	/* what belongs to somebody else is refused below; a recipe without views, here */
	if ((!OidIsValid(build.schema) || !OidIsValid(retention_views_find(&build, retention_view_templates[0].name))) &&
		!has_privs_of_role(GetUserId(), get_role_oid(maker, true)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the recipe of schema \"%s\" is of role \"%s\"", target, maker)));
	if (OidIsValid(build.schema))
	{
		retention_views_drop(&build);
		if (has_privs_of_role(GetUserId(), schema_owner(build.schema)) && is_empty(build.schema))
			retention_views_run(psprintf("DROP SCHEMA %s", quote_identifier(target)));
	}
	(void) retention_recipe_forget(target, ext);
	end_own_names(nest_level);
	SPI_finish();
	PG_RETURN_VOID();
}

/* Has a materialized view rows?  After a restore without data it doesn't, and can't be refreshed concurrently. */
static bool
is_populated(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	bool		populated = false;

	if (HeapTupleIsValid(tuple))
	{
		populated = ((Form_pg_class) GETSTRUCT(tuple))->relispopulated;
		ReleaseSysCache(tuple);
	}
	return populated;
}

/*
 * retention_refresh_data(target, concurrently): the rows of materialized views
 */
PG_FUNCTION_INFO_V1(retention_refresh_data);
Datum
retention_refresh_data(PG_FUNCTION_ARGS)
{
	const char *ext = extension_schema(fcinfo);
	Recipe		recipe;
	Build		build = {.recipe = &recipe, .ext = ext};
	char	   *maker;
	const char *target;
	int			nest_level;

	for (int i = 0; i < 2; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", i == 0 ? "target" : "concurrently")));
	target = NameStr(*PG_GETARG_NAME(0));
	SPI_connect();
	nest_level = begin_own_names();
	if (!retention_recipe_load(&recipe, target, ext, &maker))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("schema \"%s\" has no views made from a recipe", target)));
	if (!recipe.materialized)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the views of schema \"%s\" are not materialized: they are never out of date", target)));
	build.schema = get_namespace_oid(target, false);
	for (int i = 0; i < retention_view_template_count; i++)
	{
		const char *name = retention_view_templates[i].name;
		bool		concurrently = PG_GETARG_BOOL(1) && is_populated(retention_views_find(&build, name));

		retention_views_run(psprintf("REFRESH MATERIALIZED VIEW %s %s", concurrently ? "CONCURRENTLY" : "",
									 retention_views_qualified(&build, name)));
	}
	end_own_names(nest_level);
	SPI_finish();
	PG_RETURN_VOID();
}
