/*-------------------------------------------------------------------------
 *
 * view_drop.c
 *	  Views are dropped, to be made anew or for good, and nothing of the user's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/subtransaction.h"
#include "views/live.h"
#include "views/view_build.h"

#include "catalog/pg_class.h"
#include "utils/lsyscache.h"

/* ---- dropping -------------------------------------------------------------------- */

void
retention_views_drop_one(const Build *build, const char *name)
{
	retention_views_run(psprintf("DROP %s %s", retention_views_kind(retention_views_find(build, name)),
								 retention_views_qualified(build, name)));
}

/* A view that is dropped to be made anew, as are those that read it. */
typedef struct Dropping
{
	Build	   *build;
	int			index;
	const char *sql;
	List	   *kept;
} Dropping;

/* Triggers and rules of the user's would be dropped with it. */
static void
check_droppable(const Build *build, const char *name, Oid relation)
{
	if (retention_views_any(psprintf("SELECT FROM pg_trigger WHERE tgrelid = %u AND NOT tgisinternal"
									 " UNION ALL SELECT FROM pg_rewrite WHERE ev_class = %u AND rulename <> '_RETURN'",
									 relation, relation)))
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop \"%s\" in schema \"%s\", because it has triggers or rules", name, build->target)));
}

static void
drop_keeping(Dropping *dropping, const char *name, Oid relation, bool over_data)
{
	Kept	   *kept;

	check_droppable(dropping->build, name, relation);
	kept = retention_keep(name, relation);
	kept->over_data = over_data;
	dropping->kept = lappend(dropping->kept, kept);
	retention_views_drop_one(dropping->build, name);
}

static void
drop_data(Dropping *dropping, const ViewTemplate *template)
{
	Oid			data = retention_views_find_data(dropping->build, template);

	if (OidIsValid(data) && retention_views_data_is_ours(dropping->build, template, data, NULL))
		drop_keeping(dropping, retention_template_data(template), data, false);
}

static void
drop_view(Dropping *dropping, int index)
{
	Build	   *build = dropping->build;
	const ViewTemplate *template = &retention_view_templates[index];
	Oid			relation = retention_views_find(build, template->name);

	if (!OidIsValid(relation) || !retention_views_is_ours(build, template, relation, NULL))
		return;
	for (int i = index + 1; i < retention_view_template_count; i++)
		if (retention_views_reads(build, &retention_view_templates[i], template))
			drop_view(dropping, i);
	drop_keeping(dropping, template->name, relation, retention_views_is_over_data(build, template, relation));
	drop_data(dropping, template);
}

/* What only keeps rows is dropped from behind its view, which stays, and what stands upon it. */
static void
drop_to_remake(void *arg)
{
	Dropping   *dropping = (Dropping *) arg;
	const Build *build = dropping->build;
	const ViewTemplate *template = &retention_view_templates[dropping->index];
	Oid			relation = retention_views_find(build, template->name);

	if (dropping->sql == NULL)
		drop_view(dropping, dropping->index);
	else
	{
		if (OidIsValid(relation) && retention_views_is_ours(build, template, relation, NULL))
			retention_views_put(build, template->name, dropping->sql, NULL);
		drop_data(dropping, template);
	}
}

/*
 * Drops a view and those that read it; or, if it can be replaced by one of some SQL,
 * what keeps its rows alone.  False, and a warning, if something of the user's depends
 * on what would be dropped.
 */
bool
retention_views_drop_or_leave(Build *build, int index, const char *sql)
{
	const char *name = retention_view_templates[index].name;
	Dropping	dropping = {build, index, sql, NIL};
	ErrorData  *error = NULL;

	if (build->strict)
		drop_to_remake(&dropping);
	else
		error = retention_attempt(drop_to_remake, &dropping);
	if (error == NULL)
	{
		build->kept = list_concat(build->kept, dropping.kept);
		return true;
	}
	if (error->sqlerrcode != ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST)
		ReThrowError(error);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("\"%s\" in schema \"%s\" is left as it was: %s", name, build->target, error->message),
			 error->detail ? errdetail("%s", error->detail) : 0,
			 errhint("Drop what depends on it, call retention_refresh_views, and make that again.")));
	return false;
}

/* ---- dropping all ---------------------------------------------------------------- */

static void
drop_or_warn(const Build *build, const char *name, bool ours)
{
	if (ours)
		retention_views_drop_one(build, name);
	else
		ereport(WARNING,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" in schema \"%s\" is left as it is: it was not made by retention_create_views(), or has been changed since",
						name, build->target)));
}

/* Drop the views, and nothing that the user has put in their places. */
void
retention_views_drop(Build *build)
{
	for (int i = retention_view_template_count - 1; i >= 0; i--)
	{
		const ViewTemplate *template = &retention_view_templates[i];
		Oid			relation = retention_views_find(build, template->name);
		Oid			data = retention_views_find_data(build, template);

		bool		ours = OidIsValid(relation) && retention_views_is_ours(build, template, relation, NULL);

		/* what has the name of a view that isn't made without segments is in nobody's way */
		if (ours || (OidIsValid(relation) && (!template->of_segments || retention_record_has_name(build, template->name))))
			drop_or_warn(build, template->name, ours);
		if (OidIsValid(data) && retention_views_data_is_ours(build, template, data, NULL))
			retention_views_drop_one(build, retention_template_data(template));
	}
	retention_live_drop(build);
	for (int i = 0; i < VIEWS_OTHERS; i++)
	{
		const char *name = retention_views_others[i].name;
		Oid			relation = retention_views_find(build, name);

		if (OidIsValid(relation))
			drop_or_warn(build, name, retention_views_owner(relation) == build->owner &&
						 retention_views_is_other(name, relation));
	}
}
