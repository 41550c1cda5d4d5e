/*-------------------------------------------------------------------------
 *
 * live_rows.c
 *	  What is noted of a row of the orders: from order_rows to live_rows.
 *
 * order_rows has the rows that its filter keeps; live_rows has all, and says of each
 * whether it is kept.  Its expressions are evaluated by the trigger, for one row at a time,
 * when this is written; by who makes the stored history, for all rows; and a year
 * later, for a row that goes.  They must be the same each time.  So they may depend on
 * the row alone: not on another table, the clock, or settings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "views/live.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

/* A generated column that is not stored, of PostgreSQL 18: a row that a trigger sees has none. */
#define GENERATED_VIRTUAL	'v'

/* The one table that a query reads and does nothing else with than to look at its rows; else InvalidOid. */
static Oid
table_of_query(const Query *query)
{
	const RangeTblEntry *entry;

	if (query->commandType != CMD_SELECT || query->hasAggs || query->hasWindowFuncs || query->hasTargetSRFs ||
		query->hasSubLinks || query->cteList || query->groupClause || query->groupingSets || query->havingQual ||
		query->distinctClause || query->limitCount || query->limitOffset || query->setOperations ||
		list_length(query->jointree->fromlist) != 1 || !IsA(linitial(query->jointree->fromlist), RangeTblRef))
		return InvalidOid;
	entry = rt_fetch(linitial_node(RangeTblRef, query->jointree->fromlist)->rtindex, query->rtable);
	return entry->rtekind == RTE_RELATION && entry->tablesample == NULL ? entry->relid : InvalidOid;
}

/* Columns of order_rows that live_rows has, too. */
static const char *const names[] = {"customer", "ordered_at", "amount", "is_order"};

/* What a view has instead of a filter. */
static Node *
kept(Node *filter)
{
	BooleanTest *test;

	if (filter == NULL)
		return makeBoolConst(true, false);
	test = makeNode(BooleanTest);
	test->arg = (Expr *) filter;
	test->booltesttype = IS_TRUE;
	test->location = -1;
	return (Node *) test;
}

/* The query of live_rows, and the table that it reads, of the view order_rows: InvalidOid if that is no such view. */
Query *
retention_live_query(Oid order_rows, Oid *orders)
{
	Relation	relation = relation_open(order_rows, AccessShareLock);
	Query	   *query = copyObject(get_view_query(relation));
	List	   *targets = NIL;
	ListCell   *lc;

	relation_close(relation, NoLock);
	*orders = table_of_query(query);
	if (!OidIsValid(*orders))
		return NULL;
	foreach(lc, query->targetList)
	{
		const TargetEntry *entry = lfirst_node(TargetEntry, lc);

		/* who has written the view may have given it others */
		for (int i = 0; i < lengthof(names); i++)
			if (!entry->resjunk && strcmp(entry->resname, names[i]) == 0)
				targets = lappend(targets, makeTargetEntry(entry->expr, (AttrNumber) (list_length(targets) + 1), entry->resname, false));
	}
	query->targetList = lappend(targets, makeTargetEntry((Expr *) kept(query->jointree->quals),
														 (AttrNumber) (list_length(targets) + 1), pstrdup("kept"), false));
	query->sortClause = NIL;
	query->jointree->quals = NULL;
	return query;
}

/* The entries of a query over one table that are columns, or NIL if it's none that we would make. */
List *
retention_live_expressions(Query *query, Oid *orders)
{
	List	   *entries = NIL;
	ListCell   *lc;

	*orders = table_of_query(query);
	if (!OidIsValid(*orders) || query->jointree->quals)
		return NIL;
	foreach(lc, query->targetList)
		if (!lfirst_node(TargetEntry, lc)->resjunk)
			entries = lappend(entries, lfirst(lc));
	return entries;
}

/* ---- what it may be ---------------------------------------------------------------- */

static compat_noreturn void not_live(const char *what, const char *hint) compat_attribute_noreturn();

static void
not_live(const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("views can't be live: %s", what),
			 errhint("%s", hint)));
}

#define OTHER_MODES	"Or have the views plain or materialized: mode => 'materialized'."

static bool
is_mutable(Oid function, void *found)
{
	if (func_volatile(function) == PROVOLATILE_IMMUTABLE)
		return false;
	*(Oid *) found = function;
	return true;
}

static bool
find_mutable(Node *node, void *found)
{
	if (node == NULL)
		return false;
	return check_functions_in_node(node, is_mutable, found) || expression_tree_walker(node, find_mutable, found);
}

/* What the caller has called it. */
static const char *
role_of(const TargetEntry *entry)
{
	return strcmp(entry->resname, "kept") == 0 ? "filter" : entry->resname;
}

static void
check_expression(const TargetEntry *entry)
{
	Oid			function = InvalidOid;
	const char *name = role_of(entry);

	(void) find_mutable((Node *) entry->expr, &function);
	if (OidIsValid(function))
		not_live(psprintf("%s depends on more than the row, as function %s() is not immutable", name, get_func_name(function)),
				 "What is noted of a row when it comes must be the same when it goes: name the time zone (AT TIME ZONE 'Europe/Berlin'), write times with theirs. " OTHER_MODES);
	if (contain_mutable_functions((Node *) entry->expr))
		not_live(psprintf("%s depends on more than the row", name),
				 "What is noted of a row when it comes must be the same when it goes. " OTHER_MODES);
}

typedef struct ColumnsCheck
{
	TupleDesc	columns;
	const char *bad;
} ColumnsCheck;

/* Columns that a row in a trigger does not have. */
static bool
check_columns(Node *node, void *arg)
{
	ColumnsCheck *check = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		const Var  *var = (const Var *) node;

		for (int i = 0; i < check->columns->natts; i++)
			if ((var->varattno == 0 || var->varattno == i + 1) && TupleDescAttr(check->columns, i)->attgenerated == GENERATED_VIRTUAL)
				check->bad = NameStr(TupleDescAttr(check->columns, i)->attname);
		if (var->varattno < 0)
			check->bad = "a system column";
		return check->bad != NULL;
	}
	return expression_tree_walker(node, check_columns, arg);
}

/* All of the partitions have to be tables of this database, whose triggers fire. */
static void
check_partition(Oid relation)
{
	char		kind = get_rel_relkind(relation);

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		not_live(psprintf("\"%s\" is not a table, whose rows a trigger can follow", get_rel_name(relation)),
				 "Name the table that is written to, with expressions over its rows. " OTHER_MODES);
	if (get_rel_persistence(relation) != RELPERSISTENCE_PERMANENT)
		not_live(psprintf("table \"%s\" is unlogged, and loses its rows in a crash", get_rel_name(relation)),
				 "ALTER TABLE ... SET LOGGED. " OTHER_MODES);
}

static void
check_table(const Build *build, Oid orders)
{
	Relation	relation = relation_open(orders, AccessShareLock);
	bool		has_children = relation->rd_rel->relkind == RELKIND_RELATION && find_inheritance_children(orders, AccessShareLock) != NIL;
	const char *name = RelationGetRelationName(relation);

	if (IsCatalogRelation(relation))
		not_live(psprintf("\"%s\" is a table of PostgreSQL's own", name), OTHER_MODES);
	if (has_children)
		not_live(psprintf("table \"%s\" has others that inherit from it, whose rows a trigger does not follow", name),
				 "Make it a partitioned table. " OTHER_MODES);
	if (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		ListCell   *lc;

		foreach(lc, find_all_inheritors(orders, AccessShareLock, NULL))
			check_partition(lfirst_oid(lc));
	}
	if (check_enable_rls(orders, build->owner, true) == RLS_ENABLED)
		not_live(psprintf("policies of table \"%s\" hide rows from role \"%s\"", name, GetUserNameFromId(build->owner, false)),
				 "Make the views as the owner of the table. " OTHER_MODES);
	relation_close(relation, NoLock);
}

/* An error, and why, unless what order_rows is made of can be followed row by row. */
void
retention_live_check(const Build *build, Query *query, Oid orders)
{
	ListCell   *lc;
	ColumnsCheck check = {0};
	Relation	relation;

	if (build->source.lines)
		not_live("lines of orders (order_id) become orders together, and no line knows the others",
				 "Have a table of orders, or a trigger of yours that keeps one. " OTHER_MODES);
	if (query == NULL)
		not_live("\"" VIEW_OF_ROWS "\" is more than expressions over the rows of one table",
				 "Name the table that is written to, without joins, subqueries and groups. " OTHER_MODES);
	check_partition(orders);
	check_table(build, orders);
	relation = relation_open(orders, AccessShareLock);
	check.columns = RelationGetDescr(relation);
	foreach(lc, query->targetList)
	{
		const TargetEntry *entry = lfirst_node(TargetEntry, lc);

		check_expression(entry);
		if (check_columns((Node *) entry->expr, &check))
			not_live(psprintf("%s reads %s, which a row in a trigger does not have", role_of(entry), check.bad), OTHER_MODES);
	}
	relation_close(relation, NoLock);
}
