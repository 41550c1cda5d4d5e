/*-------------------------------------------------------------------------
 *
 * refused_call.c
 *	  The calls that are refused, as the query has them.
 *
 * A function over "any" is called with what the query says, and so is told of by the
 * query: by the planner, before anything is read, or by the executor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "refuse/refuse.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parsetree.h"
#include "pg/calling_query.h"
#include "pg/compat.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

/* A longer expression is not repeated. */
#define MAX_TEXT	80

/* Is it more than columns, constants, and what is made of them? */
static bool
is_not_plain(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			return ((Var *) node)->varlevelsup > 0 || ((Var *) node)->varattno <= 0 ||
				((Var *) node)->varno <= 0 || ((Var *) node)->varno > list_length((List *) context);
		case T_List:
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayExpr:
		case T_CoalesceExpr:
		case T_SQLValueFunction:
			return expression_tree_walker(node, is_not_plain, context);
		default:
			return true;
	}
}

/* An expression as it's written, while it's planned; NULL: nobody would read it. */
static const char *
expression_text(Node *expression, List *range_table)
{
	PlannedStmt *statement = makeNode(PlannedStmt);
	List	   *names = NIL;
	const char *text;
	ListCell   *lc;

	if (is_not_plain(expression, range_table))
		return NULL;
	statement->rtable = range_table;
	foreach(lc, range_table)
		names = lappend(names, lfirst_node(RangeTblEntry, lc)->eref->aliasname);
	text = deparse_expression(expression, deparse_context_for_plan_tree(statement, names), false, false);
	return strlen(text) <= MAX_TEXT ? text : NULL;
}

/* Is it the type that stands for numbers where an interval is due? */
static bool
is_no_span(Oid type)
{
	return type >= FirstNormalObjectId && strcmp(retention_type_name(type), "_retention_no_span") == 0;
}

/* Is it one that stands for what it is not, a number or a span of time? */
static bool
is_no_value(Oid type)
{
	return type >= FirstNormalObjectId && strncmp(retention_type_name(type), "_retention_no_", strlen("_retention_no_")) == 0;
}

/* A constant as somebody would write it. */
static const char *
constant_text(const Const *constant)
{
	Oid			output;
	bool		varlena;
	char	   *text;

	if (constant->constisnull)
		return "NULL";
	if (constant->consttype == UNKNOWNOID)
		return quote_literal_cstr(DatumGetCString(constant->constvalue));
	getTypeOutputInfo(constant->consttype, &output, &varlena);
	text = OidOutputFunctionCall(output, constant->constvalue);
	if (TypeCategory(constant->consttype) == TYPCATEGORY_NUMERIC && strspn(text, "0123456789.") == strlen(text))
		return text;
	if (constant->consttype == BOOLOID)
		return DatumGetBool(constant->constvalue) ? "true" : "false";
	text = quote_literal_cstr(text);
	if (is_no_value(constant->consttype) || TypeCategory(constant->consttype) == TYPCATEGORY_STRING)
		return text;
	return psprintf("%s::%s", text, format_type_be(constant->consttype));
}

static void
read_argument(Given *given, Node *argument, List *range_table)
{
	if (IsA(argument, FuncExpr) && is_no_value(exprType(argument)))
		argument = (Node *) linitial(((FuncExpr *) argument)->args);
	*given = (Given) {.type = exprType(argument), .kind = ""};
	while (IsA(argument, RelabelType) && ((RelabelType *) argument)->relabelformat == COERCE_IMPLICIT_CAST)
		argument = (Node *) ((RelabelType *) argument)->arg;
	if (IsA(argument, Var) && ((Var *) argument)->varlevelsup == 0)
	{
		Var		   *var = (Var *) argument;
		int			relation = var->varnosyn > 0 ? (int) var->varnosyn : (int) var->varno;
		AttrNumber	column = var->varnosyn > 0 ? var->varattnosyn : var->varattno;
		RangeTblEntry *entry;

		if (relation <= 0 || relation > list_length(range_table))
			return;
		entry = rt_fetch(relation, range_table);
		given->kind = column == 0 ? "row " : "column ";
		given->text = quote_identifier(column == 0 ? entry->eref->aliasname : get_rte_attribute_name(entry, column));
	}
	else if (IsA(argument, Const))
	{
		given->text = constant_text((Const *) argument);
		if (is_no_value(given->type))
			given->type = UNKNOWNOID;
	}
	else
		given->text = expression_text(argument, range_table);
}

/*
 * Of a function the arguments are as many as it has places, and those left out are
 * NULL, the default of all places of an overload that refuses.  What comes behind one of
 * these was given by name, or might as well have been, as what is given for an
 * interval, and what comes behind it: an overload for numbers has these first.
 */
static void
read_call(Call *call, Oid function, List *arguments, List *range_table)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid		   *types;
	char	  **names;
	char	   *modes;
	Form_pg_proc row;
	bool		of_intervals = false;
	bool		by_name = false;
	bool		left_out = false;
	int			place = 0;
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	row = (Form_pg_proc) GETSTRUCT(tuple);
	call->name = pstrdup(NameStr(row->proname));
	call->schema = row->pronamespace;
	call->result = row->prorettype;
	call->aggregate = row->prokind == PROKIND_AGGREGATE;
	call->ngiven = 0;
	call->named = false;
	for (int i = get_func_arg_info(tuple, &types, &names, &modes) - 1; i >= 0; i--)
		of_intervals = of_intervals || is_no_span(types[i]);
	ReleaseSysCache(tuple);
	foreach(lc, arguments)
	{
		Node	   *argument = (Node *) lfirst(lc);

		if (call->ngiven == MAX_PLACES)
			ereport(ERROR,
					(errcode(ERRCODE_TOO_MANY_ARGUMENTS),
					 errmsg("there are more than %d arguments", MAX_PLACES)));
		if (!call->aggregate && place > 0 && IsA(argument, Const) && ((Const *) argument)->constisnull)
			left_out = true;
		else
		{
			read_argument(&call->given[call->ngiven], argument, range_table);
			/* of the overload over text, it may be a literal */
			if (!call->aggregate && IsA(argument, Const) && ((Const *) argument)->constisnull &&
				call->given[call->ngiven].type == TEXTOID)
				call->given[call->ngiven].type = UNKNOWNOID;
			by_name = by_name || left_out || (of_intervals && is_no_span(types[place]));
			if (by_name && names)
			{
				call->given[call->ngiven].name = names[place];
				call->named = true;
			}
			call->ngiven++;
		}
		place++;
	}
}

/* What the functions here are, where the query that calls them is not to be seen. */
static compat_noreturn void refuse_unseen(void) compat_attribute_noreturn();

static void
refuse_unseen(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("no form of the function takes arguments of these types")));
}

static void
refuse_aggregate(Aggref *aggref, List *range_table)
{
	Call		call;
	List	   *arguments = NIL;
	ListCell   *lc;

	/* behind the arguments comes what is only sorted by */
	foreach(lc, aggref->args)
		if (list_length(arguments) < list_length(aggref->aggargtypes))
			arguments = lappend(arguments, lfirst_node(TargetEntry, lc)->expr);
	read_call(&call, aggref->aggfnoid, arguments, range_table);
	retention_refuse(&call);
}

/*
 * _retention_refuse_rows(result, VARIADIC "any"), and _retention_refuse_literals():
 * transition and final function of the overload of an aggregate that takes what no other
 * overload does.  The planner asks the support function below before, but not for window
 * functions.
 */
PG_FUNCTION_INFO_V1(retention_refuse_rows);
Datum
retention_refuse_rows(PG_FUNCTION_ARGS)
{
	List	   *calls = retention_aggregate_calls(fcinfo);
	WindowFunc *function;
	Call		call;

	if (calls == NIL)
		refuse_unseen();
	if (IsA(linitial(calls), Aggref))
		refuse_aggregate((Aggref *) linitial(calls), retention_range_table(fcinfo));
	else
	{
		function = (WindowFunc *) linitial(calls);
		read_call(&call, function->winfnoid, function->args, retention_range_table(fcinfo));
		retention_refuse(&call);
	}
	PG_RETURN_NULL();
}

/*
 * The overload of a function that takes what no other overload does.  It gets as far as
 * this only where the planner has not asked about it, or tries to evaluate it.
 */
PG_FUNCTION_INFO_V1(retention_refuse_call);
Datum
retention_refuse_call(PG_FUNCTION_ARGS)
{
	FuncExpr   *expression = (FuncExpr *) fcinfo->flinfo->fn_expr;
	Call		call;

	if (expression == NULL || !IsA(expression, FuncExpr) || is_no_value(expression->funcresulttype))
		refuse_unseen();
	read_call(&call, expression->funcid, expression->args, NIL);
	retention_refuse(&call);
	if (expression->funcretset)
		((ReturnSetInfo *) fcinfo->resultinfo)->isDone = ExprEndResult;
	PG_RETURN_NULL();
}

typedef struct CallOf
{
	Oid			transition;
	List	   *range_table;
} CallOf;

static bool
refuse_calls_walker(Node *node, void *context)
{
	CallOf	   *of = (CallOf *) context;

	if (node == NULL)
		return false;
	if (IsA(node, Aggref) && retention_has_transition(((Aggref *) node)->aggfnoid, of->transition))
		refuse_aggregate((Aggref *) node, of->range_table);
	return expression_tree_walker(node, refuse_calls_walker, context);
}

/*
 * _retention_refuse_support(internal): an error as soon as a call is planned, before
 * anything is read, and whether there are rows or not.  Of an aggregate the planner
 * asks what its transition function costs, and doesn't say for which call.
 */
PG_FUNCTION_INFO_V1(retention_refuse_support);
Datum
retention_refuse_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
	{
		SupportRequestSimplify *simplify = (SupportRequestSimplify *) request;
		Call		call;

		read_call(&call, simplify->fcall->funcid, simplify->fcall->args,
				  simplify->root ? simplify->root->parse->rtable : NIL);
		retention_refuse(&call);
	}
	if (IsA(request, SupportRequestCost) && ((SupportRequestCost *) request)->root)
	{
		PlannerInfo *root = ((SupportRequestCost *) request)->root;
		CallOf		of = {((SupportRequestCost *) request)->funcid, root->parse->rtable};

		refuse_calls_walker((Node *) root->processed_tlist, &of);
		refuse_calls_walker(root->parse->havingQual, &of);
	}
	PG_RETURN_POINTER(NULL);
}

/* A literal where an overload takes a number for an interval: it may be an interval. */
PG_FUNCTION_INFO_V1(retention_no_span_in);
Datum
retention_no_span_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(PG_GETARG_CSTRING(0)));
}

PG_FUNCTION_INFO_V1(retention_no_span_out);
Datum
retention_no_span_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(text_to_cstring(PG_GETARG_TEXT_PP(0)));
}
