/*-------------------------------------------------------------------------
 *
 * expression.c
 *	  One value of the order rows: from what the user writes to the type that we
 *	  take.
 *
 * What they write is the name of a column, as it is, or else one expression over
 * the row: what may stand behind WHERE, which knows no aggregates.  A value of a
 * type that we don't take is an error that says what to write instead.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "reader/expression.h"

#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_expr.h"
#include "parser/parse_func.h"
#include "parser/parse_node.h"
#include "parser/parser.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/typcache.h"

typedef struct RoleWords
{
	const char *name;			/* the argument */
	const char *what;
	const char *types;			/* that are taken */
	const char *example;
} RoleWords;

static const RoleWords roles[ROLES] = {
	[ROLE_CUSTOMER] = {"customer", "a customer", "an integer, a numeric, a text or a uuid", "lower(email)"},
	[ROLE_ORDERED_AT] = {"ordered_at", "the time of an order", "a timestamptz, a timestamp or a date", "to_timestamp(created)"},
	[ROLE_AMOUNT] = {"amount", "an amount", "a number", "total - coalesce(refunded, 0)"},
	[ROLE_ORDER_ID] = {"order_id", "the number of an order", "any type whose values can be compared", "invoice || '/' || shop"},
	[ROLE_FILTER] = {"filter", "a filter", "boolean", "status = 'paid'"},
	[ROLE_IS_ORDER] = {"is_order", "what says whether a row is an order", "boolean", "quantity > 0"},
	[ROLE_SEGMENT] = {"segments", "a segment", "a text, an integer, a numeric, a boolean, an enum or a uuid", "lower(country) AS country"}
};

/* Is it a condition, which is true of a row or not? */
static bool
is_condition(Role role)
{
	return role == ROLE_FILTER || role == ROLE_IS_ORDER;
}

const char *
retention_role_name(Role role)
{
	return roles[role].name;
}

const char *
retention_role_what(Role role)
{
	return roles[role].what;
}

/* ---- parsing ------------------------------------------------------------------- */

/* The parser's errors point into what the user wrote, not into the query that called us. */
void
retention_point_into(void *arg)
{
	const UserText *user = (const UserText *) arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(user->text);
	}
	if (user->table && geterrcode() == ERRCODE_SYNTAX_ERROR)
		errdetail("No column has this name: the columns are %s.", retention_table_column_names(user->table));
	errcontext("%s of the order rows", user->what);
}

static compat_noreturn void not_an_expression(Role role, const char *text) compat_attribute_noreturn();

static void
not_an_expression(Role role, const char *text)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 role == ROLE_SEGMENT ? errmsg("a segment must be a column, or one expression with a name: \"%s\"", text) :
			 errmsg("%s must be a column or one expression: \"%s\"", roles[role].name, text),
			 errhint("It is what could stand %s, such as: %s.",
					 is_condition(role) ? "after WHERE" : "in a list of columns", roles[role].example)));
}

/* The name of a column, of one or of a table's. */
static const char *
name_of_reference(const Node *value)
{
	Node	   *last = IsA(value, ColumnRef) ? llast(((const ColumnRef *) value)->fields) : NULL;

	return last && IsA(last, String) ? strVal(last) : NULL;
}

/* The parser's tree of one expression, and nothing beside it but a name, where one is wanted. */
static Node *
parse_expression(Role role, const char *text, const char **name)
{
	List	   *statements = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select;
	ResTarget  *target;

	select = castNode(SelectStmt, linitial_node(RawStmt, statements)->stmt);
	if (list_length(select->targetList) != 1 || select->distinctClause != NIL ||
		select->intoClause != NULL || select->fromClause != NIL || select->whereClause != NULL ||
		select->groupClause != NIL || select->havingClause != NULL || select->windowClause != NIL ||
		select->valuesLists != NIL || select->sortClause != NIL || select->limitOffset != NULL ||
		select->limitCount != NULL || select->lockingClause != NIL || select->withClause != NULL ||
		select->op != SETOP_NONE)
		not_an_expression(role, text);
	target = linitial_node(ResTarget, select->targetList);
	/* "a b" is a column with a name; "*" is no expression, which is the grammar's to know */
	if ((target->name != NULL && name == NULL) ||
		(IsA(target->val, ColumnRef) && IsA(linitial(((ColumnRef *) target->val)->fields), A_Star)))
		not_an_expression(role, text);
	if (name)
	{
		*name = target->name ? target->name : name_of_reference(target->val);
		if (*name == NULL)
			not_an_expression(role, text);
	}
	return target->val;
}

static compat_noreturn void no_such_column(const OpenTable *table, const char *name, int position,
										   const char *hint) compat_attribute_noreturn();

static void
no_such_column(const OpenTable *table, const char *name, int position, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" of %s does not exist", name, table->name),
			 errdetail("The columns are %s.", retention_table_column_names(table)),
			 hint ? errhint("%s", hint) : 0,
			 parser_errposition(table->pstate, position)));
}

/* A reference that is a name, without a table; else NULL. */
static const char *
bare_name(const ColumnRef *reference)
{
	return list_length(reference->fields) == 1 && IsA(linitial(reference->fields), String) ?
		strVal(linitial(reference->fields)) : NULL;
}

/* Is a name by itself that of a column?  The parser would take that of the table, too. */
static void
check_column(const OpenTable *table, Node *expression)
{
	const char *name = IsA(expression, ColumnRef) ? bare_name((ColumnRef *) expression) : NULL;

	if (name == NULL)
		return;
	for (int i = 1; i <= retention_table_columns(table); i++)
		if (strcmp(name, retention_table_column_name(table, i)) == 0)
			return;
	no_such_column(table, name, -1, NULL);
}

/*
 * Called for each name within an expression, with what the parser has found by it.
 * Where that is nothing, the parser would not say of which table it should be a
 * column.  Mostly it is a text, whose quotes were taken for those of the whole
 * expression.
 */
static Node *
check_column_within(ParseState *pstate, ColumnRef *reference, Node *var)
{
	const char *name = bare_name(reference);

	if (var == NULL && name && pstate->parentParseState == NULL)
		no_such_column((const OpenTable *) pstate->p_ref_hook_state, name, reference->location,
					   "If it is a text, it has quotes of its own: $$status = 'paid'$$, or 'status = ''paid'''.");
	return NULL;
}

static bool
is_volatile(Oid function, void *found)
{
	if (func_volatile(function) != PROVOLATILE_VOLATILE)
		return false;
	*(Oid *) found = function;
	return true;
}

static bool
find_volatile(Node *node, void *found)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_volatile, found, 0);
	return check_functions_in_node(node, is_volatile, found) || expression_tree_walker(node, find_volatile, found);
}

/* Rows are read more than once, and what is said of them has to be so each time. */
static void
check_not_volatile(Role role, Node *value, const char *text)
{
	Oid			function = InvalidOid;

	if (find_volatile(value, &function))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s differs each time it is read, as function %s() is volatile: \"%s\"",
						role == ROLE_SEGMENT ? roles[role].what : roles[role].name, get_func_name(function), text),
				 function >= FirstNormalObjectId ?
				 errhint("If the function has the same result for the same row, declare it so: ALTER FUNCTION %s STABLE.",
						 format_procedure(function)) :
				 errhint("Orders are read more than once. A part of the rows is the same each time if their values say so: customer_id %% 10 = 0; and now() is, of times.")));
}

/*
 * A value as the user writes it: the name of a column as it is, else an expression.  If a
 * name is wanted, it is that of the column, or stands behind the expression.
 */
Node *
retention_parse_value(const OpenTable *table, Role role, const char *text, const char **name)
{
	UserText	user = {text, roles[role].name, table};
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = retention_point_into,
		.arg = &user
	};
	int			column = retention_table_find_column(table, text);
	Node	   *expression;
	Node	   *value;

	if (column > 0)
	{
		if (name)
			*name = text;
		return retention_table_column(table, column);
	}
	error_context_stack = &callback;
	table->pstate->p_sourcetext = text;
	expression = parse_expression(role, text, name);
	check_column(table, expression);
	table->pstate->p_post_columnref_hook = check_column_within;
	table->pstate->p_ref_hook_state = unconstify(OpenTable *, table);
	value = transformExpr(table->pstate, expression, EXPR_KIND_WHERE);
	if (exprType(value) == UNKNOWNOID)
		value = coerce_type(table->pstate, value, UNKNOWNOID, is_condition(role) ? BOOLOID : TEXTOID,
							-1, COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1);
	error_context_stack = callback.previous;
	check_not_volatile(role, value, text);
	if (role <= ROLE_ORDERED_AT && !contain_var_clause(value) && !checkExprHasSubLink(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is the same for all rows: \"%s\"", roles[role].name, text),
				 errhint("Name a column of %s, or an expression over its columns.", table->name)));
	return value;
}

/* ---- types --------------------------------------------------------------------- */

/*
 * Can customers be told apart by the text of this type?  Not if it depends on
 * settings, as that of a time does, or differs where values are equal, as that
 * of jsonb does.
 */
static bool
text_is_identity(Oid type)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case NAMEOID:
		case CHAROID:
		case OIDOID:
		case INETOID:
		case CIDROID:
		case MACADDROID:
		case MACADDR8OID:
		case BITOID:
		case VARBITOID:
		case LSNOID:
			return true;
	}
	return type_is_enum(type) ||
		lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr == TextEqualOperator;
}

/* Is it the type of the extension citext, which folds before it compares? */
static bool
is_citext(Oid type)
{
	Oid			extension = getExtensionOfObject(TypeRelationId, type);
	char	   *name = OidIsValid(extension) ? get_extension_name(extension) : NULL;

	return name && strcmp(name, "citext") == 0;
}

/* Is it of a type that we take? */
bool
retention_type_fits(Role role, Oid type)
{
	type = getBaseType(type);
	switch (role)
	{
		case ROLE_CUSTOMER:
			switch (type)
			{
				case INT8OID:
				case INT4OID:
				case INT2OID:
				case NUMERICOID:
				case UUIDOID:
				case BPCHAROID:
					return true;
			}
			return is_citext(type) || text_is_identity(type);
		case ROLE_ORDERED_AT:
			return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
		case ROLE_AMOUNT:
			switch (type)
			{
				case INT2OID:
				case INT4OID:
				case INT8OID:
				case FLOAT4OID:
				case FLOAT8OID:
				case NUMERICOID:
				case CASHOID:
					return true;
			}
			return false;
		case ROLE_ORDER_ID:
			return OidIsValid(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr);
		case ROLE_FILTER:
		case ROLE_IS_ORDER:
			return type == BOOLOID;
		case ROLE_SEGMENT:
			return type == BOOLOID || retention_type_fits(ROLE_CUSTOMER, type);
	}
	return false;
}

/* How a value of the type is made one that we take; NULL: nobody knows. */
const char *
retention_advised_cast(Role role, Oid type)
{
	char		category;
	bool		preferred;

	if (type == JSONOID || type == JSONBOID)
		return role == ROLE_CUSTOMER || role == ROLE_ORDER_ID || role == ROLE_SEGMENT ? "%s ->> 'id'" :
			role == ROLE_ORDERED_AT ? "(%s ->> 'time')::timestamptz" :
			role == ROLE_AMOUNT ? "(%s ->> 'total')::numeric" : "(%s ->> 'paid')::boolean";
	get_type_category_preferred(type, &category, &preferred);
	switch (role)
	{
		case ROLE_CUSTOMER:
			return type == CASHOID ? NULL : category == TYPCATEGORY_NUMERIC ? "%s::bigint" :
				type == BYTEAOID ? "encode(%s, 'hex')" :
				type == BOOLOID || type == XMLOID || category == TYPCATEGORY_ARRAY ? "%s::text" : NULL;
		case ROLE_ORDERED_AT:
			return category == TYPCATEGORY_NUMERIC ? "to_timestamp(%s)" :
				category == TYPCATEGORY_STRING ? "%s::timestamptz" : NULL;
		case ROLE_AMOUNT:
			return type == BOOLOID ? "%s::int" :
				type == CASHOID || category == TYPCATEGORY_STRING ? "%s::numeric" : NULL;
		case ROLE_ORDER_ID:
			return "%s::text";
		case ROLE_FILTER:
		case ROLE_IS_ORDER:
			return category == TYPCATEGORY_NUMERIC ? "%s <> 0" :
				category == TYPCATEGORY_STRING ? "%s::boolean" : "%s IS NOT NULL";
		case ROLE_SEGMENT:
			return category == TYPCATEGORY_DATETIME ? "to_char(%s, 'YYYY-MM')" :
				category == TYPCATEGORY_NUMERIC ? "%s::numeric" : "%s::text";
	}
	return NULL;
}

/* A text with one %s in which something is put, that has none of its own. */
static char *
put_into(const char *format, const char *what)
{
	const char *place = strstr(format, "%s");

	return psprintf("%.*s%s%s", (int) (place - format), format, what, place + 2);
}

static compat_noreturn void wrong_type(const OpenTable *table, Role role, Oid type,
									   const char *text) compat_attribute_noreturn();

static void
wrong_type(const OpenTable *table, Role role, Oid type, const char *text)
{
	const char *cast = retention_advised_cast(role, getBaseType(type));
	bool		column = retention_table_find_column(table, text) > 0;
	/* for a time: of its seconds, or something else in its place */
	bool		is_number = role == ROLE_ORDERED_AT && cast && strchr(cast, ':') == NULL;

	if (cast && role == ROLE_SEGMENT)
		/* an expression has its name behind it */
		cast = column ? psprintf("ARRAY[%s]", quote_literal_cstr(psprintf("%s AS %s", put_into(cast, quote_identifier(text)), quote_identifier(text)))) : NULL;
	else if (cast)
		cast = quote_literal_cstr(put_into(cast, column ? quote_identifier(text) : psprintf("(%s)", text)));
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("%s can't be of type %s: %s \"%s\"", roles[role].what, format_type_be(type),
					column ? "column" : "expression", text),
			 is_number ? errhint("It must be %s. If it counts seconds since 1970, write %s => %s.", roles[role].types,
								 roles[role].name, cast) :
			 cast ? errhint("It must be %s. Write, for example: %s => %s.", roles[role].types,
							roles[role].name, cast) :
			 errhint("It must be %s.", roles[role].types)));
}

static Node *
cast(const OpenTable *table, Node *value, Oid type)
{
	return coerce_to_target_type(table->pstate, value, exprType(value), type, -1,
								 COERCION_EXPLICIT, COERCE_EXPLICIT_CAST, -1);
}

static Node *
call(const OpenTable *table, const char *function, Node *value)
{
	return ParseFuncOrColumn(table->pstate, SystemFuncName(pstrdup(function)), list_make1(value),
							 NULL, NULL, false, -1);
}

/* Its text under the collation of the database, whatever that of the column is. */
static Node *
default_collation(Node *value)
{
	CollateExpr *collate = makeNode(CollateExpr);

	collate->arg = (Expr *) value;
	collate->collOid = DEFAULT_COLLATION_OID;
	collate->location = -1;
	return (Node *) collate;
}

/*
 * SQL of a customer as the aggregates take them, of a column "customer" of a type that
 * an index may be of; NULL of other types.  It says what retention_convert_value does.
 */
const char *
retention_customer_sql(Oid type)
{
	switch (type)
	{
		case INT8OID:
		case UUIDOID:
		case TEXTOID:
			return "customer";
		case INT4OID:
		case INT2OID:
			return "customer::pg_catalog.int8";
		case NUMERICOID:
			return "pg_catalog.trim_scale(customer)::pg_catalog.text";
		case VARCHAROID:
			return "customer::pg_catalog.text";
		case BPCHAROID:
			return "pg_catalog.rtrim(customer::pg_catalog.text)";
	}
	return NULL;
}

/* A value as the type that order rows have; "text" is what the user wrote. */
Node *
retention_convert_value(const OpenTable *table, Role role, Node *value, const char *text)
{
	Oid			type = getBaseType(exprType(value));

	if (!retention_type_fits(role, type))
		wrong_type(table, role, exprType(value), text);
	switch (role)
	{
		case ROLE_CUSTOMER:
			if (table->own_keys && retention_customer_sql(type))
				return cast(table, value, type);
			switch (type)
			{
				case INT8OID:
				case INT4OID:
				case INT2OID:
					return cast(table, value, INT8OID);
				case UUIDOID:
					return cast(table, value, UUIDOID);
				case NUMERICOID:
					/* 1.0 and 1.00 are one customer */
					return cast(table, call(table, "trim_scale", cast(table, value, NUMERICOID)), TEXTOID);
				case BPCHAROID:
					/* as it compares: without the blanks at its end */
					return call(table, "rtrim", cast(table, value, TEXTOID));
			}
			value = cast(table, value, TEXTOID);
			return is_citext(type) ? call(table, "lower", default_collation(value)) : value;
		case ROLE_AMOUNT:
			/*
			 * A float8 stands for the decimal of its 15 digits; a float4 for the one
			 * that it's printed as, which the cast would cut to 6.
			 */
			if (type == FLOAT4OID)
				value = cast(table, value, TEXTOID);
			return cast(table, value, NUMERICOID);
		case ROLE_ORDERED_AT:
		case ROLE_FILTER:
		case ROLE_IS_ORDER:
			return cast(table, value, type);
		case ROLE_ORDER_ID:
			break;
		case ROLE_SEGMENT:
			/* 1.0 and 1.00 are one value */
			if (type == NUMERICOID)
				value = call(table, "trim_scale", cast(table, value, NUMERICOID));
			if (type == TEXTOID && IsA(value, Var) && exprCollation(value) == DEFAULT_COLLATION_OID)
				return value;
			return default_collation(cast(table, value, TEXTOID));
	}
	return value;
}
