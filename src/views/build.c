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

#include "pg/compat.h"
#include "pg/subtransaction.h"
#include "views/build.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
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
	{"materialized", "false: plain views, never out of date; true: materialized views"},
	{"version", "version of the extension that has made the views"},
	{"made", "which views it has made, with prints of what they were: others of these names are yours, and are left"}
};

static compat_noreturn void belongs_to_another(const Build *build, const char *name,
											   Oid relation) compat_attribute_noreturn();

static void
belongs_to_another(const Build *build, const char *name, Oid relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("\"%s\" in schema \"%s\" belongs to role \"%s\"", name, build->target,
					GetUserNameFromId(retention_views_owner(relation), false)),
			 errhint("SET ROLE to it, or name another schema for the views: target => '...'.")));
}

static compat_noreturn void not_ours(const Build *build, const char *name) compat_attribute_noreturn();

static void
not_ours(const Build *build, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s\" in schema \"%s\" was not made by retention_create_views(), or has been changed since",
					name, build->target),
			 errhint("Drop or rename it, or name another schema for the views: target => '...'.")));
}

void
retention_views_check_owner(const Build *build, const char *name, Oid relation)
{
	if (retention_views_owner(relation) != build->owner)
		belongs_to_another(build, name, relation);
}

/* ---- what is there --------------------------------------------------------------- */

/*
 * The views of a schema, if they are the caller's to be made again: of one owner,
 * whose rights the caller has.  False if there are none; quietly, also if they
 * aren't his.
 */
bool
retention_views_load(Build *build, bool quietly)
{
	Oid			options = retention_views_find_view(build, VIEW_OF_OPTIONS);
	const char *const others[] = {VIEW_OF_ROWS, VIEW_OF_LEFT_OUT};
	Oid			owner;

	if (!OidIsValid(options))
		return false;
	owner = retention_views_owner(options);
	if (!has_privs_of_role(GetUserId(), owner))
	{
		if (quietly)
			return false;
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_VIEW, VIEW_OF_OPTIONS);
	}
	build->owner = owner;
	for (int i = 0; i < lengthof(others); i++)
	{
		Oid			view = retention_views_find_view(build, others[i]);

		if (OidIsValid(view) && retention_views_owner(view) != owner)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("views \"%s\" and \"" VIEW_OF_OPTIONS "\" in schema \"%s\" have two owners",
							others[i], build->target),
					 errhint("Give them to one: ALTER VIEW ... OWNER TO ...")));
	}
	return true;
}

/* In a schema that has no views of ours yet, nothing may be in their way. */
void
retention_views_check_free(const Build *build)
{
	for (int i = -3; i < retention_view_template_count; i++)
	{
		const char *name = i == -3 ? VIEW_OF_ROWS : i == -2 ? VIEW_OF_LEFT_OUT : i == -1 ? VIEW_OF_OPTIONS :
			retention_view_templates[i].name;

		/* one that users replace may be there: it's looked at when it's read */
		if (OidIsValid(retention_views_find(build, name)) && (i < 0 || retention_view_templates[i].key))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("\"%s\" in schema \"%s\" is there already, and was not made by retention_create_views()",
							name, build->target),
					 errhint("Name another schema for the views: target => '...'.")));
	}
}

/* Is it the view that we have made, or would make now? */
static bool
is_ours(const Build *build, const ViewTemplate *template, Oid relation, const char *new_definition)
{
	char		kind = get_rel_relkind(relation);
	char	   *definition;

	if ((kind != RELKIND_VIEW && kind != RELKIND_MATVIEW) || retention_views_owner(relation) != build->owner)
		return false;
	definition = retention_views_definition(relation);
	return retention_record_has(build, template->name, definition) ||
		(new_definition && retention_record_is_same(definition, new_definition));
}

/* Where we are to make views anew, those of our names must be ours. */
void
retention_views_check_ours(const Build *build)
{
	static const char *const others[] = {VIEW_OF_ROWS, VIEW_OF_LEFT_OUT};

	for (int i = 0; i < retention_view_template_count; i++)
	{
		const ViewTemplate *template = &retention_view_templates[i];
		Oid			relation = retention_views_find(build, template->name);

		if (template->key && OidIsValid(relation) && !is_ours(build, template, relation, NULL))
			not_ours(build, template->name);
	}
	for (int i = 0; i < lengthof(others); i++)
	{
		Oid			relation = retention_views_find(build, others[i]);

		if (OidIsValid(relation) && (get_rel_relkind(relation) != RELKIND_VIEW || !retention_source_fits(relation)))
			not_ours(build, others[i]);
		if (OidIsValid(relation))
			retention_views_check_owner(build, others[i], relation);
	}
}

/* The definition that a view of a query would have, as PostgreSQL writes it. */
static char *
definition_of(const Query *query)
{
	return psprintf("%s;", pg_get_querydef((Query *) copyObject(query), false));
}

/* ---- columns --------------------------------------------------------------------- */

static bool
same_column(Form_pg_attribute column, const TargetEntry *entry)
{
	const Node *value = (const Node *) entry->expr;

	return strcmp(NameStr(column->attname), entry->resname) == 0 && column->atttypid == exprType(value) &&
		column->atttypmod == exprTypmod(value) && column->attcollation == exprCollation(value);
}

/* Does a query return the columns that a view has, and perhaps more? */
static bool
columns_fit(Oid view, const Query *query)
{
	Relation	relation = relation_open(view, AccessShareLock);
	TupleDesc	columns = RelationGetDescr(relation);
	int			n = 0;
	ListCell   *lc;

	foreach(lc, query->targetList)
	{
		const TargetEntry *entry = lfirst_node(TargetEntry, lc);

		if (entry->resjunk || n == columns->natts)
			continue;
		if (!same_column(TupleDescAttr(columns, n), entry))
			break;
		n++;
	}
	relation_close(relation, NoLock);
	return n == columns->natts;
}

/* Has a relation the columns, in whatever order, that a query returns? */
static bool
has_columns(Oid relid, const Query *query)
{
	Relation	relation = relation_open(relid, AccessShareLock);
	TupleDesc	columns = RelationGetDescr(relation);
	bool		all = true;
	ListCell   *lc;

	foreach(lc, query->targetList)
	{
		const TargetEntry *entry = lfirst_node(TargetEntry, lc);
		bool		found = entry->resjunk;

		for (int i = 0; i < columns->natts && !found; i++)
			found = !TupleDescAttr(columns, i)->attisdropped &&
				strcmp(NameStr(TupleDescAttr(columns, i)->attname), entry->resname) == 0 &&
				TupleDescAttr(columns, i)->atttypid == exprType((const Node *) entry->expr);
		all = all && found;
	}
	relation_close(relation, NoLock);
	return all;
}

/* Does one view read another? */
static bool
reads(const ViewTemplate *template, const ViewTemplate *other)
{
	Size		length = strlen(other->name);

	for (const char *name = template->reads; name; name = strchr(name, ','))
	{
		name += strspn(name, ", ");
		if (strncmp(name, other->name, length) == 0 && (name[length] == ',' || name[length] == '\0'))
			return true;
	}
	return false;
}

/* ---- dropping -------------------------------------------------------------------- */

static void
drop_view(const Build *build, const char *name)
{
	retention_views_run(psprintf("DROP %s %s", retention_views_kind(retention_views_find(build, name)),
								 retention_views_qualified(build, name)));
}

/* A view that is dropped to be made anew, as are those that read it. */
typedef struct Dropping
{
	Build	   *build;
	int			index;
	List	   *kept;
} Dropping;

/* Triggers and rules of the user's would be dropped with it. */
static void
check_droppable(const Build *build, const char *name, Oid relation)
{
	bool		more;

	retention_views_run(psprintf("SELECT 1 FROM pg_trigger WHERE tgrelid = %u AND NOT tgisinternal"
								 " UNION ALL SELECT 1 FROM pg_rewrite WHERE ev_class = %u AND rulename <> '_RETURN'",
								 relation, relation));
	more = SPI_processed > 0;
	SPI_freetuptable(SPI_tuptable);
	if (more)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop \"%s\" in schema \"%s\", because it has triggers or rules", name, build->target)));
}

static void
drop_keeping(Dropping *dropping, int index)
{
	Build	   *build = dropping->build;
	const ViewTemplate *template = &retention_view_templates[index];
	Oid			relation = retention_views_find(build, template->name);

	if (!OidIsValid(relation) || !is_ours(build, template, relation, NULL))
		return;
	for (int i = index + 1; i < retention_view_template_count; i++)
		if (reads(&retention_view_templates[i], template))
			drop_keeping(dropping, i);
	check_droppable(build, template->name, relation);
	dropping->kept = lappend(dropping->kept, retention_keep(template->name, relation));
	drop_view(build, template->name);
}

static void
drop_to_remake(void *arg)
{
	Dropping   *dropping = (Dropping *) arg;

	drop_keeping(dropping, dropping->index);
}

/* Drops a view and those that read it; false, and a warning, if something of the user's depends on them. */
static bool
drop_or_leave(Build *build, int index)
{
	const char *name = retention_view_templates[index].name;
	Dropping	dropping = {build, index, NIL};
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

/* ---- making ---------------------------------------------------------------------- */

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

	retention_views_run(psprintf("CREATE OR REPLACE VIEW %s%s AS %s", retention_views_qualified(build, name),
								 clause(" WITH (", with, ")"), sql));
	if (!OidIsValid(there))
		give_to_owner(build, name, kept);
}

/* Has a materialized view an index that it can be refreshed concurrently with? */
static bool
has_key(Oid relation)
{
	bool		has;

	retention_views_run(psprintf("SELECT 1 FROM pg_index WHERE indrelid = %u AND indisunique AND indisvalid AND indimmediate"
								 " AND indpred IS NULL AND indexprs IS NULL", relation));
	has = SPI_processed > 0;
	SPI_freetuptable(SPI_tuptable);
	return has;
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
	if (!has_key(retention_views_find(build, template->name)))
		retention_views_run(psprintf("CREATE UNIQUE INDEX ON %s (%s)", view, template->key));
}

/* Has a materialized view rows?  After a restore without data it doesn't. */
static bool
is_populated(Oid view)
{
	Relation	relation = relation_open(view, AccessShareLock);
	bool		populated = RelationIsPopulated(relation);

	relation_close(relation, NoLock);
	return populated;
}

static void
fill_view(const Build *build, const char *name, bool concurrently, Snapshot snapshot)
{
	retention_views_run_as_of(psprintf("REFRESH MATERIALIZED VIEW %s %s", concurrently ? "CONCURRENTLY" : "",
									   retention_views_qualified(build, name)), snapshot);
}

/*
 * What has one of our names is the user's.  Views that read it do so if it has the
 * columns, and if it is not somebody else's: then their readers would run what he
 * has put there.
 */
static void
leave_to_user(Build *build, int index, Oid relation, const Query *query)
{
	const ViewTemplate *template = &retention_view_templates[index];
	char		kind = get_rel_relkind(relation);
	bool		is_read = false;

	build->misfit[index] = strchr("rpvmf", kind) == NULL || !has_columns(relation, query);
	if (build->strict && template->key)
		not_ours(build, template->name);
	if (build->strict && build->misfit[index])
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" in schema \"%s\" does not have the columns that \"customers\" reads", template->name, build->target),
				 errhint("Drop or rename it, or name another schema for the views: target => '...'.")));
	for (int i = index + 1; i < retention_view_template_count; i++)
		is_read = is_read || reads(&retention_view_templates[i], template);
	if (is_read && !build->misfit[index] && !is_member_of_role_nosuper(build->owner, retention_views_owner(relation)))
		belongs_to_another(build, template->name, relation);
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
		if (!build->misfit[i] || !reads(template, &retention_view_templates[i]))
			continue;
		build->ours[index] = OidIsValid(relation) && is_ours(build, template, relation, NULL);
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
		char	   *definition = definition_of(query);

		if (!is_ours(build, template, relation, definition))
		{
			leave_to_user(build, index, relation, query);
			return;
		}
		build->ours[index] = true;
		same = was_materialized == materialized && retention_record_has_sql(build, template) &&
			retention_record_has(build, name, retention_views_definition(relation));
		if (!same && (materialized || was_materialized || !columns_fit(relation, query)) &&
			!drop_or_leave(build, index))
		{
			build->stale[index] = true;
			build->misfit[index] = !has_columns(relation, query);
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

		if (strcmp(definition_of(query), retention_views_definition(relation)) == 0)
			return;
		if (!columns_fit(relation, query))
		{
			build->kept = lappend(build->kept, retention_keep(name, relation));
			drop_view(build, name);
		}
	}
	put_view(build, name, sql);
	if (new)
		write_abouts(retention_views_find(build, name), about, columns, ncolumns, &build->options);
}

/* The two views that read the user's table.  Of other columns, all that reads them goes first. */
static void
make_rows(Build *build, const OrderTable *orders)
{
	char	   *rows = retention_orders_sql(orders, false);
	char	   *left_out = retention_orders_sql(orders, true);
	Oid			there[] = {retention_views_find(build, VIEW_OF_ROWS), retention_views_find(build, VIEW_OF_LEFT_OUT)};
	bool		fit = true;

	for (int i = 0; i < lengthof(there); i++)
		fit = fit && (!OidIsValid(there[i]) || columns_fit(there[i], retention_views_parse(rows)));
	for (int i = retention_view_template_count - 1; i >= 0 && !fit; i--)
		if (retention_view_templates[i].key && OidIsValid(retention_views_find(build, retention_view_templates[i].name)))
			(void) drop_or_leave(build, i);
	make_plain(build, VIEW_OF_ROWS, rows,
			   "The rows of orders that all views of this schema are made from, and the one place that names their table. You may write it yourself: CREATE OR REPLACE VIEW with the same columns.",
			   columns_of_rows, lengthof(columns_of_rows));
	make_plain(build, VIEW_OF_LEFT_OUT, left_out,
			   "The rows that the filter leaves out of order_rows, for excluded_rows.",
			   columns_of_rows, lengthof(columns_of_rows));
}

/* Make all views: of an order table, or again of what there is. */
void
retention_views_make(Build *build, const OrderTable *orders)
{
	Snapshot	snapshot;
	Oid			rows;

	build->ours = palloc0(retention_view_template_count * sizeof(bool));
	build->stale = palloc0(retention_view_template_count * sizeof(bool));
	build->misfit = palloc0(retention_view_template_count * sizeof(bool));
	if (orders)
		make_rows(build, orders);
	rows = retention_views_find_view(build, VIEW_OF_ROWS);
	if (!OidIsValid(rows))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("view \"" VIEW_OF_ROWS "\" of schema \"%s\" is gone", build->target),
				 errhint("Make it anew with retention_create_views.")));
	retention_source_of_view(&build->source, rows, &build->options);
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < retention_view_template_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		make_view(build, i, snapshot);
	}
	UnregisterSnapshot(snapshot);
	build->options.made = retention_record_new(build);
	make_plain(build, VIEW_OF_OPTIONS, retention_options_sql(&build->options),
			   "How the views of this schema are made: one row, of constants. To change it: CREATE OR REPLACE VIEW with others, and then retention_refresh_views().",
			   columns_of_options, lengthof(columns_of_options));
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
			is_ours(build, template, relation, NULL))
			/* one without rows, after a restore of the schema alone, can't be refreshed concurrently */
			fill_view(build, template->name, concurrently && is_populated(relation) && has_key(relation), snapshot);
	}
	UnregisterSnapshot(snapshot);
}

/* ---- dropping all ---------------------------------------------------------------- */

static void
drop_or_warn(const Build *build, const char *name, bool ours)
{
	if (ours)
		drop_view(build, name);
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
	static const char *const others[] = {VIEW_OF_ROWS, VIEW_OF_LEFT_OUT};

	for (int i = retention_view_template_count - 1; i >= 0; i--)
	{
		const ViewTemplate *template = &retention_view_templates[i];
		Oid			relation = retention_views_find(build, template->name);

		if (OidIsValid(relation))
			drop_or_warn(build, template->name, is_ours(build, template, relation, NULL));
	}
	for (int i = 0; i < lengthof(others); i++)
	{
		Oid			relation = retention_views_find(build, others[i]);

		if (OidIsValid(relation))
			drop_or_warn(build, others[i], get_rel_relkind(relation) == RELKIND_VIEW &&
						 retention_views_owner(relation) == build->owner && retention_source_fits(relation));
	}
	drop_view(build, VIEW_OF_OPTIONS);
}
