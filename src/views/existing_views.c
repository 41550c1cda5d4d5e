/*-------------------------------------------------------------------------
 *
 * existing_views.c
 *	  What has the names of our views: whose it is, and which columns it has.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/view_build.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

static const ViewColumn columns_of_rows[] = {
	{"customer", "the customer, of the table's own type: an integer, numeric, text, varchar, char or uuid; NULL is a guest"},
	{"ordered_at", "the time of the order: timestamptz, timestamp or date"},
	{"amount", "what was paid: numeric; below 0 is a refund, unless there is a column is_order"},
	{"order_id", "rows of a customer with the same of it are lines of one order"},
	{"is_order", "boolean: true of an order, whatever its amount; the amount of another row is revenue of its own time, as a refund's is"}
};

static const ViewColumn columns_of_options[] = {
	{"period", "day, week, month, quarter or year, or another that period_start() knows"},
	{"time_zone", "time zone of the calendar; NULL: the times of the orders have none"},
	{"lifespan", "how long a customer stays, for clv: an interval as a text; NULL: measured"},
	{"margin", "what is left of the revenue, 0 to 1, for clv"},
	{"model", "the model of repeat buying, as fit_purchases() takes it"},
	{"mode", "plain: read from the orders; materialized: the rows are kept, in materialized views, until they are refreshed; live: read from a stored history and the changes since"},
	{"ignore_row_security", "true: rows may be kept of tables with row-level security, which all who may read the views then read"},
	{"from_day", "the first day that is reported; NULL: from the first order on"},
	{"until_day", "the last day that is reported; NULL: to the last order"},
	{"as_of", "what day it is now, for all views; NULL: that of the last order"}
};

static const ViewColumn columns_of_record[] = {
	{"version", "version of the extension that has made the views"},
	{"made", "which views it has made, with prints of what they were: others of these names are yours, and are left"},
	{"comments", "prints of the comments that it has written: others are yours, and are left"}
};

static const ViewColumn columns_of_live[] = {
	{"customer", "as in order_rows"},
	{"ordered_at", "as in order_rows"},
	{"amount", "as in order_rows"},
	{"is_order", "as in order_rows"},
	{"kept", "whether the filter keeps the row"}
};

/* In the order of OtherView. */
const ViewTemplate retention_views_others[] = {
	{VIEW_OF_ROWS, "The rows of orders that all views of this schema are made from, and the one place that names their table. You may write it yourself: CREATE OR REPLACE VIEW with the same columns.",
		.columns = columns_of_rows, .ncolumns = lengthof(columns_of_rows)},
	{VIEW_OF_LEFT_OUT, "The rows that the filter leaves out of order_rows, for excluded_rows.",
		.columns = columns_of_rows, .ncolumns = lengthof(columns_of_rows)},
	{VIEW_OF_OPTIONS, "How the views of this schema are made: one row, of constants. To change it: CREATE OR REPLACE VIEW with others, and then retention_refresh_views().",
		.columns = columns_of_options, .ncolumns = lengthof(columns_of_options)},
	{VIEW_OF_RECORD, "Which views of this schema the extension has made. It is written when they are made; leave it alone.",
		.columns = columns_of_record, .ncolumns = lengthof(columns_of_record)},
	{VIEW_OF_LIVE, "What the trigger of the order table notes of a row in order_changes: all rows, and whether the filter keeps them. It is written when the views are made, of order_rows; leave it alone.",
		.columns = columns_of_live, .ncolumns = lengthof(columns_of_live)}
};

void
retention_views_belongs_to_another(const Build *build, const char *name, Oid relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("\"%s\" in schema \"%s\" belongs to role \"%s\"", name, build->target,
					GetUserNameFromId(retention_views_owner(relation), false)),
			 errhint("SET ROLE to it, or name another schema for the views: target => '...'.")));
}

void
retention_views_not_ours(const Build *build, const char *name)
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
		retention_views_belongs_to_another(build, name, relation);
}

/* ---- what is there --------------------------------------------------------------- */

/*
 * The views of a schema, if they are the caller's to be made again: of one owner,
 * whose rights the caller has.  False if there are none; quietly, also if they
 * aren't the caller's.
 */
bool
retention_views_load(Build *build, bool quietly)
{
	Oid			options = retention_views_find_view(build, VIEW_OF_OPTIONS);
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
	for (int i = 0; i < VIEWS_OTHERS; i++)
	{
		Oid			view = retention_views_find_view(build, retention_views_others[i].name);

		if (OidIsValid(view) && retention_views_owner(view) != owner)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("views \"%s\" and \"" VIEW_OF_OPTIONS "\" in schema \"%s\" have two owners",
							retention_views_others[i].name, build->target),
					 errhint("Give them to one: ALTER VIEW ... OWNER TO ...")));
	}
	return true;
}

static void
check_name(const Build *build, const char *name)
{
	if (OidIsValid(retention_views_find(build, name)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("\"%s\" in schema \"%s\" is there already, and was not made by retention_create_views()",
						name, build->target),
				 errhint("Name another schema for the views: target => '...'.")));
}

/* In a schema that has no views of ours yet, nothing may be in their way. */
void
retention_views_check_free(const Build *build)
{
	for (int i = 0; i < VIEWS_OTHERS; i++)
		check_name(build, retention_views_others[i].name);
	for (int i = 0; i < retention_view_template_count; i++)
	{
		const ViewTemplate *template = &retention_view_templates[i];

		/* one that users replace may be there: it's looked at when it's read */
		if (!template->key || !retention_views_wants(&build->source, template))
			continue;
		check_name(build, template->name);
		if (template_is_kept(template, &build->options))
			check_name(build, retention_template_data(template));
	}
}

/*
 * Does a view read what is here, and call what is ours?  The prints of definitions
 * don't tell, as names have no schemas there.
 */
static bool
reads_its_own(const Build *build, Oid view)
{
	return !retention_views_any(psprintf("SELECT FROM pg_rewrite AS r JOIN pg_depend AS d ON classid = 'pg_rewrite'::regclass AND objid = r.oid"
										 " LEFT JOIN pg_class AS c ON refclassid = 'pg_class'::regclass AND c.oid = refobjid"
										 " LEFT JOIN pg_proc AS p ON refclassid = 'pg_proc'::regclass AND p.oid = refobjid"
										 " WHERE ev_class = %u AND (relnamespace <> %u OR pronamespace <> %s::regnamespace)",
										 view, build->schema, quote_literal_cstr(build->ext)));
}

/* Names of the columns of a relation. */
List *
retention_views_columns(Oid relid)
{
	Relation	relation = relation_open(relid, AccessShareLock);
	TupleDesc	columns = RelationGetDescr(relation);
	List	   *names = NIL;

	for (int i = 0; i < columns->natts; i++)
		names = lappend(names, pstrdup(NameStr(TupleDescAttr(columns, i)->attname)));
	relation_close(relation, NoLock);
	return names;
}

/* The SQL of a view over the one that keeps its rows. */
char *
retention_views_over_data(const Build *build, const ViewTemplate *template)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	foreach(lc, retention_views_columns(retention_views_find_data(build, template)))
		appendStringInfo(&sql, "%s %s", sql.len > 0 ? "," : "SELECT", quote_identifier(lfirst(lc)));
	appendStringInfo(&sql, " FROM %s", retention_views_qualified(build, retention_template_data(template)));
	return sql.data;
}

/* Does a view read what is kept, and not the orders? */
bool
retention_views_is_over_data(const Build *build, const ViewTemplate *template, Oid relation)
{
	Oid			data = template->over ? retention_views_find(build, template->over) : retention_views_find_data(build, template);

	return retention_views_any(psprintf("SELECT FROM pg_rewrite AS r JOIN pg_depend AS d ON classid = 'pg_rewrite'::regclass AND objid = r.oid"
										" WHERE ev_class = %u AND refclassid = 'pg_class'::regclass AND refobjid IN (%u, %u)",
										relation, data, retention_views_find(build, TABLE_OF_PARTS)));
}

static bool
is_as_made(const Build *build, const char *name, char kind, Oid relation, const Query *query)
{
	char	   *definition;

	if (get_rel_relkind(relation) != kind || retention_views_owner(relation) != build->owner)
		return false;
	definition = retention_views_definition(relation);
	return (retention_record_has(build, name, definition) ||
			(query && retention_record_is_same(definition, retention_views_definition_of(query)))) &&
		reads_its_own(build, relation);
}

/* Is what has the name what keeps the rows of a view of ours? */
bool
retention_views_data_is_ours(const Build *build, const ViewTemplate *template, Oid data, const Query *query)
{
	return is_as_made(build, retention_template_data(template), RELKIND_MATVIEW, data, query);
}

/* Is it the view that we have made, or would make now, of a query? */
bool
retention_views_is_ours(const Build *build, const ViewTemplate *template, Oid relation, const Query *query)
{
	Oid			data = retention_views_find_data(build, template);

	if (query && OidIsValid(data) && retention_views_data_is_ours(build, template, data, query) &&
		retention_views_is_over_data(build, template, relation))
		query = retention_views_parse(retention_views_over_data(build, template));
	return is_as_made(build, template->name, RELKIND_VIEW, relation, query);
}

/*
 * Is it one that views are made from?  It may be written by the user, so it's one
 * if it can be read as one.
 */
bool
retention_views_is_other(const char *name, Oid relation)
{
	return get_rel_relkind(relation) == RELKIND_VIEW &&
		((strcmp(name, VIEW_OF_ROWS) != 0 && strcmp(name, VIEW_OF_LEFT_OUT) != 0) || retention_source_fits(relation));
}

/* Where we are to make views anew, those of our names must be ours. */
void
retention_views_check_ours(const Build *build)
{
	for (int i = 0; i < retention_view_template_count; i++)
	{
		const ViewTemplate *template = &retention_view_templates[i];
		Oid			relation = retention_views_find(build, template->name);

		Oid			data = retention_views_find_data(build, template);

		if (!retention_views_wants(&build->source, template))
			continue;
		if (template->key && OidIsValid(relation) && !retention_views_is_ours(build, template, relation, NULL))
			retention_views_not_ours(build, template->name);
		if (template_is_kept(template, &build->options) && OidIsValid(data) && !retention_views_data_is_ours(build, template, data, NULL))
			retention_views_not_ours(build, retention_template_data(template));
	}
	for (int i = 0; i < VIEWS_OTHERS; i++)
	{
		const char *name = retention_views_others[i].name;
		Oid			relation = retention_views_find(build, name);

		if (!OidIsValid(relation))
			continue;
		if (!retention_views_is_other(name, relation))
			retention_views_not_ours(build, name);
		retention_views_check_owner(build, name, relation);
	}
}

/* The definition that a view of a query would have, as PostgreSQL writes it. */
char *
retention_views_definition_of(const Query *query)
{
	return psprintf("%s;", pg_get_querydef((Query *) copyObject(query), false));
}

/* Has a relation an index that tells its rows apart? */
bool
retention_views_have_key(Oid relation)
{
	return retention_views_any(psprintf("SELECT FROM pg_index WHERE indrelid = %u AND indisunique AND indisvalid AND indimmediate"
										" AND indpred IS NULL AND indexprs IS NULL", relation));
}

/* Have its rows been computed?  They have not after a restore of the schema alone. */
bool
retention_views_is_populated(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	bool		populated = HeapTupleIsValid(tuple) && ((Form_pg_class) GETSTRUCT(tuple))->relispopulated;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return populated;
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
bool
retention_views_columns_fit(Oid view, const Query *query)
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
bool
retention_views_has_columns(Oid relid, const Query *query)
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

/* Does one view read another, as it is or as it is to be? */
bool
retention_views_reads(const Build *build, const ViewTemplate *template, const ViewTemplate *other)
{
	Size		length = strlen(other->name);
	Oid			relation = template->over ? retention_views_find(build, template->name) : InvalidOid;

	if (template->over && strcmp(template->over, other->name) == 0)
		return template_is_over_kept(template, &build->options) ||
			(OidIsValid(relation) && retention_views_is_over_data(build, template, relation));
	for (const char *name = template->reads; name; name = strchr(name, ','))
	{
		name += strspn(name, ", ");
		if (strncmp(name, other->name, length) == 0 && (name[length] == ',' || name[length] == '\0'))
			return true;
	}
	return false;
}
