/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  Which order rows count: a boolean expression of the caller's.
 *
 * The text is never pasted into SQL.  It is parsed as one expression over the
 * columns of the table, under the caller's search_path, and what is put into
 * order_rows is what that means, written anew with every name qualified.  So it
 * can't end a statement or begin another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/views.h"

#include "access/table.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

/* The parser's errors point into the filter, not into the query that called us. */
static void
point_into_filter(void *filter)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery((const char *) filter);
	}
	errcontext("filter of the order rows");
}

static compat_noreturn void not_an_expression(const char *filter) compat_attribute_noreturn();

static void
not_an_expression(const char *filter)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("the filter must be one boolean expression: \"%s\"", filter),
			 errhint("It is what could stand after WHERE, such as: status = 'paid'.")));
}

/* The parser's tree of one expression, and nothing beside it. */
static Node *
parse_expression(const char *filter)
{
	List	   *statements = raw_parser(filter, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select;
	ResTarget  *target;

	select = castNode(SelectStmt, linitial_node(RawStmt, statements)->stmt);
	if (list_length(select->targetList) != 1 || select->distinctClause != NIL ||
		select->intoClause != NULL || select->fromClause != NIL || select->whereClause != NULL ||
		select->groupClause != NIL || select->havingClause != NULL || select->windowClause != NIL ||
		select->valuesLists != NIL || select->sortClause != NIL || select->limitOffset != NULL ||
		select->limitCount != NULL || select->lockingClause != NIL || select->withClause != NULL ||
		select->op != SETOP_NONE)
		not_an_expression(filter);
	target = linitial_node(ResTarget, select->targetList);
	/* "a b" is a column with a name; "*" is no expression, which is the grammar's to know */
	if (target->name != NULL ||
		(IsA(target->val, ColumnRef) && IsA(linitial(((ColumnRef *) target->val)->fields), A_Star)))
		not_an_expression(filter);
	return target->val;
}

/*
 * SQL of an expression over one table, which means the same under any
 * search_path and other settings: constants are written as pg_dump would.
 */
static char *
deparse(Node *expression, Relation relation)
{
	static const char *const settings[][2] = {
		{"search_path", ""},
		{"datestyle", "ISO"},
		{"intervalstyle", "postgres"},
		{"extra_float_digits", "3"},
		{"standard_conforming_strings", "on"}
	};
	int			nest_level = NewGUCNestLevel();
	char	   *result;

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	result = deparse_expression(expression,
								deparse_context_for(FILTER_ALIAS, RelationGetRelid(relation)),
								false, false);
	AtEOXact_GUC(true, nest_level);
	return result;
}

/* A filter, as the user writes it, as SQL over rows that are called FILTER_ALIAS. */
char *
retention_filter_of_user(Oid orders, const char *filter)
{
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = point_into_filter,
		.arg = (void *) filter
	};
	ParseState *pstate = make_parsestate(NULL);
	Relation	relation = table_open(orders, AccessShareLock);
	Node	   *expression;
	char	   *result;

	error_context_stack = &callback;
	pstate->p_sourcetext = filter;
	addNSItemToQuery(pstate,
					 addRangeTableEntryForRelation(pstate, relation, AccessShareLock, NULL, true, true),
					 false, true, true);
	expression = transformExpr(pstate, parse_expression(filter), EXPR_KIND_WHERE);
	expression = coerce_to_boolean(pstate, expression, "WHERE");
	assign_expr_collations(pstate, expression);
	error_context_stack = callback.previous;

	result = deparse(expression, relation);
	table_close(relation, NoLock);
	free_parsestate(pstate);
	return result;
}
