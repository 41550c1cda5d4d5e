/*-------------------------------------------------------------------------
 *
 * build.c
 *	  Making views, in place of those that are there.
 *
 * Views that are there are replaced where they stand, so that what a user has
 * built upon them stays.  Where that is impossible, as columns have changed or
 * the view is a materialized one, it is dropped and made anew, with all that it
 * had (remake.c).  One that is as it would be made is left as it is.
 *
 * What is not ours, by the record (record.c), is never touched.  To a caller who
 * names what the views are made from, it is an error; where views are made again,
 * they are made around it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "views/build.h"

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

static const ViewColumn columns_of_rows[] = {
	{"customer", "the customer: bigint, text or uuid; NULL is a guest"},
	{"ordered_at", "the time of the order: timestamptz, timestamp or date"},
	{"amount", "what was paid: numeric; below 0 is a refund"},
	{"order_id", "rows of a customer with the same of it are lines of one order"}
};

static const ViewColumn columns_of_options[] = {
	{"period", "day, week, month, quarter or year"},
	{"time_zone", "time zone of the calendar; NULL: the times of the orders have none"},
	{"lifespan", "how long a customer stays, for clv: an interval as a text; NULL: measured"},
	{"margin", "what is left of the revenue, 0 to 1, for clv"},
	{"model", "the model of repeat buying, as fit_purchases() takes it"},
	{"materialized", "false: plain views, never out of date; true: materialized views"}
};

static const ViewColumn columns_of_record[] = {
	{"version", "version of the extension that has made the views"},
	{"made", "which views it has made, with prints of what they were: others of these names are yours, and are left"}
};

static const Kept *
find_kept(const Build *build, const char *name)
{
	ListCell   *lc;

	foreach(lc, build->kept)
		if (strcmp(((const Kept *) lfirst(lc))->name, name) == 0)
			return (const Kept *) lfirst(lc);
	return NULL;
}

static void
write_abouts(Oid relation, const char *about, const ViewColumn *columns, int ncolumns, const Options *options)
{
	/* they may be in the place of others that we have just restored */
	CommandCounterIncrement();
	CreateComments(relation, RelationRelationId, 0, retention_template_about(about, options));
	for (int i = 0; i < ncolumns; i++)
		if (get_attnum(relation, columns[i].name) != InvalidAttrNumber)
			CreateComments(relation, RelationRelationId, get_attnum(relation, columns[i].name),
						   retention_template_about(columns[i].about, options));
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

/* Make a plain view, or replace one by it. */
static void
put_view(const Build *build, const char *name, const char *sql)
{
	Oid			there = retention_views_find(build, name);
	const Kept *kept = find_kept(build, name);
	const char *with = OidIsValid(there) ? retention_views_with(there) :
		kept && !kept->materialized ? kept->with : DEFAULT_OPTIONS;

	/* what somebody may have put there since we looked is not replaced: it would stay theirs */
	retention_views_run(psprintf("CREATE %s VIEW %s%s AS %s", OidIsValid(there) ? "OR REPLACE" : "",
								 retention_views_qualified(build, name), clause(" WITH (", with, ")"), sql));
	if (!OidIsValid(there))
		give_to_owner(build, name, kept);
}

/* Make a materialized view, without rows: they are its owner's to read. */
static void
put_materialized_view(const Build *build, const ViewTemplate *template, const char *sql)
{
	const char *view = retention_views_qualified(build, template->name);
	const Kept *kept = find_kept(build, template->name);
	bool		same_kind = kept && kept->materialized;

	retention_views_run(psprintf("CREATE MATERIALIZED VIEW %s%s%s%s AS %s WITH NO DATA", view,
								 clause(" USING ", same_kind ? kept->method : NULL, ""),
								 clause(" WITH (", same_kind ? kept->with : NULL, ")"),
								 clause(" TABLESPACE ", same_kind ? kept->tablespace : NULL, ""), sql));
	give_to_owner(build, template->name, kept);
	if (!retention_views_have_key(retention_views_find(build, template->name)))
		retention_views_run(psprintf("CREATE UNIQUE INDEX ON %s (%s)", view, template->key));
}

static void
fill_view(const Build *build, const char *name, bool concurrently, Snapshot snapshot)
{
	retention_views_run_as_of(psprintf("REFRESH MATERIALIZED VIEW %s %s", concurrently ? "CONCURRENTLY" : "",
									   retention_views_qualified(build, name)), snapshot);
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
		is_read = is_read || retention_views_reads(&retention_view_templates[i], template);
	if (is_read && !build->misfit[index] && !is_member_of_role_nosuper(build->owner, retention_views_owner(relation)))
		retention_views_belongs_to_another(build, template->name, relation);
	if (template->key || build->misfit[index])
		ereport(WARNING,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" in schema \"%s\" is left as it is: it was not made by retention_create_views(), or has been changed since",
						template->name, build->target),
				 errhint("To have that of the extension, drop or rename it, and call retention_refresh_views.")));
}

/* Is there something of other columns among what a view reads? */
static bool
can_be_made(Build *build, int index)
{
	const ViewTemplate *template = &retention_view_templates[index];
	Oid			relation = retention_views_find(build, template->name);

	for (int i = 0; i < index; i++)
	{
		if (!build->misfit[i] || !retention_views_reads(template, &retention_view_templates[i]))
			continue;
		build->ours[index] = OidIsValid(relation) && retention_views_is_ours(build, template, relation, NULL);
		build->stale[index] = true;
		build->misfit[index] = true;
		ereport(WARNING,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" in schema \"%s\" is not made: it would read \"%s\", which has other columns",
						template->name, build->target, retention_view_templates[i].name)));
		return false;
	}
	return true;
}

static void
make_view(Build *build, int index, Snapshot snapshot)
{
	const ViewTemplate *template = &retention_view_templates[index];
	const char *name = template->name;
	bool		materialized = build->options.materialized && template->key;
	Oid			relation = retention_views_find(build, name);
	bool		new = !OidIsValid(relation) && find_kept(build, name) == NULL;
	bool		same = false;
	char	   *sql;
	Query	   *query;

	if (!can_be_made(build, index))
		return;
	sql = retention_template_sql(template, build->target, &build->options, &build->source, build->ext);
	query = retention_views_parse(sql);
	if (OidIsValid(relation))
	{
		bool		was_materialized = get_rel_relkind(relation) == RELKIND_MATVIEW;
		char	   *definition = retention_views_definition_of(query);

		if (!retention_views_is_ours(build, template, relation, definition))
		{
			leave_to_user(build, index, relation, query);
			return;
		}
		build->ours[index] = true;
		same = was_materialized == materialized && retention_record_has_sql(build, template) &&
			retention_record_has(build, name, retention_views_definition(relation));
		if (!same && (materialized || was_materialized || !retention_views_columns_fit(relation, query)) &&
			!retention_views_drop_or_leave(build, index))
		{
			build->stale[index] = true;
			build->misfit[index] = !retention_views_has_columns(relation, query);
			return;
		}
	}
	build->ours[index] = true;
	if (!same && materialized)
		put_materialized_view(build, template, sql);
	else if (!same)
		put_view(build, name, sql);
	if (materialized)
		fill_view(build, name, false, snapshot);
	if (new || !retention_record_has_about(build, template))
		write_abouts(retention_views_find(build, name), template->about, template->columns, template->ncolumns,
					 &build->options);
}

/* A plain view that isn't made of a template. */
static void
make_plain(Build *build, const char *name, const char *sql, const char *about, const ViewColumn *columns, int ncolumns)
{
	Oid			relation = retention_views_find(build, name);
	bool		new = !OidIsValid(relation) && find_kept(build, name) == NULL;

	if (OidIsValid(relation))
	{
		Query	   *query = retention_views_parse(sql);

		if (strcmp(retention_views_definition_of(query), retention_views_definition(relation)) == 0)
			return;
		if (!retention_views_columns_fit(relation, query))
		{
			build->kept = lappend(build->kept, retention_keep(name, relation));
			retention_views_drop_one(build, name);
		}
	}
	put_view(build, name, sql);
	if (new)
		write_abouts(retention_views_find(build, name), about, columns, ncolumns, &build->options);
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
			(void) retention_views_drop_or_leave(build, i);
	make_plain(build, VIEW_OF_ROWS, orders->sql,
			   "The rows of orders that all views of this schema are made from, and the one place that names their table. You may write it yourself: CREATE OR REPLACE VIEW with the same columns.",
			   columns_of_rows, lengthof(columns_of_rows));
	make_plain(build, VIEW_OF_LEFT_OUT, orders->left_out,
			   "The rows that the filter leaves out of order_rows, for excluded_rows.",
			   columns_of_rows, lengthof(columns_of_rows));
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

static void
load_source(Build *build)
{
	Oid			rows = find_rows(build, VIEW_OF_ROWS);
	Oid			left_out = find_rows(build, VIEW_OF_LEFT_OUT);

	retention_source_of_view(&build->source, rows, &build->options);
	if (build->source.lines && get_attnum(left_out, "order_id") == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("view \"" VIEW_OF_LEFT_OUT "\" of schema \"%s\" has no column order_id, as \"" VIEW_OF_ROWS "\" has", build->target),
				 errhint("Give it the column by CREATE OR REPLACE VIEW.")));
}

/* Make all views: of an order table, or again of what there is. */
void
retention_views_make(Build *build, const OrderRows *orders)
{
	Snapshot	snapshot;

	build->ours = palloc0(retention_view_template_count * sizeof(bool));
	build->stale = palloc0(retention_view_template_count * sizeof(bool));
	build->misfit = palloc0(retention_view_template_count * sizeof(bool));
	if (orders)
		make_rows(build, orders);
	load_source(build);
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < retention_view_template_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		make_view(build, i, snapshot);
	}
	UnregisterSnapshot(snapshot);
	make_plain(build, VIEW_OF_OPTIONS, retention_options_sql(&build->options),
			   "How the views of this schema are made: one row, of constants. To change it: CREATE OR REPLACE VIEW with others, and then retention_refresh_views().",
			   columns_of_options, lengthof(columns_of_options));
	make_plain(build, VIEW_OF_RECORD, retention_made_sql(retention_record_new(build)),
			   "Which views of this schema the extension has made. It is written when they are made; leave it alone.",
			   columns_of_record, lengthof(columns_of_record));
}

/* Fill the materialized views that are ours, all as of one moment. */
void
retention_views_refresh_data(Build *build, bool concurrently)
{
	Snapshot	snapshot = RegisterSnapshot(GetTransactionSnapshot());

	for (int i = 0; i < retention_view_template_count; i++)
	{
		const ViewTemplate *template = &retention_view_templates[i];
		Oid			relation = retention_views_find(build, template->name);

		if (OidIsValid(relation) && get_rel_relkind(relation) == RELKIND_MATVIEW &&
			retention_views_is_ours(build, template, relation, NULL))
			fill_view(build, template->name, concurrently && retention_views_refreshable_concurrently(relation), snapshot);
	}
	UnregisterSnapshot(snapshot);
}
