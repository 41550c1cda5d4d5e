/*-------------------------------------------------------------------------
 *
 * views.c
 *	  Views made, made again, refreshed and dropped: what the user calls.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/schema.h"
#include "views/build.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
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
	build.ext = retention_function_schema(fcinfo->flinfo->fn_oid);
	SPI_connect();
	nest_level = begin_own_names();
	retention_source_of_recipe(&build.source, &recipe);
	retention_views_open_schema(&build);
	retention_views_check_source(&build);
	if (!retention_recipe_load(&before, recipe.target, build.ext, &owner))
		retention_views_check_free(&build);
	else if (!OidIsValid(retention_views_first(&build)))
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
 * The recipe of a schema, if its views are the caller's to be made again: as the
 * role that owns them, for what a recipe says must not be run with the rights of
 * whoever comes along.  And it must be of a role that could have made these views.
 *
 * Quietly: of what isn't the caller's, false.
 */
static bool
load_refreshable(Build *build, Recipe *recipe, const char *target, bool quietly)
{
	Oid			user = GetUserId();
	char	   *maker;
	Oid			maker_id;
	Oid			view;
	Oid			owner;

	build->recipe = recipe;
	if (!retention_recipe_load(recipe, target, build->ext, &maker))
	{
		if (quietly)
			return false;
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("schema \"%s\" has no views made from a recipe", target)));
	}
	maker_id = get_role_oid(maker, true);
	build->schema = get_namespace_oid(target, true);
	view = retention_views_first(build);
	if (!OidIsValid(view))
	{
		if (quietly && !(OidIsValid(maker_id) && has_privs_of_role(user, maker_id)))
			return false;
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the views of schema \"%s\" are gone", target),
				 errhint("Make them anew with retention_create_views, or forget them with retention_drop_views.")));
	}
	owner = retention_views_owner(view);
	if (!has_privs_of_role(user, owner))
	{
		if (quietly)
			return false;
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_VIEW, retention_view_templates[0].name);
	}
	if (maker_id != owner && !(OidIsValid(maker_id) && has_privs_of_role(maker_id, owner)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the recipe of schema \"%s\" is of role \"%s\", its views are of \"%s\"",
						target, maker, GetUserNameFromId(owner, false)),
				 errhint("Call retention_create_views again, as the owner of the views.")));
	build->owner = owner;
	return true;
}

/* Make views again from their stored recipe. */
static void
refresh(const char *target, const char *ext, bool quietly, ReturnSetInfo *rsinfo)
{
	Recipe		recipe;
	Build		build = {.ext = ext};
	Oid			user;
	int			context;
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = point_to_schema,
		.arg = (void *) target
	};

	/* before the lock, that nobody locks what is another's; behind it, as it may have changed */
	if (!load_refreshable(&build, &recipe, target, quietly))
		return;
	(void) retention_views_lock_schema(target);
	if (!load_refreshable(&build, &recipe, target, quietly))
		return;

	error_context_stack = &callback;
	GetUserIdAndSecContext(&user, &context);
	if (build.owner != user)
		SetUserIdAndSecContext(build.owner, context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	retention_source_check(recipe.orders);
	if (recipe.filter)
		recipe.filter = retention_filter_of_recipe(recipe.orders, recipe.filter);
	retention_source_of_recipe(&build.source, &recipe);
	retention_views_make(&build);
	SetUserIdAndSecContext(user, context);
	error_context_stack = callback.previous;
	return_views(rsinfo, &recipe);
}

/*
 * One of many: what can't be made again is left as it is and told of, and the
 * others are not held up by it.
 */
static void
refresh_or_warn(const char *target, const char *ext, ReturnSetInfo *rsinfo)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		refresh(target, ext, true, rsinfo);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		/* who cancels, cancels all */
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ASSERT_FAILURE)
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("views of schema \"%s\" were not made again: %s", target, error->message),
				 error->hint ? errhint("%s", error->hint) : 0));
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resources;
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
	const char *ext = retention_function_schema(fcinfo->flinfo->fn_oid);
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
			refresh_or_warn((const char *) lfirst(lc), ext, rsinfo);
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
	const char *ext = retention_function_schema(fcinfo->flinfo->fn_oid);
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
	if (!OidIsValid(retention_views_first(&build)))
	{
		if (!has_privs_of_role(GetUserId(), get_role_oid(maker, true)))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("the recipe of schema \"%s\" is of role \"%s\"", target, maker)));
		/* what has taken their places is not ours */
	}
	else
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
 * All of them are locked before the first is refreshed: what is refreshed in
 * between by another would be younger than the snapshot.
 */
static void
lock_to_refresh(const Build *build, const char *name)
{
	Oid			view = retention_views_find(build, name);

	/* a view that is gone is for the statement to tell of */
	if (!OidIsValid(view))
		return;
	if (!has_privs_of_role(GetUserId(), retention_views_owner(view)))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_MATVIEW, name);
	LockRelationOid(view, ExclusiveLock);
}

/*
 * retention_refresh_data(target, concurrently): the rows of materialized views,
 * all as of one moment, so that their totals reconcile
 */
PG_FUNCTION_INFO_V1(retention_refresh_data);
Datum
retention_refresh_data(PG_FUNCTION_ARGS)
{
	const char *ext = retention_function_schema(fcinfo->flinfo->fn_oid);
	Recipe		recipe;
	Build		build = {.recipe = &recipe, .ext = ext};
	char	   *maker;
	const char *target;
	int			nest_level;
	Snapshot	snapshot;

	for (int i = 0; i < 2; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", i == 0 ? "target" : "concurrently")));
	target = NameStr(*PG_GETARG_NAME(0));
	PreventCommandIfReadOnly("retention_refresh_data()");
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
		lock_to_refresh(&build, retention_view_templates[i].name);
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < retention_view_template_count; i++)
	{
		const char *name = retention_view_templates[i].name;
		bool		concurrently = PG_GETARG_BOOL(1) && is_populated(retention_views_find(&build, name));

		retention_views_run_as_of(psprintf("REFRESH MATERIALIZED VIEW %s %s", concurrently ? "CONCURRENTLY" : "",
										   retention_views_qualified(&build, name)), snapshot);
	}
	UnregisterSnapshot(snapshot);
	end_own_names(nest_level);
	SPI_finish();
	PG_RETURN_VOID();
}
