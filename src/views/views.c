/*-------------------------------------------------------------------------
 *
 * views.c
 *	  Views made, made again, refreshed and dropped: what the user calls.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "pg/extension_schema.h"
#include "pg/subtransaction.h"
#include "views/live.h"
#include "views/view_build.h"

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
		{"datestyle", "ISO"},
		{"intervalstyle", "postgres"},
		{"quote_all_identifiers", "off"},
		{"extra_float_digits", "3"},
		{"standard_conforming_strings", "on"},
		/* "relation is there already" and the like are of no interest */
		{"client_min_messages", "warning"}
	};
	int			nest_level = NewGUCNestLevel();
	bool		noisy = client_min_messages < WARNING;

	for (int i = 0; i < lengthof(settings) - (noisy ? 0 : 1); i++)
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

/*
 * Views are made of what this library knows, and call what the extension has: of
 * another version, that is something else.  So it is between the installation of
 * new files and ALTER EXTENSION, and behind it in a session that began before.
 */
static void
check_version(void)
{
	char	   *version;

	retention_views_ask("SELECT extversion FROM pg_extension WHERE extname = 'retention' AND extversion <> '" RETENTION_VERSION "'");
	version = SPI_processed > 0 ? retention_views_value(0, 1) : NULL;
	SPI_freetuptable(SPI_tuptable);
	if (version)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the extension is of version %s, and its library of version " RETENTION_VERSION, version),
				 errhint("ALTER EXTENSION retention UPDATE; or, if that has been done, connect anew.")));
}

/* What tools read: not what all of it is made from. */
static void
return_views(ReturnSetInfo *rsinfo, const Build *build)
{
	for (int i = 0; i < retention_view_template_count; i++)
	{
		Datum		value = CStringGetTextDatum(retention_views_qualified(build, retention_view_templates[i].name));
		bool		isnull = false;

		if (retention_view_templates[i].key && retention_view_templates[i].key[0] != '\0' && build->ours[i])
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &isnull);
	}
}

static void
init_set_of_text(FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
}

/* Views that read themselves, through views of the user's perhaps, can be made, but not read. */
static void
check_source(const Build *build, Oid orders)
{
	if (retention_views_any(psprintf("WITH RECURSIVE read AS (SELECT %u::oid AS oid UNION SELECT refobjid FROM read JOIN pg_rewrite AS r ON ev_class = read.oid"
									 " JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = r.oid AND refclassid = 'pg_class'::regclass)"
									 " SELECT FROM read WHERE oid IN (%u, %u)", orders,
									 retention_views_find(build, VIEW_OF_ROWS), retention_views_find(build, VIEW_OF_LEFT_OUT))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("views can't be made over one of themselves: \"%s\"", get_rel_name(orders)),
				 errhint("Name another schema for the views: target => '...'.")));
}

/*
 * retention_create_views(orders, customer, ordered_at, amount, order_id, filter,
 * is_order, target, period, time_zone, lifespan, margin, mode, model,
 * ignore_row_security, segments, from_day, until_day, as_of)
 */
PG_FUNCTION_INFO_V1(retention_create_views);
Datum
retention_create_views(PG_FUNCTION_ARGS)
{
	ReaderArguments arguments;
	OrderRows	orders;
	ListCell   *lc;
	Build		build = {.strict = true, .owner = GetUserId()};
	int			nest_level;

	PreventCommandIfReadOnly("retention_create_views()");
	init_set_of_text(fcinfo);
	build.ext = retention_function_schema(fcinfo->flinfo->fn_oid);
	/* what the caller wrote is read by their search_path */
	arguments = retention_reader_arguments(fcinfo, ARG_TIME_ZONE);
	arguments.stored = true;
	arguments.target = build.target = retention_views_name_argument(fcinfo, ARG_TARGET, "target");
	arguments.segments = retention_views_texts_argument(fcinfo, ARG_SEGMENTS, "segments");
	retention_read_orders(&orders, &arguments);
	build.source.segments = orders.segments;
	retention_options_of_arguments(&build.options, fcinfo, &orders);
	/* before the views, which who writes may read then */
	if (build.options.mode == MODE_LIVE)
		retention_live_lock_orders(orders.relations);
	SPI_connect();
	nest_level = begin_own_names();
	check_version();
	do
		retention_views_create_schema(&build);
	while (!retention_views_lock(&build, ShareUpdateExclusiveLock, AccessExclusiveLock));
	foreach(lc, orders.relations)
		check_source(&build, lfirst_oid(lc));
	if (OidIsValid(retention_views_find_view(&build, VIEW_OF_OPTIONS)))
	{
		Oid			view = retention_views_find_view(&build, VIEW_OF_OPTIONS);

		retention_views_check_owner(&build, VIEW_OF_OPTIONS, view);
		retention_record_load(&build);
		retention_views_check_ours(&build);
	}
	else
	{
		retention_views_check_free(&build);
		build.made = build.comments = "";
	}
	if (build.options.mode == MODE_LIVE)
		retention_live_check_free(&build);
	retention_views_make(&build, &orders);
	end_own_names(nest_level);
	/* before what has been built goes with SPI's memory */
	return_views((ReturnSetInfo *) fcinfo->resultinfo, &build);
	SPI_finish();
	return (Datum) 0;
}

static void
point_to_schema(void *target)
{
	errcontext("views of schema \"%s\"", (const char *) target);
}

static compat_noreturn void no_views(const char *target) compat_attribute_noreturn();

static void
no_views(const char *target)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("schema \"%s\" has no views made by retention_create_views()", target)));
}

/*
 * Find the views of a schema, lock them, and read how they are made.  False, of one
 * that isn't the caller's, only if that is to be so quietly.
 *
 * Before the lock, that nobody locks what is another's; behind it, as all may have
 * changed.
 */
static bool
open_views(Build *build, LOCKMODE schema_mode, LOCKMODE mode, bool quietly)
{
	Oid			owner;

	build->schema = get_namespace_oid(build->target, true);
	do
	{
		if (!retention_views_load(build, quietly))
		{
			if (quietly)
				return false;
			no_views(build->target);
		}
		owner = build->owner;
		(void) retention_views_lock(build, schema_mode, mode);
		if (!retention_views_load(build, quietly))
		{
			if (quietly)
				return false;
			no_views(build->target);
		}
	}
	while (build->owner != owner);
	retention_record_load(build);
	return true;
}

static void
load_options(Build *build)
{
	retention_options_of_view(&build->options, retention_views_find_view(build, VIEW_OF_OPTIONS));
}

typedef struct Refresh
{
	const char *target;
	const char *ext;
	bool		quietly;
	ReturnSetInfo *rsinfo;
} Refresh;

/* Make views again. */
static void
refresh(void *arg)
{
	const Refresh *call = (const Refresh *) arg;
	Build		build = {.target = call->target, .ext = call->ext};
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = point_to_schema,
		.arg = (void *) call->target
	};

	if (!open_views(&build, ShareUpdateExclusiveLock, AccessExclusiveLock, call->quietly))
		return;
	load_options(&build);
	/* a superuser doesn't make views where their owner could not */
	if (compat_namespace_aclcheck(build.schema, build.owner, ACL_CREATE) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\", whose views are in schema \"%s\", may not create any there",
						GetUserNameFromId(build.owner, false), build.target)));
	error_context_stack = &callback;
	retention_views_make(&build, NULL);
	error_context_stack = callback.previous;
	return_views(call->rsinfo, &build);
}

/*
 * One of many: what can't be made again is left as it is and told of, and the
 * others are not held up by it.
 */
static void
refresh_or_warn(Refresh *call)
{
	ErrorData  *error = retention_attempt(refresh, call);

	if (error == NULL)
		return;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("views of schema \"%s\" were not made again: %s", call->target, error->message),
			 error->hint ? errhint("%s", error->hint) : 0));
	FreeErrorData(error);
}

/* All schemas that have views of ours, or what looks like them. */
static List *
all_targets(void)
{
	List	   *targets = NIL;

	retention_views_ask("SELECT nspname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace"
						" WHERE relname = '" VIEW_OF_OPTIONS "' AND relkind = 'v' ORDER BY nspname");
	for (uint64 i = 0; i < SPI_processed; i++)
		targets = lappend(targets, retention_views_value(i, 1));
	SPI_freetuptable(SPI_tuptable);
	return targets;
}

/* retention_refresh_views(target): NULL: all that the caller may make again */
PG_FUNCTION_INFO_V1(retention_refresh_views);
Datum
retention_refresh_views(PG_FUNCTION_ARGS)
{
	Refresh		call = {
		.ext = retention_function_schema(fcinfo->flinfo->fn_oid),
		.quietly = PG_ARGISNULL(0),
		.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo
	};
	int			nest_level;

	PreventCommandIfReadOnly("retention_refresh_views()");
	init_set_of_text(fcinfo);
	SPI_connect();
	nest_level = begin_own_names();
	check_version();
	if (!PG_ARGISNULL(0))
	{
		call.target = NameStr(*PG_GETARG_NAME(0));
		refresh(&call);
	}
	else
	{
		ListCell   *lc;

		foreach(lc, all_targets())
		{
			call.target = (const char *) lfirst(lc);
			refresh_or_warn(&call);
		}
	}
	end_own_names(nest_level);
	SPI_finish();
	return (Datum) 0;
}

/* Is there anything left in a schema? */
static bool
is_empty(Oid schema)
{
	return !retention_views_any(psprintf("SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = %u"
										 " AND deptype = 'n'", schema));
}

/* Is a schema the caller's to drop? */
static bool
owns_schema(const char *name)
{
	Oid			schema = get_namespace_oid(name, true);
	HeapTuple	tuple = OidIsValid(schema) ? SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema)) : NULL;
	bool		owns;

	if (!HeapTupleIsValid(tuple))
		return false;
	owns = has_privs_of_role(GetUserId(), ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner);
	ReleaseSysCache(tuple);
	return owns;
}

/* retention_drop_views(target): the views, and the schema if nothing else is in it */
PG_FUNCTION_INFO_V1(retention_drop_views);
Datum
retention_drop_views(PG_FUNCTION_ARGS)
{
	Build		build = {.ext = retention_function_schema(fcinfo->flinfo->fn_oid)};
	int			nest_level;
	bool		whole;

	build.target = retention_views_name_argument(fcinfo, 0, "target");
	PreventCommandIfReadOnly("retention_drop_views()");
	SPI_connect();
	nest_level = begin_own_names();
	whole = owns_schema(build.target);
	/* how they were made may be nonsense by now */
	(void) open_views(&build, whole ? AccessExclusiveLock : ShareUpdateExclusiveLock, AccessExclusiveLock, false);
	retention_views_drop(&build);
	if (whole && owns_schema(build.target) && is_empty(build.schema))
		retention_views_run(psprintf("DROP SCHEMA %s", quote_identifier(build.target)));
	end_own_names(nest_level);
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * Are the views of a schema live, by the names of what is there?  Nothing is locked yet, and
 * what is read of a view would be: a lock that is made stronger later is how two wait for
 * each other.  The views themselves say so once they are locked.
 */
static bool
looks_live(const char *target)
{
	Build		build = {.target = target, .schema = get_namespace_oid(target, true)};

	return OidIsValid(retention_views_find(&build, TABLE_OF_PARTS));
}

/*
 * retention_refresh_data(target, concurrently): the rows of materialized views,
 * all as of one moment, so that their totals reconcile
 */
PG_FUNCTION_INFO_V1(retention_refresh_data);
Datum
retention_refresh_data(PG_FUNCTION_ARGS)
{
	Build		build = {.ext = retention_function_schema(fcinfo->flinfo->fn_oid)};
	bool		concurrently;
	int			nest_level;

	build.target = retention_views_name_argument(fcinfo, 0, "target");
	retention_views_check_given(fcinfo, 1, "concurrently");
	concurrently = PG_GETARG_BOOL(1);
	PreventCommandIfReadOnly("retention_refresh_data()");
	SPI_connect();
	nest_level = begin_own_names();
	/* one that has no rows yet is not refreshed concurrently; live views are, always */
	(void) open_views(&build, ShareUpdateExclusiveLock,
					  concurrently || looks_live(build.target) ? ExclusiveLock : AccessExclusiveLock, false);
	load_options(&build);
	switch (build.options.mode)
	{
		case MODE_PLAIN:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("the views of schema \"%s\" are not materialized: they are never out of date", build.target)));
			break;
		case MODE_MATERIALIZED:
			retention_views_refresh_data(&build, concurrently);
			break;
		case MODE_LIVE:
			retention_live_load(&build);
			retention_live_fold(&build);
			break;
	}
	end_own_names(nest_level);
	SPI_finish();
	PG_RETURN_VOID();
}

/* The views of a schema that are to be live. */
static void
open_live(Build *build, LOCKMODE schema_mode, LOCKMODE mode)
{
	(void) open_views(build, schema_mode, mode, false);
	load_options(build);
	if (build->options.mode != MODE_LIVE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the views of schema \"%s\" are not live", build->target),
				 errhint("They become so by retention_create_views(..., mode => 'live').")));
	retention_live_load(build);
}

/* retention_verify(target): rows (customer, ordered_on, reason, row_count, amount) that are not as they should be */
PG_FUNCTION_INFO_V1(retention_verify);
Datum
retention_verify(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Build		build = {.ext = retention_function_schema(fcinfo->flinfo->fn_oid)};
	int			nest_level;

	build.target = retention_views_name_argument(fcinfo, 0, "target");
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	nest_level = begin_own_names();
	open_live(&build, AccessShareLock, AccessShareLock);
	retention_live_verify(&build, rsinfo);
	end_own_names(nest_level);
	SPI_finish();
	return (Datum) 0;
}

/* retention_rebuild(target): the stored history of live views, anew */
PG_FUNCTION_INFO_V1(retention_rebuild);
Datum
retention_rebuild(PG_FUNCTION_ARGS)
{
	Build		build = {.ext = retention_function_schema(fcinfo->flinfo->fn_oid)};
	int			nest_level;

	build.target = retention_views_name_argument(fcinfo, 0, "target");
	PreventCommandIfReadOnly("retention_rebuild()");
	SPI_connect();
	nest_level = begin_own_names();
	open_live(&build, ShareUpdateExclusiveLock, ExclusiveLock);
	build.fill = true;
	retention_live_end(&build);
	end_own_names(nest_level);
	SPI_finish();
	PG_RETURN_VOID();
}
