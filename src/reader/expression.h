/*-------------------------------------------------------------------------
 *
 * expression.h
 *	  What a user says of the order rows, parsed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_EXPRESSION_H
#define RETENTION_EXPRESSION_H

#include "reader/order_reader.h"

#include "nodes/parsenodes.h"
#include "parser/parse_node.h"

/* What the rows of the user's table are called in what is written, and those of a query in expressions, too. */
#define ROW_ALIAS	"order_row"

/* The user's table, open. */
typedef struct OpenTable
{
	ParseState *pstate;
	ParseNamespaceItem *item;	/* its columns, as the parser sees them */
	const char *name;			/* as messages call it */
	bool		is_query;
	bool		own_keys;		/* customers stay of the table's own type, as an index has them */
} OpenTable;

/* What a value of the order rows is. */
typedef enum Role
{
	ROLE_CUSTOMER,
	ROLE_ORDERED_AT,
	ROLE_AMOUNT,
	ROLE_ORDER_ID,
	ROLE_FILTER,
	ROLE_IS_ORDER,
	ROLE_SEGMENT
} Role;

#define ROLES	7

/* order_table.c */
extern void retention_table_open(OpenTable *table, const ReaderArguments *arguments);
extern int	retention_table_columns(const OpenTable *table);
extern const char *retention_table_column_name(const OpenTable *table, int column);
extern Oid	retention_table_column_type(const OpenTable *table, int column);
extern int	retention_table_find_column(const OpenTable *table, const char *name);
extern const char *retention_table_column_names(const OpenTable *table);
extern Node *retention_table_column(const OpenTable *table, int column);

/* order_reader.c */
extern bool retention_name_is_usual(Role role, const char *name);

/* expression.c */
extern const char *retention_role_name(Role role);
extern const char *retention_role_what(Role role);
extern const char *retention_advised_cast(Role role, Oid type);
extern Node *retention_parse_value(const OpenTable *table, Role role, const char *text, const char **name);
extern List *retention_parse_statements(const char *what, const char *text);
extern Node *retention_convert_value(const OpenTable *table, Role role, Node *value, const char *text);
extern bool retention_type_fits(Role role, Oid type);
extern void retention_point_into(void *text);

/* What the parser's errors point into, and what that is. */
typedef struct UserText
{
	const char *text;
	const char *what;
	const OpenTable *table;		/* whose columns it might have named; or NULL */
} UserText;

#endif							/* RETENTION_EXPRESSION_H */
