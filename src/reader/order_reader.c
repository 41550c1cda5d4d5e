/*-------------------------------------------------------------------------
 *
 * order_reader.c
 *	  From what a user says of their orders to SQL of order rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "pg/subtransaction.h"
#include "reader/expression.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_collate.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

/* ---- columns of usual names ------------------------------------------------------ */

/* Written as they are compared: small letters and digits. */
static const char *const usual_customers[] = {
	"customerid", "customer", "customerkey", "customerno", "customernumber", "customeruuid", "customeremail",
	"clientid", "client", "userid", "user", "buyerid", "buyer", "accountid", "account", "contactid", "memberid",
	"email", "emailaddress", NULL
};

static const char *const usual_times[] = {
	"orderedat", "orderdate", "ordertime", "orderdatetime", "ordertimestamp", "purchasedat", "purchasedate",
	"purchasetime", "createdat", "createdon", "created", "creationdate", "placedat", "paidat", "processedat",
	"invoicedate", "transactiondate", "soldat", "saledate", "date", "datetime", "time", "timestamp", NULL
};

static const char *const usual_amounts[] = {
	"amount", "orderamount", "totalamount", "amounttotal", "total", "ordertotal", "grandtotal", "totalprice",
	"totalpaid", "amountpaid", "netamount", "nettotal", "netsales", "revenue", "ordervalue", NULL
};

static const char *const usual_numbers[] = {
	"orderid", "ordernumber", "orderno", "invoiceid", "invoicenumber", "invoiceno", "invoice", NULL
};

/* Is it a usual name, however it's spelled: Customer ID, customerId, CUSTOMER_ID? */
bool
retention_name_is_usual(Role role, const char *name)
{
	const char *const *usual = role == ROLE_CUSTOMER ? usual_customers :
		role == ROLE_ORDERED_AT ? usual_times : role == ROLE_AMOUNT ? usual_amounts : usual_numbers;
	StringInfoData word;

	initStringInfo(&word);
	for (; *name != '\0'; name++)
		if (isalnum((unsigned char) *name) || IS_HIGHBIT_SET(*name))
			appendStringInfoChar(&word, (char) pg_ascii_tolower((unsigned char) *name));
	for (; *usual; usual++)
		if (strcmp(*usual, word.data) == 0)
			return true;
	return false;
}

/* The columns that a value is usually called, and are of a type for it, or aren't. */
static List *
usual_columns(const OpenTable *table, Role role, bool fitting)
{
	List	   *found = NIL;

	for (int i = 1; i <= retention_table_columns(table); i++)
		if (OidIsValid(retention_table_column_type(table, i)) &&
			retention_name_is_usual(role, retention_table_column_name(table, i)) &&
			retention_type_fits(role, retention_table_column_type(table, i)) == fitting)
			found = lappend_int(found, i);
	return found;
}

static compat_noreturn void not_one_column(const OpenTable *table, Role role,
										   const List *found) compat_attribute_noreturn();

static void
not_one_column(const OpenTable *table, Role role, const List *found)
{
	const char *name = retention_role_name(role);
	StringInfoData columns;
	ListCell   *lc;
	bool		repeated = false;

	initStringInfo(&columns);
	foreach(lc, found)
	{
		const char *column = retention_table_column_name(table, lfirst_int(lc));

		/* a query may have two of a name */
		repeated = repeated || retention_table_find_column(table, column) == 0;
		appendStringInfo(&columns, "%s%s => %s", columns.len > 0 ? " or " : "", name, quote_literal_cstr(column));
	}
	if (repeated)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("%d columns of %s could be %s", list_length(found), table->name, name),
				 errdetail("The columns are %s.", retention_table_column_names(table)),
				 errhint("Give each a name of its own, by AS.")));
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("%d columns of %s could be %s", list_length(found), table->name, name),
				 errhint("Write %s.", columns.data)));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("no column of %s is known to be %s", table->name, name),
			 errdetail("The columns are %s.", retention_table_column_names(table)),
			 errhint("Name one, or an expression over them: %s => '...'.", name)));
}

/* Has each row a value of its own in the column, by a unique index? */
static bool
is_unique(Oid table, AttrNumber column)
{
	Relation	relation = relation_open(table, AccessShareLock);
	bool		unique = false;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(relation))
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_index index;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		unique = unique || (index->indisunique && index->indisvalid && index->indnkeyatts == 1 &&
							index->indkey.values[0] == column &&
							heap_attisnull(tuple, Anum_pg_index_indpred, NULL));
		ReleaseSysCache(tuple);
	}
	relation_close(relation, NoLock);
	return unique;
}

/*
 * Rows that have the number of an order, which is not each row's own, look like
 * lines.  Taken for orders they make each customer a regular, so it is told of.
 */
static void
tell_of_lines(const OpenTable *table)
{
	List	   *found = table->is_query ? NIL : usual_columns(table, ROLE_ORDER_ID, true);
	ListCell   *lc;

	foreach(lc, found)
	{
		const char *name = retention_table_column_name(table, lfirst_int(lc));

		if (!is_unique(table->item->p_rte->relid, (AttrNumber) lfirst_int(lc)))
			ereport(NOTICE,
					(errmsg("each row of %s is taken for an order", table->name),
					 errhint("If rows with the same %s are lines of one order, write order_id => %s.",
							 quote_identifier(name), quote_literal_cstr(name))));
	}
}

/*
 * Where each row has a customer of its own nobody ever comes back: that is the key
 * of the orders, then.
 */
static void
tell_of_key(const OpenTable *table, const char *customer)
{
	List	   *found = customer ? NIL : usual_columns(table, ROLE_CUSTOMER, true);
	int			column = customer ? retention_table_find_column(table, customer) :
		list_length(found) == 1 ? linitial_int(found) : 0;

	if (!table->is_query && column > 0 && is_unique(table->item->p_rte->relid, (AttrNumber) column))
		ereport(NOTICE,
				(errmsg("no customer has a second row in %s: column \"%s\" is unique", table->name,
						retention_table_column_name(table, column)),
				 errhint("If it is the key of the orders, name the column with their customers: customer => '...'.")));
}

/* ---- values ---------------------------------------------------------------------- */

/* A column as the value that it is for. */
static Node *
column_as(const OpenTable *table, Role role, int column)
{
	return retention_convert_value(table, role, retention_table_column(table, column),
								   retention_table_column_name(table, column));
}

/*
 * Is a column usually called by the name of another argument than that in whose
 * place it stands?  An id in the place of the customer may well be the order's.
 */
static bool
is_out_of_place(const OpenTable *table, Role place)
{
	const char *name = retention_table_column_name(table, (int) place + 1);

	if (retention_name_is_usual(place, name))
		return false;
	for (Role role = ROLE_CUSTOMER; role <= ROLE_ORDER_ID; role++)
		if (retention_name_is_usual(role, name))
			return true;
	return place == ROLE_CUSTOMER && pg_strcasecmp(name, "id") == 0;
}

/*
 * A query of two or three columns, of which nothing is said, has them in the order
 * of our arguments, unless all of them have usual names, or one has that of another
 * argument: then these say which is which.  (An amount may be of the type of a
 * customer, so nothing else would show that they are mixed up.)
 */
static bool
is_by_position(const OpenTable *table, const ReaderArguments *arguments)
{
	int			n = retention_table_columns(table);
	bool		named = true;
	bool		mixed_up = false;

	if (!table->is_query || n < 2 || n > 3 ||
		arguments->customer || arguments->ordered_at || arguments->amount || arguments->order_id)
		return false;
	for (Role role = ROLE_CUSTOMER; (int) role < n; role++)
	{
		named = named && list_length(usual_columns(table, role, true)) == 1;
		mixed_up = mixed_up || is_out_of_place(table, role);
	}
	return !named && !mixed_up;
}

/* A value of the order rows; NULL if there is none, and none is needed. */
static Node *
find_value(const OpenTable *table, Role role, const char *text, bool by_position, bool optional)
{
	List	   *found;

	if (text)
		return retention_convert_value(table, role, retention_parse_value(table, role, text, NULL), text);
	if (by_position)
		return (int) role < retention_table_columns(table) ? column_as(table, role, (int) role + 1) : NULL;
	found = usual_columns(table, role, true);
	/* one of a wrong type is told of as if it had been named */
	if (found == NIL)
		found = usual_columns(table, role, false);
	if (list_length(found) == 1)
		return column_as(table, role, linitial_int(found));
	if (found == NIL && optional)
		return NULL;
	not_one_column(table, role, found);
}

/* ---- putting it together --------------------------------------------------------- */

static void
add_target(Query *query, Node *value, const char *name)
{
	query->targetList = lappend(query->targetList,
								makeTargetEntry((Expr *) value, (AttrNumber) (list_length(query->targetList) + 1),
												pstrdup(name), false));
}

/* Names that order rows have for something else. */
static const char *const taken_names[] = {"customer", "ordered_at", "amount", "order_id", "is_order"};

static void
add_segment(const OpenTable *table, Query *query, const char *text, List **names)
{
	const char *name;
	Node	   *value = retention_parse_value(table, ROLE_SEGMENT, text, &name);
	ListCell   *lc;

	for (int i = 0; i < lengthof(taken_names); i++)
		if (strcmp(name, taken_names[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("a segment can't be called \"%s\": order rows have a column of this name", name),
					 errhint("Give it another name: segments => ARRAY['... AS segment_%s'].", name)));
	foreach(lc, *names)
		if (strcmp(name, lfirst(lc)) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("two segments are called \"%s\"", name)));
	add_target(query, retention_convert_value(table, ROLE_SEGMENT, value, text), name);
	*names = lappend(*names, pstrdup(name));
}

/* The rows for which a condition holds; NULL: all. */
static Query *
query_of(const OpenTable *table, List *targets, Node *condition)
{
	ParseState *pstate = table->pstate;
	Query	   *query = makeNode(Query);

	query->commandType = CMD_SELECT;
	query->canSetTag = true;
	query->targetList = targets;
	query->rtable = pstate->p_rtable;
	/* expressions call it by its own name; what is written is the same for all */
	linitial_node(RangeTblEntry, query->rtable)->alias = makeAlias(ROW_ALIAS, NIL);
	compat_take_permissions(query, pstate);
	query->jointree = makeFromExpr(pstate->p_joinlist, condition);
	query->hasSubLinks = pstate->p_hasSubLinks;
	assign_query_collations(pstate, query);
	return query;
}

/*
 * SQL of a query, which means the same under any search_path and other settings:
 * constants are written as pg_dump would.
 */
static char *
deparse(const Query *query)
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
	result = pg_get_querydef((Query *) copyObject(query), false);
	AtEOXact_GUC(true, nest_level);
	return result;
}

static Node *
is_not_true(Node *condition)
{
	BooleanTest *test = makeNode(BooleanTest);

	test->arg = (Expr *) condition;
	test->booltesttype = IS_NOT_TRUE;
	test->location = -1;
	return (Node *) test;
}

/* ---- what is read ---------------------------------------------------------------- */

static bool
collect_relations(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		const RangeTblEntry *entry = (const RangeTblEntry *) node;

		if (entry->rtekind == RTE_RELATION)
			*(List **) context = list_append_unique_oid(*(List **) context, entry->relid);
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, collect_relations, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, collect_relations, context);
}

static void
check_stored(const OrderRows *rows)
{
	ListCell   *lc;

	foreach(lc, rows->relations)
		if (get_rel_persistence(lfirst_oid(lc)) == RELPERSISTENCE_TEMP)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("views for others can't be made over a temporary table: \"%s\"",
							get_rel_name(lfirst_oid(lc)))));
}

/* ---- arguments ------------------------------------------------------------------- */

#define ARG_ORDERS	0

static const char *
text_argument(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/* Of which type is what says where the orders are?  The declaration knows, however it's called. */
static bool
takes_relation(FunctionCallInfo fcinfo)
{
	Oid		   *types;
	int			n;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &n);
	return types[ARG_ORDERS] == REGCLASSOID;
}

ReaderArguments
retention_reader_arguments(FunctionCallInfo fcinfo, int time_zone_arg)
{
	ReaderArguments arguments = {
		.customer = text_argument(fcinfo, 1),
		.ordered_at = text_argument(fcinfo, 2),
		.amount = text_argument(fcinfo, 3),
		.order_id = text_argument(fcinfo, 4),
		.filter = text_argument(fcinfo, 5),
		.is_order = text_argument(fcinfo, 6),
		.time_zone = text_argument(fcinfo, time_zone_arg)
	};

	if (PG_ARGISNULL(ARG_ORDERS))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("orders must not be null"),
				 errhint("It is a table, a view, or a query such as: SELECT customer_id, ordered_at, amount FROM orders.")));
	if (takes_relation(fcinfo))
		arguments.relation = PG_GETARG_OID(ARG_ORDERS);
	else
		arguments.orders = text_argument(fcinfo, ARG_ORDERS);
	return arguments;
}

/* ---- the whole ------------------------------------------------------------------- */

static void
read_orders(OrderRows *rows, const ReaderArguments *arguments)
{
	OpenTable	table;
	bool		by_position;
	Query	   *query = makeNode(Query);
	Node	   *ordered_at;
	Node	   *amount;
	Node	   *filter = NULL;
	ListCell   *lc;

	retention_table_open(&table, arguments);
	table.own_keys = arguments->stored;
	by_position = is_by_position(&table, arguments);
	add_target(query, find_value(&table, ROLE_CUSTOMER, arguments->customer, by_position, false), "customer");
	tell_of_key(&table, arguments->customer);
	ordered_at = find_value(&table, ROLE_ORDERED_AT, arguments->ordered_at, by_position, false);
	add_target(query, ordered_at, "ordered_at");
	amount = find_value(&table, ROLE_AMOUNT, arguments->amount, by_position, !arguments->stored);
	if (amount == NULL && (arguments->stored || arguments->order_id))
		not_one_column(&table, ROLE_AMOUNT, NIL);
	if (amount)
		add_target(query, amount, "amount");
	if (arguments->order_id)
		add_target(query, find_value(&table, ROLE_ORDER_ID, arguments->order_id, false, false), "order_id");
	else
		tell_of_lines(&table);
	if (arguments->is_order)
		add_target(query, find_value(&table, ROLE_IS_ORDER, arguments->is_order, false, false), "is_order");
	foreach(lc, arguments->segments)
		add_segment(&table, query, lfirst(lc), &rows->segments);
	if (arguments->filter)
		filter = find_value(&table, ROLE_FILTER, arguments->filter, false, false);

	if (exprType(ordered_at) == TIMESTAMPTZOID)
		rows->time_zone = pstrdup(pg_get_timezone_name(session_timezone));
	else if (arguments->time_zone)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ordered_at has no time zone to be converted from: it is of type %s",
						format_type_be(exprType(ordered_at))),
				 errhint("Leave time_zone out, or write ordered_at => '... AT TIME ZONE' with the one it was written in.")));
	rows->has_amount = amount != NULL;
	rows->has_lines = arguments->order_id != NULL;
	rows->has_is_order = arguments->is_order != NULL;

	query = query_of(&table, query->targetList, filter);
	/* what the caller may not read is found out before anything is made of it */
	compat_check_permissions(query);
	rows->relations = NIL;
	(void) collect_relations((Node *) query, &rows->relations);
	if (arguments->stored)
		check_stored(rows);
	rows->sql = deparse(query);
	query->jointree->quals = filter ? is_not_true(filter) : makeBoolConst(false, false);
	rows->left_out = deparse(query);
	free_parsestate(table.pstate);
}

/* The zone of the views of what is read; NULL if there are none. */
static const char *
zone_of_views(const ReaderArguments *arguments)
{
	OpenTable	table;
	List	   *relations = NIL;
	ListCell   *lc;

	retention_table_open(&table, arguments);
	foreach(lc, table.pstate->p_rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, lc);

		(void) collect_relations(entry->subquery ? (Node *) entry->subquery : (Node *) entry, &relations);
	}
	free_parsestate(table.pstate);
	return retention_zone_of_views(relations, table.name);
}

/* Days are not those of the session, where nobody has said whose. */
static void
tell_of_zone(const char *zone)
{
	const char *session = pg_get_timezone_name(session_timezone);
	long int	offset;
	bool		fixed = pg_get_timezone_offset(session_timezone, &offset);

	if (fixed && offset == 0)
		return;
	ereport(NOTICE,
			(errmsg("days are those of %s, in all sessions: time_zone is not given", zone),
			 fixed ? errhint("Name the place of the shop, such as time_zone => 'Europe/Berlin'.") :
			 errhint("Name the place of the shop, such as time_zone => %s.", quote_literal_cstr(session))));
}

/* Rows that are looked at, to see what they are like. */
#define LOOKED_AT	10000

typedef struct FirstLines
{
	const ReaderArguments *arguments;
	OrderRows	rows;
} FirstLines;

static void
read_first_lines(void *arg)
{
	FirstLines *first = (FirstLines *) arg;

	read_orders(&first->rows, first->arguments);
}

/*
 * Look whether order_id is what it should be.  Of a table, its first rows are taken
 * before the filter, or one that is true of few rows would have all of them read.
 */
static void
look_at_lines(const OrderRows *rows, const ReaderArguments *arguments)
{
	ReaderArguments limited = *arguments;
	FirstLines	first = {.arguments = &limited};
	const char *source = "(...) AS o";
	const char *lines = psprintf("(SELECT * FROM (%s) AS r LIMIT %d)", rows->sql, LOOKED_AT);
	OpenTable	table;

	retention_table_open(&table, arguments);
	if (!table.is_query)
	{
		Oid			relation = table.item->p_rte->relid;

		source = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));
		limited.relation = InvalidOid;
		limited.orders = psprintf("SELECT * FROM %s LIMIT %d", source, LOOKED_AT);
		limited.stored = false;
		limited.segments = NIL;
		lines = retention_attempt(read_first_lines, &first) == NULL ? psprintf("(%s)", first.rows.sql) : NULL;
	}
	free_parsestate(table.pstate);
	if (lines)
		retention_check_order_numbers(lines, source, arguments->order_id);
}

/* The zone where none is named, and there are no views. */
#define DEFAULT_ZONE	"UTC"

/* Literals are read in the zone of the calendar, as the times are. */
void
retention_read_orders(OrderRows *rows, const ReaderArguments *arguments)
{
	int			nest_level;
	const char *zone = arguments->time_zone;
	bool		unsaid;

	memset(rows, 0, sizeof(OrderRows));
	if (zone == NULL && arguments->target)
		zone = retention_zone_of_target(arguments->target);
	if (zone == NULL)
		zone = zone_of_views(arguments);
	unsaid = zone == NULL;
	if (unsaid)
		zone = DEFAULT_ZONE;
	retention_check_calendar_zone(zone);
	nest_level = NewGUCNestLevel();
	(void) set_config_option("timezone", zone, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	read_orders(rows, arguments);
	if (rows->has_lines)
	{
		/* names in what is written are pg_catalog's if they have no schema */
		(void) set_config_option("search_path", psprintf("pg_catalog%s%s", namespace_search_path[0] ? ", " : "", namespace_search_path),
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
		look_at_lines(rows, arguments);
	}
	AtEOXact_GUC(true, nest_level);
	if (unsaid && rows->time_zone)
		tell_of_zone(zone);
}
