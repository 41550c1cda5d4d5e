/*-------------------------------------------------------------------------
 *
 * order_table.c
 *	  The user's table, opened: a relation, or a query.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "reader/expression.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "parser/analyze.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

/* ---- which it is ----------------------------------------------------------------- */

/*
 * Is a text a name, and no query?  Then it consists of words, each of them quoted
 * or without blanks and parentheses, and points between them.
 */
static bool
is_name(const char *text)
{
	do
	{
		const char *start = text;

		if (*text == '"')
		{
			/* a quote within is written twice */
			for (text++; *text != '\0' && (*text != '"' || text[1] == '"'); text++)
				text += *text == '"';
			if (*text++ == '\0')
				return false;
		}
		else
			while (*text != '\0' && strchr("\"'.,;() \t\r\n\f\v", *text) == NULL)
				text++;
		if (text == start)
			return false;
	} while (*text++ == '.');
	return text[-1] == '\0';
}

/* The relation that a text names, or InvalidOid if it is a query. */
static Oid
find_relation(const char *text)
{
	Oid			relation;

	if (is_name(text))
	{
		RangeVar   *name = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(text)));

		relation = RangeVarGetRelid(name, NoLock, true);
		if (OidIsValid(relation))
			return relation;
	}
	/* a name that should have been quoted */
	relation = strlen(text) < NAMEDATALEN ? RelnameGetRelid(text) : InvalidOid;
	if (!OidIsValid(relation) && is_name(text))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" does not exist", text),
				 errhint("orders is a table or a view, with its schema if that is not in the search_path, or a query.")));
	return relation;
}

/* ---- a relation ------------------------------------------------------------------ */

/* Is it something that has rows?  From here on nobody drops it. */
static void
open_relation(OpenTable *table, Oid oid)
{
	Relation	relation = try_relation_open(oid, AccessShareLock);

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", oid)));
	switch (RelationGetForm(relation)->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not a table or a view", RelationGetRelationName(relation))));
	}
	table->name = psprintf("\"%s\"", RelationGetRelationName(relation));
	table->item = addRangeTableEntryForRelation(table->pstate, relation, AccessShareLock,
												NULL, true, true);
	relation_close(relation, NoLock);
}

/* ---- a query --------------------------------------------------------------------- */

static void
open_query(OpenTable *table, const char *text)
{
	UserText	user = {text, "query", NULL};
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = retention_point_into,
		.arg = &user
	};
	List	   *statements;
	Node	   *statement;

	error_context_stack = &callback;
	statements = raw_parser(text, RAW_PARSE_DEFAULT);
	error_context_stack = callback.previous;
	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("orders must be one query, not %d", list_length(statements)),
				 errhint("It is a table, a view, or a query such as: SELECT customer_id, ordered_at, amount FROM orders.")));
	statement = linitial_node(RawStmt, statements)->stmt;
	if (!IsA(statement, SelectStmt))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("orders must be a query that returns rows, and changes nothing: \"%s\"", text)));
	error_context_stack = &callback;
	table->pstate->p_sourcetext = text;
	table->item = addRangeTableEntryForSubquery(table->pstate,
												parse_sub_analyze(statement, table->pstate, NULL, false, true),
												makeAlias(ROW_ALIAS, NIL), false, true);
	error_context_stack = callback.previous;
	table->name = "the query";
	table->is_query = true;
}

void
retention_table_open(OpenTable *table, const ReaderArguments *arguments)
{
	Oid			relation = OidIsValid(arguments->relation) || arguments->orders == NULL ?
		arguments->relation : find_relation(arguments->orders);

	memset(table, 0, sizeof(OpenTable));
	table->pstate = make_parsestate(NULL);
	if (OidIsValid(relation) || arguments->orders == NULL)
		open_relation(table, relation);
	else
		open_query(table, arguments->orders);
	addNSItemToQuery(table->pstate, table->item, true, true, true);
}

/* ---- columns --------------------------------------------------------------------- */

int
retention_table_columns(const OpenTable *table)
{
	return list_length(table->item->p_names->colnames);
}

/* Of a column that was dropped, "". */
const char *
retention_table_column_name(const OpenTable *table, int column)
{
	return strVal(list_nth(table->item->p_names->colnames, column - 1));
}

/* Of a column that was dropped, InvalidOid. */
Oid
retention_table_column_type(const OpenTable *table, int column)
{
	return table->item->p_nscolumns[column - 1].p_vartype;
}

/* A column by its exact name; 0 if there is none, or there are several. */
int
retention_table_find_column(const OpenTable *table, const char *name)
{
	int			found = 0;

	for (int i = 1; i <= retention_table_columns(table); i++)
		if (OidIsValid(retention_table_column_type(table, i)) &&
			strcmp(retention_table_column_name(table, i), name) == 0)
		{
			if (found)
				return 0;
			found = i;
		}
	return found;
}

/* All columns, for messages. */
const char *
retention_table_column_names(const OpenTable *table)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 1; i <= retention_table_columns(table); i++)
		if (OidIsValid(retention_table_column_type(table, i)))
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
							 quote_identifier(retention_table_column_name(table, i)));
	return names.data;
}

Node *
retention_table_column(const OpenTable *table, int column)
{
	const ParseNamespaceColumn *found = &table->item->p_nscolumns[column - 1];
	Var		   *var = makeVar((int) found->p_varno, found->p_varattno, found->p_vartype,
							  found->p_vartypmod, found->p_varcollid, 0);

	markVarForSelectPriv(table->pstate, var);
	return (Node *) var;
}
