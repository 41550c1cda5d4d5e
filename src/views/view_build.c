/*-------------------------------------------------------------------------
 *
 * view_build.c
 *	  Making views, in place of those that are there.
 *
 * Views that are there are replaced where they stand, so that what a user has
 * built upon them stays.  Where that is impossible, as columns have changed, they
 * are dropped and made anew, with all that they had (view_remake.c).  So is always what
 * keeps the rows of a view; the view itself stays meanwhile, and reads something
 * else.  What is as it would be made is left as it is.
 *
 * What is not ours, by the record (view_record.c), is never touched.  To a caller who
 * names what the views are made from, it is an error; where views are made again,
 * they are made around it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "views/live.h"
#include "views/view_build.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#define DEFAULT_OPTIONS	"security_invoker = true"

/* Behind the name of what keeps rows in that of its second index, by which it's known when all is restored. */
#define INDEX_SUFFIX	"_own_key"

static const Kept *
find_kept(const Build *build, const char *name)
{
	ListCell   *lc;

	foreach(lc, build->kept)
		if (strcmp(((const Kept *) lfirst(lc))->name, name) == 0)
			return (const Kept *) lfirst(lc);
	return NULL;
}

static bool
has_name(const List *names, const char *name)
{
	ListCell   *lc;

	foreach(lc, names)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

/*
 * Comment on a relation that had some columns before, or none as it wasn't there.
 * What the user has said of these stays, and so does it where they want none.
 */
static void
write_comment(const Build *build, Oid relation, int column, bool old, const char *about)
{
	const char *text = retention_template_about(about, &build->options, &build->source);
	const char *there = GetComment(relation, RelationRelationId, column);

	if (!old || (there && strcmp(there, text) != 0 && retention_record_has_comment(build, there)))
		CreateComments(relation, RelationRelationId, column, text);
}

static void
write_comments(const Build *build, const char *name, List *old_columns, const char *about,
			   const ViewColumn *columns, int ncolumns)
{
	Oid			relation = retention_views_find(build, name);

	/* they may be in the place of others that we have just restored */
	CommandCounterIncrement();
	write_comment(build, relation, 0, old_columns != NIL, about);
	for (int i = 0; i < ncolumns; i++)
	{
		AttrNumber	column = get_attnum(relation, columns[i].name);

		if (column != InvalidAttrNumber)
			write_comment(build, relation, column, has_name(old_columns, columns[i].name), columns[i].about);
	}
}

/* The same of columns that are called as the segments are. */
static void
write_comments_on_segments(const Build *build, const char *name, List *old_columns, const char *about)
{
	Oid			relation = retention_views_find(build, name);
	ListCell   *lc;

	foreach(lc, build->source.segments)
	{
		AttrNumber	column = get_attnum(relation, lfirst(lc));

		if (column != InvalidAttrNumber)
			write_comment(build, relation, column, has_name(old_columns, lfirst(lc)), about);
	}
}

static char *
clause(const char *before, const char *words, const char *behind)
{
	return words ? psprintf("%s%s%s", before, words, behind) : "";
}

/*
 * A relation that is new is given to the owner of the others, with what one before
 * it had.  What the maker's own default privileges have granted is not the owner's.
 */
static void
give_to_owner(const Build *build, const char *name, const Kept *kept)
{
	bool		another = build->owner != GetUserId();

	if (another)
		retention_views_run(psprintf("ALTER %s %s OWNER TO %s",
									 retention_views_kind(retention_views_find(build, name)),
									 retention_views_qualified(build, name),
									 quote_identifier(GetUserNameFromId(build->owner, false))));
	if (kept)
		retention_restore(build, kept);
	else if (another)
		retention_revoke_defaults(build, name);
}

/* Make a plain view, or replace one by it; with options, if it's new. */
void
retention_views_put(const Build *build, const char *name, const char *sql, const char *options)
{
	Oid			there = retention_views_find(build, name);
	const Kept *kept = find_kept(build, name);
	const char *with = OidIsValid(there) ? retention_views_with(there) : kept ? kept->with : options;

	/* what somebody may have put there since we looked is not replaced: it would stay theirs */
	retention_views_run(psprintf("CREATE %s VIEW %s%s AS %s", OidIsValid(there) ? "OR REPLACE" : "",
								 retention_views_qualified(build, name), clause(" WITH (", with, ")"), sql));
	if (!OidIsValid(there))
		give_to_owner(build, name, kept);
}

/*
 * A view that reads the user's table is read with the rights of who reads it.  One
 * that reads what is kept of it is not, so that they need none on that.
 */
static void
put_view(const Build *build, const ViewTemplate *template, const char *sql, bool own_rights, bool was_own_rights)
{
	const char *name = template->name;

	retention_views_put(build, name, sql, own_rights ? NULL : DEFAULT_OPTIONS);
	if (own_rights != was_own_rights)
		retention_views_run(psprintf(own_rights ? "ALTER VIEW %s RESET (security_invoker)" : "ALTER VIEW %s SET (" DEFAULT_OPTIONS ")",
									 retention_views_qualified(build, name)));
}

/* Make what keeps the rows of a view, without rows: they are its owner's to read. */
static void
put_data(const Build *build, const ViewTemplate *template, const char *sql)
{
	const char *name = retention_template_data(template);
	const char *view = retention_views_qualified(build, name);
	const Kept *kept = find_kept(build, name);
	const char *index;

	retention_views_run(psprintf("CREATE MATERIALIZED VIEW %s%s%s%s AS %s WITH NO DATA", view,
								 clause(" USING ", kept ? kept->method : NULL, ""),
								 clause(" WITH (", kept ? kept->with : NULL, ")"),
								 clause(" TABLESPACE ", kept ? kept->tablespace : NULL, ""), sql));
	give_to_owner(build, name, kept);
	if (template->key[0] != '\0' && !retention_views_have_key(retention_views_find(build, name)))
		retention_views_run(psprintf("CREATE UNIQUE INDEX ON %s (%s)", view, template->key));
	index = retention_template_index(template, build->target, &build->options, &build->source, build->ext);
	if (index && !OidIsValid(retention_views_find(build, psprintf("%s" INDEX_SUFFIX, name))))
		retention_views_run(psprintf("CREATE INDEX %s ON %s ((%s))",
									 quote_identifier(psprintf("%s" INDEX_SUFFIX, name)), view, index));
}

static void
fill_view(const Build *build, const char *name, Snapshot snapshot)
{
	retention_views_run_as_of(psprintf("REFRESH MATERIALIZED VIEW %s", retention_views_qualified(build, name)), snapshot);
}

static void
warn_of_another(const Build *build, const char *name)
{
	ereport(WARNING,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s\" in schema \"%s\" is left as it is: it was not made by retention_create_views(), or has been changed since",
					name, build->target),
			 errhint("To have that of the extension, drop or rename it, and call retention_refresh_views.")));
}

/*
 * What has one of our names is the user's.  Views that read it do so if it has the
 * columns, and if it is not somebody else's: then their readers would run what
 * they have put there.
 */
static void
leave_to_user(Build *build, int index, Oid relation, const Query *query)
{
	const ViewTemplate *template = &retention_view_templates[index];
	char		kind = get_rel_relkind(relation);
	bool		is_read = false;

	build->misfit[index] = strchr("rpvmf", kind) == NULL || !retention_views_has_columns(relation, query);
	if (build->strict && template->key)
		retention_views_not_ours(build, template->name);
	if (build->strict && build->misfit[index])
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" in schema \"%s\" does not have the columns that \"customers\" reads", template->name, build->target),
				 errhint("Drop or rename it, or name another schema for the views: target => '...'.")));
	for (int i = index + 1; i < retention_view_template_count; i++)
		is_read = is_read || retention_views_reads(build, &retention_view_templates[i], template);
	if (is_read && !build->misfit[index] && !is_member_of_role_nosuper(build->owner, retention_views_owner(relation)))
		retention_views_belongs_to_another(build, template->name, relation);
	if (template->key || build->misfit[index])
		warn_of_another(build, template->name);
}

/* What is there can't be made again: what is ours of it stays so. */
static void
leave_stale(Build *build, int index, const Query *query)
{
	const ViewTemplate *template = &retention_view_templates[index];
	Oid			relation = retention_views_find(build, template->name);
	Oid			data = retention_views_find_data(build, template);

	build->ours[index] = OidIsValid(relation) && retention_views_is_ours(build, template, relation, query);
	build->data[index] = OidIsValid(data) && retention_views_data_is_ours(build, template, data, query);
	build->stale[index] = true;
	build->misfit[index] = query == NULL || !OidIsValid(relation) || !retention_views_has_columns(relation, query);
}

/* Is there something of other columns among what a view reads? */
static bool
can_be_made(Build *build, int index)
{
	const ViewTemplate *template = &retention_view_templates[index];

	for (int i = 0; i < index; i++)
	{
		if (!build->misfit[i] || !retention_views_reads(build, template, &retention_view_templates[i]))
			continue;
		leave_stale(build, index, NULL);
		ereport(WARNING,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" in schema \"%s\" is not made: it would read \"%s\", which has other columns",
						template->name, build->target, retention_view_templates[i].name)));
		return false;
	}
	return true;
}

/* The columns that a relation has, or had before it was dropped to be made anew. */
static List *
old_columns(const Build *build, const char *name)
{
	Oid			relation = retention_views_find(build, name);
	const Kept *kept = find_kept(build, name);

	return OidIsValid(relation) ? retention_views_columns(relation) : kept ? kept->columns : NIL;
}

/* Is what has a name as it would be made? */
bool
retention_views_is_same(const Build *build, const ViewTemplate *template, bool data)
{
	const char *name = data ? retention_template_data(template) : template->name;
	Oid			relation = retention_views_find(build, name);

	return OidIsValid(relation) && retention_record_has_sql(build, template, data) &&
		retention_record_has(build, name, retention_views_definition(relation));
}

static void
make_data(Build *build, int index, const char *sql, Snapshot snapshot)
{
	const ViewTemplate *template = &retention_view_templates[index];
	const char *name = retention_template_data(template);
	List	   *columns = old_columns(build, name);

	build->data[index] = true;
	if (!OidIsValid(retention_views_find(build, name)))
		put_data(build, template, sql);
	fill_view(build, name, snapshot);
	write_comments(build, name, columns, retention_template_data_about(template), template->columns, template->ncolumns);
	if (template->segment_columns)
		write_comments_on_segments(build, name, columns, ABOUT_SEGMENT_OF_CUSTOMER);
}

/* There were segments, and there are none any more. */
static void
remove_view(Build *build, int index)
{
	const ViewTemplate *template = &retention_view_templates[index];
	Oid			relation = retention_views_find(build, template->name);

	if (OidIsValid(relation) && retention_views_is_ours(build, template, relation, NULL) &&
		!retention_views_drop_or_leave(build, index, NULL))
		leave_stale(build, index, NULL);
}

static void
make_view(Build *build, int index, Snapshot snapshot)
{
	const ViewTemplate *template = &retention_view_templates[index];
	Oid			relation = retention_views_find(build, template->name);
	Oid			data = retention_views_find_data(build, template);
	const Kept *kept = find_kept(build, template->name);
	List	   *columns = old_columns(build, template->name);
	bool		over_data = template_is_kept(template, &build->options) || template_is_over_kept(template, &build->options);
	bool		is_live = build->options.mode == MODE_LIVE && template->live;
	bool		was_over_data = OidIsValid(relation) ? retention_views_is_over_data(build, template, relation) :
	kept ? kept->over_data : over_data || is_live;
	bool		data_is_ours;
	char	   *sql;
	Query	   *query;

	if (!retention_views_wants(&build->source, template))
	{
		remove_view(build, index);
		return;
	}
	if (!can_be_made(build, index))
		return;
	sql = retention_template_sql(template, build->target, &build->options, &build->source, build->ext);
	query = retention_views_parse(sql);
	build->ours[index] = !OidIsValid(relation) || retention_views_is_ours(build, template, relation, query);
	data_is_ours = OidIsValid(data) && retention_views_data_is_ours(build, template, data, query);
	if (!build->ours[index])
	{
		leave_to_user(build, index, relation, query);
		/* what they have put there may read what we keep */
		over_data = over_data && data_is_ours;
	}
	if (over_data && OidIsValid(data) && !data_is_ours)
	{
		if (build->strict)
			retention_views_not_ours(build, retention_template_data(template));
		warn_of_another(build, retention_template_data(template));
		leave_stale(build, index, query);
		return;
	}
	if (build->ours[index] && OidIsValid(relation) && !retention_views_is_same(build, template, false) &&
		!retention_views_columns_fit(relation, query))
	{
		if (!retention_views_drop_or_leave(build, index, NULL))
		{
			leave_stale(build, index, query);
			return;
		}
	}
	else if (data_is_ours && !(over_data && retention_views_is_same(build, template, true)) &&
			 !retention_views_drop_or_leave(build, index, sql))
	{
		leave_stale(build, index, query);
		return;
	}
	if (over_data && !template->over)
		make_data(build, index, sql, snapshot);
	if (!build->ours[index])
		return;
	if (!retention_views_is_same(build, template, false))
		put_view(build, template, over_data && !template->over ? retention_views_over_data(build, template) : sql,
				 over_data || is_live, was_over_data);
	write_comments(build, template->name, columns, template->about, template->columns, template->ncolumns);
	if (template->segment_columns)
		write_comments_on_segments(build, template->name, columns, ABOUT_SEGMENT_OF_CUSTOMER);
}

/* One that the others are made from. */
void
retention_views_make_other(Build *build, OtherView which, const char *sql)
{
	const ViewTemplate *other = &retention_views_others[which];
	Oid			relation = retention_views_find(build, other->name);
	List	   *columns = old_columns(build, other->name);
	Query	   *query = retention_views_parse(sql);

	if (OidIsValid(relation) && !retention_views_columns_fit(relation, query))
	{
		build->kept = lappend(build->kept, retention_keep(other->name, relation));
		retention_views_drop_one(build, other->name);
		relation = InvalidOid;
	}
	if (!OidIsValid(relation) || strcmp(retention_views_definition_of(query), retention_views_definition(relation)) != 0)
		retention_views_put(build, other->name, sql, DEFAULT_OPTIONS);
	write_comments(build, other->name, columns, other->about, other->columns, other->ncolumns);
	if (which == OTHER_ROWS || which == OTHER_LEFT_OUT)
		write_comments_on_segments(build, other->name, columns, ABOUT_SEGMENT);
}

/* The two views that read the user's table.  Of other columns, all that reads them goes first. */
static void
make_rows(Build *build, const OrderRows *orders)
{
	Oid			there[] = {retention_views_find(build, VIEW_OF_ROWS), retention_views_find(build, VIEW_OF_LEFT_OUT)};
	bool		fit = true;

	for (int i = 0; i < lengthof(there); i++)
		fit = fit && (!OidIsValid(there[i]) || retention_views_columns_fit(there[i], retention_views_parse(orders->sql)));
	for (int i = retention_view_template_count - 1; i >= 0 && !fit; i--)
		if (retention_view_templates[i].key && OidIsValid(retention_views_find(build, retention_view_templates[i].name)))
			(void) retention_views_drop_or_leave(build, i, NULL);
	retention_views_make_other(build, OTHER_ROWS, orders->sql);
	retention_views_make_other(build, OTHER_LEFT_OUT, orders->left_out);
}

/* What views are made from. */
static Oid
find_rows(const Build *build, const char *name)
{
	Oid			view = retention_views_find_view(build, name);

	if (!OidIsValid(view))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("view \"%s\" of schema \"%s\" is gone", name, build->target),
				 errhint("Make it anew with retention_create_views.")));
	return view;
}

/* Both views of rows have the column. */
static void
check_left_out(const Build *build, Oid left_out, const char *column)
{
	if (get_attnum(left_out, column) == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("view \"" VIEW_OF_LEFT_OUT "\" of schema \"%s\" has no column %s, as \"" VIEW_OF_ROWS "\" has", build->target, column),
				 errhint("Give it the column by CREATE OR REPLACE VIEW.")));
}

/* What a column is called of the rows where segments are read. */
#define COLUMN_ROW_COUNT	"row_count"

static void
check_segment(const char *segment, const char *column)
{
	if (strcmp(segment, column) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("a segment can't be called \"%s\": views have a column of this name", segment),
				 errhint("Give it another name: segments => ARRAY['... AS segment_%s'].", segment)));
}

/* Segments stand beside other columns. */
static void
check_segments(const Build *build)
{
	ListCell   *lc;

	foreach(lc, build->source.segments)
	{
		check_segment(lfirst(lc), COLUMN_ROW_COUNT);
		for (int i = 0; i < retention_view_template_count; i++)
		{
			const ViewTemplate *template = &retention_view_templates[i];

			for (int j = 0; template->segment_columns && j < template->ncolumns; j++)
				check_segment(lfirst(lc), template->columns[j].name);
		}
	}
}

static void
load_source(Build *build)
{
	Oid			rows = find_rows(build, VIEW_OF_ROWS);
	Oid			left_out = find_rows(build, VIEW_OF_LEFT_OUT);

	retention_source_of_view(&build->source, rows, &build->options, true);
	check_segments(build);
	if (build->source.lines)
		check_left_out(build, left_out, "order_id");
	if (build->source.is_order)
		check_left_out(build, left_out, "is_order");
}

/* Make all views: of an order table, or again of what there is. */
void
retention_views_make(Build *build, const OrderRows *orders)
{
	Snapshot	snapshot;

	build->ours = palloc0(retention_view_template_count * sizeof(bool));
	build->data = palloc0(retention_view_template_count * sizeof(bool));
	build->stale = palloc0(retention_view_template_count * sizeof(bool));
	build->misfit = palloc0(retention_view_template_count * sizeof(bool));
	if (orders)
		make_rows(build, orders);
	load_source(build);
	retention_views_check_row_security(build, true);
	if (build->options.mode == MODE_LIVE)
		retention_live_begin(build);
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < retention_view_template_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		make_view(build, i, snapshot);
	}
	UnregisterSnapshot(snapshot);
	if (build->options.mode == MODE_LIVE)
		retention_live_end(build);
	else
		retention_live_drop(build);
	retention_views_make_other(build, OTHER_OPTIONS, retention_options_sql(&build->options));
	retention_views_make_other(build, OTHER_RECORD, retention_made_sql(retention_record_new(build), retention_record_new_comments(build)));
}

/* Fill the materialized views that are ours, all as of one moment. */
void
retention_views_refresh_data(Build *build, bool concurrently)
{
	Snapshot	snapshot;

	/* policies may have come meanwhile */
	retention_views_check_row_security(build, false);
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < retention_view_template_count; i++)
	{
		const ViewTemplate *template = &retention_view_templates[i];
		Oid			data = retention_views_find_data(build, template);

		if (!OidIsValid(data) || !retention_views_data_is_ours(build, template, data, NULL))
			continue;
		if (concurrently && retention_views_is_populated(data))
			retention_views_replace_rows(data, snapshot);
		else
			fill_view(build, retention_template_data(template), snapshot);
	}
	UnregisterSnapshot(snapshot);
}
